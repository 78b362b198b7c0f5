"""Pictures: everything the graph knows is in them, and nothing in a name can break them."""

from __future__ import annotations

import ast
import math
import os
import random
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from autograd import Value, deltas, dot, interp, scope, take, tanh, where
from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.text import short
from viz.identifiers import lowered
from viz.numbers import Scale, shown, signed
from viz.pictures import layout
from viz.pictures.boxes import Box
from viz.pictures.dots import expanded
from viz.pictures.fold import MOST_LINES
from viz.pictures.gather import READABLE, gathered
from viz.pictures.geometry import Link, Shape
from viz.pictures.layout import place
from viz.pictures.svg import LONGEST, _across
from viz.pictures.view import FULL, view
from viz.text import BOLD, width
from viz.trace import CONSTANT

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ["<b>&\"'</b>", "</script></svg>", "\u202eabc\x00\x1b\ud800", "😀" * 3, "n" * 10_000, "{a|<s0>}\\N\\", "שלום"]


def a_neuron() -> Value:
    with scope("layer2.neuron1"):
        weights = [Value(0.5, name="w₁"), Value(-3e-5, name="w₂")]
        z = dot(weights, [Value(2.0, name="x₁"), 7.0], Value(0.25, name="b"))
        z.name = "z²₁"
        a = tanh(z)
        a.name = "a²₁"
    J = (a - 1.0) ** 2
    J.name = "J"
    return J


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def words(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in parsed(svg).iter(f"{SVG}text")]


def of_class(svg: str, name: str) -> list[ET.Element]:
    return [g for g in parsed(svg).iter() if name in g.get("class", "").split()]


# -- the trace --------------------------------------------------------------------------------------


def test_trace_says_what_the_chain_rule_says():
    J = a_neuron()
    seen, expected = viz.trace(J), deltas(J)
    found = {node.id: node.delta for node in seen.nodes if node.delta is not None}
    assert sorted(found.values()) == sorted(expected.values())
    assert seen.nodes[seen.root].name == "J"
    assert [seen.nodes[i].op for i in seen.forward] == ["dot", "tanh", "subtract", "power"]
    assert all(step.contribution == step.delta * step.slope for step in seen.backward)


def test_a_slot_is_an_edge():
    x = Value(3.0)
    assert [(e.slot, e.slope) for e in viz.trace(x * x).edges] == [(0, 3.0), (1, 3.0)]
    assert len(of_class(viz.draw(x * x).svg, "edge")) == 2


def test_no_path_is_not_zero():
    x, y = Value(0.0, name="x"), Value(2.0, name="y")
    deltas_of = {n.name: n.delta for n in viz.trace(where(Value(1.0), x * x, y)).nodes if n.name}
    assert deltas_of == {"x": 0.0, "y": None}
    shown_words = words(viz.draw(where(Value(1.0), x * x, y)).svg)
    assert "δ 0" in shown_words
    assert "no path" in shown_words


def test_no_grad_is_touched():
    J = a_neuron()
    J.backward()
    nodes = list(deltas(J))
    before = [node.grad for node in nodes]
    viz.draw(J)
    viz.to_dot(J)
    assert [node.grad for node in nodes] == before


@pytest.mark.parametrize("thing", [3.0, None, [Value(1.0)], "J"])
def test_only_a_value_has_a_picture(thing):
    for function in (viz.trace, viz.draw, viz.to_dot):
        with pytest.raises(OperandError, match="one Value"):
            function(thing)


# -- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "text"),
    [(3e-5, "+3e-5"), (-0.0, "0"), (0.1 + 0.2, "+0.3"), (-1e-300, "-1e-300"), (1234567.0, "+1.235e6"),
     (float("inf"), "+inf"), (float("-inf"), "-inf"), (float("nan"), "nan"), (99999.6, "+1e5"),
     (5e-324, "+5e-324")],
)  # fmt: skip
def test_numbers_are_short_and_never_rounded_to_zero(x, text):
    assert signed(x) == text


def test_scale_orders_sizes():
    scale = Scale([1e-12, -1e-3, 2.0, float("nan"), float("inf")])
    sizes = [scale(x) for x in (0.0, 1e-12, 1e-3, -0.5, 2.0)]
    assert sizes == sorted(sizes)
    assert sizes[0] == 0.0
    assert sizes[-1] == 1.0
    assert sizes[1] > 0
    assert Scale([])(0.0) == 0.0
    assert Scale([5e-324])(5e-324) == 1.0


# -- the picture ------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["neuron", "op"])
def test_everything_is_in_the_picture(level):
    J = a_neuron()
    seen, said = viz.trace(J), words(viz.draw(J, level=level).svg)
    for node in seen.nodes:
        assert node.name is None or node.name in said
        assert shown(node.value) in said
        assert node.delta is None or f"δ {signed(node.delta)}" in said
    for edge in seen.edges:
        assert edge.slope is None or shown(edge.slope) in said
    assert {"layer2", "neuron1"} <= set(said)


def rectangle(rect: ET.Element) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    x, y, w, h = (float(rect.get(k, "")) for k in ("x", "y", "width", "height"))
    return x, y, x + w, y + h


def apart(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def frames(svg: str) -> list[tuple[float, float, float, float]]:
    """The rectangles of the boxes."""
    found = [node.find(f"{SVG}rect") for node in of_class(svg, "node")]
    return [rectangle(rect) for rect in found if rect is not None]


def plates(svg: str) -> list[tuple[float, float, float, float]]:
    """The grounds on which the arrows' numbers stand."""
    return [rectangle(rect) for rect in parsed(svg).findall(f"{SVG}g/{SVG}rect")]


@pytest.fixture(params=["graphviz", "plain"])
def placed_by(request, monkeypatch):
    """Pictures laid out by Graphviz, and as where there is none."""
    if request.param == "plain":
        monkeypatch.setattr(layout, "graphviz", lambda: None)
        monkeypatch.setattr(layout, "_say_so", lambda: None)


@pytest.mark.usefixtures("placed_by")
def test_boxes_do_not_overlap():
    boxes = frames(viz.draw(a_neuron()).svg)
    assert len(boxes) == len(viz.trace(a_neuron()).nodes)
    assert all(apart(a, b) for a, b in combinations(boxes, 2))


@pytest.mark.usefixtures("placed_by")
@pytest.mark.parametrize(("level", "direction"), [("neuron", "LR"), ("op", "LR"), ("neuron", "TB"), ("op", "TB")])
def test_the_numbers_of_arrows_lie_on_no_box_and_no_other_number(level, direction):
    svg = viz.draw(many(2, 3, 4), level=level, direction=direction).svg
    labels = plates(svg)
    assert len(labels) == sum(arrow.slope is not None for arrow in view(viz.trace(many(2, 3, 4)), level=level).arrows)
    assert all(apart(a, b) for a, b in combinations([*labels, *frames(svg)], 2))


@pytest.mark.usefixtures("placed_by")
@pytest.mark.parametrize("options", [{}, {"theme": "dark", "digits": 9, "size": 300, "hide": "slope", "lang": "ru"}])
def test_a_picture_that_is_read_downwards(options):
    J = many(2, 3, 1)
    svg = viz.draw(J, direction="TB", **options).svg
    root, drawn = parsed(svg), view(viz.trace(J))
    boxes = dict(zip((box.id for box in drawn.boxes), frames(svg), strict=True))
    assert all(apart(a, b) for a, b in combinations([*boxes.values(), *plates(svg)], 2))
    assert all(boxes[arrow.tail][3] < boxes[arrow.head][1] for arrow in drawn.arrows)
    assert any(how in (root.find(f"{SVG}desc").text or "") for how in ("from top to bottom", "сверху вниз"))
    for cluster in of_class(svg, "cluster"):  # the names of scopes stand above their boxes
        room, name = rectangle(cluster.find(f"{SVG}rect")), float(cluster.find(f"{SVG}text").get("y"))
        inside = [box for box in boxes.values() if room[0] < box[0] < room[2] and room[1] < box[1] < room[3]]
        assert inside
        assert name < min(box[1] for box in inside)
    assert ids(svg) != ids(viz.draw(J, **options).svg)


def ids(svg: str) -> set[str]:
    return {e.get("id", "") for e in parsed(svg).iter() if e.get("id")}


def test_not_finite_is_hatched():
    assert not of_class(viz.draw(a_neuron()).svg, "not-finite")
    x = Value(-1.0, name="x")
    assert of_class(viz.draw(x**0.5 * 2).svg, "not-finite")


def test_colour_and_sign_agree():
    x, y = Value(1.0, name="x"), Value(2.0, name="y")
    svg = viz.draw(x - y).svg
    colours = {"".join(t.itertext()): t.get("fill") for t in parsed(svg).iter(f"{SVG}text")}
    assert colours["δ +1"] != colours["δ -1"]


def test_it_speaks_and_is_the_same_for_every_renderer():
    svg = viz.draw(a_neuron()).svg
    root = parsed(svg)
    labels = root.get("aria-labelledby", "").split()
    assert root.get("role") == "img"
    assert len(labels) == 2
    ids = {e.get("id"): e for e in root.iter() if e.get("id")}
    assert all(ids[label].text for label in labels)
    assert "var(" not in svg
    assert "foreignObject" not in svg
    assert "prefers-color-scheme: dark" in svg


def test_the_same_bytes_in_every_process():
    code = "from tests.views.test_viz import a_neuron, viz; print(ascii(viz.draw(a_neuron()).svg))"
    root = Path(__file__).resolve().parents[2]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert {ast.literal_eval(output.decode()) for output in outputs} == {viz.draw(a_neuron()).svg}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out(name):
    with scope(name.replace(".", "")):
        x = Value(2.0, name=name)
        J = x * x
    svg = viz.draw(J).svg
    assert len(of_class(svg, "node")) == 2
    assert not list(parsed(svg).iter(f"{SVG}script"))
    assert "</script" not in svg
    if name.isprintable() and "." not in name:
        assert any(short(name, LONGEST) in (title.text or "") for title in parsed(svg).iter(f"{SVG}title"))
    svg.encode()
    graph = pytest.importorskip("pygraphviz").AGraph(string=viz.to_dot(J).source)
    assert sorted(graph.nodes()) == ["n0", "n1"]
    assert graph.number_of_edges() == 2


def test_a_leaf_alone():
    assert words(viz.draw(Value(3.0, name="x")).svg)[:3] == ["x", "3", "δ +1"]


# -- levels, views and size -------------------------------------------------------------------------


def test_dots_expand_into_products_and_their_sum():
    seen = viz.trace(a_neuron())
    nodes, edges = expanded(seen.nodes, seen.edges)
    assert [n.symbol for n in nodes].count("×") == 2
    assert not any(n.op == "dot" for n in nodes)
    plus = next(n for n in nodes if n.symbol == "+")
    products = [n for n in nodes if n.symbol == "×"]
    assert sum(n.value for n in products) + 0.25 == pytest.approx(plus.value)
    assert {n.delta for n in products} == {plus.delta}
    by_slope = {e.slope for e in edges if e.node in {n.id for n in products}}
    assert {2.0, 7.0, 0.5} <= by_slope


def test_views():
    J = a_neuron()
    whole = viz.trace(J)
    x = next(node for node in deltas(J) if node.name == "x₁")
    downstream = of_class(viz.draw(J, wrt=x).svg, "node")
    assert len(downstream) == 5  # x₁, z, a, a - 1, J
    assert len(of_class(viz.draw(J, around=x).svg, "node")) == 2
    assert len(of_class(viz.draw(J, around=x, radius=0).svg, "node")) == 1
    touching = of_class(viz.draw(J, scope="layer2").svg, "node")
    assert 5 < len(touching) < len(whole.nodes)
    assert f"{len(touching)} of the graph's {len(whole.nodes)} nodes" in words(viz.draw(J, scope="layer2").svg)


@pytest.mark.parametrize("shows", [viz.draw, viz.to_dot])
def test_a_view_that_there_is_not_is_refused(shows):
    J = a_neuron()
    with pytest.raises(GraphError, match="not in this graph"):
        shows(J, wrt=Value(1.0))
    with pytest.raises(ArgumentError, match="layer2"):
        shows(J, scope="layer9")
    with pytest.raises(ArgumentError, match="level"):
        shows(J, level="atom")
    for radius in (-1, 1.5, True):
        with pytest.raises(ArgumentError, match="radius"):
            shows(J, around=J, radius=radius)


@pytest.mark.parametrize("chosen", ["all", "scope", "around", "wrt", "op", "layer", "scope and wrt"])
def test_dot_shows_what_the_picture_shows(chosen):
    J = a_neuron()
    x = next(node for node in deltas(J) if node.name == "x₁")
    arguments = {"all": {}, "scope": {"scope": "layer2"}, "around": {"around": x, "radius": 2}, "wrt": {"wrt": [x]},
                 "op": {"level": "op"}, "layer": {"level": "layer"},
                 "scope and wrt": {"scope": "layer2.neuron1", "wrt": x}}[chosen]  # fmt: skip
    drawn = viz.draw(J, **arguments).svg
    graph = pytest.importorskip("pygraphviz").AGraph(string=viz.to_dot(J, **arguments).source)
    assert graph.number_of_nodes() == len(of_class(drawn, "node"))
    assert graph.number_of_edges() == len(of_class(drawn, "edge"))


def many(layers: int, neurons: int, weights: int) -> Value:
    xs = [Value(0.5)]
    for i in range(layers):
        outputs = []
        for j in range(neurons):
            with scope(f"layer{i + 1}.neuron{j + 1}"):
                inputs = [xs[k % len(xs)] for k in range(weights)]
                outputs.append(dot([Value(0.1) for _ in range(weights)], inputs, 0.0))
        xs = outputs
    return sum(xs, Value(0.0))


def test_large_graphs_are_gathered_and_say_so():
    J = many(3, 30, 40)
    seen = view(viz.trace(J))
    assert len(seen.boxes) <= READABLE
    assert "gathered" in seen.note
    assert any("×30 neurons" in box.counts for box in seen.boxes)
    assert "force=True" in viz.draw(J).svg
    assert len(view(viz.trace(J), force=True).boxes) == len(viz.trace(J).nodes)


def test_a_long_chain_without_scopes_is_gathered_too():
    x = Value(1.0)
    for _ in range(20_000):
        x = x * 1.0001
    seen = view(viz.trace(x))
    assert len(seen.boxes) <= READABLE
    assert sum(node.kind == CONSTANT for node in viz.trace(x).nodes) == 20_000
    assert viz.draw(x).svg


def nodes_in(boxes: tuple[Box, ...]) -> int:
    """How many nodes a compact picture's boxes stand for."""
    leaves = sum(int(box.counts[0].split()[0]) for box in boxes if box.kind == "group" and "leaves" in box.counts[0])
    return leaves + sum(box.kind != "group" for box in boxes)


def test_middling_graphs_are_compact_and_fold_what_one_node_alone_uses():
    seen = viz.trace(many(2, 10, 20))
    compact, whole = view(seen), view(seen, force=True)
    assert compact.compact and whole.compact
    assert len(whole.boxes) == len(seen.nodes) > FULL
    assert nodes_in(compact.boxes) == len(seen.nodes)
    assert all(box.scope for box in compact.boxes if box.kind == "group")
    kept = {box.id: box for box in whole.boxes}
    assert all(box._replace(slots=0) == kept[box.id]._replace(slots=0) for box in compact.boxes if box.kind != "group")
    slopes = {(a.tail, a.head): a.slope for a in whole.arrows}
    alone = [a for a in compact.arrows if {a.tail, a.head} <= set(kept)]
    assert alone and all(a.slope == slopes[a.tail, a.head] for a in alone)
    assert "400 nodes that only one other uses" in compact.note
    assert len(of_class(viz.draw(many(2, 10, 20)).svg, "node")) == len(compact.boxes)


def test_a_sum_has_its_products_as_lines():
    seen = viz.trace(many(2, 10, 20))
    compact, whole = view(seen, level="op"), view(seen, level="op", force=True)
    sums = [box for box in compact.boxes if len(box.counts) == 21]
    assert len(sums) == 20 and all(box.counts[-1] == "0" for box in sums)  # the bias
    weight, given = 0.1, 0.5
    assert sums[0].counts[0] == f"v₁·v₂₁ = {weight}·{given} = {weight * given}"
    assert not any(box.symbol == "×" for box in compact.boxes)
    kept = {box.id: box for box in whole.boxes}
    assert all(box._replace(slots=0, counts=()) == kept[box.id]._replace(slots=0) for box in compact.boxes)
    into = [a for a in compact.arrows if a.head in {box.id for box in sums}]
    assert sum(a.edges for a in into) == 400
    assert {box.name or shown(box.value) for box in compact.boxes if box.id in {a.tail for a in into}} >= {"v₂₁"}


def a_chain_of_sums(terms: int) -> Value:
    with scope("layer1.neuron1"):
        z = Value(1.0, name="b")
        for i in range(1, terms + 1):
            z = z + Value(-i, name=f"w{i}") * Value(2.0, name=f"x{i}")
        z.name = "z"
    with scope("layer2"):
        J = tanh(z)
        for _ in range(FULL):
            J = J * 1.0
    return J


def test_a_chain_of_sums_is_one_sum():
    compact = view(viz.trace(a_chain_of_sums(5)))
    (z,) = [box for box in compact.boxes if box.name == "z"]
    terms = (f"w{lowered(str(i))}·x{lowered(str(i))} = (-{i})·2 = -{2 * i}" for i in range(1, 6))
    assert z.counts == ("b = 1", *terms)
    assert z.value == 1 - 2 * sum(range(1, 6)) and z.kind == "operation"
    assert [arrow.tail for arrow in compact.arrows if arrow.head == z.id] == []


def test_an_arrow_into_a_sum_keeps_its_local_derivative():
    x = Value(3.0, name="x")
    J = x * 5.0 + x * x + Value(2.0, name="w") * tanh(x) + Value(4.0, name="v") * tanh(x)
    for _ in range(FULL):
        J = J * 1.0
    seen = view(viz.trace(J))
    (top,) = [box for box in seen.boxes if len(box.counts) == 4]
    slopes = {
        next(b for b in seen.boxes if b.id == a.tail).symbol: (a.slope, a.edges)
        for a in seen.arrows
        if a.head == top.id
    }
    assert slopes == {"": (None, 3), "tanh": (4.0, 1)}  # x three times, and each tanh once


def test_a_long_list_of_terms_is_cut():
    (z,) = [box for box in view(viz.trace(a_chain_of_sums(200))).boxes if box.name == "z"]
    assert len(z.counts) == MOST_LINES + 1
    assert z.counts[-1] == f"… and {201 - MOST_LINES} more"


def test_a_graph_with_nothing_to_fold_is_only_compact():
    x = Value(1.0, name="x")
    for _ in range(FULL):
        x = x + x
    seen = view(viz.trace(x))
    assert seen.compact
    assert len(seen.boxes) == FULL + 1


@pytest.mark.usefixtures("placed_by")
@pytest.mark.parametrize("level", ["neuron", "op"])
def test_neurons_stand_in_the_order_of_their_numbers(level):
    shown_boxes = view(viz.trace(many(2, 11, 11)), level=level, force=True)
    shapes = [Shape(box.id, box.scope, 60, 40, box.slots) for box in shown_boxes.boxes]
    links = [Link(arrow.tail, arrow.head, arrow.slot) for arrow in shown_boxes.arrows]
    neurons = [cluster for cluster in place(shapes, links).clusters if "neuron" in cluster.scope]
    from_the_top = [cluster.scope for cluster in sorted(neurons, key=lambda cluster: cluster.top)]
    for layer in ("layer1", "layer2"):
        found = [scope for scope in from_the_top if scope.startswith(layer)]
        assert found == [f"{layer}.neuron{n}" for n in range(1, 12)]


def a_random_graph(seed: int, most: int = 25) -> Value:
    """Nodes in scopes and outside, constants, operands used twice, nodes that no derivative reaches."""
    rng = random.Random(seed)
    pool = [Value(rng.random()) for _ in range(3)]
    for _ in range(rng.randint(2, most)):
        with scope(rng.choice(["a", "a.b1", "a.b2", "d", "d.e.f", f"n{rng.randint(1, 8)}", "d.e.g"])):
            n = rng.randint(1, 4)
            weights = [rng.choice([*pool, Value(0.1)]) for _ in range(n)]
            pool.append(tanh(dot(weights, [rng.choice(pool) for _ in range(n)], rng.choice([None, 1.0]))))
        if rng.random() < 0.3:
            pool.append(where(rng.choice(pool), pool[-1] * 2.0, pool[0]))
    return sum(pool, Value(0.0))


def largest(numbers: list[float | None]) -> float | None:
    """The number of largest size."""
    known = [x for x in numbers if x is not None]
    return max(known, key=abs, default=None)


@pytest.mark.parametrize("crowded", [False, True])
@pytest.mark.parametrize("seed", range(15))
def test_gathering_counts_every_node_and_every_edge(seed, crowded):
    seen = viz.trace(a_random_graph(seed, most=60))
    found = gathered(seen, np.ones(len(seen.nodes), bool), coarsest=True, crowded=crowded)
    assert len({box.id for box in found.boxes}) == len(found.boxes)
    alone = {box.id for box in found.boxes if box.kind != "group"}
    titled = {box.name: box.id for box in found.boxes if box.kind == "group"}
    computed = [node.id for node in seen.nodes if node.op]
    home = {}  # by our own reading: the first part of a scope, single nodes and the root alone
    for node in seen.nodes:
        if crowded and node.kind == CONSTANT:
            continue
        title = node.scope.split(".")[0] or ("outside any scope" if node.op else "inputs")
        if "order" in found.note:
            title = f"part {computed.index(node.id) * 12 // len(computed) + 1}" if node.op else "inputs"
        home[node.id] = f"n{node.id}" if f"n{node.id}" in alone else titled[title]
    boxes = {box.id: box for box in found.boxes}
    assert home[seen.root] == found.root == f"n{seen.root}"
    for box in boxes.values():
        inside = [node for node in seen.nodes if home.get(node.id) == box.id]
        assert box.delta == largest([node.delta for node in inside])
        if box.kind == "group":
            nodes = f"{len(inside)} nodes" if len(inside) > 1 else "1 node"
            assert nodes in box.counts
    across = [e for e in seen.edges if home.get(e.operand, "") and home.get(e.node) and home[e.operand] != home[e.node]]
    for arrow in found.arrows:
        mine = [e for e in across if (home[e.operand], home[e.node]) == (arrow.tail, arrow.head)]
        assert arrow.edges == len(mine)
        deltas_of = [seen.nodes[e.node].delta for e in mine]
        sent = largest(
            [None if d is None or e.slope is None else d * e.slope for d, e in zip(deltas_of, mine, strict=True)]
        )
        assert sent is None or abs(arrow.contribution) == abs(sent)
        assert (sent is None) == (arrow.contribution is None)
        if {arrow.tail, arrow.head} <= alone and len(mine) == 1:
            assert arrow.slope == mine[0].slope
    assert sum(arrow.edges for arrow in found.arrows) == len(across)


def test_nan_is_the_largest_of_a_group():
    with scope("layer1"):
        x = Value(-1.0, name="x")
        broken = x**0.5
    with scope("layer2"):
        J = broken * Value(1e300) * 2.0
    found = view(viz.trace(J + 1.0), level="layer")
    deltas_of = {box.name: box.delta for box in found.boxes}
    assert math.isnan(deltas_of["layer1"])
    assert deltas_of["layer2"] is not None


@pytest.mark.usefixtures("placed_by")
@pytest.mark.parametrize("seed", range(6))
def test_no_scoping_of_any_graph_loses_an_arrow(seed):
    J = a_random_graph(seed)
    for level in ("neuron", "op"):
        drawn = viz.draw(J, level=level)
        assert len(of_class(drawn.svg, "edge")) == len(view(viz.trace(J), level=level).arrows)


def test_layers():
    seen = view(viz.trace(many(3, 4, 5)), level="layer")
    assert [box.name for box in seen.boxes if box.counts] == ["layer1", "layer2", "layer3"]


# -- files ------------------------------------------------------------------------------------------


def test_saving(tmp_path):
    drawing = viz.draw(a_neuron())
    assert drawing._repr_svg_() == drawing.svg
    assert drawing.save(tmp_path / "net.svg").read_text(encoding="utf-8") == drawing.svg
    with pytest.raises(ArgumentError, match="svg"):
        drawing.save(tmp_path / "net.bmp")
    with pytest.raises(FileNotFoundError):
        drawing.save(tmp_path / "missing" / "net.svg")
    assert os.listdir(tmp_path) == ["net.svg"]


def test_without_graphviz_pictures_are_plain_and_one_warning_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", "")
    layout._say_so.cache_clear()
    with pytest.warns(UserWarning, match="pip install pygraphviz") as warned:
        drawn = viz.draw(a_neuron())
    assert warned[0].filename == __file__
    assert len(of_class(drawn.svg, "edge")) == len(viz.trace(a_neuron()).edges)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert viz.draw(a_neuron()).svg == drawn.svg


def test_everything_imports_without_graphviz(tmp_path):
    for name in ("graphviz", "pygraphviz"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not here')")
    program = """if True:
        import autograd, nn, viz
        x = autograd.Value(2.0, name="x")
        assert "6" in viz.draw(x * 3).svg
        try:
            viz.to_dot(x)
        except autograd.MissingExtra as error:
            print(error)
    """
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[2])])
    environment = {**os.environ, "PYTHONPATH": path, "PATH": "", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("to_dot needs the package graphviz: pip install graphviz\n", "")


def test_layout_prints_nothing(capfd):
    viz.draw(a_neuron())
    assert capfd.readouterr() == ("", "")


# -- what fits ------------------------------------------------------------------------------------------


def test_text_is_no_wider_than_it_is_taken_to_be():
    ft2font, data = pytest.importorskip("matplotlib.ft2font"), pytest.importorskip("matplotlib").get_data_path()
    letters = [
        *map(chr, [*range(32, 127), *range(0xA1, 0x100), *range(0x391, 0x3CA)]),
        *"⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉…-×÷∂ΣΠ·≤≥≠",
    ]
    for file, times in (("DejaVuSans.ttf", 1.0), ("DejaVuSans-Bold.ttf", BOLD)):  # the widest of the common ones
        font = ft2font.FT2Font(f"{data}/fonts/ttf/{file}")
        font.set_size(100, 72)
        for letter in filter(lambda letter: font.get_char_index(ord(letter)), letters):
            advance = font.load_char(ord(letter)).linearHoriAdvance / 65536 / 100
            assert advance <= times * width(letter, 1) + 1e-3, letter


def test_a_name_of_two_hundred_letters_stays_inside_its_box():
    x = Value(1.0, name="W" * 200)
    (node,) = of_class(viz.draw(x * 2.0).svg, "leaf")
    box, name = node.find("{*}rect"), node.find("{*}text")
    end = float(name.get("x")) + BOLD * width(name.text, float(name.get("font-size")))
    assert end <= float(box.get("x")) + float(box.get("width"))


@given(st.floats(20, 200), st.floats(20, 90), st.floats(0, 1))
def test_hatching_stays_inside_rounded_corners(wide, high, round_):
    corner = round_ * min(wide, high) / 2
    for at in range(6, int(wide + high) - 2, 6):
        for start, end in _across(at, wide, high, corner):
            assert end <= start
            for x, y in ((start, at - start), (end, at - end)):
                nearest = min(max(x, corner), wide - corner), min(max(y, corner), high - corner)
                assert math.hypot(x - nearest[0], y - nearest[1]) <= corner + 1e-9


def test_a_table_of_constants_is_a_line_on_a_box():
    x = Value(2.5, name="x")
    y = interp(x, np.arange(1000.0), np.arange(1000.0) ** 2)
    svg = viz.draw(y).svg
    assert svg.count("table of 1,000") >= 5
    assert len(svg) < 40_000
    assert "987" not in svg
    assert "take(t" in str(viz.formula(y)) and len(str(viz.formula(y))) < 800
    short = viz.draw(take(x, [3.0, 4.0, 5.0, 6.0])).svg
    assert "table of" not in short
    assert all(f">{n}</text>" in short for n in (3, 4, 5, 6))


# -- what is asked for wrongly ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("show", "options", "said"),
    [
        (viz.draw, {"theme": "x"}, "a theme is one of auto, light, dark, got 'x'"),
        (viz.draw, {"theme": ["dark"]}, "a theme is one of"),
        (viz.draw, {"direction": "up"}, "a direction is one of LR, TB, got 'up'"),
        (viz.animate, {"direction": "lr"}, "a direction is one of LR, TB, got 'lr'"),
        (viz.draw, {"digits": 0}, "from 1 to 17, got 0"),
        (viz.draw, {"digits": 18}, "from 1 to 17, got 18"),
        (viz.sheet, {"seed": "a"}, "seed is a whole number, the same for the same sheets, got 'a'"),
        (viz.sheet, {"seed": True}, "seed is a whole number"),
        (viz.draw, {"size": 0}, "size is how many pixels wide"),
        (viz.draw, {"size": 10**400}, "size is how many pixels wide"),
        (viz.draw, {"size": math.nan}, "size is how many pixels wide"),
        (viz.draw, {"legend": "no"}, "legend is True or False"),
        (viz.draw, {"hide": 3}, "hide is 'value', 'slope', 'delta', or several of them, got 3"),
        (viz.draw, {"hide": [["value"]]}, "hide is 'value'"),
        (viz.draw, {"scope": 3}, "a scope is a name such as 'layer2.neuron1', got 3"),
        (viz.explore, {"title": 3}, "the title of a page is text, got 3"),
        (viz.explore, {"note": ["a"]}, "the note of a page is text"),
        (viz.debug, {"commands": "step"}, "commands are several"),
        (viz.debug, {"commands": 3}, "commands are several"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_refused_in_a_sentence(show, options, said):
    with pytest.raises(ArgumentError) as refused:
        show(a_neuron(), **options)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


# -- what is drawn to the edge, and what names look like ----------------------------------------------


@pytest.mark.parametrize("size", [None, 333, 401.5])
def test_a_dark_png_is_dark_to_its_last_pixel(tmp_path, size):
    image = pytest.importorskip("PIL.Image")
    png = viz.draw(a_neuron(), theme="dark", size=size, legend=False).save(tmp_path / "dark.png")
    drawn = image.open(png).convert("RGBA")
    wide, high = drawn.size
    assert size is None or wide == 2 * math.ceil(size)
    edge = {drawn.getpixel((x, y)) for x in range(wide) for y in (0, high - 1)}
    edge |= {drawn.getpixel((x, y)) for y in range(high) for x in (0, wide - 1)}
    assert edge == {(0x14, 0x17, 0x1C, 255)}


def test_what_a_picture_says_has_names_as_cards_do():
    J = Value(0.5, name="alpha") * Value(2.0, name="w_ij") + Value(3.0, name="beta_1") * Value(1.0, name="<b>")
    J.name = "Omega"
    film = viz.animate(J)
    captions = "".join(parsed(film.svg).itertext())
    assert "Ω = t₁ + t₂ = 1 + 3 = 4" in captions
    assert "δ(α) += δ(t₁)·∂t₁/∂α" in captions
    assert "t₂ = β₁·<b>" in captions
    for svg in (film.svg, viz.draw(J).svg, viz.draw(J, direction="TB").svg):
        assert not any(name in svg for name in ("alpha", "w_ij", "beta", "Omega"))
    assert "alpha" in viz.why(J, "alpha").symbol  # what is typed


def test_names_from_right_to_left_turn_nothing_in_a_picture():
    J = Value(2.0, name="\u05de") * Value(3.0, name="x")
    J.name = "\u05d0<b>"
    output, x = "\u2068\u05d0<b>\u2069", "\u2068\u05de\u2069"
    film = viz.animate(J)
    captions = "".join(parsed(film.svg).itertext())
    assert f"{output} = {x}·x = 2·3 = 6" in captions
    assert f"∂{output}/∂{x} = 3.0" in [each.text.split(";")[0] for each in parsed(viz.draw(J).svg).iter(f"{SVG}title")]
    assert f"δ = ∂{output}/∂node > 0" in "".join(parsed(viz.draw(J).svg).itertext())
    assert "&#8296;\u05d0&lt;b&gt;&#8297;" in film._repr_html_().split('src="')[0]
    assert viz.why(J, "x").symbol == "∂\u05d0<b>/∂x"  # what is typed has nothing that is not seen


def test_names_are_typeset_on_cards():
    names = [
        "alpha",
        "α",
        "w_ij",
        "theta_1",
        "x1",
        "w_max",
        "w_max",
        "learning_rate",
        "alpha[1]",
        "a_very_long_name_" * 3,
    ]
    J = sum(Value(0.5, name=name) * 2.0 for name in names)
    svg = viz.draw(J).svg
    titles = [text for text in parsed(svg).iter(f"{SVG}text") if text.get("font-weight") == "600"]
    said = ["".join(text.itertext()) for text in titles]
    assert {"α[2]", "α[3]", "wᵢⱼ", "θ₁", "x₁", "wmax[1]", "wmax[2]", "learning_rate", "alpha[1]"} <= set(said)
    assert len(set(said) - {"×", "+", "Σ"}) == len(names)
    below = [t for t in parsed(svg).iter(f"{SVG}tspan") if t.text == "max"]
    assert len(below) == 2
    assert all(float(t.get("dy")) > 0 for t in below)
    page = viz.explore(J).html
    assert "theta_1" in page
    assert "θ₁" in page
