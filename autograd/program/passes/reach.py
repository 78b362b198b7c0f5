"""What leads where in a program: the cones of many numbers, all together by arrays or one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from autograd.lazy import lazy
from autograd.ops.primitive import MOST_ROWS, lookup
from autograd.program.graph import Graph, Operation, plain
from autograd.program.lines import ragged, starts_of
from autograd.program.passes.adjoint import slope_terms

Ids = np.ndarray[Any, np.dtype[np.int64]]
Cone = set[int]
_DEEP = 256  # steps from which arrays are mostly short
_MOST = 2**22  # numbers in cones; more are walked one cone after the other, which takes no room


class Passages:
    """Where derivatives pass in a program: from each instruction to its operands, and back to its users.

    Attributes:
        operands, starts: what a derivative that comes back to a number is passed to, and where that begins
        users, user_starts: what moves when a number does
    """

    def __init__(self, program: Graph) -> None:
        self.program = program
        passes = np.ones(len(program.operands), bool)
        lengths = np.diff(program.starts)
        for code, operation in enumerate(program.operations):
            for slot in _silent(plain(operation)):
                passes[program.starts[:-1][program.code == code] + slot] = False
        self.count = program.first + len(program)
        users = np.repeat(np.arange(program.first, self.count), lengths)[passes]
        self.operands = program.operands[passes].astype(np.int64)
        self.starts = starts_of(np.bincount(users, minlength=self.count))
        self.users = users[np.argsort(self.operands, kind="stable")]
        self.user_starts = starts_of(np.bincount(self.operands, minlength=self.count))

    @lazy
    def levels(self) -> list[Ids] | None:
        """All numbers, those first that need no other, then what needs these alone, …; None if that is deep."""
        waiting = np.diff(self.starts)
        levels, front = list[Ids](), np.flatnonzero(waiting == 0)
        while len(front):
            if len(levels) == _DEEP:
                return None
            levels.append(front)
            met = np.sort(followed(self.user_starts, self.users, front))
            begins = np.flatnonzero(np.diff(met, prepend=-1))
            reached = met[begins]
            waiting[reached] -= np.diff(begins, append=len(met))
            front = reached[waiting[reached] == 0]
        return levels


@lru_cache(MOST_ROWS)
def _silent(operation: Operation) -> tuple[int, ...]:
    """The slots along which no derivative passes, ever."""
    row = lookup(operation.row)
    if row.leading:  # an index, or what is looked up
        return (0,)
    slopes = () if row.variadic or row.opaque else slope_terms(operation.row, len(row.operands))
    return tuple(slot for slot, slope in enumerate(slopes) if slope is None)


def followed(starts: Ids, neighbours: Ids, numbers: Ids) -> Ids:
    """The neighbours of all these numbers, one after the other."""
    return neighbours[ragged(starts, numbers)[1]]


class Way:
    """One way from some numbers to others: to a neighbour, to its neighbours, …, as far as is asked for.

    Attributes:
        starts, following: the neighbours of each number, and where they begin
        seeds: where cones begin
        limits: (seeds,) a cone goes on to numbers of no higher rank
        rank: (numbers,) the lowest that a number leads to, `own` or that of what comes next
    """

    def __init__(self, edges: Passages, forwards: bool, seeds: Sequence[int], limits: Ids, own: Ids) -> None:
        self.starts, self.following = (edges.user_starts, edges.users) if forwards else (edges.starts, edges.operands)
        self.seeds, self.limits = np.array(seeds, np.int64), limits
        self.rank = self._ranked(own, edges.levels, range(edges.count)[:: -1 if forwards else 1], forwards)

    def _ranked(self, own: Ids, levels: list[Ids] | None, order: Iterable[int], forwards: bool) -> Ids:
        if levels is None:
            return self._ranked_one_by_one(own.tolist(), order)
        rank = own.copy()
        for level in levels[::-1] if forwards else levels:
            lengths = self.starts[level + 1] - self.starts[level]
            numbers = level[lengths > 0]
            if len(numbers):
                begins = np.cumsum(lengths[lengths > 0]) - lengths[lengths > 0]
                lowest = np.minimum.reduceat(rank[followed(self.starts, self.following, numbers)], begins)
                rank[numbers] = np.minimum(rank[numbers], lowest)
        return rank

    def _ranked_one_by_one(self, rank: list[int], order: Iterable[int]) -> Ids:
        starts, following = self._lists
        for number in order:
            for other in following[starts[number] : starts[number + 1]]:
                if rank[other] < rank[number]:
                    rank[number] = rank[other]
        return np.array(rank, np.int64)

    @lazy
    def _lists(self) -> tuple[list[int], list[int]]:
        return self.starts.tolist(), self.following.tolist()

    @lazy
    def _ranks(self) -> list[int]:
        found: list[int] = self.rank.tolist()
        return found

    def cone(self, place: int) -> Cone:
        """What the seed of that place leads to, itself too."""
        limit, seed, rank = int(self.limits[place]), int(self.seeds[place]), self._ranks
        starts, following = self._lists
        stack = [seed] if rank[seed] <= limit else []
        cone = set(stack)
        while stack:
            number = stack.pop()
            for other in following[starts[number] : starts[number + 1]]:
                if rank[other] <= limit and other not in cone:
                    cone.add(other)
                    stack.append(other)
        return cone


class Cones:
    """All cones of a way, step by step.

    Attributes:
        keys: what was met so far, ascending: numbers of the program, and so many of it for each cone before
        cost: of what was met
        is_over: whether these are all; `is_large` if it is known that they are too many, or too deep
    """

    def __init__(self, way: Way, costs: Ids) -> None:
        self._way, self._costs, self._count = way, costs, len(costs)
        begins = np.flatnonzero(way.rank[way.seeds] <= way.limits)
        self.keys = self._front = begins * self._count + way.seeds[begins]
        self.cost = float(costs[way.seeds[begins]].sum())
        self._steps = 0

    @property
    def is_over(self) -> bool:
        """Whether all was met."""
        return not len(self._front)

    @property
    def is_large(self) -> bool:
        """Whether these are more or deeper than arrays are good for."""
        return len(self.keys) > _MOST or self._steps > _DEEP

    def step(self) -> None:
        """Go on to the neighbours of what was met last."""
        way = self._way
        cone, number = np.divmod(self._front, self._count)
        lengths = way.starts[number + 1] - way.starts[number]
        owner, reached = np.repeat(cone, lengths), followed(way.starts, way.following, number)
        is_asked = way.rank[reached] <= way.limits[owner]
        found = _distinct(owner[is_asked] * self._count + reached[is_asked])
        place = np.searchsorted(self.keys, found)
        is_new = self.keys[np.minimum(place, len(self.keys) - 1)] != found
        self._front = found[is_new]
        self.keys = np.insert(self.keys, place[is_new], self._front)
        self.cost += float(self._costs[self._front % self._count].sum())
        self._steps += 1

    def listed(self) -> tuple[Ids, Ids, Ids]:
        """(the places of seeds that lead anywhere, where the members of their cones begin, these, ascending)."""
        cone, members = np.divmod(self.keys, self._count)
        begins = np.flatnonzero(np.diff(cone, prepend=-1))
        return cone[begins], np.append(begins, len(members)), members


def _distinct(keys: Ids) -> Ids:
    """Each once, ascending."""
    keys = np.sort(keys)
    found: Ids = keys[np.flatnonzero(np.diff(keys, prepend=-1))]
    return found


def cheaper(usual: Cones, other: Cones, close: float) -> Cones | None:
    """Which costs less in all, the usual one `close` times what it does; None if that is too large to know.

    The one that cost less so far always goes on.
    """
    while True:
        now = usual if usual.cost * close <= other.cost else other
        if now.is_over:
            return now
        if now.is_large:
            return None
        now.step()
