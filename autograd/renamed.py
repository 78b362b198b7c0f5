"""Parameters by another word: an old name works a version longer, with a warning that says the new; a synonym stays."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Answer = TypeVar("Answer")


def synonyms(**others: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """A decorator for a function whose parameters are called otherwise elsewhere: the other word = "ours".

    Where a parameter is given already, the other word is nothing special.  Type checkers know ours alone.

    >>> @synonyms(lr="learning_rate")
    ... def step(learning_rate=0.1):
    ...     return learning_rate
    >>> step(lr=0.5)
    0.5
    """
    return _translated(others, lambda said: None)


def renamed(**old: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """A decorator for a function whose parameters had other names, which it gives: the old one = "the new".

    Where a parameter is given already, its old name is nothing special.  Type checkers know the new ones alone.

    >>> @renamed(root="output")
    ... def double(output):
    ...     return 2 * output
    >>> with warnings.catch_warnings(record=True, action="always") as said:
    ...     double(root=3)
    6
    >>> print(said[0].message)
    double(root=…) is double(output=…) now; the old word works in this version, not in the next
    """

    def warn(said: str) -> None:
        warnings.warn(
            f"{said} now; the old word works in this version, not in the next", DeprecationWarning, stacklevel=3
        )

    return _translated(old, warn)


def _translated(
    words: dict[str, str], say: Callable[[str], None]
) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """A decorator that takes these words for those, and says so."""

    def decorated(function: Callable[P, Answer]) -> Callable[P, Answer]:
        called = function.__name__
        place = {name: i for i, name in enumerate(inspect.signature(function).parameters)}

        @wraps(function)
        def call(*args: P.args, **keywords: P.kwargs) -> Answer:
            for name in [name for name in keywords if name in words]:
                now = words[name]
                if now in place and now not in keywords and place[now] >= len(args):
                    say(f"{called}({name}=…) is {called}({now}=…)")
                    keywords[now] = keywords.pop(name)
            return function(*args, **keywords)

        return call

    return decorated
