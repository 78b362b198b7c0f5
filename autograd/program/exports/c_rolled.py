"""Loops found again in a program of single numbers: what is computed alike, member by member, by one loop each.

Equal operations of one level are a loop if their operands stand evenly: in tables of constants, among the inputs, or
in what another loop wrote.  So a layer is a loop over its table of weights, in a program of any kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.ops.primitive import lookup
from autograd.program.graph import DOT, SUM, Graph, Instruction, plain
from autograd.program.grouping import Ids, LevelGroup, even_steps, groups, levels

WORTH, WORTH_TERMS = 5, 24  # members of a loop, or terms that they add up in all, below which lines are as short
_WINDOW = 16  # members that are looked at first


class ConstantTable(NamedTuple):
    """Constants, in a table: (members,) or (members, terms)."""

    numbers: Ids


class Evenly(NamedTuple):
    """Numbers that stand evenly among the inputs (array 0) or in what a loop wrote."""

    array: int
    start: int
    steps: tuple[int, ...]  # to the next member, and to the next term


class Same(NamedTuple):
    """One number for all members."""

    number: int


class SharedNumbers(NamedTuple):
    """Numbers from anywhere, of which each member reads all."""

    numbers: tuple[int, ...]


Read: TypeAlias = ConstantTable | Evenly | Same | SharedNumbers


@dataclass(eq=False)
class MemberPart:
    """Instructions of one operation, one a member.

    Attributes:
        array: what their results are known as
        line: the first of them
        out: the numbers they compute
        reads: their operands, one after the other; of a dot or a sum those that are added up, and perhaps a last addend
        terms: how many terms a dot or a sum adds, 0 for other operations
        operands: the numbers that they read
        is_kept: whether anything outside the loop reads the results
    """

    array: int
    line: Instruction
    out: Ids
    reads: list[Read]
    terms: int
    operands: Ids
    is_kept: bool = False


@dataclass(eq=False)
class MemberLoop:
    """A loop over members that are computed alike, by one part after the other."""

    parts: list[MemberPart] = field(default_factory=list)

    @property
    def members(self) -> int:
        """How often it goes round."""
        return len(self.parts[0].out)


Item: TypeAlias = Instruction | MemberLoop


def rolled(program: Graph) -> list[Item]:
    """The instructions of a program without loops of its own, those that are computed alike in loops.

    They stand as they were where there is nothing alike.
    """
    plan = _Plan(program)
    return plan.items if plan.has_loops else list(program)


def read_by(item: Item) -> Iterator[int]:
    """The numbers that an item reads and has not made itself."""
    if isinstance(item, Instruction):
        yield from item.operands
    else:
        made = {number for part in item.parts for number in part.out.tolist()}
        for part in item.parts:
            yield from (number for number in part.operands.reshape(-1).tolist() if number not in made)


class _Plan:
    """A program on its way to loops, level by level."""

    def __init__(self, program: Graph) -> None:
        count = program.first + len(program)
        self.program, self.items, self.has_loops = program, list[Item](), False
        self._array = np.full(count, -1)  # in which array a number stands; -1 in none
        self._index = np.zeros(count, np.int64)
        self._array[: len(program.inputs)] = 0
        self._index[: len(program.inputs)] = np.arange(len(program.inputs))
        self._made_at = np.full(count, -1)  # by which item
        self._loops: dict[int, tuple[int, MemberLoop]] = {}  # by array, with its place among the items
        self._tables = set[bytes]()  # of constants, by their numbers
        for group in groups(program, levels(program), np.ones(len(program), bool)):
            self._take(group)
        self._keep()

    def _is_known(self, numbers: Ids) -> Any:
        return (len(self.program.inputs) <= numbers) & (numbers < self.program.first)

    def _take(self, group: LevelGroup) -> None:
        """The items of a group."""
        row, _ = plain(group.operation)
        if self._is_small(group):
            self._add(group, None)
        elif group.operation in (DOT, SUM):
            group = self._as_the_table(group)
            for some in [group] if None not in self._sum_reads(group) else _one_by_one(group):
                self._add(some, self._sum_reads(some), some.operands.shape[1] // (2 if group.operation == DOT else 1))
        elif lookup(row).variadic:
            self._add(group, None)
        else:
            for alike in self._alike(group):
                for some in self._runs(alike):
                    self._add(some, [self._column(column) for column in some.operands.T])

    def _is_small(self, group: LevelGroup) -> bool:
        """Whether there are too few for a loop, and no loop that they could join."""
        if group.operation in (DOT, SUM):
            return len(group.out) < WORTH and group.operands.size < WORTH_TERMS
        return len(group.out) < WORTH and not (len(group.out) > 1 and (self._array[group.operands] > 0).any())

    def _add(self, group: LevelGroup, reads: Sequence[Read | None] | None, terms: int = 0) -> None:
        """A loop of the group, a part of one that is there, or its instructions line by line."""
        found = [read for read in reads or () if read is not None]
        is_readable = reads is not None and len(found) == len(reads)
        loop = self._fitting(group, found) if is_readable and not terms and len(group.out) > 1 else None
        is_worth = len(group.out) >= WORTH or len(group.out) * terms >= WORTH_TERMS
        if not is_readable or (loop is None and not is_worth):
            for number in group.out.tolist():
                self._made_at[number] = len(self.items)
                self.items.append(self.program.line(number - self.program.first))
            return
        self._roll(group, found, terms, loop)

    def _roll(self, group: LevelGroup, reads: list[Read], terms: int, loop: tuple[int, MemberLoop] | None) -> None:
        if loop is None:
            loop = len(self.items), MemberLoop()
            self.items.append(loop[1])
        array = len(self._loops) + 1
        line = self.program.line(int(group.out[0]) - self.program.first)
        loop[1].parts.append(MemberPart(array, line, group.out, reads, terms, group.operands))
        self.has_loops, self._loops[array] = True, loop
        self._array[group.out], self._index[group.out] = array, np.arange(len(group.out))
        self._made_at[group.out] = loop[0]

    def _fitting(self, group: LevelGroup, reads: Sequence[Read]) -> tuple[int, MemberLoop] | None:
        """The loop that a group can join: it reads what that makes for the same member, else what was there before."""
        own = [self._loops[read.array] for read in reads if isinstance(read, Evenly) and read.array in self._loops]
        if not own:
            return None
        at, loop = max(own, key=lambda each: each[0])
        arrays = {part.array for part in loop.parts}
        inside = [isinstance(read, Evenly) and read.array in arrays for read in reads]
        fits = len(group.out) == loop.members and all(
            read[1:] == (0, (1,)) for read, is_inside in zip(reads, inside, strict=True) if is_inside
        )
        others = group.operands[:, [not is_inside for is_inside in inside]]
        return (at, loop) if fits and bool((self._made_at[others] < at).all()) else None

    def _as_the_table(self, group: LevelGroup) -> LevelGroup:
        """The members in the order of the table that is there already: going back the last one comes first."""
        seen = views(group.operands[:, : group.operands.shape[1] // 2])
        signs = next((signs for key, signs in seen if key in self._tables), (1,))
        return _members(group, slice(None, None, -1)) if group.operation == DOT and signs[0] < 0 else group

    def _alike(self, group: LevelGroup) -> Iterator[LevelGroup]:
        """The members that have the same operands in arrays, in the order in which these stand there."""
        standing = self._array[group.operands] >= 0
        kinds, which = np.unique(standing, axis=0, return_inverse=True)
        for kind in range(len(kinds)):
            some = _members(group, np.flatnonzero(which.reshape(-1) == kind))
            if kinds[kind].any():
                column = some.operands[:, int(np.argmax(kinds[kind]))]
                some = _members(some, _rounds(self._array[column] * len(self._array) + self._index[column]))
            yield some

    # -- reading --------------------------------------------------------------------------------

    def _column(self, numbers: Ids) -> Read | None:
        """One operand of all members."""
        if (numbers == numbers[0]).all():
            return Same(int(numbers[0]))
        return self._table(numbers)

    def _table(self, numbers: Ids) -> Read | None:
        """Numbers that stand evenly, of every member and every term."""
        if self._is_known(numbers).all():
            self._tables.add(numbers.tobytes())
            return ConstantTable(numbers)
        arrays = self._array[numbers]
        steps = even_steps(self._index[numbers]) if arrays.flat[0] >= 0 and (arrays == arrays.flat[0]).all() else None
        first = int(numbers.flat[0])
        return None if steps is None else Evenly(int(self._array[first]), int(self._index[first]), steps)

    def _sum_reads(self, group: LevelGroup) -> list[Read | None]:
        """Of a dot both halves and the last addend; of a sum what it adds."""
        if group.operation == SUM:
            return [self._table(group.operands)]
        n = group.operands.shape[1] // 2
        left, right, rest = np.split(group.operands, [n, 2 * n], axis=1)
        return [self._table(left), self._shared(right), *map(self._column, rest.T)]

    def _shared(self, numbers: Ids) -> Read | None:
        """The half of a dot that all members have in common, if they have."""
        found = self._table(numbers)
        is_common = len(numbers) > 1 and (numbers == numbers[0]).all()
        return SharedNumbers(tuple(numbers[0].tolist())) if found is None and is_common else found

    # -- members that stand together --------------------------------------------------------------

    def _runs(self, group: LevelGroup) -> Iterator[LevelGroup]:
        """The members in runs whose operands can be read one after the other; what is in none, together."""
        start, count = 0, len(group.out)
        while start < count:
            width = _WINDOW
            while (reach := self._reach(group.operands[start : start + width])) == width and start + width < count:
                width *= 2
            yield LevelGroup(group.operation, group.out[start : start + reach], group.operands[start : start + reach])
            start += reach

    def _reach(self, operands: Ids) -> int:
        """How many of the first members can be read."""
        return min(map(self._reach_of, operands.T), default=len(operands))

    def _reach_of(self, numbers: Ids) -> int:
        known, array, index = self._is_known(numbers), self._array[numbers], self._index[numbers]
        reach = max(_first_false(numbers == numbers[0]), _first_false(known))
        if array[0] >= 0 and len(numbers) > 1:
            even = np.diff(index) == index[1] - index[0]
            reach = max(reach, _first_false(np.append(True, even & (array[1:] == array[0]))))
        return max(reach, 1)

    # -- what is kept -----------------------------------------------------------------------------

    def _keep(self) -> None:
        """Mark the parts whose results are read outside their loop."""
        read = {*self.program.outputs.tolist(), *(number for item in self.items for number in read_by(item))}
        for _, loop in self._loops.values():
            for part in loop.parts:
                part.is_kept = not read.isdisjoint(part.out.tolist())


def _one_by_one(group: LevelGroup) -> Iterable[LevelGroup]:
    """Dots and sums that have no operands in common."""
    return [LevelGroup(group.operation, group.out[i : i + 1], group.operands[i : i + 1]) for i in range(len(group.out))]


def _members(group: LevelGroup, order: Any) -> LevelGroup:
    return LevelGroup(group.operation, group.out[order], group.operands[order], group.shared)


def _rounds(keys: Ids) -> Ids:
    """An order of members by keys; those with keys that came before, after all others."""
    order = np.argsort(keys, kind="stable")
    ascending = keys[order]
    starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    rank = np.arange(len(keys)) - np.repeat(starts, np.diff(np.append(starts, len(keys))))
    return order[np.lexsort((ascending, rank))]


def views(matrix: np.ndarray[Any, Any]) -> list[tuple[bytes, tuple[int, ...]]]:
    """The bytes of a matrix, or a vector, from all sides, each with the signs of its own steps through them.

    They are 2 instead of 1 where the matrix is turned, so that what follows each other there are its rows.
    """
    if matrix.ndim == 1:
        return [(matrix[::step].tobytes(), (step,)) for step in (1, -1)]
    straight = [(matrix[::i, ::j].tobytes(), (i, j)) for i in (1, -1) for j in (1, -1)]
    return [*straight, *((matrix[::i, ::j].T.tobytes(), (2 * i, 2 * j)) for _, (i, j) in straight)]


def _first_false(holds: Any) -> int:
    """Up to where it holds."""
    return int(np.argmin(holds)) if not holds.all() else len(holds)
