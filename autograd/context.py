"""What a thread has asked recording to do differently: not at all, under a scope, with source lines.

The recorders look at one module-level number, `unusual`; while it is 0, which is nearly always, none
of this costs anything.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType


@dataclass(frozen=True, slots=True)
class Label:
    """What a node is called, where it belongs ("layer2.neuron1"), and the line that made it."""

    name: str | None = None
    scope: str = ""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class _Mode:
    recording: bool = True
    scope: str = ""
    sources: bool = False


class _Thread(threading.local):
    mode = _Mode()


unusual = 0  # how many blocks are open, in all threads together
_thread = _Thread()
_lock = threading.Lock()


@contextmanager
def _block(**changes: object) -> Iterator[None]:
    global unusual
    before = _thread.mode
    with _lock:
        unusual += 1
    _thread.mode = replace(before, **changes)  # type: ignore[arg-type]  # the callers below are typed
    try:
        yield
    finally:
        _thread.mode = before
        with _lock:
            unusual -= 1


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording: results are detached leaves.  For this thread only.

    >>> from autograd import Value, no_grad
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.operands
    ()
    """
    with _block(recording=False):
        yield


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Put the nodes recorded in this block under a scope; scopes nest with dots.

    Drawings cluster by scope, and formulas and the debugger speak of it.

    >>> from autograd import Value, scope
    >>> with scope("loss"):
    ...     J = Value(3.0) ** 2
    >>> J.scope
    'loss'
    """
    outer = _thread.mode.scope
    with _block(scope=f"{outer}.{name}" if outer else name):
        yield


@contextmanager
def record_sources() -> Iterator[None]:
    """Remember for every node recorded in this block the file and line that made it (slow)."""
    with _block(sources=True):
        yield


def is_recording() -> bool:
    """Whether this thread records a graph, which it does unless inside `no_grad`."""
    return _thread.mode.recording


def current_label() -> Label | None:
    """The label a node recorded now gets, or None if there is nothing to say."""
    mode = _thread.mode
    if not mode.scope and not mode.sources:
        return None
    return Label(None, mode.scope, _calling_line() if mode.sources else None)


def _calling_line() -> str | None:
    """file:line of the nearest caller outside this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module != "autograd" and not module.startswith("autograd."):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return None
