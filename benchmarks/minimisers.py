"""How low L-BFGS, Levenberg–Marquardt and Newton come, and Adam in twenty times the time; writes results/minimisers.md.

    python -m benchmarks.minimisers            all of it, ten minutes
    python -m benchmarks.minimisers --quick    shorter, to look; writes nothing

Each trains from the same weights, on all data.  Adam does so as it comes, with its default rate, and once more
with the best of six settings: three rates that fall along a cosine, on all data at once and in batches of 32.
Programs are compiled before the time begins.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from benchmarks.driver import HERE, machine, publish
from benchmarks.training_contenders import task
from nn import LBFGS, MLP, Adam, CosineDecay, LevenbergMarquardt, Newton, Optimiser

RESULTS = HERE / "results" / "minimisers.md"
TIMES = 20  # the time that Adam has, of that of the one that came lowest
RATES = (0.003, 0.01, 0.03)
Make = Callable[[MLP], Optimiser]


class Problem(NamedTuple):
    """Data and sizes of a network that is trained on them, tanh in the hidden layer."""

    title: str
    X: Any
    y: Any
    sizes: list[int]

    def model(self, seed: int) -> MLP:
        """The network at a start."""
        return MLP(self.X.shape[1], self.sizes, ["tanh", "linear"], seed=seed)


def problems() -> list[Problem]:
    """The cars of the demo; and a smooth function of three variables, without noise."""
    cars = task("cars")
    X = np.random.default_rng(0).uniform(-1, 1, (200, 3))
    y = np.sin(3 * X[:, 0]) * X[:, 1] + X[:, 2] ** 2
    return [Problem("cars, 5-6-1", cars.X, cars.y, [6, 1]), Problem("sin 3x·y + z², 3-10-1", X, y, [10, 1])]


class Trained(NamedTuple):
    """How low a training came, after how many epochs and seconds."""

    loss: float
    epochs: int
    seconds: float


def trained(problem: Problem, seed: int, make: Make, epochs: int, batch_size: int | None = None) -> Trained:
    """One training, its program compiled before."""
    model = problem.model(seed)
    start = model.state_dict()
    model.fit(problem.X, problem.y, optimiser=make(model), epochs=1, batch_size=batch_size)
    model.load_state_dict(start)
    optimiser, begun = make(model), time.process_time()
    history = model.fit(problem.X, problem.y, optimiser=optimiser, epochs=epochs, batch_size=batch_size)
    spent = time.process_time() - begun
    found = model.objective(problem.X, problem.y)
    return Trained(found.fun(found.start), len(history["training"]) - 1, spent)


def in_time(problem: Problem, seed: int, seconds: float, rate: float | None, batch_size: int | None) -> Trained:
    """Adam in so much time, with its default rate or one that falls along a cosine."""
    epoch = trained(problem, seed, lambda model: Adam(model.parameters()), 50, batch_size).seconds / 50
    epochs = max(1, round(seconds / epoch))
    steps = epochs * (1 if batch_size is None else -(-len(problem.X) // batch_size))

    def make(model: MLP) -> Optimiser:
        return Adam(model.parameters()) if rate is None else Adam(model.parameters(), CosineDecay(rate, steps))

    return trained(problem, seed, make, epochs, batch_size)


def tuned(problem: Problem, seed: int, seconds: float) -> tuple[str, Trained]:
    """The best of Adam's settings, and which it was."""
    found = {
        f"falling from {rate}, {'all data' if size is None else f'batches of {size}'}": in_time(
            problem, seed, seconds, rate, size
        )
        for rate in RATES
        for size in (None, 32)
    }
    best = min(found, key=lambda setting: found[setting].loss)
    return best, found[best]


def rows_of(problem: Problem, seeds: int, epochs: int, times: float) -> list[str]:
    """The table's rows of a problem."""
    rows = []
    for seed in range(seeds):
        entries = {
            "L-BFGS": trained(problem, seed, lambda model: LBFGS(model.parameters()), epochs),
            "Levenberg–Marquardt": trained(
                problem, seed, lambda model: LevenbergMarquardt(model.parameters()), epochs // 5
            ),
            "Newton": trained(problem, seed, lambda model: Newton(model.parameters()), epochs // 5),
        }
        seconds = times * min(entries.values()).seconds
        entries["Adam"] = in_time(problem, seed, seconds, None, None)
        setting, best = tuned(problem, seed, seconds)
        entries[f"Adam, {setting}"] = best
        for name, found in entries.items():
            rows.append(
                f"| {problem.title} | {seed} | {name} | {found.loss:.4g} | {found.epochs:,} | {found.seconds:.2f} |"
            )
            print(rows[-1], flush=True)
    return rows


def report(rows: list[str], epochs: int) -> str:
    """The page that is written."""
    head = "| | start | | loss | epochs | s |\n|---|--:|---|--:|--:|--:|"
    return f"""# Minimisers

{head}
{chr(10).join(rows)}

Measured {date.today().isoformat()} on {machine()}; one thread, processor's time of one call of `fit`, compiled before.
The loss is ½(y - ŷ)² a sample, on all data: after at most {epochs:,} epochs of L-BFGS, a fifth of them of
Levenberg–Marquardt and of Newton, and, for Adam, {TIMES} times the time of the one of these that came lowest, as it
comes and with the best of {2 * len(RATES)} settings.
How: [minimisers.py](../minimisers.py).
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="minimisers next to Adam in 20 times the time")
    parser.add_argument("--quick", action="store_true", help="shorter; write nothing")
    quick = parser.parse_args().quick
    seeds, epochs = (1, 200) if quick else (3, 1000)
    rows = [row for problem in problems() for row in rows_of(problem, seeds, epochs, TIMES if not quick else 5)]
    publish(report(rows, epochs), None if quick else RESULTS)


if __name__ == "__main__":
    main()
