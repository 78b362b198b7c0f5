"""The topological order: every node after the nodes it was computed from, found without recursion.

The order depends only on the graph, not on addresses or hashes, so that the same program adds the
same numbers in the same order in every process.
"""

from __future__ import annotations

from typing import Any

Node = Any  # a Value; this floor lies below it and knows only that it has `_operands`


def interior(*roots: Node) -> list[Node]:
    """The nodes that were computed, from the first that is needed to the roots; no leaves.

    Depth first, operands left to right: of a network, neuron by neuron and layer by layer.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[Node] = [root for root in reversed(roots) if root._operands]
    push, pop, see = stack.append, stack.pop, seen.add
    while stack:
        node = pop()
        if node is None:  # the node below has had all its operands placed
            order.append(pop())
        elif node not in seen:
            see(node)
            push(node)
            push(None)
            for operand in reversed(node._operands):
                if type(operand) is not float and operand._operands and operand not in seen:
                    push(operand)
    return order


def reachable(*roots: Node) -> list[Node]:
    """All nodes below the roots and the roots, leaves first, then `interior`."""
    inner = interior(*roots)
    operands = (operand for node in inner for operand in node._operands)
    leaves = dict.fromkeys(o for o in (*operands, *roots) if type(o) is not float and not o._operands)
    return [*leaves, *inner]
