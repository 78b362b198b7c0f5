"""A function at several points, and the derivatives that somebody gave for it there, as arrays.

Everything that is looked for is looked for in a *case*: one output at one point.  Of a Jacobian or a Hessian the
outputs are mixed at random, twice a point, so that it is a few cases too, and whatever explains the mixtures explains
every row.  Two passes give what any change of one slope does:

    Δ(derivative) = δ(head) · (s′ − s) · ∂tail/∂input

`delta` is the first factor, `tangents` the last, along random directions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd import Value, dot, gradient, record_sources
from autograd.check.arguments import At, shape_of
from autograd.check.ask import rows_at
from autograd.check.report import Inquiry
from autograd.errors import AutogradError
from autograd.order import reachable
from viz.names import Names
from viz.trace import Trace, trace

Floats: TypeAlias = "NDArray[np.float64]"
NEARBY = 2  # points beside the one that was given
SPREAD = (0.15, 0.02)  # how far from it, in its own size; the second where the function has no numbers at the first
DIRECTIONS = (3, 16)  # random directions through the inputs, from and to so many
MIXTURES = 2  # of the outputs, if there are several
ROUNDING = 1e-9  # how far, relatively, numbers may be off that somebody computed in another order
SMALL = 1e-3
USUAL = 1e-100, 1e100  # of the largest derivative: others are scaled, as they may be, being linear


class Change(NamedTuple):
    """What an edge sends instead of δ·slope, for some of many hypotheses: δ·slope + extra."""

    columns: slice
    slope: Any  # of cases by hypotheses
    extra: Any = 0.0


class InputArray(NamedTuple):
    """An argument, or an array in it: its name, where its numbers stand, and their shape."""

    name: str
    start: int
    stop: int
    shape: tuple[int, ...]


Changes: TypeAlias = Mapping[int, Sequence[Change]]


class TracedPoint(NamedTuple):
    """The graph at one point, its inputs and outputs by id (-1: not in it, or a plain number), and what was given."""

    seen: Trace
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    numbers: Floats
    given: Floats  # outputs by inputs


@dataclass(frozen=True, eq=False)
class CaseSheet:
    """The graph's numbers in every case; nodes and edges as in the trace of the first point."""

    points: tuple[TracedPoint, ...]
    places: tuple[str, ...]  # what the inputs are called
    blocks: tuple[InputArray, ...]
    value: Floats  # nodes by cases
    slope: Floats  # edges by cases
    mixed: Floats  # cases by outputs: how the outputs go into a case
    digits: float = ROUNDING  # relative, of the numbers given
    floor: float = SMALL  # entries smaller than this part of the largest are blurred as if they were so large
    cut: frozenset[int] = frozenset()  # nodes whose δ is given, so that none comes back to them
    stated: Any = None  # the derivatives given, if the outputs are mixed as somebody's δ mixes them

    # -- what it is made of -----------------------------------------------------------------------

    @property
    def seen(self) -> Trace:
        """The first point's trace."""
        return self.points[0].seen

    @cached_property
    def names(self) -> Names:
        """What the nodes are called."""
        return Names(self.seen.columns)

    @property
    def head(self) -> Any:
        """Of every edge the node that it goes into."""
        return self.seen.columns.node

    @property
    def tail(self) -> Any:
        """Of every edge the operand that it comes from."""
        return self.seen.columns.operands

    @property
    def inputs(self) -> tuple[int, ...]:
        """The nodes that the derivatives are along."""
        return self.points[0].inputs

    @property
    def cases(self) -> int:
        """How many there are."""
        return len(self.mixed)

    @cached_property
    def point_of(self) -> Any:
        """Of every case the point."""
        return np.repeat(np.arange(len(self.points)), self.cases // len(self.points))

    @cached_property
    def moves(self) -> Any:
        """Which nodes depend on an input."""
        found = np.zeros(len(self.value), bool)
        found[[i for i in self.inputs if i >= 0]] = True
        for node, operands in self.edges_of.items():
            found[node] |= bool(found[[tail for _, tail in operands]].any())
        return found

    @cached_property
    def edges_of(self) -> dict[int, list[tuple[int, int]]]:
        """Of every node that was computed its edges and their tails, operands first; not of what mixes outputs."""
        first, tail = self.seen.columns.starts, self.tail
        return {
            node: [(e, int(tail[e])) for e in range(first[node], first[node + 1]) if int(tail[e]) not in self.cut]
            for node in self.seen.forward
            if node not in self._mixer
        }

    @cached_property
    def users(self) -> dict[int, list[int]]:
        """Of every node those that it goes into, each once."""
        found: dict[int, dict[int, None]] = {}
        for node, operands in self.edges_of.items():
            for _, tail in operands:
                found.setdefault(tail, {})[node] = None
        return {node: list(heads) for node, heads in found.items()}

    @cached_property
    def _mixer(self) -> tuple[int, ...]:
        return () if self.seen.root in self.points[0].outputs or self.stated is not None else (self.seen.root,)

    @cached_property
    def edges(self) -> Any:
        """The edges that a derivative may go along."""
        return np.array([e for pairs in self.edges_of.values() for e, tail in pairs if self.moves[tail]], int)

    @cached_property
    def doubled(self) -> dict[int, int]:
        """Of edges from one node twice to one operand, as in x·x, the first, and the second."""
        found = {}
        for pairs in self.edges_of.values():
            if len(pairs) == 2 and pairs[0][1] == pairs[1][1] and self.moves[pairs[0][1]]:
                found[pairs[0][0]] = pairs[1][0]
        return found

    # -- the two passes -----------------------------------------------------------------------------

    def backward(self, changes: Changes | None = None, columns: int = 1) -> tuple[dict[int, Floats], Floats]:
        """(δ of nodes, derivatives by inputs, cases and columns), with the `changes` of each column."""
        delta: dict[int, Any] = {}
        for place, node in enumerate(self.points[0].outputs):
            if node >= 0 and self.mixed[:, place].any():
                seed = np.repeat(self.mixed[:, place, None], columns, 1)
                delta[node] = delta[node] + seed if node in delta else seed
        with np.errstate(all="ignore"):
            for node in reversed(self.edges_of):
                if node in delta:
                    self._sent(node, delta, changes or {})
        found = np.zeros((len(self.inputs), self.cases, columns))
        for place, node in enumerate(self.inputs):
            if node in delta:
                found[place] = delta[node]
        return delta, found

    def _sent(self, node: int, delta: dict[int, Any], changes: Changes) -> None:
        here = delta[node]
        for edge, tail in self.edges_of[node]:
            if not self.moves[tail]:
                continue
            sent = here * self.slope[edge][:, None]
            for change in changes.get(edge, ()):
                sent[:, change.columns] = here[:, change.columns] * change.slope + change.extra
            delta[tail] = delta[tail] + sent if tail in delta else sent

    @cached_property
    def _plain(self) -> tuple[Floats, Floats]:
        delta, found = self.backward()
        everywhere = np.zeros_like(self.value)
        for node, number in delta.items():
            everywhere[node] = number[:, 0]
        return everywhere, found[:, :, 0]

    @property
    def delta(self) -> Floats:
        """δ of every node, by cases."""
        return self._plain[0]

    @property
    def true(self) -> Floats:
        """The derivatives as the chain rule has them, inputs by cases."""
        return self._plain[1]

    @cached_property
    def tangents(self) -> Floats:
        """How nodes move along the random directions: nodes by cases by directions."""
        moved = np.zeros((len(self.value), self.cases, self.directions.shape[2]))
        for place, node in enumerate(self.inputs):
            if node >= 0:
                moved[node] += self.directions[place]
        with np.errstate(all="ignore"):
            for node, operands in self.edges_of.items():
                for edge, tail in operands:
                    if self.moves[tail]:
                        moved[node] += self.slope[edge][:, None] * moved[tail]
        return moved

    # -- what is off ----------------------------------------------------------------------------------

    @cached_property
    def given(self) -> Floats:
        """The derivatives that were given, inputs by cases."""
        if self.stated is not None:
            return np.asarray(self.stated, float)[:, None]
        return np.stack([self.mixed[c] @ self.points[p].given for c, p in enumerate(self.point_of)], 1)

    @cached_property
    def off(self) -> Floats:
        """By how much what was given is off, inputs by cases."""
        return self.given - self.true

    @cached_property
    def blur(self) -> Floats:
        """How far what was given may be off by rounding."""
        size = np.maximum(np.abs(self.given), np.abs(self.true))
        return np.asarray(self.digits * np.maximum(size, self.floor * size.max(0) + 1e-300))

    @cached_property
    def directions(self) -> Floats:
        """Random directions in which every entry counts by how well it is known: inputs by cases by directions."""
        dice = np.random.default_rng(0)
        count = min(max(len(self.inputs), DIRECTIONS[0]), DIRECTIONS[1])
        shape = (*self.blur.shape, count)
        signs = dice.uniform(0.5, 1.0, shape) * dice.choice((-1.0, 1.0), shape)
        return np.asarray(signs / self.blur[:, :, None])

    @cached_property
    def target(self) -> Floats:
        """How much is to be explained along each direction: cases by directions, in units of the blur."""
        return np.asarray(np.einsum("ic,icr->cr", self.off, self.directions))

    @property
    def tolerance(self) -> float:
        """How far an explanation may miss a target."""
        return 6.0 * float(np.sqrt(len(self.inputs)))

    @cached_property
    def wrong(self) -> Any:
        """Which inputs' derivatives are off in any case."""
        return (np.abs(self.off) > 10.0 * self.blur).any(1)

    @property
    def clarity(self) -> float:
        """How many times its blur the largest error is."""
        return float(np.max(np.abs(self.off) / self.blur, initial=0.0))

    def fits(self, found: Floats) -> Any:
        """Of derivatives, inputs by cases by columns, which columns are those given."""
        return (np.abs(found - self.given[:, :, None]) <= 6.0 * self.blur[:, :, None]).all((0, 1))

    def part(self, inputs: Sequence[int], outputs: Sequence[int]) -> CaseSheet:
        """The sheet of some derivatives alone, of these outputs along these inputs."""
        points = tuple(
            point._replace(
                inputs=tuple(point.inputs[i] for i in inputs), outputs=tuple(point.outputs[i] for i in outputs),
                numbers=point.numbers[inputs], given=point.given[np.ix_(outputs, inputs)],
            )
            for point in self.points
        )  # fmt: skip
        return replace(
            self, points=points, places=tuple(self.places[i] for i in inputs), mixed=self.mixed[:, outputs],
            blocks=tuple(_kept(self.blocks, inputs)), stated=None if self.stated is None else self.stated[inputs],
        )  # fmt: skip

    @cached_property
    def rows_wrong(self) -> list[int]:
        """The outputs of which a derivative is off."""
        if self.mixed.shape[1] == 1 or self.stated is not None:
            return list(range(self.mixed.shape[1]))
        off = np.zeros(self.mixed.shape[1], bool)
        for place, point in enumerate(self.points):
            right = self.rows(place)
            size = np.maximum(np.abs(right), np.abs(point.given))
            off |= (np.abs(point.given - right) > 10.0 * self.digits * np.maximum(size, SMALL * size.max())).any(1)
        return np.flatnonzero(off).tolist()

    def rows(self, place: int) -> Floats:
        """The right derivatives at one of the points, outputs by inputs."""
        point, seeds = self.points[place], np.eye(self.mixed.shape[1])
        columns = point.seen.columns
        whole = CaseSheet(
            (point,), self.places, self.blocks, np.repeat(columns.value[:, None], len(seeds), 1),
            np.repeat(np.where(columns.flows, columns.slope, 0.0)[:, None], len(seeds), 1), seeds,
        )  # fmt: skip
        return whole.true.T

    def changed(self, changes: Changes) -> CaseSheet:
        """The sheet of the derivation with single changes made, of slopes alone."""
        slope = self.slope.copy()
        for edge, found in changes.items():
            slope[edge] = np.broadcast_to(found[0].slope, (self.cases, 1))[:, 0]
        return replace(self, slope=slope)


def _kept(blocks: Sequence[InputArray], inputs: Sequence[int]) -> Iterator[InputArray]:
    """The blocks of some inputs, which are in order."""
    for block in blocks:
        kept = [place for place, i in enumerate(inputs) if block.start <= i < block.stop]
        if kept:
            shape = block.shape if len(kept) == block.stop - block.start else (len(kept),)
            yield InputArray(block.name, kept[0], kept[-1] + 1, shape)


# -- making it ----------------------------------------------------------------------------------------


def sheet_of(asked: Sequence[Inquiry], nearby: int = NEARBY) -> CaseSheet | None:
    """The sheet of one or several checks of one function, with points nearby where the derivative is a function.

    None where there is nothing to look at: the function returns plain numbers, or no number given is finite.
    """
    at = At(asked[0].f, asked[0].point, dict(asked[0].named), asked[0].argnums)
    points: list[TracedPoint] = []
    for found in _points(asked, nearby):
        if found is not None and np.isfinite(found.given).all() and (not points or _alike(points[0], found)):
            points.append(found)
    return None if not points else _put_together(points, at)


def _points(asked: Sequence[Inquiry], nearby: int) -> Iterator[TracedPoint | None]:
    for each in asked:
        yield _point(each, np.array(_numbers(each)), np.array(each.rows))
    if callable(asked[0].derivative):
        for number in range(max(0, nearby + 1 - len(asked))):
            yield _near(asked[0], number)


def _numbers(asked: Inquiry) -> list[float]:
    return At(asked.f, asked.point, dict(asked.named), asked.argnums).numbers


def _near(asked: Inquiry, number: int) -> TracedPoint | None:
    """A point nearby, if there is one where all is finite."""
    numbers = np.array(_numbers(asked))
    for spread in SPREAD:
        dice = np.random.default_rng(number)
        steps = dice.uniform(0.3, 1.0, numbers.shape) * dice.choice((-1.0, 1.0), numbers.shape)
        moved = numbers + spread * steps * np.where(numbers == 0.0, 1.0, numbers)
        try:
            found = _point(asked, moved, np.array(rows_at(asked, moved)))
        except (AutogradError, ArithmeticError, ValueError):  # outside of the domain
            continue
        if found is not None and np.isfinite(found.seen.columns.value).all():
            return found
    return None


def _point(asked: Inquiry, numbers: Floats, given: Floats) -> TracedPoint | None:
    at = At(asked.f, asked.point, dict(asked.named), asked.argnums)
    with record_sources():
        leaves, outputs = at.recorded(numbers)
    if asked.kind == "Hessian":
        outputs = list(gradient(outputs[0], leaves, as_graph=True)) if isinstance(outputs[0], Value) else []
    nodes = [output for output in outputs if isinstance(output, Value)]
    if not nodes:
        return None
    root = outputs[0] if len(outputs) == 1 else dot([1.0] * len(nodes), nodes)
    ids = {value: i for i, value in enumerate(reachable(root))}
    found = tuple(ids[output] if isinstance(output, Value) else -1 for output in outputs)
    return TracedPoint(trace(root), tuple(ids.get(leaf, -1) for leaf in leaves), found, numbers, given)


def _alike(first: TracedPoint, other: TracedPoint) -> bool:
    """Whether two points have one graph."""
    a, b = first.seen.columns, other.seen.columns
    same = np.array_equal(a.node, b.node) and np.array_equal(a.operands, b.operands) and a.operations == b.operations
    return same and np.array_equal(a.code, b.code) and first.inputs == other.inputs and first.outputs == other.outputs


def _blocks(at: At) -> Iterator[InputArray]:
    start = 0
    inner = list(at.blocks())
    for name, part in zip(at.names, at.parts, strict=True):
        shape = shape_of(part)
        yield InputArray(name, start, start + part.size, (part.size,) if shape is None else shape)
        for block in inner:
            if shape is None and start <= block.start < start + part.size:
                yield InputArray(block.name, block.start, block.stop, (block.stop - block.start,))
        start += part.size


def _put_together(points: Sequence[TracedPoint], at: At) -> CaseSheet:
    outputs, mixtures = len(points[0].outputs), 1 if len(points[0].outputs) == 1 else MIXTURES
    dice = np.random.default_rng(1)
    mixed = np.ones((len(points) * mixtures, 1))
    if outputs > 1:
        mixed = dice.uniform(0.5, 1.0, (len(points) * mixtures, outputs)) * dice.choice(
            (-1.0, 1.0), (len(points) * mixtures, outputs)
        )
    largest = max(float(np.abs(point.given).max(initial=0.0)) for point in points)
    if largest and not USUAL[0] <= largest <= USUAL[1]:
        mixed = mixed / 2.0 ** np.floor(np.log2(largest))
    columns = [point.seen.columns for point in points]
    value = np.repeat(np.stack([c.value for c in columns], 1), mixtures, 1)
    slope = np.repeat(np.stack([np.where(c.flows, c.slope, 0.0) for c in columns], 1), mixtures, 1)
    return CaseSheet(tuple(points), tuple(at.places()), tuple(_blocks(at)), value, slope, mixed)
