"""The numpy executor's plan of a task: which steps run once, which for every block, and where outputs lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autograd.ops.primitive import lookup
from autograd.program.arrays.places import Ids, Mask, MatrixRows, Places
from autograd.program.arrays.steps import (
    TANH,
    TANH_SLOPE,
    ArrayStep,
    Elementwise,
    MatrixProduct,
    Tanh,
    Terms,
    WholeVectors,
    index_operand,
)
from autograd.program.arrays.tape import scalars, tape
from autograd.program.graph import DOT, MULTIPLY, SUM, Graph, remembered
from autograd.program.grouping import LevelGroup, groups, levels, products
from autograd.program.kernel import Task

WORTH_GROUPING = 6  # instructions a group on average: below, one after the other is faster
LONG = 8  # products in a dot from which a matrix product pays
Pairs = list[tuple[int, int, int]]  # left factor, right factor, place among the summed outputs


class Plan:
    """Steps, and where outputs come from.

    Attributes:
        once: the steps that run once, and those that run for every block of samples
        block: the steps that run once, and those that run for every block of samples
        products: (left, right, at): ``total[at]`` is the matrix product of rows over the samples
        sums: (at, rows): ``total[at]`` are sums of rows over the samples
        multiples: (at, rows): ``total[at]`` are alike numbers times the number of samples
        columns: (at, rows): columns of `each` that differ from sample to sample
        copies: (at, rows): columns of `each` that are alike
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.places = Places(task)
        self._level = levels(task.program)
        self.once: list[ArrayStep] = []
        self.block: list[ArrayStep] = []
        self._pairs, skipped = ([], []) if task.exact else summed_products(task, self.places.batched)
        wanted = np.ones(len(task.program), bool)
        wanted[skipped] = False
        results = self.places.batched[task.program.first :]
        self._plan_once(wanted & ~results)
        self._plan_blocks(wanted & results)
        self._plan_outputs()
        del self._level, self._pairs  # as large as the program

    # -- what is the same for all samples -------------------------------------------------------

    def _plan_once(self, wanted: Mask) -> None:
        program, places = self.task.program, self.places
        if _is_regular(program, self._level, wanted):
            for group in groups(program, self._level, wanted):
                for part in self._pure(group):
                    places.assign(part.out, False)
                    self.once.append(self._step(part))
            return
        self.once.append(scalars(program, places, np.flatnonzero(wanted)))

    # -- what differs ---------------------------------------------------------------------------

    def _plan_blocks(self, wanted: Mask) -> None:
        if _is_regular(self.task.program, self._level, wanted):
            self._plan_groups(wanted)
        else:
            lines = np.flatnonzero(wanted)
            self.block.append(tape(self.task.program, self.places, lines, self._needed_at_the_end()))

    def _plan_groups(self, wanted: Mask) -> None:
        slopes = self._slopes_beside_tanh(wanted)
        wanted[list(slopes.values())] = False
        first = self.task.program.first
        slope_of = {y: line + first for y, line in slopes.items()}
        parts = [
            part for group in groups(self.task.program, self._level, wanted) for part in self._pure(group, slope_of)
        ]
        written = [self._written(part, slope_of) for part in parts]
        ends = self._ends([np.concatenate(blocks) for blocks in written], [part.operands for part in parts], written)
        for part, blocks, dead in zip(parts, written, ends, strict=True):
            turned = slice(None, None, -1 if _fall(self.places.row[part.operands[:, 0]]) else 1)
            for numbers in blocks:
                self.places.assign(numbers[turned], True)
            self.block.append(self._step(part[turned], *[numbers[turned] for numbers in blocks[1:]]))
            for numbers in dead:
                self.places.release(numbers)

    def _slopes_beside_tanh(self, wanted: Mask) -> dict[int, int]:
        """The lines of tanh′(y, x) by y: they are computed together with y."""
        program = self.task.program
        if TANH_SLOPE not in program.operations or TANH not in program.operations:
            return {}
        lines = np.flatnonzero(wanted & (program.code == program.operations.index(TANH_SLOPE)))
        ys = program.operands[program.starts[lines]]
        inside = ys >= program.first
        lines, ys = lines[inside], ys[inside]
        fits = wanted[ys - program.first] & (program.code[ys - program.first] == program.operations.index(TANH))
        return dict(zip(ys[fits].tolist(), lines[fits].tolist(), strict=True))

    def _written(self, part: LevelGroup, slope_of: dict[int, int]) -> list[Ids]:
        """The blocks of numbers that a step computes: the group's own, and tanh′ beside tanh."""
        if part.operation == TANH and part.out[0] in slope_of:
            return [part.out, np.array([slope_of[y] for y in part.out.tolist()])]
        return [part.out]

    def _ends(self, made: Sequence[Ids], used: Sequence[Ids], blocks: Sequence[list[Ids]]) -> list[list[Ids]]:
        """For each step the blocks of rows that nobody needs after it."""
        last = np.zeros(len(self.places.batched), np.int64)
        for at, (numbers, operands) in enumerate(zip(made, used, strict=True)):
            last[numbers] = at
            last[operands.reshape(-1)] = at
        last[self._needed_at_the_end()] = len(made)
        ends: list[list[Ids]] = [[] for _ in range(len(made) + 1)]
        for several in blocks:
            for numbers in several:
                ends[int(last[numbers].max())].append(numbers)
        return ends[:-1]

    def _needed_at_the_end(self) -> Ids:
        factors = [number for left, right, _ in self._pairs for number in (left, right)]
        return np.concatenate([self.task.program.outputs, np.array(factors, np.int64)])

    def _pure(self, group: LevelGroup, slope_of: dict[int, int] | None = None) -> Iterator[LevelGroup]:
        """The group in parts that are alike: in which operands are batched, and whether a slope goes with them."""
        kinds = self.places.batched[group.operands]
        if slope_of and group.operation == TANH:
            kinds = np.array([[y in slope_of] for y in group.out.tolist()])
        if (kinds == kinds[:1]).all():
            yield group
            return
        patterns, which = np.unique(kinds, axis=0, return_inverse=True)
        for i in range(len(patterns)):
            rows = np.flatnonzero(which.reshape(-1) == i)
            yield LevelGroup(group.operation, group.out[rows], group.operands[rows], group.shared)

    # -- a step ---------------------------------------------------------------------------------

    def _step(self, group: LevelGroup, slopes: Ids | None = None) -> ArrayStep:
        operand, columns = self.places.operand, group.operands.T
        out = operand(group.out)
        if group.operation in (DOT, SUM):
            return self._dot(group, out)
        if lookup(group.operation.row).variadic:
            return self._vectors(group)
        if out.batched and group.operation == TANH:
            return Tanh(operand(columns[0]), out, None if slopes is None else operand(slopes))
        if out.batched and group.operation == TANH_SLOPE:
            return Tanh(operand(columns[1]), None, out)
        return Elementwise(group.operation, tuple(map(operand, columns)), out)

    def _vectors(self, group: LevelGroup) -> ArrayStep:
        def single(number: int) -> MatrixRows:
            return self.places.operand(np.array([number]))

        lines = tuple(
            (tuple(map(single, operands)), single(out))
            for operands, out in zip(group.operands.tolist(), group.out.tolist(), strict=True)
        )
        return WholeVectors(group.operation, lines, index_operand(group.operation))

    def _dot(self, group: LevelGroup, out: MatrixRows) -> ArrayStep:
        operand, columns = self.places.operand, group.operands.T
        if group.operation == SUM:
            return Terms(tuple((operand(column), None) for column in columns), out)
        n = len(columns) // 2
        bias = operand(columns[2 * n]) if len(columns) % 2 else None
        left = group.operands[:, :n]
        shared = group.shared
        if shared is None and len(left) == 1 and n >= LONG:  # a product with a matrix of one row
            left, shared = self._alike_first(left, group.operands[0, n : 2 * n])
        if shared is not None and not self.task.exact and self._fit(left, shared):
            rising = slice(None, None, -1 if _fall(self.places.row[shared]) else 1)
            left, shared = left[:, rising], shared[rising]
            return MatrixProduct(MatrixRows(False, self.places.row[left]), operand(shared), bias, out)
        terms: list[tuple[MatrixRows, MatrixRows | None]] = [
            (operand(columns[i]), operand(columns[n + i])) for i in range(n)
        ]
        return Terms((*terms, (bias, None)) if bias is not None else tuple(terms), out)

    def _alike_first(self, left: Ids, right: Ids) -> tuple[Ids, Ids]:
        """Both halves of a dot, first that of the numbers that are alike, if one is."""
        return (right[None], left[0]) if self.places.batched[left].any() else (left, right)

    def _fit(self, left: Ids, right: Ids) -> bool:
        """Whether a matrix product can have these factors: a left one that is alike, a right one of one kind."""
        kinds = self.places.batched[right]
        return not self.places.batched[left].any() and bool((kinds == kinds[0]).all())

    # -- outputs --------------------------------------------------------------------------------

    def _plan_outputs(self) -> None:
        outputs, places = self.task.program.outputs.astype(np.int64), self.places
        summed = np.array(self.task.summed, bool)
        each, total = outputs[~summed], outputs[summed]
        rest = np.ones(len(total), bool)
        rest[[place for _, _, place in self._pairs]] = False
        self.products = [(places.operand(p.left), places.operand(p.right), p.at) for p in products(self._pairs)]
        self.sums = _where(rest & places.batched[total], total, places)
        self.multiples = _where(rest & ~places.batched[total], total, places)
        self.columns = _where(places.batched[each], each, places)
        self.copies = _where(~places.batched[each], each, places)


def _fall(rows: Ids) -> bool:
    """Whether the last row comes first, as those of δs do: NumPy copies such rows before BLAS takes them."""
    return len(rows) > 1 and bool((np.diff(rows) < 0).all())


def _where(mask: Mask, numbers: Ids, places: Places) -> tuple[Ids, Ids]:
    """(where the mask holds, the rows of the numbers there)."""
    return np.flatnonzero(mask), places.row[numbers[mask]]


@remembered
def is_regular(program: Graph) -> bool:
    """Whether equal operations of one level of a program are many enough to be run together."""
    return _is_regular(program, levels(program), np.ones(len(program), bool))


def _is_regular(program: Graph, level: Ids, wanted: Mask) -> bool:
    """Whether equal operations of one level are many enough to be run together."""
    if not wanted.any():
        return True
    lines = np.flatnonzero(wanted)
    keys = level[lines + program.first] * len(program.operations) + program.code[lines]
    return len(lines) >= WORTH_GROUPING * len(np.unique(keys))


def summed_products(task: Task, batched: Mask) -> tuple[Pairs, list[int]]:
    """The outputs whose sum over the samples is one of products, as pairs, and the lines that need not run."""
    program = task.program
    asked = np.bincount(program.outputs, minlength=len(batched)) + np.bincount(program.operands, minlength=len(batched))
    is_product = np.array([operation in (MULTIPLY, DOT) for operation in program.operations], bool)
    summed = np.array(task.summed, bool)
    outputs, places = program.outputs[summed].astype(np.int64), np.arange(summed.sum())
    fits = (outputs >= program.first) & batched[outputs] & (asked[outputs] == 1)
    outputs, places = outputs[fits], places[fits]
    fits = is_product[program.code[outputs - program.first]]
    starts, operands = program.starts, program.operands
    pairs: Pairs = []
    skipped: list[int] = []
    for number, place in zip(outputs[fits].tolist(), places[fits].tolist(), strict=True):
        line = number - program.first
        factors = operands[starts[line] : starts[line + 1]].tolist()
        n = len(factors) // 2
        if len(factors) % 2 == 0 and all(batched[factor] for factor in factors):
            pairs += [(factors[i], factors[n + i], place) for i in range(n)]
            skipped.append(line)
    return pairs, skipped
