"""A program's Python source: it compiles and computes the same numbers, whatever its inputs are called."""

from __future__ import annotations

import builtins
import keyword
import math
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd.ops.primitive import TABLE
from autograd.program.builder import Builder
from autograd.program.graph import DOT, SUM, Operation
from autograd.program.interpreter import interpret
from autograd.program.program import Program
from autograd.program.reading import program_from
from autograd.program.source import TERMS
from nn import MLP

# What reads alike, is alike to Python, means something to it, or is what the source itself says.
AWKWARD = (
    "µ μ ϕ φ ℎ h 𝑥 x x² x2 x₂ x_2 x_2_2 W¹₂₁ W1_21 W12₁ ½ 1_2 𝐭anh tanh tanh_slope power_slope2 t1 t2 𝐭1 program inf "
    "nan if None match case type _ __ __debug__ __import__ print sum dict x1 x_x1 x_if ª K K Å Å ﬁ fi a·b a_b a\u0301 á"
).split()
NAMES = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=()), max_size=6),  # lone surrogates too
    st.text("x1_²₁ \n\u0301\u200d", max_size=4),
)


def a_program(names: list[str]) -> Program:
    """Every kind of line: operators, functions of rows, slopes, sums, on all inputs."""
    builder = Builder(names)
    inputs = range(len(names))
    tanh = builder.emit(Operation("tanh"), (0,))
    slope = builder.emit(Operation("power", 1), (tanh, inputs[-1], builder.constant(-2.5)))
    parts = [builder.emit(Operation("maximum"), (i, tanh)) for i in inputs]
    total = builder.emit(SUM, (*parts, slope, builder.constant(math.inf)))
    dot = builder.emit(DOT, (*inputs, *reversed(parts), slope))
    return Program.of(
        builder.finish([builder.emit(Operation("multiply"), (dot, tanh)), total, 0, builder.constant(-0.0)])
    )


def assert_the_same(program: Program, numbers: list[float]) -> None:
    expected = np.array([float(x) for x in interpret(program, [np.float64(x) for x in numbers])])
    np.testing.assert_array_equal(np.array(program.function(*numbers)).view("u8"), expected.view("u8"))


def parameters_of(program: Program) -> list[str]:
    code = program.function.__code__
    return list(code.co_varnames[: code.co_argcount])


@given(st.lists(NAMES, min_size=1, max_size=12))
@example(AWKWARD)
@example([""] * 5 + ["\ud800", "*/", "*\\\n/", "</script>", "%s", "{}", "w" * 100_000, "w" * 100_001, "\u2028", "\0"])
def test_any_names_give_source_that_computes_the_same_bits(names):
    program = a_program(names)
    assert_the_same(program, [0.1 + 0.37 * i for i in range(len(names))])
    identifiers = parameters_of(program)
    assert len(set(identifiers)) == len(names)
    for name in identifiers:
        assert name == unicodedata.normalize("NFKC", name)
        assert not keyword.iskeyword(name)
        assert not keyword.issoftkeyword(name)
        assert not hasattr(builtins, name)
        assert name not in TABLE
        assert name not in program.function.__globals__
        assert len(name) < 60


def test_readable_names_stay_readable():
    names = ["x[0]", "W¹₂₁", "W¹₁₀,₁", "b²₁", "z²", "z2", "σ", "µ", "μ", "learning rate", "lambda", "x′", "t1", "exp"]
    assert parameters_of(a_program(names)) == [
        "x_0", "W1_21", "W1_10_1", "b2_1", "z2_2", "z2", "σ", "μ_2", "μ", "learning_rate", "x_lambda", "x", "x_t1",
        "x_exp",
    ]  # fmt: skip


@pytest.mark.parametrize("inputs", [2, 2 * TERMS + 1])
def test_every_network_has_a_source_however_wide(inputs):
    model = MLP(inputs, [2, 1], "tanh", seed=0)
    program = program_from([model([0.01] * inputs)], model.parameters())
    assert_the_same(program, np.linspace(-1, 1, len(program.inputs)).tolist())
