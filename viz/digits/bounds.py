"""A running bound on the error of every node: what its operands' errors do to it, and what its own rounding adds.

Of ŷ = f(x̂) with x̂ − x = ε, the error is Σ ∂f/∂x·ε, to first order, and the rounding of ŷ.  What is known of it keeps
its sign, so that it may cancel on its way; what is not known adds up.  Where errors are not small, or f has a kink or a
jump, f is also asked at both ends of what the operands may be, and the larger answer counts.  Slopes are the graph's
own; so the bound of a derivative is that of the graph of the backward pass, whose rules are arithmetic as any other
(J. H. Wilkinson 1963; N. J. Higham, Accuracy and Stability of Numerical Algorithms, section 3.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import copysign, inf, isfinite, isnan, log10, ulp
from typing import Any, NamedTuple

from autograd import Value
from autograd.ops.primitive import Primitive
from viz.digits.rounding import EVERYTHING, EXACT, NOTHING, Error, rounding
from viz.digits.underflow import is_cut

FULL = -log10(2.0**-53)  # digits of a float
SMALL = 2.0**-20  # relative errors below move a smooth function along its slope
CHOOSING = frozenset(("where", "guard"))
ITSELF = 2.0**-48  # what the bound rounds
JUMPING = frozenset(
    "sign step less less_equal greater greater_equal equal floor ceil trunc round floor_divide remainder fmod "
    "take locate".split()
)


class ErrorBound(NamedTuple):
    """The error of a node; of its size, the `parts` that come from each operand, and this step's `own`."""

    total: Error
    parts: tuple[float, ...] = ()
    own: float = 0.0

    @property
    def error(self) -> float:
        """|computed − exact| is at most this."""
        return self.total.size


EXACTLY = ErrorBound(NOTHING)


def bounds(order: Iterable[Value], known: Mapping[Value, ErrorBound] | None = None) -> dict[Value, ErrorBound]:
    """The bound of every node of a topological order; leaves and constants are exact as they are.

    >>> from autograd import cos
    >>> x = Value(1e-4)
    >>> t = cos(x)
    >>> y = 1 - t
    >>> found = bounds([x, t, y])
    >>> round(digits(found[t].error, t.data), 1), round(digits(found[y].error, y.data), 1)
    (16.0, 7.9)
    """
    found: dict[Value, ErrorBound] = dict(known or {})
    for node in order:
        if node not in found:
            found[node] = EXACTLY if node.op is None or node.is_leaf else _bound(node, found)
    return found


def digits(error: float, size: float) -> float:
    """How many decimal digits of a number are right, at most those of a float.

    >>> digits(1e-8, 1.0), digits(0.0, 0.0), digits(1e-20, 0.0)
    (8.0, 15.954589770191003, 0.0)
    """
    if error == 0:
        return FULL
    if not isfinite(error) or not isfinite(size) or size == 0:
        return 0.0
    return min(FULL, max(0.0, log10(abs(size)) - log10(error)))


def _bound(node: Value, found: Mapping[Value, ErrorBound]) -> ErrorBound:
    row: Any = node.op
    y = node.data
    numbers = [o.data if isinstance(o, Value) else o for o in node.operands]
    totals = [found[o].total if isinstance(o, Value) else NOTHING for o in node.operands]
    slopes = [0.0 if slope is None else slope for slope in node.slopes]
    own = _own(row, numbers, slopes, y)
    errors = [total.size for total in totals]
    if not any(errors):
        return ErrorBound(own, (0.0,) * len(errors), own.size)
    parts = [_sent(slope, error) for slope, error in zip(node.slopes, errors, strict=True)]
    arriving = _arriving(node.slopes, totals, sum(parts))
    if not isfinite(y) and not isfinite(arriving.size):
        own = NOTHING  # it came with the operands
    spread = _spread(row, numbers, errors, slopes, y)
    if spread > arriving.size:
        arriving = Error(0.0, spread)
        parts = [spread if e and not s else part for e, s, part in zip(errors, slopes, parts, strict=True)]
    total = Error(arriving.known + own.known, arriving.unknown + own.unknown + ITSELF * (arriving.size + own.size))
    return ErrorBound(EVERYTHING if isnan(total.size) else total, tuple(parts), own.size)


def _own(row: Any, numbers: list[float], slopes: list[float], y: float) -> Error:
    if not isfinite(y):
        return EVERYTHING if all(map(isfinite, numbers)) else NOTHING
    if y == 0:
        return Error(0.0, ulp(0.0)) if is_cut(row, numbers, y) else NOTHING
    return rounding(row, numbers, slopes, y)


def _sent(slope: float | None, error: float) -> float:
    if not error or slope is None:
        return 0.0
    size = inf if error == inf else abs(slope) * error
    return inf if isnan(size) else size or (ulp(0.0) if slope else 0.0)


def _arriving(slopes: Sequence[float | None], totals: Sequence[Error], size: float) -> Error:
    """To first order, and what that leaves out where errors are small."""
    if not isfinite(size):
        return EVERYTHING
    known = sum(slope * total.known for slope, total in zip(slopes, totals, strict=True) if slope)
    return Error(known, sum(_sent(s, t.unknown) for s, t in zip(slopes, totals, strict=True)) + 2 * SMALL * size)


def _spread(row: Primitive, numbers: list[float], errors: list[float], slopes: list[float], y: float) -> float:
    """How far the answer moves when all operands move to their ends; 0 where the slopes alone say it."""
    if not isfinite(y):
        return 0.0
    small = all(e <= SMALL * abs(x) for x, e in zip(numbers, errors, strict=True))
    if small and not row.is_piecewise and row.name not in EXACT:
        return 0.0  # nor does it have the roundings of these answers
    jumps = row.name in JUMPING  # which may lie between two floats
    reach = [max(e, ulp(x)) if e and jumps else e for x, e in zip(numbers, errors, strict=True)]
    ends = [copysign(e, s) for e, s in zip(reach, slopes, strict=True)]
    if row.name in CHOOSING and errors[0]:
        ends[0] = numbers[0] or 1.0  # the other branch
    moved = (row.float(*(x + side * end for x, end in zip(numbers, ends, strict=True))) for side in (1, -1))
    return max(inf if isnan(value) else abs(value - y) for value in moved)
