"""What is raised in Python that machine code calls comes out of the call as itself, and never becomes a number."""

from __future__ import annotations

import ctypes
import gc
import itertools
import math
import os
import random
import signal
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from autograd import compile, polygamma
from autograd.ops import gamma
from autograd.ops.primitive import _BY_ANY_NAME, TABLE, Atom, row
from autograd.program.builder import Builder
from autograd.program.graph import Operation
from autograd.program.kernel import Task
from tests.walks.interrupts import alarms

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")

from autograd.program.native import machine
from autograd.program.native.callbacks import callback
from autograd.program.native.straight_kernel import StraightLine
from autograd.program.native.tape_kernel import TapeKernel

SHAPES = pytest.mark.parametrize("shape", [StraightLine, TapeKernel])
BATCHES = pytest.mark.parametrize(("samples", "threads"), [(1, 1), (3, 1), (3000, 1), (3000, 2)])
RAISED = pytest.mark.parametrize("error", [RuntimeError("on purpose"), KeyboardInterrupt(), SystemExit(3)], ids=repr)


def test_a_callback_lives_as_long_as_its_function_or_what_calls_it():
    def twice(x):
        return 2.0 * x

    name = callback(twice, "twice", 1)
    assert callback(twice, "twice", 1) == name and machine.address_of_symbol(name)
    text = f'''
        declare double @"{name}"(double)
        define double @f(double %x) {{
            %y = call double @"{name}"(double %x)
            ret double %y
        }}'''
    library = machine.Library(machine.compiled(text))
    del twice
    gc.collect()
    assert ctypes.PYFUNCTYPE(ctypes.c_double, ctypes.c_double)(library.address("f"))(3.0) == 6.0
    del library
    gc.collect()
    assert not machine.address_of_symbol(name)


class Fuse:
    """A function of two floats that raises where its operands say so."""

    def __init__(self) -> None:
        self.error: BaseException = RuntimeError("on purpose")
        self.calls = self.after = 0
        self.burnt = False

    def __call__(self, a: float, b: float) -> float:
        self.calls += 1
        self.after += self.burnt
        if a == 13.0:
            self.burnt = True
            raise self.error
        return a - 2.0 * b


@pytest.fixture
def fuse(monkeypatch) -> Iterator[Fuse]:
    """The fuse as a row of the table; and the test fails if anything raised is only printed."""
    found = Fuse()
    name = f"fuse{id(found)}"
    row(name, Atom(found, np.vectorize(found)), lambda y, a, b: (1.0, -2.0), definition="a - 2*b", points=[(1, 1)])
    found.name = name
    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    yield found
    del TABLE[name], _BY_ANY_NAME[name]
    assert not ignored


def task_of(fuse: Fuse) -> Task:
    """The row's value, each and summed."""
    builder = Builder(["a", "b"])
    y = builder.emit(Operation(fuse.name), (0, 1))
    return Task(builder.finish([y, y]), (True, True), (False, True))


def arrays(samples: int) -> tuple[np.ndarray, ...]:
    batch = np.arange(2.0 * samples).reshape(samples, 2) + 20.0
    return np.zeros(0), batch, np.zeros((samples, 1)), np.zeros(1)


def right(batch: np.ndarray, each: np.ndarray) -> bool:
    return bool((each[:, 0] == batch[:, 0] - 2 * batch[:, 1]).all())


@SHAPES
@BATCHES
@RAISED
@pytest.mark.parametrize("bound", [False, True])
def test_what_is_raised_comes_out_as_itself(shape, samples, threads, error, bound, fuse):
    fuse.error = error
    kernel, (fixed, batch, each, total) = shape(task_of(fuse)), arrays(samples)
    given = (fixed, batch, each, total, threads)
    call = kernel.bind(*given) if bound else lambda: kernel.run(*given)
    call()
    assert right(batch, each)
    batch[samples // 2, 0] = 13.0
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            call()
        assert caught.value is error
    batch[samples // 2, 0] = 14.0
    call()
    assert right(batch, each)


@SHAPES
def test_nothing_is_called_in_that_thread_after_it(shape, fuse):
    kernel, (fixed, batch, each, total) = shape(task_of(fuse)), arrays(500)
    batch[100, 0] = 13.0
    with pytest.raises(RuntimeError, match="on purpose"):
        kernel.run(fixed, batch, each, total)
    assert fuse.burnt
    assert fuse.after == 0
    assert np.isnan(each[110:, 0]).all()


def test_an_uncaught_error_of_a_row_is_the_call_s(monkeypatch):
    f = compile(lambda x: polygamma(x[0], x[1]), backend="llvm")  # of an order that is not known
    x = np.array([1.0, 2.5])
    value, gradient = f(x), f.grad(x)
    bound = f.value_and_grad.bind(x)

    def refuse(order, x):
        raise LookupError("no digits today")

    with monkeypatch.context() as patched:
        patched.setattr(gamma, "_polygamma", refuse)
        for call in (lambda: f(x), lambda: f.grad(x), bound, bound.run):
            with pytest.raises(LookupError, match="no digits today"):
                call()
    assert f(x) == value
    assert f.grad(x).tolist() == gradient.tolist()


@SHAPES
@BATCHES
def test_ctrl_c_in_a_callback_interrupts(shape, samples, threads, fuse, monkeypatch):
    """A real signal; with two threads it reaches Python's main thread, which waits for the others."""
    kernel, (fixed, batch, each, total) = shape(task_of(fuse)), arrays(samples)
    presses = itertools.count()

    def press(self, a, b):
        if next(presses) == 0:  # whichever thread is first: a second signal would come after the test
            os.kill(os.getpid(), signal.SIGINT)
        return a - 2.0 * b

    monkeypatch.setattr(Fuse, "__call__", press)
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            kernel.run(fixed, batch, each, total, threads)
    finally:
        signal.signal(signal.SIGINT, previous)
    kernel.run(fixed, batch, each, total, threads)
    assert right(batch, each)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system")
@SHAPES
def test_ctrl_c_at_any_time_interrupts_and_is_never_a_number(shape, fuse, monkeypatch):
    """At whatever instruction of Python's, the first of a callback too, where no `try` could be open yet."""
    monkeypatch.setattr(Fuse, "__call__", lambda self, a, b: a - 2.0 * b)
    kernel, (fixed, batch, each, total) = shape(task_of(fuse)), arrays(20_000)
    kernel.run(fixed, batch, each, total)
    dice, inside = random.Random(1), 0
    with alarms():
        for _ in range(60):
            each[:] = math.nan
            try:
                signal.setitimer(signal.ITIMER_REAL, dice.uniform(1e-4, 4e-3))
                kernel.run(fixed, batch, each, total)
                assert right(batch, each)
                while True:  # the signal is still to come
                    pass
            except KeyboardInterrupt:
                inside += bool(np.isnan(each).any())
    assert inside > 5  # while it ran
