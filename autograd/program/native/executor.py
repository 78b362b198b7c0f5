"""The llvm executor: a task as a kernel of machine code, in the shape that fits its size."""

from __future__ import annotations

from autograd.program.kernel import Kernel, Task
from autograd.program.native.estimates import is_written_out
from autograd.program.native.straight_kernel import StraightLine
from autograd.program.native.tape_kernel import TapeKernel


def kernel_for(task: Task) -> Kernel:
    """The task as a kernel: written out if it is small or has loops, else as a tape."""
    return StraightLine(task) if is_written_out(task.program) else TapeKernel(task)
