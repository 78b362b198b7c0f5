"""What type checkers are told of networks, and what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd import Value
from nn import (
    MLP,
    Adam,
    History,
    Neuron,
    Perceptron,
    binary_cross_entropy,
    cross_entropy,
    half_squared_error,
    hinge,
    huber,
    mean_squared_error,
    quantile,
    train,
    with_ones,
)

if TYPE_CHECKING:
    from typing import assert_type
else:
    from tests.support.typed import assert_type

model = MLP(2, [3, 1], activation="tanh", seed=1)
X, y = [[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0]


def test_an_output_is_one_number_or_a_list() -> None:
    assert_type(model([1.0, 2]), Value | list[Value])
    assert_type(model(X), NDArray[np.object_])
    assert_type(Neuron(2)([1.0, Value(2.0)]), Value)
    assert_type(Perceptron([1, 2], 3)([1, 0]), Value)


def test_parameters_and_training() -> None:
    assert_type(model.parameters(), list[Value])
    assert_type(model.state_dict(), dict[str, float])
    assert_type(model.fit(X, y, epochs=1), History)
    assert_type(train(model, X, y, epochs=1, optimiser=Adam(model.parameters())), list[float])
    assert_type(model.eval(), MLP)
    assert_type(model.predict(X), np.ndarray[Any, Any])


def test_a_loss_of_values_is_one_and_of_numbers_a_number() -> None:
    outputs = model(X)
    assert_type(mean_squared_error(outputs, y), Value)
    assert_type(half_squared_error(model([1.0, 2]), 0.5), Value)
    assert_type(hinge([Neuron(2)([1.0, 2.0])], [1]), Value)
    assert_type(cross_entropy(MLP(2, [2])(X), [0, 1], reduction="sum"), Value)
    assert_type(huber(outputs, y, delta=2.0), Value)
    assert_type(quantile([0.5, 1.0], [1, 2], 0.1), float)
    assert_type(mean_squared_error([0.5, 1.0], [1, 2]), float)
    assert_type(cross_entropy([[0.5, 1.0], [1, 2]], [0, 1]), float)
    assert_type(binary_cross_entropy(0.5, 1), float)
    assert_type(with_ones([[1.0, 2.0]]), NDArray[Any])
