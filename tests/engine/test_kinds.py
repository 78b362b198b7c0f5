"""What holds numbers: dataclasses, named tuples, dicts of every kind, Series; what comes in comes out."""

from __future__ import annotations

import random
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import autograd as ag
from autograd import (
    ArgumentError,
    OperandError,
    Value,
    check_grad,
    compile,
    grad,
    hessian,
    jacobian,
    jvp,
    register_structure,
    value_and_grad,
    vjp,
)  # fmt: skip
from autograd.kinds import _KINDS, FIXED, FLAG, Static, kind_of


class Point(NamedTuple):
    x: Any
    y: Any = 0.5


@dataclass
class Layer:
    w: Any
    b: Any
    kind: str = "tanh"

    def __post_init__(self):
        if not isinstance(self.b, (int, float)) or self.b < -100.0:
            raise TypeError("a bias is a number")  # which no Value and no array of samples is

    @cached_property
    def size(self):
        return len(self.w)


@dataclass(frozen=True)
class Frozen:
    a: Any
    rest: Any = None
    count: int = field(default=2, metadata={"static": True})


@dataclass(slots=True)
class Slotted:
    u: Any
    v: Any


class Plain(list):
    pass


class Pair:
    """A class of somebody's own."""

    def __init__(self, first, second, unit):
        self.first, self.second, self.unit = first, second, unit


@pytest.fixture(autouse=True, scope="module")
def _pairs_are_known():
    register_structure(Pair, lambda p: ([p.first, p.second], p.unit), lambda unit, parts: Pair(*parts, unit))
    yield
    del _KINDS[Pair]


def parts_of(thing):
    """The parts of a thing by this file's own hand: (key, part), …; None for a number or an array."""
    if isinstance(thing, dict):
        return list(thing.items())
    if is_dataclass(thing):
        return [(f.name, getattr(thing, f.name)) for f in fields(thing) if f.name != "count"]
    if isinstance(thing, Pair):
        return [("first", thing.first), ("second", thing.second)]
    if isinstance(thing, pd.Series):
        return list(enumerate(thing))
    return list(enumerate(thing)) if isinstance(thing, (list, tuple)) else None


def numbers(thing):
    """All numbers in it, in order."""
    if thing is None or isinstance(thing, (str, bool)):
        return []
    parts = parts_of(thing)
    if parts is None:
        return list(np.asarray(thing, object).flat)
    return [x for _, part in parts for x in numbers(part)]


def assert_alike(got, like):
    """Made as `like` is, with the same of all that is no number."""
    if like is None or isinstance(like, (str, bool)):
        assert got is like or got == like
        return
    assert type(got) is type(like) or (parts_of(like) is None and not np.ndim(like)), (type(got), type(like))
    parts, given = parts_of(like), parts_of(got)
    if parts is None:
        assert np.shape(got) == np.shape(like)
        return
    assert [key for key, _ in given] == [key for key, _ in parts]
    for (_, a), (_, b) in zip(given, parts, strict=True):
        assert_alike(a, b)
    if isinstance(like, pd.Series):
        assert got.index.equals(like.index)
        assert got.name == like.name
    for cls, rest in ((Frozen, "count"), (Pair, "unit"), (defaultdict, "default_factory")):
        assert not isinstance(like, cls) or getattr(got, rest) == getattr(like, rest)


def of_numbers(xs):
    total = 0.3
    for i, x in enumerate(xs):
        total = ag.tanh(total * 0.7 + x * (i % 3 + 1) * 0.3) * 1.3 + (x * x * 0.1 if i % 2 else 0.0)
    return total * total


def f(*things):
    return of_numbers([x for thing in things for x in numbers(thing)])


THINGS = {
    "a named tuple": Point(1.0, np.array([2.0, 3.0])),
    "an ordered dict": OrderedDict(b=2.0, a=[1.0, 0.5]),
    "a dict with defaults": defaultdict(list, b=2.0, a=1.0),
    "a dataclass": Layer(np.array([[1.0, 2.0], [3.0, 0.5]]), 0.25),
    "a frozen one": Frozen([1.0, 2.0], {"deep": Layer([0.5], 2.0, "relu"), "none": None}, 7),
    "one with slots": Slotted(Slotted(1.0, 2.0), Point(0.5, (1.0, 2.0))),
    "a list of a class of its own": Plain([1.0, Plain([2.0])]),
    "a Series": pd.Series([1.0, 2.0, -0.5], index=["u", "v", "w"], name="z"),
    "Series in a dict": {"s": pd.Series([1.0, 2.0]), "t": 0.5},
    "a registered class": Pair(1.0, Pair(2.0, [3.0, 0.5], "m"), "s"),
    "what is no number": {"a": 1.0, "kind": "relu", "nothing": None, "rows": [2.0, None]},
    "whole numbers": Point(1, pd.Series([2, 3])),
}
THING = pytest.mark.parametrize("thing", THINGS.values(), ids=THINGS)


def close(got, wanted):
    np.testing.assert_allclose(np.array(got, float), np.array(wanted, float), rtol=1e-11, atol=1e-13)


@THING
def test_what_comes_in_comes_out(thing):
    flat = [float(x) for x in numbers(thing)]
    value, slopes = value_and_grad(of_numbers)(flat)
    p = compile(f)
    for answer in (value_and_grad(f)(thing), p.value_and_grad(thing), compile(lambda t: value_and_grad(f)(t))(thing),
                   compile(lambda t: p.value_and_grad(t))(thing), value_and_grad(p)(thing)):  # fmt: skip
        close(answer[0], value)
        assert_alike(answer[1], thing)
        close(numbers(answer[1]), slopes)
    assert check_grad(f, thing).ok
    for answer in (hessian(f)(thing), p.hessian(thing)):
        found = np.concatenate([np.ravel(np.asarray(x, float)) for x in arrays(answer)])
        close(sorted(found), sorted(np.ravel(hessian(of_numbers)(flat))))


@THING
def test_as_what_is_answered(thing):
    """A function to such a thing: its values, and how they move."""
    flat = [float(x) for x in numbers(thing)]
    _, structure = ag.structure.flatten(thing, flags=True)

    def made(x):
        return structure.build([x * x * c for c in flat])

    for answer in (compile(made)(3.0), jvp(made, (3.0,), (1.0,))[0], compile(made).jvp(3.0, 1.0)[0]):
        assert_alike(answer, thing)
        close(numbers(answer), [9.0 * c for c in flat])
    for answer in (jacobian(made)(3.0), compile(made).jacobian(3.0), jvp(made, (3.0,), (1.0,))[1]):
        assert_alike(answer, thing)
        close(numbers(answer), [6.0 * c for c in flat])
    weights = structure.build([1.0 + i for i in range(len(flat))])
    wanted = sum((1.0 + i) * 6.0 * c for i, c in enumerate(flat))
    close(vjp(made, 3.0)[1](weights)[0], wanted)
    close(compile(made).vjp(3.0, weights)[1], wanted)


@THING
def test_directions_bound_calls_and_prepared_arrays(thing):
    flat = [float(x) for x in numbers(thing)]
    along = ag.structure.flatten(thing, flags=True)[1].build([0.5 - i for i in range(len(flat))])
    value, moved = jvp(of_numbers, (flat,), ([0.5 - i for i in range(len(flat))],))
    p = compile(f)
    for answer in (jvp(f, (thing,), (along,)), p.jvp(thing, along), p.jvp.bind(thing, along)()):
        close(answer, (value, moved))
    bound = p.value_and_grad.bind(thing)
    close(np.concatenate([np.ravel(x) for x in numbers(bound()[1])] or [[]]), grad(of_numbers)(flat))
    answer = p.grad(thing)
    out = room_like(answer)
    assert p.grad(thing, out=out) is out
    close([float(x) for part in arrays(out) for x in np.ravel(part)], numbers(answer))


def room_like(answer):
    """The same around arrays to be filled; of a Series its array."""
    kind = kind_of(type(answer))
    if kind is None or kind.is_array:
        return np.zeros(np.shape(answer))
    if kind in (FIXED, FLAG):
        return answer
    parts, keys, rest = kind.apart(answer)
    return kind.together(type(answer), keys, rest, [getattr(p, "value", p) if isinstance(p, Static) else room_like(p)
                                                    for p in parts])  # fmt: skip


def test_a_bool_chooses_where_it_is_handed_in_and_is_a_number_where_it_is_answered():
    g = lambda t: t["a"] ** 2 if t["on"] else t["a"]  # noqa: E731
    for ask in (grad(g), compile(g).grad, compile(grad(g))):
        assert ask({"a": 3.0, "on": True}) == {"a": 6.0, "on": True}
        assert ask({"a": 3.0, "on": False}) == {"a": 1.0, "on": False}
    assert (
        jacobian(lambda x: [x > 0, True, x])(2.0)
        == compile(lambda x: [x > 0, True, x]).jacobian(2.0)
        == [0.0, 0.0, 1.0]
    )


def test_values_in_them_make_a_graph():
    for make in (lambda a, b: Layer.__new__(Layer), lambda a, b: Point(a, [b]), lambda a, b: Slotted(a, b)):
        a, b = Value(2.0), Value(3.0)
        thing = make(a, b)
        if isinstance(thing, Layer):
            thing.w, thing.b, thing.kind = a, b, "tanh"
        slopes = compile(f).grad(thing)
        assert type(slopes) is type(thing)
        numbers(slopes)[0].backward()
        wanted = hessian(of_numbers)([2.0, 3.0])[0]
        close([a.grad, b.grad], wanted)


# -- samples ----------------------------------------------------------------------------------------


def drawn(dice, rng, depth=2):
    """A thing, an axis for each of its parts, and how to draw one like it: (thing, axes)."""
    kind = dice.choice(["number", "array", "array", "dict", "point", "layer", "slotted", "ordered", "list", "pair"][
        : 10 if depth else 3])  # fmt: skip
    axis = dice.choice([None, 0, 0, -1])
    if kind == "number":
        return float(rng.normal()), None if axis is None else 0
    if kind == "array":
        return rng.normal(size=dice.choice([(2,), (2, 2)])), axis
    first, second = drawn(dice, rng, depth - 1), drawn(dice, rng, depth - 1)
    make = {"dict": lambda a, b: {"b": a, "a": b}, "point": Point, "ordered": lambda a, b: OrderedDict(b=a, a=b),
            "slotted": Slotted, "list": lambda a, b: [a, b], "pair": lambda a, b: Pair(a, b, "m"),
            "layer": lambda a, b: {"w": a, "b": b}}[kind]  # fmt: skip
    if kind == "layer":
        made = Layer.__new__(Layer)
        made.w, made.b, made.kind = first[0], second[0], "relu"
        return made, {"w": first[1], "b": second[1], "kind": None}
    return make(first[0], second[0]), make(first[1], second[1])


def with_samples(thing, axes, samples, rng):
    """(the thing with samples along its axes, what it is in each sample)."""
    if not isinstance(axes, (int, type(None))):
        inner = [(key, with_samples(part, axis_of(axes, key), samples, rng)) for key, part in parts_of(thing)
                 if not isinstance(part, str)]  # fmt: skip
        whole = put_together(thing, {key: part[0] for key, part in inner})
        return whole, [put_together(thing, {key: part[1][k] for key, part in inner}) for k in range(samples)]
    if axes is None:
        return thing, [thing] * samples
    each = [thing + 0.3 * rng.normal(size=np.shape(thing)) for _ in range(samples)]
    return np.stack(each, axis=axes), each


def axis_of(axes, key):
    return dict(parts_of(axes))[key]


def put_together(like, parts):
    if is_dataclass(like):
        made = type(like).__new__(type(like))
        for of in fields(like):
            setattr(made, of.name, parts.get(of.name, getattr(like, of.name)))
        return made
    if isinstance(like, Pair):
        return Pair(parts["first"], parts["second"], like.unit)
    if isinstance(like, dict):
        return type(like)((key, parts[key]) for key in like)
    listed = [parts[i] for i in range(len(like))]
    return type(like)(*listed) if isinstance(like, Point) else listed


@pytest.mark.parametrize("seed", range(40))
def test_each_part_may_have_samples_along_an_axis_of_its_own(seed):
    dice, rng = random.Random(seed), np.random.default_rng(seed)
    (a, axes), (b, _) = drawn(dice, rng), drawn(dice, rng, 1)
    samples, argnums = dice.choice([1, 3]), dice.choice([0, 1, (0, 1)])
    whole, each = with_samples(a, axes, samples, rng)
    options = {"argnums": argnums, "in_axes": (axes, None), "backend": dice.choice(["interpreter", "numpy", "llvm"])}
    answers = [value_and_grad(f, argnums)(x, b) for x in each]
    values, rows = zip(*[(value, numbers(slopes)) for value, slopes in answers], strict=True)
    p, rows = compile(f, **options), np.array(rows, float)
    of_a, of_b = numbers_of_axes(axes), [None] * len(arrays(b))
    if all(axis is None for axis in of_a):
        close(p(whole, b), values[0])
        return
    found = p.value_and_grad(whole, b)
    close(found[0], values)
    close(np.concatenate([np.reshape(x, (samples, -1)) for x in arrays(found[1])], axis=1), rows)
    found = compile(f, reduce="mean", **options).value_and_grad(whole, b)
    close(found[0], np.mean(values))
    start = 0
    for axis, got in zip({0: of_a, 1: of_b, (0, 1): of_a + of_b}[argnums], arrays(found[1]), strict=True):
        stop = start + np.size(got) // (1 if axis is None else samples)
        wanted = rows[:, start:stop] / samples
        close(np.reshape(got, (-1, stop - start)), wanted.sum(axis=0, keepdims=True) if axis is None else wanted)
        start = stop


def numbers_of_axes(axes):
    if isinstance(axes, (int, type(None))):
        return [axes]
    return [axis for key, part in parts_of(axes) if key != "kind" for axis in numbers_of_axes(part)]


def arrays(thing):
    """All numbers and arrays in it, in order."""
    if thing is None or isinstance(thing, str):
        return []
    parts = parts_of(thing)
    return [thing] if parts is None else [x for _, part in parts for x in arrays(part)]


def test_axes_that_do_not_fit_are_named():
    p = compile(lambda d: d["a"] * d["b"], in_axes=({"a": 0, "c": None},))
    with pytest.raises(ArgumentError, match=r"in_axes of argument 0: expected a dict of \['a', 'b'\]"):
        p({"a": np.ones(2), "b": 1.0})
    with pytest.raises(ArgumentError, match=r"in_axes has .* for argument 0, which is not made of parts: ndarray"):
        p(np.ones(2))
    with pytest.raises(ArgumentError, match="in_axes"):
        compile(lambda d: d["a"], in_axes=({"a": "x"},))({"a": np.ones(2)})
    with pytest.raises(ArgumentError, match="goes over a batch"):
        compile(lambda d: d["a"], in_axes=({"a": None},), reduce="sum")
    with pytest.raises(ArgumentError, match=r"\[2, 3\] samples"):
        compile(lambda d: d["a"] * d["b"], in_axes=({"a": 0, "b": 0},))({"a": np.ones(2), "b": np.ones(3)})
    weights = compile(lambda x: x * x, in_axes=0)
    with pytest.raises(ArgumentError, match="the weights: expected 3 samples, as the arguments have, got 2"):
        weights.vjp(np.ones(3), np.ones(2))


def test_axes_are_as_in_jax():
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
    jax.config.update("jax_enable_x64", True)

    def f(p, x):
        return p["w"][0] * x * p["w"][1] + p["b"] * x * x

    p, x = {"w": [np.array([1.0, 2.0, 3.0]), 0.5], "b": np.array([0.25, -1.0, 2.0])}, np.array([2.0, 3.0, 5.0])
    for axes in (({"w": [0, None], "b": 0}, None), ({"w": [0, None], "b": 0}, 0), (({"w": [0, None], "b": 0}), 0)):
        at = (p, x if axes[1] == 0 else 1.5)
        close(compile(f, in_axes=axes)(*at), jax.vmap(f, in_axes=axes)(*at))
        ours, theirs = compile(f, in_axes=axes).grad(*at), jax.vmap(jax.grad(f), in_axes=axes)(*at)
        for mine, other in zip(jax.tree_util.tree_leaves(ours), jax.tree_util.tree_leaves(theirs), strict=True):
            close(mine, other)


def test_a_series_of_samples():
    s = pd.Series([1.0, 2.0, 4.0], index=["a", "b", "c"])
    assert compile(lambda x: x * x, in_axes=0).value_and_grad(s)[1].tolist() == [2.0, 4.0, 8.0]
    assert compile(lambda w, x: (w * x).sum(), in_axes=(0, None)).grad(np.ones((2, 3)), s).tolist() == [s.tolist()] * 2


# -- the order of keys ------------------------------------------------------------------------------


def test_the_order_of_keys_makes_no_second_recording():
    p = compile(lambda d: d["a"] * 2.0 + d["n"]["x"] * d["n"]["y"])
    first = {"a": 1.0, "n": {"x": 2.0, "y": 3.0}}
    second = {"n": {"y": 3.0, "x": 2.0}, "a": 1.0}
    assert p(first) == p(second) == 8.0
    assert p.grad(first) == p.grad(second) == {"a": 2.0, "n": {"x": 3.0, "y": 2.0}}
    assert len(p._recordings) == 1
    assert p.jvp(second, second) == (8.0, 14.0)
    assert [float(x) for x in p.value_and_grad.bind(second)()[1]["n"].values()] == [3.0, 2.0]
    q = compile(lambda d: d["a"] * d["b"] ** 2, in_axes=({"a": 0, "b": None},))
    A = np.array([1.0, 2.0])
    assert q({"a": A, "b": 3.0}).tolist() == q({"b": 3.0, "a": A}).tolist() == [9.0, 18.0]
    assert len(q._recordings) == 1
    nodes = {"a": Value(1.0), "b": Value(2.0)}
    graph = ag.compile_graph(nodes["a"] * nodes["b"] ** 2, [nodes])
    assert graph({"b": 3.0, "a": 2.0}) == 18.0


def test_where_the_order_of_keys_counts_there_is_one():
    """As in plain Python: what goes through a dict from the first key to the last."""
    first, second = {"a": 2.0, "b": 5.0}, {"b": 5.0, "a": 2.0}
    for f in (lambda d: next(iter(d.values())) * 3.0, lambda d: ag.tanh(next(iter(d.values())) - [*d.values()][1]),
              lambda d: [2.0 * x for x in d.values()], lambda d: {key: 2.0 * x for key, x in d.items()}):  # fmt: skip
        p = compile(f)
        for thing in (first, second, first, second):
            got, wanted = p(thing), f(thing)
            assert got == (pytest.approx(wanted) if isinstance(wanted, float) else wanted)
            assert list(got) == list(wanted) if isinstance(wanted, dict) else True
        assert len(p._recordings) == 2
    seen = []
    p = compile(lambda d: seen.append(1) or d["a"] * d["b"])
    assert [p(thing) for thing in (first, second, first, second, second)] == [10.0] * 5
    assert (len(p._recordings), len(seen)) == (1, 2)  # recorded once more to see that it is the same


def test_an_ordered_dict_has_its_order():
    p = compile(lambda d: next(iter(d.values())) * 2.0)
    assert [p(OrderedDict(a=1.0, b=5.0)), p(OrderedDict(b=5.0, a=1.0))] == [2.0, 10.0]


def test_many_orders_are_forgotten_as_recordings_are():
    p = compile(lambda d: ag.sum([d[key] for key in sorted(d)]))
    for n in range(1, 40):
        thing = {f"k{i}": 1.0 for i in range(n)}
        assert p(thing) == p(dict(reversed(thing.items()))) == float(n)
    assert len(p._recordings) == len(p._in_any_order) <= 32
    assert len(p._alike) <= 32


# -- what cannot be made again ------------------------------------------------------------------------


class Vector(list):
    def __init__(self, n):
        super().__init__([1.0] * n)


class Unit(tuple):
    __slots__ = ()

    def __new__(cls, *parts):
        return super().__new__(cls, [p / sum(parts) for p in parts])


class Counted(dict):
    def __init__(self, **parts):
        super().__init__(parts)


@dataclass
class Scaled:
    x: float
    scale = 1.0  # not a field


def scaled():
    made = Scaled(2.0)
    made.scale = 10.0
    return made


def labelled():
    made = Plain([1.0, 2.0])
    made.unit = "m"
    return made


ASKED = [grad(lambda t: f(t)), compile(lambda t: f(t))]


@pytest.mark.parametrize("ask", ASKED, ids=["grad", "compile"])
@pytest.mark.parametrize("make", [lambda: Vector(2), lambda: Unit(1.0, 2.0), lambda: Counted(a=1.0), scaled, labelled])
def test_what_would_lose_something_is_refused(make, ask):
    with pytest.raises(OperandError, match=r"would be lost.*register_structure"):
        ask({"deep": [make()]})
    with pytest.raises(OperandError, match=r"would be lost.*register_structure"):
        ask(make())


def test_it_can_be_registered(monkeypatch):
    monkeypatch.setattr("autograd.kinds._KINDS", {**_KINDS})
    register_structure(Vector, lambda v: (list(v), None), lambda _, parts: (made := Vector(0)).extend(parts) or made)
    slopes = compile(lambda v: v[0] * v[1]).grad(Vector(2))
    assert (type(slopes), list(slopes)) == (Vector, [1.0, 1.0])
    with pytest.raises(ArgumentError, match="is a number or an array"):
        register_structure(np.ndarray, lambda a: (a, None), lambda _, parts: parts)
    register_structure(
        Counted, lambda c: (list(c.values()), [*c]), lambda keys, parts: Counted(**dict(zip(keys, parts, strict=True)))
    )
    with pytest.raises(ArgumentError, match=r"what register_structure's take_apart says of a Counted .* list"):
        compile(lambda c: c["a"])(Counted(a=1.0))


def cyclic(kind):
    made = kind()
    if isinstance(made, dict):
        made["x"], made["self"] = 1.0, made
    else:
        made += [1.0, made]
    return made


def deep(n):
    thing = 1.0
    for _ in range(n):
        thing = [thing]
    return thing


@pytest.mark.parametrize("ask", ASKED, ids=["grad", "compile"])
@pytest.mark.parametrize("make", [lambda: cyclic(list), lambda: cyclic(dict), lambda: deep(2000), lambda: [deep(500)]])
def test_what_never_ends_is_refused(make, ask):
    with pytest.raises(ArgumentError, match="nested more than 100 deep, or contains itself"):
        ask(make())
    with pytest.raises(ArgumentError):
        compile(f, in_axes=0)(make())


def test_what_never_ends_is_no_answer_and_no_direction_either():
    for ask in (lambda: compile(lambda x: deep(2000))(1.0), lambda: grad(lambda x: cyclic(list))(1.0),
                lambda: jvp(lambda x: x[0], ([1.0],), (cyclic(list),)), lambda: vjp(lambda x: [x], 1.0)[1](deep(2000)),
                lambda: compile(lambda x: x[0]).hvp([1.0], deep(2000)), lambda: check_grad(f, deep(2000)),
                lambda: compile(lambda x: [x]).vjp(1.0, cyclic(list))):  # fmt: skip
        with pytest.raises((ArgumentError, OperandError)):
            ask()
    assert compile(f)(deep(90)) == pytest.approx(f(deep(90)), rel=1e-15)


@pytest.mark.parametrize(("thing", "other"), [
    (Layer([1.0], 2.0), {"w": [1.0], "b": 2.0}), (Pair(1.0, 2.0, "m"), Pair(1.0, 2.0, "s")),
    (Frozen(1.0), Frozen(1.0, count=3)), (Point(1.0, 2.0), (1.0,)),
    (pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0, 3.0])), ({"a": 1.0, "k": "x"}, {"a": 1.0, "k": "y"}),
])  # fmt: skip
def test_directions_made_otherwise_are_refused(thing, other):
    for ask in (lambda: jvp(f, (thing,), (other,)), lambda: compile(f).jvp(thing, other)):
        with pytest.raises(ArgumentError, match="expected"):
            ask()


def test_where_no_number_stands_a_direction_has_the_same_or_none():
    assert jvp(f, ({"a": 1.0, "k": "x"},), ({"a": 1.0, "k": None},))[1] == grad(f)({"a": 1.0, "k": "x"})["a"]


def test_a_series_of_values_is_answered():
    s = pd.Series([1.0, 2.0, 3.0], index=list("uvw"))
    assert compile(lambda s: s * s["u"])(s).to_dict() == {"u": 1.0, "v": 2.0, "w": 3.0}
    assert jacobian(lambda s: s * s["u"])(s).tolist() == [[2.0, 0.0, 0.0], [2.0, 1.0, 0.0], [3.0, 0.0, 1.0]]
    assert jvp(lambda s: s * s["u"], (s,), (s,))[1].to_dict() == {"u": 2.0, "v": 4.0, "w": 6.0}
