"""Machine code by what it computes: as it was kept on disk, or compiled now and kept."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from autograd import kept
from autograd.home import __version__
from autograd.ops import READ_SINCE
from autograd.program.native import callbacks, machine
from autograd.program.native.machine import Library, Object


class Made(NamedTuple):
    """A library, and numbers that whoever calls its functions has to know."""

    library: Library
    numbers: tuple[int, ...]


def made(what: str, content: str, write: Callable[[], tuple[str, Sequence[int]]]) -> Made:
    """The machine code called `what` of something of that content; `write` gives its text, and the numbers."""
    key = _key(what, content)
    found = _kept(key) if key else None
    if found is not None:
        return found
    text, numbers = write()
    compiled = machine.compiled(text)
    if key and not any(map(callbacks.is_callback, compiled.uses)):  # which are of this process
        head = json.dumps({"uses": compiled.uses, "numbers": list(numbers)})
        kept.keep(key, head.encode() + b"\n" + compiled.code)
    return Made(Library(compiled), tuple(numbers))


def library(what: str, text: str) -> Library:
    """The machine code of a text."""
    return made(what, hashlib.sha256(text.encode()).hexdigest(), lambda: (text, ())).library


def _kept(key: str) -> Made | None:
    """What is kept under a key, if all that it uses is here."""
    content = kept.read(key)
    if content is None:
        return None
    head, _, code = content.partition(b"\n")
    said = json.loads(head)
    if not all(map(machine.address_of_symbol, said["uses"])):
        return None
    return Made(Library(Object(code, tuple(said["uses"]))), tuple(said["numbers"]))


def _key(what: str, content: str) -> str | None:
    surroundings = _surroundings()
    if surroundings is None or kept.folder() is None:
        return None
    return hashlib.sha256(f"{surroundings} {what} {content}".encode()).hexdigest()


@cache
def _surroundings() -> str | None:
    """All that machine code depends on beside what it computes: this package, LLVM, processor and system.

    None where the source cannot be read, of which the version alone would not tell that it was changed, or was changed
    since we began to read it: what runs here may be what stood there before.
    """
    told = hashlib.sha256(repr((__version__, machine.release(), _system(), machine.processor())).encode())
    try:
        for path in _sources():
            with open(path, "rb") as file:
                told.update(hashlib.sha256(file.read()).digest())
                about = os.fstat(file.fileno())
            if max(about.st_mtime, about.st_ctime) >= READ_SINCE:
                return None
    except OSError:
        return None
    return told.hexdigest()


def _system() -> str:
    """The system, by the version of C's library where that can be asked."""
    if sys.platform == "linux":
        with suppress(ValueError, OSError):
            return f"{platform.machine()} {os.confstr('CS_GNU_LIBC_VERSION')}"
    return platform.platform()


def _sources() -> list[str]:
    """The modules that say what is computed, and write it: rules, and machine code."""
    here = os.path.dirname(__file__)
    program = os.path.dirname(here)
    folders = os.path.join(os.path.dirname(program), "ops"), here
    found = [entry.path for folder in folders for entry in os.scandir(folder) if entry.name.endswith(".py")]
    return sorted(found) + [os.path.join(program, name) for name in ("libm.py", "loops.py")]
