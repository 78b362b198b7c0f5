"""The δ recursion of a network layer by layer, in matrices, with the numbers of the graph in them."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose

from autograd.ops import table
from autograd.ops.expression import SUBTRACT
from autograd.ops.numbers import left_to_right
from autograd.ops.primitive import lookup
from viz import notation as n
from viz.formulas.activations import Pointwise, Rowwise, column_sums
from viz.formulas.slopes import textbook_slopes
from viz.formulas.stack import SCOPE, Grid, LayerStack, NoStack, Row, TracedLayer, symbol
from viz.formulas.textbook import written
from viz.identifiers import in_text
from viz.languages import Language
from viz.names import Names
from viz.notation import Box, Identifier
from viz.trace import Node, Trace

Lines = list[tuple[str, Box | None]]

LARGEST = 6  # rows or columns of a matrix that are shown in full


def layered_lines(seen: Trace, names: Names, target: int, digits: int, words: Language) -> Lines | None:
    """The derivation in matrices, or None if the nodes do not form layers or the target is not in one."""
    node = seen.nodes[target]
    if not SCOPE.search(node.scope) or (node.name or " ")[0] not in "Wbzα":
        return None
    try:
        stack = LayerStack(seen)
        place = next((layer for layer in stack.layers if layer.holds(target)), None)
        return None if place is None else _Writer(names, stack, place, target, digits, words).lines()
    except NoStack:
        return None


class _Writer:
    """Writes the derivation of ∂J/∂target, which lies in the layer `place`."""

    def __init__(
        self, names: Names, stack: LayerStack, place: TracedLayer, target: int, digits: int, words: Language
    ) -> None:
        self.digits, self.words, self.say = digits, words, words.board
        self.nodes, self.layers, self.place, self.target = stack.nodes, stack.layers, place, target
        self.names, self.J = names, names.identifier(stack.root)
        self.loss = _Loss(stack, names)

    def lines(self) -> Lines:
        backwards: Lines = []
        for layer in reversed(self.layers):
            if layer is self.place and self.target in layer.slopes:
                break
            backwards += self._backward(layer)
            if layer is self.place:
                break
        if backwards:
            backwards[0] = (self._title(), backwards[0][1])
        return [*self._forward(), *self._beside(), *backwards, *self._result()]

    def _beside(self) -> Lines:
        """The numbers of what else stands in the slope of the loss."""
        return [("", n.equals_number(box, self.nodes[i].value, self.digits)) for i, box in self.loss.beside.items()]

    def _title(self) -> str:
        samples = len(self.place.z)
        title = self.words.tell(self.say["network backwards"], root=in_text(self.J))
        if any(isinstance(layer.g, Rowwise) for layer in self.layers):
            title += self.say["row sums"]
        return title if samples == 1 else title + self.words.tell(self.say["samples"], n=samples)

    # -- forwards and backwards -----------------------------------------------------------------

    def _forward(self) -> Lines:
        lines: Lines = []
        for layer in self.layers:
            z = n.multiply(self._inputs(layer), symbol("W", layer.number - 1))
            if layer.bias:
                z = n.add(z, symbol("b", layer.number - 1))
            words = "" if lines else self.say["network forwards"]
            lines.append((words, self._equals(_z(layer), z, layer.z, of="value")))
            if layer.g is not None:
                lines.append(("", self._equals(self._output(layer), layer.g.output(_z(layer)), layer.a, of="value")))
        return [*lines, ("", n.equals_number(self.J, self.nodes[self.loss.root].value, self.digits))]

    def _backward(self, layer: TracedLayer) -> Lines:
        """δ of a layer; if its rows are mixed, ∂J/∂A on a line before."""
        arriving, lines = self._arriving(layer), Lines()
        Z, A = _z(layer), self._output(layer)
        if isinstance(layer.g, Rowwise) and arriving != self._partial(A):
            lines.append(("", self._equals(self._partial(A), arriving, layer.a, of="delta")))
            arriving = self._partial(A)
        back = arriving if layer.g is None else layer.g.back(arriving, Z, A)
        if back is None:
            raise NoStack
        return [*lines, ("", self._equals(_delta(layer), back, layer.z, of="delta"))]

    def _arriving(self, layer: TracedLayer) -> Box:
        """∂J/∂A: from the layer after this one, or from the loss."""
        if layer is not self.layers[-1]:
            after = self.layers[layer.number - self.layers[0].number + 1]
            return n.multiply(_delta(after), symbol("W", after.number - 1, "T"))
        return self.loss.slope() or self._partial(_z(layer) if layer.g is None else self._output(layer))

    # -- the target -----------------------------------------------------------------------------

    def _result(self) -> Lines:
        node = self.nodes[self.target]
        result = n.equals_number(self._partial(self.names.identifier(self.target)), node.delta or 0.0, self.digits)
        return [*self._parameters(), (self.say["result"], result)]

    def _parameters(self) -> Lines:
        """The derivatives of all the parameters of the target's kind in its layer."""
        layer, delta = self.place, _delta(self.place)
        if self.nodes[self.target].op:  # a z: its δ stands there already
            return []
        if self.target in layer.slopes:
            words, letter, row = self.say["slopes"], symbol("α", layer.number), layer.slopes
            right = column_sums(self._slope_of_slopes(layer))
        elif self.target in layer.bias:
            words, letter, row = self.say["bias"], symbol("b", layer.number - 1), layer.bias
            right = column_sums(delta)
        else:
            whole, right = self._partial(symbol("W", layer.number - 1)), n.multiply(self._inputs(layer, "T"), delta)
            return [(self.say["weights"], self._equals(whole, right, layer.weights, of="delta"))]
        return [(words, self._equals(self._partial(letter), right, [row], of="delta"))]

    def _slope_of_slopes(self, layer: TracedLayer) -> Box:
        """∂J/∂A ⊙ ∂A/∂α."""
        if not isinstance(layer.g, Pointwise):
            raise NoStack
        back = layer.g.back(self._arriving(layer), _z(layer), self._output(layer), operand=1)
        if back is None:
            raise NoStack
        return back

    # -- boxes ----------------------------------------------------------------------------------

    def _equals(self, left: Box, right: Box, grid: Grid, of: str) -> Box:
        rows = _numbers(self.nodes, grid, of, self.digits)
        is_cut = any(isinstance(cell, n.Number) and n.is_rounded(cell) for cells in rows.rows for cell in cells)
        parts = (left, n.Word("="), right, n.Word("≈" if is_cut else "="), rows)
        return n.Row(parts, (n.SUM, 0, n.SUM, 0, n.SUM), n.RELATION)

    def _inputs(self, layer: TracedLayer, above: str = "") -> Box:
        first = layer is self.layers[0]
        return Identifier("X", above) if first else symbol("A", layer.number - 1, above)

    def _partial(self, by: Box) -> Box:
        over, under = (n.row(n.Word("∂"), box, binds=n.ATOM) for box in (self.J, by))
        return n.Fraction(over, under)

    def _output(self, layer: TracedLayer) -> Box:
        return Identifier("Ŷ") if layer is self.layers[-1] else symbol("A", layer.number)


class _Loss:
    """Where the loss begins: ∂J by the outputs of the last layer, as one formula for all of them."""

    def __init__(self, stack: LayerStack, names: Names) -> None:
        self.nodes, self.operands, self.users, self.root = stack.nodes, stack.operands, stack.users, stack.root
        self.output = stack.layers[-1]
        self.names = names
        self.beside: dict[int, Box] = {}  # what else stands in the formula

    def slope(self) -> Box | None:
        """∂J/∂Ŷ (of a linear layer ∂J/∂Z); None if it is not the same formula for every output."""
        if self.output.g is None:
            of_logits = self._cross_entropy()
            if of_logits is not None:
                return of_logits
        found = [self._along_the_path(i) for sample in self.output.a for i in sample]
        first = found[0]
        return first if first is not None and all(box == first for box in found) else None

    def _along_the_path(self, i: int) -> Box | None:
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
            if op == table.sum_.name:  # its slope is 1, and the other terms belong to other outputs
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
        if op == SUBTRACT and node.op == "":
            return Identifier("Y")
        if self.names.is_constant(i):
            return n.Number(node.value)
        if node.op and not node.name:
            raise NoStack
        return self.beside.setdefault(i, self.names.identifier(i))

    # -- cross-entropy of logits ----------------------------------------------------------------

    def _cross_entropy(self) -> Box | None:
        """(softmax(Z) - Y)/n, where only log_softmax of each row uses the logits; Y is the share of each class.

        ∂J/∂zⱼ is the sum over classes c of ∂J/∂ln softmax(z)_c, which is -y_c/n, times the slope of the
        logarithm, which is 1 where c = j, less softmax(z)ⱼ.
        """
        sums = [self._sent_back(row) for row in self.output.z]
        first = sums[0]
        if first is None or any(found is None or not isclose(found, first, rel_tol=1e-12) for found in sums):
            return None
        logits = n.call(n.Word(table.softmax.name), _z(self.output))
        return n.multiply(_weight(-first), n.subtract(logits, Identifier("Y")))

    def _sent_back(self, row: Row) -> float | None:
        """Σ of ∂J/∂ln softmax of a row of logits; None if anything else uses them."""
        users = dict.fromkeys(user for i in row for user in self.users[i])
        if not users or any(self.nodes[u].op != table.log_softmax.name or self.operands[u][1:] != row for u in users):
            return None
        return left_to_right(self.nodes[u].delta or 0.0 for u in users)


# -- boxes ------------------------------------------------------------------------------------------


def _z(layer: TracedLayer) -> Box:
    return symbol("Z", layer.number)


def _delta(layer: TracedLayer) -> Box:
    return symbol("δ", layer.number)


def _weight(x: float) -> Box:
    """1/n of a mean where x is that, else x."""
    whole = round(1 / x) if x else 0
    if whole > 1 and isclose(x, 1 / whole, rel_tol=1e-12):
        return n.Fraction(n.ONE, n.Number(float(whole)))
    return n.ONE if isclose(x, 1.0, rel_tol=1e-12) else n.Number(x)


def _numbers(nodes: Sequence[Node], grid: Grid, of: str, digits: int) -> n.Matrix:
    """The values or δs of a grid; of a large one the first ones and the last, with … between."""
    rows: list[list[Box]] = []
    for line in _cut(grid):
        cells: list[Box] = []
        for i in _cut(line if line is not None else [-1] * len(grid[0])):
            number = None if i is None or i < 0 else nodes[i].value if of == "value" else nodes[i].delta
            cells.append(n.Word("…") if number is None else n.Number(number, digits))
        rows.append(cells)
    return n.Matrix(tuple(map(tuple, rows)))


def _cut(items: Sequence[Grid | int | list[int]]) -> list:  # type: ignore[type-arg]  # of whatever was given
    return list(items) if len(items) <= LARGEST else [*items[: LARGEST - 2], None, items[-1]]
