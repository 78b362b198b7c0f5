"""The poorest target there is: every row written out down to a few functions that everybody has, and computed so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd.ops.expression import ARITHMETIC, COMPARISONS, Expression, Term, variable
from autograd.ops.numbers import where
from autograd.ops.primitive import Primitive, lookup
from autograd.ops.resolution import Target

LEAST = (*ARITHMETIC, *COMPARISONS, *"negative where power exp log sin cos sqrt abs floor fmod".split())
TARGET = Target("the least", dict.fromkeys(map(lookup, LEAST), ""))


def in_the_least(row: Primitive, at: Sequence[float]) -> float:
    """The value of a row, by nothing but these; an order of polygamma stays a constant."""
    if row.name in LEAST:
        return float(row.array(*map(np.float64, at)))
    operands = [x if row.name == "polygamma" and i == 0 else variable(f"x{i}") for i, x in enumerate(at)]
    _, rule = TARGET.resolve(row, operands)
    term = Expression(row.name, *operands) if rule is None else rule
    return float(_number(term, {f"x{i}": np.float64(x) for i, x in enumerate(at)}, {}))


def _number(term: Term, names: dict[str, np.float64], known: dict[Expression, np.float64]) -> np.float64:
    if not isinstance(term, Expression):
        return np.float64(term)
    if not term.operands:
        return names[term.name]
    if term not in known:
        known[term] = _compound(term, [_number(operand, names, known) for operand in term.operands])
    return known[term]


def _compound(term: Expression, numbers: list[np.float64]) -> np.float64:
    stand_ins = [variable(f"x{i}") if isinstance(o, Expression) else o for i, o in enumerate(term.operands)]
    atom, rule = TARGET.resolve(lookup(term.name), stand_ins)
    if atom is None:
        return _number(rule, {f"x{i}": number for i, number in enumerate(numbers)}, {})
    if term.name == "where":
        return where(numbers[0] != 0.0, numbers[1], numbers[2])
    return np.float64(lookup(term.name).array(*numbers))
