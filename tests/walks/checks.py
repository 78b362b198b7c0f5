"""Derivatives at awkward points, right and spoiled by 1 %, for check_grad to judge: thousands, if need be.

    python -m tests.walks.checks --cases 2000 --seed 1

Each case draws a function (a row of the table, a composite of rows, something beside a pole, a kink or the edge of a
domain, something steep), a point between 1e-8 and 1e8, and often noise of 1e-10.  The derivative is mpmath's, to 500
digits.  A right one that is called wrong, or a spoiled one that passes, is printed, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import struct
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mp, mpf

from autograd import check_grad
from autograd.check.definition import defined, leading
from autograd.ops.primitive import TABLE

DIGITS, STEP = 500, mpf(10) ** -50
Tree = Any  # "x", a float, or (a row, *trees)
Case = tuple[Tree, float]
STAIRS = {"floor", "ceil", "trunc", "round", "floor_divide", "sign"}

_COMPARISONS = ("equal", "less", "greater")
ROWS = [
    row
    for row in TABLE.values()
    if not row.variadic and not leading(row) and not any(word in row.name for word in _COMPARISONS)
]
OF_ONE = [row for row in ROWS if len(row.operands) == 1]
OF_TWO = [row for row in ROWS if len(row.operands) == 2]


def value(tree: Tree, x: float) -> float:
    """What the rows compute."""
    if isinstance(tree, tuple):
        return tree[0].float(*[value(part, x) for part in tree[1:]])
    return x if tree == "x" else tree


def exact(tree: Tree, x: Any) -> Any:
    """What the rows' definitions say."""
    if isinstance(tree, tuple):
        return defined(tree[0], [exact(part, x) for part in tree[1:]])
    return x if isinstance(tree, str) else mpf(tree)


def rows_in(tree: Tree) -> list[Tree]:
    """The applications of rows in a tree."""
    return [tree, *[inner for part in tree[1:] for inner in rows_in(part)]] if isinstance(tree, tuple) else []


def written(tree: Tree) -> str:
    """The tree as a formula."""
    return f"{tree[0].name}({', '.join(map(written, tree[1:]))})" if isinstance(tree, tuple) else str(tree)


def has_x(tree: Tree) -> bool:
    """Whether the tree depends on x."""
    return any(map(has_x, tree[1:])) if isinstance(tree, tuple) else isinstance(tree, str)


# -- what is drawn ----------------------------------------------------------------------------------


def anywhere(dice: random.Random) -> float:
    """A number of any size from 1e-8 to 1e8."""
    return dice.choice((-1, 1)) * 10 ** dice.uniform(-8, 8)


def a_row(dice: random.Random) -> Case:
    """A row along one of its operands, at one of its points or anywhere."""
    row = dice.choice(OF_ONE + OF_TWO)
    at = list(dice.choice(row.points)) if dice.random() < 0.4 else [anywhere(dice) for _ in row.operands]
    if dice.random() < 0.3:
        at = [abs(x) for x in at]
    i = dice.randrange(len(at))
    return (row, *["x" if j == i else float(x) for j, x in enumerate(at)]), float(at[i])


def a_composite(dice: random.Random) -> Case:
    """Rows in rows."""
    return _tree(dice, dice.choice((2, 2, 3))), anywhere(dice) if dice.random() < 0.5 else dice.uniform(-3, 3)


def _tree(dice: random.Random, depth: int) -> Tree:
    if depth == 0:
        return "x" if dice.random() < 0.75 else dice.choice((-1, 1)) * round(10 ** dice.uniform(-2, 2), 4)
    row = dice.choice(OF_ONE if dice.random() < 0.55 else OF_TWO)
    return (row, *[_tree(dice, depth - 1) for _ in row.operands])


def something_near(dice: random.Random) -> Case:
    """Beside a pole, a kink, the edge of a domain, down to 1e-12 of where these are."""
    there = round(dice.uniform(-5, 5), 2) if dice.random() < 0.7 else anywhere(dice)
    away = abs(there) * 10 ** dice.uniform(-12, 0)
    from_there, close, side = (TABLE["subtract"], "x", there), 10 ** dice.uniform(-10, -1), dice.choice((-1, 1))
    either, above = there + side * away, there + away
    power = dice.choice((-2.5, -1.0, 0.5, 1.5, 3.0))
    cases: list[Case] = [
        ((TABLE["divide"], dice.uniform(0.1, 9), from_there), either),
        ((TABLE["square"], from_there), either),
        ((TABLE["power"], (TABLE["abs"], from_there), power), either),
        ((TABLE["relu"], from_there), either),
        ((TABLE["abs"], from_there), either),
        ((TABLE["log"], from_there), above),
        ((TABLE["sqrt"], from_there), above),
        ((TABLE["multiply"], from_there, (TABLE["log"], from_there)), above),
        ((TABLE["tan"], "x"), math.pi * (dice.randint(-3, 3) + 0.5) * (1 + side * close)),
        ((TABLE["lgamma"], "x"), dice.randint(-6, 0) + side * close),
        ((TABLE["digamma"], "x"), dice.randint(-6, 0) + side * close),
        ((TABLE["asin"], "x"), side * (1 - close)),
        ((TABLE["atanh"], "x"), side * (1 - close)),
    ]
    return dice.choice(cases)


def something_steep(dice: random.Random) -> Case:
    """A function of k·x, with k from 1e-6 to 1e6, sometimes beside a slower one."""
    k = 10 ** dice.uniform(-6, 6)
    x = dice.choice((-1, 1)) * 10 ** dice.uniform(-1.5, 1) / k
    names = "sin cos tanh exp sigmoid erf relu gelu softplus atan sinh log1p expm1 sqrt log square".split()
    name = dice.choice(names)
    tree = (TABLE[name], (TABLE["multiply"], k, "x"))
    if dice.random() < 0.3:
        tree = (TABLE["add"], tree, (TABLE["multiply"], dice.uniform(-2, 2), "x"))
    return tree, abs(x) if name in ("sqrt", "log") else x


KINDS: dict[str, Callable[[random.Random], Case]] = {
    "row": a_row, "composite": a_composite, "near": something_near, "steep": something_steep,
}  # fmt: skip


def draw(dice: random.Random, kind: str) -> tuple[Tree, float, float]:
    """A function, a point, and the derivative there."""
    while True:
        tree, x = KINDS[kind](dice)
        slope = derivative(tree, x) if has_x(tree) and 0 < abs(x) < math.inf else None
        if slope is not None and (slope != 0.0 or dice.random() < 0.2):
            return tree, x, slope


def derivative(tree: Tree, x: float) -> float | None:
    """The exact derivative; None where there is none, or where floats compute another function than the definition.

    They do where numbers overflow, vanish or lose all digits on the way, and where stairs are lost in the last digits.
    """
    try:
        for inner in rows_in(tree):
            size = abs(value(inner, x))
            if not size < 1e200 or (size > 1e6 and inner[0].name in STAIRS):
                return None
        with mp.workdps(DIGITS):
            h = STEP * abs(mpf(x))
            slope = float((exact(tree, mpf(x) + h) - exact(tree, mpf(x) - h)) / (2 * h))
            expected = exact(tree, mpf(x))
            same = abs(value(tree, x) - expected) <= 1e-6 * abs(expected)
    except (
        ArithmeticError,
        ValueError,
        TypeError,
        mpmath.libmp.NoConvergence,
    ):
        return None
    return slope if same and math.isfinite(slope) else None


def noise(x: float) -> float:
    """Between -1 and 1, another for every float, and the same every time."""
    digest = hashlib.blake2b(struct.pack("<d", x), digest_size=8).digest()
    return struct.unpack("<q", digest)[0] / 2.0**63


# -- the walk -----------------------------------------------------------------------------------------


def walk(cases: int, seed: int, say: Callable[[str], None]) -> Counter[tuple[str, ...]]:
    """How often each verdict was given on right and on spoiled derivatives, by kind."""
    dice, tally = random.Random(seed), Counter[tuple[str, ...]]()
    for i in range(cases):
        kind = list(KINDS)[i % len(KINDS)]
        tree, x, slope = draw(dice, kind)
        stairs = any(inner[0].name in STAIRS for inner in rows_in(tree))
        share = 1e-10 if i % 16 < 4 and not stairs else 0.0
        for what, given in [("right", slope), ("spoiled", 1.01 * slope)][: 1 + (slope != 0.0)]:
            report = check_grad(lambda x, t=tree, s=share: value(t, x) * (1.0 + s * noise(x)), x, gradient=given)
            (found,) = report.derivatives
            tally[what, kind + ", noisy" * bool(share), found.verdict] += 1
            if found.verdict == {"right": "wrong", "spoiled": "agrees"}[what]:
                say(f"{what}, and {found.verdict}: {written(tree)}, noise {share}\n{report}")
    return tally


def count(tally: Counter[tuple[str, ...]], *words: str) -> int:
    """How many of these there were."""
    return sum(number for key, number in tally.items() if set(words) <= set(key))


def main() -> int:
    """Walk, and say how often each verdict was given."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tally = walk(asked.cases, asked.seed, lambda text: print(text, flush=True))
    for what in ("right", "spoiled"):
        for kind in sorted({key[1] for key in tally}):
            verdicts = {v: count(tally, what, kind, v) for v in ("agrees", "wrong", "cannot tell")}
            print(f"{what:8} {kind:17} " + ", ".join(f"{v} {n:5,}" for v, n in verdicts.items()))
        unsure = count(tally, what, "cannot tell") / count(tally, what)
        print(f"{what}: {count(tally, what):,}, of which cannot tell {unsure:.1%}")
    return bool(count(tally, "right", "wrong") + count(tally, "spoiled", "agrees"))


if __name__ == "__main__":
    sys.exit(main())
