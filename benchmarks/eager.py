"""Times the engine next to micrograd and xad, and writes the table to results/eager.md.

    python -m benchmarks.eager            all of it, about two minutes
    python -m benchmarks.eager --quick    fewer rounds, to look; writes nothing

Each contender runs in a process of its own, the peers in an environment of their own, since another
package may be called autograd.  The processes take turns, round by round, so that what else the
machine does falls on all alike; the medians of the rounds are compared.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import venv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.contenders import PEERS
from benchmarks.workloads import E1_NODES, E3_NODES_A_STEP

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "eager.md"
PEERS_AT = HERE / ".peers"
PEER_PACKAGES = ("micrograd==0.1.0", "xad==1.5.2", "numpy")  # xad imports NumPy without asking for it
E3_STEPS = 250_000  # 1,000,000 nodes
MEMORY_STEPS = 100_000
TOLERANCE = 1e-9  # within which all losses and gradients must agree

Results = dict[str, dict[str, "float | str"]]  # contender → measure → number, or the exception's name


class Entry(NamedTuple):
    """One line of the table: a contender, with Python's cyclic garbage collector on or off."""

    title: str
    contender: str
    collector: str = "on"


ENTRIES = (
    Entry("this engine, plain + and ×", "plain"),
    Entry("this engine, dot nodes", "dot"),
    Entry("this engine, nn", "nn"),
    Entry("micrograd 0.1.0", "micrograd"),
    Entry("micrograd 0.1.0, collector off", "micrograd", "off"),
    Entry("xad 1.5.2 (C++ tape)", "xad"),
)
REFERENCE = "micrograd 0.1.0"


class Effort(NamedTuple):
    """How often each workload is run: rounds, and runs a round."""

    rounds: int
    e1: int
    e2: int
    e3: int


FULL, QUICK = Effort(9, 100, 2, 1), Effort(3, 30, 1, 1)


# -- the peers' environment -------------------------------------------------------------------------


def peers_python() -> Path:
    """The Python that has the peers; made, with pip, when first asked for."""
    python = PEERS_AT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = PEERS_AT / "complete"  # written last: a broken installation is made again
    wanted = "\n".join(PEER_PACKAGES)
    if not complete.exists() or complete.read_text() != wanted:
        print(f"installing {', '.join(PEER_PACKAGES)} into {PEERS_AT}", flush=True)
        venv.create(PEERS_AT, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)
        complete.write_text(wanted)
    return python


# -- workers ----------------------------------------------------------------------------------------


class Worker:
    """A contender's process; `ask` sends a request and waits for the answer."""

    def __init__(self, entry: Entry) -> None:
        python = peers_python() if entry.contender in PEERS else Path(sys.executable)
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self.entry = entry
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", entry.contender, entry.collector],
            cwd=HERE.parent,
            env={**os.environ, **threads, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, workload: str, repeat: int = 1) -> dict[str, Any]:
        """The worker's answer, or {"error": ...} if it raised or its process died."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise RuntimeError("a worker is started with pipes")
        try:
            print(json.dumps({"do": do, "workload": workload, "repeat": repeat}), file=pipe_in, flush=True)
            line = pipe_out.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": f"exit {self._process.wait()}"}
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def check_answers(workers: Sequence[Worker]) -> None:
    """Stop unless all contenders compute the same loss and gradients."""
    for workload in ("E1", "E2"):
        expected = workers[0].ask("answer", workload)
        for worker in workers[1:]:
            if not _agree(expected, worker.ask("answer", workload)):
                sys.exit(f"{worker.entry.title} computes another {workload} than {workers[0].entry.title}")


def _agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if "error" in one or "error" in other:
        return False
    numbers = zip([one["loss"], *one["gradients"]], [other["loss"], *other["gradients"]], strict=True)
    return all(math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for a, b in numbers)


# -- measuring --------------------------------------------------------------------------------------


def measure_times(entries: Sequence[Entry], effort: Effort) -> Results:
    """Medians in seconds of E1, E2 and E3."""
    workers = [Worker(entry) for entry in entries]
    try:
        check_answers(workers)
        results: Results = {worker.entry.title: {} for worker in workers}
        for workload, repeat in (("E1", effort.e1), ("E2", effort.e2), (f"E3:{E3_STEPS}", effort.e3)):
            rounds = effort.rounds if not workload.startswith("E3") else min(3, effort.rounds)
            times = _in_turns(workers, workload, repeat, rounds)
            for title, found in times.items():
                results[title][workload[:2]] = found
        return results
    finally:
        for worker in workers:
            worker.close()


def _in_turns(workers: Sequence[Worker], workload: str, repeat: int, rounds: int) -> dict[str, float | str]:
    samples: dict[str, list[float]] = {worker.entry.title: [] for worker in workers}
    failures: dict[str, str] = {}
    for done in range(rounds + 1):
        print(f"  {workload.split(':')[0]}: round {done} of {rounds}", flush=True)
        for worker in workers:
            title = worker.entry.title
            if title in failures:
                continue
            answer = worker.ask("time", workload, repeat)
            if "error" in answer:
                failures[title] = answer["error"]
            elif done:  # round 0 warms up
                samples[title].append(answer["seconds"])
    return {title: failures.get(title) or statistics.median(samples[title]) for title in samples}


def measure_memory(entries: Sequence[Entry]) -> dict[str, float | str]:
    """Bytes a node that E3's graph holds, each contender in a fresh process."""
    held: dict[str, float | str] = {}
    for entry in entries:
        worker = Worker(entry)
        answer = worker.ask("memory", f"E3:{MEMORY_STEPS}")
        held[entry.title] = answer.get("error") or answer["bytes"] / (MEMORY_STEPS * E3_NODES_A_STEP)
        worker.close()
    return held


# -- the table --------------------------------------------------------------------------------------


def table(results: Results) -> str:
    """The results as Markdown, each time with its ratio to micrograd's."""
    lines = [
        "| | E1, µs | × micrograd | E2, ms | × micrograd | E3, ns a node | bytes a node |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    reference = results[REFERENCE]
    for title, row in results.items():
        cells = [
            _cell(row["E1"], 1e6, 0),
            _ratio(reference["E1"], row["E1"]),
            _cell(row["E2"], 1e3, 1),
            _ratio(reference["E2"], row["E2"]),
            _cell(row["E3"], 1e9 / (E3_STEPS * E3_NODES_A_STEP), 0),
            _cell(row["memory"], 1, 0),
        ]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(measured: float | str, scale: float, digits: int) -> str:
    return measured if isinstance(measured, str) else f"{measured * scale:,.{digits}f}"


def _ratio(reference: float | str, measured: float | str) -> str:
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


def report(results: Results) -> str:
    """The page that is written."""
    return f"""# Eager speed, forward and backward together

{table(results)}

Measured {date.today().isoformat()} on {machine()}; one thread, medians of interleaved rounds.
E1 has {E1_NODES:,} nodes as plain arithmetic, E3 {E3_STEPS * E3_NODES_A_STEP:,}. A higher ratio is faster.
Ratios travel between machines, times do not; gaps under 1.5× are ties. An exception's name stands where a
contender raised it. The workloads and how they are timed: [README](../README.md).
"""


def write_whole(path: Path, text: str) -> None:
    """Write `path` completely or leave it as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="eager speed next to micrograd and xad")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; write nothing")
    quick = parser.parse_args().quick
    results = measure_times(ENTRIES, QUICK if quick else FULL)
    for title, held in measure_memory(ENTRIES).items():
        results[title]["memory"] = held
    page = report(results)
    print("\n" + page)
    if not quick:
        write_whole(RESULTS, page)
        print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
