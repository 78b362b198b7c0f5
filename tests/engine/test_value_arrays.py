"""Arrays of Values of our own kind: what keeps them, what they never leak into, what is refused and how."""

import copy
import math
import pickle
import warnings

import numpy as np
import pytest

import autograd
from autograd import (
    ArgumentError,
    GraphError,
    OperandError,
    Value,
    ValueArray,
    compile,
    compile_graph,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

A = np.array([1.0, 2.0, 3.0])


def array(*numbers):
    return ValueArray([Value(x) for x in numbers])


KEEPING = [
    lambda x: x[1:], lambda x: x.reshape(3, 1), lambda x: x.T, lambda x: x * 2, lambda x: 2.0 * x, lambda x: x + A,
    lambda x: A - x, lambda x: Value(2.0) * x, lambda x: x / Value(2.0), lambda x: np.float64(2.0) * x, lambda x: -x,
    lambda x: np.concatenate([A, x]), lambda x: np.r_[x, 1.0], lambda x: np.array(x, copy=True, subok=True),
    lambda x: x.copy(), lambda x: x[None], lambda x: x.astype(float), lambda x: np.tanh(x), lambda x: autograd.tanh(x),
    lambda x: autograd.softmax(x), lambda x: autograd.where(x > 1.0, x, 0.0), lambda x: np.outer(A, x),
    lambda x: np.vectorize(lambda v: v * v)(x), lambda x: x.astype(object), lambda x: np.zeros_like(x),
    lambda x: autograd.sum(x[None], axis=0), lambda x: autograd.matmul(x[None], x), lambda x: np.stack([x[0], 1.0]),
]  # fmt: skip


@pytest.mark.parametrize("f", KEEPING)
def test_results_keep_the_kind(f):
    found = f(array(1.0, 2.0, 3.0))
    assert type(found) is ValueArray
    assert found.dtype == object


def test_elements_are_plain_values_and_numbers_plain_arrays():
    x = array(1.0, 2.0, 3.0)
    assert type(x[0]) is type(x[-1]) is type(next(iter(x))) is type(x[None][0, 1]) is Value
    for found in (x > 1.0, np.isnan(x), x == A, np.argsort(x), np.signbit(x)):
        assert type(found) is np.ndarray
        assert found.dtype != object
    assert type(np.sum(x)) is type(x.mean()) is type(np.max(x)) is type(np.tensordot(x, x, 1)) is Value
    assert type(np.tanh(array(1.0)[0])) is Value


def test_answers_of_transforms_are_plain_floats():
    def f(x):
        return np.where(x > 1.5, x * x, np.sin(x))

    answers = [
        jacobian(f)(A), *jvp(f, (A,), (A,)), vjp(f, A)[0], vjp(f, A)[1](A)[0], grad(lambda x: f(x).sum())(A),
        hessian(lambda x: np.sum(f(x)))(A), hvp(lambda x: np.sum(f(x)), (A,), (A,))[0], compile(f)(A),
        value_and_grad(lambda x: np.sum(f(x)))(A)[1], jacobian(lambda x: np.zeros_like(x))(A),
    ]  # fmt: skip
    for answer in answers:
        assert type(answer) is np.ndarray
        assert answer.dtype == float


def test_answers_made_of_values_can_be_worked_with():
    w = array(1.0, 2.0, 3.0)
    assert type(grad(lambda x: np.sum(x * x))(w)) is ValueArray
    assert type(compile(lambda x: np.exp(x))(w)) is ValueArray
    assert grad(lambda x: np.sum(np.maximum(compile(np.exp)(x), 5.0)))(A).tolist() == [0.0, math.exp(2), math.exp(3)]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_are_of_the_kind(again):
    v = Value(2.0)
    found = again(ValueArray([v * v, 1.0]))
    assert type(found) is ValueArray
    assert (found[0].data, found[1]) == (4.0, 1.0)
    assert np.sum(np.exp(found)).data == math.exp(4.0) + math.e


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(ArgumentError, match="rows of equal length"):
        ValueArray([[Value(1.0), 2.0], [3.0]])


# -- conventions --------------------------------------------------------------------------------------


def each_way(f, x):
    """The gradient, eager and recorded, eager first."""
    return [grad(f)(x), *(compile(f, backend=b).grad(x) for b in ("interpreter", "numpy"))]


@pytest.mark.parametrize(
    ("f", "at", "slopes"),
    [
        (lambda x: np.sum(np.maximum(x, 2.0)), [1.0, 2.0, 3.0], [0.0, 0.5, 1.0]),
        (lambda x: np.max(x), [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
        (lambda x: np.min(x), [1.0, 1.0, 3.0], [0.5, 0.5, 0.0]),
        (lambda x: np.sum(np.clip(x, 1.0, 2.0)), [1.0, 2.0, 3.0], [1.0, 1.0, 0.0]),
        (lambda x: np.sum(np.clip(x, 1.0, None)), [0.5, 1.0, 3.0], [0.0, 1.0, 1.0]),
        (lambda x: np.sum(np.abs(x)), [-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
        (lambda x: np.sum(np.where(x > 0.0, np.sqrt(x), 0.0)), [0.0, 1.0, 4.0], [0.0, 0.5, 0.25]),
        (np.linalg.norm, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        (np.linalg.norm, [3e200, 0.0, 4e200], [0.6, 0.0, 0.8]),
        (np.std, [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]),
        (lambda x: np.sum(np.fmax(x, 1.0)), [math.nan, 0.5, 2.0], [0.0, 0.0, 1.0]),
        (lambda x: np.sum(np.maximum(x, 1.0)), [math.nan, 0.5, 2.0], [math.nan, 0.0, 1.0]),
        (lambda x: np.prod(x), [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
    ],
)
def test_kinks_ties_and_nan(f, at, slopes):
    for found in each_way(f, np.array(at)):
        np.testing.assert_allclose(found, slopes, rtol=1e-15)


def test_of_one_value():
    assert grad(lambda x: np.where(x > 0, x * x, 0.0))(3.0) == 6.0
    assert compile(lambda x: np.where(x > 0, x * x, 0.0)).grad(3.0) == 6.0
    assert grad(lambda x: np.sum(x * x) + np.max(x) + np.prod(x) + np.real(x))(3.0) == 9.0
    assert grad(lambda x: np.squeeze(np.array([x * x])))(3.0) == 6.0
    assert grad(lambda x: np.linspace(x, 2.0, 3)[1])(1.0) == 0.5
    v = Value(2.0)
    assert (v.shape, v.ndim, v.size, np.shape(v), np.ndim(v), v.conjugate() is v) == ((), 0, 1, (), 0, True)


def test_values_from_elsewhere_are_read_at_every_call():
    w = array(1.0, -2.0)
    x = np.array([0.5, 3.0])
    f = compile(lambda x: np.where(w > 0.0, x, w * x) + np.maximum(w, x) + np.nan_to_num(w))
    assert f(x).tolist() == [0.5 + 1.0 + 1.0, -6.0 + 3.0 - 2.0]
    w[0].data, w[1].data = -1.0, 5.0
    assert f(x).tolist() == [-0.5 + 0.5 - 1.0, 3.0 + 5.0 + 5.0]
    with pytest.raises(GraphError, match=r"np\.sort"):
        compile(lambda x: np.sort(w) * x)(x)


def test_keepdims_of_our_own_functions():
    x = np.log([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for kind in (x, ValueArray([[Value(e) for e in row] for row in x])):
        assert autograd.logsumexp(kind, axis=1, keepdims=True).shape == (2, 1)
        assert autograd.sum(kind, axis=0, keepdims=True).shape == (1, 3)
    np.testing.assert_allclose(autograd.logsumexp(x, axis=(0, 1), keepdims=True), [[math.log(21.0)]], rtol=1e-15)
    softmax = grad(lambda x: np.sum((x - autograd.logsumexp(x, axis=1, keepdims=True))[:, 0]))(x)
    np.testing.assert_allclose(softmax, [[5 / 6, -1 / 3, -1 / 2], [11 / 15, -1 / 3, -2 / 5]], rtol=1e-14)
    with pytest.raises(ArgumentError, match="axis 2 of an array that has 2 axes"):
        autograd.sum(x, axis=2)


# -- refusals -----------------------------------------------------------------------------------------


def test_numpys_own_arrays_get_a_note():
    for ask in (grad, lambda f: compile(f)):
        with pytest.raises(TypeError, match="no callable exp") as caught:
            ask(lambda x: np.exp(np.array([x, 0.0])).sum())(1.0)
        assert "ValueArray" in "".join(caught.value.__notes__)
    with pytest.raises(TypeError) as caught:
        grad(lambda x: np.linalg.det(np.array([[x, 1.0], [2.0, 3.0]])))(1.0)
    assert "linalg's function" in "".join(caught.value.__notes__)
    with pytest.raises(IndexError) as caught:
        compile(lambda x: x[x > 2.0].sum())(A)
    assert "np.where" in "".join(caught.value.__notes__)
    with pytest.raises(TypeError) as caught:
        grad(lambda x: x + "somebody's own mistake")(1.0)
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (lambda x: np.linalg.svd(x[None]), r"np\.linalg\.svd has no derivative rule: of linear algebra"),
        (lambda x: np.linalg.lstsq(np.eye(len(x)), x), r"singular values too.*: take .*linalg\.lstsq\(a, b\)"),
        (lambda x: np.median(x), r"np\.median is not recorded"),
        (lambda x: np.spacing(x), r"np\.spacing has no derivative rule"),
        (lambda x: np.sum(x, dtype=int), "Values are of float64"),
        (lambda x: np.max(x, where=x > 1.0), "needs initial="),
        (lambda x: np.linalg.norm(x[None].T @ x[None], 2), "norm of matrices"),
        (lambda x: x[0] * np.ma.masked_array(A), "would ignore its mask"),
        (lambda x: np.add(x, x, out=np.zeros(3)), "cannot hold the Values"),
        (lambda x: np.matmul(x, 2.0), r"write a \* b"),
    ],
)
def test_what_is_refused_says_why(f, says):
    for run in (lambda f: jacobian(f)(A), lambda f: compile(f)(A)):
        with pytest.raises((OperandError, ArgumentError), match=says):
            run(f)


@pytest.mark.parametrize("kind", [np.longdouble, np.float16, np.uint8, np.bool_])
def test_numbers_of_every_width_are_the_same_beside_values(kind):
    v, x = Value(3.0), kind(1)
    for f in (lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a + b, lambda a, b: a / b, np.hypot):
        for one in (x, np.array([x])):
            for y in (v, ValueArray([v])):
                assert [e.data for e in np.ravel(ValueArray([f(one, y), f(y, one)]))] == [f(1.0, 3.0), f(3.0, 1.0)]


MASKED = np.ma.masked_array(A, [0, 1, 0])
IGNORING = [
    lambda x, v: x + MASKED, lambda x, v: np.multiply(x, MASKED), lambda x, v: x @ MASKED, lambda x, v: x < MASKED,
    lambda x, v: np.dot(x, MASKED), lambda x, v: np.clip(x, MASKED, 5.0), lambda x, v: np.stack([x, MASKED]),
    lambda x, v: np.concatenate([x, MASKED]), lambda x, v: np.where(x > 0, x, MASKED), lambda x, v: v * MASKED,
    lambda x, v: v < MASKED, lambda x, v: v == MASKED, lambda x, v: ValueArray(MASKED),
    lambda x, v: ValueArray([[1.0, 2.0, 3.0], MASKED]), lambda x, v: autograd.sum(MASKED),
    lambda x, v: autograd.sum([MASKED, x]), lambda x, v: autograd.logsumexp(MASKED),
    lambda x, v: autograd.softmax(MASKED), lambda x, v: autograd.matmul(MASKED, x), lambda x, v: autograd.tanh(MASKED),
    lambda x, v: autograd.maximum(x, MASKED), lambda x, v: autograd.linalg.norm(MASKED),
]  # fmt: skip
CUTTING = [
    lambda x, v: MASKED * v, lambda x, v: MASKED + x, lambda x, v: np.ma.exp(x), lambda x, v: np.ma.exp(v),
    lambda x, v: np.ma.sum(x), lambda x, v: np.ma.maximum(v, 1.0), lambda x, v: np.ma.masked_array(x, [0, 1, 0]),
]  # fmt: skip


@pytest.mark.parametrize("f", IGNORING + CUTTING)
def test_what_would_ignore_a_mask_or_cut_a_graph_is_refused(f):
    with pytest.raises(OperandError, match=r"filled\(…\) or compressed\(\)"):
        f(array(1.0, 2.0, 3.0), Value(2.0))


def test_another_kind_of_array_answers_itself():
    class Other:
        def __array_ufunc__(self, *_, **__):
            return "other's"

        def __array_function__(self, *_, **__):
            return "other's"

    x = array(1.0, 2.0)
    assert np.add(x, Other()) == "other's"
    assert np.concatenate([x, Other()]) == "other's"


def test_a_graph_in_which_numpy_chose_is_not_compiled():
    v = Value(0.5)
    for chosen in (np.where(v > 0, v**2, -v), np.select([v > 0], [v**2], -v)):
        with pytest.raises(GraphError, match="chose by a plain number"):
            compile_graph(chosen, [v])


@pytest.mark.parametrize(("f", "slope"), [
    (lambda x: np.zeros_like(x) + x, 1.0), (lambda x: np.ones_like(x) * x, 1.0),
    (lambda x: np.full_like(x, 2.0) * x, 2.0),
    (lambda x: np.polyval([1.0, 2.0, 3.0], x), 3.0), (lambda x: np.sum(np.linspace(0.0, x, 4)), 2.0),
])  # fmt: skip
def test_arrays_made_like_one_number(f, slope):
    assert grad(f)(0.5) == slope
    assert compile(f).grad(0.5) == slope


def test_what_is_not_chosen_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slopes = grad(lambda x: np.sum(np.where(x > 0, x * np.log(x), 0.0)))(np.array([0.0, 4.0]))
    assert slopes.tolist() == [0.0, np.log(4.0) + 1]


@pytest.mark.parametrize(("f", "slopes"), [
    (lambda x: np.dot([x[0], 1.0], x[:2]), [2.0, 1.0, 0.0]),
    (lambda x: np.inner([x[0], 2 * x[1]], [1.0, x[2]]), [1.0, 6.0, 4.0]),
    (lambda x: np.sum(np.where(x > 1.5, list(x), x)), [1.0, 1.0, 1.0]),
    (lambda x: np.vdot([x[0], 1.0], x[:2]) + np.tensordot([x[1], 1.0], x[:2], 1), [4.0, 3.0, 0.0]),
    (lambda x: np.sum(np.dot([[x[0], 1.0], [0.0, x[1]]], x[:2])), [2.0, 5.0, 0.0]),
])  # fmt: skip
def test_lists_of_values_stand_beside_arrays(f, slopes):
    assert grad(f)(A).tolist() == slopes
    assert compile(f).grad(A).tolist() == slopes


@pytest.mark.parametrize(("f", "at", "right"), [
    (lambda x: np.std(x), [1.0, 3.0], 1.0), (lambda x: np.nan_to_num(x[0]) + x[1], [math.nan, 2.0], 2.0),
    (lambda x: np.fmax(x[0], x[1]), [math.nan, 2.0], 2.0), (lambda x: np.fmin(x[0], x[1]), [1.0, math.nan], 1.0),
    (lambda x: np.heaviside(x[0], 0.5) + x[1], [-1.0, 2.0], 2.0),
    (lambda x: np.angle(x[0]) + x[1], [-1.0, 0.0], math.pi),
])  # fmt: skip
def test_what_a_function_chooses_itself_it_chooses_anew_in_a_graph(f, at, right):
    v = ValueArray([Value(1.0), Value(1.0)])
    assert compile_graph(f(v), list(v))(*at) == right


@pytest.mark.parametrize("mode", ["maximum", "minimum", "median"])
def test_padding_by_what_numpy_would_compare_as_objects_is_refused(mode):
    with pytest.raises(OperandError, match=f"np.pad with mode='{mode}' is not recorded"):
        grad(lambda x: np.sum(np.pad(x, 1, mode=mode)))(A)


@pytest.mark.skipif(not hasattr(np, "vecdot"), reason="since NumPy 2.0")
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_vectors_side_by_side_along_every_axis(axis):
    M, N = np.arange(6.0).reshape(2, 3), np.arange(6.0, 0.0, -1.0).reshape(2, 3)
    for vecdot in (np.vecdot, np.linalg.vecdot):
        assert (
            grad(lambda x, vecdot=vecdot: np.sum(vecdot(x, N, axis=axis) ** 2))(M).tolist()
            == (2 * np.expand_dims(np.vecdot(M, N, axis=axis), axis) * N).tolist()
        )
