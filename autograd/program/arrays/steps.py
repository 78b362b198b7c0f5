"""The steps of the numpy executor: each computes the results of many instructions for a block of samples.

A step knows where its operands and results lie (`MatrixRows`).  Bound to a `Frame`, which has the memory,
it becomes calls of NumPy functions on views that were made beforehand, so that running a block costs
nothing but these calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from autograd.ops import table, tables
from autograd.ops.primitive import Atom, Primitive, lookup
from autograd.program.arrays.places import Ids, MatrixRows
from autograd.program.arrays.tanh import room_for, shared_tanh
from autograd.program.graph import LOCATE, TAKE, Operation
from autograd.program.grouping import even_steps
from autograd.program.kernel import Floats

Call = Callable[[], object]
TANH, TANH_SLOPE = Operation("tanh"), Operation("tanh", 0)

_UFUNCS: dict[Primitive, np.ufunc] = {  # beside atoms that are ufuncs themselves
    table.add: np.add, table.subtract: np.subtract, table.multiply: np.multiply, table.divide: np.divide,
    table.square: np.square, table.negative: np.negative,
}  # fmt: skip

IN_ONE_PASS = frozenset(_UFUNCS.values())  # over the numbers, as fast as memory


class Frame:
    """Memory for one block of samples, and the calls that compute it.

    Attributes:
        alike: (rows, 1) the numbers that are the same for all samples
        samples: (rows, samples of a block)
        prepare: calls to make once, when the alike numbers are known
    """

    def __init__(self, rows: Sequence[int], width: int) -> None:
        self.alike = np.zeros((rows[0], 1))
        self.samples = np.zeros((rows[1], width))
        self.prepare: list[Call] = []

    def view(self, operand: MatrixRows, calls: list[Call]) -> Floats:
        """The operand's rows, (…, columns): a view where they lie evenly, else gathered by a call of its own."""
        matrix = self.samples if operand.batched else self.alike
        rows = operand.rows
        view = view_of(matrix, rows)
        if view is not None:
            return view
        gathered = np.empty((*rows.shape, matrix.shape[1]))
        flat = gathered.reshape(-1, matrix.shape[1])
        take = partial(np.take, matrix, rows.reshape(-1), 0, flat, "clip")  # "clip" takes straight into `flat`
        (calls if operand.batched else self.prepare).append(take)
        return gathered


def view_of(matrix: Floats, rows: Ids) -> Floats | None:
    """The rows (along the first axis) of a matrix or vector as a view, if they lie evenly."""
    steps = even_steps(rows)
    if steps is None:
        return None
    strides = (*[step * matrix.strides[0] for step in steps], *matrix.strides[1:])
    return np.lib.stride_tricks.as_strided(matrix[int(rows.flat[0]) :], (*rows.shape, *matrix.shape[1:]), strides)


class ArrayStep(Protocol):
    """What computes the results of some instructions."""

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        """Add to `calls` what computes them in the frame's memory."""


def ufunc_of(operation: Operation) -> np.ufunc | None:
    """NumPy's own function for an operation, where it has one that means the same."""
    if operation.slot is not None:
        return None
    row = lookup(operation.row)
    if isinstance(row.rule, Atom) and isinstance(row.rule.array, np.ufunc):
        return row.rule.array
    return _UFUNCS.get(row)


def compute(operation: Operation, out: Floats, *operands: Any) -> None:
    """The operation on arrays, by the row's own rule."""
    row = lookup(operation.row)
    if operation.slot is None:
        out[...] = row.array(*operands)
    else:
        slope = row.array_slopes(*operands)[operation.slot]
        out[...] = 0.0 if slope is None else slope


class Elementwise(NamedTuple):
    """One operation on several rows at once."""

    operation: Operation
    operands: tuple[MatrixRows, ...]
    out: MatrixRows

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        views = [frame.view(operand, calls) for operand in self.operands]
        out, written = frame.view(self.out, calls), ufunc_of(self.operation) or _WRITTEN.get(self.operation)
        calls.append(partial(written, *views, out) if written else partial(compute, self.operation, out, *views))


def _relu(x: Floats, out: Floats) -> None:
    """Without a condition for each, and the arrays that takes; of -0.0 it is 0.0."""
    np.maximum(x, 0.0, out=out)
    np.add(out, 0.0, out=out)


def _relu_slope(y: Floats, x: Floats, out: Floats) -> None:
    """1 where relu is positive, 0 where it is 0, nan where it is."""
    np.sign(y, out=out)


_WRITTEN: dict[Operation, Callable[..., None]] = {  # equal to the bit to what the rows say, and faster
    Operation(table.relu.name): _relu,
    Operation(table.relu.name, 0): _relu_slope,
}


class Tanh(NamedTuple):
    """tanh of several rows and tanh′ with it, or one of them."""

    operand: MatrixRows
    value: MatrixRows | None
    slope: MatrixRows | None

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        x = frame.view(self.operand, calls)
        value, slope = (None if o is None else frame.view(o, calls) for o in (self.value, self.slope))
        calls.append(partial(shared_tanh, x, value, slope, room_for(x)))


class MatrixProduct(NamedTuple):
    """Dots that share their second half: left @ right + bias, where left is alike for all samples."""

    left: MatrixRows
    right: MatrixRows
    bias: MatrixRows | None
    out: MatrixRows

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        left = frame.view(self.left, frame.prepare)[..., 0]
        if left.itemsize not in left.strides:  # BLAS wants the numbers of a row, or of a column, side by side
            compact = np.empty(left.shape)
            frame.prepare.append(partial(np.copyto, compact, left))
            left = compact
        out = frame.view(self.out, calls)
        calls.append(partial(np.matmul, left, frame.view(self.right, calls), out))
        if self.bias is not None:
            calls.append(partial(np.add, out, frame.view(self.bias, calls), out))


class Terms(NamedTuple):
    """Sums of products of any rows (or of rows alone), added in the order in which they stand."""

    terms: tuple[tuple[MatrixRows, MatrixRows | None], ...]
    out: MatrixRows

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        out = frame.view(self.out, calls)
        room = np.empty(out.shape)
        for i, (a, b) in enumerate(self.terms):
            term = frame.view(a, calls)
            if b is not None:
                target = room if i else out
                calls.append(partial(np.multiply, term, frame.view(b, calls), target))
                term = target
            elif i == 0:
                calls.append(partial(np.positive, term, out))
            if i:
                calls.append(partial(np.add, out, term, out))


class WholeVectors(NamedTuple):
    """Instructions on whole vectors, each by itself: softmax, logsumexp and their slopes.

    Attributes:
        lines: for each instruction its operands, a single row each, and where its result goes
        chooser: which operand is an index into the others, if one is
    """

    operation: Operation
    lines: tuple[tuple[tuple[MatrixRows, ...], MatrixRows], ...]
    chooser: int | None

    def bind(self, frame: Frame, calls: list[Call]) -> None:
        for operands, out in self.lines:
            if self.operation in LOOKED_UP and not any(operand.batched for operand in operands[1:]):
                rows = np.concatenate([operand.rows for operand in operands[1:]])
                column = alike_column(frame, rows)
                views = [frame.view(operand, calls)[0] for operand in (operands[0], out)]
                calls.append(partial(look_up, self.operation, column, *views))
                continue
            numbers: list[Any] = [frame.view(operand, calls)[0] for operand in operands]
            calls.append(partial(self._run, numbers, frame.view(out, calls)[0]))

    def _run(self, views: list[Any], out: Floats) -> None:
        if self.chooser is not None:
            views = [float(v[0]) if i == self.chooser else v for i, v in enumerate(views)]
        compute(self.operation, out, *views)


LOOKED_UP: dict[Operation, Callable[..., Any]] = {TAKE: tables.entry_in, LOCATE: tables.interval_in}


def alike_column(frame: Frame, rows: Ids) -> Floats:
    """A table whose entries are the same for all samples, filled in when these are known."""
    column = np.empty(len(rows))
    frame.prepare.append(lambda: np.copyto(column, frame.alike[rows, 0]))
    return column


def look_up(operation: Operation, column: Floats, index: Floats, out: Floats) -> None:
    """What stands in a table that is the same for all samples."""
    with np.errstate(invalid="ignore"):
        out[...] = LOOKED_UP[operation](column, index)


def index_operand(operation: Operation) -> int | None:
    """Which operand is not a quantity but chooses among the others; None if none is."""
    if not lookup(operation.row).has_index:
        return None
    return 0 if operation.slot is None else 1
