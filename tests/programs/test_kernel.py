"""The seam between `compile` and the machines: what a kernel is handed, whatever the caller's arrays are like."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import compile
from autograd.errors import ArgumentError
from autograd.program.builder import Builder
from autograd.program.executors import EXECUTORS, kernel_for
from autograd.program.graph import MULTIPLY
from autograd.program.kernel import Kernel, Task

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")

EVERY = pytest.mark.parametrize("backend", EXECUTORS)


def product(backend: str) -> Kernel:
    """x·w, and w·w summed over the samples."""
    builder = Builder(["x", "w"])
    outputs = [builder.emit(MULTIPLY, (0, 1)), builder.emit(MULTIPLY, (1, 1))]
    return kernel_for(Task(builder.finish(outputs), (True, False), (False, True)), backend)


@EVERY
def test_a_column_as_the_only_argument_is_read_as_a_column(backend):
    X = np.arange(12.0).reshape(3, 4)
    f = compile(lambda v: v[0] + 10 * v[1] + 100 * v[2], backend=backend)
    assert f(X[:, 0]) == 840.0
    assert f(np.broadcast_to(2.0, 3)) == 222.0
    assert f(np.arange(3.0)[::-1]) == 12.0


@EVERY
def test_inputs_of_a_kernel_may_be_laid_out_in_any_way(backend):
    kernel, each, total = product(backend), np.empty((3, 1)), np.empty(1)
    kernel.run(np.arange(5.0)[2:1:-1], np.arange(9.0).reshape(3, 3)[::-1, 1:2], each, total)
    assert each[:, 0].tolist() == [14.0, 8.0, 2.0]
    assert total.tolist() == [12.0]


READ_ONLY = np.zeros((3, 1))
READ_ONLY.flags.writeable = False
UNFIT = {
    "strided": np.zeros((6, 1))[::2],
    "read-only": READ_ONLY,
    "float32": np.zeros((3, 1), np.float32),
    "swapped bytes": np.zeros((3, 1), ">f8"),
    "unaligned": np.frombuffer(bytearray(25), np.float64, 3, 1).reshape(3, 1),
    "short": np.zeros((2, 1)),
    "wide": np.zeros((3, 2)),
}


@EVERY
@pytest.mark.parametrize("each", UNFIT.values(), ids=UNFIT.keys())
@pytest.mark.parametrize("method", ["run", "bind"])
def test_outputs_that_cannot_be_written_are_refused(backend, each, method):
    with pytest.raises(ArgumentError):
        getattr(product(backend), method)(np.ones(1), np.ones((3, 1)), each, np.zeros(1))


@EVERY
@pytest.mark.parametrize("method", ["run", "bind"])
@pytest.mark.parametrize("shared", ["fixed", "batch", "each"])
def test_outputs_have_memory_of_their_own(backend, method, shared):
    arrays = {"fixed": np.ones(1), "batch": np.ones((3, 1)), "each": np.zeros((3, 1))}
    total = arrays[shared].reshape(-1)[-1:]
    with pytest.raises(ArgumentError, match="memory of their own"):
        getattr(product(backend), method)(*arrays.values(), total)


@EVERY
@pytest.mark.parametrize("batch", [b for what, b in UNFIT.items() if what != "read-only"])
def test_what_is_bound_is_not_copied(backend, batch):
    with pytest.raises(ArgumentError):
        product(backend).bind(np.ones(1), batch, np.zeros((3, 1)), np.zeros(1))
