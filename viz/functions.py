"""A function as a graph: a plain one called on named Values, one of JAX's read from its jaxpr."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograd import Value, record_sources
from autograd.structure import flatten, names_of_arguments
from viz.from_jax import from_jax, is_of_jax


def graph_of(function: Callable[..., Any], at: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What a function returns at a point, as nodes: numbers among its arguments are leaves called as its parameters."""
    if is_of_jax(function):
        return from_jax(function, *at, **named)
    positions = zip(at, names_of_arguments(function, len(at)), strict=True)
    with record_sources():
        return function(
            *[_leaves(thing, name) for thing, name in positions], **{k: _leaves(x, k) for k, x in named.items()}
        )


def _leaves(thing: Any, name: str) -> Any:
    """An argument with a Value for each number in it; what is one stays what it is."""
    if thing is None or isinstance(thing, (str, bool)):
        return thing
    found, structure = flatten(thing, f"the argument {name}")
    made = [
        x if isinstance(x, Value) else Value(x, name=place)
        for x, place in zip(found, structure.places(name), strict=True)
    ]
    return structure.build(made)
