"""What a language cannot write is refused by name, in one sentence for all of them; what it can, it computes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import viz
from autograd import Value, compile, exp, less, where
from autograd import sum as sum_of
from autograd.errors import GraphError
from autograd.ops import table
from autograd.ops.expression import Expression, variable
from autograd.ops.primitive import _BY_ANY_NAME, TABLE, Atom, row
from autograd.recorder import apply


def registered(name, rule, slopes):
    return row(name, rule, slopes, definition="x", points=[0.5])


@pytest.fixture(params=["sort", "halved"])  # jax.numpy has a sort, which is something else
def outsider(request):
    """A row from outside, whose value is a function that only Python has; and one that is written with it."""
    atom = registered(request.param, Atom(lambda x: x / 2, lambda x: x / 2), lambda y, x: 0.5)
    written = registered(f"with_{request.param}", lambda x: atom(x) * 2.0, lambda y, x: 1.0)
    sloped = registered(f"slope_with_{request.param}", lambda x: x * x / 4.0, lambda y, x: atom(x))
    yield atom, [atom, written, sloped]
    for made in (atom, written, sloped):
        del TABLE[made.name], _BY_ANY_NAME[made.name]


def to_c(f):
    return compile(f).record(0.5).to_c()


def to_jax(f):
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
    return jax.grad(lambda x: compile(f).record(0.5).to_jax()(x)[0])(np.ones(1))


def to_page(f):
    return viz.explore(f(Value(0.5, name="x")))


TARGETS = {"C": to_c, "JAX": to_jax, "JavaScript": to_page}


@pytest.mark.parametrize("target", TARGETS)
def test_a_row_that_a_language_cannot_write_is_refused_by_name(target, outsider):
    atom, rows = outsider
    for made in rows:
        with pytest.raises(
            GraphError, match=rf"the row '{atom.name}' cannot be written in {target}, .*: give its Atom a portable rule"
        ):
            TARGETS[target](lambda x: exp(apply(made, (x,))))  # noqa: B023  (called at once)


@pytest.mark.parametrize("target", TARGETS)
def test_a_row_that_nobody_uses_is_in_nobody_s_way(target, outsider):
    TARGETS[target](exp)


@pytest.mark.parametrize("target", TARGETS)
def test_a_row_from_outside_that_is_written_in_arithmetic_goes_everywhere(target):
    made = registered("thirded", lambda x: table.exp(x) / 3.0, lambda y, x: y)
    try:
        TARGETS[target](lambda x: apply(made, (x,)))
    finally:
        del TABLE["thirded"], _BY_ANY_NAME["thirded"]


# -- ONNX --------------------------------------------------------------------------------------------


def onnx_graph():
    onnx = pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
    from nn.neighbours.onnx import _Graph

    return _Graph(onnx, np.dtype(np.float64), None)


def in_onnx(graph, term, x):
    """What ONNX Runtime makes of a term of x."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    written = graph.finish(1, y=(graph.term(term), graph.kind, [1])).SerializeToString()
    session = runtime.InferenceSession(written, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.reshape(np.asarray(x, float), (-1, 1))})[0][:, 0].tolist()


def test_onnx_refuses_in_the_same_words(outsider):
    atom, _ = outsider
    with pytest.raises(GraphError, match=f"the row '{atom.name}' cannot be written in ONNX"):
        onnx_graph().term(atom(variable("x")))


@pytest.mark.parametrize("row", [made for made in TABLE.values() if not made.variadic and made.name != "fmod"],
                         ids=lambda made: made.name)  # fmt: skip
def test_every_row_goes_to_onnx(row):
    """Along its first quantity, the other operands being constants, at its first and its last point."""
    slot = row.orders
    for at in (tuple(map(float, at)) for at in {row.points[0], row.points[-1]}):
        term = Expression(row.name, *at[:slot], variable("x"), *at[slot + 1 :])
        if row in (table.remainder, table.floor_divide):
            with pytest.raises(GraphError, match="the row 'fmod' cannot be written in ONNX"):
                onnx_graph().term(term)
        else:
            assert in_onnx(onnx_graph(), term, at[slot]) == pytest.approx([row.float(*at)], rel=2e-14, abs=0), at


def test_a_comparison_is_a_number_and_a_number_a_condition_in_onnx():
    x = variable("x")
    counted = table.less(x, 0.0) - 2.0 * table.less(0.0, x) + table.where_(x, 10.0, 20.0)
    assert in_onnx(onnx_graph(), counted, [-3.0, 0.0, 3.0, math.nan]) == [11.0, 20.0, 8.0, 10.0]


# -- comparisons as numbers, in JAX ------------------------------------------------------------------

COUNTS = {
    "negated": lambda x: -(x[0] < x[1]),
    "subtracted": lambda x: (x[0] < x[1]) - (x[1] < x[2]),
    "added": lambda x: (x[0] < x[1]) + (x[1] < x[2]),
    "alone": lambda x: x[0] < x[1],
    "multiplied": lambda x: (x[0] >= x[1]) * x[2],
    "a condition": lambda x: where((x[0] < x[1]) & (x[1] >= x[2]), x[0] * x[0], 0.0),
    "counted": lambda x: sum_of([less(a, 0.5) for a in x]) * x[0],
    "both": lambda x: where(x[0] < x[1], x[0] * (x[0] < x[1]), -(x[0] < x[1])),
}


@pytest.mark.parametrize("name", COUNTS)
def test_comparisons_are_numbers_in_jax(name):
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
    jax.config.update("jax_enable_x64", True)
    f = COUNTS[name]
    compiled = compile(f, backend="interpreter")
    translated = compiled.record(np.zeros(3)).to_jax()
    for at in np.random.default_rng(0).uniform(-1, 2, (20, 3)):
        plain = float(f(at.tolist()))
        assert translated(at)[0] == pytest.approx(plain, rel=1e-15, abs=0)
        slope = jax.jit(jax.grad(lambda x: translated(x)[0]))(at)
        np.testing.assert_allclose(slope, compiled.grad(at), rtol=1e-12)
    assert math.isfinite(plain)


def test_a_rule_that_counts_with_a_comparison_does_so_in_jax():
    pytest.importorskip("jax", reason="the extra `jax` is not installed")
    made = registered("counting", lambda x: x * (table.less(x, 0.0) - table.less(0.0, x)),
                      lambda y, x: table.less(x, 0.0) - table.less(0.0, x))  # fmt: skip
    try:
        f = compile(lambda x: apply(made, (x,)))
        assert [float(f.record(0.5).to_jax()(np.array([x]))[0]) for x in (-2.0, 3.0)] == [-2.0, -3.0]
        assert [f(x) for x in (-2.0, 3.0)] == [-2.0, -3.0]
    finally:
        del TABLE["counting"], _BY_ANY_NAME["counting"]


# -- rules that go in a circle, and names that mean something else elsewhere --------------------------


def test_rules_that_need_each_other_are_refused_and_not_followed():
    names = ("chicken", "egg", "itself")
    chicken = registered("chicken", Atom(math.sin, np.sin, lambda x: TABLE["egg"](x)), lambda y, x: 1.0)
    registered("egg", Atom(math.sin, np.sin, lambda x: chicken(x) + 0.0), lambda y, x: 1.0)
    registered("itself", Atom(math.sin, np.sin, lambda x: 2.0 * TABLE["itself"](x)), lambda y, x: 1.0)
    try:
        for target in ("C", "JavaScript"):
            for name, others in (("chicken", "'egg'"), ("itself", "itself")):
                with pytest.raises(GraphError, match=rf"'{name}' cannot be written in {target}: .* needs {others}, "):
                    TARGETS[target](lambda x: apply(TABLE[name], (x,)))  # noqa: B023  (called at once)
        with pytest.raises(GraphError, match="cannot be written in machine code"):
            compile(lambda x: apply(chicken, (x,)), backend="llvm")(0.5)
    finally:
        for name in names:
            del TABLE[name], _BY_ANY_NAME[name]


def test_a_row_that_is_replaced_is_written_as_it_is_now():
    """What a target knows of a row is forgotten when a row that it is spelled out in changes."""
    inner = registered("inner", lambda x: x + 1.0, lambda y, x: 1.0)
    outer = registered("outer", lambda x: TABLE["inner"](x) * 2.0, lambda y, x: 2.0)
    try:
        f = lambda x: apply(outer, (x,))  # noqa: E731
        assert "x + 1.0" in to_c(f)
        registered("inner", lambda x: TABLE["outer"](x), lambda y, x: 1.0)
        with pytest.raises(GraphError, match="needs 'inner', which needs it again"):
            to_c(f)
        assert inner is not TABLE["inner"]
    finally:
        for name in ("inner", "outer"):
            del TABLE[name], _BY_ANY_NAME[name]


def test_machine_code_does_not_take_a_c_function_for_a_row_of_that_name():
    """gammaf is ln Γ in the C library, and significand something that nobody expects."""
    pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
    for name in ("gammaf", "significand"):
        made = registered(name, Atom(lambda x: x + 40.0, lambda x: x + 40.0), lambda y, x: 1.0)
        try:
            assert compile(lambda x: apply(made, (x,)), backend="llvm")(5.0) == 45.0  # noqa: B023
        finally:
            del TABLE[name], _BY_ANY_NAME[name]
