"""Where a derivation may be changed: at one edge, at all that say the same, at all that comes back to a node.

One formula that is wrong in a layer or a loop is one mistake.  Edges say the same where they are of one operation and
operand, and were written on one line, or go into nodes of one name but for its numbers, or to such nodes, or lie in one
scope.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from autograd.ops import special
from autograd.ops.primitive import lookup
from viz.explain.sheet import CaseSheet

_LAST = re.compile(r"(\[\d+\]|[₀₁₂₃₄₅₆₇₈₉]+|\d)$")
_NUMBERS = re.compile(r"[\d⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉\[\],._\s]+")


class Place(NamedTuple):
    """Edges that are changed together, and why: "edge", "node" (all into one tail), or what they have in common."""

    edges: tuple[int, ...]
    kind: str
    cost: float


def stem(name: str) -> str:
    """A name without its numbers: z²₁ and z[3] are z."""
    return _NUMBERS.sub("", name)


def root_of(name: str) -> str:
    """A name without its last number: z²₁ is z², W[1][2] is W[1], wg12 is wg1."""
    return _LAST.sub("", name)


def slot_of(sheet: CaseSheet, edge: int) -> str:
    """Which operand an edge is, as far as it matters: first or second; of a dot, weight, input or constant."""
    node = int(sheet.head[edge])
    row, slot = lookup(sheet.seen.nodes[node].op), int(edge - sheet.seen.columns.starts[node])
    if not row.variadic:
        return str(slot)
    if not row.is_weighted:
        return "any"
    count = int(sheet.seen.columns.starts[node + 1] - sheet.seen.columns.starts[node])
    weights, inputs, _ = special.halves(list(range(count)))
    return "weight" if slot in weights else "input" if slot in inputs else "constant"


class About(NamedTuple):
    """What an edge has in common with others."""

    what: str  # the operation and the slot
    line: str
    head: str  # the stem of its head's name
    tail: str
    head_root: str  # its head's name without the last number
    tail_root: str
    scope: str
    use: tuple[str, ...]  # what its head is used in, twice up
    head_name: str
    tail_name: str


ONE_TAIL = "one tail"
ALIKE = (  # what edges have in common that are changed together, and what that costs
    (0.05, ("what", "line", "head_root", "tail_root", "use")),
    (0.1, ("what", "line", "head_root", "tail_root")),
    (0.1, ("what", "line", "head", "tail", "use")),
    (0.1, ("what", "line", "head", "tail")),
    (0.1, ("what", "line", "head_root")),
    (0.1, ("what", "head_root", "tail_root")),
    (0.1, ("what", "line", "head")),
    (0.15, ("what", "line", "tail")),
    (0.15, ("what", "head", "tail")),
    (0.15, ("what", "line", "use")),
    (0.15, ("what", "line")),
    (0.2, ("what", "head")),
    (0.2, ("what", "tail_root")),
    (0.2, ("what", "tail")),
    (0.2, ("what", "scope")),
    (0.3, ("what",)),
)


def described(sheet: CaseSheet) -> dict[int, About]:
    """What each edge has in common with others; edges from one node twice to one operand, as in x·x, are one."""
    nodes = list(sheet.seen.nodes)
    used = _uses(sheet)
    found = {}
    for edge in sheet.edges.tolist():
        head, tail = int(sheet.head[edge]), int(sheet.tail[edge])
        if edge in sheet.doubled.values():
            continue
        slot = "twice" if edge in sheet.doubled else slot_of(sheet, edge)
        above, below = nodes[head].name or "", nodes[tail].name or f"({nodes[tail].op})"
        found[edge] = About(
            f"{nodes[head].op} {slot}", nodes[head].source or "", stem(above), stem(below), root_of(above),
            root_of(below), nodes[head].scope, used.get(head, ()), above, below,
        )  # fmt: skip
    return found


def _uses(sheet: CaseSheet) -> dict[int, tuple[str, ...]]:
    """Of every node the operations and slots that it goes into, and of these again."""
    nodes, once = list(sheet.seen.nodes), defaultdict(set)
    for edge in sheet.edges.tolist():
        head = int(sheet.head[edge])
        slot = edge - sheet.seen.columns.starts[head] if not lookup(nodes[head].op).variadic else 0
        once[int(sheet.tail[edge])].add((f"{nodes[head].op} {slot}", head))
    first = {node: tuple(sorted(word for word, _ in users)) for node, users in once.items()}
    return {
        node: (*first[node], *sorted({word for _, user in users for word in first.get(user, ())}))
        for node, users in once.items()
    }


def groups(sheet: CaseSheet) -> Iterator[Place]:
    """The places of more than one edge, each once, those that say most in common first."""
    about, seen = described(sheet), set()
    for cost, parts in ALIKE:
        together: dict[Any, list[int]] = defaultdict(list)
        key = attrgetter(*parts)
        for edge, words in about.items():
            together[key(words)].append(edge)
        for edges in together.values():
            if len(edges) > 1 and tuple(edges) not in seen:
                seen.add(tuple(edges))
                yield Place(tuple(edges), "group", cost)
    for kind, cost, found in (("group", 0.25, _at_an_end(about)), (ONE_TAIL, 0.2, _into_one(about))):
        for ends in dict.fromkeys(found):
            if ends not in seen:
                seen.add(ends)
                yield Place(ends, kind, cost)


def _into_one(about: dict[int, About]) -> Iterator[tuple[int, ...]]:
    """The edges of one operation and slot that go into one named node, as those of all steps into a weight do."""
    families: dict[Any, list[int]] = defaultdict(list)
    for edge, words in about.items():
        families[words.what, words.tail_name].append(edge)
    yield from (tuple(edges) for edges in families.values() if len(edges) > 1)


def _at_an_end(about: dict[int, About]) -> Iterator[tuple[int, ...]]:
    """Of edges that say the same in rows or steps, those of all but the first or the last, and of these two alone."""
    families: dict[Any, dict[str, list[int]]] = defaultdict(dict)
    for edge, words in about.items():
        step = words.head_root if words.head_root != words.head else words.head_name
        families[words.what, words.line, words.head].setdefault(step, []).append(edge)
    for steps in families.values():
        each = list(steps.values())
        if 3 <= len(each):
            for chosen in (each[1:], each[:-1], each[1:-1], [each[0], each[-1]]):
                yield tuple(sorted(edge for edges in chosen for edge in edges))


def into_nodes(sheet: CaseSheet) -> Iterator[Place]:
    """All edges that go into one node's δ, where there are several; and all of several nodes of one stem."""
    users: dict[int, list[int]] = defaultdict(list)
    for edge in sheet.edges.tolist():
        users[int(sheet.tail[edge])].append(edge)
    alike: dict[str, list[int]] = defaultdict(list)
    for tail, edges in users.items():
        if len(edges) > 1:
            yield Place(tuple(edges), "node", 0.05)
        alike[stem(sheet.seen.nodes[tail].name or "")].append(tail)
    for name, tails in alike.items():
        together = [edge for tail in tails for edge in users[tail]]
        if name and len(tails) > 1 and len(together) > len(tails):
            yield Place(tuple(together), "nodes", 0.15)


def out_of_nodes(sheet: CaseSheet) -> Iterator[Place]:
    """All edges from one node on to its operands, where there are several: a step that is left out as a whole."""
    for pairs in sheet.edges_of.values():
        edges = tuple(edge for edge, tail in pairs if sheet.moves[tail])
        if len(edges) > 1:
            yield Place(edges, "step", 0.1)


def sequences(sheet: CaseSheet) -> list[list[int]]:
    """Nodes that are called alike but for their numbers, in order; without names, those of one operation and line."""
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for node in sheet.seen.nodes:
        if node.kind == "constant":
            continue
        found[0, root_of(node.name) if node.name else f"{node.op} {node.source}"].append(node.id)
        if node.name:
            found[1, stem(node.name)].append(node.id)
    return [list(ids) for ids in dict.fromkeys(tuple(ids) for ids in found.values() if len(ids) > 1)]


def rows_and_columns(sheet: CaseSheet, edges: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Of each edge of a group the number of its head, and its number among those of its head."""
    heads: dict[int, int] = {}
    seen: dict[int, int] = defaultdict(int)
    rows, columns = [], []
    for edge in edges:
        head = int(sheet.head[edge])
        rows.append(heads.setdefault(head, len(heads)))
        columns.append(seen[head])
        seen[head] += 1
    return rows, columns


def steps_and_units(sheet: CaseSheet, edges: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Of each edge of a group the number of its head's step, by the name but for its last number, and its number there.

    As rows and columns where each head has several.
    """
    rows, columns = rows_and_columns(sheet, edges)
    if any(columns):
        return rows, columns
    steps: dict[str, int] = {}
    seen: dict[str, int] = defaultdict(int)
    for place, edge in enumerate(edges):
        name = root_of(sheet.seen.nodes[int(sheet.head[edge])].name or "")
        rows[place], columns[place] = steps.setdefault(name, len(steps)), seen[name]
        seen[name] += 1
    return rows, columns


def support(sheet: CaseSheet, node: int) -> int:
    """How many derivatives that are off depend on what comes back to a node."""
    reached = np.zeros(len(sheet.value), bool)
    reached[node] = True
    for above in reversed([n for n in sheet.edges_of if n <= node]):
        if reached[above]:
            for _, tail in sheet.edges_of[above]:
                reached[tail] = True
    return sum(bool(reached[node]) for place, node in enumerate(sheet.inputs) if node >= 0 and sheet.wrong[place])
