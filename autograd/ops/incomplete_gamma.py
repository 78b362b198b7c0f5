"""The incomplete gamma functions, regularised, and their derivatives along a, by integrals in which nothing cancels.

With E = xᵃe⁻ˣ/Γ(a + 1),

    P(a, x) = E·(1 + x·∫ exp(-(a + 1)u + x(1 - e⁻ᵘ)) du)     for x up to a + 1, t = x·e⁻ᵘ in a book's integral
    Q(a, x) = E·a·∫ exp(au - x(eᵘ - 1)) du                   from there on, t = x·eᵘ

u going from 0 to ∞, where both integrands only fall.  Along a, an integral's derivatives are those with powers of ∓u
in them, and E's are E times Bell's polynomials of ln x - ψ(a + 1), -ψ′(a + 1), …; near x = a all of these are of one
size, and far from it of one sign.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import reduce
from math import inf, nan
from typing import Any

from autograd.ops.gamma import BERNOULLI, near_two, stirling_tail
from autograd.ops.numbers import equal, polynomial, where
from autograd.ops.primitive import lookup
from autograd.ops.quadrature import LEAST, Abscissa, exp, integrals, log_ratio

HIGHEST = 4  # order along a
_LARGE = 10.0  # from there on Stirling's series are exact
_TAYLOR = tuple((-1.0) ** k / math.factorial(k) for k in range(1, 22))
_DIGAMMA = tuple(b / (2 * k) for k, b in enumerate(BERNOULLI, 1))


def gammainc(a: Any, x: Any) -> Any:
    """P(a, x)."""
    below, above = _parts(a, x, 0)
    return _at_edges(a, x, where(x <= a + 1.0, below[0], 1.0 - above[0]), 0.0, 1.0)


def gammaincc(a: Any, x: Any) -> Any:
    """Q(a, x) = 1 - P(a, x), with its digits where it is small."""
    below, above = _parts(a, x, 0)
    found = where(x <= a + 1.0, where(a <= 0.5, _upper_of_small(a, x), 1.0 - below[0]), above[0])
    return _at_edges(a, x, found, 1.0, 0.0)


def along_a(n: Any, a: Any, x: Any) -> Any:
    """∂ⁿP/∂aⁿ; nan for an n that is not whole, or above HIGHEST."""
    highest = _needed(n)
    below, above = _parts(a, x, highest)
    is_below = x <= a + 1.0
    found = [where(is_below, p, -q if k else 1.0 - q) for k, (p, q) in enumerate(zip(below, above, strict=True))]
    return _at_edges(a, x, of_order(n, found), 0.0, where(equal(n, 0.0), 1.0, 0.0))


def density(n: Any, a: Any, x: Any) -> Any:
    """∂ⁿ/∂aⁿ of xᵃ⁻¹e⁻ˣ/Γ(a), the slope of P along x."""
    inside = where(x > 0.0, x, 1.0)
    bells = bell([log_ratio_to(a, inside), *_falls(a, HIGHEST)][: _needed(n)])
    scaled = where(a < 1.0, poisson(a, inside) / inside, poisson(a - 1.0, inside) / where(a < 1.0, 1.0, a))
    found = of_order(n, [scaled * (a * b + float(k) * bells[k - 1] if k else a) for k, b in enumerate(bells)])
    sign = of_order(n, [(-1.0) ** k for k in range(HIGHEST + 1)])
    is_value = equal(n, 0.0)
    pole = where(a > 0.0, sign * inf, where(is_value, 0.0, -sign * inf))  # xᵃ⁻¹lnⁿx/Γ(a), and n·x⁻¹lnⁿ⁻¹x of a = 0
    at_zero = where(a > 1.0, 0.0, where(equal(a, 1.0), where(is_value, 1.0, pole), pole))
    found = where(equal(x, 0.0), at_zero, where(equal(x, inf), 0.0, where(equal(a, inf), 0.0, found)))
    return _of_domain(a, x, found)


def _needed(n: Any) -> int:
    """The highest order that is needed: of one that is known itself."""
    return int(min(max(n, 0.0), HIGHEST)) if isinstance(n, float) and n == n else HIGHEST


def of_order(n: Any, found: Sequence[Any]) -> Any:
    """The one of that number, from 0; nan where there is none."""
    return reduce(lambda other, k: where(equal(n, float(k)), found[k], other), reversed(range(len(found))), nan)


def bell(cumulants: Sequence[Any]) -> list[Any]:
    """1, κ₁, κ₁² + κ₂, …: the derivatives of exp of a function, over that, by the derivatives of the function."""
    found: list[Any] = [1.0]
    for n in range(len(cumulants)):
        terms = [_times(math.comb(n, j), found[n - j] * cumulants[j]) for j in range(n + 1)]
        found.append(reduce(operator.add, terms))
    return found


def _times(count: int, number: Any) -> Any:
    return number if count == 1 else float(count) * number


def _parts(a: Any, x: Any, highest: int) -> tuple[list[Any], list[Any]]:
    """The derivatives along a, up to that order, of P by the first integral and of Q by the second."""
    is_below = x <= a + 1.0
    inside = where(x > 0.0, where(x < inf, x, 1.0), 1.0)
    slope = where(is_below, (a - inside) + 1.0, inside - a)
    reach = where(is_below, _reach_below(a + 1.0, slope), _reach_above(a, inside, slope))
    moments = integrals(lambda *at: _fallen(highest, *at), reach, is_below, slope, inside)
    weight = poisson(a, inside)
    bells = bell([log_ratio_to(a, inside), *_falls(a, highest)][:highest])
    rising = [a * b + float(k) * bells[k - 1] if k else a for k, b in enumerate(bells)]
    signed = [-(inside * m) if k % 2 else inside * m for k, m in enumerate(moments)]
    signed[0] = 1.0 + signed[0]
    return _of_product(weight, bells, signed), _of_product(weight, rising, moments)


def _of_product(weight: Any, one: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    """Leibniz's rule."""
    return [
        weight * reduce(operator.add, [_times(math.comb(n, j), one[n - j] * other[j]) for j in range(n + 1)])
        for n in range(len(one))
    ]


def _fallen(highest: int, node: Abscissa, is_below: Any, slope: Any, x: Any) -> list[Any]:
    bend = where(is_below, node.bend, -(node.u * node.fall + node.bend) / node.left)
    parts = [exp(-(slope * node.u + x * bend))]
    for _ in range(highest):
        parts.append(parts[-1] * node.u)
    return parts


def _reach_below(a: Any, slope: Any) -> Any:
    """Where slope·u + x·u²/(2 + u), which is less than the exponent, is LEAST; a = slope + x."""
    q = 2.0 * slope - LEAST
    root = lookup("sqrt")(q * q + 8.0 * LEAST * a)
    return where(q > 0.0, 4.0 * LEAST / (q + root), (root - q) / (2.0 * a))


def _reach_above(a: Any, x: Any, slope: Any) -> Any:
    """From where slope·u + x·u²/2 is LEAST two steps towards where au - x(eᵘ - 1) is."""
    u = 2.0 * LEAST / (slope + lookup("sqrt")(slope * slope + 2.0 * LEAST * x))
    for _ in range(2):
        u = lookup("log1p")((LEAST + a * u) / x)
    return u


def poisson(a: Any, x: Any) -> Any:
    """xᵃe⁻ˣ/Γ(a + 1), a ≥ -½ and x > 0; from a = 10 on by how far x is from a (Loader 2000)."""
    is_large = a >= _LARGE
    p, q = where(is_large, a, _LARGE), where(is_large, x, _LARGE)
    far = exp(-(log_ratio(p, q)[1] + stirling_tail(p))) / (_ROOT_2PI * lookup("sqrt")(p))
    small, near = where(is_large, 0.0, a), where(is_large, 1.0, where(x > 1000.0, 1000.0, x))
    root = exp(-0.5 * near)  # e⁻ˣ in two factors, as that underflows first
    return where(is_large, far, lookup("power")(near, small) * root / lookup("gamma")(small + 1.0) * root)


def log_ratio_to(a: Any, x: Any) -> Any:
    """ln x - ψ(a + 1)."""
    is_large = a >= _LARGE
    p = where(is_large, a, _LARGE)
    r = 1.0 / p
    far = -(log_ratio(p, where(is_large, x, _LARGE))[0] + r * (0.5 - r * polynomial(_DIGAMMA, r * r)))
    return where(is_large, far, lookup("log")(x) - lookup("digamma")(where(is_large, 1.0, a + 1.0)))


def _falls(a: Any, highest: int) -> list[Any]:
    return [-lookup("polygamma")(float(k), a + 1.0) for k in range(1, highest)]


def _upper_of_small(a: Any, x: Any) -> Any:
    """Q(a, x) for a ≤ ½ and x ≤ 1.5, as 1 less the exponential of what is small with a."""
    small, near = where(a <= 0.5, a, 0.5), where(x <= 1.5, where(x > 0.0, x, 1.0), 1.0)
    terms = [c / (small + float(k)) for k, c in enumerate(_TAYLOR, 1)]
    series = near * reduce(lambda total, term: total * near + term, reversed(terms))
    log_gamma = near_two(small) - lookup("log1p")(small)
    return -lookup("expm1")(small * lookup("log")(near) - log_gamma + lookup("log1p")(small * series))


def _at_edges(a: Any, x: Any, found: Any, at_zero: Any, at_infinity: Any) -> Any:
    """What holds at 0 and ∞; a = 0 and a = ∞ are the limits at either side's own."""
    found = where(equal(x, inf), where(equal(a, inf), nan, at_infinity), where(equal(a, inf), at_zero, found))
    return _of_domain(a, x, where(equal(x, 0.0), where(equal(a, 0.0), nan, at_zero), found))


def _of_domain(a: Any, x: Any, found: Any) -> Any:
    nothing = nan * (a + x)  # to every order
    return where(a < 0.0, nothing, where(x < 0.0, nothing, where(equal(a + x, a + x), found, nothing)))


_ROOT_2PI = math.sqrt(2 * math.pi)
