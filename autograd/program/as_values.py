"""A program run on Values or Symbols: its instructions become nodes of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from autograd.context import Label, recording
from autograd.errors import ArgumentError
from autograd.ops.primitive import lookup
from autograd.program.graph import Graph
from autograd.program.kernel import told_of_calls
from autograd.program.passes.expand import expand_slopes
from autograd.recorder import RECORDERS, apply
from autograd.value import Operand, Value


def graph_of(program: Graph, inputs: Sequence[Any]) -> list[Any]:
    """A program's outputs as a graph in which every node is an instruction, with the words that go with it."""
    if len(inputs) != len(program.inputs):
        raise ArgumentError(f"{program!r} takes {len(program.inputs)} numbers, got {len(inputs)}")
    with recording():  # it is looked at, also where nothing is recorded
        named = [x if isinstance(x, Value) else Value(x, name) for x, name in zip(inputs, program.inputs, strict=True)]
        written_out = expand_slopes(program)
        return run(written_out, named, written_out.words)


def run(program: Graph, inputs: Sequence[Operand], words: Mapping[int, Label] = MappingProxyType({})) -> list[Any]:
    """The outputs; nodes are labelled as where they are recorded now, unless `words` say what they are."""
    for begin in told_of_calls(program):
        begin()
    numbers: list[Any] = [*inputs, *program.constants.tolist()]
    for line in program:
        operands = tuple([numbers[i] for i in line.operands])
        row = lookup(line.operation.row)
        numbers.append(apply(row, operands) if row.variadic else RECORDERS[row.name](*operands))
        if line.id in words and isinstance(numbers[-1], Value):
            numbers[-1]._words = words[line.id]
    return [numbers[i] for i in program.outputs.tolist()]
