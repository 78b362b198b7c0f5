"""Who trains: this engine's `fit`, and its peers, each with the same network, data, batches and precision.

E2      2-16-16-1, relu, hinge loss and 1e-4·Σp² on 100 points of two moons: a full-batch step of plain descent
digits  64-16-10, tanh, cross-entropy on 1,500 of scikit-learn's digits: an epoch of Adam, in batches of 64
wide    64-256-256-10, relu, the same digits, in batches of 50
cars    5-6-1, tanh, squared error on the 1,436 cars of the demo: an epoch of Adam, in batches of 32
"""

from __future__ import annotations

import csv
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import nn
from benchmarks.workloads import DECAY, E2_SIZES, initial_parameters, two_moons
from nn import MLP, Adam, Module, Optimiser
from nn.training.objective import Objective
from nn.training.schedules import rate_at

CARS = Path(__file__).resolve().parent.parent / "demos" / "data" / "toyota_corolla.csv"
MEASURES, FUELS = ["km", "age_months"], ["Petrol", "Diesel", "CNG"]
SEED = 0  # of the order in which samples are met
ANSWER_EPOCHS = 2  # after which all parameters must agree
E2_RATE, DIGITS_RATE, WIDE_RATE, CARS_RATE = 0.05, 0.005, 0.001, 0.01


@dataclass
class Task:
    """What is trained: the model at its start, with `optimiser`, and what `fit` is told."""

    X: Any
    y: Any
    model: Module
    optimiser: Optimiser
    loss: Any
    batch_size: int | None


def task(workload: str) -> Task:
    """E2, digits, wide or cars, at its start."""
    return {"E2": _e2, "digits": _digits, "wide": _wide, "cars": _cars}[workload]()


def _e2() -> Task:
    model = MLP(E2_SIZES[0], E2_SIZES[1:], ["relu", "relu", "linear"], seed=0)
    for parameter, x in zip(model.parameters(), initial_parameters(E2_SIZES), strict=True):
        parameter.data = x
    X, y = (np.array(part) for part in zip(*two_moons(), strict=True))
    optimiser = nn.SGD(model.parameters(), E2_RATE, weight_decay=2 * DECAY)  # the gradient of DECAY·Σp²
    return Task(X, y, model, optimiser, nn.hinge, None)


def _digits() -> Task:
    return _of_digits(MLP(64, [16, 10], ["tanh", "linear"], seed=0), DIGITS_RATE, 64)


def _wide() -> Task:
    return _of_digits(MLP(64, [256, 256, 10], ["relu", "relu", "linear"], seed=0), WIDE_RATE, 50)


def _of_digits(model: MLP, rate: float, batch_size: int) -> Task:
    from sklearn.datasets import load_digits

    digits = load_digits()
    optimiser = Adam(model.parameters(), rate)
    return Task(digits.data[:1500] / 16, digits.target[:1500], model, optimiser, nn.cross_entropy, batch_size)


def _cars() -> Task:
    with CARS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    measures, price = ([[float(row[name]) for name in names] for row in rows] for names in (MEASURES, ["price_eur"]))
    one_hot = [[row["fuel"] == fuel for fuel in FUELS] for row in rows]
    X = np.hstack([nn.Standardization().fit_transform(measures), one_hot])
    y = nn.Standardization().fit_transform(price)[:, 0]
    model = MLP(5, [6, 1], ["tanh", "linear"], seed=0)
    return Task(X, y, model, Adam(model.parameters(), CARS_RATE), nn.half_squared_error, 32)


class Contender:
    """A peer; a subclass makes the task ready, trains it by so many epochs and tells its parameters."""

    def ready(self, workload: str) -> Any:
        """What is trained, at its start."""
        raise NotImplementedError

    def train(self, state: Any, epochs: int) -> None:
        """That many epochs."""
        raise NotImplementedError

    def parameters(self, state: Any) -> list[float]:
        """Neuron by neuron, weights and then bias."""
        raise NotImplementedError

    def __init__(self) -> None:
        self.states: dict[str, Any] = {}

    def prepare(self, workload: str) -> None:
        """The first epoch, with all that is done once."""
        self.states[workload] = self.ready(workload)
        self.train(self.states[workload], 1)

    def timed(self, workload: str, repeat: int) -> float:
        """Seconds of the processor an epoch: on one thread the time it takes, whatever else the machine does."""
        if workload not in self.states:
            self.prepare(workload)
        start = time.process_time()
        self.train(self.states[workload], repeat)
        return (time.process_time() - start) / repeat

    def answer(self, workload: str) -> list[float]:
        """The parameters after some epochs from the start."""
        state = self.ready(workload)
        self.train(state, ANSWER_EPOCHS)
        return self.parameters(state)

    def pose(self, workload: str) -> None:
        """Nothing is given."""

    def hold(self, workload: str) -> Any:
        """What was made ready."""
        return self.ready(workload)


class Fit(Contender):
    """This engine; ``record digits`` prepares no more than the recording."""

    def __init__(self, backend: str) -> None:
        super().__init__()
        self.backend = backend

    def prepare(self, workload: str) -> None:
        """Record, or record, compile and train an epoch."""
        if not workload.startswith("record "):
            return super().prepare(workload)
        posed = task(workload.removeprefix("record "))
        Objective(posed.model, posed.loss, posed.optimiser.parameters, (), False, self.backend, 1)
        return None

    def ready(self, workload: str) -> Task:
        """The task as it stands."""
        return task(workload)

    def train(self, state: Task, epochs: int) -> None:
        """One call of `fit`."""
        state.model.fit(
            state.X, state.y, loss=state.loss, optimiser=state.optimiser, epochs=epochs,
            batch_size=state.batch_size, seed=SEED, progress=False, backend=self.backend,
        )  # fmt: skip

    def parameters(self, state: Task) -> list[float]:
        """Of the model."""
        return list(state.model.state_dict().values())


class Micrograd(Contender):
    """micrograd, as its own demo trains E2."""

    def ready(self, workload: str) -> Any:
        """The eager contender, which writes the same loss."""
        from benchmarks.contenders import Micrograd as Eager

        return Eager()

    def train(self, state: Any, epochs: int) -> None:
        """Forward, backward, and a step of descent."""
        for _ in range(epochs):
            state.reset()
            state.loss("E2").backward()
            for p in state.parameters["E2"]:
                p.data -= E2_RATE * p.grad

    def parameters(self, state: Any) -> list[float]:
        """Of E2."""
        return [float(p.data) for p in state.parameters["E2"]]


class Torch(Contender):
    """PyTorch's eager modules in float64, on one thread."""

    def ready(self, workload: str) -> Any:
        """The same network as a torch.nn.Sequential, and Adam."""
        import torch

        torch.set_num_threads(1)
        posed = task(workload)
        module = posed.model.to_torch()  # type: ignore[attr-defined]  # the tasks are MLPs
        optimiser = torch.optim.Adam(module.parameters(), rate_at(posed.optimiser.learning_rate, 0))
        return torch, torch.from_numpy(posed.X), torch.from_numpy(posed.y), module, optimiser, posed.batch_size

    def train(self, state: Any, epochs: int) -> None:
        """The usual loop; samples are met in the order of `fit`."""
        torch, X, y, module, optimiser, size = state
        loss, rng = torch.nn.CrossEntropyLoss(), np.random.default_rng(SEED)
        for _ in range(epochs):
            order = torch.from_numpy(rng.permutation(len(X)))
            samples, targets = X[order], y[order]
            for start in range(0, len(X), size):
                optimiser.zero_grad()
                loss(module(samples[start : start + size]), targets[start : start + size]).backward()
                optimiser.step()

    def parameters(self, state: Any) -> list[float]:
        """A Linear holds neurons as rows."""
        module = state[3]
        layers = [part for part in module if hasattr(part, "weight")]
        rows = [np.column_stack([p.weight.detach().numpy(), p.bias.detach().numpy()]) for p in layers]
        return [float(x) for row in rows for x in row.flat]


class ScikitLearn(Contender):
    """scikit-learn's MLPRegressor of the same shape; its start and its shuffling are its own."""

    def ready(self, workload: str) -> Task:
        """The data; each training begins anew."""
        return task(workload)

    def train(self, state: Task, epochs: int) -> None:
        """One call of its `fit`, told never to stop early."""
        from sklearn.neural_network import MLPRegressor

        model = MLPRegressor(
            hidden_layer_sizes=(6,), activation="tanh", alpha=0.0, learning_rate_init=CARS_RATE,
            batch_size=state.batch_size, max_iter=epochs, tol=0.0, n_iter_no_change=10**9, random_state=SEED,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            model.fit(state.X, state.y)


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "fit": lambda: Fit("auto"),
    "fit-numpy": lambda: Fit("numpy"),
    "micrograd": Micrograd,
    "torch": Torch,
    "sklearn": ScikitLearn,
}
