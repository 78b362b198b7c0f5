"""What is looked at: a node, or what a function or a program computes at a point, as a trace with its names.

A compiled function is shown as the instructions that it was recorded as, with the names, scopes and source lines of
the code that recorded them; each becomes a node, and what holds for the graph of a Value holds for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.ops.primitive import title_of
from autograd.program.as_graph import inputs_of
from autograd.structure import flatten
from autograd.text import quoted
from viz.functions import graph_of
from viz.languages import LANGUAGES, Language
from viz.names import Names
from viz.numbers import DIGITS, shown
from viz.trace import Trace, locate, trace
from viz.variables import Variables

if TYPE_CHECKING:
    from autograd import Compiled, Program
    from autograd.program.graph import Graph

    Runs: TypeAlias = "Compiled | Program | Callable[..., Any]"
    Subject: TypeAlias = "Value | Runs | Callable[..., Any]"
    Wanted: TypeAlias = "Value | str"  # a node, or what it is called


@dataclass(frozen=True)
class Seen:
    """A node, the trace of its graph, and what the nodes in it are called."""

    output: Value
    trace: Trace
    digits: int = DIGITS  # of numbers in what is said of it
    words: Language = LANGUAGES["en"]  # in which it is said

    @cached_property
    def names(self) -> Names:
        """What every node is called."""
        return Names(self.trace.columns)

    def called(self, node: int) -> str:
        """What one node is called in a sentence."""
        return self.names.called(node)

    def shown(self, x: float) -> str:
        """A number in a sentence."""
        return shown(x, self.digits)

    def tell(self, table: str, key: str, **facts: object) -> str:
        """A sentence of one of the language's tables."""
        return self.words.tell(getattr(self.words, table)[key], **facts)

    def operation(self, op: str) -> str:
        """What an operation is called."""
        return self.words.operations.get(op, title_of(op))

    @property
    def anew(self) -> str:
        """One line that says so, where leaves have moved and all numbers are computed anew."""
        return self.words.picture["anew"] if self.trace.anew else ""

    def id_of(self, wanted: Wanted) -> int:
        """The id of the node that is meant: of a Value, or of the one node of that name.

        Raises:
            ArgumentError: with similar names, for a name that no node has or several have, and for one of a constant
            GraphError: for a Value that the output was not computed from
        """
        if not isinstance(wanted, str):
            return locate(self.output, [wanted])[0]
        found = self.names.find(wanted)
        if len(found) > 1:
            which = f"{self.names.called(found[0])} to {self.names.called(found[-1])}"
            raise ArgumentError(f"{len(found)} nodes are called {quoted(wanted)}: say which, {which}")
        if self.names.is_constant(found[0]):
            raise ArgumentError(f"{quoted(wanted)} is a constant, along which there is no derivative")
        return found[0]

    def ids_of(self, wanted: Wanted | Iterable[Wanted] | None) -> list[int]:
        """`id_of` of one or of several; [] for none."""
        if wanted is None:
            return []
        if isinstance(wanted, (Value, str)):
            return [self.id_of(wanted)]
        asked = list(wanted)
        nodes = iter(locate(self.output, [each for each in asked if not isinstance(each, str)]))
        return [self.id_of(each) if isinstance(each, str) else next(nodes) for each in asked]


def look(subject: Subject, at: Sequence[Any], named: Mapping[str, Any], names: Variables = None) -> Seen:
    """What is looked at, which may be called as variables are.  Raises as `_output_of` does."""
    output = _output_of(subject, at, named)
    return Seen(output, trace(output, names))


def looked_at(
    subject: Subject, behind: Sequence[Any], named: Mapping[str, Any], names: Variables, *own: Any
) -> tuple[Any, ...]:
    """(what is looked at, what a function's own parameters are).

    What stands behind a Value are these parameters, in order; behind what is compiled, its arguments.
    """
    if not isinstance(subject, Value):
        return look(subject, behind, named, names), *own
    return look(subject, behind[len(own) :], named, names), *behind[: len(own)], *own[len(behind) :]


def _output_of(subject: Subject, at: Sequence[Any], named: Mapping[str, Any]) -> Value:
    """The node that is looked at: a Value itself, or what else computes `at` these arguments and the `named` ones.

    Raises:
        OperandError: for what is neither and for arguments by name of a Value or a program
        ArgumentError: for other arguments of a Value, and where a function returns more than one number
    """
    is_function = callable(subject) and not isinstance(subject, type) and not hasattr(subject, "parameters")
    if named and (isinstance(subject, Value) or not (is_function or hasattr(subject, "options"))):
        raise OperandError(
            f"got an unexpected argument {', '.join(map(quoted, named))}: those of a compiled function may be given by "
            f"name, and this is {type(subject).__name__}"
        )
    if isinstance(subject, Value):
        if at:
            raise ArgumentError(
                f"arguments go with a compiled function or a program, and {subject!r} is computed already: "
                f"got {len(at)} too many"
            )
        return subject
    if not hasattr(subject, "graph"):
        if is_function and (at or named):
            return _only(subject, graph_of(subject, at, named))
        raise _nothing_to_show(subject)
    run = cast("Compiled | Program", subject)
    return _only(run, run.graph(*at, **named))


def with_loops(
    subject: Subject, at: Sequence[Any], named: Mapping[str, Any]
) -> tuple[Graph, list[Any], Callable[[list[Any]], Any]] | None:
    """A program that has loops: itself, its inputs at these arguments, and which of its outputs is shown; else None."""
    if isinstance(subject, Value) or not hasattr(subject, "graph"):
        return None
    if not hasattr(subject, "options"):
        program = cast("Program", subject)
        return (program, list(at), partial(_only, program)) if program.has_loops and not named else None
    recorded, ordered = cast("Compiled", subject).at_one_point(at, dict(named))
    written = recorded.as_written
    if not written.program.has_loops:
        return None
    return written.program, inputs_of(written, ordered), lambda found: _only(subject, written.answer.build(found))


def _nothing_to_show(subject: Any) -> OperandError:
    kind, hint = type(subject).__name__, ""
    if hasattr(subject, "__len__"):
        hint = "; take its elements one by one, or a sum of them"
    elif callable(subject):
        hint = "; pass its arguments behind it, or call it on Values, as f(Value(2.0, name='x'))"
    return OperandError(
        f"viz shows the graph below one Value, got {kind}{hint}: pass the node itself, such as a loss J, or a "
        "compiled function and its arguments"
    )


def _only(subject: Runs, answer: Any) -> Value:
    """The one number that is shown of what is returned."""
    if hasattr(subject, "options") and subject.options.has_aux:
        answer = answer[0]
    found = flatten(answer, "what it returns")[0]
    if len(found) != 1:
        raise ArgumentError(
            f"{subject!r} returns {len(found)} numbers, and what is shown leads to one: compile a function that "
            "returns the one you mean, or take it from .graph(…)"
        )
    if not isinstance(found[0], Value):
        raise ArgumentError(f"{subject!r} returns {found[0]!r} whatever it is given: there is nothing to show")
    return found[0]
