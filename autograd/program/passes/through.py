"""The chain rule through the bodies of loops, handed down: loops call it of their bodies, and it calls loops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd.program.builder import Builder
from autograd.program.graph import Graph


class Through(NamedTuple):
    """The chain rule through bodies: the functions of these names of `autograd.program.passes.adjoint`."""

    copy_into: Callable[[Builder, Graph, Sequence[int]], list[int]]
    adjoints: Callable[[Builder, Graph, list[int], dict[int, int], Sequence[int]], list[int]]
    tangents: Callable[[Builder, Graph, list[int], dict[int, int]], list[int]]
    depends_on: Callable[[Graph, Sequence[int]], bytearray]
