"""Seeds: one NumPy generator from whatever people hand in, so that a run is repeatable to the bit."""

from __future__ import annotations

import random
from typing import TypeAlias

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import quoted

Seed: TypeAlias = "int | np.random.Generator | random.Random | None"


def generator(seed: Seed) -> np.random.Generator:
    """One NumPy generator from a seed, from a random.Random (one draw of it), or as given."""
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, random.Random):
        return np.random.default_rng(seed.getrandbits(64))
    if seed is None or (isinstance(seed, (int, np.integer)) and not isinstance(seed, bool) and seed >= 0):
        return np.random.default_rng(seed)
    raise ArgumentError(f"a seed is a whole number from 0 up or a generator, got {quoted(seed)}")
