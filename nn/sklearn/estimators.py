"""The estimators: what goes in and comes out is scikit-learn's, what happens between is `fit` of a network."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from autograd.errors import ArgumentError
from autograd.program.executors import Work
from nn.data.tables import Array, Vector
from nn.losses import check_targets, half_squared_error, poisson
from nn.neighbours.onnx import classifier_to_onnx, labels_to_onnx, to_onnx
from nn.networks.sequential import MLP
from nn.sklearn import rules
from nn.sklearn.labels import Labels, check_labels
from nn.training.fitting import fit, objective
from nn.training.history import History
from nn.training.objective import Loss
from nn.training.options import FitOptions
from nn.training.samples import Data
from nn.training.weights import check_weights

LARGEST_BATCH = 200  # of batch_size="auto", as in scikit-learn


class _Network(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no annotations
    """What both estimators have in common: the parameters, and training."""

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        loss: str | None = None,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: Any = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        init: Any = None,
        backend: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.init = init
        self.backend = backend

    model_: MLP
    _losses: tuple[str, ...]
    _standing: rules.Standing
    _complaint: str

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train from the start, or with warm_start further; a sample of weight 2 counts as if it were there twice."""
        with self._unchanged_unless_well():
            return self._fit(X, y, sample_weight, self.warm_start and hasattr(self, "model_"))

    # -- training -------------------------------------------------------------------------------

    def _train(self, data: Data, outputs: int, loss: Loss, going_on: bool, partly: bool) -> None:
        """Train `model_`, or a new one; the estimator changes only if all went well."""
        self._check_settings(partly)
        random = check_random_state(self.random_state)
        model = self._network(data.X.shape[1], outputs, random, going_on)
        standing = deepcopy(self._standing) if going_on else rules.Standing()
        if self.solver == "lbfgs":
            self._minimise(model, data, loss)
        else:
            self._descend(model, data, loss, standing, random, partly)
        model.columns = tuple(getattr(self, "feature_names_in_", ())) or None
        self.model_, self._standing = model, standing
        self.n_layers_, self.n_outputs_ = len(model.layers) + 1, outputs
        self.t_ = standing.samples

    def _check_settings(self, partly: bool) -> None:
        rules.check_choice(self.solver, rules.SOLVERS, "solver")
        rules.check_choice(self.learning_rate, rules.RATES, "learning_rate")
        rules.check_choice(self.loss, (None, *self._losses), "loss")
        for name in ("alpha", "tol", "power_t"):
            rules.check_at_least(getattr(self, name), 0, name)
        rules.check_at_least(self.n_iter_no_change, 1, "n_iter_no_change")
        if partly and self.solver == "lbfgs":
            raise ArgumentError('partial_fit goes in steps, and solver="lbfgs" looks at all data: take "adam" or "sgd"')
        if partly and self.early_stopping:
            raise ArgumentError("partial_fit is one epoch, with early_stopping=False")

    def _network(self, inputs: int, outputs: int, random: Any, going_on: bool) -> MLP:
        """The network to train, with this activation: that of before, or a new one."""
        widths = [inputs, *np.atleast_1d(self.hidden_layer_sizes).tolist(), outputs]
        activations = [self.activation] * (len(widths) - 2) + ["linear"]
        if going_on:
            return self._of_before(widths, activations)
        seeds = np.random.default_rng(deepcopy(random).randint(2**31))  # none of the draws is taken from what follows
        model = MLP(inputs, widths[1:], activations, init=self.init, seed=seeds)
        if self.init is None:
            model.set_weights(*rules.start(widths, self.activation, random))
        return model

    def _of_before(self, widths: list[int], activations: list[Any]) -> MLP:
        model = self.model_
        before = [model.inputs, *(layer.outputs for layer in model.layers)]
        if before != widths:
            raise ArgumentError(f"training goes on with a network of {before} neurons, got {widths}: fit a new one")
        wanted = MLP.from_weights(model.weights, model.biases, activations)
        if [layer.activation.name for layer in wanted.layers] == [layer.activation.name for layer in model.layers]:
            return model
        wanted.history = deepcopy(model.history)
        return wanted

    def _descend(self, model: MLP, data: Data, loss: Loss, standing: rules.Standing, random: Any, partly: bool) -> None:
        moved, validation = rules.optimiser(self, model.parameters()), None
        if partly and standing.solver == self.solver:
            moved.state, moved.steps, moved.learning_rate = standing.state, standing.steps, standing.rate(self)
        else:
            standing.reductions = 0
        if self.early_stopping:
            data, validation = self._held_out(data, random)
        score = None if validation is None else lambda: self._score_of(model, validation)
        watch = rules.Patience(self, standing, moved, len(data.X), score)
        known = 0 if model.history is None else len(model.history.training)
        history = fit(model, data.X, data.y, FitOptions(
            loss=loss, optimiser=moved, epochs=1 if partly else self.max_iter, batch_size=self._batch(len(data.X)),
            sample_weight=data.weights, validation=validation, callbacks=[watch], penalty=self._decay(model),
            order=rules.Shuffled(random) if self.shuffle else np.arange,
            progress=bool(self.verbose), backend=self.backend,
        ))  # fmt: skip
        if len(history.training) == known:
            raise KeyboardInterrupt  # before there was anything to keep
        standing.solver, standing.state, standing.steps = self.solver, moved.state, moved.steps
        model.optimiser = None  # it is of scikit-learn's ways, and stays here
        self.loss_curve_ = history.training
        self.n_iter_, self.loss_ = len(self.loss_curve_) - known, self.loss_curve_[-1]
        held = validation is not None
        self.best_loss_ = None if held else standing.best_loss
        self.best_validation_score_ = standing.best_score if held else None
        self.validation_scores_ = standing.scores if held else None
        if history.stopped == "interrupted":
            self._complaint = f"interrupted after {self.n_iter_} epochs"
        elif history.stopped == "epochs" and not partly:
            self._complaint = f"{self.max_iter} epochs were done and the loss still falls: raise max_iter or tol"

    def _minimise(self, model: MLP, data: Data, loss: Loss) -> None:
        problem = objective(model, data.X, data.y, loss, data.weights, self.backend, 1, self._most_work(data))
        counts = len(data.X) if data.weights is None else data.weights.sum()
        found = rules.minimise(self, problem, self._decay(model) / counts, bool(self.verbose))
        model.optimiser, model.history = None, History(training=[found.loss], stopped="converged")
        model.history.samples = found.iterations * len(data.X)
        self.n_iter_, self.loss_ = found.iterations, found.loss
        if found.complaint:
            self._complaint = f"L-BFGS stopped after {found.iterations} iterations: {found.complaint}"

    def _most_work(self, data: Data) -> Work:
        calls = min(2 * self.max_iter, self.max_fun)
        return Work(calls, calls * len(data.X))

    def _decay(self, model: MLP) -> Vector:
        """How much ½w² of each parameter counts beside the losses of a batch: alpha for weights, nothing for biases."""
        weights = set(model.weight_parameters())
        return np.array([self.alpha if p in weights else 0.0 for p in model.parameters()])

    def _held_out(self, data: Data, random: Any) -> tuple[Data, Data]:
        parts = [part for part in data if part is not None]
        split = train_test_split(
            *parts, random_state=random, test_size=self.validation_fraction, stratify=self._strata(data.y)
        )
        return Data(*split[0::2]), Data(*split[1::2])

    def _batch(self, samples: int) -> Any:
        return min(LARGEST_BATCH, samples) if self.batch_size == "auto" else self.batch_size

    @contextmanager
    def _unchanged_unless_well(self) -> Iterator[None]:
        """What was fitted before stays if the block raises; what is to be complained of is said when all is well."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise
        complaint = self.__dict__.pop("_complaint", None)
        if complaint is not None:
            warnings.warn(complaint, ConvergenceWarning, stacklevel=4)

    # -- what was trained -----------------------------------------------------------------------

    @property
    def coefs_(self) -> list[Any]:
        """The weights, inputs × outputs, layer by layer; to change them use ``model_.set_weights``."""
        return [_fixed(matrix) for matrix in self.model_.weights]

    @property
    def intercepts_(self) -> list[Any]:
        """The biases, layer by layer."""
        return [_fixed(vector) for vector in self.model_.biases if vector is not None]

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self, "model_")
        samples = validate_data(self, X, reset=False, dtype=np.float64)
        return self.model_.predict(samples, backend=self.backend)


def _fixed(numbers: Array) -> Array:
    """A copy that cannot be written to, since nothing would come of it."""
    numbers.flags.writeable = False
    return numbers


class MLPRegressor(MultiOutputMixin, RegressorMixin, _Network):  # type: ignore[misc]
    """A network trained on squared errors, or with loss="poisson" on counts.

    The parameters mean what they mean in sklearn.neural_network.MLPRegressor, alpha among them: α/2n · Σw² of the
    weights, and not of the biases, is added to the mean of ½(ŷ - y)² over the n samples of a batch.  (Of several
    outputs the loss is the sum, as its gradient is in scikit-learn.)  Beyond these there are `init`, an
    initialiser of `nn.initialise` instead of scikit-learn's own start, and `backend` as for `autograd.compile`;
    `activation` may be any that networks have.  All may be changed between calls that go on: `warm_start` and
    `partial_fit` take the new ones.

    After `fit`: `model_`, and scikit-learn's `coefs_`, `intercepts_`, `n_layers_`, `n_outputs_`, `out_activation_`,
    `n_iter_`, `loss_`, `t_`, and but for lbfgs `loss_curve_`, `best_loss_`, `validation_scores_`.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> regressor = MLPRegressor((), solver="lbfgs", alpha=0, tol=1e-9, random_state=0).fit(X, y)
    >>> regressor.predict([[4.0]]).round(3).tolist()
    [9.0]
    """

    _losses = ("squared_error", "poisson")

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train further by one epoch."""
        with self._unchanged_unless_well():
            return self._fit(X, y, sample_weight, hasattr(self, "model_"), partly=True)

    def _fit(self, X: Any, y: Any, sample_weight: Any, going_on: bool, partly: bool = False) -> MLPRegressor:
        samples, targets = validate_data(
            self, X, y, reset=not going_on, dtype=np.float64, multi_output=True, y_numeric=True
        )  # fmt: skip
        data = Data(samples, targets.astype(float), check_weights(sample_weight, len(samples)))
        outputs = 1 if targets.ndim == 1 else targets.shape[1]
        loss: Loss = half_squared_error
        if self.loss == "poisson":
            check_targets(poisson, targets)
            loss = rules.half_poisson_deviance
        self._train(data, outputs, loss, going_on, partly)
        self.out_activation_ = "exp" if self.loss == "poisson" else "identity"
        return self

    def predict(self, X: Any) -> Array:
        """One number (or row of them) a sample."""
        return self._answer(self._outputs(X))

    def _answer(self, outputs: Array) -> Array:
        return np.exp(outputs) if self.out_activation_ == "exp" else outputs

    def _strata(self, targets: Array) -> None:
        """Numbers are held out as they come."""

    def _score_of(self, model: MLP, held: Data) -> float:
        found = model.predict(held.X, backend=self.backend)
        found = np.exp(found) if self.loss == "poisson" else found
        return float(r2_score(held.y, found, sample_weight=held.weights))

    def to_onnx(
        self, path: str | os.PathLike[str] | None = None, dtype: Any = np.float64, opset: int | None = None
    ) -> Any:
        """What `predict` computes, as an onnx.ModelProto: input x, output y; see `Sequential.to_onnx`."""
        check_is_fitted(self, "model_")
        return to_onnx(self.model_.layers, None, None, path, dtype, opset, then=self._then)

    @property
    def _then(self) -> str | None:
        return "Exp" if self.out_activation_ == "exp" else None


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A network trained on the cross-entropy; two classes share one output.

    Where y is a matrix of 0 and 1, samples × labels, each label has an output and is learned as its own yes or no; the
    loss is the sum over the labels, `predict` gives such a matrix, and `score` the share of rows that are right
    throughout.

    Parameters and attributes are those of `MLPRegressor`, but loss, which is "log_loss"; after `fit` there is
    `classes_` too, of several labels their numbers.  The share that early_stopping holds out has each class in it;
    several labels are held out as they come.

    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> classifier = MLPClassifier((4,), "tanh", solver="lbfgs", random_state=0).fit(X, y)
    >>> classifier.predict([[0.2], [2.9]]).tolist()
    ['low', 'high']
    >>> several = MLPClassifier((4,), "tanh", solver="lbfgs", random_state=0).fit(X, [[0, 1], [0, 1], [1, 1], [1, 0]])
    >>> several.predict([[0.2], [2.9]]).tolist()
    [[0, 1], [1, 0]]
    """

    classes_: Array
    _losses = ("log_loss",)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> MLPClassifier:
        """Train further by one epoch; the first call says in `classes` which there will be, or y has them all."""
        with self._unchanged_unless_well():
            return self._fit(X, y, sample_weight, hasattr(self, "model_"), partly=True, classes=classes)

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, going_on: bool, partly: bool = False, classes: Any = None
    ) -> MLPClassifier:
        samples, y = validate_data(self, X, y, reset=not going_on, dtype=np.float64, multi_output=True)
        targets = check_labels(y)
        labels = self._labels if going_on else Labels.of(targets, classes)
        labels.check(targets)
        data = Data(samples, labels.coded(targets), check_weights(sample_weight, len(samples)))
        self.classes_, self.out_activation_, self.n_outputs_ = labels.classes, labels.activation, labels.outputs
        self._train(data, labels.outputs, labels.loss, going_on, partly)
        return self

    @property
    def _labels(self) -> Labels:
        return Labels(self.classes_, self.out_activation_ == "logistic" and self.n_outputs_ > 1)

    def predict(self, X: Any) -> Array:
        """The likeliest class of each sample; of several labels 1 where a label is likelier than not, else 0."""
        logits = self._outputs(X)
        return self._labels.named(self._labels.chosen(logits))

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, samples × classes; of several labels that of each, on its own."""
        logits = self._outputs(X)
        return self._labels.shares(logits)

    def predict_log_proba(self, X: Any) -> Array:
        """Its logarithm, which stays finite where the probability is too small for a float."""
        logits = self._outputs(X)
        return self._labels.log_shares(logits)

    def _strata(self, targets: Array) -> Array | None:
        """Each class is held out in its share; several labels as they come."""
        return None if self._labels.several else targets

    def _score_of(self, model: MLP, held: Data) -> float:
        found = self._labels.chosen(model.predict(held.X, backend=self.backend))
        return float(accuracy_score(held.y, found, sample_weight=held.weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def to_onnx(
        self, path: str | os.PathLike[str] | None = None, dtype: Any = np.float64, opset: int | None = None
    ) -> Any:
        """What `predict` and `predict_proba` compute, as an onnx.ModelProto: input x, outputs label and probabilities.

        Labels are whole numbers or strings, as `classes_` are; several labels a sample are a row of 0 and 1.  The rest
        is as in `Sequential.to_onnx`.

        Raises:
            ArgumentError: for labels of another kind, and what `Sequential.to_onnx` refuses
        """
        check_is_fitted(self, "model_")
        if self._labels.several:
            return labels_to_onnx(self.model_.layers, path, dtype, opset)
        return classifier_to_onnx(self.model_.layers, self.classes_, path, dtype, opset)
