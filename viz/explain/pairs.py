"""Two mistakes at once: changes that together give the numbers given, where no single one does.

Where neither is on the other's way their effects add up, so the second is looked for among all effects as what the
first one leaves.  Where one lies above the other, the first is right again for some of the derivatives; it is made,
and the second is looked for in what is then still off.  Else every argument is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from viz.explain.blocks import of_blocks
from viz.explain.search import Finding, Search
from viz.explain.sheet import CaseSheet, Changes, Floats

DIRECTIONS = 3
MOST_EFFECTS = 3_000_000  # effects of groups times edges: of larger graphs fewer groups are tried
MOST_INPUTS = 48  # by which it is seen whether a change puts some derivatives right
FIRSTS = 8  # changes that are made before a second is looked for
SIMPLE, SIMPLEST = 1.2, 60  # what a simple change costs, and how many are made before a second is looked for
LISTED = 12
MOST_ARGUMENTS = 3
TIE = 0.3  # of cost, within which explanations are as good
SECOND = 1.0  # what a second mistake costs

Together = tuple[Finding, ...]


class Effects(NamedTuple):
    """What many changes do, along directions in every case, the cheaper of two alike; and what they are."""

    moved: Floats  # changes by (cases · directions)
    found: list[Finding]
    changes: list[Changes]


def pairs(search: Search) -> list[Together]:
    """Pairs of changes that give the numbers given, the cheapest first; none where too little is known."""
    sheet = search.sheet
    if int(sheet.wrong.sum()) * len(sheet.points) < 4 or len(sheet.points) < 2:
        return []
    found = _added(search) or _one_after_the_other(search) or _by_arguments(search) or _on_one_path(search)
    return sorted(found, key=cost_of)[:LISTED]


def cost_of(together: Together) -> float:
    """How large a change several mistakes are."""
    return sum(each.cost for each in together) + SECOND * (len(together) - 1)


# -- effects that add up ---------------------------------------------------------------------------------


def _added(search: Search) -> list[Together]:
    sheet = search.sheet
    effects = _distinct(_effects(search))
    target = sheet.target[:, :DIRECTIONS].ravel()
    order = np.argsort(effects.moved[:, 0])
    sorted_ = effects.moved[order]
    tolerance = 2 * sheet.tolerance
    low = np.searchsorted(sorted_[:, 0], target[0] - sorted_[:, 0] - tolerance)
    high = np.searchsorted(sorted_[:, 0], target[0] - sorted_[:, 0] + tolerance)
    found: list[Together] = []
    for i in np.flatnonzero(high > low).tolist():
        for j in range(max(int(low[i]), i + 1), int(high[i])):
            if (np.abs(sorted_[i] + sorted_[j] - target) <= tolerance).all():
                a, b = int(order[i]), int(order[j])
                if _gives(sheet, effects.changes[a], effects.changes[b]):
                    found.append((effects.found[a], effects.found[b]))
    return found


def _effects(search: Search) -> Effects:
    sheet = search.sheet
    moved: list[Any] = []
    found: list[Finding] = []
    changes: list[Changes] = []
    for tried in search.tried:
        tangents = sheet.tangents[sheet.tail[tried.batch.edges]][:, :, :DIRECTIONS]
        with np.errstate(all="ignore"):
            along = (tried.sent[:, :, None] * tangents).reshape(len(tried.sent), -1)
        for i in np.flatnonzero(_tells(along, search)).tolist():
            moved.append(along[i])
            what, changed = search.single(tried, i)
            found.append(what)
            changes.append(changed)
    for along, finding, change in _of_groups(search):
        moved.append(along)
        found.append(finding)
        changes.append(change)
    size = sheet.cases * DIRECTIONS
    return Effects(np.array(moved).reshape(-1, size), found, changes)


def _tells(along: Floats, search: Search) -> Any:
    """Which effects are numbers, and not nothing."""
    return np.isfinite(along).all(1) & (np.abs(along).max(1) > 100 * search.sheet.tolerance)


def _of_groups(search: Search) -> Iterator[tuple[Floats, Finding, Changes]]:
    sheet, budget = search.sheet, MOST_EFFECTS // max(len(search.sheet.edges), 1)
    for trials in search.portions():
        if budget <= 0:
            return
        budget -= sum(len(trial.meant) for trial in trials)
        off = search.derivatives_with(trials) - sheet.true[:, :, None]
        with np.errstate(all="ignore"):
            along = np.einsum("ick,icr->kcr", off, sheet.directions[:, :, :DIRECTIONS]).reshape(off.shape[2], -1)
        tells = _tells(along, search)
        column = 0
        for trial in trials:
            for i in range(len(trial.meant)):
                if tells[column]:
                    yield along[column], *search.of_trial(trial, i)
                column += 1


def _distinct(effects: Effects) -> Effects:
    """Of effects that are alike the cheapest, which knows the others."""
    order = np.lexsort((np.array([f.cost for f in effects.found]), effects.moved[:, 0])).tolist()
    together: list[list[int]] = []
    recent: list[list[int]] = []
    for i in order:
        here = effects.moved[i]
        recent = [g for g in recent if abs(effects.moved[g[0], 0] - here[0]) <= 1e-9 * abs(here[0]) + 1e-3]
        alike = next((g for g in recent if np.allclose(effects.moved[g[0]], here, rtol=1e-8, atol=1e-2)), None)
        if alike is None:
            recent.append([i])
            together.append(recent[-1])
        else:
            alike.append(i)
    best = [min(group, key=lambda i: effects.found[i].cost) for group in together]
    found = [
        _with_alike(effects.found[i], [effects.found[k] for k in group if k != i])
        for i, group in zip(best, together, strict=True)
    ]
    return Effects(effects.moved[best], found, [effects.changes[i] for i in best])


def _with_alike(finding: Finding, others: Sequence[Finding]) -> Finding:
    """A finding with those that do the same and cost hardly more."""
    near = sorted((each for each in others if each.cost <= finding.cost + TIE), key=lambda each: each.cost)
    return finding._replace(alike=tuple(near))


def _gives(sheet: CaseSheet, one: Changes, other: Changes) -> bool:
    """Whether both changes, made together, give the numbers."""
    if set(one) & set(other):
        return False
    return bool(sheet.fits(sheet.backward({**one, **other})[1])[0])


# -- one above the other ------------------------------------------------------------------------------------


def _one_after_the_other(search: Search) -> list[Together]:
    found: list[Together] = []
    for _, finding, changes in _that_put_some_right(search):
        below = Search(search.sheet.changed(changes))
        seconds = [*below.found(), *of_blocks(below.sheet)]
        found += [(finding, second) for second in seconds if not set(second.place.edges) & set(finding.place.edges)]
    return found


def _on_one_path(search: Search) -> list[Together]:
    """Of two that lie on all paths the first is one of the simplest changes of all."""
    sheet = search.sheet
    found: list[Together] = []
    ranked: dict[bytes, list[tuple[int, Finding, Changes]]] = {}
    for finding, changes in _simplest(search):
        _rank(ranked, sheet, finding, changes)
    firsts = sorted(map(_cheapest, ranked.values()), key=lambda each: each[1].cost)[:SIMPLEST]
    for _, finding, changes in firsts:
        below = Search(sheet.changed(changes))
        if (below.sheet.delta[sheet.tail[list(finding.place.edges)]] != 0).any():
            seconds = [*below.found(quantities=False), *of_blocks(below.sheet)]
            found += [(finding, each) for each in seconds if not set(each.place.edges) & set(finding.place.edges)]
    return found


def _simplest(search: Search) -> Iterator[tuple[Finding, Changes]]:
    for tried in search.tried:
        if tried.form.cost <= SIMPLE and not isinstance(tried.extra, np.ndarray):
            wide = np.abs(search.sheet.tangents[search.sheet.tail[tried.batch.edges]]).max((1, 2)) > 0
            yield from (
                search.single(tried, i) for i in np.flatnonzero(wide).tolist() if np.isfinite(tried.slope[i]).all()
            )
    with np.errstate(all="ignore"):
        for place in search.together:
            if place.cost <= 0.1:
                trial = search.trial(place, SIMPLE)
                plain = [i for i in range(len(trial.meant)) if trial.extra is None or not trial.extra[:, :, i].any()]
                yield from (search.of_trial(trial, i) for i in plain)


def _that_put_some_right(search: Search) -> list[tuple[int, Finding, Changes]]:
    """Changes after which some derivatives are right that were not, and none is wrong that was right."""
    ranked: dict[bytes, list[tuple[int, Finding, Changes]]] = {}
    sheet = search.sheet
    for trials in search.portions():
        got = search.derivatives_with(trials)
        with np.errstate(all="ignore"):
            right: Any = (np.abs(got - sheet.given[:, :, None]) <= 6.0 * sheet.blur[:, :, None]).all(1)
        good = right[~sheet.wrong].all(0) & right[sheet.wrong].any(0)
        column = 0
        for trial in trials:
            for i in range(len(trial.meant)):
                if good[column] and (trial.extra is None or not trial.extra[:, :, i].any()):
                    _rank(ranked, sheet, *search.of_trial(trial, i))
                column += 1
    for finding, changes in _singles_that_do(search):
        _rank(ranked, sheet, finding, changes)
    return sorted(map(_cheapest, ranked.values()), key=lambda each: (-each[0], each[1].cost))[:FIRSTS]


def _rank(ranked: dict[bytes, Any], sheet: CaseSheet, finding: Finding, changes: Changes) -> None:
    """Put a change to those that have the same effect."""
    got = sheet.backward(changes)[1][:, :, 0]
    right = int((np.abs(got - sheet.given) <= 6.0 * sheet.blur).all(1).sum())
    ranked.setdefault(np.round(got / sheet.blur * 1e-4).tobytes(), []).append((right, finding, changes))


def _cheapest(alike: Sequence[tuple[int, Finding, Changes]]) -> tuple[int, Finding, Changes]:
    best = min(alike, key=lambda each: each[1].cost)
    return best[0], _with_alike(best[1], [each[1] for each in alike if each is not best]), best[2]


def _singles_that_do(search: Search) -> Iterator[tuple[Finding, Changes]]:
    sheet = search.sheet
    inputs = np.arange(len(sheet.inputs))[:: max(1, len(sheet.inputs) // MOST_INPUTS)]
    along = _tangents(sheet, inputs)
    off, blur, wrong = sheet.off[inputs].T, 6.0 * sheet.blur[inputs].T, sheet.wrong[inputs]
    for tried in search.tried:
        with np.errstate(all="ignore"):
            moved = tried.sent[:, 0, None] * along[sheet.tail[tried.batch.edges], 0]
            right = np.abs(moved - off[0]) <= blur[0]
        good = right[:, ~wrong].all(1) & right[:, wrong].any(1)
        for i in np.flatnonzero(good).tolist():
            tail = sheet.tail[tried.batch.edges[i]]
            everywhere = (np.abs(tried.sent[i][:, None] * along[tail] - off) <= blur).all(0)
            if everywhere[~wrong].all() and everywhere[wrong].any():
                finding, changes = search.single(tried, i)
                if not np.any(changes[finding.place.edges[0]][0].extra):
                    yield finding, changes


def _tangents(sheet: CaseSheet, inputs: Any) -> Floats:
    """How nodes move along each of some inputs: nodes by cases by inputs."""
    moved = np.zeros((len(sheet.value), sheet.cases, len(inputs)))
    for place, i in enumerate(inputs.tolist()):
        if sheet.inputs[i] >= 0:
            moved[sheet.inputs[i], :, place] += 1.0
    with np.errstate(all="ignore"):
        for node, operands in sheet.edges_of.items():
            for edge, tail in operands:
                if sheet.moves[tail]:
                    moved[node] += sheet.slope[edge][:, None] * moved[tail]
    return moved


# -- argument by argument -----------------------------------------------------------------------------------


def _by_arguments(search: Search) -> list[Together]:
    sheet = search.sheet
    wrong = [b for b in sheet.blocks if sheet.wrong[b.start : b.stop].any()]
    wrong = [b for b in wrong if not any(o is not b and o.start <= b.start and b.stop <= o.stop for o in wrong)]
    if not 2 <= len(wrong) <= MOST_ARGUMENTS:
        return []
    found = []
    for block in wrong:
        alone = Search(sheet.part(range(block.start, block.stop), range(sheet.mixed.shape[1])))
        explained = sorted([*alone.found(), *_renamed(of_blocks(alone.sheet), block.name)], key=lambda f: f.cost)
        if not explained:
            return []
        found.append(explained[:3])
    return [tuple(chosen) for chosen in product(*found)]


def _renamed(found: Sequence[Finding], name: str) -> list[Finding]:
    return [each._replace(place=each.place._replace(kind=f"block {name}")) for each in found]
