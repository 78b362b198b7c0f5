"""The components of a softmax with what they have in common computed once: n components take n exponentials.

Executors run programs so; recorded, each component is an instruction of its own, of all the numbers, which machine code
would be written for component by component.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from math import inf, nan

from autograd.ops import table
from autograd.ops.expression import GREATER
from autograd.program.builder import Builder, Numbers
from autograd.program.graph import EQUAL, MAXIMUM, NEGATIVE, SOFTMAX, SUM, WHERE, Graph, Operation
from autograd.program.loops import Loop, Step

_SUBTRACT, _DIVIDE, _EXP, _LOGSUMEXP, _LOG_SOFTMAX = (
    Operation(row.name) for row in (table.subtract, table.divide, table.exp, table.logsumexp, table.log_softmax)
)
_GREATER = Operation(GREATER)
_COMPONENTS = SOFTMAX, _LOG_SOFTMAX


def shared_exponentials(program: Graph) -> Graph:
    """The same program with softmax(i, *xs) as exp(xᵢ - max) / Σ, and its logarithm by logsumexp, for every i.

    >>> b = Builder(["x", "y"])
    >>> print(shared_exponentials(b.finish([b.emit(SOFTMAX, (b.one, 0, 1))])))
    inputs x, y
    t1 = maximum(x, y)
    t2 = subtract(x, t1)
    t3 = exp(t2)
    t4 = subtract(y, t1)
    t5 = exp(t4)
    t6 = t3 + t5
    t7 = divide(t5, t6)
    outputs t7
    """
    if not any(map(_is_changed, program.operations)):
        return program
    changed: dict[Operation | Step, Loop] = {
        loop: loop.with_programs(shared_exponentials) for loop in program.operations if isinstance(loop, Loop)
    }
    builder = Builder(program.inputs)
    shared = _Shared(builder)
    numbers = [*range(len(program.inputs)), *map(builder.constant, program.constants.tolist())]
    for line in program:
        operands = tuple([numbers[i] for i in line.operands])
        index = builder.value_of(operands[0]) if line.operation in _COMPONENTS else None
        if index is None:
            numbers.append(builder.emit(changed.get(line.operation, line.operation), operands))
        elif line.operation == SOFTMAX:
            numbers.append(shared.component(int(index), operands[1:]))
        else:
            numbers.append(shared.logarithm(int(index), operands[1:]))
    return builder.finish([numbers[i] for i in program.outputs.tolist()])


def _is_changed(operation: Operation | Step) -> bool:
    if isinstance(operation, Loop):
        return any(any(map(_is_changed, body.operations)) for body in operation.programs)
    return operation in _COMPONENTS


class _Shared:
    """Components being written, and what those of one vector have in common."""

    def __init__(self, builder: Builder) -> None:
        self._builder, self._emit, self._known = builder, builder.emit, dict[Numbers, tuple[Numbers, int]]()

    def component(self, i: int, xs: Numbers) -> int:
        """exp(xᵢ - max) / Σ."""
        if xs not in self._known:
            self._known[xs] = self._exponentials(xs)
        exponentials, total = self._known[xs]
        return self._emit(_DIVIDE, (exponentials[i], total))

    def _exponentials(self, xs: Numbers) -> tuple[Numbers, int]:
        """exp(x - max) of each, and their sum."""
        top = _largest(self._builder, xs)
        exponentials = tuple([self._emit(_EXP, (self._emit(_SUBTRACT, (x, top)),)) for x in xs])
        return exponentials, self._emit(SUM, exponentials)

    def logarithm(self, i: int, xs: Numbers) -> int:
        """-logsumexp of the differences to xᵢ; of -inf it is -inf, unless all are -inf or one is nan."""
        emit, constant, own = self._emit, self._builder.constant, xs[i]
        finite = emit(NEGATIVE, (emit(_LOGSUMEXP, tuple([emit(_SUBTRACT, (x, own)) for x in xs])),))
        something = emit(_GREATER, (emit(_LOGSUMEXP, xs), constant(-inf)))
        least = emit(WHERE, (something, constant(-inf), constant(nan)))
        return emit(WHERE, (emit(EQUAL, (own, constant(-inf))), least, finite))


def _largest(builder: Builder, xs: Sequence[int]) -> int:
    """By pairs, and pairs of pairs, so that they wait for few others."""
    while len(xs) > 1:
        pairs = zip_longest(xs[::2], xs[1::2])
        xs = [a if b is None else builder.emit(MAXIMUM, (a, b)) for a, b in pairs]
    return xs[0]
