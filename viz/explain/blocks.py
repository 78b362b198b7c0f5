"""What may have happened to derivatives after they were right: a block transposed, exchanged, scaled, a term added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from viz.explain.places import Place
from viz.explain.products import other_products
from viz.explain.search import CLEAR, Finding
from viz.explain.sheet import CaseSheet, InputArray

FACTORS = {-1.0: "its negative", 2.0: "twice it", 0.5: "half of it", 0.0: "0"}


def of_blocks(sheet: CaseSheet) -> list[Finding]:
    """What explains all that is off as something done to one block of finished derivatives, or to all."""
    if sheet.clarity < CLEAR:
        return []
    found = list(_of_all(sheet))
    if len(sheet.blocks) > 1:
        for block in sheet.blocks:
            rest = np.ones(len(sheet.inputs), bool)
            rest[block.start : block.stop] = False
            if not sheet.wrong[rest].any():
                found += _of_one(sheet, block)
        found += _exchanged(sheet)
    return sorted(found, key=lambda finding: finding.cost)


def _of_all(sheet: CaseSheet) -> Iterator[Finding]:
    count = len(sheet.inputs)
    yield from _of_one(sheet, sheet.blocks[0] if len(sheet.blocks) == 1 else InputArray("all", 0, count, (count,)))
    if sheet.mixed.shape[1] == len(sheet.inputs) > 1:
        right = np.stack([sheet.rows(place) for place in range(len(sheet.points))])
        given = np.stack([point.given for point in sheet.points])
        if np.allclose(given, np.swapaxes(right, 1, 2), rtol=1e-7, atol=1e-9 * np.abs(right).max()):
            yield _finding("all", "transposed", 0.8, "its transpose")


def _of_one(sheet: CaseSheet, block: InputArray) -> Iterator[Finding]:
    name, start, stop, _ = block
    right, given, blur = sheet.true[start:stop], sheet.given[start:stop], sheet.blur[start:stop]

    def fits(found: Any) -> bool:
        return bool((np.abs(found - given) <= 6.0 * blur).all())

    for factor, words in FACTORS.items():
        if fits(factor * right):
            yield _finding(name, "left out" if factor == 0 else "sign" if factor < 0 else "factor", 1.4, words)
    if stop - start > 1:
        yield from _permuted(sheet, block, fits)
        for words, found in (("their sum", right.sum(0)), ("their mean", right.mean(0)), ("the first", right[0])):
            if fits(np.broadcast_to(found, right.shape)):
                yield _finding(name, "made one", 1.4, f"for every entry {words}")
    for words, instead, found in other_products(sheet, block):
        if fits(found):
            yield _finding(name, "another product", 0.9, f"{words}, where it is {instead}")
    yield from _with_the_input(sheet, name, start, stop)


def _permuted(sheet: CaseSheet, block: InputArray, fits: Any) -> Iterator[Finding]:
    name, start, stop, shape = block
    right, count = sheet.true[start:stop], stop - start
    order = np.arange(count).reshape(shape)
    if len(shape) == 2 and min(shape) > 1:
        if fits(right[np.arange(count).reshape(shape[::-1]).T.ravel()]):
            yield _finding(name, "transposed", 0.9, "its transpose")
        for axis, number in (("columns", 1), ("rows", 0)):
            ways = {"in reverse order": np.flip(order, number), "one place off": np.roll(order, 1, number)}
            ways["one place off the other way"] = np.roll(order, -1, number)
            for words, places in ways.items():
                if fits(right[places.ravel()]):
                    yield _finding(name, "permuted", 1.0, f"itself with its {axis} {words}")
    moves = {
        "in reverse order": right[::-1],
        "one place too far": np.roll(right, 1, 0),
        "one place too early": np.roll(right, -1, 0),
    }
    for words, moved in moves.items():
        if fits(moved):
            yield _finding(name, "permuted", 1.0, f"itself {words}")
    pair = np.flatnonzero(sheet.wrong[start:stop])
    if len(pair) == 2:
        exchanged = right.copy()
        exchanged[pair] = right[pair[::-1]]
        if fits(exchanged):
            a, b = (sheet.places[start + i] for i in pair)
            yield _finding(name, "permuted", 0.9, f"itself with the entries of {a} and {b} exchanged")


def _with_the_input(sheet: CaseSheet, name: str, start: int, stop: int) -> Iterator[Finding]:
    """A multiple of the input added, as a penalty does, or its derivative multiplied by the input."""
    if len(sheet.points) * (stop - start) < 3:
        return
    x = np.stack([sheet.points[p].numbers[start:stop] for p in sheet.point_of], 1)
    off, right = sheet.off[start:stop], sheet.true[start:stop]
    for what, base in (("", x), ("constant", np.ones_like(x))):
        with np.errstate(all="ignore"):
            ratio = off / base
        factor = float(np.median(ratio))
        if np.isfinite(factor) and factor and (np.abs(factor * base - off) <= 6.0 * sheet.blur[start:stop]).all():
            words = f"itself plus {factor:.6g}" + ("" if what else f"·{name}")
            yield _finding(name, "extra term", 1.3, words)
    with np.errstate(all="ignore"):
        for words, found in ((f"itself times {name}", right * x), (f"itself over {name}", right / x)):
            if (np.abs(found - sheet.given[start:stop]) <= 6.0 * sheet.blur[start:stop]).all():
                yield _finding(name, "factor", 1.6, words)


def _exchanged(sheet: CaseSheet) -> Iterator[Finding]:
    """Two arguments' derivatives in each other's place, or one in the place of another."""
    wrong = [b for b in sheet.blocks if sheet.wrong[b.start : b.stop].any()]
    for a in wrong if len(wrong) <= 2 else ():
        for b in sheet.blocks:
            if a is b or a.stop - a.start != b.stop - b.start:
                continue
            near = 6.0 * sheet.blur[a.start : a.stop]
            if not (np.abs(sheet.true[b.start : b.stop] - sheet.given[a.start : a.stop]) <= near).all():
                continue
            if len(wrong) == 1:
                yield _finding(a.name, "along another argument", 1.0, f"the derivative along {b.name}")
            elif b is wrong[1] and a is wrong[0]:
                back = np.abs(sheet.true[a.start : a.stop] - sheet.given[b.start : b.stop])
                if (back <= 6.0 * sheet.blur[b.start : b.stop]).all():
                    yield _finding(f"{a.name} and {b.name}", "permuted", 0.9, "each other's")


def _finding(name: str, kind: str, cost: float, words: str) -> Finding:
    return Finding(Place((), f"block {name}", 0.0), kind, cost, text=words)
