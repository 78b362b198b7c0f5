"""What derivatives look like, for type checkers: as the argument that they are along.

A function's first argument may be anything made of numbers or Values, whatever the function says of it, and so
it decides what is answered; the others are handed on, and are as the function has them (`P`).
"""

from __future__ import annotations

from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from autograd.array import FloatArray, RealArray, ValueArray
from autograd.value import Number, Value

P = ParamSpec("P")
K = TypeVar("K")
T = TypeVar("T")
R = TypeVar("R", covariant=True)
OneNumber: TypeAlias = "Value | float | np.floating[Any]"


class Unsaid:
    """What no function returns: only one that does not say what it returns passes for one that returns this."""


class Gradient(Protocol[P]):
    """The gradient of a function along its first argument: made as that, of floats, or of Values if that was."""

    @overload
    def __call__(self, x: Value, /, *args: P.args, **named: P.kwargs) -> Value: ...
    @overload
    def __call__(self, x: Number, /, *args: P.args, **named: P.kwargs) -> float: ...
    @overload
    def __call__(self, x: ValueArray, /, *args: P.args, **named: P.kwargs) -> ValueArray: ...
    @overload
    def __call__(self, x: RealArray, /, *args: P.args, **named: P.kwargs) -> FloatArray: ...
    @overload
    def __call__(self, x: list[float], /, *args: P.args, **named: P.kwargs) -> list[float]: ...
    @overload
    def __call__(self, x: tuple[float, ...], /, *args: P.args, **named: P.kwargs) -> tuple[float, ...]: ...
    @overload
    def __call__(self, x: dict[K, float], /, *args: P.args, **named: P.kwargs) -> dict[K, float]: ...
    @overload
    def __call__(self, x: T, /, *args: P.args, **named: P.kwargs) -> T: ...


class ValueAndGradient(Protocol[P]):
    """(the value of a function, its gradient along its first argument)."""

    @overload
    def __call__(self, x: Value, /, *args: P.args, **named: P.kwargs) -> tuple[Value, Value]: ...
    @overload
    def __call__(self, x: Number, /, *args: P.args, **named: P.kwargs) -> tuple[float, float]: ...
    @overload
    def __call__(self, x: ValueArray, /, *args: P.args, **named: P.kwargs) -> tuple[Value, ValueArray]: ...
    @overload
    def __call__(self, x: RealArray, /, *args: P.args, **named: P.kwargs) -> tuple[float, FloatArray]: ...
    @overload
    def __call__(self, x: list[float], /, *args: P.args, **named: P.kwargs) -> tuple[float, list[float]]: ...
    @overload
    def __call__(
        self, x: tuple[float, ...], /, *args: P.args, **named: P.kwargs
    ) -> tuple[float, tuple[float, ...]]: ...
    @overload
    def __call__(self, x: dict[K, float], /, *args: P.args, **named: P.kwargs) -> tuple[float, dict[K, float]]: ...
    @overload
    def __call__(self, x: T, /, *args: P.args, **named: P.kwargs) -> tuple[Value | float, T]: ...


class Hessian(Protocol[P]):
    """The Hessian of a function along its first argument: made as that twice over."""

    @overload
    def __call__(self, x: Value, /, *args: P.args, **named: P.kwargs) -> Value: ...
    @overload
    def __call__(self, x: Number, /, *args: P.args, **named: P.kwargs) -> float: ...
    @overload
    def __call__(self, x: ValueArray, /, *args: P.args, **named: P.kwargs) -> ValueArray: ...
    @overload
    def __call__(self, x: RealArray, /, *args: P.args, **named: P.kwargs) -> FloatArray: ...
    @overload
    def __call__(self, x: list[float], /, *args: P.args, **named: P.kwargs) -> list[list[float]]: ...
    @overload
    def __call__(self, x: tuple[float, ...], /, *args: P.args, **named: P.kwargs) -> tuple[tuple[float, ...], ...]: ...
    @overload
    def __call__(self, x: dict[K, float], /, *args: P.args, **named: P.kwargs) -> dict[K, dict[K, float]]: ...
    @overload
    def __call__(self, x: object, /, *args: P.args, **named: P.kwargs) -> Any: ...  # made as x of things made as x


class Jacobian(Protocol[P, R]):
    """The Jacobian of a function along its first argument: made as what it returns, each number as the argument."""

    @overload
    def __call__(self: Jacobian[P, Unsaid], x: object, /, *args: P.args, **named: P.kwargs) -> Any: ...
    @overload
    def __call__(self: Jacobian[P, OneNumber], x: Value, /, *args: P.args, **named: P.kwargs) -> Value: ...
    @overload
    def __call__(self: Jacobian[P, OneNumber], x: Number, /, *args: P.args, **named: P.kwargs) -> float: ...
    @overload
    def __call__(
        self: Jacobian[P, NDArray[Any]], x: Value | ValueArray, /, *args: P.args, **named: P.kwargs
    ) -> ValueArray: ...
    @overload
    def __call__(
        self: Jacobian[P, NDArray[Any]], x: Number | RealArray, /, *args: P.args, **named: P.kwargs
    ) -> FloatArray: ...
    @overload
    def __call__(self, x: object, /, *args: P.args, **named: P.kwargs) -> Any: ...


class ValueAndJacobian(Protocol[P]):
    """(the answer of a function, its Jacobian along its first argument)."""

    def __call__(self, x: object, /, *args: P.args, **named: P.kwargs) -> tuple[Any, Any]: ...
