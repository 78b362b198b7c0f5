"""Where the numpy executor keeps numbers: rows of two matrices, used again when a number is needed no more.

One matrix has a column for each sample of a block; the other has one column, for numbers that are the
same for all samples.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.program.kernel import Task
from autograd.program.passes.adjoint import depends_on

Ids = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


class Places:
    """Which row of which matrix every number of a task has.

    Attributes:
        batched: (numbers,) whether it lies in the matrix with a column a sample
        row: (numbers,) its row there
        rows: how many rows the two matrices need, that of one column first
    """

    def __init__(self, task: Task) -> None:
        program = task.program
        inputs = [i for i, is_batched in enumerate(task.batched) if is_batched]
        self.batched: Mask = np.frombuffer(depends_on(program, inputs), np.bool_)
        self.row: Ids = np.full(len(self.batched), -1, np.int64)
        self.rows = [0, 0]
        self._free: dict[int, list[int]] = {}  # blocks of so many rows, by where they start
        is_input = np.arange(len(self.batched)) < program.first
        for batched in (False, True):
            self.assign(np.flatnonzero(is_input & (self.batched == batched)), batched)

    def assign(self, numbers: Ids, batched: bool) -> None:
        """Give these numbers rows that follow each other."""
        free = self._free.get(len(numbers)) if batched else None
        if free:
            start = free.pop()
        else:
            start = self.rows[batched]
            self.rows[batched] += len(numbers)
        self.row[numbers] = np.arange(start, start + len(numbers))

    def release(self, numbers: Ids) -> None:
        """Nobody needs these numbers, which got their rows together, any more."""
        self._free.setdefault(len(numbers), []).append(int(self.row[numbers].min()))

    def operand(self, numbers: Ids) -> MatrixRows:
        """Where numbers lie that are all batched or all alike."""
        return MatrixRows(bool(self.batched[numbers.flat[0]]), self.row[numbers])


class MatrixRows(NamedTuple):
    """Rows of one of the two matrices, in an array of any shape."""

    batched: bool
    rows: Ids
