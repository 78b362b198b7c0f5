"""Networks of wide layers: matrix products of NumPy's and machine code between them, against eager and PyTorch."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

import autograd
from autograd import compile
from autograd.ops.primitive import TABLE, lookup
from autograd.program.arrays.executor import NumpyKernel
from autograd.program.builder import Builder
from autograd.program.executors import Work, choose, kernel_for
from autograd.program.graph import Operation
from autograd.program.kernel import Task
from autograd.program.layered import LayeredKernel, MachineRows, in_machine_code
from autograd.program.native.estimates import has_products
from autograd.program.native.tape_kernel import TapeKernel

COPIES = 12  # instructions of one level: enough that they are run together
USUAL = ["tanh", "sigmoid", "relu", "softplus", "exp", "lgamma", "maximum", "where", "power", "logsumexp", "take"]
SIZES = (64, 96, 48, 3)

rows = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in USUAL else pytest.mark.thorough) for name in TABLE]
)


def copies_of(row, at):
    """A program of the row and its slopes, many times over on inputs of their own; an index is a constant."""
    first, builder = int(row.has_index), Builder([f"x{i}" for i in range(COPIES * (len(at) - row.has_index))])
    index = (builder.constant(float(at[0])),) * first
    ys, slopes = [], []
    for k in range(COPIES):
        count = len(at) - first
        operands = (*index, *range(k * count, (k + 1) * count))
        y = builder.emit(Operation(row.name), operands)
        ys.append(y)
        slopes += [builder.emit(Operation(row.name, slot), (y, *operands)) for slot in range(first, len(at))]
    return builder.finish(ys + slopes)


def expected_of(row, at):
    y = row.float(*at)
    found = row.float_slopes(y, *at)[row.has_index :]
    return [y] * COPIES + [0.0 if slope is None else slope for slope in found] * COPIES


@rows
def test_rows_by_machine_code_are_eager_s_in_blocks_of_any_width(name):
    row = lookup(name)
    points = {}
    for at in row.points:
        points.setdefault((len(at), at[0] if row.has_index else None), []).append(tuple(map(float, at)))
    for some in points.values():
        program, first = copies_of(row, some[0]), int(row.has_index)
        alike = [len(some[0]) - first > 1 and i % (len(some[0]) - first) == 1 for i in range(len(program.inputs))]
        task = Task(program, tuple(not each for each in alike), (False,) * len(program.outputs))
        kernel = NumpyKernel(task, in_machine_code)
        for samples in (1, 7, 8, 19):
            met = [some[i % len(some)] for i in range(samples)]
            met = [(*at[: first + 1], met[0][first + 1], *at[first + 2 :]) if any(alike) else at for at in met]
            numbers = np.array([at[first:] * COPIES for at in met])
            each = np.empty((samples, len(program.outputs)))
            kernel.run(numbers[0, alike], numbers[:, np.logical_not(alike)], each, np.empty(0))
            for got, at in zip(each.tolist(), met, strict=True):
                for a, b in zip(got, expected_of(row, at), strict=True):
                    assert math.isclose(a, b, rel_tol=2e-14, abs_tol=5e-324) or (a != a and b != b), (at, a, b)


def test_what_python_computes_and_what_takes_an_index_stays_with_numpy():
    def steps(name):
        row = lookup(name)
        program = copies_of(row, tuple(map(float, row.points[0])))
        task = Task(program, (True,) * len(program.inputs), (False,) * len(program.outputs))
        return [type(step) is MachineRows for step in NumpyKernel(task, in_machine_code)._plan.block]

    assert all(steps("tanh"))
    assert all(steps("logsumexp"))
    assert not steps("add")[0]
    assert not any(steps("take"))


# -- whole networks ---------------------------------------------------------------------------------


def network(p, x, activation):
    """Wide layers, and the cross-entropy of the first of three classes; weights stand neuron by neuron."""
    at, below = 0, x
    for layer, (inputs, outputs) in enumerate(pairwise(SIZES), 2):
        zs = [
            autograd.dot(p[k : k + inputs], below, p[k + inputs])
            for k in range(at, at + outputs * (inputs + 1), inputs + 1)
        ]
        below = zs if layer == len(SIZES) else [activation(z) for z in zs]
        at += outputs * (inputs + 1)
    return autograd.logsumexp(below) - below[0]


COUNT = sum((inputs + 1) * outputs for inputs, outputs in pairwise(SIZES))


def by_torch(torch, p, x, activation):
    """The losses of samples, and the derivatives of their sum along parameters and samples."""
    p, x = torch.tensor(p, requires_grad=True), torch.tensor(x, requires_grad=True)
    at, below = 0, x
    for layer, (inputs, outputs) in enumerate(pairwise(SIZES), 2):
        rows = p[at : at + outputs * (inputs + 1)].reshape(outputs, inputs + 1)
        z = below @ rows[:, :-1].T + rows[:, -1]
        below = z if layer == len(SIZES) else activation(z)
        at += outputs * (inputs + 1)
    losses = torch.logsumexp(below, 1) - below[:, 0]
    slopes = torch.autograd.grad(losses.sum(), (p, x))
    return losses.detach().numpy(), *[slope.numpy() for slope in slopes]


@pytest.fixture(scope="module")
def numbers():
    dice = np.random.default_rng(0)
    return dice.normal(size=COUNT) * 0.1, dice.normal(size=(700, SIZES[0]))


@pytest.mark.parametrize("activation", ["tanh", "relu", "silu"])
def test_a_network_is_pytorch_s_however_many_samples(activation, numbers):
    torch = pytest.importorskip("torch")
    p, x = numbers
    in_torch = {"silu": torch.nn.functional.silu}.get(activation) or getattr(torch, activation)
    losses, along_p, along_x = by_torch(torch, p, x, in_torch)
    f = partial(network, activation=getattr(autograd, activation))
    for threads in (1, 2):
        options = {"backend": "llvm", "in_axes": (None, 0), "argnums": (0, 1), "threads": threads}
        summed = compile(f, reduce="sum", **options)
        value, (dp, dx) = summed.value_and_grad(p, x)
        assert "matrix products" in summed.backend
        assert np.isclose(value, losses.sum(), rtol=1e-13)
        assert np.allclose(dp, along_p, rtol=1e-11, atol=1e-12)
        assert np.allclose(dx, along_x, rtol=1e-11, atol=1e-13)
    bound = summed.value_and_grad.bind(p, x)
    assert [a.tobytes() for a in (np.array(value), dp, dx)] == [
        np.array(a).tobytes() for a in (bound()[0], *bound()[1])
    ]
    for samples in (1, 15, 16, 50):  # from a tape, or by products
        value, (_, dx) = summed.value_and_grad(p, x[:samples])
        assert np.isclose(value, losses[:samples].sum(), rtol=1e-13)
        assert np.allclose(dx, along_x[:samples], rtol=1e-11, atol=1e-13)


def test_wide_layers_are_chosen_for_their_products(numbers):
    f = compile(partial(network, activation=autograd.tanh), in_axes=(None, 0), reduce="sum")
    f.value_and_grad(*numbers)
    program = f.program
    assert "its layers are matrix products" in f.backend
    assert has_products(program)
    assert choose(program, "auto", 50)[0] == "llvm"
    assert choose(program, "auto", 50, Work(1, 50))[0] == "llvm"
    assert "tape" in choose(program, "auto", 4)[1]


def test_the_kernel_follows_the_samples(numbers):
    f = compile(partial(network, activation=autograd.tanh), in_axes=(None, 0))
    f.value(numbers[0], numbers[1][:20])
    kernel = kernel_for(Task(f.program, (False,) * COUNT + (True,) * SIZES[0], (False,)), "llvm")
    assert isinstance(kernel, LayeredKernel)
    assert isinstance(kernel._for(15), TapeKernel)
    assert isinstance(kernel._for(16), NumpyKernel)
