"""The kernel of a large program: a tape, and files of registers to run it in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograd.lazy import lazy
from autograd.program.kernel import Floats, Kernel, Task
from autograd.program.native import entrance
from autograd.program.native.chunks import run_chunks
from autograd.program.native.driver import CONTEXT, LANES, chunk, driver, once
from autograd.program.native.handlers import handlers
from autograd.program.native.machine import require
from autograd.program.native.routine import parameters
from autograd.program.native.tape import MachineTape, tape_of

VECTORS_A_BLOCK = 8  # enough that jumping from operation to operation costs little
LARGEST_FILE = 2**28  # bytes; a longer tape works on smaller blocks
_KEPT_FILE = 2**24  # bytes up to which a file is kept for the next run


class TapeKernel(Kernel):
    """A large program as a tape; one for a single sample, one for batches, each written when first needed."""

    def __init__(self, task: Task) -> None:
        require()
        super().__init__(task)
        self.backend = "llvm: tape"

    @lazy
    def _single(self) -> _Machine:
        return _Machine(self.task, single=True)

    @lazy
    def _blocks(self) -> _Machine:
        return _Machine(self.task, single=False)

    def _run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        if len(batch) == 1:
            self._single.once(fixed, batch, each, total)
        else:
            self._blocks.many(fixed, batch, each, total, threads)

    def _bind(
        self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int, released: bool
    ) -> Callable[[], None]:
        """For a single sample a built-in function, called in no time."""
        if len(batch) == 1:
            return self._single.bound(fixed, batch, each, total, released)
        return super()._bind(fixed, batch, each, total, threads, released)


class _File:
    """A file of registers and a context: what one thread works in."""

    def __init__(self, doubles: int, sums: int) -> None:
        raw = np.zeros(doubles + 8 + 8 * sums)
        skipped = (-raw.ctypes.data // 8) % 8  # vectors are aligned to 64 bytes
        self.sums = raw[skipped : skipped + 8 * sums]
        self.registers = raw[skipped + 8 * sums : skipped + 8 * sums + doubles]
        self.context = np.zeros(len(CONTEXT), np.int64)


class _Machine:
    """A tape, ready to run."""

    def __init__(self, task: Task, single: bool) -> None:
        tape = tape_of(task, single)
        self._blocks = 1 if single else _blocks_for(tape)
        self._lanes = 1 if single else LANES
        self._words = tape.with_blocks(self._blocks)
        self._uniform, self._constants = tape.uniform, tape.constants
        self._doubles = (tape.uniform + (tape.registers - tape.uniform) * self._blocks) * self._lanes
        self._table = np.array(handlers(tape.kinds, single), np.int64)
        self._columns = sum(task.batched)
        self._sums = 0 if single else sum(task.summed)
        self._outputs = len(task.summed) - sum(task.summed)
        self._files: list[_File] = []
        self._once = entrance.callable_from(driver(), "once.released", *parameters(once).values())
        self._chunk = entrance.callable_from(driver(), "chunk.released", *parameters(chunk).values())

    def _file(self) -> _File:
        """A file that no other thread works in."""
        try:
            return self._files.pop()
        except IndexError:
            file = _File(self._doubles, self._sums)
            self._set(file, uniform=self._uniform, blocks=self._blocks, columns=self._columns, outputs=self._outputs)
            self._set(file, sums=file.sums.ctypes.data)
            constants = file.registers[self._lanes * (self._uniform - len(self._constants)) :]
            constants[: self._lanes * len(self._constants)] = np.repeat(self._constants, self._lanes)
            return file

    def _give_back(self, file: _File) -> None:
        """Keep a file for the next chunk; a large one only while a batch is run."""
        self._files.append(file)

    @staticmethod
    def _set(file: _File, **words: int) -> None:
        for name, word in words.items():
            file.context[CONTEXT.index(name)] = word

    def _pointers(self, file: _File) -> tuple[int, ...]:
        words = self._words.ctypes.data
        end = words + self._words.nbytes
        return file.registers.ctypes.data, words, end, self._table.ctypes.data, file.context.ctypes.data

    def once(self, fixed: Floats, batch: Floats, each: Floats, total: Floats) -> None:
        """A single sample."""
        file = self._file()
        file.registers[: len(fixed)] = fixed
        file.registers[len(fixed) : len(fixed) + self._columns] = batch[0]
        self._set(file, out=each.ctypes.data, sums=total.ctypes.data)
        self._once(*self._pointers(file))
        self._give_back(file)

    def bound(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, released: bool) -> Callable[[], None]:
        """A single sample, read and written where it stands, with a file of its own."""
        file = self._file()
        self._set(file, out=each.ctypes.data, sums=total.ctypes.data)
        inputs = (fixed.ctypes.data, fixed.size, batch.ctypes.data, batch.size)
        arguments = (*self._pointers(file), *inputs)
        function = "bound.released" if released else "bound"
        return entrance.builtin(driver(), function, arguments, (self, file, fixed, batch, each, total))

    def many(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        """A batch of samples."""
        uniform = np.repeat(fixed, self._lanes)

        def chunk(partial: int, first: int, last: int) -> None:
            file = self._file()
            file.registers[: len(uniform)] = uniform
            pointers = (*self._pointers(file), batch.ctypes.data, each.ctypes.data, partial)
            self._chunk(*pointers, self._sums, first, last)
            self._give_back(file)

        run_chunks(chunk, len(batch), total, threads)
        if 8 * self._doubles > _KEPT_FILE:
            self._files.clear()


def _blocks_for(tape: MachineTape) -> int:
    """How many vectors a register holds."""
    blocks = VECTORS_A_BLOCK
    while blocks > 1 and tape.registers * blocks * 8 * LANES > LARGEST_FILE:
        blocks //= 2
    return blocks
