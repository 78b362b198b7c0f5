"""Conditions on steps, such as ``abs(delta) > 10``: a small language, read with `ast` and never evaluated by Python.

A condition is compiled into functions of whole columns, so that a million steps are asked at once.
LANGUAGE says what it may speak of.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import visible
from viz.columns import Marks
from viz.debugger.steps import NUMBERS, TEXTS, StepColumns, Stretch, Texts

LANGUAGE = """\
A condition is asked of a step, and may speak of
  step            the number of the step, from 1
  value           of the node that the step is about: computed, or given a contribution
  delta, δ        that node's δ after the step
  local, slope    the slope along which the step goes, ∂node/∂operand
  contribution    what the step adds: δ(node) · local
  name, scope     of the node that the step is about; of the node whose operation it is
  op, phase       such as "tanh"; "forward", "seed" or "backward"
with numbers, "texts", + - * / % **, comparisons, in, and, or, not, and the functions
  {functions}
What has no meaning in a step, as delta in a forward one, makes the condition false there.
  abs(delta) > 10      isnan(value)      local == 0 and op in ("relu", "tanh")      "layer2" in scope"""

NUMBER, TEXT, TRUTH = "a number", "a text", "true or false"
LONGEST, DEEPEST = 500, 40  # characters, and operations inside one another

FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int, str]] = {  # with how many arguments, and what comes out
    "abs": (np.abs, 1, NUMBER),
    "sign": (np.sign, 1, NUMBER),
    "sqrt": (np.sqrt, 1, NUMBER),
    "log10": (np.log10, 1, NUMBER),
    "min": (np.minimum, 2, NUMBER),
    "max": (np.maximum, 2, NUMBER),
    "isnan": (np.isnan, 1, TRUTH),
    "isinf": (np.isinf, 1, TRUTH),
    "isfinite": (np.isfinite, 1, TRUTH),
}
LANGUAGE = LANGUAGE.format(functions=", ".join(FUNCTIONS))
CONSTANTS = {"inf": np.inf, "nan": np.nan}
ALIASES = {"δ": "delta", "slope": "local"}

_ARITHMETIC: Mapping[type, Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Mod: np.mod,
    ast.Pow: np.power,
}  # fmt: skip
_SIGNS: Mapping[type, Callable[..., Any]] = {ast.USub: np.negative, ast.UAdd: np.positive}
_COMPARISONS: Mapping[type, Callable[..., Any]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip

Column: TypeAlias = Callable[[Stretch], Any]  # of a stretch of steps, the numbers, texts or marks


@dataclass(frozen=True)
class _Compiled:
    """A part of a condition: what kind of thing it is, how it is computed, which variables it reads."""

    kind: str
    column: Column
    reads: frozenset[str] = frozenset()
    literal: Any = None  # of a text or a tuple of texts that is written out


@dataclass(frozen=True)
class Predicate:
    """A condition or a number, ready to be asked of steps."""

    text: str
    kind: str
    _column: Column
    _reads: frozenset[str]

    def holds(self, steps: StepColumns, start: int, stop: int) -> Marks:
        """For each of the steps from `start` up to `stop` whether the condition is true."""
        part = steps.part(start, stop)
        with np.errstate(all="ignore"):
            marks: Marks = np.broadcast_to(self._column(part), stop - start) & part.known(self._reads)
        return marks

    def at(self, steps: StepColumns, step: int) -> Any:
        """Its value at one step; None if it speaks of something that this step does not have."""
        part = steps.part(step, step + 1)
        if not part.known(self._reads)[0]:
            return None
        with np.errstate(all="ignore"):
            found = self._column(part)
        if isinstance(found, Texts):
            return found.table[int(found.codes[0])]
        value = np.broadcast_to(found, 1)[0]
        return bool(value) if self.kind == TRUTH else str(value) if self.kind == TEXT else float(value)


def condition(text: str) -> Predicate:
    """The condition that a text says.

    Raises:
        ArgumentError: pointing at the place, for what is not in the language
    """
    found = expression(text)
    if found.kind != TRUTH:
        raise _error(text, 0, f"this is {found.kind} and not a condition; compare it, as in {text.strip()} > 0")
    return found


def expression(text: str) -> Predicate:
    """A condition, a number or a text; raises as `condition` does."""
    if len(text) > LONGEST:
        raise ArgumentError(f"a condition has at most {LONGEST} characters, this one {len(text):,}")
    try:
        with warnings.catch_warnings(action="ignore"):  # of backslashes, which are nobody's business here
            tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        at = max((error.offset or 1) - 1, 0)
        hint = "; equality is ==" if text.strip()[at : at + 2].strip() == "=" or "==" in error.msg else ""
        raise _error(text.strip(), at, f"this cannot be read{hint}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ArgumentError("the condition cannot be read: it holds a character or a nesting that it may not") from None
    found = _Compiler(text.strip()).compiled(tree.body, 0)
    return Predicate(text.strip(), found.kind, found.column, found.reads)


def _error(text: str, at: int, what: str) -> ArgumentError:
    before = len(visible(text[:at]))  # a character that is shown as its escape is wider
    return ArgumentError(what, f"  {visible(text)}", f"  {' ' * before}^")


def _folded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of two columns as one of many: not one inside another, which could be hundreds deep."""
    return lambda *columns: reduce(function, columns)


class _Compiler:
    """Turns the syntax into functions of columns, one kind of syntax a method; everything else is refused."""

    def __init__(self, text: str) -> None:
        self._text = text

    def compiled(self, node: ast.expr, depth: int) -> _Compiled:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if depth > DEEPEST:
            raise self._wrong(node, "this is nested too deeply")
        if method is None:
            raise self._wrong(node, "this is not part of the language of conditions (see `help conditions`)")
        compiled: _Compiled = method(node, depth + 1)
        return compiled

    def _wrong(self, node: ast.AST, what: str) -> ArgumentError:
        at = len(self._text.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore"))
        return _error(self._text, at, what)

    def _of_kind(self, node: ast.expr, kind: str, depth: int) -> _Compiled:
        found = self.compiled(node, depth)
        if found.kind != kind:
            raise self._wrong(node, f"{kind} is needed here, and this is {found.kind}")
        return found

    def _applied(self, function: Callable[..., Any], kind: str, parts: list[_Compiled]) -> _Compiled:
        columns = [part.column for part in parts]
        reads = frozenset[str]().union(*(part.reads for part in parts))
        return _Compiled(kind, lambda steps: function(*(column(steps) for column in columns)), reads)

    # -- leaves ---------------------------------------------------------------------------------

    def _name(self, node: ast.Name, depth: int) -> _Compiled:
        name = ALIASES.get(node.id, node.id)
        if name in NUMBERS:
            return _Compiled(NUMBER, lambda steps: steps.numbers(name), frozenset([name]))
        if name in TEXTS:
            return _Compiled(TEXT, lambda steps: steps.texts(name), frozenset([name]))
        if name in CONSTANTS:
            return _Compiled(NUMBER, lambda steps: CONSTANTS[name])
        known = [*NUMBERS, *TEXTS, *FUNCTIONS, *CONSTANTS]
        close = get_close_matches(node.id, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join([*NUMBERS, *TEXTS])}"
        raise self._wrong(node, f"{node.id} is not known here; {hint}")

    def _constant(self, node: ast.Constant, depth: int) -> _Compiled:
        value = node.value
        if isinstance(value, str):
            return _Compiled(TEXT, lambda steps: value, literal=value)
        if isinstance(value, bool):
            return _Compiled(TRUTH, lambda steps: value)
        if not isinstance(value, (int, float)):
            raise self._wrong(node, "a number or a text in quotes is needed here")
        try:
            number = float(value)
        except OverflowError:
            raise self._wrong(node, "this number is larger than any float") from None
        return _Compiled(NUMBER, lambda steps: number)

    def _tuple(self, node: ast.Tuple | ast.List, depth: int) -> _Compiled:
        texts = [self._of_kind(element, TEXT, depth).literal for element in node.elts]
        if None in texts:
            raise self._wrong(node, "only texts in quotes can be listed")
        return _Compiled("a list of texts", lambda steps: None, literal=tuple(texts))

    _list = _tuple

    # -- operations -----------------------------------------------------------------------------

    def _binop(self, node: ast.BinOp, depth: int) -> _Compiled:
        if type(node.op) not in _ARITHMETIC:
            raise self._wrong(node, "of arithmetic there is + - * / % **; `and` and `or` are words")
        parts = [self._of_kind(side, NUMBER, depth) for side in (node.left, node.right)]
        return self._applied(_ARITHMETIC[type(node.op)], NUMBER, parts)

    def _unaryop(self, node: ast.UnaryOp, depth: int) -> _Compiled:
        if isinstance(node.op, ast.Not):
            return self._applied(np.logical_not, TRUTH, [self._of_kind(node.operand, TRUTH, depth)])
        if type(node.op) not in _SIGNS:
            raise self._wrong(node, "of signs there are - and +")
        return self._applied(_SIGNS[type(node.op)], NUMBER, [self._of_kind(node.operand, NUMBER, depth)])

    def _boolop(self, node: ast.BoolOp, depth: int) -> _Compiled:
        function = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        return self._applied(_folded(function), TRUTH, [self._of_kind(value, TRUTH, depth) for value in node.values])

    def _call(self, node: ast.Call, depth: int) -> _Compiled:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            close = get_close_matches(name, FUNCTIONS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(FUNCTIONS)}"
            raise self._wrong(node.func, f"there is no such function; {hint}")
        function, count, kind = FUNCTIONS[name]
        if len(node.args) != count or node.keywords:
            raise self._wrong(node, f"{name} takes {count} number{'s' if count > 1 else ''}")
        return self._applied(function, kind, [self._of_kind(argument, NUMBER, depth) for argument in node.args])

    # -- comparisons ----------------------------------------------------------------------------

    def _compare(self, node: ast.Compare, depth: int) -> _Compiled:
        sides = [node.left, *node.comparators]
        pairs = [self._pair(*three, depth) for three in zip(sides, node.ops, sides[1:], strict=False)]
        return self._applied(_folded(np.logical_and), TRUTH, pairs)

    def _pair(self, left: ast.expr, sign: ast.cmpop, right: ast.expr, depth: int) -> _Compiled:
        a, b = self.compiled(left, depth), self.compiled(right, depth)
        if isinstance(sign, (ast.In, ast.NotIn)):
            found = self._membership(left, a, right, b)
        elif {a.kind, b.kind} == {NUMBER} and type(sign) in _COMPARISONS:
            return self._applied(_COMPARISONS[type(sign)], TRUTH, [a, b])
        elif {a.kind, b.kind} == {TEXT} and isinstance(sign, (ast.Eq, ast.NotEq)):
            found = self._same_text(left, a, b)
        else:
            raise self._wrong(right, f"{a.kind} cannot be compared in this way with what is {b.kind}")
        return found if isinstance(sign, (ast.In, ast.Eq)) else self._applied(np.logical_not, TRUTH, [found])

    def _same_text(self, node: ast.expr, a: _Compiled, b: _Compiled) -> _Compiled:
        variable, literal = (b, a.literal) if a.literal is not None else (a, b.literal)
        if literal is None or variable.literal is not None:
            raise self._wrong(node, 'a text is compared with one in quotes, as in op == "tanh"')
        return self._asked(variable, lambda text: text == literal)

    def _membership(self, left: ast.expr, a: _Compiled, right: ast.expr, b: _Compiled) -> _Compiled:
        if isinstance(a.literal, str) and b.kind == TEXT and b.literal is None:  # "layer2" in scope
            part = a.literal
            return self._asked(b, lambda text: part in text)
        if a.kind == TEXT and a.literal is None and isinstance(b.literal, tuple):  # op in ("tanh", "relu")
            listed = b.literal
            return self._asked(a, lambda text: text in listed)
        raise self._wrong(left, '`in` looks for a text, as in "layer2" in scope, or op in ("tanh", "relu")')

    def _asked(self, texts: _Compiled, question: Callable[[str], bool]) -> _Compiled:
        """Whether something is true of each text: asked once of each that occurs."""
        asked: list[Any] = [None, None]  # the table that was asked last, and its answers

        def column(steps: Stretch) -> Marks:
            found = texts.column(steps)
            if found.table is not asked[0]:
                asked[:] = found.table, np.array([question(text) for text in found.table], bool)
            marks: Marks = asked[1][found.codes]
            return marks

        return _Compiled(TRUTH, column, texts.reads)
