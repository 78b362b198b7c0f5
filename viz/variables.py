"""Names of nodes from the variables that they are kept in: ``names=locals()``, or ``names=True`` for the caller's.

A name is what a variable holds now: where ``h = tanh(h)`` binds it again, the node before it has none.  In a list,
an array or a dict the nodes are x[0], x[1], … unless each has a variable of its own, as after ``a, b = x``; so
what a loop leaves in its variable does not rename the last of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, TypeAlias

import numpy as np

from autograd import Value
from autograd.errors import ArgumentError
from autograd.home import HOME
from autograd.text import quoted

Variables: TypeAlias = "Mapping[str, Any] | bool | None"

DEEPEST = 8  # containers inside one another that are looked into
MOST = 100_000  # things in containers that are looked at
_OURS = (HOME, __package__ or "")
_SESSION = {"In", "Out"}  # what IPython keeps of a session


def names_of_nodes(names: Variables) -> dict[Value, str]:
    """What each node is called by the variables; the first of several.

    >>> a, w = Value(1.0), [Value(2.0), Value(3.0)]
    >>> sorted(names_of_nodes({"a": a, "also": a, "w": w}).values())
    ['a', 'w[0]', 'w[1]']

    Raises:
        ArgumentError: for what is no mapping
    """
    if names is None or names is False:
        return {}
    kept = _of_caller() if names is True else names
    if not isinstance(kept, Mapping):
        raise ArgumentError(
            f"names are variables, names=locals(), or True for those of the caller; got {quoted(names)}"
        )
    alone, held, inside = dict[Value, str](), dict[Value, str](), list[list[tuple[Value, str]]]()
    left = [MOST]
    for name, thing in list(kept.items()):
        if not isinstance(name, str) or name.startswith("_") or name in _SESSION:
            continue
        if _is_node(thing):
            alone.setdefault(thing, name)
        else:
            inside.append(list(_places(thing, name, DEEPEST, left)))
    for places in inside:
        if any(node not in alone and node not in held for node, _ in places):
            for node, place in places:
                held.setdefault(node, place)
    return alone | held


def _is_node(thing: Any) -> bool:
    return issubclass(type(thing), Value)  # not isinstance, which would ask the thing for its class


def _places(thing: Any, name: str, depth: int, left: list[int]) -> Iterator[tuple[Value, str]]:
    """The nodes in a thing, each with the place at which it stands, the first place of one that stands at several."""
    for key, part in _parts(thing):
        left[0] -= 1
        if left[0] < 0:
            return
        place = f"{name}[{key}]"
        if _is_node(part):
            yield part, place
        elif depth:
            yield from _places(part, place, depth - 1, left)


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    if type(thing) in (list, tuple):
        for i, part in enumerate(thing):
            yield str(i), part
    elif type(thing) is dict:
        for key, part in thing.items():
            if isinstance(key, (str, int)):
                yield repr(key), part
    elif issubclass(type(thing), np.ndarray) and thing.dtype == object:
        for at in np.ndindex(thing.shape):
            yield ", ".join(map(str, at)), thing[at]


def _of_caller() -> Mapping[str, Any]:
    """The variables of the nearest caller outside of this package, its own before those of its module."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    if frame is None:
        return {}
    return {**frame.f_locals, **{k: v for k, v in frame.f_globals.items() if k not in frame.f_locals}}


def _is_ours(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in _OURS)
