"""The plain executor: one instruction after the other, by the rows' own rules on arrays.

What every other executor must agree with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.ops.primitive import lookup
from autograd.program.graph import Graph, Instruction, Operation
from autograd.program.kernel import Floats, Kernel
from autograd.program.loops import Loop, columns_read
from autograd.program.runs import number_or_column, ran

_BLOCK = 1024  # samples at a time: every intermediate number of every sample is kept


def interpret(program: Graph, inputs: Sequence[Any]) -> list[Any]:
    """The outputs for these inputs: floats, or arrays that broadcast against each other.

    >>> from autograd import Value
    >>> from autograd.program.reading import program_from
    >>> x = Value(3.0, name="x")
    >>> interpret(program_from([x * x]), [np.array([1.0, 2.0])])
    [array([1., 4.])]
    """
    numbers: list[Any] = [*(np.asarray(x, float) for x in inputs), *program.constants]
    for line in program:
        operands = [numbers[i] for i in line.operands]
        if not isinstance(line.operation, Operation):
            numbers.append(_step(program, line, operands))
            continue
        row = lookup(line.operation.row)
        if line.operation.slot is None:
            numbers.append(row.array(*operands))
        else:
            slope = row.array_slopes(*operands)[line.operation.slot]
            numbers.append(np.float64(0.0) if slope is None else slope)
    return [numbers[i] for i in program.outputs.tolist()]


def _step(program: Graph, line: Instruction, operands: Sequence[Any]) -> Any:
    """What an instruction of a loop's makes."""
    if isinstance(line.operation, Loop):
        return ran(line.operation, operands, interpret, columns_read(program, line.id))
    return number_or_column(line.operation, operands)


class Interpreter(Kernel):
    """A task run by `interpret`."""

    backend = "interpreter"

    def _run(self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int) -> None:
        total[:] = 0.0
        for start in range(0, len(batch), _BLOCK):
            block = slice(start, start + _BLOCK)
            self._run_block(fixed, batch[block], each[block], total)

    def _run_block(self, fixed: Floats, batch: Floats, each: Floats, total: Floats) -> None:
        alike, differing = iter(fixed), iter(batch.T)
        inputs = [next(differing if batched else alike) for batched in self.task.batched]
        columns, sums = iter(each.T), iter(range(len(total)))
        for output, summed in zip(interpret(self.task.program, inputs), self.task.summed, strict=True):
            if summed:
                total[next(sums)] += np.broadcast_to(output, len(batch)).sum()
            else:
                next(columns)[...] = output
