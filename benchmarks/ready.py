"""Times how soon the first answer is there: machine code compiled, found on disk, shared; into results/ready.md.

    python -m benchmarks.ready            all of it, about five minutes
    python -m benchmarks.ready --quick    each case once; writes nothing

Each case runs in processes of its own, with an empty folder for machine code, with what one before has left there,
or with none.  Importing the package is not counted, importing llvmlite is: who finds all on disk never does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from time import process_time
from typing import Any

import numpy as np

import autograd
from autograd import compile, kept, softmax
from benchmarks.compiled_contenders import Engine
from benchmarks.driver import HERE, THREADS, machine, publish
from benchmarks.problems import problem

RESULTS = HERE / "results" / "ready.md"
EMPTY, LEFT, OFF = "empty", "left by another process", "off"
Case = Callable[[], Any]


def first_answer(workload: str) -> Case:
    """Record, differentiate, compile and run once."""
    posed = problem(workload)
    return lambda: Engine("llvm").ready(workload, posed).call()


def softmax_jacobian(n: int) -> Case:
    """Of n numbers along n."""
    call, x = compile(softmax).jacobian, np.linspace(-1.0, 1.0, n)
    return lambda: call(x)


def _task() -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal(size=(400, 8))
    return X, X[:, 0] * X[:, 1] + np.sin(X[:, 2])


def estimator(of: str, backend: str = "auto", models: int = 1) -> Case:
    """fit and predict of (100,) on 400 samples of 8 numbers, 60 epochs."""
    if of == "scikit-learn":
        from sklearn.neural_network import MLPRegressor as Regressor

        options = {}
    else:
        from nn.sklearn import MLPRegressor as Regressor

        options = {"backend": backend}
    X, y = _task()

    def run() -> None:
        for _ in range(models):
            Regressor(hidden_layer_sizes=(100,), max_iter=60, random_state=0, **options).fit(X, y).predict(X)

    return run


def blocks(calls: int) -> Case:
    """sum_over_blocks over 4 blocks, again and again."""
    import dask.array as da

    from autograd.program.blocks import sum_over_blocks

    X = np.random.default_rng(0).normal(size=(400, 3))
    loss = compile(lambda w, x, y: (autograd.dot(w, x) - y) ** 2, in_axes=(None, 0, 0), reduce="sum")
    cut: Any = da.from_array
    given = cut(X, (100, 3)), cut(X[:, 0], 100)

    def run() -> None:
        for k in range(calls):
            sum_over_blocks(loss.value_and_grad, np.full(3, k / 10), *given).compute(scheduler="sync")

    return run


CASES: dict[str, tuple[Callable[[], Case], tuple[str, ...]]] = {
    "C1, llvm: value and 353 derivatives": (partial(first_answer, "C1"), (OFF, EMPTY, LEFT)),
    "C2, llvm: the same over 10,000 samples": (partial(first_answer, "C2"), (OFF, EMPTY, LEFT)),
    "C4, llvm, 1,000 nodes, by a tape": (partial(first_answer, "C4:1000"), (OFF, EMPTY, LEFT)),
    "softmax Jacobian, 10 numbers": (partial(softmax_jacobian, 10), (OFF, EMPTY, LEFT)),
    "softmax Jacobian, 30 numbers": (partial(softmax_jacobian, 30), (OFF, EMPTY, LEFT)),
    "softmax Jacobian, 100 numbers": (partial(softmax_jacobian, 100), (OFF, EMPTY, LEFT)),
    "estimator, 60 epochs: scikit-learn": (partial(estimator, "scikit-learn"), (OFF,)),
    "estimator, 60 epochs": (partial(estimator, "ours"), (OFF,)),
    "estimator, 60 epochs, llvm": (partial(estimator, "ours", "llvm"), (OFF, EMPTY, LEFT)),
    "ten estimators one after the other, llvm": (partial(estimator, "ours", "llvm", 10), (OFF, EMPTY, LEFT)),
    "sum_over_blocks, 20 calls over 4 blocks": (partial(blocks, 20), (OFF,)),
}  # fmt: skip


def seconds(title: str) -> float:
    """The processor's time of a case in this process."""
    case = CASES[title][0]()
    start = process_time()
    case()
    return process_time() - start


def measured(title: str, folder: str) -> float:
    """The same in a process of its own, with a folder for machine code."""
    surroundings = os.environ | THREADS | {kept.SWITCH: folder}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)  # bytecode is there, as after an installation
    command = [sys.executable, "-m", "benchmarks.ready", "--case", title]
    return float(subprocess.run(command, env=surroundings, check=True, capture_output=True, text=True).stdout)


def row(title: str, rounds: int) -> str:
    """A line of the table."""
    found: dict[str, list[float]] = {OFF: [], EMPTY: [], LEFT: []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for how in CASES[title][1]:
                found[how].append(measured(title, "off" if how == OFF else folder))
    cells = [f"{1e3 * statistics.median(times):,.0f}" if times else "" for times in found.values()]
    return f"| {title} | {' | '.join(cells)} |"


def page(rounds: int) -> str:
    """The results."""
    measured(next(iter(CASES)), "off")  # which writes the bytecode
    lines = "\n".join(row(title, rounds) for title in CASES)
    return f"""# Ready

Milliseconds of the processor until the first answer, imports of the package not counted; the median of {rounds}.

| | nothing kept | folder empty | found in the folder |
|---|--:|--:|--:|
{lines}

Measured {date.today()} on {machine()}. The cases: [ready.py](../ready.py).
"""


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="each case once; writes nothing")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each case")
    parser.add_argument("--case", help="one case in this process")
    given = parser.parse_args()
    if given.case:
        print(seconds(given.case))
    else:
        publish(page(1 if given.quick else given.rounds), None if given.quick else RESULTS)


if __name__ == "__main__":
    main()
