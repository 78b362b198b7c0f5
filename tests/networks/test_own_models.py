"""A model of one's own by writing forward() alone: everything that a network can, but a file."""

import copy
import pickle

import numpy as np
import pytest

import nn
from autograd import Value, exp, tanh
from autograd.errors import ArgumentError, GraphError, OperandError
from nn import LBFGS, MLP, Adam, Layer, Module, train
from nn.training.prediction import recorded

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 2))
Y = np.sin(X[:, 0]) * X[:, 1]


class Net(nn.Module):
    """As one writes it for PyTorch."""

    def __init__(self, hidden=4):
        super().__init__()
        self.first = Layer(2, hidden, "linear", seed=0)
        self.rest = [Layer(hidden, hidden, "tanh", seed=1), Layer(hidden, 1, "linear", seed=2)]
        self.gain = Value(1.5)
        self.again = self.gain

    def forward(self, x):
        h = self.first(x)
        return self.gain * self.rest[1](self.rest[0](tanh(h)) + h)


def test_it_computes_trains_and_predicts_like_a_network():
    net, twin = Net(), Net()
    assert len(net.parameters()) == 12 + 20 + 5 + 1
    assert len(net.weight_parameters()) == 8 + 16 + 4
    names = [name for name, _ in net.named_parameters()]
    assert names[0] == "first.layer.neuron1.W₁₁" and names[-1] == "gain" and len(set(names)) == len(names)
    history = net.fit(X, Y, optimiser=Adam(net.parameters(), 0.02), epochs=5, batch_size=6, seed=0)
    losses = train(twin, X, Y, optimiser=Adam(twin.parameters(), 0.02), epochs=5, batch_size=6, seed=0)
    np.testing.assert_allclose(history["training"], losses, rtol=1e-11)
    assert (net.inputs, net.outputs) == (2, 1)
    np.testing.assert_allclose(net.predict(X), [v.data for v in net(X)[:, 0]], rtol=1e-12)
    assert isinstance(net([1.0, 2.0]), Value)
    again = Net()
    again.load_state_dict(net.state_dict())
    assert (again.predict(X, backend="numpy") == net.predict(X, backend="numpy")).all()  # "auto" asks the history
    for copied in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert (copied.predict(X) == net.predict(X)).all()
    with pytest.raises(ArgumentError, match="class Net cannot be saved"):
        net.save("net.npz")
    with pytest.raises(ArgumentError, match="takes 2 inputs"):
        net([1.0])


def test_it_has_the_minimisers_and_an_objective():
    net = Net(2)
    before = net.objective(X, Y).fun(net.objective(X, Y).start)
    history = net.fit(X, Y, optimiser=LBFGS(net.parameters()), epochs=20)
    assert history["training"][-1] < 0.3 * before == pytest.approx(0.3 * history["training"][0])


class Decay(Module):
    def __init__(self):
        self.start, self.rate = Value(1.0), Value(0.1)

    def forward(self, t):
        return self.start * exp(-self.rate * t)


def test_a_formula_of_values_is_a_model():
    decay = Decay()
    with pytest.raises(ArgumentError, match="is known once it is called"):
        _ = decay.inputs
    decay.fit([[0], [1], [2]], [8, 4, 2], optimiser=nn.LevenbergMarquardt(decay.parameters()), epochs=60)
    assert decay.start.data == pytest.approx(8.0)
    assert decay.rate.data == pytest.approx(np.log(2))
    assert decay.predict([[3.0]]) == pytest.approx([1.0])
    assert list(decay.state_dict()) == ["start", "rate"]
    assert repr(decay) == "Decay(2 parameters)"


@pytest.mark.parametrize("returned", [1.0, None, [1.0, 2.0], "a"])
def test_a_forward_that_returns_no_values_is_refused(returned):
    class Odd(Module):
        def __init__(self):
            self.w = Value(1.0)

        def forward(self, x):
            return returned

    for use in (lambda m: m([1.0]), lambda m: m.fit([[1.0]], [1.0]), lambda m: m.predict([[1.0]])):
        with pytest.raises(OperandError, match="forward returns a Value"):
            use(Odd())


def test_networks_among_the_attributes_keep_their_mode():
    class Two(Module):
        def __init__(self):
            self.parts = {"a": MLP(2, [8, 1], ["tanh", "linear"], dropout=0.5, seed=0)}

        def forward(self, x):
            return self.parts["a"](x)

    two = Two()
    two.fit(X, Y, epochs=3)
    assert two.eval().parts["a"].layers[0].training is False
    assert two(X[0]).data == two.predict(X[:1])[0]
    assert two.outputs == 1


class Scaled(Module):
    """A model whose forward goes by a plain number."""

    def __init__(self):
        self.w, self.factor = Value(1.5), 2.0

    def forward(self, x):
        return self.w * x[0] * self.factor


class Weighed:
    """A loss that goes by a plain number."""

    factor = 1.0

    def __call__(self, predictions, targets):
        return nn.mean_squared_error(predictions, targets) * self.factor


def test_what_is_recorded_follows_plain_attributes_of_one_s_own():
    model, loss, stay = Scaled(), Weighed(), {"epochs": 1, "backend": "interpreter"}
    at_rest = nn.SGD(model.parameters(), 0.0)
    for factor in (2.0, 5.0, 2.0):
        model.factor = factor
        expected = [v.data for v in model(X)[:, 0]]
        np.testing.assert_allclose(model.predict(X), expected, rtol=1e-15)
        for loss.factor in (1.0, 10.0):
            history = model.fit(X, Y, loss=loss, optimiser=at_rest, **stay)
            assert history.training[-1] == pytest.approx(loss.factor * np.mean((expected - Y) ** 2), rel=1e-12)


def test_what_is_recorded_follows_activations_of_one_s_own():
    steepness = 1.0
    model = Layer(2, 1, lambda z: tanh(steepness * z), seed=0)
    first = model.predict(X)
    steepness = 3.0
    np.testing.assert_allclose(model.predict(X), np.tanh(3.0 * np.arctanh(first)), rtol=1e-12)
    model = Layer(2, 1, nn.RReLU(0.1, 0.3, seed=0), seed=0)
    below = model.predict(X) < 0
    first, model.activation.upper = model.predict(X), 0.5
    np.testing.assert_allclose(model.predict(X), np.where(below, 1.5 * first, first), rtol=1e-12)


class Masked(Module):
    """Weights computed outside of forward, from a Value that no attribute of the model is."""

    def __init__(self, factor):
        super().__init__()
        self.gain = Value(0.5, name="gain")
        self.weights = lambda: factor  # what is no attribute is no parameter

    def forward(self, x):
        return [self.gain * (x[0] + self.weights()), x[1] * self.weights()]


def test_what_was_computed_before_keeps_its_number_in_training_and_predictions():
    z = Value(1.5, name="z")
    factor = z * z
    y = np.stack([Y, -Y], axis=1)

    def weighted(predictions, targets):
        return factor * nn.mean_squared_error(predictions, targets)

    for z.data in (1.5, 4.0):
        models = [Masked(factor), Masked(factor), Masked(2.25)]
        steps = {"loss": weighted, "epochs": 3}
        history = models[0].fit(X, y, optimiser=nn.GradientDescent(models[0].parameters(), 0.01), **steps)
        losses = train(models[1], X, y, optimiser=nn.GradientDescent(models[1].parameters(), 0.01), **steps)
        np.testing.assert_allclose(history["training"], losses, rtol=1e-12)
        models[2].gain.data = models[0].gain.data
        for backend in ("interpreter", "numpy", "llvm"):
            found = models[0].predict(X, backend=backend)
            np.testing.assert_allclose(found, models[2].predict(X, backend=backend), rtol=1e-14)
        np.testing.assert_allclose(found, [[v.data for v in row] for row in models[0](X)], rtol=1e-12)
        numbers = recorded(models[0]).graph(*X[0])
        np.testing.assert_allclose([v.data for v in numbers], found[0], rtol=1e-12)


def test_what_was_computed_before_from_what_moves_is_refused():
    net, before = Net(2), Net(2).state_dict()
    decay = sum(p * p for p in net.parameters()) * 0.01
    with pytest.raises(GraphError, match="compute it where it is used, such as in the loss or in forward"):
        net.fit(X, Y, loss=lambda p, t: nn.mean_squared_error(p, t) + decay, epochs=2)
    assert net.state_dict() == before
    held = net.parameters()[:-1]  # training that moves none of its leaves may read it
    size = net.gain * 2.0
    history = net.fit(X, Y, loss=lambda p, t: size * nn.mean_squared_error(p, t), optimiser=Adam(held), epochs=1)
    assert len(history["training"]) == 1
