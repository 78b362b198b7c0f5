"""Reverse mode as a rewriting of programs: the program that computes values and derivatives.

The chain rule runs with instructions for numbers: all that a number's users send back is collected into
ONE `dot` of δs and slopes.  So a layer's backward pass is again a group of dots that share an operand list,
which executors run as a matrix product.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from math import isfinite
from typing import Any

from autograd.errors import ArgumentError, GraphError
from autograd.ops import table
from autograd.ops.expression import Expression, Term, variable
from autograd.ops.primitive import MOST_ROWS, Primitive, lookup
from autograd.program.builder import Builder
from autograd.program.graph import (
    DOT,
    EQUAL,
    FLOOR,
    GUARD,
    MAXIMUM,
    MULTIPLY,
    POWER,
    SUM,
    TAKE,
    WHERE,
    Graph,
    Operation,
)
from autograd.program.passes import adjoint_columns
from autograd.program.passes.loops import Along, Back, Forth, choose_along
from autograd.program.passes.through import Through
from autograd.sweeps import Choice, Choose, Edge, Products, TableEntry, backwards, forwards


def copy_into(builder: Builder, program: Graph, given: Sequence[int] | None = None) -> list[int]:
    """Write `program` again, on the builder's inputs or on what is given; the numbers that its numbers now have."""
    taken = builder.taken(program) if given is None else None
    if taken is not None:
        return taken
    numbers = [
        *(range(len(program.inputs)) if given is None else given),
        *map(builder.constant, program.constants.tolist()),
    ]
    codes = [builder.code_of(operation) for operation in program.operations]
    starts, operands = program.starts.tolist(), program.operands.tolist()
    start = 0
    for code, stop in zip(program.code.tolist(), starts[1:], strict=True):
        numbers.append(builder.emit_code(codes[code], tuple([numbers[i] for i in operands[start:stop]])))
        start = stop
    return numbers


def with_gradient(program: Graph, wrt: Sequence[int], output: int = 0, values: bool = True) -> Graph:
    """The program whose outputs are those of `program` and then ∂output/∂input for each input in `wrt`.

    Without `values` the outputs are the derivatives alone.
    """
    root = int(program.outputs[output])
    if adjoint_columns.serves(program):
        return adjoint_columns.gradient_at_once(program, wrt, root, values, slope_term)
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    gradients = adjoints(builder, program, numbers, {root: builder.one}, wrt)
    kept = [numbers[i] for i in program.outputs.tolist()] if values else []
    return builder.finish([*kept, *gradients])


def adjoints(
    builder: Builder, program: Graph, numbers: list[int], seeds: dict[int, int], wrt: Sequence[int]
) -> list[int]:
    """Write δ of every number that leads from `wrt` to the seeds; the δs of `wrt`.

    `numbers` says where the numbers of `program` stand in `builder`, `seeds` gives the δ (numbers in
    `builder`) of some of them.
    """
    active = depends_on(program, wrt)
    starting = {i: seed for i, seed in seeds.items() if active[i]}
    found: dict[int, int] = {}
    written = Written(builder, program, numbers, Back(builder, THROUGH, active.__getitem__))
    deque(backwards(written.order, starting, written, found, active.__getitem__, leaves=wrt), maxlen=0)
    return [found.get(i, builder.zero) for i in wrt]


def tangents(builder: Builder, program: Graph, numbers: list[int], moving: dict[int, int]) -> list[int]:
    """Write how the outputs of `program` move when the numbers in `moving` move so; 0 for those that do not.

    `numbers` says where the numbers of `program` stand in `builder`, `moving` gives tangents (numbers in
    `builder`) of some inputs.  `program` must have its slopes expanded.
    """
    active = depends_on(program, list(moving))
    written = Written(builder, program, numbers, Forth(builder, THROUGH, active.__getitem__))
    found = forwards(written.order, moving, written)
    return [found.get(i, builder.zero) for i in program.outputs.tolist()]


class Written:
    """The numbers of a builder as what the chain rule computes with, and the slopes of a program written in it.

    A slope of more than one instruction stands as one of its own, so that programs stay short.
    """

    def __init__(
        self, builder: Builder, program: Graph, numbers: Sequence[int], loops: Back | Forth | None = None
    ) -> None:
        self.zero, self.one = builder.zero, builder.one
        self.order = range(program.first, program.first + len(program))
        self._builder, self._numbers = builder, numbers
        self._operations, self._codes = program.operations, program.code.tolist()
        self._of_components: dict[int, list[int | None]] = {}  # slopes, by what they are of
        self._otherwise: dict[int, int] = {}  # what passes along the entries that a look-up does not take
        self._starts, self._operands = program.starts.tolist(), program.operands.tolist()
        self._rules: dict[tuple[int, int], list[Rule | None]] = {}
        self._loops = loops if program.has_loops else None
        if self._loops:
            for line in program:
                if isinstance(line.operation, Operation):
                    continue
                operands = tuple(numbers[i] for i in line.operands)
                self._loops.meet(line.operation, line.id, line.operands, numbers[line.id], operands)

    def edges(self, number: int, wanted: Callable[[int], object] | None) -> list[Edge]:
        """The operands of an instruction that a derivative passes to; of a choice both branches."""
        line = number - self.order.start
        if line < 0:
            return []
        start, stop, code = self._starts[line], self._starts[line + 1], self._codes[line]
        if self._loops and not isinstance(self._operations[code], Operation):
            return self._loops.edges(self._operations[code], number, wanted)
        rules = self._rules.get((code, stop - start))
        if rules is None:
            rules = self._rules[code, stop - start] = self._rules_of(self._operations[code], stop - start)
        ids, numbers, y = self._operands[start:stop], self._numbers, self._numbers[number]
        operands, found = [numbers[i] for i in ids], list[Edge]()
        for slot, operand in enumerate(ids):
            rule = rules[slot]
            if rule is not None and (wanted is None or wanted(operand)):
                found.append((slot, operand, rule(y, operands)))
        return found

    def _rules_of(self, operation: Any, count: int) -> list[Rule | None]:
        """The rule along each operand of such instructions."""
        choose = {WHERE: self.where, GUARD: self.guard}.get(operation)
        if choose is not None:
            return [None, *(partial(self._choice, choose, is_first) for is_first in (True, False))]
        if operation == TAKE:
            return [None, *(partial(self._entry, slot) for slot in range(1, count))]
        if operation.slot is None and lookup(operation.row).has_index:
            return [None, *(partial(self._slope_of_component, operation, slot) for slot in range(1, count))]
        return [slope_rule(self._builder, operation, slot, count) for slot in range(count)]

    def _slope_of_component(self, operation: Operation, slot: int, y: int, operands: Sequence[int]) -> int | None:
        """A component of a softmax has all its slopes at once, made of other components."""
        if y not in self._of_components:
            self._of_components[y] = slopes_of_component(self._builder, operation, y, operands)
        return self._of_components[y][slot]

    @staticmethod
    def _choice(choose: Choose, is_first: bool, y: int, operands: Sequence[int]) -> Choice:
        """The slope along a branch."""
        return Choice(operands[0], choose, is_first)

    def _entry(self, slot: int, y: int, operands: Sequence[int]) -> Choice:
        """The slope along an entry of a table."""
        emit, index = self._builder.emit, operands[0]
        if y not in self._otherwise:
            self._otherwise[y] = emit(TAKE, (index, *[self.zero] * (len(operands) - 1)))
        whole = emit(FLOOR, (index,))
        is_taken = emit(EQUAL, (whole, self._builder.constant(float(slot - 1))))
        entry = TableEntry(
            slot - 1, len(operands) - 1, lambda numbers: emit(TAKE, (index, *numbers)), self._otherwise[y]
        )
        return Choice(is_taken, self.where, True, entry)

    def gather(self, products: Products) -> Any:
        """Σ δ · slope as one instruction; what comes back to a loop's run, as the loop that computes it."""
        if self._loops:
            found, products = self._loops.gather(products)
            if found is not None:
                return found
        if len(products) == 1:
            return self._builder.product(*products[0])
        deltas, slopes = zip(*products, strict=True)
        if all(map(self._builder.is_one, slopes)):
            return self._builder.emit(SUM, deltas)
        return self._builder.emit(DOT, (*deltas, *slopes))

    def where(self, condition: int, chosen: Any, other: int) -> Any:
        """A choice as an instruction."""
        return choose_along(self._chosen_by(WHERE), condition, chosen, other)

    def guard(self, condition: int, chosen: Any, other: int) -> Any:
        """A choice between two forms of one number."""
        return choose_along(self._chosen_by(GUARD), condition, chosen, other)

    def _chosen_by(self, operation: Operation) -> Callable[[int, int, int], int]:
        return lambda *operands: self._builder.emit(operation, operands)

    def either(self, one: int, other: int) -> int:
        """The larger of two conditions."""
        return one if one == other else self._builder.emit(MAXIMUM, (one, other))

    def is_finite(self, slope: Any) -> bool:
        """Only a constant is known to stay so; what is read of a loop or a column passes as it is."""
        if not isinstance(slope, int):
            return not isinstance(slope, Along)
        constant = self._builder.value_of(slope)
        return constant is not None and isfinite(constant)


def depends_on(program: Graph, inputs: Sequence[int]) -> bytearray:
    """For every number whether it depends on one of `inputs`."""
    active = bytearray(program.first + len(program))
    for i in inputs:
        active[i] = 1
    starts, operands = program.starts.tolist(), program.operands.tolist()
    for i in range(len(program)):
        for operand in operands[starts[i] : starts[i + 1]]:
            if active[operand]:
                active[program.first + i] = 1
                break
    return active


Rule = Callable[[int, Sequence[int]], Any]  # (the number of y, those of its operands) → that of a slope, or a Choice


def slope_rule(builder: Builder, operation: Operation, slot: int, count: int) -> Rule | None:
    """What writes the slope along one slot of so many; None if no derivative goes back along it."""
    if operation == DOT:
        half = count // 2
        other = (slot + half) % (2 * half) if slot < 2 * half else None
        return (lambda y, operands: builder.one) if other is None else (lambda y, operands: operands[other])
    if operation == SUM:
        return lambda y, operands: builder.one
    if operation.slot is not None:
        raise GraphError(f"{operation} has no slopes of its own: expand the program's slopes first")
    term = slope_term(operation.row, slot, count)
    if term is None:
        return None
    rule = _written_down(builder, term)
    return partial(_slope_of_power, builder, rule) if operation == POWER and slot == 0 else rule


def _written_down(builder: Builder, term: Any) -> Rule:
    """The rule of a slope that is no instruction or one."""
    if isinstance(term, float):
        constant = builder.constant(term)
        return lambda y, operands: constant
    if isinstance(term, int):
        return lambda y, operands: y if term == -1 else operands[term]
    emit, code = builder.emit_code, builder.code_of(term[0])
    if term[0].slot is not None:  # the whole slope
        return lambda y, operands: emit(code, (y, *operands))
    pairs = [(o, 0) if isinstance(o, int) else (None, builder.constant(o)) for o in term[1:]]
    return lambda y, operands: emit(code, tuple([c if i is None else y if i == -1 else operands[i] for i, c in pairs]))


class _Emitted(Expression):
    """A number of a builder, which a rule computes with: what it makes is written at once."""

    __slots__ = ("builder", "number")

    def __init__(self, builder: Builder, number: int) -> None:
        super().__init__("")
        self.builder, self.number = builder, number

    def __apply__(self, primitive: Primitive, operands: tuple[Any, ...]) -> _Emitted:
        numbers = tuple([o.number if isinstance(o, _Emitted) else self.builder.constant(o) for o in operands])
        return _Emitted(self.builder, self.builder.emit(Operation(primitive.name), numbers))

    def __neg__(self) -> _Emitted:
        return self.__apply__(table.negative, (self,))

    def __mul__(self, other: Any) -> _Emitted:
        return self.__apply__(table.multiply, (self, other))


def slopes_of_component(builder: Builder, operation: Operation, y: int, operands: Sequence[int]) -> list[int | None]:
    """The slopes of softmax(i, *xs) or its logarithm along each operand, by the row's rule.

    They are made of the other components, so that n components of n numbers take n² short instructions.
    """
    index = builder.value_of(operands[0])
    if index is None:
        raise ArgumentError(
            f"{lookup(operation.row).title}: which component is meant must be a constant of the program, "
            "not a number it computes"
        )
    xs = [_Emitted(builder, x) for x in operands[1:]]
    slopes = lookup(operation.row).local(_Emitted(builder, y), index, *xs)
    return [slope.number if isinstance(slope, _Emitted) else _of_none(builder, slope) for slope in slopes]


def _of_none(builder: Builder, slope: float | None) -> int | None:
    return None if slope is None else builder.constant(slope)


def _slope_of_power(builder: Builder, otherwise: Rule, y: int, operands: Sequence[int]) -> Any:
    """Along the base; of a whole power n · aⁿ⁻¹, what the rule says to the bit, since its conditions are known."""
    exponent = builder.value_of(operands[1])
    if exponent is None or not exponent.is_integer() or exponent < 2.0:
        return otherwise(y, operands)
    power = operands[0]
    if exponent != 2.0:
        power = builder.emit(POWER, (power, builder.constant(exponent - 1.0)))
    return builder.emit(MULTIPLY, (builder.constant(exponent), power))


@lru_cache(MOST_ROWS)
def slope_term(row: str, slot: int, count: int) -> Any:
    """The slope along one slot, as far as it needs at most one instruction.

    None where no derivative goes back; a float; which operand it is (-1: the output); or an operation
    and its operands, in the same ways.  A longer slope is an operation of its own, of the output and all
    operands, so that programs stay short and an executor may compute tanh and tanh′ together.
    """
    whole = (Operation(row, slot), -1, *range(count))
    if lookup(row).opaque:
        return whole
    term = slope_terms(row, count)[slot]
    if not isinstance(term, Expression) or not term.operands:
        return _plain(term)
    if any(o is None or (isinstance(o, Expression) and o.operands) for o in term.operands):
        return whole
    return (Operation(term.name), *map(_plain, term.operands))


def _plain(term: Term) -> Any:
    """A variable as the place of its operand, a number as a float."""
    if isinstance(term, Expression):
        return -1 if term.name == "y" else int(term.name[1:])
    return None if term is None else float(term)


@lru_cache(MOST_ROWS)
def slope_terms(row: str, count: int) -> tuple[Any, ...]:
    """All slopes of a row with `count` operands, as Expressions of y, x0, x1, …"""
    return lookup(row).slope_terms([variable(f"x{i}") for i in range(count)])


THROUGH = Through(copy_into, adjoints, tangents, depends_on)
