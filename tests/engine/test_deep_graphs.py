"""A million nodes in a chain: no recursion, no garbage collector, few bytes."""

import copy
import gc
import pickle
import sys
import tracemalloc

import pytest

from autograd import Value, deltas, gradient, softmax, tanh


def chain(x, depth):
    node = x
    for _ in range(depth):
        node = node * 0.999_999 + x if node._data > 1e12 else node * 1.000_001
    return node


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("depth", [100_000, pytest.param(1_000_000, marks=pytest.mark.thorough)])
def test_a_long_chain_lives_and_dies_without_the_collector(depth):
    before = sys.getallocatedblocks()
    x = Value(1.0)
    root = chain(x, depth)
    assert sys.getallocatedblocks() - before > depth
    root.backward()
    assert x.grad == pytest.approx(1.000_001**depth, rel=1e-9)

    twin = copy.deepcopy(root)
    assert (twin.data, twin.grad) == (root.data, 1.0)
    assert twin is not root
    assert twin.operands[0] is not root.operands[0]
    del twin

    again = pickle.loads(pickle.dumps(root, protocol=5))
    assert again.data == root.data
    leaf = again
    for _ in range(depth):
        leaf = leaf.operands[0]
    assert leaf.is_leaf
    assert leaf.grad == x.grad
    del again, leaf

    del root, x
    assert sys.getallocatedblocks() - before < depth / 10
    assert gc.collect() == 0


@pytest.mark.parametrize("build", [
    lambda x, y: x * 1.000_001, lambda x, y: x + y, lambda x, y: x * y, lambda x, y: tanh(x), lambda x, y: x - 1.0,
], ids=["times a number", "plus a Value", "times a Value", "tanh", "minus a number"])  # fmt: skip
def test_at_most_350_bytes_a_node(build):
    count = 100_000
    tracemalloc.start()
    try:
        y, node = Value(1e-3), Value(0.5)
        start, _ = tracemalloc.get_traced_memory()
        for _ in range(count):
            node = build(node, y)
        end, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 50 < (end - start) / count <= 350


def test_the_other_walks_need_no_stack_either():
    x = Value(1.0)
    root = chain(x, 50_000)
    assert deltas(root)[x] == pytest.approx(1.000_001**50_000, rel=1e-9)
    slope = gradient(root, x, as_graph=True)
    assert slope.data == pytest.approx(1.000_001**50_000, rel=1e-9)
    assert isinstance(repr(root), str)


def test_nothing_is_left_for_the_collector():
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            x = Value(0.5)
            J = sum(s * s for s in softmax([tanh(x * i) for i in range(4)]))
            J.backward()
            deltas(J)
            gradient(gradient(J, x, as_graph=True), x)
            copy.deepcopy(J)
            pickle.loads(pickle.dumps(J))
        del x, J
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_wide_node():
    xs = [Value(float(i)) for i in range(100_000)]
    total = sum(xs)
    total.backward()
    assert total.data == sum(range(100_000))
    assert all(x.grad == 1.0 for x in xs)
