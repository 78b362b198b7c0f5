"""Check a gradient: the engine's, or one derived by hand, against finite differences.

The differences are Ridders' (Adv. Eng. Software 4, 1982): central differences at shrinking steps,
extrapolated to step 0, with an estimate of their own error, so that a derivative is called wrong only
where the differences are sure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from autograd.context import no_grad
from autograd.errors import ArgumentError, AutogradError
from autograd.structure import NUMBER, Structure, flatten, leaves_like, names_of_arguments
from autograd.transforms import value_and_grad
from autograd.value import Value, number


@dataclass(frozen=True, slots=True)
class Derivative:
    """One derivative that was checked."""

    where: str  # which number of the arguments, as in "x" or "W[0][2]"
    at: float  # its value there
    given: float  # the derivative that is checked
    numeric: float  # the derivative by finite differences
    uncertainty: float  # of the finite differences, by their own estimate
    ok: bool

    @property
    def error(self) -> float:
        """given - numeric."""
        return self.given - self.numeric


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """What `check_grad` found; true if every derivative agrees."""

    derivatives: tuple[Derivative, ...]
    of: str = "the gradient"

    @property
    def ok(self) -> bool:
        """Whether every derivative agrees with the finite differences."""
        return all(d.ok for d in self.derivatives)

    @property
    def wrong(self) -> tuple[Derivative, ...]:
        """The derivatives that do not agree."""
        return tuple(d for d in self.derivatives if not d.ok)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        count = len(self.derivatives)
        verdict = f"all {count} derivatives agree" if self.ok else f"{len(self.wrong)} of {count} derivatives are off"
        lines = [f"{self.of}: {verdict} with finite differences"]
        rows = [("", "at", "given", "numeric", "off by")]
        rows += [
            (d.where, f"{d.at:.6g}", f"{d.given:.10g}", f"{d.numeric:.10g}", "" if d.ok else f"{d.error:.3g}")
            for d in self.derivatives
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines += ["  " + "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join(lines)

    def raise_if_wrong(self) -> None:
        """Raise WrongGradientError, with the table of what is off, unless every derivative agrees."""
        if not self.ok:
            raise WrongGradientError(str(GradientCheck(self.wrong, self.of)))


class WrongGradientError(AutogradError, AssertionError):
    """A checked gradient does not agree with finite differences."""


def check_grad(
    f: Callable[..., Any], *point: Any, gradient: Any = None, rtol: float = 1e-6, atol: float = 1e-8
) -> GradientCheck:
    """Check the derivatives of `f` at `point` (its positional arguments) against finite differences.

    Without `gradient` the engine's own derivatives are checked.  `gradient` is a hand-derived one:
    a function of the same arguments, or its value there, with the structure of the argument (of the
    tuple of arguments, if there are several): the same keys, in any order, and shapes.  A derivative is
    wrong if it is further from the finite difference than ``atol + rtol·|numeric|`` and than that
    difference's own uncertainty.

    >>> from autograd import tanh
    >>> report = check_grad(lambda x: tanh(x), 0.3, gradient=lambda x: 1 - tanh(x))
    >>> report.ok, report.wrong[0].where
    (False, 'x')

    Raises ArgumentError if f does not return one number or the gradient has another structure.
    """
    if not point:
        raise ArgumentError("check_grad(f, point): no point was given to check at")
    leaves, structure = flatten(tuple(point), "the point")
    at = [float(x.data) if isinstance(x, Value) else x for x in leaves]
    start = structure.build(at)
    if gradient is None:
        given_by, found = "autograd's gradient", value_and_grad(f, tuple(range(len(start))))(*start)[1]
    else:
        found = gradient(*start) if callable(gradient) else gradient
        found, given_by = (found,) if len(start) == 1 else found, "the given gradient"
    given = [_data(x) for x in leaves_like(found, structure, "the gradient")]

    def along(i: int, x: float) -> float:
        with no_grad():
            return _data(f(*structure.build([*at[:i], x, *at[i + 1 :]])))

    checked = []
    for i, where in enumerate(_places(f, structure)):
        numeric, uncertainty = ridders(partial(along, i), at[i])
        ok = _agree(given[i], numeric, max(atol + rtol * abs(numeric), min(uncertainty, 1e-3 * abs(numeric))))
        checked.append(Derivative(where, at[i], given[i], numeric, uncertainty, ok))
    return GradientCheck(tuple(checked), given_by)


def _agree(given: float, numeric: float, tolerance: float) -> bool:
    return given == numeric or abs(given - numeric) <= tolerance


def ridders(f: Callable[[float], float], x: float, size: int = 10) -> tuple[float, float]:
    """f'(x) by Ridders' extrapolated central differences, and an estimate of its error.

    >>> slope, error = ridders(math.sin, 0.0)
    >>> abs(slope - 1.0) < 1e-9
    True
    """
    shrink, safe = 1.4, 2.0
    best, error = math.nan, math.inf
    row: list[float] = []
    step = 0.02 * max(1.0, abs(x))
    for _ in range(size):
        estimates = [(f(x + step) - f(x - step)) / ((x + step) - (x - step))]
        factor = shrink * shrink
        for coarser in row:
            estimates.append((estimates[-1] * factor - coarser) / (factor - 1.0))
            factor *= shrink * shrink
            spread = max(abs(estimates[-1] - estimates[-2]), abs(estimates[-1] - coarser))
            if spread <= error:
                best, error = estimates[-1], spread
        if row and abs(estimates[-1] - row[-1]) >= safe * error and error < math.inf:
            break
        row, step = estimates, step / shrink
    return (best, error) if error < math.inf else (row[-1] if row else math.nan, error)


def _data(x: Any) -> float:
    return x.data if isinstance(x, Value) else number(x, "what the function returns")


def _places(f: Callable[..., Any], arguments: Structure) -> list[str]:
    """The names of the numbers in the arguments."""
    names = names_of_arguments(f, len(arguments.parts) or arguments.size)
    parts = arguments.parts or (NUMBER,) * arguments.size
    return [place for name, part in zip(names, parts, strict=True) for place in part.places(name)]
