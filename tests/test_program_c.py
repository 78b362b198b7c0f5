"""C99 from programs: clean under gcc's warnings, and equal to the interpreter at every row's points and beyond."""

from __future__ import annotations

import ctypes
import itertools
import math
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.errors import ArgumentError
from autograd.ops.primitive import TABLE, Primitive
from autograd.program.builder import Builder
from autograd.program.exports import c
from autograd.program.exports.c import INDEXED, to_c, with_jacobian
from autograd.program.graph import program_from
from autograd.program.interpreter import interpret
from autograd.program.program import Operation, Program

GCC = shutil.which("gcc")
pytestmark = pytest.mark.skipif(GCC is None, reason="there is no gcc")
FLAGS = "-std=c99 -pedantic -Wall -Wextra -Werror -O1 -shared -fPIC".split()
DOUBLES = ctypes.POINTER(ctypes.c_double)
HARD = (math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e-9, 0.5, -1.0, 2.0, -18.0, 40.0, -745.0, 1000.0, 1e6)
ULPS = 16 * 2.0**-53


def compiled(source: str, folder: Path) -> ctypes.CDLL:
    """The library that gcc makes of a file, without a warning."""
    (folder / "f.c").write_text(source, "utf-8")
    made = subprocess.run([GCC, *FLAGS, "f.c", "-o", "f.so", "-lm"], cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[:3000]
    return ctypes.CDLL(str(folder / "f.so"))


def called(library: ctypes.CDLL, name: str, samples: np.ndarray, *columns: int, work: int = 0) -> list[np.ndarray]:
    """What `name`_batch writes: an array of so many columns for each result."""
    results = [np.full((len(samples), n), 77.0) for n in columns]
    arrays = [np.ascontiguousarray(samples), *results, *([np.empty(work)] if work else [])]
    function = getattr(library, f"{name}_batch")
    function(ctypes.c_size_t(len(samples)), *(a.ctypes.data_as(DOUBLES) for a in arrays))
    return results


def assert_equal(got: np.ndarray, expected: np.ndarray, names: list[str], absolute: float = 0.0) -> None:
    close = np.isclose(got, expected, rtol=ULPS, atol=absolute, equal_nan=True)
    wrong = [(names[j], got[i, j], expected[i, j]) for i, j in np.argwhere(~close)]
    assert not wrong, wrong[:8]


def in_python(program: Program, samples: np.ndarray) -> np.ndarray:
    outputs = interpret(program, list(samples.T))
    return np.stack([np.broadcast_to(output, len(samples)) for output in outputs], axis=1)


# -- the table --------------------------------------------------------------------------------------


def places(row: Primitive) -> list[tuple[float, ...]]:
    """A row's points, its edges, hard numbers and drawn ones."""
    stated = [tuple(map(float, at)) for at in (*row.points, *(edge.at for edge in row.edges))]
    if row.name in ("polygamma", "power_log"):  # whose first operand is a small whole number
        return stated
    if row.variadic:
        vectors = [v for n in (1, 2) for v in itertools.product((math.nan, math.inf, -math.inf, 0.5), repeat=n)]
        return stated + ([(0.0, *v) for v in vectors] if row.name in INDEXED else vectors)
    dice, count = random.Random(row.name), len(row.operands)
    hard = [(x,) for x in HARD] if count == 1 else [tuple(dice.choices(HARD, k=count)) for _ in range(40)]
    return [*stated, *hard, *(tuple(dice.gauss(0, 3) for _ in range(count)) for _ in range(10))]


def program_of_rows(cases: list[tuple[Primitive, tuple[float, ...]]]) -> tuple[Program, list[str]]:
    """The value and all slopes of each row, each on inputs of its own; and what the outputs are called."""
    leads = [1 if row.name in INDEXED else 0 for row, _ in cases]
    sizes = [len(at) - lead for (_, at), lead in zip(cases, leads, strict=True)]
    builder = Builder([f"x{i}" for i in range(sum(sizes))])
    outputs, names, first = [], [], 0
    for (row, at), lead, size in zip(cases, leads, sizes, strict=True):
        operands = (*map(builder.constant, at[:lead]), *range(first, first + size))
        first += size
        y = builder.emit(Operation(row.name), operands)
        outputs += [y, *(builder.emit(Operation(row.name, i), (y, *operands)) for i in range(lead, len(at)))]
        names += [row.name, *(f"{row.name}′{i + 1}" for i in range(lead, len(at)))]
    return builder.finish(outputs), names


@pytest.mark.parametrize("largest", [c.STRAIGHT, 0], ids=["straight", "tables"])
def test_every_row_and_slope_equals_the_interpreter_s(largest, tmp_path, monkeypatch):
    monkeypatch.setattr(c, "STRAIGHT", largest)
    plain = [(row, places(row)) for row in TABLE.values() if not row.variadic]
    program, names = program_of_rows([(row, at[0]) for row, at in plain])
    longest = max(len(at) for _, at in plain)
    samples = np.array([[x for _, at in plain for x in at[i % len(at)]] for i in range(longest)])
    library = compiled(to_c(program, gradient=False), tmp_path)
    work = 0 if largest else program.first + len(program)
    (got,) = called(library, "f", samples, len(names), work=work)
    expected = in_python(program, samples)
    tiny = np.array([1e-14 if name.startswith(("lgamma", "digamma", "polygamma")) else 1e-300 for name in names])
    assert_equal(got, expected, names, tiny)  # near their zeros Python's own lgamma loses digits, and so do these


@pytest.mark.parametrize("largest", [c.STRAIGHT, 0], ids=["straight", "tables"])
def test_rows_of_many_operands_equal_eager_floats(largest, tmp_path, monkeypatch):
    monkeypatch.setattr(c, "STRAIGHT", largest)
    cases = [(row, at) for row in TABLE.values() if row.variadic for at in places(row)]
    program, names = program_of_rows(cases)
    samples = np.array([[x for row, at in cases for x in at[row.name in INDEXED :]]], float)
    library = compiled(to_c(program, gradient=False), tmp_path)
    (got,) = called(library, "f", samples, len(names), work=0 if largest else program.first + len(program))
    expected = []
    for row, at in cases:
        y = row.float(*at)
        slopes = row.float_slopes(y, *at)[row.name in INDEXED :]
        expected += [y, *slopes]
    assert_equal(got, np.array([expected], float), names, 1e-300)


# -- programs ---------------------------------------------------------------------------------------


def random_program(seed: int, inputs: int = 4, nodes: int = 60) -> Program:
    """Rows at random on each other's results."""
    dice = random.Random(seed)
    rows = [row for row in TABLE.values() if not row.variadic and row.name not in ("polygamma", "power_log", "rrelu")]
    values = [Value(dice.uniform(0.2, 0.8), name=f"x{i}") for i in range(inputs)]
    leaves = values[:]
    for _ in range(nodes):
        row = dice.choice(rows)
        made = getattr(autograd, row.name)(*dice.choices(values, k=len(row.operands)))
        values.append(autograd.sigmoid(made))
    return program_from([autograd.dot(values[-4:-2], values[-2:], 0.5), autograd.logsumexp(values[-6:])], leaves)


@pytest.mark.parametrize("seed", range(6))
def test_random_programs_with_their_jacobian(seed, tmp_path):
    program = random_program(seed)
    samples = np.random.default_rng(seed).uniform(-2, 2, (50, 4))
    library = compiled(to_c(program, "wild"), tmp_path)
    y, g = called(library, "wild_gradient", samples, 2, 8)
    (alone,) = called(library, "wild", samples, 2)
    expected = in_python(with_jacobian(program), samples)
    close = {"rtol": 1e-9, "atol": 1e-12, "equal_nan": True}  # what a node loses grows on its way
    np.testing.assert_allclose(np.hstack([y, g]), expected, **close)
    np.testing.assert_array_equal(alone, y)


def test_one_point_reads_as_the_listing_does_and_computes_the_gradient(tmp_path):
    x, y = Value(2.0, name="x"), Value(3.0, name="y */ /*")
    source = to_c(program_from([x * autograd.tanh(y)], [x, y]), "price")
    assert "const double t1 = tanh(x[1]);" in source
    assert " * x[1] is y * / / *" in source.splitlines()
    library = compiled(source, tmp_path)
    point, value, gradient = np.array([2.0, 3.0]), np.zeros(1), np.zeros(2)
    library.price_gradient(*(a.ctypes.data_as(DOUBLES) for a in (point, value, gradient)))
    assert value[0] == pytest.approx(2 * math.tanh(3), rel=1e-15)
    assert gradient == pytest.approx([math.tanh(3), 2 / math.cosh(3) ** 2], rel=1e-15)


def test_a_large_program_becomes_tables_that_gcc_compiles(tmp_path):
    x = y = Value(0.3, name="x")
    for _ in range(c.STRAIGHT):
        y = y * 1.0000001 + 0.5 * autograd.sin(y)
    program = program_from([y])
    source = to_c(program)
    jacobian = with_jacobian(program)
    work = jacobian.first + len(jacobian)
    assert f"f_gradient needs work[{work}]." in source
    value, slope = called(compiled(source, tmp_path), "f_gradient", np.array([[0.3], [0.4]]), 1, 1, work=work)
    x.data = 0.3
    y.backward()
    assert value[0, 0] == pytest.approx(y.data, rel=1e-12)
    assert slope[0, 0] == pytest.approx(x.grad, rel=1e-9)


def test_a_program_that_reads_no_input_is_clean_too(tmp_path):
    builder = Builder(["x"])
    library = compiled(to_c(builder.finish([builder.constant(4.0)])), tmp_path)
    y, g = called(library, "f_gradient", np.zeros((2, 1)), 1, 1)
    assert y.tolist() == [[4.0], [4.0]]
    assert g.tolist() == [[0.0], [0.0]]


@pytest.mark.parametrize("name", ["", "2f", "f-g", "double", "exp", "_f", "f\n"])
def test_a_name_that_c_cannot_have(name):
    with pytest.raises(ArgumentError, match="free identifier of C"):
        to_c(program_from([Value(1.0) * 2]), name)


def test_a_component_that_is_computed_is_refused():
    builder = Builder(["i", "x"])
    program = builder.finish([builder.emit(Operation("softmax", 1), (1, 0, 1, 1))])
    with pytest.raises(ArgumentError, match="must be a constant"):
        to_c(program, gradient=False)
