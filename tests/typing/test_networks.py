"""What type checkers are told of networks, and what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd import Value
from nn import MLP, Adam, History, Neuron, Perceptron, train

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
