"""Formulas: what is printed is parsed back with sympy and is the graph, value and derivatives."""

import ast
import dataclasses
import math
import random
import re
import xml.etree.ElementTree as ET
from functools import partial

import mpmath
import pytest
import sympy as sp
from mpmath import mp
from sympy.utilities.lambdify import implemented_function

from autograd import Value, cos, exp, gradient, sigmoid, sin, tanh
from autograd.check import definition
from autograd.errors import ArgumentError, OperandError
from autograd.ops.primitive import TABLE
from autograd.recorder import record
from nn import MLP, half_squared_error
from viz import notation
from viz.formulas import printers, textbook
from viz.formulas.formula import formula
from viz.formulas.printers import text
from viz.formulas.slopes import textbook_slopes
from viz.identifiers import identifier
from viz.notation import Number

# -- back from the printed text: a small translation --------------------------------------------------

SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
SUBSCRIPT = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
PLAIN = {
    "·": "*", "-": "-", "⌊": "floor(", "⌋": ")", "⌈": "ceiling(", "⌉": ")", " mod ": " % ", ";": ",",
    "gelu_{tanh}": "gelu_tanh", "leakyrelu": "leaky_relu", " = ": " == ", "σ": "sigmoid", "π": "pi",
    "Γ": "gamma", "Φ": "ndtr", "Β": "beta",
    "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arsinh": "asinh", "arcosh": "acosh",
    "betainc_{ab}": "betainc_ab",
    "beta_{density}": "beta_density", "artanh": "atanh", "powerlog": "power_log", "∛": "√√", "≤": "<=", "≥": ">=",
}  # fmt: skip


def python(printed):
    """Printed text as Python source."""
    source = re.sub(r"ψ\^\(?([^()]+)\)?\(", r"polygamma(\1, ", printed)
    source = re.sub(r"\b([Pp])\^\(?([^()]+)\)?\(", r"\1_along(\2, ", source)
    for sign, plain in PLAIN.items():
        source = source.replace(sign, plain)
    source = re.sub(r"\b([a-z]+)([²³])\(", lambda m: f"to({m[1]}, {m[2].translate(SUPERSCRIPT)})(", source)
    source = source.replace("ψ", "digamma")
    source = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda m: f"**({m[0].translate(SUPERSCRIPT)})", source)
    source = re.sub(r"[₀₁₂₃₄₅₆₇₈₉]+", lambda m: "_" + m[0].translate(SUBSCRIPT), source)
    source = re.sub(r"1_\{([^}]*)\}", r"(1 if \1 else 0)", source)
    source = re.sub(r"√√(\w+|(?=\())", r"cbrt\1" if "√√(" in source else r"cbrt(\1)", source)
    source = re.sub(r"√(\w+)", r"sqrt(\1)", source).replace("√(", "sqrt(")
    source = re.sub(r"\|([^|]*)\|", r"(Abs(\1))", source)
    return source.replace("^", "**")


class Symbolic(ast.NodeTransformer):
    """Python's `a if c else b` and comparisons as sympy can hold them; numbers with all their digits."""

    def visit_IfExp(self, node):
        self.generic_visit(node)
        return ast.Call(ast.Name("choose", ast.Load()), [node.test, node.body, node.orelse], [])

    def visit_Compare(self, node):
        self.generic_visit(node)
        name = type(node.ops[0]).__name__
        return ast.Call(ast.Name(name, ast.Load()), [node.left, node.comparators[0]], [])

    def visit_Constant(self, node):
        return ast.Call(ast.Name("number", ast.Load()), [node], []) if isinstance(node.value, (int, float)) else node


def choose(condition, chosen, other):
    if isinstance(condition, (sp.Rel, sp.logic.boolalg.Boolean)):
        return sp.Piecewise((chosen, condition), (other, True))
    return sp.Piecewise((chosen, sp.Ne(condition, 0)), (other, True))


def number(x):
    return sp.Integer(x) if isinstance(x, int) else sp.Rational(x) if math.isfinite(x) else sp.Float(x)


def evaluate(source, names):
    tree = ast.fix_missing_locations(Symbolic().visit(ast.parse(source.strip(), mode="eval")))
    return sp.sympify(eval(compile(tree, source, "eval"), {**WORDS, **names}))


def defined(row):
    """The row's own definition as a function of sympy numbers."""

    def function(*operands):
        return evaluate(row.definition, dict(zip(row.operands, operands, strict=True)))

    return function


WORDS = {
    **{name: getattr(sp, name) for name in
       "sin cos tan cot sec csc asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp log sqrt floor ceiling "
       "Abs sign erf erfc erfinv gamma beta digamma polygamma pi nan Gt Lt Ge Le Eq".split()},
    "e": sp.E, "max": sp.Max, "min": sp.Min, "choose": choose, "number": number, "mpf": sp.Rational, "abs": sp.Abs,
    "ceil": sp.ceiling, "LtE": sp.Le, "GtE": sp.Ge, "GtE_": sp.Ge, "to": lambda f, k: lambda x: f(x) ** k,
    "expm1": lambda x: sp.exp(x) - 1, "log_2": lambda x: sp.log(x, 2), "log_10": lambda x: sp.log(x, 10),
    "cbrt": lambda x: sp.sign(x) * sp.Abs(x) ** sp.Rational(1, 3), "sinc": lambda x: sp.sinc(sp.pi * x),
    "round": lambda x: sp.floor(x + sp.Rational(1, 2)),
    "take": lambda i, *table: sp.Piecewise(*[(x, sp.Eq(sp.floor(i), at)) for at, x in enumerate(table)]),
    "locate": lambda x, *knots: sum(sp.Piecewise((1, knot <= x), (0, True)) for knot in knots[1:-1]) + 0 * x,
}  # fmt: skip
for _kind in "JYIK":
    WORDS[f"bessel{_kind.lower()}"] = _bessel = getattr(sp, f"bessel{_kind.lower()}")
    WORDS.update({f"{_kind}_{_order}": partial(_bessel, _order) for _order in (0, 1)})
for _row in TABLE.values():
    if "regularized" in _row.definition or (_row.orders and _row.name not in WORDS):
        WORDS[_row.name] = implemented_function(_row.name, lambda *at, row=_row: definition.defined(row, at))
WORDS |= {"P": WORDS["gammainc"], "Q": WORDS["gammaincc"], "I": WORDS["betainc"]}
WORDS |= {"P_along": WORDS["gammainc_a"], "p_along": WORDS["gamma_density"]}
for _row in TABLE.values():
    if _row.name not in WORDS and not _row.variadic:
        WORDS[_row.name] = defined(_row)


def parsed(shown, names):
    """A Formula as a sympy expression, its definitions put in."""
    body, *definitions = str(shown).split("\n")
    known = {name: sp.Symbol(name, real=True) for name in names}
    for line in definitions:
        letter, source = line.strip().removeprefix("where ").split(" = ", 1)
        known[python(letter)] = evaluate(python(source), known)
    return evaluate(python(body), known)


def close(got, expected, relative=1e-9, absolute=1e-12):
    got, expected = float(got), float(expected)
    if math.isnan(expected) or math.isinf(expected):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    return abs(got - expected) <= relative * abs(expected) + absolute


def at(expression, names, numbers):
    """A sympy expression as an mpmath number at a point."""
    symbols = [sp.Symbol(name, real=True) for name in names]
    return sp.lambdify(symbols, expression, "mpmath")(*map(mpmath.mpf, numbers))


# -- every primitive ----------------------------------------------------------------------------------

LETTERS = ["x", "y", "z", "u", "v", "w", "p", "q"]
FIXED = {"softmax", "log_softmax"}  # whose first operand chooses and is a constant
ROUGH = {"floor_divide", "remainder", "fmod", "floor", "ceil", "trunc", "round", "sign", "step"}


def moderate(numbers):
    """Beyond these the printed form, which may cancel or overflow, needs more digits than there are."""
    return all(x == 0 or 1e-100 < abs(x) <= 30 for x in numbers)


CASES = [
    pytest.param(row, tuple(map(float, numbers)), id=f"{row.name}{numbers}")
    for row in TABLE.values()
    for numbers in row.points
]


def named(row, numbers):
    """(operands, names, numbers): Values with names, but constants where the row wants them."""
    operands = [Value(x, name=letter) for x, letter in zip(numbers, LETTERS, strict=False)]
    first = row.orders or int(row.name in FIXED)
    return [*numbers[:first], *operands[first:]], LETTERS[first : len(numbers)], numbers[first:]


@pytest.mark.parametrize(("row", "numbers"), CASES)
def test_every_primitive_is_parsed_back(row, numbers):
    operands, names, floats = named(row, numbers)
    node = record(row, tuple(operands))
    with mp.workdps(60):
        expression = parsed(formula(node), names)
        assert close(at(expression, names, floats), node.data), str(formula(node))
        if row.name in ROUGH or not moderate(floats):
            return
        for operand, slope in zip(operands, node.slopes, strict=True):
            if slope is None or not isinstance(operand, Value):
                continue
            slot = names.index(operand.name)

            def moved(t, slot=slot):
                return at(expression, names, [t if k == slot else x for k, x in enumerate(floats)])

            assert close(mpmath.diff(moved, floats[slot]), slope, 1e-8, 1e-9), f"{formula(node)} by {operand.name}"


@pytest.mark.parametrize(("row", "numbers"), CASES)
def test_every_printed_slope_is_the_recorded_one(row, numbers):
    operands, names, floats = named(row, numbers)
    node = record(row, tuple(operands))
    boxes = [identifier(o.name) if isinstance(o, Value) else Number(o) for o in operands]
    slopes = textbook_slopes(row, identifier("out"), boxes)
    assert len(slopes) == len(node.slopes)
    for printed, slope in zip(slopes, node.slopes, strict=True):
        if printed is None or slope is None or abs(slope) < 1e-100 or not moderate(floats):
            continue
        with mp.workdps(60):
            expression = evaluate(python(text(printed)), {n: sp.Symbol(n, real=True) for n in [*names, "out"]})
            exact = at(parsed(formula(node), names), names, floats)
            assert close(at(expression, [*names, "out"], [*floats, exact]), slope, 1e-8), text(printed)


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.name)
def test_every_primitive_is_well_formed(row):
    operands, _, _ = named(row, tuple(map(float, row.points[0])))
    shown = formula(record(row, tuple(operands)))
    ET.fromstring(shown.mathml)
    ET.fromstring(shown.html)
    assert balanced(shown.latex)


def balanced(latex):
    """Whether the braces of LaTeX close, counting no escaped ones."""
    depth = 0
    for token in re.findall(r"\\.|[{}]", latex, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return False
    return depth == 0 and latex.count(r"\left") == latex.count(r"\right")


# -- random graphs ------------------------------------------------------------------------------------


def random_graph(seed, size=9):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(0.3, 1.5), name=name) for name in ("x", "y", "z")]
    nodes = list(leaves)
    unary = (tanh, sin, cos, sigmoid, lambda a: -a, lambda a: a**2, lambda a: exp(-a), lambda a: 1.0 - a)
    binary = (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (2 + b * b))
    for _ in range(size):
        a, b = rng.choice(nodes[-4:]), rng.choice(nodes)
        nodes.append(rng.choice(binary)(a, b) if rng.random() < 0.7 else rng.choice(unary)(a))
    return leaves, nodes[-1]


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_and_their_derivatives_are_parsed_back(seed):
    leaves, root = random_graph(seed)
    names, numbers = ["x", "y", "z"], [leaf.data for leaf in leaves]
    expression = parsed(formula(root), names)
    assert close(at(expression, names, numbers), root.data)
    for leaf, first in zip(leaves, gradient(root, leaves, as_graph=True), strict=True):
        symbol = sp.Symbol(leaf.name, real=True)
        assert close(at(sp.diff(expression, symbol), names, numbers), first.data)
        assert close(at(parsed(formula(first), names), names, numbers), first.data)
        second = gradient(first, leaf, as_graph=True)
        assert close(at(parsed(formula(second), names), names, numbers), second.data, 1e-8)


# -- how it reads ---------------------------------------------------------------------------------------


def test_parentheses_are_few():
    x, y, z = (Value(v, name=k) for k, v in zip("xyz", (1.0, 2.0, 3.0), strict=True))
    shown = {
        "(x + y)·z": (x + y) * z, "x + y·z": x + y * z, "x - (y - z)": x - (y - z), "x - y - z": x - y - z,
        "x/(y·z)": x / (y * z), "(x + y)²": (x + y) ** 2, "(-x)²": (-x) ** 2, "-x²": -(x**2), "x^(y + z)": x ** (y + z),
        "(x^y)^z": (x**y) ** z, "tanh²(x)": tanh(x) ** 2, "x": x * 1.0, "x - y": x + (-y), "x²": x * x,
    }  # fmt: skip
    assert {str(formula(v)) for v in shown.values()} == set(shown)
    for expected, v in shown.items():
        assert str(formula(v)) == expected


def test_names_with_indices():
    z = Value(2.0, name="z²₁")
    assert str(formula(z**2 + z)) == "(z²₁)² + z²₁"
    assert formula(z + 1).latex == "z^{2}_{1} + 1"
    theta = Value(1.0, name="θ")
    assert formula(theta * Value(2.0, name="learning_rate")).latex == r"\theta \cdot \text{learning\_rate}"


def test_nodes_of_the_same_name_are_told_apart():
    assert str(formula(Value(1.0, name="w") * Value(2.0, name="w"))) == "w[1]·w[2]"


def test_letters_avoid_the_users():
    t = Value(1.0, name="t₁")
    a = tanh(t + 1) * 3
    assert str(formula(a * a * sin(a))).endswith("where t₄ = 3·tanh(t₁ + 1)")  # t₂ is t₁ + 1


def test_stopping():
    x, y = Value(1.0, name="x"), Value(2.0, name="y")
    a = tanh(x + y)
    a.name = "a"
    J = sin(a * x)
    assert str(formula(J)) == "sin(tanh(x + y)·x)"
    assert str(formula(J, expand=False)) == "sin(a·x)"
    assert str(formula(a, expand=False)) == "tanh(x + y)"
    assert str(formula(J, depth=2)) == "sin(a·x)"
    assert str(formula(x)) == "x"
    assert str(formula(Value(0.1) * x * 3.0)) == "3·v₁·x\n  where v₁ = 0.1"


def test_errors():
    with pytest.raises(OperandError, match="one Value, got float"):
        formula(3.0)
    with pytest.raises(ArgumentError, match="depth"):
        formula(Value(1.0), depth=0)


# -- size -----------------------------------------------------------------------------------------------


def doubling(count):
    v = Value(0.5, name="x")
    for _ in range(count):
        v = v * v + v
    return v


def test_shared_nodes_are_named_once():
    small, large = formula(doubling(500)), formula(doubling(1000))
    for form in (str, lambda f: f.latex, lambda f: f.mathml):
        assert len(form(large)) < 2.3 * len(form(small))
    assert len(large.where) == 999


def test_deep_graphs():
    v = Value(0.5, name="x")
    for _ in range(20_000):
        v = tanh(v)
    assert len(str(formula(v))) < 20_000 * 20
    assert formula(v).mathml.endswith("</math>")


# -- names that mean harm -------------------------------------------------------------------------------

HOSTILE = [
    "</script><script>alert(1)</script>", "a & b < c > d", r"\end{aligned}\input{/etc/passwd}", "}{", "$x$", "%",
    "x" * 10_000, "🙂", "שלום", "\u202eabc", "a\nb\x00c", '"quoted"', "x^2_3~#", "'", "t₁ = 5", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_names(name):
    x = Value(1.0, name=name)
    shown = formula(tanh(x) ** 2 + x)
    for markup in (shown.mathml, shown.html):
        root = ET.fromstring(markup)
        assert not any(element.tag.endswith("script") for element in root.iter())
        assert "\u202e" not in markup
    assert balanced(shown.latex)
    outside = re.sub(r"\\text\{(?:\\.|\{\}|[^{}])*\}", "", shown.latex)
    assert not set(outside) & set("$%#&~")
    assert "input" not in outside
    assert len(str(shown)) < 300
    assert str(shown).encode()


# -- exact rules ------------------------------------------------------------------------------------------

a, b, c = (notation.Identifier(name) for name in "abc")


@pytest.mark.parametrize(
    ("built", "text"),
    [
        (notation.add(a, a), "2·a"),
        (notation.add(notation.multiply(a, b), notation.multiply(a, b)), "2·a·b"),
        (notation.total([a, b, a, notation.Number(0.0), a]), "3·a + b"),
        (notation.multiply(notation.divide(notation.ONE, a), b), "b/a"),
        (notation.multiply(b, notation.divide(notation.ONE, a)), "b/a"),
        (notation.multiply(notation.Number(3.0), notation.divide(notation.ONE, a)), "3/a"),
        (notation.divide(notation.divide(a, b), c), "a/(b·c)"),
        (notation.divide(notation.divide(notation.negate(a), b), b), "-a/b²"),
        (notation.multiply(notation.divide(notation.ONE, a), notation.divide(notation.ONE, a)), "1/a²"),
    ],
)
def test_equal_terms_and_fractions_are_gathered(built, text):
    assert printers.text(built) == text


def test_a_third_derivative_stays_short():
    x = Value(0.5, name="x")
    derivative = x**3 * tanh(x)
    for _ in range(3):
        derivative = gradient(derivative, x, as_graph=True)
    said = str(formula(derivative))
    assert len(said) < 400
    assert "/t₁/t₁" not in said and "1/t₁·" not in said


def test_names_that_are_written_alike_are_told_apart():
    a, b, c = (Value(float(i), name=name) for i, name in enumerate(["x1", "x_1", "x₁"]))
    assert str(formula((a - b) * c)) == "(x₁[1] - x₁[2])·x₁[3]"
    assert str(formula(Value(1.0, name="x1") * Value(2.0, name="x2"))) == "x₁·x₂"


# -- how a row is shown -------------------------------------------------------------------------------


def shown(shows):
    """What a row with this notation looks like, of u."""
    made = dataclasses.replace(TABLE["tanh"], name="bump_2", shows=shows)
    return printers.text(textbook.written(made, [notation.Identifier("u")]))


@pytest.mark.parametrize(("shows", "text"), [
    ("", "bump₂(u)"), ("sqrt(abs(x))", "√|u|"), ("ln(abs(x))", "ln|u|"), ("ln(-abs(x))", "ln(-|u|)"),
    ("f(x, k=2, l=x)", "f(u; 2, u)"), ("g[2](x)", "g^(2)(u)"), ("x**2 % π", "u² mod π"), ("x >= 0", "1_{u ≥ 0}"),
    ("x if x > 0 else 0", "(u if u > 0 else 0)"), ("1 / (1 + e**-x)", "1/(1 + e^(-u))"),
])  # fmt: skip
def test_a_notation_is_read(shows, text):
    assert shown(shows) == text


@pytest.mark.parametrize("shows", ["x @ x", "[x]", "x.real", "f(*x)", "x if", "x < x < x", "x in x", "'x'",
                                   "sum(y for y in x)", "lambda: x", "x[0]", "f[g](x)(x)"])  # fmt: skip
def test_a_notation_outside_the_subset_is_refused_by_the_name_of_its_row(shows):
    with pytest.raises(ArgumentError, match=r"what the row 'bump_2' shows cannot be read at .*textbook says what can"):
        shown(shows)


def test_what_is_too_wide_for_a_line_calls_its_parts_by_their_names():
    model = MLP(2, [3, 2, 1], activation="tanh", seed=3)
    said = str(formula(half_squared_error(model([1.0, -0.5]), 0.8))).splitlines()
    assert said[0] == "0.5·(0.8 - tanh(W³₁₁·a³₁ + W³₂₁·a³₂ + b³₁))²"
    assert said[4] == "        a³₁ = tanh(W²₁₁·a²₁ + W²₂₁·a²₂ + W²₃₁·a²₃ + b²₁)"
    assert max(map(len, said)) < 80
