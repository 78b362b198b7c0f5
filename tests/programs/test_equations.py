"""root, fixed_point, minimize: solutions beside SciPy's, derivatives beside the theorem written out, in every way."""

from __future__ import annotations

import math
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
    root,
    scan,
    sin,
    vmap,
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


def test_where_there_is_no_solution_the_first_trouble_is_said():
    import viz

    p = compile(lambda a: 2.0 * root(lambda x: x * x + a, 0.5))
    assert "no solution found in 100 steps" in str(viz.anomaly(p, 3.0))
    assert "nothing found" in str(viz.anomaly(p, -3.0))


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
