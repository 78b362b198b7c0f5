"""One primitive is one row: its value, its slopes, how it is written, where it is tested.

A row's rules are ordinary arithmetic and are read in several ways, by what they are handed:

    floats        `Primitive.float` and `Primitive.float_slopes`, compiled from the rule's own source
    arrays        `Primitive.array` and `Primitive.array_slopes`, with NumPy's IEEE arithmetic
    Expressions   the rule as a tree, from which its source is printed
    Values        whatever has an `__apply__` method decides itself what applying a primitive means
"""

from __future__ import annotations

import inspect
import linecache
import math
import re
from collections import deque
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple, TypeAlias
from weakref import WeakValueDictionary, finalize

import numpy as np

from autograd.errors import FileFormatError, GraphError
from autograd.lazy import lazy
from autograd.ops.expression import PYTHON, Expression, Syntax, Term, rewritten, source_of, variable
from autograd.text import quoted

Rule = Callable[..., Any]
Real: TypeAlias = float  # inside Primitive, `float` is a reading
RAISED = (OverflowError, ValueError, ZeroDivisionError)  # what math raises where IEEE 754 has an answer

_GONE: deque[tuple[str, object]] = deque()  # names and texts of functions that are gone

_WRITTEN = {*PYTHON.written, "abs"}  # what a printed source says without a call
_QUIET: Any = {"divide": "ignore", "over": "ignore", "under": "ignore", "invalid": "ignore"}


class Atom:
    """A value that Python has a function for: one a reading, and what it is in arithmetic and other rows.

    A target that has no such function (see `resolution`) writes the portable rule; without one it refuses the row.

    Args:
        float: on Python floats; may raise where IEEE has an answer, the array function then speaks
        array: on NumPy arrays; without one `float` is called for each element
        portable: the value in arithmetic and other rows; None for operands of which it cannot say anything

    >>> Atom(math.cosh).array(np.zeros(2))
    array([1., 1.])
    """

    __slots__ = ("array", "float", "portable")

    def __init__(self, float: Rule, array: Rule | None = None, portable: Rule | None = None) -> None:
        self.float = float
        self.array = each_element(float) if array is None else array
        self.portable = portable


def each_element(function: Rule) -> Rule:
    """A function of floats as one of arrays."""

    def array(*operands: Any) -> Any:
        return np.asarray(np.frompyfunc(function, len(operands), 1)(*operands), float)[()]

    return array


class EdgeCase(NamedTuple):
    """A convention at a kink or at an edge of the domain: what holds there is data, and tested."""

    at: tuple[float, ...]
    value: float
    slopes: tuple[float | None, ...]  # None: nothing is said about this slope


@dataclass(frozen=True, eq=False)
class Primitive:
    """A row of the table.

    Call it with numbers of one kind, and it answers in that kind:

    >>> from autograd.ops.table import tanh
    >>> tanh(0.0), tanh(np.array([0.0, 1.0])).round(4)
    (0.0, array([0.    , 0.7616]))

    The slopes are the local derivatives, one an operand, given the output first:

    >>> tanh.float_slopes(0.0, 0.0)
    (1.0,)
    """

    name: str
    rule: Rule | Atom  # the value
    slopes: Rule  # (y, *operands) → one slope an operand (alone when there is one operand)
    definition: str  # the mathematics, in Python's notation: what the careful rule must agree with
    points: tuple[tuple[float, ...], ...]  # where every reading is tested
    edges: tuple[EdgeCase, ...] = ()
    kinks: Rule | None = None  # (*operands) → a term, or several: where one changes its sign, the slopes jump
    jumps: Rule | None = None  # and where one of these does, the value jumps; nan: neither is near
    smooth: Rule | None = None  # (h, *operands) → the value with its kinks and jumps smoothed within a width h
    textbook: Rule | None = None  # the slopes as a book prints them, where the careful rule differs
    symbol: str = ""  # in a picture: × for multiply
    shows: str = ""  # in a formula, in Python's syntax; else it is a function of its name
    operator: str = ""  # Python's: "mul" means __mul__ and __rmul__
    aliases: tuple[str, ...] = ()  # NumPy's and PyTorch's names
    method: bool = False  # also a method of Value, as y = x.tanh()
    doc: str = ""
    defaults: dict[str, float] = field(default_factory=dict)
    variadic: bool = False  # any number of operands
    reads_table: bool = False  # those behind the first are a table, in which the first one, a number, looks up
    orders: int = 0  # so many operands, the first, are orders of derivatives: whole numbers, not differentiated
    revision: int = 1  # raised when the row comes to mean another function: files of programs have it
    called: str = ""  # what a user calls a row of their own, whose name is its alone (see `own_row`)
    by_hand: bool = False  # its derivative is a function that was given beside it, by custom_jvp or custom_vjp
    opaque: bool = False  # its slopes, too, are a function of Python's, which needs numbers
    said: str = ""  # the rules of a user's row as they were read, which tell it from another of its title
    begin: Callable[[], None] | None = None  # told where a call begins, if what was answered before is kept

    def __repr__(self) -> str:
        return f"<primitive {self.title}>"

    def __reduce__(self) -> tuple[Rule, tuple[str, ...]]:
        if self.by_hand:
            raise GraphError(
                f"{self.title} has a derivative that was written by hand, which cannot be pickled: pickle numbers, or "
                "write it as a primitive(…)"
            )
        return (lookup, (self.name,)) if not self.is_own else (enrolled, (self.title, self.said))

    def __copy__(self) -> Primitive:
        return self

    def __deepcopy__(self, memo: object) -> Primitive:
        return self

    def __call__(self, *operands: Any) -> Any:
        for operand in operands:
            apply = getattr(operand, "__apply__", None)
            if apply is not None:
                return apply(self, operands)
        if any(isinstance(operand, (np.ndarray, np.generic)) for operand in operands):
            return self.array(*operands)
        return self.float(*operands)

    @lazy
    def operands(self) -> tuple[str, ...]:
        """The names of the operands, as the rule calls them; of a variadic row, of the rest."""
        names = list(inspect.signature(self.slopes).parameters.values())[1:]
        return tuple(name.name for name in names)

    @lazy
    def arity(self) -> int | None:
        """How many operands, or None if any number."""
        return None if self.variadic else len(self.operands)

    @lazy
    def is_weighted(self) -> bool:
        """Whether its operands are weights, as many inputs, and perhaps one more: a dot."""
        return self.variadic and not self.is_own and re.search(r"\bws\b", self.definition) is not None

    @property
    def portable(self) -> Rule | None:
        """The value in arithmetic and other rows, if it can be had so."""
        return self.rule.portable if isinstance(self.rule, Atom) else self.rule

    @lazy
    def is_piecewise(self) -> bool:
        """Whether its definition chooses, as relu's; else a choice in its slopes is between forms of one number."""
        return not self.definition or re.search(r"\bif\b|\bmax\(|\bmin\(", self.definition) is not None

    def boundaries(self, *operands: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """(its kinks, its jumps) on any kind of number: terms that change their sign there.

        >>> from autograd.ops.table import clip, step
        >>> clip.boundaries(0.5, -1.0, 1.0), step.boundaries(2.0)
        (((1.5, -0.5), ()), ((), (2.0,)))
        """
        return tuple(_listed(rule(*operands)) if rule else () for rule in (self.kinks, self.jumps))  # type: ignore[return-value]  # two

    @property
    def title(self) -> str:
        """What it is called where people read it."""
        return self.called or self.name

    @property
    def is_own(self) -> bool:
        """Whether a user wrote it, and so its slopes, which need not be those of the value."""
        return bool(self.called)

    @property
    def has_index(self) -> bool:
        """Whether the first operand is a constant that chooses among the others, as in softmax(i, *xs)."""
        return self.leading > 0 and not self.reads_table

    @lazy
    def leading(self) -> int:
        """How many operands stand before those of which there are any number."""
        return len(self.operands) - 1 if self.variadic else 0

    # -- the value ------------------------------------------------------------------------------

    @lazy
    def float(self) -> Rule:
        """The value on Python floats, never raising: IEEE arithmetic answers where math will not."""
        body, array = self.float_raising, self.array

        def value(*operands: Real) -> Real:
            try:
                return Real(body(*operands))
            except RAISED:
                return Real(array(*map(np.float64, operands)))

        return value

    @lazy
    def float_raising(self) -> Rule:
        """The value on Python floats as math has it: where it raises (see RAISED), `float` has the answer."""
        if isinstance(self.rule, Atom):
            return self.rule.float
        if self.variadic:
            return self.rule
        return function_of(self.value_term(self._variables), "value", self.operands, f"<value of {self.name}>")

    def array(self, *operands: Any) -> Any:
        """The value on NumPy arrays, elementwise, with IEEE's inf and nan and no warnings."""
        rule = self.rule.array if isinstance(self.rule, Atom) else self.rule
        with np.errstate(**_QUIET):
            return rule(*operands)

    # -- the slopes -----------------------------------------------------------------------------

    def local(self, y: Any, *operands: Any) -> tuple[Any, ...]:
        """The slopes on any kind of number: one an operand, None where there is no derivative."""
        slopes = self.slopes(y, *operands)
        return slopes if isinstance(slopes, tuple) else (slopes,)

    @lazy
    def float_slopes(self) -> Rule:
        """The slopes on Python floats, never raising."""
        body = self.local if self.variadic or self.opaque else self._printed_slopes()

        def slopes(y: Real, *operands: Real) -> tuple[Real | None, ...]:
            try:
                return tuple(body(y, *operands))
            except RAISED:
                return tuple(
                    None if slope is None else Real(slope)
                    for slope in self.array_slopes(np.float64(y), *map(np.float64, operands))
                )

        return slopes

    def _printed_slopes(self) -> Rule:
        terms = self.slope_terms(self._variables)
        return function_of(terms, "slopes", ("y", *self.operands), f"<slopes of {self.name}>")

    def array_slopes(self, y: Any, *operands: Any) -> tuple[Any, ...]:
        """The slopes on NumPy arrays."""
        with np.errstate(**_QUIET):
            return self.local(y, *operands)

    def value_and_slopes(self, *operands: Real) -> tuple[Any, ...]:
        """(y, slopes) on floats, the long way round: for recorders, after something has raised."""
        y = self.float(*operands)
        return y, self.float_slopes(y, *operands)

    @property
    def _variables(self) -> list[Expression]:
        return [variable(name) for name in self.operands]

    # -- the rule as a tree ---------------------------------------------------------------------

    def value_term(self, operands: Sequence[Term]) -> Term:
        """The value as an Expression of `operands`."""
        return Expression(self.name, *operands) if isinstance(self.rule, Atom) else self.rule(*operands)

    def slope_terms(self, operands: Sequence[Term]) -> tuple[Term, ...]:
        """The slopes as Expressions of `operands` and y."""
        return self.local(variable("y"), *operands)


def _listed(terms: Any) -> tuple[Any, ...]:
    return terms if isinstance(terms, tuple) else (terms,)


TABLE: dict[str, Primitive] = {}  # every row by its name, in the order of the page
_BY_ANY_NAME: dict[str, Primitive] = {}

# Not a row: what the `op` of a leaf says that was cut from its graph.
DETACHED = Primitive("detached", lambda x: x, lambda y, x: None, "x", ())
_BY_ANY_NAME["detached"] = DETACHED


def row(name: str, rule: Rule | Atom, slopes: Rule, **columns: Any) -> Primitive:
    """Add a row to the table; the columns are the fields of `Primitive`."""
    if not isinstance(rule, Atom):
        parameters = inspect.signature(rule).parameters.values()
        columns["defaults"] = {p.name: p.default for p in parameters if p.default is not p.empty}
    primitive = Primitive(name, rule, slopes, **tidied(columns))
    TABLE[name] = primitive
    for known_as in (name, *primitive.aliases):
        _BY_ANY_NAME[known_as] = primitive
    return primitive


def tidied(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns of a row with points and edges as tuples, which a row of one operand may write without."""
    points = tuple(at if isinstance(at, tuple) else (at,) for at in columns["points"])
    return columns | {"points": points, "edges": tuple(EdgeCase(*_tuples(edge)) for edge in columns.get("edges", ()))}


def _tuples(edge: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    """An edge of a one-operand row may be written without the inner parentheses."""
    at, value, slopes = edge
    return (
        at if isinstance(at, tuple) else (at,),
        value,
        slopes if isinstance(slopes, tuple) else (slopes,),
    )


def lookup(name: str) -> Primitive:
    """The row of that name or alias; KeyError if there is none."""
    return _BY_ANY_NAME.get(name) or _BY_HAND[name]


def is_row(name: str) -> bool:
    """Whether there is a row of that name or alias."""
    return name in _BY_ANY_NAME or name in _BY_HAND


def title_of(name: str) -> str:
    """What a row is called where people read it; of no name, nothing."""
    return lookup(name).title if name else ""


# -- rows of users' own -------------------------------------------------------------------------------

_ENROLLED: dict[str, Primitive] = {}  # by title: the last of each
_BY_HAND: WeakValueDictionary[str, Primitive] = WeakValueDictionary()  # those that go when nothing uses them
_NUMBERS: dict[str, int] = {}  # by title: how many there were
_LOCK = Lock()


def own_row(title: str, rule: Rule | Atom, slopes: Rule, **columns: Any) -> Primitive:
    """A row outside of the table, under a name that no row had before.

    Programs, and whatever is kept about rows, know them by name.  So one that is written again, as when a cell
    of a notebook runs again, is another row, and what was made with the one before stays as it was.
    """
    with _LOCK:
        number = _NUMBERS[title] = _NUMBERS.get(title, 0) + 1
    row = Primitive(_Name(f"{title}_{number}"), rule, slopes, called=title, **tidied(columns))
    if row.by_hand:
        row.name.__dict__["row"] = row
    return row


class _Name(str):
    """What programs know a row by: while one that was made by hand is named anywhere, the row is there."""


MOST_ROWS = 512  # of so many, and of their slopes, it is kept what is known by name; the table has fewer


def enrol(primitive: Primitive) -> None:
    """Let the row be known by its name: for as long as the process lives, or one made by hand as long as it is used."""
    known: MutableMapping[str, Primitive] = _BY_HAND if primitive.by_hand else _BY_ANY_NAME
    known[str(primitive.name)] = primitive


def publish(primitive: Primitive) -> None:
    """From now on it is the row that its title means."""
    _ENROLLED[primitive.title] = primitive


def titled(title: str) -> Primitive:
    """The row that is called so now, of the table or a user's; KeyError if there is none."""
    found = _ENROLLED.get(title) or lookup(title)
    if found.title != title and found.is_own:
        raise KeyError(title)  # what a row of a user's is known by here means nothing elsewhere
    return found


def told_apart(row: Primitive) -> str:
    """What a row is called where another of its title may be met: that, if it is the one that is meant by it now."""
    latest = _ENROLLED.get(row.title)
    is_the_one = not row.is_own or latest is row or (latest is None and _NUMBERS.get(row.title) == 1)
    return row.title if is_the_one else row.name


def enrolled(title: str, said: str) -> Primitive:
    """The user's row of that title, if its rules are these: what a pickle asks for."""
    found = _ENROLLED.get(title)
    if found is None or found.said != said:
        what = "no primitive of that name is registered" if found is None else "the primitive of that name has others"
        raise FileFormatError(
            f"this was pickled with the rules of the primitive {quoted(title)}, and {what} here: call primitive(…) "
            "as it was called there, and load it again"
        )
    return found


# -- compiling a rule -------------------------------------------------------------------------------


class _Namespace(dict[str, Any]):
    """What the printed source of a rule calls: the functions on floats, which may raise, found when first used."""

    def __missing__(self, name: str) -> Any:
        try:
            primitive = lookup(name)
        except KeyError:
            raise NameError(f"the table has no row {name!r}") from None
        if primitive.by_hand:  # which is not to be kept
            return primitive.float_raising
        self[name] = found = primitive.float_raising
        return found


FLOATS: dict[str, Any] = _Namespace(inf=math.inf, nan=math.nan)


def written_out(terms: Sequence[Term]) -> list[Term]:
    """Terms in which every row that has a rule is replaced by it: functions of math's, without calls between rows."""
    return rewritten(terms, _written_out)


def _written_out(term: Expression, operands: tuple[Term, ...]) -> Term:
    row = lookup(term.name) if operands and is_row(term.name) else None
    if row is None or row.variadic or isinstance(row.rule, Atom) or row.operator or term.name in _WRITTEN:
        return Expression(term.name, *operands) if operands else term
    return written_out([row.rule(*operands)])[0]


def names_in(source: str) -> dict[str, Any]:
    """The rows' functions that a printed source calls, by name."""
    code = compile(source, "<names>", "exec")
    pending, names = [code], set[str]()
    while pending:
        block = pending.pop()
        names.update(block.co_names)
        pending.extend(part for part in block.co_consts if inspect.iscode(part))
    return {name: FLOATS[name] for name in names if name in FLOATS or is_row(name)}


def define(name: str, source: str, filename: str, namespace: dict[str, Any]) -> Rule:
    """Run `source` and return the function `name` it defines, with a source that can be read.

    The text is registered with linecache, so tracebacks show it and debuggers step into it.
    """
    _forget_what_is_gone()
    linecache.cache[filename] = text = (len(source), None, source.splitlines(keepends=True), filename)
    namespace.setdefault("__name__", __name__)
    exec(compile(source, filename, "exec"), namespace)
    function: Rule = namespace[name]
    function.__dict__["source"] = source
    finalize(function, _GONE.append, (filename, text)).atexit = False
    return function


def _forget_what_is_gone() -> None:
    """Let go of the texts of functions that are gone, unless another has that name now.

    Not when the function goes: the collector may run while linecache walks through its names, which then lacks one.
    """
    with suppress(IndexError):
        while True:
            filename, text = _GONE.popleft()
            if linecache.cache.get(filename) is text:
                linecache.cache.pop(filename, None)


def function_of(
    terms: Term | tuple[Term, ...],
    name: str,
    parameters: Sequence[str],
    filename: str,
    language: Syntax = PYTHON,
    namespace: dict[str, Any] | None = None,
) -> Rule:
    """The Python function that a term, or a tuple of terms, says; of floats unless a namespace says of what."""
    listed = terms if isinstance(terms, tuple) else (terms,)
    assignments, results = source_of(listed, language)
    result = f"({', '.join(results)},)" if isinstance(terms, tuple) else results[0]
    body = [*assignments, f"return {result}"]
    source = f"def {name}({', '.join(parameters)}):\n" + "".join(f"    {line}\n" for line in body)
    return define(name, source, filename, names_in(source) if namespace is None else namespace)
