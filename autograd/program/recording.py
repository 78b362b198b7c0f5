"""Recording: a function run once on Symbols, or nodes already built, as a program with its arguments."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autograd.context import as_usual
from autograd.program.graph import leaves_above, program_from
from autograd.program.program import Program
from autograd.structure import Structure, flatten, names_of_arguments
from autograd.symbol import Symbol
from autograd.transforms import running
from autograd.value import Operand, Value


@dataclass(frozen=True, eq=False)
class Recording:
    """A program, and how its inputs and outputs are made of the function's arguments and answer.

    The program's inputs are the numbers of the arguments, in order, and then the captured leaves:
    Values that the function uses without being handed them, whose numbers are read at every call.
    """

    program: Program
    arguments: tuple[Structure, ...]
    answer: Structure
    captured: tuple[Value, ...]

    def positions(self, argument: int) -> range:
        """Which inputs of the program an argument is."""
        start = sum(structure.size for structure in self.arguments[:argument])
        return range(start, start + self.arguments[argument].size)


def record_function(f: Callable[..., Any], arguments: Sequence[Structure]) -> Recording:
    """Run f once on Symbols in these structures.

    Raises GraphError if f needs to know a number, OperandError if it returns anything but numbers.
    """
    names = names_of_arguments(f, len(arguments))
    symbols = [
        [Symbol(place) for place in structure.places(name)] for structure, name in zip(arguments, names, strict=True)
    ]
    inputs = [symbol for group in symbols for symbol in group]
    with running(inputs), collector_paused(), as_usual():
        answer = f(*[structure.build(group) for structure, group in zip(arguments, symbols, strict=True)])
        outputs, structure = flatten(answer, "what a compiled function returns")
        return _recording(outputs, inputs, arguments, structure)


def record_nodes(outputs: Any, inputs: Sequence[Any]) -> Recording:
    """The graph between nodes already built: each entry of `inputs` is an argument made of Values."""
    groups = [flatten(argument, "an input of compile_graph") for argument in inputs]
    nodes = [node for leaves, _ in groups for node in leaves]
    wanted, structure = flatten(outputs, "an output of compile_graph")
    with collector_paused():
        return _recording(wanted, nodes, [structure for _, structure in groups], structure)


def _recording(
    outputs: Sequence[Operand], inputs: Sequence[Value], arguments: Sequence[Structure], answer: Structure
) -> Recording:
    captured = leaves_above(outputs, inputs)
    captured = [leaf for leaf in captured if not isinstance(leaf, Symbol)]  # program_from says what is wrong with those
    return Recording(program_from(outputs, [*inputs, *captured]), tuple(arguments), answer, tuple(captured))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Without the garbage collector, which would search the growing graph again and again for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
