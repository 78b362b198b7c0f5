"""The functions of rows that a C file defines: values that libm has not, and slopes, printed from the rows' rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.ops.expression import Term, variable
from autograd.ops.primitive import Atom, Primitive, lookup
from autograd.ops.targets import cannot_write, rows_called
from autograd.program.exports.c_functions import FUNCTIONS, LIBM
from autograd.program.exports.c_language import C, block, function_name, statements, with_unused


@dataclass(frozen=True)
class Need:
    """A function that the file has to define: of a row's value, or of a slope.

    Slopes of variadic rows are written for a number of operands and, where there is one more that says which
    component is meant, for that component.
    """

    row: str
    slot: int | None = None
    count: int = 0
    component: float | None = None

    @property
    def name(self) -> str:
        """What the function is called."""
        if self.slot is None:
            return function_name(self.row)
        which = "" if lookup(self.row).arity == 1 else str(self.slot + 1)
        of = f"_of{self.count}" if self.count else ""
        at = "" if self.component is None else f"_at{int(self.component)}"
        return f"{self.row}_slope{which}{of}{at}"


def functions(needed: Iterable[Need]) -> list[str]:
    """The functions that a file needs, each after those that it calls.

    Raises GraphError for a row that C cannot have, by its name.
    """
    sources: dict[Need, str] = {}
    for need in needed:
        _write(need, sources)
    return [source for source in sources.values() if source]


def _write(need: Need, sources: dict[Need, str]) -> None:
    """Write a function, after what it calls; rows call each other a few deep."""
    if need in sources or (need.slot is None and need.row in LIBM):
        return
    source, calls = _source(need)
    for called in calls:
        _write(Need(called), sources)
    sources[need] = source


def _source(need: Need) -> tuple[str, Iterable[str]]:
    """The function, and the rows whose values it calls."""
    row = lookup(need.row)
    if need.slot is None and need.row in FUNCTIONS:
        return FUNCTIONS[need.row]
    if need.slot is None and (row.variadic or isinstance(row.rule, Atom)):
        raise cannot_write(row, "C")
    if row.variadic:
        return _variadic_slope(need, row)
    return _plain_function(need, row)


def _plain_function(need: Need, row: Primitive) -> tuple[str, list[str]]:
    """A row's value, or its slope along one operand."""
    operands = [variable(name) for name in row.operands]
    term = row.value_term(operands) if need.slot is None else row.slope_terms(operands)[need.slot]
    parameters = row.operands if need.slot is None else ("y", *row.operands)
    signature = ", ".join(f"double {name}" for name in parameters)
    return _defined(need, signature, parameters, statements(term)), rows_called([term], C)


def _variadic_slope(need: Need, row: Primitive) -> tuple[str, list[str]]:
    """A slope of a row of many operands, which are x[0], x[1], …"""
    operands = [variable(f"x[{i}]") for i in range(need.count)]
    known: list[Any] = [need.component] * (need.component is not None) + operands
    term: Term = row.slope_terms(known)[need.slot or 0]
    said = statements(term, operands)
    return _defined(need, "double y, const double *x", ("y", "x"), said), rows_called([term], C)


def _defined(need: Need, signature: str, parameters: Sequence[str], said: tuple[list[str], str]) -> str:
    before, result = said
    body = with_unused(parameters, [*before, f"return {result};"])
    return f"static double {need.name}({signature})\n{block(body)}"
