"""A user's row does all that the table's rows do: here in a test's own file, and written a second time."""

from __future__ import annotations

import copy
import ctypes
import gc
import io
import json
import linecache
import math
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
import viz
from autograd import (
    Atom,
    Value,
    check_primitive,
    compile,
    compile_graph,
    cos,
    digamma,
    exp,
    grad,
    gradient,
    hessian,
    load_program,
    log1p,
    primitive,
    sin,
    sqrt,
    tanh,
    where,
)
from autograd.errors import ArgumentError, FileFormatError, GraphError, KinkWarning
from autograd.ops.primitive import TABLE, define, titled
from autograd.program.checked import WrongPrimitiveError
from autograd.program.exports.derivatives import with_jacobian
from autograd.program.interpreter import interpret
from autograd.program.reading import program_from

ROOT = Path(str(sys.modules[autograd.__name__.partition(".")[0]].__file__)).parents[1]  # of the packages
BACKENDS = pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])


def written(sign=1.0):
    """The rows, as a cell of a notebook has them: the first time with a mistake."""
    bell = primitive("bell", lambda x: exp(-x * x), lambda y, x: -2.0 * sign * x * y, points=[0.5, -2.0, 0.0],
                     definition="exp(-x * x)", edges=[(1000, 0, 0)], symbol="◠", doc="the bell curve")  # fmt: skip
    ring = primitive("ring_2", lambda a, b=1.0: sqrt(a * a + b * b) * bell(a), lambda y, a, b: (
        bell(a) * a / sqrt(a * a + b * b) - 2.0 * a * y, bell(a) * b / sqrt(a * a + b * b)),
        points=[(0.3, 0.4), (-1.0, 2.0)], definition="sqrt(a**2 + b**2) * exp(-a**2)")  # fmt: skip
    ramp = primitive("ramp", lambda x, low, high: where((x > low) & (x < high), x * x, 0.0), lambda y, x, low, high: (
        where((x > low) & (x < high), 2.0 * x, 0.0), 0.0, None), points=[(0.5, 0.0, 1.0), (2.0, 0.0, 1.0)],
        definition="x**2 if low < x < high else 0")  # fmt: skip
    return bell, ring, ramp


OLD = written(-1.0)
bell, ring, ramp = written()
gamma = primitive(
    "gamma_of", Atom(math.gamma), lambda y, x: y * digamma(x), points=[2.5, 4.0, 0.5], definition="gamma(x)"
)
norm = primitive("norm", lambda *xs: sqrt(sum(x * x for x in xs)), lambda y, *xs: tuple(x / y for x in xs),
                 points=[(3.0, 4.0), (1.0, 2.0, 2.0)], definition="sqrt(sum(x * x for x in xs))")  # fmt: skip
ALL = pytest.mark.parametrize("f", [bell, ring, ramp, gamma, norm], ids=lambda f: f.__name__)


def loss(w, x):
    return ring(w * x, bell(x)) + ramp(w, 0.0, 2.0)


# -- it is a function of the table ------------------------------------------------------------------


@ALL
def test_it_is_held_to_what_the_table_is_held_to(f):
    found = check_primitive(f)
    assert found.ok, str(found)
    assert found
    assert len([answer for answer in found.answers["programs"] if "llvm" in answer.said]) >= 3 * len(f.row.points)
    found.raise_if_wrong()


@pytest.mark.parametrize("x", ["3", None, np.array(["a"]), np.ma.array([1.0], mask=[True]), object(), [None]])
def test_what_is_no_number_is_refused_in_the_table_s_words(x):
    messages = []
    for f in (bell, tanh):
        with pytest.raises(autograd.OperandError) as caught:
            f(x)
        messages.append(str(caught.value))
    assert messages[0] == messages[1].replace("tanh", "bell")


def test_it_takes_what_the_table_s_take():
    assert bell(0.5) == bell(Value(0.5)).data == bell(np.float64(0.5)) == math.exp(-0.25)
    assert bell(np.array([0.5, 0.0])).tolist() == bell([0.5, 0]).tolist() == [bell(0.5), 1.0]
    nodes = bell(np.array([Value(0.5), Value(1.0)], object))
    assert [node.op for node in nodes] == [bell.row, bell.row]
    assert ring(a=3.0) == ring(3.0, 1.0)
    assert ring(Value(3.0), Value(1.0)).data == ring(3.0)
    assert ramp(0.5, high=1.0, low=Value(0.0)).slopes == (None, 0.0, None)
    assert bell.__name__ == "bell"
    assert bell.__doc__.startswith("the bell curve.\n\nDefined as exp(-x * x)")
    with pytest.raises(autograd.OperandError, match=r"ramp\(x, low, high\) was given 1 operands"):
        ramp(1.0)


@pytest.mark.parametrize("x", [0.3, -1.2, 2.0])
def test_to_any_order(x):
    f, g = bell, lambda a: ring(a, 0.7)
    for order in range(4):
        assert f(x) == pytest.approx(float(mpmath.diff(lambda t: mpmath.exp(-t * t), x, order)), rel=1e-9)
        right = mpmath.diff(lambda t: mpmath.sqrt(t * t + 0.49) * mpmath.exp(-t * t), x, order)
        assert g(x) == pytest.approx(float(right), rel=1e-8)
        f, g = grad(f), grad(g)


@BACKENDS
def test_compiled_alone_in_batches_and_to_order_three(backend):
    at = 0.8, 0.5
    c = compile(loss, argnums=(0, 1), backend=backend)
    assert c(*at) == pytest.approx(loss(*at), rel=1e-13)
    assert c.grad(*at) == pytest.approx(grad(loss, (0, 1))(*at), rel=1e-13)
    assert np.array(c.hessian(*at)) == pytest.approx(np.array(hessian(loss, (0, 1))(*at)), rel=1e-12)
    third = compile(grad(grad(grad(loss))), backend=backend)
    assert third(*at) == pytest.approx(grad(grad(grad(loss)))(*at), rel=1e-12)
    xs = np.linspace(-2.0, 2.0, 300)
    batched = compile(loss, in_axes=(None, 0), argnums=(0, 1), backend=backend)
    values, (_, slopes) = batched.value_and_grad(0.8, xs)
    assert values == pytest.approx([loss(0.8, x) for x in xs], rel=1e-13)
    assert slopes == pytest.approx([grad(loss, 1)(0.8, x) for x in xs], rel=1e-12, abs=1e-15)


@BACKENDS
def test_an_atom_and_any_number_of_operands(backend):
    c = compile(lambda xs: norm(*xs) * gamma(xs[0]), in_axes=0, backend=backend)
    xs = np.array([[1.5, 2.0, 2.0], [2.5, 0.3, -1.0]])
    right = [np.linalg.norm(row) * math.gamma(row[0]) for row in xs]
    assert c(xs) == pytest.approx(right, rel=1e-14)
    assert c.grad(xs)[0] == pytest.approx(grad(lambda v: norm(*v) * gamma(v[0]))(xs[0]), rel=1e-12)
    assert compile(gamma, backend=backend).hessian(2.5) == pytest.approx(float(mpmath.diff(mpmath.gamma, 2.5, 2)))


def test_an_atom_that_raises_raises():
    for call in (gamma, compile(gamma, backend="interpreter"), compile(gamma, backend="llvm")):
        with pytest.raises(ValueError, match=r"math domain error|expected a"):
            call(-1.0)


rules = st.recursive(
    st.sampled_from([lambda x: x, lambda x: 0.5, lambda x: -2.0]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from([sin, tanh, cos, np.arctan, lambda x: where(x > 0.3, x * x, -x)]), inner).map(
            lambda two: lambda x: two[0](two[1](x))
        ),
        st.tuples(inner, inner).map(lambda two: lambda x: two[0](x) * two[1](x) + 1.0 / (2.0 + two[1](x) ** 2)),
    ),
    max_leaves=5,
)


@given(rule=rules, x=st.floats(-3.0, 3.0))
def test_a_row_is_the_function_that_it_was_written_of(rule, x):
    """Its slopes are found by the engine, which a rule may do, so any function is a row."""

    def f(z):
        return rule(z) + 0.0 * z

    row = primitive("any", f, lambda y, z: grad(f)(z), points=[0.1, 0.7])
    for one, other in ((row, f), (grad(row), grad(f)), (grad(grad(row)), grad(grad(f)))):
        assert one(x) == pytest.approx(other(x), rel=1e-9, abs=1e-9)
    c = compile(row, backend="interpreter")
    assert c.grad(x) == pytest.approx(grad(f)(x), rel=1e-9, abs=1e-9)
    assert row(np.array([x, x]))[1] == pytest.approx(f(x), rel=1e-12, abs=1e-12)


def test_a_rule_that_iterates_is_read_in_no_time():
    def root(a):
        x = 0.5 * (1.0 + a)
        for _ in range(40):
            x = 0.5 * (x + a / x)
        return x

    heron = primitive("heron", root, lambda y, a: 0.5 / y, points=[2.0, 9.0], definition="sqrt(a)")
    assert check_primitive(heron).ok
    assert compile(heron).hessian(4.0) == pytest.approx(-1 / 32)


# -- targets ----------------------------------------------------------------------------------------


def test_in_c(tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    program = program_from([loss(w := Value(0.8), x := Value(0.5))])
    (tmp_path / "f.c").write_text(program.to_c(), "ascii")
    flags = "-Wall -Wextra -Wpedantic -Werror -std=c99 -O1 -shared -fPIC f.c -o f.so -lm".split()
    subprocess.run(["gcc", *flags], cwd=tmp_path, check=True)
    vector = ctypes.c_double * 2
    y, g = vector(), vector()
    ctypes.CDLL(str(tmp_path / "f.so")).f_gradient(vector(w.data, x.data), y, g)
    assert [y[0], *g] == pytest.approx([loss(0.8, 0.5), *grad(loss, (0, 1))(0.8, 0.5)], rel=1e-14)


@pytest.mark.parametrize(("f", "why"), [(gamma, "give its Atom a portable"), (norm, "any number of operands")])
def test_what_a_target_has_not_is_refused_by_name(f, why):
    node = f(Value(2.5), Value(1.5)) if f is norm else f(Value(2.5))
    program = program_from([node])
    with pytest.raises(GraphError, match=f"'{f.__name__}' cannot be written in C, .*{why}"):
        program.to_c()
    with pytest.raises(GraphError, match=f"'{f.__name__}' cannot be written in JavaScript, .*{why}"):
        viz.explore(node)


def test_an_atom_goes_where_its_portable_rule_does():
    cube = primitive("cube", Atom(lambda x: x**3, None, lambda x: x * bell(x) * x * x / bell(x)),
                     lambda y, x: 3.0 * x * x, points=[2.0, -0.5], definition="x**3")  # fmt: skip
    assert check_primitive(cube), str(check_primitive(cube))
    node = cube(Value(2.0))
    assert "cube_" in program_from([node]).to_c()
    assert viz.explore(node).html
    assert cube.row.said.startswith("t1 = bell(x)\nx * t1 * ")
    off = primitive("off", Atom(lambda x: x**3, None, lambda x: x * x), lambda y, x: 3.0 * x * x, points=[2.0])
    assert "off(2) by its portable rule" in {answer.said for answer in check_primitive(off).wrong}
    with pytest.raises(ArgumentError, match="off: portable takes the operands, as value does, not 2 numbers"):
        primitive("off", Atom(lambda x: x**3, None, lambda y, x: x), lambda y, x: 3.0 * x * x, points=[2.0])
    with pytest.raises(ArgumentError, match="off: its portable cannot be read: a Value is not turned into a float"):
        primitive("off", Atom(lambda x: x**3, None, lambda x: math.sin(x)), lambda y, x: 3.0 * x * x, points=[2.0])


def test_in_jax():
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
    jax.config.update("jax_enable_x64", True)
    f = program_from([loss(Value(0.8), Value(0.5))]).to_jax()
    at = np.array([0.8, 0.5])
    assert float(f(at)[0]) == pytest.approx(loss(*at), rel=1e-13)
    assert np.asarray(jax.grad(lambda x: f(x)[0])(at)) == pytest.approx(grad(loss, (0, 1))(*at), rel=1e-13)
    half = primitive("half_norm", lambda *xs: sqrt(sum(x * x for x in xs)),
                     lambda y, *xs: tuple(x / (2.0 * y) for x in xs), points=[(3.0, 4.0)])  # fmt: skip
    of_many = program_from([half(Value(3.0), Value(4.0))]).to_jax()  # by its own slopes, whatever JAX's would be
    assert float(of_many(at)[0]) == pytest.approx(half(*at), rel=1e-15)
    assert np.asarray(jax.grad(lambda x: of_many(x)[0])(at)) == pytest.approx(grad(half, (0, 1))(*at), rel=1e-14)
    with pytest.raises(GraphError, match="'gamma_of' cannot be written in JAX"):
        program_from([gamma(Value(2.5))]).to_jax()


def test_on_a_page(tmp_path):
    w, x = Value(0.8, name="w"), Value(0.5, name="x")
    html = viz.explore(loss(w, x)).html
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])
    assert {"bell", "ring_2", "ramp"} <= {op["name"] for op in data["ops"]}
    assert "bell_1" not in html  # the one before
    if shutil.which("node") is None:
        pytest.skip("there is no node")
    from viz.page.javascript import Use, by_hand, table_source

    rows = [f.row for f in (bell, ring, ramp)]
    calls = [f"[value.{r.name}(...p), ...slopes.{r.name}(value.{r.name}(...p), ...p)]" for r in rows]
    points = [r.points[0] for r in rows]
    asked = [f"(p => {call})({json.dumps(at)})" for call, at in zip(calls, points, strict=True)]
    uses = [Use(r.name, len(r.operands)) for r in rows]
    script = "\n".join([by_hand(), table_source(uses), f"console.log(JSON.stringify([{', '.join(asked)}]))"])
    (tmp_path / "page.js").write_text(script)
    ran = subprocess.run(["node", "page.js"], cwd=tmp_path, capture_output=True, text=True, check=True)
    for row, at, got in zip(rows, points, json.loads(ran.stdout), strict=True):
        floats = tuple(map(float, at))
        y = row.float(*floats)
        assert got[0] == pytest.approx(y, rel=1e-15)
        slopes = row.float_slopes(y, *floats)
        assert [slope is None for slope in got[1:]] == [slope is None for slope in slopes]
        assert [s or 0.0 for s in got[1:]] == pytest.approx([s or 0.0 for s in slopes], rel=1e-15)


def test_every_view_calls_it_by_the_name_that_it_was_given():
    pole = primitive("pole", lambda x: 1.0 / x, lambda y, x: -y * y, points=[0.5])
    w, x = Value(0.8, name="w"), Value(0.5, name="x")
    J = loss(w, x)
    J.name = "J"
    out = io.StringIO()
    viz.debug(J, ["break ring_2", "continue", "where", "step 3", "where"], out)
    shown = [
        str(viz.formula(J)), viz.formula(J).latex, str(viz.derive(J, w)), viz.draw(J).svg, str(viz.why(J, w)), repr(J),
        out.getvalue(), str(program_from([J])), repr(bell.row), J.symbol,
        str(viz.anomaly(pole(Value(0.0)))), viz.explore(J).html.partition('id="data">')[2].partition("</script>")[0],
    ]  # fmt: skip
    for text in shown:
        text = re.sub(r'"rule":"[^"]*"|"op":"[^"]*"', "", text)
        assert not re.search(r"(bell|ring_2|ramp|pole)_\d", text), text
    for at in (0, 2, 4, 6, 7):
        assert re.search("ring_2|ring₂", shown[at]), shown[at]
    assert "pole of 0 is inf" in shown[10]


# -- names that change their meaning ----------------------------------------------------------------


def test_what_was_made_with_the_row_before_stays_as_it_was():
    def put(factor):
        return primitive("put", lambda x: factor * sin(x), lambda y, x: factor * cos(x), points=[0.5])

    old = put(1.0)
    node, x = old(leaf := Value(0.5)), 0.5
    compiled = [compile(lambda x: old(x) * 2.0, backend=backend) for backend in ("interpreter", "numpy", "llvm")]
    assert [c(x) for c in compiled] == pytest.approx([2 * math.sin(x)] * 3, rel=1e-15)
    outer = primitive("outer", lambda x: old(x) + x, lambda y, x: cos(x) + 1.0, points=[0.5])
    program = program_from([node])

    new = put(3.0)
    assert titled("put") is new.row
    assert node.op is old.row
    assert old(x) == pytest.approx(math.sin(x))
    assert new(x) == pytest.approx(3 * math.sin(x))
    assert outer(x) == pytest.approx(math.sin(x) + x)
    assert autograd.gradient(autograd.gradient(node, leaf, as_graph=True), leaf) == pytest.approx(-math.sin(x))
    assert [c.grad(x) for c in compiled] == pytest.approx([2 * math.cos(x)] * 3)
    assert [c.hessian(x) for c in compiled] == pytest.approx([-2 * math.sin(x)] * 3)
    assert interpret(with_jacobian(program), [x])[1] == pytest.approx(math.cos(x))
    assert compile(new).grad(x) == pytest.approx(3 * math.cos(x))
    both = program_from([old(leaf) + new(leaf)])
    assert "t1 = put_1(x1)\nt2 = put_2(x1)" in str(both)  # told apart
    assert interpret(both, [x])[0] == pytest.approx(4 * math.sin(x))
    assert copy.deepcopy(node).op is old.row
    assert copy.deepcopy(both).operations == both.operations
    with pytest.raises(GraphError, match="two primitives of one name"):
        both.save(io.BytesIO())
    with pytest.raises(FileFormatError, match="the rules of the primitive 'put'"):
        pickle.loads(pickle.dumps(node))


def test_a_file_knows_the_rows_that_its_rows_are_made_of():
    def written(factor):
        inner = primitive("inner", lambda x: factor * sin(x), lambda y, x: factor * cos(x), points=[0.5])
        return primitive("around", lambda x: inner(x) + x, lambda y, x: cos(x) + 1.0, points=[0.5])

    program = program_from([written(1.0)(Value(0.5))])
    program.save(file := io.BytesIO())
    written(2.0)
    pickled = pickle.dumps(program)
    for load in (lambda: load_program(io.BytesIO(file.getvalue())), lambda: pickle.loads(pickled)):
        with pytest.raises(FileFormatError, match=r"around.*other"):
            load()
    written(1.0)
    for again in (load_program(io.BytesIO(file.getvalue())), pickle.loads(pickled)):
        assert interpret(again, [0.5])[0] == math.sin(0.5) + 0.5


def test_in_files_and_pickles(tmp_path):
    program, at = program_from([loss(Value(0.8, name="w"), Value(0.5, name="x"))]), [0.8, 0.5]
    right = loss(*at)
    file = io.BytesIO()
    program.save(file)
    assert b"bell_" not in file.getvalue()
    file.seek(0)
    assert interpret(load_program(file), at)[0] == right
    for thing in (program, loss(Value(0.8), 0.5)):
        assert isinstance(pickle.loads(pickle.dumps(thing)), type(thing))
    assert interpret(pickle.loads(pickle.dumps(program)), at)[0] == right
    assert pickle.loads(pickle.dumps(bell)) is bell

    (tmp_path / "program").write_bytes(file.getvalue())
    (tmp_path / "pickle").write_bytes(pickle.dumps(program))
    script = f"""
import pickle, sys
sys.path[:0] = {[str(ROOT)]!r}
from {autograd.__name__} import *
from {autograd.__name__}.program.interpreter import interpret
def tried():
    for load in (lambda: load_program("program"), lambda: pickle.load(open("pickle", "rb"))):
        try:
            print(interpret(load(), {at})[0] == {right!r})
        except AutogradError as error:
            print(type(error).__name__, "bell" in str(error) or "r" in str(error))
tried()
def rows(scale):
    bell = primitive("bell", lambda x: exp(-x * x), lambda y, x: -2.0 * scale * x * y, points=[0.5],
                     definition="exp(-x * x)")
    primitive("ring_2", lambda a, b=1.0: sqrt(a * a + b * b) * bell(a), lambda y, a, b: (
        bell(a) * a / sqrt(a * a + b * b) - 2.0 * a * y, bell(a) * b / sqrt(a * a + b * b)),
        points=[(0.3, 0.4)], definition="sqrt(a**2 + b**2) * exp(-a**2)")
    primitive("ramp", lambda x, low, high: where((x > low) & (x < high), x * x, 0.0), lambda y, x, low, high: (
        where((x > low) & (x < high), 2.0 * x, 0.0), 0.0, None), points=[(0.5, 0.0, 1.0)],
        definition="x**2 if low < x < high else 0")
rows(2.0)
tried()
rows(1.0)
tried()
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split("\n")[:-1] == ["FileFormatError True"] * 4 + ["True"] * 2, ran.stdout


# -- in a network -----------------------------------------------------------------------------------


def test_as_an_activation(tmp_path):
    X, y = np.linspace(-1, 1, 12).reshape(-1, 1), np.linspace(-1, 1, 12) ** 2

    def network():
        return nn.MLP(1, [3, 1], activation=[bell, "linear"], seed=1)

    model = network()
    found = model(np.array([0.3]))
    hidden = np.exp(-((0.3 * model.layers[0].weights[0] + model.layers[0].bias) ** 2))
    output = hidden @ model.layers[1].weights[:, 0] + model.layers[1].bias[0]
    assert float(getattr(found, "data", found)) == pytest.approx(output)
    before = model.predict(X).ravel()
    model.fit(X, y, epochs=30)
    after = model.predict(X).ravel()
    assert np.square(after - y).sum() < np.square(before - y).sum()
    assert pickle.loads(pickle.dumps(model)).predict(X).ravel().tolist() == after.tolist()
    onnx = pytest.importorskip("onnx.reference", reason="onnx is not installed")
    made = onnx.ReferenceEvaluator(model.to_onnx(dtype="float64")).run(None, {"x": X})[0].ravel()
    assert made == pytest.approx(after, rel=1e-12)
    with pytest.raises(ArgumentError, match="bell"):
        model.save(tmp_path / "model")


# -- mistakes ---------------------------------------------------------------------------------------

RULE, SLOPE = (lambda x: x * x), (lambda y, x: 2.0 * x)
weight = Value(2.0)


@pytest.mark.parametrize(("given", "sentence"), [
    ({"name": ""}, "a primitive's name is letters"), ({"name": 3}, "a primitive's name is letters"),
    ({"name": "my row"}, "a primitive's name is letters"), ({"name": "lambda"}, "a primitive's name is letters"),
    ({"name": "größe"}, "letters of ASCII"), ({"name": "_x"}, "begin with a letter"),
    ({"name": "tanh"}, "'tanh' is tanh of the table"), ({"name": "arctan"}, "'arctan' is atan of the table"),
    ({"name": "detached"}, "of the table"),
    ({"points": []}, "points are where it is tested"), ({"points": "abc"}, "points are where"),
    ({"points": [(1.0, 2.0)]}, "a point, one number an operand, has 1, got"), ({"points": ["a"]}, "a point of bad"),
    ({"edges": [(1, 2)]}, r"an edge is \(at, value, slopes\)"), ({"edges": [(0, 0, (0, 0))]}, "the slopes of an edge"),
    ({"value": 3}, "value is a function, or an Atom"), ({"value": "x*x"}, "value is a function"),
    ({"value": lambda x: None}, "its value gives one real number, got NoneType"),
    ({"value": lambda x: "x"}, "gives one real number, got str"),
    ({"value": lambda x: 1j}, "one real number, got complex"),
    ({"value": lambda x: 3.0}, "its value is the number 3.0 whatever"),
    ({"value": lambda x: (x, x)}, "gives one real number, got tuple"),
    ({"value": lambda x: x if x > 0 else -x}, "its value cannot be read: .*where"),
    ({"value": lambda x: math.sin(x)}, "its value cannot be read"),
    ({"value": lambda x: x.wrong}, "its value cannot be read: it raises AttributeError"),
    ({"value": lambda x: 1 / 0}, "it raises ZeroDivisionError"),
    ({"value": lambda x: x * weight}, "its value uses .*hand it in as an operand"),
    ({"value": lambda x, y: x}, "value takes x, y, but slopes take the output and x"),
    ({"value": lambda x, k=2.0: x}, "value takes x, k, but slopes"),
    ({"value": lambda x="a": x}, "the default of x in bad"),
    ({"value": lambda *, x: x}, "value takes operands by position"),
    ({"value": max}, "value does not say what it takes|cannot be read|takes"),
    ({"value": Atom(lambda x: 1j)}, r"bad\(0.5\) is a real number, got complex"),
    ({"value": Atom(lambda x: "a")}, r"bad\(0.5\) is a real number, got str"),
    ({"value": Atom(abs, lambda x: 3.0)}, "of arrays of 2 numbers is an array of 2 floats"),
    ({"slopes": None}, "slopes is a function of the output and operands"),
    ({"slopes": lambda: 0}, "slopes are of the output and the operands"),
    ({"slopes": lambda y: 0}, "value takes x, but slopes take the output and nothing"),
    ({"slopes": lambda y, x: (x, x)}, "its slopes give one number an operand, 1 of them, got 2"),
    ({"slopes": lambda y, x: "a"}, "its slopes gives one real number, got str"),
    ({"slopes": lambda y, x: x if y else y}, "its slopes cannot be read"),
    ({"slopes": lambda y, exp: exp}, "the operand 'exp' would be read as something else"),
    ({"slopes": lambda out, y: y}, "the operand 'y' would be read as something else"),
    ({"slopes": lambda y, x_: x_}, "the operand 'x_'"), ({"slopes": lambda y, t1: t1}, "the operand 't1'"),
    ({"slopes": lambda y, double: double}, "the operand 'double'"),
    ({"textbook": lambda x: x}, "textbook takes the output and the operands"),
    ({"definition": "x *"}, "the definition .* is no expression of Python's"),
    ({"definition": 3}, "the definition is a str"),
    ({"method": True}, "no column 'method'.* there are: .*edges"), ({"aliases": ("b",)}, "no column 'aliases'"),
])  # fmt: skip
def test_a_mistake_is_one_sentence_and_registers_nothing(given, sentence):
    columns = {"name": "bad", "value": RULE, "slopes": SLOPE, "points": [0.5]} | given
    with pytest.raises(autograd.AutogradError, match=sentence) as caught:
        primitive(**columns)
    assert "\n" not in str(caught.value)
    with pytest.raises(KeyError):
        titled("bad")
    assert len(TABLE) == len([name for name in TABLE if titled(name) is TABLE[name]])


def test_points_may_be_any_numbers_and_names_may_look_like_ours():
    bells = [
        primitive("bell_1", RULE, SLOPE, points=points)
        for points in (iter([1.0, 2.0]), np.array([1.0, 2.0]), range(1, 3), ((1.0,), (2.0,)))
    ]
    assert len({f.row.name for f in bells} | {bell.row.name, OLD[0].row.name}) == 6
    assert all(f.row.points == ((1.0,), (2.0,)) for f in bells)
    assert titled("bell_1") is bells[-1].row
    assert titled("bell") is bell.row


def test_without_points_it_is_refused_as_python_does():
    with pytest.raises(TypeError, match="points"):
        primitive("bad", RULE, SLOPE)


@pytest.mark.parametrize(("columns", "what"), [
    ({"slopes": lambda y, x: -2.0 * x * y * (1.0 + 1e-12)}, "slopes"),
    ({"slopes": lambda y, x: 2.0 * x * y}, "differences"),
    ({"slopes": lambda y, x: where(x > 3.0, x, -1.0) * y}, "second slopes"),
    ({"value": lambda x: exp(-x * x) + 1e-9}, "value"), ({"definition": "exp(-2 * x)"}, "value"),
    ({"edges": [(1000, 1, 0)]}, "edges"), ({"edges": [(1000, 0, 1)]}, "edges"),
    ({"textbook": lambda y, x: -x * y}, "textbook"),
    ({"value": Atom(lambda x: math.exp(-x * x), lambda x: np.exp(-x * x) * (1 + 1e-12))}, "readings"),
    ({"value": lambda x: 1.0 + exp(-x * x) - 1.0, "definition": "", "points": [5.0]}, "value"),
])  # fmt: skip
def test_what_is_wrong_is_found_by_the_check_that_is_meant_for_it(columns, what):
    right = {"value": lambda x: exp(-x * x), "slopes": lambda y, x: -2.0 * x * y, "points": [0.5, -2.0],
             "definition": "exp(-x * x)"}  # fmt: skip
    found = check_primitive(primitive("spoiled", **(right | columns)))
    assert not found
    assert [answer for answer in found.answers[what] if not answer.agrees], str(found)
    assert f"  wrong: {found.wrong[0].said} = {found.wrong[0].got!r}, by" in str(found)
    with pytest.raises(WrongPrimitiveError, match=r"spoiled: \d+ of \d+ answers are wrong"):
        found.raise_if_wrong()


def test_a_program_that_differs_is_found(monkeypatch):
    from autograd.program.native import rules

    if not rules.machine.is_available():
        pytest.skip("the extra `native` is not installed")
    monkeypatch.setitem(rules.TARGET.atoms, bell.row, lambda code, operands, exact: operands[0] * 0.0 + 0.5)
    found = check_primitive(bell)
    assert {answer.said.rpartition(" ")[2] for answer in found.wrong} == {"llvm"}


def test_what_is_no_primitive_is_not_checked():
    for thing in (3, "no such row", lambda x: x):
        with pytest.raises(ArgumentError, match="check_primitive is of what primitive"):
            check_primitive(thing)
    with pytest.raises(ArgumentError, match="the definition of misspelt cannot be computed with mpmath"):
        check_primitive(primitive("misspelt", RULE, SLOPE, points=[0.5], definition="squared(x)"))


def test_mish_as_written_by_a_user_is_the_table_s():
    def slope(y, x):
        t = tanh(log1p(exp(x)))
        return t + x * (1.0 - t * t) / (1.0 + exp(-x))

    mish = primitive("mish2", lambda x: x * tanh(log1p(exp(x))), slope, points=[0.5, -3.0])
    xs = np.linspace(-5.0, 5.0, 50)
    assert mish(xs) == pytest.approx(autograd.mish(xs), rel=1e-12)
    assert [grad(grad(mish))(x) for x in xs] == pytest.approx([grad(grad(autograd.mish))(x) for x in xs], rel=1e-9)


def test_numbers_of_any_kind_that_an_atom_returns_are_floats():
    kinds = {"single": np.float32, "whole": lambda x: int(x), "truth": lambda x: bool(x), "double": np.float64}
    for name, kind in kinds.items():
        f = primitive(name, Atom(kind, lambda x, kind=kind: np.vectorize(kind)(x)), lambda y, x: 1.0, points=[1.0])
        assert type(f(Value(3.0)).data) is float
        assert type(f(3.0)) is float
        assert f(np.array([3.0, 1.0])).dtype == float
        assert compile(f)(1.0) == (f(Value(1.0)) * 1.0).data == 1.0
    whole = autograd.Value(3e200)
    assert (autograd.functions.multiply(whole, whole)).data == math.inf


def test_comparisons_for_equality_stand_in_rules_too():
    spike = primitive("spike", lambda x: where(autograd.equal(x, 0.0), 1.0, sin(x) / x),
                      lambda y, x: where(x == 0.0, 0.0, (autograd.cos(x) - y) / where(x == 0.0, 1.0, x)),
                      points=[0.5, -2.0], edges=[(0.0, 1.0, 0.0)])  # fmt: skip
    assert spike(0.0) == 1.0
    assert grad(spike)(0.0) == 0.0
    assert grad(spike)(0.5) == pytest.approx(grad(autograd.sinc)(0.5 / math.pi) / math.pi, rel=1e-12)
    for backend in ("interpreter", "numpy"):
        assert compile(spike, backend=backend, in_axes=0).grad(np.array([0.0, 0.5]))[0] == 0.0
    two = primitive("two_of", lambda x, a: autograd.maximum(x, a) * where((x != a) ^ (x > 0.0), 2.0, 3.0),
                    lambda y, x, a: (where(x > a, 1.0, 0.0), where(x > a, 0.0, 1.0)), points=[(0.5, 2.0)])  # fmt: skip
    assert two(0.5, 2.0) == 6.0
    assert two(-0.5, 2.0) == 4.0


@pytest.mark.parametrize(
    ("value", "slope", "at", "definition"),
    [
        (lambda x: x**3, lambda y, x: 3.0 * x**2, 0.0, "x**3"),
        (lambda x: x**3 - 3.0 * x, lambda y, x: 3.0 * x**2 - 3.0, 1.0, "x**3 - 3*x"),
        (lambda x: x - sin(x), lambda y, x: 1.0 - autograd.cos(x), 0.0, "x - sin(x)"),
        (lambda x: x**5, lambda y, x: 5.0 * x**4, 0.0, "x**5"),
    ],
)
def test_a_slope_of_0_is_right_where_differences_are_only_near_it(value, slope, at, definition):
    check_primitive(primitive("flat", value, slope, points=[at], definition=definition)).raise_if_wrong()
    wrong = primitive("flat", value, lambda y, x: slope(y, x) + 1e-6, points=[at], definition=definition)
    assert not check_primitive(wrong)


def test_rows_of_one_title_are_not_one_thing_in_formulas():
    def put(factor):
        return primitive("lay", lambda x: factor * x, lambda y, x: factor, points=[1.0])

    x = Value(2.0, name="x")
    old = put(1.0)
    product = old(x) * put(3.0)(x)
    assert str(viz.formula(product)) == "lay₁(x)·lay(x)"


def test_slopes_of_any_number_of_operands_choose_anew():
    """A derivative kept as a graph, and one that is recorded, choose as the leaves stand when they are computed."""
    power = primitive("power_or_minus", lambda *xs: sum(where(x > 0, x * x, -x) for x in xs),
                      lambda y, *xs: [where(x > 0, 2.0 * x, -1.0) for x in xs], points=[(1.0, -2.0)])  # fmt: skip

    def f(a, b):
        return power(a, b) * power(a, b, a)

    a, b = Value(3.0), Value(2.0)
    kept = gradient(f(a, b), [a, b], as_graph=True)
    at = (-3.0, 2.0)  # 7·10, whose slopes are -1·10 - 2·7 and 4·10 + 4·7
    assert compile_graph(kept, [a, b])(*at) == [-24.0, 68.0]
    assert compile(grad(f, argnums=(0, 1)))(*at) == grad(f, argnums=(0, 1))(*at) == (-24.0, 68.0)


def test_rows_of_one_title_in_one_rule_are_told_apart():
    """By what a rule says files and pickles know it, so swapping two rows must say something else."""
    first = primitive("shared_title", lambda x: x * 2.0, lambda y, x: 2.0, points=[1.0])
    second = primitive("shared_title", lambda x: x * 3.0, lambda y, x: 3.0, points=[1.0])
    said = [primitive(f"uses_both_{i}", rule, lambda y, x, z: (x, z), points=[(1.0, 2.0)]).row.said
            for i, rule in enumerate((lambda x, z: first(x) + second(z) * first(z),
                                      lambda x, z: first(x) + second(z) * second(z + 0.0 * x)))]  # fmt: skip
    assert said[0] != said[1]
    same = [primitive(f"uses_two_{i}", rule, lambda y, x: x, points=[1.0]).row.said
            for i, rule in enumerate((lambda x: (first(x) + second(x)) * first(x),
                                      lambda x: (first(x) + second(x)) * second(x)))]  # fmt: skip
    assert same[0] != same[1]
    assert "shared_title(x)" in same[0]


# -- kinks and jumps of one's own -----------------------------------------------------------------------


def hinge(**columns):
    return primitive(
        "hinge", lambda x, k: where(x > k, x - k, 0.0),
        lambda y, x, k: (where(x > k, 1.0, 0.0), where(x > k, -1.0, 0.0)),
        points=[(2.0, 1.0), (0.5, 1.0)], definition="max(x - k, 0)", **columns,
    )  # fmt: skip


def test_a_kink_of_ones_own_is_told_and_checked():
    own = hinge(kinks=lambda x, k: x - k)
    assert check_primitive(own)
    with pytest.warns(KinkWarning, match="the kink of hinge"):
        assert hessian(lambda x: own(x, 1.0))(1.0) == 0.0
    mean = compile(lambda s, x: own(s + x, 1.0), in_axes=(None, 0), reduce="mean")
    with pytest.warns(KinkWarning, match="the kink of hinge"):
        mean.hessian(0.0, np.linspace(0.1, 2.0, 10))
    assert hessian(lambda x: hinge()(x, 1.0))(1.0) == 0.0  # nothing is known of it


def test_two_jumps_of_ones_own():
    stairs = primitive(
        "stairs", lambda x: where(x > 1.0, 1.0, where(x < -1.0, -1.0, 0.0)), lambda y, x: 0.0 * x,
        points=[2.0, 0.5, -3.0], jumps=lambda x: (x - 1.0, x + 1.0),
    )  # fmt: skip
    assert check_primitive(stairs)
    with pytest.warns(KinkWarning, match="the jump of stairs"):
        grad(stairs)(-1.0)


def test_a_kink_that_is_none_or_that_no_points_see_is_wrong():
    square = primitive("square9", lambda x: x * x, lambda y, x: 2.0 * x, points=[2.0, -0.5], kinks=lambda x: x)
    assert "the kinks of square9, term 1, at" in str(check_primitive(square))
    own = hinge(kinks=lambda x, k: x + k)
    assert "points on both sides of it, of which there are none" in str(check_primitive(own))


@pytest.mark.parametrize(
    "kinks",
    [lambda x: x, lambda *xs: xs[0], lambda x, k: None, lambda x, k: (), lambda x, k: "x", 3, lambda x, k: [x, None]],
)
def test_what_says_no_kinks_is_refused(kinks):
    with pytest.raises(ArgumentError, match="kinks"):
        hinge(kinks=kinks)


def test_the_source_of_a_function_that_is_gone_stays_until_the_next_is_defined():
    """linecache walks through its names, and fails if the collector takes one away meanwhile."""
    source = "def twice(x):\n    return 2.0 * x\n"
    twice = define("twice", source, "<twice>", {})
    names = list(linecache.cache)
    del twice
    gc.collect()
    assert all(name in linecache.cache for name in names)
    define("once", "def once(x):\n    return x\n", "<once>", {})
    assert "<twice>" not in linecache.cache
