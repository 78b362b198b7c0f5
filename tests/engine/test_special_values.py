"""Every row on special operands: value and slopes of every executor are eager's, nan for nan and zeros by sign."""

from __future__ import annotations

import itertools
import math
import random
from functools import cache

import numpy as np
import pytest

from autograd.ops.primitive import TABLE, Primitive
from autograd.program.arrays.executor import NumpyKernel
from autograd.program.builder import Builder
from autograd.program.graph import Operation
from autograd.program.interpreter import Interpreter
from autograd.program.kernel import Task

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")

from autograd.program.native.straight_kernel import StraightLine
from autograd.program.native.tape_kernel import TapeKernel

inf, nan = math.inf, math.nan
HARD = (nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 5e-324, -5e-324, 1e-310, 2.0**-1022, 1e-160,
        -1e-160, 1e-8, 1e308, -1e308, 2.0**1023 * (2 - 2.0**-52), 1e160, -1e160, 1e16, 18.0, -18.0, 709.5, -745.0,
        1000.0, -1000.0, 1 - 2.0**-53, 1 + 2.0**-52, math.pi / 2, 1e22)  # fmt: skip
IN_VECTORS = (nan, inf, -inf, 0.0, 1.0, -1.0, 1e308, -1e308, 0.5, -745.0, 5e-324)
Case = tuple[tuple[float, ...], list[float]]  # operands; value and slopes
LONG = set(
    "gammainc gammaincc gammainc_a gamma_density betainc betainc_ab beta_density".split()
)  # rules of many instructions
ROWS = [row for row in TABLE.values() if not row.reads_table]  # tables have tests of their own
INDEXED = ("softmax", "log_softmax")  # whose first operand says which component is meant

# What may differ, and why.
ZERO_SIGNS = {"remainder", "fmod", "dot"}  # Python's integers and sums have no -0.0
ABSOLUTE = {"digamma": 4e-15, "lgamma": 1e-15, "betaln": 1e-15}  # near zeros


def points_of(row: Primitive) -> list[tuple[float, ...]]:
    """Where a row is tried."""
    dice = random.Random(row.name)
    if row.variadic:
        vectors = [v for n in (1, 2) for v in itertools.product(IN_VECTORS, repeat=n)]
        vectors += [tuple(dice.choices(IN_VECTORS, k=3)) for _ in range(300)]
        return vectors if row.name not in INDEXED else [(float(i), *v) for v in vectors for i in range(len(v))]
    if row.name == "polygamma":
        return [(n, x) for n in (0.0, 1.0, 2.0, 5.0, 0.5, -1.0, 1e300) for x in HARD]
    if row.name == "power_log":
        return [(float(k), a, b) for k in range(4) for a, b in itertools.product(HARD, repeat=2)]
    count = len(row.operands)
    if row.name in LONG:
        orders = [dice.choices((0.0, 1.0, 2.0, 0.5, -1.0, 7.0), k=row.orders) for _ in range(30)]
        return [(*first, *dice.choices(HARD, k=count - row.orders)) for first in orders]
    if count > 2:
        return [tuple(dice.choices(HARD, k=count)) for _ in range(800)]
    return list(itertools.product(HARD, repeat=count))


def eager(row: Primitive, at: tuple[float, ...]) -> list[float]:
    """Value and slopes as floats."""
    y = row.float(*at)
    slopes = row.float_slopes(y, *at)
    return [y, *(0.0 if s is None else float(s) for s in slopes[row.name in INDEXED :])]


def agree(row: Primitive, got: float, expected: float) -> bool:
    if math.isnan(expected) or math.isnan(got):
        return math.isnan(expected) and math.isnan(got)
    if math.isinf(expected) or math.isinf(got) or got == expected == 0:
        return got == expected and (row.name in ZERO_SIGNS or math.copysign(1, got) == math.copysign(1, expected))
    return abs(got - expected) <= 2e-14 * abs(expected) + ABSOLUTE.get(row.name, 1e-321)


def task_of(row: Primitive, at: tuple[float, ...], batched: bool) -> Task:
    """The row's value and its slopes; an index is a constant.  Sums are exact: fused, they overflow later."""
    leading = row.name in INDEXED
    builder = Builder([f"x{i}" for i in range(len(at) - leading)])
    operands = (*map(builder.constant, at[:leading]), *range(len(at) - leading))
    y = builder.emit(Operation(row.name), operands)
    slopes = [builder.emit(Operation(row.name, slot), (y, *operands)) for slot in range(leading, len(at))]
    program = builder.finish([y, *slopes])
    return Task(program, (batched,) * len(program.inputs), (False,) * len(program.outputs), exact=True)


def answers(kernel, quantities: np.ndarray, batched: bool) -> list[list[float]]:
    """What the kernel says at these points: as a batch, or one after the other."""
    each = np.zeros((len(quantities), 1 + quantities.shape[1]))
    if batched:
        kernel.run(np.zeros(0), quantities, each, np.zeros(0))
    else:
        for i, at in enumerate(quantities):
            kernel.run(at, np.zeros((1, 0)), each[i : i + 1], np.zeros(0))
    return each.tolist()


@cache
def cases_of(row: Primitive) -> list[list[Case]]:
    """Where a row is tried and what it says there, by what one program can be made for."""
    groups: dict[tuple[float, ...], list[Case]] = {}
    for at in points_of(row):
        groups.setdefault((len(at), at[0] if row.name in INDEXED else 0.0), []).append((at, eager(row, at)))
    return list(groups.values())


@pytest.mark.parametrize("machine", [Interpreter, NumpyKernel, StraightLine, TapeKernel])
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_every_executor_is_eager_s_on_special_values(row, machine):
    for cases in cases_of(row):
        for batched in (True, False):
            some = cases if batched else cases[:: max(1, len(cases) // 40)]
            kernel = machine(task_of(row, some[0][0], batched))
            quantities = np.array([at[row.name in INDEXED :] for at, _ in some])
            for got, (at, expected) in zip(answers(kernel, quantities, batched), some, strict=True):
                same = all(agree(row, a, b) for a, b in zip(got, expected, strict=True))
                assert same, f"{row.name}{at}: {got}, eager {expected}, {'batched' if batched else 'single'}"
