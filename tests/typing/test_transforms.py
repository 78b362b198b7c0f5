"""What type checkers are told of derivatives and compiled functions, and what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autograd import (
    Compiled,
    GradientCheck,
    Program,
    Value,
    ValueArray,
    check_grad,
    compile,
    compile_graph,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    tanh,
    value_and_grad,
    value_and_jacobian,
    vjp,
)

if TYPE_CHECKING:
    from typing import assert_type
else:
    from tests.support.typed import assert_type

v = Value(2.0)
xs: NDArray[np.float64] = np.array([1.0, 2.0])


def cube(x: Value, k: int = 3) -> Value:
    return x**k


def product(x: Value, y: Value) -> Value:
    return x * y


def squares(x: ValueArray) -> ValueArray:
    return tanh(x)


def two(x: Value) -> tuple[Value, str]:
    return x * x, "beside"


def test_the_gradient_is_made_as_the_argument() -> None:
    assert_type(grad(cube)(2.0), float)
    assert_type(grad(cube)(2), float)
    assert_type(grad(cube)(2.0, k=2), float)
    assert_type(grad(cube)(v), Value)
    assert_type(grad(grad(cube))(2.0), float)
    assert_type(grad(tanh)(2.0), float)
    assert_type(grad(lambda x: x**3)(2.0), float)
    assert_type(grad(lambda x: x[0] * x[1])(xs), NDArray[np.float64])
    assert_type(grad(lambda x: x[0] * x[1])(ValueArray([v, v])), ValueArray)
    assert_type(grad(lambda x: x[0] * x[1])([1, 2]), list[float])
    assert_type(grad(lambda x: x[0] * x[1])((1, 2)), tuple[float, ...])
    assert_type(grad(lambda p: p["x"] ** 2)({"x": 4.0}), dict[str, float])
    assert_type(grad(lambda p: p["x"][0] ** 2)({"x": xs}), dict[str, NDArray[np.float64]])


def test_a_gradient_keeps_the_other_parameters() -> None:
    with pytest.raises(TypeError):
        grad(cube)(2.0, 3, 4)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError):
        grad(cube)(2.0, power=2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def test_the_other_options_of_transforms() -> None:
    assert_type(grad(product, argnums=(0, 1))(2.0, 3.0), Any)
    assert_type(grad(product, argnum=1)(2.0, 3.0), Any)
    assert_type(grad(two, has_aux=True)(2.0), tuple[Any, str])
    assert_type(value_and_grad(two, has_aux=True)(2.0), tuple[tuple[Any, str], Any])
    assert_type(value_and_grad(product, argnums=1)(2.0, 3.0), tuple[Any, Any])


def test_a_value_comes_along() -> None:
    assert_type(value_and_grad(cube)(2.0), tuple[float, float])
    assert_type(value_and_grad(cube)(v), tuple[Value, Value])
    assert_type(value_and_grad(lambda x: x[0] * x[1])(xs), tuple[float, NDArray[np.float64]])
    assert_type(value_and_grad(lambda x: x[0] * x[1])([1.0, 2.0]), tuple[float, list[float]])


def test_jacobians_and_hessians() -> None:
    assert_type(jacobian(cube)(2.0), float)
    assert_type(jacobian(squares)(xs), NDArray[np.float64])
    assert_type(value_and_jacobian(squares)(xs), tuple[Any, Any])
    assert_type(hessian(cube)(2.0), float)
    assert_type(hessian(lambda x: x[0] * x[1])(xs), NDArray[np.float64])
    assert_type(hessian(lambda x: x[0] * x[1])([1, 2]), list[list[float]])


def test_products() -> None:
    assert_type(jvp(product, (2.0, 3.0), (1.0, 0.0)), tuple[Any, Any])
    assert_type(hvp(product, (2.0, 3.0), (1.0, 0.0)), tuple[float, ...])
    _, pull = vjp(product, 2.0, 3.0)
    assert_type(pull(1.0), tuple[Any, ...])


def test_a_compiled_function_answers_numbers_with_numbers() -> None:
    p = compile(product)
    assert_type(p(2.0, 3.0), float)
    assert_type(p(2.0, y=3.0), float)
    assert_type(p.value(2.0, 3.0), float)
    assert_type(p.grad(2.0, 3.0), float)
    assert_type(p.value_and_grad(2.0, 3.0), tuple[float, float])
    assert_type(p.jacobian(2.0, 3.0), float)
    assert_type(p.hessian(2.0, 3.0), float)
    assert_type(p.record(2.0, 3.0), Program)
    assert_type(p(v, 3.0), Value)
    assert_type(p.grad(v, 3.0), Value)
    known: Compiled = p
    assert known is p


def test_compiled_functions_of_arrays() -> None:
    p = compile(squares)
    assert_type(p(xs), NDArray[np.float64])
    assert_type(p.jacobian(xs), NDArray[np.float64])
    assert_type(p(ValueArray([v, v])), ValueArray)
    assert_type(compile(lambda x: x[0] * x[1]).value_and_grad(xs), tuple[float, NDArray[np.float64]])


@compile
def area(width: float, height: float = 2.0) -> float:
    return width * height


@compile(backend="interpreter")
def half(width: float) -> float:
    return width / 2


def test_compile_is_a_decorator_too() -> None:
    assert_type(area(3.0), float)
    assert_type(area.grad(3.0, height=2.0), float)
    assert_type(half(3.0), float)


def test_a_graph_is_compiled_as_a_function_of_its_answer() -> None:
    p = compile_graph(v * v, [v])
    assert_type(p(3.0), float)
    assert_type(p.value_and_grad(3.0), tuple[float, float])
    assert_type(compile_graph(v * v, [v], in_axes=0), Compiled)


def test_of_a_batch_nothing_is_promised() -> None:
    p = compile(product, in_axes=(None, 0))
    assert_type(p, Compiled)
    assert_type(p(2.0, xs), Any)


def test_a_check_is_a_report() -> None:
    assert_type(check_grad(cube, 2.0), GradientCheck)
