"""Of surfaces where a program has kinks or jumps: the samples that lie on them, and the nearest on either side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ids = np.ndarray[Any, np.dtype[np.int64]]
KEPT = 4  # samples on a surface


class Ticks(NamedTuple):
    """Surfaces along one number of a program, where it passes constants.

    Attributes:
        number: which it is
        surfaces: which they are, by their places
        places: where it passes them, ascending
        keys: (2¹⁶,) which keys of 16 bits these have
    """

    number: int
    surfaces: Ids
    places: Floats
    keys: np.ndarray[Any, np.dtype[np.bool_]]

    @classmethod
    def of(cls, number: int, found: Mapping[int, float]) -> Ticks:
        """One with these surfaces, each at its place."""
        surfaces = np.array(sorted(found, key=found.__getitem__))
        places, keys = np.array(sorted(found.values())), np.zeros(1 << 16, bool)
        keys[_keys(places)] = True
        return cls(number, surfaces, places, keys)

    def met_by(self, numbers: Floats) -> Iterator[tuple[int, Ids]]:
        """The surfaces that a number stands on, and which of the numbers do; nearly all others are seen by their key.

        To search for every number would take longer than the kernel that is watched.
        """
        near = np.flatnonzero(self.keys[_keys(numbers)])
        first, behind = (np.searchsorted(self.places, numbers[near], side) for side in ("left", "right"))
        on = near[first < behind]
        for place in np.unique(numbers[on]):
            for k in self.surfaces[self.places == place].tolist():
                yield k, on[numbers[on] == place]


def _keys(numbers: Floats) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """16 bits of each, the same of equal numbers."""
    bits: Any = (numbers + 0.0).view(np.uint64)  # no -0.0
    found: np.ndarray[Any, np.dtype[np.uint64]] = bits * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(48)
    return found


class Sides:
    """Of every surface the samples that lie on it and, if `both`, the nearest ones on either side."""

    def __init__(self, count: int, both: bool) -> None:
        self._both = both
        self.above, self.below = np.full(count, -1), np.full(count, -1)
        self._least, self._most = np.full(count, np.inf), np.full(count, -np.inf)
        self.on: list[list[int]] = [[] for _ in range(count)]

    def meet(self, at: Floats, surfaces: Ids, start: int) -> None:
        """Look at the boundaries of so many samples more; one is nan where its surface is not."""
        if not at.size:
            return
        on = at == 0.0
        for column in np.flatnonzero(on.any(axis=0)).tolist() if on.any() else ():
            self._add(int(surfaces[column]), start + np.flatnonzero(on[:, column]))
        if not self._both:
            return
        columns = np.arange(at.shape[1])
        over, under = np.where(at > 0.0, at, np.inf), np.where(at < 0.0, at, -np.inf)
        nearest, deepest = over.argmin(axis=0), under.argmax(axis=0)
        self._nearer(surfaces, over[nearest, columns], start + nearest, under[deepest, columns], start + deepest)

    def meet_along(self, numbers: Floats, ticks: Ticks, start: int) -> None:
        """The same of surfaces along one number."""
        for k, samples in ticks.met_by(numbers):
            self._add(k, start + samples)
        if not self._both:
            return
        order = np.argsort(numbers)
        found = numbers[order]
        found = found[: int(np.searchsorted(found, np.inf, "right"))]  # nan stands behind all
        first, behind = (np.searchsorted(found, ticks.places, side) for side in ("left", "right"))
        beyond = np.concatenate([[-np.inf], found, [np.inf]])
        samples = start + np.concatenate([[0], order[: len(found)], [0]])
        over, under = beyond[behind + 1] - ticks.places, beyond[first] - ticks.places
        self._nearer(ticks.surfaces, over, samples[behind + 1], under, samples[first])

    def _nearer(self, surfaces: Ids, over: Floats, above: Ids, under: Floats, below: Ids) -> None:
        """Keep samples so far over and under surfaces that are nearer than those met before."""
        closer, deeper = over < self._least[surfaces], under > self._most[surfaces]
        self.above[surfaces[closer]], self._least[surfaces[closer]] = above[closer], over[closer]
        self.below[surfaces[deeper]], self._most[surfaces[deeper]] = below[deeper], under[deeper]

    def _add(self, surface: int, samples: Ids) -> None:
        self.on[surface] = (self.on[surface] + samples[:KEPT].tolist())[:KEPT]

    def is_met(self, k: int) -> bool:
        """Whether a sample lies on a surface, or some on both sides."""
        return bool(self.on[k]) or self.has_both(k)

    def has_both(self, k: int) -> bool:
        """Whether samples lie on both sides, if that is kept."""
        return bool(self.above[k] >= 0 and self.below[k] >= 0)
