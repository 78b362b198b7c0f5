"""Loops in functions: `scan` and `fori_loop`, with JAX's meaning.

On numbers and Values they are ordinary loops.  While a function is recorded the body is recorded once, and becomes one
instruction that holds it (see `autograd.program.loops`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd import chain
from autograd.array import ValueArray
from autograd.collector import collector_paused
from autograd.context import mode
from autograd.errors import ArgumentError, LoopError
from autograd.order import dependent, interior
from autograd.program.loops import STACK, STEPS, Column, Element, Final, Loop, node_of
from autograd.program.passes.adjoint import THROUGH
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.loops import Along, Back, Forth
from autograd.program.reading import program_from
from autograd.recorder import RECORDERS
from autograd.structure import Structure, flatten
from autograd.symbol import Symbol
from autograd.sweeps import Edge, Products
from autograd.text import quoted
from autograd.transforms import running
from autograd.value import Operand, Value


def scan(f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any = None, length: int | None = None) -> Any:
    """Carry something through a loop: ``carry, y = f(carry, x)`` for each row x of `xs`, as JAX's function of that name.

    `xs` is an array, whose rows are eaten, a list, whose items are, or a tuple or dict of such; without it x is None
    and `length` says how often.  The answer is the last carry and the ys, stacked as rows.  The carry keeps its
    structure.  Where a function is recorded to be compiled, the body is recorded once, whatever the length.

    >>> scan(lambda total, x: (total + x, total * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (6.0, array([0., 2., 9.]))

    Raises:
        ArgumentError: for a carry whose structure changes, rows of different lengths, or a `length` that differs
    """
    steps = _length(xs, length)
    if mode().program:
        with collector_paused():
            return _recorded(f, init, xs, steps)
    carry, ys = init, []
    structure = flatten(init, "what a scan carries", flags=True)[1] if steps else None
    for i in range(steps):
        carry, y = _pair(f(carry, _row(xs, i)))
        _check_carry(structure, flatten(carry, "what a scan carries", flags=True)[1])
        ys.append(y)
    return carry, _stacked(ys)


def fori_loop(lower: int, upper: int, body: Callable[[Any, Any], Any], init: Any) -> Any:
    """``for i in range(lower, upper): init = body(i, init)``, as JAX's function of that name.

    i is an int, and while a function is recorded a Symbol, which cannot index: `scan` has `xs` for that.

    >>> fori_loop(1, 4, lambda i, x: x * i, 1.0)
    6.0

    Raises:
        ArgumentError: for bounds that are no whole numbers, and a body that changes the structure of what it is given
    """
    for bound in (lower, upper):
        if isinstance(bound, bool) or not isinstance(bound, (int, np.integer)):
            given = f"{type(bound).__name__} {quoted(bound)}"
            raise ArgumentError(f"the bounds of fori_loop are whole numbers that are known beforehand, got {given}")
    if not mode().program:
        for i in range(lower, upper):
            init = body(i, init)
        return init
    (_, last), _ = scan(
        lambda carry, _: ((carry[0] + 1, body(*carry)), None), (lower, init), length=max(0, upper - lower)
    )
    return last


def while_loop(cond: Callable[[Any], Any], body: Callable[[Any], Any], init: Any, max_steps: int) -> Any:
    """``while cond(x): x = body(x)``, as JAX's function of that name, at most `max_steps` times; backwards too.

    Where it would go on after that, it is an error; compiled, the answer is nan.

    >>> while_loop(lambda x: x < 100.0, lambda x: 3.0 * x, 1.0, max_steps=10)
    243.0

    Raises:
        ArgumentError: for a `max_steps` that is no whole number, a condition that is no number, and a body that changes
            the structure of what it is given
        LoopError: if the condition still holds after `max_steps`
    """
    if isinstance(max_steps, bool) or not isinstance(max_steps, (int, np.integer)) or max_steps < 0:
        raise ArgumentError(f"max_steps is a whole number from 0 up, got {quoted(max_steps)}")
    if mode().program:
        with collector_paused():
            return _recorded_while(cond, body, init, int(max_steps))
    x, structure = init, flatten(init, "what a loop carries", flags=True)[1]
    steps = 0
    while _holds(cond(x)):
        if steps == max_steps:
            raise LoopError(f"while_loop goes on after max_steps={max_steps}: allow more, or see why it does not end")
        x = body(x)
        _check_carry(structure, flatten(x, "what a loop carries", flags=True)[1])
        steps += 1
    return x


def _holds(condition: Any) -> bool:
    if isinstance(condition, np.ndarray) and condition.ndim:
        raise ArgumentError(f"the condition of a while_loop is one number or bool, got an array of {condition.shape}")
    return bool(condition != 0.0)


# -- rows -------------------------------------------------------------------------------------------


def _length(xs: Any, length: int | None) -> int:
    lengths = set(_lengths(xs)) | ({length} if length is not None else set())
    if len(lengths) != 1:
        raise ArgumentError(
            "a scan runs over the rows of xs, or `length` times: "
            + (f"got rows of the lengths {sorted(lengths)}" if lengths else "got neither xs nor length")
        )
    (found,) = lengths
    if isinstance(found, bool) or not isinstance(found, (int, np.integer)) or found < 0:
        raise ArgumentError(f"the length of a scan is a whole number from 0 up, got {quoted(found)}")
    return int(found)


def _lengths(xs: Any) -> list[int]:
    if xs is None:
        return []
    if isinstance(xs, (np.ndarray, list)):
        if isinstance(xs, np.ndarray) and not xs.ndim:
            raise ArgumentError("xs of a scan has rows, got an array without any axis")
        return [len(xs)]
    if isinstance(xs, (tuple, dict)):
        return [n for part in (xs.values() if isinstance(xs, dict) else xs) for n in _lengths(part)]
    raise ArgumentError(f"xs of a scan is an array, a list of rows, or a tuple or dict of such, got {quoted(xs)}")


def _row(xs: Any, i: int) -> Any:
    if xs is None:
        return None
    if isinstance(xs, dict):
        return {key: _row(part, i) for key, part in xs.items()}
    if isinstance(xs, tuple):
        return _like(xs, [_row(part, i) for part in xs])
    return xs[i]


def _like(given: tuple[Any, ...], parts: Sequence[Any]) -> Any:
    return type(given)(*parts) if hasattr(given, "_fields") else tuple(parts)


def _stacked(ys: Sequence[Any]) -> Any:
    """Things made alike as one whose arrays have a row of each."""
    if not ys or ys[0] is None:
        return None
    first = ys[0]
    if isinstance(first, dict):
        return {key: _stacked([y[key] for y in ys]) for key in first}
    if isinstance(first, tuple):
        return _like(first, [_stacked(part) for part in zip(*ys, strict=True)])
    if isinstance(first, list):
        return [_stacked(part) for part in zip(*ys, strict=True)]
    has_values = any(isinstance(x, Value) for y in ys for x in np.ravel(np.asarray(y, object)))
    return np.array(ys, object).view(ValueArray) if has_values else np.array(ys, float)


def _pair(answer: Any) -> tuple[Any, Any]:
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise ArgumentError(f"the body of a scan returns a tuple (carry, y), got {quoted(answer)}")
    return answer


def _check_carry(before: Structure | None, after: Structure) -> None:
    if before != after:
        raise ArgumentError(
            f"the body of a loop was given {quoted(before)} and carries on {quoted(after)}: what goes from step to "
            "step keeps its structure, shapes and kinds of numbers"
        )


# -- recorded ---------------------------------------------------------------------------------------


def _recorded(f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, length: int) -> Any:
    first, structure = flatten(init, "what a scan carries", flags=True)
    rows = [flatten(_row(xs, i), "a row of a scan", flags=True) for i in range(length)] if xs is not None else []
    if any(row != rows[0][1] for _, row in rows):
        raise ArgumentError("the rows of a scan are made alike")
    carried = [Symbol(f"carried{i}") for i in range(len(first))]
    eaten = [Symbol(f"x{i}") for i in range(len(rows[0][0]) if rows else 0)]
    with running([*carried, *eaten]):
        x = rows[0][1].build(eaten) if rows else None
        carry, y = _pair(f(structure.build(carried), x))
    on, after = flatten(carry, "what a scan carries", flags=True)
    _check_carry(structure, after)
    yields, made = flatten(y, "what a scan yields", flags=True) if y is not None else ([], None)
    outputs = [*on, *yields]
    shared = _shared(outputs, [*carried, *eaten])
    body = program_from(outputs, [*carried, *shared, *eaten])
    loop = Loop(body, len(carried), len(shared), length)
    columns = [_column([leaves[j] for leaves, _ in rows]) for j in range(len(eaten))]
    run = node_of(loop, (*first, *shared, *columns))
    last = structure.build([node_of(Final(k), (run,)) for k in range(len(carried))])
    if made is None:
        return last, None
    read = [node_of(Column(k), (run,)) for k in range(len(on), len(outputs))]
    return last, _stacked([made.build([node_of(Element(i), (column,)) for column in read]) for i in range(length)])


def _recorded_while(cond: Callable[[Any], Any], body: Callable[[Any], Any], init: Any, max_steps: int) -> Any:
    """One step more than allowed is done, so that it is known; then nan goes into all numbers and their derivatives."""
    first, structure = flatten(init, "what a loop carries", flags=True)
    carried = [Symbol(f"carried{i}") for i in range(len(first))]
    with running(carried):
        x = structure.build(carried)
        goes_on, after = cond(x), body(x)
    on, made = flatten(after, "what a loop carries", flags=True)
    _check_carry(structure, made)
    (test,), _ = flatten(goes_on, "the condition of a while_loop")
    outputs = [*on, test]
    shared = _shared(outputs, carried)
    body_of = program_from(outputs, [*carried, *shared])
    loop = Loop(body_of, len(carried), len(shared), max_steps + 1, tested=True)
    run = node_of(loop, (*first, *shared))
    count = node_of(Final(len(carried)), (run,))
    known = RECORDERS["where"](RECORDERS["greater"](count, float(max_steps)), float("nan"), 1.0)
    return structure.build([node_of(Final(k), (run,)) * known for k in range(len(carried))])


def _shared(outputs: Sequence[Operand], inputs: Sequence[Symbol]) -> list[Value]:
    """What does not depend on the inputs, and is read by what does: computed once, before the loop."""
    roots = [output for output in outputs if isinstance(output, Value)]
    order = interior(*roots, above=inputs)
    inside = dependent([*inputs, *(node for node in order if _is_no_number(node))], inputs)
    inside |= {node for node in order if _is_no_number(node)}
    for node in order:
        if not inside.isdisjoint(node.operands):
            inside.add(node)
    read = [o for node in order if node in inside for o in node.operands] + roots
    return list(dict.fromkeys(o for o in read if isinstance(o, Value) and o not in inside))


def _is_no_number(node: Value) -> bool:
    return isinstance(node._row, (Loop, Column, type(STACK)))


def _column(numbers: Sequence[Operand]) -> Symbol:
    """A column of these numbers; the one that they were taken from, if they are all of it."""
    first = numbers[0] if numbers else None
    if isinstance(first, Symbol) and isinstance(first._row, Element):
        column = first.operands[0]
        length = column.operands[0]._row.length if isinstance(column._row, Column) else len(column.operands)
        elements = (
            x._row == Element(i) and x.operands[0] is column for i, x in enumerate(numbers) if isinstance(x, Symbol)
        )
        if length == len(numbers) == sum(elements):
            return column
    return node_of(STACK, tuple(numbers))


# -- derivatives while a function is recorded ---------------------------------------------------------


class _Nodes:
    """What `Loops` asks of a builder, of nodes."""

    zero, one = 0.0, 1.0

    def emit(self, operation: Any, operands: tuple[Any, ...]) -> Any:
        """The node of an instruction; in a body slopes are written out, since the recording may be derived again."""
        if isinstance(operation, Loop):
            operation = replace(operation, body=expand_slopes(operation.body))
        return node_of(operation, operands) if isinstance(operation, STEPS) else RECORDERS[operation.row](*operands)


class _LoopedGraph(chain.AsGraph):
    """The chain rule between nodes of which some are loops."""

    def __init__(self, order: Sequence[Value], kind: type[Back | Forth], moves: Callable[[Any], object]) -> None:
        self._loops = kind(_Nodes(), THROUGH, moves)  # type: ignore[arg-type]  # it asks no more of a builder
        for node in order:
            if isinstance(node._row, STEPS):
                self._loops.meet(node._row, node, node.operands, node, node.operands)

    def edges(self, node: Value, wanted: chain.Wanted | None) -> list[Edge]:
        if not isinstance(node._row, STEPS):
            return super().edges(node, wanted)
        return self._loops.edges(node._row, node, lambda o: isinstance(o, Value) and (wanted is None or wanted(o)))

    def gather(self, products: Products) -> Any:
        found, products = self._loops.gather(products)
        return super().gather(products) if found is None else found

    def where(self, condition: Any, chosen: Any, other: Any) -> Any:  # type: ignore[override]
        """A choice; along the edge to a loop what passes is chosen, once it is known."""
        if isinstance(chosen, Along):
            return chosen._replace(conditions=(*chosen.conditions, condition))
        return chain.AsGraph.where(condition, chosen, other)

    def is_finite(self, slope: Any) -> bool:
        return not isinstance(slope, Along) if isinstance(slope, tuple) else super().is_finite(slope)


def _algebra_back(order: Sequence[Value], wanted: chain.Wanted | None) -> chain.AsGraph:
    def moves(operand: Any) -> bool:
        return isinstance(operand, Value) and (wanted is None or bool(wanted(operand)))

    return _LoopedGraph(order, Back, moves)


def _algebra_forth(order: Sequence[Value], moving: Collection[Value]) -> chain.AsGraph:
    return _LoopedGraph(order, Forth, dependent(order, moving).__contains__)


chain.LOOPED = chain.Looped(STEPS, _algebra_back, _algebra_forth)
