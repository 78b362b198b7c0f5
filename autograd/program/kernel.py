"""What an executor is asked for and what it answers: the seam between `compile` and the machines.

A `Task` says what is to be computed over how many samples; an executor turns it into a `Kernel`, which
is called with arrays.  Nothing else passes between them; an executor is added by its module and by a line in
`executors`, which chooses among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from autograd.errors import ArgumentError
from autograd.ops.primitive import lookup
from autograd.program.graph import Graph

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class Task:
    """A program, and what of it differs from sample to sample.

    Attributes:
        batched: (inputs,) whether an input has a value for each sample, or one for all
        summed: (outputs,) whether an output is asked for as its sum over the samples, or sample by sample
        exact: whether every sum is added in the order in which it stands, and no product fused with it
    """

    program: Graph
    batched: tuple[bool, ...]
    summed: tuple[bool, ...]
    exact: bool = False


class Kernel:
    """A task ready to run; float64 throughout, and memory that no batch size makes grow.

    Attributes:
        task: what it computes

    It is called with arrays:
        fixed: (unbatched inputs,) in the program's order
        batch: (samples, batched inputs) in the program's order
        each: (samples, outputs not summed), written
        total: (outputs summed,), written

    An executor writes `_run`, and `_bind` if it has something better.  Both are handed what machine code
    can take: arrays of these shapes, C-contiguous and aligned doubles of this machine's byte order, and
    outputs that may be written and lie in memory of their own.  `run` and `bind` see to that, for all.
    Where it takes `columns`, batch and each may both be Fortran-contiguous instead: column by column.
    """

    backend: str
    columns = False

    def __init__(self, task: Task) -> None:
        batched, summed = sum(task.batched), sum(task.summed)
        self.task = task
        self._inputs = (len(task.batched) - batched, batched)
        self._outputs = (len(task.summed) - summed, summed)
        self._begin = told_of_calls(task.program)

    def run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int = 1) -> None:
        """Compute `each` and `total`.  The same inputs give the same bits, whatever `threads` is.

        Inputs may be laid out in any way.

        Raises:
            ArgumentError: for outputs that are not as said above
        """
        fixed = _laid_out(fixed)
        batch = batch if self._takes(batch) and in_columns(batch, each) else _laid_out(batch)
        self._check(fixed, batch, each, total)
        for begin in self._begin:
            begin()
        self._run(fixed, batch, each, total, threads)

    def answers(self, fixed: Floats, batch: Floats, threads: int = 1) -> tuple[Floats, Floats]:
        """(each, total) as `run` computes them, in arrays of their own: by columns if the batch is."""
        fixed, order = _laid_out(fixed), self.order(batch)
        batch = _laid_out(batch) if order == "C" else batch
        each, total = np.empty((len(batch), self._outputs[0]), order=order), np.empty(self._outputs[1])
        if fixed.shape != self._inputs[:1] or batch.shape[1:] != self._inputs[1:]:
            self._check_shapes(fixed, batch, each, total)
        for begin in self._begin:
            begin()
        self._run(fixed, batch, each, total, threads)
        return each, total

    def order(self, batch: Floats) -> Literal["C", "F"]:
        """How the answers to a batch stand: by rows, "C", or as the batch does by columns, "F", if it is taken so."""
        return "F" if self._takes(batch) and not batch.flags.c_contiguous else "C"

    def _takes(self, batch: Floats) -> bool:
        flags = batch.flags
        return self.columns and flags.f_contiguous and flags.aligned and batch.dtype == _FLOAT

    def bind(
        self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int = 1, released: bool = False
    ) -> Callable[[], None]:
        """`run` on these very arrays, as a function without arguments: all that can be done before is done.

        It reads and writes their memory every time it is called, and keeps them alive.  With `released` other threads
        of Python run meanwhile, as they do while `run` does, which takes a little longer.  Raises ArgumentError for
        arrays, inputs too, that are not as said above.
        """
        by_column = self._takes(batch) and in_columns(batch, each)
        for name, numbers in (("fixed", fixed), ("batch", batch))[: 1 if by_column else 2]:
            if not _is_laid_out(numbers):
                raise ArgumentError(f"{name} is bound as it stands: {_WANTED}, got {_described(numbers)}")
        self._check(fixed, batch, each, total)
        bound = self._bind(fixed, batch, each, total, threads, released)
        if not self._begin:
            return bound

        def whole() -> None:
            for begin in self._begin:
                begin()
            bound()

        return whole

    def _run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        raise NotImplementedError

    def _bind(
        self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int, released: bool
    ) -> Callable[[], None]:
        return partial(self._run, fixed, batch, each, total, threads)

    @property
    def source(self) -> str:
        """The code that runs, where there is any to read."""
        return ""

    def _check(self, fixed: Floats, batch: Floats, each: Floats, total: Floats) -> None:
        """Raise ArgumentError unless shapes fit and the outputs can be written without harm."""
        self._check_shapes(fixed, batch, each, total)
        for name, numbers in (("each", each), ("total", total)):
            flags = numbers.flags  # carray: contiguous, and behaved, which is aligned and writeable
            is_taken = flags.carray or (name == "each" and self._takes(batch) and flags.f_contiguous and flags.behaved)
            if not (is_taken and numbers.dtype == _FLOAT):
                raise ArgumentError(f"{name} is written: {_WANTED}, not read-only, got {_described(numbers)}")
        meet = np.may_share_memory  # to the byte, for contiguous arrays
        if meet(each, fixed) or meet(each, batch) or meet(each, total) or meet(total, fixed) or meet(total, batch):
            raise ArgumentError("each and total are written while the others are read: they need memory of their own")

    def _check_shapes(self, fixed: Floats, batch: Floats, each: Floats, total: Floats) -> None:
        shapes = (fixed.shape, batch.shape, each.shape, total.shape)
        samples = len(batch)
        expected = (self._inputs[:1], (samples, self._inputs[1]), (samples, self._outputs[0]), self._outputs[1:])
        if shapes != expected:
            raise ArgumentError(f"a kernel is handed fixed, batch, each and total of shapes {expected}, got {shapes}")


def in_columns(batch: Floats, each: Floats) -> bool:
    """Whether these stand column by column, and not row by row as well."""
    is_either = batch.flags.f_contiguous and each.flags.f_contiguous
    return is_either and not (batch.flags.c_contiguous and each.flags.c_contiguous)


def told_of_calls(program: Graph) -> Sequence[Callable[[], None]]:
    """What is to be told that a call begins: functions that a program calls back, which may answer otherwise now."""
    rows = dict.fromkeys(lookup(operation.row) for operation in program.all_operations())
    return list(dict.fromkeys(row.begin for row in rows if row.begin is not None))


_FLOAT = np.dtype(np.float64)
_WANTED = "an array of float64, C-contiguous and aligned"


def _is_laid_out(numbers: Floats) -> bool:
    """Whether machine code can read an array as doubles, one after the other."""
    flags = numbers.flags
    return flags.c_contiguous and flags.aligned and numbers.dtype == _FLOAT


def _laid_out(numbers: Floats) -> Floats:
    """The same numbers as machine code can read them; a copy only if they are not."""
    return numbers if _is_laid_out(numbers) else np.require(numbers, _FLOAT, ("C", "A"))


def _described(numbers: Floats) -> str:
    flags = numbers.flags
    ways = {
        "not contiguous": not flags.c_contiguous,
        "not aligned": not flags.aligned,
        "read-only": not flags.writeable,
    }
    return ", ".join([str(numbers.dtype), *(way for way, holds in ways.items() if holds)])
