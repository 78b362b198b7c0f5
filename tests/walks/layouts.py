"""Arrays of every layout and type, asked every question, on every executor: for hours, if need be.

    python -m tests.walks.layouts --runs 40000 --seed 1

Each run draws how an argument is laid out in memory, what its numbers are, the question, the executor, and
whether the call is bound, has `out=`, has threads.  The answer is compared with the interpreter's on plain
copies.  Arrays, and the memory that kernels allocate, stand against pages that may not be touched, at either
end: whoever reads or writes beyond ends the process.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import mmap
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest import mock

import numpy as np

from autograd import compile, exp, sin, tanh
from autograd.program import call as call_module
from autograd.program import kernel as kernel_module
from autograd.program import layout as layout_module
from autograd.program.arrays.executor import NumpyKernel
from autograd.program.compile import Compiled
from autograd.program.interpreter import Interpreter
from autograd.program.kernel import Task
from autograd.program.native import chunks, estimates, straight_kernel, tape_kernel
from tests.programs.test_native import random_task

Array = np.ndarray[Any, Any]

# -- memory with nothing beside it ------------------------------------------------------------------

PAGE = mmap.PAGESIZE
_protect = ctypes.CDLL(None).mprotect
_protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def guarded(size: int, at_end: bool) -> Array:
    """So many bytes, directly before (at the end) or after a page that may not be touched."""
    pages = max(1, -(-size // PAGE))
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (0, pages + 1):
        if _protect(start + page * PAGE, PAGE, 0):
            raise OSError("mprotect failed")
    offset = (pages + 1) * PAGE - size if at_end else PAGE
    return np.frombuffer(memory, np.uint8, size, offset)


class GuardedNumpy:
    """NumPy, but new arrays of floats stand before a page that may not be touched."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, shape: Any, dtype: Any = np.float64, order: str = "C") -> Array:
        shape = shape if isinstance(shape, tuple) else (shape,)
        room = guarded(8 * int(np.prod(shape)), at_end=True).view(np.float64)
        return room.reshape(shape[::-1]).T if order == "F" else room.reshape(shape)

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Array:
        return np.zeros(shape, dtype) if dtype is not np.float64 else self.empty(shape)  # new pages are zero


@contextmanager
def kernels_guarded() -> Iterator[None]:
    """The rooms that calls and kernels of machine code allocate for themselves are guarded, too."""
    shim = GuardedNumpy()
    with ExitStack() as stack:
        for module in (chunks, straight_kernel, tape_kernel, kernel_module, layout_module, call_module):
            stack.enter_context(mock.patch.object(module, "np", shim))
        yield


# -- layouts ----------------------------------------------------------------------------------------

View = Callable[[Any], Any]


def _every(part: slice) -> View:
    return lambda a: a[(*(part,) * a.ndim, ...)]


_alternate = _every(slice(None, None, 2))

# For each layout: the shape of what is allocated for an array of `shape`, and the part of it that is the array.
LAYOUTS: dict[str, tuple[Callable[[tuple[int, ...]], tuple[int, ...]], View]] = {
    "contiguous": (lambda s: s, lambda a: a),
    "strided": (lambda s: tuple(max(0, 2 * n - 1) for n in s), _every(slice(None, None, 2))),
    "reversed": (lambda s: s, lambda a: a[::-1, ...] if a.ndim else a),
    "all reversed": (lambda s: s, _every(slice(None, None, -1))),
    "reversed in steps": (lambda s: tuple(max(0, 3 * n - 2) for n in s), _every(slice(None, None, -3))),
    "a column": (lambda s: (*s, 3), lambda a: a[..., 1]),
    "the last column": (lambda s: (*s, 2), lambda a: a[..., 1]),
    "sliced": (lambda s: tuple(n + 2 for n in s), _every(slice(1, -1))),
    "sliced at the start": (lambda s: tuple(n + 1 for n in s), _every(slice(1, None))),
    "transposed": (lambda s: s[::-1], lambda a: a.T),
    "in the middle": (lambda s: (2, *s), lambda a: a[1, ...]),
    "strided, transposed": (lambda s: tuple(max(0, 2 * n - 1) for n in s[::-1]), lambda a: _alternate(a.T)),
}  # fmt: skip
SPECIAL = ["broadcast", "a record's field", "unaligned"]
KINDS = ["f8", "f4", "f2", "g", "i8", "i4", "u1", "?"]
QUESTIONS = [
    "value", "value_and_grad", "grad", "jacobian", "value_and_jacobian", "hessian", "hvp", "jvp", "vjp"
]  # fmt: skip
BACKENDS = ["interpreter", "numpy", "llvm", "llvm tape"]


def laid_out(values: Array, layout: str, at_end: bool) -> Array:
    """The same numbers, of the same type, laid out so; of a broadcast the first along its first axis."""
    shape, kind = values.shape, values.dtype
    if layout == "broadcast" and shape and shape[0]:
        return np.broadcast_to(laid_out(values[:1], "contiguous", at_end), shape)
    if layout == "a record's field":
        record = np.dtype([("before", "i1"), ("here", kind), ("after", "i2")])
        found = _room(shape, record, at_end)["here"]
    elif layout == "unaligned":
        room = guarded(values.nbytes + 1, at_end)
        found = (room[:-1] if at_end else room[1:]).view(kind).reshape(shape)
    else:
        whole, part = LAYOUTS.get(layout, LAYOUTS["contiguous"])
        found = part(_room(whole(shape), kind, at_end))
    assert found.shape == shape, (layout, found.shape, shape)
    found[...] = values
    return found


def _room(shape: tuple[int, ...], kind: Any, at_end: bool) -> Array:
    return guarded(int(np.prod(shape)) * kind.itemsize, at_end).view(kind).reshape(shape)


def numbers_of(kind: str, shape: tuple[int, ...], dice: np.random.Generator) -> Array:
    """Numbers that such a type can hold."""
    if kind in ("f8", "f4", "f2", "g"):
        return np.asarray(dice.normal(size=shape)).astype(kind)
    return np.asarray(dice.integers(0, 2 if kind == "?" else 4, shape)).astype(kind)


# -- what is asked ----------------------------------------------------------------------------------


def _vector(v: Any) -> Any:
    return tanh(v[0] * v[1]) + v[2] * v[3] * v[3] - sin(v[4])


def _matrix(m: Any) -> Any:
    return m[0, 0] * m[1, 2] + exp(-m[0, 1] * m[0, 1]) * m[1, 0] - m[0, 2] * tanh(m[1, 1])


def _number(x: Any) -> Any:
    return x * x * sin(x)


def _tree(t: Any) -> Any:
    return t["b"] * _matrix(t["a"]) + t["b"] * t["b"]


def _sample(w: Any, x: Any) -> Any:
    return tanh(w[0] * x[0] + w[1] * x[1] - w[2]) * w[3] + w[4] * x[2] * x[2]


# What is compiled, the shapes of its arguments (a dict of them for a dict), in_axes, and what may be done with samples.
FUNCTIONS: dict[str, tuple[Callable[..., Any], Sequence[Any], Any, Sequence[str | None]]] = {
    "a vector": (_vector, [(5,)], None, [None]),
    "a matrix": (_matrix, [(2, 3)], None, [None]),
    "a number": (_number, [()], None, [None]),
    "a dict": (_tree, [{"a": (2, 3), "b": ()}], None, [None]),
    "two arguments": (lambda v, m: _vector(v) * _matrix(m), [(5,), (2, 3)], None, [None]),
    "samples": (_vector, [(5,)], 0, [None, "sum", "mean"]),
    "samples along the last axis": (_matrix, [(2, 3)], -1, [None, "sum"]),
    "samples in the middle": (_matrix, [(2, 3)], 1, [None]),
    "numbers as samples": (_number, [()], 0, [None, "sum"]),
    "weights and samples": (_sample, [(5,), (3,)], (None, 0), [None, "sum", "mean"]),
    "weights and columns": (_sample, [(5,), (3,)], (None, 1), [None, "sum"]),
    "samples and weights": (lambda x, w: _sample(w, x), [(3,), (5,)], (0, None), [None, "sum"]),
}
SAMPLES = [0, 1, 2, 3, 7, 8, 9, 17, 40, 1025]


@cache
def compiled(function: str, reduce: str | None, backend: str, threads: int) -> Compiled:
    f, _, in_axes, _ = FUNCTIONS[function]
    known_as = "llvm" if backend == "llvm tape" else backend
    return compile(f, in_axes=in_axes, reduce=reduce, backend=known_as, threads=threads)


class Run:
    """One run, drawn."""

    def __init__(self, seed: str) -> None:
        self.dice = dice = random.Random(seed)
        self.numbers = np.random.default_rng(dice.getrandbits(32))
        self.function = dice.choice(list(FUNCTIONS))
        self.reduce = dice.choice(FUNCTIONS[self.function][3])
        self.backend, self.question = dice.choice(BACKENDS), dice.choice(QUESTIONS)
        self.threads, self.samples = dice.choice([1, 2]), dice.choice(SAMPLES)
        self.bound, self.out = dice.random() < 0.3, dice.random() < 0.3
        self.layouts: list[str] = []
        self.kinds: list[str] = []
        self.runs = 0

    def __repr__(self) -> str:
        return (
            f"{self.function}, {self.question}, {self.backend}, reduce={self.reduce}, threads={self.threads}, "
            f"samples={self.samples}, bound={self.bound}, out={self.out}, {self.layouts}, {self.kinds}"
        )

    def argument(self, shape: Any, axis: int | None) -> Any:
        if isinstance(shape, dict):
            return {key: self.argument(part, axis) for key, part in shape.items()}
        if axis is not None:
            place = axis % (len(shape) + 1)
            shape = (*shape[:place], self.samples, *shape[place:])
        return self.array(shape)

    def array(self, shape: tuple[int, ...]) -> Array:
        layout, kind = self.dice.choice([*LAYOUTS, *SPECIAL]), self.dice.choice(KINDS)
        values = numbers_of(kind, shape, self.numbers)
        if self.dice.random() < 0.3:
            values = values.astype(values.dtype.newbyteorder())
        found = laid_out(values, layout, self.dice.random() < 0.5)
        if self.dice.random() < 0.3:
            found.flags.writeable = False
        self.layouts.append(layout)
        self.kinds.append(found.dtype.str)
        return found

    def axes(self) -> list[int | None]:
        """Of each argument, and of the direction or the weights."""
        _, shapes, in_axes, _ = FUNCTIONS[self.function]
        axes = [*in_axes] if isinstance(in_axes, tuple) else [in_axes] * len(shapes)
        if self.question == "vjp":
            return [*axes, 0 if self.reduce is None and any(axis is not None for axis in axes) else None]
        return [*axes, axes[0]] if self.question in ("hvp", "jvp") else axes

    def arguments(self) -> list[Any]:
        shapes = [*FUNCTIONS[self.function][1]]
        shapes += shapes[:1] if self.question in ("hvp", "jvp") else [()] * (self.question == "vjp")
        return [self.argument(shape, axis) for shape, axis in zip(shapes, self.axes(), strict=True)]

    def check(self) -> None:
        """Raise AssertionError unless the answer is the interpreter's on plain copies, and nothing was changed."""
        given = self.arguments()
        plain = _map(lambda a: np.array(a, np.float64, order="C"), given)
        before = [a.tobytes() for a in _leaves(given)]
        asked = getattr(compiled(self.function, self.reduce, "interpreter", 1), self.question)
        expected = asked(*plain)
        with _tape_if(self.backend == "llvm tape"):
            call = getattr(compiled(self.function, self.reduce, self.backend, self.threads), self.question)
            if self.bound:
                self._bound(call, asked, given, plain, expected)
            else:
                out = self._room_like(expected) if self.out else None
                got = call(*given, out=out)
                assert out is None or got is out
                self._same(got, expected)
        assert [a.tobytes() for a in _leaves(given)] == before, "an argument was changed"

    def _bound(self, call: Any, asked: Any, given: Any, plain: Any, expected: Any) -> None:
        bound = call.bind(*given)
        self._same(bound(), expected)
        for axis, target, numbers in zip(self.axes(), bound.args, plain, strict=True):
            for to, array in zip(_leaves(target), _leaves(numbers), strict=True):
                array *= 0.5
                to[...] = array if axis is None else np.moveaxis(array, axis, 0)
        self._same(bound(), asked(*plain))

    def _room_like(self, answer: Any) -> Any:
        def room(numbers: Any) -> Array:
            layout = self.dice.choice([*LAYOUTS, "a record's field", "unaligned"])
            return laid_out(np.full(np.shape(numbers), 777.0), layout, self.dice.random() < 0.5)

        return _map(room, answer)

    def _same(self, got: Any, expected: Any) -> None:
        self.runs += 1
        for a, b in zip(_leaves(got), _leaves(expected), strict=True):
            assert np.shape(a) == np.shape(b), (np.shape(a), np.shape(b))
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


def _map(change: Callable[[Any], Any], thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _map(change, part) for key, part in thing.items()}
    if isinstance(thing, (list, tuple)):
        return type(thing)(_map(change, part) for part in thing)
    return change(thing)


def _leaves(thing: Any) -> list[Any]:
    found: list[Any] = []
    _map(found.append, thing)
    return found


@contextmanager
def _tape_if(tape: bool) -> Iterator[None]:
    """Programs of any size as tapes."""
    with mock.patch.object(estimates, "LINES_UP_TO", -1 if tape else estimates.LINES_UP_TO):
        yield


# -- kernels themselves -----------------------------------------------------------------------------

MACHINES = [Interpreter, NumpyKernel, straight_kernel.StraightLine, tape_kernel.TapeKernel]


@cache
def kernel(machine: Any, seed: int) -> tuple[Any, Task]:
    task = random_task(seed, instructions=12 + 8 * seed)
    return machine(task), task


def check_kernel(seed: str) -> int:
    """A kernel run on arrays against guarded pages on all sides: how many runs."""
    dice = random.Random(seed)
    machine, which, samples = dice.choice(MACHINES), dice.randrange(6), dice.choice(SAMPLES)
    numbers = np.random.default_rng(dice.getrandbits(32))
    runner, task = kernel(machine, which)
    batched, summed = sum(task.batched), sum(task.summed)
    shapes = [(8 - batched,), (samples, batched), (samples, len(task.summed) - summed), (summed,)]
    by_column = runner.columns and dice.random() < 0.5
    layouts = ["contiguous", *["transposed" if by_column else "contiguous"] * 2, "contiguous"]
    given = [
        laid_out(numbers.normal(size=shape), layout, dice.random() < 0.5)
        for shape, layout in zip(shapes, layouts, strict=True)
    ]
    plain = [np.array(a, order="C") for a in given]
    kernel(Interpreter, which)[0].run(*plain)
    call = runner.bind if dice.random() < 0.5 else lambda *arrays: lambda: runner.run(*arrays)
    for _ in range(2):
        call(*given, dice.choice([1, 2]))()
        for got, expected in zip(given, plain, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-11)
    return 2


# -- the walk ---------------------------------------------------------------------------------------


def walk(runs: int, seed: int, report: Callable[[str], None] = lambda text: None) -> Counter[str]:
    """So many runs of kernels; what was drawn, how often.  Raises AssertionError at the first difference."""
    drawn: Counter[str] = Counter()
    started = said = time.monotonic()
    n = 0
    with kernels_guarded():
        while drawn["runs"] < runs:
            name, n = f"{seed}/{n}", n + 1
            if n % 4:
                run = Run(name)
                try:
                    run.check()
                except Exception as error:
                    raise AssertionError(f"run {name}: {run!r}: {error}") from error
                drawn["runs"] += run.runs
                drawn.update([run.question, run.backend, run.function, *run.layouts, *run.kinds])
                drawn.update(what for what in ("bound", "out") if getattr(run, what))
            else:
                drawn["runs"] += check_kernel(name)
            if time.monotonic() - said > 60:
                said = time.monotonic()
                report(f"{drawn['runs']:,} runs in {said - started:.0f} s")
    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    faulthandler.enable()
    drawn = walk(asked.runs, asked.seed, lambda text: print(text, flush=True))
    print(", ".join(f"{what} {count:,}" for what, count in drawn.most_common()))
    print(f"{drawn['runs']:,} runs of kernels: no access out of bounds, no difference from the interpreter")


if __name__ == "__main__":
    sys.exit(main())
