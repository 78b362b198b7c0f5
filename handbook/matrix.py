"""The matrix: each kind of instruction, and each way to run, write or show it.

A program may hold any of these kinds, to any order of derivatives, also behind a `where`; here they stand with a
function that has one, for the documentation's table and for the test that walks every cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import autograd


class Kind(NamedTuple):
    """A kind of instruction: a function of two numbers that records one."""

    says: str
    f: Callable[[Any, Any], Any]


KINDS = {
    "arithmetic": Kind("`x * y + 2`, one operator each", lambda x, y: x * y + 2 * x - y / x),
    "atom": Kind("a row that a language has, or not, of its own: `erf`, `lgamma`", lambda x, y: autograd.erf(x * y)),
    "rule": Kind("a row written with others: `gelu`, `logaddexp`", lambda x, y: autograd.logaddexp(x, y * y)),
    "piecewise": Kind("a row with a kink: `relu`, `maximum`", lambda x, y: autograd.maximum(x * x, y) * y),
    "sum": Kind("`sum`, any number of terms", lambda x, y: autograd.sum([x, y * y, x * y, 1.5])),
    "dot": Kind("`dot`, a sum of products", lambda x, y: autograd.dot([x, y, 2.0], [y, x, x * x], 0.5)),
    "component": Kind("one of a vector: `softmax`, `log_softmax`", lambda x, y: autograd.softmax([x, y, x * y])[1]),
    "vector": Kind("a row of a vector: `logsumexp`", lambda x, y: autograd.logsumexp([x, y, x * y])),
    "choice": Kind("`where` on a condition", lambda x, y: autograd.where(x > y, autograd.exp(x), x * y * y)),
    "comparison": Kind("a truth counted as a number", lambda x, y: autograd.less(y, x) * x * y + autograd.step(x)),
    "index": Kind("an operand that is no quantity: `polygamma`", lambda x, y: autograd.polygamma(1, x * x) * y),
    "power": Kind("powers, whose rules choose by what is known", lambda x, y: x**3 + (x * x) ** y),
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
