"""What NumPy's functions are handed, as the meanings here want it: arrays of Values, or their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import context
from autograd.array import ValueArray, boxed, gathered
from autograd.errors import GraphError, OperandError
from autograd.recorder import COMPLEX, Composite
from autograd.symbol import Symbol
from autograd.value import Value, data_of, is_read_later, number

OURS = (Value, ValueArray)
SINGLE = (Value, Composite)


def bare(x: Any) -> Any:
    """A ValueArray as NumPy's own array, a Value or a Complex as one without axes; anything else as it is."""
    if type(x) is ValueArray:
        return x.view(np.ndarray)
    return boxed(x) if isinstance(x, SINGLE) else x


def operand(x: Any) -> Any:
    """The same of an operand, whole numbers as floats, which is what a recorder is quickest with."""
    if type(x) is ValueArray:
        return x.view(np.ndarray)
    if type(x) is int:
        return number(x)
    if isinstance(x, (np.ndarray, np.generic)) and (x.dtype.kind in "iu" or x.dtype.char in WIDE):
        return x.astype(WIDE.get(x.dtype.char, float))
    return bare(x)


WIDE = {"g": float, "G": complex}  # which stay NumPy's numbers among objects, and would ask us again, without end


def lifted(x: Any) -> Any:
    """An argument of a function with each Value in a ValueArray without axes, so that NumPy's own code can run."""
    if isinstance(x, SINGLE):
        return boxed(x).view(ValueArray)
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        return type(x)(map(lifted, x))
    return x


def by_numpy(function: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What NumPy's own code makes of a function, whose parts it asks us about again."""
    return _PLAIN.__array_function__(function, (np.ndarray,), args, named)


_PLAIN = np.empty(0)


def array_of(x: Any) -> Any:
    """Anything that holds numbers or Values as NumPy's own array."""
    return gathered(_unboxed(x)) if isinstance(x, (list, tuple)) else np.asarray(bare(x))


def _unboxed(x: Any) -> Any:
    """The Values that `lifted` put into arrays without axes again, in sequences, of which NumPy makes one array."""
    if isinstance(x, (list, tuple)):
        return [_unboxed(element) for element in x]
    return x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x


def ours(x: Any) -> Any:
    """Anything that holds numbers or Values as a ValueArray."""
    return array_of(x).view(ValueArray)


def is_complex(x: Any) -> bool:
    """Whether a number, or one of an array, is a Complex, or Python's or NumPy's own."""
    return getattr(getattr(x, "dtype", None), "kind", "O") == "c" or any(
        isinstance(e, (Composite, *COMPLEX)) for e in _elements(x)
    )


def refuse_complex(name: str, instead: str, *things: Any) -> None:
    """Raise OperandError where complex numbers are among what np.`name` is handed, which would mean something else."""
    if any(map(is_complex, things)):
        raise OperandError(f"np.{name} is recorded of real numbers, got complex ones: {instead}")


def is_open(*things: Any) -> bool:
    """Whether any of the numbers is not known: while a function is recorded to be compiled."""
    values = [x for thing in things for x in _elements(thing) if isinstance(x, Value)]
    return any(isinstance(x, Symbol) for x in values) or (bool(context.unusual) and is_read_later(*values))


def _elements(x: Any) -> Iterable[Any]:
    if isinstance(x, np.ndarray):
        return x.flat if x.dtype == object else ()
    return (x,)


def numbers(x: Any, name: str) -> Any:
    """The floats in a Value or an array of them, for np.`name`, whose answer has no derivative; else x itself.

    Raises:
        GraphError: where they are not known
    """
    if isinstance(x, (list, tuple)):
        return type(x)(numbers(each, name) for each in x)
    if not isinstance(x, OURS) and not (isinstance(x, np.ndarray) and x.dtype == object):
        return x
    if is_open(x):
        raise GraphError(
            f"np.{name} answers by numbers that are not known while a function is recorded to be compiled: "
            "compute what needs numbers outside of the function, or choose with np.where(condition, a, b)"
        )
    return data_of(bare(x))[()]


def refuse_kinds(dtype: Any, out: Any) -> None:
    """Raise OperandError for a kind of number, or a place, that Values have not."""
    if out is not None:
        raise OperandError("out= of arrays of Values is not supported: take what is returned")
    if dtype is not None and np.dtype(dtype) not in (np.dtype(float), np.dtype(object)):
        raise OperandError(f"Values are of float64, got dtype {np.dtype(dtype)}: leave it out")
