"""Times curves through tables beside NumPy's and SciPy's, into results/tables.md.

    python -m benchmarks.tables            all of it, some seconds
    python -m benchmarks.tables --quick    fewer points, one round; writes nothing

All take turns in one process, with one thread, and answer the same before anything is timed.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Sequence
from datetime import date
from time import perf_counter
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from autograd import compile, interp
from autograd.splines import cubic, pchip
from benchmarks.driver import HERE, machine, publish

RESULTS = HERE / "results" / "tables.md"
KNOTS, POINTS, ROUNDS = (10, 1000, 100_000), 200_000, 7
CLOSE = 1e-11  # of the largest number
Curve = Callable[[Any], Any]


def curves(x: Any, y: Any) -> dict[str, tuple[Curve, Curve]]:
    """Ours, and what it is held against."""
    return {
        "`interp`": (lambda at: interp(at, x, y), lambda at: np.interp(at, x, y)),
        "`cubic`": (cubic(x, y), CubicSpline(x, y)),
        "`pchip`": (pchip(x, y), PchipInterpolator(x, y)),
    }


def line(name: str, knots: int, points: int, rounds: int) -> str:
    """One row of the table: nanoseconds a point."""
    dice = np.random.default_rng(0)
    x, y = np.cumsum(dice.uniform(0.1, 1.0, knots)), dice.normal(size=knots)
    at = dice.uniform(x[0], x[-1], points)
    ours, theirs = curves(x, y)[name]
    start = perf_counter()
    program = compile(ours, in_axes=0, backend="llvm", threads=1)
    found = program(at)
    ready = perf_counter() - start
    if np.abs(found - theirs(at)).max() > CLOSE * np.abs(y).max():
        raise ValueError(f"{name} of {knots} knots: the answers differ")
    program.value_and_grad(at)
    times = in_turns([lambda: theirs(at), lambda: program(at), lambda: program.value_and_grad(at)], rounds)
    cells = [f"{1e9 * seconds / points:.0f}" for seconds in times]
    return " | ".join([f"| {name}", f"{knots:,}", *cells, f"{ready:.2f} s |"])


def in_turns(calls: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The median time of each, in turns."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for each, call in zip(times, calls, strict=True):
            start = perf_counter()
            call()
            each.append(perf_counter() - start)
    return list(map(statistics.median, times))


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer points, one round; writes nothing")
    quick = parser.parse_args().quick
    points, rounds = (POINTS // 10, 1) if quick else (POINTS, ROUNDS)
    names = curves(np.arange(2.0), np.arange(2.0))
    rows = [line(name, knots, points, rounds) for name in names for knots in KNOTS[: 2 if quick else None]]
    page = [
        "# Tables",
        "",
        f"Nanoseconds a point, {points:,} points in any order; {machine()}; {date.today()}.",
        "",
        "| curve | knots | NumPy, SciPy | llvm | with its derivative | ready |",
        "|---|--:|--:|--:|--:|--:|",
        *rows,
        "",
    ]
    publish("\n".join(page), None if quick else RESULTS)


if __name__ == "__main__":
    main()
