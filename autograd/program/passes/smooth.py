"""Kinks and jumps smoothed within a width: every row that has one is written as its column `smooth` says.

A smoothed row is the mean of the row over a normal distribution of width h around what its boundary is taken of:
relu(x) becomes x·Φ(x/h) + h·φ(x/h), a jump Φ(x/h).  Beyond 9 h nothing changes to the last digit,
but for hypot(a, b), which is hypot(a, b, h) then.  What no input moves, as the index of a loop, is not smoothed.

A mean over samples of a density p is then off by h²·p″/2 and terms of h⁴.  Two widths, h and 2 h, have that term as 1
to 4, so 4/3 of the one less 1/3 of the other, row by row, is of order 4 (E. Parzen 1962: kernels that are no density).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from autograd.errors import GraphError
from autograd.ops.expression import COMPARISONS, EQUAL, LESS_EQUAL, SUBTRACT, Term, variable, within
from autograd.ops.primitive import Atom, Primitive, lookup
from autograd.program.builder import Builder, Numbers
from autograd.program.graph import GUARD, MAXIMUM, MULTIPLY, WHERE, Graph, Operation
from autograd.program.loops import Column, Final, Loop
from autograd.program.passes.ties import Stands, entering, may_tie, stretches


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
        GraphError: for a row that has a jump for which no smoothing is known, such as atan2, for a function with a
            derivative by hand in which there is a kink or a jump, where something chooses by what is smoothed
            itself and no comparison, such as a condition that a loop carries, and where numbers are compared that are
            the same over a whole stretch, as relu(x) and 0 are
    """
    return _Smoothing(program, h, of_order_4, _Inputs()).finish(program)


_ALIKE = Operation(EQUAL)


class _Inputs(NamedTuple):
    """What is known of the inputs of a program, which is perhaps the body of a loop.

    Attributes:
        blurred: those smoothed before
        sharp: those that are conditions
        still: those that nothing moves
        stands: on what each may stand, see `ties`
    """

    blurred: Collection[int] = ()
    sharp: Collection[int] = ()
    still: Collection[int] = ()
    stands: Sequence[Stands] = ()


class _Smoothing:
    """A program being written smoothed, and its conditions as they were too."""

    def __init__(self, program: Graph, h: float, of_order_4: bool, known: _Inputs) -> None:
        self._h, self._of_order_4 = h, of_order_4
        self._blurred = set(known.blurred)  # the program's numbers that are others, smoothed, than they were
        self._still = {*known.still, *range(len(program.inputs), program.first)}  # those that no input moves
        self._builder = Builder(program.inputs)
        self._numbers: list[int] = [
            *range(len(program.inputs)),
            *map(self._builder.constant, program.constants.tolist()),
        ]
        self._sharp = set(known.sharp)  # the program's conditions
        self._plain: dict[int, int] = {}  # of the blurred numbers that no loop made, where they stand as they were
        self._sizes: set[int] = set()  # of its numbers those that are never negative, as |x| is
        self._thin: set[int] = set()  # of its conditions those that hold where one of these is 0, which has no extent
        self._stretches = stretches(program, known.stands)
        self._tied: dict[int, Primitive] = {}  # its conditions that stay where both sides are the same
        self._runs: dict[int, tuple[Loop, set[int], set[int]]] = {}  # and which of its outputs are blurred, and still
        self._counts: set[int] = set()  # how many steps loops took
        for line in program:
            operands = tuple(self._numbers[i] for i in line.operands)
            self._numbers.append(self._line(line.id, line.operation, line.operands, operands))
            self._builder.describe(self._numbers[-1], program.words.get(line.id))

    def finish(self, program: Graph) -> Graph:
        self._check_ties(program.outputs.tolist())
        return self._builder.finish([self._numbers[i] for i in program.outputs.tolist()])

    def finish_body(self, body: Graph) -> Graph:
        """The body of a loop that says whether it goes on."""
        *carried, test = body.outputs.tolist()
        self._check_choice(test)
        self._check_ties(carried)
        return self._builder.finish([*(self._numbers[i] for i in carried), self._as_it_was(test)])

    def _line(self, number: int, operation: object, before: Numbers, operands: Numbers) -> int:
        if isinstance(operation, Loop):
            self._check_ties(before)
            changed, blurred, still = self._loop(operation, before)
            self._runs[number] = operation, blurred, still
            return self._builder.emit(changed, operands)
        self._note_origin(number, operation, before)
        if not isinstance(operation, Operation) or operation.slot is not None:
            return self._builder.emit(operation, operands)  # type: ignore[arg-type]  # another step of a loop's
        return self._instance(number, operation, before, operands)

    def _instance(self, number: int, operation: Operation, before: Numbers, operands: Numbers) -> int:
        """A row, with what is known of its number."""
        if operation == WHERE:
            self._check_choice(before[0])
        if self._stays(operation, before):
            return self._builder.emit(operation, operands)
        if operation.row in COMPARISONS or self._combines(operation, before) or self._is_condition(operation, before):
            self._sharp.add(number)
        if number in self._still:
            return self._builder.emit(operation, operands)
        if lookup(operation.row).smooth is not None or not self._plain.keys().isdisjoint(before):
            self._plain[number] = self._builder.emit(operation, tuple(map(self._as_it_was, before)))
        self._note_size(number, operation, before)
        self._note_ties(number, operation, before)
        if operation == GUARD or (operation == WHERE and before[0] in self._thin):
            return self._builder.emit(GUARD, (self._as_it_was(before[0]), *operands[1:]))
        if operation in _OF_CONDITIONS and self._combines(operation, before):  # as probabilities
            self._blurred.add(number)
            return self._write(_OF_CONDITIONS[operation], operands)
        return self._row(number, lookup(operation.row), operation, operands)

    def _note_origin(self, number: int, operation: object, before: Numbers) -> None:
        """Know whether a number comes from what is smoothed, or from what no input moves, or is a count of steps."""
        if isinstance(operation, (Final, Column)):
            loop, blurred, still = self._runs[before[0]]
            is_count = isinstance(operation, Final) and operation.k >= loop.carried
            is_blurred, is_still = operation.k in blurred, operation.k in still
        else:
            is_count, is_blurred = False, not self._blurred.isdisjoint(before)
            is_still = not is_blurred and self._still.issuperset(before)
        for known, holds in (
            (self._counts, is_count),
            (self._blurred, is_blurred and not is_count),
            (self._still, is_still),
        ):
            if holds:
                known.add(number)

    def _note_size(self, number: int, operation: Operation, before: Numbers) -> None:
        if operation.row == "abs" or (operation == MAXIMUM and not self._sizes.isdisjoint(before)):
            self._sizes.add(number)
        is_zero = operation.row == LESS_EQUAL and self._builder.value_of(self._numbers[before[1]]) == 0.0
        if is_zero and before[0] in self._sizes:
            self._thin.add(number)

    def _note_ties(self, number: int, operation: Operation, before: Numbers) -> None:
        """Know a comparison of what may be the same over a whole stretch: it may choose between forms alone."""
        if self._combines(operation, before):
            self._tied.update((number, self._tied[i]) for i in before if i in self._tied)
            return
        self._check_ties(before[operation == GUARD :])
        if number not in self._thin and may_tie(operation.row, [self._stretches[i] for i in before]):
            self._tied[number] = lookup(operation.row)

    def _check_ties(self, numbers: Iterable[int]) -> None:
        for row in (self._tied[i] for i in numbers if i in self._tied):
            raise GraphError(
                f"{row.title} is asked of numbers that are the same over a whole stretch, as relu(x) and 0 are for all "
                "x < 0, where smooth=h would make it one half: compare what they were made of, as x > 0, and numbers "
                "of steps with halves, as count > 2.5, or leave out smooth=h"
            )

    def _stays(self, operation: Operation, before: Numbers) -> bool:
        """Whether it compares how many steps a loop took, or chooses by no comparison or by what never moves."""
        is_sharp = before[0] in self._still or before[0] not in self._sharp
        return not self._counts.isdisjoint(before) or (operation == WHERE and is_sharp)

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

    def _check_choice(self, condition: int) -> None:
        if condition in self._blurred and condition not in self._sharp:
            raise GraphError(
                "something chooses by a number that smooth=h smooths itself, such as a condition that a loop carries "
                "or yields: compare it where it chooses, as in where(y > 0.5, a, b), or leave out smooth=h"
            )

    def _row(self, number: int, row: Primitive, operation: Operation, operands: Numbers) -> int:
        if row.smooth is not None:
            self._blurred.add(number)
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

    def _loop(self, loop: Loop, before: Numbers) -> tuple[Loop, set[int], set[int]]:
        """A loop smoothed, and which of what it carries and yields is blurred then, and which no input moves."""
        given = before[loop.counted :]
        inputs, still = ({i for i, number in enumerate(given) if number in of} for of in (self._blurred, self._still))
        if loop.solves is not None:
            unknowns = range(len(loop.solves.outputs))
            return _as_it_is(loop), set(unknowns) if inputs else set(), set()
        sharp = {i for i, number in enumerate(given) if number in self._sharp and i >= loop.carried}
        known = entering(loop, [self._stretches[i] for i in given])
        while True:
            inside = _Smoothing(loop.body, self._h, self._of_order_4, _Inputs(inputs, sharp, still, known))
            outputs = list(enumerate(loop.body.outputs.tolist()))
            blurred, resting = ({k for k, i in outputs if i in of} for of in (inside._blurred, inside._still))
            carried, moved = ({k for k in of if k < loop.carried} for of in (blurred, still - resting))
            if carried <= inputs and not moved:
                finish = inside.finish_body if loop.tested else inside.finish
                return replace(loop, body=finish(loop.body)), blurred, set() if loop.tested else resting
            inputs |= carried
            still -= moved


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
