"""Derivatives written by hand: JAX's conventions and JAX's numbers, recorded where it can be, else called back."""

from __future__ import annotations

import copy
import gc
import io
import linecache
import math
import pickle
import types
from functools import partial

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
import viz
from autograd import (
    Value,
    ValueArray,
    by_hand,
    check_grad,
    compile,
    cos,
    custom_jvp,
    custom_vjp,
    exp,
    floor,
    grad,
    gradient,
    hessian,
    jacobian,
    jvp,
    log,
    no_grad,
    sign,
    sin,
    value_and_grad,
    vjp,
    where,
)
from autograd.errors import ArgumentError, GraphError
from autograd.ops import primitive as primitives
from autograd.program.interpreter import interpret
from autograd.program.reading import program_from
from autograd.recorder import RECORDERS
from viz.debugger.commands import Debugger
from viz.recording import record

BACKENDS = pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
OURS = types.SimpleNamespace(
    np=np, custom_jvp=custom_jvp, custom_vjp=custom_vjp, grad=grad, hessian=hessian, jacobian=jacobian, jvp=jvp
)


def cases(lib):
    """Functions with derivatives by hand, and points, in JAX or in ours: the same text for both."""
    np = lib.np
    made = {}

    @lib.custom_jvp
    def log1pexp(x):
        return np.log(1.0 + np.exp(x))

    @log1pexp.defjvp
    def _(primals, tangents):
        (x,), (t,) = primals, tangents
        ans = log1pexp(x)
        return ans, (1.0 - 1.0 / (1.0 + np.exp(x))) * t

    made["log1pexp"] = log1pexp, (100.0,)
    made["log1pexp inside"] = (lambda x: log1pexp(x * x) * x), (1.3,)

    @lib.custom_jvp
    def f(x, y):
        return np.sin(x) * y

    @f.defjvp
    def _(primals, tangents):
        (x, y), (dx, dy) = primals, tangents
        return f(x, y), np.cos(x) * dx * y + np.sin(x) * dy

    made["of two"] = f, (0.7, 2.0)

    @lib.custom_jvp
    def g(x, y):
        return x * x * y

    g.defjvps(lambda t, ans, x, y: 3.0 * ans * t / x, lambda t, ans, x, y: x * t)
    made["other slopes than its own"] = g, (1.5, 0.5)

    @lib.custom_jvp
    def h(x, y):
        return x * y

    h.defjvps(lambda t, ans, x, y: 7.0 * x * t, None)
    made["none along y"] = h, (1.5, 0.5)

    @lib.custom_vjp
    def k(x, y):
        return np.sin(x) * y

    k.defvjp(lambda x, y: (k(x, y), (np.cos(x), np.sin(x), y)), lambda r, d: (r[0] * d * r[2], 2.0 * r[1] * d))
    made["vjp"] = k, (0.7, 2.0)

    @lib.custom_vjp
    def stopped(x, y):
        return x * y

    stopped.defvjp(lambda x, y: (x * y, x), lambda x, d: (None, x * d))
    made["vjp none along x"] = stopped, (0.7, 2.0)

    def apply(fun, x):
        return fun(x)

    applied = lib.custom_jvp(apply, nondiff_argnums=(0,))
    applied.defjvp(lambda fun, primals, tangents: (applied(fun, primals[0]), 2.0 * np.cos(primals[0]) * tangents[0]))
    made["nondiff jvp"] = (lambda x: applied(np.sin, x)), (0.4,)

    def scaled(n, x):
        for _ in range(n):
            x = 2.0 * x
        return x

    counted = lib.custom_vjp(scaled, nondiff_argnums=(0,))
    counted.defvjp(lambda n, x: (counted(n, x), None), lambda n, r, d: (n * d,))
    made["nondiff vjp"] = (lambda x: counted(3, x) * x), (0.4,)

    @lib.custom_jvp
    def trees(p, q):
        return {"sum": p["a"] + q, "product": (p["a"] * p["b"], q * p["b"])}

    @trees.defjvp
    def _(primals, tangents):
        (p, q), (dp, dq) = primals, tangents
        moved = (p["a"] * dp["b"] + dp["a"] * p["b"], dq * p["b"])
        return trees(p, q), {"sum": dp["a"] + 2.0 * dq, "product": moved}

    def of_trees(x, y):
        out = trees({"a": x, "b": y}, x * y)
        return out["sum"] * out["product"][0] + out["product"][1] ** 2

    made["trees"] = of_trees, (0.7, 1.3)
    return made


def vectors(lib):
    """Functions of arrays."""
    np = lib.np

    @lib.custom_jvp
    def swish(x):
        return x / (1.0 + np.exp(-x))

    @swish.defjvp
    def _(primals, tangents):
        (x,), (t,) = primals, tangents
        s = 1.0 / (1.0 + np.exp(-x))
        return swish(x), t * (s + swish(x) * (1.0 - s))

    @lib.custom_jvp
    def softmax(x):
        e = np.exp(x - np.max(x))
        return e / np.sum(e)

    @softmax.defjvp
    def _(primals, tangents):
        (x,), (t,) = primals, tangents
        s = softmax(x)
        return s, s * (t - np.sum(s * t))

    @lib.custom_vjp
    def norm(x):
        return np.sqrt(np.sum(x * x))

    norm.defvjp(lambda x: (norm(x), (x, norm(x))), lambda r, d: (d * r[0] / r[1],))
    return {"elementwise": swish, "of other outputs": softmax, "to one number": lambda x: norm(x) * x}


NAMES = list(cases(OURS))


@pytest.fixture(scope="module")
def jax():
    found = pytest.importorskip("jax", reason="the extra `jax` is not installed")
    found.config.update("jax_enable_x64", True)
    lib = types.SimpleNamespace(np=found.numpy, custom_jvp=found.custom_jvp, custom_vjp=found.custom_vjp)
    return found, cases(lib), vectors(lib)


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_are_jax_s(jax, name):
    jax, theirs, _ = jax
    f, at = cases(OURS)[name]
    g, wrt = theirs[name][0], tuple(range(len(at)))
    assert f(*at) == pytest.approx(float(g(*at)), rel=1e-14)
    right = [float(x) for x in jax.grad(g, wrt)(*at)]
    assert grad(f, wrt)(*at) == pytest.approx(right, rel=1e-13)
    assert np.array(jacobian(f, wrt)(*at)) == pytest.approx(right, rel=1e-13)
    assert value_and_grad(f, wrt)(*at)[1] == pytest.approx(right, rel=1e-13)
    assert jvp(f, at, tuple(2.0 for _ in at))[1] == pytest.approx(2.0 * sum(right), rel=1e-13)  # of vjp too
    assert vjp(f, *at)[1](3.0) == pytest.approx([3.0 * x for x in right], rel=1e-13)
    if "vjp" not in name:
        second = [[float(x) for x in row] for row in jax.hessian(g, wrt)(*at)]
        assert np.array(hessian(f, wrt)(*at)) == pytest.approx(np.array(second), rel=1e-12, abs=1e-14)
    else:
        second = [[float(x) for x in jax.grad(lambda *a, i=i: jax.grad(g, wrt)(*a)[i], wrt)(*at)] for i in wrt]
        found = [grad(lambda *a, i=i: grad(f, wrt)(*a)[i], wrt)(*at) for i in wrt]
        assert np.array(found) == pytest.approx(np.array(second), rel=1e-12, abs=1e-14)


@BACKENDS
@pytest.mark.parametrize("name", NAMES)
def test_compiled_it_is_what_it_is(name, backend):
    f, at = cases(OURS)[name]
    wrt = tuple(range(len(at)))
    c = compile(f, argnums=wrt, backend=backend)
    assert c(*at) == pytest.approx(f(*at), rel=1e-14)
    assert c.grad(*at) == pytest.approx(grad(f, wrt)(*at), rel=1e-13)
    right = np.array(hessian(f, wrt)(*at))  # which need not be symmetric
    assert np.array(c.hessian(*at)) == pytest.approx(right, rel=1e-12, abs=1e-14)
    assert c.hessian.sparse(*at).toarray() == pytest.approx(right, rel=1e-12, abs=1e-14)
    assert c.hessian.sparse(*at, lower=True).toarray() == pytest.approx(np.tril(right), rel=1e-12, abs=1e-14)
    batch = compile(f, argnums=wrt, in_axes=0, backend=backend)
    xs = [np.full(50, x) + np.linspace(0, 0.1, 50) for x in at]
    right = [grad(f, wrt)(*sample) for sample in zip(*xs, strict=True)]
    assert np.array(batch.grad(*xs)).T == pytest.approx(np.array(right), rel=1e-12)


@pytest.mark.parametrize("name", list(vectors(OURS)))
def test_of_arrays(jax, name):
    jax, _, theirs = jax
    f, g, x = vectors(OURS)[name], theirs[name], np.array([0.3, -1.2, 2.0])
    assert f(x) == pytest.approx(np.asarray(g(x)), rel=1e-14)
    assert jacobian(f)(x) == pytest.approx(np.asarray(jax.jacobian(g)(x)), rel=1e-12)

    def last(lib, f):
        return lambda x: lib.sum(f(x) * np.array([1.0, 2.0, 3.0]) ** 2)

    right = np.asarray(jax.hessian(last(jax.numpy, g))(x)) if name != "to one number" else None
    if right is not None:
        assert hessian(last(np, f))(x) == pytest.approx(right, rel=1e-11, abs=1e-13)


@BACKENDS
@pytest.mark.parametrize("name", list(vectors(OURS)))
def test_of_arrays_compiled(name, backend):
    f, x = vectors(OURS)[name], np.array([0.3, -1.2, 2.0])
    c = compile(f, backend=backend)
    assert c(x) == pytest.approx(f(x), rel=1e-14)
    assert c.jacobian(x) == pytest.approx(jacobian(f)(x), rel=1e-13)


def test_of_an_array_each_element_is_a_node_of_one_operand_and_all_have_one_row():
    swish, softmax, _ = vectors(OURS).values()
    nodes = swish(np.array([Value(x) for x in (0.3, -1.2, 2.0)]).view(ValueArray))
    assert [len(node.operands) for node in nodes] == [1, 1, 1]
    assert len({node.op for node in nodes}) == 1
    assert str(program_from(list(nodes))).count("swish(") == 3
    x, weights = np.array([0.3, -1.2, 2.0]), np.array([1.0, 2.0, 3.0])
    right = hessian(lambda x: np.sum(np.array(autograd.softmax(x)) * weights))(x)
    assert hessian(lambda x: np.sum(softmax(x) * weights))(x) == pytest.approx(right, rel=1e-12, abs=1e-15)
    compiled = compile(lambda x: np.sum(softmax(x) * weights))  # whose rule is of other outputs than its own
    assert compiled.hessian(x) == pytest.approx(right, rel=1e-12, abs=1e-15)


# -- what needs numbers -----------------------------------------------------------------------------


def newton():
    """A square root by steps until it stands still, whose derivative is that of what it finds."""
    calls = []

    @custom_jvp
    def root(a):
        calls.append(a)
        x = 1.0
        while abs(x * x - a) > 1e-14 * a:
            x = 0.5 * (x + a / x)
        return x

    @root.defjvp
    def _(primals, tangents):
        x = root(primals[0])
        return x, tangents[0] / (2.0 * x)

    return root, calls


def test_a_loop_that_needs_numbers_is_called():
    root, _ = newton()
    f = lambda a: root(a) * a  # noqa: E731
    assert root(2.0) == pytest.approx(2**0.5)
    for n, right in ((1, 1.5 * 2**0.5), (2, 0.75 / 2**0.5), (3, -0.375 / 2**1.5)):
        g = f
        for _ in range(n):
            g = grad(g)
        assert g(2.0) == pytest.approx(right, rel=1e-12)
    assert check_grad(f, 3.0)
    assert jvp(root, (4.0,), (1.0,))[1] == pytest.approx(0.25)


@BACKENDS
def test_and_called_back_by_programs(backend):
    root, calls = newton()
    c = compile(lambda a: root(a) * a, backend=backend)
    assert c(2.0) == pytest.approx(2**1.5)
    assert c.grad(2.0) == pytest.approx(1.5 * 2**0.5)
    assert c.hessian(2.0) == pytest.approx(0.75 / 2**0.5)  # the rule is recorded, though the value is not
    assert all(type(a) is float for a in calls if not isinstance(a, Value))
    batch = compile(root, in_axes=0, backend=backend)
    xs = np.linspace(1.0, 9.0, 40)
    assert batch(xs) == pytest.approx(np.sqrt(xs))
    assert batch.grad(xs) == pytest.approx(0.5 / np.sqrt(xs))
    bad = compile(root, backend=backend)
    assert bad(2.0) == pytest.approx(2**0.5)
    root.f = None  # type: ignore[assignment]
    with pytest.raises(TypeError):
        bad(3.0)


def by_cases():
    """A function, and a rule, that both need numbers."""

    @custom_vjp
    def h(x, y):
        return math.sin(x) * y if x > 0 else x * y

    def bwd(kept, d):
        x, y = kept
        return (cos(x) * y * d, sin(x) * d) if x > 0 else (y * d, x * d)

    h.defvjp(lambda x, y: (h(x, y), (x, y)), bwd)
    return h


@BACKENDS
def test_a_rule_that_needs_numbers_is_called_back_too(backend):
    h = by_cases()
    for at in ((1.0, 2.0), (-1.0, 2.0)):
        x, y = at
        right = (math.cos(x) * y, math.sin(x)) if x > 0 else (y, x)
        assert grad(h, (0, 1))(*at) == pytest.approx(right)
        c = compile(h, argnums=(0, 1), backend=backend)
        assert c(*at) == pytest.approx(h(*at))
        assert c.grad(*at) == pytest.approx(right)
        batch = compile(h, argnums=(0, 1), in_axes=(0, None), backend=backend)
        assert batch.grad(np.array([x, x]), y)[0] == pytest.approx([right[0]] * 2)
        assert grad(grad(h))(*at) == pytest.approx(-math.sin(x) * y if x > 0 else 0.0)
        with pytest.raises(GraphError, match="the rule of h needs numbers, so it cannot be written as instructions"):
            c.hessian(*at)


def test_exports_refuse_it_by_name_and_take_what_was_recorded():
    h, (f, at) = by_cases(), cases(OURS)["of two"]
    node = h(Value(1.0), Value(2.0))
    program = program_from([node])
    with pytest.raises(GraphError, match="the row 'h' cannot be written in C"):
        program.to_c()
    with pytest.raises(GraphError, match="the row 'h' cannot be written in JavaScript"):
        viz.explore(node)
    assert "f_" in program_from([f(Value(at[0]), Value(at[1]))]).to_c()
    assert viz.explore(f(Value(at[0]), Value(at[1]))).html
    for made in (program, program_from([f(Value(at[0]), Value(at[1]))])):
        with pytest.raises(GraphError, match=r"[hf] has a derivative that was written by hand, which no file"):
            made.save("nowhere")
        with pytest.raises(GraphError, match="which cannot be pickled"):
            pickle.dumps(made)
    assert copy.deepcopy(node).op is node.op


def test_to_jax(jax):
    f, at = cases(OURS)["other slopes than its own"]
    g = program_from([f(Value(at[0]), Value(at[1]))]).to_jax()
    assert np.asarray(jax[0].grad(lambda x: g(x)[0])(np.array(at))) == pytest.approx(grad(f, (0, 1))(*at), rel=1e-13)
    with pytest.raises(GraphError, match="the row 'h' cannot be written in JAX"):
        program_from([by_cases()(Value(1.0), 2.0)]).to_jax()


@pytest.mark.parametrize("make", [by_cases, lambda: cases(OURS)["of two"][0]])
def test_pictures_and_words_say_its_name(make):
    h = make()
    x, y = Value(0.7, name="x"), Value(2.0, name="y")
    J = h(x * y, y)
    J.name = "J"
    name = h.__name__
    for text in (str(viz.formula(J)), str(viz.derive(J, x)), viz.draw(J).svg, str(viz.why(h(J, y), x)), repr(J)):
        assert name in text
        assert f"{name}_1" not in text
    assert "h′" in str(viz.derive(J, x)) or name != "h"


def test_a_call_asks_anew_and_asks_once():
    drawn, calls = iter(range(1, 100)), []

    @custom_jvp
    def noisy(x):
        return float(x) + next(drawn)

    noisy.defjvp(lambda p, t: (p[0], t[0]))
    assert [noisy(Value(0.5)).data for _ in range(3)] != [noisy(Value(0.5)).data] * 3

    @custom_vjp
    def many(x):
        calls.append(1)
        return np.array([float(v) * 2.0 for v in x])

    many.defvjp(lambda x: (None, None), lambda kept, d: (2.0 * d,))
    nodes = many(np.array([Value(float(i)) for i in range(20)]).view(ValueArray))
    assert [node.data for node in nodes] == [2.0 * i for i in range(20)]
    assert len(calls) <= 3  # recorded in vain, to see how the answer is made, and for the values of all outputs


def test_what_a_rule_reads_when_it_is_asked_is_what_counts():
    scale = [2.0]

    @custom_jvp
    def f(x):
        return float(x)

    @f.defjvp
    def _(primals, tangents):
        inner = scale[0] * primals[0]
        return f(*primals), inner * inner * tangents[0]

    assert grad(f)(1.5) == 9.0
    scale[0] = 4.0
    assert grad(f)(1.5) == 36.0
    assert grad(grad(f))(1.5) == 48.0


@BACKENDS
def test_a_compiled_call_asks_anew_too(backend):
    """What a function reads beside its arguments may change between calls: no call mixes what was with what is."""
    scale, asked = [2.0], []

    @custom_vjp
    def f(x, y):
        asked.append(1)
        return scale[0] * float(x) * float(y), scale[0] * float(x)

    f.defvjp(lambda x, y: (None, (float(x), float(y))),
             lambda kept, d: (scale[0] * (d[0] * kept[1] + d[1]), scale[0] * d[0] * kept[0]))  # fmt: skip
    f(1.0, 2.0)

    def both(x, y):
        first, second = f(x, y)
        return first + second

    c, one = (compile(both, argnums=(0, 1), in_axes=axes, backend=backend) for axes in ((0, None), None))
    bound = one.value_and_grad.bind(1.0, 2.0)
    for scale[0] in (2.0, 10.0):
        s = scale[0]
        assert one.value_and_grad(1.0, 2.0) == bound() == (3.0 * s, (3.0 * s, s))
        assert one(Value(1.0), 2.0).data == 3.0 * s
        assert grad(one, argnums=(0, 1))(1.0, 2.0) == (3.0 * s, s)
        for _ in range(2):  # it is recorded first
            asked.clear()
            assert c(np.array([1.0, 3.0, 1.0]), 2.0).tolist() == [3.0 * s, 9.0 * s, 3.0 * s]
        assert len(asked) == 2  # of both outputs, once at each point


# -- what a rule may not ----------------------------------------------------------------------------

outside = Value(3.0, name="outside")


def with_rule(rule, f=lambda x, y: x * y):
    made = custom_jvp(f)
    made.defjvp(rule)
    return made


def backwards(bwd, f=lambda x, y: x * y, fwd=lambda x, y: (x * y, (x, y))):
    made = custom_vjp(f)
    made.defvjp(fwd, bwd)
    return made


@pytest.mark.parametrize(("f", "sentence"), [
    (custom_jvp(lambda x, y: x), "has no derivative yet: give it one with .*defjvp"),
    (custom_vjp(lambda x, y: x), "has no derivative yet: give it one with .*defvjp"),
    (with_rule(lambda p, t: p[0]), "returns two things, its value and how that moves"),
    (with_rule(lambda p, t: (p[0], (t[0], t[1]))), "how .* moves: expected one number"),
    (with_rule(lambda p, t: (p[0], None)), "how .* moves"),
    (with_rule(lambda p, t: (p[0], t[0] * t[1])), "is not linear"),
    (with_rule(lambda p, t: (p[0], float(t[0]) ** 2)), "is not linear"),
    (with_rule(lambda p, t: (p[0], max(t[0], 0.5))), "is not linear"),
    (with_rule(lambda p, t: (p[0], t[0]), lambda x, y: x * outside), "uses .*outside.*hand it in as an operand"),
    (with_rule(lambda p, t: (p[0], t[0] * outside)), "uses .*outside.*hand it in as an operand"),
    (with_rule(lambda p, t: (p[0], t[0]), lambda x, y: outside if x > 0 else y), "uses a Value that is not among"),
    (backwards(lambda r, d: d), "bwd of .* returns a tuple of one δ an argument, 2 of them"),
    (backwards(lambda r, d: (d,)), "returns a tuple of one δ an argument, 2 of them, got 1"),
    (backwards(lambda r, d: (d, [d, d])), "a δ from bwd of"),
    (backwards(lambda r, d: (where(d > 1.0, 1.0, d), d)), "is not linear"),
    (backwards(lambda r, d: (min(max(d, -1.0), 1.0), d)), "is not linear"),
    (backwards(lambda r, d: (d, d), fwd=lambda x, y: x), "fwd of .* returns two things"),
    (with_rule(lambda p, t: (p[0], t[0]), lambda x, y: "a"), "is made of real numbers"),
])  # fmt: skip
def test_a_mistake_is_one_sentence(f, sentence):
    with pytest.raises(autograd.AutogradError, match=sentence) as caught:
        grad(f, (0, 1))(1.5, 0.5)
    assert "\n" not in str(caught.value)


def test_it_is_of_functions():
    for made in (custom_jvp, custom_vjp):
        with pytest.raises(ArgumentError, match="is of a function, got int 3"):
            made(3)
        with pytest.raises(ArgumentError, match="nondiff_argnums are positions"):
            made(abs, nondiff_argnums=("x",))


def test_a_rule_s_own_error_is_itself():
    def rule(primals, tangents):
        raise LookupError("no digits today")

    f = with_rule(rule)
    with pytest.raises(LookupError, match="no digits today"):
        grad(f)(1.0, 2.0)
    c = compile(f, backend="llvm")
    assert c(1.0, 2.0) == 2.0
    with pytest.raises(LookupError, match="no digits today"):
        c.grad(1.0, 2.0)


def test_it_may_call_itself():
    @custom_jvp
    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    @power.defjvp
    def _(primals, tangents):
        (x, n), (t, _) = primals, tangents
        return power(x, n), n * power(x, n - 1) * t if n > 0 else 0.0 * t

    assert grad(power)(1.5, 4) == pytest.approx(4 * 1.5**3)
    assert grad(grad(power))(1.5, 4) == pytest.approx(12 * 1.5**2)
    assert compile(power).grad(1.5, 4) == pytest.approx(4 * 1.5**3)


@custom_jvp
def softsign(x):
    return x / (1.0 + abs(x))


softsign.defjvp(lambda p, t: (softsign(*p), t[0] / (1.0 + abs(p[0])) ** 2))


def test_as_an_activation_and_pickled_by_name():
    X, y = np.linspace(-1, 1, 10).reshape(-1, 1), np.linspace(-1, 1, 10) ** 2
    by_rule, table = (nn.MLP(1, [3, 1], activation=[g, "linear"], seed=1) for g in (softsign, "softsign"))
    for model in (by_rule, table):
        model.fit(X, y, epochs=10)
    assert by_rule.predict(X) == pytest.approx(table.predict(X), rel=1e-9)
    assert pickle.loads(pickle.dumps(softsign)) is softsign is copy.deepcopy(softsign)
    assert pickle.loads(pickle.dumps(by_rule)).predict(X) == pytest.approx(by_rule.predict(X))


def test_under_no_grad_among_names_and_with_another_rule():
    f, (x, y) = cases(OURS)["of two"]
    with no_grad():
        node = f(Value(x), Value(y))
    assert node.is_detached
    assert node.data == f(x, y)
    assert f(Value(x), y=Value(y)).data == f(x, y)
    assert f.__name__ == "f"
    f.defjvp(lambda p, t: (f(*p), 10.0 * t[0]))
    assert grad(f)(x, y) == 10.0
    assert f(np.array([0.1, 0.2]), 1.0).tolist() == np.sin([0.1, 0.2]).tolist()


def test_a_node_keeps_nothing_that_the_collector_must_free():
    root, _ = newton()
    for f in (root, by_cases()):
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            f(*[Value(2.0)] * (1 if f is root else 2)) * 2.0
            gc.collect()
            assert not [thing for thing in gc.garbage if type(thing) is Value]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()


@settings(max_examples=12)  # each records some hundred nodes a few times
@given(x=st.floats(-2.0, 2.0), y=st.floats(0.1, 2.0), a=st.floats(-2.0, 2.0))
def test_a_rule_that_says_what_the_engine_says_changes_nothing(x, y, a):
    def f(x, y):
        return where(x > a, exp(a * x) * y, x * log(y)) / (1.0 + x * x)

    by_rule = with_rule(lambda p, t: jvp(f, p, t), f)
    back = backwards(lambda kept, d: tuple(vjp(f, *kept)[1](d)), f, lambda x, y: (f(x, y), (x, y)))
    for g in (by_rule, back):
        assert grad(g, (0, 1))(x, y) == pytest.approx(grad(f, (0, 1))(x, y), rel=1e-9, abs=1e-12)
        assert grad(grad(g), 1)(x, y) == pytest.approx(grad(grad(f), 1)(x, y), rel=1e-8, abs=1e-10)


def bessel():
    """J of whole order by its series, and the rule J′ₙ = ½ (Jₙ₋₁ − Jₙ₊₁), which calls it at other orders."""

    @partial(custom_jvp, nondiff_argnums=(0,))
    def J(n, x):
        sign = (-1.0) ** n if n < 0 else 1.0
        n = abs(n)
        return sign * sum((-1) ** k / (math.factorial(k) * math.factorial(k + n)) * (x / 2.0) ** (2 * k + n)
                          for k in range(20))  # fmt: skip

    @J.defjvp
    def rule(n, primals, tangents):
        (x,), (t,) = primals, tangents
        return J(n, x), 0.5 * (J(n - 1, x) - J(n + 1, x)) * t

    return J


@pytest.mark.parametrize("n", [-1, 0, 1, 3])
def test_a_rule_may_call_its_function_at_other_arguments(n):
    J = bessel()
    f = partial(J, n)
    for order, asked in ((1, grad(f)), (2, grad(grad(f)))):
        assert asked(1.3) == pytest.approx(float(mpmath.besselj(n, 1.3, derivative=order)), rel=1e-12)
    for backend in ("interpreter", "numpy", "llvm"):
        p = compile(f, backend=backend)
        assert p.grad(1.3) == pytest.approx(float(mpmath.besselj(n, 1.3, derivative=1)), rel=1e-12)


def test_a_flag_and_a_structure_tell_calls_apart():
    @custom_jvp
    def trig(x, kind):
        return sin(x) if kind == "sin" else cos(x)

    @trig.defjvp
    def rule(primals, tangents):
        x, kind = primals
        return trig(x, kind), (trig(x, "cos") if kind == "sin" else -trig(x, "sin")) * tangents[0]

    assert grad(lambda x: trig(x, "sin"))(0.7) == pytest.approx(math.cos(0.7), rel=1e-15)
    assert grad(lambda x: trig(x, "cos"))(0.7) == pytest.approx(-math.sin(0.7), rel=1e-15)

    @custom_jvp
    def total(x):
        return sum(x) * (2.0 if isinstance(x, list) else 1.0)

    total.defjvp(lambda p, t: (total(*p), total(tuple(p[0])) * sum(t[0])))
    assert grad(total)([2.0, 3.0]) == [5.0, 5.0]


def test_numbers_that_equal_but_are_not_the_same_are_told_apart():
    @partial(custom_jvp, nondiff_argnums=(0,))
    def by(s, x):
        return x * (5.0 if type(s) is not float else math.copysign(2.0, s) if float(x) else 2.0)

    by.defjvp(lambda s, p, t: (by(s, *p), t[0] * (5.0 if type(s) is not float else math.copysign(2.0, s))))
    assert [grad(partial(by, s))(3.0) for s in (0.0, -0.0, 1.0, 1, True)] == [2.0, -2.0, 2.0, 5.0, 5.0]


@pytest.mark.parametrize(
    "moves",
    [lambda x, t: sign(t) * x, lambda x, t: 2.0 * x * t + 1.0, lambda x, t: floor(t), lambda x, t: x, lambda x, t: 1.0,
     lambda x, t: where(t > 0.0, t, 0.0), lambda x, t: t - x, lambda x, t: t * t, lambda x, t: x / t,
     lambda x, t: where(x > 0.0, t, 1.0)],
)  # fmt: skip
def test_what_is_not_linear_is_refused(moves):
    f = custom_jvp(lambda x: x * x)
    f.defjvp(lambda p, t: (f(*p), moves(*p, *t)))
    back = custom_vjp(lambda x: x * x)
    back.defvjp(lambda x: (back(x), x), lambda x, d: (moves(x, d),))
    for g in (f, back):
        with pytest.raises(ArgumentError, match="is not linear"):
            grad(g)(2.0)
        with pytest.raises(ArgumentError, match="is not linear"):
            compile(g).grad(2.0)


@pytest.mark.parametrize(
    ("moves", "right"),
    [(lambda x, t: where(x > 0.0, t, 0.0), 1.0), (lambda x, t: -(t / x) + t * 2.0 - 0.0, 1.5), (lambda x, t: 0.0, 0.0),
     (lambda x, t: np.dot(np.array([t, 2.0 * t]), np.array([x, x])), 6.0), (lambda x, t: +t + (t + t), 3.0),
     (lambda x, t: 0.0 * x, 0.0), (lambda x, t: t + 0.0 * x, 1.0),
     (lambda x, t: np.dot(np.array([t, 0.0, x]), np.array([x, x, 0.0])), 2.0)],
)  # fmt: skip
def test_what_is_linear_is_taken(moves, right):
    f = custom_jvp(lambda x: x * x)
    f.defjvp(lambda p, t: (f(*p), moves(*p, *t)))
    assert grad(f)(2.0) == compile(f).grad(2.0) == right


def test_a_default_may_be_left_out():
    @custom_jvp
    def scaled(x, k=2.0):
        return k * x

    scaled.defjvp(lambda p, t: (scaled(*p), p[1] * t[0] + p[0] * t[1]))
    assert grad(scaled)(5.0) == 2.0
    assert grad(lambda x: scaled(x=x))(5.0) == 2.0
    assert grad(scaled, (0, 1))(5.0, 3.0) == (3.0, 5.0)


@custom_vjp
def sin_and_cos(x, w):
    return sin(w * x), cos(w * x)


sin_and_cos.defvjp(lambda x, w: (sin_and_cos(x, w), (x, w, *sin_and_cos(x, w))),
                   lambda kept, d: ((d[0] * kept[3] - d[1] * kept[2]) * kept[1],
                                    (d[0] * kept[3] - d[1] * kept[2]) * kept[0]))  # fmt: skip


@BACKENDS
def test_a_rule_may_use_another_output_of_its_function(backend):
    """Each is a node of its own, so the other is written out: nothing of it needs numbers."""

    def f(both):
        return lambda x, w: both(x, w)[0] ** 3 + both(x, w)[1] * x

    right = f(lambda x, w: (sin(w * x), cos(w * x)))
    c = compile(f(sin_and_cos), argnums=(0, 1), backend=backend)
    assert c.grad(0.5, 2.0) == pytest.approx(grad(right, argnums=(0, 1))(0.5, 2.0), rel=1e-14)
    for row, expected in zip(c.hessian(0.5, 2.0), hessian(right, argnums=(0, 1))(0.5, 2.0), strict=True):
        assert row == pytest.approx(expected, rel=1e-13)
    assert "sin(" in c.record(0.5, 2.0).to_c()
    viz.explore(f(sin_and_cos)(Value(0.5), Value(2.0)))


@pytest.mark.parametrize("use", [lambda both: both[0], lambda both: both[0] + 1, sum, len, lambda both: [*both]])
@pytest.mark.parametrize("rule", [lambda p, t: (None, (t[0], 2.0 * t[0])),
                                  lambda p, t: (None, (float(p[0]) * t[0], 2.0 * t[0]))])  # fmt: skip
def test_what_was_never_seen_to_answer_cannot_be_taken_apart(use, rule):
    @custom_jvp
    def two(x):
        return float(x), 2.0 * float(x)

    two.defjvp(rule)
    with pytest.raises((ArgumentError, GraphError), match=r"two needs numbers .* call it once with numbers"):
        compile(lambda x: use(two(x)))(2.0)
    two(1.0)
    assert compile(lambda x: two(x)[0])(2.0) == 2.0


def rows_there():
    gc.collect()
    return len(primitives._BY_ANY_NAME) + len(primitives._BY_HAND), len(RECORDERS), len(linecache.cache)


def test_rows_go_with_what_uses_them():
    """Not one for each call with another argument that is none of numbers, nor of what is defined again, is kept."""

    def made():
        @partial(custom_jvp, nondiff_argnums=(1,))
        def scaled(x, n):
            return float(x) * float(np.sum(n))

        scaled.defjvp(lambda n, p, t: (None, math.copysign(float(np.sum(n)), float(p[0])) * t[0]))
        return scaled

    def defined_again():
        for i in range(20):
            one = custom_jvp(lambda x, i=i: x * i)
            one.defjvp(lambda p, t, i=i: (p[0] * i, i * t[0]))
            one(Value(1.0))

    def used(scaled):
        first = scaled(Value(2.0), 7)
        for i in range(2 * by_hand._ROWS):
            assert scaled(Value(2.0), i).data == 2.0 * i
        assert rows_there()[0] - before[0] <= by_hand._ROWS
        return first, scaled(Value(2.0), [3])

    def shown(log):
        out = io.StringIO()
        Debugger(lambda: log, ["continue", "quit"], io.StringIO(), out).loop()
        return out.getvalue()

    before = rows_there()
    defined_again()
    first, second = used(made())
    gc.collect()  # what is used stays
    assert "scaled" in viz.draw(second).svg
    log = record(second)
    assert gradient(first, first.operands[0]) == 7.0
    del first, second
    gc.collect()
    assert "scaled" in shown(log)
    del log
    after = rows_there()
    assert after[0] - before[0] <= by_hand._ROWS
    assert after[1] == before[1]
    assert after[2] <= before[2] + 8  # texts of the table's, written meanwhile


@BACKENDS
def test_a_program_keeps_the_rows_that_it_calls(backend):
    def made():
        @custom_jvp
        def doubled(x):
            return 2.0 * float(x)

        doubled.defjvp(lambda p, t: (None, 2.0 * t[0]))
        kept = compile(lambda x: doubled(x) * x, backend=backend)
        kept.record(3.0)
        doubled._kept.clear()
        return kept.record(3.0), compile(lambda x: doubled(x) * x, backend=backend)

    program, kept = made()
    gc.collect()
    assert kept.grad(3.0) == 12.0
    assert interpret(program, [3.0]) == [18.0]
    kept.f = None
    gc.collect()
    assert (kept(3.0), kept.grad(3.0)) == (18.0, 12.0)
