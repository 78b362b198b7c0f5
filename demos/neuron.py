"""One neuron: the picnic perceptron says yes or no; a sigmoid neuron says how sure, and learns."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import viz
from autograd import Value
from demos.output import BLUE, GREEN, GREY, heading, options, save_drawing, save_figure
from nn import Neuron, Perceptron, half_squared_error
from viz import terminal

WEIGHTS, THRESHOLD = [6.0, 2.0, 3.0], 7.0  # weather, friends, distance
INPUTS = list(itertools.product((0, 1), repeat=3))


def run(out: Path) -> list[Path]:
    """Print both neurons on all inputs and one learning step; write neuron.svg and picnic.svg."""
    heading("One neuron: will there be a picnic?")
    picnic = Perceptron(WEIGHTS, THRESHOLD)
    neuron = Neuron.from_weights(WEIGHTS, -THRESHOLD, "sigmoid")
    print("weather friends distance   perceptron   sigmoid neuron")
    for x in INPUTS:
        verdict = "yes" if picnic(x).data else "no"
        print(f"   {x[0]}       {x[1]}       {x[2]}          {verdict:<10} {neuron(x).data:10.3f}")

    print("\nNo picnic in good weather alone? Let us say there was one: x = (1, 0, 0), y = 1.")
    J = half_squared_error(neuron([1, 0, 0]), 1.0)
    J.backward()
    for parameter in neuron.parameters():
        print(f"    ∂J/∂{parameter.name:<2} = {parameter.grad:9.6f}")
    picture = viz.draw(J)  # before the weights move
    print("w₂ and w₃ are not to blame: their inputs were 0. One step against the gradient, α = 10:")
    before = neuron([1, 0, 0]).data
    for parameter in neuron.parameters():
        parameter.data -= 10 * parameter.grad
    print(f"    output {before:.3f} → {neuron([1, 0, 0]).data:.3f}, w₁ {WEIGHTS[0]:g} → {neuron.w[0].data:.3f}")
    return [save_drawing(picture.save, out / "neuron.svg"), save_figure(_plot(), out / "picnic.svg")]


def _plot() -> Figure:
    """What a weight does to both neurons: a jump, and a slope to walk along."""
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axes = figure.subplots()
    w1 = np.linspace(4, 10, 301)
    yes_or_no = [Perceptron([w, 2, 3], THRESHOLD)([1, 0, 0]).data for w in w1]
    smooth = [Neuron.from_weights([w, 2, 3], -THRESHOLD, "sigmoid")([Value(1.0), 0, 0]).data for w in w1]
    axes.plot(w1, yes_or_no, color=GREY, label="perceptron")
    axes.plot(w1, smooth, color=BLUE, label="sigmoid neuron")
    axes.axvline(WEIGHTS[0], color=GREEN, linewidth=1, linestyle=":")
    axes.annotate("w₁ = 6", (WEIGHTS[0], 0.9), xytext=(5, 0), textcoords="offset points", color=GREEN)
    axes.set_xlabel("w₁, the weight of the weather")
    axes.set_ylabel("output for x = (1, 0, 0)")
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    run(options(__doc__).parse_args(argv).out)
    return 0


if __name__ == "__main__":
    terminal.run(main)
