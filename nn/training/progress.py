"""The progress bar of a training."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograd.errors import MissingExtra


@contextmanager
def progress_bar(samples: int, wanted: bool | None) -> Iterator[Any]:
    """tqdm's bar over so many samples, or None; where `wanted` is None it shows in a terminal only."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if wanted:
            raise MissingExtra(
                "progress=True needs tqdm, the extra `progress`: pip install 'glassgrad[progress]', or leave it off"
            ) from None
        wanted = False
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        yield None
        return
    with tqdm(total=samples, unit=" samples", unit_scale=True) as bar:
        yield bar
