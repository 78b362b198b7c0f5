"""The kernel of a small program: straight-line machine code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd.lazy import lazy
from autograd.program.content import content_of
from autograd.program.kernel import Floats, Kernel, Task
from autograd.program.native import entrance, objects, straight
from autograd.program.native.chunks import run_chunks
from autograd.program.native.machine import Library, require


class StraightLine(Kernel):
    """A small program, written out: as one function for a single sample, as another for batches.

    Each of the two is compiled when it is first needed.
    """

    def __init__(self, task: Task) -> None:
        require()
        super().__init__(task)
        self.backend = f"llvm: straight line, {straight.LANES} lanes"

    @lazy
    def _content(self) -> str:
        return content_of(self._task)

    @lazy
    def _one(self) -> Library:
        return objects.made("one", self._content, lambda: (straight.one_sample(self._task), ())).library

    @lazy
    def _once(self) -> Callable[..., None]:
        return entrance.callable_from(self._one, "one", *straight.ONE)

    @lazy
    def _many(self) -> objects.Made:
        def write() -> tuple[str, Sequence[int]]:
            text, *numbers = straight.many_samples(self._task)
            return text, numbers

        return objects.made("many", self._content, write)

    @property
    def source(self) -> str:
        """What was compiled, in LLVM's language; the text for a single sample if nothing was yet."""
        return straight.many_samples(self._task).text if "_many" in self.__dict__ else straight.one_sample(self._task)

    def _run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        if len(batch) == 1:
            self._once(fixed.ctypes.data, batch.ctypes.data, each.ctypes.data, total.ctypes.data)
        else:
            self._bound_many(fixed, batch, each, total, threads)()

    def _bind(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> Callable[[], None]:
        """For a single sample a built-in function, called in no time."""
        arrays = (fixed, batch, each, total)
        if len(batch) == 1:
            return entrance.builtin(self._one, [a.ctypes.data for a in arrays], arrays)
        return self._bound_many(*arrays, threads)

    def _bound_many(
        self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int
    ) -> Callable[[], None]:
        """Functions and addresses are looked up once: for few samples that takes longer than to run."""
        library, (uniform_numbers, work) = self._many
        uniform = np.empty(uniform_numbers)
        prepare = entrance.callable_from(library, "uniform", *straight.UNIFORM)
        chunk = entrance.callable_from(library, "chunk.released", *straight.CHUNK)
        first, given = (fixed.ctypes.data, uniform.ctypes.data), (fixed, uniform, batch, each)
        run_chunk, samples = partial(chunk, *(a.ctypes.data for a in given)), len(batch)

        def run(kept_alive: Any = (library, given)) -> None:
            prepare(*first)
            run_chunks(run_chunk, samples, work, total, threads)

        return run
