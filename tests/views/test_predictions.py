"""What a learner's answer is worth: 200 made-up answers, marked as a person would mark them."""

import math
import random

import pytest

import viz
from autograd import Value, exp, log, sigmoid, sqrt, tanh
from tests.support.browser import launched, opened
from viz.recording import Compute, Seed, record

MARKS = "asked => asked.map(([k, kind, text]) => app.quiz.exam.mark(k, kind, text))"


@pytest.fixture(scope="module")
def browser():
    with launched() as running:
        yield running


def composed(at=0.8):
    """Two paths from x, a product, a quotient, and functions whose slopes are written by what they give."""
    x, w, b = Value(at, name="x"), Value(-1.3, name="w"), Value(0.35, name="b")
    J = tanh(x * w + b) / sqrt(x + 2.1) + sigmoid(exp(x) - 1.9) * w - log(x * 3.7)
    J.name = "J"
    return J


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    file = viz.explore(composed()).save(tmp_path_factory.mktemp("marking") / "page.html")
    tab = opened(browser, file)
    yield tab
    tab.page.close()


def spelled(x, digits, dice):
    """A number as people type it: other minus signs, a comma, a power of ten."""
    text = f"{x:.{digits}g}"
    if "e" not in text and dice.random() < 0.2:
        text = f"{x:.{digits - 1}e}"
    if "e" not in text:
        text = text.replace(".", dice.choice("..,"))
    return dice.choice(["", " ", "="]) + text.replace("-", dice.choice("--")) + dice.choice(["", " "])


def questions(log):
    """Every question of a graph: (step, kind, truth, what is sent, what is already there, the slope, δ behind)."""
    before = {}
    for k in range(len(log)):
        step = log.step(k)
        if isinstance(step, Compute):
            yield k, "value", step.value, {}
        elif not isinstance(step, Seed):
            there = before.get(step.operand)
            parts = {"sent": step.contribution, "there": there, "slope": step.slope, "behind": step.delta}
            yield k, "slope", step.slope, parts
            if step.delta != 1 or there is not None:
                yield k, "δ", step.contribution + (there or 0.0), parts
            before[step.operand] = step.contribution + (there or 0.0)


def far(*numbers):
    """Whether numbers are so different, in size too, that nobody takes one for another."""
    return all(
        abs(abs(a) - abs(b)) > 0.08 * max(abs(a), abs(b)) for i, a in enumerate(numbers) for b in numbers[i + 1 :]
    )


def answers(at):
    """(step, kind, text, verdict, hint): about 70, each of a kind that a person knows at sight."""
    dice, made = random.Random(7), []
    for k, kind, truth, parts in questions(record(composed(at))):
        add = lambda text, *mark: made.append((k, kind, text, *mark))  # noqa: E731, B023  (used at once)
        add(spelled(truth, dice.choice([3, 4, 6]), dice), "right", None)
        add(spelled(truth * 1.001, 5, dice), "right", None)  # rounded on the way
        if abs(truth) not in (0.0, 1.0):
            add(spelled(-truth, 4, dice), "wrong", "sign")
        if abs(truth) > 1e-3:
            add(spelled(truth * 1.017, 4, dice), "wrong", "near")
            add(dice.choice(["t1*2", "", "abc", "1/0", "0.5.3"]), "unclear", "number")
        if kind != "δ":
            continue
        sent, there, slope, behind = (parts[name] for name in ("sent", "there", "slope", "behind"))
        if there is None and far(truth, behind, slope, behind + slope):
            add(spelled(behind, 4, dice), "wrong", "inner")
            add(spelled(slope, 4, dice), "wrong", "outer")
            add(spelled(behind + slope, 4, dice), "wrong", "added")
        if there is not None and far(truth, sent, there):
            add(spelled(sent, 4, dice), "wrong", "path")
            add(spelled(there, 4, dice), "wrong", "missed")
    return made


@pytest.mark.parametrize("at", [0.8, 1.3, 0.9])  # 71 answers or more each
def test_over_two_hundred_answers_are_marked_as_by_a_person(browser, tmp_path, at):
    made = answers(at)
    assert len(made) >= 70
    page = opened(browser, viz.explore(composed(at)).save(tmp_path / "page.html"))
    found = page.run(MARKS, [[k, kind, text] for k, kind, text, _, _ in made])
    wrong = [
        (*answer, mark["verdict"], mark.get("hint"))
        for answer, mark in zip(made, found, strict=True)
        if (mark["verdict"], mark.get("hint")) != answer[3:]
    ]
    assert wrong == []
    assert {answer[4] for answer in made} >= {None, "sign", "near", "number", "inner", "outer", "path", "missed"}
    page.page.close()


@pytest.mark.parametrize(
    ("function", "at", "wrong", "hint"),
    [
        (tanh, 0.6, 1 - 0.6**2, "y for x"),
        (tanh, 0.6, 1 - math.tanh(math.tanh(0.6)) ** 2, "y for x"),
        (sigmoid, 1.7, 1.7 * (1 - 1.7), "y for x"),
        (exp, 0.6, 0.6, "y for x"),
        (sqrt, 5.0, 1 / (2 * 5.0), "y for x"),
        (tanh, 0.6, math.tanh(0.6), "value"),
        (lambda x: x * Value(3.2, name="w"), 0.6, 0.6, "other"),
        (lambda x: x * Value(3.2, name="w"), 0.6, 1.92, "value"),
        (tanh, 0.6, 0.1, "wrong"),
        (tanh, 0.6, 10 * (1 - math.tanh(0.6) ** 2), "power"),
    ],
)
def test_slopes_that_are_wrong_in_a_known_way_get_a_hint(browser, tmp_path, function, at, wrong, hint):
    J = function(Value(at, name="x"))
    J.name = "y"
    tab = opened(browser, viz.explore(J).save(tmp_path / "page.html"))
    k = next(k for k, kind, _, _ in questions(record(J)) if kind == "slope")
    (mark,) = tab.run(MARKS, [[k, "slope", f"{wrong:.5g}"]])
    assert (mark["verdict"], mark.get("hint")) == ("wrong", hint)
    tab.page.close()


def test_what_follows_from_a_wrong_number_counts_as_right(page):
    """A wrong value is kept; all that is computed from it, by another engine, is right and said to be following."""
    log, own, followed = record(composed()), {}, 0
    names = viz.names.Names(log.trace.columns)
    assert names.called(log.trace.root) == "J"
    columns = log.trace.columns
    page.run("app.quiz.exam.begin()")
    for k in range(log.seed):
        node = log.step(k).node
        operands = columns.operands[columns.starts.item(node) : columns.starts.item(node + 1)].tolist()
        numbers = [own.get(i, columns.value.item(i)) for i in operands]
        op = log.trace.nodes[node].op
        mine = {"add": sum, "multiply": math.prod, "tanh": lambda n: math.tanh(*n), "sqrt": lambda n: math.sqrt(*n),
                "exp": lambda n: math.exp(*n), "log": lambda n: math.log(*n), "divide": lambda n: n[0] / n[1],
                "subtract": lambda n: n[0] - n[1],
                "sigmoid": lambda n: 1 / (1 + math.exp(-n[0]))}[op](numbers)  # fmt: skip
        if k == 0:
            mine *= 1.4  # the one slip
        own[node] = mine
        (mark,) = page.run(MARKS, [[k, "value", repr(mine)]])
        expected = "wrong" if k == 0 else "right" if mine == log.step(k).value else "following"
        assert mark["verdict"] == expected
        followed += expected == "following"
        page.run("([k, x]) => app.quiz.exam.keep(k, 'value', x)", [k, mine])
    assert followed >= 3
    page.run("app.quiz.exam.begin()")


@pytest.mark.parametrize(
    ("text", "number"),
    [("-0,75", -0.75), ("3/4", 0.75), ("-3/8", -0.375), ("2e-3", 0.002), ("2·10^-3", 0.002), ("≈ 0.5", 0.5),
     ("+4", 4.0), ("∞", math.inf), ("-inf", -math.inf), ("1/2/3", None), ("", None), ("0.5x", None)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(page, text, number):
    ask = "([text, x]) => app.quiz.exam.constructor.read(text)"
    assert page.run(ask, [text, number]) == number


def test_one_digit_is_too_few_unless_it_is_all_there_is(page):
    log = record(composed())
    k = next(
        k
        for k in range(log.seed)
        if abs(log.step(k).value) > 0.2 and f"{log.step(k).value:.1g}" != f"{log.step(k).value:.4g}"
    )
    (rough,) = page.run(MARKS, [[k, "value", f"{log.step(k).value:.1g}"]])
    assert (rough["verdict"], rough["hint"]) == ("unclear", "digits")
    (two,) = page.run(MARKS, [[k, "value", f"{log.step(k).value:#.2g}"]])
    assert two["verdict"] == "right"
