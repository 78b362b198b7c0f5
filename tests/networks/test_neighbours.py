"""Networks to PyTorch, ONNX and back: both sides compute the same numbers."""

import numpy as np
import onnx
import onnxruntime
import pytest

from autograd.errors import ArgumentError, MissingExtra, OperandError
from nn import MLP, Layer, PReLU, QuantileNormalization, RReLU, Sequential, Standardization
from nn import activations as act
from nn.neighbours.torch import MODULES

Z = np.concatenate([np.linspace(-6, 6, 49), [-800.0, -45.0, -3.0, -1e-9, 0.0, 1e-9, 3.0, 45.0, 700.0]])


def outputs(model, X):
    return np.array([[v.data for v in row] for row in model(X)])


def network(activation):
    """Inputs as they are, and their differences, through an activation, then mixed."""
    first = Layer.from_weights([[1.0, 0.5, -0.25], [0.0, 0.5, 0.75]], [0.0, 0.25, -0.5], activation)
    return Sequential(first, Layer.from_weights([[1.0, 0.5], [0.25, -0.5], [0.125, 1.0]], None, "linear")).eval()


def grid(name):
    """Pairs of numbers, within the range of functions that grow like exp."""
    z = Z[abs(Z) < 50] if name in ("exp", "square") else Z
    return np.stack([z, z[::-1]], axis=1)


def run(model, X):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": X})[0]


@pytest.mark.parametrize("name", act.names())
def test_every_activation_goes_to_onnx(name, tmp_path):
    model, X = network(name), grid(name)
    written = model.to_onnx(tmp_path / "model.onnx")
    assert onnx.load(tmp_path / "model.onnx") == written
    found = run(written, X)
    scale = np.abs(X).sum(axis=1, keepdims=True).clip(1)
    np.testing.assert_allclose(found / scale, outputs(model, X) / scale, rtol=1e-13, atol=4e-16)
    single = run(model.to_onnx(dtype="float32"), X.astype(np.float32))
    np.testing.assert_allclose(single / scale, outputs(model, X) / scale, rtol=1e-5, atol=1e-6)


def test_scales_go_into_onnx_and_quantiles_do_not():
    X, y = np.array([[1.0, 20.0], [2.0, 50.0], [4.0, 10.0]]), np.array([100.0, 300.0, 200.0])
    model = MLP(2, [3, 1], seed=0)
    model.input_scale, model.target_scale = Standardization().fit(X), Standardization().fit(y)
    expected = model.target_scale.inverse(outputs(model, model.input_scale.transform(X)))
    np.testing.assert_allclose(run(model.to_onnx(), X), expected, rtol=1e-14)
    model.input_scale = QuantileNormalization().fit(X)
    with pytest.raises(ArgumentError, match="QuantileNormalization"):
        model.to_onnx()


@pytest.mark.parametrize("opset", [13, 17, 21])
def test_the_opset_is_chosen(opset):
    model, X = network("mish"), grid("mish")
    written = model.to_onnx(opset=opset)
    assert written.opset_import[0].version == opset
    np.testing.assert_allclose(run(written, X), run(model.to_onnx(), X), rtol=1e-15)
    for wrong in (12, 1000, 17.0, True):
        with pytest.raises(ArgumentError, match="opset is a whole number from 13 to"):
            model.to_onnx(opset=wrong)


def test_what_onnx_has_not_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    with pytest.raises(ArgumentError, match="of your own"):
        network(lambda z: z * 2).to_onnx(path)
    with pytest.raises(ArgumentError, match="float16"):
        network("tanh").to_onnx(path, dtype="float16")
    assert not path.exists()


# -- PyTorch ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*MODULES, "linear", "prelu", "rrelu"])
def test_there_and_back(name):
    torch = pytest.importorskip("torch")
    model = network(name)
    for neuron, slope in zip(model.layers[0].neurons, (0.1, -0.2, 0.3), strict=True):
        if neuron.slope is not None:
            neuron.slope.data = slope
    module, X = model.to_torch(), grid(name)
    found = module(torch.from_numpy(X)).detach().numpy()
    scale = np.abs(X).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found / scale, outputs(model, X) / scale, rtol=1e-13, atol=1e-16)
    again = Sequential.from_torch(module)
    assert repr(again) == repr(model)
    assert again.state_dict() == model.state_dict()
    assert again.biases[1] is None


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("scales", ["input", "target", "input target"])
def test_scales_go_into_the_first_and_the_last_linear(bias, scales):
    torch = pytest.importorskip("torch")
    X = np.array([[1.0, 2000.0], [2.0, 5000.0], [4.0, 1000.0]])
    y = np.array([[1e6, 3.0], [3e6, 2.0], [2e6, 7.0]])
    for sizes in ([3, 2], [2]):
        model = MLP(2, sizes, ["tanh", "linear"][-len(sizes) :], bias=bias, seed=0)
        model.input_scale = Standardization().fit(X) if "input" in scales else None
        model.target_scale = Standardization().fit(y) if "target" in scales else None
        found = model.to_torch()(torch.from_numpy(X)).detach().numpy()
        np.testing.assert_allclose(found, model.predict(X), rtol=1e-13, atol=1e-12)


def test_scales_that_go_into_no_linear_are_refused():
    pytest.importorskip("torch")
    model = MLP(2, [2, 1], "tanh", seed=0)
    model.target_scale = Standardization().fit([1.0, 2.0])
    with pytest.raises(ArgumentError, match="last layer that is linear, and this one's activation is tanh"):
        model.to_torch()
    model.target_scale, model.input_scale = None, QuantileNormalization().fit([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ArgumentError, match="input_scale is a QuantileNormalization"):
        model.to_torch()


def test_float32_keeps_its_values_and_what_has_no_counterpart_is_refused():
    torch = pytest.importorskip("torch")
    nested = torch.nn.Sequential(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.PReLU()), torch.nn.Identity(),
                                 torch.nn.Linear(4, 1))  # fmt: skip
    model = MLP.from_torch(nested)
    assert isinstance(model, MLP)
    x = torch.rand(5, 3)
    np.testing.assert_allclose(outputs(model, x.numpy().astype(float)), nested(x).detach().numpy(), rtol=1e-5)
    assert model.weights[0].astype(np.float32).tolist() == nested[0][0].weight.T.tolist()
    assert [n.slope.data for n in model.layers[0].neurons] == [0.25] * 4
    wrong = torch.nn.Linear(3, 3), torch.nn.LeakyReLU(0.2), torch.nn.Dropout(), torch.nn.Softmax(dim=0)
    with pytest.raises(OperandError, match="Linear"):
        MLP.from_torch(wrong[0])
    for part in wrong[1:3]:
        with pytest.raises(ArgumentError, match=type(part).__name__):
            MLP.from_torch(torch.nn.Sequential(wrong[0], part))
    for parts, says in (((torch.nn.Tanh(),), "before the first"), ((), "at least one layer"),
                        ((wrong[0], torch.nn.Tanh(), torch.nn.Tanh()), "another activation")):  # fmt: skip
        with pytest.raises(ArgumentError, match=says):
            MLP.from_torch(torch.nn.Sequential(*parts))
    for name in ("sin", lambda z: z * 2):
        with pytest.raises(ArgumentError, match="no module"):
            network(name).to_torch()


def test_random_and_learned_slopes_keep_their_settings():
    pytest.importorskip("torch")
    model = network(RReLU(0.2, 0.4))
    module = model.to_torch()
    assert (module[1].lower, module[1].upper, module[1].training) == (0.2, 0.4, False)
    assert MLP.from_torch(module).layers[0].activation.upper == 0.4
    assert network(PReLU(0.5)).to_torch()[1].weight.tolist() == [0.5] * 3


@pytest.mark.parametrize(("package", "use"), [("torch", "to_torch"), ("onnx", "to_onnx")])
def test_a_missing_package_is_one_sentence(package, use, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(MissingExtra, match=f"the extra `{package}`"):
        getattr(MLP(1, [1]), use)()
