"""Machine code kept on disk: found again by what it computes, and never run if anything about it is in doubt."""

from __future__ import annotations

import ctypes
import math
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd import Atom, compile, exp, kept, lgamma, primitive, tan
from autograd.program.builder import Builder
from autograd.program.graph import Operation
from autograd.program.kernel import Task
from autograd.program.native import machine, objects
from autograd.program.native.loader import Loaded, UnknownObject
from autograd.program.native.straight_kernel import StraightLine
from autograd.program.native.tape_kernel import TapeKernel

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
ROOT = Path(kept.__file__).parents[1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of the test's own."""
    place = tmp_path / "kept"
    monkeypatch.setenv(kept.SWITCH, str(place))
    return place


@pytest.fixture
def compilations(monkeypatch):
    """The texts that were compiled."""
    texts, compiled = [], machine.compiled
    monkeypatch.setattr(machine, "compiled", lambda text: (texts.append(text), compiled(text))[1])
    return texts


def task_of(factor=2.5, name="x", exact=False, row="multiply"):
    builder = Builder([name])
    program = builder.finish([builder.emit(Operation(row), (0, builder.constant(factor)))])
    return Task(program, (True,), (False,), exact)


def value_of(task, samples=1, kind=StraightLine):
    batch, each = np.full((samples, 1), 3.0), np.zeros((samples, 1))
    kind(task).run(np.zeros(0), batch, each, np.zeros(0))
    return each[:, 0].tolist()


def files_of(folder):
    return sorted(path for path in folder.iterdir() if path.is_file())


# -- found again --------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [1, 5])
def test_what_was_compiled_is_found_again_and_gives_the_same(folder, compilations, samples):
    assert value_of(task_of(), samples) == [7.5] * samples
    assert len(compilations) == len(files_of(folder)) == 1
    assert value_of(task_of(name="another"), samples) == [7.5] * samples
    assert len(compilations) == 1


@pytest.mark.parametrize("other", [task_of(2.25), task_of(exact=True), task_of(row="add")])
def test_another_program_is_another_key(folder, compilations, other):
    value_of(task_of())
    expected = {"add": 5.5, "multiply": 7.5}[other.program.operations[0].row] - 0.75 * (2.25 in other.program.constants)
    assert value_of(other) == [expected]
    assert len(compilations) == 2


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (machine, "processor", lambda: "another processor"),
        (machine, "release", lambda: "0.99.0"),
        (objects, "__version__", "9.9.9"),
        (objects, "_system", lambda: "another system"),
        (objects, "_sources", lambda: [__file__]),
    ],
)
def test_another_machine_llvm_version_or_source_is_another_key(folder, compilations, monkeypatch, module, name, value):
    value_of(task_of())
    monkeypatch.setattr(module, name, value)
    objects._surroundings.cache_clear()
    try:
        assert value_of(task_of()) == [7.5]
        assert len(compilations) == 2
    finally:
        monkeypatch.undo()
        objects._surroundings.cache_clear()


def test_without_source_nothing_is_kept(folder, monkeypatch):
    monkeypatch.setattr(objects, "_sources", lambda: ["no such file"])
    objects._surroundings.cache_clear()
    try:
        assert value_of(task_of()) == [7.5]
        assert not folder.exists()
    finally:
        monkeypatch.undo()
        objects._surroundings.cache_clear()


def test_the_tape_s_machine_is_kept_too(folder, compilations):
    assert value_of(task_of(1.75, row="add"), kind=TapeKernel) == [4.75]


def test_a_user_s_row_that_is_written_again_is_another_key(folder, compilations):
    for rule, expected in ((lambda x: x * 2.0 + 1.0, 7.0), (lambda x: x * 2.0 - 1.0, 5.0)):
        row = primitive("kept_line", rule, lambda y, x: 2.0, points=[0.5], definition="x")
        assert compile(row, backend="llvm")(3.0) == expected
    assert len(compilations) == len(files_of(folder)) == 2


# -- in doubt -----------------------------------------------------------------------------------------


def spoiled(content: bytes, how: str) -> bytes:
    middle = len(content) // 2
    return {
        "cut": content[:middle],
        "empty": b"",
        "longer": content + b"\0",
        "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "foreign": b"#!/bin/sh\n" + content,
        "older": content.replace(b"kept 1", b"kept 0", 1),
    }[how]


@pytest.mark.parametrize("how", ["cut", "empty", "longer", "one bit", "foreign", "older"])
def test_a_damaged_file_is_ignored_and_replaced(folder, compilations, how):
    value_of(task_of())
    (path,) = files_of(folder)
    whole = path.read_bytes()
    path.write_bytes(spoiled(whole, how))
    assert value_of(task_of()) == [7.5]
    assert len(compilations) == 2
    assert path.read_bytes() == whole


def test_a_file_under_another_s_key_is_ignored(folder, compilations):
    value_of(task_of())
    (path,) = files_of(folder)
    value_of(task_of(2.25))
    (other,) = set(files_of(folder)) - {path}
    shutil.copy(path, other)
    assert value_of(task_of(2.25)) == [6.75]
    assert len(compilations) == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("other", ["pipe", "folder", "full folder", "link to nowhere", "link to itself", "device"])
def test_what_stands_in_place_of_a_file_is_no_hindrance(folder, compilations, other):
    value_of(task_of())
    (path,) = files_of(folder)
    path.unlink()
    if other == "pipe":
        os.mkfifo(path)
    elif other.endswith("folder"):
        path.mkdir()
        (path / "rest").touch() if other == "full folder" else None
    else:
        path.symlink_to({"link to nowhere": "nowhere", "link to itself": path.name, "device": "/dev/zero"}[other])
    assert value_of(task_of()) == value_of(task_of()) == [7.5]
    assert len(compilations) == (3 if other.endswith("folder") else 2)  # all but a folder gives way to a file
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_in_place_of_the_folder_is_no_hindrance(folder, compilations):
    os.mkfifo(folder)
    assert value_of(task_of()) == [7.5]


def test_what_uses_something_that_is_not_here_is_compiled_anew(folder, compilations, monkeypatch):
    value_of(task_of())
    monkeypatch.setattr(machine, "address_of_symbol", lambda name: 0)
    assert objects._kept(files_of(folder)[0].name) is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners on this system")
def test_a_folder_that_others_may_write_is_neither_read_nor_written(folder, compilations):
    value_of(task_of())
    folder.chmod(0o777)
    value_of(task_of())
    value_of(task_of(2.25))
    assert len(compilations) == 3
    assert len(files_of(folder)) == 1


def test_with_source_that_was_changed_since_it_was_read_nothing_is_kept(folder, tmp_path, monkeypatch):
    changed = tmp_path / "rules.py"
    changed.write_text("# what runs here is not this")
    monkeypatch.setattr(objects, "_sources", lambda: [changed])
    for since, files in ((changed.stat().st_mtime, 0), (changed.stat().st_ctime + 1.0, 1)):
        monkeypatch.setattr(objects, "READ_SINCE", since)
        objects._surroundings.cache_clear()
        try:
            assert value_of(task_of()) == [7.5]
            assert len(list(folder.glob("*"))) == files
        finally:
            objects._surroundings.cache_clear()


# -- where, and how much ------------------------------------------------------------------------------


@pytest.mark.parametrize("off", ["off", "OFF"])
def test_the_switch_turns_it_off(off, folder, tmp_path, monkeypatch, compilations):
    monkeypatch.setenv(kept.SWITCH, off)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert value_of(task_of()) == value_of(task_of()) == [7.5]
    assert len(compilations) == 2
    assert not list(tmp_path.iterdir())


def test_without_the_switch_it_is_the_system_s_place_for_such(monkeypatch, tmp_path):
    monkeypatch.delenv(kept.SWITCH)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kept.folder() == str(tmp_path / "glassgrad")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kept.folder() == str(tmp_path / ".cache" / "glassgrad")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kept.folder() == str(tmp_path / "Library" / "Caches" / "glassgrad")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert kept.folder() == str(tmp_path / "glassgrad")
    monkeypatch.delenv("LOCALAPPDATA")
    assert kept.folder() is None


def test_a_home_is_meant_by_its_sign_and_a_folder_that_is_gone_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(kept.SWITCH, "~/kept")
    assert kept.folder() == str(tmp_path / "kept")
    monkeypatch.setenv(kept.SWITCH, "kept")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    assert kept.folder() == str(gone / "kept")
    gone.rmdir()
    assert kept.folder() is None
    assert value_of(task_of()) == [7.5]


@pytest.mark.parametrize("place", ["a file", "below a file", "read-only"])
def test_where_nothing_can_be_written_it_works_without_a_word(place, tmp_path, monkeypatch, recwarn):
    (tmp_path / "file").write_text("mine")
    chosen = {"a file": "file", "below a file": "file/kept", "read-only": "/proc/kept"}[place]
    monkeypatch.setenv(kept.SWITCH, str(tmp_path / chosen))
    assert value_of(task_of()) == [7.5]
    assert (tmp_path / "file").read_text() == "mine"
    assert not recwarn.list


def test_a_full_disk_leaves_no_rest(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert value_of(task_of()) == [7.5]
    assert files_of(folder) == []


def test_what_was_read_last_stays_when_there_is_too_much(folder, monkeypatch):
    monkeypatch.setattr(kept, "LARGEST", 4_000)
    for i in range(4):
        kept.keep(f"key{i}", bytes(700))
        os.utime(folder / f"key{i}", (i, i))
    assert kept.read("key0") == bytes(700)  # and so it is the last
    for i in range(4, 6):
        kept.keep(f"key{i}", bytes(700))
    names = {path.name for path in files_of(folder)}
    assert "key0" in names
    assert "key5" in names
    assert "key1" not in names
    assert sum(path.stat().st_size for path in files_of(folder)) <= 4_000
    kept.keep("huge", bytes(2_000))
    assert kept.read("huge") is None


# -- processes ----------------------------------------------------------------------------------------

PROGRAM = """
import sys
import numpy as np
from autograd import compile, tanh
call = compile(lambda x: tanh(x[0]) * x[1] + {factor}, backend="llvm").value_and_grad
value, slopes = call(np.array([0.5, 2.0]))
print(value.hex(), [x.hex() for x in slopes.tolist()], "llvmlite.binding" in sys.modules)
"""


def started(folder, factor):
    surroundings = os.environ | {kept.SWITCH: str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(factor=factor)], stdout=subprocess.PIPE, text=True, env=surroundings
    )


def test_processes_at_once_and_one_after_them_agree_to_the_bit(folder):
    both = [started(folder, 0.25) for _ in range(2)]
    first, second = (process.communicate(timeout=600)[0].split(" ")[:-1] for process in both)
    assert first == second
    assert all(not path.name.startswith(".") for path in files_of(folder))
    third = started(folder, 0.25).communicate(timeout=600)[0].split(" ")
    assert third[:-1] == first
    if platform.machine() == "x86_64" and sys.platform == "linux":
        assert third[-1].strip() == "False"  # which did not even import it


# -- in its place -------------------------------------------------------------------------------------

TEXT = """
@three = internal constant [3 x double] [double 1.0, double 2.0, double 4.0]
declare double @hypot(double, double)
define internal double @inner(double %x, i64 %i) noinline {
  %p = getelementptr double, ptr @three, i64 %i
  %y = load double, ptr %p
  %z = fmul double %x, %y
  ret double %z
}
define double @outer(double %x, double %y, i64 %i) {
  %h = call double @hypot(double %x, double %y)
  %z = call double @inner(double %h, i64 %i)
  ret double %z
}
"""


def outer_of(library):
    double = ctypes.c_double
    function = ctypes.CFUNCTYPE(double, double, double, ctypes.c_int64)(library.address("outer"))
    return [function(3.0, 4.0, i) for i in range(3)]


def test_both_loaders_put_the_same_code_into_place(monkeypatch):
    compiled = machine.compiled(TEXT)
    assert outer_of(machine.Library(compiled)) == [5.0, 10.0, 20.0]

    def refused(*_):
        raise UnknownObject

    monkeypatch.setattr(machine, "Loaded", refused)
    assert outer_of(machine.Library(compiled)) == [5.0, 10.0, 20.0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("declare double @nothing_of_that_name(double)\ndefine double @f(double %x) {\n"
         "  %y = call double @nothing_of_that_name(double %x)\n  ret double %y\n}\n", "nothing is called"),
        ("@count = global i64 0\ndefine ptr @f() {\n  ret ptr @count\n}\n", "no constant"),
    ],
)  # fmt: skip
def test_the_loader_refuses_what_it_does_not_know(text, why):
    code = machine.compiled(text).code
    if code[:4] != b"\x7fELF" or platform.machine() != "x86_64":
        pytest.skip("LLVM's own loader is used on this system")
    with pytest.raises(UnknownObject, match=why):
        Loaded(code, machine.address_of_symbol)
    with pytest.raises(UnknownObject, match="no object"):
        Loaded(b"MZ" + bytes(100), machine.address_of_symbol)


def test_code_that_calls_into_this_process_is_not_kept(folder):
    rule = Atom(lambda x: float(np.exp(x)))
    opaque = primitive("kept_opaque", rule, lambda y, x: y, points=[0.5], definition="exp(x)")
    assert compile(opaque, backend="llvm")(1.5) == pytest.approx(np.exp(1.5))
    assert not folder.exists()


def test_rows_that_call_c_s_library_are_found_again(folder, compilations):
    def answer():
        x = np.linspace(0.5, 4.0, 19)
        task = recorded(lambda x: lgamma(x) * exp(-x) + tan(x) + x**2.5)
        each = np.zeros((19, 1))
        StraightLine(task).run(np.zeros(0), x[:, None], each, np.zeros(0))
        return x, each[:, 0]

    (x, first), (_, second) = answer(), answer()
    assert first.tolist() == second.tolist()
    assert len(compilations) == 1
    np.testing.assert_allclose(first, [math.lgamma(v) * math.exp(-v) + math.tan(v) + v**2.5 for v in x], rtol=1e-13)


def recorded(f):
    return Task(compile(f).record(1.0), (True,), (False,))
