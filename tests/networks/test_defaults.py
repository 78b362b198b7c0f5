"""What a network is where one only says its sizes: relu, a linear end, weights that fit; and that it learns."""

import math
import warnings

import numpy as np
import pytest

import nn
from autograd.errors import ArgumentError
from nn import MLP, SGD, Layer, Neuron, RReLU, Sequential, Standardization, hinge
from nn import activations as act
from nn.initialise import RECTIFIERS


def names(model):
    return [layer.activation.name for layer in model.layers]


# -- which functions --------------------------------------------------------------------------------------


def test_hidden_layers_are_relu_and_the_last_is_linear():
    assert names(MLP(2, [16, 16, 1])) == ["relu", "relu", "linear"]
    assert names(MLP(2, [3])) == ["linear"]


def test_one_name_is_for_all_layers():
    assert names(MLP(2, [3, 1], "tanh")) == ["tanh", "tanh"]
    assert names(MLP(2, [3, 1], None)) == ["linear", "linear"]


def test_alone_they_are_relu_and_from_weights_tanh():
    assert Layer(2, 3).activation.name == Neuron(2).activation.name == "relu"
    assert names(Sequential(Layer(2, 3), Layer(3, 1))) == ["relu", "relu"]
    assert names(MLP.from_weights([[[1.0]], [[1.0]]])) == ["tanh", "tanh"]
    assert Layer.from_weights([[1.0]]).activation.name == Neuron.from_weights([1.0]).activation.name == "tanh"


@pytest.mark.parametrize(
    ("given", "layers", "found"),
    [
        (["tanh", ..., "sigmoid"], 1, ["sigmoid"]),
        (("tanh", ..., "sigmoid"), 4, ["tanh", "tanh", "tanh", "sigmoid"]),
        (["gelu", "tanh", ..., "linear"], 4, ["gelu", "tanh", "tanh", "linear"]),
        (["gelu", ...], 2, ["gelu", "gelu"]),
    ],
)
def test_three_dots_repeat_what_stands_before(given, layers, found):
    assert names(MLP(2, [2] * layers, given)) == found


@pytest.mark.parametrize(
    ("given", "layers", "says"),
    [
        ([..., "relu"], 2, "repeats the activation before it"), (["relu", ..., ...], 2, "once in a list"),
        (["relu", "tanh", ..., "linear"], 1, "there are 1 layers, got 2 activations"),
    ],
)  # fmt: skip
def test_three_dots_that_repeat_nothing_are_refused(given, layers, says):
    with pytest.raises(ArgumentError, match=says):
        MLP(2, [2] * layers, given)


# -- where the weights start ------------------------------------------------------------------------------


def test_weights_start_as_fits_their_layer():
    model = MLP(100, [150, 60], seed=0)
    hidden, last = model.weights
    for W, variance in ((hidden, 2 / 100), (last, 2 / (150 + 60))):
        assert W.std() == pytest.approx(math.sqrt(variance), rel=0.02)
        assert np.abs(W).max() == pytest.approx(math.sqrt(3 * variance), rel=1e-3)  # uniform
        assert abs(W.mean()) < 0.01
    assert not np.any(np.concatenate(model.biases))


@pytest.mark.parametrize("name", act.names())
def test_every_activation_has_a_start_that_fits(name):
    fits = "he_uniform" if name in RECTIFIERS else "lecun_uniform" if name == "selu" else "xavier_uniform"
    for given in (name, name.upper()):
        assert Layer(3, 2, given, init=fits, seed=1).weights.tolist() == Layer(3, 2, given, seed=1).weights.tolist()


def test_a_start_that_is_named_or_a_function_of_ones_own():
    def relu(z):
        return z

    drawn = Layer(3, 2, "tanh", seed=1).weights.tolist()
    assert Layer(3, 2, relu, seed=1).weights.tolist() == drawn  # a name is not enough
    assert Layer(3, 2, "relu", init="xavier_uniform", seed=1).weights.tolist() == drawn
    assert Layer(3, 2, RReLU(), seed=1).weights.tolist() == Layer(3, 2, "relu", seed=1).weights.tolist()
    assert Neuron(3, seed=1).w[0].data == Neuron(3, "relu", init="he_uniform", seed=1).w[0].data


def test_what_flows_through_many_layers_keeps_its_size():
    """He et al. 2015: with half the variance, twenty layers of relu would divide its square by 2²⁰."""
    model = MLP(30, [30] * 20, activation="relu", seed=0)
    flowing = np.random.default_rng(0).normal(size=(50, 30))
    for W in model.weights:
        flowing = np.maximum(flowing @ W, 0.0)
    assert 0.02 < np.mean(flowing**2) < 50.0


# -- that it learns ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_regression_comes_as_near_as_least_squares(seed):
    random = np.random.default_rng(0)
    x = random.uniform(-2, 2, 200)
    y = 3 * x + 2 + random.normal(0, 0.1, 200)
    model = MLP(1, [16, 1], seed=seed)
    model.fit(x[:, None], y, epochs=500)
    line = np.polyval(np.polyfit(x, y, 1), x)
    assert np.mean((model.predict(x[:, None]) - y) ** 2) < 1.2 * np.mean((line - y) ** 2)


def moons(samples=100, noise=0.1):
    """Two half circles, as micrograd's demonstration has them from scikit-learn."""
    around = np.linspace(0, np.pi, samples // 2)
    outer = np.column_stack([np.cos(around), np.sin(around)])
    X = np.concatenate([outer, [1.0, 0.5] - outer])
    return X + np.random.default_rng(1).normal(0, noise, X.shape), np.repeat([-1.0, 1.0], samples // 2)


def test_micrograds_demonstration_finds_the_border():
    """Its network, loss, penalty, rates and number of steps: 100 % there."""
    X, y = moons()
    model = MLP(2, [16, 16, 1], seed=1)
    optimiser = SGD(model.parameters(), lambda step: 1.0 - 0.9 * step / 100, weight_decay=2e-4)
    history = model.fit(X, y, loss=hinge, optimiser=optimiser, epochs=100)
    assert np.mean((model.predict(X) > 0) == (y > 0)) == 1.0
    assert history.training[-1] < 0.02


# -- where it does not, it says so ------------------------------------------------------------------------

FAR, TARGETS = [[0.0], [1.0], [2.0]], [10.0, 20.0, 30.0]


@pytest.mark.parametrize("how", [nn.train, MLP.fit, lambda *given, **more: MLP.fit(*given, **more, batch_size=2)])
def test_a_layer_that_nothing_moves_is_warned_of(how):
    with pytest.warns(UserWarning, match=r"stands still: .* all parameters of Layer\(1, 8, 'relu'\)") as told:
        how(MLP(1, [8, 1], seed=0), FAR, TARGETS, epochs=60)
    assert len(told) == 1


def test_its_advice_helps_and_what_has_learned_is_not_warned_of():
    model = MLP(1, [8, 1], seed=0)
    model.input_scale, model.target_scale = Standardization(), Standardization()
    with warnings.catch_warnings(action="error"):
        model.fit(FAR, TARGETS, epochs=200)
        MLP(1, [1], "relu", seed=2).fit([[1.0]], [0.0], epochs=300)  # no loss left, and no derivative
    assert model.predict(FAR) == pytest.approx(TARGETS, abs=1e-2)


def test_the_warning_names_the_line_that_trained():
    for how in (MLP.fit, nn.train):
        with pytest.warns(UserWarning, match="stands still") as told:
            how(MLP(1, [8, 1], seed=0), FAR, TARGETS, epochs=60)
        assert told[0].filename == __file__
