"""Arguments of one sample or of many: which axis the samples lie along, and all their numbers in two arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.errors import ArgumentError
from autograd.kinds import FIXED, FLAG, holder, kind_of
from autograd.program.kernel import Floats
from autograd.structure import DEEPEST, NUMBER, Reader, Structure, array_of, floats, measure, prefixes, walk
from autograd.text import quoted

Axes: TypeAlias = Any  # an int, None, or a sequence with one for each argument, or of what these are made of


class Span(NamedTuple):
    """Numbers of an argument that lie side by side, beginning at `begin` among those with, or without, samples."""

    batched: bool
    begin: int
    size: int


class Arguments(NamedTuple):
    """The numbers of a call.

    Attributes:
        structures: of one sample of each argument
        fixed: the numbers of the arguments without a batch axis, in arrays
        batch: (samples, numbers) those of the others
        samples: how many; None if no argument has a batch axis
        axes: the batch axis of each argument, None, or what says it for each of its parts
    """

    structures: tuple[Structure, ...]
    fixed: list[Floats]
    batch: Floats
    samples: int | None
    axes: tuple[Any, ...]

    @property
    def holds_values(self) -> bool:
        """Whether there are Values among the numbers."""
        return self.batch.dtype == object or any(part.dtype == object for part in self.fixed)

    def places(self) -> Iterator[tuple[Structure, list[Span]]]:
        """Of each argument its structure, and where its numbers are among those with and without samples."""
        begins = {False: 0, True: 0}
        for structure, axis in zip(self.structures, self.axes, strict=True):
            runs = []
            for batched, size in spread(axis, structure):
                runs.append(Span(batched, begins[batched], size))
                begins[batched] += size
            yield structure, runs

    def joined(self, other: Arguments, what: str) -> Arguments:
        """These and then others; ArgumentError unless they have as many samples."""
        if other.samples is not None and other.samples != self.samples:
            raise ArgumentError(f"{what}: expected {self.samples} samples, as the arguments have, got {other.samples}")
        batch = side_by_side([self.batch, other.batch]) if other.batch.shape[1] else self.batch
        structures, axes = (*self.structures, *other.structures), (*self.axes, *other.axes)
        return Arguments(structures, [*self.fixed, *other.fixed], batch, self.samples, axes)


def axes_of(in_axes: Axes, count: int, keywords: Sequence[str] = ()) -> tuple[Any, ...]:
    """What `in_axes` says of each of `count` arguments, and then of those that come by name."""
    if in_axes is None or (isinstance(in_axes, int) and not isinstance(in_axes, bool)):
        return (in_axes,) * (count + len(keywords))
    if not isinstance(in_axes, (list, tuple)):
        raise _no_axis(in_axes, in_axes)
    if keywords:
        raise ArgumentError(
            f"in_axes {quoted(in_axes)} speaks of arguments by position, and {', '.join(keywords)} came by name: "
            "hand it in by position, or give one axis for all"
        )
    if len(in_axes) != count:
        raise ArgumentError(
            f"in_axes {quoted(in_axes)} speaks of {len(in_axes)} arguments, the function was called with {count}"
        )
    for axis in in_axes:
        _check(axis, in_axes)
    return tuple(in_axes)


def _check(axis: Any, in_axes: Axes) -> None:
    """Raise ArgumentError unless axis is an int, None, or made of such."""
    if axis is None or (isinstance(axis, int) and not isinstance(axis, bool)):
        return
    kind = kind_of(type(axis))
    if kind is None or kind is FIXED or kind is FLAG:
        raise _no_axis(axis, in_axes)
    for part in kind.apart(axis).parts:
        _check(part, in_axes)


def _no_axis(axis: Any, in_axes: Axes) -> ArgumentError:
    return ArgumentError(
        f"in_axes {quoted(in_axes)}: each is an axis (an int), None for an argument without samples, or made as the "
        f"argument is with these in its places, got {quoted(axis)}"
    )


def has_samples(axis: Any) -> bool:
    """Whether an axis, or one for a part of a thing, says that there are samples."""
    if axis is None or isinstance(axis, int):
        return axis is not None
    kind = kind_of(type(axis))
    return kind is not None and any(map(has_samples, kind.apart(axis).parts))


def spread(axis: Any, structure: Structure) -> list[tuple[bool, int]]:
    """(whether they have samples, how many they are) of the numbers of an argument, from the first on."""
    if axis is None or isinstance(axis, int):
        return [(axis is not None, structure.size)]
    parts = zip(prefixes(axis, structure, "in_axes"), structure.parts, strict=True)
    return [run for inner, part in parts for run in spread(inner, part)]


# -- taking apart -----------------------------------------------------------------------------------


def take(args: Sequence[Any], axes: Sequence[Any], read: Reader = floats, what: str = "") -> Arguments:
    """Take the arguments of a call apart; `read` makes a flat array of a number or array, of floats or Values.

    Raises:
        OperandError: for what is no number
        ArgumentError: if batch axes are missing or differ in length
    """
    taker = _Taker(read)
    structures = [
        taker.take(argument, axis, what or f"argument {i}")
        for i, (argument, axis) in enumerate(zip(args, axes, strict=True))
    ]
    batched = taker.batched
    samples = _how_many(batched) if any(axis is not None and has_samples(axis) for axis in axes) else None
    rows = 1 if samples is None else samples
    batch = batched[0] if len(batched) == 1 else side_by_side([np.empty((rows, 0)), *batched])
    return Arguments(tuple(structures), taker.fixed, batch, samples, tuple(axes))


def side_by_side(parts: Sequence[Floats]) -> Floats:
    """(samples, numbers) of several: column by column where all stand so, which is to copy them one after the other."""
    if all(part.flags.f_contiguous for part in parts):
        found: Floats = np.concatenate([part.T for part in parts]).T
        return found
    return np.concatenate(parts, axis=1)


class _Taker:
    """Takes arguments apart, and keeps the numbers of those with samples, as (samples, numbers), and of the others."""

    def __init__(self, read: Reader) -> None:
        self.fixed: list[Floats] = []
        self.batched: list[Floats] = []
        self._read = read

    def take(self, argument: Any, axis: Any, what: str) -> Structure:
        """The structure of one sample of an argument."""
        if axis is None:
            numbers, structure = measure(argument, what, self._read)
            self.fixed.append(numbers)
            return structure
        return self._samples(argument, axis, what) if isinstance(axis, int) else self._parts(argument, axis, what)

    def _parts(self, argument: Any, axes: Any, what: str) -> Structure:
        """Of an argument whose parts have axes of their own; it keeps its parts, numbers too."""
        kind = kind_of(type(argument))
        if kind is None or kind is FIXED or kind is FLAG or kind.is_array:
            raise ArgumentError(
                f"in_axes has {quoted(axes)} for {what}, which is not made of parts: {type(argument).__name__}"
            )
        parts, keys, rest = kind.apart(argument)
        made = Structure(type(argument), 0, (), keys, (NUMBER,) * len(parts), rest)
        listed = zip(parts, prefixes(axes, made, f"in_axes of {what}"), keys or range(len(parts)), strict=True)
        structures = tuple([self.take(part, axis, f"{what}[{quoted(key)}]") for part, axis, key in listed])
        return Structure(type(argument), sum(part.size for part in structures), (), keys, structures, rest)

    def _samples(self, argument: Any, axis: int, what: str) -> Structure:
        def samples_of(thing: Any) -> Structure:
            flat, _ = measure(thing, what, self._read)
            array = flat.reshape(np.shape(thing))
            if not -array.ndim <= axis < array.ndim:
                raise ArgumentError(f"{what} has the batch axis {axis} by in_axes, but its shape is {array.shape}")
            array = np.moveaxis(array, axis, 0)
            shape = array.shape[1:]
            self.batched.append(array.reshape(len(array), int(np.prod(shape))))
            return array_of(shape) if shape else NUMBER

        def rows(thing: Any) -> Structure | None:
            if holder(type(thing)).is_array:
                return samples_of(np.asarray(thing))
            is_nothing = thing is not argument and isinstance(thing, (list, tuple)) and not thing  # no samples either
            return samples_of(_rectangle(thing, what)) if _is_plain(thing) and not is_nothing else None

        return walk(argument, samples_of, what, rows, flags=True)


def _is_plain(thing: Any, depth: int = 0) -> bool:
    """Whether a sequence is numbers, or sequences of numbers: samples written out, not a tree of arrays."""
    if isinstance(thing, (list, tuple)):
        return not hasattr(thing, "_fields") and depth <= DEEPEST and all(_is_plain(part, depth + 1) for part in thing)
    return not isinstance(thing, np.ndarray) and kind_of(type(thing)) in (None, FLAG)


def _rectangle(thing: Any, what: str) -> Any:
    try:
        return np.asarray(thing)
    except ValueError:
        raise ArgumentError(f"{what}: the samples need equal lengths; hand them in as an array") from None


def _how_many(batched: Sequence[Floats]) -> int:
    lengths = sorted({len(array) for array in batched})
    if len(lengths) != 1:
        raise ArgumentError(f"the arguments with a batch axis have {lengths} samples: expected one number for all")
    return lengths[0]
