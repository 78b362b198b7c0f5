"""One contender in a process of its own, answering the driver's requests, one JSON line each.

    {"do": "prepare", "workload": "C1"}                 → {"seconds": to record, differentiate and compile}
    {"do": "time", "workload": "E1", "repeat": 50}      → {"seconds": of one run}
    {"do": "answer", "workload": "E1"}                  → {"numbers": [the value, its derivatives]}
    {"do": "memory", "workload": "E3:100000"}           → {"bytes": by which the process grows}

What a contender raises comes back as {"error": the exception's name}.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol


class Contender(Protocol):
    """What the worker asks of whoever is timed."""

    def prepare(self, workload: str) -> None:
        """All that is done once, before the first run."""

    def timed(self, workload: str, repeat: int) -> float:
        """Seconds of one run, from `repeat` of them."""

    def answer(self, workload: str) -> list[float]:
        """The value and its derivatives."""

    def pose(self, workload: str) -> None:
        """What every contender is given, and no memory of its own."""

    def hold(self, workload: str) -> Any:
        """What stays in memory while it is in use."""


def held(contender: Contender, workload: str) -> int:
    """Bytes by which the process grows while what the contender holds is alive."""
    contender.pose(workload)
    before = _resident()
    kept = contender.hold(workload)
    after = _resident()
    del kept
    return after - before


def _worked() -> float:
    """Seconds of processor time, of compilers that were started too."""
    return time.process_time() + sum(os.times()[2:4])  # the system counts those of children in hundredths


def _resident() -> int:
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)  # what was freed goes back to the system
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def respond(contender: Contender, request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request."""
    do, workload = request["do"], request["workload"]
    if do == "prepare":
        start = _worked()
        contender.prepare(workload)
        return {"seconds": _worked() - start}
    if do == "time":
        return {"seconds": contender.timed(workload, request["repeat"])}
    if do == "memory":
        return {"bytes": held(contender, workload)}
    return {"numbers": contender.answer(workload)}


def main() -> None:
    """Serve until standard input ends; arguments: module, contender, and "on" or "off" for the collector."""
    module, name, collector = sys.argv[1:]
    if hasattr(os, "sched_setaffinity"):  # one thread, whatever a package starts
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if collector == "off":
        gc.disable()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a package prints, in C too, must not look like an answer
    contender: Contender = importlib.import_module(module).CONTENDERS[name]()
    for line in sys.stdin:
        try:
            answer = respond(contender, json.loads(line))
        except Exception as error:  # a peer's failure is a result: the driver reports it
            answer = {"error": type(error).__name__}
            print(f"{name}: {error!r}"[:2000], file=sys.stderr, flush=True)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
