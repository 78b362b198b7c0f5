"""Pictures of large graphs: a layer, a neuron or a stretch of the computation a box, with what is in it counted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable

from viz.boxes import GROUP, Arrow, Box, Edges, Nodes, View, larger, sent_back
from viz.trace import CONSTANT, OPERATION, Node

READABLE = 30  # how many boxes a gathered picture may have

Key = Callable[[Node], str]  # which group a node belongs to


def gathered(root: int, nodes: Nodes, edges: Edges, *, coarsest: bool, crowded: bool) -> View:
    """One box a scope, as finely as can still be read, or one a layer."""
    note = f"{len(nodes):,} nodes gathered by scope"
    if crowded:
        constants = sum(1 for node in nodes if node.kind == CONSTANT)
        inside = {node.id for node in nodes if node.kind != CONSTANT}
        nodes = [node for node in nodes if node.id in inside]
        edges = [edge for edge in edges if edge.operand in inside]
        note += f"; {constants:,} constants left out" if constants else ""
        note += "" if coarsest else "; draw(…, force=True) draws them all"
    depth = max((node.scope.count(".") + 1 for node in nodes if node.scope), default=0)
    key = _by_depth(nodes, 1, root)
    for finer in range(2, 1 if coarsest else min(depth, 6) + 1):
        candidate = _by_depth(nodes, finer, root)
        if len(set(map(candidate, nodes))) > READABLE:
            break
        key = candidate
    if crowded and (not depth or len(set(map(key, nodes))) > READABLE):
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


def _collapsed(root: int, nodes: Nodes, edges: Edges, key: Key, note: str) -> View:
    """A box a group."""
    groups: dict[str, list[Node]] = defaultdict(list)
    home: dict[int, str] = {}
    for node in nodes:
        home[node.id] = where = key(node)
        groups[where].append(node)
    ids = {where: f"g{i}" for i, where in enumerate(groups)}
    between, largest = _between(nodes, edges, home)
    slots = Counter(head for _, head in between)
    boxes = tuple(_box(ids[w], w, inside, slots[w]) for w, inside in groups.items())
    rank = Counter[str]()
    arrows = []
    for tail, head in between:
        arrows.append(Arrow(ids[tail], ids[head], rank[head], None, largest[tail, head], between[tail, head]))
        rank[head] += 1
    return View(ids[home[root]], boxes, tuple(arrows), False, note)


def _between(
    nodes: Nodes, edges: Edges, home: dict[int, str]
) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], float | None]]:
    """How many edges run between two groups, and the largest of what comes back along them."""
    deltas = {node.id: node.delta for node in nodes}
    between = Counter[tuple[str, str]]()
    largest: dict[tuple[str, str], float | None] = {}
    for edge in edges:
        pair = home[edge.operand], home[edge.node]
        if pair[0] != pair[1]:
            between[pair] += 1
            largest[pair] = larger(largest.get(pair), sent_back(deltas[edge.node], edge.slope))
    return between, largest


def _box(box_id: str, where: str, inside: list[Node], slots: int) -> Box:
    if len(inside) == 1 and not where.startswith("/"):
        n = inside[0]
        return Box(box_id, n.kind, n.name or "", n.symbol, n.value, n.delta, "", slots, n.source)
    delta: float | None = None
    for node in inside:
        delta = larger(delta, node.delta)
    title, scope = _titled(where)
    return Box(box_id, GROUP, title, "", None, delta, scope, slots, None, _counts(where, inside))


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
