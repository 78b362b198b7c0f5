"""Times sparse Jacobians and Hessians beside CasADi's, into results/sparse.md.

    python -m benchmarks.sparse            all of it, some minutes
    python -m benchmarks.sparse --quick    without the largest, one round; writes nothing

Each contender is handed the same scalar functions, in a process of its own; their matrices are compared before
anything is timed.  Ready is from the function to the first answer.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from benchmarks import readiness
from benchmarks.driver import HERE, OURS, Environment, machine, publish

RESULTS = HERE / "results" / "sparse.md"
CASADI = Environment("casadi", ("casadi==3.8.2", "numpy"))
COMPARED = 1e-9
Numbers = Sequence[Any]


class Functions(NamedTuple):
    """How a contender writes what Python has no operator for."""

    sin: Callable[[Any], Any]
    cos: Callable[[Any], Any]
    sqrt: Callable[[Any], Any]


class Problem(NamedTuple):
    """A function of x, where it is asked, and for what.

    many      whether it returns many numbers, whose Jacobian is asked for; else the Hessian is
    together  whether the value and the gradient are asked for too
    """

    title: str
    function: Callable[[Numbers, Functions], Any]
    x: list[float]
    many: bool = False
    together: bool = False


# -- problems ---------------------------------------------------------------------------------------


def rosenbrock(x: Numbers, _: Functions) -> Any:
    """Σ 100·(xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²."""
    total: Any = 0.0
    for a, b in pairwise(x):
        total = total + (100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2)
    return total


STEPS, WIDTH, LENGTH, GRAVITY = 200, 0.01, 0.5, 9.81  # of the cart and its pole; 201 points of 4 states and a force


def motion(state: Numbers, force: Any, m: Functions) -> list[Any]:
    """How a cart of 1 kg with a pole of 0.3 kg moves."""
    _, angle, speed, turn = state
    s, c = m.sin(angle), m.cos(angle)
    below = 1.0 + 0.3 * s * s
    pushed = (force + 0.3 * LENGTH * turn * turn * s + 0.3 * GRAVITY * c * s) / below
    turned = -(force * c + 0.3 * LENGTH * turn * turn * c * s + 1.3 * GRAVITY * s) / (LENGTH * below)
    return [speed, turn, pushed, turned]


def collocation(x: Numbers, m: Functions) -> list[Any]:
    """Trapezoidal collocation: 800 equations between 1,005 variables."""
    points = [x[5 * k : 5 * k + 5] for k in range(STEPS + 1)]
    moving = [motion(point[:4], point[4], m) for point in points]
    return [
        q[i] - p[i] - 0.5 * WIDTH * (dp[i] + dq[i])
        for (p, q), (dp, dq) in zip(pairwise(points), pairwise(moving), strict=True)
        for i in range(4)
    ]


def lagrangian(x: Numbers, m: Functions) -> Any:
    """The effort, and each equation with a multiplier."""
    total: Any = 0.0
    for k in range(STEPS + 1):
        total = total + WIDTH * x[5 * k + 4] ** 2
    for i, equation in enumerate(collocation(x, m)):
        total = total + math.sin(i + 1.0) * equation
    return total


CAMERAS, POINTS, OBSERVATIONS = 20, 200, 1000


def bundle(x: Numbers, m: Functions) -> list[Any]:
    """Bundle adjustment: 1,000 observations by 20 cameras (turn, place, focal length) of 200 points."""
    dice, found = random.Random(3), list[Any]()
    for k in range(OBSERVATIONS):
        i, j = k % CAMERAS, dice.randrange(POINTS)
        camera, point = x[7 * i : 7 * i + 7], x[7 * CAMERAS + 3 * j : 7 * CAMERAS + 3 * j + 3]
        u, v = projected(camera, point, m)
        found += [u - dice.uniform(-1, 1), v - dice.uniform(-1, 1)]
    return found


def projected(camera: Numbers, point: Numbers, m: Functions) -> tuple[Any, Any]:
    """Where a camera sees a point: turned by Rodrigues' formula, moved, divided by its depth."""
    a, b, c, *moved, focal = camera
    x, y, z = point
    angle = m.sqrt(a * a + b * b + c * c)
    a, b, c, cosine, sine = a / angle, b / angle, c / angle, m.cos(angle), m.sin(angle)
    along = (a * x + b * y + c * z) * (1.0 - cosine)
    px = x * cosine + (b * z - c * y) * sine + a * along + moved[0]
    py = y * cosine + (c * x - a * z) * sine + b * along + moved[1]
    pz = z * cosine + (a * y - b * x) * sine + c * along + moved[2]
    return focal * px / pz, focal * py / pz


def start_of(workload: str) -> list[float]:
    """Where a problem of so many variables is asked."""
    dice = random.Random(4)
    if workload == "bundle":
        cameras = [x for _ in range(CAMERAS) for x in (*(dice.uniform(0.1, 0.4) for _ in range(5)), 5.0, 1.2)]
        return [*cameras, *(dice.uniform(-1, 1) for _ in range(3 * POINTS))]
    return [dice.uniform(0.5, 1.5) for _ in range(5 * STEPS + 5)]


@cache
def problem(workload: str) -> Problem:
    """The problem of that name."""
    kind, _, size = workload.partition(":")
    if kind == "rosenbrock":
        dice, n = random.Random(5), int(size)
        x = [dice.uniform(0.5, 1.5) for _ in range(n)]
        together = n >= 10_000
        asked = "value, gradient and Hessian" if together else "Hessian"
        return Problem(f"chained Rosenbrock, n = {n:,}: {asked}", rosenbrock, x, together=together)
    title, function, many = {
        "collocation": ("collocation, 800 × 1,005: Jacobian", collocation, True),
        "lagrangian": ("its Lagrangian, 1,005 variables: Hessian", lagrangian, False),
        "bundle": ("bundle adjustment, 2,000 × 740: Jacobian", bundle, True),
    }[kind]
    return Problem(title, function, start_of(kind), many)


WORKLOADS = ("rosenbrock:1000", "collocation", "lagrangian", "bundle", "rosenbrock:100000")


# -- contenders -------------------------------------------------------------------------------------


class Matrices(readiness.Contender):
    """One package: `posed` says how a problem becomes a call, and what reads its matrix as rows, columns, values."""

    def posed(self, posed: Problem) -> tuple[Callable[[], Any], Callable[[], tuple[Any, Any, Any]]]:
        """Record, differentiate, compile."""
        raise NotImplementedError

    def ready(self, workload: str) -> Callable[[], Any]:
        """Record, differentiate, compile."""
        call, self._read = self.posed(problem(workload))
        return call

    def answer(self, workload: str) -> list[float]:
        """The matrix times two vectors, which is the same however its entries are listed."""
        self._call()
        rows, columns, values = self._read()
        size = len(problem(workload).x)
        found = list[float]()
        for vector in (np.cos(np.arange(size)), np.sin(np.arange(size))):
            found += np.bincount(rows, values * vector[columns]).tolist()
        return found

    def pose(self, workload: str) -> None:
        """The function and where it is asked."""
        problem(workload)


class Ours(Matrices):
    """This engine: a bound call, as a solver would make it."""

    def __init__(self) -> None:
        import autograd

        self._functions = Functions(autograd.sin, autograd.cos, autograd.sqrt)
        warm = autograd.compile(lambda x: autograd.sum(each**2 for each in x), backend="llvm")
        warm.hessian.sparse(np.ones(3))  # imports, as the other's

    def posed(self, posed: Problem) -> tuple[Callable[[], Any], Callable[[], tuple[Any, Any, Any]]]:
        from autograd import compile

        p: Any = compile(lambda x: posed.function(x, self._functions))
        x = np.array(posed.x)
        bound = (p.jacobian if posed.many else p.hessian).sparse.bind(x)
        first = p.value_and_grad.bind(x).run if posed.together else None
        run = bound.run

        def call() -> None:
            if first is not None:
                first()
            run()

        return call, lambda: (bound.out.rows, bound.out.columns, bound.out.values)


class Casadi(Matrices):
    """CasADi's SX in its virtual machine, on buffers: nothing is copied."""

    def __init__(self) -> None:
        import casadi

        self._casadi = casadi

    def posed(self, posed: Problem) -> tuple[Callable[[], Any], Callable[[], tuple[Any, Any, Any]]]:
        casadi = self._casadi
        x = casadi.SX.sym("x", len(posed.x))
        y = posed.function(casadi.vertsplit(x), Functions(casadi.sin, casadi.cos, casadi.sqrt))
        y = casadi.vertcat(*y) if posed.many else y
        if posed.many:
            outputs = [casadi.jacobian(y, x)]
        else:
            matrix, gradient = casadi.hessian(y, x)
            outputs = [matrix, y, gradient] if posed.together else [matrix]
        function = casadi.Function("f", [x], outputs)
        rooms = [np.zeros(function.nnz_out(i)) for i in range(len(outputs))]
        buffer, run = function.buffer()
        given = np.array(posed.x)
        buffer.set_arg(0, given.data)
        for i, room in enumerate(rooms):
            buffer.set_res(i, room.data)
        rows, columns = map(np.array, function.sparsity_out(0).get_triplet())
        return lambda held=(buffer, given): run(), lambda: (rows, columns, rooms[0])


CONTENDERS = {"ours": Ours, "casadi": Casadi}
ENTRIES = {"ours": ("this engine", OURS), "casadi": ("CasADi 3.8.2", CASADI)}


# -- the table --------------------------------------------------------------------------------------


def report(results: readiness.Results) -> str:
    """The page that is written."""
    return f"""# Sparse Jacobians and Hessians

{readiness.table(results, ENTRIES, lambda workload: problem(workload).title)}

Measured {date.today().isoformat()} on {machine()}. Processor time, one thread. *ready* is from the function to the
first answer, recording and differentiating included; a call is a bound one here and one on buffers there, the whole
matrix of entries. CasADi runs SX in its virtual machine. The functions that a tape calls, machine code, were kept on
disk by a run before, as they are from a program's first run on.
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="sparse Jacobians and Hessians")
    parser.add_argument("--quick", action="store_true", help="without the largest, one round; write nothing")
    quick = parser.parse_args().quick
    workloads = WORKLOADS[:-1] if quick else WORKLOADS
    results = readiness.run("benchmarks.sparse", workloads, ENTRIES, 1 if quick else 5, COMPARED)
    page = report(results)
    publish(page, RESULTS if not quick else None)


if __name__ == "__main__":
    main()
