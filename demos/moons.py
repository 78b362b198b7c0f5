"""Two moons: micrograd's demonstration, an MLP 2-16-16-1 with relu and hinge loss that draws a border."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_moons

from autograd import Value, square, sum
from demos.output import BLUE, RED, heading, options, positive, save_figure
from nn import MLP, SGD, CosineDecay, hinge
from viz import terminal

DECAY = 1e-4  # micrograd's weight on Σp²


def run(out: Path, epochs: int = 100, samples: int = 100, seed: int = 2) -> list[Path]:
    """Train, print the accuracy, and write moons.png with the border between the moons."""
    heading(f"Two moons: {samples} points, an MLP 2-16-16-1")
    X, classes = make_moons(samples, noise=0.1, random_state=seed)
    y = 2.0 * classes - 1  # hinge wants -1 and 1
    model = MLP(2, [16, 16, 1], ["relu", "relu", "linear"], init="he_normal", seed=seed)
    print(f"{model}: {len(model.parameters())} parameters, hinge loss + {DECAY}·Σp²")

    def loss(predictions: Any, targets: Any) -> Value:
        total: Value = hinge(predictions, targets) + DECAY * sum([square(p) for p in model.parameters()])
        return total

    print(f"accuracy before training: {accuracy(model, X, y):.0%}")
    optimiser = SGD(model.parameters(), CosineDecay(0.3, epochs), momentum=0.9)
    history = model.fit(X, y, loss=loss, optimiser=optimiser, epochs=epochs)
    first, last = history.training[0], history.training[-1]
    print(f"J {first:.4f} → {last:.4f} in {epochs} steps, {history.samples_per_second:,.0f} points a second")
    print(f"accuracy after training:  {accuracy(model, X, y):.0%}")
    fresh, fresh_classes = make_moons(samples, noise=0.1, random_state=seed + 1)
    print(f"on {samples} points that it never saw: {accuracy(model, fresh, 2.0 * fresh_classes - 1):.0%}")
    return [save_figure(_plot(model, X, y), out / "moons.png")]


def scores(model: MLP, X: Any) -> Any:
    """The network's numbers: above 0 for one moon, below for the other."""
    return model.predict(X)


def accuracy(model: MLP, X: Any, y: Any) -> float:
    """The share of points on the right side of the border."""
    return float(np.mean((scores(model, X) > 0) == (y > 0)))


def _plot(model: MLP, X: Any, y: Any) -> Figure:
    """The plane coloured by the network's score, its border, and the points."""
    figure = Figure(figsize=(6, 4.2), layout="constrained")
    axes = figure.subplots()
    (left, bottom), (right, top) = X.min(axis=0) - 0.5, X.max(axis=0) + 0.5
    xs, ys = np.linspace(left, right, 70), np.linspace(bottom, top, 50)
    grid = np.array([(x, y_) for y_ in ys for x in xs])
    height = scores(model, grid).reshape(len(ys), len(xs))
    reach = float(np.abs(height).max())
    axes.contourf(xs, ys, height, levels=np.linspace(-reach, reach, 21), cmap="RdBu", alpha=0.6)
    axes.contour(xs, ys, height, levels=[0.0], colors="black", linewidths=1.2)
    for side, colour in ((y > 0, BLUE), (y < 0, RED)):
        axes.scatter(X[side, 0], X[side, 1], s=22, color=colour, edgecolors="white", linewidths=0.6)
    axes.set_title(f"accuracy {accuracy(model, X, y):.0%}; the line is where the network says 0")
    axes.set_aspect("equal")
    return figure


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = options(__doc__)
    parser.add_argument("--epochs", type=positive, default=100, help="steps over all points (default: 100)")
    given = parser.parse_args(argv)
    run(given.out, given.epochs)
    return 0


if __name__ == "__main__":
    terminal.run(main)
