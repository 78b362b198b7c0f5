"""What holds numbers, by its class: how a thing is taken apart, and put together again around others."""

from __future__ import annotations

import dataclasses
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, cast

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted
from autograd.value import REAL, Value


class Taken(NamedTuple):
    """A thing taken apart.

    Attributes:
        parts: what may hold numbers
        keys: their keys or names; () where they are counted
        rest: what else it takes to make such a thing, which can be hashed
    """

    parts: Sequence[Any]
    keys: tuple[Any, ...] = ()
    rest: Any = None


class Kind(NamedTuple):
    """How the things of a class are taken apart and put together.

    Attributes:
        apart: (thing) → Taken
        together: (class, keys, rest, parts) → a thing
        place: what is written behind a thing's name for the part of a key
        is_array: whether it is one array with something beside it
    """

    apart: Callable[[Any], Taken]
    together: Callable[[type, tuple[Any, ...], Any, list[Any]], Any]
    place: str = "[{!r}]"
    is_array: bool = False


class Static:
    """Something that holds no numbers, as part of a structure: equal to another of the same class and value.

    0.0 and -0.0 are two, and so are (2,) and (2.0,).

    Raises:
        ArgumentError: for what has no hash, by which a recording could be found again
    """

    __slots__ = ("_hash", "_key", "value")

    def __init__(self, value: Any, what: str = "a static argument") -> None:
        self.value = value
        try:
            self._key = _exactly(value)
            self._hash = hash(self._key)
        except TypeError:
            raise ArgumentError(
                f"{what} is compared with those of other calls by its hash, which {type(value).__name__} "
                f"{quoted(value)} has not: hand in what has one, such as a tuple for a list"
            ) from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Static):
            return NotImplemented
        return other.value is self.value or bool(other._key == self._key)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Static({quoted(self.value)})"


def _exactly(value: Any) -> tuple[type, Any]:
    """What is equal for two of one class and value, all that they hold too, down to the sign of a zero."""
    inside: Any = value
    if isinstance(value, (float, np.floating)):
        inside = float(value).hex()
    elif isinstance(value, (tuple, frozenset)):
        inside = (tuple if isinstance(value, tuple) else frozenset)(map(_exactly, value))
    elif dataclasses.is_dataclass(value) and type(value).__eq__ is not object.__eq__:
        hash(value)  # as its class says: TypeError if its fields may be set
        inside = tuple(_exactly(getattr(value, field.name)) for field in dataclasses.fields(value) if field.compare)
    return type(value), inside


# -- kinds of things --------------------------------------------------------------------------------


def _sequence(thing: Any) -> Taken:
    return Taken(thing)


def _mapping(thing: Any) -> Taken:
    return Taken(list(thing.values()), tuple(thing), exact_keys(thing))


def exact_keys(keys: Iterable[Any]) -> Any:
    """What tells keys apart that are equal and not the same, such as 2 and 2.0; None for texts."""
    return None if all(type(key) is str for key in keys) else frozenset(map(_exactly, keys))


LIST = Kind(_sequence, lambda cls, keys, rest, parts: parts)
TUPLE = Kind(_sequence, lambda cls, keys, rest, parts: tuple(parts))
DICT = Kind(_mapping, lambda cls, keys, rest, parts: dict(zip(keys, parts, strict=True)))
MAPPING = Kind(_mapping, lambda cls, keys, rest, parts: cls(zip(keys, parts, strict=True)))
NAMED = Kind(_sequence, lambda cls, keys, rest, parts: cls._make(parts))  # type: ignore[attr-defined]
DEFAULTS = Kind(
    lambda thing: _mapping(thing)._replace(rest=thing.default_factory),
    lambda cls, keys, rest, parts: cls(rest, zip(keys, parts, strict=True)),
)
FIXED = Kind(lambda thing: Taken((), rest=Static(thing)), lambda cls, keys, rest, parts: rest.value)
FLAG = FIXED._replace(place="")  # of a bool, which is a number where it is an answer


def _plain_subclass(thing: Any) -> Taken:
    """Of a class made of list, tuple or dict that adds nothing which would be lost."""
    if getattr(thing, "__dict__", None):
        raise _lost(type(thing), "attributes beside its numbers")
    return _mapping(thing) if isinstance(thing, dict) else _sequence(thing)


def _unknown_subclass(thing: Any) -> Taken:
    raise _lost(type(thing), "an __init__ or __new__ of its own")


def _lost(cls: type, what: str) -> OperandError:
    name, base = cls.__name__, _base_of(cls).__name__
    return OperandError(
        f"a {name} is a {base} with {what}, which would be lost: hand in {base}(…) of it, "
        f"or say how it is made with register_structure({name}, …)"
    )


def _base_of(cls: type) -> type:
    return next(base for base in (dict, list, tuple) if issubclass(cls, base))


def _subclass(cls: type) -> Kind:
    """Of a class made of list, tuple or dict."""
    base = _base_of(cls)
    own = cls.__mro__[: cls.__mro__.index(base)]
    if any("__init__" in vars(each) or "__new__" in vars(each) for each in own):
        return Kind(_unknown_subclass, LIST.together)
    if base is dict:
        return MAPPING._replace(apart=_plain_subclass)
    return Kind(_plain_subclass, lambda cls, keys, rest, parts: cls(parts))


def _dataclass(cls: type) -> Kind:
    """Of a dataclass: its fields, set as they are, without the class's __init__, which numbers may not pass.

    A field with ``metadata={"static": True}`` holds no numbers.
    """
    fields = [(field.name, bool(field.metadata.get("static"))) for field in dataclasses.fields(cls)]
    names = tuple(name for name, _ in fields)

    def apart(thing: Any) -> Taken:
        beside = [
            name
            for name in getattr(thing, "__dict__", ())
            if name not in names and not isinstance(getattr(cls, name, None), cached_property)
        ]
        if beside:
            raise OperandError(
                f"a {cls.__name__} has attributes that are no fields ({', '.join(beside)}), which would be lost: make "
                f"them fields, or say how it is made with register_structure({cls.__name__}, …)"
            )
        return Taken([Static(getattr(thing, n), n) if static else getattr(thing, n) for n, static in fields], names)

    def together(cls: type, keys: tuple[Any, ...], rest: Any, parts: list[Any]) -> Any:
        made: Any = object.__new__(cls)
        for name, part in zip(keys, parts, strict=True):
            object.__setattr__(made, name, part)
        return made

    return Kind(apart, together, ".{}")


class _Labels:
    """A Series' index and name."""

    def __init__(self, index: Any, name: Any) -> None:
        self.index, self.name = index, name
        self._hash = hash((len(index), type(index), name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Labels) and self.name == other.name and bool(self.index.equals(other.index))

    def __hash__(self) -> int:
        return self._hash


def _series(cls: type) -> Kind:
    """Of pandas' Series, whose numbers are one array."""

    def together(cls: type, keys: tuple[Any, ...], rest: Any, parts: list[Any]) -> Any:
        (numbers,) = parts  # several dimensions, or things in its place, are an answer over samples, or a Jacobian
        one = isinstance(numbers, np.ndarray) and numbers.ndim == 1
        return cls(np.asarray(numbers), index=rest.index, name=rest.name) if one else numbers  # pandas wants no other

    def apart(thing: Any) -> Taken:
        return Taken([np.asarray(thing.values)], rest=_Labels(thing.index, thing.name))

    return Kind(apart, together, "", is_array=True)


# -- by class ---------------------------------------------------------------------------------------

_KINDS: dict[type, Kind | None] = {
    list: LIST,
    tuple: TUPLE,
    dict: DICT,
    OrderedDict: MAPPING,
    defaultdict: DEFAULTS,
    Static: Kind(lambda thing: Taken((), rest=thing), FIXED.together),
    **dict.fromkeys((float, np.ndarray, Value)),
}


def kind_of(cls: type) -> Kind | None:
    """How the things of a class are taken apart; None for numbers, arrays, and what is neither.

    FIXED and FLAG are the kinds of what holds no numbers.
    """
    try:
        return _KINDS[cls]
    except KeyError:
        found = _KINDS[cls] = _found(cls)
        return found


def holder(cls: type) -> Kind:
    """`kind_of` a class that is known to hold parts."""
    return cast(Kind, kind_of(cls))


def _found(cls: type) -> Kind | None:
    if issubclass(cls, Enum):
        return FIXED
    if issubclass(cls, (bool, np.bool_)):
        return FLAG
    if issubclass(cls, (Value, np.ndarray, *REAL)):
        return None
    if issubclass(cls, (str, bytes, type(None))):
        return FIXED
    if dataclasses.is_dataclass(cls):
        return _dataclass(cls)
    if issubclass(cls, tuple) and hasattr(cls, "_fields") and hasattr(cls, "_make"):
        return NAMED
    if issubclass(cls, (dict, list, tuple)):
        return _subclass(cls)
    pandas = sys.modules.get("pandas")
    if pandas is not None and issubclass(cls, pandas.Series):
        return _series(cls)
    return FIXED if any("__call__" in vars(each) for each in cls.__mro__) else None


def register_structure(
    cls: type,
    take_apart: Callable[[Any], tuple[Sequence[Any], Hashable]],
    put_together: Callable[[Any, list[Any]], Any],
) -> None:
    """Say how things of a class are made of numbers, so that they can be arguments and answers.

    Args:
        take_apart: (thing) → (its parts, the rest): parts hold numbers, in any way that is known; the rest is compared
            and hashed
        put_together: (rest, parts) → a thing like it, around other parts: Values, arrays, derivatives

    >>> class Circle:
    ...     def __init__(self, radius, colour):
    ...         self.radius, self.colour = radius, colour
    >>> register_structure(Circle, lambda c: ([c.radius], c.colour), lambda colour, parts: Circle(*parts, colour))
    >>> from autograd import grad
    >>> grad(lambda c: c.radius**2)(Circle(3.0, "red")).radius
    6.0

    Raises:
        ArgumentError: for a class that is known already as numbers or arrays
    """
    if issubclass(cls, (Value, np.ndarray, *REAL)):
        raise ArgumentError(f"register_structure: a {cls.__name__} is a number or an array, not made of them")

    def apart(thing: Any) -> Taken:
        parts, rest = take_apart(thing)
        return Taken(list(parts), rest=Static(rest, f"what register_structure's take_apart says of a {cls.__name__}"))

    _KINDS[cls] = Kind(apart, lambda cls, keys, rest, parts: put_together(rest.value, parts))
