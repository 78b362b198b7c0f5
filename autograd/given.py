"""What is given where a flag or a function is meant: a text says yes whatever it says, and f(x) is no f."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted


def flag(given: Any, name: str) -> bool:
    """What a flag says; ArgumentError, with its name, for anything but True and False, Python's or NumPy's.

    >>> flag(True, "force")
    True
    >>> flag("no", "force")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
        ...
    autograd.errors.ArgumentError: force is True or False, got 'no'
    """
    if isinstance(given, (bool, np.bool_)):
        return bool(given)
    raise ArgumentError(f"{name} is True or False, got {quoted(given)}")


def function(given: Any, what: str) -> None:
    """OperandError for what cannot be called, which is as a rule what it answered.

    >>> function(3.0, "grad")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
        ...
    autograd.errors.OperandError: grad is of a function, got float 3.0: hand in f itself, not f(x)
    """
    if not callable(given):
        raise OperandError(
            f"{what} is of a function, got {type(given).__name__} {quoted(given)}: hand in f itself, not f(x)"
        )
