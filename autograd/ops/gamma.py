"""Γ, ln Γ and its derivatives ψ, ψ′, ψ″, …, and Β, in ordinary arithmetic: on floats, arrays, as text elsewhere.

ψ⁽ⁿ⁾(x), x > 0, is stepped up by the recurrence to x + 8 + n, where the asymptotic series is exact (Abramowitz &
Stegun 6.4.6, 6.3.18, 6.4.11): always so many steps, so that nothing is chosen.  Left of 0 it is reflected, by

    ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(f) - (-1)ⁿ ψ⁽ⁿ⁾(1 - f) + (-1)ⁿ ψ⁽ⁿ⁾(1 - x),   f = x - ⌊x⌋,

which is 6.4.7 at x and at f: so no derivatives of the cotangent are needed, but for ψ the cotangent itself is there.
The poles: +inf for odd n, nan for even n, but ψ(0) is -inf.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import cache, reduce
from math import inf, nan
from typing import Any

import numpy as np

from autograd.ops.expression import Expression, source_of, variable
from autograd.ops.numbers import equal, polynomial, where
from autograd.ops.primitive import define, lookup, names_in

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
             -174611 / 330)  # fmt: skip
HIGHEST = 150  # order; above it n! and n!/xⁿ⁺¹ leave the range of doubles too soon, and the answer is nan
_WRITTEN_OUT = 8  # orders up to this have functions of floats without loops


# -- ψ⁽ⁿ⁾ of any kind of number ---------------------------------------------------------------------


def polygamma_of_known_order(n: Any, x: Any) -> Any:
    """`polygamma_rule` as a rule of both; none (None) for an order that is not known."""
    if isinstance(n, Expression):
        return None
    return polygamma_rule(int(n), x) if 0.0 <= n <= HIGHEST and n == math.floor(n) else nan


def polygamma_rule(n: int, x: Any) -> Any:
    """ψ⁽ⁿ⁾(x) of one order, anywhere: what is chosen is chosen by `where`."""
    t = x - lookup("round")(x)
    mirrored = _right(n, where(x > 0.0, x, 1.0 - x))
    left = _reflected(n, _across(n, t, lambda f: _right(n, f)), mirrored)
    return where(x > 0.0, mirrored, where(equal(t, 0.0), _pole(n, x), left))


def _across(n: int, t: Any, right: Callable[[Any], Any]) -> Any:
    """ψ⁽ⁿ⁾(f) - (-1)ⁿ ψ⁽ⁿ⁾(1 - f), f or f - 1 being t, |t| ≤ ½; exactly 0 at ½ for even n."""
    if n == 0:
        return -math.pi * (lookup("sin")(math.pi * (0.5 - lookup("abs")(t))) / lookup("sin")(math.pi * t))
    above, below = right(where(t < 0.0, 1.0 + t, t)), right(where(t < 0.0, -t, 1.0 - t))
    return above + below if n % 2 else above - below


def _reflected(n: int, across: Any, mirrored: Any) -> Any:
    return across - mirrored if n % 2 else across + mirrored


def _pole(n: int, x: Any) -> Any:
    if n == 0:
        return where(equal(x, 0.0), -inf, nan)
    return inf if n % 2 else nan


def _right(n: int, x: Any) -> Any:
    """ψ⁽ⁿ⁾(x) where x > 0, the smallest terms first."""
    shifted = [x + float(j) if j else x for j in range(9 + n)]
    w = shifted.pop()
    r = 1.0 / w
    terms = [_factorial_power(1.0 / at, n) for at in reversed(shifted)]
    if n == 0:
        tail = r * (0.5 + r * polynomial([b / (2 * k) for k, b in enumerate(BERNOULLI, 1)], r * r))
        return lookup("log")(w) - reduce(operator.add, terms, tail)
    total = reduce(operator.add, terms, _factorial_power(r, n - 1) * _series(n, r))
    return total if n % 2 else -total


def _series(n: int, r: Any) -> Any:
    """|ψ⁽ⁿ⁾(1/r)| rⁿ / (n-1)!, by the asymptotic series."""
    coefficients, rising = [], 1.0
    for k, b in enumerate(BERNOULLI, 1):
        rising *= (n + 2 * k - 2) * (n + 2 * k - 1) / ((2 * k - 1) * (2 * k))  # (n+2k-1)! / ((n-1)! (2k)!)
        coefficients.append(b * rising)
    return 1.0 + r * (0.5 * n + r * polynomial(coefficients, r * r))


def _factorial_power(r: Any, n: int) -> Any:
    """n!·rⁿ⁺¹, multiplied in an order in which nothing overflows before the product does."""
    return reduce(lambda product, k: product * (float(k) * r), range(1, n + 1), r)


# -- floats -----------------------------------------------------------------------------------------


def digamma(x: float) -> float:
    """ψ(x)."""
    return _polygamma(0, x)


def polygamma(n: float, x: float) -> float:
    """ψ⁽ⁿ⁾(x): n = 0 is digamma, n = 1 trigamma; nan for an n that is not whole, or above HIGHEST."""
    return _polygamma(int(n), x) if 0.0 <= n <= HIGHEST and n == math.floor(n) else nan


def _polygamma(n: int, x: float) -> float:
    right = _right_of_floats(n)
    if x > 0.0:
        return right(x)
    if math.isnan(x) or math.isinf(x):
        return nan
    t = x - round(x)
    if t == 0.0:
        return float(_pole(n, x))
    return float(_reflected(n, _across(n, t, right), right(1.0 - x)))


@cache
def _right_of_floats(n: int) -> Callable[[float], float]:
    """`_right` of one order: written out, so that it is quick, where that is not too long."""
    if n > _WRITTEN_OUT:
        return lambda x: float(_right(n, x))
    assignments, (result,) = source_of([_right(n, variable("x"))])
    body = "".join(f"    {line}\n" for line in [*assignments, f"return {result}"])
    source = f"def right(x):\n{body}"
    return define("right", source, f"<polygamma {n}>", names_in(source))


# -- arrays -----------------------------------------------------------------------------------------


def digamma_of_arrays(x: Any) -> Any:
    """ψ(x) of every element."""
    return _of_arrays(0, np.asarray(x, float))[()]


def polygamma_of_arrays(n: Any, x: Any) -> Any:
    """ψ⁽ⁿ⁾(x) of every pair of elements: each order that occurs on the elements of that order."""
    orders, at = np.broadcast_arrays(np.asarray(n, float), np.asarray(x, float))
    answer = np.full(at.shape, nan)
    for order in np.unique(orders[(orders >= 0) & (orders <= HIGHEST) & (orders == np.floor(orders))]).tolist():
        mask = orders == order
        answer[mask] = _of_arrays(int(order), at[mask])
    return answer[()]


def _of_arrays(n: int, x: Any) -> Any:
    return _right(n, x) if np.all(x > 0.0) else np.asarray(polygamma_rule(n, x))


# -- ln |Γ| -----------------------------------------------------------------------------------------

# (-1)ᵏ (ζ(k) - 1)/k from k = 2 on: ln Γ(2 + z) = z·(1 - γ + z·Σ …), |z| ≤ ½ (Abramowitz & Stegun 6.1.33)
_NEAR_TWO = (0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986,
             0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939,
             9.945751278180853e-05, -4.492623673813314e-05, 2.050721277567069e-05, -9.439488275268397e-06,
             4.374866789907488e-06, -2.039215753801366e-06, 9.55141213040742e-07, -4.492469198764566e-07,
             2.1207184805554665e-07, -1.0043224823968099e-07, 4.7698101693639804e-08, -2.2711094608943164e-08,
             1.0838659214896955e-08, -5.183475041970047e-09, 2.4836745438024785e-09, -1.1921401405860912e-09,
             5.731367241678862e-10, -2.7595228851242334e-10, 1.330476437424449e-10)  # fmt: skip
_ONE_LESS_EULER = 0.42278433509846713


def lgamma(x: float) -> float:
    """ln |Γ(x)|, +inf at the poles 0, -1, -2, … and at both infinities; with its digits near its zeros 1 and 2."""
    if 1.75 < x < 2.25:
        return float(near_two(x - 2.0))
    if 0.75 < x < 1.25:
        return float(near_two(x - 1.0)) - math.log1p(x - 1.0)
    if x <= 0.0 and (x == -inf or x == math.floor(x)):
        return inf
    try:
        return math.lgamma(x)
    except OverflowError:
        return inf


def near_two(z: Any) -> Any:
    """ln Γ(2 + z) for |z| ≤ ½."""
    return z * (_ONE_LESS_EULER + z * polynomial(_NEAR_TWO, z))


def lgamma_rule(x: Any) -> Any:
    """ln |Γ(x)| anywhere; left of 0 by reflection, ln π - ln|sin πx| - ln Γ(1 - x)."""
    log = lookup("log")
    right = _lgamma_right(where(x > 0.0, x, 1.0 - x))
    sine = lookup("abs")(lookup("sin")(math.pi * (x - lookup("round")(x))))
    left = where(x > -1e-20, -log(-x), where(equal(sine, 0.0), inf, _LOG_PI - log(sine) - right))
    return where(x > 0.0, right, where(equal(x, -inf), inf, left))


def lgamma_of_arrays(x: Any) -> Any:
    """The same; where there is nothing left of 0 without going there."""
    return _lgamma_right(x) if np.all(x > 0.0) else lgamma_rule(x)


def _lgamma_right(x: Any) -> Any:
    return where(x <= 2.5, _around_two(x), _stirling(x))


def _around_two(x: Any) -> Any:
    """ln Γ(x) for 0 < x ≤ 2.5, stepped down from ln Γ(2 + z)."""
    z = where(x <= 0.5, x, where(x <= 1.5, x - 1.0, x - 2.0))
    near = near_two(z)
    once = near - lookup("log1p")(z)
    return where(x <= 0.5, once - lookup("log")(x), where(x <= 1.5, once, near))


def _stirling(x: Any) -> Any:
    """The asymptotic series, from x = 10 on, up to there at x + 8 (Abramowitz & Stegun 6.1.41)."""
    log, w = lookup("log"), where(x <= 10.0, x + 8.0, x)
    r = 1.0 / w
    series = polynomial([b / (2 * k * (2 * k - 1)) for k, b in enumerate(BERNOULLI, 1)], r * r)
    # In an order that overflows only where ln Γ does.
    total = w * (log(w) - 1.0) - 0.5 * log(w) + _HALF_LOG_2PI + r * series
    steps = reduce(operator.mul, (x + float(j) for j in range(8)))
    return where(x <= 10.0, total - log(steps), where(x <= 1e306, total, where(equal(x, x), inf, x)))


_LOG_PI, _HALF_LOG_2PI = math.log(math.pi), 0.5 * math.log(2 * math.pi)

# -- Γ ----------------------------------------------------------------------------------------------


def gamma(x: float) -> float:
    """Γ(x): infinite at ±0 by its sign, nan at -1, -2, … and at -inf."""
    try:
        return math.gamma(x)
    except (OverflowError, ValueError):
        return float(gamma_of_arrays(np.float64(x)))


def gamma_of_arrays(x: Any) -> Any:
    """The same; where there is nothing left of 0 without going there."""
    with np.errstate(all="ignore"):
        return np.asarray(_gamma_right(x) if np.all(x > 0.0) else gamma_rule(x), float)[()]


def gamma_rule(x: Any) -> Any:
    """Γ(x) anywhere; left of 0 by reflection, π/(sin πx · Γ(1 - x)), in two steps, as Γ(1 - x) may be infinite."""
    root, scaled = _roots_of_gamma(where(x > 0.0, 1.0, 1.0 - x))
    sine = lookup("sinpi")(x)
    left = where(equal(sine, 0.0), nan, math.pi / sine / root / scaled)
    return where(x > 0.0, _gamma_right(x), where(x > -1e-20, 1.0 / x, left))


def _gamma_right(x: Any) -> Any:
    root, scaled = _roots_of_gamma(x)
    return where(equal(x, inf), x, root * scaled)


def _roots_of_gamma(x: Any) -> tuple[Any, Any]:
    """Two factors of Γ(x), x > 0, by Stirling's series at x or up to 10 at x + 10 (Abramowitz & Stegun 6.1.37)."""
    power, exp = lookup("power"), lookup("exp")
    x = where(x > _INFINITE, _INFINITE, x)  # farther out exp(-w) is 0 beside an infinite root
    is_near = x <= 10.0
    w = where(is_near, x + 10.0, x)
    root = power(w, 0.5 * w - 0.25)
    steps = reduce(operator.mul, (x + float(j) for j in range(9, -1, -1)))
    lost = where(is_near, x - (w - 10.0), 0.0)  # in rounding x + 10
    tail = _ROOT_2PI * exp(stirling_tail(w) + lost * lookup("log")(w)) / where(is_near, steps, 1.0)
    return root, root * exp(-w) * tail


def stirling_tail(x: Any) -> Any:
    """ln Γ(x) less (x - ½) ln x - x + ½ ln 2π, for x ≥ 10."""
    r = 1.0 / x
    return r * polynomial([b / (2 * k * (2 * k - 1)) for k, b in enumerate(BERNOULLI, 1)], r * r)


_ROOT_2PI = math.sqrt(2 * math.pi)
_INFINITE = 200.0  # Γ is infinite there, and its reflection 0

# -- Β ----------------------------------------------------------------------------------------------


def beta_rule(a: Any, b: Any) -> Any:
    """Β(a, b) = Γ(a) Γ(b) / Γ(a + b), for a, b ≥ 0."""
    gamma = lookup("gamma")
    by_gamma = gamma(a) * (gamma(b) / gamma(a + b))
    return _of_positive(a, b, where(a + b > 170.0, _beta_far(a, b), by_gamma))


def betaln_rule(a: Any, b: Any) -> Any:
    """ln Β(a, b), by differences of Stirling's series, which do not cancel (as SLATEC's DLBETA, Fullerton 1977)."""
    log, gamma = lookup("log"), lookup("gamma")
    small, large = _in_order(a, b)
    p, q = where(small < 10.0, 10.0, small), where(large < 10.0, 10.0, large)
    share = small / (small + large)
    rest = _rest(small, q)
    far = (
        _HALF_LOG_2PI - 0.5 * log(q) + (stirling_tail(p) + stirling_tail(q) - stirling_tail(small + q))
        + (p - 0.5) * log(share) - q * lookup("log1p")(small / q)
    )  # fmt: skip
    apart = lookup("lgamma")(small) + rest - small * log(small + q)
    near = where(small < 1e-300, -log(small), log(gamma(small) * (gamma(large) / gamma(small + large))))
    found = where(equal(large, inf), -inf, where(large < 10.0, near, where(small < 10.0, apart, far)))
    return _of_positive(a, b, found)


def _beta_far(a: Any, b: Any) -> Any:
    exp, power = lookup("exp"), lookup("power")
    small, large = _in_order(a, b)
    p, q = where(small < 10.0, small, 10.0), where(large < 10.0, 10.0, large)
    apart = lookup("gamma")(p) * power(p + q, -p) * exp(_rest(p, q))
    return where(equal(large, inf), 0.0, where(small < 10.0, apart, exp(lookup("betaln")(a, b))))


def _rest(p: Any, q: Any) -> Any:
    """ln Γ(q) - ln Γ(p + q) + p·ln(p + q), for q ≥ 10."""
    bend = (q - 0.5) * lookup("log1p")(-p / (p + q))
    return stirling_tail(q) - stirling_tail(p + q) + (p + bend)


def _of_positive(a: Any, b: Any, chosen: Any) -> Any:
    nothing = nan * (a + b)  # to every order
    return where(a < 0.0, nothing, where(b < 0.0, nothing, chosen))


def _in_order(a: Any, b: Any) -> tuple[Any, Any]:
    return where(a < b, a, b), where(a < b, b, a)


def digamma_rise(x: Any, h: Any) -> Any:
    """ψ(x + h) - ψ(x) for x, h ≥ 0; for small h by its rate, so that nothing cancels."""
    digamma = lookup("digamma")
    return _of_positive(x, h, where(h < x, h * digamma_rate(x, h), digamma(x + h) - digamma(x)))


def digamma_rate(x: Any, h: Any) -> Any:
    """(ψ(x + h) - ψ(x))/h = Σ 1/((x + j)(x + j + h)) for x, h ≥ 0; from j = 10 on ψ's series."""
    r, s = 1.0 / (x + 10.0), 1.0 / (x + 10.0 + h)
    series = r * s * (0.5 + (r + s) * _divided([b / (2 * k) for k, b in enumerate(BERNOULLI, 1)], r * r, s * s))
    u = h * r
    logarithm = where(u < 0.1, polynomial([(-1.0) ** k / (k + 1) for k in range(18)], u), lookup("log1p")(u) / u)
    return _over_steps(x, lambda at: 1.0 / at / (at + h), series + r * logarithm)


def trigamma_rate(x: Any, h: Any) -> Any:
    """(ψ′(x) - ψ′(x + h))/h = Σ (1/(x + j) + 1/(x + j + h))/((x + j)(x + j + h)), as `digamma_rate`."""
    r, s = 1.0 / (x + 10.0), 1.0 / (x + 10.0 + h)
    terms, u, v = [float(b) for b in BERNOULLI], r * r, s * s
    series = 1.0 + 0.5 * (r + s) + u * polynomial(terms, u) + s * (r + s) * _divided(terms, u, v)
    return _over_steps(x, lambda at: 1.0 / at / (at + h) * (1.0 / at + 1.0 / (at + h)), r * s * series)


def digamma_bend(x: Any, h: Any) -> Any:
    """((ψ(x + h) - ψ(x))/h - ψ′(x + h))/h = Σ 1/((x + j)(x + j + h)²), x ≥ 1, h ≥ 0, as `digamma_rate`."""
    r, s = 1.0 / (x + 10.0), 1.0 / (x + 10.0 + h)
    t = h * s
    by_logarithm = (lookup("log1p")(h * r) - t) / (t * t)
    logarithm = where(t < 0.1, polynomial([1.0 / k for k in range(2, 19)], t), by_logarithm)
    power, mixed, total = s, r + 2.0 * s, 0.5  # mixed = Σ (m + 1) sᵐ rⁿ⁻ᵐ of n = 1, 3, 5, …
    for k, b in enumerate(BERNOULLI, 1):
        total = total + b / (2 * k) * mixed
        power = power * s
        mixed = r * mixed + float(2 * k + 1) * power
        power = power * s
        mixed = r * mixed + float(2 * k + 2) * power
    return _over_steps(x, lambda at: 1.0 / at / (at + h) / (at + h), s * s * (logarithm + r * total))


def _over_steps(x: Any, term: Callable[[Any], Any], rest: Any) -> Any:
    """The rest and the terms at x + 9, …, x, the smallest first."""
    return reduce(operator.add, [term(x + float(j) if j else x) for j in range(9, -1, -1)], rest)


# Of Β's derivatives with ψ(x) = ψ(1 + x) - 1/x the poles at b = 0, and of the second at a = 0, cancel each other: these
# are what is left of them, in which all terms are of one sign.


def beta_slope(a: Any, b: Any) -> Any:
    """∂Β/∂a"""
    return _of_positive(a, b, -(a + b) * lookup("beta")(a, 1.0 + b) * digamma_rate(a, b))


def beta_bend(a: Any, b: Any) -> Any:
    """∂²Β/∂a²"""
    rise = digamma_rate(a, b)
    return _of_positive(a, b, (a + b) * lookup("beta")(a, 1.0 + b) * (b * rise * rise + trigamma_rate(a, b)))


def beta_twist(a: Any, b: Any) -> Any:
    """∂²Β/∂a∂b"""
    x, z = 1.0 + a, 1.0 + b
    total = digamma_bend(x, b) + digamma_bend(z, a) + (a + b) * digamma_rate(x, b) * digamma_rate(z, a)
    return _of_positive(a, b, (1.0 + a + b) * lookup("beta")(x, z) * total)


def _divided(coefficients: list[float], u: Any, v: Any) -> Any:
    """(u·P(u) - v·P(v))/(u - v) of a polynomial."""
    value, difference = coefficients[-1], 0.0
    for c in [*coefficients[-2::-1], 0.0]:
        difference = difference * v + value
        value = value * u + c
    return difference
