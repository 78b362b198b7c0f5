"""Where boxes and arrows go: as Graphviz places them, or in columns where there is none or it would take very long."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache

from viz.pictures.by_columns import by_columns, columns_passed
from viz.pictures.by_graphviz import by_graphviz, graphviz
from viz.pictures.geometry import RIGHT, Link, Placement, Shape

MOST_PASSED, MOST_LINKS = 3_000, 1_200  # columns that arrows pass, and arrows, in a picture of Graphviz's
PLAIN = (
    "there is no Graphviz here, so pictures are laid out plainly, in columns; for better ones pip install pygraphviz, "
    "or where it has no wheel, install Graphviz so that the program dot is on PATH"
)


def place(
    shapes: Sequence[Shape], links: Sequence[Link], *, compact: bool = False, direction: str = RIGHT
) -> Placement:
    """Positions for boxes and arrows, operands left of what is computed from them, or above it.

    Graphviz makes a node of every column that an arrow passes, and takes the square of their number, or worse: chains
    in which one node is used all along stand in columns.

    Warns once where there is no Graphviz; raises LayoutError where Graphviz fails.
    """
    render = graphviz()
    if render is None:
        _say_so()
        return by_columns(shapes, links, compact, direction)
    if len(links) > MOST_LINKS or columns_passed(shapes, links) > MOST_PASSED:
        return by_columns(shapes, links, compact, direction)
    return by_graphviz(render, shapes, links, compact, direction)


@cache
def _say_so() -> None:
    """One warning a process, however often and from wherever pictures are drawn."""
    warnings.warn(PLAIN, stacklevel=7)  # the line that calls draw, beyond what renames its parameters
