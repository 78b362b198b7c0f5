"""Hypothesis over random graphs with shared nodes: the chain rule holds however they are wired."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, deltas, gradient, steps
from autograd.order import interior, reachable
from tests.support.comparisons import same_nodes

ONE = ("tanh", "sin", "sigmoid", "softplus", "atan", "relu", "negative", "abs", "silu", "gelu")
TWO = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (2.0 + abs(b)), "hypot": autograd.hypot, "maximum": autograd.maximum,
    "logaddexp": autograd.logaddexp, "square and multiply": lambda a, b: a * a * b,
    "dot": lambda a, b: autograd.dot([a, b, a], [b, 0.5, a], b),
}  # fmt: skip
SMOOTH = {"tanh", "sin", "sigmoid", "softplus", "atan", "negative", "silu", "gelu"}

Plan = list[tuple[str, int, int]]
plans = st.tuples(
    st.lists(st.floats(-2, 2, allow_subnormal=False), min_size=1, max_size=4),
    st.lists(
        st.tuples(st.sampled_from([*ONE, *TWO]), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=25
    ),
)


def build(plan: Plan, leaves):
    """Every step takes earlier numbers, so nodes are shared; tanh keeps the numbers small."""
    nodes = list(leaves)
    for name, i, j in plan:
        a, b = nodes[i % len(nodes)], nodes[-1 - j % min(len(nodes), 4)]
        node = getattr(autograd, name)(b) if name in ONE else TWO[name](a, b)
        nodes.append(3.0 * autograd.tanh(node / 3.0))
    return nodes[-1]


@given(plans)
def test_backward_deltas_and_steps_agree_to_the_bit(drawn):
    at, plan = drawn
    leaves = [Value(x) for x in at]
    root = build(plan, leaves)
    found = deltas(root)
    summed = {root: 1.0}
    for step in steps(root):
        assert summed[step.node] == step.delta
        summed[step.operand] = summed.get(step.operand, 0.0) + step.delta * step.slope
    root.backward()
    for node in reachable(root):
        assert node.grad.hex() == found.get(node, 0.0).hex() == summed.get(node, 0.0).hex()
    assert gradient(root, leaves) == [leaf.grad for leaf in leaves]


@given(plans)
def test_the_order_is_topological_and_complete(drawn):
    at, plan = drawn
    root = build(plan, [Value(x) for x in at])
    order = reachable(root)
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is root
    for node in order:
        for operand in node.operands:
            assert type(operand) is float or place[operand] < place[node]
    assert same_nodes(interior(root), [node for node in order if not node.is_leaf])


@given(plans)
def test_twice_backward_accumulates_on_leaves_alone(drawn):
    at, plan = drawn
    leaves = [Value(x) for x in at]
    root = build(plan, leaves)
    root.backward()
    once = {node: node.grad for node in reachable(root)}
    root.backward()
    for node, grad in once.items():
        if node.is_leaf:
            assert math.isclose(node.grad, 2 * grad, rel_tol=1e-9, abs_tol=1e-12)
        else:
            assert node.grad == grad


@given(plans)
def test_the_gradient_is_that_of_finite_differences(drawn):
    at, plan = drawn
    plan = [step for step in plan if step[0] in SMOOTH | {"add", "subtract", "multiply", "logaddexp", "dot"}]
    leaves = [Value(x) for x in at]
    root = build(plan, leaves)
    for i, slope in enumerate(gradient(root, leaves)):
        coarse, fine = (_difference(plan, at, i, h) for h in (2e-3, 1e-3))
        finest = _difference(plan, at, i, 5e-4)
        extrapolated = (4 * finest - fine) / 3
        uncertain = abs(extrapolated - (4 * fine - coarse) / 3)  # how far the differences agree among themselves
        assert abs(slope - extrapolated) <= 1e-7 * (1 + abs(slope)) + 2 * uncertain


def _difference(plan, at, i, h):
    up, down = list(at), list(at)
    up[i] += h
    down[i] -= h
    return (build(plan, up) - build(plan, down)) / (up[i] - down[i])


@given(plans)
def test_the_gradient_as_a_graph_has_the_same_numbers(drawn):
    at, plan = drawn
    leaves = [Value(x) for x in at]
    root = build(plan, leaves)
    numbers = gradient(root, leaves)
    graph = gradient(root, leaves, as_graph=True)
    for number, node in zip(numbers, graph, strict=True):
        assert math.isclose(number, node.data, rel_tol=1e-12, abs_tol=1e-14)
    assert all(leaf.grad == 0.0 for leaf in leaves)


@given(plans, st.integers(0, 2**32))
def test_floats_and_values_give_the_same_number(drawn, seed):
    at, plan = drawn
    assert build(plan, at) == build(plan, [Value(x) for x in at]).data
    mixed = [Value(x) if random.Random(seed + i).random() < 0.5 else x for i, x in enumerate(at)]
    answer = build(plan, mixed)
    assert build(plan, at) == (answer.data if isinstance(answer, Value) else answer)
