"""Lines typed to the debugger: a short form of `python -m tests.walks.debugger_lines`, and faults that it must find."""

from __future__ import annotations

import os
import random
import signal
import sys

import pytest

from tests.support.terminal import Terminal
from tests.walks.debugger_lines import GRAPHS, in_a_terminal, line, session, walk
from viz.debugger.commands import Debugger
from viz.debugger.session import Session


def test_any_line_is_answered_and_nothing_changes():
    assert [(which, found) for which, _, found in walk(600, seed=1, terminals=False) if found] == []


def test_a_real_terminal_answers_too():
    pytest.importorskip("pty")
    dice = random.Random(1)
    assert in_a_terminal(GRAPHS[0], [line(dice) for _ in range(20)]) == []
    assert "Traceback" in in_a_terminal(GRAPHS[0], ["step"], fault="viz.debug = None")[0]


def put_in(monkeypatch, fault):
    graph = GRAPHS[0]
    if fault == "control characters":
        monkeypatch.setattr("viz.debugger.commands.visible", lambda text: text)
    elif fault == "an error that nobody meant":
        monkeypatch.setattr("viz.debugger.commands._whole", int)
    elif fault == "an exception comes out":
        monkeypatch.setattr(Debugger, "_safely", lambda self, act: bool(act()))
    elif fault == "a number changes":
        graph_before = graph

        def graph():
            J = graph_before()
            monkeypatch.setattr(Session, "back", lambda self, target: setattr(J, "grad", 7.0))
            return J

    elif fault == "a place that is not there":
        monkeypatch.setattr(Session, "back", lambda self, target: setattr(self, "taken", -1))
    elif fault == "slow":
        monkeypatch.setattr("tests.walks.debugger_lines.SLOW", -1.0)
    return graph


@pytest.mark.parametrize(
    ("fault", "words"),
    [("control characters", "reach the terminal"), ("an error that nobody meant", "nobody meant"),
     ("an exception comes out", "came out"), ("a number changes", "have changed"), ("slow", " took "),
     ("a place that is not there", "-1 of "), ("", "")],
)  # fmt: skip
def test_a_fault_is_found(fault, words, monkeypatch):
    lines = ["step", "\x1b]0;owned\x07", "step " + "9" * 5000, "nonsense", "back"]
    try:
        found = session(put_in(monkeypatch, fault), lines)
    except AttributeError:  # of the fault itself, which makes a session useless
        found = ["-1 of "]
    assert any(words in mistake for mistake in found) if fault else found == []


SLOW_TO_LISTEN = """\
import time
try:
    print("(debug) ", end="", flush=True)
    begun = time.process_time()
    while time.process_time() < begun + 0.4:  # as long as a busy machine makes of it
        pass
    listens = True
    {then}
except KeyboardInterrupt:
    print("in time" if "listens" in globals() else "too early")
"""


def test_ctrl_c_is_typed_only_where_a_program_waits_for_it(monkeypatch):
    pytest.importorskip("pty")
    terminal = Terminal([sys.executable, "-c", SLOW_TO_LISTEN.format(then="input()")], os.environ)
    assert terminal.until_it_asks()
    terminal.type(b"\x03")
    assert terminal.end() == 0
    assert "in time" in terminal.text
    monkeypatch.setattr("tests.support.terminal.IDLE", 0.5)
    silent = Terminal([sys.executable, "-c", SLOW_TO_LISTEN.format(then="time.sleep(99)")], os.environ)
    with pytest.raises(TimeoutError):
        silent.until_it_asks(prompt=b"another")
    assert silent.end() == -signal.SIGKILL
