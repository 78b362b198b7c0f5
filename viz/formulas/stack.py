"""Finds the layers of a network in a trace, as grids of nodes.

Nodes form a layer if their scopes say so (``layer3.neuron1``) *and* the graph bears it out: every z is a
dot of one column of weights with the whole layer before, every a a function of its z or of its row of
z, and nothing else uses them on the way to J.  If anything does not fit, there is no stack.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from autograd.ops import special, table
from viz import notation as n
from viz.formulas.activations import ROWWISE, Activation, Pointwise, Rowwise
from viz.notation import Identifier
from viz.reach import operands_of
from viz.trace import CONSTANT, Trace

Row = list[int]  # ids
Grid = list[Row]  # rows are samples (of weights: inputs), columns are neurons

SCOPE = re.compile(r"(?:^|\.)layer(\d+)\.neuron(\d+)$")


class NoStack(Exception):
    """The graph is not a stack of layers; caught by whoever asked for one."""


@dataclass
class TracedLayer:
    """One layer: what goes in, its parameters, and what comes out for every sample."""

    number: int
    inputs: Grid
    weights: Grid
    bias: Row  # empty: none
    z: Grid
    a: Grid  # the same as z where the layer is linear
    g: Activation | None  # None where it is linear
    slopes: Row  # what prelu learns, one a neuron; empty: nothing

    def holds(self, node: int) -> bool:
        """Whether it is a parameter or a z of this layer."""
        return node in chain(self.bias, self.slopes, *self.weights, *self.z)


class LayerStack:
    """The layers of a trace, first to last.

    Raises:
        NoStack: if its nodes do not form any
    """

    def __init__(self, seen: Trace) -> None:
        self.root, self.nodes = seen.root, tuple(seen.nodes)
        self.operands = operands_of(seen)
        self.users: dict[int, Row] = defaultdict(list)
        for i in np.flatnonzero(seen.columns.reached).tolist():
            for operand in self.operands[i]:
                self.users[operand].append(i)
        self.layers = self._layers()
        self._check()

    def _layers(self) -> list[TracedLayer]:
        columns: dict[int, dict[int, Row]] = defaultdict(lambda: defaultdict(list))
        for node in self.nodes:
            place = SCOPE.search(node.scope)
            if place and node.op == table.dot.name and (node.name or "").startswith("z"):
                columns[int(place[1])][int(place[2])].append(node.id)
        return [self._layer(number, columns[number]) for number in sorted(columns)]

    def _layer(self, number: int, columns: dict[int, Row]) -> TracedLayer:
        neurons = [columns[j] for j in sorted(columns)]
        require(len({len(column) for column in neurons}) == 1)
        z = [list(sample) for sample in zip(*neurons, strict=True)]
        parts = [[special.halves(self.operands[i]) for i in sample] for sample in z]
        weights = [list(w) for w, _, _ in parts[0]]
        inputs = [list(sample[0][1]) for sample in parts]
        bias = [i for _, _, b in parts[0] for i in b]
        for sample, xs in zip(parts, inputs, strict=True):
            require([list(w) for w, _, _ in sample] == weights)
            require(all(list(x) == xs for _, x, _ in sample))
            require([i for _, _, b in sample for i in b] == bias)
        require(len({len(w) for w in weights}) == 1 and len(bias) in (0, len(neurons)))
        transposed = [list(line) for line in zip(*weights, strict=True)]
        return TracedLayer(number, inputs, transposed, bias, z, *self._activation(number, z))

    # -- activations ----------------------------------------------------------------------------

    def _activation(self, number: int, z: Grid) -> tuple[Grid, Activation | None, Row]:
        """a of every z, the function between them, and what that learns."""
        users = [[[u for u in self.users[i] if self._is_output(u)] for i in row] for row in z]
        found = next((u for row in users for us in row for u in us), None)
        if found is None:
            return z, None, []
        op = self.nodes[found].op
        if op in ROWWISE:
            return self._rowwise(op, z, [row[0] for row in users]), Rowwise(op), []
        require(all(len(us) == 1 for row in users for us in row))
        return self._elementwise(number, op, z, [[us[0] for us in row] for row in users])

    def _is_output(self, i: int) -> bool:
        return (self.nodes[i].name or "").startswith("a")

    def _rowwise(self, op: str, z: Grid, a: Grid) -> Grid:
        """a, if its j-th node is the j-th component of op of the row."""
        for row, outputs in zip(z, a, strict=True):
            require(len(outputs) == len(row))
            for j, i in enumerate(outputs):
                which, *operands = self.operands[i]
                require(self.nodes[i].op == op and self.nodes[which].value == j and operands == row)
        return a

    def _elementwise(self, number: int, op: str, z: Grid, a: Grid) -> tuple[Grid, Activation, Row]:
        for before, after in zip(chain(*z), chain(*a), strict=True):
            require(self.nodes[after].op == op and self.operands[after][0] == before)
        rest = [[self.operands[i][1:] for i in row] for row in a]
        slopes = [i for i in chain(*rest[0]) if self.nodes[i].kind != CONSTANT]
        if slopes:
            require(len(slopes) == len(z[0]) and all(list(chain(*row)) == slopes for row in rest))
            require(all(self.nodes[i].op == "" for i in slopes))
            return a, Pointwise(op, (symbol("α", number),)), slopes
        constants = {tuple(self.nodes[i].value for i in each) for row in rest for each in row}
        require(len(constants) == 1)
        return a, Pointwise(op, tuple(map(n.Number, constants.pop()))), []

    # -- checking -------------------------------------------------------------------------------

    def _check(self) -> None:
        """The layers follow one another and hand everything on."""
        require(bool(self.layers))
        for before, after in pairwise(self.layers):
            require(after.number == before.number + 1 and after.inputs == before.a)
            self._only_used_by(chain(*before.a), after.z)
        for layer in self.layers:
            self._only_used_by(chain(layer.bias, *layer.weights), layer.z)
            if layer.g is not None:
                self._only_used_by(chain(layer.slopes, *layer.z), layer.a)
            require(all(self.nodes[i].delta is not None for i in chain(*layer.z)))

    def _only_used_by(self, used: chain[int], users: Grid) -> None:
        inside = set(chain(*users))
        require(all(inside.issuperset(self.users[i]) for i in used))


def symbol(letter: str, number: int, above: str = "") -> Identifier:
    """W⁽¹⁾; `above` may add a T."""
    return Identifier(letter, f"({number}){above}")


def require(fits: bool) -> None:
    """Raise NoStack unless it fits."""
    if not fits:
        raise NoStack
