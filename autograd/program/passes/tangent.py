"""Forward mode as a rewriting of programs: how every number moves when some inputs move."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.program.builder import Builder
from autograd.program.graph import Graph
from autograd.program.passes.adjoint import Written, copy_into
from autograd.sweeps import forwards


def tangents(builder: Builder, program: Graph, numbers: list[int], moving: dict[int, int]) -> list[int]:
    """Write how the outputs of `program` move when the numbers in `moving` move so; 0 for those that do not.

    `numbers` says where the numbers of `program` stand in `builder`, `moving` gives tangents (numbers in
    `builder`) of some inputs.  `program` must have its slopes expanded.
    """
    written = Written(builder, program, numbers)
    found = forwards(written.order, moving, written)
    return [found.get(i, builder.zero) for i in program.outputs.tolist()]


def with_tangents(program: Graph, directions: Sequence[tuple[int, str]]) -> Graph:
    """The program of how outputs move along a direction: (input, name of the new input that is its tangent), …"""
    builder = Builder([*program.inputs, *(name for _, name in directions)])
    numbers = copy_into(builder, program)
    moving = {i: len(program.inputs) + k for k, (i, _) in enumerate(directions)}
    return builder.finish(tangents(builder, program, numbers, moving))
