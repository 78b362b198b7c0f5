"""A derivative, step by step: f = (2x² + 8)³, one application of the chain rule a line."""

from __future__ import annotations

from pathlib import Path

import viz
from autograd import Value, grad, square, steps
from demos.output import heading, options, save_drawing
from viz import terminal


def run(out: Path, at: float = 1.0) -> list[Path]:
    """Print every step of the backward pass and draw the graph as derivative.svg."""
    heading(f"A derivative: f = (2x² + 8)³ at x = {at:g}")
    x = Value(at, name="x")
    u = square(x)
    u.name = "x²"
    twice = 2 * u
    twice.name = "2x²"
    g = twice + 8
    g.name = "g"
    f = g**3
    f.name = "f"
    print(f"forward:   x = {x.data:g}   x² = {u.data:g}   g = 2x² + 8 = {g.data:g}   f = g³ = {f.data:g}\n")

    print("backward:  δ(f) = 1; every edge passes on δ · slope")
    for step in steps(f):
        name, below = step.node.name, step.operand.name
        passed = step.delta * step.slope
        print(f"    δ({below}) += δ({name}) · ∂{name}/∂{below}  =  {step.delta:g} · {step.slope:g}  =  {passed:g}")

    f.backward()
    print(f"\nx.grad = {x.grad:g}; by hand f' = 3(2x² + 8)²·4x = {3 * (2 * at**2 + 8) ** 2 * 4 * at:g}")

    def function(x: Value) -> Value:
        return (2 * x**2 + 8) ** 3

    print(f"As a function, and as often as you like: f' = {grad(function)(at):g}, f'' = {grad(grad(function))(at):g}")
    return [save_drawing(viz.draw(f).save, out / "derivative.svg")]


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = options(__doc__)
    parser.add_argument("--at", type=float, default=1.0, metavar="X", help="where to differentiate (default: 1)")
    given = parser.parse_args(argv)
    run(given.out, given.at)
    return 0


if __name__ == "__main__":
    terminal.run(main)
