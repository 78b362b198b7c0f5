"""The length of vectors and the size of matrices: `norm`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from autograd.array import ValueArray
from autograd.choosing import choose, choose_form
from autograd.functions import abs as abs_
from autograd.functions import dot, maximum, sqrt
from autograd.given import flag


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """As np.linalg.norm: without overflow, and at 0 with the derivative 0; of matrices no singular values.

    >>> norm([3.0, 4.0])
    5.0

    Raises:
        OperandError: for an `ord` that is not known, and 2, -2 and "nuc" of matrices
    """
    return np.linalg.norm(ValueArray(x), ord, axis, flag(keepdims, "keepdims"))


def length(entries: Sequence[Any], at_zero: Any = 0.0) -> Any:
    """√Σ of squares, without overflow; `at_zero` where all are 0, as a root has no slope there.

    (Not by `hypot` of two, and again: that has no second slope where the first two are 0.)
    """
    if not entries:
        return at_zero
    largest = reduce(maximum, map(abs_, entries))
    return choose(largest <= 0.0, at_zero, _root_of_squares(entries, largest))


def length_of_some(entries: Sequence[Any]) -> Any:
    """The same where not all are 0."""
    return _root_of_squares(entries, reduce(maximum, map(abs_, entries)))


def _root_of_squares(entries: Sequence[Any], largest: Any) -> Any:
    scale = choose_form(largest > _LARGE, 1.0 / _LARGE, choose_form(largest < 1.0 / _LARGE, _LARGE * _SOME, 1.0))
    if type(scale) is float and scale == 1.0:
        return sqrt(dot(entries, entries))
    scaled = [x * scale for x in entries]
    return sqrt(dot(scaled, scaled)) / scale


_LARGE, _SOME = 2.0**500, 2.0**100  # squares of what lies between 2⁻⁵⁰⁰ and 2⁵⁰⁰ are no trouble
