"""Values in NumPy: arrays of them, ufuncs on them, NumPy numbers beside them."""

import math

import numpy as np
import pytest

import autograd
from autograd import OperandError, Value, gradient


def values(array):
    return np.vectorize(Value, otypes=[object])(array)


def data(array):
    return np.vectorize(lambda v: v.data, otypes=[float])(array)


SCALARS = [np.float64(2), np.float32(2), np.int64(2), np.bool_(True)]


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda s: type(s).__name__)
def test_numpy_scalars_on_either_side(scalar):
    v = Value(3.0)
    for node in (scalar * v, v * scalar, scalar + v, v - scalar, scalar / v, v / scalar):
        assert type(node) is Value
    assert (scalar * v).data == float(scalar) * 3.0
    assert (scalar - v).data == float(scalar) - 3.0


def test_numpy_scalar_powers():
    v = Value(3.0)
    assert (np.float64(2) ** v).data == 8.0
    assert (v ** np.float64(2)).data == 9.0


def test_array_times_value_both_ways():
    a, v = np.array([1.0, 2.0, 3.0]), Value(2.0)
    for product in (a * v, v * a, np.multiply(a, v), np.multiply(v, a)):
        assert product.dtype == object
        assert product.shape == (3,)
        assert data(product).tolist() == [2.0, 4.0, 6.0]
    np.sum(a * v).backward()
    assert v.grad == 6.0


def test_ufuncs_on_values_and_arrays_of_values():
    v = Value(0.5)
    assert type(np.tanh(v)) is Value
    assert np.tanh(v).op.name == "tanh"
    Z = values([[0.1, 0.2], [-0.3, 0.4]])
    assert data(np.tanh(Z)).tolist() == [[math.tanh(z.data) for z in row] for row in Z]
    assert data(np.add(np.array([1.0, 2.0]), v)).tolist() == [1.5, 2.5]
    assert np.arctan2(v, 1.0).data == math.atan2(0.5, 1.0)
    assert np.maximum(v, 1.0).data == 1.0
    assert np.absolute(-v).data == 0.5


UFUNCS = """exp log log1p expm1 sqrt cbrt square reciprocal sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh
    arctanh log2 log10 exp2 absolute fabs sign floor ceil trunc rint degrees radians deg2rad rad2deg negative
    positive"""


@pytest.mark.parametrize("name", UFUNCS.split())
def test_numpy_functions_of_one_number(name):
    ufunc = getattr(np, name)
    assert ufunc(Value(0.75)).data == pytest.approx(ufunc(0.75), rel=1e-15)
    if name == "sign":
        return  # of an array of objects NumPy itself compares the elements with 0
    assert ufunc(values([0.75]))[0].data == pytest.approx(ufunc(0.75), rel=1e-15)


def test_sum_mean_and_matmul():
    X, W = np.array([[1.0, 2.0], [3.0, 4.0]]), values([[0.5], [-1.0]])
    Y = X @ W
    assert data(Y).tolist() == [[-1.5], [-2.5]]
    J = np.sum(Y)
    assert J.data == -4.0
    assert gradient(J, list(W.flat)) == [4.0, 6.0]
    assert np.mean(Y).data == -2.0
    assert data(autograd.matmul(X, W)).tolist() == data(Y).tolist()
    assert autograd.matmul(X, W)[0, 0].op.name == "dot"


def test_the_cost_of_the_lecture_in_one_line():
    X = np.array([[1.4, -1.0, 0.4], [0.4, -1.0, 0.1], [5.4, -1.0, 4.0], [1.5, -1.0, 1.0]])
    y = np.array([[0.45], [0.52], [0.25], [0.31]])
    rng = np.random.default_rng(3)
    W = [rng.normal(size=shape) / 2 for shape in ((3, 3), (3, 2), (2, 1))]
    W1, W2, W3 = map(values, W)

    J = np.sum((y - np.tanh(np.tanh(np.tanh(X @ W1) @ W2) @ W3)) ** 2 / 2)

    A2 = np.tanh(X @ W[0])
    A3 = np.tanh(A2 @ W[1])
    A4 = np.tanh(A3 @ W[2])
    d4 = -(y - A4) * (1 - A4**2)
    d3 = (d4 @ W[2].T) * (1 - A3**2)
    d2 = (d3 @ W[1].T) * (1 - A2**2)
    assert J.data == pytest.approx(np.sum((y - A4) ** 2) / 2, rel=1e-14)
    J.backward()
    for nodes, by_hand in ((W1, X.T @ d2), (W2, A2.T @ d3), (W3, A3.T @ d4)):
        np.testing.assert_allclose([w.grad for w in nodes.flat], by_hand.ravel(), rtol=1e-12)


def test_functions_on_arrays_of_floats_give_floats():
    x = np.array([[-1.0, 0.0], [2.0, 750.0]])
    assert autograd.relu(x).tolist() == [[0.0, 0.0], [2.0, 750.0]]
    assert autograd.sigmoid(x).dtype == float
    assert autograd.tanh([0.0, 1.0]).tolist() == [0.0, math.tanh(1.0)]
    assert autograd.sum(x, axis=0).tolist() == [1.0, 750.0]
    assert autograd.softmax(np.zeros((2, 4)), axis=0).tolist() == [[0.5] * 4] * 2


def test_vectors_along_an_axis():
    Z = values([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert data(autograd.sum(Z, axis=1)).tolist() == [6.0, 15.0]
    assert autograd.sum(Z).data == 21.0
    s = autograd.softmax(Z)
    assert s.shape == Z.shape
    assert [sum(p.data for p in row) for row in s] == pytest.approx([1.0, 1.0], rel=1e-15)
    assert data(autograd.log_softmax(Z)) == pytest.approx(np.log(data(s)), rel=1e-13)


@pytest.mark.filterwarnings("error")
def test_arrays_of_values_warn_of_nothing():
    Z = values([-1.0, 0.0, 1000.0, math.nan, math.inf])
    for function in (autograd.log, autograd.exp, autograd.relu, autograd.tanh, autograd.sqrt, autograd.reciprocal):
        found = data(function(Z))
        np.testing.assert_array_equal(found, [function(z.data) for z in Z])


def test_in_place_arithmetic_needs_an_array_of_objects():
    a = np.array([1.0, 2.0])
    with pytest.raises(OperandError, match="object"):
        a += Value(1.0)
    assert a.tolist() == [1.0, 2.0]
    b = a.astype(object)
    b += Value(1.0)
    assert data(b).tolist() == [2.0, 3.0]


def test_what_has_no_rule_says_so():
    with pytest.raises(OperandError, match="spacing"):
        np.spacing(Value(1.0))
    with pytest.raises(OperandError, match="less"):
        np.less.outer(Value(1.0), np.ones(2))


def test_comparisons_with_arrays():
    v = Value(2.0)
    assert (v > np.array([1.0, 3.0])).tolist() == [True, False]
    assert (np.array([1.0, 3.0]) < v).tolist() == [True, False]
    assert np.isnan(v) == np.False_


@pytest.mark.parametrize("convert", [float, math.tanh, lambda v: np.array([v]).astype(float), lambda v: np.float64(v)])
def test_no_silent_way_back_to_floats(convert):
    with pytest.raises(TypeError):
        convert(Value(1.0))
