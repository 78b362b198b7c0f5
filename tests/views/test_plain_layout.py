"""The layout without Graphviz: nothing overlaps, nothing is lost, whatever the picture is made of."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.pictures.by_columns import by_columns
from viz.pictures.geometry import DOWN, Cluster, Link, Placement, Point, Shape, path_of, room_for

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom
SCOPES = ["", "", "a", "a.b1", "a.b2", "a.b10", "d.e.f", "1.2.3.4.5.6.7.8", "a very long name of a scope", "a.d"]


def a_picture(seed: int) -> tuple[list[Shape], list[Link]]:
    """Boxes of any size in any scope, arrows mostly onwards; some run back, as between groups that feed each other."""
    dice = random.Random(seed)
    count = dice.randint(1, 30)
    ends = [(dice.randrange(count), dice.randrange(count)) for _ in range(dice.randint(0, 3 * count))]
    ends = [(min(e), max(e)) if dice.random() < 0.9 else e for e in ends if e[0] != e[1]]
    slots = [0] * count
    links = []
    for tail, head in ends:
        links.append(Link(f"n{tail}", f"n{head}", slots[head]))
        slots[head] += 1
    shapes = [
        Shape(f"n{i}", dice.choice(SCOPES), dice.uniform(5, 150), dice.uniform(8, 60) + 15 * slots[i], slots[i])
        for i in range(count)
    ]
    return shapes, links


def boxes(shapes: list[Shape], laid: Placement) -> dict[str, Rectangle]:
    found = {}
    for shape in shapes:
        x, y = laid.centres[shape.id]
        found[shape.id] = (x - shape.width / 2, y - shape.height / 2, x + shape.width / 2, y + shape.height / 2)
    return found


def rectangle(cluster: Cluster) -> Rectangle:
    return cluster.left, cluster.top, cluster.left + cluster.width, cluster.top + cluster.height


def apart(a: Rectangle, b: Rectangle) -> bool:
    return a[2] <= b[0] + 1e-6 or b[2] <= a[0] + 1e-6 or a[3] <= b[1] + 1e-6 or b[3] <= a[1] + 1e-6


def within(a: Rectangle, b: Rectangle) -> bool:
    return a[0] >= b[0] - 1e-6 and a[1] >= b[1] - 1e-6 and a[2] <= b[2] + 1e-6 and a[3] <= b[3] + 1e-6


def along(curve: list[Point]) -> list[Point]:
    """Points of a curve, close to each other."""
    found = []
    for i in range(0, len(curve) - 1, 3):
        p, q, r, s = curve[i : i + 4]
        for step in range(13):
            t = step / 12
            u = 1 - t
            weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
            found.append(tuple(sum(w * c[k] for w, c in zip(weights, (p, q, r, s), strict=True)) for k in (0, 1)))
    return found


@pytest.mark.parametrize(("compact", "direction"), [(False, "LR"), (True, "LR"), (False, "TB")])
@given(seed=st.integers(0, 10**9))
def test_nothing_overlaps_and_nothing_is_lost(compact, direction, seed):
    shapes, links = a_picture(seed)
    laid = by_columns(shapes, links, compact, direction)
    found = boxes(shapes, laid)
    scope = {shape.id: path_of(shape.scope) for shape in shapes}
    clusters = {tuple(cluster.scope.split(".")): rectangle(cluster) for cluster in laid.clusters}
    assert set(found) == set(scope)
    assert set(clusters) == {path[:n] for path in scope.values() for n in range(1, len(path) + 1)}
    for a, b in combinations(found.values(), 2):
        assert apart(a, b)
    for path, room in clusters.items():
        assert room[2] - room[0] >= room_for(path[-1]) - 1e-6
        for name, box in found.items():
            assert within(box, room) if scope[name][: len(path)] == path else apart(box, room)
        for other, there in clusters.items():
            if other[: len(path)] != path and path[: len(other)] != other:
                assert apart(room, there)
    for thing in [*found.values(), *clusters.values()]:
        assert within(thing, (0.0, 0.0, laid.width, laid.height))
    for path, room in clusters.items():  # its name has room above everything
        inside = [box for name, box in found.items() if scope[name][: len(path)] == path]
        assert room[1] + 20 <= min(top for _, top, _, _ in inside)


@given(seed=st.integers(0, 10**9))
def test_arrows_run_from_their_tails_to_their_slots_and_through_no_box(seed):
    shapes, links = a_picture(seed)
    laid = by_columns(shapes, links, compact=False)
    found, slots = boxes(shapes, laid), {shape.id: shape.slots for shape in shapes}
    assert len(laid.curves) == len(links)
    for link, curve in zip(links, laid.curves, strict=True):
        tail, head = found[link.tail], found[link.head]
        enters = head[1] + (head[3] - head[1]) * (link.slot + 0.5) / slots[link.head]
        assert curve[0] == pytest.approx((tail[2], (tail[1] + tail[3]) / 2))
        assert curve[-1] == pytest.approx((head[0], enters))
        for x, y in along(curve):
            assert all(apart((x, y, x, y), box) for box in found.values())


@given(seed=st.integers(0, 10**9))
def test_downwards_arrows_run_from_below_their_tails_to_above_their_heads(seed):
    shapes, links = a_picture(seed)
    laid = by_columns(shapes, links, False, DOWN)
    found, slots = boxes(shapes, laid), {shape.id: shape.slots for shape in shapes}
    for link, curve in zip(links, laid.curves, strict=True):
        tail, head = found[link.tail], found[link.head]
        enters = head[0] + (head[2] - head[0]) * (link.slot + 0.5) / slots[link.head]
        assert curve[0] == pytest.approx(((tail[0] + tail[2]) / 2, tail[3]))
        assert curve[-1] == pytest.approx((enters, head[1]))
        for x, y in along(curve):
            assert all(apart((x, y, x, y), box) for box in found.values())


def test_operands_stand_left_of_what_is_computed_from_them_and_the_same_is_laid_out_the_same():
    shapes, links = a_picture(3)
    links = [Link(min(a, b, key=lambda n: int(n[1:])), max(a, b, key=lambda n: int(n[1:])), s) for a, b, s in links]
    laid = by_columns(shapes, links, compact=False)
    assert all(laid.centres[link.tail][0] < laid.centres[link.head][0] for link in links)
    down = by_columns(shapes, links, False, DOWN)
    assert all(down.centres[link.tail][1] < down.centres[link.head][1] for link in links)
    assert by_columns(shapes, links, compact=False) == laid


def test_an_empty_picture_and_a_single_box():
    assert by_columns([], [], compact=False).curves == []
    laid = by_columns([Shape("n0", "", 30.0, 20.0, 0)], [], compact=False)
    assert (laid.width, laid.height, laid.centres) == (30.0, 20.0, {"n0": (15.0, 10.0)})
