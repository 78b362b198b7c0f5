"""Where no change that is known fits: what the slopes would have to be, and among which numbers of the graph that is.

A single edge, or edges of which none lies above another, can be solved for: δ(head)·(s′ − s)·∂tail adds up to what is
off.  So it is seen without a catalogue whether some of the ways were lost, or multiplied each by a number of its own,
and which other numbers, sums and products of two stand where the slopes should.  Of edges above one another the numbers
next to them are tried: what the head goes into, what the tail comes from, what the same node is in the next step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from autograd.ops import special
from autograd.ops.primitive import lookup
from viz.explain.forms import HALF, LEFT_OUT, SIGN, TWICE
from viz.explain.places import ONE_TAIL, Place
from viz.explain.search import Finding, Quantity, Search, Trial
from viz.explain.sheet import Floats

SURPLUS = 2  # numbers that must be explained beyond those that are solved for
STEADY = 1e-6  # how far a factor may be off that is the same in every case
MOST_SOLVED = 40  # edges solved for together
SUBSETS = 10  # edges of which every choice is tried to be left out
MOST_PAIRED = 100  # nodes of which sums and products of two are tried
MOST_REPLACED = 300_000  # edges times nodes: of larger graphs a node's number is not tried in the place of another's
FAMILIES = 24  # kinds of nodes whose numbers are tried in the place of another kind's
MOST_KINDS = 6  # of ways back to one kind of nodes, of which every choice is left out
MOST_TRIED = 12_000  # changes of several edges that are tried in a search
WHOLE = ((-1.0, LEFT_OUT), (1.0, TWICE), (-2.0, SIGN), (-0.5, HALF))  # what a change of a slope by so many of it is


def solved(search: Search) -> Iterator[Finding]:
    """What fits of all this."""
    if len(search.sheet.points) < 2:
        return
    with np.errstate(all="ignore"):
        yield from _each_by_a_number(search)
        yield from _replaced(search)
        yield from _tried(search)
        yield from _of_two(search)
        yield from _other_numbers(search)


# -- edges that are solved for together ---------------------------------------------------------------


def _effects(search: Search, edges: Sequence[int], slope: Floats) -> Floats:
    """What slopes of some edges give along every direction: edges by (cases · directions)."""
    sheet = search.sheet
    each = np.array(edges)
    sent = sheet.delta[sheet.head[each]] * slope
    return np.asarray(sent[:, :, None] * sheet.tangents[sheet.tail[each]]).reshape(len(each), -1)


def _each_by_a_number(search: Search) -> Iterator[Finding]:
    """Groups of which each edge is multiplied by a number of its own, such as 0 or 2; by one number, or some."""
    target, tolerance = search.sheet.target.ravel(), search.sheet.tolerance
    known = search.sheet.cases * int(search.sheet.wrong.sum())
    for place in _places(search):
        slope = search.right(np.array(place.edges))
        effects = _effects(search, place.edges, slope)
        if not np.isfinite(effects).all():
            continue
        changed = _factors(effects, target, tolerance, known)
        if changed is not None:
            yield from _by_numbers(search, place, slope, changed)


def _factors(effects: Floats, target: Floats, tolerance: float, known: int) -> Floats | None:
    """By how many of itself each slope is changed, if these numbers are the only ones that give so many others."""
    for matrix in (effects.sum(0)[None], effects):
        if len(matrix) + SURPLUS <= min(known, len(target)):
            found, _, rank, _ = np.linalg.lstsq(matrix.T, target, rcond=1e-10)
            if rank == len(matrix) and (np.abs(found @ matrix - target) <= tolerance).all():
                return np.broadcast_to(found, len(effects)).copy()
    return _subset(effects, target, tolerance) if len(effects) <= SUBSETS else None


def _subset(effects: Floats, target: Floats, tolerance: float) -> Floats | None:
    """Which edges are left out, or have the other sign, where there are too few numbers to solve for all."""
    for factor in (-1.0, -2.0):
        for count in range(1, len(effects)):
            for chosen in combinations(range(len(effects)), count):
                if (np.abs(factor * effects[list(chosen)].sum(0) - target) <= tolerance).all():
                    found = np.zeros(len(effects))
                    found[list(chosen)] = factor
                    return found
    return None


def _by_numbers(search: Search, place: Place, slope: Floats, changed: Floats) -> Iterator[Finding]:
    moved = np.abs(changed) > STEADY
    edges = tuple(edge for edge, is_moved in zip(place.edges, moved.tolist(), strict=True) if is_moved)
    if not edges or not _gives(search, edges, slope[moved] * (1.0 + changed[moved, None])):
        return
    kind = "edge" if len(edges) == 1 else "group"
    by = changed[moved]
    for whole, form in WHOLE:
        if (np.abs(by - whole) <= STEADY).all():
            yield Finding(Place(edges, kind, 0.0), form.kind, 1.6 if len(edges) < len(moved) else 1.4, form)
            return
    is_one = np.ptp(by) <= STEADY
    quantity = Quantity("number times" if is_one else "numbers times", -1, float(1.0 + by[0]))
    yield Finding(Place(edges, kind, 0.0), "factor", 1.9 if is_one else 2.2, None, quantity)


def _places(search: Search) -> Iterator[Place]:
    """The places of a few edges that can explain what is off."""
    for place in search.together:
        if len(place.edges) <= MOST_SOLVED and search.seconds.isdisjoint(place.edges) and search.reaches(place):
            yield place


def _gives(search: Search, edges: Sequence[int], slope: Floats) -> bool:
    """Whether these slopes give the numbers, all made together."""
    each = np.array(edges)
    slope = slope - (search.right(each) - search.sheet.slope[each])  # the first of two from one node to one operand
    trial = Trial(Place(tuple(edges), "group", 0.0), [("", 0.0, None, None)], slope[:, :, None], None)
    return bool(search.sheet.fits(search.derivatives_with([trial]))[0])


# -- each edge's slope another number ------------------------------------------------------------------


def _other_numbers(search: Search) -> Iterator[Finding]:
    """Groups of which every slope can be solved for, and is a number of the graph, or was multiplied by one."""
    sheet, nodes = search.sheet, search.computed
    values = sheet.value[nodes]
    for place in _places(search):
        edges = np.array(place.edges)
        slope = _slopes(search, edges)
        if slope is None or not _gives(search, place.edges, slope):
            continue
        right = search.right(edges)
        for how, number in (("is", slope), ("times", slope / right), ("over", right / slope), ("plus", slope - right)):
            for factor in (1.0, -1.0, 2.0, 0.5):
                found = dict(search.looked_up(number / factor, values))
                if len(found) == len(edges):
                    quantity = Quantity(how, int(nodes[found[0]]), factor)
                    yield Finding(place._replace(cost=0.0), "another quantity", 1.8, None, quantity)


def _slopes(search: Search, edges: Any) -> Floats | None:
    """The only slopes of some edges that give what is off, by cases."""
    sheet = search.sheet
    found = np.zeros((len(edges), sheet.cases))
    for case in range(sheet.cases):
        per_slope = sheet.delta[sheet.head[edges], case][:, None] * sheet.tangents[sheet.tail[edges], case]
        if len(edges) >= per_slope.shape[1] or not np.isfinite(per_slope).all():
            return None
        change, _, rank, _ = np.linalg.lstsq(per_slope.T, sheet.target[case], rcond=1e-10)
        if rank < len(edges) or (np.abs(change @ per_slope - sheet.target[case]) > sheet.tolerance).any():
            return None
        found[:, case] = change
    return search.right(edges) + found


def _of_two(search: Search) -> Iterator[Finding]:
    """Single edges whose slope has become a sum or a product of two numbers, or was changed by one."""
    edges, slope = search.solved()
    if int(search.sheet.wrong.sum()) < 2:  # of one derivative alone any step on its way could be it, but for the last
        last = np.isin(search.sheet.tail[edges], search.sheet.inputs)
        edges, slope = edges[last], slope[last]
    if not len(edges):
        return
    sheet, right = search.sheet, search.right(edges)
    nodes = _near(search, edges)
    values = sheet.value[nodes]
    first, second = np.triu_indices(len(nodes), 1)
    a, b = values[first], values[second]
    pairs = {"·": a * b, "/": a / b, "\\": b / a, "+": a + b, "-": a - b, "²": values * values}
    asked = (("is", slope), ("times", slope / right), ("over", right / slope), ("plus", slope - right))
    for op, numbers in pairs.items():
        for how, number in asked:
            if how == "over" and op in "/\\":
                continue
            for factor in (1.0, -1.0, 2.0, 0.5):
                for i, k in search.looked_up(number / factor, numbers):
                    one, other = (k, k) if op == "²" else (int(first[k]), int(second[k]))
                    one, other = (other, one) if op == "\\" else (one, other)
                    quantity = Quantity(how, int(nodes[one]), factor, op.replace("\\", "/"), int(nodes[other]))
                    yield search.single_of(edges[i], "another quantity", 2.1, quantity, slope[i])


def _near(search: Search, edges: Any) -> Any:
    """The nodes whose numbers lie nearest to some edges in the order of computing."""
    nodes = search.computed
    ends = np.concatenate([search.sheet.head[edges], search.sheet.tail[edges]])
    away = np.abs(nodes[:, None] - ends[None]).min(1)
    return nodes[np.argsort(away, kind="stable")[:MOST_PAIRED]]


# -- one node's number in the place of another's ---------------------------------------------------------


def _replaced(search: Search) -> Iterator[Finding]:
    """Slopes in which one node's number stands for another's, in all that it goes into or in one kind of it."""
    sheet = search.sheet
    nodes = search.computed
    if len(sheet.edges) * len(nodes) > MOST_REPLACED:
        return
    target, tolerance = sheet.target, sheet.tolerance
    for node, heads in sheet.users.items():
        changed = list(_with(search, heads, [node] * len(heads), nodes[:, None].repeat(len(heads), 1)))
        for edges, slope in _kinds_of(search, changed):
            each = np.array(edges)
            by = (slope - sheet.slope[each][:, None]) * sheet.delta[sheet.head[each]][:, None]
            moved = np.einsum("ekc,ec->kc", by, sheet.tangents[sheet.tail[each], :, 0])
            near = np.isfinite(moved).all(1) & (np.abs(moved - target[:, 0]) <= tolerance).all(1)
            for k in np.flatnonzero(near).tolist():
                if _gives(search, edges, slope[:, k]):
                    kind = "edge" if len(edges) == 1 else "group"
                    quantity = Quantity("for", int(nodes[k]), 1.0, "", node)
                    yield Finding(Place(edges, kind, 0.0), "at another node", 1.5, None, quantity)


Replaced = tuple[int, Any, Floats]  # an edge, its operation and slot, its slope by what replaces and cases


def _with(search: Search, heads: Sequence[int], nodes: Sequence[int], instead: Any) -> Iterator[Replaced]:
    """The slopes of all edges out of some heads with other nodes' numbers in the place of a node's, a column a head."""
    sheet = search.sheet
    for place, (head, node) in enumerate(zip(heads, nodes, strict=True)):
        number = sheet.value[instead[:, place]]
        row = lookup(search.operations[head])
        first, last = (int(sheet.seen.columns.starts[head + i]) for i in (0, 1))
        operands = [int(sheet.tail[e]) for e in range(first, last)]
        if row.is_weighted:
            yield from _partners(sheet, first, operands, node, number)
        elif not row.variadic and not row.opaque:
            given = [number if operand == node else sheet.value[operand] for operand in operands]
            slopes = row.array_slopes(row.array(*given), *given)
            for slot, slope in enumerate(slopes):
                if slope is not None and sheet.moves[operands[slot]]:
                    yield first + slot, (row.name, slot, operands[slot] == node), np.broadcast_to(slope, number.shape)


def _partners(sheet: Any, first: int, operands: list[int], node: int, number: Floats) -> Iterator[Replaced]:
    """Of a dot, the edges beside the node: their slope is its number."""
    weights, inputs, _ = special.halves(list(range(len(operands))))
    for w, x in zip(weights, inputs, strict=True):
        for at, beside in ((w, x), (x, w)):
            if operands[at] == node and sheet.moves[operands[beside]]:
                yield first + beside, ("dot", beside == w, False), number


def _kinds_of(search: Search, changed: Iterable[Replaced]) -> Iterator[tuple[tuple[int, ...], Floats]]:
    """All edges together, and those of each kind, with their slopes: edges by what replaces by cases."""
    kinds: dict[Any, dict[int, Floats]] = defaultdict(dict)
    doubled = {*search.sheet.doubled, *search.sheet.doubled.values()}
    for edge, kind, slope in changed:
        if edge not in doubled:
            kinds[kind][edge] = kinds[None][edge] = slope
    seen = set()
    for found in kinds.values():
        if (edges := tuple(found)) not in seen:
            seen.add(edges)
            yield edges, np.stack(list(found.values()))


# -- what is tried of edges above one another --------------------------------------------------------------


def _tried(search: Search) -> Iterator[Finding]:
    left = MOST_TRIED
    portion: list[Trial] = []
    for trial in (*_of_families(search), *_beside(search), *_kinds_left_out(search)):
        left -= len(trial.meant)
        if left < 0:
            break
        portion.append(trial)
    yield from search.fitting(portion)


def _of_families(search: Search) -> Iterator[Trial]:
    """The numbers of nodes of one kind in the place of those of another, or of the same a step before or after."""
    users, families = search.sheet.users, search.sequences[:FAMILIES]
    for family in families:
        others = [ids for ids in _aligned(families, len(family)) if ids != family]
        if not others:
            continue
        known = [(head, node, k) for k, node in enumerate(family) for head in users.get(node, ())]
        columns = np.array(others)[:, [k for _, _, k in known]]
        changed = _with(search, [head for head, _, _ in known], [node for _, node, _ in known], columns)
        for edges, slope in _kinds_of(search, changed):
            if len(edges) > 1:
                meant: list[Any] = [
                    ("at another node", 1.6, None, Quantity("for", ids[0], 1.0, "", family[0])) for ids in others
                ]
                yield Trial(Place(edges, "group", 0.0), meant, np.moveaxis(slope, 1, 2), None)


def _aligned(families: Sequence[list[int]], count: int) -> Iterator[list[int]]:
    """Of every kind of nodes so many in a row; where one is missing at an end, its neighbour in its place."""
    for ids in families:
        if len(ids) == count:
            yield from ([*ids[1:], ids[-1]], [ids[0], *ids[:-1]], list(ids), ids[::-1])
        elif 0 < len(ids) - count <= 2:
            yield from (ids[start : start + count] for start in range(len(ids) - count + 1))


def _beside(search: Search) -> Iterator[Trial]:
    """Groups whose slopes are multiplied or divided by, or increased by, or replaced by numbers beside them."""
    for place in search.together:
        if place.kind not in ("group", ONE_TAIL) or not search.reaches(place):
            continue
        right = search.right(np.array(place.edges))
        meant: list[Any] = []
        slopes = []
        for quantity, number in _numbers_beside(search, place.edges):
            for how, slope in (("times", right * number), ("over", right / number), ("plus", right + number),
                               ("is", number), ("less", right - number)):  # fmt: skip
                if np.isfinite(slope).all():
                    meant.append(("another quantity", 1.7, None, quantity._replace(how=how)))
                    slopes.append(slope)
        if meant:
            rest = right - search.sheet.slope[list(place.edges)]
            yield Trial(place, meant, np.stack(slopes, 2) - rest[:, :, None], None)


def _numbers_beside(search: Search, edges: Sequence[int]) -> Iterator[tuple[Quantity, Floats]]:
    """What every edge of a group has: numbers of what its head goes into and its tail comes from, and slopes there."""
    sheet, users = search.sheet, search.sheet.users
    first = sheet.seen.columns.starts
    steps: list[dict[Any, tuple[int, int]]] = []  # of each edge by what it is: a node, and an edge whose slope it is
    for edge in edges:
        head, tail = int(sheet.head[edge]), int(sheet.tail[edge])
        near: dict[Any, tuple[int, int]] = {}
        for above in users.get(head, ())[:2]:
            near["value", search.operations[above]] = (above, -1)
            for e in range(int(first[above]), min(int(first[above + 1]), int(first[above]) + 2)):
                key = search.operations[above], e - int(first[above])
                near["slope", *key] = (-1, e)
                near["operand", *key] = (int(sheet.tail[e]), -1)
        for e in range(int(first[tail]), min(int(first[tail + 1]), int(first[tail]) + 2)):
            near["below", e - int(first[tail])] = (int(sheet.tail[e]), -1)
            near["slope below", e - int(first[tail])] = (-1, e)
        steps.append(near)
    for key in steps[0]:
        if all(key in near for near in steps):
            nodes, at = zip(*(near[key] for near in steps), strict=True)
            if nodes[0] >= 0:
                yield Quantity("", nodes[0], 1.0), sheet.value[list(nodes)]
            else:
                yield Quantity("", at[0], 1.0, "∂", -1, at), sheet.slope[list(at)]


def _kinds_left_out(search: Search) -> Iterator[Trial]:
    """Of several kinds of ways back to nodes of one kind, some are left out."""
    for parts in search.kinds_of_ways:
        for count in range(2, len(parts)) if len(parts) <= MOST_KINDS else ():
            for chosen in combinations(parts, count):
                edges = tuple(edge for part in chosen for edge in part)
                nothing = np.zeros((len(edges), search.sheet.cases, 1))
                yield Trial(Place(edges, "group", 0.0), [(LEFT_OUT.kind, 1.4, LEFT_OUT, None)], nothing, None)
