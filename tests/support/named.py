"""A graph in which everything has the same name, whatever that is."""

from __future__ import annotations

from functools import cache

from autograd import Value, scope, tanh


@cache
def graph_called(name: str) -> tuple[Value, Value]:
    """(a node, a leaf below it), both of this name, inside a scope of this name."""
    with scope(name):
        w, x = Value(0.5, name=name), Value(-2.0, name=name)
        a = tanh(w * x + w)
        a.name = name
    J = (a - 1.0) ** 2
    J.name = name
    return J, w
