"""A formula as it is laid out on paper: boxes in boxes, built by functions that know the exact rules.

No box holds parentheses that only precedence asks for: a box knows how strongly it binds, a row how
strongly each of its parts must, and a printer (see `viz.formulas.printers`) puts parentheses where these
disagree.  The builders simplify by exact rules only: x·1 is x, -(-x) is x, a + (-b) is a - b.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction as Rational
from typing import TypeAlias, TypeGuard

from viz.numbers import is_cut, shown

RELATION, SUM, MODULO, PRODUCT, POWER, ATOM = range(6)  # how strongly a box binds


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name: letters, what stands above and below them, and which of several nodes of that name it is."""

    name: str
    above: str = ""
    below: str = ""
    copy: int = 0  # 0: the only one of its name


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `digits` rounds what is shown, None shows every digit the float has."""

    value: float
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """Upright text: the name of a function, a sign such as + or =, or a word."""

    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Parts side by side; `least` says how strongly each must bind to go without parentheses."""

    parts: tuple[Box, ...]
    least: tuple[int, ...]
    binds: int


@dataclass(frozen=True, slots=True)
class Negative:
    """-inside."""

    inside: Box


@dataclass(frozen=True, slots=True)
class Fraction:
    """top over bottom."""

    top: Box
    bottom: Box


@dataclass(frozen=True, slots=True)
class Power:
    """base with an exponent."""

    base: Box
    exponent: Box


@dataclass(frozen=True, slots=True)
class Below:
    """base with a subscript, such as log₂ or 1 with the condition under which it is not 0."""

    base: Box
    index: Box


@dataclass(frozen=True, slots=True)
class Root:
    """The square root, or the cube root."""

    inside: Box
    cube: bool = False


@dataclass(frozen=True, slots=True)
class Fenced:
    """inside between two fences that are part of the mathematics: |x|, ⌊x⌋, the ( ) of a function."""

    left: str
    inside: Box
    right: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A function and its argument in its fences."""

    function: Box
    argument: Fenced


@dataclass(frozen=True, slots=True)
class Held:
    """A derivative and what is held while it is taken: (∂y/∂x)|t₁."""

    derivative: Box
    held: Box


@dataclass(frozen=True, slots=True)
class Matrix:
    """Boxes in rows and columns, in brackets."""

    rows: tuple[tuple[Box, ...], ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for what is filled in later, in a pattern (see `viz.formulas.printers.pattern`)."""

    name: str


Box: TypeAlias = (
    Slot
    | Identifier
    | Number
    | Word
    | Row
    | Negative
    | Fraction
    | Power
    | Below
    | Root
    | Fenced
    | Apply
    | Held
    | Matrix
)

ZERO, ONE = Number(0.0), Number(1.0)


def binding(box: Box) -> int:
    """How strongly `box` binds: SUM for a + b, ATOM for what never needs parentheses."""
    if isinstance(box, Row):
        return box.binds
    if isinstance(box, Negative):
        return SUM
    if isinstance(box, Fraction):
        return PRODUCT
    if isinstance(box, (Power, Root)):
        return POWER
    if isinstance(box, Number):
        return SUM if _is_minus(box.value) else PRODUCT if "e" in digits_of(box) else ATOM
    if isinstance(box, Identifier):
        return POWER if box.above or box.copy else ATOM
    return ATOM


def digits_of(number: Number) -> str:
    """The decimal digits of a number as Python writes them, without a needless ``.0``."""
    if number.digits is not None and math.isfinite(number.value):
        return shown(number.value, number.digits)
    text = repr(number.value)
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return text.removesuffix(".0")


def is_rounded(number: Number) -> bool:
    """Whether fewer digits are shown than the float has."""
    return number.digits is not None and is_cut(number.value, number.digits)


# -- builders ---------------------------------------------------------------------------------------


def add(left: Box, right: Box) -> Box:
    """left + right; a + (-b) is a - b, a + a is 2·a, and 0 is left out."""
    if _is(right, 0.0):
        return left
    if _is(left, 0.0):
        return right
    if left == right:
        return multiply(Number(2.0), left)
    return _row(left, "−", positive(right), SUM) if is_negative(right) else _row(left, "+", right, SUM)


def subtract(left: Box, right: Box) -> Box:
    """left - right; a - (-b) is a + b."""
    if _is(right, 0.0):
        return left
    if _is(left, 0.0):
        return negate(right)
    return _row(left, "+", positive(right), SUM) if is_negative(right) else _row(left, "−", right, SUM)


def negate(box: Box) -> Box:
    """-box; -(-x) is x."""
    if is_negative(box):
        return positive(box)
    return Number(-box.value, box.digits) if isinstance(box, Number) else Negative(box)


def multiply(left: Box, right: Box) -> Box:
    """left · right; a factor 1 is left out, sign and number stand first, x·x is x², a·(1/b) is a/b.

    Two numbers become one, as in ½·(2·x), where their product is exact.
    """
    if _is(left, 1.0):
        return right
    if _is(right, 1.0):
        return left
    if is_negative(left):
        return negate(multiply(positive(left), right))
    if is_negative(right):
        return negate(multiply(left, positive(right)))
    (a, first), (b, second) = _coefficient(left), _coefficient(right)
    if not _product_is_exact(a, b):
        return _row(left, "·", right, PRODUCT)
    if first is None or second is None:
        rest = second if first is None else first
    else:
        rest = _product(first, second)
    coefficient = Number(a * b)
    if rest is None:
        return coefficient
    if _is(coefficient, 1.0):
        return rest
    return Fraction(coefficient, rest.bottom) if _is_reciprocal(rest) else _row(coefficient, "·", rest, PRODUCT)


def _product(left: Box, right: Box) -> Box:
    """left · right of boxes without sign or coefficient."""
    if left == right and not isinstance(left, (Fraction, Word)):  # a word such as … is no quantity
        return raise_to(left, Number(2.0))
    if _is_reciprocal(right):
        return divide(left, right.bottom)
    if _is_reciprocal(left):
        return divide(right, left.bottom)
    return _row(left, "·", right, PRODUCT)


def _is_reciprocal(box: Box) -> TypeGuard[Fraction]:
    return isinstance(box, Fraction) and _is(box.top, 1.0)


def _coefficient(box: Box) -> tuple[float, Box | None]:
    """A product as its number and the rest (None: nothing): 2·x as 2 and x."""
    if isinstance(box, Number):
        return box.value, None
    if isinstance(box, Row) and box.binds == PRODUCT and len(box.parts) == 3:
        number, rest = _coefficient(box.parts[0])
        if rest is None:
            return number, box.parts[2]
        return (1.0, box) if number == 1.0 else (number, _row(rest, "·", box.parts[2], PRODUCT))
    return 1.0, box


def divide(top: Box, bottom: Box) -> Box:
    """top / bottom; a divisor 1 is left out, a sign stands before the fraction, (a/b)/c is a/(b·c)."""
    if _is(bottom, 1.0):
        return top
    if isinstance(top, Negative):
        return negate(divide(positive(top), bottom))
    if isinstance(bottom, Negative):
        return negate(divide(top, positive(bottom)))
    if isinstance(top, Fraction):
        return Fraction(top.top, multiply(top.bottom, bottom))
    return Fraction(top, bottom)


def raise_to(base: Box, exponent: Box) -> Box:
    """base to a power; x¹ is x, x⁰ is 1 whatever x is, and the square of tanh(x) is tanh²(x)."""
    if _is(exponent, 0.0):
        return ONE
    if isinstance(base, Apply) and isinstance(base.function, Word) and _is_whole(exponent):
        return Apply(Power(base.function, exponent), base.argument)
    return base if _is(exponent, 1.0) else Power(base, exponent)


def call(function: Box, *arguments: Box) -> Apply:
    """function(arguments); a single argument that has fences of its own keeps only those."""
    if len(arguments) == 1 and isinstance(arguments[0], Fenced):
        return Apply(function, arguments[0])
    return Apply(function, Fenced("(", listed(arguments), ")"))


def listed(boxes: Sequence[Box], separators: Sequence[str] = ()) -> Box:
    """Boxes with commas between, or with these signs."""
    if len(boxes) == 1:
        return boxes[0]
    between = separators or [","] * (len(boxes) - 1)
    parts = [part for sign, box in zip(between, boxes[1:], strict=True) for part in (Word(sign), box)]
    return row(boxes[0], *parts)


def row(*parts: Box, binds: int = RELATION) -> Row:
    """Parts side by side as they are."""
    return Row(parts, (RELATION,) * len(parts), binds)


def relation(left: Box, sign: str, right: Box) -> Row:
    """left = right, left > right, …"""
    return Row((left, Word(sign), right), (SUM, RELATION, SUM), RELATION)


def equals_number(left: Box, x: float, digits: int) -> Row:
    """left = x, or left ≈ x where x is rounded."""
    shown = Number(x, digits)
    return relation(left, "≈" if is_rounded(shown) else "=", shown)


def total(terms: Sequence[Box]) -> Box:
    """The sum of the terms, flat, so that a long sum is no deep tree; a + b + a is 2·a + b."""
    times = Counter(term for term in terms if not _is(term, 0.0))
    kept = [term if many == 1 else multiply(Number(float(many)), term) for term, many in times.items()]
    if not kept:
        return ZERO
    parts, least = [kept[0]], [SUM]
    for term in kept[1:]:
        parts += [Word("−"), positive(term)] if is_negative(term) else [Word("+"), term]
        least += [RELATION, PRODUCT if is_negative(term) else SUM]
    return kept[0] if len(kept) == 1 else Row(tuple(parts), tuple(least), SUM)


def chain(factors: Sequence[Box]) -> Box:
    """The product of the factors, each shown, flat: for numbers put into a chain of derivatives."""
    parts = [part for factor in factors for part in (Word("·"), factor)][1:]
    least = [PRODUCT if i % 2 == 0 else RELATION for i in range(len(parts))]
    return factors[0] if len(factors) == 1 else Row(tuple(parts), tuple(least), PRODUCT)


def modulo(left: Box, right: Box) -> Row:
    """left mod right."""
    return Row((left, Word("mod"), right), (PRODUCT, RELATION, PRODUCT), MODULO)


def is_negative(box: Box) -> bool:
    """Whether a sign stands before the box that can be taken off."""
    return isinstance(box, Negative) or (isinstance(box, Number) and _is_minus(box.value))


def positive(box: Box) -> Box:
    """A negative box without its sign."""
    if isinstance(box, Negative):
        return box.inside
    return Number(-box.value, box.digits) if isinstance(box, Number) else box


def _row(left: Box, sign: str, right: Box, level: int) -> Row:
    after = level + 1 if sign == "−" else level
    return Row((left, Word(sign), right), (level, RELATION, after), level)


def _product_is_exact(a: float, b: float) -> bool:
    return math.isfinite(a * b) and Rational(a) * Rational(b) == Rational(a * b)


def _is(box: Box, value: float) -> bool:
    return isinstance(box, Number) and box.value == value


def _is_whole(box: Box) -> bool:
    """Whether it is 2, 3, …: tanh⁻¹ would be another function."""
    return isinstance(box, Number) and box.value >= 2.0 and box.value == math.floor(box.value)


def _is_minus(x: float) -> bool:
    return x < 0 or (x == 0 and math.copysign(1.0, x) < 0)
