"""C from programs: clean for every compiler and standard, equal to the interpreter at every row's points and beyond."""

from __future__ import annotations

import ctypes
import itertools
import math
import random
import re
from functools import cache

import numpy as np
import pytest

import autograd
from autograd import Value
from autograd.errors import ArgumentError
from autograd.ops.primitive import TABLE, Primitive
from autograd.program.builder import Builder
from autograd.program.exports import c_bodies as c
from autograd.program.exports import c_straight
from autograd.program.exports.c import to_c, to_c_header
from autograd.program.exports.derivatives import with_jacobian
from autograd.program.graph import Operation
from autograd.program.interpreter import interpret
from autograd.program.program import Program
from autograd.program.reading import program_from
from tests.support.compilers import COMPILERS, DOUBLES, WARNINGS, called, compiled, run_compiler

STANDARDS = {  # the first and the last, and those between where they are quick to ask
    "gcc": ["c99", "c11", "c17", "c2x"],
    "clang": ["c99", "c2x"],
    "g++": ["c++11", "c++2b"],
    "clang++": ["c++11", "c++2b"],
}
HARD = (math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e-9, 0.5, -1.0, 2.0, -18.0, 40.0, -745.0, 1000.0, 1e6)
ULPS = 16 * 2.0**-53


def assert_equal(got: np.ndarray, expected: np.ndarray, names: list[str], absolute: float = 0.0) -> None:
    with np.errstate(invalid="ignore"):
        near = np.abs(got - expected) <= absolute + ULPS * np.abs(expected)  # before NumPy 2 isclose takes one atol
    close = near | (got == expected) | (np.isnan(got) & np.isnan(expected))
    wrong = [(names[j], got[i, j], expected[i, j]) for i, j in np.argwhere(~close)]
    assert not wrong, wrong[:8]


def in_python(program: Program, samples: np.ndarray) -> np.ndarray:
    outputs = interpret(program, list(samples.T))
    return np.stack([np.broadcast_to(output, len(samples)) for output in outputs], axis=1)


# -- the table --------------------------------------------------------------------------------------


def places(row: Primitive) -> list[tuple[float, ...]]:
    """A row's points, its edges, hard numbers and drawn ones."""
    stated = [tuple(map(float, at)) for at in (*row.points, *(edge.at for edge in row.edges))]
    if row.orders:
        return stated
    if row.variadic:
        vectors = [v for n in (1, 2) for v in itertools.product((math.nan, math.inf, -math.inf, 0.5), repeat=n)]
        return stated + ([(0.0, *v) for v in vectors] if row.leading else vectors)
    dice, count = random.Random(row.name), len(row.operands)
    hard = [(x,) for x in HARD] if count == 1 else [tuple(dice.choices(HARD, k=count)) for _ in range(40)]
    return [*stated, *hard, *(tuple(dice.gauss(0, 3) for _ in range(count)) for _ in range(10))]


def program_of_rows(cases: list[tuple[Primitive, tuple[float, ...]]]) -> tuple[Program, list[str]]:
    """The value and all slopes of each row, each on inputs of its own; and what the outputs are called."""
    leads = [1 if row.has_index else 0 for row, _ in cases]
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


def in_both_forms(program: Program, monkeypatch, name: str = "f", gradient: bool = False) -> dict[str, str]:
    """The file as straight-line code, and as tables."""
    straight = to_c(program, name, gradient)
    monkeypatch.setattr(c, "STRAIGHT", 0)
    return {"straight": straight, "tables": to_c(program, name, gradient)}


@pytest.mark.parametrize(
    "compiler", [c if c in ("gcc", "tcc") else pytest.param(c, marks=pytest.mark.thorough) for c in COMPILERS]
)
def test_every_row_and_slope_equals_the_interpreter_s_with_every_compiler(compiler, tmp_path, monkeypatch):
    plain = [(row, places(row)) for row in TABLE.values() if not row.variadic]
    program, names = program_of_rows([(row, at[0]) for row, at in plain])
    longest = max(len(at) for _, at in plain)
    samples = np.array([[x for _, at in plain for x in at[i % len(at)]] for i in range(longest)])
    expected = in_python(program, samples)
    tiny = np.array(
        [
            1e-14
            if name.startswith(("lgamma", "digamma", "polygamma", "gammainc", "betainc"))
            else 1e-15  # near their zeros terms cancel, and NumPy's exp and log round otherwise before NumPy 2
            if name.startswith(("betaln", "i1e", "silu"))
            else 1e-300
            for name in names
        ]
    )
    far = np.array([1e-13 * name.startswith(("beta′", "beta_a")) for name in names])  # exp(-456) with another log
    tiny = tiny + far * np.nan_to_num(np.abs(expected), posinf=0.0)
    for form, source in in_both_forms(program, monkeypatch).items():
        (tmp_path / form).mkdir()
        library = compiled(source, tmp_path / form, compiler)
        (got,) = called(library, "f", samples, len(names), work=work_of(source))
        assert_equal(got, expected, names, tiny)  # near their zeros Python's lgamma loses digits, and so do these


@pytest.mark.parametrize("compiler", ["gcc", "g++", "tcc"])
def test_rows_of_many_operands_equal_eager_floats(compiler, tmp_path, monkeypatch):
    cases = [(row, at) for row in TABLE.values() if row.variadic for at in places(row)]
    program, names = program_of_rows(cases)
    samples = np.array([[x for row, at in cases for x in at[row.has_index :]]], float)
    expected = []
    for row, at in cases:
        y = row.float(*at)
        slopes = row.float_slopes(y, *at)[row.has_index :]
        expected += [y, *(0.0 if slope is None else slope for slope in slopes)]
    for form, source in in_both_forms(program, monkeypatch).items():
        (tmp_path / form).mkdir()
        library = compiled(source, tmp_path / form, compiler)
        (got,) = called(library, "f", samples, len(names), work=work_of(source))
        assert_equal(got, np.array([expected], float), names, 1e-300)


def work_of(source: str, name: str = "f") -> int:
    """How many numbers the file says that the work array has to hold."""
    found = re.search(rf"^ \* {name} needs work\[(\d+)\]\.$", source, re.MULTILINE)
    return int(found[1]) if found else 0


@cache
def every_row(name: str = "f") -> dict[str, str]:
    """A file with every row, in both forms."""
    rows = [(row, (0.0, 0.3, 0.7, 0.2) if row.variadic else places(row)[0]) for row in TABLE.values()]
    with pytest.MonkeyPatch.context() as patches:
        return in_both_forms(program_of_rows(rows)[0], patches, name)


@pytest.mark.parametrize("compiler", STANDARDS)
def test_no_standard_of_c_or_c_plus_plus_has_anything_to_warn_of(compiler, tmp_path):
    for form, source in every_row().items():
        (tmp_path / f"{form}.c").write_text(source, "ascii")
    language = ["-xc++"] if "++" in compiler else []
    for standard in STANDARDS[compiler]:
        arguments = [f"-std={standard}", "-fsyntax-only", "straight.c", "tables.c"]
        run_compiler(compiler, *WARNINGS, *language, *arguments, folder=tmp_path)


# -- programs ---------------------------------------------------------------------------------------


def random_program(seed: int, inputs: int = 4, nodes: int = 60) -> Program:
    """Rows at random on each other's results."""
    dice = random.Random(seed)
    rows = [row for row in TABLE.values() if not row.variadic and not row.orders and row.name != "rrelu"]
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
    x, y = Value(2.0, name="x"), Value(3.0, name="W¹₂₁")
    source = to_c(program_from([x * autograd.tanh(y)], [x, y]), "price")
    assert "const double t1 = tanh(x[1]);" in source
    assert " * x[1] is W^1_21" in source.splitlines()
    library = compiled(source, tmp_path)
    point, value, gradient = np.array([2.0, 3.0]), np.zeros(1), np.zeros(2)
    library.price_gradient(*(a.ctypes.data_as(DOUBLES) for a in (point, value, gradient)))
    assert value[0] == pytest.approx(2 * math.tanh(3), rel=1e-15)
    assert gradient == pytest.approx([math.tanh(3), 2 / math.cosh(3) ** 2], rel=1e-15)


def test_a_vector_is_written_once_however_often_it_is_needed():
    xs = [Value(0.1 * i, name=f"x{i}") for i in range(3)]
    source = to_c(program_from([*autograd.softmax([x * x for x in xs]), autograd.logsumexp(xs)], xs), gradient=False)
    assert source.count("const double v1[] = {t1, t2, t3};") == 1
    assert "softmax_value(1.0, 3, v1)" in source
    assert "logsumexp_value(3, x)" in source


def test_each_part_of_a_long_function_makes_the_vectors_that_it_needs(tmp_path):
    leaves = [Value(0.1 * i, name=f"x{i}") for i in range(3)]
    squares = [x * x for x in leaves]
    y = autograd.logsumexp(squares)
    for _ in range(c_straight.PART):
        y = y * 0.5
    program = program_from([y * autograd.softmax(squares)[1]], leaves)
    samples = np.array([[0.1, 0.2, 0.3], [3.0, -1.0, 2.0]])
    (got,) = called(compiled(to_c(program, gradient=False), tmp_path), "f", samples, 1)
    np.testing.assert_allclose(got, in_python(program, samples), rtol=1e-12)


@pytest.mark.parametrize("largest", [500, pytest.param(c.STRAIGHT, marks=pytest.mark.thorough)])
def test_a_large_program_becomes_tables_that_gcc_compiles(largest, tmp_path, monkeypatch):
    monkeypatch.setattr(c, "STRAIGHT", largest)
    x = y = Value(0.3, name="x")
    for _ in range(largest):
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


@pytest.mark.parametrize("largest", [c.STRAIGHT, 0], ids=["straight", "tables"])
def test_vectors_of_infinities_equal_the_interpreter_s(largest, tmp_path, monkeypatch):
    monkeypatch.setattr(c, "STRAIGHT", largest)
    x = [Value(0.5) for _ in range(3)]
    outputs = [*autograd.softmax(x), *autograd.log_softmax(x), autograd.logsumexp(x)]
    program = program_from(outputs, x)
    samples = np.array(list(itertools.product((math.inf, -math.inf, math.nan, 0.5, -800.0), repeat=3)))
    source = to_c(program, gradient=False)
    (got,) = called(compiled(source, tmp_path), "f", samples, len(outputs), work=0 if largest else work_of(source))
    np.testing.assert_allclose(got, in_python(program, samples), rtol=1e-13)


@pytest.mark.thorough
def test_a_table_s_operands_stand_in_the_work_array(tmp_path):
    x = [Value(0.1 * (i % 7)) for i in range(300_000)]  # more than a small stack would hold
    program = program_from([autograd.logsumexp(x)], x)
    source = to_c(program, gradient=False)
    assert work_of(source) >= 2 * len(x)
    (got,) = called(compiled(source, tmp_path), "f", np.array([[v.data for v in x]]), 1, work=work_of(source))
    assert got[0, 0] == pytest.approx(program.function(*(v.data for v in x))[0])


def test_a_program_that_reads_no_input_is_clean_too(tmp_path):
    builder = Builder(["x"])
    library = compiled(to_c(builder.finish([builder.constant(4.0)])), tmp_path)
    y, g = called(library, "f_gradient", np.zeros((2, 1)), 1, 1)
    assert y.tolist() == [[4.0], [4.0]]
    assert g.tolist() == [[0.0], [0.0]]


# -- names ------------------------------------------------------------------------------------------

BREAKING_OUT = (
    "*/ int puts(const char *); __attribute__((constructor)) static void e(void) { puts(\"RAN\"); } /*",
    "*\\\n/ #error joined\n/\\\n*",
    "*??/\n/ #error trigraph\n/??/\n*",
    "*\\ \n/ #error blank\n", "\\", "??/", "*", "/", "*\r/ #error return", "\u2028*/", "\0*/\x1b]0;owned\x07", "\u202e",
    "\ud800", "W¹₁", "σ/*", "w" * 100_000, "", "%s", "//", "*" * 100, "?" * 100,
)  # fmt: skip


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_name_in_a_comment_stays_in_the_comment(compiler, tmp_path):
    program = program_from([Value(1.0, name="x") * Value(2.0)] + [2.0 * Value(1.0, name=name) for name in BREAKING_OUT])
    source = to_c(program) + to_c_header(program)
    assert len(source) < 30_000
    assert all(character == "\n" or 32 <= ord(character) < 127 for character in source)
    code = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    assert "#error" not in code
    assert "puts" not in code
    (tmp_path / "f.c").write_text(source, "ascii")
    run_compiler(
        compiler, *COMPILERS[compiler], "-c", "f.c", "-o", "f.o", folder=tmp_path
    )  # -Wcomment, -Wtrigraphs too


def is_refused(name: object) -> bool:
    try:
        to_c(program_from([Value(1.0) * 2]), name)
    except ArgumentError:
        return True
    return False


REFUSED = (
    "2f f-g f() é ｆ double restrict inline bool nullptr typeof class template and xor co_await char8_t main exp sin"
    " sinf sinf128 cabs lgamma tgamma y0 j1 gamma printf malloc size_t NULL INFINITY M_PI HUGE isnan isfancy strong"
    " total member atomic_x _f _F f__g E2 EDOM SIGINT FE_X SEEK_SET uint8_t read write index open time environ x y g t"
    " v w i k n a r t1 t23 v4 work samples low alpha condition tanh_slope power_slope2 softmax_slope3_of3_at1"
    " sech_value polygamma_right bernoulli rising GLASSGRAD_f_H linux"
).split()


@pytest.mark.parametrize("name", ["", "f\n", "f g", "f" * 10_000_000 + "-", 3, None, *REFUSED])
def test_a_name_that_is_not_free_is_refused(name):
    with pytest.raises(ArgumentError, match="name is what the C function is called") as refused:
        to_c_header(program_from([Value(1.0) * 2]), name)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "name", "f F price net my_loss sigmoid softmax tanh_ gradient batch option ti strike1 X1 t1x".split()
)
def test_a_name_that_is_free_is_taken(name):
    refused = is_refused(name)
    assert refused == (name in ("tanh_", "strike1"))  # tanh__batch, and str… is the standard's


def test_no_word_of_the_files_is_free(monkeypatch):
    """Whatever is said in a file with every row, a function may not be called so."""
    words = set[str]()
    for source in [*in_both_forms(random_program(1), monkeypatch, "zzz").values(), *every_row("zzz").values()]:
        code = re.sub(r"/\*.*?\*/|\"C\"|^#.*?$|\b[0-9][\w.+-]*", "", source, flags=re.DOTALL | re.MULTILINE)
        words.update(re.findall(r"\b[A-Za-z]\w*", code))
    assert {word for word in words if not word.startswith("zzz") and not is_refused(word)} == set()


def test_no_name_of_the_headers_is_free(tmp_path):
    """What gcc finds in the headers of C99, and in those that the file includes with all extensions."""
    standard = (
        "complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdarg stdbool stddef stdint"
    )
    files = {"-std=c99": [*standard.split(), *"stdio stdlib string tgmath time wchar wctype".split()],
             "-D_GNU_SOURCE": ["math", "stddef"]}  # fmt: skip
    found = set[str]()
    for option, headers in files.items():
        (tmp_path / "h.c").write_text("".join(f"#include <{header}.h>\n" for header in headers))
        for kind, pattern in (("-dD", r"#define ([A-Za-z]\w*)"), ("-P", r"\b([A-Za-z]\w*) *\(")):
            run_compiler("gcc", option, "-E", kind, "h.c", "-o", "h.i", folder=tmp_path)
            found.update(re.findall(pattern, (tmp_path / "h.i").read_text()))
    assert len(found) > 1500
    assert {name for name in found if not is_refused(name)} == set()


# -- the header -------------------------------------------------------------------------------------

CALLER = """
#include "net.h"
#include "net.h"
extern "C" double second(const double *x) { double y[1], g[2]; net_gradient(x, y, g); return y[0] + g[1]; }
"""


def test_c_plus_plus_calls_what_c_compiled_by_the_header(tmp_path):
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    program = program_from([x * y * y], [x, y])
    (tmp_path / "net.h").write_text(program.to_c_header("net"), "ascii")
    (tmp_path / "net.c").write_text('#include "net.h"\n' + program.to_c("net"), "ascii")
    (tmp_path / "caller.cc").write_text(CALLER, "ascii")
    run_compiler("gcc", *COMPILERS["gcc"], "-fPIC", "-c", "net.c", "-o", "net.o", folder=tmp_path)
    run_compiler("g++", *WARNINGS, "-shared", "-fPIC", "caller.cc", "net.o", "-o", "f.so", folder=tmp_path)
    library = ctypes.CDLL(str(tmp_path / "f.so"))
    library.second.restype = ctypes.c_double
    assert library.second((ctypes.c_double * 2)(2.0, 3.0)) == 2 * 9 + 2 * 2 * 3


def test_a_header_and_its_file_agree_where_there_is_a_work_array(tmp_path, monkeypatch):
    monkeypatch.setattr(c, "STRAIGHT", 0)
    program = program_from([Value(2.0, name="x") * 3.0])
    (tmp_path / "f.h").write_text(program.to_c_header(), "ascii")
    (tmp_path / "f.c").write_text('#include "f.h"\n' + program.to_c(), "ascii")
    assert "double *work);" in program.to_c_header()
    run_compiler("gcc", *COMPILERS["gcc"], "-c", "f.c", "-o", "f.o", folder=tmp_path)
    assert program.to_c_header(gradient=False).count("void f") == 2


def test_a_component_that_is_computed_is_refused():
    builder = Builder(["i", "x"])
    program = Builder.finish.__wrapped__(builder, [builder.emit(Operation("softmax", 1), (1, 0, 1, 1))])
    with pytest.raises(ArgumentError, match="must be a constant"):
        to_c(program, gradient=False)
