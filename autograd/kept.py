"""What is kept on disk from process to process, not to be made again: machine code, and what a processor can do.

A file of a folder holds one thing under the hash of all that it was made from, so nothing in there is ever out of date.
Whatever is wrong with a file or with the folder, things are made again, without a word.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import sys
from contextlib import suppress

SWITCH = "GLASSGRAD_CACHE"  # a folder, or "off"
LARGEST = 64 * 2**20  # bytes of all files together
_LEFT = 0.75  # share of them that is left when there are more: those that were read last
_MAGIC = b"glassgrad kept 1\n"
_HASH = hashlib.sha256().digest_size


def folder() -> str | None:
    """Where things are kept: what the environment variable GLASSGRAD_CACHE says, else in the system's place for such.

    That is ``$XDG_CACHE_HOME`` or ``~/.cache``, on macOS ``~/Library/Caches``, on Windows ``%LOCALAPPDATA%``; None if
    nothing is to be kept.
    """
    chosen = os.environ.get(SWITCH, "")
    if chosen:
        return None if chosen.lower() == "off" else _absolute(os.path.expanduser(chosen))
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        base = base if os.path.isabs(base) else os.path.expanduser("~/.cache")
    return os.path.join(base, "glassgrad") if os.path.isabs(base) else None


def _absolute(path: str) -> str | None:
    try:
        return os.path.abspath(path)
    except OSError:  # the folder that we are in is gone
        return None


def read(key: str) -> bytes | None:
    """What was kept under a key, a word of letters and digits; None if nothing is there that is whole."""
    place = folder()
    if place is None or not _is_ours_alone(place):
        return None
    path = os.path.join(place, key)
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            is_a_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            written = file.read(LARGEST + 1) if is_a_file else b""
    except OSError:
        return None
    content = written[len(_MAGIC) + _HASH :]
    if written != _sealed(key, content):
        return None
    with suppress(OSError):
        os.utime(path)  # read last
    return content


def _without_waiting(path: str, flags: int) -> int:
    """Opened at once, though it be a pipe that nobody writes into."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def keep(key: str, content: bytes) -> None:
    """Keep it under a key, if that can be done."""
    place = folder()
    if place is None or len(content) > LARGEST // 4:
        return
    with suppress(OSError):
        os.makedirs(place, mode=0o700, exist_ok=True)
        if _is_ours_alone(place):
            _write(place, key, _sealed(key, content))
            _make_room(place)


def _sealed(key: str, content: bytes) -> bytes:
    """The content behind what tells whether it is whole, and whether it is what the key stands for."""
    return _MAGIC + hashlib.sha256(key.encode() + content).digest() + content


def _write(place: str, key: str, content: bytes) -> None:
    """Beside it first: whoever reads meanwhile, and whoever writes the same, finds something whole."""
    beside = os.path.join(place, f".{key[:16]}.{secrets.token_hex(4)}")
    try:
        with open(beside, "xb") as file:
            file.write(content)
        os.replace(beside, os.path.join(place, key))
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _make_room(place: str) -> None:
    """Let go of what was not read for longest, if all together is too large."""
    with os.scandir(place) as entries:
        found = [(entry.stat(), entry.path) for entry in entries if entry.is_file(follow_symlinks=False)]
    total = sum(about.st_size for about, _ in found)
    if total <= LARGEST:
        return
    for about, path in sorted(found, key=lambda each: each[0].st_mtime_ns):
        with suppress(OSError):
            os.unlink(path)
            total -= about.st_size
        if total <= _LEFT * LARGEST:
            return


def _is_ours_alone(place: str) -> bool:
    """Whether nobody else may write there: what is read will be run."""
    if not hasattr(os, "geteuid"):  # on Windows the folder is of the user's own by where it is
        return True
    try:
        found = os.stat(place)
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
