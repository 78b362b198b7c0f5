"""`python -m publishing.neighbours` installs the wheel beside packages that need HIPS autograd, and uses both.

What each of them computes with HIPS autograd is asked too: that one can import them says little.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from publishing.archives import BuildError, build
from publishing.environments import OtherOutputError, fresh, run, say
from publishing.names import RefusedError
from publishing.tree import published

NEIGHBOURS = ("autograd", "lifelines", "pennylane", "pymoo", "reliability")  # as pip knows them
USE = """
import autograd
import autograd.numpy as anp
import lifelines
import numpy as np
import pennylane as qml
import pymoo.gradient.toolbox
from reliability.Fitters import Fit_Weibull_2P

import glassgrad

assert not hasattr(autograd, "Value")
assert abs(autograd.grad(anp.tanh)(0.5) - glassgrad.grad(glassgrad.tanh)(0.5)) < 1e-15

ages = [5.0, 7.0, 9.0, 12.0, 20.0]
fitted = lifelines.WeibullFitter().fit(ages)
assert 1 < fitted.rho_ < 4
same = Fit_Weibull_2P(failures=ages, print_results=False, show_probability_plot=False)
assert abs(same.beta - fitted.rho_) < 1e-3, (same.beta, fitted.rho_)

@qml.qnode(qml.device("default.qubit", wires=1))
def turned(angle):
    qml.RX(angle, wires=0)
    return qml.expval(qml.PauliZ(0))

slope = qml.grad(turned)(qml.numpy.array(0.4, requires_grad=True))
assert abs(slope - glassgrad.grad(lambda x: glassgrad.cos(x))(0.4)) < 1e-12
print(f"autograd {autograd.__file__}, glassgrad {glassgrad.__version__}: both answer")
"""


def main() -> int:
    """The exit status: 0 if all of them work in one environment."""
    try:
        with tempfile.TemporaryDirectory(prefix="glassgrad-neighbours-") as folder:
            beside(Path(folder))
    except (BuildError, OtherOutputError, RefusedError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode or 1
    return 0


def beside(folder: Path) -> None:
    """Install the neighbours and the wheel into one environment in a folder, use both, and run the README there."""
    _, wheel = build(folder / "dist")
    say(f"installing {wheel.name} beside {', '.join(NEIGHBOURS)}")
    python = fresh(folder / "venv", str(wheel), *NEIGHBOURS)
    run(python, "-m", "pip", "check", cwd=folder)
    run(python, "-c", USE, cwd=folder)
    say("the README's blocks")
    program = readme()
    promised = [line.split("# →", 1)[1].strip() for line in program.splitlines() if "# →" in line]
    run(python, "-c", program, cwd=folder, prints=promised)


def readme() -> str:
    """The blocks of the published README as one program."""
    text = published()["README.md"].decode()
    return "\n".join(part.split("```")[0] for part in text.split("```python\n")[1:])


if __name__ == "__main__":
    sys.exit(main())
