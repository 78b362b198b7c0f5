"""Containers of numbers, taken apart and put together: by the fuzzer's own hand, since the engine's is under test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np


def is_container(thing: Any) -> bool:
    """Whether it holds other things, each reached by a key or a position; an array is no such thing here."""
    return isinstance(thing, (dict, list, tuple))


def is_array(thing: Any) -> bool:
    """Whether it is an array of numbers, NumPy's or JAX's."""
    return hasattr(thing, "shape") and len(thing.shape) > 0


def mapped(change: Callable[..., Any], thing: Any, *others: Any) -> Any:
    """A container with every part changed, together with the parts of the others at the same key."""
    if isinstance(thing, dict):
        return {key: change(part, *(other[key] for other in others)) for key, part in thing.items()}
    return type(thing)(change(*parts) for parts in zip(thing, *others, strict=True))


def leaves(thing: Any, like: Any = None) -> list[Any]:
    """The numbers in order; dicts in the order of their own keys, or of those of `like`."""
    if isinstance(thing, dict):
        keys = thing if like is None else like
        return [leaf for key in keys for leaf in leaves(thing[key], None if like is None else like[key])]
    if is_container(thing):
        likes = [None] * len(thing) if like is None else like
        return [leaf for part, of in zip(thing, likes, strict=True) for leaf in leaves(part, of)]
    return [thing[at] for at in np.ndindex(*thing.shape)] if is_array(thing) else [thing]


def rebuilt(thing: Any, numbers: Sequence[Any]) -> Any:
    """The same containers around other numbers."""
    return _taken(thing, iter(numbers))


def _taken(thing: Any, numbers: Iterator[Any]) -> Any:
    if is_container(thing):
        return mapped(lambda part: _taken(part, numbers), thing)
    return array_of(thing.shape, lambda _: next(numbers)) if is_array(thing) else next(numbers)


def array_of(shape: tuple[int, ...], element: Callable[[tuple[int, ...]], Any]) -> np.ndarray:
    """An array of objects, each given by its place."""
    array = np.empty(shape, object)
    for at in np.ndindex(*shape):
        array[at] = element(at)
    return array


def numbered(thing: Any) -> Any:
    """The same containers around 0, 1, 2, …"""
    return rebuilt(thing, range(len(leaves(thing))))


def composed(rows: Any, columns: Any, entry: Callable[[Any, Any], Any]) -> Any:
    """`columns` in every place of `rows`; two arrays make one array of both shapes."""
    if is_container(rows):
        return mapped(lambda part: composed(part, columns, entry), rows)
    if is_container(columns):
        return mapped(lambda part: composed(rows, part, entry), columns)
    outer, inner = np.array(rows, object), np.array(columns, object)
    if not outer.ndim + inner.ndim:
        return entry(rows, columns)
    split = outer.ndim
    return array_of(outer.shape + inner.shape, lambda at: entry(outer[at[:split]], inner[at[split:]]))


def literal(thing: Any) -> str:
    """The Python that makes it."""
    if isinstance(thing, dict):
        return "{" + ", ".join(f"{key!r}: {literal(part)}" for key, part in thing.items()) + "}"
    if is_container(thing):
        inside = ", ".join(map(literal, thing))
        return f"[{inside}]" if isinstance(thing, list) else f"({inside}{',' * (len(thing) == 1)})"
    if isinstance(thing, np.ndarray):
        return f"np.array({thing.tolist()})" if thing.size else f"np.zeros({thing.shape})"
    return f"float('{thing}')" if isinstance(thing, float) and not np.isfinite(thing) else repr(thing)


def places(name: str, thing: Any) -> list[str]:
    """How each of its numbers is reached, if it is called `name`."""
    if isinstance(thing, dict):
        return [place for key, part in thing.items() for place in places(f"{name}[{key!r}]", part)]
    if is_container(thing):
        return [place for i, part in enumerate(thing) for place in places(f"{name}[{i}]", part)]
    if is_array(thing):
        return [f"{name}[{', '.join(map(str, at))}]" for at in np.ndindex(*thing.shape)]
    return [name]
