"""Large programs of matrix products: those by NumPy, and machine code for what stands between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from autograd.lazy import lazy
from autograd.program.arrays.executor import NumpyKernel
from autograd.program.arrays.places import MatrixRows
from autograd.program.arrays.steps import (
    IN_ONE_PASS,
    TANH,
    TANH_SLOPE,
    ArrayStep,
    Call,
    Elementwise,
    Frame,
    Tanh,
    WholeVectors,
    ufunc_of,
)
from autograd.program.graph import Operation
from autograd.program.kernel import Floats, Kernel
from autograd.program.native.estimates import FEW_SAMPLES
from autograd.program.native.rowwise import RowFormula, arguments, function
from autograd.program.native.tape_kernel import TapeKernel

Result: TypeAlias = tuple[Operation, tuple[int, ...], Any]  # an operation, which operands it reads, where it goes

_FEW_OPERANDS = 16  # of a vector; machine code for more is long


class LayeredKernel(Kernel):
    """Matrix products over samples, a tape for few of them; each is made ready when it is first needed."""

    backend = "llvm: matrix products"

    @lazy
    def _few(self) -> TapeKernel:
        return TapeKernel(self.task)

    @lazy
    def _many(self) -> NumpyKernel:
        return NumpyKernel(self.task, in_machine_code)

    def _for(self, samples: int) -> Kernel:
        return self._few if samples < FEW_SAMPLES else self._many

    def _run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        self._for(len(batch))._run(fixed, batch, each, total, threads)

    def _bind(
        self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int, released: bool
    ) -> Callable[[], None]:
        return self._for(len(batch))._bind(fixed, batch, each, total, threads, released)


class MachineRows(NamedTuple):
    """Results of the same rows by machine code."""

    run: Callable[[Any], None]
    operands: tuple[MatrixRows, ...]
    out: tuple[MatrixRows, ...]

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        views = [frame.view(operand, calls) for operand in (*self.operands, *self.out)]
        places = [(view.ctypes.data, view.strides[0]) for view in views]
        rows, columns = views[-1].shape
        calls.append(partial(self.run, arguments(rows, columns, places)))


def in_machine_code(step: ArrayStep) -> list[ArrayStep]:
    """The step by machine code, where there is some and NumPy takes more than one pass over the numbers."""
    if isinstance(step, Tanh):
        outs = [(TANH, (0,), step.value), (TANH_SLOPE, (0, 0), step.slope)]
        parts = [_rowwise([step.operand], [result for result in outs if result[2] is not None])]
    elif isinstance(step, Elementwise) and ufunc_of(step.operation) not in IN_ONE_PASS:
        parts = [_rowwise(step.operands, [_of_all(step.operation, step.operands, step.out)])]
    elif isinstance(step, WholeVectors) and len(step.lines[0][0]) <= _FEW_OPERANDS:
        parts = [_rowwise(operands, [_of_all(step.operation, operands, out)]) for operands, out in step.lines]
    else:
        return [step]
    found = [part for part in parts if part is not None]
    return [*found] if len(found) == len(parts) else [step]


def _of_all(operation: Operation, operands: Sequence[MatrixRows], out: MatrixRows) -> Result:
    return operation, tuple(range(len(operands))), out


def _rowwise(operands: Sequence[MatrixRows], results: Sequence[Result]) -> MachineRows | None:
    formula = RowFormula(
        tuple((operation, which) for operation, which, _ in results), tuple(not o.batched for o in operands)
    )
    run = function(formula)
    return None if run is None else MachineRows(run, tuple(operands), tuple(out for _, _, out in results))
