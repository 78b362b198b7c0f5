"""What a thread has asked recording to do differently: not at all, under a scope, with source lines.

The recorders look at one module-level number, `unusual`; while it is 0, which is nearly always, none
of this costs anything.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
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


class _Block(AbstractContextManager[None]):
    """A with-block in which this thread's mode is another, made from the one before."""

    __slots__ = ("_before", "_change")

    def __init__(self, change: Callable[[_Mode], _Mode]) -> None:
        self._change = change
        self._before: list[_Mode] = []  # one a time the block is entered: it may be used again

    def __enter__(self) -> None:
        global unusual
        mode = self._change(_thread.mode)
        self._before.append(_thread.mode)
        with _lock:
            unusual += 1
        _thread.mode = mode

    def __exit__(self, *raised: object) -> None:
        global unusual
        _thread.mode = self._before.pop()
        with _lock:
            unusual -= 1


def no_grad() -> AbstractContextManager[None]:
    """Compute without recording: results are detached leaves.  For this thread only.

    >>> from autograd import Value, no_grad
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.operands
    ()
    """
    return _Block(lambda mode: _Mode(False, mode.scope, mode.sources))


def as_usual() -> AbstractContextManager[None]:
    """Record as outside of all blocks: a program does not depend on where it was first asked for."""
    return _Block(lambda _: _Mode())


def scope(name: str) -> AbstractContextManager[None]:
    """Put the nodes recorded in this block under a scope; scopes nest with dots.

    Drawings cluster by scope, and formulas and the debugger speak of it.

    >>> from autograd import Value, scope
    >>> with scope("loss"):
    ...     J = Value(3.0) ** 2
    >>> J.scope
    'loss'
    """
    return _Block(lambda mode: _Mode(mode.recording, f"{mode.scope}.{name}" if mode.scope else name, mode.sources))


def record_sources() -> AbstractContextManager[None]:
    """Remember for every node recorded in this block the file and line that made it (slow)."""
    return _Block(lambda mode: _Mode(mode.recording, mode.scope, True))


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
