"""The short way of a call made as one before: its arguments are known by their types, and what answers is at hand.

A shortcut takes what it knows for certain, and answers None to all else, which goes the long way: so errors, and things
that stand for numbers, have one place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from autograd.errors import ArgumentError, OperandError
from autograd.kinds import FIXED, FLAG, Static, holder, kind_of
from autograd.program.batch import Arguments, side_by_side
from autograd.program.kernel import Floats
from autograd.structure import PLAIN, Structure

SMALL = 4096  # numbers that go in or come out: of more than these, copies cost more than the long way

Put = Callable[[Any, Floats], bool]  # writes a thing among numbers, and says whether it was such as expected
Columns = Callable[[Any], Any]
_NUMBERS = frozenset({float, int, np.float64})  # whose numbers NumPy writes as `float` reads them
_FLOAT = np.dtype(np.float64)


class CallForm(NamedTuple):
    """How the arguments of a call stand.

    Attributes:
        by_position: how many of the function's arguments come so
        names: of those that come by name, in their order
        order: which of these, first by position and then by name, is each argument of the recording
        static: (arguments,) whether it was said to be no number
        extras: how many things stand behind them
        in_a_tuple: whether these stand together in one sequence
    """

    by_position: int
    names: tuple[str, ...]
    order: tuple[int, ...]
    static: tuple[bool, ...]
    extras: int
    in_a_tuple: bool

    @property
    def plain(self) -> int:
        """How many arguments there are that stand in the order of the recording as they come; -1 if they do not."""
        is_plain = not self.names and not self.in_a_tuple and self.order == tuple(range(self.by_position))
        return self.by_position + self.extras if is_plain else -1

    def arranged(self, args: tuple[Any, ...], named: dict[str, Any]) -> Sequence[Any] | None:
        """The arguments in the order of the recording; None for those that stand otherwise."""
        args, extras = args[: self.by_position], args[self.by_position :]
        if self.in_a_tuple and len(extras) == 1 and type(extras[0]) in (list, tuple):
            extras = tuple(extras[0])
        if len(args) != self.by_position or len(extras) != self.extras or tuple(named) != self.names:
            return None
        given = (*args, *named.values())
        return [*map(given.__getitem__, self.order), *extras]


@dataclass(slots=True)
class Workplace:
    """Arrays of a kernel's own, and the kernel bound to them: one call at a time works there.

    Attributes:
        numbers: (inputs,), read
        answer: (outputs,), written
        run: computes the one from the other
    """

    numbers: Floats
    answer: Floats
    run: Callable[[], object]


class AtAPoint:
    """The short way at one point: numbers are written where a kernel is bound, and the answer is a copy.

    A call takes a workplace that no other one is in, be it of another thread or one around it, and gives it back when
    it is done; one that is raised out of lets go of it.
    """

    def __init__(
        self, form: CallForm, puts: Sequence[Put], build: Callable[[], Workplace], read: Callable[[Floats], Any]
    ) -> None:
        self._arranged, self._build, self._read = form.arranged, build, read
        self._plain = form.plain
        self._puts = tuple(enumerate(puts))
        self._free: list[Workplace] = []

    def taken(self, args: tuple[Any, ...], named: dict[str, Any]) -> Workplace | None:
        """A workplace with the numbers of these arguments, if they are known."""
        things = args if len(args) == self._plain and not named else self._arranged(args, named)
        if things is None:
            return None
        try:
            workplace = self._free.pop()
        except IndexError:
            workplace = self._build()
        numbers = workplace.numbers
        for i, put in self._puts:
            if not put(things[i], numbers):
                self._free.append(workplace)
                return None
        return workplace

    def answer(self, workplace: Workplace) -> Any:
        """The answer to what was taken."""
        workplace.run()
        own = workplace.answer.copy()
        self._free.append(workplace)
        return self._read(own)


class OverSamples:
    """The short way to the arguments of a batch: arrays are taken as they stand."""

    def __init__(self, form: CallForm, puts: Sequence[Put | None], columns: Sequence[Columns | None], like: Arguments):
        self._arranged, self._plain = form.arranged, form.plain
        self._structures, self._axes = like.structures, like.axes
        self._puts = [(i, put) for i, put in enumerate(puts) if put is not None]
        self._columns = [(i, column) for i, column in enumerate(columns) if column is not None]
        self._size = sum(part.size for part in like.fixed)

    def taken(self, args: tuple[Any, ...], named: dict[str, Any]) -> Arguments | None:
        """The numbers of these arguments, if they are known."""
        things = args if len(args) == self._plain and not named else self._arranged(args, named)
        if things is None:
            return None
        fixed = np.empty(self._size)
        batch: list[Floats] = []
        for i, put in self._puts:
            if not put(things[i], fixed):
                return None
        for i, column in self._columns:
            part = column(things[i])
            if part is None or (batch and len(part) != len(batch[0])):
                return None
            batch.append(part)
        numbers = batch[0] if len(batch) == 1 else side_by_side(batch)
        return Arguments(self._structures, [fixed], numbers, len(numbers), self._axes)


Shortcut = AtAPoint | OverSamples


# -- arguments known by their types -----------------------------------------------------------------


def shortcut_to(
    form: CallForm, taken: Arguments, captured: range, build: Callable[[], Workplace], read: Callable[[Floats], Any]
) -> Shortcut | None:
    """The short way for arguments that stand so and are made as these, if there is one.

    Among the numbers of a workplace those that the function took from elsewhere stand at `captured`.
    """
    pairs = list(zip(taken.structures, taken.axes, strict=True))
    if any(axis is not None and not _is_one_array(structure, axis) for structure, axis in pairs):
        return None
    if taken.samples is not None:
        batched = [None if axis is None else _columns(structure, axis) for structure, axis in pairs]
        return OverSamples(form, _puts(form, taken, range(0)), batched, taken)
    if sum(structure.size for structure in taken.structures) > SMALL:
        return None
    return AtAPoint(form, [put for put in _puts(form, taken, captured) if put is not None], build, read)


def _is_one_array(structure: Structure, axis: Any) -> bool:
    """Whether an argument with samples is a single array."""
    return isinstance(axis, int) and structure.kind in (float, ndarray)


def _puts(form: CallForm, taken: Arguments, captured: range) -> list[Put | None]:
    """What writes each argument, if it has no samples."""
    puts: list[Put | None] = []
    start = 0
    marks = [*form.static, *[False] * form.extras]
    for structure, axis, is_static in zip(taken.structures, taken.axes, marks, strict=True):
        begin = start + len(captured) * (start >= captured.start)
        puts.append(_put(structure, begin, is_static) if axis is None else None)
        start += structure.size if axis is None else 0
    return puts


def _put(structure: Structure, start: int, is_static: bool = False) -> Put:
    """What writes the numbers of a thing made so, from `start` on; it answers False for a thing that may not be."""
    place = slice(start, start + structure.size)
    if structure.kind is Static:
        return _put_nothing(structure.rest, is_static)
    if structure.kind is float:
        return _put_number(start)
    if structure.kind is ndarray:
        return _put_array(structure.shape, place)
    return _put_row(structure.kind, structure.size, place) if structure.shape else _put_parts(structure, start)


def _put_number(start: int) -> Put:
    def write(thing: Any, numbers: Floats) -> bool:
        if type(thing) not in _NUMBERS:
            return False
        try:
            numbers[start] = thing
        except OverflowError:  # an int that is too large
            return False
        return True

    return write


def _put_array(shape: tuple[int, ...], place: slice) -> Put:
    is_flat = len(shape) == 1

    def write(thing: Any, numbers: Floats) -> bool:
        if type(thing) is not ndarray or thing.shape != shape or thing.dtype.char not in PLAIN:
            return False
        numbers[place] = thing if is_flat else thing.reshape(-1)
        return True

    return write


def _put_row(kind: type[Any], count: int, place: slice) -> Put:
    def write(thing: Any, numbers: Floats) -> bool:
        if type(thing) is not kind or len(thing) != count or not _NUMBERS.issuperset(map(type, thing)):
            return False
        try:
            numbers[place] = thing
        except OverflowError:
            return False
        return True

    return write


def _put_parts(structure: Structure, start: int) -> Put:
    kind, apart, known = structure.kind, holder(structure.kind).apart, (structure.keys, structure.rest)
    starts = accumulate([part.size for part in structure.parts], initial=start)
    puts, code = [_put(part, at) for part, at in zip(structure.parts, starts, strict=False)], hash(known)

    def write(thing: Any, numbers: Floats) -> bool:
        if type(thing) is not kind:
            return False
        try:
            parts, keys, rest = apart(thing)
        except (ArgumentError, OperandError):  # which the long way raises again, in its turn
            return False
        if len(parts) != len(puts) or hash((keys, rest)) != code or (keys, rest) != known:
            return False
        return all(put(part, numbers) for put, part in zip(puts, parts, strict=True))

    return write


def _put_nothing(known: Static, is_static: bool) -> Put:
    """Of what holds no number, but must be what was recorded: found as a recording is, by its hash and then by ==."""
    code = hash(known)

    def write(thing: Any, numbers: Floats) -> bool:
        if not is_static and type(thing) is not Static and kind_of(type(thing)) not in (FIXED, FLAG):
            return False
        try:
            given = thing if type(thing) is Static else Static(thing)
        except ArgumentError:  # which the long way raises again
            return False
        return hash(given) == code and given == known

    return write


def _columns(structure: Structure, axis: int) -> Columns:
    """What makes (samples, numbers) of an array with its samples along `axis`, and None of any other thing."""
    shape, size = structure.shape, structure.size
    place = axis % (len(shape) + 1)
    axes, is_flat = len(shape) + 1, len(shape) == 1
    order = (place, *(i for i in range(axes) if i != place))

    def columns(thing: Any) -> Any:
        if type(thing) is not ndarray or thing.ndim != axes or thing.dtype.char not in PLAIN:
            return None
        given = thing.shape
        if given[:place] + given[place + 1 :] != shape:
            return None
        rows = thing.transpose(order) if place else thing
        if rows.dtype is not _FLOAT:
            rows = rows.astype(np.float64, copy=False)
        return rows if is_flat else rows.reshape(given[place], size)

    return columns
