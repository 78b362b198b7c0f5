"""Slopes by finite differences, at every size of step from the number's own down to its last digits.

No one size of step is right everywhere: beside a pole, or where a function is steep, it has to be small; where values
are rounded or noisy, large.  So differences are taken at steps that shrink, each three of them extrapolated to step 0
(Richardson; Ridders 1982), and what neighbouring extrapolations say is compared.  A *scale* is a size of step at which
they agree better than at those around it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from autograd.errors import ArgumentError, OperandError

Outputs = Sequence[float]
NO_VALUE = (ArithmeticError, ValueError, OperandError)  # beside its domain; the last of (-x)**0.5, which is complex
SAFETY = 10.0  # how many times further off than its neighbours say an extrapolation may be
ROUNDING = 2.0**-53  # of a value, relative to it

RATIO = 1.9  # of a step to the next; with 2, values that are rounded coarsely could agree by chance
FIRST, FEW = 0.04, 6  # steps to begin with: small against most of what happens around x, large against rounding
LARGEST, MANY = 0.64, 50  # the largest step of all, and how many may follow it, down to the last digits
BOTH, ONE = 6, 7  # how many steps it takes at least, to both sides and to one
STAIR = 1e-3, 0.1  # how high a stair may be against the largest value met: where it is as wide as x, and at most


class AlongLine:
    """A function of one number around x, with one output or several; what it gives at x + t is kept."""

    def __init__(self, f: Callable[[float], Outputs], x: float, outputs: Outputs) -> None:
        self._f, self.x = f, x
        self._known: dict[float, Outputs | None] = {0.0: outputs}

    def value(self, offset: float, output: int) -> float:
        """One of the outputs at x + offset, nan where the function has no value."""
        if offset not in self._known:
            self._known[offset] = self._asked(offset)
        found = self._known[offset]
        return math.nan if found is None else found[output]

    def largest(self, output: int) -> float:
        """The largest size of an output that was met."""
        met = [abs(values[output]) for values in self._known.values() if values is not None]
        return max([size for size in met if size < math.inf], default=0.0)

    def _asked(self, offset: float) -> Outputs | None:
        with np.errstate(all="ignore"):
            try:
                return self._f(self.x + offset)
            except ArgumentError:
                raise
            except NO_VALUE:
                return None


class StepSize(NamedTuple):
    """What the differences say at one size of step.

    Attributes:
        slope: the derivative, if there is one: the mean of the slopes to the left and to the right
        scatter: how far it may be off, by what its neighbours say and by rounding
        bend: half of the slope to the right minus the slope to the left, which is 0 unless x is a kink at this scale
        bend_off: how far the bend may be off
        step: the largest step that it is made of
        steepness: the steepest way from x to where that step leads: what an error is large or small against
    """

    slope: float
    scatter: float
    bend: float
    bend_off: float
    step: float
    steepness: float

    @property
    def error(self) -> float:
        """How far a derivative may be off the slope: a kink has none, and any between its two slopes may be meant."""
        return self.scatter + abs(self.bend)


# -- steps ------------------------------------------------------------------------------------------


def few_steps(x: float) -> list[float]:
    """Steps in the scale of x, largest first."""
    return _shrinking(x, FIRST * _size(x), FEW)


def ladders(x: float) -> list[list[float]]:
    """Steps of all sizes that may be worth it, largest first: in the scale of 1, and in that of x where it is tiny."""
    size = _size(x)
    steps = _shrinking(x, LARGEST * max(1.0, size), MANY)
    finer = [step for step in _shrinking(x, LARGEST * min(1.0, size), MANY) if step < steps[-1]]
    if finer and finer[0] * RATIO * 1.5 < steps[-1]:
        return [steps, finer]
    return [steps + finer]


def _size(x: float) -> float:
    return abs(x) if abs(x) > 1e-290 else 1.0


def _shrinking(x: float, largest: float, count: int) -> list[float]:
    """largest, largest/RATIO, … rounded so that x + step and x - step are exact."""
    steps = []
    for k in range(count):
        step = largest * RATIO**-k
        ulp = math.ulp(abs(x) + step)
        if step < 2 * ulp:
            break
        steps.append(round(step / ulp) * ulp)
    return steps


# -- scales -----------------------------------------------------------------------------------------


def scales(line: AlongLine, steps: Sequence[float], output: int) -> list[StepSize]:
    """The scales among these steps, largest first; from one side where the function has no values on the other."""
    middle = line.value(0.0, output)
    above = {h: v for h in steps if math.isfinite(v := line.value(h, output))}
    below = {h: v for h in steps if math.isfinite(v := line.value(-h, output))}
    both = [h for h in above if h in below]
    if len(both) >= BOTH:
        return list(_central(both, [above[h] for h in both], [below[h] for h in both], middle))
    if len(above) >= max(ONE, len(below)):
        return list(_one_sided(list(above), list(above.values()), middle))
    return list(_one_sided([-h for h in below], list(below.values()), middle)) if len(below) >= ONE else []


def _central(hs: Outputs, up: Outputs, down: Outputs, middle: float) -> Iterator[StepSize]:
    quotients = [(u - d) / (2 * h) for h, u, d in zip(hs, up, down, strict=True)]
    bends = [(u + d - 2 * middle) / (2 * h) for h, u, d in zip(hs, up, down, strict=True)]
    slopes = _extrapolated(hs, quotients, 3, 2)
    bends = [_bend(hs[j : j + 3], bends[j : j + 3]) for j in range(len(slopes))]
    off, bend_off = _off(slopes), _off(bends)
    for j in _lowest([s + abs(b) for s, b in zip(off, bends, strict=True)]):
        rounding = _rounding([*up[j : j + 3], *down[j : j + 3], middle], hs[j + 2])
        steepness = max(abs(up[j] - middle), abs(down[j] - middle)) / hs[j]
        scatter, bend_off_too = SAFETY * (off[j] + rounding), SAFETY * (bend_off[j] + 2 * rounding)
        yield StepSize(slopes[j], scatter, bends[j], bend_off_too, hs[j], steepness)


def _one_sided(hs: Outputs, values: Outputs, middle: float) -> Iterator[StepSize]:
    slopes = _extrapolated(hs, [(v - middle) / h for h, v in zip(hs, values, strict=True)], 4, 1)
    off = _off(slopes)
    for j in _lowest(off):
        rounding = _rounding([*values[j : j + 4], middle], abs(hs[j + 3]))
        steepness = abs(values[j] - middle) / abs(hs[j])
        yield StepSize(slopes[j], SAFETY * (off[j] + 4 * rounding), 0.0, 0.0, abs(hs[j]), steepness)


def _extrapolated(hs: Sequence[float], ys: Sequence[float], size: int, power: int) -> list[float]:
    """From each `size` neighbours, what the polynomial in h**power through their (h, y) is at h = 0."""
    return [
        _at_zero([(h / hs[j]) ** power for h in hs[j : j + size]], ys[j : j + size]) for j in range(len(hs) - size + 1)
    ]


def _at_zero(ts: Sequence[float], ys: Sequence[float]) -> float:
    total = 0.0
    for i, t in enumerate(ts):
        total += ys[i] * math.prod([other / (other - t) for other in (*ts[:i], *ts[i + 1 :])])
    return total


def _bend(hs: Sequence[float], ys: Sequence[float]) -> float:
    """b of y = b + c·h + d·h³, through three points: what is left of an even function's y/h at a kink."""
    a, b, c = 1.0, hs[1] / hs[0], hs[2] / hs[0]
    weights = b * c * (c * c - b * b), c * a * (a * a - c * c), a * b * (b * b - a * a)
    return sum([w * y for w, y in zip(weights, ys, strict=True)]) / sum(weights)


def _off(estimates: Sequence[float]) -> list[float]:
    """How far each is from the next three, which know more of the slope and suffer more from rounding."""
    last = len(estimates) - 4
    return [
        max([abs(found - other) for other in estimates[j + 1 : j + 4]]) if j <= last else math.inf
        for j, found in enumerate(estimates)
    ]


def _lowest(errors: Sequence[float]) -> list[int]:
    """Where an error is not larger than those beside it."""
    return [j for j, e in enumerate(errors) if e <= min(errors[max(0, j - 1) : j + 2]) and e < math.inf]


def _rounding(values: Sequence[float], step: float) -> float:
    """What rounding does to a quotient; values that are all the same may hide anything below the last digit of 1."""
    flat = all(v == values[0] for v in values)
    return ROUNDING * max([abs(v) for v in values] + [1.0] * flat) / step


# -- treads of a staircase --------------------------------------------------------------------------


def is_tread(line: AlongLine, scale: StepSize, output: int) -> bool:
    """Whether a scale sees no further than a stair's tread: whether f makes small jumps where it ends, on both sides.

    So do values that are rounded coarsely, where much was subtracted or in 32 bits, and means of many 0s and 1s.  The
    slope of a tread is not the slope of the stairs.
    """
    small = line.largest(output) * min(STAIR[0] * _size(line.x) / scale.step, STAIR[1])
    return all(0.0 < _jump(line, scale, sign, output) <= small for sign in (1.0, -1.0))


def _jump(line: AlongLine, scale: StepSize, sign: float, output: int) -> float:
    """By how much f jumps off the straight line of this scale; 0 if it leaves it in another way."""

    def departure(start: float, end: float) -> float:
        moved = line.value(sign * end, output) - line.value(sign * start, output)
        return abs(moved - scale.slope * sign * (end - start))

    low, high = scale.step, 2.0 * scale.step
    blur = 4.0 * ROUNDING * abs(line.value(0.0, output))
    while departure(0.0, high) <= 0.1 * abs(scale.slope) * high + blur:
        low, high = high, 2.0 * high
        if high > max(1.0, abs(line.x)):
            return 0.0
    whole = departure(low, high)
    for _ in range(10):
        middle = (low + high) / 2.0
        low, high = (low, middle) if departure(low, middle) > departure(middle, high) else (middle, high)
    jump = departure(low, high)
    return jump if 0.25 * whole <= jump <= 4.0 * whole else 0.0
