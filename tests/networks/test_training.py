"""Optimisers against recurrences written out by hand, schedules, clipping, and the training loop."""

import json
import math

import numpy as np
import pytest

import nn
from autograd import Value, dot
from autograd.errors import ArgumentError, GraphError, MissingExtra, NonFiniteError, OperandError
from nn import MLP, Layer, Sequential, initialise, train

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
XOR_Y = np.array([0.0, 1.0, 1.0, 0.0])
MAKERS = [
    lambda p: nn.GradientDescent(p, 0.1), lambda p: nn.SGD(p, 0.1, weight_decay=0.1),
    lambda p: nn.SGD(p, 0.1, momentum=0.9), lambda p: nn.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    lambda p: nn.Adagrad(p, 0.1), lambda p: nn.RMSProp(p, 0.1), lambda p: nn.Adam(p, 0.1, weight_decay=0.01),
    lambda p: nn.AdamW(p, 0.1, weight_decay=0.1),
]  # fmt: skip


def reference(index, gradient_of, w, steps):
    """The same eight, one number, as the papers and manuals print them."""
    v = s = m = 0.0
    for t in range(1, steps + 1):
        g = gradient_of(w)
        if index == 0:
            w = w - 0.1 * g
        elif index == 1:
            w = w - 0.1 * (g + 0.1 * w)
        elif index == 2:
            v = 0.9 * v + g
            w = w - 0.1 * v
        elif index == 3:
            g = g + 0.01 * w
            v = 0.9 * v + g
            w = w - 0.1 * (g + 0.9 * v)
        elif index == 4:
            s = s + g * g
            w = w - 0.1 * g / (math.sqrt(s) + 1e-10)
        elif index == 5:
            s = 0.99 * s + 0.01 * g * g
            w = w - 0.1 * g / (math.sqrt(s) + 1e-8)
        else:
            if index == 6:
                g = g + 0.01 * w
            else:
                w = w - 0.1 * 0.1 * w
            m = 0.9 * m + 0.1 * g
            s = 0.999 * s + 0.001 * g * g
            w = w - 0.1 * (m / (1 - 0.9**t)) / (math.sqrt(s / (1 - 0.999**t)) + 1e-8)
    return w


def descend(optimiser, steps):
    for _ in range(steps):
        optimiser.zero_grad()
        for i, p in enumerate(optimiser.parameters):
            ((p - 3.0) ** 2 * (i + 1)).backward()
        optimiser.step()


@pytest.mark.parametrize("index", range(len(MAKERS)))
def test_optimiser_is_its_recurrence(index):
    parameters = [Value(1.0), Value(-2.0)]
    descend(MAKERS[index](parameters), 25)
    for i, (p, start) in enumerate(zip(parameters, (1.0, -2.0), strict=True)):
        assert p.data == pytest.approx(reference(index, lambda w, i=i: 2 * (i + 1) * (w - 3.0), start, 25), rel=1e-11)


@pytest.mark.parametrize("make", MAKERS)
def test_state_goes_on_and_wrong_states_change_nothing(make):
    whole, halves = [Value(1.0), Value(2.0)], [Value(1.0), Value(2.0)]
    descend(make(whole), 10)
    first = make(halves)
    descend(first, 5)
    saved = json.loads(json.dumps(first.state_dict()))
    second = make(halves)
    second.load_state_dict(saved)
    descend(second, 5)
    assert [p.data for p in halves] == [p.data for p in whole]
    before = second.state_dict()
    bad = [{}, {**saved, "optimiser": "Other"}, {**saved, "steps": -1}, {**saved, "state": {"other": [1.0]}}]
    bad += [{**saved, "state": {s: v} | {k: saved["state"][k] for k in list(saved["state"])[1:]}}
            for s in list(saved["state"])[:1] for v in ([1.0], ["a", "b"], [math.nan, 1.0])]  # fmt: skip
    for state in bad:
        with pytest.raises(ArgumentError):
            second.load_state_dict(state)
        assert second.state_dict() == before


def test_lectures_update_divides_by_n():
    w = Value(1.0)
    w.grad = 8.0
    nn.GradientDescent([w], 0.5).step(samples=4)
    assert w.data == 0.0


def test_first_step_of_adam_is_the_rate():
    for g in (1e-3, 5.0, 1e8):
        w = Value(0.0)
        w.grad = g
        nn.Adam([w], 0.01).step()
        assert w.data == pytest.approx(-0.01, rel=1e-4)


def test_a_step_is_whole_or_not_at_all():
    good, bad = Value(1.0, name="good"), Value(1.0, name="bad")
    optimiser = nn.Adam([good, bad])
    good.grad, bad.grad = 1.0, math.nan
    with pytest.raises(NonFiniteError, match="gradient of bad"):
        optimiser.step()
    big = nn.SGD([bad], 1e300)
    bad.grad = 1e300
    with pytest.raises(NonFiniteError, match="new value of bad"):
        big.step()
    assert (good.data, bad.data, optimiser.steps, big.steps) == (1.0, 1.0, 0, 0)
    assert not optimiser.state["mean"].any()


def test_an_interrupt_within_a_step_rolls_back(monkeypatch):
    parameters = [Value(1.0), Value(2.0)]
    optimiser = nn.SGD(parameters, 0.1, momentum=0.9)
    for p in parameters:
        p.grad = 1.0
    whole = optimiser._set

    def interrupted(numbers):
        monkeypatch.setattr(optimiser, "_set", whole)
        parameters[0].data = float(numbers[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(optimiser, "_set", interrupted)
    with pytest.raises(KeyboardInterrupt):
        optimiser.step()
    assert [p.data for p in parameters] == [1.0, 2.0]
    assert (optimiser.steps, optimiser.state["velocity"].tolist()) == (0, [0.0, 0.0])


@pytest.mark.parametrize("make", [
    lambda: nn.SGD([]), lambda: nn.SGD([Value(1.0)], -1.0), lambda: nn.SGD([Value(1.0)], math.nan),
    lambda: nn.SGD([Value(1.0)], 0.1, momentum=1.0), lambda: nn.SGD([Value(1.0)], 0.1, nesterov=True),
    lambda: nn.Adam([Value(1.0)], betas=(1.0, 0.9)), lambda: nn.RMSProp([Value(1.0)], epsilon=-1),
    lambda: nn.AdamW([Value(1.0)], weight_decay=-1), lambda: nn.SGD([Value(1.0)], "fast"),
    lambda: nn.StepDecay(0.1, 0), lambda: nn.Warmup(0, 0.1), lambda: nn.CosineDecay(0.1, 0),
    lambda: nn.SGD([Value(1.0)]).step(samples=0),
])  # fmt: skip
def test_bad_settings(make):
    with pytest.raises(ArgumentError):
        make()
    with pytest.raises(OperandError):
        nn.SGD([1.0])


def test_schedules():
    assert [nn.StepDecay(1.0, 2, 0.5)(t) for t in range(5)] == [1, 1, 0.5, 0.5, 0.25]
    assert nn.ExponentialDecay(1.0, 0.5)(3) == 0.125
    cosine = nn.CosineDecay(1.0, 10, end=0.2)
    assert (cosine(0), cosine(10), cosine(99)) == (1.0, 0.2, 0.2)
    assert cosine(5) == pytest.approx(0.6)
    warm = nn.Warmup(4, cosine)
    assert [warm(t) for t in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert nn.Warmup(2, 0.5)(7) == 0.5
    w = Value(0.0)
    optimiser = nn.SGD([w], nn.StepDecay(1.0, 1, 0.5))
    for _ in range(3):
        w.grad = 1.0
        optimiser.step()
    assert w.data == -1.75


def test_clipping():
    ps = [Value(0.0), Value(0.0)]

    def gradients(*given):
        for p, g in zip(ps, given, strict=True):
            p.grad = g

    gradients(3.0, -4.0)
    assert nn.clip_by_norm(ps, 10.0) == 5.0
    assert [p.grad for p in ps] == [3.0, -4.0]
    assert nn.clip_by_norm(ps, 1.0) == 5.0
    np.testing.assert_allclose([p.grad for p in ps], [0.6, -0.8])
    gradients(1e200, 1e200)
    assert nn.clip_by_norm(ps, 1.0) == pytest.approx(math.sqrt(2) * 1e200)
    gradients(3.0, -0.5)
    nn.clip_by_value(ps, 1.0)
    assert [p.grad for p in ps] == [1.0, -0.5]
    gradients(3.0, math.inf)
    for clip in (nn.clip_by_norm, nn.clip_by_value):
        with pytest.raises(NonFiniteError):
            clip(ps, 1.0)
        with pytest.raises(ArgumentError):
            clip(ps, 0.0)
    assert ps[0].grad == 3.0


# -- training ---------------------------------------------------------------------------------------


def test_xor_is_learned_and_repeatable():
    def learned():
        model = MLP(2, [4, 1], ["tanh", "sigmoid"], seed=1)
        optimiser = nn.Adam(model.parameters(), 0.1)
        history = train(model, XOR, XOR_Y, loss=nn.binary_cross_entropy, optimiser=optimiser, epochs=150, seed=0)
        return model, history

    model, history = learned()
    assert len(history) == 150
    assert history[-1] < 0.05 < history[0]
    assert [round(v.data) for v in model(XOR)[:, 0]] == XOR_Y.tolist()
    again, same = learned()
    assert (again.state_dict(), same) == (model.state_dict(), history)


def test_one_epoch_is_the_lectures_update_by_hand():
    model = Sequential(Layer.from_weights([[0.5], [-0.25]], [0.1], "linear"))
    W, b = np.array([0.5, -0.25]), 0.1
    residual = XOR @ W + b - XOR_Y
    history = train(model, XOR, XOR_Y, epochs=1)
    assert history == [pytest.approx(0.5 * np.mean(residual**2))]
    np.testing.assert_allclose(model.weights[0][:, 0], W - 0.1 * XOR.T @ residual / 4, rtol=1e-13)
    np.testing.assert_allclose(model.biases[0], b - 0.1 * residual.mean(), rtol=1e-13)


def test_training_goes_on_with_its_state():
    def trained(*epochs):
        model = MLP(2, [3, 1], seed=0)
        optimiser = nn.Adam(model.parameters(), 0.05)
        for part in epochs:
            train(model, XOR, XOR_Y, optimiser=optimiser, epochs=part)
        return model.state_dict()

    assert trained(6, 4) == trained(10)


def test_batches_cover_every_sample_once_an_epoch():
    seen = []

    def watching(predictions, targets):
        seen.extend(targets.tolist())
        return nn.mean_squared_error(predictions, targets)

    train(MLP(1, [1], seed=0), np.arange(5.0)[:, None], np.arange(5.0), loss=watching, epochs=2, batch_size=2, seed=0)
    assert sorted(seen[:5]) == sorted(seen[5:]) == [0, 1, 2, 3, 4]
    assert seen[:5] != seen[5:]


def test_classes_are_learned():
    model = MLP(2, [6, 2], ["tanh", "linear"], seed=0)
    optimiser = nn.Adam(model.parameters(), 0.1)
    train(model, XOR, XOR_Y.astype(int), loss=nn.cross_entropy, optimiser=optimiser, epochs=100)
    assert np.argmax([[v.data for v in row] for row in model(XOR)], axis=1).tolist() == [0, 1, 1, 0]


@pytest.mark.filterwarnings("ignore:training stands still")
def test_zero_weights_are_a_saddle_and_equal_ones_collapse():
    flat = MLP(2, [3, 1], activation="tanh", init="zeros")
    before = flat.weights
    train(flat, XOR, XOR_Y - 0.5, epochs=20)
    assert all((a == b).all() for a, b in zip(before, flat.weights, strict=True))
    equal = MLP(2, [3, 1], activation="tanh", init=initialise.constant(0.3))
    train(equal, XOR, XOR_Y, epochs=50)
    first, second = equal.weights
    assert (first == first[:, :1]).all()
    assert (second == second[0]).all()
    assert not (first == 0.3).all()
    free = MLP(2, [3, 1], activation="tanh", init="normal", seed=0)
    history = train(free, XOR, XOR_Y - 0.5, epochs=20)
    assert history[-1] < history[0]
    assert not (free.weights[0] == free.weights[0][:, :1]).all()


@pytest.mark.parametrize(("X", "y", "error", "says"), [
    ([[1, 2], [3, math.nan]], [1, 2], NonFiniteError, "X holds nan at row 1, column 1"),
    ([[1, 2], [3, 4]], [math.inf, 2], NonFiniteError, "y holds inf at row 0 "),
    ([[1, 2], [3, 4]], [1, 2, 3], ArgumentError, "each of 2 samples"),
    ([[1, 2, 3]], [1], ArgumentError, "samples × 2"), ([1, 2], [1], ArgumentError, "samples × 2"),
    (np.empty((0, 2)), [], ArgumentError, "no rows"), ([["a", "b"]], [1], OperandError, "numbers"),
    ([[1, 2], [3, 4]], [[1, 2], [3, 4]], ArgumentError, "shape"),
])  # fmt: skip
def test_bad_data_changes_nothing(X, y, error, says):
    model = MLP(2, [2, 1], seed=0)
    optimiser, before = nn.Adam(model.parameters()), model.state_dict()
    with pytest.raises(error, match=says):
        train(model, X, y, optimiser=optimiser)
    assert model.state_dict() == before
    assert optimiser.steps == 0


def test_other_refusals_of_train():
    model = MLP(2, [1], seed=0)
    for wrong in ({"epochs": 0}, {"batch_size": 0}, {"optimiser": nn.SGD([Value(1.0)])}, {"seed": "x"}):
        with pytest.raises(ArgumentError):
            train(model, XOR, XOR_Y, **wrong)
    with pytest.raises(OperandError, match="one Value"):
        train(model, XOR, XOR_Y, loss=lambda p, y: 1.0)
    linear = MLP(2, [1], "linear", seed=0)
    fast = nn.SGD(linear.parameters(), 1e3)
    with pytest.raises(NonFiniteError, match="lower the learning rate"):
        train(linear, XOR * 1e3, XOR_Y, optimiser=fast, epochs=500)
    assert np.isfinite(list(linear.state_dict().values())).all()


def test_interrupt_leaves_the_finished_epochs():
    calls = []

    def impatient(predictions, targets):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return nn.mean_squared_error(predictions, targets)

    model = MLP(2, [2, 1], seed=0)
    assert len(train(model, XOR, XOR_Y, loss=impatient, epochs=10)) == 3
    assert len(train(model, XOR, XOR_Y, epochs=2)) == 2


def test_progress_shows_the_loss_and_says_when_tqdm_is_missing(capsys, monkeypatch):
    model = MLP(2, [1], seed=0)
    train(model, XOR, XOR_Y, epochs=2, progress=True)
    assert "J=" in capsys.readouterr().err
    train(model, XOR, XOR_Y, epochs=2)
    assert capsys.readouterr().err == ""
    monkeypatch.setitem(__import__("sys").modules, "tqdm.std", None)
    with pytest.raises(MissingExtra, match="the extra `progress`"):
        train(model, XOR, XOR_Y, progress=True)


def test_a_penalty_that_was_computed_before_is_refused_once_it_is_old():
    X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0]
    model = nn.MLP(1, [2, 1], "tanh", seed=0)
    penalty = 0.01 * dot(model.parameters(), model.parameters())
    with pytest.raises(GraphError, match=r"was computed before the parameters moved.* compute it where it is used"):
        nn.train(model, X, y, loss=lambda outputs, targets: nn.mean_squared_error(outputs, targets) + penalty, epochs=3)

    def with_penalty(outputs, targets):
        weights = model.parameters()
        return nn.mean_squared_error(outputs, targets) + 0.01 * dot(weights, weights)

    assert len(nn.train(model, X, y, loss=with_penalty, epochs=3)) == 3
    one = nn.MLP(1, [2, 1], "tanh", seed=0)
    kept = 0.01 * dot(one.parameters(), one.parameters())
    assert len(nn.train(one, X, y, loss=lambda o, t: nn.mean_squared_error(o, t) + kept, epochs=1)) == 1  # still true
