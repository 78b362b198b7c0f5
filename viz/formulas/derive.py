"""The derivation of ∂J/∂w as a teacher writes it on the board, every symbol and number from the graph.

Few paths from w to J: the chain of factors along each, with symbols, then with numbers.  Many paths:
the recursion for δ, node by node from J down to w.  Nodes that form the layers of a network: the same
recursion layer by layer, in matrices.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from textwrap import wrap
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from autograd import Value
from autograd.errors import GraphError, OperandError
from autograd.iterations import iterations_in
from autograd.ops import table
from autograd.ops.numbers import left_to_right
from autograd.ops.primitive import lookup
from autograd.renamed import renamed
from autograd.text import in_latex, in_xml, quoted
from viz import notation as n
from viz.formulas import printers
from viz.formulas.formula import math_element
from viz.formulas.layers import layered_lines
from viz.formulas.loops import looped_formula
from viz.formulas.slopes import textbook_slopes
from viz.formulas.textbook import written
from viz.formulas.writer import taken
from viz.identifiers import in_text
from viz.languages import Language, language
from viz.notation import Box
from viz.numbers import CHOOSING, checked_digits, in_fractions, is_cut, line
from viz.partials import Partials
from viz.reach import dependents, operands_of, ways_back
from viz.subject import Seen, looked_at, with_loops
from viz.trace import Edge

if TYPE_CHECKING:
    from viz.subject import Runs, Subject, Wanted
    from viz.variables import Variables

MOST_PATHS, LONGEST_PATH = 4, 12  # above them the recursion says it more briefly than the chain
MOST_NODES = 60  # of a recursion that are written out; the middle is counted
DIGITS = 5  # significant, of numbers, unless somebody asks for others
MOST_INSIDE = 6  # operations of what else is spoken of that are written out in its formula
WIDEST, WIDEST_EQUATION = 72, 60  # characters of a heading and of an equation in one line of LaTeX, on a page of paper
IN_A_LINE = 4  # of numbers that are only given

Lines: TypeAlias = list[tuple[str, Box | None]]


@dataclass(frozen=True)
class Derivation:
    """Headings and lines of mathematics.  str() is Unicode text; `latex`, `mathml` and `html` as of a Formula."""

    lines: tuple[tuple[str, Box | None], ...]  # (words, mathematics): either may be empty

    def __str__(self) -> str:
        shown = []
        for words, box in self.lines:
            if words:
                shown.append(words)
            if box is not None:
                shown.append(f"  {printers.text(box)}")
        return "\n".join(shown)

    __repr__ = __str__

    @property
    def latex(self) -> str:
        """LaTeX, without the dollars: the lines below one another."""
        rows = []
        for words, box in self.lines:
            # LaTeX breaks no line of an aligned block, and a slide or a page cuts it.
            rows += [rf"& \text{{{in_latex(part)}}}" for part in wrap(words, WIDEST, break_long_words=False)]
            if box is not None:
                rows += [rf"& \quad {line}" for line in _in_lines(box)]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    @property
    def mathml(self) -> str:
        """One <math> element with a row a line."""
        rows = []
        for words, box in self.lines:
            if words:
                rows.append(f"<mtext>{in_xml(words)}</mtext>")
            if box is not None:
                rows.append(f"<mrow><mspace width='1.5em'/>{printers.mathml(box)}</mrow>")
        return math_element(rows, str(self))

    @property
    def html(self) -> str:
        """A paragraph a heading, a <math> a line, in a <div class="derivation">."""
        shown = []
        for words, box in self.lines:
            if words:
                shown.append(f"<p>{in_xml(words)}</p>")
            if box is not None:
                line = math_element([printers.mathml(box)], printers.text(box), "inline")
                shown.append(f'<div style="margin:0.5em 1.5em">{line}</div>')
        return f'<div class="derivation" style="overflow-x:auto;text-align:left">{"".join(shown)}</div>'

    def _repr_latex_(self) -> str:
        return f"$$ {self.latex} $$"


@overload
def derive(
    output: Value, wrt: Wanted, *, digits: int = DIGITS, lang: str = "en", names: Variables = None
) -> Derivation: ...
@overload
def derive(
    output: Runs,
    *at: Any,
    wrt: Wanted,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Derivation: ...


@renamed(J="output")
def derive(
    output: Subject,
    *at: Any,
    wrt: Wanted | None = None,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Derivation:
    """How ∂output/∂wrt comes about, with symbols, then with the numbers of this graph.

    `output` is a Value, or a compiled function or a program, followed by its arguments; `wrt` a node or its name
    (see `draw`, also for `names`).  What is not computed on the way from wrt is explained by its formula or its number.
    Numbers have `digits` significant ones, and more where a line would not be true otherwise; ≈ says that some are cut.
    The headings are in the language `lang`, "en" or "ru".

    A total derivative is ∂J/∂w, or dJ/dx where x is the only variable; a local one, along an edge, is ∂y/∂x, or
    (∂y/∂x)|t₁ where the total one is called so.

    >>> from autograd import Value, tanh
    >>> w, x = Value(0.5, name="w"), Value(2.0, name="x")
    >>> J = tanh(w * x)
    >>> J.name = "J"
    >>> print(derive(J, wrt=w))
    The computation
      t₁ = w·x = 1
      J = tanh(t₁) ≈ 0.76159
    The chain rule
      ∂J/∂w = ∂J/∂t₁·∂t₁/∂w
    The local derivatives
      ∂J/∂t₁ = 1 - J² ≈ 0.41997
      ∂t₁/∂w = x = 2
    With the numbers
      ∂J/∂w ≈ 0.41997·2 ≈ 0.83995

    Raises:
        OperandError: if either is not a Value
        GraphError: if the output does not depend on wrt
        ArgumentError: for digits that a number cannot have, and for another language
    """
    checked_digits(digits)
    words = language(lang)
    seen, wrt = looked_at(output, at, named, names, wrt)
    if not isinstance(wrt, (Value, str)):
        raise OperandError(f"derive(J, wrt=w) derives along one node, or its name, got {type(wrt).__name__}: say which")
    try:
        target = seen.id_of(wrt)
    except GraphError:
        target = -1
    board = _Board(seen, target, digits, words) if target >= 0 else None
    if board is None or board.root not in board.between:
        raise GraphError(
            f"there is no path from {quoted(wrt)} to {seen.output!r}: it was not computed from that, or was detached "
            "on the way, so the derivative is 0 and there is nothing to derive; pass a node below it"
        )
    said = [(words.picture["anew"], None)] if seen.trace.anew else []
    loops = [
        ("" if i else words.board["loop"], box) for i, box in enumerate(_loops(output, at, named, names, digits, words))
    ]
    return Derivation((*said, *loops, *board.lines()))


def _loops(
    output: Subject, at: Sequence[Any], named: Mapping[str, Any], names: Variables, digits: int, words: Language
) -> list[Box]:
    """The loops of a program with an index, before they are written out."""
    looped = with_loops(output, at, named)
    lines = (
        looped_formula(*looped, expand=True, depth=None, names=names, digits=digits, words=words)[1] if looped else ()
    )
    return [n.relation(left, "=", right) for left, right in lines]


class _Board:
    """What is written for one trace and one target."""

    def __init__(self, seen: Seen, target: int, digits: int, words: Language) -> None:
        self.words, self.say = words, words.board
        self.digits, self.partials = digits, Partials(seen.trace)
        self.trace, self.names, self.target, self.root = seen.trace, seen.names, target, seen.trace.root
        self.nodes = tuple(self.trace.nodes)
        self.operands = operands_of(self.trace)
        ways = ways_back(self.trace, dependents(self.trace, [target], with_derivative=True))
        self.slopes = _summed(ways)
        self.slots = Counter((edge.node, edge.operand) for edges in ways.values() for edge in edges)
        self.between = self._between(ways)  # nodes on the paths, target first, root last
        self.spoken: dict[int, None] = {}  # the nodes that are spoken of, in order

    def lines(self) -> Lines:
        layered = None
        if self.target != self.root:
            layered = layered_lines(self.trace, self.names, self.target, self.digits, self.words)
        if layered is not None:
            return layered
        paths = self._paths()
        computed, rest = self._chain(paths) if paths is not None else self._recursion()
        return [*self._computation(computed), *self._explanations(computed), *rest]

    # -- what the graph holds -------------------------------------------------------------------

    def _between(self, ways: dict[int, list[Edge]]) -> dict[int, list[int]]:
        """The nodes on paths from the target, in order, each with the operands on the way to it."""
        found = {self.target: list[int]()} | {i: list(dict.fromkeys(e.operand for e in ways[i])) for i in ways}
        needed = {self.root} if self.root in found else set()
        for i in reversed(found):
            if i in needed:
                needed.update(found[i])
        return {i: operands for i, operands in found.items() if i in needed}

    def _paths(self) -> list[list[int]] | None:
        """The paths from root to target, or None if they are too many or too long."""
        count: dict[int, int] = {self.target: 1}
        for i, operands in self.between.items():
            if i != self.target:
                count[i] = sum(count[o] for o in operands)
        if count[self.root] > MOST_PATHS:
            return None
        unfinished, paths = [[self.root]], []
        while unfinished:
            path = unfinished.pop()
            if len(path) > LONGEST_PATH:
                return None
            if path[-1] == self.target:
                paths.append(path)
            else:
                unfinished.extend([*path, o] for o in reversed(self.between[path[-1]]))
        return paths

    # -- the chain of factors -------------------------------------------------------------------

    def _chain(self, paths: list[list[int]]) -> tuple[list[int], Lines]:
        """(the nodes whose computation is written first, the lines)."""
        whole = self._whole(self.target)
        if self.target == self.root:
            itself = self.words.tell(self.say["itself"], root=self.names.called(self.root))
            return [], [(itself, n.relation(whole, "=", n.ONE))]
        pairs = list(dict.fromkeys(pair for path in paths for pair in pairwise(path)))
        lines: Lines = []
        products = [n.chain([self._local(*pair) for pair in pairwise(path)]) for path in paths]
        if len(pairs) > 1:
            lines.append((self._rule(paths), n.relation(whole, "=", n.total(products))))
        title = self.say["locals" if len(pairs) > 1 else "derivative"]
        for i, pair in enumerate(pairs):
            symbol = self._local(*pair) if len(pairs) > 1 else whole
            box = n.relation(symbol, "=", self._slope(*pair))
            lines.append((title if i == 0 else "", self._continued(box, self.slopes[pair], self._slope_sign(pair[0]))))
        if len(pairs) > 1:
            lines.append((self.say["numbers"], self._numbers(whole, paths)))
        return list(self.between)[1:], lines

    def _rule(self, paths: list[list[int]]) -> str:
        """What stands above the sum: how many paths there are, as `why` counts them, of which x·x has two."""
        many = sum(math.prod(self.slots[pair] for pair in pairwise(path)) for path in paths)
        if many == 1:
            return self.say["rule"]
        return self.words.tell(self.say["rule, paths in one" if many > len(paths) else "rule, paths"], n=many)

    def _numbers(self, whole: Box, paths: list[list[int]]) -> Box:
        """The numbers put into the sum over the paths, with digits enough for what they give."""
        factors = [[self.slopes[pair] for pair in pairwise(path)] for path in paths]
        lengths = [len(path) for path in factors]

        def summed(*slopes: Any) -> Any:
            left = iter(slopes)
            return left_to_right(math.prod(islice(left, length)) for length in lengths)

        flat = [slope for path in factors for slope in path]
        found = line(summed, flat, summed(*flat), self.digits, summed)
        terms = [n.chain([n.Number(slope, found.digits) for slope in path]) for path in factors]
        equals = n.relation(whole, found.numbers, n.total(terms))
        return self._continued(equals, summed(*flat), found.result)

    def _computation(self, nodes: list[int]) -> Lines:
        lines, place = Lines(), ""
        for i in nodes:
            box = n.relation(self._symbol(i), "=", self._written(i))
            words, place = self._place(i, place, self.say["computation"])
            equation = self._continued(box, self.nodes[i].value, self._sign(i))
            lines.append((words or ("" if lines else self.say["computation"]), equation))
        return lines

    def _place(self, i: int, before: str, outside: str) -> tuple[str, str]:
        """(what is said above a node's line, where it is): which step of a loop, where that is another than before."""
        scope = self.nodes[i].scope
        place = self.words.place(scope) if iterations_in(scope) else ""
        said = self.words.tell(self.say["at" if place else "outside"], what=outside, place=place)
        return ("" if place == before else said), place

    # -- the recursion --------------------------------------------------------------------------

    def _recursion(self) -> tuple[list[int], Lines]:
        """δ(node) = Σ δ(user)·∂user/∂node from the root down, as `_chain`."""
        users: dict[int, list[int]] = defaultdict(list)
        for i, operands in self.between.items():
            for operand in operands:
                users[operand].append(i)
        order = list(reversed(self.between))
        deltas, lines = {self.root: 1.0}, Lines()
        for i in order[1:]:
            deltas[i] = left_to_right(deltas[user] * self.slopes[user, i] for user in reversed(users[i]))
        kept = order if len(order) <= MOST_NODES else [*order[: MOST_NODES // 2], -1, *order[-MOST_NODES // 2 :]]
        J = in_text(self.names.identifier(self.root))
        rule = self.words.tell(self.say["recursion"], root=J)
        lines.append((rule, n.relation(self._delta(self.root), "=", n.ONE)))
        told, place = set(kept), ""
        for i in kept[1:]:
            if i < 0:
                lines.append((self.words.tell(self.say["in between"], n=len(order) - len(kept) + 1), None))
                continue
            terms = [n.multiply(self._delta(user), self._slope(user, i)) for user in reversed(users[i])]
            skipped = [user for user in reversed(users[i]) if user not in told]
            lines += [("", self._continued(self._delta(user), deltas[user])) for user in skipped]
            told.update(skipped)
            words, place = self._place(i, place, self.say["back"])
            lines.append((words, self._continued(n.relation(self._delta(i), "=", n.total(terms)), deltas[i])))
        total = n.relation(self._whole(self.target), "=", self._delta(self.target))
        result = self._continued(total, deltas[self.target])
        computed = sorted(set(kept) - {self.target, -1}, key=list(self.between).index)
        return computed, [*lines, (self.say["result"], result)]

    # -- what else is spoken of -----------------------------------------------------------------

    def _explanations(self, computed: list[int]) -> Lines:
        """What the symbols stand for that were neither computed in these lines nor given with a name."""
        lines: Lines = []
        explained, numbers = set(computed), list[Box]()
        while pending := [i for i in self.spoken if i not in explained and self._wants_words(i)]:
            explained.update(pending)
            for i in sorted(pending):
                formula = self._formula(i)
                if formula is None:
                    numbers.append(n.equals_number(self._symbol(i), self.nodes[i].value, self.digits))
                else:
                    lines.append(("", self._continued(n.relation(self._symbol(i), "=", formula), self.nodes[i].value)))
        lines += [("", n.listed(numbers[at : at + IN_A_LINE])) for at in range(0, len(numbers), IN_A_LINE)]
        return [(self.say["where"] if place == 0 else "", box) for place, (_, box) in enumerate(lines)]

    def _wants_words(self, i: int) -> bool:
        return bool(self.nodes[i].op) or not self.nodes[i].name

    def _formula(self, i: int) -> Box | None:
        """How an unnamed node was computed, from what has a name or was given; None if that is long."""
        inside, pending = list[int](), [i]
        while pending and len(inside) <= MOST_INSIDE:
            at = pending.pop()
            if self.nodes[at].op and not self.nodes[at].name:
                inside.append(at)
                pending += self.operands[at]
        if not inside or len(inside) > MOST_INSIDE:
            return None
        boxes: dict[int, Box] = {}
        for at in sorted(set(inside)):
            boxes[at] = self._written(at, boxes)
        return boxes[i]

    # -- boxes ----------------------------------------------------------------------------------

    def _symbol(self, i: int) -> Box:
        if self.names.is_constant(i):
            return n.Number(self.nodes[i].value)
        self.spoken[i] = None
        return self.names.identifier(i)

    def _written(self, i: int, known: Mapping[int, Box] = MappingProxyType({})) -> Box:
        """The operation, its operands as they are known, else their symbols."""
        node, operands = self.nodes[i], self.operands[i]
        if node.op == table.guard.name:
            operands = [taken(node, operands, self.nodes)]
        boxes = [known[o] if o in known else self._symbol(o) for o in operands]
        return boxes[0] if node.op == table.guard.name else written(lookup(node.op), boxes)

    def _whole(self, by: int) -> Box:
        """The output's derivative by a node."""
        return self._fraction(self.partials.sign(by), self.root, by)

    def _local(self, of: int, by: int) -> Box:
        """A node's derivative by its operand."""
        held = self.partials.between(of, by)
        fraction = self._fraction("∂", of, by)
        others = [*map(self._symbol, held.held), *[n.Word("…")] * held.more]
        return n.Held(fraction, n.listed(others)) if others else fraction

    def _fraction(self, sign: str, of: int, by: int) -> Box:
        top, bottom = (n.row(n.Word(sign), self._symbol(i), binds=n.ATOM) for i in (of, by))
        return n.Fraction(top, bottom)

    def _delta(self, i: int) -> Box:
        return n.call(n.Word("δ"), self._symbol(i))

    def _slope(self, node: int, operand: int) -> Box:
        """∂node/∂operand as a formula, the slots of x·x added."""
        primitive = lookup(self.nodes[node].op)
        slopes = textbook_slopes(primitive, self._symbol(node), [self._symbol(o) for o in self.operands[node]])
        found = [s for o, s in zip(self.operands[node], slopes, strict=True) if o == operand and s is not None]
        if len(found) == 2 and found[0] is found[1]:
            return n.multiply(n.Number(2.0), found[0])
        return n.total(found)

    def _sign(self, i: int) -> str:
        """= where a node's number is what its operation gives, ≈ where it was rounded, be it to 1 as tanh(500)."""
        values = [self.nodes[o].value for o in self.operands[i]]
        op, value = self.nodes[i].op, self.nodes[i].value
        return (
            "="
            if op in CHOOSING
            else line(lookup(op).float, values, value, self.digits, in_fractions(op, value)).result
        )

    def _slope_sign(self, i: int) -> str:
        """= if a slope's number may be all of it: ≈ where the function hardly changes any more."""
        return "=" if is_cut(self.nodes[i].value) or in_fractions(self.nodes[i].op, 0.0) else self._sign(i)

    def _continued(self, box: Box, x: float, sign: str = "=") -> Box:
        """box = x, with ≈ where x is rounded; the box alone if it ends in a number already."""
        if sign == "=" and isinstance(box, n.Row) and isinstance(box.parts[-1], n.Number):
            return box
        shown = n.Number(x, self.digits)
        sign = "≈" if n.is_rounded(shown) else sign
        return n.Row((box, n.Word(sign), shown), (n.RELATION, n.RELATION, n.SUM), n.RELATION)


def _in_lines(box: Box) -> list[str]:
    """LaTeX of an equation; one that is too wide and has several signs goes on below, before its last one."""
    if not isinstance(box, n.Row) or _width(box) <= WIDEST_EQUATION or _sign_of(box) is None:
        return [printers.latex(box)]
    before = box.parts[0] if len(box.parts) == 3 else n.Row(box.parts[:-2], box.least[:-2], box.binds)
    if _sign_of(before) is None:
        return [printers.latex(box)]
    last = n.Row(box.parts[-2:], box.least[-2:], box.binds)
    return [*_in_lines(before), rf"\quad {printers.latex(last)}"]


def _sign_of(box: Box) -> str | None:
    """The last = or ≈ of an equation."""
    sign = box.parts[-2] if isinstance(box, n.Row) and len(box.parts) > 2 else None
    return sign.text if isinstance(sign, n.Word) and sign.text in ("=", "≈") else None


def _width(row: n.Row) -> int:
    """Characters, about, of a line that ends in a matrix or in something else."""
    *before, last = row.parts
    rows = [" ".join(map(printers.text, cells)) for cells in last.rows] if isinstance(last, n.Matrix) else []
    return sum(len(printers.text(part)) + 1 for part in before) + max(map(len, rows or [printers.text(last)]))


def _summed(ways: dict[int, list[Edge]]) -> dict[tuple[int, int], float]:
    """∂node/∂operand by (node, operand); the slots of x·x are added."""
    slopes: dict[tuple[int, int], float] = defaultdict(float)
    for edges in ways.values():
        for edge in edges:
            slopes[edge.node, edge.operand] += edge.slope or 0.0
    return slopes
