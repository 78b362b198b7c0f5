"""Sums gathered in long programs, over columns: what `fuse` writes, for all instructions at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.program.builder import Builder
from autograd.program.graph import ADD, DOT, MULTIPLY, SUM, Graph, Operation
from autograd.program.lines import Ints, Lines, Mask, PlacedLines, called, ragged, said_once, starts_of

SUMS = (ADD, SUM, DOT)
_NONE = -(2**62)  # where a term has no second factor


def fused_at_once(program: Graph) -> Graph:
    """What `fuse_sums` says of a program with sums."""
    return _Fusion(program).run()


class _Terms(NamedTuple):
    """What sums add, one sum after the other: a number, or two factors."""

    starts: Ints  # (sums + 1,) where each one's terms begin
    a: Ints
    b: Ints  # `_NONE` for what is no product

    @property
    def is_product(self) -> Mask:
        """Which are products."""
        found: Mask = self.b != _NONE
        return found

    @property
    def sums(self) -> Ints:
        """Of each term whose it is."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def some(self, which: Mask) -> _Terms:
        """Only these terms."""
        counts = np.bincount(self.sums[which], minlength=len(self.starts) - 1)
        return _Terms(starts_of(counts), self.a[which], self.b[which])


class _Fusion:
    """A program being rewritten."""

    def __init__(self, program: Graph) -> None:
        self._program, self._builder = program, Builder(program.inputs)
        self._lines, self._names = self._builder.columns_of(program)
        uses = np.bincount(program.operands, minlength=len(self._names))
        uses += np.bincount(program.outputs, minlength=len(self._names))
        self._once = uses[program.first :] == 1
        self._is_sum, self._is_product = self._computes(*SUMS), self._computes(MULTIPLY)
        self._inside = np.zeros(len(program), bool)  # sums that one other sum adds, and nobody else reads

    def run(self) -> Graph:
        """Write every line again, those inside a sum only there."""
        terms = self._multiplied(self._gathered(self._addends()))
        lines, numbers = self._written(terms)
        for change in (self._builder.folded, said_once):
            lines, changed = change(lines)
            numbers = called(lines, changed, numbers)
        first = self._program.first
        for number, words in self._program.words.items():
            if not self._inside[number - first]:
                self._builder.describe(int(numbers[number - first]), words)
        return self._builder.finish_lines(lines, called(self._lines, numbers, self._names[self._program.outputs]))

    def _computes(self, *which: Operation) -> Mask:
        found: Mask = np.array([operation in which for operation in self._program.operations], bool)[self._program.code]
        return found

    # -- terms ----------------------------------------------------------------------------------

    def _addends(self) -> _Terms:
        """What each sum adds, as it is written."""
        lines, sums = self._lines, np.flatnonzero(self._is_sum)
        lengths = lines.lengths[sums]
        half = np.where(self._computes(DOT)[sums], lengths // 2, 0)
        starts = starts_of(lengths - half)
        half, begins = (np.repeat(each, lengths - half) for each in (half, lines.starts[sums] - starts[:-1]))
        place = begins + np.arange(starts[-1])
        is_product = place - lines.starts[sums].repeat(np.diff(starts)) < half
        behind = lines.operands[place + half]
        return _Terms(starts, np.where(is_product, lines.operands[place], behind), np.where(is_product, behind, _NONE))

    def _made_by(self, terms: _Terms, which: Mask) -> Ints:
        """Of each term the line that makes it, if it is one of these and nobody else reads it; else -1."""
        line = np.where(terms.is_product, -1, terms.a - self._lines.first)
        return np.where((line >= 0) & (self._once & which)[np.maximum(line, 0)], line, -1)

    def _gathered(self, addends: _Terms) -> _Terms:
        """All that the sums add which are inside no other, with those inside taken apart, in order."""
        child = self._made_by(addends, self._is_sum)
        at = np.flatnonzero(child >= 0)
        if not len(at):
            return addends
        self._inside[child[at]] = True
        at = at[np.argsort(child[at])]  # those inside stand before what adds them
        inner, outer = (np.cumsum(self._is_sum) - 1)[child[at]], addends.sums[at]
        sizes = _sizes(np.diff(addends.starts), inner, outer)
        before = np.ones(len(child), np.int64)
        before[at] = sizes[inner]
        before = starts_of(before)[:-1]
        before -= np.repeat(before[addends.starts[:-1]], np.diff(addends.starts))
        is_root = ~self._inside[self._is_sum]
        starts = starts_of(sizes[is_root])
        begins = np.zeros(len(sizes), np.int64)
        begins[is_root] = starts[:-1]
        begins = _begins(begins, inner, outer, before[at])
        leaves = np.flatnonzero(child < 0)
        place = begins[addends.sums[leaves]] + before[leaves]
        a, b = np.empty(starts[-1], np.int64), np.empty(starts[-1], np.int64)
        a[place], b[place] = addends.a[leaves], addends.b[leaves]
        return _Terms(starts, a, b)

    def _multiplied(self, terms: _Terms) -> _Terms:
        """Products that nobody else reads as their factors."""
        line = self._made_by(terms, self._is_product)
        at = np.flatnonzero(line >= 0)
        a, b = terms.a.copy(), terms.b.copy()
        begins = self._lines.starts[line[at]]
        a[at], b[at] = self._lines.operands[begins], self._lines.operands[begins + 1]
        return _Terms(terms.starts, a, b)

    # -- lines ----------------------------------------------------------------------------------

    def _written(self, terms: _Terms) -> tuple[Lines, Ints]:
        """(the new lines, where the results of the old ones stand among them).

        A sum of at least two products is a dot, with what else it adds, one number or the sum of several, at its end.
        """
        sums = np.flatnonzero(self._is_sum & ~self._inside)
        products = np.bincount(terms.sums[terms.is_product], minlength=len(sums))
        count = np.diff(terms.starts)
        is_dot, has_helper = products >= 2, np.where(products >= 2, count - products >= 2, products == 1)
        lines = np.where(self._is_sum, 0, 1)
        lines[sums] = has_helper.astype(np.int64) + (count != 1)
        places = starts_of(lines)
        numbers = self._numbers(places, sums[(lines[sums] == 0)], terms.a[terms.starts[:-1][lines[sums] == 0]])
        terms = terms._replace(a=called(self._lines, numbers, terms.a), b=called(self._lines, numbers, terms.b))
        placed, helpers = PlacedLines(places[-1]), places[sums]
        self._copy(placed, places, numbers)
        self._write_dots(placed, terms, is_dot, helpers, has_helper)
        self._write_sums(placed, terms, ~is_dot & (lines[sums] > 0), helpers, has_helper)
        return placed.lines(self._lines.first), numbers

    def _numbers(self, places: Ints, alone: Ints, same: Ints) -> Ints:
        """What results are called: the last line written for each; sums of one number are `same` as that."""
        first = self._lines.first
        numbers = first + places[1:] - 1
        for line, number in zip(alone.tolist(), same.tolist(), strict=True):
            numbers[line] = number if number < first else numbers[number - first]
        return numbers

    def _copy(self, placed: PlacedLines, places: Ints, numbers: Ints) -> None:
        """The lines that are no sums."""
        lines, rest = self._lines, np.flatnonzero(~self._is_sum)
        begins, at = ragged(lines.starts, rest)
        placed.put_ragged(places[rest], lines.code[rest], begins, [called(lines, numbers, lines.operands[at])])

    def _write_dots(self, placed: PlacedLines, terms: _Terms, is_dot: Mask, helpers: Ints, has_helper: Mask) -> None:
        """Σ a·b + c, and before it the line of c if that is a sum."""
        products, others = terms.some(terms.is_product), terms.some(~terms.is_product)
        which, more = np.flatnonzero(is_dot), np.flatnonzero(is_dot & has_helper)
        begins, at = ragged(products.starts, which)
        places = helpers[which] + has_helper[which]
        placed.put_ragged(places, self._builder.code_of(DOT), begins, [products.a[at], products.b[at]])
        self._add(placed, helpers[more], *_rows(others.starts, more, others.a))
        ends = np.flatnonzero(is_dot & (np.diff(others.starts) > 0))
        alone = others.a[others.starts[:-1][ends]]
        ends_with = np.where(has_helper[ends], self._lines.first + helpers[ends], alone)
        placed.append(helpers[ends] + has_helper[ends], ends_with)

    def _write_sums(self, placed: PlacedLines, terms: _Terms, is_sum: Mask, helpers: Ints, has_helper: Mask) -> None:
        """Sums of numbers, one of which may be a product that has a line before it."""
        mine = np.flatnonzero(terms.is_product & is_sum[terms.sums])
        places = helpers[terms.sums[mine]]
        factors = np.stack([terms.a[mine], terms.b[mine]], axis=1)
        placed.put(places, self._builder.code_of(MULTIPLY), factors)
        addends = terms.a.copy()
        addends[mine] = self._lines.first + places
        which = np.flatnonzero(is_sum & (np.diff(terms.starts) != 1))
        self._add(placed, helpers[which] + has_helper[which], *_rows(terms.starts, which, addends))

    def _add(self, placed: PlacedLines, places: Ints, begins: Ints, addends: Ints) -> None:
        add, sum_ = self._builder.code_of(ADD), self._builder.code_of(SUM)
        placed.put_ragged(places, np.where(np.diff(begins) == 2, add, sum_), begins, [addends])


def _sizes(counts: Ints, inner: Ints, outer: Ints) -> Ints:
    """How many terms each sum has, from how many it adds itself; `inner` are inside `outer`, in their order."""
    sizes = counts.tolist()
    for each, around in zip(inner.tolist(), outer.tolist(), strict=True):
        sizes[around] += sizes[each] - 1
    return np.array(sizes, np.int64)


def _begins(begins: Ints, inner: Ints, outer: Ints, before: Ints) -> Ints:
    """Where the terms of each sum begin, of those inside behind so many others of the one around."""
    found = begins.tolist()
    for each, around, offset in zip(*(column[::-1].tolist() for column in (inner, outer, before)), strict=True):
        found[each] = found[around] + offset
    return np.array(found, np.int64)


def _rows(starts: Ints, which: Ints, column: Ints) -> tuple[Ints, Ints]:
    """Some rows of a ragged column: (where each begins, all of them)."""
    begins, at = ragged(starts, which)
    return begins, column[at]
