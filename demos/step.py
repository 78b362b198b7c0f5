"""Step it: the lecture's network in the debugger, one operation at a time, forwards and back.

The commands below are what a person would type; what the debugger answers is written to step.txt.  To
walk through it yourself: ``python -m viz debug demos.step:loss``.
"""

from __future__ import annotations

import io
from pathlib import Path

from autograd import Value, scope
from demos.lecture.network import WEIGHTS, X, Y
from demos.output import announce, beside, heading, options
from nn import MLP
from viz import debug, terminal

SESSION = """\
# Forwards: a step computes one node, next finishes a neuron or a layer.
step
next
next 2 layers
# Backwards begins with δ(J) = 1; each step sends one contribution down.
goto seed
step 3
explain
# Stop where δ of the first neuron changes.
watch z21
continue
where
# One step back undoes it exactly.
back
why z21 2
# A condition stops anywhere: here at the first weight whose derivative is small.
tbreak name W* if abs(contribution) < 0.01
goto seed
continue
quit
"""


def loss() -> Value:
    """J of the lecture's network for its first car."""
    model = MLP.from_weights(WEIGHTS, activation="tanh")
    prediction = model(X[0])
    with scope("loss"):
        error = Y[0, 0] - prediction
        error.name = "e"
        squared = error**2
        squared.name = "e²"
        J: Value = squared / 2
    J.name = "J"
    return J


def session() -> str:
    """The debugger's answers to the commands, as they stand in a terminal."""
    said = io.StringIO()
    debug(loss(), SESSION.splitlines(), said)
    return said.getvalue()


def run(out: Path) -> list[Path]:
    """Print the session and write step.txt."""
    heading("Step it")
    text = session()
    print(text)
    with beside(out / "step.txt") as temporary:
        temporary.write_text(text, encoding="utf-8")
    return [announce(out / "step.txt")]


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    run(options(__doc__).parse_args(argv).out)
    return 0


if __name__ == "__main__":
    terminal.run(main)
