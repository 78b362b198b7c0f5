"""The δ recursion of a network layer by layer, in matrices, with the numbers of the graph in them."""

from __future__ import annotations

from viz.notation import Box
from viz.trace import Trace


def layered_lines(seen: Trace, target: int) -> list[tuple[str, Box | None]] | None:
    """The derivation in matrices, or None if the nodes do not form layers."""
    return None
