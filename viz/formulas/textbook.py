"""How the table shows a primitive, in Python's syntax, read into boxes.

    sqrt(x)  cbrt(x)  abs(x)  floor(x)  ceil(x)    with the signs that they have on paper; a / b is a fraction
    f(x, low=low)  log_2(x)  f[n](x)               what is given by name stands behind a ;, a subscript, an order
    sum(w * x for w, x in zip(ws, xs))             over a vector xs, or over the weights and inputs of a dot
    a < b,  a if c else b                          1 where it holds; a choice
    e, π, Γ, relu, …                               words; the operands by their names

What has nothing else to show is a function of its name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from autograd.errors import ArgumentError
from autograd.ops import special, table
from autograd.ops.expression import COMPARISONS, WHERE
from autograd.ops.primitive import Primitive, lookup, told_apart
from viz import notation as n
from viz.notation import Box

Names: TypeAlias = Mapping[str, "Box | Sequence[Box]"]  # what the operands are: one box, or those of a vector

_OPERATORS: dict[type[ast.operator], Callable[[Box, Box], Box]] = {
    ast.Add: n.add, ast.Sub: n.subtract, ast.Mult: n.multiply, ast.Div: n.divide, ast.Mod: n.modulo,
    ast.Pow: n.raise_to,
}  # fmt: skip
_RELATIONS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "="}
_FENCES = {"abs": ("|", "|"), "floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}
_MOST_ENTRIES = 8  # of a table that is written out
_ROOTS = {"sqrt": False, "cbrt": True}  # whether it is the cube root


def written(primitive: Primitive, operands: Sequence[Box]) -> Box:
    """`primitive` applied to `operands`, as the table shows it; of a condition, what it says.

    Raises:
        ArgumentError: if what the row shows is outside the subset
    """
    if primitive is table.where_ and isinstance(operands[0], n.Below) and operands[0].base == n.ONE:
        operands = [operands[0].index, *operands[1:]]  # (a if x > 0 else b), not: if 1_{x > 0}
    elif primitive is table.where_ and all(isinstance(o, n.Number) for o in operands):
        return operands[1] if operands[0] != n.ZERO else operands[2]
    try:
        return _box(_parsed(_shown(primitive)), _names(primitive, operands))
    except _Unreadable as error:
        raise ArgumentError(
            f"what the row {primitive.title!r} shows cannot be read at {error}: {__name__} says what can"
        ) from None


def operation(name: str, operands: Sequence[Box]) -> Box:
    """The same by name; knows the comparisons, which occur only inside rules, too."""
    if name in COMPARISONS:
        return n.relation(operands[0], lookup(name).symbol, operands[1])
    if name == WHERE and operands[1:] == (n.ONE, n.ZERO):
        return n.Below(n.ONE, operands[0])
    return written(lookup(name), operands)


class _Unreadable(Exception):
    """Something outside the subset."""


def _shown(primitive: Primitive) -> str:
    """What the row shows; of two rows of one title they are told apart by their numbers."""
    name = told_apart(primitive)
    plainly = f"{name}({', '.join(primitive.operands)})"
    return (primitive.shows or plainly) if name == primitive.title else plainly


@cache
def _parsed(shows: str) -> ast.expr:
    try:
        return ast.parse(shows, mode="eval").body
    except SyntaxError:
        raise _Unreadable(shows) from None


def _names(primitive: Primitive, operands: Sequence[Box]) -> Names:
    if not primitive.variadic:
        return dict(zip(primitive.operands, operands, strict=True))
    leading = primitive.leading
    rest = operands[leading:]
    if primitive.reads_table and len(rest) > _MOST_ENTRIES:
        rest = [*rest[:2], n.Word("…"), rest[-1]]
    if primitive.is_weighted:
        weights, inputs, bias = special.halves(rest)
        return {"ws": weights, "xs": inputs, "c": bias[0] if bias else n.ZERO}
    return {**dict(zip(primitive.operands, operands[:leading], strict=False)), primitive.operands[-1]: rest}


def _box(node: ast.expr, names: Names) -> Box:
    match node:
        case ast.Name(id=name):
            known = names.get(name)
            return _word(name) if known is None else n.listed(known) if isinstance(known, Sequence) else known
        case ast.Call():
            return _call(node, names)
        case ast.Constant(value=int() | float() as number):
            return n.Number(float(number))
        case ast.UnaryOp(op=ast.USub(), operand=inside):
            return n.negate(_box(inside, names))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return _OPERATORS[type(sign)](_box(left, names), _box(right, names))
        case ast.Compare():
            return n.Below(n.ONE, _condition(node, names))
        case ast.IfExp(test=test, body=chosen, orelse=other):
            words = (_box(chosen, names), n.Word(" if "), _condition(test, names), n.Word(" else "), _box(other, names))
            return n.Fenced("(", n.row(*words), ")")
        case ast.Subscript(value=ast.Name(id=vector), slice=ast.Name(id=index)):
            return _element(names[vector], names[index])
    raise _Unreadable(ast.unparse(node))


def _word(name: str) -> Box:
    """Upright letters, and below them what stands behind a _."""
    word, _, index = name.partition("_")
    if not index:
        return n.Word(word)
    return n.Below(n.Word(word), n.Number(float(index)) if index.isdigit() else n.Word(index))


def _condition(node: ast.expr, names: Names) -> Box:
    match node:
        case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _RELATIONS:
            return n.relation(_box(left, names), _RELATIONS[type(sign)], _box(right, names))
        case ast.Compare():
            raise _Unreadable(ast.unparse(node))
    return _box(node, names)


def _element(vector: Box | Sequence[Box], index: Box | Sequence[Box]) -> Box:
    if isinstance(vector, Sequence) and isinstance(index, n.Number):
        return vector[int(index.value)]
    raise _Unreadable("an element whose number is not known")


# -- calls ------------------------------------------------------------------------------------------


def _call(node: ast.Call, names: Names) -> Box:
    match node.func, node.args:
        case ast.Name(id="sum"), [ast.GeneratorExp() as terms]:
            return n.total(_terms(terms, names))
        case ast.Name(id=name), [inside] if name in _FENCES:
            return _fenced(name, _box(inside, names))
        case ast.Name(id=name), [inside] if name in _ROOTS:
            return n.Root(_box(inside, names), _ROOTS[name])
    return n.Apply(_function(node.func, names), _arguments(node, names))


def _fenced(name: str, inside: Box) -> n.Fenced:
    left, right = _FENCES[name]
    return n.Fenced(left, inside, right)


def _function(node: ast.expr, names: Names) -> Box:
    match node:
        case ast.Name(id=name):
            return _word(name)
        case ast.Subscript(value=ast.Name(id=name), slice=order):
            return n.raise_to(_word(name), n.Fenced("(", _box(order, names), ")"))
    raise _Unreadable(ast.unparse(node))


def _arguments(node: ast.Call, names: Names) -> n.Fenced:
    """( ) around the arguments; the sign that one has on paper, as in ln|x|, stands for them."""
    match node.args:
        case [ast.Call(func=ast.Name(id=name), args=[inside])] if name in _FENCES:
            return _fenced(name, _box(inside, names))
    boxes = [_box(argument, names) for argument in (*node.args, *(given.value for given in node.keywords))]
    signs = [";" if at == len(node.args) else "," for at in range(1, len(boxes))]
    return n.Fenced("(", n.listed(boxes, signs), ")")


def _terms(node: ast.GeneratorExp, names: Names) -> list[Box]:
    match node.generators:
        case [ast.comprehension(target=ast.Name(id=each), iter=ast.Name(id=vector))]:
            return [_box(node.elt, {**names, each: box}) for box in _vector(names, vector)]
        case [ast.comprehension(target=ast.Tuple(elts=each), iter=ast.Call(func=ast.Name(id="zip"), args=vectors))]:
            rows = zip(*(_vector(names, ast.unparse(vector)) for vector in vectors), strict=True)
            targets = [ast.unparse(target) for target in each]
            return [_box(node.elt, {**names, **dict(zip(targets, row, strict=True))}) for row in rows]
    raise _Unreadable(ast.unparse(node))


def _vector(names: Names, name: str) -> Sequence[Box]:
    vector = names.get(name)
    if isinstance(vector, Sequence):
        return vector
    raise _Unreadable(name)
