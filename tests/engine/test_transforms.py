"""grad, jacobian, hessian, jvp, vjp, hvp: what they mean, on what they work, and held against sympy."""

import copy
import pickle
import threading

import numpy as np
import pytest
import sympy

import autograd as ag
from autograd import Value, grad, gradient, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.errors import ArgumentError, GraphError, OperandError

POINT = (0.7, -1.3, 2.1)


def mixed(x, y, z):
    """Sharing, a power with Values in both places, and functions of every kind."""
    shared = x * y + ag.tanh(z)
    return ag.exp(shared) * ag.sin(x * z) + z**x + ag.log(z * z + 1) / (shared * shared + 2)


def mixed_in_sympy():
    x, y, z = symbols = sympy.symbols("x y z", real=True)
    shared = x * y + sympy.tanh(z)
    f = sympy.exp(shared) * sympy.sin(x * z) + z**x + sympy.log(z * z + 1) / (shared * shared + 2)
    return f, symbols


def exactly(expression, symbols):
    return float(expression.subs({s: sympy.Float(repr(p), 50) for s, p in zip(symbols, POINT, strict=True)}).evalf(50))


def test_gradient_and_hessian_agree_with_sympy_to_the_last_digits():
    f, symbols = mixed_in_sympy()
    everywhere = (0, 1, 2)
    first = grad(mixed, everywhere)(*POINT)
    second = hessian(mixed, everywhere)(*POINT)
    for i, a in enumerate(symbols):
        assert first[i] == pytest.approx(exactly(f.diff(a), symbols), rel=1e-13)
        for j, b in enumerate(symbols):
            assert second[i][j] == pytest.approx(exactly(f.diff(a, b), symbols), rel=1e-12)


def test_third_derivatives_agree_with_sympy():
    f, (x, y, z) = mixed_in_sympy()
    third = grad(grad(grad(mixed, 0), 1), 2)(*POINT)
    assert third == pytest.approx(exactly(f.diff(x, y, z), (x, y, z)), rel=1e-12)


def test_forward_and_reverse_give_the_same():
    everywhere = (0, 1, 2)
    first, second = grad(mixed, everywhere)(*POINT), hessian(mixed, everywhere)(*POINT)
    direction = (1.0, -2.0, 0.5)
    value, moved = jvp(mixed, POINT, direction)
    assert value == mixed(*map(Value, POINT)).data
    assert moved == pytest.approx(np.dot(first, direction), rel=1e-13)
    assert hvp(mixed, POINT, direction) == pytest.approx(np.dot(second, direction), rel=1e-12)
    value, pull = vjp(mixed, *POINT)
    assert pull(2.0) == pytest.approx(2 * np.array(first), rel=1e-13)


@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_the_jacobian_is_the_same_by_rows_and_by_columns(outputs):
    def f(v):
        return np.array([ag.sin(v[0] * (k + 1)) * v[1] + v[2] for k in range(outputs)])

    at = np.array([0.3, 2.0, -1.0])
    expected = [[(k + 1) * np.cos(0.3 * (k + 1)) * 2.0, np.sin(0.3 * (k + 1)), 1.0] for k in range(outputs)]
    answer = jacobian(f)(at)
    assert answer.shape == (outputs, 3) and answer.dtype == float
    assert answer == pytest.approx(np.array(expected), rel=1e-14)


def test_answers_have_the_structure_of_the_argument():
    def f(p):
        return p["w"][0] * p["w"][1] + ag.square(p["b"])

    assert grad(f)({"w": [2.0, 3.0], "b": 4}) == {"w": [3.0, 2.0], "b": 8.0}
    matrix = grad(lambda m: ag.sum(m * m))(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert matrix.dtype == float and matrix.tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert value_and_grad(lambda x, y: x * y, argnums=(1, 0))(2.0, 5.0) == (10.0, (2.0, 5.0))
    assert grad(lambda x, scale=1.0: x * scale)(3.0, scale=7.0) == 7.0


def test_jacobians_and_hessians_of_nested_arrays_are_arrays():
    """As in JAX: the shape of the output, then that of the argument, in both their structures."""
    p = {"w": np.arange(6.0).reshape(2, 3), "b": [np.array([0.5, -1.0]), 2.0]}

    def layer(p):
        return {"a": ag.tanh(p["w"] @ np.ones(3) + p["b"][0]), "s": p["b"][1] * p["w"][0, 0]}

    found = jacobian(layer)(p)
    assert found["a"]["w"].shape == (2, 2, 3)
    assert found["a"]["b"][0].shape == (2, 2)
    assert found["a"]["b"][1].shape == (2,)
    assert found["s"]["w"].shape == (2, 3)
    assert found["s"]["b"][1] == 0.0
    slopes = 1 - np.tanh(p["w"].sum(axis=1) + p["b"][0]) ** 2
    np.testing.assert_allclose(found["a"]["b"][0], np.diag(slopes), atol=1e-15)
    second = hessian(lambda p: (p["w"] ** 3).sum() * p["b"][1])(p)
    assert second["w"]["w"].shape == (2, 3, 2, 3)
    assert second["b"][1]["w"].tolist() == (3 * p["w"] ** 2).tolist()
    assert second["w"]["b"][0].shape == (2, 3, 2)


def test_nested_derivatives_are_not_confused():
    # d/dx [x · d/dy (x + y)] is 1, not 2, although y is x there
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(3.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert hessian(lambda x: grad(lambda y: y**3 * x)(x))(2.0) == 36.0


def test_a_value_argument_gives_a_graph():
    x = Value(2.0)
    slope = grad(lambda t: t**3)(x)
    slope.backward()
    assert (slope.data, x.grad) == (12.0, 12.0)


def test_a_closure_over_a_value_gives_a_graph_and_touches_no_grad():
    w = Value(5.0)
    slope = grad(lambda x: w * x * x)(2.0)
    assert (slope.data, w.grad) == (20.0, 0.0)
    slope.backward()
    assert w.grad == 4.0


def test_gradient_of_nodes_and_of_gradients():
    x, y, other = Value(2.0), Value(3.0), Value(1.0)
    h = x * y
    J = h * h + y
    assert gradient(J, [h, x, y, other]) == [12.0, 36.0, 25.0, 0.0]
    dx = gradient(J, x, as_graph=True)
    assert gradient(dx, [x, y]) == [18.0, 24.0]
    assert (x.grad, h.grad) == (0.0, 0.0)


def test_an_output_that_is_constant_has_zero_gradient():
    assert value_and_grad(lambda x: 3.0)(2.0) == (3.0, 0.0)
    assert jacobian(lambda v: [v[0], 1.0])([2.0, 3.0]) == [[1.0, 0.0], [0.0, 0.0]]


def test_the_same_node_returned_twice_is_counted_twice():
    def twice(x):
        y = x * x
        return [y, y]

    _, pull = vjp(twice, 3.0)
    assert pull([1.0, 10.0]) == (66.0,)


def test_softmax_has_the_jacobian_of_the_lecture():
    x = [0.2, -1.0, 3.0]
    s = np.array(ag.softmax(x))
    assert np.array(jacobian(ag.softmax)(x)) == pytest.approx(np.diag(s) - np.outer(s, s), rel=1e-12)


def test_data_changed_after_recording_is_noticed_when_it_matters():
    x = Value(2.0)
    y = x**3
    x.data = 5.0
    assert gradient(y, x) == 12.0  # as it was recorded
    with pytest.raises(GraphError, match="set after recording"):
        gradient(y, x, as_graph=True)


def test_mistakes_are_named():
    with pytest.raises(ArgumentError, match="2 numbers"):
        grad(lambda x: [x, x])(1.0)
    with pytest.raises(ArgumentError, match="argnums"):
        grad(lambda x: x, argnums=1)(1.0)
    with pytest.raises(OperandError, match="'a'"):
        grad(lambda x: x)("a")
    with pytest.raises(OperandError, match="returns"):
        grad(lambda x: None)(1.0)
    with pytest.raises(ArgumentError, match=r"expected numbers of shape \(2,\), got numbers of shape \(1,\)"):
        jvp(lambda x, y: x * y, (1.0, 2.0), (1.0,))
    with pytest.raises(ArgumentError, match="expected one number"):
        vjp(lambda x: x, 1.0)[1]([1.0, 2.0])
    with pytest.raises(OperandError, match="gradient is of a Value"):
        gradient(3.0, Value(1.0))


def test_transforms_run_in_threads_side_by_side():
    answers = {}

    def work(k):
        answers[k] = [grad(lambda x: x * grad(lambda y: x * y)(2.0))(float(k)) for _ in range(50)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert all(set(answers[k]) == {2.0 * k} for k in range(8))


# -- copies -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [
    copy.copy, copy.deepcopy, lambda x: copy.deepcopy([x, x])[1], lambda x: copy.deepcopy({"x": x * 1.0})["x"],
    lambda x: copy.copy(x * 1.0),
])  # fmt: skip
def test_a_copy_of_what_is_differentiated_is_still_differentiated(copied):
    w = Value(5.0)
    assert grad(lambda x: copied(x) ** 3)(2.0) == 12.0
    assert grad(grad(lambda x: copied(x) ** 3))(2.0) == 12.0
    assert grad(lambda x: copied(x) * x)(w).data == 10.0
    assert jvp(lambda x: copied(x) ** 2, (3.0,), (1.0,)) == (9.0, 6.0)


@pytest.mark.parametrize("pickled", [lambda x: x, lambda x: x * x, lambda x: [x], lambda x: {"a": (x, 2 * x)}])
def test_what_is_differentiated_is_not_pickled_into_a_constant(pickled):
    def f(x):
        pickle.dumps(pickled(x))
        return x

    with pytest.raises(GraphError, match=r"in the pickle that would be a constant: pickle its \.data"):
        grad(f)(2.0)
    assert pickle.loads(pickle.dumps(Value(2.0) * 3)).data == 6.0


def test_what_a_derivative_does_not_depend_on_is_pickled_meanwhile():
    def f(x):
        return x * pickle.loads(pickle.dumps(Value(2.0) * 3))

    assert grad(f)(1.0) == 6.0
