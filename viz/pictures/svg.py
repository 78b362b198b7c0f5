"""Writes a view as SVG: cards for nodes, curves for edges, rounded boxes for scopes, and a legend.

Every colour is a literal, once as an attribute and once for dark mode, because var() and foreignObject
do not survive the converters.  Every word is real text.  The same view gives the same bytes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import NamedTuple

from autograd.files import LONGEST_PATH
from autograd.text import in_xml, short
from viz.languages import LANGUAGES, Language
from viz.names import NARROW
from viz.numbers import Scale, equals, shown, signed
from viz.pictures.blanks import BLANK, Blanks
from viz.pictures.boxes import GROUP, Arrow, Box, View
from viz.pictures.geometry import DOWN, RIGHT, Cluster, Link, Placement, Point, Shape
from viz.pictures.layout import place
from viz.text import BOLD, isolated, shortened, width, words_in_xml
from viz.trace import CONSTANT, DETACHED, LEAF

FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
MARGIN = 18.0
LONGEST = 200  # characters of a name in a tooltip
NARROWEST = 440.0  # so wide the legend and the note may always be
NOTE_LINE = 16.0
NOTHING, ENGLISH = Blanks(), LANGUAGES["en"]
LABEL, TIP = 10.5, 14.0  # the size of an arrow's number, and how far before its tip it ends
LABEL_HIGH, SMALLER = 13.0, 0.72  # SMALLER: than the letters that they stand behind, letters below the line
# class: (property, light, dark).  Orange for δ > 0 and blue for δ < 0 differ for colour-blind readers too.
COLOURS: dict[str, tuple[str, str, str]] = {
    "page": ("fill", "#ffffff", "#14171c"),
    "ink": ("fill", "#1d232b", "#e9edf2"),
    "soft": ("fill", "#4f5863", "#b3bcc7"),
    "card": ("fill", "#ffffff", "#1d222a"),
    "given": ("fill", "#f3f5f8", "#262c36"),
    "line": ("stroke", "#a9b2bd", "#5a6675"),
    "scope0": ("fill", "#f5f7fa", "#191d24"),
    "scope1": ("fill", "#eaeef4", "#20262f"),
    "rim": ("stroke", "#d5dce5", "#343d4a"),
    "plus": ("fill", "#963f00", "#ffa566"),
    "minus": ("fill", "#00568a", "#7cc6f3"),
    "plus-tint": ("fill", "#d55e00", "#ff8a3c"),
    "minus-tint": ("fill", "#0072b2", "#4fb0ef"),
    "plus-line": ("stroke", "#d55e00", "#ff8a3c"),
    "minus-line": ("stroke", "#0072b2", "#4fb0ef"),
    "hatch": ("stroke", "#a3157c", "#ff7ad9"),
    "alarm": ("fill", "#a3157c", "#ff7ad9"),
}


class TextLine(NamedTuple):
    """A line of text on a card."""

    text: str
    colour: str
    size: float = 12.0
    bold: bool = False
    aside: str = ""  # in soft ink at the right
    below: str = ""  # behind the text, in small letters below the line
    rest: str = ""  # behind that

    @property
    def wide(self) -> float:
        """How wide its text may be."""
        whole = width(self.text + self.rest, self.size) + width(self.below, SMALLER * self.size)
        return whole * (BOLD if self.bold else 1)


class Card(NamedTuple):
    """A box with its text and the size that the text needs."""

    box: Box
    rows: tuple[TextLine, ...]
    shape: Shape  # the gutter included
    gutter: float  # room in front of it, at the left or above, for the numbers of the arrows that come in


class Look(NamedTuple):
    """How a picture is to look, and what is left blank in it."""

    theme: str = "auto"  # light or dark: as the reader's system has it, if auto
    legend: bool = True
    size: float | None = None  # how wide it is shown, in pixels; its own width if None
    asks: Blanks = Blanks()
    words: Language = LANGUAGES["en"]
    direction: str = RIGHT  # where it is read to

    @property
    def is_down(self) -> bool:
        """Whether it is read downwards."""
        return self.direction == DOWN


THEMES = ("auto", "light", "dark")
USUAL = Look()


def render(view: View, look: Look = USUAL) -> str:
    """The SVG file of a view."""
    return Picture(view, *laid_out(view, look), look).text()


def laid_out(view: View, look: Look = USUAL) -> tuple[list[Card], Placement]:
    """The cards of a view, and where everything is."""
    widest = _widest_numbers(view, look.asks)
    cards = [_card(box, view, widest.get(box.id), look) for box in view.boxes]
    shapes = [card.shape for card in cards]
    links = [Link(a.tail, a.head, a.slot) for a in view.arrows]
    return cards, place(shapes, links, compact=view.compact, direction=look.direction)


# -- cards ------------------------------------------------------------------------------------------


def _widest_numbers(view: View, asks: Blanks) -> dict[str, float]:
    """How wide the widest number of the arrows into a box is, by the box; none where they have no room."""
    widest: dict[str, float] = {}
    if not view.compact:
        for arrow in view.arrows:
            widest[arrow.head] = max(widest.get(arrow.head, 0.0), width(_number(arrow, view.digits, asks), LABEL))
    return widest


def _number(arrow: Arrow, digits: int, asks: Blanks) -> str:
    """What an arrow is labelled with: its local derivative, or how many edges it stands for."""
    if arrow.slope is not None:
        return shown(arrow.slope, digits) if asks.shows("slope") else "" if asks.leaves_out("slope") else BLANK
    return f"×{_rough(arrow.edges)}" if arrow.edges > 1 else ""


def _card(box: Box, view: View, widest: float | None, look: Look) -> Card:
    """A card around its text, with room for its arrows and for their numbers, if these have any."""
    rows, compact = tuple(lines_of(box, view, look)), view.compact
    padding, gap = (3.0, 2.0) if compact else (8.0, 4.0)
    need = max((row.wide + _aside(row) for row in rows), default=0)
    high = sum(row.size + gap for row in rows) + 2 * padding - gap
    wide = max(need + 2 * padding + 2, 26.0)
    if look.is_down:
        gutter = 0.0 if widest is None else (LABEL_HIGH if widest else 0.0) + TIP + 4
        wide = max(wide, box.slots * (6.0 if compact else (widest or 0.0) + 8) + 4)
        return Card(box, rows, Shape(box.id, box.scope, wide, high + gutter, box.slots), gutter)
    gutter = 0.0 if widest is None else widest + TIP + 4
    high = max(high, box.slots * (6.0 if compact else LABEL_HIGH + 2) + 4)
    return Card(box, rows, Shape(box.id, box.scope, wide + gutter, high, box.slots), gutter)


def _aside(row: TextLine) -> float:
    return width(row.aside, row.size - 1) + 10 if row.aside else 0.0


def lines_of(box: Box, view: View, look: Look = USUAL) -> Iterator[TextLine]:
    """What stands on a card: what it is called and its operation, what is in it, its value, and at the end its δ."""
    size, digits, asks, words = 8.0 if view.compact else 12.0, view.digits, look.asks, look.words.picture
    if box.kind == CONSTANT:
        yield TextLine(shown(box.value or 0.0, digits), "soft", size)
        return
    symbol = (
        words["detached"] if box.kind == DETACHED else "dot" if box.symbol == "·" else box.symbol
    )  # a lone · is lost
    name, below, rest = box.written
    if box.given:
        yield TextLine(name, "ink", size + 1, True, symbol, below, rest)
    elif symbol:
        yield TextLine(symbol, "ink", size + 1, True, name)
    else:
        yield TextLine(name, "soft", size + 1)
    for line in box.counts:
        yield TextLine(line, "soft", size)
    given = box.kind in (LEAF, DETACHED) or asks.shows("value")
    if box.value is not None:
        yield TextLine(shown(box.value, digits) if given else BLANK, "ink", size)
    if asks.leaves_out("delta"):
        return
    what = f"{words['largest, short']} " if box.kind == GROUP else "δ "
    if not asks.shows("delta"):
        yield TextLine(what + BLANK, "soft", size)
    elif box.delta is None:
        yield TextLine(words["no path, short"], "soft", size)
    else:
        yield TextLine(what + signed(box.delta, digits), _sign(box.delta, "soft"), size)


def _sign(x: float, neither: str, suffix: str = "") -> str:
    if not math.isfinite(x):
        return "hatch" if suffix == "-line" else "alarm"
    return neither if x == 0 else ("plus" if x > 0 else "minus") + suffix


# -- the file ---------------------------------------------------------------------------------------


class Picture:
    """One file in the making."""

    def __init__(self, view: View, cards: list[Card], placed: Placement, look: Look = USUAL) -> None:
        self.look = look
        self.view, self.cards, self.placed = view, cards, placed
        self.boxes = {box.id: box for box in view.boxes}
        self.gutters = {card.box.id: card.gutter for card in cards}
        self.scale = Scale([a.contribution for a in view.arrows if a.contribution is not None])
        self.tint = Scale([box.delta for box in view.boxes if box.delta is not None])
        seen = (view, *look[:3], sorted(look.asks.asked), look.words.code, look.direction)
        self.id = "g" + hashlib.sha256(repr(seen).encode("utf-8", "surrogatepass")).hexdigest()[:8]
        self.legend = list(self._legend()) if look.legend else []
        self.note = _wrapped(view.note, max([NARROWEST, placed.width, *(x for x, _ in self.legend)]))
        self.top = MARGIN + (8 + NOTE_LINE * len(self.note) if self.note else 0)

    def text(self) -> str:
        legend = self.legend
        across = (
            max([self.placed.width, *(x for x, _ in legend), *(width(line, 12) for line in self.note)]) + 2 * MARGIN
        )
        under = self.top + self.placed.height + 22
        down = under + 22 * len(legend) + MARGIN - 8
        body = [
            self._head(across, down),
            self._ground(across, down),
            *self._note(),
            f'<g transform="translate({_n(MARGIN)} {_n(self.top)})">',
            *(line for cluster in self.placed.clusters for line in self._cluster(cluster)),
            *(self._curve(a, c) for a, c in zip(self.view.arrows, self.placed.curves, strict=True)),
            *(line for card in self.cards for line in self._node(card)),
            *(self._slope(a, c) for a, c in zip(self.view.arrows, self.placed.curves, strict=True)),
            "</g>",
        ]
        for i, (_, line) in enumerate(legend):
            body.append(f'<g transform="translate({_n(MARGIN)} {_n(under + 22 * i)})">{line}</g>')
        return "\n".join([*(line for line in body if line), "</svg>"]) + "\n"

    def _head(self, across: float, down: float) -> str:
        root, name = self.boxes.get(self.view.root), self.view.output  # a view of a part may not show it
        is_told = root is not None and root.value is not None and self.look.asks.shows("value")
        value = f" {equals(root.value, self.view.digits)}" if root and root.value is not None and is_told else ""
        title = self.look.words.tell(self.look.words.picture["title"], root=name)
        wide, high, seen = _in_whole_pixels(across, down, self.look.size)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{self.id}" class="graph" role="img" '
            f'aria-labelledby="{self.id}-title {self.id}-desc" '
            f'width="{wide}" height="{high}" viewBox="0 0 {seen[0]:.9g} {seen[1]:.9g}" '
            f'font-family="{FONT}" font-size="12">\n'
            f'<title id="{self.id}-title">{words_in_xml(title)}{value}</title>\n'
            f'<desc id="{self.id}-desc">{words_in_xml(self._description(name))}</desc>\n' + self._dark()
        )

    def _ground(self, across: float, down: float) -> str:
        """The page's colour, beyond the edges too: of a picture of broken pixels none is left half covered."""
        over = f'x="{_n(-MARGIN)}" y="{_n(-MARGIN)}" width="{_n(across + 2 * MARGIN)}"'
        return f'<rect {over} height="{_n(down + 2 * MARGIN)}" {self._paint("page")}/>'

    def _dark(self) -> str:
        """The style of readers whose system is dark, unless the theme is said."""
        if self.look.theme != "auto":
            return ""
        dark = "".join(f"#{self.id} .{c}{{{p}:{v}}}" for c, (p, _, v) in COLOURS.items())
        return f"<style>@media (prefers-color-scheme: dark){{{dark}}}</style>"

    def _description(self, name: str) -> str:
        """What the picture shows, for those who hear it."""
        boxes, tell, words = self.view.boxes, self.look.words.tell, self.look.words.picture
        without = sum(1 for b in boxes if b.delta is None and b.kind != CONSTANT)
        odd = sum(1 for b in boxes if not _finite(b))
        known = [b for b in boxes if b.delta is not None and b.id != self.view.root and math.isfinite(b.delta)]
        said = [
            tell(words["described"], boxes=len(boxes), arrows=len(self.view.arrows), how=words[self.look.direction]),
            tell(words["meant"], root=name),
        ]
        if self.look.asks.shows("delta"):
            if known:
                most = max(known, key=lambda b: abs(b.delta or 0.0))
                said.append(
                    tell(words["largest"], delta=signed(most.delta or 0.0, self.view.digits), node=_called(most))
                )
            said.append(tell(words["without"], n=without) if without else "")
            said.append(tell(words["odd"], n=odd) if odd else "")
        return " ".join(filter(None, (*said, *self.view.note.split("\n"))))

    def _paint(self, colour: str) -> str:
        attribute, light, dark = COLOURS[colour]
        other = {"fill": "", "stroke": ' fill="none"'}[attribute]
        return f'class="{colour}" {attribute}="{dark if self.look.theme == "dark" else light}"{other}'

    def _words(self, x: float, y: float, text: str | TextLine, colour: str, size: float, extra: str = "") -> str:
        at = f'x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"'
        markup = words_in_xml(text) if isinstance(text, str) else _typeset(text)
        return f"<text {at} {self._paint(colour)}{extra}>{markup}</text>"

    def _note(self) -> Iterator[str]:
        for i, line in enumerate(self.note):
            yield self._words(MARGIN, MARGIN + 10 + NOTE_LINE * i, line, "soft", 12)

    # -- clusters and edges -------------------------------------------------------------------------

    def _cluster(self, cluster: Cluster) -> Iterator[str]:
        shape = (
            f'x="{_n(cluster.left)}" y="{_n(cluster.top)}" width="{_n(cluster.width)}" '
            f'height="{_n(cluster.height)}" rx="10"'
        )
        name = cluster.scope.rsplit(".", 1)[-1]
        yield f'<g class="cluster"><title>{in_xml(short(cluster.scope, LONGEST))}</title>'
        yield f"<rect {shape} {self._paint(f'scope{cluster.depth % 2}')}/><rect {shape} {self._paint('rim')}/>"
        yield self._words(cluster.left + 10, cluster.top + 17, shortened(name), "soft", 11) + "</g>"

    def _curve(self, arrow: Arrow, points: list[Point]) -> str:
        if len(points) < 4:
            return ""
        sent = arrow.contribution
        colour, thick, dash = "line", 1.0, ""
        if not self.look.asks.shows("delta"):
            dash = ' stroke-dasharray="3 3"' if self.boxes[arrow.tail].kind == CONSTANT else ""
        elif sent is None:
            dash = ' stroke-dasharray="3 3"'
        else:
            colour, thick = _sign(sent, "line", "-line"), 0.9 + 3.1 * self.scale(sent)
            dash = ' stroke-dasharray="8 3 2 3"' if not math.isfinite(sent) else ""
        thick *= 0.5 if self.view.compact else 1
        tip, down = self._tip(arrow, points), self.look.is_down
        size = (2.0 if self.view.compact else 4.0) + thick / 2
        straight = f"V{_n(tip[1] - size)}" if down else f"H{_n(tip[0] - size)}"
        d = f"M{_p(points[0])}C" + " ".join(_p(point) for point in points[1:]) + straight
        fill = {"line": "soft", "hatch": "alarm"}.get(colour, colour.replace("-line", "-tint"))
        side = f"h{_n(2 * size)}z" if down else f"v{_n(2 * size)}z"
        head = f"M{_p(tip)}l{_n(-size if down else -2 * size)} {_n(-2 * size if down else -size)}{side}"
        halo = f'<path d="{d}" stroke-width="11" stroke-opacity="0.3" {self._paint("hatch")}/>' if arrow.lit else ""
        return (
            f'<g class="edge"><title>{words_in_xml(self._edge_title(arrow))}</title>{halo}'
            f'<path d="{d}" stroke-width="{_n(thick)}" stroke-opacity="0.75"{dash} {self._paint(colour)}/>'
            f'<path d="{head}" {self._paint(fill)}/></g>'
        )

    def _tip(self, arrow: Arrow, points: list[Point]) -> Point:
        """Where an arrow ends: at its head's edge, behind the room for its number."""
        (x, y), gutter = points[-1], self.gutters[arrow.head]
        return (x, y + gutter) if self.look.is_down else (x + gutter, y)

    def _edge_title(self, arrow: Arrow) -> str:
        tail, head = (_called(self.boxes[i]) for i in (arrow.tail, arrow.head))
        tell, words = self.look.words.tell, self.look.words.picture
        if arrow.edges > 1 or self.boxes[arrow.head].kind == GROUP:
            return tell(words["edges"], n=arrow.edges, tail=tail, head=head)
        if not self.look.asks.shows("slope"):
            return f"{tail} → {head}"
        if arrow.slope is None:
            return f"{tail} → {head}: {words['no flow']}"
        goes = arrow.contribution is not None and self.look.asks.shows("delta")
        back = f"; {tell(words['goes back'], x=arrow.contribution)}" if goes else ""
        symbol = arrow.symbol or f"∂{head}/∂{tail}"
        return f"{symbol} = {arrow.slope!r}{back}"

    def _slope(self, arrow: Arrow, points: list[Point]) -> str:
        """The number near the head, on a ground of the page's colour."""
        text = _number(arrow, self.view.digits, self.look.asks)
        if not text or self.view.compact or not points:
            return ""
        wide = width(text, LABEL)
        x, y = self._tip(arrow, points)
        x, y = (x + wide / 2 + 1, y - TIP - LABEL_HIGH / 2) if self.look.is_down else (x - TIP, y)
        odd = arrow.slope is not None and not math.isfinite(arrow.slope) and self.look.asks.shows("slope")
        return (
            f'<rect x="{_n(x - wide - 1)}" y="{_n(y - 6.5)}" width="{_n(wide + 3)}" height="{_n(LABEL_HIGH)}" rx="4" '
            f'fill-opacity="0.88" {self._paint("page")}/>'
            + self._words(x, y + 3.8, text, "alarm" if odd else "ink", LABEL, ' text-anchor="end"')
        )

    # -- nodes --------------------------------------------------------------------------------------

    def _node(self, card: Card) -> Iterator[str]:
        box, shape = card.box, card.shape
        x, y = self.placed.centres[box.id]
        before, above = (0.0, card.gutter) if self.look.is_down else (card.gutter, 0.0)
        left, top = x - shape.width / 2 + before, y - shape.height / 2 + above
        wide, high = shape.width - before, shape.height - above
        yield f'<g class="node {box.kind}"><title>{words_in_xml(_spoken(box, self.look))}</title>'
        yield from self._frame(box, left, top, wide, high)
        gap = 2.0 if self.view.compact else 4.0
        text_height = sum(row.size + gap for row in card.rows) - gap
        line = top + (high - text_height) / 2
        for row in card.rows:
            yield from self._row(row, left, wide, line + row.size * 0.86, len(card.rows) == 1)
            line += row.size + gap
        yield "</g>"

    def _row(self, row: TextLine, left: float, wide: float, y: float, alone: bool) -> Iterator[str]:
        weight = ' font-weight="600"' if row.bold else ""
        padding = 4.0 if self.view.compact else 9.0
        if alone and not row.aside:
            yield self._words(left + wide / 2, y, row, row.colour, row.size, weight + ' text-anchor="middle"')
            return
        yield self._words(left + padding, y, row, row.colour, row.size, weight)
        if row.aside:
            yield self._words(left + wide - padding, y, row.aside, "soft", row.size - 1, ' text-anchor="end"')

    def _frame(self, box: Box, left: float, top: float, wide: float, high: float) -> Iterator[str]:
        corner = {CONSTANT: min(wide, high) / 2, LEAF: 11.0}.get(box.kind, 5.0)
        corner = min(corner, high / 2)
        at = f'y="{_n(top)}" width="{_n(wide)}" height="{_n(high)}" rx="{_n(corner)}"'
        here = f'x="{_n(left)}" {at}'
        if box.kind == GROUP:
            for shift in (6.0, 3.0):
                higher = -shift if self.look.is_down else shift  # not where arrows come in
                behind = f'x="{_n(left + shift)}" y="{_n(top - higher)}" width="{_n(wide)}" height="{_n(high)}" rx="5"'
                yield f"<rect {behind} {self._paint('card')}/><rect {behind} {self._paint('line')}/>"
        yield f"<rect {here} {self._paint('given' if box.kind in (LEAF, CONSTANT) else 'card')}/>"
        colour, dash, thick = "line", "", 1.0
        if not self.look.asks.shows("delta"):
            yield f"<rect {here} {self._paint(colour)}/>"
            return
        if box.delta is None:
            dash = ' stroke-dasharray="4 3"'
        else:
            colour = _sign(box.delta, "line", "-line")
            size = self.tint(box.delta) if math.isfinite(box.delta) else 0.0
            thick = 1 + 0.8 * size
            if box.delta != 0 and math.isfinite(box.delta) and box.lost is None:
                tint = _sign(box.delta, "page", "-tint")
                yield f'<rect {here} fill-opacity="{_n(0.03 + 0.17 * size)}" {self._paint(tint)}/>'
        if box.lost:
            yield f'<rect {here} fill-opacity="{_n(0.4 * box.lost)}" {self._paint("alarm")}/>'
        if not _finite(box):
            colour = "hatch"
            yield f'<g class="not-finite">{self._hatching(left, top, wide, high, corner)}</g>'
        yield f'<rect {here} stroke-width="{_n(thick)}"{dash} {self._paint(colour)}/>'

    def _hatching(self, left: float, top: float, wide: float, high: float, corner: float) -> str:
        """Slanted lines across a rounded rectangle, drawn one by one: converters disagree about patterns."""
        lines = []
        for at in range(6, int(wide + high) - 2, 6):
            for start, end in _across(at, wide, high, corner):
                lines.append(f"M{_n(left + start)},{_n(top + at - start)}L{_n(left + end)},{_n(top + at - end)}")
        return f'<path d="{"".join(lines)}" stroke-width="1.2" stroke-opacity="0.3" {self._paint("hatch")}/>'

    # -- the legend ---------------------------------------------------------------------------------

    def _legend(self) -> Iterator[tuple[float, str]]:
        """Lines of the legend: (width, markup)."""
        items = list(self._legend_items())
        x, line = 0.0, ""
        limit = max(self.placed.width, NARROWEST)
        for mark, text in items:
            wide = 30 + width(text, 11) + 18
            if line and x + wide > limit:
                yield x, line
                x, line = 0.0, ""
            words = self._words(x + 30, 4, text, "soft", 11)
            line += f'<g transform="translate({_n(x)} 0)">{mark}</g>{words}'
            x += wide
        yield x, line

    def _legend_items(self) -> Iterator[tuple[str, str]]:
        words, shows = self.look.words.picture, self.look.asks.shows
        if shows("delta"):
            yield self._key("plus"), f"δ = ∂{self.view.output}/∂{words['node']} > 0"
            yield self._key("minus"), "δ < 0"
            lost = any(box.lost is not None for box in self.view.boxes)
            yield self._stroke(), words["width" if lost else "scale"]
            if lost:
                yield self._shades(), words["lost"]
        elif "delta" in self.look.asks.asked:
            yield self._words(0, 4, "δ", "ink", LABEL), f"∂{self.view.output}/∂{words['node']}"
        if any(box.kind == GROUP for box in self.view.boxes):
            yield self._count(), words["edges between"]
        elif not self.view.compact and not self.look.asks.leaves_out("slope"):
            yield self._slope_key(), words["local"]
        if shows("delta") and any(box.delta is None for box in self.view.boxes):
            yield self._key("dash"), words["no path"]
        if shows("delta") and not all(map(_finite, self.view.boxes)):
            yield self._key("odd"), words["not finite"]
        if self.look.asks.asked:
            yield self._words(0, 4, "____", "ink", LABEL), words["hidden"]

    def _key(self, what: str) -> str:
        shape = 'x="0.5" y="-6.5" width="22" height="13" rx="4"'
        if what == "dash":
            return f'<rect {shape} stroke-dasharray="4 3" {self._paint("line")}/>'
        if what == "odd":
            return self._hatching(0.5, -6.5, 22, 13, 4.0) + f"<rect {shape} {self._paint('hatch')}/>"
        sign = self._words(11.5, 4, "+" if what == "plus" else "-", what, 12, ' text-anchor="middle" font-weight="700"')
        tint = f'<rect {shape} fill-opacity="0.15" {self._paint(what + "-tint")}/>'
        return tint + f'<rect {shape} stroke-width="1.4" {self._paint(what + "-line")}/>' + sign

    def _stroke(self) -> str:
        return f'<path d="M0 -1.5L23 -4V4L0 1.5z" {self._paint("soft")}/>'

    def _shades(self) -> str:
        """From no digit lost to all of them."""
        steps = ((0.5, 0.1), (8.0, 0.25), (15.5, 0.4))
        alarm = self._paint("alarm")
        return "".join(f'<rect x="{x}" y="-6.5" width="7.5" height="13" fill-opacity="{o}" {alarm}/>' for x, o in steps)

    def _slope_key(self) -> str:
        number = "0.5" if self.look.asks.shows("slope") else "___"
        return self._words(0, 4, number, "ink", LABEL) + f'<path d="M25 0l-7 -3.5v7z" {self._paint("soft")}/>'

    def _count(self) -> str:
        return self._words(0, 4, "×16", "ink", LABEL)


def _across(at: float, wide: float, high: float, corner: float) -> Iterator[Point]:
    """From which x to which the line x + y = at lies in a rectangle with round corners, if it does."""
    ends = []
    for x, side in ((min(at, wide), 1), (max(0.0, at - high), -1)):
        near = corner if x < corner else wide - corner if x > wide - corner else None
        level = corner if at - x < corner else high - corner if at - x > high - corner else None
        if near is not None and level is not None:  # where it meets the circle of this corner
            off = at - near - level
            if off * off >= 2 * corner * corner:
                return
            x = near + (off + side * math.sqrt(2 * corner * corner - off * off)) / 2
        ends.append(x)
    yield ends[0], ends[1]


def _wrapped(note: str, limit: float) -> list[str]:
    """The sentences of a note, each broken where it is wider than `limit`."""
    lines: list[str] = []
    for sentence in note.split("\n") if note else []:
        lines.append("")
        for word in sentence.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and width(longer, 12) > limit:
                lines.append(word)
            else:
                lines[-1] = longer
    return lines


def _in_whole_pixels(across: float, down: float, size: float | None) -> tuple[int, int, Point]:
    """How large a picture is shown, in pixels, and what of it is seen then: no pixel at an edge is half outside."""
    scale = 1.0 if size is None else size / across
    wide, high = max(math.ceil(across * scale), 1), max(math.ceil(down * scale), 1)
    return wide, high, (wide / scale, high / scale)


def _typeset(row: TextLine) -> str:
    """A row's text with what stands below the line, which all renderers lower that know tspan."""
    if not row.below:
        return words_in_xml(row.text)
    down = _n(0.22 * row.size)
    lowered = f'<tspan dy="{down}" font-size="{_n(SMALLER * row.size)}">{in_xml(row.below)}</tspan>'
    return in_xml(row.text) + lowered + (f'<tspan dy="-{down}">{in_xml(row.rest)}</tspan>' if row.rest else "")


def _finite(box: Box) -> bool:
    return all(x is None or math.isfinite(x) for x in (box.value, box.delta))


def _called(box: Box) -> str:
    return isolated(box.on_a_line) or box.symbol or shown(box.value or 0.0)


def _spoken(box: Box, look: Look) -> str:
    """Everything about a box, as a tooltip."""
    asks, tell, words = look.asks, look.words.tell, look.words.picture
    full = short(box.given, LONGEST)
    parts = [
        isolated(box.on_a_line),
        full if len(full) > NARROW else "",
        tell(words["operation"], x=box.symbol) if box.symbol else words.get(box.kind, box.kind),
        *box.counts,
    ]
    given = box.kind in (LEAF, DETACHED, CONSTANT) or asks.shows("value")
    parts += [tell(words["value"], x=box.value)] if box.value is not None and given else []
    if box.kind != CONSTANT and asks.shows("delta"):
        parts.append(words["no path, short"] if box.delta is None else f"δ {box.delta!r}")
    parts += [tell(words["scope"], x=short(box.scope, LONGEST))] if box.scope else []
    parts += [short(box.source, LONGEST_PATH)] if box.source else []
    return " ".join(part for part in parts if part)


def _rough(count: int) -> str:
    """A count that fits on an arrow: 9,999, 12k, 3.4M."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1e3:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def _n(x: float) -> str:
    """A coordinate: two decimals, no trailing zeros, no -0."""
    text = f"{x:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _p(point: Point) -> str:
    return f"{_n(point[0])},{_n(point[1])}"
