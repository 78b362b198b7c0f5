"""`model.fit`: training on a compiled program.

The sample's loss is recorded once (`objective`); an epoch is then vectors: rows of data go in, a summed
gradient comes out, the optimiser's formula moves a vector of numbers.  The parameters, which are Values,
are written when somebody looks: before callbacks, and at the end.  A training that ends well, is stopped
early or by Ctrl-C leaves a trained model; one that breaks leaves everything as it was before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, AutogradError, NonFiniteError
from autograd.program.executors import Work
from autograd.text import quoted, short
from autograd.value import Value
from nn.activations import RReLU
from nn.data.seeds import generator
from nn.data.tables import Array, Vector, column_names
from nn.losses import SUMMED, check_targets
from nn.training.callbacks import EarlyStopping, Epoch
from nn.training.faults import first_fault, still_layers, warn_of_still
from nn.training.history import History
from nn.training.model import Model
from nn.training.objective import Objective
from nn.training.optimisers import GradientDescent, Optimiser, Slots
from nn.training.options import FitOptions
from nn.training.programs import remembered
from nn.training.progress import progress_bar
from nn.training.samples import Data, check_data, check_scales, held_out, scaled


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
    data, rng = Data(*check_data(model, X, y)), generator(options.seed)
    data, validation = held_out(model, options.validation, data, column_names(X), rng)
    optimiser = _optimiser(model, options.optimiser)
    check_scales(model)
    with _unchanged_unless_well(model, optimiser):
        data, validation = scaled(model, data), None if validation is None else scaled(model, validation)
        for part in (data, validation):
            if part is not None:
                check_targets(options.loss, part.y, model.outputs)
        recipe = options.loss, optimiser.parameters, data.y.shape[1:], options.backend, options.threads
        objective = remembered(model, "fit", recipe, lambda: Objective(model, *recipe))
        objective.expect(_work(options, len(data.X)))
        run = _Training(model, objective, optimiser, options, data, validation)
        model.columns = column_names(X) or model.columns
        model.optimiser, model.history = optimiser, run.history  # already, so that a callback may save the model
        with progress_bar(options.epochs * len(data.X), options.progress) as bar:
            run.train(rng, bar)
    still = run.still_layers()
    if still:
        warn_of_still(still, stacklevel=3)  # the line that calls model.fit
    return run.history


@dataclass(frozen=True)
class _At:
    """Where a training stands; replaced as a whole, so that Ctrl-C never finds half a step."""

    w: Vector
    state: Slots
    steps: int


class _Training:
    """One call of `fit`, once everything was checked."""

    def __init__(
        self,
        model: Model,
        objective: Objective,
        optimiser: Optimiser,
        options: FitOptions,
        data: Data,
        validation: Data | None,
    ) -> None:
        self.model, self.objective, self.optimiser, self.options = model, objective, optimiser, options
        self.data, self.rows = data, data.rows
        self.held_out = None if validation is None else validation.rows
        self.history = History() if model.history is None else deepcopy(model.history)
        self.at = _At(_numbers(optimiser.parameters), optimiser.state, optimiser.steps)
        self.last_gradient: Vector = np.ones(len(optimiser.parameters))  # that of the last batch, once there was one

    def train(self, rng: np.random.Generator, bar: Any) -> None:
        """Epoch after epoch, until one of the reasons to stop."""
        self.history.stopped, epochs = "epochs", self.options.epochs
        try:
            for number in range(epochs):
                start = time.perf_counter()
                training = self._epoch(rng, bar)
                found = None if self.held_out is None else self._mean(self._value(self.held_out), len(self.held_out))
                self._note(training, found, time.perf_counter() - start, bar, f"epoch {number + 1}/{epochs}")
                epoch = Epoch(number, training, found, self.model, self.history, self.at.w, number + 1 == epochs)
                if self._called(epoch):
                    break
        except KeyboardInterrupt:
            self.history.stopped = "interrupted"
        self._write()

    def _epoch(self, rng: np.random.Generator, bar: Any) -> float:
        """Each sample once; J over all of them, each as it was met."""
        count = len(self.rows)
        size = min(self.options.batch_size or count, count)
        order = rng.permutation(count) if size < count else None
        rows, total = self.rows if order is None else self.rows[order], 0.0
        for start in range(0, count, size):
            batch = rows[start : start + size]
            J, gradient = self.objective(self.at.w, batch)
            self.last_gradient = gradient
            try:
                if not math.isfinite(J):
                    raise NonFiniteError(f"the loss became {J}")
                w, state = self.optimiser.advanced(self.at.w, gradient / len(batch), self.at.state, self.at.steps)
            except NonFiniteError as error:
                met = slice(start, start + size)
                self._diverged(error, self.data.take(met if order is None else order[met]))
            self.at = _At(w, state, self.at.steps + 1)
            total += J
            if bar is not None:
                bar.update(len(batch))
        return self._mean(total, count)

    def still_layers(self) -> list[Any]:
        """The layers that more training would not move, though there is a loss left."""
        moved = self.optimiser.parameters
        if not still_layers(self.model, moved, self.last_gradient):  # of a batch, and before its update
            return []
        J, gradient = self.objective(self.at.w, self.rows)
        return still_layers(self.model, moved, gradient) if J != 0 else []

    def _value(self, rows: Array) -> float:
        return self.objective.value(self.at.w, rows)

    def _mean(self, total: float, samples: int) -> float:
        """The sum as it stands for the lecture's J, else the mean."""
        return total if self.options.loss in SUMMED else total / samples

    def _note(self, training: float, validation: float | None, seconds: float, bar: Any, title: str) -> None:
        history = self.history
        history.training.append(training)
        if validation is not None:
            history.validation.append(validation)
        history.seconds.append(seconds)
        history.samples += len(self.rows)
        if bar is not None:
            bar.set_description(title, refresh=False)
            bar.set_postfix_str(f"J={training:.6g}", refresh=False)

    # -- callbacks ------------------------------------------------------------------------------

    def _called(self, epoch: Epoch) -> bool:
        """Call them all; whether one of them wants to stop."""
        callbacks = self.options.callbacks
        looked_at = not all(isinstance(callback, EarlyStopping) for callback in callbacks)
        if looked_at:
            self._write()
        for callback in callbacks:
            try:
                callback(epoch)
            except Exception as error:
                name = short(str(getattr(callback, "__name__", quoted(callback))))
                raise self._broken(
                    TrainingError, f"the callback {name} raised {type(error).__name__}: {error} in epoch {epoch.number}"
                ) from error
        w = epoch.numbers
        if looked_at and w is self.at.w:
            w = _numbers(self.optimiser.parameters)  # a callback may have set them
        self.at = _At(w, self.at.state, self.at.steps)
        self.history.stopped = epoch.stopped or self.history.stopped
        return bool(epoch.stopped)

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
    last = model.columns, model.optimiser, model.history
    scales = [(scale, dict(vars(scale))) for scale in (model.input_scale, model.target_scale) if scale is not None]
    dice = [(g.rng, g.rng.getstate()) for part in model._parts() if isinstance(g := _activation(part), RReLU)]
    try:
        yield
    except BaseException:
        for parameter, x in zip(model.parameters(), numbers.tolist(), strict=True):
            parameter.data = x
        optimiser.steps, optimiser.state = done, state
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


def _activation(part: Any) -> Any:
    return getattr(part, "activation", None)


def _optimiser(model: Model, given: Optimiser | None) -> Optimiser:
    """The one given, or that of the last time, or gradient descent; it moves parameters of this model only."""
    optimiser = given or model.optimiser or GradientDescent(model.parameters())
    foreign = set(optimiser.parameters) - set(model.parameters())
    if foreign:
        raise ArgumentError(
            f"{optimiser!r} moves {len(foreign)} parameters that are not of {model!r}: make it with model.parameters()"
        )
    return optimiser
