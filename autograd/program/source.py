"""A program as Python that can be read, run on floats or arrays, and stepped into with a debugger."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograd.ops.expression import ARITHMETIC, DIVIDE, NEGATIVE
from autograd.ops.primitive import define, is_row, lookup
from autograd.program.graph import DOT, SUM, Graph, Instruction, Operation, Tables, plain, sum_source
from autograd.program.loops import Loop, Stack
from autograd.program.runs import LoopOutcome, ran, read_in_python
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
    return "\n".join(_lines(program, "program"))


def _lines(program: Graph, called: str, prefix: str = "t") -> list[str]:
    """A program as a function; the body of a loop as one in it."""
    names = _names(program, prefix)
    lines = [f"def {called}({', '.join(names[: len(program.inputs)])}):"]
    tables = Tables(f"{prefix}able")
    for at, line in enumerate(program, 1):
        known = program.known_table(line)
        if known is not None:
            table, is_new = tables.called(known)
            lines += [f"    {table} = ({', '.join(map(repr, known))},)"] * is_new
            lines.append(f"    {names[line.id]} = {line.operation}({names[line.operands[0]]}, *{table})")
            continue
        if isinstance(line.operation, Operation):
            lines += [f"    {text}" for text in _assignments(line, names)]
            continue
        if isinstance(line.operation, Loop):
            lines += [f"    {text}" for text in _lines(line.operation.body, f"step_{prefix}{at}", f"{prefix}{at}_")]
        lines.append(f"    {names[line.id]} = {_step(line, names, f'step_{prefix}{at}')}")
    outputs = ", ".join(names[i] for i in program.outputs.tolist())
    return [*lines, f"    return {outputs}," if outputs else "    return ()"]


def _step(line: Instruction, names: Sequence[str], body: str) -> str:
    """What an instruction of a loop's is."""
    operands = ", ".join(names[i] for i in line.operands)
    match line.operation:
        case Loop() as loop:
            return f"loop({loop.said}, {body}, {operands})"
        case Stack():
            return f"[{operands}]"
    return read_in_python(line.operation, operands)


def python_function(program: Graph) -> Callable[..., tuple[Any, ...]]:
    """That function: of floats, or of arrays; tracebacks show its lines, debuggers step into it.

    >>> from autograd import Value
    >>> from autograd.program.reading import program_from
    >>> x = Value(2.0, name="x")
    >>> python_function(program_from([x * x + 1]))(3.0)
    (10.0,)
    """
    text = python_source(program) + "\n"
    calls: dict[str, Any] = {function_name(operation): _function(operation) for operation in program.all_operations()}
    calls["loop"] = _loop
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]  # the same program, the same file
    return define("program", text, f"<program {digest}>", {**calls, "inf": float("inf"), "nan": float("nan")})


def _loop(shape: Mapping[str, Any], step: Callable[..., Any], *operands: Any) -> LoopOutcome:
    """`step` again and again, as `autograd.program.loops.Loop` says."""
    return ran(Loop(None, **shape), operands, lambda _, given: list(step(*given)))  # type: ignore[arg-type]  # `step` is it


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
    operation = plain(line.operation)
    if operation.slot is None and operation.row in _INFIX:
        return f" {_INFIX[operation.row]} ".join(operands)
    if operation == Operation(NEGATIVE):
        return f"-{operands[0]}"
    return f"{function_name(operation)}({', '.join(operands)})"


def _names(program: Graph, prefix: str) -> list[str]:
    """For every number what the source calls it."""
    constants = [f"({c!r})" if c < 0 or str(c).startswith("-") else repr(c) for c in program.constants.tolist()]
    results = [f"{prefix}{i + 1}" for i in range(len(program))]
    return [*python_identifiers(program.inputs, _is_taken), *constants, *results]


def _is_taken(name: str) -> bool:
    """Whether the source calls a result, a function or a constant so, or might."""
    row = name.partition("_slope")[0]
    is_ours = (
        name in ("inf", "nan", "program", "loop") or re.fullmatch(r"(step_)?t[\d_]*(able)?[\d_]+", name) is not None
    )
    return is_ours or is_row(row)
