"""Arguments as people pass them: numbers, and what holds numbers, nested.

`flatten` takes such a thing apart into its numbers and a `Structure` that puts it together again around
others; `measure` does the same with all numbers in one array, for whoever computes with arrays.  What
holds numbers is known by its class (see `kinds`).  A str, None and the like hold none: they are part of the
structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from autograd.array import ValueArray, refuse_masked
from autograd.errors import ArgumentError, OperandError
from autograd.kinds import DICT, FIXED, FLAG, LIST, TUPLE, Static, exact_keys, holder, kind_of
from autograd.text import quoted
from autograd.value import REAL, Value, number

Floats = np.ndarray[Any, np.dtype[np.float64]]
Reader = Callable[[Any, str], Any]  # (a number or an array, what it is) → a flat array
Read = Callable[[int, int], Floats]  # the numbers start … stop - 1, on the last axis
DEEPEST = 100  # things inside each other


@dataclass(frozen=True)
class Structure:
    """How a thing is made of numbers: as data, so that two can be compared and hashed.

    Attributes:
        kind: float for a number, np.ndarray, Static for what holds no numbers, or the class of what holds parts
        size: how many numbers it holds
        shape: of an array; (n,) for a sequence of n plain numbers
        keys: of a dict; the names of a dataclass's fields
        parts: what a nested thing is made of
        rest: what else it takes to make it: the Static, a dict's default_factory, the labels of a Series
    """

    kind: type
    size: int
    shape: tuple[int, ...] = ()
    keys: tuple[Any, ...] = ()
    parts: tuple[Structure, ...] = ()
    rest: Any = None

    def build(self, leaves: Sequence[Any]) -> Any:
        """The same thing around other leaves, of any kind."""
        if self.kind is float:
            return leaves[0]
        if self.kind is np.ndarray:
            return _array(leaves, self.shape)
        if self.kind is Static:
            return self.rest.value
        if self.shape:
            return self.around(list(leaves))
        built, start = [], 0
        for part in self.parts:
            built.append(part.build(leaves[start : start + part.size]))
            start += part.size
        return self.around(built)

    def read(self, numbers: Read, start: int = 0, views: bool = False) -> Any:
        """The same thing around numbers in arrays, whose other axes stand before the thing's own.

        With `views` everything shares the arrays' memory: a number is an array of shape (), a plain
        sequence of numbers one array.

        >>> flatten((1.0, np.zeros(2)))[1].read(lambda start, stop: np.arange(3.0)[start:stop])
        (0.0, array([1., 2.]))
        """
        if self.parts:
            built = []
            for part in self.parts:
                built.append(part.read(numbers, start, views))
                start += part.size
            return built[0] if views and holder(self.kind).is_array else self.around(built)
        if self.kind is Static:
            return self.rest.value
        found = numbers(start, start + self.size)
        if self.kind is np.ndarray or (views and self.shape):
            return found.reshape(*found.shape[:-1], *self.shape)
        if views and self.kind is float:
            return found[..., 0]
        each = _each(found)
        return each[0] if self.kind is float else self.around(each)

    def reader(self, start: int = 0) -> Callable[[Floats], Any]:
        """`read` of one array in which its numbers begin at `start`, with all known before that can be.

        The array is flat or, as an answer over samples is, (samples, numbers).

        >>> read = flatten((1.0, np.zeros(2)))[1].reader()
        >>> read(np.arange(3.0))
        (0.0, array([1., 2.]))
        >>> read(np.ones((5, 3)))[1].shape
        (5, 2)
        """
        place = slice(start, start + self.size)
        if self.parts:
            starts = accumulate([part.size for part in self.parts], initial=start)
            readers = [part.reader(at) for part, at in zip(self.parts, starts, strict=False)]
            return _together(self, readers)
        if self.kind is Static:
            return lambda numbers: self.rest.value
        if self.kind is float:
            return lambda numbers: numbers.item(start) if numbers.ndim == 1 else numbers[:, start]
        if self.kind is not np.ndarray:
            return lambda numbers: self.around(_each(numbers[..., place]))
        if len(self.shape) == 1:
            return lambda numbers: numbers[..., place]
        return lambda numbers: numbers[..., place].reshape(*numbers.shape[:-1], *self.shape)

    def places(self, name: str) -> list[str]:
        """What its numbers are called if it is called `name`.

        >>> flatten({"w": [1, 2], "b": np.zeros((1, 2))})[1].places("p")
        ["p['w'][0]", "p['w'][1]", "p['b'][0, 0]", "p['b'][0, 1]"]
        """
        if self.kind is float:
            return [name]
        if self.kind is np.ndarray:
            return [f"{name}[{', '.join(map(str, at))}]" for at in np.ndindex(self.shape)]
        if self.shape:
            return [f"{name}[{i}]" for i in range(self.size)]
        keys = self.keys or range(len(self.parts))
        called = [name + holder(self.kind).place.format(key) for key in keys] if self.parts else []
        return [place for within, part in zip(called, self.parts, strict=True) for place in part.places(within)]

    def around(self, parts: list[Any]) -> Any:
        """A thing of this kind made of these parts."""
        return holder(self.kind).together(self.kind, self.keys, self.rest, parts)


NUMBER = Structure(float, 1)


def _each(numbers: Floats) -> list[Any]:
    """The numbers along the last axis: floats, or where there are other axes arrays."""
    if numbers.ndim == 1:
        floats: list[Any] = numbers.tolist()
        return floats
    return list(numbers.T if numbers.ndim == 2 else np.moveaxis(numbers, -1, 0))


def _together(structure: Structure, readers: Sequence[Callable[[Floats], Any]]) -> Callable[[Floats], Any]:
    """What reads each part and puts them together; of two in a tuple, as (value, gradient) are, without a loop."""
    if structure.kind is tuple and len(readers) == 2:
        first, second = readers
        return lambda numbers: (first(numbers), second(numbers))
    return lambda numbers: structure.around([read(numbers) for read in readers])


@lru_cache(maxsize=4096)
def array_of(shape: tuple[int, ...]) -> Structure:
    """The structure of an array."""
    return Structure(np.ndarray, int(np.prod(shape)), shape)


@lru_cache(maxsize=4096)
def row_of(kind: type, n: int) -> Structure:
    """The structure of a plain sequence of numbers."""
    return Structure(kind, n, (n,))


def nest(kind: type, keys: tuple[Any, ...], parts: Sequence[Structure], rest: Any = None) -> Structure:
    """The structure of several; a plain list or tuple of numbers is written without its parts."""
    if parts and (kind is list or kind is tuple) and all(part is NUMBER for part in parts):
        return row_of(kind, len(parts))
    return Structure(kind, sum([part.size for part in parts]), (), keys, tuple(parts), rest)


def compose(outer: Structure, inner: Structure) -> tuple[Structure, list[tuple[int, int]]]:
    """`inner` in every place of `outer`, and which numbers (of outer, of inner) its numbers belong to, in order.

    In an array, an array makes an array of both their shapes; any other thing holds an array in each of its places.
    """
    if outer.kind is float:
        return inner, [(0, j) for j in range(inner.size)]
    if outer.kind is not np.ndarray:
        return _in_places(outer, [compose(part, inner) for part in _parts_of(outer)], of_inner=False)
    if inner.kind is float or inner.kind is np.ndarray:
        return array_of(outer.shape + inner.shape), [(i, j) for i in range(outer.size) for j in range(inner.size)]
    return _in_places(inner, [compose(outer, part) for part in _parts_of(inner)], of_inner=True)


def _in_places(
    of: Structure, composed: list[tuple[Structure, list[tuple[int, int]]]], of_inner: bool
) -> tuple[Structure, list[tuple[int, int]]]:
    order: list[tuple[int, int]] = []
    start = 0
    for part, (_, pairs) in zip(_parts_of(of), composed, strict=True):
        order += [(i, j + start) if of_inner else (i + start, j) for i, j in pairs]
        start += part.size
    parts = tuple(structure for structure, _ in composed)
    return Structure(of.kind, len(order), (), of.keys, parts, of.rest), order


def _parts_of(structure: Structure) -> tuple[Structure, ...]:
    """What a nested thing is made of, a plain sequence of numbers too."""
    return structure.parts or (NUMBER,) * structure.size


# -- taking apart -----------------------------------------------------------------------------------


def flatten(thing: Any, what: str = "an argument", flags: bool = False) -> tuple[list[Any], Structure]:
    """The numbers (Values or floats) in `thing`, in order, and its structure.

    A bool counts as a number, or with `flags` as what holds none.

    >>> leaves, structure = flatten({"w": [1, 2], "b": 3, "kind": "linear"})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> structure.build([10, 20, 30])
    {'w': [10, 20], 'b': 30, 'kind': 'linear'}

    Raises:
        OperandError: for anything in it that neither is nor holds real numbers, and for a thing that is not even made
            of things, such as a str
    """
    if type(thing) is Value or type(thing) is float:
        return [thing], NUMBER
    leaves: list[Any] = []

    def number_or_array(x: Any) -> Structure:
        _refuse_unlike_arrays(x, what)
        if isinstance(x, np.ndarray) and x.ndim:
            plain = x.dtype == np.float64
            leaves.extend(x.reshape(-1).tolist() if plain else [_leaf(element, what) for element in x.flat])
            return array_of(x.shape)
        leaves.append(_leaf(x, what))
        return NUMBER

    def taken_whole(x: Any) -> Structure | None:
        row = _row_of_floats(x)
        if row is not None:
            leaves.extend(x)
        return row

    if kind_of(type(thing)) is FIXED:
        raise _no_number(thing, what)
    return leaves, walk(thing, number_or_array, what, taken_whole, flags=flags)


def _row_of_floats(thing: Any) -> Structure | None:
    """The structure of a list or tuple of floats; None for any other thing."""
    if type(thing) not in (list, tuple) or set(map(type, thing)) != {float}:
        return None
    return row_of(list if type(thing) is list else tuple, len(thing))


def measure(thing: Any, what: str = "an argument", read: Reader | None = None) -> tuple[Any, Structure]:
    """All numbers in `thing`, in order, as one array of floats, and its structure.

    `read` makes a flat array of a number or an array: `floats`, unless `numbers_or_values`.  A bool holds no number.

    >>> measure({"w": np.eye(2), "b": 3})[0]
    array([1., 0., 0., 1., 3.])

    Raises:
        OperandError: for anything in it that is not a plain real number, Values included
    """
    found: list[Any] = []
    read = read or floats

    def numbers(x: Any) -> Structure:
        found.append(read(x, what))
        return array_of(x.shape) if isinstance(x, np.ndarray) and x.ndim else NUMBER

    def taken_whole(x: Any) -> Structure | None:
        row = _row_of_floats(x)
        if row is not None:
            found.append(np.array(x))
        return row

    structure = walk(thing, numbers, what, taken_whole, flags=True)
    return found[0] if len(found) == 1 else np.concatenate([np.empty(0), *found]), structure


def walk(
    thing: Any,
    inside: Callable[[Any], Structure],
    what: str,
    whole: Callable[[Any], Structure | None] | None = None,
    flags: bool = False,
) -> Structure:
    """The structure of a thing; `inside` is handed its numbers and arrays in order, `whole` may take a sequence."""
    return inside(thing) if kind_of(type(thing)) is None else _Walk(inside, what, whole, flags).of(thing, 0)


class _Walk(NamedTuple):
    """What `walk` was given.  A function in it that calls itself would be a cycle, and hold the numbers."""

    inside: Callable[[Any], Structure]
    what: str
    whole: Callable[[Any], Structure | None] | None
    flags: bool

    def of(self, thing: Any, depth: int) -> Structure:
        kind = kind_of(type(thing))
        if kind is None or (kind is FLAG and not self.flags):
            return self.inside(thing)
        if kind is FIXED or kind is FLAG or type(thing) is Static:
            return Structure(Static, 0, rest=kind.apart(thing).rest)
        taken = self.whole(thing) if self.whole is not None else None
        if taken is not None:
            return taken
        if depth > DEEPEST:
            raise ArgumentError(
                f"{self.what} is nested more than {DEEPEST} deep, or contains itself: hand in its numbers as an array"
            )
        if kind is LIST or kind is TUPLE:
            return nest(type(thing), (), [self.of(part, depth + 1) for part in thing])
        if kind is DICT:
            return nest(dict, tuple(thing), [self.of(part, depth + 1) for part in thing.values()], exact_keys(thing))
        parts, keys, rest = kind.apart(thing)
        return nest(type(thing), keys, [self.of(part, depth + 1) for part in parts], rest)


def mapped(change: Callable[[Value], Any], thing: Any, depth: int = 0) -> Any:
    """A thing of any kind with its Values changed, those in arrays too; whatever else stands in it stays."""
    if isinstance(thing, Value):
        return change(thing)
    if isinstance(thing, np.ndarray) and thing.dtype == object:
        return _array([mapped(change, x) for x in thing.flat], thing.shape)
    kind = kind_of(type(thing))
    if kind is None or kind is FIXED or kind is FLAG or depth > DEEPEST:
        return thing
    if isinstance(thing, Static):
        return thing.value
    parts, keys, rest = kind.apart(thing)
    return kind.together(type(thing), keys, rest, [mapped(change, part, depth + 1) for part in parts])


# -- made like another ------------------------------------------------------------------------------


def leaves_like(thing: Any, structure: Structure, what: str, place: str = "") -> list[Any]:
    """The numbers (Values or floats) of `thing`, in the order of `structure`, which it must fit.

    Dicts have the same keys, in any order; sequences and arrays the same shape, whichever of the two they are;
    where `structure` holds no number, the same stands in `thing`, or None.

    >>> leaves_like({"b": 1.0, "a": [2.0, 3.0]}, flatten({"a": np.zeros(2), "b": 0.0})[1], "a direction")
    [2.0, 3.0, 1.0]

    Raises:
        ArgumentError: where the two are made differently
        OperandError: for what is no number
    """
    if structure.kind is float:
        if kind_of(type(thing)) not in (None, FIXED, FLAG) or np.ndim(thing):
            raise _unlike(thing, "one number", what, place)
        return [_leaf(thing, what)]
    if structure.kind is Static:
        given = thing if isinstance(thing, Static) else Static(thing)
        if given.value is not None and given != structure.rest:
            held = structure.rest.value
            raise _unlike(thing, quoted(held) if held is None else f"{quoted(held)} or None", what, place)
        return []
    if structure.shape or structure.kind is np.ndarray:
        if _shape_of(thing) != structure.shape:
            raise _unlike(thing, f"numbers of shape {structure.shape}", what, place)
        leaves = flatten(thing, what)[0]
        if len(leaves) != structure.size:
            raise _unlike(thing, f"{structure.size} numbers", what, place, f"only {len(leaves)} in {quoted(thing)}")
        return leaves
    things = _parts_like(thing, structure, what, place)
    keys: Iterable[Any] = structure.keys or range(len(things))
    listed = zip(things, keys, structure.parts, strict=True)
    return [leaf for part, key, like in listed for leaf in leaves_like(part, like, what, f"{place}[{quoted(key)}]")]


def fit(thing: Any, structure: Structure, what: str, axes: Any = None) -> Any:
    """`thing` made as `structure` says: keys in its order, lists for arrays or arrays for lists as it has them.

    Where it has samples along `axes`, its arrays carry them, and only keys are put in order.  Raises as `leaves_like`.
    """
    if axes is None:
        return structure.build(leaves_like(thing, structure, what))
    if not structure.parts and structure.kind is not dict:
        return thing
    is_sequence = isinstance(thing, (list, tuple)) and len(thing) == len(structure.parts)
    if issubclass(structure.kind, (list, tuple)) and not is_sequence:
        raise _unlike(thing, f"a sequence of {len(structure.parts)}", what, "")
    things = _parts_like(thing, structure, what, "")
    keys: Iterable[Any] = structure.keys or range(len(things))
    listed = zip(things, keys, structure.parts, prefixes(axes, structure, what), strict=True)
    return structure.around([fit(part, like, f"{what}[{quoted(key)}]", axis) for part, key, like, axis in listed])


def prefixes(prefix: Any, structure: Structure, what: str) -> list[Any]:
    """What `prefix`, an axis or one for each part of a thing, says about each part.

    It is made as the thing is; for a dataclass it may be a dict of its fields.

    Raises:
        ArgumentError: for another
    """
    if prefix is None or (isinstance(prefix, int) and not isinstance(prefix, bool)):
        return [prefix] * len(structure.parts)
    if isinstance(prefix, dict) and set(structure.keys) == prefix.keys():
        return [prefix[key] for key in structure.keys]
    return _parts_like(prefix, structure, what, "")


def _parts_like(thing: Any, structure: Structure, what: str, place: str) -> list[Any]:
    """The parts of a thing that is made of parts as `structure` is, in its order."""
    kind, count = structure.kind, len(structure.parts)
    if issubclass(kind, dict):
        if not isinstance(thing, dict) or thing.keys() != set(structure.keys):
            raise _unlike(thing, f"a dict of {_listed(structure.keys)}", what, place)
        return [thing[key] for key in structure.keys]
    if issubclass(kind, (list, tuple)):
        shape = _shape_of(thing)
        if shape is None or shape[:1] != (count,):
            raise _unlike(thing, f"a sequence of {count}", what, place)
        return list(thing)
    made = holder(kind)
    if type(thing) is not kind:
        if made.is_array:
            return [thing]
        raise _unlike(thing, f"a {kind.__name__}", what, place)
    parts, keys, rest = made.apart(thing)
    if (len(parts), keys, rest) != (count, structure.keys, structure.rest):
        raise _unlike(thing, f"a {kind.__name__} of {count} parts, made as the other is", what, place)
    return list(parts)


def _shape_of(thing: Any, depth: int = 0) -> tuple[int, ...] | None:
    """The shape of an array or of nested sequences, as deep as these are regular; None for anything else."""
    kind = kind_of(type(thing))
    if isinstance(thing, np.ndarray) or (kind is not None and kind.is_array):
        return tuple(thing.shape)
    if not isinstance(thing, (list, tuple)) or depth > DEEPEST:
        return None
    shapes = {_shape_of(part, depth + 1) for part in thing}
    inner = shapes.pop() if len(shapes) == 1 else None
    return (len(thing), *(inner or ()))


def _unlike(thing: Any, expected: str, what: str, place: str, found: str = "") -> ArgumentError:
    shape = _shape_of(thing)
    given = f"a dict of {_listed(thing)}" if isinstance(thing, dict) else f"numbers of shape {shape}"
    if shape is None and not isinstance(thing, dict):
        given = f"{type(thing).__name__} {quoted(thing)}"
    return ArgumentError(f"{what}{place and ' at ' + place}: expected {expected}, got {found or given}")


def _listed(keys: Iterable[Any]) -> str:
    return quoted(sorted(keys, key=repr))


# -- numbers and arrays -----------------------------------------------------------------------------


PLAIN = frozenset("?bhilqpBHILQPefd")  # characters of the dtypes whose numbers are no larger than floats go


def floats(x: Any, what: str) -> Floats:
    """A number or an array as a flat array of floats."""
    _refuse_unlike_arrays(x, what)
    if isinstance(x, np.ndarray) and x.dtype.char in PLAIN:
        return x.astype(np.float64, copy=False).reshape(-1)
    elements = x.flat if isinstance(x, np.ndarray) else (x,)
    leaves = [_leaf(element, what) for element in elements]
    for leaf in leaves:
        if isinstance(leaf, Value):
            raise OperandError(
                f"{what} is made of plain numbers here, got {quoted(leaf)}: pass its .data, "
                "or let the function use the Value itself, whose number is then read at every call"
            )
    return np.array(leaves, float)


def numbers_or_values(x: Any, what: str) -> Any:
    """A number, a Value, or an array of these as a flat array of them."""
    _refuse_unlike_arrays(x, what)
    elements = x.flat if isinstance(x, np.ndarray) else (x,)
    found = np.empty(len(elements), object)
    found[:] = [_leaf(element, what) for element in elements]
    return found


def _refuse_unlike_arrays(x: Any, what: str) -> None:
    """Raise OperandError for arrays of NumPy's that mean something else: masked ones, and matrices, whose * is @."""
    if type(x) is np.ndarray or not isinstance(x, np.ndarray):
        return
    if isinstance(x, np.matrix):
        raise OperandError(f"{what} is a np.matrix, whose * is not that of arrays: hand in np.asarray(…) of it")
    refuse_masked(what, x)


def names_of_arguments(f: Callable[..., Any], count: int) -> list[str]:
    """The names of a function's first `count` positional parameters, as far as it has them."""
    while not hasattr(f, "__code__") and hasattr(f, "__wrapped__"):  # a compiled function
        f = f.__wrapped__
    code = getattr(f, "__code__", None)
    bound = hasattr(f, "__self__")  # a method, whose first parameter is given already
    names = code.co_varnames[bound : code.co_argcount] if code is not None else ()
    return [names[i] if i < len(names) else f"argument {i}" for i in range(count)]


def check_length(given: Sequence[Any], expected: int, what: str) -> None:
    """Raise ArgumentError unless there are as many as expected."""
    if len(given) != expected:
        raise ArgumentError(f"{what}: expected {expected}, got {len(given)}")


def _leaf(x: Any, what: str) -> Any:
    if isinstance(x, Value):
        return x
    if isinstance(x, np.ndarray):
        x = x[()]
        if isinstance(x, Value):
            return x
    try:
        return number(x, what)
    except OperandError:
        if isinstance(x, REAL):
            raise  # it is too large, as was said
        raise _no_number(x, what) from None


def _no_number(x: Any, what: str) -> OperandError:
    return OperandError(
        f"{what} is made of real numbers (alone, or in lists, tuples, dicts, arrays, dataclasses), "
        f"got {type(x).__name__} {quoted(x)}"
    )


def _array(leaves: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An array of floats where all are numbers, a ValueArray where any is a Value."""
    kinds = set(map(type, leaves))
    if kinds == {float} or all(issubclass(kind, (int, float)) for kind in kinds):
        return np.array(leaves, dtype=float).reshape(shape)
    made = ValueArray if any(issubclass(kind, Value) for kind in kinds) else np.ndarray
    array: Any = np.ndarray.__new__(made, len(leaves), object)
    array[:] = leaves
    return array.reshape(shape)
