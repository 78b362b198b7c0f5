"""The chain rule, and what follows from it: backward, δ beside the graph, gradients as graphs.

It is written once, in `chain_rule`: go through the nodes in reverse topological order; a node's δ is
the sum of what its users sent; it sends δ · slope to each operand.  What a number is does not matter:
with floats this gives the derivatives, with Values a graph of them that can be differentiated again.
`backward` is the same loop with the sums kept in the nodes; a test holds the two equal to the bit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.errors import GraphError, OperandError
from autograd.gates import Gate, GatedSlopes, GatedTangents, gates_of
from autograd.methods import Methods
from autograd.ops import table
from autograd.ops.primitive import RAISED
from autograd.order import backward_order, interior, reachable
from autograd.recorder import RECORDERS, slopes_recorder
from autograd.replay import ANEW, computed_anew, follows
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.value import Number, Operand, Value, constant, number

Delta: TypeAlias = "float | Value"
Products: TypeAlias = list[tuple[Any, Any]]  # (δ of the user, slope along the edge), in order
_CHOICES = {table.where_, table.guard}


class Step(NamedTuple):
    """One application of the chain rule: ``δ(operand) += δ(node) · slope``."""

    node: Value
    delta: Delta  # δ(node), complete
    slot: int  # which operand of the node
    operand: Value
    slope: Any  # ∂node/∂operand


# -- the rule ---------------------------------------------------------------------------------------


def chain_rule(
    order: Sequence[Value],
    seeds: Mapping[Value, Delta],
    slopes_of: Callable[[Value], Sequence[Any]],
    gather: Callable[[Products], Any],
    deltas: dict[Value, Any],
    towards: Collection[Value] | None = None,
) -> Iterator[Step]:
    """Go back through `order`, yielding each step and filling `deltas` with every node's δ.

    `slopes_of(node)` gives the local derivatives and `gather` sums the products δ · slope; between
    them they decide what kind of number a δ is.  Steps go only to operands in `towards`, if it is given.
    """
    pending: dict[Value, Products] = {node: [(seed, 1.0)] for node, seed in seeds.items()}
    for node in reversed(order):
        if node not in pending:
            continue  # no derivative comes back to it
        deltas[node] = delta = gather(pending.pop(node))
        for slot, (operand, slope) in enumerate(zip(node.operands, slopes_of(node), strict=True)):
            if slope is not None and isinstance(operand, Value) and (towards is None or operand in towards):
                pending.setdefault(operand, []).append((delta, slope))
                yield Step(node, delta, slot, operand, slope)
    for leaf, products in pending.items():
        deltas[leaf] = gather(products)


def backward(root: Value, seed: Number = 1.0) -> None:
    """Give every node below `root` its δ = seed · ∂root/∂node, in `grad`.

    Interior nodes are overwritten; leaves accumulate, so several losses can add up (set `grad` to 0
    in between, or call `zero_grad` of the model); a node that no derivative comes back to, behind the
    branch that a `where` did not take, is not touched.  Raises GraphError on a detached node.  After Ctrl-C a
    leaf's grad may hold part of what was to come: set it to 0 before the next `backward`.

    >>> x = Value(2.0)
    >>> (x**3).backward()
    >>> x.grad
    12.0
    """
    if root.is_detached:
        raise GraphError(f"backward() on {root!r}: it was detached, so no graph leads back from it")
    start = number(seed, "a seed")
    order = backward_order(root)
    for node in order:
        node._grad = 0.0
    root._grad += start
    for node in reversed(order):
        delta, a = node._grad, node._a
        if type(a) is tuple:
            for operand, slope in zip(a, node._slope_a):  # noqa: B905  (a strict zip costs 5%)
                if slope is not None:
                    operand._grad += delta * slope
        else:  # nearly all nodes
            slope = node._slope_a
            if slope is not None:
                a._grad += delta * slope
            slope = node._slope_b
            if slope is not None:
                node._b._grad += delta * slope


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


def _backward_of(self: Value, seed: Number = 1.0) -> None:
    backward(self, seed)


_backward_of.__name__, _backward_of.__doc__ = "backward", backward.__doc__
setattr(Methods, "backward", _backward_of)  # noqa: B010  (mypy: the stub declares it, the class does not)
setattr(Methods, "_backward", property(lambda self: partial(send_back, self)))  # noqa: B010


# -- δ as numbers -----------------------------------------------------------------------------------


def recorded_slopes(node: Value) -> Sequence[float | None]:
    """The local derivatives as they were when the node was recorded."""
    return node.slopes


def sum_products(products: Products) -> float:
    """Σ δ · slope, in the order in which `backward` adds."""
    total = 0.0
    for delta, slope in products:
        total += delta * slope
    return total


def steps(root: Value, seed: Number = 1.0) -> Iterator[Step]:
    """The backward pass one application of the chain rule at a time, touching no node.

    Where leaves have moved since the graph was recorded, the steps are those of the graph computed anew with
    the leaves as they are now, and a warning says so; its computed nodes are then new ones.

    Raises GraphError if leaves have moved and a `where` chose by a plain number: compute the expression again.
    """
    now = computed_anew(reachable(root))
    if now is not root:
        warnings.warn(ANEW, stacklevel=2)
    return chain_rule(interior(now), {now: number(seed, "a seed")}, recorded_slopes, sum_products, {})


def deltas(root: Value, seed: Number = 1.0) -> dict[Value, float]:
    """δ = seed · ∂root/∂node for every node that a derivative comes back to, beside the graph.

    No `grad` is read or written.  A node that is missing has no backward path, which is not 0.

    >>> x = Value(2.0)
    >>> deltas(x * x)[x]
    4.0
    """
    return deltas_from({root: number(seed, "a seed")})


def deltas_from(
    seeds: Mapping[Value, float], above: Collection[Value] = (), order: Sequence[Value] | None = None
) -> dict[Value, float]:
    """`deltas` of Σ seed · root over several roots at once; not of what is above.  `order`, if it is known."""
    found: dict[Value, float] = {}
    order = interior(*seeds, above=above) if order is None else order
    _run(chain_rule(order, seeds, recorded_slopes, sum_products, found))
    return found


# -- δ as a graph -----------------------------------------------------------------------------------


def slopes_as_graph(node: Value) -> Sequence[Any]:
    """The local derivatives as Values, by the same rule on other numbers.

    Raises GraphError if an operand's data was changed since the node was recorded.
    """
    op, operands = node._row, node.operands
    if op is None:
        return ()
    if not isinstance(node, Symbol):
        _check_unchanged(node)
    if _chooses(node):
        return gates_of(node)
    rule = slopes_recorder(op)
    try:
        slopes = rule(node, *operands)
    except RAISED:  # plain numbers among the operands: NumPy answers as IEEE 754 says
        with np.errstate(all="ignore"):
            slopes = rule(node, *[o if isinstance(o, Value) else np.float64(o) for o in operands])
        slopes = tuple(float(s) if isinstance(s, np.floating) else s for s in slopes)
    return [s if isinstance(o, Value) else None for o, s in zip(operands, slopes, strict=True)]


def _chooses(node: Value) -> bool:
    """Whether this is a choice whose condition is a node, which may say something else when leaves move."""
    return node._row in _CHOICES and isinstance(node.operands[0], Value)


def _check_unchanged(node: Value) -> None:
    """Raise GraphError if the node's operands no longer give its number and its slopes."""
    if not follows(node):
        raise GraphError(
            f"{quoted(node)} was recorded with the slopes {quoted(node.slopes)}, but its operands now give other "
            "numbers: data was set after recording; compute the expression again before differentiating it as a graph"
        )


def dot_products(products: Products) -> Any:
    """Σ δ · slope as one node, with multiplication by a plain 1 left out (exact)."""
    products = [(s.let(times(d, s.slope)), 1.0) if isinstance(s, Gate) else (d, s) for d, s in products]
    if len(products) == 1:
        return times(*products[0])
    if not any(isinstance(factor, Value) for product in products for factor in product):
        return sum_products(products)
    return RECORDERS[table.dot.name](*(d for d, _ in products), *(s for _, s in products))


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
    order = interior(*seeds, above=above)
    slopes = GatedSlopes(slopes_as_graph, seeds) if any(map(_chooses, order)) else slopes_as_graph
    _run(chain_rule(order, seeds, slopes, dot_products, found, towards))
    return found


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

    Raises OperandError if `output` or one of `wrt` is not a Value, GraphError if `as_graph` and data
    was set after recording.
    """
    nodes = [wrt] if isinstance(wrt, Value) else list(wrt)
    given_nodes: list[Any] = [output, *nodes]
    for node in given_nodes:
        if not isinstance(node, Value):
            given = f"{type(node).__name__} {quoted(node)}"
            raise OperandError(f"gradient is of a Value with respect to Values, got {given}")
    found: Mapping[Value, Any]
    if as_graph:
        graph = deltas_as_graph({output: seed})
        found = {node: as_value(graph.get(node, 0.0)) for node in nodes}
    else:
        found = deltas(output, seed if not isinstance(seed, Value) else seed.data)
    answers = [found.get(node, 0.0) for node in nodes]
    return answers[0] if isinstance(wrt, Value) else answers


def as_value(x: Delta) -> Value:
    """x as a node: itself, or a constant."""
    return x if isinstance(x, Value) else constant(x)


# -- forward mode -----------------------------------------------------------------------------------


def tangents(
    order: Sequence[Value],
    seeds: Mapping[Value, Delta],
    slopes_of: Callable[[Value], Sequence[Any]] = recorded_slopes,
    gather: Callable[[Products], Any] = sum_products,
) -> dict[Value, Any]:
    """The chain rule forwards: how every node in `order` moves when the seeded ones move so."""
    moving: dict[Any, Any] = dict(seeds)
    for node in order:
        operands = node.operands
        if node in seeds or moving.keys().isdisjoint(operands):
            continue
        products = [
            (moving[operand], slope)
            for operand, slope in zip(operands, slopes_of(node), strict=True)
            if slope is not None and operand in moving
        ]
        if products:
            moving[node] = gather(products)
    return moving


def tangents_as_graph(order: Sequence[Value], moving: Mapping[Value, Delta]) -> dict[Value, Delta]:
    """`tangents` as Values where they depend on any, else floats."""
    slopes = GatedTangents(slopes_as_graph, moving) if any(map(_chooses, order)) else slopes_as_graph
    return tangents(order, moving, slopes, dot_products)


def _run(steps: Iterator[Step]) -> None:
    for _ in steps:
        pass
