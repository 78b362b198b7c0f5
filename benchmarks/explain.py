"""How often `viz.explain` names the step that is wrong, and how long it takes; writes results/explain.md.

Of every slip in `benchmarks.spoiled`, `benchmarks.unseen` and `benchmarks.held_out`: whether the step is among the
explanations that are as good as the first, or among the first three; how often the first ones name another step; how
often nothing is found.  Of right gradients, rounded and noisy, and of ones without structure: how often a step is named
at all.  Of pairs of slips: both named.
"""

from __future__ import annotations

import fnmatch
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd import check_grad, check_jacobian, dot, tanh
from autograd.check.report import GradientCheck
from autograd.structure import flatten
from benchmarks.driver import HERE, machine, publish
from benchmarks.held_out import DERIVATIONS as HELD_OUT
from benchmarks.held_out import FIRST_RUN as HELD_OUT_FIRST
from benchmarks.spoiled import DERIVATIONS, Derivation, every_slip
from benchmarks.unseen import DERIVATIONS as UNSEEN
from benchmarks.unseen import FIRST_RUN
from viz.explain import Explained, Explanation, explain
from viz.names import Names

Noise = Callable[[float, Any], float]


def checked(each: Derivation, *point: Any, gradient: Any) -> GradientCheck:
    """A check of a gradient by hand, or of a Jacobian where the function returns several numbers."""
    if len(flatten(each.f(*each.point), "what it returns")[0]) == 1:
        return check_grad(each.f, *point, gradient=gradient)
    return check_jacobian(each.f, *point, jacobian=gradient)


# -- whether a step is named ------------------------------------------------------------------------


def names_it(found: Explained, explanations: Sequence[Explanation], where: str) -> bool:
    """Whether one of the explanations changes a step that is meant; "-" means that the finished derivatives are."""
    return any(_is_meant(found, each, way) for each in explanations for way in where.split("|"))


def located_at(found: Explained, where: str) -> bool:
    """Whether a node is named below which all that is off lies, where nothing that is known gives the numbers."""
    ends = (end for way in where.split("|") for end in way.split(">"))
    return any(fnmatch.fnmatchcase(node, end) for end in ends for node in found.located)


def _is_meant(found: Explained, each: Explanation, way: str) -> bool:
    head, _, tail = way.partition(">")
    for mistake in each.mistakes:
        if not mistake.edges and any(
            way == "-" or fnmatch.fnmatchcase(b, tail or head) for b in mistake.node.split(" and ")
        ):
            return True
        if any(
            fnmatch.fnmatchcase(a, head) and (not tail or fnmatch.fnmatchcase(b, tail))
            for a, b in _ends(found, mistake.edges)
        ):
            return True
    return False


def _ends(found: Explained, edges: Sequence[int]) -> Iterator[tuple[str, str]]:
    if found.trace is not None:
        columns, names = found.trace.columns, Names(found.trace.columns)
        yield from ((names.called(int(columns.node[e])), names.called(int(columns.operands[e]))) for e in edges)


def tiers(found: Explained) -> list[list[Explanation]]:
    """The explanations, those together that are as good."""
    groups: list[list[Explanation]] = []
    for each in found.explanations:
        if groups and each.cost <= groups[-1][0].cost + 0.3:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


# -- single slips -------------------------------------------------------------------------------------


def single_slips(derivations: Sequence[Derivation] = DERIVATIONS, show: bool = False) -> Counter[str]:
    """How often the step is named first, among the first three, wrongly, and not at all."""
    counts: Counter[str] = Counter()
    for each, what, where in every_slip(derivations):
        if where == "-":  # nothing that is a step
            continue
        found = explain(checked(each, *each.point, gradient=each.spoiled(what)))
        best = tiers(found)[:3]
        hits = [names_it(found, tier, where) for tier in best]
        word = "nothing" if not best else "first" if hits[0] else "misleading"
        counts.update(["all", word, *(["first three"] if any(hits) else [])])
        if not best and located_at(found, where):
            counts.update(["place alone"])
        if show and word != "first":
            print(f"  {word:10} {each.name}: {what} ({where}): {str(found).splitlines()[-1].strip()[:90]}")
    return counts


# -- nothing to be found --------------------------------------------------------------------------------


def _relative(size: float) -> Noise:
    return lambda x, dice: x * (1 + size * dice.normal())


def _absolute(size: float) -> Noise:
    return lambda x, dice: x + size * dice.normal()


NOISES: dict[str, Noise] = {
    "4 digits": lambda x, dice: float(f"{x:.4g}"),
    "4 decimals": lambda x, dice: round(x, 4),
    "float32": lambda x, dice: float(np.float32(x)),
    **{f"1e{e} of it": _relative(10.0**e) for e in range(-12, -3)},
    **{f"1e{e}": _absolute(10.0**e) for e in (-12, -9, -7, -5, -4)},
}
WILD: tuple[Noise, ...] = (
    lambda x, dice: x * (1 + 0.5 * dice.normal()),
    lambda x, dice: x + dice.normal(),
    lambda x, dice: dice.normal(),
    lambda x, dice: x * dice.uniform(0.5, 2.0),
    lambda x, dice: abs(x) ** dice.uniform(0.5, 1.5),
)


def noisy(each: Derivation, noise: Noise, seed: int = 0) -> Callable[..., Any]:
    """The right gradient with noise in each number, the same at the same point."""
    right = each.spoiled()

    def gradient(*point: Any) -> Any:
        leaves, structure = flatten(right(*point), "a gradient")
        numbers = np.array(flatten(point, "a point")[0], float)
        dice = np.random.default_rng([seed, *numbers.view(np.uint32).tolist()])
        return structure.build([noise(float(x), dice) for x in leaves])

    return gradient


def without_mistakes(most: int = 600) -> Counter[str]:
    """Of right gradients with noise, how many are said to have a mistake."""
    counts: Counter[str] = Counter()
    for each in DERIVATIONS:
        for noise in NOISES.values():
            if counts["all"] < most:
                found = explain(checked(each, *each.point, gradient=noisy(each, noise)))
                counts.update(["all"] + ["named"] * bool(found.explanations or found.located))
    return counts


def without_structure(rounds: int = 16) -> Counter[str]:
    """Of gradients that are wrong at random, at three points and at two, how many are explained."""
    counts: Counter[str] = Counter()
    for seed in range(rounds):
        for each in DERIVATIONS:
            gradient = noisy(each, WILD[seed % len(WILD)], seed)
            checks = [checked(each, *each.point, gradient=gradient)]
            if seed % 2:
                beside = tuple((1.07 * np.asarray(part)).tolist() for part in each.point)
                points = (each.point, beside)
                checks = [checked(each, *point, gradient=gradient(*point)) for point in points]
            found = explain(*checks)
            counts.update(["all"] + ["named"] * bool(found.explanations or found.located))
    return counts


# -- two at once ------------------------------------------------------------------------------------------


def two_slips(rounds: int = 3, seed: int = 3) -> Counter[str]:
    """Of two slips of one derivation at once, how often both are named."""
    counts: Counter[str] = Counter()
    dice = random.Random(seed)
    for each in DERIVATIONS:
        slips = [slip for slip in each.slips if slip[1] != "-"]
        for (one, first), (other, second) in (dice.sample(slips, 2) for _ in range(rounds)):
            check = checked(each, *each.point, gradient=each.spoiled(one, other))
            if not check.ok:
                found = explain(check, mistakes=2)
                both = any(
                    _names_or_alike(found, e, first) and _names_or_alike(found, e, second) for e in found.best
                ) if found else False  # fmt: skip
                counts.update(["all"] + ["both"] * both)
    return counts


def _names_or_alike(found: Explained, each: Explanation, where: str) -> bool:
    return names_it(found, [each, *(Explanation((other,), 0.0) for m in each.mistakes for other in m.alike)], where)


# -- time ---------------------------------------------------------------------------------------------------


def network(inputs: int, hidden: int, samples: int) -> tuple[Any, Any, Any]:
    """The squared error of a tanh network, a point, and its gradient with tanh′ = 1 − a, or with noise."""
    dice = np.random.default_rng(0)
    X, T = dice.normal(size=(samples, inputs)), dice.normal(size=samples)

    def f(W: Any, b: Any, w: Any) -> Any:
        total = 0.0
        for i in range(samples):
            e = dot(w, [tanh(dot(W[j], list(X[i]), b[j])) for j in range(hidden)]) - T[i]
            total = total + e * e / 2
        return total

    def gradient(slope: Callable[[Any], Any], scale: float, W: Any, b: Any, w: Any) -> Any:
        A = np.tanh(X @ np.asarray(W).T + b)
        E = A @ w - T
        D = np.outer(E, w) * slope(A)
        found = D.T @ X, D.sum(0), A.T @ E
        return tuple((g * (1 + scale * np.sin(np.arange(g.size) ** 2).reshape(g.shape))).tolist() for g in found)

    point = (
        dice.normal(size=(hidden, inputs)).tolist(),
        dice.normal(size=hidden).tolist(),
        dice.normal(size=hidden).tolist(),
    )
    return f, point, gradient


def times() -> Iterator[tuple[int, str, float]]:
    """(nodes, found or not, seconds of the processor) of explanations, the best of five."""
    for size in ((2, 2, 2), (3, 4, 15), (4, 8, 18)):
        f, point, gradient = network(*size)
        for what, slope, scale in (("found", lambda A: 1 - A, 0.0), ("nothing fits", lambda A: 1 - A * A, 0.3)):
            check = check_grad(f, *point, gradient=partial(gradient, slope, scale), directions=2)
            seconds = []
            for _ in range(5):
                start = time.process_time()
                found = explain(check)
                seconds.append(time.process_time() - start)
            yield len(found.trace.nodes) if found.trace else 0, what, min(seconds)


# -- the page -------------------------------------------------------------------------------------------------

WORDS = ("first", "first three", "misleading", "nothing")
RESULTS = HERE / "results" / "explain.md"


def shares(title: str, counts: Mapping[str, int]) -> str:
    """A row of the table of slips."""
    cells = (f"{counts[word] / counts['all']:.1%}" for word in WORDS)
    return f"| {title} | {counts['all']} | {' | '.join(cells)} |"


def report() -> str:
    """The page of results."""
    seen, unseen, held_out = (single_slips(each, show=True) for each in (DERIVATIONS, UNSEEN, HELD_OUT))
    none, wild, pairs = without_mistakes(), without_structure(), two_slips()
    timed = "\n".join(f"| {nodes:,} | {what} | {1e3 * seconds:.0f} ms |" for nodes, what, seconds in times())
    return f"""# Which step is wrong

`python -m benchmarks.explain`; {machine()}

| slips | | named first | among the first three | another step first | nothing |
|---|---|---|---|---|---|
{shares("spoiled.py, by which the forms were chosen", seen)}
{shares("unseen.py, the first run, before anything was learned from it", FIRST_RUN)}
{shares("unseen.py, now", unseen)}
{shares("held_out.py, the first run, of the search as it was tuned by the two others", HELD_OUT_FIRST)}
{shares("held_out.py, now", held_out)}

Named first: the step is among the explanations that are as good as the first. Another step first: these give the same
numbers too, at all points, but whoever made the slip meant another. Of those in the last column the place is named,
without what stands there, in {sum(each["place alone"] for each in (seen, unseen, held_out))}.

| without a mistake | | named in |
|---|---|---|
| right, rounded or noisy | {none["all"]} | {none["named"]} |
| wrong at random | {wild["all"]} | {wild["named"]} |

Of {pairs["all"]} pairs of slips of one derivation both are named in {pairs["both"] / pairs["all"]:.1%} (`mistakes=2`).

| nodes | | processor time |
|---|---|---|
{timed}
"""


def main() -> None:
    """Print all of it, and write it."""
    publish(report(), None if "--quick" in sys.argv else RESULTS)


if __name__ == "__main__":
    main()
