"""What an example's import becomes here: the lines that are changed, and what has no counterpart."""

from __future__ import annotations

import re
from typing import NamedTuple

WORDS = "benchmarks.hips.words"
MODULES = {
    "autograd": "autograd",
    "autograd.numpy": "numpy",
    "autograd.numpy.random": "numpy.random",
    "autograd.numpy.linalg": "numpy.linalg",
    "autograd.scipy.special": "autograd",
    "autograd.builtins": "builtins",
    "autograd.misc": WORDS,
    "autograd.misc.flatten": WORDS,
    "autograd.misc.optimizers": WORDS,
    "autograd.misc.fixed_points": WORDS,
    "autograd.scipy.stats": WORDS,
    "autograd.test_util": WORDS,
}
WITHOUT = {  # what has no counterpart, and why
    "autograd.scipy.signal": "convolutions of images: a node for each number of each is not what this engine is for",
    "autograd.scipy.integrate": "a step in a `scan` is differentiated as it is written",
    "autograd.extend": "`custom_vjp` and `primitive` say it otherwise",
    "autograd.tracer": "nodes are there to be looked at",
}
OWN_WORDS = ("elementwise_grad", "hessian_vector_product")  # asked of `autograd`, and not there
STATEMENT = re.compile(
    r"^(?:from (autograd[\w.]*) import (.+?)|import (autograd[\w.]+)(?: as (\w+))?)(?:  #.*)?$", re.M
)


class Changed(NamedTuple):
    """An example as it runs here, the words it needs beside the engine's, and the modules that have no counterpart."""

    source: str
    words: tuple[str, ...]
    missing: tuple[str, ...]


def changed(source: str) -> Changed:
    """The example with other imports."""
    words: list[str] = []
    missing: list[str] = []

    def replaced(found: re.Match[str]) -> str:
        module, names, whole, called = found.groups()
        if whole:
            module, _, last = whole.rpartition(".")
            if whole in MODULES:
                return f"import {MODULES[whole]} as {called}"
            names = f"{last} as {called}"
        if module not in MODULES:
            missing.append(whole or module)
            return found.group()
        return "\n".join(_one(module, name.strip(), words) for name in names.split(","))

    return Changed(STATEMENT.sub(replaced, source), tuple(words), tuple(missing))


def _one(module: str, name: str, words: list[str]) -> str:
    """The line that imports one name."""
    plain = name.split(" as ")[0]
    target = WORDS if plain in OWN_WORDS else MODULES[module]
    if target == WORDS:
        words.append(plain)
    return f"from {target} import {name}"
