"""The progress bar of a training."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from autograd.errors import MissingExtra
from autograd.given import flag


@contextmanager
def progress_bar(samples: int, wanted: bool | None) -> Iterator[Any]:
    """tqdm's bar over so many samples, or None; where `wanted` is None it shows in a terminal and a notebook only."""
    if wanted is None:
        wanted = (sys.stderr.isatty() or in_notebook()) and find_spec("tqdm") is not None
    if not flag(wanted, "progress"):
        yield None
        return
    with _tqdm()(total=samples, unit=" samples", unit_scale=True) as bar:
        yield bar


def in_notebook() -> bool:
    """Whether a kernel of Jupyter's runs this."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _tqdm() -> Any:
    """A bar of widgets where a notebook has widgets, else one of text: tqdm.auto would warn of what is not there."""
    try:
        if in_notebook() and find_spec("ipywidgets") is not None:
            from tqdm.notebook import tqdm
        else:
            from tqdm.std import tqdm
    except ImportError:
        raise MissingExtra(
            "progress=True needs tqdm, the extra `progress`: pip install 'glassgrad[progress]', or leave it off"
        ) from None
    return tqdm
