"""Starts a submission in a process of its own, under limits, and takes what it answers as plain numbers.

What a submission can do is what a program of this user can do: it cannot hold up the table, fill its memory or put
anything but numbers and a message in it, but files that the user may delete it may delete too.  Run strangers' code as
a user without rights, or in a container.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

WORKER = Path(__file__).with_name("worker.py")
STARTING = 5.0  # seconds for Python to start, beside the submission's own
LONGEST = 16 << 20  # bytes of an answer


class Limits(NamedTuple):
    """How long a submission may run, and how much memory it may take."""

    seconds: float = 10.0
    megabytes: int = 1024


class Reply(NamedTuple):
    """What came of running a submission: its answers, or in words why there are none."""

    answers: list[Any] | None
    why: str = ""


def run(name: str, text: str, function: str, points: Sequence[tuple[Any, ...]], limits: Limits) -> Reply:
    """What `function` of a submission's text answers at these points."""
    job = {
        "name": name, "text": text, "function": function, "points": list(points),
        "megabytes": limits.megabytes, "seconds": max(1, round(limits.seconds)),
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="submission-") as folder, tempfile.TemporaryFile() as out:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        process = subprocess.Popen(
            [sys.executable, str(WORKER)], stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL, cwd=folder,
            env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            process.communicate(pickle.dumps(job), timeout=limits.seconds + STARTING)
        except subprocess.TimeoutExpired:
            return Reply(None, f"took longer than {limits.seconds:g} s")
        finally:
            _end(process)
        out.seek(0)
        return _read(out.read(LONGEST), process.returncode, function, limits)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started in its session."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _read(written: bytes, code: int, function: str, limits: Limits) -> Reply:
    try:
        found = json.loads(written)
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("answers"), list):
        return Reply(found["answers"])
    if isinstance(found, dict) and "missing" in found:
        return Reply(None, f"has no function {function}")
    if isinstance(found, dict) and "memory" in found:
        return Reply(None, f"took more than {limits.megabytes} MB")
    if isinstance(found, dict) and isinstance(found.get("error"), str):
        return Reply(None, found["error"])
    cpu = code == -getattr(signal, "SIGXCPU", 0) and code != 0
    return Reply(None, f"took longer than {limits.seconds:g} s" if cpu else "ended without an answer")
