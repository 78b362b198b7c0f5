"""The recorder: any state, forwards or back, is what a plain replay of the chain rule gives, to the bit."""

import math
import pickle
import random
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from autograd import Value, scope, steps, tanh
from autograd.errors import ArgumentError, OperandError
from autograd.order import reachable
from nn import MLP, half_squared_error
from tests.support.comparisons import place_of
from tests.views.test_trace import build, plans, same
from viz.columns import Step
from viz.recording import BACKWARD, FORWARD, SEED, Compute, Seed, layer_of, record


def replay(root, taken):
    """Values and δ after so many steps, from the chain rule's own loop; nothing of viz is used."""
    values = reachable(root)
    ids = {value: i for i, value in enumerate(values)}
    computed = [value for value in values if not value.is_leaf]
    known = {ids[value]: value.data for value in values if value.is_leaf}
    known |= {ids[value]: value.data for value in computed[:taken]}
    sums = {ids[root]: 1.0} if taken > len(computed) else {}
    for step, _ in zip(steps(root), range(taken - len(computed) - 1), strict=False):
        at = ids[step.operand]
        sums[at] = sums.get(at, 0.0) + step.delta * step.slope
    return known, sums


@given(plans, st.data())
def test_any_state_is_a_replay_from_scratch(plan, data):
    root = build(plan)
    log = record(root)
    for taken in data.draw(st.lists(st.integers(0, len(log)), min_size=1, max_size=4)):  # in any order: back, too
        state = log.state(taken)
        known, sums = replay(root, taken)
        for i, value in enumerate(reachable(root)):
            assert same(state.value(i), known.get(i))
            assert same(state.delta(i).delta, sums.get(i))
            assert value.grad == 0.0


@given(plans)
def test_at_the_end_everything_is_complete_and_is_the_traces(plan):
    root = build(plan)
    log = record(root)
    end = log.state(len(log))
    for node in log.trace.nodes:
        found = end.delta(node.id)
        assert same(end.value(node.id), node.value)
        assert same(found.delta, node.delta)
        assert found.complete == (node.delta is not None)
        assert found.no_path == (node.delta is None)


@given(plans)
def test_every_step_changes_its_target_and_nothing_else(plan):
    log = record(build(plan))
    for number in range(len(log)):
        before, after, step = log.state(number), log.state(number + 1), log.step(number)
        target, source = int(log.targets[number]), int(log.sources[number])
        assert after.current == step or "nan" in repr(step)
        assert after.phase == log.phase(number)
        for node in log.trace.nodes:
            if node.id != target:
                assert same(before.value(node.id), after.value(node.id))
                assert same(before.delta(node.id), after.delta(node.id))
        if isinstance(step, Compute):
            assert (before.value(target), log.phase(number)) == (None, FORWARD)
            assert same(after.value(target), step.value)
        elif isinstance(step, Seed):
            assert (step.node, log.phase(number), after.delta(target).delta) == (log.trace.root, SEED, 1.0)
        else:
            assert isinstance(step, Step)
            assert (step.node, step.operand, log.phase(number)) == (source, target, BACKWARD)
            assert after.delta(target).arrived == before.delta(target).arrived + 1
            assert before.delta(source).complete  # a δ is sent on only when it has all of it


@pytest.mark.parametrize("uses", [1, 2, 31, 32, 33, 34, 100])
def test_long_sums_are_added_in_order(uses):
    draw = random.Random(uses)
    x, total = Value(1.0), Value(0.0)
    for _ in range(uses):
        total = total + x * Value(draw.choice([1e16, 1.0, -1e16, 0.1, -0.0]))
    log, end = record(total), 0.0
    seen = [log.state(k).delta(place_of(x, reachable(total))).delta for k in range(len(log) + 1)]
    expected = [None]
    for step in steps(total):
        if step.operand is x:
            end += step.delta * step.slope
            expected.append(end)
    assert same([key for key, _ in groupby(seen, key=repr)], [key for key, _ in groupby(map(repr, expected))])


def test_a_negative_zero_is_added_to_zero():
    x = Value(-0.0, name="x")
    J = Value(1.0) * (x * x)  # the slope of x·x at -0.0
    log = record(J)
    assert math.copysign(1.0, log.state(len(log)).delta(log.trace.nodes[0].id).delta) == 1.0


def test_a_leaf_alone_has_one_step():
    log = record(Value(2.0))
    assert [log.step(i) for i in range(len(log))] == [Seed(0)]
    assert log.state(0).delta(0).delta is None
    assert log.state(1).delta(0).complete
    assert (log.after(0, "neuron"), log.before(1, "layer")) == (1, 0)


def test_units_are_neurons_and_layers():
    J = half_squared_error(MLP(2, [2, 1], "tanh", seed=1)([0.5, -1.0]), [1.0])
    log = record(J)
    for unit, of in (("neuron", lambda s: s), ("layer", layer_of)):
        scopes = [log.trace.nodes[i].scope for i in log.sources]
        keys = [(log.phase(k), of(s)) for k, s in enumerate(scopes)]
        lengths = [len(list(run)) for _, run in groupby(keys)]
        ends = [sum(lengths[: i + 1]) for i in range(len(lengths))]
        walked = [0]
        while walked[-1] < len(log):
            walked.append(log.after(walked[-1], unit))
        assert walked[1:] == ends
        assert log.after(len(log), unit) == len(log)
        back = [len(log)]
        while back[-1]:
            back.append(log.before(back[-1], unit))
        assert back[::-1] == walked
        assert log.before(0, unit) == 0
    assert log.before(ends[0] + 1, "layer") == ends[0]  # in the midst of a unit: to its beginning


def test_without_scopes_a_unit_is_a_node():
    x = Value(0.5)
    y = tanh(x * x)
    log = record(y)
    assert [log.after(k, "neuron") for k in range(len(log))] == [1, 2, 3, 4, 6, 6]


def test_layers_are_found_in_scopes():
    assert [layer_of(s) for s in ("", "layer2.neuron1", "a.layer12", "net.layer2.neuron1.gate", "loss", "b.c")] == [
        "", "layer2", "a.layer12", "net.layer2", "loss", "b",
    ]  # fmt: skip


def test_a_step_or_state_that_is_not_there_is_said():
    with scope("here"):
        log = record(Value(1.0) * Value(2.0))
    with pytest.raises(ArgumentError, match="from 0 to 3, got 4"):
        log.step(4)
    with pytest.raises(ArgumentError, match="0 to 4 steps, got -1"):
        log.state(-1)
    with pytest.raises(ArgumentError, match="neuron, layer, iteration, got 'galaxy'"):
        log.after(0, "galaxy")
    with pytest.raises(OperandError, match="one Value"):
        viz.record(3.0)


def test_a_recording_pickles_and_cannot_be_written_to():
    log = record(build([(0, 0, 1), (4, 1, 0)]))
    again = pickle.loads(pickle.dumps(log))
    for k in range(len(log) + 1):
        for node in range(len(log.trace.nodes)):
            assert same(again.state(k).delta(node), log.state(k).delta(node))
    with pytest.raises(ValueError, match="read-only"):
        log.sums[0] = 1.0
