"""Estimators and their pipelines as ONNX: what another runtime answers is what `predict` does."""

import numpy as np
import onnxruntime
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from autograd.errors import ArgumentError
from nn.sklearn import MLPClassifier, MLPRegressor, register_converters

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
LABELS = {
    "two numbers": (Y == 2).astype(int), "numbers": 10 * Y - 5, "words": np.array(["a", "bé", "c"])[Y],
    "two words": np.array(["no", "yes"])[(Y == 1).astype(int)], "several": np.stack([Y > 0, X[:, 0] > 6, Y == 1], 1),
}  # fmt: skip
SETTINGS = {"hidden_layer_sizes": (5,), "max_iter": 15, "learning_rate_init": 0.05, "random_state": 0}


def run(model, **given):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, given)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("opset", [13, 17, 21])
def test_labels_and_probabilities(labels, opset, tmp_path):
    model = MLPClassifier(**SETTINGS).fit(X, LABELS[labels])
    path = tmp_path / "model.onnx"
    written = model.to_onnx(path, opset=opset)
    assert path.read_bytes() == written.SerializeToString()
    label, probabilities = run(written, x=X)
    assert label.tolist() == model.predict(X).tolist()
    np.testing.assert_allclose(probabilities, model.predict_proba(X), rtol=1e-12)
    single = run(model.to_onnx(dtype="float32"), x=X.astype(np.float32))[1]
    np.testing.assert_allclose(single, model.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(("labels", "times"), [("two numbers", 8.0), ("several", 12.0)])
def test_small_probabilities_keep_their_digits(labels, times):
    model = MLPClassifier(**SETTINGS).fit(X, LABELS[labels])
    model.model_.set_weights([times * W for W in model.model_.weights])
    expected = model.predict_proba(X)
    assert 0 < expected.min() < 1e-15
    np.testing.assert_allclose(run(model.to_onnx(), x=X)[1], expected, rtol=1e-9)


def test_a_regressor_and_one_of_counts():
    model = MLPRegressor(**SETTINGS).fit(X, X[:, :2])
    np.testing.assert_allclose(run(model.to_onnx(), x=X)[0], model.predict(X), rtol=1e-12)
    model = MLPRegressor(**SETTINGS, loss="poisson").fit(X, Y)
    np.testing.assert_allclose(run(model.to_onnx(), x=X)[0][:, 0], model.predict(X), rtol=1e-12)


def test_labels_that_onnx_has_not_are_refused():
    model = MLPClassifier(**SETTINGS).fit(X, Y == 1)
    with pytest.raises(ArgumentError, match="labels in ONNX are whole numbers or strings"):
        model.to_onnx()


# -- pipelines --------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", LABELS)
def test_a_pipeline_with_a_classifier(labels):
    skl2onnx = pytest.importorskip("skl2onnx")
    register_converters()
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(**SETTINGS)).fit(X, LABELS[labels])
    written = skl2onnx.to_onnx(pipeline, X, options={"zipmap": False}, target_opset=17)
    label, probabilities = run(written, X=X)
    assert label.tolist() == pipeline.predict(X).tolist()
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), rtol=1e-12)
    _, by_name = run(skl2onnx.to_onnx(pipeline, X.astype(np.float32), target_opset=17), X=X.astype(np.float32))
    assert list(by_name[0]) == pipeline.classes_.tolist()


@pytest.mark.parametrize(("kind", "dtype", "digits"), [("Double", np.float64, 1e-12), ("Float", np.float32, 1e-6)])
def test_a_pipeline_with_words_and_gaps(kind, dtype, digits):
    types = pytest.importorskip("skl2onnx.common.data_types")
    skl2onnx, pandas = pytest.importorskip("skl2onnx"), pytest.importorskip("pandas")
    register_converters()
    frame = pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": LABELS["words"]})
    frame.loc[::7, "a"] = np.nan
    columns = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median"), ["a", "b"]),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["c"]),
        ]
    )
    network = MLPRegressor(**SETTINGS)
    pipeline = Pipeline([("columns", columns), ("scale", StandardScaler()), ("network", network)]).fit(frame, X[:, 2])
    number = getattr(types, f"{kind}TensorType")([None, 1])
    inputs = [("a", number), ("b", number), ("c", types.StringTensorType([None, 1]))]
    written = skl2onnx.convert_sklearn(pipeline, initial_types=inputs, target_opset=17)
    given = {name: frame[[name]].to_numpy(object if name == "c" else dtype) for name in frame}
    (found,) = run(written, **given)
    np.testing.assert_allclose(found[:, 0], pipeline.predict(frame), rtol=0, atol=digits * 10)
    assert found.dtype == dtype


def test_whole_numbers_go_in():
    skl2onnx = pytest.importorskip("skl2onnx")
    register_converters()
    whole = np.round(X).astype(np.int64)
    model = MLPRegressor(**SETTINGS).fit(whole, Y)
    (found,) = run(skl2onnx.to_onnx(make_pipeline(model), whole, target_opset=17), X=whole)
    np.testing.assert_allclose(found[:, 0], model.predict(whole), atol=1e-5)


def test_without_skl2onnx_it_is_one_sentence(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match="pip install skl2onnx"):
        register_converters()
