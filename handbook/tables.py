"""Tables of the documentation that are written from the engine and the benchmarks: primitives, conventions, speed.

A page says where one stands with a comment, such as <!-- table: primitives -->.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from html import escape
from typing import Any

from autograd import functions
from autograd.ops.primitive import TABLE, EdgeCase, Primitive
from handbook import matrix, measured
from handbook.numpy_arrays import plain_arrays, recorded_functions
from viz import notation as n
from viz.formulas import printers
from viz.formulas.formula import math_element
from viz.formulas.slopes import textbook_slopes
from viz.formulas.textbook import written
from viz.notation import Box

PLACE = re.compile(r"<!-- table: (\w+) -->")
DIGITS = 6
VECTOR = 3  # how many operands a function of any number of them is shown with


def filled(markdown: str) -> str:
    """The page's Markdown with every table in its place; KeyError for a table there is none of."""
    return PLACE.sub(lambda found: TABLES[found[1]](), markdown)


def primitives() -> str:
    """Every row of the table of primitives: what it is, its value, its slopes."""
    lines = ["| name | in words | value y | slopes ∂y/∂operand |", "|---|---|---|---|"]
    for row in TABLE.values():
        operands = _operands(row)
        words = escape(row.doc).replace("|", "&#124;")
        lines.append(f"| {_names(row)} | {words} | {_typeset(written(row, operands))} | {_slopes(row, operands)} |")
    return "\n".join(lines)


def conventions() -> str:
    """Every edge in the table: where it is, what the value and the slopes are there."""
    lines = ["| function | at | value | ∂y/∂operand |", "|---|---|---|---|"]
    for row in TABLE.values():
        lines += [f"| `{row.name}` | {_edge(edge)} |" for edge in row.edges]
    return "\n".join(lines)


TABLES: dict[str, Callable[[], str]] = {
    "primitives": primitives,
    "conventions": conventions,
    "numpy_functions": recorded_functions,
    "numpy_arrays": plain_arrays,
    "matrix": matrix.table,
    "measured": measured.results,
    "hips": measured.hips,
}


# -- a row -------------------------------------------------------------------------------------------


def _operands(row: Primitive) -> list[Box]:
    """Letters for the operands; of a vector, as many as show how it goes on."""
    if not row.variadic:
        return [n.Identifier(name) for name in row.operands]
    index: list[Box] = [n.Number(0.0) for _ in row.operands[:-1]]  # of the component: the first
    if row.name == "dot":
        return [*_vector("w"), *_vector("x"), n.Identifier("b")]
    return [*index, *_vector("x")]


def _vector(letter: str) -> list[Box]:
    return [n.Identifier(letter, below=str(i)) for i in range(1, VECTOR + 1)]


def _names(row: Primitive) -> str:
    public = [name for name in (row.name, *row.aliases) if hasattr(functions, name)]
    as_operator = [OPERATORS[row.operator]] if row.operator else []
    as_method = [f".{row.name}()"] if row.method else []
    return "<br>".join(f"`{name}`" for name in (*public, *as_operator, *as_method))


OPERATORS = {"add": "a + b", "sub": "a - b", "mul": "a * b", "truediv": "a / b", "pow": "a ** b",
             "mod": "a % b", "floordiv": "a // b"}  # fmt: skip


def _slopes(row: Primitive, operands: list[Box]) -> str:
    slopes = textbook_slopes(row, n.Identifier("y"), operands)
    return ",&emsp;".join("none" if slope is None else _typeset(slope) for slope in slopes)


def _typeset(exact: Box) -> str:
    box = _rounded(exact)
    return math_element([printers.mathml(box)], printers.text(box), "inline").replace("|", "&#124;")


def _rounded(part: Any) -> Any:
    """A box with its numbers, such as ln 2, cut to a few digits: this is for reading."""
    if isinstance(part, tuple):
        return tuple(map(_rounded, part))
    if isinstance(part, n.Number):
        return replace(part, digits=DIGITS)
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{field.name: _rounded(getattr(part, field.name)) for field in fields(part)})
    return part


# -- an edge -----------------------------------------------------------------------------------------


def _edge(edge: EdgeCase) -> str:
    slopes = ["" if slope is None else _number(slope) for slope in edge.slopes]
    return f"{_tuple(list(map(_number, edge.at)))} | {_number(edge.value)} | {_tuple(slopes)}"


def _tuple(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(part or '·' for part in parts)})"


def _number(x: float) -> str:
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    return f"{x:.6g}".replace("-", "−")
