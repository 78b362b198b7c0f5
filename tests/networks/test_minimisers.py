"""The minimisers and `model.objective`: against SciPy, finite differences and textbooks' formulas."""

import copy
import functools

import numpy as np
import pytest
from scipy.optimize import approx_fprime, least_squares, minimize, rosen, rosen_der

import nn
from autograd import Value
from autograd.errors import ArgumentError, OperandError
from nn import LBFGS, MLP, Layer, LevenbergMarquardt, Module, Newton, train
from nn.training.minimisers import MEMORY, Decayed, LineSearch, Pairs, damped, quasi_newton, reduced
from nn.training.newton import Bowl

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 2))
Y = np.sin(X[:, 0]) * X[:, 1]
WEIGHTS = RNG.random(30)


def made(outputs=1, **options):
    return MLP(2, [4, outputs], ["tanh", "linear"], seed=1, **options)


# -- the objective ------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
@pytest.mark.parametrize(("loss", "y"), [
    (nn.half_squared_error, Y), (nn.mean_squared_error, np.stack([Y, -Y], 1)), (nn.poisson, np.abs(np.round(Y))),
    (nn.cross_entropy, (Y > 0).astype(int)),
    (functools.partial(nn.half_squared_error, reduction="mean"), np.stack([Y, Y], 1)),
])  # fmt: skip
def test_the_objective_and_its_derivatives(loss, y, backend):
    model = MLP(2, [2, 2 if y.ndim == 2 or loss is nn.cross_entropy else 1], ["tanh", "linear"], seed=1)
    model.input_scale = nn.Standardization()
    f = model.objective(X, y, loss, sample_weight=WEIGHTS, backend=backend)
    w = f.start
    twin = copy.deepcopy(model)
    assert f.fun(w) == pytest.approx(
        twin.fit(X, y, loss=loss, sample_weight=WEIGHTS, epochs=1)["training"][0], rel=1e-12
    )
    np.testing.assert_allclose(f.jac(w), approx_fprime(w, f.fun, 1e-7), atol=2e-6)
    H = f.hess(w)
    np.testing.assert_allclose(H, approx_fprime(w, f.jac, 1e-7), atol=1e-5)
    np.testing.assert_allclose(f.hvp(w, np.arange(len(w)) * 1.0), H @ np.arange(len(w)), rtol=1e-10, atol=1e-12)
    if loss in (nn.poisson, nn.cross_entropy):
        with pytest.raises(ArgumentError, match="sums of squares"):
            f.residuals(w)
        return
    r, A = f.residuals(w)
    assert 0.5 * r @ r == pytest.approx(f.fun(w), rel=1e-13)
    np.testing.assert_allclose(A.T @ r, f.jac(w), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(A, approx_fprime(w, lambda w: f.residuals(w)[0], 1e-7), atol=1e-5)


def test_scipys_minimisers_take_it():
    model = made()
    f = model.objective(X, Y)
    found = minimize(f.fun, f.start, jac=f.jac, hess=f.hess, method="trust-exact")
    krylov = minimize(f.fun, f.start, jac=f.jac, hessp=f.hvp, method="trust-krylov")
    squares = least_squares(lambda w: f.residuals(w)[0], f.start, jac=f.residuals_jacobian, method="lm")
    assert max(found.fun, krylov.fun, squares.cost) < 1e-3 < f.fun(f.start)
    before = f.start
    f.write(found.x)
    assert (f.start == found.x).all() and (f.start != before).any()
    assert 0.5 * np.mean((model.predict(X) - Y) ** 2) == pytest.approx(found.fun, rel=1e-9)
    for wrong in (np.zeros(3), 1.0):
        with pytest.raises(ArgumentError, match="a vector of 17 numbers"):
            f.fun(wrong)
    with pytest.raises(ArgumentError, match="each of 30"):
        model.objective(X, Y[:3])


# -- the parts of the minimisers ----------------------------------------------------------------------


def test_the_direction_is_that_of_bfgs_written_out():
    n, H = 5, np.eye(5)
    pairs = [(RNG.normal(size=n), RNG.normal(size=n)) for _ in range(4)]
    pairs = [(s, y if s @ y > 0 else -y) for s, y in pairs]
    newest_s, newest_y = pairs[-1]
    H *= newest_s @ newest_y / (newest_y @ newest_y)
    for s, y in pairs:
        V = np.eye(n) - np.outer(y, s) / (s @ y)
        H = V.T @ H @ V + np.outer(s, s) / (s @ y)
    g, kept = RNG.normal(size=n), Pairs.of([np.zeros(n)] * 2 * MEMORY)
    for s, y in pairs:
        kept = Pairs.of(kept.before(s, y))
    assert Pairs.of(kept.before(g, -g)).curvatures == kept.curvatures  # which saw none
    np.testing.assert_allclose(quasi_newton(g, kept), H @ g, rtol=1e-12)


def test_the_oldest_pair_is_let_go():
    kept = Pairs.of([np.zeros(2)] * 2 * MEMORY)
    for k in range(1, MEMORY + 3):
        kept = Pairs.of(kept.before(np.full(2, float(k)), np.full(2, 2.0 * k)))
    assert kept.steps[:, 0].tolist() == [*range(MEMORY + 2, 2, -1)]
    assert kept.curvatures == [4.0 * k * k for k in range(MEMORY + 2, 2, -1)]


class Function:
    """A function as a problem."""

    def __init__(self, f, slope):
        self.f, self.slope, self.calls = f, slope, 0

    def __call__(self, w):
        self.calls += 1
        return float(self.f(w)), np.atleast_1d(self.slope(w))


@pytest.mark.parametrize("first", [1e-3, 0.3, 1.0, 10.0, 1e3])
@pytest.mark.parametrize(("f", "slope"), [
    (lambda w: (w[0] - 3) ** 2, lambda w: 2 * (w - 3)), (lambda w: np.cosh(w[0] - 2), lambda w: np.sinh(w - 2)),
    (lambda w: w[0] ** 4 - 4 * w[0], lambda w: 4 * w**3 - 4), (lambda w: -w[0] / (w[0] ** 2 + 2),
     lambda w: (w**2 - 2) / (w**2 + 2) ** 2),
    (lambda w: np.where(w[0] < 2, (w[0] - 1) ** 2, np.nan), lambda w: 2 * (w - 1)),
])  # fmt: skip
def test_a_line_search_ends_where_wolfes_conditions_hold(f, slope, first):
    line = LineSearch.of(Function(f, slope), np.zeros(1))
    with np.errstate(over="ignore", invalid="ignore"):
        found = line.along(-line.start.g, first)
    start = line.start.g @ -line.start.g
    assert found.J <= line.start.J + 1e-4 * found.t * start
    assert abs(found.g @ -line.start.g) <= 0.9 * abs(start)
    assert line.along(line.start.g, first) is None  # uphill


def test_lbfgs_finds_rosenbrocks_minimum_as_scipys_does():
    problem, w = Function(rosen, rosen_der), np.array([-1.2, 1.0, -0.5, 2.0, 0.3])
    optimiser = LBFGS([nn.Neuron(1).b for _ in w])
    state, steps = optimiser.state, 0
    for steps in range(200):
        before = w
        w, state = optimiser.improved(problem, w, rosen_der(w), state, steps)
        if w is before:
            break
    theirs = minimize(rosen, [-1.2, 1.0, -0.5, 2.0, 0.3], jac=rosen_der, method="L-BFGS-B", options={"maxcor": 10})
    np.testing.assert_allclose(w, 1.0, atol=1e-7)
    assert steps < 2 * theirs.nit and problem.calls < 4 * theirs.nfev


def test_damped_steps_are_those_of_the_normal_equations():
    A, r, weights = RNG.normal(size=(9, 4)), RNG.normal(size=9), RNG.random(4)
    expected = np.linalg.solve(A.T @ A + np.diag(weights**2), -A.T @ r)
    np.testing.assert_allclose(damped(*reduced(A, r), weights), expected, rtol=1e-10)


def test_weight_decay_of_a_minimiser_is_half_a_sum_of_squares():
    f = made().objective(X, Y)
    decay = np.linspace(0.0, 0.3, 17)
    J, g = Decayed(f, decay)(f.start)
    assert J == pytest.approx(f.fun(f.start) + 0.5 * np.sum(decay * f.start**2))
    np.testing.assert_allclose(g, f.jac(f.start) + decay * f.start)
    r, A = Decayed(f, decay).residuals(f.start)
    assert 0.5 * r @ r == pytest.approx(J)
    np.testing.assert_allclose(A.T @ r, g, atol=1e-12)
    model = made()
    weights = model.weight_parameters()
    rest = [p for p in model.parameters() if p not in set(weights)]
    optimiser = LBFGS([nn.Group(weights), nn.Group(rest, weight_decay=0.0)], weight_decay=0.1)
    model.fit(X, Y, optimiser=optimiser, epochs=500)
    sizes = np.array([0.1] * len(weights) + [0.0] * len(rest))

    def penalised(w):
        ours = dict(zip(optimiser.parameters, w, strict=True))
        flat = np.array([ours[p] for p in model.parameters()])
        return f.fun(flat) + 0.5 * np.sum(sizes * w**2)

    here = np.array([p.data for p in optimiser.parameters])
    assert np.abs(approx_fprime(here, penalised, 1e-6)).max() < 1e-4


# -- Newton --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("radius", [1e-6, 0.1, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("kind", ["bowl", "saddle", "trough", "hard", "flat", "top"])
def test_the_lowest_point_within_a_ball(kind, radius):
    """By the conditions of Moré & Sorensen, which hold for it and for no other point."""
    values = {"bowl": [0.5, 2, 9], "saddle": [-3, 1, 4], "trough": [0, 1, 2], "flat": [0, 0, 0], "hard": [-2, -2, 1],
              "top": [-3, -2, -1]}[kind]  # fmt: skip
    axes = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    g = axes @ {"hard": [0.0, 0.0, 0.7], "top": [0.0, 0.0, 0.0]}.get(kind, [0.3, -0.2, 1.1])
    H = axes @ np.diag(values) @ axes.T
    step, lower = Bowl.of(H, g).lowest_within(radius)
    assert lower == pytest.approx(-(g @ step + 0.5 * step @ H @ step), rel=1e-9)
    size = np.linalg.norm(step)
    assert size <= radius * (1 + 1e-9)
    shift = -(step @ (H @ step + g)) / (step @ step)
    np.testing.assert_allclose(H @ step + shift * step, -g, atol=1e-7 * max(1.0, radius))
    assert np.linalg.eigvalsh(H)[0] + shift > -1e-7
    assert shift > -1e-7
    assert shift < 1e-7 or size == pytest.approx(radius, rel=1e-6)


def test_newton_leaves_a_saddle_and_ends_where_the_digits_double():
    class Saddle(Module):
        def __init__(self):
            self.a, self.b = Value(1e-9), Value(0.8)

        def forward(self, x):
            return self.a**4 / 4 - self.a**2 / 2 + self.b**2 + x[0] * 0.0

    model = Saddle()
    history = model.fit([[1.0]], [-1.0], loss=lambda p, _: p[0][0], optimiser=Newton(model.parameters()), epochs=40)
    assert abs(model.a.data) == pytest.approx(1.0, abs=1e-9)
    assert history["training"][-1] == pytest.approx(-0.25, abs=1e-15)


def test_newton_ends_lower_than_l_bfgs_does_in_as_many_steps():
    ends = {}
    for make in (LBFGS, Newton):
        model = made()
        ends[make] = model.fit(X, Y, optimiser=make(model.parameters()), epochs=40)["training"][-1]
    assert ends[Newton] < 0.9 * ends[LBFGS]


# -- in a training ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [LBFGS, LevenbergMarquardt, Newton])
@pytest.mark.parametrize("loss", [nn.half_squared_error, nn.mean_squared_error])
def test_both_ways_of_training_take_the_same_steps(make, loss):
    def trained(way):
        model = made()
        history = way(model, X, Y, loss=loss, optimiser=make(model.parameters()), epochs=6, sample_weight=WEIGHTS)
        return history["training"] if way is MLP.fit else history

    np.testing.assert_allclose(trained(MLP.fit), trained(train), rtol=1e-8)


@pytest.mark.parametrize("make", [LBFGS, LevenbergMarquardt, Newton])
def test_a_training_goes_on_from_a_file_to_the_bit(make, tmp_path):
    whole, half = made(), made()
    history = whole.fit(X, Y, optimiser=make(whole.parameters()), epochs=12)
    assert history["training"][-1] < 0.2 * history["training"][0]
    assert (np.diff(history["training"]) <= 0).all()
    half.fit(X, Y, optimiser=make(half.parameters()), epochs=5)
    half.save(tmp_path / "model.npz")
    half = nn.load(tmp_path / "model.npz")
    half.fit(X, Y, epochs=7)
    assert half.state_dict() == whole.state_dict()


@pytest.mark.parametrize("make", [LBFGS, LevenbergMarquardt, Newton])
def test_where_nothing_lower_is_to_be_had_it_says_converged(make):
    line = nn.Layer(2, 1, "linear", seed=0)
    history = line.fit(X, Y, optimiser=make(line.parameters()), epochs=500)
    assert history.stopped == "converged"
    assert len(history["training"]) < 30
    A = np.column_stack([X, np.ones(30)])
    solution, *_ = np.linalg.lstsq(A, Y, rcond=None)
    np.testing.assert_allclose([*line.weights[:, 0], line.bias[0]], solution, atol=1e-7)


def test_what_they_do_not_go_with_is_refused():
    model = made()
    model.parameters()[0].grad = 1.0
    for make in (LBFGS, LevenbergMarquardt, Newton):
        with pytest.raises(OperandError, match="asks for the loss several times a step"):
            make(model.parameters()).step()
        for way in (MLP.fit, train):
            with pytest.raises(ArgumentError, match="asks for the same loss several times"):
                way(model, X, Y, optimiser=make(model.parameters()), batch_size=5)
            drops = made(dropout=0.5)
            with pytest.raises(ArgumentError, match="draws"):
                way(drops, X, Y, optimiser=make(drops.parameters()))
        with pytest.raises(ArgumentError, match="no learning rate"):
            make([nn.Group(model.parameters(), learning_rate=0.1)])
    counts = np.abs(np.round(Y))
    for way in (MLP.fit, train):
        with pytest.raises(ArgumentError, match="sums of squares"):
            way(model, X, counts, loss=nn.poisson, optimiser=LevenbergMarquardt(model.parameters()))


def test_the_objective_follows_values_that_it_does_not_move():
    gain = Value(2.0)

    class Scaled(Module):
        def __init__(self):
            self.line = Layer(2, 1, "linear", seed=0)

        def forward(self, x):
            return self.line(x) * gain

    model = Scaled()
    f = model.objective(X, Y)
    before = f.fun(f.start), f.jac(f.start)
    gain.data = 3.0
    fresh = model.objective(X, Y)
    assert f.fun(f.start) == fresh.fun(f.start) != before[0]
    assert (f.jac(f.start) == fresh.jac(f.start)).all()


def test_a_callback_may_set_what_lbfgs_does_not_move():
    model, losses = made(), []
    frozen, moved = (layer.parameters() for layer in model.layers)

    def shaken(epoch):
        frozen[0].data = 0.1 * epoch.number
        losses.append(float(np.mean((model.predict(X) - Y) ** 2)))

    history = model.fit(X, Y, loss=nn.mean_squared_error, optimiser=LBFGS(moved), epochs=5, callbacks=[shaken])
    assert history.training[1:] == pytest.approx(losses[:-1], rel=1e-12)
