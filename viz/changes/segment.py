"""The straight way from one run to another: what every edge of the graph carries of the change, integrated along it.

Along x(t) = a + t(b − a) the output moves by Σ (bᵢ − aᵢ) ∫ ∂J/∂xᵢ dt, so that every input has its part, whatever the
order in which they changed (R. J. Aumann and L. S. Shapley 1974).  The integrals are Gauss and Legendre's on pieces of
the way, and a piece is halved until its halves say the same; at a kink pieces become so short that they do not matter.
All points of one round of halving are one batch of the compiled graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import Value, compile_graph
from autograd.chain import run
from autograd.errors import ArgumentError, NonFiniteError
from autograd.order import dependent
from autograd.sweeps import Products, backwards, forwards

POINTS = 12  # of a piece
ROUNDS = 50  # of halving: then a piece is as long as the rounding of t
TOLERANCE = 2e-15  # of the sum of what all inputs bring, in size
MISSED = 1e-11  # of that sum and of the output: by how much the parts of a piece may miss what the output does on it
PATIENT, FEW = 8, 64  # so many halvings without news of more than so many pieces: what they miss is rounding
SHORT, POLE = 1e-9, 1e-5  # pieces that bring so much of that sum; beside x = 0, √x brings 3e-8
MOVED = 0.1  # of what the output does within the shortest piece at an end, which neither parts nor a jump explain
MOST = 4096  # pieces that are halved at once: rounding errors do not become smaller


class Segment(NamedTuple):
    """The graph at the points of the way, with their weights.

    `moving` are the nodes that change, operands first; of each there are its slopes along its operands, how it moves
    with t, and δ, at every point.
    """

    moving: list[Value]
    weights: Any
    slopes: dict[Value, tuple[Any, ...]]
    velocity: dict[Value, Any]
    delta: dict[Value, Any]

    def along(self, node: Value, slot: int) -> float:
        """What comes into a node along an operand, of the change of the output."""
        operand: Any = node.operands[slot]
        carried = _times(self.delta[node] * self.velocity[operand], self.slopes[node][slot])
        return float(self.weights @ carried)

    def through(self, node: Value) -> float:
        """What of the change passes a node: all of it at the output, an input's part at an input."""
        return float(self.weights @ (self.delta[node] * self.velocity[node])) if node in self.delta else 0.0


class _Arrays:
    """An algebra of numbers at every point; slopes are those of one `Segment`."""

    def __init__(self, slopes: Mapping[Value, tuple[Any, ...]], count: int) -> None:
        self._slopes = slopes
        self.zero, self.one = np.zeros(count), np.ones(count)

    def edges(self, node: Value, wanted: Any) -> list[Any]:
        """The operands that move."""
        pairs = zip(node.operands, self._slopes.get(node, ()), strict=False)
        found = [(slot, o, s) for slot, (o, s) in enumerate(pairs) if s is not None and isinstance(o, Value)]
        return [edge for edge in found if wanted is None or wanted(edge[1])]

    def gather(self, products: Products) -> Any:
        """Σ δ · slope."""
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is asked for in the end
            return sum((_times(delta, slope) for delta, slope in products), self.zero)

    def where(self, condition: Any, chosen: Any, other: Any) -> Any:
        """One of two numbers."""
        return np.where(condition, chosen, other)

    def either(self, one: Any, other: Any) -> Any:
        """Whether any holds."""
        return np.maximum(one, other)

    def is_finite(self, slope: Any) -> bool:
        """Not asked: what a `where` did not choose has a slope of 0."""
        return True


def _times(one: Any, other: Any) -> Any:
    """A product in which nothing of an infinity is nothing: of the branch that was not chosen."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(np.equal(one, 0.0), 0.0, one * other)


def segment(order: Sequence[Value], inputs: Sequence[Value], before: Any, after: Any) -> Segment:
    """The way between two points of the inputs, in as many pieces as the parts of the inputs need.

    Raises:
        NonFiniteError: where the graph or a derivative is not finite on the way
        ArgumentError: where inputs go over so many orders of magnitude that the output moves within the shortest piece
    """
    way = _Way(order, inputs, before, after)
    pieces = np.array([[0.0, 1.0]])
    sums, done, calm = way.parts(pieces), list[Any](), np.zeros(1, int)
    scale = np.abs(sums).sum()
    for _ in range(ROUNDS):
        halves = _halves(pieces)
        found = way.parts(halves)
        both = found[0::2] + found[1::2]
        scale = max(scale, np.abs(both).sum())
        calm = np.where(np.abs(both - sums).max(axis=1) <= TOLERANCE * scale, calm + 1, 0)
        # halves may agree by chance, hardly twice; and they do beside a kink that no point has seen
        missed = way.misses(pieces, both, scale) & ~_rounded(calm)
        unsure = np.repeat((calm < 2) | missed, 2)
        done.append(halves[~unsure])
        pieces, sums, calm = halves[unsure], found[unsure], np.repeat(calm, 2)[unsure]
        if not len(pieces) or len(pieces) > MOST:
            break
    _check_settled(pieces, sums, scale, order[-1])
    _check_seen(way, pieces, sums, scale, order[-1])
    return way.at(np.concatenate([*done, pieces]))


def _rounded(calm: Any) -> Any:
    """The pieces that have long been the same, if there are many: beside a kink or at a jump there is one."""
    long = calm >= PATIENT
    return long & (np.count_nonzero(long) > FEW)


def _check_settled(pieces: Any, sums: Any, scale: float, root: Value) -> None:
    """Raise NonFiniteError where the shortest pieces still bring something: at a pole of a derivative."""
    if np.abs(sums[pieces[:, 1] - pieces[:, 0] < SHORT]).sum() > POLE * scale:
        raise NonFiniteError(
            f"on the straight way between the two runs a derivative of {root!r} has no integral, as that of ln|x| at "
            "0: choose runs between which the graph stays within its domain, or take the way in steps"
        )


def _check_seen(way: _Way, pieces: Any, sums: Any, scale: float, root: Value) -> None:
    """Raise ArgumentError where the output moves in the shortest piece at an end, unseen, and does not jump there."""
    for end in (0, 1):
        for i in np.flatnonzero((pieces[:, end] == end) & (np.diff(pieces, axis=1)[:, 0] < SHORT)).tolist():
            at_once, within = way.moves(end, pieces[i, 1] - pieces[i, 0])
            if within > POLE * scale and abs(sums[i].sum()) < (1 - MOVED) * within and at_once < (1 - MOVED) * within:
                raise ArgumentError(
                    f"{root!r} moves within {SHORT:.0e} of the straight way between the two runs, on which inputs go "
                    "through too many orders of magnitude: take the way in steps, each of a few orders"
                )


def _halves(pieces: Any) -> Any:
    """Each piece as two, the left one first."""
    start, stop = pieces.T
    middle = (start + stop) / 2
    return np.stack([start, middle, middle, stop], axis=1).reshape(-1, 2)


class _Way:
    """A graph whose inputs go straight from one point to another."""

    def __init__(self, order: Sequence[Value], inputs: Sequence[Value], before: Any, after: Any) -> None:
        self._inputs, self._before = inputs, np.asarray(before, float)
        self._after = np.asarray(after, float)
        self._change = self._after - self._before
        moved = dependent(order, inputs)
        self._moving = [node for node in order if node in moved]
        self._computed = [node for node in self._moving if not node.is_leaf]
        self._run = compile_graph(self._computed, list(inputs), in_axes=(0,) * len(inputs))
        self._places, self._weights = np.polynomial.legendre.leggauss(POINTS)

    def parts(self, pieces: Any) -> Any:
        """What each input brings on each piece."""
        found = self.at(pieces)
        parts = [found.weights * found.delta[x] * found.velocity[x] if x in found.delta else 0 * found.weights
                 for x in self._inputs]  # fmt: skip
        return np.array(parts).reshape(len(self._inputs), len(pieces), POINTS).sum(axis=2).T

    def misses(self, pieces: Any, parts: Any, scale: float) -> Any:
        """Whether the parts of a piece are not what the output does on it: at a jump, and beside a kink."""
        columns = [a + pieces.ravel() * d for a, d in zip(self._before, self._change, strict=True)]
        ends = dict(zip((*self._inputs, *self._computed), (*columns, *self._run(*columns)), strict=True))
        output = np.asarray(ends[self._moving[-1]]).reshape(-1, 2)
        moved = output[:, 1] - output[:, 0]
        return ~(np.abs(parts.sum(axis=1) - moved) <= MISSED * (scale + np.abs(output).max(axis=1)))

    def moves(self, end: int, length: float) -> tuple[float, float]:
        """How far the output moves at one end of the way: right there, and over a short piece."""
        near, far = (self._before, self._after) if end == 0 else (self._after, self._before)
        parts = np.array([0.0, length * 1e-290, length])
        columns = [a + parts * (b - a) for a, b in zip(near, far, strict=True)]
        there, beside, off = self._run(*columns)[-1].tolist()
        return abs(beside - there), abs(off - there)

    def at(self, pieces: Any) -> Segment:
        """The graph at the points of these pieces, one batch."""
        start, stop = pieces.T[:, :, None]
        t = (start + (stop - start) * (self._places + 1) / 2).ravel()
        weights = ((stop - start) * self._weights / 2).ravel()
        columns = [a + t * d for a, d in zip(self._before, self._change, strict=True)]
        values = dict(zip(self._inputs, columns, strict=True))
        values |= zip(self._computed, map(np.asarray, self._run(*columns)), strict=True)
        slopes = {node: _slopes(node, values) for node in self._computed}
        algebra, root = _Arrays(slopes, len(t)), self._moving[-1]
        seeds = {x: np.full(len(t), d) for x, d in zip(self._inputs, self._change.tolist(), strict=True)}
        velocity = forwards(self._moving, seeds, algebra)
        delta: dict[Value, Any] = {}
        run(backwards(self._computed, {root: algebra.one}, algebra, delta, values.__contains__))
        _check_finite(delta, velocity, self._inputs, root)
        return Segment(self._moving, weights, slopes, velocity, delta)


def _slopes(node: Value, values: Mapping[Value, Any]) -> tuple[Any, ...]:
    """The row's slopes at every point, a number where it is the same at all; None along what does not move."""
    operands = [values.get(o, o.data) if isinstance(o, Value) else o for o in node.operands]
    row: Any = node.op
    found = row.array_slopes(values[node], *operands)
    return tuple(None if o not in values else slope for o, slope in zip(node.operands, found, strict=True))


def _check_finite(
    delta: Mapping[Value, Any], velocity: Mapping[Value, Any], inputs: Sequence[Value], root: Value
) -> None:
    """Raise NonFiniteError where a derivative breaks off on the way."""
    for x in (*inputs, root):
        moves = velocity.get(x, 0.0) if x is root else delta.get(x, 0.0)
        if not np.isfinite(moves).all():
            raise NonFiniteError(
                f"on the straight way between the two runs the derivative of {root!r} by {x!r} is not finite: choose "
                "runs between which the graph stays within its domain, or take the way in steps"
            )
