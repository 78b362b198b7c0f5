"""Passes over columns write what the passes write that go instruction by instruction: the same lines, to the letter."""

from __future__ import annotations

import numpy as np
import pytest

from autograd.ops.primitive import TABLE, lookup
from autograd.program.builder import Builder
from autograd.program.graph import Graph, Operation
from autograd.program.passes import adjoint_columns
from autograd.program.passes.adjoint import with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.fuse import fuse_sums
from autograd.program.verify import verify

CHOOSING = ("where", "guard", "take", "locate")
ROWS = sorted(name for name, row in TABLE.items() if not row.has_index and not row.is_own and name not in CHOOSING)
FREQUENT = ("add", "multiply", "subtract", "divide", "negative", "power", "dot", "sum", "tanh")
CONSTANTS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.0, 7.0)


def random_program(seed: int, size: int = 40, near: int = 12) -> Graph:
    """A program of rows of the table on what stands shortly before, on inputs and on constants."""
    dice = np.random.default_rng(seed)
    builder = Builder(["x", "y", "z", "unused"])
    numbers = [0, 1, 2]
    rows = FREQUENT if dice.random() < 0.5 else ROWS
    for _ in range(size):
        name = str(dice.choice(FREQUENT if dice.random() < 0.6 else rows))
        count = lookup(name).arity
        count = int(dice.integers(1, 7)) if count is None else count
        operands = [
            builder.constant(float(dice.choice(CONSTANTS)))
            if dice.random() < 0.15
            else int(dice.choice(numbers[-near:]))
            for _ in range(count)
        ]
        if max(operands) < 0:
            operands[0] = numbers[-1]
        if name == "power" and dice.random() < 0.8:
            operands[1] = builder.constant(float(dice.choice(CONSTANTS)))
        numbers.append(builder.emit(Operation(name), tuple(operands)))
    return builder.finish([numbers[-1], *dice.choice(numbers, int(dice.integers(0, 4))).tolist()])


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adjoint_columns, "FROM", 2**62)


@pytest.fixture
def columns(monkeypatch):
    """A switch: over columns whatever the size, or never."""

    def switch(on):
        monkeypatch.setattr(adjoint_columns, "LONG", 0 if on else 2**62)

    return switch


def gradient(program, switch, on, values=True, wrt=(0, 1, 2, 3)):
    switch(on)
    return with_gradient(program, wrt, output=len(program.outputs) - 1, values=values)


def both_ways(seed, columns):
    program = random_program(seed)
    for values, wrt in ((True, (0, 1, 2, 3)), (False, (2, 0)), (False, (1, 1))):
        slow, quick = (gradient(program, columns, on, values, wrt) for on in (False, True))
        verify(quick)
        assert quick.text() == slow.text()
        assert quick.constants.tobytes() or not len(quick.constants)
    first = fuse_sums(expand_slopes(slow))
    again = [gradient(first, columns, on) for on in (False, True)]
    assert again[0].text() == again[1].text()


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_have_the_same_gradient(seed, columns):
    both_ways(seed, columns)
