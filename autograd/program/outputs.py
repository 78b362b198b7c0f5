"""Arrays that a caller wants filled: each looked at before any of them is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError

Array = np.ndarray[Any, Any]


def check_output(out: Any, shape: tuple[int, ...]) -> None:
    """Raise ArgumentError unless `out` is an array of that shape in which every number can be written."""
    is_array = isinstance(out, np.ndarray) and not isinstance(out, np.ma.MaskedArray)
    if not is_array or out.dtype != np.float64 or out.shape != shape:
        given = f"{out.dtype} {out.shape}" if is_array else type(out).__name__
        raise ArgumentError(f"out: an array of float64 of shape {shape} is filled here, got {given}")
    if not out.flags.writeable:
        raise ArgumentError(f"out: the array of shape {shape} is read-only, so that it cannot be filled")
    if _meets_itself(out):
        raise ArgumentError(f"out: numbers of the array of shape {shape} lie in the same place; hand in its copy()")


def check_apart(outputs: Sequence[Array]) -> None:
    """Raise ArgumentError if two arrays share memory: the second would be written over the first."""
    found = sorted(((*_bounds(out), i) for i, out in enumerate(outputs) if out.size), key=lambda bounds: bounds[:2])
    for n, (_, end, i) in enumerate(found):
        for start, _, j in found[n + 1 :]:
            if start >= end:
                break
            if np.shares_memory(outputs[i], outputs[j]):
                raise ArgumentError("out: two of the arrays share memory, so that one answer would overwrite another")


def _bounds(array: Array) -> tuple[int, int]:
    """Where an array's memory begins and ends."""
    reaches = [step * (n - 1) for step, n in zip(array.strides, array.shape, strict=True)]
    first = array.ctypes.data + sum(reach for reach in reaches if reach < 0)
    return first, first + sum(map(abs, reaches)) + array.itemsize


def _meets_itself(array: Array) -> bool:
    """Whether two numbers of an array lie in the same place, as in a broadcast or a sliding window."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return False
    steps = sorted((abs(step), n) for step, n in zip(array.strides, array.shape, strict=True) if n > 1)
    reach = array.itemsize
    for step, n in steps:
        if step < reach:
            return _has_common_places(array)
        reach = step * (n - 1) + reach
    return False


def _has_common_places(array: Array) -> bool:
    """The same by looking at every number: strides that interleave may still be apart."""
    places = np.zeros(array.shape, np.int64)
    for axis, (step, n) in enumerate(zip(array.strides, array.shape, strict=True)):
        places += np.arange(n).reshape([n if i == axis else 1 for i in range(array.ndim)]) * step
    gaps = np.diff(np.sort(places, axis=None))
    return bool((gaps < array.itemsize).any())
