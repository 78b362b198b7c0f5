"""Reverse mode as a rewriting of programs: the program that computes values and derivatives.

The chain rule backwards, once more, with instructions for numbers: all that a number's users send back
is collected into ONE `dot` of δs and slopes.  So a layer's backward pass is again a group of dots that
share an operand list, which executors run as a matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from autograd.ops.expression import Expression, Term, variable
from autograd.ops.primitive import lookup
from autograd.program.builder import Builder, Numbers
from autograd.program.program import DOT, SUM, WHERE, Operation, Program

Pair = tuple[int, int]  # δ of a user, slope along the edge
WHOLE = "whole"


def copy_into(builder: Builder, program: Program) -> list[int]:
    """Write `program` again; the numbers that its numbers now have."""
    numbers = [*range(len(program.inputs)), *map(builder.constant, program.constants.tolist())]
    for line in program:
        numbers.append(builder.emit(line.operation, tuple([numbers[i] for i in line.operands])))
    return numbers


def with_gradient(program: Program, wrt: Sequence[int], output: int = 0) -> Program:
    """The program whose outputs are those of `program` and then ∂output/∂input for each input in `wrt`."""
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    gradients = adjoints(builder, program, numbers, {int(program.outputs[output]): builder.one}, wrt)
    return builder.finish([*(numbers[i] for i in program.outputs.tolist()), *gradients])


def adjoints(
    builder: Builder, program: Program, numbers: list[int], seeds: dict[int, int], wrt: Sequence[int]
) -> list[int]:
    """Write δ of every number that leads from `wrt` to the seeds; the δs of `wrt`.

    `numbers` says where the numbers of `program` stand in `builder`, `seeds` gives the δ (numbers in
    `builder`) of some of them.
    """
    active = depends_on(program, wrt)
    pending: dict[int, list[Pair]] = {i: [(seed, builder.one)] for i, seed in seeds.items() if active[i]}
    for line in reversed(list(program)):
        pairs = pending.pop(line.id, None)
        if pairs is None:
            continue
        delta = gather(builder, pairs)
        y, operands = numbers[line.id], tuple([numbers[i] for i in line.operands])
        for slot, operand in enumerate(line.operands):
            if active[operand]:
                pair = contribution(builder, line.operation, slot, delta, y, operands)
                if pair is not None:
                    pending.setdefault(operand, []).append(pair)
    return [gather(builder, pending.get(i, [])) for i in wrt]


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
    if not pairs:
        return builder.zero
    if len(pairs) == 1:
        return builder.product(*pairs[0])
    deltas, slopes = zip(*pairs, strict=True)
    if all(map(builder.is_one, slopes)):
        return builder.emit(SUM, deltas)
    return builder.emit(DOT, (*deltas, *slopes))


def contribution(
    builder: Builder, operation: Operation, slot: int, delta: int, y: int, operands: Numbers
) -> Pair | None:
    """What goes back along one slot, as (δ, slope); None if nothing does."""
    if operation == DOT:
        n = len(operands) // 2
        return delta, builder.one if slot == 2 * n else operands[(slot + n) % (2 * n)]
    if operation.slot is not None:
        raise NotImplementedError("expand slopes before differentiating again")
    term = _slope_term(operation.row, slot, len(operands))
    if term is None:
        return None
    if term == WHOLE:
        return delta, builder.emit(Operation(operation.row, slot), (y, *operands))
    names = {"y": y, **{f"x{i}": operand for i, operand in enumerate(operands)}}
    if isinstance(term, Expression) and None in term.operands:
        return _chosen(builder, term, delta, names), builder.one
    return delta, builder.write(term, names.__getitem__)


def _chosen(builder: Builder, term: Expression, delta: int, names: dict[str, int]) -> int:
    """where(condition, slope, None): a branch not chosen gets 0, not 0·δ, which is nan at δ = ∞."""
    condition, *slopes = term.operands
    sent = [
        builder.zero if slope is None else builder.product(delta, builder.write(slope, names.__getitem__))
        for slope in slopes
    ]
    return builder.emit(WHERE, (builder.write(condition, names.__getitem__), *sent))


@cache
def _slope_term(row: str, slot: int, count: int) -> Term | str:
    """The slope along one slot as an Expression of y, x0, x1, …; WHOLE if it is an instruction of its own.

    A slope that is a number, an operand or one operation on those is written out; a longer one stays
    whole, so that programs stay short and an executor may compute tanh and tanh′ together.
    """
    terms = slope_terms(row, count)
    term = terms[slot]
    if isinstance(term, Expression) and not all(_is_plain(o) for o in term.operands):
        return WHOLE
    return term


@cache
def slope_terms(row: str, count: int) -> tuple[Any, ...]:
    """All slopes of a row with `count` operands, as Expressions of y, x0, x1, …"""
    return lookup(row).slope_terms([variable(f"x{i}") for i in range(count)])


def _is_plain(term: Term) -> bool:
    return not isinstance(term, Expression) or not term.operands
