"""The lecture's end: normalisation, initialisation, and training further on new data."""

from __future__ import annotations

import warnings

import numpy as np

from autograd import Value, gradient, hessian, square, tanh
from demos.lecture import slides
from demos.lecture.network import X, Y
from demos.lecture.report import Report
from nn import MLP, GradientDescent, QuantileNormalization, Standardization, half_squared_error, initialise, train

X4 = X[: len(Y)]
SIZES = [3, 2, 1]  # the lecture's network
EPOCHS, RATE = 300, 1.0


def normalisation(report: Report) -> None:
    """Standardization and quantile normalization of the lecture's X."""
    report.section("Normalisation", "Нормализация данных")
    columns = X[:, [0, 2]]
    report.say("  kilometres and age of the five cars:")
    standard = Standardization().fit(columns)
    Z = standard.transform(columns)
    report.matrix("standardization", Z, 4)
    report.same("(x - mean)/std", Z, (columns - columns.mean(axis=0)) / columns.std(axis=0))
    means, deviations = Z.mean(axis=0).round(12) + 0.0, Z.std(axis=0).round(12)
    centred = not means.any() and bool((deviations == 1).all())
    report.holds("mean 0, deviation 1 in every column", centred, f"means {means}, deviations {deviations}")
    quantile = QuantileNormalization().fit(columns)
    Q = quantile.transform(columns)
    report.matrix("quantile       ", Q, 4)
    before, after = np.argsort(columns[:, 0]), np.argsort(Q[:, 0])
    report.holds("the order of the cars is kept", bool((before == after).all()), f"by kilometres {after + 1}")
    report.same("inverse(transform(x)) = x, both ways", [standard.inverse(Z), quantile.inverse(Q)], [columns, columns])


def initialisation(report: Report) -> None:
    """Zero is a saddle point; a constant collapses by symmetry; N(0, 0.01) learns."""
    report.section("Initialisation", "Инициализация параметров")
    _zero(report)
    _constant(report)
    _random(report)


def _zero(report: Report) -> None:
    model = MLP(3, SIZES, "tanh", bias=False, init=initialise.zeros())
    J = half_squared_error(model(X4), Y)
    gradients = gradient(J, model.parameters())
    report.say("  All weights 0:")
    report.holds("no gradient", not any(gradients), f"all {len(gradients)} derivatives of J are exactly 0")
    with warnings.catch_warnings(action="ignore"):  # that training stands still, which is what is shown
        history = _learn(model)
    report.holds("no learning", history[0] == history[-1], f"J = {history[0]:.6f} before and after {EPOCHS} steps")
    lower, here, higher = (_loss_along(step) for step in (0.2, 0.0, -0.2))
    report.holds(
        "a saddle point: J falls one way and rises the other",
        lower < here < higher,
        f"all weights 0.2: {lower:.6f};  0: {here:.6f};  0.2, but the last layer's -0.2: {higher:.6f}",
    )
    curvature = np.linalg.eigvalsh(np.array(hessian(_two_weights)([0.0, 0.0]), dtype=float))
    report.holds(
        "one hidden neuron, J = ½(y - tanh(w₂·tanh(w₁x)))²: curvatures of both signs at 0",
        curvature[0] < 0 < curvature[1],
        f"eigenvalues of the Hessian {curvature[0]:.4f} and {curvature[1]:.4f}",
    )


def _loss_along(last: float) -> float:
    """J of the four cars with every weight |last|, and those of the last layer `last`."""
    weights = [np.full((3, 3), abs(last)), np.full((3, 2), abs(last)), np.full((2, 1), last)]
    J: Value = half_squared_error(MLP.from_weights(weights, activation="tanh")(X4), Y)
    return J.data


def _two_weights(w: list[Value]) -> Value:
    """J of a network 1-1-1 for one sample x = 1, y = 0.52."""
    x, y = 1.0, 0.52
    J: Value = 0.5 * square(y - tanh(w[1] * tanh(w[0] * x)))
    return J


def _constant(report: Report) -> None:
    report.say("  All weights 0.5:")
    model = MLP(3, SIZES, "tanh", bias=False, init=initialise.constant(0.5))
    history = _learn(model)
    W1, W2, _ = model.weights
    report.say(f"    J {history[0]:.6f} → {history[-1]:.6f}; W¹ afterwards, one column a neuron:")
    report.matrix("  W¹", W1)
    same = bool((W1 == W1[:, :1]).all() and (W2 == W2[:, :1]).all())
    report.holds(
        "hidden neurons collapse by symmetry", same, "the columns are equal to the last bit: one neuron, copied"
    )


def _random(report: Report) -> None:
    variance = slides.INITIAL_VARIANCE
    report.say(f"  w ~ N(0, {variance}): the second number is the variance, so the deviation is {variance**0.5:.1f}:")
    model = MLP(3, SIZES, "tanh", bias=False, init=initialise.normal(0.0, variance), seed=1)
    history = _learn(model, EPOCHS * 4)
    W1 = model.weights[0]
    learns = history[-1] < history[0] / 4
    report.holds("it learns", learns, f"J {history[0]:.6f} → {history[-1]:.6f} in {EPOCHS * 4} steps")
    gap = float(np.abs(W1 - W1[:, :1]).max())
    report.holds("and its neurons differ", gap > 0.01, f"columns of W¹ differ by up to {gap:.4f}")
    biases = [b for vector in MLP(3, SIZES, "tanh", seed=1).biases if vector is not None for b in vector]
    report.holds("biases start at zero", not any(biases), f"all {len(biases)} of a network with biases")


def online_learning(report: Report) -> None:
    """A trained network is trained further when a new car arrives."""
    report.section("Online learning", "Возможность online использования: сеть можно дообучать")
    model = MLP(3, SIZES, "tanh", seed=3)
    optimiser = GradientDescent(model.parameters(), 0.3)
    train(model, X4[:3], Y[:3], optimiser=optimiser, epochs=EPOCHS)
    old, new = _error(model, slice(0, 3)), _error(model, slice(3, 4))
    report.say(f"  trained on three cars:      mean error on them {old:.4f}, on the fourth {new:.4f}")
    train(model, X4, Y, optimiser=optimiser, epochs=EPOCHS)
    after_old, after_new = _error(model, slice(0, 3)), _error(model, slice(3, 4))
    report.say(f"  then further on all four:   mean error on them {after_old:.4f}, on the fourth {after_new:.4f}")
    report.holds("the new car is learnt", after_new < new, f"{new:.4f} → {after_new:.4f}, from the trained weights on")
    report.say("  With 1,436 real cars: python -m demos.cars")


def _error(model: MLP, rows: slice) -> float:
    predicted = np.array([node.data for node in model(X4[rows])[:, 0]])
    return float(np.abs(predicted - Y[rows, 0]).mean())


def _learn(model: MLP, epochs: int = EPOCHS) -> list[float]:
    """The lecture's update on the four cars; J before every step."""
    return train(model, X4, Y, optimiser=GradientDescent(model.parameters(), RATE), epochs=epochs)
