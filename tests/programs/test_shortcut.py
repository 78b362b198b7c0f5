"""A call made as one before goes a short way: to the same bits, the same errors, and answers that are its own."""

from __future__ import annotations

import gc
import struct
import sys
import threading
from collections import OrderedDict, namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, compile, grad, primitive, sin, tanh
from autograd.errors import OperandError
from autograd.ops.primitive import Atom
from autograd.program import call
from autograd.program.executors import EXECUTORS
from autograd.program.shortcut import SMALL
from autograd.structure import flatten

pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
EVERY = pytest.mark.parametrize("backend", EXECUTORS)
QUESTIONS = ("value", "grad", "value_and_grad", "jacobian", "value_and_jacobian", "hessian", "hvp", "jvp", "vjp")

Point = namedtuple("Point", "a b")


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass
class Model:
    w: Any
    kind: str = field(default="tanh", metadata={"static": True})


class Own(np.ndarray):
    pass


class Row(list):
    pass


def total(x: Any, y: Any = 1.0) -> Any:
    """One number that depends on every number of its arguments, each in another way."""
    leaves, _ = flatten([x, y], flags=True)
    return sum((tanh(leaf * (i + 1.0)) * leaf for i, leaf in enumerate(leaves)), 0.0)


# -- things of every kind ---------------------------------------------------------------------------

NUMBERS = st.one_of(
    st.floats(-2.0, 2.0),
    st.sampled_from([0.0, -0.0, float("nan"), float("inf"), 5e-324, 1, -3, 2**53 + 1, 2**63, 10**400, True]),
    st.sampled_from([np.float64(0.3), np.float32(0.1), np.int8(3), np.bool_(True), np.longdouble(0.7), np.array(0.5)]),
    st.sampled_from([Fraction(1, 3), Decimal("0.1"), 1j, "one", None, Colour.RED, Value(0.7), np.array(Value(0.5))]),
)
TYPES = [float, np.float32, np.float16, np.longdouble, np.int64, np.uint8, np.bool_, ">f8", complex, object, "U3"]


@st.composite
def arrays(draw: Any) -> Any:
    shape = draw(st.sampled_from([(), (0,), (3,), (3,), (4,), (2, 3), (3, 2), (1, 3)]))
    array = np.array(draw(st.lists(st.integers(-2, 2), min_size=24, max_size=24))).reshape(4, 6)
    array = array.reshape(-1)[: int(np.prod(shape))].reshape(shape).astype(draw(st.sampled_from([float, *TYPES])))
    change = draw(
        st.sampled_from(
            [np.array, np.asfortranarray, _spread_out, _locked, _unaligned, np.ma.array, Own.__array_finalize__, _own]
            + [_matrix, np.ndarray.tolist, _turned]
            + [np.array] * 8
        )
    )
    return array if change is Own.__array_finalize__ else change(array)


def _spread_out(array: Any) -> Any:
    return np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array


def _turned(array: Any) -> Any:
    return array[::-1].T if array.ndim else array


def _locked(array: Any) -> Any:
    array.flags.writeable = False
    return array


def _unaligned(array: Any) -> Any:
    room = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype) if array.dtype != object else array.reshape(-1)
    room[:] = array.reshape(-1)
    return room.reshape(array.shape)


def _own(array: Any) -> Any:
    return array.view(Own)


def _matrix(array: Any) -> Any:
    return array.view(np.matrix) if 0 < array.ndim < 3 else array


KEYS = st.sampled_from(["a", "b", 1, 1.0, True, None])
MADE = {
    list: list,
    tuple: tuple,
    Row: Row,
    dict: lambda parts: dict(zip("abcd", parts, strict=False)),
    OrderedDict: lambda parts: OrderedDict(zip("bacd", parts, strict=False)),
    Point: lambda parts: Point(*(*parts, 0.5, 0.5)[:2]),
    Model: lambda parts: Model(*(*parts, "tanh", "tanh")[:2]),
}
LEAVES = st.one_of(NUMBERS, arrays(), st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3))
THINGS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda kind, parts: MADE[kind](parts), st.sampled_from(list(MADE)), st.lists(inner, max_size=3)),
        st.dictionaries(KEYS, inner, max_size=2),
    ),
    max_leaves=4,
)


def outcome(ask: Any, *args: Any, **named: Any) -> Any:
    """What a call comes to, so that two can be compared to the bit."""
    try:
        return described(ask(*args, **named))
    except Exception as error:
        return type(error), str(error)


def described(answer: Any) -> Any:
    if isinstance(answer, float):
        return type(answer), struct.pack("d", answer)
    if isinstance(answer, np.ndarray) and answer.dtype == object:
        return type(answer), answer.shape, [described(x) for x in answer.flat]
    if isinstance(answer, np.ndarray):
        return type(answer), answer.dtype, answer.shape, answer.tobytes()
    if isinstance(answer, Value):
        return type(answer), described(answer.data)
    if isinstance(answer, dict):
        return type(answer), [(key, described(part)) for key, part in answer.items()]
    if isinstance(answer, (list, tuple)):
        return type(answer), [described(part) for part in answer]
    return type(answer), described(answer.w) if isinstance(answer, Model) else answer


# -- the same as the long way -----------------------------------------------------------------------


@given(st.data(), THINGS, st.sampled_from(QUESTIONS[:4]))
def test_after_a_call_another_answers_as_if_it_were_the_first(data, first, name):
    second = data.draw(st.one_of(THINGS, st.just(first), st.just(changed(first))))
    p = compile(total, backend="interpreter")
    for thing in (first, first, second, first, second):
        assert outcome(getattr(p, name), thing) == outcome(getattr(compile(total, backend="interpreter"), name), thing)


ARRAY = np.array([0.3, -0.7, 1.1])
NEARLY_ALIKE = [
    *(0.3, -0.0, 1, 2**53 + 1, 10**400, True, np.float64(0.3), np.float32(0.3), np.bool_(True), np.array(0.3), 1j),
    *("0.3", None, Fraction(1, 3), Value(0.3), np.array(Value(0.3)), Colour.RED, Colour.BLUE, 0.3 + 0j, "a", b"a"),
    *(ARRAY.astype(kind) for kind in ("f8", "f4", "f2", "g", "i8", "u1", "?", ">f8", "c16", "O", "U5", "m8[s]")),
    *(change(ARRAY.copy()) for change in (_spread_out, _locked, _unaligned, np.ma.array, _own, _matrix)),
    *([*ARRAY.tolist()], (*ARRAY.tolist(),), Row(ARRAY.tolist()), [*ARRAY], [1, 2, 3], [0.1, 10**400, 0.1]),
    *([0.1, True, 0.2], [0.1, 1j, 0.2], [0.1, Value(0.2), 0.3], [0.1, "a", 0.2], [np.array(0.1), 0.2, 0.3], [], ()),
    *({"a": 0.1}, {"b": 0.1}, {1: 0.1}, {1.0: 0.1}, {True: 0.1}, {-1: 0.1}, {-2: 0.1}, OrderedDict(a=0.1), {}),
    *({"a": 0.1, "b": 0.2}, {"b": 0.1, "a": 0.2}, {"a": True, "b": 0.2}, {"a": 1, "b": 0.2}, Point(0.1, 0.2)),
    *(Model(0.1), Model(0.1, "relu"), Model(ARRAY), Model([0.1]), ARRAY[:2], ARRAY[None], ARRAY[:, None], ARRAY[:0]),
    *(np.ones((2, 3)), np.arange(6.0).reshape(3, 2).T, np.asfortranarray(np.arange(6.0).reshape(2, 3)), [[0.1, 0.2]]),
]


@pytest.mark.parametrize("part", [0, *(pytest.param(k, marks=pytest.mark.thorough) for k in range(1, 6))])
def test_whatever_was_asked_before_each_answers_as_if_it_were_the_first(part):
    def alone(thing: Any) -> Any:
        return outcome(compile(total, backend="interpreter").value_and_grad, thing)

    expected, p = [alone(thing) for thing in NEARLY_ALIKE], compile(total, backend="interpreter")
    for i, first in enumerate(NEARLY_ALIKE):
        for j in range((i + part) % 6, len(NEARLY_ALIKE), 6):
            second = NEARLY_ALIKE[j]
            found = outcome(p.value_and_grad, first), outcome(p.value_and_grad, second)
            assert found == (expected[i], expected[j]), (first, second)


def changed(thing: Any) -> Any:
    """A thing made so of other numbers, where that is easy."""
    if isinstance(thing, (float, np.ndarray)) and getattr(thing, "dtype", float) in (float, np.float32):
        return thing * 1.5
    return [changed(part) for part in thing] if type(thing) is list else thing


WAYS = {
    "an array": lambda x: ((x,), {}),
    "a list": lambda x: ((x.tolist(),), {}),
    "a tuple": lambda x: ((tuple(x.tolist()),), {}),
    "a dict": lambda x: (({"a": x, "b": x[0].item(), "kind": "tanh", "none": None},), {}),
    "a dataclass": lambda x: ((Model(x),), {}),
    "a named tuple": lambda x: ((Point(x, 1.0),), {}),
    "ints": lambda x: ((np.round(x * 10).astype(int),), {}),
    "single": lambda x: ((x.astype(np.float32),), {}),
    "columns": lambda x: ((np.asfortranarray(np.stack([x, x * 2])),), {}),
    "every other": lambda x: ((np.repeat(x, 2)[::2],), {}),
    "two arrays": lambda x: ((x, x * 0.5), {}),
    "a number and an int": lambda x: ((x[0].item(), 2), {}),
    "by name": lambda x: ((x,), {"y": x * 0.5}),
    "by names": lambda x: ((), {"y": x, "x": x[1].item()}),
    "what is no number": lambda x: ((x, "linear"), {}),
}


def asked(p: Any, name: str, x: Any, way: str) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """(a question, the arguments that it takes, those by name)."""
    args, named = WAYS[way](x)
    if name in ("hvp", "jvp"):
        args = (*args, args[0] if args else named["x"])
    return getattr(p, name), (*args, 0.7) if name == "vjp" else args, named


def of_machine_code(*cases: Any) -> list[Any]:
    """Each case on each executor; that of machine code takes longest, and one of them stands for all."""
    marks = {"llvm": [pytest.mark.thorough]}
    every = [(b, case) for b in EXECUTORS for case in cases]
    return [pytest.param(b, case, marks=marks.get(b, []) if case != cases[0] else []) for b, case in every]


@pytest.mark.parametrize(("backend", "name"), of_machine_code("value_and_grad", *QUESTIONS[:2], *QUESTIONS[3:]))
def test_every_question_in_every_way(backend, name, monkeypatch):
    p = compile(total, backend=backend)
    for way in WAYS:
        outcome(asked(p, name, ARRAY, way)[0], *asked(p, name, ARRAY, way)[1], **asked(p, name, ARRAY, way)[2])
        question, args, named = asked(p, name, ARRAY * 1.3 + 0.1, way)
        expected = described(question._in_general(args, named, None))
        with monkeypatch.context() as only:
            only.setattr(call.Call, "_in_general", None)
            assert described(question(*args, **named)) == expected, way


OPTIONS = [
    ({"argnums": (0, 1)}, "hvp", (ARRAY, ARRAY + 1, (ARRAY, ARRAY * 2))),
    ({"argnums": 1}, "jvp", (ARRAY, 0.5, 1.0)),
    ({"argnums": (1, 0)}, "value_and_grad", (ARRAY, 0.5)),
    ({"static_argnums": 1}, "grad", (ARRAY, 3)),
    ({"static_argnames": "y"}, "value", (ARRAY, (1, 2.0))),
    ({"exact": True}, "value_and_grad", (ARRAY,)),
    ({"simplify": True}, "hessian", (ARRAY,)),
]


@pytest.mark.parametrize(("options", "name", "args"), OPTIONS)
def test_options_are_kept(options, name, args, monkeypatch):
    question = getattr(compile(total, **options), name)
    expected = described(question(*args))
    monkeypatch.setattr(call.Call, "_in_general", None)
    assert described(question(*args)) == expected


def test_what_stands_beside_and_entries_alone(monkeypatch):
    p = compile(lambda x: (x[0] * x[1], {"aux": [x[2], "text"]}), has_aux=True)
    q = compile(lambda x: x[0] ** 2 * x[1] + x[2])
    asks = [p.value_and_grad, p.grad, q.hessian.sparse, lambda x: q.hessian.sparse(x, lower=True)]
    first = [ask(ARRAY) for ask in asks]
    monkeypatch.setattr(call.Call, "_in_general", None)
    again = [ask(ARRAY) for ask in asks]
    assert [described(x) for x in again[:2]] == [described(x) for x in first[:2]]
    assert [described(x.values) for x in again[2:]] == [described(x.values) for x in first[2:]]


def batched(x: Any, w: Any, y: Any = 0.0) -> Any:
    return sin(x[0] * w[0] + x[1] * w[1]) * (1.0 + y)


BATCHES = [
    ({"in_axes": (0, None, 0)}, lambda n: (np.ones((n, 2)) * np.arange(n)[:, None], ARRAY[:2], np.arange(n) / 7)),
    ({"in_axes": (1, None, 0), "reduce": "sum"}, lambda n: (np.ones((2, n)), ARRAY[:2], np.arange(n))),
    ({"in_axes": (-1, None), "reduce": "mean", "argnums": 1}, lambda n: (np.ones((2, n), np.float32), [0.1, 0.2])),
    ({"in_axes": (0, 0)}, lambda n: (np.asfortranarray(np.ones((n, 2)) * 0.3), np.full((n, 2), 0.2))),
    ({"in_axes": (0, None)}, lambda n: (np.ones((2 * n, 2), int)[::2], (1, 2.0))),
]


@pytest.mark.parametrize(("backend", "case"), of_machine_code(*range(len(BATCHES))))
def test_batches_of_any_number_of_samples(backend, case, monkeypatch):
    options, make = BATCHES[case]
    p = compile(batched, backend=backend, **options)
    for name in ("value_and_grad", "jacobian"):
        ask = getattr(p, name)
        ask(*make(3))
        for n in (0, 1, 3, 17, 1500):
            expected = outcome(ask._in_general, make(n), {}, None)
            with monkeypatch.context() as only:
                only.setattr(call.Call, "_in_general", None)
                assert outcome(ask, *make(n)) == expected


def test_batches_that_do_not_fit_are_refused_as_before():
    ask, three = compile(batched, in_axes=(0, None, 0)).value, BATCHES[0][1](3)
    ask(*three)
    for k, other in ((2, three[2][:2]), (0, three[0][:2]), (0, three[0].T), (1, three[1][:1]), (2, three[2] * 1j)):
        given = [*three]
        given[k] = other
        assert outcome(ask, *given) == outcome(compile(batched, in_axes=(0, None, 0)).value, *given)
        assert outcome(ask, *three) == outcome(ask._in_general, three, {}, None)


@given(arrays(), arrays(), st.sampled_from([0, -1, 1]))
def test_batches_of_every_kind(first, second, axis):
    p = compile(total, backend="interpreter", in_axes=axis)
    for thing in (first, second, first):
        fresh = compile(total, backend="interpreter", in_axes=axis)
        assert outcome(p.value_and_grad, thing) == outcome(fresh.value_and_grad, thing)


PLAIN = st.one_of(st.floats(-2.0, 2.0), st.just(np.zeros((2, 3))), st.just(np.zeros(0)), st.sampled_from(["a", None]))
MADE_OF_NUMBERS = st.recursive(
    PLAIN,
    lambda inner: st.builds(
        lambda kind, parts: MADE[kind](parts), st.sampled_from([list, tuple, dict, Point]), st.lists(inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.lists(MADE_OF_NUMBERS, min_size=1, max_size=3))
def test_a_reader_reads_as_read_does(thing):
    structure = flatten(thing)[1]
    for numbers in (np.arange(structure.size + 0.0), np.arange(4.0 * structure.size).reshape(4, structure.size)):
        expected = structure.read(lambda start, stop, of=numbers: of[..., start:stop])
        assert described(structure.reader()(numbers)) == described(expected)


# -- answers are the caller's own -------------------------------------------------------------------


@EVERY
def test_no_later_call_changes_an_answer(backend):
    p = compile(lambda x: x * x, backend=backend)
    answers, points = [], [ARRAY + k for k in range(5)]
    for x in points:
        answers.append(p.value_and_jacobian(x))
        x += 100.0  # nor does what happens to its arguments
    for k, (value, slopes) in enumerate(answers):
        assert value.tolist() == ((ARRAY + k) ** 2).tolist()
        assert slopes.tolist() == np.diag(2 * (ARRAY + k)).tolist()
        value[...] = slopes[...] = np.nan
    assert p(ARRAY).tolist() == (ARRAY**2).tolist()


@EVERY
def test_threads_do_not_meet(backend):
    p = compile(total, backend=backend)
    points = [np.array([0.1, 0.2, 0.3]) * k for k in range(8)]
    expected = [described(compile(total, backend=backend).value_and_grad(x)) for x in points]
    start = threading.Barrier(len(points))
    interval = sys.getswitchinterval()

    def many(k: int) -> bool:
        start.wait()
        return all(described(p.value_and_grad(points[k])) == expected[k] for _ in range(100))

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(points)) as pool:
            assert all(pool.map(many, range(len(points))))
    finally:
        sys.setswitchinterval(interval)


class Meddler:
    """A function of Python's in the middle of a program, which may do anything before it answers."""

    def __init__(self) -> None:
        self.before = lambda x: None
        name = f"meddle{id(self)}"
        atom = Atom(self.answer, np.vectorize(self.answer, otypes=[float]))
        self.row = primitive(name, atom, lambda y, x: 2.0, points=[0.5, 2.0])

    def answer(self, x: float) -> float:
        self.before(x)
        return 2.0 * x


SMALL_POINT, LARGE_POINT = np.array([0.25, 3.0]), np.array([0.75, 5.0])


@EVERY
def test_a_function_that_is_called_back_may_call_the_same_again(backend):
    meddler, inner = Meddler(), []
    p = compile(lambda x: meddler.row(x[0]) * x[1] + x[1], backend=backend)
    expected = {k: described(p.value_and_grad(x)) for k, x in enumerate((SMALL_POINT, LARGE_POINT))}

    def again(x: float) -> None:
        if x == 0.75:
            inner.append(described(p.value_and_grad(SMALL_POINT)))

    meddler.before = again
    for _ in range(3):
        assert described(p.value_and_grad(LARGE_POINT)) == expected[1]
    assert inner
    assert all(found == expected[0] for found in inner)


@EVERY
def test_what_is_raised_half_way_leaves_nothing_behind(backend):
    meddler = Meddler()
    p = compile(lambda x: meddler.row(x[0]) * x[1] + x[1], backend=backend)
    expected = [described(p.value_and_grad(x)) for x in (SMALL_POINT, LARGE_POINT)]

    def refuse(x: float) -> None:
        if x == 0.75:
            raise ZeroDivisionError("on purpose")

    meddler.before = refuse
    for _ in range(3):
        assert described(p.value_and_grad(SMALL_POINT)) == expected[0]
        with pytest.raises(ZeroDivisionError, match="on purpose"):
            p.value_and_grad(LARGE_POINT)
    meddler.before = lambda x: None
    assert [described(p.value_and_grad(x)) for x in (SMALL_POINT, LARGE_POINT)] == expected


# -- what is known elsewhere ------------------------------------------------------------------------


def test_values_from_elsewhere_are_read_at_every_call_and_stay_nodes():
    w = Value(2.0)
    p = compile(lambda x, y=1.0: w * x[0] * y + x[1])
    for number in (2.0, 3.0, 5.0):
        w.data = number
        assert p.value_and_grad(SMALL_POINT)[0] == number * 0.25 + 3.0
        assert p.jvp(SMALL_POINT, np.array([1.0, 0.0])) == (number * 0.25 + 3.0, number)
    assert grad(lambda v: compile(lambda x: v * x[0] + p(x))(SMALL_POINT))(7.0) == 0.25
    q = compile(lambda x: p(LARGE_POINT) * x)
    assert q(2.0) == 2.0 * p(LARGE_POINT)
    w.data = 1.0
    assert q(2.0) == 2.0 * p(LARGE_POINT) == 2.0 * 5.75


def test_the_inputs_of_a_transform_are_met_after_plain_calls():
    w = Value(2.0)
    p = compile(lambda x: w * x)
    assert [p(3.0), p(4.0)] == [6.0, 8.0]
    assert compile(lambda x: p(3.0) * x)(2.0) == 12.0  # in a recording it is part of the graph
    assert compile(lambda x: p(3.0) * x).record(2.0).inputs == ("x", "x2")


def test_what_is_asked_about_the_last_call_is_the_last_call():
    p = compile(total, backend="llvm")
    for _ in range(2):
        p.grad(ARRAY)
        of_three = str(p.program), p.source
        p(0.5)
        of_one = str(p.program), p.source
        p.grad(ARRAY)
        assert (str(p.program), p.source) == of_three
        p(0.5)
        assert (str(p.program), p.source) == of_one
        p.hessian(ARRAY)
        of_hessian = p.source
        p.grad(ARRAY)
        assert p.source == of_three[1]
        p.hessian(ARRAY)
        assert p.source == of_hessian
    assert len({of_one[1], of_three[1], of_hessian}) == 3


@pytest.mark.skipif(np.finfo(np.longdouble).max <= sys.float_info.max, reason="long doubles are doubles here")
@pytest.mark.parametrize("in_axes", [None, 0])
def test_long_doubles_beyond_all_floats_are_refused_before_and_after(in_axes):
    f, large = compile(lambda x: x * 2.0, in_axes=in_axes), np.full(3, "1e4000", np.longdouble)
    for _ in range(2):
        with pytest.raises(OperandError, match="too large for a float"):
            f(large)
        assert f(np.ones(3, np.longdouble)).tolist() == f(np.ones(3)).tolist() == [2.0, 2.0, 2.0]


def test_each_number_of_samples_is_answered_by_what_serves_it(monkeypatch):
    def by_samples(program, backend, samples, work=None):
        return ("numpy", "many") if samples > 3 else ("interpreter", "few")

    monkeypatch.setattr(call, "choose", by_samples)
    p = compile(lambda x: tanh(x) * x, in_axes=0)
    for samples, backend in [(2, "interpreter"), (5, "numpy")] * 3 + [(5, "numpy"), (2, "interpreter")] * 2:
        x = np.linspace(0.1, 1.0, samples)
        np.testing.assert_allclose(p(x), np.tanh(x) * x, rtol=1e-14)
        assert p.backend.startswith(backend)


def test_a_recording_that_is_forgotten_is_made_again():
    made = []
    p = compile(lambda x: made.append(None) or x[0], backend="interpreter")
    p(ARRAY), p(ARRAY)
    for n in range(40):
        p([1.0] * (n + 1))
    assert len(made) == 41
    assert [p(ARRAY), p(ARRAY)] == [0.3, 0.3]
    assert len(made) == 42


def test_arguments_like_those_of_before_that_are_none_are_refused_as_before():
    p = compile(lambda x: x[0] * x[1])
    p.value_and_grad([1.0, 2.0])
    for thing, error in (([1.0, 1j], OperandError), ([1.0, 10**400], OperandError), ("ab", Exception)):
        assert outcome(p.value_and_grad, thing) == outcome(compile(lambda x: x[0] * x[1]).value_and_grad, thing)
        with pytest.raises(error):
            p.value_and_grad(thing)
    assert p.value_and_grad([3.0, 2.0]) == (6.0, [2.0, 3.0])


def test_what_has_another_hash_now_is_another():
    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Named) and other.name == self.name

        def __hash__(self) -> int:
            return hash(self.name)

    how = Named("double")
    p = compile(lambda x, how: x * (2.0 if how.name == "double" else 3.0), static_argnums=1)
    assert [p(1.0, how), p(1.0, how)] == [2.0, 2.0]
    how.name = "treble"
    assert [p(1.0, how), p(1.0, how), p(1.0, Named("double"))] == [3.0, 3.0, 2.0]


def test_keys_of_one_hash_are_not_one_key():
    p = compile(lambda x: sum(key * number for key, number in x.items()))
    assert hash(-1) == hash(-2)
    assert [p({-1: 0.5}), p({-1: 0.5}), p({-2: 0.5}), p({-1: 0.5})] == [-0.5, -0.5, -1.0, -0.5]


def test_long_arguments_go_the_long_way_to_the_same():
    for n in (SMALL, SMALL + 1):
        p = compile(lambda x: x * 2.0, backend="numpy")
        for k in range(3):
            assert p(np.full(n, float(k))).tolist() == [2.0 * k] * n


def test_out_is_filled_on_the_short_way_too():
    p = compile(lambda x: x * x)
    out = np.zeros(3)
    for k in range(3):
        assert p(ARRAY + k, out=out) is out
        assert out.tolist() == ((ARRAY + k) ** 2).tolist()


@pytest.mark.parametrize("in_axes", [None, 0])
def test_no_argument_is_kept(in_axes):
    p, x = compile(lambda x: x * x, in_axes=in_axes), np.ones((3, 3))
    count = sys.getrefcount(x)
    for _ in range(3):
        p.value_and_jacobian(x)
    gc.collect()
    assert sys.getrefcount(x) == count


def test_many_answers_are_not_copied():
    p = compile(lambda x: x * 2.0)
    for k in range(3):
        assert p.jacobian(np.full(65, float(k))).tolist() == (2.0 * np.eye(65)).tolist()  # 4,225 numbers
    assert not p.jacobian._known


def test_a_long_program_runs_from_a_tape_and_lets_others_run():
    """In eight threads, each with a tape of its own."""
    p = compile(lambda x: sum(tanh(x[i % 3] * (i + 1.0)) for i in range(3000)), backend="llvm")
    points = [ARRAY * k for k in range(8)]
    expected = [described(p.value_and_grad._in_general((x,), {}, None)) for x in points]
    assert p.backend.startswith("llvm: tape")
    with ThreadPoolExecutor(len(points)) as pool:
        found = list(pool.map(lambda x: [described(p.value_and_grad(x)) for _ in range(20)], points))
    assert found == [[one] * 20 for one in expected]
