"""What the instructions of loops make, step by step, on numbers or on arrays of samples.

Executors and exports do the same in their languages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.program.graph import Graph
from autograd.program.loops import Column, Element, Final, Loop
from autograd.value import Value

_ALL = range(2**31)  # columns
Interpret: TypeAlias = Callable[[Graph, Sequence[Any]], list[Any]]


class LoopOutcome:
    """What came of a loop: the last of what it carried, and its columns by their places."""

    def __init__(self, finals: Sequence[Any], columns: Sequence[Any] | Mapping[int, Any]) -> None:
        self.finals, self.columns = finals, columns


def number_or_column(operation: Any, operands: Sequence[Any]) -> Any:
    """What an instruction of `autograd.program.loops` makes that is no loop: a number, or a column."""
    match operation:
        case Final(k):
            return operands[0].finals[k]
        case Column(k):
            return operands[0].columns[k]
        case Element(step):
            return operands[0][step]
    return list(operands)


def read_in_python(step: Any, operand: str) -> str:
    """What reads a number or a column, of a `LoopOutcome` or a column, as Python writes it: columns are sequences."""
    match step:
        case Final(k):
            return f"{operand}.finals[{k}]"
        case Column(k):
            return f"{operand}.columns[{k}]"
    return f"{operand}[{step.step}]"


def ran(loop: Loop, operands: Sequence[Any], interpret: Interpret, read: Container[int] = _ALL) -> LoopOutcome:
    """A loop, step by step; of its columns those are kept that are read."""
    count, operands = (operands[0], operands[1:]) if loop.counted else (float(loop.length), operands)
    carried, given = list(operands[: loop.carried]), operands[loop.carried :]
    shared, eaten = given[: loop.shared], given[loop.shared :]

    def found_at(step: int, carried: Sequence[Any]) -> list[Any]:
        return interpret(loop.body, [*carried, *shared, *(column[step] for column in eaten)])

    columns: defaultdict[int, Any] = defaultdict(lambda: [np.nan] * loop.length)

    def keep(step: int, numbers: Sequence[Any], first: int) -> None:
        for k, number in enumerate(numbers, first):
            if k in read:
                columns[k][step] = number

    between = _Between(loop, found_at)
    columns |= {k: _Recomputed(between, k) for k in range(loop.carried * loop.checkpoints)}
    done: Any = 0.0
    goes_on: Any = True
    for step in loop.steps:
        if loop.counted and not np.any(goes_on := step < count):
            continue
        found = found_at(step, carried)
        if loop.tested and not np.any(goes_on := goes_on & (number_of(found[-1]) != 0.0)):
            break
        if loop.checkpoints:
            between.keep(step, carried)
        else:
            keep(step, carried, 0)
        keep(step, found[loop.carried : len(found) - loop.tested], loop.carried)
        done = done + goes_on
        carried = _moved(goes_on, found, carried)
    return LoopOutcome([*carried, done], columns)


def _moved(goes_on: Any, found: Sequence[Any], carried: Sequence[Any]) -> list[Any]:
    """What is carried on, sample by sample: one that has stopped stands still."""
    if isinstance(goes_on, (bool, np.bool_)):
        return list(found[: len(carried)] if goes_on else carried)
    return [np.where(goes_on, new, old) for new, old in zip(found, carried, strict=False)]


def number_of(x: Any) -> Any:
    """What a loop decides by: of a Value its number."""
    return x.data if isinstance(x, Value) else x


class _Between:
    """What a loop carried, from checkpoint to checkpoint: computed anew, the steps of one block at a time."""

    def __init__(self, loop: Loop, again: Callable[[int, Sequence[Any]], list[Any]]) -> None:
        self._loop, self._again, self.length = loop, again, loop.length
        self._points: dict[int, list[Any]] = {}
        self._block = -1
        self._rows: list[list[Any]] = []

    def keep(self, step: int, carried: list[Any]) -> None:
        """Keep what is carried before a step, if that is to be a checkpoint."""
        if step % self._loop.every == 0:
            self._points[step >> self._loop.shift] = carried

    def row(self, step: int) -> list[Any]:
        """What was carried before a step; nan where no sample came so far."""
        block = step >> self._loop.shift
        if block != self._block:
            self._block, self._rows = block, [self._points.get(block, [np.nan] * self._loop.carried)]
        for later in range((block << self._loop.shift) + len(self._rows) - 1, step):
            self._rows.append(self._again(later, self._rows[-1])[: self._loop.carried])
        return self._rows[step % self._loop.every]


class _Recomputed(Sequence[Any]):
    """The column of the k-th number carried, between checkpoints."""

    def __init__(self, between: _Between, k: int) -> None:
        self._between, self._k = between, k

    def __len__(self) -> int:
        return self._between.length

    def __getitem__(self, step: Any) -> Any:
        return self._between.row(step)[self._k]
