"""Find the nan: `anomaly` names the first node that went wrong, its operands and its line.

A nan spreads to everything that is computed from it, so the loss says only that there was one.  Four
programs that are nan or stuck, forwards, backwards and in a second derivative, and where it began.
"""

from __future__ import annotations

from pathlib import Path

from autograd import Value, exp, gradient, log, record_sources, sigmoid, sqrt
from demos.output import announce, beside, heading, options
from viz import terminal
from viz.anomaly import anomaly


def cross_entropy_of_a_sum() -> Value:
    """A cross-entropy whose softmax was written by hand: e¹⁰⁰⁰ overflows, inf/inf is nan."""
    scores = [Value(score, name=f"s{i}") for i, score in enumerate((1000.0, 2.0, -1.0))]
    total = exp(scores[0]) + exp(scores[1]) + exp(scores[2])
    J: Value = -log(exp(scores[0]) / total)
    return J


def distance_of_equal_points() -> Value:
    """A distance: its value at equal points is 0, its derivative 0·inf."""
    x, y = Value(1.0, name="x"), Value(1.0, name="y")
    J: Value = sqrt((x - y) ** 2)
    return J


def saturated() -> Value:
    """A sigmoid far out: nothing is nan, and nothing is learned."""
    w = Value(800.0, name="w")
    J: Value = (sigmoid(w) - 0.5) ** 2
    return J


def curvature_of_a_root() -> Value:
    """∂/∂x of x^1.5 is fine at 0; the derivative of that is not."""
    x = Value(0.0, name="x")
    slope: Value = gradient(x**1.5 + x, x, as_graph=True)
    return slope


PROGRAMS = (cross_entropy_of_a_sum, distance_of_equal_points, saturated, curvature_of_a_root)


def run(out: Path) -> list[Path]:
    """Print for each program its J and what is wrong with it; write nan.txt."""
    heading("Find the nan")
    written = []
    for program in PROGRAMS:
        with record_sources():
            J = program()
        written.append(f"{program.__doc__}\n  J         {J.data}\n{anomaly(J)}\n")
        print(written[-1])
    with beside(out / "nan.txt") as temporary:
        temporary.write_text("\n".join(written), encoding="utf-8")
    return [announce(out / "nan.txt")]


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    run(options(__doc__).parse_args(argv).out)
    return 0


if __name__ == "__main__":
    terminal.run(main)
