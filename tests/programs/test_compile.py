"""compile: the same answers as the transforms, for every way of passing arguments, and clear errors."""

from __future__ import annotations

import copy
import pickle
import random
import subprocess
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import NamedTuple

import numpy as np
import pytest

import autograd
import autograd as ag
from autograd import ArgumentError, GraphError, OperandError, Value, compile_graph, no_grad, tanh, where
from autograd.program.executors import EXECUTORS
from autograd.symbol import Symbol
from tests.support.kinks import at_kinks


def model(w, x, y):
    hidden = [tanh(w["a"][0] * x[0] + w["a"][1] * x[1] + w["b"]), tanh(w["a"][1] * x[0])]
    return (hidden[0] * hidden[1] - y) ** 2


ROOT = Path(__file__).resolve().parents[2]
W = {"a": [0.3, -0.7], "b": 0.1}
X = np.array([[0.5, -1.0], [2.0, 0.25], [-0.3, 0.8]])
Y = np.array([0.5, -0.5, 1.0])


def near(got, expected):
    """Whether two structures of numbers agree."""
    if isinstance(expected, dict):
        assert list(got) == list(expected)
        return all(near(got[key], expected[key]) for key in expected)
    if isinstance(expected, (list, tuple)):
        assert type(got) is type(expected)
        assert len(got) == len(expected)
        return all(map(near, got, expected))
    return np.shape(got) == np.shape(expected) and np.allclose(got, expected, rtol=1e-13, atol=1e-14)


def test_one_point_is_what_the_transforms_give():
    p = autograd.compile(model)
    expected = autograd.value_and_grad(model)(W, X[0], Y[0])
    assert near(p(W, X[0], Y[0]), model(W, X[0], Y[0]))
    assert near(p.value_and_grad(W, X[0], Y[0]), expected)
    assert near(p.grad(W, X[0], Y[0]), expected[1])


@pytest.mark.parametrize("argnums", [0, 1, 2, (0, 1), (2, 0, 1), -1])
def test_argnums_are_those_of_grad(argnums):
    expected = autograd.grad(model, argnums)(W, X[0], Y[0])
    assert near(autograd.compile(model, argnums=argnums).grad(W, X[0], Y[0]), expected)


def test_a_batch_sample_by_sample():
    p = autograd.compile(model, in_axes=(None, 0, 0), argnums=(0, 1, 2))
    values, (dw, dx, dy) = p.value_and_grad(W, X, Y)
    assert values.shape == (3,)
    assert dw["a"][0].shape == dw["b"].shape == dy.shape == (3,)
    assert dx.shape == (3, 2)
    for i in range(3):
        value, (ew, ex, ey) = autograd.value_and_grad(model, (0, 1, 2))(W, X[i], Y[i])
        assert near(values[i], value)
        assert near({"a": [a[i] for a in dw["a"]], "b": dw["b"][i]}, ew)
        assert near(dx[i], ex)
        assert near(dy[i], ey)


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_a_batch_reduced(reduce):
    def whole(w, xs, ys):
        total = sum(model(w, x, y) for x, y in zip(xs, ys, strict=True))
        return total if reduce == "sum" else total / len(xs)

    p = autograd.compile(model, in_axes=(None, 0, 0), reduce=reduce, argnums=(0, 1))
    assert near(p(W, X, Y), whole(W, X, Y))
    assert near(p.value_and_grad(W, X, Y), autograd.value_and_grad(whole, (0, 1))(W, X, Y))


@pytest.mark.parametrize("axis", [1, -1, -2, 0])
def test_the_batch_may_lie_along_any_axis(axis):
    p = autograd.compile(model, in_axes=(None, axis, 0))
    stacked = X if axis in (0, -2) else X.T
    assert near(p(W, stacked, Y), np.array([model(W, x, y) for x, y in zip(X, Y, strict=True)]))


def test_samples_may_be_written_out_as_lists_or_lie_in_a_dict():
    p = autograd.compile(lambda x: x[0] * x[1], in_axes=0)
    assert p([[1.0, 2.0], [3, 4]]).tolist() == [2.0, 12.0]
    q = autograd.compile(lambda s: s["x"][1] * s["y"], in_axes=0)
    assert q({"x": np.array([[1, 2], [3, 4]]), "y": np.array([10.0, 100.0])}).tolist() == [20.0, 400.0]


class Point(NamedTuple):
    x: float
    y: float


@pytest.mark.parametrize("argument", [2.0, 3, np.float32(1.5), [1.0, 2], (1.0, [2.0, 3]), Point(1.0, 2.0), {"k": 2.0},
                                      np.arange(6.0).reshape(2, 3), np.array(2.0), [np.eye(2), 1.0],
                                      (), [True]])  # fmt: skip
def test_every_structure_comes_back(argument):
    from autograd.structure import flatten

    def f(thing):
        return autograd.sum([x * x * (i + 1.0) for i, x in enumerate(flatten(thing)[0])] or [0.0])

    assert near(autograd.compile(f).value_and_grad(argument), autograd.value_and_grad(f)(argument))


def test_outputs_of_every_structure():
    p = autograd.compile(lambda x: {"twice": [2 * x, np.array([x, x * x])], "seven": 7})
    assert near(p(3.0), {"twice": [6.0, np.array([3.0, 9.0])], "seven": 7.0})


def test_a_function_is_recorded_once_for_each_structure():
    runs = []

    def f(x):
        runs.append(1)
        return autograd.sum(x)

    p = autograd.compile(f)
    assert [p([1.0, 2.0]), p([3.0, 4.0]), p([1.0, 2.0, 3.0]), p(np.array([1.0, 2.0])), p([5.0, 5.0])] == [
        3,
        7,
        6,
        3,
        10,
    ]
    assert len(runs) == 3
    for n in range(4, 60):
        p([1.0] * n)
    assert len(p._recordings) <= 32
    assert p([1.0, 2.0]) == 3.0
    assert len(runs) == 3 + 56 + 1


def test_leaves_from_elsewhere_are_read_at_every_call():
    w, b = Value(2.0), Value(1.0)
    p = autograd.compile(lambda x: w * w * x + b)
    assert p.value_and_grad(3.0) == (13.0, 4.0)
    w.data, b.data = 3.0, 0.5
    assert p.value_and_grad(3.0) == (27.5, 9.0)
    bound = p.value_and_grad.bind(3.0)
    assert [float(x) for x in bound()] == [27.5, 9.0]
    w.data = 1.0
    assert [float(x) for x in bound()] == [3.5, 1.0]


def test_nodes_already_built():
    w, x, b = [Value(2.0), Value(3.0)], [Value(1.0), Value(-1.0)], Value(0.5)
    z = autograd.dot(w, x, b)
    J = tanh(z) ** 2
    p = compile_graph(J, [w, x], argnums=(0, 1), in_axes=(None, 0), reduce="sum")
    xs = np.array([[1.0, -1.0], [0.5, 0.25]])

    def summed(w, xs):
        return sum(tanh(autograd.dot(w, list(x), b.data)) ** 2 for x in xs)

    expected, (dw, dx) = autograd.value_and_grad(summed, (0, 1))([2.0, 3.0], xs)
    columns = [xs[:, 0], xs[:, 1]]
    got, (gw, gx) = p.value_and_grad([2.0, 3.0], columns)
    assert near(got, expected)
    assert near(gw, dw)
    assert near(np.array(gx).T, dx)
    b.data = 0.0
    assert near(p([2.0, 3.0], columns), summed([2.0, 3.0], xs))
    interior = compile_graph(J, [z])
    assert near(interior.grad(0.3), autograd.grad(lambda z: tanh(z) ** 2)(0.3))
    with pytest.raises(ArgumentError, match="compiled for arguments made as a number"):
        interior([1.0, 2.0])


def test_transforms_inside_and_compiled_functions_inside():
    inner = autograd.compile(lambda x: x * x * tanh(x))
    outer = autograd.compile(lambda x, y: autograd.grad(lambda t: inner(t) * y)(x) + inner.grad(y))

    def by_transforms(x, y):
        f = lambda x: x * x * tanh(x)  # noqa: E731  (short)
        return autograd.grad(lambda t: f(t) * y)(x) + autograd.grad(f)(y)

    assert near(outer.value_and_grad(0.7, -0.4), autograd.value_and_grad(by_transforms)(0.7, -0.4))
    deep = autograd.compile(autograd.grad(autograd.grad(lambda x: autograd.relu(x) * tanh(x) ** 3)))
    assert near(deep(0.4), autograd.grad(autograd.grad(lambda x: autograd.relu(x) * tanh(x) ** 3))(0.4))


# -- control flow -----------------------------------------------------------------------------------


@at_kinks  # taken at a jump, on purpose
def test_where_records_both_branches():
    p = autograd.compile(lambda x, y: where((x < y) & (y >= 0), x * y, where((x > 3.0) | (x <= -3), -x, 2 * y)))
    for x, y, expected in [(1.0, 2.0, 2.0), (2.0, 1.0, 2.0), (4.0, 1.0, -4.0), (-4.0, -5.0, 4.0), (0.0, 0.0, 0.0)]:
        assert p(x, y) == expected
    assert autograd.compile(lambda x: where(x > 0, x, 1 / x)).grad(2.0) == 1.0
    assert autograd.compile(lambda x: where(np.less(x, 0), 1.0, x)).grad(0.0) == 1.0


@at_kinks  # taken at a jump, on purpose
def test_a_branch_not_chosen_sends_nothing_back():
    p = autograd.compile(lambda x: where(x > 0, autograd.sqrt(x), 0.0))
    assert p.value_and_grad(0.0) == (0.0, 0.0)  # not 0 · ∞
    q = autograd.compile(lambda x: where(x > 0, where(x > 1, autograd.log(x - 1), 3 * autograd.sqrt(x)), x / 2) + x)
    assert q.value_and_grad(0.0) == (0.0, 1.5)
    assert q.value_and_grad(1.0) == (4.0, 2.5)
    assert q.value_and_grad(2.0) == (2.0, 2.0)


@pytest.mark.parametrize("f", [
    lambda x: x if x > 0 else -x, lambda x: max(x, 2 * x), lambda x: sorted([x, -x])[0], lambda x: bool(x) and x,
    lambda x: x * 2 if x else x, lambda x: 0.0 if not x < 1 else x, lambda x: np.maximum(np.array([x, x]), 0)[0],
])  # fmt: skip
def test_python_cannot_branch_on_a_recorded_value(f):
    with pytest.raises(GraphError, match=r"Write where\(condition, a, b\)"):
        autograd.compile(f)(1.0)


@pytest.mark.parametrize("f", [
    lambda x: x * x.data, lambda x: x.item() * x, lambda x: x.detach() * x, lambda x: Value(x.data), lambda x: x.grad,
    lambda x: (x * x).backward() or x, lambda x: autograd.gradient(x * x, x), lambda x: x.slopes[0],
    lambda x: autograd.deltas(x * x)[x],
])  # fmt: skip
def test_a_number_not_known_yet_cannot_be_read(f):
    with pytest.raises(GraphError, match="no number while"):
        autograd.compile(f)(1.0)


@pytest.mark.parametrize("f", [
    lambda x, n: sum(x[i] for i in range(n)), lambda x, n: [1.0, 2.0][n] * x[0],
], ids=["range", "list"])  # fmt: skip
def test_a_recorded_number_neither_counts_nor_chooses(f):
    with pytest.raises(GraphError, match=r"'n'> counts or chooses .* compile\(lambda x: f\(x, 3\)\)"):
        autograd.compile(f)(X[0], 1)
    assert autograd.compile(lambda x: f(x, 1))(X[0]) == f(X[0], 1)


def forked(t):
    """Wherever it is, some branch that was not chosen has an infinite slope, or nan."""
    outer = where(t > 1.0, autograd.log(t - 1.0), where(t < -1.0, autograd.sqrt(-t - 1.0), t))
    return where(t > 0.0, autograd.sqrt(t) * 2.0, t * 3.0) + outer * where(t > 0.0, 1.0 / t, t) + autograd.exp(outer)


FIRST, SECOND = autograd.grad(forked), autograd.grad(autograd.grad(forked))
MIXED = autograd.grad(lambda t: where(t <= 0.0, FIRST(t), autograd.sqrt(t)) * t)


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
@pytest.mark.parametrize("f", [
    FIRST, SECOND, MIXED, lambda t: autograd.jvp(forked, (t,), (1.0,))[1],
    lambda t: autograd.jacobian(lambda s: [forked(s), s, forked(s) * s])(t)[2],
    lambda t: autograd.hvp(forked, (t,), (2.0,))[0],
], ids=["grad", "grad of grad", "grad of a branch", "jvp", "jacobian", "hvp"])  # fmt: skip
def test_no_derivative_comes_back_to_a_branch_that_was_not_chosen(f, backend):
    points = np.array([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    with np.errstate(all="ignore"):
        expected = [f(t) for t in points.tolist()]
    assert np.isfinite(expected).all()
    assert near(autograd.compile(f, backend=backend, in_axes=0)(points), np.array(expected))


def test_no_grad_inside_is_refused():
    def f(x):
        with no_grad():
            return x * x

    with pytest.raises(GraphError, match="no_grad"):
        autograd.compile(f)(1.0)


def test_a_value_that_leaks_is_noticed():
    kept = []
    p = autograd.compile(lambda x: kept.append(x * x) or 3 * x)
    assert p(2.0) == 6.0
    with pytest.raises(GraphError, match="no number while"):
        (kept[0] + 1).data  # noqa: B018  (reading is what must fail)
    with pytest.raises(GraphError, match="no number while"):
        (kept[0] * Value(2.0)).backward()
    with pytest.raises(GraphError, match="kept from another recording"):
        autograd.compile(lambda x: x + kept[0])(1.0)
    with pytest.raises(GraphError, match="no number while"):
        f"{kept[0].data:.2f}"


def test_eager_comparisons_are_as_they_were():
    assert (Value(1.0) < Value(2.0)) is True
    assert np.less(Value(1.0), 2.0) == np.True_
    assert isinstance(Symbol("x") < Value(1.0), Symbol)
    assert isinstance(Value(1.0) < Symbol("x"), Symbol)


# -- mistakes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "told"), [
    ({"reduce": "max"}, "reduce"), ({"reduce": "sum"}, "in_axes"), ({"backend": "cuda"}, "backend"),
    ({"threads": 0}, "threads"),
])  # fmt: skip
def test_options_that_are_none(options, told):
    with pytest.raises(ArgumentError, match=told):
        autograd.compile(model, **options)


@pytest.mark.parametrize(("options", "args", "error", "told"), [
    ({}, ("3", X[0], 1.0), OperandError, "got str '3'"),
    ({}, (W, {1.0}, 1.0), OperandError, "argument 1"),
    ({}, (W, np.array(["a", "b"]), 1.0), OperandError, "argument 1"),
    ({"argnums": 3}, (W, X[0], 1.0), ArgumentError, "argnums 3"),
    ({"in_axes": (None, 0)}, (W, X, Y), ArgumentError, "in_axes"),
    ({"in_axes": (None, 0, 0)}, (W, X, 1.0), ArgumentError, "argument 2 has the batch axis 0"),
    ({"in_axes": (None, 2, 0)}, (W, X, Y), ArgumentError, "batch axis 2"),
    ({"in_axes": (None, 0, 0)}, (W, X, Y[:2]), ArgumentError, r"\[2, 3\] samples"),
    ({"in_axes": (None, 0, 0)}, (W, [[1.0, 2.0], [3.0]], Y), ArgumentError, "equal lengths"),
    ({"in_axes": ("x", 0, 0)}, (W, X, Y), ArgumentError, "in_axes"),
])  # fmt: skip
def test_arguments_that_do_not_fit(options, args, error, told):
    with pytest.raises(error, match=told):
        autograd.compile(model, **options).value_and_grad(*args)


def test_what_is_asked_before_anything_was_recorded():
    with pytest.raises(GraphError, match="nothing was recorded yet"):
        autograd.compile(model).program  # noqa: B018  (reading is what must fail)


def test_a_gradient_is_of_one_number():
    with pytest.raises(ArgumentError, match="returned 2 numbers"):
        autograd.compile(lambda x: [x, x]).grad(1.0)


# -- prepared memory --------------------------------------------------------------------------------


def test_out_is_filled():
    p = autograd.compile(lambda x: autograd.sum(x * x))
    value, slopes = np.zeros(()), np.zeros(3)
    answer = p.value_and_grad(np.array([1.0, 2.0, 3.0]), out=(value, slopes))
    assert answer[0] is value
    assert answer[1] is slopes
    assert value == 14.0
    assert slopes.tolist() == [2.0, 4.0, 6.0]


@pytest.mark.parametrize("out", [(np.zeros(()), np.zeros(2)), (np.zeros(()), np.zeros(3, np.float32)), [1, 2], None,
                                 (np.zeros(()),), (0.0, np.zeros(3))])  # fmt: skip
def test_an_out_that_does_not_fit_is_refused_and_untouched(out):
    p = autograd.compile(lambda x: autograd.sum(x * x))
    if out is None:
        assert p.value_and_grad(np.ones(3))[0] == 3.0
        return
    with pytest.raises(ArgumentError, match="out"):
        p.value_and_grad(np.ones(3), out=out)
    if isinstance(out, tuple):
        assert not np.any(out[0])


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_a_bound_call_reads_and_writes_its_own_arrays(reduce):
    p = autograd.compile(model, in_axes=(None, 0, 0), reduce=reduce)
    call = p.value_and_grad.bind(W, X, Y)
    w, x, y = call.args
    x[...] += 0.5
    w["a"][1] = 0.9
    value, slopes = call()
    expected, grads = p.value_and_grad({"a": [0.3, 0.9], "b": 0.1}, X + 0.5, Y)
    assert near(np.array(value), np.array(expected))
    assert near(np.array(slopes["a"]), np.array(grads["a"]).T if reduce is None else np.array(grads["a"]))
    assert y.tolist() == Y.tolist()


# -- second derivatives and Jacobians ---------------------------------------------------------------


def rosenbrock(x):
    return autograd.sum([100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x)])


def test_scipy_minimises_with_it_as_it_stands():
    optimize = pytest.importorskip("scipy.optimize")
    p = autograd.compile(rosenbrock)
    start = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
    found = optimize.minimize(p.value_and_grad, start, jac=True, hess=p.hessian, method="trust-exact", tol=1e-12)
    assert np.allclose(found.x, 1.0, atol=1e-9)
    found = optimize.minimize(p.value_and_grad, start, jac=True, hessp=p.hvp, method="Newton-CG", tol=1e-12)
    assert np.allclose(found.x, 1.0, atol=1e-6)


@pytest.mark.parametrize("argnums", [0, 1, (0, 1), (2, 0)])
def test_hessian_and_hvp_are_those_of_the_transforms(argnums):
    p = autograd.compile(model, argnums=argnums)
    args = (W, X[0], Y[0])
    chosen = args[argnums] if isinstance(argnums, int) else tuple(args[i] for i in argnums)
    if argnums in (0, 1):
        assert near(p.hessian(*args), autograd.hessian(model, argnums)(*args))
    flat, structure = autograd.structure.measure(chosen)
    direction = structure.build(np.cos(np.arange(flat.size)).tolist())
    product, _ = autograd.structure.measure(p.hvp(*args, direction))
    positions = [argnums] if isinstance(argnums, int) else list(argnums)

    def of_chosen(*chosen):
        given = list(args)
        for i, argument in zip(positions, chosen, strict=True):
            given[i] = argument
        return model(*given)

    given = [chosen] if isinstance(argnums, int) else list(chosen)
    expected = autograd.hvp(of_chosen, given, [direction] if isinstance(argnums, int) else list(direction))
    assert near(product, autograd.structure.measure(expected)[0])


def test_the_shapes_of_jacobians_and_hessians():
    def f(x, s):
        return {"a": np.array([x[0] * x[1] * s, x[1] ** 3]), "b": autograd.sin(x[0]) * s}

    args = (np.array([0.5, 1.5]), 2.0)
    p = autograd.compile(f, argnums=(0, 1))
    for i in (0, 1):
        expected = autograd.jacobian(f, i)(*args)
        assert near(autograd.compile(f, argnums=i).jacobian(*args), expected)
        assert near(p.jacobian(*args)["a"][i], expected["a"])  # in JAX's way: an array for each argument
        assert near(p.jacobian(*args)["b"][i], expected["b"])
    wide = autograd.compile(lambda x: np.array([x[0] * x[1], x[1] / x[0], autograd.tanh(x[0])]))
    assert near(wide.jacobian(args[0]), autograd.jacobian(wide.f)(args[0]))
    g = lambda x, s: autograd.tanh(x[0] * x[1] * s) + x[0] ** 2  # noqa: E731  (short)
    assert near(autograd.compile(g).hessian(*args), autograd.hessian(g)(*args))
    assert near(autograd.compile(g, argnums=(0, 1)).hessian(*args)[0][0], autograd.hessian(g)(*args))
    assert near(autograd.compile(g, argnums=1).hessian(*args), autograd.hessian(g, 1)(*args))


def test_second_derivatives_over_a_batch():
    p = autograd.compile(model, argnums=1, in_axes=(None, 0, 0))
    hessians = p.hessian(W, X, Y)
    assert hessians.shape == (3, 2, 2)
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -2.0]])
    products = p.hvp(W, X, Y, directions)
    for i in range(3):
        expected = autograd.hessian(model, 1)(W, X[i], Y[i])
        assert near(hessians[i], expected)
        assert near(products[i], expected @ directions[i])
    summed = autograd.compile(lambda w, x: autograd.tanh(w[0] * x) * w[1], in_axes=(None, 0), reduce="sum")
    w, x = np.array([0.3, 0.7]), np.array([0.5, -1.0, 2.0])
    by_hand = sum(autograd.hessian(lambda w, x=x: autograd.tanh(w[0] * x) * w[1])(w) for x in x)
    assert near(summed.hessian(w, x), by_hand)
    assert near(summed.hvp(w, x, np.array([1.0, -1.0])), by_hand @ [1.0, -1.0])


def test_a_direction_that_does_not_fit():
    p = autograd.compile(rosenbrock)
    with pytest.raises(ArgumentError, match="direction"):
        p.hvp(np.ones(3), np.ones(2))


def test_programs_are_imported_when_they_are_first_used():
    program = "import sys; import autograd; print(*sys.modules); autograd.compile"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "autograd.value" in ran.stdout
    assert "autograd.program" not in ran.stdout
    with pytest.raises(AttributeError, match="no attribute 'compiled'"):
        autograd.compiled  # noqa: B018  (reading is what must fail)


def test_many_threads_may_call_one_compiled_function():
    p = autograd.compile(model, in_axes=(None, 0, 0), reduce="sum", backend="numpy")
    x, y = np.tile(X, (700, 1)), np.tile(Y, 700)
    expected = p.value_and_grad(W, x, y)
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: p.value_and_grad(W, x, y), range(24)):
            assert got == expected


def in_another_thread(f, *args):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(f, *args).result(timeout=60)


def test_what_is_recorded_may_wait_for_threads_that_record():
    """While a function runs to be recorded, no lock is held that another thread could be waiting for."""
    other = autograd.compile(lambda x: x * x)
    p = autograd.compile(lambda x, n: x * (in_another_thread(p, 3.0, 1) if n == 2 else 2.0), static_argnums=1)
    assert autograd.compile(lambda x: x * in_another_thread(other, 3.0))(2.0) == 18.0
    assert p(1.0, 2) == 6.0


def test_a_thread_in_the_context_of_a_recording_belongs_to_it():
    w = Value(2.0)
    q = autograd.compile(lambda x: w * x)
    p = autograd.compile(lambda x: x * in_another_thread(copy_context().run, q, 3.0))
    assert p(1.0) == 6.0
    w.data = 5.0
    assert p(1.0) == 15.0


def test_two_that_record_each_other_in_two_threads():
    met = Barrier(2)

    def f(x, first):
        if first:
            met.wait(60)  # both are being recorded now
        return x + (g(x, False) if first else x)

    def g_of(x, first):
        if first:
            met.wait(60)
        return 2 * x + (f_(x, False) if first else x)

    f_, g = (autograd.compile(each, static_argnums=1) for each in (f, g_of))
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(each, 1.0, True) for each in (f_, g)]
        assert [each.result(timeout=60) for each in asked] == [4.0, 4.0]


def test_one_that_calls_itself_through_a_thread_is_told():
    p = autograd.compile(lambda x: x * in_another_thread(p, 1.0))
    with pytest.raises(GraphError, match="calls itself while it is recorded"):
        p(2.0)


# -- exact ------------------------------------------------------------------------------------------


def plain_arithmetic(seed):
    """A function of +, -, ×, ÷, √ and dot, each of which has one correctly rounded answer."""

    def f(xs):
        dice, found = random.Random(seed), list(xs)
        for _ in range(40):
            a, b, c = (dice.choice(found[-8:] + list(xs)) for _ in range(3))
            ways = [
                lambda a, b, c: a + b, lambda a, b, c: a - b, lambda a, b, c: a * b, lambda a, b, c: a / b,
                lambda a, b, c: autograd.sqrt(a * a), lambda a, b, c: a * b + c * a + b,
                lambda a, b, c: autograd.dot([a, b, c], [c, a, b], a),
            ]  # fmt: skip
            found.append(dice.choice(ways)(a, b, c))
        return found[-1] + found[-2] * found[-3]

    return f


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
def test_exact_sums_are_those_of_the_graph_to_the_bit(backend):
    differ = 0
    for seed in range(30):
        f, xs = plain_arithmetic(seed), np.random.default_rng(seed).normal(size=(9, 4))
        expected = [f([Value(x) for x in row]).data for row in xs.tolist()]
        at_once = autograd.compile(f, backend=backend, exact=True, in_axes=0)(xs)
        one = autograd.compile(f, backend=backend, exact=True)
        assert np.array_equal(at_once, expected, equal_nan=True)
        assert np.array_equal([one(row) for row in xs], expected, equal_nan=True)
        loose = autograd.compile(f, backend=backend, in_axes=0)(xs)
        differ += not np.array_equal(loose, expected, equal_nan=True)
    assert differ or backend == "interpreter"  # else nothing was asked for


# -- where it meets the other worlds ------------------------------------------------------------------


def test_a_bound_call_is_neither_copied_nor_pickled():
    call = ag.compile(lambda x: x[0] * x[1]).value.bind(np.array([2.0, 3.0]))
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(GraphError, match="bind again"):
            attempt(call)
    assert float(call()) == 6.0


def test_a_function_that_calls_itself_while_it_is_recorded():
    p = ag.compile(lambda x: p(x) + 1.0)
    with pytest.raises(GraphError, match="calls itself"):
        p(1.0)


def test_what_holds_numbers_is_not_filled_with_values():
    p = ag.compile(lambda x: x * x)
    with pytest.raises(ArgumentError, match="made of Values"):
        p(Value(2.0), out=np.zeros(()))
    with pytest.raises(OperandError, match="plain numbers"):
        p.value.bind(Value(2.0))
    with pytest.raises(GraphError, match="cut off"):
        ag.grad(lambda w: ag.compile(lambda x: w * x).value.bind(2.0)()[()])(3.0)


@pytest.mark.parametrize("in_axes", [None, 0])
def test_directions_have_their_keys_in_any_order(in_axes):
    p = ag.compile(lambda q: q["a"] ** 2 * q["b"], in_axes=in_axes)
    a, b = (2.0, 3.0) if in_axes is None else (np.array([2.0, 1.0]), np.array([3.0, -1.0]))
    along = {"a": 0.0 * a + 1.0, "b": 0.0 * b + 5.0}
    first = p.hvp({"a": a, "b": b}, along)
    second = p.hvp({"a": a, "b": b}, dict(reversed(along.items())))
    for key in ("a", "b"):
        np.testing.assert_array_equal(first[key], second[key])
    np.testing.assert_allclose(first["a"], 2 * b + 5.0 * 2 * a)
    with pytest.raises(ArgumentError, match="a dict of"):
        p.hvp({"a": a, "b": b}, {"a": along["a"], "c": along["b"]})
    with pytest.raises(ArgumentError):
        p.hvp({"a": a, "b": b}, [along["a"], along["b"]])


def test_each_derivative_is_asked_for_once():
    with pytest.raises(ArgumentError, match="twice"):
        ag.compile(lambda x, y: x * y, argnums=(0, -2)).grad(1.0, 2.0)
    w = Value(2.0)
    with pytest.raises(ArgumentError, match="twice"):
        compile_graph(w * w, [w, [w]])


def test_the_captured_are_listed_after_the_arguments():
    w, v = Value(2.0, name="w"), Value(3.0)
    p = ag.compile(lambda x: w * x + v)
    program = p.record(1.0)
    assert p.captured == (w, v)
    assert program.inputs[:2] == ("x", "w")
    assert len(program.inputs) == 3


@pytest.mark.parametrize("backend", EXECUTORS)
def test_nothing_moves_through_a_branch_that_is_not_chosen(backend):
    """Forwards as backwards: what is not chosen does not count as 0, which an infinite slope would make nan."""

    def root(x):
        return ag.sqrt(where(x > 0, x, 0.0))

    def nested(x):
        return where(x > 0, where(x > 1, ag.log(x - 1), ag.sqrt(x) * 3), ag.exp(-1 / x)) + root(x)

    for f in (root, nested):

        def several(x, f=f):  # more answers than arguments: forwards
            return [f(x), x]

        for x in (-1.0, 0.5, 2.0):
            wanted = ag.jacobian(several)(x)
            assert np.isfinite(wanted).all()
            asked = [
                ag.compile(several, backend=backend).jacobian(x),
                ag.compile(ag.jacobian(several), backend=backend)(x),
                ag.compile(lambda x: ag.jvp(several, (x,), (1.0,))[1], backend=backend)(x),
                ag.compile(several, in_axes=0, backend=backend).jacobian(np.array([x, 0.25]))[0][0],
            ]
            np.testing.assert_allclose(asked[0], wanted, rtol=1e-13)
            np.testing.assert_allclose(asked[1], wanted, rtol=1e-13)
            np.testing.assert_allclose(asked[2], wanted, rtol=1e-13)
            np.testing.assert_allclose(asked[3], wanted[0], rtol=1e-13)
            second = ag.hessian(f)(x)
            np.testing.assert_allclose(ag.compile(f, backend=backend).hessian(x), second, rtol=1e-12)
            np.testing.assert_allclose(ag.compile(f, backend=backend).hvp(x, 2.0), 2 * second, rtol=1e-12)


def test_numbers_of_the_moment_of_recording_cannot_slip_in():
    w = Value(1.0)

    def cut(x):
        with no_grad():
            s = w * 2
        return s * x

    frozen = [lambda x: x if w else -x, lambda x: w.detach() * x, lambda x: copy.copy(w) * x, cut]
    for f in frozen:
        with pytest.raises(GraphError):
            ag.compile(f)(2.0)
    assert ag.compile(lambda x: Value(2.0).detach() * x)(3.0) == 6.0
    d = Value(1.0).detach()
    p = ag.compile(lambda x: where(d > 0.5, d * x, -d * x))
    for d.data in (1.0, -1.0):
        assert p(2.0) == 2.0


def test_what_stands_first_does_not_say_what_a_tuple_is():
    Pair = namedtuple("Pair", "a b")
    a, b = [1.0, 3.0], [2.0, 4.0]
    for given in ((np.array(a), b), (a, np.array(b)), Pair(a, b)):
        assert ag.compile(lambda p: p[0] * p[1], in_axes=0)(given).tolist() == [2.0, 12.0]
    assert ag.compile(lambda p: p[0] * p[1], in_axes=0)([a, b]).tolist() == [3.0, 8.0]  # samples, written out
    with pytest.raises(ArgumentError, match="in_axes True"):
        ag.compile(lambda x: x, in_axes=True)(a)


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")  # as NumPy says itself
def test_matrices_of_numpy_are_refused():
    M = np.asmatrix([[1.0, 2.0], [3.0, 4.0]])
    for f in (ag.grad(lambda X: ag.sum(X * X)), ag.compile(lambda X: ag.sum(X * X))):
        with pytest.raises(OperandError, match=r"np\.asarray"):
            f(M)


def test_a_gradient_does_not_answer_for_the_function_that_it_is_of():
    slope = ag.grad(ag.compile(lambda x: x**3))
    assert slope(3.0) == 27.0
    assert not hasattr(slope, "hessian")


@pytest.mark.parametrize("in_axes", [None, 0])
def test_a_bound_direction_is_written_where_it_is_read(in_axes):
    """Captured numbers stand between the arguments and the directions."""
    w = Value(2.0)
    x = 3.0 if in_axes is None else np.array([3.0, 1.0])
    p = ag.compile(lambda x: w * x**3, in_axes=in_axes)
    for call, slope in ((p.hvp.bind(x, 0.0 * x), 12.0 * x), (p.jvp.bind(x, 0.0 * x), 6.0 * x * x)):
        np.copyto(call.args[1], 5.0)
        answer = call()
        np.testing.assert_allclose(answer[1] if isinstance(answer, tuple) else answer, 5.0 * slope)
    pulled = p.vjp.bind(x, 0.0 * x)
    np.copyto(pulled.args[1], 10.0)
    np.testing.assert_allclose(pulled()[1], 60.0 * x * x)
    w.data = 0.0
    assert not np.any(pulled()[1])


@pytest.mark.parametrize("backend", EXECUTORS)
def test_weights_of_numbers_returned_twice_of_inputs_and_of_constants(backend):
    def f(x, y):
        z = x * x
        return [z, x, 7.0, z, {"y": y, "x": [x, z * y]}]

    weights = [1.0, 10.0, 100.0, 1e3, {"x": [1e4, 1e5], "y": 1e6}]
    value, pull = ag.vjp(f, 3.0, 2.0)
    for p in (ag.compile(f, argnums=(0, 1), backend=backend), ag.compile(f, argnums=(1, 0), backend=backend)):
        found, slopes = p.vjp(3.0, 2.0, weights)
        assert near(found, value)
        assert slopes == (pull(weights) if p.options.argnums == (0, 1) else pull(weights)[::-1])
    assert pull(weights) == (6006.0 + 10.0 + 1e4 + 12e5, 1e6 + 9e5)


def test_what_numpy_runs_loads_nothing_that_makes_machine_code():
    program = """
import sys
from autograd import Value
from autograd.program.executors import Work, choose
from autograd.program.reading import program_from
print(choose(program_from([Value(1.0) * Value(2.0)]), "auto", 10, Work(1, 10))[0], *sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    chosen, *loaded = ran.stdout.split()
    assert chosen == "numpy"
    assert "autograd.program.native.executor" not in loaded
