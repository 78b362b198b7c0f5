"""Kernels of one content are one: compiled once a process, whichever function or model asks, and let go of."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from autograd import compile, tanh
from autograd.program import shared
from autograd.program.executors import EXECUTORS, Work, choose, kernel_for
from autograd.program.kernel import Kernel, Task
from nn import MLP
from nn.losses import mean_squared_error


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(shared, "_ALIVE", {})
    monkeypatch.setattr(shared, "_LATEST", type(shared._LATEST)())


def task(factor=2.0, batched=True):
    return Task(compile(lambda x: tanh(x) * factor).record(1.0), (batched,), (False,))


@pytest.mark.parametrize("backend", EXECUTORS)
def test_one_content_is_one_kernel(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    mine = kernel_for(task(), backend)
    assert kernel_for(task(), backend) is mine
    others = kernel_for(task(3.0), backend), kernel_for(task(batched=False), backend), kernel_for(task(), "interpreter")
    assert all(other is not mine for other in others) or backend == "interpreter"
    assert others[0] is not mine


def test_a_kernel_is_let_go_of_when_others_were_made_since(monkeypatch):
    monkeypatch.setattr(shared, "REMEMBERED", 3)
    first = weakref.ref(kernel_for(task(0.0), "numpy"))
    kernel_for(task(1.0), "numpy")
    gc.collect()
    assert first() is not None
    for factor in range(2, 6):
        kernel_for(task(float(factor)), "numpy")
    gc.collect()
    assert first() is None
    assert len(shared._LATEST) == 3
    assert len(shared._ALIVE) <= 4


def test_a_large_kernel_goes_with_its_last_user(monkeypatch):
    monkeypatch.setattr(shared, "SMALL", 1)
    kernel = kernel_for(task(), "numpy")
    alone = weakref.ref(kernel)
    del kernel
    gc.collect()
    assert alone() is None


def test_threads_that_ask_at_once_get_one_that_stays():
    with ThreadPoolExecutor(8) as pool:
        kernels = list(pool.map(lambda _: kernel_for(task(), "numpy"), range(32)))
    assert all(isinstance(kernel, Kernel) for kernel in kernels)
    assert kernel_for(task(), "numpy") is kernels[-1]


def test_models_of_one_shape_are_compiled_once(monkeypatch):
    pytest.importorskip("llvmlite")
    made = []
    for name, make in list(EXECUTORS.items()):
        monkeypatch.setitem(EXECUTORS, name, lambda task, make=make, name=name: (made.append(name), make(task))[1])
    X = np.random.default_rng(0).normal(size=(30, 2))
    models = [MLP(2, [3, 1], seed=seed) for seed in range(4)]
    for model in models:
        model.fit(X, X[:, 0] * X[:, 1], loss=mean_squared_error, epochs=2, backend="llvm")
        model.predict(X, backend="llvm")
    assert made == ["llvm", "llvm"]  # training, and predicting
    predictions = [model.predict(X, backend="interpreter") for model in models]
    assert not np.allclose(predictions[0], predictions[1])
    for model, expected in zip(models, predictions, strict=True):
        np.testing.assert_allclose(model.predict(X, backend="llvm"), expected, rtol=1e-12)


# -- the work to come ---------------------------------------------------------------------------------


def test_the_choice_depends_on_the_declared_work_alone():
    pytest.importorskip("llvmlite")
    program = task().program
    few, many = Work(10, 100), Work(100_000, 10_000_000)
    assert choose(program, "auto", 10, few)[0] == "numpy"
    assert "before machine code" in choose(program, "auto", 10, few)[1]
    assert choose(program, "auto", 10, many)[0] == "llvm"
    assert choose(program, "auto", 10)[0] == "llvm"
    assert choose(program, "llvm", 10, few) == ("llvm", "as asked")


def test_fit_says_how_much_it_will_compute_and_predict_runs_on_the_same():
    pytest.importorskip("llvmlite")
    X = np.random.default_rng(0).normal(size=(40, 3))
    backends = {}
    for epochs in (1, 3_000):
        model = MLP(3, [4, 1], seed=0)
        model.fit(X, X[:, 0], epochs=epochs, progress=False)
        model.predict(X)
        programs = vars(model)["_programs"]
        backends[epochs] = programs["fit"][1].backend.split(":")[0], programs["predict"][1].backend.split(":")[0]
    assert backends == {1: ("numpy", "numpy"), 3_000: ("llvm", "llvm")}
