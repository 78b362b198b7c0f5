"""What `python -m viz debug` runs is run as Python runs it, and what it leaves behind is put back."""

from __future__ import annotations

import os
import sys

import pytest

from tests.views.test_debugger import GOOD, run, script
from viz.__main__ import main
from viz.debugger.mishaps import said, text_of
from viz.debugger.program import ProgramError, node_of

AS_MAIN = """\
import argparse, dataclasses, multiprocessing, pickle, sys
import beside
from autograd import Value

@dataclasses.dataclass
class Car:
    speed: int = 1

def square(x):
    return x * x

def annotated(x: int):
    pass

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int)
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    import __main__, builtins, os
    assert __main__.Car is Car and sys.modules["__main__"] is __main__
    assert pickle.loads(pickle.dumps(Car(3))) == Car(3)
    for way in {ways}:
        with multiprocessing.get_context(way).Pool(1) as pool:
            assert pool.map(square, [1, 2, 3]) == [1, 4, 9]
    assert annotated.__annotations__ == {{"x": int}}  # no __future__ of somebody else's
    assert __builtins__ is builtins and __cached__ is None
    assert os.path.isabs(__file__) and sys.path[0] == os.path.dirname(__file__)
    J = Value(2.0) * options.epochs if options.v else None
"""


@pytest.mark.parametrize("module", [False, True])
def test_a_script_is_main(module, tmp_path):
    ways = [way for way in ("fork", "spawn") if os.name != "nt" or way == "spawn"]
    (tmp_path / "work").mkdir()
    script(tmp_path, AS_MAIN.format(ways=ways if not module else ways[:1]))
    script(tmp_path, "", "beside.py")
    if module:
        source = AS_MAIN.format(ways=ways[:1]).replace("__cached__ is None", "__spec__.name == 'program'")
        script(tmp_path, source)
    target = ["-m", "program"] if module else [str(tmp_path / "program.py")]
    done = run(["debug", "-c", "where", *target, "--epochs", "3", "-v"], "", tmp_path if module else tmp_path / "work")
    assert "J = 6." in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    assert "Error" not in done.stderr


def test_what_a_script_changes_is_put_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    script(tmp_path, GOOD + "import os, sys\nos.chdir('sub')\nsys.path = ['/nowhere']\nsys.argv = []\n")
    before = sys.modules["__main__"], sys.argv, sys.path, sys.path[:], os.getcwd()
    for _ in range(2):  # the second time it has to be found again
        assert node_of("program.py", sources=True).source == f"{tmp_path / 'program.py'}:3"
        assert (sys.modules["__main__"], sys.argv, sys.path, sys.path[:], os.getcwd()) == before
    script(tmp_path, "import os\nos.chdir('sub')\n1 / 0\n", "fails.py")
    with pytest.raises(ProgramError):
        node_of("fails.py")
    assert (sys.modules["__main__"], sys.argv, sys.path, sys.path[:], os.getcwd()) == before


@pytest.mark.parametrize(
    "source",
    [b"\xef\xbb\xbf" + GOOD.encode() + b"assert '\xc3\xa9' == chr(233)\n",
     b"# coding: latin-1\n" + GOOD.encode() + b"assert '\xe9' == chr(233)\n",
     GOOD.encode() + b"globals()[1] = 2\nclass Odd:\n    __class__ = property(lambda self: 1 / 0)\nodd = Odd()\n"],
    ids=["with a mark", "Latin", "odd variables"],
)  # fmt: skip
def test_scripts_in_other_encodings_and_with_odd_variables(source, tmp_path):
    path = tmp_path / "program.py"
    path.write_bytes(source)
    assert node_of(str(path)).data == 9.0


@pytest.mark.parametrize(
    ("source", "words"),
    [("x = 1\nif x\n", "expected ':' (program.py, line 2)"), ("'\udce9'", "SyntaxError: (unicode error)"),
     ("def f():\n    1 / 0\nf()\n", "(line 2 of "), ("import autograd\n\nautograd.log('x')", "(line 3 of "),
     ("class E(Exception):\n  def __str__(self): raise ValueError\nraise E", "E: (its text cannot be had: ValueError)"),
     ("raise ValueError('a' * 10_000_000)", "aaa…"), ("raise ValueError('a\\x1b[31m\\nb\\u202e')", "ValueError: a"),
     ("raise GeneratorExit", "raised GeneratorExit"), ("import sys; sys.exit(7)", "exited with status 7 and yields"),
     ("import sys; sys.exit('bye')", "exited with status 1"), ("J = 10 ** 5000", "J is a large whole number")],
    ids=lambda case: case[:20],
)  # fmt: skip
def test_what_goes_wrong_is_said_with_the_script_s_own_line(source, words, tmp_path):
    path = tmp_path / "program.py"
    path.write_bytes(source.encode("utf-8", "surrogateescape"))
    with pytest.raises(ProgramError) as raised:
        node_of(str(path))
    assert words in str(raised.value)
    assert len(str(raised.value)) < 600 + len(str(path))
    assert all(line.isprintable() and "viz/" not in line for line in [str(raised.value), *raised.value.shown])
    assert "raised" not in str(raised.value) or any(f'File "{path}"' in line for line in raised.value.shown)


def test_an_exception_is_shown_with_its_causes_as_python_does(tmp_path):
    path = script(tmp_path, "def g():\n    raise ValueError('one')\ntry:\n    g()\nexcept ValueError as e:\n"
                            "    raise KeyError('two') from e\n")  # fmt: skip
    with pytest.raises(ProgramError) as raised:
        node_of(str(path))
    assert [line.strip() for line in raised.value.shown if "File" in line or "Error" in line] == [
        f'File "{path}", line 4, in <module>', f'File "{path}", line 2, in g', "raise ValueError('one')",
        "ValueError: one", f'File "{path}", line 6, in <module>', "raise KeyError('two') from e", "KeyError: 'two'",
    ]  # fmt: skip


def test_text_of_what_has_none():
    class Odd(Exception):
        def __str__(self) -> str:
            return 3  # type: ignore[return-value]  # on purpose

    assert said(Odd()) == "Odd: (its text cannot be had: TypeError)"
    assert text_of("x" * 9, 3) == "xxx"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["nope.py"], "No such file"), (["."], "it is a folder"), (["zeros.py"], "there are zero bytes"),
     (["no\0name.py"], "null"), (["-m", "nosuchmodule"], "is no module"), (["-m", "os"], "is no module"),
     (["-m", "nosuch.module"], "No module named 'nosuch'")],
)  # fmt: skip
def test_what_is_no_script_is_one_sentence(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zeros.py").write_bytes(b"J = 1\n\0")
    with pytest.raises(SystemExit) as raised:
        main(["debug", *arguments])
    assert raised.value.code == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
