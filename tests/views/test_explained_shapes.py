"""Gradients of a wrong shape explained, and the lecture's ten errors one by one."""

from __future__ import annotations

import numpy as np
import pytest

import viz
from autograd import check_grad, dot, matmul, tanh
from autograd.errors import ArgumentError
from demos import lecture
from demos.lecture.network import WEIGHTS, X, Y, data, forward
from demos.lecture.report import Report
from nn import half_squared_error
from viz.explain import explain, explain_deltas
from viz.explain.shapes import readings

DICE = np.random.default_rng(4)
S, T = DICE.normal(size=(4, 3)), DICE.normal(size=4)
W, B, V = DICE.normal(size=(2, 3)), DICE.normal(size=2), DICE.normal(size=(2, 1))


def f(W, b, V):
    total = 0.0
    for s, t in zip(S, T, strict=True):
        e = dot([V[0][0], V[1][0]], [tanh(dot(W[i], list(s), b[i])) for i in range(2)]) - t
        total = total + e * e / 2
    return total


def by_hand(turn=lambda gW, gb, gV: (gW.sum(0), gb.sum(0), gV.sum(0)[:, None]), slope=lambda a: 1 - a * a):
    """A gradient by hand, of which `turn` makes its answer, from the derivatives of each sample."""

    def gradient(W, b, V):
        a = np.tanh(S @ W.T + b)
        e = a @ V[:, 0] - T
        d = e[:, None] * V[:, 0] * slope(a)
        return turn(d[:, :, None] * S[:, None, :], d, e[:, None] * a)

    return gradient


def said(found):
    return [mistake.said for mistake in found.explanations[0].mistakes]


TRANSPOSED = "the derivative along {}, of shape {} where {} is of shape {}, is transposed"


# -- shapes ----------------------------------------------------------------------------------------------

TURNED = {
    "transposed": (lambda gW, gb, gV: (gW.sum(0).T, gb.sum(0), gV.sum(0)[:, None]), ["W, of shape (3, 2)", "g.T"]),
    "flat": (
        lambda gW, gb, gV: (gW.sum(0).ravel(), gb.sum(0), gV.sum(0)[:, None]), ["W, of shape (6,)", "g.reshape(2, 3)"],
    ),
    "flat by columns": (
        lambda gW, gb, gV: (gW.sum(0).T.ravel(), gb.sum(0), gV.sum(0)[:, None]), ["column by column", 'order="F"'],
    ),
    "(k,) for (k, 1)": (lambda gW, gb, gV: (gW.sum(0), gb.sum(0), gV.sum(0)), ["V, of shape (2,)", "g.reshape(2, 1)"]),
    "a row for a column": (lambda gW, gb, gV: (gW.sum(0), gb.sum(0), gV.sum(0)[None]), ["V, of shape (1, 2)", "g.T"]),
    "each sample": (
        lambda gW, gb, gV: (gW, gb.sum(0), gV.sum(0)[:, None]), ["summed over its axis 0, of 4", "g.sum(axis=0)"],
    ),
    "each sample's, for (k, 1)": (
        lambda gW, gb, gV: (gW.sum(0), gb.sum(0), gV), ["summed over its axis 0", "g.sum(axis=0).reshape(2, 1)"],
    ),
    "every with every": (
        lambda gW, gb, gV: (gW.sum(0), np.diag(gb.sum(0)) + 1 - np.eye(2), gV.sum(0)[:, None]),
        ["diagonal", "g.diagonal()"],
    ),
    "summed": (
        lambda gW, gb, gV: (gW.sum(0), gb.sum(), gV.sum(0)[:, None]),
        ["one number where b", "sum of the right one over all"],
    ),
    "averaged over an axis": (
        lambda gW, gb, gV: (gW.sum(0).mean(0), gb.sum(0), gV.sum(0)[:, None]), ["mean of the right one over axis 0"],
    ),
    "in another order": (
        lambda gW, gb, gV: (gb.sum(0), gW.sum(0), gV.sum(0)[:, None]), ["order (b, W, V) for (W, b, V)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TURNED)
def test_a_shape_is_the_mistake(what):
    turn, words = TURNED[what]
    with pytest.raises(ArgumentError, match=r"shape|number"):
        check_grad(f, W, B, V, gradient=by_hand(turn))
    found = explain(f, W, B, V, gradient=by_hand(turn))
    assert found.status == "found" and found.points == 3 and len(found.explanations[0].mistakes) == 1, found
    assert all(word in str(found) for word in words), found


def test_two_shapes_and_a_step_are_all_said():
    def turn(gW, gb, gV):
        return gW.sum(0).T, gb.sum(0), gV.sum(0)

    shape, other, step = said(explain(f, W, B, V, gradient=by_hand(turn, lambda a: 1 - a)))
    assert shape.endswith("is transposed") and other.endswith("is laid out as (2, 1)")
    assert step.startswith("1 - t") and "is written for 1 - t" in step


def test_what_no_reading_explains_is_refused_in_the_same_words():
    def turn(gW, gb, gV):
        return np.cos(gW.sum(0)).T, gb.sum(0), gV.sum(0)[:, None]

    found = explain(f, W, B, V, gradient=by_hand(turn))
    assert not found and "the gradient along W has shape (3, 2), W has shape (2, 3)" in str(found)
    with pytest.raises(ArgumentError, match="has 2 entries, expected one entry per argument"):
        explain(f, W, B, V, gradient=lambda *point: by_hand()(*point)[:2])
    with pytest.raises(ArgumentError, match="there is no gradient to explain"):
        explain(f, W, B, V)


def test_a_gradient_of_the_right_shape_is_explained_as_its_check_is():
    for slope in (lambda a: 1 - a * a, lambda a: 1 - a):
        gradient = by_hand(slope=slope)
        assert explain(f, W, B, V, gradient=gradient) == explain(check_grad(f, W, B, V, gradient=gradient))


def test_numbers_are_read_as_functions_are():
    found = explain(f, W, B, V, argnums=0, gradient=by_hand()(W, B, V)[0].T)
    assert found.points == 1 and said(found) == [
        "the derivative along W, of shape (3, 2) where W is of shape (2, 3), is transposed"
    ]


@pytest.mark.parametrize(
    "got", [(), (1,), (6,), (2, 3), (3, 2), (1, 6), (4, 6), (4, 2, 3), (2, 3, 4), (6, 6), (3, 2, 1)]
)
@pytest.mark.parametrize("wanted", [(6,), (2, 3), (6, 1), (1, 2, 3)])
def test_every_reading_makes_as_many_numbers_as_there_have_to_be(got, wanted):
    right = np.arange(6.0).reshape(wanted)
    for each in readings(got, wanted) if got != wanted else ():
        made = each.read(np.arange(float(np.prod(got))).reshape(got), right)
        assert made is None or np.size(made) == 6


def test_a_class_hears_of_shapes(tmp_path):
    (tmp_path / "ann.py").write_text("def gradient(v):\n    return [[2 * v[0][0]], [2 * v[0][1]]]\n")
    (mark,) = viz.mark(tmp_path, lambda v: v[0][0] ** 2 + v[0][1] ** 2, [[0.4, 0.7]]).marks
    assert mark.verdict == "wrong" and "of shape (2, 1) where v is of shape (1, 2), is transposed" in mark.explained


# -- the lecture -------------------------------------------------------------------------------------------

FORWARD = ("0.000341156", "-0.0617156", "the bias is shown")  # of numbers that are no derivatives


def J(samples):
    def loss(W1, W2, W3):
        return half_squared_error(
            tanh(matmul(tanh(matmul(tanh(matmul(X[:samples], W1)), W2)), W3)), Y[:samples]
        )  # fmt: skip

    return loss


def deltas(samples, W1, W2, W3):
    A2 = np.tanh(X[:samples] @ W1)
    A3 = np.tanh(A2 @ W2)
    t = np.tanh(A3 @ W3)
    delta4 = -(Y[:samples] - t) * (1 - t * t)
    delta3 = delta4 @ W3.T * (1 - A3**2)
    return A2, A3, t, delta4, delta3, delta3 @ W2.T * (1 - A2**2)


def of_deltas(layer):
    """What is said of δ⁴, δ³ and δ² as the slides print them."""
    net = forward(X[:4], WEIGHTS)
    A2, A3, t = map(data, net.A[1:])
    delta4 = (Y - t) * -((1 - t) ** 2)
    delta3 = delta4 @ WEIGHTS[2].T * 1 - A3**2
    delta2 = delta3 @ WEIGHTS[1].T * 1 - A2**2
    given = {tuple(Z.ravel()): d for Z, d in zip(net.Z, (delta2, delta3, delta4), strict=True)}
    return explain_deltas(net.loss(Y), given)[layer]


def of_weights(argument):
    """What is said of ∂J/∂W³ and ∂J/∂W² as printed: with one car, where δ·a is a product, and with four."""

    def printed(samples):
        def gradient(*weights):
            A2, A3, _, delta4, delta3, delta2 = deltas(samples, *weights)
            right = [X[:samples].T @ delta2, A2.T @ delta3, A3.T @ delta4]
            right[argument] = (delta4.T @ A3 if samples == 1 else delta4 * A3) if argument == 2 else delta3.T @ A2
            return tuple(right)

        return gradient

    one, four = (explain(J(n), *WEIGHTS, gradient=printed(n)) for n in (1, 4))
    assert one and four and one.points == four.points == 3
    return one, four


def of_order():
    """∂J/∂W¹ = δ²·X, with three cars, where it is a product."""

    def printed(*weights):
        A2, A3, _, delta4, delta3, delta2 = deltas(3, *weights)
        return delta2 @ X[:3], A2.T @ delta3, A3.T @ delta4

    return explain(J(3), *WEIGHTS, gradient=printed)


def of_a_function_for_its_derivative():
    """∂z²/∂W¹ = X·W¹."""
    x = X[0].tolist()
    return explain(lambda w: dot(w, x), WEIGHTS[0][:, 0], gradient=lambda w: np.full(3, w @ X[0]))


TOLD = {  # what the report calls the error, and what is said of the derivative as it is printed
    "δ⁴ on the last slide": lambda: (said(of_deltas(0)), "(1 - t₁₂)² is written for 1 - t₁₂²"),
    "δ³: parentheses": lambda: (said(of_deltas(1)), "without its parentheses"),
    "δ²: parentheses": lambda: (said(of_deltas(2)), "without its parentheses"),
    "∂J/∂W³": lambda: (said(of_weights(2)[0]), TRANSPOSED.format("W3", (1, 2), "W3", (2, 1))),
    "∂J/∂W²": lambda: (said(of_weights(1)[0]), TRANSPOSED.format("W2", (2, 3), "W2", (3, 2))),
    "∂J/∂W¹": lambda: (said(of_order()), "the derivative along W1 is replaced by δ·X, where it is Xᵀ·δ"),
    "a function is set equal": lambda: (said(of_a_function_for_its_derivative()), "t₁ is written for 1.4"),
}


def test_each_of_the_lectures_ten_errors_is_told():
    report = Report(quiet=True)
    lecture.walk(report)
    assert len(report.slide_errors) == 10
    for error in report.slide_errors:
        if any(words in error for words in FORWARD):
            continue
        ((what, told),) = ((what, told) for what, told in TOLD.items() if what in error)
        mistakes, words = told()
        assert len(mistakes) == 1 and words in mistakes[0], (what, mistakes)
    assert sum(any(words in error for words in FORWARD) for error in report.slide_errors) == 10 - len(TOLD)


def test_the_lectures_products_with_four_cars():
    assert said(of_weights(2)[1])[0].endswith("where W3 is of shape (2, 1), is not yet summed over its axis 0, of 4")
    assert said(of_weights(1)[1]) == [TRANSPOSED.format("W2", (2, 3), "W2", (3, 2))]
