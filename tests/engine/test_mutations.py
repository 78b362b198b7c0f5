"""A wrong rule put in on purpose must be caught by the checks that every row goes through."""

from dataclasses import replace

import pytest

from autograd.check.rows import CHECKS
from autograd.ops import table, tables
from autograd.ops.primitive import TABLE, Atom

FAULTS = {
    "a sign": ("cos", {"slopes": lambda y, x: table.sin(x)}),
    "a factor": ("square", {"slopes": lambda y, x: x}),
    "operands swapped": ("multiply", {"slopes": lambda y, a, b: (a, b)}),
    "one slope of two": ("divide", {"slopes": lambda y, a, b: (1.0 / b, y / b)}),
    "slide's square outside": ("tanh", {"slopes": lambda y, x: (1.0 - y) * (1.0 - y)}),
    "cancelling sigmoid": ("sigmoid", {"slopes": lambda y, x: y * (1.0 - y)}),
    "a last few digits": ("exp", {"slopes": lambda y, x: y * (1.0 + 1e-12)}),
    "a path left out": ("hypot", {"slopes": lambda y, a, b: (a / y, None)}),
    "a path too many": ("floor", {"slopes": lambda y, x: 1.0}),
    "hypot by squares": ("hypot", {"rule": lambda a, b: table.sqrt(a * a + b * b)}),
    "erfc as 1 - erf": ("erfc", {"rule": lambda x: 1.0 - table.erf(x)}),
    "softplus that overflows": ("softplus", {"rule": lambda x: table.log(1.0 + table.exp(x))}),
    "a wrong value": ("gelu", {"rule": lambda x: 0.5 * x * (1.0 + table.tanh(x))}),
    "the kink of relu": ("relu", {"slopes": lambda y, x: table.where(x < 0.0, 0.0, 1.0)}),
    "the tie of maximum": ("maximum", {"slopes": lambda y, a, b: (
        table.where(a >= b, 1.0, 0.0), table.where(a < b, 1.0, 0.0))}),
    "the bound of clip": ("clip", {"slopes": lambda y, x, low, high: (
        table.where(x >= high, 0.0, table.where(x <= low, 0.0, 1.0)),
        table.where(x < low, 1.0, 0.0), table.where(x > high, 1.0, 0.0))}),
    "0 · inf in xlogy": ("xlogy", {"rule": lambda a, b: a * table.log(b)}),
    "a derivative of no second order": ("power", {"slopes": lambda y, a, b: (
        table.where(table.equal(b, 0.0), 0.0, b * table.power(a, b - 1.0)), TABLE["power"].slopes(y, a, b)[1])}),
    "softmax without its diagonal": ("softmax", {"slopes": lambda y, i, *xs: (
        None, *(-y * s for s in table.softmax_vector(xs)))}),
    "the entry beside the one that is taken": ("take", {"slopes": lambda y, i, *entries: (
        None, *tables.entry_slopes(table.floor(i) + 1.0, len(entries)))}),
    "an interval that ends too late": ("locate", {"definition": "sum(1 for knot in knots if x >= knot)"}),
    "a textbook form": ("reciprocal", {"textbook": lambda y, x: 1.0 / x**2.0}),
    "a wrong definition": ("log2", {"definition": "log(x) / log(10)"}),
    "a stated edge": ("sqrt", {"edges": (TABLE["sqrt"].edges[0]._replace(slopes=(0.0,)),)}),
}  # fmt: skip


def caught_by(row):
    """The names of the checks that refuse the row."""
    caught = []
    for name, check in CHECKS.items():
        try:
            if not all(answer.agrees for answer in check(row)):
                caught.append(name)
        except Exception:  # a rule so wrong that it cannot be computed is caught too
            caught.append(name)
    return caught


@pytest.mark.parametrize(("name", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_caught(name, fault):
    assert caught_by(replace(TABLE[name], **fault))


@pytest.mark.parametrize("name", sorted({name for name, _ in FAULTS.values()}))
def test_an_unchanged_copy_is_not(name):
    assert caught_by(replace(TABLE[name])) == []


@pytest.mark.parametrize(("fault", "check"), [
    ("a factor", "slopes"), ("a factor", "differences"), ("cancelling sigmoid", "slopes"),
    ("a last few digits", "slopes"), ("erfc as 1 - erf", "value"), ("the kink of relu", "edges"),
    ("a derivative of no second order", "second slopes"), ("a textbook form", "textbook"),
])  # fmt: skip
def test_by_the_check_that_is_meant_for_it(fault, check):
    name, columns = FAULTS[fault]
    assert not all(answer.agrees for answer in CHECKS[check](replace(TABLE[name], **columns)))


def test_readings_that_differ_are_caught():
    wrong = Atom(TABLE["exp"].rule.float, lambda x: TABLE["exp"].rule.array(x) * (1 + 1e-13))
    assert "readings" in caught_by(replace(TABLE["exp"], rule=wrong))
