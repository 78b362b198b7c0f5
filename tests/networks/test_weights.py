"""Weights, clipping, groups, dropout, losses and schedules: in both ways of training, and against PyTorch."""

import copy
import json

import numpy as np
import pytest

import nn
from autograd import Value
from autograd.errors import ArgumentError, NonFiniteError
from nn import MLP, Group, train

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 2))
Y = np.sin(X[:, 0]) + 0.5 * X[:, 1]
CLASSES = (X[:, 0] > 0.5).astype(int) + (X[:, 1] > 0)
WEIGHTS = np.array([1.0, 2.0, 0.5, 0.0, 3.0, 1.0] * 2)


def made(outputs=1, seed=1, **options):
    return MLP(2, [4, outputs], ["tanh", "linear"], seed=seed, **options)


def trained(way, model, y=Y, make=lambda m: nn.SGD(m.parameters(), 0.1), **options):
    optimiser = make(model)
    history = way(model, X, y, optimiser=optimiser, epochs=6, seed=3, **options)
    return np.array(history["training"] if way is MLP.fit else history), np.array(list(model.state_dict().values()))


def same_in_both_ways(rtol=1e-11, model=made, **options):
    (losses, numbers), (looped, same) = trained(MLP.fit, model(), **options), trained(train, model(), **options)
    np.testing.assert_allclose(losses, looped, rtol=rtol)
    np.testing.assert_allclose(numbers, same, rtol=rtol, atol=1e-12)
    return losses, numbers


# -- weights ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("loss", [nn.half_squared_error, nn.mean_squared_error])
def test_weights_in_both_ways(loss, batch_size):
    same_in_both_ways(loss=loss, batch_size=batch_size, sample_weight=WEIGHTS)


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
def test_a_weight_of_two_is_the_sample_twice(backend):
    counts = np.array([1, 2, 3, 0] * 3)
    rows = np.repeat(np.arange(12), counts)
    model, twice = made(), made()
    history = model.fit(X, Y, sample_weight=counts, epochs=5, backend=backend)
    again = twice.fit(X[rows], Y[rows], epochs=5, backend=backend)
    np.testing.assert_allclose(history["training"], again["training"], rtol=1e-12)
    np.testing.assert_allclose(list(model.state_dict().values()), list(twice.state_dict().values()), rtol=1e-11)


def test_a_sample_that_counts_nothing_may_be_anything():
    wild = X.copy()
    wild[3] = 1e200
    weights = np.ones(12)
    weights[3] = 0.0
    keep = np.arange(12) != 3
    history = made().fit(wild, Y, sample_weight=weights, epochs=3)
    assert history["training"] == pytest.approx(made().fit(X[keep], Y[keep], epochs=3)["training"], rel=1e-12)


def test_class_weights_are_pytorchs():
    torch = pytest.importorskip("torch", reason="torch is what class weights are held against")
    weights = {0: 0.5, 1: 2.0, 2: 4.0}
    model = made(outputs=3)
    there = model.to_torch()
    optimiser = torch.optim.SGD(there.parameters(), lr=0.1)
    loss = torch.nn.CrossEntropyLoss(weight=torch.tensor([0.5, 2.0, 4.0], dtype=torch.float64))
    expected = []
    for _ in range(6):
        optimiser.zero_grad()
        J = loss(there(torch.tensor(X)), torch.tensor(CLASSES))
        J.backward()
        optimiser.step()
        expected.append(J.item())
    losses, _ = trained(MLP.fit, model, CLASSES, loss=nn.cross_entropy, class_weight=weights)
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    looped, _ = trained(train, made(outputs=3), CLASSES, loss=nn.cross_entropy, class_weight=weights)
    np.testing.assert_allclose(looped, expected, rtol=1e-12)


def test_balanced_classes_are_scikit_learns_and_one_hot_rows_are_classes():
    sklearn = pytest.importorskip("sklearn.utils.class_weight")
    from nn.training.weights import class_weights, weighed

    expected = sklearn.compute_sample_weight("balanced", CLASSES)
    for targets in (CLASSES, np.eye(3)[CLASSES]):
        np.testing.assert_allclose(weighed(None, class_weights("balanced", targets), targets), expected)
    np.testing.assert_allclose(weighed(WEIGHTS, {0: 2.0}, CLASSES), WEIGHTS * np.where(CLASSES == 0, 2.0, 1.0))


def test_weights_of_a_validation():
    model = made()
    data = X[:6], Y[:6], WEIGHTS[:6]
    history = model.fit(X, Y, epochs=1, validation=data)
    off = 0.5 * (model.predict(X[:6]) - Y[:6]) ** 2
    assert history["validation"] == pytest.approx([np.average(off, weights=WEIGHTS[:6])])
    share = made().fit(X, Y, epochs=1, sample_weight=WEIGHTS, validation=0.4, seed=0)
    assert len(share["validation"]) == 1


@pytest.mark.parametrize(("change", "says"), [
    ({"sample_weight": [1.0] * 3}, "one number for each of 12"), ({"sample_weight": [-1.0] * 12}, "from 0 up"),
    ({"sample_weight": [0.0] * 12}, "not all of them zero"), ({"class_weight": {7: 1.0}}, "has 7"),
    ({"class_weight": "even"}, '"balanced"'), ({"class_weight": {0: -1.0}}, "from 0 up"),
])  # fmt: skip
def test_bad_weights_change_nothing(change, says):
    for way in (MLP.fit, train):
        model = made(outputs=3)
        before = model.state_dict()
        with pytest.raises(ArgumentError, match=says):
            way(model, X, CLASSES, loss=nn.cross_entropy, **change)
        assert model.state_dict() == before
    with pytest.raises(NonFiniteError):
        made().fit(X, Y, sample_weight=[np.nan] * 12)


# -- clipping and groups ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"clip_norm": 0.05}, {"clip_value": 0.02}, {"clip_norm": 0.05, "clip_value": 0.03}]
)
def test_clipping_is_pytorchs_in_both_ways(options):
    losses, _ = same_in_both_ways(make=lambda m: nn.Adam(m.parameters(), 0.05, weight_decay=0.1, **options))
    torch = pytest.importorskip("torch", reason="torch is what clipping is held against")
    model = made()
    there = model.to_torch()
    optimiser = torch.optim.Adam(there.parameters(), lr=0.05, weight_decay=0.1)
    for expected in losses:
        optimiser.zero_grad()
        J = 0.5 * ((there(torch.tensor(X))[:, 0] - torch.tensor(Y)) ** 2).mean()
        J.backward()
        if "clip_value" in options:
            torch.nn.utils.clip_grad_value_(there.parameters(), options["clip_value"])
        if "clip_norm" in options:
            torch.nn.utils.clip_grad_norm_(there.parameters(), options["clip_norm"])  # adds 1e-6 to the norm
        optimiser.step()
        assert J.item() == pytest.approx(expected, rel=1e-5)
    assert losses[-1] < losses[0]


def groups_of(model, words):
    weights = model.weight_parameters()
    rest = [p for p in model.parameters() if p not in set(weights)]
    assert len(weights) + len(rest) == len(model.parameters())
    if words == "torch":
        return [{"params": weights, "weight_decay": 0.3}, {"params": rest, "lr": 0.02}]
    return [Group(weights, weight_decay=0.3), Group(rest, learning_rate=0.02)]


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSProp", "Adagrad"])
def test_groups_are_pytorchs_in_both_ways(kind):
    def make(model):
        return getattr(nn, kind)(groups_of(model, "ours"), 0.05, weight_decay=0.0)

    losses, _ = same_in_both_ways(make=make)
    torch = pytest.importorskip("torch", reason="torch is what groups are held against")
    there = made().to_torch()
    weights, rest = [p for p in there.parameters() if p.ndim == 2], [p for p in there.parameters() if p.ndim == 1]
    optimiser = getattr(torch.optim, {"RMSProp": "RMSprop"}.get(kind, kind))(
        [{"params": weights, "weight_decay": 0.3}, {"params": rest, "lr": 0.02}], lr=0.05, weight_decay=0.0
    )
    for expected in losses:
        optimiser.zero_grad()
        J = 0.5 * ((there(torch.tensor(X))[:, 0] - torch.tensor(Y)) ** 2).mean()
        J.backward()
        optimiser.step()
        assert J.item() == pytest.approx(expected, rel=1e-10)


def test_groups_go_into_a_file_and_take_pytorchs_words(tmp_path):
    model, twin = made(), made()
    model.fit(X, Y, optimiser=nn.Adam(groups_of(model, "ours"), 0.05, clip_norm=0.1), epochs=3)
    model.save(tmp_path / "model.npz")
    again = nn.load(tmp_path / "model.npz")
    again.fit(X, Y, epochs=3)
    twin.fit(X, Y, optimiser=nn.Adam(groups_of(twin, "torch"), 0.05, clip_norm=0.1), epochs=6)
    assert again.state_dict() == twin.state_dict()
    assert repr(again.optimiser) == "Adam(17 parameters in 2 groups, learning_rate=0.05)"


@pytest.mark.parametrize(("given", "says"), [
    ([{"params": []}], "at least one"), ([{"lr": 0.1}], "a group says its parameters"),
    ([{"params": [Value(1.0)], "betas": (0, 0)}], "got 'params', 'betas'"),
    ([Group([Value(1.0)], learning_rate=-1.0)], "finite number"),
    ([Group([Value(1.0)], weight_decay=-1.0)], "from 0 up"),
])  # fmt: skip
def test_bad_groups(given, says):
    with pytest.raises(ArgumentError, match=says):
        nn.SGD(given)


# -- dropout ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
def test_dropout_trains_alike_in_both_ways_and_is_off_in_predict(backend):
    def model():
        return made(dropout=0.4)

    (losses, numbers), (looped, same) = (
        trained(MLP.fit, model(), batch_size=5, backend=backend), trained(train, model(), batch_size=5)
    )  # fmt: skip
    np.testing.assert_allclose(losses, looped, rtol=1e-11)
    np.testing.assert_allclose(numbers, same, rtol=1e-11)
    assert (losses != trained(MLP.fit, made(), batch_size=5)[0]).any()
    whole, without = model(), made(seed=5)
    without.load_state_dict(whole.state_dict())
    assert (whole.predict(X) == without.predict(X)).all()
    assert whole.eval()(X[0]).data == without(X[0]).data
    assert {whole.train()(X[0]).data for _ in range(20)} != {without(X[0]).data}


def test_dropouts_masks_are_such_as_pytorch_multiplies_with():
    torch = pytest.importorskip("torch", reason="torch is what dropout is held against")
    model = made(dropout=0.4)
    dice = copy.deepcopy(model.layers[0].dropout)
    there = model.to_torch()
    optimiser = torch.optim.SGD(there.parameters(), lr=0.1)
    losses, _ = trained(MLP.fit, model)
    for expected in losses:
        mask = torch.tensor([[dice.draw() for _ in range(4)] for _ in range(12)], dtype=torch.float64)
        assert set(mask.flatten().tolist()) == {0.0, 1 / 0.6}
        optimiser.zero_grad()
        a = torch.tanh(there[0](torch.tensor(X))) * mask
        J = 0.5 * ((there[2](a)[:, 0] - torch.tensor(Y)) ** 2).mean()
        J.backward()
        optimiser.step()
        assert J.item() == pytest.approx(expected, rel=1e-10)


def test_dropout_goes_on_from_a_file_and_is_put_back_after_an_error(tmp_path):
    whole, parts = made(dropout=0.5), made(dropout=0.5)
    whole.fit(X, Y, epochs=6)
    parts.fit(X, Y, epochs=2)
    parts.save(tmp_path / "model.npz")
    parts = nn.load(tmp_path / "model.npz")
    assert repr(parts) == "MLP(2, [4, 1], ['tanh', 'linear'], dropout=0.5)"
    with pytest.raises(nn.TrainingError):
        parts.fit(X, Y, epochs=2, callbacks=[lambda epoch: 1 / 0])
    parts.fit(X, Y, epochs=4)
    assert parts.state_dict() == whole.state_dict()
    validated = made(dropout=0.5).fit(X, Y, epochs=1, validation=(X, Y))
    assert validated["validation"] == made(dropout=0.5).fit(X, Y, epochs=1, validation=(X, Y))["validation"]
    for wrong in (1.0, -0.1, True, "half"):
        with pytest.raises(ArgumentError, match="dropout is the share"):
            made(dropout=wrong)


def test_what_dropout_leaves_has_a_name_of_its_own():
    from autograd.order import interior

    names = [node.name for node in interior(made(dropout=0.5)([1.0, 2.0]))]
    assert names[:3] == ["z²₁", "a²₁", "d²₁"] or {"a²₁", "d²₁"} <= set(names)
    assert len(set(names)) == len(names)


# -- losses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs", "y"), [
    (nn.poisson, "PoissonNLLLoss", np.arange(12.0) % 4),
    (nn.binary_cross_entropy_with_logits, "MultiLabelSoftMarginLoss", np.stack([Y > 0, X[:, 0] > 0, Y > 1], 1) * 1.0),
])  # fmt: skip
def test_losses_are_pytorchs_and_train_alike(ours, theirs, y):
    outputs = 1 if y.ndim == 1 else y.shape[1]
    same_in_both_ways(model=lambda: made(outputs), y=y, loss=ours, batch_size=5)
    torch = pytest.importorskip("torch", reason="torch is what losses are held against")
    z = made(outputs)(X)
    J = ours(z, y)
    J.backward()
    there = torch.tensor([[v.data for v in row] for row in z], dtype=torch.float64, requires_grad=True)
    expected = getattr(torch.nn, theirs)()(there, torch.tensor(y.reshape(12, outputs)))
    expected.backward()
    assert J.data == pytest.approx(expected.item(), rel=1e-13)
    np.testing.assert_allclose([[v.grad for v in row] for row in z], there.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_the_quantile_loss_is_scikit_learns_and_is_least_at_the_quantile(q):
    metrics = pytest.importorskip("sklearn.metrics")
    from functools import partial

    loss = partial(nn.quantile, q=q)
    p = np.linspace(-2, 2, 12)
    assert loss(p, Y) == pytest.approx(metrics.mean_pinball_loss(Y, p, alpha=q), rel=1e-13)
    same_in_both_ways(loss=loss)
    constant = nn.Neuron.from_weights([0.0], 0.0, "linear")
    many = np.random.default_rng(1).normal(size=101)
    rates = nn.StepDecay(1.0, 100, 0.5)
    constant.fit(np.zeros((101, 1)), many, loss=loss, optimiser=nn.SGD([constant.b], rates), epochs=1500)
    assert constant.b.data == pytest.approx(np.quantile(many, q), abs=0.02)
    assert loss([Value(1.0)], [1.0]).data == 0.0
    with pytest.raises(ArgumentError):
        nn.quantile([1.0], [1.0], q=1.0)
    with pytest.raises(ArgumentError, match="counts"):
        nn.poisson([1.0], [-1.0])


def test_accuracy():
    assert nn.accuracy([[2.0, 1.0], [0.0, 1.0]], [0, 0]) == 0.5
    assert nn.accuracy([[2.0, 1.0], [0.0, 1.0]], [[0, 1], [0, 1]]) == 0.5
    assert nn.accuracy([-1.0, 2.0, 3.0], [0, 1, 0]) == pytest.approx(2 / 3)
    assert nn.accuracy([[0.4], [0.6]], [0, 1], threshold=0.5) == 1.0
    assert nn.accuracy([[1.0, -1.0], [1.0, 1.0]], [[1, 0], [0, 0]]) == 0.5
    with pytest.raises(ArgumentError):
        nn.accuracy([1.0, 2.0], [1])


# -- schedules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [
    {"patience": 2}, {"patience": 0, "cooldown": 2, "factor": 0.5}, {"patience": 1, "threshold": 0.2, "factor": 0.3},
    {"patience": 0, "factor": 0.5, "smallest": 0.2},
])  # fmt: skip
def test_reduce_on_plateau_is_pytorchs(settings):
    torch = pytest.importorskip("torch", reason="torch is what the plateau schedule is held against")
    losses = np.abs(np.cos(np.arange(40.0))) + np.geomspace(2, 0.5, 40)
    there = torch.optim.SGD([torch.ones(1)], lr=1.0)
    words = {{"smallest": "min_lr"}.get(name, name): value for name, value in settings.items()}
    scheduler, ours = torch.optim.lr_scheduler.ReduceLROnPlateau(there, **words), nn.ReduceOnPlateau(1.0, **settings)
    for loss in losses.tolist():
        scheduler.step(loss)
        ours = ours.observe(loss)
        assert ours(0) == there.param_groups[0]["lr"]
    assert ours(0) < 1.0


def test_a_plateau_goes_on_to_the_bit_from_a_file_and_from_a_state(tmp_path):
    def rate():
        return nn.Warmup(2, nn.ReduceOnPlateau(0.5, patience=0, threshold=0.05, cooldown=1))

    whole, parts, states = made(), made(), made()
    whole.fit(X, Y, optimiser=nn.SGD(whole.parameters(), rate()), epochs=20, validation=(-X, Y))
    parts.fit(X, Y, optimiser=nn.SGD(parts.parameters(), rate()), epochs=9, validation=(-X, Y))
    parts.save(tmp_path / "model.npz")
    states.load_state_dict(parts.state_dict())
    states.optimiser = nn.SGD(states.parameters(), rate())
    states.optimiser.load_state_dict(json.loads(json.dumps(parts.optimiser.state_dict())))
    for half in (nn.load(tmp_path / "model.npz"), states):
        half.fit(X, Y, epochs=11, validation=(-X, Y))
        assert half.state_dict() == whole.state_dict()
        assert half.optimiser.learning_rate == whole.optimiser.learning_rate
    assert whole.optimiser.learning_rate.then.rate < 0.5
    before = whole.optimiser.learning_rate
    with pytest.raises(nn.TrainingError):
        whole.fit(X, Y, epochs=30, callbacks=[lambda epoch: 1 / (9 - epoch.number)])
    assert whole.optimiser.learning_rate == before
    with pytest.raises(ArgumentError):
        whole.optimiser.load_state_dict({**whole.optimiser.state_dict(), "standing": [{"rate": 1.0}, None]})


def test_a_plateau_lowers_the_rate_in_the_loop_too():
    model = made()
    optimiser = nn.SGD(model.parameters(), nn.ReduceOnPlateau(0.5, patience=0, threshold=0.9))
    train(model, X, Y, optimiser=optimiser, epochs=6)
    fitted = made()
    fitted.fit(
        X, Y, optimiser=nn.SGD(fitted.parameters(), nn.ReduceOnPlateau(0.5, patience=0, threshold=0.9)), epochs=6
    )
    assert optimiser.learning_rate.rate == fitted.optimiser.learning_rate.rate < 0.5


def test_schedules_take_numpys_whole_numbers(tmp_path):
    model = made()
    for schedule in (nn.CosineDecay(0.1, np.int64(5)), nn.StepDecay(0.1, np.int32(2)), nn.Warmup(np.int64(3), 0.1)):
        model.fit(X, Y, optimiser=nn.SGD(model.parameters(), schedule), epochs=np.int64(2))
        model.save(tmp_path / "model.npz")
        assert nn.load(tmp_path / "model.npz").optimiser.learning_rate == schedule
