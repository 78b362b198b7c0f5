"""A Value whose number is not known: what a function is handed while it is recorded.

Arithmetic on Symbols writes the graph and computes nothing.  Whatever needs a number (`if x > 0`,
`v.data`, `backward`) raises a GraphError that says what to do instead, so a number of the moment of
recording cannot slip into a program.  Eager Values pay nothing for it: it is the class that differs.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from autograd import context
from autograd.errors import GraphError, OperandError
from autograd.ops.expression import (
    COMPARISONS,
    EQUAL,
    GREATER,
    GREATER_EQUAL,
    LESS,
    LESS_EQUAL,
    MULTIPLY,
    SUBTRACT,
)
from autograd.ops.primitive import Primitive, lookup
from autograd.text import quoted
from autograd.value import REAL, Operand, Value, by_themselves, each, new_node, number

_WHILE = "while a function is recorded to be compiled"


def _unknown(self: Value, *_: object) -> NoReturn:
    raise GraphError(
        f"{self!r} has no number {_WHILE}, or after it was kept from there: compute what needs numbers "
        "outside of the function, or hand it in as an argument"
    )


def _comparison(row: str, ask: Callable[[Any, Any], Any]) -> Any:
    """A comparison with whatever a Value can be compared with: recorded, as a Condition."""

    def compare(self: Symbol, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return each(ask, self, other)
        if not isinstance(other, _NUMBERS):
            return NotImplemented
        return symbolic(lookup(row), (self, _operand(other)))

    return compare


def _connective(sign: str, ask: Callable[[Any, Any], Any], combine: Callable[[Any, Any], Any]) -> Any:
    """`&`, `|` or `^`: of Conditions and bools, in either order."""

    def connect(self: Symbol, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return each(ask, self, other)
        if not isinstance(other, _NUMBERS):
            return NotImplemented
        for side in (self, other):
            if not isinstance(side, (Condition, bool, np.bool_)):
                raise _no_condition(sign, side)
        return combine(self, _operand(other))

    return connect


def _no_condition(sign: str, side: Any) -> OperandError:
    return OperandError(
        f"{sign} is of conditions, such as x > 0, got {type(side).__name__} {quoted(side)}: "
        "compare it first, as in x != 0"
    )


def _operand(other: Any) -> Operand:
    return other if isinstance(other, Value) else number(other)


_NUMBERS = (Value, *REAL)
_equal = _comparison(EQUAL, operator.eq)


class Symbol(Value):
    """A number that will be known when the recorded program runs.

    A comparison of Symbols is recorded, as a Condition; its truth is not known, so `if`, `while`, `and`,
    `in`, `max()` and `sorted()` raise GraphError.
    """

    __slots__ = ("_place",)

    _place: int  # where it stood in what was recorded, once that has been read (`program.notes`)

    def __init__(self, name: str | None = None) -> None:
        self._row = self._a = self._b = None
        self._born = 0  # before whatever is recorded with it
        self._words = None
        if name is not None:
            self.name = name

    _data = _grad = _slope_a = _slope_b = data = grad = slopes = property(_unknown, _unknown)
    detach = item = __copy__ = __deepcopy__ = _unknown  # type: ignore[assignment]  # they answer nothing

    def __repr__(self) -> str:
        what = quoted(self.name) if self.name else self._row.title if self._row is not None else "input"
        return f"<symbol {what}>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        _unknown(self)

    def __bool__(self) -> bool:
        raise GraphError(
            f"whether {self!r} is true is not known {_WHILE}: `if`, `while`, `and`, `or`, `not`, `in`, max(), "
            "min() and sorted() cannot follow it. Write where(condition, a, b), which records both branches; maximum, "
            "minimum; c & d, c | d, ~c; of arrays greater(x, y) for x > y; or branch on what is not an argument and "
            "record again"
        )

    def __index__(self) -> NoReturn:
        raise GraphError(
            f"{self!r} counts or chooses {_WHILE}, when its number is not known: fix whole numbers before, "
            "as in compile(lambda x: f(x, 3)), and compile again for others; a loop is handed rows as xs of scan"
        )

    # -- what is recorded where a Value answers at once -----------------------------------------

    __lt__ = _comparison(LESS, operator.lt)
    __le__ = _comparison(LESS_EQUAL, operator.le)
    __gt__ = _comparison(GREATER, operator.gt)
    __ge__ = _comparison(GREATER_EQUAL, operator.ge)
    __eq__ = _equal
    __hash__ = Value.__hash__

    def __ne__(self, other: object) -> Any:
        if isinstance(other, np.ndarray):
            return each(operator.ne, self, other)
        equal = _equal(self, other)  # which has a row in the table
        return equal if equal is NotImplemented else ~equal

    __and__ = __rand__ = _connective("&", operator.and_, lambda a, b: symbolic(lookup(MULTIPLY), (a, b), Condition))
    __or__ = __ror__ = _connective("|", operator.or_, lambda a, b: symbolic(lookup("maximum"), (a, b), Condition))
    __xor__ = __rxor__ = _connective("^", operator.xor, operator.ne)

    def __invert__(self) -> Any:
        raise _no_condition("~", self)


class Condition(Symbol):
    """What comparing Symbols gives: 1 where it holds, else 0.

    It goes into `where`, and with other conditions into `&`, `|`, `^`, `==`, `!=` and `~`.
    """

    __slots__ = ()

    def __invert__(self) -> Symbol:
        return symbolic(lookup(SUBTRACT), (1.0, self), Condition)


class LoopIndex(Symbol):
    """The i of a loop whose body is recorded: an int where the loop runs, and so a key, or part of a text.

    Neither can be, of what has no number yet; a dict would not find it, and say nothing.
    """

    __slots__ = ()

    def __hash__(self) -> int:
        if context.is_ours(sys._getframe(1)):
            return object.__hash__(self)
        raise self._refusal("looks something up")

    def __str__(self) -> str:
        raise self._refusal("becomes text")

    def __format__(self, spec: str) -> str:
        raise self._refusal("becomes text")

    def _refusal(self, what: str) -> GraphError:
        return GraphError(
            f"the i of a loop {what} {_WHILE}, when it has no number yet: hand in what differs from step to step as "
            "the xs of scan, write an ordinary `for`, or repr(i) to see it"
        )


@contextmanager
def as_index(symbol: Any) -> Iterator[Any]:
    """A Symbol as the i of a loop, for as long as the body is recorded; a number as it is."""
    if type(symbol) is not Symbol:
        yield symbol
        return
    symbol.__class__ = LoopIndex
    try:
        yield symbol
    finally:
        symbol.__class__ = Symbol


def _compared_later(self: Value, other: Any, ask: Callable[[Any, Any], Any]) -> Any:
    """A comparison of Values whose numbers a program reads whenever it runs."""
    return _COMPARED[ask](self, other)


_COMPARED = {
    operator.lt: Symbol.__lt__,
    operator.le: Symbol.__le__,
    operator.gt: Symbol.__gt__,
    operator.ge: Symbol.__ge__,
    operator.eq: Symbol.__eq__,
    operator.ne: Symbol.__ne__,
}


Value._compared_later = _compared_later


def symbolic(primitive: Primitive, operands: tuple[Operand, ...], kind: type[Symbol] = Symbol) -> Symbol:
    """The node that stands for `primitive` of numbers not known yet."""
    node = unknown(primitive, Condition if primitive.name in COMPARISONS else kind)
    node._a, node._b = by_themselves(operands) if len(operands) < 3 else (operands, None)
    return node


def unknown(primitive: Primitive, kind: type[Symbol] = Symbol) -> Symbol:
    """A node that `primitive` makes, of operands that the caller puts in."""
    mode = context.mode()
    recording, scope, sources, _, log, _ = mode  # at once: it is asked for a million nodes
    if not recording:
        raise GraphError(f"no_grad() {_WHILE}: a program has derivatives of all it computes; leave the block out")
    node: Symbol = new_node(kind)
    node._row = primitive
    node._words = mode.label() if scope or sources else None
    if log is not None:
        log.append(node)
    return node
