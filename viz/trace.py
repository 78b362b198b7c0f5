"""Reads a computation graph into a trace: frozen plain data, the only thing that views look at.

A trace holds what happened, forwards (the nodes in the order in which they were computed) and
backwards (every application of the chain rule), with the numbers in it.  It keeps no Value alive,
pickles, and does not change when the graph does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from autograd import Value, steps
from autograd.errors import GraphError, OperandError
from autograd.order import reachable

LEAF, OPERATION, DETACHED, CONSTANT = "leaf", "operation", "detached", "constant"


class Node(NamedTuple):
    """One number of the graph."""

    id: int
    kind: str  # leaf, operation, detached or constant
    name: str | None
    op: str  # the row of the table, such as "multiply"; empty if it was not computed
    symbol: str  # the same as a picture shows it, such as ×
    value: float
    delta: float | None  # ∂root/∂this; None: no derivative comes back to it, which is not 0
    scope: str
    source: str | None  # file:line, if it was recorded


class Edge(NamedTuple):
    """An operand going into a node: one edge a slot, so x·x has two."""

    operand: int
    node: int
    slot: int
    slope: float | None  # ∂node/∂operand along this slot; None: no derivative flows here


class Step(NamedTuple):
    """One application of the chain rule: ``δ(operand) += delta · slope``."""

    node: int
    delta: float  # δ(node), complete
    slot: int
    operand: int
    slope: float
    contribution: float  # delta · slope


class Trace(NamedTuple):
    """A graph as plain data; node i has id i.  Constants come last."""

    root: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]  # grouped by node, slots in order
    forward: tuple[int, ...]  # the computed nodes, operands first
    backward: tuple[Step, ...]  # from the root back


def trace(root: Value) -> Trace:
    """Everything that led to `root`, and how ∂root comes back, beside the graph: no grad is touched.

    >>> from autograd import Value
    >>> x = Value(3.0, name="x")
    >>> seen = trace(x * x)
    >>> [(node.name, node.value, node.delta) for node in seen.nodes]
    [('x', 3.0, 6.0), (None, 9.0, 1.0)]
    >>> [step.contribution for step in seen.backward]
    [3.0, 3.0]

    Raises OperandError if `root` is not a Value.
    """
    values = reachable(_checked(root))
    ids = {value: i for i, value in enumerate(values)}
    backward, deltas = _backward(root, ids)
    nodes = [_node(i, value, deltas.get(i)) for i, value in enumerate(values)]
    edges: list[Edge] = []
    for value, node in zip(values, tuple(nodes), strict=True):
        for slot, (operand, slope) in enumerate(zip(value.operands, value.slopes, strict=True)):
            if isinstance(operand, Value):
                edges.append(Edge(ids[operand], node.id, slot, slope))
            else:
                edges.append(Edge(len(nodes), node.id, slot, None))
                nodes.append(Node(len(nodes), CONSTANT, None, "", "", operand, None, node.scope, None))
    forward = tuple(i for i, value in enumerate(values) if not value.is_leaf)
    return Trace(ids[root], tuple(nodes), tuple(edges), forward, backward)


def locate(root: Value, wanted: Iterable[Value]) -> list[int]:
    """The ids that `wanted` have in ``trace(root)``.

    Raises GraphError for a node that `root` was not computed from.
    """
    ids = {value: i for i, value in enumerate(reachable(_checked(root)))}
    found = []
    for value in wanted:
        if _checked(value) not in ids:
            raise GraphError(f"{value!r} is not in this graph: the drawn node was not computed from it")
        found.append(ids[value])
    return found


def _checked(thing: Any) -> Value:
    if not isinstance(thing, Value):
        kind = type(thing).__name__
        hint = "; draw its elements one by one, or a sum of them" if hasattr(thing, "__len__") else ""
        raise OperandError(
            f"a picture is of the graph below one Value, got {kind}{hint}: pass the node itself, such as a loss J"
        )
    return thing


def _backward(root: Value, ids: dict[Value, int]) -> tuple[tuple[Step, ...], dict[int, float]]:
    """The steps of the chain rule, and what they add up to at every node."""
    taken = []
    deltas = {ids[root]: 1.0}
    for node, delta, slot, operand, slope in steps(root):
        contribution = delta * slope
        at = ids[operand]
        deltas[at] = deltas.get(at, 0.0) + contribution
        taken.append(Step(ids[node], delta, slot, at, slope, contribution))  # type: ignore[arg-type]
    return tuple(taken), deltas


def _node(i: int, value: Value, delta: float | None) -> Node:
    label, op = value.label, value.op
    kind = OPERATION if op is not None else DETACHED if value.is_detached else LEAF
    name, scope, source = (None, "", None) if label is None else (label.name, label.scope, label.source)
    return Node(i, kind, name, op.name if op else "", value.symbol, value.data, delta, scope, source)
