"""`python -m publishing.clash` installs this checkout and HIPS autograd over each other, and looks whether they say so.

This is about the short names, in both orders, and after `pip uninstall autograd`, which takes files of both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from publishing.environments import OtherOutputError, alone, fresh, run, say
from publishing.names import PACKAGES
from publishing.tree import ROOT

ORDERS = {"HIPS autograd last": (str(ROOT), "autograd"), "HIPS autograd first": ("autograd", str(ROOT))}
IMPORTS = """
from importlib import import_module
for name in {names}:
    try:
        import_module(name)
    except ImportError as error:
        print("told" if "HIPS autograd" in str(error) else error)
    else:
        print("imported", name)
"""


def main() -> int:
    """The exit status: 0 if every mixture is told."""
    try:
        with tempfile.TemporaryDirectory(prefix="glassgrad-clash-") as folder:
            for number, order in enumerate(ORDERS):
                clash(Path(folder) / str(number), order)
    except OtherOutputError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode or 1
    return 0


def clash(folder: Path, order: str) -> None:
    """Install both in this order, in an environment in a folder, and import what is there."""
    say(order)
    first, second = ORDERS[order]
    python = fresh(folder, first)
    subprocess.run([str(python), "-m", "pip", "install", "-qq", second], env=alone(), check=True)
    told = list(PACKAGES) if second == str(ROOT) else list(PACKAGES[1:])  # HIPS autograd's own page cannot tell
    run(python, "-c", IMPORTS.format(names=told), cwd=folder, prints=["told"] * len(told))
    say("pip uninstall autograd")
    subprocess.run([str(python), "-m", "pip", "uninstall", "-qq", "--yes", "autograd"], env=alone(), check=True)
    left = list(PACKAGES[1:])
    run(python, "-c", IMPORTS.format(names=left), cwd=folder, prints=["told"] * len(left))


if __name__ == "__main__":
    sys.exit(main())
