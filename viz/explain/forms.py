"""What may stand in a derivation for the right slope: rules in ordinary arithmetic, as the table's are.

A rule is handed `Letters`: arrays, and gives what the wrong slope would be everywhere at once; or symbols, and writes
itself.  So what is said is what was tried.  A form's cost says how small a change it is: a factor forgotten 1, a
formula that nobody would expect 2.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from autograd.ops import table
from autograd.ops.expression import (
    ADD,
    COMPARISONS,
    DIVIDE,
    EQUAL,
    GREATER,
    GREATER_EQUAL,
    LESS,
    LESS_EQUAL,
    MULTIPLY,
    NEGATIVE,
    POWER,
    SUBTRACT,
    Expression,
    variable,
)
from autograd.ops.numbers import where
from autograd.ops.primitive import Primitive, lookup


class Letters(NamedTuple):
    """An edge: the node's number y, its operand's x, its slope s; of two operands the other's number and slope."""

    y: Any
    x: Any
    s: Any
    other: Any = None
    other_slope: Any = None
    row: Primitive | None = None
    slot: int = 0


class Form(NamedTuple):
    """One thing that may be written for the slope s."""

    kind: str
    cost: float
    rule: Callable[[Letters], Any]
    words: str = ""  # how it is written where {s} is the slope, if not as the rule writes itself


LEFT_OUT = Form("left out", 1.0, lambda at: 0.0 * at.s)
ONE = Form("taken as 1", 1.0, lambda at: 0.0 * at.s + 1.0)
SIGN = Form("sign", 1.0, lambda at: -at.s)
TWICE = Form("factor", 1.2, lambda at: 2.0 * at.s)
HALF = Form("factor", 1.2, lambda at: at.s / 2.0)

FACTORS = (LEFT_OUT, SIGN, TWICE, HALF)  # of all that comes back to a node

OF_SLOPE = (
    LEFT_OUT, ONE, SIGN, TWICE, HALF,
    Form("taken as -1", 1.4, lambda at: 0.0 * at.s - 1.0),
    Form("upside down", 1.4, lambda at: 1.0 / at.s),
    Form("squared", 1.5, lambda at: at.s * at.s),
    Form("root", 1.7, lambda at: table.sqrt(at.s)),
    Form("extra term", 1.7, lambda at: at.s + 1.0),
    Form("extra term", 1.7, lambda at: at.s - 1.0),
    Form("extra term", 1.7, lambda at: 1.0 - at.s),
    Form("unit", 1.3, lambda at: at.s * (math.pi / 180.0), "{s}·π/180"),
    Form("unit", 1.3, lambda at: at.s * (180.0 / math.pi), "{s}·180/π"),
    Form("unit", 1.5, lambda at: at.s * math.log(2.0), "{s}·ln 2"),
    Form("unit", 1.5, lambda at: at.s / math.log(2.0), "{s}/ln 2"),
    Form("unit", 1.5, lambda at: at.s * math.log(10.0), "{s}·ln 10"),
    Form("unit", 1.5, lambda at: at.s / math.log(10.0), "{s}/ln 10"),
)  # fmt: skip

OF_OUTPUT = (
    Form("value for slope", 1.2, lambda at: at.y),
    Form("value for slope", 1.5, lambda at: -at.y),
    Form("another formula", 1.2, lambda at: 1.0 - at.y),
    Form("another formula", 1.3, lambda at: 1.0 + at.y),
    Form("another formula", 1.2, lambda at: at.y * (1.0 - at.y)),
    Form("another formula", 1.3, lambda at: at.y * (1.0 + at.y)),
    Form("another formula", 1.2, lambda at: 1.0 - at.y * at.y),
    Form("another formula", 1.3, lambda at: 1.0 + at.y * at.y),
    Form("another formula", 1.2, lambda at: (1.0 - at.y) * (1.0 - at.y)),
    Form("another formula", 1.3, lambda at: at.y * at.y),
    Form("another formula", 1.4, lambda at: 1.0 / at.y),
    Form("another formula", 1.5, lambda at: -1.0 / at.y),
    Form("another formula", 1.4, lambda at: 1.0 / (at.y * at.y)),
    Form("another formula", 1.5, lambda at: -1.0 / (at.y * at.y)),
    Form("another formula", 1.4, lambda at: 2.0 * at.y),
    Form("another formula", 1.5, lambda at: at.s * at.y),
    Form("another formula", 1.5, lambda at: at.s / at.y),
    Form("extra term", 1.7, lambda at: at.s + at.y),
    Form("extra term", 1.7, lambda at: at.s - at.y),
)

OF_OPERAND = (
    Form("value for slope", 1.2, lambda at: at.x),
    Form("value for slope", 1.5, lambda at: -at.x),
    Form("another formula", 1.4, lambda at: 1.0 - at.x),
    Form("another formula", 1.5, lambda at: 1.0 + at.x),
    Form("another formula", 1.3, lambda at: at.x * (1.0 - at.x)),
    Form("another formula", 1.4, lambda at: 1.0 - at.x * at.x),
    Form("another formula", 1.5, lambda at: 1.0 + at.x * at.x),
    Form("another formula", 1.4, lambda at: at.x * at.x),
    Form("another formula", 1.3, lambda at: 1.0 / at.x),
    Form("another formula", 1.4, lambda at: -1.0 / at.x),
    Form("another formula", 1.4, lambda at: 1.0 / (at.x * at.x)),
    Form("another formula", 1.3, lambda at: -1.0 / (at.x * at.x)),
    Form("another formula", 1.4, lambda at: 2.0 * at.x),
    Form("another formula", 1.4, lambda at: at.s * at.x),
    Form("another formula", 1.4, lambda at: at.s / at.x),
    Form("extra term", 1.7, lambda at: at.s + at.x),
    Form("extra term", 1.7, lambda at: at.s - at.x),
)

OF_FUNCTIONS = tuple(
    Form("another function's", cost, rule)
    for cost, rule in (
        (1.3, lambda at: table.sin(at.x)),
        (1.3, lambda at: table.cos(at.x)),
        (1.4, lambda at: -table.sin(at.x)),
        (1.4, lambda at: -table.cos(at.x)),
        (1.4, lambda at: table.exp(at.x)),
        (1.4, lambda at: table.log(at.x)),
        (1.4, lambda at: table.tanh(at.x)),
        (1.4, lambda at: table.sigmoid(at.x)),
        (1.4, lambda at: 1.0 - table.sigmoid(at.x)),
        (1.4, lambda at: table.sigmoid(at.x) * (1.0 - table.sigmoid(at.x))),
        (1.4, lambda at: 1.0 / table.sqrt(at.x)),
        (1.4, lambda at: 1.0 / (2.0 * table.sqrt(at.x))),
        (1.5, lambda at: table.sqrt(at.x)),
        (1.4, lambda at: 1.0 / (1.0 + at.x * at.x)),
        (1.4, lambda at: 1.0 / table.sqrt(1.0 - at.x * at.x)),
        (1.4, lambda at: 1.0 / table.cos(at.x)),
        (1.4, lambda at: table.tan(at.x)),
        (1.4, lambda at: table.exp(-at.x)),
        (1.4, lambda at: table.ndtr(at.x)),
        (1.4, lambda at: table.exp(-at.x * at.x / 2.0) / table.SQRT_2PI),
        (1.4, lambda at: table.ndtr(at.x) + table.exp(-at.x * at.x / 2.0) / table.SQRT_2PI),
        (1.5, lambda at: table.ndtr(at.x) + at.x * table.exp(-at.x * at.x / 2.0)),
        (1.4, lambda at: table.exp(-(at.x * at.x))),
        (1.4, lambda at: where(at.x < 0.0, 1.0, 0.0)),
        (1.4, lambda at: where(at.x > 0.0, 1.0, 0.0)),
        (1.4, lambda at: table.abs_(at.x)),
        (1.4, lambda at: table.sign(at.x)),
        (1.4, lambda at: 2.0 * table.abs_(at.x)),
    )
) + (Form("at its own output", 1.4, lambda at: _at_output(at)),)

OF_TWO = (
    Form("the other operand's slope", 1.2, lambda at: at.other_slope),
    Form("the other operand's slope", 1.5, lambda at: -at.other_slope),
    Form("another formula", 1.3, lambda at: at.other),
    Form("another formula", 1.5, lambda at: -at.other),
    Form("another formula", 1.4, lambda at: 1.0 / at.other),
    Form("another formula", 1.4, lambda at: -1.0 / at.other),
    Form("another formula", 1.4, lambda at: 1.0 / (at.other * at.other)),
    Form("another formula", 1.3, lambda at: -1.0 / (at.other * at.other)),
    Form("another formula", 1.3, lambda at: -at.other / at.x),
    Form("another formula", 1.4, lambda at: at.other / at.x),
    Form("another formula", 1.5, lambda at: at.other / (at.x * at.x)),
    Form("another formula", 1.4, lambda at: at.x / at.other),
    Form("another formula", 1.4, lambda at: at.x * at.other),
    Form("another formula", 1.4, lambda at: at.s * at.other),
    Form("another formula", 1.3, lambda at: at.s / at.other),
    Form("another formula", 1.5, lambda at: at.other * at.other),
)

_EXPONENT = (
    Form("exponent lowered twice", 1.2, lambda at: at.s / at.x),
    Form("exponent not lowered", 1.1, lambda at: at.s * at.x),
    Form("exponent raised", 1.2, lambda at: at.s * at.x * at.x),
    Form("factor of the exponent forgotten", 1.1, lambda at: at.s / at.other),
    Form("factor upside down", 1.4, lambda at: at.s / (at.other * at.other)),
)
_OF_EXPONENTIALS = (
    Form("not normalised", 1.2, lambda at: table.exp(at.x)),
    Form("another formula", 1.3, lambda at: at.s * (1.0 - at.s)),
    Form("another formula", 1.4, lambda at: at.s * at.y),
)
LOST = "parentheses lost"  # δ·1 − a² for δ·(1 − a²): more than a slope
FORGOTTEN = "δ taken as 1"


def forms_of(row: Primitive, slot: int = 0) -> tuple[Form, ...]:
    """The forms for the slopes of a row along one of its operands."""
    usual = (*OF_SLOPE, *OF_OUTPUT, *OF_OPERAND)
    if row.variadic:
        return (*usual, *_OF_EXPONENTIALS) if row.name in ("logsumexp", "softmax") else usual
    if row.arity not in (1, 2):
        return usual
    if row.arity == 1:
        linear = row in (table.negative, table.positive)
        return usual if linear else (*usual, *_of_terms(row, 0), *OF_FUNCTIONS)
    return (*(_EXPONENT if row is table.power and slot == 0 else ()), *usual, *_of_terms(row, slot), *OF_TWO)


def counted(count: int) -> tuple[Form, ...]:
    """The factors n and 1/n of an average over so many."""
    return (
        Form("factor", 1.3, lambda at: at.s * float(count)),
        Form("factor", 1.3, lambda at: at.s / float(count)),
    )


def _at_output(at: Letters) -> Any:
    """A function's slope at what the function gives, f′(f(x)) for f′(x)."""
    if at.row is None:
        return at.s
    rule = at.row.textbook or at.row.slopes
    again = at.row(at.y)
    found = rule(again, at.y)
    return found[0] if isinstance(found, tuple) else found


# -- a slope that has lost a part -----------------------------------------------------------------------

DEEPEST = 4  # operations inside one another in which something may be lost


@cache
def _of_terms(row: Primitive, slot: int) -> tuple[Form, ...]:
    """The slope as a book prints it, with one term, factor or sign lost."""
    if row.opaque:
        return ()
    names = [variable(f"x{i}") for i in range(row.arity or 0)]
    slopes = (row.textbook or row.slopes)(variable("y"), *names)
    term = (slopes if isinstance(slopes, tuple) else (slopes,))[slot]
    return tuple(Form("part lost", 1.3, partial(_with_letters, each)) for each in _spoiled(term, DEEPEST))


def _with_letters(term: Any, at: Letters) -> Any:
    found = number_of(term, {"y": at.y, f"x{at.slot}": at.x, f"x{1 - at.slot}": at.other})
    return found + np.zeros_like(at.s) if isinstance(at.s, np.ndarray) else found


def _spoiled(term: Any, depth: int) -> Iterator[Any]:
    """A term with one part of it lost."""
    if not isinstance(term, Expression) or not term.operands or not depth:
        return
    yield from _without_a_part(term)
    for i, operand in enumerate(term.operands):
        for each in _spoiled(operand, depth - 1):
            yield Expression(term.name, *term.operands[:i], each, *term.operands[i + 1 :])


def _without_a_part(term: Expression) -> Iterator[Any]:
    name, parts = term.name, term.operands
    if name in (ADD, SUBTRACT):
        yield from (parts[0], parts[1], Expression(SUBTRACT if name == ADD else ADD, *parts))
    elif name == MULTIPLY:
        yield from parts
    elif name == DIVIDE:
        yield from (parts[0], 1.0 / parts[1] if isinstance(parts[1], Expression) else parts[0])
    elif name in (POWER, NEGATIVE):
        yield parts[0]


# -- parentheses --------------------------------------------------------------------------------------


def without_parentheses(term: Any) -> tuple[Any, Any] | None:
    """Of a slope such as 1 − a², or a·(1 − a), what δ still multiplies, and what is left outside: (1, a²), (a, a)."""
    if not isinstance(term, Expression):
        return None
    if term.name == SUBTRACT:
        return term.operands[0], term.operands[1]
    if term.name == MULTIPLY:
        inner = without_parentheses(term.operands[1])
        return None if inner is None else (term.operands[0] * inner[0], inner[1])
    if term.name == NEGATIVE:
        inner = without_parentheses(term.operands[0])
        return None if inner is None else (-inner[0], inner[1])
    return None


def number_of(term: Any, letters: dict[str, Any]) -> Any:
    """An expression of a rule where its letters are these arrays, or expressions."""
    if not isinstance(term, Expression):
        return term
    if not term.operands:
        return letters[term.name]
    return _applied(term.name, [number_of(operand, letters) for operand in term.operands])


def _applied(name: str, operands: list[Any]) -> Any:
    """An operation on arrays and numbers, or written again on expressions."""
    if any(isinstance(operand, Expression) for operand in operands):
        return Expression(name, *operands)
    if name in COMPARISONS:
        return np.asarray(_COMPARE[name](*operands), float)
    return lookup(name)(*operands)


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    EQUAL: operator.eq, LESS: operator.lt, LESS_EQUAL: operator.le, GREATER: operator.gt, GREATER_EQUAL: operator.ge,
}  # fmt: skip
