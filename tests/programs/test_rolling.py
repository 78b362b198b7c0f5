"""Plain Python loops found again: the same values and derivatives as the program without loops, whatever they do."""

from __future__ import annotations

import random

import numpy as np
import pytest

import autograd
from autograd import compile, custom_jvp, dot, exp, log, maximum, primitive, sin, sqrt, tanh, where
from autograd.program import rolling
from autograd.program.interpreter import interpret
from autograd.program.loops import Loop
from autograd.program.native import estimates
from autograd.program.passes.adjoint import with_gradient
from autograd.program.verify import verify
from tests.support.compilers import called, compiled, works


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Loops are looked for, and run as such, in short programs too."""
    monkeypatch.setattr(rolling, "FROM", 64)
    monkeypatch.setattr(estimates, "_LONG", 0)


def programs(f, x):
    """(the program without loops, with those that were found or None)."""
    recorded = compile(f).taken((x,), {})[0].as_written
    return recorded.program, recorded.rolled


def share(rolled):
    """(instructions that are in loops, their lengths)."""
    loops = [line.operation for line in rolled if isinstance(line.operation, Loop)]
    return sum(loop.rolled for loop in loops), [loop.length for loop in loops]


def hold_together(flat, rolled, x):
    """Values and gradients of all outputs, by the interpreter."""
    verify(rolled)
    np.testing.assert_allclose(interpret(rolled, x), interpret(flat, x), rtol=1e-12, atol=1e-300)
    if len(flat.outputs) == 1:
        wrt = range(len(x))
        one, other = (interpret(with_gradient(program, wrt), x) for program in (rolled, flat))
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)


# -- what people write ------------------------------------------------------------------------------


def runge_kutta(x, steps=30):
    def motion(q, p):
        return q * (x[2] - x[3] * p), p * (x[5] * q - x[4])

    q, p, h = x[0], x[1], 1e-2
    for _ in range(steps):
        a = motion(q, p)
        b = motion(q + h / 2 * a[0], p + h / 2 * a[1])
        c = motion(q + h / 2 * b[0], p + h / 2 * b[1])
        d = motion(q + h * c[0], p + h * c[1])
        q, p = [s + h / 6 * (i + 2 * j + 2 * k + m) for s, i, j, k, m in zip((q, p), a, b, c, d, strict=True)]
    return q * p


NORMALS = np.random.default_rng(0).normal(size=(40, 2))


def heston(x):
    s, v, dt = log(x[0]), x[1], 1 / 40
    for z in NORMALS:
        now = maximum(v, 0.0)
        width = sqrt(now * dt + 1e-12)
        other = x[5] * z[0] + sqrt(1 - x[5] * x[5]) * z[1]
        s, v = s - 0.5 * now * dt + width * z[0], v + x[2] * (x[3] - now) * dt + x[4] * width * other
    return maximum(exp(s) - 0.9, 0.0)


def heat(x, cells=9, steps=30):
    u = [sin(3.14 * i / (cells - 1)) * x[1] for i in range(cells)]
    for _ in range(steps):
        inner = [u[i] + x[0] * 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1]) for i in range(1, cells - 1)]
        u = [u[0], *inner, u[-1]]
    return sum(each * each for each in u)


def ring(x, cells=7, steps=30):
    """Cells alike, so that what repeats first is no chain: the steps are."""
    u = [x[i % 6] for i in range(cells)]
    for _ in range(steps):
        u = [u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[(i + 1) % cells]) for i in range(cells)]
    return sum(u) * u[3]


def newton(x):
    y = 1.0
    for _ in range(30):
        y = y - 0.3 * (y * y * y - x[0] * y - x[1]) / (3 * y * y + 1.0)
    return y


def recurrent(x, width=3):
    h = [0.0] * width
    for row in NORMALS:
        h = [tanh(dot([x[i], x[1], x[2]], h) + dot([x[3], x[4 + i % 2]], list(row))) for i in range(width)]
    return sum(h)


def bodies(x):
    mass, place, speed = [1.0, 0.5, 0.3], [x[0], x[1] + 1.0, x[2] + 3.0], [x[3], x[4], x[5]]
    for _ in range(25):
        for i in range(3):
            for j in range(i + 1, 3):
                d = place[i] - place[j]
                pull = 0.01 * d / ((d * d + 0.1) * sqrt(d * d + 0.1))
                speed[i], speed[j] = speed[i] - mass[j] * pull, speed[j] + mass[i] * pull
        place = [p + 0.01 * v for p, v in zip(place, speed, strict=True)]
    return place[0] * place[1] * place[2]


def three_back(x):
    a, b, c, d = x[0], x[1], x[0] * 0.5, x[2]
    for _ in range(60):
        a, b, c, d = b, c, d, sin(a + b * x[1]) * 0.5 + c * 0.1 - d * a
    return a * b + c - d


def one_after_the_other(x):
    """The second loop reads what the first one made, step by step; some of it is read behind both."""
    seen, y = [], x[0]
    for i in range(40):
        y = tanh(y * x[1] + 0.01 * i) + y * y * 0.01
        seen.append(y)
    z = x[2]
    for each in seen:
        z = z * 0.9 + sin(each * z) * x[0]
    return z + seen[5] * seen[39] - seen[0]


def in_a_loop(x):
    """A loop in a loop: each begins with what the last made."""
    total = x[0]
    for i in range(10):
        y = total * x[1] * (0.5 + 0.1 * i)
        for _ in range(12):
            y = y - 0.2 * (sin(y) - x[2]) * y
        total = total + 0.1 * exp(-y * y) * total
    return total


def by_turns(x):
    """Every other step does something else, so that two are one."""
    y, z = x[0], x[1]
    for i in range(60):
        if i % 2:
            y = y + 0.1 * sin(z * y)
        else:
            z = z * 0.9 + tanh(y * 0.3) * x[2]
    return y * z


def scheduled(x):
    """What is the same in some steps is another number in others; which repeats in two stretches."""
    y, z = x[0], x[1] * 3.0
    for k in range(60):
        rate = 0.1 if k < 41 else 0.3
        y = y + rate * sin(y * (x[2] if k < 41 else z)) - 0.05 * y * y
    return y


def choosing(x):
    y = x[0]
    for k in range(40):
        y = where(y > 0.3, y * 0.8 - 0.01 * k * x[1], y * y + x[2] * 0.5)
    return y


WRITTEN = [runge_kutta, heston, heat, ring, newton, recurrent, bodies, three_back, one_after_the_other, in_a_loop,
           by_turns, scheduled, choosing]  # fmt: skip
X = np.array([0.4, 0.5, 0.6, 0.3, 0.2, -0.4])


@pytest.mark.parametrize("f", WRITTEN)
def test_what_people_write_is_found(f):
    flat, rolled = programs(f, X)
    assert rolled is not None
    inside, lengths = share(rolled)
    assert inside >= 0.9 * len(flat), (inside, len(flat))
    assert len(rolled) < 0.5 * len(flat)
    assert max(lengths) >= 8
    hold_together(flat, rolled, X)


@pytest.mark.parametrize("f", WRITTEN)
def test_machine_code_of_it(f):
    points = X + np.random.default_rng(1).uniform(-0.05, 0.05, (11, 6))
    plain, loops = compile(f, backend="interpreter"), compile(f, backend="llvm")
    each, batch = compile(f, backend="interpreter", in_axes=0), compile(f, backend="llvm", in_axes=0)
    d = np.linspace(-1.0, 1.0, 6)
    for found, expected in [
        (loops.value_and_grad(X), plain.value_and_grad(X)),
        (loops.hvp(X, d), plain.hvp(X, d)),
        (loops.jvp(X, d), plain.jvp(X, d)),
        (loops.vjp(X, 2.0), plain.vjp(X, 2.0)),
        (batch.value_and_grad(points), each.value_and_grad(points)),
    ]:
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(loops.hessian(X), plain.hessian(X), rtol=1e-7, atol=1e-9)


def test_the_program_with_loops_says_so_and_goes_everywhere(tmp_path):
    program = compile(heston).record(X)
    assert not program.has_loops
    loops = program.with_loops
    assert "rolled up from" in str(loops)
    assert str(program).endswith("lines, which print(program.with_loops) shows")
    source = loops.to_c()
    assert len(source) < len(program.to_c()) / 4
    y, g = called(compiled(source, tmp_path), "f_gradient", X[None], 1, 6, work=works(source)["f_gradient"])
    value, slopes = compile(heston, backend="interpreter").value_and_grad(X)
    np.testing.assert_allclose(y[0, 0], value, rtol=1e-12)
    np.testing.assert_allclose(g[0], slopes, rtol=1e-9)
    loops.save(tmp_path / "heston.program")
    again = autograd.load_program(tmp_path / "heston.program")
    assert str(again) == str(loops)
    np.testing.assert_allclose(again.function(*X), value, rtol=1e-12)


def test_exact_sums_stay_as_they_are_written():
    p = compile(runge_kutta, exact=True, backend="llvm")
    p.value_and_grad(X)
    assert "plain loops" not in p.backend
    assert p.grad(X)[0] == autograd.grad(runge_kutta)([float(x) for x in X])[0]


@pytest.mark.parametrize("lag", [2, 7, 8, 9, 10, 30])
def test_delays(lag):
    """What lies farther back than a loop carries comes from outside, or there is no loop."""

    def f(x):
        h = [x[i % 3] * (1 + 0.1 * i) for i in range(lag)]
        for _ in range(120):
            h.append(0.3 * tanh(h[-1]) + x[1] * sin(h[-lag]) * 0.5 + x[2] * 0.1)
        return h[-1] + h[len(h) // 2]

    flat, rolled = programs(f, X)
    assert rolled is not None or lag > 8
    if rolled is not None:
        hold_together(flat, rolled, X)


def test_as_many_steps_as_a_loop_reads_back():
    """The second loop reads what the first one made, as many steps back as it has steps."""
    steps = [sin, tanh, exp, lambda y: y * 0.7, lambda y: -y, lambda y: y + 0.3, sqrt_of, lambda y: y * y]
    first, second = (np.random.default_rng(seed).integers(0, len(steps), 50) for seed in (1, 2))

    def f(x):
        made, y, z = [], x[0], x[1]
        for _ in range(9):
            for k, i in enumerate(first):
                y = steps[i](y)
                if k == 1:
                    made.append(y)
        for each in made:
            z = z * each
            for i in second[1:]:
                z = steps[i](z)
        return z

    flat, rolled = programs(f, X)
    if rolled is not None:
        hold_together(flat, rolled, X)


def sqrt_of(y):
    return sqrt(y * y + 0.1)


# -- what is no loop --------------------------------------------------------------------------------


def side_by_side(x):
    """Repeats that do not need one another: better done together."""
    return sum(tanh(x[0] * a + x[1] * b) ** 2 * sin(x[2] * a) for a, b in NORMALS)


def growing(x):
    """Every step is longer than the one before."""
    y = x[0]
    for i in range(12):
        for _ in range(i):
            y = sin(y * x[1])
        y = y + x[2] * i
    return y


def at_random(x):
    dice, y = random.Random(4), [x[i] for i in range(6)]
    for _ in range(200):
        y.append(dice.choice([sin, tanh, exp])(0.3 * dice.choice(y[-6:])) - dice.choice(y[-9:]) * 0.5)
    return sum(y[-5:])


@pytest.mark.parametrize("f", [side_by_side, growing, at_random])
def test_what_is_no_loop_stays_as_it_is(f):
    flat, rolled = programs(f, X)
    assert rolled is None
    assert compile(f).record(X).with_loops.text() == flat.text() or len(flat) >= rolling.FROM


def test_a_program_that_has_loops_stays_as_it_is():
    def f(x):
        y = autograd.scan(lambda c, _: (sin(c) * x[1], None), x[0], length=5)[0]
        for _ in range(40):
            y = y * 0.9 + tanh(y)
        return y

    assert programs(f, X)[1] is None


# -- rows and Values from elsewhere -----------------------------------------------------------------


@custom_jvp
def cubed(x):
    return x * x * x


@cubed.defjvp
def _(primals, tangents):
    return primals[0] ** 3, 3.5 * primals[0] ** 2 * tangents[0]  # another slope, which must be the one that counts


def test_rows_of_users_and_what_is_taken_from_elsewhere():
    def slopes(y, x):
        return ((1.0 - x * x) / (1.0 + x * x) ** 2,)

    bend = primitive("bend_in_a_loop", lambda x: x / (1.0 + x * x), slopes, points=[(0.5,)])
    rate, fixed = autograd.Value(0.3, name="rate"), autograd.Value(0.7)
    speed = fixed * fixed  # computed outside of Symbols

    def f(x):
        y = x[0]
        for k in range(40):
            y = bend(y * rate + 0.1) + 0.1 * cubed(y) * speed + autograd.Value(0.01 * k) * x[1] * (rate * rate)
        return y

    recorded = compile(f).taken((X,), {})[0].as_written
    assert recorded.rolled is not None
    p, plain = compile(f, backend="llvm"), compile(f, backend="interpreter")
    for rate.data in (0.3, -0.8):
        for one, other in zip(p.value_and_grad(X), plain.value_and_grad(X), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)
    assert "plain loops as loops" in p.backend


# -- at random --------------------------------------------------------------------------------------


def drawn(seed):
    """A function with a few loops, some in others, of which each reads whatever there is."""

    def f(x):
        dice = random.Random(seed)
        around = [*(x[i] for i in range(6)), x[0] * x[1], sin(x[2])]
        for _ in range(dice.randint(1, 2)):
            around += loop(dice.random(), around, 2)
        return sum(around[-4:]) * around[6] + around[-1] * around[0]

    def loop(seed, around, depth):
        dice, steps = random.Random(seed), random.Random(seed).randint(9, 20)
        size, plan_seed = dice.randint(1, 4), dice.random()
        inner = dice.random() if depth and dice.random() < 0.3 else None
        history = [[dice.choice([*around, 0.5, 1.0]) for _ in range(size)] for _ in range(3)]
        for k in range(steps):
            plan = random.Random(plan_seed)
            pool = [*history[-1], plan.choice(history[-2]), plan.choice(history[-3])]
            made = list(pool)
            for _ in range(plan.randint(3, 12)):
                given = [plan.choice(made), plan.choice([*made, *around, 0.3, 0.01 * k, x_of(around, k, plan)])]
                made.append(OPERATIONS[plan.randrange(len(OPERATIONS))](*given))
            if inner is not None:
                made += loop(inner, [*history[-1], made[-1]], 0)
            history.append([sin(plan.choice(made[-6:])) + 0.3 * old for old in history[-1]])
        return [*history[-1], dice.choice(history)[0], history[-2][-1]]

    return f


def x_of(around, k, plan):
    return around[k % len(around)] if plan.random() < 0.2 else around[plan.randrange(len(around))]


OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - 0.5 * b,
    lambda a, b: tanh(a) * b,
    lambda a, b: a / (1.5 + b * b),
    lambda a, b: maximum(a, b),
]


def test_drawn_functions(pytestconfig):
    """Whether or not their loops are found, they compute the same."""
    found = 0
    for seed in range(20 if not pytestconfig.getoption("thorough") else 1_000):
        flat, rolled = programs(drawn(seed), X)
        if rolled is not None:
            found += 1
            hold_together(flat, rolled, X)
    assert found >= 5
