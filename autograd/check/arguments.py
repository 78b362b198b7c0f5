"""What is checked: a function at a point, as one function of a list of numbers, and what has to be made like them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.context import no_grad
from autograd.errors import ArgumentError
from autograd.given import function
from autograd.structure import NUMBER, Floats, Structure, flatten, leaves_like, names_of_arguments
from autograd.text import quoted, short
from autograd.transforms import positions
from autograd.value import Value

Path: TypeAlias = "tuple[Any, ...]"


class Block(NamedTuple):
    """A number, or a sequence or array of numbers, in the arguments: its name, and where its numbers stand."""

    name: str
    start: int
    stop: int


class At:
    """A function at a point.

    Its arguments at the positions `argnums` (all of them if that is None) are numbers that are moved; the others, and
    those with names, are handed to it as they are.
    """

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], named: dict[str, Any], argnums: Any = None) -> None:
        function(f, "a check")
        if not args:
            raise ArgumentError("no point was given to check at: check_grad(f, 2.0) checks f at 2")
        self.f, self.args, self.named = f, list(args), named
        self.argnums = argnums if argnums is not None else 0 if len(args) == 1 else tuple(range(len(args)))
        self.chosen = positions(self.argnums, len(args))
        leaves, whole = flatten(tuple(args[i] for i in self.chosen), "the point")
        self.numbers: list[float] = [x.data if isinstance(x, Value) else x for x in leaves]
        if not self.numbers:
            raise ArgumentError("the point holds no numbers, so that there is no derivative to check")
        self.parts = whole.parts or (NUMBER,) * whole.size  # one an argument
        inner = inspect.unwrap(getattr(f, "f", f))  # what a compiled function was made of
        names = names_of_arguments(inner, max(self.chosen) + 1)
        self.names = [names[i] for i in self.chosen]
        self._of_values = False
        self.point = self.arguments(np.array(self.numbers))
        self.here, self.outputs_structure = self._flat(self._answer())

    @property
    def structure(self) -> Structure:
        """Of the argument, or of a tuple of several."""
        return (
            self.parts[0] if isinstance(self.argnums, int) else Structure(tuple, len(self.numbers), (), (), self.parts)
        )

    def outputs(self, numbers: Floats) -> list[float]:
        """What f gives at these numbers, as a list of floats."""
        with no_grad():
            answer = self.f(*self.arguments(numbers), **self.named)
        if isinstance(answer, complex):  # Python's power of a negative number: outside of the domain
            answer = math.nan
        found, structure = self._flat(answer)
        if structure.size != self.outputs_structure.size:
            sizes = f"{self.outputs_structure.size} numbers at the point and {structure.size} beside it"
            raise ArgumentError(f"{name_of(self.f)} returned {sizes}, so that these cannot be compared")
        return found

    def _answer(self) -> Any:
        """f at the point; one that uses methods of Values, as in x.tanh(), is handed Values from now on."""
        with no_grad():
            try:
                return self.f(*self.arguments(np.array(self.numbers)), **self.named)
            except AttributeError as error:
                if not isinstance(error.obj, (float, np.ndarray)):
                    raise
                self._of_values = True
                return self.f(*self.arguments(np.array(self.numbers)), **self.named)

    def recorded(self, numbers: Floats) -> tuple[list[Value], list[Any]]:
        """(a leaf with its name for each number, what f returns of these), in order, as a graph."""
        leaves = [Value(x, name=place) for x, place in zip(numbers.tolist(), self.places(), strict=True)]
        args, start = list(self.args), 0
        for i, part in zip(self.chosen, self.parts, strict=True):
            args[i] = part.build(leaves[start : start + part.size])
            start += part.size
        return leaves, flatten(self.f(*args, **self.named), "what the function returns")[0]

    def arguments(self, numbers: Floats) -> tuple[Any, ...]:
        """The arguments, with these numbers in the places of those that are moved."""
        args, start = list(self.args), 0
        for i, part in zip(self.chosen, self.parts, strict=True):
            if self._of_values:
                args[i] = part.build([Value(x) for x in numbers[start : start + part.size].tolist()])
            else:
                args[i] = part.read(lambda first, last: numbers[first:last].copy(), start)  # f may write into them
            start += part.size
        return tuple(args)

    @staticmethod
    def _flat(answer: Any) -> tuple[list[float], Structure]:
        leaves, structure = flatten(answer, "what the function returns")
        return [x.data if isinstance(x, Value) else x for x in leaves], structure

    # -- names --------------------------------------------------------------------------------------

    def places(self) -> list[str]:
        """The names of the numbers, as in "W[0, 2]"."""
        return [place for name, part in zip(self.names, self.parts, strict=True) for place in part.places(name)]

    def paths(self) -> list[Path]:
        """The ways to the numbers, as in ("W", 0, 2)."""
        return [(name, *path) for name, part in zip(self.names, self.parts, strict=True) for path in _paths(part)]

    def blocks(self) -> list[Block]:
        """The numbers, sequences and arrays that the arguments are made of."""
        found: list[Block] = []
        for name, part in zip(self.names, self.parts, strict=True):
            for inner, structure in _leaves(part, name):
                start = found[-1].stop if found else 0
                found.append(Block(inner, start, start + structure.size))
        return found


def name_of(f: Callable[..., Any]) -> str:
    """What a function is called in a sentence."""
    return short(str(getattr(f, "__name__", quoted(f))))


def _paths(structure: Structure) -> list[Path]:
    if structure.kind is float:
        return [()]
    if structure.shape or structure.kind is np.ndarray:
        return list(np.ndindex(structure.shape))
    keys = structure.keys or range(len(structure.parts))
    return [(key, *path) for key, part in zip(keys, structure.parts, strict=True) for path in _paths(part)]


def _leaves(structure: Structure, name: str) -> list[tuple[str, Structure]]:
    if not structure.parts:
        return [(name, structure)]
    keys = structure.keys or range(len(structure.parts))
    pairs = zip(keys, structure.parts, strict=True)
    return [leaf for key, part in pairs for leaf in _leaves(part, f"{name}[{key!r}]")]


# -- what has to be made like something else ---------------------------------------------------------


def numbers_like(thing: Any, structure: Structure, what: str, like: str) -> list[float]:
    """The numbers of `thing` in the order of `structure`, which is the structure of `like`.

    Raises:
        ArgumentError: where the two are made differently, before any number is compared
    """
    compare(thing, structure, what, like)
    return [x.data if isinstance(x, Value) else x for x in leaves_like(thing, structure, what)]


def numbers_for(thing: Any, at: At, what: str) -> list[float]:
    """The numbers of `thing`, which has one entry an argument that is moved, made as that argument is."""
    if isinstance(at.argnums, int):
        return numbers_like(thing, at.parts[0], what, at.names[0])
    wanted = f"one entry per argument, ({', '.join(at.names)}{',' * (len(at.names) == 1)})"
    if not isinstance(thing, (tuple, list, np.ndarray)):
        raise ArgumentError(f"{what} is {quoted(thing)}, expected {wanted}{_forgotten(thing)}")
    if len(thing) != len(at.parts):
        raise ArgumentError(f"{what} has {_counted(len(thing), 'entry', 'entries')}, expected {wanted}")
    return [
        number
        for entry, part, name in zip(thing, at.parts, at.names, strict=True)
        for number in numbers_like(entry, part, f"{what} along {name}", name)
    ]


def compare(thing: Any, structure: Structure, what: str, like: str) -> None:
    """Raise ArgumentError, which says what is different, unless the two are made alike."""
    known = issubclass(structure.kind, (float, np.ndarray, list, tuple, dict))
    if thing is None and (known or structure.size):
        raise ArgumentError(f"{what} is None, expected {_described(structure, like)}{_forgotten(thing)}")
    if not known:
        return  # of a class of its own, which `leaves_like` takes apart, and refuses what is not made so
    if issubclass(structure.kind, dict):
        _compare_keys(thing, structure, what, like)
        for key, part in zip(structure.keys, structure.parts, strict=True):
            compare(thing[key], part, f"{what} at {quoted(key)}", f"{like}[{quoted(key)}]")
        return
    expected, got = shape_of(structure), _shape(thing)
    if expected is not None and got != expected:
        raise ArgumentError(f"{what} {_shaped(thing, got)}, {like} {_shaped(None, expected)}{_guess(got, expected)}")
    if expected is None and (got is None or got[:1] != (len(structure.parts),)):
        raise ArgumentError(f"{what} {_shaped(thing, got)}, expected a sequence of {len(structure.parts)} as {like} is")
    for i, part in enumerate(structure.parts):
        compare(thing[i], part, f"{what} at {i}", f"{like}[{i}]")


def _compare_keys(thing: Any, structure: Structure, what: str, like: str) -> None:
    if not isinstance(thing, dict):
        raise ArgumentError(f"{what} is {type(thing).__name__} {quoted(thing)}, expected {_described(structure, like)}")
    strange = _listed(key for key in thing if key not in structure.keys)
    missing = _listed(key for key in structure.keys if key not in thing)
    if strange or missing:
        faults = [f"has {strange}, which {like} has not,"] * bool(strange) + [f"lacks {missing}"] * bool(missing)
        raise ArgumentError(f"{what} {' and '.join(faults)}: the keys are {_listed(structure.keys)}, in any order")


def _listed(keys: Iterable[Any]) -> str:
    return ", ".join(map(quoted, keys))


def _described(structure: Structure, like: str) -> str:
    if issubclass(structure.kind, dict):
        return f"a dict with the keys {_listed(structure.keys)}, as {like} is"
    shape = shape_of(structure)
    return "one number" if shape == () else f"what is made as {like} is" + (f", of shape {shape}" if shape else "")


def _forgotten(thing: Any) -> str:
    return ": is a `return` missing?" if thing is None else ""


def shape_of(structure: Structure) -> tuple[int, ...] | None:
    """The shape of numbers, arrays and regular nested sequences; None of dicts and irregular ones."""
    if structure.kind is float or structure.shape or structure.kind is np.ndarray:
        return structure.shape
    shapes = {shape_of(part) for part in structure.parts}
    inner = shapes.pop() if len(shapes) == 1 else None
    return None if inner is None or not issubclass(structure.kind, (list, tuple)) else (len(structure.parts), *inner)


def _shape(thing: Any) -> tuple[int, ...] | None:
    if isinstance(thing, np.ndarray):
        return tuple(thing.shape)
    if not isinstance(thing, (list, tuple)):
        return None if isinstance(thing, dict) else ()
    shapes = {_shape(part) for part in thing}
    inner = shapes.pop() if len(shapes) == 1 else None
    return (len(thing),) if inner is None else (len(thing), *inner)


def _shaped(thing: Any, shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return f"is {type(thing).__name__} {quoted(thing)}"
    return "is one number" if shape == () else f"has shape {shape}"


def _guess(got: tuple[int, ...] | None, expected: tuple[int, ...]) -> str:
    return "; it looks like the transpose" if got == expected[::-1] and len(expected) > 1 else ""


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
