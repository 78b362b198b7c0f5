"""Elementary functions in machine code, on all lanes at once: what the table calls its atoms.

Each is exact to about two units in the last place over the whole line, with nan, infinities, -0.0 and
subnormals as IEEE 754 has them.  Methods: reduction by ln 2 in two parts and by π/2 in three (Cody &
Waite 1980), the logarithm by atanh (as in Sun's fdlibm), polynomials fitted at Chebyshev nodes to 40
digits.  What is not here is called from C's library, lane by lane.
"""

from __future__ import annotations

import math

from autograd.ops.error_function import NEAR_ZERO
from autograd.program.native.code import Lanes, bits_of, number_of
from autograd.program.native.routine import Integer

# Added to a number below 2⁵¹ it leaves the nearest integer in the last bits; 1023 is a double's bias.
_ROUNDER = 1.5 * 2.0**52
_ROUNDER_BIASED = _ROUNDER + 1023
_LOG2_E = 1 / math.log(2)
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # the first with 32 bits
_HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.497384905065873e-33)  # π/2 in parts

# (eʳ - 1 - r)/r², |r| ≤ ln 2 / 2
_EXPM1 = (0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326136, 0.0013888888888883748,
          0.00019841269874820627, 2.4801587325547743e-05, 2.7557255400206422e-06, 2.75572736431103e-07,
          2.5105217004720745e-08, 2.0914686968086876e-09)  # fmt: skip
# (2 atanh(s)/s - 2)/s² in s², |s| ≤ (√2 - 1)/(√2 + 1)
_ATANH = (0.666666666666667, 0.3999999999989889, 0.28571428626253836, 0.22222211089379496, 0.1818289243253687,
          0.15331611722055008, 0.14617807153417325)  # fmt: skip
# (sin r/r - 1)/r² in r², |r| ≤ π/2
_SINE = (-0.16666666666666666, 0.008333333333333316, -0.00019841269841254885, 2.7557319219139183e-06,
         -2.505210761393476e-08, 1.6058977114074673e-10, -7.643963965925357e-13,
         2.731365867494017e-15)  # fmt: skip
# exp(x²)·erfc(x) in 1/(x + 3) - _ERFCX_MIDDLE, 1 ≤ x ≤ 6.1
_ERFCX_MIDDLE = 0.17994505494505494
_ERFCX = (0.20663010235987475, 2.210260267672873, 10.236181462209167, 37.7016879658984, 105.98023213595616,
          204.6784475328946, 175.75104199776212, -306.41667132516784, -1025.0837027578496, 94.00754793196711,
          4337.008051997458, 1605.7686675622128, -20381.499043207732, -7765.958415030296,
          100122.0885703706)  # fmt: skip

_SMALLEST_NORMAL = 2.0**-1022
_NEARLY_ROOT_HALF = bits_of(math.sqrt(0.5))
_MANTISSA = 2**52 - 1


# -- exponentials -----------------------------------------------------------------------------------


def _reduced(x: Lanes) -> tuple[Lanes, Lanes]:
    """(k + the rounder, eʳ - 1) with x = k ln 2 + r."""
    code = x.code
    rounded = code.fma(x, _LOG2_E, _ROUNDER_BIASED)
    k = rounded - _ROUNDER_BIASED
    r = code.fma(k, -_LN2_LOW, code.fma(k, -_LN2_HIGH, x))
    return rounded, code.fma(r * r, code.polynomial(r, _EXPM1), r)


def _power_of_two(rounded: Lanes) -> Lanes:
    """2ᵏ from k + the rounder, -1022 ≤ k ≤ 1023."""
    return number_of(rounded.bits() << 52)


def _within(x: Lanes, low: float, high: float) -> Lanes:
    """x kept within bounds; nan stays nan."""
    code = x.code
    x = code.select(x > high, high, x)
    return code.select(x < low, low, x)


def exp(x: Lanes) -> Lanes:
    """eˣ; the power of two in two factors, so that it overflows and becomes subnormal where it should."""
    code = x.code
    rounded, p = _reduced(_within(x, -750.0, 710.0))
    half = code.fma(rounded - _ROUNDER_BIASED, 0.5, _ROUNDER_BIASED)
    first = _power_of_two(half)
    second = _power_of_two((rounded - half) + _ROUNDER_BIASED)
    return code.fma(first, p, first) * second


def expm1(x: Lanes) -> Lanes:
    """eˣ - 1 as 2(2ᵏ⁻¹p + (2ᵏ⁻¹ - ½)), which keeps its digits near 0."""
    code = x.code
    rounded, p = _reduced(_within(x, -40.0, 710.0))
    half = _power_of_two(rounded - 1.0)
    return code.select(abs(x) < 2.0**-54, x, 2.0 * code.fma(half, p, half - 0.5))


def _tanh_parts(x: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """(u, t, 1/(1 + t²)) with t = e^-|x| and u = t - 1: what tanh and its slope share."""
    code = x.code
    size = abs(x)
    rounded, p = _reduced(-code.select(size > 708.0, 708.0, size))
    scale = _power_of_two(rounded)
    t = code.fma(scale, p, scale)
    return code.fma(scale, p, scale - 1.0), t, 1.0 / code.fma(t, t, 1.0)


def tanh(x: Lanes) -> Lanes:
    """(1 - t²)/(1 + t²) with 1 - t² = -u(u + 2), which does not cancel."""
    u, _, q = _tanh_parts(x)
    return (u * (u + 2.0) * q).with_sign_of(x)


def sech(x: Lanes) -> Lanes:
    """2t/(1 + t²); far out 2t, which needs no square."""
    _, t, q = _tanh_parts(x)
    size = abs(x)
    return x.code.select(size > 300.0, 2.0 * exp(-size), (t + t) * q)


def tanh_slope(y: Lanes, x: Lanes) -> Lanes:
    """1/cosh² = (2t/(1 + t²))², digits to the last in the tail."""
    _, t, q = _tanh_parts(x)
    root = (t + t) * q
    return root * root


# -- logarithms -------------------------------------------------------------------------------------


def log(x: Lanes) -> Lanes:
    """ln x = k ln 2 + ln m, √½ ≤ m < √2, and ln m = 2 atanh(s), s = (m - 1)/(m + 1)."""
    code = x.code
    is_tiny = x < _SMALLEST_NORMAL
    bits = code.select(is_tiny, x * 2.0**54, x).bits()
    above = bits - _NEARLY_ROOT_HALF + (1024 << 52)
    exponent = number_of((above >> 52) | bits_of(2.0**52)) - (2.0**52 + 1024)
    k = code.select(is_tiny, exponent - 54.0, exponent)
    mantissa = number_of((above & _MANTISSA) + _NEARLY_ROOT_HALF)
    f = mantissa - 1.0
    s = f / (f + 2.0)
    square, half = s * s, 0.5 * f * f
    tail = code.fma(s, code.fma(square, code.polynomial(square, _ATANH), half), k * _LN2_LOW)
    finite = code.fma(k, _LN2_HIGH, f - (half - tail))
    finite = code.select(x < math.inf, finite, x)  # inf and nan are their own logarithms
    return code.select(
        x > 0.0, finite, code.select(x.compare("oeq", 0.0), -math.inf, code.select(x < 0.0, math.nan, x))
    )


def log1p(x: Lanes) -> Lanes:
    """ln(1 + x): the logarithm of the rounded sum, and what the rounding took away."""
    code = x.code
    u = x + 1.0
    lost = (x - (u - 1.0)) / u
    repaired = code.select((u > 0.0) & (u < math.inf), log(u) + lost, log(u))
    return code.select(abs(x) < 2.0**-54, x, repaired)


# -- sine and cosine --------------------------------------------------------------------------------

_FAR = 2.0**30  # beyond, the reduction would need more of π: C's function is called


def _sine(x: Lanes, quarters: Lanes) -> Lanes:
    """sin r with x = r + so many π/2; the first difference is exact where it is small."""
    code, r = x.code, x
    for part in _HALF_PI:
        r = code.fma(quarters, -part, r)
    z = r * r
    return code.fma(r * z, code.polynomial(z, _SINE), r)


def _negated_if_odd(x: Lanes, whole: Integer) -> Lanes:
    """x, with its sign changed where the whole number is odd."""
    return number_of(x.bits() ^ (whole << 63))


def sin(x: Lanes) -> Lanes:
    """sin(r + kπ) = (-1)ᵏ sin r; tiny arguments are their own sine."""
    code = x.code
    rounded = code.fma(x, 1 / math.pi, _ROUNDER)
    k = rounded - _ROUNDER
    near = code.select(abs(x) < 2.0**-27, x, _negated_if_odd(_sine(x, k + k), rounded.bits()))
    return code.repaired(near, abs(x) > _FAR, "sin", x)


def cos(x: Lanes) -> Lanes:
    """cos(r + kπ + π/2) = -(-1)ᵏ sin r."""
    code = x.code
    rounded = code.fma(x, 1 / math.pi, -0.5) + _ROUNDER
    k = rounded - _ROUNDER
    near = _negated_if_odd(_sine(x, k + k + 1.0), rounded.bits() + 1)
    return code.repaired(near, abs(x) > _FAR, "cos", x)


# -- the error function -----------------------------------------------------------------------------


def erf(x: Lanes) -> Lanes:
    """x·P(x²) up to 1, from there 1 - e^(-x²)·P(1/(x + 3)), by which its slope has its exponential too."""
    code = x.code
    size = abs(x)
    near = code.fma(x, code.polynomial(x * x, NEAR_ZERO), x)
    size = code.select(size > 6.0, 6.0, size)
    t = 1.0 / (size + 3.0) - _ERFCX_MIDDLE
    far = code.fma(-exp(-x * x), code.polynomial(t, _ERFCX), 1.0)
    return code.select(size < 1.0, near, far.with_sign_of(x))
