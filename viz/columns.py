"""A trace as columns: one array a property, and the nodes, edges and steps made from them when asked for.

A graph of a million nodes is then a dozen arrays instead of millions of records, and whoever looks at
all of it (a condition, a picture, a page) can gather with NumPy.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from autograd.context import Label

LEAF, OPERATION, DETACHED, CONSTANT = KINDS = ("leaf", "operation", "detached", "constant")
CHUNK = 65_536  # records made at a time by going through a column; it bounds the memory that takes

Numbers: TypeAlias = "NDArray[np.float64]"
Indices: TypeAlias = "NDArray[np.int32]"  # up to 2³¹ nodes and edges
Marks: TypeAlias = "NDArray[np.bool_]"
Record = TypeVar("Record")


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


class Columns(NamedTuple):
    """A graph as arrays that cannot be written to.

    Node i stands at place i of the columns of nodes, edge e at place e of those of edges; edges are
    grouped by node, slots in order, so those of node i are ``starts[i]`` up to ``starts[i + 1]``.
    """

    # nodes
    kind: NDArray[np.int8]  # where in KINDS
    code: NDArray[np.int16]  # where in `ops`
    label: Indices  # where in `labels`
    value: Numbers
    delta: Numbers  # 0 where not `reached`
    reached: Marks  # whether a derivative comes back
    starts: NDArray[np.int64]  # one longer than the others
    # edges
    node: Indices
    operands: Indices
    slope: Numbers  # nan where not `flows`
    flows: Marks  # whether a derivative goes along it
    # backward steps, in order
    taken: Indices  # the edge along which each goes
    # what the numbers in `code` and `label` stand for
    operations: tuple[tuple[str, str], ...]  # name and symbol
    labels: tuple[Label, ...]  # name, scope and source together

    def contributions(self) -> Numbers:
        """What each backward step adds: δ(node) · slope."""
        return products(self.delta[self.node[self.taken]], self.slope[self.taken])


def products(deltas: Numbers, slopes: Numbers) -> Numbers:
    """δ · slope as floats give it: inf and nan without a warning."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return deltas * slopes


def frozen(columns: Columns) -> Columns:
    """The columns, from now on read-only."""
    for column in columns:
        if isinstance(column, np.ndarray):
            column.flags.writeable = False
    return columns


def with_names(columns: Columns, names: Mapping[int, str]) -> Columns:
    """The columns with names for nodes that have none."""
    label, labels = columns.label.copy(), list(columns.labels)
    for i, name in names.items():
        if not labels[label[i]].name:
            labels.append(labels[label[i]]._replace(name=name))
            label[i] = len(labels) - 1
    return columns._replace(label=label, labels=tuple(labels)) if names else columns


class Rows(Sequence[Record], Generic[Record]):
    """An immutable sequence of records that are made when they are read."""

    __slots__ = ("_columns", "_length")

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._length = self._count()

    @abstractmethod
    def _count(self) -> int:
        """How many there are."""

    @abstractmethod
    def _record(self, at: int) -> Record:
        """The one at a place."""

    @abstractmethod
    def _records(self, start: int, stop: int) -> Iterator[Record]:
        """Those of a stretch, in bulk."""

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, at: int | slice) -> Record | tuple[Record, ...]:
        if isinstance(at, slice):
            start, stop, step = at.indices(self._length)
            if step == 1:
                return tuple(self._records(start, max(start, stop)))
            return tuple(map(self._record, range(start, stop, step)))
        if not -self._length <= at < self._length:
            raise IndexError(f"there are {self._length}, from 0; got {at}")
        return self._record(at if at >= 0 else at + self._length)

    def __iter__(self) -> Iterator[Record]:
        for start in range(0, self._length, CHUNK):
            yield from self._records(start, min(start + CHUNK, self._length))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == its for mine, its in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # a mutable type's way to say that it cannot be a key

    def __repr__(self) -> str:
        listed = ", ".join(map(repr, self[:3]))
        return f"<{self._length:,}: {listed}{', …' if self._length > 3 else ''}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self._columns)


def _again(kind: type[Rows[Any]], columns: Columns) -> Rows[Any]:
    """What a pickle becomes: pickling forgets that an array is read-only."""
    return kind(frozen(columns))


class Nodes(Rows[Node]):
    """Every node, node i at place i."""

    __slots__ = ()

    def _count(self) -> int:
        return len(self._columns.value)

    def _record(self, at: int) -> Node:
        c = self._columns
        delta = c.delta.item(at) if c.reached.item(at) else None
        return self._made(at, c.kind.item(at), c.code.item(at), c.label.item(at), c.value.item(at), delta)

    def _records(self, start: int, stop: int) -> Iterator[Node]:
        c, part = self._columns, slice(start, stop)
        deltas = c.delta[part].astype(object)
        deltas[~c.reached[part]] = None
        codes = (c.kind[part].tolist(), c.code[part].tolist(), c.label[part].tolist())
        return map(self._made, range(start, stop), *codes, c.value[part].tolist(), deltas.tolist())

    def _made(self, at: int, kind: int, op: int, label: int, value: float, delta: float | None) -> Node:
        name, symbol = self._columns.operations[op]
        called = self._columns.labels[label]
        return Node(at, KINDS[kind], called.name, name, symbol, value, delta, called.scope, called.source)


class Edges(Rows[Edge]):
    """Every edge, grouped by node, slots in order."""

    __slots__ = ()

    def _count(self) -> int:
        return len(self._columns.node)

    def _record(self, at: int) -> Edge:
        c = self._columns
        node = c.node.item(at)
        slope = c.slope.item(at) if c.flows.item(at) else None
        return Edge(c.operands.item(at), node, at - c.starts.item(node), slope)

    def _records(self, start: int, stop: int) -> Iterator[Edge]:
        c, part = self._columns, slice(start, stop)
        slopes = c.slope[part].astype(object)
        slopes[~c.flows[part]] = None
        slots = np.arange(start, stop) - c.starts[c.node[part]]
        return map(Edge, c.operands[part].tolist(), c.node[part].tolist(), slots.tolist(), slopes.tolist())


class Steps(Rows[Step]):
    """The backward pass, from the root back."""

    __slots__ = ()

    def _count(self) -> int:
        return len(self._columns.taken)

    def _record(self, at: int) -> Step:
        c = self._columns
        edge = c.taken.item(at)
        node, slope = c.node.item(edge), c.slope.item(edge)
        delta = c.delta.item(node)
        return Step(node, delta, edge - c.starts.item(node), c.operands.item(edge), slope, delta * slope)

    def _records(self, start: int, stop: int) -> Iterator[Step]:
        c = self._columns
        edges = c.taken[start:stop]
        nodes, slopes = c.node[edges], c.slope[edges]
        deltas = c.delta[nodes]
        columns = (nodes, deltas, edges - c.starts[nodes], c.operands[edges], slopes, products(deltas, slopes))
        return map(Step, *(column.tolist() for column in columns))
