"""Times the ordinary call next to CasADi, heyoka, JAX and PyTorch; writes results/calls.md.

    python -m benchmarks.calls            all of it, a minute or two
    python -m benchmarks.calls --quick    fewer rounds; writes nothing

A NumPy array goes in, and the value and the gradient come out, as the caller's own: what stands around some 200 ns of
work.  Who is called is in `calls_contenders`, how they take turns in `driver`.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Sequence
from datetime import date

from benchmarks.calls_contenders import SAMPLES
from benchmarks.compiled import CASADI, JAX, TORCH, agree, repeats
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
    ratio,
)

RESULTS = HERE / "results" / "calls.md"
HEYOKA = Environment("heyoka", ("heyoka==7.13.2", "numpy"))
WORKLOADS = {
    "point": "one point, µs",
    "batch": f"{SAMPLES:,} samples, µs",
    "energy": f"energies of {SAMPLES:,}, µs",
    "forces": "with 6 derivatives, µs",
    "eager": "not compiled, µs",
}
ORDINARY = "this engine, llvm"
ENTRIES: tuple[tuple[str, str, Environment, str], ...] = (
    (ORDINARY, "engine-llvm", OURS, "point batch energy forces eager"),
    ("this engine, llvm, bound", "engine-bound", OURS, "point batch energy forces"),
    ("this engine, llvm, from rows", "engine-rows", OURS, "energy forces"),
    ("this engine, numpy", "engine-numpy", OURS, "point batch energy forces"),
    ("this engine, interpreter", "engine-interpreter", OURS, "point"),
    ("heyoka", "heyoka", HEYOKA, "point batch energy forces"),
    ("JAX", "jax", JAX, "point batch energy forces eager"),
    ("CasADi", "casadi", CASADI, "point energy forces"),
    ("PyTorch", "torch", TORCH, "eager"),
)


def measured(workload: str, rounds: int) -> dict[str, Measured]:
    """Each contender's seconds of one call."""
    workers, found = [], dict[str, Measured]()
    for title, contender, environment, workloads in ENTRIES:
        if workload in workloads.split():
            try:
                python = python_of(environment)
            except subprocess.CalledProcessError:
                found[title] = "not installed"
                continue
            workers.append(Worker(title, python, "benchmarks.calls_contenders", contender, "on"))
    try:
        return found | in_turns(_agreeing(workers, workload, found), workload, repeats, rounds)
    finally:
        for worker in workers:
            worker.close()


def _agreeing(workers: Sequence[Worker], workload: str, found: dict[str, Measured]) -> list[Worker]:
    """Those that are ready and answer as the first does; why the others do not goes into `found`."""
    answers: list[list[float]] = []
    kept = []
    for worker in workers:
        answer = worker.ask("prepare", workload)
        if "error" not in answer:
            answers.append(worker.ask("answer", workload).get("numbers", []))
        if "error" in answer or not agree(answers[0], answers[-1]):
            found[worker.title] = answer.get("error", "another answer")
        else:
            kept.append(worker)
    return kept


def table(results: dict[str, dict[str, Measured]]) -> str:
    """All contenders, and how many times faster the ordinary call is."""
    lines = [f"| | {' | | '.join(WORKLOADS.values())} | |", f"|---{'|--:|--:' * len(WORKLOADS)}|"]
    for title, *_ in ENTRIES:
        cells = []
        for found in results.values():
            other = found.get(title, "")
            times = ratio(other, found[ORDINARY])
            cells += [cell(other, 1e6, 2 if not isinstance(other, str) and other < 1e-4 else 0), times and f"{times} ×"]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; writes nothing")
    quick = parser.parse_args().quick
    results = {workload: measured(workload, 2 if quick else 9) for workload in WORKLOADS}
    page = [
        "# The ordinary call",
        "",
        "`value_and_grad` of a function of five numbers: a NumPy array goes in, the value and the gradient come out,",
        "and are the caller's own (CasADi and JAX answer with arrays of their own, bound calls fill the same ones).",
        "Energies are those of three bodies, of six numbers by + - × ÷ and √ alone, which stand column by column.",
        f"Medians of turns, the processor's time; {machine()}; {date.today()}.",
        "",
        table(results),
        "",
    ]
    publish("\n".join(page), None if quick else RESULTS)


if __name__ == "__main__":
    main()
