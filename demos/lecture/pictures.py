"""The lecture's pictures: its network with every δ, the activations, the family of ReLU, the bias."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import viz
from autograd import Value, deltas, functions, sum
from demos.lecture.network import WEIGHTS, X, Y
from demos.lecture.neurons import RELU_FAMILY
from demos.lecture.slides import BIAS_WEIGHTS, JUMP_AT
from demos.output import BLUE, GREEN, GREY, RED, save_drawing, save_figure
from nn import MLP, Neuron, half_squared_error


def draw_all(out: Path) -> list[Path]:
    """Write lecture.svg, activations.svg, relu_family.svg and bias.svg into `out`."""
    return [
        save_drawing(viz.draw(network_loss()).save, out / "lecture.svg"),
        save_figure(activations(), out / "activations.svg"),
        save_figure(relu_family(), out / "relu_family.svg"),
        save_figure(bias(), out / "bias.svg"),
    ]


def network_loss() -> Value:
    """J of the lecture's network for its first car, after its backward pass."""
    model = MLP.from_weights(WEIGHTS, activation="tanh")
    J: Value = half_squared_error(model(X[0]), Y[0, 0])
    J.backward()
    return J


def activations() -> Figure:
    """sigmoid, tanh and relu: the function blue, its derivative green, as on the slide."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    three: dict[str, Callable[[Any], Any]] = {
        "sigmoid": functions.sigmoid, "tanh": functions.tanh, "relu": functions.relu,
    }  # fmt: skip
    for axes, (name, f) in zip(figure.subplots(1, 3), three.items(), strict=True):
        _function_and_derivative(axes, f, 4.0)
        axes.set_title(name)
    figure.axes[0].legend(["function", "derivative"], frameon=False, loc="upper left")
    return figure


def relu_family() -> Figure:
    """ReLU and its modifications, each with its derivative."""
    figure = Figure(figsize=(10, 6.6), layout="constrained")
    for axes, (name, f) in zip(figure.subplots(3, 4).flat, RELU_FAMILY.items(), strict=True):
        _function_and_derivative(axes, f, 8.0 if name == "ReLU6" else 4.0)
        axes.set_title(name, fontsize=10)
        axes.set_ylim(-2.2, 4.2) if name != "ReLU6" else axes.set_ylim(-2.2, 8.2)
    figure.legend(
        figure.axes[0].lines[:2], ["function", "derivative"], frameon=False, loc="outside upper center", ncols=2
    )
    return figure


def bias() -> Figure:
    """Left: tanh(w·x) for the lecture's three w, all through 0. Right: a bias moves the jump to 0.7."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    without, with_b = figure.subplots(1, 2, sharey=True)
    xs = np.linspace(-1.5, 2.5, 401)
    for w, style in zip(BIAS_WEIGHTS, ("-", "--", ":"), strict=True):
        without.plot(xs, _outputs(w, None, xs), BLUE, linestyle=style, label=f"w = {w:g}")
    without.set_title("tanh(w·x): every jump is at 0")
    for w, style in zip(BIAS_WEIGHTS, ("-", "--", ":"), strict=True):
        with_b.plot(xs, _outputs(w, -w * JUMP_AT, xs), BLUE, linestyle=style, label=f"w = {w:g}")
    with_b.set_title(f"tanh(w·x + b) with b = -{JUMP_AT}·w")
    for axes in (without, with_b):
        _cross(axes)
        axes.axvline(JUMP_AT, color=RED, linewidth=1)
        axes.annotate("50 000 km", (JUMP_AT, -0.95), xytext=(4, 0), textcoords="offset points", color=RED, fontsize=9)
        axes.set_xlabel("x (kilometres, normalised)")
        axes.legend(frameon=False, loc="upper left")
    without.set_ylabel("a")
    return figure


def _outputs(w: float, b: float | None, xs: Any) -> list[float]:
    neuron = Neuron.from_weights([w], b, "tanh")
    return [neuron([x]).data for x in xs]


def _function_and_derivative(axes: Axes, f: Callable[[Any], Any], right: float) -> None:
    """Plot f and the f' that the engine finds at every point, in one backward pass."""
    nodes = [Value(x) for x in np.linspace(-4.0, right, 401)]
    values = [f(node) for node in nodes]
    found = deltas(sum(values))
    xs = [node.data for node in nodes]
    axes.plot(xs, [value.data for value in values], color=BLUE)
    axes.plot(xs, [found[node] for node in nodes], color=GREEN)
    _cross(axes)


def _cross(axes: Axes) -> None:
    """Thin lines through the origin, and no box."""
    axes.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    axes.axvline(0, color=GREY, linewidth=0.6, zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
