"""The same thing again and again: memory, threads and open files stay what they were, with the collector and without.

    python -m tests.walks.growth --times 20000

Python's own objects are counted by tracemalloc, all memory by what the system says.  Without the collector a cycle of
references shows as growth: nothing that a node owns may need it.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

import nn
import viz
from autograd import (
    Value,
    check_grad,
    compile,
    dot,
    exp,
    grad,
    hessian,
    load_program,
    log,
    no_grad,
    polygamma,
    record_sources,
    scope,
    tanh,
)
from autograd.errors import AutogradError
from viz.terminal import run

A_CALL = 4.0  # bytes of Python's objects by which memory may grow a call, and
AT_ALL = 24_000  # in all: tables and caches that grow in steps
UNCOLLECTED = 1_000_000  # in all without the collector, which also empties Python's lists of what may be used again
SYSTEMS = 8 << 20  # bytes of the system's memory, which comes in pages and arenas
WARM = 40  # calls before anything is counted
TIMES = 3  # as often it is counted again before growth is believed: what fills up grows less and less


class Activity(NamedTuple):
    """What is done again and again; it may be too slow to be done as often as others."""

    act: Callable[[], object]
    slowness: int = 1  # it is done so many times less often
    cycles: bool = False  # whether only the collector frees some of it: a compiled function and its questions


def curve(x: Any) -> Any:
    return tanh(x[0]) * exp(x[1]) + x[2] ** 2 / (1.0 + x[0] * x[0]) + dot([x[0], x[1]], [x[2], 1.5])


def with_callback(x: Any) -> Any:
    return curve(x) + polygamma(1, 2.0 + x[1] * x[1])


X = [0.5, -0.25, 1.5]


# -- activities -------------------------------------------------------------------------------------


def graphs() -> Iterator[tuple[str, Activity]]:
    leaves = [Value(number, name=f"x{i}") for i, number in enumerate(X)]

    def blocks() -> None:
        with scope("a"), no_grad(), scope("b"), record_sources():
            curve(leaves)
        with record_sources(), scope("c"):
            curve(leaves)

    def mistakes() -> None:
        for wrong in (lambda: tanh("x"), lambda: Value(1.0) + None, lambda: grad(curve)([1.0]), lambda: log([[]]),
                      lambda: compile(curve, backend="abacus"), lambda: viz.draw(3)):  # fmt: skip
            with suppress(AutogradError, TypeError, IndexError):
                wrong()

    yield "backward", Activity(lambda: curve(leaves).backward())
    yield "grad", Activity(lambda: grad(curve)(X))
    yield "hessian", Activity(lambda: hessian(curve)(X), 5)
    yield "check_grad", Activity(lambda: check_grad(curve, X), 50)
    yield "with-blocks", Activity(blocks)
    yield "mistakes", Activity(mistakes, 2)


def compiled() -> Iterator[tuple[str, Activity]]:
    x, batch = np.array(X), np.random.default_rng(0).normal(size=(8, 3))
    for backend in ("interpreter", "numpy", "llvm"):
        f, each = compile(with_callback, backend=backend), compile(with_callback, backend=backend, in_axes=0)
        bound = f.grad.bind(x)
        yield f"call, {backend}", Activity(lambda f=f: f(x))
        yield f"gradient, {backend}", Activity(lambda f=f: f.value_and_grad(x))
        yield f"batch, {backend}", Activity(lambda each=each: each.grad(batch), 4)
        yield f"bound, {backend}", Activity(bound)
        yield f"bind, {backend}", Activity(lambda f=f: f.value_and_grad.bind(x)(), 2)
        yield (
            f"compile, {backend}",
            Activity(lambda backend=backend: compile(curve, backend=backend).grad(x), 100, True),
        )
        yield f"error, {backend}", Activity(lambda f=f: refused(lambda: f("x")), 2)


def refused(act: Callable[[], object]) -> None:
    with suppress(AutogradError, TypeError, ValueError):
        act()


def networks() -> Iterator[tuple[str, Activity]]:
    X = np.random.default_rng(0).normal(size=(8, 3))
    y, model = X.sum(1), nn.MLP(3, [4, 1], seed=0)
    optimiser = nn.Adam(model.parameters(), 0.001)
    inputs = X[0].tolist()

    def step() -> None:
        optimiser.zero_grad()
        nn.half_squared_error(model(inputs), 1.0).backward()
        optimiser.step()

    def fit() -> None:
        model.history = None  # which goes on
        model.fit(X, y, epochs=1, optimiser=optimiser, progress=False)

    def files() -> None:
        file = io.BytesIO()
        model.save(file)
        file.seek(0)
        nn.load(file)

    yield "forward", Activity(lambda: model(inputs))
    yield "step", Activity(step, 2)
    yield "predict", Activity(lambda: model.predict(X))
    yield "fit", Activity(fit, 5)
    yield "fit anew", Activity(lambda: nn.MLP(2, [2, 1], seed=0).fit(X[:, :2], y, epochs=1, progress=False), 200, True)
    yield "model file", Activity(files, 20)


def pictures() -> Iterator[tuple[str, Activity]]:
    leaves = [Value(number, name=f"x{i}") for i, number in enumerate(X)]
    J = curve(leaves)
    program = compile(curve).record(X)

    def files() -> None:
        file = io.BytesIO()
        program.save(file)
        file.seek(0)
        load_program(file)

    yield "draw", Activity(lambda: viz.draw(curve(leaves)).svg, 100)
    yield "explore", Activity(lambda: viz.explore(J).html, 100)
    yield "formula", Activity(lambda: viz.formula(J).latex, 20)
    yield "why", Activity(lambda: str(viz.why(J, leaves[0])), 20)
    yield "derive", Activity(lambda: str(viz.derive(J, leaves[0])), 50)
    yield "debug", Activity(lambda: viz.debug(J, ["step", "b tanh", "b if delta > 1", "c", "p x0"], io.StringIO()), 20)
    yield "program file", Activity(files, 20)


def activities() -> dict[str, Activity]:
    return {name: activity for each in (graphs(), compiled(), networks(), pictures()) for name, activity in each}


# -- measuring --------------------------------------------------------------------------------------


class Growth(NamedTuple):
    """By how much it grew."""

    calls: int
    objects: int  # bytes that Python's objects take
    system: int  # bytes
    threads: int
    handles: int
    cycles: int | None  # objects that only the collector could free; None if it was on
    where: str  # most of it was made

    @property
    def wrong(self) -> str:
        """What grew that should not, or nothing."""
        found = []
        if self.objects > (AT_ALL if self.cycles is None else UNCOLLECTED) + A_CALL * self.calls:
            found.append(f"{self.objects / self.calls:,.1f} bytes a call, most at {self.where}")
        if self.system > SYSTEMS + 64 * self.calls:
            found.append(f"{self.system >> 10:,} KiB of the system's memory")
        if self.cycles and self.cycles > self.calls // 10:
            found.append(f"{self.cycles / self.calls:,.1f} objects a call that only the collector frees")
        if self.threads > 0 or self.handles > 0:
            found.append(f"{self.threads} threads and {self.handles} open files")
        return "; ".join(found)


def growth(act: Callable[[], object], calls: int, collector: bool) -> Growth:
    """What is more after so many calls than before them; half of them is made before, to fill what fills up."""
    found = measured(act, calls, collector)
    return found._replace(where=located(act, min(calls, 500))) if found.wrong else found


def measured(act: Callable[[], object], calls: int, collector: bool) -> Growth:
    gc.collect()
    (gc.enable if collector else gc.disable)()
    try:
        tracemalloc.start()
        repeat(act, max(WARM, calls // 2))
        for _ in range(TIMES):
            before, system, threads, handles = traced(collector), resident(), threading.active_count(), opened()
            repeat(act, calls)
            objects = traced(collector) - before
            system, threads, handles = resident() - system, threading.active_count() - threads, opened() - handles
            found = Growth(calls, objects, system, threads, handles, None if collector else gc.collect(), "")
            if not found.wrong:
                break
        return found
    finally:
        tracemalloc.stop()
        gc.enable()


def repeat(act: Callable[[], object], calls: int) -> None:
    for _ in range(calls):
        act()


def traced(collector: bool) -> int:
    """Bytes that Python's objects take."""
    if collector:
        gc.collect()
    return tracemalloc.get_traced_memory()[0]


def located(act: Callable[[], object], calls: int) -> str:
    """The lines where most of what stays was made."""
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        repeat(act, calls)
        return most(before, tracemalloc.take_snapshot())
    finally:
        tracemalloc.stop()


def most(before: Any, after: Any) -> str:
    return ", ".join(
        f"{stat.traceback[0].filename}:{stat.traceback[0].lineno} ({stat.size_diff:,} bytes)"
        for stat in after.compare_to(before, "lineno")[:3]
    )


def resident() -> int:
    """Bytes of memory that the system has given us, where it says so."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def opened() -> int:
    """Open files, where the system lists them."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


# -- the walk ---------------------------------------------------------------------------------------


def walk(times: int, chosen: Callable[[str], bool] = lambda name: True) -> Iterator[tuple[str, bool, Growth]]:
    """Each activity with the collector on, then off; those that are slow less often, and the system's memory apart."""
    for name, activity in activities().items():
        if not chosen(name):
            continue
        calls = max(times // activity.slowness, min(times, 20))
        for collector in (True, False):
            if collector or not activity.cycles:
                yield name, collector, growth(activity.act, calls, collector)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20_000, help="calls of each; of what is slow fewer")
    parser.add_argument("--only", default="", help="activities that begin so")
    options = parser.parse_args()
    mistakes, began = 0, time.monotonic()
    for name, collector, found in walk(options.times, lambda name: name.startswith(options.only)):
        mistakes += bool(found.wrong)
        print(
            f"{name + ('' if collector else ', no collector'):36} {found.calls:7,d} calls"
            f" {found.objects:+10,d} bytes {found.system >> 10:+8,d} KiB {found.wrong and '!! ' + found.wrong}",
            flush=True,
        )
    print(f"{mistakes} mistakes, {time.monotonic() - began:.0f} s")
    return 1 if mistakes else 0


if __name__ == "__main__":
    run(main)
