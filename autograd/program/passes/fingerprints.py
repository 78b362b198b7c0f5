"""Fingerprints of instructions: keys of 64 bits that tell what each computes of what, down to inputs and constants.

Two that compute the same have the same key; two that have the same key are to be held against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.program.graph import Graph

Ids = np.ndarray[Any, np.dtype[np.int64]]
Keys = np.ndarray[Any, np.dtype[np.uint64]]


class SaidTwice(Exception):
    """A program computes something twice, as one from a file may."""


def keys_of_numbers(program: Graph) -> Keys:
    """The key of each number of a program: inputs and results by their places, constants by what they are."""
    keys = _mixed(np.arange(program.first + len(program), dtype=np.uint64))
    keys[len(program.inputs) : program.first] = keys_of_constants(program.constants)
    return keys


def keys_of_constants(values: np.ndarray[Any, np.dtype[np.float64]]) -> Keys:
    """The keys of constants: of those with the same bits the same."""
    return _mixed(_mixed(np.ascontiguousarray(values).view(np.uint64)) + np.uint64(1))


def keys_of(code: int, operands: Sequence[Keys], count: int) -> Keys:
    """The keys of an operation on operands of these keys, in so many cones."""
    sums = np.full(count, _key_of_code(code, len(operands)))
    for keys, weight in zip(operands, _weights(len(operands)), strict=True):
        sums += keys * weight
    return _mixed(sums)


class KnownLines:
    """The instructions of a program by their keys.

    Raises:
        SaidTwice: if two of them have the same
    """

    def __init__(self, program: Graph, keys: Keys) -> None:
        lengths = np.diff(program.starts)
        slot = np.arange(len(program.operands)) - np.repeat(program.starts[:-1], lengths)
        weighted = keys[program.operands] * _weights(int(lengths.max(initial=0)))[slot]
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(weighted, dtype=np.uint64)])
        own = _key_of_code(program.code.astype(np.uint64), lengths.astype(np.uint64))
        found = _mixed(own + (sums[program.starts[1:]] - sums[program.starts[:-1]]))
        order = np.argsort(found)
        self._found, self._numbers = found[order], order + program.first
        if (self._found[1:] == self._found[:-1]).any():
            raise SaidTwice
        self._shift = np.uint64(64 - max(10, (8 * len(found)).bit_length()))
        self._may_be = np.zeros(2 ** int(64 - self._shift), bool)
        self._may_be[found >> self._shift] = True

    def numbers(self, keys: Keys) -> Ids:
        """The numbers of instructions with these keys; -1 where there is none."""
        numbers = np.full(len(keys), -1)
        looked_at = np.flatnonzero(self._may_be[keys >> self._shift])
        place = np.minimum(np.searchsorted(self._found, keys[looked_at]), len(self._found) - 1)
        is_there = self._found[place] == keys[looked_at] if len(self._found) else np.zeros(0, bool)
        numbers[looked_at[is_there]] = self._numbers[place[is_there]]
        return numbers


def _mixed(x: Keys) -> Keys:
    """Numbers of 64 bits that are unlike each other, one of each (the finaliser of splitmix64)."""
    x = x + np.array(0x9E3779B97F4A7C15, np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.array(0xBF58476D1CE4E5B9, np.uint64)
    x = (x ^ (x >> np.uint64(27))) * np.array(0x94D049BB133111EB, np.uint64)
    return x ^ (x >> np.uint64(31))


def _weights(count: int) -> Keys:
    """By what the keys of operands are multiplied, which makes their order count."""
    return _mixed(np.arange(count, dtype=np.uint64) + np.uint64(2**40)) | np.uint64(1)


def _key_of_code(code: Any, count: Any) -> Any:
    return _mixed((np.asarray(code, np.uint64) << np.uint64(32)) + np.asarray(count, np.uint64) + np.uint64(2**62))
