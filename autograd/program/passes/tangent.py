"""Forward mode as a rewriting of programs: how every number moves when some inputs move."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.program.builder import Builder
from autograd.program.passes.adjoint import copy_into, gather, slope_of
from autograd.program.program import WHERE, Instruction, Program


def tangents(builder: Builder, program: Program, numbers: list[int], moving: dict[int, int]) -> list[int]:
    """Write how the outputs of `program` move when the numbers in `moving` move so; 0 for those that do not.

    `numbers` says where the numbers of `program` stand in `builder`, `moving` gives tangents (numbers in
    `builder`) of some inputs.  `program` must have its slopes expanded.
    """
    found = dict(moving)
    for line in program:
        tangent = _tangent(builder, line, numbers, found)
        if tangent is not None:
            found[line.id] = tangent
    return [found.get(i, builder.zero) for i in program.outputs.tolist()]


def _tangent(builder: Builder, line: Instruction, numbers: list[int], found: dict[int, int]) -> int | None:
    if not any(operand in found for operand in line.operands):
        return None
    y, operands = numbers[line.id], tuple([numbers[i] for i in line.operands])
    if line.operation == WHERE:
        branches = tuple(found.get(i, builder.zero) for i in line.operands[1:])
        return None if branches == (builder.zero,) * 2 else builder.emit(WHERE, (operands[0], *branches))
    pairs = []
    for slot, operand in enumerate(line.operands):
        tangent = found.get(operand)
        slope = None if tangent is None else slope_of(builder, line.operation, slot, y, operands)
        if tangent is not None and slope is not None:
            pairs.append((tangent, slope))
    return gather(builder, pairs) if pairs else None


def with_tangents(program: Program, directions: Sequence[tuple[int, str]]) -> Program:
    """The program of how outputs move along a direction: (input, name of the new input that is its tangent), …"""
    builder = Builder([*program.inputs, *(name for _, name in directions)])
    numbers = copy_into(builder, program)
    moving = {i: len(program.inputs) + k for k, (i, _) in enumerate(directions)}
    return builder.finish(tangents(builder, program, numbers, moving))
