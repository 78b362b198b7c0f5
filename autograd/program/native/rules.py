"""The table's rules as machine code: a row's value or slope, of numbers in registers.

A rule that is written in terms of others is written out from the row itself.  Only atoms are written
here: by their own machine code, by an instruction, by C's function of that name, or, where neither is
to be had (a polygamma whose order is not known), by a call back into Python, which is as slow as it sounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import ArgumentError
from autograd.ops import gamma
from autograd.ops.expression import COMPARISONS, Expression, Term, variable
from autograd.ops.primitive import Primitive, lookup
from autograd.ops.special import halves
from autograd.program.graph import Operation
from autograd.program.native import machine, mathematics
from autograd.program.native.callbacks import callback
from autograd.program.native.code import Code, Mask, Number

Rule = Callable[..., Number]

_QUESTIONS = {"equal": "oeq", "less": "olt", "less_equal": "ole", "greater": "ogt", "greater_equal": "oge"}
_HIGHEST_WRITTEN = 16  # of the orders of polygamma
_LONG = 32  # terms from which a sum is added in several chains at once


def apply(code: Code, operation: Operation, operands: Sequence[Number], exact: bool = False) -> Number:
    """The number that an instruction of a program computes."""
    row = lookup(operation.row)
    if operation.slot is None:
        return value(code, row, operands, exact)
    return slope(code, row, operation.slot, operands[0], operands[1:])


def value(code: Code, row: Primitive, operands: Sequence[Number], exact: bool = False) -> Number:
    """The value of a row."""
    if row.name in _VECTORS:
        return _VECTORS[row.name](code, operands, exact)
    if row.name in _ATOMS:
        return _ATOMS[row.name](*operands)
    names = [variable(f"x{i}") for i in range(len(operands))]
    term = row.value_term(names)
    if isinstance(term, Expression) and term.name == row.name:
        return called(code, row, operands)
    return _number(_write(code, term, {n.name: o for n, o in zip(names, operands, strict=True)}))


def slope(code: Code, row: Primitive, slot: int, y: Number, operands: Sequence[Number]) -> Number:
    """The slope of a row along one operand; 0 where no derivative flows."""
    if (row.name, slot) in _SLOPES:
        return _SLOPES[row.name, slot](y, *operands)
    known: list[Any] = [variable(f"x{i}") if o.known is None else o.known for i, o in enumerate(operands)]
    term = row.slope_terms(known if row.variadic else [variable(f"x{i}") for i in range(len(operands))])[slot]
    names = {"y": y, **{f"x{i}": o for i, o in enumerate(operands)}}
    return _number(_write(code, term, names))


def _number(written: Number | Mask) -> Number:
    if isinstance(written, Mask):
        return written.code.select(written, 1.0, 0.0)
    return written


def _write(code: Code, term: Term, names: dict[str, Number]) -> Number | Mask:
    """An Expression of `names`; None, no derivative, is 0."""
    if not isinstance(term, Expression):
        return code.constant(0.0 if term is None else float(term))
    if not term.operands:
        return names[term.name]
    operands = [_write(code, operand, names) for operand in term.operands]
    if term.name == "where":
        condition = operands[0] if isinstance(operands[0], Mask) else operands[0].compare("une", 0.0)
        return code.select(condition, _number(operands[1]), _number(operands[2]))
    numbers = [_number(operand) for operand in operands]
    if term.name in COMPARISONS:
        return numbers[0].compare(_QUESTIONS[term.name], numbers[1])
    return value(code, lookup(term.name), numbers)


# -- atoms that are called --------------------------------------------------------------------------

_C_NAMES = {"abs": "fabs", "power": "pow", "round": "rint"}  # else C's name is the row's


def called(code: Code, row: Primitive, operands: Sequence[Number]) -> Number:
    """An atom by C's function of that name, on whole vectors if there is one, else by the row's own in Python."""
    name, width = _C_NAMES.get(row.name, row.name), machine.width()
    vector = machine.vector_symbol(name, len(operands)) if code.lanes >= width else None
    if vector:
        return code.vector_function(vector, width, *operands)
    if machine.has_symbol(name):
        return code.scalar_function(name, *operands)
    return code.scalar_function(callback(row.float, row.name, len(operands)), *operands, attributes="")


# -- atoms that are written -------------------------------------------------------------------------


def _power(a: Number, b: Number) -> Number:
    """aᵇ; small whole exponents by multiplication."""
    if b.known == 1.0:
        return a
    if b.known == 2.0:
        return a * a
    if b.known == 3.0:
        return a * a * a
    if b.known == 0.0:
        return a.code.constant(1.0)
    if b.known == -1.0:
        return 1.0 / a
    return called(a.code, lookup("power"), (a, b))


def _polygamma(n: Number, x: Number) -> Number:
    """ψ⁽ⁿ⁾(x), written out for an order that is known and whose recurrence is not too long."""
    order = n.known
    if order is None or order not in range(_HIGHEST_WRITTEN + 1):
        return called(x.code, lookup("polygamma"), (n, x))
    return _number(_write(x.code, gamma.polygamma_rule(int(order), variable("x")), {"x": x}))


def _fmod(a: Number, b: Number) -> Number:
    return a._operate("frem", a, b)


def _remainder(a: Number, b: Number) -> Number:
    """Python's a % b: C's remainder, moved by b if its sign is not that of b; a zero has b's sign."""
    code, rest = a.code, _fmod(a, b)
    moved = code.select(_signs_differ(rest, b), rest + b, rest)
    return code.select(moved.compare("oeq", 0.0), code.constant(0.0).with_sign_of(b), moved)


def _floor_divide(a: Number, b: Number) -> Number:
    """Python's a // b, from the exact remainder; a / b where b is 0."""
    code, rest = a.code, _fmod(a, b)
    quotient = (a - rest) / b
    quotient = code.select(_signs_differ(rest, b), quotient - 1.0, quotient)
    whole = code.intrinsic("floor", quotient)
    whole = code.select((quotient - whole) > 0.5, whole + 1.0, whole)
    whole = code.select(quotient.compare("oeq", 0.0), code.constant(0.0).with_sign_of(a / b), whole)
    return code.select(b.compare("oeq", 0.0), a / b, whole)


def _signs_differ(rest: Number, b: Number) -> Mask:
    return ((rest < 0.0) & (b > 0.0)) | ((rest > 0.0) & (b < 0.0))


def _intrinsic(name: str) -> Rule:
    return lambda *operands: operands[0].code.intrinsic(name, *operands)


_ATOMS: dict[str, Rule] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "where": lambda condition, a, b: condition.code.select(condition.compare("une", 0.0), a, b),
    "abs": abs,
    "sqrt": _intrinsic("sqrt"),
    "floor": _intrinsic("floor"),
    "ceil": _intrinsic("ceil"),
    "trunc": _intrinsic("trunc"),
    "round": _intrinsic("rint"),
    "power": _power,
    "fmod": _fmod,
    "remainder": _remainder,
    "floor_divide": _floor_divide,
    "exp": mathematics.exp,
    "expm1": mathematics.expm1,
    "tanh": mathematics.tanh,
    "sech": mathematics.sech,
    "log": mathematics.log,
    "log1p": mathematics.log1p,
    "sin": mathematics.sin,
    "cos": mathematics.cos,
    "erf": mathematics.erf,
    "digamma": lambda x: _polygamma(x.code.constant(0.0), x),
    "polygamma": _polygamma,
}

# Slopes that share more with the value than the rule as it stands in the table lets them.
_SLOPES: dict[tuple[str, int], Rule] = {
    ("tanh", 0): mathematics.tanh_slope,
    ("sigmoid", 0): lambda y, x: y * value(x.code, lookup("sigmoid"), (-x,)),
}


# -- rows of any number of operands -----------------------------------------------------------------


def _sum(code: Code, operands: Sequence[Number], exact: bool) -> Number:
    return _added(operands, 1 if exact or len(operands) < _LONG else 4) if operands else code.constant(0.0)


def _added(operands: Sequence[Number], chains: int) -> Number:
    """The sum, in so many chains side by side."""
    totals = list(operands[:chains])
    for i, operand in enumerate(operands[chains:]):
        totals[i % chains] = totals[i % chains] + operand
    total = totals[0]
    for other in totals[1:]:
        total = total + other
    return total


def _dot(code: Code, operands: Sequence[Number], exact: bool) -> Number:
    """Σ wᵢxᵢ + c; each product is fused with its addition unless every rounding was asked for."""
    weights, inputs, bias = halves(operands)
    if exact:
        return _added([*(w * x for w, x in zip(weights, inputs, strict=True)), *bias], 1)
    totals: list[Number] = list(bias)
    chains = 1 if len(weights) < _LONG else 4
    for i, (w, x) in enumerate(zip(weights, inputs, strict=True)):
        if len(totals) < chains:
            totals.append(w * x)
        else:
            totals[i % chains] = code.fma(w, x, totals[i % chains])
    return _added(totals, 1) if totals else code.constant(0.0)


def _exponentials(code: Code, xs: Sequence[Number]) -> tuple[Number, list[Number], list[Mask]]:
    """(the largest x, exp(x - largest) for each, and for each whether it is that largest one, the first of equals)."""
    largest = xs[0]
    for x in xs[1:]:
        largest = code.select((x > largest) | x.compare("une", x), x, largest)
    found: Mask | None = None
    firsts = []
    for x in xs:
        here = x.compare("ueq", largest)
        firsts.append(here if found is None else here & ~found)
        found = here if found is None else found | here
    return largest, [mathematics.exp(x - largest) for x in xs], firsts


def _logsumexp(code: Code, operands: Sequence[Number], exact: bool) -> Number:
    """top + log1p(Σ of the others' exponentials)."""
    top, exponentials, firsts = _exponentials(code, operands)
    others = [code.select(first, 0.0, e) for e, first in zip(exponentials, firsts, strict=True)]
    finite = top + mathematics.log1p(_added(others, 1))
    return code.select(abs(top).compare("oeq", math.inf), top, finite)


def _softmax(code: Code, operands: Sequence[Number], exact: bool) -> Number:
    i, xs = _index("softmax", operands)
    _, exponentials, _ = _exponentials(code, xs)
    return exponentials[i] / _added(exponentials, 1)


def _log_softmax(code: Code, operands: Sequence[Number], exact: bool) -> Number:
    """-logsumexp of the differences to xᵢ."""
    i, xs = _index("log_softmax", operands)
    own = xs[i]
    finite = -_logsumexp(code, [x - own for x in xs], exact)
    nothing = own.compare("oeq", -math.inf)
    something = _logsumexp(code, xs, exact) > -math.inf
    return code.select(nothing, code.select(something, -math.inf, math.nan), finite)


def _index(row: str, operands: Sequence[Number]) -> tuple[int, Sequence[Number]]:
    """The leading operand, which says which component is meant, and the vector."""
    known = operands[0].known
    if known is None:
        raise ArgumentError(
            f"{row}: which component is meant must be a constant of the program, not a number it computes"
        )
    return int(known), operands[1:]


_VECTORS: dict[str, Callable[[Code, Sequence[Number], bool], Number]] = {
    "sum": _sum,
    "dot": _dot,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
}
