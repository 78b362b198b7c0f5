"""Sums over dask's blocks: the same to the bit in any process, in any order, and after a worker was killed."""

from __future__ import annotations

import os
import signal
from collections import OrderedDict

import numpy as np
import pytest

import autograd
from autograd import Value, compile, compile_graph
from autograd.errors import ArgumentError
from autograd.program import blocks
from autograd.program.blocks import portable, sum_over_blocks

dask = pytest.importorskip("dask", reason="the extra `distributed` is not installed")
distributed = pytest.importorskip("distributed")
da = pytest.importorskip("dask.array")

W = np.array([0.3, -0.2, 0.5])
X = np.random.default_rng(0).normal(size=(20_000, 3))
Y = np.tanh(X @ [1.0, 2.0, -1.0])


def squared_error(w, x, y):
    return (autograd.tanh(autograd.dot(list(w), list(x))) - y) ** 2


def loss_of(**options):
    return compile(squared_error, in_axes=(None, 0, 0), **options)


def by_hand():
    total, gradient = 0.0, np.zeros(3)
    loss = loss_of(reduce="sum")
    for start in range(0, len(X), 1000):
        value, slopes = loss.value_and_grad(W, X[start : start + 1000], Y[start : start + 1000])
        total, gradient = (total + value, gradient + slopes) if start else (value, slopes)
    return total, gradient


def test_sums_are_those_of_a_loop_over_the_blocks_to_the_bit():
    rows = da.from_array(X, (1000, 3)), da.from_array(Y, 1000)
    got = sum_over_blocks(loss_of(reduce="sum").value_and_grad, W, *rows).compute(scheduler="threads")
    assert got[0] == by_hand()[0]
    assert got[1].tolist() == by_hand()[1].tolist()
    error = np.tanh(X @ W) - Y
    assert got[0] == pytest.approx(np.sum(error**2), rel=1e-12)
    np.testing.assert_allclose(got[1], (2 * error * (1 - np.tanh(X @ W) ** 2)) @ X, rtol=1e-10)


def test_a_step_after_another_compiles_nothing_and_keeps_nothing(monkeypatch):
    monkeypatch.setattr(blocks, "_HERE", OrderedDict())
    loss, given = loss_of(reduce="sum"), (da.from_array(X, (5000, 3)), da.from_array(Y, 5000))
    made = portable(loss.value_and_grad)
    for call in (loss.value_and_grad, loss.value_and_grad, loss, made):
        sum_over_blocks(call, W, *given).compute(scheduler="sync")
    assert len(blocks._HERE) == 1
    assert len(next(iter(blocks._HERE.values()))._recordings) == 1
    assert portable(made) is made


def test_a_process_lets_go_of_functions_that_were_not_called_for_long(monkeypatch):
    monkeypatch.setattr(blocks, "_HERE", OrderedDict())
    monkeypatch.setattr(blocks, "REMEMBERED", 3)
    functions = [portable(compile(lambda x, k=k: x * k)) for k in range(6)]
    for k, function in enumerate(functions):
        assert function(2.0) == 2.0 * k
        assert functions[0](2.0) == 0.0
    assert list(blocks._HERE) == [functions[4]._key, functions[5]._key, functions[0]._key]


def test_map_blocks_runs_a_compiled_function():
    price = compile(lambda x: autograd.exp(x[0]) * x[1], in_axes=0)
    mapped = da.map_blocks(portable(price), da.from_array(X, (1000, 3)), drop_axis=1, dtype=float)
    np.testing.assert_allclose(mapped.compute(scheduler="threads"), np.exp(X[:, 0]) * X[:, 1], rtol=1e-14)


def test_a_killed_worker_changes_no_bit():
    loss = loss_of(reduce="sum", backend="interpreter")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with cluster, distributed.Client(cluster) as client:
        rows = da.from_array(X, (1000, 3)), da.from_array(Y, 1000)
        future = client.compute(sum_over_blocks(loss.value_and_grad, W, *rows))
        victim = next(iter(client.run(os.getpid).values()))
        os.kill(victim, signal.SIGKILL)
        total, gradient = future.result(timeout=600)
        assert victim not in client.run(os.getpid).values()
    expected = sum_over_blocks(loss.value_and_grad, W, *rows).compute(scheduler="synchronous")
    assert total == expected[0]
    assert gradient.tolist() == expected[1].tolist()


def test_mistakes_are_said():
    rows = da.from_array(X, (1000, 3)), da.from_array(Y, 1000)
    with pytest.raises(ArgumentError, match='reduce="sum"'):
        sum_over_blocks(loss_of(reduce="mean").value_and_grad, W, *rows)
    with pytest.raises(ArgumentError, match="same blocks of rows"):
        sum_over_blocks(loss_of(reduce="sum").value_and_grad, W, rows[0], da.from_array(Y, 500))
    with pytest.raises(ArgumentError, match="columns may not"):
        sum_over_blocks(loss_of(reduce="sum").value_and_grad, W, da.from_array(X, (1000, 1)), rows[1])
    w = Value(1.0)
    with pytest.raises(ArgumentError, match="compile a function"):
        portable(compile_graph(w * w, [w]))
