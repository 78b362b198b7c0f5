"""Functions whose derivative is written beside them: JAX's `custom_jvp` and `custom_vjp`, with its calling conventions.

A call with Values or Symbols records one node an output, whose value is the function's and whose slopes are the rule's.
Function and rule are run on Symbols (see `autograd.rules`) and become a row as any other; of what that cannot record,
since it needs numbers, the row is a callback: a function of Python's, which programs call and exports refuse.
"""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, update_wrapper
from itertools import chain
from struct import pack, unpack
from typing import Any, NamedTuple, NoReturn

import numpy as np

from autograd.chain import deltas_as_graph
from autograd.collector import collector_paused
from autograd.context import now, writing_program
from autograd.errors import ArgumentError, GraphError
from autograd.lazy import lazy
from autograd.ops.expression import Expression, Term, rewritten, source_of, variable, within
from autograd.ops.primitive import Atom, Primitive, Rule, enrol, own_row, title_of
from autograd.ops.special import halves
from autograd.order import dependent, interior
from autograd.recorder import RECORDERS
from autograd.rules import function_from, terms_of, text_of, unknown
from autograd.structure import NUMBER, Structure, flatten, leaves_like
from autograd.symbol import Symbol
from autograd.text import quoted, short
from autograd.transforms import running
from autograd.value import Value

Slopes = list[dict[int, Any]]  # of each output, along those numbers of the arguments that it depends on
Dense = list[list[Any]]  # the same along all of them; None where there is none


class ByHand:
    """A function with a derivative of its own; calls it, and records what the rule says."""

    _way = ""  # how a rule is given

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        if not callable(f):
            raise ArgumentError(f"{type(self).__name__} is of a function, got {type(f).__name__} {quoted(f)}")
        if isinstance(nondiff_argnums, int):
            nondiff_argnums = (nondiff_argnums,)
        update_wrapper(self, f)
        self.f = f
        self.name = short(getattr(f, "__name__", type(f).__name__))
        if not all(isinstance(i, int) and i >= 0 for i in nondiff_argnums):
            raise ArgumentError(f"nondiff_argnums are positions such as (0,), got {quoted(nondiff_argnums)}")
        self.nondiff_argnums = tuple(nondiff_argnums)
        self._kept: dict[Any, Any] = {}  # rows by what they say, and what callbacks ask
        self._answers: dict[Structure, Structure] = {}  # how f answered arguments made so

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.name}>"

    def __reduce__(self) -> str:
        return str(self.__dict__["__qualname__"])  # found by name again, as a function is

    def __call__(self, *args: Any, **named: Any) -> Any:
        self._check_rule()
        args = self._by_position(args, named)
        fixed = {i: args[i] for i in self.nondiff_argnums if i < len(args)}
        given = tuple(x for i, x in enumerate(args) if i not in fixed)
        leaves, structure = flatten(given, f"an argument of {self.name}", flags=True)
        call = _Call(self, structure, fixed)
        if not any(isinstance(leaf, Value) for leaf in leaves):
            answer = self.checked(self.f(*args))
            self._answers[structure] = flatten(answer, f"what {self.name} returns", flags=True)[1]
            return answer
        trace = _trace_of(call, leaves)
        if trace is not None:
            return trace.answer
        for asked in self._kept.values():
            if isinstance(asked, _Asked):
                asked.forget()
        return call.answer(leaves)

    def _by_position(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        if not named and not self._has_defaults:
            return args
        bound = inspect.signature(self.f).bind(*args, **named)
        bound.apply_defaults()
        if bound.kwargs:
            raise ArgumentError(f"{self.name} takes {', '.join(bound.kwargs)} by name alone: let it come by position")
        return bound.args

    @lazy
    def _has_defaults(self) -> bool:
        """Whether arguments may be left out, which a rule is handed all the same."""
        try:
            parameters = inspect.signature(self.f).parameters.values()
        except ValueError:  # of a function in C that does not tell
            return False
        return any(parameter.default is not parameter.empty for parameter in parameters)

    def checked(self, answer: Any) -> Any:
        """What f makes of plain numbers; a Value in it came in beside the arguments."""
        leaves, _ = flatten(answer, f"what {self.name} returns", flags=True)
        for leaf in leaves:
            if isinstance(leaf, Value):
                raise ArgumentError(
                    f"{self.name} uses a Value that is not among its arguments, along which its rule says no "
                    "derivative: hand it in as an argument"
                )
        return answer

    def structure_at(self, call: _Call, leaves: Sequence[Any]) -> Structure:
        """How the answer of a function that needs numbers is made: seen at these, or before, or one number."""
        if not any(isinstance(leaf, Symbol) for leaf in leaves):
            answer = self.checked(self.f(*call.arguments(_numbers(leaves))))
            self._answers[call.structure] = flatten(answer, f"what {self.name} returns", flags=True)[1]
        return self._answers.get(call.structure, NUMBER)

    def kept(self, key: Any, make: Callable[[], Any]) -> Any:
        """What was made for this before, or now."""
        try:
            found = self._kept.get(key)
        except TypeError:  # an argument at nondiff_argnums that has no hash
            return make()
        if found:
            return found
        made = self._kept.setdefault(key, make())
        while len(self._kept) > _ROWS:  # what nothing else uses is then gone
            self._kept.pop(next(iter(self._kept)), None)
        return made

    def _check_rule(self) -> None:
        raise NotImplementedError

    def slopes(self, call: _Call, primals: Sequence[Any], outputs: Structure, ask: Ask) -> tuple[Slopes, list[Any]]:
        """The rule of Values or Symbols as slopes, and the numbers beside these in which it must be linear.

        `ask` calls what the user wrote.
        """
        raise NotImplementedError

    def slopes_at(self, call: _Call, primals: Sequence[float], outputs: Structure, unit: float = 1.0) -> Dense:
        """`unit` times the same at floats, where the rule is handed nothing else."""
        raise NotImplementedError


class custom_jvp(ByHand):
    """A function whose derivative along a direction is written by hand, as JAX's of that name.

    The rule given to `defjvp` takes the arguments and a direction, as tuples, and returns the function's value and how
    it moves; it is linear in the direction.  Where derivatives are derived again, it is the rule that is derived.
    Arguments at `nondiff_argnums` are handed to the rule before these, as they are.

    >>> from autograd import custom_jvp, exp, grad, log
    >>> @custom_jvp
    ... def log1pexp(x):
    ...     return log(1.0 + exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), (1.0 - 1.0 / (1.0 + exp(x))) * t
    >>> grad(log1pexp)(100.0)
    1.0

    The value is always the function's own.

    Raises:
        GraphError: where it is called before it has a rule
        ArgumentError: for a rule that returns something else, and for a Value that comes in beside the arguments
    """

    rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Take `rule(primals, tangents)`, which returns (value, how it moves), as the derivative; gives it back."""
        self.rule = rule
        self._kept.clear()
        return rule

    def defjvps(self, *rules: Callable[..., Any] | None) -> None:
        """Take one rule an argument, `rule(tangent, value, *primals)`, or None; how the value moves is their sum."""

        def rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
            value = self(*primals)
            moves = [along(tangent, value, *primals) for along, tangent in zip(rules, tangents, strict=True) if along]
            zero = flatten(value, f"what {self.name} returns")[1]
            total = moves[0] if moves else zero.build([0.0] * zero.size)
            for move in moves[1:]:
                total = total + move
            return value, total

        self.defjvp(rule)

    def _check_rule(self) -> None:
        if self.rule is None:
            raise GraphError(f"{self.name} has no derivative yet: give it one with {self.name}.defjvp(rule)")

    def _moved(self, call: _Call, primals: Sequence[Any], tangents: Sequence[Any], outputs: Structure, ask: Ask) -> Any:
        """How each output moves, by the rule."""
        built, rule = call.structure.build, self.rule
        answer = ask(lambda: rule(*call.fixed.values(), built(primals), built(tangents)))  # type: ignore[misc]  # checked
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            raise ArgumentError(
                f"the rule of {self.name} returns two things, its value and how that moves, got {quoted(answer)}"
            )
        return leaves_like(answer[1], outputs, f"how {self.name} moves")

    def slopes(self, call: _Call, primals: Sequence[Any], outputs: Structure, ask: Ask) -> tuple[Slopes, list[Any]]:
        tangents = [_like(primals) for _ in primals]
        with running(tangents):
            moves = self._moved(call, primals, tangents, outputs, ask)
            _check_steady(self, moves, tangents)
            return _derivatives(moves, tangents, primals), tangents

    def slopes_at(self, call: _Call, primals: Sequence[float], outputs: Structure, unit: float = 1.0) -> Dense:
        n = len(primals)
        columns = [self._moved(call, primals, [unit * (i == j) for j in range(n)], outputs, _plainly) for i in range(n)]
        return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(outputs.size)]


class custom_vjp(ByHand):
    """A function whose derivative backwards is written by hand, as JAX's of that name.

    `defvjp(fwd, bwd)` takes two functions: `fwd` of the arguments returns the function's value and whatever `bwd` is to
    have; `bwd` of that and of δ, made as the value is, returns a tuple of one δ an argument, made as that is, or None.
    Where derivatives are derived again, it is these that are derived.  Other than JAX's, it works forwards too.
    Arguments at `nondiff_argnums` are handed to `bwd` before these, as they are.

    >>> from autograd import custom_vjp, grad
    >>> @custom_vjp
    ... def reversed_gradient(x):
    ...     return x
    >>> reversed_gradient.defvjp(lambda x: (x, None), lambda _, delta: (-delta,))
    >>> grad(lambda x: reversed_gradient(x) ** 2)(3.0)
    -6.0

    A node keeps slopes, with which δ is multiplied; a `bwd` that is not linear in δ, as one that clips it, is refused
    with ArgumentError.  The value is always the function's own.  Raises as `custom_jvp` does.
    """

    fwd: Callable[..., Any] | None = None
    bwd: Callable[..., Any] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Take these as the derivative."""
        self.fwd, self.bwd = fwd, bwd
        self._kept.clear()

    def _check_rule(self) -> None:
        if self.fwd is None or self.bwd is None:
            raise GraphError(f"{self.name} has no derivative yet: give it one with {self.name}.defvjp(fwd, bwd)")

    def _left(self, call: _Call, primals: Sequence[Any], ask: Ask) -> Any:
        """What `fwd` leaves for `bwd`."""
        forward = self.fwd
        answer = ask(lambda: forward(*call.arguments(primals)))  # type: ignore[misc]  # checked
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            raise ArgumentError(f"fwd of {self.name} returns two things, the value and what bwd is to have")
        return answer[1]

    def _sent(self, call: _Call, kept: Any, deltas: Sequence[Any], outputs: Structure, ask: Ask) -> list[Any]:
        """The δ of each number of the arguments; None where there is none."""
        backwards = self.bwd
        given = outputs.build(deltas)
        answer = ask(lambda: backwards(*call.fixed.values(), kept, given))  # type: ignore[misc]  # checked
        parts = call.structure.parts or (NUMBER,) * call.structure.size
        if not isinstance(answer, (tuple, list)) or len(answer) != len(parts):
            count = len(answer) if isinstance(answer, (tuple, list)) else quoted(answer)
            raise ArgumentError(
                f"bwd of {self.name} returns a tuple of one δ an argument, {len(parts)} of them, got {count}"
            )
        return [leaf for delta, part in zip(answer, parts, strict=True) for leaf in _leaves_of(delta, part, self.name)]

    def slopes(self, call: _Call, primals: Sequence[Any], outputs: Structure, ask: Ask) -> tuple[Slopes, list[Any]]:
        kept = self._left(call, primals, ask)
        if not isinstance(_like(primals), Symbol):
            dense = self._rows_of(call, kept, outputs, 1.0)
            return [{i: slope for i, slope in enumerate(row) if slope is not None} for row in dense], []
        deltas = [Symbol() for _ in range(outputs.size)]
        with running(deltas):
            sent = self._sent(call, kept, deltas, outputs, ask)
            _check_steady(self, sent, deltas)
            columns = _derivatives(sent, deltas, primals)
        rows: Slopes = [{} for _ in deltas]
        for i, column in enumerate(columns):
            for j, slope in column.items():
                rows[j][i] = slope
        return rows, deltas

    def slopes_at(self, call: _Call, primals: Sequence[float], outputs: Structure, unit: float = 1.0) -> Dense:
        return self._rows_of(call, self._left(call, primals, _plainly), outputs, unit)

    def _rows_of(self, call: _Call, kept: Any, outputs: Structure, unit: float) -> Dense:
        n = outputs.size
        return [self._sent(call, kept, [unit * (i == j) for i in range(n)], outputs, _plainly) for j in range(n)]


def _leaves_of(delta: Any, part: Structure, name: str) -> list[Any]:
    return [None] * part.size if delta is None else leaves_like(delta, part, f"a δ from bwd of {name}")


def _like(primals: Sequence[Any]) -> Value:
    """A number that is handed to a rule beside these: not known if they are not."""
    return Symbol() if any(isinstance(x, Symbol) for x in primals) else Value(0.0)


def _check_steady(function: ByHand, results: Sequence[Any], of: Sequence[Value]) -> None:
    """Raise ArgumentError unless results are sums of products with one of these: nothing is added, nothing rounded.

    Slopes do not show it: those of sign(t), and of t + 1, know nothing of t.
    """
    nodes = [result for result in results if isinstance(result, Value)]
    moving = dependent(interior(*nodes), of)
    for node in interior(*nodes):
        if node in moving and not _is_linear(node, moving):
            raise _not_linear(function)
    for result in results:
        if result is not None and result not in moving and not _is_zero(result):
            raise _not_linear(function)


def _is_linear(node: Value, moving: Collection[Value]) -> bool:
    """Whether a node that moves is linear in its operands that do, and has no others to add."""
    row, operands = (node._row.name if node._row else ""), node.operands
    moves = [isinstance(o, Value) and o in moving for o in operands]
    fits = [m or _is_zero(o) for m, o in zip(moves, operands, strict=True)]  # moves, or adds nothing
    if row == "dot":
        return _is_linear_dot(moves, list(map(_is_zero, operands)))
    if row in _CHOOSES:
        return not moves[0] and all(fits[1:])
    if row in _SCALES:
        return sum(moves) == 1 and (row == "multiply" or moves[0])
    return row in _ADDS and all(fits)


def _is_linear_dot(moves: Sequence[bool], is_zero: Sequence[bool]) -> bool:
    """Whether in each product one factor moves, or one is 0; and the bias moves, or is."""
    (weights, xs, bias), (no_weights, no_xs, no_bias) = halves(moves), halves(is_zero)
    products = zip(weights, xs, no_weights, no_xs, strict=True)
    fit = all(w != x or (not w and (no_w or no_x)) for w, x, no_w, no_x in products)
    return fit and all(map(operator.or_, bias, no_bias))


_ADDS = {"add", "subtract", "sum", "negative", "positive"}
_SCALES = {"multiply", "divide"}
_CHOOSES = {"where", "guard"}


def _is_zero(operand: Any) -> bool:
    """Whether it is the number 0, or a product with it."""
    if isinstance(operand, Value):
        return operand._row is not None and operand._row.name == "multiply" and any(map(_is_zero, operand.operands))
    return bool(operand == 0.0)


def _derivatives(results: Sequence[Any], of: Sequence[Value], above: Sequence[Any]) -> Slopes:
    """∂result/∂each as a graph, for each result: along those that it depends on."""
    known = {x for x in above if isinstance(x, Value)}
    places = {x: i for i, x in enumerate(of)}
    rows = []
    for result in results:
        towards = dependent(interior(result, above=known), of) if isinstance(result, Value) else ()
        found = deltas_as_graph({result: 1.0}, known, towards) if result in towards else {}
        rows.append({places[x]: delta for x, delta in found.items() if x in places})
    return rows


# -- asking what the user wrote ---------------------------------------------------------------------

Ask = Callable[[Callable[[], Any]], Any]


class _NeedsNumbers(Exception):
    """What the user wrote cannot be run on Symbols."""


def _plainly(question: Callable[[], Any]) -> Any:
    return question()


def _recording(question: Callable[[], Any]) -> Any:
    """Ask where nothing is known; what is raised then is raised again where numbers are."""
    try:
        return question()
    except Exception as error:
        raise _NeedsNumbers from error


class _Trace(NamedTuple):
    """That a function and its rule are being recorded at these Symbols, and how a call of it is then answered."""

    call: _Call
    leaves: list[Any]
    answer: Any


_TRACES: ContextVar[tuple[_Trace, ...]] = ContextVar("traces", default=())


@contextmanager
def _tracing(trace: _Trace) -> Iterator[None]:
    token = _TRACES.set((*_TRACES.get(), trace))
    try:
        yield
    finally:
        _TRACES.reset(token)


def in_rule() -> bool:
    """Whether what is recorded now is a function with a derivative by hand, or its rule: their terms hold no loop."""
    return bool(_TRACES.get())


def _trace_of(call: _Call, leaves: Sequence[Any]) -> _Trace | None:
    """The trace in which a function is called by itself or its own rule, where its value then stands."""
    for trace in _TRACES.get()[::-1]:
        if trace.call.function is call.function:
            same: bool = len(leaves) == len(trace.leaves) and all(map(operator.is_, leaves, trace.leaves))
            if same and trace.call.is_like(call) and trace.answer is not None:
                return trace
            raise GraphError(f"{call.function.name} calls itself at other arguments, which cannot be recorded")
    return None


# -- one call ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Call:
    """A function with arguments made so, and with these at `nondiff_argnums`."""

    function: ByHand
    structure: Structure
    fixed: dict[int, Any]

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from calls at other arguments: of numbers their kinds and bits, since 1 == 1.0 == True."""
        return self.structure, tuple((i, _exact(thing)) for i, thing in sorted(self.fixed.items()))

    def is_like(self, other: _Call) -> bool:
        """Whether the arguments that are no numbers are the same, and numbers stand in them alike."""
        if self.structure != other.structure or self.fixed.keys() != other.fixed.keys():
            return False
        try:
            return bool(hash(self.key) == hash(other.key) and self.key == other.key)
        except TypeError:  # what has no hash is like itself alone
            return all(other.fixed[i] is thing for i, thing in self.fixed.items())

    def arguments(self, leaves: Sequence[Any]) -> list[Any]:
        """All arguments, around these numbers."""
        given = list(self.structure.build(leaves))
        for i in sorted(self.fixed):
            given.insert(i, self.fixed[i])
        return given

    def answer(self, leaves: Sequence[Any]) -> Any:
        """What the function returns, as nodes of what its rows say."""
        outputs, rows = self._read(leaves)
        found = [
            row if isinstance(row, float) else RECORDERS[row.name](*[leaves[i] for i in wanted]) for row, wanted in rows
        ]
        if self._is_guessed(leaves):
            for node in found:
                if type(node) is Symbol and isinstance(node._row.rule, Atom):  # type: ignore[union-attr]  # computed
                    node.__class__ = _Unseen
        return outputs.build(found)

    def _is_guessed(self, leaves: Sequence[Any]) -> bool:
        """Whether the answer of a function that needs numbers would only be taken to be one number."""
        return self.structure not in self.function._answers and any(isinstance(leaf, Symbol) for leaf in leaves)

    def _read(self, leaves: Sequence[Any]) -> tuple[Structure, list[_Row]]:
        """How the answer is made, and for each number of it its row and which numbers that is of."""
        primals = [Symbol() for _ in range(self.structure.size)]
        with running(primals), collector_paused(), writing_program():
            start = now()
            values, outputs = self._values(primals, leaves)
            placeholders = [Symbol() for _ in range(outputs.size)]
            slopes: Slopes | None
            try:
                with _tracing(_Trace(self, primals, outputs.build(placeholders))):
                    slopes, linear = self.function.slopes(self, primals, outputs, _recording)
            except _NeedsNumbers:
                slopes, linear = None, []
            except ArgumentError as error:
                if values is None and self._is_guessed(leaves):
                    raise ArgumentError(f"{error}; {_unseen(self.function.name)}") from None
                raise
            names: dict[Value, Term] = {symbol: variable(f"p{i}") for i, symbol in enumerate(primals)}
            names |= {symbol: variable(f"y{j}") for j, symbol in enumerate(placeholders)}
            names |= dict.fromkeys(linear, variable("linear"))
            reader = _Reader(self, outputs, *self._terms(values, slopes, names, start))
        return outputs, [reader.row(j) for j in range(outputs.size)]

    def _terms(
        self, values: list[Any] | None, slopes: Slopes | None, names: dict[Value, Term], start: int
    ) -> tuple[list[Term] | None, list[dict[int, Term]] | None]:
        """What was recorded, in terms."""
        local = [row[i] for row in slopes or () for i in row]
        terms = iter(terms_of([*(values or ()), *local], names, start, self.function.name))
        return (
            None if values is None else [next(terms) for _ in values],
            None if slopes is None else [{i: next(terms) for i in row} for row in slopes],
        )

    def _values(self, primals: list[Any], leaves: Sequence[Any]) -> tuple[list[Any] | None, Structure]:
        """The function recorded, and how its answer is made; of one that needs numbers, that is seen at some."""
        try:
            with _tracing(_Trace(self, primals, None)):
                answer = _recording(lambda: self.function.f(*self.arguments(primals)))
            return flatten(answer, f"what {self.function.name} returns", flags=True)
        except _NeedsNumbers:
            with _tracing(_Trace(self, primals, None)):
                return None, self.function.structure_at(self, leaves)


def _unseen(name: str) -> str:
    return (
        f"{name} needs numbers and was not called with any yet, so its answer is taken to be one number: call it once "
        "with numbers before it is compiled"
    )


class _Unseen(Symbol):
    """The answer of a function that was never seen to answer: what takes it apart is told so."""

    __slots__ = ()

    def _apart(self, *_: object) -> NoReturn:
        raise GraphError(_unseen(title_of(self._row.name if self._row else "")))

    __getitem__ = __iter__ = __len__ = _apart


_Row = tuple["Primitive | float", Sequence[int]]  # and of which numbers of the arguments it is


@dataclass(frozen=True)
class _Reader:
    """What was recorded of one call, read output by output; None of what needs numbers."""

    call: _Call
    outputs: Structure
    values: list[Term] | None
    slopes: list[dict[int, Term]] | None

    def row(self, j: int) -> _Row:
        """The row of output j; a float if it is of no number of the arguments."""
        value, local = None if self.values is None else self.values[j], self._local(j)
        wanted: Sequence[int] = range(self.call.structure.size)
        if value is not None and local is not None:
            used = {int(name[1:]) for name in _names([value, *local.values()]) if name[0] == "p"}
            wanted = sorted(used | local.keys())
            if not wanted:
                return float(value), ()
        parameters = [f"x{k}" for k in range(len(wanted))]
        names = {f"p{i}": variable(x) for i, x in zip(wanted, parameters, strict=True)} | {f"y{j}": variable("y")}
        listed = [value, *([] if local is None else map(local.get, wanted))]
        value, *renamed = rewritten(listed, lambda term, operands: _renamed(term, operands, names))
        slopes = None if local is None else tuple(renamed)
        said = tuple(part for text in source_of([value, *renamed]) for part in text)
        key = said if value is not None and slopes is not None else (self._key, j, said)
        return self.call.function.kept(key, lambda: self._made(j, parameters, value, slopes)), wanted

    def _local(self, j: int) -> dict[int, Term] | None:
        """Its slopes, other outputs in them written out; none if those need numbers."""
        if self.slopes is None:
            return None
        names = _names(self.slopes[j].values())
        if "linear" in names:
            raise _not_linear(self.call.function)
        others = {name for name in names if name[0] == "y"} - {f"y{j}"}
        if others and self.values is None:
            return None
        known: dict[str, Term] = {name: self.values[int(name[1:])] for name in others} if self.values else {}
        slopes = rewritten(list(self.slopes[j].values()), lambda term, operands: _renamed(term, operands, known))
        return dict(zip(self.slopes[j], slopes, strict=True))

    @property
    def _key(self) -> Any:
        return self.call.key, self.outputs

    def _made(self, j: int, names: list[str], value: Term | None, slopes: tuple[Term, ...] | None) -> Primitive:
        name = self.call.function.name
        title = name if name.isascii() and name.isidentifier() else "by_hand"
        asked = self.call.function.kept(self._key, lambda: _Asked(self.call, self.outputs))
        begin = None if value is not None and slopes is not None else asked.forget
        rule = Atom(asked.value(j)) if value is None else function_from(value, "value", names, f"<value of {title}>")
        local = (
            asked.slopes(j, names)
            if slopes is None
            else function_from(slopes, "slopes", ["y", *names], f"<slopes of {title}>")
        )
        doc = (self.call.function.__doc__ or title).strip().partition("\n")[0].rstrip(".")
        said = "" if value is None or slopes is None else text_of((value, *slopes))
        columns = {"definition": "", "points": (), "doc": doc, "said": said}
        row = own_row(title, rule, local, by_hand=True, opaque=slopes is None, begin=begin, **columns)
        enrol(row)
        return row


def _exact(thing: Any) -> Any:
    """A thing as a key that is equal only to that of the same."""
    if isinstance(thing, (tuple, frozenset)):
        return type(thing), tuple(map(_exact, thing))
    return type(thing), repr(thing) if isinstance(thing, (float, complex)) else thing


def _names(terms: Iterable[Term]) -> set[str]:
    return {term.name for term in within(list(terms)) if not term.operands}


def _renamed(term: Expression, operands: tuple[Term, ...], names: Mapping[str, Term]) -> Term:
    return Expression(term.name, *operands) if operands else names.get(term.name, term)


def _not_linear(function: ByHand) -> ArgumentError:
    return ArgumentError(
        f"the rule of {function.name} is not linear in what it is handed beside the arguments, a direction or a δ, but "
        "a node keeps slopes, which it is multiplied with: let the rule multiply it, and do the rest to the gradient"
    )


class _Asked:
    """A function and its rule, called with numbers; what they say is kept for the other outputs and slots."""

    def __init__(self, call: _Call, outputs: Structure) -> None:
        self._call, self._outputs = call, outputs
        self._is_linear = False
        self._values = lru_cache(_MOST)(self._values_at)
        self._slopes = lru_cache(_MOST)(self._slopes_at)

    def forget(self) -> None:
        """Ask anew: a call is one, though nothing but a random draw may differ."""
        self._values.cache_clear()
        self._slopes.cache_clear()

    def value(self, j: int) -> Rule:
        """Output j, of floats."""
        return lambda *xs: self._values(_bits(xs))[j]

    def slopes(self, j: int, names: Sequence[str]) -> Rule:
        """The slopes of output j, of any numbers but letters."""

        def slopes(y: Any, *xs: Any) -> tuple[Any, ...]:
            if any(isinstance(x, Expression) for x in xs):
                raise unknown(f"the rule of {self._call.function.name}")
            if any(isinstance(x, Value) for x in xs):
                found = self._call.function.slopes(self._call, xs, self._outputs, _plainly)[0][j]
                return tuple(map(found.get, range(len(xs))))
            if any(isinstance(x, np.ndarray) for x in xs):
                return self._of_arrays(j, xs)
            return tuple(self._slopes(_bits(xs))[j])

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        slopes.__dict__["__signature__"] = inspect.Signature([inspect.Parameter(x, kind) for x in ("y", *names)])
        return slopes

    def _of_arrays(self, j: int, xs: Sequence[Any]) -> tuple[Any, ...]:
        samples = np.stack(np.broadcast_arrays(*xs), -1)
        found = [[slope or 0.0 for slope in self._slopes(_bits(at))[j]] for at in samples.reshape(-1, len(xs)).tolist()]
        return tuple(np.moveaxis(np.array(found).reshape(samples.shape), -1, 0))

    def _values_at(self, bits: bytes) -> list[float]:
        function = self._call.function
        answer = function.checked(function.f(*self._call.arguments(_floats(bits))))
        leaves, structure = flatten(answer, f"what {function.name} returns", flags=True)
        if structure != self._outputs:
            raise ArgumentError(
                f"{function.name} returned {structure.size} numbers, made otherwise than was expected where it was "
                "recorded: call it once with numbers before it is compiled, and let it return the same kind of thing"
            )
        return leaves

    def _slopes_at(self, bits: bytes) -> Dense:
        numbers = _floats(bits)
        found = self._asked(numbers, 1.0)
        for unit in () if self._is_linear else (1e8, 1e-8):
            _check_linear(self._call.function, unit, found, self._asked(numbers, unit))
        self._is_linear = True
        return found

    def _asked(self, numbers: list[float], unit: float) -> Dense:
        function = self._call.function
        rows = function.slopes_at(self._call, numbers, self._outputs, unit)
        return [[None if x is None else function.checked(x) for x in row] for row in rows]


def _check_linear(function: ByHand, unit: float, slopes: Dense, scaled: Dense) -> None:
    """What the rule says of a large or a small number is as much more or less."""
    for one, many in zip(chain.from_iterable(slopes), chain.from_iterable(scaled), strict=True):
        one, many = one or 0.0, many or 0.0
        if math.isfinite(one) and not math.isclose(many, unit * one, rel_tol=1e-6, abs_tol=1e-14 * unit):
            raise _not_linear(function)


_MOST = 4096  # samples of which values and slopes are kept
_ROWS = 512  # rows that a function keeps, and what callbacks of it ask


def _floats(bits: bytes) -> list[float]:
    return list(unpack(f"{len(bits) // 8}d", bits))


def _bits(numbers: Sequence[float]) -> bytes:
    return pack(f"{len(numbers)}d", *numbers)


def _numbers(leaves: Sequence[Any]) -> list[float]:
    return [x.data if isinstance(x, Value) else x for x in leaves]
