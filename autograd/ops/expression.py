"""The number that writes itself: handed to a rule, an `Expression` returns the rule's own source.

A slope rule is ordinary arithmetic, so it works on whatever it is handed.  Handed Expressions it
computes nothing and returns a tree of what it would have computed; `source_of` prints that tree in a
`Syntax`: in Python for the recorders, in others for whoever runs the table elsewhere.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL = "equal", "less", "less_equal", "greater", "greater_equal"
ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER, POWER = "add", "subtract", "multiply", "divide", "remainder", "power"
NEGATIVE, WHERE = "negative", "where"

COMPARISONS = {EQUAL: "==", LESS: "<", LESS_EQUAL: "<=", GREATER: ">", GREATER_EQUAL: ">="}
ARITHMETIC = {ADD: "+", SUBTRACT: "-", MULTIPLY: "*", DIVIDE: "/"}
_NEVER_RAISES = {ADD, SUBTRACT, MULTIPLY, NEGATIVE, WHERE, *COMPARISONS}

# How strongly an operator binds, in every language that we print: 1 + 2 * -x needs no parentheses.
_CONDITIONAL, _COMPARISON, _SUM, _PRODUCT, _NEGATIVE, _ATOM = range(6)
_PRECEDENCE = dict.fromkeys(COMPARISONS, _COMPARISON) | {
    ADD: _SUM, SUBTRACT: _SUM, MULTIPLY: _PRODUCT, DIVIDE: _PRODUCT, REMAINDER: _PRODUCT,
}  # fmt: skip

Term = Any  # an Expression, a float, or None ("no derivative along this operand")


class Syntax(NamedTuple):
    """How a programming language writes what rules are made of.

    An operation without an operator is a call of the function of its name.
    """

    operators: Mapping[str, str]  # name of the operation: symbol; binary, left-associative, binding as in Python
    conditional: str  # with {condition}, {chosen} and {other}
    assignment: str  # of a {value} to a new {name}
    literal: Callable[[float | None], str]  # a number, perhaps inf or nan; None is "no derivative"
    function: Callable[[str], str] = str  # what the function of an operation is called
    truth: str = "{}"  # a number as a condition, where nan holds, as every number but 0 does
    number: str = "{}"  # a comparison as a number, 1 or 0, where arithmetic refuses a truth

    @property
    def written(self) -> frozenset[str]:
        """The operations that the language writes without calling a function."""
        return frozenset((*self.operators, WHERE, NEGATIVE))


class Expression:
    """An operation by name and what it is applied to; a variable is an operation on nothing."""

    __slots__ = ("name", "operands")

    def __init__(self, name: str, *operands: Term) -> None:
        self.name = name
        self.operands = operands

    def __apply__(self, primitive: Any, operands: tuple[Term, ...]) -> Expression:
        return Expression(primitive.name, *operands)

    def __repr__(self) -> str:
        return "; ".join((*(lines := source_of([self]))[0], *lines[1]))

    def __add__(self, other: Term) -> Expression:
        return Expression(ADD, self, other)

    def __radd__(self, other: Term) -> Expression:
        return Expression(ADD, other, self)

    def __sub__(self, other: Term) -> Expression:
        return Expression(SUBTRACT, self, other)

    def __rsub__(self, other: Term) -> Expression:
        return Expression(SUBTRACT, other, self)

    def __mul__(self, other: Term) -> Expression:
        return Expression(MULTIPLY, self, other)

    def __rmul__(self, other: Term) -> Expression:
        return Expression(MULTIPLY, other, self)

    def __truediv__(self, other: Term) -> Expression:
        return Expression(DIVIDE, self, other)

    def __rtruediv__(self, other: Term) -> Expression:
        return Expression(DIVIDE, other, self)

    def __mod__(self, other: Term) -> Expression:
        return Expression(REMAINDER, self, other)

    def __pow__(self, other: Term) -> Expression:
        return Expression(POWER, self, other)

    def __rpow__(self, other: Term) -> Expression:
        return Expression(POWER, other, self)

    def __neg__(self) -> Expression:
        return Expression(NEGATIVE, self)

    def __lt__(self, other: Term) -> Expression:
        return Expression(LESS, self, other)

    def __le__(self, other: Term) -> Expression:
        return Expression(LESS_EQUAL, self, other)

    def __gt__(self, other: Term) -> Expression:
        return Expression(GREATER, self, other)

    def __ge__(self, other: Term) -> Expression:
        return Expression(GREATER_EQUAL, self, other)

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a rule may not compare its operands with == or !=: write equal(a, b)")

    __ne__ = __eq__
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError("a rule may not branch on its operands with `if`: write where(condition, a, b)")


def same(terms: Sequence[Term], others: Sequence[Term]) -> bool:
    """Whether these are the same terms in the same order."""
    return len(terms) == len(others) and all(map(operator.is_, terms, others))


def variable(name: str) -> Expression:
    """The Expression of a name that the printed source will find in its scope."""
    return Expression(name)


PYTHON = Syntax(
    operators={**COMPARISONS, **ARITHMETIC, REMAINDER: "%"},
    conditional="{chosen} if {condition} else {other}",
    assignment="{name} = {value}",
    literal=repr,
)


def source_of(terms: Sequence[Term], language: Syntax = PYTHON) -> tuple[list[str], list[str]]:
    """The source of `terms`: assignments to run first, then one expression a term.

    What occurs more than once, in one term or across them, is computed once.

    >>> x = variable("x")
    >>> source_of([1 / (1 + x * x)])
    ([], ['1 / (1 + x * x)'])
    """
    return _Printer(terms, language).lines()


def can_raise(terms: Sequence[Term]) -> bool:
    """Whether float arithmetic on `terms` may raise (1/0, exp(1000)) where IEEE has an answer."""
    return any(term.operands and term.name not in _NEVER_RAISES for term in within(terms))


def mentions(terms: Sequence[Term], name: str) -> bool:
    """Whether an operation of that name occurs in `terms`."""
    return any(term.name == name for term in within(terms))


def _operands(term: Expression) -> Sequence[Term]:
    return term.operands


def within(terms: Sequence[Term], inside: Callable[[Expression], Sequence[Term]] = _operands) -> list[Expression]:
    """Every Expression in `terms`, once, each after its operands, or what is `inside`; found without recursion."""
    order: dict[int, Expression] = {}
    stack = [(term, False) for term in reversed(terms) if isinstance(term, Expression)]
    while stack:
        term, is_done = stack.pop()
        if is_done:
            order.setdefault(id(term), term)
        elif id(term) not in order:
            stack.append((term, True))
            stack.extend((o, False) for o in reversed(inside(term)) if isinstance(o, Expression))
    return list(order.values())


def rewritten(terms: Sequence[Term], change: Callable[[Expression, tuple[Term, ...]], Term]) -> list[Term]:
    """`terms` with each Expression replaced by what `change` makes of it and of its operands, which were replaced."""
    made: dict[int, Term] = {}

    def now(term: Term) -> Term:
        return made[id(term)] if isinstance(term, Expression) else term

    for term in within(terms):
        made[id(term)] = change(term, tuple(map(now, term.operands)))
    return [now(term) for term in terms]


_DEEPEST = 50  # operations inside each other in one expression; Python's own parser takes a hundred


class _Printer:
    """Prints trees with as few parentheses as are needed, naming what they share and what would nest too deep."""

    def __init__(self, terms: Sequence[Term], language: Syntax) -> None:
        self._terms = terms
        self._language = language
        self._keys: dict[int, int] = {}  # id of a term → a number, the same for terms that say the same
        self._texts: dict[tuple[object, ...], int] = {}
        self._names: dict[int, str] = {}
        self._assignments: list[str] = []
        self._uses = Counter[int]()

    def lines(self) -> tuple[list[str], list[str]]:
        order = [term for term in within(self._terms) if term.operands]
        first: dict[int, Expression] = {}
        for term in order:
            first.setdefault(self._key(term), term)
        self._uses.update(self._key(o) for term in first.values() for o in term.operands if isinstance(o, Expression))
        self._uses.update(self._key(term) for term in self._terms if isinstance(term, Expression))
        self._name_what_needs_one(list(first.values()))
        return self._assignments, [self._text(term, _CONDITIONAL) for term in self._terms]

    def _name_what_needs_one(self, order: Sequence[Expression]) -> None:
        depths: dict[int, int] = {}
        for term in order:
            key = self._key(term)
            depth = 1 + max(
                [depths.get(self._key(o), 0) for o in term.operands if isinstance(o, Expression)], default=0
            )
            if self._uses[key] > 1 or depth >= _DEEPEST:
                value, _ = self._compound(term)
                self._names[key] = name = f"t{len(self._names) + 1}"
                self._assignments.append(self._language.assignment.format(name=name, value=value))
                depth = 0
            depths[key] = depth

    def _key(self, term: Expression) -> int:
        """A number for what a term says; operands come before their users, so this descends one level."""
        found = self._keys.get(id(term))
        if found is None:
            said = (term.name, *[self._key(o) if isinstance(o, Expression) else repr(o) for o in term.operands])
            found = self._keys[id(term)] = self._texts.setdefault(said, len(self._texts))
        return found

    def _text(self, term: Term, context: int) -> str:
        """The text of `term`, in parentheses if it binds weaker than `context`."""
        if not isinstance(term, Expression):
            text = self._language.literal(term)
            return _fenced(text, _NEGATIVE if text.startswith("-") else _ATOM, context)
        if not term.operands:
            return term.name
        return self._names.get(self._key(term)) or _fenced(*self._compound(term), context)

    def _compound(self, term: Expression) -> tuple[str, int]:
        """The text of an operation, and how strongly it binds."""
        operands, language = term.operands, self._language
        if term.name in COMPARISONS and language.number != "{}":
            return language.number.format(self._compared(term)), _ATOM
        if term.name in language.operators:
            return self._infix(term), _PRECEDENCE[term.name]
        if term.name == NEGATIVE:
            return f"-{self._text(operands[0], _NEGATIVE + 1)}", _NEGATIVE  # --x is something else in C
        if term.name == WHERE:
            condition = self._condition(operands[0])
            chosen, other = (self._text(o, _CONDITIONAL + 1) for o in operands[1:])
            return language.conditional.format(condition=condition, chosen=chosen, other=other), _CONDITIONAL
        return self._call(term), _ATOM

    def _call(self, term: Expression) -> str:
        inside = ", ".join(self._text(o, _CONDITIONAL) for o in term.operands)
        return f"{self._language.function(term.name)}({inside})"

    def _compared(self, term: Expression) -> str:
        """A comparison, by its sign or by the function that a language has for it."""
        return self._infix(term) if term.name in self._language.operators else self._call(term)

    def _infix(self, term: Expression) -> str:
        binds = _PRECEDENCE[term.name]
        left, right = self._text(term.operands[0], binds), self._text(term.operands[1], binds + 1)
        return f"{left} {self._language.operators[term.name]} {right}"

    def _condition(self, term: Term) -> str:
        if isinstance(term, Expression) and term.name in COMPARISONS:
            if self._language.number == "{}":
                return self._text(term, _CONDITIONAL + 1)
            if self._key(term) not in self._names:
                return self._compared(term)
        return self._language.truth.format(self._text(term, _SUM))


def _fenced(text: str, binds: int, context: int) -> str:
    return f"({text})" if binds < context else text
