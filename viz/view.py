"""Chooses what a picture shows: a trace, or a part of it, as boxes and arrows.

A picture of 300 nodes is drawn in full, of 2,000 compactly; above that nodes are gathered by scope
(network, layer, neuron) until what is left can be read.
"""

from __future__ import annotations

from collections.abc import Set

from autograd.errors import ArgumentError
from viz.boxes import Edges, Nodes, View, every_node
from viz.trace import Trace
from viz.view_dots import expanded
from viz.view_fold import folded
from viz.view_gather import gathered

FULL, COMPACT = 300, 2000  # how many nodes are drawn in full, and at all, unless forced
LEVELS = ("layer", "neuron", "op")


def view(trace: Trace, *, level: str = "neuron", keep: Set[int] | None = None, force: bool = False) -> View:
    """What to draw of `trace`.

    level   "op" expands every dot into its products and their sum, "neuron" keeps dots whole,
            "layer" shows one box a layer
    keep    ids of the nodes to show (see `viz.view_parts`); all, if None
    force   draw every node, however many
    """
    if level not in LEVELS:
        raise ArgumentError(f"a level is one of {', '.join(LEVELS)}, got {level!r}")
    nodes: Nodes = trace.nodes
    edges: Edges = trace.edges
    note = ""
    if keep is not None:
        nodes = [node for node in nodes if node.id in keep]
        edges = [edge for edge in edges if edge.node in keep and edge.operand in keep]
        note = f"{len(nodes):,} of the graph's {len(trace.nodes):,} nodes" if len(nodes) < len(trace.nodes) else ""
    if level == "op":
        nodes, edges = expanded(nodes, edges)
    if level == "layer" or (len(nodes) > COMPACT and not force):
        return gathered(trace.root, nodes, edges, coarsest=level == "layer", crowded=len(nodes) > COMPACT)
    compact = len(nodes) > FULL
    whole = every_node(trace.root, nodes, edges, compact, note)
    return folded(whole) if compact and not force else whole
