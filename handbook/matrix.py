"""The matrix: each kind of instruction, and each way to run, write or show it.

A program may hold any of these kinds, to any order of derivatives, also behind a `where`; here they stand with a
function that has one, for the documentation's table and for the test that walks every cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A kind of instruction: a function of two numbers that records one, by the functions of a module."""

    says: str
    f: Callable[[Any, Any, Any], Any]


KINDS = {
    "arithmetic": Kind("`x * y + 2`, one operator each", lambda m, x, y: x * y + 2 * x - y / x),
    "atom": Kind("a row that a language has, or not, of its own: `erf`, `lgamma`", lambda m, x, y: m.erf(x * y)),
    "rule": Kind("a row written with others: `gelu`, `logaddexp`", lambda m, x, y: m.logaddexp(x, y * y)),
    "piecewise": Kind("a row with a kink: `relu`, `maximum`", lambda m, x, y: m.maximum(x * x, y) * y),
    "sum": Kind("`sum`, any number of terms", lambda m, x, y: m.sum([x, y * y, x * y, 1.5])),
    "dot": Kind("`dot`, a sum of products", lambda m, x, y: m.dot([x, y, 2.0], [y, x, x * x], 0.5)),
    "component": Kind("one of a vector: `softmax`, `log_softmax`", lambda m, x, y: m.softmax([x, y, x * y])[1]),
    "vector": Kind("a row of a vector: `logsumexp`", lambda m, x, y: m.logsumexp([x, y, x * y])),
    "choice": Kind("`where` on a condition", lambda m, x, y: m.where(x > y, m.exp(x), x * y * y)),
    "comparison": Kind("a truth counted as a number", lambda m, x, y: m.less(y, x) * x * y + m.step(x)),
    "index": Kind("an operand that is no quantity: `polygamma`", lambda m, x, y: m.polygamma(1, x * x) * y),
    "power": Kind("powers, whose rules choose by what is known", lambda m, x, y: x**3 + (x * x) ** y),
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
    """Every cell for the documentation: all of them are right, as the test that walks them says."""
    lines = ["| kind of instruction | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    lines += [f"| {kind.says} | " + " | ".join("✓" for _ in WAYS) + " |" for kind in KINDS.values()]
    return "\n".join(lines)
