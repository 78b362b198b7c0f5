"""The functions of rows that a C file defines: values that libm has not, and slopes, printed from the rows' rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd.ops.expression import Expression, Term, variable
from autograd.ops.primitive import Primitive, lookup
from autograd.ops.resolution import called_in
from autograd.program.exports.c_functions import CFunction
from autograd.program.exports.c_language import ATOMS, TARGET, block, function_name, statements, with_unused
from autograd.program.exports.c_names import KEYWORDS, LIBRARY
from autograd.program.exports.c_single import SINGLE, SINGLE_VALUES, single


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
    single: bool = False

    @property
    def name(self) -> str:
        """What the function is called; one of floats has an f behind it, as libm's have (which get theirs later)."""
        return self._of_doubles + "f" * (self.single and not is_of_c(self))

    @property
    def _of_doubles(self) -> str:
        if self.slot is None:
            return function_name(self.row)
        which = "" if lookup(self.row).arity == 1 else str(self.slot + 1)
        of = f"_of{self.count}" if self.count else ""
        at = "" if self.component is None else f"_at{int(self.component)}"
        return f"{self.row}_slope{which}{of}{at}"


def functions(needed: Iterable[Need]) -> list[str]:
    """The functions that a file needs, each after those that it calls.

    Raises:
        GraphError: for a row that C cannot have, by its name
    """
    sources: dict[Need, str] = {}
    for need in needed:
        _write(need, sources)
    return [source for source in sources.values() if source]


def _write(need: Need, sources: dict[Need, str]) -> None:
    """Write a function, after what it calls; rows call each other a few deep."""
    if need in sources or is_of_c(need):
        return
    source, calls = _source(need)
    called = [Need(row, single=need.single) for row in calls]
    for each in called:
        _write(each, sources)
    ours = [each for each in (need, *called) if not is_of_c(each)]
    sources[need] = single(source, [each.name[:-1] for each in ours]) if need.single else source


def is_of_c(need: Need) -> bool:
    """Whether C has the function, or writes it without one."""
    return need.slot is None and isinstance(ATOMS.get(lookup(need.row)), str)


def is_single(need: Need) -> bool:
    """Whether a function is good to the last digits in single precision."""
    return need.row in (SINGLE_VALUES if need.slot is None else SINGLE) or is_of_c(need)


def _source(need: Need) -> CFunction:
    """The function, and the rows whose values it calls."""
    row = lookup(need.row)
    if row.opaque and need.slot is not None:
        raise TARGET.refusal(row)
    if row.variadic and need.slot is not None:
        return _variadic_slope(need, row)
    names = [f"{name}_" if name in KEYWORDS | LIBRARY else name for name in row.operands]
    operands = [variable(name) for name in names]
    if need.slot is not None:
        return _defined(need, ["y", *names], row.slope_terms(operands)[need.slot])
    if row.variadic and row not in ATOMS:
        raise TARGET.refusal(row)
    atom, term = TARGET.resolve(row, operands)
    return atom if isinstance(atom, CFunction) else _defined(need, names, term)


def _variadic_slope(need: Need, row: Primitive) -> CFunction:
    """A slope of a row of many operands, which are x[0], x[1], …"""
    operands = [variable(f"x[{i}]") for i in range(need.count)]
    first = [f"{row.operands[0]}_"] * row.reads_table  # x is the vector
    known: list[Any] = [need.component] * (need.component is not None) + [*map(variable, first), *operands]
    return _defined(need, ["y", *first, "*x"], row.slope_terms(known)[need.slot or 0], operands)


def _defined(need: Need, parameters: Sequence[str], term: Term, whole: Sequence[Expression] = ()) -> CFunction:
    """The function of these doubles, or of a pointer to some, that says a term."""
    before, result = statements(term, whole)
    signature = ", ".join(f"const double {name}" if name.startswith("*") else f"double {name}" for name in parameters)
    body = with_unused([name.lstrip("*") for name in parameters], [*before, f"return {result};"])
    return CFunction(f"static double {need.name}({signature})\n{block(body)}", tuple(called_in([term])))
