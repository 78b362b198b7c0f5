"""The formula of any node: what was computed, as text, LaTeX, MathML and HTML.

The formula is as long as the graph is large and no longer: what is used in several places is written
once and named ("where t₁ = …").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError
from autograd.ops import table
from autograd.ops.primitive import lookup
from autograd.renamed import renamed
from autograd.text import in_latex, in_xml, quoted
from viz.formulas import notation as n
from viz.formulas import printers
from viz.formulas.notation import Box
from viz.formulas.textbook import written
from viz.names import Names
from viz.reach import operands_of
from viz.subject import look
from viz.trace import CONSTANT, Node, Trace

if TYPE_CHECKING:
    from viz.subject import Subject
    from viz.variables import Variables

DEEPEST = 24  # operations inside one another before an inner one is named; it bounds the printers' depth


@dataclass(frozen=True)
class Formula:
    """A formula and the definitions of the letters in it.  str() is Unicode text.

    `latex` is for inside of $$, `mathml` a whole <math> element, `html` the same in a <div>.
    """

    body: Box
    where: tuple[tuple[Box, Box], ...] = ()  # letter and what it stands for, each using only earlier ones
    anew: str = ""  # one line that says so, where leaves have moved and computed numbers in it are new

    def __str__(self) -> str:
        lines = [printers.text(definition) for definition in self._definitions()]
        where = [f"{'  where ' if i == 0 else '        '}{line}" for i, line in enumerate(lines)]
        return "\n".join(filter(None, (printers.text(self.body), *where, self.anew)))

    __repr__ = __str__

    @property
    def latex(self) -> str:
        """LaTeX, without the dollars."""
        body = printers.latex(self.body)
        if not self.where:
            return body
        lines = [printers.latex(definition) for definition in self._definitions()]
        rows = [
            f"& {body}",
            rf"& \text{{where }} {lines[0]}",
            *(rf"& \phantom{{\text{{where }}}} {x}" for x in lines[1:]),
            *([rf"& \text{{{in_latex(self.anew)}}}"] if self.anew else []),
        ]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    @property
    def mathml(self) -> str:
        """A <math> element that also says itself as text to screen readers."""
        rows = [printers.mathml(self.body)]
        for i, definition in enumerate(self._definitions()):
            word = "<mtext>where\u00a0</mtext>" if i == 0 else "<mphantom><mtext>where\u00a0</mtext></mphantom>"
            rows.append(f"<mrow>{word}{printers.mathml(definition)}</mrow>")
        if self.anew:
            rows.append(f"<mtext>{in_xml(self.anew)}</mtext>")
        return math_element(rows, str(self))

    @property
    def html(self) -> str:
        """The MathML in a <div class="formula">."""
        return f'<div class="formula">{self.mathml}</div>'

    def _repr_html_(self) -> str:
        return self.html

    def _repr_latex_(self) -> str:
        return f"$$ {self.latex} $$"

    def _definitions(self) -> list[Box]:
        return [n.relation(letter, "=", box) for letter, box in self.where]


def math_element(rows: list[str], spoken: str, display: str = "block") -> str:
    """A <math> element of one row, or of several below one another, aligned at the left.

    `spoken` is what a screen reader says; `display` is "block" (centred) or "inline".
    """
    inside = rows[0]
    if len(rows) > 1:
        cells = "".join(f'<mtr><mtd style="text-align:left;padding:0.25em 0">{row}</mtd></mtr>' for row in rows)
        inside = f'<mtable displaystyle="true">{cells}</mtable>'
    alt = in_xml(spoken.replace("\n", " "))
    attributes = f'xmlns="http://www.w3.org/1998/Math/MathML" display="{display}" displaystyle="true"'
    return f'<math {attributes} alttext="{alt}">{inside}</math>'


@renamed(v="output")
def formula(
    output: Subject, *at: Any, expand: bool = True, depth: int | None = None, names: Variables = None, **named: Any
) -> Formula:
    """The expression that computed `output`: a Value, or a compiled function or a program, followed by its arguments.

    With ``expand=False`` it stops at nodes that have a name, with ``depth=2`` after two operations.  What nodes
    without a name are called, and what `names` is for: see `draw`.  Only exact rules simplify: x·1, -(-x), x + 0, x·x.

    >>> from autograd import Value, tanh
    >>> w, x, b = Value(1.8, name="w"), Value(0.7, name="x"), Value(0.5, name="b")
    >>> print(formula(tanh(w * x + b)))
    tanh(w·x + b)
    >>> print(formula(tanh(w * x + b), depth=1))
    tanh(t₂)
      where t₂ = 1.76

    Raises:
        OperandError: if `output` is not a Value
        ArgumentError: for a depth below 1
    """
    seen = look(output, at, named, names)
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 1):
        raise ArgumentError(f"depth is a whole number from 1 up, or None for all, got {quoted(depth)}")
    return _Writer(seen.trace, seen.names, expand, depth).write()


class _Writer:
    """Goes through the nodes, operands first, and gives each its box."""

    def __init__(self, seen: Trace, names: Names, expand: bool, depth: int | None) -> None:
        self._root, self._forward, self._anew = seen.root, seen.forward, seen.anew
        self._nodes = tuple(seen.nodes)
        self._operands = _merged(self._nodes, seen)
        self._names = names
        self._expanded = self._region(expand, depth)
        self._uses = Counter(o for i in self._expanded for o in self._operands[i])
        self._boxes: dict[int, Box] = {}
        self._heights: dict[int, int] = {}
        self._where: list[tuple[Box, Box]] = []
        self._says_computed = False  # whether the number of a node that was computed stands in it

    def write(self) -> Formula:
        for i in self._forward:
            if i in self._expanded:
                self._compose(i)
        body = self._box(self._root)
        return Formula(body, tuple(self._where), self._anew if self._says_computed else "")

    def _region(self, expand: bool, depth: int | None) -> set[int]:
        """The operations that are written out, nearest to the root first."""
        nodes, root = self._nodes, self._root
        region: set[int] = set()
        level, reached = [root], 0
        while level and (depth is None or reached < depth):
            inside = [
                i for i in level if i not in region and nodes[i].op and (expand or i == root or not nodes[i].name)
            ]
            inside = list(dict.fromkeys(inside))
            region.update(inside)
            level = [operand for i in inside for operand in self._operands[i]]
            reached += 1
        return region

    def _compose(self, i: int) -> None:
        operands = self._operands[i]
        boxes = [self._box(o) for o in operands]
        box = boxes[0] if self._nodes[i].op == table.guard.name else written(lookup(self._nodes[i].op), boxes)
        height = 1 + max(self._heights.get(o, 0) for o in operands)
        if i != self._root and self._wants_a_name(i, height) and not isinstance(box, (n.Identifier, n.Number)):
            symbol = self._names.identifier(i)
            self._where.append((symbol, box))
            box, height = symbol, 0
        self._boxes[i], self._heights[i] = box, height

    def _wants_a_name(self, i: int, height: int) -> bool:
        """Shared, and more than an operation on one or two leaves; or too deep."""
        small = height == 1 and len(self._operands[i]) <= 2
        return (self._uses[i] > 1 and not small) or height >= DEEPEST

    def _box(self, i: int) -> Box:
        """What stands for node i: a constant's number, else its name, with its number where nobody gave it that."""
        if i not in self._boxes:
            value = self._nodes[i].value
            box = n.Number(value) if self._names.is_constant(i) else self._names.identifier(i)
            if not self._names.given(i) and not self._names.is_constant(i):
                self._where.append((box, n.Number(value, 6)))
                self._says_computed |= bool(self._nodes[i].op)
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
