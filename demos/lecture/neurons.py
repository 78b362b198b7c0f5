"""The lecture's first half: perceptron, sigmoid, activations, modifications of ReLU, softmax."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value, functions, gradient, jacobian, softmax
from demos.lecture import slides
from demos.lecture.report import Report, listed
from nn import Neuron, Perceptron

POINTS = [-2.0, -0.5, 0.0, 0.5, 2.0]

# The figure of this slide is lost; these are the modifications that the field knows.
RELU_FAMILY: dict[str, Callable[[Any], Any]] = {
    "relu": functions.relu,
    "leaky relu (0.01)": functions.leaky_relu,
    "parametric (0.25)": lambda x: functions.prelu(x, 0.25),
    "randomized, its mean": lambda x: functions.rrelu(x, training=False),
    "ELU": functions.elu,
    "SELU": functions.selu,
    "CELU (α = 2)": lambda x: functions.celu(x, 2.0),
    "softplus": functions.softplus,
    "GELU": functions.gelu,
    "SiLU (swish)": functions.silu,
    "Mish": functions.mish,
    "ReLU6": functions.relu6,
}


def perceptron(report: Report) -> None:
    """Output 0 if Σ w·x ≤ threshold, else 1: will there be a picnic?"""
    report.section("What is a perceptron?", "Что такое однослойный перцептрон?")
    weights = list(slides.PICNIC_WEIGHTS.values())
    picnic = Perceptron(weights, slides.PICNIC_THRESHOLD)
    report.say(f"  w = {tuple(weights)}, threshold {slides.PICNIC_THRESHOLD}: will there be a picnic this weekend?")
    report.say("  weather friends distance   Σ w·x   picnic?")
    outputs, expected = [], []
    for x in itertools.product((0, 1), repeat=3):
        total = sum(w * xi for w, xi in zip(weights, x, strict=True))
        outputs.append(picnic(x).data)
        expected.append(0.0 if total <= slides.PICNIC_THRESHOLD else 1.0)
        report.say(f"     {x[0]}       {x[1]}       {x[2]}        {total:3d}      {'yes' if outputs[-1] else 'no'}")
    report.same("all eight inputs, by the slide's rule", outputs, expected)
    report.say("  In words: only good weather together with friends or with the trip makes a picnic.")


def sigmoid_neuron(report: Report) -> None:
    """σ(w·x + b), and why it is better than a threshold."""
    report.section("Sigmoid neuron vs. perceptron", "Чем сигмоид лучше перцептрона?")
    w, b, x = [6.0, 2.0, 3.0], -7.0, [1.0, 0.0, 0.0]
    z = sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b
    neuron = Neuron.from_weights(w, b, "sigmoid")
    report.same("σ(w·x + b) = 1/(1 + e^-z)", neuron(x).data, 1 / (1 + math.exp(-z)))

    report.say("  The same small change of w₁ (weather alone, no friends, no trip) in both units:")
    report.say("      w₁     perceptron   sigmoid neuron")
    changes = [6.9, 6.99, 7.01, 7.1]
    steps = [Perceptron([w1, 2, 3], 7)(x).data for w1 in changes]
    smooth = [Neuron.from_weights([w1, 2, 3], -7, "sigmoid")(x).data for w1 in changes]
    for w1, step, s in zip(changes, steps, smooth, strict=True):
        report.say(f"    {w1:5.2f}   {int(step):8d}     {s:14.6f}")
    report.holds(
        "a small change of w gives a small change of output",
        steps[2] - steps[1] == 1 and abs(smooth[2] - smooth[1]) < 0.01,
        f"Δw = 0.02 moves the perceptron by {steps[2] - steps[1]:.0f}, the sigmoid by {smooth[2] - smooth[1]:.6f}",
    )
    for unit, name in ((Perceptron(w, 7), "perceptron"), (neuron, "sigmoid neuron")):
        report.say(f"  ∂output/∂w₁ of the {name}: {gradient(unit(x), unit.w[0]):.6f}")
    report.say("  The perceptron's derivative is 0: gradient descent has nothing to follow.")


def activations(report: Report) -> None:
    """sigmoid, tanh, relu: the engine's derivative against the formula on the slide."""
    report.section("Activation functions", "Другие функции активации")
    slide: dict[str, tuple[str, Callable[[float], float]]] = {
        "sigmoid": ("sigm'(x) = sigm(x)(1 - sigm(x))", lambda x: 1 / (1 + math.exp(-x)) * (1 - 1 / (1 + math.exp(-x)))),
        "tanh": ("tanh'(x) = 1 - tanh(x)²", lambda x: 1 - math.tanh(x) ** 2),
        "relu": ("relu'(x) = 1 for x > 0, else 0", lambda x: 1.0 if x > 0 else 0.0),
    }
    report.say(f"  at x =            {listed(POINTS, 1)}")
    for name, (formula, derivative) in slide.items():
        computed = [slope(getattr(functions, name), x) for x in POINTS]
        report.say(f"  {name + chr(39):<8} engine:  {listed(computed, 6)}")
        report.same(formula, computed, [derivative(x) for x in POINTS])
    x = 0.7
    by_exponentials = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
    report.same("tanh(x) = (e^2x - 1)/(e^2x + 1)", functions.tanh(x), by_exponentials)
    report.say("  Plotted in activations.svg: the function blue, its derivative green, as on the slide.")


def relu_family(report: Report) -> None:
    """The modifications of ReLU with the derivatives that the engine finds."""
    report.section("Modifications of ReLU", "Модификации ReLU")
    report.say("  The slide's figure is lost; this is the field's list. f and f' from the engine:")
    report.say("                              f(-1)     f(1)    f'(-1)    f'(1)")
    for name, f in RELU_FAMILY.items():
        numbers = (f(-1.0), f(1.0), slope(f, -1.0), slope(f, 1.0))
        report.say(f"    {name:<22}" + "".join(f"{number:9.4f}" for number in numbers))
    h = 1e-5
    xs = [-3.0, -1.0, 1.0, 3.0]
    worst = max(abs(slope(f, x) - (f(x + h) - f(x - h)) / (2 * h)) for f in RELU_FAMILY.values() for x in xs)
    report.holds("every derivative, by finite differences at ±1, ±3", worst < 1e-8, f"largest difference {worst:.0e}")
    report.say("  Plotted in relu_family.svg.")


def softmax_section(report: Report) -> None:
    """Values in (0, 1) that sum to 1, and the Jacobian s_i(1 - s_i), -s_i s_j."""
    report.section("Softmax", "Softmax function")
    x = np.array([1.0, 2.0, 0.5])
    s = softmax(x)
    report.matrix("x         ", x, 4)
    report.matrix("softmax(x)", s, 6)
    report.same("softmax(x) = eˣ/Σeˣ", s, np.exp(x) / np.exp(x).sum())
    report.holds(
        "in (0, 1), sum 1", bool(np.all((s > 0) & (s < 1))) and abs(s.sum() - 1) < 1e-15, f"sum {s.sum():.15f}"
    )
    J = np.asarray(jacobian(softmax)(x), dtype=float)
    report.say("  ∂softmax(x)ᵢ/∂xⱼ by the engine:")
    report.matrix("Jacobian  ", J)
    report.same("sᵢ(1 - sᵢ) on the diagonal, -sᵢsⱼ off it", J, np.diag(s) - np.outer(s, s))


def slope(f: Callable[[Any], Any], x: float) -> float:
    """f'(x) by the engine."""
    node = Value(x)
    found: float = gradient(f(node), node)
    return found
