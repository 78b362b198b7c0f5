"""Arguments as people pass them: numbers, sequences, dicts and arrays of numbers, nested.

`flatten` takes such a thing apart into its numbers and a `Structure` that puts it together again around
others; `measure` does the same with all numbers in one array, for whoever computes with arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.array import ValueArray
from autograd.errors import ArgumentError, OperandError
from autograd.value import Value, number, short

Floats = np.ndarray[Any, np.dtype[np.float64]]
Reader = Callable[[Any, str], Any]  # (a number or an array, what it is) → a flat array
Read = Callable[[int, int], Floats]  # the numbers start … stop - 1, on the last axis


@dataclass(frozen=True)
class Structure:
    """How a thing is made of numbers: as data, so that two can be compared and hashed.

    kind    float for a number, np.ndarray, or the class: list, tuple, a named tuple, dict
    size    how many numbers it holds
    shape   of an array; (n,) for a sequence of n plain numbers
    keys    of a dict
    parts   what a nested thing is made of
    """

    kind: type
    size: int
    shape: tuple[int, ...] = ()
    keys: tuple[Any, ...] = ()
    parts: tuple[Structure, ...] = ()

    def build(self, leaves: Sequence[Any]) -> Any:
        """The same thing around other leaves, of any kind."""
        if self.kind is float:
            return leaves[0]
        if self.kind is np.ndarray:
            return _array(leaves, self.shape)
        if self.shape:
            return self._around(list(leaves))
        built, start = [], 0
        for part in self.parts:
            built.append(part.build(leaves[start : start + part.size]))
            start += part.size
        return self._around(built)

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
            return self._around(built)
        found = numbers(start, start + self.size)
        if self.kind is np.ndarray or (views and self.shape):
            return found.reshape(*found.shape[:-1], *self.shape)
        if views and self.kind is float:
            return found[..., 0]
        each = found.tolist() if found.ndim == 1 else list(np.moveaxis(found, -1, 0))
        return each[0] if self.kind is float else self._around(each)

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
        return [place for key, part in zip(keys, self.parts, strict=True) for place in part.places(f"{name}[{key!r}]")]

    def _around(self, built: list[Any]) -> Any:
        if self.kind is dict:
            return dict(zip(self.keys, built, strict=True))
        return self.kind(*built) if hasattr(self.kind, "_fields") else self.kind(built)


NUMBER = Structure(float, 1)


def nest(kind: type, keys: tuple[Any, ...], parts: Sequence[Structure]) -> Structure:
    """The structure of several; a plain list or tuple of numbers is written without its parts."""
    if parts and kind in (list, tuple) and all(part is NUMBER for part in parts):
        return Structure(kind, len(parts), (len(parts),))
    return Structure(kind, sum([part.size for part in parts]), (), keys, tuple(parts))


def compose(outer: Structure, inner: Structure) -> tuple[Structure, list[tuple[int, int]]]:
    """`inner` in every place of `outer`, and which numbers (of outer, of inner) its numbers belong to, in order.

    In an array, an array makes an array of both their shapes; any other thing holds an array in each of its places.
    """
    if outer.kind is float:
        return inner, [(0, j) for j in range(inner.size)]
    if outer.kind is not np.ndarray:
        return _in_places(outer, [compose(part, inner) for part in _parts_of(outer)], of_inner=False)
    if inner.kind is float or inner.kind is np.ndarray:
        whole = Structure(np.ndarray, outer.size * inner.size, outer.shape + inner.shape)
        return whole, [(i, j) for i in range(outer.size) for j in range(inner.size)]
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
    return Structure(of.kind, len(order), (), of.keys, parts), order


def _parts_of(structure: Structure) -> tuple[Structure, ...]:
    """What a nested thing is made of, a plain sequence of numbers too."""
    return structure.parts or (NUMBER,) * structure.size


# -- taking apart -----------------------------------------------------------------------------------


def flatten(thing: Any, what: str = "an argument") -> tuple[list[Any], Structure]:
    """The numbers (Values or floats) in `thing`, in order, and its structure.

    >>> leaves, structure = flatten({"w": [1, 2], "b": 3})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> structure.build([10, 20, 30])
    {'w': [10, 20], 'b': 30}

    Raises OperandError for anything in it that is not a real number.
    """
    leaves: list[Any] = []

    def number_or_array(x: Any) -> Structure:
        _refuse_unlike_arrays(x, what)
        if isinstance(x, np.ndarray) and x.ndim:
            leaves.extend([_leaf(element, what) for element in x.flat])
            return Structure(np.ndarray, x.size, x.shape)
        leaves.append(_leaf(x, what))
        return NUMBER

    return leaves, walk(thing, number_or_array)


def measure(thing: Any, what: str = "an argument", read: Reader | None = None) -> tuple[Any, Structure]:
    """All numbers in `thing`, in order, as one array of floats, and its structure.

    `read` makes a flat array of a number or an array: `floats`, unless `numbers_or_values`.

    >>> measure({"w": np.eye(2), "b": 3})[0]
    array([1., 0., 0., 1., 3.])

    Raises OperandError for anything in it that is not a plain real number, Values included.
    """
    found: list[Any] = []
    read = read or floats

    def numbers(x: Any) -> Structure:
        structure = Structure(np.ndarray, x.size, x.shape) if isinstance(x, np.ndarray) and x.ndim else NUMBER
        found.append(read(x, what))
        return structure

    def taken_whole(x: Any) -> Structure | None:
        if type(x) not in (list, tuple) or set(map(type, x)) != {float}:
            return None
        found.append(np.array(x))
        return Structure(type(x), len(x), (len(x),))

    structure = walk(thing, numbers, taken_whole)
    return found[0] if len(found) == 1 else np.concatenate([np.empty(0), *found]), structure


def leaves_like(thing: Any, structure: Structure, what: str, place: str = "") -> list[Any]:
    """The numbers (Values or floats) of `thing`, in the order of `structure`, which it must fit.

    Dicts have the same keys, in any order; sequences and arrays the same shape, whichever of the two they are.

    >>> leaves_like({"b": 1.0, "a": [2.0, 3.0]}, flatten({"a": np.zeros(2), "b": 0.0})[1], "a direction")
    [2.0, 3.0, 1.0]

    Raises ArgumentError where the two are made differently, OperandError for what is no number.
    """
    if structure.kind is float:
        if isinstance(thing, (dict, list, tuple)) or np.ndim(thing):
            raise _unlike(thing, "one number", what, place)
        return [_leaf(thing, what)]
    if structure.kind is dict:
        if not isinstance(thing, dict) or thing.keys() != set(structure.keys):
            raise _unlike(thing, f"a dict of {_listed(structure.keys)}", what, place)
        return _leaves_of_parts([thing[key] for key in structure.keys], structure.keys, structure.parts, what, place)
    shape = _shape_of(thing)
    if structure.shape or structure.kind is np.ndarray:
        if shape != structure.shape:
            raise _unlike(thing, f"numbers of shape {structure.shape}", what, place)
        return flatten(thing, what)[0]
    if shape is None or shape[:1] != (len(structure.parts),):
        raise _unlike(thing, f"a sequence of {len(structure.parts)}", what, place)
    return _leaves_of_parts(list(thing), range(len(thing)), structure.parts, what, place)


def fit(thing: Any, structure: Structure, what: str, batched: bool = False) -> Any:
    """`thing` made as `structure` says: keys in its order, lists for arrays or arrays for lists as it has them.

    Where it is `batched`, its arrays carry samples, and only keys are put in order.  Raises as `leaves_like`.
    """
    if not batched:
        return structure.build(leaves_like(thing, structure, what))
    keys: Iterable[Any] = structure.keys if structure.kind is dict else range(len(structure.parts))
    if structure.kind is dict and (not isinstance(thing, dict) or thing.keys() != set(structure.keys)):
        raise _unlike(thing, f"a dict of {_listed(structure.keys)}", what, "")
    is_sequence = isinstance(thing, (list, tuple)) and len(thing) == len(structure.parts)
    if structure.kind is not dict and structure.parts and not is_sequence:
        raise _unlike(thing, f"a sequence of {len(structure.parts)}", what, "")
    fitted = [
        fit(thing[key], part, f"{what}[{key!r}]", batched) for key, part in zip(keys, structure.parts, strict=True)
    ]
    return structure._around(fitted) if structure.parts else thing


def _leaves_of_parts(
    things: Sequence[Any], keys: Iterable[Any], parts: Sequence[Structure], what: str, place: str
) -> list[Any]:
    listed = zip(things, keys, parts, strict=True)
    return [leaf for thing, key, part in listed for leaf in leaves_like(thing, part, what, f"{place}[{key!r}]")]


def _shape_of(thing: Any) -> tuple[int, ...] | None:
    """The shape of an array or of nested sequences, as deep as these are regular; None for anything else."""
    if isinstance(thing, np.ndarray):
        return tuple(thing.shape)
    if not isinstance(thing, (list, tuple)):
        return None
    shapes = {_shape_of(part) for part in thing}
    inner = shapes.pop() if len(shapes) == 1 else None
    return (len(thing), *(inner or ()))


def _unlike(thing: Any, expected: str, what: str, place: str) -> ArgumentError:
    shape = _shape_of(thing)
    given = f"a dict of {_listed(thing)}" if isinstance(thing, dict) else f"numbers of shape {shape}"
    if shape is None and not isinstance(thing, dict):
        given = f"{type(thing).__name__} {short(thing)}"
    return ArgumentError(f"{what}{place and ' at ' + place}: expected {expected}, got {given}")


def _listed(keys: Iterable[Any]) -> str:
    return short(sorted(keys, key=repr))


def walk(
    thing: Any, inside: Callable[[Any], Structure], whole: Callable[[Any], Structure | None] | None = None
) -> Structure:
    """The structure of a thing; `inside` is handed its numbers and arrays in order, `whole` may take a sequence."""
    if isinstance(thing, dict):
        return nest(dict, tuple(thing), [walk(part, inside, whole) for part in thing.values()])
    if isinstance(thing, (list, tuple)):
        taken = whole(thing) if whole is not None else None
        return taken or nest(type(thing), (), [walk(part, inside, whole) for part in thing])
    return inside(thing)


def floats(x: Any, what: str) -> Floats:
    """A number or an array as a flat array of floats."""
    _refuse_unlike_arrays(x, what)
    if isinstance(x, np.ndarray) and x.dtype.kind in "fiub":
        return x.astype(np.float64, copy=False).reshape(-1)
    elements = x.flat if isinstance(x, np.ndarray) else (x,)
    leaves = [_leaf(element, what) for element in elements]
    for leaf in leaves:
        if isinstance(leaf, Value):
            raise OperandError(
                f"{what} is made of plain numbers here, got {short(leaf)}: pass its .data, "
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
    if isinstance(x, np.ma.MaskedArray):
        raise OperandError(
            f"{what} is a masked array, whose mask would be ignored: hand in its filled(…) or compressed() numbers"
        )


def names_of_arguments(f: Callable[..., Any], count: int) -> list[str]:
    """The names of a function's first `count` positional parameters, as far as it has them."""
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
        raise OperandError(
            f"{what} is made of real numbers (alone, or in lists, tuples, dicts, arrays), "
            f"got {type(x).__name__} {short(x)}"
        ) from None


def _array(leaves: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """An array of floats where all are numbers, a ValueArray where any is a Value."""
    kinds = set(map(type, leaves))
    if all(issubclass(kind, (int, float)) for kind in kinds):
        return np.array(leaves, dtype=float).reshape(shape)
    made = ValueArray if any(issubclass(kind, Value) for kind in kinds) else np.ndarray
    array: Any = np.ndarray.__new__(made, len(leaves), object)
    array[:] = leaves
    return array.reshape(shape)
