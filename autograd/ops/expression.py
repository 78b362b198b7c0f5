"""The number that writes itself: handed to a rule, an `Expression` returns the rule's own source.

A slope rule is ordinary arithmetic, so it works on whatever it is handed.  Handed Expressions it
computes nothing and returns a tree of what it would have computed; `python_source` prints that tree
as the few lines of straight Python that the recorders run.  Later readers of the table (other
languages, formulas) print the same trees their own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

OPERATORS = {  # name: (symbol, precedence); all are left-associative and binary
    "equal": ("==", 1),
    "less": ("<", 1),
    "less_equal": ("<=", 1),
    "greater": (">", 1),
    "greater_equal": (">=", 1),
    "add": ("+", 2),
    "subtract": ("-", 2),
    "multiply": ("*", 3),
    "divide": ("/", 3),
    "remainder": ("%", 3),
}
_WHERE, _NEGATIVE, _ATOM = 0, 4, 5  # precedences of what is not in OPERATORS
_NEVER_RAISES = {"add", "subtract", "multiply", "negative", "where"} | {
    name for name, (_, precedence) in OPERATORS.items() if precedence == 1
}

Term = Any  # an Expression, a float, or None ("no derivative along this operand")


class Expression:
    """An operation by name and what it is applied to; a variable is an operation on nothing."""

    __slots__ = ("name", "operands")

    def __init__(self, name: str, *operands: Term) -> None:
        self.name = name
        self.operands = operands

    def __apply__(self, primitive: Any, operands: tuple[Term, ...]) -> Expression:
        return Expression(primitive.name, *operands)

    def __repr__(self) -> str:
        return "; ".join((*(lines := python_source([self]))[0], *lines[1]))

    def __add__(self, other: Term) -> Expression:
        return Expression("add", self, other)

    def __radd__(self, other: Term) -> Expression:
        return Expression("add", other, self)

    def __sub__(self, other: Term) -> Expression:
        return Expression("subtract", self, other)

    def __rsub__(self, other: Term) -> Expression:
        return Expression("subtract", other, self)

    def __mul__(self, other: Term) -> Expression:
        return Expression("multiply", self, other)

    def __rmul__(self, other: Term) -> Expression:
        return Expression("multiply", other, self)

    def __truediv__(self, other: Term) -> Expression:
        return Expression("divide", self, other)

    def __rtruediv__(self, other: Term) -> Expression:
        return Expression("divide", other, self)

    def __mod__(self, other: Term) -> Expression:
        return Expression("remainder", self, other)

    def __pow__(self, other: Term) -> Expression:
        return Expression("power", self, other)

    def __rpow__(self, other: Term) -> Expression:
        return Expression("power", other, self)

    def __neg__(self) -> Expression:
        return Expression("negative", self)

    def __lt__(self, other: Term) -> Expression:
        return Expression("less", self, other)

    def __le__(self, other: Term) -> Expression:
        return Expression("less_equal", self, other)

    def __gt__(self, other: Term) -> Expression:
        return Expression("greater", self, other)

    def __ge__(self, other: Term) -> Expression:
        return Expression("greater_equal", self, other)

    def __bool__(self) -> bool:
        raise TypeError("a rule may not branch on its operands with `if`: write where(condition, a, b)")


def variable(name: str) -> Expression:
    """The Expression of a name that the printed source will find in its scope."""
    return Expression(name)


def python_source(terms: Sequence[Term]) -> tuple[list[str], list[str]]:
    """Python for `terms`: assignments to run first, then one expression a term.

    What occurs more than once, in one term or across them, is computed once.

    >>> x = variable("x")
    >>> python_source([1 / (1 + x * x)])
    ([], ['1 / (1 + x * x)'])
    """
    return _Printer(terms).lines()


def can_raise(terms: Sequence[Term]) -> bool:
    """Whether float arithmetic on `terms` may raise (1/0, exp(1000)) where IEEE has an answer."""
    stack = list(terms)
    while stack:
        term = stack.pop()
        if isinstance(term, Expression):
            if term.operands and term.name not in _NEVER_RAISES:
                return True
            stack.extend(term.operands)
    return False


class _Printer:
    """Prints trees with as few parentheses as Python needs, naming what they share."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = terms
        self._keys: dict[int, str] = {}  # id of a term → its full text, the key of sharing
        self._names: dict[str, str] = {}
        self._assignments: list[str] = []
        self._uses = Counter[str]()
        for term in terms:
            self._count(term)

    def lines(self) -> tuple[list[str], list[str]]:
        results = [self._text(term, _WHERE) for term in self._terms]
        return self._assignments, results

    def _count(self, term: Term) -> None:
        """Count the uses of every compound term; what lies inside a repeated one counts once."""
        if isinstance(term, Expression) and term.operands:
            key = self._key(term)
            self._uses[key] += 1
            if self._uses[key] == 1:
                for operand in term.operands:
                    self._count(operand)

    def _key(self, term: Term) -> str:
        if not isinstance(term, Expression):
            return repr(term)
        if id(term) not in self._keys:
            inside = ",".join(self._key(operand) for operand in term.operands)
            self._keys[id(term)] = f"{term.name}({inside})" if term.operands else term.name
        return self._keys[id(term)]

    def _text(self, term: Term, context: int) -> str:
        """The text of `term`, in parentheses if it binds weaker than `context`."""
        if not isinstance(term, Expression):
            return repr(term)
        if not term.operands:
            return term.name
        key = self._key(term)
        if self._uses[key] == 1:
            text, precedence = self._compound(term)
            return f"({text})" if precedence < context else text
        if key not in self._names:
            text, _ = self._compound(term)
            self._names[key] = name = f"t{len(self._names) + 1}"
            self._assignments.append(f"{name} = {text}")
        return self._names[key]

    def _compound(self, term: Expression) -> tuple[str, int]:
        operands = term.operands
        if term.name in OPERATORS:
            symbol, precedence = OPERATORS[term.name]
            left = self._text(operands[0], precedence)
            return f"{left} {symbol} {self._text(operands[1], precedence + 1)}", precedence
        if term.name == "negative":
            return f"-{self._text(operands[0], _NEGATIVE)}", _NEGATIVE
        if term.name == "where":
            condition, chosen, other = (self._text(o, _WHERE + 1) for o in operands)
            return f"{chosen} if {condition} else {other}", _WHERE
        return f"{term.name}({', '.join(self._text(o, _WHERE) for o in operands)})", _ATOM
