"""An array of Values: a NumPy array that asks us, not its elements, what NumPy's functions mean on it.

Transforms and `compile` hand such arrays to the functions they run, and whatever NumPy or this package
makes of one is one again.  `numpy_protocol` says what the functions mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError, OperandError

RealArray: TypeAlias = "NDArray[np.floating[Any] | np.integer[Any] | np.bool_]"
FloatArray: TypeAlias = "NDArray[np.float64]"
OBJECTS = np.dtype(object)


class NotReal:
    """What is no real number, and so refuses to stand in an array of NumPy's own, which takes it for one."""

    __slots__ = ()

    def __array__(self, *args: Any, **named: Any) -> Any:
        raise OperandError(
            "an array of NumPy's own takes its objects for real numbers (np.imag of it is 0), and a "
            f"{type(self).__name__} is none: write ValueArray([…]) for np.array([…]), "
            "and fill np.zeros(n, object).view(ValueArray)"
        )


class _Wrapped:
    """One of them, while NumPy makes an array."""

    def __init__(self, one: NotReal) -> None:
        self.one = one


def _wrapped(x: Any) -> Any:
    return list(map(_wrapped, x)) if isinstance(x, (list, tuple)) else _Wrapped(x) if isinstance(x, NotReal) else x


_unwrapped = np.frompyfunc(lambda x: x.one if type(x) is _Wrapped else x, 1, 1)


def gathered(numbers: Any, dtype: Any = None) -> Any:
    """As np.asarray, where a `NotReal` may be among the numbers."""
    try:
        return np.asarray(numbers, dtype)
    except OperandError:
        return boxed(numbers) if isinstance(numbers, NotReal) else _unwrapped(np.array(_wrapped(numbers), OBJECTS))


def boxed(x: Any) -> Any:
    """A thing in an array without axes."""
    array = np.empty((), OBJECTS)
    array[()] = x
    return array


class ValueArray(np.ndarray[Any, np.dtype[np.object_]]):
    """A NumPy array of Values and numbers, on which NumPy's functions are recorded.

    `numbers` is a Value, a number, or a nested sequence or array of these.

    >>> from autograd import Value
    >>> v = Value(2.0)
    >>> np.sum(np.maximum(ValueArray([v, 1.0]), 1.5)).data
    3.5

    (An array that ``np.array([v, 1.0])`` makes is NumPy's own: it asks for methods of its elements, and picks by
    comparing them.)

    Raises:
        ArgumentError: where rows differ in length
        OperandError: for a masked array
    """

    __array_priority__ = 100.0  # what NumPy joins of these and of plain arrays is one of these

    def __new__(cls, numbers: Any) -> ValueArray:
        refuse_masked("a ValueArray", numbers)
        array: np.ndarray[Any, np.dtype[np.object_]] = gathered(numbers, OBJECTS).copy()
        if any(isinstance(element, (list, tuple, np.ndarray)) for element in array.flat):
            raise ArgumentError(f"a ValueArray has rows of equal length, got some of unequal length in {numbers!r:.60}")
        return array.view(cls)

    def astype(self, dtype: Any, *args: Any, **named: Any) -> Any:
        """Values are of float64 already and stay Values; other arrays of objects become what is asked for."""
        if np.dtype(dtype) == np.float64 and self.dtype == object and not all(map(_is_number, self.flat)):
            return self.copy()
        return kept(super().astype(dtype, *args, **named))

    def sort(self, axis: Any = -1, *args: Any, **named: Any) -> None:
        """In place, as np.sort does it."""
        self[...] = np.sort(self, axis, *args, **named)

    def partition(self, kth: Any, axis: Any = -1, *args: Any, **named: Any) -> None:
        """In place, as np.partition does it."""
        self[...] = np.partition(self, kth, axis, *args, **named)


def refuse_masked(what: str, *given: Any) -> None:
    """Raise OperandError where a masked array is given, or a list or tuple in which there is one."""
    for x in given:
        if isinstance(x, np.ma.MaskedArray):
            raise OperandError(
                f"{what} of a masked array would ignore its mask: take its filled(…) or compressed() numbers"
            )
        if type(x) in (list, tuple) and any(isinstance(each, (np.ndarray, list, tuple)) for each in x):
            refuse_masked(what, *x)


def _part(name: str) -> property:
    """The attribute of a function's name, which NumPy would answer as if all objects were real."""
    function = getattr(np, name)
    return property(lambda self: function(self), doc=f"``np.{name}`` of this array.")


def _is_number(element: Any) -> bool:
    return isinstance(element, (int, float, np.number, np.bool_))


def kept(answer: Any) -> Any:
    """What a NumPy function answers, in our kinds: an array of objects is a ValueArray, one without axes its element.

    Arrays of anything else are NumPy's own; tuples and lists keep theirs.
    """
    if isinstance(answer, np.ndarray):
        if answer.dtype != OBJECTS:
            return answer if type(answer) is np.ndarray else answer.view(np.ndarray)
        return answer.view(ValueArray) if answer.ndim else answer[()]
    if isinstance(answer, (list, tuple)) and not hasattr(answer, "_fields"):
        return type(answer)(map(kept, answer))
    return answer


def _method(name: str) -> Callable[..., Any]:
    """The method of a function's name, which NumPy would compute by comparing objects."""
    function = getattr(np, name)

    def method(self: ValueArray, *args: Any, **named: Any) -> Any:
        return function(self, *args, **named)

    method.__name__ = name
    method.__doc__ = f"``np.{name}`` of this array."
    return method


for _name in (
    "all any argmax argmin argpartition argsort clip dot max mean min nonzero prod searchsorted std sum var"
).split():
    setattr(ValueArray, _name, _method(_name))
for _name in ("real", "imag"):
    setattr(ValueArray, _name, _part(_name))
