"""Python's cyclic garbage collector, which a growing graph keeps busy for nothing, paused while one is built."""

from __future__ import annotations

import gc
import os
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
    block = object()
    try:
        _blocks.begin(block)
        yield
    finally:
        _blocks.end(block)


class _Blocks:
    """The blocks that are open, each with its thread, and how the first one found the collector."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[object, int] = {}
        self._was_on = False

    def begin(self, block: object) -> None:
        with self._lock:
            if not self._open:
                self._was_on = gc.isenabled()
            self._open[block] = threading.get_ident()
            gc.disable()

    def end(self, block: object) -> None:
        with self._lock:  # an interrupt may end a block before it began
            self._leave_only([other for other in self._open if other is not block])

    def keep_this_thread(self) -> None:
        """In a forked process, where no other thread is there to end its blocks, nor to let go of the lock."""
        self._lock = threading.Lock()
        self._leave_only([block for block, thread in self._open.items() if thread == threading.get_ident()])

    def _leave_only(self, blocks: list[object]) -> None:
        begun, self._open = bool(self._open), {block: self._open[block] for block in blocks}
        if begun and not blocks and self._was_on:
            gc.enable()


_blocks = _Blocks()
if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_blocks.keep_this_thread)
