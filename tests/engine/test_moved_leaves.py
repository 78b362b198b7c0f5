"""A graph whose leaves have moved: every face shows it computed anew, says so in one line, and changes no node."""

from __future__ import annotations

import io
import itertools
import math
import pickle
import re
import struct
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import viz
from autograd import Value, compile_graph, deltas, dot, exp, gradient, greater, scope, steps, tanh, where
from autograd.errors import GraphError
from autograd.ops.primitive import TABLE
from autograd.order import reachable
from autograd.recorder import RECORDERS, record, slopes_recorder
from autograd.replay import ANEW, computed_anew, follows
from nn import MLP, half_squared_error
from viz.pictures.view import view


def same(one, other):
    """Equal to the bit, nan too."""
    return repr(one) == repr(other)


def held(root):
    """All that the nodes of a graph hold."""
    return [(id(v), repr(v.data), v.grad, v.slopes, v._words) for v in reachable(root)]


# -- what is recorded follows from its operands, for every row ---------------------------------------


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_what_a_row_records_follows_to_the_bit(row):
    points = [*row.points, *(edge.at for edge in row.edges)]
    for at in [tuple(map(float, point)) for point in points]:
        nodes = [record(row, tuple(map(Value, at)))]
        for constant in range(len(at) if len(at) > 1 else 0):
            mixed = [x if i == constant else Value(x) for i, x in enumerate(at)]
            nodes.append(record(row, tuple(mixed)))
            nodes.append(RECORDERS[row.name](*mixed))
        for node in [*nodes, RECORDERS[row.name](*map(Value, at))]:
            assert follows(node), (at, node, node.slopes)


def test_the_quick_dot_follows_too():
    w, x = [Value(0.1), Value(-0.0), Value(math.inf)], [Value(3.0), Value(2.0), Value(0.0)]
    assert follows(dot(w, x))
    assert follows(dot(w, x, Value(0.5)))
    assert follows(dot(w, [3.0, 2.0, 0.0]))


# -- no false equation, whatever the graph and whatever moves ----------------------------------------

ONE = ("tanh", "exp", "relu", "abs", "floor", "log", "sqrt", "sign", "square")
TWO = {
    "add": lambda a, b: a + b, "multiply": lambda a, b: a * b, "divide": lambda a, b: a / b,
    "times a constant": lambda a, b: 0.5 * a - b, "maximum": autograd.maximum,
    "dot": lambda a, b: dot([a, b, 2.0], [b, 0.5, a], b), "where": lambda a, b: where(greater(a, b), a * b, b),
    "softmax": lambda a, b: autograd.softmax([a, b, 1.0])[1], "power": lambda a, b: a**b,
}  # fmt: skip
NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -1.0, math.inf, math.nan]) | st.floats(-3, 3, allow_subnormal=False)
plans = st.lists(
    st.tuples(st.sampled_from([*ONE, *TWO]), st.integers(0, 99), st.integers(0, 3)), min_size=1, max_size=20
)


def build(plan, leaves):
    """Every step takes earlier numbers, so nodes are shared."""
    nodes = list(leaves)
    for name, i, j in plan:
        a, b = nodes[i % len(nodes)], nodes[-1 - j % min(4, len(nodes))]
        with scope(f"layer{i}"):
            nodes.append(getattr(autograd, name)(a) if name in ONE else TWO[name](a, b))
    return nodes[-1]


def three(numbers):
    x, y, z = map(Value, numbers)
    x.name, y.name = "x", "y"
    return [x, y, z]


@given(plans, st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_it_is_to_the_bit_the_graph_that_would_be_recorded_now(plan, before, after):
    leaves = three(before)
    root = build(plan, leaves)
    root.backward()
    for leaf, x in zip(leaves, after, strict=True):
        leaf.data = x
    were = held(root)
    seen, fresh = viz.trace(root), viz.trace(build(plan, three(after)))
    for mine, its in zip(seen[1:5], fresh[1:5], strict=True):
        assert same(list(mine), list(its))
    assert held(root) == were
    assert seen.anew == ("" if computed_anew(reachable(root)) is root else ANEW)
    _check_equations(seen)


def _check_equations(seen):
    """Every number and slope of a trace follows from the numbers beside it."""
    value = seen.columns.value.tolist()
    for i in seen.forward:
        edges = seen.edges[seen.columns.starts.item(i) : seen.columns.starts.item(i + 1)]
        row, numbers = TABLE[seen.nodes[i].op], [value[edge.operand] for edge in edges]
        assert same(row.float(*numbers), value[i])
        for edge, slope in zip(edges, row.float_slopes(value[i], *numbers), strict=True):
            assert same(edge.slope, None if seen.nodes[edge.operand].kind == "constant" else slope)


@given(plans, st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_steps_are_those_of_the_graph_that_would_be_recorded_now(plan, before, after):
    leaves = three(before)
    root = build(plan, leaves)
    for leaf, x in zip(leaves, after, strict=True):
        leaf.data = x
    again = three(after)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = list(steps(root))
    assert [str(warning.message) for warning in said] == [ANEW] * (computed_anew(reachable(root)) is not root)
    expected = list(steps(build(plan, again)))
    assert same([(s.delta, s.slot, s.slope) for s in found], [(s.delta, s.slot, s.slope) for s in expected])
    for mine, its in zip(found, expected, strict=True):
        assert same(mine.node.op.float(*_numbers(mine.node)), mine.node.data)
        assert (mine.node.name, mine.node.scope) == (its.node.name, its.node.scope)
        assert [mine.operand is leaf for leaf in leaves] == [its.operand is leaf for leaf in again]


def _numbers(node):
    return [o.data if isinstance(o, Value) else o for o in node.operands]


def test_steps_of_a_graph_that_has_not_moved_are_its_own_and_silent():
    x = Value(3.0)
    y = x * x
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (first, second) = steps(y)
    assert first.node is second.node is y


# -- every face --------------------------------------------------------------------------------------


def neuron(w, x):
    """J and its leaves, as the newcomer writes it."""
    w, x = Value(w, name="w"), Value(x, name="x")
    z = w * x
    z.name = "z"
    J = (1 - tanh(z)) ** 2
    J.name = "J"
    return J, w


def debugged(J, w):
    said = io.StringIO()
    viz.debug(J, ["step 2", "explain", "continue", "print z w", "why w", "list 1"], said)
    return said.getvalue()


def in_one_line(J, w):
    """LaTeX of a derivation, in which long sentences are broken."""
    return viz.derive(J, w).latex.replace("} \\\\\n& \\text{leaves", " leaves")


FACES = {
    "debug": debugged, "derive": lambda J, w: str(viz.derive(J, w)), "latex": in_one_line,
    "html": lambda J, w: viz.derive(J, w).html, "mathml": lambda J, w: viz.derive(J, w).mathml,
    "why": lambda J, w: str(viz.why(J, w)), "anomaly": lambda J, w: str(viz.anomaly(exp(700 * w) * J)),
    "formula": lambda J, w: str(viz.formula(J, depth=1)),
    "formula in LaTeX": lambda J, w: viz.formula(J, depth=1).latex,
    "formula in MathML": lambda J, w: viz.formula(J, depth=1).mathml,
    "explore": lambda J, w: viz.explore(J, wrt=w).html, "to_dot": lambda J, w: viz.to_dot(J, wrt=w).source,
}  # fmt: skip


def without_the_line(text):
    """The text of a face as it would be without the line that says so."""
    for line in (
        f'<p class="anew">{ANEW}</p>', f"<p>{ANEW}</p>", f"<mtr><mtd[^>]*><mtext>{ANEW}</mtext></mtd></mtr>",
        rf"& \\text{{{ANEW}}} \\\\\n", rf" \\\\\n& \\text{{{ANEW}}}", f'label="{ANEW}" labelloc=t ', f"{ANEW}\n",
        f"\n{ANEW}", f"{ANEW} ", f" {ANEW}",
    ):  # fmt: skip
        text = re.sub(line, "", text)
    return text


@pytest.mark.parametrize("face", FACES.values(), ids=FACES.keys())
def test_a_face_says_so_once_and_shows_what_is_true_now(face):
    J, w = neuron(0.5, 2.0)
    silent = face(J, w)
    assert "eaves have moved" not in silent
    J.backward()
    w.data -= 5 * w.grad
    were = held(J)
    said = face(J, w)
    assert ANEW in said
    expected = face(*neuron(w.data, 2.0))
    assert without_the_line(said) == expected
    assert said != expected != silent
    assert held(J) == were


def test_a_formula_says_so_where_it_shows_a_computed_number():
    J, w = neuron(0.5, 2.0)
    w.data = 3.0
    assert f"<mtext>{ANEW}</mtext>" in viz.formula(J, depth=1).mathml
    assert viz.formula(J, depth=1).html.count(ANEW) == 2  # to read, and to hear
    assert str(viz.formula(J)) == "(1 - tanh(w·x))²"


@pytest.mark.parametrize("options", [{}, {"level": "op"}, {"level": "layer"}, {"around": True}, {"wrt": True}])
def test_a_picture_says_so_once_and_shows_what_is_true_now(options):
    J, w = neuron(0.5, 2.0)
    options = {key: w if value is True else value for key, value in options.items()}
    assert "eaves have moved" not in viz.draw(J, **options).svg
    w.data = 3.0
    svg = viz.draw(J, **options).svg
    expected, v = neuron(3.0, 2.0)
    fresh = viz.draw(expected, **{key: v if value is w else value for key, value in options.items()}).svg
    words = [text for text in _texts(svg) if text not in _texts(fresh)]
    assert " ".join(words) == ANEW
    assert [text for text in _texts(svg) if text not in words] == _texts(fresh)
    assert svg.count(ANEW) >= 1  # in one piece for those who hear it


def _texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_narrow_picture_breaks_the_line_and_holds_it():
    x = Value(3.0)
    y = x * x
    x.data = 4.0
    root = ElementTree.fromstring(viz.draw(y).svg)
    assert float(root.get("width")) < 500
    assert [text for text in _texts(viz.draw(y).svg) if text in ANEW][:2] == [
        "Leaves have moved since this graph was recorded: computed",
        "anew with the leaves as they are now",
    ]


def test_the_line_stands_above_what_else_a_picture_says():
    J, w = neuron(0.5, 2.0)
    w.data = 3.0
    seen = viz.trace(J)
    shown = np.arange(len(seen.nodes)) > 0
    assert view(seen, shown=shown).note == f"{ANEW}\n7 of the graph's 8 nodes"


def test_the_log_of_steps_and_its_states():
    J, w = neuron(0.5, 2.0)
    w.data = 3.0
    log, fresh = viz.record(J), viz.record(neuron(3.0, 2.0)[0])
    assert log.trace.anew == ANEW
    assert [log.step(i) for i in range(len(log))] == [fresh.step(i) for i in range(len(fresh))]
    assert pickle.loads(pickle.dumps(log.trace)).anew == ANEW


def test_an_anomaly_speaks_of_the_numbers_that_are_shown():
    x = Value(2.0, name="x")
    J = autograd.log(x) * 2
    assert not viz.anomaly(J)
    x.data = -1.0
    found = viz.anomaly(J)
    assert found.explanation == "log of -1 is nan: log (the natural logarithm) is finite for x > 0"
    assert math.isnan(found.node.value)
    assert str(found).startswith(f"{ANEW}\nnan, forward: ")
    x.data = 3.0
    assert str(viz.anomaly(J)).startswith(f"{ANEW}\nnothing found")


def test_heat_maps_show_delta_where_the_weights_are():
    import matplotlib as mpl

    mpl.use("Agg")
    w = [[Value(0.5), Value(-1.0)]]
    J = tanh(w[0][0] * w[0][1]) * w[0][1]
    assert viz.plots.plot_heatmaps({"W": w}, J).get_supxlabel() == ""
    w[0][0].data = 2.0
    figure = viz.plots.plot_heatmaps({"W": w}, J)
    assert " ".join(figure.get_supxlabel().split()) == ANEW
    v = [Value(2.0), Value(-1.0)]
    expected = deltas(tanh(v[0] * v[1]) * v[1])
    (image,) = figure.axes[2].images
    assert image.get_array().tolist() == [[expected[leaf] for leaf in v]]
    mpl.pyplot.close("all")


# -- a network that was trained, then looked at ------------------------------------------------------


def test_a_network_trained_after_its_loss_was_recorded():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    J = half_squared_error(model([1.0, -0.5]), 0.8)
    w = model.layers[1].neurons[0].w[0]
    untrained = str(viz.derive(J, w))
    model.fit([[1.0, -0.5], [0.0, 1.0]], [0.8, -0.8], epochs=20, progress=False)
    seen = viz.trace(J)
    assert seen.anew == ANEW
    _check_equations(seen)
    fresh = half_squared_error(model([1.0, -0.5]), 0.8)
    assert same(list(seen.nodes), list(viz.trace(fresh).nodes))
    assert str(viz.derive(J, w)) == f"{ANEW}\n{viz.derive(fresh, w)}" != untrained
    assert viz.draw(J, scope="layer3.neuron1").svg.count("Leaves have moved") == 2  # to read, and to hear
    assert str(viz.why(J, w)).splitlines()[1:] == str(viz.why(fresh, w)).splitlines()


# -- where -------------------------------------------------------------------------------------------


def test_a_where_on_a_recorded_condition_chooses_anew():
    x = Value(1.0, name="x")
    J = where(greater(x, 0.0), 2 * x, x * x)
    x.data = -3.0
    seen = viz.trace(J)
    assert seen.nodes[seen.root].value == 9.0
    assert seen.nodes[0].delta == -6.0
    assert [edge.slope for edge in seen.edges if edge.node == seen.root] == [None, None, 1.0]
    with pytest.warns(UserWarning, match="computed anew"):
        assert [(s.slope, s.delta) for s in steps(J)] == [(1.0, 1.0), (-3.0, 1.0), (-3.0, 1.0)]


def test_a_where_on_a_leaf_as_a_mask():
    mask, x = Value(1.0), Value(5.0)
    J = where(mask, x, 0.0)
    mask.data = 0.0
    seen = viz.trace(J)
    assert (seen.nodes[seen.root].value, seen.anew) == (0.0, ANEW)
    assert seen.nodes[1].delta is None


UNKNOWN = {
    **FACES, "draw": lambda J, w: viz.draw(J), "record": lambda J, w: viz.record(J), "steps": lambda J, w: steps(J),
    "heat maps": lambda J, w: viz.plots.plot_heatmaps({"w": [w]}, J),
}  # fmt: skip


@pytest.mark.parametrize("face", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_a_where_on_a_plain_condition_would_choose_is_not_guessed(face):
    w = Value(1.0, name="w")
    J = where(w > 0, 2 * w, 3 * w) ** 2
    J.name = "J"
    w.data = 2.0
    with pytest.raises(GraphError, match="compute the expression again"):
        face(J, w)
    w.data = 1.0
    face(J, w)


def test_a_branch_of_pythons_own_if_stays():
    x = Value(1.0)
    J = 2 * x if x > 0 else 3 * x
    x.data = -1.0
    assert viz.trace(J).nodes[2 - 1].value == -2.0


# -- what counts as moved ----------------------------------------------------------------------------


def test_moved_back_is_not_moved():
    J, w = neuron(0.5, 2.0)
    w.data = 3.0
    assert viz.trace(J).anew == ANEW
    w.data = 0.5
    assert viz.trace(J).anew == ""
    assert "eaves have moved" not in viz.draw(J).svg


def test_a_slope_changed_and_the_number_did_not():
    w, x = Value(0.0, name="w"), Value(2.0, name="x")
    J = w * x
    x.data = 7.0
    seen = viz.trace(J)
    assert seen.anew == ANEW
    assert [edge.slope for edge in seen.edges] == [7.0, 0.0]
    assert seen.nodes[0].delta == 7.0


@pytest.mark.parametrize(("before", "after"), list(itertools.permutations([0.0, -0.0, math.nan, math.inf, 1.0], 2)))
def test_moved_to_and_from_every_kind_of_number(before, after):
    x = Value(before)
    J = 1.0 / (2.0 * x)
    x.data = after
    seen = viz.trace(J)
    assert same(seen.nodes[seen.root].value, (1.0 / (2.0 * Value(after))).data)
    assert seen.anew == ANEW


def test_nan_that_stays_nan_is_not_moved():
    x = Value(math.nan)
    J = tanh(x * 2.0)
    x.data = struct.unpack("d", b"\x01" + struct.pack("d", math.nan)[1:])[0]
    assert viz.trace(J).anew == ""


def test_a_move_that_changes_nothing_computed_is_not_spoken_of():
    x = Value(1.25, name="x")
    J = autograd.floor(x)
    x.data = 1.5
    seen = viz.trace(J)
    assert seen.anew == ""
    assert seen.nodes[0].value == 1.5


def test_a_leaf_alone_is_what_it_is():
    x = Value(1.0, name="x")
    x.data = 2.0
    seen = viz.trace(x)
    assert (seen.anew, seen.nodes[0].value) == ("", 2.0)
    assert list(steps(x)) == []


def test_a_detached_leaf_moves_like_any_other():
    x = Value(2.0)
    cut = (x * x).detach()
    J = cut * x
    x.data = 3.0
    assert viz.trace(J).nodes[-1].value == 12.0  # it is cut off: x does not move it
    cut.data = 5.0
    seen = viz.trace(J)
    assert (seen.nodes[-1].value, seen.anew) == (15.0, ANEW)


def test_numbers_and_gradients_of_the_recorded_point_stay():
    J, w = neuron(0.5, 2.0)
    were = deltas(J)
    w.data = 3.0
    viz.draw(J)
    assert deltas(J) == were
    J.backward()
    assert w.grad == were[w] == gradient(J, w)


def test_selection_by_a_users_node():
    J, w = neuron(0.5, 2.0)
    z = next(node for node in reachable(J) if node.name == "z")
    w.data = 3.0
    assert viz.why(J, z).wrt.value == 6.0
    assert "t₁" in str(viz.derive(J, z))
    assert viz.to_dot(J, around=z).source.count("label=") > 3
    with pytest.raises(GraphError, match="not in this graph"):
        viz.why(J, Value(1.0))


def test_a_long_chain_needs_no_recursion():
    x = Value(0.5)
    y = x
    for _ in range(50_000):
        y = tanh(y)
    x.data = 0.25
    seen = viz.trace(y)
    assert seen.anew == ANEW
    assert seen.nodes[1].value == math.tanh(0.25)


# -- derivatives as graphs ask the same question -----------------------------------------------------


def test_a_derivative_as_a_graph_notices_slopes_that_changed_behind_the_same_number():
    w, x = Value(0.0), Value(2.0)
    J = w * x
    x.data = 7.0
    with pytest.raises(GraphError, match="set after recording"):
        gradient(J, w, as_graph=True)
    x.data = 2.0
    assert gradient(J, w, as_graph=True).data == 2.0


def test_a_derivative_as_a_graph_notices_nan():
    x = Value(2.0)
    J = autograd.log(x)
    x.data = -1.0
    with pytest.raises(GraphError, match="set after recording"):
        gradient(J, x, as_graph=True)


# -- a derivative that was kept as a graph ----------------------------------------------------------

CHOOSING = [row for row in TABLE.values() if slopes_recorder(row) != row.local and row.name not in ("where", "guard")]


@pytest.mark.parametrize("row", CHOOSING, ids=lambda row: row.name)
def test_a_derivative_kept_as_a_graph_chooses_anew(row):
    """Of every row whose slope is chosen: as a program, and shown with its leaves where they are now."""
    numbers = [tuple(map(float, at)) for at in (*row.points, *(edge.at for edge in row.edges))]
    numbers += [(x, *at[1:]) for x in (-1e3, -2.0, -0.5, 0.5, 2.0, 1e3) for at in row.points]
    leaves = [Value(x) for x in numbers[0]]
    y = record(row, tuple(leaves)) * sum(leaves)
    first = gradient(y, leaves, as_graph=True)
    second = gradient(sum(first), leaves, as_graph=True)
    kept = compile_graph(first + second, leaves, exact=True, backend="interpreter")
    for at in numbers:
        for leaf, x in zip(leaves, at, strict=True):
            leaf.data = x
        fresh = [Value(x) for x in at]
        again = gradient(record(row, tuple(fresh)) * sum(fresh), fresh, as_graph=True)
        again += gradient(sum(again), fresh, as_graph=True)
        expected = [node.data for node in again]
        shown = [computed_anew(reachable(node)).data for node in first + second]
        assert shown == pytest.approx(expected, rel=1e-13, abs=1e-300, nan_ok=True), at
        assert kept(*at) == pytest.approx(expected, rel=1e-13, abs=1e-300, nan_ok=True), at


def test_rows_whose_slopes_are_chosen_are_all_there():
    """So that a row that is written in another way does not slip out of the test above."""
    assert {"relu", "leaky_relu", "elu", "celu", "selu", "maximum", "minimum", "clip", "hardtanh"} <= {
        row.name for row in CHOOSING
    }


def test_a_choice_between_equal_branches_is_no_node():
    x = Value(2.0, name="x")
    assert str(viz.formula(gradient(x**3, x, as_graph=True))) == "3·x²"


def test_a_condition_is_written_as_what_it_says():
    x = Value(2.0, name="x")
    assert str(viz.formula(where(greater(x, 1.0), x, x * x))) == "(x if x > 1 else x²)"


@pytest.mark.parametrize("chosen", [lambda w: where(w > 0, 2 * w, w), lambda w: 1 + where(True, w, 2 * w)])
def test_a_graph_that_chose_by_a_plain_number_is_not_compiled(chosen):
    w = Value(1.0)
    with pytest.raises(GraphError, match=r"chose by a plain number.*greater\(x, y\)"):
        compile_graph(chosen(w) ** 2, [w])


@pytest.mark.parametrize("f", [
    lambda x: where(x > 0, x * x * x, -x), lambda x: where(x < 0, x, 2.0 * x), lambda x: 3 * np.where(x > 0, x, -x),
    lambda x: where(x > 0, 1.0, -x), lambda x: exp(where(x > 0, x, -x)),
])  # fmt: skip
@pytest.mark.parametrize("order", [1, 2])
def test_a_derivative_through_such_a_choice_is_not_compiled_either(f, order):
    x = Value(3.0)
    derivative = f(x)
    for _ in range(order):
        derivative = gradient(derivative, x, as_graph=True)
    slope = autograd.grad(f) if order == 1 else autograd.grad(autograd.grad(f))
    assert derivative.data == slope(3.0)
    with pytest.raises(GraphError, match="chose by a plain number"):
        compile_graph(derivative, [x])


def test_a_derivative_through_such_a_choice_is_not_shown_with_moved_leaves():
    x = Value(3.0, name="x")
    slope = gradient(where(x > 0, x**3, -x), x, as_graph=True)
    assert str(viz.formula(slope)) == "3·x²"
    x.data = -3.0
    with pytest.raises(GraphError, match="chose by a plain number"):
        viz.formula(slope)


def test_what_chose_above_the_inputs_is_no_matter():
    w = Value(1.0)
    z = where(w > 0, 2 * w, w)
    assert compile_graph(z * z, [z])(3.0) == 9.0


@pytest.mark.parametrize("slope", [math.inf, math.nan])
def test_a_constant_slope_behind_a_closed_gate_counts_for_nothing(slope):
    """0 · ∞ is nan: what is not chosen must be chosen away, also where its slope is a plain number."""

    def f(x):
        return where(greater(x, 5.0), slope * x, 2 * x)

    w = Value(1.0)
    assert gradient(f(w), w, as_graph=True).data == 2.0
    assert autograd.compile(autograd.grad(f))(1.0) == 2.0
    assert autograd.compile(lambda x: autograd.jvp(f, (x,), (1.0,))[1])(1.0) == 2.0
