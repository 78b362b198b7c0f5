"""Bad input: one clear typed error each, and nothing half-changed."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd
from autograd import ArgumentError, AutogradError, GraphError, OperandError, Value, gradient, no_grad
from autograd.errors import NonFiniteError


@pytest.mark.parametrize(("given", "says"), [
    ("3", "float(...)"), (None, "NoneType"), (1j, "complex"), (np.array([1.0]), "per element"),
    ([1.0], "list"), (object(), "object"), (Value(1.0), ".data"), (b"3", "bytes"), (10**400, "too large"),
    (Decimal("sNaN"), "signals"), (Decimal("1e400"), "too large"), (Decimal("-1e309"), "too large"),
])  # fmt: skip
def test_a_value_holds_one_real_number(given, says):
    with pytest.raises(OperandError) as caught:
        Value(given)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    x = Value(1.0)
    for attribute in ("data", "grad"):
        with pytest.raises(OperandError):
            setattr(x, attribute, given)
    assert (x.data, x.grad) == (1.0, 0.0)


@pytest.mark.parametrize("function", [autograd.grad(autograd.sin), autograd.compile(autograd.sin)])
@pytest.mark.parametrize("given", [10**400, np.array(10**400, object), Decimal("1e400")], ids=repr)
def test_a_number_that_is_too_large_is_called_so_by_functions_too(function, given):
    with pytest.raises(OperandError, match="is too large for a float"):
        function(given)


@pytest.mark.parametrize("huge", [10**400, Fraction(10**400), Decimal("1e400")], ids=lambda huge: type(huge).__name__)
@pytest.mark.parametrize("recorded", [False, True])
def test_nor_does_it_enter_arithmetic(huge, recorded):
    for f in (lambda x: x * huge, lambda x: huge * x, lambda x: x + huge, lambda x: autograd.where(x > 0, huge, x)):
        with pytest.raises(OperandError, match="is too large for a float"):
            (autograd.compile(f) if recorded else f)(Value(1.0))


def test_infinity_is_one_whatever_says_it():
    for given in (Decimal("inf"), Decimal("-Infinity"), np.float32("inf"), np.longdouble("-inf")):
        assert Value(given).data == float(given)
    assert Value(Decimal("1e-400")).data == 0.0  # that is only rounded


OPERATORS = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "**": lambda a, b: a**b, "%": lambda a, b: a % b, "//": lambda a, b: a // b,
}  # fmt: skip


@pytest.mark.parametrize("other", ["x", None, object(), {}, b"x"], ids=lambda other: type(other).__name__)
@pytest.mark.parametrize("symbol", OPERATORS)
def test_operators_refuse_what_is_no_number(symbol, other):
    v = Value(1.0)
    with pytest.raises(TypeError):
        OPERATORS[symbol](v, other)
    if not (symbol == "%" and isinstance(other, (str, bytes))):  # "x" % v is Python's formatting
        with pytest.raises(TypeError):
            OPERATORS[symbol](other, v)
    assert (v.data, v.grad) == (1.0, 0.0)


def test_a_string_operand_is_named():
    with pytest.raises(OperandError, match="'x'"):
        Value(1.0) + "x"


def test_lists_are_not_arrays():
    with pytest.raises(OperandError, match="array"):
        Value(1.0) + [1.0, 2.0]


def test_a_foreign_class_answers_first():
    class Foreign:
        def __radd__(self, other):
            return "answered"

    assert Value(1.0) + Foreign() == "answered"


def test_backward_on_a_detached_node():
    x = Value(2.0)
    with no_grad():
        y = x * x
    for node in (y, x.detach()):
        with pytest.raises(GraphError, match="detached"):
            node.backward()
        assert (x.grad, node.grad) == (0.0, 0.0)


def test_a_wrong_seed_changes_nothing():
    x = Value(2.0)
    y = x * x
    y.backward()
    with pytest.raises(OperandError, match="seed"):
        y.backward("1")
    assert (x.grad, y.grad) == (4.0, 1.0)


def test_computed_data_cannot_be_set():
    x = Value(2.0)
    y = x * x
    with pytest.raises(GraphError, match="leaf"):
        y.data = 5.0
    assert y.data == 4.0


@pytest.mark.parametrize("attribute", ["op", "operands", "slopes", "is_leaf"])
def test_a_cycle_cannot_be_made(attribute):
    x = Value(2.0)
    y = x * x
    with pytest.raises(AttributeError):
        setattr(x, attribute, (y,))
    with pytest.raises(TypeError):
        y.operands[0] = y


def test_a_node_takes_no_new_attributes():
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0.0


@pytest.mark.parametrize("attribute", ["name", "scope"])
def test_names_are_strings(attribute):
    x = Value(1.0, name="x")
    with pytest.raises(OperandError, match="str"):
        setattr(x, attribute, 5)
    assert x.name == "x"


def test_gradient_is_of_values():
    x = Value(1.0)
    with pytest.raises(OperandError, match="gradient"):
        gradient(3.0, x)
    with pytest.raises(OperandError, match="gradient"):
        gradient(x * x, [x, 2.0])


def test_a_graph_of_the_gradient_notices_moved_data():
    x = Value(2.0)
    y = x * x * 3
    x.data = 5.0
    with pytest.raises(GraphError, match="again"):
        gradient(y, x, as_graph=True)
    assert gradient(y, x) == 12.0  # as recorded


def test_shapes_that_do_not_fit():
    with pytest.raises(ArgumentError, match="2 weights and 3 inputs"):
        autograd.dot([Value(1.0)] * 2, [1.0] * 3)
    with pytest.raises(ArgumentError, match="inner lengths"):
        autograd.matmul(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ArgumentError, match="equal length"):
        autograd.sum([[1.0, 2.0], [3.0]])
    with pytest.raises(ArgumentError, match="vector"):
        autograd.softmax(Value(1.0))
    with pytest.raises(ArgumentError, match="approximate"):
        autograd.gelu(Value(1.0), approximate="yes")
    with pytest.raises(ArgumentError, match="lower"):
        autograd.rrelu(Value(1.0), lower=2.0, upper=1.0)


@pytest.mark.parametrize("call", [
    lambda: autograd.tanh("x"), lambda: autograd.tanh(None), lambda: autograd.dot(["x"], [1.0]),
    lambda: autograd.sum(["x"]), lambda: autograd.hypot(Value(1.0), "x"), lambda: autograd.tanh(np.array(["a"])),
    lambda: autograd.tanh(np.array([1j])), lambda: autograd.clip(Value(1.0)),
    lambda: autograd.clip(Value(1.0), 0, 1, 2),
    lambda: autograd.softmax([Value(1.0), "x"]), lambda: autograd.clip(Value(1.0), low=0, hihg=1),
])  # fmt: skip
def test_functions_refuse_with_a_sentence(call):
    with pytest.raises(OperandError) as caught:
        call()
    assert 20 < len(str(caught.value)) < 400


def test_every_error_has_one_root_and_its_builtin():
    for error, builtin in ((OperandError, TypeError), (ArgumentError, ValueError), (GraphError, RuntimeError),
                           (NonFiniteError, ValueError)):  # fmt: skip
        assert issubclass(error, AutogradError)
        assert issubclass(error, builtin)


def test_domain_errors_are_numbers_not_exceptions():
    assert math.isnan(autograd.log(Value(-1.0)).data)
    assert (1 / Value(0.0)).data == math.inf
    assert (-1 / Value(0.0)).data == -math.inf
    assert math.isnan((Value(-8.0) ** (1 / 3)).data)
    assert (Value(10.0) ** 400).data == math.inf
    assert math.isnan((Value(1.0) % 0.0).data)
