"""What an exception says and where it happened, in few words, whatever it does when it is asked."""

from __future__ import annotations

import importlib
import traceback
from types import TracebackType

from autograd.text import visible

LONGEST_WORDS, MOST_LINES = 300, 60  # of an exception's text, and of its traceback


def said(error: BaseException) -> str:
    """An exception in one line of a few hundred characters."""
    words = cut(visible(" ".join(text_of(error, 4 * LONGEST_WORDS).split())))
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def text_of(thing: object, most: int | None = None) -> str:
    """What it says of itself, or that it cannot: an exception's `__str__` may itself raise."""
    try:
        return str(thing)[:most]
    except Exception as error:
        return f"(its text cannot be had: {type(error).__name__})"


def cut(words: str) -> str:
    """At most so many characters, and … for what is left out."""
    return words if len(words) <= LONGEST_WORDS else words[:LONGEST_WORDS] + "…"


def place_of(error: BaseException, starter: str, path: str, called: str) -> str:
    """The last line in the file `path`, which is `called` so; else the last outside of the file that started it."""
    if isinstance(error, SyntaxError):
        return ""  # which says where
    frames = traceback.extract_tb(_without(starter, error.__traceback__))
    own = [frame for frame in frames if frame.filename == path]
    last = (own or frames)[-1:]
    return "".join(f" (line {frame.lineno} of {visible(called if own else frame.filename)})" for frame in last)


def traceback_of(error: BaseException, starter: str) -> list[str]:
    """The lines that Python shows of an exception that nobody caught, without those of the file that started it."""
    try:
        shown = traceback.TracebackException(type(error), error, _without(starter, error.__traceback__), compact=True)
        lines = [cut(visible(line)) for part in shown.format() for line in part.splitlines()]
    except Exception:  # raised by what the exception says of itself
        return []
    half = MOST_LINES // 2
    return lines if len(lines) <= MOST_LINES else [*lines[:half], "  …", *lines[-half:]]


def _without(starter: str, at: TracebackType | None) -> TracebackType | None:
    """A traceback from the first frame on that is neither in the file that started it nor in what imports."""
    while at is not None and _starts(at.tb_frame.f_code.co_filename, starter):
        at = at.tb_next
    return at


def _starts(filename: str, starter: str) -> bool:
    return filename in (starter, importlib.__file__) or filename.startswith("<frozen importlib")
