"""What the demos share: the ``--out`` option, and files that are written whole or not at all."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib

matplotlib.use("Agg")  # the demos write files, so they need no screen
matplotlib.rcParams["svg.hashsalt"] = "demos"  # the same picture has the same bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEFAULT_OUT = Path("out")
BLUE, GREEN, RED, GREY = "#1f5fbf", "#2a9134", "#c0392b", "#888888"


def options(description: str | None) -> argparse.ArgumentParser:
    """A parser that knows ``--out``; a demo adds what it needs."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, metavar="DIR", help="where files go (default: out)")
    return parser


def positive(text: str) -> int:
    """A whole number from 1 up, for options such as ``--epochs``."""
    try:
        found = int(text)
    except ValueError:
        found = 0
    if found < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 up, got {text!r}")
    return found


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)  # mkstemp makes files that only their owner reads
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a matplotlib figure, in the format that the name ends in, and say so."""
    metadata = {"Date": None} if path.suffix == ".svg" else None
    with beside(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata=metadata)
    return announce(path)


def save_drawing(save: Callable[[Path], object], path: Path) -> Path:
    """Write a picture of a graph with its own `save`, and say so."""
    with beside(path) as temporary:
        save(temporary)
    return announce(path)


def announce(path: Path) -> Path:
    """Tell which file was written."""
    print(f"wrote {path}")
    return path


def heading(title: str) -> None:
    """A title with a rule under it."""
    print(f"\n{title}\n{'─' * len(title)}")
