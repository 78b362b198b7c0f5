"""The matrix: each kind of instruction, and each way to run, write or show it.

A program may hold any of these kinds, to any order of derivatives, also behind a `where`; what a way cannot have it
refuses by name.  Here they stand with a
function that has one, for the documentation's table and for the test that walks every cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import autograd
from autograd import cos, custom_jvp, exp, primitive, sin


class Kind(NamedTuple):
    """A kind of instruction: a function of two numbers that records one, by the functions of a module."""

    says: str
    f: Callable[[Any, Any, Any], Any]
    refused: frozenset[str] = frozenset()  # the ways on which it is refused, by its name


def _rows() -> dict[str, Any]:
    """Functions as users write them: a row, a derivative by hand, and one of a function of Python's."""

    @custom_jvp
    def tilted(x: Any, y: Any) -> Any:
        return sin(x) * y

    @custom_jvp
    def swollen(x: Any, y: Any) -> Any:
        return math.exp(x) * y

    tilted.defjvp(lambda at, moved: (tilted(*at), cos(at[0]) * at[1] * moved[0] + sin(at[0]) * moved[1]))
    swollen.defjvps(lambda moved, value, x, y: value * moved, lambda moved, value, x, y: value / y * moved)
    bump = primitive("bump", lambda x: exp(-x * x), lambda y, x: -2.0 * x * y, points=[0.5], definition="exp(-x * x)")
    return {"bump": bump, "tilted": tilted, "swollen": swollen}


_LOADED_LATER = {name: getattr(autograd, name) for name in ("scan", "while_loop", "vmap", "root")}
FUNCTIONS = SimpleNamespace(**{**vars(autograd), **_LOADED_LATER, **_rows()})  # that kinds are made of


KINDS = {
    "arithmetic": Kind("`x * y + 2`, one operator each", lambda m, x, y: x * y + 2 * x - y / x),
    "atom": Kind("a row that a language has, or not, of its own: `erf`, `lgamma`", lambda m, x, y: m.erf(x * y)),
    "rule": Kind("a row written with others: `gelu`, `logaddexp`", lambda m, x, y: m.logaddexp(x, y * y)),
    "piecewise": Kind("a row with a kink: `relu`, `maximum`", lambda m, x, y: m.maximum(x * x, y) * y),
    "sum": Kind("`sum`, any number of terms", lambda m, x, y: m.sum([x, y * y, x * y, 1.5])),
    "dot": Kind("`dot`, a sum of products", lambda m, x, y: m.dot([x, y, 2.0], [y, x, x * x], 0.5)),
    "component": Kind("one of a vector: `softmax`, `log_softmax`", lambda m, x, y: m.softmax([x, y, x * y])[1]),
    "table": Kind(
        "an entry of a table: `take`, `locate`, so `interp` and splines",
        lambda m, x, y: m.take(m.locate(x * y, [0.0, 0.5, 1.5, 3.0]), [x * y, y * y * x, 2.5, x]) * y,
    ),
    "vector": Kind("a row of a vector: `logsumexp`", lambda m, x, y: m.logsumexp([x, y, x * y])),
    "choice": Kind("`where` on a condition", lambda m, x, y: m.where(x > y, m.exp(x), x * y * y)),
    "comparison": Kind("a truth counted as a number", lambda m, x, y: m.less(y, x) * x * y + m.step(x)),
    "index": Kind("an operand that is no quantity: `polygamma`", lambda m, x, y: m.polygamma(1, x * x) * y),
    "power": Kind("powers, whose rules choose by what is known", lambda m, x, y: x**3 + (x * x) ** y),
    "scan": Kind(
        "a loop of known length: `scan`, `fori_loop`",
        lambda m, x, y: m.scan(lambda c, s: (m.sin(c) * y + s, c * s), x, [x, y, 0.5])[0],
    ),
    "while_loop": Kind(
        "a loop that ends by itself: `while_loop`",
        lambda m, x, y: m.while_loop(lambda c: c < 3.0, lambda c: c * 1.4 + y * y, x, 10) * y,
    ),
    "vmap": Kind("a function of rows: `vmap`", lambda m, x, y: m.sum(m.vmap(lambda r: m.exp(r * y))([x, y, 0.25]))),
    "root": Kind(
        "a solution: `root`, `fixed_point`, `minimize`",
        lambda m, x, y: m.root(lambda z: z * z * z + z * y - x, 0.5),
        frozenset({"page"}),
    ),
    "user's row": Kind("a row of a user's: `primitive`", lambda m, x, y: m.bump(x * y) * y),
    "by hand": Kind(
        "a derivative by hand: `custom_jvp`, `custom_vjp`", lambda m, x, y: m.tilted(x * y, y), frozenset({"file"})
    ),
    "called back": Kind(
        "the same of a function that needs numbers",
        lambda m, x, y: m.swollen(x * y, y),
        frozenset({"C", "JAX", "file", "page"}),
    ),
}

WAYS = {
    "interpreter": "runs line by line, on floats and arrays",
    "numpy": "runs by arrays",
    "llvm": "runs as machine code",
    "C": "`program.to_c()`",
    "JAX": "`program.to_jax()`",
    "Python": "`program.source`",
    "file": "`program.save`, `load_program`",
    "draw": "`viz.draw`",
    "page": "`viz.explore`",
    "debug": "`viz.debug`, `viz.record`",
    "derive": "`viz.derive`, `viz.formula`",
}


def table() -> str:
    """Every cell for the documentation: right or refused, as the test that walks them says."""
    lines = ["| kind of instruction | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    for kind in KINDS.values():
        cells = ["refused" if way in kind.refused else "✓" for way in WAYS]
        lines.append(f"| {kind.says} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
