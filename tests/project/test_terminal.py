"""Commands and what they write to: pipes that close, streams that are closed, letters that are missing, Ctrl-C."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

import demos
import handbook
import viz
from autograd import Value
from tests.views.test_debugger import GOOD, ROOT, a_neuron, answers, in_a_terminal, script
from viz import terminal
from viz.debugger.commands import Debugger
from viz.recording import record

unix = pytest.mark.skipif(os.name == "nt", reason="streams are closed by a Unix shell")
COMMANDS = [Path(package.__file__).parent for package in (demos, handbook, viz)]
NUMBER = "9" * 5000


def shell(line, folder, **environment):
    """What a shell says of a line: its status, the output and the errors."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "python": sys.executable, **environment}
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@unix
@pytest.mark.parametrize(
    ("line", "status", "words"),
    [("yes s | head -9000 | '$python' -m viz debug program.py | head -1; exit ${PIPESTATUS[2]}", 141, "J = 9."),
     ("'$python' -m viz debug program.py <&- >&- 2>&-", 0, ""), ("'$python' -m viz debug nope.py 2>&-", 2, ""),
     ("echo s | '$python' -m viz debug program.py >/dev/full", 1, ""),
     ("printf 's\\n\\xff\\nquit\\n' | PYTHONIOENCODING=ascii '$python' -m viz debug program.py", 0, "J = w\\xb7w = 3")],
    ids=["| head", "all closed", "errors closed", "disk full", "ASCII"],
)  # fmt: skip
def test_streams_that_end_or_lack_letters(line, status, words, tmp_path):
    script(tmp_path, GOOD)
    line = line.replace("'$python'", '"$python"')
    found, output, errors = shell(line, tmp_path, PYTHONUNBUFFERED="1" if "head" in line else "")
    assert found == status, errors
    assert words in output
    assert "Traceback" not in output + errors
    assert "Exception ignored" not in errors
    assert errors.count("\n") == (status == 1)


@pytest.mark.parametrize("path", [path for folder in COMMANDS for path in folder.rglob("*.py")])
def test_every_command_is_run_so(path):
    source = path.read_text("utf-8")
    if path.parts[-2:] == ("marking", "worker.py"):
        return  # run by a program, which reads what it writes
    if 'if __name__ == "__main__"' in source or path.name == "__main__.py":
        assert "\n    terminal.run(main)\n" in source or "\nterminal.run(main)\n" in source


def test_a_command_s_status_is_what_its_main_says(capsys):
    for act, status in ((lambda: None, 0), (lambda: 3, 3), (lambda: interrupt(), 130), (lambda: refuse(), 1)):
        with pytest.raises(SystemExit) as raised:
            terminal.run(act)
        assert raised.value.code == status
    assert capsys.readouterr().err.endswith(": No such file or directory: nope\n")


def interrupt():
    raise KeyboardInterrupt


def refuse():
    Path("nope").read_text("utf-8")


# -- the debugger -----------------------------------------------------------------------------------


class Ascii(io.StringIO):
    encoding = "ascii"

    def write(self, text):
        return super().write(text.encode("ascii").decode())


def test_a_stream_without_greek_letters_takes_them_spelled():
    out = Ascii()
    viz.debug(a_neuron(), ["step", "break nö"], out)
    assert "z\\xb2\\u2081 = " in out.getvalue()


def test_the_error_of_a_stream_is_the_caller_s():
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        viz.debug(a_neuron(), ["step"], Gone())


@pytest.mark.parametrize("notebook", [False, True])
def test_there_may_be_no_streams(notebook, monkeypatch):
    if notebook:
        monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stdout", None)
    viz.debug(a_neuron())


@pytest.mark.parametrize(
    ("command", "words"),
    [(f"step {NUMBER}", "This is the end"), (f"goto {NUMBER}", "there are 11 steps"), (f"next {NUMBER}", "the end"),
     (f"back {NUMBER}", "the beginning"), (f"delete {NUMBER}", "there is no breakpoint"),
     (f"why w1 {NUMBER}", "1 path"),
     (f"list {NUMBER}", "◂"), (f"print #{NUMBER}", "no node is called"), (f"print z21[{NUMBER}]", "no node is called"),
     ("x" * 20_000, "at most 10,000 characters"), ("break step > 10**5000", "breakpoint 1"),
     ("break " + "1<" * 240 + "2", "breakpoint 1"), ("break " + "step<9 and " * 40 + "step<9", "breakpoint 1"),
     ("print op == '\\d\\x1b'", "'\\d\\x1b' = False"), ("break if '\x1b[31m' in name", "breakpoint 1"),
     ("print \x1b[31m\x9b\r\u202e", "no node"), ("\x1b]0;owned\x07", "there is no command")],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_any_line_is_answered_in_harmless_text(command, words):
    _, answer, after = answers(a_neuron(), "step", command, "where")
    assert words in answer
    assert len(answer) < 2000
    assert all(line.isprintable() for line in (answer + after).split("\n"))
    assert "of 11 steps taken" in after


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), RecursionError("deep"), KeyError("k\x1b\n" * 10**6)])
def test_whatever_goes_wrong_is_one_sentence_and_the_session_goes_on(error, monkeypatch):
    out, log = io.StringIO(), record(a_neuron())
    debugger = Debugger(lambda: log, ["explain", "step"], io.StringIO(), out)
    monkeypatch.setattr(debugger, "do_explain", lambda line: throw(error))
    debugger.loop()
    answer, after = out.getvalue().split("(debug) ")[1:3]
    assert f"that went wrong in the debugger, or in a function of the graph: {type(error).__name__}" in answer
    assert len(answer) < 600
    assert all(line.isprintable() for line in answer.split("\n"))
    assert "z²₁ = w₁·1.4" in after


def throw(error):
    raise error


def test_an_interrupted_move_says_where_it_stands(monkeypatch):
    out, log = io.StringIO(), record(a_neuron())
    debugger = Debugger(lambda: log, ["step 3", "step"], io.StringIO(), out)
    monkeypatch.setattr("viz.debugger.telling.Telling.moved", lambda *_: throw(KeyboardInterrupt()))
    debugger.loop()
    assert "Interrupted; 3 steps are taken now." in out.getvalue()
    monkeypatch.setattr("viz.debugger.session.Session.forward", lambda *_: throw(KeyboardInterrupt()))
    debugger.onecmd("step")
    assert out.getvalue().endswith("Interrupted; nothing was moved.\n")


@unix
def test_a_terminal_that_is_dumb_and_narrow(tmp_path):
    script(tmp_path, GOOD)
    keys = [b"s\n", b"\x1b\x1b[A\x07\xff\xfe\n", b"\x03", b"where\n", b"q\n"]
    shown, status = in_a_terminal(tmp_path, keys, TERM="dumb", COLUMNS="30")
    assert status == 0
    assert "1 of 4 steps taken" in shown
    assert "\x1b[34m" not in shown


@unix
def test_readline_gets_its_delimiters_back_after_ctrl_c(monkeypatch):
    readline = pytest.importorskip("readline")
    before = readline.get_completer_delims()
    debugger = Debugger(lambda: record(a_neuron()), [], None, io.StringIO())
    debugger.use_rawinput = True
    typed = iter([KeyboardInterrupt(), "quit"])
    within = []

    def asked(prompt):
        within.append(readline.get_completer_delims())
        answer = next(typed)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr("builtins.input", asked)
    debugger.loop()
    assert within == [" \t\n"] * 2
    assert readline.get_completer_delims() == before


def test_an_interrupted_script_can_be_run_again():
    tries = iter([KeyboardInterrupt(), None])

    def load():
        if error := next(tries):
            raise error
        return record(Value(2.0) * 3)

    out = io.StringIO()
    Debugger(load, ["step", "run", "step"], io.StringIO(), out).loop()
    assert "Interrupted; there is no graph" in out.getvalue()
    assert "3·v₁ = 3·2 = 6" in out.getvalue()
