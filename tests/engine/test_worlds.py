"""The table of worlds: everything that can be called, called in every way; each answer is held against mpmath.

Down are a function, its transforms, and compiled functions with their questions, at one point and over a
batch.  Across are the numbers they are called with, what encloses the call, and where it runs.  Where the
answer is a graph, its derivative along what is outside is held against mpmath too.
"""

import asyncio
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product

import mpmath
import numpy as np
import pytest

import autograd as ag
from autograd import (
    Value,
    compile,
    compile_graph,
    exp,
    grad,
    hessian,
    hvp,
    is_recording,
    jacobian,
    jvp,
    no_grad,
    record_sources,
    scope,
    sin,
    value_and_grad,
    value_and_jacobian,
    vjp,
)  # fmt: skip
from autograd.structure import flatten
from nn import MLP

A, B = 0.75, 1.25  # the point
ALONG = (2.0, -1.0)
ROWS = np.array([[A, B], [0.5, -0.25], [-1.5, 0.125]])  # the samples


def f(x):
    return sin(x[0]) * x[1] + x[0] * x[1] ** 3 + exp(x[0] * x[1] / 4)


@cache
def exact(i, j, a=A, b=B):
    """∂ⁱ⁺ʲf/∂aⁱ∂bʲ, to far more digits than a float has."""
    with mpmath.workdps(60):
        return mpmath.diff(lambda a, b: mpmath.sin(a) * b + a * b**3 + mpmath.exp(a * b / 4), (a, b), (i, j))


# -- down: what is called, and the derivatives (i, j, factor) that it answers -------------------------

VALUE = [[(0, 0, 1)]]
GRADIENT = [[(1, 0, 1)], [(0, 1, 1)]]
HESSIAN = [[(2, 0, 1)], [(1, 1, 1)], [(1, 1, 1)], [(0, 2, 1)]]
PUSHED = [[(1, 0, ALONG[0]), (0, 1, ALONG[1])]]
PRODUCT = [[(2, 0, ALONG[0]), (1, 1, ALONG[1])], [(1, 1, ALONG[0]), (0, 2, ALONG[1])]]


PULLED = [[(1, 0, 3)], [(0, 1, 3)]]


def direction(x):
    """Of one point, or of each sample."""
    if np.ndim(np.asarray(x, object)) == 2:
        return np.tile(ALONG, (len(x), 1))
    return np.array(ALONG) if isinstance(x, np.ndarray) else list(ALONG)


def weight(p, x):
    """Of the value, or of the value of each sample."""
    each = np.ndim(np.asarray(x, object)) == 2 and p.options.reduce is None
    return np.full(len(x), 3.0) if each else 3.0


def with_aux(x):
    """The function, and beside it what moves with it, and what is no number."""
    return f(x), {"twice": 2.0 * f(x), "of": "f"}


AUX = [[(0, 0, 2)]]


TRANSFORMS = {
    "f": (f, VALUE),
    "grad": (grad(f), GRADIENT),
    "value_and_grad": (value_and_grad(f), VALUE + GRADIENT),
    "jacobian": (jacobian(lambda x: [f(x), x[0] * f(x)]), None),
    "jacobian, wide": (jacobian(lambda x: f(x)), GRADIENT),
    "hessian": (hessian(f), HESSIAN),
    "jvp": (lambda x: jvp(f, (x,), (direction(x),)), VALUE + PUSHED),
    "vjp": (lambda x: vjp(f, x)[1](1.0)[0], GRADIENT),
    "hvp": (lambda x: hvp(f, (x,), (direction(x),))[0], PRODUCT),
    "grad of jvp": (grad(lambda x: jvp(f, (x,), (direction(x),))[1]), PRODUCT),
    "value_and_jacobian": (value_and_jacobian(f), VALUE + GRADIENT),
    "grad, by name": (lambda x: grad(lambda a, b, x: f(x) + a - b, argnum=2)(1.0, x=x, b=2.0), GRADIENT),
    "grad, with aux": (grad(with_aux, has_aux=True), GRADIENT + AUX),
    "vjp, with aux": (lambda x: (lambda y, pull, aux: (pull(3.0), aux))(*vjp(with_aux, x, has_aux=True)), PULLED + AUX),
}
del TRANSFORMS["jacobian"]  # its product rule is not a list of f's own derivatives; the wide one is the same code

QUESTIONS = {
    "value": (lambda p: p, VALUE),
    "grad": (lambda p: p.grad, GRADIENT),
    "value_and_grad": (lambda p: p.value_and_grad, VALUE + GRADIENT),
    "jacobian": (lambda p: p.jacobian, GRADIENT),
    "hessian": (lambda p: p.hessian, HESSIAN),
    "hvp": (lambda p: lambda x: p.hvp(x, direction(x)), PRODUCT),
    "jvp": (lambda p: lambda x: p.jvp(x, direction(x)), VALUE + PUSHED),
    "vjp": (lambda p: lambda x: p.vjp(x, weight(p, x)), VALUE + PULLED),
    "value_and_jacobian": (lambda p: p.value_and_jacobian, VALUE + GRADIENT),
}
REDUCED = {"value": 1, "value_and_grad": 1, "jvp": 2, "vjp": 1, "value_and_jacobian": 1}  # numbers that a sum makes one
WITH_AUX = {  # of the others test_arguments sees to it
    "value_and_grad": VALUE + AUX + GRADIENT, "vjp": VALUE + PULLED + AUX,
}  # fmt: skip
BACKENDS = ("interpreter", "numpy", "llvm")
COMPILED = {backend: compile(f, backend=backend) for backend in BACKENDS}


def graph():
    nodes = [Value(0.0), Value(0.0)]
    return compile_graph(f(nodes), [nodes])


BY_NAME = compile(lambda a, b, x: f(x) + a * (b - 2.0), argnums=2)
CALLED = {
    **TRANSFORMS,
    **{f"compiled {q} on {b}": (ask(p), of) for (q, (ask, of)), (b, p) in product(QUESTIONS.items(), COMPILED.items())},
    **{f"compiled {q}, with aux": (QUESTIONS[q][0](compile(with_aux, has_aux=True)), of) for q, of in WITH_AUX.items()},
    **{f"compiled graph's {q}": (ask(graph()), of) for q, (ask, of) in QUESTIONS.items()},
    "compiled of compiled": (compile(lambda x: COMPILED["llvm"](x)), VALUE),
    "compiled of compiled grad": (compile(lambda x: COMPILED["llvm"].grad(x)), GRADIENT),
    "grad of compiled": (grad(COMPILED["llvm"]), GRADIENT),
    "hessian of compiled": (hessian(COMPILED["numpy"]), HESSIAN),
    "compiled grad of grad": (compile(lambda x: grad(COMPILED["numpy"])(x)), GRADIENT),
    "hvp of compiled": (lambda x: hvp(COMPILED["llvm"], (x,), (direction(x),))[0], PRODUCT),
    "compiled hvp of compiled": (
        compile(
            lambda x: COMPILED["llvm"].hvp(x, direction(np.zeros(2)) if isinstance(x, np.ndarray) else direction(x))
        ),
        PRODUCT,
    ),
    "jvp of compiled": (lambda x: jvp(COMPILED["numpy"], (x,), (direction(x),)), VALUE + PUSHED),
    "grad of compiled jvp": (grad(lambda x: COMPILED["llvm"].jvp(x, direction(x))[1]), PRODUCT),
    "jacobian of compiled vjp": (jacobian(lambda x: COMPILED["numpy"].vjp(x, 3.0)[1][0]), [[(2, 0, 3)], [(1, 1, 3)]]),
    "compiled jvp of compiled": (compile(lambda x: COMPILED["llvm"].jvp(x, list(ALONG))), VALUE + PUSHED),
    "compiled by name": (lambda x: BY_NAME(1.0, x=x, b=2.0), VALUE),
    "compiled grad by name": (lambda x: BY_NAME.grad(b=2.0, a=1.0, x=x), GRADIENT),
}


def expected(answers, along=(0, 0), at=(A, B)):
    """The numbers of an answer, or their derivative along a move of the point."""
    da, db = along
    if along == (0, 0):
        return [float(sum(c * exact(i, j, *at) for i, j, c in terms)) for terms in answers]
    return [
        float(sum(c * (exact(i + 1, j, *at) * da + exact(i, j + 1, *at) * db) for i, j, c in terms))
        for terms in answers
    ]


def numbers(answer):
    return [x.data if isinstance(x, Value) else x for x in flatten(answer)[0]]


def close(found, wanted):
    assert found == pytest.approx(wanted, rel=1e-11, abs=1e-13)


# -- across: the numbers it is called with -----------------------------------------------------------

ARGUMENTS = {
    "floats": lambda: [A, B],
    "a tuple": lambda: (A, B),
    "NumPy's numbers": lambda: [np.float64(A), np.float32(B)],
    "an array": lambda: np.array([A, B]),
    "a column": lambda: np.array([[A, 9.0], [B, 9.0]])[:, 0],
    "a reversed array": lambda: np.array([B, A])[::-1],
    "single precision": lambda: np.array([A, B], np.float32),
    "Values": lambda: [Value(A), Value(B)],
    "a Value and a number": lambda: [Value(A), B],
    "an array of Values": lambda: np.array([Value(A), Value(B)], object),
    "Values from a pickle": lambda: pickle.loads(pickle.dumps([Value(A), Value(B)])),
    "computed Values": lambda: [Value(A / 2) * 2, Value(B) + 0.0],
    "detached Values": lambda: [Value(A).detach(), Value(B).detach()],
}
NOT_LISTS = {"a tuple", "an array", "a column", "a reversed array", "single precision", "an array of Values"}
NARROW = {"NumPy's numbers", "single precision"}
BATCHES = {
    "an array": lambda: ROWS.copy(),
    "lists": lambda: ROWS.tolist(),
    "Fortran's order": lambda: np.asfortranarray(ROWS),
    "every second": lambda: np.repeat(ROWS, 2, axis=0)[::2],
    "Values": lambda: np.array([[Value(x) for x in row] for row in ROWS.tolist()], object),
    "some Values": lambda: [[Value(a), b] for a, b in ROWS.tolist()],
}


# -- across: where the call runs ---------------------------------------------------------------------


def in_a_thread(call):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def in_a_task(call):
    async def main():
        await asyncio.sleep(0)
        return call()

    return asyncio.run(main())


def beside_a_waiting_generator(call):
    def waits():
        with no_grad(), scope("not here"):
            yield

    waiting = waits()
    next(waiting)
    try:
        return call()
    finally:
        waiting.close()


def within(block):
    def run(call):
        with block():
            return call()

    return run


PLACES = {
    "here": lambda call: call(),
    "under no_grad": within(no_grad),
    "in a scope": within(lambda: scope("layer")),
    "with sources": within(record_sources),
    "in a thread": in_a_thread,
    "in a task": in_a_task,
    "beside a waiting generator": beside_a_waiting_generator,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("called", CALLED)
def test_on_numbers_of_every_kind(called, place):
    call, answers = CALLED[called]
    for kind, make in ARGUMENTS.items():
        if called.startswith("compiled graph") and kind in NOT_LISTS:
            continue  # its arguments are made as its nodes are
        if called == "f" and kind in NARROW:
            continue  # plain numbers of NumPy's, which computes as it likes
        found = PLACES[place](lambda: call(make()))  # noqa: B023  (called at once)
        close(numbers(found), expected(answers))
        is_graph = any(isinstance(x, Value) and not x.is_detached for x in flatten(found)[0])
        wants_graph = place != "under no_grad" and "Value" in kind and "detached" not in kind
        assert is_graph == wants_graph or "detached" in kind, f"{called} {place} on {kind}: {found}"


# -- across: inside something larger -----------------------------------------------------------------

ENCLOSED = {
    "grad": lambda g: grad(g)(A),
    "grad of a Value": lambda g: grad(g)(Value(A)).data,
    "jvp": lambda g: jvp(g, (A,), (1.0,))[1],
    "a Value's backward": lambda g: backward_of(g),
    "compiled grad": lambda g: compile(g).grad(A),
    "compiled, then grad": lambda g: grad(compile(g))(A),
    "grad, compiled": lambda g: compile(grad(g))(A),
    "a thread's grad": lambda g: in_a_thread(lambda: grad(g)(A)),
    "grad under no_grad": lambda g: within(no_grad)(lambda: grad(g)(A)),
}


def backward_of(g):
    t = Value(A)
    g(t).backward()
    return t.grad


def weighted(answer):
    """One number of all numbers of an answer, in which each counts differently."""
    return ag.sum([(1.0 + k) * x for k, x in enumerate(flatten(answer)[0])])


def weighted_expected(answers, along, at=(A, B)):
    return float(sum((1.0 + k) * x for k, x in enumerate(expected(answers, along, at))))


@pytest.mark.parametrize("around", ENCLOSED)
@pytest.mark.parametrize("called", CALLED)
def test_inside_a_derivative_along_its_argument(called, around):
    call, answers = CALLED[called]
    slope = (B - 0.25) / A
    found = ENCLOSED[around](lambda t: weighted(call([t, slope * t + 0.25])))
    close(found, weighted_expected(answers, (1, slope)))


def closures(t):
    """The same calls, to be made, of the function of b alone, which has a = t from around it."""

    def g(y):
        return f([t, y[0]])

    def nested(y):
        return compile(lambda z: f([t, z[0]]))(y)

    return {
        "grad": (lambda: grad(g)([B]), [[(0, 1, 1)]]),
        "value_and_grad": (lambda: value_and_grad(g)([B]), [[(0, 0, 1)], [(0, 1, 1)]]),
        "hessian": (lambda: hessian(g)([B]), [[(0, 2, 1)]]),
        "jvp": (lambda: jvp(g, ([B],), ([2.0],)), [[(0, 0, 1)], [(0, 1, 2)]]),
        "vjp": (lambda: vjp(g, [B])[1](3.0)[0], [[(0, 1, 3)]]),
        "hvp": (lambda: hvp(g, ([B],), ([2.0],))[0], [[(0, 2, 2)]]),
        "compiled": (lambda: compile(g)([B]), [[(0, 0, 1)]]),
        "compiled grad": (lambda: compile(g).grad([B]), [[(0, 1, 1)]]),
        "compiled hessian": (lambda: compile(g).hessian([B]), [[(0, 2, 1)]]),
        "compiled hvp": (lambda: compile(g).hvp([B], [2.0]), [[(0, 2, 2)]]),
        "compiled jvp": (lambda: compile(g).jvp([B], [2.0]), [[(0, 0, 1)], [(0, 1, 2)]]),
        "compiled vjp": (lambda: compile(g).vjp([B], 3.0), [[(0, 0, 1)], [(0, 1, 3)]]),
        "compiled jvp over a batch": (
            lambda: compile(g, in_axes=0, reduce="sum").jvp([[B], [B]], [[2.0], [1.0]]),
            [[(0, 0, 2)], [(0, 1, 3)]],
        ),
        "compiled, nested": (lambda: compile(nested).value_and_grad([B]), [[(0, 0, 1)], [(0, 1, 1)]]),
        "grad of compiled": (lambda: grad(compile(g))([B]), [[(0, 1, 1)]]),
        "compiled over a batch": (lambda: compile(g, in_axes=0, reduce="sum")([[B], [B]]), [[(0, 0, 2)]]),
        "graph": (lambda: graph_over(t), [[(0, 0, 1)], [(0, 1, 1)]]),
    }


def graph_over(t):
    y = Value(0.0)
    return compile_graph(f([t, y]), [[y]]).value_and_grad([B])


NAMES = ["grad", "value_and_grad", "hessian", "jvp", "vjp", "hvp", "compiled", "compiled grad", "compiled hessian",
         "compiled hvp", "compiled jvp", "compiled vjp", "compiled jvp over a batch", "compiled, nested",
         "grad of compiled", "compiled over a batch", "graph"]  # fmt: skip


@pytest.mark.parametrize("around", [name for name in ENCLOSED if name != "a Value's backward"])
@pytest.mark.parametrize("called", NAMES)
def test_inside_a_derivative_along_what_it_closes_over(called, around):
    answers = closures(A)[called][1]
    found = ENCLOSED[around](lambda t: weighted(closures(t)[called][0]()))
    close(found, weighted_expected(answers, (1, 0)))


def test_a_function_that_was_compiled_before_sees_each_input_that_runs():
    held = []
    p = compile(lambda y: f([held[0], y]))

    def outer(t):
        held[:] = [t]
        return p(B) + p.grad(B)

    assert grad(outer)(A) == pytest.approx(float(exact(1, 0) + exact(1, 1)), rel=1e-12)
    assert grad(outer)(-1.5) == pytest.approx(float(exact(1, 0, -1.5) + exact(1, 1, -1.5)), rel=1e-12)
    assert compile(outer).grad(0.5) == pytest.approx(float(exact(1, 0, 0.5) + exact(1, 1, 0.5)), rel=1e-12)
    held[:] = [A]
    assert p(B) == pytest.approx(float(exact(0, 0)), rel=1e-12)


def test_in_worker_threads_an_outer_input_is_still_one():
    def outer(t):
        with ThreadPoolExecutor(4) as pool:
            parts = pool.map(lambda b: grad(lambda y: f([t, y]))(b) + compile(lambda y: f([t, y]))(b), [B, 0.5])
            return ag.sum(list(parts))

    wanted = sum(float(exact(1, 1, A, b) + exact(1, 0, A, b)) for b in (B, 0.5))
    assert grad(outer)(A) == pytest.approx(wanted, rel=1e-12)


# -- over a batch ------------------------------------------------------------------------------------


def sample_answers(answers, reduce):
    """(answers of each sample, their sum or mean)."""
    rows = np.array([expected(answers, at=tuple(row)) for row in ROWS.tolist()])
    return rows if reduce is None else rows / (3 if reduce == "mean" else 1)


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_over_a_batch(question, backend, reduce):
    ask, answers = QUESTIONS[question]
    p = compile(f, in_axes=0, reduce=reduce, backend=backend)
    rows = sample_answers(answers, reduce)
    first = REDUCED.get(question, 0) if reduce else 0  # numbers that are reduced, not one a sample
    wanted = np.concatenate([rows[:, :first].sum(axis=0), *(rows[:, k] for k in range(first, rows.shape[1]))])
    for make in BATCHES.values():
        X = make()
        found = ask(p)(X)
        parts = found if isinstance(found, tuple) else (found,)
        flat = [
            list(np.asarray(part, object).reshape(3, -1).T.flat) if np.size(part) != 1 else [part] for part in parts
        ]
        close(numbers([x for part in flat for x in part]), wanted.tolist())
        holds_values = any(isinstance(x, Value) for part in flat for x in part)
        assert holds_values == any(isinstance(x, Value) for x in np.asarray(X, object).flat)


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
@pytest.mark.parametrize("around", [name for name in ENCLOSED if name != "a Value's backward"])
def test_a_batch_inside_a_derivative(around, reduce):
    """Along the shared argument and along the samples, which all move with t."""
    p = compile(lambda s, x: s * f(x), in_axes=(None, 0), reduce=reduce)

    def g(t):
        X = np.array([[a * t, b] for a, b in (ROWS / [A, 1.0]).tolist()], object)
        slopes = compile(lambda s, x: s * f(x), argnums=(0, 1), in_axes=(None, 0), reduce=reduce).grad(t, X)
        return ag.sum([p(t, X)] if reduce else list(p(t, X))) + weighted([slopes[0], slopes[1]])

    def reference(t):
        total, n = mpmath.mpf(0), 3 if reduce == "mean" else 1
        shared, each = [], []
        for a, b in mpmath.matrix(ROWS / [A, 1.0]).tolist():
            value, da, db = (exact_at(k, a * t, b) for k in ((0, 0), (1, 0), (0, 1)))
            total += t * value / n
            shared.append(value / n)
            each += [t * da / n, t * db / n]
        listed = [mpmath.fsum(shared), *each] if reduce else [*shared, *each]
        return total + mpmath.fsum((1 + k) * x for k, x in enumerate(listed))

    with mpmath.workdps(40):
        wanted = float(mpmath.diff(reference, A))
    close(ENCLOSED[around](g), wanted)


def exact_at(order, a, b):
    return mpmath.diff(lambda a, b: mpmath.sin(a) * b + a * b**3 + mpmath.exp(a * b / 4), (a, b), order)


@pytest.mark.parametrize("reduce", [None, "sum", "mean"])
def test_no_samples(reduce):
    p = compile(lambda s, x: s * f(x), argnums=(0, 1), in_axes=(None, 0), reduce=reduce)
    for s in (2.0, Value(2.0)):
        value, (shared, each) = p.value_and_grad(s, np.zeros((0, 2)))
        assert np.shape(each) == (0, 2)
        if reduce is None:
            assert np.shape(value) == np.shape(shared) == (0,)
        else:
            wanted = 0.0 if reduce == "sum" else np.nan
            assert np.array_equal([value, shared], [wanted, wanted], equal_nan=True)


# -- captured leaves, models, checks -----------------------------------------------------------------


def test_other_captured_leaves_are_numbers_that_are_read_at_every_call():
    w = Value(A)
    p = compile(lambda y: f([w, y]))
    inside = compile(lambda y: 2.0 * p(y) + p(B))
    for a in (A, -0.5):
        w.data = a
        value, once = float(exact(0, 0, a)), float(exact(0, 1, a))
        close([p(B), p.grad(B), grad(p)(B)], [value, once, once])
        assert not isinstance(grad(p)(B), Value)
        close(inside(B), 3 * value)
        assert w.grad == 0.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_comparison_of_a_captured_leaf_is_asked_at_every_call(backend):
    w = Value(1.0)
    p = compile(lambda x: ag.where(w > 0.5, ag.sqrt(x), -x), backend=backend)
    slope = compile(grad(lambda x: ag.where(ag.greater(w, 0.5), ag.sqrt(x), -x)), backend=backend)
    nested = compile(lambda x: x * grad(lambda z: ag.where(w > 0.5, z * z, -z))(2.0), backend=backend)
    kink = compile(lambda x: x * grad(ag.relu)(w), backend=backend)
    for w.data, root, along, inner, step in ((1.0, 2.0, 0.25, 4.0, 1.0), (-1.0, -4.0, -1.0, -1.0, 0.0)):
        assert (p(4.0), p.grad(4.0), slope(4.0)) == (root, along, along)
        assert (nested(3.0), kink(3.0)) == (3.0 * inner, 3.0 * step)
    assert p.grad(0.0) == -1.0  # nothing, not 0 · ∞, comes back from the other branch
    for decide in (lambda x: x if w > 0.5 else -x, lambda x: x * max(w, 0.5), lambda x: x if w in (1.0, 2.0) else -x):
        with pytest.raises(ag.GraphError, match="not known"):
            compile(decide)(1.0)
    assert compile(lambda x: x * (3.0 if Value(2.0) > 1.0 else 1.0))(1.0) == 3.0


def test_an_input_that_came_from_a_constant_is_still_an_input():
    u = Value(2.0).detach()
    assert grad(lambda a: grad(lambda b: b * a)(1.0))(u).data == 1.0
    assert grad(lambda a: hessian(lambda b: b * b * a)(1.0))(u).data == 2.0
    assert compile(lambda y: grad(lambda a: grad(lambda b: b * a * y)(1.0))(u)).grad(3.0) == 1.0


def test_a_value_made_inside_is_a_constant():
    inner = grad(lambda x: Value(3.0) * x * x)
    assert inner(2.0) == 12.0
    assert type(inner(2.0)) is float
    p = compile(lambda x: Value(3.0) * x + jacobian(lambda q: [q[0], q[1]])([x, x])[0][1]).record(2.0)
    assert p.inputs == ("x",)


def test_a_model_in_a_closure_and_as_a_function():
    model = MLP(2, [3, 1], "tanh", seed=1)
    x0 = np.array([0.3, -0.4])

    def J(x):
        return model(list(x))[0] ** 2 if isinstance(model(list(x)), (list, np.ndarray)) else model(list(x)) ** 2

    slopes = grad(J)(x0)
    assert all(isinstance(s, Value) for s in slopes)  # they depend on the parameters
    step = 1e-6
    for i in range(2):
        shift = step * np.eye(2)[i]
        with no_grad():
            numeric = (J(x0 + shift) - J(x0 - shift)) / (2 * step)
        assert slopes[i].data == pytest.approx(getattr(numeric, "data", numeric), rel=1e-6)
    close(compile(J).grad(x0).tolist(), [s.data for s in slopes])
    penalty = ag.sum([s * s for s in slopes])
    penalty.backward()
    p = model.parameters()[0]
    before, found = p.data, p.grad
    ends = []
    for moved in (before + 1e-6, before - 1e-6):
        p.data = moved
        ends.append(sum(s.data**2 for s in grad(J)(x0)))
    p.data = before
    assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("function", [f, COMPILED["llvm"], compile(f, backend="numpy"), lambda x: COMPILED["numpy"](x)])
def test_check_grad_of_all_of_them(function):
    for place in PLACES.values():
        assert place(lambda: ag.check_grad(function, [A, B]).ok)
        assert not place(lambda: ag.check_grad(function, [A, B], gradient=[1.0, 1.0]).ok)


def test_contexts_are_as_before_after_all_this():
    assert is_recording()
