"""From nodes to a program: the graph below some Values, written down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import GraphError
from autograd.order import interior, reachable
from autograd.program.builder import Builder
from autograd.program.graph import Operation
from autograd.program.lines import Lines, said_once
from autograd.program.loops import step_of
from autograd.program.notes import Needed
from autograd.program.program import Program
from autograd.symbol import Symbol
from autograd.value import RUNNING, Operand, Value


def program_from(
    outputs: Sequence[Operand], inputs: Sequence[Value] | None = None, order: Sequence[Value] | None = None
) -> Program:
    """The program that computes `outputs` from `inputs` (all leaves, in order, if None).

    Leaves that are not among the inputs become constants.  An input may be an interior node: what
    led to it is then left out.  `order` is what `interior` says, where it has been asked already.

    >>> x, y = Value(2.0, name="x"), Value(3.0, name="y")
    >>> print(program_from([x * y + 1]))
    inputs x, y
    t1 = multiply(x, y)
    t2 = add(t1, 1.0)
    outputs t2

    Raises:
        GraphError: if a Symbol is needed that is not among the inputs
    """
    roots = [output for output in outputs if isinstance(output, Value)]
    if inputs is None:
        inputs = [node for node in reachable(*roots) if node.is_leaf and not node.is_detached]
    builder = Builder(names_of(inputs))
    numbers: dict[Operand, int] = {node: i for i, node in enumerate(inputs)}
    constant = builder.constant

    def number(operand: Operand) -> int:
        found = numbers.get(operand) if type(operand) is not float else constant(operand)
        return constant(data_of(operand)) if found is None else found

    codes: dict[Any, int] = {}
    for node in interior(*roots, above=inputs) if order is None else order:
        row: Any = node._row
        code = codes.get(row)
        if code is None:
            code = codes[row] = builder.code_of(step_of(node) or Operation(row.name))
        numbers[node] = builder.emit_code(code, tuple([number(o) for o in node.operands]))
        if node._words is not None:
            builder.describe(numbers[node], node._words)
    return Program.of(builder.finish([number(output) for output in outputs]))


def program_of(needed: Needed, outputs: Sequence[Operand], inputs: Sequence[Value]) -> Program:
    """The same of what outputs need, if it was read into columns."""
    builder = Builder(names_of(inputs))
    known: dict[Operand, int] = {node: i for i, node in enumerate(inputs)}

    def number(operand: Operand) -> int:
        found = known.get(operand) if type(operand) is not float else None
        return builder.constant(data_of(operand)) if found is None else found

    lines, first, outside = needed.lines, len(inputs), needed.all.outside
    n = len(lines.code)
    names = np.zeros(n + len(outside), np.int64)  # ~k counts from the end
    names[:n] = np.arange(first, first + n)
    for k in needed.read():
        names[~k] = number(outside[k])
    codes = np.array([builder.code_of(Operation(row.name)) for row in needed.all.rows], np.int64)
    lines, numbers = said_once(Lines(first, codes[lines.code], lines.starts, names[lines.operands]))
    for at, words in needed.words():
        builder.describe(int(numbers[at]), words)
    places = [(needed.place(output), output) for output in outputs]
    return Program.of(builder.finish_lines(lines, [int(numbers[at]) if at >= 0 else number(o) for at, o in places]))


def captured_nodes(
    read: Iterable[Operand], roots: Sequence[Value], inputs: Sequence[Value], when: Times
) -> list[Value]:
    """What roots are computed from beside inputs, in order: nodes that were there before, and inputs of what runs.

    `read` are the operands of what was computed above the inputs, what runs and what was there before.
    """
    given = set(inputs)
    needed = dict.fromkeys(chain(read, roots))
    return [
        node
        for node in needed
        if isinstance(node, Value) and node not in given and (node in RUNNING or when.was_there(node))
    ]


def computed_above(roots: Sequence[Value], inputs: Sequence[Value], when: Times) -> list[Value]:
    """What was computed, from the first that is needed to the roots, above what was there before."""
    above = {*inputs, *RUNNING}
    order = interior(*roots, above=above)
    older = set(filter(when.was_there, order))
    return interior(*roots, above=above | older) if older else order


class Times(NamedTuple):
    """What tells nodes that were there before a function was recorded from those that it made.

    Attributes:
        start: when that was begun
        made: the nodes with numbers that operations made since; None where a graph is read that was built before,
            to which all belong that were computed
    """

    start: float
    made: Collection[Value] | None

    def was_there(self, node: Value) -> bool:
        """Whether a node was there before: it keeps its number, whatever becomes of the leaves below it."""
        if node._a is None:
            return node._born < self.start
        return self.made is not None and not isinstance(node, Symbol) and node not in self.made


def data_of(leaf: Operand) -> float:
    """The number of a leaf that is no input."""
    if isinstance(leaf, Symbol):
        raise GraphError(
            f"{leaf!r} is not an input of what is compiled: it was kept from another recording. "
            "Let the function return what is needed later, and hand it in as an argument"
        )
    return leaf._data if isinstance(leaf, Value) else leaf


def names_of(inputs: Sequence[Value]) -> list[str]:
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
