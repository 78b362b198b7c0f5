"""Complex numbers as pairs of numbers or Values: `Complex`, with Python's operators and books' functions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from autograd.choosing import choose, choose_form, is_zero
from autograd.errors import OperandError
from autograd.functions import abs as abs_
from autograd.functions import (
    atan2,
    cos,
    cosh,
    divide,
    exp,
    hypot,
    log,
    log1p,
    power,
    sech,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    where,
)
from autograd.functions import sum as sum_
from autograd.ops.primitive import Primitive
from autograd.recorder import COMPLEX, Composite
from autograd.symbol import Condition
from autograd.text import quoted
from autograd.value import REAL, Value, number

Pair = tuple[Any, Any]
FUNCTIONS = "cos cosh exp log sin sinh sqrt tan tanh".split()  # of one complex number


@dataclass(frozen=True, eq=False, slots=True)
class Complex(Composite):
    """A complex number, of a real and an imaginary part that are numbers or Values.

    It has Python's operators, with numbers, Python's own complex ones and Values on either side; `exp`, `log`, `sqrt`,
    `sin`, `cos`, `tan`, `sinh`, `cosh`, `tanh`, `power`, `abs`, `where` and `sum` take it, on the principal branches of
    `cmath`.  ``1j * v`` of a Value is a Complex.  What is recorded and derived are its parts: every Value is real.

    A function may take and give one.  A derivative of it is one too: of its parts, or along them.

    >>> from autograd import exp, grad
    >>> exp(Complex(0.0, 1.0)).real == math.cos(1.0)
    True
    >>> grad(lambda x: (exp(1j * x) / (1.0 + x)).real)(0.0)
    -1.0

    Attributes:
        real: the real part
        imag: the imaginary part

    Raises:
        OperandError: for a part that is no real number
    """

    real: Any
    imag: Any = 0.0

    def __post_init__(self) -> None:
        for name, part in (("real", self.real), ("imag", self.imag)):
            if not isinstance(part, Value):
                object.__setattr__(self, name, number(part, f"the {name} part of a Complex"))

    # -- arithmetic -----------------------------------------------------------------------------

    def __pos__(self) -> Complex:
        return self

    def __neg__(self) -> Complex:
        return Complex(-self.real, -self.imag)

    def __add__(self, other: Any) -> Complex:
        return _combined(_sum_of_two, self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Complex:
        return _combined(_difference, self, other)

    def __rsub__(self, other: Any) -> Complex:
        return _combined(_difference, other, self)

    def __mul__(self, other: Any) -> Complex:
        return _combined(_product, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Complex:
        return _combined(_quotient, self, other)

    def __rtruediv__(self, other: Any) -> Complex:
        return _combined(_quotient, other, self)

    def __pow__(self, other: Any) -> Complex:
        return _combined(_power, self, other)

    def __rpow__(self, other: Any) -> Complex:
        return _combined(_power, other, self)

    def __abs__(self) -> Any:
        return hypot(self.real, self.imag)

    # -- comparisons, which are of numbers, as a Value's are --------------------------------------

    def __eq__(self, other: object) -> Any:
        pair = _parts(other)
        if pair is None:
            return NotImplemented
        return (self.real == pair[0]) & (self.imag == pair[1])

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else ~equal if isinstance(equal, Condition) else not equal

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return bool(self != 0.0)

    def __complex__(self) -> complex:
        return complex(self.real, self.imag)

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        return format(
            complex(*(part.data if isinstance(part, Value) else part for part in (self.real, self.imag))), spec
        )

    # -- functions ------------------------------------------------------------------------------

    def conjugate(self) -> Complex:
        """The number with the other sign of its imaginary part."""
        return Complex(self.real, -self.imag)

    def phase(self) -> Any:
        """The angle with the real axis, from -π to π."""
        return atan2(self.imag, self.real)

    def exp(self) -> Complex:
        """e to this power."""
        size = exp(self.real)
        return Complex(size) if _is_none(self.imag) else Complex(size * cos(self.imag), size * sin(self.imag))

    def log(self) -> Complex:
        """The logarithm, whose imaginary part is the phase; without cancellation near the unit circle."""
        a, b, size = self.real, self.imag, abs(self)
        is_near = (size > 0.5) & (size < 2.0)
        beyond_one = choose_form(abs_(a) >= abs_(b), (a - 1.0) * (a + 1.0) + b * b, (b - 1.0) * (b + 1.0) + a * a)
        return Complex(choose_form(is_near, 0.5 * log1p(beyond_one), log(size)), self.phase())

    def sqrt(self) -> Complex:
        """The root whose real part is not below 0; without cancellation."""
        a, b = self.real, self.imag
        is_right = a >= 0.0
        size = sqrt(0.5 * choose(is_right, a, -a) + 0.5 * abs(self))
        small = choose(is_zero(size), size, divide(0.5 * b, size))  # at 0 the root of a root has no slope
        is_below = (b < 0.0) | (divide(1.0, b) < 0.0)  # -0.0 too
        large = choose(is_below, -size, size)
        return Complex(choose(is_right, size, divide(0.5 * b, large)), choose(is_right, small, large))

    def sin(self) -> Complex:
        """The sine."""
        return Complex(sin(self.real) * cosh(self.imag), cos(self.real) * sinh(self.imag))

    def cos(self) -> Complex:
        """The cosine."""
        return Complex(cos(self.real) * cosh(self.imag), -(sin(self.real) * sinh(self.imag)))

    def tan(self) -> Complex:
        """The tangent."""
        turned = Complex(-self.imag, self.real).tanh()  # tanh(iz) = i tan(z)
        return Complex(turned.imag, -turned.real)

    def sinh(self) -> Complex:
        """The hyperbolic sine."""
        return Complex(sinh(self.real) * cos(self.imag), cosh(self.real) * sin(self.imag))

    def cosh(self) -> Complex:
        """The hyperbolic cosine."""
        return Complex(cosh(self.real) * cos(self.imag), sinh(self.real) * sin(self.imag))

    def tanh(self) -> Complex:
        """The hyperbolic tangent, which does not overflow."""
        along, across = tanh(self.real), tan(self.imag)
        below = 1.0 + (along * across) ** 2
        return Complex(along * (1.0 + across * across) / below, across * sech(self.real) ** 2 / below)

    def applied(self, row: Primitive, operands: tuple[Any, ...]) -> Any:
        """What a row of the table means, where a Complex is among its operands."""
        meaning = _MEANINGS.get(row.name)
        if meaning is None:
            raise OperandError(
                f"{row.title} is of real numbers, got {quoted(self)}: take its .real, .imag, abs() or phase(); "
                f"functions of complex numbers are {', '.join(FUNCTIONS)}, power and where"
            )
        return meaning(*operands)


def _parts(x: Any) -> Pair | None:
    """The real and the imaginary part of a number; None of what is none."""
    if isinstance(x, Complex):
        return x.real, x.imag
    if isinstance(x, COMPLEX):
        return float(x.real), float(x.imag)
    return (x if isinstance(x, Value) else number(x), 0.0) if isinstance(x, (Value, *REAL)) else None


def _is_zero(part: Any) -> bool:
    """Whether a part is a constant 0 of either sign."""
    return type(part) is float and part == 0.0


def _is_none(part: Any) -> bool:
    """Whether a part is a constant 0, which takes no part in arithmetic with Values; floats are computed in full."""
    return _is_zero(part) and math.copysign(1.0, part) > 0.0


def _is_one(part: Any) -> bool:
    return type(part) is float and part == 1.0


# -- arithmetic, of parts ---------------------------------------------------------------------------


def _combined(combine: Callable[[Pair, Pair], Complex], x: Any, y: Any) -> Complex:
    left, right = _parts(x), _parts(y)
    return cast(Complex, NotImplemented) if left is None or right is None else combine(left, right)


def _sum_of_two(x: Pair, y: Pair) -> Complex:
    return Complex(*map(_plus, x, y))


def _difference(x: Pair, y: Pair) -> Complex:
    return Complex(*map(_minus, x, y))


def _product(x: Pair, y: Pair) -> Complex:
    (a, b), (c, d) = x, y
    is_zero_whole = (_is_none(a) and _is_none(b)) or (_is_none(c) and _is_none(d))
    times = operator.mul if is_zero_whole else _times  # 0 · nan is nan
    return Complex(_minus(times(a, c), times(b, d)), _plus(times(a, d), times(b, c)))


def _quotient(x: Pair, y: Pair) -> Complex:
    (a, b), (c, d) = x, y
    if _is_none(d):
        return Complex(_over(a, c), _over(b, c))
    if _is_none(c):
        return Complex(_over(b, d), _minus(0.0, _over(a, d)))
    return _scaled_quotient(x, y)


def _plus(a: Any, b: Any) -> Any:
    if type(a) is type(b) is float:
        return a + b
    return b if _is_zero(a) else a if _is_zero(b) else a + b


def _minus(a: Any, b: Any) -> Any:
    if type(a) is type(b) is float:
        return a - b
    return a if _is_zero(b) else -b if _is_zero(a) else a - b


def _times(a: Any, b: Any) -> Any:
    if type(a) is type(b) is float:
        return a * b
    if _is_none(a) or _is_none(b):
        return 0.0
    return b if _is_one(a) else a if _is_one(b) else a * b


def _over(a: Any, b: Any) -> Any:
    return 0.0 if _is_none(a) and isinstance(b, Value) else divide(a, b)


def _scaled_quotient(x: Pair, y: Pair) -> Complex:
    """By the larger part of the divisor, so that nothing overflows on the way (Smith 1962)."""
    (a, b), (c, d) = x, y
    is_wide = abs_(c) >= abs_(d)
    large, small = choose_form(is_wide, c, d), choose_form(is_wide, d, c)
    near, far = choose_form(is_wide, a, b), choose_form(is_wide, b, a)
    ratio = divide(small, large)
    size = large + small * ratio
    imag = divide(far - near * ratio, size)
    return Complex(divide(near + far * ratio, size), choose_form(is_wide, imag, -imag))


def _power(x: Pair, y: Pair) -> Complex:
    base, (p, q) = Complex(*x), y
    if not _is_none(q):
        return _power_at_zero(base, p, q, (Complex(p, q) * base.log()).exp())
    if type(p) is float and p.is_integer() and abs(p) <= _WHOLE:
        return _whole_power(base, int(p))
    if type(p) is float and p == 0.5:
        return base.sqrt()
    size, angle = power(abs(base), p), p * base.phase()
    found = Complex(size * cos(angle), size * sin(angle))
    if type(p) is float:
        return found
    is_itself = is_zero(p - 1.0) & is_zero(abs(base))  # 0¹, whose slope is 1, and that of the absolute value 0
    return Complex(choose(is_itself, base.real, found.real), choose(is_itself, base.imag, found.imag))


def _power_at_zero(base: Complex, p: Any, q: Any, found: Complex) -> Complex:
    """What was found, but 0, or 1 for p = 0, of base 0 to a power that is real, not below 0, and might not have been.

    Slopes there are nan: they depend on the way to 0.
    """
    size = abs(base)
    is_known = is_zero(size)
    if is_known is False or (type(q) is float and q != 0.0):
        return found
    is_known = is_known & is_zero(q) & (p >= 0.0)
    zero = sqrt(size)  # 0, whose slopes are nan
    return Complex(choose(is_known, power(size, p) + zero, found.real), choose(is_known, zero, found.imag))


def _whole_power(base: Complex, exponent: int) -> Complex:
    """By squaring."""
    if exponent < 0:
        return 1.0 / _whole_power(base, -exponent)
    found = Complex(1.0)
    while exponent:
        found = found * base if exponent % 2 else found
        exponent //= 2
        base = base * base if exponent else base
    return found


_WHOLE = 100.0  # up to which powers are products, as Python's are

# -- what rows of the table mean --------------------------------------------------------------------


def _each(combine: Callable[..., Any], *numbers: Any) -> Complex:
    """Something of the real parts, and of the imaginary ones."""
    pairs = [_parts(x) or (x, x) for x in numbers]  # what is no number is refused by what combines
    return Complex(*(combine(*parts) for parts in zip(*pairs, strict=True)))


def _where(condition: Any, chosen: Any, other: Any) -> Complex:
    if isinstance(condition, (Complex, *COMPLEX)):
        raise OperandError(f"where chooses by a comparison or a real number, got {quoted(condition)}: write z != 0")
    return _each(lambda x, y: where(condition, x, y), chosen, other)


def _sum(*numbers: Any) -> Complex:
    return _each(lambda *parts: sum_(list(parts)), *numbers)


def _dot(*numbers: Any) -> Complex:
    half = len(numbers) // 2
    return _sum(*map(operator.mul, numbers[:half], numbers[half:]), *numbers[2 * half :])


_MEANINGS: dict[str, Callable[..., Any]] = {
    "abs": abs, "add": operator.add, "divide": operator.truediv, "dot": _dot, "multiply": operator.mul,
    "negative": operator.neg, "positive": operator.pos, "power": operator.pow, "reciprocal": lambda z: 1.0 / z,
    "square": lambda z: z * z, "subtract": operator.sub, "sum": _sum, "where": _where,
}  # fmt: skip
_MEANINGS |= {name: operator.methodcaller(name) for name in FUNCTIONS}

Composite.of_complex = staticmethod(lambda z: Complex(float(z.real), float(z.imag)))
