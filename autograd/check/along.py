"""Many derivatives at once: along random directions through all numbers, and where one of them is off.

The derivative along a direction is the sum of all derivatives, weighed; one that is wrong shows in it.  Where it does,
the numbers are halved, and the half that is off halved again, until one number is left.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median

import numpy as np

from autograd.check.arguments import At, Block
from autograd.check.differences import AlongLine
from autograd.check.report import Derivative
from autograd.check.verdicts import LineQuestion, Tolerance, Verdict

TESTS = 60  # of halves, at most; to find one number among 2,000 takes 22
LISTED = 12  # places that are looked at closely, at most


class Claim:
    """Derivatives that are given: of each output along each number, one row an output."""

    def __init__(self, at: At, given: Sequence[Sequence[float]], of: Sequence[str], rtol: float, atol: float) -> None:
        self.at, self.given, self.of, self.rtol, self.atol = at, given, of, rtol, atol
        self.places, self.paths = at.places(), at.paths()

    def each(self) -> tuple[Derivative, ...]:
        """All derivatives, each checked by itself: of the first output along every number, of the second, …"""
        lines = [self._along_one(i) for i in range(len(self.places))]
        return tuple(
            self._one(output, i, lines[i]) for output in range(len(self.given)) for i in range(len(self.places))
        )

    def _along_one(self, i: int) -> AlongLine:
        def moved(x: float) -> list[float]:
            numbers = np.array(self.at.numbers)
            numbers[i] = x
            return self.at.outputs(numbers)

        return AlongLine(moved, self.at.numbers[i], self.at.here)

    def _one(self, output: int, i: int, line: AlongLine) -> Derivative:
        given = self.given[output][i]
        verdict = LineQuestion(line, output, given, self._forgiven).judge()
        return _derivative(self.places[i], self.at.numbers[i], given, verdict, self.of[output], self.paths[i], 1)

    def _forgiven(self, numeric: float) -> float:
        return self.atol + self.rtol * abs(numeric)

    # -- along directions ---------------------------------------------------------------------------

    def along_directions(self, count: int, seed: int) -> tuple[tuple[Derivative, ...], tuple[Derivative, ...]]:
        """The derivatives along `count` random directions, and what is off, as closely as it can be located."""
        dice = random.Random(seed)
        directions: list[Derivative] = []
        off: dict[int, list[float]] = {}  # output → the first direction along which it was found to be off
        for number in range(1, count + 1):
            v = random_direction(self.at, dice)
            line = self._along(v, 0, len(v))
            for output in range(len(self.given)):
                found = self._direction(f"direction {number}", output, v, Block("", 0, len(v)), line)
                directions.append(found)
                if not found.ok:
                    off.setdefault(output, v)
        located = [derivative for output, v in off.items() for derivative in self._located(output, v)]
        return tuple(directions), tuple(located)

    def _along(self, v: Sequence[float], start: int, stop: int) -> AlongLine:
        numbers, steps = np.array(self.at.numbers), np.zeros(len(v))
        steps[start:stop] = v[start:stop]
        return AlongLine(lambda t: self.at.outputs(numbers + t * steps), 0.0, self.at.here)

    def _direction(self, where: str, output: int, v: Sequence[float], block: Block, line: AlongLine) -> Derivative:
        given, forgiven = self._claimed(output, v, block)
        verdict = LineQuestion(line, output, given, forgiven).judge()
        coarse = given != verdict.numeric and verdict.uncertainty > self._typical(output, v, block)
        if verdict.word == "agrees" and coarse:
            reason = f"to ±{verdict.uncertainty:.2g} only, which hides 1 % of one derivative"
            verdict = verdict._replace(word="cannot tell", reason=reason)
        return _derivative(where, None, given, verdict, self.of[output], (), block.stop - block.start)

    def _typical(self, output: int, v: Sequence[float], block: Block) -> float:
        """1 % of what one number of a block adds to the derivative along a direction."""
        shares = [self.given[output][i] * v[i] for i in range(block.start, block.stop)]
        return 0.01 * math.hypot(*shares) / math.sqrt(len(shares))

    def _claimed(self, output: int, v: Sequence[float], block: Block) -> tuple[float, Tolerance]:
        """The given derivative along a direction through a block, and what is forgiven it."""
        parts = [g * step for g, step in zip(self.given[output], v, strict=True)][block.start : block.stop]
        size, length = math.hypot(*parts), math.hypot(*v[block.start : block.stop])
        return sum(parts), partial(_forgiven_along, size, self.rtol, self.atol * length)

    # -- where ----------------------------------------------------------------------------------------

    def _located(self, output: int, v: Sequence[float]) -> list[Derivative]:
        blocks = self.at.blocks()
        if len(blocks) > LISTED:
            blocks = [Block("", 0, len(v))]
        suspects = list(_halved(blocks, partial(self._is_off, output, v)))[:LISTED]
        found = [self._looked_at(output, v, block) for block in sorted(suspects, key=lambda block: block.start)]
        return [derivative for derivative in found if not derivative.ok]

    def _is_off(self, output: int, v: Sequence[float], block: Block) -> bool:
        given, forgiven = self._claimed(output, v, block)
        return not LineQuestion(self._along(v, block.start, block.stop), output, given, forgiven).agrees_at_once()

    def _looked_at(self, output: int, v: Sequence[float], block: Block) -> Derivative:
        if block.stop - block.start == 1:
            return self._one(output, block.start, self._along_one(block.start))
        first, last = self.places[block.start], self.places[block.stop - 1]
        line = self._along(v, block.start, block.stop)
        return self._direction(f"{first} … {last}", output, v, block, line)


def _forgiven_along(size: float, rtol: float, atol: float, numeric: float) -> float:
    return atol + rtol * max(size, abs(numeric))


def _derivative(
    where: str, at: float | None, given: float, verdict: Verdict, of: str, path: tuple[object, ...], size: int
) -> Derivative:
    numeric, uncertainty = verdict.numeric, verdict.uncertainty
    return Derivative(where, at, given, numeric, uncertainty, verdict.word, verdict.reason, of, path, size)


def random_direction(at: At, dice: random.Random) -> list[float]:
    """A step for every number in its own scale: a part of the number itself, or of those around it if it is tiny."""
    steps: list[float] = []
    for block in at.blocks():
        numbers = at.numbers[block.start : block.stop]
        typical = median([abs(x) for x in numbers if x] or [1.0])
        for x in numbers:
            scale = max(abs(x), 0.01 * typical) if x else typical
            steps.append(scale * dice.uniform(0.5, 1.0) * dice.choice((-1.0, 1.0)))
    return steps


def _halved(blocks: Sequence[Block], is_off: Callable[[Block], bool]) -> Iterator[Block]:
    """The smallest blocks that were found to be off."""
    suspects = [block for block in blocks if len(blocks) == 1 or is_off(block)] or list(blocks)
    tests = len(blocks)
    while suspects:
        block = suspects.pop(0)
        middle = (block.start + block.stop) // 2
        halves = [Block(block.name, block.start, middle), Block(block.name, middle, block.stop)]
        if middle == block.start or tests + 2 > TESTS:
            yield block
            continue
        tests += 2
        off = [half for half in halves if is_off(half)]
        suspects += off
        if not off:
            yield block
