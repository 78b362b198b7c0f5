"""Colours of the terminal, where it has them and nobody asked for none."""

from __future__ import annotations

import os
from typing import IO

from viz.recording import BACKWARD, FORWARD, SEED

_CODES = {
    "bold": "1", "dim": "2", "number": "2", "error": "31", "stop": "33",
    FORWARD: "34", SEED: "35", BACKWARD: "32",
}  # fmt: skip


class Style:
    """Puts words in colour, or leaves them as they are.

    >>> Style(True)("z", "bold"), Style(False)("z", "bold")
    ('\\x1b[1mz\\x1b[0m', 'z')
    """

    def __init__(self, coloured: bool) -> None:
        self.coloured = coloured

    def __call__(self, words: str, kind: str) -> str:
        return f"\x1b[{_CODES[kind]}m{words}\x1b[0m" if self.coloured and words else words


def style_for(stream: IO[str]) -> Style:
    """Colours for a terminal that has them, none for a file, and none where NO_COLOR is set (no-color.org)."""
    unwanted = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return Style(stream.isatty() and not unwanted)
