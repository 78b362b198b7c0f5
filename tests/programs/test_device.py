"""C for devices: every derivative in both precisions, loops over tables, what stands on the stack."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise

import numpy as np
import pytest
import sympy

import autograd
from autograd import (
    Value,
    compile,
    dot,
    exp,
    fixed_point,
    fori_loop,
    logsumexp,
    minimize,
    primitive,
    relu,
    root,
    sin,
    sqrt,
    tanh,
)
from autograd.errors import ArgumentError, GraphError
from autograd.ops.primitive import TABLE, lookup
from autograd.program.builder import Builder
from autograd.program.exports import c_bodies, c_rolled
from autograd.program.exports.c import to_c
from autograd.program.exports.c_single import SINGLE, SINGLE_VALUES
from autograd.program.graph import Operation
from autograd.program.interpreter import interpret
from autograd.program.program import Program
from autograd.program.reading import program_from
from tests.support.compilers import COMPILERS, WARNINGS, called, compiled, run_compiler, works

CLOSE = {"float64": 1e-12, "float32": 1e-6}
SAMPLES = np.random.default_rng(3).uniform(0.5, 1.5, (7, 4))
SOME = ["gcc", *(pytest.param(c, marks=pytest.mark.thorough) for c in COMPILERS if c not in ("gcc", "tcc"))]


def price(x):
    return sin(x[0] * x[1]) + x[2] ** 3 / x[0] + exp(-x[3] * x[1]) * sqrt(x[2])


def track(x):
    return [x[0] + 0.1 * x[2] * autograd.cos(x[3]), x[1] ** 2 - x[2] / x[3], tanh(x[0] * x[3])]


SYMBOLS = sympy.symbols("x:4")
X0, X1, X2, X3 = SYMBOLS
IN_SYMPY = {
    price: [sympy.sin(X0 * X1) + X2**3 / X0 + sympy.exp(-X3 * X1) * sympy.sqrt(X2)],
    track: [X0 + sympy.Rational(1, 10) * X2 * sympy.cos(X3), X1**2 - X2 / X3, sympy.tanh(X0 * X3)],
}


def by_sympy(f, what, places):
    """(y, g, h) of the samples as SymPy has them."""
    outputs = sympy.Matrix(IN_SYMPY[f])
    chosen = [SYMBOLS[i] for i in places]
    parts = [outputs, outputs.jacobian(chosen)]
    if what == "hessian":
        parts.append(sympy.hessian(outputs[0], chosen))
    made = [sympy.lambdify(SYMBOLS, sympy.flatten(part), "mpmath") for part in parts]
    return [np.array([[float(number) for number in one(*row)] for row in SAMPLES.tolist()]) for one in made]


def assert_close(got, expected, dtype, scale=None):
    """To the dtype's bound, relative to the largest number of a kind."""
    for one, other in zip(got, expected, strict=True):
        largest = np.abs(other).max(axis=0) if scale is None else scale
        assert (np.abs(one - other) <= CLOSE[dtype] * np.maximum(np.abs(other), largest)).all(), (one, other)


@pytest.mark.parametrize("argnums", [None, 2, (3, 0), range(1, 3), -1], ids=str)
@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize(
    ("f", "what"), [(price, "gradient"), (price, "hessian"), (price, "jacobian"), (track, "jacobian")]
)
def test_derivatives_are_sympy_s(f, what, dtype, argnums, tmp_path):
    places = [*range(4)] if argnums is None else [argnums % 4] if isinstance(argnums, int) else [*argnums]
    source = compile(f).record(SAMPLES[0]).to_c("f", what=what, argnums=argnums, dtype=dtype)
    expected = by_sympy(f, what, places)
    library = compiled(source, tmp_path, "gcc")
    sizes = [part.shape[1] for part in expected]
    assert_close(called(library, f"f_{what}", SAMPLES, *sizes, dtype=dtype), expected, dtype)
    assert_close(called(library, "f", SAMPLES, sizes[0], dtype=dtype), expected[:1], dtype)


def test_value_alone_is_no_more_than_that():
    source = compile(price).record(SAMPLES[0]).to_c("f", what="value")
    assert source == compile(price).record(SAMPLES[0]).to_c("f", gradient=False)
    assert "f_" not in source.replace("f_batch", "")


def test_second_derivatives_of_a_row_of_one_s_own_need_not_be_symmetric(tmp_path):
    bent = primitive("bent", lambda a, b: a * b, lambda y, a, b: (b * b, a), points=[(1.0, 1.0)])
    program = compile(lambda a, b: bent(a, b)).record(1.0, 2.0)
    library = compiled(program.to_c("f", what="hessian"), tmp_path)
    _, _, h = called(library, "f_hessian", np.array([[3.0, 5.0]]), 1, 2, 4)
    assert h.tolist() == [[0.0, 10.0, 1.0, 0.0]]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"what": "slope"}, "what is 'value', 'gradient', 'jacobian' or 'hessian', got 'slope'"),
        ({"what": "gradient"}, "a gradient is of one number, the program has 3 outputs: ask for what='jacobian'"),
        ({"what": "hessian"}, "a hessian is of one number, the program has 3 outputs"),
        ({"argnums": 4}, "argnums are places of the program's 4 inputs, from 0, got 4"),
        ({"argnums": ()}, "argnums are places of the program's 4 inputs"),
        ({"argnums": True}, "argnums are places of the program's 4 inputs"),
        ({"argnums": (0, -4)}, "argnums name each input once"),
        ({"dtype": "float16"}, "dtype is 'float64' or 'float32', got 'float16'"),
        ({"dtype": 3}, "dtype is 'float64' or 'float32', got 3"),
        ({"stack": -1}, "stack is how many bytes an array may take there, got -1"),
    ],
)
def test_what_cannot_be_is_said(wanted, said):
    program = compile(track).record(SAMPLES[0])
    for refused in (program.to_c, program.to_c_header):
        with pytest.raises(ArgumentError, match=re.escape(said)):
            refused("f", **wanted)


@pytest.mark.parametrize("constant", [1e300, 1e-60])
def test_a_constant_that_single_precision_has_not_is_refused(constant):
    program = compile(lambda x: x + constant).record(1.0)
    with pytest.raises(ArgumentError, match="beyond single precision"):
        program.to_c(dtype="float32")
    assert repr(constant) in program.to_c(dtype="float64")


@pytest.mark.parametrize("solve", [
    lambda a: root(lambda x: x * x - a, 1.0), lambda a: fixed_point(lambda x: tanh(x) + a, 1.0),
    lambda a: minimize(lambda x: (x - a) ** 4 + x * x, 0.0),
    lambda a: fori_loop(0, 3, lambda i, x: root(lambda y: y * y - x - a, 1.0), a),
])  # fmt: skip
def test_what_searches_to_the_digits_of_a_double_is_refused_in_single_precision(solve):
    program = compile(solve).record(2.0)
    for refused in (program.to_c, program.to_c_header):
        with pytest.raises(GraphError, match="which single precision never reaches: ask for dtype='float64'"):
            refused("f", dtype="float32", what="gradient")
    assert "f_gradient" in program.to_c("f", what="gradient")


# -- small powers, and factors of one ---------------------------------------------------------------


@pytest.mark.parametrize("exponent", [-3, -2, -1, 2, 3, 4])
def test_small_whole_powers_are_products(exponent, tmp_path):
    source = compile(lambda x: x**exponent).record(2.0).to_c("f", gradient=False)
    assert "pow" not in source
    at = np.array([[0.0], [-0.0], [np.inf], [-np.inf], [np.nan], [1.7], [-0.3], [1e-154], [3e153], [1e-100], [-1e100]])
    (got,) = called(compiled(source, tmp_path), "f", at, 1)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(got, at ** float(exponent), rtol=1e-15)
        np.testing.assert_array_equal(np.signbit(got[:2]), np.signbit(at[:2] ** float(exponent)))


def test_factors_of_one_are_not_written():
    source = compile(lambda x: x[0] ** 2 + x[1] ** 3 - x[0]).record([1.0, 2.0]).to_c("f")
    assert re.search(r"\b1\.0 \*|\* 1\.0\b", source[source.rindex("void f_gradient(") :]) is None


# -- loops over tables ------------------------------------------------------------------------------


def network(seed, sizes=(5, 7, 6, 2), activation=tanh):
    dice = np.random.default_rng(seed)
    matrices = [dice.normal(size=shape).tolist() for shape in pairwise(sizes)]
    xs = [Value(0.1 * i, name=f"x{i}") for i in range(sizes[0])]
    before = xs
    for matrix in matrices:
        before = [activation(dot([row[j] for row in matrix], before, 0.1 * j - 0.2)) for j in range(len(matrix[0]))]
    return program_from(before, xs)


def convolution(_):
    xs = [Value(0.1 * i, name=f"x{i}") for i in range(12)]
    kernel = [Value(0.3 * i, name=f"k{i}") for i in range(4)]
    return program_from([relu(dot(kernel, xs[i : i + 4])) for i in range(9)], [*xs, *kernel])


def long_sum(_):
    xs = [Value(0.1 * i, name=f"x{i}") for i in range(40)]
    return program_from([autograd.sum([x * x for x in xs]) + dot(xs[:30:2], xs[1:30:2], 0.5), logsumexp(xs[3:9])], xs)


def scattered(_):
    xs = [Value(0.1 * i, name=f"x{i}") for i in range(9)]
    hidden = [tanh(x * 0.5 + 1.0) for x in (*xs[3:], *xs[2::-1])]
    mixed = [hidden[5], xs[0], hidden[1] * hidden[2], hidden[7], xs[8]]
    weights = np.random.default_rng(1).normal(size=(6, 5)).tolist()
    out = [sin(dot(row, mixed)) for row in weights]
    return program_from([*out, out[0] * hidden[3], hidden[0], hidden[0]], xs)


PROGRAMS = {"network": network, "convolution": convolution, "sum": long_sum, "scattered": scattered}


def two_ways(program, monkeypatch, **wanted):
    """The file with loops, and the file without."""
    rolled = to_c(program, "f", what="jacobian", **wanted)
    monkeypatch.setattr(c_rolled, "WORTH", 10**9)
    monkeypatch.setattr(c_rolled, "WORTH_TERMS", 10**9)
    plain = to_c(program, "f", what="jacobian", **wanted)
    monkeypatch.undo()
    return rolled, plain


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_loop_computes_what_the_lines_do_to_the_bit(kind, tmp_path, monkeypatch):
    program = PROGRAMS[kind](0)
    n, m = len(program.inputs), len(program.outputs)
    samples = np.random.default_rng(1).normal(size=(11, n))
    answers = []
    for place, source in enumerate(two_ways(program, monkeypatch)):
        assert ("for (int i" in source) == (place == 0)
        folder = tmp_path / str(place)
        folder.mkdir()
        library = compiled(source, folder)
        answers.append(called(library, "f_jacobian", samples, m, n * m))
    expected = np.stack([np.broadcast_to(y, 11) for y in interpret(program, list(samples.T))], axis=1)
    np.testing.assert_allclose(answers[0][0], expected, rtol=1e-14, atol=1e-15)
    for looped, plain in zip(*answers, strict=True):
        np.testing.assert_array_equal(looped, plain)


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.thorough) for s in range(1, 20))])
@pytest.mark.parametrize("dtype", CLOSE)
def test_random_networks_in_loops(seed, dtype, tmp_path):
    dice = np.random.default_rng(seed)
    sizes = tuple(int(n) for n in dice.integers(1, 12, size=dice.integers(2, 5)))
    program = network(seed, sizes, [tanh, relu, autograd.sigmoid, autograd.softplus][seed % 4])
    n, m = sizes[0], sizes[-1]
    samples = dice.normal(size=(9, n)).astype(np.float32).astype(float)
    source = to_c(program, "f", what="jacobian", dtype=dtype)
    y, g = called(compiled(source, tmp_path), "f_jacobian", samples, m, n * m, dtype=dtype)
    call = compile(lambda x: program.graph(*x), backend="interpreter")
    for row in range(9):
        found = np.array(call.jacobian(samples[row])).reshape(-1)
        assert_close([y[row], g[row]], [np.array(call(samples[row])), found], dtype, scale=10.0)


def test_a_layer_is_one_loop_and_its_weights_stand_once():
    source = to_c(network(0), "f", what="jacobian")
    weights = np.random.default_rng(0).normal(size=(5, 7)).reshape(-1).tolist()
    assert {source.count(f"{abs(weight)!r}") for weight in weights} == {1}
    value = source[source.index("void f(const double *x, double *y)\n") :].split("\n}\n")[0]
    assert value.count("tanh(") == 2 + 2  # two layers as loops, the last of two outputs line by line
    assert len(value) < 1500


def test_a_large_network_stays_small():
    source = to_c(network(0, (30, 40, 40, 10)), "f", what="value", dtype="float32")
    code = re.sub(r"static const.*?;\n", "", source, flags=re.DOTALL)
    assert len(code) < 2200
    assert "switch" not in source


@pytest.mark.parametrize("compiler", [*SOME, "tcc"])
def test_no_compiler_has_anything_to_warn_of(compiler, tmp_path):
    for name, program in {kind: make(0) for kind, make in PROGRAMS.items()}.items():
        for dtype in CLOSE:
            (tmp_path / "f.c").write_text(to_c(program, name, what="jacobian", dtype=dtype), "ascii")
            run_compiler(compiler, *COMPILERS[compiler], "-c", "f.c", "-o", "f.o", folder=tmp_path)


@pytest.mark.parametrize(
    ("compiler", "standard"),
    [
        ("gcc", "c99"),
        ("gcc", "c2x"),
        ("g++", "c++17"),
        pytest.param("clang", "c2x", marks=pytest.mark.thorough),
        pytest.param("clang++", "c++17", marks=pytest.mark.thorough),
    ],
)
def test_standards(compiler, standard, tmp_path):
    language = ["-xc++"] if "++" in compiler else []
    for dtype in CLOSE:
        (tmp_path / f"{dtype}.c").write_text(to_c(network(0, (3, 6, 1)), "f", what="hessian", dtype=dtype), "ascii")
    options = [*WARNINGS, *language, f"-std={standard}", "-fsyntax-only"]
    run_compiler(compiler, *options, *(f"{dtype}.c" for dtype in CLOSE), folder=tmp_path)


# -- the stack --------------------------------------------------------------------------------------

FRAME = 320  # bytes of a frame beside the numbers that the file names: saved registers, addresses, temporaries


def chain(length):
    y = Value(0.3, name="x")
    for _ in range(length):
        y = y * 1.0000001 + 0.5 * sin(y)
    return program_from([y])


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("kind", ["network", "sum", "chain"])
def test_the_stack_holds_what_the_file_says(kind, dtype, tmp_path):
    program = chain(200) if kind == "chain" else PROGRAMS[kind](0)
    source = to_c(program, "f", what="jacobian", dtype=dtype)
    said = {name: int(size.replace(",", "")) for name, size in re.findall(r"(\w+) keeps ([\d,]+) bytes", source)}
    assert said.keys() == {"f", "f_jacobian"}
    (tmp_path / "f.c").write_text(source, "ascii")
    run_compiler("gcc", "-std=c99", "-O0", "-fstack-usage", "-c", "f.c", "-o", "f.o", folder=tmp_path)
    used = {line.split("\t")[0].split(":")[-1]: int(line.split("\t")[1])
            for line in (tmp_path / "f.su").read_text().splitlines()}  # fmt: skip
    for name in said:
        parts = [used[part] for part in used if part.startswith(f"{name}_part")]
        assert used[name] + max(parts, default=0) <= said[name] + FRAME * (1 + bool(parts))
        assert said[name] <= used[name] + max(parts, default=0) + 64 or said[name] < 64


def test_an_array_that_the_stack_has_no_room_for_is_handed_in(tmp_path):
    program = network(0)
    n, m = len(program.inputs), len(program.outputs)
    samples = np.random.default_rng(1).normal(size=(5, n))
    source = to_c(program, "f", what="jacobian", stack=64)
    sizes = works(source)
    assert sizes.keys() == {"f", "f_jacobian"}
    (tmp_path / "work").mkdir()
    work = called(compiled(source, tmp_path / "work"), "f_jacobian", samples, m, n * m, work=sizes["f_jacobian"])
    plain = called(compiled(to_c(program, "f", what="jacobian"), tmp_path), "f_jacobian", samples, m, n * m)
    for one, other in zip(work, plain, strict=True):
        np.testing.assert_array_equal(one, other)
    assert "double *work" in program.to_c_header("f", what="jacobian", stack=64)


def test_a_long_program_uses_its_places_again(tmp_path):
    program = chain(500)
    source = to_c(program, "f", what="value")
    size = int(re.search(r"f keeps ([\d,]+) bytes", source)[1].replace(",", ""))
    assert "f_part2" in source
    assert size < 200
    (got,) = called(compiled(source, tmp_path), "f", np.array([[0.3]]), 1)
    assert got[0, 0] == pytest.approx(program.function(0.3)[0], rel=1e-12)


# -- single precision -------------------------------------------------------------------------------


def rows_in_single():
    """Each row and slope that is computed in floats, but those that add up."""
    adding = {"dot", "sum", "softmax", "log_softmax", "logsumexp"}
    return [row for row in TABLE.values() if row.name in SINGLE_VALUES - adding and not row.variadic and not row.orders]


def program_of(rows, slopes):
    """Values, and slopes where they are asked for, each row on inputs of its own."""
    builder = Builder([f"x{i}" for i in range(sum(len(row.operands) for row in rows))])
    outputs, names, first = [], [], 0
    for row in rows:
        operands = tuple(range(first, first + len(row.operands)))
        first += len(operands)
        outputs.append(builder.emit(Operation(row.name), operands))
        names.append(row.name)
        for i in range(len(operands) if slopes(row) else 0):
            outputs.append(builder.emit(Operation(row.name, i), (outputs[-1 - i], *operands)))
            names.append(f"{row.name}′{i + 1}")
    return Program.of(builder.finish(outputs)), names


@pytest.mark.parametrize("compiler", SOME)
def test_every_row_that_is_said_to_bear_single_precision_does(compiler, tmp_path):
    rows = rows_in_single()
    program, names = program_of(rows, lambda row: row.name in SINGLE)
    dice, columns = np.random.default_rng(5), []
    for row in rows:
        points = np.array([at if isinstance(at, tuple) else (at,) for at in row.points], float)
        edges = np.array([edge.at if isinstance(edge.at, tuple) else (edge.at,) for edge in row.edges], float)
        count = len(row.operands)
        drawn = np.concatenate([dice.normal(0, 3, (400, count)), dice.uniform(-1, 1, (400, count)),
                                np.exp(dice.normal(0, 6, (400, count)))])  # fmt: skip
        stated = [each.reshape(-1, count) for each in (points, edges)]
        columns.append(np.clip(np.concatenate([*stated, drawn])[:1200], -3e38, 3e38))
    samples = np.hstack(columns).astype(np.float32).astype(float)
    source = to_c(program, "f", gradient=False, dtype="float32")
    assert "Computed in double" not in source
    (got,) = called(compiled(source, tmp_path, compiler), "f", samples, len(names), dtype="float32")
    with np.errstate(all="ignore"):
        expected = np.stack([np.broadcast_to(y, len(samples)) for y in interpret(program, list(samples.T))], axis=1)
        rounded = expected.astype(np.float32)
        near = np.abs(got - expected) <= 1e-6 * np.abs(expected) + 2e-38  # the smallest normal float
    right = near | (got == rounded) | (np.isnan(got) & np.isnan(expected))
    right |= np.abs(expected) > 1e38  # where one rounding makes an infinity
    wrong = [(names[j], samples[i], got[i, j], expected[i, j]) for i, j in np.argwhere(~right)]
    assert not wrong, [(name, got, expected) for name, _, got, expected in wrong[:8]]


def test_what_adds_up_is_right_to_the_largest_term(tmp_path):
    xs = [Value(0.1 * i, name=f"x{i}") for i in range(6)]
    outputs = [autograd.sum(xs), dot(xs[:3], xs[3:]), logsumexp(xs), *autograd.softmax(xs), *autograd.log_softmax(xs)]
    program = program_from(outputs, xs)
    samples = np.random.default_rng(1).normal(0, 5, (200, 6)).astype(np.float32).astype(float)
    source = to_c(program, "f", what="jacobian", dtype="float32")
    n = len(outputs)
    y, g = called(compiled(source, tmp_path), "f_jacobian", samples, n, 6 * n, dtype="float32")
    exact = called(
        compiled(to_c(program, "e", what="jacobian"), tmp_path_of(tmp_path)), "e_jacobian", samples, n, 6 * n
    )
    largest = np.maximum(1.0, np.abs(samples).max(axis=1) ** 2)[:, None]
    assert (np.abs(y - exact[0]) <= 1e-6 * largest).all()
    assert (np.abs(g - exact[1]) <= 1e-6 * largest).all()


def tmp_path_of(folder):
    (folder / "double").mkdir()
    return folder / "double"


def test_other_rows_are_computed_in_double_by_name(tmp_path):
    f = lambda x: autograd.digamma(x) * autograd.gelu(-x) + autograd.atan2(x, 2.0)  # noqa: E731  (one expression)
    source = compile(f).record(1.5).to_c("f", dtype="float32")
    said = re.search(r"Computed in double and rounded: (.*)\.", source)[1].split(", ")
    assert {"digamma", "gelu"} <= set(said)
    assert "(float)digamma_value(x[0])" in source
    samples = np.linspace(0.5, 9, 40)[:, None].astype(np.float32).astype(float)
    y, g = called(compiled(source, tmp_path), "f_gradient", samples, 1, 1, dtype="float32")
    value, slopes = compile(f, in_axes=0, backend="numpy").value_and_grad(samples[:, 0])
    np.testing.assert_allclose(y[:, 0], value, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(g[:, 0], slopes, rtol=1e-6, atol=1e-6)


def test_a_row_of_one_s_own_is_computed_in_double(tmp_path):
    near = primitive("near_one", lambda x: (x - 1.0) * 1e8 / 1e8, lambda y, x: 1.0, points=[2.0])
    source = compile(lambda x: near(x)).record(1.5).to_c("f", dtype="float32")
    assert f"Computed in double and rounded: {near.row.name}." in source
    assert lookup(near.row.name) is near.row


def test_tables_in_single_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(c_bodies, "STRAIGHT", 0)
    program = network(0)
    source = to_c(program, "f", what="jacobian", dtype="float32")
    sizes, samples = works(source), np.random.default_rng(1).normal(size=(5, 5))
    y, g = called(compiled(source, tmp_path), "f_jacobian", samples, 2, 10, work=sizes["f_jacobian"], dtype="float32")
    monkeypatch.undo()
    expected = called(
        compiled(to_c(program, "e", what="jacobian"), tmp_path_of(tmp_path)), "e_jacobian", samples, 2, 10
    )
    assert_close([y, g], expected, "float32", scale=10.0)


def test_loops_of_the_program_s_own_in_single_precision(tmp_path):
    def decay(x):
        return autograd.scan(lambda y, _: (y + 0.1 * tanh(x - y), y), 0.0, length=20)[0]

    program = compile(decay).record(0.5)
    source = program.to_c("f", what="gradient", dtype="float32")
    samples = np.array([[0.5], [-1.0], [2.0]])
    sizes = works(source)
    y, g = called(
        compiled(source, tmp_path), "f_gradient", samples, 1, 1, work=sizes.get("f_gradient", 0), dtype="float32"
    )
    found = [compile(decay).value_and_grad(float(x)) for x in samples[:, 0]]
    np.testing.assert_allclose(np.hstack([y, g]), found, rtol=2e-6)


def test_a_fault_in_a_stride_is_seen(tmp_path, monkeypatch):
    """What the tests above look at would show a loop that reads beside its numbers."""
    program = network(0)
    source = to_c(program, "f", what="value").replace("5 * i + j", "5 * i + 4 - j")
    samples = np.random.default_rng(1).normal(size=(3, 5))
    (got,) = called(compiled(source, tmp_path), "f", samples, 2)
    expected = np.stack(interpret(program, list(samples.T)), axis=1)
    assert np.abs(got - expected).max() > 1e-3


def test_the_code_is_small(tmp_path):
    (tmp_path / "f.c").write_text(to_c(network(0, (5, 6, 1)), "f", what="value"), "ascii")
    run_compiler("gcc", "-std=c99", "-Os", "-c", "f.c", "-o", "f.o", folder=tmp_path)
    sizes = subprocess.run(["size", "f.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert int(sizes.splitlines()[1].split()[0]) < 1300  # code, constants and unwinding tables


# -- slopes that have much in common ------------------------------------------------------------------


def bearing(x):
    return [sqrt(x[0] * x[0] + x[1] * x[1]), autograd.atan2(x[1], x[0])]


def several_bearings(x):
    return [autograd.atan2(x[1], x[0]), autograd.atan2(x[0], 2.0)]


def bearings_of_a_loop(x):
    return autograd.scan(lambda y, _: (autograd.atan2(y, x[0] * y), y), x[1], length=3)[0]


@pytest.mark.parametrize(
    ("f", "dtype", "functions"),
    [
        (bearing, "float64", set()),
        (bearing, "float32", {"atan2_slope1", "atan2_slope2"}),  # whose squares a float does not hold
        (several_bearings, "float64", {"atan2_slope1", "atan2_slope2"}),
        (bearings_of_a_loop, "float64", {"atan2_slope1", "atan2_slope2"}),
    ],
)
def test_slopes_of_one_node_are_written_together(f, dtype, functions):
    source = compile(f).record(np.ones(2)).to_c("f", what="jacobian", dtype=dtype)
    assert set(re.findall(r"static double (\w+slope\w*)\(", source)) == functions


@pytest.mark.filterwarnings("ignore:the first derivative leaves out")  # at the jump of atan2, which is among the points
def test_slopes_written_together_are_those_of_the_graph_to_the_bit(tmp_path):
    sizes = [0.0, -0.0, 1.0, -2.5, 3e-200, 1e-310, 4e200, np.inf, -np.inf, np.nan]
    samples = np.array([(a, b) for a in sizes for b in sizes])
    library = compiled(compile(bearing).record(np.ones(2)).to_c("f", what="jacobian"), tmp_path)
    _, g = called(library, "f_jacobian", samples, 2, 4)
    np.testing.assert_array_equal(g, [np.ravel(autograd.jacobian(bearing)(row)) for row in samples])
    of_plain_size = np.isin(samples, (1.0, -2.5)).all(axis=1)
    a, b = samples[of_plain_size].T
    np.testing.assert_allclose(g[of_plain_size, 2:], np.stack([-b, a], 1) / (a * a + b * b)[:, None], rtol=1e-15)


def test_a_bearing_is_as_small_as_its_scaling_allows(tmp_path):
    (tmp_path / "f.c").write_text(compile(bearing).record(np.ones(2)).to_c("f", what="jacobian"), "ascii")
    run_compiler("gcc", "-std=c99", "-Os", "-c", "f.c", "-o", "f.o", folder=tmp_path)
    listed = subprocess.run(["nm", "-S", "f.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    sizes = {words[3]: int(words[1], 16) for words in map(str.split, listed.splitlines()) if len(words) == 4}
    assert sizes["f_jacobian"] < 450  # with a function for each slope it is beyond 520
