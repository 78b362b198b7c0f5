"""Initialisation, by its statistics and its seed; normalisation, there and back; frames; what is refused."""

import json
import math
import random
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autograd.errors import ArgumentError, GraphError, NonFiniteError, OperandError
from nn import MLP, Layer, QuantileNormalization, Standardization, initialise, train
from nn.data.tables import table

SPREADS = {
    "normal": 0.1, "uniform": 1 / math.sqrt(3), "zeros": 0.0,
    "xavier_uniform": math.sqrt(2 / 500), "xavier_normal": math.sqrt(2 / 500),
    "he_uniform": math.sqrt(2 / 200), "he_normal": math.sqrt(2 / 200),
    "lecun_uniform": math.sqrt(1 / 200), "lecun_normal": math.sqrt(1 / 200),
}  # fmt: skip
BOUNDS = {"uniform": 1.0, "xavier_uniform": math.sqrt(6 / 500), "he_uniform": math.sqrt(6 / 200),
          "lecun_uniform": math.sqrt(3 / 200)}  # fmt: skip


@pytest.mark.parametrize("name", SPREADS)
def test_spread(name):
    W = initialise.initialiser(name)(200, 300, np.random.default_rng(0))
    assert W.shape == (200, 300)
    assert W.std() == pytest.approx(SPREADS[name], rel=0.02)
    assert abs(W.mean()) <= 4 * SPREADS[name] / math.sqrt(W.size)
    if name in BOUNDS:
        assert 0.99 * BOUNDS[name] < np.abs(W).max() <= BOUNDS[name]


def test_which_the_hundredth_is():
    def spread(init):
        return init(300, 300, np.random.default_rng(0)).std()

    assert spread(initialise.normal(0, 0.01)) == pytest.approx(0.1, rel=0.02)
    assert spread(initialise.normal(std=0.01)) == pytest.approx(0.01, rel=0.02)
    for wrong in (lambda: initialise.normal(0, 1, std=1), lambda: initialise.normal(0, -1),
                  lambda: initialise.normal(std=-1), lambda: initialise.uniform(1, 0)):  # fmt: skip
        with pytest.raises(ArgumentError):
            wrong()


def test_seeds():
    def weights(seed):
        return MLP(3, [4, 2], seed=seed).state_dict()

    assert weights(5) == weights(5) != weights(6)
    assert weights(random.Random(1)) == weights(random.Random(1))
    assert weights(np.random.default_rng(1)) == weights(1)
    assert weights(None) != weights(None)
    assert Layer(3, 2, seed=0).bias.tolist() == [0.0, 0.0]
    with pytest.raises(OperandError):
        initialise.initialiser(3)


def columns(low=-1e6, high=1e6):
    shapes = st.tuples(st.integers(1, 12), st.integers(1, 3))
    return arrays(float, shapes, elements=st.floats(low, high).map(lambda x: round(x, 3)))


@given(X=columns())
def test_standardization_there_and_back(X):
    scale = Standardization().fit(X)
    Z = scale.transform(X)
    varied = X.min(axis=0) < X.max(axis=0)
    np.testing.assert_allclose(Z.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(Z.std(axis=0)[varied], 1.0, rtol=1e-6)
    assert not Z[:, ~varied].any()
    np.testing.assert_allclose(scale.inverse(Z), X, rtol=1e-9, atol=1e-6)
    again = Standardization.from_dict(json.loads(json.dumps(scale.to_dict())))
    np.testing.assert_array_equal(again.transform(X), Z)


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
@given(X=columns())
def test_quantiles_there_and_back(distribution, X):
    scale = QuantileNormalization(distribution).fit(X)
    Z = scale.transform(X)
    assert np.isfinite(Z).all()
    np.testing.assert_allclose(scale.inverse(Z), X, rtol=1e-6, atol=1e-3)
    for x, z in zip(X.T, Z.T, strict=True):
        assert (np.diff(z[np.argsort(x, kind="stable")]) >= 0).all()
    again = QuantileNormalization.from_dict(json.loads(json.dumps(scale.to_dict())))
    np.testing.assert_array_equal(again.transform(X), Z)


def test_quantiles_by_hand():
    x = np.array([10.0, 30.0, 20.0, 20.0, 1000.0])
    scale = QuantileNormalization().fit(x)
    assert scale.transform(x).tolist() == [0.0, 0.75, 0.375, 0.375, 1.0]
    assert scale.transform([5.0, 25.0, 9999.0]).tolist() == [0.0, 0.5625, 1.0]
    normal = QuantileNormalization("normal").fit_transform(x)
    np.testing.assert_allclose(normal, [NormalDist().inv_cdf(p) for p in (0.1, 0.75, 0.375, 0.375, 0.9)])
    assert QuantileNormalization().fit_transform([7.0, 7.0]).tolist() == [0.5, 0.5]
    assert QuantileNormalization("normal").fit_transform([[7.0], [7.0]]).tolist() == [[0.0], [0.0]]


def test_tiny_and_huge_columns():
    for scale in (1e-200, 1e200):
        X = scale * np.array([[1.0], [2.0], [3.0]])
        Z = Standardization().fit_transform(X)[:, 0]
        np.testing.assert_allclose(Z, [-math.sqrt(1.5), 0, math.sqrt(1.5)], atol=1e-12)


def test_equal_numbers_are_constant_in_spite_of_rounding():
    Z = Standardization().fit_transform(np.full((7, 1), 0.1))
    assert not Z.any()


def test_columns_that_are_constant_but_for_rounding_are_not_blown_up():
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 500).sum(1, keepdims=True)
    assert 0 < np.ptp(shares) < 1e-15
    scale = Standardization().fit(shares * [[1.0, 1e300, -3.0]])
    assert scale.std.tolist() == [1.0, 1.0, 1.0]
    assert scale.transform([[1.000001, 1e300, -3.0]])[0, [0, 2]] == pytest.approx([1e-6, 0.0], abs=1e-15)
    theirs = np.array([[1.0], [1.0 + 1e-9]])  # no rounding
    np.testing.assert_allclose(Standardization().fit(theirs).transform(theirs), [[-1.0], [1.0]], rtol=1e-6)


def test_columns_at_the_end_of_the_floats_do_not_overflow():
    X = np.array([[1.7e308, -1e308], [1.7e308, 1e308], [1.6e308, 1.7e308]])
    small = Standardization().fit(X / 2.0**20)
    scale = Standardization().fit(X)
    assert (scale.mean, scale.std) == (pytest.approx(small.mean * 2.0**20), pytest.approx(small.std * 2.0**20))
    np.testing.assert_allclose(scale.transform(X), small.transform(X / 2.0**20), rtol=1e-12)


@pytest.mark.parametrize("make", [Standardization, QuantileNormalization])
def test_normalisation_refuses(make):
    for use in (make().transform, make().inverse):
        with pytest.raises(GraphError, match="not fitted"):
            use([[1.0]])
    with pytest.raises(GraphError, match="not fitted"):
        make().to_dict()
    fitted = make().fit([[1.0, 2.0], [3.0, 5.0]])
    before = fitted.to_dict()
    with pytest.raises(NonFiniteError, match="nan at row 1, column 0"):
        fitted.fit([[1.0, 2.0], [math.nan, 1.0]])
    with pytest.raises(NonFiniteError, match="row 0, column 1"):
        fitted.transform([[1.0, math.inf]])
    with pytest.raises(ArgumentError, match="2 columns, got 3"):
        fitted.transform([[1.0, 2.0, 3.0]])
    for nothing in (np.empty((0, 2)), [], np.empty((2, 0))):
        with pytest.raises(ArgumentError, match="nothing to fit"):
            fitted.fit(nothing)
    with pytest.raises(ArgumentError, match="shape"):
        fitted.fit(3.0)
    with pytest.raises(OperandError, match="numbers"):
        fitted.fit([["a"]])
    assert fitted.to_dict() == before
    for wrong in ({}, {**before, "more": 1}, dict.fromkeys(before, "x")):
        with pytest.raises(ArgumentError):
            make.from_dict(wrong)


def test_saved_numbers_are_checked():
    for wrong in ({"mean": [1.0], "std": [0.0]}, {"mean": [1.0], "std": [1.0, 2.0]},
                  {"mean": [math.nan], "std": [1.0]}):  # fmt: skip
        with pytest.raises(ArgumentError):
            Standardization.from_dict(wrong)
    for values, places, kind in (([2.0, 1.0], [0.0, 1.0], "uniform"), ([1.0, 2.0], [0.0, 2.0], "uniform"),
                                 ([1.0, 2.0], [0.0, 1.0], "normal"), ([1.0, 2.0], [0.5], "uniform")):  # fmt: skip
        with pytest.raises(ArgumentError):
            QuantileNormalization.from_dict({"distribution": kind, "values": [values], "places": [places]})
    with pytest.raises(ArgumentError, match="distribution"):
        QuantileNormalization("cauchy")


# -- data as people have it -------------------------------------------------------------------------

FRAME = pd.DataFrame({"km": [10.0, 20.0, 40.0], "age": [1, 2, 3], "diesel": [True, False, True]})


def test_frames_and_series_go_in_everywhere():
    array, y = FRAME.to_numpy(float), pd.Series([1.0, 2.0, 3.0], name="price")
    model, twin = MLP(3, [2, 1], seed=0), MLP(3, [2, 1], seed=0)
    assert [[v.data for v in row] for row in model(FRAME)] == [[v.data for v in row] for row in twin(array)]
    assert model(FRAME.iloc[0].astype(float)).data == twin(array[0]).data
    assert train(model, FRAME, y, epochs=3) == train(twin, array, y.to_numpy(), epochs=3)
    assert (model.columns, twin.columns) == (("km", "age", "diesel"), None)
    scale = Standardization().fit(FRAME)
    assert scale.names == model.columns
    assert (scale.transform(FRAME) == Standardization().fit(array).transform(array)).all()
    assert Standardization.from_dict(json.loads(json.dumps(scale.to_dict()))).names == scale.names
    nullable = FRAME.convert_dtypes()
    assert (table(nullable).array == array).all()


def test_columns_in_another_order_are_other_data():
    scale, model = Standardization().fit(FRAME), MLP(3, [1], seed=0)
    train(model, FRAME, [1, 2, 3], epochs=1)
    turned, renamed = FRAME[["age", "km", "diesel"]], FRAME.rename(columns={"km": "miles"})
    for use in (model, scale.transform, lambda X: train(model, X, [1, 2, 3])):
        with pytest.raises(ArgumentError, match="another order: reorder"):
            use(turned)
        with pytest.raises(ArgumentError, match="missing km; unexpected miles"):
            use(renamed)
    with pytest.raises(ArgumentError, match="names"):
        Standardization.from_dict({**scale.to_dict(), "names": ["km"]})


@pytest.mark.parametrize(("data", "error", "says"), [
    (FRAME.assign(fuel="petrol"), OperandError, r'str \'petrol\' at row 0, column 3 \("fuel"\)'),
    (FRAME.assign(age=[1, None, 2]), NonFiniteError, r'nan at row 1, column 1 \("age"\)'),
    (FRAME.assign(age=pd.array([1, pd.NA, 2])), NonFiniteError, r'missing value at row 1, column 1 \("age"\)'),
    (FRAME.assign(day=pd.Timestamp("2020-01-01")), OperandError, "Timestamp"),
    ([[1, None]], NonFiniteError, "missing value at row 0, column 1 "), ([["1", "2"]], OperandError, "str '1'"),
    ([[1, 2], [3]], ArgumentError, "equal length"), ([1j], OperandError, "complex"),
    (np.array(["2020-01-01"], "M8[D]"), OperandError, "date datetime"),
    ([[1, math.inf]], NonFiniteError, "inf at row 0"),
    ({"a": 1}, OperandError, "dict"), (pd.Series(["a"]), OperandError, "str 'a' at row 0 "),
])  # fmt: skip
def test_what_is_no_number_is_named_by_its_place(data, error, says):
    model, scale = MLP(3, [1], seed=0), Standardization().fit([[1.0], [2.0]])
    before = model.state_dict(), scale.to_dict()
    for use in (table, scale.fit, lambda X: train(model, X, [1, 2, 3])):
        with pytest.raises(error, match=says):
            use(data)
    assert (model.state_dict(), scale.to_dict(), model.columns) == (*before, None)
