"""Bessel functions of order 0 and 1 in ordinary arithmetic: J, Y, and the modified I, K, these scaled as well.

J and Y up to 8 are polynomials in x², Y with its logarithm and its pole apart; farther out they are an amplitude and a
phase, P and Q in 1/x² (Abramowitz & Stegun 9.2.5, 9.2.6).  I up to 10 and K up to 2 are their power series (9.6.10,
9.6.11, 9.6.13), farther out √x·e⁻ˣI and √x·eˣK are polynomials in 1/x and 1/(x + 1).  All these are fitted at
Chebyshev nodes to 60 digits.

Near zeros of J and Y the last digits are those of their amplitude.  Slopes of the scaled ones cancel far out, where
they are those of the polynomials; those of order 1 cancel near 0, where they are those of the series.
"""

from __future__ import annotations

import math
from math import inf, nan
from typing import Any

from autograd.ops.numbers import derivative, equal, polynomial, where
from autograd.ops.primitive import lookup

TWO_OVER_PI, ROOT_PI, LN2 = 2.0 / math.pi, math.sqrt(math.pi), math.log(2.0)
NEAR, FAR = 2.0, 8.0  # of J and Y: where the power series ends, and where the amplitude and the phase begin
I_FAR, K_FAR = 10.0, 2.0

# -- coefficients -----------------------------------------------------------------------------------

# J₀ and J₁/x, and Y₀ and Y₁/x less 2/π·ln x·J and the pole, in x²/32 - 1, |x| ≤ 8
J0 = (0.04582966485981377, 0.9303012472958572, -0.6484692830871837, -0.808088807669687, 1.0383794611437211,
      -0.507468045847102, 0.14598884856759273, -0.028472718610869575, 0.00405807898914049, -0.00044354592247272207,
      3.847319785739127e-05, -2.7177491450236107e-06, 1.5956108859013864e-07, -7.915407738245845e-09,
      3.3634718625335544e-10, -1.2384637259147907e-11, 3.9908119662761275e-13, -1.1382224373024272e-14,
      2.878070067455014e-16)  # fmt: skip
J1 = (-0.05814382795599107, 0.08105866038589796, 0.15151665143806634, -0.2595948652859303, 0.15858376432721938,
      -0.054745818212847276, 0.01245681439225544, -0.002029039494570245, 0.0002494945813908964,
      -2.4045748660869658e-05, 1.8684525372339904e-06, -1.1967081644236783e-07, 6.431268732310459e-09,
      -2.943037882441676e-10, 1.1610655467503859e-11, -3.990810305436148e-13, 1.2060725733143973e-14,
      -3.238244035881746e-16, 7.738273692780193e-18)  # fmt: skip
Y0 = (-0.382250654459425, -0.8284358903604587, 1.6470964788745466, 0.14412632369302442, -1.0775477338215995,
      0.6721770783431723, -0.2189574709617165, 0.0463670476813471, -0.0070257410572698254, 0.0008061586060550644,
      -7.279541882784653e-05, 5.321318633735116e-06, -3.21850778850227e-07, 1.6391065268260488e-08,
      -7.130516940302427e-10, 2.681822137847736e-11, -8.810525464319686e-13, 2.558039436392922e-14,
      -6.574807056314511e-16)  # fmt: skip
Y1 = (0.07075985882118005, -0.24337743079193114, 0.023367571720993584, 0.23507209206669755, -0.19639839859930425,
      0.07854786922242545, -0.01962875683309943, 0.0034224907399180455, -0.00044381734351146775,
      4.467433012914413e-05, -3.6009998744473813e-06, 2.380492991366028e-07, -1.3153322399136199e-08,
      6.169742613332968e-10, -2.4887660224192962e-11, 8.728810134833414e-13, -2.6871218482061387e-14,
      7.339060975161991e-16, -1.7815800395320226e-17)  # fmt: skip
# P and x·Q in 128/x² - 1, x ≥ 8
P0 = (0.9994572757882519, -0.0005363673192130031, 6.137416080160052e-06, -2.0527448162501888e-07,
      1.2803760647097586e-08, -1.212117537945456e-09, 1.5501028980223302e-10, -2.4885888653391632e-11,
      4.774299364892953e-12, -1.0558984414729944e-12, 2.6260469913934326e-13, -7.436258291563242e-14,
      2.276327211497994e-14, -5.003512606549662e-15, 1.3737078896260119e-15, -1.812404059640581e-15,
      7.764363816049481e-16)  # fmt: skip
Q0 = (-0.12444091103610815, 0.0005466519279475109, -1.1817110661171062e-05, 5.68497188761875e-07,
      -4.534972900180117e-08, 5.146225268539058e-09, -7.576280245550776e-10, 1.36265138876175e-10,
      -2.8726953457199988e-11, 6.878054876576861e-12, -1.8315236532076327e-12, 5.570266801419967e-13,
      -1.8114989811223087e-13, 3.750385225206321e-14, -9.94348527082079e-15, 1.7159223662634758e-14,
      -7.657652788302387e-15)  # fmt: skip
P1 = (1.0009070262780821, 0.0008988049416705562, -7.959694698491683e-06, 2.453676622919676e-07,
      -1.4708512153102214e-08, 1.3603051003202518e-09, -1.7131564368232615e-10, 2.7207423845067296e-11,
      -5.1777456478020795e-12, 1.1380209827646576e-12, -2.8162645505374e-13, 7.938203357852553e-14,
      -2.420933995610041e-14, 5.331817907854801e-15, -1.4645155990431492e-15, 1.9088296764557706e-15,
      -8.160630551806432e-16)  # fmt: skip
Q1 = (0.3742149922195918, -0.0007697167057643541, 1.4569614809820019e-05, -6.63356856721788e-07,
      5.136106062996899e-08, -5.720884228409981e-09, 8.3160246094734e-10, -1.4819760550541304e-10,
      3.102436787992991e-11, -7.387575652695623e-12, 1.9585271585017136e-12, -5.930663429711533e-13,
      1.9220091830229453e-13, -3.9930634717453954e-14, 1.0609588211132907e-14, -1.804307200062192e-14,
      8.036657502703818e-15)  # fmt: skip
# √x·e⁻ˣ·I in 20/x - 1, x ≥ 10
I0 = (0.4015097608312065, 0.002645885967186208, 8.311327263715457e-05, 5.152033950946336e-06, 5.041257505269878e-07,
      7.078401078163433e-08, 1.3635187198161481e-08, 3.559375824038272e-09, 1.2805368825589212e-09,
      6.342390884138751e-10, 3.6852954839366993e-10, 1.4863466444260463e-10, -9.010621298059949e-11,
      -2.3397418188067353e-10, -1.4110916007343073e-10, 8.518023526228991e-11, 1.4556228390352348e-10,
      -2.2372953087934448e-12, -8.695696221193001e-11, -1.6545038196987982e-11, 3.626692246733998e-11,
      1.0752652067819808e-11, -9.675100652027912e-12, -3.419072443642404e-12, 1.2280229705274215e-12,
      4.70121368301907e-13)  # fmt: skip
I1 = (0.39133972251206706, -0.007730905126755945, -0.0001348014663378247, -7.012361312994727e-06,
      -6.29429636973616e-07, -8.389644041712402e-08, -1.5598200315475836e-08, -3.964891649716555e-09,
      -1.395974810380354e-09, -6.80327574708721e-10, -3.927948482587147e-10, -1.6115680350508872e-10,
      8.874931807477654e-11, 2.420277301943768e-10, 1.5041914064119986e-10, -8.398250614873254e-11,
      -1.5154790490077582e-10, -1.1168820796850116e-12, 8.9574526842913e-11, 1.8955602325476442e-11,
      -3.713088963963627e-11, -1.1831265354857862e-11, 9.869682408120495e-12, 3.7137908832521196e-12,
      -1.2499530936703939e-12, -5.075805363424261e-13)  # fmt: skip
# √x·eˣ·K in 6/(x + 1) - 1, x ≥ 2
K0 = (1.2249349523936164, -0.03105176559720918, -0.0031259322503866915, -0.0005131057204821576,
      -7.142480657592173e-05, -1.3185445124441412e-05, -1.8853600211300409e-06, -4.043313871581257e-07,
      -4.9007999762558246e-08, -1.4996669906088358e-08, -7.111288497807383e-10, -7.817877673247365e-10,
      8.478295217773802e-11, -6.689579435308816e-11, 1.9284721949157766e-11, -9.024927922767881e-12,
      2.6719106972147767e-12, -1.0032008760907292e-12, 1.2134344953111505e-12, -6.487891554451308e-13,
      -2.3325111832931997e-13, 1.5328478487528194e-13, 1.2767372662321584e-13, -6.875681431523626e-14)  # fmt: skip
K1 = (1.3422531533667765, 0.10144268618110525, 0.014717899550322593, 0.0025922175595846056, 0.00044895292511806047,
      8.350619775302694e-05, 1.501110502871772e-05, 2.897910761957145e-06, 5.200323502414629e-07,
      1.0587216745279756e-07, 1.789679401655308e-08, 4.1686423926006785e-09, 5.433331493740869e-10,
      1.973613078378771e-10, 2.7757022912972704e-12, 1.4542438218656136e-11, -2.0267955690698574e-12,
      1.2796997210809945e-12, -1.2720579446463142e-12, 7.029812437635321e-13, 2.488139694239176e-13,
      -1.6248427756487993e-13, -1.3658323254653897e-13, 7.346349815280475e-14)  # fmt: skip
I_SLOPES, K_SLOPES = (derivative(I0), derivative(I1)), (derivative(K0), derivative(K1))

# Power series in x²/4: of I₀ and 2·I₁/x, of J₁′, of I₁′, and of K what is not a logarithm times I, ψ(k + 1) in it
_EULER = 0.5772156649015329


def _psi(k: int) -> float:
    return math.fsum(1.0 / j for j in range(1, k)) - _EULER


_TERMS = range(30)
I0_SERIES = tuple(1.0 / math.factorial(k) ** 2 for k in _TERMS)
I1_SERIES = tuple(1.0 / (math.factorial(k) * math.factorial(k + 1)) for k in _TERMS)
J0_SERIES = tuple((-1.0) ** k * c for k, c in enumerate(I0_SERIES[:13]))
J1_SERIES = tuple((-1.0) ** k * c for k, c in enumerate(I1_SERIES[:13]))
K0_SERIES = tuple(_psi(k + 1) * c for k, c in enumerate(I0_SERIES[:13]))
K1_SERIES = tuple((_psi(k + 1) + _psi(k + 2)) * c for k, c in enumerate(I1_SERIES[:13]))


def _slope_of_first(series: tuple[float, ...]) -> tuple[float, ...]:
    """Of x/2·Σ cₖ(x²/4)ᵏ the slope, as such a series."""
    return tuple((k + 0.5) * c for k, c in enumerate(series))


# -- J and Y ----------------------------------------------------------------------------------------


def j0(x: Any) -> Any:
    """J₀, of both signs."""
    size = lookup("abs")(x)
    far = _out_there(size, lambda c, s, p, q: p * (c + s) - q * (s - c), P0, Q0)
    return where(size < FAR, where(size < NEAR, polynomial(J0_SERIES, _quarter(size, NEAR)), _in_there(J0, size)), far)


def j1(x: Any) -> Any:
    """J₁, of both signs."""
    size = lookup("abs")(x)
    far = _out_there(size, lambda c, s, p, q: p * (s - c) + q * (s + c), P1, Q1)
    near = where(size < NEAR, 0.5 * polynomial(J1_SERIES, _quarter(size, NEAR)), _in_there(J1, size))
    return where(size < FAR, x * near, where(x < 0.0, -far, far))


def j1_slope_near(x: Any) -> Any:
    """J₁′ for |x| ≤ NEAR, where J₀ - J₁/x cancels in its own slopes."""
    return polynomial(_slope_of_first(J1_SERIES), _quarter(x, NEAR))


def y0(x: Any) -> Any:
    """Y₀, x above 0."""
    far = _out_there(x, lambda c, s, p, q: p * (s - c) + q * (c + s), P0, Q0)
    near = _in_there(Y0, x) + TWO_OVER_PI * lookup("log")(_below(x, FAR)) * lookup("j0")(x)
    return _right_of_zero(x, where(x < FAR, near, far), -inf)


def y1(x: Any) -> Any:
    """Y₁, x above 0."""
    far = _out_there(x, lambda c, s, p, q: q * (s - c) - p * (s + c), P1, Q1)
    turned = TWO_OVER_PI * lookup("log")(_below(x, FAR)) * lookup("j1")(x)
    near = x * _in_there(Y1, x) + turned - TWO_OVER_PI / _below(x, FAR)
    return _right_of_zero(x, where(x < FAR, near, far), -inf)


def _in_there(coefficients: tuple[float, ...], x: Any) -> Any:
    x = _below(x, FAR)
    return polynomial(coefficients, x * x / 32.0 - 1.0)


def _out_there(x: Any, turned: Any, p: tuple[float, ...], q: tuple[float, ...]) -> Any:
    """What P and Q are of the cosine and the sine, over √(πx); 0 at infinity."""
    is_far = where(x < FAR, 0.0, where(equal(x, inf), 0.0, 1.0))
    x = where(is_far > 0.0, x, FAR)
    r = 1.0 / x
    s = 128.0 * r * r - 1.0
    found = turned(lookup("cos")(x), lookup("sin")(x), polynomial(p, s), polynomial(q, s) * r)
    return where(is_far > 0.0, found / (ROOT_PI * lookup("sqrt")(x)), 0.0)


# -- I and K ----------------------------------------------------------------------------------------


def i0(x: Any) -> Any:
    """I₀, of both signs."""
    size = lookup("abs")(x)
    return where(size < I_FAR, polynomial(I0_SERIES, _quarter(size, I_FAR)), _grown(size, I0))


def i1(x: Any) -> Any:
    """I₁, of both signs."""
    size = lookup("abs")(x)
    far = _grown(size, I1)
    near = 0.5 * x * polynomial(I1_SERIES, _quarter(size, I_FAR))
    return where(size < I_FAR, near, where(x < 0.0, -far, far))


def i1_slope_near(x: Any) -> Any:
    """I₁′ for |x| ≤ NEAR."""
    return polynomial(_slope_of_first(I1_SERIES[:18]), _quarter(x, NEAR))


def i0e(x: Any) -> Any:
    """exp(-|x|)·I₀."""
    size = lookup("abs")(x)
    near = lookup("exp")(-size) * lookup("i0")(where(size < I_FAR, size, I_FAR))
    return where(size < I_FAR, near, _scaled_i(size, I0))


def i1e(x: Any) -> Any:
    """exp(-|x|)·I₁."""
    size = lookup("abs")(x)
    far = where(x < 0.0, -_scaled_i(size, I1), _scaled_i(size, I1))
    near = lookup("exp")(-size) * lookup("i1")(where(size < I_FAR, x, I_FAR))
    return where(size < I_FAR, near, far)


def scaled_i_slope_far(order: int, x: Any) -> Any:
    """Of exp(-x)·I the slope for x ≥ I_FAR, where what it is in other functions cancels."""
    x = _above(x, I_FAR)
    r = 1.0 / x
    s = 20.0 * r - 1.0
    own = 0.5 * polynomial((I0, I1)[order], s) + 20.0 * r * polynomial(I_SLOPES[order], s)
    return -(r * own) / lookup("sqrt")(x)


def _scaled_i(x: Any, coefficients: tuple[float, ...]) -> Any:
    x = _above(x, I_FAR)
    return polynomial(coefficients, 20.0 / x - 1.0) / lookup("sqrt")(x)


def _grown(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Times exp(x), in two factors, as that overflows first."""
    root = lookup("exp")(0.5 * _above(x, I_FAR))
    return where(equal(x, inf), x, root * (root * _scaled_i(x, coefficients)))


def k0(x: Any) -> Any:
    """K₀, x above 0."""
    return _right_of_zero(x, where(x < K_FAR, _k0_near(x), _shrunk(x, K0)), inf)


def k1(x: Any) -> Any:
    """K₁, x above 0."""
    return _right_of_zero(x, where(x < K_FAR, _k1_near(x), _shrunk(x, K1)), inf)


def k0e(x: Any) -> Any:
    """exp(x)·K₀."""
    near = lookup("exp")(_below(x, K_FAR)) * _k0_near(x)
    return _right_of_zero(x, where(x < K_FAR, near, _scaled_k(x, K0)), inf)


def k1e(x: Any) -> Any:
    """exp(x)·K₁."""
    near = lookup("exp")(_below(x, K_FAR)) * _k1_near(x)
    return _right_of_zero(x, where(x < K_FAR, near, _scaled_k(x, K1)), inf)


def scaled_k_slope_far(order: int, x: Any) -> Any:
    """Of exp(x)·K the slope for x ≥ K_FAR."""
    x = _above(x, K_FAR)
    r, t = 1.0 / x, 1.0 / (x + 1.0)
    s = 6.0 * t - 1.0
    own = 0.5 * r * polynomial((K0, K1)[order], s) + 6.0 * t * t * polynomial(K_SLOPES[order], s)
    return -own / lookup("sqrt")(x)


def _k0_near(x: Any) -> Any:
    x = _below(x, K_FAR)
    z = 0.25 * x * x
    return polynomial(K0_SERIES, z) - (lookup("log")(x) - LN2) * polynomial(I0_SERIES[:13], z)


def _k1_near(x: Any) -> Any:
    x = _below(x, K_FAR)
    z = 0.25 * x * x
    rest = (lookup("log")(x) - LN2) * polynomial(I1_SERIES[:13], z) - 0.5 * polynomial(K1_SERIES, z)
    return 1.0 / x + 0.5 * x * rest


def _scaled_k(x: Any, coefficients: tuple[float, ...]) -> Any:
    x = _above(x, K_FAR)
    return polynomial(coefficients, 6.0 / (x + 1.0) - 1.0) / lookup("sqrt")(x)


def _shrunk(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Times exp(-x), in two factors, as that underflows first."""
    root = lookup("exp")(-0.5 * _above(x, K_FAR))
    return root * (root * _scaled_k(x, coefficients))


# -- operands within bounds -------------------------------------------------------------------------


def _quarter(x: Any, most: float) -> Any:
    x = where(lookup("abs")(x) < most, x, most)
    return 0.25 * x * x


def _below(x: Any, most: float) -> Any:
    """x, and where another form is taken what does no harm."""
    return where(x > 0.0, where(x < most, x, most), most)


def _above(x: Any, least: float) -> Any:
    return where(x < least, least, x)


def _right_of_zero(x: Any, right: Any, at_zero: float) -> Any:
    return where(x < 0.0, nan, where(equal(x, 0.0), at_zero, right))
