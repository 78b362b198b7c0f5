"""Times training next to micrograd, PyTorch and scikit-learn, and writes the table to results/training.md.

    python -m benchmarks.training            all of it, some minutes
    python -m benchmarks.training --quick    fewer rounds, to look; writes nothing

What is trained, and by whom, is in `training_contenders`; how they take turns in `driver`.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from datetime import date
from importlib.util import find_spec
from typing import NamedTuple

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
from benchmarks.eager import TAPES

RESULTS = HERE / "results" / "training.md"
TORCH = OURS if find_spec("torch") else Environment("training", ("torch==2.13.0", "numpy", "scikit-learn"))
TOLERANCE = 1e-8  # within which all parameters must agree after the same epochs
ROUND = 1.0  # seconds of a contender's turn, if one epoch is shorter


class Entry(NamedTuple):
    """One line of the table; `same` says that it begins with the same numbers and meets the samples alike."""

    title: str
    contender: str
    environment: Environment = OURS
    same: bool = True


class Workload(NamedTuple):
    """What is trained; the first entry that is not this engine is the peer that ratios refer to."""

    name: str
    title: str
    entries: tuple[Entry, ...]


AUTO, NUMPY = Entry("this engine, fit", "fit"), Entry('this engine, fit, backend="numpy"', "fit-numpy")
WORKLOADS = (
    Workload("E2", "E2, a full-batch step", (AUTO, NUMPY, Entry("micrograd 0.1.0", "micrograd", TAPES))),
    Workload("digits", "digits, an epoch", (AUTO, NUMPY, Entry("PyTorch 2.13, float64", "torch", TORCH))),
    Workload("wide", "wide, an epoch", (AUTO, NUMPY, Entry("PyTorch 2.13, float64", "torch", TORCH))),
    Workload("cars", "cars, an epoch", (AUTO, NUMPY, Entry("scikit-learn's MLPRegressor", "sklearn", same=False))),
)


class Line(NamedTuple):
    """What was measured of one entry, in seconds."""

    entry: Entry
    recorded: Measured
    first: Measured
    epoch: Measured


def measure(workload: Workload, rounds: int) -> list[Line]:
    """Record and compile once, then train in turns."""
    workers = [
        Worker(entry.title, python_of(entry.environment), "benchmarks.training_contenders", entry.contender, "on")
        for entry in workload.entries
    ]
    try:
        _check_answers(workload, workers)
        ours = [entry.contender.startswith("fit") for entry in workload.entries]
        recorded: list[Measured] = [
            _seconds(worker.ask("prepare", f"record {workload.name}")) if is_ours else ""
            for is_ours, worker in zip(ours, workers, strict=True)
        ]
        first = [worker.ask("prepare", workload.name) for worker in workers]
        epochs = in_turns(workers, workload.name, lambda seconds: max(1, int(ROUND / seconds)), rounds)
        return [
            Line(entry, one, _seconds(two), epochs[entry.title])
            for entry, one, two in zip(workload.entries, recorded, first, strict=True)
        ]
    finally:
        for worker in workers:
            worker.close()


def _seconds(answer: dict[str, float | str]) -> Measured:
    return answer.get("error") or answer["seconds"]


def _check_answers(workload: Workload, workers: Sequence[Worker]) -> None:
    """Stop unless all that begin alike end alike."""
    expected = workers[0].ask("answer", workload.name)
    for entry, worker in zip(workload.entries, workers, strict=True):
        found = worker.ask("answer", workload.name) if entry.same else expected
        numbers = zip(expected.get("numbers", [math.nan]), found.get("numbers", [math.nan]), strict=True)
        if not all(math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for a, b in numbers):
            sys.exit(f"{worker.title} trains another {workload.name} than {workers[0].title}")


def table(measured: dict[str, list[Line]]) -> str:
    """The results as Markdown, each time with its ratio to the peer's."""
    head = "| | | ms | times faster than the peer | recording, ms | compiling and the first, ms |"
    rows = [head, "|---|---|--:|--:|--:|--:|"]
    for title, lines in measured.items():
        peer = next(line for line in lines if not line.entry.contender.startswith("fit"))
        for line in lines:
            times = cell(line.epoch, 1e3, 3), ratio(peer.epoch, line.epoch)
            once = cell(line.recorded, 1e3, 1), cell(line.first, 1e3, 0)
            rows.append(f"| {title} | {line.entry.title} | {' | '.join((*times, *once))} |")
    return "\n".join(rows)


def report(measured: dict[str, list[Line]]) -> str:
    """The page that is written."""
    return f"""# Training

{table(measured)}

Measured {date.today().isoformat()} on {machine()}; one thread, medians of interleaved rounds.
A time is the processor's for one call of `fit` (or the peer's loop) divided by its epochs, updates and all.
Recording is what `fit` does the first time before it compiles; compiling and the first epoch follow, once a model.
All that begin with the same numbers and batches agree on every parameter after two epochs;
scikit-learn begins with its own.
The workloads: [training_contenders.py](../training_contenders.py); how they are timed: [README](../README.md).
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="training next to micrograd, PyTorch and scikit-learn")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; write nothing")
    quick = parser.parse_args().quick
    page = report({workload.title: measure(workload, 2 if quick else 5) for workload in WORKLOADS})
    publish(page, RESULTS if not quick else None)


if __name__ == "__main__":
    main()
