"""The terminal debugger: fed sessions, conditions against plain Python, bad input, and the real command line."""

import io
import math
import os
import random
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from autograd import Value, dot, log, record_sources, relu, scope, tanh
from autograd.errors import ArgumentError, OperandError
from nn import MLP, half_squared_error
from tests.support.terminal import Terminal
from tests.views.test_trace import build, plans
from viz.debugger.breakpoints import first_stop, last_stop
from viz.debugger.commands import VERBS, completions
from viz.debugger.predicates import DEEPEST, FUNCTIONS, condition, expression
from viz.debugger.program import ProgramError, node_of
from viz.debugger.session import Session
from viz.recording import record

ROOT = Path(__file__).resolve().parents[2]


def a_neuron():
    with scope("layer2.neuron1"):
        z = dot([Value(0.12, name="w₁"), Value(-0.5, name="w₂")], [1.4, -1.0], Value(0.1, name="b"))
        z.name = "z²₁"
        a = tanh(z)
        a.name = "a²₁"
    with scope("loss"):
        e = 1.0 - a
        e.name = "e"
        J = e**2
    J.name = "J"
    return J


def said(J, *commands):
    """What a fed session prints."""
    out = io.StringIO()
    viz.debug(J, commands, out)
    return out.getvalue()


def answers(J, *commands):
    """What each command is answered with."""
    parts = said(J, *commands).split("(debug) ")
    return [part.split("\n", 1)[1].rstrip("\n") for part in parts[1 : len(commands) + 1]]


def last(J, *commands):
    return answers(J, *commands)[-1]


# -- moving -----------------------------------------------------------------------------------------


def test_a_session_reads_like_this():
    assert said(a_neuron(), "step", "next", "", "continue").splitlines() == textwrap.dedent("""\
        J ≈ 0.1255. Forwards 4 nodes to compute, then backwards 6 contributions to δ: 11 steps.
        `step` takes one, `next` a neuron, `help` says the rest; Enter repeats.
        (debug) step
        ── forward, layer2.neuron1 ──
          1  z²₁ = w₁·1.4 + w₂·(-1) + b = 0.12·1.4 + (-0.5)·(-1) + 0.1 = 0.768
             z²₁ is a weighted sum: w₁, w₂, … and b go into it.
        (debug) next
          2  a²₁ = tanh(z²₁) = tanh(0.768) ≈ 0.6458
             a²₁ is the hyperbolic tangent of z²₁.
        (debug)\x20
        ── forward, loss ──
          3  e = 1 - a²₁ ≈ 1 - 0.6458 ≈ 0.3542
          4  J = e² ≈ 0.3542² ≈ 0.1255
             J is e to the power 2.
        (debug) continue
        … 6 steps …
        ── backward, layer2.neuron1 ──
         11  δ(b) += δ(z²₁)·∂z²₁/∂b ≈ -0.413 · 1 ≈ -0.413
             b feeds z²₁; the slope here is 1. δ(b) is complete: -0.413.
        This is the end: every δ is complete.
          ∂J/∂w₁ ≈ -0.5782
          ∂J/∂w₂ ≈ 0.413
          ∂J/∂b ≈ -0.413
        (debug)\x20
    """).splitlines()  # fmt: skip


def test_going_back_shows_what_was_there_before():
    J = a_neuron()
    forth = answers(J, *["step"] * 11)
    back = answers(J, "goto end", *["back"] * 11)[1:]
    for taken, shown in enumerate(reversed(back)):
        if taken:
            arithmetic = next(line for line in forth[taken - 1].splitlines() if line.startswith(f"{taken:3}"))
            assert arithmetic in shown
            assert "1 step back" in shown
        else:
            assert "At the beginning" in shown


@pytest.mark.parametrize(
    ("commands", "taken"),
    [(["step 3"], 3), (["next"], 2), (["next 2"], 4), (["next layer"], 2), (["next 2 layers"], 4), (["n 99"], 11),
     (["continue"], 11), (["step 5", "back 2"], 3), (["step 5", "back 99"], 0), (["goto 7"], 7), (["goto end"], 11),
     (["goto seed"], 5), (["goto end", "goto start"], 0), (["goto a21"], 2), (["s", "s"], 2), (["s", ""], 2),
     (["goto end", "reverse-next"], 7), (["goto end", "rn layer"], 7), (["goto 9", "rs"], 8), (["c", "run", "s"], 1),
     (["goto end", "reverse-continue"], 0), (["s", "# a comment", ""], 2), (["st 2"], 2), (["con"], 11),
     (["break op tanh", "c"], 2), (["break op tanh", "c", "c"], 8), (["b op tanh", "goto end", "rc"], 8),
     (["b op tanh", "goto end", "rc", "rc"], 2), (["b op tanh", "step 5"], 2), (["b op tanh", "n 9"], 2),
     (["tbreak op tanh", "c", "goto start", "c"], 11), (["break z²₁", "c"], 1), (["break z21", "c", "c"], 8),
     (["break node z²₁", "s", "c"], 8), (["b #4", "c"], 2), (["break scope loss", "c"], 3), (["b loss", "c"], 3),
     (["b layer2.neuron1", "s 3", "c"], 2), (["break phase backward", "c"], 6), (["b seed", "c"], 5),
     (["b name w*", "c"], 9), (["b if abs(delta) > 0.5", "c"], 5), (["b abs(delta) < 0.5", "c"], 8),
     (["b tanh if phase == 'backward'", "c"], 8), (["b if local == 0", "c"], 11), (["b if step == 7", "c"], 7),
     (["watch z21", "c"], 1), (["watch b", "c"], 11), (["b tanh", "delete 1", "c"], 11),
     (["b tanh", "delete", "c"], 11),
     (["b power", "goto 4", "c"], 6)],
    ids=lambda case: "; ".join(case) if isinstance(case, list) else "",
)  # fmt: skip
def test_moves_end_where_they_should(commands, taken):
    where = last(a_neuron(), *commands, "where")
    assert re.match(rf"{taken} of 11 steps taken", where), where


def test_few_steps_are_shown_each_and_many_are_counted():
    x = Value(1.0, name="x")
    for _ in range(40):
        x = x * 1.5
    few, many = last(x, "step 20"), last(x, "step 30")
    assert len([line for line in few.splitlines() if re.match(r" *\d+  ", line)]) == 20
    assert "… 29 steps …" in many
    assert len(many.splitlines()) < 6


# -- stopping ---------------------------------------------------------------------------------------


def test_breakpoints_are_listed_and_deleted():
    J = a_neuron()
    assert answers(J, "break", "b tanh", "tb loss", "watch z21", "b", "delete 2", "b", "delete 2") == [
        "No breakpoint is set.",
        "breakpoint 1: steps of tanh",
        "temporary breakpoint 2: steps in loss",
        "watchpoint 3: changes of z²₁",
        "breakpoint 1: steps of tanh\ntemporary breakpoint 2: steps in loss\nwatchpoint 3: changes of z²₁",
        "deleted temporary breakpoint 2: steps in loss",
        "breakpoint 1: steps of tanh\nwatchpoint 3: changes of z²₁",
        "there is no breakpoint 2; there are: 1, 3",
    ]


def test_a_stop_says_what_stopped_it_and_a_watch_what_changed():
    shown = last(a_neuron(), "b tanh", "watch z21", "goto 2", "c")
    assert "breakpoint 1: steps of tanh\nwatchpoint 2: changes of z²₁" in shown
    assert "before  z²₁ = 0.768; δ(z²₁): nothing has come back yet" in shown
    assert "now     z²₁ = 0.768; δ(z²₁) = ∂J/∂z²₁ ≈ -0.413" in shown


def test_a_node_with_an_operators_name_or_a_blank_is_still_a_node():
    x = Value(2.0, name="tanh")
    y = tanh(x) * Value(1.0, name="a > b if c")
    y.name = "y"
    assert last(y, "b tanh") == "breakpoint 1: steps that change tanh"
    assert last(y, "b op tanh") == "breakpoint 1: steps of tanh"
    assert last(y, "b a > b if c") == "breakpoint 1: steps that change a > b if c"
    assert last(y, "p a > b if c").startswith("a > b if c = 1")


# -- conditions -------------------------------------------------------------------------------------

VARIABLES = st.sampled_from(["value", "delta", "local", "contribution", "step"])
NUMBERS = st.one_of(st.sampled_from(["0", "1", "0.5", "2", "-1", "inf"]), VARIABLES)
TERMS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        st.builds("{}({})".format, st.sampled_from(["abs", "sign"]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("-{}".format, inner),
    ),
    max_leaves=5,
)
FACTS = st.one_of(
    st.builds("{} {} {}".format, TERMS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), TERMS),
    st.builds("{} < {} <= {}".format, TERMS, TERMS, TERMS),
    st.builds("{}({})".format, st.sampled_from(["isnan", "isinf", "isfinite"]), TERMS),
    st.sampled_from([
        "op == 'add'", "op in ('add', 'tanh')", "'layer1' in scope", "phase == 'backward'", "name != 'x'",
        "op not in ['dot']",
    ]),
)  # fmt: skip
CONDITIONS = st.recursive(
    FACTS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner), st.builds("not {}".format, inner)
    ),
    max_leaves=4,
)


def facts(log, number):
    """A step's variables, one by one from the records."""
    step, nodes = log.step(number), log.trace.nodes
    source, target = nodes[step.node], nodes[getattr(step, "operand", step.node)]
    found = {"step": float(number + 1), "value": target.value, "name": target.name or "", "scope": source.scope}
    found |= {"op": "" if number == log.seed else source.op, "phase": log.phase(number)}
    if number >= log.seed:
        found["delta"] = log.state(number + 1).delta(target.id).delta
    if number > log.seed:
        found |= {"local": step.slope, "contribution": step.contribution}
    return found


def sign(x):
    return x if x != x else float((x > 0) - (x < 0))


PYTHON = {
    "abs": abs, "sign": sign, "isnan": math.isnan, "isinf": math.isinf, "isfinite": math.isfinite, "inf": math.inf,
    "min": lambda a, b: math.nan if a != a or b != b else min(a, b),
    "max": lambda a, b: math.nan if a != a or b != b else max(a, b),
}  # fmt: skip


def by_python(text, known):
    """Whether a condition is true of one step; false if it speaks of what the step does not have."""
    try:
        code = compile(text, "", "eval")
        if not set(code.co_names) <= {*PYTHON, *known}:
            return False
        return bool(eval(code, {**PYTHON, **known}))
    except OverflowError:
        return None


@given(plans, CONDITIONS)
def test_conditions_are_pythons_step_by_step(plan, text):
    session = Session(record(build(plan)))
    found = condition(text).holds(session.steps, 0, len(session.log))
    for number, holds in enumerate(found):
        expected = by_python(text, facts(session.log, number))
        assert expected is None or holds == expected
    middle = len(session.log) // 2
    assert list(condition(text).holds(session.steps, middle, len(session.log))) == list(found[middle:])


@given(
    plans, st.lists(st.sampled_from(["delta < 0", "op == 'add'", "value > 1", "isnan(value)"]), max_size=2), st.data()
)
def test_the_next_and_the_last_stop_are_those_of_a_search_one_by_one(plan, texts, data):
    session = Session(record(build(plan)))
    points = [session.stop_at(f"if {text}") for text in texts]
    total = len(session.log)
    start = data.draw(st.integers(0, total))
    stops = [i for i in range(total) if any(by_python(text, facts(session.log, i)) for text in texts)]
    after, before = first_stop(points, start, total), last_stop(points, start)
    assert (after and after[0]) == next((i for i in stops if i >= start), None)
    assert (before and before[0]) == next((i for i in reversed(stops) if i < start), None)
    for found in filter(None, (after, before)):
        expected = [f"where {text}" for text in texts if by_python(text, facts(session.log, found[0]))]
        assert [point.words for point in found[1]] == expected


def test_a_stop_far_away_is_found():
    x = Value(1.0)
    for _ in range(5000):
        x = x * 1.0
    for step in (1, 1023, 1024, 1025, 3071, 3072, 5000, 5001, 10_001):
        assert f"{step:,} of 10,001" in last(x, f"b if step == {step}", "c", "where")
        assert f"{step:,} of 10,001" in last(x, f"b if step == {step}", "goto end", "rc", "where") or step == 10_001


@pytest.mark.parametrize(
    ("text", "words", "column"),
    [("abs(dleta) > 10", "did you mean delta", 4), ("abs(delta > 10", "cannot be read", 3), ("delta", "compare it", 0),
     ("delta = 1", "equality is ==", 6), ("ab(delta) > 1", "did you mean abs", 0),
     ("op == tanh", "tanh is not known", 6),
     ("op > 'a'", "cannot be compared", 5), ("delta > 'a'", "cannot be compared", 8),
     ("value & 1", "`and` and `or`", 0),
     ("not value", "true or false is needed here", 4), ("min(value) > 0", "takes 2 numbers", 0),
     ("'a' == 'a'", "in quotes", 0),
     ("1j > 0", "a number or a text", 0), ("δ > 0 and vlaue > 0", "did you mean value", 10), ("", "cannot be read", 0),
     ("__import__('os').system('touch x') == 0", "no such function", 0), ("value.__class__ == 1", "not part", 0),
     ("(lambda: 1)() > 0", "no such function", 1), ("[x for x in value] == 1", "not part", 0),
     ("value[0] > 1", "not part", 0),
     ("(value := 1) > 0", "not part", 1), ("value if 1 > 0 else 2", "not part", 0),
     ("~value > 0", "there are - and +", 0),
     ("f'{value}' == op", "not part", 0), ("abs(*value) > 0", "a number is needed|not part", 4),
     ("value in (1, 2)", "a text is needed", 10), ("op in 'tanh'", "looks for a text", 0),
     ("value > > 1", "cannot be read", 8),
     ("1" + "0" * 400 + " > value", "larger than any float", 0)],
)  # fmt: skip
def test_a_condition_outside_the_language_is_pointed_at(text, words, column):
    with pytest.raises(ArgumentError, match=words) as raised:
        condition(text)
    lines = str(raised.value).splitlines()
    assert lines[1] == f"  {text}"
    assert lines[2].index("^") - 2 == column, raised.value
    assert len(lines) == 3


@pytest.mark.parametrize(
    "text", ["-" * (DEEPEST + 5) + "1 > 0", "(" * 250 + "1" + ")" * 250, "x" * 501, "a\x00b", "9" * 600]
)
def test_a_condition_that_would_be_too_much_is_refused(text):
    with pytest.raises(ArgumentError):
        condition(text)


def test_huge_powers_are_floats():
    assert expression("9.0 ** 9 ** 9 > value").kind == "true or false"
    assert last(a_neuron(), "s", "p 9 ** 9 ** 9") == "9 ** 9 ** 9 = inf"


def test_the_help_names_every_function_and_variable():
    text = last(a_neuron(), "help conditions")
    for word in [*FUNCTIONS, "delta", "value", "local", "contribution", "name", "scope", "op", "phase", "step"]:
        assert re.search(rf"\b{word}\b", text)


# -- looking ----------------------------------------------------------------------------------------


def test_print_where_list_explain_why():
    J = a_neuron()
    z = "z²₁ = 0.768; δ(z²₁): nothing has come back yet\n  computed by dot in step 1, in layer2.neuron1"
    assert answers(J, "p", "p z21", "s", "p", "p z21")[1::2] == [
        "z²₁ is not computed yet; δ(z²₁): nothing has come back yet\n  computed by dot in step 1, in layer2.neuron1", z,
    ]  # fmt: skip
    assert answers(J, "p", "p z21", "s", "p", "p z21")[4] == z
    assert len(last(J, "p scope layer2").splitlines()) == 7  # 3 leaves, 2 constants, z and a
    assert last(J, "goto 8", "p contribution / delta") == "contribution / delta = 1.0"
    assert last(J, "goto 8", "p op") == "op = tanh"
    assert last(J, "goto 8", "p local < 1") == "local < 1 = True"
    assert last(J, "s", "p local") == "local has no value in this step"
    assert "the derivative came along J → e → a²₁ → z²₁" in last(J, "goto 8", "where")
    listed = last(J, "goto 8", "list").splitlines()
    assert [line[:4].strip() for line in listed] == ["3", "4", "5", "6", "7", "→  8", "9", "10", "11"]
    assert len(last(J, "list 1").splitlines()) == 6
    assert last(J, "goto 8", "explain").startswith("Move z²₁ a little, and a²₁ moves 0.583 times as far")
    assert last(J, "why w1") == str(viz.why(J, leaf(J, "w₁"), 5))
    assert last(J, "goto 8", "why 1") == str(viz.why(J, leaf(J, "z²₁"), 1))


def leaf(J, name):
    from autograd.order import reachable

    return next(value for value in reachable(J) if value.name == name)


def test_the_code_of_a_step_is_listed():
    with record_sources():
        x = Value(2.0, name="x")
        y = x * x  # this line is found
    shown = last(y, "s", "list source")
    assert any(line.startswith("→") and "this line is found" in line for line in shown.splitlines())
    assert "test_debugger.py" in shown.splitlines()[0]
    assert "computed at" in last(y, "s", "where")
    assert "--sources" in last(a_neuron(), "s", "list source")


def test_help_is_there_for_every_verb():
    shown = last(a_neuron(), "help")
    for verb in " ".join(VERBS.values()).split():
        assert f"  {verb}" in shown
        assert last(a_neuron(), f"help {verb}").startswith(verb)


def test_a_network_shows_layers_and_the_gradient_of_the_first_leaves():
    J = half_squared_error(MLP(2, [3, 1], "tanh", seed=1)([0.5, -1.0]), [1.0])
    shown = said(J, "next layer", "continue")
    assert shown.count("── forward, layer2.neuron") == 3
    assert shown.count("∂½(y-ŷ)²") or shown.count("∂J/∂") == 8
    assert "more; `print NAME` shows one" in shown


# -- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [("break nope", "no node is called 'nope'"), ("break op tanhh", "no step has the op 'tanhh'; there are"),
     ("break scope layer9", "no step has the scope"), ("break phase sideways", "a phase is one of"),
     ("break name Q*", "no step has the name"), ("break if abs(dleta) > 10", "did you mean delta"),
     ("b if", "cannot be read"),
     ("break if delta", "compare it"), ("watch", "watch needs a node"), ("watch nope", "no node is called"),
     ("delete 7", "none is set"), ("delete x", "needs the number"), ("step -1", "from 1 up"), ("step x", "from 1 up"),
     ("step 0", "from 1 up"), ("next galaxy", "one of neuron, layer"), ("goto", "goto needs"),
     ("goto 999", "there are 11 steps"),
     ("goto w1", "w₁ is a leaf"), ("goto nope", "no node is called"), ("print nope", "no node is called"),
     ("print z21 +", "cannot be read"), ("print scope nope", "no node is in the scope"), ("list x", "number of a step"),
     ("why", "why needs a node"), ("why nope", "no node is called"), ("where now", "takes nothing"),
     ("w x", "takes nothing"),
     ("x", "there is no command 'x'"), ("17", "there is no command '17'"), ("stepp", "did you mean step"),
     ("re", "may be"), ("help nope", "there is no command"), ("contine", "did you mean continue"),
     ("print delta", "no step is taken yet"), ("back", "nothing to take back"), ("rc", "nothing to take back"),
     ("rn", "nothing to take back"), ("explain", "No step is taken yet"), ("print", "No step is taken yet"),
     ("\x00\u202e", "there is no command"), ("b " + "z" * 9000, "no node is called")],
)  # fmt: skip
def test_a_mistake_is_one_clear_sentence_and_the_debugger_goes_on(command, words):
    answer, after = answers(a_neuron(), command, "step")
    assert words in answer
    assert len(answer) < 300
    assert "z²₁ = w₁·1.4" in after


def test_the_end_is_said_when_one_goes_on():
    assert "This is the end" in last(a_neuron(), "goto end", "step")
    assert "This is the end" in last(a_neuron(), "goto end", "c")


def test_a_graph_with_nan_is_said_and_stepped_through():
    x = Value(-1.0, name="x")
    J = log(x) + x
    assert "Not every number is finite: the first is t₁, see `goto 1`." in said(J)
    assert "t₁ = ln(x) = ln(-1) = nan" in last(J, "b if isnan(value)", "c")
    y = Value(0.0, name="y")
    assert "the first is δ(y), see `goto 5`" in said(tanh(y**0.5))
    assert "Not every" not in said(a_neuron())


def test_a_leaf_alone_and_a_dead_relu():
    assert "2 of" not in said(Value(3.0, name="x"), "step", "where")
    assert "δ(x) = dx/dx = 1" in said(Value(3.0, name="x"), "step")
    J = relu(Value(-1.0, name="x"))
    assert "A slope of 0 lets nothing through." in " ".join(last(J, "b if local == 0", "c").split())


def test_names_can_break_nothing():
    x = Value(1.0, name="\x1b[31mred\x1b[0m\n(debug) quit")
    shown = said(x * x, "s", "p #0")
    assert "\x1b" not in shown
    assert "\n(debug) quit" not in shown


def test_only_a_value_can_be_debugged():
    with pytest.raises(OperandError, match="one Value"):
        viz.debug(3.0)


def test_nothing_of_the_graph_is_changed():
    J = a_neuron()
    J.backward()
    before = leaf(J, "w₁").grad
    said(J, "c", "rc", "why w1")
    assert leaf(J, "w₁").grad == before


def test_words_are_completed():
    session = Session(record(a_neuron()))
    assert completions(session, ["break"], "z") == ["z²₁"]
    assert completions(session, ["break"], "z21") == ["z²₁"]
    assert completions(session, ["b", "op"], "ta") == ["tanh"]
    assert completions(session, ["break", "scope"], "l") == ["layer2.neuron1", "loss"]
    assert completions(session, ["break", "phase"], "") == ["forward", "seed", "backward"]
    assert completions(session, ["goto"], "s") == ["start", "seed"]
    assert completions(session, ["next"], "l") == ["layer"]


# -- programs ---------------------------------------------------------------------------------------

GOOD = "from autograd import Value\nw = Value(3.0)\nJ = w * w\n"


def script(folder, source, name="program.py"):
    path = folder / name
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("source", "words"),
    [("1 / 0", "raised ZeroDivisionError: division by zero (line 1 of "), ("def f(:", "raised SyntaxError"),
     ("x = 3", "yields no node: leave a Value"), ("J = 3.5", "yields no node; J is the number 3.5"),
     ("J = None", "J is nothing"), ("J = [1]", "J is a list"), ("raise ValueError", "raised ValueError (line 1"),
     ("from autograd import Value\na = Value(1.0)\nb = Value(2.0)", "leaves 2 nodes, a, b"),
     ("import nosuchmodule", "raised ModuleNotFoundError"), ("def f():\n  f()\nf()", "raised RecursionError"),
     ("raise SystemExit(3)", "yields no node"), ("\x00", "there are zero bytes in it")],
)  # fmt: skip
def test_a_program_that_yields_no_node_is_one_sentence(source, words, tmp_path):
    path = script(tmp_path, source)
    with pytest.raises(ProgramError) as raised:
        node_of(str(path))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_program_yields_its_node(tmp_path):
    path = script(tmp_path, GOOD + "import sys\nsize = len(sys.argv)\nother = w + size\n")
    assert node_of(str(path)).data == 9.0
    assert node_of(str(path)).operands[0].name == "w"
    assert node_of(str(path), ["a", "b"], "other").data == 6.0
    with pytest.raises(ProgramError, match="leaves no variable 'nope'"):
        node_of(str(path), name="nope")
    with pytest.raises(ProgramError, match=r"size of .* yields the number 1"):
        node_of(str(path), name="size")
    only = script(tmp_path, "from autograd import Value\nanswer = Value(2.0) * 3\n", "only.py")
    assert node_of(str(only)).name == "answer"
    exits = script(tmp_path, GOOD + "raise SystemExit\n", "exits.py")
    assert node_of(str(exits)).name == "J"
    beside = script(tmp_path, "from only import answer as J\n", "beside.py")
    assert node_of(str(beside), sources=True).data == 6.0


def test_a_function_yields_its_node(tmp_path):
    path = script(
        tmp_path, GOOD + "def make():\n    return w * 2\ndef number():\n    return 2.0\ndef needs(x):\n    return x\n"
    )
    assert node_of(f"{path}:make").data == 6.0
    assert node_of("demos.lecture.pictures:network_loss").name == "J"
    for function, words in (
        ("number", "yields the number 2.0"),
        ("needs", "raised TypeError"),
        ("nope", "no function 'nope'"),
    ):
        with pytest.raises(ProgramError, match=words):
            node_of(f"{path}:{function}")
    with pytest.raises(ProgramError, match="No module named 'nosuchmodule'"):
        node_of("nosuchmodule:f")
    with pytest.raises(ProgramError, match="cannot be read: No such file"):
        node_of(str(tmp_path / "nope.py"))


def run(arguments, fed, folder, **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment}
    command = [sys.executable, "-m", "viz", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, input=fed, capture_output=True, encoding="utf-8", check=False
    )
    assert "Traceback" not in done.stderr
    assert str(Path(viz.__file__).parent) not in done.stdout  # a script's traceback shows the script alone
    return done


def test_the_command_line(tmp_path):
    script(tmp_path, GOOD)
    (tmp_path / "commands").write_text("# first\nbreak op multiply\ncontinue\n", encoding="utf-8")
    done = run(["debug", "--commands", "commands", "-c", "where", "program.py"], "next\n\nquit\n", tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("(debug)")] == [
        "(debug) # first", "(debug) break op multiply", "(debug) continue", "(debug) where", "(debug) next", "(debug) ",
        "(debug) quit",
    ]  # fmt: skip
    assert "  1  J = w·w = 3·3 = 9" in lines
    assert "1 of 4 steps taken: forward" in lines


def test_a_terminal_without_greek_letters_stops_nothing(tmp_path):
    script(tmp_path, GOOD)
    assert run(["debug", "program.py"], "c\n", tmp_path, PYTHONIOENCODING="ascii").returncode == 0


def test_a_broken_program_can_be_mended_and_run_again(tmp_path):
    source = """
        from pathlib import Path
        from autograd import Value
        if not Path("mended").exists():
            Path("mended").touch()
            raise RuntimeError("not yet")
        J = Value(2.0) * 4
    """
    script(tmp_path, source)
    done = run(["debug", "program.py"], "step\nrun\nstep\n", tmp_path)
    assert done.returncode == 0
    assert "program.py raised RuntimeError: not yet (line 6 of program.py)" in done.stdout
    assert "there is no graph to step through: mend the program, then `run` tries again" in done.stdout
    assert "J = 4·" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [*(pytest.param(words, marks=pytest.mark.thorough) for words in ([], ["debug"], ["nope"])),
     ["debug", "--commands", "nope", "x.py"]],
)  # fmt: skip
def test_a_wrong_option_is_one_line(arguments, tmp_path):
    done = run(arguments, "", tmp_path)
    assert done.returncode == 2
    assert "error:" in done.stderr


# -- a real terminal --------------------------------------------------------------------------------


def in_a_terminal(folder, keys, **environment):
    """What the debugger shows on a pseudo-terminal while `keys` are typed, each where it waits for one."""
    pytest.importorskip("pty")
    command = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from viz.__main__ import main; raise SystemExit(main())"
    kept = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm", "PYTHONUTF8": "1"}
    terminal = Terminal([sys.executable, "-c", command, "debug", "program.py"], kept | environment, folder)
    for key in keys:
        assert terminal.until_it_asks(), terminal.text
        terminal.type(key)
    status = terminal.end()
    return terminal.text, status


def test_a_real_terminal_has_colours_completion_and_interruption(tmp_path):
    script(tmp_path, GOOD)
    shown, status = in_a_terminal(tmp_path, [b"s\n", b"\x03", b"where\n", b"\n", b"qu\n"])
    assert status == 0
    assert "\x1b[34m── forward ──\x1b[0m" in shown
    assert "Interrupted; `quit` leaves." in shown
    assert shown.count("1 of 4 steps taken") == 2
    plain, status = in_a_terminal(tmp_path, [b"s\n", b"\x04"], NO_COLOR="1")  # Ctrl-D is the end of input
    assert status == 0
    assert "\x1b[34m" not in plain
    assert "── forward ──" in plain


def test_a_notebook_asks_in_its_own_box(monkeypatch, capsys):
    typed = iter(["step", "quit"])
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    monkeypatch.setattr("sys.stdin", io.StringIO())  # a kernel has none
    viz.debug(a_neuron())
    assert "z²₁ = w₁·1.4" in capsys.readouterr().out
    assert next(typed, None) is None


def test_random_input_breaks_nothing():
    draw = random.Random(1)
    verbs = [*" ".join(VERBS.values()).split(), "", "#", "b if", "x"]
    rest = [
        "",
        "1",
        "z21",
        "tanh",
        "if delta > 0",
        "0",
        "layer",
        "((",
        "'",
        "#3",
        "scope loss",
        "-1",
        "seed",
        "w*",
        "nan",
    ]
    commands = [f"{draw.choice(verbs)} {draw.choice(rest)}" for _ in range(400)]
    commands = [command for command in commands if not command.startswith("quit")]
    assert said(a_neuron(), *commands).count("(debug) ") == len(commands) + 1
