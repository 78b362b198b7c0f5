"""Compilers of C and C++: libraries made of exported files, without a warning, and called."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror".split()
COMPILERS = {  # each with one of the standards that it is asked to build for
    "gcc": [*WARNINGS, "-std=c99", "-O1"],
    "clang": [*WARNINGS, "-std=c17", "-O1"],
    "g++": [*WARNINGS, "-xc++", "-std=c++11", "-O1"],
    "clang++": [*WARNINGS, "-xc++", "-std=c++20", "-O1"],
    "tcc": ["-Wall", "-Werror"],
}
DOUBLES = ctypes.POINTER(ctypes.c_double)

usual = "gcc"  # for what does not depend on who compiles it; without --thorough tcc, which is ten times as fast


def run_compiler(compiler: str, *arguments: str, folder: Path) -> None:
    """Run it, without a warning; skip where there is none."""
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    made = subprocess.run([compiler, *arguments], cwd=folder, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[:3000]


def compiled(source: str, folder: Path, compiler: str = "") -> ctypes.CDLL:
    """The library that a compiler, or the usual one, makes of a file, without a warning."""
    compiler = compiler or usual
    (folder / "f.c").write_text(source, "ascii")
    run_compiler(compiler, *COMPILERS[compiler], "-shared", "-fPIC", "f.c", "-o", "f.so", "-lm", folder=folder)
    return ctypes.CDLL(str(folder / "f.so"))


def called(
    library: ctypes.CDLL, name: str, samples: np.ndarray, *columns: int, work: int = 0, dtype: str = "float64"
) -> list[np.ndarray]:
    """What `name`_batch writes: an array of so many columns for each result."""
    results = [np.full((len(samples), n), 77.0, dtype) for n in columns]
    arrays = [np.ascontiguousarray(samples, dtype), *results, *([np.empty(work, dtype)] if work else [])]
    function = getattr(library, f"{name}_batch")
    function(ctypes.c_size_t(len(samples)), *(ctypes.c_void_p(a.ctypes.data) for a in arrays))
    return results


def works(source: str) -> dict[str, int]:
    """How many numbers the work array of each function has, by its name."""
    return {name: int(size) for name, size in re.findall(r"(\w+) needs work\[(\d+)\]", source)}
