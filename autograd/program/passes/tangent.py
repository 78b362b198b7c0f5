"""Forward mode as a rewriting of programs: how every number moves when some inputs move."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.program.builder import Builder
from autograd.program.passes.adjoint import ALWAYS, copy_into, gather, masked, slope_of
from autograd.program.program import MAXIMUM, WHERE, Instruction, Program


def tangents(builder: Builder, program: Program, numbers: list[int], moving: dict[int, int]) -> list[int]:
    """Write how the outputs of `program` move when the numbers in `moving` move so; 0 for those that do not.

    `numbers` says where the numbers of `program` stand in `builder`, `moving` gives tangents (numbers in
    `builder`) of some inputs.  `program` must have its slopes expanded.
    """
    forth = _Forth(builder, moving)
    for line in program:
        forth.pass_on(line, numbers)
    return [forth.tangents.get(i, builder.zero) for i in program.outputs.tolist()]


class _Forth:
    """How each number moves so far, and on which path: the condition under which it moves at all (see `adjoint`)."""

    def __init__(self, builder: Builder, moving: dict[int, int]) -> None:
        self.builder = builder
        self.tangents = dict(moving)
        self._paths: dict[int, int | None] = dict.fromkeys(moving, ALWAYS)

    def pass_on(self, line: Instruction, numbers: list[int]) -> None:
        """The chain rule at one instruction: tangent · slope from each operand that moves."""
        moved = [(slot, operand) for slot, operand in enumerate(line.operands) if operand in self.tangents]
        if not moved:
            return
        y, operands = numbers[line.id], tuple([numbers[i] for i in line.operands])
        if line.operation == WHERE:
            self._choose(line, operands[0])
            return
        pairs, paths = [], []
        for slot, operand in moved:
            slope = slope_of(self.builder, line.operation, slot, y, operands)
            if slope is not None:
                path = self._paths[operand]
                pairs.append((self.tangents[operand], masked(self.builder, slope, path)))
                paths.append(path)
        if pairs:
            self.tangents[line.id], self._paths[line.id] = gather(self.builder, pairs), self._either(paths)

    def _choose(self, line: Instruction, condition: int) -> None:
        """A `where` moves as the branch that is chosen; not at all, if that does not."""
        zero, one = self.builder.zero, self.builder.one
        branches = tuple(self.tangents.get(i, zero) for i in line.operands[1:])
        if branches == (zero, zero):
            return
        self.tangents[line.id] = self.builder.emit(WHERE, (condition, *branches))
        paths = [self._paths.get(i, zero) for i in line.operands[1:]]
        if paths == [ALWAYS, ALWAYS]:
            self._paths[line.id] = ALWAYS
        else:
            first, second = (one if path is ALWAYS else path for path in paths)
            self._paths[line.id] = self.builder.emit(WHERE, (condition, first, second))

    def _either(self, paths: Sequence[int | None]) -> int | None:
        """The path of what moves on any of these."""
        either = paths[0]
        for path in paths[1:]:
            if either is not ALWAYS and path != either:
                either = ALWAYS if path is ALWAYS else self.builder.emit(MAXIMUM, (either, path))
        return either


def with_tangents(program: Program, directions: Sequence[tuple[int, str]]) -> Program:
    """The program of how outputs move along a direction: (input, name of the new input that is its tangent), …"""
    builder = Builder([*program.inputs, *(name for _, name in directions)])
    numbers = copy_into(builder, program)
    moving = {i: len(program.inputs) + k for k, (i, _) in enumerate(directions)}
    return builder.finish(tangents(builder, program, numbers, moving))
