"""Checks of derivatives: they pass what is right and find what is wrong, and say where, by how much, how surely."""

import math
import pickle
import re
from html import unescape
from itertools import pairwise

import numpy as np
import pytest

import autograd as ag
from autograd import (
    Value,
    WrongGradientError,
    check_grad,
    check_hessian,
    check_jacobian,
    compile,
    grad,
    jacobian,
    taylor_test,
)
from autograd.check.differences import AlongLine, few_steps, is_tread, ladders, scales
from autograd.errors import ArgumentError
from tests.walks.checks import count, noise, walk

# -- right is right, and wrong is wrong ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "at", "slope"),
    [
        (lambda p: -ag.log(p), 0.003, -1 / 0.003),
        (ag.log, 1e-4, 1e4),
        (lambda x: x * ag.log(x), 1e-3, math.log(1e-3) + 1),
        (lambda x: 1 / x, 0.01, -1e4),
        (lambda x: 1 / x, 1e-8, -1e16),
        (lambda x: 1 / (x - 1), 1 + 2.0**-37, -(2.0**74)),
        (lambda x: ag.sin(1000 * x), 0.001, 1000 * math.cos(1)),
        (lambda x: ag.tanh(500 * x), 0.001, 500 / math.cosh(0.5) ** 2),
        (ag.sin, 1e8, math.cos(1e8)),
        (ag.exp, -40.0, math.exp(-40)),
        (ag.exp, 1e-8, math.exp(1e-8)),
        (lambda x: ag.relu(x - 1e-6), 2e-6, 1.0),
        (lambda x: ag.relu(x), 1e-6, 1.0),
        (lambda x: ag.relu(x), -1e-6, 0.0),
        (ag.cos, 0.0, 0.0),
        (lambda x: 1e6 * ag.cos(x), 0.0, 0.0),
        (lambda x: 3.0 + 0.0 * x, 0.3, 0.0),
        (lambda x: x + 1e-9 * ag.sin(1e9 * x), 0.3, 1 + math.cos(0.3 * 1e9)),
        (lambda x: float(np.sin(np.float32(x)) * np.float32(1)), 0.7, math.cos(0.7)),
        (math.floor, 0.3, 0.0),
    ],
)  # fmt: skip
def test_a_derivative_is_judged_in_the_scale_of_the_nearest_trouble(f, at, slope):
    report = check_grad(f, at, gradient=slope)
    assert report.ok, report
    assert abs(report.derivatives[0].numeric - slope) <= report.derivatives[0].uncertainty + 1e-6 * abs(slope)
    for spoiled in (1.01 * slope or 1.0, -slope or -1.0, math.nan, math.inf):
        wrong = check_grad(f, at, gradient=spoiled)
        assert wrong.wrong, wrong
        assert not wrong


def test_thousands_of_derivatives_at_awkward_points():
    said = []
    tally = walk(96, 3, said.append)  # `python -m tests.walks.checks` walks further
    assert not said
    assert count(tally, "right", "agrees") >= 0.93 * count(tally, "right")
    assert count(tally, "spoiled", "wrong") >= 0.93 * count(tally, "spoiled")
    assert count(tally, "right") == 96


def test_even_a_small_slip_is_found():
    for slip in (1e-5, -1e-5):
        assert not check_grad(ag.exp, 0.7, gradient=math.exp(0.7) * (1 + slip))
        off = np.where(np.arange(300) == 7, 30 * slip, 0.0)
        assert not check_grad(lambda v: ag.sum(v**3), np.ones(300), gradient=3.0 + off)
    assert check_grad(ag.exp, 0.7, gradient=math.exp(0.7) * (1 + 1e-5), rtol=1e-4).ok
    assert check_grad(ag.exp, 0.7, gradient=math.exp(0.7) + 1e-5, atol=1e-4).ok


def test_beside_the_edge_of_a_domain_one_side_is_enough():
    def f(x):
        return x**3 + x if x >= 1.0 else math.log(-1.0)

    assert check_grad(f, 1.0, gradient=4.0).ok
    assert check_grad(lambda x: -f(-x + 2.0), 1.0, gradient=4.0).ok
    assert check_grad(f, 1.0, gradient=4.04).wrong
    assert check_grad(lambda x: ag.sqrt(x) * x * x, 0.0).derivatives[0].verdict != "wrong"


# -- what differences cannot tell ----------------------------------------------------------------------


def test_at_a_kink_any_slope_between_the_two_may_be_meant():
    for given in (0.0, 0.5, 1.0):
        (found,) = check_grad(ag.relu, 0.0, gradient=given).unsure
        assert found.reason == "a kink, the slope is 0 to the left, 1 to the right"
    assert check_grad(ag.relu, 0.0, gradient=1.1).wrong
    assert check_grad(abs, 0.0, gradient=-2.0).wrong
    assert "cannot tell whether the derivative agrees" in str(check_grad(abs, 0.0))


@pytest.mark.parametrize(
    ("f", "at", "given"),
    [
        (lambda x: 1 - math.tanh(x), 17.0, -1 / math.cosh(17) ** 2),  # two digits are left
        (lambda x: 1 - math.tanh(x), 25.0, -1 / math.cosh(25) ** 2),  # none is
        (lambda x: x * (1 - math.tanh(x)), 17.0, 2 / (1 + math.exp(34)) - 17 / math.cosh(17) ** 2),
        (lambda x: (1 - math.cos(x)) / x**2, 1e-7, -1e-7 / 12),
        (lambda x: 1 + 1e-6 * x * x, 1e-10, 2e-16),
        (ag.sqrt, 0.0, math.inf),
        (lambda x: math.nan * x, 1.0, 2.0),
        (lambda x: math.log(x) if x == 1.0 else math.nan, 1.0, 2.0),
        (math.floor, 92600.3, 0.0),
        (lambda x: math.floor(1000 * x) / 1000, 0.30005, 0.0),  # each tread is flat; the stairs rise by 1
    ],
)
def test_what_differences_cannot_tell_is_not_called_wrong(f, at, given):
    report = check_grad(f, at, gradient=given)
    assert report.unsure, report
    assert not report.ok
    assert report.derivatives[0].reason
    report.raise_if_wrong()


def test_treads_are_told_from_kinks_and_from_jumps_of_the_function_itself():
    def first(f, x):
        line = AlongLine(lambda x: [f(x)], x, [f(x)])
        found = [scale for steps in ladders(x) for scale in scales(line, steps, 0)]
        return is_tread(line, min(found, key=lambda scale: (scale.error, scale.step)), 0)

    assert first(lambda x: x * (1 - math.tanh(x)), 17.0)
    assert first(lambda x: math.floor(1e5 * x) / 1e5 + x, 0.300005)
    assert not first(lambda x: max(x, 0.0), 1e-6)
    assert not first(math.floor, 0.3)
    assert not first(lambda x: math.tanh(500 * x), 0.001)


@pytest.mark.parametrize("x", [0.0, 1.0, -1e8, 1e-8, 1e-200, 5e-324, 1e300])
def test_steps_are_exact_and_shrink(x):
    for steps in (few_steps(x), *ladders(x)):
        assert all(a > b > 0 for a, b in pairwise(steps))
        assert all((x + h) - x == h == x - (x - h) for h in steps if h < 0.1 * abs(x))


# -- structures ------------------------------------------------------------------------------------------


def test_a_right_gradient_passes_in_every_structure():
    assert check_grad(lambda x, y: ag.tanh(x) * y**2, 0.3, 2.0)
    assert check_grad(lambda p: p["w"][0] * ag.exp(p["b"]), {"w": [2.0, 1.0], "b": -1.0})
    assert check_grad(lambda v: ag.sum(ag.sigmoid(v) * v), np.array([[0.1, 2.0], [-3.0, 0.5]]))
    assert check_grad(lambda x: x**3, 2.0, gradient=lambda x: 3 * x**2)
    assert check_grad(lambda x: x**3, Value(2.0), gradient=Value(12.0))
    assert check_grad(lambda v, c: v[0] * v[1] * c["k"][1], (2.0, 3.0), {"k": [0.0, np.array(4.0)]})


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.tanh() ** 2,  # a method of Values
        lambda x: ag.tanh(x) ** 2,
        lambda x: math.tanh(x) ** 2,  # of numbers only
        lambda x: np.array([ag.tanh(x) ** 2]),
        lambda x: [[ag.tanh(x) ** 2]],
        compile(lambda x: ag.tanh(x) ** 2),
        compile(lambda x: [ag.tanh(x) ** 2]),
    ],
)
def test_functions_of_every_kind(f):
    slope = 2 * math.tanh(0.3) * (1 - math.tanh(0.3) ** 2)
    report = check_grad(f, 0.3, gradient=slope)
    assert report.ok and report.derivatives[0].where == "x"
    assert check_grad(f, 0.3, gradient=1.01 * slope).wrong


def test_values_that_a_function_reads_do_not_leak():
    w = Value(2.0)
    report = check_grad(lambda x: ag.sin(x * w), 0.3, gradient=lambda x: w * ag.cos(x * w))
    (found,) = report.derivatives
    assert report.ok
    assert {type(x) for x in (found.at, found.given, found.numeric, found.uncertainty, *report.point)} == {float}
    assert w.grad == 0.0


def test_arguments_that_are_not_moved():
    assert check_grad(lambda x, n, k: k * x**n, 2.0, 3, k=5.0, argnums=0).derivatives[0].numeric == (
        pytest.approx(60.0)
    )
    report = check_grad(lambda word, x: len(word) * x, "four", 2.0, argnums=(1,), gradient=[4.0])
    assert report.ok and report.derivatives[0].where == "x"
    assert check_grad(lambda x, k: k * x, 1.0, k=3, gradient=lambda x, k: k).ok
    assert check_grad(lambda word, x: len(word) * x, "four", 2.0).ok


def test_what_a_report_holds_is_plain_data():
    W = np.arange(6.0).reshape(2, 3)
    report = check_grad(lambda p, k: k * ag.sum(p["W"] * p["W"]), {"W": W, "s": [1.0]}, 2.0)
    found = report.derivatives[2]
    assert (found.where, found.path, found.at, found.given) == ("p['W'][0, 2]", ("p", "W", 0, 2), 2.0, 8.0)
    assert report.derivatives[-1].path == ("k",) and report.derivatives[-2].path == ("p", "s", 0)
    again = pickle.loads(pickle.dumps(report))
    assert again.derivatives == report.derivatives and str(again) == str(report)
    assert report.numbers == 8 and report.point[1] == 2.0


def test_keys_and_shapes_are_compared_before_numbers():
    def f(p):
        return p["a"] * p["b"] ** 2

    at = {"a": 2.0, "b": 3.0}
    assert check_grad(f, at, gradient={"b": 12.0, "a": 9.0}).ok
    W = np.arange(6.0).reshape(2, 3)
    assert check_grad(lambda W: ag.sum(W * W), W, gradient=lambda W: (2 * W).tolist()).ok
    says = "the gradient has 'x', which p has not, and lacks 'b': the keys are 'a', 'b', in any order"
    with pytest.raises(ArgumentError, match=says):
        check_grad(f, at, gradient={"x": 9.0, "a": 12.0})
    with pytest.raises(ArgumentError, match=r"the gradient is float 3\.0, expected a dict with the keys 'a', 'b'"):
        check_grad(f, at, gradient=3.0)
    with pytest.raises(ArgumentError, match=r"the gradient at 'c' has shape \(2,\), p\['c'\] has shape \(3,\)"):
        check_grad(lambda p: ag.sum(p["c"]), {"c": np.ones(3)}, gradient={"c": np.ones(2)})
    with pytest.raises(ArgumentError, match="expected a sequence of 2 as v is"):
        check_grad(lambda v: v[0] * v[1][0], [1.0, [2.0]], gradient=[1.0])


@pytest.mark.parametrize(
    ("gradient", "says"),
    [
        (lambda W: 2 * W.T, r"the gradient has shape (3, 2), W has shape (2, 3); it looks like the transpose"),
        (lambda W: W.reshape(6), r"the gradient has shape (6,), W has shape (2, 3)"),
        (lambda W: 1.0, r"the gradient is one number, W has shape (2, 3)"),
        (
            lambda W: None,
            r"the gradient is None, expected what is made as W is, of shape (2, 3): is a `return` missing?",
        ),
    ],
)
def test_a_gradient_of_another_shape_is_called_what_it_is(gradient, says):
    with pytest.raises(ArgumentError) as caught:
        check_grad(lambda W: ag.sum(W * W), np.ones((2, 3)), gradient=gradient)
    assert str(caught.value) == says


def test_a_column_is_no_row():
    with pytest.raises(ArgumentError, match="looks like the transpose"):
        check_grad(lambda x: ag.sum(x * x), np.ones((3, 1)), gradient=2 * np.ones((1, 3)))
    with pytest.raises(ArgumentError, match=r"has shape \(3,\), x has shape \(3, 1\)"):
        check_grad(lambda x: ag.sum(x * x), np.ones((3, 1)), gradient=2 * np.ones(3))


@pytest.mark.parametrize(
    ("gradient", "says"),
    [
        (lambda x, y: None, "the gradient is None, expected one entry per argument, (x, y): is a `return` missing?"),
        (lambda x, y: y, "the gradient is 2.0, expected one entry per argument, (x, y)"),
        (lambda x, y: [y], "the gradient has 1 entry, expected one entry per argument, (x, y)"),
        (lambda x, y: (y, None), "the gradient along y is None, expected one number: is a `return` missing?"),
    ],
)
def test_a_gradient_that_lacks_arguments(gradient, says):
    with pytest.raises(ArgumentError) as caught:
        check_grad(lambda x, y: x * y, 1.0, 2.0, gradient=gradient)
    assert str(caught.value) == says


def test_mistakes_are_named():
    with pytest.raises(ArgumentError, match="no point"):
        check_grad(lambda x: x)
    with pytest.raises(ArgumentError, match="holds no numbers"):
        check_grad(lambda x: 1.0, [])
    with pytest.raises(ArgumentError, match="returned 2 numbers; a gradient is of one number: check_jacobian"):
        check_grad(lambda x: [x, x], 1.0)
    with pytest.raises(ArgumentError, match="a Taylor test is of one number"):
        taylor_test(lambda x: [x, x], 1.0)
    with pytest.raises(ArgumentError, match=r"3 numbers at the point and \d beside it"):
        check_jacobian(lambda x: [x] * int(2 * x + 1), 1.0, jacobian=[1.0, 1.0, 1.0])
    with pytest.raises(ArgumentError, match="returned no numbers"):
        check_jacobian(lambda x: [], 1.0)
    with pytest.raises(ArgumentError, match="directions is how many"):
        check_grad(lambda x: x, 1.0, directions=-1)
    with pytest.raises(AttributeError, match="frobnicate"):
        check_grad(lambda x: ag.frobnicate(x), 1.0, gradient=1.0)
    with pytest.raises(ZeroDivisionError):
        check_grad(lambda x: 1 / (x - x), 1.0, gradient=1.0)


# -- words -----------------------------------------------------------------------------------------------


WITH = "with finite differences"


def three(x, y, z):
    return ag.relu(x) + y * y + z * z


@pytest.mark.parametrize(
    ("point", "gradient", "says"),
    [
        ((1.0, 2.0, 3.0), (1.0, 4.0, 6.0), f"all 3 derivatives agree {WITH}"),
        ((1.0, 2.0, 3.0), (1.0, 4.0, 7.0), f"1 of 3 derivatives disagrees {WITH}"),
        ((1.0, 2.0, 3.0), (1.0, 5.0, 7.0), f"2 of 3 derivatives disagree {WITH}"),
        ((1.0, 2.0, 3.0), (2.0, 5.0, 7.0), f"all 3 derivatives disagree {WITH}"),
        ((0.0, 2.0, 3.0), (0.5, 4.0, 6.0), f"2 of 3 derivatives agree {WITH}; of 1 they cannot tell"),
        (
            (0.0, 2.0, 3.0),
            (0.5, 5.0, 6.0),
            "1 of 3 derivatives disagrees with finite differences; of 1 they cannot tell",
        ),
    ],
)
def test_the_headline(point, gradient, says):
    assert str(check_grad(three, *point, gradient=gradient)).splitlines()[0] == f"the given gradient: {says}"


def test_the_headline_of_one():
    assert "gradient: the derivative agrees with finite differences\n" in str(check_grad(ag.exp, 1.0))
    assert "gradient: the derivative disagrees with finite differences\n" in str(check_grad(ag.exp, 1.0, gradient=1.0))


def test_a_report_shows_itself():
    report = check_grad(three, 0.0, 2.0, 3.0, gradient=(0.5, 4.0, 7.0))
    assert repr(report) == str(report)
    assert report._repr_html_().startswith("<pre ")
    assert unescape(re.sub("<[^>]*>", "", report._repr_html_())) == str(report)
    lines = str(report).splitlines()
    assert lines[1].split() == ["at", "given", "numeric", "off", "by"]
    assert lines[2].endswith("cannot tell: a kink, the slope is 0 to the left, 1 to the right")
    assert lines[4].split() == ["z", "3", "7", "6", "1"]
    test = taylor_test(ag.exp, 1.0)
    assert repr(test) == str(test) and test._repr_html_().startswith("<pre")


def test_of_a_long_table_what_disagrees_is_shown():
    v = np.linspace(0.1, 3.0, 40)
    report = check_grad(lambda v: ag.sum(v * v), v)
    assert str(report).splitlines() == ["autograd's gradient: all 40 derivatives agree with finite differences"]
    report = check_grad(lambda v: ag.sum(v * v), v, gradient=2 * v + (np.arange(40) == 7))
    assert len(str(report).splitlines()) == 3 and "v[7]" in str(report)
    assert "… and 16 more" in str(check_grad(lambda v: ag.sum(v * v), v, gradient=3 * v))


def test_a_wrong_derivative_is_found_named_and_measured():
    # the slip on the lecture's last slide: the square outside the parenthesis
    report = check_grad(
        lambda w: ag.tanh(w[0]) + ag.square(w[1]),
        [0.5, 3.0],
        gradient=lambda w: [(1 - ag.tanh(w[0])) ** 2, 2 * w[1]],
    )
    assert not report
    (wrong,) = report.wrong
    assert wrong.where == "w[0]" and wrong.at == 0.5
    assert wrong.error == pytest.approx((1 - math.tanh(0.5)) ** 2 - (1 - math.tanh(0.5) ** 2), rel=1e-6)
    with pytest.raises(WrongGradientError, match=r"1 of 2 derivatives disagrees[^$]*w\[0\]"):
        report.raise_if_wrong()


# -- Jacobians and Hessians ------------------------------------------------------------------------------


def outputs(v, k):
    return {"a": [v[0] * v[1], ag.sin(k) * v[1]], "b": k * k}


def test_jacobians():
    point = (np.array([2.0, 3.0]), 0.5)
    report = check_jacobian(outputs, *point)
    assert report.ok and len(report.derivatives) == 9
    assert check_jacobian(outputs, *point, jacobian=jacobian(outputs, (0, 1))).ok
    right = {"a": [([3.0, 2.0], 0.0), ([0.0, math.sin(0.5)], math.cos(0.5) * 3)], "b": ([0.0, 0.0], 1.0)}
    assert check_jacobian(outputs, *point, jacobian=right).ok
    right["b"] = ([0.0, 0.0], 1.01)
    (wrong,) = check_jacobian(outputs, *point, jacobian=right).wrong
    assert (wrong.of, wrong.where, wrong.at) == ("f['b']", "k", 0.5)
    assert check_jacobian(ag.exp, 1.0).ok
    assert check_jacobian(lambda v: v * 2, [1.0], argnums=0, jacobian=[[1.0], [1.0]]).ok


def test_a_jacobian_of_another_shape():
    with pytest.raises(ArgumentError) as caught:
        check_jacobian(lambda v: [v[0], v[1], v[0]], np.ones(2), jacobian=np.ones((2, 3)))
    assert "has shape (2, 3), outputs by inputs has shape (3, 2); it looks like the transpose" in str(caught.value)


def test_hessians():
    def f(x, v):
        return ag.sin(x) * v[0] ** 3 * v[1]

    point = (0.7, np.array([1.5, -2.0]))
    report = check_hessian(f, *point)
    assert report.ok and len(report.derivatives) == 9
    assert [(d.of, d.where) for d in report.derivatives][5] == ("v[0]", "v[1]")
    H = ag.hessian(lambda v: ag.sin(v[0]) * v[1] ** 3)(np.array([0.7, 1.5]))
    assert check_hessian(lambda v: ag.sin(v[0]) * v[1] ** 3, np.array([0.7, 1.5]), hessian=H).ok
    H[0, 1] *= 1.01
    (wrong,) = check_hessian(lambda v: ag.sin(v[0]) * v[1] ** 3, np.array([0.7, 1.5]), hessian=H).wrong
    assert (wrong.of, wrong.where) == ("v[0]", "v[1]")
    # of numbers only: the gradient is handed in
    assert check_hessian(lambda x: x**3, 2.0, gradient=lambda a: 3 * a * a).derivatives[0].where == "x"
    assert check_hessian(math.sin, 0.7, gradient=math.cos, hessian=lambda x: -math.sin(x)).ok
    assert not check_hessian(math.sin, 0.7, gradient=math.cos, hessian=math.sin)
    with pytest.raises(ArgumentError, match="the Hessian has shape"):
        check_hessian(lambda v: ag.sum(v**3), np.ones(3), hessian=np.ones(3))


# -- directions ------------------------------------------------------------------------------------------


def many(p):
    return np.sum(np.tanh(p["W"] * 0.5) ** 2) + ag.sum(p["b"] ** 3)


POINT = {"W": np.random.default_rng(0).normal(size=(40, 50)), "b": np.linspace(0.5, 1.0, 7)}


def test_many_numbers_are_checked_along_random_directions():
    report = check_grad(many, POINT)
    assert report.ok and len(report.directions) == 2 and not report.derivatives
    says = "it agrees with finite differences along both random directions through 2,007 numbers"
    assert str(report).splitlines()[0] == f"autograd's gradient: {says}"
    assert check_grad(many, POINT).directions == report.directions
    assert check_grad(many, POINT, seed=1).directions != report.directions
    assert len(check_grad(many, {"W": POINT["W"][:2], "b": POINT["b"]}).derivatives) == 107
    assert len(check_grad(lambda v: v[0] * v[1], [1.0, 2.0], directions=1).directions) == 1


@pytest.mark.parametrize(("key", "place"), [("W", (17, 3)), ("W", (0, 0)), ("b", (6,))])
def test_one_that_is_off_is_located(key, place):
    found = grad(many)(POINT)
    found[key][place] *= 1.01
    report = check_grad(many, POINT, gradient=found)
    (wrong,) = report.wrong
    assert wrong.path == ("p", key, *place) and wrong.given == found[key][place]
    assert wrong.error == pytest.approx(found[key][place] * (1 - 1 / 1.01), rel=1e-4)
    assert "it disagrees with finite differences along both random directions" in str(report)


def test_a_block_that_is_off_is_named():
    found = grad(many)(POINT)
    found["W"] = -found["W"]
    report = check_grad(many, POINT, gradient=found)
    assert report.wrong and all(d.where.startswith("p['W']") and d.size > 1 for d in report.wrong)


def test_a_direction_that_is_too_noisy_to_show_one_number_says_so():
    def noisy(v):
        return np.sum(np.tanh(v)) + 1e-4 * noise(float(np.sum(v)))

    v = POINT["W"].ravel()[:300]
    report = check_grad(noisy, v, gradient=1 - np.tanh(v) ** 2)
    assert not report.wrong and report.unsure
    assert check_grad(lambda v: np.sum(0.0 * v), v).ok


def test_directions_of_jacobians():
    point = POINT["W"].ravel()[:300]

    def f(v):
        return [ag.sum(ag.sin(v)), v[0] * v[299], ag.sum(v * v)]

    J = np.array(jacobian(f)(point))
    assert check_jacobian(f, point, jacobian=J).ok
    J[1, 299] += 0.1
    (wrong,) = check_jacobian(f, point, jacobian=J).wrong
    assert (wrong.of, wrong.where) == ("f[1]", "v[299]")


# -- one number ------------------------------------------------------------------------------------------


def test_the_remainder_of_a_right_gradient_is_of_order_2():
    test = taylor_test(lambda x, v: ag.sin(x) * v[0] * ag.exp(v[1]), 0.5, [2.0, 0.1])
    assert test and float(test) == test.order == pytest.approx(2.0, abs=0.05)
    assert test.order_without == pytest.approx(1.0, abs=0.05)
    wrong = taylor_test(lambda x: ag.sin(x), 0.5, gradient=0.9)
    assert not wrong and wrong.order == pytest.approx(1.0, abs=0.05)
    assert taylor_test(lambda x: 3 * x, 0.5).order == math.inf
    assert taylor_test(ag.sin, 0.0).order == pytest.approx(3.0, abs=0.05)
    assert math.isnan(taylor_test(lambda x: 1 / x - 1 / x + math.nan, 0.5, gradient=0.0).order)
    along = taylor_test(lambda v: v[0] ** 2 + v[1], [1.0, 1.0], direction=[0.0, 1.0])
    assert along.order == math.inf
    with pytest.raises(ArgumentError, match="the direction has shape"):
        taylor_test(lambda v: v[0] * v[1], [1.0, 1.0], direction=[1.0])


def test_a_function_that_writes_into_its_arguments_is_asked_anew_each_time():
    assert check_grad(lambda x: (x.sort(), np.dot(x, [1.0, 2.0, 3.0]))[1], np.array([3.0, 1.0, 2.0])).ok
    assert check_grad(lambda d: d.pop("a") * d["b"], {"a": 1.0, "b": 2.0}).ok


def test_pythons_complex_powers_are_outside_of_the_domain():
    assert check_grad(lambda x: x**1.5, 0.0).unsure and not check_grad(lambda x: x**1.5, 0.0).wrong
    assert check_grad(lambda x: x**0.5, 0.0).unsure
