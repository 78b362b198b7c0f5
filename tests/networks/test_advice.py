"""What `fit` and `train` say beforehand, and what other libraries' words are answered with."""

import functools
import math
import warnings
from contextlib import nullcontext, suppress

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, exp
from autograd.errors import ArgumentError, AutogradError, OperandError
from nn import MLP, Layer, Sequential, activations, train

X = np.array([[0.0], [1.0], [2.0], [4.0]])
LOGITS, PROBABILITIES = nn.binary_cross_entropy_with_logits, nn.binary_cross_entropy


@pytest.mark.parametrize("name", activations.names())
def test_what_an_activation_reaches_is_what_it_says(name):
    """Its outputs over a wide grid stay inside, and come near both ends; where there is no end they go far."""
    low, high = activations.activation(name).range
    grid = [*np.linspace(-12, 12, 4001), *np.geomspace(20, 1e4, 60), *-np.geomspace(20, 1e4, 60)]
    layer = Layer.from_weights([[1.0, 0.5]], [0.0, 0.0], name).eval()
    with np.errstate(over="ignore"):
        found = np.array([v.data for x in grid for v in layer([x])])
    assert low <= found.min() and found.max() <= high
    assert found.min() < -9 if low == -math.inf else found.min() - low < 2e-3
    assert found.max() > 9 if high == math.inf else high - found.max() < 2e-3


@pytest.mark.parametrize(("last", "loss", "y", "says"), [
    ("tanh", nn.half_squared_error, [10, 20, 30, 40], "between 10 and 40, but outputs of tanh, .* -1 and 1"),
    ("relu", nn.absolute_error, [-1, 2, 3, 4], "between -1 and 4, but outputs of relu"),
    ("sigmoid", functools.partial(nn.huber, delta=2.0), [0, 2, 1, 1], "make the last layer linear"),
    ("sigmoid", nn.hinge, [-1, 1, 1, 1], "between -1 and 1, but outputs of sigmoid"),
    ("sigmoid", LOGITS, [0, 1, 1, 0], "with_logits takes logits.* sigmoid, which ends at 0 and 1.*or use binary_cross"),
    ("relu", LOGITS, [0, 1, 1, 0], "takes logits.* relu"),
    ("softmax", nn.cross_entropy, [0, 1, 1, 0], "cross_entropy takes logits.* last activation is softmax"),
    ("relu", nn.poisson, [0, 1, 1, 0], "poisson takes the logarithm of a count"),
    ("tanh", PROBABILITIES, [0, 1, 1, 0], "takes probabilities, but the last activation is tanh"),
])  # fmt: skip
def test_what_no_training_reaches_is_said(last, loss, y, says):
    model = Sequential(Layer(1, 3, "tanh", seed=0), Layer(3, 2 if loss is nn.cross_entropy else 1, last, seed=1))
    for way in (type(model).fit, train):
        refused = suppress(AutogradError) if loss is PROBABILITIES else nullcontext()  # the logarithm is nan there
        with refused, np.errstate(all="ignore"), pytest.warns(UserWarning, match=says) as caught:
            way(model, X, np.array(y), loss=loss, epochs=1)
        assert caught[0].filename == __file__


@pytest.mark.parametrize(("last", "loss", "y"), [
    ("tanh", nn.half_squared_error, [-1, 1, 0, 0]), ("relu", nn.mean_squared_error, [0, 3, 4, 5]),
    ("sigmoid", PROBABILITIES, [0, 1, 1, 0]), ("linear", LOGITS, [0, 1, 1, 0]),
    ("log_softmax", nn.cross_entropy, [0, 1, 1, 0]), ("relu", nn.cross_entropy, [0, 1, 1, 0]),
    ("linear", nn.poisson, [0, 1, 5, 0]), (lambda z: z * 1.0, nn.half_squared_error, [9, 9, 9, 9]),
    ("tanh", lambda p, y: nn.mean_squared_error(p, y / 100), [10, 20, 30, 40]),
])  # fmt: skip
def test_nothing_is_said_of_what_can_be(last, loss, y):
    model = Sequential(Layer(1, 3, "tanh", seed=0), Layer(3, 2 if loss is nn.cross_entropy else 1, last, seed=1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, np.array(y), loss=loss, epochs=1)


def test_targets_are_judged_on_the_scale_of_the_model():
    model = MLP(1, [2, 1], "tanh", seed=0)
    model.target_scale = nn.Standardization()
    model.fit(X, [10, 11, 10, 11], epochs=1)
    with pytest.warns(UserWarning, match="outputs of tanh"):
        model.fit(X, [10, 11, 10, 19], epochs=1)


# -- losses that look across the batch ----------------------------------------------------------------


def variance(p, y):
    mean = autograd.sum(list(p.flat)) * (1.0 / p.size)
    return autograd.sum([(a - mean) ** 2 for a in p.flat])


def summed(p, y):
    return autograd.sum([(a - b) ** 2 for a, b in zip(p.flat, y.flat, strict=True)])


@pytest.mark.parametrize(("loss", "says"), [
    (variance, "mean over samples.* of two samples but 0 and 0 of each alone"), (summed, "their sum: divide"),
    (lambda p, y: p[0, 0] ** 2, "of two samples but"),
])  # fmt: skip
def test_a_loss_across_samples_is_refused_and_trains_in_the_loop(loss, says):
    model = MLP(1, [3, 1], ["tanh", "linear"], seed=0)
    before = model.state_dict()
    with pytest.raises(ArgumentError, match=says):
        model.fit(X, [1.0, 2.0, 3.0, 4.0], loss=loss, epochs=1)
    assert (model.state_dict(), model.history) == (before, None)
    assert train(model, X, [1.0, 2.0, 3.0, 4.0], loss=loss, epochs=1)[0] >= 0


def test_a_loss_of_ones_own_that_is_a_mean_is_taken_and_the_trial_draws_nothing():
    def weighed(p, y):
        return nn.mean_squared_error(p, y) * 2.0

    def trained(loss):
        model = MLP(1, [3, 1], ["rrelu", "linear"], seed=0)
        return model.fit(X, [1.0, 2.0, 3.0, 4.0], loss=loss, epochs=3)["training"]

    np.testing.assert_allclose(trained(weighed)[:1], 2 * np.array(trained(nn.mean_squared_error))[:1], rtol=1e-12)
    assert MLP(1, [1], seed=0).fit([[1.0]] * 3, [2.0] * 3, loss=weighed, epochs=1)  # no two that differ


def test_a_sum_by_partial_is_a_sum_in_both_ways():
    def trained(way, loss):
        model = MLP(1, [3, 1], ["tanh", "linear"], seed=0)
        return way(model, X, [1.0, 2.0, 3.0, 4.0], loss=loss, epochs=3), model.state_dict()

    loss = functools.partial(nn.mean_squared_error, reduction="sum")
    (fitted, left), (looped, same) = trained(MLP.fit, loss), trained(train, loss)
    np.testing.assert_allclose(fitted["training"], looped, rtol=1e-12)
    np.testing.assert_allclose(list(left.values()), list(same.values()), rtol=1e-11)
    mean, _ = trained(MLP.fit, functools.partial(nn.half_squared_error, reduction="mean"))
    np.testing.assert_allclose(fitted["training"][0], 2 * mean["training"][0])


# -- words --------------------------------------------------------------------------------------------


def test_other_words_are_taken_or_answered():
    model = MLP(1, [1], seed=0)
    optimiser = nn.SGD(model.parameters(), lr=0.25)
    assert optimiser.learning_rate == 0.25
    assert nn.AdamW(model.parameters(), lr=0.25).learning_rate == 0.25
    model.fit(X, [1, 2, 3, 4], optimizer=optimiser, epochs=1)
    train(model, X, [1, 2, 3, 4], optimizer=optimiser, epochs=1)
    assert optimiser.steps == 2
    with pytest.raises(TypeError):
        nn.SGD(model.parameters(), 0.1, lr=0.2)
    with pytest.raises(TypeError):
        model.fit(X, [1, 2, 3, 4], optimizer=optimiser, optimiser=optimiser)


@pytest.mark.parametrize(("act", "error", "says"), [
    (lambda m: m.fit(X, X[:, 0], lr=0.1), ArgumentError, "fit has no lr=; the rate is the optimiser's"),
    (lambda m: train(m, X, X[:, 0], verbose=1), ArgumentError, "train has no verbose=; progress="),
    (lambda m: nn.SGD(m.parameters()).step(m([1.0])), ArgumentError, "a step takes no loss"),
    (lambda m: nn.SGD(m, 0.1), OperandError, r"such as model.parameters\(\), got MLP"),
    (lambda m: nn.SGD(m.parameters, 0.1), OperandError, r"method parameters: put \(\) behind it"),
    (lambda m: m([1.0]).backward(retain_graph=True), ArgumentError, "always kept"),
    (lambda m: setattr(m.parameters()[0], "grad", None), OperandError, "set it to 0"),
    (lambda m: autograd.grad(m([1.0])), OperandError, r"of a Value it is gradient\(y, x\)"),
    (lambda m: autograd.gradient(exp, 3.0), OperandError, r"of a function it is grad\(f\)\(x\)"),
    (lambda m: autograd.backward([m([1.0])]), OperandError, "one Value, such as a sum"),
    (lambda m: Value(3.0) ^ 2, OperandError, r"x\*\*2"), (lambda m: 2 ^ Value(3.0), OperandError, r"x\*\*2"),
    (lambda m: nn.Linear, AttributeError, "Layer"), (lambda m: nn.foo, AttributeError, "nn has no 'foo'$"),
    (lambda m: __import__(nn.__name__, fromlist=["MSELoss"]), ImportError, "mean_squared_error"),
    (lambda m: __import__(autograd.__name__, fromlist=["numpy"]), ImportError, "import NumPy itself"),
    (lambda m: MLP(2, [1]).predict([1.0, 2.0]), ArgumentError, r"of one sample X\[None\]"),
    (lambda m: m.fit(X, X[:, 0], validation=10), ArgumentError, "a share between 0 and 1"),
    (lambda m: nn.Adam(m.parameters(), betas=(0.9,)), ArgumentError, "pair"),
    (lambda m: m.fit(X, X[:, 0], loss=type("Loss", (), {})), OperandError, "a loss is a function"),
    (lambda m: nn.SGD(m.parameters(), nn.Warmup(1, nn.ExponentialDecay(0.1, 2.0))).rate(2001), ArgumentError,
     "a learning rate is a finite number"),
])  # fmt: skip
def test_habits_are_answered(act, error, says):
    with pytest.raises(error, match=says):
        act(MLP(1, [1], "linear", seed=0))


def test_every_answer_names_what_there_is():
    """Whatever a word is answered with as nn.… or autograd.… exists."""
    import re

    from nn.words import NAMES

    packages = {package.__name__: package for package in (nn, autograd)}
    for name, said in NAMES.items():
        assert name == "MLPRegressor" or name not in nn.__all__
        for package, attribute in re.findall(rf"\b({'|'.join(map(re.escape, packages))})\.(\w+)", said):
            assert attribute in ("sklearn", nn.__name__.rpartition(".")[2]) or hasattr(packages[package], attribute), (
                said
            )


def test_sparse_matrices_and_zeros():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(OperandError, match=r"X.toarray\(\)"):
        MLP(1, [1]).fit(sparse.csr_matrix(X), X[:, 0])
    assert math.copysign(1.0, nn.binary_cross_entropy([1.0], [1.0])) == 1.0
