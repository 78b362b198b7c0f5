"""`out=`: what cannot be filled is refused before anything is written, and what can is filled right."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

from autograd import compile
from autograd.errors import ArgumentError
from autograd.program.executors import EXECUTORS

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")

EVERY = pytest.mark.parametrize("backend", EXECUTORS)


def dot_of(backend="auto", **options):
    return compile(lambda w: w[0] * w[1] + 3.0 * w[2], backend=backend, **options)


def window(a, shape, strides):
    return np.lib.stride_tricks.as_strided(a, shape, strides, writeable=True)


def locked(a):
    a.flags.writeable = False
    return a


W = np.array([2.0, 5.0, 7.0])
REFUSED = {
    "read-only": lambda: locked(np.zeros(3)),
    "float32": lambda: np.zeros(3, np.float32),
    "long doubles": lambda: np.zeros(3, np.longdouble),
    "swapped bytes": lambda: np.zeros(3, np.dtype(float).newbyteorder()),
    "objects": lambda: np.zeros(3, object),
    "short": lambda: np.zeros(2),
    "another shape": lambda: np.zeros((3, 1)),
    "a list": lambda: [0.0] * 3,
    "none of it": lambda: None,
    "a number": lambda: 0.0,
    "a masked array": lambda: np.ma.masked_array(np.zeros(3), [0, 1, 0]),
    "one place three times": lambda: window(np.zeros(1), (3,), (0,)),
    "half overlapping": lambda: window(np.zeros(4), (3,), (4,)),
}


@EVERY
@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("place", [0, 1])
def test_what_cannot_be_filled_is_refused_and_its_neighbour_left_alone(backend, make, place):
    f = compile(lambda a, b: a[0] * b[1] + a[2] * b[2] + a[1] * b[0], argnums=(0, 1), backend=backend)
    good, bad = np.full(3, 777.0), make()
    before = None if bad is None else np.array(bad, copy=True)
    with pytest.raises(ArgumentError):
        f.grad(W, W, out=(bad, good) if place == 0 else (good, bad))
    assert good.tolist() == [777.0] * 3
    assert bad is None or np.array_equal(np.asarray(bad), np.asarray(before))


Pair = namedtuple("Pair", "a b")
STRUCTURES = {
    "list": (lambda x: [x[0], x[1]], lambda: [np.full((), 7.0), np.full((), 7.0)]),
    "tuple": (lambda x: (x[0], x[1]), lambda: (np.full((), 7.0), np.full((), 7.0))),
    "dict": (lambda x: {"a": x[0], "b": x[1]}, lambda: {"a": np.full((), 7.0), "b": np.full((), 7.0)}),
    "other keys": (lambda x: {"a": x[0], "c": x[1]}, lambda: {"a": np.full((), 7.0), "c": np.full((), 7.0)}),
    "named tuple": (lambda x: Pair(x[0], x[1]), lambda: Pair(np.full((), 7.0), np.full((), 7.0))),
    "longer": (lambda x: [x[0], x[1], x[2]], lambda: [np.full((), 7.0) for _ in range(3)]),
}


@pytest.mark.parametrize("made", STRUCTURES)
@pytest.mark.parametrize("given", STRUCTURES)
def test_out_is_made_as_the_answer_is(made, given):
    f, out = compile(STRUCTURES[made][0]), STRUCTURES[given][1]()
    filled = list(out.values()) if isinstance(out, dict) else list(out)
    if made == given:
        assert f(W, out=out) is out
        assert [float(x) for x in filled] == W[: len(filled)].tolist()
    else:
        with pytest.raises(ArgumentError, match="as the answer is"):
            f(W, out=out)
        assert [float(x) for x in filled] == [7.0] * len(filled)


def overlapping():
    memory = np.full(8, 777.0)
    yield "the same", memory[:3], memory[:3]
    yield "by one", memory[:3], memory[2:5]
    yield "backwards", memory[2::-1], memory[2:5]
    yield "crossing", memory[:5:2], memory[1:5][::-1][::-1][1:4]
    yield "half a number", memory[:3], memory.view(np.uint8)[20:44].view(np.float64)


@EVERY
@pytest.mark.parametrize(("first", "second"), [pytest.param(a, b, id=name) for name, a, b in overlapping()])
def test_outputs_that_overlap_are_refused(backend, first, second):
    f = compile(lambda a, b: a[0] * b[1] + a[2] * b[2], argnums=(0, 1), backend=backend)
    with pytest.raises(ArgumentError, match="share memory"):
        f.grad(W, W, out=(first, second))
    assert (first == 777.0).all()


@EVERY
def test_outputs_that_interleave_are_filled(backend):
    f = compile(lambda a, b: a[0] * b[1] + a[2] * b[2], argnums=(0, 1), backend=backend)
    memory = np.full(8, 777.0)
    f.grad(W, 2 * W, out=(memory[:6:2], memory[5::-2]))
    assert memory.tolist() == [10.0, 7.0, 0.0, 2.0, 14.0, 0.0, 777.0, 777.0]
    plane = np.full((4, 3), 777.0, order="F")
    apart = window(np.full(6, 777.0), (2, 2), (16, 24))  # places 0, 3, 2, 5: strides that interleave, and apart
    assert compile(lambda x: x[0] * x[1] * x[2], backend=backend).jacobian(W, out=plane[1]).tolist() == [35, 14, 10]
    assert (plane[[0, 2, 3]] == 777.0).all()
    compile(lambda x: (x[0] + x[1]) ** 2, backend=backend).hessian(W[:2], out=apart)
    assert (apart == 2.0).all()


@EVERY
def test_the_argument_may_be_the_output(backend):
    f, x = dot_of(backend), W.copy()
    expected = f.grad(W)
    assert f.grad(x, out=x) is x
    np.testing.assert_array_equal(x, expected)
    x[:] = W
    f.grad(x, out=x[::-1])
    np.testing.assert_array_equal(x[::-1], expected)
    X = np.arange(12.0).reshape(4, 3)
    each = dot_of(backend, in_axes=0)
    expected = each.grad(X)
    np.testing.assert_array_equal(each.grad(X, out=X), expected)


@EVERY
@pytest.mark.parametrize("nested", [False, True])
def test_a_masked_argument_is_refused(backend, nested):
    masked = np.ma.masked_array(W, [0, 1, 0])
    with pytest.raises(TypeError, match="masked array"):
        compile(lambda x: x["w"][0] if nested else x[0], backend=backend)({"w": masked} if nested else masked)
    with pytest.raises(TypeError, match="masked array"):
        dot_of(backend, in_axes=0)(np.ma.masked_array(np.ones((4, 3)), False))
