"""What compiled functions answer, for type checkers: classes that only they see.

A function that is compiled may be called with numbers in the place of Values, whatever it says of its arguments; what
it returns says what comes back: floats for Values, and Values where Values were handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, overload

from numpy.typing import NDArray

from autograd.answers import Gradient, Hessian, Jacobian, OneNumber, Unsaid, ValueAndGradient
from autograd.array import FloatArray, RealArray, ValueArray
from autograd.program.call import Call
from autograd.program.sparse import MatrixCall
from autograd.value import Number, Value

R = TypeVar("R", covariant=True)
Numbers: TypeAlias = "Number | RealArray | Sequence[float] | Mapping[Any, float]"


class Valuation(Protocol[R]):
    """What a function that returns R answers."""

    @overload
    def __call__(self: Valuation[Unsaid], *args: Any, out: Any = None, **named: Any) -> Any: ...
    @overload
    def __call__(self: Valuation[OneNumber], x: Value, /, *args: Any, **named: Any) -> Value: ...
    @overload
    def __call__(self: Valuation[OneNumber], /, *args: Numbers, **named: Numbers) -> float: ...
    @overload
    def __call__(self: Valuation[NDArray[Any]], x: Value | ValueArray, /, *args: Any, **named: Any) -> ValueArray: ...
    @overload
    def __call__(self: Valuation[NDArray[Any]], /, *args: Numbers, **named: Numbers) -> FloatArray: ...
    @overload
    def __call__(self, *args: Any, out: Any = None, **named: Any) -> Any: ...


class ValueCall(Valuation[R], Call):
    """The value of a function that returns R."""


class GradientCall(Gradient[...], Call):  # type: ignore[misc]  # Call takes anything and answers anything
    """The gradient along the first argument."""


class ValueAndGradientCall(ValueAndGradient[...], Call):  # type: ignore[misc]  # so it does
    """(the value, the gradient along the first argument)."""


class JacobianCall(Jacobian[..., R], MatrixCall):  # type: ignore[misc]  # so it does
    """The Jacobian along the first argument."""


class HessianCall(Hessian[...], MatrixCall):  # type: ignore[misc]  # so it does
    """The Hessian along the first argument."""
