"""How soon a package is ready, and how long a call then takes: contenders' answers are compared, timed and listed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.driver import Environment, Measured, Worker, in_turns, python_of

Entries = Mapping[str, tuple[str, Environment]]  # of each contender its title, and where it runs
Results = dict[str, dict[str, tuple[Measured, Measured]]]  # by workload and contender: until ready, a call


class Contender:
    """One package, which says how a workload becomes a call."""

    def ready(self, workload: str) -> Callable[[], Any]:
        """Record, differentiate, compile."""
        raise NotImplementedError

    def prepare(self, workload: str) -> None:
        """Make ready, and run once."""
        self._call = self.ready(workload)
        self._call()

    def timed(self, workload: str, repeat: int) -> float:
        """Mean seconds of `repeat` runs, of the processor's time."""
        start = time.process_time()
        for _ in range(repeat):
            self._call()
        return (time.process_time() - start) / repeat

    def answer(self, workload: str) -> list[float]:
        """The numbers that are compared."""
        return [float(x) for part in self._call() for x in np.ravel(part)]

    def pose(self, workload: str) -> None:
        """What every contender is given, and no memory of its own."""

    def hold(self, workload: str) -> Any:
        """What stays in memory while it is in use."""
        return self.ready(workload)


def run(module: str, workloads: Sequence[str], entries: Entries, rounds: int, within: float) -> Results:
    """Each workload, by each contender in a process of its own; SystemExit if their answers differ."""
    results: Results = {}
    for workload in workloads:
        started = {
            name: Worker(title, python_of(environment), module, name, "on")
            for name, (title, environment) in entries.items()
        }
        results[workload] = _measure(workload, started, rounds, within)
        for worker in started.values():
            worker.close()
    return results


def _measure(
    workload: str, workers: dict[str, Worker], rounds: int, within: float
) -> dict[str, tuple[Measured, Measured]]:
    """(seconds until ready, seconds of a call) of each contender."""
    ready: dict[str, Measured] = {}
    for name, worker in workers.items():
        answer = worker.ask("prepare", workload)
        ready[name] = answer.get("seconds", answer.get("error", ""))
    able = [name for name, seconds in ready.items() if not isinstance(seconds, str)]
    answers = [np.array(workers[name].ask("answer", workload)["numbers"]) for name in able]
    for name, found in zip(able[1:], answers[1:], strict=True):
        if np.abs(found - answers[0]).max() > within * np.abs(answers[0]).max():
            raise SystemExit(f"{workload}: {name} finds other numbers than {able[0]}")
    calls = in_turns([workers[name] for name in able], workload, lambda once: max(1, round(0.2 / once)), rounds)
    return {name: (ready[name], calls.get(workers[name].title, "")) for name in workers}


def table(results: Results, entries: Entries, title_of: Callable[[str], str]) -> str:
    """The results as Markdown."""
    titles = [title for title, _ in entries.values()]
    lines = [f"| | {' | '.join(f'{title}: ready | a call' for title in titles)} |", f"|---|{'--:|--:|' * len(titles)}"]
    for workload, found in results.items():
        cells = [_shown(x) for name in entries for x in found.get(name, ("", ""))]
        lines.append(f"| {title_of(workload)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _shown(x: Measured) -> str:
    if isinstance(x, str):
        return x.replace("NotImplementedError", "–")
    return f"{x:.2g} s" if x >= 0.01 else f"{x * 1e3:.3g} ms" if x >= 1e-3 else f"{x * 1e6:.3g} µs"
