"""A folder of submissions: right, wrong and hostile ones in one table."""

from __future__ import annotations

import csv
import time

import pytest

from autograd import tanh
from autograd.errors import ArgumentError
from viz.__main__ import main
from viz.marking import mark

RIGHT = """
import math
def gradient(x, w):
    a = math.tanh(x[0] * w + x[1])
    d = 2 * a * (1 - a * a)
    return [d * w, d], d * x[0]
"""

SUBMISSIONS = {
    "ann.py": RIGHT,
    "ben.py": RIGHT.replace("(1 - a * a)", "(1 - a)"),
    "dora.py": "while True: pass",
    "eve.py": "x = [0] * 10**10",
    "fred.py": "import os; os._exit(0)",
    "gus.py": "def gradient(x, w): return '=cmd()'",
    "hal.py": "def gradient(x, w): return 1.0",
    "ida.py": "raise SystemExit('=<b>hi\\x1b[31m')",
    "joe.py": "def other(): pass",
    "kim.py": "import os\nwhile True: os.write(1, b'x' * 100_000)",
    "lou.py": "import os\nos.fork() or __import__('time').sleep(600)\n" + RIGHT,
    "max.py": "def gradient(x, w): return [float('nan'), 0.0], 0.0",
    "nan.py": "print('[1, 2]')\nimport sys; sys.setrecursionlimit(10**8)\ndef f(x): return f(x)\nf(1)",
}


def f(x, w):
    return tanh(x[0] * w + x[1]) ** 2


def marked(folder, names, seconds=60.0):
    for name in names:
        (folder / name).write_text(SUBMISSIONS[name])
    return mark(folder, f, [0.5, 0.2], 0.7, seconds=seconds, megabytes=512)


def test_right_wrong_and_failed(tmp_path):
    table = marked(tmp_path, ("ann.py", "ben.py", "joe.py"))
    ann, ben, joe = table.marks
    assert (ann.verdict, ben.verdict, joe.verdict) == ("right", "wrong", "failed")
    assert "1 - t₃ is written for 1 - t₃²" in ben.explained and ben.rule and "test_marking.py" in ben.line
    assert joe.explained == "has no function gradient"
    assert str(table).startswith("f: 1 failed, 1 right, 1 wrong")


@pytest.mark.thorough
def test_hostile_and_hanging_ones_fail_alone_and_nothing_in_the_table_acts(tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    start = time.monotonic()
    table = marked(folder, SUBMISSIONS, seconds=1.0)
    assert time.monotonic() - start < 300
    verdicts = {each.submission: each for each in table.marks}
    assert list(verdicts) == sorted(SUBMISSIONS)
    assert verdicts["ann.py"].verdict == verdicts["lou.py"].verdict == "right"
    assert verdicts["dora.py"].explained == "took longer than 1 s"
    assert verdicts["eve.py"].explained == "took more than 512 MB"
    assert "expected one entry per argument" in verdicts["hal.py"].explained
    assert verdicts["max.py"].verdict == "wrong"
    assert all(verdicts[name].verdict == "failed" for name in ("fred.py", "gus.py", "ida.py", "kim.py", "nan.py"))
    check_harmless(table, tmp_path)


def check_harmless(table, tmp_path):
    with table.to_csv(tmp_path / "marks.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + len(SUBMISSIONS) and not any(cell[:1] in "=+-@" for row in rows for cell in row if cell)
    page = table.to_html(tmp_path / "marks.html").read_text("utf-8")
    assert "<b>" not in page and "\x1b" not in page + str(table) and page.count("<tr class=") == len(SUBMISSIONS)
    assert str(table).startswith("f: ")


def test_the_command_writes_the_table(tmp_path, capsys):
    (tmp_path / "ann.py").write_text(RIGHT)
    task = tmp_path / "task" / "task.py"
    task.parent.mkdir()
    task.write_text("from autograd import tanh\ndef f(x, w): return tanh(x[0] * w + x[1]) ** 2\n")
    page = tmp_path / "page.html"
    arguments = ["mark", str(tmp_path), f"{task}:f", "--at", "[0.5, 0.2], 0.7"]
    assert main([*arguments, "--csv", str(tmp_path / "t.csv"), "--page", str(page)]) == 0
    assert "ann.py  right" in capsys.readouterr().out and page.exists() and (tmp_path / "t.csv").exists()
    with pytest.raises(SystemExit):
        main(["mark", str(tmp_path), f"{task}:g", "--at", "1.0"])


def test_a_folder_without_submissions_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="no Python files"):
        mark(tmp_path, f, [0.5, 0.2], 0.7)
