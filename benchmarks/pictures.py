"""Times pictures, formulas and explanations, from a network of 43 nodes to one of 27 million edges.

    python -m benchmarks.pictures            all of it, about eight minutes
    python -m benchmarks.pictures --quick    the small graphs, to look; writes nothing

Each graph is built and looked at in a process of its own, and what is timed is what a person waits for: the
whole call, from a Value to the finished text.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from time import process_time
from typing import Any, NamedTuple

import viz
from autograd import Value, gradient, sin, tanh
from benchmarks.driver import HERE, machine, publish
from benchmarks.workloads import E1_SAMPLE, E1_SIZES, Arithmetic, e1, initial_parameters, plain_affine
from nn import MLP, half_squared_error

RESULTS = HERE / "results" / "pictures.md"
PATIENT = 2.0  # seconds: what takes less is done several times, and the median told


class Graph(NamedTuple):
    """A line of the table."""

    title: str
    build: Callable[[], tuple[Value, Value]]  # J and one of its parameters
    small: bool  # everything is done with it, and a quick look includes it


def network(samples: int, sizes: tuple[int, ...]) -> tuple[Value, Value]:
    """The loss of a tanh network over a batch, with dot nodes and every node named; and its first weight."""
    dice = random.Random(1)
    model = MLP(sizes[0], sizes[1:], "tanh", seed=1)
    X, y = ([[dice.uniform(-1, 1) for _ in range(n)] for _ in range(samples)] for n in (sizes[0], sizes[-1]))
    return half_squared_error([model(row) for row in X], y), model.parameters()[0]


def plain() -> tuple[Value, Value]:
    """E1 in plain + and ×, without names."""
    parameters = [Value(p) for p in initial_parameters(E1_SIZES)]
    xs, y = E1_SAMPLE
    J: Value = e1(parameters, [Value(x) for x in xs], Value(y), Arithmetic(plain_affine, tanh, tanh))
    return J, parameters[0]


def second_derivative() -> tuple[Value, Value]:
    """∂²J/∂w² of E1, as a graph of its own."""
    J, w = plain()
    slope: Value = gradient(J, w, as_graph=True)
    return gradient(slope, w, as_graph=True), w


def chain(steps: int) -> Callable[[], tuple[Value, Value]]:
    """A chain of so many steps in which its first node is used all along."""

    def build() -> tuple[Value, Value]:
        x = Value(0.3, name="x")
        first = J = sin(x)
        for k in range(steps):
            J = J * 0.9 + first * (k % 3 + 1)
        return J, x

    return build


GRAPHS = {
    "lecture": Graph("lecture's network, 3-3-2-1", lambda: network(1, (3, 3, 2, 1)), True),
    "E1": Graph("E1 as dot nodes, 3-16-16-1", lambda: network(1, (3, 16, 16, 1)), True),
    "plain": Graph("E1 in plain + and ×", plain, True),
    "second": Graph("∂²J/∂w² of that", second_derivative, True),
    "chain": Graph("a chain, one node used all along", chain(150), True),
    "long": Graph("the same, as long as it is drawn", chain(395), True),
    "batch": Graph("20-60-60-1, 50 samples", lambda: network(50, (20, 60, 60, 1)), False),
    "million": Graph("3-16-16-1, 14,000 samples", lambda: network(14_000, (3, 16, 16, 1)), False),
    "edges": Graph("50-100-80-4, 1,000 samples", lambda: network(1000, (50, 100, 80, 4)), False),
}

ACTS: dict[str, tuple[Callable[[Value, Value], Any], bool]] = {  # what is done, and whether to small graphs only
    "draw": (lambda J, w: viz.draw(J), False),
    'level="op"': (lambda J, w: viz.draw(J, level="op"), True),
    "around=w": (lambda J, w: viz.draw(J, around=w), False),
    "formula": (lambda J, w: (str(viz.formula(J)), viz.formula(J).latex), True),
    "derive": (lambda J, w: str(viz.derive(J, wrt=w)), True),
    "why": (lambda J, w: str(viz.why(J, w)), False),
    "anomaly": (lambda J, w: str(viz.anomaly(J)), False),
}


# -- in a process of its own -------------------------------------------------------------------------


def measured(name: str) -> dict[str, float]:
    """Seconds of each act on one graph, its size, and how much the process grew."""
    graph = GRAPHS[name]
    J, w = graph.build()
    seen = viz.trace(J)
    found = {"nodes": float(len(seen.nodes)), "edges": float(len(seen.edges))}
    del seen
    held = _megabytes()
    for title, (act, only_small) in ACTS.items():
        if graph.small or not only_small:
            found[title] = _seconds_of(lambda act=act: act(J, w))  # type: ignore[misc]  # a lambda's default
    found["megabytes more"] = _megabytes() - held
    if graph.small:
        found["characters"] = float(len(str(viz.formula(J))))
    return found


def _seconds_of(act: Callable[[], Any]) -> float:
    """Of processor time, which a busy machine makes no longer; the median of three where that is short."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < PATIENT:
        gc.collect()
        start = process_time()
        act()
        times.append(process_time() - start)
    return statistics.median(times)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# -- the table ---------------------------------------------------------------------------------------


def in_a_process(name: str) -> dict[str, float]:
    """`measured`, where nothing else has been allocated."""
    program = f"import json; from benchmarks.pictures import measured; print(json.dumps(measured({name!r})))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def table(results: dict[str, dict[str, float]]) -> str:
    """The results as Markdown."""
    lines = [f"| | nodes | edges | {' | '.join(ACTS)} | MB more |", f"|---|{'--:|' * (len(ACTS) + 3)}"]
    for name, found in results.items():
        cells = [f"{found[size]:,.0f}" for size in ("nodes", "edges")]
        cells += [_seconds(found[title]) if title in found else "" for title in ACTS]
        lines.append(f"| {GRAPHS[name].title} | {' | '.join(cells)} | {found['megabytes more']:,.0f} |")
    return "\n".join(lines)


def _seconds(x: float) -> str:
    return f"{x:.1f} s" if x >= 1 else f"{x * 1e3:.0f} ms"


def report(results: dict[str, dict[str, float]]) -> str:
    """The page that is written."""
    lengths = [f"{found['characters']:,.0f} of {GRAPHS[name].title}" for name, found in results.items()
               if "characters" in found]  # fmt: skip
    return f"""# Pictures, formulas and explanations

{table(results)}

Measured {date.today().isoformat()} on {machine()}. Seconds of processor time, of one thread, from a Value
to the finished text; medians where it is short. *draw* is `viz.draw(J)`, which gathers nodes by scope where there are
more than 2,000; *around=w* shows the neighbours of a weight; *formula* is written twice, as text and as LaTeX; *derive*
and *why* are of one weight. *MB more* is by how much the process grew at its largest. Characters of the formulas, in
which what is used twice stands once: {"; ".join(lengths)}.
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="pictures, formulas and explanations")
    parser.add_argument("--quick", action="store_true", help="the small graphs; write nothing")
    quick = parser.parse_args().quick
    results = {}
    for name, graph in GRAPHS.items():
        if graph.small or not quick:
            print(f"  {graph.title}", flush=True)
            results[name] = in_a_process(name)
            print(f"    {results[name]}", flush=True)
    page = report(results)
    publish(page, RESULTS if not quick else None)


if __name__ == "__main__":
    main()
