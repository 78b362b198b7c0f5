"""`model.to_c`: what `predict` computes as C, weights and scales inside, in both precisions; derivatives along x."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest

from autograd import compile, jacobian
from autograd.errors import ArgumentError, GraphError
from demos.cars import load_cars
from nn import MLP, Adam, Layer, QuantileNormalization, Sequential, Standardization
from nn.activations import ELEMENTWISE
from nn.training.prediction import recorded
from tests.support.compilers import COMPILERS, called, compiled, run_compiler

CLOSE = {"float64": 1e-12, "float32": 1e-6}


@pytest.fixture(scope="module")
def cars():
    """The demo's network on its scales, and what it was trained on."""
    table = load_cars()
    X = np.hstack([table.measures, table.one_hot])
    model = MLP(5, [6, 1], ["tanh", "linear"], seed=1)
    model.input_scale, model.target_scale = Standardization(), Standardization()
    model.optimiser = Adam(model.parameters(), learning_rate=0.01)
    model.fit(X, table.price, epochs=5, batch_size=32, seed=0)
    return model, X


def assert_predicts(model, X, folder, dtype):
    library = compiled(model.to_c(name="net", dtype=dtype), folder)
    (got,) = called(library, "net", X, model.outputs, dtype=dtype)
    expected = model.predict(X).reshape(len(X), -1)
    assert np.abs(got - expected).max() <= CLOSE[dtype] * np.abs(expected).max()


@pytest.mark.parametrize("dtype", CLOSE)
def test_the_cars_network_predicts_the_same(cars, dtype, tmp_path):
    model, X = cars
    assert_predicts(model, X, tmp_path, dtype)


@pytest.mark.parametrize("dtype", CLOSE)
def test_the_cars_network_is_small(cars, dtype, tmp_path):
    source = cars[0].to_c(name="car", dtype=dtype)
    assert len(source) <= 4096
    (tmp_path / "f.c").write_text(source, "ascii")
    run_compiler("gcc", "-std=c99", "-Os", "-c", "f.c", "-o", "f.o", folder=tmp_path)
    told = subprocess.run(["size", "-A", "f.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    sizes = dict(re.findall(r"^(\.\S+)\s+(\d+)", told, re.MULTILINE))
    assert sum(int(size) for name, size in sizes.items() if name.startswith((".text", ".rodata"))) <= 1024


@pytest.mark.parametrize("name", [*ELEMENTWISE, "prelu", "rrelu"])
def test_every_activation_goes_to_c(name, tmp_path):
    model = MLP(3, [6, 2], [name, "linear"], seed=2)
    X = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32).astype(float)
    for dtype in CLOSE:
        (tmp_path / dtype).mkdir()
        assert_predicts(model, X, tmp_path / dtype, dtype)


@pytest.mark.parametrize("last", ["softmax", "log_softmax"])
def test_a_layer_of_classes_goes_to_c(last, tmp_path):
    model = Sequential(Layer(4, 7, "relu", seed=1), Layer(7, 3, last, seed=2))
    X = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32).astype(float)
    for dtype in CLOSE:
        (tmp_path / dtype).mkdir()
        assert_predicts(model, X, tmp_path / dtype, dtype)


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_quantiles_go_along(distribution, tmp_path):
    dice = np.random.default_rng(0)
    X = dice.normal(size=(40, 2))
    model = MLP(2, [4, 2], ["tanh", "linear"], seed=1)
    model.input_scale = QuantileNormalization(distribution).fit(X)
    model.target_scale = QuantileNormalization(distribution).fit(np.exp(X))
    beyond = np.vstack([X, X[:5], [[-9.0, 9.0], [X[0, 0], 0.0]]])
    assert_predicts(model, beyond, tmp_path, "float64")


def test_an_unfitted_scale_is_refused():
    model = MLP(2, [3, 1], seed=0)
    model.input_scale = Standardization()
    with pytest.raises(GraphError, match="was not fitted"):
        model.to_c()


@pytest.mark.parametrize("what", ["gradient", "jacobian", "hessian"])
@pytest.mark.parametrize("dtype", CLOSE)
def test_derivatives_are_along_x_alone(cars, what, dtype, tmp_path):
    model, X = cars
    X = X[:20]
    library = compiled(model.to_c(name="car", what=what, dtype=dtype), tmp_path)
    sizes = (1, 5, 25) if what == "hessian" else (1, 5)
    got = called(library, f"car_{what}", X, *sizes, dtype=dtype)
    price = compile(lambda x: recorded(model).graph(*x)[0], in_axes=0, backend="numpy")
    expected = [model.predict(X), price.grad(X), price.hessian(X)]
    for one, other in zip(got, expected, strict=False):
        scale = np.abs(other).reshape(len(X), -1).max(axis=0)
        assert (np.abs(one - other.reshape(len(X), -1)) <= 4 * CLOSE[dtype] * scale).all()  # of sums of sums
    eager = jacobian(lambda x: recorded(model).graph(*x)[0])(X[0])
    np.testing.assert_allclose(got[1][0], eager, rtol=10 * CLOSE[dtype])


@pytest.mark.parametrize("header", [True, False])
def test_it_writes_a_file_and_its_header(cars, header, tmp_path):
    model, _ = cars
    source = model.to_c(tmp_path / "car.c", name="car", header=header)
    assert (tmp_path / "car.c").read_text() == source
    assert (tmp_path / "car.h").exists() == header
    if header:
        (tmp_path / "main.c").write_text('#include "car.h"\nint main(void) { double y; car(0, &y); return 0; }\n')
        run_compiler("gcc", *COMPILERS["gcc"], "-c", "main.c", "-o", "main.o", folder=tmp_path)


def test_nothing_is_written_where_something_is_refused(cars, tmp_path):
    for wrong in ({"name": "double"}, {"dtype": "float16"}, {"what": "slope"}):
        with pytest.raises(ArgumentError):
            cars[0].to_c(tmp_path / "car.c", **wrong)
    assert list(tmp_path.iterdir()) == []


def test_columns_are_named_in_the_comment(cars):
    pandas = pytest.importorskip("pandas")
    model = MLP(2, [3, 1], seed=0)
    model.fit(pandas.DataFrame({"km": [1.0, 2.0, 4.0], "age": [3.0, 1.0, 2.0]}), [1.0, 2.0, 3.0], epochs=1)
    assert " * x[1] is age\n" in model.to_c()


def test_a_model_keeps_its_mode():
    model = MLP(2, [3, 1], ["rrelu", "linear"], seed=0).train()
    assert model.to_c() == model.to_c()
    assert all(part.training for part in model._parts())
