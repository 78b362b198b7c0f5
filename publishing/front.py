"""Scalar automatic differentiation that can be read, seen, checked and trusted.

>>> from autograd import Value, tanh
>>> x = Value(0.5)
>>> y = tanh(x) ** 2
>>> y.backward()
>>> print(f"{x.grad:.4f}")
0.7269

The engine's public names are here, and it is `autograd`; networks are `nn`, and pictures, derivations and the
debugger are `viz`:

>>> import viz
>>> from nn import MLP
"""

import typing as _typing
from importlib import import_module as _import_module

import autograd

if _typing.TYPE_CHECKING:
    import nn as nn
    import viz as viz
    from autograd import *
    from autograd import abs as abs
    from autograd import compile as compile
    from autograd import pow as pow
    from autograd import round as round
    from autograd import sum as sum
    from autograd.functions import *

__version__ = autograd.__version__
if not _typing.TYPE_CHECKING:  # for type checkers, what is imported above is what there is
    __all__ = [*autograd.__all__]
_PARTS = "nn viz".split()  # imported when they are first used


def __getattr__(name: str) -> object:
    if name in _PARTS:
        return _import_module(f"{__name__}.{name}")
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = getattr(autograd, name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *autograd.__all__, *_PARTS})
