"""The walk over layouts of arrays (see `tests.walks.layouts`) in a short form, in a process that may fall."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pages are guarded by mprotect")

ROOT = Path(__file__).resolve().parents[2]


def test_kernels_read_and_write_what_they_are_handed_and_nothing_beside_it():
    command = [sys.executable, "-m", "tests.walks.layouts", "--runs", "250"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert "runs of kernels: no access out of bounds" in ran.stdout


def test_the_guard_pages_are_there():
    """Reading one number too many ends the process."""
    program = """
import ctypes
from tests.walks.layouts import guarded
a = guarded(8, at_end={})
print(ctypes.string_at(a.ctypes.data, 8), flush=True)
ctypes.string_at(a.ctypes.data {}, 8)
"""
    for at_end, beside in ((True, "+ 8"), (False, "- 8")):
        command = [sys.executable, "-c", program.format(at_end, beside)]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
        assert ran.returncode < 0
        assert ran.stdout


def test_rows_of_any_length_end_where_they_end():
    """Four numbers of a row are read and written together, of the last row too, and none behind it."""
    program = """
import numpy as np
from autograd import compile
from tests.walks.layouts import kernel_module, guarded

class Guarded:
    __getattr__ = lambda self, name: getattr(np, name)
    def empty(self, shape, order="C"):
        room = guarded(8 * int(np.prod(shape)), True).view(float)
        return room.reshape(shape[::-1]).T if order == "F" else room.reshape(shape)

kernel_module.np = Guarded()
for count in (1, 3, 5, 6):
    f = compile(lambda v: sum(x * x for x in v), in_axes=0, backend="llvm")
    for rows in (8, 16, 19):
        x = guarded(8 * rows * count, True).view(float).reshape(rows, count)
        x[:] = np.arange(x.size).reshape(x.shape)
        columns = guarded(x.nbytes, True).view(float).reshape(count, rows).T
        columns[:] = x
        for given in (x, columns):
            assert np.array_equal(f.grad(given), 2 * x)
print("whole")
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.stdout == "whole\n", ran.stderr[-2000:]
