"""The picture of a graph with the steps lit at which its derivation may have been changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from viz.pictures.drawing import Drawing
from viz.pictures.svg import render
from viz.pictures.view import FULL, view
from viz.trace import Trace

NEAR = 60  # lit edges whose nodes are shown, where a graph is too large to be drawn in full


def lit(trace: Trace, edges: Sequence[int], note: str) -> Drawing:
    """The graph with these edges lit, or in a large one what lies at them, and a note."""
    columns = trace.columns
    ends = {(f"n{columns.operands[e]}", f"n{columns.node[e]}") for e in edges}
    shown = None
    if len(trace.nodes) > FULL:
        near = np.isin(columns.node, columns.node[edges[:NEAR]])
        shown = np.zeros(len(columns.value), bool)
        shown[columns.node[near]] = shown[columns.operands[near]] = True
    whole = view(trace, shown=shown, force=True)
    arrows = tuple(arrow._replace(lit=(arrow.tail, arrow.head) in ends) for arrow in whole.arrows)
    return Drawing(render(whole._replace(arrows=arrows, note=note)))
