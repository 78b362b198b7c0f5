"""Slopes written out, so that a program of first derivatives can be differentiated again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from autograd.ops.expression import variable
from autograd.ops.primitive import lookup
from autograd.program.builder import Builder, Numbers
from autograd.program.graph import GUARD, WHERE, Graph, Operation
from autograd.program.loops import Loop, Step


def expand_slopes(program: Graph, chosen: Callable[[Operation], bool] | None = None) -> Graph:
    """The same program with every slope (or those `chosen`) that is one instruction, tanh′(y, x), as its rule says.

    >>> b = Builder(["y", "x"])
    >>> print(expand_slopes(b.finish([b.emit(Operation("sin", 0), (0, 1))])))
    inputs y, x
    t1 = cos(x)
    outputs t1
    """
    if not any(map(_has_slopes, program.operations)):
        return program
    bodies: dict[Operation | Step, Loop] = {
        loop: loop.with_programs(lambda body: expand_slopes(body, chosen))
        for loop in program.operations
        if isinstance(loop, Loop)
    }
    builder = Builder(program.inputs)
    numbers = [*range(len(program.inputs)), *map(builder.constant, program.constants.tolist())]
    constants = dict(enumerate(program.constants.tolist(), len(program.inputs)))
    for line in program:
        operands = tuple([numbers[i] for i in line.operands])
        operation = line.operation
        is_slope = isinstance(operation, Operation) and operation.slot is not None
        if not isinstance(operation, Operation) or not is_slope or (chosen is not None and not chosen(operation)):
            numbers.append(builder.emit(bodies.get(operation, operation), operands))
        else:
            index = constants.get(line.operands[1]) if lookup(operation.row).has_index else None
            numbers.append(_write_slope(builder, operation, operands, index))
    return builder.finish([numbers[i] for i in program.outputs.tolist()])


def _has_slopes(operation: Operation | Step) -> bool:
    if isinstance(operation, Loop):
        return any(map(_has_slopes, chain.from_iterable(program.operations for program in operation.programs)))
    return isinstance(operation, Operation) and operation.slot is not None


def _write_slope(builder: Builder, operation: Operation, operands: Numbers, index: float | None) -> int:
    """One slope of (y, *operands) by its row's rule; `index` stands for the operand that chooses."""
    row, slot = lookup(operation.row), operation.slot
    names = ["y", *(f"x{i}" for i in range(len(operands) - 1))]
    terms = [variable(name) for name in names]
    if index is not None:
        terms[1] = index  # type: ignore[call-overload]  # a rule takes numbers of any kind
    slopes = row.local(*terms)
    choice = WHERE if row.is_piecewise else GUARD  # of two forms of one number
    return builder.write(slopes[slot or 0], dict(zip(names, operands, strict=True)).__getitem__, choice)
