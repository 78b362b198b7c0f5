"""Handwritten digits: a network recorded from scalar nodes learns 1,797 real images in seconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from demos.output import BLUE, RED, heading, options, positive, save_figure
from nn import MLP, Adam, cross_entropy
from viz import terminal
from viz.plots import plot_loss

Array: TypeAlias = "np.ndarray[Any, Any]"
HIDDEN, SHADES = 64, 16.0  # neurons; the images' grey goes from 0 to 16


def run(out: Path, epochs: int = 30, seed: int = 1) -> list[Path]:
    """Train, print the accuracy on digits that it never saw, and write digits.png."""
    X, classes = load_digits(return_X_y=True)
    heading(f"Handwritten digits: {len(X)} real images of 8 × 8 points")
    order = np.random.default_rng(seed).permutation(len(X))
    test, train = order[: len(X) // 5], order[len(X) // 5 :]
    model = MLP(64, [HIDDEN, 10], ["relu", "linear"], init="he_normal", seed=seed)
    print(f"{model}: {len(model.parameters()):,} parameters, every one a Value")
    start = time.perf_counter()
    history = model.fit(
        X[train] / SHADES, classes[train], loss=cross_entropy, optimiser=Adam(model.parameters(), 0.003),
        epochs=epochs, batch_size=32, validation=(X[test] / SHADES, classes[test]), seed=seed,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    print(f"{epochs} epochs over {len(train)} images in {seconds:.1f} s, with recording and compiling")
    print(f"cross entropy {history.training[0]:.3f} → {history.training[-1]:.3f}")
    guesses = model.predict(X[test] / SHADES).argmax(axis=1)
    right = guesses == classes[test]
    print(f"right on {right.sum()} of {len(test)} digits that it never saw: {right.mean():.1%}")
    return [save_figure(_plot(history, X[test], classes[test], guesses), out / "digits.png")]


def _plot(history: Any, images: Array, classes: Array, guesses: Array) -> Figure:
    """The loss, and digits with what the network took them for: all its mistakes first."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    halves: Any = figure.subfigures(1, 2, width_ratios=[1, 1.1])
    left, right = halves
    plot_loss(history, ax=left.subplots())
    mistakes_first = np.argsort(guesses == classes, kind="stable")
    for axes, i in zip(right.subplots(3, 6).flat, mistakes_first, strict=False):
        axes.imshow(images[i].reshape(8, 8), cmap="gray_r")
        wrong = guesses[i] != classes[i]
        axes.set_title(f"{guesses[i]}, not {classes[i]}" if wrong else str(guesses[i]), fontsize=9,
                       color=RED if wrong else BLUE)  # fmt: skip
        axes.axis("off")
    right.suptitle("digits not trained on, and what the network reads", fontsize=10)
    return figure


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = options(__doc__)
    parser.add_argument("--epochs", type=positive, default=30, help="rounds over the training images (default: 30)")
    given = parser.parse_args(argv)
    run(given.out, given.epochs)
    return 0


if __name__ == "__main__":
    terminal.run(main)
