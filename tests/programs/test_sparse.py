"""Sparse Jacobians and Hessians: against sympy, SciPy and the dense answers, however a function is called."""

import pickle
import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value, compile, compile_graph, greater, where
from autograd.errors import ArgumentError, OperandError
from autograd.program.executors import EXECUTORS
from autograd.program.interpreter import interpret
from autograd.program.passes.cones import _CLOSE, _Walk
from autograd.program.passes.reach import Cones, Passages, cheaper
from autograd.program.verify import verify

sympy = pytest.importorskip("sympy")
scipy_sparse = pytest.importorskip("scipy.sparse")
EVERY = pytest.mark.parametrize("backend", EXECUTORS)

OURS = {"sin": autograd.sin, "tanh": autograd.tanh, "exp": autograd.exp, "where": where, "greater": greater}
THEIRS = {
    "sin": sympy.sin, "tanh": sympy.tanh, "exp": sympy.exp, "greater": sympy.StrictGreaterThan,
    "where": lambda condition, a, b: sympy.Piecewise((a, condition), (b, True)),
}  # fmt: skip
STEPS = [
    lambda m, a, b: a + b, lambda m, a, b: a - 3.0 * b, lambda m, a, b: a * b, lambda m, a, b: a**2 * b,
    lambda m, a, b: a / (2.0 + b**2), lambda m, a, b: m["sin"](a), lambda m, a, b: m["tanh"](a) * 0.5,
    lambda m, a, b: m["exp"](m["tanh"](b)), lambda m, a, b: a**3, lambda m, a, b: a * 1.5 + 2.0,
    lambda m, a, b: m["where"](m["greater"](a, b), a * b, m["sin"](b)), lambda m, a, b: a - a,
    lambda m, a, b: m["where"](m["greater"](b, 0.1), b, 0.25), lambda m, a, b: a * (2.0 + b**2) ** -1.5,
    lambda m, a, b: (1.5 + m["sin"](a)) ** 0.5, lambda m, a, b: 1.25 ** m["tanh"](a),
]  # fmt: skip


def random_function(seed, inputs, outputs=None):
    """A function of a few numbers each, of our numbers or of sympy's; one number without `outputs`."""

    def f(x, m=OURS):
        dice, found = random.Random(seed), list(x)
        for _ in range(dice.randrange(1, 12)):
            found.append(dice.choice(STEPS)(m, dice.choice(found[-5:]), dice.choice(found)))
        if outputs is None:
            return sum(found[inputs:]) + found[0]
        return [dice.choice([*found, 4.0]) for _ in range(outputs)]

    return f


def same(ours, theirs):
    """Equal to 1e-13 of the largest number."""
    theirs = np.asarray(theirs, float)
    return np.abs(np.asarray(ours) - theirs).max(initial=0.0) <= 1e-13 * (1 + np.abs(theirs).max(initial=0.0))


def evaluated(matrix, symbols, at):
    """A matrix of sympy's at a point, in 30 digits."""
    numbers = dict(zip(symbols, map(sympy.Float, at), strict=True))
    found = [complex(sympy.sympify(entry).subs(numbers).evalf(30)).real for entry in matrix]
    return np.array(found, float).reshape(matrix.shape)


@settings(max_examples=12)
@given(st.integers(0, 10**9), st.integers(1, 5), st.integers(1, 5))
def test_entries_are_those_of_sympy(seed, inputs, outputs):
    at = [random.Random(seed).uniform(-1.5, 1.5) for _ in range(inputs)]
    symbols = sympy.symbols(f"x:{inputs}", real=True)
    f = random_function(seed, inputs, outputs)
    theirs = sympy.Matrix([sympy.sympify(y) for y in f(symbols, THEIRS)]).jacobian(symbols)
    ours = compile(f).jacobian.sparse(np.array(at))
    assert same(ours.toarray(), evaluated(theirs, symbols, at))
    g = random_function(seed, inputs)
    theirs = sympy.hessian(g(symbols, THEIRS), symbols)
    assert same(compile(g).hessian.sparse(np.array(at)).toarray(), evaluated(theirs, symbols, at))


@settings(max_examples=40)
@given(st.integers(0, 10**9), st.integers(1, 9), st.integers(1, 9), st.sampled_from(sorted(EXECUTORS)))
def test_entries_are_those_of_the_dense_answer_to_the_bit(seed, inputs, outputs, backend):
    at = np.array([random.Random(seed).uniform(-1.5, 1.5) for _ in range(inputs)])
    p = compile(random_function(seed, inputs, outputs), backend=backend)
    found, pattern = p.jacobian.sparse(at), p.jacobian.pattern(at)
    assert np.array_equal(found.toarray(), np.array(p.jacobian(at)).reshape(outputs, inputs))
    assert same(found.toarray(), autograd.jacobian(p.f)(at))
    assert np.array_equal(found.rows, pattern.rows) and np.array_equal(found.columns, pattern.columns)
    assert sorted(zip(found.rows, found.columns, strict=True)) == list(zip(found.rows, found.columns, strict=True))
    q = compile(random_function(seed, inputs), backend=backend)
    whole, lower, dense = q.hessian.sparse(at), q.hessian.sparse(at, lower=True), q.hessian(at)
    assert np.array_equal(whole.toarray(), dense)
    assert np.array_equal(lower.toarray(), np.tril(dense))
    assert same(dense, autograd.hessian(q.f)(at))
    assert np.array_equal(q.hessian.pattern(at).toarray(), q.hessian.pattern(at).toarray().T)
    verify(p._latest().latest_program)
    verify(q._latest().latest_program)


@given(st.integers(0, 10**9), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_both_ways_write_the_same_matrix(seed, inputs, outputs, triangle):
    """Rows backwards and columns forwards; of a gradient's the lower triangle."""
    f = random_function(seed, inputs, None if triangle else outputs)
    at = np.array([random.Random(seed).uniform(-1.5, 1.5) for _ in range(inputs)])
    program = compile(f).record(at)
    if triangle:
        program = compile(lambda x: autograd.grad(f)(x)).record(at)
    found = []
    for forwards in (True, False):
        walk = _Walk(Passages(program), range(inputs), program.outputs.tolist(), triangle)
        entries = walk.one_by_one(forwards)
        whole = np.zeros(entries.shape)
        whole[entries.rows, entries.columns] = interpret(entries.alone(), at) if len(entries.rows) else 0.0
        found.append(whole)
    assert same(*found)


@settings(max_examples=25)
@given(st.integers(0, 10**9))
def test_what_is_known_beforehand_is_so(seed):
    """Entries that are linear do not change with x, constants are what they are, and outside of the pattern is 0."""
    dice = np.random.default_rng(seed)
    p = compile(random_function(seed, 4, 4))
    one, other = p.jacobian.sparse(dice.normal(size=4)), p.jacobian.sparse(dice.normal(size=4))
    linear, constant = one.pattern.linear, one.pattern.constant
    assert np.array_equal(one.values[linear], other.values[linear])
    assert not (constant & ~linear).any()
    dense = np.array(autograd.jacobian(p.f)(dice.normal(size=4)), float).reshape(4, 4)
    assert not dense[~one.pattern.toarray()].any()


def test_linear_along_x_is_not_constant_where_a_parameter_stands():
    p = compile(lambda x, a: [a * x[0] + 2 * x[1], x[1] * x[2]])
    pattern = p.jacobian.pattern(np.ones(3), 5.0)
    assert pattern.linear.tolist() == [True, True, False, False]
    assert pattern.constant.tolist() == [False, True, False, False]


def test_the_pattern_is_known_before_any_number_is_computed(monkeypatch):
    from autograd.program import call

    def refuse(*_):
        raise AssertionError("a kernel was made")

    monkeypatch.setattr(call, "kernel_for", refuse)
    p = compile(lambda x: [x[i] * x[i + 1] for i in range(4)])
    pattern = p.jacobian.pattern(np.zeros(5))
    assert pattern.rows.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert pattern.columns.tolist() == [0, 1, 1, 2, 2, 3, 3, 4]
    assert (len(pattern), pattern.shape) == (8, (4, 5))
    with pytest.raises(ValueError, match="read-only"):
        pattern.rows[0] = 3


# -- in every way a function is called --------------------------------------------------------------


def misfit(w, x):
    return [w["a"] * x[0] ** 2 + w["b"][1], autograd.sin(w["b"][0] * x[1]) * w["a"], x[0] * 2.0]


PARAMETERS = {"a": 0.7, "b": np.array([1.3, -0.4])}


@EVERY
@pytest.mark.parametrize("argnums", [0, 1, (0, 1), (1, 0)])
def test_structures_and_several_arguments(backend, argnums):
    p, x = compile(misfit, argnums=argnums, backend=backend), np.array([0.3, 0.9])
    found, dense = p.jacobian.sparse(PARAMETERS, x), p.jacobian(PARAMETERS, x)

    def row(part):
        parts = part if isinstance(argnums, tuple) else (part,)
        flat = [part.values() if isinstance(part, dict) else [part] for part in parts]
        return np.concatenate([np.ravel(each) for parts in flat for each in parts])

    assert np.array_equal(found.toarray(), [row(part) for part in dense])
    q = compile(lambda w, x: sum(y**2 for y in misfit(w, x)), argnums=argnums, backend=backend)
    whole = q.hessian.sparse(PARAMETERS, x)
    assert same(whole.toarray(), whole.toarray().T)
    assert whole.shape == (found.shape[1], found.shape[1])


@EVERY
def test_batches_give_samples_by_values(backend):
    p = compile(misfit, argnums=1, in_axes=(None, 0), backend=backend)
    xs = np.random.default_rng(0).normal(size=(7, 2))
    found = p.jacobian.sparse(PARAMETERS, xs)
    assert found.values.shape == (7, 3)
    assert found.toarray().shape == (7, 3, 2)
    one = compile(misfit, argnums=1, backend=backend)
    for i, x in enumerate(xs):
        assert same(found.toarray()[i], one.jacobian.sparse(PARAMETERS, x).toarray())
        assert same(found.to_scipy()[i].toarray(), found.toarray()[i])
    assert "7 samples" in repr(found)
    assert p.jacobian.sparse(PARAMETERS, xs[:0]).values.shape == (0, 3)


@EVERY
@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_reductions_sum_what_is_along_shared_arguments(backend, reduce):
    def loss(w, x):
        return (w[0] * x + w[1] ** 2) ** 2 + w[2]

    options = {"in_axes": (None, 0), "reduce": reduce, "backend": backend}
    w, xs = np.array([0.3, 0.8, 2.0]), np.linspace(-1, 1, 9)
    p, q = compile(loss, **options), compile(loss, argnums=1, **options)
    assert same(p.hessian.sparse(w, xs).toarray(), p.hessian(w, xs))
    assert p.hessian.sparse(w, xs).values.shape == (4,)
    assert same(q.hessian.sparse(w, xs).toarray().ravel(), q.hessian(w, xs))
    both = compile(loss, argnums=(0, 1), **options)
    with pytest.raises(ArgumentError, match="some entries are sums over the samples"):
        both.hessian.sparse(w, xs)


def test_what_stands_beside_the_value_comes_along():
    p = compile(lambda x: ([x[0] * x[1], x[1]], {"size": x[0] + 1}), has_aux=True)
    found, beside = p.jacobian.sparse(np.array([2.0, 3.0]))
    assert found.toarray().tolist() == [[3.0, 2.0], [0.0, 1.0]]
    assert beside == {"size": 3.0}
    bound = p.jacobian.sparse.bind(np.array([2.0, 3.0]))
    assert bound()[0].values.tolist() == [3.0, 2.0, 1.0]


def test_captured_values_are_read_at_every_call():
    a = Value(3.0)
    p = compile(lambda x: [a * x[0], x[1] ** 2])
    x = np.array([1.0, 2.0])
    bound = p.jacobian.sparse.bind(x)
    assert p.jacobian.sparse(x).values.tolist() == bound().values.tolist() == [3.0, 4.0]
    a.data = 5.0
    assert p.jacobian.sparse(x).values.tolist() == bound().values.tolist() == [5.0, 4.0]


@EVERY
@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (lambda x: [1.0, 2.0], (2, 3)),
        (lambda x: [], (0, 3)),
        (lambda x: x[0] - x[0], (1, 3)),
        (lambda x: [greater(x[0], x[1] + 1.0), autograd.sum([])], (2, 3)),
    ],
)
def test_without_entries(backend, f, shape):
    found = compile(f, backend=backend).jacobian.sparse(np.ones(3))
    assert (len(found.values), found.shape) == (0, shape)
    assert found.toarray().shape == found.to_scipy().shape == shape
    if shape[0] == 1:
        assert len(compile(f, backend=backend).hessian.sparse(np.ones(3)).values) == 0


@EVERY
def test_outputs_may_be_inputs_or_the_same_number(backend):
    def f(x):
        y = x[0] * x[1]
        return [x[2], y, y, x[2], 7.0]

    p = compile(f, backend=backend)
    expected = [[0, 0, 1], [3, 2, 0], [3, 2, 0], [0, 0, 1], [0, 0, 0]]
    assert p.jacobian.sparse(np.array([2.0, 3.0, 4.0])).toarray().tolist() == expected
    assert compile(lambda x: x**2, backend=backend).hessian.sparse(3.0).toarray().tolist() == [[2.0]]
    assert compile(lambda x: 1 + 2 * x, backend=backend).jacobian.sparse(3.0).toarray().tolist() == [[2.0]]


@EVERY
def test_behind_a_choice_that_is_not_taken_there_is_no_infinity(backend):
    """√x has an infinite slope at 0, behind a branch that is not chosen there: 0, not 0 · ∞."""

    def f(x):
        return sum(where(greater(each, 0.0), each * each**0.5, each**2) for each in x)

    p = compile(f, backend=backend)
    found = p.hessian.sparse(np.array([0.0, 4.0]))
    assert np.allclose(found.toarray(), [[2.0, 0.0], [0.0, 0.375]], rtol=1e-15)
    assert np.array_equal(compile(lambda x: [f(x)], backend=backend).jacobian.sparse(np.zeros(2)).toarray(), [[0, 0]])


@EVERY
def test_bound_calls_fill_the_values_in_place(backend):
    def f(x):
        return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))

    p, x = compile(f, backend=backend), np.linspace(0, 1, 6)
    for lower in (False, True):
        bound = p.hessian.sparse.bind(x, lower=lower)
        values = bound.out.values
        matrix = bound().to_scipy()
        bound.args[0][:] = x[::-1]
        assert bound().values is values
        assert np.array_equal(values, p.hessian.sparse(x[::-1], lower=lower).values)
        assert np.array_equal(matrix.toarray(), p.hessian.sparse(x, lower=lower).toarray())  # a copy


def test_scipy_is_handed_what_it_takes():
    p = compile(lambda x: [x[0] * x[2], x[1], 3 * x[0]])
    x = np.array([2.0, 3.0, 5.0])
    matrix = p.jacobian.sparse(x).to_scipy()
    assert matrix.format == "csr" and matrix.has_sorted_indices
    assert np.array_equal(matrix @ x, p.jacobian.sparse(x).toarray() @ x)
    assert np.array_equal(p.jacobian.pattern(x).to_scipy().toarray(), p.jacobian.pattern(x).toarray())


def test_entries_lead_to_their_nodes():
    p = compile(lambda x: x[0] ** 3 * x[1] + 2 * x[2] ** 2)
    x = np.array([2.0, 5.0, 1.0])
    nodes = p.hessian.sparse.nodes(x, lower=True)
    assert [node.data for node in nodes] == p.hessian.sparse(x, lower=True).values.tolist() == [60.0, 12.0, 4.0]
    leaf = next(leaf for leaf in autograd.order.reachable(nodes[1]) if leaf.name == "x[0]")
    assert autograd.gradient(nodes[1], [leaf]) == [12.0]
    pattern = compile(misfit, argnums=1).jacobian.pattern(PARAMETERS, x)
    assert (pattern.row_names, pattern.column_names) == (["f[0]", "f[1]", "f[2]"], ["x[0]", "x[1]", "x[2]"])
    assert p.hessian.pattern(x).row_names == ["x[0]", "x[1]", "x[2]"]


def test_many_variables_cost_what_their_entries_cost():
    """A matrix of 3,000 × 3,000 that were ever filled would be 9 million entries."""
    n = 3000
    p = compile(lambda x: autograd.sum(x[i] * x[i + 1] for i in range(n - 1)), exact=True)
    pattern = p.hessian.pattern(np.zeros(n))
    assert len(pattern) == 2 * (n - 1)
    assert pattern.constant.all()


def goes_forwards(program, inputs, usually):
    """Which way is taken, found by arrays and cone by cone."""
    walk = _Walk(Passages(program), inputs, program.outputs.tolist(), False)
    both = {way: Cones(walk.ways[way], walk._costs) for way in (True, False)}
    found = cheaper(both[usually], both[not usually], _CLOSE) is both[True]
    assert found == walk._is_cheaper_forwards(usually)
    return found


def test_cheap_ways_are_taken():
    """A row that needs everything and a column that everything needs: neither is walked n times."""
    n = 50
    arrow = compile(lambda x: x[0] * autograd.sum(each**2 for each in x))
    assert len(arrow.hessian.pattern(np.ones(n))) == 3 * n - 2
    wide = compile(lambda x: autograd.sum(autograd.sin(each) for each in x)).record(np.ones(n))
    assert not goes_forwards(wide, range(n), True)
    shared = compile(lambda x: [autograd.tanh(autograd.tanh(autograd.tanh(x[0]))) * i for i in range(1, n)])
    program = shared.record(np.ones(n))
    assert goes_forwards(program, range(n), False)


# -- what is refused --------------------------------------------------------------------------------


def test_values_are_refused_with_what_to_do():
    p = compile(lambda x: [x[0] * x[1]])
    for ask in (p.jacobian.sparse, p.jacobian.sparse.bind):
        with pytest.raises(OperandError, match=r"takes plain numbers|ask jacobian"):
            ask([Value(1.0), Value(2.0)])
    with pytest.raises(OperandError, match="ask jacobian, whose answer is a graph"):
        compile(lambda x: p.jacobian.sparse(x).values[0])(np.ones(2))


@pytest.mark.parametrize("question", ["value", "grad", "value_and_grad", "hvp", "jvp", "vjp", "value_and_jacobian"])
def test_other_questions_are_no_matrices(question):
    call = getattr(compile(lambda x: x * x), question)
    with pytest.raises(AttributeError, match=f"{question} is no matrix: sparse is of jacobian and of hessian"):
        _ = call.sparse
    assert not hasattr(call, "pattern")
    assert not hasattr(call, "nothing")


def test_lower_is_never_an_argument_of_the_functions_own():
    hessian = compile(lambda x, lower=2.0: x[0] * x[0] * lower).hessian
    for call in (hessian.sparse, hessian.sparse.bind, hessian.sparse.nodes, hessian.pattern):
        with pytest.raises(ArgumentError, match=r"lower is True or False, got 3\.0; an argument of the function"):
            call(np.ones(1), lower=3.0)
    assert hessian.sparse(np.ones(1), 3.0, lower=True).values == [6.0]


def test_other_refusals():
    p = compile(lambda x: [x[0], x[1]])
    with pytest.raises(ArgumentError, match="returned 2 numbers"):
        p.hessian.sparse(np.ones(2))
    with pytest.raises(ArgumentError, match="returned 2 numbers"):
        p.hessian.pattern(np.ones(2))
    for ask in (p.jacobian.sparse, p.jacobian.pattern, p.jacobian.sparse.bind):
        with pytest.raises(ArgumentError, match="lower=True is for a Hessian"):
            ask(np.ones(2), lower=True)
    with pytest.raises(ArgumentError, match="bind fills the same ones again"):
        p.jacobian.sparse(np.ones(2), out=np.ones(2))
    nodes = [Value(1.0), Value(2.0)]
    graph = compile_graph(nodes[0] * nodes[1], [nodes])
    assert graph.hessian.pattern([3.0, 4.0]).rows.tolist() == [0, 1]
    with pytest.raises(ArgumentError, match="the graph was compiled for arguments made as"):
        graph.hessian.pattern([3.0, 4.0, 5.0])


def test_calls_are_pickled_by_what_they_ask():
    p = compile(_top)
    again = pickle.loads(pickle.dumps(p.hessian.sparse))
    assert again(np.array([2.0, 3.0])).values.tolist() == [1.0, 1.0]
    found = pickle.loads(pickle.dumps(p.hessian.sparse(np.array([2.0, 3.0]))))
    assert found.toarray().tolist() == [[0.0, 1.0], [1.0, 0.0]]


def _top(x):
    return x[0] * x[1]
