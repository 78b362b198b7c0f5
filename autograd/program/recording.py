"""Recording: a function run once on Symbols, or nodes already built, as a program with its arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter
from typing import Any

from autograd.collector import collector_paused
from autograd.context import mode, now, writing_program
from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.lazy import lazy
from autograd.order import dependent, interior
from autograd.program.lines import LONG
from autograd.program.notes import notes_of
from autograd.program.program import Program
from autograd.program.reading import Times, captured_nodes, computed_above, program_from, program_of
from autograd.program.rolling import Rolled, rolled_up
from autograd.replay import chose_for_good
from autograd.structure import Structure, flatten, names_of_arguments
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.transforms import running
from autograd.value import RUNNING, Operand, Value


@dataclass(frozen=True, eq=False)
class RecordedProgram:
    """A program, and how its inputs and outputs are made of the function's arguments and answer.

    The program's inputs are the numbers of the arguments, in order, and then the captured nodes: those
    that the function uses without being handed them, whose numbers are read at every call, and inputs of
    transforms and recordings that were running.  One that was computed before keeps its number, so that what it was
    computed from is no part of the program.  A leaf that was made while recording is a constant.
    """

    written: Program | Rolled
    arguments: tuple[Structure, ...]
    answer: Structure
    captured: tuple[Value, ...]
    passing: frozenset[Value]  # inputs, known only while that runs, which those captured are or were computed from
    flowing: frozenset[Value]  # of those captured which are or were computed from one of these
    keywords: tuple[str, ...] = ()  # the names of the last arguments, which come by name
    rolled: Program | None = None  # the same program, its plain loops found again

    @lazy
    def program(self) -> Program:
        """The program; of one with loops that were found it is written when it is asked for."""
        return self.written.flat() if isinstance(self.written, Rolled) else self.written

    def of(self, program: Program) -> RecordedProgram:
        """The same recording with another program."""
        return replace(self, written=program)

    def positions(self, argument: int) -> range:
        """Which inputs of the program an argument is."""
        start = sum(structure.size for structure in self.arguments[:argument])
        return range(start, start + self.arguments[argument].size)

    @property
    def by_position(self) -> int:
        """How many arguments come by position."""
        return len(self.arguments) - len(self.keywords)

    @property
    def is_over(self) -> bool:
        """Whether something that it captured is known no longer, so that the function must be recorded again."""
        return not RUNNING.issuperset(self.passing)


def record_function(
    f: Callable[..., Any], arguments: Sequence[Structure], keywords: tuple[str, ...] = ()
) -> RecordedProgram:
    """Run f once on Symbols in these structures, the last of which come by name.

    Raises:
        GraphError: if f needs to know a number
        OperandError: if it returns anything but numbers
    """
    with collector_paused():  # until the nodes are gone: it would go through them all
        return _recorded(f, arguments, keywords)


def _recorded(f: Callable[..., Any], arguments: Sequence[Structure], keywords: tuple[str, ...]) -> RecordedProgram:
    count = len(arguments) - len(keywords)
    names = [*names_of_arguments(f, count), *keywords]
    symbols = [
        [Symbol(place) for place in structure.places(name)] for structure, name in zip(arguments, names, strict=True)
    ]
    inputs, start = [symbol for group in symbols for symbol in group], now()
    with running(inputs), writing_program():
        given = [structure.build(group) for structure, group in zip(arguments, symbols, strict=True)]
        answer = f(*given[:count], **dict(zip(keywords, given[count:], strict=True)))
        log, when = mode().log or [], Times(start, mode().made)
    outputs, structure = flatten(answer, "what a compiled function returns")
    try:
        return replace(_recording(outputs, inputs, arguments, structure, when, log), keywords=keywords)
    finally:
        log.clear()  # the block that was left keeps it until another is entered


def record_nodes(outputs: Any, inputs: Sequence[Any], made: Collection[Value] | None = None) -> RecordedProgram:
    """The graph between nodes already built: each entry of `inputs` is an argument made of Values.

    Where a program was being written, `made` is what was made for it (`context.mode().made`): other nodes keep their
    numbers, and GraphError if one of these was computed from an input, as its derivative would be lost.
    """
    groups = [flatten(argument, "an input of compile_graph") for argument in inputs]
    nodes = [node for leaves, _ in groups for node in leaves]
    _check_nodes(nodes)
    wanted, structure = flatten(outputs, "an output of compile_graph")
    roots, when = [node for node in wanted if isinstance(node, Value)], Times(now(), made)
    _check_choices(computed_above(roots, nodes, when))
    _check_apart(roots, nodes, when)
    with collector_paused():
        return _recording(wanted, nodes, [structure for _, structure in groups], structure, when)


def _check_nodes(nodes: Sequence[Any]) -> None:
    for node in nodes:
        if not isinstance(node, Value):
            raise OperandError(f"an input of compile_graph is made of Values, got {type(node).__name__} {quoted(node)}")
    if len(set(nodes)) < len(nodes):
        twice = next(node for node in nodes if sum(other is node for other in nodes) > 1)
        raise ArgumentError(f"{quoted(twice)} is among the inputs of compile_graph twice: each node is one input")


def _check_choices(order: Sequence[Any]) -> None:
    for node in order:
        if chose_for_good(node):
            raise GraphError(
                f"{quoted(node)} chose by a plain number, so a program of the graph could not choose again: give "
                "`where` a condition that is a node, such as greater(x, y) for x > y, or compile the function instead"
            )


def _check_apart(roots: Sequence[Value], inputs: Sequence[Value], when: Times) -> None:
    order = interior(*roots, above=inputs)
    moved = dependent(order, inputs)
    for node in reversed(order):
        if node in moved and when.was_there(node):
            raise GraphError(
                f"{quoted(node)} was computed before this was recorded, from a Value that is an input of it, so it "
                "would not follow that: compute it where it is used, such as in the loss or in forward"
            )


def _recording(
    outputs: Sequence[Operand],
    inputs: Sequence[Value],
    arguments: Sequence[Structure],
    answer: Structure,
    when: Times,
    made: Sequence[Value] = (),
) -> RecordedProgram:
    """What was recorded; of a function the nodes that it made, in order."""
    roots = [output for output in outputs if isinstance(output, Value)]
    notes = notes_of(made, inputs, when.made or ()) if len(made) >= LONG else None
    if notes is None:
        order = computed_above(roots, inputs, when)
        read: Iterable[Operand] = chain.from_iterable(map(attrgetter("operands"), order))
    else:
        needed = notes.needed_for(roots)
        read = map(notes.outside.__getitem__, needed.read())
    captured = captured_nodes(read, roots, inputs, when)
    passing, flowing = _from_what_runs(captured)
    for node in captured:
        if isinstance(node, Symbol) and node not in passing:
            raise GraphError(
                f"{node!r} is not an input of what is compiled: it was kept from another recording. "
                "Let the function return what is needed later, and hand it in as an argument"
            )
    shape = tuple(arguments), answer, tuple(captured), passing, flowing
    given = [*inputs, *captured]
    rolled = rolled_up(outputs, given, made, None if notes is None else notes.lines.code)
    if rolled is not None:
        return RecordedProgram(rolled, *shape, rolled=rolled.program)
    program = program_from(outputs, given, order) if notes is None else program_of(needed, outputs, given)
    return RecordedProgram(program, *shape)


def _from_what_runs(captured: Sequence[Value]) -> tuple[frozenset[Value], frozenset[Value]]:
    """(`passing`, `flowing`) of a recording that captured these."""
    order = interior(*captured, above=RUNNING)
    below = chain.from_iterable(map(attrgetter("operands"), order))
    passing = frozenset(RUNNING.intersection(chain(captured, below)))
    return passing, frozenset(dependent(order, passing).intersection(captured))
