"""Fresh virtual environments in which what is published is tried."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path


def fresh(folder: Path, *packages: str) -> Path:
    """The Python of a new environment with these packages, which pip installs as it would for anyone."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-qq", *packages]
    subprocess.run(command, check=True, env=alone())
    return python


def alone(**more: str) -> dict[str, str]:
    """This process's environment without what would let a checkout be imported."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **more}


class OtherOutputError(Exception):
    """A program that printed something else than it says."""


def run(python: Path, *arguments: str, cwd: Path, prints: list[str] | None = None) -> None:
    """Run a Python there, its output in sight unless it is to be these lines.

    Raises CalledProcessError if it fails, OtherOutputError if it prints other lines.
    """
    pipe = None if prints is None else subprocess.PIPE
    environment = alone(PYTHONIOENCODING="utf-8")
    ran = subprocess.run([str(python), *arguments], cwd=cwd, env=environment, check=True, stdout=pipe, encoding="utf-8")
    printed = [] if prints is None else [line.strip() for line in ran.stdout.splitlines()]
    if printed != (prints or []):
        raise OtherOutputError(f"this was printed:\n{ran.stdout}\nand this is what was said:\n{prints}")


def say(text: str) -> None:
    """A heading, at once."""
    print(f"-- {text}", file=sys.stderr, flush=True)
