"""Loops in straight-line code: the body once, in a counted loop, with what it carries in registers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from autograd.program.graph import Operation
from autograd.program.loops import Column, Element, Final, Loop, Step, columns_read
from autograd.program.native import rules
from autograd.program.native.checkpoints import Checkpoints, Recomputed
from autograd.program.native.code import Code, Lanes
from autograd.program.native.columns import Room, stacked
from autograd.program.native.routine import Integer, Mask


def apply(code: Code, operation: Step, operands: Sequence[Any], read: Collection[int], room: Room, exact: bool) -> Any:
    """What an instruction of a loop's makes: a number, a column, or of a run (finals, columns by their places)."""
    match operation:
        case Loop():
            return _Run(code, operation, operands, room, exact).written(read)
        case Final(k):
            return operands[0][0][k]
        case Column(k):
            return operands[0][1][k]
        case Element(step):
            return operands[0][step]
    return stacked(code, operands, room)


class _Run:
    """A loop being written."""

    def __init__(self, code: Code, loop: Loop, operands: Sequence[Any], room: Room, exact: bool) -> None:
        self._code, self._loop, self._room, self._exact = code, loop, room, exact
        self._count: Lanes | None = operands[0] if loop.counted else None
        operands = operands[loop.counted :]
        self._first, given = operands[: loop.carried], operands[loop.carried :]
        self._shared, self._eaten = given[: loop.shared], given[loop.shared :]

    def written(self, read: Collection[int]) -> tuple[list[Lanes], dict[int, Any]]:
        """The last of what it carried, and the columns that are read."""
        code, loop = self._code, self._loop
        between = [k for k in read if k < loop.carried] if loop.checkpoints else []
        self._columns = {k: self._room.column(loop.length) for k in sorted(read) if k not in between}
        self._checkpoints = Checkpoints(code, loop, between, self._room, self._again) if between else None
        with code.scope():
            carried = [code.variable(first) for first in self._first]
            self._done, self._going = code.variable(code.constant(0.0)), code.variable(code.constant(1.0))
            blocks = {each.checkpoints: code.variable(code.integer(-1)) for each in self._recomputed()}
            i = code.variable(code.integer(0))
            with code.during(lambda: self._goes_on(i)):
                step = loop.length - 1 - i if loop.backwards else i
                for each, block in blocks.items():
                    each.enter(step, block)
                after = self._after([code.number(variable.name) for variable in carried], step)
                for variable, number in zip(carried, after, strict=True):
                    variable.set(number)
                i.set(i + 1)
            finals = [code.number(variable.name) for variable in (*carried, self._done)]
        recomputed = {k: Recomputed(self._checkpoints, k) for k in between if self._checkpoints}
        return finals, {**self._columns, **recomputed}

    def _goes_on(self, i: Integer) -> Mask:
        is_left = i < self._loop.length
        return is_left & _any(self._going > 0.0) if self._loop.tested else is_left  # 1 in lanes that go on

    def _after(self, before: list[Lanes], step: Integer) -> list[Lanes]:
        """What is carried on from a step, of which the columns get theirs."""
        code, loop = self._code, self._loop
        if self._checkpoints:
            self._checkpoints.keep(step, before)
        found = self._found(before, step)
        for k, column in self._columns.items():
            column[step] = before[k] if k < loop.carried else found[k]
        after = found[: loop.carried]
        if self._count is not None:
            return self._moved(_double(step) < self._count, after, before)
        if not loop.tested:
            return after
        is_done = (self._going > 0.0) & found[-1].compare("une", 0.0)
        self._going.set(code.select(is_done, 1.0, 0.0))
        self._done.set(self._done + code.select(is_done, 1.0, 0.0))
        return self._moved(is_done, after, before)

    def _recomputed(self) -> list[Recomputed]:
        return [column for column in self._eaten if isinstance(column, Recomputed)]

    def _found(self, before: Sequence[Lanes], step: Integer) -> list[Lanes]:
        """The body's outputs in a step."""
        eaten = [each.number(step) if isinstance(each, Recomputed) else each[step] for each in self._eaten]
        return _body(self._code, self._loop, [*before, *self._shared, *eaten], self._room, self._exact)

    def _again(self, before: Sequence[Lanes], step: Integer) -> list[Lanes]:
        """What is carried on when a step is done again; of a lane that had stopped before nobody reads it."""
        return self._found(before, step)[: self._loop.carried]

    def _moved(self, is_done: Mask, after: Sequence[Lanes], before: Sequence[Lanes]) -> list[Lanes]:
        """What is carried on in the lanes that do the step; the others stand still."""
        return [self._code.select(is_done, new, old) for new, old in zip(after, before, strict=True)]


def _any(mask: Mask) -> Mask:
    """Whether it holds in any lane."""
    if mask.lanes == 1:
        return mask
    code: Code = mask.code
    return Mask(code, code.write(code.call("i1", f"llvm.vector.reduce.or.v{mask.lanes}i1", mask)))


def _double(i: Integer) -> Lanes:
    """A whole number as a double in all lanes."""
    code: Code = i.code
    return code.double(code.splat(i))


def _body(code: Code, loop: Loop, given: Sequence[Lanes], room: Room, exact: bool) -> list[Lanes]:
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
