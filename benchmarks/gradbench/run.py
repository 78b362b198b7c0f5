"""Plays GradBench's evaluations against this engine and other tools, into results/gradbench.md and its history.

    python -m benchmarks.gradbench.run --checkout DIR                     all of it, some ten minutes
    python -m benchmarks.gradbench.run --checkout DIR --quick det lse     these, one round; writes nothing

DIR is a checkout of github.com/gradbench/gradbench, with `json.hpp` of nlohmann's in its `cpp`.  GradBench's own
scripts ask, and judge the answers by its `tools/manual`; tools take turns, each evaluation in processes of its own, all
on one core.  What a C++ tool needs is found by CPATH and PKG_CONFIG_PATH.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from autograd import kept
from autograd.home import __version__
from benchmarks.driver import HERE, THREADS, machine, publish
from benchmarks.gradbench import history
from benchmarks.gradbench.history import Cell, Run

LIMIT = 60.0  # seconds a tool has for one message
RUNS = ("--min-runs", "3", "--min-seconds", "0.05")
SIZES: dict[str, tuple[str, ...]] = {
    "hello": (),
    "det": ("-l", "5", "7", "9", *RUNS),
    "lse": ("-n", "2500", "40000", "320000", *RUNS),
    "llsq": ("-n", "16", "1024", "16392", *RUNS),
    "ode": ("-n", "1000", "10000", "-s", "10", "100", *RUNS),
    "particle": RUNS,
    "saddle": RUNS,
    "ba": ("--max", "2", *RUNS),
    "ht": ("--max", "5", *RUNS),
    "gmm": ("-d", "2", "10", "20", "-k", "5", "25", *RUNS),
    "kmeans": ("-k", "10", "100", "-n", "1000", "-d", "8", "16", *RUNS),
}
TOOLS = ("ours", "jax", "pytorch", "codipack", "finite", "manual")


class Asked(NamedTuple):
    """One evaluation: what was asked, the seconds of each run, and what the eval said of the answer."""

    function: str
    size: str
    seconds: tuple[float, ...]
    verdict: str


def command(tool: str, checkout: Path) -> list[str]:
    """What starts a tool."""
    module = ["benchmarks.gradbench"] if tool == "ours" else ["benchmarks.gradbench.peers", str(checkout), tool]
    return [sys.executable, "-m", *module]


def played(name: str, tool: str, checkout: Path) -> list[Asked]:
    """One eval against one tool, with every message passed on."""
    paths = os.pathsep.join([str(HERE.parent), str(checkout / "python/gradbench")])
    surroundings = os.environ | THREADS | {"PYTHONPATH": paths, kept.SWITCH: "off"}
    script = checkout / "python/gradbench/gradbench/evals" / name / "run.py"
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": checkout}
    with (
        subprocess.Popen([sys.executable, script, *SIZES[name]], env=surroundings, **pipes) as asks,
        subprocess.Popen(command(tool, checkout), env=surroundings, stderr=subprocess.DEVNULL, **pipes) as answers,
    ):
        try:
            return judged(_exchanged(asks, answers))
        finally:
            asks.kill()
            answers.kill()


def _exchanged(asks: Any, answers: Any) -> Iterator[tuple[Any, Any]]:
    """Messages and their responses, until either side ends; a tool that takes too long is ended."""
    for line in asks.stdout:
        message = json.loads(line)
        if message["kind"] == "end":
            return
        clock = threading.Timer(LIMIT, answers.kill)
        clock.start()
        try:
            answers.stdin.write(line)
            answers.stdin.flush()
            answer = answers.stdout.readline()
        except BrokenPipeError:
            answer = ""
        clock.cancel()
        yield message, json.loads(answer) if answer else {"success": False, "error": "no answer"}
        if not answer:
            return
        asks.stdin.write(answer)
        asks.stdin.flush()


def judged(exchange: Iterator[tuple[Any, Any]]) -> list[Asked]:
    """The evaluations among the messages, each with what the eval said of it."""
    found: dict[int, Asked] = {}
    for message, response in exchange:
        if message["kind"] == "evaluate":
            times = [t["nanoseconds"] / 1e9 for t in response.get("timings") or [] if t["name"] == "evaluate"]
            verdict = "" if response["success"] else str(response.get("error")).splitlines()[-1]
            size = message.get("description", "")
            found[message["id"]] = Asked(message["function"], size, tuple(times), verdict)
        elif message["kind"] == "analysis":
            of = found[message["of"]]
            found[message["of"]] = of._replace(verdict="valid" if message["valid"] else "not valid")
    return [*found.values()]


def measured(names: list[str], tools: list[str], checkout: Path, rounds: int) -> list[Cell]:
    """Every eval against every tool, in turns: medians of the rounds' medians, without each round's first run."""
    gathered: dict[tuple[str, str, str, str], list[Asked]] = {}
    for name in names:
        for turn in range(rounds):
            for tool in tools:
                print(f"  {name}: round {turn + 1} of {rounds}, {tool}", flush=True)
                for asked in played(name, tool, checkout):
                    gathered.setdefault((name, asked.function, asked.size, tool), []).append(asked)
    return [_cell(key, every) for key, every in gathered.items()]


def _cell(key: tuple[str, str, str, str], every: list[Asked]) -> Cell:
    verdicts = {asked.verdict for asked in every}
    verdict = "valid" if verdicts == {"valid"} else min(verdicts - {"valid"})
    timed = [asked.seconds for asked in every if asked.seconds]
    first = statistics.median(seconds[0] for seconds in timed) if timed else None
    again = statistics.median(statistics.median(seconds[1:] or seconds) for seconds in timed) if timed else None
    return Cell(*key, first=first, seconds=again, verdict=verdict)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("evals", nargs="*", help=f"of {', '.join(SIZES)}; all of them")
    parser.add_argument("--checkout", type=Path, required=True, help="of GradBench")
    parser.add_argument("--tools", nargs="+", default=TOOLS, help="ours, jax, pytorch, or a folder of its C++ tools")
    parser.add_argument("--rounds", type=int, default=3, help="how often the tools take turns")
    parser.add_argument("--quick", action="store_true", help="one round; writes nothing")
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rounds = 1 if given.quick else given.rounds
    cells = measured(given.evals or [*SIZES], given.tools, given.checkout.resolve(), rounds)
    load = f"{os.getloadavg()[0]:.1f}"
    run = Run(date.today().isoformat(), __version__, machine(), load, rounds, cells)
    if not given.quick:
        history.added(run)
        history.drawn()
    publish(history.page(run), None if given.quick else history.RESULTS)


if __name__ == "__main__":
    main()
