"""How functions are called: by name, with defaults, with what is no number, with something beside their value."""

from __future__ import annotations

import copy
import dataclasses
import enum
import multiprocessing
import pickle
from functools import partial

import numpy as np
import pytest

import autograd as ag
from autograd import (
    ArgumentError,
    GraphError,
    OperandError,
    Value,
    check_grad,
    compile,
    compile_graph,
    fixed_point,
    fori_loop,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    minimize,
    root,
    scan,
    tanh,
    taylor,
    value_and_grad,
    value_and_jacobian,
    vjp,
    vmap,
    while_loop,
)  # fmt: skip
from autograd.kinds import Static


def f(x, y=3.0, *, k=2.0):
    return x * x * y + k * x


CALLS = {
    "x": ((2.0,), {}),
    "x, y": ((2.0, 5.0), {}),
    "x, y=": ((2.0,), {"y": 5.0}),
    "y=, x=": ((), {"y": 5.0, "x": 2.0}),
    "x, k=": ((2.0,), {"k": 7.0}),
    "k=, y=, x=": ((), {"k": 7.0, "y": 5.0, "x": 2.0}),
}


@pytest.mark.parametrize("call", CALLS)
def test_arguments_come_by_name(call):
    args, named = CALLS[call]
    x, y, k = 2.0, args[1] if len(args) > 1 else named.get("y", 3.0), named.get("k", 2.0)
    value, slope = x * x * y + k * x, 2 * x * y + k
    p = compile(f)
    assert value_and_grad(f)(*args, **named) == p.value_and_grad(*args, **named) == (value, slope)
    assert p(*args, **named) == f(*args, **named) == value
    assert grad(p)(*args, **named) == grad(f)(*args, **named) == p.grad(*args, **named) == slope
    assert [float(v) for v in p.value_and_grad.bind(*args, **named)()] == [value, slope]
    assert hessian(f)(*args, **named) == p.hessian(*args, **named) == 2 * y
    if args:
        assert p.hvp(*args, 10.0, **named) == 20.0 * y
    assert p.jvp(2.0, 10.0, y=y, k=k) == (value, 10.0 * slope)
    assert p.vjp(2.0, 10.0, k=k, y=y) == (value, 10.0 * slope)
    assert jacobian(f)(*args, **named) == p.jacobian(*args, **named) == slope
    assert value_and_jacobian(f)(*args, **named) == p.value_and_jacobian(*args, **named) == (value, slope)
    assert jvp(f, (2.0,), (10.0,), y=y, k=k) == (value, 10.0 * slope)
    assert vjp(f, 2.0, y=y, k=k)[1](10.0) == (10.0 * slope,)
    assert hvp(f, (2.0,), (10.0,), y=y, k=k) == (20.0 * y,)


def test_by_name_or_by_position_is_one_recording():
    p = compile(f)
    assert p(2.0, 5.0) == p(2.0, y=5.0) == p(y=5.0, x=2.0) == 24.0
    assert len(p._recordings) == 1
    assert p(2.0, 5.0, k=1.0) == p(k=1.0, x=2.0, y=5.0) == 22.0
    assert len(p._recordings) == 2


def test_a_default_stays_what_it_is_in_python():
    p = compile(lambda x, n=3: ag.sum([x**i for i in range(n)]))
    assert p(2.0) == 7.0
    assert p.grad(2.0) == 5.0


def test_argnums_reach_what_came_by_name_and_can_stand_by_position():
    assert grad(f, 1)(2.0, y=5.0) == compile(f, argnums=1).grad(y=5.0, x=2.0) == 4.0
    assert grad(f, (0, 1))(y=5.0, x=2.0) == compile(f, argnums=(0, 1)).grad(2.0, y=5.0) == (22.0, 4.0)
    assert compile(f, argnums=-1).grad(2.0, y=5.0, k=1.0) == 4.0  # the last by position
    assert compile(f, argnums=-1).grad(2.0, y=5.0, k=Value(1.0)).data == 4.0
    with pytest.raises(ArgumentError, match="argnums 2"):
        compile(f, argnums=2).grad(2.0, 5.0, k=1.0)


def test_a_call_that_python_would_refuse_is_refused():
    for wrong in (
        lambda p: p(2.0, z=1.0),
        lambda p: p(2.0, x=1.0),
        lambda p: p.grad(y=1.0),
        lambda p: p(1.0, 2.0, 3.0),
    ):
        with pytest.raises(TypeError):
            wrong(compile(f))
    x = Value(2.0)
    with pytest.raises(ArgumentError, match="a graph takes its arguments by position, got x by name"):
        compile_graph(x * x, [x])(x=1.0)


def test_a_function_takes_any_names_and_of_those_that_it_has_the_order_makes_no_difference():
    p = compile(lambda x, **weights: ag.sum([w * x ** int(name[1:]) for name, w in weights.items()]))
    assert p(2.0, w1=3.0, w3=1.0) == p(2.0, w3=1.0, w1=3.0) == 14.0
    assert len(p._recordings) == 2
    q = compile(lambda x, *, a, b=2.0: x * a - b)
    assert q(2.0, a=3.0, b=1.0) == q(2.0, b=1.0, a=3.0) == 5.0
    assert len(q._recordings) == 1
    assert list(p.program.inputs) == ["x", "w3", "w1"]  # of the last call


def test_arguments_by_name_over_a_batch():
    X = np.array([1.0, 2.0, 3.0])
    p = compile(f, in_axes=(0, None))
    assert p(X, y=5.0).tolist() == p(y=5.0, x=X).tolist() == (X * X * 5.0 + 2.0 * X).tolist()
    assert compile(f, in_axes=0)(X, k=X).tolist() == (X * X * 3.0 + X * X).tolist()
    assert compile(f, in_axes=0).grad(X, k=X).tolist() == (6.0 * X + X).tolist()
    with pytest.raises(ArgumentError, match="speaks of arguments by position, and k came by name"):
        p(X, 5.0, k=1.0)


def test_the_other_name_of_argnums():
    assert (
        grad(f, argnum=1)(2.0, 5.0)
        == value_and_grad(f, argnum=1)(2.0, 5.0)[1]
        == jacobian(f, argnum=1)(2.0, 5.0)
        == 4.0
    )
    assert hessian(f, argnum=(0, 1))(2.0, 5.0)[0] == (10.0, 4.0)
    with pytest.raises(ArgumentError, match="one of argnum=1 and argnums=2"):
        grad(f, 2, argnum=1)


# -- what is no number --------------------------------------------------------------------------------


class Rule(enum.Enum):
    SQUARE = 2
    CUBE = 3


class Count(enum.IntEnum):
    TWO = 2


def chosen(x, how):
    """Decides on its argument in ways that no recorded number allows."""
    if how is None:
        return x
    if isinstance(how, bool):
        return x * 2.0 if how else -x
    if isinstance(how, str):
        return getattr(ag, how)(x)
    if isinstance(how, enum.Enum):
        return x**how.value
    return how(x)


HOWS = {
    "None": None, "True": True, "False": False, "NumPy's True": np.True_, "a name": "exp", "a member": Rule.SQUARE,
    "another": Rule.CUBE, "an int": Count.TWO, "a function": tanh, "NumPy's": np.sin, "a partial": partial(pow, 2.0),
}  # fmt: skip


@pytest.mark.parametrize("how", HOWS.values(), ids=HOWS)
def test_what_holds_no_number_is_part_of_the_recording(how):
    how_plain = bool(how) if isinstance(how, np.bool_) else how
    g = lambda x, how: chosen(x, bool(how) if isinstance(how, np.bool_) else how)  # noqa: E731
    value, slope = value_and_grad(lambda x: chosen(x, how_plain))(0.75)
    p = compile(g)
    for _ in range(2):
        assert p(0.75, how) == pytest.approx(value, rel=1e-14)
        assert p.value_and_grad(0.75, how=how) == pytest.approx((value, slope), rel=1e-14)
    assert len(p._recordings) == 1
    assert value_and_grad(g)(0.75, how) == pytest.approx((value, slope), rel=1e-14)
    assert compile(g, in_axes=(0, None)).grad(np.array([0.75, 0.75]), how) == pytest.approx([slope] * 2, rel=1e-14)
    assert compile(g, in_axes=0).grad(np.array([0.75, 0.75]), how) == pytest.approx([slope] * 2, rel=1e-14)
    assert p.grad(Value(0.75), how).data == pytest.approx(slope, rel=1e-14)
    assert compile(lambda x: p.grad(x, how))(0.75) == pytest.approx(slope, rel=1e-14)
    assert p.value_and_grad.bind(0.75, how)()[1] == pytest.approx(slope, rel=1e-14)
    assert p.jvp(0.75, how, 2.0)[1] == pytest.approx(2 * slope, rel=1e-14)


def test_what_is_equal_in_python_may_be_another_recording():
    """1, 1.0 and True have one hash, and are equal."""
    seen = compile(lambda x, how: x * {bool: 1.0, int: 10.0, float: 100.0}[type(how)], static_argnums=1)
    assert [seen(1.0, how) for how in (1, True, 1.0, 1, True)] == [10.0, 1.0, 100.0, 10.0, 1.0]
    assert Static(1) == Static(1) != Static(True) != 1


def power_sum(x, n, scale=1.0):
    return scale * ag.sum([x**i for i in range(n)])


@pytest.mark.parametrize("options", [{"static_argnums": 1}, {"static_argnums": (1,)}, {"static_argnums": -2},
                                     {"static_argnames": "n"}, {"static_argnames": ("n",)}])  # fmt: skip
def test_static_arguments_by_position_or_by_name(options):
    p = compile(power_sum, **options)
    assert [p(2.0, 3), p(2.0, n=3), p(n=3, x=2.0), p(2.0, 4)] == [7.0, 7.0, 7.0, 15.0]
    assert len(p._recordings) == 2
    assert p.grad(2.0, 3, 10.0) == p.grad(2.0, n=3, scale=10.0) == 50.0
    assert p.program.inputs == ("x", "scale")
    X = np.array([1.0, 2.0])
    assert compile(power_sum, in_axes=(0, None), **options)(X, 3).tolist() == [3.0, 7.0]


def test_static_arguments_are_told_as_in_jax():
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")

    def f(x, n, scale=1.0):
        return scale * sum(x**i for i in range(n))

    for options in ({"static_argnums": 1}, {"static_argnames": "n"}, {"static_argnames": ("n",)}):
        ours, theirs = compile(f, **options), jax.jit(f, **options)
        for args, named in (((2.0, 3), {}), ((2.0,), {"n": 4}), ((2.0, 3, 5.0), {}), ((2.0, 3), {"scale": 2.0})):
            assert ours(*args, **named) == pytest.approx(float(theirs(*args, **named)), rel=1e-6)


def test_mistakes_with_static_arguments_are_named():
    p = compile(power_sum, static_argnums=1)
    with pytest.raises(ArgumentError, match=r"argument 1 is compared .* by its hash, which list \[3\] has not"):
        p(2.0, [3])
    with pytest.raises(ArgumentError, match="n is compared"):
        compile(lambda x, *, n: x, static_argnames="n")(2.0, n={})
    for options in ({"static_argnums": 3}, {"static_argnames": "m"}):
        with pytest.raises(ArgumentError, match="the function has"):
            compile(power_sum, **options)
    with pytest.raises(OperandError, match="argument 1 holds no number, along which to differentiate, got int 3"):
        compile(power_sum, static_argnums=1, argnums=1).grad(2.0, 3)
    with pytest.raises(OperandError, match="argument 0 holds no number, along which to differentiate, got str 'a'"):
        compile(lambda x: x).grad("a")
    with pytest.raises(OperandError, match="got str 'a'"):
        grad(lambda x: x)("a")
    with pytest.raises(OperandError, match="argument 0 is True, along which nothing is differentiated"):
        grad(lambda x: x)(True)
    with pytest.raises(GraphError, match="counts or chooses"):
        compile(power_sum)(2.0, 3)


# -- beside the value -------------------------------------------------------------------------------


def with_aux(x, y):
    square = x * x
    return square * y, {"square": square, "rows": [np.array([x, y]), (2.0, None)], "name": "f"}


AUX = {"square": 4.0, "rows": [np.array([2.0, 5.0]), (2.0, None)], "name": "f"}


def same(got, wanted):
    """Equal, of the same classes, with dicts in any order."""
    if isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(same(got[key], wanted[key]) for key in wanted)
    if isinstance(wanted, (list, tuple)):
        return type(got) is type(wanted) and len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, np.ndarray):
        return isinstance(got, np.ndarray) and got.dtype == wanted.dtype and np.array_equal(got, wanted)
    return type(got) is type(wanted) and got == wanted


def test_what_stands_beside_the_value_comes_back():
    p = compile(with_aux, has_aux=True)
    at = (2.0, 5.0)
    assert same(p(*at), (20.0, AUX))
    for answer in (
        grad(with_aux, has_aux=True)(*at),
        p.grad(*at),
        jacobian(with_aux, has_aux=True)(*at),
        p.jacobian(*at),
    ):
        assert same(answer, (20.0, AUX))
    for answer in (value_and_grad(with_aux, has_aux=True)(*at), p.value_and_grad(*at),
                   value_and_jacobian(with_aux, has_aux=True)(*at), p.value_and_jacobian(*at)):  # fmt: skip
        assert same(answer, ((20.0, AUX), 20.0))
    assert same(hessian(with_aux, has_aux=True)(*at), (10.0, AUX))
    assert same(p.hessian(*at), (10.0, AUX))
    assert same(p.hvp(*at, 3.0), (30.0, AUX))
    assert same(hvp(with_aux, at, (3.0, 0.0), has_aux=True), ((30.0, 12.0), AUX))
    assert same(jvp(with_aux, at, (3.0, 0.0), has_aux=True), (20.0, 60.0, AUX))
    assert same(p.jvp(*at, 3.0), (20.0, 60.0, AUX))
    value, pull, aux = vjp(with_aux, *at, has_aux=True)
    assert same((value, pull(3.0), aux), (20.0, (60.0, 12.0), AUX))
    assert same(p.vjp(*at, 3.0), (20.0, 60.0, AUX))


def test_it_is_as_in_jax():
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")

    def f(x, y):
        return x[0] * x[1] * y, {"s": x[0] + y, "n": None}

    def plain(thing):
        return jax.tree_util.tree_map(float, thing)

    x, y = [2.0, 3.0], 5.0
    for ask in ("grad", "value_and_grad", "hessian"):
        theirs = plain(getattr(jax, ask)(f, has_aux=True)(x, y))
        assert getattr(ag, ask)(f, has_aux=True)(x, y) == theirs
        assert getattr(compile(f, has_aux=True), ask)(x, y) == theirs
    assert jacobian(f, has_aux=True)(x, y) == plain(jax.jacrev(f, has_aux=True)(x, y))
    along = ([1.0, -1.0], 0.5)
    assert jvp(f, (x, y), along, has_aux=True) == plain(jax.jvp(f, (x, y), along, has_aux=True))
    assert compile(f, has_aux=True, argnums=(0, 1)).jvp(x, y, along) == plain(jax.jvp(f, (x, y), along, has_aux=True))
    value, pull, aux = jax.vjp(f, x, y, has_aux=True)
    wanted = (float(value), plain(pull(2.0)), plain(aux))
    assert compile(f, has_aux=True, argnums=(0, 1)).vjp(x, y, 2.0) == wanted
    value, pull, aux = vjp(f, x, y, has_aux=True)
    assert (value, pull(2.0), aux) == wanted


def test_beside_the_value_over_a_batch():
    X, at = np.array([1.0, 2.0, 4.0]), (np.array([1.0, 2.0, 4.0]), 5.0)
    f = lambda x, y: (x * x * y, [x, y])  # noqa: E731
    p = compile(f, has_aux=True, in_axes=(0, None))
    (value, aux), slope = p.value_and_grad(*at)
    assert [value.tolist(), slope.tolist()] == [(5 * X * X).tolist(), (10 * X).tolist()]
    assert [aux[0].tolist(), aux[1].tolist()] == [X.tolist(), [5.0] * 3]
    mean = compile(f, has_aux=True, in_axes=(0, None), reduce="mean", argnums=1)
    assert mean.value_and_grad(*at) == ((35.0, [7.0 / 3, 5.0]), 7.0)
    assert mean.vjp(*at, 2.0) == (35.0, 14.0, [7.0 / 3, 5.0])


def test_values_beside_the_value_are_a_graph_where_they_were_there_before():
    w = Value(3.0)
    slope, aux = grad(lambda x: (x * x, {"w": w, "x": x, "product": w * x}), has_aux=True)(2.0)
    assert (slope, aux["w"], aux["x"]) == (4.0, w, 2.0)
    aux["product"].backward()
    assert w.grad == 2.0
    slope, aux = grad(lambda x: (x * w, x * x), has_aux=True)(Value(2.0))
    assert isinstance(aux, Value)
    assert aux.data == 4.0
    inside = compile(lambda x: grad(lambda y: (y * y, x), has_aux=True)(2.0)[1] * 3.0)
    assert inside(5.0) == 15.0
    assert grad(lambda x: grad(lambda y: (y * y, x * y), has_aux=True)(2.0)[1])(5.0) == 2.0


@pytest.mark.parametrize("answer", [lambda x: x, lambda x: [x, x], lambda x: (x, x, x), lambda x: {"y": x}])
def test_without_a_pair_it_is_refused(answer):
    for ask in (grad(answer, has_aux=True), compile(answer, has_aux=True).grad, jacobian(answer, has_aux=True)):
        with pytest.raises(ArgumentError, match="returns a pair, what is differentiated and what is not"):
            ask(2.0)


# -- the decorator ----------------------------------------------------------------------------------


@compile
def plain(x):
    """The square."""
    return x * x


@compile(in_axes=(None, 0), reduce="mean")
def loss(w, x):
    return (w * x) ** 2


def doubled(x, *, k=2.0):
    return k * x


DOUBLED = compile(doubled, in_axes=0, reduce="sum", backend="numpy")


class Model:
    @staticmethod
    @compile(argnums=1)
    def area(width, height):
        return width * height


def test_it_is_a_decorator_with_options_and_without():
    assert plain.value_and_grad(3.0) == (9.0, 6.0)
    assert loss.value_and_grad(2.0, np.array([1.0, 2.0])) == (10.0, 10.0)
    assert (plain.__name__, plain.__doc__, plain.__wrapped__(3.0)) == ("plain", "The square.", 9.0)
    assert Model.area.grad(2.0, 3.0) == 2.0
    with pytest.raises(ArgumentError, match="reduce"):
        compile(reduce="max")(doubled)


# -- copies and pickles -----------------------------------------------------------------------------


def test_a_compiled_function_is_pickled_by_name():
    assert pickle.loads(pickle.dumps(plain)) is plain
    assert pickle.loads(pickle.dumps(Model.area)) is Model.area
    twin = pickle.loads(pickle.dumps(DOUBLED))
    assert twin is not DOUBLED
    assert (twin.f, twin.options) == (doubled, DOUBLED.options)
    assert twin(np.array([1.0, 2.0]), k=np.array([3.0, 4.0])) == 11.0
    assert twin.backend.startswith("numpy")


def test_so_is_a_question():
    ask = pickle.loads(pickle.dumps(loss.value_and_grad))
    assert ask(2.0, np.array([1.0, 2.0])) == (10.0, 10.0)
    assert pickle.loads(pickle.dumps(compile(np.sin).hessian))(0.5) == pytest.approx(-np.sin(0.5))


def test_what_has_no_name_says_so():
    def local(x):
        return x

    for hidden in (lambda x: x, local):
        for thing in (compile(hidden), compile(hidden).grad):
            with pytest.raises(GraphError, match="define it with def at the top of a module"):
                pickle.dumps(thing)


def test_another_process_records_anew():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(loss.value_and_grad, (2.0, np.array([1.0, 2.0]))) == (10.0, 10.0)
        assert pool.apply(DOUBLED, (np.array([1.0, 2.0]),)) == 6.0


def test_copies_have_their_own_recordings():
    p = compile(lambda x: x * x, backend="interpreter")
    assert p(3.0) == 9.0
    for twin in (copy.copy(p), copy.deepcopy(p), copy.deepcopy({"p": p})["p"]):
        assert twin.options == p.options
        assert len(twin._recordings) == 0
        assert twin.grad(3.0) == 6.0
    assert len(p._recordings) == 1


def test_a_graph_is_copied_and_pickled_with_what_it_captured():
    w, x = Value(2.0), Value(3.0)
    p = compile_graph(w * x * x, [x])
    shared, own, pickled = copy.copy(p), copy.deepcopy(p), pickle.loads(pickle.dumps(p))
    w.data = 10.0
    assert [q.value_and_grad(1.0) for q in (p, shared, own, pickled)] == [(10.0, 20.0)] * 2 + [(2.0, 4.0)] * 2


@pytest.mark.parametrize("n", [3, 3.0, (3, 1.0), [2, 3]], ids=repr)
def test_a_static_argument_that_is_a_number_is_none_on_values(n):
    """Inside a derivative or a recording the program is asked again: what is static is no input of it."""

    def f(x, n):
        return (n[0] * x**2 + n[1]) if isinstance(n, tuple) else n * x**2

    n = tuple(n) if isinstance(n, list) else n
    p = compile(f, static_argnums=1)
    slope = 2 * 2.0 * (n[0] if isinstance(n, tuple) else n)
    assert p.grad(2.0, n) == slope
    assert grad(p)(2.0, n) == slope
    assert grad(lambda x: p(x, n=n))(2.0) == slope
    assert compile(lambda x: p(x, n)).grad(2.0) == slope
    assert jvp(lambda x: p(x, n), (2.0,), (1.0,))[1] == slope
    assert p(Value(2.0), n).data == f(2.0, n)


def test_static_arguments_are_told_apart_by_class_and_sign():
    p = compile(lambda x, n: x * np.copysign(1.0, n), static_argnums=1)
    assert (p(2.0, 0.0), p(2.0, -0.0)) == (2.0, -2.0)
    q = compile(lambda x, n: x * (1.0 if type(n[0]) is int else 2.0), static_argnums=1)
    assert (q(1.0, (2,)), q(1.0, (2.0,)), q(1.0, (True,))) == (1.0, 2.0, 2.0)


@dataclasses.dataclass(frozen=True)
class Setting:
    s: object


@pytest.mark.parametrize("wrapped", [lambda n: n, lambda n: (n,), lambda n: Setting(n), lambda n: frozenset([n])])
def test_static_things_are_told_apart_by_what_they_hold(wrapped):
    def inside(c):
        return c.s if isinstance(c, Setting) else next(iter(c)) if isinstance(c, (tuple, frozenset)) else c

    p = compile(lambda x, c: x * np.copysign(1.0, inside(c)), static_argnums=1)
    assert [p(2.0, wrapped(n)) for n in (0.0, -0.0, np.float32(-0.0), 0.0)] == [2.0, -2.0, -2.0, 2.0]
    q = compile(lambda x, c: x * len(type(inside(c)).__name__), static_argnums=1)
    assert [q(1.0, wrapped(n)) for n in (2, 2.0, True)] == [3.0, 5.0, 4.0]


def test_keys_that_are_equal_and_not_the_same_are_two():
    p = compile(lambda d: sum((np.copysign(1.0, k) * v for k, v in d.items()), 0.0))
    assert (p({0.0: 1.0}), p({-0.0: 1.0}), p({0: 1.0})) == (1.0, -1.0, 1.0)
    q = compile(lambda d: d[1] * d[2])
    assert (q({1: 2.0, 2: 3.0}), q({2: 3.0, 1: 2.0})) == (6.0, 6.0)
    assert repr(q).endswith("recorded for 1 structure>")


WAYS_BY_NAME = {
    "called": lambda f: compile(f),
    "value": lambda f: compile(f).value,
    "Values": lambda f: lambda x, **named: compile(f)(Value(x), **named).data,
    "bound": lambda f: lambda x, **named: compile(f).value.bind(x, **named)(),
    "static": lambda f: compile(f, static_argnames="b"),
    "grad": lambda f: lambda x, **named: x * compile(f).grad(x, **named),
    "grad, uncompiled": lambda f: lambda x, **named: x * grad(f)(x, **named),
}


@pytest.mark.parametrize("way", WAYS_BY_NAME)
def test_what_comes_by_any_name_comes_in_the_caller_s_order(way):
    def f(x, *, first=0.0, **named):
        return x * sum((10.0**i * v for i, v in enumerate(named.values())), first)

    found = WAYS_BY_NAME[way](f)
    for _ in range(3):  # the way that is known from the call before, too
        assert found(2.0, b=1.0, a=3.0) == 62.0
        assert found(2.0, a=3.0, b=1.0) == 26.0
        assert found(2.0, a=3.0, first=100.0, b=1.0) == 226.0


NO_FUNCTION = {
    "grad": lambda f: grad(f)(1.0),
    "jacobian": lambda f: jacobian(f)(1.0),
    "hessian": lambda f: hessian(f)(1.0),
    "jvp": lambda f: jvp(f, (1.0,), (1.0,)),
    "vjp": lambda f: vjp(f, 1.0),
    "hvp": lambda f: hvp(f, (1.0,), (1.0,)),
    "taylor": lambda f: taylor(f, 1.0, 2),
    "check_grad": lambda f: check_grad(f, 1.0),
    "compile": compile,
    "vmap": vmap,
    "scan": lambda f: scan(f, 0.0, np.ones(2)),
    "fori_loop": lambda f: fori_loop(0, 2, f, 0.0),
    "while_loop": lambda f: while_loop(lambda x: x < 1.0, f, 0.0, 3),
    "root": lambda f: root(f, 1.0),
    "fixed_point": lambda f: fixed_point(f, 1.0),
    "minimize": lambda f: minimize(f, 1.0),
}


@pytest.mark.parametrize("call", NO_FUNCTION.values(), ids=NO_FUNCTION)
def test_what_a_function_answered_is_no_function(call):
    """As in grad(f(x)) for grad(f)(x)."""
    with pytest.raises(OperandError, match=r"of a function.* got"):
        call(9.0)
