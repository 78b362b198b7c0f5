"""The table in JavaScript: rules printed from the rows themselves, so that a page computes what Python computes.

JavaScript's own atoms are in page/special.js.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from autograd.ops.expression import (
    ARITHMETIC,
    COMPARISONS,
    EQUAL,
    Expression,
    Syntax,
    Term,
    same,
    source_of,
    variable,
)
from autograd.ops.primitive import Primitive, lookup
from autograd.ops.resolution import Target, called_in

RESERVED = frozenset(
    "await break case catch class const continue debugger default delete do else enum eval export extends false"
    " finally for function if implements import in instanceof interface let new null package private protected"
    " public return static super switch this throw true try typeof var void while with yield arguments".split()
)


class Use(NamedTuple):
    """How a graph uses a row: a variadic one is printed anew for every number of operands and every leading index."""

    op: str
    operands: int
    leading: tuple[float, ...] = ()  # what stands before the vector: the index of a softmax

    @property
    def key(self) -> str:
        """The name of its rule on the page."""
        return (
            self.op
            if not lookup(self.op).variadic
            else "/".join([self.op, str(self.operands), *map(_literal, self.leading)])
        )


def _literal(x: float | None) -> str:
    if x is None:
        return "null"
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return repr(x).removesuffix(".0")


JAVASCRIPT = Syntax(
    operators={**COMPARISONS, **ARITHMETIC, EQUAL: "==="},
    conditional="{condition} ? {chosen} : {other}",
    assignment="const {name} = {value};",
    literal=_literal,
    function=lambda name: f"value.{name}",
    truth="{} !== 0",
)


def table_source(uses: Iterable[Use]) -> str:
    """Statements that add what these uses need to the objects `value` and `slopes`, which hold functions of numbers.

    A rule of n operands is ``value.tanh(x)`` and ``slopes.tanh(y, x)``, an array with null where no
    derivative flows; of a variadic row ``slopes["dot/5"]``.

    Raises:
        GraphError: for a row that JavaScript cannot have, by its name
    """
    lines: dict[str, str] = {}
    called: list[str] = []
    for use in dict.fromkeys(uses):
        called.append(use.op)
        if lookup(use.op).reads_table:  # of as many entries as there are
            lines[use.key] = f'slopes["{use.key}"] = slopes.{use.op};'
        elif use.key not in lines:
            parameters, terms = _slopes(use)
            lines[use.key] = f'slopes["{use.key}"] = {_function(["y", *parameters], terms, "[{}]")};'
            called += [row for row in called_in(terms) if row not in JAVASCRIPT.written]
    return "\n".join([*_values(called), *lines.values()])


def _values(rows: list[str]) -> Iterator[str]:
    """The values of these rows and of all that they call, but for those that are there by hand."""
    done = set[str]()
    while rows:
        name = rows.pop()
        if name not in done and name not in _by_hand_names():
            done.add(name)
            parameters = _parameters(lookup(name))
            term = _value(lookup(name), [variable(parameter) for parameter in parameters])
            rows += [row for row in called_in([term]) if row not in JAVASCRIPT.written]
            yield f"value.{name} = {_function(parameters, [term], '{}')};"


def _value(row: Primitive, operands: list[Any]) -> Term:
    if row.variadic:  # of which the page hands over any number
        raise _target().refusal(row)
    atom, term = _target().resolve(row, operands)
    return term if atom is None else row.value_term(operands)  # with an operator


@cache
def by_hand() -> str:
    """page/special.js: the atoms."""
    return resources.files(__package__).joinpath("special.js").read_text("utf-8")


@cache
def _by_hand_names() -> frozenset[str]:
    table = by_hand().partition("const value = {")[2].partition("\n};")[0]
    return frozenset(re.findall(r"^  (\w+)[,:(]", table, re.MULTILINE))


@cache
def _target() -> Target[str]:
    return Target("JavaScript", dict.fromkeys(map(lookup, (*JAVASCRIPT.written, *_by_hand_names())), ""))


def _parameters(row: Primitive) -> list[str]:
    return [f"{name}_" if name in RESERVED else name for name in row.operands]


def _slopes(use: Use) -> tuple[list[str], tuple[Term, ...]]:
    """The parameters beside y, and the slopes; the vector of a variadic row is xs[0], xs[1], …"""
    row = lookup(use.op)
    if row.opaque:
        raise _target().refusal(row)
    if not row.variadic:
        parameters = _parameters(row)
        return parameters, row.slope_terms([variable(parameter) for parameter in parameters])
    leading = len(use.leading)
    vector = [variable(f"xs[{i}]") for i in range(use.operands - leading)]
    terms = row.slope_terms([*use.leading, *vector])
    return [*row.operands[:leading], "...xs"], tuple(_spread(term, vector) for term in terms)


def _spread(term: Term, vector: list[Expression]) -> Term:
    """`term` with ...xs where the whole vector is handed to a function, so that its text stays short."""
    if not isinstance(term, Expression) or not term.operands:
        return term
    operands = term.operands
    if len(vector) > 1 and same(operands[-len(vector) :], vector):
        return Expression(term.name, *operands[: -len(vector)], variable("...xs"))
    return Expression(term.name, *(_spread(operand, vector) for operand in operands))


def _function(parameters: list[str], terms: Iterable[Term], result: str) -> str:
    assignments, results = source_of(list(terms), JAVASCRIPT)
    returned = result.format(", ".join(results))
    if not assignments:
        return f"({', '.join(parameters)}) => {returned}"
    return f"({', '.join(parameters)}) => {{ {' '.join(assignments)} return {returned}; }}"
