"""Parameters that have another name now: the old one works a version longer, with a warning that says the new."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Answer = TypeVar("Answer")


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

    def decorated(function: Callable[P, Answer]) -> Callable[P, Answer]:
        called = function.__name__
        place = {name: i for i, name in enumerate(inspect.signature(function).parameters)}

        @wraps(function)
        def call(*args: P.args, **keywords: P.kwargs) -> Answer:
            for name in [name for name in keywords if name in old]:
                now = old[name]
                if now not in keywords and place[now] >= len(args):
                    said = f"{called}({name}=…) is {called}({now}=…) now"
                    said += "; the old word works in this version, not in the next"
                    warnings.warn(said, DeprecationWarning, stacklevel=2)
                    keywords[now] = keywords.pop(name)
            return function(*args, **keywords)

        return call

    return decorated
