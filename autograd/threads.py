"""Work on other threads, waited for so that Ctrl-C, which reaches the main thread alone, comes out as itself.

Python's own ways to wait for a thread (Future, Event, the start of a Thread) are locks with Python code around them: an
interrupt in there may come out as "release unlocked lock", or leave the lock held for ever.
"""

from __future__ import annotations

import threading
from _thread import start_new_thread
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from itertools import repeat
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")
_POLL = 0.05  # seconds after which whoever waits looks again, should he have missed being woken


def elsewhere(make: Callable[[], R], stop: Callable[[], object] | None = None) -> R:
    """What `make` makes, on another thread if this is the main one.

    When an interrupt comes, `stop` is called and the end awaited; without `stop` the work goes on, and nobody hears.

    >>> elsewhere(lambda: threading.current_thread() is threading.main_thread())
    False
    """
    if threading.current_thread() is not threading.main_thread():
        return make()
    made: list[R] = []
    failed: list[BaseException] = []
    arrived = threading.Lock()
    arrived.acquire()

    def work() -> None:
        try:
            made.append(make())
        except BaseException as error:
            failed.append(error)
        finally:
            arrived.release()

    def await_end() -> None:
        while not (made or failed):
            arrived.acquire(timeout=_POLL)

    begun: list[int] = []
    try:
        # In one call of C's, so that it has begun just if `begun` says so.
        begun.extend(map(start_new_thread, (lambda: _start(work),), repeat(())))
        await_end()
    except BaseException:
        if begun and stop is not None:
            stop()
            await_end()
        raise
    if failed:
        raise failed.pop()
    return made[0]


def _start(work: Callable[[], None]) -> None:
    """Do it on a thread that Python waits for before it ends, if there may be one more."""
    try:
        threading.Thread(target=work, name="elsewhere").start()
    except RuntimeError:
        work()


def spread(run: Callable[[A], R], tasks: Iterable[A], threads: int) -> list[R]:
    """What `run` makes of each task, in their order, over so many threads.

    >>> spread(abs, [-1, 2, -3], threads=2)
    [1, 2, 3]
    """
    if threads <= 1:
        return list(map(run, tasks))
    stopped: list[bool] = []

    def unless_stopped(task: A) -> R:
        if stopped:
            raise CancelledError
        return run(task)

    def work() -> list[R]:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(unless_stopped, tasks))

    return elsewhere(work, stop=lambda: stopped.append(True))
