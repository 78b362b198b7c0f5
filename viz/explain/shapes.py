"""Derivatives of the wrong shape: which readings of the numbers given have the right one.

A reading makes what was given as its argument is made: it turns it round, writes its entries in another order, or adds
them up over an axis that should not be there.  Where there is an axis too few the numbers can be no gradient; they are
held against the right one's sum over that axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice, permutations, product
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd import Value, grad
from autograd.check.arguments import At, numbers_like, shape_of
from autograd.errors import ArgumentError
from autograd.structure import Structure, flatten
from viz.explain.answer import Mistake
from viz.explain.sheet import ROUNDING, Floats

Shape: TypeAlias = tuple[int, ...]
Read: TypeAlias = Callable[[Floats, Floats], Any]  # of what was given and the right derivative; None: it cannot be

MOST = 16  # ways of reading all arguments that are tried


class Reading(NamedTuple):
    """One way to read numbers of a wrong shape: what is said of them, how that is put right, and what it costs."""

    words: str
    corrected: str
    cost: float
    read: Read


class Readings(NamedTuple):
    """One reading for every argument whose derivative has the wrong shape, and the gradient that it makes."""

    mistakes: tuple[Mistake, ...]
    cost: float
    read: Callable[[Any, Sequence[Any]], Any]  # of what was given at a point, and the point


class ArgumentShape(NamedTuple):
    """An argument: its name, how it is made, the shape of what was given for it, and the readings if that is wrong."""

    name: str
    structure: Structure
    got: Shape
    readings: tuple[Reading, ...]


def ways(at: At, found: Any, named: dict[str, Any]) -> list[Readings]:
    """All ways to read a gradient in which some shapes are wrong, the likeliest first; none of what has no shape."""
    given = _entries(at, found)
    if given is None:
        return []
    found = []
    for order in _orders(at, given):
        parts = [_part(at, i, given[k]) for i, k in enumerate(order)]
        every = product(*(part.readings or (None,) for part in parts))
        found += [_way(at, parts, order, chosen, named) for chosen in islice(every, MOST)]
    return sorted(found, key=lambda way: way.cost)


def _entries(at: At, found: Any) -> list[Any] | None:
    """What was given for each argument, if it can be told apart."""
    if isinstance(at.argnums, int):
        entries = [found]
    elif isinstance(found, (tuple, list)) and len(found) == len(at.parts):
        entries = list(found)
    else:
        return None
    known = all(_array(entry) is not None for entry in entries)
    return entries if known and all(shape_of(part) is not None for part in at.parts) else None


def _orders(at: At, given: Sequence[Any]) -> Iterator[tuple[int, ...]]:
    """As the entries stand; and if they all belong to other arguments, as these do."""
    usual = tuple(range(len(given)))
    yield usual
    shapes = [array.shape for entry in given if (array := _array(entry)) is not None]
    wanted = [shape_of(part) for part in at.parts]
    if shapes != wanted and len(given) <= 4:
        yield from (o for o in permutations(usual) if o != usual and [shapes[k] for k in o] == wanted)


def _array(entry: Any) -> Floats | None:
    """Numbers as an array; None of what is none, or has no shape."""
    try:
        leaves, structure = flatten(entry, "a gradient")
        shape = shape_of(structure)
        return None if shape is None else np.array([_number(x) for x in leaves], float).reshape(shape)
    except (ArgumentError, TypeError, ValueError):
        return None


def _number(x: Any) -> float:
    return float(x.data if isinstance(x, Value) else x)


def _part(at: At, i: int, entry: Any) -> ArgumentShape:
    structure, name = at.parts[i], at.names[i]
    array = _array(entry)
    got = () if array is None else array.shape
    try:
        numbers_like(entry, structure, "the gradient", name)
    except ArgumentError:
        wanted = shape_of(structure) or ()
        return ArgumentShape(name, structure, got, tuple(readings(got, wanted)))
    return ArgumentShape(name, structure, got, ())


def _way(
    at: At, parts: Sequence[ArgumentShape], order: Shape, chosen: Sequence[Reading | None], named: dict[str, Any]
) -> Readings:
    moved = [_moved(at, order)] if list(order) != sorted(order) else []
    mistakes = [*moved, *(_mistake(p, how) for p, how in zip(parts, chosen, strict=True) if how is not None)]

    def read(given: Any, point: Sequence[Any]) -> Any:
        entries = [given] if isinstance(at.argnums, int) else [given[k] for k in order]
        rights = _right(at, point, named) if any(how is not None for how in chosen) else [None] * len(parts)
        made = [_read(*each) for each in zip(parts, chosen, entries, rights, strict=True)]
        return made[0] if isinstance(at.argnums, int) else tuple(made)

    return Readings(tuple(mistakes), 0.9 * len(moved) + sum(how.cost for how in chosen if how is not None), read)


def _right(at: At, point: Sequence[Any], named: dict[str, Any]) -> list[Floats | None]:
    """The right derivative along each argument."""
    right = grad(at.f, at.argnums)(*point, **named)
    return [_array(entry) for entry in ([right] if isinstance(at.argnums, int) else right)]


def _read(part: ArgumentShape, how: Reading | None, entry: Any, right: Floats | None) -> Any:
    given = _array(entry)
    if how is None or given is None or right is None:
        return entry
    made = how.read(given, right) if given.shape == part.got else None
    if made is None:
        raise ArgumentError(f"the gradient along {part.name} cannot be read as {how.words}")
    return part.structure.build([float(x) for x in np.ravel(made)])


def _mistake(part: ArgumentShape, how: Reading) -> Mistake:
    got, wanted = (_shaped(shape) for shape in (part.got, shape_of(part.structure) or ()))
    said = f"the derivative along {part.name}, {got} where {part.name} is {wanted}, {how.words}"
    rule = f"the derivative along {part.name} is made as {part.name} is, {wanted}"
    return Mistake(said, "shape", part.name, "", "", rule, how.corrected)


def _moved(at: At, order: Shape) -> Mistake:
    stand = sorted(range(len(order)), key=order.__getitem__)
    given, wanted = (f"({', '.join(at.names[i] for i in places)})" for places in (stand, range(len(order))))
    said = f"the derivatives stand in the order {given} for {wanted}"
    return Mistake(said, "shape", " and ".join(at.names), "", "", f"one for each argument, {wanted}", wanted)


def _shaped(shape: Shape) -> str:
    return f"of shape {shape}" if shape else "one number"


# -- readings -----------------------------------------------------------------------------------------


def readings(got: Shape, wanted: Shape) -> Iterator[Reading]:
    """The ways to read numbers of one shape as numbers of another, the likeliest first.

    >>> [each.words for each in readings((4, 2), (2, 1))]
    ['is not yet summed over its axis 0, of 4', 'is not yet averaged over its axis 0, of 4']
    """
    if prod(got) == prod(wanted):
        yield from _laid_out(got, wanted)
    yield from _with_an_axis_more(got, wanted)
    yield from _with_an_axis_less(got, wanted)


def _laid_out(got: Shape, wanted: Shape) -> Iterator[Reading]:
    """The same numbers, otherwise laid out."""
    for axes in permutations(range(len(got))) if 2 <= len(got) == len(wanted) <= 3 else ():
        if axes != tuple(sorted(axes)) and tuple(got[i] for i in axes) == wanted:
            turned = axes == tuple(range(len(got)))[::-1]
            corrected = "g.T" if turned else f"g.transpose{axes}"
            yield Reading("is transposed", corrected, 0.9, partial(_transposed, axes))
    if len(got) != len(wanted) or sum(size > 1 for size in got) > 1:  # else that is the same as transposing it
        words, corrected = (
            (f"is laid out as {wanted}", f"g.reshape{wanted}") if wanted else ("is one number", "g.item()")
        )
        yield Reading(words, corrected, 0.95, lambda given, _: given.reshape(wanted))
    if min(len(got), len(wanted)) == 1 < sum(size > 1 for size in max(got, wanted, key=len)):
        yield Reading(
            f"is laid out as {wanted}, column by column", f'g.reshape({wanted}, order="F")', 1.0,
            lambda given, _: given.reshape(wanted, order="F"),
        )  # fmt: skip


def _transposed(axes: Shape, given: Floats, _: Floats) -> Floats:
    return given.transpose(axes)


def _with_an_axis_more(got: Shape, wanted: Shape) -> Iterator[Reading]:
    """One for each sample, or a square of which the diagonal is meant."""
    for axis, size in enumerate(got):
        rest = got[:axis] + got[axis + 1 :]
        inner = next(iter(_laid_out(rest, wanted)), None) if prod(rest) == prod(wanted) and size > 1 else None
        if (inner is None and rest != wanted) or size == 1:
            continue
        for how, words in (("sum", "is not yet summed"), ("mean", "is not yet averaged")):
            yield _reduced(axis, size, how, words, None if rest == wanted else inner)
    if len(got) == 2 and got[0] == got[1] == prod(wanted) > 1:
        yield Reading(
            "has every entry with every other, where its diagonal is meant", "g.diagonal()", 1.2,
            lambda given, _: given.diagonal().reshape(wanted),
        )  # fmt: skip


def _reduced(axis: int, size: int, how: str, words: str, inner: Reading | None) -> Reading:
    def read(given: Floats, right: Floats) -> Any:
        found = getattr(np, how)(given, axis)
        return found if inner is None else inner.read(found, right)

    corrected = f"g.{how}(axis={axis})" + (f".{inner.corrected.partition('.')[2]}" if inner else "")
    return Reading(f"{words} over its axis {axis}, of {size}", corrected, 1.0 if how == "sum" else 1.2, read)


def _with_an_axis_less(got: Shape, wanted: Shape) -> Iterator[Reading]:
    """The right one's sum or mean over an axis, or over all, which no numbers can be made of."""
    for axis in (None, *range(len(wanted))):
        rest = () if axis is None else wanted[:axis] + wanted[axis + 1 :]
        if prod(rest) == prod(got) < prod(wanted):
            over = "all" if axis is None else f"axis {axis}"
            for how in ("sum", "mean"):
                words = f"is the {how} of the right one over {over}"
                yield Reading(words, f"without np.{how}", 1.1 if how == "sum" else 1.3, _if_it_is(how, axis))


def _if_it_is(how: str, axis: int | None) -> Read:
    def read(given: Floats, right: Floats) -> Any:
        found = np.ravel(getattr(np, how)(right, axis))
        size = np.maximum(np.abs(found), 1e-3 * np.abs(right).max(initial=0.0))
        return right if (np.abs(found - given.ravel()) <= 10 * ROUNDING * size).all() else None

    return read
