"""The node as a number: operators with every kind of number, comparisons, names, and what it refuses."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd
from autograd import OperandError, Value, compile, jacobian, scope
from autograd.context import Label
from autograd.order import reachable
from tests.support.comparisons import same_nodes

NUMBERS = [3, 0.5, True, Fraction(3, 4), Decimal("1.25"),
           np.float64(2.5), np.float32(0.25), np.int64(4), np.bool_(True)]  # fmt: skip
OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "%": lambda a, b: a % b,
    "//": lambda a, b: a // b,
}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("symbol", OPERATIONS)
def test_operators_with_numbers_on_either_side(symbol, number):
    operate = OPERATIONS[symbol]
    v = Value(2.5)
    for node, expected in (
        (operate(v, number), operate(2.5, float(number))),
        (operate(number, v), operate(float(number), 2.5)),
    ):
        assert type(node) is Value
        assert node.data == expected
        assert sum(operand is v for operand in node.operands) == 1
        assert [s for s, o in zip(node.slopes, node.operands, strict=True) if o is not v] == [None]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: type(n).__name__)
def test_every_real_number_becomes_a_value(number):
    assert Value(number).data == float(number)
    assert type(Value(number).data) is float


def test_power_with_a_value_in_either_place():
    x = Value(3.0)
    (x**2).backward()
    assert x.grad == 6.0
    x.grad = 0
    (2**x).backward()
    assert x.grad == pytest.approx(8 * math.log(2), rel=1e-15)
    a, b = Value(2.0), Value(5.0)
    (a**b).backward()
    assert (a.grad, b.grad) == (80.0, pytest.approx(32 * math.log(2), rel=1e-15))
    assert pow(a, b).data == 32.0


def test_micrograds_arithmetic_unchanged():
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert f"{g.data:.4f}" == "24.7041"
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_unary_operators():
    x = Value(-2.5)
    assert ((-x).data, (+x).data, abs(x).data) == (2.5, -2.5, 2.5)
    assert (+x) is not x
    assert (round(x).data, math.floor(x).data, math.ceil(x).data, math.trunc(x).data) == (-2.0, -3.0, -2.0, -2.0)
    assert (round(x, 1).data, round(x * 1.357, 2).data, round(100.0 * x, -2).data) == (-2.5, -3.39, -200.0)
    assert (round(x, 1) * x).operands[0].op.name == "divide"
    with pytest.raises(OperandError, match="-300 to 300 digits"):
        round(x, 400)


def test_sum_of_python_works():
    xs = [Value(1.0), Value(2.0), Value(4.0)]
    total = sum(xs)
    total.backward()
    assert total.data == 7.0
    assert [x.grad for x in xs] == [1.0, 1.0, 1.0]


def test_comparison_is_by_data_and_hash_by_identity():
    a, b = Value(1.0), Value(2.0)
    assert a < b
    assert a <= b
    assert b > a
    assert b >= a
    assert a < 1.5
    assert 1.5 > a
    assert a >= 1
    assert not (a > b)
    assert not (a > 1)
    assert not (Fraction(1, 2) > b)
    assert a == Value(1.0)
    assert a != b
    assert len({a, Value(1.0), a}) == 2
    nan = Value(math.nan)
    assert not (nan < a)
    assert not (nan >= a)
    with pytest.raises(TypeError):
        a < "x"  # noqa: B015  (the comparison is what is tested)


def test_truth_is_that_of_the_number():
    assert Value(0.1)
    assert not Value(0.0)
    assert Value(math.nan)


@pytest.mark.parametrize("convert", [float, int, complex, math.tanh, math.sqrt, math.isnan], ids=lambda f: f.__name__)
def test_a_value_is_not_turned_into_a_float(convert):
    with pytest.raises(TypeError) as caught:
        convert(Value(1.0))
    if convert is float:
        assert ".data" in str(caught.value)
    assert Value(1.0).item() == 1.0


def test_repr_and_format():
    x = Value(1.5, name="x")
    assert repr(x) == "Value(data=1.5, grad=0.0, name='x')"
    assert repr(x * 2) == "Value(data=3.0, grad=0.0, op=multiply)"
    assert f"{x:.3f}" == "1.500"
    assert f"{x}" == repr(x) == str(x)


def test_what_a_node_knows():
    x = Value(3.0, name="x")
    y = x * 2.0
    assert (x.is_leaf, x.op, x.symbol, x.operands, x.slopes) == (True, None, "", (), ())
    assert (y.is_leaf, y.op.name, y.symbol, y.slopes) == (False, "multiply", "×", (2.0, None))
    assert same_nodes(y.operands, (x, 2.0))
    assert (x.tanh().symbol, x.is_detached, x.detach().is_detached, x.detach().data) == ("tanh", False, True, 3.0)


def test_names_scopes_and_labels():
    with scope("layer1"), scope("neuron2"):
        x = Value(1.0, name="z²₁")
        y = x + 1
    assert (x.name, x.scope, y.name, y.scope) == ("z²₁", "layer1.neuron2", None, "layer1.neuron2")
    y.name, y.scope = "a", "elsewhere"
    assert y._words == Label("a", "elsewhere")
    y._words = x._words
    assert (y.name, y.scope) == ("z²₁", "layer1.neuron2")
    x.name = None
    assert (x.name, x.scope) == (None, "layer1.neuron2")


def test_a_leaf_can_be_moved():
    x = Value(1.0)
    x.data = 2
    x.data += 0.5
    assert x.data == 2.5
    x.grad = 3
    assert x.grad == 3.0


# -- how a node is held -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_number_of_operands_is_held_with_their_slopes(count):
    xs = [Value(float(i + 1)) for i in range(count)]
    y = autograd.sum(xs)
    assert len(y.operands) == len(y.slopes) == count
    assert all(ours is theirs for ours, theirs in zip(y.operands, xs, strict=True))
    assert (Value(1.0).operands, Value(1.0).slopes, y.detach().operands) == ((), (), ())


def test_a_subclass_may_carry_attributes_of_its_own():
    class Weight(Value):
        def __init__(self, data, unit):
            super().__init__(data, name="w")
            self.unit = unit

    w = Weight(3.0, "kg")
    w._prev_run = 5  # any name
    J = w * w + 2 * w
    J.backward()
    assert (w.unit, w.grad, w.name, J.data) == ("kg", 8.0, "w", 15.0)


# -- micrograd's names ------------------------------------------------------------------------------


def test_what_micrograds_drawing_asks_of_a_node():
    a, b = Value(2.0, label="a"), Value(-3.0)
    b.label = "b"
    e = a * b + 1.0
    assert (a.label, b.label, b.name, e.label) == ("a", "b", "b", "")
    assert (e._op, [n._op for n in e._prev], a._op, a._prev) == ("+", ["*"], "", set())
    assert ((a**2)._op, a.tanh()._op, (a / b)._op) == ("**", "tanh", "/")
    assert next(iter(e._prev))._prev == {a, b}
    a.label = ""
    assert a.name is None
    with pytest.raises(TypeError, match="a name is a str"):
        Value(1.0, label=3)


def test_every_node_told_to_send_its_delta_on_in_reverse_order_is_backward():
    def graph():
        x, y = Value(0.7), Value(-1.3)
        return x, y, (x * y + x.tanh() * 2.0 + autograd.logsumexp([x, y, 1.0])) ** 2 / (y + 3.0)

    x, y, J = graph()
    J.backward()
    u, v, K = graph()
    K.grad = 1.0
    for node in reversed(reachable(K)):
        node._backward()
    assert (u.grad, v.grad) == (x.grad, y.grad)


@pytest.mark.parametrize(("a", "b"), [(7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (0.5, 3.0)])
def test_divmod_is_python_s(a, b):
    asked = [divmod(Value(a), b), divmod(a, Value(b)), divmod(Value(a), Value(b)), compile(divmod)(a, b)]
    assert all(tuple(map(float_of, found)) == divmod(a, b) for found in asked)
    assert jacobian(divmod, argnums=(0, 1))(a, b) == ((0.0, 0.0), (1.0, -(a // b)))


def float_of(x):
    return x.data if isinstance(x, Value) else x
