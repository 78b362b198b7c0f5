"""scan, fori_loop, while_loop, vmap: the same numbers as loops written out, however they are asked for."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import (
    Value,
    compile,
    cos,
    exp,
    fori_loop,
    grad,
    hessian,
    hvp,
    jacobian,
    log,
    root,
    scan,
    sin,
    sqrt,
    tanh,
    value_and_grad,
    vmap,
    where,
    while_loop,
)
from autograd.errors import ArgumentError, GraphError, LoopError, OperandError
from tests.support.compilers import called, compiled, works

BACKENDS = ["interpreter", pytest.param("numpy", marks=pytest.mark.thorough), "llvm"]  # numpy interprets loops


# -- functions, with our loops and with Python's ---------------------------------------------------


def pendulum(x, rate, steps=7):
    def step(state, _):
        angle, speed = state
        middle = angle + 0.05 * speed, speed - 0.05 * rate * sin(angle)
        return (angle + 0.1 * middle[1], speed - 0.1 * rate * sin(middle[0])), None

    (angle, speed), _ = scan(step, (x[0], x[1]), length=steps)
    return angle * speed


def pendulum_out(x, rate, steps=7):
    angle, speed = x[0], x[1]
    for _ in range(steps):
        middle = angle + 0.05 * speed, speed - 0.05 * rate * sin(angle)
        angle, speed = angle + 0.1 * middle[1], speed - 0.1 * rate * sin(middle[0])
    return angle * speed


WORDS = np.array([[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]])


def recurrent(x, rate):
    """A network with a memory, over the rows of a table; what it yields is weighed by the rows again."""

    def step(state, row):
        made = tanh(rate * row[0] + x[0] * state["h"] + row[1] * x[1])
        return {"h": made, "all": state["all"] + made * row[1]}, [made, made * made]

    last, (one, two) = scan(step, {"h": x[2], "all": 0.0}, WORDS)
    return last["all"] + np.sum(one * WORDS[:, 0]) + two[1]


def recurrent_out(x, rate):
    h, total, ones, twos = x[2], 0.0, [], []
    for row in WORDS:
        h = tanh(rate * row[0] + x[0] * h + row[1] * x[1])
        total = total + h * row[1]
        ones.append(h)
        twos.append(h * h)
    return total + sum(one * row[0] for one, row in zip(ones, WORDS, strict=True)) + twos[1]


def nested(x, rate):
    """A loop in a loop; the inner one reads what the outer carries, eats a table, and yields."""

    def outer(state, scale):
        def inner(total, row):
            return total * 0.5 + row[0] * state * scale + rate, total * row[1]

        total, ys = scan(inner, state * x[1], WORDS)
        return state + 0.1 * sin(total) + 0.01 * np.sum(ys), ys[1]

    last, ys = scan(outer, x[0], x)
    return last * ys[2] + ys[0]


def nested_out(x, rate):
    state, yields = x[0], []
    for scale in x:
        total, ys = state * x[1], []
        for row in WORDS:
            ys.append(total * row[1])
            total = total * 0.5 + row[0] * state * scale + rate
        yields.append(ys[1])
        state = state + 0.1 * sin(total) + 0.01 * (ys[0] + ys[1] + ys[2])
    return state * yields[2] + yields[0]


def counted(x, rate):
    return fori_loop(2, 6, lambda i, total: total * cos(x[0]) + i * rate * x[1], x[2])


def counted_out(x, rate):
    total = x[2]
    for i in range(2, 6):
        total = total * cos(x[0]) + i * rate * x[1]
    return total


def until(x, rate):
    """Babylon's root, until it is good: other numbers need other counts of steps."""
    found = while_loop(lambda s: abs(s * s - rate) > 1e-13, lambda s: 0.5 * (s + rate / s), x[0], max_steps=40)
    return found * x[1]


def until_out(x, rate):
    s = x[0]
    while abs(s * s - rate) > 1e-13:
        s = 0.5 * (s + rate / s)
    return s * x[1]


def mapped(x, rate):
    rows = vmap(lambda row, w: exp(w * row[0]) * row[1] + rate, in_axes=(0, None))(WORDS, x[0])
    columns = vmap(lambda column: column[0] * column[2] * x[1], in_axes=1)(WORDS * x[2])
    return np.sum(rows) + columns[0] * columns[1]


def mapped_out(x, rate):
    total = 0.0
    for row in WORDS:
        total = total + exp(x[0] * row[0]) * row[1] + rate
    first, second = ((x[2] * WORDS[0, j]) * (x[2] * WORDS[2, j]) * x[1] for j in range(2))
    return total + first * second


def derived(x, rate):
    """A derivative inside of the body, and one of a loop inside of a loop's body."""

    def slope(z):
        return fori_loop(0, 3, lambda i, t: t + sin(t * z) * 0.3, z)

    def step(state, _):
        return state - 0.1 * rate * grad(slope)(state) + 0.01 * x[1], None

    return scan(step, x[0], length=4)[0] * x[2]


def derived_out(x, rate):
    def slope(z):
        t = z
        for _ in range(3):
            t = t + sin(t * z) * 0.3
        return t

    state = x[0]
    for _ in range(4):
        state = state - 0.1 * rate * grad(slope)(state) + 0.01 * x[1]
    return state * x[2]


def chosen(x, rate):
    """An infinite slope behind a branch that is not taken, at every other step."""

    def step(state, sign):
        t, k = state
        safe = where(sign > 0.0, k, 1.0)
        return (t + where(sign > 0.0, safe**0.5, x[1] * t), k * 1.1), None

    return scan(step, (x[0], 0.3 * rate), np.array([1.0, -1.0, 1.0]))[0][0] + x[2]


def chosen_out(x, rate):
    t, k = x[0], 0.3 * rate
    for sign in (1.0, -1.0, 1.0):
        t, k = t + (k**0.5 if sign > 0.0 else x[1] * t), k * 1.1
    return t + x[2]


PAIRS = {
    "pendulum": (pendulum, pendulum_out), "recurrent": (recurrent, recurrent_out), "nested": (nested, nested_out),
    "counted": (counted, counted_out), "until": (until, until_out), "mapped": (mapped, mapped_out),
    "derived": (derived, derived_out), "chosen": (chosen, chosen_out),
}  # fmt: skip
X, RATE = np.array([0.7, 1.3, 0.4]), 1.7


def close(found, expected, rtol=1e-11):
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("name", PAIRS)
def test_on_numbers_and_on_values(name):
    loop, out = PAIRS[name]
    close(loop(X, RATE), out(X, RATE))
    close(grad(loop)(X, RATE), grad(out)(X, RATE))
    close(hessian(loop)(X, RATE), hessian(out)(X, RATE), rtol=1e-9)
    x = np.array([Value(each) for each in X])
    assert isinstance(loop(x, Value(RATE)), Value)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", PAIRS)
def test_compiled(name, backend):
    loop, out = PAIRS[name]
    p = compile(loop, backend=backend)
    assert p.record(X, RATE).has_loops
    close(p(X, RATE), out(X, RATE))
    close(p.grad(X, RATE), grad(out)(X, RATE))
    close(compile(loop, argnums=1, backend=backend).grad(X, RATE), grad(out, argnums=1)(X, RATE))
    close(p.hessian(X, RATE), hessian(out)(X, RATE), rtol=1e-9)
    close(p.hvp(X, RATE, np.ones(3)), hvp(lambda x: out(x, RATE), [X], [np.ones(3)])[0], 1e-9)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", PAIRS)
def test_a_batch_is_as_its_samples_are(name, backend):
    loop, out = PAIRS[name]
    rows = X + np.linspace(0.0, 0.3, 21)[:, None]
    p = compile(loop, in_axes=(0, None), backend=backend)
    close(p(rows, RATE), [out(row, RATE) for row in rows])
    close(p.grad(rows, RATE), [grad(out)(row, RATE) for row in rows], rtol=1e-10)
    total = compile(loop, argnums=1, in_axes=(0, None), reduce="sum", backend=backend)
    close(total.grad(rows, RATE), sum(grad(out, argnums=1)(row, RATE) for row in rows), rtol=1e-10)


@pytest.mark.parametrize("name", PAIRS)
def test_a_compiled_function_inside_of_another(name):
    loop, out = PAIRS[name]
    inner = compile(loop)
    close(compile(lambda x, r: inner(x, r) * 2.0).grad(X, RATE), 2.0 * grad(out)(X, RATE))
    close(compile(lambda x, r: grad(loop)(x, r))(X, RATE), grad(out)(X, RATE))
    close(compile(lambda x, r: hessian(loop)(x, r))(X, RATE), hessian(out)(X, RATE), rtol=1e-9)


def test_a_loop_of_no_steps():
    p = compile(lambda x: scan(lambda c, _: (c * x, c), x, length=0)[0] * 3.0)
    assert (p(2.0), p.grad(2.0)) == (6.0, 3.0)
    assert compile(lambda x: fori_loop(3, 3, lambda i, c: c * i, x))(2.0) == 2.0


@pytest.mark.parametrize("xs", [None, np.zeros(0), np.zeros((0, 2)), {"a": np.zeros((0, 2, 3))}, ()])
def test_what_no_steps_yield_is_made_as_jax_makes_it(xs):
    jax = pytest.importorskip("jax")

    def loop(m, x):
        return m.scan(lambda c, row: (c * x, (c, {"rows": row, "twice": [2.0 * c, c]})), x, xs, 0)

    is_none, shapes = (lambda y: y is None), (lambda m: jax.tree.map(np.shape, loop(m, 3.0), is_leaf=is_none))
    assert shapes(autograd) == shapes(jax.lax)
    p = compile(lambda x: loop(autograd, x))
    assert jax.tree.map(np.shape, p(3.0), is_leaf=is_none) == shapes(jax.lax)
    assert jax.tree.map(np.shape, p.jacobian(3.0), is_leaf=is_none) == shapes(jax.lax)
    assert p.jacobian(3.0)[0] == jacobian(lambda x: loop(autograd, x))(3.0)[0] == 1.0


def test_what_no_steps_yield_may_not_be_known():
    for f, xs in ((lambda c, x: (c, 1.0) if c > 0.0 else (c, c), np.zeros(0)), (lambda c, x: (c, x), [])):
        assert scan(f, 2.0, xs) == compile(lambda x, f=f, xs=xs: scan(f, x, xs))(2.0) == (2.0, None)
    assert vmap(lambda r: [r, r[:1]])(np.zeros((0, 2)))[1].shape == (0, 1)


def test_bools_and_none_are_carried_as_jax_carries_them():
    jax = pytest.importorskip("jax")
    mask = np.array([True, False, True, True, True, True])

    def until_large(m, where, x):
        def step(carry, use):
            y, is_done = carry
            is_done = is_done | ((y > 5.0) & use)
            return (where(is_done, y, y * x), is_done), where(use, y, -y)

        (last, is_done), ys = m.scan(step, (x, False), mask, None)
        return last, where(is_done, 1.0, 0.0), ys, m.scan(lambda _, use: (None, x), None, mask, None)[1]

    for at in (2.0, 1.1):
        expected = [np.asarray(part) for part in until_large(jax.lax, jax.numpy.where, at)]
        for found in (until_large(autograd, where, at), compile(lambda x: until_large(autograd, where, x))(at)):
            for one, other in zip(found, expected, strict=True):
                close(one, other, rtol=1e-6)
    batch = compile(lambda x: until_large(autograd, where, x)[0], in_axes=0)
    close(batch.grad(np.array([2.0, 1.1, 1.5])), [3.0 * 2.0**2, 7.0 * 1.1**6, 4.0 * 1.5**3], rtol=1e-12)
    as_it_came = compile(lambda x: fori_loop(0, 3, lambda i, c: (c[0] * x if c[1] else c[0], c[1]), (1.0, True)))
    assert as_it_came(2.0) == (8.0, 1.0)
    no_longer = lambda x: fori_loop(0, 3, lambda i, c: where(c, x + c, 2.0), True)  # noqa: E731  # as the others
    assert no_longer(2.0) == compile(no_longer)(2.0) == 7.0


def test_bodies_that_write_into_what_they_are_given():
    def doubled(state):
        state["y"] *= 2.0
        state["on"] = state["y"] < 9.0
        return state

    def moved(carry, row):
        row *= carry["by"]
        carry["by"] = carry["by"] + row[0]
        carry["seen"] = carry["seen"] | (row[1] > 30.0)
        return carry, row

    def f(x):
        ends = while_loop(lambda s: s["on"], doubled, {"y": np.array([1.0])[0] * x, "on": True}, max_steps=9)
        by, ys = scan(moved, {"by": x, "seen": False}, np.arange(1.0, 7.0).reshape(3, 2))
        return ends["y"], by["by"], by["seen"], ys

    for one, other in zip(f(1.5), compile(f)(1.5), strict=True):
        close(one, other)


BODIES = {
    "longer": lambda k, c: [c] * (k + 1),
    "wider": lambda k, c: np.ones((2, k + 1)) * c,
    "none": lambda k, c: [c, None][k > 0],
    "no longer none": lambda k, c: [None, c][k > 0],
    "nested": lambda k, c: [c, [c]][k > 0],
    "list, tuple": lambda k, c: [[c], (c,)][k > 0],
    "keys": lambda k, c: [{"a": c}, {"b": c}][k > 0],
    "more keys": lambda k, c: dict.fromkeys("ab"[: k + 1], c),
    "within": lambda k, c: {"a": (c, [c] * (k + 1))},
    "word": lambda k, c: {"a": c, "b": "xy"[k > 0]},
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("at", [2.0, Value(2.0)])
def test_what_changes_from_step_to_step_is_refused_with_the_step(name, at):
    def f(x, carried):
        def step(state, _):
            k = int(state["k"]) if carried else state[0]
            made = BODIES[name](k, x)
            return ({"k": k + 1.0, "c": made}, None) if carried else ((k + 1, x), made)

        return scan(step, {"k": 0.0, "c": BODIES[name](0, x)} if carried else (0, x), length=3)

    with pytest.raises(ArgumentError, match=r"step 1 gave .*, step 2 "):
        f(at, carried=False)
    with pytest.raises(ArgumentError, match="what a loop carries on from step 2 keeps its structure"):
        f(at, carried=True)


@pytest.mark.parametrize(
    ("init", "words"),
    [((1.0, 2.0), r"expected 2 numbers, got only 1 in \("), ((1.0, None), r"at \[1\]: expected None, got float")],
)
def test_what_is_carried_is_told_from_what_is_expected(init, words):
    with pytest.raises(ArgumentError, match=words):
        scan(lambda c, _: ((c[0], None if c[1] is not None else 3.0), None), init, length=2)


def test_the_record_is_as_long_for_many_steps_as_for_few():
    few, many = (len(compile(lambda x, r, n=n: pendulum(x, r, n)).record(X, RATE)) for n in (3, 30_000))
    assert few == many


# -- said, not guessed -----------------------------------------------------------------------------


def each_way(f):
    return [lambda: f(np.array([1.0, 2.0])), lambda: compile(f)(np.array([1.0, 2.0]))]


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda x: scan(lambda c, _: ((c, c), None), x, length=2), ArgumentError, "keeps its structure: expected numb"),
        (lambda x: scan(lambda c, _: (np.concatenate([c, c]), None), x, length=2), ArgumentError, r"got .* \(4,\)"),
        (lambda x: scan(lambda c, _: ([*c], None), x, length=2), ArgumentError, "are not the same"),
        (lambda x: scan(lambda c, _: c, x, length=2), ArgumentError, r"returns a tuple \(carry, y\)"),
        (lambda x: scan(lambda c, r: (c, r), x), ArgumentError, "got neither xs nor length"),
        (lambda x: scan(lambda c, r: (c, r), x, np.ones(3), length=4), ArgumentError, r"lengths \[3, 4\]"),
        (lambda x: scan(lambda c, r: (c, r), x, (np.ones(3), np.ones(2))), ArgumentError, r"lengths \[2, 3\]"),
        (lambda x: scan(lambda c, r: (c, r), x, length=2.5), ArgumentError, "whole number"),
        (lambda x: scan(lambda c, r: (c, r), x, 3.0), ArgumentError, "xs of a scan is an array"),
        (lambda x: fori_loop(0, 2.5, lambda i, c: c, x), ArgumentError, "bounds of fori_loop"),
        (lambda x: fori_loop(0, 2, lambda i, c: (c, i), x), ArgumentError, "keeps its structure"),
        (lambda x: while_loop(lambda c: "no", lambda c: c, x, max_steps=3), OperandError, "the condition of a while"),
        (lambda x: while_loop(lambda c: c, lambda c: c, x, max_steps=3), ArgumentError, "the condition of a while"),
        (lambda x: while_loop(lambda c: c[0] < 1, lambda c: c, x, max_steps=-1), ArgumentError, "max_steps"),
        (lambda x: fori_loop(2**60, 2**60 + 2, lambda i, c: c, x), ArgumentError, "up to 2⁵³"),
        (lambda x: while_loop(lambda c: -2, lambda c: c, x, max_steps=3), ArgumentError, "write 1.0 - condition"),
        (lambda x: vmap(lambda r: r, in_axes=7)([1.0, 2.0]), ArgumentError, "has no axis 7"),
        (lambda x: vmap(lambda r: r, in_axes="x")([1.0, 2.0]), ArgumentError, "whole numbers and None"),
        (lambda x: vmap(lambda r: r, in_axes=None)(x), ArgumentError, "maps none"),
        (lambda x: vmap(lambda r: r, in_axes=3)(x), ArgumentError, "has no axis 3"),
        (lambda x: vmap(lambda r: r, in_axes=(0, 0))(x), ArgumentError, "2 entries for 1 arguments"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(f, error, words, way):
    with pytest.raises(error, match=words):
        each_way(f)[way]()


def test_rows_that_differ_are_refused_while_the_body_is_recorded():
    for rows, words in (
        ([[1.0, 2.0], [3.0]], r"the first is \[1.0, 2.0\], row 2 is \[3.0\]"),
        ([np.ones(2), np.ones(2), np.ones((1, 2))], r"shape \(2,\), row 3 is an array of shape \(1, 2\)"),
    ):
        with pytest.raises(ArgumentError, match=words):
            compile(lambda x, rows=rows: scan(lambda c, r: (c * x + r[0], None), x, rows))(2.0)


def test_the_number_of_a_step_cannot_index_while_it_is_recorded():
    table = np.array([1.0, 2.0, 3.0])
    for f in (lambda x: fori_loop(0, 3, lambda i, c: c + table[i] * x, 0.0),
              lambda x: fori_loop(0, 3, lambda i, c: c + table.tolist()[i] * x, 0.0)):  # fmt: skip
        assert f(2.0) == 12.0
        with pytest.raises(GraphError, match="xs of scan"):
            compile(f)(2.0)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(lambda i, t: t.get(i, 1.0), "looks something up"), (lambda i, t: t[i], "looks something up"),
     (lambda i, t: 3.0 if i in {1} else 1.0, "looks something up"), (lambda i, t: t.get(f"w{i}", 1.0), "becomes text"),
     (lambda i, t: t.get("w" + str(i), 1.0), "becomes text"), (lambda i, t: t.get(f"w{i:d}", 1.0), "becomes text")],
)  # fmt: skip
def test_nor_be_a_key_or_text(wanted, expected):
    table = {0: 1.0, 1: 3.0, 2: 1.0, "w1": 3.0}

    def f(x):
        return fori_loop(0, 3, lambda i, c: c * wanted(i, table) * x, 1.0)

    assert f(2.0) == 24.0
    for asked in (compile(f), compile(grad(f)), grad(compile(f))):
        with pytest.raises(GraphError, match=f"the i of a loop {expected}"):
            asked(2.0)


def test_the_number_of_a_step_is_a_number_like_others():
    def f(x, loop=fori_loop):
        seen = []
        found = loop(1, 5, lambda i, c: (seen.append(repr(i)), c * i**2 + sin(i * x) / (1 + i) - (-i) % 3 * x)[1], x)
        assert seen
        return where(found > 1e9, x, found)

    with_values = value_and_grad(f)(0.7)
    for backend in ("interpreter", "numpy", "llvm"):
        assert np.allclose(compile(f, backend=backend).value_and_grad(0.7), with_values, rtol=1e-14)
    assert np.isclose(compile(f).hessian(0.7), hessian(f)(0.7), rtol=1e-13)


def test_one_that_goes_on():
    def f(x):
        return while_loop(lambda c: c < 100.0, lambda c: c + x, 0.0, max_steps=5)

    with pytest.raises(LoopError, match="max_steps=5"):
        f(1.0)
    assert np.isnan(compile(f)(1.0))
    assert f(20.0) == compile(f)(20.0) == 100.0  # the fifth step ends it


@pytest.mark.parametrize("name", PAIRS)
def test_files_c_and_python_say_the_same(name, tmp_path):
    from autograd.program.source import python_function

    program = compile(PAIRS[name][0]).record(X, RATE)
    program.save(tmp_path / "loop.program")
    again = autograd.load_program(tmp_path / "loop.program")
    expected = program.function(*X, RATE)
    close(again.function(*X, RATE), expected, rtol=1e-15)
    close(python_function(program)(*X, RATE), expected, rtol=1e-15)


@pytest.mark.parametrize("name", PAIRS)
def test_for_jax(name):
    pytest.importorskip("jax")
    import jax

    jax.config.update("jax_enable_x64", True)
    loop, out = PAIRS[name]
    f = compile(loop).record(X, RATE).to_jax()
    at = np.array([*X, RATE])
    close(f(at)[0], out(X, RATE))
    close(jax.jacrev(f)(at)[0][:3], grad(out)(X, RATE), rtol=1e-9)


def table_of_steps(x, rate):
    """What is yielded at each step, from a long table: copied side by side, forwards derivatives too."""
    return scan(lambda c, row: (c * 0.9 + row * x[0], c * rate), x[1], np.linspace(-1.0, 1.0, 40))[1]


@pytest.mark.parametrize("name", [*PAIRS, "table_of_steps"])
def test_in_c(name, tmp_path):
    f = PAIRS[name][0] if name in PAIRS else table_of_steps
    program = compile(f).record(X, RATE)
    source, count = program.to_c(), len(program.outputs)
    library = compiled(source, tmp_path)
    sizes = works(source)
    at = np.array([[*X, RATE], [*(X + 0.1), RATE]])
    y, g = called(library, "f_gradient", at, count, 4 * count, work=sizes.get("f_gradient", 0))
    (again,) = called(library, "f", at, count, work=sizes.get("f", 0))
    for row, values, other, slopes in zip(at, y, again, g, strict=True):
        expected = np.ravel(f(row[:3], row[3]))
        close(values, expected)
        close(other, expected)
        found = np.column_stack([np.reshape(jacobian(f)(row[:3], row[3]), (count, 3)),
                                 np.reshape(jacobian(f, 1)(row[:3], row[3]), (count, 1))])  # fmt: skip
        close(slopes.reshape(count, 4), found, rtol=1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_each_step_yields(backend):
    p = compile(table_of_steps, backend=backend)
    close(p(X, RATE), table_of_steps(X, RATE))
    close(p.jacobian(X, RATE), jacobian(table_of_steps)(X, RATE))
    rows = X + np.linspace(0.0, 0.3, 11)[:, None]
    batch = compile(table_of_steps, in_axes=(0, None), backend=backend)
    close(batch(rows, RATE), [table_of_steps(row, RATE) for row in rows])
    table = np.linspace(0.1, 0.9, 30)[::-1]

    def eaten(x, z):
        return scan(lambda c, row: (sin(c) * row[0] + row[1] * x[0], None), x[1], z)[0]

    data = np.stack([table, table**2], axis=1)
    for z in (data, data[::-1], np.asfortranarray(data), np.stack([data, data])[0]):
        close(compile(eaten, argnums=1, backend=backend).grad(X, z), grad(eaten, 1)(X, z))
    mixed = compile(
        lambda x: scan(lambda c, r: (c * r, c), x[0], [x[1], 1.0, 2.0, 3.0, 4.0, 5.0, x[2]])[0], backend=backend
    )
    close(mixed(X), X[0] * X[1] * 120.0 * X[2])
    close(mixed.grad(X), mixed(X) / X)


def test_the_axis_of_a_list_is_that_of_its_array():
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]

    def f(m, axis):
        return vmap(lambda r: r[0] * 10.0 + r[1], in_axes=axis)(m)

    for axis in (0, 1, -1):
        close(f(rows, axis), f(np.array(rows), axis))
        close(compile(lambda m, axis=axis: f(m, axis))(rows), f(np.array(rows), axis))


def test_rows_of_flags_and_no_rows():
    def f(x, table):
        return scan(lambda c, flag: (c * 2.0 + flag * x, None), x, table)[0]

    table = np.array([False, True, True])
    assert f(3.0, table) == compile(lambda x: f(x, table))(3.0) == 33.0
    for none in (np.zeros(0), []):
        assert compile(lambda x, none=none: scan(lambda c, r: (c + r, c), x, none)[0])(2.0) == 2.0


@pytest.mark.parametrize(
    "f",
    [
        lambda p: scan(lambda c, _: (vmap(lambda a: a * p)(c), None), np.array([1.0, 2.0]), length=2)[0][0],
        lambda p: scan(lambda c, _: (scan(lambda d, y: (d * y, None), p, [c, c * p])[0], None), 1.0, length=2)[0],
        lambda p: fori_loop(3, 3, lambda i, c: c * i * p, p) * p,
        lambda p: root(lambda x: x - p, p, max_steps=0) + p,
    ],
)
def test_columns_of_what_an_outer_loop_carries_in_c(f, tmp_path):
    program = compile(f).record(1.5)
    source = program.to_c()
    library = compiled(source, tmp_path)
    y, g = called(library, "f_gradient", np.array([[1.5]]), 1, 1, work=works(source).get("f_gradient", 0))
    p = compile(f)
    close([y[0, 0], g[0, 0]], [p(1.5), p.grad(1.5)])


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: while_loop(lambda s: s > 0.5, lambda s: sqrt(s - 0.49) * 0.9, x, 50), None),
        (lambda x: while_loop(lambda s: s > 100.0, lambda s: log(s - 200.0), x, 5), 1.0),
    ],
)
def test_a_body_without_a_value_behind_the_end_sends_nothing_back(f, slope):
    p = compile(f)
    close(p.grad(2.8), grad(f)(2.8) if slope is None else slope)
    pytest.importorskip("jax")
    import jax

    jax.config.update("jax_enable_x64", True)
    g = p.record(2.8).to_jax()
    at = np.array([2.8])
    close(jax.grad(lambda x: g(x)[0])(at)[0], p.grad(2.8))
    close(jax.jacfwd(lambda x: g(x)[0])(at)[0], p.grad(2.8))
    close(jax.hessian(lambda x: g(x)[0])(at)[0, 0], p.hessian(2.8), rtol=1e-9)
