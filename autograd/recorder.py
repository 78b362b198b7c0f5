"""Writes, for every row of the table, the Python function that records it.

Eager speed is decided here.  A generic recorder would call the row's rules; instead the rules are
printed (see `ops.expression`) into one straight function a row, so that recording x * y costs two
attribute reads, one multiplication and one object.  A function of the table is written when it is first called, and
can then be read:

>>> from autograd import sin
>>> _ = sin(1.0)
>>> print(sin.source)  # doctest: +ELLIPSIS
def record_sin(x):
    if type(x) is Value:
        node = new()
        x_ = x._data
        try:
            y = sin(x_)
            node._slope_a = cos(x_)
        except RAISED:
            y, (node._slope_a,) = sin_row.value_and_slopes(x_)
        node._slope_b = None
    else:
        return apply(sin_row, (x,))
    node._data = y
    ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from autograd import context
from autograd.array import NotReal, gathered, kept, refuse_masked
from autograd.errors import GraphError, OperandError
from autograd.home import HOME
from autograd.methods import Methods
from autograd.ops import table  # which fills TABLE
from autograd.ops.expression import ARITHMETIC, PYTHON, REMAINDER, WHERE, can_raise, mentions, source_of, variable
from autograd.ops.primitive import (
    FLOATS,
    RAISED,
    TABLE,
    Primitive,
    Rule,
    define,
    function_of,
    is_row,
    lookup,
    names_in,
    written_out,
)
from autograd.ops.resolution import called_in
from autograd.symbol import Condition, LoopIndex, Symbol, symbolic, unknown
from autograd.text import quoted
from autograd.value import REAL, Operand, Value, by_themselves, made, new_node, noted, number

Recorder = Callable[..., Any]

# -- the general way: any number of operands, any kind ----------------------------------------------


def record(primitive: Primitive, operands: tuple[Operand, ...]) -> Value:
    """A node for `primitive` applied to Values and floats, at least one of them a Value."""
    try:
        data = [o._data if isinstance(o, Value) else o for o in operands]
    except GraphError:  # a Symbol has none
        return symbolic(primitive, operands)
    y, slopes = primitive.value_and_slopes(*data)
    for operand in operands:
        if type(operand) is float:  # a constant: nothing flows back along it
            slopes = tuple(s if type(o) is not float else None for o, s in zip(operands, slopes, strict=True))
            break
    return make_node(primitive, y, operands, slopes)


def make_node(primitive: Primitive, y: float, operands: tuple[Operand, ...], slopes: tuple[float | None, ...]) -> Value:
    """A node of which everything is known, recorded now."""
    node = made(y, primitive, operands, slopes)
    return noted(node) if context.unusual else node


def apply(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
    """`primitive` on whatever was given: numbers, Values, arrays of either."""
    if type(operands[0]) in _UNKNOWN or type(operands[-1]) in _UNKNOWN:
        if len(operands) == 1:
            node = unknown(primitive)
            node._a, node._b = operands[0], None
            return node
        if _ENTERS.issuperset(map(type, operands)):
            return symbolic(primitive, operands)
    if any(isinstance(o, (np.ndarray, list, tuple)) for o in operands):
        return _elementwise(primitive, operands)
    try:
        checked = tuple(o if isinstance(o, Value) else _operand(primitive, o) for o in operands)
    except OperandError:
        found = of_composite(primitive, operands)
        if found is None:
            raise
        return found
    if any(isinstance(o, Value) for o in checked):
        return record(primitive, checked)
    return primitive.float(*checked)


class Composite(NotReal):
    """A thing made of several numbers that says itself what a row means of it."""

    __slots__ = ()
    of_complex: Callable[[Any], Composite]  # of one of Python's or NumPy's complex numbers

    def applied(self, row: Primitive, operands: tuple[Any, ...]) -> Any:
        """What a row means, where such a thing is among its operands."""
        raise NotImplementedError


COMPLEX = (complex, np.complexfloating)


def of_composite(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
    """`primitive` of operands among which one is no number; None if none is a Composite either."""
    operands = tuple(Composite.of_complex(o) if isinstance(o, COMPLEX) else o for o in operands)
    found = next((o for o in operands if isinstance(o, Composite)), None)
    return None if found is None else found.applied(primitive, operands)


def _operand(primitive: Primitive, operand: Any) -> float:
    if hasattr(operand, "__apply__"):
        raise OperandError(f"{primitive.title} cannot mix Values with {type(operand).__name__}")
    return number(operand, f"an operand of {primitive.title}")


def _elementwise(primitive: Primitive, operands: tuple[Any, ...]) -> Any:
    refuse_masked(primitive.title, *operands)
    arrays = [np.asarray(o, object) if isinstance(o, Value) else gathered(o) for o in operands]
    if any(a.dtype == object for a in arrays):
        with np.errstate(all="ignore"):  # nan and inf are answers here, not warnings
            answers = np.frompyfunc(RECORDERS[primitive.name], len(arrays), 1)(*arrays)
        holds_values = isinstance(answers, np.ndarray) and any(isinstance(x, (Value, Composite)) for x in answers.flat)
        return kept(answers) if holds_values else answers
    for array in arrays:
        if array.dtype.kind not in "fiub":
            raise OperandError(
                f"an operand of {primitive.title} is an array of {array.dtype}; "
                "expected real numbers or Values: convert it with .astype(float)"
            )
    return primitive.array(*(a.astype(float) for a in arrays))


def operate(primitive: Primitive, operands: tuple[Any, Any], other: Any, reflected: str) -> Any:
    """An operator's slow way: lets a foreign class answer first, then says what is wrong."""
    if type(other) is int:
        return RECORDERS[primitive.name](*(_operand(primitive, o) if o is other else o for o in operands))
    known = isinstance(other, (str, complex, list, tuple)) or not hasattr(type(other), reflected)
    if known or isinstance(other, (Value, *REAL, np.generic, np.ndarray)):
        if isinstance(other, (list, tuple)):
            other = type(other).__name__ + " " + quoted(other)
            raise OperandError(f"{primitive.symbol} takes numbers and arrays, got {other}; make it an array first")
        return apply(primitive, operands)
    try:
        return apply(primitive, tuple(_operand(primitive, o) if o is other else o for o in operands))
    except OperandError:
        return NotImplemented


# -- the fast way: a function written for the row ---------------------------------------------------

_TAIL = """\
    node._data = y
    node._grad = 0.0
    node._row = {row}
    node._a = {a}
    node._b = {b}
    node._words = None
    return noted(node) if unusual else node
"""


def _recorder_source(primitive: Primitive, name: str, given: tuple[str, ...], known: str, otherwise: str) -> str:
    """The source of a recorder of one or two operands.

    `given` are the parameters, `known` is the one certain to be a Value ("" if none is), and
    `otherwise` the expression returned for operands that no branch serves.
    """
    lines = [_head(primitive, name, given)]
    keyword = "if"
    for values in _branches(primitive.operands, known):
        tests = [f"type({p}) is {'Value' if p in values else 'float'}" for p in primitive.operands if p != known]
        if not tests:  # nothing to ask: the only operand is known
            keyword, tests = "if", ["True"]
        lines.append(f"    {keyword} {' and '.join(tests)}:")
        lines += [f"        {line}" for line in _branch(primitive, values)]
        keyword = "elif"
    lines += ["    else:", f"        return {otherwise}"]
    a, b = by_themselves(primitive.operands)
    return "\n".join(lines) + "\n" + _TAIL.format(row=f"{primitive.name}_row", a=a, b=b)


def _head(primitive: Primitive, name: str, given: tuple[str, ...]) -> str:
    defaults = {p: f"{p}={primitive.defaults[p]!r}" for p in primitive.defaults}
    return f"def {name}({', '.join(defaults.get(p, p) for p in given)}):"


def _branches(operands: tuple[str, ...], known: str) -> list[set[str]]:
    """Which operands are Values, the likeliest first."""
    if len(operands) == 1:
        return [set(operands)]
    a, b = operands
    return [v for v in ({a, b}, {a}, {b}) if not known or known in v]


def _branch(primitive: Primitive, values: set[str]) -> list[str]:
    """Compute y, and a node with its slopes, where the operands named in `values` are Values."""
    data = {p: f"{p}_" if p in values else p for p in primitive.operands}
    names = [variable(data[p]) for p in primitive.operands]
    (value,) = written_out([primitive.value_term(names)])
    each = zip(primitive.operands, written_out(primitive.slope_terms(names)), strict=True)
    slopes = [slope if p in values else None for p, slope in each]
    first, (y,) = source_of([value])
    then, printed = source_of(slopes)
    places = ["node._slope_a", "node._slope_b"][: len(slopes)]
    work = [*first, f"y = {y}", *then, *(f"{place} = {slope}" for place, slope in zip(places, printed, strict=True))]
    if can_raise([value, *slopes]):
        call = f"{primitive.name}_row.value_and_slopes({', '.join(data.values())})"
        work = ["try:", *(f"    {line}" for line in work), "except RAISED:"]
        work.append(f"    y, {_tuple(places)} = {call}")
        constants = [place for place, p in zip(places, primitive.operands, strict=True) if p not in values]
        work += [f"    {place} = None" for place in constants]
    reads = [f"{data[p]} = {p}._data" for p in primitive.operands if p in values]
    unary = ["node._slope_b = None"] if len(slopes) == 1 else []
    return ["node = new()", *reads, *work, *unary]


def _tuple(items: Sequence[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _write(
    primitive: Primitive,
    name: str,
    given: tuple[str, ...],
    known: str,
    otherwise: str,
    names: dict[str, Any] | None = None,
) -> Recorder:
    source = _recorder_source(primitive, name, given, known, otherwise)
    namespace = {} if names is None else names
    namespace |= {
        **names_in(source),
        f"{primitive.name}_row": primitive,
        "Value": Value,
        "RAISED": RAISED,
        "new": partial(new_node, Value),
        "noted": noted,
        "unusual": context.unusual,
        "apply": apply,
        "operate": operate,
        "inf": FLOATS["inf"],
        "nan": FLOATS["nan"],
    }
    return define(name, source, f"<{name}>", namespace)


def _write_when_called(primitive: Primitive, name: str, given: tuple[str, ...], known: str, otherwise: str) -> Recorder:
    """The same, written at its first call: of a long table a process calls few."""
    names: dict[str, Any] = {}

    def write() -> Any:
        written: Any = _write(primitive, name, given, known, otherwise, names)
        waiting.__code__ = written.__code__
        waiting.__dict__.update(written=written, source=written.source)
        return waiting

    names["write"] = write
    exec(f"{_head(primitive, name, given)} return write()({', '.join(given)})", names)
    waiting: Recorder = names[name]
    return waiting


def function_for(primitive: Primitive, write: Callable[..., Recorder] = _write) -> Recorder:
    """The public function of a row: on a Value it records, on other numbers it computes."""
    given = primitive.operands
    row = f"{primitive.name}_row"
    if primitive.arity in (1, 2) and not primitive.opaque:
        otherwise = f"apply({row}, {_tuple(given)})"
        function = write(primitive, f"record_{primitive.name}", given, "", otherwise)
    else:

        def function(*operands: Any, **named: Any) -> Any:
            return apply(primitive, _bind(primitive, operands, named))

    function.__name__ = function.__qualname__ = primitive.title
    function.__doc__ = describe(primitive)
    function.__module__ = HOME
    function.__dict__["row"] = primitive
    return function


def _bind(primitive: Primitive, operands: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """Positional, named and default operands of a row with three or more, in order."""
    if primitive.variadic and not named:
        return operands
    wanted = {**primitive.defaults, **dict(zip(primitive.operands, operands, strict=False)), **named}
    if len(operands) > len(primitive.operands) or set(wanted) != set(primitive.operands):
        expected = ", ".join(primitive.operands)
        raise OperandError(f"{primitive.title}({expected}) was given {len(operands)} operands and {sorted(named)}")
    return tuple(wanted[name] for name in primitive.operands)


def describe(primitive: Primitive) -> str:
    """A row's documentation, from the row."""
    if not primitive.definition:
        return f"{primitive.doc}."
    return f"{primitive.doc}.\n\nDefined as {primitive.definition}; see the table of primitives."


class _Recorders(dict[str, Recorder]):
    """Of the table and of `primitive`; a row that was made by hand has its own, and goes with it."""

    def __missing__(self, name: str) -> Recorder:
        return recorder_of(lookup(name))


def recorder_of(row: Primitive) -> Recorder:
    """The recorder of a row that was made by hand, which the row keeps."""
    if not row.by_hand:
        raise KeyError(row.name)
    kept = row.__dict__
    found: Recorder = kept.get("recorder") or kept.setdefault("recorder", function_for(row))
    return found


RECORDERS: dict[str, Recorder] = _Recorders(
    {name: function_for(row, _write_when_called) for name, row in TABLE.items()}
)


# -- slopes as nodes --------------------------------------------------------------------------------

_AS_NODES = PYTHON._replace(
    operators={**ARITHMETIC, REMAINDER: "%"},  # comparisons are calls: they record
    conditional="choose({condition}, {chosen}, {other})",
)


def slopes_recorder(primitive: Primitive) -> Rule:
    """The slopes of a row on nodes: (y, *operands) → one slope an operand.

    A choice that the rule makes is recorded with its condition, as nodes: the derivative that is made of them
    stays true when the leaves move.  The rule itself, handed Values, would choose once and for all.  A choice
    for the sake of digits is a `guard`, which formulas need not show.
    """
    kept = primitive.__dict__
    found: Rule = kept.get("slopes_recorder") or kept.setdefault("slopes_recorder", _slopes_recorder(primitive))
    return found


def _slopes_recorder(primitive: Primitive) -> Rule:
    if primitive.opaque or (primitive.variadic and not primitive.is_own):
        return primitive.local
    if not primitive.variadic:
        return _slopes_of(primitive, primitive.operands)

    @cache
    def of(count: int) -> Rule:
        return _slopes_of(primitive, [f"x{i}" for i in range(count)])

    return lambda y, *xs: of(len(xs))(y, *xs)


def _slopes_of(primitive: Primitive, operands: Sequence[str]) -> Rule:
    terms = primitive.slope_terms([variable(operand) for operand in operands])
    if not mentions(terms, WHERE):
        return primitive.local
    by_hand = {name: RECORDERS[name] for name in called_in(terms) if name not in RECORDERS and is_row(name)}
    namespace = {**RECORDERS, **by_hand, "inf": FLOATS["inf"], "nan": FLOATS["nan"], "choose": _choice(primitive)}
    filename = f"<slopes of {primitive.name} as nodes>"
    return function_of(terms, "slopes", ("y", *operands), filename, _AS_NODES, namespace)


def _choice(primitive: Primitive) -> Rule:
    """How a row's slopes choose one of two: as a node where a node decides which."""
    recorder = RECORDERS[(table.where_ if primitive.is_piecewise else table.guard).name]

    def choose(condition: Any, chosen: Any, other: Any) -> Any:
        if chosen is other:
            return chosen
        if isinstance(condition, Value):
            return recorder(condition, chosen, other)
        return chosen if condition else other

    return choose


# -- operators and methods on Value -----------------------------------------------------------------


def _hang_operators(primitive: Primitive) -> None:
    """__mul__ and __rmul__ of a two-operand row."""
    a, b = primitive.operands
    row, forward, reflected = f"{primitive.name}_row", f"__{primitive.operator}__", f"__r{primitive.operator}__"
    for name, given, known, other in ((forward, (a, b), a, b), (reflected, (b, a), b, a)):
        otherwise = f"operate({row}, ({a}, {b}), {other}, {reflected!r})"
        setattr(Methods, name, _write(primitive, name, given, known, otherwise))


def _hang_operators_on_symbols(primitive: Primitive) -> None:
    """The same of numbers that are not known yet."""
    forward, reflected = f"__{primitive.operator}__", f"__r{primitive.operator}__"

    def left(self: Symbol, other: Any) -> Any:
        if type(other) in _ENTERS or type(other) is int:
            node = unknown(primitive)
            node._a, node._b = self, other if type(other) is not int else number(other)
            return node
        return operate(primitive, (self, other), other, reflected)

    def right(self: Symbol, other: Any) -> Any:
        if type(other) in _ENTERS or type(other) is int:
            node = unknown(primitive)
            node._a, node._b = other if type(other) is not int else number(other), self
            return node
        return operate(primitive, (other, self), other, reflected)

    setattr(Symbol, forward, left)
    setattr(Symbol, reflected, right)


_UNKNOWN = {Symbol, Condition, LoopIndex}
_ENTERS = {*_UNKNOWN, Value, float}  # what can be an operand as it is


def _apply(self: Any, primitive: Primitive, operands: tuple[Any, ...]) -> Any:
    """How a Value answers a row that is called with it: by recording."""
    return RECORDERS[primitive.name](*operands)


def _python_round(self: Any, digits: int | None = None) -> Any:
    """round(v, 2), as np.round does it: to whole numbers, scaled."""
    if not digits:
        return RECORDERS[table.round_.name](self)
    if not -300 <= digits <= 300:
        raise OperandError(f"round(v, digits) takes -300 to 300 digits, got {digits}: others are beyond all floats")
    scale = 10.0 ** abs(digits)
    to_whole = RECORDERS[table.round_.name]
    return to_whole(self * scale) / scale if digits > 0 else to_whole(self / scale) * scale


def _python_divmod(self: Any, other: Any) -> Any:
    return self // other, self % other


def _python_rdivmod(self: Any, other: Any) -> Any:
    return other // self, other % self


for _row in TABLE.values():
    if _row.operator:
        _hang_operators(_row)
        _hang_operators_on_symbols(_row)
    if _row.method:
        for _name in (_row.name, *_row.aliases):
            setattr(Methods, _name, RECORDERS[_row.name])
for _name, _of in {"__neg__": "negative", "__pos__": "positive", "__abs__": "abs", "__floor__": "floor",
                   "__ceil__": "ceil", "__trunc__": "trunc", "rint": "round"}.items():  # fmt: skip
    setattr(Methods, _name, RECORDERS[_of])
setattr(Methods, "__round__", _python_round)  # noqa: B010  (mypy: the stub declares it, the class does not)
setattr(Methods, "__divmod__", _python_divmod)  # noqa: B010
setattr(Methods, "__rdivmod__", _python_rdivmod)  # noqa: B010
setattr(Methods, "__apply__", _apply)  # noqa: B010
