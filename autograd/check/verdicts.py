"""Whether a derivative agrees with finite differences, is wrong, or whether they cannot tell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from autograd.check.differences import ROUNDING, Line, Scale, few_steps, is_tread, ladders, scales

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


def judge(line: Line, output: int, given: float, tolerance: Tolerance) -> Verdict:
    """The verdict on a derivative of one of the outputs along a line.

    Agreement at the first few steps is enough; before anything else is said, all sizes of steps are asked.
    """
    if not math.isfinite(line.value(0.0, output)):
        return Verdict("cannot tell", math.nan, math.inf, "the function is not finite here")
    first = _surest(scales(line, few_steps(line.x), output))
    if first is not None and _agrees(first, given, tolerance) and _is_exact(first, given, tolerance):
        return _agreed(first)
    found = [scale for steps in ladders(line.x) for scale in scales(line, steps, output)]
    if not found:
        return Verdict("cannot tell", math.nan, math.inf, "the function has no values around this point")
    return _judged(given, found, _without_treads(line, output, found), tolerance)


def agrees_at_once(line: Line, output: int, given: float, tolerance: Tolerance) -> bool:
    """Whether the first few steps suffice to see that a derivative agrees."""
    first = _surest(scales(line, few_steps(line.x), output))
    return first is not None and _agrees(first, given, tolerance)


def _is_exact(scale: Scale, given: float, tolerance: Tolerance) -> bool:
    if given == 0.0:
        return scale.error <= 1e-9 * scale.steepness or scale.steepness == 0.0
    return scale.error <= tolerance(scale.slope)


def _without_treads(line: Line, output: int, found: list[Scale]) -> list[Scale]:
    """The scales that see more than a stair's tread."""
    while (best := _surest(found)) is not None and is_tread(line, best, output):
        found = [scale for scale in found if scale.step > best.step]
    return found


def _judged(given: float, found: Sequence[Scale], kept: Sequence[Scale], tolerance: Tolerance) -> Verdict:
    """The verdict by all scales that were found; those are kept that are no treads."""
    best = _surest(kept or found) or found[0]
    finer = [s for s in found if s.step < best.step and abs(s.slope - best.slope) > s.error + best.error]
    for scale in [best, *finer] if kept else []:
        if _agrees(scale, given, tolerance) and scale in kept:
            return _agreed(scale)
    if not kept or any(_reaches(scale, given, tolerance) for scale in finer):
        return Verdict("cannot tell", best.slope, best.error, "small steps and larger ones see different slopes")
    if _is_sure(best, best.slope) and not _reaches(best, given, tolerance):
        return Verdict("wrong", best.slope, best.error)
    kink = min(kept, key=lambda s: (s.scatter + s.bend_off) / ((abs(s.slope) + abs(s.bend)) or 1e-300))
    if _is_kink(kink):
        return _at_kink(given, kink, tolerance)
    return Verdict("cannot tell", best.slope, best.error, f"the differences are sure to ±{best.error:.2g} only")


def _agreed(scale: Scale) -> Verdict:
    coarse = scale.error > COARSE * abs(scale.slope) and scale.slope != 0.0
    return Verdict("agrees", scale.slope, scale.error, f"to ±{scale.error:.2g}, no closer" if coarse else "")


def _is_kink(scale: Scale) -> bool:
    off = scale.scatter + scale.bend_off
    return abs(scale.bend) > 2.0 * off and off <= SURE * (abs(scale.slope) + abs(scale.bend))


def _at_kink(given: float, kink: Scale, tolerance: Tolerance) -> Verdict:
    """A number between the two slopes may be meant; any other is wrong."""
    left, right = (round(kink.slope / kink.bend + side, 9) * kink.bend + 0.0 for side in (-1.0, 1.0))
    word: Word = "cannot tell" if _reaches(kink, given, tolerance) else "wrong"
    return Verdict(
        word, kink.slope, kink.error, f"a kink, the slope is {left:.6g} to the left, {right:.6g} to the right"
    )


def _agrees(scale: Scale, given: float, tolerance: Tolerance) -> bool:
    return _reaches(scale, given, tolerance) and _is_sure(scale, given)


def _reaches(scale: Scale, given: float, tolerance: Tolerance) -> bool:
    return given == scale.slope or abs(given - scale.slope) <= scale.error + tolerance(scale.slope)


def _is_sure(scale: Scale, given: float) -> bool:
    """Whether the error is small against the derivative; against the slopes around, if the derivative is 0."""
    if scale.error <= SURE * max(abs(scale.slope), abs(given) if math.isfinite(given) else 0.0):
        return True
    if abs(given) > ROUNDING * scale.steepness:
        return False
    return scale.error <= 1e-6 * scale.steepness or (given == scale.slope and scale.steepness == 0.0)


def _surest(found: Sequence[Scale]) -> Scale | None:
    """The scale with the smallest error against its slope, or against the slopes around if that is next to nothing."""
    steepest = max([scale.steepness for scale in found], default=0.0)
    return min(found, key=lambda s: s.error / (max(abs(s.slope), 1e-6 * steepest) or 1.0), default=None)
