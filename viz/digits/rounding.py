"""What one step adds to the error: the rounding of its result, known of a fraction, else as rows are tested."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import copysign, inf, isfinite, ulp
from typing import NamedTuple

from autograd.ops.primitive import Primitive

# Rows whose result is one of the floats they are handed, or a whole number: nothing is rounded.
EXACT = frozenset(
    "negative positive abs sign step less less_equal greater greater_equal equal maximum minimum clip where guard relu "
    "relu6 hardtanh floor ceil trunc round floor_divide fmod take locate".split()
)
# Rows whose result is a fraction of their operands, so that the error of its rounding can be computed.
RATIONAL = frozenset("add subtract multiply divide square reciprocal sum dot".split())
# How many units in the last place a row may be off, by what was measured; a test holds every row to it.
ULPS = {
    **dict.fromkeys("sqrt remainder leaky_relu prelu rrelu".split(), 0.5),
    **dict.fromkeys("exp exp2 log log2 sin cos tan asin acos atan atan2 hypot power".split(), 0.6),
    **dict.fromkeys("expm1 log1p degrees radians erf elu celu".split(), 0.85),
    **dict.fromkeys("cosh acosh softplus logsigmoid entr logaddexp".split(), 1.1),
    **dict.fromkeys("log10 xlogy xlog1py log1mexp logit cot sec csc cospi sinpi asinh atanh sigmoid".split(), 1.5),
    **dict.fromkeys("sinh selu softsign silu mish tanh sech sinc j0 j1 y1 logsumexp i0e i1e erfc gelu".split(), 2.2),
    "ndtr": 5.0,
}
OTHERS = 8.0  # a row that is composed of others
FITTED = 4096.0  # functions that are integrated: 12 or 13 digits
_FITTED = ("gammainc", "gamma_density", "betainc", "beta_density")
# Rows that round what goes into an exponential, which acts as if the operands were rounded.
INSIDE = frozenset("logaddexp gelu gelu_tanh softmax log_softmax beta power_log".split())
# Near their zeros these have the digits of 1, as Python's own have.
ROUGH = frozenset("logsumexp lgamma digamma polygamma j0 j1 y0 y1 log_ndtr betaln beta_a".split())


class Error(NamedTuple):
    """computed − exact = `known` ± `unknown`."""

    known: float
    unknown: float

    @property
    def size(self) -> float:
        """What it is at most."""
        return abs(self.known) + self.unknown


NOTHING, EVERYTHING = Error(0.0, 0.0), Error(0.0, inf)


def rounding(row: Primitive, operands: Sequence[float], slopes: Sequence[float], y: float) -> Error:
    """How far a finite y is from the exact result for these operands.

    >>> from autograd.ops.table import add, exp
    >>> rounding(add, [0.1, 0.2], [1.0, 1.0], 0.1 + 0.2)
    Error(known=2.7755575615628914e-17, unknown=0.0)
    >>> rounding(exp, [0.0], [1.0], 1.0)
    Error(known=0.0, unknown=1.3322676295501878e-16)
    """
    if row.name in EXACT:
        return NOTHING
    if row.name in RATIONAL:
        return Error(_of_fraction(row, operands, y), 0.0)
    own = ulps_of(row) * ulp(max(abs(y), 1.0) if row.name in ROUGH else y)
    if row.name in INSIDE:
        own += sum(abs(slope) * ulp(x) for slope, x in zip(slopes, operands, strict=True))
    return Error(0.0, own)


def ulps_of(row: Primitive) -> float:
    """How many units in the last place its result may be off."""
    return FITTED if row.name.startswith(_FITTED) else ULPS.get(row.name, OTHERS)


def _of_fraction(row: Primitive, operands: Sequence[float], y: float) -> float:
    """The rule, read with fractions, says what was rounded."""
    if not all(map(isfinite, operands)):
        return 0.0  # x/inf is 0
    numbers = list(map(Fraction, operands))
    if row.name == "reciprocal":
        return _as_float(Fraction(y) - 1 / numbers[0])
    rule = row.portable  # plain arithmetic
    return 0.0 if rule is None else _as_float(Fraction(y) - rule(*numbers))


def _as_float(exact: Fraction) -> float:
    """The nearest float, of which none but 0 becomes 0."""
    if exact.numerator.bit_length() - exact.denominator.bit_length() > 1000:
        return copysign(inf, exact)
    return float(exact) or (copysign(ulp(0.0), exact) if exact else 0.0)
