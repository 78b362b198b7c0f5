"""The paths that carry a change, the largest first, and what each of them carries.

A path from an input to the output carries ∫ ẋ·Π slopes dt.  What a path that is begun can still carry is at most
∫ |Π slopes so far|·(the largest |ẋ·Π slopes| below), so a search that goes on with the largest of these finds paths
in order.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from autograd import Value
from viz.changes.segment import Segment

MOST_STEPS = 20_000  # of the search; paths that cancel come late


class CarriedPath(NamedTuple):
    """A path from the output down to an input: the nodes, the operand slots, and what it carries of the change."""

    nodes: tuple[Value, ...]
    slots: tuple[int, ...]
    contribution: float


def largest_ways(found: Segment, root: Value, inputs: set[Value]) -> Iterator[CarriedPath]:
    """The paths by size."""
    below = _below(found, inputs)
    if root not in below:
        return
    ages = count()
    start = np.ones(len(found.weights))
    heap: list[Any] = [(-np.inf, next(ages), (root,), (), start, False)]
    for _ in range(MOST_STEPS):
        if not heap:
            return
        _, _, nodes, slots, product, whole = heapq.heappop(heap)
        if whole:
            yield CarriedPath(nodes, slots, float(found.weights @ product))
        elif nodes[-1] in inputs:
            product = product * found.velocity[nodes[-1]]
            size = abs(found.weights @ product)
            if size:
                heapq.heappush(heap, (-size, next(ages), nodes, slots, product, True))
        else:
            for slot, operand, slope in _moving(found, nodes[-1]):
                if operand in below:
                    longer = product * slope
                    most = found.weights @ (np.abs(longer) * below[operand])
                    if most:
                        way = (*nodes, operand), (*slots, slot)
                        heapq.heappush(heap, (-most, next(ages), *way, longer, False))


def number_of_ways(found: Segment, root: Value, inputs: set[Value]) -> int:
    """How many paths there are from the inputs to the output."""
    numbers: dict[Value, int] = {}
    for node in found.moving:
        numbers[node] = int(node in inputs) or sum(numbers.get(o, 0) for _, o, _ in _moving(found, node))
    return numbers.get(root, 0)


def _below(found: Segment, inputs: set[Value]) -> dict[Value, Any]:
    """Of every node the largest |ẋ·Π slopes| over its paths down to an input, at every point."""
    largest: dict[Value, Any] = {}
    for node in found.moving:
        if node in inputs:
            largest[node] = np.abs(found.velocity[node])
        else:
            sizes = [np.abs(slope) * largest[o] for _, o, slope in _moving(found, node) if o in largest]
            if sizes:
                largest[node] = np.max(sizes, axis=0)
    return largest


def _moving(found: Segment, node: Value) -> list[tuple[int, Any, Any]]:
    slopes = found.slopes.get(node, ())
    pairs = zip(node.operands, slopes, strict=False)
    return [(slot, o, np.nan_to_num(s)) for slot, (o, s) in enumerate(pairs) if s is not None]
