"""The llvm executor: a task as a kernel of machine code, in the shape that fits it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial

import numpy as np

from autograd.program.kernel import Floats, Kernel, Task
from autograd.program.native import method, straight
from autograd.program.native.machine import Library, is_available, require
from autograd.program.program import Program

STRAIGHT_LINE_UP_TO = 3000  # instructions; LLVM's time grows faster than the program
SAMPLES_A_CHUNK = 1024  # summed on their own: so that threads change no bit, and rounding stays small
CHUNKS_AT_ONCE = 64

_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int64


def kernel_for(task: Task) -> Kernel:
    """The task as a kernel, in the shape that fits its size."""
    return StraightLine(task)


def serves(program: Program) -> str | None:
    """Why a program is best run as machine code, or None if it is not, or llvmlite is missing."""
    if len(program) <= STRAIGHT_LINE_UP_TO and is_available():
        return f"{len(program)} instructions are few enough to be written out"
    return None


class StraightLine(Kernel):
    """A small program, written out: as one function for a single sample, as another for batches.

    Each of the two is compiled when it is first needed.
    """

    def __init__(self, task: Task) -> None:
        require()
        self._task = task
        self.backend = f"llvm: straight line, {straight.LANES} lanes"

    @cached_property
    def _one(self) -> Library:
        return Library(straight.one_sample(self._task))

    @cached_property
    def _many(self) -> tuple[Library, straight.Many]:
        many = straight.many_samples(self._task)
        return Library(many.text), many

    @property
    def source(self) -> str:
        """The text that is compiled for a single sample, in LLVM's language."""
        return self._one.text

    def run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int = 1) -> None:
        """Compute `each` and `total`."""
        if len(batch) == 1:
            self.bind(fixed, batch, each, total)()
        else:
            self._run_many(fixed, batch, each, total, threads)

    def bind(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int = 1) -> Callable[[], None]:
        """`run` on these very arrays; for a single sample a built-in function, called in no time."""
        arrays = (fixed, batch, each, total)
        if len(batch) == 1:
            return method.builtin(self._one, [a.ctypes.data for a in arrays], arrays)
        return partial(self.run, *arrays, threads)

    def _run_many(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        library, many = self._many
        uniform = np.empty(many.uniform)
        ctypes.CFUNCTYPE(None, _POINTER, _POINTER)(library.address("uniform"))(fixed.ctypes.data, uniform.ctypes.data)
        chunk = ctypes.CFUNCTYPE(None, *[_POINTER] * 6, _COUNT, _COUNT)(library.address("chunk"))
        given = partial(chunk, *(a.ctypes.data for a in (fixed, uniform, batch, each)))
        run_chunks(given, len(batch), many.work, total, threads)


Chunk = Callable[[int, int, int, int], None]  # (partial sums, room to work in, first sample, last sample)


def run_chunks(chunk: Chunk, samples: int, work: int, total: Floats, threads: int) -> None:
    """Run all samples, some at a time, and add their sums in the order of the samples."""

    def run(first: int) -> Floats:
        sums, room = np.empty(len(total)), np.empty(work)
        chunk(sums.ctypes.data, room.ctypes.data, first, min(first + SAMPLES_A_CHUNK, samples))
        return sums

    total[:] = 0.0
    for starts in _waves(range(0, samples, SAMPLES_A_CHUNK)):
        for sums in _map(run, starts, threads):
            total += sums


def _waves(starts: range) -> Iterator[range]:
    """The starts, some at a time, so that partial sums take bounded memory."""
    for i in range(0, len(starts), CHUNKS_AT_ONCE):
        yield starts[i : i + CHUNKS_AT_ONCE]


def _map(run: Callable[[int], Floats], starts: range, threads: int) -> Iterator[Floats]:
    if threads <= 1 or len(starts) == 1:
        yield from map(run, starts)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(run, starts)
