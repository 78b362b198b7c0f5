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
    codes = [builder.code_of(operation) for operation in program.operations]
    starts, operands = program.starts.tolist(), program.operands.tolist()
    start = 0
    for code, stop in zip(program.code.tolist(), starts[1:], strict=True):
        numbers.append(builder.emit_code(codes[code], tuple([numbers[i] for i in operands[start:stop]])))
        start = stop
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
    active, first = depends_on(program, wrt), program.first
    back = _Back(builder)
    for i, seed in seeds.items():
        if active[i]:
            back.send(i, (seed, builder.one), ALWAYS)
    starts, all_operands, codes = program.starts.tolist(), program.operands.tolist(), program.code.tolist()
    for line in range(len(codes) - 1, -1, -1):
        number = first + line
        delta = back.receive(number)
        if delta is not None:
            ids = all_operands[starts[line] : starts[line + 1]]
            _send_back(back, program.operations[codes[line]], number, ids, delta, numbers, active)
    received = [back.receive(i) for i in wrt]
    return [builder.zero if delta is None else delta for delta in received]


def _send_back(
    back: _Back, operation: Operation, line: int, ids: list[int], delta: int, numbers: list[int], active: bytearray
) -> None:
    """The chain rule at one instruction: δ · slope to each operand that leads from the inputs asked for."""
    path = back.paths.get(line, ALWAYS)
    operands = tuple([numbers[i] for i in ids])
    for slot, operand in enumerate(ids):
        if active[operand]:
            if operation == WHERE:
                back.send_to_branch(operand, slot, delta, operands[0], path)
                continue
            slope = slope_of(back.builder, operation, slot, numbers[line], operands)
            if slope is not None:
                back.send(operand, (delta, masked(back.builder, slope, path)), path)


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

    def receive(self, number: int) -> int | None:
        """δ of a number to which all has been sent, as one instruction; None if nothing was."""
        pairs = self._pairs.pop(number, None)
        return None if pairs is None else gather(self.builder, pairs)


def masked(builder: Builder, slope: int, path: int | None) -> int:
    """A slope that counts as 0 where no derivative passes."""
    if path is ALWAYS or builder.is_one(slope):
        return slope
    return builder.emit(WHERE, (path, slope, builder.zero))


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
    if term is None or isinstance(term, float):
        return None if term is None else builder.constant(term)
    if term == WHOLE:
        return builder.emit(Operation(operation.row, slot), (y, *operands))
    given = (*operands, y)
    if isinstance(term, int):
        return given[term]
    written, *parts = term
    return builder.emit(written, tuple([given[o] if isinstance(o, int) else builder.constant(o) for o in parts]))


@cache
def _slope_term(row: str, slot: int, count: int) -> Any:
    """The slope along one slot, as far as it needs at most one instruction.

    None where no derivative goes back; a float; which operand it is (-1: the output); or an operation
    and its operands, in the same ways.  A longer slope is WHOLE, one instruction of its own, so that
    programs stay short and an executor may compute tanh and tanh′ together.
    """
    if lookup(row).has_index:
        return WHOLE if slot else None
    if lookup(row).opaque:
        return WHOLE
    term = slope_terms(row, count)[slot]
    if not isinstance(term, Expression) or not term.operands:
        return _plain(term)
    if any(o is None or (isinstance(o, Expression) and o.operands) for o in term.operands):
        return WHOLE
    return (Operation(term.name), *map(_plain, term.operands))


def _plain(term: Term) -> Any:
    """A variable as the place of its operand, a number as a float."""
    if isinstance(term, Expression):
        return -1 if term.name == "y" else int(term.name[1:])
    return None if term is None else float(term)


@cache
def slope_terms(row: str, count: int) -> tuple[Any, ...]:
    """All slopes of a row with `count` operands, as Expressions of y, x0, x1, …"""
    return lookup(row).slope_terms([variable(f"x{i}") for i in range(count)])
