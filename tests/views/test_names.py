"""One name a node: whatever people call theirs, no two nodes have the same, and every face and command uses it."""

from __future__ import annotations

import dataclasses
import io
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from autograd import ArgumentError, Value, compile, sin, tanh
from viz import notation as n
from viz.formulas.printers import text
from viz.identifiers import in_text, lowered
from viz.names import Names
from viz.pictures.view import view
from viz.trace import CONSTANT, trace
from viz.variables import names_of_nodes

LONG = "discount_factor_of_the_year_2030_in_quarter"
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
HARD = [
    None, None, None, "x", "x1", "x_1", "x₁", "x[1]", "x[2]", "t1", "t_2", "t₃", "v1", "v₂", "t₂[1]", "z²₁", "z₂₁",
    "z₂₁[1]", "µ", "μ", "é", "e\u0301", "a b", "12", "3", "#2", "tanh#3", "", "δ", "J", "w" * 50,
    "w" * 25 + "!" + "w" * 24,
    f"{LONG}_1_{LONG}", f"{LONG}_2_{LONG}", "discount_factor_1_quarter", "discount_factor_2_quarter", "x[1][2]",
    "discount_…_quarter",
]  # fmt: skip


@st.composite
def graphs(draw, names=HARD):
    """A graph with leaves, constants, sharing and hard names."""
    leaves = draw(st.integers(1, 4))
    nodes = [Value(draw(st.sampled_from([0.5, 1.25, -0.75])), name=draw(st.sampled_from(names))) for _ in range(leaves)]
    for _ in range(draw(st.integers(1, 9))):
        a, b = (nodes[draw(st.integers(0, len(nodes) - 1))] for _ in range(2))
        kind = draw(st.integers(0, 5))
        c = (a + b, a * b, tanh(a), a - 2.5, a / (b * b + 2.0), sin(a) * b)[kind]
        c.name = draw(st.sampled_from(names))
        nodes.append(c)
    last = nodes[-1] + nodes[0] * nodes[len(nodes) // 2]
    last.name = draw(st.sampled_from(names))
    return last


def called_on_a_page(name):
    """Of a node without a name a page has the number alone."""
    return name if isinstance(name, str) else ("t" if name > 0 else "v") + lowered(str(abs(name)))


def without_constants(seen):
    return [node.id for node in seen.nodes if node.kind != CONSTANT]


@given(graphs())
def test_no_two_nodes_have_one_name_and_each_is_found_by_its_own(J):
    seen = trace(J)
    names, nodes = Names(seen.columns), without_constants(seen)
    for said in (names.called, names.read, names.narrow, lambda i: in_text(names.identifier(i))):
        assert len({said(i) for i in nodes}) == len(nodes)
    for i in nodes:
        assert names.find(names.called(i)) == [i]
        assert len(names.called(i)) <= 40 + len("[10]")


@settings(max_examples=40)
@given(graphs())
def test_every_face_calls_a_node_the_same(J):
    seen = trace(J)
    names, nodes = Names(seen.columns), without_constants(seen)
    called, symbols = {names.called(i) for i in nodes}, {names.identifier(i) for i in nodes}
    assert {box.name for box in view(seen).boxes} - {""} == {names.narrow(i) for i in nodes}
    (data,) = DATA.findall(viz.explore(J).html)
    named = [called_on_a_page(name) for name in json.loads(data)["called"][: len(nodes)]]
    assert named == [names.read(i) for i in nodes]
    leaf = next(node for node in seen.nodes if node.kind == "leaf")
    found = viz.why(J, names.called(leaf.id))
    assert (found.names[0], found.names[1]) == (names.called(seen.root), names.called(leaf.id))
    assert all(name in called for path in found.paths for name in path.names)
    assert identifiers(*(box for pair in viz.formula(J).where for box in pair), viz.formula(J).body) <= symbols
    if found.count:
        assert identifiers(*(box for _, box in viz.derive(J, names.called(leaf.id)).lines)) <= symbols
    out = io.StringIO()
    viz.debug(J, [f"print {names.called(i)}" for i in nodes], out)
    for i in nodes:
        assert f"{names.called(i)} {'= ' if seen.nodes[i].kind == 'leaf' else 'is not computed'}" in out.getvalue()


# -- nothing is spoken of that is not explained ---------------------------------------------------------


def parts(box):
    """Everything in a box, itself first."""
    yield box
    for field in dataclasses.fields(box):
        value = getattr(box, field.name)
        for inner in value if isinstance(value, tuple) else [value]:
            if dataclasses.is_dataclass(inner):
                yield from parts(inner)


def identifiers(*boxes):
    return {part for box in boxes if box is not None for part in parts(box) if isinstance(part, n.Identifier)}


def defined(*boxes):
    """What stands on the left of an = or ≈."""
    signs = (n.Word("="), n.Word("≈"))
    rows = [part for box in boxes if box is not None for part in parts(box) if isinstance(part, n.Row)]
    return {row.parts[0] for row in rows if len(row.parts) > 1 and row.parts[1] in signs}


def deltas_in(*boxes):
    calls = [part for box in boxes if box is not None for part in parts(box) if isinstance(part, n.Apply)]
    return {call for call in calls if call.function == n.Word("δ")}


def explained(J, wrt):
    """The derivation; asserts that every symbol in it is defined, or a leaf that somebody named."""
    seen, derivation = trace(J), viz.derive(J, wrt)
    names, boxes = Names(seen.columns), [box for _, box in derivation.lines]
    given_ = {names.identifier(node.id) for node in seen.nodes if node.kind in ("leaf", "detached") and node.name}
    assert identifiers(*boxes) <= defined(*boxes) | given_, str(derivation)
    assert deltas_in(*boxes) <= defined(*boxes), str(derivation)
    return derivation


@given(graphs(), st.data())
def test_derive_explains_every_symbol(J, data):
    seen = trace(J)
    reached = [node.id for node in seen.nodes if node.delta is not None]
    explained(J, Names(trace(J).columns).called(data.draw(st.sampled_from(reached))))


@given(graphs([None]), st.data())
def test_the_more_so_where_nothing_has_a_name(J, data):
    reached = [node.id for node in trace(J).nodes if node.delta is not None]
    explained(J, Names(trace(J).columns).called(data.draw(st.sampled_from(reached))))


def test_a_long_recursion_explains_what_it_leaves_out():
    v = x = Value(-0.01)
    w = Value(0.5)
    for _ in range(200):
        v = v * v + v * w
    said = str(explained(v, x))
    assert "… and so on through" in said
    assert len(said) < 12_000


def test_what_is_beside_the_way_is_written_out_once():
    a, b, c, d = (Value(x, name=name) for x, name in zip((1.0, 6.0, 3.0, 4.0), "abcd", strict=True))
    J = tanh(a * b / 10) + (c * d / 100) * tanh(a * b / 10)
    assert str(explained(J, c)).count("t₄ = c·d = 12") == 1
    assert "where\n  t₃ = tanh(a·b/10) ≈ 0.53705" in str(explained(J, c))
    assert "t₃" in str(viz.why(J, c)) and "t₃" in viz.draw(J).svg


# -- variables ------------------------------------------------------------------------------------------


def test_nodes_are_called_as_their_variables():
    x, w = Value(2.0), [Value(0.5), Value(3.0)]
    z = w[0] * x + w[1]
    y = tanh(z)
    assert str(viz.formula(y, names=locals())) == "tanh(w[0]·x + w[1])"
    assert str(viz.formula(y, names=True)) == "tanh(w[0]·x + w[1])"
    assert "z = t₁ + w[1] = 4" in str(viz.derive(y, "x", names=True))
    assert viz.why(y, "w[1]", names=True).names == ("y", "w[1]")
    assert viz.draw(y, names=True, around="z").svg.count(">z<") == 1
    assert [node.name for node in viz.record(y, names=locals()).trace.nodes[:3]] == ["w[0]", "x", "w[1]"]
    assert x.name is None  # nothing is written into the nodes


def test_what_somebody_named_keeps_its_name_and_what_is_bound_again_has_none():
    h = x = Value(0.5, name="input")
    for _ in range(3):
        h = tanh(h)
    assert str(viz.formula(h * x, expand=False, names=True)) == "h·input"
    assert [node.name for node in trace(h, names=True).nodes] == ["input", None, None, "h"]


def test_a_loop_renames_nothing():
    ws = [Value(1.0), Value(2.0)]
    J = 0.0
    for w in ws:
        J = J + w * w
    assert sorted(filter(None, (node.name for node in trace(J, names=locals()).nodes))) == ["J", "ws[0]", "ws[1]"]
    a, b = ws
    assert {names_of_nodes({"ws": ws, "a": a, "b": b})[node] for node in ws} == {"a", "b"}


def test_containers_inside_one_another_and_what_is_no_name():
    a, b = Value(1.0), np.array([[Value(2.0)], [Value(3.0)]], object)
    d = {"k": a, 3: [b]}
    d["self"] = d
    found = names_of_nodes({"d": d, "_a": a, "Out": {1: a}, "n": 3, 4: a, "floats": np.zeros(9)})
    assert sorted(found.values()) == ["d['k']", "d[3][0][0, 0]", "d[3][0][1, 0]"]
    assert names_of_nodes(None) == names_of_nodes(False) == {}
    with pytest.raises(ArgumentError, match=r"names=|locals\(\)"):
        names_of_nodes(["a"])


def test_names_of_leaves_that_have_moved_and_of_what_is_compiled():
    x, w = Value(2.0), Value(0.5)
    y = x * w
    x.data = 3.0
    assert [node.name for node in trace(y, names=locals()).nodes] == ["x", "w", "y"]
    p = compile(lambda v: v * w + v)
    assert str(viz.formula(p, 2.0, names=locals())) == "v·w + v"


def test_a_program_without_names_says_the_same_letters_as_its_graph():
    program = compile(lambda a, b: tanh(a * b) * 3.0 + a).record(1.0, 2.0)
    (J,) = program.graph(1.0, 2.0)
    lines = re.findall(r"^(t\d+) = (\w+)", str(program), re.MULTILINE)
    names, seen = Names(trace(J).columns), trace(J)
    assert lines == [(text(names.identifier(i)).translate(str.maketrans("₁₂₃₄", "1234")), seen.nodes[i].op)
                     for i in seen.forward]  # fmt: skip
