"""What a hunt through loops and equations found, each by a small case."""

from __future__ import annotations

import math
import shutil
import subprocess
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from autograd import (
    Value,
    celu,
    compile,
    compile_graph,
    custom_jvp,
    exp,
    fixed_point,
    fori_loop,
    grad,
    hessian,
    jvp,
    root,
    scan,
    sin,
    vmap,
    where,
    while_loop,
)  # fmt: skip
from autograd.errors import ArgumentError, GraphError, LoopError
from autograd.program.loops import Loop

BACKENDS = ["interpreter", "numpy", "llvm"]


def close(found, expected, rtol=1e-11):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=rtol, atol=1e-13)


def test_keys_of_what_is_carried_keep_their_order():
    def f(x):
        def step(carry, row):
            return {"v": carry["u"] * row, "u": carry["v"]}, None

        last = scan(step, {"u": x, "v": 2.0}, [1.5, 0.5])[0]
        assert list(last) == ["u", "v"]
        return last["u"] + fori_loop(0, 3, lambda i, c: dict(reversed(c.items())), last)["v"]

    close([f(0.7), compile(f)(0.7), grad(f)(0.7), compile(f).grad(0.7)], [2.05, 2.05, 1.5, 1.5])
    with pytest.raises(ArgumentError, match="a list, a tuple and an array are not the same"):
        scan(lambda c, _: ({"u": (c["u"][0],)}, None), {"u": [1.0]}, length=2)


# -- behind a choice: what is not chosen has no solution, does not end, or has an infinite slope ------------


def alone(a):
    return where(a > 0.0, a * a, root(lambda y: y * y + a, 1.0))


def endless(a):
    return where(a > 0.0, a * a, while_loop(lambda c: c > -1.0, lambda c: c * 1.5, a, 5) * a)


def in_a_loop(a):
    def step(c, x):
        return (where(x > 0.0, c * x, root(lambda y: y * y + c, 1.0) * a), c)

    return scan(step, a, np.array([1.0, 2.0]))[0] * a / 2.0


def in_an_equation(a):
    x = root(lambda z: z + where(z > -9.0, z * a, root(lambda y: y * y + z * z + 1.0, 1.0)) - 1.0, 0.5)
    return (1.0 / x - 1.0) ** 2


@pytest.mark.parametrize("f", [in_a_loop, in_an_equation])
def test_what_is_not_chosen_leaks_into_no_loop(f):
    close([*compile(f, backend="interpreter").value_and_grad(1.3), compile(grad(f))(1.3)], [1.69, 2.6, 2.6], 1e-9)


@pytest.mark.parametrize("f", [alone, endless])
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_not_chosen_leaks_into_nothing(f, backend):
    p = compile(f, backend=backend)
    close([p(1.3), p.grad(1.3), p.hessian(1.3)], [1.69, 2.6, 2.0], 1e-9)
    close(p.jvp(1.3, 1.0)[1], 2.6)
    for once in (grad(f), lambda a: jvp(f, (a,), (1.0,))[1]):  # between nodes
        close([compile(once, backend=backend)(1.3), compile(once, backend=backend).grad(1.3)], [2.6, 2.0], 1e-9)
    rows = np.array([1.3, 2.0])
    close(compile(f, in_axes=0, backend=backend).grad(rows), 2.0 * rows, 1e-9)


def test_infinite_slopes_behind_columns_between_nodes():
    def f(x):
        ys = scan(lambda c, row: (sin(c), row**0.5 * c), 0.7, np.array([x * 0.0, x, 0.5]))[1]
        return where(x > 0.2, x * x, ys[0] + ys[1])

    asked = compile(lambda x: compile(f).grad(x))
    close([grad(f)(0.3), compile(grad(f))(0.3), asked(0.3), jvp(compile(f), (0.3,), (1.0,))[1]], [0.6] * 4)


# -- equations --------------------------------------------------------------------------------------


def test_an_equation_of_small_numbers_is_not_hidden_by_one_of_large():
    def f(a):
        return root(lambda x: [x[0] * x[0] - a * 1e-16, x[1] * x[1] - 2e16], near)[0]

    near = [1e-8, 1e8]
    close([f(2.0), compile(f)(2.0), grad(f)(2.0)], [math.sqrt(2e-16), math.sqrt(2e-16), 1e-8 / math.sqrt(8.0)])
    near = [1.0, 1.0]  # steps that rounding in the second equation stops
    with pytest.raises(LoopError, match="found no solution"):
        f(2.0)
    assert math.isnan(compile(f)(2.0))
    close(root(lambda x: [x[1] - x[0] + 1e8, x[0] * x[0] - 1e16], [1e7, 0.0])[0], 1e8)
    close(root(lambda x: [sin(x[0]), x[1] * x[1] - 2.0], [1.0, 1.0]), [0.0, math.sqrt(2.0)])


def within(x):
    return fixed_point(lambda z: 0.5 * sin(z) + x, 0.1)


EQUATIONS = {
    "a loop": lambda a: root(lambda y: scan(lambda c, x: (sin(c) * 0.2 + x * y, None), a * y, [1.0, 2.0])[0] - a, 0.5),
    "a loop that ends": lambda a: root(
        lambda y: while_loop(lambda c: c < 5.0, lambda c: c * 1.5, 1.0 + y * y, 20) - 6.0 - 0.1 * a, 0.5
    ),
    "a root": lambda a: root(lambda x: x - 0.3 * root(lambda y: y * y * y + y - x * a, x) - 1.0, a),
    "a derivative": lambda a: root(lambda x: grad(lambda y: root(lambda z: z + z**3 - y * a, 0.1) * y)(x) - 2.0, 1.0),
    "both": lambda a: fixed_point(lambda x: 0.5 + 0.3 * scan(lambda c, _: (within(c * a), None), x, length=2)[0], 0.1),
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_an_equation_that_holds_a_loop_derived_while_it_is_recorded_and_on_values(name):
    f = EQUATIONS[name]
    h = 1e-4
    slope = (8.0 * (f(1.3 + h) - f(1.3 - h)) - f(1.3 + 2 * h) + f(1.3 - 2 * h)) / (12.0 * h)
    close([grad(f)(1.3), compile(f).grad(1.3), compile(grad(f))(1.3), grad(compile(f))(1.3)], [slope] * 4, 1e-7)
    if name in ("a loop", "a loop that ends", "a root"):
        close(hessian(f)(1.3), grad(grad(compile(f)))(1.3), 1e-9)


def test_a_graph_that_solves_an_equation_says_where_it_holds():
    a = Value(4.0)
    p = compile_graph(root(lambda x: x * x - a, 1.0) * 1.0, [a])
    assert p(4.0) == 2.0
    with pytest.raises(GraphError, match="compile the function that solves it"):
        p(9.0)


# -- where loops meet the rest ----------------------------------------------------------------------


@custom_jvp
def looped(x):
    return fori_loop(0, 3, lambda i, c: c * x * 0.5 + 0.1, x)


looped.defjvp(lambda at, moved: (looped(*at), moved[0] * fori_loop(0, 2, lambda i, c: c * at[0] + 1.0, 1.0)))


@custom_jvp
def ended(x):
    return while_loop(lambda c: c < 3.0, lambda c: c * 1.5 + x * 0.1, x, 10)


ended.defjvp(lambda at, moved: (ended(*at), moved[0] * while_loop(lambda c: c < 3.0, lambda c: c * 1.5, at[0], 10)))


def test_loops_in_derivatives_by_hand():
    at = 1.3
    right = [at**4 / 8 + 0.1 * (at * at / 4 + at / 2 + 1), 1 + at + at * at, 1 + 2 * at]
    close([looped(at), grad(looped)(at), hessian(looped)(at)], right)
    for backend in BACKENDS:
        p = compile(looped, backend=backend)
        close([p(at), p.grad(at), p.hessian(at)], right)
    right = [3.25, 1.3 * 1.5**3, 1.5**3]
    close([ended(at), grad(ended)(at), hessian(ended)(at)], right)
    close([compile(ended)(at), compile(ended).grad(at)], right[:2])


def test_a_loop_of_known_numbers_in_a_derivative_on_numbers():
    def slope(w):
        return grad(lambda x: x * x - x * scan(lambda a, _: (a * 0.5, None), 3.0, length=2)[0])(0.3) * w

    close([slope(0.2), compile(slope)(0.2), compile(slope).grad(0.2)], [-0.03, -0.03, -0.15])


def test_what_nothing_reads_stands_in_no_c(tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")

    def f(x):
        ys = vmap(lambda r: {"u": exp(r), "v": r * x})(np.array([1.0, 2.0]))
        last = scan(lambda c, _: ((c[0] * x, celu(c[0]), sin(x)), c[0]), (x, 1.0, 2.0), length=3)[0]
        return last[0] + ys["v"][1] + while_loop(lambda c: c < 3.0, lambda c: c * 1.5, x + 1.0, 9)

    (tmp_path / "f.c").write_text(compile(f).record(1.3).to_c())
    command = "gcc -std=c99 -O1 -c -Wall -Wextra -Werror -pedantic f.c -o f.o".split()
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr


def reads_what_was_found(m, x):
    """Later loops and an equation read a column and the last numbers of an earlier loop."""
    last, ys = m.scan(lambda c, _: (0.9 * c + x * m.sin(c), c), x, None, 5)
    total, _ = m.scan(lambda d, _: (0.9 * d + m.sin(ys[0]) * ys[3] + d * last, None), ys[1], None, 4)
    return m.scan(lambda d, y: (d * ys[2] + y * total, d * y), 1.0, ys, None)[1].sum()


@pytest.mark.parametrize("backend", ["interpreter", "llvm"])
def test_what_an_earlier_loop_found_is_read_and_not_found_anew(backend):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    ours, theirs = SimpleNamespace(scan=scan, sin=sin), SimpleNamespace(scan=jax.lax.scan, sin=jax.numpy.sin)
    f = partial(reads_what_was_found, ours)
    g = partial(reads_what_was_found, theirs)
    p = compile(f, backend=backend)
    bodies = [each.body for each in p.record(0.7).operations if isinstance(each, Loop)]
    assert len(bodies) == 3 and not any(body.has_loops for body in bodies)
    asked = [p(0.7), p.grad(0.7), p.hessian(0.7), compile(grad(grad(f)), backend=backend)(0.7)]
    expected = [g(0.7), jax.grad(g)(0.7), jax.hessian(g)(0.7), jax.hessian(g)(0.7)]
    np.testing.assert_allclose(asked, expected, rtol=1e-12)
    np.testing.assert_allclose([f(0.7), grad(f)(0.7), hessian(f)(0.7)], expected[:3], rtol=1e-12)
