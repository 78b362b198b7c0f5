"""What a worksheet leaves for its reader to fill in, and what it must not show because it would give that away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from autograd.errors import ArgumentError
from autograd.text import quoted

KINDS = ("value", "slope", "delta")  # each follows from those before it
BLANK = "________"


class Blanks(NamedTuple):
    """Which kinds of numbers are blank; what follows from them and is not asked is left out."""

    asked: frozenset[str] = frozenset()

    def shows(self, kind: str) -> bool:
        """Whether numbers of this kind stand in the picture."""
        first = min((KINDS.index(asked) for asked in self.asked), default=len(KINDS))
        return KINDS.index(kind) < first

    def leaves_out(self, kind: str) -> bool:
        """Whether there is not even a blank for them."""
        return not self.shows(kind) and kind not in self.asked


def blanks(hide: str | Iterable[str]) -> Blanks:
    """What to leave blank.

    >>> found = blanks("slope")
    >>> found.shows("value"), found.shows("delta"), found.leaves_out("delta")
    (True, False, True)

    Raises:
        ArgumentError: for another kind of number
    """
    asked = [hide] if isinstance(hide, str) or not isinstance(hide, Iterable) else list(hide)
    for kind in asked:
        if kind not in KINDS:
            raise ArgumentError(f"hide is {', '.join(map(repr, KINDS))}, or several of them, got {quoted(kind)}")
    return Blanks(frozenset(asked))
