"""Reverse mode of long programs, over columns: what `adjoint` writes, for all instructions at once.

An *edge* is an operand that a derivative passes to.  Its slope is a number that is there already, or lines of its own,
which a row's rule gives once for all edges of an operation: it is handed columns of numbers.  What comes back to a
number is gathered in one line, or in none, where a factor is 1.  Lines then get the places in which `adjoint` writes
them, one after the other, and what is said twice is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.ops.primitive import lookup
from autograd.program.builder import Builder
from autograd.program.graph import DOT, GUARD, MULTIPLY, NEGATIVE, POWER, SUM, TAKE, WHERE, Graph, Operation, plain
from autograd.program.lines import (
    LONG,
    Ints,
    Lines,
    Mask,
    PlacedLines,
    called,
    computed_from,
    in_groups,
    needed_for,
    ragged,
    said_once,
    starts_of,
)

SlopeTerm = Callable[[str, int, int], Any]  # (row, slot, how many operands) → the slope, as `adjoint` has it
_THE_FIRST = -(2**62)  # stands for the first line of a slope that has two


def serves(program: Graph) -> bool:
    """Whether a program is long, and of operations that need nothing but products of δs and slopes."""
    return len(program) >= LONG and not any(
        not isinstance(operation, Operation)
        or operation.slot is not None
        or operation in (WHERE, GUARD, TAKE)
        or lookup(operation.row).has_index
        for operation in program.operations
    )


def gradient_at_once(program: Graph, wrt: Sequence[int], output: int, values: bool, slope_term: SlopeTerm) -> Graph:
    """What `with_gradient` says of a program that this `serves`; `output` is a number."""
    builder = Builder(program.inputs)
    lines, names = builder.columns_of(program)
    outputs = [names[program.outputs]] if values else []
    active, root = computed_from(lines, wrt), int(names[output])
    if root < lines.first or not active[root]:  # an input, a constant, or nothing that moves
        moves = [builder.one if i == root else builder.zero for i in wrt]
        return builder.finish_lines(lines, np.concatenate([*outputs, np.array(moves, np.int64)]))
    edges = _Edges(builder, program, lines, active, root, slope_term)
    written, deltas = _Gathering(builder, lines, edges, wrt).lines()
    together, numbers = said_once(lines.followed_by(written))
    return builder.finish_lines(together, called(together, numbers, np.concatenate([*outputs, deltas])))


# -- slopes -----------------------------------------------------------------------------------------


class _Own(NamedTuple):
    """Slopes of one operation that need lines of their own: of each edge the operands of one line."""

    edges: Ints  # (k,)
    code: int
    operands: Ints  # (k, m) numbers
    is_last: bool  # of the edge's lines


class _Edges:
    """The edges that derivatives take, and the slopes along them.

    The last edge leads from nowhere to the output, which is where 1 comes from.

    Attributes:
        operands: (edges,) where they lead to
        users: (edges,) the number that each comes from; of the last one that is behind all
        slopes: (edges,) the slope's number, where it needs no line
        own: (edges,) how many lines the slope needs
        written: what these lines are
        taken: the edges that derivatives take, in the order in which they do
    """

    def __init__(
        self,
        builder: Builder,
        program: Graph,
        lines: Lines,
        active: Mask,
        root: int,
        slope_term: SlopeTerm,
    ) -> None:
        self._builder, self._lines, self._term = builder, lines, slope_term
        total, n = len(lines.operands), len(lines.code)
        self.operands = np.append(lines.operands, root)
        self.users = np.append(lines.users + lines.first, lines.first + n)
        self.slopes = np.full(total + 1, builder.one)
        self.own = np.zeros(total + 1, np.int64)
        self.written: list[_Own] = []
        kinds = list(self._kinds(program))
        passes = (lines.operands >= 0) & active[np.maximum(lines.operands, 0)]
        for operation, edges, slot, count in kinds:
            if operation not in (DOT, SUM) and slope_term(operation.row, slot, count) is None:
                passes[edges] = False
        reached = needed_for(lines._replace(operands=np.where(passes, lines.operands, -1)), np.array([root]))
        self.is_taken = np.append(passes & reached[lines.users], True)
        backwards = ragged(lines.starts, np.arange(n)[::-1])[1]
        self.taken = np.append(total, backwards[self.is_taken[backwards]])
        for operation, edges, slot, count in kinds:
            self._write(operation, edges[self.is_taken[edges]], slot, count)

    def _kinds(self, program: Graph) -> Iterator[tuple[Operation, Ints, int, int]]:
        """(operation, its edges, their slot, how many operands there are); of sums all edges together."""
        starts, lengths = self._lines.starts, self._lines.lengths
        for code, operation in enumerate(map(plain, program.operations)):
            mine = np.flatnonzero(program.code == code)
            if operation in (DOT, SUM):
                yield operation, ragged(starts, mine)[1], 0, 0
                continue
            for count in np.unique(lengths[mine]).tolist():
                begins = starts[mine[lengths[mine] == count]]
                for slot in range(count):
                    yield operation, begins + slot, slot, count

    def _write(self, operation: Operation, edges: Ints, slot: int, count: int) -> None:
        """The slopes along the same slot of the same operation."""
        if operation == SUM:
            return
        if operation == DOT:
            self.slopes[edges] = self._other_factors(edges)
            return
        if operation == POWER and slot == 0:
            edges = self._whole_powers(edges)
        term = self._term(operation.row, slot, count)
        if isinstance(term, tuple):
            columns = [self._column(place, edges, slot) for place in term[1:]]
            self._line(edges, self._builder.code_of(term[0]), np.stack(columns, axis=1))
        elif term is not None:
            self.slopes[edges] = self._column(term, edges, slot)

    def _column(self, what: float | int, edges: Ints, slot: int) -> Ints:
        """An operand of the users, their own number for -1, or a constant."""
        if isinstance(what, float):
            return np.full(len(edges), self._builder.constant(what))
        return self.users[edges] if what == -1 else self.operands[edges - slot + what]

    def _other_factors(self, edges: Ints) -> Ints:
        """Of a factor the other one, of what is only added 1."""
        line = self.users[edges] - self._lines.first
        begins, half = self._lines.starts[line], self._lines.lengths[line] // 2
        slot = edges - begins
        other = begins + (slot + half) % np.maximum(2 * half, 1)
        return np.where(slot < 2 * half, self.operands[other], self._builder.one)

    def _whole_powers(self, edges: Ints) -> Ints:
        """Write n · aⁿ⁻¹ for whole n from 2 on; the other edges."""
        exponents, builder = self.operands[edges + 1], self._builder
        others = np.ones(len(edges), bool)
        for number in np.unique(exponents[exponents < 0]).tolist():
            n = builder.value_of(number)
            if n is None or not n.is_integer() or n < 2.0:
                continue
            mine = exponents == number
            others &= ~mine
            base, factor = self.operands[edges[mine]], np.full(int(mine.sum()), number)
            if n != 2.0:
                less = np.full(len(base), builder.constant(n - 1.0))
                self._line(edges[mine], builder.code_of(POWER), np.stack([base, less], axis=1), is_last=False)
                base = np.full(len(base), _THE_FIRST)
            self._line(edges[mine], builder.code_of(MULTIPLY), np.stack([factor, base], axis=1))
        return edges[others]

    def _line(self, edges: Ints, code: int, operands: Ints, is_last: bool = True) -> None:
        """A line for each of these edges; of constants alone it is one itself."""
        known = ((operands < 0) & (operands != _THE_FIRST)).all(axis=1)
        if known.any():
            rows, which = np.unique(operands[known], axis=0, return_inverse=True)
            folded = np.array([self._builder.emit_code(code, tuple(row)) for row in rows.tolist()])
            self.slopes[edges[known]] = folded[which.ravel()]
            edges, operands = edges[~known], operands[~known]
        self.own[edges] += 1
        self.written.append(_Own(edges, code, operands, is_last))


# -- what comes back --------------------------------------------------------------------------------


class _Gathering:
    """What comes back to each number, in which line, and where that stands."""

    def __init__(self, builder: Builder, lines: Lines, edges: _Edges, wrt: Sequence[int]) -> None:
        self._builder, self._edges, self._lines, self._wrt = builder, edges, lines, wrt
        self._first, n = lines.first, len(lines.code)
        self._end = self._first + n  # the number of the first line that is written
        into = edges.operands[edges.taken]
        self._counts = np.bincount(into, minlength=self._end + 1)
        self._begins = starts_of(self._counts)
        self._coming = edges.taken[in_groups(into, self._end + 1)]  # by the number that they lead to
        self._known = self._constants()
        self._ranks = self._all_ranks()
        self._find_kinds()

    def _all_ranks(self) -> Ints:
        """When what comes back to a number is gathered: instructions from the last to the first, then inputs."""
        ranks = np.append(np.zeros(self._first, np.int64), np.arange(self._end - self._first, -1, -1) - 1)
        for rank, number in reversed(list(enumerate(self._wrt, self._end - self._first))):
            ranks[number] = rank
        return ranks

    def _constants(self) -> Ints:
        """The δs that are constants, others 0: where all that comes back are constants times constant slopes."""
        edges, known = self._edges, np.zeros(self._end + 1, np.int64)
        known[self._end] = self._builder.one
        left: dict[int, int] = {}
        waiting = [self._end]
        while waiting:
            for edge in self._edges_of(waiting.pop()):
                if edges.own[edge] or edges.slopes[edge] >= 0:
                    continue
                number = int(edges.operands[edge])
                left[number] = left.get(number, int(self._counts[number])) - 1
                if left[number] == 0:
                    known[number] = self._gathered(number, known)
                    if number >= self._first:
                        waiting.append(number)
        return known

    def _edges_of(self, user: int) -> list[int]:
        if user == self._end:
            return [len(self._edges.operands) - 1]
        start, stop = self._lines.starts[user - self._first : user - self._first + 2].tolist()
        return [edge for edge in range(start, stop) if self._edges.is_taken[edge]]

    def _gathered(self, number: int, known: Ints) -> int:
        """The constant that comes back to a number."""
        builder, coming = self._builder, self._coming[self._begins[number] : self._begins[number + 1]]
        deltas, slopes = known[self._edges.users[coming]].tolist(), self._edges.slopes[coming].tolist()
        if len(coming) == 1:
            return builder.product(deltas[0], slopes[0])
        if all(map(builder.is_one, slopes)):
            return builder.emit(SUM, tuple(deltas))
        return builder.emit(DOT, (*deltas, *slopes))

    def _find_kinds(self) -> None:
        """Which numbers have what kind of line."""
        edges, one, minus_one = self._edges, self._builder.one, self._builder.constant(-1.0)
        gathered = (self._counts > 0) & (self._known == 0)
        single = np.flatnonzero(gathered & (self._counts == 1))
        several = np.flatnonzero(gathered & (self._counts > 1))
        edge = self._coming[self._begins[single]]
        slope = np.where(edges.own[edge] > 0, 0, edges.slopes[edge])
        delta = self._known[edges.users[edge]]
        self._single, self._edge = single, edge
        self._is_delta, self._is_slope = slope == one, delta == one
        self._minus_delta, self._minus_slope = slope == minus_one, delta == minus_one
        self._is_product = ~(self._is_delta | self._is_slope | self._minus_delta | self._minus_slope)
        not_one = (edges.own[self._coming] > 0) | (edges.slopes[self._coming] != one)
        others = np.zeros(len(not_one) + 1, np.int64)
        np.cumsum(not_one, out=others[1:])
        has_others = others[self._begins[several + 1]] > others[self._begins[several]]
        self._dots, self._sums = several[has_others], several[~has_others]

    # -- lines ----------------------------------------------------------------------------------

    def lines(self) -> tuple[Lines, Ints]:
        """(the lines that are written, the number of what comes back to each of `wrt`)."""
        edges = self._edges
        has_line = np.zeros(self._end + 1, bool)
        has_line[self._single[~(self._is_delta | self._is_slope)]] = True
        has_line[self._dots] = has_line[self._sums] = True
        place = self._places(has_line)
        deltas = np.where(has_line, self._end + place, self._known)
        slopes = np.where(edges.own > 0, self._end + self._of_slopes + edges.own - 1, edges.slopes)
        deltas[self._single[self._is_slope]] = slopes[self._edge[self._is_slope]]
        deltas = deltas[self._roots()]
        lines = self._written(place, deltas, slopes)
        wrt = np.array(self._wrt, np.int64)
        return lines, np.where(self._counts[wrt] > 0, deltas[wrt], self._builder.zero)

    def _places(self, has_line: Mask) -> Ints:
        """Where the line of each number stands, among those that are written; and those of slopes."""
        edges, ranks = self._edges, self._ranks
        taken = edges.taken[1:]
        size = self._end - self._first + len(self._wrt)
        user_rank, own = ranks[edges.users[taken]], edges.own[taken]
        gathers, lined = np.zeros(size + 1, np.int64), np.flatnonzero(has_line)
        gathers[ranks[lined] + 1] = 1
        gathers = np.cumsum(gathers)  # before each rank
        slopes = starts_of(np.bincount(user_rank, own, size).astype(np.int64))
        self._of_slopes = np.zeros(len(edges.operands), np.int64)
        self._of_slopes[taken] = starts_of(own)[:-1] + gathers[user_rank + 1]
        place = np.zeros(self._end + 1, np.int64)
        place[lined] = gathers[ranks[lined]] + slopes[ranks[lined]]
        self._size = int(gathers[-1] + slopes[-1])
        return place

    def _roots(self) -> Ints:
        """For each number that whose δ its own is, where a slope of 1 passes it on."""
        roots = np.arange(self._end + 1)
        roots[self._single[self._is_delta]] = self._edges.users[self._edge[self._is_delta]]
        while not np.array_equal(further := roots[roots], roots):
            roots = further
        return roots

    def _written(self, place: Ints, deltas: Ints, slopes: Ints) -> Lines:
        """The lines in their places."""
        placed = PlacedLines(self._size)
        code_of, edges = self._builder.code_of, self._edges
        for is_mine, of in (
            (self._minus_delta, deltas[edges.users[self._edge]]),
            (self._minus_slope, slopes[self._edge]),
        ):
            placed.put(place[self._single[is_mine]], code_of(NEGATIVE), of[is_mine, None])
        edge = self._edge[self._is_product]
        factors = np.stack([deltas[edges.users[edge]], slopes[edge]], axis=1)
        placed.put(place[self._single[self._is_product]], code_of(MULTIPLY), factors)
        for numbers, operation in ((self._sums, SUM), (self._dots, DOT)):
            begins, at = ragged(self._begins, numbers)
            coming = self._coming[at]
            columns = [deltas[edges.users[coming]]] + [slopes[coming]] * (operation == DOT)
            placed.put_ragged(place[numbers], code_of(operation), begins, columns)
        for own in edges.written:
            at = self._of_slopes[own.edges] + (edges.own[own.edges] - 1) * own.is_last
            operands = np.where(own.operands == _THE_FIRST, (self._end + at - 1)[:, None], own.operands)
            placed.put(at, own.code, operands)
        return placed.lines(self._first)
