"""Find the exploding gradient: `why` names the slopes that do it.

A recurrent neuron remembers by multiplying with the same weight at every step.  Over 60 steps its
derivative by the first input grows like a power of that weight; `why` shows the path that carries it
and the steepest slopes on it, which is where a cure has to be applied.
"""

from __future__ import annotations

from pathlib import Path

from autograd import Value, deltas, tanh
from demos.output import announce, beside, heading, options
from viz import terminal
from viz.why import why

STEPS = 60
WEIGHTS = (0.6, 1.0, 1.3)


def network(weight: float) -> tuple[Value, Value]:
    """(J, its first input): h ← w·tanh(h) + x at every step, for inputs so small that tanh is nearly linear."""
    w = Value(weight, name="w")
    first = h = Value(1e-9, name="x₁")
    for t in range(2, STEPS + 1):
        h = w * tanh(h) + 1e-9
        h.name = f"h{t}"
    J = 0.5 * (h - 1.0) ** 2
    J.name = "J"
    return J, first


def run(out: Path) -> list[Path]:
    """Print the derivative for three weights and why the last explodes; write exploding.txt."""
    heading(f"Exploding gradient: ∂J/∂x₁ through {STEPS} steps of h ← w·tanh(h) + x")
    for weight in WEIGHTS:
        J, first = network(weight)
        print(f"  w = {weight:<4} ∂J/∂x₁ = {deltas(J)[first]: .3g}")
    print(f"\nWhy, for w = {weight}:")
    found = why(J, first)
    print(found)
    (path,) = found.paths
    steep = ", ".join(f"{path.slopes[i]:.3g} into {path.names[i + 1]}" for i in path.steepest())
    times = path.slopes.count(weight)
    print(f"Its steepest slopes are {steep}: none is large.")
    print(f"But {times} of the {len(path.slopes)} are the weight w, and {weight}^{times} = {weight**times:.3g}.")
    with beside(out / "exploding.txt") as temporary:
        temporary.write_text(f"{found}\n", encoding="utf-8")
    return [announce(out / "exploding.txt")]


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    run(options(__doc__).parse_args(argv).out)
    return 0


if __name__ == "__main__":
    terminal.run(main)
