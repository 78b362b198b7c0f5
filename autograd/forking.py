"""What a process needs that is forked while another thread computes: that thread is not there to let go of anything.

Either a lock is free in the new process (`Locked`: what it guards is whole at any time), or fork
waits for whoever holds it (`awaited_by_fork`: the libraries of C's that cannot be left half way).
"""

from __future__ import annotations

import os
import threading
from typing import Any, TypeVar
from weakref import ref

L = TypeVar("L")


class Locked:
    """What has a reentrant lock of its own, free in a forked process unless it is the forking thread that holds it.

    >>> owner = Locked()
    >>> with owner.lock, owner.lock:
    ...     print("twice")
    twice
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        _remember(self, _LOCKED)

    def renew(self) -> None:
        """Have another lock if this one is held by a thread that is not there any more."""
        if self.lock.acquire(blocking=False):
            self.lock.release()
        else:
            self.lock = threading.RLock()


def awaited_by_fork(lock: L) -> L:
    """The same reentrant lock, but fork waits until no other thread holds it.

    While a thread holds one such lock it may not wait for another.
    """
    with _registry:
        _remember(lock, _AWAITED)
    return lock


def _remember(thing: Any, known: set[ref[Any]]) -> None:
    """As long as it lives; then it is forgotten by C's code, in which no Ctrl-C can be lost as in a WeakSet's."""
    known.add(ref(thing, known.discard))


_LOCKED: set[ref[Locked]] = set()
_AWAITED: set[ref[Any]] = set()
_registry = threading.RLock()
_acquired: list[Any] = []  # between the two ends of a fork


def _before() -> None:
    _take(_registry)  # and there are no new ones from here on
    for lock in _living(_AWAITED):
        _take(lock)


def _living(known: set[ref[L]]) -> list[L]:
    return [thing for thing in [reference() for reference in tuple(known)] if thing is not None]


def _take(lock: Any) -> None:
    lock.__enter__()
    _acquired.append(lock)


def _after() -> None:
    while _acquired:
        _acquired.pop().__exit__(None, None, None)


def _in_child() -> None:
    _after()
    for owner in _living(_LOCKED):
        owner.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_in_child)
