"""What a step says: its numbers are parsed back, its templates are data, and names are found as typed."""

import json
import math
import re

import pytest
import sympy as sp
from mpmath import mp

import autograd
from autograd import Value, dot, logsumexp, softmax, tanh, where
from autograd.errors import ArgumentError
from autograd.ops.primitive import TABLE
from autograd.recorder import record as apply
from nn import MLP, half_squared_error
from tests.views.test_formula import CASES, FIXED, close, evaluate, moderate, python
from viz.languages import LANGUAGES
from viz.names import Names, plain
from viz.recording import record
from viz.trace import trace
from viz.wording import Wording, fill, slope_written, written

FIELD = re.compile(r"\{[-^]?(\w+)\}")


def constants_of(row, numbers):
    """All operands are Values, but the first where the row wants a number there."""
    return tuple(x if i == 0 and row.name in FIXED else None for i, x in enumerate(numbers))


def digits(x):
    return repr(x).removesuffix(".0").replace("-", "-")


@pytest.mark.parametrize(("row", "numbers"), CASES)
def test_numbers_in_place_of_operands_give_the_value_and_the_slopes(row, numbers):
    constants = constants_of(row, numbers)
    fields = {str(i): digits(x) for i, x in enumerate(numbers)}
    with mp.workdps(60):
        shown = fill(written(row.name, constants), fields)
        exact = evaluate(python(shown), {})
        assert close(sp.N(exact, 60), row.float(*numbers)), shown
        slopes = row.float_slopes(row.float(*numbers), *numbers)
        for slot, slope in enumerate(slopes):
            formula = slope_written(row.name, constants, slot)
            if formula is None or slope is None or abs(slope) < 1e-100 or not moderate(numbers):
                continue
            shown = fill(formula, {**fields, "y": "out"})
            assert close(sp.N(evaluate(python(shown), {"out": sp.N(exact, 60)}), 60), slope, 1e-8), shown


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_names_of_any_kind_go_into_every_pattern(row):
    constants = constants_of(row, row.points[0])
    names = [f"z²₁ {{{i}}}" for i in range(len(constants))]
    shown = fill(written(row.name, constants), {str(i): name for i, name in enumerate(names)})
    assert all(name in shown for name, number in zip(names, constants, strict=True) if number is None)


@pytest.mark.parametrize(
    ("template", "expected"),
    [("{-x}·{x}", "(-2)·-2"), ("{^x}²", "(-2)²"), ("{^y}²", "y₁²"), ("{^z}² {-z} {z}", "(z²₁)² z²₁ z²₁"),
     ("{^e}²", "(3e-5)²"), ("{^d}²", "0.25²"), ("{unknown} {-no}", "{unknown} {-no}"), ("{n}", "{x}")],
)  # fmt: skip
def test_a_field_puts_what_needs_them_in_parentheses(template, expected):
    values = {"x": "-2", "y": "y₁", "z": "z²₁", "e": "3e-5", "d": "0.25", "n": "{x}"}
    assert fill(template, values) == expected


def test_templates_are_data_and_every_field_is_filled():
    templates = dict(LANGUAGES["en"].steps)
    assert json.loads(json.dumps(templates)) == templates
    x = Value(2.0, name="x")
    J = where(Value(1.0, name="c"), x * x, x) + dot([x], [0.0]) - Value(1.0)
    log = record(J)
    words = Wording(log)
    for number in range(len(log)):
        said = [words.arithmetic(number), words.sentence(number), words.meaning(number)]
        said += [words.known(log.state(number), node) for node in range(len(log.trace.nodes))]
        for line in said:
            assert line
            assert not FIELD.search(line)


def the_lectures_neuron():
    z = dot([Value(0.12, name="w₁"), Value(-0.5, name="w₂")], [1.4, -1.0], Value(0.1, name="b"))
    z.name = "z²₁"
    a = tanh(z)
    a.name = "a²₁"
    J = (1.0 - a) ** 2
    J.name = "J"
    return Wording(record(J))


def test_what_a_learner_reads():
    words = the_lectures_neuron()
    assert words.arithmetic(0) == "z²₁ = w₁·1.4 + w₂·(-1) + b = 0.12·1.4 + (-0.5)·(-1) + 0.1 = 0.768"
    assert words.sentence(0) == "z²₁ is a weighted sum: w₁, w₂, … and b go into it."
    assert words.meaning(0) == "z²₁ goes on into a²₁."
    assert words.sentence(1) == "a²₁ is the hyperbolic tangent of z²₁."
    assert words.meaning(3) == "J is the result: what the derivatives will be of."
    assert words.arithmetic(4) == "δ(J) = ∂J/∂J = 1"
    assert words.arithmetic(7) == "δ(z²₁) += δ(a²₁)·∂a²₁/∂z²₁ ≈ -0.7085 · 0.583 ≈ -0.413"
    assert words.sentence(7) == ("z²₁ feeds a²₁; the slope here is 1 - (a²₁)² ≈ 0.583. δ(z²₁) is complete: -0.413.")
    assert words.meaning(7) == (
        "Move z²₁ a little, and a²₁ moves 0.583 times as far; move a²₁ a little, and J moves -0.7085 times as far. "
        "So by this way J moves -0.413 times as far as z²₁."
    )


def test_what_is_known_of_a_node():
    x, y = Value(2.0, name="x"), Value(3.0, name="y")
    J = where(Value(1.0), x * x, y)
    J.name = "J"
    log = record(J)
    words = Wording(log)
    ids = {node.name: node.id for node in log.trace.nodes}
    said = [words.known(log.state(k), ids["x"]) for k in range(len(log) + 1)]
    assert said[0] == said[4] == "x = 2; δ(x): nothing has come back yet"
    assert said[5:] == ["x = 2; δ(x) = 2 so far, 1 of 2 contributions", "x = 2; δ(x) = ∂J/∂x = 4"]
    assert words.known(log.state(6), ids["y"]) == "y = 3; δ(y): no path, no derivative comes back to it"
    assert words.known(log.state(1), ids["J"]) == "J is not computed yet; δ(J): nothing has come back yet"


def test_a_formula_that_is_only_a_number_is_not_said_twice():
    x = Value(2.0, name="x")
    assert "here is 1.4. " in Wording(record(dot([x, x], [1.4, 3.0]))).sentence(2)
    assert "here is 3. " in Wording(record(x * 3.0)).sentence(2)
    assert "here is w = 3. " in Wording(record(x * Value(3.0, name="w"))).sentence(2)


def test_a_slope_of_zero_and_sums_in_progress_are_said():
    x = Value(-1.0, name="x")
    words = Wording(record(autograd.relu(x) + x))
    assert "lets nothing through" in words.sentence(5)
    assert "δ(x) is 1 so far, 1 of 2 contributions." in words.sentence(4)


@pytest.mark.parametrize(
    ("op", "constants", "expected"),
    [("sum", (None,) * 100, "{-0} + {-1} + {-2} + {-3} + … + {-99}"),
     ("dot", (None,) * 21, "{-0}·{-10} + {-1}·{-11} + … + {-9}·{-19} + {-20}"),
     ("softmax", (7.0, *(None,) * 50), None), ("log_softmax", (0.0, *(None,) * 50), None),
     ("power", (None, 2.0), "{^0}²"), ("multiply", (None, 1.0), "{0}")],
)  # fmt: skip
def test_long_and_special_operations_are_short(op, constants, expected):
    shown = written(op, constants)
    assert len(shown) < 90
    assert expected in (None, shown)
    if "softmax" in op:
        assert f"{{{1 + int(constants[0])}}}" in re.sub(r"[-^]", "", shown)


def test_wide_operations_are_said_at_once():
    xs = [Value(i / 1000, name=f"x{i}") for i in range(1000)]
    for J in (dot(xs, xs), logsumexp(xs), softmax(xs[:400])[3]):
        words = Wording(record(J))
        assert len(words.arithmetic(0)) < 250
        assert len(words.sentence(300)) < 250


# -- names ------------------------------------------------------------------------------------------


def test_names_are_found_as_a_keyboard_types_them():
    model = MLP(2, [2, 1], "tanh", seed=1)
    J = half_squared_error(model([[0.5, -1.0], [1.0, 2.0]]), [1.0, 0.0])
    seen = trace(J)
    names = Names(seen.columns)
    ids = [node.id for node in seen.nodes if node.name == "z²₁"]
    assert len(ids) == 2
    assert names.find("z²₁") == names.find("z21") == names.find("z^2_1") == ids
    assert [names.called(i) for i in ids] == ["z²₁[1]", "z²₁[2]"]
    assert names.find("z²₁[2]") == names.find("z21[2]") == ids[1:]
    assert names.find("#0") == names.find("x#0") == [0]
    for node in seen.nodes:
        assert node.kind == "constant" or names.find(names.called(node.id)) == [node.id]
    assert plain("δ³₁₂") == "δ312"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("z22", "did you mean z²₁"),
        ("#99", "no node is called '#99'"),
        ("qqqq", "there are .*z²₁"),
        ("z²₁[3]", "no node"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_said_with_those_there_are(wanted, said):
    with pytest.raises(ArgumentError, match=said):
        the_lectures_neuron().names.find(wanted)


def test_names_that_look_alike_when_typed_are_asked_about():
    J = Value(1.0, name="z²₁") * Value(2.0, name="z₂₁")
    names = Names(trace(J).columns)
    assert names.find("z₂₁") == [1]
    with pytest.raises(ArgumentError, match="z21 may be z²₁ or z₂₁"):
        names.find("z21")
    with pytest.raises(ArgumentError, match="there are v₁, v₂, t₁"):
        Names(trace(Value(1.0) * Value(2.0)).columns).find("x")


def test_every_row_says_its_first_point():
    for row in TABLE.values():
        numbers = [float(x) for x in row.points[0]]
        operands = [x if i == 0 and row.name in FIXED else Value(x, name=f"x{i}") for i, x in enumerate(numbers)]
        node = apply(row, tuple(operands))
        if math.isfinite(node.data):
            words = Wording(record(node))
            assert words.arithmetic(0).startswith(words.names.called(words._trace.root) + " = ")
