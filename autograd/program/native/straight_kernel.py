"""The kernel of a small program: straight-line machine code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd.lazy import lazy
from autograd.program.content import content_of
from autograd.program.kernel import Floats, Kernel, Task, in_columns
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
        self.columns = not task.program.has_loops

    @lazy
    def _content(self) -> str:
        return content_of(self.task)

    @lazy
    def _one(self) -> Library:
        return objects.made("one", self._content, lambda: (straight.one_sample(self.task), ())).library

    @lazy
    def _once(self) -> Callable[..., None]:
        return entrance.callable_from(self._one, "one", *straight.ONE)

    @lazy
    def _by_row(self) -> _Many:
        return self._many(by_column=False)

    @lazy
    def _by_column(self) -> _Many:
        return self._many(by_column=True)

    def _many(self, by_column: bool) -> _Many:
        def write() -> tuple[str, Sequence[int]]:
            text, uniform = straight.many_samples(self.task, by_column)
            return text, (uniform,)

        library, (uniform,) = objects.made("columns" if by_column else "rows", self._content, write)
        prepare = entrance.callable_from(library, "uniform", *straight.UNIFORM)
        return _Many(uniform, library, prepare, entrance.callable_from(library, "chunk.released", *straight.CHUNK))

    @property
    def source(self) -> str:
        """What was compiled, in LLVM's language; the text for a single sample if nothing was yet."""
        for made in ("_by_column", "_by_row"):
            if made in self.__dict__:
                return straight.many_samples(self.task, made == "_by_column").text
        return straight.one_sample(self.task)

    def _run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        if len(batch) == 1:
            self._once(fixed.ctypes.data, batch.ctypes.data, each.ctypes.data, total.ctypes.data)
        else:
            self._bound_many(fixed, batch, each, total, threads)()

    def _bind(
        self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int, released: bool
    ) -> Callable[[], None]:
        """For a single sample a built-in function, called in no time; it is too short to let others run."""
        arrays = (fixed, batch, each, total)
        if len(batch) == 1:
            return entrance.builtin(self._one, "one", [a.ctypes.data for a in arrays], arrays)
        return self._bound_many(*arrays, threads)

    def _bound_many(
        self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int
    ) -> Callable[[], None]:
        """Addresses are looked up once, of arrays that have any: for few samples that takes longer than to run."""
        many = self._by_column if in_columns(batch, each) else self._by_row
        given, samples = (fixed, np.empty(many.uniform), batch, each), len(batch)
        chunk = partial(many.chunk, *map(entrance.address_of, given), samples)

        def run(kept_alive: Any = given) -> None:
            if many.uniform:
                many.prepare(*chunk.args[:2])
            run_chunks(chunk, samples, total, threads)

        return run


class _Many(NamedTuple):
    """The functions for a batch, and how many doubles are the same for all of it (see `straight.Many`)."""

    uniform: int
    library: Library
    prepare: Callable[..., None]
    chunk: Callable[..., None]
