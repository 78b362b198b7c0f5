"""Cones of one shape, derived once: the program is the one that a walk through every cone writes, to the last line."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import compile, greater, scan, where
from autograd.program.executors import EXECUTORS
from autograd.program.passes import alike, fingerprints, reach
from autograd.program.passes.cones import _Walk
from autograd.program.passes.reach import Cones, Passages
from autograd.program.verify import verify

STEPS = [
    lambda a, b, c: a + b, lambda a, b, c: a - c * b, lambda a, b, c: a * b, lambda a, b, c: a**2 * b,
    lambda a, b, c: a / (2.0 + b**2), lambda a, b, c: autograd.sin(a), lambda a, b, c: autograd.tanh(a) * c,
    lambda a, b, c: a**3, lambda a, b, c: a * 1.5 + c, lambda a, b, c: -a * c, lambda a, b, c: c * (c * a),
    lambda a, b, c: where(greater(a, b), a * b, autograd.sin(b) * c), lambda a, b, c: a - a,
    lambda a, b, c: where(greater(b, c), b, 0.25), lambda a, b, c: a * (2.0 + b**2) ** -1.5,
    lambda a, b, c: (1.5 + autograd.sin(a)) ** 0.5, lambda a, b, c: (2.0 + autograd.sin(a)) ** c,
    lambda a, b, c: 1.25 ** autograd.tanh(a), lambda a, b, c: autograd.relu(a) * b, lambda a, b, c: abs(a - c),
    lambda a, b, c: autograd.maximum(a, b * c), lambda a, b, c: autograd.softmax([a, b, c])[0],
    lambda a, b, c: autograd.dot([a, b], [c, a], b), lambda a, b, c: autograd.hypot(a, c),
]  # fmt: skip


def many_alike(seed, n, one=False):
    """A function of n numbers that does the same to many of them, with constants of its own, and some other things."""
    dice = random.Random(seed)
    plan = [(dice.choice(STEPS), dice.randrange(5), dice.randrange(6)) for _ in range(dice.randrange(1, 9))]
    constants = dice.choice([[0.3], [0.3, 1.7], [0.0, 1.0, -1.0, 2.0, 0.5, 3.0], None])
    shares = dice.random() < 0.4  # whether all read the first number

    def term(x, i, c):
        found = [x[i], x[(i + 1) % n], x[0] if shares else x[(i * 7 + 3) % n]]
        for step, back, which in plan:
            found.append(step(found[-1 - back % len(found)], found[which % len(found)], c))
        return found[-1]

    def f(x):
        dice = random.Random(seed + 1)
        answer = [term(x, i, dice.uniform(-2, 2) if constants is None else dice.choice(constants)) for i in range(n)]
        for _ in range(dice.randrange(4)):
            answer.append(dice.choice(answer) * dice.choice([*answer, x[3], 4.0]))
        dice.shuffle(answer)
        return autograd.sum(y * y for y in answer) if one else answer

    return f


def written(f, n, forwards, triangle=False, **options):
    """The entries all at once, None where that does not pay, and one by one."""
    p = compile(f, **options)
    p.record(np.ones(n))
    asked = p._latest().asked(p.options)
    program = asked.expanded_gradient if triangle else asked.program
    walk = _Walk(Passages(program), asked.inputs, program.outputs.tolist(), triangle)
    cones = Cones(walk.ways[forwards], walk._costs)
    while not cones.is_over:
        cones.step()
    return walk.all_at_once(forwards, cones), walk.one_by_one(forwards)


def assert_same(ours, walked):
    verify(ours.program)
    assert np.array_equal(ours.rows, walked.rows) and np.array_equal(ours.columns, walked.columns)
    assert ours.shape == walked.shape
    assert ours.program.text() == walked.program.text()


@settings(max_examples=12)
@given(st.integers(0, 10**9), st.booleans(), st.booleans(), st.sampled_from([{}, {"exact": True}, {"simplify": True}]))
def test_the_program_is_that_of_the_walk(seed, forwards, triangle, options):
    ours, walked = written(many_alike(seed, 34, triangle), 34, forwards, triangle, **options)
    if ours is not None:
        assert_same(ours, walked)


def bundled(x):
    """Residuals with data of their own: each has constants that no other has."""
    return [(x[i] * x[i + 1] - autograd.sin(x[0] * (i + 0.5))) / (2.5 + x[i]) - 0.1 * i for i in range(1, 34)]


def chained(x):
    return autograd.sum(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x))


@pytest.mark.parametrize("forwards", [False, True])
@pytest.mark.parametrize(("f", "triangle"), [(bundled, False), (chained, True)])
def test_few_shapes_are_derived(monkeypatch, f, triangle, forwards):
    shapes, real = [], alike._piece
    monkeypatch.setattr(alike, "_piece", lambda *given: (shapes.append(1), real(*given))[1])
    ours, walked = written(f, 35, forwards, triangle)
    if f is bundled and forwards:
        assert ours is not None or not shapes  # x[0] is read by all, and pays or not
    else:
        assert ours is not None and len(shapes) <= 8
    if ours is not None:
        assert_same(ours, walked)


@pytest.mark.parametrize("backend", EXECUTORS)
def test_the_numbers_are_those_of_the_eager_engine(backend):
    x = np.random.default_rng(3).uniform(0.5, 1.5, 35)
    found = compile(bundled, backend=backend).jacobian.sparse(x).toarray()
    assert np.allclose(found, np.array(autograd.jacobian(bundled)(x), float), rtol=1e-13, atol=1e-13)
    found = compile(chained, backend=backend).hessian.sparse(x).toarray()
    assert np.allclose(found, np.array(autograd.hessian(chained)(x), float), rtol=1e-13, atol=1e-10)


OWN = [1.25 + 0.5 * i for i in range(40)]  # constants that each cone has for itself
CONSTANTS = {
    "products with 1 and -1 have no instruction": (lambda x, y, i: [1.0, -1.0, *OWN][i] * autograd.sin(x) * y, True),
    "nor has one with a product of constants that is 1": (
        lambda x, y, i: (2.0 if i % 3 == 0 else OWN[i]) * ((0.5 if i % 3 == 0 else 7.0) * autograd.sin(x)) + y,
        False,
    ),
    "other products of constants are known": (lambda x, y, i: OWN[i] * (7.0 * autograd.sin(x)) + y, True),
    "one that is 0 is no entry": (lambda x, y, i: (OWN[i] if i % 4 else 0.0) * x + autograd.sin(y), True),
    "a power's exponent says what its slope is": (lambda x, y, i: (2.0 + x) ** (2 + i) * y, False),
    "behind a choice only what is finite needs no path": (
        lambda x, y, i: where(greater(x, 0.3), OWN[i] * autograd.sin(x), y),
        False,
    ),
}


@pytest.mark.parametrize("forwards", [False, True])
@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_that_rules_look_at_are_part_of_a_shape(name, forwards):
    """Each of 40 cones has constants of its own; they are derived all at once where no rule looks at these."""
    term, pays = CONSTANTS[name]
    ours, walked = written(lambda x: [term(x[i], x[i + 40], i) for i in range(40)], 80, forwards)
    assert (ours is not None) == pays or forwards
    if ours is not None:
        assert_same(ours, walked)


@pytest.mark.parametrize("bits", [0, 3, 8])
def test_fingerprints_that_agree_by_chance_are_found_out(monkeypatch, bits):
    """What is taken for the same is compared; where it is not, every cone is walked."""
    real = fingerprints._mixed
    monkeypatch.setattr(fingerprints, "_mixed", lambda x: real(x) & np.uint64(2**bits - 1))
    for triangle, f in ((False, bundled), (True, chained)):
        ours, walked = written(f, 35, forwards=triangle, triangle=triangle)
        if ours is not None:
            assert_same(ours, walked)
        else:
            assert len(walked.rows)


def test_deep_and_large_programs_are_walked_one_by_one(monkeypatch):
    def deep(x):
        found = list(x)
        for i in range(300):
            found.append(found[-1] * found[i % 8] + 0.1)
        return [*found[-4:]]

    x = np.random.default_rng(1).uniform(0.5, 0.9, 8)
    p = compile(deep, backend="interpreter")
    assert Passages(p.record(x)).levels is None
    expected = np.array(autograd.jacobian(deep)(x), float)
    assert np.allclose(p.jacobian.sparse(x).toarray(), expected, rtol=1e-12, atol=1e-12)
    at_once = compile(bundled).jacobian.sparse(np.ones(35)).values
    monkeypatch.setattr(reach, "_MOST", 10)
    assert np.array_equal(compile(bundled).jacobian.sparse(np.ones(35)).values, at_once)


def test_loops_among_what_is_alike():
    def f(x):
        def settled(i):
            return scan(lambda y, _: (0.5 * autograd.cos(y) * x[i] + 0.1, None), x[i + 1], None, length=3)[0]

        return [settled(i) * x[i] for i in range(34)]

    x = np.linspace(0.3, 1.2, 35)
    found = compile(f).jacobian.sparse(x).toarray()
    assert np.allclose(found, np.array(autograd.jacobian(f)(x), float), rtol=1e-12, atol=1e-12)
