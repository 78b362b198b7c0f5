"""Gradients cut to a size: all together by their norm, or each for itself."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from autograd.errors import ArgumentError, NonFiniteError
from autograd.text import quoted
from autograd.value import Value
from nn.data.tables import Vector


def clip_by_norm(parameters: Iterable[Value], limit: float) -> float:
    """Scale all gradients together so that their Euclidean norm is at most `limit`.

    Returns the norm before.

    Raises:
        ArgumentError: unless limit > 0
        NonFiniteError: with nothing changed, if a gradient is not finite
    """
    moving, g = _gradients(parameters, limit)
    cut, norm = cut_by_norm(g, limit)
    _set(moving, cut)
    return norm


def clip_by_value(parameters: Iterable[Value], limit: float) -> None:
    """Cut every gradient off at ±`limit`; errors as for `clip_by_norm`."""
    moving, g = _gradients(parameters, limit)
    _set(moving, cut_by_value(g, limit))


def cut_by_norm(g: Vector, limit: float) -> tuple[Vector, float]:
    """The gradient, scaled where it is longer than the limit, and its norm before."""
    largest = float(np.max(np.abs(g), initial=0.0))
    norm = largest * float(np.linalg.norm(g / largest)) if largest else 0.0  # scaled: no overflow
    return (g * (limit / norm) if norm > limit else g), norm


def cut_by_value(g: Vector, limit: float) -> Vector:
    """The gradient, each entry cut off at ±limit."""
    return np.clip(g, -limit, limit)


def check_limit(limit: float | None) -> float | None:
    """The limit if it is a positive number, or None."""
    if limit is not None and not limit > 0:
        raise ArgumentError(f"a limit for gradients is a positive number, got {quoted(limit)}")
    return limit


def _gradients(parameters: Iterable[Value], limit: float) -> tuple[list[Value], Vector]:
    check_limit(limit)
    moving = list(parameters)
    for p in moving:
        if not np.isfinite(p.grad):
            raise NonFiniteError(f"the gradient of {p.name or quoted(p)} is {p.grad}, which cannot be clipped")
    return moving, np.array([p.grad for p in moving], dtype=float)


def _set(moving: list[Value], g: Vector) -> None:
    for p, x in zip(moving, g.tolist(), strict=True):
        p.grad = x
