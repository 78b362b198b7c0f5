"""Files: written whole, where the user said, with what was there kept; hostile ones refused for what they cost."""

from __future__ import annotations

import errno
import io
import json
import os
import pathlib
import stat
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest

import autograd
import nn
import viz
from autograd import FileFormatError, Value, compile, load_program
from autograd.errors import ArgumentError
from autograd.files import write_whole
from nn import MLP
from tests.walks.damaged_files import walk

unix = pytest.mark.skipif(os.name == "nt", reason="links, modes and pipes as Unix has them")


def program():
    return compile(lambda x: x * x).record(1.0)


# -- writing ----------------------------------------------------------------------------------------

SAVES = {
    "program": lambda path: program().save(path),
    "model": lambda path: MLP(2, [1], seed=0).save(path),
    "drawing": lambda path: viz.draw(Value(2.0) * 3).save(path),
    "page": lambda path: viz.explore(Value(2.0) * 3).save(path),
}
ENDINGS = {"drawing": ".svg", "page": ".html"}
EVERY = pytest.mark.parametrize("what", SAVES)


def place(folder, what, name="x"):
    return folder / f"{name}{ENDINGS.get(what, '.npz')}"


@unix
@EVERY
def test_a_link_is_followed_and_stays(what, tmp_path):
    target, link = place(tmp_path, what, "target"), place(tmp_path, what, "link")
    link.symlink_to(target)
    SAVES[what](link)  # what it points at is not there yet
    first = target.read_bytes()
    SAVES[what](link)
    assert link.is_symlink()
    assert len(target.read_bytes()) == len(first) > 0
    assert sorted(os.listdir(tmp_path)) == sorted([target.name, link.name])


@unix
@EVERY
def test_the_mode_of_a_file_stays_and_a_new_one_follows_the_umask(what, tmp_path):
    path = place(tmp_path, what)
    before = os.umask(0o027)
    try:
        SAVES[what](path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o600)
        SAVES[what](path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@unix
@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV])
def test_a_file_that_is_a_mount_is_written_in_place(number, tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"what was there, and is longer")
    path.chmod(0o640)
    known = path.stat()

    def busy(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", busy)
    write_whole(path, b"content")
    assert path.read_bytes() == b"content"
    assert (path.stat().st_ino, path.stat().st_mode) == (known.st_ino, known.st_mode)
    assert os.listdir(tmp_path) == ["x"]
    calls = iter([OSError(errno.ENOSPC, "No space left on device")])

    def full(handle):
        if os.fstat(handle).st_ino == known.st_ino and (error := next(calls, None)):
            raise error

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        write_whole(path, b"more")
    assert path.read_bytes() == b"content"
    with pytest.raises(OSError, match=os.strerror(number)):
        write_whole(tmp_path / "new", b"content")  # where there is nothing to write in place of
    assert os.listdir(tmp_path) == ["x"]


@unix
def test_the_umask_of_other_threads_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("it is the umask of the whole process"))
    write_whole(tmp_path / "x", b"content")


@unix
@EVERY
def test_what_is_no_file_is_refused_and_left_alone(what, tmp_path):
    pipe = place(tmp_path, what, "pipe")
    os.mkfifo(pipe)
    with pytest.raises(ArgumentError, match=r"pipe.*not a file: open it"):
        SAVES[what](pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@unix
def test_a_device_is_refused():
    with pytest.raises(ArgumentError, match="'/dev/null' is a device"):
        program().save("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(("path", "kind"), [
    ("", FileNotFoundError), ("nowhere/x.npz", FileNotFoundError), ("folder", IsADirectoryError),
    ("file/x.npz", NotADirectoryError),
])  # fmt: skip
def test_errors_name_the_path_that_was_given(path, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    for save in (program().save, MLP(2, [1]).save):
        with pytest.raises(kind) as raised:
            save(path)
        assert raised.value.filename == path


@pytest.mark.parametrize("fails", ["fsync", "replace", "fdopen"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=repr)
def test_what_was_there_stays_when_something_fails(fails, error, tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    program().save(path)
    before = path.read_bytes()

    def fail(*_, **__):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, fails, fail)
        with pytest.raises(type(error)) as raised:
            compile(lambda x: x + x).record(1.0).save(path)
    if isinstance(error, OSError):
        assert raised.value.filename == str(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["x.npz"]


@unix
def test_file_and_folder_are_on_the_disk_when_save_returns(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_mode) or fsync(handle))
    program().save(tmp_path / "x.npz")
    assert [stat.S_ISDIR(mode) for mode in synced] == [False, True]


def test_a_long_name_can_be_saved(tmp_path):
    path = tmp_path / ("ß" * 120 + ".npz")  # 240 bytes and more
    program().save(path)
    assert str(load_program(path)) == str(program())


@pytest.mark.parametrize(("thing", "read"), [(program(), load_program), (MLP(2, [1], seed=0), nn.load)])
def test_open_files_are_written_and_read(thing, read, tmp_path):
    memory = io.BytesIO()
    thing.save(memory)
    memory.seek(0)
    assert repr(read(memory)) == repr(thing)
    with open(tmp_path / "x", "wb") as file:
        thing.save(file)
    with open(tmp_path / "x", "rb") as file:
        assert repr(read(file)) == repr(thing)


@unix
def test_a_pipe_that_is_open_is_read(tmp_path):
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source:
        with os.fdopen(writing, "wb") as sink:
            thread = threading.Thread(target=program().save, args=(sink,))
            thread.start()
            thread.join()
        assert str(load_program(source)) == str(program())


# -- what a file may cost ---------------------------------------------------------------------------


def archive(path, *, what="program", description=None, extra=(), **arrays):
    """An archive as ours are, with the parts given."""
    text = json.dumps({"format": f"glassgrad {what}", "version": 1, **(description or {})})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in {what: np.array(text), **arrays}.items():
            content = io.BytesIO()
            np.save(content, part)
            file.writestr(f"{name}.npy", content.getvalue())
        for name, content in extra:
            file.writestr(name, content)


def layers(inputs, outputs, count=1):
    part = {"inputs": inputs, "outputs": outputs, "bias": True, "activation": 0, "training": False}
    rest = dict.fromkeys(("columns", "input_scale", "target_scale", "optimiser", "history"))
    return {"kind": "MLP", "layers": [part] * count, "activations": [{"name": "relu"}], "training": False, **rest}


def warmups(depth):
    rate = 0.1
    for _ in range(depth):
        rate = {"kind": "Warmup", "steps": 1, "then": rate}
    return rate


def many_operations(count):
    listed = [["sin", None]] * count
    return {"inputs": [], "operations": listed, "rows": {"sin": [1, 1]}, "version": 2}


INTS = np.zeros(1, np.int32)
ZEROS = {"code": INTS, "starts": np.zeros(2, np.int64), "operands": INTS, "outputs": INTS}
HOSTILE = {
    "layers of 20 million weights": lambda path: archive(
        path, what="model", description=layers(1000, 20_000), parameters=np.zeros(3)
    ),
    "layers of a trillion weights": lambda path: archive(
        path, what="model", description=layers(10**6, 10**6), parameters=np.zeros(3)
    ),
    "a layer of a huge number": lambda path: archive(
        path, what="model", description=layers(10**4000, 1), parameters=np.zeros(3)
    ),
    "100,000 layers": lambda path: archive(
        path, what="model", description=layers(1, 1, 100_000), parameters=np.zeros(200_000)
    ),
    "rates in rates": lambda path: archive(
        path,
        what="model",
        parameters=np.zeros(2),
        description={
            **layers(1, 1),
            "optimiser": {
                "kind": "SGD",
                "settings": {"learning_rate": warmups(900), "momentum": 0.0, "nesterov": False},
                "steps": 0,
                "moves": [0, 1],
            },
        },
    ),
    "million zero parameters": lambda path: archive(
        path, what="model", description=layers(1999, 1000), parameters=np.zeros(2_000_000)
    ),
    "zeros beside it": lambda path: archive(path, **ZEROS, constants=np.zeros(1), extra=[("more", bytes(250_000_000))]),
    "zeros in it": lambda path: archive(path, **ZEROS, constants=np.zeros(30_000_000)),
    "parts without end": lambda path: archive(path, **ZEROS, extra=[(f"{i}", b"") for i in range(30_000)]),
    "operations without end": lambda path: archive(
        path, **ZEROS, constants=np.zeros(1), description=many_operations(99_000)
    ),
    "lists without end": lambda path: archive(path, description={"inputs": [[]] * 2_000_000}),
    "lists in lists": lambda path: archive(path, description={"inputs": json.loads("[" * 900 + "]" * 900)}),
    "texts without end": lambda path: archive(path, description={"inputs": ["x"] * 1_000_000}),
}

# Peak memory above what the import takes, in MB, and processor seconds.
COST = """
import sys, time, resource
import autograd, nn
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
for path in sys.argv[1:]:
    before, began = peak(), time.process_time()
    for read in (autograd.load_program, nn.load):
        try:
            read(path)
        except autograd.FileFormatError as error:
            print(len(str(error)), end=" ")
    print(round(time.process_time() - began, 2), round(peak() - before))
"""


@unix
def test_no_file_costs_much_more_than_it_is_worth(tmp_path):
    paths = []
    for i, build in enumerate(HOSTILE.values()):
        paths.append(tmp_path / f"{i}.npz")
        build(paths[-1])
        assert paths[-1].stat().st_size < 5_000_000
    done = subprocess.run([sys.executable, "-c", COST, *map(str, paths)], capture_output=True, text=True, timeout=600)
    assert done.stderr == ""
    costs = [list(map(float, line.split())) for line in done.stdout.splitlines()]
    assert len(costs) == len(HOSTILE)
    for name, (*said, seconds, megabytes) in zip(HOSTILE, costs, strict=True):
        assert len(said) == 2, f"{name} was read"
        assert max(said) < 500, name
        assert seconds < 2, name  # some take no time at all; the machine may be busy
        assert megabytes < 200, name


@pytest.mark.parametrize("zeros", [0, 100, 60_000])
def test_what_is_saved_can_always_be_loaded(zeros, tmp_path):
    """Also what compresses so well that it would look like an attack: it is written as it is."""
    x = Value(0.0)
    y = x
    for _ in range(zeros // 3):
        y = y + x + x
    kept = compile(lambda x: x).record(1.0) if not zeros else autograd.compile_graph(y, [x]).record(1.0)
    kept.save(tmp_path / "x.npz")
    assert len(load_program(tmp_path / "x.npz")) == len(kept)
    model = nn.Layer(max(1, zeros), 1, init="zeros")
    model.save(tmp_path / "m.npz")
    assert len(nn.load(tmp_path / "m.npz").parameters()) == len(model.parameters())


def test_files_of_before_are_read(tmp_path):
    """As NumPy itself writes them, in another order of their parts and not packed."""
    program().save(tmp_path / "new.npz")
    with np.load(tmp_path / "new.npz") as archive:
        parts = {name: archive[name] for name in archive.files}
    np.savez(tmp_path / "old.npz", **dict(reversed(parts.items())))
    assert str(load_program(tmp_path / "old.npz")) == str(program())


# -- damaged files ----------------------------------------------------------------------------------


def test_damaged_files_are_refused_or_are_what_was_saved():
    """A short walk; ``python -m tests.walks.damaged_files`` is a long one."""
    wrong = [f"{kind.name} {i}, {damage}: {found.wrong}" for kind, damage, i, found in walk(150, seed=7) if found.wrong]
    assert wrong == []


def test_the_walk_sees_a_loader_that_believes(monkeypatch):
    monkeypatch.setattr("autograd.program.saving.verify", lambda program: None)
    assert any(found.wrong for *_, found in walk(400, seed=7))


def test_the_walk_sees_an_error_of_another_kind(monkeypatch):
    monkeypatch.setattr("autograd.archive._UNREADABLE", (zipfile.BadZipFile,))
    assert any(found.what == "raised" for *_, found in walk(60, seed=7))


def test_a_message_is_a_sentence(tmp_path):
    path = pathlib.Path(tmp_path / "x.npz")
    path.write_bytes(b"PK" + bytes(1000))
    with pytest.raises(
        FileFormatError, match=r"x\.npz is not a saved program, or is damaged or cut off: it does not end"
    ):
        load_program(path)
