"""The table of primitives: all rules on one page, one row each.  To add a primitive, add a row.

A row reads: name, value, slopes (the output is called y), then how it is defined, written and tested.
Values and slopes are ordinary arithmetic on whatever they are handed (see `primitive`), so they must
choose with `where`, not `if`, compare with `equal`, not ==, and not cancel: tanh says 4e/(1 + e)², because
1 - y*y has no digits left at x = 18.  `textbook` holds the form a book prints.

Derivatives at kinks: the minimum-norm subgradient where there is one, else the limit, else nan.
Domain errors give nan or inf as IEEE 754 has it, never an exception, never a complex number.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce
from math import inf, nan, pi
from typing import Any

import numpy as np

from autograd.ops import bessel, error_function, gamma, incomplete_beta, incomplete_gamma, special, tables
from autograd.ops.numbers import equal, left_to_right, polynomial, where
from autograd.ops.primitive import Atom, Primitive, row
from autograd.ops.quadrature import by_nodes

LN2, LN10 = math.log(2), math.log(10)
LOG2_E, LOG10_E = 1 / LN2, 1 / LN10
TINY = 1e-280  # below, what is divided by x has lost digits
SMALL = 2.0**-1022  # the smallest normal number: 1/x of smaller ones may be infinite
FAR = 1e9  # 1 + x² is x² from there on
SQRT2, SQRT_2_OVER_PI, SQRT_2PI = math.sqrt(2), math.sqrt(2 / pi), math.sqrt(2 * pi)
TWO_OVER_SQRT_PI = 2 / math.sqrt(pi)
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
SATURATED = 750.0  # exp(-750) is 0 in double precision

# Rows that a rule above them speaks of.
abs_: Primitive
atan: Primitive
atanh: Primitive
beta_a: Primitive
beta_density: Primitive
betainc_ab: Primitive
ceil: Primitive
cos: Primitive
cosh: Primitive
cospi: Primitive
digamma: Primitive
erfc: Primitive
erfcx: Primitive
exp: Primitive
expm1: Primitive
floor: Primitive
floor_divide: Primitive
fmod: Primitive
gamma_density: Primitive
gammainc_a: Primitive
hypot: Primitive
i0: Primitive
i0e: Primitive
i1e: Primitive
i1: Primitive
j0: Primitive
j1: Primitive
k0: Primitive
k0e: Primitive
k1: Primitive
k1e: Primitive
log: Primitive
log1p: Primitive
ndtr: Primitive
polygamma: Primitive
power: Primitive
power_log: Primitive
round_: Primitive
sech: Primitive
sigmoid: Primitive
sign: Primitive
sin: Primitive
sinpi: Primitive
sqrt: Primitive
square: Primitive
tanh: Primitive
trunc: Primitive
y0: Primitive
y1: Primitive

# -- arithmetic -------------------------------------------------------------------------------------

add = row("add", lambda a, b: a + b, lambda y, a, b: (1.0, 1.0),
          symbol="+", operator="add", shows="a + b",
          definition="a + b", points=[(2, 3), (-0.5, 1e-3)], doc="a + b")

subtract = row("subtract", lambda a, b: a - b, lambda y, a, b: (1.0, -1.0),
          symbol="−", operator="sub", shows="a - b",
          definition="a - b", points=[(2, 3), (-0.5, 1e-3)], doc="a - b")

multiply = row("multiply", lambda a, b: a * b, lambda y, a, b: (b, a),
          symbol="×", operator="mul", shows="a * b",
          definition="a * b", points=[(2, 3), (-0.5, 1e-3), (0, 4)], doc="a · b")

divide = row("divide", lambda a, b: a / b, lambda y, a, b: (1.0 / b, -y / b),
          symbol="÷", operator="truediv", shows="a / b", aliases=("true_divide",),
          textbook=lambda y, a, b: (1.0 / b, -a / b**2.0),
          definition="a / b", points=[(2, 3), (-0.5, 1e-3), (1e-200, 1e-200)],
          edges=[((1, 0), inf, (inf, -inf)), ((-1, 0), -inf, (inf, inf)), ((0, 0), nan, (inf, nan))],
          doc="a / b; 1/0 is ±inf as IEEE 754 has it")

power = row("power", Atom(math.pow, special.power),
          lambda y, a, b: (where(abs_(a) < SMALL, where(equal(b, 0.0), 0.0, _leading(a, b) * power_log(0.0, a, b - 1.0)),
                                 b * power(a, b - 1.0)),
                           where(where(equal(a, 0.0), 0.0, where(abs_(y) > 1.0 / TINY, 0.0, abs_(y))) < TINY,
                                 where(equal(y, 1.0), 0.0, power_log(1.0, a, b)), y * log(a))),
          textbook=lambda y, a, b: (b * a ** (b - 1.0), y * log(a)),
          symbol="^", operator="pow", aliases=("pow",), shows="a**b",
          definition="a ** b", points=[(2, 3), (0.3, -1.7), (4, 0.5), (10, 0)],
          edges=[((0, 0), 1, (0, 0)), ((0, 1), 0, (1, 0)), ((0, 0.5), 0, (inf, 0)),
                 ((0, -1), inf, (-inf, -inf)), ((-2, 3), -8, (12, nan)), ((-8, 1 / 3), nan, (nan, nan))],
          doc="a to the power b; a negative base has real powers only for whole b")

power_log = row("power_log", lambda k, a, b: where(
              equal(k, 0.0), power(a, b),
              where(equal(power(a + 0.0, b), 0.0), where(a < 0.0, nan, 0.0), power(a + 0.0, b) * power(log(a), k))),
          lambda y, k, a, b: (None,
                              where(_is_steep(a, b) > 0.0, _leading(a, b) * power_log(k, a, b - 1.0),
                                    where(abs_(a) < SMALL, where(equal(b, 0.0), 0.0, b * power_log(k, a, b - 1.0)),
                                          b * power_log(k, a, b - 1.0))
                                    + where(equal(k, 0.0), 0.0, k * power_log(k - 1.0, a, b - 1.0))),
                              power_log(k + 1.0, a, b)),
          orders=1, shows="powerlog(k, a=a, b=b)", definition="a ** b * log(a) ** k if k else a ** b",
          points=[(1, 2, 3), (2, 0.3, -1.7), (1, 1e-170, 2), (0, 3, 2)],
          edges=[((1, 0, 2), 0, (None, 0, 0)), ((1, 0, 1), 0, (None, -inf, 0)), ((1, 0, 0), -inf, (None, inf, inf)),
                 ((1, 0, -1), -inf, (None, inf, inf)), ((1, -2, 3), nan, (None, nan, nan))],
          doc="aᵇ·(ln a)ᵏ, the k-th derivative of aᵇ along b; k is a whole number, not differentiated")


def _leading(a: Any, b: Any) -> Any:
    """b; where it is factor of an infinity, its sign, by which the product rule adds no other infinity to that."""
    return where(_is_steep(a, b) > 0.0, where(b < 0.0, -1.0, 1.0), b)


def _is_steep(a: Any, b: Any) -> Any:
    """1 where aᵇ⁻¹ or its logarithm is infinite, a = 0 and b ≤ 1, but for b = 0, else 0."""
    return where(equal(a, 0.0), where(equal(b, 0.0), 0.0, where(b <= 1.0, 1.0, 0.0)), 0.0)


negative = row("negative", lambda x: -x, lambda y, x: -1.0,
          symbol="−", shows="-x", definition="-x", points=[2, -0.5], doc="-x")

positive = row("positive", Atom(operator.pos, np.positive, lambda x: x), lambda y, x: 1.0,
          symbol="=", shows="x", definition="x", points=[2, -0.5], doc="x itself, as a node of its own")

remainder = row("remainder", Atom(operator.mod, np.remainder, lambda a, b: _remainder(a, b)),
          lambda y, a, b: (1.0, -floor_divide(a, b)),
          textbook=lambda y, a, b: (1.0, -floor(a / b)), symbol="mod", operator="mod", aliases=("mod",), shows="a % b",
          jumps=lambda a, b: _off_whole(a / b), smooth=lambda h, a, b: a - b * _stairs(h, a / b),
          definition="a - b * floor(a / b)", points=[(7.5, 2), (-7.5, 2), (7.5, -2)],
          edges=[((1, 0.1), 0.09999999999999995, (1, -9))], doc="Python's a % b, whose sign is that of b")


def _remainder(a: Any, b: Any) -> Any:
    """C's remainder, moved by b if its sign is not that of b; a zero has the sign of b."""
    rest = fmod(a, b)
    moved = _where_signs_differ(rest, b, rest + b, rest)
    return where(equal(moved, 0.0), where(b < 0.0, -0.0, 0.0), moved)


def _where_signs_differ(a: Any, b: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where one is above 0 and the other below."""
    return where(a < 0.0, where(b > 0.0, chosen, other), where(a > 0.0, where(b < 0.0, chosen, other), other))


fmod = row("fmod", Atom(math.fmod, np.fmod), lambda y, a, b: (1.0, -round_((a - y) / b)), method=True,
          textbook=lambda y, a, b: (1.0, -trunc(a / b)),
          jumps=lambda a, b: _off_whole_beside_zero(a / b), smooth=lambda h, a, b: a - b * _stairs_around_zero(h, a / b),
          definition="a - b * trunc(a / b)", points=[(7.5, 2), (-7.5, 2), (7.5, -2)],
          edges=[((1, 0.1), 0.09999999999999995, (1, -9))], doc="C's remainder, whose sign is that of a")

floor_divide = row("floor_divide", Atom(operator.floordiv, np.floor_divide, lambda a, b: _floor_divide(a, b)), lambda y, a, b: (0.0, 0.0),
          symbol="//", operator="floordiv", shows="floor(a / b)",
          jumps=lambda a, b: _off_whole(a / b), smooth=lambda h, a, b: _stairs(h, a / b),
          definition="floor(a / b)", points=[(7.5, 2), (-7.5, 2)], doc="Python's a // b")


def _floor_divide(a: Any, b: Any) -> Any:
    """From the exact remainder; a / b where b is 0, and of a zero the sign of that."""
    rest = fmod(a, b)
    exact = (a - rest) / b
    quotient = _where_signs_differ(rest, b, exact - 1.0, exact)
    below = floor(quotient)
    whole = where(quotient - below > 0.5, below + 1.0, below)
    return where(equal(b, 0.0), a / b, where(equal(quotient, 0.0), 0.0 * (a / b), whole))


sum_ = row("sum", Atom(lambda *xs: left_to_right(xs), lambda *xs: _added(xs), lambda *xs: _plus(xs)),
          lambda y, *xs: (1.0,) * len(xs), variadic=True,
          symbol="Σ", shows="sum(x for x in xs)", definition="sum(xs)", points=[(1, 2, 3), (-0.5, 0.5, 1e-3, 7)],
          doc="Σ xᵢ as one node")

dot = row("dot", Atom(lambda *xs: left_to_right(_terms(xs)), lambda *xs: _added(_terms(xs)), lambda *xs: _plus(_terms(xs))),
          lambda y, *xs: _dot_slopes(xs), variadic=True, symbol="·", shows="sum(w * x for w, x in zip(ws, xs)) + c",
          definition="sum(w * x for w, x in zip(ws, xs)) + c",
          points=[(1, 2, 3, 4), (0.5, -1, 2, 3, 0.25, -2, 0.1), (2, 3), (2, 3, 1)],
          doc="Σ wᵢxᵢ + c as one node: (weights, inputs, bias)")


def _terms(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    weights, inputs, bias = special.halves(operands)
    return (*map(operator.mul, weights, inputs), *bias)


def _plus(terms: tuple[Any, ...]) -> Any:
    return reduce(operator.add, terms) if terms else 0.0


def _added(terms: tuple[Any, ...]) -> Any:
    return reduce(np.add, terms) if terms else 0.0


def _dot_slopes(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    weights, inputs, bias = special.halves(operands)
    return (*inputs, *weights, *(1.0 for _ in bias))


square = row("square", lambda x: x * x, lambda y, x: 2.0 * x, method=True,
          shows="x**2", definition="x * x", points=[3, -0.5, 0], doc="x²")

reciprocal = row("reciprocal", lambda x: 1.0 / x, lambda y, x: -(y * y), method=True,
          textbook=lambda y, x: -1.0 / x**2.0, shows="1 / x",
          definition="1 / x", points=[3, -0.5, 1e-5], edges=[(0, inf, -inf)], doc="1/x")

sqrt = row("sqrt", Atom(math.sqrt, np.sqrt), lambda y, x: 0.5 / (y + 0.0), method=True,
          textbook=lambda y, x: 1.0 / (2.0 * y),
          definition="sqrt(x)", points=[2, 1e-10, 1e10], edges=[(0, 0, inf), (-1, nan, nan)], doc="√x")

cbrt = row("cbrt", Atom(math.cbrt, np.cbrt, lambda x: _cbrt(x)), lambda y, x: square(1.0 / y) / 3.0, method=True,
          textbook=lambda y, x: 1.0 / (3.0 * y**2.0),
          definition="sign(x) * abs(x) ** (mpf(1) / 3)",
          points=[2, -5, 1e-10], edges=[(0, 0, inf)], doc="the real cube root, of negative numbers too")


def _cbrt(x: Any) -> Any:
    """The power ⅓, made exact by a step of Newton's method, which at 0 and infinity has nothing to do."""
    y = sign(x) * power(abs_(x), 1.0 / 3.0)
    return where(equal(x, 0.0), x, where(equal(abs_(x), inf), x, y - (y - x / (y * y)) / 3.0))


hypot = row("hypot", Atom(math.hypot, np.hypot, lambda a, b: _hypot(a, b)),
          lambda y, a, b: (where(equal(y, 0.0), 0.0, _cosine(y, a, b)), where(equal(y, 0.0), 0.0, _cosine(y, b, a))),
          textbook=lambda y, a, b: (a / y, b / y), method=True,
          shows="sqrt(a**2 + b**2)", kinks=lambda a, b: where(equal(b, 0.0), a, where(equal(a, 0.0), b, hypot(a, b))),
          smooth=lambda h, a, b: hypot(hypot(a, b), h),
          definition="sqrt(a * a + b * b)",
          points=[(3, 4), (1e200, 1e200), (1e-200, 1e-200), (-1, 0)],
          edges=[((0, 0), 0, (0, 0))], doc="√(a² + b²) without overflow")


def _hypot(a: Any, b: Any) -> Any:
    """The larger one times √(1 + the square of their ratio); infinite if one is, whatever the other."""
    size, other = abs_(a), abs_(b)
    larger, smaller = where(size > other, size, other), where(size > other, other, size)
    ratio = smaller / larger
    finite = where(equal(larger, 0.0), smaller, larger * sqrt(1.0 + ratio * ratio))
    return where(equal(size, inf), inf, where(equal(other, inf), inf, finite))


def _cosine(y: Any, a: Any, b: Any) -> Any:
    """a/y of y = √(a² + b²); where a is by far the larger, by b/a: so its own slope along a, b²/y³, does not cancel."""
    return where(abs_(a) > 2.0 * abs_(b), where(a < 0.0, -1.0, 1.0) / hypot(1.0, b / a), a / y)


# -- exponentials and logarithms --------------------------------------------------------------------

exp = row("exp", Atom(math.exp, np.exp), lambda y, x: y, method=True,
          shows="e**x", definition="exp(x)", points=[0, 1, -30, 5],
          edges=[(1000, inf, inf), (-1000, 0, 0)], doc="eˣ")

expm1 = row("expm1", Atom(math.expm1, np.expm1, lambda x: _expm1(x)), lambda y, x: exp(x), method=True,
          shows="e**x - 1", definition="expm1(x)", points=[1e-10, 1, -40], doc="eˣ - 1, with its digits near 0")


def _expm1(x: Any) -> Any:
    """W. Kahan's: the rounding error of eˣ cancels against its logarithm; far out it is eˣ - 1 as it stands."""
    u = exp(x)
    near = where(equal(u, 1.0), x, (u - 1.0) * (x / log(u)))
    return where(abs_(x) < 0.5, near, u - 1.0)


exp2 = row("exp2", Atom(math.exp2, np.exp2, lambda x: 2.0**x), lambda y, x: y * LN2, method=True,
          shows="2**x", definition="mpf(2) ** x", points=[0.5, 3, -20], doc="2ˣ")

log = row("log", Atom(math.log, np.log), lambda y, x: where(x < 0.0, y, 1.0 / (x + 0.0)), method=True,
          textbook=lambda y, x: 1.0 / x, shows="ln(x)",
          definition="log(x)", points=[2, 1e-5, 100], edges=[(0, -inf, inf), (-1, nan, nan)],
          doc="the natural logarithm")

log1p = row("log1p", Atom(math.log1p, np.log1p, lambda x: _log1p(x)), lambda y, x: where(x < -1.0, y, 1.0 / (1.0 + x)), method=True,
          textbook=lambda y, x: 1.0 / (1.0 + x), shows="ln(1 + x)",
          definition="log1p(x)", points=[1e-10, 3, -0.9], edges=[(-1, -inf, inf), (-2, nan, nan)],
          doc="ln(1 + x), with its digits near 0")


def _log1p(x: Any) -> Any:
    """W. Kahan's: the rounding error of 1 + x cancels between log and denominator."""
    u = 1.0 + x
    return where(equal(u, 1.0), x, where(equal(u, inf), u, log(u) * (x / (u - 1.0))))


log2 = row("log2", Atom(math.log2, np.log2, lambda x: log(x) * LOG2_E), lambda y, x: where(x < 0.0, y, LOG2_E / (x + 0.0)), method=True,
          textbook=lambda y, x: 1.0 / (x * LN2), shows="log_2(x)",
          definition="log(x) / log(2)", points=[3, 1e-5], edges=[(0, -inf, inf), (-1, nan, nan)],
          doc="the logarithm to base 2")

log10 = row("log10", Atom(math.log10, np.log10, lambda x: log(x) * LOG10_E), lambda y, x: where(x < 0.0, y, LOG10_E / (x + 0.0)), method=True,
          textbook=lambda y, x: 1.0 / (x * LN10), shows="log_10(x)",
          definition="log(x) / log(10)", points=[3, 1e-5], edges=[(0, -inf, inf), (-1, nan, nan)],
          doc="the logarithm to base 10")

logaddexp = row("logaddexp",
          lambda a, b: where(equal(a, b), a + LN2, where(a > b, a, b) + log1p(exp(-abs_(a - b)))),
          lambda y, a, b: (sigmoid(a - b), sigmoid(b - a)), method=True,
          shows="ln(e**a + e**b)", definition="log(exp(a) + exp(b))",
          points=[(1, 2), (-3, 0.5), (50, 0), (2, 2)],
          edges=[((1000, 1000), 1000 + LN2, (0.5, 0.5)), ((-inf, 0), 0, (0, 1)), ((-inf, -inf), -inf, (nan, nan))],
          doc="ln(eᵃ + eᵇ) without overflow")

xlogy = row("xlogy",
          lambda a, b: where(equal(a, 0.0), where(equal(b, b), 0.0, b), a * log(b)),
          lambda y, a, b: (log(b), where(b < 0.0, y / b, a / (b + 0.0))), method=True,
          textbook=lambda y, a, b: (log(b), a / b),
          shows="a * ln(b)", definition="a * log(b)", points=[(2, 3), (-1, 0.5), (0, 2)],
          edges=[((0, 0), 0, (-inf, nan)), ((1, 0), -inf, (-inf, inf))], doc="a·ln b, 0 where a is 0")

xlog1py = row("xlog1py",
          lambda a, b: where(equal(a, 0.0), where(equal(b, b), 0.0, b), a * log1p(b)),
          lambda y, a, b: (log1p(b), where(b < -1.0, y / b, a / (1.0 + b))), method=True,
          textbook=lambda y, a, b: (log1p(b), a / (1.0 + b)),
          shows="a * ln(1 + b)", definition="a * log1p(b)", points=[(2, 3), (-1, -0.5), (0, 2), (3, 1e-12)],
          edges=[((0, -1), 0, (-inf, nan)), ((1, -1), -inf, (-inf, inf))], doc="a·ln(1 + b), 0 where a is 0")

entr = row("entr", lambda x: where(equal(x, 0.0), 0.0, where(x < 0.0, -inf, -x * log(x))), lambda y, x: -1.0 - log(x),
          method=True, shows="-(x * ln(x))",
          definition="-x * log(x)", points=[2, 0.3, 1e-5, 40],
          edges=[(0, 0, inf), (1, 0, -1), (-1, -inf, nan)], doc="-x·ln x, a term of the entropy; 0 at 0, -inf below")

log1mexp = row("log1mexp", lambda x: where(x < LN2, log(-expm1(-x)), log1p(-exp(-x))),
          lambda y, x: where(x < 0.0, y, exp(-x) / -expm1(-x)), method=True,
          textbook=lambda y, x: 1.0 / (exp(x) - 1.0), shows="ln(1 - e**(-x))",
          definition="log(-expm1(-x))", points=[1e-10, 0.5, 0.7, 3, 40],
          edges=[(0, -inf, inf), (-1, nan, nan), (inf, 0, 0)], doc="ln(1 - e⁻ˣ), x above 0, with its digits near 0 and far out")

logit = row("logit", lambda p: where(abs_(p - 0.5) < 0.25, 2.0 * atanh(2.0 * p - 1.0), log(p / (1.0 - p))),
          lambda y, p: where(p < 0.0, y, where(p > 1.0, y, 1.0 / p + 1.0 / (1.0 - p))), method=True,
          textbook=lambda y, p: 1.0 / (p * (1.0 - p)), shows="ln(p / (1 - p))",
          definition="log(p / (1 - p))", points=[0.3, 0.5000001, 0.9, 1e-20, 0.9999],
          edges=[(0, -inf, inf), (1, inf, inf), (0.5, 0, 4), (-1, nan, nan), (2, nan, nan)],
          doc="ln(p/(1 - p)), the inverse of sigmoid")

# -- trigonometric ----------------------------------------------------------------------------------

sin = row("sin", Atom(math.sin, np.sin), lambda y, x: cos(x), method=True,
          definition="sin(x)", points=[0, 0.5, 2, -10], edges=[(inf, nan, nan)], doc="sine, x in radians")

cos = row("cos", Atom(math.cos, np.cos), lambda y, x: -sin(x), method=True,
          definition="cos(x)", points=[0, 0.5, 2, -10], doc="cosine, x in radians")

tan = row("tan", Atom(math.tan, np.tan, lambda x: sin(x) / cos(x)), lambda y, x: 1.0 + y * y, method=True,
          definition="tan(x)", points=[0, 0.5, 2, -10], doc="tangent, x in radians")

cot = row("cot", lambda x: 1.0 / tan(x), lambda y, x: -(1.0 + y * y), method=True,
          definition="cot(x)", points=[0.5, 2, -10], edges=[(0, inf, -inf)], doc="cotangent, 1/tan")

sec = row("sec", lambda x: 1.0 / cos(x), lambda y, x: y * tan(x), method=True,
          definition="sec(x)", points=[0, 0.5, 2, -10], doc="secant, 1/cos")

csc = row("csc", lambda x: 1.0 / sin(x), lambda y, x: -(y * cot(x)), method=True,
          definition="csc(x)", points=[0.5, 2, -10], edges=[(0, inf, -inf)], doc="cosecant, 1/sin")

asin = row("asin", Atom(math.asin, np.arcsin, lambda x: atan(x / sqrt((1.0 - x) * (1.0 + x)))), lambda y, x: 1.0 / sqrt(_one_less_square(x)), method=True,
          textbook=lambda y, x: 1.0 / sqrt(1.0 - x**2.0), aliases=("arcsin",), shows="arcsin(x)",
          definition="asin(x)", points=[0, 0.5, -0.999], edges=[(1, pi / 2, inf), (2, nan, nan)],
          doc="inverse sine, in [-π/2, π/2]")

acos = row("acos", Atom(math.acos, np.arccos, lambda x: 2.0 * atan(sqrt((1.0 - x) / (1.0 + x)))), lambda y, x: -1.0 / sqrt(_one_less_square(x)), method=True,
          textbook=lambda y, x: -1.0 / sqrt(1.0 - x**2.0), aliases=("arccos",), shows="arccos(x)",
          definition="acos(x)", points=[0, 0.5, -0.999], edges=[(1, 0, -inf), (2, nan, nan)],
          doc="inverse cosine, in [0, π]")


def _one_less_square(x: Any) -> Any:
    """1 - x²: in factors near ±1, where it would cancel; as it stands near 0, where their slopes would, and beyond."""
    return where(abs_(abs_(x) - 0.75) < 0.25, (1.0 - x) * (1.0 + x), 1.0 - x * x)


atan = row("atan", Atom(math.atan, np.arctan, lambda x: _atan(x)),
          lambda y, x: where(abs_(x) > FAR, square(1.0 / x), 1.0 / (1.0 + x * x)), method=True,
          textbook=lambda y, x: 1.0 / (1.0 + x**2.0),
          aliases=("arctan",), shows="arctan(x)", definition="atan(x)", points=[0, 0.5, -30],
          edges=[(inf, pi / 2, 0)], doc="inverse tangent, in [-π/2, π/2]")


def _atan(x: Any) -> Any:
    """Turned to [0, 1], halved twice by atan u = 2·atan(u/(1 + √(1 + u²))), then the series."""
    size = abs_(x)
    u = where(size > 1.0, 1.0 / size, size)
    for _ in range(2):
        u = u / (1.0 + sqrt(1.0 + u * u))
    angle = 4.0 * u * polynomial([(-1) ** n / (2 * n + 1) for n in range(13)], u * u)
    return where(size < 1e-8, x, sign(x) * where(size > 1.0, pi / 2 - angle, angle))


atan2 = row("atan2", Atom(math.atan2, np.arctan2, lambda a, b: _atan2(a, b)),
          lambda y, a, b: (_over_square(b, a, b), -_over_square(a, a, b)),
          textbook=lambda y, a, b: (b / (a**2.0 + b**2.0), -a / (a**2.0 + b**2.0)),
          aliases=("arctan2",), method=True,
          jumps=lambda a, b: where(b <= 0.0, a, nan),
          definition="atan2(a, b)", points=[(1, 2), (-1, -2), (3, 1e-3), (1e200, 1e200)],
          edges=[((0, 0), 0, (0, 0))], doc="the angle of the point (b, a), in (-π, π]")


def _atan2(a: Any, b: Any) -> Any:
    """The angle of the first quarter, turned and mirrored by the signs, those of zeros too."""
    up, across = abs_(a), abs_(b)
    angle = atan(where(equal(up, across), where(equal(up, 0.0), 0.0, 1.0), up / across))
    turned = where(_with_sign(b) < 0.0, pi - angle, angle)
    return where(_with_sign(a) < 0.0, -turned, turned)


def _with_sign(x: Any) -> Any:
    """x, and of a zero an infinity with its sign, by which -0.0 is below 0."""
    return where(equal(x, 0.0), 1.0 / x, x)


def _over_square(x: Any, a: Any, b: Any) -> Any:
    """x/(a² + b²), scaled by a power of two where squares are too large or too small; 0 at (0, 0), and far out."""
    square = a * a + b * b
    by = where(square < 2.0**-600, 2.0**600, where(square > 2.0**600, 2.0**-600, 1.0))
    square = (a * by) * (a * by) + (b * by) * (b * by)
    return where(equal(square + square, square), 0.0, x * by / square * by)  # its own double: 0, inf


sinc = row("sinc", lambda x: where(equal(x, 0.0), 1.0, where(equal(abs_(x), inf), 0.0, sinpi(x) / (pi * x))),
          lambda y, x: where(abs_(x) < 0.25, _sinc_slope_near_zero(x),
                             where(equal(abs_(x), inf), 0.0, (cospi(x) - y) / x)), method=True,
          textbook=lambda y, x: (cospi(x) - y) / x,
          definition="sincpi(x)", points=[0.5, 0.05, 1e-9, -2.3, 0.1], edges=[(0, 1, 0), (inf, 0, 0)],
          doc="NumPy's sinc, sin(πx)/(πx)")

cospi = row("cospi", lambda x: _parity(x) * where(abs_(_turn(x)) < 0.25, cos(pi * _turn(x)),
                                                  sin(pi * (0.5 - abs_(_turn(x))))),
          lambda y, x: -pi * sinpi(x),
          shows="cos(π * x)", definition="cospi(x)", points=[0.3, 1.7, -20.1, 0.499],
          edges=[(0.5, 0, -pi), (-1.5, 0, -pi), (inf, nan, nan)], doc="cos(πx), exact at halves")

sinpi = row("sinpi", lambda x: where(equal(_turn(x), 0.0), 0.0 * x, _parity(x) * sin(pi * _turn(x))),
          lambda y, x: pi * cospi(x),
          shows="sin(π * x)", definition="sinpi(x)", points=[0.3, 1.7, -20.1],
          edges=[(1, 0, -pi), (0.5, 1, 0), (inf, nan, nan)], doc="sin(πx), exact at whole numbers and halves")


def _turn(x: Any) -> Any:
    """x less the nearest whole number."""
    return x - round_(x)


def _parity(x: Any) -> Any:
    """1 where the nearest whole number is even, -1 where it is odd."""
    return 1.0 - 2.0 * (round_(x) - 2.0 * floor(0.5 * round_(x)))


def _sinc_slope_near_zero(x: Any) -> Any:
    """The series of (cos πx - sinc x)/x, which cancels near 0: -Σ (-1)ᵏ 2k π²ᵏ x²ᵏ⁻¹/(2k+1)!."""
    coefficients = [(-1) ** k * 2 * k * pi ** (2 * k) / math.factorial(2 * k + 1) for k in range(1, 13)]
    square_ = x * x
    return x * reduce(lambda total, c: total * square_ + c, reversed(coefficients))


degrees = row("degrees", lambda x: x * (180.0 / pi), lambda y, x: 180.0 / pi, aliases=("rad2deg",), method=True,
          shows="x * (180 / π)", definition="x * 180 / pi", points=[1, -3], doc="radians to degrees")

radians = row("radians", lambda x: x * (pi / 180.0), lambda y, x: pi / 180.0, aliases=("deg2rad",), method=True,
          shows="x * (π / 180)", definition="x * pi / 180", points=[90, -3], doc="degrees to radians")

# -- hyperbolic -------------------------------------------------------------------------------------

sinh = row("sinh", Atom(math.sinh, np.sinh, lambda x: _sinh(x)), lambda y, x: cosh(x), method=True,
          definition="sinh(x)", points=[0, 1e-5, 2, -5], edges=[(1000, inf, inf)], doc="hyperbolic sine")


def _sinh(x: Any) -> Any:
    size = abs_(x)
    e, root = expm1(size), exp(0.5 * size)
    return sign(x) * where(size > 700.0, 0.5 * root * root, 0.5 * (e + e / (e + 1.0)))


cosh = row("cosh", Atom(math.cosh, np.cosh, lambda x: _cosh(x)), lambda y, x: sinh(x), method=True,
          definition="cosh(x)", points=[0, 1e-5, 2, -5], edges=[(-1000, inf, -inf)], doc="hyperbolic cosine")


def _cosh(x: Any) -> Any:
    size = abs_(x)
    e, root = exp(size), exp(0.5 * size)
    return where(size > 700.0, 0.5 * root * root, 0.5 * (e + 1.0 / e))


sech = row("sech", lambda x: where(abs_(x) > 300.0, 2.0 * exp(-abs_(x)), 1.0 / cosh(x)), lambda y, x: -y * tanh(x), method=True,
          definition="1 / cosh(x)", points=[0, 1e-5, 2, -5, 30],
          edges=[(1000, 0, 0), (-inf, 0, 0)], doc="hyperbolic secant, 1/cosh(x)")

tanh = row("tanh", Atom(math.tanh, np.tanh, lambda x: _tanh(x)), lambda y, x: square(sech(x)), method=True,
          textbook=lambda y, x: 1.0 - y**2.0,
          definition="tanh(x)", points=[0, 0.5, -2, 18, 1e-10], edges=[(1000, 1, 0), (-inf, -1, 0)],
          doc="hyperbolic tangent")


def _tanh(x: Any) -> Any:
    e = expm1(-2.0 * abs_(x))
    return sign(x) * (-e / (2.0 + e))


asinh = row("asinh", Atom(math.asinh, np.arcsinh, lambda x: _asinh(x)), lambda y, x: where(abs_(x) > FAR, 1.0 / abs_(x), 1.0 / hypot(1.0, x)), method=True,
          textbook=lambda y, x: 1.0 / sqrt(x**2.0 + 1.0), aliases=("arcsinh",), shows="arsinh(x)",
          definition="asinh(x)", points=[0, 1e-5, 2, -1e200], doc="inverse hyperbolic sine")


def _asinh(x: Any) -> Any:
    size = abs_(x)
    near = log1p(size + size * size / (1.0 + sqrt(1.0 + size * size)))
    return sign(x) * where(size > 1e8, log(size) + LN2, near)


acosh = row("acosh", Atom(math.acosh, np.arccosh, lambda x: _acosh(x)), lambda y, x: where(x > FAR, 1.0 / x, where(x > 1.0, 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),
                                                     1.0 / sqrt(2.0 * (x - 1.0)))), method=True,
          textbook=lambda y, x: 1.0 / sqrt(x**2.0 - 1.0), aliases=("arccosh",), shows="arcosh(x)",
          definition="acosh(x)", points=[1.5, 20, 1e200], edges=[(1, 0, inf), (0, nan, nan)],
          doc="inverse hyperbolic cosine")


def _acosh(x: Any) -> Any:
    over = x - 1.0
    near = log1p(over + sqrt(over * (over + 2.0)))
    return where(x < 1.0, nan, where(x > 1e8, log(x) + LN2, near))


atanh = row("atanh", Atom(math.atanh, np.arctanh, lambda x: _atanh(x)),
          lambda y, x: where(abs_(x) > 1.0, y, 1.0 / _one_less_square(x)), method=True,
          textbook=lambda y, x: 1.0 / (1.0 - x**2.0), aliases=("arctanh",), shows="artanh(x)",
          definition="atanh(x)", points=[0, 0.5, -0.999], edges=[(1, inf, inf), (2, nan, nan)],
          doc="inverse hyperbolic tangent")


def _atanh(x: Any) -> Any:
    size = abs_(x)
    return sign(x) * (0.5 * log1p(2.0 * size / (1.0 - size)))


# -- activations ------------------------------------------------------------------------------------

sigmoid = row("sigmoid", lambda x: where(x < 0.0, exp(-abs_(x)), 1.0) / (1.0 + exp(-abs_(x))),
          lambda y, x: 0.25 * square(sech(0.5 * x)), method=True, aliases=("expit",),
          textbook=lambda y, x: y * (1.0 - y), shows="σ(x)", symbol="σ",
          definition="1 / (1 + exp(-x))", points=[0, 2, -3, 40, -40], edges=[(1000, 1, 0), (-1000, 0, 0)],
          doc="1/(1 + e⁻ˣ)")

softplus = row("softplus", lambda x: where(x <= 0.0, 0.0, x) + log1p(exp(-abs_(x))), lambda y, x: sigmoid(x),
          method=True,
          definition="log(1 + exp(x))", points=[0, 2, -3, 40, -40], edges=[(1000, 1000, 1), (-1000, 0, 0)],
          doc="ln(1 + eˣ), without overflow and without a threshold")

logsigmoid = row("logsigmoid", lambda x: -softplus(-x), lambda y, x: sigmoid(-x), method=True,
          aliases=("log_sigmoid",), shows="ln(σ(x))",
          definition="-log(1 + exp(-x))", points=[0, 2, -3, 40, -40], edges=[(-1000, -1000, 1)], doc="ln σ(x)")

relu = row("relu", lambda x: where(x <= 0.0, 0.0, x), lambda y, x: where(x <= 0.0, 0.0, where(x > 0.0, 1.0, x)),
          method=True, textbook=lambda y, x: where(x > 0.0, 1.0, 0.0),
          kinks=lambda x: x, smooth=lambda h, x: _ramp(h, x),
          definition="x if x > 0 else 0 * x", points=[2, -3], edges=[(0, 0, 0), (nan, nan, nan)], doc="max(0, x)")

leaky_relu = row("leaky_relu", lambda x, negative_slope=0.01: where(x > 0.0, x, negative_slope * x),
          lambda y, x, negative_slope: (where(x > 0.0, 1.0, negative_slope), where(x > 0.0, 0.0, x)),
          method=True, shows="leakyrelu(x, negative_slope=negative_slope)",
          kinks=lambda x, negative_slope: x, smooth=lambda h, x, negative_slope: _bent(h, x, negative_slope),
          definition="x if x > 0 else negative_slope * x", points=[(2, 0.01), (-3, 0.2)],
          edges=[((0, 0.2), 0, (0.2, 0))], doc="x, or negative_slope·x below 0 (and at 0)")

prelu = row("prelu", lambda x, a: where(x > 0.0, x, a * x),
          lambda y, x, a: (where(x > 0.0, 1.0, a), where(x > 0.0, 0.0, x)),
          method=True, shows="prelu(x, a=a)",
          kinks=lambda x, a: x, smooth=lambda h, x, a: _bent(h, x, a),
          definition="x if x > 0 else a * x", points=[(2, 0.25), (-3, 0.2)], edges=[((0, 0.2), 0, (0.2, 0))],
          doc="x, or a·x below 0, where a is learned (He et al. 2015)")

rrelu = row("rrelu", lambda x, a: where(x > 0.0, x, a * x),
          lambda y, x, a: (where(x > 0.0, 1.0, a), where(x > 0.0, 0.0, x)),
          shows="rrelu(x, a=a)",
          kinks=lambda x, a: x, smooth=lambda h, x, a: _bent(h, x, a),
          definition="x if x > 0 else a * x", points=[(2, 0.25), (-3, 0.2)], edges=[((0, 0.2), 0, (0.2, 0))],
          doc="x, or a·x below 0, where a was drawn at random (Xu et al. 2015)")

elu = row("elu", lambda x, alpha=1.0: where(x > 0.0, x, alpha * expm1(x)),
          lambda y, x, alpha: (where(x > 0.0, 1.0, alpha * exp(x)), where(x > 0.0, 0.0, expm1(x))),
          method=True, shows="elu(x, alpha=alpha)",
          kinks=lambda x, alpha: where(equal(alpha, 1.0), nan, x),
          smooth=lambda h, x, alpha: _ramp(h, x) + alpha * expm1(-_ramp(h, -x)),
          definition="x if x > 0 else alpha * expm1(x)", points=[(2, 1), (-3, 0.5), (-40, 2)],
          edges=[((0, 1), 0, (1, 0)), ((0, 0.5), 0, (0.5, 0))], doc="x, or α(eˣ - 1) below 0 (Clevert et al. 2016)")

selu = row("selu", lambda x: SELU_SCALE * where(x > 0.0, x, SELU_ALPHA * expm1(x)),
          lambda y, x: SELU_SCALE * where(x > 0.0, 1.0, SELU_ALPHA * exp(x)), method=True,
          kinks=lambda x: x, smooth=lambda h, x: SELU_SCALE * (_ramp(h, x) + SELU_ALPHA * expm1(-_ramp(h, -x))),
          definition=f"mpf('{SELU_SCALE}') * (x if x > 0 else mpf('{SELU_ALPHA}') * expm1(x))",
          points=[2, -3, -40], edges=[(0, 0, SELU_SCALE * SELU_ALPHA)],
          doc="λ·elu(x; α) with the λ and α that keep mean 0 and variance 1 (Klambauer et al. 2017)")

celu = row("celu", lambda x, alpha=1.0: where(x > 0.0, x, alpha * expm1(x / alpha)),
          lambda y, x, alpha: (where(x > 0.0, 1.0, exp(x / alpha)),
                               where(x > 0.0, 0.0, _celu_slope(x / alpha))),
          textbook=lambda y, x, alpha: (where(x > 0.0, 1.0, exp(x / alpha)),
                                        where(x > 0.0, 0.0, expm1(x / alpha) - x / alpha * exp(x / alpha))),
          method=True, shows="celu(x, alpha=alpha)",
          definition="x if x > 0 else alpha * expm1(x / alpha)", points=[(2, 1), (-3, 0.5), (-40, 2)],
          edges=[((0, 1), 0, (1, 0)), ((0, 2), 0, (1, 0))], doc="x, or α(e^(x/α) - 1) below 0 (Barron 2017)")


def _celu_slope(u: Any) -> Any:
    """eᵘ - 1 - ueᵘ; near 0, where it cancels, by its series -Σ (k-1)/k! uᵏ."""
    series = reduce(lambda total, k: total * u - (k - 1) / math.factorial(k), range(20, 1, -1), 0.0)
    return where(abs_(u) < 1.0, u * u * series, where(u < -SATURATED, -1.0, exp(u) * (1.0 - u) - 1.0))


gelu = row("gelu", lambda x: where(x < -40.0, 0.0, 0.5 * x * erfc(-x / SQRT2)),
          lambda y, x: where(abs_(x) > 40.0, where(x > 0.0, 1.0, 0.0),
                             0.5 * erfc(-x / SQRT2) + x * exp(-0.5 * x * x) / SQRT_2PI),
          method=True,
          definition="x * erfc(-x / sqrt(2)) / 2", points=[0.3, 2, -3, -12, 30],
          edges=[(0, 0, 0.5), (inf, inf, 1), (-inf, 0, 0)], doc="x·Φ(x), Φ the normal distribution (Hendrycks & Gimpel 2016)")

gelu_tanh = row("gelu_tanh", lambda x: where(x < -40.0, 0.0, x * sigmoid(2.0 * _gelu_inner(x))),
          lambda y, x: where(
              abs_(x) > 40.0, where(x > 0.0, 1.0, 0.0),
              sigmoid(2.0 * _gelu_inner(x))
              + 0.5 * x * square(sech(_gelu_inner(x)))
              * (SQRT_2_OVER_PI * (1.0 + 3.0 * 0.044715 * x * x))),
          method=True,
          definition="x / 2 * (1 + tanh(sqrt(2 / pi) * (x + mpf('0.044715') * x ** 3)))",
          points=[0.3, 2, -3, -12, 30], edges=[(0, 0, 0.5), (inf, inf, 1), (-inf, 0, 0)],
          doc="the tanh approximation of gelu")


def _gelu_inner(x: Any) -> Any:
    return SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)


silu = row("silu", lambda x: where(x < -SATURATED, 0.0, x * sigmoid(x)),
          lambda y, x: where(abs_(x) > SATURATED, where(x > 0.0, 1.0, 0.0),
                             sigmoid(x) + 0.25 * x * square(sech(0.5 * x))),
          method=True, aliases=("swish",), textbook=lambda y, x: sigmoid(x) * (1.0 + x * (1.0 - sigmoid(x))),
          definition="x / (1 + exp(-x))", points=[0.3, 2, -3, -40, 40],
          edges=[(0, 0, 0.5), (inf, inf, 1), (-inf, 0, 0)], doc="x·σ(x), also called swish")

mish = row("mish", lambda x: where(x < -SATURATED, 0.0, x * tanh(softplus(x))),
          lambda y, x: where(x > 400.0, 1.0, where(x < -340.0, where(x < -SATURATED, 0.0, exp(x) * (1.0 + x)),
                             tanh(softplus(x)) + x * sigmoid(x) * square(sech(softplus(x))))),
          method=True,
          definition="x * tanh(log(1 + exp(x)))", points=[0.3, 2, -3, -40, 40],
          edges=[(0, 0, 0.6), (inf, inf, 1), (-inf, 0, 0)], doc="x·tanh(softplus(x)) (Misra 2019)")

hardtanh = row("hardtanh", lambda x, low=-1.0, high=1.0: where(x <= low, low, where(x >= high, high, x)),
          lambda y, x, low, high: (where(x <= low, 0.0, where(x >= high, 0.0, where(equal(x, x), 1.0, x))),
                                   where(x <= low, 1.0, 0.0), where(x <= low, 0.0, where(x >= high, 1.0, 0.0))),
          method=True, shows="hardtanh(x, low=low, high=high)",
          kinks=lambda x, low, high: (x - low, x - high), smooth=lambda h, x, low, high: _between(h, x, low, high),
          definition="low if x <= low else high if x >= high else x", points=[(0.3, -1, 1), (5, -1, 1), (-5, -1, 2)],
          edges=[((-1, -1, 1), -1, (0, None, None)), ((1, -1, 1), 1, (0, None, None))], doc="x cut off at low and high")

relu6 = row("relu6", lambda x: where(x <= 0.0, 0.0, where(x >= 6.0, 6.0, x)),
          lambda y, x: where(x > 0.0, where(x < 6.0, 1.0, 0.0), where(x <= 0.0, 0.0, x)), method=True,
          kinks=lambda x: (x, x - 6.0), smooth=lambda h, x: _between(h, x, 0.0, 6.0),
          definition="0 * x if x <= 0 else 6 + 0 * x if x >= 6 else x",
          points=[3, -1, 7], edges=[(0, 0, 0), (6, 6, 0)], doc="min(max(0, x), 6)")

hardsigmoid = row("hardsigmoid", lambda x: where(x <= -3.0, 0.0, where(x >= 3.0, 1.0, x / 6.0 + 0.5)),
          lambda y, x: where(x > -3.0, where(x < 3.0, 1.0 / 6.0, 0.0), where(x <= -3.0, 0.0, x)), method=True,
          kinks=lambda x: (x + 3.0, x - 3.0), smooth=lambda h, x: _between(h, x, -3.0, 3.0) / 6.0 + 0.5,
          definition="0 * x if x <= -3 else 1 + 0 * x if x >= 3 else x / 6 + mpf(1) / 2",
          points=[0.3, -5, 5], edges=[(-3, 0, 0), (3, 1, 0)], doc="x/6 + ½ cut off at 0 and 1")

hardswish = row("hardswish", lambda x: where(x <= -3.0, 0.0, where(x >= 3.0, x, x * (x / 6.0 + 0.5))),
          lambda y, x: where(x > -3.0, where(x < 3.0, x / 3.0 + 0.5, 1.0), where(x <= -3.0, 0.0, x)), method=True,
          kinks=lambda x: (x + 3.0, x - 3.0), smooth=lambda h, x: x * (_between(h, x, -3.0, 3.0) / 6.0 + 0.5),
          definition="0 * x if x <= -3 else x if x >= 3 else x * (x / 6 + mpf(1) / 2)",
          points=[0.3, -5, 5, -2], edges=[(-3, 0, 0), (3, 3, 1)], doc="x·hardsigmoid(x) (Howard et al. 2019)")

softsign = row("softsign", lambda x: where(abs_(x) > 1e17, sign(x), x / (1.0 + abs_(x))),
          lambda y, x: 1.0 / (1.0 + abs_(x)) * (1.0 / (1.0 + abs_(x))), method=True,
          textbook=lambda y, x: 1.0 / (1.0 + abs_(x)) ** 2.0,
          definition="x / (1 + abs(x))", points=[0.3, -5, 1e10],
          edges=[(0, 0, 1), (inf, 1, 0)], doc="x/(1 + |x|)")

# -- kinks and jumps: where, and smoothed by the normal distribution of width h ------------------------------------


def _off_whole(x: Any) -> Any:
    """How far x is off the nearest whole number, with a sign that changes at each."""
    return _parity(x) * _turn(x)


def _off_whole_beside_zero(x: Any) -> Any:
    return where(abs_(x) < 1.0, 1.0 - abs_(x), _off_whole(abs_(x)))


def _beside(h: Any, x: Any, above: Any, below: Any, near: Any) -> Any:
    """`near` around 0; above and below, where all that differs is 0 in doubles, what stands there unsmoothed.

    So nothing small is lost beside a large x, such as the bound -1e30 of a maximum, and no inf meets its 0.
    """
    return where(x > 40.0 * h, above, where(x < -40.0 * h, below, near))


def _soft(h: Any, x: Any) -> Any:
    return x * ndtr(x / h) + h * _normal(x / h)


def _ramp(h: Any, x: Any) -> Any:
    """The mean of max(0, x + h·Z) over a standard normal Z: relu, off by 0.4·h at 0 and by nothing beyond 9·h."""
    return _beside(h, x, x, 0.0, _soft(h, x))


def _bent(h: Any, x: Any, slope: Any) -> Any:
    return _beside(h, x, x, slope * x, slope * x + (1.0 - slope) * _soft(h, x))


def _between(h: Any, x: Any, low: Any, high: Any) -> Any:
    cut = x + _ramp(h, low - x) - _ramp(h, x - high)
    return where(x - high > 40.0 * h, high, where(low - x > 40.0 * h, low, cut))


def _stairs(h: float, x: Any) -> Any:
    """The mean of floor(x + h·Z): the steps beside x, as many as are not yet 0 or 1 to the last digit."""
    nearest, beside = round_(x), math.ceil(9.0 * h)
    steps = (ndtr((x - nearest - float(k)) / h) for k in range(-beside, beside + 1))
    return reduce(operator.add, steps, nearest - float(1 + beside))


def _stairs_around_zero(h: float, x: Any) -> Any:
    return _stairs(h, x) + ndtr(-x / h)


# -- kinks and steps --------------------------------------------------------------------------------

abs_ = row("abs", Atom(math.fabs, np.abs), lambda y, x: sign(x),
          aliases=("absolute", "fabs"), method=True, symbol="|·|",
          kinks=lambda x: x, smooth=lambda h, x: _beside(h, x, x, -x, 2.0 * _soft(h, x) - x),
          definition="abs(x)", points=[2, -3], edges=[(0, 0, 0)], doc="|x|")

sign = row("sign", lambda x: where(x > 0.0, 1.0, where(x < 0.0, -1.0, 0.0 * x)), lambda y, x: 0.0, method=True,
          jumps=lambda x: x, smooth=lambda h, x: 2.0 * ndtr(x / h) - 1.0,
          definition="sign(x)", points=[2, -3], edges=[(0, 0, 0)],
          doc="-1, 0 or 1")

step = row("step", lambda x: where(x > 0.0, 1.0, where(x <= 0.0, 0.0, x)), lambda y, x: 0.0, method=True,
          shows="x > 0", jumps=lambda x: x, smooth=lambda h, x: ndtr(x / h),
          definition="mpf(1) if x > 0 else mpf(0)", points=[2, -3], edges=[(0, 0, 0)],
          doc="the threshold unit: 1 where x > 0, else 0")

less = row("less", lambda a, b: where(a < b, 1.0, 0.0), lambda y, a, b: (None, None), symbol="<",
          shows="a < b", jumps=lambda a, b: a - b, smooth=lambda h, a, b: ndtr((b - a) / h),
          definition="mpf(1) if a < b else mpf(0)", points=[(1, 2), (2, -1)],
          edges=[((1, 1), 0, (None, None)), ((nan, 1), 0, (None, None))], doc="1 where a < b, else 0")

less_equal = row("less_equal", lambda a, b: where(a <= b, 1.0, 0.0), lambda y, a, b: (None, None), symbol="≤",
          shows="a <= b", jumps=lambda a, b: a - b, smooth=lambda h, a, b: ndtr((b - a) / h),
          definition="mpf(1) if a <= b else mpf(0)", points=[(1, 2), (2, -1)],
          edges=[((1, 1), 1, (None, None)), ((nan, 1), 0, (None, None))], doc="1 where a ≤ b, else 0")

greater = row("greater", lambda a, b: where(a > b, 1.0, 0.0), lambda y, a, b: (None, None), symbol=">",
          shows="a > b", jumps=lambda a, b: a - b, smooth=lambda h, a, b: ndtr((a - b) / h),
          definition="mpf(1) if a > b else mpf(0)", points=[(1, 2), (2, -1)],
          edges=[((1, 1), 0, (None, None)), ((nan, 1), 0, (None, None))], doc="1 where a > b, else 0")

greater_equal = row("greater_equal", lambda a, b: where(a >= b, 1.0, 0.0), lambda y, a, b: (None, None), symbol="≥",
          shows="a >= b", jumps=lambda a, b: a - b, smooth=lambda h, a, b: ndtr((a - b) / h),
          definition="mpf(1) if a >= b else mpf(0)", points=[(1, 2), (2, -1)],
          edges=[((1, 1), 1, (None, None)), ((nan, 1), 0, (None, None))], doc="1 where a ≥ b, else 0")

equal_ = row("equal", lambda a, b: where(equal(a, b), 1.0, 0.0), lambda y, a, b: (None, None), symbol="=",
          shows="a == b", definition="mpf(1) if a == b else mpf(0)", points=[(1, 2), (2, -1)],
          edges=[((1, 1), 1, (None, None)), ((nan, nan), 0, (None, None))], doc="1 where the numbers are equal, else 0")

maximum = row("maximum", lambda a, b: where(a > b, a, where(b >= a, b, a + b)),
          lambda y, a, b: (where(a > b, 1.0, where(a < b, 0.0, where(equal(a, b), 0.5, nan))),
                           where(a > b, 0.0, where(a < b, 1.0, where(equal(a, b), 0.5, nan)))),
          method=True, shows="max(a, b)", kinks=lambda a, b: a - b,
          smooth=lambda h, a, b: _beside(h, a - b, a, b, b + _soft(h, a - b)),
          definition="max(a, b)", points=[(1, 2), (2, -1)],
          edges=[((1, 1), 1, (0.5, 0.5)), ((nan, 1), nan, (nan, nan))], doc="the larger; at a tie each gets half")

minimum = row("minimum", lambda a, b: where(a < b, a, where(b <= a, b, a + b)),
          lambda y, a, b: (where(a < b, 1.0, where(a > b, 0.0, where(equal(a, b), 0.5, nan))),
                           where(a < b, 0.0, where(a > b, 1.0, where(equal(a, b), 0.5, nan)))),
          method=True, shows="min(a, b)", kinks=lambda a, b: a - b,
          smooth=lambda h, a, b: _beside(h, a - b, b, a, a - _soft(h, a - b)),
          definition="min(a, b)", points=[(1, 2), (2, -1)],
          edges=[((1, 1), 1, (0.5, 0.5)), ((nan, 1), nan, (nan, nan))], doc="the smaller; at a tie each gets half")

clip = row("clip", lambda x, low, high: where(x > high, high, where(x < low, low, x)),
          lambda y, x, low, high: (where(x > high, 0.0, where(x < low, 0.0, where(equal(x, x), 1.0, x))),
                                   where(x > high, 0.0, where(x < low, 1.0, 0.0)), where(x > high, 1.0, 0.0)),
          method=True, aliases=("clamp",), shows="clip(x, low=low, high=high)",
          kinks=lambda x, low, high: (x - low, x - high), smooth=lambda h, x, low, high: _between(h, x, low, high),
          definition="high if x > high else low if x < low else x", points=[(0.3, -1, 1), (5, -1, 1), (-5, -1, 2)],
          edges=[((-1, -1, 1), -1, (1, 0, 0)), ((1, -1, 1), 1, (1, 0, 0))], doc="x kept within [low, high]; slope 1 at the bounds")

where_ = row("where", lambda condition, chosen, other: where(condition, chosen, other),
          lambda y, condition, chosen, other: (None, where(condition, 1.0, None), where(condition, None, 1.0)),
          shows="chosen if condition else other", smooth=lambda h, condition, chosen, other: where(equal(condition, 1.0), chosen, where(
              equal(condition, 0.0), other, condition * chosen + (1.0 - condition) * other)),
          definition="chosen if condition else other",
          points=[(1, 2, 3), (0, 2, 3)], doc="chosen or other; no derivative at all goes to the one not taken")

guard = row("guard", lambda condition, chosen, other: where(condition, chosen, other),
          lambda y, condition, chosen, other: (None, where(condition, 1.0, None), where(condition, None, 1.0)),
          shows="chosen if condition else other", definition="chosen if condition else other",
          points=[(1, 2, 3), (0, 2, 3)],
          doc="chosen or other, two forms of one number of which either has its digits somewhere: a formula shows the one taken")

floor = row("floor", Atom(lambda x: math.copysign(math.floor(x), x), np.floor), lambda y, x: 0.0, method=True,
          jumps=lambda x: _off_whole(x), smooth=lambda h, x: _stairs(h, x),
          definition="floor(x)", points=[2.5, -2.5], edges=[(inf, inf, 0)],
          doc="the largest whole number not above x")

ceil = row("ceil", Atom(lambda x: math.copysign(math.ceil(x), x), np.ceil, lambda x: -floor(-x)), lambda y, x: 0.0, method=True,
          jumps=lambda x: _off_whole(x), smooth=lambda h, x: -_stairs(h, -x),
          definition="ceil(x)", points=[2.5, -2.5], doc="the smallest whole number not below x")

trunc = row("trunc", Atom(lambda x: math.copysign(math.trunc(x), x), np.trunc, lambda x: where(x < 0.0, ceil(x), floor(x))), lambda y, x: 0.0, method=True,
          aliases=("fix",), jumps=lambda x: _off_whole_beside_zero(x), smooth=lambda h, x: _stairs_around_zero(h, x),
          definition="floor(x) if x > 0 else ceil(x)",
          points=[2.5, -2.5], doc="x without its fraction")

round_ = row("round", Atom(lambda x: math.copysign(round(x), x), np.rint, lambda x: _round(x)), lambda y, x: 0.0,
          aliases=("rint",), jumps=lambda x: _off_whole(x + 0.5), smooth=lambda h, x: _stairs(h, x + 0.5),
          definition="nint(x)", points=[2.4, -2.6],
          edges=[(0.5, 0, 0), (1.5, 2, 0), (2.5, 2, 0)], doc="the nearest whole number, halves to the even one")


def _round(x: Any) -> Any:
    size = abs_(x)
    below = floor(size)
    over = size - below
    nearest = where(over < 0.5, below, where(over > 0.5, below + 1.0, 2.0 * floor(0.5 * (below + 1.0))))
    return where(equal(x, 0.0), x, where(x < 0.0, -nearest, nearest))


# -- special functions ------------------------------------------------------------------------------

erf = row("erf", Atom(math.erf, error_function.erf, error_function.erf), lambda y, x: TWO_OVER_SQRT_PI * _bell(x),
          method=True, definition="erf(x)", points=[0, 0.5, -2, 5],
          edges=[(inf, 1, 0)], doc="the error function, 2/√π ∫₀ˣ exp(-t²) dt")

erfc = row("erfc", Atom(math.erfc, error_function.erfc, error_function.erfc), lambda y, x: -TWO_OVER_SQRT_PI * _bell(x),
          method=True, definition="erfc(x)", points=[0, 0.5, -2, 20],
          edges=[(inf, 0, 0)], doc="1 - erf(x), with its digits in the tail")


def _bell(x: Any) -> Any:
    """exp(-x²), and 0 where it is, so that its slopes are too."""
    return where(abs_(x) > 40.0, 0.0, exp(-x * x))


erfcx = row("erfcx", error_function.erfcx,
          lambda y, x: where(x < 0.0, 2.0 * x * y - TWO_OVER_SQRT_PI, error_function.erfcx_slope_right(x)), method=True,
          textbook=lambda y, x: 2.0 * x * y - TWO_OVER_SQRT_PI,
          definition="exp(x**2) * erfc(x)", points=[0, 0.5, -2, 3, 40, -20],
          edges=[(inf, 0, 0), (-inf, inf, -inf), (1e200, 5.641895835477563e-201, 0)],
          doc="exp(x²)·erfc(x), the error function's tail scaled")

erfinv = row("erfinv", lambda x: error_function.quantile(0.5 * x, 0.5 * (1.0 - abs_(x))) / SQRT2,
          lambda y, x: exp(y * y) / TWO_OVER_SQRT_PI, method=True, shows="erfinv(x)",
          definition="erfinv(x)", points=[0, 0.5, -0.9, 1e-10, 0.999],
          edges=[(1, inf, inf), (-1, -inf, inf), (2, nan, nan)], doc="the inverse of erf")

ndtr = row("ndtr", lambda x: where(x < -1.0, 0.5 * erfcx(-x / SQRT2) * _square_bell(x), 0.5 * erfc(-x / SQRT2)),
          lambda y, x: _normal(x), method=True, shows="Φ(x)",
          definition="erfc(-x / sqrt(2)) / 2", points=[0, 0.5, -2, -12, 3],
          edges=[(inf, 1, 0), (-inf, 0, 0)], doc="the normal distribution Φ, with its digits in the tail")

log_ndtr = row("log_ndtr", lambda x: where(x < 0.0, log(0.5 * erfcx(-x / SQRT2)) - 0.5 * x * x, log1p(-0.5 * erfc(x / SQRT2))),
          lambda y, x: where(x < -1e5, _mills_far(x), where(x < 0.0, SQRT_2_OVER_PI / erfcx(-x / SQRT2), _normal(x) / ndtr(x))),
          method=True, textbook=lambda y, x: exp(-(x**2.0) / 2.0) / (SQRT_2PI * ndtr(x)), shows="ln(Φ(x))",
          definition="log(erfc(-x / sqrt(2)) / 2)", points=[0, 0.5, -2, -12, 6],
          edges=[(inf, 0, 0), (-inf, -inf, inf), (-1e160, -inf, 1e160)], doc="ln Φ(x), without underflow")

def _mills_far(x: Any) -> Any:
    """φ(x)/Φ(x) by its asymptotic series, where the square of Mills's ratio, which its own slope has in it, underflows."""
    r = 1.0 / x
    return -(x + r * (1.0 - 2.0 * r * r))


ndtri = row("ndtri", lambda p: error_function.quantile(p - 0.5, where(p < 0.5, p, 1.0 - p)),
          lambda y, p: SQRT_2PI * exp(0.5 * y * y), method=True, shows="ndtri(p)",
          definition="sqrt(2) * erfinv(2 * p - 1)", points=[0.5, 0.3, 0.9, 1e-5, 0.9999],
          edges=[(0, -inf, inf), (1, inf, inf), (-1, nan, nan)], doc="the inverse of ndtr: where Φ is p")


def _normal(x: Any) -> Any:
    """The density of the normal distribution, and 0 where it is, so that its slopes are too."""
    return where(abs_(x) > 40.0, 0.0, exp(-0.5 * x * x) / SQRT_2PI)


def _square_bell(x: Any) -> Any:
    """exp(-x²/2) to the last digits of the tail."""
    return error_function.exp_of_square(where(x < -40.0, -40.0, x), -0.5)


lgamma = row("lgamma", Atom(gamma.lgamma, gamma.lgamma_of_arrays, gamma.lgamma_rule), lambda y, x: digamma(x),
          method=True, aliases=("gammaln",), shows="ln(abs(Γ(x)))",
          definition="log(abs(gamma(x)))", points=[0.5, 3, 25, -1.5], edges=[(-1, inf, nan), (0, inf, -inf)], doc="ln|Γ(x)|")

digamma = row("digamma", Atom(gamma.digamma, gamma.digamma_of_arrays, lambda x: polygamma(0.0, x)),
          lambda y, x: polygamma(1.0, x), method=True, shows="ψ(x)",
          definition="psi(0, x)", points=[0.5, 3, 25, -1.5, 1e-5], edges=[(0, -inf, inf)], doc="d/dx ln Γ(x)")

polygamma = row("polygamma", Atom(gamma.polygamma, gamma.polygamma_of_arrays, gamma.polygamma_of_known_order),
          lambda y, n, x: (None, polygamma(n + 1.0, x)), orders=1, shows="ψ[n](x)",
          definition="psi(int(n), x)", points=[(1, 0.5), (1, 30), (2, 3), (3, -1.5), (0, 2.5)],
          edges=[((1, 0), inf, (None, nan))], doc="the n-th derivative of digamma; n is a whole number, not differentiated")

gamma_ = row("gamma", Atom(gamma.gamma, gamma.gamma_of_arrays, gamma.gamma_rule), lambda y, x: y * digamma(x),
          method=True, shows="Γ(x)", definition="gamma(x)", points=[0.5, 3, 25, -1.5, 170.3, -20.7],
          edges=[(0, inf, -inf), (-1, nan, nan), (inf, inf, inf), (200, inf, inf), (-200.5, 0, 0)],
          doc="the gamma function; nan at -1, -2, …")

beta = row("beta", gamma.beta_rule, lambda y, a, b: (beta_a(a, b), beta_a(b, a)),
          textbook=lambda y, a, b: (y * (digamma(a) - digamma(a + b)), y * (digamma(b) - digamma(a + b))),
          shows="Β(a, b)", definition="beta(a, b) if min(a, b) > 0 else nan", points=[(2, 3), (0.5, 0.25), (30, 12), (1e6, 2)],
          edges=[((0, 1), inf, (-inf, -pi**2 / 6)), ((-1, 2), nan, (nan, nan)), ((1, 1), 1, (-1, -1))], doc="Β(a, b) = Γ(a)·Γ(b)/Γ(a + b), a and b above 0")

beta_a = row("beta_a", gamma.beta_slope, lambda y, a, b: (gamma.beta_bend(a, b), gamma.beta_twist(a, b)),
          textbook=lambda y, a, b: (y * (digamma(a) - digamma(a + b)) + beta(a, b) * (polygamma(1.0, a) - polygamma(1.0, a + b)),
                                    y * (digamma(b) - digamma(a + b)) - beta(a, b) * polygamma(1.0, a + b)),
          shows="Β(a, b)*(ψ(a) - ψ(a + b))", definition="beta(a, b) * (psi(0, a) - psi(0, a + b)) if min(a, b) > 0 else nan",
          points=[(2, 3), (0.5, 0.25), (30, 12), (1e4, 2), (3, 0.01)],
          edges=[((-1, 2), nan, (nan, nan)), ((1, 1), -1, (2, None))], doc="the derivative of beta along a; along b it is beta_a(b, a)")

betaln = row("betaln", gamma.betaln_rule, lambda y, a, b: (-gamma.digamma_rise(a, b), -gamma.digamma_rise(b, a)),
          textbook=lambda y, a, b: (digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)),
          shows="ln(Β(a, b))", definition="log(beta(a, b)) if min(a, b) > 0 else nan",
          points=[(2, 3), (0.5, 0.25), (30, 12), (1e6, 2)],
          edges=[((0, 1), inf, (-inf, 0)), ((-1, 2), nan, (nan, nan)), ((2, inf), -inf, (-inf, 0)), ((1, 1), 0, (-1, -1))], doc="ln Β(a, b), without overflow")

gammainc = row("gammainc", by_nodes(incomplete_gamma.gammainc),
          lambda y, a, x: (gammainc_a(1.0, a, x), gamma_density(0.0, a, x)), shows="P(a, x)",
          definition="gammainc(a, 0, x, regularized=True) if min(a, x) > 0 else nan", points=[(2, 3), (0.5, 0.25), (30, 25), (1e-3, 0.7)],
          edges=[((2, 0), 0, (0, 0)), ((1, 0), 0, (0, 1)), ((0.5, 0), 0, (0, inf)), ((2, inf), 1, (0, 0)), ((inf, 2), 0, (0, 0)),
                 ((0, 2), 1, (None, 0)), ((0, 0), nan, (nan, None)), ((-1, 2), nan, (nan, nan)), ((1, -2), nan, (nan, nan))],
          doc="the incomplete gamma function P(a, x) = 1/Γ(a) ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt, from 0 to 1")

gammaincc = row("gammaincc", by_nodes(incomplete_gamma.gammaincc),
          lambda y, a, x: (-gammainc_a(1.0, a, x), -gamma_density(0.0, a, x)), shows="Q(a, x)",
          definition="1 - gammainc(a, 0, x, regularized=True) if min(a, x) > 0 else nan", points=[(2, 3), (0.5, 0.25), (30, 60), (1e-3, 0.7)],
          edges=[((2, 0), 1, (0, 0)), ((1, 0), 1, (0, -1)), ((0.5, 0), 1, (0, -inf)), ((2, inf), 0, (0, 0)), ((inf, 2), 1, (0, 0)),
                 ((0, 2), 0, (None, 0)), ((-1, 2), nan, (nan, nan)), ((1, -2), nan, (nan, nan))],
          doc="1 - gammainc(a, x), with its digits where it is small")

gammainc_a = row("gammainc_a", by_nodes(incomplete_gamma.along_a),
          lambda y, n, a, x: (None, gammainc_a(n + 1.0, a, x), gamma_density(n, a, x)), orders=1, shows="P[n](a, x)",
          definition="along(lambda t: gammainc(t, 0, x, regularized=True), a, int(n)) if min(a, x) > 0 else nan",
          points=[(1, 2, 3), (1, 0.5, 0.25), (2, 7, 2), (0, 30, 25)],
          edges=[((1, 2, 0), 0, (None, 0, 0)), ((1, 2, inf), 0, (None, 0, 0)), ((1, -1, 2), nan, (None, nan, nan))],
          doc="the n-th derivative of gammainc along a, n from 0 to 4; n is not differentiated")

gamma_density = row("gamma_density", by_nodes(incomplete_gamma.density),
          lambda y, n, a, x: (None, gamma_density(n + 1.0, a, x), _slope_of_gamma_density(y, n, a, x)), orders=1, shows="p[n](a, x)",
          definition="along(lambda t: x ** (t - 1) * exp(-x) / gamma(t), a, int(n)) if min(a, x) > 0 else nan",
          textbook=lambda y, n, a, x: (None, gamma_density(n + 1.0, a, x), where(equal(n, 0.0), (a - 1.0 - x) * y / x,
                                       ((a - 1.0 - x) * y + n * gamma_density(n - 1.0, a, x)) / x)),
          points=[(0, 2, 3), (1, 0.5, 0.25), (2, 3, 2), (0, 30, 25)],
          edges=[((0, 2, 0), 0, (None, 0, 1)), ((0, 1, 0), 1, (None, None, -1)), ((0, 0.5, 0), inf, (None, None, -inf)),
                 ((0, 2, inf), 0, (None, 0, 0)), ((0, -1, 2), nan, (None, nan, nan))],
          doc="the gamma distribution's density xᵃ⁻¹e⁻ˣ/Γ(a), or its n-th derivative along a, n from 0 to 4; n is not differentiated")


def _slope_of_gamma_density(y: Any, n: Any, a: Any, x: Any) -> Any:
    """Along x; where x is 0 by the density of a - 1, so that it is a slope there to every order."""
    inside = where(x > 0.0, where(x < inf, x, 1.0), 1.0)
    lower = where(equal(n, 0.0), 0.0, n * gamma_density(n - 1.0, a, inside))
    steep = gamma_density(n, where(a < 1.0, 1.0, a) - 1.0, where(equal(x, 0.0), x, 1.0)) - y
    found = where(equal(a, inf), y, ((a - 1.0 - inside) * y + lower) / inside)
    return where(equal(x, 0.0), where(a < 1.0, -y, steep), where(equal(x, inf), y, found))


betainc = row("betainc", by_nodes(incomplete_beta.betainc),
          lambda y, a, b, x: (betainc_ab(1.0, 0.0, a, b, x), betainc_ab(0.0, 1.0, a, b, x), beta_density(0.0, 0.0, a, b, x)), shows="I(a, b, x)",
          definition="betainc(a, b, 0, x, regularized=True) if min(a, b, x, 1 - x) > 0 else nan",
          points=[(2, 3, 0.4), (0.5, 0.25, 0.7), (30, 12, 0.6)],
          edges=[((2, 3, 0), 0, (0, 0, 0)), ((2, 3, 1), 1, (0, 0, 0)), ((1, 2, 0), 0, (0, 0, 2)), ((0.5, 2, 0), 0, (0, 0, inf)),
                 ((0, 2, 0.5), 1, (None, 0, 0)), ((2, 0, 0.5), 0, (0, None, 0)), ((0, 0, 0.5), nan, (None, None, None)),
                 ((inf, 2, 0.5), 0, (0, 0, None)), ((2, inf, 0.5), 1, (0, 0, None)),
                 ((-1, 2, 0.5), nan, (nan, nan, nan)), ((1, 2, 1.5), nan, (nan, nan, nan))],
          doc="the incomplete beta function I(a, b, x) = 1/Β(a, b) ∫₀ˣ tᵃ⁻¹(1 - t)ᵇ⁻¹ dt, from 0 to 1")

betainc_ab = row("betainc_ab", by_nodes(incomplete_beta.along_both),
          lambda y, m, n, a, b, x: (None, None, betainc_ab(m + 1.0, n, a, b, x), betainc_ab(m, n + 1.0, a, b, x), beta_density(m, n, a, b, x)),
          orders=2,
          definition="along(lambda s: along(lambda t: betainc(s, t, 0, x, regularized=True), b, int(n)), a, int(m)) if min(a, b, x, 1 - x) > 0 else nan",
          points=[(1, 0, 2, 7, 0.4), (0, 1, 0.5, 0.25, 0.7)],
          edges=[((1, 0, 2, 3, 0), 0, (None, None, 0, 0, 0)), ((0, 1, 2, 3, 1), 0, (None, None, 0, 0, 0)),
                 ((1, 0, -1, 2, 0.5), nan, (None, None, nan, nan, nan))],
          doc="the derivative of betainc m times along a and n times along b, up to 3 times together; m and n are not differentiated")

beta_density = row("beta_density", by_nodes(incomplete_beta.density),
          lambda y, m, n, a, b, x: (None, None, beta_density(m + 1.0, n, a, b, x), beta_density(m, n + 1.0, a, b, x),
                                    _slope_of_beta_density(y, m, n, a, b, x)),
          orders=2,
          textbook=lambda y, m, n, a, b, x: (None, None, beta_density(m + 1.0, n, a, b, x), beta_density(m, n + 1.0, a, b, x),
                                             ((a - 1.0) / x - (b - 1.0) / (1.0 - x)) * y + _fewer(m, lambda: beta_density(m - 1.0, n, a, b, x)) / x
                                             - _fewer(n, lambda: beta_density(m, n - 1.0, a, b, x)) / (1.0 - x)),
          definition="along(lambda s: along(lambda t: x ** (s - 1) * (1 - x) ** (t - 1) / beta(s, t), b, int(n)), a, int(m)) if min(a, b, x, 1 - x) > 0 else nan",
          points=[(0, 0, 2, 3, 0.4), (1, 0, 0.5, 0.25, 0.7), (0, 1, 2, 3, 0.3)],
          edges=[((0, 0, 3, 3, 0), 0, (None, None, None, None, 0)), ((0, 0, 1, 3, 0), 3, (None, None, None, None, -6)),
                 ((0, 0, 0.5, 2, 0), inf, (None, None, None, None, -inf)), ((0, 0, -1, 2, 0.5), nan, (None, None, nan, nan, nan))],
          doc="the beta distribution's density xᵃ⁻¹(1 - x)ᵇ⁻¹/Β(a, b), or its derivative m times along a and n times along b, up to 3 times "
              "together; m and n are not differentiated")


def _slope_of_beta_density(y: Any, m: Any, n: Any, a: Any, b: Any, x: Any) -> Any:
    below = incomplete_beta.lowered(a, b, x)
    lead, fewer = beta_density(m, n, *below), _fewer_of_beta_density(m, n, *below)
    return incomplete_beta.density_slope(y, _fewer_of_beta_density(m, n, a, b, x), lead, fewer, a, b, x)


def _fewer_of_beta_density(m: Any, n: Any, *at: Any) -> tuple[Any, Any]:
    return _fewer(m, lambda: beta_density(m - 1.0, n, *at)), _fewer(n, lambda: beta_density(m, n - 1.0, *at))


def _fewer(order: Any, derivative: Callable[[], Any]) -> Any:
    """An order times the derivative of one order less, which is not asked where there is none."""
    return 0.0 if isinstance(order, float) and order == 0.0 else where(equal(order, 0.0), 0.0, order * derivative())


# -- Bessel functions -------------------------------------------------------------------------------

j0 = row("j0", bessel.j0, lambda y, x: -j1(x), method=True, shows="J_0(x)",
          definition="besselj(0, x)", points=[0.5, -2, 5, 30, 1e-5], edges=[(0, 1, 0), (inf, 0, 0), (-inf, 0, 0)],
          doc="the Bessel function J₀")

j1 = row("j1", bessel.j1, lambda y, x: where(abs_(x) < 2.0, bessel.j1_slope_near(x), j0(x) - y / x), method=True,
          textbook=lambda y, x: j0(x) - y / x, shows="J_1(x)",
          definition="besselj(1, x)", points=[0.5, -2, 5, 30, 1e-5], edges=[(0, 0, 0.5), (inf, 0, 0)],
          doc="the Bessel function J₁")

y0 = row("y0", bessel.y0, lambda y, x: -y1(x), method=True, shows="Y_0(x)",
          definition="bessely(0, x)", points=[0.5, 2, 5, 30, 1e-5],
          edges=[(0, -inf, inf), (-1, nan, nan), (inf, 0, 0)], doc="the Bessel function Y₀")

y1 = row("y1", bessel.y1, lambda y, x: where(equal(y, -inf), 2.0 / pi * square(1.0 / (x + 0.0)), y0(x) - y / x), method=True,
          textbook=lambda y, x: y0(x) - y / x, shows="Y_1(x)",
          definition="bessely(1, x)", points=[0.5, 2, 5, 30, 1e-5],
          edges=[(0, -inf, inf), (-1, nan, nan), (inf, 0, 0)], doc="the Bessel function Y₁")

i0 = row("i0", bessel.i0, lambda y, x: i1(x), method=True, shows="I_0(x)",
          definition="besseli(0, x)", points=[0.5, -2, 5, 30, 1e-5], edges=[(0, 1, 0), (inf, inf, inf), (-inf, inf, -inf)],
          doc="the modified Bessel function I₀")

i1 = row("i1", bessel.i1,
          lambda y, x: where(abs_(x) < 2.0, bessel.i1_slope_near(x), where(equal(abs_(y), inf), i0(x), i0(x) - y / x)),
          textbook=lambda y, x: i0(x) - y / x, method=True, shows="I_1(x)",
          definition="besseli(1, x)", points=[0.5, -2, 5, 30, 1e-5], edges=[(0, 0, 0.5), (-inf, -inf, inf)],
          doc="the modified Bessel function I₁")

k0 = row("k0", bessel.k0, lambda y, x: -k1(x), method=True, shows="K_0(x)",
          definition="besselk(0, x)", points=[0.5, 2, 5, 30, 1e-5],
          edges=[(0, inf, -inf), (-1, nan, nan), (inf, 0, 0)], doc="the modified Bessel function K₀")

k1 = row("k1", bessel.k1, lambda y, x: where(equal(y, inf), -square(1.0 / (x + 0.0)), -k0(x) - y / x), method=True,
          textbook=lambda y, x: -k0(x) - y / x, shows="K_1(x)",
          definition="besselk(1, x)", points=[0.5, 2, 5, 30, 1e-5],
          edges=[(0, inf, -inf), (-1, nan, nan), (inf, 0, 0)], doc="the modified Bessel function K₁")

i0e = row("i0e", bessel.i0e,
          lambda y, x: where(abs_(x) < 10.0, i1e(x) - sign(x) * y, sign(x) * bessel.scaled_i_slope_far(0, abs_(x))),
          textbook=lambda y, x: i1e(x) - sign(x) * y, method=True, shows="e**(-abs(x)) * I_0(x)",
          kinks=lambda x: x,
          definition="exp(-abs(x)) * besseli(0, x)", points=[0.5, -2, 5, 30, 1e4],
          edges=[(0, 1, 0), (inf, 0, 0), (-inf, 0, 0)], doc="I₀ scaled by exp(-|x|)")

i1e = row("i1e", bessel.i1e,
          lambda y, x: where(abs_(x) < 10.0,
                             where(abs_(x) < 2.0, exp(-abs_(x)) * bessel.i1_slope_near(x), i0e(x) - y / x) - sign(x) * y,
                             bessel.scaled_i_slope_far(1, abs_(x))),
          textbook=lambda y, x: i0e(x) - (sign(x) + 1.0 / x) * y, method=True, shows="e**(-abs(x)) * I_1(x)",
          definition="exp(-abs(x)) * besseli(1, x)", points=[0.5, -2, 5, 30, 1e4],
          edges=[(0, 0, 0.5), (inf, 0, 0), (-inf, 0, 0)], doc="I₁ scaled by exp(-|x|)")

k0e = row("k0e", bessel.k0e,
          lambda y, x: where(x < 2.0, where(equal(x, 0.0), -1.0 / (x + 0.0), y - k1e(x)), bessel.scaled_k_slope_far(0, x)),
          textbook=lambda y, x: y - k1e(x), method=True, shows="e**x * K_0(x)",
          definition="exp(x) * besselk(0, x)", points=[0.5, 1.9, 5, 30, 1e4],
          edges=[(0, inf, -inf), (-1, nan, nan), (inf, 0, 0)], doc="K₀ scaled by exp(x)")

k1e = row("k1e", bessel.k1e,
          lambda y, x: where(x < 2.0, where(equal(y, inf), -square(1.0 / (x + 0.0)), y - k0e(x) - y / x),
                             bessel.scaled_k_slope_far(1, x)),
          textbook=lambda y, x: y - k0e(x) - y / x, method=True, shows="e**x * K_1(x)",
          definition="exp(x) * besselk(1, x)", points=[0.5, 1.9, 5, 30, 1e4],
          edges=[(0, inf, -inf), (-1, nan, nan), (inf, 0, 0)], doc="K₁ scaled by exp(x)")

# -- vectors ----------------------------------------------------------------------------------------


def softmax_vector(xs: tuple[Any, ...]) -> list[Any]:
    """The softmax of any kind of numbers: e^(xᵢ - max) / Σ."""
    if any(hasattr(x, "__apply__") for x in xs):
        return [softmax(float(i), *xs) for i in range(len(xs))]
    if any(isinstance(x, (np.ndarray, np.generic)) for x in xs):
        vectors = np.array(np.broadcast_arrays(*xs))
        exponentials = np.exp(vectors - vectors.max(axis=0))
        return list(exponentials / exponentials.sum(axis=0))
    return special.softmax(*xs)


def softmax_slopes(i: Any, xs: tuple[Any, ...]) -> list[Any]:
    """1 - sᵢ, summed from the others so as not to cancel, for i; -sⱼ for every other j."""
    s, i = softmax_vector(xs), int(i)
    rest = [sj for j, sj in enumerate(s) if j != i]
    return [sum_(*rest) if j == i else -s[j] for j in range(len(s))]


def _log_softmax_of_arrays(i: Any, *xs: Any) -> Any:
    """`special.log_softmax` on arrays: of -inf it is -inf, unless all are -inf or one is nan."""
    own = xs[int(i)]
    finite = -logsumexp.array(*(x - own for x in xs))
    return np.where(own == -inf, np.where(logsumexp.array(*xs) > -inf, -inf, nan), finite)[()]


logsumexp = row("logsumexp", Atom(special.logsumexp, lambda *xs: np.logaddexp.reduce(np.broadcast_arrays(*xs))),
          lambda y, *xs: tuple(softmax_vector(xs)), variadic=True,
          shows="ln(sum(e**x for x in xs))", definition="log(sum(exp(x) for x in xs))",
          points=[(1, 2, 3), (0, -50), (-700, -710)],
          edges=[((1000, 1000), 1000 + LN2, (0.5, 0.5)), ((-inf, -inf), -inf, (nan, nan)), ((-inf, 0), 0, (0, 1))],
          doc="ln Σ exp(xᵢ) without overflow")

softmax = row("softmax", Atom(lambda i, *xs: special.softmax(*xs)[int(i)], lambda i, *xs: softmax_vector(xs)[int(i)]),
          lambda y, i, *xs: (None, *(y * slope for slope in softmax_slopes(i, xs))), variadic=True,
          shows="e**xs[i] / sum(e**x for x in xs)", definition="exp(xs[i]) / sum(exp(x) for x in xs)",
          points=[(0, 1, 2, 3), (2, 1, 2, 3), (1, 0, 50), (0, -1, -900)],
          edges=[((0, 1000, 1000), 0.5, (None, 0.25, -0.25)), ((0, -inf, -inf), nan, (None, nan, nan))],
          doc="the i-th component of softmax(x)")

log_softmax = row("log_softmax",
          Atom(special.log_softmax, _log_softmax_of_arrays),
          lambda y, i, *xs: (None, *softmax_slopes(i, xs)), variadic=True,
          shows="ln(e**xs[i] / sum(e**x for x in xs))", definition="xs[i] - log(sum(exp(x) for x in xs))",
          points=[(0, 1, 2, 3), (2, 1, 2, 3), (1, 0, 50)],
          edges=[((0, 1000, 1000), -LN2, (None, 0.5, -0.5)), ((0, -inf, 0), -inf, (None, 1, -1))],
          doc="the i-th component of ln softmax(x)")

# -- tables -----------------------------------------------------------------------------------------

take = row("take", Atom(tables.entry, tables.entry_of_arrays, tables.entry_rule),
          lambda y, i, *table: (None, *tables.entry_slopes(floor(i), len(table))), variadic=True, reads_table=True,
          jumps=lambda i, *table: _off_whole(i),
          definition="table[int(i)] if 0 <= i < len(table) else nan",
          points=[(0, 1, 2, 3), (1.5, 4, 5, 6), (2, -1, -2, -3), (2.25, 7, 8, 9, 10)],
          edges=[((3, 1, 2, 3), nan, (None, nan, nan, nan)), ((-0.5, 1, 2), nan, (None, nan, nan)),
                 ((nan, 1, 2), nan, (None, nan, nan)), ((1, nan, 2), 2, (None, None, 1))],
          doc="the entry of a table at ⌊i⌋, counted from 0; nan where there is none")

locate = row("locate", Atom(tables.interval, tables.interval_of_arrays, tables.interval_rule),
          lambda y, x, *knots: (None,) * (1 + len(knots)), variadic=True, reads_table=True,
          jumps=lambda x, *knots: tuple(x - knot for knot in knots[1:-1]),
          definition="sum(1 for knot in knots[1:-1] if x >= knot)",
          points=[(0.5, 0, 1, 2), (1.5, 0, 1, 2), (-3, 0, 1, 2), (7, 0, 1, 2, 5), (1.5, -1, 1)],
          edges=[((1, 0, 1, 2), 1, (None,) * 4), ((2, 0, 1, 2), 1, (None,) * 4), ((inf, 0, 1, 2), 1, (None,) * 4), ((nan, 0, 1, 2), nan, (None,) * 4)],
          doc="the interval between ascending knots that x lies in, counted from 0; the first one below all, the last one above")
