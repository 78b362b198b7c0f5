"""Neurons, layers and networks: what they compute, what they are called, what they refuse."""

import copy
import itertools
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value, deltas, functions, no_grad, scope
from autograd.errors import ArgumentError, NonFiniteError, OperandError
from autograd.order import reachable
from nn import MLP, Layer, Neuron, Perceptron, PReLU, RReLU, Sequential, half_squared_error, with_ones
from nn import activations as act

W1 = [[0.01, 0.05, 0.07], [0.20, 0.041, 0.11], [0.04, 0.56, 0.13]]
W2 = [[0.04, 0.78], [0.40, 0.45], [0.65, 0.23]]
W3 = [[0.04], [0.41]]
X = np.array([[1.4, -1, 0.4], [0.4, -1, 0.1], [5.4, -1, 4], [1.5, -1, 1], [1.8, 1, 1]])


def datas(values):
    return np.vectorize(lambda v: v.data, otypes=[float])(values)


def lecture(bias=None):
    return MLP.from_weights([W1, W2, W3], bias)


def test_the_picnic():
    picnic = Perceptron([6, 2, 3], threshold=7)
    for x in itertools.product((0, 1), repeat=3):
        assert picnic(x).data == (1.0 if np.dot([6, 2, 3], x) > 7 else 0.0)
    assert picnic.threshold == 7
    assert Perceptron([1.0], threshold=0.0)([0.0]).data == 0.0  # at the threshold: 0
    with pytest.raises(NonFiniteError, match="threshold"):
        Perceptron([1.0], threshold=float("inf"))


def test_lecture_without_bias_is_the_matrix_product():
    expected = np.tanh(np.tanh(np.tanh(X @ W1) @ W2) @ W3)
    got = lecture()(X)
    assert got.shape == (5, 1)
    np.testing.assert_allclose(datas(got), expected, rtol=1e-13)


def test_lecture_with_bias_prints_the_slide():
    y = lecture([0.1, 0.1, 0.1])(X[0])
    assert round(y.data, 7) == 0.2023543
    J = half_squared_error(y, 0.45)
    assert round(J.data, 7) == 0.0306642
    assert (J.name, J.scope) == ("J", "loss")


def test_column_of_ones_is_the_bias():
    as_row = Layer.from_weights([*W1, [0.1, 0.1, 0.1]])
    as_b = Layer.from_weights(W1, [0.1, 0.1, 0.1])
    np.testing.assert_allclose(datas(as_row(with_ones(X))), datas(as_b(X)), rtol=1e-14)
    assert with_ones([1.0, 2.0]).tolist() == [1.0, 2.0, 1.0]
    with pytest.raises(ArgumentError, match="shape"):
        with_ones(3.0)


def test_gradients_are_the_matrix_formulas():
    model, y = lecture(), np.array([[0.45], [0.52], [0.25], [0.31], [0.4]])
    half_squared_error(model(X), y).backward()
    a2 = np.tanh(X @ W1)
    a3 = np.tanh(a2 @ W2)
    a4 = np.tanh(a3 @ W3)
    d4 = -(y - a4) * (1 - a4**2)
    d3 = d4 @ np.transpose(W3) * (1 - a3**2)
    d2 = d3 @ np.transpose(W2) * (1 - a2**2)
    for got, expected in zip(model.weight_gradients, (X.T @ d2, a2.T @ d3, a3.T @ d4), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-11)
    assert [layer.bias_gradients for layer in model.layers] == [None] * 3


def test_names_and_scopes_are_the_lectures():
    model = lecture([0.1, 0.1, 0.1])
    names = [name for name, _ in model.named_parameters()]
    expected = []
    for layer, (rows, columns) in ((2, (3, 3)), (3, (3, 2)), (4, (2, 1))):
        up = "¹²³"[layer - 2]
        for j in range(columns):
            at = f"layer{layer}.neuron{j + 1}"
            expected += [f"{at}.W{up}{'₁₂₃'[i]}{'₁₂₃'[j]}" for i in range(rows)] + [f"{at}.b{up}{'₁₂₃'[j]}"]
    assert names == expected
    found = {(n.name, n.scope) for n in reachable(model([1.0, 2.0, 3.0]))}
    assert {("x₁", "layer1"), ("z²₁", "layer2.neuron1"), ("a²₃", "layer2.neuron3"), ("a⁴₁", "layer4.neuron1")} <= found
    assert {("W²₃₁", "layer3.neuron1"), ("b³₁", "layer4.neuron1")} <= found
    assert len(found) == 3 + 23 + 2 * 6  # inputs, parameters, z and a of each neuron


def test_indices_of_two_digits_stay_apart():
    model = MLP(12, [11, 1], seed=0)
    names = [name for name, _ in model.named_parameters()]
    assert "layer2.neuron1.W¹₁₁" in names
    assert "layer2.neuron1.W¹₁₁,₁" in names
    assert len(set(names)) == len(names)


def test_linear_is_one_node_named_z():
    y = Layer(2, 1, "linear", seed=0)([1.0, 2.0])
    assert (y.name, y.op.name) == ("z₁", "dot")
    n = Neuron(2, seed=0)
    assert [name for name, _ in n.named_parameters()] == ["neuron.w₁", "neuron.w₂", "neuron.b"]
    assert (n([1, 2]).name, n([1, 2]).operands[0].name) == ("a", "z")


def test_delta_of_z_is_beside_the_graph():
    model = lecture()
    y = model(X[0])
    J = half_squared_error(y, 0.45)
    z = y.operands[0]
    assert z.name == "z⁴₁"
    assert deltas(J)[z] == pytest.approx(-(0.45 - y.data) * (1 - y.data**2), rel=1e-13)


def test_scopes_nest_and_own_functions_stay_in_the_neuron():
    layer = Layer(1, 1, lambda z: z * z + 1, seed=0)
    with scope("twin"):
        y = layer([2.0])
    assert (y.name, y.scope) == ("a₁", "twin.layer.neuron1")
    assert y.operands[0].scope == "twin.layer.neuron1"
    assert layer([2.0]).scope == "layer.neuron1"
    with scope("twin"):
        plain = MLP(1, [1], "tanh", seed=0)([2.0])
    assert [n.scope for n in (plain, plain.operands[0])] == ["twin.layer2.neuron1"] * 2
    same = Layer(1, 1, lambda z: z, seed=0)([2.0])
    assert same.name == "z₁"
    with pytest.raises(OperandError, match="must return a Value"):
        Layer(1, 1, lambda z: 1.0, seed=0)([2.0])


def test_calls_take_samples_and_batches():
    model = MLP(2, [3, 2], seed=0)
    one = model([1.0, 2.0])
    assert isinstance(one, list)
    assert len(one) == 2
    for batch in (np.array([[1.0, 2.0], [3.0, 4.0]]), [[1.0, 2.0], (3.0, 4.0)], [np.array([1, 2]), [3, 4]]):
        answer = model(batch)
        assert answer.shape == (2, 2)
        assert [v.data for v in answer[0]] == [v.data for v in one]
    x = Value(1.0, name="mine")
    model([x, 2])[0].backward()
    assert x.grad != 0
    assert x.name == "mine"
    with no_grad():
        assert model([1.0, 2.0])[0].is_detached


@pytest.mark.parametrize("x", [[1.0], [1.0, 2.0, 3.0], np.ones(3), np.ones((4, 3)), [[1.0, 2.0], [1.0]], []])
def test_wrong_width_says_both(x):
    with pytest.raises(ArgumentError, match=r"takes 2 inputs, got a sample of \d"):
        MLP(2, [1], seed=0)(x)


@pytest.mark.parametrize("x", [3.0, Value(1.0), "ab", None, ["1", "2"], [None, 1.0]])
def test_what_is_not_numbers_is_refused(x):
    with pytest.raises(OperandError):
        MLP(2, [1], seed=0)(x)


def test_composition_checks_before_it_names():
    a, b = Layer(2, 3, seed=0), Layer(2, 1, seed=0)
    with pytest.raises(ArgumentError, match="layer 2 has 3 outputs but layer 3 takes 2"):
        Sequential(a, b)
    assert a.number is None
    assert a.neurons[0].w[0].name == "W₁₁"
    model = Sequential(a, Layer(3, 1, seed=1))
    with pytest.raises(ArgumentError, match="layer 2 of a network already"):
        Sequential(Layer(2, 2), a)
    again = Layer.from_weights(a.weights, a.bias, a.activation)
    np.testing.assert_array_equal(Sequential(Layer(2, 2), again).weights[1], model.weights[0])
    twin = Layer(2, 2)
    with pytest.raises(ArgumentError, match="twice"):
        Sequential(twin, twin)
    with pytest.raises(ArgumentError, match="at least one"):
        Sequential()
    with pytest.raises(OperandError, match="made of Layers"):
        Sequential(Neuron(2))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Neuron(0), "inputs"), (lambda: Layer(2, True), "outputs"), (lambda: MLP(2, []), "sizes"),
        (lambda: MLP(2, 3), "sizes"), (lambda: MLP(2, [1.5]), "neurons"),
        (lambda: MLP(2, [1, 1], ["tanh"]), "2 layers"),
        (lambda: MLP(2, [1], "tnah"), "did you mean 'tanh'"),
        (lambda: MLP(2, [1], init="xaver_normal"), "xavier_normal"),
        (lambda: MLP(2, [1], seed=-1), "seed"), (lambda: Neuron(2, "softmax"), "whole layer"),
        (lambda: Layer.from_weights([1.0, 2.0]), "inputs × outputs"),
        (lambda: Layer.from_weights([[1], [1, 2]]), "matrix"),
        (lambda: Layer.from_weights([[1.0]], [1.0, 2.0]), "each of 1 neurons"),
        (lambda: MLP.from_weights([W1], [1, 2]), "as many"),
        (lambda: Layer(2, 1, init=lambda i, o, rng: np.ones((o, i))), "initialiser answers"),
    ],
)  # fmt: skip
def test_bad_arguments(make, says):
    with pytest.raises(ArgumentError, match=says):
        make()
    with pytest.raises(OperandError):
        act.activation(3)


def test_set_weights_is_all_or_nothing():
    model = MLP(3, [3, 2, 1], seed=0)
    before = model.state_dict()
    for weights, biases in (([W1, W2], None), ([W1, W2, W2], None), ([W1, W2, W3], [0.1, 0.1, [1, 2]])):
        with pytest.raises(ArgumentError):
            model.set_weights(weights, biases)
        assert model.state_dict() == before
    model.set_weights([W1, W2, W3], [0.1, None, [0.3]])
    assert [m.tolist() for m in model.weights] == [W1, W2, W3]
    assert [b.tolist() for b in model.biases] == [[0.1] * 3, [0.0] * 2, [0.3]]
    model.weights = [np.zeros((3, 3)), W2, W3]
    assert not model.weights[0].any()
    with pytest.raises(ArgumentError, match="no bias"):
        lecture().layers[0].bias = 0.1


def test_state_dict_round_trip_and_refusals():
    model, other = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], seed=1)
    state = json.loads(json.dumps(model.state_dict()))
    other.load_state_dict(state)
    assert other([1, 2]).data == model([1, 2]).data
    name = "layer2.neuron1.b¹₁"
    before = other.state_dict()
    wrong = {**dict.fromkeys(state, 9.0), "W9": 1.0}
    del wrong[name]
    with pytest.raises(ArgumentError, match=f"missing {name}; unexpected W9"):
        other.load_state_dict(wrong)
    with pytest.raises(OperandError, match="parameter layer3"):
        other.load_state_dict({**dict.fromkeys(state, 9.0), "layer3.neuron1.b²₁": [1.0]})
    with pytest.raises(ArgumentError, match=r"unexpected .* more"):
        other.load_state_dict(MLP(5, [5, 1]).state_dict())
    assert other.state_dict() == before
    other.layers[0].neurons[0].w[0].name = "km"  # for a picture
    other.load_state_dict(state)


def test_zero_grad_parameters_and_copies():
    model = MLP(2, [3, 1], ["relu", "prelu"], seed=0)
    assert [id(p) for _, p in model.named_parameters()] == [id(p) for p in model.parameters()]
    assert len(model.parameters()) == 9 + 4 + 1
    model([1, 2]).backward()
    assert any(p.grad for p in model.parameters())
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data
        twin.parameters()[0].data += 1
        assert twin.parameters()[0].data != model.parameters()[0].data
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_copy_keeps_a_function_of_ones_own_whatever_its_name():
    def tanh(z):
        return z * 2

    model = Layer(1, 1, tanh, seed=0)
    assert copy.deepcopy(model)([1.0]).data == model([1.0]).data == 2 * model.weights[0, 0]


@pytest.mark.parametrize("name", [n for n in act.names() if n not in ("rrelu", "prelu", "linear", *act.WHOLE_LAYER)])
@given(z=st.floats(-3, 3))
def test_every_activation_is_its_function(name, z):
    a = Neuron.from_weights([1.0], 0.0, name)([z])
    assert a.data == getattr(functions, name)(z) or a.data != a.data
    assert (a.name, a.scope, len(a.operands[0].operands)) == ("a", "neuron", 3)
    assert act.activation(getattr(functions, name)).name == name


def test_aliases_and_functions():
    assert act.activation("Swish").name == "silu"
    assert act.activation(None).name == act.activation("identity").name == "linear"
    assert Neuron.from_weights([1.0], None, np.tanh)([0.5]).data == functions.tanh(0.5)


def test_softmax_layer():
    layer = Layer.from_weights(W1, 0.0, "softmax")
    out = layer([1.0, -2.0, 0.5])
    e = np.exp(np.array([1.0, -2.0, 0.5]) @ W1)
    np.testing.assert_allclose([a.data for a in out], e / e.sum(), rtol=1e-13)
    assert [(a.name, a.scope) for a in out] == [(f"a{s}", f"layer.neuron{i}") for i, s in enumerate("₁₂₃", 1)]


def test_prelu_learns_its_slope():
    n = Neuron.from_weights([1.0], None, PReLU(0.5))
    n([-2.0]).backward()
    assert n.slope.grad == -2.0
    assert [name for name, _ in n.named_parameters()] == ["neuron.w₁", "neuron.α"]


def test_rrelu_draws_while_training_and_repeats_by_seed():
    def outputs(model):
        return [model([-1.0]).data for _ in range(5)]

    def made(seed):
        return MLP(1, [2, 1], ["rrelu", "linear"], seed=seed)

    assert outputs(made(3)) == outputs(made(3))
    n = Neuron.from_weights([1.0], None, RReLU(seed=0))
    drawn = outputs(n)
    assert len(set(drawn)) == 5
    assert all(-1 / 3 <= y <= -1 / 8 for y in drawn)
    model = made(0)
    model.layers[0].weights = [[1.0, 2.0]]  # so that z is below 0
    assert len(set(outputs(model.eval()))) == 1
    assert len(set(outputs(model.train()))) > 1
    with pytest.raises(ArgumentError, match="lower"):
        RReLU(1.0, 0.5)


def test_reprs():
    assert repr(MLP(3, [2, 1], ["relu", "linear"])) == "MLP(3, [2, 1], ['relu', 'linear'])"
    assert repr(Sequential(Layer(2, 1, bias=False))) == "Sequential(Layer(2, 1, 'relu', bias=False))"
    assert repr(Neuron(2)) == "Neuron(2, 'relu')"
    assert repr(Perceptron([6, 2], 7)) == "Perceptron([6.0, 2.0], threshold=7.0)"


def test_public_names_exist():
    assert len(set(nn.__all__)) == len(nn.__all__)
    for name in nn.__all__:
        assert getattr(nn, name).__doc__


def test_learned_slopes_are_a_vector_too():
    layer = Layer(2, 3, "prelu", seed=0)
    assert layer.slopes.tolist() == [0.25] * 3
    layer.slopes = [0.1, 0.2, 0.3]
    assert [neuron.slope.data for neuron in layer.neurons] == [0.1, 0.2, 0.3]
    assert Layer(2, 3, "tanh").slopes is None
    with pytest.raises(ArgumentError, match="learns no slopes: its activation would have to be 'prelu'"):
        Layer(2, 3, "tanh").slopes = 0.5
    with pytest.raises(ArgumentError, match="slopes has one number for each of 3 neurons, got shape \\(2,\\)"):
        layer.slopes = [1, 2]


@pytest.mark.parametrize("given", [([[1.0]],), ([[1.0]], [2.0]), (np.ones((3, 1)), np.ones(3)), (1,), ("yes",)])
def test_the_mode_is_no_place_for_data(given):
    model = MLP(1, [1], seed=0).eval()
    with pytest.raises(ArgumentError, match=r"takes no data: .* model\.fit\(X, y, …\) or nn\.train\(model, X, y, …\)"):
        model.train(*given)
    with pytest.raises(ArgumentError, match="takes no data"):
        model.train(epochs=3)
    assert not model.training
    assert model.train().training
