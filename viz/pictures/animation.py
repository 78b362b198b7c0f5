"""`animate`: the steps of both passes as one SVG that moves without JavaScript, and as frames for slides.

Everything that is not always there is an `Appearance`: markup, and from which step to which it is seen.  The animation
says that in CSS, a frame leaves out what is not seen then; where motion is to be reduced the end stands still.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import ArgumentError, GraphError
from autograd.text import quoted
from viz.languages import language
from viz.numbers import DIGITS, counted
from viz.pictures.boxes import Arrow, View
from viz.pictures.drawing import Drawing, checked
from viz.pictures.geometry import RIGHT, Point
from viz.pictures.images import as_image
from viz.pictures.svg import MARGIN, Card, Look, Picture, laid_out, lines_of
from viz.pictures.view import view
from viz.recording import Recording, recorded
from viz.showing import show
from viz.subject import look
from viz.text import width
from viz.trace import CONSTANT, Step
from viz.wording import Wording

if TYPE_CHECKING:
    from viz.subject import Subject
    from viz.variables import Variables

MOST = 300  # steps
CAPTION, LINE = 13.0, 40.0  # the size of what is said below, and the height it takes


class Appearance(NamedTuple):
    """Markup that is seen after so many steps, from `first` up to `last`."""

    markup: str
    first: int
    last: int


@dataclass(frozen=True)
class Animation:
    """The steps of a graph: `svg` moves, `frames` has a drawing for each number of steps taken, from 0 on."""

    svg: str
    frames: tuple[Drawing, ...]

    def _repr_html_(self) -> str:
        return as_image(self.svg)

    def __repr__(self) -> str:
        many = counted(len(self.frames) - 1, "step")
        return f"<animation, {many}, {len(self.svg):,} characters of SVG; .save('steps.svg') writes it>"

    def show(self) -> Path:
        """Open it in the browser, for scripts; without one say where it lies, which is returned too."""
        return show(self.svg, "steps.svg")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the animation, as .svg; the file appears whole or not at all.

        Raises:
            ArgumentError: for another ending
        """
        if Path(path).suffix.lower() != ".svg":
            raise ArgumentError(f"an animation is saved as .svg, got {quoted(str(path))}: for others save its frames")
        return Drawing(self.svg).save(path)

    def save_frames(self, folder: str | os.PathLike[str], ending: str = ".svg") -> list[Path]:
        """Write every frame into a folder, as step-000.svg and so on; or .png or .pdf (see `Drawing.save`)."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        return [frame.save(Path(folder) / f"step-{at:03}{ending}") for at, frame in enumerate(self.frames)]


def animate(
    output: Subject,
    *at: Any,
    seconds: float = 1.5,
    digits: int = DIGITS,
    direction: str = RIGHT,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Animation:
    """The computation of `output` and of its derivatives, step by step, as one SVG without JavaScript.

    `output` is a Value, or a compiled function or a program, followed by its arguments (see `draw`, also for
    `digits`, `direction`, `lang` and `names`).  Each step takes so many `seconds`; after the last one it
    begins again.  Where a reader has asked for less motion, the end stands still.

    >>> from autograd import Value
    >>> x = Value(3.0, name="x")
    >>> animate(x * x)  # doctest: +ELLIPSIS
    <animation, 4 steps, ... characters of SVG; .save('steps.svg') writes it>

    Raises:
        OperandError: if `output` is not a Value
        GraphError: for a graph of too many steps
        ArgumentError: for seconds that are not positive, and as `draw` for the other options
    """
    looks = checked(Look(words=language(lang), direction=direction))
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 < seconds < 3600:
        raise ArgumentError(f"seconds is how long a step takes, more than 0, got {quoted(seconds)}")
    seen = look(output, at, named, names)
    log = recorded(seen.trace)
    if len(log) > MOST:
        raise GraphError(
            f"an animation has up to {MOST} steps, this graph has {len(log):,}: animate a part of it, or step through "
            "it with viz.explore or viz.debug"
        )
    drawn = view(seen.trace, force=True, digits=digits, words=looks.words)._replace(compact=False)
    film = Film(drawn, log, Wording(log, digits, looks.words, typeset=True), looks)
    return Animation(film.moving(float(seconds)), tuple(map(Drawing, map(film.frame, range(len(log) + 1)))))


class Film(Picture):
    """A picture whose parts appear step by step."""

    def __init__(self, drawn: View, log: Recording, words: Wording, looks: Look) -> None:
        super().__init__(drawn, *laid_out(drawn, looks), looks)
        self.log, self.words, self.end = log, words, len(log)

    def moving(self, seconds: float) -> str:
        """The animation."""
        total = seconds * (self.end + 2)
        spans = {(each.first, each.last) for each in self.parts}
        names = {span: f"s{i}" for i, span in enumerate(sorted(spans))}
        rules = "".join(self._rule(name, *span, total) for span, name in names.items())
        style = f"<style>{rules}@media (prefers-reduced-motion: reduce){{#{self.id} *{{animation:none}}}}</style>"
        said = [f'<g class="{names[p.first, p.last]}"{self._at_the_end(p)}>{p.markup}</g>' for p in self.parts]
        return self._file([style, *said])

    def _rule(self, name: str, first: int, last: int, total: float) -> str:
        """The CSS of what is seen from one step to another; the end is held for a while."""
        many = self.end + 2
        start, stop = 100 * first / many, 100 * (last + 1 if last < self.end else many) / many
        before = "0%{opacity:0}" if first else ""
        after = f"{stop:.3f}%{{opacity:0}}" if last < self.end else ""
        frames = f"@keyframes {self.id}{name}{{{before}{start:.3f}%{{opacity:1}}{after}}}"
        return f"{frames}#{self.id} .{name}{{animation:{self.id}{name} {total:g}s infinite step-end}}"

    def _at_the_end(self, part: Appearance) -> str:
        return "" if part.last == self.end else ' opacity="0"'

    def frame(self, taken: int) -> str:
        """What is seen after so many steps."""
        return self._file([part.markup for part in self.parts if part.first <= taken <= part.last])

    def _file(self, parts: list[str]) -> str:
        legend = self.legend
        across = max([self.placed.width, *(x for x, _ in legend), self._widest]) + 2 * MARGIN
        under = self.top + self.placed.height + LINE
        down = under + 22 * len(legend) + MARGIN
        head = [
            self._head(across, down),
            self._ground(across, down),
            *self._note(),
            f'<g transform="translate({MARGIN:g} {self.top:g})">',
            *(line for cluster in self.placed.clusters for line in self._cluster(cluster)),
        ]
        below = [
            f'<g transform="translate({MARGIN:g} {under + 22 * i:.1f})">{line}</g>'
            for i, (_, line) in enumerate(legend)
        ]
        return "\n".join([*head, *parts, "</g>", *below, "</svg>"]) + "\n"

    # -- what is seen when ----------------------------------------------------------------------------

    @cached_property
    def parts(self) -> list[Appearance]:
        """Everything but what is always there, from the back to the front."""
        cards = {card.box.id: card for card in self.cards}
        return [*self._arrows(), *(part for card in cards.values() for part in self._card(card)), *self._captions()]

    def _arrows(self) -> Iterator[Appearance]:
        sent = {(step.node, step.slot): number + 1 for number, step in self._backward()}
        for arrow, points in zip(self.view.arrows, self.placed.curves, strict=True):
            node = int(arrow.head[1:])
            at = sent.get((node, arrow.slot))
            first = at if at is not None else self.end + 1
            yield Appearance(self._quiet(arrow, points), 0, min(first - 1, self.end))
            if at is not None:
                yield Appearance(self._curve(arrow, points) + self._slope(arrow, points), at, self.end)

    def _quiet(self, arrow: Arrow, points: list[Point]) -> str:
        return self._curve(arrow if arrow.contribution is None else arrow._replace(contribution=0.0), points)

    def _backward(self) -> Iterator[tuple[int, Step]]:
        for number in range(self.log.seed + 1, self.end):
            step = self.log.step(number)
            if isinstance(step, Step):
                yield number, step

    def _card(self, card: Card) -> Iterator[Appearance]:
        """A card as it waits, with its number, and with each δ that it comes to."""
        node = int(card.box.id[1:])
        known = self._computed_at(node)
        deltas = self._deltas(node)
        times = [known, *(at for at, _ in deltas), self.end + 1]
        states: list[float | None] = [None, *(delta for _, delta in deltas)]
        if known:
            yield Appearance(self._drawn(card, value=False, delta=None), 0, known - 1)
        for first, after, delta in zip(times[:-1], times[1:], states, strict=True):
            if after > first:
                yield Appearance(self._drawn(card, value=True, delta=delta), first, after - 1)

    def _computed_at(self, node: int) -> int:
        forward = self.log.trace.forward
        return node - forward[0] + 1 if node in forward else 0

    def _deltas(self, node: int) -> list[tuple[int, float]]:
        """After which steps δ of a node is what."""
        if node == self.log.trace.root:
            return [(self.log.seed + 1, 1.0)]
        log = self.log
        if node > log.trace.root:
            return []
        arriving = log.arriving[log.begins.item(node) : log.begins.item(node + 1)].tolist()
        return [(log.seed + 2 + step, log.sums.item(step)) for step in arriving]

    def _drawn(self, card: Card, value: bool, delta: float | None) -> str:
        """The card with what is known of it; the lines of what is not are left empty."""
        box = card.box
        if box.kind == CONSTANT:
            return "\n".join(self._node(card))
        has_path = box.delta is not None
        box = box._replace(delta=delta or 0.0) if has_path else box
        rows = list(lines_of(box, self.view, self.look))
        rows[-2] = rows[-2] if value else rows[-2]._replace(text="")
        rows[-1] = rows[-1]._replace(text="") if has_path and delta is None else rows[-1]
        return "\n".join(self._node(card._replace(box=box, rows=tuple(rows))))

    # -- what is said ---------------------------------------------------------------------------------

    def _captions(self) -> Iterator[Appearance]:
        for taken in range(self.end + 1):
            yield Appearance(self._words(0, self.placed.height + 24, self._said(taken), "ink", CAPTION), taken, taken)

    def _said(self, taken: int) -> str:
        tell, said = self.look.words.tell, self.look.words.film
        if not taken:
            return said["nothing yet"]
        return tell(said["step"], k=taken, n=self.end, arithmetic=self.words.arithmetic(taken - 1))

    @cached_property
    def _widest(self) -> float:
        return max(width(self._said(taken), CAPTION) for taken in range(self.end + 1))
