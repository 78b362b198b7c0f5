"""The estimators against scikit-learn's own checks and its own networks, in pipelines and searches."""

import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from autograd.errors import ArgumentError
from nn.sklearn import MLPClassifier, MLPRegressor

IRIS = load_iris(return_X_y=True)
QUICK = {"learning_rate_init": 0.05, "max_iter": 60, "random_state": 0, "backend": "interpreter"}


@parametrize_with_checks([
    MLPClassifier((8,), learning_rate_init=0.05, max_iter=30, backend="numpy"),
    MLPRegressor((8,), learning_rate_init=0.05, max_iter=30, backend="numpy"),
])  # fmt: skip
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_pipeline_grid_search_and_probabilities():
    X, y = IRIS
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((6,), "tanh", **QUICK))
    choices = {"mlpclassifier__alpha": [0.0, 0.01], "mlpclassifier__activation": ["tanh", "relu"]}
    search = GridSearchCV(pipeline, choices, cv=2, error_score="raise").fit(X, names)
    assert search.best_score_ > 0.9
    assert set(search.predict(X)) == set(names)
    shares = search.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (search.classes_[shares.argmax(axis=1)] == search.predict(X)).all()
    assert cross_val_score(clone(pipeline), X, names, cv=2).mean() > 0.9
    model = search.best_estimator_[-1].model_
    assert model(StandardScaler().fit_transform(X)[0])[0].name == "z³₁"


def test_as_good_as_scikit_learns_network_of_the_same_shape():
    X, y = make_regression(200, 4, noise=1.0, random_state=0)
    X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
    settings = {"hidden_layer_sizes": (8,), "activation": "tanh", "learning_rate_init": 0.02, "random_state": 0}
    ours = MLPRegressor(**settings).fit(X[:150], y[:150]).score(X[150:], y[150:])
    theirs = TheirRegressor(**settings).fit(X[:150], y[:150]).score(X[150:], y[150:])
    assert ours > min(theirs, 0.98) - 0.02


def test_partial_fit_and_warm_start_go_on():
    X, y = IRIS
    X = StandardScaler().fit_transform(X)
    whole = MLPClassifier((6,), **{**QUICK, "max_iter": 3}).fit(X, y)
    assert whole.n_iter_ == len(whole.loss_curve_) == 3
    more = MLPClassifier((6,), **QUICK, warm_start=True).fit(X, y)
    first = more.n_iter_
    assert more.fit(X, y).n_iter_ > first
    steps = MLPClassifier((6,), **QUICK)
    for _ in range(3):
        steps.partial_fit(X, y, classes=[0, 1, 2])
    assert steps.loss_curve_[2] < steps.loss_curve_[0]


def test_unseen_classes_other_shapes_and_bad_settings_are_refused():
    X, y = IRIS
    model = MLPClassifier((4,), **{**QUICK, "max_iter": 2})
    model.partial_fit(X[:100], y[:100])
    before = model.model_.state_dict()
    with pytest.raises(ArgumentError, match=r"did not begin with: \[2\]"):
        model.partial_fit(X, y)
    with pytest.raises(ValueError, match="3 features"):
        model.predict(X[:, :3])
    assert model.model_.state_dict() == before
    assert model.classes_.tolist() == [0, 1]
    with pytest.raises(ArgumentError, match="only one class"):
        MLPClassifier().fit(X[:50], y[:50])
    for wrong in ({"batch_size": 0}, {"activation": "tan"}, {"max_iter": 0}, {"hidden_layer_sizes": (0,)}, {"tol": -1}):
        with pytest.raises(ArgumentError):
            MLPRegressor(**{**QUICK, **wrong}).fit(X, y)
    two = MLPRegressor((), **QUICK).partial_fit(X, np.stack([y, -y], axis=1))
    assert two.predict(X).shape == (150, 2)
    with pytest.raises(ArgumentError, match="2 outputs"):
        two.partial_fit(X, y)


def test_a_fit_that_fails_leaves_the_estimator_as_it_was():
    X, y = IRIS
    model = MLPClassifier((4,), **{**QUICK, "max_iter": 2}).fit(X, y)
    before, said = dict(vars(model)), model.predict(X)
    for wrong in ((X[:, :3], np.zeros(150)), (X[:, :3], y[:-1]), (X * np.inf, y), (np.full(X.shape, "a"), y)):
        for use in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match=r".+"), np.errstate(invalid="ignore"):
                use(*wrong)
            assert vars(model) == before
    assert (model.predict(X) == said).all()


def test_logarithms_of_probabilities_stay_finite():
    X, y = IRIS
    model = MLPClassifier((4,), **QUICK).fit(X, y)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    far = model.predict_log_proba(1e4 * X)
    assert np.isfinite(far).all()
    assert (far < -800).any()


def test_early_stopping_keeps_a_share_for_validation():
    X, y = IRIS
    model = MLPClassifier((4,), early_stopping=True, n_iter_no_change=3, learning_rate_init=0.2, random_state=0).fit(
        X, y
    )
    assert model.n_iter_ < 200
    assert len(model.model_.history["validation"]) == model.n_iter_


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.delitem(sys.modules, "nn.sklearn")
    with pytest.raises(ImportError, match="the extra `sklearn`"):
        __import__("nn.sklearn")
