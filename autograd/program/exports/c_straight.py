"""A program as straight-line code that reads as its listing, with loops where instructions are computed alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from autograd.ops.expression import Term, variable
from autograd.ops.primitive import lookup
from autograd.ops.special import halves
from autograd.program.exports.c_assigned import KNOWN, Pairs, assigned, without_unread, zeros_first
from autograd.program.exports.c_language import array, block, literal, number_of, with_unused, written
from autograd.program.exports.c_loops import LoopInC
from autograd.program.exports.c_rolled import (
    ConstantTable,
    Evenly,
    Item,
    MemberLoop,
    MemberPart,
    Read,
    Same,
    SharedNumbers,
    read_by,
    views,
)
from autograd.program.exports.c_rows import Need
from autograd.program.exports.c_single import Precision
from autograd.program.graph import DOT, SUM, Graph, Instruction, Operation, Tables, plain
from autograd.program.kernel import Floats
from autograd.program.loops import Column, Element, Final, Loop, columns_read, doubles_of

PART = 500  # instructions of one C function: the time that gcc takes grows faster than their number


class WrittenFunction(Protocol):
    """What the code is written for."""

    name: str
    program: Graph
    needed: dict[Need, None]
    tables: Tables
    precision: Precision
    stack: int

    @property
    def results(self) -> Sequence[tuple[str, int]]:
        """Names and sizes of what outputs are written into, one after the other."""

    def call(self, program: Graph, line: Instruction) -> str:
        """The function of an instruction, which the file then defines, with what makes its result the file's kind."""

    def result(self, number: int) -> str:
        """The lvalue of an output."""

    def piece(self, numbers: list[int]) -> tuple[str, int] | None:
        """Where these numbers stand side by side among the results, if they do."""

    def defined(self, lines: Sequence[str]) -> str:
        """The function of one sample."""


def first_of_vector(line: Instruction) -> int:
    """Where among the operands of a variadic row its vector begins: after y if it is a slope, and an index."""
    row, slot = plain(line.operation)
    return (slot is not None) + lookup(row).leading


class Straight:
    """One assignment an instruction; in a long program in parts, on whose numbers compilers do not choke.

    What loops wrote, and all numbers of a long program, stand in one array, whose places are used again.
    """

    def __init__(self, body: WrittenFunction, items: Sequence[Item]) -> None:
        self._body, program = body, body.program
        self._is_long = len(items) > PART and not program.has_loops
        self._array = "t" if self._is_long else "a"
        self._program, self._indent = program, ""
        self.loops = self._columns = 0  # how many there were, and numbers of their columns
        self._names: list[Any] = [f"x[{i}]" for i in range(len(program.inputs))]
        self._names += [literal(c) for c in program.constants.tolist()]
        self._names += [""] * (len(program) * (not program.has_loops))
        self._vectors_of: dict[tuple[str, ...], str] = {}
        self._taken = self._vectors = 0
        self._lines: list[str] = []
        self._parts: list[list[str]] = []
        self._room = _Room(body.program, items)
        self._stands = {0: ("x", 0)}  # where each array begins
        for at, item in enumerate(items):
            if self._is_long and at % PART == 0:
                self._vectors_of, self._lines = {}, []
                self._parts.append(self._lines)
            self._write(at, item)
        self._end(program.outputs.tolist())

    def _end(self, outputs: Sequence[int]) -> None:
        pairs: Pairs = [(self._body.result(i), self._names[n]) for i, n in enumerate(outputs)]
        self._zeros, pairs = zeros_first(self._body.results, pairs)
        self._results = assigned(pairs)
        if self.loops:
            self._forget_unread()
        size, body = self._room.size, self._body
        self._in_work = size * body.precision.width > body.stack
        self.work = doubles_of(body.program) or size * self._in_work  # how many numbers the work array holds

    def _forget_unread(self) -> None:
        lines, count = without_unread([*self._lines, *self._results]), len(self._results)
        self._lines = lines[: len(lines) - count]
        called = set(re.findall(r"\w+", "\n".join(lines)))
        for need in [need for need in self._body.needed if need.name not in called]:
            del self._body.needed[need]

    def _write(self, at: int, item: Item) -> None:
        if isinstance(item, MemberLoop):
            self._roll(at, item)
        elif self._is_long:
            said, place = self._expression(item), self._room.take(item.id, 1, at)
            self._names[item.id] = f"t[{place}]"
            self.say(f"t[{place}] = {said};")
        else:
            self._assign(item)
        self._room.release(at)

    def _assign(self, line: Instruction) -> None:
        name = self._number(line) if isinstance(line.operation, Operation) else self._step(line)
        if line.id < len(self._names):
            self._names[line.id] = name
        else:
            self._names.append(name)

    def _number(self, line: Instruction) -> str:
        said = self._expression(line)
        name = self._local()
        self.say(f"const double {name} = {said};")
        return name

    def _local(self) -> str:
        self._taken += 1
        return f"t{self._taken}"

    def say(self, line: str) -> None:
        """Write a line."""
        self._lines.append(self._indent + line)

    # -- what is computed alike -------------------------------------------------------------------

    def _roll(self, at: int, loop: MemberLoop) -> None:
        """A loop over members."""
        kept = {part.array: self._stand(part, at) for part in loop.parts if part.is_kept}
        listed = {read: self._vector([self._names[i] for i in read.numbers])
                  for part in loop.parts for read in part.reads if isinstance(read, SharedNumbers)}  # fmt: skip
        inside: dict[int, str] = {}  # what the member's results are called, by array
        with self.inside(f"for (int i = 0; i < {loop.members}; i++)" if loop.members > 1 else ""):
            for part in loop.parts:
                reads = [self._reader(read, inside, listed) for read in part.reads]
                name = inside[part.array] = self._summed(part, reads) if part.terms else self._member(part, reads)
                if part.is_kept:
                    self.say(f"{_place(*kept[part.array], (int(loop.members > 1),))} = {name};")
        for part in loop.parts:
            for member, number in enumerate(part.out.tolist() if part.is_kept else ()):
                base, start = kept[part.array]
                self._names[number] = f"{base}[{start + member}]"

    def _stand(self, part: MemberPart, at: int) -> tuple[str, int]:
        """Where what a loop makes is kept: among the results, if it is a piece of them."""
        place = None if self._is_long else self._body.piece(part.out.tolist())
        self._stands[part.array] = place or (self._array, self._room.take(int(part.out[0]), len(part.out), at))
        return self._stands[part.array]

    def _member(self, part: MemberPart, reads: Sequence[str]) -> str:
        name, said = self._local(), self._said(part.line, reads, self._program)
        self.say(f"const double {name} = {said};")
        return name

    def _summed(self, part: MemberPart, reads: Sequence[str]) -> str:
        """A sum of terms; it starts from -0, to which whatever is added stays itself."""
        name = self._local()
        product = " * ".join(reads[: 2 if part.line.operation == DOT else 1])
        self.say(f"double {name} = -0.0;")
        self.say(f"for (int j = 0; j < {part.terms}; j++) {name} += {product};")
        for addend in reads[2:]:
            self.say(f"{name} += {addend};")
        return name

    def _reader(self, read: Read, inside: dict[int, str], listed: dict[SharedNumbers, str]) -> str:
        match read:
            case Same(number):
                name: str = self._names[number]
                return name
            case SharedNumbers():
                return f"{listed[read]}[j]"
            case ConstantTable(numbers):
                constants = self._program.constants[numbers - len(self._program.inputs)]
                return _place(*_laid_out(self._body.tables, constants))
            case Evenly(array, start, steps):
                if array in inside:
                    return inside[array]
                base, first = self._stands[array]
                return _place(base, first + start, steps)
        raise TypeError(read)

    # -- loops of the program's own -----------------------------------------------------------------

    def _step(self, line: Instruction) -> Any:
        """What an instruction of a loop's is called: a number, a column's place in `work`, or a run's parts."""
        operands = [self._names[i] for i in line.operands]
        match line.operation:
            case Loop() as loop:
                return LoopInC(self, loop, operands).written(sorted(columns_read(self._program, line.id)))
            case Final(k):
                return operands[0][0][k]
            case Column(k):
                return operands[0][1][k]
            case Element(step):
                return f"work[{operands[0] + step}]"
        place = self.column(len(operands))
        for said in assigned([(f"work[{place + step}]", operand) for step, operand in enumerate(operands)]):
            self.say(said)
        return place

    def column(self, length: int) -> int:
        """Where in `work` a column may stand."""
        self._columns += length
        return self._columns - length

    def named(self) -> str:
        """The number by which what a loop uses is called."""
        self.loops += 1
        return str(self.loops)

    @contextmanager
    def inside(self, head: str) -> Iterator[None]:
        """A block, in which vectors are made that are not known behind it."""
        self.say(f"{head} {{".lstrip())
        outside = self._indent, self._vectors_of
        self._indent, self._vectors_of = self._indent + "    ", {}
        yield
        self._indent, self._vectors_of = outside
        self.say("}")

    def body_of(self, loop: Loop, given: list[Any]) -> list[str]:
        """The names of the body's outputs."""
        outside = self._program, self._names
        self._program, self._names = loop.body, [*given, *map(literal, loop.body.constants.tolist())]
        for line in loop.body:
            self._assign(line)
        found = [self._names[i] for i in loop.body.outputs.tolist()]
        self._program, self._names = outside
        return found

    # -- one instruction ----------------------------------------------------------------------------

    def _expression(self, line: Instruction) -> str:
        operands = [self._names[i] for i in line.operands]
        if line.operation in (DOT, SUM):
            return _sum(*halves(operands)) if line.operation == DOT else _sum((), (), operands)
        row, slot = plain(line.operation)
        if not lookup(row).variadic:
            return self._said(line, operands, self._program)
        first = first_of_vector(line)
        vector = operands[first:]
        given = operands[: first if lookup(row).reads_table else 1] if slot is not None else operands[:first]
        count = [str(len(vector))] * (slot is None)
        known = self._program.known_table(line)
        place = self._vector(vector) if known is None else self._body.tables.called(known)[0]
        return f"{self._body.call(self._program, line)}({', '.join([*given, *count, place])})"

    def _said(self, line: Instruction, operands: Sequence[str], program: Graph) -> str:
        """An operation of so many operands as every member of a loop has it."""
        row, slot = plain(line.operation)
        said = written(row, [_operand(text) for text in operands]) if slot is None else None
        return said or f"{self._body.call(program, line)}({', '.join(operands)})"

    def _vector(self, numbers: Sequence[str]) -> str:
        """Where these numbers stand side by side: where they are, or in an array that is made where first needed."""
        base, _, index = numbers[0].partition("[")
        if index and all(each == f"{base}[{i}]" for i, each in enumerate(numbers, int(index[:-1]))):
            return f"({base} + {index[:-1]})" if index != "0]" else base
        key = tuple(numbers)
        if key not in self._vectors_of:
            self._vectors += 1
            self._vectors_of[key] = f"v{self._vectors}"
            self.say(array(self._vectors_of[key], numbers))
        return self._vectors_of[key]

    # -- the functions ------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The function of one sample, and those that it calls."""
        body, room, name = self._body, self._room.size, self._array
        declared = [f"double *{name} = work;" if self._in_work else f"double {name}[{room}];"] * bool(room)
        if not self._is_long:
            return body.defined([*declared, *self._zeros, *self._lines, *self._results])
        named = [
            (f"void {body.name}_part{i}(const double *x, double *t)", part) for i, part in enumerate(self._parts, 1)
        ]
        # They are not static, or gcc would make one function of them again.
        functions = [f"{said};\n{said}\n{block(with_unused(('x', 't'), part))}" for said, part in named]
        calls = [f"{body.name}_part{i}(x, t);" for i in range(1, len(named) + 1)]
        return "\n".join([*functions, body.defined([*declared, *self._zeros, *calls, *self._results])])


class _Room:
    """Places in an array for numbers that are needed for a while."""

    def __init__(self, program: Graph, items: Sequence[Item]) -> None:
        self.size = 0
        self._free: dict[int, list[int]] = {}  # by how many stand together
        self._last = dict[int, int]()  # the last item that reads a number
        for at, item in enumerate(items):
            self._last.update(dict.fromkeys(read_by(item), at))
        self._last.update(dict.fromkeys(program.outputs.tolist(), len(items)))
        self._together = {int(part.out[0]): part.out.tolist() for item in items if isinstance(item, MemberLoop)
                          for part in item.parts}  # fmt: skip
        self._ends: dict[int, list[tuple[int, int]]] = {}

    def take(self, number: int, length: int, at: int) -> int:
        """Room for this number, or for those of a loop of which it is the first, until nobody reads them."""
        free = self._free.get(length)
        place = free.pop() if free else self.size
        if place == self.size:
            self.size += length
        last = max(self._last.get(each, at) for each in self._together.get(number, (number,)))
        self._ends.setdefault(last, []).append((length, place))
        return place

    def release(self, at: int) -> None:
        """What an item was the last to read."""
        for length, place in self._ends.pop(at, ()):
            self._free.setdefault(length, []).append(place)


def _place(name: str, start: int, steps: Sequence[int]) -> str:
    """The place of member i and, of a table of terms, term j."""
    counters = "ij" if len(steps) == 2 else "i"
    up = [k if step == 1 else f"{step} * {k}" for step, k in zip(steps, counters, strict=True) if step > 0]
    down = [k if step == -1 else f"{-step} * {k}" for step, k in zip(steps, counters, strict=True) if step < 0]
    first = [str(start)] * (start > 0 or not up)
    return f"{name}[{' - '.join([' + '.join([*first, *up]), *down])}]"


def _laid_out(tables: Tables, constants: Floats) -> tuple[str, int, tuple[int, ...]]:
    """The table that these constants stand in, where they start, and their steps: one that stands already, if any."""
    shape = constants.shape
    for key, signs in views(constants):
        if key in tables.named:
            turned = abs(signs[0]) == 2
            sizes = (1, shape[0]) if turned else (shape[-1], 1)[-len(shape) :]
            steps = tuple(size * (1 if sign > 0 else -1) for size, sign in zip(sizes, signs, strict=True))
            start = sum(-step * (count - 1) for step, count in zip(steps, shape, strict=True) if step < 0)
            break
    else:
        tables.called(tuple(constants.reshape(-1).tolist()))
        return _laid_out(tables, constants)
    once = tuple(step if count > 1 else 0 for step, count in zip(steps, shape, strict=True))
    return tables.named[key][0], start, once


def _sum(weights: Sequence[str], inputs: Sequence[str], rest: Sequence[str]) -> str:
    """Σ weight · input, and the rest: a factor of 1 needs no product."""
    products = [_product(pair) for pair in zip(weights, inputs, strict=True)]
    return " + ".join([*products, *rest]) or "0.0"


def _product(factors: tuple[str, str]) -> str:
    if factors[0] == "-1.0":
        return f"-{factors[1]}" if factors[1][0] != "-" else factors[1][1:]
    return " * ".join(factor for factor in factors if factor != "1.0") or "1.0"


def _operand(text: str) -> Term:
    """A variable or a number, as the printer wants it, which puts parentheses around -1.0."""
    return number_of(text) if KNOWN.fullmatch(text) else variable(text)
