"""==, !=, <, … and what is made of them: on Values they ask for numbers, on Symbols they are recorded."""

import copy
import functools
import itertools
import math
import operator
import pickle
import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd
from autograd import GraphError, OperandError, Value, compile, grad, greater, less, sin, where
from autograd.symbol import Condition, Symbol
from tests.support.comparisons import watched
from tests.support.kinks import at_kinks

pytestmark = at_kinks  # choices are tried where they change

COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
NUMBERS = [0.0, -0.0, 1.0, 2.5, -1.0, math.inf, -math.inf, math.nan]
BACKENDS = ["interpreter", "numpy", "llvm"]


def array_of(*items):
    found = np.empty(len(items), object)
    found[:] = items
    return found


# -- Values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", COMPARISONS)
def test_values_are_compared_by_their_numbers(ask):
    for a, b in itertools.product(NUMBERS, repeat=2):
        expected = ask(a, b)
        assert ask(Value(a), Value(b)) is expected
        assert ask(Value(a), b) is expected
        assert ask(a, Value(b)) is expected
        assert bool(ask(np.float64(a), Value(b))) is expected
        assert bool(ask(Value(a), np.float64(b))) is expected


def test_a_value_is_not_equal_to_itself_if_it_is_nan():
    x = Value(math.nan)
    assert (x == x) is False
    assert (x != x) is True


@pytest.mark.parametrize("one", [1, True, np.int64(1), np.float32(1.0), np.bool_(True), Fraction(1), Decimal(1),
                                 np.array(1.0)])  # fmt: skip
def test_every_kind_of_real_number_is_compared(one):
    x, y = Value(1.0), Value(2.0)
    for equal, unequal in ((x == one, x != one), (one == x, one != x), (y != one, y == one), (one != y, one == y)):
        assert (bool(equal), bool(unequal)) == (True, False)


@pytest.mark.parametrize("huge", [10**400, Fraction(10**400, 3), -(10**400), Decimal("1e400"), Decimal("-1e400")])
def test_numbers_beyond_all_floats_are_compared(huge):
    infinite = Value(math.inf)
    assert (infinite == huge, infinite > huge, infinite < huge) == (False, True, False)
    x = Value(0.5)
    assert (x == huge, x != huge, x < huge, x > huge) == (False, True, 0 < huge, 0 > huge)
    assert (huge == x, huge > x) == (False, 0 < huge)


class OfAnotherLibrary:
    """A scalar array as other libraries have it."""

    __hash__ = None

    def __init__(self, *numbers):
        self.numbers = numbers

    def __float__(self):
        (number,) = self.numbers  # ValueError if there are several
        return number

    def __eq__(self, other):
        return NotImplemented


def test_scalars_of_other_libraries_are_compared_as_floats():
    x = Value(1.0)
    assert x == OfAnotherLibrary(1.0)
    assert x != OfAnotherLibrary(2.0)
    assert x < OfAnotherLibrary(2.0)
    assert (x == OfAnotherLibrary(1.0, 2.0)) is False


@pytest.mark.parametrize("x", [Value(1.0), Symbol("x")], ids=["Value", "Symbol"])
@pytest.mark.parametrize("other", [None, "x", "1.0", 1j, [1.0], (1.0,), {}, object(), float])
def test_what_is_no_number_is_not_equal(x, other):
    assert (x == other) is False
    assert (other == x) is False
    assert (x != other) is True
    assert (other != x) is True
    assert x.__eq__(other) is NotImplemented
    assert x.__ne__(other) is NotImplemented
    with pytest.raises(TypeError):
        x < other  # noqa: B015  (the comparison is what is tested)


def test_python_asks_as_of_numbers():
    x = Value(1.0)
    assert x in (0, 1)
    assert x not in (0, 2)
    assert [0.0, 1.0, x].index(x) == 1
    assert [x, Value(2.0)] == [1.0, 2.0]
    assert [x, 1.0, 2.0].count(1) == 2
    match x:
        case 0:
            raise AssertionError
        case 1:
            pass


def test_arrays_are_compared_element_by_element():
    a, x = array_of(Value(0.0), Value(1.0), 1, None, "x"), Value(1.0)
    for equal, unequal in [(a == x, a != x), (x == a, x != a), (np.equal(a, x), np.not_equal(a, x)), (a == 1, a != 1)]:
        assert (equal.dtype, unequal.dtype) == (bool, bool)
        assert equal.tolist() == [False, True, True, False, False]
        assert unequal.tolist() == [True, False, False, True, True]
    assert (a[:2] == np.array([Value(0.0), 2.0])).tolist() == [True, False]
    assert (a[:2].reshape(2, 1) == np.array([0.0, 1.0])).tolist() == [[True, False], [False, True]]
    assert (np.array([0.5, 1.5]) < x).tolist() == [True, False]
    assert (x == np.empty(0)).tolist() == []
    assert (x == np.array([[1.0, 2.0]])).tolist() == [[True, False]]
    assert np.equal(x, 1.0) is True
    assert np.not_equal(Value(2.0), x) is True


def test_nodes_of_equal_numbers_stay_apart_in_sets_and_dicts():
    nodes = [Value(1.0) for _ in range(20_000)]
    assert len(set(nodes)) == len(dict.fromkeys(nodes)) == len({*map(hash, nodes)}) == len(nodes)
    assert {nodes[0]: "first"}.get(nodes[1]) is None
    assert Value.__hash__ is object.__hash__
    assert Symbol.__hash__ is object.__hash__
    assert {(nodes[0], nodes[1])} == {(nodes[0], nodes[1])} != {(nodes[1], nodes[0])}
    symbols = [Symbol("x") for _ in range(20_000)]
    assert len(set(symbols)) == len(dict.fromkeys(symbols)) == len(symbols)


def test_copies_pickles_and_caches_keep_nodes_apart():
    x, y = Value(1.0), Value(1.0)
    a, b, c = copy.deepcopy([x, y, x])
    assert (a is c, a is b, a == b) == (True, False, True)
    a, b, c = pickle.loads(pickle.dumps([x, y, x]))
    assert (a is c, a is b) == (True, False)
    difference = copy.deepcopy(x - y)
    assert difference.operands[0] is not difference.operands[1]
    asked = []

    @functools.lru_cache
    def number_of(node):
        asked.append(node)
        return node.data

    assert (number_of(x), number_of(y), number_of(x), len(asked)) == (1.0, 1.0, 1.0, 2)


def test_equal_leaves_get_derivatives_of_their_own():
    x, y = Value(2.0), Value(2.0)
    z = x * x * y
    z.backward()
    assert (x.grad, y.grad) == (8.0, 4.0)
    assert autograd.gradient(z, [x, y]) == [8.0, 4.0]
    assert [g.data for g in autograd.gradient(z, [x, y], as_graph=True)] == [8.0, 4.0]
    assert autograd.compile_graph(z, [y, x], argnums=(0, 1)).grad(3.0, 2.0) == (4.0, 12.0)


# -- recorded ---------------------------------------------------------------------------------------


def inner_and_outer(x):
    return where(x == 0, 1.0, sin(x) / x)


CHOICES = {
    "equal": lambda x: where(x == 1, x * x, x**3),
    "reflected": lambda x: where(1.0 == x, x * x, x**3),
    "not equal": lambda x: where(x != 1, x * x, x**3),
    "nan is not itself": lambda x: where(x != x, 5.0, 2 * x),
    "to a Value": lambda x: where(x == Value(1.0), x * x, x**3),
    "from a Value": lambda x: where(Value(1.0) != x, x * x, x**3),
    "to a NumPy scalar": lambda x: where(x == np.float64(1.0), x * x, x**3),
    "from a NumPy scalar": lambda x: where(np.float64(1.0) != x, x * x, x**3),
    "by NumPy's function": lambda x: where(np.equal(x, 1.0), x * x, x**3),
    "by NumPy's other": lambda x: where(np.not_equal(1.0, x), x * x, x**3),
    "sinc": inner_and_outer,
    "equal conditions": lambda x: where((x > 0) == (x > 1), -x, x * x),
    "unequal conditions": lambda x: where((x > 0) != (x > 1), -x, x * x),
    "exclusive or": lambda x: where((x > 0) ^ (x > 1), -x, x * x),
    "a condition that is True": lambda x: where((x > 0) == True, -x, x * x),  # noqa: E712
    "and": lambda x: where((x > 0) & (x != 1), -x, x * x),
    "or": lambda x: where((x < 0) | (x == 1), -x, x * x),
    "and a bool": lambda x: where((x > 0) & True, -x, x * x),
    "a bool and": lambda x: where(True & (x > 0), -x, x * x),
    "False and": lambda x: where(False & (x > 0), -x, x * x),
    "or a bool": lambda x: where((x > 0) | False, -x, x * x),
    "a bool or": lambda x: where(True | (x > 0), -x, x * x),
    "a bool xor": lambda x: where(True ^ (x > 0), -x, x * x),
    "a NumPy bool and": lambda x: where(np.bool_(True) & (x > 0), -x, x * x),
    "or a NumPy bool": lambda x: where((x > 0) | np.bool_(False), -x, x * x),
    "NumPy's and": lambda x: where(np.logical_and(x > 0, x < 2), -x, x * x),
    "NumPy's or": lambda x: where(np.logical_or(x < 0, x == 1), -x, x * x),
    "NumPy's xor": lambda x: where(np.logical_xor(x > 0, x > 1), -x, x * x),
    "NumPy's not": lambda x: where(np.logical_not(x > 0), -x, x * x),
    "of three": lambda x: where((x > -1) & ((x < 1) | (x == 2)) & (x != 0), -x, x * x),
    "a condition as a number": lambda x: (x > 0) * x + (x == 1) - (x != 1) * x,
}
POINTS = [-2.0, -1.0, 0.0, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("f", CHOICES.values(), ids=CHOICES)
def test_what_is_recorded_chooses_as_python_does(f, backend):
    p, single = compile(f, backend=backend, in_axes=0), compile(f, backend=backend)
    expected = [f(Value(x)).data for x in POINTS]
    assert np.allclose(p(np.array(POINTS)), expected, rtol=1e-14)
    assert np.allclose([single(x) for x in POINTS], expected, rtol=1e-14)
    assert np.allclose(p.grad(np.array(POINTS)), [grad(f)(x) for x in POINTS], rtol=1e-14)


TRUTH = [(a, b) for a in (-1.0, 1.0) for b in (-1.0, 1.0)]


@pytest.mark.parametrize(("connect", "expected"), [
    (lambda c, d: c & d, lambda c, d: c and d), (lambda c, d: c | d, lambda c, d: c or d),
    (lambda c, d: c ^ d, lambda c, d: c != d), (lambda c, d: c == d, lambda c, d: c == d),
    (lambda c, d: c != d, lambda c, d: c != d), (lambda c, d: ~c, lambda c, d: not c),
    (lambda c, d: ~c & ~d, lambda c, d: not c and not d), (lambda c, d: ~(c | d), lambda c, d: not (c or d)),
    (lambda c, d: ~~c == d, lambda c, d: c == d), (lambda c, d: (~c | d) & (c | ~d), lambda c, d: c == d),
])  # fmt: skip
def test_the_truth_tables_of_recorded_conditions(connect, expected):
    p = compile(lambda a, b: connect(a > 0, b > 0))
    for a, b in TRUTH:
        assert p(a, b) == float(expected(a > 0, b > 0))


def test_a_comparison_of_a_symbol_is_a_condition():
    x = Symbol("x")
    for condition in (x == 1, 1 == x, x != 1, x == x, x == Value(1.0), Value(1.0) == x, np.float64(1.0) == x, x > 0,
                      less(x, 2.0), autograd.equal(1.0, x), ~(x > 0), True & (x > 0), (x > 0) ^ (x > 1)):  # fmt: skip
        assert type(condition) is Condition
    assert type((x > 0) * 2) is Symbol


def test_arrays_of_symbols_are_compared_element_by_element():
    def f(x, y):
        inside = greater(x, 0.0) & (y == less(x, 3.0)[1]) & np.array([True, True, False])
        return autograd.sum(where(inside | ~np.array([True, False, True]), x, 0.0))

    x = np.array([1.0, 2.0, 3.0])
    assert compile(f)(x, 1.0) == 3.0
    assert compile(f)(x, 0.0) == 2.0
    assert compile(lambda x, y: autograd.sum(where(x == y, 1.0, 0.0)))(x, 2.0) == 1.0
    assert compile(lambda x, y: autograd.sum(where(y != x, 1.0, 0.0)))(x, 2.0) == 2.0
    assert compile(lambda x: autograd.sum(where(Value(2.0) < x, x, 0.0)))(x) == 3.0
    assert compile(lambda y: autograd.sum(where(x <= y, x, 0.0)))(2.0) == 3.0
    assert compile(lambda y: autograd.sum(where(y >= x, x, 0.0)))(2.0) == 3.0


@pytest.mark.parametrize("compared", [lambda x: x > 1, lambda x: x == 2, lambda x: (x > 1) & (x != 3),
                                      lambda x: less(1.0, x)])  # fmt: skip
def test_nothing_goes_back_through_a_comparison(compared):
    def f(x, y):  # δ of the comparison is ∞, and 0 · ∞ would be nan
        return compared(x) * autograd.exp(y)

    slopes = (0.0, math.inf)
    assert autograd.value_and_grad(f, (0, 1))(2.0, 1000.0) == (math.inf, slopes)
    for backend in BACKENDS:
        assert compile(f, argnums=(0, 1), backend=backend).value_and_grad(2.0, 1000.0) == (math.inf, slopes)
    assert compile(grad(f, (0, 1)))(2.0, 1000.0) == slopes


def test_what_was_kept_from_another_recording_is_told_from_a_captured_leaf():
    kept, w = [], Value(2.0)
    compile(lambda x: kept.append(x) or x)(1.0)
    with pytest.raises(GraphError, match="kept from another recording"):
        compile(lambda x: w * x + kept[0])(1.0)


def drop(items, item):
    items.remove(item)
    return items[0]


def wait_for(x, goal):
    while x != goal:
        x = x + 1
    return x


def by_case(x):
    match x:
        case 0:
            return x
    return 2 * x


@pytest.mark.parametrize("f", [
    lambda x: x if x == 0 else 2 * x, lambda x: x if x != 0 else 2 * x, lambda x: x if x == x else 2 * x,
    lambda x: 5.0 if x in (0, 1) else x, lambda x: 5.0 if x not in [0, 1] else x, lambda x: 5.0 if 1 in [x] else x,
    lambda x: x * [0.0, 1.0].index(x), lambda x: x * [0.0, 1.0].count(x), lambda x: drop([0.0, x, x + 1], x),
    lambda x: wait_for(x, 3.0), by_case, lambda x: x if [x] == [1.0] else 2 * x,
    lambda x: x if (x, 1) == (1, x) else -x,
    lambda x: not x > 0, lambda x: x * (x == 1 or x == 2), lambda x: x * (0 < x < 1), lambda x: max(x, 1.0),
    lambda x: x * any(x == i for i in range(3)), lambda x: sorted([x, 1.0])[0], lambda x: x * (np.array([x]) == 1),
    lambda x: autograd.sum(where(np.array([x, x + 1]) > 2.0, x, 0.0)),
])  # fmt: skip
def test_a_decision_on_what_is_not_known_raises(f):
    with pytest.raises(GraphError, match=r"is true is not known while a function is recorded.*where.*greater"):
        compile(f)(1.0)


def test_sets_and_dicts_look_for_the_node_itself():
    x = Value(1.0)
    assert x not in {0.0, 1.0}
    assert compile(lambda x: x if x in {0.0, 1.0} else 2 * x)(1.0) == 2.0


@pytest.mark.parametrize(("f", "told"), [
    (lambda x: (x > 0) & x, "& is of conditions.*<symbol 'x'>.*x != 0"), (lambda x: x & (x > 0), "& is of conditions"),
    (lambda x: x | x, r"\| is of conditions"), (lambda x: ~x, "~ is of conditions"), (lambda x: x ^ True, r"\^ is of"),
    (lambda x: (x > 0) & 2, "& is of conditions.*int 2"), (lambda x: 1.5 | (x > 0), r"\| is of conditions.*float 1.5"),
    (lambda x: (x > 0) & Value(1.0), "& is of conditions.*Value"), (lambda x: ((x > 0) + 1) & True, "<symbol add>"),
    (lambda x: np.logical_not(x), "~ is of conditions"), (lambda x: np.array([x, x]) & np.array([True, False]), "&"),
])  # fmt: skip
def test_only_conditions_are_connected(f, told):
    with pytest.raises(OperandError, match=told):
        compile(f)(1.0)


@pytest.mark.parametrize("other", ["x", None, [True], 1j])
def test_what_is_neither_condition_nor_number_is_pythons_to_refuse(other):
    with pytest.raises(TypeError, match="unsupported operand"):
        (Symbol("x") > 0) & other


# -- where and ~ of a bool --------------------------------------------------------------------------


@pytest.mark.parametrize("condition", [~True, ~False, np.int64(-1), [-1, 1], (True, -2), np.array([1, -2]),
                                       np.array([0, -1], np.int8), array_of(True, ~True),
                                       [[Value(1.0)], [-2]]])  # fmt: skip
def test_where_refuses_an_inverted_bool(condition):
    with pytest.raises(OperandError, match=r"where: the condition is -[12], which is what ~ makes of .*not c"):
        where(condition, Value(1.0), 2.0)


def test_where_says_which_bool_it_was():
    with pytest.raises(OperandError, match="is -2, which is what ~ makes of True"):
        grad(lambda x: where(~(x > 0), x, 2 * x))(1.0)
    with pytest.raises(OperandError, match="is -1, which is what ~ makes of False"):
        grad(lambda x: where(~(x > 0), x, 2 * x))(-1.0)


@pytest.mark.parametrize(("condition", "holds"), [
    (True, True), (False, False), (1, True), (0, False), (-1.0, True), (-3, True), (Value(-1.0), True),
    (math.nan, True), (np.bool_(False), False), (~np.bool_(True), False), (Value(0.0), False), (np.float64(-2.0), True),
])  # fmt: skip
def test_where_takes_every_other_number(condition, holds):
    assert where(condition, Value(1.0), 2.0) == (1.0 if holds else 2.0)


def test_where_takes_arrays_of_bools():
    assert where(~np.array([True, False]), 1.0, 2.0).tolist() == [2.0, 1.0]
    assert where(np.array([-1.0, 0.0]), 1.0, 2.0).tolist() == [1.0, 2.0]
    assert where(~(array_of(Value(1.0), Value(-1.0)) > 0), 1.0, 2.0).tolist() == [2.0, 1.0]


# -- our own code -----------------------------------------------------------------------------------


def asking(source, module):
    namespace = {"__name__": module, "np": np}
    exec(f"def ask(x, nodes):\n    return {source}", namespace)
    return namespace["ask"]


ASKING = ["x in nodes", "nodes.index(x)", "nodes.remove(x)", "nodes.count(x)", "x == nodes[0]", "x != nodes[0]",
          "(x, 1) == (nodes[0], 1)", "{1: x} == {1: nodes[0]}", "np.array(nodes) == x", "x == 1.0", "1.0 in nodes",
          "np.array_equal([x, x], nodes)", "__import__('operator').indexOf(nodes, x)"]  # fmt: skip


@pytest.mark.parametrize(
    "module", ["autograd.chain", "nn.networks.layers", "viz.trace", "demos.cars", "handbook.cells", "benchmarks.x"]
)
@pytest.mark.parametrize("source", ASKING)
def test_our_packages_are_caught_comparing_values(source, module):
    nodes = [Value(1.0), Value(1.0)]
    with watched():
        asking(source, "somebody.else")(nodes[1], list(nodes))
        with pytest.raises(AssertionError, match=f"{module}, line 2 compares Values by =="):
            asking(source, module)(Value(1.0), nodes)


@pytest.mark.parametrize("source", ["x is nodes[0]", "x in set(nodes)", "dict.fromkeys(nodes).get(x)", "x < nodes[0]",
                                    "[y for y in nodes if y is x]", "x in {(x, 1): 1}",
                                    "set(nodes) == {x}"])  # fmt: skip
def test_identity_and_sets_are_ours_to_ask(source):
    with watched():
        asking(source, "autograd.chain")(Value(1.0), [Value(1.0), Value(1.0)])


# -- random conditions ------------------------------------------------------------------------------


class Conditions:
    """Random functions of three numbers, written with every comparison and connective."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, depth):
        choose = self.random.choice
        if depth == 0:
            return choose(["x", "y", "z", "0.0", "1", "-1.0", "2.0"])
        a, b = self.number(depth - 1), self.number(self.random.randrange(depth))
        return choose([f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"where({self.condition(depth - 1)}, {a}, {b})",
                       f"({self.condition(depth - 1)}) * {a}", f"sin({a})"])  # fmt: skip

    def condition(self, depth):
        choose = self.random.choice
        if depth <= 0 or self.random.random() < 0.4:
            compared = choose(["==", "!=", "<", "<=", ">", ">="])
            return f"({self.number(max(depth, 0))} {compared} {self.number(0)})"
        a, b = self.condition(depth - 1), self.condition(depth - 1)
        b = choose([b, b, "True", "False", "np.bool_(True)"])
        connected = choose(["&", "|", "^", "==", "!="])
        return choose([f"({a} {connected} {b})", f"({b} {connected} {a})", f"inverse({a})"])


def inverse(condition):
    """~ as it means it: `not` of a bool."""
    return ~condition if isinstance(condition, Condition) else not condition


def differences(seeds, backends=BACKENDS):
    """Where compiled functions of comparisons give another value or gradient than Python's own control of Values."""
    points = [(a, b, c) for a in (-1.0, 0.0, 1.0) for b in (0.0, 1.0, 2.0) for c in (-1.0, 0.5)]
    columns = [np.array(column) for column in zip(*points, strict=True)]
    found = []
    for seed in seeds:
        source = Conditions(seed).number(4)
        f = eval(f"lambda x, y, z: 1.0 * x + {source}", {"where": where, "sin": sin, "np": np, "inverse": inverse})
        expected = [autograd.value_and_grad(f, (0, 1, 2))(*point) for point in points]
        plain = [f(*point) for point in points]
        for backend in backends:
            p = compile(f, argnums=(0, 1, 2), in_axes=0, backend=backend, exact=True)
            value, slopes = p.value_and_grad(*columns)
            same = np.allclose(value, plain, rtol=1e-12, atol=1e-12)
            same &= np.allclose(value, [v for v, _ in expected], rtol=1e-12, atol=1e-12)
            same &= np.allclose(np.stack(slopes, 1), [g for _, g in expected], rtol=1e-12, atol=1e-12)
            if not same:
                found.append((seed, backend, source))
    return found


def test_random_conditions_are_recorded_as_python_takes_them():
    assert differences(range(40)) == []
