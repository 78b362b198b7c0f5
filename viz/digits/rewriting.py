"""What to write instead: formulas that lose digits, each beside one of the same value that does not.

A formula is matched as a pattern, letters standing for any node, sums and products in any order; what takes its place
is recorded on the same nodes, and is told only if its own bound leaves more digits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations
from typing import Any, NamedTuple, TypeAlias

import autograd
from autograd import Value
from autograd.context import recording
from autograd.errors import AutogradError
from autograd.ops import special
from autograd.ops.primitive import lookup

# (what loses digits, what keeps them); xs are all the terms of a sum, or all the factors of a product.
FORMULAS: tuple[tuple[str, str], ...] = (
    ("exp(x) - 1", "expm1(x)"),
    ("(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "tanh(x)"),
    ("(exp(x) - exp(-x)) / 2", "sinh(x)"),
    ("exp(x + e) - exp(x)", "exp(x) * expm1(e)"),
    ("exp(a) - exp(b)", "exp(b) * expm1(a - b)"),
    ("(1 + x)**n - 1", "expm1(n * log1p(x))"),
    ("(1 + x)**n", "exp(n * log1p(x))"),
    ("log(1 + x)", "log1p(x)"),
    ("log(1 - x)", "log1p(-x)"),
    ("log(1 - exp(-x))", "log1mexp(x)"),
    ("log(1 / (1 + exp(-x)))", "logsigmoid(x)"),
    ("-log(1 + exp(-x))", "logsigmoid(x)"),
    ("log(1 + exp(x))", "softplus(x)"),
    ("log(exp(a) + exp(b))", "logaddexp(a, b)"),
    ("log(sum(exp(xs)))", "logsumexp(xs)"),
    ("exp(x) / sum(exp(xs))", "exp(x - logsumexp(xs))"),
    ("exp(x) / (1 + exp(x))", "sigmoid(x)"),
    ("1 / (1 + exp(-x))", "sigmoid(x)"),
    ("exp(a) / exp(b)", "exp(a - b)"),
    ("exp(a) * exp(b)", "exp(a + b)"),
    ("log(x + e) - log(x)", "log1p(e / x)"),
    ("log(a) - log(b)", "log1p((a - b) / b)"),
    ("log(a / b)", "log1p((a - b) / b)"),
    ("log(prod(xs))", "sum([log(x) for x in xs])"),
    ("log(exp(x))", "x"),
    ("log(sigmoid(x))", "logsigmoid(x)"),
    ("log(ndtr(x))", "log_ndtr(x)"),
    ("log(cosh(x))", "abs(x) + softplus(-2 * abs(x)) - log(2)"),
    ("1 - cos(x)", "2 * sin(x / 2)**2"),
    ("cos(x + e) - cos(x)", "-2 * sin(x + e / 2) * sin(e / 2)"),
    ("sin(x + e) - sin(x)", "2 * cos(x + e / 2) * sin(e / 2)"),
    ("cos(a) - cos(b)", "-2 * sin((a + b) / 2) * sin((a - b) / 2)"),
    ("sin(a) - sin(b)", "2 * cos((a + b) / 2) * sin((a - b) / 2)"),
    ("tan(a) - tan(b)", "sin(a - b) / (cos(a) * cos(b))"),
    ("atan(a) - atan(b)", "atan2(a - b, 1 + a * b)"),
    ("1 - cos(x)**2", "sin(x)**2"),
    ("1 - sin(x)**2", "cos(x)**2"),
    ("cosh(x) - 1", "2 * sinh(x / 2)**2"),
    ("cosh(x)**2 - 1", "sinh(x)**2"),
    ("1 - tanh(x)**2", "sech(x)**2"),
    ("1 - tanh(x)", "2 * sigmoid(-2 * x)"),
    ("1 + tanh(x)", "2 * sigmoid(2 * x)"),
    ("1 - sigmoid(x)", "sigmoid(-x)"),
    ("1 - erf(x)", "erfc(x)"),
    ("1 + erf(x)", "erfc(-x)"),
    ("1 - ndtr(x)", "ndtr(-x)"),
    ("1 - gammainc(a, x)", "gammaincc(a, x)"),
    ("sqrt(a**2 + b**2)", "hypot(a, b)"),
    ("sqrt(x**2)", "abs(x)"),
    ("sqrt(b**2 - e) - b", "-e / (sqrt(b**2 - e) + b)"),
    ("sqrt(b**2 + e) - b", "e / (sqrt(b**2 + e) + b)"),
    ("sqrt(x + e) - sqrt(x)", "e / (sqrt(x + e) + sqrt(x))"),
    ("sqrt(1 + x) - 1", "x / (sqrt(1 + x) + 1)"),
    ("1 - sqrt(1 - x)", "x / (1 + sqrt(1 - x))"),
    ("sqrt(a) - sqrt(b)", "(a - b) / (sqrt(a) + sqrt(b))"),
    ("1 / x - 1 / (x + e)", "e / (x * (x + e))"),
    ("1 / a - 1 / b", "(b - a) / (a * b)"),
    ("(x + e)**2 - x**2", "e * (2 * x + e)"),
    ("a**2 - b**2", "(a - b) * (a + b)"),
    ("a**2 - 2 * a * b + b**2", "(a - b)**2"),
    ("sum(xs**2) / n - (sum(xs) / n)**2", "sum([(x - sum(xs) / n)**2 for x in xs]) / n"),
    ("gamma(a) / gamma(b)", "exp(lgamma(a) - lgamma(b))"),
    ("log(gamma(x))", "lgamma(x)"),
)
MANY = 200  # sums and products inside one another that are written out
SUMMED = 64  # terms that are put into another order


class Product(NamedTuple):
    """A term of a dot, which is no node."""

    weight: Any
    input: Any


Bindings: TypeAlias = "dict[str, Any]"  # a letter, and the node, the number or the list of these that it stands for
Term: TypeAlias = "tuple[int, Any]"  # with its sign


class Rewriting(NamedTuple):
    """A formula that stands in a graph, and a node that computes the same."""

    old: ast.expr
    new: ast.expr
    bound: Bindings
    sign: int
    made: Value

    @property
    def letters(self) -> list[Value]:
        """The nodes that it is about."""
        listed = [each for thing in self.bound.values() for each in (thing if isinstance(thing, list) else [thing])]
        return [each for each in listed if isinstance(each, Value)]

    def written(self, names: Mapping[str, str]) -> tuple[str, str]:
        """(what stands there, what to write), given what its letters are called."""
        minus = "-" if self.sign < 0 else ""
        new = ast.unparse(_renamed(self.new, names))
        simple = isinstance(self.new, (ast.Call, ast.Name)) or not minus
        old = ast.UnaryOp(ast.USub(), self.old) if minus else self.old
        return ast.unparse(_renamed(_flipped(old), names)), minus + (new if simple else f"({new})")


def rewritings(node: Value) -> Iterator[Rewriting]:
    """All that fit a node, recorded beside the graph.

    >>> x = Value(1e-9)
    >>> [(found.written({"x": "x"}), found.made.data) for found in rewritings(1 - autograd.exp(x))]
    [(('1 - exp(x)', '-expm1(x)'), -1.0000000005000001e-09)]
    """
    for old, new in _parsed():
        for sign in (1, -1):
            for bound in _match(old, node, {}, sign):
                made = _recorded(new, bound, sign)
                if made is not None:
                    yield Rewriting(old, new, bound, sign, made)
                break
    yield from _other_orders(node)


def _other_orders(node: Value) -> Iterator[Rewriting]:
    """The same sum, its largest terms first, so that they cancel before small ones come; or its smallest first."""
    terms = _listings(node)[-1]
    if not 2 < len(terms) <= SUMMED or any(isinstance(term, Product) for _, term in terms):
        return
    letters = {f"x{i}": term for i, (_, term) in enumerate(terms)}
    written = [(sign, ast.Name(letter, ast.Load())) for letter, (sign, _) in zip(letters, terms, strict=True)]
    sizes = [abs(term.data if isinstance(term, Value) else term) for _, term in terms]
    for reverse in (True, False):
        order = sorted(range(len(terms)), key=sizes.__getitem__, reverse=reverse)
        new = _sum_of([written[i] for i in order])
        made = _recorded(new, letters, 1)
        if made is not None:
            yield Rewriting(_sum_of(written), new, letters, 1, made)


def _sum_of(terms: Sequence[tuple[int, ast.expr]]) -> ast.expr:
    (sign, total), *rest = terms
    total = total if sign > 0 else ast.UnaryOp(ast.USub(), total)
    for sign, term in rest:
        total = ast.BinOp(total, ast.Add() if sign > 0 else ast.Sub(), term)
    return total


@cache
def _parsed() -> tuple[tuple[ast.expr, ast.expr], ...]:
    return tuple((ast.parse(old, mode="eval").body, ast.parse(new, mode="eval").body) for old, new in FORMULAS)


def _recorded(new: ast.expr, bound: Bindings, sign: int) -> Value | None:
    """The other formula on the same nodes; None where it has no number, or none that depends on a node."""
    code = compile(ast.fix_missing_locations(ast.Expression(new)), "<rewriting>", "eval")
    try:
        with recording():
            made = eval(code, {**vars(autograd), **bound})
            return sign * made if isinstance(made, Value) else None
    except (AutogradError, ArithmeticError):
        return None


# -- matching ----------------------------------------------------------------------------------------


def _match(pattern: ast.expr, thing: Any, bound: Bindings, sign: int = 1) -> Iterator[Bindings]:
    """The ways in which sign · thing is an instance of the pattern."""
    if isinstance(pattern, ast.BinOp) and isinstance(pattern.op, (ast.Add, ast.Sub)):
        yield from _match_sum(pattern, thing, bound, sign)
    elif isinstance(pattern, ast.UnaryOp):
        yield from _match_negative(pattern.operand, thing, bound, sign)
    elif sign > 0:
        kind = {ast.Name: _match_name, ast.Constant: _match_constant, ast.Call: _match_call, ast.BinOp: _match_product}
        yield from kind[type(pattern)](pattern, thing, bound)  # type: ignore[operator]


def _match_name(pattern: ast.Name, thing: Any, bound: Bindings) -> Iterator[Bindings]:
    if pattern.id not in bound:
        yield bound | {pattern.id: thing}
    elif _same(bound[pattern.id], thing):
        yield bound


def _match_constant(pattern: ast.Constant, thing: Any, bound: Bindings) -> Iterator[Bindings]:
    if isinstance(thing, float) and thing == pattern.value:
        yield bound


def _match_call(pattern: ast.Call, thing: Any, bound: Bindings) -> Iterator[Bindings]:
    called = ast.unparse(pattern.func)
    if called in ("sum", "prod"):
        parts = _listings(thing)[-1] if called == "sum" else [(1, factor) for factor in _factors(thing, MANY)]
        yield from _match_all(pattern.args[0], parts, bound)
    elif _op(thing) == lookup(called).name and len(thing.operands) == len(pattern.args):
        yield from _match_each(pattern.args, thing.operands, bound)


def _match_negative(pattern: ast.expr, thing: Any, bound: Bindings, sign: int) -> Iterator[Bindings]:
    for negative, term in _terms(thing, 1):
        if negative == -sign:
            yield from _match(pattern, term, bound)
        break


def _match_sum(pattern: ast.BinOp, thing: Any, bound: Bindings, sign: int) -> Iterator[Bindings]:
    wanted = _pattern_terms(pattern)
    for terms in _listings(thing):
        if len(terms) == len(wanted):
            for order in permutations(terms):
                if all(want[0] == sign * have[0] for want, have in zip(wanted, order, strict=True)):
                    yield from _match_each([want for _, want in wanted], [have for _, have in order], bound)


def _match_product(pattern: ast.BinOp, thing: Any, bound: Bindings) -> Iterator[Bindings]:
    left, right = pattern.left, pattern.right
    if isinstance(pattern.op, ast.Pow):
        for base, exponent in _powers(thing):
            yield from _match_each([left, right], [base, exponent], bound)
    elif isinstance(pattern.op, ast.Div):
        for over, under in _quotients(thing):
            yield from _match_each([left, right], [over, under], bound)
    else:
        wanted = _pattern_factors(pattern)
        for factors in (_factors(thing, 1), _factors(thing, MANY)):
            if len(factors) == len(wanted):
                for order in permutations(factors):
                    yield from _match_each(wanted, order, bound)


def _match_each(patterns: Sequence[ast.expr], things: Sequence[Any], bound: Bindings) -> Iterator[Bindings]:
    if not patterns:
        yield bound
        return
    for found in _match(patterns[0], things[0], bound):
        yield from _match_each(patterns[1:], things[1:], found)


def _match_all(pattern: ast.expr, terms: list[Term], bound: Bindings) -> Iterator[Bindings]:
    """Every term of a sum is of one form; what its letter stands for in each becomes a list."""
    if len(terms) < 2 or any(sign < 0 for sign, _ in terms):
        return
    found = [next(_match(pattern, term, {}), None) for _, term in terms]
    listed = [each["xs"] for each in found if each is not None]
    if len(listed) == len(terms) and _same_list(bound.get("xs", listed), listed):
        yield bound | {"xs": bound.get("xs", listed)}


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, float) and isinstance(other, float) and one == other)


def _same_list(one: list[Any], other: list[Any]) -> bool:
    return sorted(map(_key, one)) == sorted(map(_key, other))


def _key(thing: Any) -> tuple[bool, float]:
    return (True, thing) if isinstance(thing, float) else (False, id(thing))


# -- how a node is read ------------------------------------------------------------------------------


def _op(thing: Any) -> str:
    return thing.op.name if isinstance(thing, Value) and thing.op is not None and not thing.is_leaf else ""


def _listings(thing: Any) -> list[list[Term]]:
    """A sum as it was written, and with the sums in it written out."""
    near, far = list(_terms(thing, 1)), list(_terms(thing, MANY))
    return [near] if len(near) == len(far) else [near, far]


def _terms(thing: Any, depth: int) -> Iterator[Term]:
    """The terms of a sum with their signs, sums inside it written out so many deep."""
    pending: list[tuple[int, Any, int]] = [(1, thing, depth)]
    while pending:
        sign, term, left = pending.pop()
        inside = _inside(term) if left or _op(term) == "negative" else None
        if inside is None:
            yield (-sign, -term) if isinstance(term, float) and term < 0 else (sign, term)
        else:
            pending.extend((sign * s, t, left - (_op(term) != "negative")) for s, t in reversed(inside))


def _inside(term: Any) -> list[Term] | None:
    op = _op(term)
    if op in ("add", "sum"):
        return [(1, operand) for operand in term.operands]
    if op == "subtract":
        return [(1, term.operands[0]), (-1, term.operands[1])]
    if op == "negative":
        return [(-1, term.operands[0])]
    if op == "dot":
        weights, inputs, bias = special.halves(term.operands)
        return [(1, Product(w, x)) for w, x in zip(weights, inputs, strict=True)] + [(1, c) for c in bias]
    return None


def _factors(thing: Any, most: int) -> list[Any]:
    """The factors of a product, after at most so many products in it were written out."""
    pending, found = [thing], list[Any]()
    while pending:
        factor = pending.pop()
        if isinstance(factor, Product):
            pending += [factor.input, factor.weight]
        elif most and _op(factor) == "multiply":
            pending += reversed(factor.operands)
            most -= 1
        else:
            found.append(factor)
    return found


def _powers(thing: Any) -> Iterator[tuple[Any, Any]]:
    op = _op(thing)
    if isinstance(thing, Product) or op == "multiply":
        a, b = (thing.weight, thing.input) if isinstance(thing, Product) else thing.operands
        if a is b:
            yield a, 2.0
    elif op == "square":
        yield thing.operands[0], 2.0
    elif op == "power":
        yield thing.operands[0], thing.operands[1]


def _quotients(thing: Any) -> Iterator[tuple[Any, Any]]:
    op = _op(thing)
    if op == "divide":
        yield thing.operands[0], thing.operands[1]
    elif op == "reciprocal":
        yield 1.0, thing.operands[0]


def _pattern_terms(pattern: ast.expr) -> list[tuple[int, ast.expr]]:
    if isinstance(pattern, ast.BinOp) and isinstance(pattern.op, (ast.Add, ast.Sub)):
        sign = -1 if isinstance(pattern.op, ast.Sub) else 1
        return _pattern_terms(pattern.left) + [(sign * s, p) for s, p in _pattern_terms(pattern.right)]
    return [(1, pattern)]


def _pattern_factors(pattern: ast.expr) -> list[ast.expr]:
    if isinstance(pattern, ast.BinOp) and isinstance(pattern.op, ast.Mult):
        return _pattern_factors(pattern.left) + _pattern_factors(pattern.right)
    return [pattern]


# -- in words ----------------------------------------------------------------------------------------


class _Renamed(ast.NodeTransformer):
    """Letters as what they stand for is called."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """One letter."""
        return ast.Name(self._names.get(node.id, node.id), node.ctx)


def _renamed(expression: ast.expr, names: Mapping[str, str]) -> ast.expr:
    renamed: ast.expr = _Renamed(names).visit(ast.parse(ast.unparse(expression), mode="eval").body)
    return renamed


def _flipped(expression: ast.expr) -> ast.expr:
    """-(a - b) as b - a."""
    if isinstance(expression, ast.UnaryOp) and isinstance(expression.operand, ast.BinOp):
        inside = expression.operand
        if isinstance(inside.op, ast.Sub):
            return ast.BinOp(inside.right, ast.Sub(), inside.left)
    return expression
