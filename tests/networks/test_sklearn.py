"""The estimators against scikit-learn's own checks and its own networks, in pipelines and searches."""

import pickle
import sys
from contextlib import nullcontext, suppress
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    load_wine,
    make_multilabel_classification,
    make_regression,
)  # fmt: skip
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from autograd.errors import ArgumentError
from nn import initialise
from nn.sklearn import MLPClassifier, MLPRegressor, rules

IRIS = load_iris(return_X_y=True)
QUICK = {"learning_rate_init": 0.05, "max_iter": 60, "random_state": 0, "backend": "interpreter"}


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # but where one is expected


@parametrize_with_checks([
    MLPClassifier((8,), learning_rate_init=0.05, max_iter=30, backend="numpy"),
    MLPRegressor((8,), learning_rate_init=0.05, max_iter=30, backend="numpy"),
])  # fmt: skip
def test_scikit_learns_own_checks(estimator, check):
    with (
        suppress(SkipTest) if "decision_function" in str(check) else nullcontext()
    ):  # its own networks have none either
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


# -- the same as scikit-learn's -----------------------------------------------------------------------

SAME = {"hidden_layer_sizes": (7,), "random_state": 3, "max_iter": 25, "backend": "numpy"}
WAYS = {
    "adam": {"alpha": 1.0, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "learning_rate_init": 0.01},
    "batches": {"batch_size": 32, "activation": "tanh", "hidden_layer_sizes": (4, 3)},
    "in order": {"shuffle": False, "batch_size": 40, "activation": "logistic"},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0.7},
    "plain sgd": {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5, "activation": "identity"},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1, "power_t": 0.3},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 2, "momentum": 0.0},
    "stops": {"tol": 0.03, "n_iter_no_change": 3, "learning_rate_init": 0.02},
    "lbfgs": {"solver": "lbfgs", "alpha": 0.5, "max_iter": 12},
}


def both(ours, theirs, settings, X, y):
    """Both fitted, theirs without what they do not have."""
    known = {name: value for name, value in settings.items() if name != "backend"}
    return ours(**settings).fit(X, y), theirs(**known).fit(X, y)


def assert_same(ours, theirs, rtol=1e-9):
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            np.testing.assert_allclose(mine, other, rtol=rtol, atol=rtol)
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "t_"):
        if hasattr(theirs, name):
            assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("loss_", "loss_curve_", "best_loss_", "best_validation_score_", "validation_scores_"):
        if getattr(theirs, name, None) is not None:
            np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=rtol)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("classes", [2, 3])
def test_the_same_start_and_steps_as_scikit_learns_classifier(way, classes):
    X, y = IRIS
    X, y = StandardScaler().fit_transform(X)[y < classes], y[y < classes]
    ours, theirs = both(MLPClassifier, TheirClassifier, {**SAME, **WAYS[way]}, X, y)
    assert_same(ours, theirs, 1e-6 if way == "lbfgs" else 1e-9)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_the_same_start_and_steps_as_scikit_learns_regressor(way):
    X, y = make_regression(60, 3, noise=1.0, random_state=0)
    ours, theirs = both(MLPRegressor, TheirRegressor, {**SAME, **WAYS[way]}, X, (y - y.mean()) / y.std())
    assert_same(ours, theirs, 1e-6 if way == "lbfgs" else 1e-9)


def test_several_outputs_take_the_same_steps():
    X, _ = IRIS
    ours, theirs = both(MLPRegressor, TheirRegressor, {**SAME, "max_iter": 6}, X[:, :2], X[:, 2:])
    for mine, other in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9)


def test_early_stopping_holds_out_what_scikit_learn_does():
    X, y = IRIS
    settings = {**SAME, "early_stopping": True, "n_iter_no_change": 3, "learning_rate_init": 0.05, "max_iter": 40}
    ours, theirs = both(MLPClassifier, TheirClassifier, settings, X[:100], y[:100])
    assert_same(ours, theirs)
    assert ours.best_loss_ is None
    numbers = np.column_stack([X[:, 0], X[:, 1]])
    assert_same(*both(MLPRegressor, TheirRegressor, settings, numbers, X[:, 2]))


def test_early_stopping_holds_out_some_of_each_class():
    X, y = IRIS
    rare = np.concatenate([np.arange(100), np.arange(100, 110)])
    seen = []

    class Looking(MLPClassifier):
        def _score_of(self, model, held):
            seen.append(np.bincount(held.y).tolist())
            return super()._score_of(model, held)

    Looking((3,), early_stopping=True, max_iter=1, validation_fraction=0.2, random_state=0).fit(X[rare], y[rare])
    assert seen == [[10, 10, 2]]


def test_counts_are_trained_on_poissons_deviance():
    pytest.importorskip("sklearn", "1.7", reason="sklearn has loss='poisson' from 1.7 on")
    X = np.random.default_rng(0).normal(size=(80, 2))
    y = np.random.default_rng(1).poisson(np.exp(X[:, 0])).astype(float)
    settings = {**SAME, "loss": "poisson", "learning_rate_init": 0.02}
    ours, theirs = both(MLPRegressor, TheirRegressor, settings, X, y)
    assert_same(ours, theirs)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9)
    with pytest.raises(ArgumentError, match="counts"):
        ours.fit(X, y - 1)


def test_weights_of_samples_take_the_same_steps():
    pytest.importorskip("sklearn", "1.7", reason="sklearn has sample_weight from 1.7 on")
    X, y = IRIS
    weights = np.random.default_rng(0).uniform(0.5, 3.0, len(X))
    settings = {**SAME, "max_iter": 4, "batch_size": 50}
    ours = MLPClassifier(**settings).fit(X, y, sample_weight=weights)
    theirs = TheirClassifier(**{k: v for k, v in settings.items() if k != "backend"}).fit(X, y, sample_weight=weights)
    for mine, other in zip(ours.coefs_, theirs.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9)
    twice = MLPRegressor((3,), solver="lbfgs", random_state=0).fit(X, y, sample_weight=np.where(y == 1, 2, 1))
    repeated = MLPRegressor((3,), solver="lbfgs", random_state=0).fit(*(np.concatenate([a, a[y == 1]]) for a in (X, y)))
    assert abs(twice.loss_ - repeated.loss_) < 1e-6 * twice.loss_


DATA_SETS = {"iris": load_iris, "wine": load_wine, "breast cancer": load_breast_cancer, "diabetes": load_diabetes}


@pytest.mark.thorough
@pytest.mark.parametrize("name", DATA_SETS)
def test_a_grid_over_alpha_picks_the_model_that_scikit_learn_picks(name):
    X, y = DATA_SETS[name](return_X_y=True)
    ours, theirs = (MLPRegressor, TheirRegressor) if name == "diabetes" else (MLPClassifier, TheirClassifier)
    alphas = {"network__alpha": [1e-4, 1e-2, 0.1, 1.0, 10.0, 100.0]}
    found = []
    for kind in (ours, theirs):
        network = kind(hidden_layer_sizes=(20,), learning_rate_init=0.01, max_iter=200, random_state=0)
        search = GridSearchCV(Pipeline([("scale", StandardScaler()), ("network", network)]), alphas, cv=3).fit(X, y)
        found.append((search.best_params_, search.cv_results_["mean_test_score"]))
    assert found[0][0] == found[1][0]
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-6)


# -- several labels a sample ------------------------------------------------------------------------

SEVERAL = make_multilabel_classification(90, 5, n_classes=4, random_state=0)


@pytest.mark.parametrize(("way", "labels"), [*((way, 4) for way in WAYS), ("adam", 2), ("lbfgs", 2)])
def test_several_labels_take_the_same_steps(way, labels):
    X, y = StandardScaler().fit_transform(SEVERAL[0]), SEVERAL[1][:, :labels]
    ours, theirs = both(MLPClassifier, TheirClassifier, {**SAME, **WAYS[way]}, X, y)
    assert_same(ours, theirs, 1e-9 if way == "lbfgs" else 1e-12)
    assert ours.classes_.tolist() == theirs.classes_.tolist()
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-9)
    np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-9)
    assert ours.predict(X).dtype == theirs.predict(X).dtype
    assert (ours.predict(X) == theirs.predict(X)).all()
    assert 0 < ours.score(X, y) == theirs.score(X, y) < 1


def test_several_labels_are_held_out_as_they_come_and_scored_by_rows():
    X, y = StandardScaler().fit_transform(SEVERAL[0]), SEVERAL[1]
    settings = {**SAME, "early_stopping": True, "n_iter_no_change": 3, "learning_rate_init": 0.05, "max_iter": 40}
    ours, theirs = both(MLPClassifier, TheirClassifier, settings, X, y)
    assert_same(ours, theirs, 1e-12)
    assert ours.n_iter_ < 40
    assert len(set(ours.validation_scores_)) > 1


def test_several_labels_with_weights_of_samples():
    pytest.importorskip("sklearn", "1.7", reason="sklearn has sample_weight from 1.7 on")
    X, y = SEVERAL
    weights = np.random.default_rng(0).uniform(0.5, 3.0, len(X))
    ours = MLPClassifier(**SAME).fit(X, y, sample_weight=weights)
    theirs = TheirClassifier((7,), random_state=3, max_iter=25).fit(X, y, sample_weight=weights)
    assert_same(ours, theirs, 1e-12)


def test_several_labels_go_on_and_pickle():
    X, y = SEVERAL
    ours, theirs = MLPClassifier(**SAME), TheirClassifier((7,), random_state=3)
    for part in (slice(0, 50), slice(50, 90), slice(0, 90)):
        ours.partial_fit(X[part], y[part], classes=range(4))
        theirs.partial_fit(X[part], y[part], classes=range(4))
        ours = pickle.loads(pickle.dumps(ours))
    assert_same(ours, theirs, 1e-12)
    again = {"warm_start": True, "max_iter": 5}
    assert_same(ours.set_params(**again).fit(X, y), theirs.set_params(**again).fit(X, y), 1e-12)


@pytest.mark.parametrize("backend", ["interpreter", "llvm"])
def test_several_labels_on_other_executors(backend):
    X, y = SEVERAL
    ours = MLPClassifier((7,), "tanh", random_state=3, max_iter=5, backend=backend).fit(X, y.astype(bool))
    assert_same(ours, TheirClassifier((7,), "tanh", random_state=3, max_iter=5).fit(X, y), 1e-12)


def test_logarithms_of_probabilities_of_labels_stay_finite():
    X, y = SEVERAL
    model = MLPClassifier((4,), **QUICK).fit(X, y)
    far = model.predict_log_proba(1e4 * X)
    assert np.isfinite(far).all()
    assert (far < -800).any()
    np.testing.assert_allclose(np.exp(far), model.predict_proba(1e4 * X), rtol=1e-9)


def test_labels_that_are_none_and_others_than_before_are_refused():
    X, y = SEVERAL
    sparse = pytest.importorskip("scipy.sparse")
    for wrong, said in ((y + 1, "0 or 1"), (y.astype(str), "0 or 1"), (sparse.csr_matrix(y), "toarray"),
                        (y * np.arange(4), "0 or 1")):  # fmt: skip
        with pytest.raises(ArgumentError, match=said):
            MLPClassifier().fit(X, wrong)
    with pytest.raises(ArgumentError, match=r"classes are 0 to 3, got \[0, 1\]"):
        MLPClassifier().partial_fit(X, y, classes=[0, 1])
    model = MLPClassifier((4,), max_iter=2, warm_start=True).fit(X, y)
    before = dict(vars(model))
    one = y @ [1, 1, 1, 1] % 4  # of as many classes as there were labels
    for wrong, said in ((y[:, :3], "y has 3 labels a sample"), (one, "y has one class a sample")):
        for use in (model.fit, model.partial_fit):
            with pytest.raises(ArgumentError, match=f"began with 4 labels a sample, {said}"):
                use(X, wrong)
            assert vars(model) == before
    with pytest.raises(ArgumentError, match="began with one class a sample, y has 4 labels a sample"):
        MLPClassifier((4,), max_iter=2).fit(X, one).partial_fit(X, y)


# -- calls that go on -------------------------------------------------------------------------------


def test_a_warm_start_takes_the_parameters_as_they_are_now():
    X, y = IRIS
    X = StandardScaler().fit_transform(X)
    settings = {**SAME, "warm_start": True, "max_iter": 5}
    model, theirs = both(MLPClassifier, TheirClassifier, settings, X, y)
    changed = {"alpha": 5.0, "learning_rate_init": 0.02, "max_iter": 8, "activation": "tanh"}
    assert_same(model.set_params(**changed).fit(X, y), theirs.set_params(**changed).fit(X, y))
    assert_same(model.set_params(solver="sgd").fit(X, y), theirs.set_params(solver="sgd").fit(X, y))
    before = model.predict_proba(X)
    with pytest.raises(ArgumentError, match=r"network of \[4, 7, 3\] neurons"):
        model.set_params(hidden_layer_sizes=(9,)).fit(X, y)
    assert (model.predict_proba(X) == before).all()


def test_partial_fit_keeps_its_moments_and_takes_what_was_set():
    X, y = IRIS
    for solver in ("adam", "sgd"):
        ours = MLPClassifier(**{**SAME, "solver": solver})
        theirs = TheirClassifier((7,), random_state=3, solver=solver)
        for _ in range(4):
            ours.partial_fit(X, y, classes=[0, 1, 2])
            theirs.partial_fit(X, y, classes=[0, 1, 2])
        assert_same(ours, theirs)
        still = ours.set_params(learning_rate_init=0.0, momentum=0.0).coefs_
        assert all((a == b).all() for a, b in zip(still, ours.partial_fit(X, y).coefs_, strict=True))
    for refused in ({"solver": "lbfgs"}, {"early_stopping": True}):
        with pytest.raises(ArgumentError, match="partial_fit"):
            MLPClassifier(**refused).partial_fit(X, y)


def test_it_warns_where_it_has_not_converged():
    X, y = IRIS
    for settings in ({"max_iter": 2}, {"max_iter": 2, "solver": "lbfgs"}):
        with pytest.warns(ConvergenceWarning, match="2 ") as said:
            MLPClassifier(**settings).fit(X, y)
        assert said[0].filename == __file__


@pytest.mark.parametrize("start", [initialise.normal(std=0.1), initialise.constant(0.5), "he_normal", None,
                                   *(make() for make in initialise.BY_NAME.values())])  # fmt: skip
@pytest.mark.filterwarnings("ignore:training stands still")  # from zeros
def test_pickling_with_any_start(start):
    X, y = IRIS
    model = MLPClassifier(**{**SAME, "init": start, "max_iter": 2}).fit(X, y)
    again = pickle.loads(pickle.dumps(clone(model).fit(X, y)))
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    assert (again.partial_fit(X, y).predict_proba(X) == model.partial_fit(X, y).predict_proba(X)).all()


def test_weights_are_there_to_be_read():
    X, y = IRIS
    with pytest.raises(AttributeError):
        _ = MLPClassifier().coefs_
    model = MLPClassifier((7,), max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="read-only"):
        model.coefs_[0][0, 0] = 1.0


def test_the_network_knows_the_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(IRIS[0], columns=["a", "b", "c", "d"])
    model = MLPRegressor((3,), max_iter=2).fit(frame, IRIS[1])
    assert model.model_.columns == ("a", "b", "c", "d")
    with pytest.raises(ArgumentError, match="another order"):
        model.model_.predict(frame[["b", "a", "c", "d"]])


def test_partial_fit_and_warm_start_go_on():
    X, y = IRIS
    X = StandardScaler().fit_transform(X)
    whole = MLPClassifier((6,), **{**QUICK, "max_iter": 3}).fit(X, y)
    assert whole.n_iter_ == len(whole.loss_curve_) == 3
    more = MLPClassifier((6,), **QUICK, warm_start=True).fit(X, y)
    first = len(more.loss_curve_)
    assert len(more.fit(X, y).loss_curve_) == first + more.n_iter_
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
    for wrong in (
        {"solver": "newton"},
        {"learning_rate": "fast"},
        {"loss": "huber"},
        {"alpha": -1},
        {"batch_size": 0},
        {"activation": "tan"},
        {"max_iter": 0},
        {"hidden_layer_sizes": (0,)},
        {"tol": -1},
    ):
        with pytest.raises(ArgumentError):
            MLPRegressor(**{**QUICK, **wrong}).fit(X, y)
    two = MLPRegressor((), **QUICK).partial_fit(X, np.stack([y, -y], axis=1))
    assert two.predict(X).shape == (150, 2)
    with pytest.raises(ArgumentError, match=r"network of \[4, 2\] neurons"):
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


@pytest.mark.parametrize("epochs", [0, 3])
def test_an_interrupt_keeps_what_there_is(epochs, monkeypatch):
    """Before the first epoch is done that is what was fitted before."""
    X, y = np.arange(12.0).reshape(6, 2) / 6, np.arange(6.0)
    model = MLPRegressor((3,), random_state=0, max_iter=4, tol=1.0).fit(X, y)
    before = model.predict(X).tolist()
    rounds = rules.Shuffled.__call__

    def interrupted(self, count, *rest):
        if begun.pop() == 0:
            raise KeyboardInterrupt
        return rounds(self, count, *rest)

    begun = list(range(epochs + 1))
    monkeypatch.setattr(rules.Shuffled, "__call__", interrupted)
    if epochs:
        with pytest.warns(ConvergenceWarning, match="interrupted after 3 epochs"):
            model.fit(X, y)
        assert (model.n_iter_, len(model.loss_curve_)) == (3, 3)
        return
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.predict(X).tolist() == before


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
    monkeypatch.setitem(sys.modules, "sklearn.utils.validation", None)
    monkeypatch.delitem(sys.modules, "nn.sklearn")
    with pytest.raises(ImportError, match="the extra `sklearn`"):
        __import__("nn.sklearn")
