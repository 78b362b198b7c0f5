"""A program run on Values or Symbols: its instructions become nodes of a graph.

On Values a loop is written out, step by step: each step's nodes have a scope of their own, ``euler × 10.step 3``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from autograd.by_hand import custom_jvp
from autograd.context import Label, mode, recording
from autograd.errors import ArgumentError, GraphError
from autograd.iterations import loop_title, step_title
from autograd.ops.primitive import lookup
from autograd.program.graph import Graph, Operation
from autograd.program.kernel import told_of_calls
from autograd.program.loops import FOUND, LOST, Loop, Step, named, node_of, why_lost
from autograd.program.passes.adjoint import THROUGH
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.implicit import moved
from autograd.program.runs import LoopOutcome, number_of, number_or_column, ran
from autograd.recorder import RECORDERS, apply
from autograd.text import quoted
from autograd.value import Operand, Value

MOST = 20_000  # nodes of loops that are written out to be looked at


def graph_of(program: Graph, inputs: Sequence[Any]) -> list[Any]:
    """A program's outputs as a graph in which every node is an instruction, with the words that go with it.

    Raises:
        ArgumentError: for another count of numbers
        GraphError: for loops that are more than `MOST` nodes when they are written out
    """
    if len(inputs) != len(program.inputs):
        raise ArgumentError(f"{program!r} takes {len(program.inputs)} numbers, got {len(inputs)}")
    with recording():  # it is looked at, also where nothing is recorded
        given = [x if isinstance(x, Value) else Value(x, name) for x, name in zip(inputs, program.inputs, strict=True)]
        return _Run(as_recorded=True).of(expand_slopes(program), given)


def run(program: Graph, inputs: Sequence[Operand], as_rule: bool = False) -> list[Any]:
    """The outputs; nodes are labelled as where they are recorded now, and with the step of a loop that they are of.

    As a rule, whose terms hold no loop, loops are written out also where a program is recorded.
    """
    return _Run(as_recorded=False, as_rule=as_rule).of(program, inputs)


class _Run:
    """One program on Values, or Symbols, and the bodies of the loops in it."""

    def __init__(self, as_recorded: bool, as_rule: bool = False) -> None:
        self._as_rule = as_rule
        self._as_recorded = as_recorded  # whether nodes are called as they were where the program was recorded
        self._titles = Counter[tuple[str, str]]()
        self._written_out = 0  # nodes of loops

    def of(self, program: Graph, inputs: Sequence[Any], place: _Place | None = None) -> list[Any]:
        """The outputs of a program, or of a body in a step of its loop."""
        if place is None:
            for begin in told_of_calls(program):
                begin()
        numbers: list[Any] = [*inputs, *program.constants.tolist()]
        for line in program:
            operands = tuple([numbers[i] for i in line.operands])
            if not isinstance(line.operation, Operation):
                numbers.append(self._step(line.operation, operands, program.words.get(line.id), place))
                continue
            row = lookup(line.operation.row)
            found = apply(row, operands) if row.variadic else RECORDERS[row.name](*operands)
            numbers.append(self._seen(found, program.words.get(line.id)))
            if isinstance(numbers[-1], Value) and (self._as_recorded or place):
                numbers[-1]._words = self._words(program.words.get(line.id), numbers[-1]._words, place)
        return [numbers[i] for i in program.outputs.tolist()]

    def _seen(self, found: Any, recorded: Label | None) -> Any:
        """A number of known ones; a nan that was given a name is a node, which can be looked at."""
        is_told = self._as_recorded and type(found) is float and math.isnan(found) and recorded and recorded.name
        return Value(found) if is_told else found

    def _words(self, recorded: Label | None, now: Label | None, place: _Place | None) -> Label | None:
        """What a node is called, of which both are known: its words as it was recorded, and as it would be now."""
        said = (recorded or now) if self._as_recorded else now
        return place.words(said) if place else said

    def _step(self, step: Step, operands: tuple[Any, ...], recorded: Label | None, place: _Place | None) -> Any:
        """An instruction of a loop's: kept where a program is written down, else its loop is written out."""
        name = recorded.name if recorded else None
        if mode().program and not self._as_rule:
            return named(node_of(step, operands), name)
        if not isinstance(step, Loop):
            return number_or_column(step, operands)
        if step.solves is not None and not self._as_rule:
            return _solution(step, step.solves, operands, self._words(recorded, mode().label(), place))
        if step.counted:
            operands = (number_of(operands[0]), *operands[1:])
        outside = (self._words(recorded, mode().label(), None) or Label()).scope
        inside = place.words(Label(None, outside)).scope if place else outside
        return ran(step.stored, operands, self._each(step, operands, outside, self._title(step, name, inside)))

    def _title(self, loop: Loop, name: str | None, inside: str) -> str:
        """The scope of a loop that stands in another; of several alike with a number."""
        shape = {"up_to": loop.tested, "backwards": loop.backwards}
        title = loop_title(name, loop.length - loop.tested, **shape)
        self._titles[inside, title] += 1
        title = loop_title(name, loop.length - loop.tested, **shape, copy=self._titles[inside, title])
        return f"{inside}.{title}" if inside else title

    def _each(
        self, loop: Loop, operands: Sequence[Any], outside: str, title: str
    ) -> Callable[[Graph, Sequence[Any]], list[Any]]:
        """What runs the body, step after step, each in its scope."""
        steps = iter([step for step in loop.steps if not loop.counted or step < operands[0]])
        nodes = sum(isinstance(line.operation, Operation) for line in loop.body)

        def each(body: Graph, given: Sequence[Any]) -> list[Any]:
            self._written_out += nodes
            if self._as_recorded and self._written_out > MOST:
                raise _too_long(loop, title)
            found = self.of(body, given, _Place(outside, f"{title}.{step_title(next(steps))}"))
            return [*found[:-1], number_of(found[-1])] if loop.tested else found

        return each


class _Place:
    """A step of a loop: what was called by a scope around the loop belongs to the step."""

    def __init__(self, outside: str, scope: str) -> None:
        self._outside, self._scope = outside, scope
        self._known: dict[Label | None, Label] = {}  # nodes share their words

    def words(self, said: Label | None) -> Label:
        """The words of a node of the step."""
        if said not in self._known:
            name, scope, source = said or Label()
            inner = scope.removeprefix(self._outside).removeprefix(".")
            self._known[said] = Label(name, f"{self._scope}.{inner}" if inner else self._scope, source)
        return self._known[said]


def _too_long(loop: Loop, title: str) -> GraphError:
    """What is said of a loop that is too long to be looked at; of loops in loops, of the innermost."""
    nodes = _nodes_of(loop.body)
    return GraphError(
        f"step by step the loop {quoted(title)} is {'up to ' * loop.tested}{nodes * loop.length:,} nodes, {nodes:,} a "
        f"step, and up to {MOST:,} of loops can be looked at: look at fewer steps, or call its body on Values and look "
        "at what that returns"
    )


def _nodes_of(program: Graph) -> int:
    """How many nodes it is on Values, at most."""
    loops = [line.operation for line in program if isinstance(line.operation, Loop)]
    numbers = sum(isinstance(line.operation, Operation) for line in program)
    return numbers + sum(loop.length * _nodes_of(loop.body) for loop in loops)


def _solution(loop: Loop, equation: Graph, operands: tuple[Any, ...], words: Label | None) -> LoopOutcome:
    """What a loop that solves an equation ends with: nodes of the equation, not of the steps; or a nan."""
    found = ran(loop.stored, [number_of(x) for x in operands], run)
    if found.finals[loop.carried - 1] != FOUND:
        lost = Value(math.nan)
        why = why_lost(found.finals[loop.carried - 1], int(found.finals[-1]))
        lost._words = Label(f"{LOST}: {why}", *(words or Label())[1:])
        return LoopOutcome([lost] * len(found.finals), found.columns)
    x = solved(equation, found.finals[: len(equation.outputs)], [operands[slot] for slot in loop.theta])
    return LoopOutcome([*x, *found.finals[len(x) :]], found.columns)


def solved(residual: Graph, x: Sequence[float], theta: Sequence[Any]) -> list[Any]:
    """Nodes of x, which the equation residual(x, θ) = 0 holds for, with its derivatives along θ."""
    places = [i for i, each in enumerate(theta) if isinstance(each, Value)]
    if not places:
        return list(x)

    at = [number_of(theta[i]) for i in places]

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
        return found, tuple(run(graph, [*found, *whole(primals), *tangents], as_rule=True))

    return list(by_hand(*(theta[i] for i in places)))
