"""Programs simplified for finite numbers: what adds 0, multiplies by 0 or 1, or takes x from x is not computed.

With IEEE's arithmetic 0·x is nan where x is infinite, so nothing of this is done unless somebody asks for it.  Where
no number is infinite or nan, what is left computes the same numbers; only a zero may have the other sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from autograd.ops import expression, table
from autograd.ops.expression import Expression, mentions, within
from autograd.ops.primitive import lookup
from autograd.ops.special import halves
from autograd.program.builder import Builder, Numbers
from autograd.program.graph import ADD, DOT, GUARD, MAXIMUM, MULTIPLY, NEGATIVE, POWER, SUM, WHERE, Graph, Operation
from autograd.program.loops import Loop, Step, without_unused
from autograd.program.passes.adjoint import slope_terms

SUBTRACT, DIVIDE, MINIMUM, POSITIVE = (
    Operation(row.name) for row in (table.subtract, table.divide, table.minimum, table.positive)
)
COMPARISONS = {
    Operation(row.name) for row in (table.less, table.less_equal, table.greater, table.greater_equal, table.equal_)
}
Pair: TypeAlias = tuple[int, int]
Rule: TypeAlias = Callable[[Numbers], int | None]  # a simpler number than an operation of these, if there is one


def simplified(program: Graph, exact: bool = False) -> Graph:
    """The same program for finite numbers; `exact` keeps the order in which sums are added.

    >>> b = Builder(["x", "y"])
    >>> nothing = b.emit(MULTIPLY, (b.zero, 0))
    >>> print(simplified(b.finish([b.emit(ADD, (b.emit(MULTIPLY, (nothing, 1)), 1))])))
    inputs x, y
    outputs y
    simplified for finite numbers
    """
    builder = _Simplifier(program.inputs, exact)
    loops: dict[Operation | Step, Loop] = {
        loop: loop.with_programs(lambda body: simplified(body, exact))
        for loop in program.operations
        if isinstance(loop, Loop)
    }
    numbers = [*range(len(program.inputs)), *map(builder.constant, program.constants.tolist())]
    for line in program:
        operands = tuple([numbers[i] for i in line.operands])
        loop = loops.get(line.operation)
        written = (
            builder.emit(line.operation, operands) if loop is None else builder.emit(*without_unused(loop, operands))
        )
        builder.describe(written, program.words.get(line.id))
        numbers.append(written)
    return replace(builder.finish([numbers[i] for i in program.outputs.tolist()]), simplified=True)


class _Simplifier(Builder):
    """A builder that looks for something simpler before it writes an instruction."""

    def __init__(self, inputs: Sequence[str], exact: bool) -> None:
        super().__init__(inputs)
        self._exact = exact
        self._rule_of: list[Rule | None] = []  # by the codes of operations
        self._negatives: dict[int, int] = {}  # what numbers are the negatives of
        self._rules: dict[Operation | Step, Rule] = {
            ADD: lambda operands: self._sum_of(ADD, operands),
            SUM: lambda operands: self._sum_of(SUM, operands),
            SUBTRACT: self._subtract,
            MULTIPLY: self._multiply,
            DIVIDE: self._divide,
            NEGATIVE: self._negative,
            POSITIVE: lambda operands: operands[0],
            POWER: self._power,
            DOT: self._dot,
            WHERE: self._where,
            GUARD: self._where,
            MAXIMUM: _if_the_same,
            MINIMUM: _if_the_same,
        }

    def emit_code(self, code: int, operands: Numbers) -> int:
        key = (code, operands)
        if key not in self._written:
            rule = self._rule_of[code]
            is_constant = operands and max(operands) < 0  # and is folded
            simpler = None if rule is None or is_constant else rule(operands)
            if simpler is None:
                return super().emit_code(code, operands)
            self._written[key] = simpler
        return self._written[key]

    def code_of(self, operation: Operation | Step) -> int:
        code = super().code_of(operation)
        if code == len(self._rule_of):
            rule = self._rules.get(operation)
            if isinstance(operation, Operation) and _is_short(operation):
                rule = partial(self._slope, operation)
            self._rule_of.append(rule)
        return code

    # -- what is known of numbers -----------------------------------------------------------------

    def _is_zero(self, number: int) -> bool:
        return number < 0 and self._constants[~number] == 0.0

    def _made_by(self, number: int) -> Operation | Step | None:
        """The operation that a number is the result of, if it is one."""
        line = number - self._first
        return self._listed[self._code[line]] if line >= 0 else None

    def _turned(self, operation: Operation, operands: Numbers) -> int | None:
        """The same operation of the same two numbers the other way round, if it was written."""
        return self._written.get((self.code_of(operation), operands[::-1]))

    # -- rules ------------------------------------------------------------------------------------

    def _sum_of(self, operation: Operation, operands: Numbers) -> int | None:
        addends = tuple([x for x in operands if not self._is_zero(x)])
        if len(addends) > 2:
            return None if len(addends) == len(operands) else self.emit(SUM, addends)
        if len(addends) < 2:
            return addends[0] if addends else self.zero
        for x, y in (addends, addends[::-1]):
            if (negated := self._negatives.get(y)) is not None:
                return self.emit(SUBTRACT, (x, negated))
        return self._turned(ADD, addends) if operation == ADD and addends == operands else self.emit(ADD, addends)

    def _subtract(self, operands: Numbers) -> int | None:
        x, y = operands
        if x == y:
            return self.zero
        if self._is_zero(y):
            return x
        if self._is_zero(x):
            return self.emit(NEGATIVE, (y,))
        negated = self._negatives.get(y)
        return None if negated is None else self.emit(ADD, (x, negated))

    def _multiply(self, operands: Numbers) -> int | None:
        x, y = operands
        if self._is_zero(x) or self._is_zero(y):
            return self.zero
        for one, other in (operands, operands[::-1]):
            if self.value_of(one) in (1.0, -1.0):
                return self.product(one, other)
            negated, constant = self._negatives.get(one), self.value_of(other)
            if negated is not None and constant is not None:
                return self.emit(MULTIPLY, (self.constant(-constant), negated))
        a, b = self._negatives.get(x), self._negatives.get(y)
        return self._turned(MULTIPLY, operands) if a is None or b is None else self.emit(MULTIPLY, (a, b))

    def _divide(self, operands: Numbers) -> int | None:
        x, y = operands
        if self._is_zero(x):
            return self.zero
        if self.value_of(y) in (1.0, -1.0):
            return self.product(x, y)
        return self.one if x == y else None

    def _negative(self, operands: Numbers) -> int:
        (x,) = operands
        if x in self._negatives:
            return self._negatives[x]
        if self._made_by(x) == SUBTRACT:
            return self.emit(SUBTRACT, self._operands[x - self._first][::-1])
        written = super().emit_code(self.code_of(NEGATIVE), operands)
        self._negatives[written] = x
        return written

    def _power(self, operands: Numbers) -> int | None:
        base, exponent = operands
        if self._is_zero(exponent):
            return self.one
        return base if self.value_of(exponent) == 1.0 else None

    def _slope(self, operation: Operation, operands: Numbers) -> int | None:
        """A slope in arithmetic of what is there already, as that of cos is where sin was computed."""
        names = dict(zip(_NAMES, operands, strict=False))
        term = slope_terms(operation.row, len(operands) - 1)[operation.slot or 0]
        for part in within([term]):
            if part.operands and part.name not in _CHEAP:
                inside = [names.get(o.name) if isinstance(o, Expression) else None for o in part.operands]
                if (self.code_of(Operation(part.name)), tuple(inside)) not in self._written:
                    return None
        return self.write(term, names.__getitem__, WHERE)

    def _where(self, operands: Numbers) -> int | None:
        condition, chosen, other = operands
        if condition < 0 or chosen == other:
            return chosen if self.value_of(condition) != 0.0 else other
        is_flag = (chosen, other) == (self.one, self.zero) and self._made_by(condition) in COMPARISONS
        return condition if is_flag else None

    # -- sums of products -------------------------------------------------------------------------

    def _dot(self, operands: Numbers) -> int | None:
        """Without products of 0; a factor of 1 makes an addend of the other, and a single product stands alone."""
        weights, inputs, addends = halves(operands)
        pairs = [self._without_signs(pair) for pair in zip(weights, inputs, strict=True)]
        pairs = [pair for pair in pairs if not (self._is_zero(pair[0]) or self._is_zero(pair[1]))]
        found = [None if self._exact else self._as_addend(pair) for pair in pairs]
        products = [pair for pair, one in zip(pairs, found, strict=True) if one is None]
        rest = [x for x in (*found, *addends) if x is not None and not self._is_zero(x)]
        if not products:
            return self.emit(SUM, tuple(rest))
        if len(products) == 1 and not rest:
            return self.product(*products[0])
        bias = (self.emit(SUM, tuple(rest)),) if rest else ()
        simpler = (*(a for a, _ in products), *(b for _, b in products), *bias)
        return None if simpler == operands else self.emit(DOT, simpler)

    def _without_signs(self, pair: Pair) -> Pair:
        a, b = map(self._negatives.get, pair)
        return pair if a is None or b is None else (a, b)

    def _as_addend(self, pair: Pair) -> int | None:
        """A product that is one number."""
        if max(pair) < 0 or self.one in pair:
            return self.emit(MULTIPLY, pair)
        return None


_CHEAP = {ADD.row, SUBTRACT.row, MULTIPLY.row, NEGATIVE.row}
_NAMES = ("y", "x0", "x1", "x2")


def _is_short(operation: Operation) -> bool:
    """Whether it is a slope of few operands that is said without a choice."""
    row, slot = lookup(operation.row), operation.slot
    if slot is None or row.variadic or row.opaque or len(row.operands) >= len(_NAMES):
        return False
    return not mentions([slope_terms(operation.row, len(row.operands))[slot]], expression.WHERE)


def _if_the_same(operands: Numbers) -> int | None:
    return operands[0] if operands[0] == operands[1] else None
