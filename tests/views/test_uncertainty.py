"""The GUM's own examples to the digits that it prints, and the propagation of uncertainty against random numbers."""

from __future__ import annotations

import math
from html.parser import HTMLParser

import mpmath
import numpy as np
import pytest
from scipy import stats

import viz
from autograd import Value, cos, exp, log, no_grad, scope, sin, sqrt
from autograd import sum as total
from autograd.errors import ArgumentError, GraphError, NonFiniteError, OperandError
from viz.uncertainty.propagation import coverage_factor


def named(**leaves):
    return [Value(x, name=name) for name, x in leaves.items()]


# -- the examples of JCGM 100:2008, annex H -----------------------------------------------------------


def gauge():
    """H.1: an end gauge, in nm and °C."""
    l_S, d, δα, θ, α_S, δθ = named(l_S=50.000623e6, d=215.0, δα=0.0, θ=-0.1, α_S=11.5e-6, δθ=0.0)
    length = l_S + d - l_S * (δα * θ + α_S * δθ)
    length.name = "l"
    u = {l_S: 25.0, d: 9.7, δα: 0.58e-6, θ: 0.41, α_S: 1.2e-6, δθ: 0.029}
    return length, u, {l_S: 18, d: 25.6, δα: 50, δθ: 2}


def test_h1_the_end_gauge():
    length, u, degrees = gauge()
    found = viz.uncertainty_budget(length, u, degrees=degrees)
    assert round(found.value) == 50_000_838
    assert [f"{abs(entry.contribution):.1f}" for entry in found.entries] == ["25.0", "9.7", "2.9", "0.0", "0.0", "16.7"]
    assert round(found.u) == 32
    assert f"{found.degrees:.0f}" in ("16", "17")
    assert math.floor(found.degrees) == 16
    assert round(found.expanded(0.99)) == 93
    assert sum(entry.share for entry in found.entries) == pytest.approx(1)


def test_h1_to_second_order():
    length, u, _ = gauge()
    found = viz.uncertainty_budget(length, u, order=2, samples=200_000, seed=3)
    assert round(found.u) == 34
    second = sorted(math.sqrt(x) for x in (found.second.variance - (50e6 * 1.2e-6 * 0.029) ** 2, 3.0276))
    assert [f"{x:.1f}" for x in second] == ["1.7", "11.9"]  # the GUM has 11.7 and 1.7, from rounded products
    assert found.check.u == pytest.approx(found.u, rel=0.01)


VOLTS = [5.007, 4.994, 5.005, 4.990, 4.999]
MILLIAMPERES = [19.663, 19.639, 19.640, 19.685, 19.678]
RADIANS = [1.0456, 1.0438, 1.0468, 1.0428, 1.0433]


def impedance(u=None):
    """The budgets of R, X and Z from the means of H.2's observations, and u of these means, given or computed."""
    observed = np.array([VOLTS, np.array(MILLIAMPERES) / 1000, RADIANS])
    V, A, φ = (Value(float(x), name=n) for x, n in zip(observed.mean(axis=1), ("V", "I", "φ"), strict=True))
    sizes = (observed.std(axis=1, ddof=1) / math.sqrt(5)).tolist() if u is None else u
    u, r = dict(zip((V, A, φ), sizes, strict=True)), np.corrcoef(observed)
    pairs = {(V, A): r[0, 1], (V, φ): r[0, 2], (A, φ): r[1, 2]}
    assert [f"{x:.2f}" for x in pairs.values()] == ["-0.36", "0.86", "-0.65"]
    R, X = (viz.uncertainty_budget(f, u, correlation=pairs) for f in (V / A * cos(φ), V / A * sin(φ)))
    return R, X, viz.uncertainty_budget(V / A, {V: u[V], A: u[A]}, correlation={(A, V): r[0, 1]})


def test_h2_resistance_and_reactance():
    R, X, Z = impedance()
    assert [f"{each.value:.3f}" for each in (R, X, Z)] == ["127.732", "219.847", "254.260"]
    assert [f"{each.u:.3f}" for each in (R, X, Z)] == [
        "0.071",
        "0.296",
        "0.236",
    ]  # the GUM prints 0.295 for X: see below
    pairs = [R.correlation(X), R.correlation(Z), X.correlation(Z)]
    assert [f"{x:.3f}" for x in pairs] == ["-0.588", "-0.485", "0.993"]


def test_h2_prints_what_its_rounded_inputs_give():
    """JCGM 100:2008, table H.3, has u(X) = 0.295 Ω; from the observations it is 0.29558 Ω.

    Two ways lead to what is printed: from u of V, I and φ as table H.2 prints them, with two digits (their
    correlations as they are: with these too as printed R is 0.070), and the second approach, of table H.4, the mean
    of five X, which is not linear in the same numbers and 0.0001 Ω smaller.
    """
    R, X, Z = impedance(u=[0.0032, 0.0095e-3, 0.00075])
    assert [f"{each.u:.3f}" for each in (R, X, Z)] == ["0.071", "0.295", "0.236"]
    with mpmath.workdps(50):
        V, A, φ = ([mpmath.mpf(str(x)) for x in column] for column in (VOLTS, MILLIAMPERES, RADIANS))
        A = [x / 1000 for x in A]
        five = [v / a * mpmath.sin(p) for v, a, p in zip(V, A, φ, strict=True)]
        assert mpmath.nstr(_of_the_mean(five, five) ** 0.5, 6) == "0.295489"
        v, a, p = (sum(column) / 5 for column in (V, A, φ))
        slopes = (mpmath.sin(p) / a, -v * mpmath.sin(p) / a**2, v / a * mpmath.cos(p))
        exact = sum(
            c * d * _of_the_mean(x, y) for c, x in zip(slopes, (V, A, φ), strict=True)
            for d, y in zip(slopes, (V, A, φ), strict=True)
        ) ** 0.5  # fmt: skip
        assert mpmath.nstr(exact, 9) == "0.295581677"
        assert impedance()[1].u == pytest.approx(float(exact), rel=1e-9)


def _of_the_mean(x, y):
    """The covariance of the means of five observations."""
    return sum((a - sum(x) / 5) * (b - sum(y) / 5) for a, b in zip(x, y, strict=True)) / 20


def test_h3_a_thermometer():
    t = np.array([21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]) - 20
    b = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]
    values = [Value(x, name=f"b{k}") for k, x in enumerate(b, 1)]
    slope = total([float(w) * x for w, x in zip(t - t.mean(), values, strict=True)]) / float(
        ((t - t.mean()) ** 2).sum()
    )
    start = total(values) / 11 - slope * float(t.mean())
    residuals = [x - (start.data + slope.data * s) for x, s in zip(b, t, strict=True)]
    s = math.sqrt(sum(x * x for x in residuals) / 9)
    assert f"{s:.4f}" == "0.0035"
    u = dict.fromkeys(values, s)
    y1, y2 = viz.uncertainty_budget(start, u), viz.uncertainty_budget(slope, u)
    assert (f"{y1.value:.4f}", f"{y1.u:.4f}") == ("-0.1712", "0.0029")
    assert (f"{y2.value:.5f}", f"{y2.u:.5f}") == ("0.00218", "0.00067")
    assert f"{y1.correlation(y2):.3f}" == "-0.930"
    at, per = named(y1=y1.value, y2=y2.value)
    found = viz.uncertainty_budget(at + per * 10.0, {at: y1.u, per: y2.u}, correlation={(at, per): y1.correlation(y2)})
    assert (f"{found.value:.4f}", f"{found.u:.4f}") == ("-0.1494", "0.0041")


# -- against others -----------------------------------------------------------------------------------


@pytest.mark.parametrize("r", [0.0, 0.6, -1.0])
def test_second_order_is_exact_of_a_quadratic_and_as_random_numbers_have_it(r):
    x, y = named(x=1.0, y=-0.5)
    f = x * x + 3 * x * y - 0.5 * y * y + 2 * x
    found = viz.uncertainty_budget(f, {x: 0.3, y: 0.4}, correlation={(x, y): r}, order=2, samples=400_000, seed=1)
    assert found.check.u == pytest.approx(found.u, rel=0.01)
    assert found.check.mean == pytest.approx(found.value + found.second.shift, abs=0.01)


def test_third_derivatives_count():
    (x,) = named(x=0.2)
    found = viz.uncertainty_budget(x**3 + x, {x: 0.1}, order=2, samples=400_000, seed=2)
    g, h, t = 3 * 0.04 + 1, 6 * 0.2, 6.0
    assert found.u == pytest.approx(math.sqrt(g * g * 0.01 + (h * h / 2 + g * t) * 1e-4), rel=1e-12)
    assert found.check.u == pytest.approx(found.u, rel=0.01)


@pytest.mark.parametrize("degrees", [1, 2, 7.5, 16, 120])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.9973])
def test_coverage_is_that_of_student(level, degrees):
    assert coverage_factor(level, degrees) == pytest.approx(stats.t.ppf(0.5 + level / 2, degrees), rel=1e-9)


@pytest.mark.parametrize("shape", ["normal", "rectangular", "triangular", "arcsine"])
def test_shapes_have_the_uncertainty_that_was_given(shape):
    x, y = named(x=1.0, y=2.0)
    found = viz.uncertainty_budget(x + y * 0.0, {x: 0.5}, samples=200_000, seed=5, shapes={x: shape}).check
    assert (found.mean, found.u) == (pytest.approx(3.0 - 2, abs=0.01), pytest.approx(0.5, rel=0.01))
    half = {"normal": 1.96, "rectangular": 0.95 * math.sqrt(3), "triangular": math.sqrt(6) * (1 - math.sqrt(0.05)),
            "arcsine": math.sqrt(2) * math.sin(0.95 * math.pi / 2)}  # fmt: skip
    assert (found.high - found.low) / 2 == pytest.approx(0.5 * half[shape], rel=0.01)
    again = viz.uncertainty_budget(x + y * 0.0, {x: 0.5}, samples=200_000, seed=5, shapes={"x": shape}).check
    assert again == found


def test_inside_of_no_grad():
    (x,) = named(x=0.2)
    y = x**3 + x
    found = viz.uncertainty_budget(y, {x: 0.1}, order=2)
    with no_grad():
        assert viz.uncertainty_budget(y, {x: 0.1}, order=2).u == found.u
        assert viz.changed(y, {x: 0.0}, {x: 1.0}).difference == 2.0


def test_leaves_that_have_moved():
    (x,) = named(x=1.0)
    y = x * x
    x.data = 3.0
    found = viz.uncertainty_budget(y, {x: 0.1}, samples=1000)
    assert (found.value, found.u) == (9.0, pytest.approx(0.6))
    assert found.check.mean == pytest.approx(9, abs=0.1)
    assert "computed anew" in str(found)
    assert found.derivations


# -- around it ----------------------------------------------------------------------------------------


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.inside = [], False

    def handle_starttag(self, tag, attrs):
        self.inside = tag in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.found.append(data)


def test_text_latex_and_html_say_the_same():
    length, u, degrees = gauge()
    found = viz.uncertainty_budget(length, u, degrees=degrees, order=2, samples=1000)
    cells = Cells()
    cells.feed(found.html)
    for cell in filter(None, cells.found):
        assert cell in str(found)
    assert "∂l/∂θ" in found.html
    assert found.html.count('<div class="derivation"') == 6
    assert r"\begin{tabular}{lrrrrr}" in found.latex
    assert found.latex.count(r"\begin{aligned}") == 6
    assert "first order alone: u = 31.7" in str(found)
    assert "Monte Carlo, 1,000 draws from seed 0" in str(found)


def test_hostile_names():
    x = Value(1.0, name="</td><script>")
    found = viz.uncertainty_budget(x * 2, {x: 0.1})
    assert "<script>" not in found.html
    assert r"\$" in viz.uncertainty_budget(Value(1.0, name="$x$") * 2, {"$x$": 0.1}).latex


def test_inputs_by_name_and_names_of_variables():
    with scope("model"):
        x, y = named(x=2.0, y=3.0)
        z = sqrt(x * x + y * y)
    found = viz.uncertainty_budget(z, {"x": 0.1, "y": 0.2}, names={"z": z})
    assert (found.name, found.u) == ("z", pytest.approx(math.hypot(2 * 0.1, 3 * 0.2) / math.sqrt(13)))


def test_what_is_not_finite_has_no_uncertainty():
    (x,) = named(x=1.0)
    with pytest.raises(NonFiniteError, match="t₂ is nan, of which nobody knows"):
        viz.uncertainty_budget(log(x - 2), {x: 0.1})
    with pytest.raises(NonFiniteError, match="the sensitivity of t₂ to x is inf"):
        viz.uncertainty_budget(sqrt(x - 1), {x: 0.1})


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_squares_that_are_no_floats_cost_no_digit(size):
    x, y = named(x=1.0, y=2.0)
    budget = viz.uncertainty_budget(x * size * 3 + y * size * 4, {x: 0.1, y: 0.1}, degrees={x: 5})
    assert budget.u == pytest.approx(0.5 * size, rel=1e-15)
    assert [entry.share for entry in budget.entries] == pytest.approx([0.36, 0.64], rel=1e-14)
    assert budget.degrees == pytest.approx(5 / 0.36**2, rel=1e-14)
    with pytest.raises(ArgumentError, match=r"the square of u\(x\) = 1e-170 is no float: state x in another unit"):
        viz.uncertainty_budget(x * 1e170, {x: 1e-170})


def test_mistakes():
    x, y, other = named(x=1.0, y=2.0, other=3.0)
    f = x * y
    budget = viz.uncertainty_budget
    with pytest.raises(OperandError):
        budget(1.0, {x: 0.1})
    with pytest.raises(GraphError, match="was not computed from it"):
        budget(f, {other: 0.1})
    with pytest.raises(GraphError, match="was computed"):
        budget(f + 1, {f: 0.1})
    with pytest.raises(OperandError):
        budget(f, {x: "0.1"})
    for u in (-0.1, math.nan, math.inf):
        with pytest.raises(ArgumentError, match="from 0 up"):
            budget(f, {x: u})
    for pairs in ({(x, y): 1.5}, {(x, x): 0.5}, {(x, y): 0.1, (y, x): 0.2}, {x: 0.3}, {(x, y): math.nan}):
        with pytest.raises(ArgumentError, match="correlation"):
            budget(f, {x: 0.1, y: 0.1}, correlation=pairs)
    z = Value(1.0)
    with pytest.raises(ArgumentError, match="cannot all hold"):
        budget(f * z, {x: 1, y: 1, z: 1}, correlation={(x, y): 0.9, (y, z): 0.9, (x, z): -0.9})
    with pytest.raises(ArgumentError, match="has no uncertainty"):
        budget(f, {x: 0.1}, correlation={(x, y): 0.5})
    with pytest.raises(ArgumentError, match="twice"):
        budget(f, {x: 0.1, "x": 0.1})
    with pytest.raises(ArgumentError, match="order is 1 or 2"):
        budget(f, {x: 0.1}, order=3)
    with pytest.raises(ArgumentError, match="samples"):
        budget(f, {x: 0.1}, samples=-1)
    with pytest.raises(ArgumentError, match="a shape is"):
        budget(f, {x: 0.1}, shapes={x: "round"})
    with pytest.raises(ArgumentError, match="can then only be normal"):
        budget(f, {x: 0.1, y: 0.1}, correlation={(x, y): 0.5}, shapes={x: "arcsine"})
    with pytest.raises(ArgumentError, match="level"):
        budget(f, {x: 0.1}).expanded(95)
    with pytest.raises(ArgumentError, match="nobody knows"):
        budget(f, {x: 0.1, y: 0.1}, correlation={(x, y): 0.5}, degrees={x: 4}).expanded()
    with pytest.raises(ArgumentError, match="no finite result"):
        budget(exp(x * 700), {x: 1.0}, samples=100)
    with pytest.raises(ArgumentError, match="the same inputs"):
        budget(f, {x: 0.1}).correlation(budget(f, {x: 0.2}))


def test_a_function_is_told_what_to_do_however_it_is_handed_in():
    for given in (({"x": 0.1},), (), (2.0, {"x": 0.1})):
        with pytest.raises(OperandError, match=r"of a Value, .* got function: call it with Values"):
            viz.uncertainty_budget(lambda x: x * x, *given)
    (x,) = named(x=2.0)
    with pytest.raises(ArgumentError, match="got 1 more: the rest has names"):
        viz.uncertainty_budget(x * x, {x: 0.1}, 2)
    with pytest.raises(ArgumentError, match="uncertainties are"):
        viz.uncertainty_budget(x * x)
