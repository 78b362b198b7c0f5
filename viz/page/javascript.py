"""The table in JavaScript: every rule printed from the row itself, so that a page computes what Python computes.

Only the atoms, which are functions of floats in Python too, are written by hand, in page/special.js.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import NamedTuple

from autograd.ops.expression import ARITHMETIC, COMPARISONS, Expression, Language, Term, same, source_of, variable
from autograd.ops.primitive import TABLE, Atom, Primitive, lookup
from autograd.ops.targets import cannot_write, rows_called

RESERVED = frozenset(
    "await break case catch class const continue debugger default delete do else enum eval export extends false"
    " finally for function if implements import in instanceof interface let new null package private protected"
    " public return static super switch this throw true try typeof var void while with yield arguments".split()
)


class Use(NamedTuple):
    """How a graph uses a variadic row: printed anew for every number of operands and every leading index."""

    op: str
    operands: int
    leading: tuple[float, ...] = ()  # what stands before the vector: the index of a softmax

    @property
    def key(self) -> str:
        """The name of its rule on the page; a row that is not variadic has its own name."""
        return "/".join([self.op, str(self.operands), *map(_literal, self.leading)])


def _literal(x: float | None) -> str:
    if x is None:
        return "null"
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return repr(x).removesuffix(".0")


JAVASCRIPT = Language(
    operators={**COMPARISONS, **ARITHMETIC, "equal": "==="},
    conditional="{condition} ? {chosen} : {other}",
    assignment="const {name} = {value};",
    literal=_literal,
    function=lambda name: f"value.{name}",
    truth="{} !== 0",
)


def table_source(uses: Iterable[Use] = ()) -> str:
    """Statements that add every row to the objects `value` and `slopes`, which hold functions of numbers.

    A rule of n operands is ``value.tanh(x)`` and ``slopes.tanh(y, x)``, an array with null where no
    derivative flows.  Variadic rows appear once a use, as ``slopes["dot/5"]``; users' rows where they are used.
    """
    uses = list(dict.fromkeys(uses))
    own = [lookup(name) for name in _with_called(use.op for use in uses) if name not in TABLE]
    rows = [line for row in [*TABLE.values(), *own] if not row.variadic for line in _row(row)]
    return "\n".join(rows + [_variadic(use) for use in uses if lookup(use.op).variadic])


@cache
def by_hand() -> str:
    """page/special.js: the atoms."""
    return resources.files(__package__).joinpath("special.js").read_text("utf-8")


def check_writable(rows: Iterable[str]) -> None:
    """Raise GraphError for a row that a page cannot compute, because an atom that it needs is not there by hand."""
    for name in _with_called(rows):
        row = lookup(name)
        if name not in _atoms() and (row.variadic or isinstance(row.rule, Atom)):
            raise cannot_write(row, "JavaScript")


@cache
def _atoms() -> frozenset[str]:
    """The rows whose values are there by hand."""
    return frozenset(re.findall(r"^  (\w+)[,:(]", by_hand().partition("const value = {")[2].partition("\n};")[0], re.M))


def _with_called(rows: Iterable[str]) -> list[str]:
    """These rows and all that their rules call, each once; what variadic ones call is there by hand."""
    pending = [*rows]
    found: dict[str, None] = {}
    while pending:
        name = pending.pop()
        row = lookup(name)
        if name not in found and not row.variadic and not row.opaque:
            operands = [variable(operand) for operand in row.operands]
            terms = [] if name in _atoms() else [row.value_term(operands)]
            pending += rows_called([*terms, *row.slope_terms(operands)], JAVASCRIPT)
        found[name] = None
    return list(found)


def _row(row: Primitive) -> Iterable[str]:
    names = [f"{name}_" if name in RESERVED else name for name in row.operands]
    operands = [variable(name) for name in names]
    value = _function(names, [row.value_term(operands)], "{}")
    if not value.endswith(f"=> value.{row.name}({', '.join(names)})"):  # else an atom, or an operator that is missing
        yield f"value.{row.name} = {value};"
    yield f"slopes.{row.name} = {_function(['y', *names], row.slope_terms(operands), '[{}]')};"


def _variadic(use: Use) -> str:
    """The slopes of a variadic row, whose operands are called xs[0], xs[1], …"""
    leading = len(use.leading)
    vector = [variable(f"xs[{i}]") for i in range(use.operands - leading)]
    parameters = ["y", *lookup(use.op).operands[:leading], "...xs"]
    terms = lookup(use.op).slope_terms([*use.leading, *vector])
    return f'slopes["{use.key}"] = {_function(parameters, [_spread(term, vector) for term in terms], "[{}]")};'


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
