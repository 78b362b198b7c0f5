"""MLPRegressor and MLPClassifier: networks of Values as scikit-learn estimators.

    from nn.sklearn import MLPClassifier

They go wherever scikit-learn's estimators go: pipelines, grid searches, cross-validation.  Parameters
have the names and defaults of scikit-learn's own networks, so one can be exchanged for the other; the
trained network is `model_`, of which every picture, derivation and debugging session is to be had.
The package scikit-learn is an extra.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, MissingExtra
from nn.data.tables import Array
from nn.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from nn.networks.sequential import MLP
from nn.training.callbacks import EarlyStopping
from nn.training.optimisers import Adam

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtra(
        "these estimators need scikit-learn 1.6 or newer, the extra `sklearn`: pip install 'glassgrad[sklearn]'"
    ) from error

LARGEST_BATCH = 200  # of batch_size="auto", as in scikit-learn


class _Network(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no annotations
    """What both estimators have in common: the parameters, and training."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate_init: Any = 0.001,
        max_iter: int = 200,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        init: Any = "xavier_uniform",
        warm_start: bool = False,
        random_state: Any = None,
        verbose: bool = False,
        backend: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.init = init
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.backend = backend

    def _train(self, X: Array, y: Array, outputs: int, loss: Any, anew: bool, epochs: int) -> None:
        """Train `model_`, made here if there is none or `anew`; the estimator changes only if all went well."""
        random = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        model = None if anew else getattr(self, "model_", None)
        if model is None:
            sizes = [*np.atleast_1d(self.hidden_layer_sizes).tolist(), outputs]
            activations = [self.activation] * (len(sizes) - 1) + ["linear"]
            model = MLP(X.shape[1], sizes, activations, init=self.init, seed=random)
            model.optimiser = Adam(model.parameters(), self.learning_rate_init, weight_decay=self.alpha)
        stopping = EarlyStopping(self.n_iter_no_change, self.tol, restore_best=self.early_stopping)
        history = model.fit(
            X, y, loss=loss, epochs=epochs, batch_size=self._batch(len(X)), callbacks=[stopping],
            validation=self.validation_fraction if self.early_stopping and epochs > 1 else None,
            seed=random, progress=bool(self.verbose), backend=self.backend,
        )  # fmt: skip
        self.model_, self.loss_curve_ = model, history["training"]
        self.n_iter_, self.loss_ = len(self.loss_curve_), self.loss_curve_[-1]

    def _batch(self, samples: int) -> Any:
        return min(LARGEST_BATCH, samples) if self.batch_size == "auto" else self.batch_size

    @contextmanager
    def _unchanged_unless_well(self) -> Iterator[None]:
        """What was fitted before stays if the block raises; scikit-learn notes the columns before it trains."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self, "model_")
        samples = validate_data(self, X, reset=False, dtype=np.float64)
        return self.model_.predict(samples, backend=self.backend)


class MLPRegressor(MultiOutputMixin, RegressorMixin, _Network):  # type: ignore[misc]
    """A network trained on the squared error by Adam.

    `alpha` is the weight decay, `init` an initialiser of `nn.initialise`, `backend` as for
    `autograd.compile`; the other parameters mean what they mean in sklearn.neural_network.MLPRegressor.
    After `fit`: `model_`, `loss_curve_`, `loss_`, `n_iter_`.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> regressor = MLPRegressor((), learning_rate_init=0.1, max_iter=1000, n_iter_no_change=100, alpha=0).fit(X, y)
    >>> regressor.predict([[4.0]]).round(1).tolist()
    [9.0]
    """

    def fit(self, X: Any, y: Any) -> MLPRegressor:
        """Train from the start, or with warm_start further."""
        with self._unchanged_unless_well():
            return self._fit(X, y, anew=not self.warm_start, epochs=self.max_iter)

    def partial_fit(self, X: Any, y: Any) -> MLPRegressor:
        """Train further by one epoch."""
        with self._unchanged_unless_well():
            return self._fit(X, y, anew=False, epochs=1)

    def _fit(self, X: Any, y: Any, anew: bool, epochs: int) -> MLPRegressor:
        first = anew or not hasattr(self, "model_")
        samples, targets = validate_data(
            self, X, y, reset=first, dtype=np.float64, multi_output=True, y_numeric=True
        )  # fmt: skip
        targets = targets.astype(float)
        outputs = 1 if targets.ndim == 1 else targets.shape[1]
        if not first and self.model_.outputs != outputs:
            raise ArgumentError(f"the model has {self.model_.outputs} outputs, y has {outputs}")
        self._train(samples, targets, outputs, mean_squared_error, anew, epochs)
        return self

    def predict(self, X: Any) -> Array:
        """One number (or row of them) a sample."""
        return self._outputs(X)


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A network trained on the cross-entropy by Adam; two classes share one output.

    Parameters are those of `MLPRegressor`.  After `fit` also `classes_`.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> classifier = MLPClassifier((4,), "tanh", learning_rate_init=0.1, random_state=0).fit(X, y)
    >>> classifier.predict([[0.2], [2.9]]).tolist()
    ['low', 'high']
    """

    classes_: Array

    def fit(self, X: Any, y: Any) -> MLPClassifier:
        """Train from the start, or with warm_start further."""
        with self._unchanged_unless_well():
            return self._fit(X, y, None, anew=not self.warm_start, epochs=self.max_iter)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> MLPClassifier:
        """Train further by one epoch; the first call says in `classes` which there will be, or y has them all."""
        with self._unchanged_unless_well():
            return self._fit(X, y, classes, anew=False, epochs=1)

    def _fit(self, X: Any, y: Any, classes: Any, anew: bool, epochs: int) -> MLPClassifier:
        first = anew or not hasattr(self, "model_")
        samples, targets = validate_data(self, X, y, reset=first, dtype=np.float64)
        check_classification_targets(targets)
        known = np.unique(targets if classes is None else classes) if first else self.classes_
        unseen = np.setdiff1d(targets, known)
        if len(unseen):
            raise ArgumentError(f"y has classes that training did not begin with: {unseen[:5]}; it knows {known[:5]}")
        if len(known) < 2:
            raise ArgumentError(f"a classifier needs at least 2 classes, y has only one class: {known}")
        found, binary = np.searchsorted(known, targets), len(known) == 2
        loss = binary_cross_entropy_with_logits if binary else cross_entropy
        self._train(samples, found, 1 if binary else len(known), loss, anew, epochs)
        self.classes_ = known
        return self

    def predict(self, X: Any) -> Array:
        """The likeliest class of each sample."""
        logits = self._outputs(X)
        found = (logits > 0).astype(int) if logits.ndim == 1 else logits.argmax(axis=1)
        chosen: Array = self.classes_[found]
        return chosen

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, samples × classes."""
        shares: Array = np.exp(self.predict_log_proba(X))
        return shares

    def predict_log_proba(self, X: Any) -> Array:
        """Its logarithm, which stays finite where the probability is too small for a float."""
        logits = self._outputs(X)
        if logits.ndim == 1:
            logits = np.column_stack([np.zeros(len(logits)), logits])
        below = logits - logits.max(axis=1, keepdims=True)
        found: Array = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
        return found
