"""`pattern`: where a Jacobian or a Hessian has entries, as a picture, and from an entry to the nodes that make it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.lazy import lazy
from autograd.order import interior
from autograd.text import in_xml, visible
from viz.formulas.formula import formula
from viz.numbers import shown
from viz.pictures.drawing import Drawing
from viz.pictures.svg import COLOURS, FONT

if TYPE_CHECKING:
    from autograd.program.sparse import MatrixCall, Pattern

Array = np.ndarray[Any, Any]
KINDS = ("constant", "linear", "varying")  # of an entry, the one of which most is known first
COLOUR = ("soft", "minus-tint", "plus-tint")
LETTERS = ("░", "▒", "█")
ACROSS, DOWN = 76, 38  # of the text; a larger matrix is gathered into so many fields
MOST = 160  # fields of the picture each way
SAID, SHORT = 300, 12  # entries that are said as formulas, and the instructions of one
SIDE, MARGIN = 640.0, 16.0
LINE, SWATCH, APART = 20.0, 10.0, 90.0  # of what is said below: its lines, its squares, from one to the next


@dataclass(frozen=True)
class PatternDrawing(Drawing):
    """A pattern as a picture: `svg`, in a terminal `print` it; ``[row, column]`` is the node that makes an entry."""

    text: str
    pattern: Pattern
    make: Callable[[], list[Value]]

    @lazy
    def nodes(self) -> list[Value]:
        """The node that makes each entry, in the order of the pattern."""
        return self.make()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<drawing of {self.pattern!r}; print it, or .save('pattern.svg')>"

    def __getitem__(self, place: tuple[int, int]) -> Value:
        """The node that makes an entry: ``viz.draw(picture[3, 2])``.

        Raises:
            ArgumentError: where there is no entry
        """
        row, column = place
        at = np.flatnonzero((self.pattern.rows == row) & (self.pattern.columns == column))
        if not len(at):
            raise ArgumentError(
                f"row {row}, column {column} is no entry of {self.pattern!r}: it is 0 for all arguments"
            )
        return self.nodes[int(at[0])]


def pattern(matrix: MatrixCall, *at: Any, lower: bool = False, **named: Any) -> PatternDrawing:
    """Where a compiled function's Jacobian or Hessian has entries, ``p.jacobian`` or ``p.hessian`` and its arguments.

    Told apart are entries that are constants, "linear" ones, which do not change with what is differentiated along,
    and those that vary.  Where they are few each says in the SVG what computes it; a large matrix is gathered into
    fields.

    >>> from autograd import compile
    >>> picture = pattern(compile(lambda x: [x[0] * x[1], 3 * x[1], x[2] ** 2]).jacobian, [1.0, 2.0, 3.0])
    >>> print(picture)
    ██·  f[0]
    ·░·  f[1]
    ··█  f[2]
    3 × 3, 4 entries: █ varying, ░ constant
    >>> picture[2, 2].data
    6.0

    Raises:
        OperandError: for what is no such question
        ArgumentError: where it cannot be asked
    """
    if not hasattr(matrix, "sparse"):
        raise OperandError(
            f"viz.pattern shows the entries of p.jacobian or p.hessian of a compiled p, got {type(matrix).__name__}"
        )
    found = matrix.pattern(*at, lower=lower, **named)
    make = partial(matrix.sparse.nodes, *at, lower=lower, **named)
    return PatternDrawing(_svg(found, make() if len(found) <= SAID else None), _text(found), found, make)


def _kinds(found: Pattern) -> Array:
    """Of each entry which of KINDS it is."""
    return np.where(found.constant, 0, np.where(found.linear, 1, 2))


def _fields(found: Pattern, down: int, across: int) -> tuple[Array, int, int]:
    """(of each field the kind of its most changeable entry, -1 for none; how many rows and columns it stands for)."""
    height, width = (max(-(-size // most), 1) for size, most in zip(found.shape, (down, across), strict=True))
    fields = np.full((-(-found.shape[0] // height), -(-found.shape[1] // width)), -1)
    np.maximum.at(fields, (found.rows // height, found.columns // width), _kinds(found))
    return fields, height, width


def _size(found: Pattern, height: int, width: int) -> str:
    """How large the picture is, in words."""
    rows, columns = found.shape
    entries = len(found)
    each = f", a field {height:,} × {width:,}" if height * width > 1 else ""
    return f"{rows:,} × {columns:,}, {entries:,} {'entry' if entries == 1 else 'entries'}{each}"


def _met(found: Pattern) -> list[int]:
    """Which of KINDS there are, the most changeable first."""
    kinds: list[int] = np.unique(_kinds(found)).tolist()
    return kinds[::-1]


# -- in a terminal ----------------------------------------------------------------------------------


def _text(found: Pattern) -> str:
    fields, height, width = _fields(found, DOWN, ACROSS)
    lines = ["".join("·" if kind < 0 else LETTERS[kind] for kind in row) for row in fields.tolist()]
    if height == width == 1 and len(lines) <= DOWN:
        lines = [f"{line}  {visible(name)}" for line, name in zip(lines, found.row_names, strict=True)]
    legend = ", ".join(f"{LETTERS[kind]} {KINDS[kind]}" for kind in _met(found))
    return "\n".join([*lines, ": ".join(filter(None, (_size(found, height, width), legend)))])


# -- as SVG -----------------------------------------------------------------------------------------


def _svg(found: Pattern, nodes: list[Value] | None) -> str:
    """Squares for entries, or for fields of a large matrix, each with what it is as its title."""
    fields, height, width = _fields(found, MOST, MOST)
    down, across = fields.shape
    side = min(SIDE / max(down, across, 1), 18.0)
    kinds, size = _met(found), _size(found, height, width)
    wide, high = max(across * side, 300.0) + 2 * MARGIN, down * side + 2 * MARGIN + LINE * (1 + bool(kinds))
    title = ": ".join(filter(None, (size, ", ".join(KINDS[kind] for kind in kinds))))
    identity = "p" + hashlib.sha256(f"{title}{fields.tolist()}".encode()).hexdigest()[:8]
    dark = "".join(f"#{identity} .{c}{{{p}:{v}}}" for c, (p, _, v) in COLOURS.items() if c in _USED)
    squares = _entries(found, nodes, side) if height == width == 1 else _gathered(fields, height, width, side)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{identity}" class="pattern" role="img" '
        f'aria-labelledby="{identity}-title" width="{wide:.0f}" height="{high:.0f}" '
        f'viewBox="0 0 {wide:.0f} {high:.0f}" font-family="{FONT}" font-size="12">',
        f'<title id="{identity}-title">Sparsity pattern, {in_xml(title)}</title>',
        f"<style>@media (prefers-color-scheme: dark){{{dark}}}</style>",
        f'<rect width="{wide:.0f}" height="{high:.0f}" {_paint("page")}/>',
        f'<g transform="translate({MARGIN:.0f} {MARGIN:.0f})">',
        f'<rect width="{across * side:.2f}" height="{down * side:.2f}" {_paint("given")}/>',
        *squares,
        _words(0.0, down * side + LINE, size),
        *_legend(kinds, down * side + 2 * LINE),
        "</g>",
        "</svg>\n",
    ])  # fmt: skip


def _legend(kinds: list[int], y: float) -> Iterator[str]:
    """A square of each colour, and what it stands for."""
    for x, kind in zip(count(0.0, APART), kinds, strict=False):
        at = f'x="{x:.2f}" y="{y - SWATCH + 1:.2f}" width="{SWATCH:.0f}" height="{SWATCH:.0f}"'
        yield f"<rect {at} {_paint(COLOUR[kind])}/>"
        yield _words(x + 1.5 * SWATCH, y, KINDS[kind])


def _words(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" {_paint("soft")}>{in_xml(words)}</text>'


_USED = ("page", "given", *COLOUR)


def _paint(colour: str) -> str:
    attribute, light, _ = COLOURS[colour]
    return f'class="{colour}" {attribute}="{light}"'


def _square(row: int, column: int, side: float, kind: int, title: str) -> str:
    at = f'x="{column * side:.2f}" y="{row * side:.2f}" width="{side * 0.92:.2f}" height="{side * 0.92:.2f}"'
    return f"<rect {at} {_paint(COLOUR[kind])}><title>{in_xml(title)}</title></rect>"


def _entries(found: Pattern, nodes: list[Value] | None, side: float) -> Iterator[str]:
    """A square an entry, which says between which numbers it is and, if its node is given, how it is computed."""
    rows, columns = found.row_names, found.column_names
    said = [""] * len(found) if nodes is None else [f": {_said(node)}" for node in nodes]
    places = zip(found.rows.tolist(), found.columns.tolist(), _kinds(found).tolist(), said, strict=True)
    for row, column, kind, formula_of in places:
        yield _square(row, column, side, kind, f"{rows[row]} along {columns[column]}, {KINDS[kind]}{formula_of}")


def _said(node: Value) -> str:
    """What makes an entry: its formula, or how many instructions it takes."""
    count = len(interior(node))
    if not count and not node.name:
        return shown(node.data)
    return f"{count:,} instructions" if count > SHORT else str(formula(node)).replace("\n", " ")


def _gathered(fields: Array, height: int, width: int, side: float) -> Iterator[str]:
    for row, column in np.argwhere(fields >= 0).tolist():
        kind = int(fields[row, column])
        rows, columns = f"{row * height:,} …", f"{column * width:,} …"
        yield _square(row, column, side, kind, f"rows {rows}, columns {columns}, {KINDS[kind]}")
