"""One contender in a process of its own, answering the driver's requests, one JSON line each.

    {"do": "time", "workload": "E1", "repeat": 50}      → {"seconds": median of one forward + backward}
    {"do": "answer", "workload": "E1"}                  → {"loss": ..., "gradients": [...]}
    {"do": "memory", "workload": "E3:100000"}           → {"bytes": held by the graph}

What a contender raises comes back as {"error": the exception's name}.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS, Contender


def timed(contender: Contender, workload: str, repeat: int) -> float:
    """Median seconds of one forward + backward, graph dropped; gradients are reset in between."""
    seconds = []
    for _ in range(repeat):
        contender.reset()
        if not gc.isenabled():
            gc.collect()  # outside the timing: without it the heap would grow from run to run
        start = time.perf_counter()
        contender.forward_backward(workload)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def held(contender: Contender, workload: str) -> int:
    """Bytes by which the process grows while the graph is alive."""
    gc.collect()
    before = _resident()
    loss = contender.loss(workload)
    after = _resident()
    del loss
    return after - before


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def respond(contender: Contender, request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request."""
    workload = request["workload"]
    if request["do"] == "time":
        return {"seconds": timed(contender, workload, request["repeat"])}
    if request["do"] == "memory":
        return {"bytes": held(contender, workload)}
    loss, gradients = contender.answer(workload)
    return {"loss": loss, "gradients": gradients}


def main() -> None:
    """Serve until standard input ends; arguments: contender, and "on" or "off" for the collector."""
    name, collector = sys.argv[1:]
    if collector == "off":
        gc.disable()
    contender = CONTENDERS[name]()
    for line in sys.stdin:
        try:
            answer = respond(contender, json.loads(line))
        except Exception as error:  # a peer's failure is a result: the driver reports it
            answer = {"error": type(error).__name__}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
