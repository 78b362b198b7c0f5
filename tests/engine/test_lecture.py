"""The lecture's digits through the engine, its corrected formulas against the graph, and its traps."""

import itertools
import math

import mpmath
import numpy as np
import pytest

from autograd import Value, check_grad, deltas, gradient, matmul, softmax, sum, tanh
from demos import lecture
from demos.lecture import slides
from demos.lecture.network import WEIGHTS, X, Y, corrected_formulas, data, delta, forward, forward_with_bias
from demos.lecture.report import Report
from nn import MLP, Perceptron, half_squared_error

X4 = X[: len(Y)]
PRINTED = {"Z2": slides.Z2, "A2": slides.A2, "Z3": slides.Z3, "A3": slides.A3, "Z4": slides.Z4, "A4": slides.A4}
PLACES = [(name, row) for name, table in PRINTED.items() for row in range(len(table))]


def computed(name):
    passed = forward(X, WEIGHTS)
    layer = int(name[1])
    return data(passed.Z[layer - 2] if name[0] == "Z" else passed.A[layer - 1])


@pytest.fixture
def graph():
    """The four priced cars: the pass, J, and every δ and ∂J/∂W out of the graph."""
    passed = forward(X4, WEIGHTS)
    J = passed.loss(Y)
    names = ("delta2", "delta3", "delta4"), ("dW1", "dW2", "dW3")
    found = {name: delta(J, nodes) for name, nodes in zip(names[0] + names[1], passed.Z + passed.weights, strict=True)}
    return passed, J, found


# -- printed digits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "row"), PLACES)
def test_every_printed_row_of_the_forward_pass(name, row):
    misprinted = {j for i, j in slides.A4_MISPRINTS if i == row} if name == "A4" else set()
    for column, (printed, x) in enumerate(zip(PRINTED[name][row], computed(name)[row], strict=True)):
        assert slides.agrees(printed, x) == (column not in misprinted), (printed, x)


@pytest.mark.parametrize(("name", "row"), PLACES)
def test_one_digit_off_is_noticed(name, row):
    for printed, x in zip(PRINTED[name][row], computed(name)[row], strict=True):
        unit = 10.0 ** -slides.decimals(printed)
        assert not slides.agrees(printed, x + 7 * unit)
        assert not slides.agrees(printed, x - 7 * unit)


@pytest.mark.parametrize(("row", "right"), [(0, "0.000341150"), (1, "-0.0617155")])
def test_the_misprints_of_a4_are_the_slides_not_ours(row, right):
    with mpmath.workdps(50):
        exact = [[mpmath.tanh(cell) for cell in line] for line in _matmul(X, WEIGHTS[0])]
        exact = [[mpmath.tanh(cell) for cell in line] for line in _matmul(exact, WEIGHTS[1])]
        exact = mpmath.tanh(_matmul(exact, WEIGHTS[2])[row][0])
        assert mpmath.almosteq(exact, computed("A4")[row, 0], rel_eps=1e-13)
        from_slide = mpmath.tanh(mpmath.mpf(slides.Z4[row][0]))
    assert slides.agrees(right, float(exact))
    assert slides.agrees(right, float(from_slide))
    assert slides.A4[row][0] != right


def _matmul(a, b):
    columns = np.asarray(b).T
    return [[mpmath.fdot(list(row), list(column)) for column in columns] for row in a]


def test_single_activations():
    for z, printed in slides.FIRST_ACTIVATIONS.items():
        assert slides.agrees(printed, tanh(Value(float(z))).data)


@pytest.mark.parametrize(("rows", "output"), [(3, 0.20235430), (1, 0.06172516)])
def test_both_readings_of_the_bias(rows, output):
    passed = forward_with_bias(X[:1], rows)
    assert round(passed.output[0, 0].data, 8) == output
    assert slides.agrees(slides.PREDICTION, output) == (rows == 3)


def test_bias_as_b_and_as_ones_are_the_same_network():
    model = MLP.from_weights(WEIGHTS, [0.1, 0.1, 0.1], "tanh")
    assert round(model(X[0]).data, 8) == 0.20235430
    np.testing.assert_array_equal(data(model(X)), data(forward_with_bias(X, 3).output))


def test_the_loss_of_the_slide():
    J = half_squared_error(Value(float(slides.PREDICTION)), float(slides.TARGET))
    assert round(J.data, 7) == 0.0306642
    assert slides.agrees(slides.LOSS, J.data)
    assert round(forward_with_bias(X[:1], 3).loss(Y[:1]).data, 7) == 0.0306642


def test_gradient_and_chain_rule():
    x, y = Value(4.0), Value(2.0)
    assert gradient(x**2 + y**3, [x, y]) == [8.0, 12.0]
    for at in (-1.5, 0.0, 1.0, 2.0):
        x = Value(at)
        assert gradient((2 * x**2 + 8) ** 3, x) == pytest.approx(3 * (2 * at**2 + 8) ** 2 * 4 * at, rel=1e-14)


def test_picnic():
    picnic = Perceptron([6, 2, 3], 7)
    for x in itertools.product((0, 1), repeat=3):
        assert picnic(x).data == (6 * x[0] + 2 * x[1] + 3 * x[2] > 7)


def test_softmax_slope_of_the_slide():
    xs = [Value(1.0), Value(2.0), Value(0.5)]
    s = softmax(xs)
    for i, j in itertools.product(range(3), repeat=2):
        expected = s[i].data * (1 - s[i].data) if i == j else -s[i].data * s[j].data
        assert gradient(s[i], xs[j]) == pytest.approx(expected, rel=1e-13)


# -- formulas against the graph ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["delta4", "delta3", "delta2", "dW3", "dW2", "dW1"])
def test_corrected_formula_is_the_graphs(graph, name):
    *_, found = graph
    np.testing.assert_allclose(found[name], getattr(corrected_formulas(X4, Y, WEIGHTS), name), rtol=1e-13, atol=1e-17)


def test_gradients_against_finite_differences():
    def J(*weights):
        A = X4
        for W in weights:
            A = tanh(matmul(A, W))
        return sum((0.5 * (Y - A) ** 2).ravel())

    assert check_grad(J, *WEIGHTS)


def test_delta_is_the_same_by_backward_and_beside_the_graph(graph):
    passed, J, found = graph
    beside = deltas(J)
    J.backward()
    for nodes in passed.Z + passed.weights:
        for node in nodes.flat:
            assert node.grad == beside[node]
    np.testing.assert_array_equal(found["delta4"], [[z.grad] for z in passed.Z[2][:, 0]])


def test_one_numpy_line_is_the_same_network(graph):
    _, J, found = graph
    W1, W2, W3 = (np.vectorize(Value, otypes=[object])(W) for W in WEIGHTS)
    line = np.sum((Y - np.tanh(np.tanh(np.tanh(X4 @ W1) @ W2) @ W3)) ** 2) / 2
    assert line.data == pytest.approx(J.data, rel=1e-14)
    for W, name in ((W1, "dW1"), (W2, "dW2"), (W3, "dW3")):
        np.testing.assert_allclose(
            np.reshape(gradient(line, list(W.flat)), W.shape), found[name], rtol=1e-13, atol=1e-17
        )


def test_nn_gives_the_same_gradients(graph):
    *_, found = graph
    model = MLP.from_weights(WEIGHTS, activation="tanh")
    half_squared_error(model(X4), Y).backward()
    for number, gradients in enumerate(model.weight_gradients, 1):
        np.testing.assert_allclose(gradients, found[f"dW{number}"], rtol=1e-13, atol=1e-17)


# -- traps: the slides' formulas are other numbers --------------------------------------------------


def test_square_outside_is_wrong_by_the_stated_factor(graph):
    passed, _, found = graph
    t = data(passed.output)
    slide = (Y - t) * -((1 - t) ** 2)
    assert np.abs(slide - found["delta4"]).max() > 0.07
    np.testing.assert_allclose(slide, found["delta4"] * (1 - t) / (1 + t), rtol=1e-13)


def test_missing_parentheses_give_other_numbers(graph):
    passed, _, found = graph
    A2, A3 = data(passed.A[1]), data(passed.A[2])
    assert np.abs(found["delta4"] @ WEIGHTS[2].T * 1 - A3**2 - found["delta3"]).max() > 0.4
    assert np.abs(found["delta3"] @ WEIGHTS[1].T * 1 - A2**2 - found["delta2"]).max() > 0.9


@pytest.mark.parametrize(("left", "right"), [("delta4", "A3"), ("delta3", "A2"), ("delta2", "A1")])
def test_products_as_printed_do_not_exist(graph, left, right):
    passed, _, found = graph
    with pytest.raises(ValueError, match="matmul"):
        found[left] @ data_or_numbers(passed.A[int(right[1]) - 1])


def data_or_numbers(A):
    return A if A.dtype == float else data(A)


def test_square_matrices_let_the_wrong_product_run():
    passed = forward(X[:3], WEIGHTS)
    J = passed.loss(Y[:3])
    wrong = delta(J, passed.Z[0]) @ X[:3]
    right = delta(J, passed.weights[0])
    assert wrong.shape == right.shape
    assert np.abs(wrong - right).max() > 0.1


def test_slips_vanish_where_tanh_is_zero():
    zero = np.zeros((2, 3))
    passed = forward(zero, WEIGHTS)
    t, y = data(passed.output), Y[:2]
    np.testing.assert_array_equal((y - t) * -((1 - t) ** 2), delta(passed.loss(y), passed.Z[2]))


def test_derivative_of_z2_is_x_and_not_the_product():
    passed = forward(X[:1], WEIGHTS)
    along = gradient(passed.Z[0][0, 0], list(passed.weights[0][:, 0]))
    assert along == X[0].tolist()
    assert np.abs(X[0] @ WEIGHTS[0] - along).max() > 1


# -- the report -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report():
    whole = Report(quiet=True)
    lecture.walk(whole)
    return whole


def test_nothing_in_the_report_is_unexpected(report):
    assert report.unexpected == []
    assert report.summary() == 0
    assert report.checks == report.matches + len(report.slide_errors)


def test_the_report_finds_the_slide_errors(report):
    assert len(report.slide_errors) == 10
    for words in (
        "square is outside",
        "∂J/∂W³",
        "δ³",
        "∂J/∂W²",
        "δ²",
        "∂J/∂W¹",
        "a function is set equal",
        "0.000341156",
    ):
        assert any(words in error for error in report.slide_errors), words


@pytest.mark.parametrize("name", ["Z2", "A2", "Z3", "A3", "Z4", "A4"])
def test_a_changed_digit_makes_the_report_fail(monkeypatch, name):
    changed = [row.copy() for row in PRINTED[name]]
    changed[-1][0] = changed[-1][0][:-1] + str((int(changed[-1][0][-1]) + 1) % 10)
    monkeypatch.setattr(slides, name, changed)
    found = Report(quiet=True)
    lecture.propagation.forward_propagation(found)
    assert len(found.unexpected) == 1
    assert found.summary() == 1


def test_a_slide_error_that_is_none_is_unexpected():
    found = Report(quiet=True)
    found.slide_error("right after all", "x", "x", [1.0], [1.0], [1.0])
    found.slide_error("the correction is wrong", "x", "y", [2.0], [1.0], [3.0])
    found.printed("no misprint", [["0.5"]], [[0.5]], misprints={(0, 0)})
    assert found.unexpected == ["right after all", "the correction is wrong", "no misprint"]


@pytest.mark.parametrize(
    ("printed", "x", "good"),
    [
        ("0,031", 0.0306642, True),
        ("0,031", 0.0316, False),
        ("8", 8.0, True),
        ("8", 8.6, False),
        ("0.5", math.nan, False),
    ],
)
def test_agreement_is_at_the_printed_digits(printed, x, good):
    assert slides.agrees(printed, x) is good
