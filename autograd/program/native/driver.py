"""The loop over a tape, and two loops that help to write one: each the algorithm that its machine function runs."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from autograd.program.native import entrance
from autograd.program.native.code import Code, Doubles, add_lanes
from autograd.program.native.machine import Library
from autograd.program.native.objects import library
from autograd.program.native.routine import (
    Array,
    Integer,
    Integers,
    Longs,
    Operand,
    Pointers,
    Text,
    larger,
    parameters,
    smaller,
)

T = TypeVar("T", bound=Array)
LANES = 8

# The words of the context that a handler is given: sizes, and pointers to where a block's samples are.
CONTEXT = ("uniform", "blocks", "columns", "outputs", "valid", "row", "out", "sums")


class Context(Array):
    """The context, read and written by the names of its words."""

    __slots__ = ()
    unit = "i64"

    def word(self, name: str) -> str:
        """The address of a word."""
        return self.at(CONTEXT.index(name))

    def __getitem__(self, name: str) -> Integer:
        return Integer(self.code, self.code.once(f"load i64, ptr {self.word(name)}"))

    def __setitem__(self, name: str, value: Operand) -> None:
        self.code.do(f"store {value.typed}, ptr {self.word(name)}")

    def array(self, name: str, kind: type[T]) -> T:
        """The array of which a word is the address."""
        return kind(self.code, self.code.once(f"load ptr, ptr {self.word(name)}"))


# -- to run a tape ----------------------------------------------------------------------------------


def once(code: Code, registers: Doubles, tape: Integers, end: Integers, table: Pointers, context: Context) -> None:
    """Run by run: the handler of its operation computes it, and says where the next one begins."""
    run = code.variable(tape)
    with code.during(lambda: run < end):
        handler, given = table[run[0]], (registers, run + 1, run + 2, context)
        run.set(Integers(code, code.once(f"call ptr {handler}({', '.join(each.typed for each in given)})")))


def bound(
    code: Code,
    registers: Doubles,
    tape: Integers,
    end: Integers,
    table: Pointers,
    context: Context,
    fixed: Doubles,
    fixed_inputs: Integer,
    batch: Doubles,
    columns: Integer,
) -> None:
    """A single sample: its inputs go into the first registers, then the tape is run."""
    for place, inputs, count in ((registers, fixed, fixed_inputs), (registers + fixed_inputs, batch, columns)):
        code.do(code.call("void", "llvm.memcpy.p0.p0.i64", place, inputs, count * 8, "i1 false"))
    code.do(code.call("void", "once", registers, tape, end, table, context))


def chunk(
    code: Code,
    registers: Doubles,
    tape: Integers,
    end: Integers,
    table: Pointers,
    context: Context,
    batch: Doubles,
    each: Doubles,
    partial: Doubles,
    count: Integer,
    first: Integer,
    last: Integer,
) -> None:
    """Run the tape for every block of samples, the last with no more vectors than it fills; add the sums' lanes."""
    sums, blocks = context.array("sums", Doubles), context["blocks"]
    columns, outputs = context["columns"], context["outputs"]
    code.do(code.call("void", "llvm.memset.p0.i64", sums, "i8 0", count * (8 * LANES), "i1 false"))
    with code.loop(first, last, blocks * LANES) as sample:
        left = last - sample
        context["row"] = batch + sample * columns
        context["out"] = each + sample * outputs
        context["valid"] = left
        context["blocks"] = smaller(blocks, (left + (LANES - 1)) // LANES)
        code.do(code.call("void", "once", registers, tape, end, table, context))
    add_lanes(code, sums, LANES, partial, count)
    context["blocks"] = blocks


# -- to write a tape --------------------------------------------------------------------------------


def levels(
    code: Code, n: Integer, first: Integer, window: Integer, starts: Longs, operands: Integers, levels: Integers
) -> None:
    """How many instructions of its own window an instruction has to wait for, one after the other.

    Instruction i computes number first + i, of the numbers ``operands[starts[i]:starts[i + 1]]``.
    """
    with code.loop(n) as i:
        earliest, level = first + i // window * window, code.variable(code.integer(0))
        with code.loop(starts[i], starts[i + 1]) as k:
            operand = operands[k]
            with code.when(operand >= earliest):
                level.set(larger(level, levels[operand - first] + 1))
        levels[i] = level


def places(
    code: Code,
    n: Integer,
    starts: Longs,
    operands: Integers,
    results: Integers,
    last: Longs,
    place: Integers,
    free: Integers,
    used: Integer,
) -> Integer:
    """A register for every result, the one that was last given back first; how many are used then.

    A register is given back where its number is read for the last time; below 0 a result needs none.
    """
    registers, top = code.variable(used), code.variable(code.integer(0))  # of the stack of free registers
    with code.loop(n) as i:
        with code.loop(starts[i], starts[i + 1]) as k:
            operand = operands[k]
            with code.when(last[operand] == i):
                last[operand] = -1  # it may be read twice here
                free[top] = place[operand]
                top.set(top + 1)
        result = results[i]
        with code.when(result >= 0):
            with code.when(top == 0):
                free[0] = registers
                registers.set(registers + 1)
                top.set(top + 1)
            top.set(top - 1)
            place[result] = free[top]
    return registers


@cache
def driver() -> Library:
    """`once`, `bound` and `chunk` run a tape; `levels` and `places` help to write one."""
    text = Text()
    for write in (once, bound, chunk, levels, places):
        text.routine(write, Code(1))
    for function in (once, chunk, bound):
        entrance.released(text, function.__name__, *parameters(function).values())
    for name in ("bound", "bound.released"):
        entrance.method(text, name, *parameters(bound).values())
    return library("driver", str(text))
