"""C functions made of calls: the same bits as the call, from several threads too, and what they refuse."""

from __future__ import annotations

import copy
import ctypes
import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from autograd import Value, compile, custom_jvp, dot, exp, root, scan, sin, softmax, tanh
from autograd.errors import ArgumentError, GraphError, OperandError

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")


def plain(x, k):
    return {"a": tanh(x[0]) * x[1] + k, "b": [x[2] ** 2, sin(x[0])]}


def number(x, k):
    return softmax(x)[1] * k + exp(x[0])


def looped(x, k):
    return scan(lambda carry, row: (tanh(carry * row + k), None), x[0], x, length=3)[0]


def solved(x, k):
    return root(lambda y: y**3 + y - dot(x, x) - k, 1.0)


def constant(x, k):
    return [1.0, x[0], 2.0, x[0]]


X, K = np.array([0.3, 0.5, -2.0]), 0.7


def answered(pointer, *arguments):
    inputs = np.concatenate([np.ravel(a) for a in arguments]).astype(float)
    outputs = np.full(pointer.outputs, np.nan)
    pointer.ctypes(inputs.ctypes.data, outputs.ctypes.data)
    return outputs


def flat(answer):
    """The numbers of an answer, one after the other."""
    parts = answer.values() if isinstance(answer, dict) else answer
    if isinstance(answer, dict | list | tuple):
        return np.concatenate([flat(part) for part in parts] or [np.empty(0)])
    return np.ravel(answer)


@pytest.mark.parametrize("question", ["value", "jacobian", "value_and_jacobian"])
@pytest.mark.parametrize("f", [plain, number, looped, solved, constant])
def test_answers_as_the_call(f, question):
    call = getattr(compile(f, argnums=(0, 1), backend="llvm"), question)
    pointer = call.pointer(np.ones(3), 1.0)
    assert pointer.inputs == 4
    for x in (X, -X, X * np.nan, np.array([1.0, np.inf, 0.0])):
        np.testing.assert_array_equal(answered(pointer, x, K), flat(call(x, K)))


@pytest.mark.parametrize("question", ["grad", "value_and_grad", "hessian", "hvp", "jvp", "vjp"])
@pytest.mark.parametrize("f", [number, looped, solved])
def test_derivatives_of_a_number_as_the_call(f, question):
    call = getattr(compile(f, backend="llvm"), question)
    more = {"hvp": [X[::-1]], "jvp": [X[::-1]], "vjp": [2.0]}.get(question, [])
    pointer = call.pointer(X * 2, k=1.0) if not more else call.pointer(X * 2, 1.0, *more)
    np.testing.assert_array_equal(answered(pointer, X, K, *more), flat(call(X, K, *more)))


def test_a_large_program_is_written_out_too():
    def long(x):
        for _ in range(4000):
            x = [sin(x[1]), x[0] + 0.1]
        return x[0]

    call = compile(long, backend="llvm").value
    pointer = call.pointer(np.zeros(2))
    np.testing.assert_array_equal(answered(pointer, X[:2]), call(X[:2]))


def test_several_threads_at_once():
    call = compile(looped, backend="llvm").value_and_grad
    pointer = call.pointer(X, K)
    points = np.random.default_rng(3).normal(size=(400, 4))
    start = threading.Barrier(8)

    def work(part):
        start.wait()
        return [answered(pointer, p[:3], p[3]) for p in part]

    with ThreadPoolExecutor(8) as pool:
        found = np.concatenate(list(pool.map(work, np.split(points, 8))))
    np.testing.assert_array_equal(found, [flat(call(p[:3], p[3])) for p in points])


def test_functions_keep_the_machine_code_alive():
    functions = [compile(lambda x, k=k: x * k).value.pointer(1.0).ctypes for k in range(20)]
    gc.collect()
    out = np.empty(1)
    for k, function in enumerate(functions):
        function(np.array([3.0]).ctypes.data, out.ctypes.data)
        assert out[0] == 3.0 * k


def test_scipy_integrates():
    scipy = pytest.importorskip("scipy.integrate", reason="SciPy is not installed")
    from math import erf, sqrt

    p = compile(lambda x, s: exp(-x * x * s), argnums=1)
    low, slope = p.value.pointer(0.0, 1.0).scipy(), p.grad.pointer(0.0, 1.0).scipy()
    assert scipy.quad(low, 0, 1, args=(2.0,))[0] == pytest.approx(
        sqrt(np.pi / 2) / 2 * erf(sqrt(2)), rel=1e-14
    )  # ∫ exp(-2x²)
    integrand = lambda x: -x * x * np.exp(-2 * x * x)  # noqa: E731  (a formula)
    assert scipy.quad(slope, 0, 1, args=(2.0,))[0] == pytest.approx(scipy.quad(integrand, 0, 1)[0], rel=1e-13)
    plane = compile(lambda x, y: x * y).value.pointer(0.0, 0.0).scipy()
    assert scipy.nquad(plane, [[0, 1], [0, 2]])[0] == pytest.approx(1.0)


def test_numba_calls_it():
    numba = pytest.importorskip("numba", reason="numba is not installed")
    step = compile(lambda x: [x[1], -x[0]]).value.pointer(np.zeros(2)).ctypes

    @numba.njit
    def turned(x):
        out = np.empty(2)
        step(x.ctypes, out.ctypes)
        return out

    assert turned(np.array([1.0, 2.0])).tolist() == [2.0, -1.0]


def test_signature_and_address_serve_whoever_calls_c():
    pointer = compile(lambda x: [x[1], x[0]]).value.pointer(np.zeros(2))
    assert pointer.signature == "void (const double *inputs, double *outputs)"
    doubles = ctypes.c_double * 2
    here, there = doubles(1.0, 2.0), doubles()
    ctypes.CFUNCTYPE(None, doubles, doubles)(pointer.address)(here, there)
    assert list(there) == [2.0, 1.0]
    assert repr(pointer) == f"<{pointer.signature} at {pointer.address:#x}, inputs: 2, outputs: 2>"


def priced(order):
    return {key: {"a": 2.0, "b": 1.0, "c": [3.0, 4.0]}[key] for key in order}


def told(order, question, *more):
    """A pointer for a dict in this order, of a function that was recorded for another one."""
    compiled = compile(
        lambda k, d, *, e: d["a"] + 10 * d["b"] * e["b"] * e["a"] + d["c"][1] * k, argnums=1, static_argnums=0
    )
    compiled(2, priced("abc"), e=priced("ab"))
    return getattr(compiled, question).pointer(2, priced(order), *more, e=priced("ab"))


def test_dicts_are_read_as_they_were_handed_in_or_refused():
    pointer = told("abc", "value")
    answer, numbers = np.empty(1), np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    pointer.ctypes(numbers.ctypes.data, answer.ctypes.data)
    assert answer[0] == 1 + 10 * 2 * 6 * 5 + 4 * 2
    own = compile(lambda d: d["a"] + 10 * d["b"]).grad.pointer(priced("ba"))
    own.ctypes(numbers.ctypes.data, numbers[2:].ctypes.data)
    assert numbers[2:4].tolist() == [10.0, 1.0]


@custom_jvp
def by_hand(x):
    return float(x) * 2


by_hand.defjvp(lambda primals, tangents: (by_hand(*primals), 2 * tangents[0]))
outside = Value(3.0, name="w")


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: compile(by_hand).value.pointer(1.0), GraphError, "by_hand.* of this function is computed by Python"),
        (lambda: compile(lambda x: x * outside).value.pointer(1.0), GraphError, "hand them in as arguments"),
        (lambda: compile(tanh, in_axes=0).value.pointer(np.ones(3)), ArgumentError, "one sample, got 3"),
        (lambda: compile(tanh).value.pointer(Value(1.0)), OperandError, "pointer takes plain numbers"),
        (lambda: compile(plain).value.pointer(X, K).scipy(), ArgumentError, "one number, and this one has 3"),
        (lambda: told("bac", "value"), ArgumentError, "keys.*'a', 'b', 'c'.*got.*'b', 'a', 'c'.*in that order"),
        (lambda: told("cab", "grad"), ArgumentError, "in that order"),
        (lambda: compile(lambda d: d["a"] * d["b"]).jvp.pointer(priced("ab"), priced("ba")), ArgumentError, "order"),
        (lambda: copy.copy(compile(tanh).value.pointer(1.0)), GraphError, "make it again there"),
    ],
)
def test_what_it_refuses(make, error, says):
    with pytest.raises(error, match=says):
        make()
