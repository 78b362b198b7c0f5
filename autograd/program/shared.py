"""Kernels of one content are one, whichever function or model asks: they are made once while anything uses them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from weakref import ref

from autograd.program.kernel import Kernel

Key = tuple[str, str]  # the executor, and the content of the task
REMEMBERED = 16  # small kernels that stay for a while when nothing uses them
SMALL = 10_000  # instructions of such a kernel's program
_ALIVE: dict[Key, ref[Kernel]] = {}
_LATEST: OrderedDict[Key, Kernel] = OrderedDict()


def shared(key: Key, size: int, make: Callable[[], Kernel]) -> Kernel:
    """The kernel of that key, made if there is none; `size` is how many instructions its program has.

    Without a lock, which a forked process might find held: two threads that ask at once may both make one, and the
    first one's stays.
    """
    reference = _ALIVE.get(key)
    found = reference() if reference is not None else None
    if found is None:
        found = _first(key, make())
    if size <= SMALL:
        _LATEST.pop(key, None)
        _LATEST[key] = found
        for old in list(_LATEST)[:-REMEMBERED]:
            _LATEST.pop(old, None)
    return found


def _first(key: Key, mine: Kernel) -> Kernel:
    """The kernel that is known by a key from now on."""
    for gone in [known for known, reference in list(_ALIVE.items()) if reference() is None]:
        _ALIVE.pop(gone, None)
    return _ALIVE.setdefault(key, ref(mine))() or mine


def forget() -> None:
    """Let the next one that asks make a kernel of its own."""
    _ALIVE.clear()
    _LATEST.clear()
