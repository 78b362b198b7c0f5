"""Times the engine next to micrograd and xad, and writes the table to results/eager.md.

    python -m benchmarks.eager            all of it, about two minutes
    python -m benchmarks.eager --quick    fewer rounds, to look; writes nothing

How contenders take turns is in `driver`.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from benchmarks.contenders import PEERS
from benchmarks.driver import (
    HERE,
    OURS,
    Environment,
    Measured,
    Worker,
    cell,
    in_turns,
    machine,
    publish,
    python_of,
    ratio,
)
from benchmarks.workloads import E1_NODES, E3_NODES_A_STEP

RESULTS = HERE / "results" / "eager.md"
TAPES = Environment("eager", ("micrograd==0.1.0", "xad==1.5.2", "numpy"))  # xad imports NumPy without asking for it
E3_STEPS = 250_000  # 1,000,000 nodes
MEMORY_STEPS = 100_000
TOLERANCE = 1e-9  # within which all losses and gradients must agree

Results = dict[str, dict[str, Measured]]  # contender → measure → number, or the exception's name


class Entry(NamedTuple):
    """One line of the table: a contender, with Python's cyclic garbage collector on or off."""

    title: str
    contender: str
    collector: str = "on"


ENTRIES = (
    Entry("this engine, plain + and ×", "plain"),
    Entry("this engine, dot nodes", "dot"),
    Entry("this engine, nn", "networks"),
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


# -- workers ----------------------------------------------------------------------------------------


def start(entry: Entry) -> Worker:
    """The entry's process."""
    environment = TAPES if entry.contender in PEERS else OURS
    return Worker(entry.title, python_of(environment), "benchmarks.contenders", entry.contender, entry.collector)


def check_answers(workers: Sequence[Worker]) -> None:
    """Stop unless all contenders compute the same loss and gradients."""
    for workload in ("E1", "E2"):
        expected = workers[0].ask("answer", workload)
        for worker in workers[1:]:
            if not _agree(expected, worker.ask("answer", workload)):
                sys.exit(f"{worker.title} computes another {workload} than {workers[0].title}")


def _agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if "error" in one or "error" in other:
        return False
    numbers = zip(one["numbers"], other["numbers"], strict=True)
    return all(math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for a, b in numbers)


# -- measuring --------------------------------------------------------------------------------------


def measure_times(entries: Sequence[Entry], effort: Effort) -> Results:
    """Medians in seconds of E1, E2 and E3."""
    workers = [start(entry) for entry in entries]
    try:
        check_answers(workers)
        results: Results = {worker.title: {} for worker in workers}
        for workload, repeat in (("E1", effort.e1), ("E2", effort.e2), (f"E3:{E3_STEPS}", effort.e3)):
            rounds = effort.rounds if not workload.startswith("E3") else min(3, effort.rounds)
            times = in_turns(workers, workload, lambda _, repeat=repeat: repeat, rounds)  # type: ignore[misc]
            for title, found in times.items():
                results[title][workload[:2]] = found
        return results
    finally:
        for worker in workers:
            worker.close()


def measure_memory(entries: Sequence[Entry]) -> dict[str, Measured]:
    """Bytes a node that E3's graph holds, each contender in a fresh process."""
    held: dict[str, Measured] = {}
    for entry in entries:
        worker = start(entry)
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
            cell(row["E1"], 1e6, 0),
            ratio(reference["E1"], row["E1"]),
            cell(row["E2"], 1e3, 1),
            ratio(reference["E2"], row["E2"]),
            cell(row["E3"], 1e9 / (E3_STEPS * E3_NODES_A_STEP), 0),
            cell(row["memory"], 1, 0),
        ]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def report(results: Results) -> str:
    """The page that is written."""
    return f"""# Eager speed, forward and backward together

{table(results)}

Measured {date.today().isoformat()} on {machine()}; one thread, medians of interleaved rounds.
E1 has {E1_NODES:,} nodes as plain arithmetic, E3 {E3_STEPS * E3_NODES_A_STEP:,}. A higher ratio is faster.
Ratios travel between machines, times do not; gaps under 1.5× are ties. An exception's name stands where a
contender raised it. The workloads and how they are timed: [README](../README.md).
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="eager speed next to micrograd and xad")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; write nothing")
    quick = parser.parse_args().quick
    results = measure_times(ENTRIES, QUICK if quick else FULL)
    for title, held in measure_memory(ENTRIES).items():
        results[title]["memory"] = held
    page = report(results)
    publish(page, RESULTS if not quick else None)


if __name__ == "__main__":
    main()
