"""The fuzzer in short, with fixed seeds, and proof that it finds faults; for hours: `python -m tests.fuzzing`."""

from __future__ import annotations

import math
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograd.ops.primitive import TABLE
from tests.fuzzing import hunt, oracle, trees
from tests.fuzzing.exported import C
from tests.fuzzing.forms import FEATURES
from tests.fuzzing.generate import Generator
from tests.fuzzing.hunt import Hunter, Tally
from tests.fuzzing.neighbour import Jax
from tests.fuzzing.terms import Case, Term
from tests.fuzzing.ways import Question, Way


def hunted(seed: int, cases: int, neighbours: Sequence[Any] = ()) -> Tally:
    tally = Hunter(seed, neighbours=neighbours).hunt(math.inf, cases=cases)
    assert not tally.differing, "\n".join(map(str, tally.differences))
    return tally


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.thorough), 4])
def test_no_way_of_asking_answers_anything_else(seed):
    assert hunted(seed, 6).compared.total() > 60


def asked(neighbour: Any, ways: Sequence[str], first: int, least: int) -> bool:
    """Whether so many programs, and as many more as it takes, are held against a neighbour in all of these ways."""
    found = Counter[str]()
    for seed in range(first, first + 40):
        found += hunted(seed, least, [neighbour()]).compared
        if all(any(compared.endswith(way) for compared in found) for way in ways):
            return True
    return False


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_nor_does_c():
    assert asked(C, ["value | C"], 6, 4)


def test_nor_does_jax():
    pytest.importorskip("jax", reason="the extra `jax` is not installed")
    assert asked(lambda: Jax(one_of=1), ["value | to_jax", "| JAX"], 48, 1)


# -- the oracle -------------------------------------------------------------------------------------


def right(source: str, text: str, *args: float) -> oracle.Expected:
    return oracle.expected(f"def make():\n    {source}\n    return f", text, {"args": args}, [])


def test_what_is_right_is_known_to_all_digits():
    (slope,) = right("f = lambda x: exp(x * x)", "grad(grad(f))(*args)", 0.7).numbers
    assert slope == pytest.approx(np.exp(0.49) * (4 * 0.49 + 2), rel=1e-15)
    answer = right("f = lambda x, y: {'b': x * y, 'a': [x, y ** 2]}", "jacobian(f, (1, 0))(*args)", 2.0, 3.0)
    assert trees.rebuilt(answer.tree, answer.numbers) == {"b": (2.0, 3.0), "a": [(0.0, 1.0), (6.0, 0.0)]}


def test_a_derivative_inside_another_is_of_its_own_variable():
    (slope,) = right("f = lambda x: x * grad(lambda y: x + y)(x)", "grad(f)(*args)", 3.0).numbers
    assert slope == 1.0


def test_what_is_detached_does_not_move():
    f = "f = lambda x: x * detach(x * x) * grad(lambda y: y * detach(x))(2.0)"
    (slope,) = right(f, "grad(f)(*args)", 3.0).numbers
    assert slope == 27.0


@pytest.mark.parametrize(("f", "at", "why"), [
    ("abs(x - 0.5)", 0.5, "at a kink"), ("sqrt((x - 0.1) ** 2) - abs(x - 0.3 + 0.2)", 0.1 + 1e-16, "kink"),
    ("log(-x)", 0.5, "domain"), ("1.0 / (x - x)", 0.5, "domain"), ("exp(exp(exp(x)))", 2.0, "range"),
    ("(x + 1e12) - 1e12", 0.123, "ill-conditioned"), ("floor(x * 10.0 / 10.0)", 1.0, "kink"),
])  # fmt: skip
def test_where_doubles_cannot_know_the_oracle_says_why_it_does_not_answer(f, at, why):
    with pytest.raises(oracle.Undefined, match=why):
        right(f"f = lambda x: {f}", "f(*args)", at)


def test_a_sum_that_cancels_may_be_off_by_more():
    close, far = (right(f"f = lambda x: (x + {c}) - {c}", "f(*args)", 0.3).tolerances[0] for c in (1.0, 1e4))
    assert close < 1e-12 < far < 1e-8


@pytest.mark.parametrize(
    "name", [row.name for row in TABLE.values() if not row.variadic and row.name not in ("where", "guard")]
)
def test_every_row_is_read_by_its_definition(name):
    at = tuple(map(float, TABLE[name].points[0]))
    assert float(oracle.apply(name, *at).exact) == pytest.approx(TABLE[name].float(*at), rel=1e-13)


# -- what axes mean ---------------------------------------------------------------------------------


def test_samples_are_looped_over_as_jax_and_the_documentation_have_it():
    text = "compile(f, argnums=(0, 1), in_axes=(None, 0), reduce='mean').value_and_grad(*args)"
    answer = right("f = lambda w, x: w * x * x", text, 2.0, np.array([1.0, 3.0]))
    assert trees.rebuilt(answer.tree, answer.numbers)[0] == 10.0
    assert answer.numbers == pytest.approx([10.0, 5.0, 2.0, 6.0])
    none = right("f = lambda w, x: w * x", "compile(f, in_axes=(None, 0), reduce='mean')(*args)", 2.0, np.zeros(0))
    assert np.isnan(none.numbers)


# -- that it finds what is wrong --------------------------------------------------------------------


def case(answer: str) -> Case:
    term = Term("({0} + {1})", (Term(answer), Term("sin({0})", (Term("x0['a'][0]"),))))
    return Case(("x0",), ({"b": 0.25, "a": np.array([0.5, 2.0])},), {}, (("t0", Term("(x0['b'] * 2)")),), term, True)


def found(answer: str, text: str, wrong: str) -> hunt.Difference | None:
    question = Question("grad", text, case(answer), (Way("eager", wrong),))
    return hunt.difference(question, question.ways[0], hunt.expected(question))


@pytest.mark.parametrize(("text", "wrong", "says"), [
    ("grad(f)(*args)", "grad(lambda p: 1.0000001 * f(p))(*args)", "instead of"),
    ("grad(f)(*args)", "dict(sorted(grad(f)(*args).items()))", "instead of a dict with keys"),
    ("grad(f)(*args)", "{'b': 2.0, 'a': [np.cos(0.5), 0.0]}", "list instead of an array"),
    ("f(*args)", "f(*lifted(args))", "a Value instead of the number"),
    ("f(*args)", "f(*args).no_such_thing", "raised AttributeError"),
])  # fmt: skip
def test_a_way_that_answers_wrongly_is_found(text, wrong, says):
    assert found("(t0 * t0)", text, text) is None
    assert says in found("(t0 * t0)", text, wrong).got


def test_what_is_found_prints_as_a_program_that_shows_it(capsys):
    difference = found("(t0 * t0)", "f(*args)", "f(*args) + 1.0")
    exec(str(difference), {})
    assert float(capsys.readouterr().out) == pytest.approx(0.25 + 1.0 + np.sin(0.5))


def test_what_is_found_is_cut_down():
    big = Term("({0} + tanh({1}))", (Term("(x0['b'] * {0})", (Term("exp({0})", (Term("t0"),)),)), Term("sigmoid(t0)")))
    whole = Question("value", "f(*args)", replace(case("t0"), answer=big), (Way("eager", "f(*args) + 1.0"),))
    cut = hunt.cut_down(hunt.difference(whole, whole.ways[0], hunt.expected(whole)))
    assert cut.question.case.source.splitlines()[2].strip() == "return 0.5"


def test_the_same_seed_draws_the_same():
    first, second = (Generator(random.Random(5), FEATURES).case() for _ in range(2))
    assert first.source == second.source
    assert trees.literal(first.args) == trees.literal(second.args)


def by_position(jvp):
    """jvp that takes the numbers of a direction as they come, whatever their keys say."""

    def wrong(f, primals, directions):
        return jvp(f, primals, trees.rebuilt(tuple(primals), trees.leaves(tuple(directions))))

    return wrong


def in_order(grad):
    """grad that forgets the order of argnums."""
    return lambda f, argnums=0: grad(f, tuple(sorted(argnums)) if isinstance(argnums, tuple) else argnums)


def without_means(compile_):
    """compile that adds where it should average."""

    def wrong(f, reduce=None, **options):
        return compile_(f, reduce="sum" if reduce == "mean" else reduce, **options)

    return wrong


class Looking(Hunter):
    """Asks only what has this word in it, in the ways that have it: the fault is there, and the rest takes long."""

    def __init__(self, seed: int, word: str) -> None:
        super().__init__(seed)
        self._word = word

    def question(self, question: Question) -> None:
        everywhere = self._word in question.case.source
        ways = tuple(way for way in question.ways if everywhere or self._word in way.text)
        if ways:
            super().question(replace(question, ways=ways))

    def agreement(self, question: Question) -> None:
        pass


@pytest.mark.parametrize(("name", "fault", "word", "seed"), [  # seeds with which it does not take long
    ("jvp", by_position, "jvp(f", 4), ("grad", in_order, "grad(f, (", 1),
    ("compile", without_means, "reduce='mean'", 1),
    ("tanh", lambda tanh: lambda x: tanh(x * (1 + 1e-11)), "tanh(", 8),
    ("hessian", lambda hessian: lambda f, argnums=0: hessian(lambda *x: f(*x) * (1 + 1e-11), argnums), "hessian(", 13),
])  # fmt: skip
def test_a_planted_fault_is_found(name, fault, word, seed, monkeypatch):
    names = hunt.engine_names()
    monkeypatch.setattr(hunt, "engine_names", lambda: {**names, name: fault(names[name])})
    monkeypatch.setattr(hunt, "cut_down", lambda found: found)
    hunter = Looking(seed, word)
    while not hunter.tally.differing and hunter.tally.cases < 60:
        hunter.case()
    assert hunter.tally.differing
