"""The executors by name, and which one serves a task."""

from __future__ import annotations

from collections.abc import Callable

from autograd.errors import ArgumentError
from autograd.program.graph import Graph
from autograd.program.kernel import Kernel, Task
from autograd.text import quoted


def _interpreter(task: Task) -> Kernel:
    from autograd.program.interpreter import Interpreter

    return Interpreter(task)


def _numpy(task: Task) -> Kernel:
    """Array operations over blocks of samples; of loops step by step, which has no plan to gain from."""
    if task.program.has_loops:
        return _interpreter(task)
    from autograd.program.arrays.executor import NumpyKernel

    return NumpyKernel(task)


def _llvm(task: Task) -> Kernel:
    """Machine code, by the optional llvmlite, which is imported when it is first used."""
    from autograd.program.native.executor import kernel_for

    return kernel_for(task)


def _llvm_serves(program: Graph, samples: int | None) -> str | None:
    from autograd.program.native.executor import serves

    return serves(program, samples)


EXECUTORS: dict[str, Callable[[Task], Kernel]] = {"interpreter": _interpreter, "numpy": _numpy, "llvm": _llvm}


def check_backend(backend: str) -> None:
    """Raise ArgumentError unless `backend` is "auto" or the name of an executor."""
    if backend != "auto" and backend not in EXECUTORS:
        raise ArgumentError(f'backend is "auto" or one of {sorted(EXECUTORS)}, got {quoted(backend)}')


def choose(program: Graph, backend: str, samples: int | None) -> tuple[str, str]:
    """(the executor that serves, why): `backend` itself, or what is best for the program and so many samples."""
    if backend != "auto":
        return backend, "as asked"
    reason = _llvm_serves(program, samples)
    return ("llvm", reason) if reason else ("numpy", "its matrix products, or without llvmlite")


def gains_from_loops(program: Graph, backend: str, samples: int | None) -> bool:
    """Whether a program had best run with its loops, which it could do without."""
    if backend not in ("auto", "llvm"):
        return False
    from autograd.program.native.executor import loops_pay

    return loops_pay(program, samples, asked=backend == "llvm")


def kernel_for(task: Task, backend: str) -> Kernel:
    """A kernel of the executor of that name."""
    return EXECUTORS[backend](task)
