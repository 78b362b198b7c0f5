"""Whatever a board says is read back: each = holds as printed, each ≈ to its digits, and no symbol has two values."""

import math
import re
from collections import defaultdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import Value
from viz import derive, formula, record, why
from viz.languages import LANGUAGES
from viz.names import Names
from viz.numbers import equals, is_cut, shown
from viz.page.data import ExplorableGraph
from viz.trace import trace
from viz.wording import Wording

ONE = ("tanh", "sin", "cos", "exp", "sigmoid", "relu", "abs")
TWO = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / (2 + b * b),
    "square": lambda a, b: a * a * b, "times": lambda a, b: 1.5 * a - b, "power": lambda a, b: (1 + a * a) ** b,
}  # fmt: skip
numbers = st.one_of(st.floats(-2, 2, allow_subnormal=False), st.sampled_from([0.5, 10250.75, 123456789.125, 1e-9, 3.0]))
plans = st.tuples(
    st.lists(numbers, min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from([*ONE, *TWO]), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=7),
)
SKIP = (["tanh", 0, 0], ["*", 0, 0])  # x·tanh(x)


def built(plan):
    """The last node of a plan, each of whose steps takes earlier ones; and its first leaf."""
    at, steps = plan
    nodes = [Value(x, name=name) for x, name in zip(at, "xwb", strict=False)]
    leaf = nodes[0]
    for name, i, j in steps:
        a, b = nodes[-1 - i % min(len(nodes), 3)], nodes[j % len(nodes)]
        nodes.append(getattr(autograd, name)(0.01 * a if name == "exp" else a) if name in ONE else TWO[name](a, b))
    root = nodes[-1] + leaf if len(steps) % 2 else nodes[-1] * leaf
    root.name = "y"
    return root, leaf


# -- reading ------------------------------------------------------------------------------------------

NAME = "[a-z]+[₀-₉]*"
SYMBOL = re.compile(
    rf"\(∂{NAME}/∂{NAME}\)\|(?:{NAME},?)+…?|[∂d]{NAME}/[∂d]{NAME}|∂[₁-₉]{NAME}|δ\({NAME}\)|(?<![a-z]){NAME}(?![a-z(₀-₉]|[²³⁴]\()"
)
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
WORDS = {name: getattr(math, name) for name in ("tanh", "sin", "cos")} | {
    "e": math.e, "ln": math.log, "relu": lambda x: max(x, 0.0), "σ": lambda x: 1 / (1 + math.exp(-x)), "abs": abs,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0, "inf": math.inf, "nan": math.nan,
}  # fmt: skip


def python(text):
    """What is printed, as Python; symbols as v[…]."""
    text = re.sub(rf"(?<![\w])({'|'.join(('tanh', 'sin', 'cos', 'relu', 'σ'))})([²³⁴])\(", r"power(\1, \2)(", text)
    text = SYMBOL.sub(lambda found: found[0] if found[0] in (*WORDS, "if", "else") else f"v[{found[0]!r}]", text)
    text = re.sub(r"\|([^|']*(?:'[^']*')?[^|']*)\|", r"abs(\1)", text)
    text = re.sub(r"1_\{(.*?)\}", r"(1 if \1 else 0)", text.replace("∞", "inf"))
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: f"**({found[0].translate(SUPERSCRIPT)})", text)
    return text.replace("power(", "to(").replace(", **(", ", (").replace("·", "*").replace("^", "**")


def evaluated(text, values):
    """Its value with these of its symbols; None if one of them is not known."""
    try:
        return float(eval(python(text), {**WORDS, "v": values, "to": lambda f, k: lambda x: f(x) ** k}))
    except (KeyError, ArithmeticError, ValueError):
        return None


def split(line):
    """An equation as its sides and the signs between them; none if it is not one."""
    found = re.split(r" ([=≈]) ", line.strip())
    return found[::2], found[1::2]


class Board:
    """The lines of a board, and what each symbol on it is said to be."""

    def __init__(self, lines, digits):
        self.digits, self.said = digits, defaultdict(list)
        self.lines = [split(line) for line in lines if re.search(" [=≈] ", line)]
        for sides, _ in self.lines:
            if SYMBOL.fullmatch(sides[0]) and is_number(sides[-1]):
                self.said[sides[0]].append(float(sides[-1]))

    def check(self):
        for symbol, numbers in self.said.items():
            for number in numbers:
                assert self.agree(number, numbers[0]), f"{symbol} is {numbers}"
        known = {symbol: numbers[0] for symbol, numbers in self.said.items()}
        for sides, signs in self.lines:
            for left, sign, right in zip(sides, signs, sides[1:], strict=False):
                self.holds(left, sign, right, known)

    def holds(self, left, sign, right, known):
        a, b = evaluated(left, known), evaluated(right, known)
        if a is None or b is None or not (math.isfinite(a) and math.isfinite(b)):
            return
        if not (SYMBOL.search(left) or SYMBOL.search(right)):
            error = abs(a - b)
            assert error <= (1e-13 * abs(b) if sign == "=" else self.unit(b)) + 1e-300, f"{left} {sign} {right}"
        else:
            # of cos(t) at t ≈ 1.235e8 the digits say nothing
            slack = self.moves(left, known) + self.moves(right, known) + 2 * self.unit(b)
            assert abs(a - b) <= 2 * slack + 1e-300 or slack > 0.05 * abs(b), f"{left} {sign} {right}: {a}, {b}"

    def moves(self, side, known):
        """How much a side may be off because what is known of its symbols is rounded."""
        found = 0.0
        for symbol in set(SYMBOL.findall(side)) & set(known):
            for way in (1, -1):
                there = evaluated(side, known | {symbol: known[symbol] + way * self.unit(known[symbol])})
                found += math.inf if there is None else abs(there - evaluated(side, known))
        return found

    def agree(self, a, b):
        return a == b or abs(a - b) <= 2 * self.unit(b) or (math.isnan(a) and math.isnan(b))

    def unit(self, x):
        return 10.0 ** (math.floor(math.log10(abs(x))) - self.digits + 1) * 1.0001 if x and math.isfinite(x) else 0.0


def is_number(text):
    return re.fullmatch(r"-?[\d.]+(e-?\d+)?|-?inf|nan", text) is not None


def steps_of(words, log):
    """The debugger's lines as equations: what each factor of a contribution stands for is said beside it."""
    for number in range(len(log)):
        line = words.arithmetic(number)
        sent = re.fullmatch(r"δ\((.*)\) \+= (δ\(.*?\))·(.*?) ([=≈]) (\S+) · (\S+) ([=≈]) ([^,]+)(?:, now (.*))?", line)
        if not sent:
            yield line
            continue
        slope = sent[6].strip("()")
        yield from (f"{sent[2]} {sent[4]} {sent[5]}", f"{sent[3]} {sent[4]} {slope}")
        yield f"{sent[5]}·{sent[6]} {sent[7]} {sent[8]}"
        yield from [sent[9]] if sent[9] else []
    log_end = words.partials
    for i in range(log.trace.root + 1):
        yield f"{log_end.whole_text(i, words.names.called)} {equals(log.trace.columns.delta.item(i), words.digits)}"
        yield f"δ({words.names.called(i)}) {equals(log.trace.columns.delta.item(i), words.digits)}"


# -- every view ---------------------------------------------------------------------------------------

Y_OF_X = ([0.5], [("tanh", 0, 0)])


@given(plans, st.sampled_from([4, 5, 9]))
@example(Y_OF_X, 5)
@example(([2.0], [("*", 0, 0), ("*", 0, 0)]), 5)
@example(([123456789.123456789], [("times", 0, 0), ("-", 0, 0)]), 4)
def test_a_derivation_is_true_as_it_is_printed(plan, digits):
    y, x = built(plan)
    said = derive(y, wrt=x, digits=digits)
    Board([line for line in str(said).splitlines() if line.startswith("  ") and ", " not in line], digits).check()
    assert said.latex.count(r"\approx") == str(said).count("≈")


@given(plans, st.sampled_from([3, 4, 7]))
@example(Y_OF_X, 4)
@example(([0.5, 2.0], [("power", 0, 0)]), 4)
def test_what_the_debugger_says_is_true_as_it_is_printed(plan, digits):
    y, _ = built(plan)
    log = record(y)
    Board(steps_of(Wording(log, digits), log), digits).check()


@given(plans)
@example(Y_OF_X)
def test_no_symbol_of_a_page_has_two_values(plan):
    y, _ = built(plan)
    seen = trace(y)
    page = ExplorableGraph(seen, Names(seen.columns), LANGUAGES["en"]).columns()
    said = defaultdict(set)
    for i in range(seen.root + 1):
        sign = "d" if i == page["variable"] else "∂"
        said[f"{sign}{page['called'][seen.root]}/{sign}{page['called'][i]}"].add(seen.columns.delta.item(i))
    for e, slope in enumerate(page["slope"]):
        node, operand = seen.columns.node.item(e), page["operand"][e]
        if slope is not None and operand <= seen.root and seen.columns.reached.item(node):
            plain = f"∂{page['called'][node]}/∂{page['called'][operand]}"
            said[page["locals"].get(e, (plain, 0))[0]].add(seen.columns.slope.item(e))
    for symbol, values in said.items():
        values = sorted(values)
        assert all(x == pytest.approx(values[0], rel=1e-12, nan_ok=True) for x in values), f"{symbol} is {values}"


@given(plans)
@example(([2.0], [("*", 0, 0), ("*", 0, 0)]))
def test_why_and_derive_count_the_same_paths_and_say_the_same_number(plan):
    y, x = built(plan)
    said, found = str(derive(y, wrt=x)), why(y, x)
    counted = re.search(r"a sum over (\d+) paths", said)
    if counted:
        assert int(counted[1]) == found.count
    symbol, sign, number = re.match(r"(\S+) ([=≈]) ([^,:]+)", str(found)).groups()
    assert f"{symbol} =" in said or f"{symbol} ≈" in said
    assert number == shown(found.derivative)
    assert (sign == "≈") == is_cut(found.derivative)
    Board([line.removeprefix("where").strip() for line in found.where], 4).check()


@given(plans)
def test_numbers_in_a_formula_are_told_as_cut_where_they_are(plan):
    y, _ = built(plan)
    seen = trace(y)
    names = Names(seen.columns)
    for line in str(formula(y, depth=1)).splitlines()[1:]:
        sides, signs = split(line.removeprefix("  where ").strip())
        if is_number(sides[-1]):
            value = next(node.value for node in seen.nodes if names.called(node.id) == sides[0])
            assert (sides[-1], signs[-1]) == (shown(value, 6), "≈" if is_cut(value, 6) else "=")
