"""The error function in ordinary arithmetic, for NumPy and whoever else has none: its tail keeps its digits.

Near 0, erf(x) = x + x·P(x²).  Farther out, erfc(x) = exp(-x²)·t·Q(t) with t = 1/(x + 3), which follows
the tail's 1/x down to where erfc is 0.  The polynomials are fitted at Chebyshev nodes to 50 digits.
"""

from __future__ import annotations

from typing import Any

from autograd.ops.numbers import polynomial, where
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
