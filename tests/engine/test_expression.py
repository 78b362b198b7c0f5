"""Rules print themselves in any language: the same trees, other signs."""

import math

import pytest

from autograd.ops.expression import ARITHMETIC, COMPARISONS, Syntax, source_of, variable
from autograd.ops.numbers import equal, where
from autograd.ops.primitive import TABLE
from viz.page.javascript import Use, table_source

C_LIKE = Syntax(
    operators={**COMPARISONS, **ARITHMETIC},
    conditional="{condition} ? {chosen} : {other}",
    assignment="double {name} = {value};",
    literal=lambda x: "NAN" if math.isnan(x) else repr(x),
    function=lambda name: f"f_{name}",
    truth="{} != 0.0",
)
x, y = variable("x"), variable("y")
negated = -x


@pytest.mark.parametrize(("term", "python", "c"), [
    (x - (y - 1.0), "x - (y - 1.0)", "x - (y - 1.0)"),
    (x * (y + 2.0) / y, "x * (y + 2.0) / y", "x * (y + 2.0) / y"),
    (x % y, "x % y", "f_remainder(x, y)"),
    (x**2.0, "power(x, 2.0)", "f_power(x, 2.0)"),
    (-negated, "-(-x)", "-(-x)"),  # not --x, which C would read as a decrement
    (-(x * y), "-(x * y)", "-(x * y)"),
    (x * -1.5, "x * -1.5", "x * -1.5"),
    (where(x > 0.0, x, math.nan), "x if x > 0.0 else nan", "x > 0.0 ? x : NAN"),
    (where(x, x, y), "x if x else y", "x != 0.0 ? x : y"),
    (where(x + y, x, y), "x if x + y else y", "x + y != 0.0 ? x : y"),
    (1.0 + where(equal(x, y), 1.0, -1.0), "1.0 + (1.0 if x == y else -1.0)", "1.0 + (x == y ? 1.0 : -1.0)"),
])  # fmt: skip
def test_a_term_in_two_languages(term, python, c):
    assert source_of([term]) == ([], [python])
    assert source_of([term], C_LIKE) == ([], [c])


@pytest.mark.parametrize("rule", [lambda: x == y, lambda: x != y, lambda: 0.0 == x, lambda: x in (1.0, y),
                                  lambda: x if x > y else y])  # fmt: skip
def test_a_rule_that_would_choose_once_for_all_is_refused(rule):
    with pytest.raises(TypeError, match=r"a rule may not .*: write (equal|where)"):
        rule()


def test_what_is_shared_is_assigned_once_in_the_language_s_words():
    assert source_of([(x + 1.0) * (x + 1.0)], C_LIKE) == (["double t1 = x + 1.0;"], ["t1 * t1"])


def test_every_row_has_its_slopes_in_javascript():
    uses = [Use(row.name, len(row.operands)) for row in TABLE.values() if not row.variadic]
    written = table_source([*uses, Use("dot", 5), Use("softmax", 3, (1.0,))])
    for row in TABLE.values():
        assert (f'slopes["{row.name}"] = ' in written) != row.variadic
    assert 'slopes["dot/5"] = (y, ...xs) => [xs[2], xs[3], xs[0], xs[1], 1];' in written.splitlines()
    assert 'slopes["softmax/3/1"]' in written


def test_a_rule_that_goes_on_from_what_it_has_is_printed_once_a_step():
    """Sixty steps of Newton's for a root: as a tree it has 3**60 leaves, as a chain sixty lines."""
    root = x = variable("x")
    for _ in range(60):
        root = root - (root * root - x) / (2.0 * root)
    assignments, (result,) = source_of([root])
    assert len(assignments) == 60 - 1
    namespace = {"x": 2.0}
    exec("\n".join([*assignments, f"result = {result}"]), namespace)
    assert namespace["result"] == pytest.approx(2**0.5, rel=1e-15)


def test_a_rule_that_nests_deep_is_cut_into_lines_that_python_reads():
    total = x = variable("x")
    for i in range(3000):
        total = 1.0 / (x + total) if i % 2 else x * (1.0 + total)
    assignments, (result,) = source_of([total])
    namespace = {"x": 1.5}
    exec("\n".join([*assignments, f"result = {result}"]), namespace)
    expected = 1.5
    for i in range(3000):
        expected = 1.0 / (1.5 + expected) if i % 2 else 1.5 * (1.0 + expected)
    assert namespace["result"] == expected


def test_javascript_has_the_rules_that_are_used_and_what_these_call():
    written = table_source([Use("sigmoid", 1), Use("sigmoid", 1)])
    assert [line.split(" = ")[0] for line in written.splitlines()] == [
        "value.square", "value.sech", "value.sigmoid", 'slopes["sigmoid"]',
    ]  # fmt: skip
