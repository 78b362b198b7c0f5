"""The graph, written down once: flat columns in topological order, which passes, executors and exports read.

It is a list of instructions on numbered numbers.  Number 0 is the first input; after the inputs come the
constants, after them one number an instruction.  Everything is a NumPy array, so a graph of a million
instructions is a few arrays, pickles, and can be looked through without walking objects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

import numpy as np

from autograd.context import Label
from autograd.errors import ArgumentError, GraphError
from autograd.lazy import lazy
from autograd.ops import expression, table
from autograd.ops.primitive import Primitive, lookup
from autograd.ops.special import halves
from autograd.text import apart

if TYPE_CHECKING:
    from autograd.program.loops import Step

LONG, END = 100, 30  # so many lines are printed as they are; of more, so many from each end
WIDE, HEAD, TAIL = 400, 280, 80  # characters of a line that is printed as it is; those from both ends of a longer one
Ids = np.ndarray[Any, np.dtype[np.int32]]


class Operation(NamedTuple):
    """What an instruction computes: a row's value, or its slope along one operand.

    The slope's operands are (y, *operands), as the row's rule has them: ``tanh′(y, x)``.
    """

    row: str
    slot: int | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """By the row itself, which knows whether another process has the same."""
        return _operation_of, (lookup(self.row), self.slot)

    def __deepcopy__(self, memo: object) -> Operation:
        return self

    def __str__(self) -> str:
        return self.called(lookup(self.row).title)

    def called(self, name: str) -> str:
        """What it is where its row is called so."""
        if self.slot is None:
            return name
        return f"{name}′" if lookup(self.row).arity == 1 else f"{name}′{self.slot + 1}"


def _operation_of(row: Primitive, slot: int | None) -> Operation:
    return Operation(row.name, slot)


def plain(operation: Operation | Step) -> Operation:
    """An operation where no loop can stand, since those that have some were refused or taken apart before.

    Raises:
        GraphError: if it is one all the same
    """
    if not isinstance(operation, Operation):
        raise GraphError(f"{operation}: this reads programs without loops")
    return operation


class Instruction(NamedTuple):
    """One line of a graph: number `id` is `operation` of `operands`."""

    id: int
    operation: Operation | Step
    operands: tuple[int, ...]


COLUMNS: dict[str, type[np.generic]] = {
    "constants": np.float64, "code": np.int32, "starts": np.int64, "operands": np.int32, "outputs": np.int32
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Graph:
    """Instructions in topological order; `print` lists them, of many the first and the last (`text()` is all).

    Attributes:
        inputs: the inputs' names; input i is number i
        constants: (c,) the constants; constant j is number len(inputs) + j
        operations: the operations that occur
        code: (n,) for each instruction, which of `operations` it is
        starts: (n + 1,) where its operands begin in `operands`
        operands: their numbers, one instruction after the other
        outputs: the numbers that are asked for
        words: of results, where known, their name, scope and the line that recorded them; files do not keep them
        simplified: whether it computes what was recorded for finite numbers alone (see `passes.simplify`)
        smoothed: within which width its kinks and jumps were smoothed, None if they were not

    `Builder` makes them, and sees to it that operands stand before their users; `verify` says all that holds of them.
    """

    inputs: tuple[str, ...]
    constants: np.ndarray[Any, np.dtype[np.float64]]
    operations: tuple[Operation | Step, ...]
    code: np.ndarray[Any, np.dtype[np.int32]]
    starts: np.ndarray[Any, np.dtype[np.int64]]
    operands: Ids
    outputs: Ids
    words: Mapping[int, Label] = field(default_factory=dict)
    simplified: bool = False
    smoothed: float | None = None

    def __len__(self) -> int:
        return len(self.code)

    @property
    def first(self) -> int:
        """The number of the first instruction's result."""
        return len(self.inputs) + len(self.constants)

    def __iter__(self) -> Iterator[Instruction]:
        starts, operands = self.starts.tolist(), self.operands.tolist()
        for i, code in enumerate(self.code.tolist()):
            yield Instruction(self.first + i, self.operations[code], tuple(operands[starts[i] : starts[i + 1]]))

    def all_operations(self) -> set[Operation]:
        """The operations that make numbers, those in the bodies of loops too."""
        found = {operation for operation in self.operations if isinstance(operation, Operation)}
        steps = (operation for operation in self.operations if not isinstance(operation, Operation))
        return found.union(*(program.all_operations() for step in steps for program in step.programs))

    @lazy
    def has_loops(self) -> bool:
        """Whether an instruction is of `autograd.program.loops`."""
        return not all(isinstance(operation, Operation) for operation in self.operations)

    def __repr__(self) -> str:
        def count(n: int, what: str) -> str:
            return f"{n:,} {what}{'s' * (n != 1)}"

        return (
            f"<program: {count(len(self.inputs), 'input')}, {count(len(self), 'instruction')}, "
            f"{count(len(self.outputs), 'output')}{', simplified' * self.simplified}"
            f"{', smoothed' * (self.smoothed is not None)}>"
        )

    def __str__(self) -> str:
        """The listing; of a long program its first and last lines, of a long line both its ends."""
        lines = [f"inputs {listed(self._shown)}", *self._elided(), f"outputs {listed(self._results())}", *self._notes]
        return "\n".join(line if len(line) <= WIDE else f"{line[:HEAD]} … {line[-TAIL:]}" for line in lines)

    def text(self) -> str:
        """The whole listing, however long."""
        lines = [f"inputs {', '.join(self._shown)}", *self.listing(0, len(self))]
        return "\n".join([*lines, f"outputs {', '.join(self._results())}", *self._notes])

    @property
    def _notes(self) -> list[str]:
        notes = ["simplified for finite numbers"] * self.simplified
        return notes + [f"kinks and jumps smoothed within {self.smoothed}"] * (self.smoothed is not None)

    def _elided(self) -> list[str]:
        n = len(self)
        if n <= LONG:
            return self.listing(0, n)
        between = f"… {n - 2 * END:,} of {n:,} lines, which print(program.text()) shows …"
        return [*self.listing(0, END), between, *self.listing(n - END, n)]

    def listing(self, start: int, stop: int, prefix: str = "t") -> list[str]:
        """An instruction a line, and below a loop's, moved in, its body's, whose results are called t3.1, t3.2, …"""
        listing = []
        for line in map(self.line, range(start, stop)):
            result = self.name(line.id, prefix)
            listing.append(f"{result} = {self._right_side(line, prefix)}")
            if not isinstance(line.operation, Operation):
                listing += [f"    {said}" for said in line.operation.listing(f"{result}.")]
        return listing

    def _results(self) -> list[str]:
        return [self.name(i) for i in self.outputs.tolist()]

    def line(self, i: int) -> Instruction:
        """The i-th instruction."""
        operands = self.operands[int(self.starts[i]) : int(self.starts[i + 1])]
        return Instruction(self.first + i, self.operations[int(self.code[i])], tuple(operands.tolist()))

    def name(self, number: int, prefix: str = "t") -> str:
        """What `print` calls a number: an input by name, a constant by value, a result t1, t2, …"""
        if number < len(self.inputs):
            return self._shown[number]
        if number < self.first:
            return repr(float(self.constants[number - len(self.inputs)]))
        return f"{prefix}{number - self.first + 1}"

    @lazy
    def _shown(self) -> list[str]:
        """The inputs' names as `print` shows them: apart, and in quotes where they would read as something else."""
        return [f"“{name}”" if _MISREAD.fullmatch(name) else name for name in apart(self.inputs)]

    def component(self, line: Instruction) -> float | None:
        """Which component of a softmax an instruction is about; None for other rows.

        Raises:
            ArgumentError: unless it is a constant of the program
        """
        row, slot = plain(line.operation)
        if not lookup(row).has_index:
            return None
        number = line.operands[slot is not None]
        if not len(self.inputs) <= number < self.first:
            raise ArgumentError(
                f"{lookup(row).title}: which component is meant must be a constant of the program, "
                "not a number it computes"
            )
        return float(self.constants[number - len(self.inputs)])

    def known_table(self, line: Instruction) -> tuple[float, ...] | None:
        """The table that an instruction looks up in, if it is of constants alone; None for other instructions."""
        if line.operation not in (TAKE, LOCATE):
            return None
        numbers, n = line.operands[1:], len(self.inputs)
        if not n <= min(numbers) <= max(numbers) < self.first:
            return None
        return tuple(self.constants[np.array(numbers) - n].tolist())

    def _right_side(self, line: Instruction, prefix: str) -> str:
        names = [self.name(i, prefix) for i in line.operands]
        said = sum_source(line.operation, names, "·")
        return said or f"{self._operation_names[line.operation]}({', '.join(names)})"

    @lazy
    def _operation_names(self) -> dict[Operation | Step, str]:
        """What `print` calls the operations; rows of one title are told apart by the names that nobody else has."""
        plainly = [operation for operation in self.operations if isinstance(operation, Operation)]
        rows = {operation.row: lookup(operation.row).title for operation in plainly}
        titles = Counter(rows.values())
        named = {o: o.called(rows[o.row] if titles[rows[o.row]] == 1 else o.row) for o in plainly}
        return {o: named[o] if isinstance(o, Operation) else str(o) for o in self.operations}


def remembered(question: Callable[[Graph], Any]) -> Callable[[Graph], Any]:
    """A question about a program, answered once in a program's life: it is asked at every call."""
    answers: dict[ref[Graph], Any] = {}

    def answer(program: Graph) -> Any:
        known = ref(program)
        if known not in answers:  # it is forgotten by C's code, in which no Ctrl-C can be lost
            answers[ref(program, answers.pop)] = question(program)
        return answers[known]

    return answer


class Tables:
    """Names for tables of constants where a program is written down: one name for those that are equal to the bit."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.named: dict[bytes, tuple[str, tuple[float, ...]]] = {}

    def called(self, numbers: tuple[float, ...]) -> tuple[str, bool]:
        """The name of a table, and whether it is met for the first time."""
        key, count = np.array(numbers).tobytes(), len(self.named)
        name, _ = self.named.setdefault(key, (f"{self._prefix}{count + 1}", numbers))
        return name, len(self.named) > count


def sum_source(operation: Operation | Step, operands: Sequence[str], times: str = " * ") -> str | None:
    """A dot or a sum of these operands, as every language writes it; None for another operation.

    >>> sum_source(DOT, ["w", "v", "x", "y", "b"])
    'w * x + v * y + b'
    """
    if operation not in (DOT, SUM):
        return None
    weights, inputs, rest = halves(operands) if operation == DOT else ((), (), operands)
    return " + ".join([*(f"{w}{times}{x}" for w, x in zip(weights, inputs, strict=True)), *rest]) or "0.0"


_MISREAD = re.compile(r"|t\d[\d.]*|-?(\d.*|inf|nan)|.*( = |, | … ).*")  # nothing, a result, a constant, several things
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)
_SHOWN = 6  # names that count up are written out as far as so many


def listed(names: Sequence[str]) -> str:
    """Names with commas; where many count up, the first and the last of them.

    >>> listed(["w", *(f"x[{i}]" for i in range(1000)), "b"])
    'w, x[0] … x[999], b'
    """
    runs: list[list[str]] = []
    following = None  # what the next name is if it counts up
    for name in names:
        if name == following:
            runs[-1].append(name)
        else:
            runs.append([name])
        found = _NUMBERED.fullmatch(name)
        following = f"{found[1]}{int(found[2]) + 1}{found[3]}" if found else None
    return ", ".join(f"{run[0]} … {run[-1]}" if len(run) > _SHOWN else ", ".join(run) for run in runs)


DOT, SUM, SOFTMAX = (Operation(row.name) for row in (table.dot, table.sum_, table.softmax))
ADD, MULTIPLY, NEGATIVE = (Operation(row.name) for row in (table.add, table.multiply, table.negative))
MAXIMUM, POWER, WHERE, GUARD = (Operation(row.name) for row in (table.maximum, table.power, table.where_, table.guard))
TAKE, LOCATE, FLOOR, EQUAL = map(Operation, (table.take.name, table.locate.name, table.floor.name, expression.EQUAL))
