"""What a task has asked recording to do differently: not at all, under a scope, with source lines.

The recorders look at one module-level set, `unusual`; while it is empty, which is nearly always, none
of this costs anything.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import GraphError
from autograd.home import HOME

now: Callable[[], int] = itertools.count(1).__next__  # a clock: which of two was there before


class Label(NamedTuple):
    """What a node is called, where it belongs ("layer2.neuron1"), and the line that made it."""

    name: str | None = None
    scope: str = ""
    source: str | None = None


class _Mode(NamedTuple):
    recording: bool = True
    scope: str = ""
    sources: bool = False
    program: int = 0  # when the program was begun that is being written down; 0 if none is
    log: list[Any] | None = None  # its nodes, in the order in which they are made
    made: set[Any] | None = None  # nodes with numbers that were made meanwhile, in any thread: all others are older

    def label(self) -> Label | None:
        """The label of a node recorded now, or None if there is nothing to say."""
        if not self.scope and not self.sources:
            return None
        return Label(None, self.scope, _calling_line() if self.sources else None)


if TYPE_CHECKING:

    class RLock(AbstractContextManager[None]):
        """As far as it is used here; for type checkers nothing can be derived from the real one."""

        def acquire(self, blocking: bool = True) -> bool: ...
        def release(self) -> None: ...
        def _is_owned(self) -> bool: ...
        def __exit__(self, *raised: object) -> None: ...
else:
    from _thread import RLock  # the class: threading.RLock is a function


class _Block(RLock):
    """A with-block in which the mode of the task that opened it is another, made from the one around.

    It is a lock, and open while it is held: leaving is then one call in C, `RLock.__exit__`, which no
    Ctrl-C can cut in two.  Nothing else is done at the end; whoever looks next forgets what was left.
    """

    __slots__ = ("_change", "_made", "_times")

    def __init__(self, change: Callable[[_Mode], _Mode], made: set[Any] | None = None) -> None:
        self._change, self._made = change, made
        self._times = 0  # entered: a block may be used again, but what was opened then is not open now

    def __enter__(self) -> None:
        if self._times and _is_open(self):
            raise GraphError("this block is open already: make another one, such as no_grad(), for each `with`")
        around = _innermost()
        inner = self._change(around.mode if around else _USUAL)
        before = tuple([entry for entry in _entered.get() if entry.is_open()]) if unusual else ()
        try:
            self.acquire()
            self._times += 1
            unusual.add(self)
            if self._made is not None:
                writing.add(self)
            generator = _generator_that_opens(sys._getframe(1))
            is_plain = generator is None and (not before or before[-1].is_plain)
            _entered.set((*before, _Entry(self, self._times, inner, around, generator, is_plain)))
        except BaseException:  # an interrupt: the with-statement will not leave what it did not enter
            if self._is_owned():
                self.release()
            raise


class _Entry(NamedTuple):
    """A block that this task entered, and its mode, made from the one around it."""

    block: _Block
    times: int
    mode: _Mode
    around: _Entry | None
    generator: int | None
    is_plain: bool  # neither it nor one before it was opened by a generator

    def is_open(self) -> bool:
        """Whether the block was not left since, once `_forget_left` has looked."""
        return self.block in unusual and self.block._times == self.times

    def is_inside(self, other: _Entry) -> bool:
        """Whether this was entered while the other counted."""
        entry: _Entry | None = self
        while entry is not None and entry is not other:
            entry = entry.around
        return entry is not None


unusual: set[_Block] = set()  # the blocks that may be open, of all tasks together
writing: set[_Block] = set()  # those of them in which a program is written down
_entered: ContextVar[tuple[_Entry, ...]] = ContextVar("entered", default=())  # in their order
_USUAL = _Mode()
_INSIDE = f"{HOME}."


def mode() -> _Mode:
    """How this task records now."""
    if not unusual:
        return _USUAL
    entered = _entered.get()
    if entered:
        block, times, inner, _, _, is_plain = entered[-1]
        if is_plain and block._is_owned() and block._times == times:
            return inner  # at a glance: its thread holds it, and no generator asks for a search
    entry = _innermost()
    return _USUAL if entry is None else entry.mode


def _innermost() -> _Entry | None:
    """The last block that counts; before one that was entered while a generator waited, the generator's own."""
    if not unusual:
        return None
    _forget_left()
    innermost: _Entry | None = None
    for entry in reversed(_entered.get()):
        counts = entry.is_open() and _runs(entry.generator)
        if counts and (innermost is None or (entry.generator is not None and not innermost.is_inside(entry))):
            innermost = entry
    return innermost


def _is_open(block: _Block) -> bool:
    return block._is_owned() or _is_held(block)


def _is_held(lock: RLock) -> bool:
    """Whether any thread holds a lock; asked in one call, since to try and acquire it could be cut in two."""
    return repr(lock).startswith("<locked")


def _forget_left() -> None:
    for block in tuple(unusual):
        if not _is_open(block):
            unusual.discard(block)
            writing.discard(block)


def _forget_other_threads() -> None:
    """In a forked process: what other threads had open will not be left there."""
    unusual.intersection_update({block for block in tuple(unusual) if block._is_owned()})
    writing.intersection_update(unusual)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)


# -- generators -------------------------------------------------------------------------------------

_CAN_WAIT = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def _generator_that_opens(frame: FrameType | None) -> int | None:
    """The frame, by its id, of the generator in which a block is opened; None where no generator does.

    A block in a generator counts only while that runs, not for its caller while it waits at a `yield`.
    A context manager, generator or object, opens its block for the `with` that entered it.
    """
    frame = _that_enters(frame)
    while frame is not None and frame.f_code.co_flags & _CAN_WAIT:
        outer = _that_enters(frame.f_back)
        if outer is frame.f_back:
            return id(frame)  # the generator keeps its frame as long as the block can be open
        frame = outer
    return None


def _that_enters(frame: FrameType | None) -> FrameType | None:
    """The frame itself, or the one whose `with` it serves: beyond contextlib and methods called `__enter__`."""
    while frame is not None and (
        frame.f_code.co_name in ("__enter__", "__aenter__") or frame.f_code.co_filename == contextlib.__file__
    ):
        frame = frame.f_back
    return frame


def _runs(generator: int | None) -> bool:
    """Whether a generator's frame is among the callers; what no generator opened always counts."""
    frame: FrameType | None = sys._getframe(1)
    while generator is not None and frame is not None:
        if id(frame) == generator:
            return True
        frame = frame.f_back
    return generator is None


# -- the blocks --------------------------------------------------------------------------------------


def no_grad() -> AbstractContextManager[None]:
    """Compute without recording: results are detached leaves.  For this task (or thread) only.

    In a generator it holds while that runs, and not for its caller while it waits at a `yield`.

    >>> from autograd import Value, no_grad
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.operands
    ()
    """
    return _Block(lambda mode: mode._replace(recording=False))


def recording() -> AbstractContextManager[None]:
    """Record after all: what a transform does to find its derivatives, also under `no_grad`."""
    return _Block(lambda mode: mode._replace(recording=True))


def writing_program() -> AbstractContextManager[None]:
    """Record as outside of all blocks but `record_sources`: a program does not depend on where it was asked for."""
    made: set[Any] = set()

    def written(mode: _Mode) -> _Mode:  # within another program, what was made for that is not older either
        return _Mode(program=now(), sources=mode.sources, log=[], made=made if mode.made is None else mode.made)

    return _Block(written, made)


def remember(node: Any) -> None:
    """Let every program that is being written down know that this node is not older than it."""
    for block in tuple(writing):
        if block._made is not None and _is_open(block):
            block._made.add(node)
        else:
            writing.discard(block)


def scope(name: str) -> AbstractContextManager[None]:
    """Put the nodes recorded in this block under a scope; scopes nest with dots.

    Drawings cluster by scope, and formulas and the debugger speak of it.

    >>> from autograd import Value, scope
    >>> with scope("loss"):
    ...     J = Value(3.0) ** 2
    >>> J.scope
    'loss'
    """
    return _Block(lambda mode: mode._replace(scope=f"{mode.scope}.{name}" if mode.scope else name))


def record_sources() -> AbstractContextManager[None]:
    """Remember for every node recorded in this block the file and line that made it (slow)."""
    return _Block(lambda mode: mode._replace(sources=True))


def is_recording() -> bool:
    """Whether this task records a graph, which it does unless inside `no_grad`."""
    return mode().recording


def current_label() -> Label | None:
    """The label a node recorded now gets, or None if there is nothing to say."""
    return mode().label()


def _calling_line() -> str | None:
    """file:line of the nearest caller outside this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not is_ours(frame):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return None


def is_ours(frame: FrameType) -> bool:
    """Whether code of this package runs in a frame."""
    module = frame.f_globals.get("__name__", "")
    return bool(module == HOME or module.startswith(_INSIDE))
