"""Instructions as columns: those said twice found, those that nobody needs left out, and a graph made of the rest.

Numbers are as while a program is written (see `builder`): inputs, then results; constants are negative.  All of it is
array operations, so that a million instructions take a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd.context import Label
from autograd.program.graph import Graph, Operation
from autograd.program.loops import Step

Ints = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Keys = np.ndarray[Any, np.dtype[np.uint64]]

LONG = 1_000  # instructions from which passes go over columns: of fewer, one after the other is as quick
_ROUNDS = 48  # of looking for what was said twice, until that is done one by one: chains need as many as they are long
_WAVES = 64  # of instructions that nobody needs any more, until they are looked for one by one
_MIX, _TURN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)


class Lines(NamedTuple):
    """Instructions in topological order; the i-th computes number ``first + i``."""

    first: int  # how many inputs there are
    code: Ints  # (n,) what is computed
    starts: Ints  # (n + 1,) where its operands begin
    operands: Ints

    @classmethod
    def of(cls, first: int, code: Sequence[int], operands: Sequence[tuple[int, ...]]) -> Lines:
        """Lines that are written as tuples."""
        lengths = np.fromiter(map(len, operands), np.int64, len(operands))
        starts = starts_of(lengths)
        return cls(first, np.array(code, np.int64), starts, np.fromiter(chain.from_iterable(operands), np.int64))

    @property
    def lengths(self) -> Ints:
        """How many operands each has."""
        return np.diff(self.starts)

    @property
    def users(self) -> Ints:
        """Of each operand whose it is."""
        return np.repeat(np.arange(len(self.code)), self.lengths)

    def some(self, which: Ints) -> Lines:
        """These lines, in this order; their operands say what they said."""
        starts, at = ragged(self.starts, which)
        return self._replace(code=self.code[which], starts=starts, operands=self.operands[at])

    def followed_by(self, more: Lines) -> Lines:
        """These lines and then others, which count on."""
        columns = zip(self[1:], (more.code, more.starts[1:] + self.starts[-1], more.operands), strict=True)
        return Lines(self.first, *map(np.concatenate, columns))

    def tuples(self) -> list[tuple[int, ...]]:
        """The operands, a tuple a line."""
        listed = self.operands.tolist()
        return [tuple(listed[start:stop]) for start, stop in pairwise(self.starts.tolist())]


def starts_of(lengths: Ints) -> Ints:
    """Where each begins, of so many one behind the other; and the end.

    >>> starts_of(np.array([2, 0, 3])).tolist()
    [0, 2, 2, 5]
    """
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def ragged(starts: Ints, which: Ints) -> tuple[Ints, Ints]:
    """(where each begins then, where all their elements are now) of some rows of a ragged array.

    >>> ragged(np.array([0, 2, 2, 5]), np.array([2, 0]))[1].tolist()
    [2, 3, 4, 0, 1]
    """
    lengths = starts[which + 1] - starts[which]
    return starts_of(lengths), ranges(starts[which], lengths)


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """start, start + 1, …, so many from each, one behind the other.

    >>> ranges(np.array([7, 2]), np.array([3, 2])).tolist()
    [7, 8, 9, 2, 3]
    """
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


def in_groups(keys: Ints, count: int) -> Ints:
    """A stable order by whole numbers from 0 up to `count`: by 16 bits at a time, which NumPy sorts by counting.

    >>> in_groups(np.array([70_000, 3, 70_000, 2]), 70_001).tolist()
    [3, 1, 0, 2]
    """
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    while count := count >> 16:
        keys = keys >> 16
        order = order[np.argsort((keys[order] & 0xFFFF).astype(np.uint16), kind="stable")]
    return order


class PlacedLines:
    """Lines that are put in their places, in any order."""

    def __init__(self, size: int) -> None:
        self._code, self._lengths = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self._parts: list[tuple[Ints, Ints, Ints]] = []  # places, their operands from which on, the operands

    def put(self, places: Ints, code: int, operands: Ints) -> None:
        """Lines of as many operands each: (k, m)."""
        self._code[places], self._lengths[places] = code, operands.shape[1]
        for slot, column in enumerate(operands.T):
            self._parts.append((places, np.full(len(places), slot), column))

    def append(self, places: Ints, column: Ints) -> None:
        """One more operand for lines that were put before."""
        self._parts.append((places, self._lengths[places], column))
        self._lengths[places] += 1

    def put_ragged(self, places: Ints, code: Ints | int, begins: Ints, columns: Sequence[Ints]) -> None:
        """Lines of the same rows of each column, one behind the other."""
        lengths = np.diff(begins)
        self._code[places], self._lengths[places] = code, len(columns) * lengths
        within = np.arange(begins[-1]) - np.repeat(begins[:-1], lengths)
        for i, column in enumerate(columns):
            self._parts.append((np.repeat(places, lengths), within + i * np.repeat(lengths, lengths), column))

    def lines(self, first: int) -> Lines:
        """All of them."""
        starts = starts_of(self._lengths)
        operands = np.empty(starts[-1], np.int64)
        for places, slots, column in self._parts:
            operands[starts[places] + slots] = column
        return Lines(first, self._code, starts, operands)


# -- what was said twice ----------------------------------------------------------------------------


def said_once(lines: Lines) -> tuple[Lines, Ints]:
    """(the lines, which speak of what was said first; for each the number of the first that says the same).

    What is the same is so because of its operands, which may be the same because of theirs.
    """
    found, keys, users = np.arange(len(lines.code)), _keys(lines), lines.users
    look = found
    for _ in range(_ROUNDS):
        repeats, firsts = _said_before(lines, keys, look)
        if not len(repeats):
            found = _ends(found)
            return lines, lines.first + found
        found[repeats] = firsts
        at, operands = _that_speak_of(lines, repeats), lines.operands.copy()
        operands[at] = lines.first + found[operands[at] - lines.first]
        lines = lines._replace(operands=operands)
        changed = np.unique(users[at])
        keys[changed] = _keys(lines.some(changed))
        look = _perhaps_as(keys, changed)
        look = look[found[look] == look]
    return _one_by_one(lines)


def _ends(links: Ints) -> Ints:
    """Where one comes to that follows links to their ends."""
    while not np.array_equal(further := links[links], links):
        links = further
    return links


def _that_speak_of(lines: Lines, which: Ints) -> Ints:
    """Where among the operands some results are."""
    spoken = np.zeros(lines.first + len(lines.code) + 1, bool)
    spoken[lines.first + which] = True
    return np.flatnonzero(spoken[np.maximum(lines.operands, -1)])  # of constants the last, which is none


def _perhaps_as(keys: Keys, which: Ints) -> Ints:
    """All whose keys end as one of these ends."""
    ends = (keys & np.uint64(0xFFFF)).astype(np.int64)
    met = np.zeros(1 << 16, bool)
    met[ends[which]] = True
    return np.flatnonzero(met[ends])


def renamed(lines: Lines, numbers: Ints) -> Lines:
    """The lines where results are called otherwise."""
    return lines._replace(operands=called(lines, numbers, lines.operands))


def called(lines: Lines, numbers: Ints, before: Ints) -> Ints:
    """What numbers are called where results are called otherwise."""
    is_result = before >= lines.first
    found: Ints = np.where(is_result, numbers[np.where(is_result, before - lines.first, 0)], before)
    return found


def _one_by_one(lines: Lines) -> tuple[Lines, Ints]:
    first, known, numbers = lines.first, dict[Any, int](), list[int]()
    for i, (code, operands) in enumerate(zip(lines.code.tolist(), lines.tuples(), strict=True)):
        told = tuple([o if o < first else numbers[o - first] for o in operands])
        numbers.append(known.setdefault((code, told), first + i))
    found = np.array(numbers, np.int64)
    return renamed(lines, found), found


def _said_before(lines: Lines, keys: Keys, look: Ints) -> tuple[Ints, Ints]:
    """(those of some lines that say to the letter what another of them says before, which that is)."""
    repeats, firsts = [look[:0]], [look[:0]]
    turn = keys[look]
    while len(look):
        bits = max(4, (2 * len(look)).bit_length())
        slots = (turn >> np.uint64(64 - bits)).astype(np.int64)
        occupant = np.empty(1 << bits, np.int64)
        occupant[slots[::-1]] = look[::-1]  # of several the first stays
        met = occupant[slots]
        same = keys[met] == keys[look]
        again = same & (met != look)
        repeats.append(look[again])
        firsts.append(met[again])
        look, turn = look[~same], turn[~same]
        turn = (turn ^ (turn >> np.uint64(29))) * _TURN
    found, first = np.concatenate(repeats), np.concatenate(firsts)
    equal = _equal(lines, found, first)  # two keys in 2⁶⁴ may be the same
    return found[equal], first[equal]


def _keys(lines: Lines) -> Keys:
    """A number of 64 bits for what each line says."""
    lengths = lines.lengths
    padded: Keys = np.append(lines.operands, [0, 0]).astype(np.uint64)
    a, b = padded[lines.starts[:-1]], padded[lines.starts[:-1] + 1]
    b[lengths < 2] = 0
    keys: Any = a * _MIX + (b ^ (b >> np.uint64(32))) * _TURN
    longer = np.flatnonzero(lengths > 2)
    if len(longer):
        keys[longer] = _long_keys(lines.some(longer))
    keys ^= keys >> np.uint64(31)
    keys += ((lines.code << 32) + lengths).astype(np.uint64)
    keys *= _MIX
    keys ^= keys >> np.uint64(32)
    keys *= _TURN
    return np.asarray(keys, np.uint64)


def _long_keys(lines: Lines) -> Keys:
    """The same of what their operands are."""
    place = np.arange(lines.starts[-1]) - np.repeat(lines.starts[:-1], lines.lengths)
    mixed: Any = (lines.operands.astype(np.uint64) + (place.astype(np.uint64) << np.uint64(34))) * _MIX
    mixed ^= mixed >> np.uint64(31)
    mixed *= _TURN
    sums = np.zeros(len(mixed) + 1, np.uint64)
    np.cumsum(mixed, out=sums[1:])
    return sums[lines.starts[1:]] - sums[lines.starts[:-1]]


def _equal(lines: Lines, ones: Ints, others: Ints) -> Mask:
    """Whether lines say the same as others."""
    equal: Mask = (lines.code[ones] == lines.code[others]) & (lines.lengths[ones] == lines.lengths[others])
    alike = np.flatnonzero(equal)
    starts, at = ragged(lines.starts, ones[alike])
    differs = lines.operands[at] != lines.operands[ragged(lines.starts, others[alike])[1]]
    equal[alike[np.repeat(np.arange(len(alike)), np.diff(starts))[differs]]] = False
    return equal


# -- what is needed ---------------------------------------------------------------------------------


def needed_for(lines: Lines, wanted: Ints) -> Mask:
    """Which lines some numbers depend on: all but those that nobody reads, those that only these read, …"""
    first, n = lines.first, len(lines.code)
    results = np.concatenate([lines.operands, wanted])
    uses = np.bincount(results[results >= first] - first, minlength=n)
    needed = np.ones(n, bool)
    unread = np.flatnonzero(uses == 0)
    for _ in range(_WAVES):
        if not len(unread):
            return needed
        needed[unread] = False
        operands = lines.operands[ragged(lines.starts, unread)[1]]
        lost = operands[operands >= first] - first
        np.subtract.at(uses, lost, 1)
        unread = np.unique(lost[uses[lost] == 0])
    return _needed_one_by_one(lines, wanted)


def _needed_one_by_one(lines: Lines, wanted: Ints) -> Mask:
    first = lines.first
    needed = [False] * (first + len(lines.code))
    for number in wanted.tolist():
        if number >= 0:
            needed[number] = True
    for i, operands in zip(range(len(lines.code) - 1, -1, -1), reversed(lines.tuples()), strict=True):
        if needed[first + i]:
            for operand in operands:
                if operand >= 0:
                    needed[operand] = True
    return np.array(needed[first:], bool)


def computed_from(lines: Lines, inputs: Iterable[int]) -> Mask:
    """For each input and each result whether it depends on one of `inputs`."""
    first, n = lines.first, len(lines.code)
    found = np.ones(first + n, bool)
    found[:first] = False
    found[list(inputs)] = True
    read = np.where(lines.operands >= 0, lines.operands, 0)
    live = found[read] & (lines.operands >= 0)
    counts = np.bincount(lines.users[live], minlength=n)
    still = np.flatnonzero(counts == 0)
    return found if not len(still) or _spread(lines, found, counts, still) else _computed_one_by_one(lines, found)


def _spread(lines: Lines, found: Mask, counts: Ints, still: Ints) -> bool:
    """Take away lines of no live operand, those that read nothing but these, …; whether that came to an end."""
    first = lines.first
    read = np.maximum(lines.operands, -1) + 1
    size = first + len(counts) + 1
    users, begins = lines.users[in_groups(read, size)], starts_of(np.bincount(read, minlength=size))
    for _ in range(_WAVES):
        found[first + still] = False
        lost = users[ragged(begins, first + still + 1)[1]]
        np.subtract.at(counts, lost, 1)
        still = np.unique(lost[counts[lost] == 0])
        if not len(still):
            return True
    return False


def _computed_one_by_one(lines: Lines, found: Mask) -> Mask:
    known = [*found[: lines.first].tolist(), *[False] * len(lines.code)]
    for number, operands in enumerate(lines.tuples(), lines.first):
        known[number] = any(known[o] for o in operands if o >= 0)
    return np.array(known, bool)


# -- the graph --------------------------------------------------------------------------------------


def graph_of(
    lines: Lines,
    inputs: tuple[str, ...],
    constants: Sequence[float],
    operations: Sequence[Operation | Step],
    outputs: Iterable[int],
    words: Mapping[int, Label],
) -> Graph:
    """The graph with these outputs, without what they do not need; constant j is called ~j in the lines."""
    wanted = np.fromiter(outputs, np.int64)
    needed = needed_for(lines, wanted)
    kept = lines if needed.all() else lines.some(np.flatnonzero(needed))
    used = np.bincount(kept.code, minlength=len(operations)) > 0
    speaks_of = np.zeros(len(constants), bool)
    for numbers in (kept.operands, wanted):
        speaks_of[~numbers[numbers < 0]] = True
    renumber = _renumbering(lines.first, needed, speaks_of)
    return Graph(
        inputs=inputs,
        constants=np.array(constants, float)[speaks_of],
        operations=tuple(operations[i] for i in np.flatnonzero(used).tolist()),
        code=(np.cumsum(used) - 1)[kept.code].astype(np.int32),
        starts=kept.starts,
        operands=renumber[kept.operands].astype(np.int32),
        outputs=renumber[wanted].astype(np.int32),
        words={int(renumber[i]): said for i, said in words.items() if needed[i - lines.first]},
    )


def _renumbering(n: int, needed: Mask, used: Mask) -> Ints:
    """A table from numbers while writing to final ones."""
    constants = np.cumsum(used) - 1 + n
    results = np.cumsum(needed) - 1 + n + int(used.sum())
    return np.concatenate([np.arange(n), results, constants[::-1]])  # ~j counts from the end
