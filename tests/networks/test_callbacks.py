"""Histories that can be compared, early stopping whoever ends a training, hooks by batch, metrics."""

import math

import numpy as np
import pytest

import nn
from autograd.errors import ArgumentError
from nn import MLP, Adam, Callback, EarlyStopping, History
from viz.plots import plot_loss

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 2))
Y = np.sin(X[:, 0]) + 0.5 * X[:, 1]


def made(rate=0.05):
    model = MLP(2, [4, 1], ["tanh", "linear"], seed=1)
    return model, Adam(model.parameters(), rate)


# -- histories ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [nn.half_squared_error, nn.mean_squared_error])
def test_losses_are_a_samples_whatever_the_number_of_samples(loss):
    model, optimiser = made()
    history = model.fit(np.tile(X, (3, 1)), np.tile(Y, 3), loss=loss, optimiser=optimiser, epochs=3, validation=(X, Y))
    np.testing.assert_allclose(history["validation"][:2], history["training"][1:], rtol=1e-12)
    half = 0.5 if loss is nn.half_squared_error else 1.0
    assert history["validation"][-1] == pytest.approx(half * np.mean((model.predict(X) - Y) ** 2), rel=1e-12)


def test_the_best_epoch_over_several_fits():
    model, optimiser = made()
    model.fit(X, Y, optimiser=optimiser, epochs=3)
    history = model.fit(X, Y, epochs=2, validation=(X, Y))
    assert [math.isnan(x) for x in history["validation"]] == [True, True, True, False, False]
    assert history.best == 4
    history = model.fit(X, Y, epochs=2)
    assert (len(history["validation"]), history.best) == (7, 4)
    assert History.from_dict(history.to_dict()).best == 4
    assert model.fit(X, Y, epochs=1, validation=(-X, Y)).best == 4
    assert History().best is None
    assert repr(History()) == "<history of 0 epochs>"
    told = "<history of 2 epochs, training 3 → 2.5, validation 2 → 1, accuracy 0.5 → 1>"
    assert repr(History([3.0, 2.5], [2.0, 1.0], metrics={"accuracy": [0.5, 1.0]})) == told
    axes = plot_loss(history)
    assert not any(
        "nan" in label.get_text() for label in axes.get_legend().get_texts() if "training" in label.get_text()
    )
    old = {**History([3.0, 2.0], [1.0]).to_dict()}
    del old["metrics"]
    assert History.from_dict(old).best == 1


# -- early stopping -----------------------------------------------------------------------------------


class Ending:
    """Ends a training after an epoch, by what it is told."""

    def __init__(self, after, how):
        self.after, self.how = after, how

    def __call__(self, epoch):
        if epoch.number == self.after:
            self.how(epoch)


def interrupt(epoch):
    raise KeyboardInterrupt


@pytest.mark.parametrize(("how", "stopped"), [(interrupt, "interrupted"), (lambda epoch: epoch.stop(), "callback")])
@pytest.mark.parametrize("order", [1, -1])
def test_the_best_is_left_whoever_ends_the_training(how, stopped, order):
    def trained(callbacks, epochs):
        model, optimiser = made(0.5)
        return model, model.fit(X, Y, optimiser=optimiser, epochs=epochs, validation=(-X, Y), callbacks=callbacks)

    model, history = trained([EarlyStopping(100), Ending(8, how)][::order], 50)
    assert (history.stopped, len(history["training"])) == (stopped, 9)
    assert history.best < 8
    assert model.state_dict() == trained([], history.best + 1)[0].state_dict()
    last, _ = trained([EarlyStopping(100, restore_best=False), Ending(8, how)], 50)
    assert last.state_dict() == trained([], 9)[0].state_dict()


def test_an_interrupt_before_the_first_epoch_leaves_the_model_of_this_training():
    model, optimiser = made()
    stopping = EarlyStopping(100)
    model.fit(X, Y, optimiser=optimiser, epochs=3, callbacks=[stopping])
    before = model.state_dict()

    class Impatient(Callback):
        def batch(self, batch):
            raise KeyboardInterrupt

    history = model.fit(X, Y, epochs=3, batch_size=4, seed=0, callbacks=[stopping, Impatient()])
    assert history.stopped == "interrupted"
    stepped, same = made()
    stepped.fit(X, Y, optimiser=same, epochs=3)
    rows = np.random.default_rng(0).permutation(20)[:4]
    stepped.fit(X[rows], Y[rows], epochs=1)
    assert model.state_dict() == stepped.state_dict() != before


# -- hooks --------------------------------------------------------------------------------------------


def test_a_callback_hears_of_each_batch():
    heard = []

    class Ear(Callback):
        def begin(self):
            heard.append("begin")

        def batch(self, batch):
            heard.append(batch)

        def __call__(self, epoch):
            heard.append(epoch.number)

    model, optimiser = made()
    history = model.fit(X, Y, optimiser=optimiser, epochs=2, batch_size=8, seed=0, callbacks=[Ear()])
    batches = [entry for entry in heard if isinstance(entry, nn.Batch)]
    assert heard[0] == "begin" and heard[4] == 0 and heard[-1] == 1
    assert [(b.epoch, b.number, b.samples) for b in batches] == [
        (e, i, n) for e in (0, 1) for i, n in enumerate((8, 8, 4))
    ]
    assert np.average([b.loss for b in batches[:3]], weights=[8, 8, 4]) == pytest.approx(
        history["training"][0], rel=1e-12
    )
    twin, _ = made()
    rows = np.random.default_rng(0).permutation(20)[:8]
    J = nn.mean_squared_error(twin(X[rows]), Y[rows]) * 0.5
    J.backward()
    np.testing.assert_allclose(batches[0].gradient, [p.grad for p in twin.parameters()], rtol=1e-10, atol=1e-15)


def test_a_batch_hook_that_raises_is_one_error():
    class Broken(Callback):
        def batch(self, batch):
            raise RuntimeError("boom")

    model, optimiser = made()
    before = model.state_dict()
    with pytest.raises(nn.TrainingError, match="RuntimeError: boom"):
        model.fit(X, Y, optimiser=optimiser, epochs=2, callbacks=[Broken()])
    assert (model.state_dict(), optimiser.steps) == (before, 0)


# -- metrics ------------------------------------------------------------------------------------------


def test_metrics_are_of_predictions_in_their_own_units():
    model, optimiser = made()
    model.target_scale = nn.Standardization()
    told = []

    def off(predictions, targets):
        return np.abs(predictions - targets).max()

    history = model.fit(
        X, 1000 * Y, optimiser=optimiser, epochs=3, validation=(X[:5], 1000 * Y[:5]),
        metrics={"off": off, "mean": nn.absolute_error}, callbacks=[lambda epoch: told.append(dict(epoch.metrics))],
    )  # fmt: skip
    found = model.predict(X)
    assert history.metrics["off"][-1] == pytest.approx(np.abs(found - 1000 * Y).max())
    assert history.metrics["validation mean"][-1] == pytest.approx(np.abs(found - 1000 * Y)[:5].mean())
    assert told[-1] == {name: curve[-1] for name, curve in history.metrics.items()}
    assert set(history.metrics) == {"off", "mean", "validation off", "validation mean"}
    assert list(history) == ["training", "validation"]
    model.fit(X, 1000 * Y, epochs=1)
    assert [len(curve) for curve in model.history.metrics.values()] == [4] * 4
    with pytest.raises(KeyError, match="metrics has"):
        history["accuracy"]


def test_metrics_by_a_list_have_the_names_of_functions(tmp_path):
    model = MLP(2, [3, 2], ["tanh", "linear"], seed=0)
    labels = (X[:, 0] > 0).astype(int)
    history = model.fit(X, labels, loss=nn.cross_entropy, epochs=2, metrics=[nn.accuracy])
    assert history.metrics["accuracy"][-1] == np.mean(model.predict(X).argmax(axis=1) == labels)
    model.save(tmp_path / "model.npz")
    assert nn.load(tmp_path / "model.npz").history.metrics == history.metrics
    for wrong in (nn.accuracy, ["accuracy"]):
        with pytest.raises(ArgumentError, match="metric"):
            model.fit(X, labels, loss=nn.cross_entropy, metrics=wrong)
