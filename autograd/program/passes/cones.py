"""Derivatives entry by entry: each row of a Jacobian, or each column, walked through its own cone of a program.

The derivative of an output along an input exists where a path leads from the one to the other.  A row goes backwards
through what its output needs, a column forwards through the users of its input; whichever way costs less in all is
taken.  Nothing else is visited, and what is known to be 0 is not written: no matrix is ever filled.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd.program.builder import Builder
from autograd.program.graph import Graph
from autograd.program.lines import ranges
from autograd.program.passes import alike
from autograd.program.passes.adjoint import Written, adjoints, copy_into, tangents
from autograd.program.passes.reach import Cone, Cones, Passages, Way, cheaper
from autograd.sweeps import Edge, backwards, forwards

Array = np.ndarray[Any, Any]
_KEPT = 2**20  # numbers in cones that are kept instead of being walked again
_CLOSE = 0.7  # of the cost of the usual way; another is taken that costs less than that


class Entries(NamedTuple):
    """The entries of a matrix that are not known to be 0, row by row, and what computes them.

    Attributes:
        program: its outputs are the entries, and behind them 0
        rows: (entries,)
        columns: (entries,) ascending in each row
        shape: (rows, columns) of the matrix
    """

    program: Graph
    rows: Array
    columns: Array
    shape: tuple[int, int]

    def whole(self) -> Entries:
        """The symmetric matrix of which this is the lower triangle."""
        below = np.flatnonzero(self.rows > self.columns)
        rows = np.concatenate([self.rows, self.columns[below]])
        columns = np.concatenate([self.columns, self.rows[below]])
        order = np.lexsort((columns, rows))
        entry = np.concatenate([np.arange(len(self.rows)), below])[order]
        return Entries(_with_outputs(self.program, [*entry, -1]), rows[order], columns[order], self.shape)

    def alone(self) -> Graph:
        """The program of the entries."""
        return _with_outputs(self.program, range(len(self.rows)))

    def after(self, change: Callable[[Graph], Graph]) -> Entries:
        """The same of a changed program, without entries that it knows to be 0."""
        program = change(self.program)
        if program is self.program:
            return self
        known = np.append(program.constants, 0.0)
        place = program.outputs[:-1] - len(program.inputs)
        is_constant = (place >= 0) & (place < len(program.constants))
        kept = np.flatnonzero(~is_constant | (known[np.where(is_constant, place, -1)] != 0.0))
        return Entries(_with_outputs(program, [*kept, -1]), self.rows[kept], self.columns[kept], self.shape)

    def at(self, places: Sequence[tuple[int, int]]) -> Graph:
        """The program of what stands in these places, which is 0 where there is no entry."""
        wanted = np.array(places, np.int64).reshape(-1, 2) @ (self.shape[1], 1)
        known = self.rows * self.shape[1] + self.columns
        place = np.searchsorted(known, wanted)
        is_entry = np.append(known, -1)[place] == wanted
        return _with_outputs(self.program, np.where(is_entry, place, -1))


def _with_outputs(program: Graph, chosen: Sequence[int] | Array) -> Graph:
    """The same instructions, with some of the outputs."""
    return replace(program, outputs=program.outputs[np.asarray(chosen, np.int64)])


def jacobian_entries(program: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Entries:
    """The derivatives of `outputs` along `inputs`, both numbers of a program without slopes."""
    usually = len(outputs) > len(inputs)
    if program.has_loops:
        return _through_loops(program, inputs, outputs, triangle=False)
    return _Walk(Passages(program), inputs, outputs, triangle=False).entries(usually)


def triangle_entries(program: Graph, inputs: Sequence[int]) -> Entries:
    """The lower triangle of the derivatives of a gradient, whose program is given, along `inputs`."""
    if program.has_loops:
        return _through_loops(program, inputs, program.outputs.tolist(), triangle=True)
    return _Walk(Passages(program), inputs, program.outputs.tolist(), triangle=True).entries(usually=True)


def _through_loops(program: Graph, inputs: Sequence[int], outputs: Sequence[int], triangle: bool) -> Entries:
    """The same of a program with loops, whose steps have no cones of their own."""
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    rows = swept(builder, program, numbers, inputs, outputs, triangle)
    found = [
        (i, j, slope) for i, row in enumerate(rows) for j, slope in enumerate(row) if builder.value_of(slope) != 0.0
    ]
    table = np.array(found, np.int64).reshape(-1, 3)
    entries = builder.finish([*table[:, 2].tolist(), builder.zero])
    return Entries(entries, table[:, 0], table[:, 1], (len(outputs), len(inputs)))


def swept(
    builder: Builder,
    program: Graph,
    numbers: list[int],
    inputs: Sequence[int],
    outputs: Sequence[int],
    triangle: bool = False,
) -> list[list[int]]:
    """The derivatives of outputs along inputs, by rows: a sweep a row, or a column if loops have fewer."""
    if triangle or len(outputs) <= len(inputs) or not program.has_loops:
        given = [inputs[: row + 1] if triangle else inputs for row in range(len(outputs))]
        return [
            adjoints(builder, program, numbers, {o: builder.one}, wrt) for o, wrt in zip(outputs, given, strict=True)
        ]
    place = {output: i for i, output in enumerate(program.outputs.tolist())}
    columns = [tangents(builder, program, numbers, {number: builder.one}) for number in inputs]
    return [[moves[place[output]] for moves in columns] for output in outputs]


class _Remembered(Written):
    """Slopes that are written when a cone first meets them: the next one meets them again."""

    def __init__(self, builder: Builder, program: Graph, active: Callable[[int], object]) -> None:
        super().__init__(builder, program, copy_into(builder, program))
        self._active = active
        self._known: dict[int, list[Edge]] = {}

    def edges(self, number: int, wanted: Callable[[int], object] | None) -> list[Edge]:
        """The operands of an instruction that a derivative passes to, of those `wanted`."""
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = super().edges(number, self._active)
        return known if wanted is None else [edge for edge in known if wanted(edge[1])]


class _Walk:
    """The cones between some inputs and some outputs; of a `triangle` those from no output to a later input."""

    def __init__(self, edges: Passages, inputs: Sequence[int], outputs: Sequence[int], triangle: bool) -> None:
        self.program = edges.program
        self.inputs, self.outputs, self.triangle = inputs, outputs, triangle
        rows, columns = np.arange(len(outputs)), np.arange(len(inputs))
        last = np.full(len(outputs), len(inputs) - 1)
        earliest, latest = np.full(edges.count, len(inputs)), np.full(edges.count, 1)
        earliest[np.array(inputs, np.int64)] = columns
        latest[np.array(outputs, np.int64)] = -rows
        self.ways = {
            False: Way(edges, False, outputs, np.minimum(rows, last) if triangle else last, earliest),
            True: Way(edges, True, inputs, -columns if triangle else np.zeros(len(columns), np.int64), latest),
        }
        self._active = self.ways[False].rank < len(inputs)
        self._costs = np.concatenate([np.ones(self.program.first, np.int64), np.diff(self.program.starts) + 1])
        self._kept: dict[tuple[bool, int], Cone] = {}  # cones that were walked to know their cost

    # -- which way ------------------------------------------------------------------------------

    def entries(self, usually: bool) -> Entries:
        """What is not known to be 0, written into a program; forwards, if neither way costs much less, `usually`."""
        both = {way: Cones(self.ways[way], self._costs) for way in (usually, not usually)}
        found = cheaper(both[usually], both[not usually], _CLOSE)
        if found is None:
            return self.one_by_one(self._is_cheaper_forwards(usually))
        way = found is both[True]
        return self.all_at_once(way, found) or self.one_by_one(way, found)

    def _is_cheaper_forwards(self, usually: bool) -> bool:
        """Which way costs less: both are walked, always the one that cost less so far, until one is at its end."""
        cost = self._costs.tolist().__getitem__
        spent, done = {usually: 0.0, not usually: 0.0}, {True: 0, False: 0}
        room = _KEPT
        while True:
            way = min(spent, key=spent.__getitem__)
            if done[way] == len(self.ways[way].seeds):
                return way
            cone = self.ways[way].cone(done[way])
            spent[way] += sum(map(cost, cone)) * (_CLOSE if way is usually else 1.0)
            room -= len(cone)
            if room > 0:
                self._kept[way, done[way]] = cone
            done[way] += 1

    # -- writing --------------------------------------------------------------------------------

    def one_by_one(self, way: bool, cones: Cones | None = None) -> Entries:
        """The entries, every cone derived by itself."""
        builder = Builder(self.program.inputs)
        written = _Remembered(builder, self.program, self._active.tolist().__getitem__)
        found: list[tuple[int, int, int]] = []
        for place, order in self._walked(way) if cones is None else _each(*cones.listed()):
            moved = _derived(written, order, way)
            found += [(place, number, delta) for number, delta in moved.items() if builder.value_of(delta) != 0.0]
        places, members, numbers = np.array(found, np.int64).reshape(-1, 3).T
        rows, columns, which = self._placed(way, places, members)
        program = builder.finish([*numbers[which].tolist(), builder.zero])
        return Entries(program, rows, columns, (len(self.outputs), len(self.inputs)))

    def _walked(self, way: bool) -> Iterator[tuple[int, list[int]]]:
        """Each row or column, and what is in its cone."""
        for place in range(len(self.ways[way].seeds)):
            kept = self._kept.pop((way, place), None)
            yield place, sorted(self.ways[way].cone(place) if kept is None else kept)

    def all_at_once(self, way: bool, cones: Cones) -> Entries | None:
        """The entries, one cone of each shape derived for all; None where few are alike."""
        places, begins, members = cones.listed()
        asked = np.zeros(len(self._costs), bool)
        asked[np.array(self.outputs if way else self.inputs, np.int64)] = True
        derive = partial(_piece_derived, way)
        found = alike.derivatives(self.program, alike.ConeNumbers(members, begins, self._active, asked), derive)
        if found is None:
            return None
        rows, columns, which = self._placed(way, places[found.cones], found.members)
        return Entries(found.finish(which), rows, columns, (len(self.outputs), len(self.inputs)))

    def _placed(self, way: bool, places: Array, members: Array) -> tuple[Array, Array, Array]:
        """(rows, columns, which derivative stands there) of the derivatives of members of cones, row by row."""
        ends = np.array(self.outputs if way else self.inputs, np.int64)
        order = np.argsort(ends, kind="stable")
        low, high = (np.searchsorted(ends[order], members, side) for side in ("left", "right"))
        which = np.repeat(np.arange(len(members)), high - low)
        theirs = order[ranges(low, high - low)]
        rows, columns = (theirs, places[which]) if way else (places[which], theirs)
        kept = np.flatnonzero(rows >= columns) if self.triangle else np.arange(len(rows))
        kept = kept[np.lexsort((columns[kept], rows[kept]))]
        return rows[kept], columns[kept], which[kept]


def _each(places: Array, begins: Array, members: Array) -> Iterator[tuple[int, list[int]]]:
    """Each row or column that has a cone, and what is in it."""
    listed: list[int] = members.tolist()
    for place, (start, stop) in zip(places.tolist(), pairwise(begins.tolist()), strict=True):
        yield place, listed[start:stop]


def _derived(written: Written, order: list[int], way: bool) -> dict[int, int]:
    """How the numbers of a cone move with its first; or, not forwards, δ of its inputs where that of its last is 1."""
    if way:
        return forwards(order, dict.fromkeys(order[:1], written.one), written)
    inside = bisect_left(order, written.order.start)
    found: dict[int, int] = {}
    seeds = dict.fromkeys(order[-1:], written.one)
    steps = backwards(order[inside:], seeds, written, found, set(order).__contains__, leaves=order[:inside])
    deque(steps, maxlen=0)
    return {number: found[number] for number in order[:inside] if number in found}


def _piece_derived(way: bool, piece: alike.Piece) -> alike.Derived:
    """The same of a cone that is a program of its own, with all that is written on the way."""
    builder = Builder(piece.program.inputs)
    written = _Remembered(builder, piece.program, piece.active.__getitem__)
    moved = _derived(written, piece.order, way)
    places = [place for place, number in enumerate(piece.order) if number in moved and number in piece.asked]
    wanted = [moved[piece.order[place]] for place in places]
    program = builder.finish([*wanted, *range(len(builder.inputs), len(builder.inputs) + len(builder))])
    return alike.Derived(_with_outputs(program, range(len(wanted))), places)
