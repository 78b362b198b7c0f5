"""What is timed, written once as scalar arithmetic, and run by every contender with its own numbers.

E1  a 3-16-16-1 network, tanh in the hidden layers, one sample, squared loss
E2  a 2-16-16-1 network, relu in the hidden layers, 100 points of two moons, hinge loss and 1e-4·Σp²
E3  a deep chain x ← x·1.0000001 + 0.5·tanh x
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

Affine = Callable[[Sequence[Any], Sequence[Any], Any], Any]
Activation = Callable[[Any], Any]
Points = list[tuple[list[float], float]]

E1_SIZES, E2_SIZES = (3, 16, 16, 1), (2, 16, 16, 1)
E1_SAMPLE: tuple[list[float], float] = ([0.4, -0.7, 1.1], 0.3)
DECAY = 1e-4
E1_NODES = 1031  # 353 parameters, 4 for the sample, 320 products, 320 sums, 32 tanh, the loss's 2
E3_NODES_A_STEP = 4


class Arithmetic(NamedTuple):
    """How a contender writes what Python has no operator for."""

    affine: Affine  # (w, x, b) → Σ wᵢxᵢ + b
    tanh: Activation
    relu: Activation


def plain_affine(ws: Sequence[Any], xs: Sequence[Any], b: Any) -> Any:
    """Σ wᵢxᵢ + b with plain × and +."""
    total = b
    for w, x in zip(ws, xs, strict=True):
        total = total + w * x
    return total


def initial_parameters(sizes: Sequence[int]) -> list[float]:
    """Neuron by neuron, its weights and then its bias; the same numbers for every contender."""
    dice = random.Random(1)
    numbers: list[float] = []
    for inputs, outputs in pairwise(sizes):
        for _ in range(outputs):
            numbers += [dice.uniform(-1, 1) / math.sqrt(inputs) for _ in range(inputs)]
            numbers.append(dice.uniform(-0.1, 0.1))
    return numbers


def two_moons(points: int = 100) -> Points:
    """Two interleaved half circles with a little noise, labelled -1 and 1."""
    dice = random.Random(2)
    moons: Points = []
    for i in range(points):
        angle = math.pi * (i // 2) / (points // 2 - 1)
        x, y = math.cos(angle), math.sin(angle)
        if i % 2:
            x, y = 1 - x, 0.5 - y
        moons.append(([x + dice.gauss(0, 0.1), y + dice.gauss(0, 0.1)], 1.0 if i % 2 else -1.0))
    return moons


def network(
    parameters: Sequence[Any], sizes: Sequence[int], xs: Sequence[Any], affine: Affine, hidden: Activation
) -> Any:
    """The single output of a fully connected network with a linear last layer."""
    at = 0
    for layer, (inputs, outputs) in enumerate(pairwise(sizes), 2):
        activations = []
        for _ in range(outputs):
            ws, b = parameters[at : at + inputs], parameters[at + inputs]
            z = affine(ws, xs, b)
            activations.append(z if layer == len(sizes) else hidden(z))
            at += inputs + 1
        xs = activations
    return xs[0]


def e1(parameters: Sequence[Any], xs: Sequence[Any], y: Any, arithmetic: Arithmetic) -> Any:
    """(ŷ - y)² of one sample."""
    error = network(parameters, E1_SIZES, xs, arithmetic.affine, arithmetic.tanh) - y
    return error * error


def e2(parameters: Sequence[Any], moons: Points, arithmetic: Arithmetic) -> Any:
    """mean max(0, 1 - y·score) + 1e-4 · Σp²."""
    total: Any = 0.0
    for xs, y in moons:
        score = network(parameters, E2_SIZES, xs, arithmetic.affine, arithmetic.relu)
        total = total + arithmetic.relu(1.0 - y * score)
    decay: Any = 0.0
    for p in parameters:
        decay = decay + p * p
    return total * (1.0 / len(moons)) + DECAY * decay


def e3(x: Any, steps: int, tanh: Activation) -> Any:
    """The end of the chain that starts at x."""
    for _ in range(steps):
        x = x * 1.0000001 + 0.5 * tanh(x)
    return x
