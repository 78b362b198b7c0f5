"""NumPy speaks to Values: ``np.tanh(v)``, ``np.float64(2) * v``, ``array * v``.

NumPy calls `__array_ufunc__` when a ufunc meets a Value itself.  Inside an *array of* Values it calls
the elements' own operators and methods instead, which is why Values have methods by NumPy's names.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import OperandError
from autograd.methods import Methods
from autograd.ops.primitive import lookup
from autograd.recorder import RECORDERS
from autograd.symbol import Symbol
from autograd.value import data_of, each, is_read_later

_QUESTIONS = {"isnan", "isinf", "isfinite", "signbit"}
_COMPARISONS: dict[str, Callable[..., Any]] = {
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "equal": operator.eq, "not_equal": operator.ne,
}  # fmt: skip
_CONNECTIVES: dict[str, Callable[..., Any]] = {
    "bitwise_and": operator.and_, "bitwise_or": operator.or_, "bitwise_xor": operator.xor, "invert": operator.invert,
    "logical_and": operator.and_, "logical_or": operator.or_, "logical_xor": operator.xor,
    "logical_not": operator.invert,
}  # fmt: skip


def apply_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """What `ufunc` means on `inputs`, at least one of which is a Value."""
    out = options.pop("out", None)
    if method != "__call__" or options:
        raise OperandError(f"np.{ufunc.__name__}.{method} with {sorted(options)} is not recorded on Values")
    answer = _answer(ufunc, inputs)
    return answer if out is None else _store(answer, out[0], ufunc)


def _answer(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Any:
    name, recorded = ufunc.__name__, any(isinstance(i, Symbol) for i in inputs)
    if name in _COMPARISONS:
        return each(_COMPARISONS[name], *inputs)
    if name in _QUESTIONS and not recorded and not is_read_later(*inputs):
        return ufunc(*map(data_of, inputs))
    if name in _CONNECTIVES and recorded:
        return each(_CONNECTIVES[name], *inputs)
    try:
        primitive = lookup(name)
    except KeyError:
        hint = "; use the @ operator between arrays of Values" if name == "matmul" else ""
        raise OperandError(f"np.{name} has no derivative rule for Values{hint}") from None
    return RECORDERS[primitive.name](*inputs)


def _store(answer: Any, out: Any, ufunc: np.ufunc) -> Any:
    """In-place arithmetic (``array += v``), which only an array of objects can hold."""
    if out.dtype != object:
        raise OperandError(
            f"an array of {out.dtype} cannot hold the Values that np.{ufunc.__name__} gives: "
            "write a = a + v, or make it a.astype(object) first"
        )
    out[...] = answer
    return out


setattr(Methods, "__array_ufunc__", apply_ufunc)  # noqa: B010  (the stub declares it)
