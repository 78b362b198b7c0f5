"""Rows of your own: `primitive` adds one at run time, with the columns that the table has."""

from __future__ import annotations

import ast
import inspect
import keyword
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.kinks import know
from autograd.ops.expression import within
from autograd.ops.primitive import RAISED, Atom, Primitive, Rule, enrol, is_row, lookup, own_row, publish
from autograd.recorder import RECORDERS, Recorder, function_for
from autograd.rules import function_from, read, text_of
from autograd.text import quoted
from autograd.value import REAL, number

_GIVEN = frozenset(
    "name rule slopes called said begin revision opaque by_hand defaults operator aliases method smooth".split()
)  # what is given otherwise, or is for the table's rows alone
COLUMNS = tuple(column.name for column in fields(Primitive) if column.name not in _GIVEN)
_BREAKS = ("kinks", "jumps")
_VALUES = ("value", "portable", *_BREAKS)  # the rules of operands alone; the others have the output before them
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_OPERAND = re.compile(r"(?!y$|[tv]\d+$)[A-Za-z][A-Za-z0-9]*")
# What printed rules say of something else, in Python, JavaScript or C.
_TAKEN = frozenset(
    "Value RAISED new node noted context apply operate choose inf nan value slopes auto break case char const continue"
    " default do double else enum extern float for goto if inline int long register restrict return short signed sizeof"
    " static struct switch typedef union unsigned void volatile while bool true false NAN INFINITY".split()
)


def primitive(
    name: str,
    value: Callable[..., Any] | Atom,
    slopes: Callable[..., Any],
    *,
    points: Sequence[Any],
    definition: str = "",
    **columns: Any,
) -> Recorder:
    """A function of your own as a primitive, with the columns of the table; the public function, as `tanh` is one.

    Args:
        name: what it is called, in pictures, formulas and messages too.
        value: the value of the operands, in arithmetic and functions of this package (`autograd.exp`, `where` in place
            of `if`), or an `Atom` of functions on floats and arrays and, if it can be said, its portable rule, by
            which it is exported.  A rule is read once, now.
        slopes: the local derivatives: of the output and the operands, one an operand, None where there is none.
        points: where it is tested, a tuple a point if there are several operands.
        definition: the mathematics, in Python's notation with mpmath's functions: what `check_primitive` holds it to.
        columns: edges, kinks, jumps, textbook, symbol, doc, and so on: see the table's columns in CONTRIBUTING.md.

    It takes numbers, Values, arrays of either and, where something is compiled, Symbols; it has derivatives of any
    order, and goes where the table's rows go.  Where it is called again with the same name, as when a cell of a
    notebook runs again, the new row is what the name means from then on, and what was made with the old one stays.

    >>> from autograd import Value, exp, primitive
    >>> bell = primitive("bell", lambda x: exp(-x * x), lambda y, x: -2.0 * x * y, points=[0.5, -2.0])
    >>> x = Value(0.5)
    >>> bell(x).backward()
    >>> round(bell(0.5), 4), round(x.grad, 4)
    (0.7788, -0.7788)

    Raises:
        ArgumentError: for a name that is taken by the table or no name, rules that cannot be read or that fit neither
            each other nor the points, and unknown columns; nothing is then registered
    """
    _check_name(name)
    row = _row(name, value, slopes, definition, columns | {"points": _kept(points)})
    _try_out(row)
    enrol(row)
    function = function_for(row)
    function.__module__ = sys._getframe(1).f_globals.get("__name__", "")  # by which it is pickled, as if defined there
    RECORDERS[row.name] = function
    know(row)
    publish(row)
    return function


def _kept(points: Any) -> list[Any]:
    """The points; none of what holds no points."""
    return list(points) if np.iterable(points) and not isinstance(points, (str, dict)) else []


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ArgumentError(
            f"a primitive's name is letters of ASCII, digits and _ that begin with a letter, got {quoted(name)}: "
            'choose another, such as "bell"'
        )
    if is_row(name) and not lookup(name).is_own:
        title = lookup(name).title
        raise ArgumentError(f"{name!r} is {title} of the table, which everything relies on: choose another name")


# -- the row ----------------------------------------------------------------------------------------


class _Takes(NamedTuple):
    """What a row takes."""

    names: list[str]  # of the operands; of all of them together if there may be any number
    variadic: bool
    defaults: dict[str, float]
    first: int  # how many operands there are at its first point


def _row(title: str, value: Any, slopes: Any, definition: str, columns: dict[str, Any]) -> Primitive:
    _check_columns(title, definition, columns)
    takes = _signature(title, value, slopes, columns)
    said = None if isinstance(value, Atom) else value.__doc__
    doc = columns.get("doc") or (said or title).strip().partition("\n")[0].rstrip(".")
    columns |= {"definition": definition, "variadic": takes.variadic, "defaults": takes.defaults, "doc": doc}
    if columns.get("textbook") is not None:
        columns["textbook"] = _rule(title, "textbook", columns["textbook"], takes)[0]
    said_of_breaks = [_boundaries(title, part, columns, takes) for part in _BREAKS if columns.get(part) is not None]
    rule, said = _atom(title, value, takes) if isinstance(value, Atom) else _rule(title, "value", value, takes)
    local, said_of_slopes = _rule(title, "slopes", slopes, takes)
    return own_row(title, rule, local, said="\n".join([said, said_of_slopes, *said_of_breaks]), **columns)


def _check_columns(title: str, definition: object, columns: dict[str, Any]) -> None:
    unknown = [name for name in columns if name not in COLUMNS or name == "variadic"]
    if unknown:
        known = ", ".join(name for name in COLUMNS if name != "variadic")
        raise ArgumentError(
            f"{title}: there is no column {quoted(unknown[0])} for a row of your own; there are: {known}"
        )
    _check_expression(title, "the definition", definition)
    _check_expression(title, "what it shows,", columns.get("shows", ""))


def _check_expression(title: str, what: str, said: object) -> None:
    if not isinstance(said, str):
        raise ArgumentError(f"{title}: {what} is a str such as 'exp(-x * x)', got {quoted(said)}")
    try:
        ast.parse(said or "0", mode="eval")
    except SyntaxError as error:
        reason = f"{title}: {what} {quoted(said)} is no expression of Python's: {error.msg}"
        raise ArgumentError(reason) from None


def _signature(title: str, value: Any, slopes: Any, columns: dict[str, Any]) -> _Takes:
    after = _parameters(title, "slopes", slopes)
    if not after or after[0].kind is inspect.Parameter.VAR_POSITIONAL:
        raise ArgumentError(f"{title}: slopes are of the output and the operands, as in lambda y, x: …")
    operands = after[1:]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in operands)
    if variadic and len(operands) > 1:
        raise ArgumentError(f"{title}: slopes take each operand by position, or all as *xs, got {_listed(after)}")
    names = [p.name for p in operands]
    defaults: dict[str, float] = {}
    if not isinstance(value, Atom):
        own = _parameters(title, "value", value)
        if len(own) != len(operands) or any(p.kind is p.VAR_POSITIONAL for p in own) != variadic:
            raise ArgumentError(
                f"{title}: value takes {_listed(own)}, but slopes take the output and {_listed(operands)}: give both "
                "the same operands"
            )
        given = [(name, p.default) for name, p in zip(names, own, strict=True) if p.default is not p.empty]
        defaults = {name: number(default, f"the default of {name} in {title}") for name, default in given}
    for name in names:
        _check_operand(title, name)
    count = _check_counts(title, None if variadic else len(names), columns)
    return _Takes(names, variadic, defaults, count)


def _parameters(title: str, part: str, rule: Any) -> list[inspect.Parameter]:
    """What a rule takes: operands by position, or *xs."""
    if not callable(rule) or isinstance(rule, type):
        of = "operands" if part in _VALUES else "the output and operands"
        expected = "a function, or an Atom of functions" if part == "value" else f"a function of {of}"
        raise ArgumentError(f"{title}: {part} is {expected}, got {type(rule).__name__} {quoted(rule)}")
    try:
        found = list(inspect.signature(rule).parameters.values())
    except (TypeError, ValueError):
        raise ArgumentError(f"{title}: {part} does not say what it takes: write a lambda around it") from None
    if any(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in found):
        raise ArgumentError(f"{title}: {part} takes operands by position, got {_listed(found)}")
    return found


def _listed(parameters: Sequence[inspect.Parameter]) -> str:
    return ", ".join(str(p.replace(default=p.empty)) for p in parameters) or "nothing"


def _check_operand(title: str, name: str) -> None:
    if is_row(name) or name in _TAKEN or not _OPERAND.fullmatch(name):
        raise ArgumentError(
            f"{title}: the operand {name!r} would be read as something else where the rule is printed, and y is the "
            "output: call it by other letters and digits of ASCII, such as x or a"
        )


def _check_counts(title: str, operands: int | None, columns: dict[str, Any]) -> int:
    """Points and edges have as many numbers as there are operands; how many the first point has."""
    points, edges = columns["points"], columns.get("edges", ())
    if not points:
        raise ArgumentError(f"{title}: points are where it is tested, at least one, as in points=[0.5, -2.0]")
    counts = [_count(title, "a point", at, operands) for at in points]
    for edge in edges:
        if not isinstance(edge, tuple) or len(edge) != 3:
            raise ArgumentError(f"{title}: an edge is (at, value, slopes), got {quoted(edge)}")
        at, value, slopes = edge
        number(value, f"the value at an edge of {title}")
        _count(title, "an edge", at, operands)
        _count(title, "the slopes of an edge", slopes, operands, may_be_none=True)
    return counts[0]


def _count(title: str, what: str, given: Any, operands: int | None, may_be_none: bool = False) -> int:
    listed = given if isinstance(given, tuple) else (given,)
    for x in listed:
        if not (x is None and may_be_none):
            number(x, f"{what} of {title}")
    if operands is not None and len(listed) != operands:
        raise ArgumentError(f"{title}: {what}, one number an operand, has {operands}, got {quoted(given)}")
    return len(listed)


# -- its rules --------------------------------------------------------------------------------------


def _rule(title: str, part: str, rule: Any, row: _Takes) -> tuple[Rule, str]:
    """A rule of the user's as the table's rules are, and what it says."""
    takes, after_output = len(_parameters(title, part, rule)), part not in _VALUES
    if takes != len(row.names) + after_output:
        given = "the output and the operands, as slopes do" if after_output else "the operands, as value does"
        raise ArgumentError(f"{title}: {part} takes {given}, not {takes} numbers")
    if row.variadic:
        return _of_any_number(title, part, rule, row.first)
    terms, function = _read(title, part, rule, row.names)
    if not after_output and not any(not term.operands for term in within([terms])):
        raise ArgumentError(f"{title}: its {part} is the number {terms!r} whatever its operands are")
    return function, text_of(terms)


def _boundaries(title: str, part: str, columns: dict[str, Any], row: _Takes) -> str:
    """Put in the place of what the user says of kinks, or of jumps, the rule as the table's are; what it says."""
    rule = columns[part]
    parameters = _parameters(title, part, rule)
    if len(parameters) != len(row.names) or any(p.kind is p.VAR_POSITIONAL for p in parameters) or row.variadic:
        raise ArgumentError(
            f"{title}: {part} take the operands by position, as value does, and give terms that change their sign, "
            "one or several in a tuple; a row of any number of operands has none"
        )
    count = _how_many(rule, columns["points"][0])
    terms, function = _read(title, part, rule, row.names, count) if count else ((), None)
    if not terms or any(term is None for term in terms):
        raise ArgumentError(
            f"{title}: {part} give terms that change their sign there, one or several in a tuple, got "
            f"{'None' if terms else 'none: leave it out'}"
        )
    columns[part] = function
    return text_of(terms)


def _how_many(rule: Callable[..., Any], at: Any) -> int:
    """How many terms a rule gives; 1 of one that has to be read to say why it gives none."""
    try:
        found = rule(*(float(x) for x in (at if isinstance(at, tuple) else (at,))))
    except Exception:  # whatever a user's rule raises is told where it is read
        return 1
    return len(found) if isinstance(found, (tuple, list)) else 1


def _atom(title: str, atom: Atom, row: _Takes) -> tuple[Atom, str]:
    """An Atom with its portable rule as the table's are, and what that says."""
    value, array = atom.float, atom.array

    def of_floats(*xs: float) -> Any:
        found = value(*xs)
        return float(found) if isinstance(found, REAL) else found  # what is no number is refused when it is tried

    def of_arrays(*xs: Any) -> Any:
        found = np.asarray(array(*xs))
        return found.astype(float, copy=False)[()] if found.dtype.kind in "fiub" else found

    portable, said = (None, "") if atom.portable is None else _rule(title, "portable", atom.portable, row)
    return Atom(of_floats, of_arrays, portable), said


def _read(title: str, part: str, rule: Any, names: Sequence[str], count: int | None = None) -> tuple[Any, Rule]:
    is_value = part in _VALUES
    parameters = [*names] if is_value else ["y", *names]
    terms = read(rule, parameters, f"{title}: its {part}", count if is_value else len(names))
    return terms, function_from(terms, part, parameters, f"<{part} of {title}>")


def _of_any_number(title: str, part: str, rule: Any, count: int) -> tuple[Rule, str]:
    """A rule of any number of operands, read once for every number of them that occurs, and for `count` now."""

    @cache
    def of(count: int) -> tuple[Any, Rule]:
        return _read(title, part, rule, [f"x{i}" for i in range(count)])

    def value(*xs: Any) -> Any:
        return of(len(xs))[1](*xs)

    def slopes(y: Any, *xs: Any) -> Any:
        return of(len(xs))[1](y, *xs)

    return (value if part in _VALUES else slopes), text_of(of(count)[0])


# -- does it work -----------------------------------------------------------------------------------


def _try_out(row: Primitive) -> None:
    """Raise ArgumentError unless value and slopes are real numbers at the points, alone and in arrays."""
    for at in row.points:
        floats = [float(x) for x in at]
        here = f"{row.title}({', '.join(map(repr, floats))})"
        try:
            found = row.float_raising(*floats)
        except RAISED:  # the array function has the answer
            found = row.float(*floats)
        y = _real(here, found)
        for slope in row.float_slopes(y, *floats):
            _real(f"a slope of {here}", 0.0 if slope is None else slope)
        found = row.array(*(np.array([x, x]) for x in floats))
        if np.shape(found) != (2,) or np.asarray(found).dtype.kind != "f":
            raise ArgumentError(f"{row.title} of arrays of 2 numbers is an array of 2 floats, got {quoted(found)}")


def _real(what: str, found: Any) -> float:
    try:
        return number(found)
    except OperandError:
        given = f"{type(found).__name__} {quoted(found)}"
        raise ArgumentError(f"{what} is a real number, got {given}") from None
