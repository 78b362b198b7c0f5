"""Times the debugger on graphs of a million nodes and of ten million edges, into results/stepping.md.

    python -m benchmarks.stepping            all of it, about two minutes
    python -m benchmarks.stepping --quick    graphs a tenth of that size, to look; writes nothing

Each graph is built, traced and recorded in a process of its own.  What a person waits for is the start
(trace, record, first prompt) and each command; commands are carried out by the debugger itself.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from time import process_time
from typing import Any, NamedTuple

from autograd import Value, dot, tanh
from benchmarks.driver import HERE, machine, publish
from benchmarks.workloads import E3_NODES_A_STEP, e3
from viz import record
from viz.debugger import Debugger
from viz.recording import Recording

RESULTS = HERE / "results" / "stepping.md"
TIMES = 200  # of each command; the median is told
WIDTH = 1000  # neurons of a layer, and inputs of each


class Measure(NamedTuple):
    """A line of the table: what is done, and what is typed for it."""

    title: str
    commands: Sequence[str]
    repeat: int = TIMES


def chain(nodes: int) -> Value:
    """Deep: x ← x·1.0000001 + 0.5·tanh x."""
    J: Value = e3(Value(0.5, name="x"), nodes // E3_NODES_A_STEP, tanh)
    return J


def layers(edges: int) -> Value:
    """Wide: layers of WIDTH neurons with WIDTH inputs each, tanh, as dot nodes."""
    dice = random.Random(1)
    activations = [Value(dice.gauss(0, 1)) for _ in range(WIDTH)]
    for _ in range(max(edges // (2 * WIDTH * WIDTH), 1)):
        weights = [[Value(dice.gauss(0, WIDTH**-0.5)) for _ in range(WIDTH)] for _ in range(WIDTH)]
        activations = [tanh(dot(row, activations)) for row in weights]
    J: Value = dot(activations, activations)
    return J


GRAPHS: dict[str, tuple[Callable[[int], Value], int]] = {"chain": (chain, 1_000_000), "layers": (layers, 10_000_000)}

MEASURES = (
    Measure("`step`", ["step"]),
    Measure("`next`", ["next"]),
    Measure("`back`", ["back"]),
    Measure("`goto`, anywhere", ["goto 7", "goto {middle}", "goto {last}"]),
    Measure("`print`, `where`, `list`", ["print #0", "where", "list"], 30),
    Measure("`continue` to `abs(delta) > 1e300`, which is nowhere",
            ["goto start", "delete", "b if abs(delta) > 1e300", "continue"], 5),
    Measure("`reverse-continue` to the same", ["goto end", "reverse-continue"], 5),
    Measure("`continue` to `isnan(value) and phase == \"backward\"`",
            ["goto start", "delete", 'b if isnan(value) and phase == "backward"', "continue"], 5),
)  # fmt: skip


# -- in a process of its own -------------------------------------------------------------------------


def measured(kind: str, size: int) -> dict[str, float]:
    """Seconds of each thing, and bytes a node, on one graph."""
    build, _ = GRAPHS[kind]
    J, building = _timed(lambda: build(size))
    held = _megabytes()
    log, recording = _timed(lambda: record(J))
    debugger, starting = _timed(lambda: _started(log))
    found = {
        "nodes": float(len(log.trace.nodes)), "edges": float(len(log.trace.edges)), "steps": float(len(log)),
        "building the graph": building, "trace and record": recording, "first prompt": starting,
        "start": recording + starting, "megabytes more": _megabytes() - held,
    }  # fmt: skip
    places = {"middle": len(log) // 2, "last": len(log) - 1}
    for measure in MEASURES:
        debugger.onecmd("goto 100" if measure.commands != ["back"] else "goto end")
        found[measure.title] = _median(debugger, [c.format(**places) for c in measure.commands], measure.repeat)
    return found


def _started(log: Recording) -> Debugger:
    debugger = Debugger(lambda: log, stdin=io.StringIO(), stdout=io.StringIO())
    debugger.loop()
    return debugger


def _median(debugger: Debugger, commands: Sequence[str], repeat: int) -> float:
    """Seconds of the slowest command in the row, in the middle of its repetitions."""
    rounds = [[_timed(partial(debugger.onecmd, command))[1] for command in commands] for _ in range(repeat)]
    return max(float(statistics.median(times)) for times in zip(*rounds, strict=True))


def _timed(act: Callable[[], Any]) -> tuple[Any, float]:
    start = process_time()  # of this thread's work; a busy machine makes it no longer
    found = act()
    return found, process_time() - start


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- the table ---------------------------------------------------------------------------------------


def in_a_process(kind: str, size: int) -> dict[str, float]:
    """`measured`, where nothing else has been allocated."""
    program = f"import json; from benchmarks.stepping import measured; print(json.dumps(measured({kind!r}, {size})))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def table(results: dict[str, dict[str, float]]) -> str:
    """The results as Markdown."""
    columns = list(results.values())
    sizes = ("nodes", "edges", "steps")
    lines = [f"| | {' | '.join(results)} |", f"|---|{'--:|' * len(results)}"]
    for title in columns[0]:
        cells = [f"{c[title]:,.0f}" if title in (*sizes, "megabytes more") else _seconds(c[title]) for c in columns]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _seconds(x: float) -> str:
    return f"{x:.1f} s" if x >= 1 else f"{x * 1e3:.0f} ms" if x >= 0.01 else f"{x * 1e3:.2g} ms"


def report(results: dict[str, dict[str, float]]) -> str:
    """The page that is written."""
    return f"""# The debugger on large graphs

{table(results)}

Measured {date.today().isoformat()} on {machine()}. *chain* is E3 of the [workloads](../README.md), *layers* are tanh
layers of {WIDTH:,} neurons with {WIDTH:,} inputs each, as dot nodes. Seconds of processor time, one thread; of commands
the median. *start* is what a person waits for: trace, record and first prompt, after the program has built its graph.
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="the debugger on large graphs")
    parser.add_argument("--quick", action="store_true", help="graphs a tenth of that size; write nothing")
    quick = parser.parse_args().quick
    results = {kind: in_a_process(kind, size // 10 if quick else size) for kind, (_, size) in GRAPHS.items()}
    page = report(results)
    publish(page, RESULTS if not quick else None)


if __name__ == "__main__":
    main()
