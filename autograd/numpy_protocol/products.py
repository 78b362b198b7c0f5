"""Sums and products of arrays of Values, with one node a number: sum, dot, matmul, tensordot and their kind."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError
from autograd.functions import dot as dot_of
from autograd.numpy_protocol.operands import array_of, by_numpy, numbers, refuse_complex, refuse_kinds
from autograd.vectors import lines, sum_of

Array = np.ndarray[Any, Any]


def summed(x: Array, axis: Any, keepdims: bool) -> Any:
    """Σ along `axis` (one, several, or all of them if None)."""
    if axis is None and not keepdims and x.size > 1:
        return sum_of(x.reshape(-1).tolist())
    rows, shape = lines(x, axis, keepdims)
    return shaped([row[0] if len(row) == 1 else sum_of(row) for row in rows], shape)


def shaped(numbers: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """These, one a place of an array."""
    return np.fromiter(numbers, object, len(numbers)).reshape(shape)


def _contracted(a: Array, b: Array) -> Array:
    """The product of an (m, k) and a (k, n) array."""
    if a.shape[1] == 1:
        return np.asarray(np.multiply(a.astype(object), b))
    rows, columns = list(map(tuple, a.tolist())), list(map(tuple, b.T.tolist()))
    return shaped([dot_of(row, column) for row in rows for column in columns], (a.shape[0], b.shape[1]))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Σ over axes of a and b, which are made equal in length: as np.tensordot."""
    a, b = array_of(a), array_of(b)
    of_a, of_b = _axes_of(axes, a, b)
    if [a.shape[i] for i in of_a] != [b.shape[i] for i in of_b]:
        raise ArgumentError(f"np.tensordot of shapes {a.shape} and {b.shape} along {axes}: the lengths must agree")
    left = np.moveaxis(a, of_a, range(a.ndim - len(of_a), a.ndim))
    right = np.moveaxis(b, of_b, range(len(of_b)))
    outer, inner = left.shape[: a.ndim - len(of_a)], right.shape[len(of_b) :]
    length = math.prod(left.shape[len(outer) :])
    flat = left.reshape(math.prod(outer), length), right.reshape(length, math.prod(inner))
    return _contracted(*flat).reshape(outer + inner)


def _axes_of(axes: Any, a: Array, b: Array) -> tuple[list[int], list[int]]:
    """The axes of both that are summed over, counted from 0."""
    if np.ndim(axes) == 0 and not isinstance(axes, (list, tuple)):
        count = operator.index(axes)
        return list(range(a.ndim - count, a.ndim)), list(range(count))
    of_a, of_b = axes
    return [range(a.ndim)[i] for i in np.atleast_1d(of_a)], [range(b.ndim)[i] for i in np.atleast_1d(of_b)]


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """As np.dot: the last axis of a with the last but one of b."""
    refuse_kinds(None, out)
    a, b = array_of(a), array_of(b)
    if a.ndim == 0 or b.ndim == 0:
        return np.multiply(a, b)
    return tensordot(a, b, ([-1], [-2 if b.ndim > 1 else -1]))


def inner(a: Any, b: Any) -> Any:
    """As np.inner: the last axes of both."""
    a, b = array_of(a), array_of(b)
    return np.multiply(a, b) if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, ([-1], [-1]))


def vdot(a: Any, b: Any) -> Any:
    """As np.vdot: of both as one vector."""
    a, b = array_of(a), array_of(b)
    refuse_complex("vdot", "write np.sum(np.conj(a) * b)", a, b)
    return tensordot(a.ravel(), b.ravel(), 1)


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """As np.outer: every product."""
    refuse_kinds(None, out)
    return np.multiply.outer(array_of(a).ravel(), array_of(b).ravel())


def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """As np.vecdot: the last axes of both, side by side."""
    a, b = array_of(a), array_of(b)
    refuse_complex("vecdot", "write np.sum(np.conj(a) * b, axis=-1)", a, b)
    return summed(np.asarray(np.multiply(a, b)), axis, keepdims=False)


def matmul(a: Any, b: Any) -> Any:
    """As np.matmul: matrix products side by side."""
    a, b = array_of(a), array_of(b)
    if a.ndim == 0 or b.ndim == 0:
        raise ArgumentError("np.matmul is of vectors and matrices, got a single number: write a * b")
    if a.ndim <= 2 and b.ndim <= 2:
        return dot(a, b)
    left, right = (a if a.ndim > 1 else a[None, :]), (b if b.ndim > 1 else b[:, None])
    beside = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = np.broadcast_to(left, beside + left.shape[-2:])
    right = np.broadcast_to(right, beside + right.shape[-2:])
    product = np.empty((*beside, left.shape[-2], right.shape[-1]), object)
    for at in np.ndindex(beside):
        product[at] = dot(left[at], right[at])
    return product if a.ndim > 1 and b.ndim > 1 else product[..., 0] if a.ndim > 1 else product[..., 0, :]


def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """As np.correlate of real numbers, whose own code conjugates v only where its dtype is complex."""
    refuse_complex("correlate", "write np.convolve(a, np.conj(v)[::-1], mode)", array_of(a), array_of(v))
    return by_numpy(np.correlate, (a, v, mode), {})


def gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """As np.gradient, by the weights that NumPy gives each neighbour; one array, or a list of one an axis."""
    f = array_of(f)
    axes = tuple(range(f.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    spacing = tuple(numbers(each, "gradient") for each in spacing)
    steps = spacing if len(spacing) == len(axes) else (spacing or (1.0,)) * len(axes)
    if len(steps) != len(axes):
        raise ArgumentError(f"np.gradient along {len(axes)} axes takes as many spacings, or one, got {len(spacing)}")
    found = [_slopes(np.moveaxis(f, i, 0), step, edge_order, i) for i, step in zip(axes, steps, strict=True)]
    return found[0] if len(found) == 1 else found


def _slopes(f: Array, step: Any, edge_order: int, axis: int) -> Array:
    """The derivative along the first axis, which goes back to its place."""
    found = np.empty(f.shape, object)
    weights_of: Any = np.gradient  # which NumPy types by the number of axes
    for i, weights in enumerate(weights_of(np.eye(len(f)), step, axis=0, edge_order=edge_order)):
        near = np.flatnonzero(weights)
        found[i] = tensordot(weights[near], f[near], 1)[()]
    return np.moveaxis(found, 0, axis)
