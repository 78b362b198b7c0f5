"""Where digits go: how many each value and each δ have left, which step lost them, and what to write instead."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import Value
from autograd.chain import AsGraph, run
from autograd.context import recording
from autograd.errors import ArgumentError, MissingExtra
from autograd.order import interior, reachable
from autograd.replay import computed_anew
from autograd.sweeps import backwards
from autograd.text import preformatted, quoted
from viz.digits.bounds import EXACTLY, FULL, ErrorBound, bounds
from viz.digits.bounds import digits as digits_of
from viz.digits.losses import BackStep, Loss, losses_in
from viz.numbers import equals, shown
from viz.partials import Partials
from viz.pictures.drawing import Drawing
from viz.pictures.svg import render
from viz.pictures.view import view
from viz.subject import Seen, looked_at
from viz.trace import LEAF, Trace
from viz.wording import definition

if TYPE_CHECKING:
    from viz.subject import Subject
    from viz.variables import Variables

DIGITS = 50
MOST = 6  # losses and derivatives that are listed


class Digits(NamedTuple):
    """What is known of one number: its `error` is at most that, so at least so many `digits` are right.

    `measured` is how many are right by the same graph in 50 digits, None if that was not asked for.
    """

    value: float
    error: float
    digits: float
    measured: float | None = None

    def __str__(self) -> str:
        return self.said.partition(" ")[2]

    @property
    def said(self) -> str:
        """The number behind the sign that is true, and what is known of it."""
        if not math.isfinite(self.value):
            return f"= {shown(self.value)}: no digit"
        known = f" (measured: {_said(self.measured)})" if self.measured is not None else ""
        off = "exact" if self.error == 0 else f"off by at most {shown(self.error, 2)}"
        off = off if math.isfinite(self.error) else "off by nobody knows how much"
        return f"{equals(self.value, 6)}, {off}: {_said(self.digits)} digits{known}"


@dataclass(frozen=True)
class Accuracy:
    """What `accuracy` found: a number's digits for every node of the trace, and where they were lost."""

    trace: Trace
    values: tuple[Digits, ...]  # node i's at place i
    deltas: tuple[Digits | None, ...]  # None: no derivative comes back to it
    losses: tuple[Loss, ...]  # of the output and of its derivatives by the leaves, the largest first
    names: tuple[str, ...]  # what every node is called
    definitions: tuple[str, ...]

    @property
    def output(self) -> Digits:
        """The digits of the output itself."""
        return self.values[self.trace.root]

    def __str__(self) -> str:
        return "\n".join(filter(None, (self.trace.anew, *self._lines())))

    def _lines(self) -> list[str]:
        root = self.names[self.trace.root]
        lines = [f"{root} {self.output.said}"]
        leaves = [i for i, node in enumerate(self.trace.nodes) if node.kind == LEAF and i != self.trace.root]
        known = [(self.deltas[i], i) for i in leaves]
        worst = sorted(((d, i) for d, i in known if d is not None), key=lambda pair: pair[0].digits)
        partials = Partials(self.trace)
        lines += [f"{partials.whole_text(i, self.names.__getitem__)} {d.said}" for d, i in worst[:MOST]]
        lines += [f"… and {len(worst) - MOST} derivatives more, with as many digits or more"] * (len(worst) > MOST)
        for place, loss in enumerate(self.losses[:MOST], 1):
            lines += [f"{place:4}. {loss}"] + [f"      write {loss.advice}"] * (loss.advice is not None)
        lines += [f"{'     ' if place else 'where'} {line}" for place, line in enumerate(self.definitions)]
        return lines if self.losses else [*lines, "no step loses a digit that reaches them"]

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    def draw(self) -> Drawing:
        """The picture of the graph with the digits of every value and every δ, tinted by how many are gone."""
        seen = view(self.trace)
        return Drawing(render(seen._replace(boxes=tuple(map(self._digits_on, seen.boxes)))))

    def _digits_on(self, box: Any) -> Any:
        place = int(box.id[1:]) if box.id[:1] == "n" and box.id[1:].isdigit() else len(self.values)
        if place >= len(self.values):
            return box
        value, delta = self.values[place], self.deltas[place]
        least = min([_known(value), *([_known(delta)] if delta is not None else [])])
        behind = f", δ {_said(_known(delta))}" if delta is not None else ""
        return box._replace(counts=(f"digits {_said(_known(value))}{behind}",), lost=1 - least / FULL)


def accuracy(output: Subject, *at: Any, digits: int | None = None, names: Variables = None, **named: Any) -> Accuracy:
    """How many digits of every value and every δ are right, which step lost the others, and what to write instead.

    The floats at the leaves, and the constants, are taken as exact.  From them a bound on the error runs along: what
    the operands' errors do to a node, by its slopes, and what its own rounding adds.  `digits=50` measures as well, by
    the same graph in 50 digits (with mpmath, the extra `check`).  The output may be a compiled function or a program,
    followed by its arguments (see `draw`, also for `names`).  No grad is read or changed.

    >>> from autograd import Value, cos
    >>> x = Value(1e-4, name="x")
    >>> print(accuracy(1 - cos(x)))
    t₂ ≈ 5e-9, off by at most 6.7e-17: 7.9 digits
    dt₂/dx ≈ 1e-4, off by at most 1.4e-20: 15.9 digits
       1. t₂ = 1 - t₁ loses 8.1 digits of t₂: 1 - 1 cancels to 5e-9, and the error of t₁, 6.7e-17, stays
          write 2 * sin(x / 2) ** 2 for 1 - cos(x): 15.6 digits
    where t₁ = cos(x) ≈ 1
          t₂ = 1 - t₁ ≈ 5e-9

    Raises:
        OperandError: if output is not a Value
        ArgumentError: if `digits` is neither None nor 50
        MissingExtra: if `digits` are asked for and mpmath is not there
    """
    if digits not in (None, DIGITS):
        raise ArgumentError(f"digits is {DIGITS}, to measure with so many, or None for the bound; got {quoted(digits)}")
    (seen,) = looked_at(output, at, named, names)
    run = _Run(seen)
    exact = _measured(run.order) if digits else None
    values = [_digits(v.data, run.forward[v].error, exact and (exact.values[i])) for i, v in enumerate(run.order)]
    deltas = [run.delta(v, exact and exact.deltas[i]) for i, v in enumerate(run.order)]
    constants = [Digits(node.value, 0.0, FULL) for node in seen.trace.nodes[len(values) :]]
    losses = tuple(run.losses())
    return Accuracy(
        seen.trace,
        (*values, *constants),
        (*deltas, *([None] * len(constants))),
        losses,
        tuple(seen.called(i) for i in range(len(seen.trace.nodes))),
        tuple(_definitions(seen, losses)),
    )


class _Run:
    """The bounds of one graph and of the graph of its backward pass."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.order = reachable(computed_anew(reachable(seen.output)))
        self.root = self.order[-1]
        self.forward = bounds(self.order)

    @cached_property
    def deltas(self) -> Mapping[Value, Any]:
        """δ of every node, as the backward pass computes it."""
        found: dict[Value, Any] = {}
        with recording():  # also inside of no_grad
            run(backwards(interior(self.root), {self.root: 1.0}, self._noting, found))
        return found

    @cached_property
    def _noting(self) -> _Noting:
        return _Noting()

    @cached_property
    def back(self) -> dict[Value, BackStep]:
        """What each step of the backward pass belongs to."""
        deltas = {d: BackStep(node, False) for node, d in self.deltas.items() if isinstance(d, Value)}
        known = dict.fromkeys(self.order)
        slopes = {part: BackStep(head, True) for slope, head in self._noting.head.items()
                  for part in interior(slope, above=known)}  # fmt: skip
        return {step: home for step, home in (deltas | slopes).items() if step not in known}

    @cached_property
    def backward(self) -> dict[Value, ErrorBound]:
        """The bounds of the backward pass, and of all before."""
        known = [delta for delta in self.deltas.values() if isinstance(delta, Value)]
        return bounds(interior(*known), self.forward)

    def delta(self, node: Value, exact: Any) -> Digits | None:
        """The digits of a node's δ."""
        delta = self.deltas.get(node)
        if delta is None:
            return None
        if isinstance(delta, Value):
            return _digits(delta.data, self.backward.get(delta, EXACTLY).error, exact)
        return _digits(delta, 0.0 if delta == round(delta) else math.ulp(delta), exact)  # a sum of constants

    def losses(self) -> list[Loss]:
        """Those that reach the output, or its derivative by a leaf."""
        wanted, partials = {self.root: self.seen.called(self.seen.trace.root)}, Partials(self.seen.trace)
        for i, node in enumerate(self.order):
            delta = self.deltas.get(node)
            if node.is_leaf and isinstance(delta, Value):
                wanted.setdefault(delta, partials.whole_text(i, self.seen.called))
        place = {node: i for i, node in enumerate(self.order)}
        return losses_in(self.seen, place, self.back, self.backward, wanted)


class _Noting(AsGraph):
    """The chain rule on Values, which remembers of each slope whose it is."""

    def __init__(self) -> None:
        self.head: dict[Value, Value] = {}

    def edges(self, node: Value, wanted: Any) -> list[Any]:
        """The operands that have a slope."""
        found = super().edges(node, wanted)
        self.head |= {slope: node for _, _, slope in found if isinstance(slope, Value)}
        return found


def _digits(computed: float, error: float, exact: Any) -> Digits:
    measured = None
    if exact is not None:
        from viz.digits.exact import error_of

        measured = digits_of(error_of(computed, exact), computed)
    return Digits(computed, error, digits_of(error, computed), measured)


def _measured(order: Sequence[Value]) -> Any:
    try:
        from viz.digits.exact import exactly
    except ImportError as error:
        raise MissingExtra(
            f"{DIGITS} digits need mpmath, the extra `check`: pip install 'glassgrad[check]', or leave digits out"
        ) from error
    return exactly(order)


def _known(found: Digits) -> float:
    return found.digits if found.measured is None else found.measured


def _said(count: float | None) -> str:
    """A number of digits, of those that a float has."""
    return "?" if count is None else f"{count:.1f}".removesuffix(".0")


def _definitions(seen: Seen, losses: Iterable[Loss]) -> list[str]:
    told = sorted({i for loss in list(losses)[:MOST] for i in loss.mentioned if not seen.trace.nodes[i].name})
    values = seen.trace.columns.value.item
    return [f"{definition(seen.trace, seen.names, i)} {equals(values(i))}" for i in told if i <= seen.trace.root]
