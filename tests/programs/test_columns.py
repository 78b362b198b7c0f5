"""Passes over columns write what the passes write that go instruction by instruction: the same lines, to the letter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value
from autograd.errors import GraphError
from autograd.ops.primitive import TABLE, lookup
from autograd.program import lines as lines_module
from autograd.program import recording
from autograd.program.builder import Builder
from autograd.program.graph import Operation
from autograd.program.lines import computed_from, in_groups, needed_for, said_once
from autograd.program.passes import adjoint_columns, fuse
from autograd.program.passes.adjoint import with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.fuse import fuse_sums
from autograd.program.verify import verify

CHOOSING = ("where", "guard", "take", "locate")
ROWS = sorted(name for name, row in TABLE.items() if not row.has_index and not row.is_own and name not in CHOOSING)
FREQUENT = ("add", "multiply", "subtract", "divide", "negative", "power", "dot", "sum", "tanh")
SUMS = ("add", "add", "multiply", "sum", "dot", "tanh")
CONSTANTS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.0, 7.0)
ONCE_FOR_ALL, NEVER = 0, 2**62


def random_program(seed, rows, size=40, near=12):
    """A program of rows of the table on what stands shortly before, on inputs and on constants."""
    dice = np.random.default_rng(seed)
    builder = Builder(["x", "y", "z", "unused"])
    numbers = [0, 1, 2]
    for _ in range(size):
        name = str(dice.choice(FREQUENT if dice.random() < 0.6 and rows is ROWS else rows))
        count = lookup(name).arity
        count = int(dice.integers(1 + (name == "dot"), 7)) if count is None else count
        pool = numbers[-int(dice.integers(1, near)) :]
        operands = [
            builder.constant(float(dice.choice(CONSTANTS))) if dice.random() < 0.2 else int(dice.choice(pool))
            for _ in range(count)
        ]
        if name == "power" and dice.random() < 0.8:
            operands[1] = builder.constant(float(dice.choice(CONSTANTS)))
        numbers.append(builder.emit(Operation(name), tuple(operands)))
    return builder.finish([numbers[-1], *dice.choice(numbers, int(dice.integers(0, 4))).tolist()])


@pytest.fixture
def both(monkeypatch):
    """What is made when passes go one by one, and what over columns; it is to be the same."""

    def ask(make):
        found = []
        for long in (NEVER, ONCE_FOR_ALL):
            for module in (adjoint_columns, fuse, recording):
                monkeypatch.setattr(module, "LONG", long)
            found.append(make())
        return found

    return ask


def same(pair):
    """One of two programs that say the same."""
    slow, quick = pair
    verify(quick)
    assert quick.text() == slow.text()
    assert dict(quick.words) == dict(slow.words)
    return quick


@pytest.mark.parametrize("seed", range(40))
def test_gradients_are_the_same_to_the_second_order(seed, both):
    program = random_program(seed, ROWS if seed % 2 else FREQUENT)
    last = len(program.outputs) - 1
    for values, wrt in ((True, (0, 1, 2, 3)), (False, (2, 0)), (False, (1, 1))):
        first = same(both(lambda wrt=wrt, values=values: with_gradient(program, wrt, last, values)))
    again = fuse_sums(expand_slopes(first))
    same(both(lambda: with_gradient(again, (0, 1, 2))))


@pytest.mark.parametrize("seed", range(40))
def test_sums_are_fused_the_same(seed, both):
    program = random_program(seed, SUMS, size=80, near=5 + seed % 8)
    same(both(lambda: fuse_sums(program)))


def test_constants_of_sums_are_folded(both):
    builder = Builder(["x", "y"])
    two, three = builder.constant(2.0), builder.constant(3.0)
    with_two = builder.emit(Operation("add"), (builder.emit(Operation("multiply"), (0, 1)), two))
    with_both = builder.emit(Operation("add"), (with_two, three))
    product = builder.emit(Operation("multiply"), (1, two))
    program = builder.finish([builder.emit(Operation("add"), (with_both, product))])
    assert "+ 5.0" in same(both(lambda: fuse_sums(program))).text()


def test_a_long_sum_inside_itself(both):
    builder = Builder(["x", "y"])
    total = 0
    for i in range(500):
        term = builder.emit(Operation("multiply"), (1, builder.constant(float(i + 2))))
        total = builder.emit(Operation("add"), (total, term) if i % 3 else (term, total))
    program = builder.finish([total])
    assert len(same(both(lambda: fuse_sums(program)))) == 1


def test_what_does_not_move_has_no_gradient(both):
    builder = Builder(["x", "y"])
    lines = [builder.emit(Operation("sin"), (0,)), 1, builder.constant(2.0)]
    for outputs in ([line] for line in lines):
        program = builder.finish([*outputs, lines[0]])
        same(both(lambda program=program: with_gradient(program, (1,))))


# -- recordings -------------------------------------------------------------------------------------


def irregular(seed, weights):
    """A function of many kinds of rows, with names, scopes, constants, conditions and Values from elsewhere."""

    def f(xs, bias):
        dice = np.random.default_rng(seed)
        numbers = [*xs, *(w * xs[0] for w in weights), bias]
        for i in range(80):
            a, b, c = (numbers[k] for k in dice.integers(max(0, len(numbers) - 9), len(numbers), 3))
            kind = int(dice.integers(8))
            with autograd.scope(f"part{i // 20}"):
                new = (
                    lambda a=a, b=b: a * b,
                    lambda a=a: a + 2,
                    lambda a=a, b=b: 3.0 - a / (b * b + 1.0),
                    lambda a=a: autograd.tanh(a),
                    lambda a=a, b=b, c=c: autograd.dot([a, b], [b, c], a),
                    lambda a=a, b=b, c=c: autograd.where(autograd.greater(a + xs[0], b), a * c, b),
                    lambda a=a, b=b, c=c: autograd.logsumexp([a, b, c]),
                    lambda a=a: autograd.relu(a * Value(1.5)),
                )[kind]()
            if i % 7 == 0:
                new.name = f"n{i}"
            numbers.append(new * xs[-1])
        return {"last": numbers[-1], "others": (numbers[-3], xs[1], 4.0, weights[0])}

    return f


@pytest.mark.parametrize("seed", range(12))
def test_recordings_are_the_same(seed, both):
    weights = [Value(0.5 + i, name=f"w{i}") for i in range(3)]
    made = [autograd.compile(irregular(seed, weights)) for _ in range(2)]
    same(both(lambda: made.pop().record([1.0, 2.0, 3.0], 0.5)))
    p, q = (autograd.compile(irregular(seed, weights)) for _ in range(2))
    for one in (p, q):
        both(lambda one=one: one.record([1.0, 2.0, 3.0], 0.5))
    assert p.captured == q.captured


def test_what_was_computed_elsewhere_is_read_there(both):
    w = Value(2.0)
    computed = w * 3.0

    def outer(x):
        inner = x * x
        return autograd.grad(autograd.compile(lambda y: autograd.sin(y * inner) + y * computed))(x)

    same(both(lambda: autograd.compile(outer).record(2.0)))


def test_a_number_kept_from_another_recording_is_refused(both):
    kept = []
    autograd.compile(lambda x: kept.append(x * x) or x).record(2.0)

    def refused():
        with pytest.raises(GraphError, match="kept from another recording"):
            autograd.compile(lambda x: x + kept[0]).record(2.0)

    both(refused)


# -- columns ----------------------------------------------------------------------------------------


def lines_of(*operands, first=2):
    return lines_module.Lines.of(first, [0] * len(operands), operands)


def test_what_is_said_twice_along_a_chain_longer_than_the_rounds():
    length = 3 * lines_module._ROUNDS
    chains = [(0, 1), (0, 1)]
    for i in range(length):
        chains += [(2 + 2 * i, 1), (3 + 2 * i, 1)]
    once, numbers = said_once(lines_of(*chains))
    assert numbers.tolist() == [2 + i // 2 * 2 for i in range(2 * length + 2)]
    assert once.operands[-2] == 2 * length


def test_keys_that_are_the_same_by_chance_merge_nothing_else(monkeypatch):
    monkeypatch.setattr(lines_module, "_keys", lambda lines: np.zeros(len(lines.code), np.uint64))
    _, numbers = said_once(lines_of((0, 1), (1, 0), (0, 1), (2, 3)))
    assert numbers.tolist() == [2, 3, 2, 5]


def test_chains_that_nobody_needs_or_that_stand_still_are_found_to_their_ends():
    length = 3 * lines_module._WAVES
    chain = [(0,), *((1 + i,) for i in range(1, length)), (1,)]
    lines = lines_of(*chain)
    assert needed_for(lines, np.array([length + 2])).tolist() == [False] * length + [True]
    assert computed_from(lines, [1]).tolist() == [False, True, *[False] * length, True]
    assert computed_from(lines, [0]).tolist() == [True, False, *[True] * length, False]


@given(st.lists(st.integers(0, 200_000)))
def test_groups_stand_in_the_order_of_their_numbers(keys):
    assert in_groups(np.array(keys, np.int64), 200_001).tolist() == sorted(range(len(keys)), key=keys.__getitem__)
