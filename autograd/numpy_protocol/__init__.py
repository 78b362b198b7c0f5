"""NumPy speaks to Values: ``np.tanh(v)``, ``np.float64(2) * v``, ``np.std(x)`` of an array x of Values.

NumPy hands us a ufunc by `__array_ufunc__` and any other function by `__array_function__` when it meets a
Value or a `ValueArray`.  Inside an array that is NumPy's own, made by ``np.array([v, w])``, it decides alone: it calls
the elements' operators and methods, which is why Values have methods by NumPy's names.
"""

from __future__ import annotations

from typing import Any

from autograd.array import ValueArray
from autograd.complex_numbers import Complex
from autograd.errors import OperandError
from autograd.methods import Methods
from autograd.numpy_protocol.functions import apply_function
from autograd.numpy_protocol.ufuncs import apply_ufunc


def _itself(self: Any) -> Any:
    return self


def _refuse_mask(self: Any) -> Any:
    """np.ma asks every operand for its mask, having taken `_data`, the float of a Value, for an array without one."""
    raise OperandError("NumPy's masked arrays do not record: take their filled(…) or compressed() numbers")


for _kind in (Methods, ValueArray, Complex):
    setattr(_kind, "__array_ufunc__", apply_ufunc)  # noqa: B010  (the stub declares it)
    setattr(_kind, "__array_function__", apply_function)  # noqa: B010
for _name in ("conjugate", "conj"):
    setattr(Methods, _name, _itself)  # np.var of NumPy's own arrays asks for it
for _kind in (Methods, ValueArray):
    setattr(_kind, "_mask", property(_refuse_mask))  # noqa: B010
Methods.shape, Methods.ndim, Methods.size = (), 0, 1  # as NumPy's numbers have it
