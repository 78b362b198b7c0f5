"""The topological order: every node after the nodes it was computed from, found without recursion.

The order depends only on the graph, not on addresses or hashes, so that the same program adds the
same numbers in the same order in every process.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import attrgetter
from typing import Any

Node = Any  # a Value; this floor lies below it and knows only how it holds its `operands`


def interior(*roots: Node, above: Iterable[Node] = ()) -> list[Node]:
    """The nodes that were computed, from the first that is needed to the roots; no leaves.

    Depth first, operands left to right: of a network, neuron by neuron and layer by layer.  Neither
    the nodes in `above` nor what only they need are listed.
    """
    order: list[Node] = []
    seen: set[Node] = set(above)
    stack: list[Node] = [root for root in reversed(roots) if root._a is not None]
    push, pop, see = stack.append, stack.pop, seen.add
    while stack:
        node = pop()
        if node is None:  # the node below has had all its operands placed
            order.append(pop())
        elif node not in seen:
            see(node)
            push(node)
            push(None)
            a, b = node._a, node._b
            if type(a) is tuple:
                for operand in reversed(a):
                    if type(operand) is not float and operand._a is not None and operand not in seen:
                        push(operand)
            else:  # nearly all nodes
                if b is not None and type(b) is not float and b._a is not None and b not in seen:
                    push(b)
                if type(a) is not float and a._a is not None and a not in seen:
                    push(a)
    return order


def backward_order(root: Node) -> list[Node]:
    """`interior`, but only of nodes that a derivative comes back to: along no slope of None.  Their grads become 0.

    The search that every backward pass begins with, so it is written for speed: how far a node is, its grad says
    by which of two zeros it is, and down along first operands there is no way over the stack.
    """
    order: list[Node] = []
    stack: list[Node] = [root] if root._a is not None else []
    begun, placed = float("0"), float("0")  # two objects, and no grad is one of them yet
    while stack:
        node = stack.pop()
        grad = node._grad
        if grad is placed:
            continue
        while grad is not begun:
            a, b = node._a, None
            if node._slope_b is not None:
                b = node._b
                if b._a is None or b._grad is placed:
                    b = None
            elif type(a) is tuple:
                pairs = zip(a, node._slope_a)  # noqa: B905  (a strict zip costs 5%)
                awaited = [o for o, slope in pairs if slope is not None and o._a is not None and o._grad is not placed]
                if not awaited:
                    break
                node._grad = begun
                stack.append(node)
                stack += awaited[:0:-1]
                node = awaited[0]
                continue
            if node._slope_a is None or a._a is None or a._grad is placed:
                a, b = b, None
                if a is None:
                    break
            node._grad = begun
            stack.append(node)
            if b is not None:
                stack.append(b)
            node = a
        node._grad = placed
        order.append(node)
    return order


def reachable(*roots: Node) -> list[Node]:
    """All nodes below the roots and the roots, leaves first, then `interior`."""
    inner = interior(*roots)
    met = dict.fromkeys(chain(chain.from_iterable(map(attrgetter("operands"), inner)), roots))
    return [node for node in met if type(node) is not float and node._a is None] + inner


def computed_since(
    start: float, roots: Iterable[Node], inputs: Iterable[Node], detached: bool = False
) -> tuple[list[Node], bool]:
    """(`interior` above the inputs without what was there before `start`, whether anything of that was met).

    A node made by an operation does not say when; but one that `remember_age` has marked does, so what
    lies below need not be searched again.  Constants are not counted as met, nor, unless asked, `detached` leaves.
    """
    order: list[Node] = []
    seen: set[Node] = set(inputs)
    met = False
    stack: list[Node] = [root for root in roots if root not in seen]
    stack.reverse()
    push, pop, see = stack.append, stack.pop, seen.add
    while stack:
        node = pop()
        if node is None:
            order.append(pop())
        elif node not in seen:
            see(node)
            born = getattr(node, "_born", None)
            if born is None or (born > start and node._a is not None):
                push(node)
                push(None)
                a, b = node._a, node._b
                if type(a) is tuple:
                    for operand in reversed(a):
                        if type(operand) is not float and operand not in seen:
                            push(operand)
                else:  # nearly all nodes
                    if b is not None and type(b) is not float and b not in seen:
                        push(b)
                    if a is not None and type(a) is not float and a not in seen:
                        push(a)
            elif born < start and (detached or not node.is_detached):
                met = True
    return order, met


def remember_age(order: Iterable[Node], born: float, never: float) -> None:
    """Mark nodes, in topological order, as being there since `born`; those of constants alone as there for ever."""
    for node in order:
        operands = [o for o in node.operands if type(o) is not float]
        is_constant = all(o.is_detached or getattr(o, "_born", None) == never for o in operands)
        node._born = never if is_constant else born


def dependent(order: Iterable[Node], inputs: Iterable[Node]) -> set[Node]:
    """The inputs, and the nodes of a topological order that were computed from any of them."""
    found = set(inputs)
    for node in order:
        if not found.isdisjoint(node.operands):
            found.add(node)
    return found
