"""Derivatives by the chain rule: backward, δ beside the graph, gradients as graphs.

`sweeps` holds the rule itself.  Here are the two algebras that it runs on between Values: recorded slopes and floats,
which give derivatives, and slopes as Values, which give a graph of them.  `backward` is the same loop with the sums
kept in the nodes; a test holds the two equal to the bit.  Where a branch was not taken `backward` leaves out what lies
behind it, so what comes to a node from several sides may be added in another order there.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import starmap
from math import isfinite
from typing import Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np

from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.given import flag
from autograd.methods import Methods
from autograd.ops import table
from autograd.ops.expression import EQUAL
from autograd.ops.primitive import RAISED
from autograd.order import backward_order, interior, reachable
from autograd.recorder import RECORDERS, make_node, slopes_recorder
from autograd.renamed import renamed
from autograd.replay import ANEW, chose_for_good, computed_anew, follows
from autograd.sweeps import Choice, Edge, Products, TableEntry, backwards, forwards
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.value import Number, Operand, Value, constant, number

Delta: TypeAlias = "float | Value"
Wanted: TypeAlias = Callable[[Value], object]
_CHOICES = {table.where_, table.guard}


class Step(NamedTuple):
    """One application of the chain rule: ``δ(operand) += δ(node) · slope``."""

    node: Value
    delta: Delta  # δ(node), complete
    slot: int  # which operand of the node
    operand: Value
    slope: Any  # ∂node/∂operand


@renamed(root="output")
def backward(output: Value, seed: Number = 1.0) -> None:
    """Give every node below `output` its δ = seed · ∂output/∂node, in `grad`.

    Interior nodes are overwritten; leaves accumulate, so several losses can add up (set `grad` to 0
    in between, or call `zero_grad` of the model); a node that no derivative comes back to, behind the
    branch that a `where` did not take, is not touched.
    After Ctrl-C a leaf's grad may hold part of what was to come: set it to 0 before the next `backward`.

    Raises:
        GraphError: on a detached node
        OperandError: for anything but a Value

    >>> x = Value(2.0)
    >>> (x**3).backward()
    >>> x.grad
    12.0
    """
    if not isinstance(output, Value):
        raise OperandError(
            f"backward goes back from one Value, such as a sum of several, got {type(output).__name__} {quoted(output)}"
        )
    if output.is_detached:
        raise GraphError(f"backward() on {output!r}: it was detached, so no graph leads back from it")
    start = number(seed, "a seed")
    order = backward_order(output)
    output._grad += start
    for node in reversed(order):
        delta, a, slope_b = node._grad, node._a, node._slope_b
        if slope_b is not None:
            slope = node._slope_a
            if slope is not None:
                a._grad += delta * slope
            node._b._grad += delta * slope_b
        elif type(a) is tuple:
            for operand, slope in zip(a, node._slope_a):  # noqa: B905  (a strict zip costs 5%)
                if slope is not None:
                    operand._grad += delta * slope
        else:
            slope = node._slope_a
            if slope is not None:
                a._grad += delta * slope


def send_back(node: Value) -> None:
    """One node's part of `backward`: adds its δ, as it stands in `grad`, times each slope to the operands' grads.

    Where every node is told so in reverse topological order, all grads are 0 before, and the root's is 1, this
    is what `backward` does, which leaves out nodes that no derivative comes back to: 0 times their slope of ∞ would
    be nan.  micrograd keeps it in every node, as `_backward`, which is here the same.

    >>> x = Value(3.0)
    >>> y = x * x
    >>> y.grad = 1.0
    >>> y._backward()
    >>> x.grad
    6.0
    """
    for operand, slope in zip(node.operands, node.slopes, strict=True):
        if isinstance(operand, Value) and slope is not None:
            operand._grad += node._grad * slope


def _backward_of(self: Value, seed: Number = 1.0, **elsewhere: Any) -> None:
    for word in elsewhere:
        raise ArgumentError(f"backward() has no {quoted(word)}{_ELSEWHERE.get(word, '')}")
    backward(self, seed)


_ELSEWHERE = {
    "retain_graph": ": the graph is always kept, and backward can be called again",
    "create_graph": ": derivatives as a graph are gradient(y, x, as_graph=True)",
    "gradient": ": what to begin with is `seed`",
    "inputs": ": along some nodes only it is gradient(y, [x, …])",
}  # PyTorch's words


_backward_of.__name__, _backward_of.__doc__ = "backward", backward.__doc__
setattr(Methods, "backward", _backward_of)  # noqa: B010  (mypy: the stub declares it, the class does not)
setattr(Methods, "_backward", property(lambda self: partial(send_back, self)))  # noqa: B010


# -- δ as numbers -----------------------------------------------------------------------------------


class AsNumbers:
    """Floats, and the local derivatives as they were when a node was recorded."""

    zero, one = 0.0, 1.0

    def edges(self, node: Value, wanted: Wanted | None) -> list[Edge]:
        """The operands that have a slope: all are Values, since along a constant there is none."""
        a = node._a
        if type(a) is tuple:
            edges = [(slot, o, slope) for slot, (o, slope) in enumerate(zip(a, node._slope_a, strict=True))]
        else:  # nearly all nodes
            edges = [(0, a, node._slope_a), (1, node._b, node._slope_b)]
        return [edge for edge in edges if edge[2] is not None and (wanted is None or wanted(edge[1]))]

    def gather(self, products: Products) -> float:
        """Σ δ · slope, in the order in which `backward` adds."""
        total = 0.0
        for delta, slope in products:
            total += delta * slope
        return total

    def where(self, condition: float, chosen: float, other: float) -> float:
        """No choice is left open: what was not chosen has no slope."""
        return chosen if condition else other

    either = staticmethod(max)
    is_finite = staticmethod(isfinite)


AS_NUMBERS = AsNumbers()


@renamed(root="output")
def steps(output: Value, seed: Number = 1.0) -> Iterator[Step]:
    """The backward pass one application of the chain rule at a time, touching no node.

    Where leaves have moved since the graph was recorded, the steps are those of the graph computed anew with
    the leaves as they are now, and a warning says so; its computed nodes are then new ones.

    Raises:
        GraphError: if leaves have moved and a `where` chose by a plain number: compute the expression again
    """
    now = computed_anew(reachable(output))
    if now is not output:
        warnings.warn(ANEW, stacklevel=2)
    return starmap(Step, backwards(interior(now), {now: number(seed, "a seed")}, AS_NUMBERS, {}))


@renamed(root="output")
def deltas(output: Value, seed: Number = 1.0) -> dict[Value, float]:
    """δ = seed · ∂output/∂node for every node that a derivative comes back to, beside the graph.

    No `grad` is read or written.  A node that is missing has no backward path, which is not 0.

    >>> x = Value(2.0)
    >>> deltas(x * x)[x]
    4.0
    """
    return deltas_from({output: number(seed, "a seed")})


def deltas_from(
    seeds: Mapping[Value, float], above: Collection[Value] = (), order: Sequence[Value] | None = None
) -> dict[Value, float]:
    """`deltas` of Σ seed · root over several roots at once; not of what is above.  `order`, if it is known.

    It is `backwards` over `AS_NUMBERS` with the sums kept as they grow: to the same bits, and three times as fast.
    """
    found: dict[Value, float] = {}
    sums = {root: 0.0 + seed for root, seed in seeds.items()}
    take, so_far = sums.pop, sums.get
    for node in reversed(interior(*seeds, above=above) if order is None else order):
        delta = take(node, None)
        if delta is None:
            continue  # no derivative comes back to it
        found[node] = delta
        a = node._a
        if type(a) is tuple:
            for operand, slope in zip(a, node._slope_a, strict=True):
                if slope is not None:
                    sums[operand] = so_far(operand, 0.0) + delta * slope
        else:  # nearly all nodes
            if node._slope_a is not None:
                sums[a] = so_far(a, 0.0) + delta * node._slope_a
            b: Any = node._b
            if node._slope_b is not None:
                sums[b] = so_far(b, 0.0) + delta * node._slope_b
    found.update(sums)
    return found


# -- δ as a graph -----------------------------------------------------------------------------------


class AsGraph:
    """Values, and floats where nothing depends on a Value: the local derivatives by the rows' own rules."""

    zero, one = 0.0, 1.0
    where = staticmethod(RECORDERS[table.where_.name])

    def edges(self, node: Value, wanted: Wanted | None) -> list[Edge]:
        """The operands that have a slope; GraphError if an operand's data was changed since the node was recorded."""
        pairs = zip(node.operands, slopes_as_graph(node), strict=True)
        return [
            (slot, o, slope)
            for slot, (o, slope) in enumerate(pairs)
            if slope is not None and isinstance(o, Value) and (wanted is None or wanted(o))
        ]

    def gather(self, products: Products) -> Any:
        """Σ δ · slope as one node, with multiplication by a plain 1 left out (exact)."""
        if len(products) == 1:
            return times(*products[0])
        if not any(isinstance(factor, Value) for product in products for factor in product):
            return AS_NUMBERS.gather(products)
        return RECORDERS[table.dot.name](*(d for d, _ in products), *(s for _, s in products))

    def either(self, one: Any, other: Any) -> Any:
        """The larger of two conditions."""
        return one if one is other else RECORDERS[table.maximum.name](one, other)

    def is_finite(self, slope: Any) -> bool:
        """Only a plain number is known to stay so."""
        return isinstance(slope, float) and isfinite(slope)


AS_GRAPH = AsGraph()


class Looped(NamedTuple):
    """How derivatives pass nodes that are loops of a program being recorded; `autograd.program.scan` says it."""

    steps: tuple[type, ...]
    backwards: Callable[[Sequence[Value], Wanted | None], AsGraph]
    forwards: Callable[[Sequence[Value], Collection[Value]], AsGraph]


LOOPED = Looped((), lambda order, wanted: AS_GRAPH, lambda order, moving: AS_GRAPH)


def _has_loops(order: Iterable[Value]) -> bool:
    return any(isinstance(node._row, LOOPED.steps) for node in order)


def slopes_as_graph(node: Value) -> Sequence[Any]:
    """The local derivatives as Values, by the same rule on other numbers.

    Raises:
        GraphError: if an operand's data was changed since the node was recorded
    """
    op, operands = node._row, node.operands
    if op is None:
        return ()
    if not isinstance(node, Symbol):
        _check_unchanged(node)
        if chose_for_good(node):
            return tuple(None if slope is None else _kept_choice(node, slot) for slot, slope in enumerate(node.slopes))
    if op in _CHOICES and isinstance(operands[0], Value):  # which may choose otherwise when leaves move
        choose = RECORDERS[op.name]
        return None, Choice(operands[0], choose, first=True), Choice(operands[0], choose, first=False)
    if op is table.take and isinstance(operands[0], Value):
        return _slopes_of_entries(operands)
    rule = slopes_recorder(op)
    try:
        slopes: tuple[Any, ...] = rule(node, *operands)
    except RAISED:  # plain numbers among the operands: NumPy answers as IEEE 754 says
        with np.errstate(all="ignore"):
            slopes = rule(node, *[o if isinstance(o, Value) else np.float64(o) for o in operands])
        slopes = tuple(float(s) if isinstance(s, np.floating) else s for s in slopes)
    return slopes


def _slopes_of_entries(operands: Sequence[Any]) -> tuple[Any, ...]:
    """Along each Value in a table that it is the one which is taken; asked when the index may be another."""
    index, *entries = operands
    take, equal = RECORDERS[table.take.name], RECORDERS[EQUAL]
    whole, choose = RECORDERS[table.floor.name](index), AsGraph.where
    otherwise = take(index, *[0.0] * len(entries))
    found: list[Any] = [None] * len(operands)
    for place, entry in enumerate(entries):
        if isinstance(entry, Value):
            at = TableEntry(place, len(entries), lambda numbers: take(index, *numbers), otherwise)
            found[1 + place] = Choice(equal(whole, float(place)), choose, True, at)
    return tuple(found)


def _kept_choice(node: Value, slot: int | None = None) -> Value:
    """The slope 1 of the branch that a plain number chose, as a node, so that the derivative says what it hangs on.

    Of no branch, 0 in the same way.
    """
    operands = (node.operands[0], float(slot == 1), float(slot == 2))
    return make_node(table.where_, float(slot is not None), operands, (None, None, None))


def _zero(output: Value) -> Delta:
    """What `output` moves along what it does not depend on; a node if a plain number may have decided that."""
    chose = next(filter(chose_for_good, interior(output)), None)
    return 0.0 if chose is None or isinstance(chose, Symbol) else _kept_choice(chose)


def _check_unchanged(node: Value) -> None:
    """Raise GraphError if the node's operands no longer give its number and its slopes."""
    if not follows(node):
        raise GraphError(
            f"{quoted(node)} was recorded with the slopes {quoted(node.slopes)}, but its operands now give other "
            "numbers: data was set after recording; compute the expression again before differentiating it as a graph"
        )


def times(a: Any, b: Any) -> Any:
    """a · b, where a plain 1 needs no node."""
    if type(a) is float and a == 1.0:
        return b
    if type(b) is float and b == 1.0:
        return a
    return a * b


def deltas_as_graph(
    seeds: Mapping[Value, Delta], above: Collection[Value] = (), towards: Collection[Value] | None = None
) -> dict[Value, Delta]:
    """δ of every node below the seeded ones, as Values where they depend on any, else floats.

    Not of what is `above`, nor, if it is given, of what is not in `towards`: for that nothing is written.
    """
    found: dict[Value, Delta] = {}
    wanted = None if towards is None else towards.__contains__
    order = interior(*seeds, above=above)
    algebra = LOOPED.backwards(order, wanted) if _has_loops(order) else AS_GRAPH
    run(backwards(order, seeds, algebra, found, wanted))
    return found


@overload
def gradient(output: Value, wrt: Value, *, seed: Operand = 1.0, as_graph: Literal[False] = False) -> float: ...
@overload
def gradient(output: Value, wrt: Value, *, seed: Operand = 1.0, as_graph: Literal[True]) -> Value: ...
@overload
def gradient(
    output: Value, wrt: Iterable[Value], *, seed: Operand = 1.0, as_graph: Literal[False] = False
) -> list[float]: ...
@overload
def gradient(output: Value, wrt: Iterable[Value], *, seed: Operand = 1.0, as_graph: Literal[True]) -> list[Value]: ...
@overload
def gradient(output: Value, wrt: Value | Iterable[Value], *, seed: Operand = 1.0, as_graph: bool = False) -> Any: ...
def gradient(output: Value, wrt: Value | Iterable[Value], *, seed: Operand = 1.0, as_graph: bool = False) -> Any:
    """∂output/∂node for one node (a single answer) or several (a list), leaving every `grad` alone.

    The nodes may be interior ones.  With `as_graph` the answers are Values that can be differentiated
    again, to any order; else they are floats.  A node that output does not depend on has 0.

    >>> x, y = Value(2.0), Value(3.0)
    >>> gradient(x * x * y, [x, y])
    [12.0, 4.0]
    >>> dx = gradient(x * x * y, x, as_graph=True)
    >>> gradient(dx, [x, y])  # ∂²/∂x², ∂²/∂x∂y
    [6.0, 4.0]

    Raises:
        OperandError: if `output` or one of `wrt` is not a Value
        GraphError: if `as_graph` and data was set after recording
    """
    nodes, as_graph = _nodes(output, wrt), flag(as_graph, "as_graph")
    given_nodes: list[Any] = [output, *nodes]
    for node in given_nodes:
        if not isinstance(node, Value):
            given = f"{type(node).__name__} {quoted(node)}"
            raise OperandError(f"gradient is of a Value with respect to Values, got {given}")
    found: Mapping[Value, Any]
    if as_graph:
        graph = deltas_as_graph({output: seed})
        zero = _zero(output) if any(node not in graph for node in nodes) else 0.0
        found = {node: as_value(graph.get(node, zero)) for node in nodes}
    else:
        found = deltas(output, seed if not isinstance(seed, Value) else seed.data)
    answers = [found.get(node, 0.0) for node in nodes]
    return answers[0] if isinstance(wrt, Value) else answers


def _nodes(output: Any, wrt: Any) -> list[Any]:
    """The nodes that are asked about."""
    if not isinstance(wrt, (Value, Iterable)):
        given = f"{quoted(output)} and {quoted(wrt)}"
        raise OperandError(
            f"gradient is of a Value with respect to Values, got {given}; of a function it is grad(f)(x)"
        )
    return [wrt] if isinstance(wrt, Value) else list(wrt)


def as_value(x: Delta) -> Value:
    """x as a node: itself, or a constant."""
    return x if isinstance(x, Value) else constant(x)


# -- forward mode -----------------------------------------------------------------------------------


def tangents(order: Sequence[Value], seeds: Mapping[Value, float]) -> dict[Value, float]:
    """How every node in `order` moves when the seeded ones move so."""
    return forwards(order, seeds, AS_NUMBERS)


def tangents_as_graph(order: Sequence[Value], moving: Mapping[Value, Delta]) -> dict[Value, Delta]:
    """`tangents` as Values where they depend on any, else floats."""
    return forwards(order, moving, LOOPED.forwards(order, moving) if _has_loops(order) else AS_GRAPH)


def run(steps: Iterable[object]) -> None:
    """Take all steps, for what they leave behind."""
    deque(steps, maxlen=0)
