"""A program as Python that can be read, run on floats or arrays, and stepped into with a debugger."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd.ops.expression import ARITHMETIC, DIVIDE, NEGATIVE
from autograd.ops.primitive import define, is_row, lookup
from autograd.program.graph import DOT, SUM, Graph, Instruction, Operation, sum_source
from autograd.text import python_identifiers

TERMS = 500  # of a sum that are added up in one line
_INFIX = {
    name: sign for name, sign in ARITHMETIC.items() if name != DIVIDE
}  # IEEE arithmetic in Python too; division raises


def python_source(program: Graph) -> str:
    """The text of a function of the inputs that returns the outputs.

    >>> from autograd import Value
    >>> from autograd.program.reading import program_from
    >>> x, y = Value(2.0, name="x[0]"), Value(3.0, name="y")
    >>> print(python_source(program_from([(x * y + 1).tanh()])))
    def program(x_0, y):
        t1 = x_0 * y
        t2 = t1 + 1.0
        t3 = tanh(t2)
        return t3,
    """
    names = _names(program)
    lines = [f"def program({', '.join(names[: len(program.inputs)])}):"]
    lines += [f"    {text}" for line in program for text in _assignments(line, names)]
    outputs = ", ".join(names[i] for i in program.outputs.tolist())
    return "\n".join([*lines, f"    return {outputs}," if outputs else "    return ()"])


def python_function(program: Graph) -> Callable[..., tuple[Any, ...]]:
    """That function: of floats, or of arrays; tracebacks show its lines, debuggers step into it.

    >>> from autograd import Value
    >>> from autograd.program.reading import program_from
    >>> x = Value(2.0, name="x")
    >>> python_function(program_from([x * x + 1]))(3.0)
    (10.0,)
    """
    text = python_source(program) + "\n"
    calls = {function_name(operation): _function(operation) for operation in program.operations}
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]  # the same program, the same file
    return define("program", text, f"<program {digest}>", {**calls, "inf": float("inf"), "nan": float("nan")})


def function_name(operation: Operation) -> str:
    """What the source calls an operation: ``tanh``, or ``tanh_slope`` and ``power_slope2`` of slopes."""
    if operation.slot is None:
        return operation.row
    return f"{operation.row}_slope" + (str(operation.slot + 1) if lookup(operation.row).arity != 1 else "")


def _function(operation: Operation) -> Callable[..., Any]:
    row, slot = lookup(operation.row), operation.slot
    if slot is None:
        return row

    def slope(y: Any, *operands: Any) -> Any:
        slopes = row.float_slopes if all(isinstance(x, float) for x in (y, *operands)) else row.array_slopes
        found = slopes(y, *operands)[slot]
        return 0.0 if found is None else found

    return slope


def _assignments(line: Instruction, names: Sequence[str]) -> Iterator[str]:
    """One, or of a long sum as many as Python's compiler, which descends a level a term, can follow."""
    result, right = names[line.id], _right_side(line, names)
    terms = right.split(" + ") if line.operation in (DOT, SUM) else [right]
    yield f"{result} = {' + '.join(terms[:TERMS])}"
    for at in range(TERMS, len(terms), TERMS):
        yield f"{result} = {' + '.join([result, *terms[at : at + TERMS]])}"


def _right_side(line: Instruction, names: Sequence[str]) -> str:
    operands = [names[i] for i in line.operands]
    summed = sum_source(line.operation, operands)
    if summed is not None:
        return summed
    if line.operation.slot is None and line.operation.row in _INFIX:
        return f" {_INFIX[line.operation.row]} ".join(operands)
    if line.operation == Operation(NEGATIVE):
        return f"-{operands[0]}"
    return f"{function_name(line.operation)}({', '.join(operands)})"


def _names(program: Graph) -> list[str]:
    """For every number what the source calls it."""
    constants = [f"({c!r})" if c < 0 or str(c).startswith("-") else repr(c) for c in program.constants.tolist()]
    results = [f"t{i + 1}" for i in range(len(program))]
    return [*python_identifiers(program.inputs, _is_taken), *constants, *results]


def _is_taken(name: str) -> bool:
    """Whether the source calls a result, a function or a constant so, or might."""
    row = name.partition("_slope")[0]
    return name in ("inf", "nan", "program") or is_row(row) or re.fullmatch(r"t\d+", name) is not None
