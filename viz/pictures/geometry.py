"""What is placed, and where it ends up: boxes, arrows and the rectangles around scopes, plain data."""

from __future__ import annotations

import re
from typing import NamedTuple

from autograd.errors import AutogradError
from viz.text import shortened, width

Point = tuple[float, float]
RIGHT, DOWN = DIRECTIONS = ("LR", "TB")  # where a picture is read to, in Graphviz' own words
DEEPEST = 6  # how many clusters are nested inside each other; scopes below share the last one's


class LayoutError(AutogradError, RuntimeError):
    """Graphviz could not lay the picture out."""


class Shape(NamedTuple):
    """A box to place: its size, and how many arrows come in, one beside the other: at its left, or from above."""

    id: str
    scope: str
    width: float
    height: float
    slots: int


class Link(NamedTuple):
    """An arrow to route, from the far side of `tail` to a slot of `head`."""

    tail: str
    head: str
    slot: int


class Cluster(NamedTuple):
    """A rectangle around the boxes of a scope."""

    scope: str
    depth: int
    left: float
    top: float
    width: float
    height: float


class Placement(NamedTuple):
    """Pixels, y downwards."""

    width: float
    height: float
    centres: dict[str, Point]
    curves: list[list[Point]]  # one a link: Bézier control points, tail to head
    clusters: list[Cluster]


def path_of(scope: str) -> tuple[str, ...]:
    """The scopes that a box lies in, the outermost first."""
    return tuple(scope.split(".")[:DEEPEST]) if scope else ()


def enters(tail: str, head: str) -> bool:
    """Whether an arrow between boxes of these scopes comes into a layer from outside."""
    return bool(head) and head.split(".")[0] != tail.split(".")[0]


def as_counted(path: tuple[str, ...]) -> list[list[tuple[int, str]]]:
    """A sorting key by which neuron2 comes before neuron10."""
    return [
        [(int(part or 0), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)] for name in path
    ]


def room_for(name: str) -> float:
    """How wide the name of a scope is where it is written."""
    return width(shortened(name), 11) + 12
