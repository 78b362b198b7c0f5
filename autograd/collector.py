"""Python's cyclic garbage collector, which a growing graph keeps busy for nothing, paused while one is built."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Build graphs without Python's garbage collector going through them again and again.

    Nodes hold no cycles: they are freed as soon as nobody holds them, with the collector off too.  But it looks
    for cycles whenever many objects have been made, and goes through every node that lives; in a graph of a
    million nodes that is most of the time.  Blocks may nest and overlap in several threads: the last one that
    ends puts the collector back as the first one found it.

    >>> from autograd import Value
    >>> with collector_paused():
    ...     x = Value(1.0)
    ...     for _ in range(1000):
    ...         x = x * 1.001
    """
    _paused.enter()
    try:
        yield
    finally:
        _paused.leave()


class _Paused:
    """How many blocks are open, and what they found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open, self._was_on = 0, False

    def enter(self) -> None:
        with self._lock:
            if not self._open:
                self._was_on = gc.isenabled()
                gc.disable()
            self._open += 1

    def leave(self) -> None:
        with self._lock:
            self._open -= 1
            if not self._open and self._was_on:
                gc.enable()


_paused = _Paused()
