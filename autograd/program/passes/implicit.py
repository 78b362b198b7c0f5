"""Derivatives of what an equation says: where f(x, θ) = 0, x moves by −(∂f/∂x)⁻¹ · ∂f/∂θ · θ̇, however x was found.

This is the implicit function theorem.  Programs of it are written here, from a program of f, whose first inputs are x
and whose others are θ; they are put where a solution is derived, and are derived again for higher orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from autograd.ops import table
from autograd.program.builder import Builder
from autograd.program.graph import MULTIPLY, NEGATIVE, WHERE, Graph, Operation
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.through import Through

Emit: TypeAlias = Callable[[Operation, tuple[Any, ...]], Any]
SUBTRACT, DIVIDE, ABS, GREATER = (
    Operation(row.name) for row in (table.subtract, table.divide, table.abs_, table.greater)
)


def solution(emit: Emit, matrix: Sequence[Sequence[Any]], right: Sequence[Any]) -> list[Any]:
    """The x of matrix · x = right, by Gauss's elimination: the row of the largest entry in front, by choices."""
    n, rows = len(right), [[*row, b] for row, b in zip(matrix, right, strict=True)]
    for k in range(n):
        for i in range(k + 1, n):
            larger = emit(GREATER, (emit(ABS, (rows[i][k],)), emit(ABS, (rows[k][k],))))
            above, below = rows[k], rows[i]
            rows[k] = [*above[:k], *(emit(WHERE, (larger, b, a)) for a, b in zip(above[k:], below[k:], strict=True))]
            rows[i] = [*below[:k], *(emit(WHERE, (larger, a, b)) for a, b in zip(above[k:], below[k:], strict=True))]
        for i in range(k + 1, n):
            factor = emit(DIVIDE, (rows[i][k], rows[k][k]))
            rows[i][k + 1 :] = [
                emit(SUBTRACT, (b, emit(MULTIPLY, (factor, a))))
                for a, b in zip(rows[k][k + 1 :], rows[i][k + 1 :], strict=True)
            ]
    x: list[Any] = []
    for k in reversed(range(n)):
        known = zip(rows[k][k + 1 : n], x, strict=True)
        rest = rows[k][n]
        for a, value in known:
            rest = emit(SUBTRACT, (rest, emit(MULTIPLY, (a, value))))
        x.insert(0, emit(DIVIDE, (rest, rows[k][k])))
    return x


def with_slopes(through: Through, residual: Graph) -> Graph:
    """A program of f and, row after row, of ∂f/∂x."""
    builder, numbers = _begun(through, residual, ())
    matrix = _matrix(through, builder, residual, numbers)
    outputs = [numbers[i] for i in residual.outputs.tolist()]
    return expand_slopes(builder.finish([*outputs, *(slope for row in matrix for slope in row)]))


def moved(through: Through, residual: Graph, slots: Sequence[int]) -> Graph:
    """How x moves when those of the inputs at `slots` do: of x, θ and how they move."""
    builder, numbers = _begun(through, residual, [f"{residual.inputs[i]}·" for i in slots])
    first = len(residual.inputs)
    moves = through.tangents(
        builder, residual, numbers, dict(zip(slots, range(first, first + len(slots)), strict=True))
    )
    x = solution(builder.emit, _matrix(through, builder, residual, numbers), moves)
    return expand_slopes(builder.finish([builder.emit(NEGATIVE, (each,)) for each in x]))


def sent_back(through: Through, residual: Graph, slots: Sequence[int]) -> Graph:
    """The δ that go back to the inputs at `slots`: of x, θ and the δ of x."""
    n = len(residual.outputs)
    builder, numbers = _begun(through, residual, [f"δ{i}" for i in range(n)])
    first = len(residual.inputs)
    columns = list(zip(*_matrix(through, builder, residual, numbers), strict=True))
    weights = solution(builder.emit, columns, range(first, first + n))
    seeds: dict[int, int] = {}
    for output, weight in zip(residual.outputs.tolist(), weights, strict=True):
        less = builder.emit(NEGATIVE, (weight,))
        seeds[output] = builder.emit(SUBTRACT, (seeds[output], weight)) if output in seeds else less
    return expand_slopes(builder.finish(through.adjoints(builder, residual, numbers, seeds, slots)))


def _begun(through: Through, residual: Graph, more: Sequence[str]) -> tuple[Builder, list[int]]:
    """A builder with the residual in it, and with these inputs behind those of the residual."""
    builder = Builder([*residual.inputs, *more])
    return builder, through.copy_into(builder, residual, range(len(residual.inputs)))


def _matrix(through: Through, builder: Builder, residual: Graph, numbers: list[int]) -> list[list[int]]:
    """∂f/∂x, row by row."""
    x = range(len(residual.outputs))
    return [through.adjoints(builder, residual, numbers, {i: builder.one}, x) for i in residual.outputs.tolist()]
