"""Finds loops again in what was recorded step by step: instructions that repeat, and need what those before made.

Periods are the distances at which windows of instructions come back.  A stretch that repeats is a loop if each operand
does one of four things from step to step: it stays where it is in the step, or so many steps back; it is the same in
all steps; or it comes from outside, step by step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.program.lines import in_groups

Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Keys = np.ndarray[Any, np.dtype[np.uint64]]

FEWEST = 8  # steps of a loop
SHORTEST = 64  # instructions of all of them together
FARTHEST = 8  # steps back that an operand may lie
_WINDOW = 8  # instructions that are looked at together
_NEARS = (64, 512, 4096, 32768)  # how far back operands count for whether windows are alike
_CANDIDATES = 8
_WORTH = 0.02  # share of a log that must repeat in one stretch
_CHAINED = 0.5  # share of a step's instructions that need what a step before made


class Log(NamedTuple):
    """Instructions in the order in which they were made.

    Attributes:
        code: (n,) what each computes, where those of one code have as many operands
        starts: (n + 1,) where its operands begin
        operands: the instructions that made them; of others, inputs and constants, ~k is the k-th
    """

    code: Ints
    starts: Ints
    operands: Ints


class Repeat(NamedTuple):
    """A stretch of a log that is a loop.

    Attributes:
        start: its first instruction
        period: the instructions of a step
        steps: how often it repeats
        operands: (steps, operands of a step)
        lags: (operands of a step,) how many steps back each was made, `SAME` or `OUTSIDE`
    """

    start: int
    period: int
    steps: int
    operands: Ints
    lags: Ints

    @property
    def end(self) -> int:
        """The instruction behind it."""
        return self.start + self.period * self.steps


SAME, OUTSIDE = -1, -2  # an operand is the same in all steps; each comes from outside


def may_repeat(code: Ints) -> bool:
    """Whether so much of a log repeats, by what it computes, that a closer look is worth its time."""
    one_each = np.arange(len(code) + 1)
    found = _stretches(Log(code, one_each, np.full(len(code), -1)), 0, len(code), ())
    return any(length >= _WORTH * len(code) for length, _, _ in found)


def longest_repeat(log: Log, low: int, high: int) -> Repeat | None:
    """The loop that most of these instructions are, if there is one."""
    best: Repeat | None = None
    for length, start, period in sorted(_stretches(log, low, high), key=lambda each: (-each[0], each[2])):
        if best is not None and length <= best.end - best.start:
            break
        found = _loop_in(log, start, start + length, period)
        if found is not None and (best is None or found.end - found.start > best.end - best.start):
            best = found
    return best


def _stretches(log: Log, low: int, high: int, nears: Sequence[int] = _NEARS) -> Iterator[tuple[int, int, int]]:
    """(length, start, period) of the longest stretch of each period that may be one."""
    if high - low < max(SHORTEST, 2 * _WINDOW):
        return
    code = log.code[low:high]
    for period in _periods(log, low, high, nears):
        start, length = _longest(code[period:] == code[:-period])
        if length + period >= FEWEST * period:
            yield length + period, low + start, period


def _periods(log: Log, low: int, high: int, nears: Sequence[int]) -> list[int]:
    """Distances at which windows come back, the most frequent first, by what they compute and by where from."""
    found: dict[int, None] = {}
    plain = log.code[low:high].astype(np.uint64)
    for keys in (plain, *(plain + _nearby(log, low, high, near) for near in nears if near < 8 * (high - low))):
        windows, order = _windows(keys)
        again = windows[order[1:]] == windows[order[:-1]]
        counts = np.bincount((order[1:] - order[:-1])[again], minlength=1)
        counts[(high - low) // FEWEST + 1 :] = 0
        most = np.argsort(counts, kind="stable")[::-1][:_CANDIDATES]
        found |= dict.fromkeys(int(period) for period in most if counts[period])
    return list(found)


def _windows(keys: Keys) -> tuple[Keys, Ints]:
    """(a number for each window, an order in which those that are alike stand together, the first one first)."""
    size = int(keys.max()) + 1
    plainly = size**_WINDOW <= 2**32  # few operations: then it says what is in the window
    factor = np.uint64(size if plainly else 0x9E3779B97F4A7C15)
    windows = np.zeros(len(keys) - _WINDOW + 1, np.uint64)
    for i in range(_WINDOW):
        windows = windows * factor + (keys[i : i + len(windows)] + np.uint64(not plainly))
    if plainly:
        return windows, in_groups(windows.astype(np.int64), size**_WINDOW)
    return windows, np.argsort(windows, kind="stable")


def _nearby(log: Log, low: int, high: int, near: int) -> Keys:
    """For each instruction a number that tells where its operands lie, those that are near."""
    first, last = log.starts[low], log.starts[high]
    lengths = np.diff(log.starts[low : high + 1])
    place = np.arange(first, last) - np.repeat(log.starts[low:high], lengths)
    back = np.repeat(np.arange(low, high), lengths) - log.operands[first:last]
    back = np.where((log.operands[first:last] >= 0) & (back < near), back, 0).astype(np.uint64)
    mixed = (back + np.uint64(1)) * (np.uint64(2) * place.astype(np.uint64) + np.uint64(0xC2B2AE3D27D4EB4F))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
    found: Keys = np.diff(sums[log.starts[low : high + 1] - first])
    return found


def _longest(holds: Bools) -> tuple[int, int]:
    """(start, length) of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]]).astype(np.int8)))
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    at = int(lengths.argmax())
    return int(edges[2 * at]), int(lengths[at])


def _loop_in(log: Log, start: int, end: int, period: int) -> Repeat | None:
    """The most steps of a stretch that are a loop."""
    start += _fewest_carried(log, start, end, period)
    count = (end - start) // period
    if count < FEWEST:
        return None
    operands = log.operands[log.starts[start] : log.starts[start + count * period]].reshape(count, -1)
    begins = start + period * np.arange(count)
    lags, holds = _lags(operands, begins, period)
    first_step, length = _longest(holds)
    stop = first_step + length
    step = _behind(operands, lags, begins, first_step, stop)
    if stop - step >= FEWEST and _goes_before(operands[:stop], lags, begins, step, period):
        step -= 1
    if stop - step < max(FEWEST, lags.max() + 1) or (stop - step) * period < SHORTEST:
        return None
    repeat = Repeat(int(begins[step]), period, stop - step, operands[step:stop], lags)
    return repeat if _is_chain(log, repeat) else None


def _fewest_carried(log: Log, start: int, end: int, period: int) -> int:
    """How far from the start of a stretch a step had best begin: where the fewest numbers are on their way."""
    middle = start + ((end - start) // period // 2) * period
    first, last = log.starts[middle], log.starts[middle + period]
    operands = log.operands[first:last]
    later = log.operands[last : last + (last - first)]
    users = np.repeat(np.arange(middle, middle + period), np.diff(log.starts[middle : middle + period + 1]))
    if len(later) < len(operands):
        return 0
    moves = (operands >= 0) & (later - operands == period) & (users - operands <= FARTHEST * period)
    makers, users = operands[moves], users[moves]
    back = (middle - makers + period - 1) // period * period  # to the step in the middle
    last_use = np.zeros(period, np.int64)
    np.maximum.at(last_use, makers + back - middle, users + back - middle)
    made = np.flatnonzero(last_use)
    ways = np.zeros((FARTHEST + 2) * period + 1, np.int64)
    np.add.at(ways, made + 1, 1)
    np.add.at(ways, last_use[made] + 1, -1)
    on_their_way = np.cumsum(ways)[:-1].reshape(-1, period).sum(0)
    return int(on_their_way.argmin())


def _lags(operands: Ints, begins: Ints, period: int) -> tuple[Ints, Bools]:
    """(how each operand of a step behaves, by two steps in the middle; whether the operands of a step all do)."""
    middle = len(begins) // 2 - 1
    here, next_one = operands[middle], operands[middle + 1]
    back = begins[middle] - here
    lags = np.where(back > 0, (back + period - 1) // period, 0)
    moves = (here >= 0) & (next_one - here == period) & (lags <= FARTHEST)
    same = ~moves & (here == next_one)
    lags = np.where(moves, lags, np.where(same, SAME, OUTSIDE))
    fits = np.where(moves, operands - begins[:, None] == -back, ~same | (operands == here))
    return lags, fits.all(1)


def _behind(operands: Ints, lags: Ints, begins: Ints, step: int, end: int) -> int:
    """The first step from `step` on that needs nothing but by its lags from steps in the loop."""
    outside = operands[step:end, lags < 0]
    period = begins[1] - begins[0]
    while step < end and outside.size and outside.max() >= begins[step]:
        step = max(step + 1, int((outside.max() - begins[0]) // period) + 1)
    return step


def _goes_before(operands: Ints, lags: Ints, begins: Ints, step: int, period: int) -> bool:
    """Whether the step before belongs to the loop too, as its first: but for what it carries it is like the others."""
    if step == 0:
        return False
    before, after, begin = operands[step - 1], operands[step], begins[step - 1]
    carried = lags == 1
    fits = np.where(lags == SAME, before == after, np.where(lags == OUTSIDE, True, after - before == period))
    return bool(
        fits[~carried].all() and (before[lags != 0] < begin).all() and (operands[step:, lags < 0] < begin).all()
    )


def _is_chain(log: Log, repeat: Repeat) -> bool:
    """Whether most of a step needs what the step before made: others are better computed side by side."""
    low, period = repeat.start, repeat.period
    starts = (log.starts[low : low + period + 1] - log.starts[low]).tolist()
    operands, lags = (repeat.operands[0] - low).tolist(), repeat.lags.tolist()
    needs: list[bool] = []
    for i in range(period):
        each = range(starts[i], starts[i + 1])
        needs.append(any(lags[j] > 0 or (lags[j] == 0 and needs[operands[j]]) for j in each))
    return sum(needs) >= _CHAINED * period
