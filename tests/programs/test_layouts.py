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
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
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
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode < 0
        assert ran.stdout
