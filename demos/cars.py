"""What is a used car worth? The lecture's task on 1,436 real cars, beside a line and scikit-learn's network.

A network 5-6-1 (kilometres, age, fuel one-hot) learns prices in standardised units; the errors are in
euros, on cars that it never saw, with its inputs scaled in two ways.  Then newer cars arrive and it is
trained further.
"""

from __future__ import annotations

import csv
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from demos.output import BLUE, GREEN, GREY, heading, options, positive, save_figure
from nn import MLP, Adam, QuantileNormalization, Standardization, half_squared_error
from viz import terminal

DATA = Path(__file__).parent / "data" / "toyota_corolla.csv"
FUELS = ("Petrol", "Diesel", "CNG")
HIDDEN, RATE, BATCH = 6, 0.01, 32  # of both networks

Array: TypeAlias = "np.ndarray[Any, Any]"
Scale: TypeAlias = "Standardization | QuantileNormalization"
SCALES: dict[str, Callable[[], Scale]] = {
    "standardization": Standardization,
    "quantile": lambda: QuantileNormalization("normal"),
}


@dataclass(frozen=True)
class Cars:
    """Columns of the table: `km`, `fuel` (one of FUELS), `age_months`, `price` in euros."""

    km: Array
    fuel: Array
    age_months: Array
    price: Array

    def __len__(self) -> int:
        return len(self.price)

    def __getitem__(self, rows: Any) -> Cars:
        return Cars(self.km[rows], self.fuel[rows], self.age_months[rows], self.price[rows])

    @property
    def measures(self) -> Array:
        """km and age, cars × 2: what has to be normalised."""
        return np.column_stack([self.km, self.age_months])

    @property
    def one_hot(self) -> Array:
        """Fuel as one column of 0 and 1 for each of FUELS."""
        return np.column_stack([self.fuel == name for name in FUELS]).astype(float)


def load_cars(path: Path = DATA) -> Cars:
    """The table as it lies in the file."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    km, age, price = (np.array([float(row[name]) for row in rows]) for name in ("km", "age_months", "price_eur"))
    return Cars(km, np.array([row["fuel"] for row in rows]), age, price)


class Network:
    """The network between its scales: euros out, cars in."""

    def __init__(self, cars: Cars, scale: str, seed: int) -> None:
        self.inputs, self.prices = SCALES[scale]().fit(cars.measures), Standardization().fit(cars.price)
        self.model = MLP(2 + len(FUELS), [HIDDEN, 1], ["tanh", "linear"], seed=seed)
        self.model.optimiser = Adam(self.model.parameters(), learning_rate=RATE)

    def learn(self, cars: Cars, epochs: int) -> None:
        """Train (further, if it was trained before) on these cars."""
        y = self.prices.transform(cars.price)
        self.model.fit(self._features(cars), y, loss=half_squared_error, epochs=epochs, batch_size=BATCH, seed=0)

    def predict(self, cars: Cars) -> Array:
        """Prices in euros."""
        return self.prices.inverse(self.model.predict(self._features(cars)))

    def _features(self, cars: Cars) -> Array:
        return np.hstack([self.inputs.transform(cars.measures), cars.one_hot])


class ScikitLearn(Network):
    """scikit-learn's network of the same shape, on the same scaled cars."""

    def __init__(self, cars: Cars, scale: str, seed: int) -> None:
        super().__init__(cars, scale, seed)
        self.peer = MLPRegressor(
            hidden_layer_sizes=(HIDDEN,), activation="tanh", alpha=0.0, batch_size=BATCH, learning_rate_init=RATE,
            n_iter_no_change=10_000, random_state=seed,
        )  # fmt: skip

    def learn(self, cars: Cars, epochs: int) -> None:
        """Train from the beginning."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is told when to stop
            self.peer.set_params(max_iter=epochs).fit(self._features(cars), self.prices.transform(cars.price))

    def predict(self, cars: Cars) -> Array:
        """Prices in euros."""
        return self.prices.inverse(self.peer.predict(self._features(cars)))


class LeastSquares:
    """price = c₀ + c₁·km + c₂·age + one constant a fuel, by NumPy's lstsq."""

    def __init__(self, cars: Cars) -> None:
        self.coefficients = np.linalg.lstsq(self._features(cars), cars.price, rcond=None)[0]

    def predict(self, cars: Cars) -> Array:
        """Prices in euros."""
        found: Array = self._features(cars) @ self.coefficients
        return found

    def _features(self, cars: Cars) -> Array:
        return np.hstack([cars.measures / [100_000, 12], cars.one_hot])  # near 1, so that lstsq is well conditioned


@dataclass(frozen=True)
class Errors:
    """Mean absolute and root mean square error in euros."""

    mean_absolute: float
    root_mean_square: float

    def __str__(self) -> str:
        return f"mean error {self.mean_absolute:6.0f} €   root mean square {self.root_mean_square:6.0f} €"


def errors(predicted: Array, cars: Cars) -> Errors:
    """How far predictions are from what was asked."""
    off = predicted - cars.price
    return Errors(float(np.mean(np.abs(off))), float(np.sqrt(np.mean(off**2))))


def split(cars: Cars, seed: int) -> tuple[Cars, Cars, Cars, Cars]:
    """(old to train on, old to test on, new to train on, new to test on); new: the youngest fifth.

    A network trained on old cars has never seen a young one, as on the day on which new ones arrive.
    """
    by_age = np.argsort(-cars.age_months, kind="stable")
    count = len(cars) // 5
    rng = np.random.default_rng(seed)
    old, new = rng.permutation(by_age[:-count]), rng.permutation(by_age[-count:])
    return (cars[old[len(old) // 5 :]], cars[old[: len(old) // 5]],
            cars[new[len(new) // 3 :]], cars[new[: len(new) // 3]])  # fmt: skip


def run(out: Path, epochs: int = 40, scale: str = "standardization", seed: int = 1) -> list[Path]:
    """Print the story and write cars.png into `out`."""
    cars = load_cars()
    heading(f"What is a used car worth? {len(cars)} real cars")
    old, old_test, new, new_test = split(cars, seed)
    print(f"Older cars: {len(old)} to train on, {len(old_test)} to test on. The youngest fifth is held back as new.")
    networks = _contest(old, old_test, epochs, seed)
    network, line = networks[scale], LeastSquares(old)

    print(f"\nNew, younger cars arrive; neither has met any like them. The network, inputs by {scale}:")
    if scale == "quantile":
        print("  (ranks know nothing beyond the oldest and youngest car seen: to them all new cars are the same age)")
    before = errors(network.predict(new_test), new_test)
    _compare("  before training further", network, line, new_test)
    both = _joined(new, old)
    network.learn(both, max(1, epochs // 2))
    after = errors(network.predict(new_test), new_test)
    refitted = LeastSquares(both)
    _compare("  after training further (the line: fitted anew)", network, refitted, new_test)
    _compare("  and on the older cars again", network, refitted, old_test)
    change = after.mean_absolute - before.mean_absolute
    print(f"Training further changed the network's mean error on new cars by {change:+.0f} €.")
    return [save_figure(_plot(network, refitted, new_test, old_test), out / "cars.png")]


def _contest(cars: Cars, test: Cars, epochs: int, seed: int) -> dict[str, Network]:
    """Train every network on the same cars and print how far each is off; ours, by scale."""
    print(f"Errors on {len(test)} cars that none has seen; networks 5-{HIDDEN}-1, {epochs} epochs, Adam:")
    networks: dict[str, Network] = {}
    for scale in SCALES:
        for maker, name in ((Network, "this network"), (ScikitLearn, "scikit-learn's")):
            network = maker(cars, scale, seed)
            start = time.perf_counter()
            network.learn(cars, epochs)
            seconds = time.perf_counter() - start
            title = f"{name}, {scale}"
            print(f"    {title:31} {errors(network.predict(test), test)}   {seconds:.2f} s")
            if maker is Network:
                networks[scale] = network
    print(f"    {'least squares':31} {errors(LeastSquares(cars).predict(test), test)}")
    return networks


def _compare(title: str, network: Network, line: LeastSquares, cars: Cars) -> None:
    """Both errors, and who wins, whoever it is."""
    ours, theirs = errors(network.predict(cars), cars), errors(line.predict(cars), cars)
    gap = 100 * (theirs.mean_absolute / ours.mean_absolute - 1)
    verdict = f"the network is {gap:.0f}% better" if ours.mean_absolute < theirs.mean_absolute else "the line wins"
    print(f"{title} ({len(cars)} cars): {verdict}")
    print(f"    network        {ours}\n    least squares  {theirs}")


def _joined(a: Cars, b: Cars) -> Cars:
    return Cars(*(np.concatenate([getattr(a, c), getattr(b, c)]) for c in ("km", "fuel", "age_months", "price")))


def _plot(network: Network, line: LeastSquares, new: Cars, old: Cars) -> Figure:
    """What was asked against what each predicts; on the grey line they agree."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    models: tuple[tuple[str, Network | LeastSquares, str], ...] = (
        ("network", network, BLUE),
        ("least squares", line, GREEN),
    )
    for axes, (name, model, colour) in zip(figure.subplots(1, 2, sharex=True, sharey=True), models, strict=True):
        for cars, marker, which in ((old, ".", "older cars"), (new, "x", "new cars")):
            axes.scatter(cars.price / 1000, model.predict(cars) / 1000, s=18, marker=marker, color=colour,
                         alpha=0.5, linewidths=1, label=which)  # fmt: skip
        axes.plot([4, 34], [4, 34], color=GREY, linewidth=1)
        both = _joined(old, new)
        axes.set_title(f"{name}: mean error {errors(model.predict(both), both).mean_absolute:.0f} €")
        axes.set_xlabel("asked, thousand €")
        axes.legend(frameon=False)
    figure.axes[0].set_ylabel("predicted, thousand €")
    figure.suptitle("Cars not trained on")
    return figure


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = options(__doc__)
    parser.add_argument("--epochs", type=positive, default=40, help="rounds over the older cars (default: 40)")
    parser.add_argument("--scale", choices=SCALES, default="standardization", help="how inputs are normalised")
    given = parser.parse_args(argv)
    run(given.out, given.epochs, given.scale)
    return 0


if __name__ == "__main__":
    terminal.run(main)
