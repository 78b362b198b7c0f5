"""Which steps lost the digits: where an error that reaches the output became large beside the number it is in.

Each node's error is the sum of what its operands' errors send and its own rounding.  Going back from the output, these
parts say what share of its error has passed each node; a node with a share that has fewer digits than what it was
computed from lost them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Any, NamedTuple

from autograd import Value
from autograd.order import interior
from autograd.text import short
from viz.digits.bounds import FULL, JUMPING, ErrorBound, bounds, digits
from viz.digits.rewriting import Rewriting, rewritings
from viz.digits.underflow import is_cut
from viz.domains import is_pole
from viz.numbers import shown
from viz.subject import Seen
from viz.wording import definition

SHARE = 0.1  # of an error, from which on a step is worth a word
LEAST = 0.7  # digits lost, and gained by writing it otherwise
INEXACT = 2.0  # digits that a row itself may lack
MOST = 8  # numbers whose losses are looked for, those with the fewest digits
HIGH = 8  # operations above a step in which a formula that it is part of is looked for
LISTED = 4  # terms that are written out
SUMS = frozenset("add subtract sum dot".split())


class Advice(NamedTuple):
    """What to write, for what, and how many digits are left then."""

    new: str
    old: str
    digits: float

    def __str__(self) -> str:
        return f"{self.new} for {self.old}: {self.digits:.1f} digits"


@dataclass(frozen=True)
class Loss:
    """A step that loses digits: how many, of which numbers, why, and what to write instead.

    `kind` is "cancellation", "underflow", "overflow", "nan", "decision" (a jump, or a branch, that the error may
    change) or "condition" (the operation is steep there); `node` is its place in the trace, of a step of the backward
    pass that of the node whose slope or δ it computes, and `source` the file:line that made that, if it was recorded.
    """

    kind: str
    node: int
    digits: float
    of: tuple[str, ...]
    sentence: str
    advice: Advice | None
    mentioned: tuple[int, ...]
    source: str | None
    is_backward: bool = False

    def __str__(self) -> str:
        where = f" ({short(self.source)})" if self.source else ""
        return f"{self.sentence}{where}"


class BackStep(NamedTuple):
    """What a step of the backward pass belongs to: a slope of a node, or a node's δ, the sum of what comes back."""

    node: Value
    is_slope: bool


class _Step(NamedTuple):
    """A step that loses digits, before it is put into words; `worst` is the operand whose error is most of it."""

    node: Value
    lost: float
    worst: Value | None


def losses_in(
    seen: Seen,
    place: Mapping[Value, int],
    back: Mapping[Value, BackStep],
    found: Mapping[Value, ErrorBound],
    wanted: Mapping[Value, str],
) -> list[Loss]:
    """The steps that lose digits of the `wanted` numbers, which are called so; the largest losses first.

    Those of the graph itself come before those of its backward pass, of which `back` says where they belong.
    """
    poor = sorted((digits(found[w].error, w.data), i, w) for i, w in enumerate(wanted) if w in found)
    steps: dict[Value, _Step] = {}
    reach: dict[Value, list[str]] = defaultdict(list)
    on_the_way: dict[Value, None] = {}
    for left, _, target in poor[:MOST]:
        if left <= FULL - LEAST:
            for node in _passed(target, found):
                on_the_way[node] = None
                step = _step(node, found)
                if step.lost >= (LEAST if step.worst is not None else INEXACT):
                    steps[node] = step
                    reach[node].append(wanted[target])
    advice = _advice(steps, on_the_way, found)
    telling = _Telling(seen, place, back, found)
    listed = sorted(steps.values(), key=lambda s: (s.node not in place, -round(s.lost, 1), s.node not in advice))
    return [telling.loss(step, tuple(reach[step.node]), advice.get(step.node)) for step in listed]


def _passed(target: Value, found: Mapping[Value, ErrorBound]) -> Iterator[Value]:
    """The nodes that a large share of the target's error has passed, the target first."""
    shares = defaultdict[Value, float](float, {target: 1.0})
    for node in reversed(interior(target)):
        share = shares[node]
        if share >= SHARE and node in found:
            yield node
            for operand, part in zip(node.operands, _fractions(found[node]), strict=True):
                if isinstance(operand, Value):
                    shares[operand] += share * part


def _fractions(bound: ErrorBound) -> list[float]:
    """Of an error, what part comes from each operand; infinite parts share it."""
    infinite = [not isfinite(part) for part in bound.parts]
    if any(infinite):
        return [each / sum(infinite) for each in infinite]
    total = sum(bound.parts) + bound.own
    return [part / total if total and isfinite(total) else 0.0 for part in bound.parts]


def _step(node: Value, found: Mapping[Value, ErrorBound]) -> _Step:
    """How many digits fewer a node has than the operand whose error is most of its own, or than any, if it has none."""
    bound = found[node]
    at = max(range(len(bound.parts)), key=bound.parts.__getitem__, default=None)
    left = digits(bound.error, node.data)
    worst = node.operands[at] if at is not None and bound.parts[at] >= bound.own and bound.parts[at] else None
    if not isinstance(worst, Value):
        worst = next((o for o in node.operands if isinstance(o, Value) and found[o].error and not bound.own), None)
    before = digits(found[worst].error, worst.data) if worst is not None else FULL
    return _Step(node, before - left, worst)


# -- what to write instead ---------------------------------------------------------------------------


class _Better(NamedTuple):
    digits: float
    node: Value
    rewriting: Rewriting


def _advice(
    steps: Mapping[Value, _Step], nodes: dict[Value, None], found: Mapping[Value, ErrorBound]
) -> dict[Value, _Better]:
    """For each step the rewriting of it, or of what stands around it, that leaves the most digits."""
    best: dict[Value, _Better] = {}
    for node in _around(steps, nodes):
        left = digits(found[node].error, node.data)
        for rewriting in rewritings(node):
            inside = [n for n in interior(node, above=rewriting.letters) if n in steps]
            made, letters = rewriting.made, rewriting.letters
            known = {letter: found[letter] for letter in letters}
            count = digits(bounds(interior(made, above=letters), known)[made].error, made.data) if inside else 0.0
            if count >= left + LEAST and _agrees(node, made, found):
                culprit = max(inside, key=lambda n: steps[n].lost)
                if culprit not in best or count > best[culprit].digits + 1:
                    best[culprit] = _Better(count, node, rewriting)
    return best


def _around(steps: Mapping[Value, _Step], nodes: dict[Value, None]) -> list[Value]:
    """The steps, and of the nodes, listed from the output down, those a little above one; the highest first."""
    above: dict[Value, int] = {}
    for node in reversed(nodes):
        below = min((above.get(o, HIGH) for o in node.operands if isinstance(o, Value)), default=HIGH)
        height = 0 if node in steps else below + 1
        if height < HIGH:
            above[node] = height
    return list(reversed(above))


def _agrees(node: Value, made: Value, found: Mapping[Value, ErrorBound]) -> bool:
    """Whether the other formula's number lies where the bound says that the true one does."""
    return not isfinite(node.data) or not abs(made.data - node.data) > 2 * found[node].error


# -- in words ----------------------------------------------------------------------------------------


class _Telling:
    """Puts steps into words."""

    def __init__(
        self, seen: Seen, place: Mapping[Value, int], back: Mapping[Value, BackStep], found: Mapping[Value, ErrorBound]
    ) -> None:
        self._seen, self._place, self._back, self._found = seen, place, back, found

    def loss(self, step: _Step, of: tuple[str, ...], better: _Better | None) -> Loss:
        """A step as it is told."""
        home = self._back[step.node].node if step.node in self._back else step.node
        kind, why = self._why(step)
        listed = ", ".join(of[:LISTED]) + (", …" if len(of) > LISTED else "")
        sentence = f"{self._said(step.node)} loses {step.lost:.1f} digits of {listed}: {why}"
        advice = None if better is None else self._advised(better)
        mentioned = [home, *step.node.operands, *(better.rewriting.letters if better else ())]
        places = tuple(self._place[n] for n in mentioned if isinstance(n, Value) and n in self._place)
        is_backward = step.node not in self._place
        return Loss(kind, self._place[home], step.lost, of, sentence, advice, places, home.source, is_backward)

    def _why(self, step: _Step) -> tuple[str, str]:
        node, y = step.node, step.node.data
        numbers = [o.data if isinstance(o, Value) else o for o in node.operands]
        row: Any = node.op
        if isnan(y):
            return "nan", "it is nan"
        if not isfinite(y) and all(map(isfinite, numbers)):
            pole = is_pole(row.name, numbers)
            return "overflow", "it is infinite there" if pole else "it is larger than any float, which ends at 1.8e308"
        if is_cut(row, numbers, y):
            return "underflow", f"it is smaller than any float but 0, which begins at 5e{shown(-324)}, and is cut to 0"
        if row.name in JUMPING:
            return "decision", f"it jumps, and the error of {self._name(step.worst)} decides where to"
        if row.name in SUMS and abs(y) < 0.5 * max(map(abs, _terms(node, numbers)), default=0.0):
            return "cancellation", f"{_sum(node, numbers)} cancels to {shown(y)}, and {self._error(step.worst)} stays"
        return "condition", f"it is steep there, and {self._error(step.worst)} grows with it"

    def _error(self, worst: Value | None) -> str:
        if worst is None:
            return "its own rounding"
        began = self._absorbed(worst)
        return f"the error of {self._name(worst)}, {shown(self._found[worst].error, 2)},{began}"

    def _absorbed(self, worst: Value) -> str:
        """Where the error began, if a sum dropped a small term there."""
        while (step := _step(worst, self._found)).worst is not None:
            worst = step.worst
        if worst.op is None or worst.op.name not in ("add", "subtract", "sum"):
            return ""
        lost = abs(self._found[worst].total.known)
        small = min((o for o in worst.operands if abs(_number(o)) * 1e-2 < abs(worst.data)), key=_size, default=None)
        if small is None or not _size(small) or lost < 1e-14 * _size(small):
            return ""
        kept = digits(lost, _number(small))
        return f" which began at {self._said(worst)}, where {kept:.1f} digits of {self._name(small)} have room,"

    def _advised(self, better: _Better) -> Advice:
        old, new = better.rewriting.written({letter: self._name(x) for letter, x in better.rewriting.bound.items()})
        return Advice(new, old, better.digits)

    def _said(self, node: Value) -> str:
        if node in self._place:
            return definition(self._seen.trace, self._seen.names, self._place[node])
        home = self._back[node]
        where = f"through {self._said(home.node)}" if home.is_slope else f"to {self._name(home.node)}"
        return f"on the way back {where}, {_applied(node)}"

    def _name(self, thing: Any) -> str:
        if isinstance(thing, list):
            names = list(map(self._name, thing))
            return f"[{', '.join(names if len(names) <= LISTED else [*names[:2], '…', names[-1]])}]"
        if isinstance(thing, Value):
            at = self._place.get(thing)
            return _applied(thing) if at is None else self._seen.called(at)
        return repr(int(thing)) if thing == round(thing) and abs(thing) < 1e6 else repr(thing)


def _number(thing: Any) -> float:
    return thing.data if isinstance(thing, Value) else thing


def _size(thing: Any) -> float:
    return abs(_number(thing))


def _applied(node: Value) -> str:
    """A step that has no name: its operation and numbers."""
    numbers = [shown(_number(o)) for o in node.operands]
    listed = numbers if len(numbers) <= LISTED else [*numbers[:2], "…", numbers[-1]]
    return f"{node.op.title if node.op else ''}({', '.join(listed)})"


def _terms(node: Value, numbers: list[float]) -> list[float]:
    """The numbers that a sum adds up."""
    name = node.op.name if node.op else ""
    if name == "subtract":
        return [numbers[0], -numbers[1]]
    if name != "dot":
        return numbers
    half = len(numbers) // 2
    return [w * x for w, x in zip(numbers[:half], numbers[half : 2 * half], strict=True)] + numbers[2 * half :]


def _sum(node: Value, numbers: list[float]) -> str:
    """The sum with its numbers: 1 - 0.99; of many the largest."""
    terms = _terms(node, numbers)
    if len(terms) > LISTED:
        return f"a sum of {len(terms)} terms, the largest {shown(max(terms, key=abs))},"
    first, *rest = terms
    return shown(first) + "".join(f" {'-' if term < 0 else '+'} {shown(abs(term))}" for term in rest)
