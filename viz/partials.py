"""What derivatives are called, so that no symbol means two of them.

A node's δ, the total derivative of the output, is ∂J/∂w as the field writes it, and dJ/dx where x is the only variable.
The local derivative along an edge is ∂y/∂x, the other operands held.  Where these would be one symbol, as in
``y = x·tanh(x)``, what is held is said: (∂y/∂x)|t₁.  Where x goes into y in several places, as in xˣ, the derivative by
the first of them is ∂₁y, that by the second ∂₂y.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from viz.columns import CONSTANT, KINDS, LEAF
from viz.identifiers import lowered
from viz.reach import operands_into
from viz.trace import Trace

MOST_HELD = 3  # operands that are named as held


class Local(NamedTuple):
    """The derivative of a node by one of its operands: what its symbol is made of."""

    of: int
    by: int
    place: int  # which operand it is taken by, from 1, where the same one stands in several places; else 0
    held: tuple[int, ...]  # the operands that are held, where that has to be said
    more: bool  # whether others are held too


class Partials:
    """The derivatives of one trace."""

    def __init__(self, seen: Trace) -> None:
        self._seen, self._columns = seen, seen.columns

    @cached_property
    def variable(self) -> int | None:
        """The leaf that the output is a function of, where it is one alone."""
        leaves = np.flatnonzero(self._columns.kind[: self._seen.root + 1] == KINDS.index(LEAF))
        return leaves.item(0) if len(leaves) == 1 else None

    def sign(self, node: int) -> str:
        """The sign of the output's derivative by a node: d where there is one variable, and it is that, else ∂."""
        return "d" if node == self.variable else "∂"

    def local(self, node: int, slot: int) -> Local:
        """The derivative along an edge."""
        operands = operands_into(self._seen, node)
        by = operands[slot]
        place = slot + 1 if operands.count(by) > 1 else 0
        return Local(node, by, place, *(((), False) if place else self._held(node, by, operands)))

    def between(self, node: int, by: int) -> Local:
        """The derivative of a node by an operand in all places together."""
        return Local(node, by, 0, *self._held(node, by, operands_into(self._seen, node)))

    def _held(self, node: int, by: int, operands: list[int]) -> tuple[tuple[int, ...], bool]:
        if node != self._seen.root or self.sign(by) == "d" or not self._goes_elsewhere(by):
            return (), False
        others = [o for o in dict.fromkeys(operands) if o != by and not self._is_constant(o)]
        return tuple(others[:MOST_HELD]), len(others) > MOST_HELD

    def _goes_elsewhere(self, operand: int) -> bool:
        """Whether the output depends on it along another node than the output's own operation."""
        return operand in self._elsewhere

    @cached_property
    def _elsewhere(self) -> frozenset[int]:
        columns, root = self._columns, self._seen.root
        own = operands_into(self._seen, root)
        used = columns.flows & columns.reached[columns.node] & (columns.node != root) & np.isin(columns.operands, own)
        return frozenset(columns.operands[used].tolist())

    def _is_constant(self, node: int) -> bool:
        return KINDS[self._columns.kind.item(node)] == CONSTANT

    def unusual(self) -> dict[tuple[int, int], Local]:
        """By node and slot, the derivatives along edges whose symbol says more than ∂y/∂x."""
        columns = self._columns
        key = columns.node.astype(np.int64) * len(columns.value) + columns.operands
        _, place, many = np.unique(key, return_inverse=True, return_counts=True)
        edges = np.flatnonzero(columns.flows & ((many[place] > 1) | (columns.node == self._seen.root)))
        nodes = [(node, e - columns.starts.item(node)) for e in edges.tolist() for node in [columns.node.item(e)]]
        found = {(node, slot): self.local(node, slot) for node, slot in nodes}
        return {at: local for at, local in found.items() if local.place or local.held}

    # -- in text --------------------------------------------------------------------------------

    def whole_text(self, node: int, called: Callable[[int], str]) -> str:
        """The symbol of a node's δ: ∂J/∂w, dJ/dx."""
        sign = self.sign(node)
        return f"{sign}{called(self._seen.root)}/{sign}{called(node)}"

    def text(self, local: Local, called: Callable[[int], str]) -> str:
        """The symbol of a derivative along an edge: ∂y/∂x, (∂y/∂x)|t₁, ∂₁y."""
        if local.place:
            return f"∂{lowered(str(local.place))}{called(local.of)}"
        fraction = f"∂{called(local.of)}/∂{called(local.by)}"
        held = [called(node) for node in local.held] + ["…"] * local.more
        return f"({fraction})|{','.join(held)}" if held else fraction
