"""What a program may say: texts with holes, {0}, {1}, …  The rows of the table are here because the table has them."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

from autograd.ops.primitive import TABLE

BY_HAND = (
    "sum",
    "dot",
    "softmax",
    "log_softmax",
    "logsumexp",
    "where",
    "guard",
    "rrelu",
    "polygamma",
    "power_log",
    "positive",
    "take",
    "locate",
)


@dataclass(frozen=True)
class Form:
    """A way to make a number of others.

    text      with the names A, B of lambdas still to be given
    feature   what it belongs to, which can be switched off
    bodies    how many holes, the first, are inside of the lambda
    inside    what the lambda's parameters offer to them, as texts
    order     how often it differentiates
    records   whether the lambda is compiled, so that nothing eager may stand in it
    """

    text: str
    feature: str = "rows"
    bodies: int = 0
    inside: tuple[str, ...] = ()
    order: int = 0
    records: bool = False

    @property
    def holes(self) -> int:
        """How many there are."""
        return 1 + max((int(name) for _, name, _, _ in Formatter().parse(self.text) if name), default=-1)


def _rows() -> list[Form]:
    """Each row by name with all its operands, and with those that have no default."""
    found = []
    for row in TABLE.values():
        if row.name not in BY_HAND and not row.variadic and not row.orders:
            for count in {len(row.operands), len(row.operands) - len(row.defaults)}:
                found.append(Form(f"{row.name}({', '.join(f'{{{i}}}' for i in range(count))})"))
    return found


ROWS = [
    *_rows(),
    Form("rrelu({0}, 0.125, 0.375, False)"), Form("polygamma(1.0, {0})"), Form("polygamma(2.0, {0})"),
]  # fmt: skip

ARITHMETIC = [
    *(Form(f"({{0}} {sign} {{1}})") for sign in "+ - * / + - *".split()),
    Form("({0} % {1})"), Form("({0} // {1})"), Form("(-{0})"), Form("abs({0})"),
    Form("({0} ** 2)"), Form("({0} ** 3)"), Form("({0} ** 0.5)"), Form("({0} ** -1)"), Form("({0} ** {1})"),
    Form("(2.0 ** {0})"), Form("(1 - {0})"), Form("(2 / {0})"), Form("(0 * {0})"), Form("({0} + 0)"),
]  # fmt: skip

EXACT = [
    *(Form(f"({{0}} {sign} {{1}})") for sign in "+ - * / + - *".split()), Form("(-{0})"), Form("square({0})"),
    Form("sum([{0}, {1}, {2}])"), Form("dot([{0}, {1}], [{2}, {3}])"),
    Form("dot([{0}, {1}, 0.5], [{2}, {0}, {1}], {3})"),
    Form("where({0} > {1}, {2}, {1})"), Form("sqrt(abs({0}))"), Form("maximum({0}, {1})"), Form("reciprocal({0})"),
]  # fmt: skip

VECTORS = [
    Form("sum([{0}, {1}, {2}])"), Form("sum(np.array([{0}, {1}]))"), Form("sum([{0}])"),
    Form("dot([{0}, {1}], [{2}, {3}])"), Form("dot([{0}, {1}, {0}], [{1}, {2}, 0.5], {2})"),
    Form("dot(np.array([{0}, {1}]), [{2}, 1.5], {3})"),
    Form("logsumexp([{0}, {1}, {2}])"), Form("softmax([{0}, {1}, {2}])[1]"), Form("softmax(np.array([{0}, {1}]))[0]"),
    Form("take(where({0} > 0.3, 1.0, 0.0), [{1}, {0} * {1}, 2.0])"), Form("log_softmax([{0}, {1}, {2}])[2]"),
    Form("sum(np.array([{0}, {1}]) * np.array([{1}, {2}]))"), Form("sum(tanh(np.array([{0}, {1}])))"),
    Form("(np.array([[{0}, {1}], [{1}, {2}]]) @ np.array([{2}, {0}]))[1]"),
    Form("matmul(np.array([[{0}, {1}], [{2}, 0.5]]), np.array([{3}, {0}]))[0]"),
]  # fmt: skip

CONDITIONS = [
    Form("({0} < {1})"), Form("({0} <= {1})"), Form("({0} > {1})"), Form("({0} >= {1})"), Form("({0} > 0.3)"),
    Form("less({0}, {1})"),
    Form("(({0} < {1}) & ({1} < {2}))", "conditions"), Form("(({0} < {1}) | ({1} < {2}))", "conditions"),
    Form("({0} == {1})", "equals"), Form("({0} != {1})", "equals"), Form("({0} == 0.5)", "equals"),
]  # fmt: skip

CHOICES = [
    Form("where(CONDITION, {0}, {1})"),
    Form("where(CONDITION, {0} * {1}, 0.0)"),
    Form("where({0} > 0.0, log(where({0} > 0.0, {0}, 1.0)), {1})"),
]
EAGER = [
    Form("detach({0})", "eager"), Form("frozen(lambda: +{0})", "eager"), Form("({0} if {1} > {2} else {3})", "eager"),
]  # fmt: skip
SCOPED = [Form("scoped(lambda: {0})", "scopes")]

_ONE, _TWO, _DICT, _LIST = ("A",), ("A", "B"), ("A['u']", "A['v']"), ("A[0]", "A[1]")

TRANSFORMS = [
    Form("grad(lambda A: {0})({1})", "transforms", 1, _ONE, 1),
    Form("grad(lambda A, B: {0}, 1)({1}, {2})", "transforms", 1, _TWO, 1),
    Form("grad(lambda A, B: {0}, (1, 0))({1}, {2})[1]", "transforms", 1, _TWO, 1),
    Form("grad(lambda A: {0})({{'v': {1}, 'u': {2}}})['u']", "transforms", 1, _DICT, 1),
    Form("grad(lambda A: {0})(np.array([{1}, {2}]))[1]", "transforms", 1, _LIST, 1),
    Form("value_and_grad(lambda A: {0})({1})[0]", "transforms", 1, _ONE, 1),
    Form("value_and_grad(lambda A: {0})([{1}, {2}])[1][0]", "transforms", 1, _LIST, 1),
    Form("jacobian(lambda A: [{0}, {1}])({2})[1]", "transforms", 2, _ONE, 1),
    Form("jacobian(lambda A: {{'a': {0}, 'b': {1}}})(({2}, {3}))['b'][0]", "transforms", 2, _LIST, 1),
    Form("hessian(lambda A: {0})({1})", "transforms", 1, _ONE, 2),
    Form("hessian(lambda A, B: {0}, (0, 1))({1}, {2})[0][1]", "transforms", 1, _TWO, 2),
    Form("jvp(lambda A: {0}, ({1},), ({2},))[1]", "transforms", 1, _ONE, 1),
    Form("jvp(lambda A: {0}, ({{'u': {1}, 'v': {2}}},), ({{'v': {3}, 'u': {2}}},))[1]", "keys", 1, _DICT, 1),
    Form("vjp(lambda A: {0}, {1})[1]({2})[0]", "transforms", 1, _ONE, 1),
    Form("vjp(lambda A: {{'a': {0}, 'b': {1}}}, {2})[1]({{'b': {3}, 'a': 0.5}})[0]", "keys", 2, _ONE, 1),
    Form("hvp(lambda A: {0}, ({1},), ({2},))[0]", "transforms", 1, _ONE, 2),
]

COMPILED = [
    Form("compile(lambda A: {0})({1})", "compiled", 1, _ONE, 0, True),
    Form("compile(lambda A: {0}, backend='numpy')({1})", "compiled", 1, _ONE, 0, True),
    Form("compile(lambda A: {0})({{'v': {1}, 'u': {2}}})", "compiled", 1, _DICT, 0, True),
    Form("compile(lambda A: {0}).grad({1})", "compiled", 1, _ONE, 1, True),
    Form("compile(lambda A, B: {0}, argnums=1).value_and_grad({1}, {2})[1]", "compiled", 1, _TWO, 1, True),
    Form("compile(lambda A: [{0}, {1}]).jacobian({2})[0]", "compiled", 2, _ONE, 1, True),
    Form("compile(lambda A: {0}).hessian(np.array([{1}, {2}]))[0, 1]", "compiled", 1, _LIST, 2, True),
    Form("compile(lambda A: {0}).hvp({1}, {2})", "compiled", 1, _ONE, 2, True),
    Form("grad(compile(lambda A: {0}))({1})", "compiled", 1, _ONE, 1, True),
    Form("compile(grad(lambda A: {0}))({1})", "compiled", 1, _ONE, 1, True),
    Form("compile(lambda A: {0}, in_axes=0)(np.array([{1}, {2}]))[1]", "compiled", 1, _ONE, 0, True),
    *(Form(text, "compiled", 1, _TWO, order, True) for order, text in enumerate([
        "compile(lambda A, B: {0}, in_axes=(None, 0), reduce='sum')({1}, np.array([{2}, {3}]))",
        "compile(lambda A, B: {0}, in_axes=(None, 0), reduce='mean').grad({1}, np.array([{2}, {3}, 0.25]))",
    ])),
    *(Form(f"compile(lambda A, B: {{0}}, in_axes=(0, None), reduce='{how}', argnums=(0, 1))"
           ".grad(np.array([{1}, {2}]), {3})" + which, "compiled", 1, _TWO, 1, True)
      for how, which in (("mean", "[0][1]"), ("sum", "[1]"))),
    Form("compile(lambda A: {0}, in_axes=1, reduce='sum')(np.array([[{1}, {2}, 0.5], [{3}, 0.25, {1}]]))",
         "compiled", 1, _LIST, 0, True),
]  # fmt: skip

_PAIR, _TREE = ("A[0]", "A[1]"), ("A['u']", "A['v'][0]", "A['v'][1]", "B[0]", "B[1]")

LOOPS = [
    Form("scan(lambda A, B: ({0}, {1}), {2}, [{3}, {4}])[0]", "loops", 2, _TWO),
    Form("scan(lambda A, B: (sin({0}), {1}), {2}, np.array([{3}, {4}, 0.5]))[1][1]", "loops", 2, _TWO),
    Form("sum(scan(lambda A, B: (tanh({0}), {1}), {2}, [{3}, {4}, 0.5, {3}])[1])", "loops", 2, _TWO),
    Form("scan(lambda A, B: (({0}, cos({1})), None), ({2}, {3}), length=3)[0][1]", "loops", 2, _PAIR),
    Form("scan(lambda A, B: ((), [{0}, {1}]), (), {{'v': [{2}, {3}], 'u': [{3}, 0.5]}})[1][0][1]", "loops", 2,
         ("B['u']", "B['v']")),
    Form("dot(scan(lambda A, B: ({{'v': np.array([sin({0}), A['u']]), 'u': {1}}}, ({2}, {{'k': B}})), "
         "{{'u': {3}, 'v': np.array([{4}, 0.5])}}, np.array([[0.5, {3}], [{4}, -0.25], [{3}, 0.75]]))[1][0], "
         "[0.5, {3}, 2.0])",
         "loops", 3, _TREE),
    Form("fori_loop(1, 4, lambda A, B: sin({0}) + B * 0.25, {1})", "loops", 1, _TWO),
    Form("fori_loop(0, 3, lambda A, B: [cos({0}), B[0] + {1} * 0.25], [{2}, "
         "{3}])[1]", "loops", 2, ("B[0]", "B[1]", "A")),
    Form("while_loop(lambda A: A[0] < 1.5, lambda A: (A[0] + 0.3 + square({0}), sin({1})), ({2}, "
         "{3}), 12)[1]", "loops", 2,
         _PAIR),
    Form("while_loop(lambda A: A * A < 2.0, lambda A: A * 1.4 + 0.05 * sin({0}), 0.4 + "
         "square({1}), 15)", "loops", 1, _ONE),
    Form("while_loop(lambda A: (A['u'] < {1}) & (A['v'] < 3), lambda A: {{'v': A['v'] + 1, 'u': A['u'] + 0.2 "
         "+ square({0})}}, "
         "{{'u': {2}, 'v': 0}}, 4)['u']", "loops", 1, ("A['u']", "A['v']")),
    Form("vmap(lambda A, B: {0}, in_axes=(None, 0))({1}, np.array([{2}, {3}]))[1]", "loops", 1, _TWO),
    Form("sum(vmap(lambda A: {0})(np.array([[{1}, {2}], [{3}, 0.5]])))", "loops", 1, _LIST),
    Form("vmap(lambda A: {{'u': {0}, 'v': {1}}}, in_axes=1)(np.array([[{2}, {3}], [0.75, "
         "{2}]]))['v'][0]", "loops", 2, _LIST),
]  # fmt: skip
SOLVED = [
    Form("root(lambda A: A + square(A) * A + 0.25 * sin({0}) - {1}, 0.3)", "solved", 1, _ONE, 1, True),
    Form("root(lambda A: 2.0 * A - tanh({0}) - {1}, {2})", "solved", 1, _ONE, 1, True),
    Form("fixed_point(lambda A: 0.5 * sin({0}) + 0.3 * {1}, 0.5)", "solved", 1, _ONE, 1, True),
    Form("minimize(lambda A: square(A - {1}) + 0.2 * cos({0}), 0.1)", "solved", 1, _ONE, 2, True),
]  # fmt: skip

FEATURES = (
    "rows", "equals", "conditions", "eager", "scopes", "transforms", "keys", "compiled", "loops", "solved", "captured",
    "seams", "penalty",
    "layouts", "empty", "special",
)  # fmt: skip
