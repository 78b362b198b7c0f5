"""The paths that carry a derivative, against listing every path of small graphs."""

from __future__ import annotations

import math
import random

import pytest

from autograd import Value, deltas, dot, exp, tanh, where
from autograd.errors import ArgumentError, GraphError, OperandError
from demos import exploding
from viz.trace import locate, trace
from viz.why import why


def every_path(J, w):
    """All products of slopes, by listing every path."""
    seen = trace(J)
    (target,) = locate(J, [w])
    into = {}
    for edge in seen.edges:
        if edge.slope is not None:
            into.setdefault(edge.node, []).append(edge)
    products, pending = [], [(seen.root, 1.0)]
    while pending:
        node, product = pending.pop()
        if node == target:
            products.append(product)
            continue
        pending.extend((edge.operand, product * edge.slope) for edge in into.get(node, ()))
    return products


OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - 2 * b,
    lambda a, b: tanh(a - b),
    lambda a, b: dot([a, b, a], [b, 0.5, 1.5], b),
]


def random_graph(seed):
    draw = random.Random(seed)
    w = Value(draw.uniform(-2, 2), name="w")
    nodes = [w, Value(draw.uniform(-2, 2))]
    for _ in range(draw.randint(2, 11)):
        a, b = draw.choice(nodes), draw.choice(nodes[-3:])
        nodes.append(draw.choice(OPERATIONS)(a, b))
    return nodes[-1] + 0.25 * w, w


@pytest.mark.parametrize("seed", range(60))
def test_agrees_with_listing_every_path(seed):
    J, w = random_graph(seed)
    products = sorted((p for p in every_path(J, w)), key=abs, reverse=True)
    found = why(J, w, top=10**6 if len(products) < 500 else 25)
    assert found.count == len(products)
    assert found.absolute == pytest.approx(math.fsum(map(abs, products)), rel=1e-12)
    kept = [p for p in products if p][: len(found.paths)]
    assert [abs(path.contribution) for path in found.paths] == pytest.approx([abs(p) for p in kept], rel=1e-12)
    if len(products) < 500:
        assert len(found.paths) == len([p for p in products if p])
        assert found.residual == pytest.approx(0.0, abs=1e-12 * found.absolute)
    assert found.derivative == deltas(J)[w]
    assert found.cancellation == pytest.approx(abs(math.fsum(products)) / math.fsum(map(abs, products)), abs=1e-12)
    assert len({(tuple(n.id for n in p.nodes), p.slots) for p in found.paths}) == len(found.paths)
    for path in found.paths:
        assert path.contribution == pytest.approx(math.prod(path.slopes), rel=1e-12)


@pytest.mark.parametrize("top", [0, 1, 3])
def test_the_residual_is_what_is_not_shown(top):
    w = Value(2.0, name="w")
    J = 8 * w + 4 * w - 2 * w + w
    found = why(J, w, top=top)
    assert [path.contribution for path in found.paths] == [8, 4, -2, 1][:top]
    assert found.residual == 11 - sum([8, 4, -2, 1][:top])
    assert f"unexplained: {found.residual:.0f}" in str(found)
    assert found.cancellation == 11 / 15


def test_two_slots_are_two_paths():
    x = Value(3.0, name="x")
    found = why(x * x, x)
    assert [(path.slots, path.contribution) for path in found.paths] == [((0,), 3.0), ((1,), 3.0)]


def test_exponentially_many_tied_paths():
    w = x = Value(0.3)
    for _ in range(3000):
        x = (x + x) * 0.1 * 5.0000001  # rounding makes the ties uneven
    found = why(x, w, top=7)
    assert len(found.paths) == 7
    assert abs(found.count - 2**3000) < 2**3000 // 10**25  # rounded to 30 digits, 3000 times
    assert "e903 paths" in str(found)


def test_a_chain_of_20_000_nodes():
    w = x = Value(0.5, name="w")
    for _ in range(10_000):
        x = tanh(x) * 1.0001 + 1e-3 * w
    found = why(x, w, top=10)
    assert len(found.paths) == 10
    assert found.count == 10_001
    assert "slopes, product" in str(found)
    assert len(str(found)) < 10_000


def test_products_do_not_overflow_on_the_way():
    w = Value(1.0, name="w")
    J = w * 1e200 * 1e200 * 1e-300
    (path,) = why(J, w).paths
    assert path.contribution == pytest.approx(1e100)


def test_nothing_cancels_and_everything_cancels():
    w = Value(2.0, name="w")
    assert "1: nothing cancels" in str(why(w + 3 * w, w))
    assert why(w - w, w).cancellation == 0.0


def test_paths_of_zero_are_counted_and_not_listed():
    w = Value(-1.0, name="w")
    found = why(w.relu() * 2, w)
    assert (found.count, found.paths, found.derivative) == (1, (), 0.0)
    assert "a slope of 0 lies on each of 1 path" in str(found)
    assert math.isnan(found.cancellation)


def test_no_path_is_not_zero():
    c, x = Value(1.0, name="c"), Value(2.0, name="x")
    found = why(where(c, x, 0.0), c)
    assert found.count == 0
    assert "not the same as 0" in str(found)


def test_infinite_and_nan_slopes_come_first():
    x = Value(0.0, name="x")
    found = why(5 * x + x.sqrt(), x)
    assert [path.contribution for path in found.paths] == [math.inf, 5.0]
    assert "inf" in str(found)
    nan_first = why(3 * x + x.sqrt() * x, x).paths[0]  # 0 · inf
    assert math.isnan(nan_first.contribution)


def test_with_respect_to_itself_and_to_an_interior_node():
    x = Value(2.0, name="x")
    y = exp(x)
    assert why(y, y).paths[0].contribution == 1.0
    assert [path.contribution for path in why(y * y, y).paths] == [y.data, y.data]


def test_nothing_is_touched():
    x = Value(2.0, name="x")
    y = x * x
    y.backward()
    why(y * 3, x)
    assert (x.grad, y.grad) == (4.0, 1.0)


def test_steepest():
    x = Value(1.0, name="x")
    (path,) = why(x * 3 * 0.5 * 7, x).paths
    assert [path.slopes[i] for i in path.steepest(2)] == [7.0, 3.0]


def test_html_escapes_names():
    x = Value(1.0, name="<script>")
    assert "<script>" not in why(x * 2, x)._repr_html_()


def test_mistakes():
    x, y = Value(1.0), Value(2.0)
    with pytest.raises(GraphError):
        why(x * 2, y)
    with pytest.raises(OperandError):
        why(3.0, y)
    for top in (-1, 1.5, True):
        with pytest.raises(ArgumentError, match="whole number"):
            why(x * 2, x, top=top)


def test_the_demo_finds_the_weight(tmp_path, capsys):
    assert exploding.main(["--out", str(tmp_path)]) == 0
    assert "59 of the 180 are the weight w" in capsys.readouterr().out
    assert "carried by 1 path" in (tmp_path / "exploding.txt").read_text(encoding="utf-8")


def test_names_of_any_kind():
    x = Value(1.0, name="a\nb\u202e" + "c" * 10_000)
    assert len(str(why(x * 2, x))) < 500
    assert r"a\nb\u202ec" in str(why(x * 2, x))
