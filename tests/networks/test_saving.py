"""Models in files: what comes back is what was saved, to the bit; anything damaged is refused."""

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value
from autograd.errors import ArgumentError, FileFormatError
from nn import MLP, Layer, Neuron, Perceptron, PReLU, RReLU, Sequential, train
from nn import activations as act
from nn.saving import FORMAT, describe

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
XOR_Y = np.array([0.0, 1.0, 1.0, 0.0])


def outputs(model, X):
    return [[v.data for v in row] for row in model(X)]


def comes_back(model, folder):
    model.save(folder / "model.npz")
    again = nn.load(folder / "model.npz")
    assert type(again) is type(model)
    assert repr(again) == repr(model)
    assert again.state_dict() == model.state_dict()
    assert describe(again)[0] == describe(model)[0]
    assert sorted(p.name for p in folder.iterdir()) == ["model.npz"]
    return again


@pytest.mark.parametrize("make", [
    lambda: MLP(2, [3, 1], seed=0), lambda: MLP(2, [3, 4, 2], ["relu", "prelu", "softmax"], seed=1, bias=False),
    lambda: Sequential(Layer(2, 3, "gelu", seed=0), Layer(3, 1, "linear", bias=False, seed=1)),
    lambda: Layer(2, 2, PReLU(0.1), seed=0), lambda: Neuron(2, "sigmoid", seed=3),
    lambda: Neuron.from_weights([1.0, 2.0]), lambda: Perceptron([6, 2], 7),
    *(lambda name=name: MLP(2, [2, 2], name, seed=0) for name in act.names()),
])  # fmt: skip
def test_every_kind_comes_back(make, tmp_path):
    model = make().eval()
    again = comes_back(model, tmp_path)
    assert outputs(again, XOR) == outputs(model, XOR)


def test_random_activations_go_on_with_the_same_draws(tmp_path):
    model = MLP(1, [2, 2], RReLU(0.1, 0.5, seed=3), seed=0)
    outputs(model, [[-1.0]])
    again = comes_back(model, tmp_path)
    assert again.layers[0].activation is again.layers[1].activation
    assert outputs(again, [[-1.0], [-2.0]]) == outputs(model, [[-1.0], [-2.0]])


@pytest.mark.parametrize("make", [
    lambda p: nn.GradientDescent(p, 0.1), lambda p: nn.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    lambda p: nn.Adagrad(p, nn.StepDecay(0.1, 2)), lambda p: nn.RMSProp(p, nn.ExponentialDecay(0.1)),
    lambda p: nn.Adam(p[:5], nn.Warmup(3, nn.CosineDecay(0.1, 9))), lambda p: nn.AdamW(p, 0.1, betas=(0.8, 0.9)),
])  # fmt: skip
def test_training_goes_on_from_a_file_to_the_bit(make, tmp_path):
    model = MLP(2, [3, 1], seed=0)
    model.optimiser, model.history = make(model.parameters()), nn.History([1.0], [2.0], [0.5], 4, "epochs")
    train(model, XOR, XOR_Y, optimiser=model.optimiser, epochs=3)
    again = comes_back(model, tmp_path)
    for one in (model, again):
        train(one, XOR, XOR_Y, optimiser=one.optimiser, epochs=4)
    assert again.state_dict() == model.state_dict()
    assert again.optimiser.state_dict() == model.optimiser.state_dict()
    assert again.history == model.history


def test_scales_and_columns_come_back(tmp_path):
    model = MLP(2, [1], seed=0)
    model.columns = ("km", "age")
    model.input_scale = nn.QuantileNormalization("normal").fit([[1.0, 2.0], [2.0, 5.0], [7.0, 3.0]])
    model.target_scale = nn.Standardization()
    again = comes_back(model, tmp_path)
    assert again.columns == ("km", "age")
    assert again.input_scale.to_dict() == model.input_scale.to_dict()
    assert again.target_scale.columns is None


def test_what_has_no_plain_form_is_refused_and_the_old_file_stays(tmp_path):
    path = tmp_path / "model.npz"
    MLP(2, [1], seed=0).save(path)
    before = path.read_bytes()

    class Own(Sequential):
        pass

    own_schedule, foreign = MLP(2, [1]), MLP(2, [1])
    own_schedule.optimiser = nn.SGD(own_schedule.parameters(), lambda t: 0.1)
    foreign.optimiser = nn.SGD([Value(1.0)])
    for model, says in ((MLP(2, [1], lambda z: z * 2), "function of your own"), (Own(Layer(2, 1)), "Own"),
                        (own_schedule, "schedule"), (foreign, "not those of")):  # fmt: skip
        with pytest.raises(ArgumentError, match=says):
            model.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "other.npz")
    with pytest.raises(FileNotFoundError, match=r"nowhere.model\.npz"):
        MLP(2, [1]).save(tmp_path / "nowhere" / "model.npz")


def saved_bytes():
    model = MLP(2, [3, 1], ["prelu", "linear"], seed=0)
    model.optimiser = nn.Adam(model.parameters())
    return archived(*describe(model)), *describe(model)


def archived(description, vectors):
    file = io.BytesIO()
    header = {"format": "glassgrad model", "version": FORMAT.version}
    np.savez_compressed(file, model=np.array(json.dumps({**header, **description})), **vectors)
    return file.getvalue()


WHOLE, DESCRIPTION, VECTORS = saved_bytes()


def loaded(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / f"damaged{os.getpid()}.npz"
    path.write_bytes(content)
    return nn.load(path)


FILES = Path(__file__).with_name("files")


@pytest.mark.parametrize("version", range(1, FORMAT.version + 1))
def test_files_of_every_version_are_read(version, tmp_path):
    """Who raises the version keeps a file of the one before."""
    model = nn.load(FILES / f"model-{version}.npz")
    assert repr(model) == "MLP(2, [3, 2, 1], ['prelu', 'rrelu', 'linear'])"
    assert model.predict([[0.5, -1.25], [0.1, 0.2]]) == pytest.approx(
        [0.3881058251809838, -0.5673468627759239], rel=1e-12
    )
    assert (model.optimiser.steps, model.optimiser.learning_rate) == (3, nn.Warmup(2, nn.StepDecay(0.1, 5)))
    assert model.history["training"] == pytest.approx([16.552133565431582, 11.893065133980103, 7.1149962312373525])
    assert comes_back(model, tmp_path).state_dict() == model.state_dict()


@given(cut=st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_is_refused(tmp_path_factory, cut):
    with pytest.raises(FileFormatError, match="damaged"):
        loaded(tmp_path_factory, WHOLE[:cut])


@given(at=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_means_nothing(tmp_path_factory, at, bit):
    content = bytearray(WHOLE)
    content[at] ^= 1 << bit
    try:
        model = loaded(tmp_path_factory, bytes(content))
    except FileFormatError:
        return
    again, vectors = describe(model)  # a date in the archive, say
    assert again == DESCRIPTION
    assert all((vectors[name] == VECTORS[name]).all() for name in VECTORS)


def rewritten(tmp_path, **changes):
    path = tmp_path / "changed.npz"
    vectors = {name: changes.get(name, vector) for name, vector in VECTORS.items()}
    description = {**DESCRIPTION, **{name: value for name, value in changes.items() if name not in VECTORS}}
    path.write_bytes(archived(description, {n: v for n, v in vectors.items() if v is not None}))
    return path


@pytest.mark.parametrize(("changes", "says"), [
    ({"format": "other"}, "not a saved model"), ({"version": 3}, "version 3 .* update the library"),
    ({"kind": "Forest"}, "whole model"),
    ({"layers": []}, "whole model"), ({"layers": [{}]}, "whole model"), ({"activations": [{"name": "x"}]}, "x"),
    ({"activations": []}, "whole model"), ({"parameters": np.ones(3)}, "3 parameters"),
    ({"parameters": np.ones(16, int)}, "flat array of float64s"),
    ({"parameters": np.ones(17)}, "16 parameters, the file holds 17"), ({"parameters": None}, "whole model"),
    ({"optimiser.mean": np.full(16, np.nan)}, "finite"), ({"optimiser.mean": None}, "whole model"),
    ({"optimiser": {"kind": "Magic"}}, "Magic"), ({"input_scale": {"kind": "Standardization"}}, "settings"),
    ({"history": {}}, "history"), ({"columns": 3}, "whole model"),
])  # fmt: skip
def test_a_file_that_says_nonsense_is_refused(changes, says, tmp_path):
    assert nn.load(rewritten(tmp_path)).state_dict()
    with pytest.raises(FileFormatError, match=says):
        nn.load(rewritten(tmp_path, **changes))


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "x"
    np.save(tmp_path / "one.npy", np.ones(3))
    np.savez(tmp_path / "arrays.npz", a=np.ones(3))
    with zipfile.ZipFile(tmp_path / "text.zip", "w") as archive:
        archive.writestr("model", "hello")
    np.savez(tmp_path / "pickled.npz", model=np.array([{"a": 1}], object))
    path.write_text("no archive")
    for name in ("one.npy", "arrays.npz", "text.zip", "pickled.npz", "x"):
        with pytest.raises(FileFormatError):
            nn.load(tmp_path / name)
