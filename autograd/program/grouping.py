"""Finds array code in a program of scalars: equal operations of one level, and matrix products among them.

A level holds what can be computed at the same time: all whose operands stand in lower levels.  Dots of
one level that share a list of operands are the rows of a matrix product; products whose sum over the
samples is asked for are the elements of one, with the samples as the contracted axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograd.program.graph import DOT, Graph, Operation

Ids = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class LevelGroup:
    """Instructions of one level with the same operation.

    Attributes:
        out: (k,) the numbers they compute
        operands: (k, n) the numbers they are computed from
        shared: of dots: the (n,) numbers that are the second half of the operands of all, or None
    """

    operation: Operation
    out: Ids
    operands: Ids
    shared: Ids | None = None

    def __getitem__(self, which: slice) -> LevelGroup:
        """Some of the instructions."""
        return LevelGroup(self.operation, self.out[which], self.operands[which], self.shared)


def levels(program: Graph) -> Ids:
    """For every number how long the longest way to it from an input is."""
    level = [0] * (program.first + len(program))
    starts, operands = program.starts.tolist(), program.operands.tolist()
    number = program.first
    start = 0
    for stop in starts[1:]:
        if stop - start == 2:  # nearly all
            a, b = level[operands[start]], level[operands[start + 1]]
            level[number] = (a if a > b else b) + 1
        else:
            level[number] = 1 + max([level[i] for i in operands[start:stop]], default=0)
        number += 1
        start = stop
    return np.array(level, np.int64)


def groups(program: Graph, level: Ids, wanted: np.ndarray[Any, np.dtype[np.bool_]]) -> list[LevelGroup]:
    """The `wanted` instructions in groups that can be run one after the other; `level` is of every number."""
    lengths = np.diff(program.starts)
    level = level[program.first :]
    chosen = np.flatnonzero(wanted)
    order = chosen[np.lexsort((chosen, lengths[chosen], program.code[chosen], level[chosen]))]
    keys = np.stack([level[order], program.code[order], lengths[order]])
    cuts = np.flatnonzero(np.any(keys[:, 1:] != keys[:, :-1], axis=0)) + 1
    found: list[LevelGroup] = []
    for members in np.split(order, cuts) if len(order) else []:
        found += _group(program, members, int(lengths[members[0]]))
    return found


def _group(program: Graph, members: Ids, length: int) -> Iterator[LevelGroup]:
    operation = program.operations[program.code[members[0]]]
    operands = program.operands[program.starts[members][:, None] + np.arange(length)].astype(np.int64)
    if operation == DOT and length > 2 and len(members) > 1:
        yield from _dots(members + program.first, operands)
    else:
        yield LevelGroup(operation, members + program.first, operands)


def _dots(out: Ids, operands: Ids) -> Iterator[LevelGroup]:
    """Dots, those with a half of their operands in common together and that half in second place."""
    n = operands.shape[1] // 2
    first, second = ([row.tobytes() for row in np.ascontiguousarray(half)] for half in _halves(operands, n))
    swap = len(set(first)) < len(set(second))
    if swap:
        operands = np.concatenate([operands[:, n : 2 * n], operands[:, :n], operands[:, 2 * n :]], axis=1)
    together: dict[bytes, list[int]] = {}
    for i, key in enumerate(first if swap else second):
        together.setdefault(key, []).append(i)
    alone = [rows[0] for rows in together.values() if len(rows) == 1]
    if alone:
        yield LevelGroup(DOT, out[alone], operands[alone])
    for rows in together.values():
        if len(rows) > 1:
            yield LevelGroup(DOT, out[rows], operands[rows], operands[rows[0], n : 2 * n])


def _halves(operands: Ids, n: int) -> tuple[Ids, Ids]:
    return operands[:, :n], operands[:, n : 2 * n]


class Products(NamedTuple):
    """Sums over the samples of products of numbers: ``total[at] += left @ rightᵀ``.

    left (k,), right (n,), at (k, n): places among the summed outputs.
    """

    left: Ids
    right: Ids
    at: Ids


def products(pairs: Sequence[tuple[int, int, int]]) -> list[Products]:
    """Matrix products from (left, right, place): lefts with the same rights together."""
    rights: dict[int, tuple[list[int], list[int]]] = {}
    for left, right, place in pairs:
        of_left = rights.setdefault(left, ([], []))
        of_left[0].append(right)
        of_left[1].append(place)
    together: dict[tuple[int, ...], list[int]] = {}
    for left, (of_left_rights, _) in rights.items():
        together.setdefault(tuple(of_left_rights), []).append(left)
    return [
        Products(np.array(lefts), np.array(key), np.array([rights[left][1] for left in lefts]))
        for key, lefts in together.items()
    ]


def even_steps(rows: Ids) -> tuple[int, ...] | None:
    """How far apart rows lie along every axis, if they lie evenly, so that a view can reach them.

    >>> even_steps(np.array([[3, 4, 5], [7, 8, 9]]))
    (4, 1)
    >>> even_steps(np.array([1, 2, 4])) is None
    True
    """
    first = int(rows.flat[0])
    steps = tuple(int(rows.take(1, axis).flat[0]) - first if n > 1 else 0 for axis, n in enumerate(rows.shape))
    expected = np.full(rows.shape, first)
    for axis, (n, step) in enumerate(zip(rows.shape, steps, strict=True)):
        expected += (np.arange(n) * step).reshape([n if i == axis else 1 for i in range(rows.ndim)])
    return steps if np.array_equal(rows, expected) else None
