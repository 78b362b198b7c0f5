"""The δ recursion of a network layer by layer, in matrices, with the numbers of the graph in them.

Nodes form a layer if their scopes say so (``layer3.neuron1``) *and* the graph bears it out: every z is a
dot of one column of weights with the whole layer before, every a a function of its z, and nothing else
uses them on the way to J.  If anything does not fit, there are no matrices and `layered_lines` says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from autograd.ops import special
from autograd.ops.primitive import lookup
from viz import notation as n
from viz.derive_slopes import textbook_slopes
from viz.notation import Box, Identifier
from viz.notation_symbols import Symbols, operands_of
from viz.notation_table import written
from viz.trace import Node, Trace

Lines = list[tuple[str, Box | None]]
Grid = list[list[int]]  # ids; rows are samples (of weights: inputs), columns are neurons

DIGITS = 4
LARGEST = 6  # rows or columns of a matrix that are shown in full

_SCOPE = re.compile(r"(?:^|\.)layer(\d+)\.neuron(\d+)$")


@dataclass
class _Layer:
    number: int
    inputs: Grid
    weights: Grid
    bias: list[int]  # empty: none
    z: Grid
    a: Grid  # the same as z where the layer is linear

    @property
    def linear(self) -> bool:
        return self.a is self.z


class _NoLayers(Exception):
    """The graph is not a stack of layers; never leaves this module."""


def layered_lines(seen: Trace, target: int) -> Lines | None:
    """The derivation in matrices, or None if the nodes do not form layers or the target is not in one."""
    node = seen.nodes[target]
    if not _SCOPE.search(node.scope) or (node.name or " ")[0] not in "Wbz":
        return None
    try:
        return _Network(seen, target).lines()
    except _NoLayers:
        return None


class _Network:
    def __init__(self, seen: Trace, target: int) -> None:
        self.nodes, self.target, self.root = seen.nodes, target, seen.root
        self.operands = operands_of(seen)
        self.users: dict[int, list[int]] = defaultdict(list)
        for edge in seen.edges:
            if self.nodes[edge.node].delta is not None:
                self.users[edge.operand].append(edge.node)
        self.symbols = Symbols(seen)
        self.layers = self._layers()
        self._check()

    # -- finding the layers ---------------------------------------------------------------------

    def _layers(self) -> list[_Layer]:
        columns: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for node in self.nodes:
            place = _SCOPE.search(node.scope)
            if place and node.op == "dot" and (node.name or "").startswith("z"):
                columns[int(place[1])][int(place[2])].append(node.id)
        return [self._layer(number, columns[number]) for number in sorted(columns)]

    def _layer(self, number: int, columns: dict[int, list[int]]) -> _Layer:
        neurons = [columns[j] for j in sorted(columns)]
        _require(len({len(column) for column in neurons}) == 1)
        z = [list(sample) for sample in zip(*neurons, strict=True)]
        parts = [[special.halves(self.operands[i]) for i in sample] for sample in z]
        weights = [list(w) for w, _, _ in parts[0]]
        inputs = [list(sample[0][1]) for sample in parts]
        bias = [i for _, _, b in parts[0] for i in b]
        for sample, xs in zip(parts, inputs, strict=True):
            _require([list(w) for w, _, _ in sample] == weights)
            _require(all(list(x) == xs for _, x, _ in sample))
            _require([i for _, _, b in sample for i in b] == bias)
        _require(len({len(w) for w in weights}) == 1 and len(bias) in (0, len(neurons)))
        return _Layer(number, inputs, _transposed(weights), bias, z, self._activations(z))

    def _activations(self, z: Grid) -> Grid:
        users = [[self.users[i] for i in sample] for sample in z]
        a = [[found[0] if len(found) == 1 else -1 for found in sample] for sample in users]
        applied = [i >= 0 and (self.nodes[i].name or "").startswith("a") for sample in a for i in sample]
        if not any(applied):
            return z
        _require(all(applied))
        first = self._function(a[0][0])
        for before, after in zip(z, a, strict=True):
            for zi, ai in zip(before, after, strict=True):
                _require(self.operands[ai][0] == zi and self._function(ai) == first)
        return a

    def _function(self, i: int) -> tuple[str, tuple[float, ...]]:
        """An activation's row and its constants; _NoLayers if it takes more than one node."""
        others = [self.nodes[o] for o in self.operands[i][1:]]
        _require(all(other.kind == "constant" for other in others))
        return self.nodes[i].op, tuple(other.value for other in others)

    def _check(self) -> None:
        """The layers follow one another, hand everything on, and hold the target."""
        _require(bool(self.layers))
        for before, after in zip(self.layers, self.layers[1:], strict=False):
            _require(after.number == before.number + 1 and after.inputs == before.a)
            inside = {i for sample in after.z for i in sample}
            _require(all(set(self.users[i]) <= inside for sample in before.a for i in sample))
        for layer in self.layers:
            inside = {i for sample in layer.z for i in sample}
            parameters = [*layer.bias, *(i for line in layer.weights for i in line)]
            _require(all(set(self.users[i]) <= inside for i in parameters))
            _require(all(self.nodes[i].delta is not None for sample in layer.z for i in sample))
        self.place = next((layer for layer in self.layers if self.target in self._members(layer)), None)
        _require(self.place is not None)

    def _members(self, layer: _Layer) -> set[int]:
        return {*layer.bias, *(i for grid in (layer.weights, layer.z) for line in grid for i in line)}

    # -- writing --------------------------------------------------------------------------------

    def lines(self) -> Lines:
        output = self.layers[-1]
        samples = len(output.z)
        lines = self._forward()
        title = f"The network backwards, δ = ∂J/∂Z; ⊙ multiplies element by element, rows are the {samples} samples"
        if samples == 1:
            title = "The network backwards, δ = ∂J/∂Z; ⊙ multiplies element by element"
        lines.append((title, self._equals(self._delta(output), self._last_delta(), output.z, of="delta")))
        for layer, after in zip(self.layers[-2::-1], self.layers[:0:-1], strict=True):
            if after is self.place:
                break
            back = n.multiply(self._delta(after), _symbol("W", after.number - 1, "T"))
            lines.append(("", self._equals(self._delta(layer), self._through(layer, back), layer.z, of="delta")))
        return [*lines, *self._result()]

    def _forward(self) -> Lines:
        lines: Lines = []
        for layer in self.layers:
            z = n.multiply(self._inputs(layer), _symbol("W", layer.number - 1))
            if layer.bias:
                z = n.add(z, _symbol("b", layer.number - 1))
            words = "" if lines else "The network forwards"
            lines.append((words, self._equals(_symbol("Z", layer.number), z, layer.z, of="value")))
            if not layer.linear:
                lines.append(("", self._equals(self._output(layer), self._activated(layer), layer.a, of="value")))
        J = n.relation(Identifier("J"), "≈", n.Number(self.nodes[self.root].value, DIGITS))
        return [*lines, ("", J)]

    def _result(self) -> Lines:
        layer = self.place
        if layer is None:
            raise _NoLayers
        node = self.nodes[self.target]
        lines: Lines = []
        if node.op == "":
            is_bias = self.target in layer.bias
            letter, grid = ("b", [layer.bias]) if is_bias else ("W", layer.weights)
            whole = _partial(_symbol(letter, layer.number - 1))
            inputs = self._inputs(layer, "T")
            if is_bias:
                ones = n.raise_to(n.Word("1"), n.Word("ᵀ"))
                lines.append(("The bias: the sum over the samples, 1 a column of ones",
                              self._equals(whole, n.multiply(ones, self._delta(layer)), grid, of="delta")))  # fmt: skip
            else:
                lines.append(
                    ("The weights", self._equals(whole, n.multiply(inputs, self._delta(layer)), grid, of="delta"))
                )
        found = n.Number(0.0 if node.delta is None else node.delta, 5)
        sign = "≈" if n.is_rounded(found) else "="
        lines.append(("The result", n.relation(_partial(self.symbols.letter(node)), sign, found)))
        return lines

    def _equals(self, left: Box, right: Box, grid: Grid, of: str) -> Box:
        rows = _numbers(self.nodes, grid, of)
        parts = (left, n.Word("="), right, n.Word("≈"), rows)
        return n.Row(parts, (n.SUM, 0, n.SUM, 0, n.SUM), n.RELATION)

    def _inputs(self, layer: _Layer, above: str = "") -> Box:
        first = layer is self.layers[0]
        return Identifier("X", above) if first else _symbol("A", layer.number - 1, above)

    def _output(self, layer: _Layer) -> Box:
        return Identifier("Ŷ") if layer is self.layers[-1] else _symbol("A", layer.number)

    def _delta(self, layer: _Layer) -> Box:
        return _symbol("δ", layer.number)

    def _activated(self, layer: _Layer) -> Box:
        op, constants = self._function(layer.a[0][0])
        return written(lookup(op), [_symbol("Z", layer.number), *map(n.Number, constants)])

    def _through(self, layer: _Layer, back: Box) -> Box:
        """back ⊙ g'(Z)."""
        if layer.linear:
            return back
        op, constants = self._function(layer.a[0][0])
        operands: list[Box] = [_symbol("Z", layer.number), *map(n.Number, constants)]
        slope = textbook_slopes(lookup(op), self._activated(layer), operands)[0]
        if slope is None:
            raise _NoLayers
        left = n.positive(back)
        least = n.PRODUCT if isinstance(left, n.Fraction) else n.POWER
        product = n.Row((left, n.Word("⊙"), slope), (least, 0, n.POWER), n.PRODUCT)
        return n.negate(product) if n.is_negative(back) else product

    # -- where the loss begins ------------------------------------------------------------------

    def _last_delta(self) -> Box:
        """∂J/∂Ŷ, as a formula where it is the same for every output, ⊙ g'(Z)."""
        output = self.layers[-1]
        found = [self._loss_slope(i) for sample in output.a for i in sample]
        first = found[0]
        same = first is not None and all(box == first for box in found)
        name = _symbol("Z", output.number) if output.linear else Identifier("Ŷ")
        return self._through(output, first if same and first is not None else _partial(name))

    def _loss_slope(self, i: int) -> Box | None:
        """The product of the slopes on the only path from J to output i; None if there are several."""
        boxes: dict[int, Box] = {i: Identifier("Ŷ")}
        slopes: list[Box] = []
        summed = False  # above a sum over outputs no formula of a single one can speak
        while i != self.root:
            users = self.users[i]
            if len(users) != 1 or len(slopes) >= LARGEST:
                return None
            (user,) = users
            op, operands = self.nodes[user].op, self.operands[user]
            if op == "sum":  # its slope is 1, and the other terms belong to other outputs
                i, summed = user, True
                boxes[i] = n.Word("Σ")
                continue
            known = [boxes[o] if o in boxes else self._beside(o, op) for o in operands]
            boxes[user] = written(lookup(op), known)
            slope = textbook_slopes(lookup(op), boxes[user], known)[operands.index(i)]
            if slope is None or (summed and not isinstance(slope, n.Number)):
                return None
            slopes.insert(0, slope)
            i = user
        product: Box = n.ONE
        for slope in reversed(slopes):
            product = n.multiply(slope, product)
        return product

    def _beside(self, i: int, op: str) -> Box:
        """What meets an output in the loss: by subtraction, it is the target y of the sample."""
        node = self.nodes[i]
        if op == "subtract" and node.op == "":
            return Identifier("Y")
        known = self.symbols.known(node)
        if known is None:
            raise _NoLayers
        return known


# -- boxes ------------------------------------------------------------------------------------------


def _symbol(letter: str, number: int, above: str = "") -> Identifier:
    return Identifier(letter, f"({number}){above}")


def _partial(by: Box) -> Box:
    over, under = (n.row(n.Word("∂"), box, binds=n.ATOM) for box in (Identifier("J"), by))
    return n.Fraction(over, under)


def _numbers(nodes: Sequence[Node], grid: Grid, of: str) -> n.Matrix:
    """The values or δs of a grid; of a large one the first ones and the last, with … between."""
    rows: list[list[Box]] = []
    for line in _cut(grid):
        cells: list[Box] = []
        for i in _cut(line if line is not None else [-1] * len(grid[0])):
            number = None if i is None or i < 0 else nodes[i].value if of == "value" else nodes[i].delta
            cells.append(n.Word("…") if number is None else n.Number(number, DIGITS))
        rows.append(cells)
    return n.Matrix(tuple(map(tuple, rows)))


def _cut(items: Sequence[Grid | int | list[int]]) -> list:  # type: ignore[type-arg]  # of whatever was given
    return list(items) if len(items) <= LARGEST else [*items[: LARGEST - 2], None, items[-1]]


def _transposed(grid: Grid) -> Grid:
    return [list(line) for line in zip(*grid, strict=True)]


def _require(fits: bool) -> None:
    if not fits:
        raise _NoLayers
