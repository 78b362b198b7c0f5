"""Kinks and jumps on the way of a derivative: which a graph has, and what is said where their part is left out."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from autograd.chain import deltas_from
from autograd.context import Label, recording
from autograd.errors import GraphError, KinkWarning
from autograd.home import HOME
from autograd.ops.primitive import TABLE, Primitive
from autograd.order import reachable
from autograd.replay import computed_at
from autograd.symbol import Symbol
from autograd.value import Value

JUMPING = {row for row in TABLE.values() if row.jumps}  # and users' rows, which `know` adds
BROKEN = JUMPING.union(row for row in TABLE.values() if row.kinks)

_row = attrgetter("_row")
NEAR, NEARER = 1e-5, 1e-5 / 64  # how far beside a break numbers are compared, in parts of the inputs or of a line
NOISE = 1e-7  # of the numbers themselves: what is no jump
BESIDE = np.array([-NEAR, -0.5 * NEAR, -NEARER, NEARER, 0.5 * NEAR, NEAR])  # of a line across a break
ROOM = 1 / 64  # of a slope, which it may differ by
TRIED = 16  # breaks at which derivatives are compared with what is beside


class Break(NamedTuple):
    """A kink or a jump of a node: `at`, the term `slot` of its boundaries, changes its sign there.

    `is_passed` says whether a derivative comes back through it that is not 0.
    """

    node: Value
    row: Primitive
    at: float
    is_jump: bool
    slot: int
    is_passed: bool = True


def know(row: Primitive) -> None:
    """Let it be asked of a row that is not of the table whether it has kinks or jumps."""
    JUMPING.update([row] * (row.jumps is not None))
    BROKEN.update([row] * (row.jumps is not None or row.kinks is not None))


def breaks(nodes: Iterable[Value]) -> Iterator[Break]:
    """All kinks and jumps of these nodes, each by how far off it is; none of Symbols, whose numbers nobody knows.

    >>> from autograd import relu
    >>> [(found.at, found.is_jump) for found in breaks([relu(Value(3.0))])]
    [(3.0, False)]
    """
    for node in nodes:
        row = node._row
        if row is not None and row in BROKEN and not isinstance(node, Symbol):
            terms = row.boundaries(*(float(getattr(o, "_data", o)) for o in node.operands))
            for is_jump in (False, True):
                yield from (Break(node, row, float(at), is_jump, slot) for slot, at in enumerate(terms[is_jump]))


def at_breaks(nodes: Iterable[Value], jumps_alone: bool) -> list[Break]:
    """Those that nodes stand at."""
    nodes = tuple(nodes)
    if (JUMPING if jumps_alone else BROKEN).isdisjoint(map(_row, nodes)):
        return []
    return [found for found in breaks(nodes) if found.at == 0.0 and (found.is_jump or not jumps_alone)]


def is_moved(found: Break, inputs: Iterable[Value]) -> bool:
    """Whether it comes nearer or goes farther off when inputs move."""
    slopes = _across(found)
    return any(slopes.get(x) for x in inputs)


def is_whole(found: Break, outputs: Iterable[Value], inputs: Sequence[Value]) -> bool:
    """Whether outputs do not jump at a break: as the curve does not where a periodic table comes round.

    They are computed anew on both sides of it; where that cannot be done the answer is no.
    """
    beside = _along(found, outputs, inputs)
    if beside is None:
        return False
    numbers, _ = beside
    return not np.any(is_a_jump(numbers[5] - numbers[0], numbers[3] - numbers[2], np.abs(numbers).max(initial=0.0)))


def is_missed(found: Break, outputs: Sequence[Value], inputs: Sequence[Value]) -> bool:
    """Whether outputs go on at a break otherwise than their derivative says, which is on neither side: |x|² as 0 · x.

    Where they cannot be computed beside it the answer is no.
    """
    beside = _along(found, outputs, inputs)
    if beside is None:
        return False
    numbers, line = beside
    slopes = [deltas_from({output: 1.0}) for output in outputs]
    said = [sum(along.get(x, 0.0) * move for x, move in line.items()) for along in slopes]
    return is_off(np.array(said), numbers)


def is_off(said: Any, beside: Any) -> bool:
    """Whether slopes are said that numbers `BESIDE` a break have on neither side; an array a place there."""
    slopes = (np.diff(beside, axis=0).T / np.diff(BESIDE)).T[[0, 1, 3, 4]]
    bent = np.abs(slopes[1] - slopes[0]) + np.abs(slopes[3] - slopes[2])
    scale = np.abs(beside[np.isfinite(beside)]).max(initial=0.0)
    room = 2.0 * bent + ROOM * np.abs(slopes).max(axis=0) + NOISE * scale
    return bool(np.any((said < slopes.min(axis=0) - room) | (said > slopes.max(axis=0) + room)))


def is_a_jump(wide: Any, narrow: Any, scale: Any) -> Any:
    """Whether what numbers change by very near to a break is no less than a bit farther off, and no noise."""
    return (abs(narrow) > 0.5 * abs(wide)) & (abs(narrow) > NOISE * scale)


def _across(found: Break) -> Mapping[Value, float]:
    """How the boundary moves with leaves."""
    with recording():
        term = found.row.boundaries(*found.node.operands)[found.is_jump][found.slot]
    return deltas_from({term: 1.0}) if isinstance(term, Value) else {}


def _along(found: Break, outputs: Iterable[Value], inputs: Sequence[Value]) -> tuple[Any, dict[Value, float]] | None:
    """(outputs BESIDE a break, along a line across it; that line), None where they cannot be computed anew."""
    slopes = _across(found)
    moves = {x: slopes.get(x, 0.0) * max(abs(x.data), 1.0) ** 2 for x in inputs}
    size = max((abs(move) / max(abs(x.data), 1.0) for x, move in moves.items()), default=0.0)
    if not 0.0 < size < inf or not all(x.is_leaf for x in inputs):
        return None
    line = {x: move / size for x, move in moves.items()}
    try:
        sides = [_beside(outputs, {x: x.data + t * move for x, move in line.items()}) for t in BESIDE.tolist()]
    except GraphError:
        return None
    return np.array(sides).reshape(len(BESIDE), -1), line


def _beside(outputs: Iterable[Value], numbers: Mapping[Value, float]) -> list[float]:
    with recording():
        return [computed_at(reachable(output), numbers)[output].data for output in outputs]


_MET: ContextVar[list[Break] | None] = ContextVar("met", default=None)


@contextmanager
def noting() -> Iterator[list[Break]]:
    """A block in which the breaks are noted that derivatives as graphs go through, which may be differentiated on."""
    met: list[Break] = []
    token = _MET.set(met)
    try:
        yield met
    finally:
        _MET.reset(token)


def note(found: Iterable[Break]) -> None:
    """Let the block around know of breaks that a derivative went through."""
    met = _MET.get()
    if met is not None:
        met.extend(found)


def tell_of(found: Break, order: str) -> None:
    """`tell` of a node that stands at a break."""
    tell(found.row, found.is_jump, found.node._words, order, "it is taken right there")


def tell(row: Primitive, is_jump: bool, label: Label | None, order: str, where: str) -> None:
    """Warn, once at a line of the user's, that a derivative leaves something out.

    Args:
        order: which derivative: "first" or "second"
        where: how it was met
    """
    named = f" {label.name!r}" if label and label.name else ""
    line = f" ({label.source})" if label and label.source else ""
    said = (
        f"the {order} derivative leaves out what the {'jump' if is_jump else 'kink'} of {row.title}{named}{line} adds "
        f"to it: {where}. compile(f, smooth=h) has a derivative that is whole; docs/how-to/scenarios.md has others"
    )
    warnings.warn(said, KinkWarning, stacklevel=_outside())


def _outside() -> int:
    """How far above the caller the nearest line outside of this package is."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None:
        module = frame.f_globals.get("__name__", "")
        if module != HOME and not module.startswith(f"{HOME}."):
            return level
        frame, level = frame.f_back, level + 1
    return level
