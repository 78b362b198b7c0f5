"""Loops that are looked at: each step has its place, long ones fold, and what is too long is said."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest

import viz
from autograd import (
    ArgumentError,
    GraphError,
    Value,
    compile,
    fori_loop,
    grad,
    record_sources,
    scan,
    scope,
    sin,
    tanh,
    vmap,
    while_loop,
)
from autograd.iterations import iterations_in, place_told
from autograd.order import reachable
from autograd.program import as_values
from autograd.program.equations import root
from tests.support.browser import launched, opened
from viz.pictures.view import view
from viz.recording import ITERATION, record


def euler(carry, force):
    q, p = carry
    p = p - 0.1 * sin(q) + force
    q = q + 0.1 * p
    return (q, p), q * q


def pendulum(q, p, forces):
    (q, p), squares = scan(euler, (q, p), forces)
    return q + p + squares[2]


def tower(x):
    """Loops in loops, two of one name, and one whose length is not known."""

    def inner(_, c):
        with scope("in"):
            return c * 1.1

    def outer(c, _):
        return fori_loop(0, 3, inner, c) + 1, None

    x, _ = scan(outer, x, length=2)
    x, _ = scan(outer, x, length=2)
    return while_loop(lambda c: c > 1, lambda c: c / 2, x, max_steps=50)


P = compile(pendulum)
AT = 1.0, 0.5, np.linspace(0, 1, 10)


def scopes(root):
    return {node.scope for node in reachable(root)} - {""}


def boxes(*given, **options):
    output = given[0].graph(*given[1:])
    return view(viz.trace(output), **options)


# -- where the steps are ---------------------------------------------------------------------------------


def test_each_step_of_a_program_that_is_looked_at_has_its_scope():
    y = P.graph(*AT)
    assert y.data == P(*AT)
    assert scopes(y) == {f"euler × 10.step {k}" for k in range(1, 11)}
    each = [sum(node.scope == f"euler × 10.step {k}" for node in reachable(y)) for k in range(1, 11)]
    assert each == [6, 6, 7, 6, 6, 6, 6, 6, 6, 6]  # what the third yields is used


def test_loops_in_loops_lie_in_each_other_and_what_has_one_name_is_numbered():
    found = scopes(compile(tower).graph(3.0))
    assert {s for s in found if s.startswith("outer × 2.")} == {
        *(f"outer × 2.step {i}" for i in (1, 2)),
        *(f"outer × 2.step {i}.inner × 3.step {j}.in" for i in (1, 2) for j in (1, 2, 3)),
    }
    assert {s.split(".")[0] for s in found} == {"outer × 2", "outer × 2 (2)", "loop × ≤50"}
    assert len([s for s in found if s.startswith("loop")]) == 4


def test_a_scope_around_a_loop_stays_around_it_and_one_inside_inside():
    def f(x):
        with scope("net"):
            return fori_loop(0, 2, lambda _, c: tanh(c), x)

    assert scopes(compile(f).graph(1.0)) == {"net.loop × 2.step 1", "net.loop × 2.step 2"}


def test_on_values_the_steps_of_a_program_have_theirs_too():
    p = compile(tower)
    with scope("here"):
        found = scopes(p(Value(3.0)))
    assert {s.split(".")[0] for s in found} == {"here"}
    assert "here.outer × 2 (2).step 2.inner × 3.step 1" in found
    assert "outer × 2.step 1" in scopes(p(Value(3.0)))


def test_a_derivative_runs_through_its_loop_backwards():
    found = scopes(compile(lambda q: grad(lambda q: pendulum(q, 0.5, np.zeros(3)))(q)).graph(1.0))
    assert {s.split(".")[0] for s in found} >= {"loop × 3 backwards"}


def test_eager_loops_have_scopes_where_scopes_or_lines_are_recorded_and_cost_nothing_elsewhere():
    def run():
        return scan(euler, (Value(1.0), Value(0.5)), np.zeros(2))[0][0]

    assert scopes(run()) == set()
    with record_sources():
        assert scopes(run()) == {"euler × 2.step 1", "euler × 2.step 2"}
    with scope("here"):
        assert scopes(run()) == {"here", "here.euler × 2.step 1", "here.euler × 2.step 2"}
        assert "here.loop × ≤9.step 2" in scopes(while_loop(lambda x: x < 3, lambda x: x * 2, Value(1.0), 9))
        assert "here.tanh × 2.step 2" in scopes(vmap(tanh)(np.array([Value(1.0), Value(2.0)]))[1])


def test_a_scope_is_told_in_words():
    assert [str(each) for each in iterations_in("a × 2.step 1.b × ≤7.step 3.c")] == [
        "step 1 of 2 of a",
        "step 3 of at most 7 of b",
    ]
    assert place_told("loop × 3 backwards (2).step 1") == "step 1 of 3 of the loop"
    assert place_told("a × b.step one") == "a × b.step one"


# -- what is too long ---------------------------------------------------------------------------------


def test_a_long_loop_is_refused_at_once_by_all_that_would_write_it_out():
    p = compile(lambda x: scan(lambda c, _: (sin(c) * c, None), x, length=1_000_000)[0])
    p.record(1.0)
    start = time.process_time()
    for look in (viz.draw, viz.explore, lambda p, x: viz.derive(p, x, wrt="x")):
        with pytest.raises(GraphError, match=r"'loop × 1000000' is 2,000,000 nodes, 2 a step, and up to 20,000"):
            look(p, 1.0)
    assert time.process_time() - start < 5.0


def test_a_loop_of_unknown_length_counts_what_it_does(monkeypatch):
    monkeypatch.setattr(as_values, "MOST", 40)
    p = compile(lambda x: while_loop(lambda c: c > 1, lambda c: c / 2, x, max_steps=10_000))
    assert p.graph(1e3).data == p(1e3)
    with pytest.raises(GraphError, match=r"'loop × ≤10000' is up to 20,002 nodes"):
        p.graph(1e200)
    assert p(Value(1e200)).data == p(1e200)  # which is not for looking


# -- pictures -------------------------------------------------------------------------------------------


def test_a_long_loop_is_drawn_by_its_first_step_and_a_box_of_the_others():
    seen = boxes(P, *AT)
    given = {box.name: box for box in seen.boxes}
    later = given["steps 2 … 10"]
    assert (later.scope, later.counts[0]) == ("euler × 10", "× 9")
    assert given["for steps 2 … 10"].counts == ("9 nodes",)
    assert {box.scope for box in seen.boxes} == {"", "euler × 10", "euler × 10.step 1"}
    (eaten,) = [arrow for arrow in seen.arrows if arrow.tail == given["for steps 2 … 10"].id]
    assert (eaten.head, eaten.edges) == (later.id, 9)
    inside = [int(box.counts[k].split()[0]) for box, k in ((later, 1), (given["for steps 2 … 10"], 0))]
    assert len(seen.boxes) - 2 + sum(inside) == len(viz.trace(P.graph(*AT)).nodes)
    assert "scope='euler × 10.step 2' draws another" in seen.note


def test_a_folded_loop_opens():
    whole = len(viz.trace(P.graph(*AT)).nodes)
    assert len(boxes(P, *AT, force=True).boxes) == len(boxes(P, *AT, opened=True).boxes) == whole
    third = viz.draw(P, *AT, scope="euler × 10.step 3").svg
    assert "step 3" in third and "steps 2 … 10" not in third
    assert "steps 2 … 10" in viz.draw(P, *AT).svg
    assert "steps 2 … 10" in viz.to_dot(P, *AT).source
    assert "steps 2" not in viz.draw(P, *AT, around="t₈").svg
    assert len(boxes(compile(pendulum), 1.0, 0.5, np.ones(3)).boxes) == len(
        viz.trace(compile(pendulum).graph(1.0, 0.5, np.ones(3))).nodes
    )  # which is short


def test_a_loop_of_a_thousand_steps_is_a_small_picture():
    long = compile(lambda q, p, forces: scan(euler, (q, p), forces)[1].sum())
    seen = boxes(long, 1.0, 0.5, np.linspace(0, 1, 1000))
    assert len(seen.boxes) < 20
    assert not seen.compact
    layers = boxes(long, 1.0, 0.5, np.ones(20), level="layer")
    assert next(box for box in layers.boxes if box.name == "euler × 20").counts[0] == "×20 steps"


def test_of_loops_in_loops_the_inner_folds_in_the_first_step_of_the_outer():
    def f(x):
        step = lambda c, _: (fori_loop(0, 5, lambda _, c: c * 1.1, c) + 1, None)  # noqa: E731  (it shall have no name)
        return scan(step, x, length=6)[0]

    seen = boxes(compile(f), 1.0)
    assert [box.scope for box in seen.boxes if box.kind == "group"] == ["loop × 6.step 1.loop × 5", "loop × 6"]


# -- stepping -------------------------------------------------------------------------------------------


def test_an_iteration_is_a_unit_of_a_recording():
    log = record(P.graph(*AT))
    ends, taken = [], 0
    while taken < log.seed:
        taken = log.after(taken, ITERATION)
        ends.append(taken)
    at = [log.iterations.at(number) for number in range(log.seed)]
    assert [each.step for each in at if each][:13] == [1] * 6 + [2] * 6 + [3]
    assert ends[:10] == list(range(6, 61, 6))
    assert log.before(12, ITERATION) == 6


def told(*commands):
    said = io.StringIO()
    viz.debug(P, *AT, commands=commands, stdout=said)
    return said.getvalue()


def test_the_debugger_goes_into_an_iteration_and_says_which_it_is():
    assert "── forward, step 3 of 10 of euler ──\n" in told("goto iteration 3")
    assert "13 of 160 steps taken: forward, step 3 of 10 of euler" in told("goto iteration 3", "where")
    assert "step 4 of 10" in told("goto iteration 2", "next 2 iterations", "next").split("next 2 iterations")[1]
    back = told("goto end", "goto iteration 9")
    assert "backward, step 9 of 10 of euler" in back.split("goto iteration 9")[1]
    assert "'euler × 10' has no iteration 11 in this pass; there are 1 to 10" in told("goto iteration 11")
    assert "`next iteration` one of a loop" in told()


def test_a_debugger_without_loops_says_so():
    said = io.StringIO()
    viz.debug(Value(1.0) * 2, commands=["goto iteration 1"], stdout=said)
    assert "there is no loop here" in said.getvalue()
    assert "`next` a neuron" in said.getvalue()


# -- formulas -------------------------------------------------------------------------------------------


def test_a_formula_has_an_index():
    assert str(viz.formula(P, *AT)).splitlines() == [
        "q₁₀ + p₁₀ + x₂",
        "  where forces₀, forces₁, …, forces₉ = forces[0], forces[1], …, forces[9]",
        "        q₀ = q",
        "        p₀ = p",
        "        qₖ₊₁ = qₖ + 0.1·pₖ₊₁, k = 0, …, 9",
        "        pₖ₊₁ = pₖ - 0.1·sin(qₖ) + forcesₖ, k = 0, …, 9",
        "        xₖ = qₖ₊₁², k = 0, …, 9",
    ]
    assert r"q_{k + 1} = q_{k} + 0.1 \cdot p_{k + 1}, k = 0, \dots , 9" in viz.formula(P, *AT).latex
    assert "<msub><mi>q</mi>" in viz.formula(P, *AT).mathml


def test_loops_in_loops_have_an_index_each_and_conditions_stand_there():
    assert str(viz.formula(compile(tower), 3.0)).splitlines() == [
        "a₄",
        "  where x₀ = x",
        "        xₖ₊₁ = z₃ + 1, k = 0, 1",
        "        z₀ = xₖ",
        "        zⱼ₊₁ = 1.1·zⱼ, j = 0, …, 2",
        "        u₀ = x₂",
        "        uₖ₊₁ = s₃ + 1, k = 0, 1",
        "        s₀ = uₖ",
        "        sⱼ₊₁ = 1.1·sⱼ, j = 0, …, 2",
        "        a₀ = u₂",
        "        aₖ₊₁ = aₖ/2, k = 0, …, 3 while aₖ > 1",
    ]


def test_a_formula_of_a_derivative_runs_back():
    f = compile(lambda x: grad(lambda x: scan(lambda c, _: (c * c, None), x, length=4)[0])(x))
    lines = [line.removeprefix("  where").strip() for line in str(viz.formula(f, 1.1)).splitlines()]
    assert lines[0] == "z₀"
    assert "zₖ = 2·zₖ₊₁·yₖ, k = 3, …, 0" in lines
    assert "yₖ₊₁ = yₖ², k = 0, …, 3" in lines


def test_letters_of_loops_are_no_names_that_are_there():
    f = compile(lambda x, x0: scan(lambda c, _: (c * x0, None), x, length=3)[0])
    assert str(viz.formula(f, 2.0, 3.0)).splitlines() == ["y₃", "  where y₀ = x", "        yₖ₊₁ = yₖ·x₀, k = 0, …, 2"]


def test_a_loop_of_no_step_is_what_it_began_with_and_a_depth_is_refused():
    assert str(viz.formula(compile(lambda x: 2 * scan(lambda c, _: (sin(c), None), x, length=0)[0]), 1.0)) == "2·x"
    with pytest.raises(ArgumentError, match="depth"):
        viz.formula(P, *AT, depth=2)


def test_a_swap_is_not_mixed_up():
    f = compile(lambda a, b: scan(lambda c, _: ((c[1], c[0] + c[1]), None), (a, b), length=9)[0][1])
    lines = str(viz.formula(f, 0.0, 1.0)).splitlines()
    assert (lines[0], lines[-2:]) == ("b₉", ["        aₖ₊₁ = bₖ, k = 0, …, 8", "        bₖ₊₁ = aₖ + bₖ, k = 0, …, 8"])


def test_a_derivation_has_the_index_and_says_which_step_a_line_is_of():
    def logistic(x, _):
        return 3.2 * x * (1 - x), None

    p = compile(lambda x: scan(logistic, x, length=2)[0])
    said = str(viz.derive(p, 0.3, wrt="x"))
    assert said.startswith(
        "The loop\n  x₀ = x\n  xₖ₊₁ = 3.2·xₖ·(1 - xₖ), k = 0, 1\nThe computation, step 1 of 2 of logistic\n"
    )
    assert "The computation, step 2 of 2 of logistic\n  t₄ = 3.2·t₃ = 2.1504" in said


# -- the listing ----------------------------------------------------------------------------------------


def test_a_body_has_names_of_its_own():
    lines = compile(tower).record(3.0).text().splitlines()
    results = [line.split(" = ")[0].strip() for line in lines if " = " in line]
    assert len(set(results)) == len(results)
    assert {"t1", "t1.1", "t1.1.1"} <= set(results)


# -- the page -------------------------------------------------------------------------------------------


def test_on_the_page_a_loop_is_a_group_that_opens_and_its_steps_are_told(tmp_path):
    long = compile(lambda q, p, forces: scan(euler, (q, p), forces)[1].sum())
    path = viz.explore(long, 1.0, 0.5, np.linspace(0, 1, 130)).save(tmp_path / "loop.html")
    with launched() as browser:
        tab = opened(browser.new_context(), path)
        groups = tab.run("[...app.tree.root.inside()].map((group) => group.name)")
        assert "euler × 130" in tab.run("app.tree.root.groups.map((group) => group.name)")
        assert [name for name in groups if name.startswith("steps ")] == [
            "steps 88 … 130",
            "steps 45 … 87",
            "steps 1 … 44",
        ]
        assert "step 130" in groups
        tab.run("app.go(9)")
        assert tab.run("app.story.said().phase") == "Forward, 9 of 911: step 2 of 130 of euler"
        assert not tab.complaints


def test_what_solves_an_equation_is_written_by_it():
    f = compile(lambda a: 2 * root(lambda x: x * x - a, 1.0))
    assert str(viz.formula(f, 4.0)).splitlines() == ["2·x", "  where x = the solution of x² - a = 0"]
