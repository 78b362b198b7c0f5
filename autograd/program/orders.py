"""Arguments whose dicts have the same keys in another order: whether what was recorded for them computes the same."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from autograd.program.recording import RecordedProgram
from autograd.structure import Structure, leaves_like

Key: TypeAlias = tuple[tuple[Structure, ...], tuple[str, ...]]  # how arguments are made; the names of the last


def in_order(key: Key) -> Key:
    """The same with the keys of every dict in one order, by which those made alike are found."""
    structures, keywords = key
    return tuple(map(_sorted, structures)), keywords


def _sorted(structure: Structure) -> Structure:
    parts = [_sorted(part) for part in structure.parts]
    pairs = list(zip(structure.keys, parts, strict=True)) if structure.kind is dict else []
    pairs.sort(key=lambda pair: (type(pair[0]).__name__, repr(pair[0])))
    keys, inner = tuple(zip(*pairs, strict=True)) if pairs else (structure.keys, parts)
    return Structure(structure.kind, structure.size, structure.shape, keys, tuple(inner), structure.rest)


def compute_alike(known: RecordedProgram, other: RecordedProgram) -> bool:
    """Whether two recordings, of arguments that differ in the order of keys, do the same to the same numbers.

    They do not where the function goes through a dict from the first key to the last.
    """
    a, b = known.program, other.program
    place = np.arange(b.first + len(b))
    place[_places(known, other)] = np.arange(sum(structure.size for structure in known.arguments))
    return (
        known.answer == other.answer
        and len(known.captured) == len(other.captured)
        and all(x is y for x, y in zip(known.captured, other.captured, strict=True))
        and a.operations == b.operations
        and _bits(a.constants, a.code, a.starts, a.operands, a.outputs)
        == _bits(b.constants, b.code, b.starts, place[b.operands], place[b.outputs])
    )


def _places(known: RecordedProgram, other: RecordedProgram) -> list[int]:
    """For each number of the arguments of `known` which it is among those of `other`."""
    places: list[int] = []
    for mine, theirs in zip(known.arguments, other.arguments, strict=True):
        numbered = theirs.build([float(len(places) + i) for i in range(theirs.size)])
        places += [int(x) for x in leaves_like(numbered, mine, "an argument")]
    return places


def _bits(constants: Any, *indices: Any) -> list[bytes]:
    return [constants.tobytes(), *(np.asarray(each, np.int64).tobytes() for each in indices)]
