"""How C is written: numbers, operators, statements, blocks.  All of it is C++ too, so a vector is a named array."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from textwrap import wrap

from autograd.ops.expression import (
    ARITHMETIC,
    COMPARISONS,
    DIVIDE,
    MULTIPLY,
    POWER,
    Expression,
    Syntax,
    Term,
    rewritten,
    same,
    source_of,
    variable,
)
from autograd.ops.primitive import Primitive, is_row, lookup
from autograd.ops.resolution import Target
from autograd.program.exports.c_functions import FUNCTIONS, CFunction
from autograd.program.libm import LIBM

WIDTH = 120


def literal(x: float | None) -> str:
    """A number; where no derivative flows, 0."""
    if x is None:
        return "0.0"
    if math.isnan(x):
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "-INFINITY"
    return repr(float(x))


def function_name(row: str) -> str:
    """libm's function, or ours: the suffix keeps `remainder` apart from C's."""
    atom = ATOMS.get(lookup(row))
    return atom if isinstance(atom, str) else f"{row}_value"


C = Syntax(
    operators={**COMPARISONS, **ARITHMETIC},
    conditional="{condition} ? {chosen} : {other}",
    assignment="const double {name} = {value};",
    literal=literal,
    function=function_name,
    truth="{} != 0.0",
    number="({} ? 1.0 : 0.0)",  # or a number would be taken for a condition, which clang warns of
)


# What C has: operators, which have no name; functions of libm; functions that the file defines.
ATOMS: dict[Primitive, str | CFunction] = {
    **{lookup(name): "" for name in C.written},
    **{lookup(name): function for name, function in LIBM.items()},
    **FUNCTIONS,
}
TARGET = Target("C", ATOMS)


def expression(row: str, operands: Iterable[Term]) -> str:
    """An operation that C has an operator for."""
    return source_of([Expression(row, *operands)], C)[1][0]


def written(row: str, operands: Sequence[Term]) -> str | None:
    """An operation of numbers and variables that C needs no function for, a small whole power too; None for another."""
    if row in C.written:
        return expression(row, operands)
    exponent = operands[-1]
    if row != POWER or not isinstance(exponent, float) or exponent not in _WHOLE_POWERS:
        return None
    factor = operands[0]
    parts: list[Term] = [factor if exponent > 0.0 else 1.0, *[factor] * int(abs(exponent) - (exponent > 0.0))]
    return f" {C.operators[MULTIPLY if exponent > 0.0 else DIVIDE]} ".join(source_of([part], C)[1][0] for part in parts)


_WHOLE_POWERS = (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0)


def number_of(text: str) -> float:
    """The number that `literal` wrote."""
    return {"NAN": math.nan, "INFINITY": math.inf, "-INFINITY": -math.inf}.get(text) or float(text)


def array(name: str, numbers: Iterable[str]) -> str:
    """The statement that makes a vector."""
    return f"const double {name}[] = {{{', '.join(numbers)}}};"


# -- terms with vectors in them ---------------------------------------------------------------------


def statements(term: Term, whole: Sequence[Expression] = ()) -> tuple[list[str], str]:
    """What has to be said before, and the expression of `term`; `whole` is the vector that has the name x already.

    The operands of a row that takes many become an array, said as soon as the numbers in it are known.
    """
    vectors: list[list[Term]] = []
    (outer,) = rewritten([term], lambda part, operands: _with_arrays(part, operands, whole, vectors))
    assignments, results = source_of([*(x for vector in vectors for x in vector), outer], C)
    numbers = iter(results)
    arrays = [array(f"v{i}", [next(numbers) for _ in vector]) for i, vector in enumerate(vectors, 1)]
    said: list[str] = []
    written = 0
    for line in assignments:
        while any(re.search(rf"\bv{i}\b", line) for i in range(written + 1, len(arrays) + 1)):
            said.append(arrays[written])
            written += 1
        said.append(line)
    return [*said, *arrays[written:]], results[-1]


def _with_arrays(
    term: Expression, operands: tuple[Term, ...], whole: Sequence[Expression], vectors: list[list[Term]]
) -> Term:
    """`term` with the name of an array in the place of a vector, which is put into `vectors`, the inner ones first."""
    if not (operands and is_row(term.name) and lookup(term.name).variadic):
        return Expression(term.name, *operands) if operands else term
    leading = lookup(term.name).leading
    vector = list(operands[leading:])
    name = _part_of(vector, whole)
    if name is None:
        vectors.append(vector)
        name = f"v{len(vectors)}"
    return Expression(term.name, *operands[:leading], variable(str(len(vector))), variable(name))


def _part_of(vector: Sequence[Term], whole: Sequence[Expression]) -> str | None:
    """How a vector is called that stands in x as it is."""
    for first in range(len(whole) - len(vector) + 1):
        if vector and same(vector, whole[first : first + len(vector)]):
            return f"x + {first}" if first else "x"
    return None


# -- layout -----------------------------------------------------------------------------------------


def table(kind: str, name: str, numbers: Iterable[str]) -> str:
    """A constant array, many numbers a line."""
    rows = wrap(", ".join(numbers), WIDTH - 4, break_on_hyphens=False) or ["0"]
    return f"static const {kind} {name}[] = {{\n" + "\n".join(f"    {row}" for row in rows) + "\n};\n"


def block(lines: Iterable[str]) -> str:
    """A function's body, long lines broken after commas and before operators."""
    return "{\n" + "\n".join(_broken(line) for line in lines) + "\n}\n"


def _broken(line: str) -> str:
    indent = " " * (4 + len(line) - len(line.lstrip()))
    if len(line) + 4 <= WIDTH:
        return " " * 4 + line
    return "\n".join(
        wrap(line.strip(), WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ", break_on_hyphens=False)
    )


def with_unused(parameters: Iterable[str], lines: Sequence[str]) -> list[str]:
    """The lines of a body, after a mention of each parameter that they do not make."""
    unused = [p for p in parameters if not any(re.search(rf"\b{p}\b", line) for line in lines)]
    return [*(f"(void){parameter};" for parameter in unused), *lines]
