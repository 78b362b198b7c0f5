"""The incomplete beta function, regularised, and its derivatives along a and b, by integrals in which nothing cancels.

With y = 1 - x and E = xᵃyᵇ·Γ(a + b + 1)/(Γ(a + 1)Γ(b + 1)), up to about x = a/(a + b),

    I(a, b, x) = E·b·(1/(a + b) + x·∫ exp(-(a + 1)u - (a + b + 1)·ln(1 - x(1 - e⁻ᵘ))) du),

t = x·e⁻ᵘ/(y + x·e⁻ᵘ) in a book's integral, u going from 0 to ∞; from there on 1 - I(b, a, y) is that.  The exponent is

    -((a + 1)y - bx)·u - (a + b + 1)·r,   r = ln(y + x·e⁻ᵘ) + xu ≥ 0,

both of which only fall.  Derivatives along a have powers of -(yu + r) in the integral, those along b of xu - r; and E's
are E times Bell's polynomials of its logarithm's.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from functools import reduce
from math import inf, nan
from typing import Any

from autograd.ops.gamma import digamma_rise
from autograd.ops.incomplete_gamma import poisson
from autograd.ops.numbers import equal, where
from autograd.ops.primitive import lookup
from autograd.ops.quadrature import LEAST, Abscissa, exp, integrals, log1p, log1p_bow

HIGHEST = 3  # of orders along a and b together
Jet = Mapping[tuple[int, int], Any]  # derivatives by their orders along two operands


def betainc(a: Any, b: Any, x: Any) -> Any:
    """I(a, b, x)."""
    return along_both(0.0, 0.0, a, b, x)


def along_both(m: Any, n: Any, a: Any, b: Any, x: Any) -> Any:
    """∂ᵐ⁺ⁿI/∂aᵐ∂bⁿ; nan for orders that are not whole, or above HIGHEST together."""
    inside = _inside(x)
    is_below = inside <= _highest_below(a, b)
    other = 1.0 - inside
    p, q = where(is_below, a, b), where(is_below, b, a)
    part = _part(p, q, where(is_below, inside, other), where(is_below, other, inside), _needed(m, n))
    found = {
        (i, j): where(is_below, part[i, j], -part[j, i] if i + j else 1.0 - part[j, i])  # of the other, as of the whole
        for i, j in part
    }
    return _at_edges(a, b, x, of_orders(m, n, found), where(equal(m + n, 0.0), 1.0, 0.0))


def density(m: Any, n: Any, a: Any, b: Any, x: Any) -> Any:
    """∂ᵐ⁺ⁿ/∂aᵐ∂bⁿ of xᵃ⁻¹(1 - x)ᵇ⁻¹/Β(a, b), the slope of I along x."""
    inside, highest = _inside(x), _needed(m, n)
    other, scale = 1.0 - inside, _scale(a + b)
    left, right = _poisson_over(a, inside, scale), _poisson_over(b, other, scale)
    weight = left * right * (scale / poisson(a + b, scale) * scale)
    factor = _times_operand(1, b, _times_operand(0, a, _reciprocal(a + b, highest)))
    found = _product(_bell(a, b, inside, other, highest), factor)
    answer = of_orders(m, n, {at: weight * number for at, number in found.items()})
    start, end = _density_at_zero(m, n, a, b), _density_at_zero(n, m, b, a)
    return _of_domain(a, b, x, where(equal(x, 0.0), start, where(equal(x, 1.0), end, answer)))


def _density_at_zero(m: Any, n: Any, a: Any, b: Any) -> Any:
    """The limits of lnᵐx·xᵃ⁻¹·∂ⁿ/∂bⁿ 1/Β(a, b), where 1/Β(1, b) is b and 1/Β(0, b) is 0."""
    low = {(i, j): -inf if (i + max(j - 1, 0)) % 2 else inf for i, j in _orders(HIGHEST)}
    one = {(i, j): -inf if i % 2 else inf for i, j in low if i and j < 2}
    one |= {(0, 0): b, (0, 1): 1.0, (0, 2): 0.0, (0, 3): 0.0}
    none = {(0, j): 0.0 for j in range(HIGHEST + 1)} | {(1, 0): inf, (2, 0): -inf, (3, 0): inf}
    at_one, at_none = of_orders(m, n, one), of_orders(m, n, none)
    below = where(a > 0.0, of_orders(m, n, low), at_none)
    return where(a > 1.0, 0.0, where(equal(a, 1.0), at_one, below))


def lowered(a: Any, b: Any, x: Any) -> tuple[Any, Any, Any]:
    """At an edge, the operands of the density by which it has a slope there; inside, ½ for x."""
    is_start, is_end = equal(x, 0.0), equal(x, 1.0)
    p = where(is_start, where(a < 1.0, 1.0, a) - 1.0, a)
    q = where(is_end, where(b < 1.0, 1.0, b) - 1.0, b)
    return p, q, where(is_start, x, where(is_end, x, 0.5))


def density_slope(y: Any, fewer: tuple[Any, Any], lead: Any, below: tuple[Any, Any], a: Any, b: Any, x: Any) -> Any:
    """Of a density y along x; `fewer` are those of one order less along a and along b, times the orders.

    At the edges by the density of `lowered` operands, `lead`, and `below`, of one order less: by expressions, which
    have the derivatives of a slope.
    """
    inside = _inside(x)
    other = 1.0 - inside
    found = ((a - 1.0) / inside - (b - 1.0) / other) * y + (fewer[0] / inside - fewer[1] / other)
    is_start, is_end = equal(x, 0.0), equal(x, 1.0)
    start = _slope_at_zero(y, lead, below[0], below[1], fewer[1], a, b, 1.0 - where(is_start, x, 0.0))
    end = _slope_at_zero(y, lead, below[1], below[0], fewer[0], b, a, where(is_end, x, 1.0))
    return where(is_start, start, where(is_end, -end, found))


def _slope_at_zero(y: Any, lead: Any, own: Any, cross: Any, other: Any, a: Any, b: Any, left: Any) -> Any:
    """The derivative of (a + b - 1)·density(a - 1, b) less (b - 1)/(1 - x) times the density y."""
    steep = (a + b - 1.0) * lead + cross
    whole = steep + (own - ((b - 1.0) * y + other) / left)
    above = where(lead < inf, where(lead > -inf, whole, steep), steep)  # by which what is less infinite is outgrown
    return where(a < 1.0, -y, where(equal(a, inf), y, above))


def of_orders(m: Any, n: Any, found: Jet) -> Any:
    """The one of these orders; nan where there is none."""
    answer: Any = nan
    for (i, j), number in found.items():
        answer = where(equal(m, float(i)), where(equal(n, float(j)), number, answer), answer)
    return answer


def _needed(m: Any, n: Any) -> int:
    """The highest order that is needed: of orders that are known their sum."""
    is_known = isinstance(m, float) and isinstance(n, float) and 0.0 <= m + n <= HIGHEST
    return int(m + n) if is_known else HIGHEST


# -- derivatives along two operands -----------------------------------------------------------------


def _orders(highest: int) -> list[tuple[int, int]]:
    return [(i, k - i) for k in range(highest + 1) for i in range(k, -1, -1)]


def _product(one: Jet, other: Jet) -> dict[tuple[int, int], Any]:
    """Leibniz's rule."""
    return {(i, j): _leibniz(one, other, i, j) for i, j in one}


def _leibniz(one: Jet, other: Jet, i: int, j: int, more: tuple[int, int] = (0, 0)) -> Any:
    terms = [
        _times(math.comb(i, k) * math.comb(j, h), one[i - k, j - h] * other[k + more[0], h + more[1]])
        for k in range(i + 1)
        for h in range(j + 1)
    ]
    return reduce(operator.add, terms)


def _times(count: int, number: Any) -> Any:
    return number if count == 1 else float(count) * number


def _times_operand(slot: int, operand: Any, jet: Jet) -> dict[tuple[int, int], Any]:
    """The operand itself, the first or the second, times what has these derivatives."""
    found = {}
    for at, number in jet.items():
        below = (at[0] - 1, at[1]) if slot == 0 else (at[0], at[1] - 1)
        found[at] = operand * number + (float(at[slot]) * jet[below] if at[slot] else 0.0)
    return found


def _reciprocal(total: Any, highest: int) -> dict[tuple[int, int], Any]:
    """1/(a + b)."""
    r = 1.0 / total
    powers = [r]
    for k in range(1, highest + 1):
        powers.append(powers[-1] * (-float(k) * r))
    return {(i, j): powers[i + j] for i, j in _orders(highest)}


def _bell(a: Any, b: Any, x: Any, y: Any, highest: int) -> dict[tuple[int, int], Any]:
    """E's derivatives over E."""
    cumulants = {(i, j): _cumulant(a, b, i, j) for i, j in _orders(highest) if i + j > 1}
    if highest:
        cumulants[1, 0] = _log(x, y) + digamma_rise(a + 1.0, b)
        cumulants[0, 1] = _log(y, x) + digamma_rise(b + 1.0, a)
    found: dict[tuple[int, int], Any] = {(0, 0): 1.0}
    for i, j in _orders(highest)[1:]:
        found[i, j] = (
            _leibniz(found, cumulants, i - 1, j, (1, 0)) if i else _leibniz(found, cumulants, 0, j - 1, (0, 1))
        )
    return found


def _log(x: Any, y: Any) -> Any:
    """ln x, where y = 1 - x."""
    is_near = y < 0.5
    return where(is_near, lookup("log1p")(where(is_near, -y, 0.0)), lookup("log")(x))


def _cumulant(a: Any, b: Any, i: int, j: int) -> Any:
    polygamma = lookup("polygamma")
    whole = polygamma(float(i + j - 1), a + b + 1.0)
    return whole if i and j else whole - polygamma(float(i + j - 1), (a if i else b) + 1.0)


# -- the integral -----------------------------------------------------------------------------------


def _part(a: Any, b: Any, x: Any, y: Any, highest: int) -> dict[tuple[int, int], Any]:
    """I(a, b, x) and its derivatives, below."""
    count = a + b + 1.0
    slope = where((a + 1.0) * y > b * x, (a + 1.0) * y - b * x, 0.0)
    moments = integrals(lambda *at: _fallen(highest, *at), _reach(b, x, y, slope, count), slope, count, x, y)
    scale = _scale(a + b)
    weight = poisson(a, scale * x) * poisson(b, scale * y) / poisson(a + b, scale)
    inner = {
        at: one + (-(x * m) if at[0] % 2 else x * m)
        for (at, one), m in zip(_reciprocal(a + b, highest).items(), moments, strict=True)
    }
    found = _product(_times_operand(1, b, _bell(a, b, x, y, highest)), inner)
    return {at: weight * number for at, number in found.items()}


def _fallen(highest: int, node: Abscissa, slope: Any, count: Any, x: Any, y: Any) -> list[Any]:
    is_left = x <= 0.5
    small = where(is_left, x, y)
    bend = where(is_left, node.bend, -(node.u * node.fall + node.bend) / node.left)
    t = small * where(is_left, node.fall, -node.fall / node.left)
    far = small * where(is_left, node.u, -node.u) + log1p(t)
    r = where(node.u < 0.5, small * bend - log1p_bow(t), far)
    along_a, along_b = y * node.u + r, x * node.u - r
    parts = {(0, 0): exp(-(slope * node.u + count * r))}
    for i, j in _orders(highest)[1:]:
        parts[i, j] = parts[i - 1, j] * along_a if i else parts[i, j - 1] * along_b
    return list(parts.values())


def _reach(b: Any, x: Any, y: Any, slope: Any, count: Any) -> Any:
    """Where the exponent is LEAST, from farther out by steps that do not pass it."""
    square = count * x * y
    q = 2.0 * slope - LEAST
    root = lookup("sqrt")(q * q + 8.0 * LEAST * (slope + square))
    first = where(q > 0.0, 4.0 * LEAST / (q + root), (root - q) / (2.0 * (slope + square)))
    u = where(first < 600.0, first, 600.0)
    for _ in range(2):
        step = lookup("log1p")(lookup("expm1")((LEAST + b * u) / count) / y)
        u = where(x > 0.5, where(step < u, step, u), u)
    for _ in range(3):
        u = _newton(u, x, y, slope, count)
    return where(first < 0.1, first, u)


def _newton(u: Any, x: Any, y: Any, slope: Any, count: Any) -> Any:
    is_left, fall = x <= 0.5, lookup("expm1")(-u)
    left = exp(-u)
    small, rest = where(is_left, x, y), y + x * left
    t = small * where(is_left, fall, -fall / left)
    r = small * where(is_left, u, -u) + lookup("log1p")(t)
    return u - (slope * u + count * r - LEAST) / (slope - count * (x * y * fall / rest))


def _highest_below(a: Any, b: Any) -> Any:
    """The highest x of which the first integral is taken: moved where the other would cancel, b or a being small."""
    count = a + b + 1.0
    top, bottom = (a + 1.0) / count, a / count
    farther = where(b < 0.5, where(2.0 * b < a, where(top < 0.9, top, 0.9), 0.0), 0.0)
    nearer = where(a < 0.5, where(2.0 * a < b, where(bottom > 0.1, bottom, 0.1), 1.0), 1.0)
    middle = (a + 0.5) / count
    highest = where(middle < farther, farther, middle)
    return where(nearer < highest, nearer, highest)


def _poisson_over(a: Any, x: Any, scale: Any) -> Any:
    """E(a, scale·x)/(scale·x)"""
    at = scale * x
    return where(a < 1.0, poisson(a, at) / at, poisson(a - 1.0, at) / where(a < 1.0, 1.0, a))


def _scale(total: Any) -> Any:
    return where(total > 1.0, total, 1.0)


# -- edges ------------------------------------------------------------------------------------------


def _inside(x: Any) -> Any:
    return where(x > 0.0, where(x < 1.0, x, 0.5), 0.5)


def _at_edges(a: Any, b: Any, x: Any, found: Any, one: Any) -> Any:
    found = where(equal(a, inf), where(equal(b, inf), nan, 0.0), where(equal(b, inf), one, found))
    start, end = where(equal(a, 0.0), nan, 0.0), where(equal(b, 0.0), nan, one)
    found = where(equal(a + b, 0.0), nan, where(equal(x, 0.0), start, where(equal(x, 1.0), end, found)))
    return _of_domain(a, b, x, found)


def _of_domain(a: Any, b: Any, x: Any, found: Any) -> Any:
    total = a + b + x
    nothing = nan * total  # to every order
    outside = where(a < 0.0, 1.0, where(b < 0.0, 1.0, where(x < 0.0, 1.0, where(x > 1.0, 1.0, 0.0))))
    return where(outside > 0.0, nothing, where(equal(total, total), found, nothing))
