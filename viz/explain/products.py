"""The derivative along a matrix of weights is a product, Xᵀ·δ: whether another product of the two was taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from viz.explain.sheet import CaseSheet, Floats, InputArray


def other_products(sheet: CaseSheet, block: InputArray) -> Iterator[tuple[str, str, Floats]]:
    """(how it is written, how the right one is, the derivatives that it gives, by cases) of every product that fits."""
    factors = _factors(sheet, block)
    if factors is None:
        return
    X, D, right = factors
    for (a, A), (b, B) in (((("X", X), ("δ", D))), ((("δ", D), ("X", X)))):
        for turned_a, turned_b in product((True, False), repeat=2):
            left = np.swapaxes(A, 1, 2) if turned_a else A
            other = np.swapaxes(B, 1, 2) if turned_b else B
            if left.shape[2] == other.shape[1] and (left.shape[1], other.shape[2]) == block.shape:
                words = f"{a}{'ᵀ' * turned_a}·{b}{'ᵀ' * turned_b}"
                if words != right:
                    yield words, right, (left @ other).reshape(sheet.cases, -1).T


def _factors(sheet: CaseSheet, block: InputArray) -> tuple[Floats, Floats, str] | None:
    """X and δ of a block of weights as cases of matrices, a row a sample, and their right product."""
    if len(block.shape) != 2 or min(block.shape) < 2:
        return None
    into: dict[int, list[int]] = defaultdict(list)
    for edge in sheet.edges.tolist():
        into[int(sheet.tail[edge])].append(edge)
    entries = [into.get(node, []) for node in sheet.inputs[block.start : block.stop]]
    samples = len(entries[0])
    if not samples or any(len(edges) != samples for edges in entries):
        return None
    edges = np.array(entries).reshape(*block.shape, samples)
    heads = np.asarray(sheet.head)[edges]
    if (heads == heads[:1]).all():  # z = X·W: the node is that of the column
        return _matrices(sheet.slope[edges[:, 0]]), _matrices(sheet.delta[heads[0]]), "Xᵀ·δ"
    if (heads == heads[:, :1]).all():  # z = W·x: that of the row
        return _matrices(sheet.slope[edges[0]]), _matrices(sheet.delta[heads[:, 0]]), "δᵀ·X"
    return None


def _matrices(numbers: Any) -> Floats:
    """Entries by samples by cases as cases by samples by entries."""
    return np.asarray(np.moveaxis(numbers, (0, 1, 2), (2, 1, 0)))
