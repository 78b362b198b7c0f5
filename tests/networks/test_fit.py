"""`fit` against the loop that is written to be read, and what it promises beside: stopping, going on, refusing."""

import copy
import functools
import math
import signal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd import Value, no_grad, scope
from autograd import functions as f
from autograd.errors import ArgumentError, AutogradError, GraphError, NonFiniteError, OperandError
from nn import MLP, Adam, EarlyStopping, Layer, Neuron, QuantileNormalization, Sequential, Standardization, train
from nn import activations as act
from tests.walks.interrupts import alarms
from viz.plots import plot_loss

RNG = np.random.default_rng(0)
X = RNG.normal(size=(11, 2))
Y = np.sin(X[:, 0]) + 0.5 * X[:, 1]
ONE = (Y > 0).astype(float)
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def made(activation="tanh", outputs=1, seed=1):
    model = MLP(2, [4, outputs], [activation, "linear"], seed=seed)
    return model, Adam(model.parameters(), 0.05)


def everything(model):
    optimiser = model.optimiser
    return model.state_dict(), model.columns, model.history, optimiser and optimiser.state_dict()


def penalised(model):
    """A loss of one's own, with the parameters in it."""
    return lambda p, y: nn.mean_squared_error(p, y) + 0.01 * f.sum([w * w for w in model.parameters()])


# -- equal to the loop --------------------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "y", "outputs", "last"), [
    (nn.half_squared_error, Y, 1, "linear"), (nn.mean_squared_error, np.stack([Y, -Y], 1), 2, "linear"),
    (nn.absolute_error, Y, 1, "linear"), (functools.partial(nn.huber, delta=0.3), Y, 1, "linear"),
    (nn.hinge, 2 * ONE - 1, 1, "linear"), (nn.binary_cross_entropy, ONE, 1, "sigmoid"),
    (nn.binary_cross_entropy, (0.2 + 0.6 * ONE)[:, None], 1, "sigmoid"),
    (nn.binary_cross_entropy_with_logits, ONE, 1, "linear"),
    (nn.cross_entropy, CLASSES, 3, "linear"), (nn.cross_entropy, CLASSES.astype(float), 3, "linear"),
    (nn.cross_entropy, np.eye(3)[CLASSES] * 0.7 + 0.1, 3, "linear"), (penalised, Y, 1, "linear"),
])  # fmt: skip
@pytest.mark.parametrize("batch_size", [None, 4])
def test_every_loss_trains_as_the_loop_does(loss, y, outputs, last, batch_size):
    def trained(way):
        model = MLP(2, [4, outputs], ["tanh", last], seed=1)
        chosen = loss(model) if loss is penalised else loss
        options = {"loss": chosen, "optimiser": Adam(model.parameters(), 0.05), "epochs": 6,
                   "batch_size": batch_size, "seed": 3}  # fmt: skip
        return model.state_dict(), way(model, X, y, **options)

    (state, losses), (fitted, history) = trained(train), trained(MLP.fit)
    np.testing.assert_allclose(history["training"], losses, rtol=1e-12)
    np.testing.assert_allclose(list(fitted.values()), list(state.values()), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", act.names())
@pytest.mark.filterwarnings("ignore:training stands still")
def test_every_activation_trains_as_the_loop_does(name):
    models = [Sequential(Layer(2, 3, name, seed=rng), Layer(3, 1, "linear", seed=rng))
              for rng in map(np.random.default_rng, (2, 2))]  # fmt: skip
    losses = train(models[0], X, Y, optimiser=nn.SGD(models[0].parameters(), 0.02), epochs=4, batch_size=4, seed=0)
    history = models[1].fit(X, Y, optimiser=nn.SGD(models[1].parameters(), 0.02), epochs=4, batch_size=4, seed=0)
    np.testing.assert_allclose(history["training"], losses, rtol=1e-11)
    np.testing.assert_allclose(models[1].parameters()[0].data, models[0].parameters()[0].data, atol=1e-12)
    expected = [v.data for v in models[1].eval()(X)[:, 0]]
    np.testing.assert_allclose(models[1].train().predict(X), expected, rtol=1e-12, atol=1e-14)


def test_saturated_probabilities_do_not_stop_it():
    model = MLP.from_weights([[[100.0]]], [[0.0]], "sigmoid")
    history = model.fit([[10.0], [-10.0]], [1, 0], loss=nn.binary_cross_entropy, epochs=2)
    assert history["training"] == [0.0, 0.0]
    one, wrong = Value(0.0), Value(1.0)
    assert nn.binary_cross_entropy(one, wrong).data == math.inf
    p, y = Value(0.3), Value(0.0)
    nn.binary_cross_entropy(p, y).backward()
    assert y.grad == pytest.approx(math.log(0.7) - math.log(0.3))


def test_a_lone_neuron_and_a_part_of_the_parameters():
    neuron = Neuron(2, "linear", seed=0)
    assert neuron.fit(X, Y, epochs=50)["training"][-1] < 0.5 * neuron.history["training"][0]
    model, _ = made()
    before = model.weights
    model.fit(X, Y, optimiser=Adam(model.layers[1].parameters()), epochs=3)
    assert (model.weights[0] == before[0]).all()
    assert (model.weights[1] != before[1]).all()


# -- going on, stopping -------------------------------------------------------------------------------


def test_a_seed_repeats_a_run_to_the_bit_and_a_stopped_one_goes_on(tmp_path):
    def trained(*epochs):
        model, optimiser = made()
        rng = np.random.default_rng(7)
        for i, part in enumerate(epochs):
            model.fit(X, Y, optimiser=None if i else optimiser, epochs=part, batch_size=4, seed=rng)
            model.save(tmp_path / "model.npz")
            model = nn.load(tmp_path / "model.npz")
        return model.state_dict(), model.history["training"], model.optimiser.state_dict()

    assert trained(5) == trained(5) == trained(2, 3)


def test_early_stopping_keeps_the_best():
    model, optimiser = made()
    seen = []
    callbacks = [EarlyStopping(patience=4), lambda epoch: seen.append(model.state_dict())]
    validation = X[:3] + 1, Y[:3]
    history = model.fit(X, Y, optimiser=optimiser, epochs=500, validation=validation, callbacks=callbacks)
    assert history.stopped == "early stopping"
    assert len(history["validation"]) == len(history["training"]) == history.best + 5 < 500
    assert model.state_dict() == seen[history.best]
    assert history.samples == 11 * len(seen)
    assert history.samples_per_second > 0
    again = MLP(2, [4, 1], ["tanh", "linear"], seed=1)
    optimiser = Adam(again.parameters(), 0.05)
    again.fit(X, Y, optimiser=optimiser, epochs=500, validation=validation, callbacks=callbacks[:1])
    assert again.state_dict() == model.state_dict()


def test_the_best_is_kept_where_the_epochs_run_out_too():
    def trained(callbacks, epochs):
        model = MLP(2, [4, 1], ["tanh", "linear"], seed=1)
        rate = nn.SGD(model.parameters(), 0.6)
        return model, model.fit(X, Y, optimiser=rate, epochs=epochs, validation=(-X, Y), callbacks=callbacks)

    model, history = trained([EarlyStopping(100)], 8)
    assert history.best < 7
    assert history.stopped == "epochs"
    best, _ = trained([], history.best + 1)
    assert model.state_dict() == best.state_dict()
    last, _ = trained([EarlyStopping(100, restore_best=False)], 8)
    assert last.state_dict() == trained([], 8)[0].state_dict() != best.state_dict()


def test_the_history_is_what_plots_take():
    model, optimiser = made()
    model.fit(X, Y, optimiser=optimiser, epochs=3, validation=0.3, seed=0)
    lines = plot_loss(model.history).get_lines()
    assert [line.get_label() for line in lines] == ["training", "validation"]
    assert lines[1].get_ydata().tolist() == model.history["validation"]
    with pytest.raises(KeyError, match="curves"):
        model.history["accuracy"]


def test_callbacks_may_stop_and_set_parameters():
    model, optimiser = made()

    def clamp(epoch):
        assert epoch.validation is not None and epoch.loss == epoch.validation
        model.layers[1].bias = 0.25
        if epoch.number == 2:
            epoch.stop()

    history = model.fit(X, Y, optimiser=optimiser, epochs=9, validation=0.3, callbacks=[clamp], seed=0)
    assert (history.stopped, len(history["training"]), model.biases[1].tolist()) == ("callback", 3, [0.25])
    assert history.samples == 3 * 8


def test_an_interrupt_leaves_a_trained_model():
    model, optimiser = made()

    def interrupt(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    history = model.fit(X, Y, optimiser=optimiser, epochs=9, callbacks=[interrupt])
    twin, other = made()
    twin.fit(X, Y, optimiser=other, epochs=3)
    assert (history.stopped, model.state_dict()) == ("interrupted", twin.state_dict())
    assert model.optimiser.steps == 3


@pytest.mark.parametrize("batch_size", [None, 3])
def test_an_interrupt_at_any_moment_leaves_whole_steps(batch_size):
    model, optimiser = made()
    model.fit(X, Y, optimiser=optimiser, epochs=1, batch_size=batch_size, backend="numpy")  # compiled from now on
    start = copy.deepcopy(model)
    steps_an_epoch = 1 if batch_size is None else 4
    with alarms(signal.SIGVTALRM):
        for milliseconds in (3, 5, 8, 13, 21):
            tried = copy.deepcopy(start)
            tried.fit(X, Y, epochs=1, batch_size=batch_size, seed=0, backend="numpy")
            begun = tried.optimiser.steps
            signal.setitimer(signal.ITIMER_VIRTUAL, milliseconds / 1000)
            history = tried.fit(X, Y, epochs=10**7, batch_size=batch_size, seed=1, backend="numpy")
            assert history.stopped == "interrupted"
            done = tried.optimiser.steps - begun
            assert len(history["training"]) - 2 in (done // steps_an_epoch, (done - 1) // steps_an_epoch)
            assert _after(start, done, batch_size) == tried.state_dict()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _after(start, steps, batch_size):
    """The parameters after so many steps, of which the last epoch may have had only some."""
    twin = copy.deepcopy(start)
    twin.fit(X, Y, epochs=1, batch_size=batch_size, seed=0, backend="numpy")
    rng, size = np.random.default_rng(1), batch_size or len(X)
    while steps:
        order = rng.permutation(len(X)) if size < len(X) else np.arange(len(X))
        for first in range(0, len(X), size):
            if steps:
                rows = order[first : first + size]
                twin.fit(X[rows], Y[rows], epochs=1, backend="numpy")
                steps -= 1
    return twin.state_dict()


def test_a_callback_may_save_the_model_and_training_goes_on_from_there(tmp_path):
    frame = pd.DataFrame(X, columns=["km", "age"])

    def keep(epoch):
        if epoch.number == 2:
            epoch.model.save(tmp_path / "third.npz")

    model, optimiser = made()
    model.fit(frame, Y, optimiser=optimiser, epochs=6, callbacks=[keep])
    again = nn.load(tmp_path / "third.npz")
    assert (again.columns, len(again.history["training"]), again.optimiser.steps) == (("km", "age"), 3, 3)
    again.fit(frame, Y, epochs=3)
    assert again.state_dict() == model.state_dict()
    assert again.history["training"] == model.history["training"]


def test_training_and_prediction_do_not_depend_on_the_block_they_are_called_in():
    (model, optimiser), (twin, other) = made(), made()
    model.fit(X, Y, optimiser=optimiser, epochs=3)
    with no_grad(), scope("mine"):
        twin.fit(X, Y, optimiser=other, epochs=3)
        found = twin.predict(X)
    assert twin.state_dict() == model.state_dict()
    assert (found == model.predict(X)).all()


def test_scales_are_fitted_once_and_undone_by_predict():
    model, optimiser = made()
    model.input_scale, model.target_scale = Standardization(), Standardization()
    frame = pd.DataFrame(1000 * X, columns=["km", "age"])
    model.fit(frame, 1e4 + 1e3 * Y, optimiser=optimiser, epochs=300)
    found = model.predict(frame, batch_size=3)
    assert found.shape == (11,)
    assert np.abs(found - 1e4 - 1e3 * Y).mean() < 100
    mean = model.input_scale.mean.copy()
    model.fit(frame + 500, 1e4 + 1e3 * Y, epochs=1)
    assert (model.input_scale.mean == mean).all()
    assert (model.predict(frame, batch_size=11) == model.predict(frame)).all()
    with pytest.raises(ArgumentError, match="another order"):
        model.predict(frame[["age", "km"]])
    other, _ = made()
    with pytest.raises(ArgumentError, match="another order"):
        other.fit(frame, Y, validation=(frame[["age", "km"]], Y))
    other.input_scale = Standardization().fit(frame)
    for use in (lambda X: other.fit(X, Y), other.predict):
        with pytest.raises(ArgumentError, match="another order"):
            use(frame[["age", "km"]])
    assert model.predict(np.empty((0, 2))).shape == (0,)


def test_a_program_is_compiled_once_and_left_behind_by_copies():
    model, optimiser = made()
    model.fit(X, Y, optimiser=optimiser, epochs=1, batch_size=4)
    model.predict(X)
    programs = {name: id(program) for name, (_, program) in model._programs.items()}
    model.fit(X, Y, epochs=1)
    model.predict(X + 1)
    assert {name: id(program) for name, (_, program) in model._programs.items()} == programs
    model.fit(X, Y, epochs=1, loss=nn.huber)
    assert id(model._programs["fit"][1]) != programs["fit"]
    twin = copy.deepcopy(model)
    assert "_programs" not in vars(twin)
    assert (twin.predict(X) == model.predict(X)).all()
    twin.fit(X, Y, epochs=1)
    model.fit(X, Y, epochs=1)
    assert twin.state_dict() == model.state_dict()


def test_predict_follows_the_parameters_and_the_parts():
    model, _ = made(outputs=2)
    assert model.predict(X).shape == (11, 2)
    model.layers[1].bias = [1.0, -1.0]
    expected = [[v.data for v in row] for row in model(X)]
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-13)
    model.layers[1] = Layer.from_weights(2 * model.weights[1], None, "linear")
    assert (model.predict(X) != expected).all()


def test_progress(capsys):
    model, _ = made()
    model.fit(X, Y, epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "J=" in shown and "samples/s" in shown and "epoch 2/2" in shown
    model.fit(X, Y, epochs=2)
    assert capsys.readouterr().err == ""


# -- refusing -----------------------------------------------------------------------------------------


def fitted_with(model, change):
    """Fit, with one argument that is wrong; an optimiser is made here."""
    if callable(change.get("optimiser")):
        change = {"optimiser": change["optimiser"](model)}
    model.fit(**{"X": X, "y": Y, "epochs": 5, **change})


class Unreadable:
    """As a tensor on a GPU is."""

    def __array__(self, *_, **__):
        raise TypeError("it lies on another device")


def raising(epoch):
    if epoch.number == 1:
        raise RuntimeError("boom")


@pytest.mark.parametrize(("change", "error", "says"), [
    ({"y": Y[:-1]}, ArgumentError, "each of 11 samples"), ({"X": X[:, :1]}, ArgumentError, "samples × 2"),
    ({"X": [["a", "b"]] * 11}, OperandError, "str 'a' at row 0"), ({"y": [None] * 11}, NonFiniteError, "missing value"),
    ({"X": np.where(X == X[3, 1], np.nan, X)}, NonFiniteError, "nan at row 3, column 1"),
    ({"X": np.ma.masked_where(X == X[3, 1], X)}, NonFiniteError, "missing value at row 3, column 1"),
    ({"y": np.ma.masked_where(Y == Y[2], Y)}, NonFiniteError, "missing value at row 2 "),
    ({"X": Unreadable()}, OperandError, "X must hold numbers that NumPy can read: it lies on another device"),
    ({"X": iter(X)}, OperandError, "generator|iterator"),
    ({"y": np.stack([Y, Y], 1)}, ArgumentError, r"shape \(1, 1\) but targets \(1, 2\)"),
    ({"batch_size": 0}, ArgumentError, "samples in a batch"), ({"epochs": 0}, ArgumentError, "epochs"),
    ({"optimiser": Adam(MLP(2, [4, 1]).parameters())}, ArgumentError, "17 parameters that are not of"),
    ({"optimiser": "adam"}, OperandError, "Adam"), ({"seed": "x"}, ArgumentError, "seed"),
    ({"loss": "mse"}, OperandError, "a loss is a function .* got 'mse'"), ({"loss": None}, OperandError, "a loss is"),
    ({"optimiser": lambda m: Adam(m.parameters() * 2)}, ArgumentError, "given twice"),
    ({"validation": 1.5}, ArgumentError, "share"), ({"validation": 0.01}, ArgumentError, "none to validate"),
    ({"validation": 0.99}, ArgumentError, "none to train"), ({"validation": (X, Y[:2])}, ArgumentError, "11 samples"),
    ({"validation": "x"}, ArgumentError, "pair"), ({"validation": (X, np.stack([Y, Y], 1))}, ArgumentError, "shape"),
    ({"callbacks": [3]}, ArgumentError, "function of an Epoch"), ({"callbacks": raising}, ArgumentError, "list"),
    ({"backend": "abacus"}, ArgumentError, "backend"), ({"loss": lambda p, y: 1.0}, OperandError, "one Value"),
    ({"loss": lambda p, y: p[0, 0] if p[0, 0] > 0 else -p[0, 0]}, GraphError, "where"),
    ({"loss": nn.hinge}, ArgumentError, "-1 or 1"), ({"loss": nn.binary_cross_entropy}, ArgumentError, r"\[0, 1\]"),
    ({"loss": nn.cross_entropy, "y": CLASSES}, ArgumentError, "one output use binary_cross_entropy_with_logits"),
    ({"callbacks": [raising]}, nn.TrainingError, "raising raised RuntimeError: boom in epoch 1"),
    ({"optimiser": lambda m: nn.SGD(m.parameters(), 1e200)}, nn.DivergedError, "new value of|the loss became"),
    ({"loss": lambda p, y: f.log(p - 5.0)[0, 0]}, nn.DivergedError, "is nan: log of − = |is nan: ln of"),
])  # fmt: skip
def test_a_mistake_is_one_error_and_everything_as_it_was(change, error, says):
    model, optimiser = made()
    model.fit(X, Y, optimiser=optimiser, epochs=2)
    model.target_scale = Standardization()
    if "loss" in change:
        model.target_scale = None
    before = everything(model)
    with pytest.raises(error, match=says) as raised:
        fitted_with(model, change)
    assert isinstance(raised.value, AutogradError)
    assert everything(model) == before
    assert model.target_scale is None or model.target_scale.columns is None


@pytest.mark.parametrize("scale", ["standard", QuantileNormalization])
def test_a_scale_that_is_none_of_ours_is_refused(scale):
    model, _ = made()
    for name in ("input_scale", "target_scale"):
        setattr(model, name, scale)
        with pytest.raises(OperandError, match=f"{name} is a Standardization or"):
            model.fit(X, Y)
        setattr(model, name, None)


def test_classes_that_there_is_no_output_for_are_refused_in_training_and_in_validation():
    model, optimiser = made(outputs=3)
    before = model.state_dict()
    for mistake in ({"y": CLASSES + 1}, {"y": CLASSES, "validation": (X, CLASSES + 1)}):
        with pytest.raises(ArgumentError, match="of 3 outputs the classes are 0 to 2, got 1 to 3"):
            model.fit(X, **mistake, loss=nn.cross_entropy, optimiser=optimiser)
    assert model.state_dict() == before


def test_one_column_is_to_be_given_as_a_column():
    model = MLP(1, [1], seed=0)
    for use in (lambda x: model.fit(x, Y), model.predict):
        with pytest.raises(ArgumentError, match=r"make it a column with X\[:, None\]"):
            use(X[:, 0])


def test_what_was_reached_before_the_error_is_kept_in_it():
    model, optimiser = made()
    with pytest.raises(nn.TrainingError) as raised:
        model.fit(X, Y, optimiser=optimiser, epochs=5, callbacks=[raising])
    twin, other = made()
    twin.fit(X, Y, optimiser=other, epochs=2)
    assert raised.value.reached == twin.state_dict() != model.state_dict()
    assert raised.value.history["training"] == twin.history["training"]
    assert isinstance(raised.value.__cause__, RuntimeError)
    assert optimiser.steps == 0


def test_the_anomaly_is_named():
    model = MLP.from_weights([[[1.0]], [[1.0]]], [[0.0], [0.0]], ["exp", "linear"])
    says = r"sample 1 of the batch: a²₁ in layer2.neuron1 is inf: exp of z²₁ in layer2.neuron1 = 800"
    with pytest.raises(nn.DivergedError, match=says):
        model.fit([[1.0], [800.0]], [1.0, 1.0])
    root = MLP.from_weights([[[1.0]]], [[0.0]], f.sqrt)
    with pytest.raises(nn.DivergedError, match="slope inf of sqrt"):
        root.fit([[0.0]], [1.0])
    with pytest.raises(NonFiniteError):
        root.fit([[0.0]], [1.0])
    assert math.isfinite(root.parameters()[0].data)


# -- any network --------------------------------------------------------------------------------------

LOSSES = {nn.half_squared_error: Y, nn.huber: Y, nn.absolute_error: Y, nn.binary_cross_entropy_with_logits: ONE,
          nn.hinge: 2 * ONE - 1, nn.cross_entropy: CLASSES}  # fmt: skip
OPTIMISERS = [lambda p: nn.GradientDescent(p, 0.02), lambda p: nn.SGD(p, 0.02, momentum=0.9, nesterov=True),
              lambda p: nn.Adagrad(p, 0.02), lambda p: nn.RMSProp(p, nn.ExponentialDecay(0.01)),
              lambda p: nn.Adam(p, nn.Warmup(3, 0.02)), lambda p: nn.AdamW(p, nn.CosineDecay(0.02, 5))]  # fmt: skip


@given(data=st.data())
@settings(max_examples=15, deadline=None)
@pytest.mark.filterwarnings("ignore:training stands still")
def test_any_network_goes_on_from_a_file_as_if_it_had_not_stopped(tmp_path_factory, data):
    loss = data.draw(st.sampled_from(list(LOSSES)))
    widths = data.draw(st.lists(st.integers(1, 4), max_size=2))
    sizes = [*widths, 3 if loss is nn.cross_entropy else 1]
    hidden = [data.draw(st.sampled_from([g for g in act.names() if g not in ("exp", "square")])) for _ in widths]
    model = MLP(2, sizes, [*hidden, "linear"], bias=data.draw(st.booleans()), seed=data.draw(st.integers(0, 9)))
    if data.draw(st.booleans()):
        model.input_scale = data.draw(st.sampled_from([Standardization, QuantileNormalization]))()
    make = data.draw(st.sampled_from(OPTIMISERS))
    options = {"loss": loss, "batch_size": data.draw(st.sampled_from([None, 1, 4, 11])), "backend": "interpreter"}
    parts = data.draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    whole, path = copy.deepcopy(model), tmp_path_factory.getbasetemp() / "went_on.npz"

    def trained(model, epochs, rng, optimiser):
        model.fit(X, LOSSES[loss], optimiser=optimiser, epochs=epochs, seed=rng, **options)

    trained(whole, sum(parts), np.random.default_rng(3), make(whole.parameters()))
    rng = np.random.default_rng(3)
    for i, epochs in enumerate(parts):
        trained(model, epochs, rng, None if i else make(model.parameters()))
        model.save(path)
        model = nn.load(path)
    assert model.state_dict() == whole.state_dict()
    assert model.history["training"] == whole.history["training"]
    scaled = X if whole.input_scale is None else whole.input_scale.transform(X)
    expected = [[v.data for v in row] for row in whole.eval()(scaled)]
    found = model.predict(X, batch_size=data.draw(st.integers(1, 12))).reshape(11, -1)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)
