"""What NumPy does with arrays of Values that are its own, found out by running it: tables of the documentation.

Each line is run twice, on ``np.array([v, w])`` and on ``ValueArray([v, w])``, and what comes is told beside each other.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd import Value, ValueArray, gradient
from autograd.numpy_protocol.functions import NUMPYS, OURS, QUESTIONS
from autograd.numpy_protocol.ufuncs import MEANINGS

NAN = math.nan


class Line(NamedTuple):
    """An expression of the array `a` at these numbers, and what to write instead on an array of NumPy's own."""

    expression: str
    at: tuple[float, float]
    instead: str


LINES = [
    Line("np.maximum(a, 1.0)", (1.0, 2.0), "`autograd.maximum(a, 1.0)`"),
    Line("np.maximum(a, 1.0)", (NAN, 2.0), "`autograd.maximum(a, 1.0)`"),
    Line("np.max(a)", (2.0, 2.0), "`ValueArray(a)`"),
    Line("np.max(a)", (1.0, NAN), "`ValueArray(a)`"),
    Line("np.clip(a, 0.0, 1.0)", (NAN, 0.5), "`autograd.clip(a, 0.0, 1.0)`"),
    Line("np.sort(a)", (NAN, 0.5), "`ValueArray(a)`"),
    Line("np.argmax(a)", (1.0, NAN), "`ValueArray(a)`"),
    Line("np.nan_to_num(a)", (NAN, 0.5), "`ValueArray(a)`"),
    Line("np.linalg.norm(a)", (0.0, 0.0), "`ValueArray(a)`"),
    Line("np.append(a, -8.0) ** (1 / 3)", (1.0, 8.0), "`autograd.power`, `ValueArray`"),
    Line("1.0 / np.append(a, 0.0)", (1.0, 2.0), "`autograd.divide`, `ValueArray`"),
    Line("np.exp(np.append(a, 0.0))", (0.0, 1.0), "`autograd.exp`, `ValueArray`"),
    Line("np.isnan(a)", (NAN, 1.0), "`a != a`"),
    Line("np.logaddexp(a, 0.0)", (0.0, 1.0), "`autograd.logaddexp(a, 0.0)`"),
    Line("np.linalg.det(np.diag(a))", (2.0, 3.0), "`autograd.linalg.det`, `ValueArray`"),
    Line("np.var(a)", (1.0, 2.0), ""),
    Line("np.std(a)", (1.0, 2.0), ""),
    Line("np.mean(np.tanh(a) * [1.0, 2.0])", (0.0, 1.0), ""),
    Line("np.where(a > 1.0, a, 0.0)", (0.5, 2.0), "inside `compile`: `ValueArray(a)`"),
    Line("a @ a", (1.0, 2.0), "`autograd.dot(a, a)` is one node"),
]


def outcome(line: Line, kind: Callable[[Any], Any]) -> tuple[str, str]:
    """(value, derivatives of its sum along v and w) of an expression on an array of that kind, or an error's name."""
    v, w = map(Value, line.at)
    names = {"np": np, "a": kind([v, w]), "v": v, "w": w}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = np.asarray(eval(line.expression, names), object)
        except Exception as error:  # whatever NumPy raises is what the table is about
            return type(error).__name__, ""
    total = sum((x for x in found.flat if isinstance(x, Value)), Value(0.0))
    numbers = [x.data if isinstance(x, Value) else x for x in found.flat]
    slopes = ", ".join(map(_number, gradient(total, [v, w])))
    text = ", ".join(map(_number, numbers))
    return (text if found.ndim == 0 else f"[{text}]"), f"({slopes})"


def _number(x: Any) -> str:
    return f"{x:.4g}" if isinstance(x, (float, complex)) else str(x)


def verdict(line: Line) -> str:
    """In one word: whether NumPy's own array gives what a ValueArray does, something else, or an error."""
    plain, ours = outcome(line, np.array), outcome(line, ValueArray)
    if plain == ours:
        return "the same"
    return "fails" if plain[0].endswith("Error") else "**another answer**"


def plain_arrays() -> str:
    """Every line, run now."""
    rows = [
        "| expression | at v, w | `np.array([v, w])` | `ValueArray([v, w])` | | write |",
        "|---|---|---|---|---|---|",
    ]
    for line in LINES:
        plain, ours = (" ↦ ".join(filter(None, outcome(line, kind))) for kind in (np.array, ValueArray))
        at = ", ".join(map(_number, line.at))
        rows.append(f"| `{line.expression}` | {at} | {plain} | {ours} | {verdict(line)} | {line.instead} |")
    return "\n".join(rows)


def recorded_functions() -> str:
    """The names of all functions that have a meaning, by what they are."""
    kinds = {
        "ufuncs, with `reduce`, `accumulate`, `outer`, `at` and `out=`": {f"np.{ufunc.__name__}" for ufunc in MEANINGS},
        "written for Values": set(map(_name, OURS)),
        "NumPy's own code, which moves elements or calls the ufuncs": set(map(_name, NUMPYS)),
        "answered by the numbers, without a derivative; refused inside `compile`": set(map(_name, QUESTIONS)),
    }
    lines = ["| | functions |", "|---|---|"]
    lines += [f"| {kind} | {' '.join(f'`{name}`' for name in sorted(names))} |" for kind, names in kinds.items()]
    return "\n".join(lines)


def _name(function: Any) -> str:
    linear = "linalg." if function.__module__.startswith("numpy.linalg") else ""
    return f"np.{linear}{function.__name__}"
