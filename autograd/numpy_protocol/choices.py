"""Functions that choose between numbers, or place them by their size: where, select, clip, sort and their kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.choosing import choose
from autograd.errors import ArgumentError, OperandError
from autograd.numpy_protocol.operands import (
    array_of,
    bare,
    by_numpy,
    is_complex,
    numbers,
    ours,
    refuse_complex,
    refuse_kinds,
)
from autograd.numpy_protocol.ufuncs import elementwise, is_number
from autograd.ops import table
from autograd.recorder import RECORDERS
from autograd.symbol import Condition, Symbol
from autograd.text import quoted
from autograd.value import Value

_EQUAL, _LESS = RECORDERS[table.equal_.name], RECORDERS[table.less.name]
_CLIP = elementwise(RECORDERS[table.clip.name], 3)


def _choose(condition: Any, chosen: Any, other: Any) -> Any:
    """`choose`, but of Values whose numbers are known it leaves a node, which says that something was chosen."""
    if any(isinstance(x, Value) and not isinstance(x, Symbol) for x in (chosen, other)):
        return RECORDERS[table.where_.name](condition, chosen, other)
    return choose(condition, chosen, other)


_WHERE = elementwise(_choose, 3)
_LARGEST = float(np.finfo(float).max)


def _truth(x: Any) -> Any:
    """Whether one number counts as true: a bool, or a Condition where that is not known."""
    return x if isinstance(x, (bool, np.bool_, Condition)) else x != 0.0


_TRUTH = elementwise(_truth, 1)


def conditions(x: Any) -> Any:
    """An array of bools, or of Conditions among which bools may be."""
    array = array_of(x)
    if array.dtype != object:
        return array.astype(bool)
    found = np.asarray(_TRUTH(array), object)
    return found if any(isinstance(c, Value) for c in found.flat) else found.astype(bool)


def where(condition: Any, *branches: Any) -> Any:
    """As np.where: of numbers picked, of Values recorded, also by a condition that is known, as `where` does it."""
    if not branches:
        return np.nonzero(numbers(condition, "where"))
    if len(branches) != 2:
        raise ArgumentError("np.where takes a condition alone, or a condition and two branches")
    holds, chosen, other = conditions(condition), *map(bare, branches)
    are_numbers = holds.dtype == bool and all(np.asarray(branch).dtype != object for branch in (chosen, other))
    return np.where(holds, chosen, other) if are_numbers else _WHERE(holds, chosen, other)


def pad(array: Any, pad_width: Any, mode: Any = "constant", **named: Any) -> Any:
    """As np.pad, but for the modes in which NumPy's own code compares objects."""
    if mode in ("maximum", "minimum", "median"):
        raise OperandError(
            f"np.pad with mode={quoted(mode)} is not recorded on Values: join what np.max or np.min gives, "
            "by np.concatenate"
        )
    return by_numpy(np.pad, (array, pad_width, mode), named)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """As np.select: the first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ArgumentError(f"np.select got {len(condlist)} conditions and {len(choicelist)} choices: one of each")
    chosen = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        chosen = where(condition, choice, chosen)
    return chosen


def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
    dtype: Any = None,
) -> Any:
    """As np.clip: at a bound, the slope is 1 along a."""
    low, high = a_min if min is None else min, a_max if max is None else max
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    refuse_kinds(dtype, out)
    if _has_nan(low) or _has_nan(high):
        return np.minimum(np.maximum(a, low), high)
    return _CLIP(*map(array_of, (a, np.minimum(low, high), high)))


def _has_nan(bound: Any) -> bool:
    array = array_of(bound)
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """As np.nan_to_num; what is replaced has no derivative."""
    high, low = _LARGEST if posinf is None else posinf, -_LARGEST if neginf is None else neginf

    def replaced(x: Any) -> Any:
        return choose(
            is_number(x),
            choose(_EQUAL(x, math.inf), high, choose(_EQUAL(x, -math.inf), low, x)),
            nan,
        )

    found = elementwise(replaced, 1)(array_of(x))
    if not copy:
        x[...] = found
    return found


def angle(z: Any, deg: bool = False) -> Any:
    """As np.angle: of real numbers 0, or π of those below 0, and nowhere a derivative."""
    degrees = 180.0 / math.pi if deg else 1.0
    return elementwise(lambda x: _angle(x) * degrees, 1)(array_of(z))


def _angle(x: Any) -> Any:
    if is_complex(x):
        return RECORDERS[table.atan2.name](x.imag, x.real)
    return choose(is_number(x), choose(_LESS(x, 0.0), math.pi, 0.0), math.nan)


# -- parts of complex numbers -----------------------------------------------------------------------


def real(val: Any) -> Any:
    """As np.real: of real numbers themselves."""
    return elementwise(lambda x: x.real if is_complex(x) else x, 1)(array_of(val)) if holds_complex(val) else val


def imag(val: Any) -> Any:
    """As np.imag: of real numbers 0."""
    if not holds_complex(val):
        return np.zeros(np.shape(val))
    return elementwise(lambda x: x.imag if is_complex(x) else 0.0, 1)(array_of(val))


def isreal(x: Any) -> Any:
    """As np.isreal: where the imaginary part is 0."""
    return np.equal(_imag_of_ours(x), 0.0)


def iscomplex(x: Any) -> Any:
    """As np.iscomplex: where the imaginary part is not 0."""
    return np.not_equal(_imag_of_ours(x), 0.0)


def _imag_of_ours(x: Any) -> Any:
    found = imag(x)
    return ours(found) if holds_complex(x) else found


def holds_complex(x: Any) -> bool:
    """As np.iscomplexobj: whether complex numbers are among these."""
    return is_complex(array_of(x))


def real_if_close(a: Any, tol: float = 100) -> Any:
    """As np.real_if_close of real numbers."""
    refuse_complex("real_if_close", "take np.real of them", array_of(a))
    return a


# -- by size ----------------------------------------------------------------------------------------


def sort(a: Any, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: bool | None = None) -> Any:
    """As np.sort: each number keeps its derivative."""
    return _placed(a, axis, lambda data, axis: np.argsort(data, axis=axis, kind="stable"), "sort")


def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None) -> Any:
    """As np.partition: each number keeps its derivative."""
    return _placed(a, axis, lambda data, axis: np.argpartition(data, kth, axis=axis), "partition")


def _placed(a: Any, axis: int | None, places: Any, name: str) -> Any:
    array = array_of(a)
    if axis is None:
        array, axis = array.ravel(), -1
    return np.take_along_axis(array, places(numbers(array, name), axis), axis)


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    """As np.linspace, with `start` and `stop` themselves at the ends."""
    refuse_kinds(dtype, None)
    steps = num - 1 if endpoint else num
    start, stop = array_of(start), array_of(stop)
    step = np.divide(np.subtract(stop, start, dtype=object), steps) if steps > 0 else math.nan
    numbers_ = [start if i == 0 else stop if endpoint and i == steps else start + i * step for i in range(num)]
    shape = np.broadcast_shapes(start.shape, stop.shape)
    points = np.empty((num, *shape), object)
    for i, point in enumerate(numbers_):
        points[i] = point if shape else np.asarray(point, object)[()]
    points = np.moveaxis(points, 0, axis)
    return (points, step) if retstep else points
