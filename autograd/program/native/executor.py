"""The llvm executor: a task as a kernel of machine code, in the shape that fits its size."""

from __future__ import annotations

from autograd.program.kernel import Kernel, Task
from autograd.program.native.machine import is_available
from autograd.program.native.straight_kernel import StraightLine
from autograd.program.native.tape_kernel import TapeKernel
from autograd.program.program import Program

STRAIGHT_LINE_UP_TO = 3000  # instructions; LLVM's time grows faster than the program


def kernel_for(task: Task) -> Kernel:
    """The task as a kernel: written out if it is small, else as a tape."""
    return StraightLine(task) if len(task.program) <= STRAIGHT_LINE_UP_TO else TapeKernel(task)


def serves(program: Program) -> str | None:
    """Why a program is best run as machine code; None without llvmlite."""
    if not is_available():
        return None
    if len(program) <= STRAIGHT_LINE_UP_TO:
        return f"{len(program):,} instructions are few enough to be written out"
    return f"a tape of {len(program):,} instructions needs no compiling"
