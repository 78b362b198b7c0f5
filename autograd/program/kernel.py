"""What an executor is asked for and what it answers: the seam between `compile` and the machines.

A `Task` says what is to be computed over how many samples; an executor turns it into a `Kernel`, which
is called with arrays.  Nothing else passes between them, so an executor can be added without touching
anything above it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd.program.program import Program

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class Task:
    """A program, and what of it differs from sample to sample.

    batched  (inputs,) whether an input has a value for each sample, or one for all
    summed   (outputs,) whether an output is asked for as its sum over the samples, or sample by sample
    exact    whether every sum is added in the order in which it stands, and no product fused with it
    """

    program: Program
    batched: tuple[bool, ...]
    summed: tuple[bool, ...]
    exact: bool = False


class Kernel:
    """A task ready to run; float64 throughout, C-contiguous arrays, and memory that no batch size makes grow.

    fixed   (unbatched inputs,) in the program's order
    batch   (samples, batched inputs) in the program's order
    each    (samples, outputs not summed), written
    total   (outputs summed,), written
    """

    backend: str

    def run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int = 1) -> None:
        """Compute `each` and `total`.  The same inputs give the same bits, whatever `threads` is."""
        raise NotImplementedError

    def bind(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int = 1) -> Callable[[], None]:
        """`run` on these very arrays, as a function without arguments: all that can be done before is done.

        It reads and writes their memory every time it is called, and keeps them alive.
        """
        return partial(self.run, fixed, batch, each, total, threads)

    @property
    def source(self) -> str:
        """The code that runs, where there is any to read."""
        return ""
