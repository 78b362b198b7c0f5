"""Finds the first node at which a computation goes wrong: nan, inf, overflow, underflow, or a derivative of 0.

The graph is gone through as it was computed, then as the derivative came back, and the first step
whose inputs were sound and whose result is not is the place.  The sentence that explains it is built
from the operation, its operands and its row in the table; where a function of one variable is finite
is found by trying it, not looked up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from autograd import Value
from autograd.files import LONGEST_PATH
from autograd.ops.primitive import lookup, title_of
from autograd.program.loops import GOES_ON, LOST
from autograd.renamed import renamed
from autograd.text import preformatted, short
from viz.columns import CHUNK, KINDS, Marks, Numbers, products
from viz.digits.underflow import is_cut
from viz.domains import domain, is_pole, slope_domain
from viz.languages import LANGUAGES, language
from viz.numbers import DIGITS, checked_digits, equals, line, product, shown
from viz.reach import dependents, inputs_of
from viz.subject import Seen, looked_at
from viz.trace import CONSTANT, LEAF, Node, Step
from viz.wording import definition

if TYPE_CHECKING:
    from viz.subject import Runs, Subject, Wanted
    from viz.variables import Variables

FORWARD, BACKWARD = "forward", "backward"
SMALLEST = math.ulp(0.0)


@dataclass(frozen=True, repr=False)
class Anomaly:
    """The first thing that went wrong; true in a condition.

    `kind` is "nan", "inf" (a pole, such as log 0), "overflow", "underflow" (a value cut to 0, and what comes of it),
    "given" (nan or inf put in from outside), "slope" (a local derivative that is nan or inf), "delta overflow",
    "0·inf", "delta nan" or "zero derivative".  `phase` is "forward" or "backward"; `source` is the file:line that made
    the node if it was made inside `record_sources()`; for a backward anomaly `slot` is the operand it goes to.
    """

    phase: str
    kind: str
    node: Node
    operands: tuple[Node, ...]
    slot: int | None
    explanation: str
    anew: str = ""  # one line that says so, where leaves have moved and all numbers are computed anew
    definitions: tuple[str, ...] = ()  # what the node and its operands are called, and how they are computed
    digits: int = DIGITS  # of the numbers where it is printed
    lang: str = "en"  # of the words

    @property
    def source(self) -> str | None:
        """file:line of the code that made the node, None if it was not recorded."""
        return self.node.source

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.anew, *self._lines())))

    def _lines(self) -> Iterator[str]:
        node, words = self.node, LANGUAGES[self.lang]
        say = words.anomaly
        wide = max(len(say[key]) for key in ("node", "operand", "source")) + 2
        delta = "" if node.delta is None else f", δ {equals(node.delta, self.digits)}"
        op = words.operations.get(node.op, title_of(node.op))
        made_by = words.tell(say["made by"], op=op) if op else ""
        place = words.tell(say["in scope"], scope=short(node.scope)) if node.scope else ""
        yield f"{say[self.kind]}, {say[self.phase]}: {self.explanation}"
        yield f"  {say['node']:{wide}} {self.definitions[0]} {equals(node.value, self.digits)}{delta}{made_by}{place}"
        for slot, (operand, named) in enumerate(zip(self.operands, self.definitions[1:], strict=True)):
            mark = f"  ← {say['here']}" if slot == self.slot else ""
            said = "" if operand.kind == CONSTANT else f"{named} = "
            yield f"  {say['operand']:{wide}} {said}{operand.value!r}{mark}"
        yield f"  {say['source']:{wide}} {short(node.source, LONGEST_PATH) if node.source else say['no source']}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))


@dataclass(frozen=True, repr=False)
class Sound:
    """Nothing went wrong; false in a condition."""

    nodes: int
    anew: str = ""  # as of an Anomaly
    cut: int = 0  # how many values are cut to 0 without a consequence
    lang: str = "en"  # of the words

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        words = LANGUAGES[self.lang]
        of = words.tell(words.anomaly["of one" if self.nodes == 1 else "of all"], n=self.nodes)
        found = words.tell(words.anomaly["nothing but" if self.cut else "nothing"], of=of, n=self.cut)
        return "\n".join(filter(None, (self.anew, found)))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))


@overload
def anomaly(
    output: Value,
    wrt: Wanted | None = None,
    *,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
) -> Anomaly | Sound: ...
@overload
def anomaly(
    output: Runs,
    *at: Any,
    wrt: Wanted | None = None,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Anomaly | Sound: ...


@renamed(J="output")
def anomaly(
    output: Subject,
    *at: Any,
    wrt: Wanted | None = None,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Anomaly | Sound:
    """The first node where nan, inf, overflow or a zero derivative arises; false if there is none.

    Forward comes first, in the order of computing; then backward, from the output.  A derivative that is 0 is an
    anomaly where it cuts the output off from all leaves, or from `wrt` if that is given.  The output may itself be a
    derivative, made with ``gradient(..., as_graph=True)``; or a compiled function or a program, followed by its
    arguments (see `draw`, also for `names`): then the finding has the line of the code that was recorded.  `lang` is
    the language of the words, "en" or "ru".  No grad is read or changed.

    >>> from autograd import log
    >>> x = Value(-1.0, name="x")
    >>> found = anomaly(2 * log(x))
    >>> found.kind, found.node.op
    ('nan', 'log')
    >>> print(found.explanation)
    log of -1 is nan: log (the natural logarithm) is finite for x > 0
    >>> bool(anomaly(x * x))
    False

    Raises:
        OperandError: if output or wrt is not a Value
        GraphError: if it was not computed from wrt
        ArgumentError: for digits that a number cannot have, and for another language
    """
    checked_digits(digits)
    words = language(lang)
    seen, wrt = looked_at(output, at, named, names, wrt)
    seen = replace(seen, digits=digits, words=words)
    targets = None if wrt is None else {seen.id_of(wrt)}
    cut = _cut(seen)
    found = _forward(seen) or _backward(seen) or _zero(seen, targets)
    found = _underflow(seen, cut, found) or found
    if found is None:
        return Sound(len(seen.trace.nodes), seen.anew, len(cut), lang)
    told = [node.id for node in (found.node, *found.operands)]
    definitions = tuple(definition(seen.trace, seen.names, i) for i in told)
    return replace(found, anew=seen.anew, definitions=definitions, digits=digits, lang=lang)


# -- forward -----------------------------------------------------------------------------------------


def _forward(seen: Seen) -> Anomaly | None:
    if not seen.trace.forward and not isfinite(seen.trace.nodes[seen.trace.root].value):
        return _given(seen, seen.trace.nodes[seen.trace.root])
    values = seen.trace.columns.value[: seen.trace.root + 1]
    for i in np.flatnonzero(~np.isfinite(values)).tolist():
        node = seen.trace.nodes[i]
        if not node.op:
            continue
        inputs = inputs_of(seen.trace, i)
        # An inf that was put in on purpose, such as a mask of -inf, is worth a word only where it spreads.
        for operand in inputs:
            if not isfinite(operand.value) and (not math.isnan(node.value) or math.isnan(operand.value)):
                return _given(seen, operand)
        kind, explanation = _of_value(seen, node, inputs)
        return Anomaly(FORWARD, kind, node, inputs, None, explanation)
    return None


def _given(seen: Seen, node: Node) -> Anomaly:
    if node.name and any(words in node.name for words in (LOST, GOES_ON)):  # as loops that did not end call it
        return Anomaly(FORWARD, "nan", node, (), None, node.name)
    if node.kind == CONSTANT:
        said = _said(seen, "given constant", x=seen.shown(node.value))
    else:
        kind = seen.words.anomaly[node.kind]
        said = _said(seen, "given node", node=seen.called(node.id), kind=kind, x=seen.shown(node.value))
    return Anomaly(FORWARD, "given", node, (), None, said)


def _of_value(seen: Seen, node: Node, operands: tuple[Node, ...]) -> tuple[str, str]:
    """What kind of wrong value it is, and why, in a sentence."""
    values = [operand.value for operand in operands]
    result = _said(seen, "result", applied=_applied(seen, node, values), x=seen.shown(node.value))
    if not all(map(isfinite, values)):
        return "nan", f"{result}: {_said(seen, 'no limit')}"
    if math.isinf(node.value) and not is_pole(node.op, values):
        return "overflow", f"{result}: {_said(seen, 'too large')}"
    return ("inf" if math.isinf(node.value) else "nan"), f"{result}: {_domain(seen, node.op)}"


def _cut(seen: Seen) -> list[int]:
    """The nodes whose value is 0 since it is smaller than any other float."""
    zeros = np.flatnonzero(seen.trace.columns.value[: seen.trace.root + 1] == 0).tolist()
    nodes = (seen.trace.nodes[i] for i in zeros)
    return [n.id for n in nodes if n.op and is_cut(lookup(n.op), [o.value for o in inputs_of(seen.trace, n.id)], 0.0)]


def _underflow(seen: Seen, cut: list[int], found: Anomaly | None) -> Anomaly | None:
    """A value cut to 0 that what was found comes from, or else one that the output's digits hang on."""
    begins = [i for i in cut if i in _zeros_behind(seen, found)] if found else [i for i in cut if _matters(seen, i)]
    if not begins:
        return None
    node, inputs = seen.trace.nodes[begins[0]], inputs_of(seen.trace, begins[0])
    applied = _applied(seen, node, [o.value for o in inputs])
    seen_in = _said(seen, "seen", x=shown(SMALLEST), root=seen.called(seen.trace.root))
    words = _said(seen, "cut", applied=applied, after=found.explanation if found else seen_in)
    return Anomaly(FORWARD, "underflow", node, inputs, None, words)


def _zeros_behind(seen: Seen, found: Anomaly) -> set[int]:
    """The node that was found and its operands, and the zeros that they were computed from through zeros alone.

    Of a derivative of 0 also what was computed from the node where it ends.
    """
    above = dependents(seen.trace, [found.node.id]) if found.kind == "zero derivative" else ()
    behind, pending = set[int](), [found.node.id, *(node.id for node in found.operands)]
    while pending:
        at = pending.pop()
        if at not in behind:
            behind.add(at)
            pending += [node.id for node in inputs_of(seen.trace, at) if node.value == 0]
    return behind.union(np.flatnonzero(above).tolist())


def _matters(seen: Seen, node: int) -> bool:
    """Whether the output has other digits if a value is the smallest float instead of 0."""
    delta, output = seen.trace.columns.delta.item(node), seen.trace.columns.value.item(seen.trace.root)
    return abs(delta) * SMALLEST > 2.0**-53 * abs(output)


# -- backward ----------------------------------------------------------------------------------------


def _backward(seen: Seen) -> Anomaly | None:
    """The first δ or slope that is not finite; until then everything was."""
    for start, sent in _contributions(seen):
        for place in np.flatnonzero(~np.isfinite(sent)).tolist():
            step = seen.trace.backward[start + place]
            return _bad_step(seen, step) if isfinite(step.delta) else _sum_overflow(seen, seen.trace.nodes[step.node])
    wrong = np.flatnonzero(seen.trace.columns.reached & ~np.isfinite(seen.trace.columns.delta))
    return _sum_overflow(seen, seen.trace.nodes[wrong.item(0)]) if wrong.size else None


def _contributions(seen: Seen) -> Iterator[tuple[int, Numbers]]:
    """What the backward steps add, in stretches: (the first step's number, their contributions)."""
    columns = seen.trace.columns
    for start in range(0, len(columns.taken), CHUNK):
        edges = columns.taken[start : start + CHUNK]
        yield start, products(columns.delta[columns.node[edges]], columns.slope[edges])


def _bad_step(seen: Seen, step: Step) -> Anomaly:
    node, operands = seen.trace.nodes[step.node], inputs_of(seen.trace, step.node)
    product = _product(seen, step)
    if isfinite(step.slope):
        kind = "delta overflow"
        ends = {"node": seen.called(step.node), "operand": seen.called(step.operand)}
        words = _said(seen, "way overflows", **ends, product=product)
    else:
        kind = "0·inf" if math.isinf(step.slope) and not step.delta else "slope"
        so = _said(seen, "so", slope=_slope_of(seen, node, operands, step), product=product)
        words = f"{so}: {_slope_domain(seen, step)}"
    return Anomaly(BACKWARD, kind, node, operands, step.slot, words)


def _product(seen: Seen, step: Step) -> str:
    """δ·slope with its numbers."""
    said = line(product, (step.delta, step.slope), step.contribution, seen.digits, product)
    factors = " · ".join(shown(x, said.digits) for x in (step.delta, step.slope))
    numbers, result = f"{said.numbers} {factors}", f"{said.result} {seen.shown(step.contribution)}"
    return _said(seen, "product", numbers=numbers, result=result)


def _sum_overflow(seen: Seen, node: Node) -> Anomaly:
    delta = math.nan if node.delta is None else node.delta
    words = _said(seen, "sum overflows", node=seen.called(node.id), x=seen.shown(delta))
    return Anomaly(BACKWARD, "delta overflow", node, inputs_of(seen.trace, node.id), None, words)


def _slope_of(seen: Seen, node: Node, operands: tuple[Node, ...], step: Step) -> str:
    values = [operand.value for operand in operands]
    key = "slope of" if len(values) == 1 else "slope along"
    return _said(seen, key, applied=_applied(seen, node, values), k=step.slot + 1, x=seen.shown(step.slope))


# -- a derivative of 0 -------------------------------------------------------------------------------


def _zero(seen: Seen, targets: set[int] | None) -> Anomaly | None:
    """The first step that ends the derivative, if none of it arrives at any of the targets."""
    columns = seen.trace.columns
    if targets is None:
        targets = set(np.flatnonzero((columns.kind == KINDS.index(LEAF)) & columns.reached).tolist())
    if not targets or seen.trace.root in targets or columns.delta[list(targets)].any():
        return None
    above = dependents(seen.trace, targets, with_derivative=True)
    what = _said(seen, "the leaves") if len(targets) > 1 else seen.called(min(targets))
    if not above[seen.trace.root]:
        return _unconnected(seen, what)
    ends = _steps(seen, above, lambda delta, sent, _: (delta != 0) & (sent == 0))
    if ends:
        return _end(seen, seen.trace.backward[ends[0]], what, len(ends) - 1)
    cancelled = _steps(seen, above, lambda _, sent, arrived: (sent != 0) & (arrived == 0))
    return _cancelled(seen, seen.trace.backward[cancelled[0]].operand, what) if cancelled else None


def _steps(seen: Seen, above: Marks, wanted: Callable[[Numbers, Numbers, Numbers], Marks]) -> list[int]:
    """The steps into these nodes for which (δ, what it adds, δ of where it goes) is wanted."""
    columns, found = seen.trace.columns, list[int]()
    for start, sent in _contributions(seen):
        edges = columns.taken[start : start + CHUNK]
        goes = columns.operands[edges]
        chosen = above[goes] & wanted(columns.delta[columns.node[edges]], sent, columns.delta[goes])
        found += (start + np.flatnonzero(chosen)).tolist()
    return found


def _end(seen: Seen, step: Step, what: str, others: int) -> Anomaly:
    node = seen.trace.nodes[step.node]
    operands = inputs_of(seen.trace, step.node)
    product = _product(seen, step)
    why = _said(seen, "so", slope=_slope_of(seen, node, operands, step), product=product)
    if step.slope:
        why = _said(seen, "way underflows", node=seen.called(node.id), product=product)
    words = _said(seen, "ends and" if others else "ends", why=why, what=what, n=others)
    return Anomaly(BACKWARD, "zero derivative", node, operands, step.slot, words)


def _cancelled(seen: Seen, at: int, what: str) -> Anomaly:
    node = seen.trace.nodes[at]
    words = _said(seen, "cancels", node=seen.called(node.id), what=what)
    return Anomaly(BACKWARD, "zero derivative", node, inputs_of(seen.trace, at), None, words)


def _unconnected(seen: Seen, what: str) -> Anomaly:
    root = seen.trace.root
    words = _said(seen, "unconnected", root=seen.called(root), what=what)
    return Anomaly(BACKWARD, "zero derivative", seen.trace.nodes[root], inputs_of(seen.trace, root), None, words)


# -- in words ----------------------------------------------------------------------------------------


def _said(seen: Seen, key: str, **facts: object) -> str:
    return seen.tell("anomaly", key, **facts)


def _domain(seen: Seen, op: str) -> str:
    facts = {"op": seen.operation(op), "doc": lookup(op).doc, "domain": domain(op)}
    return _said(seen, "finite for" if domain(op) else "finite nowhere", **facts)


def _slope_domain(seen: Seen, step: Step) -> str:
    node = seen.trace.nodes[step.node]
    at = inputs_of(seen.trace, step.node)[step.slot]
    facts = {"op": seen.operation(node.op), "doc": lookup(node.op).doc}
    if slope_domain(node.op):
        return _said(seen, "slope finite for", **facts, domain=slope_domain(node.op))
    return _said(seen, "slope nowhere", **facts, node=seen.called(at.id), x=seen.shown(at.value))


def _applied(seen: Seen, node: Node, values: list[float]) -> str:
    """The operation with its numbers: ``log of -1``, ``1 ÷ 0``, ``dot of 30 numbers``."""
    row = lookup(node.op)
    if len(values) == 1:
        return _said(seen, "applied", op=seen.operation(node.op), x=seen.shown(values[0]))
    if len(values) == 2 and row.operator:
        return f"{_operand(seen, values[0])} {node.symbol} {_operand(seen, values[1])}"
    if len(values) <= 4:
        return _said(seen, "applied to few", op=row.title, x=", ".join(map(seen.shown, values)))
    largest = max(values, key=lambda x: -1.0 if math.isnan(x) else abs(x))
    return _said(seen, "applied to many", op=seen.operation(node.op), n=len(values), x=seen.shown(largest))


def _operand(seen: Seen, x: float) -> str:
    return f"({seen.shown(x)})" if x < 0 else seen.shown(x)
