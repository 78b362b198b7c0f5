"""Reverse mode as a rewriting of programs: the program that computes values and derivatives.

The chain rule backwards, once more, with instructions for numbers: all that a number's users send back
is collected into ONE `dot` of δs and slopes.  So a layer's backward pass is again a group of dots that
share an operand list, which executors run as a matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from autograd.errors import GraphError
from autograd.ops.expression import Expression, Term, variable
from autograd.ops.primitive import lookup
from autograd.program.builder import Builder, Numbers
from autograd.program.program import DOT, MAXIMUM, SUM, WHERE, Operation, Program

Pair = tuple[int, int]  # δ of a user, slope along the edge
WHOLE = "whole"
ALWAYS = None  # the path of what every derivative comes back to


def copy_into(builder: Builder, program: Program) -> list[int]:
    """Write `program` again; the numbers that its numbers now have."""
    numbers = [*range(len(program.inputs)), *map(builder.constant, program.constants.tolist())]
    for line in program:
        numbers.append(builder.emit(line.operation, tuple([numbers[i] for i in line.operands])))
    return numbers


def with_gradient(program: Program, wrt: Sequence[int], output: int = 0, values: bool = True) -> Program:
    """The program whose outputs are those of `program` and then ∂output/∂input for each input in `wrt`.

    Without `values` the outputs are the derivatives alone.
    """
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    gradients = adjoints(builder, program, numbers, {int(program.outputs[output]): builder.one}, wrt)
    kept = [numbers[i] for i in program.outputs.tolist()] if values else []
    return builder.finish([*kept, *gradients])


def adjoints(
    builder: Builder, program: Program, numbers: list[int], seeds: dict[int, int], wrt: Sequence[int]
) -> list[int]:
    """Write δ of every number that leads from `wrt` to the seeds; the δs of `wrt`.

    `numbers` says where the numbers of `program` stand in `builder`, `seeds` gives the δ (numbers in
    `builder`) of some of them.
    """
    active = depends_on(program, wrt)
    back = _Back(builder)
    for i, seed in seeds.items():
        if active[i]:
            back.send(i, (seed, builder.one), ALWAYS)
    for line in reversed(list(program)):
        path = back.paths.get(line.id, ALWAYS)
        delta = back.receive(line.id)
        if delta is None:
            continue
        y, operands = numbers[line.id], tuple([numbers[i] for i in line.operands])
        for slot, operand in enumerate(line.operands):
            if active[operand]:
                if line.operation == WHERE:
                    back.send_to_branch(operand, slot, delta, operands[0], path)
                    continue
                slope = slope_of(builder, line.operation, slot, y, operands)
                if slope is not None:
                    back.send(operand, (delta, back.masked(slope, path)), path)
    received = [back.receive(i) for i in wrt]
    return [builder.zero if delta is None else delta for delta in received]


class _Back:
    """What was sent back to each number so far.

    A path is the number of a condition, 1 or 0, under which a derivative comes back at all: to what
    only a branch of a `where` uses, nothing comes while the other branch is chosen.  Its slopes then
    count as 0, whatever they are there, since 0 · ∞ would be nan.
    """

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.paths: dict[int, int | None] = {}
        self._pairs: dict[int, list[Pair]] = {}

    def send(self, to: int, pair: Pair, path: int | None) -> None:
        """Add δ · slope to what comes back to a number."""
        pairs = self._pairs.get(to)
        if pairs is None:
            self._pairs[to] = [pair]
            if path is not None:
                self.paths[to] = path
            return
        pairs.append(pair)
        before = self.paths.get(to, ALWAYS)
        if before is not None and before != path:
            either = ALWAYS if path is None else self.builder.emit(MAXIMUM, (before, path))
            self.paths[to] = either

    def send_to_branch(self, to: int, slot: int, delta: int, condition: int, path: int | None) -> None:
        """What goes back from a `where`: nothing to its condition, δ to the branch that was chosen."""
        if slot == 0:
            return
        zero, one = self.builder.zero, self.builder.one

        def chosen(number: int) -> int:
            return self.builder.emit(WHERE, (condition, number, zero) if slot == 1 else (condition, zero, number))

        self.send(to, (chosen(delta), one), chosen(one if path is None else path))

    def masked(self, slope: int, path: int | None) -> int:
        """A slope that counts as 0 where no derivative comes back."""
        if path is None or self.builder.is_one(slope):
            return slope
        return self.builder.emit(WHERE, (path, slope, self.builder.zero))

    def receive(self, number: int) -> int | None:
        """δ of a number to which all has been sent, as one instruction; None if nothing was."""
        pairs = self._pairs.pop(number, None)
        return None if pairs is None else gather(self.builder, pairs)


def depends_on(program: Program, inputs: Sequence[int]) -> bytearray:
    """For every number whether it depends on one of `inputs`."""
    active = bytearray(program.first + len(program))
    for i in inputs:
        active[i] = 1
    starts, operands = program.starts.tolist(), program.operands.tolist()
    for i in range(len(program)):
        for operand in operands[starts[i] : starts[i + 1]]:
            if active[operand]:
                active[program.first + i] = 1
                break
    return active


def gather(builder: Builder, pairs: list[Pair]) -> int:
    """Σ δ · slope as one instruction."""
    if len(pairs) == 1:
        return builder.product(*pairs[0])
    deltas, slopes = zip(*pairs, strict=True)
    if all(map(builder.is_one, slopes)):
        return builder.emit(SUM, deltas)
    return builder.emit(DOT, (*deltas, *slopes))


def slope_of(builder: Builder, operation: Operation, slot: int, y: int, operands: Numbers) -> int | None:
    """The slope along one slot, written down; None if no derivative goes back along it."""
    if operation == DOT:
        n = len(operands) // 2
        return builder.one if slot == 2 * n else operands[(slot + n) % (2 * n)]
    if operation.slot is not None:
        raise GraphError(f"{operation} has no slopes of its own: expand the program's slopes first")
    term = _slope_term(operation.row, slot, len(operands))
    if term is None:
        return None
    if term == WHOLE:
        return builder.emit(Operation(operation.row, slot), (y, *operands))
    if isinstance(term, Expression):
        names = {"y": y, **{f"x{i}": operand for i, operand in enumerate(operands)}}
        return builder.write(term, names.__getitem__)
    return builder.constant(float(term))


@cache
def _slope_term(row: str, slot: int, count: int) -> Term | str:
    """The slope along one slot as an Expression of y, x0, x1, …; WHOLE if it is an instruction of its own.

    A slope that is a number, an operand or one operation on those is written out; a longer one stays
    whole, so that programs stay short and an executor may compute tanh and tanh′ together.
    """
    if lookup(row).has_index:
        return WHOLE if slot else None
    term = slope_terms(row, count)[slot]
    if isinstance(term, Expression) and not all(_is_plain(o) for o in term.operands):
        return WHOLE
    return term


@cache
def slope_terms(row: str, count: int) -> tuple[Any, ...]:
    """All slopes of a row with `count` operands, as Expressions of y, x0, x1, …"""
    return lookup(row).slope_terms([variable(f"x{i}") for i in range(count)])


def _is_plain(term: Term) -> bool:
    return not isinstance(term, Expression) or not term.operands
