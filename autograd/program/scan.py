"""Loops in functions: `scan`, `fori_loop`, `while_loop` and `vmap`, with JAX's meaning.

On numbers and Values they are ordinary loops.  While a function is recorded the body is recorded once, and becomes one
instruction that holds it (see `autograd.program.loops`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import count
from typing import Any, Literal, TypeAlias

import numpy as np

from autograd.array import ValueArray
from autograd.collector import collector_paused
from autograd.context import mode, scope
from autograd.errors import ArgumentError, LoopError
from autograd.given import function
from autograd.iterations import loop_title, name_of, step_title
from autograd.program.looped import recorded_scan, recorded_while, written_as_loops, yields_of_none
from autograd.program.rows import (
    Yielded,
    carried_on,
    condition_of,
    has_checkpoints,
    kept,
    like,
    pair,
    row,
    steps_of,
    whole_number,
)
from autograd.symbol import as_index
from autograd.text import quoted

Memory: TypeAlias = Literal["stored", "checkpoints"]


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    memory: Memory = "stored",
) -> Any:
    """Carry something through a loop: ``carry, y = f(carry, x)`` for each row x of `xs`, as JAX's `scan` does.

    `xs` is an array, whose rows are eaten, a list, whose items are, or a tuple or dict of such; without it x is None
    and `length` says how often.  The answer is the last carry and the ys, stacked as rows.  The carry keeps its
    structure, and all ys are made alike; either may be None.  Where a function is recorded to be compiled, the body is
    recorded once, whatever the length.  Where there are no rows it is recorded all the same, to know how the ys would
    be made, whose arrays are then of shape (0, …); if that cannot be known, of an empty list or a body that needs
    numbers, they are None.

    Derivatives backwards need what was carried before each step.  It is ``"stored"``, 8 bytes a number and step;
    `memory` ``"checkpoints"`` keeps it about every √n-th step alone and computes the others anew, block by block: the
    same bits for two runs of the body in place of one.

    >>> scan(lambda total, x: (total + x, total * x), 0.0, np.array([1.0, 2.0, 3.0]))
    (6.0, array([0., 2., 9.]))

    Raises:
        ArgumentError: for a carry or ys whose structure changes, which says in what step, rows of different lengths, a
            `length` that differs, or another `memory`
    """
    function(f, "scan")
    steps, checkpoints = steps_of(xs, length), has_checkpoints(memory)
    if written_as_loops():
        with collector_paused():
            return recorded_scan(f, init, xs, steps, checkpoints)
    if not steps:
        return init, yields_of_none(f, init, xs)
    carry, ys, f = init, Yielded(), _in_scopes(f, steps)
    structure = carried_on(init)[1]
    for i in range(steps):
        carry, y = pair(f(carry, row(xs, i)))
        carry = kept(carry, structure, i)
        ys.add(y)
    return carry, ys.stacked()


def fori_loop(lower: int, upper: int, body: Callable[[Any, Any], Any], init: Any, memory: Memory = "stored") -> Any:
    """``for i in range(lower, upper): init = body(i, init)``, as JAX's function of that name.

    i is an int, and while a function is recorded a Symbol, which cannot index, be a key of a dict or become text:
    `scan` has `xs` for that, and says what `memory` is.

    >>> fori_loop(1, 4, lambda i, x: x * i, 1.0)
    6.0

    Raises:
        ArgumentError: for bounds that are no whole numbers, and a body that changes the structure of what it is given
    """
    function(body, "fori_loop")
    for bound in (lower, upper):
        if isinstance(bound, bool) or not isinstance(bound, (int, np.integer)) or abs(bound) > 2**53:
            given = f"{type(bound).__name__} {quoted(bound)}"
            raise ArgumentError(
                f"the bounds of fori_loop are whole numbers that are known beforehand, up to 2⁵³, got {given}"
            )
    if not written_as_loops():
        has_checkpoints(memory)
        structure, body = carried_on(init)[1], _in_scopes(body, max(0, upper - lower))
        for i in range(lower, upper):
            init = kept(body(i, init), structure, i - lower)
        return init

    @wraps(body, updated=())
    def step(carry: Any, _: None) -> Any:
        with as_index(carry[0]) as i:
            return (i + 1, body(i, carry[1])), None

    (_, last), _ = scan(step, (lower, init), length=max(0, upper - lower), memory=memory)
    return last


def while_loop(
    cond: Callable[[Any], Any], body: Callable[[Any], Any], init: Any, max_steps: int, memory: Memory = "stored"
) -> Any:
    """``while cond(x): x = body(x)``, as JAX's function of that name, at most `max_steps` times; backwards too.

    Where it would go on after that, it is an error; compiled, the answer is nan.  `memory` is as `scan` says.

    >>> while_loop(lambda x: x < 100.0, lambda x: 3.0 * x, 1.0, max_steps=10)
    243.0

    Raises:
        ArgumentError: for a `max_steps` that is no whole number, a condition that is no number, and a body that changes
            the structure of what it is given
        LoopError: if the condition still holds after `max_steps`
    """
    for part in (cond, body):
        function(part, "while_loop")
    max_steps, checkpoints = whole_number(max_steps, "max_steps of a while_loop"), has_checkpoints(memory)
    if written_as_loops():
        with collector_paused():
            return recorded_while(cond, body, init, max_steps, checkpoints)
    x, structure, body = init, carried_on(init)[1], _in_scopes(body, max_steps, up_to=True)
    steps = 0
    while condition_of(cond(x)) != 0.0:
        if steps == max_steps:
            raise LoopError(f"while_loop goes on after max_steps={max_steps}: allow more, or see why it does not end")
        x = kept(body(x), structure, steps)
        steps += 1
    return x


def _in_scopes(body: Callable[..., Any], length: int, up_to: bool = False) -> Callable[..., Any]:
    """A body whose calls are the steps of a loop, each in a scope, where scopes or lines are recorded at all.

    Elsewhere a step may take less time than a scope.
    """
    if mode().label() is None:
        return body
    title, steps = loop_title(name_of(body), length, up_to=up_to), count()

    def step(*given: Any) -> Any:
        with scope(f"{title}.{step_title(next(steps))}"):
            return body(*given)

    return step


def vmap(f: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
    """`f` applied to each row of its arguments, the answers stacked as rows, as JAX's function of that name.

    `in_axes` says along which axis of its arrays each argument is mapped, None for one that stays the same; keyword
    arguments are mapped along the first.  Recorded, it is one loop, whatever the number of rows.

    >>> vmap(lambda a, x: a * x, in_axes=(None, 0))(2.0, np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])

    Raises:
        ArgumentError: when it is called, if no argument is mapped, or they have different numbers of rows
    """

    function(f, "vmap")

    @wraps(f)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        axes = in_axes if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise ArgumentError(f"in_axes={quoted(in_axes)} has {len(axes)} entries for {len(args)} arguments")
        rows = tuple(_axis_first(arg, axis) for arg, axis in zip(args, axes, strict=True) if axis is not None)
        if not rows and not kwargs:
            raise ArgumentError(f"vmap: in_axes={quoted(in_axes)} maps none of {len(args)} arguments")

        @wraps(f, updated=())
        def one(carry: tuple[()], row: Any) -> Any:
            given = iter(row[0])
            each = [arg if axis is None else next(given) for arg, axis in zip(args, axes, strict=True)]
            return carry, f(*each, **row[1])

        return scan(one, (), (rows, kwargs))[1]

    return mapped


def _axis_first(arg: Any, axis: Any) -> Any:
    """An argument whose arrays have this axis in front; the rows of a list are its items."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise ArgumentError(f"vmap: in_axes holds whole numbers and None, got {quoted(axis)}")
    if isinstance(arg, dict):
        return {key: _axis_first(part, axis) for key, part in arg.items()}
    if isinstance(arg, tuple):
        return like(arg, [_axis_first(part, axis) for part in arg])
    if isinstance(arg, list) and axis:
        arg = ValueArray(arg)
    if not isinstance(arg, np.ndarray):
        return arg
    if not -arg.ndim <= axis < arg.ndim:
        raise ArgumentError(f"vmap: an array of shape {arg.shape} has no axis {quoted(axis)}")
    return np.moveaxis(arg, axis, 0)
