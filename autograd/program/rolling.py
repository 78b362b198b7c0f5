"""Plain Python loops found again: what was recorded step by step, as a program in which they are loops.

They are looked for in the order in which the nodes were made, before anything is written once that was computed twice,
which would hide them; derivatives are then those of loops.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from struct import pack
from typing import Any, NamedTuple

import numpy as np

from autograd.context import Label
from autograd.order import interior
from autograd.program.builder import Builder
from autograd.program.graph import Graph, Operation
from autograd.program.loops import STACK, Column, Element, Final, Loop, step_of
from autograd.program.periods import OUTSIDE, Log, Repeat, longest_repeat, may_repeat
from autograd.program.program import Program
from autograd.program.reading import data_of, names_of
from autograd.symbol import Symbol
from autograd.value import Operand, Value

FROM = 500  # instructions from which it is worth the search: fewer are ready soon as they are
LEAST = 0.9  # share of the instructions that are in loops, else the program stays as it is
_PATIENCE = 8  # times that the search may go over all instructions
_UNKNOWN = -(2**40)  # where a number stands that nobody knows


class _Notes(NamedTuple):
    """A log, and what its codes, what comes from outside and its instructions are about."""

    log: Log
    operations: Sequence[Operation]
    outside: Sequence[int | float]  # which input of the program, or a constant
    words: Sequence[Label | None]


class Rolled(NamedTuple):
    """A recording in which loops were found."""

    program: Program
    notes: _Notes
    inputs: Sequence[str]
    wanted: Sequence[int]

    def flat(self) -> Program:
        """The program without them."""
        builder = Builder(self.inputs)
        writer = _Writer(self.notes, builder, self.wanted)
        writer.write_out(0, len(self.notes.words))
        return Program.of(builder.finish([writer.number(place) for place in self.wanted]))


def rolled_up(
    outputs: Sequence[Operand], inputs: Sequence[Value], made: Sequence[Value], kinds: Any = None
) -> Rolled | None:
    """The program of outputs with loops, from all nodes in the order in which they were made.

    None if most of it is in no loop.  `kinds` says of each node by what row it was made, where that has been asked.
    """
    rows: dict[Any, int] = {}
    if len(made) < FROM:
        return None
    if not may_repeat(np.array([rows.setdefault(node._row, len(rows)) for node in made]) if kinds is None else kinds):
        return None
    reader = _Reader(inputs)
    try:
        reader.read(made)
        notes, wanted = reader.notes([reader.place(output) for output in outputs])
    except _LoopsMet:
        return None
    if len(notes.words) < FROM:
        return None
    builder = Builder(names_of(inputs))
    writer = _Writer(notes, builder, wanted, outside=len(notes.words) - LEAST * len(notes.words))
    try:
        writer.write(0, len(notes.words))
    except _TooFew:
        return None
    program = Program.of(builder.finish([writer.number(place) for place in wanted]))
    return Rolled(program, notes, builder.inputs, wanted)


class _LoopsMet(Exception):
    """There are loops already, or what only their bodies know."""


class _TooFew(Exception):
    """More instructions are in no loop than may be."""


class _Reader:
    """Reads nodes into a log, and knows where each stands in it."""

    def __init__(self, inputs: Sequence[Value]) -> None:
        self._places: dict[Any, int] = {node: ~i for i, node in enumerate(inputs)}
        self._outside: list[int | float] = list(range(len(inputs)))
        self._constants: dict[Any, int] = {}
        self._codes: dict[Any, int] = {}  # of an operation by its row; of many operands, with their number
        self._operations: list[Operation] = []
        self._code: list[int] = []
        self._operands: list[tuple[int, ...]] = []
        self._words: list[Label | None] = []

    def read(self, nodes: Iterable[Value]) -> None:
        """Nodes whose operands stand before them, here or elsewhere."""
        places, place, codes = self._places, self.place, self._codes
        code, operands, words = self._code.append, self._operands.append, self._words.append
        known = places.get  # of nodes, which nearly all operands are
        for node in nodes:
            row: Any = node._row
            a, b = node._a, node._b
            if type(a) is tuple or row.arity is None or row.has_index:
                given = node.operands
                kind: Any = row, len(given), given[0] if row.has_index else None
                operands(tuple([place(o) for o in given]))
            else:
                kind = row
                first = None if type(a) is float else known(a)
                first = place(a) if first is None else first
                if b is None:
                    operands((first,))
                else:
                    second = None if type(b) is float else known(b)
                    operands((first, place(b) if second is None else second))
            if kind not in codes:
                codes[kind] = len(codes)
                self._operations.append(Operation(row.name))
            places[node] = len(self._code)
            code(codes[kind])
            words(node._words)

    def place(self, operand: Any) -> int:
        """Where a number stands: an instruction, or ~k for the k-th from outside."""
        if type(operand) is float:
            return self._constant(operand)
        found = self._places.get(operand)
        if found is not None:
            return found
        if operand._a is None:
            if isinstance(operand, Symbol):  # of a loop's body, or of another recording: nothing that is needed
                return _UNKNOWN
            return self._constant(data_of(operand))
        nodes = interior(operand, above=self._places)  # computed from Values alone, or before
        if any(map(step_of, nodes)):
            raise _LoopsMet
        self.read(nodes)
        return self._places[operand]

    def _constant(self, number: float) -> int:
        key = number if number != 0.0 and number == number else pack("d", number)
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = ~len(self._outside)
            self._outside.append(number)
        return found

    def notes(self, wanted: Sequence[int]) -> tuple[_Notes, list[int]]:
        """The log of what is needed for these places, and where they are then."""
        needed = [False] * len(self._code)
        for place in wanted:
            if place >= 0:
                needed[place] = True
        for i in range(len(needed) - 1, -1, -1):
            if needed[i]:
                for operand in self._operands[i]:
                    if operand >= 0:
                        needed[operand] = True
        kept = np.array(needed, bool)
        table = np.concatenate([np.cumsum(kept) - 1, -np.arange(len(self._outside), 0, -1)])  # ~k counts from the end
        lines = [line for line, is_kept in zip(self._operands, needed, strict=True) if is_kept]
        operands = np.fromiter(chain.from_iterable(lines), np.int64)
        if (operands == _UNKNOWN).any():
            raise _LoopsMet
        log = Log(np.array(self._code)[kept], np.cumsum([0, *map(len, lines)]), table[operands])
        words = [words for words, is_kept in zip(self._words, needed, strict=True) if is_kept]
        return _Notes(log, self._operations, self._outside, words), table[np.array(wanted, np.int64)].tolist()


class _Writer:
    """Writes a log into a builder, stretches that repeat as loops; `wanted` are asked for at the end.

    Raises _TooFew where more than so many instructions would stand `outside` of them.
    """

    def __init__(self, notes: _Notes, builder: Builder, wanted: Sequence[int], outside: float = math.inf) -> None:
        self.notes, self.builder = notes, builder
        self._wanted = np.array([place for place in wanted if place >= 0], np.int64)
        self._numbers: dict[int, int] = {}
        for k, what in enumerate(notes.outside):
            self._numbers[~k] = what if isinstance(what, int) else builder.constant(what)
        self._elements: dict[int, tuple[int, int, int]] = {}  # by their numbers: column, step, how many there are
        self._outside = outside
        self._patience = _PATIENCE * len(notes.log.code)

    def number(self, place: int) -> int:
        """What the builder knows an instruction, an input or a constant by."""
        return self._numbers[place]

    def write(self, low: int, high: int) -> None:
        """The instructions from one to another."""
        self._patience -= high - low
        repeat = longest_repeat(self.notes.log, low, high) if self._patience >= 0 else None
        if repeat is None:
            self._outside -= high - low
            if self._outside < 0:
                raise _TooFew
            self.write_out(low, high)
            return
        self.write(low, repeat.start)
        self._write_loop(repeat)
        self.write(repeat.end, high)

    def write_out(self, low: int, high: int) -> None:
        """The same without looking for loops."""
        log, operations, emit = self.notes.log, self.notes.operations, self.builder.emit
        starts, code = log.starts[low : high + 1].tolist(), log.code[low:high].tolist()
        operands = log.operands[starts[0] : starts[-1]].tolist()
        for i in range(high - low):
            given = operands[starts[i] - starts[0] : starts[i + 1] - starts[0]]
            number = emit(operations[code[i]], tuple([self._numbers[o] for o in given]))
            self.builder.describe(number, self.notes.words[low + i])
            self._numbers[low + i] = number

    # -- loops ----------------------------------------------------------------------------------

    def _write_loop(self, repeat: Repeat) -> None:
        body = _Body(self, repeat)
        used = self._used_behind(repeat)
        last = (repeat.steps - 1) * repeat.period
        yields = {place % repeat.period for place in used if place < last}
        finals = {slot: body.carry(slot) for slot in {place - last for place in used if place >= last} - yields}
        columns = dict(zip(sorted(yields), range(len(body.first), len(body.first) + len(yields)), strict=True))
        graph = body.graph(sorted(yields))
        loop = Loop(graph, len(body.first), len(body.shared), repeat.steps, rolled=repeat.end - repeat.start)
        emit = self.builder.emit
        run = emit(loop, (*body.first, *body.shared, *body.eaten))
        for place in used:
            step, slot = divmod(place, repeat.period)
            if slot in finals:
                number = emit(Final(finals[slot]), (run,))
            else:
                column = emit(Column(columns[slot]), (run,))
                number = emit(Element(step), (column,))
                self._elements[number] = column, step, repeat.steps
            self._numbers[repeat.start + place] = number

    def _used_behind(self, repeat: Repeat) -> list[int]:
        """Which instructions of a stretch are read behind it, counted from its start."""
        log = self.notes.log
        read = np.concatenate([log.operands[log.starts[repeat.end] :], self._wanted])
        found = np.unique(read[(read >= repeat.start) & (read < repeat.end)]) - repeat.start
        return [int(place) for place in found]

    def column(self, numbers: Sequence[int]) -> int:
        """A column of these numbers; the one that they were taken from, if they are all of it."""
        column = self._elements.get(numbers[0], (-1, 0, 0))[0]
        whole = [(column, step, len(numbers)) for step in range(len(numbers))]
        return column if [self._elements.get(n) for n in numbers] == whole else self.builder.emit(STACK, tuple(numbers))


class _Body:
    """A step of a stretch that repeats: what it carries, shares and eats, as the numbers of the builder outside."""

    def __init__(self, outside: _Writer, repeat: Repeat) -> None:
        self._outside, self._repeat = outside, repeat
        self.first: list[int] = []
        self.shared: list[int] = []
        self.eaten: list[int] = []
        self._next: list[int] = []  # what becomes of each number that is carried: an instruction's, or ~ another's
        self._known: dict[Any, Any] = {}  # how the step reads what comes from outside of it
        lags = repeat.lags.tolist()
        self._reads = [self._read(repeat.operands[:, j], lag) for j, lag in enumerate(lags)]

    def _read(self, operands: Any, lag: int) -> Any:
        """What an operand is in the step: the number of an instruction, a constant, or (where it comes from, which)."""
        if lag == 0:
            return int(operands[0]) - self._repeat.start
        if lag > 0:
            before = [self._outside.number(int(operands[lag - i])) for i in range(1, lag + 1)]
            return self._carried(int(operands[lag]) - self._repeat.start, before)
        numbers = [self._outside.number(place) for place in operands.tolist()[: None if lag == OUTSIDE else 1]]
        if len(set(numbers)) > 1:
            return self._one_of(self.eaten, "eaten", self._outside.column(numbers))
        known = self._outside.builder.value_of(numbers[0])
        return known if known is not None else self._one_of(self.shared, "shared", numbers[0])

    def _one_of(self, group: list[int], name: str, number: int) -> Any:
        if (name, number) not in self._known:
            self._known[name, number] = name, len(group)
            group.append(number)
        return self._known[name, number]

    def _carried(self, slot: int, before: Sequence[int]) -> Any:
        """What an instruction made so many steps ago, which is carried from step to step; `before` the loop these."""
        for back in range(1, len(before) + 1):
            key = slot, *before[:back]
            if key not in self._known:
                self._next.append(slot if back == 1 else ~self._known[key[:-1]][1])
                self._known[key] = "carried", len(self.first)
                self.first.append(before[back - 1])
        return self._known[slot, *before]

    def carry(self, slot: int) -> int:
        """Which number that is carried ends as what an instruction of the last step made."""
        if slot not in self._next:
            self._carried(slot, [self._outside.builder.zero])
        return self._next.index(slot)

    def graph(self, yields: Sequence[int]) -> Graph:
        """The step as a program that yields what these instructions make."""
        start, period = self._repeat.start, self._repeat.period
        notes = self._outside.notes
        begin = {"carried": 0, "shared": len(self.first), "eaten": len(self.first) + len(self.shared)}
        count = begin["eaten"] + len(self.eaten)
        outside: list[int | float] = list(range(count))
        operands = []
        for read in self._reads:
            if isinstance(read, float):
                outside.append(read)
                operands.append(~(len(outside) - 1))
            else:
                operands.append(read if isinstance(read, int) else ~(begin[read[0]] + read[1]))
        starts = notes.log.starts[start : start + period + 1]
        log = Log(notes.log.code[start : start + period], starts - starts[0], np.array(operands))
        words = notes.words[start : start + period]
        outputs = [*self._next, *yields]
        builder = Builder([*(f"carried{i}" for i in range(len(self.first))), *self._names(self.shared, "shared"),
                           *(f"x{i}" for i in range(len(self.eaten)))])  # fmt: skip
        writer = _Writer(_Notes(log, notes.operations, outside, words), builder, outputs)
        writer.write(0, period)
        return builder.finish([writer.number(place) for place in outputs])

    def _names(self, numbers: Sequence[int], otherwise: str) -> list[str]:
        """Inputs of the program keep their names."""
        inputs = self._outside.builder.inputs
        return [inputs[n] if n < len(inputs) else f"{otherwise}{i}" for i, n in enumerate(numbers)]
