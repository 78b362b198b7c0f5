"""Gives every node of a graph its box: operands first, what is shared or deep named once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from autograd.ops import table
from autograd.ops.primitive import lookup
from viz import notation as n
from viz.formulas.textbook import written
from viz.names import Names
from viz.notation import Box
from viz.reach import operands_of
from viz.trace import CONSTANT, Node, Trace

DEEPEST = 24  # operations inside one another before an inner one is named; it bounds the printers' depth
WIDEST = 80  # letters, about, that operands may have together before those with a name are called by it
LETTERS = 5  # of a leaf, and of an operation around its operands


class Writer:
    """Goes through the nodes, operands first, and gives each its box."""

    def __init__(
        self, seen: Trace, names: Names, expand: bool, depth: int | None, roots: Sequence[int] = (),
        letters: Mapping[int, Box] = MappingProxyType({}), digits: int = 6,
    ) -> None:  # fmt: skip
        self._digits = digits
        self._forward = seen.forward
        self._roots = tuple(roots) or (seen.root,)  # what is written out in any case
        self._letters = letters  # of nodes that are called so elsewhere
        self._nodes = tuple(seen.nodes)
        self._operands = _merged(self._nodes, seen)
        self._names = names
        self._expanded = self._region(expand, depth)
        self._uses = Counter(o for i in self._expanded for o in self._operands[i])
        self._boxes: dict[int, Box] = {}
        self._heights: dict[int, int] = {}
        self._widths: dict[int, int] = {}
        self._where: list[tuple[Box, Box]] = []
        self.says_computed = False  # whether the number of a node that was computed stands in it

    def write(self) -> tuple[Box, tuple[tuple[Box, Box], ...]]:
        """The formula of the first root, and what the letters in all of them stand for."""
        for i in self._forward:
            if i in self._expanded:
                self._compose(i)
        body = self.composed(self._roots[0])
        return body, tuple(self._where)

    def composed(self, i: int) -> Box:
        """A root written out."""
        return self._boxes[i] if i in self._boxes else self._box(i)

    def _region(self, expand: bool, depth: int | None) -> set[int]:
        """The operations that are written out, nearest to the root first."""
        nodes, roots = self._nodes, set(self._roots)
        region: set[int] = set()
        level, reached = [*self._roots], 0
        while level and (depth is None or reached < depth):
            inside = [i for i in level if i not in region and nodes[i].op]
            inside = [i for i in inside if i in roots or (i not in self._letters and (expand or not nodes[i].name))]
            inside = list(dict.fromkeys(inside))
            region.update(inside)
            level = [operand for i in inside for operand in self._operands[i]]
            reached += 1
        return region

    def _compose(self, i: int) -> None:
        operands = self._operands[i]
        if self._width(operands) > WIDEST:
            self._call_by_name(operands)
        boxes = [self._box(o) for o in operands]
        box = boxes[0] if self._nodes[i].op == table.guard.name else written(lookup(self._nodes[i].op), boxes)
        height = 1 + max(self._heights.get(o, 0) for o in operands)
        if i not in self._roots and self._wants_a_name(i, height) and not isinstance(box, (n.Identifier, n.Number)):
            symbol = self.symbol(i)
            self._where.append((symbol, box))
            box, height = symbol, 0
        self._boxes[i], self._heights[i] = box, height
        self._widths[i] = LETTERS + self._width(operands) * (height > 0)

    def _width(self, operands: Sequence[int]) -> int:
        return sum(self._widths.get(o, LETTERS) for o in operands)

    def _call_by_name(self, operands: Sequence[int]) -> None:
        """Of what is too wide for a line: operands that somebody named, each with a line of its own."""
        for o in dict.fromkeys(operands):
            if self._heights.get(o) and self._names.given(o):
                self._where.append((self.symbol(o), self._boxes[o]))
                self._boxes[o], self._heights[o], self._widths[o] = self.symbol(o), 0, LETTERS

    def _wants_a_name(self, i: int, height: int) -> bool:
        """Shared, and more than an operation on one or two leaves; or too deep."""
        small = height == 1 and len(self._operands[i]) <= 2
        return (self._uses[i] > 1 and not small) or height >= DEEPEST

    def symbol(self, i: int) -> Box:
        """What a node is called."""
        return self._names.identifier(i)

    def _box(self, i: int) -> Box:
        """What stands for node i: a constant's number, else its name, with its number where nobody gave it that."""
        if i in self._letters:
            return self._letters[i]
        if i not in self._boxes:
            value = self._nodes[i].value
            box = n.Number(value) if self._names.is_constant(i) else self.symbol(i)
            if not self._names.given(i) and not self._names.is_constant(i):
                self._where.append((box, n.Number(value, self._digits)))
                self.says_computed |= bool(self._nodes[i].op)
            self._boxes[i] = box
        return self._boxes[i]


def _merged(nodes: Sequence[Node], seen: Trace) -> list[list[int]]:
    """Every node's operands, where unnamed nodes that compute the same thing are one: exact, and shorter."""
    first: dict[tuple[object, ...], int] = {}
    same: list[int] = list(range(len(nodes)))
    operands = operands_of(seen)
    for node in nodes[seen.root + 1 :]:
        if node.kind == CONSTANT:
            same[node.id] = first.setdefault((node.value.hex(),), node.id)
    for i in seen.forward:
        operands[i] = [same[o] for o in operands[i]]
        if nodes[i].op == table.guard.name:
            operands[i] = [taken(nodes[i], operands[i], nodes)]
        if not nodes[i].name:
            same[i] = (
                operands[i][0] if nodes[i].op == table.guard.name else first.setdefault((nodes[i].op, *operands[i]), i)
            )
    return operands


def taken(guard: Node, operands: Sequence[int], nodes: Sequence[Node]) -> int:
    """Which of two forms a guard's formula shows: the one that was taken; outside of its domain (nan) the usual one."""
    condition, chosen, other = operands
    return chosen if nodes[condition].value and guard.value == guard.value else other
