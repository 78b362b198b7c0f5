"""The tape's machine: one short function of machine code an operation, compiled once a process.

A tape is a row of 32-bit words.  It consists of runs: instructions of one operation that do not depend
on each other, so that a processor guesses right where to jump.

    operation, count, then for each instruction: result, operands…

Of dot and sum, the number of factors or terms stands in front of the result, and the factors stand in
pairs.  Results and operands are places in a file of registers.  A register holds a block of samples,
eight a vector; the first registers hold numbers that are the same for all samples, in one vector.

For a single sample a register is a double, and a long operation computes several instructions of its
run at once, one a lane.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd.program.graph import DOT, SUM, Operation
from autograd.program.native import rules
from autograd.program.native.code import Code, Number, Text
from autograd.program.native.driver import CONTEXT, LANES
from autograd.program.native.driver import VECTOR as _VECTOR
from autograd.program.native.machine import Library, width

_SHORT = 8  # lines of code from which on an operation on doubles is worth gathering
_UNROLLED = 4  # vectors of a block that a dot works on at once

LOAD, STORE, TOTAL = Operation("load"), Operation("store"), Operation("total")  # instructions of the tape alone


class Kind(NamedTuple):
    """What a run computes: an operation, and what of its operands is known beforehand."""

    operation: Operation
    operands: int = 0  # how many, but for dot and sum
    known: tuple[tuple[int, float], ...] = ()  # (which operand, its constant)
    exact: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether the tape says how many operands there are."""
        return self.operation in (DOT, SUM)


_ADDRESSES: dict[tuple[Kind, bool], int] = {}
_LIBRARIES: list[Library] = []  # handlers live as long as the process: there are only so many operations


def handlers(kinds: Sequence[Kind], single: bool) -> list[int]:
    """The addresses of the functions for these kinds, for a single sample or for blocks."""
    missing = [kind for kind in kinds if (kind, single) not in _ADDRESSES]
    if missing:
        text = Text()
        for i, kind in enumerate(missing):
            _SPECIAL.get((kind.operation, single), _single if single else _blocks)(text, f"handler{i}", kind)
        library = Library(str(text))
        _LIBRARIES.append(library)
        for i, kind in enumerate(missing):
            _ADDRESSES[kind, single] = library.address(f"handler{i}")
    return [_ADDRESSES[kind, single] for kind in kinds]


# -- pieces of handlers -----------------------------------------------------------------------------


class _Handler(Code):
    """The code of ``for instruction in run``."""

    def __init__(self, lanes: int) -> None:
        super().__init__(lanes)
        self.do("%count32 = load i32, ptr %c")
        self.do("%count = zext i32 %count32 to i64")
        self.do("br label %head")
        self.label("head")
        self.do("%q = phi ptr [ %start, %entry ], [ %q1, %latch ]")
        self.do("%i = phi i64 [ 0, %entry ], [ %i1, %latch ]")
        self.do("%more = icmp slt i64 %i, %count")
        self.do("br i1 %more, label %instruction, label %end")
        self.label("instruction")

    def label(self, name: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{name}:")
        self.block = name

    def word(self, index: int | str, base: str = "%q") -> str:
        """A word of the instruction."""
        address = self.once(f"getelementptr i32, ptr {base}, i64 {index}")
        return self.once(f"zext i32 {self.once(f'load i32, ptr {address}')} to i64")

    def context(self, name: str, kind: str = "i64") -> str:
        """A word of the context."""
        address = self.once(f"getelementptr i64, ptr %context, i64 {CONTEXT.index(name)}")
        return self.once(f"load {kind}, ptr {address}")

    def at(self, base: str, index: str, kind: str = "double") -> str:
        """The address base[index]."""
        return self.once(f"getelementptr {kind}, ptr {base}, i64 {index}")

    def step(self, uniform: str, place: str) -> str:
        """How far a register's next vector is: 1, or 0 if it has but one."""
        return self.once(f"zext i1 {self.once(f'icmp uge i64 {place}, {uniform}')} to i64")

    def loop(self, name: str, before: str, count: str) -> str:
        """Begin ``for name in range(count)``; its counter."""
        self.do(f"br label %{name}")
        self.label(name)
        self.do(f"%{name}.i = phi i64 [ 0, %{before} ], [ %{name}.n, %{name}.next ]")
        self.do(f"%{name}.more = icmp slt i64 %{name}.i, {count}")
        self.do(f"br i1 %{name}.more, label %{name}.body, label %{name}.end")
        self.label(f"{name}.body")
        return f"%{name}.i"

    def close(self, name: str) -> None:
        """End the loop."""
        self.do(f"br label %{name}.next")
        self.label(f"{name}.next")
        self.do(f"%{name}.n = add i64 %{name}.i, 1")
        self.do(f"br label %{name}")
        self.label(f"{name}.end")

    def finish(self, text: Text, name: str, words: str, instructions: int = 1) -> None:
        """Go to the next instruction, so many words and instructions on; add the function."""
        self.do("br label %latch")
        self.label("latch")
        self.do(f"%q1 = getelementptr i32, ptr %q, i64 {words}")
        self.do(f"%i1 = add i64 %i, {instructions}")
        self.do("br label %head")
        self.label("end")
        text.handler(name, self)


def _compute(code: Code, kind: Kind, given: Sequence[Number]) -> Number:
    """The operation on the operands that the tape gives and those that are known."""
    rest, known = iter(given), dict(kind.known)
    operands = [code.constant(known[i]) if i in known else next(rest) for i in range(kind.operands)]
    return rules.apply(code, kind.operation, operands, kind.exact)


# -- on blocks of samples ---------------------------------------------------------------------------


def _blocks(text: Text, name: str, kind: Kind) -> None:
    """An operation with so many operands."""
    code = _Handler(LANES)
    uniform, blocks = code.context("uniform"), code.context("blocks")
    given = kind.operands - len(kind.known)
    places = [code.word(1 + i) for i in range(given)]
    starts = [code.at("%r", place, _VECTOR) for place in places]
    steps = [code.step(uniform, place) for place in places]
    result = code.at("%r", code.word(0), _VECTOR)
    b = code.loop("block", "instruction", blocks)
    numbers = []
    for start, step in zip(starts, steps, strict=True):
        address = code.at(start, code.once(f"mul i64 {b}, {step}"), _VECTOR)
        numbers.append(code.number(code.once(f"load {_VECTOR}, ptr {address}, align 64")))
    answer = _compute(code, kind, numbers)
    code.do(f"store {_VECTOR} {answer.name}, ptr {code.at(result, b, _VECTOR)}, align 64")
    code.close("block")
    code.finish(text, name, str(1 + given))


def _blocks_counted(text: Text, name: str, kind: Kind) -> None:
    """A dot or sum: blocks four at a time, so that the sums stay in registers; then those that are left."""
    code = _Handler(LANES)
    uniform, blocks = code.context("uniform"), code.context("blocks")
    n, result = code.word(0), code.at("%r", code.word(1), _VECTOR)
    terms = code.once("getelementptr i32, ptr %q, i64 2")
    many = code.once(f"udiv i64 {blocks}, {_UNROLLED}")
    done = code.once(f"mul i64 {many}, {_UNROLLED}")
    rest = code.once(f"sub i64 {blocks}, {done}")
    for loop, times, unrolled, offset in (("many", many, _UNROLLED, "0"), ("few", rest, 1, done)):
        before = code.block
        i = code.loop(loop, before, times)
        b = code.once(f"add i64 {code.once(f'mul i64 {i}, {unrolled}')}, {offset}")
        totals = _totals(code, loop, kind, n, terms, b, uniform, unrolled)
        for u, total in enumerate(totals):
            address = code.at(result, code.once(f"add i64 {b}, {u}"), _VECTOR)
            code.do(f"store {_VECTOR} {total}, ptr {address}, align 64")
        code.close(loop)
    code.finish(text, name, _words(code, n))


def _words(code: _Handler, n: str) -> str:
    """The words of a counted instruction."""
    return code.once(f"add i64 {n}, 2")


def _totals(
    code: _Handler, loop: str, kind: Kind, n: str, terms: str, b: str, uniform: str, unrolled: int
) -> list[str]:
    """The sums over the terms, for so many vectors of the block side by side."""
    factors = 2 if kind.operation == DOT else 1
    before, name = code.block, f"{loop}.term"
    count = code.once(f"udiv i64 {n}, {factors}")
    code.do(f"br label %{name}")
    code.label(name)
    code.do(f"%{name}.i = phi i64 [ 0, %{before} ], [ %{name}.n, %{name}.body ]")
    sums = [f"%{name}.s{u}" for u in range(unrolled)]
    for u, phi in enumerate(sums):
        code.do(f"{phi} = phi {_VECTOR} [ zeroinitializer, %{before} ], [ %{name}.t{u}, %{name}.body ]")
    code.do(f"%{name}.more = icmp slt i64 %{name}.i, {count}")
    code.do(f"br i1 %{name}.more, label %{name}.body, label %{name}.end")
    code.label(f"{name}.body")
    first = code.once(f"mul i64 %{name}.i, {factors}")
    columns = [
        _vectors(code, code.word(code.once(f"add i64 {first}, {f}"), terms), b, uniform, unrolled)
        for f in range(factors)
    ]
    for u, numbers in enumerate(zip(*columns, strict=True)):
        added = _plus(code, code.number(sums[u]), list(numbers), kind.exact)
        code.do(f"%{name}.t{u} = {added}")
    code.do(f"%{name}.n = add i64 %{name}.i, 1")
    code.do(f"br label %{name}")
    code.label(f"{name}.end")
    return _with_bias(code, name, n, terms, b, uniform, sums) if factors == 2 else sums


def _plus(code: Code, total: Number, factors: Sequence[Number], exact: bool) -> str:
    """The instruction that adds a term or a product."""
    names = ", ".join(f"{code.doubles} {f.name}" for f in factors)
    if len(factors) == 1:
        return f"fadd {code.doubles} {total.name}, {factors[0].name}"
    if exact:
        return f"fadd {code.doubles} {total.name}, {(factors[0] * factors[1]).name}"
    suffix = "f64" if code.lanes == 1 else f"v{code.lanes}f64"
    kinds = ", ".join([code.doubles] * 3)
    code.declarations[f"declare {code.doubles} @llvm.fma.{suffix}({kinds})"] = None
    return f"call {code.doubles} @llvm.fma.{suffix}({names}, {code.doubles} {total.name})"


def _vectors(code: _Handler, place: str, b: str, uniform: str, count: int) -> list[Number]:
    """Vectors b, b + 1, … of a register; of a uniform one its only vector each time."""
    step = code.step(uniform, place)
    start = code.at(code.at("%r", place, _VECTOR), code.once(f"mul i64 {b}, {step}"), _VECTOR)
    numbers = []
    for u in range(count):
        address = code.at(start, code.once(f"mul i64 {u}, {step}"), _VECTOR)
        numbers.append(code.number(code.once(f"load {_VECTOR}, ptr {address}, align 64")))
    return numbers


def _with_bias(code: _Handler, name: str, n: str, terms: str, b: str, uniform: str, sums: list[str]) -> list[str]:
    """The sums, and what stands alone at the end of a dot of an odd number of operands."""
    odd = code.once(f"trunc i64 {n} to i1")
    before = code.block
    code.do(f"br i1 {odd}, label %{name}.bias, label %{name}.done")
    code.label(f"{name}.bias")
    last = code.word(code.once(f"sub i64 {n}, 1"), terms)
    biased = [
        code.once(f"fadd {_VECTOR} {total}, {number.name}")
        for total, number in zip(sums, _vectors(code, last, b, uniform, len(sums)), strict=True)
    ]
    code.do(f"br label %{name}.done")
    code.label(f"{name}.done")
    return [
        code.once(f"phi {_VECTOR} [ {total}, %{before} ], [ {other}, %{name}.bias ]")
        for total, other in zip(sums, biased, strict=True)
    ]


def _samples(code: _Handler, b: str) -> list[str]:
    """Which sample each lane of vector b computes; lanes that are too many compute the last one again."""
    code.declarations["declare i64 @llvm.umin.i64(i64, i64)"] = None
    first, valid = code.once(f"mul i64 {b}, {LANES}"), code.context("valid")
    last = code.once(f"sub i64 {valid}, 1")
    return [
        code.once(f"call i64 @llvm.umin.i64(i64 {code.once(f'add i64 {first}, {lane}')}, i64 {last})")
        for lane in range(LANES)
    ]


def _cells(code: _Handler, base: str, width: str, column: str, b: str) -> list[str]:
    """Where a column of a matrix of samples stands for each lane."""
    table, columns = code.context(base, "ptr"), code.context(width)
    start = code.at(table, column)
    return [code.at(start, code.once(f"mul i64 {s}, {columns}")) for s in _samples(code, b)]


def _load(text: Text, name: str, kind: Kind) -> None:
    """result = batch[:, operand]."""
    code = _Handler(LANES)
    result, column = code.at("%r", code.word(0), _VECTOR), code.word(1)
    b = code.loop("block", "instruction", code.context("blocks"))
    vector = "poison"
    for lane, cell in enumerate(_cells(code, "row", "columns", column, b)):
        scalar = code.once(f"load double, ptr {cell}")
        vector = code.once(f"insertelement {_VECTOR} {vector}, double {scalar}, i64 {lane}")
    code.do(f"store {_VECTOR} {vector}, ptr {code.at(result, b, _VECTOR)}, align 64")
    code.close("block")
    code.finish(text, name, "2")


def _source(code: _Handler, b: str) -> str:
    """The vector b of an instruction's only operand."""
    (number,) = _vectors(code, code.word(1), b, code.context("uniform"), 1)
    return number.name


def _store(text: Text, name: str, kind: Kind) -> None:
    """each[:, result] = operand."""
    code = _Handler(LANES)
    column = code.word(0)
    b = code.loop("block", "instruction", code.context("blocks"))
    vector = _source(code, b)
    for lane, cell in enumerate(_cells(code, "out", "outputs", column, b)):
        scalar = code.once(f"extractelement {_VECTOR} {vector}, i64 {lane}")
        code.do(f"store double {scalar}, ptr {cell}")
    code.close("block")
    code.finish(text, name, "2")


def _total(text: Text, name: str, kind: Kind) -> None:
    """sums[result] += operand, where there is a sample."""
    code = _Handler(LANES)
    sums, valid = code.at(code.context("sums", "ptr"), code.word(0), _VECTOR), code.context("valid")
    numbers = code.once(f"insertelement <{LANES} x i64> poison, i64 {valid}, i64 0")
    limit = code.once(
        f"shufflevector <{LANES} x i64> {numbers}, <{LANES} x i64> poison, <{LANES} x i32> zeroinitializer"
    )
    b = code.loop("block", "instruction", code.context("blocks"))
    first = code.once(f"mul i64 {b}, {LANES}")
    start = code.once(f"insertelement <{LANES} x i64> poison, i64 {first}, i64 0")
    starts = code.once(
        f"shufflevector <{LANES} x i64> {start}, <{LANES} x i64> poison, <{LANES} x i32> zeroinitializer"
    )
    counting = ", ".join(f"i64 {lane}" for lane in range(LANES))
    sample = code.once(f"add <{LANES} x i64> {starts}, <{counting}>")
    mask = code.once(f"icmp slt <{LANES} x i64> {sample}, {limit}")
    term = code.once(f"select <{LANES} x i1> {mask}, {_VECTOR} {_source(code, b)}, {_VECTOR} zeroinitializer")
    total = code.once(f"load {_VECTOR}, ptr {sums}, align 64")
    code.do(f"store {_VECTOR} {code.once(f'fadd {_VECTOR} {total}, {term}')}, ptr {sums}, align 64")
    code.close("block")
    code.finish(text, name, "2")


# -- on a single sample -----------------------------------------------------------------------------


def _single(text: Text, name: str, kind: Kind) -> None:
    """An operation on doubles; a long one on several instructions of the run at once."""
    trial = Code(1)
    _compute(trial, kind, [trial.number(f"%x{i}") for i in range(kind.operands - len(kind.known))])
    lanes = 1 if len(trial.lines) < _SHORT else width()
    code = _Handler(lanes)
    code.declarations["declare i64 @llvm.umin.i64(i64, i64)"] = None
    words = 1 + kind.operands - len(kind.known)
    left = code.once("sub i64 %count, %i")
    last = code.once(f"sub i64 {left}, 1")
    done = code.once(f"call i64 @llvm.umin.i64(i64 {lanes}, i64 {left})")
    instructions = [
        code.once(
            "getelementptr i32, ptr %q, i64 "
            + code.once(f"mul i64 {words}, " + code.once(f"call i64 @llvm.umin.i64(i64 {lane}, i64 {last})"))
        )
        for lane in range(lanes)
    ]
    numbers = []
    for i in range(words - 1):
        scalars = [code.once(f"load double, ptr {code.at('%r', code.word(1 + i, q))}") for q in instructions]
        numbers.append(code.gather(scalars))
    answer = _compute(code, kind, numbers)
    for q, scalar in zip(instructions, code.scalars(answer), strict=True):
        code.do(f"store double {scalar}, ptr {code.at('%r', code.word(0, q))}")
    code.finish(text, name, code.once(f"mul i64 {words}, {done}"), lanes)


def _single_counted(text: Text, name: str, kind: Kind) -> None:
    """A dot or sum of doubles."""
    code = _Handler(1)
    n, result = code.word(0), code.at("%r", code.word(1))
    terms = code.once("getelementptr i32, ptr %q, i64 2")
    factors = 2 if kind.operation == DOT else 1
    before = code.block
    count = code.once(f"udiv i64 {n}, {factors}")
    code.do("br label %term")
    code.label("term")
    code.do(f"%t = phi i64 [ 0, %{before} ], [ %t1, %body ]")
    code.do(f"%sum = phi double [ 0.0, %{before} ], [ %sum1, %body ]")
    code.do(f"%another = icmp slt i64 %t, {count}")
    code.do("br i1 %another, label %body, label %summed")
    code.label("body")
    first = code.once(f"mul i64 %t, {factors}")
    numbers = []
    for f in range(factors):
        place = code.at("%r", code.word(code.once(f"add i64 {first}, {f}"), terms))
        numbers.append(code.number(code.once(f"load double, ptr {place}")))
    code.do(f"%sum1 = {_plus(code, code.number('%sum'), numbers, kind.exact)}")
    code.do("%t1 = add i64 %t, 1")
    code.do("br label %term")
    code.label("summed")
    total = "%sum"
    if factors == 2:
        odd = code.once(f"trunc i64 {n} to i1")
        code.do(f"br i1 {odd}, label %bias, label %done")
        code.label("bias")
        last = code.at("%r", code.word(code.once(f"sub i64 {n}, 1"), terms))
        biased = code.once(f"fadd double %sum, {code.once(f'load double, ptr {last}')}")
        code.do("br label %done")
        code.label("done")
        total = code.once(f"phi double [ %sum, %summed ], [ {biased}, %bias ]")
    code.do(f"store double {total}, ptr {result}")
    code.finish(text, name, _words(code, n))


def _single_output(pointer: str) -> Callable[[Text, str, Kind], None]:
    """each[result] = operand, or total[result] = operand."""

    def write(text: Text, name: str, kind: Kind) -> None:
        code = _Handler(1)
        number = code.once(f"load double, ptr {code.at('%r', code.word(1))}")
        code.do(f"store double {number}, ptr {code.at(code.context(pointer, 'ptr'), code.word(0))}")
        code.finish(text, name, "2")

    return write


_SPECIAL: dict[tuple[Operation, bool], Callable[[Text, str, Kind], None]] = {
    (DOT, False): _blocks_counted,
    (SUM, False): _blocks_counted,
    (LOAD, False): _load,
    (STORE, False): _store,
    (TOTAL, False): _total,
    (DOT, True): _single_counted,
    (SUM, True): _single_counted,
    (STORE, True): _single_output("out"),
    (TOTAL, True): _single_output("sums"),
}
