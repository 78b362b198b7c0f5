"""Columns of loops: in memory of their own, or read where their numbers stand already.

Numbers that stand side by side (the rows of a table, known numbers) are read and copied by loops, so that code is as
short for many as for few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from autograd.program.native.code import Code, Doubles, Lanes, Unaligned
from autograd.program.native.routine import Integer

_FEW = 4  # numbers that are written one by one


class Room:
    """Memory for the columns of a function, taken when it begins and given back when it ends."""

    def __init__(self, code: Code, numbers: int) -> None:
        self._code, self._taken = code, 0
        self._is_taken = numbers > 0
        self._all = Unaligned(code, code.once(_allocated(code, numbers)) if numbers else "null")

    def column(self, length: int) -> Unaligned:
        """Memory for a column."""
        start = self._taken
        self._taken += length
        return self._all + start

    def free(self) -> None:
        """Give it all back."""
        if self._is_taken:
            self._code.do(self._code.call("void", "free", self._all))


def _allocated(code: Code, numbers: int) -> str:
    return code.call("ptr", "malloc", f"i64 {8 * code.lanes * numbers}")


class Placed(NamedTuple):
    """A number in an array, of each lane or of all; that of the next step stands a stride further."""

    pointers: tuple[str, ...]
    place: int
    stride: int = 0

    def read(self, code: Code, step: Integer | int = 0) -> Lanes:
        """The number of a step."""
        index = step * self.stride + self.place if self.stride else self.place
        scalars = [Doubles(code, pointer)[index] for pointer in self.pointers]
        return code.gather(scalars) if len(scalars) == code.lanes else code.splat(scalars[0])


class Elements(NamedTuple):
    """A number of another column; that of the next step is taken a stride further."""

    column: Stored
    place: int
    stride: int = 0

    def read(self, code: Code, step: Integer | int = 0) -> Lanes:
        """The number of a step."""
        return self.column[step * self.stride + self.place if self.stride else self.place]


class KnownColumn(NamedTuple):
    """Numbers that are known."""

    numbers: tuple[float, ...]

    def read(self, code: Code, step: Integer | int = 0) -> Lanes:
        """The number of a step."""
        return code.splat(code.listed(self.numbers)[step])


class ColumnView:
    """A column that is read where its numbers stand."""

    def __init__(self, code: Code, where: Placed | KnownColumn) -> None:
        self._code, self._where = code, where

    def __getitem__(self, step: Integer | int) -> Lanes:
        return self._where.read(self._code, step)


Stored: TypeAlias = Unaligned | ColumnView
Source: TypeAlias = Placed | Elements | Lanes


def stacked(code: Code, sources: Sequence[Source], room: Room) -> Stored:
    """A column of these."""
    parts = list(_parts(sources))
    if len(parts) == 1 and not isinstance(parts[0][1], (Lanes, Elements)):
        return ColumnView(code, parts[0][1])
    column = room.column(len(sources))
    start = 0
    for length, part in parts:
        if isinstance(part, Lanes):
            column[start] = part
        else:
            with code.loop(length) as i:
                column[i + start] = part.read(code, i)
        start += length
    return column


def _parts(sources: Sequence[Source]) -> Iterator[tuple[int, Source | KnownColumn]]:
    """The runs in which numbers stand side by side, and how long they are; other numbers one by one."""
    start = 0
    while start < len(sources):
        length, part = _run(sources, start)
        if length < _FEW:
            length, part = 1, sources[start]
        yield length, part
        start += length


def _run(sources: Sequence[Source], start: int) -> tuple[int, Source | KnownColumn]:
    """The longest run from a place on."""
    first = sources[start]
    if isinstance(first, Lanes):
        known = []
        for source in sources[start:]:
            if not isinstance(source, Lanes) or source.known is None:
                break
            known.append(source.known)
        return (len(known), KnownColumn(tuple(known))) if known else (1, first)
    following = sources[start + 1] if start + 1 < len(sources) else None
    stride = 0 if following is None or isinstance(following, Lanes) else following.place - first.place
    length = 1
    while start + length < len(sources) and sources[start + length] == first._replace(
        place=first.place + length * stride
    ):
        length += 1
    return length, first._replace(stride=stride)
