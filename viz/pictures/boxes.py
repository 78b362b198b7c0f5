"""What a picture is made of: boxes and arrows, plain data between choosing what to show and drawing it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from viz.identifiers import in_reading, on_card
from viz.notation import Identifier
from viz.numbers import DIGITS
from viz.text import isolated
from viz.trace import Edge, Node

GROUP = "group"


class Box(NamedTuple):
    """A node of the picture: a node of the trace, or a group of them."""

    id: str
    kind: str
    name: str  # what it is called, unescaped; empty for a constant
    given: str  # the name that somebody gave it, in full; empty if nobody did
    symbol: str
    value: float | None
    delta: float | None  # of a group: the one of largest size, nan if any is nan
    scope: str
    slots: int
    source: str | None = None
    counts: tuple[str, ...] = ()  # of a group: what is in it, a line each
    lost: float | None = None  # how much of its digits is gone, from 0 to 1, where that is shown
    symbol_of: Identifier | None = None  # its name as it is typeset; None where it stands as it is

    @property
    def written(self) -> tuple[str, str, str]:
        """Its name on the line, what of it is set below, and what follows."""
        return (self.name, "", "") if self.symbol_of is None else on_card(self.symbol_of)

    @property
    def on_a_line(self) -> str:
        """Its name where all of it stands on one line."""
        return self.name if self.symbol_of is None else in_reading(self.symbol_of)


class Arrow(NamedTuple):
    """An edge of the picture: an operand slot, or all edges between two groups."""

    tail: str
    head: str
    slot: int
    slope: float | None
    contribution: float | None  # what the chain rule sends back along it
    edges: int = 1
    symbol: str = ""  # of its slope; empty where it is ∂head/∂tail
    lit: bool = False  # whether it stands out from the others


class View(NamedTuple):
    """What is drawn; `output` is what the root is called."""

    root: str
    output: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    compact: bool
    note: str  # for the reader of the picture, a sentence a line: what was left out, gathered, computed anew
    digits: int = DIGITS  # of every number


Nodes = Sequence[Node]
Edges = Sequence[Edge]


def every_node(
    root: int,
    nodes: Nodes,
    edges: Edges,
    names: Mapping[int, tuple[str, Identifier]],
    compact: bool,
    note: str,
    symbols: Mapping[tuple[int, int, int], str] = MappingProxyType({}),
) -> View:
    """A box a node, an arrow an edge; `names` are what these nodes and the root are called, and how that is typeset.

    `symbols` are those of slopes that are not ∂head/∂tail, by node, operand and slot.
    """
    slots = Counter(edge.node for edge in edges)
    deltas = {node.id: node.delta for node in nodes}
    rank = Counter[int]()
    arrows = []
    for e in edges:
        sent = sent_back(deltas[e.node], e.slope)
        arrows.append(
            Arrow(
                f"n{e.operand}",
                f"n{e.node}",
                rank[e.node],
                e.slope,
                sent,
                1,
                symbols.get((e.node, e.operand, e.slot), ""),
            )
        )
        rank[e.node] += 1
    boxes = tuple(
        Box(
            f"n{n.id}", n.kind, called, n.name or "", n.symbol, n.value, n.delta, n.scope, slots[n.id], n.source,
            symbol_of=symbol,
        )
        for n in nodes
        for called, symbol in [names.get(n.id, ("", None))]
    )  # fmt: skip
    output, typeset = names[root]
    return View(f"n{root}", isolated(in_reading(typeset) if typeset else output), boxes, tuple(arrows), compact, note)


def sent_back(delta: float | None, slope: float | None) -> float | None:
    """What the chain rule sends along an edge: δ · slope; None where no derivative flows."""
    return None if delta is None or slope is None else delta * slope


def larger(a: float | None, b: float | None) -> float | None:
    """The one of larger size; nan if one is nan, the other if one is None."""
    if a is None or b is None:
        return b if a is None else a
    return b if not math.isnan(a) and (math.isnan(b) or abs(b) > abs(a)) else a
