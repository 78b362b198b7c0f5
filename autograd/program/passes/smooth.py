"""Kinks and jumps smoothed within a width: every row that has one is written as its column `smooth` says.

A smoothed row is the mean of the row over a normal distribution of width h around what its boundary is taken of:
relu(x) becomes x·Φ(x/h) + h·φ(x/h), a jump Φ(x/h).  Beyond 9 h nothing changes to the last digit.

A mean over samples of a density p is then off by h²·p″/2 and terms of h⁴.  Two widths, h and 2 h, have that term as 1
to 4, so 4/3 of the one less 1/3 of the other, row by row, is of order 4 (E. Parzen 1962: kernels that are no density).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from autograd.errors import GraphError
from autograd.ops.expression import COMPARISONS, EQUAL, LESS_EQUAL, SUBTRACT, Term, variable, within
from autograd.ops.primitive import Atom, Primitive, lookup
from autograd.program.builder import Builder, Numbers
from autograd.program.graph import GUARD, MAXIMUM, MULTIPLY, WHERE, Graph, Operation
from autograd.program.loops import Final, Loop


def smoothed(program: Graph, h: float, of_order_4: bool = False) -> Graph:
    """The same program with its kinks and jumps smoothed within h.

    What chooses between two forms of one number, and what says when a loop ends, stays as it is.

    >>> b = Builder(["x"])
    >>> print(smoothed(b.finish([b.emit(Operation("step"), (0,))]), 0.5))
    inputs x
    t1 = divide(x, 0.5)
    t2 = ndtr(t1)
    outputs t2

    Raises:
        GraphError: for a row that has a jump for which no smoothing is known, such as atan2, and for a function with a
            derivative by hand in which there is a kink or a jump
    """
    return _Smoothing(program, h, of_order_4).finish(program)


_ALIKE = Operation(EQUAL)


class _Smoothing:
    """A program being written smoothed, and its conditions as they were too."""

    def __init__(self, program: Graph, h: float, of_order_4: bool) -> None:
        self._h, self._of_order_4 = h, of_order_4
        self._builder = Builder(program.inputs)
        self._numbers: list[int] = [
            *range(len(program.inputs)),
            *map(self._builder.constant, program.constants.tolist()),
        ]
        self._sharp: set[int] = set()  # the program's conditions
        self._plain: dict[int, int] = {}  # of its numbers that are smoothed, where they stand as they were
        self._sizes: set[int] = set()  # of its numbers those that are never negative, as |x| is
        self._thin: set[int] = set()  # of its conditions those that hold where one of these is 0, which has no extent
        self._runs: dict[int, Loop] = {}
        self._counts: set[int] = set()  # how many steps loops took
        for line in program:
            operands = tuple(self._numbers[i] for i in line.operands)
            self._numbers.append(self._line(line.id, line.operation, line.operands, operands))
            self._builder.describe(self._numbers[-1], program.words.get(line.id))

    def finish(self, program: Graph) -> Graph:
        return self._builder.finish([self._numbers[i] for i in program.outputs.tolist()])

    def finish_body(self, body: Graph) -> Graph:
        """The body of a loop that says whether it goes on."""
        *carried, test = body.outputs.tolist()
        return self._builder.finish([*(self._numbers[i] for i in carried), self._as_it_was(test)])

    def _line(self, number: int, operation: object, before: Numbers, operands: Numbers) -> int:
        if isinstance(operation, Loop):
            self._runs[number] = operation
            return self._builder.emit(self._loop(operation), operands)
        if isinstance(operation, Final) and operation.k >= self._runs[before[0]].carried:
            self._counts.add(number)
        if not isinstance(operation, Operation) or operation.slot is not None:
            return self._builder.emit(operation, operands)  # type: ignore[arg-type]  # another step of a loop's
        if operation == WHERE and before[0] in self._plain and before[0] not in self._sharp:
            raise GraphError(
                "where chooses by a number that is smoothed: choose by a comparison, or leave out smooth=h"
            )
        if self._stays(operation, before):
            return self._builder.emit(operation, operands)
        if operation.row in COMPARISONS or self._combines(operation, before) or self._is_condition(operation, before):
            self._sharp.add(number)
        if lookup(operation.row).smooth is not None or not self._plain.keys().isdisjoint(before):
            self._plain[number] = self._builder.emit(operation, tuple(map(self._as_it_was, before)))
        self._note_size(number, operation, before)
        if operation == GUARD or (operation == WHERE and before[0] in self._thin):
            return self._builder.emit(GUARD, (self._as_it_was(before[0]), *operands[1:]))
        if operation in _OF_CONDITIONS and self._combines(operation, before):  # as probabilities
            return self._write(_OF_CONDITIONS[operation], operands)
        return self._row(lookup(operation.row), operation, operands)

    def _note_size(self, number: int, operation: Operation, before: Numbers) -> None:
        if operation.row == "abs" or (operation == MAXIMUM and not self._sizes.isdisjoint(before)):
            self._sizes.add(number)
        is_zero = operation.row == LESS_EQUAL and self._builder.value_of(self._numbers[before[1]]) == 0.0
        if is_zero and before[0] in self._sizes:
            self._thin.add(number)

    def _stays(self, operation: Operation, before: Numbers) -> bool:
        """Whether it compares how many steps a loop took, or chooses by what is no comparison."""
        return not self._counts.isdisjoint(before) or (operation == WHERE and before[0] not in self._sharp)

    def _combines(self, operation: Operation, before: Numbers) -> bool:
        """Whether it is what `&`, `|`, `^` or `~` write of conditions, of which some may be known: 0 or 1."""
        if operation.row == SUBTRACT:
            return before[1] in self._sharp and self._builder.is_one(self._numbers[before[0]])
        conditions = [i for i in before if i in self._sharp]
        rest = [self._builder.value_of(self._numbers[i]) for i in before if i not in self._sharp]
        return operation in (MULTIPLY, MAXIMUM, _ALIKE) and bool(conditions) and all(x in (0.0, 1.0) for x in rest)

    def _is_condition(self, operation: Operation, before: Numbers) -> bool:
        """Whether it is a condition as a number: 1 where that holds, else 0, or the other way round."""
        values = [self._builder.value_of(self._numbers[i]) for i in before[1:]]
        return operation == WHERE and before[0] in self._sharp and all(x in (0.0, 1.0) for x in values)

    def _as_it_was(self, number: int) -> int:
        return self._plain.get(number, self._numbers[number])

    def _row(self, row: Primitive, operation: Operation, operands: Numbers) -> int:
        if row.smooth is not None:
            chosen = partial(_of_order_4, row.smooth) if self._of_order_4 else row.smooth
            return self._write(partial(chosen, self._h), operands)
        if row.kinks or row.jumps:
            raise GraphError(
                f"{row.title} has {'a kink' if row.kinks else 'jumps'} for which no smoothing is known: leave out "
                "smooth=h, or write it in other functions"
            )
        _check_within(row)
        return self._builder.emit(operation, operands)

    def _write(self, rule: Callable[..., Term], operands: Numbers) -> int:
        names = [f"x{i}" for i in range(len(operands))]
        numbers = dict(zip(names, operands, strict=True))
        return self._builder.write(rule(*map(variable, names)), numbers.__getitem__, GUARD)

    def _loop(self, loop: Loop) -> Loop:
        if loop.solves is not None:
            return _as_it_is(loop)

        def change(program: Graph) -> Graph:
            inside = _Smoothing(program, self._h, self._of_order_4)
            return inside.finish_body(program) if loop.tested and program is loop.body else inside.finish(program)

        return loop.with_programs(change)


def _as_it_is(loop: Loop) -> Loop:
    """A loop that solves an equation, whose steps are no part of the answer; GraphError if the equation has kinks."""
    operations = loop.solves.all_operations() if loop.solves is not None else set()
    broken = [lookup(operation.row) for operation in operations]
    for row in broken:
        if row.kinks or row.jumps:
            raise GraphError(
                f"an equation with {row.title} in it is not smoothed: write it smoothly, or leave out smooth=h"
            )
        _check_within(row)
    return loop


def _of_order_4(smooth: Callable[..., Term], h: float, *operands: Term) -> Term:
    narrow = smooth(h, *operands)
    return narrow + (narrow - smooth(2.0 * h, *operands)) / 3.0  # where both are the same, that to the last digit


def _either(a: Term, b: Term) -> Term:
    return 1.0 - (1.0 - a) * (1.0 - b)


def _alike(a: Term, b: Term) -> Term:
    return a * b + (1.0 - a) * (1.0 - b)


_OF_CONDITIONS = {MAXIMUM: _either, _ALIKE: _alike}


def _check_within(row: Primitive) -> None:
    """Raise GraphError for a function with a derivative by hand that computes with what has kinks or jumps."""
    if not row.by_hand or isinstance(row.rule, Atom):
        return
    for term in within([row.rule(*map(variable, row.operands))]):
        inner = lookup(term.name) if term.operands else row
        if inner.kinks or inner.jumps:
            raise GraphError(
                f"{row.title} has a derivative by hand, so {inner.title} in it cannot be smoothed: leave out smooth=h, "
                "or the derivative by hand"
            )
        if inner is not row:
            _check_within(inner)
