"""What a loop carried, kept at checkpoints, and computed anew from there for the loops that read it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeAlias

from autograd.program.loops import Loop
from autograd.program.native.code import Code, Lanes
from autograd.program.native.columns import Room
from autograd.program.native.routine import Integer, smaller

Step: TypeAlias = Callable[[Sequence[Lanes], Integer], list[Lanes]]  # from what is carried before a step: behind it


class Checkpoints:
    """Of a loop: the checkpoints, and for each number that is read a block of what it was from one to the next."""

    def __init__(self, code: Code, loop: Loop, read: Collection[int], room: Room, again: Step) -> None:
        self._code, self.loop, self._again = code, loop, again
        self._points = [room.column(loop.blocks) for _ in range(loop.carried)]
        self.blocks = {k: room.column(loop.every) for k in sorted(read)}

    def keep(self, step: Integer, carried: Sequence[Lanes]) -> None:
        """Keep what is carried before a step, if that is to be a checkpoint."""
        with self._code.when(step & (self.loop.every - 1) == 0):
            for column, number in zip(self._points, carried, strict=True):
                column[step >> self.loop.shift] = number

    def enter(self, step: Integer, block: Integer) -> None:
        """See that the block of a step is there, where `block` is a variable that says which is."""
        code, loop = self._code, self.loop
        now = step >> loop.shift
        with code.when(~(now == block)):
            block.set(now)
            carried = [code.variable(column[now]) for column in self._points]
            i = code.variable(now << loop.shift)
            end = smaller(i + loop.every, loop.length)
            with code.during(lambda: i < end):
                before = [code.number(variable.name) for variable in carried]
                for k, column in self.blocks.items():
                    column[i & (loop.every - 1)] = before[k]
                for variable, number in zip(carried, self._again(before, i), strict=True):
                    variable.set(number)
                i.set(i + 1)


class Recomputed(NamedTuple):
    """A column of what a loop carried, of which there is a block at a time."""

    checkpoints: Checkpoints
    k: int

    def number(self, step: Integer) -> Lanes:
        """That of a step of the block that was entered."""
        return self.checkpoints.blocks[self.k][step & (self.checkpoints.loop.every - 1)]
