"""Pictures of large graphs: a layer, a neuron or a stretch of the computation a box, with what is in it counted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd.ops.primitive import title_of
from autograd.text import apart
from viz.columns import CONSTANT, KINDS, OPERATION, Columns, Indices, Marks, Numbers, products
from viz.languages import LANGUAGES, Language
from viz.names import NARROW, Names
from viz.pictures.boxes import GROUP, Arrow, Box, View
from viz.trace import Trace

READABLE = 30  # how many boxes a gathered picture may have
DEEPEST = 6  # levels of scopes that are told apart
SLICES = 12  # of a computation without scopes
CHUNK = 1 << 20  # edges gone through at a time; it bounds the memory that takes


@dataclass
class BoxGroup:
    """A box to be: nodes under one scope, a stretch of the computation, or a single node."""

    title: str
    scope: str = ""  # that the box lies in
    node: int | None = None  # the only one, if it stands for itself
    parts: Counter[str] = field(default_factory=Counter)  # its inner scopes by kind: neuron → 16


@dataclass
class Grouping:
    """Every shown node's group, by number; -1 for a node that is not shown."""

    home: Indices
    groups: list[BoxGroup]


def gathered(trace: Trace, shown: Marks, *, coarsest: bool, crowded: bool, words: Language = LANGUAGES["en"]) -> View:
    """One box a scope, as finely as can still be read, or one a layer.

    `crowded` leaves constants out, and slices what has no scopes to gather by.
    """
    columns, said, wanted, more = trace.columns, words.picture, int(np.count_nonzero(shown)), ""
    if crowded:
        constants = columns.kind == KINDS.index(CONSTANT)
        left_out = int(np.count_nonzero(shown & constants))
        shown = shown & ~constants
        more += words.tell(said["left out"], n=left_out) if left_out else ""
        more += "" if coarsest else said["draws all"]
    scopes = [label.scope for label in columns.labels]
    present = set(np.unique(columns.label[shown]).tolist())
    depth = max((scopes[label].count(".") + 1 for label in present if scopes[label]), default=0)
    grouping, how = _by_scope(trace, shown, 1), "gathered"
    for finer in range(2, 1 if coarsest else min(depth, DEEPEST) + 1):
        candidate = _by_scope(trace, shown, finer)
        if len(candidate.groups) > READABLE:
            break
        grouping = candidate
    if crowded and (not depth or len(grouping.groups) > READABLE):
        grouping, how = _by_order(trace, shown), "gathered by order"
    return _pictured(trace, grouping, words.tell(said[how], n=wanted) + more, words)


# -- which nodes go together ------------------------------------------------------------------------


def _by_scope(trace: Trace, shown: Marks, depth: int) -> Grouping:
    """A group a scope of that depth; nodes without a scope alone where they are few, else together."""
    columns = trace.columns
    groups: dict[str, BoxGroup] = {}
    number: dict[str, int] = {}
    home = np.full(len(shown), -1, np.int32)
    labels = np.array([bool(label.scope) for label in columns.labels])
    inside = shown & labels[columns.label]
    of_label = np.full(len(columns.labels), -1, np.int32)
    for label, scope in scopes_in_order(columns, inside):
        prefix = ".".join(scope.split(".")[:depth])
        outer, _, name = prefix.rpartition(".")
        groups.setdefault(prefix, BoxGroup(name, outer))
        of_label[label] = number.setdefault(prefix, len(number))
    _count_parts(columns, inside, groups, depth)
    home[inside] = of_label[columns.label[inside]]
    return _with_others(trace, home, list(groups.values()), shown & ~inside)


def scopes_in_order(columns: Columns, inside: Marks) -> Iterator[tuple[int, str]]:
    """The labels of these nodes with their scopes, in the order in which the nodes stand."""
    labels, firsts = np.unique(columns.label[inside], return_index=True)
    for label in labels[np.argsort(firsts)].tolist():
        yield label, columns.labels[label].scope


def _kind(name: str) -> str:
    """What a scope is one of: a neuron, a step, a loop."""
    return "loop" if " × " in name else re.sub(r" ?\d+$", "", name) or "part"


def _count_parts(columns: Columns, inside: Marks, groups: dict[str, BoxGroup], depth: int) -> None:
    inner: dict[str, set[str]] = defaultdict(set)
    for _, scope in scopes_in_order(columns, inside):
        path = scope.split(".")
        if len(path) > depth:
            inner[".".join(path[:depth])].add(path[depth])
    for prefix, names in inner.items():
        groups[prefix].parts = Counter(map(_kind, sorted(names)))


def _with_others(trace: Trace, home: Indices, groups: list[BoxGroup], others: Marks) -> Grouping:
    """The nodes outside any scope, and the root, which always stands for itself."""
    ids = np.flatnonzero(others).tolist()
    if len(ids) > READABLE:
        computed = others & (trace.columns.kind == KINDS.index(OPERATION))
        for title, marks in (("outside any scope", computed), ("inputs", others & ~computed)):
            if marks.any():
                home[marks] = len(groups)
                groups.append(BoxGroup(title))
    else:
        for i in ids:
            home[i] = len(groups)
            groups.append(BoxGroup("", node=i))
    return _root_alone(trace, home, groups)


def _by_order(trace: Trace, shown: Marks) -> Grouping:
    """Slices of the order of computation, and the nodes that were given in a group of their own."""
    home = np.full(len(shown), -1, np.int32)
    computed = np.flatnonzero(shown & (trace.columns.kind == KINDS.index(OPERATION)))
    home[computed] = np.arange(len(computed)) * SLICES // max(len(computed), 1)
    home[shown & (trace.columns.kind != KINDS.index(OPERATION))] = SLICES
    groups = [BoxGroup(f"part {i + 1}") for i in range(SLICES)] + [BoxGroup("inputs")]
    return _root_alone(trace, home, groups)


def _root_alone(trace: Trace, home: Indices, groups: list[BoxGroup]) -> Grouping:
    """Takes the root out of its group, and groups that are empty out of the picture."""
    if home[trace.root] >= 0:
        home[trace.root] = len(groups)
        groups.append(BoxGroup("", node=trace.root))
    filled = np.unique(home[home >= 0])
    renumbered = np.full(len(groups) + 1, -1, np.int32)
    renumbered[filled] = np.arange(len(filled))
    return Grouping(renumbered[home], [groups[i] for i in filled.tolist()])


# -- boxes and arrows -------------------------------------------------------------------------------


def _pictured(trace: Trace, grouping: Grouping, note: str, words: Language) -> View:
    ids = [f"g{i}" if group.node is None else f"n{group.node}" for i, group in enumerate(grouping.groups)]
    arrows = tuple(_arrows(trace, grouping, ids))
    slots = Counter(arrow.head for arrow in arrows)
    drawn = zip(ids, _boxes(trace, grouping, words), strict=True)
    boxes = tuple(box._replace(id=i, slots=slots[i]) for i, box in drawn)
    return View(f"n{trace.root}", Names(trace.columns).on_card(trace.root), boxes, arrows, False, note)


def _boxes(trace: Trace, grouping: Grouping, words: Language) -> Iterator[Box]:
    columns, home, count, names = trace.columns, grouping.home, len(grouping.groups), Names(trace.columns)
    members = np.bincount(home[home >= 0], minlength=count).tolist()
    reached = columns.reached & (home >= 0)
    deltas = _largest(home[reached], columns.delta[reached], count)
    computed = (home >= 0) & (columns.kind == KINDS.index(OPERATION))
    codes = home[computed].astype(np.int64) * len(columns.operations) + columns.code[computed]
    ops = np.bincount(codes, minlength=count * len(columns.operations)).reshape(count, -1)
    titles = apart([group.title for group in grouping.groups], NARROW)
    for i, group in enumerate(grouping.groups):
        if group.node is not None:
            n = trace.nodes[group.node]
            called = "" if n.kind == CONSTANT else names.narrow(n.id)
            symbol = None if n.kind == CONSTANT else names.written(n.id)
            yield Box("", n.kind, called, n.name or "", n.symbol, n.value, n.delta, "", 0, n.source, symbol_of=symbol)
        else:
            lines = tuple(_counts(group, members[i], ops[i].tolist(), columns.operations, words))
            yield Box("", GROUP, titles[i], group.title, "", None, deltas[i], group.scope, 0, None, lines)


def _counts(
    group: BoxGroup, members: int, of_op: list[int], ops: tuple[tuple[str, str], ...], words: Language
) -> Iterator[str]:
    """What is in a group: its inner scopes by kind, its nodes, its operations."""
    for kind, many in group.parts.most_common(2):
        yield words.tell(words.picture["of kind"], n=many, kind=kind)
    yield words.tell(words.picture["nodes"], n=members)
    often = sorted((op for op, many in enumerate(of_op) if many), key=lambda op: -of_op[op])[:3]
    if often:
        called = {op: words.operations.get(ops[op][0], title_of(ops[op][0])) for op in often}
        yield ", ".join(words.tell(words.picture["of operation"], n=of_op[op], op=called[op]) for op in often)


def _arrows(trace: Trace, grouping: Grouping, ids: list[str]) -> Iterator[Arrow]:
    """One arrow for all edges from one group to another."""
    edges, sent = _between(trace.columns, grouping)
    count = len(grouping.groups)
    rank = Counter[int]()
    for pair in np.flatnonzero(edges).tolist():
        head, tail = divmod(pair, count)
        many = int(edges[pair])
        slope = _only_slope(trace, grouping.groups[tail].node, grouping.groups[head].node) if many == 1 else None
        yield Arrow(ids[tail], ids[head], rank[head], slope, sent[pair], many)
        rank[head] += 1


def _between(columns: Columns, grouping: Grouping) -> tuple[Any, list[float | None]]:
    """How many edges run between two groups, at head · groups + tail, and the largest that comes back along them."""
    count = len(grouping.groups)
    edges = np.zeros(count * count, np.int64)
    top, bottom = _bounds(count * count)
    for start in range(0, len(columns.node), CHUNK):
        part = slice(start, start + CHUNK)
        tail, head = grouping.home[columns.operands[part]], grouping.home[columns.node[part]]
        across = (tail >= 0) & (head >= 0) & (tail != head)
        pair = head[across].astype(np.int64) * count + tail[across]
        edges += np.bincount(pair, minlength=count * count)
        flows = across & columns.flows[part] & columns.reached[columns.node[part]]
        pair = head[flows].astype(np.int64) * count + tail[flows]
        sent = products(columns.delta[columns.node[part][flows]], columns.slope[part][flows])
        _widen(top, bottom, pair, sent)
    return edges, _of_larger_size(top, bottom)


def _largest(codes: Indices, numbers: Numbers, count: int) -> list[float | None]:
    """Of each code the number of largest size: nan if one is nan, None if there is none."""
    top, bottom = _bounds(count)
    _widen(top, bottom, codes, numbers)
    return _of_larger_size(top, bottom)


def _bounds(count: int) -> tuple[Numbers, Numbers]:
    """The largest and the smallest number of every code before any has come."""
    return np.full(count, -np.inf), np.full(count, np.inf)


def _widen(top: Numbers, bottom: Numbers, codes: Indices, numbers: Numbers) -> None:
    with np.errstate(invalid="ignore"):  # nan is as good a number as any here
        np.maximum.at(top, codes, numbers)
        np.minimum.at(bottom, codes, numbers)


def _of_larger_size(top: Numbers, bottom: Numbers) -> list[float | None]:
    found = np.where(np.abs(bottom) > np.abs(top), bottom, top).astype(object)
    found[top < bottom] = None  # as they were before any number came
    return list(found)


def _only_slope(trace: Trace, tail: int | None, head: int | None) -> float | None:
    """The local derivative along the one edge between two nodes that stand for themselves."""
    if tail is None or head is None:
        return None
    columns = trace.columns
    part = trace.edges[columns.starts.item(head) : columns.starts.item(head + 1)]
    return next(edge.slope for edge in part if edge.operand == tail)
