"""Watches who compares Values: our own code has no business with their numbers when it asks for a node.

`x in nodes`, `nodes.index(x)`, `==` of tuples that hold nodes: each of them asks `==`, and finds a neighbour with
the same number, or, while a function is recorded, cannot be answered at all.  Our packages ask `is`, or a set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from autograd.array import ValueArray
from autograd.methods import Methods
from autograd.symbol import Symbol
from autograd.value import Value

PACKAGES = {
    name.partition(".")[0] for name in ("autograd.value", "nn.saving", "viz.trace", "demos", "handbook", "benchmarks")
}
ANSWERS = {
    "autograd.value": {"__eq__", "__ne__", "_compare", "each", "asked"},
    "autograd.symbol": {"__ne__", "compare", "connect"},
    "autograd.complex_numbers": {"__bool__", "__eq__", "__ne__"},
}  # where a comparison that somebody asked for is answered
ANSWERERS = ("autograd.array", "autograd.numpy_protocol")  # all of what stands there
BETWEEN = {"numpy", *sys.stdlib_module_names}  # what compares because somebody called it


def same_nodes(found: Iterable[Any], expected: Iterable[Any]) -> bool:
    """Whether these are the very same nodes in the same order; constants, which are floats, by their number."""
    pairs = zip(found, expected, strict=True)
    return all(one is other if isinstance(other, Value) else one == other for one, other in pairs)


def place_of(node: Value, nodes: Iterable[Value]) -> int:
    """Where a node is among nodes, by identity."""
    return next(i for i, other in enumerate(nodes) if other is node)


@contextmanager
def watched() -> Iterator[None]:
    """A block in which == and != of Values raise AssertionError if one of our packages asks."""
    before = [(kind, name, kind.__dict__[name]) for kind in (Value, Symbol) for name in ("__eq__", "__ne__")]
    for kind, name, compare in before:
        setattr(kind, name, _watching(compare))
    arrays = [(kind, "__array_ufunc__", kind.__dict__["__array_ufunc__"]) for kind in (Methods, ValueArray)]
    for kind, name, apply in arrays:
        setattr(kind, name, _watching_arrays(apply))
    try:
        yield
    finally:
        for kind, name, compare in before + arrays:
            setattr(kind, name, compare)


def _watching_arrays(apply: Callable[..., Any]) -> Callable[..., Any]:
    def watching(self: Any, ufunc: np.ufunc, *args: Any, **named: Any) -> Any:
        asking = _who_asks(sys._getframe(1)) if ufunc in (np.equal, np.not_equal) else None
        if asking is not None:
            raise AssertionError(f"{asking} compares Values by ==: ask with `is`, or look in a set or dict")
        return apply(self, ufunc, *args, **named)

    return watching


def _watching(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def watching(self: Any, other: Any) -> Any:
        asking = _who_asks(sys._getframe(1))
        if asking is not None:
            raise AssertionError(f"{asking} compares Values by ==: ask with `is`, or look in a set or dict")
        return compare(self, other)

    return watching


def _who_asks(frame: FrameType | None) -> str | None:
    """The line of our packages that compares, or None if somebody else does."""
    while frame is not None:
        module, code = str(frame.f_globals.get("__name__")), frame.f_code
        package = module.partition(".")[0]
        if package not in BETWEEN and not module.startswith(ANSWERERS) and code.co_name not in ANSWERS.get(module, ()):
            ours = package in PACKAGES and not code.co_filename.startswith("<doctest")
            return f"{module}, line {frame.f_lineno}" if ours else None
        frame = frame.f_back
    return None
