"""root, fixed_point, minimize: solutions beside SciPy's, derivatives beside the theorem written out, in every way."""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pytest
from scipy import optimize

import autograd
from autograd import (
    Value,
    compile,
    cos,
    erf,
    exp,
    fixed_point,
    grad,
    hessian,
    jacobian,
    log,
    minimize,
    no_grad,
    record_sources,
    root,
    scan,
    sin,
    sqrt,
    vmap,
    where,
    while_loop,
)  # fmt: skip
from autograd.errors import ArgumentError, LoopError, OperandError
from tests.support.compilers import called, compiled, works

BACKENDS = ["interpreter", pytest.param("numpy", marks=pytest.mark.thorough), "llvm"]  # numpy interprets loops


def price(volatility, strike):
    """Of a call on 100 in a year, without interest."""
    d = (log(100.0 / strike) + 0.5 * volatility * volatility) / volatility
    both = [0.5 * (1.0 + erf(x / math.sqrt(2.0))) for x in (d, d - volatility)]
    return 100.0 * both[0] - strike * both[1]


def one(theta):
    """A volatility that is implied by a price."""
    return root(lambda v: price(v, 90.0 + theta[1]) - 10.0 * theta[0], 0.3)


def several(theta):
    x = root(lambda x: [x[0] * x[0] + x[1] - 2.0 - theta[0], x[0] - x[1] ** 3 * theta[1], x[2] - x[0] * theta[0]],
             [1.0, 1.0, 0.0])  # fmt: skip
    return x[0] * x[1] + sin(x[2])


def swapped(theta):
    """Unknowns whose equations stand in another order: elimination must choose its rows."""
    x = root(lambda x: {"a": x["b"] * 2.0 - theta[0], "b": exp(x["a"]) - theta[1] - x["b"]}, {"a": 0.1, "b": 0.2})
    return x["a"] * x["b"]


def fixed(theta):
    return fixed_point(lambda x: cos(theta[0] * x) + 0.1 * theta[1], 0.5) * theta[1]


def least(theta):
    x = minimize(lambda x: (1.0 - x[0]) ** 2 * theta[0] + 10.0 * theta[1] * (x[1] - x[0] ** 2) ** 2 + 0.1 * x[1],
                 np.array([-1.2, 1.0]))  # fmt: skip
    return x[0] + x[1] * x[1]


def stepped(theta):
    """An implicit method for stiff equations: a root in each step of a loop."""

    def step(y, _):
        return root(lambda new: new - y + 0.1 * theta[0] * (new**3 - cos(new * theta[1])), y), None

    return scan(step, 2.0, length=4)[0]


def inner(theta):
    """A root in the equation of a root."""
    return root(lambda x: x - theta[0] * root(lambda y: y * y * y + y - x * theta[1], 0.5), 1.0 + 0.0 * theta[0]) + 0.0


def apart(theta):
    """In rows, each of which takes another number of steps."""
    return np.sum(vmap(lambda a: root(lambda x: x * exp(x) - a * theta[0], 0.1))(np.array([0.1, 1.0, 30.0]))) * theta[1]


JOBS = {"one": one, "several": several, "swapped": swapped, "fixed": fixed, "least": least, "stepped": stepped,
        "apart": apart}  # fmt: skip
AT = np.array([1.3, 0.8])
ROWS = AT + np.linspace(-0.2, 0.2, 9)[:, None]


def close(found, expected, rtol=1e-10):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=rtol, atol=1e-12)


def differences(f, x, h=1e-3):
    """∂f/∂x by central differences of eighth order."""
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    units = np.eye(len(x)) * h
    return np.array([sum(w * (f(x + k * e) - f(x - k * e)) for k, w in weights.items()) / h for e in units])


def test_values_beside_scipy():
    x = optimize.brentq(lambda v: float(price(v, 90.8)) - 13.0, 0.05, 1.0, xtol=1e-15)
    close(one(AT), x, rtol=1e-12)
    close(root(lambda x: x * exp(x) - 2.0, 0.1), 0.8526055020137254, rtol=1e-15)  # Lambert's W
    close(fixed_point(cos, 1.0), 0.7390851332151607, rtol=1e-15)
    found = minimize(
        lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2), np.array([-1.2, 1, 0.5])
    )
    close(found, [1.0, 1.0, 1.0])


@cache
def eagerly(name):
    """Value, gradient and Hessian."""
    return JOBS[name](AT), grad(JOBS[name])(AT), hessian(JOBS[name])(AT)


@cache
def eagerly_in_rows(name):
    """Values and gradients at ROWS."""
    return [JOBS[name](row) for row in ROWS], [grad(JOBS[name])(row) for row in ROWS]


@pytest.mark.parametrize("name", JOBS)
def test_derivatives_on_numbers(name):
    f = JOBS[name]
    _, slopes, curvature = eagerly(name)
    close(slopes, differences(f, AT), rtol=1e-8)
    close(curvature, differences(grad(f), AT), rtol=1e-7)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", JOBS)
def test_compiled(name, backend):
    f = JOBS[name]
    p = compile(f, backend=backend)
    value, slopes, curvature = eagerly(name)
    close(p(AT), value)
    close(p.grad(AT), slopes, rtol=1e-9)
    close(p.hessian(AT), curvature, rtol=1e-8)
    close(p.hvp(AT, np.array([1.0, -2.0])), curvature @ [1.0, -2.0], rtol=1e-8)
    values, gradients = eagerly_in_rows(name)
    batch = compile(f, in_axes=0, backend=backend)
    close(batch(ROWS), values)
    close(batch.grad(ROWS), gradients, rtol=1e-9)


def test_any_order():
    def third(f):
        return grad(grad(grad(f)))

    def f(a):
        return root(lambda x: x * x - a, 1.0)

    expected = 3.0 / 8.0 * 4.0**-2.5
    close([third(f)(4.0), compile(third(f))(4.0), third(compile(f))(4.0)], [expected] * 3)
    close(grad(third(f))(4.0), -15.0 / 16.0 * 4.0**-3.5)


def test_no_derivative_along_the_guess():
    def f(guess, a):
        return root(lambda x: x * x - a, guess)

    for way in (f, compile(f)):
        close(jacobian(way, (0, 1))(1.5, 2.0), [0.0, 0.5 / math.sqrt(2.0)])


def test_what_f_closes_over():
    a = Value(3.0, "a")
    scaled = a * a  # a node, not a leaf
    x = root(lambda x: x * x - scaled, 1.0)
    x.backward()
    close([x.data, a.grad], [3.0, 1.0])
    with no_grad():
        assert isinstance(root(lambda x: x * x - 2.0, 1.0), float)


def test_a_function_that_branches_on_numbers():
    def f(a):
        return root(lambda x: x * x - a if x > 1.0 else 3.0 * x - 4.0, 0.0)

    close([f(2.25), grad(f)(2.25)], [1.5, 1.0 / 3.0])


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda a: root(lambda x: x * x + a, 1.0), LoopError, "found no solution"),
        (lambda a: root(lambda x: [x[0] + x[1], x[0] + x[1] - a], [0.0, 1.0]), LoopError, "have an inverse"),
        (lambda a: root(lambda x: log(x) - a, -1.0), LoopError, "found no solution"),
        (lambda a: minimize(lambda x: -a * x * x, 1.0), LoopError, "minimize found no solution"),
        (lambda a: minimize(lambda x: -a * x * x, 0.0), LoopError, "minimize found no solution"),
        (lambda a: minimize(lambda x: 0.0 * a * x[0] * x[1], [0.3, 0.3]), LoopError, "minimize found no solution"),
        (lambda a: root(lambda x: x * x * x - a, 1e9, max_steps=3), LoopError, "max_steps=3"),
        (lambda a: root(lambda x: [x, x * a], 1.0), ArgumentError, "what f of a root answers: expected one number"),
        (lambda a: root(lambda x: x, []), ArgumentError, "no numbers"),
        (lambda a: root(lambda x: x, "near"), OperandError, "the guess of a root"),
        (lambda a: root(lambda x: x - a, 1.0, max_steps=2.5), ArgumentError, "max_steps of root is a whole number"),
        (lambda a: root(lambda x: x - a, 1.0, tol="a"), ArgumentError, "tol of root is a number"),
        (lambda a: root(lambda x: x - a, 1.0, tol=-1.0), ArgumentError, "tol of root is a number"),
        (lambda a: minimize(lambda x: [x, x], 1.0), ArgumentError, "what f of minimize answers"),
    ],
)
def test_what_has_no_solution_is_said_and_compiled_is_nan(f, error, words):
    with pytest.raises(error, match=words):
        f(1.0)
    if error is not LoopError:
        with pytest.raises(error, match=words):
            compile(f)(1.0)
    else:
        value, slope = compile(lambda a: np.sum(f(a))).value_and_grad(1.0)
        assert math.isnan(value)
        assert math.isnan(slope)


@pytest.mark.parametrize(
    ("f", "ends"),
    [
        (lambda a: root(lambda x: x * x + a, 0.5), "the search did not end in max_steps=100"),
        (lambda a: root(lambda x: x * x - a, 1e6, max_steps=3), "the search did not end in max_steps=3"),
        (
            lambda a: root(lambda x: [x[0] + x[1], x[0] + x[1] - a], [0.0, 1.0])[1],
            "at the guess, where the slopes have",
        ),
        (
            lambda a: root(lambda x: where(x > 3.0, 0.0 * x + 1.0, x**3 - 9.0 * a - 3.0), 1.0),
            "after 2 steps, where the slo",
        ),
        (lambda a: root(lambda x: log(x) - a, -1.0), "at the guess, where f has no value"),
        (lambda a: root(lambda x: x - a, math.nan), "at the guess, where f has no value"),
        (
            lambda a: root(lambda x: where(x > 0.5, x + a, 4.0 - x), 1.0),
            "after 59 steps, where no part of the next step",
        ),
        (lambda a: root(lambda x: sqrt(x) + a, 1.0), "no part of the next step"),  # at 0 an infinite slope
    ],
)
def test_where_there_is_no_solution_it_is_said_why_and_where(f, ends):
    import viz

    with pytest.raises(LoopError, match=re.escape(ends)):
        f(3.0)
    with record_sources():
        p = compile(lambda a: 2.0 * f(a))
        found = viz.anomaly(p, 3.0)
    assert (found.kind, found.node.name) == ("nan", found.explanation)
    assert found.explanation.startswith("no solution: ") and ends in found.explanation
    assert "test_equations.py:" in found.source


def test_a_solution_where_the_slope_is_infinite():
    assert root(lambda x: sqrt(x), 1.0) == compile(lambda a: root(lambda x: a * sqrt(x), a))(1.0) == 0.0


def test_a_step_to_where_a_loop_in_f_does_not_end_is_halved():
    def f(a):
        known = lambda x: while_loop(lambda s: s < 20.0, lambda s: 1.5 * s, x, max_steps=40)  # noqa: E731  # as f is
        return root(lambda x: sqrt(x) + 0.0 * known(x) - a, 4.0)  # whose first step leads below 0

    assert f(0.1) == pytest.approx(0.01, rel=1e-12)
    close([f(0.1), grad(f)(0.1)], compile(f).value_and_grad(0.1))
    with pytest.raises(LoopError, match="no solution") as caught:
        f(-1.0)
    assert "max_steps=40" in str(caught.value.__cause__)


def test_a_loop_past_its_limit_is_said():
    import viz

    def doubled(x):
        return 2.0 * x

    p = compile(lambda a: 3.0 + while_loop(lambda x: x < 100.0, doubled, a, max_steps=5))
    found = viz.anomaly(p, 1.0)
    assert (found.kind, found.explanation) == ("nan", "doubled goes on after max_steps=5")
    assert not viz.anomaly(p, 20.0)
    assert not viz.anomaly(compile(lambda a: root(lambda x: x * x + a, 0.5)), -3.0)


def test_a_solution_in_a_batch_stands_still_while_others_go_on():
    p = compile(lambda a: root(lambda x: x * x - a, 1.0), in_axes=0)
    a = np.array([1.0, 2.0, 1e12, -1.0, 4.0])
    found, slopes = p.value_and_grad(a)
    close(found, np.sqrt(np.where(a > 0, a, np.nan)), rtol=1e-15)
    close(slopes, 0.5 / np.sqrt(np.where(a > 0, a, np.nan)))


@pytest.mark.parametrize("name", JOBS)
def test_files_and_python(name, tmp_path):
    from autograd.program.source import python_function

    program = compile(JOBS[name]).record(AT)
    program.save(tmp_path / "root.program")
    again = autograd.load_program(tmp_path / "root.program")
    close(again.function(*AT), program.function(*AT), rtol=1e-15)
    close(python_function(program)(*AT), program.function(*AT), rtol=1e-15)


@pytest.mark.parametrize("name", ["one", "swapped", "stepped", "apart"])
def test_for_jax(name):
    pytest.importorskip("jax")
    import jax

    jax.config.update("jax_enable_x64", True)
    f = compile(JOBS[name]).record(AT).to_jax()
    with pytest.raises(ArgumentError, match=r"stop at the digits of double precision.*got float32"):
        jax.jit(f)(np.asarray(AT, np.float32))
    close(f(AT)[0], JOBS[name](AT))
    close(jax.jit(jax.hessian(lambda x: f(x)[0]))(AT), hessian(JOBS[name])(AT), rtol=1e-7)
    close(jax.jit(jax.grad(lambda x: f(x)[0]))(AT), grad(JOBS[name])(AT), rtol=1e-9)


@pytest.mark.parametrize("name", JOBS)
def test_in_c(name, tmp_path):
    program = compile(JOBS[name]).record(AT)
    source = program.to_c()
    library = compiled(source, tmp_path)
    y, g = called(library, "f_gradient", AT[None], 1, 2, work=works(source).get("f_gradient", 0))
    close(y[0], JOBS[name](AT))
    close(g[0], grad(JOBS[name])(AT), rtol=1e-9)


def saddle(theta):
    """Where the search begins the Hessian has zeros on its diagonal."""
    x = minimize(lambda x: theta[0] * x[0] * x[1] + (x[0] - theta[1]) ** 4 + (x[1] - theta[1]) ** 4, [AT[1]] * 2)
    return x[0] - 2.0 * x[1]


def test_a_minimum_from_where_the_hessian_has_zeros_on_its_diagonal():
    right = root(lambda x: [1.3 * x[1] + 4.0 * (x[0] - 0.8) ** 3, 1.3 * x[0] + 4.0 * (x[1] - 0.8) ** 3], [0.3, 0.1])
    close([saddle(AT), compile(saddle)(AT)], [right[0] - 2.0 * right[1]] * 2)


# -- a thousand systems, beside high precision, in C ------------------------------------------------


def system(x, p, sin, exp):
    """Of as many equations as unknowns, by a matrix and other terms; p has all the numbers in it."""
    n = len(x)
    *rows, b, c, d = (p[n * i : n * i + n] for i in range(n + 3))
    s, t = p[-2:]
    return [
        sum(a * each for a, each in zip(rows[i], x, strict=True))
        + b[i] * sin(s * x[i]) + t * c[i] * exp(-x[i - 1] * x[i - 1]) - d[i]
        for i in range(n)
    ]  # fmt: skip


def drawn(n, count):
    """Numbers of systems: most are easy, some have no solution, a singular matrix, are tiny, huge, or nan."""
    dice = np.random.default_rng(n)
    p = dice.normal(size=(count, n * n + 3 * n + 2))
    p[:, : n * n] += 2.0 * np.eye(n).ravel()
    p[::9, : n * n] = np.ones(n * n)
    p[4::23] *= 1e3
    p[5::29] *= 1e-150
    p[6::31, 0] = math.nan
    p[7::37] = 0.0
    return p


def precise(x, p):
    """The solution near x, and its slopes along p, of 40 digits."""
    mpmath = pytest.importorskip("mpmath")
    mp = mpmath.mp

    def residual(x, p):
        return system(x, p, mp.sin, mp.exp)

    with mp.workdps(40):
        x, p = [mp.mpf(v) for v in x], [mp.mpf(v) for v in p]
        matrix = _columns(mp, lambda x: residual(x, p), x)
        for _ in range(3):
            x = [a - b for a, b in zip(x, mp.lu_solve(matrix, mp.matrix(residual(x, p))), strict=True)]
            matrix = _columns(mp, lambda x: residual(x, p), x)
        along = _columns(mp, lambda p: residual(x, p), p)
        slopes = [-mp.lu_solve(matrix, along[:, j]) for j in range(len(p))]
        return [float(v) for v in x], [[float(v[i]) for v in slopes] for i in range(len(x))]


def _columns(mp, f, at):
    """The Jacobian by differences of which nothing is lost in so many digits."""
    h = mp.mpf(10) ** -19
    found = mp.matrix(len(f(at)), len(at))
    for j in range(len(at)):
        ahead, behind = ([v + sign * h if i == j else v for i, v in enumerate(at)] for sign in (1, -1))
        for i, (a, b) in enumerate(zip(f(ahead), f(behind), strict=True)):
            found[i, j] = (a - b) / (2 * h)
    return found


@pytest.mark.parametrize(
    ("n", "compiler"),
    [(2, "gcc"), *(pytest.param(n, c, marks=pytest.mark.thorough) for n in (1, 3) for c in ("gcc", "g++", "clang"))],
)
def test_random_systems_in_c(n, compiler, tmp_path):
    def f(p):
        x = root(lambda x: system(x, p, sin, exp), [0.3] * n)
        return x[0] + autograd.sum([(0.5 + k) * each * each for k, each in enumerate(x[1:])])

    p = drawn(n, 240)
    m = p.shape[1]
    source = compile(f).record(p[0]).to_c(what="hessian")
    work = works(source).get("f_hessian", 0)
    in_c = called(compiled(source, tmp_path, compiler), "f_hessian", p, 1, m, m * m, work=work)
    program = compile(f, in_axes=0, backend="interpreter")  # with C's sines: among a thousand waves last digits decide
    here = program(p), program.grad(p), program.hessian(p)
    for a, b in zip(in_c, here, strict=True):
        a, b = a.reshape(len(p), -1), np.reshape(b, (len(p), -1))
        assert (np.isnan(a) == np.isnan(b)).all()
        assert (np.abs(a - b) <= 1e-11 * np.nanmax(np.abs(b), axis=1, initial=0.0, keepdims=True))[~np.isnan(b)].all()
    solved = np.isfinite(in_c[0][:, 0])
    assert 150 < solved.sum() < 230
    for at, value, slopes in list(zip(p[solved], in_c[0][solved], in_c[1][solved], strict=True))[::20]:
        x, along = precise(root(lambda x, at=at: system(x, at.tolist(), sin, exp), [0.3] * n), at)
        weights = [1.0, *((1.0 + 2.0 * k) * each for k, each in enumerate(x[1:]))]
        close(value, [x[0] + sum((0.5 + k) * each * each for k, each in enumerate(x[1:]))])
        close(slopes, np.array(weights) @ np.array(along), rtol=1e-9)


def test_a_minimum_whose_value_cancels():
    """The value is near 0 there, of terms near 1: it cannot show that the last steps make it smaller."""
    a, b, x = -0.10160889077002393, -0.34979921539188125, -1.6566313004331013

    def h(y):
        return (y - a) ** 2 + exp(0.21 * y) + 1.3 * y * x + b

    right = root(lambda y: 2.0 * (y - a) + 0.21 * exp(0.21 * y) + 1.3 * x, 0.0)
    close([minimize(h, a), compile(lambda g: minimize(h, g))(a)], [right] * 2, rtol=1e-14)
    dice = np.random.default_rng(3)
    a, b, x = dice.normal(size=4000), dice.normal(size=4000), 2.0 * dice.normal(size=4000)
    every = compile(lambda a, b, x: minimize(lambda y: (y - a) ** 2 + exp(0.21 * y) + 1.3 * y * x + b, a), in_axes=0)
    assert np.isfinite(every(a, b, x)).all()
