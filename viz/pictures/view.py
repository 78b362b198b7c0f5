"""Chooses what a picture shows: a trace, or a part of it, as boxes and arrows.

A picture of 300 nodes is drawn in full, of 2,000 compactly; above that nodes are gathered by scope
(network, layer, neuron) until what is left can be read.
"""

from __future__ import annotations

import numpy as np

from autograd.errors import ArgumentError
from autograd.given import flag
from autograd.text import quoted
from viz.columns import Marks
from viz.languages import LANGUAGES, Language
from viz.names import Names
from viz.numbers import DIGITS, checked_digits
from viz.partials import Partials
from viz.pictures.boxes import Edges, Nodes, View, every_node
from viz.pictures.dots import expanded, products_in
from viz.pictures.fold import folded
from viz.pictures.gather import gathered, scopes_in_order
from viz.pictures.loops import loops_folded, steps_folded
from viz.pictures.tables import in_tables, with_tables
from viz.trace import CONSTANT, Trace

FULL, COMPACT = 300, 2000  # how many nodes are drawn in full, and at all, unless forced
ALL = 100_000  # among how many nodes loops are looked for
LEVELS = ("layer", "neuron", "op")


def view(
    trace: Trace,
    *,
    level: str = "neuron",
    shown: Marks | None = None,
    force: bool = False,
    opened: bool = False,
    digits: int = DIGITS,
    words: Language = LANGUAGES["en"],
) -> View:
    """What to draw of `trace`.

    Args:
        level: "op" expands every dot into its products and their sum, "neuron" keeps dots whole, "layer" shows one box
            a layer
        shown: which nodes to show (see `viz.pictures.parts`); all, if None
        force: draw every node, however many
        opened: draw every step of a loop, however many
        digits: significant, of every number
        words: the language of what is said of the graph
    """
    if level not in LEVELS:
        raise ArgumentError(f"a level is one of {', '.join(LEVELS)}, got {quoted(level)}")
    shown = np.ones(len(trace.nodes), bool) if shown is None else shown
    checked_digits(digits)
    force = flag(force, "force")
    chosen = _chosen(trace, level, shown & ~in_tables(trace), force, opened or force, digits, words)
    anew = words.picture["anew"] if trace.anew else ""
    return chosen._replace(digits=digits, note="\n".join(filter(None, (anew, chosen.note))))


def _chosen(trace: Trace, level: str, shown: Marks, force: bool, opened: bool, digits: int, words: Language) -> View:
    total = len(trace.nodes) - int(np.count_nonzero(in_tables(trace)))
    wanted = int(np.count_nonzero(shown))
    boxes = wanted + (products_in(trace, shown) if level == "op" else 0)
    loops = not opened and boxes <= ALL and _has_long_loops(trace, shown)
    if level == "layer" or (boxes > COMPACT and not force and not loops):
        return gathered(trace, shown, coarsest=level == "layer", crowded=boxes > COMPACT, words=words)
    nodes, edges = _records(trace, shown)
    called = Names(trace.columns)
    names = {
        i: (called.narrow(i), called.written(i))
        for i in (trace.root, *(node.id for node in nodes if node.kind != CONSTANT))
    }
    if level == "op":
        nodes, edges = expanded(nodes, edges)
    note = words.tell(words.picture["part of"], n=wanted, total=total) if wanted < total else ""
    drawn = every_node(trace.root, nodes, edges, names, len(nodes) > FULL, note, _symbols(trace))
    whole = with_tables(drawn, trace, words)._replace(digits=digits)
    if loops:
        whole = loops_folded(whole, words)
        if len(whole.boxes) > COMPACT:
            return gathered(trace, shown, coarsest=False, crowded=True, words=words)
        whole = whole._replace(compact=len(whole.boxes) > FULL)
    return folded(whole, words) if whole.compact and not force else whole


def _symbols(trace: Trace) -> dict[tuple[int, int, int], str]:
    """What slopes are called that are not ∂head/∂tail, by node, operand and slot."""
    partials, names = Partials(trace), Names(trace.columns)
    return {
        (node, local.by, slot): partials.text(local, names.on_card)
        for (node, slot), local in partials.unusual().items()
    }


def _has_long_loops(trace: Trace, shown: Marks) -> bool:
    """Whether there are loops of which not every step is drawn."""
    return bool(steps_folded(dict.fromkeys(scope for _, scope in scopes_in_order(trace.columns, shown))))


def _records(trace: Trace, shown: Marks) -> tuple[Nodes, Edges]:
    """These nodes, and the edges between them."""
    columns = trace.columns
    edges = np.flatnonzero(shown[columns.node] & shown[columns.operands])
    nodes = np.flatnonzero(shown)
    return [trace.nodes[i] for i in nodes.tolist()], [trace.edges[e] for e in edges.tolist()]
