"""A factor too many or too few at one step, which is that of a step above it: this was left out on that way alone.

Who loses the ½ of an area while he derives it along one side, and keeps it along the other, has 2 at a step below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from viz.explain.forms import ONE
from viz.explain.places import Place, stem
from viz.explain.search import Finding, Search

STEADY = 1e-9
FURTHER = 0.1  # what it costs beside the factor
MOST_FACTORS, MOST_STEPS = 3, 2  # findings that are looked at, and steps that are named for each
FEW = 2  # nodes that are named


def skipped(search: Search, found: Sequence[Finding]) -> list[Finding]:
    """For findings that are a constant factor, what they are as a step above that was left out."""
    factors = ((each, c) for each in found if (c := _factor(search, each)) not in (None, 0.0, 1.0))
    known = {each.place.edges for each in found if each.form is ONE}  # left out on every way
    looked_at = islice(factors, MOST_FACTORS)
    steps = (step for each, factor in looked_at for step in _above(search, each, factor))
    return [step for step in steps if step.place.edges not in known]


def _factor(search: Search, found: Finding) -> float | None:
    """By what a finding multiplies its slopes, if that is one number everywhere."""
    if found.place.kind not in ("edge", "group") or found.form is None or found.along:
        return None
    edges = np.array(found.place.edges[:1] if found.place.kind == "edge" else found.place.edges)
    batch = search.batch(edges)
    with np.errstate(all="ignore"):
        ratio = found.form.rule(batch.letters) / batch.letters.s
    if found.kind == "permuted" or not isinstance(ratio, np.ndarray) or not np.isfinite(ratio).all():
        return None
    first = float(ratio.flat[0])
    return first if (np.abs(ratio - first) <= STEADY * abs(first)).all() else None


def _above(search: Search, found: Finding, factor: float | None) -> Iterator[Finding]:
    """Steps above all of a finding's edges whose slope its factor takes away, the nearest first."""
    if factor is None:
        return
    sheet = search.sheet
    each = [_steps_up(search, int(sheet.head[edge]), 1.0 / factor) for edge in found.place.edges]
    tails = dict.fromkeys(sheet.names.called(int(sheet.tail[edge])) for edge in found.place.edges)
    along = ", ".join(list(tails)[:FEW]) + (f" and {len(tails) - FEW} more" if len(tails) > FEW else "")
    common = [kind for kind in each[0] if all(kind in steps for steps in each)]
    for kind in common[:MOST_STEPS]:
        edges = tuple(sorted({edge for steps in each for edge in steps[kind]}))
        place = Place(edges, "edge" if len(edges) == 1 else "group", 0.0)
        yield Finding(place, ONE.kind, found.cost + FURTHER, ONE, along=along)


def _steps_up(search: Search, node: int, slope: float) -> dict[Any, list[int]]:
    """The edges of that slope between a node and the output, by what they are."""
    sheet = search.sheet
    found: dict[Any, list[int]] = {}
    seen, pending = {node}, [node]
    for at in pending:
        for head in sheet.users.get(at, ()):
            for edge, tail in sheet.edges_of[head]:
                if tail == at and (np.abs(sheet.slope[edge] - slope) <= STEADY * abs(slope)).all():
                    names = (sheet.seen.nodes[i].name or "" for i in (head, tail))
                    found.setdefault((search.operations[head], *map(stem, names)), []).append(edge)
            if head not in seen:
                seen.add(head)
                pending.append(head)
    return found
