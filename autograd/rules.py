"""A rule that a user wrote in public functions, read once: run on Symbols, and written again as the table's rules are.

What it recorded is a term (see `autograd.ops.expression`), and from the term comes a function that reads as a rule of
the table does: on floats, arrays, Values and Expressions.  So nothing else needs to know who wrote a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

from autograd.collector import collector_paused
from autograd.context import now, writing_program
from autograd.errors import ArgumentError, AutogradError, GraphError
from autograd.ops.expression import (
    ARITHMETIC,
    COMPARISONS,
    Expression,
    Syntax,
    Term,
    rewritten,
    source_of,
    variable,
    within,
)
from autograd.ops.numbers import equal, where
from autograd.ops.primitive import Rule, function_of, lookup
from autograd.ops.resolution import called_in
from autograd.ops.special import halves
from autograd.order import interior
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.transforms import running
from autograd.value import Operand, Value, number

_INFIX = {sign: symbol for sign, symbol in COMPARISONS.items() if sign != "equal"}

RULE = Syntax(
    operators={**_INFIX, **ARITHMETIC},
    conditional="where({condition}, {chosen}, {other})",
    assignment="{name} = {value}",
    literal=repr,
    number="where({}, 1.0, 0.0)",  # NumPy neither negates nor subtracts truths
)


def recorded(rule: Callable[..., Any], given: Sequence[Any]) -> tuple[Any, int]:
    """What a rule makes of Symbols that nobody else has, and when it began: a Value made before is none of its own."""
    start = now()
    with running([x for x in given if isinstance(x, Symbol)]), collector_paused(), writing_program():
        return rule(*given), start


def terms_of(results: Sequence[Operand | None], inputs: Mapping[Value, Term], start: int, what: str) -> list[Term]:
    """The terms of what was recorded since `start` from Symbols; `inputs` says what each of these stands for.

    Raises:
        ArgumentError: where something else than the inputs and numbers goes in
    """
    terms: dict[Value, Term] = dict(inputs)

    def term(operand: Operand | None) -> Term:
        if not isinstance(operand, Value):
            return operand
        if operand not in terms:
            terms[operand] = _constant(operand, start, what)
        return terms[operand]

    roots = [result for result in results if isinstance(result, Value)]
    for node in interior(*roots, above=inputs):
        terms[node] = _operation(node._row.name, [term(operand) for operand in node.operands])
    return [term(result) for result in results]


def _operation(name: str, operands: list[Term]) -> Term:
    """A recorded operation in words that every target has: a sum of products in arithmetic."""
    if name == "dot":
        weights, xs, bias = halves(operands)
        operands = [*(Expression("multiply", w, x) for w, x in zip(weights, xs, strict=True)), *bias]
    if name in ("dot", "sum"):
        return reduce(partial(Expression, "add"), operands)
    return Expression("where" if name == "guard" else name, *operands)


def _constant(leaf: Value, start: int, what: str) -> float:
    if isinstance(leaf, Symbol) or leaf._born < start:
        raise ArgumentError(
            f"{what} uses {quoted(leaf)}, along which no derivative would flow: hand it in as an operand, or, if it is "
            "a constant, use its .data"
        )
    return leaf._data


def function_from(terms: Term | tuple[Term, ...], name: str, parameters: Sequence[str], filename: str) -> Rule:
    """Terms as a rule of the table: a function of numbers of any kind, with its source."""
    called = {term.name: lookup(term.name) for term in within(_listed(terms)) if term.operands and term.name != "equal"}
    constants = {"inf": float("inf"), "nan": float("nan")}
    namespace = {**called, **constants, "where": where, "equal": equal}
    return function_of(terms, name, parameters, filename, RULE, namespace)


def text_of(terms: Term | tuple[Term, ...]) -> str:
    """What terms say in any process: users' rows by their titles, numbered where one is shared, and their rules."""
    listed = _listed(terms)
    called = {row: "" for row in map(lookup, called_in(listed)) if row.is_own}
    for row in called:
        number = sum(other.title == row.title and called[other] != "" for other in called) + 1
        called[row] = row.title if number == 1 else f"{row.title}.{number}"
    names = {row.name: name for row, name in called.items()}

    def titled(term: Expression, operands: tuple[Term, ...]) -> Term:
        return Expression(names.get(term.name, term.name), *operands) if operands else term

    assignments, results = source_of(rewritten(listed, titled))
    return "\n".join([*assignments, *results, *(f"{name}: {row.said}" for row, name in called.items())])


def _listed(terms: Term | tuple[Term, ...]) -> tuple[Term, ...]:
    return terms if isinstance(terms, tuple) else (terms,)


# -- reading what a user wrote ----------------------------------------------------------------------


def read(rule: Callable[..., Any], names: Sequence[str], what: str, slopes: int | None = None) -> Any:
    """The term that a rule of operands of these names makes; with `slopes` the terms of so many slopes, in a tuple.

    Raises:
        ArgumentError: in one sentence that begins with `what`, for whatever keeps it from being read
    """
    symbols = [Symbol(name) for name in names]
    try:
        answer, start = recorded(rule, symbols)
    except AutogradError as error:
        raise ArgumentError(f"{what} cannot be read: {error}") from error
    except Exception as error:
        raise ArgumentError(
            f"{what} cannot be read: it raises {type(error).__name__}, {str(error) or 'without a word'}; write it in "
            "arithmetic and functions of this package, such as autograd.exp and where, or give an Atom"
        ) from error
    listed = _slopes(answer, slopes, what) if slopes is not None else [_result(answer, what)]
    inputs: dict[Value, Term] = {symbol: variable(name) for symbol, name in zip(symbols, names, strict=True)}
    terms = terms_of(listed, inputs, start, what)
    return tuple(terms) if slopes is not None else terms[0]


def _result(answer: Any, what: str) -> Operand:
    if isinstance(answer, Value):
        return answer
    try:
        return number(answer)
    except AutogradError:
        given = f"{type(answer).__name__} {quoted(answer)}"
        raise ArgumentError(f"{what} gives one real number, got {given}: let it return a number or a Value") from None


def _slopes(answer: Any, count: int, what: str) -> list[Operand | None]:
    listed = list(answer) if isinstance(answer, (tuple, list)) else [answer]
    if len(listed) != count:
        raise ArgumentError(
            f"{what} give one number an operand, {count} of them, got {len(listed)}: write None along an operand that "
            "has no derivative"
        )
    return [None if slope is None else _result(slope, what) for slope in listed]


def unknown(what: str) -> GraphError:
    """The error where a rule that needs numbers is asked for a term."""
    return GraphError(
        f"{what} needs numbers, so it cannot be written as instructions: write it in arithmetic and functions of this "
        "package, with where instead of `if`, or ask for what needs it of the function itself, which is not compiled"
    )
