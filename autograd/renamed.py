"""Parameters that have another name now: the old one works a version longer, with a warning that says the new."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from autograd.errors import ArgumentError

P = ParamSpec("P")
Answer = TypeVar("Answer")


def renamed(**old: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """A decorator for a function whose parameters had other names, which it gives: the old one = "the new".

    Type checkers know the new ones alone.

    >>> @renamed(root="output")
    ... def double(output):
    ...     return 2 * output
    >>> with warnings.catch_warnings(record=True, action="always") as said:
    ...     double(root=3)
    6
    >>> print(said[0].message)
    double(root=…) is double(output=…) now; the old word works in this version, not in the next

    Raises:
        ArgumentError: for a parameter that is given by both names
    """

    def decorated(function: Callable[P, Answer]) -> Callable[P, Answer]:
        @wraps(function)
        def call(*args: P.args, **keywords: P.kwargs) -> Answer:
            if not keywords or old.keys().isdisjoint(keywords):
                return function(*args, **keywords)
            return _with_new_names(function, old, *args, **keywords)

        return call

    return decorated


def _with_new_names(function: Callable[..., Answer], old: dict[str, str], *args: Any, **keywords: Any) -> Answer:
    called = function.__name__
    for name in [name for name in keywords if name in old]:
        if old[name] in keywords:
            raise ArgumentError(f"{called}(): {old[name]} is given twice, by its old name {name} too; leave that out")
        said = f"{called}({name}=…) is {called}({old[name]}=…) now; the old word works in this version, not in the next"
        warnings.warn(said, DeprecationWarning, stacklevel=3)
        keywords[old[name]] = keywords.pop(name)
    return function(*args, **keywords)
