"""Arguments of one sample or of many: which axis the samples lie along, and all their numbers in two arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.errors import ArgumentError
from autograd.program.kernel import Floats
from autograd.structure import NUMBER, Reader, Structure, floats, measure, walk

Axes: TypeAlias = "int | Sequence[int | None] | None"


class Arguments(NamedTuple):
    """The numbers of a call.

    structures  of one sample of each argument
    axes        along which each has its samples
    fixed       the numbers of the arguments without a batch axis, one array each
    batch       (samples, numbers) those of the others
    samples     how many; None if no argument has a batch axis
    axes        the batch axis of each argument, or None
    """

    structures: tuple[Structure, ...]
    fixed: list[Floats]
    batch: Floats
    samples: int | None
    axes: tuple[int | None, ...]

    @property
    def holds_values(self) -> bool:
        """Whether there are Values among the numbers."""
        return self.batch.dtype == object or any(part.dtype == object for part in self.fixed)

    def places(self) -> Iterator[tuple[Structure, bool, int]]:
        """Of each argument its structure, whether it has samples, and where its numbers begin among its like."""
        begins = {False: 0, True: 0}
        for structure, axis in zip(self.structures, self.axes, strict=True):
            batched = axis is not None
            yield structure, batched, begins[batched]
            begins[batched] += structure.size


def axes_of(in_axes: Axes, count: int) -> tuple[int | None, ...]:
    """One axis, or None, for each of `count` arguments."""
    axes = (in_axes,) * count if in_axes is None or isinstance(in_axes, int) else tuple(in_axes)
    if len(axes) != count:
        raise ArgumentError(
            f"in_axes {in_axes!r} speaks of {len(axes)} arguments, the function was called with {count}"
        )
    for axis in axes:
        if not (axis is None or (isinstance(axis, int) and not isinstance(axis, bool))):
            raise ArgumentError(
                f"in_axes {in_axes!r}: each is an axis (an int), or None for an argument without samples"
            )
    return axes


def take(args: Sequence[Any], axes: tuple[int | None, ...], read: Reader = floats) -> Arguments:
    """Take the arguments of a call apart; `read` makes a flat array of a number or array, of floats or Values.

    Raises OperandError for what is no number, ArgumentError if batch axes are missing or differ in length.
    """
    structures: list[Structure] = []
    fixed: list[Floats] = []
    batched: list[Floats] = []
    for i, (argument, axis) in enumerate(zip(args, axes, strict=True)):
        if axis is None:
            numbers, structure = measure(argument, f"argument {i}", read)
            fixed.append(numbers)
        else:
            structure = _take_samples(argument, axis, f"argument {i}", batched, read)
        structures.append(structure)
    samples = _how_many(batched) if any(axis is not None for axis in axes) else None
    rows = 1 if samples is None else samples
    batch = batched[0] if len(batched) == 1 else np.concatenate([np.empty((rows, 0)), *batched], axis=1)
    return Arguments(tuple(structures), fixed, np.ascontiguousarray(batch), samples, axes)


def _take_samples(argument: Any, axis: int, what: str, batched: list[Floats], read: Reader) -> Structure:
    """The structure of one sample; its numbers are added to `batched` as (samples, numbers)."""

    def samples_of(thing: Any) -> Structure:
        flat, _ = measure(thing, what, read)
        array = flat.reshape(np.shape(thing))
        if not -array.ndim <= axis < array.ndim:
            raise ArgumentError(f"{what} has the batch axis {axis} by in_axes, but its shape is {array.shape}")
        array = np.moveaxis(array, axis, 0)
        shape = array.shape[1:]
        size = int(np.prod(shape))
        batched.append(array.reshape(len(array), size))
        return Structure(np.ndarray, size, shape) if shape else NUMBER

    def rows(thing: Any) -> Structure | None:
        return samples_of(_rectangle(thing, what)) if _is_plain(thing) else None

    return walk(argument, samples_of, rows)


def _is_plain(thing: Any) -> bool:
    """Whether a sequence is numbers, or sequences of numbers: samples written out, not a tree of arrays."""
    if isinstance(thing, (list, tuple)):
        return not hasattr(thing, "_fields") and all(map(_is_plain, thing))
    return not isinstance(thing, (np.ndarray, dict))


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
