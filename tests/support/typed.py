"""What `typing.assert_type` says to type checkers, asked of what is really there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

import numpy as np


def assert_type(found: Any, told: Any) -> Any:
    """`found`, if it is what type checkers were told; AssertionError if it is something else."""
    assert is_a(found, told), f"told {told}, found {type(found).__name__}: {found!r:.100}"
    return found


def is_a(found: Any, told: Any) -> bool:
    """Whether `found` is of a type, and what is in it is of the types that are told of it."""
    kind, parts = get_origin(told) or told, get_args(told)
    if hasattr(kind, "__value__"):  # a `type` statement, as NumPy has for NDArray from Python 3.12 on
        return is_a(found, kind.__value__[parts])
    if told is Any:
        return True
    if kind in (Union, UnionType):
        return any(is_a(found, part) for part in parts)
    if kind is np.ndarray:
        elements = Any if parts[1] is Any else get_args(parts[1])[0]
        return isinstance(found, np.ndarray) and elements in (Any, found.dtype.type)
    if not isinstance(found, kind):
        return False
    if not parts:
        return True
    if isinstance(found, Mapping):
        return all(is_a(key, parts[0]) and is_a(value, parts[1]) for key, value in found.items())
    if isinstance(found, tuple) and Ellipsis not in parts:
        return len(found) == len(parts) and all(map(is_a, found, parts))
    if isinstance(found, Sequence) and not isinstance(found, str):
        return all(is_a(each, parts[0]) for each in found)
    return True
