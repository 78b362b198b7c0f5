"""What a long walk says at its end: how often each thing came about, and how many mistakes were found."""

from __future__ import annotations

import time
from collections import Counter


class Tally:
    """Counts as the walk goes, and prints each mistake when it is found."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.mistakes = 0
        self._began = time.monotonic()

    def mistake(self, said: str) -> None:
        """Say a mistake."""
        self.mistakes += 1
        print(said)

    def told(self, things: str) -> int:
        """Print all counts, of `things`; the walk's exit status."""
        for what, times in sorted(self.count.items()):
            print(f"{times:8,d}  {what}")
        took = time.monotonic() - self._began
        print(f"{self.count.total():8,d}  {things}, {self.mistakes} mistakes, {took:.0f} s")
        return 1 if self.mistakes else 0
