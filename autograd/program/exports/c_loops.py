"""Loops in C: a counted `for` around the body, columns in the array `work`, and blocks of them between checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from autograd.program.loops import Loop


class LineWriter(Protocol):
    """What writes the lines of a function."""

    def say(self, line: str) -> None:
        """Write a line."""

    def inside(self, head: str) -> AbstractContextManager[None]:
        """A block."""

    def named(self) -> str:
        """A number for names that nothing else has."""

    def column(self, length: int) -> int:
        """Where in `work` so many numbers may stand."""

    def body_of(self, loop: Loop, given: list[Any]) -> list[str]:
        """Write a step: the names of the body's outputs."""


class LoopInC:
    """A loop being written."""

    def __init__(self, writer: LineWriter, loop: Loop, operands: Sequence[Any]) -> None:
        self._writer, self.loop = writer, loop
        self._count, operands = (operands[:1], operands[1:]) if loop.counted else ([], operands)
        self._first, given = operands[: loop.carried], operands[loop.carried :]
        self._shared, self._eaten = given[: loop.shared], given[loop.shared :]
        number = writer.named()
        self._i, self._done = f"i{number}", f"n{number}"
        self._carried = [f"c{number}_{k}" for k in range(loop.carried)]
        self._step = f"{loop.length - 1} - {self._i}" if loop.backwards else self._i
        # of loops that are read between their checkpoints, which block stands there now
        runs = dict.fromkeys(column.run for column in self._eaten if isinstance(column, Between))
        self._blocks = {run: f"b{number}_{k}" for k, run in enumerate(runs)}
        self._points: list[int] = []  # where the checkpoints of what it carries stand
        self._between: dict[int, int] = {}  # and a block of what is read

    def written(self, read: Sequence[int]) -> tuple[list[str], dict[int, Any]]:
        """What the last of its numbers are called, and its columns."""
        loop, say, column = self.loop, self._writer.say, self._writer.column
        between = [k for k in read if k < loop.carried] if loop.checkpoints else []
        stored = {k: column(loop.length) for k in read if k not in between}
        if not loop.length:
            return [*self._first, "0.0"], stored
        self._points = [column(loop.blocks) for _ in self._carried if between]
        self._between = {k: column(loop.every) for k in between}
        for name, number in zip(self._carried, self._first, strict=True):
            say(f"double {name} = {number};")
        if loop.tested:
            say(f"double {self._done} = 0.0;")
        for block in self._blocks.values():
            say(f"size_t {block} = (size_t)-1;")
        say(f"size_t {self._i};")
        with self._writer.inside(f"for ({self._i} = 0; {self._i} < {loop.length}; {self._i}++)"):
            self._do_step(stored)
        return [*self._carried, self._done], {**stored, **{k: Between(self, k) for k in between}}

    def _do_step(self, stored: dict[int, int]) -> None:
        loop, say, step = self.loop, self._writer.say, self._step
        for number in self._count:
            say(f"if (!((double)({step}) < {number})) continue;")
        for run, block in self._blocks.items():
            run.enter(step, block)
        if self._points:
            with self._writer.inside(f"if (({step}) % {loop.every} == 0)"):
                for place, name in zip(self._points, self._carried, strict=True):
                    say(f"work[{place} + ({step}) / {loop.every}] = {name};")
        found = self._found(self._carried, step)
        if loop.tested:
            say(f"if (!({found[-1]} != 0.0)) break;")
            say(f"{self._done} += 1.0;")
        for k, place in stored.items():
            say(f"{_number(place, step)} = {self._carried[k] if k < loop.carried else found[k]};")
        self._carry_on(self._carried, found)

    def enter(self, step: str, block: str) -> None:
        """See that what was carried in the block of a step stands in its place."""
        loop, say, number = self.loop, self._writer.say, self._writer.named()
        i, carried = f"i{number}", [f"c{number}_{k}" for k in range(loop.carried)]
        with self._writer.inside(f"if (({step}) / {loop.every} != {block})"):
            for name, place in zip(carried, self._points, strict=True):
                say(f"double {name} = work[{place} + ({step}) / {loop.every}];")
            say(f"size_t {i};")
            say(f"{block} = ({step}) / {loop.every};")
            last = f"{i} < {loop.length} && {i} < ({block} + 1) * {loop.every}"
            with self._writer.inside(f"for ({i} = {block} * {loop.every}; {last}; {i}++)"):
                for k, place in self._between.items():
                    say(f"work[{place} + {i} % {loop.every}] = {carried[k]};")
                self._carry_on(carried, self._found(carried, i))

    def between(self, k: int, step: str) -> str:
        """What was carried before a step, in the block that was entered."""
        return f"work[{self._between[k]} + ({step}) % {self.loop.every}]"

    def _found(self, carried: Sequence[str], step: str) -> list[str]:
        eaten = [_number(column, step) for column in self._eaten]
        return self._writer.body_of(self.loop, [*carried, *self._shared, *eaten])

    def _carry_on(self, carried: Sequence[str], found: Sequence[str]) -> None:
        after = [f"s{name[1:]}" for name in carried]
        for name, number in zip(after, found, strict=False):
            self._writer.say(f"const double {name} = {number};")
        for name, number in zip(carried, after, strict=True):
            self._writer.say(f"{name} = {number};")


class Between(NamedTuple):
    """A column of what a loop carried, of which a block stands in `work` at a time."""

    run: LoopInC
    k: int


def _number(column: Any, step: str) -> str:
    """That of a step."""
    if isinstance(column, Between):
        return column.run.between(column.k, step)
    return f"work[{column} + {step}]" if column else f"work[{step}]"
