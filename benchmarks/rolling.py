"""Times how plain Python loops are found again, into results/rolling.md.

    python -m benchmarks.rolling            all of it, some seconds
    python -m benchmarks.rolling --quick    one round; writes nothing

Of each model the share of its instructions that stand in loops, and the processor's time to find them; values and
gradients are held against the program without loops before anything is timed.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Sequence
from datetime import date
from time import process_time
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from autograd import compile, exp, log, maximum, sin, sqrt, tanh
from autograd.program import recording
from autograd.program.interpreter import interpret
from autograd.program.loops import Loop
from autograd.program.passes.adjoint import with_gradient
from autograd.program.rolling import rolled_up
from benchmarks.driver import HERE, machine, publish

RESULTS = HERE / "results" / "rolling.md"
AT = np.array([1.1, 0.9, 1.5, 1.0, 3.0, 0.4])
ROUNDS, CLOSE = 7, 1e-7


def runge_kutta(x: Any, steps: int = 1_000) -> Any:
    """Predator and prey."""

    def motion(q: Any, p: Any) -> tuple[Any, Any]:
        return q * (x[2] - x[3] * p), p * (x[5] * q - x[4])

    q, p, h = x[0], x[1], 1e-3
    for _ in range(steps):
        a = motion(q, p)
        b = motion(q + h / 2 * a[0], p + h / 2 * a[1])
        c = motion(q + h / 2 * b[0], p + h / 2 * b[1])
        d = motion(q + h * c[0], p + h * c[1])
        parts = zip((q, p), a, b, c, d, strict=True)
        q, p = (s + h / 6 * (i + 2 * j + 2 * k + m) for s, i, j, k, m in parts)
    return q * p


def heston(x: Any, steps: int = 250) -> Any:
    """A call on one path."""
    s, v, dt = log(x[0]), x[1], 1.0 / steps
    for first, second in np.random.default_rng(0).normal(size=(steps, 2)).tolist():
        now = maximum(v, 0.0)
        width = sqrt(now * dt + 1e-12)
        other = x[5] * first + sqrt(1.0 - x[5] * x[5]) * second
        s, v = s - 0.5 * now * dt + width * first, v + x[2] * (x[3] - now) * dt + x[4] * width * other
    return maximum(exp(s) - 0.9, 0.0)


def heat(x: Any, cells: int = 20, steps: int = 200) -> Any:
    """A rod that is cooled at both ends."""
    u = [sin(3.14 * i / (cells - 1)) * x[1] for i in range(cells)]
    for _ in range(steps):
        inner = [u[i] + x[0] * 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1]) for i in range(1, cells - 1)]
        u = [u[0], *inner, u[-1]]
    return sum(each * each for each in u)


def newton(x: Any, steps: int = 400) -> Any:
    """A cubic's root, in short steps."""
    y = 1.0
    for _ in range(steps):
        y = y - 0.3 * (y * y * y - x[0] * y - x[1]) / (3 * y * y + 1.0)
    return y


def recurrent(x: Any, width: int = 8, steps: int = 50) -> Any:
    """A network with a memory."""
    dice = np.random.default_rng(1)
    rows, weights = dice.normal(size=(steps, 2)).tolist(), dice.normal(size=(width, width)).tolist()
    h: list[Any] = [0.0] * width
    for row in rows:
        given = x[3] * row[0] + x[4] * row[1]
        h = [
            tanh(sum(x[i % 6] * w * each for w, each in zip(weights[i], h, strict=True)) + given) for i in range(width)
        ]
    return sum(h)


def five_bodies(x: Any, steps: int = 60, count: int = 5) -> Any:
    """Stars in space."""
    mass = [1.0, 0.5, 0.3, 0.2, 0.1]
    place = [[x[(i + k) % 6] + 1.3 * i * (k + 1) for k in range(3)] for i in range(count)]
    speed = [[0.1 * x[i * k % 6] for k in range(3)] for i in range(count)]
    for _ in range(steps):
        for i in range(count):
            for j in range(i + 1, count):
                d = [a - b for a, b in zip(place[i], place[j], strict=True)]
                square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + 0.01
                pull = 0.01 / (square * sqrt(square))
                speed[i] = [v - pull * mass[j] * each for v, each in zip(speed[i], d, strict=True)]
                speed[j] = [v + pull * mass[i] * each for v, each in zip(speed[j], d, strict=True)]
        place = [[p + 0.01 * v for p, v in zip(*both, strict=True)] for both in zip(place, speed, strict=True)]
    return place[0][0] * place[1][1] * place[2][2]


MODELS: dict[str, Callable[[Any], Any]] = {
    "Runge–Kutta, 1,000 steps": runge_kutta,
    "Heston, 250 steps": heston,
    "heat, 20 × 200": heat,
    "Newton, 400 steps": newton,
    "RNN, 8 wide, 50 steps": recurrent,
    "five bodies, 60 steps": five_bodies,
}


class _Found(NamedTuple):
    made: int  # instructions
    rolled: Any  # the program with loops
    flat: Any
    seconds: float  # to find them
    whole: float  # to record the function, with that


def found_in(f: Callable[[Any], Any]) -> _Found:
    """The function recorded once, the search timed within."""
    spent, made = list[float](), list[int]()

    def timed(outputs: Any, inputs: Any, nodes: Any, kinds: Any = None) -> Any:
        start = process_time()
        rolled = rolled_up(outputs, inputs, nodes, kinds)
        spent.append(process_time() - start)
        made.append(len(nodes))
        return rolled

    with patch.object(recording, "rolled_up", timed):
        start = process_time()
        written = compile(f).taken((AT,), {})[0].as_written
        whole = process_time() - start
    return _Found(made[0], written.rolled, written, spent[0], whole)


def hold_together(rolled: Any, flat: Any) -> None:
    """Let two programs answer the same."""
    found, expected = (np.array(interpret(program, AT.tolist())) for program in (rolled, flat))
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=1e-9)


def line(name: str, rounds: int) -> str:
    """One row of the table."""
    each = [found_in(MODELS[name]) for _ in range(rounds)]
    one = each[0]
    hold_together(one.rolled, one.flat.program)
    hold_together(*(with_gradient(program, range(len(AT))) for program in (one.rolled, one.flat.program)))
    inside = sum(part.operation.rolled for part in one.rolled if isinstance(part.operation, Loop))
    micro = [1e6 * statistics.median(times) / one.made for times in zip(*(x[3:] for x in each), strict=True)]
    return f"| {name} | {one.made:,} | {inside / one.made:.1%} | {len(one.rolled)} | {micro[0]:.2f} | {micro[1]:.2f} |"


def report(rows: Sequence[str]) -> str:
    """The page that is written."""
    head = "| model | instructions | in loops | left | to find them, µs each | to record, with that |"
    return "\n".join([
        "# Plain loops found again",
        "",
        f"Processor time an instruction, one thread; {machine()}; {date.today()}. Models: [rolling.py](../rolling.py).",
        "",
        head,
        "|---|--:|--:|--:|--:|--:|",
        *rows,
        "",
    ])  # fmt: skip


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round; writes nothing")
    quick = parser.parse_args().quick
    found_in(newton)  # imports
    publish(report([line(name, 1 if quick else ROUNDS) for name in MODELS]), None if quick else RESULTS)


if __name__ == "__main__":
    main()
