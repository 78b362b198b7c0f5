"""Forward mode as a rewriting of programs: how every number moves when some inputs move."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.program.builder import Builder
from autograd.program.graph import Graph
from autograd.program.passes.adjoint import copy_into, tangents


def with_tangents(program: Graph, directions: Sequence[tuple[int, str]]) -> Graph:
    """The program of how outputs move along a direction: (input, name of the new input that is its tangent), …"""
    builder = Builder([*program.inputs, *(name for _, name in directions)])
    numbers = copy_into(builder, program)
    moving = {i: len(program.inputs) + k for k, (i, _) in enumerate(directions)}
    return builder.finish(tangents(builder, program, numbers, moving))
