"""What a loop is given and gives, row by row: how many there are, one of them, put together; what bodies return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.iterations import step_title
from autograd.structure import NUMBER, Structure, array_of, compose, flatten, leaves_like, walk
from autograd.symbol import Condition
from autograd.text import quoted

CARRY = "what a loop carries from step to step"
YIELDS = "what a scan yields"
NOTHING = flatten((None,))[1].parts[0]  # how None is made


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


def row_of_none(xs: Any) -> Any:
    """What a row of xs would be like, which has none.

    Raises:
        GraphError: for a list, which does not say
    """
    if xs is None:
        return None
    if isinstance(xs, dict):
        return {key: row_of_none(part) for key, part in xs.items()}
    if isinstance(xs, tuple):
        return like(xs, [row_of_none(part) for part in xs])
    if isinstance(xs, list):
        raise GraphError("an empty list does not say how its rows would be made: hand in an array of shape (0, …)")
    return row(np.zeros((1, *xs.shape[1:]), xs.dtype), 0)


class Yielded:
    """What the steps of a scan yield, made alike, to be put together as rows."""

    def __init__(self) -> None:
        self._first: Any = None
        self._made = NOTHING
        self._rows: list[list[Any]] = []

    def add(self, y: Any) -> None:
        """What the next step yields.

        Raises:
            ArgumentError: where it is made differently than what the first yielded
        """
        numbers, made = taken_apart(y, YIELDS)
        if not self._rows:
            self._first, self._made = y, made
        elif made != self._made:
            if _without_order(made) != _without_order(self._made):
                raise ArgumentError(
                    f"{YIELDS} is made alike at each step, as rows of one array are: {step_title(0)} gave "
                    f"{said(self._first)}, {step_title(len(self._rows))} {said(y)}"
                )
            numbers = leaves_like(y, self._made, YIELDS)
        self._rows.append(numbers)

    def stacked(self) -> Any:
        """One thing whose arrays have a row of each step."""
        return stacked(self._made, len(self._rows), lambda i, j: self._rows[i][j])


def stacked(made: Structure, length: int, number: Callable[[int, int], Any]) -> Any:
    """Things made alike as one whose arrays have a row of each; `number` says the j-th number of the i-th."""
    whole, places = compose(array_of((length,)), made)
    return whole.build([number(i, j) for i, j in places])


def taken_apart(thing: Any, what: str) -> tuple[list[Any], Structure]:
    """The numbers of what a body gives, which may be None, and how it is made; a bool is a number."""
    return ([], NOTHING) if thing is None else flatten(thing, what)


def each_of(thing: Any) -> list[Any]:
    """The numbers in a thing as they are: bools and conditions too."""
    found: list[Any] = []

    def met(x: Any) -> Structure:
        found.extend(x.flat if isinstance(x, np.ndarray) else (x,))
        return NUMBER

    walk(thing, met, CARRY)
    return found


def is_flag(x: Any) -> bool:
    """Whether a number is a bool or a condition."""
    return isinstance(x, (bool, np.bool_, Condition))


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


def carried_on(answer: Any, structure: Structure | None = None, step: int | None = None) -> tuple[list[Any], Structure]:
    """The numbers that a body carries on, perhaps from a step that is known, and how they are made.

    Raises:
        ArgumentError: where they are made differently than what it was given
    """
    what = CARRY if step is None else f"what a loop carries on from {step_title(step)}"
    leaves, made = taken_apart(answer, what)
    if structure is None or made == structure:
        return leaves, made
    try:
        leaves = leaves_like(answer, structure, f"{what} keeps its structure")
    except OperandError:
        raise ArgumentError(
            f"{what} keeps its structure: expected numbers where it had some, got {quoted(answer)}"
        ) from None
    if _without_order(made) != _without_order(structure):
        raise ArgumentError(f"{what} keeps its structure: a list, a tuple and an array are not the same")
    return leaves, made


def kept(answer: Any, structure: Structure, step: int) -> Any:
    """What a body carries on from a step, its keys in the order in which they were given."""
    leaves, made = carried_on(answer, structure, step)
    return answer if made == structure else structure.build(leaves)


def said(y: Any) -> str:
    """What a body was given or gave, in a message."""
    return f"an array of shape {y.shape}" if isinstance(y, np.ndarray) else quoted(y)


def _without_order(structure: Structure) -> Structure:
    """The same wherever dicts differ in the order of their keys."""
    listed = list(zip(structure.keys or structure.parts, map(_without_order, structure.parts), strict=True))
    if issubclass(structure.kind, dict):
        listed.sort(key=lambda item: repr(item[0]))
        return replace(structure, keys=tuple(key for key, _ in listed), parts=tuple(part for _, part in listed))
    return replace(structure, parts=tuple(part for _, part in listed))
