"""Whether a derivative agrees with finite differences, is wrong, or whether they cannot tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from autograd.check.differences import ROUNDING, AlongLine, StepSize, few_steps, is_tread, ladders, scales

Word: TypeAlias = "Literal['agrees', 'wrong', 'cannot tell']"
Tolerance: TypeAlias = "Callable[[float], float]"  # numeric → what is forgiven beside the differences' own error
COARSE = 1e-4  # relative: an agreement within a larger error says so
SURE = 3e-3  # relative: with a larger error, differences could not tell a derivative from one that is 1 % off


class Verdict(NamedTuple):
    """A verdict, the derivative by finite differences, how far that may be off, and why they cannot tell."""

    word: Word
    numeric: float
    uncertainty: float
    reason: str = ""


class LineQuestion(NamedTuple):
    """Whether a number that is given is the derivative of one of the outputs along a line."""

    line: AlongLine
    output: int
    given: float
    forgiven: Tolerance

    def judge(self) -> Verdict:
        """The verdict.

        Agreement at the first few steps is enough; before anything else is said, all sizes of steps are asked.
        """
        if not math.isfinite(self.line.value(0.0, self.output)):
            return Verdict("cannot tell", math.nan, math.inf, "the function is not finite here")
        first = self._first()
        if first is not None and self._agrees(first) and self._is_exact(first):
            return _agreed(first)
        found = [scale for steps in ladders(self.line.x) for scale in self._scales(steps)]
        if not found:
            return Verdict("cannot tell", math.nan, math.inf, "the function has no values around this point")
        return self._judged(found, self._without_treads(found))

    def agrees_at_once(self) -> bool:
        """Whether the first few steps suffice to see that it is."""
        first = self._first()
        return first is not None and self._agrees(first)

    def _first(self) -> StepSize | None:
        return _surest(self._scales(few_steps(self.line.x)))

    def _scales(self, steps: Sequence[float]) -> list[StepSize]:
        return scales(self.line, steps, self.output)

    def _without_treads(self, found: list[StepSize]) -> list[StepSize]:
        """The scales that see more than a stair's tread."""
        while (best := _surest(found)) is not None and self._is_tread(best):
            found = [scale for scale in found if scale.step > best.step]
        return found

    def _is_tread(self, scale: StepSize) -> bool:
        return is_tread(self.line, scale, self.output)

    def _judged(self, found: Sequence[StepSize], kept: Sequence[StepSize]) -> Verdict:
        """The verdict by all scales that were found; those are kept that see more than a tread."""
        best = _surest(kept or found) or found[0]
        finer = [s for s in found if s.step < best.step and abs(s.slope - best.slope) > s.error + best.error]
        if kept and self._agrees(best):
            return _agreed(best)
        for scale in finer:
            if self._agrees(scale) and not self._is_tread(scale):
                return _agreed(scale)
        if not kept or any(map(self._reaches, finer)):
            return Verdict("cannot tell", best.slope, best.error, "small steps and larger ones see different slopes")
        if _is_sure(best, best.slope) and not self._reaches(best):
            return Verdict("wrong", best.slope, best.error)
        kink = min(kept, key=lambda s: (s.scatter + s.bend_off) / ((abs(s.slope) + abs(s.bend)) or 1e-300))
        if _is_kink(kink):
            return self._at_kink(kink)
        return Verdict("cannot tell", best.slope, best.error, f"the differences are sure to ±{best.error:.2g} only")

    def _at_kink(self, kink: StepSize) -> Verdict:
        """A number between the two slopes may be meant; any other is wrong."""
        left, right = (round(kink.slope / kink.bend + side, 9) * kink.bend + 0.0 for side in (-1.0, 1.0))
        reason = f"a kink, the slope is {left:.6g} to the left, {right:.6g} to the right"
        return Verdict("cannot tell" if self._reaches(kink) else "wrong", kink.slope, kink.error, reason)

    def _agrees(self, scale: StepSize) -> bool:
        return self._reaches(scale) and _is_sure(scale, self.given)

    def _reaches(self, scale: StepSize) -> bool:
        off = abs(self.given - scale.slope)
        return self.given == scale.slope or off <= scale.error + self.forgiven(scale.slope)

    def _is_exact(self, scale: StepSize) -> bool:
        """Whether a scale leaves nothing to ask of others."""
        if self.given == 0.0:
            return scale.error <= 1e-9 * scale.steepness or scale.steepness == 0.0
        return scale.error <= self.forgiven(scale.slope)


def _agreed(scale: StepSize) -> Verdict:
    coarse = scale.error > COARSE * abs(scale.slope) and scale.slope != 0.0
    return Verdict("agrees", scale.slope, scale.error, f"to ±{scale.error:.2g}, no closer" if coarse else "")


def _is_kink(scale: StepSize) -> bool:
    off = scale.scatter + scale.bend_off
    return abs(scale.bend) > 2.0 * off and off <= SURE * (abs(scale.slope) + abs(scale.bend))


def _is_sure(scale: StepSize, given: float) -> bool:
    """Whether the error is small against the derivative; against the slopes around, if the derivative is 0."""
    if scale.error <= SURE * max(abs(scale.slope), abs(given) if math.isfinite(given) else 0.0):
        return True
    if abs(given) > ROUNDING * scale.steepness:
        return False
    return scale.error <= 1e-6 * scale.steepness or (given == scale.slope and scale.steepness == 0.0)


def _surest(found: Sequence[StepSize]) -> StepSize | None:
    """The scale with the smallest error against its slope, or against the slopes around if that is next to nothing."""
    steepest = max([scale.steepness for scale in found], default=0.0)
    return min(found, key=lambda s: s.error / (max(abs(s.slope), 1e-6 * steepest) or 1.0), default=None)
