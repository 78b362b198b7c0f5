"""Arguments as people pass them: numbers, sequences, dicts and arrays of numbers, nested.

`flatten` takes such a thing apart into its numbers and a way to put it together again around others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.value import Value, number, short


class Structure(NamedTuple):
    """How many numbers a thing holds, and the function that builds a like thing from as many."""

    size: int
    build: Callable[[Sequence[Any]], Any]


def flatten(thing: Any, what: str = "an argument") -> tuple[list[Any], Structure]:
    """The numbers (Values or floats) in `thing`, in order, and its structure.

    >>> leaves, structure = flatten({"w": [1, 2], "b": 3})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> structure.build([10, 20, 30])
    {'w': [10, 20], 'b': 30}

    Raises OperandError for anything in it that is not a real number.
    """
    if isinstance(thing, np.ndarray) and thing.ndim:
        return [_leaf(x, what) for x in thing.flat], Structure(thing.size, lambda leaves: _array(leaves, thing.shape))
    if isinstance(thing, dict):
        return _flatten_many(list(thing.values()), lambda parts: dict(zip(thing, parts, strict=True)), what)
    if isinstance(thing, tuple) and hasattr(thing, "_fields"):
        return _flatten_many(thing, lambda parts: type(thing)(*parts), what)
    if isinstance(thing, (list, tuple)):
        return _flatten_many(thing, type(thing), what)
    return [_leaf(thing, what)], Structure(1, lambda leaves: leaves[0])


def check_length(given: Sequence[Any], expected: int, what: str) -> None:
    """Raise ArgumentError unless there are as many as expected."""
    if len(given) != expected:
        raise ArgumentError(f"{what}: expected {expected}, got {len(given)}")


def _flatten_many(things: Sequence[Any], build: Callable[[list[Any]], Any], what: str) -> tuple[list[Any], Structure]:
    flat = [flatten(thing, what) for thing in things]
    structures = [structure for _, structure in flat]

    def rebuild(leaves: Sequence[Any]) -> Any:
        parts, start = [], 0
        for structure in structures:
            parts.append(structure.build(leaves[start : start + structure.size]))
            start += structure.size
        return build(parts)

    return [leaf for leaves, _ in flat for leaf in leaves], Structure(sum(s.size for s in structures), rebuild)


def _leaf(x: Any, what: str) -> Any:
    if isinstance(x, Value):
        return x
    if isinstance(x, np.ndarray):
        x = x[()]
    try:
        return number(x, what)
    except OperandError:
        raise OperandError(
            f"{what} is made of real numbers (alone, or in lists, tuples, dicts, arrays), "
            f"got {type(x).__name__} {short(x)}"
        ) from None


def _array(leaves: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An array of floats where all are numbers, of objects where any is something else."""
    if all(isinstance(leaf, (int, float)) for leaf in leaves):
        return np.array(leaves, dtype=float).reshape(shape)
    array = np.empty(len(leaves), object)
    array[:] = leaves
    if all(isinstance(leaf, np.ndarray) for leaf in leaves):
        return np.array(list(leaves)).reshape(shape + leaves[0].shape) if len(leaves) else array.reshape(shape)
    return array.reshape(shape)
