"""Where an operation is finite and where its slope is, found by trying it, and why a number of a graph is not.

The words are `viz.wording`'s and `viz.anomaly`'s; a page, whose numbers change, is told the domains and looks itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from math import isfinite

from autograd.ops.primitive import lookup

# Where functions of one variable are finite: candidates, and points that tell them apart.
DOMAINS: tuple[tuple[str, Callable[[float], bool]], ...] = (
    ("x > 0", lambda x: x > 0),
    ("x ≥ 0", lambda x: x >= 0),
    ("x ≠ 0", lambda x: x != 0),
    ("-1 ≤ x ≤ 1", lambda x: -1 <= x <= 1),
    ("-1 < x < 1", lambda x: -1 < x < 1),
    ("x > -1", lambda x: x > -1),
    ("x ≥ 1", lambda x: x >= 1),
    ("x > 1", lambda x: x > 1),
)
PROBES = (-20.5, -3.0, -2.0, -1.5, -1.0, -0.5, -1e-3, 0.0, 1e-3, 0.5, 1.0, 1.5, 2.0, 3.0, 20.5)
SPREADS, OVERFLOWS, OUTSIDE, NOWHERE = "spreads", "overflows", "outside", "nowhere"


@cache
def domain(op: str) -> str:
    """For which x a function of one variable is finite, in words; empty if it has more, or no candidate fits."""
    row = lookup(op)
    return _finite_where(row.float) if _has_one(op) else ""


@cache
def slope_domain(op: str) -> str:
    """For which x its slope is."""
    row = lookup(op)
    return _finite_where(lambda x: row.float_slopes(row.float(x), x)[0]) if _has_one(op) else ""


def _has_one(op: str) -> bool:
    row = lookup(op)
    return not row.variadic and len(row.operands) == 1


def _finite_where(function: Callable[[float], float | None]) -> str:
    finite = [y is not None and isfinite(y) for y in map(function, PROBES)]
    return next((words for words, holds in DOMAINS if finite == list(map(holds, PROBES))), "")


def why_not_finite(op: str, operands: Sequence[float], value: float) -> str:
    """Why an operation's value is not finite: one of its operands is not, it is too large, or there is none."""
    if not all(map(isfinite, operands)):
        return SPREADS
    if math.isinf(value) and not is_pole(op, operands):
        return OVERFLOWS
    return OUTSIDE if domain(op) else NOWHERE


def is_pole(op: str, operands: Sequence[float]) -> bool:
    """Whether the function is finite right beside this point: then inf is a pole, not an overflow."""
    for direction in (1, -1):
        nudged = [x * (1 + direction * 1e-12) if x else direction * 1e-8 for x in operands]
        if isfinite(lookup(op).float(*nudged)):
            return True
    return False
