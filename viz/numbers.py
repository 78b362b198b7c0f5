"""How numbers are written: short, never so short that 3e-5 becomes 0.000, and with ≈ where digits were cut.

A line such as ``t = a·b = 2·3 = 6`` is true as it is printed: = stands where every digit is there, ≈ where some were
cut, and then so many are printed that what is computed from them agrees with what stands behind (`Line`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from autograd.errors import ArgumentError
from autograd.ops.special import halves
from autograd.text import quoted

MINUS = "-"  # the one that Python reads
DIGITS = 4  # significant, unless somebody asks for others
SURE, MOST = 15, 17  # of so many a float keeps each, with so many it is itself


def shown(x: float, digits: int = DIGITS) -> str:
    """x to `digits` significant digits, as Python reads it; below a million never without what stands before the point.

    >>> [shown(x) for x in (0.5, 3e-5, -1/3, 20000.0, 10250.75, 1.5e300, float("nan"), float("-inf"))]
    ['0.5', '3e-5', '-0.3333', '20000', '10251', '1.5e300', 'nan', '-inf']
    """
    if math.isnan(x):
        return "nan"
    sign = MINUS if x < 0 else ""
    size = abs(x)
    if math.isinf(size):
        return sign + "inf"
    if size == 0 or (size < 1e6 and size == math.floor(size)):
        return f"{sign}{size:.0f}"
    digits = min(digits, len(repr(size).split("e")[0].replace(".", "").strip("0")))
    if 1e-3 <= size < 1e6:
        before = len(str(int(size))) if size >= 1 else 0
        text = f"{size:.{max(digits, before)}g}"
        if "e" not in text:
            return sign + text
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{sign}{mantissa}e{int(exponent)}"


def signed(x: float, digits: int = DIGITS) -> str:
    """The same with + before positive numbers, so that a sign does not rest on colour alone.

    >>> signed(0.25), signed(-0.25), signed(0.0)
    ('+0.25', '-0.25', '0')
    """
    return "+" + shown(x, digits) if x > 0 else shown(x, digits)


def is_cut(x: float, digits: int = DIGITS) -> bool:
    """Whether x has digits that are not shown; what a float's own rounding adds behind the 15th is none.

    >>> is_cut(0.5), is_cut(1 / 3), is_cut(0.1 + 0.2)
    (False, True, False)
    """
    if not math.isfinite(x):
        return False
    seen = float(shown(x, digits))
    return seen != x and (digits >= SURE or seen != float(f"{x:.{SURE}g}"))


def equals(x: float, digits: int = DIGITS) -> str:
    """x behind the sign that is true: ``= 0.5``, ``≈ 0.3333``.

    >>> equals(0.5), equals(1 / 3)
    ('= 0.5', '≈ 0.3333')
    """
    return f"{'≈' if is_cut(x, digits) else '='} {shown(x, digits)}"


def counted(many: int, one: str, several: str = "") -> str:
    """So many of them, in words.

    >>> counted(1, "step"), counted(2000, "step")
    ('1 step', '2,000 steps')
    """
    return f"{many:,} {one if many == 1 else several or one + 's'}"


def checked_digits(digits: int) -> int:
    """`digits`, if that is how many a number may have; ArgumentError else."""
    if not isinstance(digits, int) or isinstance(digits, bool) or not 1 <= digits <= MOST:
        raise ArgumentError(f"digits is how many a number shows, a whole number from 1 to {MOST}, got {quoted(digits)}")
    return digits


class Line(NamedTuple):
    """How numbers and what is computed from them are printed: with how many digits, and which signs before them."""

    digits: int  # of the numbers that are computed with
    numbers: str  # "=" or "≈": whether they are all there
    result: str  # the sign before the result


def line(
    compute: Callable[..., float],
    numbers: Sequence[float],
    result: float,
    digits: int = DIGITS,
    exact: Callable[..., Any] | None = None,
) -> Line:
    """With how many digits, `digits` at least, the numbers give the result as it is printed with `digits`.

    `exact` is the same as `compute` on fractions, where it has any (see `in_fractions`).

    >>> line(lambda a, b: a - b, (123456789.25, 123456789.125), 0.125)
    Line(digits=12, numbers='=', result='=')
    >>> line(math.tanh, (500.0,), 1.0)
    Line(digits=4, numbers='=', result='≈')
    """
    needed = next((more for more in range(digits, MOST) if _gives(compute, numbers, result, more, digits)), MOST)
    cut = any(is_cut(x, needed) for x in numbers)
    is_exact = not cut and not is_cut(result, digits) and _exactly(compute, exact, numbers, result, needed, digits)
    return Line(needed, "≈" if cut else "=", "=" if is_exact else "≈")


def _gives(compute: Callable[..., Any], numbers: Sequence[float], result: float, more: int, digits: int) -> bool:
    """Whether the numbers as they are printed give the result to its last digit."""
    printed = [float(shown(x, more)) for x in numbers]
    try:
        found = float(compute(*printed))
    except (ArithmeticError, ValueError):
        return False
    if not math.isfinite(result):
        return repr(found) == repr(result)
    return abs(found - float(shown(result, digits))) <= _unit(result, digits)


def _unit(x: float, digits: int) -> float:
    """One in the last place that is shown of x."""
    return float(10.0 ** (math.floor(math.log10(abs(x))) - digits + 1)) if x else 0.0


def _exactly(
    compute: Callable[..., float], exact: Callable[..., Any] | None, numbers: Sequence[float], result: float, more: int,
    digits: int,
) -> bool:  # fmt: skip
    """Whether the numbers as they are printed give just what is printed of the result.

    Of another function than arithmetic a result of few digits is taken to be exact, such as √4 = 2, unless it is where
    the function hardly changes, as tanh(500) ≈ 1, or hardly does anything, as tanh(1e-9) ≈ 1e-9.
    """
    if not all(map(math.isfinite, (*numbers, result))):
        return True
    if exact is not None:
        try:
            return bool(exact(*(Fraction(shown(x, more)) for x in numbers)) == Fraction(shown(result, digits)))
        except ArithmeticError:
            return False
    if not any(numbers):
        return True
    if result in numbers and abs(result) not in (0.0, 1.0):
        return False
    return compute(*(x * 1.001 for x in numbers)) != result


# -- arithmetic on fractions --------------------------------------------------------------------------


def product(delta: Any, slope: Any) -> Any:
    """What is sent back along an edge."""
    return delta * slope


def plus(sum_: Any, more: Any) -> Any:
    """What a δ comes to with one contribution more."""
    return sum_ + more


def _dot(*operands: Any) -> Any:
    weights, inputs, bias = halves(operands)
    return sum([w * x for w, x in zip(weights, inputs, strict=True)], *bias)


# Rows that are done in fractions, as page/numbers.js does them; those of CHOOSING give an operand, or a whole number.
IN_FRACTIONS: dict[str, Callable[..., Any]] = {
    "add": plus,
    "subtract": lambda a, b: a - b,
    "multiply": product,
    "negative": lambda x: -x,
    "divide": lambda a, b: a / b,
    "sum": lambda *terms: sum(terms),
    "dot": _dot,
}
CHOOSING = frozenset("relu abs maximum minimum where clip floor ceil round trunc sign".split())


def in_fractions(op: str, result: float) -> Callable[..., Any] | None:
    """What a row computes in fractions, if it can be said: for `line`."""
    if op in CHOOSING and math.isfinite(result):
        return lambda *_: Fraction(shown(result, MOST))
    return IN_FRACTIONS.get(op)


class Scale:
    """From the size of a δ to 0…1, logarithmic over six decades at most and 0 at 0.

    The largest finite size maps to 1; sizes below the smallest decade fade linearly to 0 (a symmetric
    log scale), so that nothing that is not zero vanishes by rounding.
    """

    def __init__(self, sizes: list[float]) -> None:
        finite = [abs(x) for x in sizes if x != 0 and math.isfinite(x)]
        self.largest = max(finite, default=1.0)
        self.unit = max(min(finite, default=1.0), self.largest * 1e-6)

    def __call__(self, x: float) -> float:
        if not math.isfinite(x):
            return 1.0
        return math.log1p(abs(x) / self.unit) / math.log1p(self.largest / self.unit)
