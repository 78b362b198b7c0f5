"""Loops with checkpoints: less memory, and the same bits however they are asked for."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import autograd
from autograd import compile, exp, fori_loop, scan, sin, tanh, while_loop
from autograd.errors import ArgumentError
from tests.support.compilers import called, compiled, works

WORDS = np.linspace(-1.0, 1.0, 37)


def driven(x, memory):
    """What is carried, what is yielded, and rows that are eaten."""

    def step(c, row):
        q, p = c
        q, p = q + 0.1 * p, p - 0.1 * sin(q) * x[2] + 0.05 * row
        return (q, p), q * row

    (q, p), seen = scan(step, (x[0], x[1]), WORDS, memory=memory)
    return q * p + (seen * seen).sum()


def counted(x, memory):
    return fori_loop(1, 20, lambda i, y: tanh(y * x[0] + x[1] / i), x[2], memory=memory)


def until(x, memory):
    """Samples end after different numbers of steps."""

    def step(c):
        return c[0] * 1.3 + x[1] ** 2, c[1] + sin(c[0] * x[2])

    a, b = while_loop(lambda c: c[0] < 9.0, step, (x[0] ** 2, x[1]), max_steps=50, memory=memory)
    return a * b


def nested(x, memory):
    """A loop in a loop, both with checkpoints; what the inner one yields is read in the outer one."""

    def outer(c, row):
        inner = scan(lambda y, _: (0.9 * y + 0.1 * sin(y * x[0]), y * y), c * row, length=6, memory=memory)
        return inner[0] + 0.1 * inner[1].sum(), inner[1][2]

    last, seen = scan(outer, x[1] + 1.0, WORDS[:11], memory=memory)
    return last * x[2] + exp(-seen).sum()


FUNCTIONS = [driven, counted, until, nested]
X = np.array([0.4, 0.7, 1.1])
SAMPLES = np.random.default_rng(5).normal(size=(9, 3))


def both(f, **options):
    return [compile(lambda x, memory=memory: f(x, memory), **options) for memory in ("stored", "checkpoints")]


def same(found, expected):
    """To the bit, whatever they are made of."""
    if isinstance(expected, tuple):
        return all(map(same, found, expected))
    return np.array_equal(found, expected)


@pytest.mark.parametrize("backend", ["interpreter", "llvm"])
@pytest.mark.parametrize("f", FUNCTIONS)
def test_the_same_bits(f, backend):
    for options, at in [({}, X), ({"in_axes": 0}, SAMPLES)]:
        stored, sparing = both(f, backend=backend, **options)
        assert same(sparing(at), stored(at))
        assert same(sparing.value_and_grad(at), stored.value_and_grad(at))
        assert same(sparing.hessian(at), stored.hessian(at))
        assert same(sparing.hvp(at, at + 1.0), stored.hvp(at, at + 1.0))


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 7, 8, 9, 16, 17])
def test_every_length(steps):
    def f(x, memory):
        return scan(lambda y, row: (sin(y) * row + x[1], None), x[0], WORDS[:steps], memory=memory)[0]

    stored, sparing = both(f, backend="llvm")
    assert same(sparing.value_and_grad(X), stored.value_and_grad(X))


@pytest.mark.parametrize("f", FUNCTIONS)
def test_in_c_and_in_files(f, tmp_path):
    stored, sparing = (each.record(X) for each in both(f))
    if f is driven:
        assert works(sparing.to_c())["f_gradient"] < works(stored.to_c())["f_gradient"]
    results = [in_c(each.to_c(), made(tmp_path / name)) for name, each in (("a", sparing), ("b", stored))]
    assert all(map(np.array_equal, *results))
    sparing.save(tmp_path / "loop.program")
    assert "with checkpoints" in autograd.load_program(tmp_path / "loop.program").text()


def in_c(source, folder):
    return called(compiled(source, folder), "f_gradient", SAMPLES, 1, 3, work=works(source)["f_gradient"])


def made(folder):
    folder.mkdir()
    return folder


@pytest.mark.parametrize("f", FUNCTIONS)
def test_for_jax(f):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    stored, sparing = (each.record(X).to_jax() for each in both(f))
    np.testing.assert_array_equal(jax.jacrev(sparing)(X), jax.jacrev(stored)(X))


def test_memory_grows_with_the_root_of_the_steps():
    def f(x, memory):
        return fori_loop(0, 2_000, lambda i, y: 0.5 * y + sin(y) * x[1], x[0], memory=memory)

    peaks = []
    for p in both(f, backend="interpreter"):
        p.grad(X)
        tracemalloc.start()
        p.grad(X)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 0.4 * peaks[0], peaks


def test_another_memory_is_refused():
    for way in (lambda f: f(1.0), lambda f: compile(f)(1.0)):
        for loop in (lambda x: scan(lambda y, _: (y, None), x, length=3, memory="less"),
                     lambda x: fori_loop(0, 3, lambda i, y: y, x, memory=4),
                     lambda x: while_loop(lambda y: y < 1.0, lambda y: y + 1.0, x, 3, memory=None)):  # fmt: skip
            with pytest.raises(ArgumentError, match='is "stored" or "checkpoints", got'):
                way(loop)
