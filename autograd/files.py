"""Files are written whole or not at all, and where the user said."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from typing import Any, BinaryIO, TypeAlias

from autograd.errors import ArgumentError
from autograd.text import quoted, short

Place: TypeAlias = "str | os.PathLike[str] | BinaryIO"  # a path, or a file that is open for bytes

LONGEST_PATH = 200  # characters of a path in a message
_UNMOVABLE = (errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write_whole(place: Place, content: bytes) -> None:
    """Write `content` to a file; whatever goes wrong on the way, what was there before stays.

    A link is followed and stays one, and a file that is there keeps its mode.  When this returns, the content is
    on the disk.  An open file is written to where it stands.  A file that nothing can take the place of, as one that
    is mounted by itself or stands in a folder that is read-only, is written in place, and put back if that fails.

    Raises:
        ArgumentError: for a device, a pipe or whatever else is no file
        OSError: which names the path that was given
    """
    if not isinstance(place, (str, os.PathLike)):
        place.write(content)
        return
    path = os.fspath(place)
    try:
        _replace(path, content)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None  # which makes one of the same class


def _replace(path: str, content: bytes) -> None:
    mode, target = _mode_of(path), os.path.realpath(path)
    try:
        _put_beside(target, mode, content)
    except OSError as error:
        if mode is None or error.errno not in _UNMOVABLE:
            raise
        _write_in_place(target, content)


def _put_beside(target: str, mode: int | None, content: bytes) -> None:
    """Write another file, and let it take the target's place."""
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name[:40]}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, _NEW, 0o666), "wb") as file:  # the system applies the umask
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):  # it is not there yet, or not any more
            os.unlink(beside)
        raise
    _sync_folder(folder)


def _write_in_place(target: str, content: bytes) -> None:
    with open(target, "r+b") as file:
        before = file.read()
        try:
            _overwrite(file, content)
        except BaseException:
            _overwrite(file, before)
            raise


def _overwrite(file: BinaryIO, content: bytes) -> None:
    file.seek(0)
    file.truncate()
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _mode_of(path: str) -> int | None:
    """The mode of the file that is there, or None; raises if nothing can be written in its place."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        os.stat(os.path.dirname(os.path.realpath(path)))  # no folder: say so
        if not os.path.basename(path):
            raise
        return None
    if stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        raise ArgumentError(
            f"{quoted(path)} is a device, a pipe or a socket, not a file: open it and hand in what you opened"
        )
    if not os.access(path, os.W_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(found.st_mode)


def _sync_folder(folder: str) -> None:
    """Make sure that the file's name is on the disk too, where the system can be asked to."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def name_of(place: Any) -> str:
    """What a message calls a place: its path, or the name of the open file."""
    if isinstance(place, (str, os.PathLike)):
        return short(os.fsdecode(place), LONGEST_PATH)
    name = getattr(place, "name", None)
    return short(name, LONGEST_PATH) if isinstance(name, str) else "the open file"
