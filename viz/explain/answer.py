"""What `explain` answers: plain data that shows itself, in a terminal, in a notebook, and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autograd.errors import ArgumentError
from autograd.text import in_xml, message, short
from viz.explain.picture import lit

if TYPE_CHECKING:
    from viz.pictures.drawing import Drawing
    from viz.trace import Trace

TIE = 0.3  # of cost, within which explanations are as good as each other
SHOWN = 3  # explanations that are printed
MOST_ALIKE = 4
FEW = 3  # numbers that are off, at one point


@dataclass(frozen=True, slots=True)
class Mistake:
    """One change of the true derivation: at which node and operand, in words, with its rule and the corrected line."""

    said: str  # what is written, for what, and where
    kind: str
    node: str  # the node whose step it is, or the argument whose finished derivatives were changed
    operand: str
    line: str  # file:line where the node was computed; empty if nobody knows
    rule: str
    corrected: str
    edges: tuple[int, ...] = ()  # of the trace
    alike: tuple[Mistake, ...] = ()  # as good, where this is one of several mistakes


@dataclass(frozen=True, slots=True)
class Explanation:
    """Changes of the derivation, one or several at once, that give the numbers given; `cost` is how large they are."""

    mistakes: tuple[Mistake, ...]
    cost: float

    def __str__(self) -> str:
        return ", and ".join(mistake.said for mistake in self.mistakes)


@dataclass(frozen=True, repr=False)
class Explained:
    """What `explain` found: all that gives the numbers given, the smallest change first; true if anything does.

    `status` is "found", "none" (nothing that is known gives these numbers), "right" (they are right) or "rounded" (they
    are right but for their last digits).  `located` are the nodes to which all that is off could come back, if it is a
    step that is wrong but none of the known forms.
    """

    status: str
    of: str
    explanations: tuple[Explanation, ...] = ()
    points: int = 1
    digits: float = 0.0  # to how many the numbers are right, if they are rounded
    located: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()  # which numbers' derivatives are off
    trace: Trace | None = field(default=None, compare=False)
    refused: str = ""  # why it is no gradient as it stands, where no way to read it explains it either

    def __bool__(self) -> bool:
        return bool(self.explanations)

    @property
    def is_weak(self) -> bool:
        """Whether so few numbers say so, at one point, that it may be by chance."""
        return self.points == 1 and len(self.wrong) < FEW

    @property
    def best(self) -> tuple[Explanation, ...]:
        """Those that are as good as the first."""
        return tuple(e for e in self.explanations if e.cost <= self.explanations[0].cost + TIE)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        name = short(self.of)
        if self.status == "right":
            yield f"{name}: nothing is off"
        elif self.status == "rounded":
            yield f"{name}: right to {self.digits:.1f} digits; what is off looks like rounding, not like a step"
        elif self.status == "none":
            yield f"{name}: none of the changes that are known gives these numbers {self._at_points}"
            if self.refused:
                yield f"  {message(self.refused)}"
            if self.located:
                where = ", ".join(self.located[:MOST_ALIKE])
                yield f"  all that is off lies below one of: {where}; what stands there has no known form"
        else:
            yield f"{name}: your numbers come out exactly, {self._at_points}{', which is weak' * self.is_weak}, if"
            yield from self._listed()

    @property
    def _at_points(self) -> str:
        return "at 1 point" if self.points == 1 else f"at {self.points} points"

    def _listed(self) -> Iterator[str]:
        for number, each in enumerate(self.explanations[:SHOWN], 1):
            tied = (
                "or as well, if " if 1 < number <= len(self.best) else "or, a larger change, if " if number > 1 else ""
            )
            for place, mistake in enumerate(each.mistakes):
                yield f"  {f'{number}.' if place == 0 else '  '} {tied if place == 0 else 'and '}{mistake.said}"
                yield from _more(mistake)
        rest = len(self.explanations) - SHOWN
        if rest > 0:
            others = "; ".join(str(e) for e in self.explanations[SHOWN : SHOWN + MOST_ALIKE])
            yield f"  what else fits ({rest}): {others}"

    def _repr_html_(self) -> str:
        head = f"<p>{in_xml(next(self._lines()))}</p>"
        if not self.explanations:
            return "".join(f"<p>{in_xml(line)}</p>" for line in self._lines())
        rows = "".join(_row(number, m) for number, e in enumerate(self.explanations[:SHOWN], 1) for m in e.mistakes)
        titles = "".join(f"<th>{t}</th>" for t in ("", "if", "line", "rule", "corrected"))
        return f"{head}<table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>"

    def draw(self) -> Drawing:
        """The picture of the graph, with the edges lit of all explanations that are as good as the first.

        Raises:
            ArgumentError: if nothing was explained, or what was is no step of the graph
        """
        edges = list(dict.fromkeys(e for each in self.best for mistake in each.mistakes for e in mistake.edges))
        if self.trace is None or not edges:
            raise ArgumentError(f"{self.of}: there is no step to light")
        return lit(self.trace, edges, f"lit: {self.explanations[0]}")


def _more(mistake: Mistake) -> Iterator[str]:
    if mistake.line:
        yield f"       line       {mistake.line}"
    if mistake.rule:
        yield f"       rule       {mistake.rule}"
        yield f"       corrected  {mistake.corrected}"
    if mistake.alike:
        yield f"       as good    {'; '.join(other.said for other in mistake.alike[:MOST_ALIKE])}"


def _row(number: int, mistake: Mistake) -> str:
    cells = (str(number), mistake.said, mistake.line, mistake.rule, mistake.corrected)
    return f"<tr>{''.join(f'<td>{in_xml(cell)}</td>' for cell in cells)}</tr>"
