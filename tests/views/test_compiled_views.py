"""What is compiled can be looked at: its instructions as a graph, with names, scopes and the lines of the code."""

from __future__ import annotations

import io

import numpy as np
import pytest

import nn
import viz
from autograd import (
    ArgumentError,
    OperandError,
    Value,
    compile,
    compile_graph,
    grad,
    gradient,
    load_program,
    log,
    log1p,
    no_grad,
    record_sources,
    scope,
    softmax,
    tanh,
    where,
)
from autograd.order import reachable
from autograd.program.reading import program_from
from autograd.recorder import RECORDERS

w = Value(0.5, name="w")


def f(x, y):
    with scope("inner"):
        z = x[0] * w + x[1]
        z.name = "z"
    return tanh(z) * where(y > 0, y, -y)


AT = [1.0, 2.0], -3.0


def named(root):
    return {node.name: node for node in reachable(root) if node.name}


def test_the_graph_is_what_the_function_computes_here():
    p = compile(f)
    J = p.graph(*AT)
    assert J.data == p(*AT)
    found = named(J)
    assert set(found) == {"x[0]", "x[1]", "y", "z", "w"}
    assert found["w"] is w  # what the function takes from elsewhere stays what it is
    slopes = gradient(J, [found["x[0]"], found["x[1]"], found["y"]])
    assert slopes == pytest.approx([*p.grad(*AT), compile(f, argnums=1).grad(*AT)])
    assert found["z"].scope == "inner"
    assert found["z"]._words.source.startswith(__file__)


def test_both_branches_of_a_where_are_there_and_values_are_handed_on():
    a = Value(-2.0, name="a")
    J = compile(lambda v: where(v > 0, log(v + 3.0), v * v)).graph(a)
    assert {node.op.name for node in reachable(J) if node.op} >= {"log", "multiply", "greater", "where"}
    assert gradient(J, a) == -4.0


@pytest.mark.parametrize("structure", [{"w": 1.0, "b": [2.0, 3.0]}, (1.0, [2.0, 3.0]), np.array([1.0, 2.0, 3.0])])
def test_arguments_and_answers_of_any_structure(structure):
    def g(thing, scale=2.0):
        leaves = [*thing.values()] if isinstance(thing, dict) else list(thing)
        flat = [x for leaf in leaves for x in (leaf if isinstance(leaf, list) else [leaf])]
        return {"sum": sum(flat) * scale, "first": flat[0]}

    found = compile(g).graph(structure, scale=3.0)
    assert (found["sum"].data, found["first"].data) == (18.0, 1.0)


@pytest.mark.parametrize("row", ["hypot", "softmax", "logsumexp", "dot", "tanh", "power"])
def test_programs_of_rows_and_of_their_slopes(row):
    x, y = Value(0.3, name="x"), Value(1.7, name="y")
    J = {
        "softmax": lambda: softmax([x, y, 2.0])[1],
        "logsumexp": lambda: RECORDERS["logsumexp"](x, y),
        "dot": lambda: RECORDERS["dot"](x, y, y, x),
        "tanh": lambda: tanh(x) * y,
    }.get(row, lambda: RECORDERS[row](x, y))()
    program = compile_graph(J, [x, y], argnums=(0, 1))
    program.value_and_grad(0.4, 1.6)
    (again,) = program_from([J], [x, y]).graph(0.4, 1.6)
    assert again.data == pytest.approx(program(0.4, 1.6))
    derivatives = [*map(float, program.grad(0.4, 1.6))]
    slopes = program._latest().latest_program.graph(0.4, 1.6)
    assert [s.data if isinstance(s, Value) else s for s in slopes[-2:]] == pytest.approx(derivatives)


def test_a_fused_program_keeps_the_words_that_are_left_and_a_file_has_none(tmp_path):
    program = compile(f).record(*AT)
    assert {words.name for words in program.words.values() if words.name} == {"z"}
    program.save(tmp_path / "p.npz")
    again = load_program(tmp_path / "p.npz")
    assert again.words == {}
    assert again.graph(1.0, 2.0, -3.0, 0.5)[0].data == program.graph(1.0, 2.0, -3.0, 0.5)[0].data


def test_what_is_shown_is_what_runs():
    calls, scale = [], [2.0]

    def g(x):
        calls.append(1)
        return scale[0] * x * x

    p = compile(g)
    assert p(3.0) == 18.0
    scale[0] = 100.0
    assert str(viz.formula(p, 3.0)) == "2·x²"
    assert viz.why(p, 3.0, wrt="x").derivative == p.grad(3.0) == 12.0
    assert len(calls) == 1  # what runs is looked at, and not recorded again


def test_lines_are_those_of_the_recording_if_it_was_asked_for_them():
    p, q = compile(f), compile(f)
    p(*AT)
    assert named(p.graph(*AT))["z"].source is None
    with record_sources():
        q(*AT)
    assert named(q.graph(*AT))["z"].source.startswith(__file__)


def test_keys_in_another_order_and_samples_of_a_batch():
    p = compile(lambda d: d["a"] * d["b"] - d["b"], in_axes=({"a": 0, "b": None},), reduce="sum")
    assert p({"a": np.array([2.0, 3.0]), "b": 5.0}) == 15.0
    J = p.graph({"b": 5.0, "a": 3.0})
    assert (J.data, {node.name for node in reachable(J) if node.is_leaf}) == (10.0, {"d['a']", "d['b']"})


def test_as_part_of_a_graph_its_nodes_have_the_scope_of_that():
    p = compile(f)
    with scope("outer"):
        J = p([Value(1.0), Value(2.0)], Value(-3.0))
    assert {node.scope for node in reachable(J) if not node.is_leaf} == {"outer"}


def test_under_no_grad_it_is_shown_too():
    p = compile(lambda x, y: x * tanh(y))
    with no_grad():
        assert str(viz.formula(p, 2.0, 0.5)) == "x·tanh(y)"
        assert str(viz.formula(p.record(2.0, 0.5), 2.0, 0.5)) == "x·tanh(y)"
        assert len(viz.trace(p.graph(2.0, 0.5)).nodes) == 4


# -- every face ---------------------------------------------------------------------------------------


def test_every_face_shows_what_it_shows_of_the_graph():
    p = compile(f)
    J = p.graph(*AT)
    assert str(viz.formula(p, *AT)) == str(viz.formula(J))
    assert str(viz.derive(p, *AT, wrt="w")) == str(viz.derive(J, w))
    assert str(viz.why(p, *AT, wrt=w, top=1)) == str(viz.why(J, w, 1))
    assert str(viz.anomaly(p, *AT)) == str(viz.anomaly(J))
    assert viz.draw(p, *AT, wrt="z").svg == viz.draw(J, wrt=named(J)["z"]).svg
    assert viz.draw(p, *AT, around="z").svg == viz.draw(J, around=named(J)["z"]).svg
    assert viz.to_dot(p, *AT).source == viz.to_dot(J).source
    assert viz.explore(p, *AT, wrt="w").html == viz.explore(J, wrt=w).html
    said, expected = io.StringIO(), io.StringIO()
    viz.debug(p, *AT, commands=["step 5", "where", "why w"], stdout=said)
    viz.debug(J, ["step 5", "where", "why w"], expected)
    assert said.getvalue() == expected.getvalue() != ""


def test_a_program_and_a_network_are_shown_too():
    model = nn.MLP(2, [2, 1], activation="tanh", seed=1)
    p = compile(lambda x: model(x) ** 2)
    assert "W²₁₁" in viz.draw(p, np.array([0.1, 0.2])).svg
    program = p.record(np.array([0.1, 0.2]))
    at = [0.1, 0.2, *(node.data for node in p.captured)]
    assert "a²₁" in viz.draw(program, *at).svg


def test_an_anomaly_in_what_was_compiled_has_the_line_that_recorded_it():
    found = viz.anomaly(compile(lambda x: log(x - 2.0) * 2), 1.0)
    assert (found.kind, found.node.op) == ("nan", "log")
    assert found.source.startswith(__file__)


@pytest.mark.parametrize(
    ("look", "error", "match"),
    [
        (lambda p: viz.draw(p), TypeError, "missing"),
        (lambda p: viz.draw(compile(lambda x: [x, x]), 1.0), ArgumentError, "returns 2 numbers"),
        (lambda p: viz.draw(compile(lambda x: 3.0), 1.0), ArgumentError, "returns 3.0 whatever"),
        (lambda p: viz.draw(w, 2.0), ArgumentError, "arguments go with a compiled function"),
        (lambda p: viz.why(w * 2, w, 3, 4), ArgumentError, "got 1 too many"),
        (lambda p: viz.why(p, *AT), ArgumentError, "say which"),
        (lambda p: viz.why(p, *AT, wrt="q"), ArgumentError, "no node is called 'q'"),
        (lambda p: viz.why(compile(lambda x: x + 3.0), 1.0, wrt="#2"), ArgumentError, "is a constant"),
        (lambda p: viz.derive(p, *AT), OperandError, "derives along one node"),
        (lambda p: viz.draw(p.record(*AT), 1.0), ArgumentError, "takes 4 numbers, got 1"),
        (lambda p: viz.formula(p.jacobian, *AT), ArgumentError, "returns 2 numbers"),
        (lambda p: viz.formula(f), OperandError, "pass its arguments behind it"),
        (lambda p: viz.draw(p.record(*AT), 1.0, 2.0, -3.0, scale=2.0), OperandError, "unexpected argument 'scale'"),
        (lambda p: viz.draw(w, lvel="op"), OperandError, "unexpected argument 'lvel'"),
        (lambda p: viz.draw(compile(lambda x: (x, x), has_aux=True, argnums=0).graph(1.0)), OperandError, "got tuple"),
        (lambda p: viz.draw([w]), OperandError, "take its elements"),
    ],
)
def test_what_cannot_be_shown_is_said(look, error, match):
    with pytest.raises(error, match=match):
        look(compile(f))


def test_a_name_that_several_nodes_have_is_asked_for_with_its_number():
    a, b = Value(1.0, name="v"), Value(2.0, name="v")
    J = a * b + a
    with pytest.raises(ArgumentError, match=r"2 nodes are called 'v': say which, v\[1\] to v\[2\]"):
        viz.why(J, "v")
    assert viz.why(J, "v[2]").derivative == 1.0


def test_arguments_by_name_and_what_is_beside_the_output():
    p = compile(lambda x, scale=1.0: (x * scale, {"beside": x}), has_aux=True)
    assert str(viz.formula(p, 2.0, scale=3.0)) == "x·scale"
    assert viz.why(p, 2.0, wrt="x", scale=3.0).derivative == p.grad(2.0, scale=3.0)[0] == 3.0
    assert "scale" in viz.draw(p, x=2.0, scale=3.0, level="op").svg
    assert viz.anomaly(p, 2.0, scale=float("inf")).node.name == "scale"
    assert str(viz.derive(p, 2.0, scale=3.0, wrt="x")).endswith("∂t₁/∂x = scale = 3")
    with pytest.raises(ArgumentError, match="returns 2 numbers"):
        viz.draw(p.grad, 2.0)
    assert str(viz.formula(p.grad(Value(2.0, name="x"), scale=Value(3.0, name="s"))[0])) == "s"


def test_what_a_derivative_is_computed_by_is_shown_as_the_form_that_was_taken():
    for f, second in ((log, "-1/x²"), (log1p, "-1/(1 + x)²")):
        p = compile(f)
        p.hessian(0.5)
        (seen,) = [y for y in p._latest().latest_program.graph(0.5) if isinstance(y, Value)]
        assert str(viz.formula(seen)) == second
    recorded = compile(lambda x: grad(lambda x: grad(log)(x))(x))
    assert str(viz.formula(recorded, 0.5)) == "-1/x²"
    assert recorded(-0.5) != recorded(-0.5)  # nan, as log itself
    assert compile(lambda x: where(x > 0.0, log(x), -x)).grad(-2.0) == -1.0
