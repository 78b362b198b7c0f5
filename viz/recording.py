"""One log of both passes, step by step, and what is known after any number of steps.

A debugger, a page or a test asks a Recording for ``state(k)``, which is pure and copies nothing: going
back is asking for a smaller k, and what it answers is equal to the bit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import count
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd import Value
from autograd.errors import ArgumentError
from autograd.iterations import Iteration, iterations_in
from autograd.renamed import renamed
from autograd.text import quoted
from viz.columns import Indices, Numbers, Step
from viz.names import Names
from viz.numbers import counted, equals
from viz.trace import Trace, trace
from viz.variables import Variables

FORWARD, SEED, BACKWARD = PHASES = ("forward", "seed", "backward")
NEURON, LAYER, ITERATION = UNITS = ("neuron", "layer", "iteration")

_LAYER = re.compile(r"(?:.*?\.)?layer[^.]*")
_ROUNDS = 32  # sums of so many terms are added all nodes together, longer ones node by node

Places: TypeAlias = NDArray[np.int64]


class Compute(NamedTuple):
    """A forward step: the node gets its value from its operands."""

    node: int
    value: float


class Seed(NamedTuple):
    """The step between the passes: δ(J) = ∂J/∂J = 1."""

    node: int
    delta: float = 1.0


Taken: TypeAlias = Compute | Seed | Step  # a Step is backward: δ(operand) += δ(node) · slope


class Gathered(NamedTuple):
    """What δ of a node has come to: the sum of the contributions that have arrived so far."""

    delta: float | None  # None: nothing has arrived, which is not 0
    arrived: int
    expected: int  # 0: no derivative comes back to this node at all

    @property
    def complete(self) -> bool:
        """Whether everything that will arrive has."""
        return 0 < self.arrived == self.expected

    @property
    def no_path(self) -> bool:
        """Whether no derivative will ever come back here."""
        return self.expected == 0


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """The steps of the forward and the backward pass of a graph, in order, and what they add up to.

    Steps are numbered from 0: first one a computed node, then the seed, then one a contribution to a δ.
    """

    trace: Trace
    # Contributions grouped by the node they go to, in order of time: those of node i are
    # arriving[begins[i]:begins[i + 1]], numbers of backward steps.
    arriving: Indices
    begins: Places
    sums: Numbers  # of each backward step, δ(operand) after it

    def __len__(self) -> int:
        return self.seed + 1 + len(self.sums)

    def __repr__(self) -> str:
        root, sums = self.trace.root, len(self.sums)
        computed = counted(self.seed, "node")
        said = f"{Names(self.trace.columns).called(root)} {equals(self.trace.columns.value.item(root))}"
        return (
            f"<recording of {said}: {computed} computed, then {counted(sums, 'contribution')} to δ, "
            f"{counted(len(self), 'step')}; viz.debug and viz.explore walk through them>"
        )

    @property
    def seed(self) -> int:
        """The number of the step that says δ(J) = 1."""
        return len(self.trace.forward)

    def phase(self, step: int) -> str:
        """Which pass a step belongs to: forward, seed or backward."""
        return FORWARD if step < self.seed else SEED if step == self.seed else BACKWARD

    def step(self, number: int) -> Taken:
        """The step with that number.

        Raises:
            ArgumentError: if there is none
        """
        if not 0 <= number < len(self):
            raise ArgumentError(f"the steps are numbered from 0 to {len(self) - 1:,}, got {number:,}")
        if number < self.seed:
            node = self.trace.forward[number]
            return Compute(node, self.trace.columns.value.item(node))
        return Seed(self.trace.root) if number == self.seed else self.trace.backward[number - self.seed - 1]

    def state(self, taken: int) -> State:
        """What is known after so many steps: 0 before the first, ``len(recording)`` at the end.

        Raises:
            ArgumentError: if there are not so many steps
        """
        if not 0 <= taken <= len(self):
            raise ArgumentError(f"a state is after 0 to {len(self):,} steps, got {taken:,}")
        return State(self, taken)

    # -- all steps at once ----------------------------------------------------------------------

    @cached_property
    def sources(self) -> Indices:
        """Of each step the node whose operation it is about: the computed one, or the one that sends its δ."""
        columns = self.trace.columns
        return self._joined(columns.node[columns.taken])

    @cached_property
    def targets(self) -> Indices:
        """Of each step the node that it changes: the computed one, or the one whose δ grows."""
        columns = self.trace.columns
        return self._joined(columns.operands[columns.taken])

    def _joined(self, backward: Indices) -> Indices:
        forward = np.array(self.trace.forward, np.int32)
        return np.concatenate([forward, np.array([self.trace.root], np.int32), backward])

    # -- several steps as one -------------------------------------------------------------------

    def after(self, taken: int, unit: str) -> int:
        """How many steps are taken when the unit ("neuron", "layer" or "iteration") that comes next is done.

        A neuron is a run of steps in one scope, a layer one in scopes of the same layer; where nodes have
        no scope, the steps of one node.  An iteration is a run in one step of a loop, the innermost, or between
        loops.  At the end it stays there.
        """
        ends = self._ends(unit)
        return ends.item(min(int(np.searchsorted(ends, taken, side="right")), len(ends) - 1))

    def before(self, taken: int, unit: str) -> int:
        """The same backwards: how many steps are taken before the unit that was last entered."""
        ends = self._ends(unit)
        earlier = int(np.searchsorted(ends, taken, side="left"))
        return ends.item(earlier - 1) if earlier else 0

    def _ends(self, unit: str) -> Places:
        if unit not in UNITS:
            raise ArgumentError(f"a unit is one of {', '.join(UNITS)}, got {quoted(unit)}")
        return {NEURON: self._neurons, LAYER: self._layers}.get(unit, self.iterations.ends)

    @cached_property
    def iterations(self) -> Iterations:
        """Which step of which loop each step belongs to."""
        labels = [next(iter(iterations_in(label.scope)[::-1]), None) for label in self.trace.columns.labels]
        return Iterations(labels, self.trace.columns.label[self.sources], self.seed)

    @cached_property
    def _neurons(self) -> Places:
        return self._unit_ends(lambda scope: scope)

    @cached_property
    def _layers(self) -> Places:
        return self._unit_ends(layer_of)

    def _unit_ends(self, of: Any) -> Places:
        """After how many steps a unit is done, for every unit; `of` gives what a scope is part of."""
        columns = self.trace.columns
        codes: dict[str, int] = {"": 0}
        scopes = np.array([codes.setdefault(of(label.scope), len(codes)) for label in columns.labels])
        key = scopes[columns.label[self.sources]]
        key = np.where(key > 0, key, -1 - self.sources)
        key[self.seed] = -1 - len(columns.value)  # a unit of its own
        return np.append(np.flatnonzero(key[1:] != key[:-1]), len(key) - 1) + 1


class Iterations:
    """Of all steps of a recording which iteration of a loop they belong to, the innermost.

    A step that is none, but stands between two of one loop, as computing a row that the loop eats, goes with the next.
    """

    def __init__(self, of_label: list[Iteration | None], label: Indices, seed: int) -> None:
        self.table: list[Iteration | None] = [None, *dict.fromkeys(each for each in of_label if each)]
        self._codes = {each: code for code, each in enumerate(self.table)}
        loops = {each.loop: i for i, each in enumerate(self.table) if each}  # a number for each loop
        code = np.array([self._codes[each] for each in of_label])[label]
        loop = np.array([loops[each.loop] if each else 0 for each in self.table])[code]
        code[seed], loop[seed] = -1, -1
        places = np.arange(len(code))
        before = np.maximum.accumulate(np.where(code != 0, places, -1))
        after = np.minimum.accumulate(np.where(code != 0, places, len(code))[::-1])[::-1]
        between = (code == 0) & (before >= 0) & (after < len(code))
        same = between & (loop[before] == loop[np.minimum(after, len(code) - 1)])
        code[same] = code[after[same]]
        self.code = code  # of each step where its iteration stands in the table; 0 for none, -1 for the seed
        self.ends: Places = np.append(np.flatnonzero(code[1:] != code[:-1]), len(code) - 1) + 1

    def at(self, number: int) -> Iteration | None:
        """The iteration of a step."""
        code: int = self.code.item(number)
        return self.table[max(code, 0)]

    def first(self, wanted: Iteration, start: int, stop: int) -> int | None:
        """The first step of an iteration among those from `start` up to `stop`."""
        found = np.flatnonzero(self.code[start:stop] == self._codes.get(wanted, -2))
        return start + found.item(0) if len(found) else None


@dataclass(frozen=True, slots=True)
class State:
    """What is known after the first `taken` steps of a recording."""

    recording: Recording
    taken: int

    @property
    def current(self) -> Taken | None:
        """The step that was taken last; None before the first."""
        return self.recording.step(self.taken - 1) if self.taken else None

    @property
    def phase(self) -> str:
        """Which pass the last step belongs to; forward before the first."""
        return self.recording.phase(max(self.taken - 1, 0))

    def value(self, node: int) -> float | None:
        """The node's number; None if it is not computed yet."""
        seen = self.recording.trace
        waits = seen.forward[self.taken :] if self.taken < len(seen.forward) else range(0)
        return None if node in waits else seen.columns.value.item(node)

    def delta(self, node: int) -> Gathered:
        """δ of the node as far as it has been added up."""
        log = self.recording
        steps = self.taken - log.seed - 1  # backward ones; -1: not even the seed
        if node == log.trace.root:
            return Gathered(1.0, 1, 1) if steps >= 0 else Gathered(None, 0, 1)
        begin, end = log.begins.item(node), log.begins.item(node + 1)
        arrived = int(np.searchsorted(log.arriving[begin:end], max(steps, 0)))
        delta = log.sums.item(log.arriving.item(begin + arrived - 1)) if arrived else None
        return Gathered(delta, arrived, end - begin)


@renamed(root="output")
def record(output: Value, names: Variables = None) -> Recording:
    """The log of computing `output` and of its derivatives coming back; no grad is read or changed.

    `names` is for what nodes are called, as in `trace`.

    >>> x = Value(3.0, name="x")
    >>> log = record(x * x)
    >>> [log.step(number) for number in range(2)]
    [Compute(node=1, value=9.0), Seed(node=1, delta=1.0)]
    >>> [log.state(taken).delta(0).delta for taken in range(len(log) + 1)]
    [None, None, None, 3.0, 6.0]

    Raises:
        OperandError: if `output` is not a Value
    """
    return recorded(trace(output, names))


def recorded(seen: Trace) -> Recording:
    """The log of a trace."""
    columns = seen.columns
    operands = columns.operands[columns.taken]
    arriving = np.argsort(operands, kind="stable").astype(np.int32)
    begins = np.concatenate([[0], np.cumsum(np.bincount(operands, minlength=len(columns.value)))])
    sums = _running_sums(columns.contributions(), arriving, begins)
    for column in (arriving, begins, sums):
        column.flags.writeable = False
    return Recording(seen, arriving, begins, sums)


@lru_cache(maxsize=65_536)
def layer_of(scope: str) -> str:
    """The layer that a scope lies in: up to the part called layer…, else its first part.

    >>> layer_of("net.layer2.neuron1"), layer_of("loss.mean")
    ('net.layer2', 'loss')
    """
    found = _LAYER.match(scope)
    return found[0] if found else scope.split(".")[0]


def _running_sums(contributions: Numbers, arriving: Indices, begins: Places) -> Numbers:
    """δ(operand) after each step: term by term from 0, in the order in which they arrive."""
    sums = contributions[arriving]
    lengths = np.diff(begins)
    starts, lengths = begins[:-1][lengths > 0], lengths[lengths > 0]
    with np.errstate(over="ignore", invalid="ignore"):
        sums[starts] += 0.0  # as 0.0 + x has it: the sum of -0.0 alone is 0.0
        for term in count(1):
            starts, lengths = starts[lengths > term], lengths[lengths > term]
            if not len(starts) or term == _ROUNDS:
                break
            sums[starts + term] += sums[starts + term - 1]
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            rest = slice(start + _ROUNDS - 1, start + length)
            sums[rest] = np.cumsum(sums[rest])
    by_time = np.empty_like(sums)
    by_time[arriving] = sums
    return by_time
