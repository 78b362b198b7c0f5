"""What a loop and its steps are called where they are looked at: the scope ``euler × 10``, and in it ``step 3``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

_LOOP = re.compile(r"(?P<name>.+) × (?P<most>≤?)(?P<length>\d+)( backwards)?( \(\d+\))?")
_STEP = re.compile(r"step (\d+)")


class Iteration(NamedTuple):
    """A step of a loop, as a scope says it."""

    loop: str  # the scope of the whole loop
    step: int  # counted from 1
    length: int
    is_bound: bool  # whether that is only the most that it may do

    @property
    def name(self) -> str:
        """What the loop's body is called; empty if it has no name."""
        found = _LOOP.fullmatch(self.loop.rpartition(".")[2])
        return "" if not found or found["name"] == "loop" else found["name"]

    def __str__(self) -> str:
        most = "at most " if self.is_bound else ""
        return f"step {self.step} of {most}{self.length} of {self.name or 'the loop'}"


def loop_title(name: str | None, length: int, *, up_to: bool = False, backwards: bool = False, copy: int = 1) -> str:
    """The scope of a loop; `copy` says which it is of several of one title.

    >>> loop_title("euler", 10), loop_title(None, 3, backwards=True, copy=2), loop_title("halve", 8, up_to=True)
    ('euler × 10', 'loop × 3 backwards (2)', 'halve × ≤8')
    """
    bound, way = "≤" if up_to else "", " backwards" if backwards else ""
    return f"{name or 'loop'} × {bound}{length}{way}{f' ({copy})' if copy > 1 else ''}"


def step_title(step: int) -> str:
    """The scope of a step that is counted from 0."""
    return f"step {step + 1}"


def name_of(body: Callable[..., Any]) -> str | None:
    """What a loop's body is called; None for a lambda and for what has no name.

    >>> name_of(name_of), name_of(lambda x: x)
    ('name_of', None)
    """
    name = getattr(inspect.unwrap(body), "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else None


def iterations_in(scope: str) -> list[Iteration]:
    """The steps of loops that a scope lies in, the outermost first.

    >>> iterations_in("net.euler × 10.step 3.layer1")
    [Iteration(loop='net.euler × 10', step=3, length=10, is_bound=False)]
    """
    if " × " not in scope:
        return []
    parts, found = scope.split("."), list[Iteration]()
    for i, (loop, step) in enumerate(pairwise(parts)):
        which, number = _LOOP.fullmatch(loop), _STEP.fullmatch(step)
        if which and number:
            bound = bool(which["most"])
            found.append(Iteration(".".join(parts[: i + 1]), int(number[1]), int(which["length"]), bound))
    return found


def place_told(scope: str, said: Callable[[Iteration], str] = str) -> str:
    """A scope in words where it lies in loops; `said` puts a step of one into words, English ones if not given.

    >>> place_told("net.euler × 10.step 3.layer1"), place_told("net.layer1")
    ('net, step 3 of 10 of euler, layer1', 'net.layer1')
    """
    told, rest = list[str](), scope
    for each in iterations_in(scope):
        before, _, rest = f".{rest}".partition(f".{each.loop.rpartition('.')[2]}.{step_title(each.step - 1)}")
        told += [before.strip("."), said(each)]
        rest = rest.removeprefix(".")
    return ", ".join(filter(None, (*told, rest)))
