"""A row whose value only SciPy has, and its portable rule: by it the row is everywhere, without it refused by name."""

from __future__ import annotations

import ctypes
import json
import math
import shutil
import subprocess

import numpy as np
import pytest
from mpmath import mp, mpf

import viz
from autograd import Value, check_grad, compile, grad
from autograd.errors import GraphError
from autograd.ops.expression import variable
from autograd.ops.numbers import equal, where
from autograd.ops.primitive import _BY_ANY_NAME, TABLE, Atom, row
from autograd.ops.table import cos, sin
from autograd.recorder import RECORDERS, function_for
from viz.page.javascript import Use, by_hand, table_source

special = pytest.importorskip("scipy.special", reason="SciPy is not installed")

POINTS = (0.0, 0.3, -1.7, 2.404825557695773, 5.5, -8.0)
ANGLES = [math.pi * (k + 0.5) / 24 for k in range(24)]  # the trapezoidal rule on ∫ cos(x sin θ) dθ, exact so far out


def _j0(x):
    return sum(cos(x * math.sin(angle)) for angle in ANGLES) / len(ANGLES)


def _j1(x):
    return sum(math.sin(angle) * sin(x * math.sin(angle)) for angle in ANGLES) / len(ANGLES)


def registered(is_portable):
    """j0 and j1, as a page of rows would have them."""
    j0, j1 = (
        row(name, Atom(lambda x, own=own: float(own(x)), own, portable if is_portable else None),
            slopes, definition=f"besselj({n}, x)",
            points=POINTS[1:], doc=f"the Bessel function of order {n}")
        for n, name, own, portable, slopes in (
            (0, "ourj0", special.j0, _j0, lambda y, x: -TABLE["ourj1"](x)),
            (1, "ourj1", special.j1, _j1, lambda y, x: where(equal(x, 0.0), 0.5, TABLE["ourj0"](x) - y / x)),
        )
    )  # fmt: skip
    RECORDERS.update({made.name: function_for(made) for made in (j0, j1)})
    return RECORDERS["ourj0"]


def in_a_table(is_portable):
    yield registered(is_portable)
    for name in ("ourj0", "ourj1"):
        del TABLE[name], _BY_ANY_NAME[name], RECORDERS[name]


@pytest.fixture(params=[True, False], ids=["portable", "not portable"])
def either(request):
    yield from in_a_table(request.param)


@pytest.fixture
def j0():
    yield from in_a_table(True)


@pytest.fixture
def bare():
    yield from in_a_table(False)


def exactly(order):
    with mp.workdps(40):
        return [float(mp.diff(lambda x: mp.besselj(0, x), mpf(x), order)) for x in POINTS]


def agree(got, order=0):
    np.testing.assert_allclose(got, exactly(order), rtol=1e-12, atol=1e-14)


def test_it_is_eager_to_any_order_and_checks_itself(either):
    agree([either(x) for x in POINTS])
    agree(either(np.array(POINTS)))
    agree([grad(either)(x) for x in POINTS], 1)
    np.testing.assert_allclose([grad(grad(either))(x) for x in POINTS[1:]], exactly(2)[1:], rtol=1e-11)
    assert check_grad(either, 1.3).ok


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
def test_it_is_compiled(either, backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
    f = compile(either, backend=backend)
    agree([f(x) for x in POINTS])
    agree(compile(either, in_axes=0, backend=backend)(np.array(POINTS)))
    agree([f.grad(x) for x in POINTS], 1)
    np.testing.assert_allclose([f.hessian(x) for x in POINTS[1:]], exactly(2)[1:], rtol=1e-11)


def to_c(f, folder):
    (folder / "f.c").write_text(compile(f).record(0.5).to_c("f"), "ascii")


def test_it_goes_to_c(j0, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    to_c(j0, tmp_path)
    subprocess.run(["gcc", *"-std=c99 -Wall -Wextra -Werror -O1 -shared -fPIC f.c -o f.so -lm".split()],
                   cwd=tmp_path, check=True)  # fmt: skip
    library, doubles = ctypes.CDLL(str(tmp_path / "f.so")), ctypes.c_double * 1
    values, slopes = [], []
    for x in POINTS:
        y, g = doubles(), doubles()
        library.f_gradient(doubles(x), y, g)
        values, slopes = [*values, y[0]], [*slopes, g[0]]
    agree(values)
    agree(slopes, 1)


def test_it_goes_to_jax(j0):
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
    jax.config.update("jax_enable_x64", True)
    f = compile(j0).record(0.5).to_jax()
    agree([float(f(np.array([x]))[0]) for x in POINTS])
    agree([float(jax.grad(lambda x: f(x)[0])(np.array([x]))[0]) for x in POINTS], 1)


def test_it_goes_to_a_page(j0):
    assert "value.ourj0 = (x)" in viz.explore(j0(Value(0.5, name="x"))).html
    if shutil.which("node") is None:
        pytest.skip("there is no node")
    script = by_hand() + table_source([Use("ourj0", 1)])
    script += (
        f"console.log(JSON.stringify({list(POINTS)}.map(x => [value.ourj0(x), ...slopes.ourj0(value.ourj0(x), x)])))"
    )
    ran = subprocess.run(["node", "-"], input=script, capture_output=True, text=True, check=True)
    values, slopes = zip(*json.loads(ran.stdout), strict=True)
    agree(values)
    agree(slopes, 1)


def onnx_graph():
    onnx = pytest.importorskip("onnx", reason="the extra `onnx` is not installed")
    from nn.neighbours.onnx import _Graph

    return _Graph(onnx, np.dtype(np.float64), None)


def test_it_goes_to_onnx(j0):
    graph, runtime = onnx_graph(), pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    written = graph.finish(1, y=(graph.term(TABLE["ourj0"](variable("x"))), graph.kind, [1]))
    session = runtime.InferenceSession(written.SerializeToString(), providers=["CPUExecutionProvider"])
    agree(session.run(None, {"x": np.array(POINTS)[:, None]})[0][:, 0])


def test_it_is_shown_and_derived(either):
    x = Value(0.5, name="x")
    J = either(x * x)
    assert str(viz.formula(J)) == "ourj0(x²)"
    assert "= -ourj1(t₁)" in str(viz.derive(J, wrt=x))
    assert "ourj0" in viz.draw(J).svg


TARGETS = {
    "C": lambda f: compile(f).record(0.5).to_c(),
    "JAX": lambda f: (
        pytest.importorskip("jax", reason="the extra `jax` is not installed") and compile(f).record(0.5).to_jax()
    ),
    "JavaScript": lambda f: viz.explore(f(Value(0.5, name="x"))),
    "ONNX": lambda f: onnx_graph().term(TABLE["ourj0"](variable("x"))),
}


@pytest.mark.parametrize("target", TARGETS)
def test_without_a_portable_rule_every_target_names_it(target, bare):
    with pytest.raises(GraphError, match=rf"the row 'ourj[01]' cannot be written in {target}, .* portable rule"):
        TARGETS[target](bare)
