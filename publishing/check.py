"""`python -m publishing.check` builds what is published and tests it as a stranger would who has only that.

The sdist and the wheel are built twice and must be the same bytes; the wheel that pip builds from the sdist must
be the same too; then the sdist is unpacked, its wheel installed with what the tests need into a fresh environment,
and its tests run there: one case of each (see `one_of_each`), or with --all every one.

    python -m publishing.check                   what CI does
    python -m publishing.check --all -n4 -k saving    other words go to pytest
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from publishing import one_of_each
from publishing.archives import BuildError, build, date_of, wheel_of
from publishing.environments import fresh, run, say
from publishing.names import RefusedError
from publishing.tree import ROOT

CONSUMER = """\
import glassgrad
from glassgrad import Value, abs, compile, nn, tanh, viz
from glassgrad.nn import MLP
from glassgrad.viz import Drawing

x: Value = Value(0.5)
model: MLP = nn.MLP(2, [1])
drawing: Drawing = viz.draw(tanh(x) * abs(x))
version: str = glassgrad.__version__
wrong: int = glassgrad.Value(0.5)  # type: ignore[assignment]  # were this Any, it would be one suppression too many
loss = compile(lambda x: x * x)
loss.value_and_grad(2.0)
"""


class DifferenceError(Exception):
    """Two builds of one source that are not the same."""


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if everything holds."""
    chosen = sys.argv[1:] if arguments is None else arguments
    try:
        with tempfile.TemporaryDirectory(prefix="glassgrad-published-") as folder:
            check(Path(folder), chosen)
    except (BuildError, DifferenceError, RefusedError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode or 1
    return 0


def check(folder: Path, chosen: list[str]) -> None:
    """Build, compare and test in a folder, with these arguments for pytest."""
    say("building the sdist and the wheel, twice")
    sdist, wheel = build(folder / "one")
    for path, again in zip((sdist, wheel), build(folder / "two"), strict=True):
        same(path, again)
    same(wheel, wheel_of(sdist, folder / "of the sdist", date_of(ROOT)))
    say("installing the wheel, and what the tests need, into a fresh environment")
    python = fresh(folder / "venv", f"{wheel}[dev]")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    say("what type checkers see")
    (folder / "consumer.py").write_text(CONSUMER, "utf-8")
    run(python, "-m", "mypy", "--strict", "consumer.py", cwd=folder)
    say("the tests of the sdist")
    project = folder / sdist.name.removesuffix(".tar.gz")
    run(python, "-m", "pytest", *_arguments(chosen, project), cwd=project)


def _arguments(chosen: list[str], project: Path) -> list[str]:
    """Those for pytest, with the plugin put where it finds it."""
    if "--all" in chosen:
        return [argument for argument in chosen if argument != "--all"]
    plugin = Path(one_of_each.__file__)
    shutil.copy(plugin, project)
    return ["-p", plugin.stem, *chosen]


def same(one: Path, other: Path) -> None:
    """Raise DifferenceError unless both files have the same bytes."""
    if one.read_bytes() != other.read_bytes():
        raise DifferenceError(f"{one.name} is not the same when it is built again")


if __name__ == "__main__":
    sys.exit(main())
