"""A batch without samples is answered, by every executor and whatever is asked: filtered data has such batches."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograd import compile, log
from autograd.program.executors import EXECUTORS

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")

EVERY = pytest.mark.parametrize("backend", EXECUTORS)
THREADS = pytest.mark.parametrize("threads", [1, 2])
ARGUMENTS = pytest.mark.parametrize("count", [1, 2, 3])  # with samples; the last has three numbers a sample
NUMBERS = {"value": 1, "grad": 3, "jacobian": 3, "hessian": 9}


def function(w, *xs):
    return sum(w[i] * w[i] * x for i, x in enumerate(xs[:-1])) + w[0] * w[1] * w[2] * xs[-1][0] * xs[-1][2]


def no_samples(count: int) -> list[np.ndarray]:
    return [np.zeros(0)] * (count - 1) + [np.zeros((0, 3))]


def asked(question, *arguments):
    """The numbers of an answer, and those of the same call when it is bound."""
    return np.asarray(question(*arguments)), np.asarray(question.bind(*arguments)())


@EVERY
@THREADS
@ARGUMENTS
@pytest.mark.parametrize("question", NUMBERS)
def test_no_samples_have_no_answers(backend, threads, count, question):
    f = compile(function, in_axes=(None, *[0] * count), backend=backend, threads=threads)
    for answer in asked(getattr(f, question), np.arange(3.0), *no_samples(count)):
        assert answer.shape[0] == 0
        assert np.zeros((1, *answer.shape[1:])).size == NUMBERS[question]


@EVERY
@THREADS
@ARGUMENTS
@pytest.mark.parametrize("question", NUMBERS)
@pytest.mark.parametrize(("reduce", "expected"), [("sum", 0.0), ("mean", math.nan)])
def test_the_sum_of_no_samples_is_0_and_their_mean_nan(backend, threads, count, question, reduce, expected):
    f = compile(function, in_axes=(None, *[0] * count), reduce=reduce, backend=backend, threads=threads)
    for answer in asked(getattr(f, question), np.arange(3.0), *no_samples(count)):
        np.testing.assert_array_equal(answer.ravel(), np.full(NUMBERS[question], expected))


@EVERY
@ARGUMENTS
def test_value_gradient_and_direction_along_no_samples(backend, count):
    f = compile(function, in_axes=(None, *[0] * count), reduce="sum", backend=backend)
    value, slopes = f.value_and_grad(np.arange(3.0), *no_samples(count))
    assert value == 0.0
    assert slopes.tolist() == [0.0] * 3
    assert f.hvp(np.arange(3.0), *no_samples(count), np.ones(3)).tolist() == [0.0] * 3
    each = compile(function, in_axes=(None, *[0] * count), argnums=count, backend=backend)
    assert each.grad(np.arange(3.0), *no_samples(count)).shape == (0, 3)


@EVERY
@pytest.mark.parametrize("empty", [np.zeros(0, np.float32), np.zeros(0, int), np.zeros(9)[:0][::-1]])
def test_no_samples_may_be_written_in_any_way(backend, empty):
    f = compile(lambda x, y: x * y, in_axes=0, backend=backend)
    assert f(empty, empty).shape == (0,)


@EVERY
def test_what_is_infinite_for_each_sample_is_0_for_none(backend):
    f = compile(lambda w, x: (log(w), w * x), in_axes=(None, 0), reduce="sum", backend=backend)
    assert f(0.0, np.zeros(0)) == (0.0, 0.0)
    assert f(0.0, np.zeros(2))[0] == -math.inf


def test_a_part_without_numbers_has_no_samples_to_count():
    p = compile(lambda x: [x[0] * x[1], ()], in_axes=0)
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    (value, nothing), slopes = p.vjp(rows, [np.ones(3), ()])
    assert nothing == ()
    np.testing.assert_array_equal(value, [2.0, 12.0, 30.0])
    np.testing.assert_array_equal(slopes, rows[:, ::-1])
