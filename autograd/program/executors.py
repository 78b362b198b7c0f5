"""The executors by name, and which one serves a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from autograd.errors import ArgumentError
from autograd.program.content import content_of
from autograd.program.graph import Graph
from autograd.program.kernel import Kernel, Task
from autograd.program.passes.exponentials import shared_exponentials
from autograd.program.shared import shared
from autograd.text import quoted


def _interpreter(task: Task) -> Kernel:
    from autograd.program.interpreter import Interpreter

    return Interpreter(task)


def _numpy(task: Task) -> Kernel:
    """Array operations over blocks of samples; of loops step by step, which has no plan to gain from."""
    if task.program.has_loops:
        return _interpreter(task)
    from autograd.program.arrays.executor import NumpyKernel

    return NumpyKernel(_lowered(task))


def _llvm(task: Task) -> Kernel:
    """Machine code, by the optional llvmlite, which is imported when it is first used."""
    from autograd.program.native.estimates import has_products
    from autograd.program.native.executor import kernel_for

    if has_products(task.program):
        from autograd.program.layered import LayeredKernel

        return LayeredKernel(_lowered(task))
    return kernel_for(_lowered(task))


def _lowered(task: Task) -> Task:
    """The task as machines run it: what several instructions have in common computed once."""
    return replace(task, program=shared_exponentials(task.program))


def _llvm_serves(program: Graph, samples: int | None) -> str | None:
    from autograd.program.native.estimates import serves

    return serves(program, samples)


EXECUTORS: dict[str, Callable[[Task], Kernel]] = {"interpreter": _interpreter, "numpy": _numpy, "llvm": _llvm}


# Seconds that machine code takes less than NumPy, in networks of 40 to 1,000 parameters.  That they are estimates
# changes no number, only when it is there; and machines share their ratios.
_SAVED_IF_REGULAR = 3e-5, 6e-11  # by a call, and by each line of machine code and sample in it
_SAVED_AN_INSTRUCTION, _SAVED_A_LINE = 2.5e-6, 7e-10  # of programs that NumPy runs one instruction after the other


def check_backend(backend: str) -> None:
    """Raise ArgumentError unless `backend` is "auto" or the name of an executor."""
    if backend != "auto" and backend not in EXECUTORS:
        raise ArgumentError(f'backend is "auto" or one of {sorted(EXECUTORS)}, got {quoted(backend)}')


class Work(NamedTuple):
    """What is going to be computed in all: so many calls, and samples in these together."""

    calls: int
    samples: int


def choose(program: Graph, backend: str, samples: int | None, work: Work | None = None) -> tuple[str, str]:
    """(the executor that serves, why): `backend` itself, or what is best for the program and so many samples.

    Where it is known how much `work` there is, nothing is compiled for longer than NumPy takes for all of it.
    """
    if backend != "auto":
        return backend, "as asked"
    reason = _llvm_serves(program, samples)
    if reason is None:
        return "numpy", "without llvmlite"
    if work is not None and not _compiling_pays(program, work):
        return "numpy", f"all {work.samples:,} samples are computed before machine code would be compiled"
    return "llvm", reason


def _compiling_pays(program: Graph, work: Work) -> bool:
    """Whether machine code saves more, beside NumPy, than it takes to be compiled."""
    from autograd.program.arrays.planning import is_regular
    from autograd.program.native.estimates import lines_of, seconds_to_compile

    a_call, a_line = _SAVED_IF_REGULAR if is_regular(program) else (len(program) * _SAVED_AN_INSTRUCTION, _SAVED_A_LINE)
    saved: float = work.calls * a_call + work.samples * lines_of(program) * a_line
    return saved > seconds_to_compile(program)


def gains_from_loops(program: Graph, backend: str, samples: int | None) -> bool:
    """Whether a program had best run with its loops, which it could do without."""
    if backend not in ("auto", "llvm"):
        return False
    from autograd.program.native.estimates import loops_pay

    return loops_pay(program, samples, asked=backend == "llvm")


def kernel_for(task: Task, backend: str) -> Kernel:
    """A kernel of the executor of that name; the same one for all tasks that compute the same."""
    return shared((backend, content_of(task)), len(task.program), lambda: EXECUTORS[backend](task))
