"""Chooses what a picture shows: a trace, filtered, expanded or collapsed into boxes and arrows.

A picture of 300 nodes is drawn in full, of 2,000 compactly; above that nodes are gathered by scope
(network, layer, neuron) until what is left can be read.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from autograd.errors import ArgumentError
from viz.trace import CONSTANT, OPERATION, Edge, Node, Trace

FULL, COMPACT = 300, 2000  # how many nodes are drawn in full, and at all, unless forced
READABLE = 30  # how many boxes a collapsed picture may have
FOLDED_FROM = 3  # this many leaves of one user share a box in a compact picture
LEVELS = ("layer", "neuron", "op")
GROUP = "group"


class Box(NamedTuple):
    """A node of the picture: a node of the trace, or a group of them."""

    id: str
    kind: str
    name: str  # in full, unescaped; empty if it has none
    symbol: str
    value: float | None
    delta: float | None  # of a group: the one of largest size, nan if any is nan
    scope: str
    slots: int
    source: str | None = None
    counts: tuple[str, ...] = ()  # of a group: what is in it, a line each


class Arrow(NamedTuple):
    """An edge of the picture: an operand slot, or all edges between two groups."""

    tail: str
    head: str
    slot: int
    slope: float | None
    contribution: float | None  # what the chain rule sends back along it
    edges: int = 1


class View(NamedTuple):
    """What is drawn."""

    root: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    compact: bool
    note: str  # what was left out or gathered, for the reader of the picture


Nodes = Sequence[Node]
Edges = Sequence[Edge]
Key = Callable[[Node], str]  # which group a node belongs to


def view(trace: Trace, *, level: str = "neuron", keep: set[int] | None = None, force: bool = False) -> View:
    """What to draw of `trace`.

    level   "op" expands every dot into its products and their sum, "neuron" keeps dots whole,
            "layer" shows one box a layer
    keep    ids of the nodes to show; all, if None
    force   draw every node, however many
    """
    if level not in LEVELS:
        raise ArgumentError(f"a level is one of {', '.join(LEVELS)}, got {level!r}")
    nodes: Nodes = trace.nodes
    edges: Edges = trace.edges
    if keep is not None:
        nodes, edges = _kept(nodes, edges, keep)
    if level == "op":
        nodes, edges = expanded(nodes, edges)
    total = len(nodes)
    if level == "layer" or (total > COMPACT and not force):
        return _gather(trace.root, nodes, edges, coarsest=level == "layer")
    note = "" if total == len(trace.nodes) or level == "op" else f"{total:,} of the graph's {len(trace.nodes):,} nodes"
    if total > FULL and not force:
        return _folded(trace.root, nodes, edges, note)
    return _everything(trace.root, nodes, edges, total > FULL, note)


# -- which nodes ------------------------------------------------------------------------------------


def in_scope(trace: Trace, scope: str) -> set[int]:
    """The nodes of a scope and of those inside it, with the operands that come in and the users.

    Raises ArgumentError, naming the scopes there are, if no node belongs to it.
    """
    inside = {n.id for n in trace.nodes if n.scope == scope or n.scope.startswith(scope + ".")}
    if not inside:
        known = sorted({n.scope for n in trace.nodes if n.scope})
        listed = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
        raise ArgumentError(f"no node has the scope {scope!r}; there are: {listed or 'none'}")
    return inside | _adjacent(trace, inside)


def around(trace: Trace, centres: Iterable[int], radius: int) -> set[int]:
    """The nodes at most `radius` edges away from one of `centres`, either way."""
    found = frontier = set(centres)
    for _ in range(radius):
        frontier = _adjacent(trace, frontier) - found
        if not frontier:
            break
        found = found | frontier
    return found


def downstream(trace: Trace, sources: Iterable[int]) -> set[int]:
    """The nodes that depend on one of `sources`, and those."""
    users = defaultdict(list)
    for edge in trace.edges:
        users[edge.operand].append(edge.node)
    found, pending = set(sources), list(sources)
    while pending:
        for user in users[pending.pop()]:
            if user not in found:
                found.add(user)
                pending.append(user)
    return found


def _adjacent(trace: Trace, nodes: set[int]) -> set[int]:
    near = {e.operand for e in trace.edges if e.node in nodes}
    return near | {e.node for e in trace.edges if e.operand in nodes}


def _kept(nodes: Nodes, edges: Edges, keep: set[int]) -> tuple[list[Node], list[Edge]]:
    return [n for n in nodes if n.id in keep], [e for e in edges if e.node in keep and e.operand in keep]


# -- dots as products and a sum ---------------------------------------------------------------------


def expanded(nodes: Nodes, edges: Edges) -> tuple[list[Node], list[Edge]]:
    """The same graph with every dot drawn as its products and their sum."""
    by_id = {node.id: node for node in nodes}
    slots: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        slots[edge.node].append(edge)
    grown, drawn, next_id = list(nodes), list[Edge](), max(by_id, default=0) + 1
    for i, node in enumerate(nodes):
        mine = slots.get(node.id, [])
        pairs = len(mine) // 2
        if node.op != "dot" or not pairs or [e.slot for e in mine] != list(range(len(mine))):
            drawn += mine
            continue
        grown[i] = node._replace(op="sum", symbol="+")
        for k in range(pairs):
            factors = mine[k], mine[k + pairs]
            flows = node.delta is not None and any(f.slope is not None for f in factors)
            a, b = (by_id[f.operand].value for f in factors)
            delta = node.delta if flows else None
            grown.append(Node(next_id, OPERATION, None, "multiply", "×", a * b, delta, node.scope, node.source))
            drawn += [Edge(f.operand, next_id, s, f.slope) for s, f in enumerate(factors)]
            drawn.append(Edge(next_id, node.id, k, 1.0 if flows or node.delta is None else None))
            next_id += 1
        drawn += [edge._replace(slot=pairs) for edge in mine[2 * pairs :]]
    return grown, drawn


# -- every node a box -------------------------------------------------------------------------------


def _everything(root: int, nodes: Nodes, edges: Edges, compact: bool, note: str) -> View:
    slots = Counter(edge.node for edge in edges)
    deltas = {node.id: node.delta for node in nodes}
    rank = Counter[int]()
    arrows = []
    for e in edges:
        sent = _product(deltas[e.node], e.slope)
        arrows.append(Arrow(f"n{e.operand}", f"n{e.node}", rank[e.node], e.slope, sent))
        rank[e.node] += 1
    boxes = tuple(
        Box(f"n{n.id}", n.kind, n.name or "", n.symbol, n.value, n.delta, n.scope, slots[n.id], n.source) for n in nodes
    )
    return View(f"n{root}", boxes, tuple(arrows), compact, note)


def _product(delta: float | None, slope: float | None) -> float | None:
    return None if delta is None or slope is None else delta * slope


# -- weights in one box -----------------------------------------------------------------------------


def _folded(root: int, nodes: Nodes, edges: Edges, note: str) -> View:
    """Every node a box, but the many leaves that only one node uses, a neuron's weights, share one."""
    key = _by_only_user(nodes, edges)
    folded = sum(1 for node in nodes if key(node).startswith("%"))
    if not folded:
        return _everything(root, nodes, edges, True, note)
    said = f"{folded:,} leaves that only one node uses are folded; draw(…, force=True) draws each"
    return _collapsed(root, nodes, edges, key, "; ".join(filter(None, (note, said))), compact=True)


def _by_only_user(nodes: Nodes, edges: Edges) -> Key:
    """A group for the leaves of one scope that one node alone uses, where there are several."""
    users: dict[int, set[int]] = defaultdict(set)
    for edge in edges:
        users[edge.operand].add(edge.node)
    only = {n.id: min(users[n.id]) for n in nodes if n.kind not in (OPERATION, CONSTANT) and len(users[n.id]) == 1}
    scopes = {n.id: n.scope for n in nodes}
    several = Counter((only[i], scopes[i]) for i in only)

    def key(node: Node) -> str:
        user = only.get(node.id)
        if user is None or several[user, node.scope] < FOLDED_FROM:
            return f"n{node.id}"
        return f"%{user}.{node.scope}"

    return key


# -- many nodes a box -------------------------------------------------------------------------------


def _gather(root: int, nodes: Nodes, edges: Edges, *, coarsest: bool) -> View:
    """One box a scope, as finely as can still be read, or one a layer."""
    note = f"{len(nodes):,} nodes gathered by scope"
    if len(nodes) > COMPACT:
        constants = sum(1 for node in nodes if node.kind == CONSTANT)
        nodes, edges = _kept(nodes, edges, {node.id for node in nodes if node.kind != CONSTANT})
        note += f"; {constants:,} constants left out" if constants else ""
        note += "" if coarsest else "; draw(…, force=True) draws them all"
    depth = max((node.scope.count(".") + 1 for node in nodes if node.scope), default=0)
    key = _by_depth(nodes, 1, root)
    for finer in range(2, 1 if coarsest else min(depth, 6) + 1):
        candidate = _by_depth(nodes, finer, root)
        if len(set(map(candidate, nodes))) > READABLE:
            break
        key = candidate
    if len(nodes) > COMPACT and (not depth or len(set(map(key, nodes))) > READABLE):
        key = _by_order(nodes, root)
        note = note.replace("by scope", "in the order in which they were computed")
    return _collapsed(root, nodes, edges, key, note)


def _by_depth(nodes: Nodes, depth: int, root: int) -> Key:
    """A group a scope of that depth; nodes without a scope alone where they are few, else together."""
    crowded = sum(1 for node in nodes if not node.scope) > READABLE

    def key(node: Node) -> str:
        if node.id == root:
            return f"n{root}"
        if node.scope:
            return "/" + ".".join(node.scope.split(".")[:depth])
        if crowded:
            return "?outside any scope" if node.kind == OPERATION else "?inputs"
        return f"n{node.id}"

    return key


def _by_order(nodes: Nodes, root: int) -> Key:
    """Twelve slices of the order of computation, and the nodes that were given in a group of their own."""
    computed = [node.id for node in nodes if node.kind == OPERATION]
    slice_of = {i: k * 12 // len(computed) for k, i in enumerate(computed)}

    def key(node: Node) -> str:
        if node.id == root:
            return f"n{root}"
        if node.kind != OPERATION:
            return "?inputs"
        return f"#{slice_of[node.id] + 1}"

    return key


def _collapsed(root: int, nodes: Nodes, edges: Edges, key: Key, note: str, compact: bool = False) -> View:
    """A box a group; with `compact`, single nodes stay inside their scopes."""
    groups: dict[str, list[Node]] = defaultdict(list)
    home: dict[int, str] = {}
    for node in nodes:
        home[node.id] = where = key(node)
        groups[where].append(node)
    ids = {where: f"g{i}" for i, where in enumerate(groups)}
    between, largest = _between(nodes, edges, home)
    slots = Counter(head for _, head in between)
    boxes = tuple(_gathered(ids[w], w, inside, slots[w]) for w, inside in groups.items())
    rank = Counter[str]()
    arrows = []
    for tail, head in between:
        arrows.append(Arrow(ids[tail], ids[head], rank[head], None, largest.get((tail, head)), between[tail, head]))
        rank[head] += 1
    if compact:
        boxes = tuple(b._replace(scope=groups[w][0].scope) for b, w in zip(boxes, groups, strict=True))
    return View(ids[home[root]], boxes, tuple(arrows), compact, note)


def _between(
    nodes: Nodes, edges: Edges, home: dict[int, str]
) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], float]]:
    """How many edges run between two groups, and the largest of what comes back along them."""
    deltas = {node.id: node.delta for node in nodes}
    between = Counter[tuple[str, str]]()
    largest: dict[tuple[str, str], float] = {}
    for edge in edges:
        pair = home[edge.operand], home[edge.node]
        if pair[0] == pair[1]:
            continue
        between[pair] += 1
        sent = _product(deltas[edge.node], edge.slope)
        if sent is not None and (pair not in largest or _larger(sent, largest[pair])):
            largest[pair] = sent
    return between, largest


def _larger(a: float, than: float) -> bool:
    return not math.isnan(than) and (math.isnan(a) or abs(a) > abs(than))


def _gathered(box_id: str, where: str, inside: list[Node], slots: int) -> Box:
    if len(inside) == 1 and not where.startswith("/"):
        n = inside[0]
        return Box(box_id, n.kind, n.name or "", n.symbol, n.value, n.delta, "", slots, n.source)
    delta: float | None = None
    for node in inside:
        if node.delta is not None and (delta is None or _larger(node.delta, delta)):
            delta = node.delta
    title, scope = _span(inside) if where.startswith("%") else _titled(where)
    return Box(box_id, GROUP, title, "", None, delta, scope, slots, None, _counts(where, inside))


def _span(leaves: list[Node]) -> tuple[str, str]:
    """What folded leaves are called, the first and the last, and their scope."""
    first, last = leaves[0].name, leaves[-1].name
    return (f"{first} … {last}" if first and last else f"{len(leaves)} leaves"), leaves[0].scope


def _titled(where: str) -> tuple[str, str]:
    """What a group is called, and the scope that its box lies in."""
    if where.startswith("/"):
        scope, _, name = where[1:].rpartition(".")
        return name, scope
    return (where[1:], "") if where.startswith("?") else (f"part {where[1:]}", "")


def _counts(where: str, inside: list[Node]) -> tuple[str, ...]:
    """What is in a group: its inner scopes by kind, then its nodes."""
    lines = []
    if where.startswith("/"):
        depth = where.count(".") + 1
        inner = {".".join(n.scope.split(".")[: depth + 1]) for n in inside if n.scope.count(".") >= depth}
        kinds = Counter(re.sub(r"\d+$", "", scope.rsplit(".", 1)[1]) or "part" for scope in inner)
        lines += [f"×{n:,} {kind}{'s' if n > 1 else ''}" for kind, n in kinds.most_common(2)]
    lines.append(f"{len(inside):,} nodes" if len(inside) > 1 else "1 node")
    computed = Counter(node.op for node in inside if node.kind == OPERATION)
    if computed:
        lines.append(", ".join(f"{n:,} {op}" for op, n in computed.most_common(3)))
    return tuple(lines)
