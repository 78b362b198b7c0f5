"""A row compiled on every executor, held to the function itself."""

from __future__ import annotations

import math
from typing import Any

from autograd.check.rows import Answers, Comparison, close, differentiable, slope_at, value_at
from autograd.ops.primitive import Primitive
from autograd.program.compile import compile
from autograd.program.native.machine import is_available
from autograd.recorder import RECORDERS
from autograd.transforms import grad, hessian


def check_programs(row: Primitive) -> Answers:
    """Compiled on every executor, value, slopes and second slopes are those of the function itself."""
    function = RECORDERS[row.name]
    for at in row.points:
        floats, slots = tuple(map(float, at)), differentiable(row, at)
        wrt = tuple(slots)
        expected = [[row.float(*floats)], *_slopes(grad(function, wrt)(*floats), hessian(function, wrt)(*floats))]
        for backend in ("interpreter", "numpy", *["llvm"] * is_available()):
            program = compile(function, argnums=wrt, backend=backend)
            got = [[program(*floats)], *_slopes(program.grad(*floats), program.hessian(*floats))]
            names = [value_at(row, at), *(slope_at(row, at, slot) for slot in slots)]
            names += [slope_at(row, at, slot, other) for slot in slots for other in slots]
            for said, one, other in zip(names, _flat(got), _flat(expected), strict=True):
                agrees = close(one, other, 1e-11, 1e-15 * max(1.0, *map(_size, expected[0])))
                yield Comparison(f"{said} on {backend}", one, other, agrees, "the function itself")


def _slopes(first: Any, second: Any) -> list[list[float]]:
    return [list(first), [x for row in second for x in row]]


def _flat(listed: list[list[float]]) -> list[float]:
    return [float(x) for part in listed for x in part]


def _size(x: float) -> float:
    return abs(x) if math.isfinite(x) else 1.0
