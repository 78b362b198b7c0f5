"""From nodes to a program: the graph below some Values, written down."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.order import interior, reachable
from autograd.program.builder import Builder
from autograd.program.program import Operation, Program
from autograd.value import Value


def program_from(outputs: Sequence[Value], inputs: Sequence[Value] | None = None) -> Program:
    """The program that computes `outputs` from `inputs` (all leaves, in order, if None).

    Leaves that are not among the inputs become constants.  An input may be an interior node: what
    led to it is then left out.

    >>> x, y = Value(2.0, name="x"), Value(3.0, name="y")
    >>> print(program_from([x * y + 1]))
    inputs x, y
    t1 = multiply(x, y)
    t2 = add(t1, 1.0)
    outputs t2
    """
    if inputs is None:
        inputs = [node for node in reachable(*outputs) if node.is_leaf and not node.is_detached]
    names = _names(inputs)
    builder = Builder(names)
    numbers = {node: i for i, node in enumerate(inputs)}

    def number(operand: Value | float) -> int:
        if isinstance(operand, Value):
            found = numbers.get(operand)
            return builder.constant(operand._data) if found is None else found
        return builder.constant(operand)

    operations: dict[str, Operation] = {}
    for node in interior(*outputs):
        if node not in numbers:
            row = node._op.name
            operation = operations.get(row) or operations.setdefault(row, Operation(row))
            numbers[node] = builder.emit(operation, tuple([number(o) for o in node._operands]))
    return builder.finish([number(output) for output in outputs])


def _names(inputs: Sequence[Value]) -> list[str]:
    """The inputs' names, x1, x2, … for those without; a repeated name gets its number."""
    names: list[str] = []
    taken: set[str] = set()
    for i, node in enumerate(inputs, 1):
        name = node.name or f"x{i}"
        if name in taken:
            name = f"{name}#{i}"
        taken.add(name)
        names.append(name)
    return names
