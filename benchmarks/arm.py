"""Times a robot arm's kinematics, plain and simplified, beside CasADi's C, into results/arm.md.

    python -m benchmarks.arm            a minute
    python -m benchmarks.arm --quick    one round; writes nothing

Seven joints, each a 4 × 4 matrix full of zeros: where simplifying pays.  Each contender is handed the same scalar
functions, in a process of its own; answers are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from benchmarks import readiness
from benchmarks.driver import HERE, OURS, Environment, machine, publish

RESULTS = HERE / "results" / "arm.md"
CASADI = Environment("casadi", ("casadi==3.8.2", "numpy"))
COMPARED = 1e-12
JOINTS = [  # a Franka arm's: a, d, cos α, sin α
    (0.0, 0.333, 1.0, 0.0), (0.0, 0.0, 0.0, -1.0), (0.0, 0.316, 0.0, 1.0), (0.0825, 0.0, 0.0, 1.0),
    (-0.0825, 0.384, 0.0, -1.0), (0.0, 0.0, 0.0, 1.0), (0.088, 0.0, 0.0, 1.0),
]  # fmt: skip
AT = np.linspace(0.1, 0.7, 7)
TITLES = {
    "nothing": "nothing: q₀·q₁",
    "place": "where the hand is and how it is turned, 12 numbers",
    "jacobian": "their Jacobian, 12 × 7",
    "both": "both",
}
Matrix = list[list[Any]]


def product(A: Matrix, B: Matrix) -> Matrix:
    """A matrix product of 4 × 4, as it stands in books."""
    return [
        [A[i][0] * B[0][j] + A[i][1] * B[1][j] + A[i][2] * B[2][j] + A[i][3] * B[3][j] for j in range(4)]
        for i in range(4)
    ]


def hand(q: Sequence[Any], m: Any) -> list[Any]:
    """The upper three rows of the product of all joints' matrices."""
    T: Matrix = [[float(i == j) for j in range(4)] for i in range(4)]
    for x, (a, d, cosine, sine) in zip(q, JOINTS, strict=True):
        c, s = m.cos(x), m.sin(x)
        T = product(T, [[c, -s, 0.0, a], [s * cosine, c * cosine, -sine, -d * sine],
                        [s * sine, c * sine, cosine, d * cosine], [0.0, 0.0, 0.0, 1.0]])  # fmt: skip
    return [x for row in T[:3] for x in row]


class Ours(readiness.Contender):
    """A bound call, on llvm."""

    simplify = False

    def ready(self, workload: str) -> Callable[[], Any]:
        import autograd

        f = (lambda q: [q[0] * q[1]]) if workload == "nothing" else partial(hand, m=autograd)
        p: Any = autograd.compile(f, simplify=self.simplify, backend="llvm")
        call = {"jacobian": p.jacobian, "both": p.value_and_jacobian}.get(workload, p.value).bind(AT)
        self._bound = call
        run: Callable[[], Any] = call.run
        return run

    def answer(self, workload: str) -> list[float]:
        found = self._bound()
        parts = found if workload == "both" else [found]
        return [float(x) for part in parts for x in np.ravel(part)]


class Simplified(Ours):
    """The same with simplify=True."""

    simplify = True


class Casadi(readiness.Contender):
    """CasADi's SX as C, compiled by gcc, on buffers; matrices without their zeros."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()

    def ready(self, workload: str) -> Callable[[], Any]:
        import casadi

        x = casadi.SX.sym("x", 7)
        y = casadi.vertcat(*hand(casadi.vertsplit(x), casadi))
        jacobian = casadi.jacobian(y, x)
        every = {"nothing": [x[0] * x[1]], "place": [y], "jacobian": [jacobian], "both": [y, jacobian]}
        outputs = every[workload]
        compiler = {"compiler": "gcc", "flags": ["-O3", "-march=native"], "directory": f"{self._folder.name}/"}
        f = casadi.Function("f", [x], outputs, {"jit": True, "compiler": "shell", "jit_options": compiler})
        buffer, run = f.buffer()
        self._rooms = [np.zeros(f.nnz_out(i)) for i in range(len(outputs))]
        buffer.set_arg(0, AT.data)
        for i, room in enumerate(self._rooms):
            buffer.set_res(i, room.data)
        self._places = [np.array(f.sparsity_out(i).get_triplet()) for i in range(len(outputs))]
        self._shapes = [output.shape for output in outputs]
        self._held = buffer, f
        call: Callable[[], Any] = run
        return call

    def answer(self, workload: str) -> list[float]:
        self._call()
        found = list[float]()
        for room, (rows, columns), shape in zip(self._rooms, self._places, self._shapes, strict=True):
            whole = np.zeros(shape)
            whole[rows, columns] = room
            found += whole.ravel().tolist()
        return found


CONTENDERS = {"ours": Ours, "simplified": Simplified, "casadi": Casadi}
ENTRIES = {
    "ours": ("this engine", OURS),
    "simplified": ("simplify=True", OURS),
    "casadi": ("CasADi 3.8.2, gcc -O3", CASADI),
}


def report(results: readiness.Results) -> str:
    """The page that is written."""
    return f"""# A robot arm

{readiness.table(results, ENTRIES, lambda workload: TITLES[workload])}

*nothing* is one product, in the same way: what Python's share of a call is.

Measured {date.today().isoformat()} on {machine()}. Processor time, one thread. *ready* is from the function to the
first answer; a call is a bound one here and one on buffers there.
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="a robot arm's kinematics")
    parser.add_argument("--quick", action="store_true", help="one round; write nothing")
    quick = parser.parse_args().quick
    results = readiness.run("benchmarks.arm", list(TITLES), ENTRIES, 1 if quick else 9, COMPARED)
    publish(report(results), None if quick else RESULTS)


if __name__ == "__main__":
    main()
