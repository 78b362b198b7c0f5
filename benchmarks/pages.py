"""Times the pages in a real browser: how large, how soon ready, how smoothly they step.

``python -m benchmarks.pages`` writes results/pages.md; ``--quick`` looks at the first workload and writes nothing.
It needs playwright and a chromium, as the tests of the pages do.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import viz
from autograd import Value, tanh
from benchmarks import workloads as work
from nn import MLP, half_squared_error

RESULTS = Path(__file__).parent / "results" / "pages.md"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ROUNDS = 5
SETTLED = 500  # milliseconds from loading to stepping: how soon a page is ready is measured by itself

# One step a frame for two seconds, as with a key held down; then every step's work by itself.
STEPPING = """async () => {
    app.go(0);
    const frames = [];
    let before = await new Promise(requestAnimationFrame);
    const end = before + 2000;
    while (before < end) {
        app.go(app.taken === app.graph.steps ? 0 : app.taken + 1);
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - before);
        before = now;
    }
    return frames;
}"""
WORK = """steps => {
    const times = [];
    for (let k = 0; k < steps; k++) {
        app.go(Math.round(k * (app.graph.steps - 1) / steps));
        const start = performance.now();
        app.go(app.taken + 1);
        document.body.offsetHeight;
        times.push(performance.now() - start);
    }
    return times;
}"""
CHANGE = """() => {
    const start = performance.now();
    app.change(0, app.graph.value[0] + 0.001);
    document.body.offsetHeight;
    return performance.now() - start;
}"""
READY = "() => performance.getEntriesByName('ready')[0].startTime"


class Row(NamedTuple):
    """What was measured of a page."""

    name: str
    nodes: int
    steps: int
    size: int  # bytes
    write: float  # seconds
    ready: float  # milliseconds from the start of loading until the first step can be taken
    rate: float  # frames a second while stepping one step a frame
    slowest: float  # the 99th percentile of a frame, milliseconds
    step: float  # median work of a step, milliseconds
    change: float  # of changing a leaf, milliseconds


def plain_e1() -> Value:
    """E1 with plain + and ×: 1,031 unnamed nodes in no scope."""
    parameters = [Value(x) for x in work.initial_parameters(work.E1_SIZES)]
    inputs, target = work.E1_SAMPLE
    arithmetic = work.Arithmetic(work.plain_affine, lambda x: tanh(x), lambda x: x)
    loss: Value = work.e1(parameters, [Value(x) for x in inputs], Value(target), arithmetic)
    return loss


def layered(inputs: int, sizes: list[int]) -> Value:
    """A network of nn, every node named and in its scope."""
    dice = random.Random(1)
    model = MLP(inputs, sizes, activation="tanh", seed=1)
    loss: Value = half_squared_error(model([dice.uniform(-1, 1) for _ in range(inputs)]), 0.3)
    return loss


WORKLOADS: dict[str, Callable[[], Value]] = {
    "E1, plain + and ×": plain_e1,
    "E1, by nn": lambda: layered(3, [16, 16, 1]),
    "20-100-120-50-1, by nn": lambda: layered(20, [100, 120, 50, 1]),
}


def measure(name: str, make: Callable[[], Value], browser: Any, folder: Path) -> Row:
    """Write the page of a workload, open it, and step."""
    J = make()
    start = time.perf_counter()
    page = viz.explore(J)
    took = time.perf_counter() - start
    file = page.save(folder / "page.html")
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    ready = []
    for _ in range(ROUNDS):
        tab.goto(file.as_uri())
        ready.append(tab.evaluate(READY))
    tab.wait_for_timeout(SETTLED)
    frames = sorted(tab.evaluate(STEPPING))
    row = Row(
        name,
        tab.evaluate("app.graph.size"),
        tab.evaluate("app.graph.steps"),
        file.stat().st_size,
        took,
        statistics.median(ready),
        1000 * len(frames) / sum(frames),
        frames[int(0.99 * (len(frames) - 1))],
        statistics.median(tab.evaluate(WORK, 200)),
        statistics.median(tab.evaluate(CHANGE) for _ in range(ROUNDS)),
    )
    tab.close()
    return row


def report(rows: list[Row], version: str) -> str:
    """The results as a page of Markdown."""
    lines = [
        "# Pages in a browser",
        "",
        f"Chromium {version} without a graphics card, {platform.machine()}, {os.cpu_count()} cores, "
        f"{os.getloadavg()[0]:.0f} processes running; a window of 1440 × 900. Written by `python -m benchmarks.pages`.",
        "",
        "| graph | numbers | steps | file, kB | written in, s | ready after, ms | frames a second "
        "| 99% of frames within, ms | work of a step, ms | of a changed leaf, ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        lines.append(
            f"| {r.name} | {r.nodes:,} | {r.steps:,} | {r.size / 1e3:,.0f} | {r.write:.2f} | {r.ready:,.0f} "
            f"| {r.rate:.0f} | {r.slowest:.0f} | {r.step:.1f} | {r.change:.0f} |"
        )
    lines += [
        "",
        "*Ready* is when the first step can be taken, counted from the start of loading. *Frames a second* is measured"
        " on a settled page while every frame takes a step, as with a key held down; 60 is the most that the browser"
        " shows.",
    ]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="only the first workload, and write nothing")
    quick: bool = parser.parse_args(argv).quick
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        print("benchmarks.pages needs playwright and a chromium ($CHROMIUM or on PATH): not measured")
        return 0
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        chosen = list(WORKLOADS.items())[: 1 if quick else None]
        rows = [measure(name, make, browser, Path(folder)) for name, make in chosen]
        text = report(rows, browser.version)
        browser.close()
    print(text)
    if not quick:
        RESULTS.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
