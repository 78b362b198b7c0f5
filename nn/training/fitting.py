"""`model.fit`: training on a compiled program.

The sample's loss is recorded once (`objective`); an epoch is then vectors: rows of data go in, a summed
gradient comes out, the optimiser's formula moves a vector of numbers.  The parameters, which are Values,
are written when somebody looks: before callbacks, and at the end.  A training that ends well, is stopped
early or by Ctrl-C leaves a trained model; one that breaks leaves everything as it was before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import ArgumentError, AutogradError, NonFiniteError
from autograd.program.executors import Work
from autograd.text import quoted, short
from autograd.value import Value
from nn.data.seeds import generator
from nn.data.tables import Array, Vector, column_names
from nn.losses import check_targets
from nn.training.advice import check_apart, warn_of_reach
from nn.training.callbacks import Batch, Callback, Epoch
from nn.training.faults import first_fault, still_layers, warn_of_still
from nn.training.flat import FlatObjective
from nn.training.history import History
from nn.training.model import Model
from nn.training.objective import Loss, Objective
from nn.training.optimisers import GradientDescent, Optimiser, Slots
from nn.training.options import FitOptions, check_loss
from nn.training.programs import remembered
from nn.training.progress import progress_bar
from nn.training.samples import Data, check_data, check_scales, drawing, held_out, scaled
from nn.training.weights import check_weights, class_weights, weighed

CALLER = 5  # frames from `fit` up to the line that calls model.fit: itself, Module.fit, and what takes its synonyms


class TrainingError(AutogradError, RuntimeError):
    """A training broke off, and the model is as it was before; `reached` and `history` say how far it got.

    ``model.load_state_dict(error.reached)`` takes over the parameters of the last update.
    """

    reached: dict[str, float]
    history: History


class DivergedError(TrainingError, NonFiniteError):
    """The loss, a derivative or a parameter became nan or inf."""


def fit(model: Model, X: Any, y: Any, options: FitOptions) -> History:
    """Train `model`; see `Module.fit`, which has the options as keywords."""
    data, rng = Data(*check_data(model, X, y), None), generator(options.seed)
    data = data._replace(weights=check_weights(options.sample_weight, len(data.X)))
    data, validation = held_out(model, options.validation, data, column_names(X), rng)
    data, validation = _weighed(options, data, validation)
    optimiser = _optimiser(model, options.optimiser)
    check_scales(model)
    with _unchanged_unless_well(model, optimiser):
        own_units = Samples(data, validation)
        on_scale = Samples(scaled(model, data), None if validation is None else scaled(model, validation))
        run = _Training(model, optimiser, options, own_units, on_scale)
        model.columns = column_names(X) or model.columns
        model.optimiser, model.history = optimiser, run.history  # already, so that a callback may save the model
        with progress_bar(options.epochs * len(data.X), options.progress) as bar:
            run.train(rng, bar)
    still = run.still_layers()
    if still:
        warn_of_still(still, stacklevel=CALLER)
    return run.history


def objective(
    model: Model, X: Any, y: Any, loss: Loss, sample_weight: Any, backend: str, threads: int, work: Work | None = None
) -> FlatObjective:
    """See `Module.objective`; `work` is how much is going to be asked, where that is known."""
    check_loss(loss)
    data = Data(*check_data(model, X, y), check_weights(sample_weight, len(X))).counted()
    check_scales(model)
    data = scaled(model, data)
    recorded = _recorded(model, model.parameters(), data, loss, backend, threads, work)
    return FlatObjective(recorded, data, model.parameters(), loss)


def _recorded(
    model: Model, moved: list[Value], data: Data, loss: Loss, backend: str, threads: int, work: Work | None
) -> Objective:
    """The program of this loss, from the last time if it is the same; of data on the model's scale."""
    check_targets(loss, data.y, model.outputs)
    recipe = loss, moved, data.y.shape[1:], data.weights is not None, backend, threads

    def recorded() -> Objective:
        found = Objective(model, *recipe)
        check_apart(model, loss, data.X, data.y)
        return found

    made: Objective = remembered(model, "fit", recipe, recorded, loss)
    made.expect(work)
    return made


def _weighed(options: FitOptions, data: Data, validation: Data | None) -> tuple[Data, Data | None]:
    """Both with what their samples count, those left out that count nothing."""
    by_class = class_weights(options.class_weight, data.y)
    data = data._replace(weights=weighed(data.weights, by_class, data.y)).counted()
    if validation is None:
        return data, None
    weights = weighed(validation.weights, by_class, validation.y)
    if weights is None and data.weights is not None:  # one program is for both
        weights = np.ones(len(validation.X))
    if weights is not None and data.weights is None:
        data = data._replace(weights=np.ones(len(data.X)))
    return data, validation._replace(weights=weights).counted()


class Samples(NamedTuple):
    """What is trained on, and what is validated with."""

    training: Data
    validation: Data | None


@dataclass(frozen=True)
class _At:
    """Where a training stands; replaced as a whole, so that Ctrl-C never finds half a step."""

    w: Vector
    state: Slots
    steps: int


class _Training:
    """One call of `fit`, once everything was checked."""

    def __init__(
        self, model: Model, optimiser: Optimiser, options: FitOptions, own_units: Samples, on_scale: Samples
    ) -> None:
        self.model, self.optimiser, self.options = model, optimiser, options
        self.own_units, (self.data, validation) = own_units, on_scale
        self.objective = _recorded(
            model,
            optimiser.parameters,
            self.data,
            options.loss,
            options.backend,
            options.threads,
            _work(options, len(self.data.X)),
        )
        warn_of_reach(model, options.loss, self.data.y, stacklevel=CALLER + 1)
        if validation is not None:
            check_targets(options.loss, validation.y, model.outputs)
        self.rows = self.data.rows
        self.held_out = None if validation is None else validation.rows
        self.metrics = options.named_metrics()
        self.callbacks = [callback for callback in options.callbacks if isinstance(callback, Callback)]
        self.history = History() if model.history is None else deepcopy(model.history)
        self.at = _At(_numbers(optimiser.parameters), optimiser.state, optimiser.steps)
        self.last_gradient: Vector = np.ones(len(optimiser.parameters))  # that of the last batch, once there was one
        self.whole = self._whole() if optimiser.whole_data else None

    def _whole(self) -> FlatObjective:
        """All data as one problem, for an optimiser that asks for it several times a step."""
        if self.options.batch_size is not None or self.objective.draws:
            what = "draws numbers" if self.objective.draws else "batches"
            raise ArgumentError(
                f"{self.optimiser!r} asks for the same loss several times, which no training with {what} has"
            )
        return FlatObjective(self.objective, self.data, self.optimiser.parameters, self.options.loss)

    def train(self, rng: np.random.Generator, bar: Any) -> None:
        """Epoch after epoch, until one of the reasons to stop."""
        self.history.stopped, epochs = "epochs", self.options.epochs
        try:
            for callback in self.callbacks:
                self._calling(callback, callback.begin)
            for number in range(epochs):
                start, before = time.perf_counter(), self.at.w
                training = self._epoch(number, rng, bar)
                epoch = self._told(number, training, time.perf_counter() - start, bar)
                if self._called(epoch):
                    break
                if self.whole is not None and self.at.w is before:
                    self.history.stopped = "converged"
                    break
        except KeyboardInterrupt:
            self.history.stopped = "interrupted"
        for callback in self.callbacks:
            self.at = replace(self.at, w=self._calling(callback, callback.left, self.at.w))
        self._write()

    def _epoch(self, number: int, rng: np.random.Generator, bar: Any) -> float:
        """Each sample once; the mean loss of all of them, each as it was met."""
        count = len(self.rows)
        size = min(self.options.batch_size or count, count)
        order = self._order(count, size, rng)
        rows, total = self.rows if order is None else self.rows[order], 0.0
        for place, start in enumerate(range(0, count, size)):
            met = slice(start, start + size)
            J = self._step(rows[met], met if order is None else order[met])
            total += J
            done = len(rows[met])
            for callback in self.callbacks:
                mean = J / self._counts(rows[met])
                self._calling(callback, callback.batch, Batch(number, place, done, mean, self.last_gradient))
            if bar is not None:
                bar.update(done)
        return total / self._counts(rows)

    def _order(self, count: int, size: int, rng: np.random.Generator) -> Array | None:
        """Of the samples in this epoch; None: as they stand."""
        if self.options.order is not None:
            return self.options.order(count)
        return rng.permutation(count) if size < count else None

    def _penalised(self, w: Vector, J: float, gradient: Vector) -> tuple[float, Vector]:
        """A batch's sum of losses and its gradient, with the penalty."""
        penalty = self.options.penalty
        if penalty is None:
            return J, gradient
        return J + 0.5 * float(penalty @ (w * w)), gradient + penalty * w

    def _counts(self, rows: Array) -> float:
        """How much these samples count together."""
        return float(len(rows) if self.data.weights is None else rows[:, -1].sum())

    def _step(self, rows: Array, which: Any) -> float:
        """One step with these rows of the data; the sum of their losses before it."""
        at, counts = self.at, self._counts(rows)
        if self.whole is None:
            J, gradient = self._penalised(at.w, *self.objective(at.w, rows))
            gradient = gradient / counts
        else:
            mean, gradient = self.whole(at.w)
            J = mean * counts
        self.last_gradient = gradient
        try:
            if not math.isfinite(J):
                raise NonFiniteError(f"the loss became {J}")
            if self.whole is None:
                w, state = self.optimiser.advanced(at.w, gradient, at.state, at.steps)
            else:
                w, state = self.optimiser.improved(self.whole, at.w, gradient, at.state, at.steps)
        except NonFiniteError as error:
            self._diverged(error, self.data.take(which))
        self.at = _At(w, state, at.steps + 1)
        return J

    def still_layers(self) -> list[Any]:
        """The layers that more training would not move, though there is a loss left."""
        moved = self.optimiser.parameters
        if not still_layers(self.model, moved, self.last_gradient):  # of a batch, and before its update
            return []
        J, gradient = self.objective(self.at.w, self.rows)
        return still_layers(self.model, moved, gradient) if J != 0 else []

    def _told(self, number: int, training: float, seconds: float, bar: Any) -> Epoch:
        """The epoch as the history, the schedules and the callbacks are told of it."""
        found = None
        if self.held_out is not None:
            found = self.objective.value(self.at.w, self.held_out) / self._counts(self.held_out)
        metrics, epochs = self._metrics(), self.options.epochs
        self.history.note(training, found, metrics)
        self.history.seconds.append(seconds)
        self.history.samples += len(self.rows)
        self.optimiser.observe(training if found is None else found)
        if bar is not None:
            bar.set_description(f"epoch {number + 1}/{epochs}", refresh=False)
            bar.set_postfix_str(f"J={training:.6g}", refresh=False)
        return Epoch(
            number, training, found, self.model, self.history, self.at.w, number + 1 == epochs, metrics=metrics
        )

    def _metrics(self) -> dict[str, float]:
        """Each metric of the training data and of the validation, in the targets' own units."""
        if not self.metrics:
            return {}
        self._write()
        found: dict[str, float] = {}
        for before, data in zip(("", "validation "), self.own_units, strict=True):
            if data is not None:
                says = self.model.predict(data.X, backend=self.options.backend, threads=self.options.threads)
                found |= {before + name: float(metric(says, data.y)) for name, metric in self.metrics.items()}
        return found

    # -- callbacks ------------------------------------------------------------------------------

    def _called(self, epoch: Epoch) -> bool:
        """Call them all; whether one of them wants to stop."""
        callbacks = self.options.callbacks
        stepped_to = self.at.w
        looked_at = any(getattr(callback, "looks", True) for callback in callbacks)
        if looked_at:
            self._write()
        for callback in callbacks:
            self._calling(callback, callback, epoch)
        w = epoch.numbers
        if looked_at and w is self.at.w:
            w = _numbers(self.optimiser.parameters)  # a callback may have set them
        if not np.array_equal(w, stepped_to):
            self.at = _At(w, self.at.state, self.at.steps)
        self.history.stopped = epoch.stopped or self.history.stopped
        return bool(epoch.stopped)

    def _calling(self, callback: Any, method: Callable[..., Any], *told: Any) -> Any:
        """What a callback says; TrainingError if it raises."""
        try:
            return method(*told)
        except Exception as error:
            name = short(str(getattr(callback, "__name__", quoted(callback))))
            epoch = f" in epoch {told[0].number}" if told and isinstance(told[0], Epoch) else ""
            raise self._broken(
                TrainingError, f"the callback {name} raised {type(error).__name__}: {error}{epoch}"
            ) from error

    # -- the end --------------------------------------------------------------------------------

    def _write(self) -> None:
        """Give the parameters and the optimiser what they have become."""
        at = self.at
        for parameter, x in zip(self.optimiser.parameters, at.w.tolist(), strict=True):
            parameter.data = x
        self.optimiser.state, self.optimiser.steps = at.state, at.steps

    def _diverged(self, error: NonFiniteError, batch: Data) -> Any:
        """Raise, with the node named at which it began."""
        self._write()
        fault = first_fault(self.model, self.options.loss, batch.X, batch.y)
        raise self._broken(DivergedError, f"{error}. In {fault}") from None

    def _broken(self, kind: type[TrainingError], what: str) -> TrainingError:
        self._write()
        error = kind(f"{what}. The model is as it was before fit; the parameters reached are in this error's `reached`")
        error.reached, error.history = self.model.state_dict(), self.history
        return error


def _numbers(parameters: Sequence[Value]) -> Vector:
    return np.array([parameter.data for parameter in parameters])


# -- before and after -------------------------------------------------------------------------------


@contextmanager
def _unchanged_unless_well(model: Model, optimiser: Optimiser) -> Iterator[None]:
    """Put everything back if the block raises."""
    numbers, done, state = _numbers(model.parameters()), optimiser.steps, optimiser.state
    rates = optimiser.learning_rate, optimiser.groups
    last = model.columns, model.optimiser, model.history
    scales = [(scale, dict(vars(scale))) for scale in (model.input_scale, model.target_scale) if scale is not None]
    dice = [(g.rng, g.rng.getstate()) for g in drawing(model)]
    try:
        yield
    except BaseException:
        for parameter, x in zip(model.parameters(), numbers.tolist(), strict=True):
            parameter.data = x
        optimiser.steps, optimiser.state = done, state
        optimiser.learning_rate, optimiser.groups = rates
        model.columns, model.optimiser, model.history = last
        for scale, fitted in scales:
            vars(scale).clear()
            vars(scale).update(fitted)
        for rng, drawn in dice:
            rng.setstate(drawn)
        raise


def _work(options: FitOptions, samples: int) -> Work:
    """What training is going to compute, unless it is stopped."""
    batches = -(-samples // min(options.batch_size or samples, samples)) if samples else 0
    return Work(options.epochs * batches, options.epochs * samples)


def _optimiser(model: Model, given: Optimiser | None) -> Optimiser:
    """The one given, or that of the last time, or gradient descent; it moves parameters of this model only."""
    optimiser = given or model.optimiser or GradientDescent(model.parameters())
    foreign = set(optimiser.parameters) - set(model.parameters())
    if foreign:
        raise ArgumentError(
            f"{optimiser!r} moves {len(foreign)} parameters that are not of {model!r}: make it with model.parameters()"
        )
    return optimiser
