"""What a task computes, whoever asks for it, as a hash: inputs' names and where a program comes from do not matter."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from autograd.ops.primitive import lookup
from autograd.program.graph import COLUMNS, Graph, Operation
from autograd.program.kernel import Task
from autograd.program.loops import Loop, Step


def content_of(task: Task) -> str:
    """The same for tasks that compute the same numbers in the same way.

    >>> from autograd.program.builder import Builder
    >>> def doubled(name, factor=2.0):
    ...     b = Builder([name])
    ...     program = b.finish([b.emit(Operation("multiply"), (0, b.constant(factor)))])
    ...     return content_of(Task(program, (True,), (False,)))
    >>> doubled("x") == doubled("y"), doubled("x") == doubled("x", 3.0)
    (True, False)
    """
    told = hashlib.sha256()
    _tell(told, task.batched, task.summed, task.exact)
    _tell_program(told, task.program)
    return told.hexdigest()


def _tell(told: Any, *parts: object) -> None:
    told.update(repr(parts).encode())


def _tell_program(told: Any, program: Graph) -> None:
    _tell(told, len(program.inputs), len(program.operations))
    for operation in program.operations:
        _tell_operation(told, operation)
    for name, kind in COLUMNS.items():
        column = np.ascontiguousarray(getattr(program, name), kind)
        _tell(told, name, len(column))
        told.update(column)


def _tell_operation(told: Any, operation: Operation | Step) -> None:
    if isinstance(operation, Loop):
        _tell(told, operation.said, len(operation.programs))
        for program in operation.programs:
            _tell_program(told, program)
    elif isinstance(operation, Operation):
        row = lookup(operation.row)  # a user's by its rules too, which another process may have others of
        _tell(told, str(operation.row), operation.slot, (row.title, row.definition, row.said) if row.is_own else ())
    else:
        _tell(told, type(operation).__name__, repr(operation))
