"""The plain executor: one instruction after the other, by the rows' own rules on arrays.

What every other executor must agree with.  It keeps every intermediate number, of every sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.ops.primitive import lookup
from autograd.program.program import Program


def interpret(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """The outputs for these inputs: floats, or arrays that broadcast against each other.

    >>> from autograd import Value
    >>> from autograd.program.graph import program_from
    >>> x = Value(3.0, name="x")
    >>> interpret(program_from([x * x]), [np.array([1.0, 2.0])])
    [array([1., 4.])]
    """
    numbers: list[Any] = [*(np.asarray(x, float) for x in inputs), *program.constants]
    for line in program:
        row, operands = lookup(line.operation.row), [numbers[i] for i in line.operands]
        if line.operation.slot is None:
            numbers.append(row.array(*operands))
        else:
            slope = row.array_slopes(*operands)[line.operation.slot]
            numbers.append(np.float64(0.0) if slope is None else slope)
    return [numbers[i] for i in program.outputs.tolist()]
