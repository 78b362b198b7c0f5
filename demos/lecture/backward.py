"""The lecture's core: loss, gradient, update, chain rule, and backward propagation with its slips."""

from __future__ import annotations

import numpy as np

from autograd import Value, gradient, square, steps
from demos.lecture import slides
from demos.lecture.network import (
    WEIGHTS,
    Formulas,
    Pass,
    X,
    Y,
    corrected_formulas,
    data,
    delta,
    forward,
    forward_with_bias,
)
from demos.lecture.report import Report
from demos.lecture.slides import Matrix
from nn import MLP, GradientDescent, half_squared_error

X4 = X[: len(Y)]  # the cars whose price is printed


def loss(report: Report) -> None:
    """J(W) = Σ ½(y - ŷ)², for the first car and as one line for all."""
    report.section("The loss", "Gradient descent: J(W)")
    y = float(slides.TARGET)
    J = half_squared_error(Value(float(slides.PREDICTION)), y)
    report.one(f"J = ½({y} - {slides.PREDICTION})²", slides.LOSS, J.data)
    report.say(f"  with more digits J = {J.data:.7f}")
    full = forward_with_bias(X[:1], 3)
    report.one("the same J from the inputs on, 0.1 in all layers", slides.LOSS, full.loss(Y[:1]).data)

    W1, W2, W3 = forward(X4, WEIGHTS).weights
    J = np.sum((Y - np.tanh(np.tanh(np.tanh(X4 @ W1) @ W2) @ W3)) ** 2) / 2
    report.say("  J(W) as one line of NumPy on arrays of Values, for the four cars with a price, without bias:")
    report.say("    J = np.sum((Y - np.tanh(np.tanh(np.tanh(X @ W1) @ W2) @ W3)) ** 2) / 2")
    a4 = slides.numbers(slides.A4)[: len(Y)]
    report.holds(
        "J from the line, and from the printed a⁴",
        abs(J.data - 0.5 * np.sum((Y - a4) ** 2)) < 1e-6,  # a⁴ is printed to 6 digits
        f"{J.data:.7f} and {0.5 * np.sum((Y - a4) ** 2):.7f}",
    )
    engine = forward(X4, WEIGHTS)
    from_line = [np.array(gradient(J, W.ravel())).reshape(W.shape) for W in (W1, W2, W3)]
    from_dots = [delta(engine.loss(Y), W) for W in engine.weights]
    for name, one, other in zip(("∂J/∂W¹", "∂J/∂W²", "∂J/∂W³"), from_line, from_dots, strict=True):
        report.same(f"{name} of that line and of the network of dot nodes", one, other)


def gradient_of_z(report: Report) -> None:
    """z = x² + y³ at (4, 2)."""
    report.section("The gradient", "Gradient descent: z = x² + y³")
    x, y = (Value(number) for number in slides.GRADIENT_POINT)
    z = x**2 + y**3
    report.printed("F = [2x, 3y²] at x = 4, y = 2", [slides.GRADIENT], [gradient(z, [x, y])])


def update(report: Report) -> None:
    """W := W - α·(1/n)·∂J/∂W."""
    report.section("The update", "W := W - α·(1/n)·∂J/∂W")
    rate, model = 0.5, MLP.from_weights(WEIGHTS, activation="tanh")
    before = half_squared_error(model(X4), Y)
    before.backward()
    expected = [W - rate / len(Y) * g for W, g in zip(model.weights, model.weight_gradients, strict=True)]
    GradientDescent(model.parameters(), rate).step(samples=len(Y))
    for layer, (W, formula) in enumerate(zip(model.weights, expected, strict=True)):
        report.same(f"W{'¹²³'[layer]} after one step, α = {rate}, n = {len(Y)}", W, formula)
    after = half_squared_error(model(X4), Y)
    report.holds("the step makes J smaller", after.data < before.data, f"J: {before.data:.6f} → {after.data:.6f}")


def chain_rule(report: Report) -> None:
    """f = (2x² + 8)³, f' = 3(2x² + 8)²·4x, one application of the chain rule at a time."""
    report.section("The chain rule", "Backward propagation: chain rule")
    point = 1.0
    x = Value(point, name="x")
    g = 2 * square(x) + 8
    g.name = "g"
    f = g**3
    report.say(f"  f(x) = g(x)³ with g(x) = 2x² + 8, at x = {point:.0f}: g = {g.data:.0f}, f = {f.data:.0f}")
    (outer,) = [step for step in steps(f) if step.operand is g]
    report.same("∂f/∂g = 3g²", outer.slope, 3 * g.data**2)
    report.same("∂g/∂x = 4x", gradient(g, x), 4 * point)
    report.same("∂f/∂x = ∂f/∂g · ∂g/∂x", gradient(f, x), outer.slope * gradient(g, x))
    report.same("∂f/∂x = 3(2x² + 8)²·4x", gradient(f, x), 3 * (2 * point**2 + 8) ** 2 * 4 * point)
    report.say(f"  ∂f/∂x = {outer.slope:.0f} · {gradient(g, x):.0f} = {gradient(f, x):.0f}")


def backward(report: Report) -> None:
    """δ⁴, δ³, δ² and all ∂J/∂W out of the graph, beside the corrected formulas."""
    report.section("Backward propagation", "Backward propagation")
    report.say("  The four cars with a price, no bias. Rows are samples; ⊙ is elementwise, · the matrix product.")
    report.say("  Each matrix is read out of the graph (δ of the z nodes, ∂J/∂W of the weights), and then")
    report.say("  computed again from the corrected formula in NumPy, which knows no graph.")
    engine = forward(X4, WEIGHTS)
    J = engine.loss(Y)
    right = corrected_formulas(X4, Y, WEIGHTS)
    for name, formula, nodes, expected in (
        ("δ⁴", "-(Y - Ŷ) ⊙ (1 - tanh²Z⁴)", engine.Z[2], right.delta4),
        ("δ³", "(δ⁴·W³ᵀ) ⊙ (1 - tanh²Z³)", engine.Z[1], right.delta3),
        ("δ²", "(δ³·W²ᵀ) ⊙ (1 - tanh²Z²)", engine.Z[0], right.delta2),
        ("∂J/∂W³", "A³ᵀ·δ⁴", engine.weights[2], right.dW3),
        ("∂J/∂W²", "A²ᵀ·δ³", engine.weights[1], right.dW2),
        ("∂J/∂W¹", "Xᵀ·δ²", engine.weights[0], right.dW1),
    ):
        found = delta(J, nodes)
        report.say()
        report.matrix(name, found, 8)
        report.same(f"{name} = {formula}", found, expected)
    report.say("  The picture of this backward pass, for the first car: lecture.svg.")


def slips(report: Report) -> None:
    """Where the backward slides are wrong or loose: the slide's formula and the graph, with numbers."""
    report.section("Where the backward slides slip", "Что на слайдах неверно")
    engine = forward(X4, WEIGHTS)
    J = engine.loss(Y)
    right = corrected_formulas(X4, Y, WEIGHTS)
    _delta4(report, engine, delta(J, engine.Z[2]), right)
    _delta_below(report, engine, J, right)
    _weight_gradients(report, engine, J, right)
    _derivatives_of_z(report)


def _delta4(report: Report, engine: Pass, graph: Matrix, right: Formulas) -> None:
    t = data(engine.output)
    report.same("δ⁴ = (y - ŷ)·-(1 - tanh(Z⁴)²), the slide that introduces it", graph, (Y - t) * -(1 - t**2))
    report.slide_error(
        "δ⁴ on the last slide: the square is outside", "(y - ŷ)·-(1 - tanh(Z⁴))²", "-(Y - Ŷ) ⊙ (1 - tanh²Z⁴)",
        ((Y - t) * -((1 - t) ** 2)).T, graph.T, right.delta4.T,
    )  # fmt: skip
    report.say("      it is off by the factor (1 - t)/(1 + t), t = tanh Z⁴, and right only where t = 0:")
    report.matrix("    factor", ((1 - t) / (1 + t)).T)


def _delta_below(report: Report, engine: Pass, J: Value, right: Formulas) -> None:
    _, W2, W3 = WEIGHTS
    A2, A3 = data(engine.A[1]), data(engine.A[2])
    delta4, delta3 = delta(J, engine.Z[2]), delta(J, engine.Z[1])
    shapes = f"{delta4.shape}·{W3.shape} and {delta3.shape}·{W2.shape}"
    report.say(f"  As printed, δ⁴·W³ and δ³·W² are no products: the shapes are {shapes}.")
    report.say("  With the transpose put in, but still without the parentheses:")
    report.slide_error(
        "δ³: parentheses and transpose are missing", "δ⁴·W³·1 - tanh(Z³)²", "(δ⁴·W³ᵀ) ⊙ (1 - tanh²Z³)",
        delta4 @ W3.T * 1 - A3**2, delta3, right.delta3,
    )  # fmt: skip
    report.slide_error(
        "δ²: parentheses and transpose are missing", "δ³·W²·1 - tanh(Z²)²", "(δ³·W²ᵀ) ⊙ (1 - tanh²Z²)",
        delta3 @ W2.T * 1 - A2**2, delta(J, engine.Z[0]), right.delta2,
    )  # fmt: skip


def _weight_gradients(report: Report, engine: Pass, J: Value, right: Formulas) -> None:
    A2, A3 = data(engine.A[1]), data(engine.A[2])
    delta4, delta3, delta2 = (delta(J, Z) for Z in reversed(engine.Z))
    for name, slide, correct, product, nodes, expected in (
        ("∂J/∂W³: order and transpose", "δ⁴·a³", "A³ᵀ·δ⁴", (delta4, A3), engine.weights[2], right.dW3),
        ("∂J/∂W²: order and transpose", "δ³·a²", "A²ᵀ·δ³", (delta3, A2), engine.weights[1], right.dW2),
        ("∂J/∂W¹: order and transpose", "δ²·X", "Xᵀ·δ²", (delta2, X4), engine.weights[0], right.dW1),
    ):
        report.slide_error(name, slide, correct, _product(*product), delta(J, nodes), expected)
    report.say("  A trap: with three cars δ² and X are both square, so the slide's δ²·X runs without an error:")
    three = forward(X[:3], WEIGHTS)
    J3 = three.loss(Y[:3])
    graph, as_printed = delta(J3, three.weights[0]), delta(J3, three.Z[0]) @ X[:3]
    report.matrix("δ²·X  ", as_printed)
    report.matrix("∂J/∂W¹", graph)
    report.same("Xᵀ·δ² with three cars", graph, corrected_formulas(X[:3], Y[:3], WEIGHTS).dW1)
    off = float(np.abs(as_printed - graph).max())
    report.holds("δ²·X with three cars is another matrix", off > 0.01, f"off by up to {off:.4f}")


def _product(a: Matrix, b: Matrix) -> Matrix | str:
    """The matrix product, or where the shapes do not fit, a sentence that says so."""
    return a @ b if a.shape[1] == b.shape[0] else f"{a.shape}·{b.shape} is no matrix product"


def _derivatives_of_z(report: Report) -> None:
    first = forward(X[:1], WEIGHTS)
    z2, z3 = first.Z[0][0, 0], first.Z[1][0, 0]
    W1, W2 = first.weights[0], first.weights[1]
    along_W1 = np.array([gradient(z2, list(W1[:, 0]))])
    report.slide_error(
        "∂z²/∂W¹ = X·W¹ = X: a function is set equal to its derivative", "X·W¹ = X", "∂z²₁/∂W¹ᵢ₁ = xᵢ",
        X[:1] @ WEIGHTS[0], along_W1, X[:1],
    )  # fmt: skip
    a2 = data(first.A[1])[0]
    report.same('"the derivative of z³ with regards to W² was a²"', gradient(z3, list(W2[:, 0])), a2)
    engine = np.array(gradient(z3, list(W1.ravel()))).reshape(W1.shape)
    by_chain = np.outer(X[0], WEIGHTS[1][:, 0] * (1 - a2**2))
    report.same('"this time … W¹ and so W² is only a constant": ∂z³₁/∂W¹', engine, by_chain)
