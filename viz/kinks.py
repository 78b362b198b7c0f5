"""Which kinks and jumps a graph passes, on which side, and how near."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import Value
from autograd.chain import deltas_from
from autograd.context import recording
from autograd.kinks import Break, breaks
from autograd.order import reachable
from autograd.replay import computed_anew
from autograd.text import preformatted
from viz.numbers import shown
from viz.pictures.drawing import Drawing
from viz.pictures.svg import render
from viz.pictures.view import view
from viz.subject import looked_at
from viz.trace import Trace
from viz.wording import definition

if TYPE_CHECKING:
    from viz.subject import Subject
    from viz.variables import Variables

MOST = 12  # that are listed


class Kink(NamedTuple):
    """One kink or jump of a node.

    Attributes:
        node: its id in the trace
        is_jump: whether the value jumps there; else the slope
        at: what changes its sign there: above 0 on one side, below on the other
        away: by which part of themselves all leaves together must move to reach it, to first order; inf if they cannot
    """

    node: int
    is_jump: bool
    at: float
    away: float


@dataclass(frozen=True)
class Kinks:
    """What `kinks` found, the nearest first."""

    trace: Trace
    found: tuple[Kink, ...]
    definitions: tuple[str, ...]  # of the node of each
    sources: tuple[str | None, ...]  # the line that each was written in, where it is known

    def __str__(self) -> str:
        if not self.found:
            return "no node has a kink or a jump"
        lines = [f"{i:4}. {self._line(i - 1)}" for i in range(1, min(len(self.found), MOST) + 1)]
        lines += [f"      … and {len(self.found) - MOST} more, farther off"] * (len(self.found) > MOST)
        return "\n".join(filter(None, (self.trace.anew, "kinks and jumps on the way, the nearest first:", *lines)))

    def _line(self, i: int) -> str:
        found, source = self.found[i], self.sources[i]
        line = f"   ({source})" if source else ""
        return f"{self.definitions[i]}: {_where(found)}{line}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    def draw(self) -> Drawing:
        """The picture of the graph, every node with a kink marked by how near it is."""
        nearest = {f"n{found.node}": found for found in reversed(self.found)}
        seen = view(self.trace)
        boxes = (b._replace(counts=(_mark(nearest[b.id]),)) if b.id in nearest else b for b in seen.boxes)
        return Drawing(render(seen._replace(boxes=tuple(boxes))))


def _where(found: Kink) -> str:
    what = "jump" if found.is_jump else "kink"
    if found.at == 0.0:
        return f"at its {what}"
    side = "above" if found.at > 0.0 else "below"
    off = f"{_percent(found)} of the leaves off" if math.isfinite(found.away) else "no leaf moves it there"
    return f"{shown(abs(found.at))} {side} its {what}, {off}"


def _mark(found: Kink) -> str:
    what = "jump" if found.is_jump else "kink"
    if found.at == 0.0:
        return f"at its {what}"
    return f"{what}: {_percent(found)} off" if math.isfinite(found.away) else f"{what} that stays"


def _percent(found: Kink) -> str:
    return f"{100 * found.away:.2g} %" if found.away < 1 else f"{100 * found.away:.0f} %"


def kinks(output: Subject, *at: Any, names: Variables = None, **named: Any) -> Kinks:
    """Which kinks and jumps there are on the way to an output, on which side of each it is, and how near.

    Near a kink a derivative holds as far as to it; at one a second derivative leaves its part out, and in a mean over
    samples on both sides too, of which `KinkWarning` tells.  The output may be a compiled function or a program,
    followed by its arguments (see `draw`, also for `names`); of a comparison of Values by > or < no node is left.

    >>> from autograd import Value, relu
    >>> x = Value(2.0, name="x")
    >>> print(kinks(relu(x - 1.5) * x))
    kinks and jumps on the way, the nearest first:
       1. t₂ = relu(t₁): 0.5 above its kink, 25 % of the leaves off

    Raises:
        OperandError: if output is nothing that can be shown
    """
    (seen,) = looked_at(output, at, named, names)
    order = reachable(computed_anew(reachable(seen.output)))
    place = {node: i for i, node in enumerate(order)}
    found = [Kink(place[b.node], b.is_jump, b.at, away) for b, away in _measured(order)]
    found.sort(key=lambda kink: (kink.away, abs(kink.at)))
    said = [definition(seen.trace, seen.names, kink.node) for kink in found]
    sources = [order[kink.node].source for kink in found]
    return Kinks(seen.trace, tuple(found), tuple(said), tuple(sources))


def _measured(order: Sequence[Value]) -> list[tuple[Break, float]]:
    """Every break of these nodes that is near enough to be one, with how far the leaves are from it."""
    met = [found for found in breaks(order) if not math.isnan(found.at)]
    with recording():  # also inside of no_grad
        terms = [found.row.boundaries(*found.node.operands)[found.is_jump][found.slot] for found in met]
    return [(found, _away(found.at, term)) for found, term in zip(met, terms, strict=True)]


def _away(at: float, term: Any) -> float:
    """|at| by how much it moves if all leaves move by a part of themselves, each the way that brings it nearer."""
    if at == 0.0:
        return 0.0
    slopes = deltas_from({term: 1.0}) if isinstance(term, Value) else {}
    moved = sum(abs(slope * leaf.data) for leaf, slope in slopes.items() if leaf.is_leaf)
    return abs(at) / moved if moved else math.inf
