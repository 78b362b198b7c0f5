"""Worksheets: one graph with other numbers on every sheet, blanks to fill in, and a key.

>>> from autograd import Value, tanh
>>> w, x = Value(0.5, name="w"), Value(2.0, name="x")
>>> y = tanh(w * x)
>>> y.name = "y"
>>> sheets = sheet(y, n=2, seed=1)
>>> [sorted(one.answers) for one in sheets.sheets][0]
['δ(t₁)', 'δ(w)', 'δ(x)', 'δ(y)']
"""

from __future__ import annotations

import base64
import copy
import math
import os
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd import Value
from autograd.errors import ArgumentError, GraphError
from autograd.files import write_whole
from autograd.order import reachable
from autograd.replay import computed_anew
from autograd.text import in_xml, quoted
from viz.languages import Language, language
from viz.names import Names
from viz.numbers import shown
from viz.partials import Partials
from viz.pictures.blanks import KINDS, Blanks, blanks
from viz.pictures.drawing import Drawing
from viz.pictures.images import as_image
from viz.pictures.paper import as_pdf
from viz.pictures.svg import FONT, Look, render
from viz.pictures.view import view
from viz.subject import look
from viz.text import width as wide
from viz.text import words_in_xml
from viz.trace import CONSTANT, OPERATION, Trace, trace

if TYPE_CHECKING:
    from viz.subject import Subject
    from viz.variables import Variables

DIGITS = 4  # of an answer in the key
TOLERANCE = 0.01  # of an answer, relative: two or three digits are enough
SMALLEST, LARGEST = 0.01, 1e3  # sizes of numbers that are worked out by hand
TRIES = 400  # numbers that are drawn for a sheet before it is given up
MOST = 60  # nodes of a graph that fits on a sheet
ACROSS, DOWN, RIM = 1122.5, 793.7, 48.0  # A4, lying, in CSS pixels
LINE, COLUMNS = 15.0, 2  # of the key


@dataclass(frozen=True)
class Sheet:
    """One sheet: the leaves' numbers, what is to be found, and the picture without and with it."""

    number: int
    given: dict[str, float]
    answers: dict[str, float]
    read: tuple[str, ...]  # what the answers are of, as it is printed
    exercise: Drawing
    solution: Drawing


@dataclass(frozen=True)
class Sheets:
    """Sheets of one graph, no two alike.  In a notebook the first one shows itself."""

    sheets: tuple[Sheet, ...]
    title: str
    seed: int
    words: Language

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write all sheets: .pdf with the key behind them, or .xml as questions for Moodle that mark themselves.

        Raises:
            ArgumentError: for another ending
            MissingExtra: if a .pdf needs a converter (cairosvg or rsvg-convert) and there is none
            ConverterError: if that fails
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in (".pdf", ".xml"):
            raise ArgumentError(f"sheets are saved as .pdf or, for Moodle, as .xml, got {quoted(str(target))}")
        write_whole(target, as_pdf(list(_pages(self))) if ending == ".pdf" else _moodle(self).encode())
        return target

    def __repr__(self) -> str:
        return f"<{len(self.sheets)} sheets of {self.title}; .save('sheets.pdf') or .save('moodle.xml') writes them>"

    def _repr_html_(self) -> str:
        return as_image(self.sheets[0].exercise.svg)


def sheet(
    output: Subject,
    *at: Any,
    n: int = 30,
    seed: int = 0,
    hide: str | Iterable[str] = "delta",
    title: str | None = None,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Sheets:
    """`n` worksheets of the graph of `output`, each with other numbers in its leaves, and their key.

    `output` is what `draw` takes.  Leaves get short numbers, such that every number of the graph is finite and of a
    size that is worked out by hand; the graph itself is not changed.  The same seed gives the same sheets.

    Args:
        hide: what is to be found: "value", "slope" or "delta", or several of them
        title: what stands on top; else the output's name
        lang: "en" or "ru"

    Raises:
        OperandError: if `output` is not a Value
        ArgumentError: for a number of sheets below 1, for a seed that is no whole number, for a kind of
            number or a language that there is not
        GraphError: for a graph that is too large for a sheet, and where not so many sheets with fit numbers are found
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ArgumentError(f"n is a number of sheets, 1 or more, got {quoted(n)}")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ArgumentError(f"seed is a whole number, the same for the same sheets, got {quoted(seed)}")
    asks, words = blanks(hide), language(lang)
    if not asks.asked:
        raise ArgumentError(f"hide says what is to be found, {', '.join(map(repr, KINDS))}, got nothing")
    seen = look(output, at, named, names)
    if len(seen.trace.nodes) > MOST:
        raise GraphError(
            f"a sheet holds up to {MOST} nodes, this graph has {len(seen.trace.nodes):,}: take a part of it"
        )
    variants = _variants(seen.output, n, random.Random(seed))
    made = [_sheet(number, trace(each, names), asks, words) for number, each in enumerate(variants, 1)]
    root = seen.names.read(seen.trace.root)
    return Sheets(tuple(made), title or words.tell(words.page["titled"], root=root), seed, words)


# -- numbers ----------------------------------------------------------------------------------------


def _variants(output: Value, n: int, dice: random.Random) -> Iterator[Value]:
    """The graph with other numbers, n times, no two alike."""
    found = set[tuple[float, ...]]()
    mine = copy.deepcopy(output)
    order = reachable(mine)
    leaves = [node for node in order if node.is_leaf and not node.is_detached]
    begun = [leaf.data for leaf in leaves]
    for tried in range(TRIES * n):
        numbers = tuple(_drawn(x, dice, tame=tried % TRIES > TRIES // 4) for x in begun)
        if numbers in found:
            continue
        for leaf, x in zip(leaves, numbers, strict=True):
            leaf.data = x
        variant = computed_anew(order)
        if _is_fit(trace(variant)):
            found.add(numbers)
            yield copy.deepcopy(variant)  # whose leaves will not move on
            if len(found) == n:
                return
    raise GraphError(
        f"only {len(found)} of {n} sheets were found whose numbers are all finite, {SMALLEST} to {LARGEST:g} in size: "
        "ask for fewer, or begin with other numbers in the leaves"
    )


def _drawn(x: float, dice: random.Random, tame: bool) -> float:
    """Another number for a leaf: one decimal, of either sign, or if tame near what it is."""
    if tame and x and math.isfinite(x):
        return float(f"{x * dice.uniform(0.5, 1.5):.2g}")
    return dice.choice([-1, 1]) * dice.randint(1, 20) / 10


def _is_fit(seen: Trace) -> bool:
    """Whether all numbers are finite and of a size for work by hand; of the derivatives no more than half are 0."""
    columns = seen.columns
    numbers = [*columns.value.tolist(), *columns.slope[columns.flows].tolist()]
    deltas = [node.delta for node in seen.nodes if node.delta is not None]
    sizes = [abs(x) for x in (*numbers, *deltas)]
    return all(x == 0 or SMALLEST <= x <= LARGEST for x in sizes) and sum(map(bool, deltas)) > len(deltas) / 2


# -- a sheet ----------------------------------------------------------------------------------------


def _sheet(number: int, seen: Trace, asks: Blanks, words: Language) -> Sheet:
    names = Names(seen.columns)
    drawn = view(seen, words=words)
    given = {names.called(node.id): node.value for node in seen.nodes if node.kind not in (OPERATION, CONSTANT)}
    answers, read = (dict(_answers(seen, called, asks)) for called in (names.called, names.read))
    blank, solved = (Drawing(render(drawn, Look(asks=hidden, words=words))) for hidden in (asks, Blanks()))
    return Sheet(number, given, answers, tuple(read), blank, solved)


def _answers(seen: Trace, called: Callable[[int], str], asks: Blanks) -> Iterator[tuple[str, float]]:
    """What stands in each blank, by what it is of."""
    for node in seen.nodes:
        if node.kind == OPERATION and "value" in asks.asked:
            yield called(node.id), node.value
    partials = Partials(seen)
    for edge in seen.edges:
        if edge.slope is not None and "slope" in asks.asked:
            yield partials.text(partials.local(edge.node, edge.slot), called), edge.slope
    for node in reversed(seen.nodes):
        if node.kind != CONSTANT and node.delta is not None and "delta" in asks.asked:
            yield f"δ({called(node.id)})", node.delta


# -- on paper ---------------------------------------------------------------------------------------


def _pages(sheets: Sheets) -> Iterator[str]:
    """A page a sheet, then those of the key."""
    for one in sheets.sheets:
        yield _page(_head(sheets, one) + _fitted(one.exercise.svg))
    yield from _key(sheets)


def _page(inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{ACROSS}" height="{DOWN}" viewBox="0 0 {ACROSS} {DOWN}" '
        f'font-family="{FONT}">{inside}</svg>'
    )


def _text(x: float, y: float, size: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="#1d232b"{more}>{words_in_xml(text)}</text>'


def _head(sheets: Sheets, one: Sheet) -> str:
    tell, words = sheets.words.tell, sheets.words.sheet
    said = tell(words["sheet"], k=one.number, n=len(sheets.sheets), seed=str(sheets.seed))
    right = ' text-anchor="end"'
    return (
        _text(RIM, RIM + 12, 20, sheets.title, ' font-weight="600"')
        + _text(ACROSS - RIM, RIM + 12, 13, said, right)
        + _text(RIM, RIM + 42, 14, f"{words['name']} ______________________________")
        + _text(RIM, RIM + 70, 13, words["task"])
    )


def _fitted(svg: str) -> str:
    """A drawing below the head, as large as there is room."""
    top, room = RIM + 86, (ACROSS - 2 * RIM, DOWN - 2 * RIM - 86)
    across, down = _size(svg)
    scale = min(room[0] / across, room[1] / down, 1.6)
    left = (ACROSS - across * scale) / 2
    return f'<g transform="translate({left:.2f} {top:.2f}) scale({scale:.4f})">{_plain(svg)}</g>'


def _size(svg: str) -> tuple[float, float]:
    across, down = svg.split('viewBox="0 0 ', 1)[1].split('"', 1)[0].split()
    return float(across), float(down)


def _plain(svg: str) -> str:
    """A drawing without its dark colours, which paper has no use for."""
    before, _, rest = svg.partition("<style>")
    return before + rest.partition("</style>")[2]


def _key(sheets: Sheets) -> Iterator[str]:
    """The answers of all sheets, in columns."""
    across = (ACROSS - 2 * RIM) / COLUMNS
    columns = _key_columns(sheets, int((DOWN - 2 * RIM - 30) / LINE))
    for start in range(0, len(columns), COLUMNS):
        texts = [
            _text(RIM + across * i, RIM + 44 + LINE * k, 10.5, line, weight)
            for i, column in enumerate(columns[start : start + COLUMNS])
            for k, (line, weight) in enumerate(column)
        ]
        yield _page(_text(RIM, RIM + 12, 20, sheets.words.sheet["key"], ' font-weight="600"') + "".join(texts))


def _key_columns(sheets: Sheets, deep: int) -> list[list[tuple[str, str]]]:
    """Lines in columns of at most so many; those of a sheet stay together where a column has room for them."""
    columns: list[list[tuple[str, str]]] = [[]]
    for one in sheets.sheets:
        lines = list(_key_lines(sheets, one))
        if columns[-1] and len(columns[-1]) + len(lines) > deep:
            columns.append([])
        for line in lines:
            if len(columns[-1]) == deep:
                columns.append([])
            columns[-1].append(line)
    return columns


def _key_lines(sheets: Sheets, one: Sheet) -> Iterator[tuple[str, str]]:
    """A sheet's answers, as many in a line as fit."""
    room = (ACROSS - 2 * RIM) / COLUMNS - 24
    yield sheets.words.tell(sheets.words.sheet["of sheet"], k=one.number), ' font-weight="600"'
    line = ""
    for name, answer in zip(one.read, one.answers.values(), strict=True):
        item = f"{name} = {shown(answer, DIGITS)}"
        longer = f"{line};  {item}" if line else item
        if line and wide(longer, 10.5) > room:
            yield line, ""
            longer = item
        line = longer
    yield line, ""


# -- for Moodle -------------------------------------------------------------------------------------


def _moodle(sheets: Sheets) -> str:
    """Questions of the type cloze, one a sheet: the picture, and a field that marks itself for every blank."""
    questions = "\n".join(_question(sheets, one) for one in sheets.sheets)
    category = f"<category><text>$course$/{words_in_xml(sheets.title)}</text></category>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n<question type="category">{category}</question>\n'
        f"{questions}\n</quiz>\n"
    )


def _question(sheets: Sheets, one: Sheet) -> str:
    words, tell = sheets.words.sheet, sheets.words.tell
    name = tell(words["sheet"], k=one.number, n=len(sheets.sheets), seed=str(sheets.seed))
    asked = zip(one.read, one.answers.values(), strict=True)
    rows = "".join(f"<li>{_plainly(of)} = {_field(answer)}</li>" for of, answer in asked)
    text = f'<p>{in_xml(words["task"])}</p><p><img src="@@PLUGINFILE@@/sheet.svg" alt=""></p><ul>{rows}</ul>'
    return (
        f'<question type="cloze"><name><text>{words_in_xml(sheets.title)}: {in_xml(name)}</text></name>'
        f'<questiontext format="html"><text><![CDATA[{text}]]></text>'
        f"{_file('sheet.svg', one.exercise.svg)}</questiontext>"
        f'<generalfeedback format="html"><text><![CDATA[<img src="@@PLUGINFILE@@/key.svg" alt="">]]></text>'
        f"{_file('key.svg', one.solution.svg)}</generalfeedback></question>"
    )


def _file(name: str, svg: str) -> str:
    return f'<file name="{name}" path="/" encoding="base64">{base64.b64encode(svg.encode()).decode()}</file>'


def _plainly(name: str) -> str:
    """A name in the text of a question, in which braces would begin a field."""
    return words_in_xml(name).replace("{", "&#123;").replace("}", "&#125;")


def _field(answer: float) -> str:
    """A number to type, right within what a rounding on the way may cost."""
    off = max(TOLERANCE * abs(answer), 1e-4)
    return f"{{1:NUMERICAL:={answer:.{DIGITS + 2}g}:{off:.2g}}}"
