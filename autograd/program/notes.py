"""What a function made while it was recorded, as columns, read from its Symbols in the order of their making."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain, compress, count
from operator import attrgetter
from struct import pack
from typing import Any, NamedTuple

import numpy as np

from autograd.context import Label
from autograd.program.lines import Ints, Lines, renamed, starts_of
from autograd.symbol import Symbol
from autograd.value import Operand, Value


class Notes(NamedTuple):
    """All that was made.

    Attributes:
        nodes: what was made, in order
        rows: the rows that occur
        lines: what each node computes, a code for each of `rows`, and of what: number i is the i-th node, ~k what is
            the k-th `outside`
        outside: inputs, other leaves, and numbers, each once
    """

    nodes: Sequence[Value]
    rows: Sequence[Any]
    lines: Lines
    outside: Sequence[Operand]
    begin: int  # the place of the first that was made

    def needed_for(self, roots: Iterable[Operand]) -> Needed:
        """What some numbers are computed from, in the order of `autograd.order.interior`."""
        order = depth_first(self.lines, map(self._made, roots))
        places = np.full(len(self.nodes), -1)
        places[order] = np.arange(len(order))
        return Needed(self, order, places, renamed(self.lines.some(order), places))

    def _made(self, operand: Operand) -> int:
        """Which of the nodes an operand is; -1 for what is outside."""
        return operand._place - self.begin if isinstance(operand, Symbol) and operand._a is not None else -1


class Needed(NamedTuple):
    """What was made that is needed.

    Attributes:
        all: all that was made
        order: (n,) which nodes are needed, operands before their users
        places: where each node stands in that order; -1 for those that are not needed
        lines: as those of `all`, in that order
    """

    all: Notes
    order: Ints
    places: Ints
    lines: Lines

    def place(self, operand: Operand) -> int:
        """Where a node stands in the order; -1 for what is outside."""
        made = self.all._made(operand)
        return int(self.places[made]) if made >= 0 else -1

    def read(self) -> list[int]:
        """What is read of what is outside, in the order in which it is met."""
        ks = ~self.lines.operands[self.lines.operands < 0]
        met = np.full(len(self.all.outside), len(ks))
        met[ks[::-1]] = np.arange(len(ks))[::-1]
        order: list[int] = np.argsort(met, kind="stable").tolist()
        return order[: int((met < len(ks)).sum())]

    def words(self) -> list[tuple[int, Label]]:
        """What is known of nodes, in their order: (where one stands, what it is called)."""
        words = list(map(attrgetter("_words"), self.all.nodes))
        if words.count(None) == len(words):
            return []
        return [(at, words[i]) for at, i in enumerate(self.order.tolist()) if words[i] is not None]


class _Elsewhere(Exception):
    """An operand is computed elsewhere."""


def notes_of(nodes: Sequence[Any], inputs: Sequence[Any], beside: Collection[Value]) -> Notes | None:
    """What these nodes say, which stand behind their operands; None if one was computed from those made `beside`.

    Each gets its place, in a range of numbers that no other recording has, so that it is found again without a search.
    """
    begin = _ranges()
    for place, node in enumerate(chain(reversed(inputs), nodes), begin - len(inputs)):
        node._place = place
    outside, made_by = _Outside(begin, inputs, beside), list(map(attrgetter("_row"), nodes))
    rows = {row: i for i, row in enumerate(dict.fromkeys(made_by))}
    code = np.fromiter(map(rows.__getitem__, made_by), np.int64, len(made_by))
    try:
        lengths, operands = _operands(nodes, list(rows), code, outside.place)
    except (_Elsewhere, AttributeError):  # an input of another recording has no place yet
        return None
    operands -= begin
    if len(operands) and not -len(outside.listed) <= operands.min() <= operands.max() < len(nodes):
        return None  # kept from another recording
    return Notes(nodes, list(rows), Lines(0, code, starts_of(lengths), operands), outside.listed, begin)


_ranges = count(2**32, 2**32).__next__  # one for each recording, in any thread


class _Outside:
    """What is read that is none of the nodes."""

    def __init__(self, begin: int, inputs: Sequence[Value], beside: Collection[Value]) -> None:
        self._begin, self._beside = begin, beside
        self.listed: list[Operand] = list(inputs)
        self._known: dict[Any, int] = {}

    def place(self, operand: Any) -> int:
        """Where a number stands, before all nodes."""
        if isinstance(operand, Symbol):
            return operand._place
        key = pack("d", operand) if type(operand) is float else operand
        found = self._known.get(key)
        if found is None:
            if operand in self._beside:
                raise _Elsewhere
            found = self._known[key] = self._begin + ~len(self.listed)
            self.listed.append(operand)
        return found


def _operands(
    nodes: Sequence[Value], rows: Sequence[Any], code: Ints, place: Callable[[Any], int]
) -> tuple[Ints, Ints]:
    """(how many operands each node has, where they stand, one node after the other)."""
    counts = [row.arity if row.arity in (1, 2) else 0 for row in rows]
    if not all(counts):
        each = [node.operands for node in nodes]
        return np.array(list(map(len, each)), np.int64), _places(chain.from_iterable(each), place)
    lengths = np.array(counts, np.int64)[code]
    operands, begins = np.empty(int(lengths.sum()), np.int64), np.cumsum(lengths) - lengths
    operands[begins] = _places_along("_a", nodes, place)
    is_second = lengths == 2
    operands[begins[is_second] + 1] = _places_along("_b", list(compress(nodes, is_second)), place)
    return lengths, operands


def _places_along(slot: str, nodes: Sequence[Value], place: Callable[[Any], int]) -> Ints:
    """Where one operand of each of these stands: of many Symbols one after the other at once."""
    found, of_symbols = np.empty(len(nodes), np.int64), attrgetter(f"{slot}._place")
    for start in range(0, len(nodes), _AT_ONCE):
        some = nodes[start : start + _AT_ONCE]
        try:
            found[start : start + _AT_ONCE] = list(map(of_symbols, some))
        except AttributeError:  # a number, or a Value
            found[start : start + _AT_ONCE] = _places(map(attrgetter(slot), some), place)
    return found


_AT_ONCE = 1024


def _places(operands: Iterable[Any], place: Callable[[Any], int]) -> Ints:
    return np.array([o._place if type(o) is Symbol else place(o) for o in operands], np.int64)


def depth_first(lines: Lines, roots: Iterable[int]) -> Ints:
    """The lines that roots are computed from, in the order of `autograd.order.interior`."""
    a, b, more = _by_themselves(lines)
    order: list[int] = []
    seen = bytearray(len(a))
    stack = [root for root in roots if root >= 0][::-1]
    push, pop, placed = stack.append, stack.pop, order.append
    while stack:
        line = pop()
        if line < 0:  # all its operands have been placed
            placed(~line)
        elif not seen[line]:
            seen[line] = 1
            push(~line)
            if line in more:
                stack += [operand for operand in reversed(more[line]) if operand >= 0 and not seen[operand]]
            else:
                if (second := b[line]) >= 0 and not seen[second]:
                    push(second)
                if (first := a[line]) >= 0 and not seen[first]:
                    push(first)
    return np.array(order, np.int64)


def _by_themselves(lines: Lines) -> tuple[list[int], list[int], dict[int, list[int]]]:
    """(the first operand of each line, its second one, all of those that have more); -1 where there is none."""
    lengths, padded = lines.lengths, np.append(lines.operands, [-1, -1])
    a, b = (np.where(lengths > slot, padded[lines.starts[:-1] + slot], -1) for slot in (0, 1))
    many = np.flatnonzero(lengths > 2)
    more = {line: lines.operands[lines.starts[line] : lines.starts[line + 1]].tolist() for line in many.tolist()}
    return a.tolist(), b.tolist(), more
