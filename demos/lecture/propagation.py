"""The lecture's middle: many layers, the price of a car, forward propagation, the bias."""

from __future__ import annotations

import numpy as np

from autograd import Value, tanh
from demos.cars import load_cars
from demos.lecture import slides
from demos.lecture.network import BIAS, WEIGHTS, X, Y, data, forward, forward_with_bias
from demos.lecture.report import Report
from nn import MLP, Neuron, Standardization, with_ones


def many_layers(report: Report) -> None:
    """X, Y, W[l] and a = g(W x + b)."""
    report.section("A network of many layers", "Многослойная нейронная сеть")
    W, b, x = WEIGHTS[0], np.full(3, BIAS), X[0]
    a = [node.data for node in MLP.from_weights([W], [b], "tanh")(x)]
    report.same("a = g(W x + b), x a column", a, np.tanh(W.T @ x + b))
    report.same("the same with x as a row, tanh(x·W + b)", a, np.tanh(x @ W + b))
    report.say("  The slide defines X with one sample a column and writes W x; every number that follows has one")
    report.say("  sample a row and X·W. Both are the same network, with W transposed. From here on: rows.")


def price_of_a_car(report: Report) -> None:
    """The raw car of the slide, and the normalised table of X and y."""
    report.section("The task: the price of a car", "Задача: предсказать стоимость машины")
    raw_km, raw_years, raw_price = slides.RAW_KM, slides.RAW_YEARS, slides.RAW_PRICE
    report.say(f"  the raw car: {raw_km} km, {slides.RAW_FUEL}, {raw_years} years, price {raw_price}")
    cars = load_cars()
    columns = np.column_stack([cars.km, cars.age_months, cars.price])
    km, age, price = Standardization().fit(columns).transform([[raw_km, 12 * raw_years, raw_price]])[0]
    report.say(
        f"  on the scale of {len(cars)} real used cars (standardization): km {km:.2f}, age {age:.2f}, price {price:.2f}"
    )
    report.say("  The slide does not say how its own table was normalised, so the engine starts from that table:")
    report.matrix("X", X, 1)
    report.matrix("y", Y.T, 2)
    report.say(f"  y is printed for {len(Y)} of the {len(X)} cars, so the loss below is over those {len(Y)}.")


def forward_propagation(report: Report) -> None:
    """Z², a², Z³, a³, Z⁴, a⁴: every printed matrix."""
    report.section("Forward propagation", "Forward propagation")
    passed = forward(X, WEIGHTS)
    (Z2, Z3, Z4), (_, A2, A3, A4) = passed.Z, passed.A
    report.printed("Z² = X·W¹ for the first car", slides.Z2[:1], data(Z2[:1]))
    for z, a in slides.FIRST_ACTIVATIONS.items():
        report.one(f"tanh({z})", a, tanh(float(z)))
    for name, slide, nodes in (
        ("Z² = X·W¹", slides.Z2, Z2),
        ("a² = tanh(Z²)", slides.A2, A2),
        ("Z³ = a²·W²", slides.Z3, Z3),
        ("a³ = tanh(Z³)", slides.A3, A3),
        ("Z⁴ = a³·W³", slides.Z4, Z4),
    ):
        report.printed(name, slide, data(nodes))
    report.printed("a⁴ = tanh(Z⁴)", slides.A4, data(A4), slides.A4_MISPRINTS)
    report.say("  The slide's own Z⁴ is right, and tanh of it gives the engine's digits, not the slide's:")
    for row, _ in sorted(slides.A4_MISPRINTS):
        z = slides.Z4[row][0]
        report.same(f"tanh({z}) = {tanh(float(z)):.11f}, by exponentials", tanh(float(z)), _by_exponentials(float(z)))


def _by_exponentials(z: float) -> float:
    """tanh as the slide defines it, (eᶻ - e⁻ᶻ)/(eᶻ + e⁻ᶻ)."""
    return float((np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)))


def need_of_a_bias(report: Report) -> None:
    """One input, a = tanh(w·x): no w puts the jump at x = 0.7; a bias does."""
    report.section("Is b needed?", "Нужен ли нам b?")
    at = slides.JUMP_AT
    report.say(f"  Only the kilometres are left. The price drops at 50 000 km (x = {at}); tanh(w·x) at 0 and there:")
    at_zero = []
    for w in slides.BIAS_WEIGHTS:
        neuron = Neuron.from_weights([w], activation="tanh")
        at_zero.append(neuron([0.0]).data)
        report.say(f"    w = {w:3}   a(0) = {at_zero[-1]:.4f}   a({at}) = {neuron([at]).data:.4f}")
    report.holds("without b every curve passes through 0 at x = 0", not any(at_zero), "a(0) = 0 for all three")
    w = 7.0
    shifted = Neuron.from_weights([w], -w * at, "tanh")
    x = Value(at)
    a = shifted([x])
    a.backward()
    report.holds(
        f"tanh({w:.0f}x + b) with b = {-w * at:.1f} jumps at {at}",
        abs(a.data) < 1e-12 and abs(x.grad - w) < 1e-12,
        f"a({at}) = {a.data:.4f} with its steepest slope there, da/dx = {x.grad:.4f} = w",
    )
    report.say("  Plotted in bias.svg.")


def bias_as_ones(report: Report) -> None:
    """X gets a column of 1s, W¹ a row of 0.1: which of the two readings gives the slide's ŷ."""
    report.section("The bias as a column of ones", "Приставление единичного вектора к данным")
    report.matrix("[X 1]", with_ones(X), 1)
    first_only, everywhere = forward_with_bias(X, 1), forward_with_bias(X, 3)
    biased = MLP.from_weights(WEIGHTS, [BIAS, BIAS, BIAS], "tanh")
    rows = [[node.data for node in row] for row in biased(X)]
    report.same("a column of ones is the same as b", data(everywhere.output), rows)
    report.say("  The row (0.1, 0.1, 0.1) appears under W¹ alone; the loss slide then uses ŷ = 0.2023543:")
    alone, all_three = data(first_only.output)[0, 0], data(everywhere.output)[0, 0]
    report.say(f"    0.1 in W¹ alone          ŷ = {alone:.8f}")
    report.say(f"    0.1 in all three layers  ŷ = {all_three:.8f}")
    report.one("ŷ of the first car, 0.1 in all three layers", slides.PREDICTION, all_three)
    W1, W2, W3 = WEIGHTS
    by_formula = np.tanh(np.tanh(np.tanh(X[0] @ W1 + BIAS) @ W2 + BIAS) @ W3 + BIAS)[0]
    report.slide_error(
        "the bias is shown in W¹ alone, but used in every layer",
        f"W¹ with the row of 0.1, and ŷ = {slides.PREDICTION}",
        "the row of 0.1 under W¹, W² and W³",
        alone, all_three, by_formula,
    )  # fmt: skip
