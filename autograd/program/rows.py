"""What a loop is given and gives, row by row: how many there are, one of them, put together; what bodies return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.array import ValueArray
from autograd.errors import ArgumentError
from autograd.structure import NUMBER, Structure, flatten, leaves_like
from autograd.text import quoted
from autograd.value import Value

CARRY = "what a loop carries from step to step"


def steps_of(xs: Any, length: int | None) -> int:
    """How often a scan runs its body."""
    lengths = {*_lengths(xs), *([] if length is None else [whole_number(length, "the length of a scan")])}
    if len(lengths) != 1:
        raise ArgumentError(
            "a scan runs over the rows of xs, or `length` times: "
            + (f"got rows of the lengths {sorted(lengths)}" if lengths else "got neither xs nor length")
        )
    return lengths.pop()


def _lengths(xs: Any) -> list[int]:
    if xs is None:
        return []
    if isinstance(xs, (np.ndarray, list)):
        if isinstance(xs, np.ndarray) and not xs.ndim:
            raise ArgumentError("xs of a scan has rows, got an array without any axis")
        return [len(xs)]
    if isinstance(xs, (tuple, dict)):
        return [n for part in (xs.values() if isinstance(xs, dict) else xs) for n in _lengths(part)]
    raise ArgumentError(f"xs of a scan is an array, a list of rows, or a tuple or dict of such, got {quoted(xs)}")


def has_checkpoints(memory: object) -> bool:
    """What the `memory` of a loop says."""
    if memory not in ("stored", "checkpoints"):
        raise ArgumentError(f'the memory of a loop is "stored" or "checkpoints", got {quoted(memory)}')
    return memory == "checkpoints"


def whole_number(given: Any, what: str) -> int:
    """A number of steps."""
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 0:
        raise ArgumentError(f"{what} is a whole number from 0 up, got {quoted(given)}")
    return int(given)


def row(xs: Any, i: int) -> Any:
    """The i-th row of what a scan eats."""
    if xs is None:
        return None
    if isinstance(xs, dict):
        return {key: row(part, i) for key, part in xs.items()}
    if isinstance(xs, tuple):
        return like(xs, [row(part, i) for part in xs])
    found = xs[i]
    return found.item() if isinstance(found, np.generic) else found


def like(given: tuple[Any, ...], parts: Sequence[Any]) -> Any:
    """A tuple of these parts, of the same kind."""
    return type(given)(*parts) if hasattr(given, "_fields") else tuple(parts)


def stacked(ys: Sequence[Any]) -> Any:
    """Things made alike as one whose arrays have a row of each."""
    if not ys or ys[0] is None:
        return None
    first = ys[0]
    if isinstance(first, dict):
        return {key: stacked([y[key] for y in ys]) for key in first}
    if isinstance(first, tuple):
        return like(first, [stacked(part) for part in zip(*ys, strict=True)])
    if isinstance(first, list):
        return [stacked(part) for part in zip(*ys, strict=True)]
    has_values = any(isinstance(x, Value) for y in ys for x in np.ravel(np.asarray(y, object)))
    try:
        return np.array(ys, object).view(ValueArray) if has_values else np.array(ys, float)
    except (TypeError, ValueError):
        raise ArgumentError(
            "what a scan yields is numbers and arrays, alone or in tuples, lists and dicts, made alike at each step: "
            f"got {type(first).__name__} {quoted(first)}; yield the numbers in it, such as (z.real, z.imag)"
        ) from None


def pair(answer: Any) -> tuple[Any, Any]:
    """What the body of a scan returned: the carry and the y."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise ArgumentError(f"the body of a scan returns a tuple (carry, y), got {quoted(answer)}")
    return answer


def condition_of(answer: Any) -> Any:
    """What says whether a loop goes on: one number, or a bool."""
    if type(answer) is int and answer in (-2, -1):  # what ~True and ~False are
        raise ArgumentError("~ of Python's True and False is -2 and -1, and both hold: write 1.0 - condition")
    (number,) = leaves_like(answer, NUMBER, "the condition of a while_loop")
    return number


def carried_on(answer: Any, structure: Structure | None = None) -> tuple[list[Any], Structure]:
    """The numbers that a body carries on and how they are made, which is as what it was given is made.

    Raises:
        ArgumentError: where they are made differently
    """
    leaves, made = flatten(answer, CARRY, flags=True)
    if structure is None or made == structure:
        return leaves, made
    leaves = leaves_like(answer, structure, f"{CARRY} keeps its structure")
    if _without_order(made) != _without_order(structure):
        raise ArgumentError(f"{CARRY} keeps its structure: a list, a tuple and an array are not the same")
    return leaves, made


def kept(answer: Any, structure: Structure) -> Any:
    """What a body carries on, its keys in the order in which they were given."""
    leaves, made = carried_on(answer, structure)
    return answer if made == structure else structure.build(leaves)


def _without_order(structure: Structure) -> Structure:
    """The same wherever dicts differ in the order of their keys."""
    listed = list(zip(structure.keys or structure.parts, map(_without_order, structure.parts), strict=True))
    if issubclass(structure.kind, dict):
        listed.sort(key=lambda item: repr(item[0]))
        return replace(structure, keys=tuple(key for key, _ in listed), parts=tuple(part for _, part in listed))
    return replace(structure, parts=tuple(part for _, part in listed))
