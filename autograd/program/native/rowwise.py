"""Operations on rows of samples as machine code: what stands between the matrix products of a large program.

A function computes some results of the same operands, number by number, for several rows; it is handed one pointer:

    rows, columns, then of each operand and of each result where its first row begins, and how many bytes to the next
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from autograd.ops.primitive import MOST_ROWS, lookup
from autograd.program.graph import Operation
from autograd.program.native import rules
from autograd.program.native.callbacks import called
from autograd.program.native.code import Code, Lanes, Unaligned
from autograd.program.native.machine import Library
from autograd.program.native.objects import library
from autograd.program.native.routine import Integer, Longs, Mask, Text

LANES = 8


class RowFormula(NamedTuple):
    """What is computed: operations, the operands of each by their places, and which operands are alike in a row."""

    results: tuple[tuple[Operation, tuple[int, ...]], ...]
    alike: tuple[bool, ...]


@lru_cache(MOST_ROWS)
def function(formula: RowFormula) -> Callable[[Any], None] | None:
    """The machine code of a formula; None where it asks Python, or wants an operand that is known beforehand."""
    if any(_wants_known(operation) for operation, _ in formula.results):
        return None
    code, text = Code(LANES), Text()
    _write(code, formula)
    if called(code):
        return None
    text.add("rowwise", "void @rowwise(ptr noalias readonly %given) nounwind", code)
    made = library("rowwise", str(text))
    _LIBRARIES.append(made)
    released = ctypes.CFUNCTYPE(None, ctypes.c_void_p)  # of Python's lock: others run meanwhile
    run: Callable[[Any], None] = released(made.address("rowwise"))
    return run


_LIBRARIES: list[Library] = []  # as long as the process: there are only so many operations


def _wants_known(operation: Operation) -> bool:
    row = lookup(operation.row)
    return bool(row.orders or row.has_index or row.reads_table)


def _write(code: Code, formula: RowFormula) -> None:
    given = Longs(code, "%given")
    count, columns = given[0], given[1]
    places = [(given[2 + 2 * i], given[3 + 2 * i]) for i in range(len(formula.alike) + len(formula.results))]
    with code.loop(count) as row:
        begins = [Unaligned(code, code.once(f"inttoptr i64 {first + row * step} to ptr")) for first, step in places]
        operands = list(zip(begins, formula.alike, strict=False))
        alike = {i: code.splat(_first(code, begin)) for i, (begin, is_alike) in enumerate(operands) if is_alike}
        with code.loop(0, columns, LANES) as column:
            mask = _below(code, columns - column)
            numbers = [
                alike[i] if is_alike else _read(code, x, column, mask) for i, (x, is_alike) in enumerate(operands)
            ]
            for (operation, which), out in zip(formula.results, begins[len(operands) :], strict=True):
                result = rules.apply(code, operation, [numbers[i] for i in which])
                _store(code, result, out, column, mask)


def _first(code: Code, begin: Unaligned) -> Lanes:
    return Lanes(code, code.once(f"load double, ptr {begin}"))


def _below(code: Code, left: Integer) -> Mask:
    """Which lanes are among those that are left."""
    lanes = ", ".join(f"i64 {lane}" for lane in range(code.lanes))
    return Mask(code, code.write(f"icmp sgt {code.splat(left).typed}, <{lanes}>"), code.lanes)


def _read(code: Code, row: Unaligned, column: Integer, mask: Mask) -> Lanes:
    """The numbers from a column on; 1 in the lanes beyond the last."""
    place, ones = f"ptr {_at(code, row, column)}", code.constant(1.0)
    return code.number(
        code.once(code.call(ones.kind, f"llvm.masked.load.v{code.lanes}f64.p0", place, "i32 8", mask, ones))
    )


def _store(code: Code, number: Lanes, row: Unaligned, column: Integer, mask: Mask) -> None:
    place = f"ptr {_at(code, row, column)}"
    code.do(code.call("void", f"llvm.masked.store.v{code.lanes}f64.p0", number, place, "i32 8", mask))


def _at(code: Code, row: Unaligned, column: Integer) -> str:
    return code.write(f"getelementptr double, ptr {row}, i64 {column}")


def arguments(rows: int, columns: int, places: Sequence[tuple[int, int]]) -> Any:
    """What a function is handed, from (address, bytes to the next row) of each operand and result."""
    numbers = [rows, columns, *(number for place in places for number in place)]
    return (ctypes.c_int64 * len(numbers))(*numbers)
