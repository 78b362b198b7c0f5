"""Tables in programs: the eager numbers on every executor and in every export, each table of constants once."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Program, Value, compile, grad, hessian, interp, jacobian, load_program, locate, scan, take
from autograd.errors import ArgumentError
from autograd.ops.primitive import TABLE
from autograd.program.kernel import Task
from autograd.program.native import estimates
from autograd.program.native.straight import one_sample
from autograd.program.source import python_function, python_source
from autograd.splines import akima, bicubic, cubic, pchip
from tests.support.compilers import called, compiled, works
from tests.support.kinks import at_kinks

pytestmark = at_kinks  # tables are read at their knots too

DICE = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_numbers():
    """Each test draws from the beginning, whichever ran before it."""
    global DICE
    DICE = np.random.default_rng(0)


X = np.cumsum(DICE.uniform(0.05, 1.0, 24))
Y = DICE.normal(size=24)
GRID = np.cumsum(DICE.uniform(0.1, 1.0, 4))
CURVE, SURFACE = cubic(X, Y, "natural"), bicubic(GRID, GRID, DICE.normal(size=(4, 4)))
INPUTS = np.stack([DICE.uniform(X[0] - 1, X[-1] + 1, 53), *DICE.uniform(0.5, 3.9, (2, 53))], 1)
ENTRIES = DICE.normal(size=6).tolist()


def curves(z):
    """Tables of constants, read at what is computed."""
    x, a, b = z
    return CURVE(x) * a + interp(x * a, X, Y, left=0.5) + SURFACE(a, b) + locate(b, X) * b


def calibrated(z):
    """Tables of what is computed, beside constants, read at what is known or not."""
    x, a, b = z
    mixed = take(b, [a * a, 2.0, a * b, x, 5.0 * b])
    return mixed * take(a + 0.5, ENTRIES) + akima([0.0, 1.0, 2.5, 4.0], [a, 1.0, b * b, a * b])(b) + pchip(X, Y)(x)


def looped(z):
    """The same inside of a loop."""
    x, a, b = z

    def step(carry, row):
        return CURVE(carry) * 0.1 + a * 0.2, take(row + carry * 0.0, [a, b, carry, 4.0])

    last, seen = scan(step, x, np.array([0.0, 3.0, 2.0, 1.0, 2.0]))
    return last * seen[1] + seen[2] * seen[4]


FUNCTIONS = [curves, calibrated, looped]


def near(got, expected):
    expected = np.asarray(expected, float)
    np.testing.assert_allclose(np.asarray(got, float), expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("f", FUNCTIONS)
def test_every_executor_answers_as_eager_code_does(f, monkeypatch):
    at = INPUTS[:5].tolist()
    eager = [[f(z) for z in at], [grad(f)(z) for z in at], [hessian(f)(at[0])]]
    for backend in ("interpreter", "numpy", "llvm", "tape"):
        if backend == "tape":
            monkeypatch.setattr(estimates, "LINES_UP_TO", 0)
        batch = compile(f, in_axes=0, backend=backend.replace("tape", "llvm"))
        one = compile(f, backend=backend.replace("tape", "llvm"))
        near(batch(INPUTS[:5]), eager[0])
        near(batch.grad(INPUTS[:5]), eager[1])
        near(batch.hessian(INPUTS[:1]), eager[2])
        near([one(at[0]), *one.grad(at[0])], [eager[0][0], *eager[1][0]])
        near(one.jvp(at[0], [1.0, 2.0, 3.0])[1], np.dot(eager[1][0], [1.0, 2.0, 3.0]))


def test_of_an_index_outside_a_program_makes_nan():
    at = np.array([-0.1, 0.0, 2.9, 3.0, np.nan, np.inf])
    for backend in ("interpreter", "numpy", "llvm"):
        for table in ([1.0, 2.0, 3.0], [1.0, Value(2.0), 3.0]):
            got = compile(lambda i, table=table: take(i, table), in_axes=0, backend=backend)(at)
            assert np.array_equal(got, [np.nan, 1.0, 3.0, np.nan, np.nan, np.nan], equal_nan=True)
        assert np.isnan(compile(lambda x: locate(x, [0.0, 1.0, 2.0]), in_axes=0, backend=backend)(at)[4])
        assert np.isnan(compile(CURVE, in_axes=0, backend=backend)(at)[4])


def test_infinite_values_are_numpy_s_on_every_executor():
    x, y = [0.0, 1.0, 2.0, 3.0, 4.0], [0.0, np.inf, np.inf, -1.0, 5.0]
    at = np.array([-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, np.nan])
    for backend in ("interpreter", "numpy", "llvm"):
        f = compile(lambda t: interp(t, x, y), in_axes=0, backend=backend)
        assert np.array_equal(f(at), np.interp(at, x, y), equal_nan=True)
        assert np.array_equal(f.grad(at[:9]), [0, np.inf, np.inf, 0, 0, -np.inf, -np.inf, 6, 6])


def test_tables_of_each_sample_s_own():
    table, at = DICE.normal(size=(20, 7)), DICE.uniform(0, 7, 20)
    for backend in ("interpreter", "numpy", "llvm"):
        f = compile(lambda i, t: take(i, t) ** 2, argnums=1, in_axes=0, backend=backend)
        expected = table[np.arange(20), at.astype(int)]
        near(f(at, table), expected**2)
        slopes = np.zeros((20, 7))
        slopes[np.arange(20), at.astype(int)] = 2.0 * expected
        near(f.grad(at, table), slopes)
        shared = compile(lambda i, t: take(i, t), argnums=1, in_axes=(0, None), reduce="sum", backend=backend)
        near(shared.grad(at, table[0]), np.bincount(at.astype(int), minlength=7))


@pytest.mark.parametrize("at", [3.0, -0.5, np.nan, 1.0])
def test_outside_of_a_table_the_slopes_are_nan_on_every_executor(at):
    entries = lambda x: [x[0] * x[1], 3.0, scan(lambda c, row: (c * x[0], row), x[1], np.ones(2))[0]]  # noqa: E731
    inside, x = at == 1.0, np.array([1.0, 2.0])
    none = [0.0, 0.0] if inside else [np.nan, np.nan]
    for backend in ("interpreter", "numpy", "llvm"):
        f = compile(lambda i, t: take(i, t) ** 2, argnums=1, in_axes=(0, None), backend=backend)
        assert np.array_equal(f.grad(np.array([at]), X[:3])[0], [0, 2 * X[1], 0] if inside else [np.nan] * 3, True)
        g = compile(lambda i, x: take(i, entries(x)), argnums=1, backend=backend)
        assert np.array_equal(g.grad(at, x), none, True)
    if np.isnan(at):
        assert np.array_equal(grad(lambda x: take(x[0] * at, entries(x)))(x), none, True)


TAKEN = compile(lambda x: take(x[0], [x[1] * x[2], x[2], 5.0]))
OUTSIDE = np.array([[i, 2.0, 7.0] for i in (0.0, 1.5, 2.0, 3.0, -0.5, np.nan)])
SLOPES = np.array([[0, 7, 2], [0, 0, 1], [0, 0, 0], *[[0, np.nan, np.nan]] * 3])


def test_outside_of_a_table_the_slopes_of_c_are_nan(tmp_path):
    source = TAKEN.record(OUTSIDE[0]).to_c("f")
    _, slopes = called(compiled(source, tmp_path), "f_gradient", OUTSIDE, 1, 3, work=works(source).get("f_gradient", 0))
    assert np.array_equal(slopes, SLOPES, True)


def test_outside_of_a_table_the_slopes_of_jax_are_nan():
    jax = pytest.importorskip("jax")
    f = TAKEN.record(OUTSIDE[0]).to_jax()
    assert np.array_equal(jax.vmap(jax.grad(lambda x: f(x)[0]))(OUTSIDE), SLOPES, True)


def test_a_curve_is_differentiated_along_all_that_it_goes_through():
    f = compile(lambda x, y: cubic(X, y)(x), argnums=1)
    near(f.grad(X[11] + 0.01, Y), grad(lambda y: cubic(X, y)(X[11] + 0.01))(Y))
    near(
        compile(lambda y: pchip(X[:6], y)(X[2] + 0.01)).jacobian(Y[:6]),
        jacobian(lambda y: pchip(X[:6], y)(X[2] + 0.01))(Y[:6]),
    )


@pytest.mark.parametrize("f", FUNCTIONS)
def test_exports_and_files_answer_as_eager_code_does(f, tmp_path):
    program = compile(f).record(INPUTS[0])
    expected, slopes = [f(z) for z in INPUTS.tolist()], [grad(f)(z) for z in INPUTS.tolist()]
    source = program.to_c("f")
    y, g = called(compiled(source, tmp_path), "f_gradient", INPUTS, 1, 3, work=works(source).get("f_gradient", 0))
    near(y[:, 0], expected)
    near(g, slopes)
    near([python_function(program)(*z)[0] for z in INPUTS.tolist()], expected)
    program.save(tmp_path / "f.program")
    near([float(load_program(tmp_path / "f.program").function(*z)[0]) for z in INPUTS[:3]], expected[:3])


def test_a_table_of_constants_stands_once_wherever_it_is_read():
    y = DICE.normal(size=1000)
    x = np.arange(1000) + DICE.uniform(0, 0.4, 1000)
    f = lambda z: interp(z, x, y) + interp(2.0 * z, x, y)  # noqa: E731
    program: Program = compile(f).record(3.0)
    source, python = program.to_c("f"), python_source(program)
    assert source.count("static const double f_table") == 2
    assert source.count(repr(float(y[500]))) == python.count(repr(float(y[500]))) == 1
    text = one_sample(Task(program, (False,), (False,)))
    assert text.count("= private unnamed_addr constant [1000 x double]") == 2
    assert len(str(program)) < 8000


def test_tables_that_differ_by_the_sign_of_a_zero_are_two(tmp_path):
    def f(z):
        return 1.0 / take(z, [0.0, 1.0]), 1.0 / take(z, [-0.0, 1.0])

    program = compile(f).record(0.0)
    (y,) = called(compiled(program.to_c("f", gradient=False), tmp_path), "f", np.zeros((1, 1)), 2)
    assert [*y[0], *python_function(program)(0.0)] == [np.inf, -np.inf] * 2


def test_jax_answers_as_eager_code_does():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    for f in FUNCTIONS:
        ours = compile(f).record(INPUTS[0]).to_jax()
        near(ours(INPUTS)[:, 0], [f(z) for z in INPUTS.tolist()])
        near(jax.vmap(jax.grad(lambda z, ours=ours: ours(z)[0]))(INPUTS), [grad(f)(z) for z in INPUTS.tolist()])


def test_rows_that_read_tables_say_so():
    assert [row.name for row in TABLE.values() if row.reads_table] == ["take", "locate"]
    with pytest.raises(ArgumentError, match="outside of a table"):
        take(9.0, [1.0])
