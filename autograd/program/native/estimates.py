"""What machine code of a program would cost: its length, the time to compile it, and whether it serves best."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from autograd.ops.primitive import MOST_ROWS, lookup
from autograd.program.graph import DOT, MULTIPLY, SOFTMAX, SUM, Graph, Operation, remembered
from autograd.program.loops import Loop
from autograd.program.native import rules
from autograd.program.native.code import Code
from autograd.program.native.machine import is_available

LINES_UP_TO = 8000  # of machine code that is written out: about a second of LLVM's time, which grows faster than they
_LINES_AN_OPERAND = 40  # of a softmax and its relatives, which have an exponential for each
_LINES_A_TABLE = 40  # to look up in one

_TO_BEGIN, _TO_COMPILE_A_LINE = 0.02, 1e-4  # seconds, as benchmarks.ready has them

_LONG_DOT = 16  # terms from which a dot looks like a row of a matrix
_LAYERS = 0.8  # share of a program's operands in such dots from which it is a network of layers
_LONG = 2_000  # instructions from which loops that were found are run as such: with derivatives a tape otherwise
FEW_SAMPLES = 16  # below which a matrix product is not worth its call


@remembered
def lines_of(program: Graph) -> int:
    """About how many lines of machine code a program is when it is written out."""
    lengths, total = np.diff(program.starts), 0
    for code, operation in enumerate(program.operations):
        mine = lengths[program.code == code]
        if not isinstance(operation, Operation):
            total += len(mine) * (lines_of(operation.body) if isinstance(operation, Loop) else 1)
        elif operation in (DOT, SUM):
            total += int(mine.sum())
        elif lookup(operation.row).reads_table:
            total += sum(_lines_of_a_table(program, i) for i in np.flatnonzero(program.code == code).tolist())
        elif operation == SOFTMAX:
            total += 2 * len(mine) + _LINES_AN_OPERAND * _operands_of_vectors(program, code)
        elif lookup(operation.row).variadic:
            total += _LINES_AN_OPERAND * int(mine.sum())
        else:
            total += len(mine) * _lines(operation)
    return total + len(program.inputs) + len(program.outputs)


def _operands_of_vectors(program: Graph, code: int) -> int:
    """How many numbers components are taken of, those of one vector once: they share its exponentials."""
    lines = [program.line(i).operands[1:] for i in np.flatnonzero(program.code == code).tolist()]
    return sum(map(len, set(lines)))


def _lines_of_a_table(program: Graph, i: int) -> int:
    """Those of one that looks up: a table of constants is no code, but data."""
    numbers = program.operands[program.starts[i] + 1 : program.starts[i + 1]]
    is_known = (numbers >= len(program.inputs)) & (numbers < program.first)
    return _LINES_A_TABLE + (0 if is_known.all() else 2 * len(numbers))


@lru_cache(MOST_ROWS)
def _lines(operation: Operation) -> int:
    """The lines of one instruction."""
    code, row = Code(1), lookup(operation.row)
    operands = len(row.operands) + (operation.slot is not None)
    rules.apply(code, operation, [code.number(f"%x{i}") for i in range(operands)])
    return len(code.lines)


def is_written_out(program: Graph) -> bool:
    """Whether a program becomes straight code: it is small, or has loops, which no tape has."""
    return program.has_loops or lines_of(program) <= LINES_UP_TO


def serves(program: Graph, samples: int | None) -> str | None:
    """Why a program is best run as machine code on so many samples; None if it is not, or llvmlite is missing."""
    if not is_available():
        return None
    if program.has_loops:
        return "its loops are loops of machine code"
    if lines_of(program) <= LINES_UP_TO:
        return f"{len(program):,} instructions are few enough to be written out"
    if (samples or 1) >= FEW_SAMPLES and is_layered(program):
        return "its layers are matrix products, which NumPy computes, with machine code between them"
    return f"{len(program):,} instructions are run from a tape, which needs no compiling"


def has_products(program: Graph) -> bool:
    """Whether a program is too long to be written out, and its layers are matrix products."""
    return not is_written_out(program) and is_layered(program)


def seconds_to_compile(program: Graph) -> float:
    """About how long it takes until machine code for batches is ready: for loops and tapes next to nothing."""
    lines = lines_of(program)
    return 0.0 if program.has_loops or lines > LINES_UP_TO else _TO_BEGIN + lines * _TO_COMPILE_A_LINE


def loops_pay(program: Graph, samples: int | None, asked: bool) -> bool:
    """Whether to run loops that were found: not for little code, nor, unless `asked`, where NumPy's products are."""
    if not is_available() or lines_of(program) > LINES_UP_TO:
        return False
    loops = [operation for operation in program.operations if isinstance(operation, Loop)]
    if sum(loop.rolled for loop in loops) < _LONG:
        return False
    return asked or (samples or 1) < FEW_SAMPLES or not any(is_layered(loop.body) for loop in loops)


@remembered
def is_layered(program: Graph) -> bool:
    """Whether nearly all of a program is long dots, as in a network of wide layers.

    Products that nothing reads are not counted: the slopes along weights, which are matrix products where dots are.
    """
    lengths = np.diff(program.starts)
    is_dot, is_product = (
        np.array([operation == wanted for operation in program.operations], bool)[program.code]
        for wanted in (DOT, MULTIPLY)
    )
    is_read = np.bincount(program.operands, minlength=program.first + len(program))[program.first :] > 0
    counted = lengths[is_read | ~is_product].sum()
    return bool(lengths[is_dot & (lengths >= 2 * _LONG_DOT)].sum() >= _LAYERS * counted)
