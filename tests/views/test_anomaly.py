"""Anomalies one by one: each is made on purpose, and must be found at the node that made it."""

from __future__ import annotations

import math

import pytest

from autograd import Value, dot, exp, gradient, log, record_sources, scope, sqrt, tanh, where
from autograd.errors import GraphError, OperandError
from autograd.ops.primitive import TABLE
from demos import nan
from viz.anomaly import anomaly
from viz.domains import domain


def leaf(x, name="x"):
    return Value(x, name=name)


# -- forward -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "kind", "op", "words"),
    [
        (lambda: log(leaf(-1.0)), "nan", "log", "log of -1 is nan: log (the natural logarithm) is finite for x > 0"),
        (lambda: log(leaf(0.0)), "inf", "log", "log of 0 is -inf"),
        (lambda: sqrt(leaf(-4.0)), "nan", "sqrt", "finite for x ≥ 0"),
        (lambda: leaf(2.0).acosh() * leaf(0.5).acosh(), "nan", "acosh", "finite for x ≥ 1"),
        (lambda: leaf(1.5).asin(), "nan", "asin", "-1 ≤ x ≤ 1"),
        (lambda: leaf(-2.0).log1p(), "nan", "log1p", "x > -1"),
        (lambda: 1 / leaf(0.0), "inf", "divide", "1 ÷ 0 is inf"),
        (lambda: leaf(0.0) / leaf(0.0), "nan", "divide", "0 ÷ 0 is nan"),
        (lambda: leaf(-8.0) ** leaf(1 / 3), "nan", "power", "only for whole b"),
        (lambda: exp(leaf(1000.0)), "overflow", "exp", "larger than any float"),
        (lambda: leaf(1e200) * leaf(1e200), "overflow", "multiply", "larger than any float"),
        (lambda: 1 / leaf(1e-310), "overflow", "divide", "larger than any float"),
        (lambda: leaf(1.0).atanh(), "inf", "atanh", "-1 < x < 1"),
        (lambda: dot([leaf(1e200)] * 3, [1e200] * 3), "overflow", "dot", "dot of 6 numbers"),
    ],
)
def test_values(make, kind, op, words):
    found = anomaly(tanh(make()) + 1)
    assert found
    assert (found.phase, found.kind, found.node.op) == ("forward", kind, op)
    assert words in found.explanation
    assert all(math.isfinite(operand.value) for operand in found.operands)
    assert str(found.operands[0].value) in str(found)


def test_the_first_of_several():
    x = leaf(-1.0)
    first = log(x)
    assert anomaly(exp(first) + sqrt(x - 1)).node.op == "log"


def test_given_from_outside():
    for bad in (math.nan, math.inf):
        found = anomaly(3 * leaf(bad) + 1)
        assert (found.kind, found.node.name, found.operands) == ("given", "x", ())
    assert anomaly(leaf(math.nan)).kind == "given"
    assert anomaly(leaf(2.0) * math.inf).node.kind == "constant"


def test_a_mask_of_minus_infinity_that_does_no_harm():
    x = leaf(1.0)
    assert not anomaly(x.maximum(-math.inf) * 2)


def test_infinities_that_meet():
    found = anomaly(leaf(math.inf, "a") - leaf(math.inf, "b"))
    assert (found.kind, found.node.op) == ("nan", "subtract")
    assert "inf - inf" in found.explanation


# -- backward ----------------------------------------------------------------------------------------


def test_an_infinite_slope():
    found = anomaly(3 * sqrt(leaf(0.0)))
    assert (found.phase, found.kind, found.node.op, found.slot) == ("backward", "slope", "sqrt", 0)
    assert "the slope of sqrt of 0 is inf" in found.explanation
    assert "finite for x > 0" in found.explanation


def test_a_nan_slope():
    found = anomaly(leaf(-2.0) ** leaf(3.0, "b") + 1)
    assert (found.kind, found.node.op, found.slot) == ("slope", "power", 1)
    assert "along operand 2" in found.explanation


def test_zero_times_infinity():
    x = leaf(0.0)
    found = anomaly(sqrt(x) * 0.0)
    assert (found.kind, found.node.op) == ("0·inf", "sqrt")
    assert "0 · inf = nan" in found.explanation


def test_delta_overflows():
    assert not anomaly(leaf(1e-250) * 1e200 * 1e200 * 1e-150)
    found = anomaly(leaf(1e-300) * 1e200 * 1e200)
    assert (found.phase, found.kind, found.node.op) == ("backward", "delta overflow", "multiply")
    assert "1e200 · 1e200 = inf" in found.explanation


def test_a_sum_of_contributions_overflows():
    x = leaf(1e-10)
    found = anomaly(x * 1e308 + x * 1e308)
    assert (found.kind, found.node.name) == ("delta overflow", "x")
    assert "their sum overflows" in found.explanation


# -- cut to 0 on the way -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "op", "words"),
    [
        (lambda x: (x * 1e-200) * 1e-200, "multiply", "nothing arrives at x"),
        (lambda x: log(exp(-800 * x) + exp(-900 * x)), "exp", "then log of 0 is -inf"),
        (lambda x: exp(-800 * x) * x.exp(), "exp", "nothing arrives"),
        (lambda x: 1 / ((x * 1e-200) * 1e-200), "multiply", "then 1 ÷ 0 is inf"),
        (lambda x: sqrt((x * 1e-200) ** 2), "power", "then the slope of sqrt of 0 is inf"),
        (lambda x: (x * 1e-200) * 1e-200 * 1e300 * 1e5 + x * 1e-60, "multiply", "a change of 5e-324 there is seen"),
    ],
)
def test_the_underflow_first_and_not_what_comes_of_it(make, op, words):
    found = anomaly(make(leaf(1.0)))
    assert (found.phase, found.kind, found.node.op, found.node.value) == ("forward", "underflow", op, 0.0)
    assert "is cut to 0; then " in found.explanation
    assert words in found.explanation


def test_what_is_cut_without_a_consequence_is_counted():
    x = leaf(1.0)
    found = anomaly(x + exp(-800 * x))
    assert not found
    assert "1 cut to 0 change nothing here" in str(found)
    assert "none is cut to 0" in str(anomaly(x * 0.0 + x.sin() * (x - x) + x))


# -- a derivative of 0 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "op", "words"),
    [
        (lambda x: 2 * (x - 3).relu(), "relu", "the slope of relu of -2 is 0"),
        (lambda x: x.floor() * 2, "floor", "slope of floor of 1 is 0"),
        (lambda x: tanh(x * 1000), "tanh", "tanh of 1000 is 0"),
        (lambda x: (x * 1e300) * 1e-200 * 1e-200, "multiply", "underflows"),
        (lambda x: (x - x) * 2, None, "cancel exactly"),
    ],
)
def test_zero_derivatives(make, op, words):
    found = anomaly(make(leaf(1.0)))
    assert (found.phase, found.kind) == ("backward", "zero derivative")
    assert op is None or found.node.op == op
    assert words in found.explanation


def test_a_dead_unit_matters_only_where_it_kills_every_path():
    w, v = leaf(-1.0, "w"), leaf(2.0, "v")
    J = w.relu() + v
    assert not anomaly(J)
    found = anomaly(J, wrt=w)
    assert (found.kind, found.node.op) == ("zero derivative", "relu")
    assert "nothing arrives at w" in found.explanation
    assert not anomaly(J, wrt=v)


def test_no_way_back_at_all():
    c, x = leaf(1.0, "c"), leaf(2.0)
    assert "no derivative goes back" in anomaly(where(c, x, 0.0), wrt=c).explanation


# -- derivatives of derivatives ----------------------------------------------------------------------


def test_second_order():
    x = leaf(0.0)
    y = x**1.5
    assert not anomaly(y + x)
    slope = gradient(y + x, x, as_graph=True)
    assert slope.data == 1.0
    found = anomaly(slope)
    assert (found.phase, found.kind) == ("backward", "slope")
    assert found.node.op == "power_log"  # what the slope of a power is at 0


def test_forward_of_a_second_order_pass():
    x = leaf(0.0)
    slope = gradient(sqrt(x), x, as_graph=True)
    found = anomaly(slope)
    assert (found.phase, found.kind, found.node.op) == ("forward", "inf", "divide")


# -- around it ---------------------------------------------------------------------------------------


def test_the_source_line_and_the_scope():
    with record_sources(), scope("loss"):
        J = log(leaf(-1.0)) * 2
    found = anomaly(J)
    assert found.source is not None
    assert "test_anomaly.py:" in found.source
    assert found.source in str(found)
    assert "in loss" in str(found)
    assert anomaly(log(leaf(-1.0))).source is None
    assert "record_sources" in str(anomaly(log(leaf(-1.0))))


def test_nothing():
    x = leaf(2.0)
    found = anomaly(x * x)
    assert not found
    assert "nothing found" in str(found)
    assert not anomaly(x)


def test_nothing_is_touched():
    x = leaf(2.0)
    y = x * x
    y.backward()
    anomaly(y * 3)
    assert (x.grad, y.grad) == (4.0, 1.0)


def test_a_chain_of_100_000_nodes():
    x = leaf(1.0)
    y = x
    for _ in range(50_000):
        y = y * 1.02 + 0.01
    found = anomaly(y)
    assert (found.kind, found.node.op) == ("overflow", "multiply")


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_domains_found_by_trying_hold_at_every_tested_point(row):
    if row.arity != 1:
        return
    words = domain(row.name)
    if not words:
        return
    mathematics = words.replace("≤", "<=").replace("≥", ">=").replace("≠", "!=")
    for (x,) in row.points:
        assert eval(mathematics, {"x": x}), f"{row.name} is tested at {x}, outside {words}"


def test_html_escapes_names():
    assert "<b>" not in anomaly(log(leaf(-1.0, "<b>")))._repr_html_()


def test_mistakes():
    with pytest.raises(OperandError):
        anomaly(1.0)
    with pytest.raises(GraphError):
        anomaly(leaf(1.0) * 2, wrt=leaf(3.0))


def test_the_demo_finds_each_for_what_it_is(tmp_path, capsys):
    assert nan.main(["--out", str(tmp_path)]) == 0
    assert [anomaly(program()).kind for program in nan.PROGRAMS] == ["overflow", "slope", "zero derivative", "slope"]
    assert capsys.readouterr().out.count("demos/nan.py:") == len(nan.PROGRAMS)
    assert (tmp_path / "nan.txt").exists()
