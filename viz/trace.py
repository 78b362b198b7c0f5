"""Reads a computation graph into a trace: frozen plain data, the only thing that views look at.

A trace holds what happened, forwards (the nodes in the order in which they were computed) and
backwards (every application of the chain rule), with the numbers in it.  Where leaves have moved since,
it is that of the graph computed anew.  A trace keeps no Value alive, pickles, and does not change when
the graph does.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from math import nan
from typing import Any, NamedTuple

import numpy as np

from autograd import Value
from autograd.chain import deltas_from
from autograd.context import Label
from autograd.errors import GraphError, OperandError
from autograd.ops.primitive import title_of
from autograd.order import reachable
from autograd.renamed import renamed
from autograd.replay import ANEW, computed_anew
from viz.columns import (
    CONSTANT,
    DETACHED,
    KINDS,
    LEAF,
    OPERATION,
    Columns,
    Edge,
    Edges,
    Indices,
    Marks,
    Node,
    Nodes,
    Numbers,
    Step,
    Steps,
    frozen,
    with_names,
)
from viz.names import Names
from viz.numbers import counted, shown
from viz.variables import Variables, names_of_nodes

MOST_TOLD = 12  # nodes that a trace prints

__all__ = ["CONSTANT", "DETACHED", "LEAF", "OPERATION", "Columns", "Edge", "Node", "Step", "Trace", "locate", "trace"]


class Trace(NamedTuple):
    """A graph as plain data; node i has id i.  Constants come last.

    Nodes, edges and steps are made when they are read; `columns` is what they are made from, for
    whoever looks at all of them at once.
    """

    root: int
    nodes: Sequence[Node]
    edges: Sequence[Edge]  # grouped by node, slots in order
    forward: Sequence[int]  # the computed nodes, operands first
    backward: Sequence[Step]  # from the root back
    columns: Columns
    anew: str = ""  # one line that says so, where leaves have moved and the graph is computed anew

    def __repr__(self) -> str:
        names, many = Names(self.columns), len(self.nodes)
        some = self.nodes if many <= MOST_TOLD else [*self.nodes[: MOST_TOLD - 2], self.nodes[self.root]]
        rows = [
            (names.called(node.id), title_of(node.op) or node.kind, shown(node.value), _delta(node)) for node in some
        ]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, wide)).rstrip() for row in rows]
        if many > MOST_TOLD:
            lines.insert(-1, f"… {counted(many - len(some), 'node')} …")
        said = f"trace of {names.called(self.root)}: {counted(many, 'node')}, {counted(len(self.edges), 'edge')}"
        return "\n  ".join([said, *lines])


def _delta(node: Node) -> str:
    if node.kind == CONSTANT:
        return ""
    return "no path" if node.delta is None else f"δ {shown(node.delta)}"


@renamed(root="output")
def trace(output: Value, names: Variables = None) -> Trace:
    """Everything that led to `output`, and how ∂output comes back, beside the graph: no grad is touched.

    Nodes without a name may be called as the variables that they are kept in: ``names=locals()``, or ``names=True``
    for those where this is called.

    Where leaves have moved since the graph was recorded, its numbers are computed anew with the leaves as
    they are now, and `anew` says so; no node is changed.

    >>> from autograd import Value
    >>> x = Value(3.0, name="x")
    >>> seen = trace(x * x)
    >>> [(node.name, node.value, node.delta) for node in seen.nodes]
    [('x', 3.0, 6.0), (None, 9.0, 1.0)]
    >>> [step.contribution for step in seen.backward]
    [3.0, 3.0]
    >>> seen.columns.value
    array([3., 9.])

    Raises:
        OperandError: if `output` is not a Value
        GraphError: if leaves have moved and a `where` chose by a plain number, so that nobody knows what it would
            choose now
    """
    values = reachable(_checked(output))
    variables = names_of_nodes(names)
    called = {i: variables[value] for i, value in enumerate(values) if value in variables} if variables else {}
    now = computed_anew(values)
    if now is not output:
        values = reachable(now)  # in the same order
    last = len(values) - 1  # the order ends with the root
    leaves = next((i for i, value in enumerate(values) if not value.is_leaf), len(values))
    columns = frozen(with_names(_read(values, leaves), called))
    return Trace(
        last,
        Nodes(columns),
        Edges(columns),
        range(leaves, last + 1),
        Steps(columns),
        columns,
        ANEW if now is not output else "",
    )


def locate(root: Value, wanted: Iterable[Value]) -> list[int]:
    """The ids that `wanted` have in ``trace(root)``.

    Raises:
        GraphError: for a node that `root` was not computed from
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
        hint = "; take its elements one by one, or a sum of them" if hasattr(thing, "__len__") else ""
        raise OperandError(
            f"viz shows the graph below one Value, got {kind}{hint}: pass the node itself, such as a loss J"
        )
    return thing


# -- reading the graph ------------------------------------------------------------------------------


class _Read(NamedTuple):
    """Edges as they are read, in typed arrays, and the constants met on the way."""

    first: array[int]
    operand: array[int]
    slope: array[float]
    still: list[int]  # edges along which no derivative flows
    constants: list[float]
    owners: list[int]  # the node that each constant goes into


def _read(values: Sequence[Value], leaves: int) -> Columns:
    """All columns; `leaves` is how many of the values were not computed."""
    edges = _edges(values, leaves)
    count, nodes = len(edges.constants), len(values)
    kind, op, ops = _operations(values, leaves)
    label, labels = _labels(values, edges.owners)
    delta, reached = _backward(values, leaves)
    first = np.asarray(edges.first)
    flows = np.ones(len(edges.slope), bool)
    flows[edges.still] = False
    node = np.repeat(np.arange(nodes, dtype=np.int32), np.diff(first))
    return Columns(
        kind=_followed_by(kind, count, KINDS.index(CONSTANT)),
        code=_followed_by(op, count, 0),
        label=label,
        value=np.concatenate([np.fromiter((value.data for value in values), float, nodes), edges.constants]),
        delta=_followed_by(delta, count, 0.0),
        reached=_followed_by(reached, count, False),
        starts=_followed_by(first, count, first[-1]),
        node=node,
        operands=np.asarray(edges.operand),
        slope=np.asarray(edges.slope),
        flows=flows,
        taken=_taken(node, flows & reached[node], nodes),
        operations=ops,
        labels=labels,
    )


def _followed_by(column: Any, count: int, value: Any) -> Any:
    """A column with the same value for every constant after it."""
    return np.concatenate([column, np.full(count, value, column.dtype)])


def _edges(values: Sequence[Value], leaves: int) -> _Read:
    read = _Read(array("q", bytes(8 * (leaves + 1))), array("i"), array("d"), [], [], [])
    first, operand, slope = read.first, read.operand, read.slope
    ids = {value: i for i, value in enumerate(values)}
    for i in range(leaves, len(values)):
        operands, slopes = values[i].operands, values[i].slopes
        if None in slopes:
            _read_one_by_one(read, ids, i, operands, slopes)
        else:  # then all are Values: a constant has no slope
            operand.extend(map(ids.__getitem__, operands))  # type: ignore[arg-type]
            slope.extend(slopes)  # type: ignore[arg-type]
        first.append(len(operand))
    return read


def _read_one_by_one(read: _Read, ids: dict[Value, int], i: int, operands: Any, slopes: Any) -> None:
    """The edges into node i, where some are constants or carry no derivative."""
    for operand, slope in zip(operands, slopes, strict=True):
        if slope is None:
            read.still.append(len(read.operand))
        if isinstance(operand, Value):
            read.operand.append(ids[operand])
        else:
            read.operand.append(len(ids) + len(read.constants))
            read.constants.append(operand)
            read.owners.append(i)
        read.slope.append(nan if slope is None else slope)


def _operations(values: Sequence[Value], leaves: int) -> tuple[Any, Any, tuple[tuple[str, str], ...]]:
    """The columns of kinds and operations, and what the numbers in the latter stand for."""
    kind = np.full(len(values), KINDS.index(OPERATION), np.int8)
    kind[:leaves] = [KINDS.index(DETACHED if value.is_detached else LEAF) for value in values[:leaves]]
    ops = {id(None): ("", "")}
    code: dict[int, int] = {id(None): 0}
    op = np.zeros(len(values), np.int16)
    for i in range(leaves, len(values)):
        row = values[i].op
        if id(row) not in code:
            code[id(row)] = len(code)
            ops[id(row)] = (row.name, values[i].symbol) if row is not None else ("", "")
        op[i] = code[id(row)]
    return kind, op, tuple(ops.values())


def _labels(values: Sequence[Value], owners: Sequence[int]) -> tuple[Indices, tuple[Label, ...]]:
    """The column of labels, in which a constant has the scope of the node it goes into, and the labels."""
    labels, code = [Label()], {id(None): 0}
    column = array("i")
    for value in values:
        label = value._words
        if id(label) not in code:  # by identity: nodes share labels, and comparing them takes long
            code[id(label)] = len(labels)
            labels.append(label or Label())
        column.append(code[id(label)])
    unnamed: dict[str, int] = {"": 0}
    for owner in owners:
        scope = labels[column[owner]].scope
        if scope not in unnamed:
            unnamed[scope] = len(labels)
            labels.append(Label(None, scope))
        column.append(unnamed[scope])
    return np.asarray(column), tuple(labels)


def _backward(values: Sequence[Value], leaves: int) -> tuple[Numbers, Marks]:
    """Every node's δ, and whether there is one."""
    found = deltas_from({values[-1]: 1.0}, order=values[leaves:])
    delta = np.fromiter((found.get(value, 0.0) for value in values), float, len(values))
    return delta, np.fromiter(map(found.__contains__, values), bool, len(values))


def _taken(node: Indices, used: Marks, nodes: int) -> Indices:
    """The edges that a derivative comes back along, the last node's first, slots in order."""
    edges = np.flatnonzero(used)
    sources = node[edges]
    counts = np.bincount(sources, minlength=nodes)
    before = np.cumsum(counts)  # edges of this node and of those before it
    places = (len(edges) - before)[sources] + np.arange(len(edges)) - (before - counts)[sources]
    taken = np.empty(len(edges), np.int32)
    taken[places] = edges
    return taken
