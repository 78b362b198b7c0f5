"""The node: a number that remembers the operation it came from and the numbers that went in.

What a `Value` can do beside being a number comes from the floors above: `recorder` hangs an operator or method on
it for every row of the table, `chain` hangs `backward`; `symbol` makes of it a node whose number is not known.
"""

from __future__ import annotations

import copyreg
import math
import operator
import threading
import weakref
from collections.abc import Callable, Mapping
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd import context
from autograd.array import gathered, kept, refuse_masked
from autograd.context import Label, now
from autograd.errors import GraphError, OperandError
from autograd.home import HOME
from autograd.methods import Methods
from autograd.ops.expression import ARITHMETIC, POWER
from autograd.ops.primitive import DETACHED, Primitive
from autograd.order import computed_since, reachable
from autograd.text import quoted

if TYPE_CHECKING:
    from typing import TypeAlias

Number: TypeAlias = "float | int | np.floating[Any] | np.integer[Any] | np.bool_ | Fraction | Decimal"
Operand: TypeAlias = "Value | float"

_SIGNS = {**ARITHMETIC, POWER: "**"}
_Real: TypeAlias = tuple[  # said, since modules that import each other are checked in any order
    type[int], type[float], type[np.floating[Any]], type[np.integer[Any]], type[np.bool_], type[Fraction], type[Decimal]
]
REAL: _Real = (int, float, np.floating, np.integer, np.bool_, Fraction, Decimal)


class Value(Methods):
    """A scalar in a computation graph; `name`, or `label`, is what pictures and formulas call it.

    `data` is the number, `grad` the derivative that `backward` left here (δ = ∂J/∂this).  A Value
    made by you is a leaf; one made by arithmetic knows its operation `op`, its `operands` in order,
    and its `slopes`, the local derivative along each operand.

    >>> x = Value(3.0, name="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> x.grad
    6.0

    Raises:
        OperandError: (a TypeError) for anything but a real number
    """

    # One or two operands and their slopes, which nearly all nodes have, stand in the node itself: no tuple to make,
    # to hold or to be gone through by Python's collector.  More of them are a tuple in `_a`, their slopes one in
    # `_slope_a`.  A leaf has None in all four.
    __slots__ = ("_a", "_b", "_born", "_data", "_grad", "_row", "_slope_a", "_slope_b", "_words")

    _data: float
    _grad: float
    _row: Primitive | None
    _a: Any
    _b: Operand | None
    _slope_a: Any
    _slope_b: float | None
    _born: float  # when a leaf was made, or met (`order.remember_age`); NEVER for constants that derivatives make
    _words: Label | None  # name, scope and source line together; many nodes may share one

    def __init__(self, data: Number, name: str | None = None, *, label: str | None = None) -> None:
        self._data = number(data)
        self._grad = 0.0
        self._row = self._a = self._b = self._slope_a = self._slope_b = None
        self._born = now()
        self._words = context.current_label() if context.unusual else None
        if name is not None or label:
            self.name = name if name is not None else label

    # -- what a node knows ----------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number.  A leaf's may be set (that is how training moves it); others are computed."""
        return self._data

    @data.setter
    def data(self, data: Number) -> None:
        if self._a is not None:
            raise GraphError(
                f"{self!r} was computed by {self.symbol}, so its data cannot be set: "
                "set the data of a leaf and compute again"
            )
        if self._born == NEVER:
            raise GraphError(f"{self!r} is a derivative that does not depend on anything, so its data cannot be set")
        self._data = number(data)

    @property
    def grad(self) -> float:
        """∂J/∂this as the last `backward` left it; a leaf's adds up until it is set to 0."""
        return self._grad

    @grad.setter
    def grad(self, grad: Number) -> None:
        if grad is None:  # PyTorch's way to empty it
            raise OperandError("a grad is a number, got None: to start anew set it to 0")
        self._grad = number(grad, "a grad")

    @property
    def op(self) -> Primitive | None:
        """The row of the table that computed this node; None for a leaf."""
        return None if self._row is DETACHED else self._row

    @property
    def symbol(self) -> str:
        """The operation as a picture shows it, ``×`` or ``tanh``; empty for a leaf."""
        return "" if self.op is None else self.op.symbol or self.op.title

    @property
    def operands(self) -> tuple[Operand, ...]:
        """What the operation was applied to, in order: Values, and plain floats for constants."""
        a, b = self._a, self._b
        if b is not None:
            return a, b
        return () if a is None else a if type(a) is tuple else (a,)

    @property
    def slopes(self) -> tuple[float | None, ...]:
        """∂this/∂operand for each operand, as recorded; None where no derivative flows."""
        a = self._a
        if self._b is not None:
            return self._slope_a, self._slope_b
        return () if a is None else self._slope_a if type(a) is tuple else (self._slope_a,)

    @property
    def is_leaf(self) -> bool:
        """Whether this node was made by hand (or detached), not by an operation."""
        return self._a is None

    @property
    def is_detached(self) -> bool:
        """Whether this leaf was cut from a graph by `detach` or `no_grad`."""
        return self._row is DETACHED

    @property
    def name(self) -> str | None:
        """What pictures and formulas call this node, such as ``z²₁``."""
        return None if self._words is None else self._words.name

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise OperandError(f"a name is a str, got {type(name).__name__} {quoted(name)}")
        words = self._words or Label()
        self._words = Label(name, words.scope, words.source)

    @property
    def label(self) -> str:
        """The name, as micrograd calls it; empty for a node without one."""
        return self.name or ""

    @label.setter
    def label(self, label: str | None) -> None:
        self.name = label or None

    @property
    def scope(self) -> str:
        """Where this node belongs, such as ``layer2.neuron1``; empty at the top."""
        return "" if self._words is None else self._words.scope

    @scope.setter
    def scope(self, scope: str) -> None:
        if not isinstance(scope, str):
            raise OperandError(f"a scope is a str, got {type(scope).__name__} {quoted(scope)}")
        words = self._words or Label()
        self._words = Label(words.name, scope, words.source)

    @property
    def source(self) -> str | None:
        """The file and line that made this node, if it was recorded inside `record_sources`."""
        return None if self._words is None else self._words.source

    @property
    def _prev(self) -> set[Value]:
        """The operands that are nodes, as micrograd's drawing asks for them."""
        return {operand for operand in self.operands if isinstance(operand, Value)}

    @property
    def _op(self) -> str:
        """The operation as micrograd's drawing asks for it: Python's sign, or the row's name."""
        return "" if self.op is None else _SIGNS.get(self.op.name, self.op.title)

    def detach(self) -> Value:
        """A new leaf with this data: a constant through which no derivative goes back."""
        _check_known(self, "detached")
        node = Value(self._data)
        node._row, node._words = DETACHED, self._words
        return node

    def item(self) -> float:
        """The number, as NumPy and PyTorch call it."""
        return self._data

    # -- as a Python number ---------------------------------------------------------------------

    def __repr__(self) -> str:
        name = f", name={quoted(self.name)}" if self.name else ""
        op = f", op={self.op.title}" if self.op is not None else ""
        return f"Value(data={self._data!r}, grad={self._grad!r}{name}{op})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __bool__(self) -> bool:
        return bool(self._compare(0.0, operator.ne))

    def __float__(self) -> float:
        raise OperandError(
            "a Value is not turned into a float silently, since that would cut the graph (math.tanh(v) "
            f"would): use {HOME}'s function ({HOME}.tanh(v)), np.zeros(n, object) for an array that is to hold "
            "Values, or v.data where the number is meant"
        )

    __int__ = __complex__ = __float__

    if not TYPE_CHECKING:  # of numbers a bool, of an array an array: the stub of `Methods` has an overload for each

        def __lt__(self, other):
            return self._compare(other, operator.lt)

        def __le__(self, other):
            return self._compare(other, operator.le)

        def __gt__(self, other):
            return self._compare(other, operator.gt)

        def __ge__(self, other):
            return self._compare(other, operator.ge)

        def __eq__(self, other):
            return self._compare(other, operator.eq)

        def __ne__(self, other):
            return self._compare(other, operator.ne)

    # Nodes of equal numbers stay apart in sets and dicts all the same: these take two keys for one only if they are
    # one object, or if their hashes are equal in full and == says yes; and the hashes of two objects that
    # both live differ, since they are made of the addresses.  So there == is never even asked.
    __hash__ = object.__hash__

    def __xor__(self, other: object) -> NoReturn:
        raise OperandError("a Value has no operator ^; a power is x**2")

    __rxor__ = __xor__

    def _compare(self, other: Any, ask: Callable[[Any, Any], Any]) -> Any:
        if context.unusual and is_read_later(self, other):
            return self._compared_later(other, ask)
        if isinstance(other, Value):
            return ask(self._data, other._data)
        if type(other) is float:
            return ask(self._data, other)
        if isinstance(other, np.ndarray):
            refuse_masked("a comparison", other)
            return each(ask, self, other)
        known = _comparable(other)
        return NotImplemented if known is None else ask(self._data, known)

    _compared_later: Any  # the comparison as a node, which `symbol` knows how to make

    # -- copying --------------------------------------------------------------------------------

    def __copy__(self) -> Value:
        _check_known(self, "copied")
        return self if self in RUNNING else _rebuild(*self._state())

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        """A copy of the whole graph below this node, sharing kept, without recursion.

        What a derivative is being taken along stays the same node, as a copy would cut the derivative.
        """
        _check_known(self, "copied")
        for node in reachable(self):
            if node in RUNNING:
                memo[id(node)] = node
            elif id(node) not in memo:
                data, grad, row, operands, slopes, words, *more = node._state()
                copies = tuple(memo[id(o)] if isinstance(o, Value) else o for o in operands)
                memo[id(node)] = _rebuild(data, grad, row, copies, slopes, words, *deepcopy(more, memo))
                memo.setdefault(id(memo), []).append(node)  # keep it alive while its id is a key
        copied: Value = memo[id(self)]
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the graph below this node flat: operands first, so that no depth is too deep.

        The first call, on a root, lists the graph; pickle then calls this again for each node on the
        list, whose operands it has by then seen.

        Raises:
            GraphError: for what depends on an input of a derivative that is being taken
        """
        if RUNNING and not RUNNING.isdisjoint([self] if _pickling.lists(self) else reachable(self)):
            raise GraphError(
                f"{quoted(self)} is pickled while a derivative is taken along it, or along what it depends on; in the "
                "pickle that would be a constant: pickle its .data, or compute it in this process"
            )
        if self._a is not None and not _pickling.lists(self):
            return _root_of, (_Flat(self),)
        return _rebuild, self._state()

    def _state(self) -> tuple[Any, ...]:
        state = self._data, self._grad, self._row, self.operands, self.slopes, self._words
        return state if type(self) is Value else (*state, type(self), _attributes(self))


# -- numbers ----------------------------------------------------------------------------------------


def number(data: Any, what: str = "a Value") -> float:
    """`data` as a float; OperandError, saying what to do, if it is not a real number."""
    if type(data) is float:
        return data
    if isinstance(data, REAL):
        try:
            found = float(data)
        except OverflowError:
            raise _too_large(data) from None
        except ValueError:
            raise OperandError(f"{quoted(data)} is a nan that signals: write float('nan')") from None
        if math.isinf(found) and found != data:  # a Decimal, or a longer float of NumPy's
            raise _too_large(data)
        return found
    raise OperandError(
        f"{what} is one real number (int, float, NumPy scalar, Fraction, Decimal), "
        f"got {type(data).__name__} {quoted(data)}{_advice(data)}"
    )


def _too_large(data: Any) -> OperandError:
    return OperandError(f"{quoted(data)} is too large for a float, which ends at 1.8e308")


def _comparable(other: Any) -> Any:
    """What a number is compared with: a float, or the number itself if it is none and Python can compare it.

    None for what is no number.  Scalars of other libraries count that say what they are as a float.
    """
    if isinstance(other, REAL):
        try:
            found = float(other)
        except OverflowError:
            return other
        return other if math.isinf(found) else found
    if isinstance(other, (str, bytes, bytearray)) or not hasattr(type(other), "__float__"):
        return None
    try:
        return float(other)
    except (TypeError, ValueError):  # an array of several, a symbol of sympy's
        return None


def _advice(data: Any) -> str:
    if isinstance(data, str):
        return "; convert it first: float(...)"
    if isinstance(data, Value):
        return "; use it as it is, or .data for its number"
    if isinstance(data, complex):
        return "; a complex number is Complex(re, im), of two Values"
    if isinstance(data, (np.ndarray, list, tuple)):
        return "; make one Value per element"
    return "; missing numbers are float('nan')" if data is None else ""


def data_of(array: Any) -> Any:
    """An array of numbers and Values as an array of floats."""
    flat = [x._data if isinstance(x, Value) else number(x, "an array") for x in np.asarray(array, object).flat]
    return np.array(flat, dtype=float).reshape(np.shape(array))


def each(ask: Callable[..., Any], *operands: Any) -> Any:
    """What a question says to every element: bools, or Values where that is not known yet."""

    def asked(*elements: Any) -> Any:
        return ask(*map(_plain, elements))

    with np.errstate(invalid="ignore"):  # of nan too it is a question, not a mistake
        answers = np.frompyfunc(asked, len(operands), 1)(*(gathered(o, object) for o in operands))
    if not isinstance(answers, np.ndarray):
        return answers
    return kept(answers) if any(isinstance(answer, Value) for answer in answers.flat) else answers.astype(bool)


def _plain(element: Any) -> Any:
    """Python's own bool or number for NumPy's, which would hand the question back to us."""
    if isinstance(element, np.bool_):
        return bool(element)
    return float(element) if isinstance(element, (np.floating, np.integer)) else element


# -- making nodes -----------------------------------------------------------------------------------

new_node = object.__new__
NEVER = math.inf
RUNNING: set[Value] = set()  # the inputs of all transforms and recordings that are running, in any thread


def noted(node: Value) -> Value:
    """A node recorded while a context is open: labelled, or cut off under `no_grad`."""
    mode = context.mode()
    if context.writing:
        context.remember(node)
    node._words = mode.label()
    if not mode.recording:
        _check_known(node, "computed under no_grad()")
        node._a = node._b = node._slope_a = node._slope_b = None
        node._row, node._born = DETACHED, now()
    return node


def made(
    data: float,
    row: Primitive | None,
    operands: tuple[Operand, ...],
    slopes: tuple[float | None, ...],
    words: Label | None = None,
    kind: type[Value] | None = None,
) -> Value:
    """A node of which everything is known."""
    node: Value = new_node(Value if kind is None else kind)
    node._data, node._grad, node._row, node._words = data, 0.0, row, words
    if len(operands) > 2:
        node._a, node._b, node._slope_a, node._slope_b = operands, None, slopes, None
    else:
        node._a, node._b = by_themselves(operands)
        node._slope_a, node._slope_b = by_themselves(slopes)
    return node


def by_themselves(items: tuple[Any, ...]) -> tuple[Any, Any]:
    """At most two operands or slopes as a node holds them: None where there is none."""
    a, b = (*items, None, None)[:2]
    return a, b


def is_read_later(*numbers: Any) -> bool:
    """Whether a program is being written that reads one of these at every run, so that its number is not known yet."""
    begun = context.mode().program
    nodes = [x for x in numbers if isinstance(x, Value)]
    return begun > 0 and computed_since(begun, nodes, (), detached=True)[1]


def _check_known(node: Value, what: str) -> None:
    """Raise GraphError where a program reads this number at every run: a leaf made of it would keep what it is now."""
    if context.unusual and is_read_later(node):
        raise GraphError(
            f"{quoted(node)} is {what} while a function is recorded to be compiled, which reads it at every call: "
            "do that outside of the function, or use it as it is"
        )


def constant(x: float) -> Value:
    """A leaf that is nobody's: an entry of a derivative that depends on nothing, a constant in every program."""
    node = Value(x)
    node._born = NEVER
    return node


def _rebuild(
    data: float,
    grad: float,
    row: Primitive | None,
    operands: tuple[Operand, ...],
    slopes: tuple[float | None, ...],
    words: Label | None,
    kind: type[Value] | None = None,
    attributes: Mapping[str, Any] = MappingProxyType({}),
) -> Value:
    """A node as `_state` told of it, of a class made of Value too, with what it carries beside the node."""
    node = made(data, row, operands, slopes, words, kind)
    node._grad = grad
    if not operands:
        node._born = now()
    for name, thing in attributes.items():
        setattr(node, name, thing)
    return node


def _attributes(node: Value) -> dict[str, Any]:
    """What a node of a class made of Value carries beside the node: in its dict, and in slots of its own."""
    own = [name for name in copyreg._slotnames(type(node)) if name not in Value.__slots__]  # type: ignore[attr-defined]
    return {**getattr(node, "__dict__", {}), **{name: getattr(node, name) for name in own if hasattr(node, name)}}


# -- pickling ---------------------------------------------------------------------------------------


class _Flat:
    """The graph below a root as a list that pickle writes node by node, operands first."""

    def __init__(self, root: Value) -> None:
        self.nodes = reachable(root)
        self.unfinished = set(self.nodes)
        _pickling.current = weakref.ref(self)  # weak: a pickle that fails leaves nothing behind

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, iter([*self.nodes, _End(self)])


class _End:
    """Written after the nodes: pickle has seen them all."""

    def __init__(self, flat: _Flat) -> None:
        self._flat = flat

    def __reduce__(self) -> tuple[Any, ...]:
        self._flat.unfinished.clear()
        return list, ()


class _Pickling(threading.local):
    current: Callable[[], _Flat | None] = staticmethod(lambda: None)

    def lists(self, node: Value) -> bool:
        """Whether the node is on the list that this thread is writing."""
        flat = self.current()
        return flat is not None and node in flat.unfinished


_pickling = _Pickling()


def _root_of(listed: list[Any]) -> Value:
    root: Value = listed[-2]  # the last is what _End became
    return root
