"""Loops while a function is recorded: the body recorded once, as an instruction that holds it; and their derivatives.

A derivative that is taken inside of the recording is again a loop (`passes.loops` says which), between nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

from autograd import chain
from autograd.by_hand import in_rule
from autograd.context import mode, writing_program
from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.iterations import name_of
from autograd.ops.expression import MULTIPLY
from autograd.ops.primitive import lookup
from autograd.order import dependent, interior
from autograd.program.graph import Graph
from autograd.program.loops import GOES_ON, STACK, STEPS, Column, Element, Final, Loop, Stack, named, node_of, step_of
from autograd.program.passes.adjoint import THROUGH
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.loops import Along, Back, Forth, choose_along
from autograd.program.reading import program_from
from autograd.program.rows import (
    CARRY,
    YIELDS,
    carried_on,
    condition_of,
    each_of,
    is_flag,
    pair,
    row,
    row_of_none,
    said,
    stacked,
    taken_apart,
)
from autograd.recorder import RECORDERS
from autograd.structure import leaves_like
from autograd.sweeps import Choice, Choose, Edge, Products
from autograd.symbol import Condition, Symbol, symbolic
from autograd.transforms import running
from autograd.value import Operand, Value


def written_as_loops() -> bool:
    """Whether a function is recorded whose loops become instructions; one with a rule by hand is written out."""
    return bool(mode().program) and not in_rule()


def recorded_scan(f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, length: int, checkpoints: bool) -> Any:
    """`autograd.scan` of Symbols: the last carry, and the ys as the elements of columns."""
    if not length:
        return init, yields_of_none(f, init, xs)
    carry = _Carry(init)
    rows = [taken_apart(row(xs, i), "a row of a scan") for i in range(length if xs is not None else 1)]
    for i, (_, made) in enumerate(rows):
        if made != rows[0][1]:
            raise ArgumentError(
                "the rows of a scan are made alike, since its body is recorded once: the first is "
                f"{said(row(xs, 0))}, row {i + 1} is {said(row(xs, i))}"
            )
    eaten = [Symbol(f"x{i}") for i in range(len(rows[0][0]))]
    flags = list(map(is_flag, each_of(row(xs, 0))))

    def step(given: Any) -> tuple[Any, Any]:
        x = [_holds(number) if flag else number for number, flag in zip(eaten, flags, strict=True)]
        return pair(f(given, rows[0][1].build(x)))

    with running([*carry.symbols, *eaten]), no_indices():
        on, y = carry.through(step)
    yields, made = taken_apart(y, YIELDS)
    outputs = [*on, *yields]
    shared = shared_of(outputs, [*carry.symbols, *eaten])
    body = program_from(outputs, [*carry.symbols, *shared, *eaten])
    loop = Loop(body, len(on), len(shared), length, checkpoints=checkpoints)
    columns = [_column([leaves[j] for leaves, _ in rows]) for j in range(len(eaten))]
    run = named(node_of(loop, (*carry.first, *shared, *columns)), name_of(f))
    read = [node_of(Column(k), (run,)) for k in range(len(on), len(outputs))]
    ys = stacked(made, length, lambda i, j: node_of(Element(i), (read[j],)))
    return carry.built([node_of(Final(k), (run,)) for k in range(len(on))]), ys


def yields_of_none(f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any) -> Any:
    """What a scan over no rows yields: arrays of shape (0, …); None if it cannot be known how they are made."""
    carry = _Carry(init)
    try:
        with writing_program(), running(carry.symbols), no_indices():
            leaves, made = taken_apart(row_of_none(xs), "a row of a scan")
            x = [Symbol(f"x{i}") for i in range(len(leaves))]
            _, y = carry.through(lambda given: pair(f(given, made.build(x))))
    except (GraphError, OperandError):
        return None
    return stacked(taken_apart(y, YIELDS)[1], 0, lambda i, j: None)


def recorded_while(
    cond: Callable[[Any], Any], body: Callable[[Any], Any], init: Any, max_steps: int, checkpoints: bool
) -> Any:
    """One step more than allowed is done, so that it is known; then nan goes into all numbers and their derivatives."""
    carry = _Carry(init)

    def step(x: Any) -> tuple[Any, Any]:
        goes_on = cond(x)  # before a body that writes into what it is given
        return body(x), goes_on

    with running(carry.symbols), no_indices():
        on, goes_on = carry.through(step)
    outputs = [*on, condition_of(goes_on)]
    finals = recorded_loop(
        outputs, carry.symbols, carry.first, max_steps + 1, name=name_of(body), checkpoints=checkpoints
    )
    known = RECORDERS["where"](RECORDERS["greater"](finals[-1], float(max_steps)), float("nan"), 1.0)
    known.name = f"{name_of(body) or 'while_loop'} {GOES_ON}{max_steps}"
    return carry.built([final * known for final in finals[:-1]])


def _holds(number: Any) -> Any:
    """A number that is 1 or 0 as a condition; not compared with 0, where a comparison has its jump."""
    return symbolic(lookup(MULTIPLY), (number, 1.0), Condition)


class _Carry:
    """What a loop carries while it is recorded.

    A bool that the body hands on as it came stays what it is.  Another is a condition, if it is carried on as one.
    """

    def __init__(self, init: Any) -> None:
        self.first, self.structure = carried_on(init)
        self.symbols = [Symbol(f"carried{i}") for i in range(len(self.first))]
        given = each_of(init)
        self._known = {i: one for i, one in enumerate(given) if isinstance(one, bool)}
        self._flags = {i for i, one in enumerate(given) if is_flag(one)}

    def through(self, body: Callable[[Any], tuple[Any, Any]]) -> tuple[list[Any], Any]:
        """The numbers that are carried on, and what else the body answers."""
        while True:
            answer, more = body(self.built(self.symbols))
            on, made = carried_on(answer, self.structure)
            found = each_of(answer)
            found = [found[int(i)] for i in leaves_like(made.build(range(len(found))), self.structure, CARRY)]
            known = {i: one for i, one in self._known.items() if found[i] is one}
            flags = {i for i in self._flags if is_flag(found[i])}
            if (known, flags) == (self._known, self._flags):
                return on, more
            self._known, self._flags = known, flags

    def built(self, numbers: Sequence[Any]) -> Any:
        """What is carried, of these numbers."""
        as_flags = [_holds(number) if i in self._flags else number for i, number in enumerate(numbers)]
        return self.structure.build([self._known.get(i, number) for i, number in enumerate(as_flags)])


def recorded_loop(
    outputs: Sequence[Operand],
    carried: Sequence[Symbol],
    first: Sequence[Operand],
    length: int,
    shared: Sequence[Value] = (),
    solves: Graph | None = None,
    name: str | None = None,
    checkpoints: bool = False,
) -> list[Symbol]:
    """The last of what is carried by a loop that ends by itself, and how many steps there were.

    The last of `outputs` says whether a step is done.  What it `solves` is of the first numbers and of `shared`.
    """
    shared = list(dict.fromkeys([*shared, *shared_of(outputs, carried)]))
    body = program_from(outputs, [*carried, *shared])
    loop = Loop(body, len(carried), len(shared), length, tested=True, solves=solves, checkpoints=checkpoints)
    run = named(node_of(loop, (*first, *shared)), name)
    return [node_of(Final(k), (run,)) for k in range(len(carried) + 1)]


@contextmanager
def no_indices() -> Iterator[None]:
    """Say why a number of the loop cannot index an array: NumPy says only what could."""
    try:
        yield
    except IndexError as error:
        if not str(error).startswith("only integers, slices"):
            raise
        raise GraphError(
            "a number of a loop, such as the i of fori_loop, cannot index while a function is recorded to be compiled, "
            "when it is not known: hand the rows to the body as xs of scan"
        ) from error


def shared_of(outputs: Sequence[Operand], inputs: Sequence[Symbol]) -> list[Value]:
    """What does not depend on the inputs, and is read by what does: computed once, before the loop.

    It is numbers; a run or a column that is read where one depends on the inputs is made anew there.
    """
    roots = [output for output in outputs if isinstance(output, Value)]
    order = interior(*roots, above=inputs)
    inside = dependent(order, inputs)
    for node in reversed(order):
        if node in inside:
            inside |= {o for o in node.operands if isinstance(o, Value) and _is_no_number(o)}
    read = [o for node in order if node in inside for o in node.operands] + roots
    return list(dict.fromkeys(o for o in read if isinstance(o, Value) and o not in inside))


def _is_no_number(node: Value) -> bool:
    return isinstance(step_of(node), (Loop, Column, Stack))


def _column(numbers: Sequence[Operand]) -> Any:
    """A column of these numbers; the one that they were taken from, if they are all of it."""
    taken: list[Any] = [
        x.operands[0] for i, x in enumerate(numbers) if isinstance(x, Symbol) and step_of(x) == Element(i)
    ]
    if taken and len(taken) == len(numbers) == _rows_in(taken[0]) and all(column is taken[0] for column in taken):
        return taken[0]
    return node_of(STACK, tuple(numbers))


def _rows_in(column: Any) -> int:
    loop = step_of(column.operands[0])
    return loop.length if isinstance(loop, Loop) else len(column.operands)


# -- derivatives while a function is recorded ---------------------------------------------------------


class _Nodes:
    """What `Loops` asks of a builder, of nodes."""

    zero, one = 0.0, 1.0

    def constant(self, number: float) -> float:
        """A number stands for itself."""
        return number

    def code_of(self, operation: Any) -> Any:
        """So does an operation."""
        return operation

    def emit(self, operation: Any, operands: tuple[Any, ...]) -> Any:
        """The node of an instruction; in a body slopes are written out, since the recording may be derived again."""
        if isinstance(operation, Loop):
            operation = operation.with_programs(expand_slopes)
        return node_of(operation, operands) if isinstance(operation, STEPS) else RECORDERS[operation.row](*operands)

    emit_code = emit


EMIT = _Nodes().emit


@lru_cache
def _lets(choose: Choose) -> Choose:
    return partial(choose_along, choose)


def _by_loops(slope: Any) -> Any:
    """A slope along a choice, which may stand behind a loop too."""
    return slope._replace(choose=_lets(slope.choose)) if type(slope) is Choice else slope


class _LoopedGraph(chain.AsGraph):
    """The chain rule between nodes of which some are loops."""

    def __init__(self, order: Sequence[Value], kind: type[Back | Forth], moves: Callable[[Any], object]) -> None:
        self._loops = kind(_Nodes(), THROUGH, moves)  # type: ignore[arg-type]  # it asks no more of a builder
        for node in order:
            if step := step_of(node):
                self._loops.meet(step, node, node.operands, node, node.operands)

    def edges(self, node: Value, wanted: chain.Wanted | None) -> list[Edge]:
        step = step_of(node)
        if step is None:
            return [(slot, o, _by_loops(slope)) for slot, o, slope in super().edges(node, wanted)]
        return self._loops.edges(step, node, lambda o: isinstance(o, Value) and (wanted is None or wanted(o)))

    def gather(self, products: Products) -> Any:
        found, products = self._loops.gather(products)
        return super().gather(products) if found is None else found

    where = staticmethod(partial(choose_along, chain.AsGraph.where))

    def is_finite(self, slope: Any) -> bool:
        return not isinstance(slope, Along) if isinstance(slope, tuple) else super().is_finite(slope)


def _algebra_back(order: Sequence[Value], wanted: chain.Wanted | None) -> chain.AsGraph:
    def moves(operand: Any) -> bool:
        return isinstance(operand, Value) and (wanted is None or bool(wanted(operand)))

    return _LoopedGraph(order, Back, moves)


def _algebra_forth(order: Sequence[Value], moving: Collection[Value]) -> chain.AsGraph:
    return _LoopedGraph(order, Forth, dependent(order, moving).__contains__)


chain.LOOPED = chain.Looped(STEPS, _algebra_back, _algebra_forth)
