"""Losses against their formulas, finite differences, and at their edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value, compile, grad
from autograd.errors import ArgumentError, OperandError

numbers = st.floats(-4, 4).map(lambda x: round(x, 3))
ELEMENTWISE = {
    nn.half_squared_error: lambda p, y: 0.5 * (y - p) ** 2,
    nn.mean_squared_error: lambda p, y: (y - p) ** 2,
    nn.absolute_error: lambda p, y: abs(y - p),
    nn.huber: lambda p, y: 0.5 * (y - p) ** 2 if abs(y - p) <= 1 else abs(y - p) - 0.5,
}


def values(xs):
    return [Value(x) for x in xs]


@pytest.mark.parametrize("loss", ELEMENTWISE)
@given(pairs=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_formula_and_reduction(loss, pairs):
    p, y = zip(*pairs, strict=True)
    terms = [ELEMENTWISE[loss](*pair) for pair in pairs]
    assert loss(values(p), y, reduction="sum").data == pytest.approx(sum(terms), rel=1e-12, abs=1e-14)
    assert loss(values(p), y, reduction="mean").data == pytest.approx(np.mean(terms), rel=1e-12, abs=1e-14)
    usual = sum(terms) if loss is nn.half_squared_error else np.mean(terms)
    assert loss(values(p), y).data == pytest.approx(usual, rel=1e-12, abs=1e-14)


SMOOTH = [
    (nn.half_squared_error, [0.3, -2.0, 1.7], [0.5, 1.0, 1.0]),
    (nn.mean_squared_error, [0.3, -2.0, 1.7], [0.5, 1.0, 1.0]),
    (nn.absolute_error, [0.3, -2.0, 1.7], [0.5, 1.0, 1.0]),
    (nn.huber, [0.3, -2.0, 2.7], [0.5, 1.0, 1.0]),
    (nn.hinge, [0.3, -2.0, 1.7], [-1, 1, 1]),
    (nn.binary_cross_entropy, [0.3, 0.9, 0.2], [0, 1, 0.25]),
    (nn.binary_cross_entropy_with_logits, [0.3, -2.0, 1.7], [0, 1, 0.25]),
    (nn.cross_entropy, [0.3, -2.0, 1.7], 2),
    (nn.cross_entropy, [0.3, -2.0, 1.7], [0.2, 0.5, 0.3]),
]


@pytest.mark.parametrize(("loss", "p", "y"), SMOOTH)
def test_finite_differences(loss, p, y):
    leaves = values(p)
    loss(leaves, y).backward()
    for i, leaf in enumerate(leaves):

        def at(h, i=i):
            return loss(values([x + h * (j == i) for j, x in enumerate(p)]), y).data

        assert leaf.grad == pytest.approx((at(1e-6) - at(-1e-6)) / 2e-6, rel=1e-6, abs=1e-8)


def test_huber_at_the_corner_and_its_delta():
    p = Value(2.0)
    nn.huber(p, 0.0, delta=2.0).backward()
    assert p.grad == 2.0
    assert nn.huber(Value(5.0), 0.0, delta=2.0).data == 2 * (5 - 1)
    with pytest.raises(ArgumentError, match="delta"):
        nn.huber(p, 0.0, delta=0)


@pytest.mark.parametrize(("p", "y", "value", "slope"), [
    (0.0, 0, 0, 1), (1.0, 1, 0, -1), (0.0, 1, math.inf, -math.inf), (1.0, 0, math.inf, math.inf),
])  # fmt: skip
def test_binary_cross_entropy_at_the_ends(p, y, value, slope):
    leaf = Value(p)
    J = nn.binary_cross_entropy(leaf, y)
    J.backward()
    assert (J.data, leaf.grad) == (value, slope)


@given(z=st.floats(-30, 30), y=st.sampled_from([0.0, 0.3, 1.0]))
def test_logits_and_probabilities_agree(z, y):
    p = 1 / (1 + math.exp(-z))
    expected = nn.binary_cross_entropy(Value(p), y).data
    rel = 1e-2 if z > 20 else 1e-6  # 1 - p has lost digits there
    assert nn.binary_cross_entropy_with_logits(Value(z), y).data == pytest.approx(expected, rel=rel)


def test_logits_keep_their_digits():
    for z, y in ((-40.0, 0), (40.0, 1)):
        leaf = Value(z)
        J = nn.binary_cross_entropy_with_logits(leaf, y)
        J.backward()
        assert J.data == pytest.approx(math.exp(-40), rel=1e-12)
        assert abs(leaf.grad) == pytest.approx(math.exp(-40), rel=1e-12)
    assert nn.binary_cross_entropy_with_logits(Value(1000.0), 0).data == 1000.0


def test_cross_entropy_by_class_one_hot_and_extreme():
    z = [[1.0, 2.0, 3.0], [0.5, -1.0, 0.0]]
    batch = np.array([values(row) for row in z])
    logs = np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
    expected = -(logs[0, 2] + logs[1, 0]) / 2
    for y in ([2, 0], [[0, 0, 1], [1, 0, 0]], [2.0, 0.0]):
        assert nn.cross_entropy(batch, y).data == pytest.approx(expected, rel=1e-13)
    assert nn.cross_entropy(values([1000.0, 0.0]), 1).data == 1000.0
    assert nn.cross_entropy(values([0.0, -math.inf]), 0).data == 0.0
    assert nn.cross_entropy(values([0.0, -math.inf]), [1.0, 0.0]).data == 0.0
    for y in (3, -1, [0, 1], 0.5, [0.5, 0.6, 0.1], [-0.5, 1.0, 0.5]):
        with pytest.raises(ArgumentError):
            nn.cross_entropy(values(z[0]), y)


@pytest.mark.parametrize("loss", [*ELEMENTWISE, nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits, nn.hinge])
def test_shapes(loss):
    column = np.array([[Value(0.5)], [Value(0.25)]])
    assert loss(column, [1, 1]).data == loss(column, [[1], [1]]).data == loss(column[:, 0], [1, 1]).data
    assert loss([Value(0.5)], 1).data == loss(Value(0.5), 1.0).data == loss(0.5, 1)
    for wrong in ([1, 1, 1], [[1, 1]], 1, [[1, 1], [1, 1]]):
        with pytest.raises(ArgumentError, match="shape"):
            loss(column, wrong)
    with pytest.raises(ArgumentError):
        loss([], [])
    with pytest.raises(OperandError):
        loss(Value(0.5), "1")
    with pytest.raises(ArgumentError, match="reduction"):
        loss(Value(0.5), 1.0, reduction="median")


def test_labels_are_checked():
    with pytest.raises(ArgumentError, match="-1 or 1, got 0"):
        nn.hinge(Value(0.5), 0)
    with pytest.raises(ArgumentError, match="with_logits"):
        nn.binary_cross_entropy(Value(1.5), 1)
    with pytest.raises(ArgumentError, match="labels"):
        nn.binary_cross_entropy_with_logits(Value(1.5), 2)


def test_targets_may_be_values_and_nan_shows():
    t = Value(1.0)
    nn.half_squared_error(Value(0.25), t).backward()
    assert t.grad == 0.75
    assert nn.binary_cross_entropy(Value(0.25), Value(1.0)).data == pytest.approx(-math.log(0.25))
    assert math.isnan(nn.mean_squared_error(Value(math.nan), 0.0).data)


@pytest.mark.parametrize(
    ("residual", "slope"), [(math.inf, 1.0), (-math.inf, -1.0), (1e308, 1.0), (5e-324, 5e-324), (0.0, 0.0)]
)
def test_huber_far_out_and_at_nothing(residual, slope):
    assert grad(lambda p: nn.huber(p, 0.0))(residual) == slope
    assert compile(lambda p: nn.huber(p, 0.0)).grad(residual) == slope
