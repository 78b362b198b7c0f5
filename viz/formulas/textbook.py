r"""Reads how the table writes a primitive, a small subset of LaTeX, into a function that builds boxes.

The subset: + - / \cdot \bmod > , ; ^ _ \frac \sqrt \sum \left \right \lfloor \lceil \operatorname
\text, functions, Greek letters, digits, and operands in braces.  What has no operands written is a
function of all of them.  A ``\sum`` runs over the operands of a vector; ``{xs}`` is the one it has
reached, ``{ws}`` its weight in a dot, ``{xs[i]}`` the one a leading index chooses, ``{bias}`` what is
left over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from string import Formatter
from typing import TypeAlias

from autograd.errors import ArgumentError
from autograd.ops import special
from autograd.ops.primitive import Primitive, lookup
from autograd.text import GREEK
from viz.formulas import notation as n
from viz.formulas.notation import Box


@dataclass(frozen=True)
class Slots:
    """What the operands of a template are: by name, and for every element of the vector by name."""

    fixed: dict[str, Box]
    elements: tuple[dict[str, Box], ...] = ()


Build: TypeAlias = Callable[[Slots], Box]

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\x00[^\x00]*\x00|\d+|\s+|.")
_LETTERS = {command: letter for letter, command in GREEK.items()}
_FENCES = {"(": "(", ")": ")", "|": "|", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉",
           "[": "[", "]": "]"}  # fmt: skip
_OPENING = {"(", r"\left", r"\lfloor", r"\lceil"}
_CLOSING = {"", "}", ")", "]", r"\right", r"\rfloor", r"\rceil", ",", ";"}
_SUMS = {"+": n.add, "-": n.subtract}
_PRODUCTS: dict[str, Callable[[Box, Box], Box]] = {r"\cdot": n.multiply, "/": n.divide}
_RELATIONS = {"=": "=", ">": ">", "<": "<", r"\le": "≤", r"\ge": "≥"}
_COMPARED = {"less": "<", "less_equal": "≤", "greater": ">", "greater_equal": "≥", "equal": "="}


def written(primitive: Primitive, operands: Sequence[Box]) -> Box:
    """`primitive` applied to `operands`, as the table writes it; of a condition, what it says."""
    if primitive.name == "where" and isinstance(operands[0], n.Below) and operands[0].base == n.ONE:
        operands = [operands[0].index, *operands[1:]]  # (a if x > 0 else b), not: if 1_{x > 0}
    return template(primitive)(_slots(primitive, operands))


def operation(name: str, operands: Sequence[Box]) -> Box:
    """The same by name; knows the comparisons, which occur only inside rules, too."""
    if name in _COMPARED:
        return n.relation(operands[0], _COMPARED[name], operands[1])
    if name == "where" and operands[1:] == (n.ONE, n.ZERO):
        return n.Below(n.ONE, operands[0])
    return written(lookup(name), operands)


@cache
def template(primitive: Primitive) -> Build:
    """The builder of a row's notation; ArgumentError if its LaTeX is outside the subset."""
    source, fields = "", 0
    for literal, field, _, _ in Formatter().parse(primitive.latex or rf"\operatorname{{{{{primitive.name}}}}}"):
        source += literal
        if field is not None:
            source += f"\x00{field}\x00"
            fields += 1
    if not fields:
        names = ["xs"] if primitive.variadic else [str(i) for i in range(len(primitive.operands))]
        source += f"({', '.join(f'{chr(0)}{name}{chr(0)}' for name in names)})"
    return _Parser(source, primitive.name).parse()


def _slots(primitive: Primitive, operands: Sequence[Box]) -> Slots:
    if not primitive.variadic:
        return Slots({str(i): box for i, box in enumerate(operands)})
    leading = len(primitive.operands) - 1
    rest = operands[leading:]
    if r"{ws}" in primitive.latex:
        weights, inputs, bias = special.halves(rest)
        pairs = tuple({"ws": w, "xs": x} for w, x in zip(weights, inputs, strict=True))
        return Slots({"bias": bias[0] if bias else n.ZERO}, pairs)
    fixed = dict(zip(primitive.operands[:leading], operands, strict=False))
    for name, box in list(fixed.items()):
        if isinstance(box, n.Number):
            fixed[f"xs[{name}]"] = rest[int(box.value)]
    return Slots(fixed, tuple({"xs": box} for box in rest))


class _Parser:
    """Recursive descent over a template, a few dozen characters long."""

    def __init__(self, source: str, name: str) -> None:
        self._tokens = [t for t in _TOKEN.findall(source) if not t.isspace() and t not in (r"\,", r"\;", r"\!")]
        self._at = 0
        self._name = name

    def parse(self) -> Build:
        build = self._relation()
        if self._next:
            raise self._unknown(self._next)
        return build

    @property
    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, expected: str | None = None) -> str:
        token = self._next
        if not token or (expected is not None and token != expected):
            raise self._unknown(token)
        self._at += 1
        return token

    def _unknown(self, token: str) -> ArgumentError:
        return ArgumentError(f"the LaTeX of {self._name} cannot be read at {token!r}: see {__name__}")

    # -- from the weakest to the strongest ------------------------------------------------------

    def _list(self) -> Build:
        """What stands between fences: one thing, or several with , or ; between."""
        parts, separators = [self._relation()], []
        while self._next in (",", ";"):
            separators.append(self._take())
            parts.append(self._relation())
        if not separators:
            return parts[0]
        return lambda slots: n.listed([part(slots) for part in parts], separators)

    def _relation(self) -> Build:
        left = self._sum()
        if self._next in _RELATIONS:
            sign, right = _RELATIONS[self._take()], self._sum()
            return lambda slots: n.relation(left(slots), sign, right(slots))
        if self._next != r"\text":
            return left
        parts: list[Build] = [left]
        while self._next == r"\text":
            self._take()
            word = n.Word(f" {self._braced_word()} ")
            parts += [_constant(word), self._sum()]
        return lambda slots: n.row(*(part(slots) for part in parts))

    def _sum(self) -> Build:
        if self._next == "-":
            self._take()
            inside = self._modulo()
            left: Build = lambda slots: n.negate(inside(slots))  # noqa: E731
        else:
            left = self._modulo()
        while self._next in _SUMS:
            left = _binary(_SUMS[self._take()], left, self._modulo())
        return left

    def _modulo(self) -> Build:
        left = self._product()
        while self._next == r"\bmod":
            self._take()
            left = _binary(n.modulo, left, self._product())
        return left

    def _product(self) -> Build:
        left = self._power()
        while True:
            if self._next in _PRODUCTS:
                left = _binary(_PRODUCTS[self._take()], left, self._power())
            elif self._next in _CLOSING | set(_SUMS) | set(_RELATIONS) | {r"\bmod", r"\text", "|"}:
                return left
            else:  # side by side
                left = _binary(n.multiply, left, self._power())

    def _power(self) -> Build:
        base = self._atom()
        while self._next in ("^", "_"):
            make = n.raise_to if self._take() == "^" else n.Below
            base = _binary(make, base, self._group())
        return base

    def _atom(self) -> Build:
        token = self._take()
        if token.startswith("\x00"):
            return _operand(token.strip("\x00"))
        if token == "{":
            self._at -= 1
            return self._group()
        if token.isdigit():
            return _constant(n.Number(float(token)))
        if token in _OPENING:
            return self._fenced(token)
        if token == r"\frac":
            return _binary(n.divide, self._group(), self._group())
        if token == r"\sqrt":
            return self._root()
        if token == r"\sum":
            return _sum_over(self._product())
        if token == "e" or _LETTERS.get(token) == "π":
            return _constant(n.Word(_LETTERS.get(token, token)))
        return self._function(token)

    def _group(self) -> Build:
        """{…}, or a single token as TeX takes it."""
        if self._next != "{":
            return self._atom()
        self._take("{")
        inside = self._list()
        self._take("}")
        return inside

    def _braced_word(self) -> str:
        self._take("{")
        word = ""
        while self._next != "}":
            word += self._take()
        self._take("}")
        return word

    def _fenced(self, token: str) -> Build:
        left = _FENCES[self._take() if token == r"\left" else token]
        inside = self._list()
        if token == r"\left":
            self._take(r"\right")
        right = _FENCES[self._take()]
        return lambda slots: n.Fenced(left, inside(slots), right)

    def _root(self) -> Build:
        cube = self._next == "["
        if cube:
            for expected in ("[", "3", "]"):
                self._take(expected)
        inside = self._group()
        return lambda slots: n.Root(inside(slots), cube)

    def _function(self, token: str) -> Build:
        r"""A word such as \tanh or \operatorname{relu}, perhaps with an index or order, and its argument."""
        if token == r"\operatorname":
            word = self._braced_word()
        elif token.startswith("\\"):
            word = _LETTERS.get(token, token[1:])
        else:
            raise self._unknown(token)
        function: Build = _constant(n.Word(word))
        while self._next in ("^", "_"):
            make = n.raise_to if self._take() == "^" else n.Below
            function = _binary(make, function, self._group())
        if self._next in _CLOSING:
            return function
        argument = self._atom()
        return lambda slots: n.call(function(slots), argument(slots))


def _constant(box: Box) -> Build:
    return lambda slots: box


def _operand(name: str) -> Build:
    def build(slots: Slots) -> Box:
        if name == "xs" and "xs" not in slots.fixed:  # outside a sum: the whole vector
            return n.listed([element["xs"] for element in slots.elements])
        return slots.fixed[name]

    return build


def _sum_over(term: Build) -> Build:
    def build(slots: Slots) -> Box:
        terms = [term(replace(slots, fixed={**slots.fixed, **element})) for element in slots.elements]
        return n.total(terms)

    return build


def _binary(make: Callable[[Box, Box], Box], left: Build, right: Build) -> Build:
    return lambda slots: make(left(slots), right(slots))
