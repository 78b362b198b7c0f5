"""The chain rule: backward, deltas, steps and gradients, and when they accumulate."""

import math
import subprocess
import sys
import threading

import pytest

from autograd import Value, backward, deltas, dot, exp, gradient, no_grad, relu, scope, steps, tanh, where
from autograd.order import interior, reachable
from tests.support.comparisons import same_nodes


def test_backward_gives_every_node_its_delta():
    x, y = Value(4.0), Value(2.0)
    z = x**2 + y**3
    z.backward()
    assert (x.grad, y.grad, z.grad) == (8.0, 12.0, 1.0)


def test_a_shared_node_sums_its_paths():
    x = Value(3.0)
    y = x * x
    (y * y + y).backward()
    assert y.grad == 19.0
    assert x.grad == 19.0 * 6.0


def test_the_same_operand_twice():
    x = Value(5.0)
    (x - x).backward()
    assert x.grad == 0.0
    x.grad = 0
    (x / x).backward()
    assert x.grad == pytest.approx(0.0, abs=1e-16)


def test_leaves_accumulate_and_interior_nodes_are_overwritten():
    x = Value(3.0)
    y = x * x
    J = y * 2
    J.backward()
    J.backward()
    assert (x.grad, y.grad, J.grad) == (24.0, 2.0, 1.0)


def test_seed():
    x = Value(3.0)
    (x * x).backward(0.5)
    assert x.grad == 3.0
    backward(x * x, seed=-1)
    assert x.grad == -3.0


def test_backward_on_a_leaf():
    x = Value(3.0)
    x.backward()
    x.backward(2)
    assert x.grad == 3.0


def test_deltas_touch_no_node_and_leave_out_what_has_no_path():
    x, y, cut = Value(2.0), Value(3.0), Value(4.0)
    J = where(True, x * y, exp(cut))
    found = deltas(J)
    assert found[x] == 3.0
    assert found[y] == 2.0
    assert found[J] == 1.0
    assert cut not in found
    assert x.grad == y.grad == J.grad == 0.0


def test_steps_are_the_chain_rule_one_application_at_a_time():
    x = Value(3.0)
    y = x * x
    J = tanh(y)
    done = list(steps(J, seed=2.0))
    assert same_nodes(done[0][:4], (J, 2.0, 0, y))
    assert same_nodes([s.node for s in done[1:]], [y, y])
    assert [(s.slot, s.slope) for s in done[1:]] == [(0, 3.0), (1, 3.0)]
    assert sum(s.delta * s.slope for s in done if s.operand is x) == deltas(J, 2.0)[x]
    assert x.grad == 0.0


def test_gradient_of_and_with_respect_to_interior_nodes():
    x = Value(2.0)
    y = x * x
    J = exp(y) + x
    assert gradient(J, y) == math.exp(4.0)
    assert gradient(J, [x, y, J]) == [math.exp(4.0) * 4.0 + 1.0, math.exp(4.0), 1.0]
    assert gradient(J, Value(1.0)) == 0.0
    assert gradient(J, x, seed=3.0) == 3.0 * gradient(J, x)


def test_gradient_as_graph_to_the_fourth_order():
    x = Value(0.7)
    y = x
    expected = [math.sin(0.7), math.cos(0.7), -math.sin(0.7), -math.cos(0.7), math.sin(0.7)]
    y = x.sin()
    for value in expected:
        assert y.data == pytest.approx(value, rel=1e-14)
        y = gradient(y, x, as_graph=True)


def test_gradient_as_graph_of_what_is_not_reached():
    x, y = Value(1.0), Value(2.0)
    dy = gradient(x * 2, y, as_graph=True)
    assert type(dy) is Value
    assert dy.data == 0.0


def test_dot_is_one_node_and_its_delta_is_that_of_z():
    w, x, b = [Value(2.0), Value(3.0)], [Value(10.0), Value(100.0)], Value(1.0)
    z = dot(w, x, b)
    assert same_nodes(z.operands, (*w, *x, b))
    tanh(z * 1e-3).backward()
    assert [v.grad for v in w] == [z.grad * 10.0, z.grad * 100.0]
    assert b.grad == z.grad


def test_the_branch_not_taken_gets_no_derivative():
    x = Value(0.0)
    J = where(x > 0, x.sqrt(), x * 2)
    J.backward()
    assert x.grad == 2.0


def test_backward_and_deltas_agree_where_a_zero_delta_meets_an_infinite_slope():
    x, y = Value(0.0), Value(0.0)
    J = x.sqrt() * y + where(False, (x * 0).sqrt(), y)
    J.backward()
    found = deltas(J)
    for leaf in (x, y):
        assert leaf.grad == found[leaf] or (math.isnan(leaf.grad) and math.isnan(found[leaf]))


def test_order_puts_operands_first():
    x = Value(1.0)
    y = x + 1
    z = y * x
    w = y * z
    assert same_nodes(interior(w), [y, z, w])
    assert same_nodes(reachable(w), [x, y, z, w])
    assert interior(x) == []
    assert same_nodes(reachable(x), [x])


def test_no_grad_and_detach_cut():
    x = Value(3.0)
    with no_grad():
        y = x * x
    assert (y.data, y.operands, y.is_detached) == (9.0, (), True)
    (x * (x * x).detach()).backward()
    assert x.grad == 9.0


def test_no_grad_ends_with_an_exception():
    x = Value(3.0)
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert same_nodes((x * x).operands, (x, x))


_PROGRAM = """
import random
from autograd import Value, tanh
rng = random.Random(7)
leaves = [Value(rng.uniform(-1, 1)) for _ in range(20)]
nodes = list(leaves)
for _ in range(400):
    a, b = rng.choice(nodes), rng.choice(nodes)
    nodes.append(rng.choice([lambda: a * b, lambda: a + b, lambda: tanh(a - b)])())
sum(nodes[-50:]).backward()
print([leaf.grad.hex() for leaf in leaves])
"""


def test_the_same_numbers_in_every_process():
    printed = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }  # fmt: skip
    assert len(printed) == 1
    assert "0x" in printed.pop()


# -- threads ----------------------------------------------------------------------------------------


def in_threads(work, count=6):
    """Run work(i) in threads that start together; the answers in order, errors raised here."""
    answers, errors, start = [None] * count, [], threading.Barrier(count)

    def run(i):
        try:
            start.wait(10)
            answers[i] = work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
    return answers


def test_threads_differentiate_their_own_graphs_over_shared_leaves():
    weights = [Value(0.1 * i) for i in range(10)]

    def work(i):
        own = Value(float(i))
        found = []
        for _ in range(30):
            J = sum(relu(w * own + i) for w in weights)
            found.append((J.data, deltas(J)[own], [deltas(J)[w] for w in weights]))
        return found

    together = in_threads(work)
    assert together == [work(i) for i in range(6)]
    assert all(w.grad == 0.0 for w in weights)


def test_contexts_belong_to_their_thread():
    x = Value(2.0)
    inside = threading.Barrier(6)

    def work(i):
        def look():
            inside.wait(10)
            y = x * x
            inside.wait(10)
            return bool(y.operands), y.scope

        if i % 3 == 0:
            with no_grad():
                return look()
        if i % 3 == 1:
            with scope(f"thread{i}"):
                return look()
        return look()

    expected = [(False, ""), (True, "thread1"), (True, ""), (False, ""), (True, "thread4"), (True, "")]
    assert in_threads(work) == expected
