"""What was measured, run after run: a line of JSON each; the page of the last one, and the chart of all."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.driver import HERE

RESULTS = HERE / "results" / "gradbench.md"
KEPT = HERE / "results" / "gradbench.jsonl"
CHART = HERE.parent / "docs" / "reference" / "gradbench.svg"
OURS = "ours"
TITLES = {
    OURS: "this engine",
    "jax": "JAX",
    "pytorch": "PyTorch",
    "codipack": "CoDiPack",
    "cppad": "CppAD",
    "finite": "finite differences",
    "manual": "by hand, C++",
}
NOT_TOOLS = ("finite", "manual")  # beside the tools of automatic differentiation
PRIMAL = ("primal", "objective", "cost", "square")


class Cell(NamedTuple):
    """A tool's answer to one question: seconds of the first run, of those after, and what the eval said."""

    eval: str
    function: str
    size: str
    tool: str
    first: float | None
    seconds: float | None
    verdict: str


class Run(NamedTuple):
    """One day's figures."""

    date: str
    version: str
    machine: str
    load: str
    rounds: int
    cells: list[Cell]


def added(run: Run, path: Path = KEPT) -> None:
    """Write a run below the others."""
    kept = run._asdict() | {"cells": [[*cell] for cell in run.cells]}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(kept) + "\n")


def read(path: Path = KEPT) -> list[Run]:
    """All runs, the oldest first."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    runs = [Run(**json.loads(line)) for line in lines]
    return [run._replace(cells=[Cell(*cell) for cell in run.cells]) for run in runs]


def fastest(run: Run) -> dict[str, float]:
    """Of each eval: how many times longer than this engine the best other tool takes for derivatives.

    It is the geometric mean over sizes, for the tool that is best in it, of those with a valid answer wherever this
    engine has one; infinity where there is no other.
    """
    return {
        name: min(_ratios(run, name).values(), default=math.inf) for name in dict.fromkeys(c.eval for c in run.cells)
    }


def _ratios(run: Run, name: str) -> dict[str, float]:
    """Of each tool that gave valid derivatives wherever this engine did: its time in this engine's."""
    asked: dict[str, dict[tuple[str, str], float]] = {}
    for cell in run.cells:
        if cell.eval == name and cell.function not in PRIMAL and cell.verdict == "valid" and cell.seconds:
            asked.setdefault(cell.tool, {})[cell.function, cell.size] = cell.seconds
    ours = asked.pop(OURS, {})
    return {
        tool: math.exp(math.fsum(math.log(theirs[key] / ours[key]) for key in ours) / len(ours))
        for tool, theirs in asked.items()
        if tool not in NOT_TOOLS and ours and ours.keys() <= theirs.keys()
    }


# -- the page ---------------------------------------------------------------------------------------


def page(run: Run) -> str:
    """The results."""
    tools = [tool for tool in TITLES if any(cell.tool == tool for cell in run.cells)]
    head = " | ".join(TITLES[tool] for tool in tools)
    compared = {name: ratio for name, ratio in fastest(run).items() if math.isfinite(ratio)}
    won = [name for name, ratio in compared.items() if ratio > 1.0]
    return f"""# GradBench

[GradBench](https://github.com/gradbench/gradbench)'s evaluations, asked by its own scripts and judged by its own
checks. Milliseconds of an evaluation after the first; the first, in which this engine records and compiles and JAX
traces and compiles, in brackets. Of the {len(compared)} evals in which another tool gave derivatives, this engine gives
them fastest, by the geometric mean over sizes, in {len(won)}: {", ".join(won)}.

| | | {head} |
|---|---|{"--:|" * len(tools)}
{chr(10).join(_rows(run, tools))}

{NOTES}
Measured {run.date} with version {run.version} on {run.machine}; one core, load {run.load}; medians, the tools in turns,
rounds: {run.rounds}. How: [run.py](../gradbench/run.py); earlier figures: [gradbench.jsonl](gradbench.jsonl).
"""


NOTES = """\
- *det* asks for an expansion by minors. The function remembers a minor that it meets again, which the graph would hold
  once in any case, so there are 2ⁿ of them and not n!: another algorithm than the other tools run.
- *ode* goes through all steps component by component where others go through all components step by step: the same
  arithmetic in another order.
- *kmeans* takes the gradient and the sparse Hessian, in two calls.
- *saddle* and *particle* compile what is minimised, with its derivatives, and search in Python.
  Tools of automatic differentiation that GradBench has for these two (Enzyme, ad.hpp, Futhark, SciLean) were not run.
- JAX's answers are waited for; GradBench's own tool stops its clock when the call returns, before they are there.
- By hand means derivatives that people wrote in C++, of *ode* in closed form; finite differences are no derivatives.
"""


def _rows(run: Run, tools: list[str]) -> Iterator[str]:
    cells = {(cell.eval, cell.function, cell.size, cell.tool): cell for cell in run.cells}
    for name, function, size in dict.fromkeys(key[:3] for key in cells):
        row = " | ".join(_told(cells.get((name, function, size, tool))) for tool in tools)
        yield f"| {name} {function} | {size} | {row} |"


def _told(cell: Cell | None) -> str:
    if cell is None:
        return ""
    if cell.verdict != "valid" or cell.seconds is None or cell.first is None:
        return cell.verdict.partition(":")[0]
    return f"{_figure(cell.seconds)} ({_figure(cell.first)})"


def _figure(seconds: float) -> str:
    """Milliseconds with three figures."""
    return f"{1e3 * seconds:,.{max(0, 2 - math.floor(math.log10(1e3 * seconds)))}f}"


# -- the chart --------------------------------------------------------------------------------------


def drawn(path: Path = CHART, kept: Path = KEPT) -> None:
    """Write the chart for the documentation: the same file for the same figures."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "path"}):
        chart(kept).savefig(path, metadata={"Date": None}, facecolor="white")


def chart(path: Path = KEPT) -> Any:
    """How many times longer the best other tool took in each eval, day by day, as a Matplotlib figure."""
    from matplotlib.figure import Figure

    runs = read(path)
    latest = fastest(runs[-1])
    names = sorted((name for name in latest if math.isfinite(latest[name])), key=lambda name: -latest[name])
    figure = Figure(figsize=(7.2, 0.8 + 0.32 * len(names)), layout="constrained")
    axes = figure.subplots()
    for run in runs:
        ratios, new = fastest(run), run is runs[-1]
        across = [ratios.get(name, math.nan) for name in names]
        colour = "#1f6f8b" if new else "#b9cdd4"
        if new:
            axes.hlines(range(len(names)), 1.0, across, color=colour, linewidth=1.5)
        axes.plot(across, range(len(names)), "o", color=colour, label=f"{run.date}, {run.version}", zorder=2 + new)
    axes.axvline(1.0, color="0.4", linewidth=0.8)
    axes.set(xscale="log", yticks=range(len(names)), yticklabels=names)
    axes.set_xlabel("how many times longer the best other tool takes (left of 1: it is faster)")
    axes.xaxis.set_major_formatter("{x:g} ×")
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    return figure
