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

    @property
    def source(self) -> str | None:
        """file:line of the code that made the node, None if it was not recorded."""
        return self.node.source

    def __str__(self) -> str:
        node = self.node
        place = f" in {short(node.scope)}" if node.scope else ""
        made_by = f", computed by {title_of(node.op)}" if node.op else ""
        delta = "" if node.delta is None else f", δ {equals(node.delta, self.digits)}"
        lines = [
            f"{self.kind}, {self.phase}: {self.explanation}",
            f"  node      {self.definitions[0]} {equals(node.value, self.digits)}{delta}{made_by}{place}",
        ]
        for slot, (operand, named) in enumerate(zip(self.operands, self.definitions[1:], strict=True)):
            mark = "  ← here" if slot == self.slot else ""
            said = "" if operand.kind == CONSTANT else f"{named} = "
            lines.append(f"  operand   {said}{operand.value!r}{mark}")
        unknown = "not recorded; compute inside `with record_sources():` to know"
        lines.append(f"  source    {short(node.source, LONGEST_PATH) if node.source else unknown}")
        return "\n".join(filter(None, (self.anew, *lines)))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))


@dataclass(frozen=True, repr=False)
class Sound:
    """Nothing went wrong; false in a condition."""

    nodes: int
    anew: str = ""  # as of an Anomaly
    cut: int = 0  # how many values are cut to 0 without a consequence

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        all_nodes = f"all {self.nodes:,} nodes" if self.nodes != 1 else "the one node"
        found = f"nothing found: values, slopes and derivatives of {all_nodes} are finite, none is cut to 0"
        if self.cut:
            found = found.removesuffix("none is cut to 0") + f"and {self.cut} cut to 0 change nothing here"
        return "\n".join(filter(None, (self.anew, found)))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))


@overload
def anomaly(
    output: Value, wrt: Wanted | None = None, *, digits: int = DIGITS, names: Variables = None
) -> Anomaly | Sound: ...
@overload
def anomaly(
    output: Runs, *at: Any, wrt: Wanted | None = None, digits: int = DIGITS, names: Variables = None, **named: Any
) -> Anomaly | Sound: ...


@renamed(J="output")
def anomaly(
    output: Subject,
    *at: Any,
    wrt: Wanted | None = None,
    digits: int = DIGITS,
    names: Variables = None,
    **named: Any,
) -> Anomaly | Sound:
    """The first node where nan, inf, overflow or a zero derivative arises; false if there is none.

    Forward comes first, in the order of computing; then backward, from the output.  A derivative that is 0 is an
    anomaly where it cuts the output off from all leaves, or from `wrt` if that is given.  The output may itself be a
    derivative, made with ``gradient(..., as_graph=True)``; or a compiled function or a program, followed by its
    arguments (see `draw`, also for `names`): then the finding has the line of the code that was recorded.  No grad is
    read or changed.

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
        ArgumentError: for digits that a number cannot have
    """
    checked_digits(digits)
    seen, wrt = looked_at(output, at, named, names, wrt)
    seen = replace(seen, digits=digits)
    targets = None if wrt is None else {seen.id_of(wrt)}
    cut = _cut(seen)
    found = _forward(seen) or _backward(seen) or _zero(seen, targets)
    found = _underflow(seen, cut, found) or found
    if found is None:
        return Sound(len(seen.trace.nodes), seen.trace.anew, len(cut))
    told = [node.id for node in (found.node, *found.operands)]
    definitions = tuple(definition(seen.trace, seen.names, i) for i in told)
    return replace(found, anew=seen.trace.anew, definitions=definitions, digits=digits)


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
    what = "a constant" if node.kind == CONSTANT else f"{seen.called(node.id)} is a {node.kind}"
    what = f"{what}: it was put in as {seen.shown(node.value)}, nothing here computed it"
    return Anomaly(FORWARD, "given", node, (), None, what)


def _of_value(seen: Seen, node: Node, operands: tuple[Node, ...]) -> tuple[str, str]:
    """What kind of wrong value it is, and why, in a sentence."""
    values = [operand.value for operand in operands]
    said = f"{_applied(seen, node, values)} is {seen.shown(node.value)}"
    if not all(map(isfinite, values)):
        return "nan", f"{said}: infinities meet that have no common limit, as in inf - inf or 0·inf"
    if math.isinf(node.value) and not is_pole(node.op, values):
        return "overflow", f"{said}: the result is larger than any float, which ends at 1.8e308"
    return ("inf" if math.isinf(node.value) else "nan"), f"{said}: {_domain(node.op, values)}"


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
    words = (
        f"{_applied(seen, node, [o.value for o in inputs])} is not 0 but smaller than any other float, and is cut to 0"
    )
    smallest = shown(SMALLEST)
    after = found.explanation if found else f"a change of {smallest} there is seen in {seen.called(seen.trace.root)}"
    return Anomaly(FORWARD, "underflow", node, inputs, None, f"{words}; then {after}")


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
        ends = f"from {seen.called(step.node)} to {seen.called(step.operand)}"
        words = f"the derivative that goes back {ends} overflows: {product}"
    else:
        kind = "0·inf" if math.isinf(step.slope) else "slope"
        kind = "slope" if step.delta else kind
        words = f"{_slope_of(seen, node, operands, step)}, so {product}: {_slope_domain(seen, step)}"
    return Anomaly(BACKWARD, kind, node, operands, step.slot, words)


def _product(seen: Seen, step: Step) -> str:
    """δ·slope with its numbers."""
    said = line(product, (step.delta, step.slope), step.contribution, seen.digits, product)
    factors = " · ".join(shown(x, said.digits) for x in (step.delta, step.slope))
    return f"δ·slope {said.numbers} {factors} {said.result} {seen.shown(step.contribution)}"


def _sum_overflow(seen: Seen, node: Node) -> Anomaly:
    delta = math.nan if node.delta is None else node.delta
    said = f"the contributions to δ of {seen.called(node.id)} are finite"
    words = f"{said}, but their sum overflows to {seen.shown(delta)}"
    return Anomaly(BACKWARD, "delta overflow", node, inputs_of(seen.trace, node.id), None, words)


def _slope_of(seen: Seen, node: Node, operands: tuple[Node, ...], step: Step) -> str:
    values = [operand.value for operand in operands]
    along = "" if len(values) == 1 else f" along operand {step.slot + 1}"
    return f"the slope of {_applied(seen, node, values)}{along} is {seen.shown(step.slope)}"


# -- a derivative of 0 -------------------------------------------------------------------------------


def _zero(seen: Seen, targets: set[int] | None) -> Anomaly | None:
    """The first step that ends the derivative, if none of it arrives at any of the targets."""
    columns = seen.trace.columns
    if targets is None:
        targets = set(np.flatnonzero((columns.kind == KINDS.index(LEAF)) & columns.reached).tolist())
    if not targets or seen.trace.root in targets or columns.delta[list(targets)].any():
        return None
    above = dependents(seen.trace, targets, with_derivative=True)
    what = "the leaves" if len(targets) > 1 else seen.called(min(targets))
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
    why = f"{_slope_of(seen, node, operands, step)}, so {product}"
    if step.slope:
        why = f"the derivative that goes back from {seen.called(node.id)} underflows: {product}"
    rest = f" (and at {others} more places)" if others else ""
    words = f"{why}; nothing arrives at {what}, the derivative ends here{rest}"
    return Anomaly(BACKWARD, "zero derivative", node, operands, step.slot, words)


def _cancelled(seen: Seen, at: int, what: str) -> Anomaly:
    node = seen.trace.nodes[at]
    words = f"the contributions to δ of {seen.called(node.id)} cancel exactly to 0; nothing arrives at {what}"
    return Anomaly(BACKWARD, "zero derivative", node, inputs_of(seen.trace, at), None, words)


def _unconnected(seen: Seen, what: str) -> Anomaly:
    root = seen.trace.root
    ends = f"from {seen.called(root)} to {what}"
    words = f"no derivative goes back {ends} at all: every way is an operand without a slope"
    return Anomaly(BACKWARD, "zero derivative", seen.trace.nodes[root], inputs_of(seen.trace, root), None, words)


# -- in words ----------------------------------------------------------------------------------------


def _doc(op: str) -> str:
    return lookup(op).doc


def _domain(op: str, values: list[float]) -> str:
    if domain(op):
        return f"{title_of(op)} ({_doc(op)}) is finite for {domain(op)}"
    return f"it has no finite value there ({title_of(op)}: {_doc(op)})"


def _slope_domain(seen: Seen, step: Step) -> str:
    node, operands = seen.trace.nodes[step.node], inputs_of(seen.trace, step.node)
    row = lookup(node.op)
    said = f"{row.title} ({_doc(node.op)})"
    if slope_domain(node.op):
        return f"the slope of {said} is finite for {slope_domain(node.op)}"
    at = operands[step.slot]
    return f"{said} has no finite slope in {seen.called(at.id)} at {seen.shown(at.value)}"


def _applied(seen: Seen, node: Node, values: list[float]) -> str:
    """The operation with its numbers: ``log of -1``, ``1 ÷ 0``, ``dot of 30 numbers``."""
    row = lookup(node.op)
    if len(values) == 1:
        return f"{row.title} of {seen.shown(values[0])}"
    if len(values) == 2 and row.operator:
        return f"{_operand(seen, values[0])} {node.symbol} {_operand(seen, values[1])}"
    if len(values) <= 4:
        return f"{row.title}({', '.join(map(seen.shown, values))})"
    largest = max(values, key=lambda x: -1.0 if math.isnan(x) else abs(x))
    return f"{row.title} of {len(values)} numbers, the largest {seen.shown(largest)},"


def _operand(seen: Seen, x: float) -> str:
    return f"({seen.shown(x)})" if x < 0 else seen.shown(x)
