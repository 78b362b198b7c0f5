"""Flags: True or False, and no text, of which "no" would be true as well."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import quoted


def flag(given: Any, name: str) -> bool:
    """What a flag says; ArgumentError, with its name, for anything but True and False, Python's or NumPy's.

    >>> flag(True, "force")
    True
    >>> flag("no", "force")
    Traceback (most recent call last):
        ...
    autograd.errors.ArgumentError: force is True or False, got 'no'
    """
    if isinstance(given, (bool, np.bool_)):
        return bool(given)
    raise ArgumentError(f"{name} is True or False, got {quoted(given)}")
