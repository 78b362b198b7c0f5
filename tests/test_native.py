"""The llvm executor: every row of the table, in every shape, against eager floats; threads, lifetimes, errors."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from autograd.ops.primitive import TABLE, Primitive
from autograd.program.builder import Builder
from autograd.program.kernel import Task
from autograd.program.program import Operation

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")

from autograd.program.native.straight_kernel import StraightLine
from autograd.program.native.tape_kernel import TapeKernel

inf, nan = math.inf, math.nan
ULPS = 8 * 2.0**-53 * 2  # eager's own error and ours
HARD = (nan, inf, -inf, 0.0, -0.0, 5e-324, -1e-310, 1e-200, -1e200, 1.0, -1.0, 0.5, 2.0, -18.0, 18.0, 40.0, -40.0,
        -372.0, 700.0, -700.0, 709.5, -745.0, 1000.0, math.pi / 2, 1e-9, 1e6, -1e17)  # fmt: skip
INDEXED = {"softmax", "log_softmax"}  # whose first operand says which component is meant
ROWS = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())


ABSOLUTE = {"lgamma": 1e-15}  # Python's own loses digits at its zeros 1 and 2, C's does not


def close(got: float, expected: float, absolute: float = 1e-322) -> bool:
    """Equal to a few units in the last place, nan with nan, inf with inf."""
    if math.isnan(expected) or math.isinf(expected):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    return abs(got - expected) <= ULPS * abs(expected) + absolute


def samples_of(row: Primitive) -> list[tuple[float, ...]]:
    """Where a row is tried: its points, its edges, hard numbers and drawn ones."""
    stated = [tuple(map(float, at)) for at in (*row.points, *(edge.at for edge in row.edges))]
    if row.variadic or row.name == "polygamma":  # whose first operand is a small whole number
        return stated
    count, dice = len(row.operands), random.Random(row.name)
    grid = itertools.product(HARD, repeat=count) if count < 3 else (dice.choices(HARD, k=count) for _ in range(200))
    drawn = [[dice.gauss(0, 1) * 10 ** dice.uniform(-3, 2) for _ in range(count)] for _ in range(100)]
    return [*stated, *map(tuple, grid), *map(tuple, drawn)]


def task_of(row: Primitive, at: tuple[float, ...]) -> Task:
    """The row's value and all its slopes as a task; the index of a component is a constant."""
    leading = 1 if row.name in INDEXED else 0
    builder = Builder([f"x{i}" for i in range(len(at) - leading)])
    operands = (*map(builder.constant, at[:leading]), *range(len(at) - leading))
    y = builder.emit(Operation(row.name), operands)
    slopes = [builder.emit(Operation(row.name, slot), (y, *operands)) for slot in range(leading, len(at))]
    program = builder.finish([y, *slopes])
    return Task(program, (True,) * len(program.inputs), (False,) * len(program.outputs))


def eager(row: Primitive, at: tuple[float, ...]) -> list[float]:
    y = row.float(*at)
    slopes = [0.0 if s is None else s for s in row.float_slopes(y, *at)]
    return [y, *slopes[row.name in INDEXED :]]


def grouped(row: Primitive) -> list[list[tuple[float, ...]]]:
    """The samples that one program serves: all, or those with the same index and number of operands."""

    def key(at):
        return (len(at), at[0] if row.name in INDEXED else 0)

    return [list(group) for _, group in itertools.groupby(sorted(samples_of(row), key=key), key=key)]


@ROWS
@pytest.mark.parametrize("shape", [StraightLine, TapeKernel])
def test_every_row_and_slope_is_eager_s(row, shape):
    for samples in grouped(row):
        kernel, leading = shape(task_of(row, samples[0])), row.name in INDEXED
        batch = np.array(samples)[:, leading:].copy()
        each = np.zeros((len(samples), 1 + batch.shape[1]))
        kernel.run(np.zeros(0), batch, each, np.zeros(0))
        absolute, wrong = ABSOLUTE.get(row.name, 1e-322), []
        for at, got in zip(samples, each.tolist(), strict=True):
            expected = eager(row, at)
            pairs = enumerate(zip(got, expected, strict=True))
            wrong += [(at, i, g, e) for i, (g, e) in pairs if not close(g, e, absolute)]
        assert not wrong, f"{row.name}: (at, 0 or slope, got, eager): {wrong[:5]} and {len(wrong) - 5} more"


@ROWS
@pytest.mark.parametrize("shape", [StraightLine, TapeKernel])
def test_a_single_sample_is_eager_s(row, shape):
    for samples in grouped(row):
        kernel, leading = shape(task_of(row, samples[0])), row.name in INDEXED
        for at in samples:
            each = np.zeros((1, 1 + len(at) - leading))
            kernel.run(np.zeros(0), np.array([at[leading:]]), each, np.zeros(0))
            absolute = ABSOLUTE.get(row.name, 1e-322)
            agree = [close(g, e, absolute) for g, e in zip(each[0].tolist(), eager(row, at), strict=True)]
            assert all(agree), f"{row.name}{at} = {each[0]}, eager {eager(row, at)}"
