"""The picture of a graph with the steps lit at which its derivation may have been changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autograd.errors import ArgumentError
from viz.pictures.drawing import Drawing
from viz.pictures.svg import render
from viz.pictures.view import FULL, view

if TYPE_CHECKING:
    from viz.explain.answer import Explained

NEAR = 60  # lit edges whose nodes are shown, where a graph is too large to be drawn in full


def lit(found: Explained) -> Drawing:
    """The graph, or in a large one what lies at the lit edges: those of all explanations that are as good as the first.

    Raises:
        ArgumentError: if nothing was explained, or what was is no step of the graph
    """
    edges = list(dict.fromkeys(e for each in found.best for mistake in each.mistakes for e in mistake.edges))
    if found.trace is None or not edges:
        raise ArgumentError(f"{found.of}: there is no step to light")
    columns = found.trace.columns
    ends = {(f"n{columns.operands[e]}", f"n{columns.node[e]}") for e in edges}
    shown = None
    if len(found.trace.nodes) > FULL:
        near = np.isin(columns.node, columns.node[edges[:NEAR]])
        shown = np.zeros(len(columns.value), bool)
        shown[columns.node[near]] = shown[columns.operands[near]] = True
    whole = view(found.trace, shown=shown, force=True)
    arrows = tuple(arrow._replace(lit=(arrow.tail, arrow.head) in ends) for arrow in whole.arrows)
    return Drawing(render(whole._replace(arrows=arrows, note=f"lit: {found.explanations[0]}")))
