"""Slopes that hold to any order, of rows whose own have the digits of a slope but not those of its 20th derivative.

A polynomial that is fitted to a function has other derivatives than the function.  Taylor coefficients need all of
them, and are found from these slopes: from series that are long enough, and from integrals, whose derivatives are
integrals again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd.ops import bessel, gamma, table
from autograd.ops.error_function import erfcx_slope_right
from autograd.ops.numbers import equal, where
from autograd.ops.primitive import Primitive
from autograd.ops.quadrature import NODES, WEIGHTS

J_INTEGRAL_TO, I_INTEGRAL_FROM, I_INTEGRAL_TO, K_INTEGRAL_TO = 60.0, 2.0, 130.0, 16.0
ERFCX_INTEGRAL_TO, SINC_INTEGRAL_TO = 30.0, 6.0
_NODES, _ROOT_PI = tuple(zip(NODES, WEIGHTS, strict=True)), math.sqrt(math.pi)
_QUARTER = tuple((j + 0.5) * math.pi / 64 for j in range(32))  # places in [0, π/2]


def _sinc_slope(y: Any, x: Any) -> Any:
    """Near 0 the mean of -πt·sin(πtx) for t in [0, 1], where (cos πx - y)/x loses digits with every order."""
    terms = [-math.pi * t * w * table.sin((math.pi * t) * x) for t, w in _NODES]
    return where(table.abs_(x) < SINC_INTEGRAL_TO, table.sum_(*terms), (table.cospi(x) - y) / x)


def _erfcx_slope(y: Any, x: Any) -> Any:
    """-1/√π·∫ v·exp(-v²/4 - xv) dv from 0 on; right of 0, by y it would grow with the order as exp(x²) does."""
    near, far = _erfcx_integral(x, 18.0), _erfcx_integral(x, 7.2)
    right = where(x < 12.0, near, where(x < ERFCX_INTEGRAL_TO, far, erfcx_slope_right(x)))
    return where(x < 0.0, 2.0 * x * y - table.TWO_OVER_SQRT_PI, right)


def _erfcx_integral(x: Any, end: float) -> Any:
    """Up to `end`, in √v and two parts: for x from 0 to 216/end."""
    roots = [*((0.45 * t, 0.45 * w) for t, w in _NODES), *((0.45 + 0.55 * t, 0.55 * w) for t, w in _NODES)]
    nodes = [(end * root * root, 2.0 * end * root * w) for root, w in roots]
    return table.sum_(*(-v * w * math.exp(-0.25 * v * v) / _ROOT_PI * table.exp(-v * x) for v, w in nodes))


def _log_ndtr_slope(y: Any, x: Any) -> Any:
    """φ/Φ by y near 0, where the own slope's quotient loses a digit every ten orders."""
    return where(table.abs_(x - 0.3) < 0.5, table.exp(-0.5 * x * x - y) / table.SQRT_2PI, table.log_ndtr.slopes(y, x))


def _j1_slope(y: Any, x: Any) -> Any:
    """J₁′ is the mean of sin²θ·cos(x sin θ) over [0, π/2]; by y it would grow with the order as Y₁ does."""
    sines = [math.sin(place) for place in _QUARTER]
    terms = [s * s / 32 * table.cos(s * x) for s in sines]
    return where(table.abs_(x) < J_INTEGRAL_TO, table.sum_(*terms), table.j0(x) - y / x)


def _i1_slope(y: Any, x: Any) -> Any:
    """I₁′ is the mean of sin²θ·cosh(x sin θ), so too."""
    sines = [math.sin(place) for place in _QUARTER]
    terms = [s * s / 32 * table.cosh(s * x) for s in sines]
    return where(table.abs_(x) < I_INTEGRAL_TO, table.sum_(*terms), table.i1.slopes(y, x))


def _scaled_i_slope(order: int) -> Callable[[Any, Any], Any]:
    """Iₙ(x)·exp(-x) is the mean of cos(nθ)·exp(x(cos θ - 1)): 64 places in [0, π] are enough for x up to 130."""
    places = [(j + 0.5) * math.pi / 64 for j in range(64)]
    falls = [-2.0 * math.sin(0.5 * place) ** 2 for place in places]  # cos θ - 1
    weights = [math.cos(order * place) * fall / 64 for place, fall in zip(places, falls, strict=True)]
    own = (table.i0e, table.i1e)[order].slopes

    def slope(y: Any, x: Any) -> Any:
        size = table.abs_(x)
        terms = [w * table.exp(fall * size) for w, fall in zip(weights, falls, strict=True)]
        far = table.sum_(*terms) * (1.0 if order else table.sign(x))
        return where(size < I_INTEGRAL_FROM, own(y, x), where(size < I_INTEGRAL_TO, far, own(y, x)))

    return slope


def _scaled_k_slope(order: int) -> Callable[[Any, Any], Any]:
    """Kₙ(x)·exp(x) is ∫ cosh(nt)·exp(x(1 - cosh t)) dt from 0 on: steps of 0.1 are enough for x up to 16."""
    steps = [0.1 * j for j in range(1, 50)]
    falls = [-2.0 * math.sinh(0.5 * t) ** 2 for t in steps]  # 1 - cosh t
    weights = [0.1 * math.cosh(order * t) * fall for t, fall in zip(steps, falls, strict=True)]
    own = (table.k0e, table.k1e)[order].slopes

    def slope(y: Any, x: Any) -> Any:
        terms = [w * table.exp(fall * x) for w, fall in zip(weights, falls, strict=True)]
        return where(x < bessel.K_FAR, own(y, x), where(x < K_INTEGRAL_TO, table.sum_(*terms), own(y, x)))

    return slope


def _beta_a_slopes(y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """As `gamma.beta_bend` and `gamma.beta_twist`."""
    rise, fall, _ = _psi_rates(a, b)
    one, _, other = _psi_rates(1.0 + a, b)
    two, _, another = _psi_rates(1.0 + b, a)
    bend = (a + b) * table.beta(a, 1.0 + b) * (b * rise * rise + fall)
    twist = (1.0 + a + b) * table.beta(1.0 + a, 1.0 + b) * (other + another + (a + b) * one * two)
    return bend, twist


def _psi_rates(x: Any, h: Any) -> tuple[Any, Any, Any]:
    """`digamma_rate`, `trigamma_rate` and `digamma_bend` of small h as means of ψ′ and ψ″ between x and x + h."""
    rise, fall, rest = 0.0, 0.0, 0.0
    for t, w in _NODES:
        second = w * table.polygamma(2.0, x + h * t)
        rise, fall, rest = rise + w * table.polygamma(1.0, x + h * t), fall - second, rest - t * second
    far = gamma.digamma_rate(x, h), gamma.trigamma_rate(x, h), gamma.digamma_bend(x, h)
    near = h < 2.0 * x
    return where(near, rise, far[0]), where(near, fall, far[1]), where(near, rest, far[2])


def _gammainc_slopes(y: Any, a: Any, x: Any) -> tuple[Any, Any]:
    """Along x of a small a by its product: the recurrence has solutions with a pole at 0, which a whole a has not."""
    along_a, density = table.gammainc.slopes(y, a, x)
    near = table.power(x, a - 1.0) * table.exp(-x) / table.gamma_(a)
    return along_a, where(_is_small(a, x), near, density)


def _gammaincc_slopes(y: Any, a: Any, x: Any) -> tuple[Any, Any]:
    along_a, density = _gammainc_slopes(y, a, x)
    return -along_a, -density


def _gamma_density_slopes(y: Any, n: Any, a: Any, x: Any) -> tuple[Any, Any, Any]:
    none, along_a, own = table.gamma_density.slopes(y, n, a, x)
    rest = (a - 1.0) * table.power(x, a - 2.0) - table.power(x, a - 1.0)
    near = rest * table.exp(-x) / table.gamma_(a)
    return none, along_a, where(equal(n, 0.0), where(_is_small(a, x), near, own), own)


def _is_small(a: Any, x: Any) -> Any:
    """Whether of xᵃ⁻¹ and e⁻ˣ the product keeps its digits to order 30; farther out the recurrence does."""
    return a < where(x > 0.0, where(a > 0.0, 3.0 + 30.0 / (1.0 + x), a), a)


def _betainc_slopes(y: Any, a: Any, b: Any, x: Any) -> tuple[Any, ...]:
    """Along x so too."""
    *others, density = table.betainc.slopes(y, a, b, x)
    near = table.power(x, a - 1.0) * table.power(1.0 - x, b - 1.0) / table.beta(a, b)
    return *others, where(_are_small(a, b, x), near, density)


def _beta_density_slopes(y: Any, m: Any, n: Any, a: Any, b: Any, x: Any) -> tuple[Any, ...]:
    *others, own = table.beta_density.slopes(y, m, n, a, b, x)
    power, other = table.power, 1.0 - x
    left = (a - 1.0) * (power(x, a - 2.0) * power(other, b - 1.0))
    near = (left - (b - 1.0) * (power(x, a - 1.0) * power(other, b - 2.0))) / table.beta(a, b)
    return *others, where(equal(m + n, 0.0), where(_are_small(a, b, x), near, own), own)


def _are_small(a: Any, b: Any, x: Any) -> Any:
    size = a * (1.0 - x) * (b * x)
    return size < where(a > 0.0, where(size > 0.0, 80.0, size), size)


TO_ANY_ORDER: dict[Primitive, Callable[..., Any]] = {
    table.gammainc: _gammainc_slopes,
    table.gammaincc: _gammaincc_slopes,
    table.gamma_density: _gamma_density_slopes,
    table.betainc: _betainc_slopes,
    table.beta_density: _beta_density_slopes,
    table.beta_a: _beta_a_slopes,
    table.sinc: _sinc_slope,
    table.erfcx: _erfcx_slope,
    table.log_ndtr: _log_ndtr_slope,
    table.j1: _j1_slope,
    table.i1: _i1_slope,
    table.i0e: _scaled_i_slope(0),
    table.i1e: _scaled_i_slope(1),
    table.k0e: _scaled_k_slope(0),
    table.k1e: _scaled_k_slope(1),
}


def slopes_to_any_order(row: Primitive, y: Any, operands: list[Any]) -> tuple[Any, ...]:
    """The slopes of a row on Expressions: its own, or those that hold to any order."""
    found = TO_ANY_ORDER.get(row, row.slopes)(y, *operands)
    return found if isinstance(found, tuple) else (found,)
