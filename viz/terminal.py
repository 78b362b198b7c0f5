"""What a command owes to the terminal: letters it lacks, pipes that close, streams that were never open, Ctrl-C."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Callable
from typing import IO, NoReturn, TextIO

from autograd.files import LONGEST_PATH
from autograd.text import short

CLOSED, INTERRUPTED = 128 + 13, 128 + 2  # what a shell says of a process that SIGPIPE or SIGINT ended


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run a command's `main` and exit with its status.

    A letter that the terminal lacks is written as ``\\u03b4``.  When whoever reads the output has left (``| head -1``)
    the command ends without a word, with status 141; after Ctrl-C with 130.  A file or a disk that refuses is one
    sentence, and status 1.

    >>> run(lambda: 3)
    Traceback (most recent call last):
    SystemExit: 3
    """
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    raise SystemExit(_status(lambda: _flushed(main)))


def _flushed(main: Callable[[], int | None]) -> int:
    try:
        return main() or 0
    finally:
        if not sys.stdout.closed:
            sys.stdout.flush()  # here, where what goes wrong can still be told


def _status(act: Callable[[], int]) -> int:
    try:
        return act()
    except KeyboardInterrupt:
        return INTERRUPTED
    except ValueError:
        if sys.stdout.closed:  # by what was run
            return CLOSED
        raise
    except OSError as error:
        if isinstance(error, BrokenPipeError) and _has_no_reader(sys.stdout):
            _turn_away(sys.stdout)
            return CLOSED
        place = f": {short(str(error.filename), LONGEST_PATH)}" if error.filename else ""
        print(f"{_called()}: {error.strerror or error}{place}", file=sys.stderr)
        _turn_away(sys.stdout)
        return 1


def _called() -> str:
    """What was typed to start this."""
    spec = sys.modules["__main__"].__spec__
    return f"python -m {spec.name.removesuffix('.__main__')}" if spec else sys.argv[0]


def _has_no_reader(stream: IO[str]) -> bool:
    """Whether it is a pipe whose other end is closed; taken to be where that cannot be asked."""
    if not hasattr(select, "poll"):
        return True
    asked = select.poll()
    asked.register(stream, select.POLLOUT)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in asked.poll(0))


def _turn_away(stream: IO[str]) -> None:
    """Let the rest of a stream that takes nothing any more vanish: Python would complain of it when it exits."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_what_is_closed() -> None:
    """A stream that was closed by whoever started us is the null device: else the next file would get its number."""
    handle = os.open(os.devnull, os.O_RDWR)
    while handle <= 2:
        handle = os.open(os.devnull, os.O_RDWR)
    os.close(handle)
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = sys.stdout or _nowhere("w")
    sys.stderr = sys.stderr or _nowhere("w")


def _nowhere(mode: str) -> TextIO:
    return io.TextIOWrapper(open(os.devnull, f"{mode}b"), encoding="utf-8")  # open to the end


def written(text: str, stream: IO[str]) -> str:
    """`text` as the stream can hold it: a letter that its encoding lacks is written as ``\\u03b4``."""
    encoding = getattr(stream, "encoding", None)
    if not encoding or text.isascii():
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)
