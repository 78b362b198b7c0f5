"""A trace says what the graph says, to the bit, whether read one record at a time or by columns."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, deltas, dot, scope, steps, where
from autograd.order import reachable
from tests.support.comparisons import place_of, same_nodes
from viz.columns import CHUNK
from viz.trace import Edge, Node, trace

BINARY = [
    lambda a, b: a + b,
    lambda a, b: a * 1.5 - b,
    lambda a, b: autograd.tanh(a) * b,
    lambda a, b: where(Value(1.0), a, b),
    lambda a, b: dot([a, b, 2.0], [b, 0.5, a], 0.25),
    lambda a, b: autograd.log(a) / b,
]
plans = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99), st.integers(0, 3)), min_size=1, max_size=20)


def build(plan):
    """A graph with shared nodes, constants, operands without a slope, scopes, nan and infinity."""
    nodes = [Value(0.5, name="x"), Value(-0.0), Value(2.0, name="y").detach()]
    for op, i, j in plan:
        with scope(f"layer{op}"):
            nodes.append(BINARY[op](nodes[i % len(nodes)], nodes[-1 - j % min(4, len(nodes))]))
    return nodes[-1]


def same(one, other):
    """Equal, nan too, and the sign of 0."""
    return repr(one) == repr(other)


@given(plans)
def test_every_record_is_what_the_graph_holds(plan):
    root = build(plan)
    seen, values, found = trace(root), reachable(root), deltas(root)
    for i, (value, node) in enumerate(zip(values, seen.nodes, strict=False)):
        kind = "detached" if value.is_detached else "leaf" if value.is_leaf else "operation"
        op = value.op.name if value.op else ""
        delta = found.get(value)
        expected = Node(i, kind, value.name, op, value.symbol, value.data, delta, value.scope, None)
        assert same(node, expected)
        assert same(seen.nodes[i], expected)
    edges, constants = [], list(seen.nodes[len(values) :])
    for i, value in enumerate(values):
        for slot, (operand, slope) in enumerate(zip(value.operands, value.slopes, strict=True)):
            if isinstance(operand, Value):
                at = place_of(operand, values)
            else:
                constant = constants.pop(0)
                at = constant.id
                assert same(constant, Node(at, "constant", None, "", "", operand, None, value.scope, None))
            edges.append(Edge(at, i, slot, slope))
    assert not constants
    assert same(list(seen.edges), edges)
    assert same([seen.edges[i] for i in range(len(edges))], edges)
    assert same_nodes([values[i] for i in seen.forward], [value for value in values if not value.is_leaf])
    assert values[seen.root] is root


@given(plans)
def test_the_steps_are_those_of_the_chain_rule(plan):
    root = build(plan)
    seen, place = trace(root), {value: i for i, value in enumerate(reachable(root))}
    expected = [(place[s.node], s.delta, s.slot, place[s.operand], s.slope) for s in steps(root)]
    assert same([step[:5] for step in seen.backward], expected)
    contributions = [step.delta * step.slope for step in seen.backward]
    assert same([step.contribution for step in seen.backward], contributions)
    assert same(seen.columns.contributions().tolist(), contributions)
    assert same([seen.backward[i] for i in range(len(expected))], list(seen.backward))


def test_a_leaf_alone_is_a_graph():
    seen = trace(Value(3.0, name="x"))
    assert list(seen.nodes) == [Node(0, "leaf", "x", "", "", 3.0, 1.0, "", None)]
    assert [*seen.edges, *seen.forward, *seen.backward] == []


def test_places_are_those_of_a_tuple():
    seen = trace(build([(0, 0, 1), (4, 1, 0), (5, 3, 2)]))
    for rows in (seen.nodes, seen.edges, seen.backward):
        whole = tuple(rows)
        for cut in (slice(None), slice(1, -1), slice(None, None, -1), slice(5, 2), slice(-3, 99, 2)):
            assert same(rows[cut], whole[cut])
        assert same(rows[-1], whole[-1])
        for outside in (len(rows), -len(rows) - 1):
            with pytest.raises(IndexError, match="there are"):
                rows[outside]
        assert rows == whole
        assert rows != whole[1:]
        assert f"<{len(rows):,}: " in repr(rows)


def test_it_pickles_cannot_be_written_to_and_keeps_nothing_alive():
    seen = trace(build([(0, 0, 1), (4, 1, 0)]))
    pickled = pickle.dumps(seen)
    assert b"autograd.value" not in pickled
    again = pickle.loads(pickled)
    assert same(list(again.nodes), list(seen.nodes))
    assert same(list(again.backward), list(seen.backward))
    for columns in (seen.columns, again.columns):
        with pytest.raises(ValueError, match="read-only"):
            columns.value[0] = 1.0


def test_more_records_than_are_made_at_a_time():
    x = Value(1.0)
    count = CHUNK + 7
    node = x
    for _ in range(count):
        node = node + x
    seen = trace(node)
    assert [n.id for n in seen.nodes] == list(range(count + 1))
    assert sum(1 for _ in seen.backward) == 2 * count
    assert seen.nodes[0].delta == count + 1
    assert np.array_equal(seen.columns.value, [n.value for n in seen.nodes])
