"""Ctrl-C at random moments: a short form of `python -m tests.walks.interrupts`, and faults that it must find."""

from __future__ import annotations

import gc
import signal
import threading
from pathlib import Path

import pytest

import nn
from autograd import compile, context, files, kept
from tests.walks.interrupts import Activity, activities, interrupted, walk

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this system"),
    # Ctrl-C may come while Python cleans up after something, and is then not raised but said
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def what_was_cut_off_is_collected_here():
    yield
    gc.collect()


SLOW = ("save", "load", "two threads", "compile, llvm", "explore")


def test_nothing_is_lost_or_half_changed():
    found = list(walk(60, 1, lambda name: not name.startswith(SLOW)))
    assert [(name, i, trial) for name, i, trial in found if trial.wrong] == []
    assert sum(trial.what == "interrupted" for _, _, trial in found) > 15


def test_files_are_old_or_new():
    found = list(walk(12, 2, lambda name: name.startswith("save")))
    assert [(name, i, trial) for name, i, trial in found if trial.wrong] == []


def fault_in(which, monkeypatch, known) -> Activity:
    """An activity with a fault."""
    if which == "swallowed":
        return Activity(lambda: swallowing(known["hessian"].act))
    if which == "left open":
        return Activity(lambda: (context._Block.__enter__(leak()), known["hessian"].act())[1])
    if which == "a temporary file stays":
        monkeypatch.setattr(files, "suppress", interrupt)
        monkeypatch.setattr(files.os, "replace", interrupt)
        return known["save program.npz"]
    if which == "half a step":
        monkeypatch.setattr(nn.Adam, "step", half_a_step)
        return known["optimiser"]
    return known["hessian"]


def swallowing(act):
    try:
        return act()
    except KeyboardInterrupt:
        return act()


BLOCKS = []


def leak():
    BLOCKS.append(context.scope("left"))  # type: ignore[arg-type]  # a block
    return BLOCKS[-1]


def half_a_step(self, samples=1):
    self.steps += 1
    for _ in range(2000):
        for p in self.parameters:
            p.data += 1 / 64


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("which", "words"),
    [("swallowed", "did not come out"), ("left open", "left open"), ("half a step", "says"),
     ("a temporary file stays", "has changed"), ("", "")],
)  # fmt: skip
def test_a_fault_is_found(which, words, monkeypatch, tmp_path: Path):
    known = activities(tmp_path)
    activity = known["save program.npz" if "file" in which else "optimiser" if "step" in which else "hessian"]
    monkeypatch.setattr("tests.walks.interrupts.LATE", 0.1)
    before = activity.kept()
    usual = activity.act()
    kept = before, activity.kept()
    activity = fault_in(which, monkeypatch, known)
    found = [interrupted(activity, usual, kept, after) for after in (0.0002, 0.0005, 0.001, 0.002)]
    while BLOCKS:
        BLOCKS.pop().__exit__()
    assert any(words in trial.wrong for trial in found) if which else not any(trial.wrong for trial in found), found


def test_machine_code_is_made_where_no_ctrl_c_comes(monkeypatch):
    """llvmlite notes a line too late what it has freed: an interrupt in between had it freed twice."""
    machine = pytest.importorskip("autograd.program.native.machine")
    pytest.importorskip("llvmlite")
    threads: list[threading.Thread] = []
    made = machine._target
    monkeypatch.setattr(machine, "_target", lambda: (threads.append(threading.current_thread()), made())[1])
    monkeypatch.setenv(kept.SWITCH, "off")
    assert compile(lambda x: 3.0625 * x, backend="llvm")(2.0) == 6.125
    assert threads
    assert threading.main_thread() not in threads
    with pytest.raises(RuntimeError, match="parsing"):
        machine.compiled("no language")
