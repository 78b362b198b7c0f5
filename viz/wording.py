"""The words of a step: its arithmetic and sentences for a learner, from templates that are plain data.

A language's `steps` are filled here for the terminal; a page ships the same and fills them itself.  How an
operation and its slope are written, `written` and `slope_written`, comes from the table's row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from math import isfinite
from typing import Any, TypeAlias

from autograd.ops import special
from autograd.ops.primitive import Primitive, lookup, title_of
from viz.columns import Step
from viz.domains import domain, slope_domain, why_not_finite
from viz.formulas.printers import pattern
from viz.formulas.slopes import laid_out, textbook_terms
from viz.formulas.textbook import written as as_in_the_table
from viz.languages import LANGUAGES, Language
from viz.names import Names
from viz.notation import Box, Number, Slot, Word
from viz.numbers import DIGITS, MINUS, checked_digits, equals, in_fractions, line, plus, product, shown
from viz.partials import Partials
from viz.reach import operands_into
from viz.recording import Compute, Gathered, Recording, Seed, State
from viz.trace import Trace

MOST_TERMS, MOST_FACTORS = 6, 4  # of a sum, and pairs of a dot, that are written out
MOST_NAMED = 3  # operands that a sentence names by their places
LONGEST_SLOPE = 60  # characters of a slope's formula

Constants: TypeAlias = tuple[float | None, ...]  # an operation's operands: the number of a constant, else None

_FIELD = re.compile(r"\{([-^*]?)(\w+)\}")
_WORD = re.compile(r"[^\W_⁰¹²³⁴-⁹]+|\d+\.\d+")


def fill(template: str, values: Mapping[str, str], far: Mapping[str, str] = LANGUAGES["en"].page) -> str:
    """The template with its fields filled; a field without a value stays as it is.

    {x} takes the text called x; {-x} puts it in parentheses if it begins with a minus sign, {^x} if it is more than
    one word, and {*x} says in the words of `far` that something moves so many times as far.

    >>> fill("{-a}·{-b} + {^a}²", {"a": "-2", "b": "0.5"})
    '(-2)·0.5 + (-2)²'
    >>> fill("y moves {*a} and z {*b}", {"a": "-2", "b": "1"}, {"times as far": "{x}×", "just as far": "as much"})
    'y moves -2× and z as much'
    """
    return _FIELD.sub(lambda field: _filled(field, values, far), template)


def _filled(field: re.Match[str], values: Mapping[str, str], far: Mapping[str, str]) -> str:
    text = values.get(field[2])
    if text is None:
        return field[0]
    if field[1] == "*":
        return far["just as far"] if text == "1" else far["times as far"].replace("{x}", text)
    fits = not text.startswith(MINUS) if field[1] == "-" else not field[1] or _WORD.fullmatch(text)
    return text if fits else f"({text})"


# -- how an operation and its slope are written ------------------------------------------------------


def written(op: str, constants: Constants) -> str:
    """The operation as the table writes it, its operands as the fields {0}, {1}, …; of many, … stands for most.

    >>> written("tanh", (None,)), written("dot", (None,) * 5)
    ('tanh({0})', '{-0}·{-2} + {-1}·{-3} + {-4}')

    A constant's number is a field too, unless it takes part in how the row is written, as in x².
    """
    return _written(op, _relevant(lookup(op), constants))


def laid_out_written(op: str, constants: Constants) -> Box:
    """The same before it is printed."""
    return _laid_out(op, _relevant(lookup(op), constants))


def slope_written(op: str, constants: Constants, slot: int) -> str | None:
    """∂y/∂operand as a book prints it, y as the field {y}; None if that is long, or a number and no more.

    >>> slope_written("tanh", (None,), 0), slope_written("multiply", (None, None), 0)
    ('1 - {^y}²', '{1}')
    """
    return _slope_written(op, _relevant(lookup(op), constants), slot)


def _relevant(row: Primitive, constants: Constants) -> Constants:
    """The constants that change how a row is written: of a vector only what leads it, such as an index."""
    if not row.variadic:
        return constants
    leading = row.leading if row.has_index else 0
    return constants[:leading] + (None,) * (len(constants) - leading)


@cache
def _written(op: str, constants: Constants) -> str:
    return pattern(_laid_out(op, constants)).replace("…·…", "…")


def _laid_out(op: str, constants: Constants) -> Box:
    row = lookup(op)
    return as_in_the_table(row, _shortened(row, _boxes(constants)))


@lru_cache(maxsize=4096)
def _slope_written(op: str, constants: Constants, slot: int) -> str | None:
    slopes, symbols = _slope_terms(op, constants)
    formula = "" if slopes[slot] is None else pattern(laid_out(slopes[slot], symbols))
    return formula if "{" in formula and len(formula) <= LONGEST_SLOPE else None


@lru_cache(maxsize=64)
def _slope_terms(op: str, constants: Constants) -> tuple[tuple[Any, ...], dict[str, Box]]:
    return textbook_terms(lookup(op), Slot("y"), _boxes(constants))


def _boxes(constants: Constants) -> list[Box]:
    return [Slot(str(i)) if number is None else Number(number) for i, number in enumerate(constants)]


def _shortened(row: Primitive, boxes: list[Box]) -> list[Box]:
    """The operands of a vector with most of them left out."""
    if not row.variadic:
        return boxes
    leading = row.leading
    first, rest = boxes[:leading], boxes[leading:]
    if row.is_weighted:
        weights, inputs, bias = special.halves(rest)
        return [*first, *_ends(weights, MOST_FACTORS), *_ends(inputs, MOST_FACTORS), *bias]
    if (
        row.has_index and isinstance(first[0], Number) and len(rest) > MOST_TERMS
    ):  # the one that the index chooses comes along
        chosen = int(first[0].value)
        others = [box for i, box in enumerate(rest) if i != chosen]
        return [Number(0.0), rest[chosen], *_ends(others, MOST_TERMS - 1)]
    return [*first, *_ends(rest, MOST_TERMS)]


def _ends(boxes: Sequence[Box], most: int) -> list[Box]:
    """All, or the first and the last with … between."""
    return list(boxes) if len(boxes) <= most else [*boxes[: most - 2], Word("…"), boxes[-1]]


def definition(seen: Trace, names: Names, node: int) -> str:
    """What a node is: ``t₁ = x·w`` where it was computed, else its name alone."""
    operands = operands_into(seen, node)
    if not operands:
        return names.called(node)
    formula = written(seen.nodes[node].op, constants_of(seen, operands))
    return f"{names.called(node)} = {filled_with(formula, operands, names.called)}"


def constants_of(seen: Trace, operands: list[int]) -> Constants:
    """For each operand its number if it is a constant."""
    return tuple(seen.columns.value.item(i) if i > seen.root else None for i in operands)  # they come after the root


def filled_with(formula: str, operands: list[int], said: Callable[[int], str]) -> str:
    """A pattern with what is said of each operand that occurs in it, of many."""
    occur = {int(field) for _, field in _FIELD.findall(formula) if field.isdecimal()}
    return fill(formula, {str(i): said(operands[i]) for i in occur if i < len(operands)})


def computed_template(row: Primitive, words: Language) -> str:
    """What a node of this operation is, in words: the sentence that a person would say, else the operation's name."""
    text = words.computed.get(row.name, words.steps["computed"])
    return text.replace("{doc}", re.split("[:;]", row.doc)[0])


# -- the words of a recording ------------------------------------------------------------------------


class Wording:
    """Says the steps of one recording and what is known of its nodes.

    >>> from autograd import Value, tanh
    >>> from viz.recording import record
    >>> z = Value(0.5, name="z")
    >>> a = tanh(z); a.name = "a"
    >>> words = Wording(record(a))
    >>> [words.arithmetic(step) for step in range(3)]
    ['a = tanh(z) = tanh(0.5) ≈ 0.4621', 'δ(a) = ∂a/∂a = 1', 'δ(z) += δ(a)·∂a/∂z ≈ 1 · 0.7864 ≈ 0.7864']
    >>> words.sentence(2)
    'z feeds a; the slope here is 1 - a² ≈ 0.7864. δ(z) is complete: 0.7864.'

    Numbers have `digits` significant ones, and more where a line would not be true otherwise.  Names can be typed back
    into Python; `typeset` ones are for reading, α for alpha.
    """

    def __init__(
        self, log: Recording, digits: int = DIGITS, words: Language = LANGUAGES["en"], typeset: bool = False
    ) -> None:
        self._log, self._trace, self.digits = log, log.trace, checked_digits(digits)
        self.words, self._templates = words, words.steps
        self.names = Names(log.trace.columns)
        self.called = self.names.read if typeset else self.names.called
        self.partials = Partials(log.trace)

    def arithmetic(self, number: int) -> str:
        """The step as an equation with its numbers in it."""
        step = self._log.step(number)
        if isinstance(step, Compute):
            facts = self._computed(step)
            kind = "compute" if facts["is_numbers"][2:] != facts["value"] else "compute, one number"
            return self._fill(self._templates[kind], facts)
        facts = self.facts(number)
        kind = "seed" if isinstance(step, Seed) else "send, after others" if facts["running"] else "send"
        return self._fill(self._templates[kind], facts)

    def sentence(self, number: int) -> str:
        """What happens in the step, in words, and what is known then."""
        step, facts = self._log.step(number), self.facts(number)
        if isinstance(step, Compute):
            said = [facts["computed"], *(self._templates[key] for key in self._failing_value(step))]
            return " ".join(self._fill(text, facts) for text in said)
        if isinstance(step, Seed):
            return self._fill(self._templates["seeded"], facts)
        keys = ["sent" if facts["formula"] in ("", facts["slope"]) else "sent, by formula"]
        keys += ["flat"] if step.slope == 0 else self._failing_slope(step)
        keys += ["complete" if self._log.state(number + 1).delta(step.operand).complete else "so far"]
        return " ".join(self._fill(self._templates[key], facts) for key in keys)

    def meaning(self, number: int) -> str:
        """What the step says about the world: how far J moves when a node moves."""
        step = self._log.step(number)
        kind = {Compute: "compute means", Seed: "seed means", Step: "send means"}[type(step)]
        if isinstance(step, Compute) and step.node == self._trace.root:
            kind = "compute means, at the end"
        if isinstance(step, Step) and not isfinite(step.contribution):
            kind = "send means, not finite"
        return self._fill(self._templates[kind], self.facts(number))

    def known(self, state: State, node: int) -> str:
        """A node's value and δ as far as they are known in a state."""
        return f"{fill(*self._known_value(state, node))}; {fill(*self._known_delta(state, node))}"

    def _fill(self, template: str, facts: Mapping[str, str]) -> str:
        return fill(template, facts, self.words.page)

    # -- what the fields are filled with --------------------------------------------------------

    def facts(self, number: int) -> dict[str, str]:
        """The fields of a step's templates."""
        step = self._log.step(number)
        if isinstance(step, Compute):
            return self._computed(step)
        if isinstance(step, Seed):
            value = self._trace.nodes[step.node].value
            return {**self._named(step.node), "is_value": self._is(value), "total": self._total(step.node)}
        return self._sent(step, number)

    def _named(self, node: int) -> dict[str, str]:
        return {"y": self.called(node), "J": self.called(self._trace.root)}

    def _computed(self, step: Compute) -> dict[str, str]:
        op, operands = self._trace.nodes[step.node].op, operands_into(self._trace, step.node)
        row, formula = lookup(op), written(op, constants_of(self._trace, operands))
        values = self._values(operands)
        found = line(row.float, values, step.value, self.digits, in_fractions(row.name, step.value))
        numbers = dict(zip(operands, values, strict=True))
        said = filled_with(formula, operands, lambda operand: shown(numbers[operand], found.digits))
        return {
            **self._named(step.node),
            "formula": filled_with(formula, operands, self.called),
            "is_numbers": f"{found.numbers} {said}",
            "value": shown(step.value, self.digits),
            "is_value": f"{found.result} {shown(step.value, self.digits)}",
            "domain": domain(op),
            "operands": self._listed(operands),
            "users": self._listed(self.users(step.node)) or self.words.page["no users"],
            "op": self.words.operations.get(row.name, row.title),
            "computed": computed_template(row, self.words),
            **{str(place): self.called(operand) for place, operand in enumerate(operands[:MOST_NAMED])},
        }

    def _sent(self, step: Step, number: int) -> dict[str, str]:
        node, operands = self._trace.nodes[step.node], operands_into(self._trace, step.node)
        formula = slope_written(node.op, constants_of(self._trace, operands), step.slot) or ""
        local = self.partials.local(step.node, step.slot)
        sent = line(product, (step.delta, step.slope), step.contribution, self.digits, product)
        numbers = {"delta": shown(step.delta, sent.digits), "slope": shown(step.slope, sent.digits)}
        return {
            **self._named(step.node),
            "x": self.called(step.operand),
            "op": self.words.operations.get(node.op, title_of(node.op)),
            "place": self._fill(self._templates["place"], {"number": str(local.place)}) if local.place else "",
            "formula": filled_with(fill(formula, {"y": self.called(step.node)}), operands, self.called),
            "local": self.partials.text(local, self.called),
            "delta": shown(step.delta, self.digits),
            "slope": shown(step.slope, self.digits),
            "is_slope": self._is(step.slope),
            "is_product": fill(f"{sent.numbers} {{delta}} · {{-slope}}", numbers),
            "contribution": shown(step.contribution, self.digits),
            "is_contribution": f"{sent.result} {shown(step.contribution, self.digits)}",
            "domain": slope_domain(node.op),
            **self._sum(self._log.state(number + 1).delta(step.operand), step),
        }

    def _sum(self, found: Gathered, step: Step | None = None) -> dict[str, str]:
        """What δ has come to; after a step that is not the first, from what it was before."""
        total = 0.0 if found.delta is None else found.delta
        facts = {
            "sum": "" if found.delta is None else shown(total, self.digits),
            "is_sum": self._is(total),
            "running": "",
            "arrived": f"{found.arrived:,}",
            "expected": f"{found.expected:,}",
        }
        if step is None or found.arrived < 2:
            return facts
        terms = (self._before(found, step), step.contribution)
        added = line(plus, terms, total, self.digits, plus)
        before, more = (shown(term, added.digits) for term in terms)
        facts["running"] = f"{before} {more.replace('-', '- ', 1) if more.startswith('-') else '+ ' + more}"
        facts["is_sum"] = f"{added.result} {shown(total, self.digits)}"
        return facts

    def _before(self, found: Gathered, step: Step) -> float:
        """δ of the step's operand before the step."""
        log = self._log
        earlier = log.arriving[log.begins.item(step.operand) + found.arrived - 2]
        return log.sums.item(earlier)

    def _values(self, operands: list[int]) -> list[float]:
        return [self._trace.columns.value.item(operand) for operand in operands]

    def _is(self, x: float) -> str:
        return equals(x, self.digits)

    def _total(self, node: int) -> str:
        return self.partials.whole_text(node, self.called)

    def _failing_value(self, step: Compute) -> list[str]:
        """The key of what is said where a value is not finite."""
        if isfinite(step.value):
            return []
        operands = self._values(operands_into(self._trace, step.node))
        return [f"value {why_not_finite(self._trace.nodes[step.node].op, operands, step.value)}"]

    def _failing_slope(self, step: Step) -> list[str]:
        """The same where a slope is not, though what it is taken at is."""
        node = self._trace.nodes[step.node]
        if isfinite(step.slope) or not all(map(isfinite, self._values(operands_into(self._trace, step.node)))):
            return []
        if slope_domain(node.op):
            return ["slope outside"]
        return ["slope nowhere"] if isfinite(node.value) else []

    def users(self, node: int) -> list[int]:
        """The ids of the nodes that send a contribution back to this one, the earliest computed first."""
        log = self._log
        arriving = log.arriving[log.begins.item(node) : log.begins.item(node + 1)]
        users: list[int] = log.sources[arriving + (log.seed + 1)].tolist()
        return users[::-1]

    def _listed(self, operands: list[int]) -> str:
        """x, x and y, or the first two, … and the last."""
        nodes = list(dict.fromkeys(operands))
        said = [self.called(node) for node in (nodes if len(nodes) <= 4 else [*nodes[:2], nodes[-1]])]
        most = self.words.page["and last" if len(nodes) > 4 else "and"]
        return f"{', '.join(said[:-1])}{most}{said[-1]}" if len(said) > 1 else "".join(said)

    def _known_value(self, state: State, node: int) -> tuple[str, dict[str, str]]:
        value = state.value(node)
        facts = {"x": self.called(node), "is_value": "" if value is None else self._is(value)}
        return self._templates["not computed" if value is None else "value"], facts

    def _known_delta(self, state: State, node: int) -> tuple[str, dict[str, str]]:
        found = state.delta(node)
        facts = {"x": self.called(node), "total": self._total(node), **self._sum(found)}
        kind = "no path" if found.no_path else "whole" if found.complete else "part" if found.arrived else "nothing yet"
        return self._templates[kind], facts
