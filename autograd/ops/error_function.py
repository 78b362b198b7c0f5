"""The error function in ordinary arithmetic, and what the normal distribution needs of it: tails keep their digits.

Near 0, erf(x) = x + x·P(x²).  Farther out, erfc(x) = exp(-x²)·t·Q(t) with t = 1/(x + 3), which follows
the tail's 1/x down to where erfc is 0.  exp(x²)·erfc(x) itself is t·R(t) with t = 1/(x + 4) from 0 to infinity, and
so is its slope, of the polynomial's own.  The polynomials are fitted at Chebyshev nodes to 50 digits.
"""

from __future__ import annotations

from math import inf
from typing import Any

from autograd.ops.numbers import derivative, equal, polynomial, where
from autograd.ops.primitive import lookup

HALF = 0.5  # about where erf is
ZERO = 28.0  # erfc is 0 from 27.3 on
# erf(x)/x - 1 in x², |x| ≤ 1
NEAR_ZERO = (0.12837916709551256, -0.37612638903183543, 0.11283791670945006, -0.02686617064323777,
             0.0052239776071164225, -0.0008548325975389692, 0.00012055294904839707, -1.492473690741966e-05,
             1.6447424703317362e-06, -1.6208483801871705e-07, 1.3720064546777686e-08,
             -7.795898827002142e-10)  # fmt: skip
# exp(x²)·erfc(x)/t in SCALE·t - SHIFT, which goes from -1 to 1 while x goes from ZERO to HALF
SCALE, SHIFT = 7.890909090909091, 1.2545454545454546
FARTHER = (1.0345210668277636, 0.6318110831484361, 0.3172963900417368, 0.1270514582238311, 0.03787874633173863,
           0.006870243503314917, -5.188319143721469e-05, -0.0004132329386632439, -7.289357160594978e-05,
           1.9035423976782376e-05, 7.778003728258166e-06, -9.850227479715177e-07, -7.369697492456957e-07,
           7.840602841465574e-08, 7.158768119180873e-08, -1.016910915106936e-08, -6.725587120596009e-09,
           1.4521890806621392e-09, 4.4867272016884176e-10, -1.3495707658556804e-10)  # fmt: skip
# exp(x²)·erfc(x)/t in 8t - 1, t = 1/(x + 4), which goes from -1 to 1 while x goes from infinity to 0
SCALED = (1.095995661000491, 0.976548729080882, 0.7732087022652372, 0.5408538313132364, 0.3308515878780058,
          0.17401093723987476, 0.0763815149095576, 0.02637005334152718, 0.0061120556512946475, 0.00028095885248926217,
          -0.00045505264170338716, -0.00017681273472789865, -3.635418170349381e-06, 1.8860547168678533e-05,
          4.695346230824564e-06, -1.4233060259146926e-06, -8.485255372857339e-07, 7.404505465508356e-08,
          1.2792731071640156e-07, 6.361132295761144e-10, -1.920968932654044e-08, -9.419285201913326e-10,
          3.000215134396126e-09, 1.6997016470907458e-10, -4.658410072872528e-10, -1.8532654585645703e-11,
          6.117179653622217e-11, 1.0205406251806438e-12, -4.695278112978165e-12)  # fmt: skip
SCALED_SLOPE = derivative(SCALED)


def erf(x: Any) -> Any:
    """2/√π ∫₀ˣ exp(-t²) dt."""
    size = lookup("abs")(x)
    is_near = size < 1.0
    far = 1.0 - lookup("exp")(-size * size) * _scaled(size)
    return where(is_near, _near(where(is_near, x, 1.0)), where(x < 0.0, -far, far))


def erfc(x: Any) -> Any:
    """1 - erf(x), with its digits in the tail."""
    size, exp = lookup("abs")(x), lookup("exp")
    is_near = size < HALF
    size = where(size > ZERO, ZERO, size)
    head = lookup("round")(32.0 * size) * 0.03125  # so few digits that its square is exact
    far = exp(-head * head) * (exp((head - size) * (head + size)) * _scaled(size))
    return where(is_near, 1.0 - _near(where(is_near, x, 0.0)), where(x < 0.0, 2.0 - far, far))


def _near(x: Any) -> Any:
    """x + x·P(x²), for |x| ≤ 1."""
    return x + x * polynomial(NEAR_ZERO, x * x)


def _scaled(size: Any) -> Any:
    """exp(x²)·erfc(x)."""
    t = 1.0 / (size + 3.0)
    return t * polynomial(FARTHER, SCALE * t - SHIFT)


# -- scaled -----------------------------------------------------------------------------------------


def erfcx(x: Any) -> Any:
    """exp(x²)·erfc(x)."""
    size = lookup("abs")(x)
    t = 1.0 / (size + 4.0)
    right = t * polynomial(SCALED, 8.0 * t - 1.0)
    return where(x < 0.0, 2.0 * exp_of_square(where(size > ZERO, ZERO, size), 1.0) - right, right)


def erfcx_slope_right(x: Any) -> Any:
    """Its slope for x ≥ 0, where 2x·erfcx(x) - 2/√π cancels."""
    t = 1.0 / (x + 4.0)
    s = 8.0 * t - 1.0
    return -(t * t) * (polynomial(SCALED, s) + 8.0 * t * polynomial(SCALED_SLOPE, s))


def exp_of_square(x: Any, factor: float) -> Any:
    """exp(factor·x²), for |x| up to some 40, where a rounded square would cost digits."""
    exp = lookup("exp")
    head = lookup("round")(32.0 * x) * 0.03125  # so few digits that its square is exact
    return exp(factor * head * head) * exp(factor * (x - head) * (x + head))


# -- quantiles --------------------------------------------------------------------------------------

# Wichura 1988, Algorithm AS 241 (PPND16): top and bottom of rational functions, from the middle outwards
MIDDLE = ((3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
           45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
          (1.0, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
           39307.89580009271061, 28729.085735721942674, 5226.495278852854561))  # fmt: skip
OUTSIDE = ((1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
            1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 0.000774545014278341407640),
           (1.0, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
            0.0151986665636164571966, 0.00054759380849953449460, 1.05075007164441684324e-9))  # fmt: skip
FAR_OUT = ((6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
            0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
           (1.0, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525,
            0.00078686913114561325910, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
            2.04426310338993978564e-15))  # fmt: skip


def quantile(q: Any, tail: Any) -> Any:
    """Where the normal distribution is q + ½; `tail`, the smaller of ½ + q and ½ - q, is known with its own digits."""
    in_the_middle = lookup("abs")(q) <= 0.425
    near = _ratio(MIDDLE, where(in_the_middle, 0.180625 - q * q, 0.0))
    r = lookup("sqrt")(-lookup("log")(where(in_the_middle, 0.075, tail)))
    far = where(r <= 5.0, _ratio(OUTSIDE, r - 1.6), _ratio(FAR_OUT, where(r > 30.0, 30.0, r) - 5.0))
    far = where(equal(tail, 0.0), inf, far)
    return where(in_the_middle, q * near, where(q < 0.0, -far, far))


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Any) -> Any:
    top, bottom = coefficients
    return polynomial(top, x) / polynomial(bottom, x)
