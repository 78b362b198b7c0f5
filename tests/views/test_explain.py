"""Explanations of wrong gradients: each kind of slip named where it is, and nothing named where there is none."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

import viz
from autograd import (
    Value,
    check_grad,
    check_hessian,
    check_jacobian,
    compile,
    cos,
    dot,
    exp,
    log,
    matmul,
    scan,
    sigmoid,
    sin,
    tanh,
)
from autograd.errors import ArgumentError
from benchmarks import explain as measure
from benchmarks.spoiled import DERIVATIONS
from demos.lecture.network import WEIGHTS, X, Y, forward
from nn import half_squared_error
from viz.explain import explain, explain_deltas


def first(f, *point, **given):
    """The first mistake of the first explanation."""
    found = explain(check_grad(f, *point, **given))
    assert found.status == "found", found
    return found.explanations[0].mistakes[0]


def named(z, name):
    if isinstance(z, Value):
        z.name = name
    return z


# -- one edge -----------------------------------------------------------------------------------------


def neuron(w, x):
    z = named(w * x, "z")
    return named(tanh(z), "a") * 3.0


@pytest.mark.parametrize(
    ("slope", "written"),
    [
        (lambda a, z: 1 - a, "1 - a"),
        (lambda a, z: a * (1 - a), "a·(1 - a)"),
        (lambda a, z: 1 - z * z, "1 - z²"),
        (lambda a, z: (1 - a) ** 2, "(1 - a)²"),
        (lambda a, z: 1 / (1 + z * z), "1/(1 + z²)"),
        (lambda a, z: a, "a"),
        (lambda a, z: 1 + a * a, "1 + a²"),
        (lambda a, z: 1.0, "1"),
    ],
)
def test_another_formula_is_said_beside_the_right_one(slope, written):
    def gradient(w, x):
        d = 3 * slope(math.tanh(w * x), w * x)
        return d * x, d * w

    found = explain(check_grad(neuron, 0.6, 0.9, gradient=gradient))
    assert f"{written} is written for 1 - a² at a = tanh(z)" in map(str, found.best)
    assert found.points == 3


def test_the_rule_the_line_and_the_correction_stand_beside_it():
    mistake = first(neuron, 0.6, 0.9, gradient=lambda w, x: tuple(3 * (1 - math.tanh(w * x)) * v for v in (x, w)))
    assert mistake.said == "1 - a is written for 1 - a² at a = tanh(z)"
    assert mistake.rule == "∂a/∂z = 1 - a²" and mistake.corrected == "δ(z) = δ(a)·(1 - a²)"
    assert __file__ in mistake.line


def test_what_is_left_out_is_a_way_back():
    def f(x):
        return named(sin(x), "s") * named(exp(x), "e")

    found = explain(check_grad(f, 0.4, gradient=lambda x: math.cos(x) * math.exp(x)))
    assert {e.mistakes[0].node for e in found.best} >= {"e", "t₁"}  # the way from s·e over e, wherever it is cut
    assert "the way from e back to x is left out, at e = e^x" in map(str, found.best)


def test_a_factor_of_an_average_is_found_among_its_numbers():
    def f(w):
        return named(sum(w[i] * w[i] for i in range(5)) / 5.0, "mean")

    found = explain(check_grad(f, [0.3, -0.4, 0.5, 1.0, 2.0], gradient=lambda w: [2 * x for x in w]))
    assert any("is written for 0.2 at mean" in str(e) for e in found.best)


def test_degrees_are_told():
    found = explain(check_grad(lambda t: sin(t * (math.pi / 180)), 40.0, gradient=lambda t: math.cos(math.radians(t))))
    assert any("1 is written for 0.0174" in str(e) for e in found.best)


def test_a_slope_at_another_node():
    def f(a, b):
        return named(sin(named(a * b, "ab")), "s") * b

    mistake = first(f, 0.7, 1.3, gradient=lambda a, b: (math.cos(a) * b * b, math.sin(a * b) + math.cos(a) * a * b))
    assert mistake.said == "the slope at a is written for cos(ab) at s = sin(ab)"


def test_a_constant_of_the_program_that_became_another():
    found = first(lambda x: exp(x * 7.848) * 0.01, 0.2, gradient=lambda x: 0.01 * 0.8 * math.exp(7.848 * x))
    assert "0.8 is written for 7.848" in found.said


# -- many edges ----------------------------------------------------------------------------------------


def network(W1, b1, W2):
    x = [0.5, -1.0, 0.3]
    a = [named(sigmoid(named(dot(W1[i], x, b1[i]), f"z{i}")), f"a{i}") for i in range(3)]
    e = named(named(dot(W2, a), "o") - 0.7, "e")
    return named(e * e / 2.0, "J")


WEIGHTS_3 = ([[0.3, -0.4, 0.2], [0.8, 0.1, -0.6], [-0.5, 0.7, 0.4]], [0.1, -0.1, 0.2], [0.7, -0.5, 0.9])


def by_hand(slope=lambda a: a * (1 - a), turn=lambda g: g, half=1.0):
    x = np.array([0.5, -1.0, 0.3])

    def gradient(W1, b1, W2):
        a = 1 / (1 + np.exp(-(np.asarray(W1) @ x + b1)))
        e = half * (a @ W2 - 0.7)
        d = e * np.asarray(W2) * slope(a)
        return turn(np.outer(d, x)).tolist(), d.tolist(), (e * a).tolist()

    return gradient


def test_a_formula_that_is_wrong_in_a_layer_is_one_mistake():
    mistake = first(network, *WEIGHTS_3, gradient=by_hand(lambda a: 1 - a * a))
    assert mistake.said == "1 - a0² is written for a0·(1 - a0) at a0 = σ(z0), and so at a1, a2"
    assert len(mistake.edges) == 3


def test_a_block_that_was_transposed():
    assert first(network, *WEIGHTS_3, gradient=by_hand(turn=lambda g: g.T)).said == (
        "the derivative along W1 is replaced by its transpose"
    )


def test_where_a_stretch_cannot_be_told_apart_all_of_it_is_said():
    found = explain(check_grad(network, *WEIGHTS_3, gradient=by_hand(half=2.0)))
    nodes = {e.mistakes[0].node for e in found.best}
    assert {"J", "e", "t₁"} <= nodes
    assert "or as well, if" in str(found) and "what else fits" in str(found)


def test_two_at_once_are_both_named():
    gradient = by_hand(lambda a: 1 - a, lambda g: -g)
    check = check_grad(network, *WEIGHTS_3, gradient=gradient)
    assert explain(check).status == "none"
    found = explain(check, mistakes=2)
    assert all(len(e.mistakes) == 2 for e in found.best)
    one, other = found.explanations[0].mistakes
    assert one.said == "1 - a0 is written for a0·(1 - a0) at a0 = σ(z0), and so at a1, a2"
    assert other.said.startswith("-0.5 is written for 0.5 at z0 =") and other.said.endswith("and so at z1, z2")
    assert "the derivative along W1 is replaced by its negative" in {e.mistakes[1].said for e in found.explanations}


# -- matrices --------------------------------------------------------------------------------------------


def test_a_jacobian_transposed_and_one_with_a_wrong_step():
    def f(v):
        return np.array([v[0] * v[1], sin(v[0]), v[1] * v[1] * v[2]])

    def jacobian(v, s=math.cos):
        return np.array([[v[1], v[0], 0], [s(v[0]), 0, 0], [0, 2 * v[1] * v[2], v[1] ** 2]])

    at = np.array([0.4, 0.9, -0.3])
    found = explain(check_jacobian(f, at, jacobian=lambda v: jacobian(v).T))
    assert found.explanations[0].mistakes[0].kind == "transposed"
    found = explain(check_jacobian(f, at, jacobian=lambda v: jacobian(v, lambda t: -math.cos(t))))
    assert any("-cos(v[0]) is written for cos(v[0])" in str(e) for e in found.best)


def test_a_hessian_whose_second_order_part_was_left_out():
    def f(x, y):
        return named(exp(named(x * y, "xy")), "e")

    def gauss_newton(x, y):
        e = math.exp(x * y)
        return ((y * y * e, x * y * e), (x * y * e, x * x * e))

    found = explain(check_hessian(f, 0.4, 0.7, hessian=gauss_newton))
    assert found.status == "found" and found.explanations[0].mistakes[0].kind == "left out"
    assert found.explanations[0].mistakes[0].said.startswith("the way from t₁ back to y is left out, at t₁ = e·y")


# -- the lecture -----------------------------------------------------------------------------------------


def numbers(nodes):
    return np.vectorize(lambda v: v.data)(nodes)


def test_the_lectures_slides_layer_by_layer():
    net = forward(X[:4], WEIGHTS)
    J = net.loss(Y)
    A2, A3, t = map(numbers, net.A[1:])
    delta4 = (Y - t) * -((1 - t) ** 2)  # the square is outside
    delta3 = delta4 @ WEIGHTS[2].T * 1 - A3**2  # without the parentheses
    delta2 = delta3 @ WEIGHTS[1].T * 1 - A2**2
    given = {tuple(Z.ravel()): d for Z, d in zip(net.Z, (delta2, delta3, delta4), strict=True)}
    by_layer = explain_deltas(J, given)
    said = [found.explanations[0].mistakes[0] for found in by_layer]
    assert said[0].said.startswith("(1 - t₁₂)") and "is written for 1 - t₁₂²" in said[0].said
    assert [m.kind for m in said[1:]] == ["parentheses lost"] * 2
    assert [len(m.edges) for m in said] == [4, 8, 12]


def test_the_lectures_product_in_the_wrong_order():
    _, W2, W3 = WEIGHTS

    def f(W):
        return half_squared_error(tanh(matmul(tanh(matmul(tanh(matmul(X[:3], W)), W2)), W3)), Y[:3])

    def gradient(W):
        a = np.tanh(X[:3] @ W)
        b = np.tanh(a @ W2)
        c = np.tanh(b @ W3)
        delta3 = (-(Y[:3] - c) * (1 - c * c)) @ W3.T * (1 - b * b)
        return (delta3 @ W2.T * (1 - a * a)) @ X[:3]

    assert first(f, WEIGHTS[0], gradient=gradient).said.endswith("replaced by δ·X, where it is Xᵀ·δ")


def test_a_delta_by_an_untransposed_square_matrix():
    dice = np.random.default_rng(0)
    V = [dice.normal(size=(3, 3)), dice.normal(size=(3, 3)), dice.normal(size=(3, 1))]
    net = forward(X[:4], V)
    A2, A3, t = map(numbers, net.A[1:])
    delta3 = (-(Y - t) * (1 - t * t)) @ V[2].T * (1 - A3**2)
    right, wrong = explain_deltas(
        net.loss(Y), {tuple(net.Z[1].ravel()): delta3, tuple(net.Z[0].ravel()): delta3 @ V[1] * (1 - A2**2)}
    )
    assert right.status == "right" and "(transposed)" in wrong.explanations[0].mistakes[0].said


def test_a_function_set_equal_to_its_derivative():
    assert (
        first(lambda x, w: x * w, 0.7, 1.4, gradient=lambda x, w: (w, x * w)).said == "t₁ is written for x at t₁ = x·w"
    )


# -- nothing is named where nothing is --------------------------------------------------------------------


def test_right_gradients_are_right_or_rounded():
    each = next(d for d in DERIVATIONS if d.name == "layer_norm")
    assert explain(check_grad(each.f, *each.point, gradient=each.spoiled())).status == "right"
    for noise in list(measure.NOISES.values())[::4]:
        found = explain(check_grad(each.f, *each.point, gradient=measure.noisy(each, noise)))
        assert found.status in ("right", "rounded") and not found


def test_numbers_without_structure_have_no_mistake_from_two_points_on():
    for name in ("gate", "enzyme"):
        each = next(d for d in DERIVATIONS if d.name == name)
        for seed, noise in enumerate(measure.WILD):
            found = explain(check_grad(each.f, *each.point, gradient=measure.noisy(each, noise, seed)))
            assert found.status == "none" and not found.located and "none of the changes" in str(found)


def test_a_place_is_found_where_the_form_is_unknown():
    def f(v):
        return named(tanh(named(v[0] * v[1] + v[2], "z")), "a") * 2.0

    def gradient(v):
        d = 2 * (0.37 + 0.11 * math.sin(9 * v[0]))  # a slope of nothing
        return [d * v[1], d * v[0], d]

    found = explain(check_grad(f, [0.4, 0.8, -0.2], gradient=gradient))
    assert found.status == "none" and "z" in found.located


def test_rounded_wrong_numbers_are_explained_too():
    def gradient(*point):
        return tuple(np.float32(part).tolist() for part in by_hand(lambda a: 1 - a * a)(*point))

    assert "1 - a0²" in first(network, *WEIGHTS_3, gradient=gradient).said


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e306, 1e200, 1e-200, 1e-306])
def test_huge_and_tiny_gradients_are_explained_as_others_are(size):
    found = first(
        lambda v: tanh(v[0]) * v[1] * size, [0.4, 0.7],
        gradient=lambda v: [size * v[1] * (1 - math.tanh(v[0])), size * math.tanh(v[0])],
    )  # fmt: skip
    assert found.said.startswith("1 - t₁ is written for 1 - t₁²")


def test_an_entry_much_smaller_than_others_is_no_rounding():
    def gradient(v):
        a = math.tanh(v[0] * 1e-8)
        return [v[1] * (1 - a), 1e8 * a]

    assert "1 - t₂ is written" in first(lambda v: tanh(v[0] * 1e-8) * v[1] * 1e8, [4e7, 7e-4], gradient=gradient).said


def test_loops_and_compiled_functions_are_explained_as_graphs():
    def f(w, x):
        return scan(lambda c, e: (tanh(w * c + e),) * 2, x, np.array([0.1, 0.2, 0.3]))[0] ** 2

    def gradient(w, x):
        c = [x]
        for e in (0.1, 0.2, 0.3):
            c.append(math.tanh(w * c[-1] + e))
        d, along_w = 2 * c[-1], 0.0
        for k in (3, 2, 1):
            d *= 1 - c[k]
            along_w, d = along_w + d * c[k - 1], d * w
        return along_w, d

    for each in (f, compile(f)):
        assert "1 - t₃ is written for 1 - t₃²" in first(each, 0.5, 0.3, gradient=gradient).said


def test_a_step_that_is_wrong_on_the_way_to_one_argument_alone():
    def f(w, b):
        return named(tanh(named(w * 2.0 + b, "z")), "a") * 3.0

    def gradient(w, b):
        a = math.tanh(2 * w + b)
        return 6 * (1 - a), 3 * (1 - a * a)

    found = explain(check_grad(f, 0.3, 0.2, gradient=gradient))
    assert "1 - a is written for 1 - a² at a = tanh(z), on the way to w alone" in map(str, found.explanations)


def test_what_belongs_to_the_next_row():
    x = [[0.5, -1.0], [0.3, 0.8], [-0.7, 0.4]]

    def f(w, v):
        return sum(named(tanh(named(dot([w[0], w[1], v], [*x[i], 1.0]), f"z{i}")), f"a{i}") for i in range(3))

    def gradient(rows, w, v):
        d = 1 - np.tanh(np.array(x) @ w + v) ** 2
        return (np.array(rows).T @ d).tolist(), float(d.sum())

    rolled = first(f, [0.4, -0.3], 0.2, gradient=lambda w, v: gradient(np.roll(x, -1, axis=0), w, v))
    assert rolled.kind == "permuted" and "the next row's" in rolled.said


def test_numbers_at_one_point_are_weak_and_at_two_are_not():
    f, wrong = (lambda x: log(x) * cos(x)), (lambda x: math.cos(x) / x)
    one = check_grad(f, 1.3, gradient=wrong(1.3))
    assert "1 point, which is weak" in str(explain(one))
    both = explain(one, check_grad(f, 0.7, gradient=wrong(0.7)))
    assert both.points == 2 and both.explanations[0].mistakes[0].kind == "left out"


def test_what_cannot_be_explained_says_why():
    check = check_grad(lambda x: x * x, 3.0)
    with pytest.raises(ArgumentError, match="the engine's own derivatives"):
        explain(check)
    wrong = check_grad(lambda x: x * x, 3.0, gradient=5.0)
    with pytest.raises(ArgumentError, match="was pickled"):
        explain(pickle.loads(pickle.dumps(wrong)))
    with pytest.raises(ArgumentError, match="different functions"):
        explain(wrong, check_grad(lambda x: x * x, 2.0, gradient=5.0))
    with pytest.raises(ArgumentError, match="1 or 2"):
        explain(wrong, mistakes=3)
    assert explain(check_grad(lambda x: x * x, 3.0, gradient=math.nan)).status == "none"
    assert explain(check_grad(lambda x: 4.0, 3.0, gradient=1.0)).status == "none"


# -- how it shows itself -------------------------------------------------------------------------------------


def test_it_is_text_a_table_and_a_lit_picture():
    found = explain(check_grad(network, *WEIGHTS_3, gradient=by_hand(lambda a: 1 - a * a)))
    assert "rule       ∂a0/∂z0 = a0·(1 - a0)" in str(found)
    assert found._repr_html_().count("<tr>") == 1 + sum(len(e.mistakes) for e in found.explanations[:3])
    svg = found.draw().svg
    assert svg.count('stroke-width="11"') == 3 and "lit: 1 - a0²" in svg
    with pytest.raises(ArgumentError, match="no step to light"):
        explain(check_grad(network, *WEIGHTS_3, gradient=by_hand(turn=lambda g: g.T))).draw()


def test_a_name_acts_nowhere():
    def f(x):
        return named(tanh(x), "<b>\x1b[31m") * 2.0

    found = explain(check_grad(f, 0.4, gradient=lambda x: 2 * (1 - math.tanh(x))))
    assert "\x1b" not in str(found) and "<b>" not in found._repr_html_()


def test_it_is_reached_as_viz():
    assert viz.explain is explain


# -- how good it is ------------------------------------------------------------------------------------------


# -- where no usual change fits -----------------------------------------------------------------------


def of_layer(f, gradient, *point):
    """All explanations of a gradient, as text, and the steps that the best of them name."""
    found = explain(check_grad(f, *point, gradient=gradient))
    assert found, found
    return [str(each) for each in found.explanations], found


def two_layers(x, w, v):
    h = [named(tanh(named(w[i] * x[i], f"z{i}")), f"h{i}") for i in range(4)]
    return named(dot(v, h), "o") ** 2


POINT = [0.5, -0.8, 1.1, 0.4], [0.7, 0.3, -0.6, 0.9], [1.2, -0.5, 0.8, 0.6]


def layers_back(on_the_way):
    """The gradient of two_layers by hand, with a step of one's own from δ(h) to δ(z)."""

    def gradient(x, w, v):
        x, w, v = map(np.asarray, (x, w, v))
        h = np.tanh(w * x)
        do = 2 * (v @ h)
        dz = on_the_way(do * v, 1 - h * h, h, w * x, do)
        return dz * w, dz * x, do * h

    return gradient


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda dh, s, h, z, do: dh * s * [1, 0, 1, 0], "the way from h1 back to z1 is left out"),
        (lambda dh, s, h, z, do: dh * s * [1, 0.3, 1.7, 1], "each by its own number"),
        (lambda dh, s, h, z, do: dh * s[-1], "the last one's"),
    ],
)
def test_what_no_form_has_is_solved_for(wrong, said):
    def f(x, w, v):
        return named(two_layers(x, w, v), "J")

    listed, _ = of_layer(f, layers_back(wrong), *POINT)
    assert any(said in each for each in listed), listed


def test_what_a_step_beside_is_multiplied_by_is_missing():
    """The expected counts mu = t·rate, of which the exposures t are missing on the way from the first term alone."""
    t, k = [1.5, 0.7, 2.2], np.array([2.0, 0.0, 3.0])

    def f(w):
        rate = [named(exp(w[i]), f"rate{i}") for i in range(3)]
        mu = [named(t[i] * rate[i], f"mu{i}") for i in range(3)]
        return sum(named(mu[i] - k[i] * log(mu[i]), f"l{i}") for i in range(3))

    listed, found = of_layer(f, lambda w: np.exp(w) - k, [0.3, -0.5, 0.2])
    assert any("1/(∂mu0/∂rate0) is written for 1 at l0 = mu0 - " in each for each in listed), listed
    columns = found.trace.columns
    lit = {found.trace.nodes[columns.operands[e]].name for each in found.best for m in each.mistakes for e in m.edges}
    assert {"mu0", "rate0"} <= lit


def test_a_node_whose_number_stands_for_anothers():
    def f(p):
        a, b = named(p[0], "a"), named(p[1], "b")
        s = named(a + b, "s")
        return named(cos(s), "c") * named(sin(s), "d") * named(exp(b), "e")

    def gradient(p):
        a, b = p
        c, d, e = math.cos(a), math.sin(a), math.exp(b)  # at a, where it is a + b
        right = math.cos(a + b), math.sin(a + b)
        ds = -d * right[1] * e + right[0] * c * e
        return [ds, ds + right[0] * right[1] * e]

    listed, _ = of_layer(f, gradient, [0.4, 0.7])
    assert any("-sin(a) is written for -sin(s)" in each and "d = sin(s)" not in each for each in listed), listed


def test_a_slope_that_is_a_sum_of_two_numbers():
    def f(p):
        u = named(exp(p[0]), "u")
        v = named(sin(p[1]), "v")
        w = named(u * v, "w")
        return named(log(1.0 + w * w), "y") * named(p[2] * u, "k")

    def gradient(p):
        u, v, k = math.exp(p[0]), math.sin(p[1]), p[2] * math.exp(p[0])
        y, w = math.log(1 + u * u * v * v), u * v
        dw = k * 2 * w / (1 + w * w) * (k + v) / 1.0  # (k + v) too many
        return [dw * v * u + y * p[2] * u, dw * u * math.cos(p[1]), y * u]

    listed, _ = of_layer(f, gradient, [0.3, 0.9, 1.4])
    assert any("(k + v)" in each or "(v + k)" in each for each in listed), listed


def test_a_matrix_whose_diagonal_alone_goes_back():
    M = np.array([[0.7, 0.4], [-0.3, 1.1]])

    def f(x):
        z = [named(dot(M[i].tolist(), [exp(v) for v in x]), f"z{i}") for i in range(2)]
        return named(z[0] * z[1], "J")

    def gradient(x):
        e = np.exp(x)
        z = M @ e
        return (np.diag(np.diag(M)).T @ z[::-1] * e).tolist()

    listed, _ = of_layer(f, gradient, [0.2, -0.5])
    assert any("the diagonal alone" in each or "left out" in each for each in listed), listed


def test_a_factor_that_is_a_step_above_left_out_on_one_way():
    def f(a, b, g):
        area = named(0.5 * named(named(a * b, "ab") * named(sin(g), "s"), "twice"), "area")
        return named(log(area), "J")

    def gradient(a, b, g):
        d = 1 / (0.5 * a * b * math.sin(g))
        return d * b * math.sin(g), d * a * math.sin(g), d * 0.5 * a * b * math.cos(g)  # the half is lost along a and b

    listed, _ = of_layer(f, gradient, 1.2, 0.7, 0.9)
    assert listed[0].startswith("2·s is written for s")
    assert "1 is written for 0.5 at area = 0.5·twice, on the way to ab alone" in listed


# -- what is measured ---------------------------------------------------------------------------------


@pytest.mark.thorough
def test_slips_of_many_fields_are_named():
    counts = measure.single_slips()
    assert counts["first"] >= 0.9 * counts["all"] and counts["first three"] >= 0.9 * counts["all"]
    assert counts["misleading"] <= 0.05 * counts["all"]


@pytest.mark.thorough
def test_nothing_is_named_in_hundreds_that_have_no_mistake():
    for counts in (measure.without_mistakes(), measure.without_structure()):
        assert counts["all"] >= 500 and counts["named"] == 0


@pytest.mark.thorough
def test_most_pairs_are_named():
    counts = measure.two_slips()
    assert counts["both"] >= 0.5 * counts["all"]
