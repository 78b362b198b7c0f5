"""Loops in straight-line code: the body once, in a counted loop, with what it carries in registers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from autograd.program.graph import Operation
from autograd.program.loops import Column, Element, Final, Loop, Step, columns_read
from autograd.program.native import rules
from autograd.program.native.code import Code, Number, Unaligned
from autograd.program.native.columns import Room, stacked
from autograd.program.native.routine import Integer, Mask


def apply(code: Code, operation: Step, operands: Sequence[Any], read: Collection[int], room: Room, exact: bool) -> Any:
    """What an instruction of a loop's makes: a number, a column, or of a run (finals, columns by their places)."""
    match operation:
        case Loop():
            return _run(
                code, operation, operands, {k: room.column(operation.length) for k in sorted(read)}, room, exact
            )
        case Final(k):
            return operands[0][0][k]
        case Column(k):
            return operands[0][1][k]
        case Element(step):
            return operands[0][step]
    return stacked(code, operands, room)


def _run(
    code: Code, loop: Loop, operands: Sequence[Any], columns: dict[int, Unaligned], room: Room, exact: bool
) -> tuple[list[Number], dict[int, Unaligned]]:
    count, operands = (operands[0], operands[1:]) if loop.counted else (None, operands)
    shared, eaten = operands[loop.carried : loop.carried + loop.shared], operands[loop.carried + loop.shared :]
    with code.scope():
        carried = [code.variable(first) for first in operands[: loop.carried]]
        done, going = code.variable(code.constant(0.0)), code.variable(code.constant(1.0))  # 1 in lanes that go on
        i = code.variable(code.integer(0))
        with code.during(lambda: (i < loop.length) & _any(going > 0.0) if loop.tested else i < loop.length):
            step = loop.length - 1 - i if loop.backwards else i
            before = [code.number(variable.name) for variable in carried]
            found = _body(code, loop, [*before, *shared, *(column[step] for column in eaten)], room, exact)
            for k, column in columns.items():
                column[step] = before[k] if k < loop.carried else found[k]
            after = found[: loop.carried]
            if count is not None:
                is_done = _double(step) < count
                after = [code.select(is_done, new, old) for new, old in zip(after, before, strict=True)]
            elif loop.tested:
                is_done = (going > 0.0) & found[-1].compare("une", 0.0)
                after = [code.select(is_done, new, old) for new, old in zip(after, before, strict=True)]
                going.set(code.select(is_done, 1.0, 0.0))
                done.set(done + code.select(is_done, 1.0, 0.0))
            for variable, number in zip(carried, after, strict=True):
                variable.set(number)
            i.set(i + 1)
        return [code.number(variable.name) for variable in (*carried, done)], columns


def _any(mask: Mask) -> Mask:
    """Whether it holds in any lane."""
    if mask.lanes == 1:
        return mask
    code: Code = mask.code
    return Mask(code, code.write(code.call("i1", f"llvm.vector.reduce.or.v{mask.lanes}i1", mask)))


def _double(i: Integer) -> Number:
    """A whole number as a double in all lanes."""
    code: Code = i.code
    return code.double(code.splat(i))


def _body(code: Code, loop: Loop, given: Sequence[Number], room: Room, exact: bool) -> list[Number]:
    """The body's outputs."""
    body = loop.body
    numbers: list[Any] = [*given, *map(code.constant, body.constants.tolist())]
    lines = list(body)
    for line in lines:
        operands = [numbers[i] for i in line.operands]
        if isinstance(line.operation, Operation):
            numbers.append(rules.apply(code, line.operation, operands, exact))
        else:
            numbers.append(apply(code, line.operation, operands, columns_read(lines, line.id), room, exact))
    return [numbers[i] for i in body.outputs.tolist()]
