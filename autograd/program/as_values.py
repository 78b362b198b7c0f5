"""A program run on Values or Symbols: its instructions become nodes of a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from autograd.by_hand import custom_jvp
from autograd.context import Label, mode, recording
from autograd.errors import ArgumentError, GraphError
from autograd.ops.primitive import lookup
from autograd.program.graph import Graph, Operation
from autograd.program.loops import Loop, Ran, Step, computed, node_of, ran
from autograd.program.passes.adjoint import THROUGH
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.implicit import moved
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


def run(
    program: Graph,
    inputs: Sequence[Operand],
    words: Mapping[int, Label] = MappingProxyType({}),
    step: Callable[[Step, tuple[Any, ...]], Any] | None = None,
) -> list[Any]:
    """The outputs; nodes are labelled as where they are recorded now, unless `words` say what they are.

    What an instruction of a loop's makes is `step`'s to say.
    """
    step = step or _step
    numbers: list[Any] = [*inputs, *program.constants.tolist()]
    for line in program:
        operands = tuple([numbers[i] for i in line.operands])
        if not isinstance(line.operation, Operation):
            numbers.append(step(line.operation, operands))
            continue
        row = lookup(line.operation.row)
        numbers.append(apply(row, operands) if row.variadic else RECORDERS[row.name](*operands))
        if line.id in words and isinstance(numbers[-1], Value):
            numbers[-1]._words = words[line.id]
    return [numbers[i] for i in program.outputs.tolist()]


def _step(operation: Step, operands: tuple[Any, ...]) -> Any:
    """An instruction of a loop's: a node where it is recorded, else its steps; a solution as a node of the equation."""
    if mode().program:
        return node_of(operation, operands)
    if not isinstance(operation, Loop) or operation.solves is None:
        return computed(operation, operands, run)
    found = ran(operation, [_plain(x) for x in operands], run)
    theta = [operands[slot] for slot in operation.theta]
    x = solved(operation.solves, found.finals[: len(operation.solves.outputs)], theta)
    return Ran([*x, *found.finals[len(x) :]], found.columns)


def _written_out(operation: Step, operands: tuple[Any, ...]) -> Any:
    """Its steps, also where a program is recorded: of a rule, whose terms hold no loop."""
    return computed(operation, operands, partial(run, step=_written_out))


def _plain(x: Any) -> Any:
    return x.data if isinstance(x, Value) else x


def solved(residual: Graph, x: Sequence[float], theta: Sequence[Any]) -> list[Any]:
    """Nodes of x, which the equation residual(x, θ) = 0 holds for, with its derivatives along θ."""
    places = [i for i, each in enumerate(theta) if isinstance(each, Value)]
    if not places:
        return list(x)

    at = [_plain(theta[i]) for i in places]

    def solution(*moving: Any) -> Any:
        if list(map(float, moving)) != at:
            raise GraphError(
                "a graph holds the solution of an equation at the numbers at which it was found: compile the function "
                "that solves it, which solves it anew"
            )
        return tuple(x)

    def whole(moving: Sequence[Any]) -> list[Any]:
        known = dict(zip(places, moving, strict=True))
        return [known.get(i, each) for i, each in enumerate(theta)]

    by_hand = custom_jvp(solution)
    slots = [len(x) + i for i in places]
    graph = moved(THROUGH, residual, slots)

    @by_hand.defjvp
    def rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        found = by_hand(*primals)
        return found, tuple(run(graph, [*found, *whole(primals), *tangents], step=_written_out))

    return list(by_hand(*(theta[i] for i in places)))
