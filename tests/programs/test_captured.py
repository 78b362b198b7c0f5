"""Nodes that a compiled function takes from elsewhere: leaves are read at every call, others keep their numbers.

Truth is the function itself, called without `compile`, and closed forms.
"""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np
import pytest

import autograd as ag
from autograd import (
    Value,
    compile,
    compile_graph,
    context,
    fori_loop,
    grad,
    hessian,
    load_program,
    scan,
    scope,
    while_loop,
)
from nn import MLP

BACKENDS = ["interpreter", "numpy", "llvm"]
twice = ag.primitive("twice", lambda x: 2.0 * x, lambda y, x: 2.0, points=[0.5, -2.0])


def older():
    """A leaf that moves after something was computed from it: (the leaf, what was computed, its number)."""
    x = Value(2.0, name="x")
    return x, x * x, 4.0


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_was_computed_before_keeps_its_number(backend):
    x, h, c = older()
    b = Value(1.0)
    p = compile(lambda w: w * w * w * h + x * w + b, backend=backend)
    batch = compile(lambda w: w * w * w * h + x * w + b, backend=backend, in_axes=0, reduce="sum")
    W = np.array([1.0, 2.0, 3.0])
    bound = p.value_and_grad.bind(3.0)
    for x.data, b.data in ((2.0, 1.0), (5.0, -1.0), (7.0, 0.5)):
        a, d = x.data, b.data
        value, slope, second = 27 * c + 3 * a + d, 27 * c + a, 18 * c
        assert (p(3.0), p.grad(3.0), p.hessian(3.0)) == (value, slope, second)
        assert p.value_and_grad(3.0) == (value, slope)
        assert (p.jvp(3.0, 2.0)[1], p.hvp(3.0, 2.0)) == (2 * slope, 2 * second)
        assert tuple(map(float, bound())) == (value, slope)
        assert batch(W) == (W**3 * c + a * W + d).sum()
        np.testing.assert_array_equal(batch.grad(W), 3 * W**2 * c + a)
        assert p(Value(3.0)).data == (lambda w: w * w * w * h + x * w + b)(Value(3.0)).data == value
    assert p.captured == (h, x, b)


LOOPS = {
    "scan": lambda h: lambda w: scan(lambda s, r: (s * h + r * w, None), w, np.array([1.0, 2.0]))[0],
    "scan that yields it": lambda h: lambda w: ag.sum(list(scan(lambda s, r: (s, h), w, np.ones(3))[1])) * w,
    "fori_loop": lambda h: lambda w: fori_loop(0, 3, lambda i, s: s + i * h, w) * w,
    "while_loop": lambda h: lambda w: while_loop(lambda s: s < 20.0 * h, lambda s: s * h, w, 20),
    "itself": lambda h: lambda w: [h, w * h],
    "a choice": lambda h: lambda w: ag.where(h > 10.0, w, -w * h),
    "a row of one's own": lambda h: lambda w: twice(h * w) + twice(h),
    "a derivative": lambda h: lambda w: w * grad(lambda z: z * z * h * w)(w) + grad(lambda z: z * h)(2.0),
    "a nested one": lambda h: lambda w: compile(lambda y: y * h + w * h)(w),
    "many": lambda h: lambda w: ag.sum([w * h * float(k) for k in range(3)] + [ag.sin(w * k) for k in range(2000)]),
    "a plain loop": lambda h: lambda w: plain_loop(w, h),
}


def plain_loop(w, h):
    s = w
    for _ in range(400):
        s = s + ag.sin(s * h) * 0.01
    return s


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", LOOPS)
def test_wherever_it_is_read(name, backend):
    x, h, c = older()
    f, known = LOOPS[name](h), LOOPS[name](c)
    p = compile(f, backend=backend)
    several = name == "itself"
    for x.data in (2.0, 5.0):
        np.testing.assert_allclose(p(1.5), known(1.5), rtol=1e-12)
        slope = ag.jacobian(known)(1.5) if several else grad(known)(1.5)
        np.testing.assert_allclose(p.jacobian(1.5) if several else p.grad(1.5), slope, rtol=1e-12)


def test_derivatives_along_what_runs_go_through_what_was_computed_from_it():
    x = Value(3.0)

    def outer(t, moved=10.0):
        x.data = 3.0
        h = t * t * x  # 3 t²
        p = compile(lambda w: w * w * h + w * x)
        first = p(2.0) + p.grad(2.0)  # 8 h + 3 x
        x.data = moved
        return first + p(2.0) + p.grad(2.0)  # 16 h + 3 · 3 + 3 · 10

    assert outer(Value(2.0)) == 16 * 12.0 + 39.0
    assert grad(lambda t: outer(t, 3.0))(2.0).data == 16 * 12.0  # a Value, as it is of one that moves along x
    assert hessian(lambda t: outer(t, 3.0))(2.0).data == 16 * 6.0
    assert compile(lambda t: outer(t, 3.0)).hessian(2.0) == 16 * 6.0
    with pytest.raises(ag.GraphError, match="set after recording"):
        grad(outer)(2.0)  # as without compile


def test_one_that_was_compiled_before_is_recorded_again_for_what_was_computed_from_what_runs():
    held = []
    p = compile(lambda w: w * held[0])

    def outer(t):
        held[:] = [t * t]
        return p(3.0)

    assert (grad(outer)(2.0), grad(outer)(5.0)) == (12.0, 30.0)
    held[:] = [4.0]
    assert p(3.0) == 12.0
    kept = []
    grad(lambda t: kept.append(compile(lambda w, h=t * t: w * h)) or kept[-1](3.0))(2.0)
    assert kept[0](3.0) == 12.0  # what ran is over: a number like others


def test_what_a_function_computes_of_leaves_from_elsewhere_follows_them():
    w = Value(2.0)
    inner = compile(lambda y: y * held[0])
    held = []

    def f(x):
        held[:] = [w * w]  # made while f is recorded, though before `inner` is
        return inner(x) + x * held[0]

    with scope("anywhere"):
        p = compile(f)
        assert p(3.0) == 24.0
        w.data = 3.0
        assert (p(3.0), p.grad(3.0)) == (54.0, 18.0)
    in_thread = compile(lambda x: x * ThreadPoolExecutor(1).submit(lambda: w * w).result())
    in_context = compile(lambda x: x * ThreadPoolExecutor(1).submit(copy_context().run, lambda: w * w).result())
    for w.data in (1.0, 4.0):
        assert in_thread(2.0) == in_context(2.0) == 2.0 * w.data**2


def test_graphs_built_before_are_computed_anew_from_their_leaves():
    x, h, _ = older()
    y = Value(3.0)
    p = compile_graph(y * h, [y])
    x.data = 5.0
    assert (p(2.0), p.captured) == (50.0, (x,))


def test_it_is_an_input_of_what_is_written_to_files(tmp_path):
    x, h, _ = older()
    h.name = "h"
    program = compile(lambda w: w * h + x).record(3.0)
    assert program.inputs[1:] == ("h", "x")
    program.save(tmp_path / "f.npz")
    x.data = 5.0
    (found,) = load_program(tmp_path / "f.npz").graph(3.0, h, x)
    assert found.data == 17.0
    assert "h" in program.to_c("f")


def test_predictions_made_before_training_goes_on():
    model = MLP(2, [3, 1], "tanh", seed=1)
    teacher = model([0.3, -0.4])
    p = compile(lambda w: (model([w, 0.5]) - teacher) ** 2)

    def plain(w):
        return (model([w, 0.5]) - teacher.data) ** 2

    for _ in range(2):
        assert p(0.2) == pytest.approx(plain(0.2).data, rel=1e-12)
        assert p.grad(0.2) == pytest.approx(grad(plain)(0.2).data, rel=1e-12)
        for parameter in model.parameters():
            parameter.data += 0.25


def test_a_recording_that_is_over_holds_nothing_that_is_made_later():
    with scope("training"):
        compile(lambda w: w * w)(2.0)
        nodes = [Value(1.0) * 2.0 for _ in range(5)]
        assert not any(block._made and not block._made.isdisjoint(nodes) for block in context.writing)
