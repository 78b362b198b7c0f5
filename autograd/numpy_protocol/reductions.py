"""Means, spreads, extremes and norms of arrays of Values."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.array import ValueArray, kept
from autograd.choosing import choose_form
from autograd.errors import OperandError
from autograd.linalg.norms import length
from autograd.numpy_protocol import products
from autograd.numpy_protocol.operands import array_of, is_complex, ours, refuse_complex, refuse_kinds
from autograd.numpy_protocol.ufuncs import elementwise
from autograd.ops import table
from autograd.recorder import RECORDERS
from autograd.text import quoted
from autograd.value import Value
from autograd.vectors import lines

_NONE: Any = object()  # what was not given


def _reduced(ufunc: np.ufunc, x: Any, axis: Any, keepdims: Any, initial: Any = _NONE, where: Any = True) -> Any:
    """A reduction; what a condition leaves out is replaced by what changes nothing."""
    if where is not True:
        neutral = initial if ufunc.identity is None else ufunc.identity
        if neutral is _NONE:
            raise OperandError(f"np.{ufunc.__name__} of what a condition chooses needs initial=, for where none is")
        x = np.where(ours(where), ours(x), neutral)
    options: dict[str, Any] = {} if initial is _NONE else {"initial": initial}
    return ufunc.reduce(ours(x), axis=axis, keepdims=bool(keepdims), **options)


def add(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _NONE,
    where: Any = True,
) -> Any:  # fmt: skip
    """As np.sum."""
    refuse_kinds(dtype, out)
    if initial is _NONE and where is True:
        return products.summed(array_of(a), axis, bool(keepdims))  # the quickest way to what nearly all ask for
    return _reduced(np.add, a, axis, keepdims, initial, where)


def multiply(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _NONE,
    where: Any = True,
) -> Any:  # fmt: skip
    """As np.prod."""
    refuse_kinds(dtype, out)
    return _reduced(np.multiply, a, axis, keepdims, initial, where)


def largest(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _NONE, where: Any = True
) -> Any:
    """As np.max: the maximum of two, again and again."""
    refuse_kinds(None, out)
    return _reduced(np.maximum, a, axis, keepdims, initial, where)


def smallest(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _NONE, where: Any = True
) -> Any:
    """As np.min: the minimum of two, again and again."""
    refuse_kinds(None, out)
    return _reduced(np.minimum, a, axis, keepdims, initial, where)


def truths(ufunc: np.ufunc) -> Any:
    """As np.all or np.any, by the ufunc that reduces."""

    def reduce(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
        refuse_kinds(None, out)
        return _reduced(ufunc, a, axis, keepdims, _NONE, where)

    return reduce


def _divided(total: Any, x: Any, axis: Any, keepdims: Any, where: Any, less: float = 0.0) -> Any:
    """A total by how many numbers of x went into each of its entries, `less` so many that are not free."""
    if where is True:
        count: Any = x.size / (np.size(total) or 1)
    else:
        count = add(np.broadcast_to(where, x.shape), axis, keepdims=keepdims)
    free = np.maximum(count - less, 0.0) if less else count
    return total / free if isinstance(total, (Value, ValueArray)) else np.divide(total, free)


def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
) -> Any:
    """As np.mean."""
    x = ours(a)
    total = kept(add(x, axis, dtype, out, keepdims, where=where))
    return _divided(total, x, axis, keepdims, where)


def var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = False, *,
    where: Any = True, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    """As np.var."""
    x = ours(a)
    refuse_complex("var", "add those of np.real and np.imag of them", x)
    centre = _centre(x, axis, where) if mean is None else mean
    total = kept(add(np.square(x - centre), axis, dtype, out, keepdims, where=where))
    return _divided(total, x, axis, keepdims, where, less=ddof if correction is None else correction)


def _centre(x: Any, axis: Any, where: Any) -> Any:
    return mean(x, axis, keepdims=True, where=where)


def std(*args: Any, **named: Any) -> Any:
    """As np.std; where nothing varies, 0 with the derivative 0."""
    return _ROOT(array_of(var(*args, **named)))


def _root(x: Any) -> Any:
    """√ of a sum of squares: at 0 the subgradient of smallest norm, 0, where √ alone gives ∞·0."""
    return choose_form(RECORDERS[table.less_equal.name](x, 0.0), 0.0, RECORDERS[table.sqrt.name](x))


_ROOT = elementwise(_root, 1)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """As np.linalg.norm, of vectors, and of matrices where singular values are not asked for."""
    x = ours(x)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        rows, shape = lines(x, axes, bool(keepdims))
        return products.shaped([length(_parts(row) if is_complex(x) else row) for row in rows], shape)
    x = np.absolute(x) if is_complex(x) else x
    found = _vector_norm(x, ord, axes, keepdims) if len(axes) == 1 else _matrix_norm(x, ord, axes)
    return np.expand_dims(found, axes) if keepdims and len(axes) == 2 else found


def _parts(row: list[Any]) -> list[Any]:
    """Of complex numbers the real and the imaginary parts, whose length is theirs."""
    return [part for x in row for part in ((x.real, x.imag) if is_complex(x) else (x,))]


def _vector_norm(x: Any, ord: Any, axes: Any, keepdims: bool) -> Any:
    size = np.absolute(x)
    if ord == np.inf:
        return np.max(size, axis=axes, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(size, axis=axes, keepdims=keepdims)
    if ord == 0:
        return np.sum(np.where(x != 0.0, 1.0, 0.0), axis=axes, keepdims=keepdims)
    if ord == 1:
        return np.sum(size, axis=axes, keepdims=keepdims)
    if isinstance(ord, str):
        raise OperandError(f"np.linalg.norm of vectors knows no ord={quoted(ord)}")
    return np.sum(size**ord, axis=axes, keepdims=keepdims) ** (1.0 / ord)


def _matrix_norm(x: Any, ord: Any, axes: Any) -> Any:
    if len(axes) != 2 or ord not in (1, -1, np.inf, -np.inf):
        raise OperandError(
            f"np.linalg.norm of matrices of Values has the ord None, 'fro', ±1 and ±inf, got {quoted(ord)}"
        )
    x = np.moveaxis(x, axes, (-2, -1))
    sums = np.sum(np.absolute(x), axis=-2 if abs(ord) == 1 else -1)
    return (np.max if ord > 0 else np.min)(sums, axis=-1)
