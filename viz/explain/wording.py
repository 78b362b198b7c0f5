"""What was found, in words: what stands where, by which rule it should be what, and how the line reads corrected."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from autograd.ops import table
from autograd.ops.expression import variable
from autograd.ops.primitive import lookup
from autograd.text import short
from viz import notation as n
from viz.explain.forms import FORGOTTEN, LOST, Form, Letters, without_parentheses
from viz.explain.places import Place
from viz.explain.search import Finding, Quantity
from viz.explain.sheet import CaseSheet
from viz.formulas.printers import text
from viz.formulas.slopes import laid_out, textbook_terms
from viz.numbers import shown
from viz.wording import definition

FEW = 3  # places of a group that are listed
ALONE = {"kept alone": "", "the others' sign": " as it is, and the others have the other sign"}
CONSTANTS = {"left out": "0", "taken as 1": "1", "taken as -1": "-1"}


class WordedStep(NamedTuple):
    """An edge in words: its node and operand, the slope as a book has it, and the terms that it is made of."""

    node: str
    operand: str
    defined: str  # what the node is
    line: str  # where it was computed; empty if nobody knows
    right: str
    wrong: str


class Words:
    """Says the findings of one sheet."""

    def __init__(self, sheet: CaseSheet) -> None:
        self.sheet = sheet
        self.nodes = sheet.seen.nodes

    def said(self, finding: Finding) -> str:
        """What is written instead of what, and where: it goes on behind "your numbers come out exactly if"."""
        return self._said(finding) + (f", on the way to {finding.along} alone" if finding.along else "")

    def _said(self, finding: Finding) -> str:
        if not finding.place.edges:
            return self._of_block(finding)
        if finding.kind in ALONE and finding.form is not None:
            return self._of_one_alone(finding.place, finding.kind, int(finding.form.kind.split()[-1]) - 1)
        first = self.step(finding.place.edges, finding)
        if finding.place.kind in ("node", "nodes", "step"):
            return self._of_all_edges(finding, first)
        return self._of_edge(finding, first) + self._elsewhere(finding.place)

    def corrected(self, finding: Finding) -> str:
        """The line of the chain rule as it should be."""
        if not finding.place.edges:
            return ""
        first = self.step(finding.place.edges, finding)
        return f"δ({first.operand}) = δ({first.node})·{_factor(first.right)}" + (
            " + …" if self._users(finding.place) > 1 and len(finding.place.edges) == 1 else ""
        )

    def rule(self, finding: Finding) -> str:
        """The slope as a book prints it."""
        if not finding.place.edges:
            return ""
        first = self.step(finding.place.edges, finding)
        return f"∂{first.node}/∂{first.operand} = {first.right}"

    def _users(self, place: Place) -> int:
        tail = self.sheet.tail[place.edges[0]]
        return int((self.sheet.tail[self.sheet.edges] == tail).sum())

    def _of_one_alone(self, place: Place, kind: str, kept: int) -> str:
        ends = [(int(self.sheet.head[edge]), int(self.sheet.tail[edge])) for edge in place.edges]
        head, tail = (self.sheet.names.called(node) for node in ends[kept])
        nodes = ", ".join(dict.fromkeys(self.sheet.names.called(node) for node, _ in ends))
        return f"of the ways back from {short(nodes)} only that from {head} to {tail} is kept{ALONE[kind]}"

    # -- one edge ------------------------------------------------------------------------------------

    def _of_edge(self, finding: Finding, at: WordedStep) -> str:
        if finding.kind == "left out":
            return f"the way from {at.node} back to {at.operand} is left out, at {at.defined}"
        if finding.kind == LOST:
            return f"{at.wrong} is written for δ·({at.right}), without its parentheses, at {at.defined}"
        if finding.kind == FORGOTTEN:
            return f"{at.right} stands alone, without δ({at.node}), at {at.defined}"
        if finding.kind == "permuted" and finding.form is not None:
            return f"in the place of {at.right} stands what belongs elsewhere ({finding.form.kind}), at {at.defined}"
        return f"{at.wrong} is written for {at.right} at {at.defined}"

    def _of_all_edges(self, finding: Finding, at: WordedStep) -> str:
        name = at.node if finding.place.kind == "step" else at.operand
        what = "goes on from" if finding.place.kind == "step" else "comes back to"
        if finding.kind == "left out":
            return f"{name} is held constant" if finding.place.kind != "step" else f"nothing {what} {name}"
        return f"all that {what} {name} is taken {_times(finding.form)}"

    def _of_block(self, finding: Finding) -> str:
        name = finding.place.kind.removeprefix("block ")
        of = "all derivatives" if name == "all" else f"the derivative along {short(name)}"
        return f"{of} is replaced by {finding.text}" if name != "all" else f"{of} are replaced: {finding.text}"

    def _elsewhere(self, place: Place) -> str:
        heads = list(dict.fromkeys(int(self.sheet.head[edge]) for edge in place.edges))[1:]
        if not heads or place.kind == "edge":
            return ""
        listed = ", ".join(self.sheet.names.called(head) for head in heads[:FEW])
        return f", and so at {listed}" + (f" and {len(heads) - FEW} more" if len(heads) > FEW else "")

    # -- the parts of a step ---------------------------------------------------------------------------

    def step(self, edges: Sequence[int], finding: Finding) -> WordedStep:
        """The first of some edges in words."""
        edge = int(edges[0])
        head, tail = int(self.sheet.head[edge]), int(self.sheet.tail[edge])
        letters, symbols = self._letters(edge)
        right = self._text(letters.s, symbols)
        return WordedStep(
            self.sheet.names.called(head), self.sheet.names.called(tail),
            definition(self.sheet.seen, self.sheet.names, head), self.nodes[head].source or "", right,
            self._wrong(finding, letters, symbols, right, edge),
        )  # fmt: skip

    def _letters(self, edge: int, instead: Mapping[int, int] | None = None) -> tuple[Letters, dict[str, n.Box]]:
        """What an edge's letters stand for, with some nodes called as others are."""
        sheet, columns = self.sheet, self.sheet.seen.columns
        head = int(sheet.head[edge])
        row, slot = lookup(self.nodes[head].op), int(edge - columns.starts[head])
        operands = [int(sheet.tail[e]) for e in range(columns.starts[head], columns.starts[head + 1])]
        operands = [(instead or {}).get(operand, operand) for operand in operands]
        if edge in sheet.doubled and row is table.multiply:
            row, slot, operands = table.square, 0, operands[:1]
        slopes, symbols = textbook_terms(row, self._box(head), [self._box(i) for i in operands])
        arguments: list[Any] = [
            variable(f"x{i}") if f"x{i}" in symbols else self._number(o) for i, o in enumerate(operands)
        ]
        other = arguments[1 - slot] if len(operands) == 2 else None
        other_slope = slopes[1 - slot] if len(operands) == 2 and not row.variadic else None
        return Letters(variable("y"), arguments[slot], slopes[slot], other, other_slope, row, slot), symbols

    def _box(self, node: int) -> n.Box:
        if self.sheet.names.is_constant(node):
            return n.Number(self._number(node))
        return n.Identifier(self.sheet.names.called(node))

    def _number(self, node: int) -> float:
        return float(self.sheet.seen.columns.value[node])

    def _text(self, term: Any, symbols: dict[str, n.Box]) -> str:
        return "0" if term is None else text(laid_out(term, symbols))

    def _wrong(self, finding: Finding, letters: Letters, symbols: dict[str, n.Box], right: str, edge: int) -> str:
        if finding.kind in CONSTANTS:
            return CONSTANTS[finding.kind]
        if finding.quantity is not None:
            return self._quantity(finding.quantity, right, edge)
        if finding.kind == LOST:
            return self._lost(letters, symbols)
        if finding.form is None or letters.s is None or finding.kind in (FORGOTTEN, "permuted", *ALONE):
            return "another number" if finding.slope is None else shown(float(finding.slope[0]))
        if finding.form.words:
            return finding.form.words.format(s=_factor(right))
        return self._text(finding.form.rule(letters), symbols)

    def _lost(self, letters: Letters, symbols: dict[str, n.Box]) -> str:
        parts = without_parentheses(letters.s)
        if parts is None:
            return "another number"
        inner, outer = (self._text(part, symbols) for part in parts)
        return f"δ·{_factor(inner)} - {outer}"

    def _quantity(self, found: Quantity, right: str, edge: int) -> str:
        if found.how == "number":
            return shown(found.factor)
        if found.how in ("number times", "numbers times"):
            return f"{shown(found.factor)}·{_factor(right)}" + ", each by its own number," * (found.how[6] == "s")
        if found.how == "for":
            return self._for(found, right, edge)
        name = self._number_called(found)
        times = {1.0: name, -1.0: f"-{name}", 2.0: f"2·{name}", 0.5: f"{name}/2"}[found.factor]
        return {
            "is": times, "times": f"{_factor(right)}·{times}", "over": f"{_factor(right)}/{_divisor(times)}",
            "plus": f"{right} + {times}", "less": f"{right} - {times}", "at": f"the slope at {name}",
            "output": f"the slope where the output is {name}", "δ": f"what comes back to {name}",
        }[found.how]  # fmt: skip

    def _number_called(self, found: Quantity) -> str:
        """What a number in a slope is called: a node, a local derivative, or what two nodes make."""
        called = self.sheet.names.called
        if found.op == "∂":
            return f"∂{called(int(self.sheet.head[found.node]))}/∂{called(int(self.sheet.tail[found.node]))}"
        if not found.op:
            return called(found.node)
        return (
            f"{called(found.node)}²" if found.op == "²" else f"({called(found.node)} {found.op} {called(found.other)})"
        )

    def _for(self, found: Quantity, right: str, edge: int) -> str:
        """A slope with one node's number in the place of another's."""
        letters, symbols = self._letters(edge, {found.other: found.node})
        wrong = self._text(letters.s, symbols)
        instead, called = self.sheet.names.called(found.node), self.sheet.names.called(found.other)
        return wrong if wrong != right else f"the slope at {called} = {instead}"


def _factor(term: str) -> str:
    """A term as a factor."""
    return f"({term})" if " " in term or term.startswith("-") else term


def _divisor(term: str) -> str:
    """A term that something is divided by."""
    return f"({term})" if re.search(r"[ ·/]|^-", term.strip("()")) and not term.startswith("(") else term


def _times(form: Form | None) -> str:
    """What a factor does, in words: the form of a slope of 1."""
    if form is None:
        return "otherwise"
    factor = float(form.rule(Letters(1.0, 1.0, 1.0)))
    return "with the other sign" if factor == -1.0 else f"{shown(factor)} times"
