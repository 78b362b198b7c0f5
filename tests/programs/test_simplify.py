"""compile(simplify=True): the same numbers from fewer instructions, wherever numbers are finite."""

from __future__ import annotations

import math
import operator
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, compile, where
from autograd.program.interpreter import interpret
from autograd.program.passes.adjoint import with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.simplify import simplified
from autograd.program.reading import program_from
from autograd.program.verify import verify
from tests.support.compilers import called, compiled, works

EXECUTORS = ["interpreter", "numpy", "llvm"]
DH = [(0.0, 0.333, 1.0, 0.0), (0.0, 0.0, 0.0, -1.0), (0.0825, 0.3, 0.0, 1.0)]  # a, d, cos α, sin α


def product(A, B):
    return [
        [autograd.sum([a * b for a, b in zip(row, column, strict=True)]) for column in zip(*B, strict=True)]
        for row in A
    ]


def arm(q):
    """Where the hand of a small robot is: three turns, each a 4 × 4 matrix full of zeros."""
    T = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    for x, (a, d, cosine, sine) in zip(q, DH, strict=True):
        c, s = autograd.cos(x), autograd.sin(x)
        joint = [[c, -s, 0.0, a], [s * cosine, c * cosine, -sine, -d * sine], [s * sine, c * sine, cosine, d * cosine]]
        T = product(T, [*joint, [0.0, 0.0, 0.0, 1.0]])
    return [T[i][3] for i in range(3)]


def reach(q):
    return autograd.sum([x * x for x in arm(q)])


def turning(q):
    """A loop whose body multiplies by 0 and adds it."""

    def step(carried, x):
        a, b = carried
        return (a * 0.9 + 0.0 * b + x * 1.0, b + 0.0 * a), a * 0.0 + b

    (a, b), ys = autograd.scan(step, (q[0], q[1]), np.linspace(0.0, 1.0, 5))
    return a * b + ys[3] * q[2]


AT = np.array([0.3, -0.7, 1.1])
FINITE = st.integers(0, 2**32)


def drawn(seed, leaves):
    """A program in which many numbers are 0, 1 and -1."""
    dice = random.Random(seed)
    nodes = [*leaves, 0.0, 1.0, -1.0, -0.0, 2.5]
    two = [operator.add, operator.sub, operator.mul, lambda a, b: a / (b * b + 1.0), autograd.maximum, autograd.minimum]
    for _ in range(25):
        a, b, c, d, e = (dice.choice(nodes[-8:] if dice.random() < 0.6 else nodes) for _ in range(5))
        make = [
            lambda: dice.choice(two)(a, b),  # noqa: B023  (called at once)
            lambda: -a,  # noqa: B023
            lambda: autograd.sum([a, b, c]),  # noqa: B023
            lambda: autograd.dot([a, b], [c, d], e),  # noqa: B023
            lambda: autograd.dot([a], [b], c),  # noqa: B023
            lambda: where(autograd.greater(a, b), c, d),  # noqa: B023
            lambda: where(autograd.less_equal(a, b), 1.0, 0.0),  # noqa: B023
            lambda: (abs(a) + 0.5) ** dice.choice([0.0, 1.0, 2.0]),  # noqa: B023
            lambda: autograd.tanh(a),  # noqa: B023
        ]
        nodes.append(dice.choice(make)())
    return nodes[-6:]


@given(FINITE, st.lists(st.floats(-2, 2, allow_subnormal=False), min_size=3, max_size=3))
def test_random_programs_keep_their_numbers(seed, at):
    leaves = [Value(x) for x in at]
    program = program_from(drawn(seed, leaves), leaves)
    for before in (program, with_gradient(program, range(3)), expand_slopes(with_gradient(program, range(3), 2))):
        after = simplified(before, exact=True)
        verify(after)
        assert len(after) <= len(before)
        expected = interpret(before, at)
        if all(map(math.isfinite, expected)):
            assert interpret(after, at) == expected  # to the bit, but for the sign of a zero
            size = max(1.0, *map(abs, expected))
            assert np.allclose(interpret(simplified(before), at), expected, rtol=1e-13, atol=1e-11 * size)
    tidy = simplified(program)
    for i in range(6):
        expected, found = (interpret(with_gradient(p, range(3), i), at) for p in (program, tidy))
        if all(map(math.isfinite, expected)):
            assert np.allclose(found, expected, rtol=1e-10, atol=1e-10 * max(1.0, *map(abs, expected)))


@pytest.mark.parametrize(
    ("f", "left"),
    [
        (lambda x, y: x + 0 * y, []),
        (lambda x, y: (x - 0) * 1 / 1 - (y - y), []),
        (lambda x, y: 2.0 * -(-1.0 * x) - x - x + 0 / y, ["multiply", "subtract", "subtract"]),
        (lambda x, y: x + -y, ["subtract"]),
        (lambda x, y: -(x - y), ["subtract"]),
        (lambda x, y: x - -y, ["add"]),
        (lambda x, y: -x * -y, ["multiply"]),
        (lambda x, y: -x * 3.0 + (y * x - x * y), ["multiply"]),
        (lambda x, y: x / x * y, []),
        (lambda x, y: x**0 * y**1, []),
        (lambda x, y: where(autograd.greater(x, y), x, x), []),
        (lambda x, y: where(autograd.greater(x, y), 1.0, 0.0) * 1.0, ["greater"]),
        (lambda x, y: autograd.maximum(x, x) + autograd.minimum(y, y), ["add"]),
        (lambda x, y: autograd.dot([x, 0.0, 1.0], [y, x, y], 0.0), ["dot"]),
        (lambda x, y: autograd.dot([0.0, -1.0], [y, x], 0.0), ["negative"]),
        (lambda x, y: autograd.dot([0.0], [y], 0.0) + autograd.sum([0.0, x, 0.0]), []),
        (lambda x, y: x * y + y * x, ["multiply", "add"]),
    ],
)  # fmt: skip
def test_what_is_left(f, left):
    x, y = Value(0.5, name="x"), Value(-2.0, name="y")
    outcome = f(x, y)
    program = simplified(program_from([outcome], [x, y]))
    lines = [str(line.operation) for line in program]
    assert lines == left
    assert interpret(program, [0.5, -2.0]) == [outcome.data]


def test_a_slope_is_written_where_its_numbers_are_there():
    f = lambda x: autograd.sin(x) * autograd.cos(x) + autograd.tan(x)  # noqa: E731  (short)
    x = Value(0.5, name="x")
    program = simplified(with_gradient(program_from([f(x)], [x]), [0]))
    assert not [line for line in program if line.operation.slot is not None]
    assert [str(line.operation) for line in program].count("sin") == 1
    assert interpret(program, [0.5]) == pytest.approx([f(0.5), autograd.grad(f)(0.5)], rel=1e-15)
    alone = simplified(with_gradient(program_from([autograd.cos(x) + autograd.tanh(x)], [x]), [0]))
    assert [str(line.operation) for line in alone if line.operation.slot is not None] == ["tanh′", "cos′"]


def test_it_is_asked_for_and_said():
    f = lambda x: autograd.sum([0.0 * x[0], x[1]])  # noqa: E731  (short)
    plain, simple = compile(f), compile(f, simplify=True)
    lost = [math.inf, 2.0]
    assert math.isnan(plain(lost))
    assert simple(lost) == 2.0
    assert str(simple.program) == "inputs x[0], x[1]\noutputs x[1]\nsimplified for finite numbers"
    assert simple.program.text() == str(simple.program)
    assert "simplified" not in f"{plain!r}{plain.program}{plain.program!r}"
    assert repr(simple.program) == "<program: 2 inputs, 0 instructions, 1 output, simplified>"
    assert repr(simple) == "<compiled <lambda>, simplified, recorded for 1 structure>"
    graph = autograd.compile_graph(Value(2.0) * 0.0 + 1.0, [], simplify=True)
    assert len(graph.record()) == 0


def test_what_is_neither_true_nor_false_is_refused():
    for name in ("simplify", "exact", "has_aux"):
        for wrong in ("no", 1, None):
            with pytest.raises(autograd.errors.ArgumentError, match=f"^{name} is True or False, got {wrong!r}$"):
                compile(reach, **{name: wrong})


@pytest.mark.parametrize("f", [reach, turning])
@pytest.mark.parametrize("backend", EXECUTORS)
def test_every_question_on_every_executor(f, backend):
    plain, simple = (compile(f, simplify=simplify, backend=backend) for simplify in (False, True))
    at = np.array([0.3, -0.7, 1.1])
    assert len(simple.record(at)) < len(plain.record(at)) or f is turning
    for name in ("value", "value_and_grad", "jacobian", "hessian"):
        (found, expected) = (getattr(p, name)(at) for p in (simple, plain))
        assert np.allclose(np.hstack([*map(np.ravel, found)] if isinstance(found, tuple) else np.ravel(found)),
                           np.hstack([*map(np.ravel, expected)] if isinstance(found, tuple) else np.ravel(expected)),
                           rtol=1e-12, atol=1e-14)  # fmt: skip
    assert np.allclose(simple.hvp(at, [1.0, 2.0, 3.0]), plain.hvp(at, [1.0, 2.0, 3.0]), rtol=1e-12, atol=1e-14)
    rows = compile(f, in_axes=0, simplify=True, backend=backend)
    batch = np.array([at, at + 0.1, at - 0.2])
    assert np.allclose(rows.grad(batch), [plain.grad(row) for row in batch], rtol=1e-12, atol=1e-14)


def test_sparse_matrices_have_no_entries_that_are_known_to_be_0():
    plain, simple = compile(arm), compile(arm, simplify=True)
    at = np.array([0.3, -0.7, 1.1])
    assert np.allclose(simple.jacobian.sparse(at).toarray(), plain.jacobian.sparse(at).toarray(), atol=1e-15)
    assert len(plain.jacobian.pattern(at)) == 6 and len(simple.jacobian.pattern(at)) == 5
    assert np.allclose(simple.jacobian(at), plain.jacobian(at), atol=1e-15)
    curved = compile(lambda x: (x[0] * x[0] + x[1]) * 0.0 + x[1] ** 2, simplify=True)
    assert curved.hessian.pattern([1.0, 2.0]).rows.tolist() == [1]
    assert len(curved.hessian([1.0, 2.0])) == 2


@pytest.mark.parametrize("f", [reach, turning])
def test_files_and_c(f, tmp_path):
    plain, program = (compile(f, simplify=simplify).record(AT) for simplify in (False, True))
    program.save(tmp_path / "f.program")
    again = autograd.load_program(tmp_path / "f.program")
    assert again.simplified
    assert str(again) == str(program)
    source = again.to_c()
    assert len(source) < len(plain.to_c())
    library = compiled(source, tmp_path)
    y, g = called(library, "f_gradient", AT[None], 1, 3, work=works(source).get("f_gradient", 0))
    assert np.allclose(y[0], f(AT), rtol=1e-13)
    assert np.allclose(g[0], autograd.grad(f)(AT), rtol=1e-12)
