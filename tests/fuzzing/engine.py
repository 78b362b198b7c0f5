"""The engine's names as the programs use them: autograd's own, NumPy, and a few helpers for saying how to ask."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from autograd import *  # noqa: F403
from autograd import Value, abs, compile, compile_graph, no_grad, pow, round, scope, sum  # noqa: F401  (which * leaves to Python)
from autograd import sum as add_up
from autograd.recorder import RECORDERS
from tests.fuzzing import trees

for _name, _recorder in RECORDERS.items():
    globals().setdefault(_name, _recorder)


def detach(x: Any) -> Any:
    """x as a constant."""
    return x.detach() if isinstance(x, Value) else x


def frozen(f: Callable[[], Any]) -> Any:
    """f() without a graph."""
    with no_grad():
        return f()


def scoped(f: Callable[[], Any]) -> Any:
    """f() with its nodes in a scope."""
    with scope("inner"):
        return f()


def total(thing: Any) -> Any:
    """The sum of the squares of all numbers in it."""
    return add_up([x * x for x in trees.leaves(thing)])


def lifted(thing: Any) -> Any:
    """The same containers around Values."""
    return trees.rebuilt(thing, [Value(float(x)) for x in trees.leaves(thing)])


def detached(thing: Any) -> Any:
    """The same containers around Values that were cut from their graphs; as arguments they are numbers like others."""
    return trees.rebuilt(thing, [Value(float(x)).detach() for x in trees.leaves(thing)])


def strided(thing: Any) -> Any:
    """The same containers around arrays whose elements do not lie beside each other."""
    if trees.is_container(thing):
        return trees.mapped(strided, thing)
    if not trees.is_array(thing):
        return thing
    wide = np.full([2 * n + 1 for n in thing.shape], 77.0)
    view = wide[tuple(slice(1, None, 2) for _ in thing.shape)]
    view[...] = thing
    return view


def backwards(f: Callable[[], Any], values: Any) -> Any:
    """∂f()/∂values, by `backward`; everything that f makes is new, so the leaves' grads start at 0."""
    for x in values:
        x.grad = 0.0
    answer = f()
    if isinstance(answer, Value) and (answer.operands or any(answer is x for x in values)):
        answer.backward()  # of what was detached it would refuse
    return tuple(x.grad for x in values)


def graph(f: Callable[..., Any], args: Any, **options: Any) -> Any:
    """f compiled from the graph that it built."""
    values = lifted(args)
    return compile_graph(f(*values), list(values), **options)


def threaded(f: Callable[[], Any]) -> Any:
    """f() in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(f).result()


def moved(made: Callable[..., Any], numbers: Any) -> Callable[..., Any]:
    """What is made of captured Values, asked first while these are elsewhere, and again where they should be."""
    values = [Value(0.9 - 0.5 * x) for x in numbers]
    f = made(*values)

    def asked(*args: Any) -> Any:
        f(*args)
        for value, number in zip(values, numbers, strict=True):
            value.data = number
        return f(*args)

    return asked
