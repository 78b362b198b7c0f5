"""Programs as C: written by `to_c`, compiled by gcc, many in one library, and held against what is right."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.fuzzing import trees
from tests.fuzzing.oracle import Expected, Undefined

TOGETHER = 40  # programs in one call of gcc
FLAGS = "-std=c99 -O1 -shared -fPIC -Wall -Wextra -Werror -pedantic".split()
Doubles = ctypes.POINTER(ctypes.c_double)


class _Waiting(NamedTuple):
    question: Any
    right: Expected
    jacobian: Expected | None
    source: str


class C:
    """Collects programs, and compares them when there are enough for gcc to be called."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    def compare(self, question: Any, right: Expected, tally: Any) -> None:
        """Take the program of a value question along."""
        from tests.fuzzing.hunt import Difference, Way, answered, said

        case = question.case
        if question.kind != "value" or not case.recordable or case.captured or not trees.leaves(case.args):
            return
        try:
            program = answered(case, "compile(f).record(*args)")
            if len(program.inputs) != len(trees.leaves(case.args)):
                raise ValueError(f"the program has the inputs {program.inputs}")
            source = program.to_c(f"f{len(self._waiting)}")
        except Exception as error:
            tally.add(Difference(question, Way("C", "compile(f).record(*args).to_c()"), said(error), "C"))
            return
        self._waiting.append(_Waiting(question, right, _jacobian(question), source))
        if len(self._waiting) >= TOGETHER:
            self.finish(tally)

    def finish(self, tally: Any) -> None:
        """Compile what is waiting, and compare."""
        if self._waiting:
            with tempfile.TemporaryDirectory() as folder:
                library = _library([waiting.source for waiting in self._waiting], Path(folder))
                for i, waiting in enumerate(self._waiting):
                    _compare(library, f"f{i}", waiting, tally)
        self._waiting = []


def _jacobian(question: Any) -> Expected | None:
    """The derivatives of all outputs along all inputs, row by row; None where they are undefined."""
    from tests.fuzzing.hunt import expected

    every = tuple(range(len(question.case.args)))
    text = f"jacobian(lambda *a: flat(f(*a)), {every})(*args)"
    try:
        return expected(question.__class__("jacobian", text, question.case, ()))
    except Undefined:
        return None


def _library(sources: list[str], folder: Path) -> Any:
    gcc = shutil.which("gcc")
    if gcc is None:
        raise SystemExit("gcc is not here: leave out --with c")
    names = [f"f{i}.c" for i in range(len(sources))]
    for name, source in zip(names, sources, strict=True):
        (folder / name).write_text(source, "utf-8")
    command = [gcc, *FLAGS, *names, "-o", "all.so", "-lm"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"gcc: {made.stderr[:3000]}")
    return ctypes.CDLL(str(folder / "all.so"))


def _compare(library: Any, name: str, waiting: _Waiting, tally: Any) -> None:
    from tests.fuzzing.hunt import Difference, Way, oracle_text

    x = np.array(trees.leaves(waiting.question.case.args), float)
    y = np.full(len(waiting.right.numbers), 77.0)
    g = np.full(len(y) * len(x), 77.0)
    work = re.search(rf"{name}_gradient needs work\[(\d+)\]", waiting.source)  # for the columns of loops
    given = (x, y, g, *([np.full(int(work[1]), 77.0)] if work else []))
    getattr(library, f"{name}_gradient")(*(array.ctypes.data_as(Doubles) for array in given))
    for kind, got, right in (("value", y, waiting.right), ("jacobian", g, waiting.jacobian)):
        if right is None:
            tally.skipped["C: the derivative is undefined"] += 1
            continue
        tally.compared[f"{kind} | C"] += 1
        tally.numbers += len(got)
        if not np.all(np.abs(got - np.array(right.numbers)) <= np.array(right.tolerances)):
            way = Way("C", f"compile(f).record(*args).to_c()  # {kind}")
            tally.add(Difference(waiting.question, way, str(got), oracle_text(right)))
