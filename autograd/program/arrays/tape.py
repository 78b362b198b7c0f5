"""Irregular graphs: their instructions one after the other, over a row of samples or on plain floats.

Where operations of one level are few and read numbers from anywhere, gathering these for array
operations takes longer than calling NumPy once an instruction on a row of a thousand samples.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from autograd.ops import table
from autograd.ops.primitive import lookup
from autograd.program.arrays.places import Ids, Places
from autograd.program.arrays.steps import (
    LOOKED_UP,
    TANH_SLOPE,
    Call,
    Frame,
    alike_column,
    compute,
    index_operand,
    look_up,
    ufunc_of,
)
from autograd.program.arrays.tanh import tanh_slope
from autograd.program.graph import ADD, DOT, MULTIPLY, SUM, Graph, Operation, plain
from autograd.program.kernel import Floats

_FLOATS: dict[str, Callable[..., float]] = {
    table.add.name: operator.add, table.subtract.name: operator.sub, table.multiply.name: operator.mul,
    table.negative.name: operator.neg,
}  # fmt: skip
Ids32 = np.ndarray[Any, np.dtype[np.int32]]
POSITIVE = Operation(table.positive.name)
_CHUNK = 4096  # instructions whose numbers are Python's at a time


# -- making -----------------------------------------------------------------------------------------


def scalars(program: Graph, places: Places, lines: Ids) -> Scalars:
    """The step that runs these lines, which are the same for all samples, on floats."""
    numbers = lines + program.first
    places.assign(numbers, False)
    starts, operands = _rows_of(program.starts, program.operands, lines)
    code = program.code[lines].astype(np.int64)
    return Scalars(tuple(map(plain, program.operations)), code, starts, places.row[operands], places.row[numbers])


def tape(program: Graph, places: Places, lines: Ids, kept: Ids) -> Tape:
    """The step that runs these lines over rows; `kept` are the numbers needed afterwards."""
    starts, operands = _rows_of(program.starts, program.operands, lines)
    numbers, lengths = lines + program.first, np.diff(starts)
    _give_rows(places, numbers, _dying(places, numbers, lengths, operands, kept))
    constants = np.unique(operands[~places.batched[operands]])
    cell = places.row.copy()
    cell[constants] = places.rows[1] + np.arange(len(constants))
    operations = (*map(plain, program.operations), MULTIPLY, ADD, POSITIVE)
    written = _Writing(operations, room=places.rows[1] + len(constants))
    written.write(program.code[lines].tolist(), starts.tolist(), cell[operands].tolist(), cell[numbers].tolist())
    code, cells = np.array(written.code, np.int32), np.array(written.cells, np.int32).reshape(-1, 3)
    first = places.rows[1]
    tables = {at: given for at, given in written.others.items() if _is_looked_up(operations[code[at]], given, first)}
    for at, (index, *_, out) in tables.items():
        written.others[at] = index, out
    alike = places.row[constants]
    rows = {at: alike[np.array(given[1:-1]) - first] for at, given in tables.items()}
    return Tape(operations, code, cells, alike, written.others, rows)


def _is_looked_up(operation: Operation, cells: tuple[int, ...], first: int) -> bool:
    """Whether it looks up in a table that is the same for all samples: its cells are behind the samples' rows."""
    return operation in LOOKED_UP and min(cells[1:-1]) >= first


class _Writing:
    """Lines as calls of functions of one or two rows; a sum of products becomes several."""

    def __init__(self, operations: tuple[Operation, ...], room: int) -> None:
        self.operations = operations
        self.code: list[int] = []
        self.cells: list[tuple[int, int, int]] = []
        self.others: dict[int, tuple[int, ...]] = {}
        self._room = room
        self._multiply, self._add, self._positive = range(len(operations) - 3, len(operations))
        self._is_plain = [_is_plain(operation) for operation in operations]

    def write(self, codes: list[int], starts: list[int], operands: list[int], outs: list[int]) -> None:
        """Write every line."""
        plain, one, cells = self._is_plain, self.code.append, self.cells.append
        start = starts[0]
        for code, stop, out in zip(codes, starts[1:], outs, strict=True):
            if plain[code] and stop - start == 2:
                one(code)
                cells((operands[start], operands[start + 1], out))
            elif plain[code] and stop - start == 1:
                one(code)
                cells((operands[start], -1, out))
            else:
                self._long(code, tuple(operands[start:stop]), out)
            start = stop

    def _long(self, code: int, operands: tuple[int, ...], out: int) -> None:
        operation = self.operations[code]
        if operation in (DOT, SUM):
            n = len(operands) // 2 if operation == DOT else 0
            self._sum(
                [*zip(operands[:n], operands[n : 2 * n], strict=True), *((o, -1) for o in operands[2 * n :])], out
            )
            return
        self.others[len(self.code)] = (*operands, out)
        self._append(code, -1, -1, out)

    def _sum(self, terms: list[tuple[int, int]], out: int) -> None:
        """Σ a · b, where a b of -1 stands for a alone, term after term."""
        for i, (a, b) in enumerate(terms):
            term = a
            if i == 0 or b >= 0:
                term = self._room if i else out
                self._append(self._multiply if b >= 0 else self._positive, a, b, term)
            if i:
                self._append(self._add, out, term, out)

    def _append(self, code: int, a: int, b: int, out: int) -> None:
        self.code.append(code)
        self.cells.append((a, b, out))


def _is_plain(operation: Operation) -> bool:
    """Whether an operation is one function of all its operands, which are quantities."""
    return not lookup(operation.row).variadic


def _dying(places: Places, numbers: Ids, lengths: Ids, operands: Ids, kept: Ids) -> list[list[int]]:
    """For each line the numbers that nobody needs after it."""
    last = np.full(len(places.batched), -1, np.int64)
    last[numbers] = np.arange(len(numbers))
    last[operands] = np.repeat(np.arange(len(numbers)), lengths)  # a later use overwrites an earlier one
    last[kept] = -1
    ends = last[numbers]
    order = np.argsort(ends, kind="stable")
    order = order[np.searchsorted(ends[order], 0) :]
    cuts = np.searchsorted(ends[order], np.arange(len(numbers) + 1))
    dead = numbers[order].tolist()
    return [dead[a:b] for a, b in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)]


def _give_rows(places: Places, numbers: Ids, dying: list[list[int]]) -> None:
    """Give every number a row, one that is free again if there is one."""
    free: list[int] = []
    row: dict[int, int] = {}
    rows = places.rows[1]
    for number, dead in zip(numbers.tolist(), dying, strict=True):
        if free:
            row[number] = free.pop()
        else:
            row[number] = rows
            rows += 1
        free += [row[i] for i in dead]
    places.rows[1] = rows
    places.row[numbers] = list(row.values())


def _rows_of(starts: Ids, values: Any, chosen: Ids) -> tuple[Ids, Ids]:
    """The chosen rows of a ragged array, as another."""
    lengths = np.diff(starts)[chosen]
    begins = np.concatenate([[0], np.cumsum(lengths)])
    at = np.repeat(starts[:-1][chosen] - begins[:-1], lengths) + np.arange(begins[-1])
    return begins, values[at].astype(np.int64)


# -- running ----------------------------------------------------------------------------------------


class Tape(NamedTuple):
    """Instructions of a graph without regularity, one row of samples after the other.

    Cells are the rows of samples, then the alike numbers in `constants`, then one to work in.

    Attributes:
        operations: what occurs
        code: (n,) which of them an instruction is
        cells: (n, 3) its operands and its result; -1 where there is no operand
        others: the cells of instructions with more operands, by their place
        tables: for those of them that look up in a table of alike numbers the rows of that
    """

    operations: tuple[Operation, ...]
    code: Ids32
    cells: Ids32
    constants: Ids
    others: dict[int, tuple[int, ...]]
    tables: dict[int, Ids]

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        width = frame.samples.shape[1]
        room, work = np.empty(width), np.empty((2, width))
        cells: list[Floats] = []

        def fill() -> None:
            cells[:] = [*frame.samples, *frame.alike[self.constants], room]

        frame.prepare.append(fill)
        functions = [row_function(operation, work) for operation in self.operations]
        distinct = {rows.tobytes(): alike_column(frame, rows) for rows in self.tables.values()}
        columns = {at: distinct[rows.tobytes()] for at, rows in self.tables.items()}
        calls.append(partial(self._run, functions, cells, columns))

    def _run(self, functions: list[Callable[..., Any]], cells: list[Floats], columns: dict[int, Floats]) -> None:
        for start in range(0, len(self.code), _CHUNK):
            part = slice(start, start + _CHUNK)
            rows = self.cells[part].tolist()
            for i, (code, (a, b, out)) in enumerate(zip(self.code[part].tolist(), rows, strict=True), start):
                if b >= 0:
                    functions[code](cells[a], cells[b], cells[out])
                elif a >= 0:
                    functions[code](cells[a], cells[out])
                elif i in columns:
                    look_up(self.operations[code], columns[i], *[cells[cell] for cell in self.others[i]])
                else:
                    functions[code](*[cells[cell] for cell in self.others[i]])


def row_function(operation: Operation, work: Floats) -> Callable[..., Any]:
    """What computes an operation on rows: called with its operands, and the row to write; `work` is two rows."""
    if operation == TANH_SLOPE:
        return lambda y, x, out: tanh_slope(x, out, work)
    return ufunc_of(operation) or partial(_into, operation)


def _into(operation: Operation, *operands_and_out: Any) -> None:
    *operands, out = operands_and_out
    index = index_operand(operation)
    if index is not None:
        operands[index] = float(operands[index][0])
    compute(operation, out, *operands)


class Scalars(NamedTuple):
    """Instructions on alike numbers, one after the other, as Python floats.

    Attributes:
        operands: the operands' rows of each instruction, one after the other; `starts` says where they begin
    """

    operations: tuple[Operation, ...]
    code: Ids
    starts: Ids
    operands: Ids
    out: Ids

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        calls.append(partial(self._run, frame.alike))

    def _run(self, alike: Floats) -> None:
        numbers = alike[:, 0].tolist()
        functions = [float_function(operation) for operation in self.operations]
        starts, operands = self.starts.tolist(), self.operands.tolist()
        for i, (code, out) in enumerate(zip(self.code.tolist(), self.out.tolist(), strict=True)):
            start, stop = starts[i], starts[i + 1]
            if stop - start == 2:
                numbers[out] = functions[code](numbers[operands[start]], numbers[operands[start + 1]])
            else:
                numbers[out] = functions[code](*[numbers[o] for o in operands[start:stop]])
        alike[:, 0] = numbers


def float_function(operation: Operation) -> Callable[..., float]:
    """The operation on Python floats, never raising."""
    row, slot = lookup(operation.row), operation.slot
    if slot is None:
        return _FLOATS.get(operation.row) or row.float
    slopes = row.float_slopes

    def slope(*operands: float) -> float:
        found = slopes(*operands)[slot]
        return 0.0 if found is None else float(found)

    return slope
