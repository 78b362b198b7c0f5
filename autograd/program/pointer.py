"""A call of a compiled function as a C function, for whoever calls C: SciPy's integrals, numba, a solver."""

from __future__ import annotations

import ctypes
from typing import Any, NoReturn

from autograd.errors import ArgumentError, GraphError, MissingExtra
from autograd.lazy import lazy
from autograd.program.kernel import Task

_SIGNATURE = "void (const double *inputs, double *outputs)"
_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_NUMBER = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int, ctypes.POINTER(ctypes.c_double))


class Pointer:
    """A C function of plain doubles, made by `pointer` of a call; it lives as long as this object.

    It computes one sample.  It touches nothing of Python's, keeps nothing between calls, and may be called from any
    thread, from several at once too.  `inputs` and `outputs` do not overlap.

    Attributes:
        address: where the function stands, a whole number
        signature: how it is called, ``void (const double *inputs, double *outputs)``
        inputs: how many doubles it reads: those of the arguments in the order of the function's own, then of those that
            go by name alone in the order of their names; arrays row by row, dicts from the first key to the last
        outputs: how many it writes: those of the answer, in the same way

    >>> import numpy as np
    >>> from autograd import compile
    >>> f = compile(lambda x: x[0] * x[1]).value_and_grad.pointer(np.ones(2))
    >>> f.inputs, f.outputs
    (2, 3)
    >>> x, answer = np.array([2.0, 3.0]), np.empty(3)
    >>> f.ctypes(x.ctypes.data, answer.ctypes.data)
    >>> answer
    array([6., 3., 2.])
    """

    signature = _SIGNATURE

    def __init__(self, task: Task) -> None:
        from autograd.program.native.pointers import library_of  # which needs llvmlite

        self.inputs, self.outputs = len(task.batched), len(task.summed)
        self._library = library_of(Task(task.program, (False,) * self.inputs, (False,) * self.outputs, task.exact))
        self.address = self._library.address("function")

    @lazy
    def ctypes(self) -> Any:
        """The function of ctypes, of two addresses; numba calls it in compiled code, with ``array.ctypes``."""
        return self._kept(_FUNCTION(self.address))

    def scipy(self) -> Any:
        """A `scipy.LowLevelCallable`, ``double (int, double *)``: for a call that answers with one number.

        >>> from scipy.integrate import quad
        >>> from autograd import compile, exp
        >>> bell = compile(lambda x: exp(-x * x))
        >>> round(quad(bell.value.pointer(0.0).scipy(), -5, 5)[0] ** 2, 10)
        3.1415926536

        Raises:
            ArgumentError: if the answer is not one number
            MissingExtra: without SciPy
        """
        try:
            from scipy import LowLevelCallable
        except ImportError:
            raise MissingExtra("a LowLevelCallable is SciPy's: pip install scipy") from None
        if self.outputs != 1:
            raise ArgumentError(f"SciPy calls functions that answer with one number, and this one has {self.outputs}")
        return LowLevelCallable(self._kept(_NUMBER(self._library.address("number"))))

    def _kept(self, function: Any) -> Any:
        """The function of ctypes, which keeps the machine code alive."""
        function.needs = self._library
        return function

    def __repr__(self) -> str:
        return f"<{self.signature} at {self.address:#x}, inputs: {self.inputs}, outputs: {self.outputs}>"

    def __reduce__(self) -> NoReturn:
        raise GraphError("a C function stands in the memory of this process: make it again there")
