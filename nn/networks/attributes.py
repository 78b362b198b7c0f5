"""What a model of one's own is made of: the Values and modules among its attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograd.value import Value

_NOT_PARTS = ("_programs", "optimiser", "history", "input_scale", "target_scale", "columns")


def attributes(model: Any) -> Iterator[tuple[str, Any]]:
    """(path, Value or module) of each, in the order of the attributes; lists, arrays and dicts are gone through."""
    for name, thing in vars(model).items():
        if name not in _NOT_PARTS:
            yield from _inside(name, thing)


def _inside(path: str, thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Value) or hasattr(thing, "named_parameters"):
        yield path, thing
    elif isinstance(thing, Mapping):
        for key, part in thing.items():
            yield from _inside(f"{path}.{key}", part)
    elif isinstance(thing, (list, tuple)) or getattr(getattr(thing, "dtype", None), "kind", "") == "O":
        for i, part in enumerate(thing):
            yield from _inside(f"{path}.{i}", part)
