"""A trace as the data of a page: columns in JSON, how every operation is written, what nodes are called."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from autograd.iterations import iterations_in
from autograd.ops.primitive import lookup, title_of
from autograd.text import short
from viz.columns import Columns
from viz.domains import domain, slope_domain
from viz.formulas.printers import mathml, mathml_pattern
from viz.identifiers import on_card
from viz.languages import Language
from viz.names import Names
from viz.notation import Identifier
from viz.numbers import DIGITS
from viz.page.javascript import Use
from viz.partials import Partials
from viz.text import isolated, shortened
from viz.trace import Trace
from viz.wording import Constants, computed_template, laid_out_written, slope_written, written

DEEPEST = 12  # scopes inside each other that the picture shows as groups
LONGEST_NAME = 60
SHORTEST = 6  # characters of a slope that is written as an operand's


class ExplorableGraph:
    """A trace as the columns that the page reads (see page/graph.js)."""

    def __init__(self, seen: Trace, names: Names, words: Language, digits: int = DIGITS) -> None:
        self.trace, self.words, self.digits = seen, words, digits
        self.partials = Partials(seen)
        self.typed = list(map(names.called, range(seen.root + 1)))
        self.called = list(map(names.read, range(seen.root + 1)))
        self.identifiers = {called: names.identifier(i) for i, called in enumerate(self.called)}
        self.numbers = list(map(names.number, range(seen.root + 1)))
        self.cards = {i: _on_card(names.written(i)) for i, number in enumerate(self.numbers) if not number}
        self.leaves = seen.root + 1 - len(seen.forward)
        self.uses: dict[tuple[Use, Constants], int] = {}
        self.use = [self._use(i) for i in seen.forward]

    def _use(self, node: int) -> int:
        """The number of node's way to use its operation: which rule, and what constants are in its formula."""
        columns = self.trace.columns
        row = lookup(columns.operations[columns.code.item(node)][0])
        operands = columns.operands[columns.starts.item(node) : columns.starts.item(node + 1)].tolist()
        constants = tuple(columns.value.item(i) if i > self.trace.root else None for i in operands)
        leading = row.leading if row.has_index else 0
        use = Use(row.name, len(operands), tuple(columns.value.item(i) for i in operands[:leading]))
        if row.variadic:
            constants = constants[:leading] + (None,) * (len(operands) - leading)
        return self.uses.setdefault((use, constants), len(self.uses))

    @property
    def rules(self) -> list[Use]:
        """The rules that the page needs."""
        return [use for use, _ in self.uses]

    def columns(self) -> dict[str, Any]:
        """Everything but what the user chose."""
        columns, labels = self.trace.columns, self.trace.columns.labels
        scopes = _Codes(_scope(label.scope) for label in labels)
        sources = _Codes(_place(label.source) for label in labels)
        label = columns.label.tolist()
        constants = [""] * (len(columns.value) - len(self.called))
        return {
            "root": self.trace.root,
            "leaves": self.leaves,
            # Of a node without a name its number alone; on cards what is not as it is called.
            "called": [number or name for number, name in zip(self.numbers, self.called, strict=True)] + constants,
            "typed": {i: name for i, name in enumerate(self.typed) if name != self.called[i]},
            "cards": {i: parts for i, parts in self.cards.items() if parts != (self.called[i], "", "")},
            "kind": columns.kind.tolist(),
            "op": columns.code.tolist(),
            "ops": [self._operation(name, symbol) for name, symbol in columns.operations],
            "scope": _once([scopes.of[i] for i in label]),
            "scopes": scopes.texts,
            "places": [self.words.place(scope) if iterations_in(scope) else "" for scope in scopes.texts],
            "source": _once([sources.of[i] for i in label]),
            "sources": sources.texts,
            "value": [_number(x) for x in columns.value.tolist()],
            "first": columns.starts.tolist(),
            "operand": columns.operands.tolist(),
            "slope": list(_slopes(columns)),
            "use": [0] * self.leaves + self.use,
            "uses": [_described(use, constants) for use, constants in self.uses],
            "templates": dict(self.words.steps),
            "digits": self.digits,
            "variable": self.partials.variable,
            "locals": self._locals(),
            "typeset": {called: _lists(box) for called, box in self.identifiers.items() if _is_typeset(box)},
        }

    def _locals(self) -> dict[int, tuple[str, int]]:
        """By edge, what its derivative is called if that is more than ∂y/∂x, and by which of several operands it is."""
        first, called = self.trace.columns.starts, self.called.__getitem__
        return {
            first.item(node) + slot: (self.partials.text(local, called), local.place)
            for (node, slot), local in self.partials.unusual().items()
        }

    def _operation(self, name: str, symbol: str) -> dict[str, str]:
        title = title_of(name)
        told = self.words.operations.get(title, title)
        said = computed_template(lookup(name), self.words) if name else ""
        return {"name": title, "told": told, "symbol": symbol, "computed": said}


def _once(codes: list[int]) -> list[int] | int:
    """A column that is the same everywhere, as where there are no scopes, is one number."""
    return codes[0] if len({*codes}) == 1 else codes


class _Codes:
    """Texts by number: `of[i]` is that of the i-th."""

    def __init__(self, texts: Iterable[str]) -> None:
        codes: dict[str, int] = {}
        self.of = [codes.setdefault(text, len(codes)) for text in texts]
        self.texts = list(codes)


def _described(use: Use, constants: Constants) -> dict[str, Any]:
    """How an operation is computed and written: the key of its rule, the field patterns of wording.

    Where constants take part in how it is written, `otherwise` says how it is with other numbers in their place.
    """
    described: dict[str, Any] = {"op": use.op, "rule": use.key, **_notation(use, constants)}
    domains = {"finite": domain(use.op), "smooth": slope_domain(use.op)}  # the words for where its value and slope are
    described |= {key: words for key, words in domains.items() if words}
    if use.leading:
        described["leading"] = len(use.leading)
    elif any(constant is not None for constant in constants):
        described["otherwise"] = _notation(use, (None,) * len(constants))
    return described


def _on_card(box: Identifier) -> tuple[str, str, str]:
    head, below, rest = on_card(box)
    return isolated(head), below, rest


def _is_typeset(box: Identifier) -> bool:
    """Whether the page cannot see by itself how a name is set: one of several, letters below."""
    return any(map(str.isalpha, box.below)) or bool(box.copy)


def _lists(box: Identifier) -> Any:
    return _as_lists(ElementTree.fromstring(mathml(box)))


def _notation(use: Use, constants: Constants) -> dict[str, Any]:
    return {
        "written": written(use.op, constants),
        "laid": _as_lists(ElementTree.fromstring(mathml_pattern(laid_out_written(use.op, constants)))),
        "slopes": [slope_written(use.op, constants, slot) for slot in range(use.operands)],
    }


def _as_lists(element: ElementTree.Element) -> Any:
    """MathML as lists of a tag, its attributes if it has any, and its parts; a slot is its field."""
    if element.tag == "slot":
        return element.text
    parts = [_as_lists(child) for child in element]
    if element.tag == "mrow" and [part[1:] for part in parts] == [["…"], ["·"], ["…"]]:  # of the ends of a long dot
        return parts[0]
    return [element.tag, *([element.attrib] if element.attrib else []), *(parts or [element.text or ""])]


@lru_cache(maxsize=4096)
def _scope(scope: str) -> str:
    return ".".join(shortened(part, LONGEST_NAME) for part in scope.split(".")[:DEEPEST])


def _place(source: str | None) -> str:
    """file.py:12 without the folders, which are nobody's business."""
    return short(re.split(r"[\\/]", source)[-1]) if source else ""


def _slopes(columns: Columns) -> Iterator[float | str | None]:
    """The slopes by edge; "@k" where it is the number of operand k of the same node, as in a product."""
    values, operands = columns.value.tolist(), columns.operands.tolist()
    flows, slope = columns.flows.tolist(), columns.slope.tolist()
    for first, end in pairwise(columns.starts.tolist()):
        slots = {values[operands[e]]: e - first for e in range(first, end)}
        for e in range(first, end):
            x = slope[e]
            is_operand = flows[e] and x in slots and len(repr(x)) > SHORTEST
            yield f"@{slots[x]}" if is_operand else _number(x) if flows[e] else None


def _number(x: float) -> float | str:
    """JSON has no nan and no infinity."""
    return x if math.isfinite(x) else repr(x)
