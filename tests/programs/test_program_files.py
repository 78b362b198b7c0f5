"""Programs as source, as pickles and in files: they come back whole, or are refused with one clear error."""

from __future__ import annotations

import contextlib
import inspect
import json
import pickle
import traceback
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import FileFormatError, Value, compile, load_program, tanh
from autograd import sum as sum_of
from autograd.ops import primitive
from autograd.ops.primitive import TABLE
from autograd.program.interpreter import interpret
from autograd.program.passes.adjoint import with_gradient
from autograd.program.program import Program
from autograd.program.reading import program_from
from autograd.program.saving import FORMAT
from tests.engine.test_random_graphs import build, plans

POINT = [0.5, -1.25]


def example():
    """A program with constants, a dot, a slope, a where and a softmax."""
    x, y = Value(0.5, name="x"), Value(-1.25, name="w[0]")
    z = autograd.dot([x, y, 2.0], [y, x, y], -0.5)
    root = autograd.tanh(z) * autograd.where(x > 0, y**2, 1 / y) + autograd.softmax([x, y, z])[1]
    return Program.of(with_gradient(program_from([root], [x, y]), [0, 1]))


def same(a, b):
    arrays = ("constants", "code", "starts", "operands", "outputs")
    return (a.inputs, a.operations) == (b.inputs, b.operations) and all(
        getattr(a, name).dtype == getattr(b, name).dtype and np.array_equal(getattr(a, name), getattr(b, name))
        for name in arrays
    )


def test_a_program_comes_back_from_a_file_and_from_a_pickle(tmp_path):
    program = example()
    program.save(tmp_path / "program.npz")
    assert same(load_program(tmp_path / "program.npz"), program)
    assert same(pickle.loads(pickle.dumps(program)), program)
    assert load_program(tmp_path / "program.npz").text() == program.text()
    assert [path.name for path in tmp_path.iterdir()] == ["program.npz"]


def test_the_same_function_gives_the_same_program_every_time():
    texts = {str(example()) for _ in range(3)}
    assert len(texts) == 1


def test_a_file_that_is_cut_off_or_damaged_is_refused(tmp_path):
    whole = tmp_path / "whole.npz"
    example().save(whole)
    content = whole.read_bytes()
    for length in range(0, len(content) - 1, max(1, len(content) // 25)):
        (tmp_path / "cut.npz").write_bytes(content[:length])
        with pytest.raises(FileFormatError, match=r"cut\.npz"):
            load_program(tmp_path / "cut.npz")
    for at in range(0, len(content), max(1, len(content) // 60)):
        flipped = bytearray(content)
        flipped[at] ^= 0x10
        (tmp_path / "flipped.npz").write_bytes(flipped)
        with contextlib.suppress(FileFormatError):
            assert same(load_program(tmp_path / "flipped.npz"), example())  # a bit that says nothing: a date


def rewritten(source, target, **changes):
    """Copy a saved program with some of its parts changed."""
    with np.load(source) as archive:
        parts = {name: archive[name] for name in archive.files}
    description = json.loads(str(parts["program"]))
    for name, change in changes.items():
        if name in parts:
            parts[name] = change(parts[name])
        else:
            description[name] = change(description.get(name))
    np.savez(target, **{**parts, "program": np.array(json.dumps(description))})


def put(place, number):
    def change(array):
        array = array.copy()
        array[place] = number
        return array

    return change


@pytest.mark.parametrize(("part", "change", "told"), [
    ("format", lambda _: "other", "not a saved program"),
    ("version", lambda v: v + 1, "version 3 .* update the library"),
    ("version", lambda _: 0, "that there is not: 0"), ("version", lambda _: True, "not: True"),
    ("version", lambda _: "2", "not: '2'"), ("version", lambda _: 10**99, "version 1000.* update the library"),
    ("inputs", lambda _: None, "no names"),
    ("operations", lambda o: [["tan", None]] * len(o), "which revision of 'tan'"),
    ("operations", lambda o: [["conquer", None], *o[1:]], "no row 'conquer'"),
    ("operations", lambda o: [[o[0][0], 7], *o[1:]], r"no slope 7|of \d operands"),
    ("operations", lambda o: o[:-1], "no operation"), ("operations", lambda _: {}, "not listed"),
    ("rows", lambda rows: {**rows, "tanh": [2, 1]}, "'tanh' was revision 2 with 1 operands .* update the library"),
    ("rows", lambda rows: {**rows, "tanh": [0, 1]}, "'tanh' was revision 0 .* is revision 1 .*: record it again"),
    ("rows", lambda rows: {**rows, "tanh": [1, 2]}, "with 2 operands .* with 1 operands: record it again"),
    ("rows", lambda rows: {**rows, "dot": [1, 2]}, "with 2 operands .* any number of operands"),
    ("rows", lambda rows: {**rows, "tanh": [10**99, 1]}, "revision 1000.* update the library"),
    ("rows", lambda rows: dict.fromkeys(rows, "0"), "which revision"), ("rows", lambda _: {}, "which revision"),
    ("rows", lambda rows: {**rows, "tanh": [1]}, "which revision"), ("rows", lambda _: None, "not listed"),
    ("code", put(0, -1), "no operation"), ("code", put(0, 99), "no operation"), ("code", lambda c: c[:-1], "cut off"),
    ("code", lambda c: c.astype(np.int64), "array"), ("constants", lambda c: c.astype(np.float32), "array"),
    ("starts", put(1, 99), "overlap"), ("starts", put(0, 1), "cut off"), ("starts", put(-1, 0), "cut off"),
    ("operands", put(0, -1), "no number"), ("operands", put(0, 99), "after its user"),
    ("operands", lambda o: o[:-1], "cut off"), ("outputs", put(0, 10**6), "output"), ("outputs", put(0, -1), "output"),
    ("operands", lambda o: o[:, None], "array"), ("constants", lambda c: np.where(c == 1, 5, c), "chooses nothing"),
])  # fmt: skip
def test_a_file_that_lies_is_refused(part, change, told, tmp_path):
    example().save(tmp_path / "true.npz")
    rewritten(tmp_path / "true.npz", tmp_path / "lie.npz", **{part: change})
    with pytest.raises(FileFormatError, match=r"lie\.npz.*" + f"({told})"):
        load_program(tmp_path / "lie.npz")


@pytest.mark.parametrize(("part", "change"), [("inputs", lambda n: n[:1]), ("constants", lambda c: c[:-1]),
                                              ("constants", lambda c: c[::-1].copy())])  # fmt: skip
def test_another_program_never_points_outside_of_itself(part, change, tmp_path):
    example().save(tmp_path / "true.npz")
    rewritten(tmp_path / "true.npz", tmp_path / "other.npz", **{part: change})
    with contextlib.suppress(FileFormatError):
        other = load_program(tmp_path / "other.npz")
        interpret(other, POINT[: len(other.inputs)])


def test_a_foreign_file_is_refused(tmp_path):
    np.savez(tmp_path / "arrays.npz", a=np.ones(3))
    (tmp_path / "text.npz").write_text("hello")
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("program.npy", b"\x93NUMPY")
    np.savez(tmp_path / "objects.npz", program=np.array([{}], object))
    for name in ("arrays.npz", "text.npz", "zip.npz", "objects.npz"):
        with pytest.raises(FileFormatError, match="not a saved program"):
            load_program(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        load_program(tmp_path / "nothing.npz")


# -- versions ---------------------------------------------------------------------------------------

FILES = Path(__file__).with_name("files")


@pytest.mark.parametrize("version", range(1, FORMAT.version + 1))
def test_files_of_every_version_are_read(version):
    """Who raises the version adds a file of the new one: ``example().save("tests/programs/files/program-3.npz")``."""
    path = FILES / f"program-{version}.npz"
    with np.load(path) as parts:
        assert json.loads(str(parts["program"]))["version"] == version
    program = load_program(path)
    assert program.inputs == example().inputs
    assert np.allclose(interpret(program, POINT), interpret(example(), POINT), rtol=1e-14)


def test_a_row_that_was_reworded_is_itself_and_one_of_another_revision_is_not(tmp_path, monkeypatch):
    example().save(tmp_path / "program.npz")
    row = TABLE["tanh"]
    monkeypatch.setattr(
        primitive, "_BY_ANY_NAME", {**primitive._BY_ANY_NAME, "tanh": replace(row, definition="sinh(x)/cosh(x)")}
    )
    assert same(load_program(tmp_path / "program.npz"), example())
    monkeypatch.setitem(primitive._BY_ANY_NAME, "tanh", replace(row, revision=2))
    with pytest.raises(FileFormatError, match=r"'tanh' was revision 1 .* is revision 2 .*: record it again"):
        load_program(tmp_path / "program.npz")
    with pytest.raises(FileFormatError, match="'tanh' was revision 1"):
        load_program(FILES / "program-1.npz")


def with_values(description, arrays):
    """To a made-up version, whose inputs have a value each."""
    return {**description, "inputs": [[name, 0.0] for name in description["inputs"]]}, arrays


NEXT = replace(FORMAT, version=FORMAT.version + 1, reads={**FORMAT.reads, FORMAT.version: with_values})


@pytest.mark.parametrize("version", range(1, FORMAT.version + 1))
def test_a_next_version_reads_all_before_it_one_step_after_another(version):
    description, arrays = NEXT.read(FILES / f"program-{version}.npz")
    assert description["inputs"] == [["x", 0.0], ["w[0]", 0.0]]
    assert description["rows"]["tanh"] == [1, 1]
    assert set(arrays) == set(FORMAT.types)


def test_a_version_that_is_not_read_is_told_by_its_direction(tmp_path):
    NEXT.write(tmp_path / "next.npz", {}, {})
    with pytest.raises(FileFormatError, match=r"version 3 .* reads up to version 2: update the library"):
        load_program(tmp_path / "next.npz")
    with pytest.raises(FileFormatError, match=r"version 1 .* reads versions 2 to 3: read it with the .* that wrote it"):
        replace(NEXT, reads={2: with_values}).read(FILES / "program-1.npz")
    with pytest.raises(FileFormatError, match="reads version 3: read it"):
        replace(NEXT, reads={}).read(FILES / "program-2.npz")


# -- source -----------------------------------------------------------------------------------------


def test_the_source_can_be_read_and_stepped_into():
    program = example()
    function = program.function
    assert inspect.getsource(function).rstrip() == program.source
    assert list(inspect.signature(function).parameters) == ["x", "w_0"]
    assert np.allclose(function(*POINT), interpret(program, POINT), rtol=1e-14)
    with pytest.raises(TypeError) as raised:
        function(*POINT[:1], "text")
    assert any("t1 = " in line for line in traceback.format_exception(raised.value))


def test_hostile_names_become_identifiers():
    names = ["tanh", "t1", "lambda", "x y", "x-y", "1", "", "π", "x); import os; (", "inf", "tanh_slope"]
    leaves = [Value(float(i + 1), name=name) for i, name in enumerate(names)]
    program = program_from([autograd.sum(leaves) * autograd.tanh(leaves[0])], leaves)
    expected = sum(range(1, len(names) + 1)) * np.tanh(1.0)
    assert program.function(*[float(i + 1) for i in range(len(names))])[0] == pytest.approx(expected, rel=1e-15)


@given(plans, st.integers(0, 10))
@settings(max_examples=40)
def test_the_source_of_random_programs_computes_what_they_compute(drawn, seed):
    at, plan = drawn
    leaves = [Value(x) for x in at]
    program = Program.of(with_gradient(program_from([build(plan, leaves)], leaves), range(len(at))))
    for got, expected in zip(program.function(*at), interpret(program, at), strict=True):
        assert np.isclose(got, expected, rtol=1e-12, atol=1e-13)
    arrays = np.random.default_rng(seed).uniform(-1, 1, (len(at), 3))
    for got, expected in zip(program.function(*arrays), interpret(program, arrays), strict=True):
        assert np.allclose(got, expected, rtol=1e-12, atol=1e-13)


def test_what_ran_can_be_read():
    p = autograd.compile(lambda x: autograd.tanh(x) * x, backend="numpy")
    p.grad(0.5)
    assert p.backend.startswith("numpy: ")
    assert "tanh_slope" in p.source
    assert "t1 = tanh(x)" in str(p.program)


# -- the listing ------------------------------------------------------------------------------------


def test_a_long_listing_shows_its_ends_and_says_how_to_see_all():
    p = compile(lambda x: [tanh(v) * v for v in x])
    p([0.5] * 6_000)
    lines = str(p.program).splitlines()
    assert len(lines) == 63
    assert len(str(p.program)) < 5_000
    assert lines[:2] == ["inputs x[0] … x[5999]", "t1 = tanh(x[0])"]
    assert lines[31] == "… 11,940 of 12,000 lines, which print(program.text()) shows …"
    assert lines[61] == "t12000 = multiply(t11999, x[5999])"
    whole = p.program.text().splitlines()
    assert len(whole) == 12_002
    assert whole[1:31] + whole[-31:-1] == lines[1:31] + lines[32:62]
    assert whole[0].count(",") == 5_999


def test_a_short_listing_is_whole_but_for_what_counts_up_and_long_lines():
    p = compile(lambda x: sum_of(x))
    p([0.5] * 1000)
    assert [len(line) <= 400 for line in str(p.program).splitlines()] == [True] * 3
    assert "x[500]" in p.program.text()
    q = compile(lambda x: [tanh(v) for v in x])
    q([0.5] * 100)
    assert str(q.program).splitlines()[1:-1] == q.program.text().splitlines()[1:-1]
