"""What every benchmark needs: environments of peers, processes that take turns, pages written whole.

Each contender runs in a process of its own, each peer in an environment of its own, since another
package may be called autograd.  The processes take turns, round by round, so that what else the
machine does falls on all alike; the medians of the rounds are compared.
"""

from __future__ import annotations

import json
import os
import platform
import select
import signal
import statistics
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
PEERS_AT = HERE / ".peers"
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Measured = float | str  # a number, or why there is none
Repeat = Callable[[float], int]  # seconds of one run → how many make a round


class Environment(NamedTuple):
    """Where a peer lives: a folder's name and what pip installs there; without packages, where we run."""

    name: str = ""
    packages: tuple[str, ...] = ()


OURS = Environment()


def python_of(environment: Environment) -> Path:
    """The Python of an environment; made, with pip, when first asked for.

    Raises subprocess.CalledProcessError if pip cannot install the packages.
    """
    if not environment.packages:
        return Path(sys.executable)
    folder = PEERS_AT / environment.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"  # written last: a broken installation is made again
    wanted = "\n".join(environment.packages)
    if not complete.exists() or complete.read_text() != wanted:
        print(f"installing {', '.join(environment.packages)} into {folder}", flush=True)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", *environment.packages]
        subprocess.run(pip, check=True)
        complete.write_text(wanted)
    return python


class Worker:
    """A contender's process; `ask` sends a request and waits for the answer."""

    def __init__(self, title: str, python: Path, *arguments: str) -> None:
        self.title = title
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", *arguments],
            cwd=HERE.parent,
            env={**os.environ, **THREADS, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that a compiler that it started ends with it
        )

    def ask(self, do: str, workload: str, repeat: int = 1, limit: float | None = None) -> dict[str, Any]:
        """The worker's answer; {"error": ...} if it raised, its process died, or `limit` seconds passed."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise RuntimeError("a worker is started with pipes")
        try:
            print(json.dumps({"do": do, "workload": workload, "repeat": repeat}), file=pipe_in, flush=True)
            if limit is not None and not select.select([pipe_out], [], [], limit)[0]:
                self._kill()
                return {"error": f"> {limit:.0f} s"}
            line = pipe_out.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": f"exit {self._process.wait()}"}
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _kill(self) -> None:
        """End the process and what it started."""
        if hasattr(os, "killpg"):
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()


def in_turns(workers: Sequence[Worker], workload: str, repeat: Repeat, rounds: int) -> dict[str, Measured]:
    """Each worker's median seconds of one run; `repeat` says how many make a round, given the first's seconds."""
    samples: dict[str, list[float]] = {worker.title: [] for worker in workers}
    failures: dict[str, str] = {}
    repeats: dict[str, int] = {}
    for done in range(rounds + 1):
        print(f"  {workload}: round {done} of {rounds}", flush=True)
        for worker in workers:
            if worker.title in failures:
                continue
            answer = worker.ask("time", workload, repeats.get(worker.title, 1))
            if "error" in answer:
                failures[worker.title] = answer["error"]
            elif done:
                samples[worker.title].append(answer["seconds"])
            else:  # round 0 warms up
                repeats[worker.title] = repeat(answer["seconds"])
    return {title: failures.get(title) or statistics.median(samples[title]) for title in samples}


# -- pages ------------------------------------------------------------------------------------------


def cell(measured: Measured, scale: float, digits: int) -> str:
    """A number of the table, or why there is none."""
    return measured if isinstance(measured, str) else f"{measured * scale:,.{digits}f}"


def ratio(reference: Measured, measured: Measured) -> str:
    """How many times faster than the reference."""
    if isinstance(reference, str) or isinstance(measured, str):
        return ""
    return f"{reference / measured:.1f}"


def machine() -> str:
    """What it ran on, in a line."""
    cpu = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":", 1)[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def write_whole(path: Path, text: str) -> None:
    """Write `path` completely or leave it as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def publish(page: str, path: Path | None) -> None:
    """Print a page of results, and write it to `path`, if there is one."""
    print("\n" + page)
    if path is not None:
        write_whole(path, page)
        print(f"written to {path}")
