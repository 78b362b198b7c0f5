"""Times compiled programs next to CasADi, aadc, JAX, PyTorch and NumPy by hand; writes results/compiled.md.

    python -m benchmarks.compiled                  all of it, about half an hour
    python -m benchmarks.compiled --quick          small graphs, fewer rounds; writes nothing
    python -m benchmarks.compiled --only C1 C2     these workloads; writes nothing
    python -m benchmarks.compiled --resume         carries on where a run was interrupted

What is computed is in `problems`, by whom in `compiled_contenders`, how they take turns in `driver`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
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
    write_whole,
)
from benchmarks.problems import problem

RESULTS = HERE / "results" / "compiled.md"
SO_FAR = HERE / ".peers" / "compiled.json"  # what an interrupted run has measured
TOLERANCE = 1e-8  # relative, of every value and derivative; a sum over a batch may be added in any order
PREPARE = 60.0  # seconds that recording, differentiating and compiling may take
ROUND = 0.2  # seconds of a contender's turn, if one run is shorter
MEMORY = "C4:1000000"

Results = dict[str, dict[str, Measured]]  # contender → measure → number, or why there is none


class Entry(NamedTuple):
    """One line of the tables."""

    title: str
    contender: str
    environment: Environment
    workloads: str = "C1 C2 C3 R C4 L"  # in which it takes part
    module: str = ""  # whose import is timed


CASADI = Environment("casadi", ("casadi==3.8.2", "numpy"))
AADC = Environment("aadc", ("aadc==2.25.2", "numpy"))
JAX = Environment("jax", ("jax==0.10.2", "numpy"))
TORCH = Environment("torch", ("torch==2.13.0", "numpy"))
NUMPY = Environment("numpy", ("numpy", "scipy"))

LLVM, GROUPED = "this engine, llvm", "this engine, numpy"
CASADI_C, CASADI_SX, AADC_IO = "CasADi SX, gcc -O3", "CasADi SX, interpreter", "aadc"
JAX_TENSORS, JAX_SCALARS, COMPILED, HAND = (
    "JAX jit, tensors",
    "JAX jit of the scalars",
    "torch.compile",
    "NumPy by hand",
)
ENTRIES = (
    Entry(LLVM, "engine-llvm", OURS, "C1 C2 C3 R C4 L N", "autograd.value"),
    Entry(GROUPED, "engine-numpy", OURS, "C1 C2 C3 R C4 L N"),
    Entry(CASADI_C, "casadi-c", CASADI, module="casadi"),
    Entry(CASADI_SX, "casadi", CASADI),
    Entry(AADC_IO, "aadc", AADC, module="aadc"),
    Entry("aadc, numbers not moved", "aadc-replay", AADC, "C1 C3 R C4:1000 C4:10000 C4:100000 C4:1000000"),
    Entry(JAX_TENSORS, "jax", JAX, "C1 C2 C3 R L", "jax"),
    Entry(JAX_SCALARS, "jax-scalar", JAX, "C1 C2 C3 R C4 L N"),
    Entry("PyTorch, eager", "torch", TORCH, "C1 C2 C3 R L", "torch"),
    Entry(COMPILED, "torch-compile", TORCH, "C1 C2 C3 R L"),
    Entry(HAND, "numpy", NUMPY, "C1 C2 C3 R L"),
    Entry("NumPy by hand, chunks of 500", "numpy-chunks", NUMPY, "C2 C3:100000"),
)


class Column(NamedTuple):
    """One column of a table: a workload's time, in a unit, or what it takes to prepare it."""

    heading: str
    workload: str
    scale: float
    digits: int = 0
    prepared: bool = False


def sizes(quick: bool) -> list[int]:
    """How many nodes the irregular graphs have."""
    return [10**3, 10**4] if quick else [10**3, 10**4, 10**5, 10**6]


def batch_of(nodes: int) -> str:
    """The workload of an irregular graph over a batch: 10,000 samples, or what 10⁹ nodes allow."""
    return f"C4:{nodes}x{min(10_000, 10**9 // nodes)}"


def tables(quick: bool) -> dict[str, list[Column]]:
    """The columns that are measured, under their headings."""
    return {
        "One sample": [
            Column("C1, µs", "C1", 1e6, 2),
            Column("to compile C1, s", "C1", 1.0, 3, True),
            Column("C3, µs", "C3", 1e6, 2),
            Column("R, µs", "R", 1e6, 1),
        ],
        "Batches": [
            Column("C2, ns a sample", "C2", 1e9 / 10_000),
            Column("C3, ns a scenario", "C3:100000", 1e9 / 100_000, 1),
            Column("N, ns a sample", "N", 1e9 / 20_000),
            Column("L, ms", "L", 1e3, 1),
            Column("to compile L, s", "L", 1.0, 2, True),
        ],
        "Irregular graphs (C4): to record, differentiate and compile, s": [
            Column(f"{n:,} nodes", f"C4:{n}", 1.0, 2, True) for n in sizes(quick)
        ],
        "Irregular graphs (C4), one sample: ns a node": [
            Column(f"{n:,} nodes", f"C4:{n}", 1e9 / n, 1) for n in sizes(quick)
        ],
        "Irregular graphs (C4), a batch: ns a node and sample": [
            Column(f"{n:,} nodes × {samples(batch_of(n)):,}", batch_of(n), 1e9 / n / samples(batch_of(n)), 2)
            for n in sizes(quick)
        ],
    }


def samples(workload: str) -> int:
    """How many samples a C4 has."""
    return int(workload.partition("x")[2] or 1)


# -- measuring --------------------------------------------------------------------------------------


def installed(entries: Iterable[Entry]) -> tuple[dict[str, Path], Results]:
    """(the Python of each entry, why others have none)."""
    pythons: dict[str, Path] = {}
    missing: Results = {}
    for entry in entries:
        try:
            pythons[entry.title] = python_of(entry.environment)
        except subprocess.CalledProcessError:
            missing[entry.title] = {"installation": "not installed: pip failed"}
    return pythons, missing


class Bench:
    """The measurements so far."""

    def __init__(self, entries: Sequence[Entry], rounds: int) -> None:
        self.entries, self.rounds = entries, rounds
        self.pythons, self.missing = installed(entries)
        self.results: Results = {entry.title: {} for entry in entries}

    def start(self, entry: Entry) -> Worker:
        """The entry's process."""
        return Worker(entry.title, self.pythons[entry.title], "benchmarks.compiled_contenders", entry.contender, "on")

    def measure(self, workload: str) -> None:
        """Prepare, compare answers, run in turns: into `results`, as "C1 prepared" and "C1"."""
        workers = []
        try:
            for entry in self.entries:
                if self.takes_part(entry, workload):
                    workers.append(self.start(entry))
            ready = [worker for worker in workers if self.prepared(worker, workload)]
            same = self.compared(ready, workload)
            for title, seconds in in_turns(same, workload, repeats, self.rounds).items():
                self.results[title][workload] = seconds
        finally:
            for worker in workers:
                worker.close()

    def takes_part(self, entry: Entry, workload: str) -> bool:
        """Whether an entry is asked; at a size above one that took too long it is not."""
        row, kind = self.results[entry.title], workload.partition(":")[0]
        if entry.title in self.missing:
            row[workload] = row[f"{workload} prepared"] = str(self.missing[entry.title]["installation"])
        elif kind == "C4" and any(m == _too_long() for w, m in row.items() if w.startswith("C4")):
            row[workload] = row[f"{workload} prepared"] = "not tried"
        else:
            return bool({kind, workload} & set(entry.workloads.split()))
        return False

    def prepared(self, worker: Worker, workload: str) -> bool:
        """Whether a worker is ready in time."""
        print(f"  {workload}: {worker.title} prepares", flush=True)
        answer = worker.ask("prepare", workload, limit=PREPARE)
        row = self.results[worker.title]
        row[f"{workload} prepared"] = answer.get("error") or answer["seconds"]
        if "error" in answer:
            row[workload] = answer["error"]
        return "error" not in answer

    def compared(self, workers: Sequence[Worker], workload: str) -> list[Worker]:
        """Those that compute what most compute; the others are reported."""
        answers = [worker.ask("answer", workload).get("numbers", []) for worker in workers]
        agreeing = [[agree(one, other) for other in answers] for one in answers]
        most = max(agreeing, key=sum, default=[])
        for worker, right in zip(workers, most, strict=True):
            if not right:
                self.results[worker.title][workload] = "another answer"
        return [worker for worker, right in zip(workers, most, strict=True) if right]

    def memory(self) -> None:
        """Bytes a node that a compiled graph of a million nodes holds, each in a fresh process."""
        for entry in self.entries:
            row = self.results[entry.title]
            if isinstance(row.get(f"{MEMORY} prepared"), float):
                print(f"  memory: {entry.title}", flush=True)
                worker = self.start(entry)
                answer = worker.ask("memory", MEMORY, limit=2 * PREPARE)
                row["memory"] = answer.get("error") or answer["bytes"] / problem(MEMORY).nodes
                worker.close()

    def imports(self) -> None:
        """Seconds that `import` takes beyond NumPy's, medians of interleaved runs."""
        entries = [entry for entry in self.entries if entry.module and entry.title in self.pythons]
        found: dict[str, list[float]] = {entry.title: [] for entry in entries}
        for done in range(self.rounds + 1):
            for entry in entries:
                python = self.pythons[entry.title]
                seconds = importing(python, f"numpy, {entry.module}") - importing(python, "numpy")
                if done:
                    found[entry.title].append(seconds)
        for title, seconds_each in found.items():
            self.results[title]["import"] = statistics.median(seconds_each)


def repeats(seconds: float) -> int:
    """So many runs a round that a turn takes a fifth of a second."""
    return max(1, min(100_000, int(ROUND / max(seconds, 1e-7))))


def importing(python: Path, modules: str) -> float:
    """The processor's seconds of a process that imports these."""
    start = sum(os.times()[2:4])
    subprocess.run([python, "-c", f"import {modules}"], check=True, cwd=HERE.parent, stderr=subprocess.DEVNULL)
    return sum(os.times()[2:4]) - start


def agree(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two contenders computed the same."""
    size = max(map(abs, one), default=0.0)
    return len(one) == len(other) > 0 and all(
        math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE * max(size, 1e-3))
        for a, b in zip(one, other, strict=True)
    )


def _too_long() -> str:
    return f"> {PREPARE:.0f} s"


# -- the page ---------------------------------------------------------------------------------------


def table(columns: Sequence[Column], results: Results) -> str:
    """One table; after each number how many times that of this engine's best it is."""
    lines = [f"| | {' | '.join(column.heading for column in columns)} |", f"|---{'|--:' * len(columns)}|"]
    for title, row in results.items():
        cells = [_with_ratio(column, row, results) for column in columns]
        if any(cells):
            lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _key(column: Column) -> str:
    return f"{column.workload} prepared" if column.prepared else column.workload


def _with_ratio(column: Column, row: dict[str, Measured], results: Results) -> str:
    key = _key(column)
    if key not in row:
        return ""
    text, measured = cell(row[key], column.scale, column.digits), row[key]
    ours = [found for title in (LLVM, GROUPED) if isinstance(found := results.get(title, {}).get(key), float)]
    if isinstance(measured, str) or not ours:
        return text
    return f"{text} ({_short(measured / min(ours))}×)"


def _short(x: float) -> str:
    """Two or three digits, without an exponent."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.2g}" if x < 10 else f"{x:.3g}"


def small_table(results: Results) -> str:
    """Memory and import time."""
    lines = ["| | bytes a node of a compiled graph of 1,000,000 | import, ms beyond NumPy |", "|---|--:|--:|"]
    for title, row in results.items():
        cells = [cell(row[key], scale, 0) if key in row else "" for key, scale in (("memory", 1.0), ("import", 1e3))]
        if any(cells):
            lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


class Bar(NamedTuple):
    """What the engine has to reach."""

    claim: str
    ours: tuple[str, str]  # contender, measure
    limit: Callable[[Results], float]  # in the measure's unit, seconds or bytes
    scale: float = 1.0  # to say it in `unit`
    unit: str = "×"


def _of(title: str, key: str, times: float = 1.0) -> Callable[[Results], float]:
    def limit(results: Results) -> float:
        found = results.get(title, {}).get(key)
        return times * found if isinstance(found, float) else math.nan

    return limit


def bars() -> list[Bar]:
    """The bars, as they were set before anything was measured."""
    found = [
        Bar("C1: ≤ 1.5 × CasADi compiled by gcc", (LLVM, "C1"), _of(CASADI_C, "C1", 1.5), 1e6, "µs"),
        Bar("C1: faster than CasADi's interpreter", (LLVM, "C1"), _of(CASADI_SX, "C1"), 1e6, "µs"),
        Bar("C2, llvm: faster than JAX's tensors", (LLVM, "C2"), _of(JAX_TENSORS, "C2"), 1e5, "ns a sample"),
        Bar("C2, numpy: level (1.5 ×) with NumPy by hand", (GROUPED, "C2"), _of(HAND, "C2", 1.5), 1e5, "ns a sample"),
        Bar(
            "C3: faster than torch.compile",
            (LLVM, "C3:100000"),
            _of(COMPILED, "C3:100000"),
            1e4,
            "ns a scenario",
        ),
        Bar("N: ≤ 100 ns a sample", (LLVM, "N"), lambda _: 20_000 * 100e-9, 1e9 / 20_000, "ns a sample"),
        Bar("L: ≤ 1.1 × JAX's tensors", (LLVM, "L"), _of(JAX_TENSORS, "L", 1.1), 1e3, "ms"),
        Bar("L: compiled in ≤ 10 s", (GROUPED, "L prepared"), lambda _: 10.0, 1.0, "s"),
        Bar("C4: 10⁶ nodes ready in ≤ 15 s", (LLVM, "C4:1000000 prepared"), lambda _: 15.0, 1.0, "s"),
    ]
    for n in (10**5, 10**6):
        each, batch = f"C4:{n}", batch_of(n)
        scale = 1e9 / n / samples(batch)
        found += [
            Bar(f"C4, {n:,} nodes, one sample: ≤ 11 ns a node", (LLVM, each), lambda _, n=n: 11e-9 * n, 1e9 / n, "ns"),  # type: ignore[misc]
            Bar(f"C4, {n:,} nodes, batch, llvm: ≤ 1 ns", (LLVM, batch), lambda _, s=scale: 1 / s, scale, "ns"),  # type: ignore[misc]
            Bar(f"C4, {n:,} nodes, batch, numpy: ≤ 2 ns", (GROUPED, batch), lambda _, s=scale: 2 / s, scale, "ns"),  # type: ignore[misc]
        ]
    return found + [
        Bar("10⁶ nodes hold ≤ 200 bytes a node", (LLVM, "memory"), lambda _: 200.0, 1.0, "bytes"),
        Bar("import: ≤ 100 ms beyond NumPy", (LLVM, "import"), lambda _: 0.1, 1e3, "ms"),
    ]


def reading(results: Results) -> str:
    """The bars, one a line: reached or missed, and by how much."""
    lines = ["| bar | measured | allowed | |", "|---|--:|--:|---|"]
    for bar in bars():
        contender, key = bar.ours
        measured, limit = results.get(contender, {}).get(key), bar.limit(results)
        if measured is None:
            continue
        verdict = "no number"
        if isinstance(measured, float) and not math.isnan(limit):
            verdict = "reached" if measured <= limit else f"missed: {_short(measured / limit)} times the bar"
        allowed = f"{_short(limit * bar.scale)} {bar.unit}" if not math.isnan(limit) else "the peer has none"
        shown = measured if isinstance(measured, str) else f"{_short(measured * bar.scale)} {bar.unit}"
        lines.append(f"| {bar.claim} | {shown} | {allowed} | {verdict} |")
    return "\n".join(lines)


def report(results: Results, groups: dict[str, list[Column]]) -> str:
    """The page that is written."""
    measured = {key for row in results.values() for key in row}
    shown = {heading: [c for c in columns if _key(c) in measured] for heading, columns in groups.items()}
    parts = [f"## {heading}\n\n{table(columns, results)}" for heading, columns in shown.items() if columns]
    left = {column.workload for columns in groups.values() for column in columns} - measured
    missing = f"\nNot measured in this run: {', '.join(sorted(left))}." if left else ""
    return f"""# Compiled programs

Values and derivatives together, float64, one thread on one core; seconds are the processor's. In brackets: how many
times what this engine's faster executor takes.

{chr(10).join(part + chr(10) for part in parts)}
## Memory and import

{small_table(results)}

## Against the bars

{reading(results)}

Measured {date.today().isoformat()} on {machine()}; medians of interleaved rounds, each contender in a process of its
own, all on the same core. Ratios travel between machines, times do not; gaps under 1.5× are ties. An exception's name
stands where a contender raised it, "{_too_long()}" where it was not ready in time, "not tried" at sizes above that.
The workloads and how they are timed: [README](../README.md).{missing}
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="compiled programs next to their peers")
    parser.add_argument("--quick", action="store_true", help="small graphs, fewer rounds; write nothing")
    parser.add_argument("--resume", action="store_true", help="carry on where a run was interrupted")
    parser.add_argument("--only", nargs="+", metavar="WORKLOAD", help="these workloads; write nothing")
    asked = parser.parse_args()
    groups = tables(asked.quick)
    bench = Bench(ENTRIES, 3 if asked.quick else 5)
    if asked.resume and SO_FAR.exists():
        bench.results = json.loads(SO_FAR.read_text())
    done = {measure for row in bench.results.values() for measure in row}
    for workload in dict.fromkeys(column.workload for columns in groups.values() for column in columns):
        wanted = not asked.only or {workload, workload.partition(":")[0]} & set(asked.only)
        if wanted and workload not in done:
            bench.measure(workload)
            write_whole(SO_FAR, json.dumps(bench.results))
    if not asked.only:
        bench.memory()
        bench.imports()
    page = report(bench.results, groups)
    publish(page, RESULTS if not asked.quick and not asked.only else None)


if __name__ == "__main__":
    main()
