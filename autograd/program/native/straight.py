"""Small programs as straight-line machine code: every instruction written out, samples side by side in lanes.

Three functions come out of a task:

    uniform  what is the same for all samples, once
    body     a few samples at once, one a lane; sums over samples stay in lanes
    chunk    `body` over a run of samples, and then the lanes added up

A batch stands row by row, sample after sample, or column by column, input after input, and so does what is computed
of each sample.  The last samples, too few for all lanes, are computed aside, several times over, and summed as often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from autograd.program.graph import MULTIPLY, Instruction, Operation
from autograd.program.kernel import Task
from autograd.program.loops import Column, Element, Loop, Stack, columns_read, doubles_of
from autograd.program.native import entrance, loops, machine, rules
from autograd.program.native.checkpoints import Recomputed
from autograd.program.native.code import Code, Doubles, Lanes, Unaligned, add_lanes
from autograd.program.native.columns import Elements, Placed, Room, Source, Stored, stacked
from autograd.program.native.routine import Integer, Text

LANES = 8
_FEW = 4  # neighbours in a column that are written one by one
_TOGETHER = 4  # numbers of a row that are read or written together
# The arguments of the functions:
ONE, UNIFORM, CHUNK = (Doubles,) * 4, (Doubles,) * 2, (*(Doubles,) * 4, Integer, Doubles, Integer, Integer)


class TaskLayout:
    """Where the numbers of a task stand in the arrays that a kernel is called with."""

    def __init__(self, task: Task) -> None:
        program = task.program
        self.lines = list(program)
        self.columns: dict[int, int] = {}  # of a batched input in `batch`
        self.fixed: dict[int, int] = {}  # of another in `fixed`
        for i, is_batched in enumerate(task.batched):
            place = self.columns if is_batched else self.fixed
            place[i] = len(place)
        first = len(program.inputs)
        self.constants = {first + j: float(c) for j, c in enumerate(program.constants.tolist())}
        self.varies = varying(task)
        outputs = program.outputs.tolist()
        self.each = [n for n, is_summed in zip(outputs, task.summed, strict=True) if not is_summed]
        self.totals = [n for n, is_summed in zip(outputs, task.summed, strict=True) if is_summed]
        self.uniform = self._needed_uniform()

    def _needed_uniform(self) -> dict[int, int]:
        """Results that are the same for all samples, and which the body reads: their places."""
        read = {o for line in self.lines if self.varies[line.id] for o in line.operands} | {*self.each, *self.totals}
        wanted = [line.id for line in self.lines if not self.varies[line.id] and line.id in read]
        return {number: place for place, number in enumerate(wanted)}


def varying(task: Task) -> list[bool]:
    """For every number whether it may differ from sample to sample."""
    varies = [*task.batched, *[False] * len(task.program.constants)]
    for line in task.program:
        is_read_nearby = isinstance(line.operation, (Loop, Column, Stack))  # runs and columns are no numbers to keep
        varies.append(is_read_nearby or any(map(varies.__getitem__, line.operands)))
    return varies


class _Writer:
    """Writes the instructions of a task on some lanes, reading each number where it stands."""

    def __init__(
        self,
        layout: TaskLayout,
        lanes: int,
        exact: bool,
        uniform: dict[int, int] | None = None,
        by_column: bool = False,
    ) -> None:
        self.layout = layout
        self.by_column = by_column
        self.code = Code(lanes)
        self.exact = exact
        self.uniform = uniform or {}
        self.numbers: dict[int, Any] = {}
        self.together: dict[int, list[Lanes]] = {}  # inputs that were read together, by the place of the first
        self.elements: dict[int, tuple[Stored, int]] = {}  # of columns, with their steps; read where there is need
        self.room = Room(self.code, doubles_of(layout.lines))

    def number(self, i: int) -> Lanes:
        """The number i of the program, read if it has not been computed here."""
        found = self.numbers.get(i)
        if found is None:
            found = self.numbers[i] = self._read(i)
        return found

    def _read(self, i: int) -> Lanes:
        layout, code = self.layout, self.code
        if i in self.elements:
            column, step = self.elements[i]
            return column[step]
        if i in layout.constants:
            return code.constant(layout.constants[i])
        if i in layout.columns and code.lanes > 1:
            return self._sampled(layout.columns[i])
        (pointer, *_), place = self._place_of(i)
        return code.splat(code.load(pointer, place))

    def _sampled(self, place: int) -> Lanes:
        """An input of the samples of all lanes."""
        code, count = self.code, len(self.layout.columns)
        if self.by_column or count == 1:
            return _column(code, "batch", place)[0]
        start = _start(place, count)
        if start not in self.together:
            read = [_read(code, pair, start, min(_TOGETHER, count)) for pair in _rows(code, "row")]
            self.together[start] = _turned(code, read)
        return self.together[start][place - start]

    def _place_of(self, i: int) -> tuple[tuple[str, ...], int]:
        """In which arrays an input or a uniform number stands, and where: in one of all lanes, or in one of each."""
        if i in self.layout.fixed:
            return ("%fixed",), self.layout.fixed[i]
        if i in self.uniform:
            return ("%uniform",), self.uniform[i]
        return tuple(f"%row{lane}" for lane in range(self.code.lanes)), self.layout.columns[i]

    def _source(self, i: int) -> Source:
        """What a column is made of: an input or a number of another column, where it stands."""
        if i in self.elements and not isinstance(self.elements[i][0], Recomputed):
            return Elements(*self.elements[i])
        is_input = i in self.layout.fixed or i in self.layout.columns
        return Placed(*self._place_of(i)) if is_input else self.number(i)

    def run(self, lines: Iterable[Instruction]) -> None:
        """Write these instructions."""
        for line in lines:
            if isinstance(line.operation, Stack):
                self.numbers[line.id] = stacked(self.code, [self._source(o) for o in line.operands], self.room)
                continue
            if isinstance(line.operation, Element):
                self.elements[line.id] = self.numbers[line.operands[0]], line.operation.step
                continue
            operands = [self.number(o) for o in line.operands]
            if isinstance(line.operation, Operation):
                self.numbers[line.id] = rules.apply(self.code, line.operation, operands, self.exact)
            else:
                read = columns_read(self.layout.lines, line.id)
                self.numbers[line.id] = loops.apply(self.code, line.operation, operands, read, self.room, self.exact)

    def store_each(self, numbers: Sequence[int], pointers: Sequence[str]) -> None:
        """Write numbers one after the other, each lane's where it is to stand; neighbours in a column by a loop."""
        place = 0
        while place < len(numbers):
            column, step = self.elements.get(numbers[place], (None, 0))
            length = 1
            while column is not None and self.elements.get(_at(numbers, place + length)) == (column, step + length):
                length += 1
            if column is None or length < _FEW:
                length = 1
                self._store(self.number(numbers[place]), pointers, place)
            else:
                with self.code.loop(length) as i:
                    self._store(column[i + step], pointers, i + place)
            place += length

    def _store(self, number: Lanes, pointers: Sequence[str], place: Integer | int) -> None:
        for scalar, pointer in zip(self.code.scalars(number), pointers, strict=True):
            Doubles(self.code, pointer)[place] = scalar


def _at(numbers: Sequence[int], place: int) -> int:
    return numbers[place] if place < len(numbers) else -1


# -- one sample -------------------------------------------------------------------------------------


def one_sample(task: Task) -> str:
    """The text of `one`, and of the way in that Python takes."""
    text = Text()
    add_one(text, task)
    entrance.method(text, "one", *ONE)
    return str(text)


def add_one(text: Text, task: Task) -> Code:
    """Add `one(fixed, batch, each, total)`: everything, for a single sample, in plain doubles; its code."""
    layout = TaskLayout(task)
    writer = _Writer(layout, 1, task.exact)
    writer.code.do("%row0 = getelementptr double, ptr %batch, i64 0")
    writer.run(layout.lines)
    writer.store_each(layout.each, ["%each"])
    writer.store_each(layout.totals, ["%total"])
    writer.room.free()
    fixed, batch = _read_only("fixed", len(layout.fixed)), _read_only("batch", len(layout.columns))
    text.add("one", f"void @one({fixed}, {batch}, ptr noalias %each, ptr noalias %total) nounwind", writer.code)
    return writer.code


def _read_only(name: str, doubles: int) -> str:
    size = f"dereferenceable({8 * doubles}) " if doubles else ""
    return f"ptr noalias readonly {size}%{name}"


# -- many samples -----------------------------------------------------------------------------------


class Many(NamedTuple):
    """The text for many samples, and how many doubles are the same for all of them.

    ``uniform(fixed, uniform)`` comes first, if there are any, then any number of
    ``chunk(fixed, uniform, batch, each, samples, partial, first, last)``, of so many samples in all.
    """

    text: str
    uniform: int


def many_samples(task: Task, by_column: bool) -> Many:
    """The functions for a batch of any size."""
    layout, text = TaskLayout(task), Text()
    shared = f"{_read_only('fixed', len(layout.fixed))}, {_read_only('uniform', len(layout.uniform))}"
    given = "ptr noalias readonly %fixed, ptr noalias %uniform"
    text.add("uniform", f"void @uniform({given}) nounwind", _uniform(layout, task.exact))
    given = f"{shared}, ptr noalias readonly %batch, ptr noalias %each, ptr noalias %sums, i64 %stride"
    text.add("body", f"internal void @body({given}) nounwind noinline", _body(layout, task.exact, by_column))
    text.routine(_chunk(layout, by_column), Code(1))
    entrance.released(text, "chunk", *CHUNK)
    return Many(str(text), len(layout.uniform))


def _uniform(layout: TaskLayout, exact: bool) -> Code:
    writer = _Writer(layout, 1, exact)
    writer.run(line for line in layout.lines if not layout.varies[line.id])
    writer.store_each(list(layout.uniform), ["%uniform"])
    writer.room.free()
    return writer.code


def _body(layout: TaskLayout, exact: bool, by_column: bool) -> Code:
    """Lane i computes sample i; columns begin `stride` numbers after each other."""
    writer = _Writer(layout, LANES, exact, layout.uniform, by_column)
    code = writer.code
    for lane in range(0 if by_column else LANES):
        for name, pointer, length in (("row", "batch", len(layout.columns)), ("out", "each", len(layout.each))):
            code.do(f"%{name}{lane} = getelementptr double, ptr %{pointer}, i64 {lane * length}")
    products = {} if exact else _only_summed(layout)
    writer.run(line for line in layout.lines if layout.varies[line.id] and line.id not in products)
    if by_column or len(layout.each) == 1:
        for place, number in enumerate(layout.each):
            _column(code, "each", place)[0] = writer.number(number)
    elif writer.elements:
        writer.store_each(layout.each, [f"%out{lane}" for lane in range(LANES)])
    else:
        _store_rows(code, [writer.number(number) for number in layout.each])
    for place, number in enumerate(layout.totals):
        _accumulate(writer, place, products.get(number) or [number])
    writer.room.free()
    return code


def _column(code: Code, name: str, place: int) -> Unaligned:
    """A column of the batch, or of the answers, from the sample of the first lane on."""
    return Unaligned(code, Doubles(code, f"%{name}").at(Integer(code, "%stride") * place))


# -- rows: the numbers of eight samples, four at a time ---------------------------------------------


def _rows(code: Code, name: str) -> list[tuple[Doubles, Doubles]]:
    """Rows in pairs: that of lane i, and that of lane i + 4, whose numbers stand in a vector together."""
    rows = [Doubles(code, f"%{name}{lane}") for lane in range(2 * _TOGETHER)]
    return list(zip(rows[:_TOGETHER], rows[_TOGETHER:], strict=True))


def _read(code: Code, pair: tuple[Doubles, Doubles], start: int, width: int) -> Lanes:
    """So many numbers of two rows, in the first lanes of both halves."""
    low, high = (
        Lanes(code, code.once(f"load <{width} x double>, ptr {row.at(start)}, align 8"), width) for row in pair
    )
    lanes = [*range(width), *[-1] * (_TOGETHER - width)]
    return code.shuffled(low, high, [*lanes, *(lane if lane < 0 else lane + width for lane in lanes)])


def _start(place: int, count: int) -> int:
    """Where those that are read or written together with one begin; the last of so many may be met twice."""
    return max(0, min(place - place % _TOGETHER, count - _TOGETHER))


def _store_rows(code: Code, numbers: Sequence[Lanes]) -> None:
    """Write numbers one after the other, each lane's in its row."""
    for place in range(0, len(numbers), _TOGETHER):
        start = _start(place, len(numbers))
        some = numbers[start : start + _TOGETHER]
        filled = [*some, *[some[0]] * (_TOGETHER - len(some))]
        for vector, pair in zip(_turned(code, filled), _rows(code, "out"), strict=True):
            for row, first in zip(pair, (0, _TOGETHER), strict=True):
                part = code.part(vector, first, len(some))
                code.do(f"store {part.typed}, ptr {row.at(start)}, align 8")


def _turned(code: Code, four: Sequence[Lanes]) -> list[Lanes]:
    """Four vectors of which number i of vector j becomes number j of vector i, in both halves."""
    a, b, c, d = four
    pairs = [(0, 8, 2, 10, 4, 12, 6, 14), (1, 9, 3, 11, 5, 13, 7, 15)]
    halves = [(0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15)]
    even, odd = ([code.shuffled(low, high, lanes) for low, high in ((a, b), (c, d))] for lanes in pairs)
    return [code.shuffled(low, high, lanes) for lanes in halves for low, high in (even, odd)]


# -- all samples ------------------------------------------------------------------------------------


def _only_summed(layout: TaskLayout) -> dict[int, list[int]]:
    """Products that nothing reads but their sum over the samples: their factors."""
    read = {o for line in layout.lines for o in line.operands} | set(layout.each)
    summed = {n for n in layout.totals if n not in read and n < len(layout.varies) and layout.varies[n]}
    return {line.id: list(line.operands) for line in layout.lines if line.operation == MULTIPLY and line.id in summed}


def _accumulate(writer: _Writer, place: int, factors: Sequence[int]) -> None:
    """sums[place] += the product of the factors, by parts of a register's width: one sum serves all lanes."""
    code, width = writer.code, _width()
    numbers = [writer.number(f) for f in factors]
    address = Doubles(code, "%sums").at(place * width)
    total = Lanes(code, "", width)
    total.name = code.once(f"load {total.kind}, ptr {address}, align 8")
    for start in range(0, code.lanes, width):
        parts = [code.part(number, start, width) for number in numbers]
        if len(parts) == 2:
            total = code.intrinsic("fma", *parts, total)
        else:
            total = Lanes(code, code.once(f"fadd {total.typed}, {parts[0]}"), width)
    code.do(f"store {total.typed}, ptr {address}, align 8")


def _width() -> int:
    return min(machine.width(), LANES)


def _chunk(layout: TaskLayout, by_column: bool) -> Callable[..., None]:
    """`chunk`: eight samples at a time; of the rest as many as a power of two allows, aside.

    What is computed several times over is summed as often, and then divided.
    """
    sums, width = len(layout.totals), _width()
    inputs, outputs = len(layout.columns), len(layout.each)
    aside = LANES * (inputs + outputs)

    def at(sample: Integer, number: Integer, numbers: int, samples: Integer | int) -> Integer:
        """The place of a number of a sample."""
        return sample + number * samples if by_column else sample * numbers + number

    def chunk(
        code: Code,
        fixed: Doubles,
        uniform: Doubles,
        batch: Doubles,
        each: Doubles,
        samples: Integer,
        partial: Doubles,
        first: Integer,
        last: Integer,
    ) -> None:
        work = Doubles(code, code.once(code.call("ptr", "malloc", f"i64 {8 * (2 * sums * width + aside)}")))
        few = work + sums * width
        read = few + sums * width
        written = read + inputs * LANES
        code.do(code.call("void", "llvm.memset.p0.i64", work, "i8 0", f"i64 {2 * sums * width * 8}", "i1 false"))
        sample = code.variable(first)
        with code.during(lambda: sample + (LANES - 1) < last):
            rows = [
                array + sample * (1 if by_column else length) for array, length in ((batch, inputs), (each, outputs))
            ]
            code.do(code.call("void", "body", fixed, uniform, *rows, work, samples))
            sample.set(sample + LANES)
        with code.during(lambda: sample < last):
            size = _power_of_two_within(last - sample)
            with code.loop(LANES) as lane, code.loop(inputs) as i:
                met = sample + (lane & (size - 1))
                read[at(lane, i, inputs, LANES)] = batch[at(met, i, inputs, samples)]
            code.do(code.call("void", "body", fixed, uniform, read, written, few, code.integer(LANES)))
            with code.loop(size) as lane, code.loop(outputs) as i:
                each[at(sample + lane, i, outputs, samples)] = written[at(lane, i, outputs, LANES)]
            sample.set(sample + size)
            share = code.number(code.write(f"uitofp {size.typed} to double")) / LANES
            with code.loop(sums * width) as i:
                work[i] = work[i] + few[i] * share
                few[i] = code.constant(0.0)
        add_lanes(code, work, width, partial, sums)
        code.do(code.call("void", "free", work))

    return chunk


def _power_of_two_within(x: Integer) -> Integer:
    """The largest power of two that is not above x."""
    zeros = x.code.call("i64", "llvm.ctlz.i64", x, "i1 true")
    return 1 << (63 - Integer(x.code, x.code.write(zeros)))
