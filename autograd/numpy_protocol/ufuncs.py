"""What NumPy's ufuncs mean on Values: each has one meaning, on one number at a time, recorded by a row of the table.

A meaning is itself a ufunc on arrays of objects, so that `reduce`, `accumulate`, `outer`, `at`, `where=` and `out=`
are NumPy's.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.array import ValueArray, kept, refuse_masked
from autograd.choosing import choose
from autograd.errors import OperandError
from autograd.numpy_protocol import products
from autograd.numpy_protocol.operands import array_of, bare, is_complex, is_open, numbers, operand, ours
from autograd.ops import table
from autograd.ops.primitive import lookup
from autograd.recorder import RECORDERS, Composite
from autograd.value import Value, each

Meaning = Callable[..., Any]
_REFUSED = "has no derivative rule for Values"


def apply_ufunc(self: Any, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """What `ufunc` means on `inputs`, at least one of which, or `out`, is a Value or an array of them."""
    if ufunc in _LOOPS and not options and method == "__call__" and _ENTER.issuperset(map(type, inputs)):
        with np.errstate(all="ignore"):
            return kept(ufunc(*map(bare, inputs)))  # the quick way, for small arrays
    if any(map(_is_foreign, inputs)):
        return NotImplemented
    refuse_masked(f"np.{ufunc.__name__}", *inputs)
    out = options.pop("out", None)
    if options:
        options = _checked(ufunc, method, options)
    if method == "__call__" and "where" in options:
        return _partly(ufunc, inputs, out, options["where"])
    plain = list(map(bare if method in ("at", "reduceat") else operand, inputs))
    if not any(map(_holds_objects, plain)):  # numbers that stand in an array of ours
        return getattr(ufunc, method)(*plain, out=out and tuple(map(bare, out)), **options)
    if _is_made_by_hand(ufunc):  # np.vectorize, np.frompyfunc: a function that is called with every element
        found = getattr(ufunc, method)(*plain, **options)
        return kept(found) if _holds_values(found) else found
    with np.errstate(all="ignore"):  # nan and inf are answers here, not warnings
        found = _of_objects(ufunc, method)(*plain, **options)
    return kept(found) if out is None else _store(found, out, ufunc)


def _partly(ufunc: np.ufunc, inputs: tuple[Any, ...], out: tuple[Any, ...] | None, where: Any) -> Any:
    """A ufunc where a condition holds; elsewhere what is in `out` stays."""
    if out is None or len(out) != 1:
        raise OperandError(f"np.{ufunc.__name__} with where= needs out=, whose numbers stay where the condition fails")
    return _store(np.where(ours(where), ours(ufunc(*inputs)), ours(out[0])), out, ufunc)


def _of_objects(ufunc: np.ufunc, method: str) -> Meaning:
    meaning = MEANINGS.get(ufunc)
    if meaning is None:
        raise OperandError(f"np.{ufunc.__name__} {_REFUSED}")
    if method == "__call__":
        return meaning
    if method == "reduce" and ufunc in _REDUCTIONS:
        return _REDUCTIONS[ufunc]
    if not isinstance(meaning, np.ufunc):
        raise OperandError(f"np.{ufunc.__name__}.{method} {_REFUSED}")
    applied: Meaning = getattr(meaning, method)
    return applied


def _is_made_by_hand(ufunc: np.ufunc) -> bool:
    return ufunc not in MEANINGS and all(set(types) <= set("O->") for types in ufunc.types)


def _is_foreign(x: Any) -> bool:
    """Whether another kind of array should answer first."""
    if type(x) in _OWN_KINDS:
        return False
    known = isinstance(x, (np.ndarray, np.generic, Value, Composite)) or not hasattr(type(x), "__array_ufunc__")
    return not known or isinstance(x, np.matrix)


_OWN_KINDS = {ValueArray, Value, float, int, np.ndarray}
_ENTER = {ValueArray, float}
_LOOPS = {np.add, np.subtract, np.multiply, np.negative, np.positive}  # NumPy's, which call the operators


def _holds_objects(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == object


def _checked(ufunc: np.ufunc, method: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options that count; Values are of float64 and are computed one by one, whatever order and casting are."""
    left = {name: value for name, value in options.items() if name not in ("casting", "subok", "order")}
    dtype = left.pop("dtype", None)
    truths = ufunc in _TRUTHS and dtype in (bool, np.bool_)
    if dtype is not None and np.dtype(dtype) not in (np.dtype(object), np.dtype(float)) and not truths:
        raise OperandError(f"np.{ufunc.__name__} with dtype {np.dtype(dtype)}: Values are of float64, leave dtype out")
    if method == "__call__" and left.get("where", True) is True:
        left.pop("where", None)
    if ufunc in _CALLED_ONLY and left:
        raise OperandError(f"np.{ufunc.__name__} with {sorted(left)} {_REFUSED}")
    return left


def _store(answer: Any, out: tuple[Any, ...], ufunc: np.ufunc) -> Any:
    """In-place arithmetic (``array += v``), which only an array of objects can hold."""
    answers = answer if isinstance(answer, tuple) else (answer,)
    for array, found in zip(out, answers, strict=True):
        if array is None:
            continue
        if array.dtype != object and _holds_values(found):
            raise OperandError(
                f"an array of {array.dtype} cannot hold the Values that np.{ufunc.__name__} gives: "
                "write a = a + v, or make it a.astype(object) first"
            )
        bare(array)[...] = found
    return out[0] if len(out) == 1 else out


def _holds_values(found: Any) -> bool:
    elements = found.flat if isinstance(found, np.ndarray) else (found,)
    return any(isinstance(x, (Value, Composite)) for x in elements)


# -- meanings of one number, where no row has the name ----------------------------------------------


def is_number(x: Any) -> Any:
    """1 unless x is nan, then 0."""
    return RECORDERS[table.equal_.name](x, x)


def _but_for_nan(row: str) -> Meaning:
    """A row of two numbers, one of which is the answer where the other is nan."""

    def meaning(a: Any, b: Any) -> Any:
        return choose(is_number(a), choose(is_number(b), RECORDERS[row](a, b), a), b)

    return meaning


def _heaviside(x: Any, at_zero: Any) -> Any:
    return choose(RECORDERS[table.equal_.name](x, 0.0), at_zero, 0.5 * RECORDERS[table.sign.name](x) + 0.5)


def _logaddexp2(a: Any, b: Any) -> Any:
    ln2 = math.log(2.0)
    return RECORDERS[table.logaddexp.name](a * ln2, b * ln2) / ln2


def _divmod(a: Any, b: Any) -> tuple[Any, Any]:
    return RECORDERS[table.floor_divide.name](a, b), RECORDERS[table.remainder.name](a, b)


def _conjugate(x: Any) -> Any:
    return x.conjugate() if is_complex(x) else x


# -- questions: answered at once where the numbers are known ----------------------------------------


def _compare(ufunc: np.ufunc, ask: Meaning) -> Meaning:
    def compare(a: Any, b: Any) -> Any:
        if (np.ndim(a) == 0 and np.ndim(b) == 0) or is_open(a, b):
            return each(ask, a, b)
        try:
            return ufunc(numbers(a, ufunc.__name__), numbers(b, ufunc.__name__))
        except OperandError:  # something else is among them, such as None
            return each(ask, a, b)

    return compare


def _question(ufunc: np.ufunc, ask: Meaning | None) -> Meaning:
    def answer(x: Any) -> Any:
        if ask is not None and is_open(x):
            return each(ask, x)
        return ufunc(numbers(x, ufunc.__name__))

    return answer


def _connective(ufunc: np.ufunc, ask: Meaning) -> Meaning:
    def connect(*operands: Any) -> Any:
        if is_open(*operands):
            return each(ask, *operands)
        return ufunc(*(numbers(x, ufunc.__name__) for x in operands))

    return connect


def _connected(ufunc: np.ufunc, ask: Meaning) -> Meaning:
    """The reduction of a connective: np.all and np.any."""

    def reduce(x: Any, axis: Any = 0, **options: Any) -> Any:
        if is_open(x):
            return np.frompyfunc(ask, 2, 1, identity=bool(ufunc.identity)).reduce(x, axis=axis, **options)
        return ufunc.reduce(numbers(x, ufunc.__name__), axis=axis, **options)

    return reduce


def _summed(x: Any, axis: Any = 0, keepdims: bool = False, initial: Any = 0.0, where: Any = True) -> Any:
    """Σ along an axis as one node."""
    chosen = x if where is True else np.where(ours(where), x, 0.0)
    found = products.summed(array_of(chosen), axis if x.ndim else None, keepdims)
    return found if type(initial) is float and initial == 0.0 else np.add(found, initial)


_COMPARISONS: dict[np.ufunc, Meaning] = {
    np.less: operator.lt, np.less_equal: operator.le, np.greater: operator.gt, np.greater_equal: operator.ge,
    np.equal: operator.eq, np.not_equal: operator.ne,
}  # fmt: skip
_QUESTIONS: dict[np.ufunc, Meaning | None] = {
    np.isnan: lambda x: x != x,
    np.isinf: lambda x: abs(x) == math.inf,
    np.isfinite: lambda x: abs(x) < math.inf,
    np.signbit: None,  # which tells -0.0 from 0.0
}
_CONNECTIVES: dict[np.ufunc, Meaning] = {
    np.bitwise_and: operator.and_, np.bitwise_or: operator.or_, np.bitwise_xor: operator.xor,
    np.invert: operator.invert, np.logical_and: operator.and_, np.logical_or: operator.or_,
    np.logical_xor: operator.xor, np.logical_not: operator.invert,
}  # fmt: skip
_TRUTHS = {np.logical_and, np.logical_or}
_CALLED_ONLY = {*_COMPARISONS, *_QUESTIONS, *_CONNECTIVES, np.matmul} - _TRUTHS
_REDUCTIONS: dict[np.ufunc, Meaning] = {
    np.add: _summed,
    np.logical_and: _connected(np.logical_and, operator.and_),
    np.logical_or: _connected(np.logical_or, operator.or_),
}


def _meanings() -> dict[np.ufunc, Meaning]:
    """What every ufunc means that has a meaning."""
    found: dict[np.ufunc, Meaning] = {}
    for ufunc in vars(np).values():  # not by dir, which names modules that are imported when they are asked for
        if isinstance(ufunc, np.ufunc):
            try:
                row = lookup(ufunc.__name__)
            except KeyError:
                continue
            found[ufunc] = np.frompyfunc(RECORDERS[row.name], ufunc.nin, 1)
    for ufunc in (np.maximum, np.minimum, np.hypot):  # in any order, so that several axes can be reduced at once
        found[ufunc] = np.frompyfunc(RECORDERS[ufunc.__name__], 2, 1, identity=None)
    for ufunc in _LOOPS:
        found[ufunc] = ufunc  # which is right for floats among Values too
    found |= {
        np.fmax: np.frompyfunc(_but_for_nan(table.maximum.name), 2, 1, identity=None),
        np.fmin: np.frompyfunc(_but_for_nan(table.minimum.name), 2, 1, identity=None),
        np.heaviside: np.frompyfunc(_heaviside, 2, 1),
        np.logaddexp2: np.frompyfunc(_logaddexp2, 2, 1),
        np.float_power: np.frompyfunc(RECORDERS[table.power.name], 2, 1),
        np.divmod: np.frompyfunc(_divmod, 2, 2),
        np.conjugate: np.frompyfunc(_conjugate, 1, 1),
        np.matmul: products.matmul,
    }
    if hasattr(np, "vecdot"):  # since NumPy 2.0
        found[np.vecdot] = products.vecdot
    found |= {ufunc: _compare(ufunc, ask) for ufunc, ask in _COMPARISONS.items()}
    found |= {ufunc: _question(ufunc, ask) for ufunc, ask in _QUESTIONS.items()}
    return found | {ufunc: _connective(ufunc, ask) for ufunc, ask in _CONNECTIVES.items()}


MEANINGS: dict[np.ufunc, Meaning] = _meanings()


def elementwise(meaning: Meaning, count: int) -> Meaning:
    """A function of `count` numbers on arrays; nan and inf are answers there, not warnings."""
    loop = np.frompyfunc(meaning, count, 1)

    def on_arrays(*arrays: Any) -> Any:
        with np.errstate(all="ignore"):
            return loop(*arrays)

    return on_arrays
