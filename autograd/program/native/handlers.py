"""The tape's machine: one short function of machine code an operation, compiled once a process.

A tape is a row of 32-bit words.  It consists of runs: instructions of one operation that do not depend
on each other, so that a processor guesses right where to jump.

    operation, count, then for each instruction: result, operands…

Of dot and sum, the number of factors or terms stands in front of the result, and the factors stand in
pairs; so does, of what looks up in a table, the number of operands, of which it reads those that it needs.
Results and operands are places in a file of registers.  A register holds a block of samples, eight a vector; the
first registers hold numbers that are the same for all samples, in one vector.

For a single sample a register is a double, and a long operation computes several instructions of its
run at once, one a lane.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from autograd.ops.primitive import TABLE
from autograd.program.graph import DOT, LOCATE, SUM, TAKE, Operation
from autograd.program.native import rules
from autograd.program.native.code import Code, Doubles, Lanes, Vectors, bits_of
from autograd.program.native.driver import LANES, Context
from autograd.program.native.machine import Library, width
from autograd.program.native.objects import library, made
from autograd.program.native.routine import Integer, Integers, Mask, Text, choose, smaller

Entry = Callable[[Integer], Lanes]  # the number at a place of a table

_SHORT = 8  # lines of code from which on an operation on doubles is worth gathering
_UNROLLED = 4  # vectors of a block that a dot works on at once

COUNTED = DOT, SUM, TAKE, LOCATE
LOAD, STORE, TOTAL = _OF_TAPES = Operation("load"), Operation("store"), Operation("total")  # of tapes alone


class RunKind(NamedTuple):
    """What a run computes: an operation, and what of its operands is known beforehand."""

    operation: Operation
    operands: int = 0  # how many, but of those that are counted
    known: tuple[tuple[int, float], ...] = ()  # (which operand, its constant)
    exact: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether the tape says how many operands there are."""
        return self.operation in COUNTED and not self.operands

    @property
    def is_short(self) -> bool:
        """Whether it is a dot or a sum of so many operands."""
        return self.operation in (DOT, SUM) and self.operands > 0


_ADDRESSES: dict[tuple[RunKind, bool], int] = {}
_LIBRARIES: list[Library] = []  # handlers live as long as the process: there are only so many operations


def handlers(kinds: Sequence[RunKind], single: bool) -> list[int]:
    """The addresses of the functions for these kinds, for a single sample or for blocks."""
    missing = [kind for kind in kinds if (kind, single) not in _ADDRESSES]
    if missing:
        code = _library(missing, single)
        _LIBRARIES.append(code)
        for i, kind in enumerate(missing):
            _ADDRESSES[kind, single] = code.address(f"handler{i}")
    return [_ADDRESSES[kind, single] for kind in kinds]


def _library(kinds: Sequence[RunKind], single: bool) -> Library:
    """The functions handler0, handler1, … for kinds: those of the table are known without being written."""

    def write() -> tuple[str, Sequence[int]]:
        text = Text()
        for i, kind in enumerate(kinds):
            _write(text, f"handler{i}", kind, single)
        return str(text), ()

    if all(kind.operation in _OF_TAPES or kind.operation.row in TABLE for kind in kinds):
        return made("handlers", repr((tuple(kinds), single)), write).library
    return library("handlers", write()[0])


def _write(text: Text, name: str, kind: RunKind, single: bool) -> None:
    """Add the function for a kind: ``for instruction in run``."""
    special = _single_written_out if single and kind.is_short else _SPECIAL.get((kind.operation, single))
    code = _Handler(single, LANES if not single else 1 if special else _lanes(kind))
    count = Integers(code, "%c")[0]
    with code.loop(0, count, code.lanes if single else 1) as i:
        code.left = count - i
        words = (special or (_single if single else _blocks))(code, kind)
        code.words.set(code.words + words)
    given = ", ".join(f"ptr noalias %{each}" for each in ("r", "c", "start", "context"))
    text.add(name, f"ptr @{name}({given}) nounwind", code, code.words.typed)


# -- pieces of handlers -----------------------------------------------------------------------------


class _Register(NamedTuple):
    """The vectors of a register; of a uniform one its only vector each time."""

    first: Doubles
    step: Integer  # how far the next vector is: 1, or 0

    def vectors(self, b: Integer, count: int) -> list[Lanes]:
        """Vectors b, b + 1, …"""
        vectors = self.first + b * self.step
        return [vectors[self.step * u] for u in range(count)]


class _Handler(Code):
    """The code of an instruction, whose words say in which registers its numbers stand."""

    left: Integer  # instructions of the run, this one among them

    def __init__(self, single: bool, lanes: int) -> None:
        super().__init__(lanes)
        self.registers = (Doubles if single else Vectors)(self, "%r")
        self.context = Context(self, "%context")
        self.uniform, self.blocks = self.context["uniform"], self.context["blocks"]
        self.words = self.variable(Integers(self, "%start"))

    def register(self, place: Integer) -> _Register:
        """The register at a place."""
        return _Register(self.registers + place, (place >= self.uniform).integer())


def _compute(code: Code, kind: RunKind, given: Sequence[Lanes]) -> Lanes:
    """The operation on the operands that the tape gives and those that are known."""
    rest, known = iter(given), dict(kind.known)
    operands = [code.constant(known[i]) if i in known else next(rest) for i in range(kind.operands)]
    return rules.apply(code, kind.operation, operands, kind.exact)


def _totals(
    code: _Handler, kind: RunKind, n: Integer, read: Callable[[Integer], Sequence[Lanes]], count: int
) -> list[Lanes]:
    """A dot or sum of n operands, for so many numbers side by side, which `read` finds at a place."""
    terms, factors = code.words + 2, 2 if kind.operation == DOT else 1
    totals = [code.variable(code.constant(0.0)) for _ in range(count)]
    with code.loop(n // factors) as t:
        columns = [read(terms[t * factors + f]) for f in range(factors)]
        for total, numbers in zip(totals, zip(*columns, strict=True), strict=True):
            total.set(_plus(code, total, numbers, kind.exact))
    if factors == 2:
        with code.when((n & 1) == 1):  # what stands alone at the end is added
            for total, number in zip(totals, read(terms[n - 1]), strict=True):
                total.set(total + number)
    return totals


def _plus(code: Code, total: Lanes, factors: Sequence[Lanes], exact: bool) -> Lanes:
    """The total and a term or a product."""
    if len(factors) == 1:
        return total + factors[0]
    return total + factors[0] * factors[1] if exact else code.fma(factors[0], factors[1], total)


# -- on blocks of samples: each writes the code of an instruction, and says how many words it has -----------


def _blocks(code: _Handler, kind: RunKind) -> int:
    """An operation with so many operands."""
    given = kind.operands - len(kind.known)
    operands = [code.register(code.words[1 + i]) for i in range(given)]
    result = code.registers + code.words[0]
    with code.loop(code.blocks) as b:
        numbers = [number for operand in operands for number in operand.vectors(b, 1)]
        result[b] = _compute(code, kind, numbers)
    return 1 + given


def _blocks_counted(code: _Handler, kind: RunKind) -> Integer:
    """A dot or sum: blocks four at a time, so that the sums stay in registers; then those that are left."""
    n, result, many = code.words[0], code.registers + code.words[1], code.blocks // _UNROLLED * _UNROLLED
    with code.loop(0, many, _UNROLLED) as b:
        _counted(code, kind, n, result, b, _UNROLLED)
    with code.loop(many, code.blocks) as b:
        _counted(code, kind, n, result, b, 1)
    return n + 2


def _counted(code: _Handler, kind: RunKind, n: Integer, result: Doubles, b: Integer, count: int) -> None:
    """Vectors b, b + 1, … of a dot or sum."""
    totals = _totals(code, kind, n, lambda place: code.register(place).vectors(b, count), count)
    for u, total in enumerate(totals):
        result[b + u] = total


def _cells(code: _Handler, matrix: str, columns: str, column: Integer, b: Integer) -> list[Doubles]:
    """Where a column of a matrix stands for each lane's sample; lanes that are too many take the last one again."""
    first, width, last = code.context.array(matrix, Doubles) + column, code.context[columns], code.context["valid"] - 1
    return [first + smaller(b * LANES + lane, last) * width for lane in range(LANES)]


def _load(code: _Handler, kind: RunKind) -> int:
    """result = batch[:, operand]."""
    result, column = code.registers + code.words[0], code.words[1]
    with code.loop(code.blocks) as b:
        result[b] = code.gather([cell[0] for cell in _cells(code, "row", "columns", column, b)])
    return 2


def _store(code: _Handler, kind: RunKind) -> int:
    """each[:, result] = operand."""
    column, operand = code.words[0], code.register(code.words[1])
    with code.loop(code.blocks) as b:
        (number,) = operand.vectors(b, 1)
        for cell, scalar in zip(_cells(code, "out", "outputs", column, b), code.scalars(number), strict=True):
            cell[0] = scalar
    return 2


def _total(code: _Handler, kind: RunKind) -> int:
    """sums[result] += operand, where there is a sample."""
    total, operand = code.context.array("sums", Vectors) + code.words[0], code.register(code.words[1])
    lanes = Integer(code, f"<{', '.join(f'i64 {lane}' for lane in range(LANES))}>", LANES)
    with code.loop(code.blocks) as b:
        (number,) = operand.vectors(b, 1)
        is_sample = lanes < code.splat(code.context["valid"] - b * LANES)
        total[0] = total[0] + code.select(is_sample, number, 0.0)
    return 2


# -- on a single sample -----------------------------------------------------------------------------


def _lanes(kind: RunKind) -> int:
    """How many instructions of a run are computed at once: as many as there is room for, if they are long."""
    trial = Code(1)
    _compute(trial, kind, [trial.number(f"%x{i}") for i in range(kind.operands - len(kind.known))])
    return 1 if len(trial.lines) < _SHORT else width()


def _single(code: _Handler, kind: RunKind) -> Integer:
    """An operation on doubles, on several instructions of the run at once."""
    words, last = 1 + kind.operands - len(kind.known), code.left - 1
    instructions = [code.words + smaller(last, lane) * words for lane in range(code.lanes)]
    numbers = [code.gather([code.registers[q[i]] for q in instructions]) for i in range(1, words)]
    answer = _compute(code, kind, numbers)
    for q, scalar in zip(instructions, code.scalars(answer), strict=True):
        code.registers[q[0]] = scalar
    return smaller(code.left, code.lanes) * words


def _single_counted(code: _Handler, kind: RunKind) -> Integer:
    """A dot or sum of doubles."""
    n, result = code.words[0], code.words[1]
    (code.registers[result],) = _totals(code, kind, n, lambda place: [code.registers[place]], 1)
    return n + 2


def _single_written_out(code: _Handler, kind: RunKind) -> int:
    """A dot or sum of so many doubles."""
    numbers = [code.registers[code.words[1 + i]] for i in range(kind.operands)]
    pairs = kind.operands // 2 * 2 if kind.operation == DOT else 0
    total: Lanes = code.constant(0.0)
    for i in range(0, pairs, 2):
        total = _plus(code, total, numbers[i : i + 2], kind.exact)
    for number in numbers[pairs:]:
        total = total + number
    code.registers[code.words[0]] = total
    return 1 + kind.operands


def _single_output(array: str) -> Callable[[_Handler, RunKind], int]:
    """each[result] = operand, or total[result] = operand."""

    def write(code: _Handler, kind: RunKind) -> int:
        code.context.array(array, Doubles)[code.words[0]] = code.registers[code.words[1]]
        return 2

    return write


# -- looking up -------------------------------------------------------------------------------------


def _blocks_looked_up(
    look_up: Callable[[_Handler, Integer, str, Entry], Lanes],
) -> Callable[[_Handler, RunKind], Integer]:
    """A lookup for each sample, one lane after the other, in what the operands are for it."""

    def write(code: _Handler, kind: RunKind) -> Integer:
        n, result, asked = code.words[0], code.registers + code.words[1], code.register(code.words[2])
        with code.loop(code.blocks) as b:
            (given,) = asked.vectors(b, 1)
            found = code.variable(code.constant(0.0))
            with code.loop(LANES) as lane:
                x = code.once(f"extractelement {given.typed}, {lane.typed}")
                entry = partial(_entry, code, b, lane)
                answer = look_up(code, n - 1, x, entry)
                found.set(code.number(code.once(f"insertelement {found.typed}, {answer.typed}, {lane.typed}")))
            result[b] = found
        return n + 2

    return write


def _entry(code: _Handler, b: Integer, lane: Integer, k: Integer) -> Lanes:
    """What the k-th operand behind the first is for the sample of a lane."""
    register = code.register(code.words[k + 3])
    return Doubles(code, (register.first + b * register.step).name)[lane]


def _single_looked_up(
    look_up: Callable[[_Handler, Integer, str, Entry], Lanes],
) -> Callable[[_Handler, RunKind], Integer]:
    """The same for a single sample."""

    def write(code: _Handler, kind: RunKind) -> Integer:
        n, result = code.words[0], code.words[1]
        x = code.registers[code.words[2]]
        code.registers[result] = look_up(code, n - 1, x.name, lambda k: code.registers[code.words[k + 3]])
        return n + 2

    return write


def _taken(code: _Handler, n: Integer, i: str, entry: Entry) -> Lanes:
    """The entry at ⌊i⌋ of n; nan where there is none."""
    size = code.write(f"sitofp {n.typed} to double")
    above, below = (code.write(f"fcmp {asks} double {i}, {other}") for asks, other in (("oge", "0.0"), ("olt", size)))
    is_inside = Mask(code, code.write(f"and i1 {above}, {below}"))
    answer = code.variable(Lanes(code, f"0x{bits_of(math.nan):016X}"))
    with code.when(is_inside):
        answer.set(entry(Integer(code, code.once(f"fptosi double {i} to i64"))))
    return answer


def _located(code: _Handler, n: Integer, x: str, entry: Entry) -> Lanes:
    """The interval between n knots that x lies in, halved again and again; nan at nan."""
    at, left = code.variable(code.integer(0)), code.variable(n - 1)
    with code.during(lambda: left >= 2):
        half = left >> 1
        is_above = Mask(code, code.once(f"fcmp ole {entry(at + half).typed}, {x}"))
        at.set(choose(is_above, at + half, at))
        left.set(left - half)
    place = code.once(f"sitofp {at.typed} to double")
    is_number = code.once(f"fcmp ord double {x}, {x}")
    nan = f"0x{bits_of(math.nan):016X}"
    return Lanes(code, code.once(f"select i1 {is_number}, double {place}, double {nan}"))


_SPECIAL: dict[tuple[Operation, bool], Callable[[_Handler, RunKind], Integer | int]] = {
    (DOT, False): _blocks_counted,
    (SUM, False): _blocks_counted,
    (TAKE, False): _blocks_looked_up(_taken),
    (LOCATE, False): _blocks_looked_up(_located),
    (TAKE, True): _single_looked_up(_taken),
    (LOCATE, True): _single_looked_up(_located),
    (LOAD, False): _load,
    (STORE, False): _store,
    (TOTAL, False): _total,
    (DOT, True): _single_counted,
    (SUM, True): _single_counted,
    (STORE, True): _single_output("out"),
    (TOTAL, True): _single_output("sums"),
}
