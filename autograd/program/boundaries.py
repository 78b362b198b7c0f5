"""Where a program has kinks and jumps, as its rows say: surfaces on which a term of its numbers is 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from autograd.context import Label
from autograd.ops.expression import SUBTRACT, Expression, variable
from autograd.ops.primitive import Primitive, lookup
from autograd.program.graph import GUARD, Graph, Instruction, Operation
from autograd.program.passes.adjoint import depends_on


class Boundary(NamedTuple):
    """Where a row of a program has a kink or a jump: a term of its operands, x0, x1, …, that is 0 there."""

    row: Primitive
    is_jump: bool
    term: Any
    operands: tuple[int, ...]
    label: Label | None


def surfaces(program: Graph, wrt: Sequence[int], outputs: Sequence[int], kinks: bool) -> list[Boundary]:
    """The jumps, and the kinks if asked for, that move with inputs and that outputs are computed through."""
    moves, reaches = depends_on(program, wrt), _reaching(program, outputs)
    lines = [line for line in program if is_broken(line.operation, kinks) and reaches[line.id]]
    found = [surface for line in lines for surface in _of(line, program.words.get(line.id), kinks)]
    return [surface for surface in found if any(moves[i] for i in surface.operands)]


def is_broken(operation: Any, kinks: bool) -> bool:
    """Whether a row has jumps, or kinks if asked for."""
    if not isinstance(operation, Operation) or operation.slot is not None:
        return False
    row = lookup(operation.row)
    return row.jumps is not None or (kinks and row.kinks is not None)


def _of(line: Instruction, label: Label | None, kinks: bool) -> Iterator[Boundary]:
    row = lookup(line.operation.row)  # type: ignore[union-attr]  # an Operation, by is_broken
    for is_jump, terms in enumerate(row.boundaries(*_variables(line.operands))):
        if is_jump or kinks:
            yield from (Boundary(row, bool(is_jump), term, line.operands, label) for term in terms)


def _variables(operands: Sequence[int]) -> list[Any]:
    return [variable(f"x{i}") for i in range(len(operands))]


def _reaching(program: Graph, outputs: Sequence[int]) -> bytearray:
    """For every number whether outputs are computed through it; choosing between two forms of one does not count."""
    found = bytearray(program.first + len(program))
    for i in outputs:
        found[i] = 1
    for line in reversed(list(program)):
        if found[line.id]:
            for i in line.operands[line.operation == GUARD :]:
                found[i] = 1
    return found


def place_along(program: Graph, surface: Boundary) -> tuple[int, float]:
    """(a number, the constant at which it passes the surface), as of x - 2; (-1, 0) of any other."""
    term = surface.term
    if not isinstance(term, Expression) or term.name != SUBTRACT:
        return -1, 0.0
    number, other = (_operand_of(each, surface) for each in term.operands)
    place = other - len(program.inputs)
    is_constant = number >= 0 <= place < len(program.constants)
    return (number, float(program.constants[place])) if is_constant else (-1, 0.0)


def _operand_of(term: Any, surface: Boundary) -> int:
    """The number of a program that a variable in a boundary stands for; -1 of what is none."""
    is_variable = isinstance(term, Expression) and not term.operands
    return surface.operands[int(term.name[1:])] if is_variable else -1
