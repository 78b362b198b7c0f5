"""Compact pictures: what only one node uses, a neuron's weights or a sum's products, shares a box."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from viz.boxes import GROUP, Arrow, Box, View, larger
from viz.numbers import shown
from viz.text import shortened
from viz.trace import CONSTANT, OPERATION

FOLDED_FROM = 3  # this many share a box
MOST_LINES = 40  # of products that are written out in one


def folded(view: View) -> View:
    """The same picture with weights and products that only one box uses gathered in front of it."""
    homes = _homes(view)
    if not homes:
        return view
    members: dict[str, list[Box]] = defaultdict(list)
    for box in view.boxes:
        members[homes.get(box.id, box.id)].append(box)
    arrows = tuple(_rewired(view.arrows, homes))
    slots = Counter(arrow.head for arrow in arrows)
    into = _operands(view)
    boxes = tuple(
        _group(i, inside, slots[i], into) if len(inside) > 1 else inside[0]._replace(slots=slots[i])
        for i, inside in members.items()
    )
    said = f"{len(homes):,} nodes that only one other uses are folded; draw(…, force=True) draws each"
    return view._replace(boxes=boxes, arrows=arrows, note="; ".join(filter(None, (view.note, said))))


# -- what folds together ----------------------------------------------------------------------------


def _homes(view: View) -> dict[str, str]:
    """The group of each box that is folded: products of one sum with their leaves, and leaves of one node."""
    boxes = {box.id: box for box in view.boxes}
    users: dict[str, set[str]] = defaultdict(set)
    for arrow in view.arrows:
        users[arrow.tail].add(arrow.head)
    only = {i: min(heads) for i, heads in users.items() if len(heads) == 1}
    products = [box for box in view.boxes if box.id in only and box.kind == OPERATION and box.symbol == "×"]
    homes = dict(_together(products, only, "products"))
    with_products = {i: homes[user] for i, user in only.items() if boxes[i].kind != OPERATION and user in homes}
    leaves = [boxes[i] for i in only if boxes[i].kind not in (OPERATION, CONSTANT) and i not in with_products]
    return homes | with_products | dict(_together(leaves, only, "leaves"))


def _together(boxes: Iterable[Box], only: Mapping[str, str], what: str) -> Iterable[tuple[str, str]]:
    """(box, group) for the boxes of one scope that one node alone uses, where there are several."""
    same: dict[tuple[str, str], list[str]] = defaultdict(list)
    for box in boxes:
        same[only[box.id], box.scope].append(box.id)
    for found in same.values():
        if len(found) >= FOLDED_FROM:
            yield from ((i, f"{what}_{found[0]}") for i in found)


# -- boxes and arrows -------------------------------------------------------------------------------


def _operands(view: View) -> dict[str, list[Box]]:
    """The operands of every box, in order."""
    boxes = {box.id: box for box in view.boxes}
    operands: dict[str, list[Box]] = defaultdict(list)
    for arrow in view.arrows:
        operands[arrow.head].append(boxes[arrow.tail])
    return operands


def _rewired(arrows: Iterable[Arrow], homes: Mapping[str, str]) -> Iterable[Arrow]:
    """The arrows between the boxes that are left: one from a group to each neighbour, and the others."""
    kept: dict[object, Arrow] = {}
    for arrow in arrows:
        tail, head = homes.get(arrow.tail, arrow.tail), homes.get(arrow.head, arrow.head)
        if tail == head:
            continue
        moved = arrow._replace(tail=tail, head=head)
        grouped = arrow.tail in homes or arrow.head in homes
        key = (tail, head) if grouped else (tail, head, arrow.slot)
        kept[key] = _merged(kept[key], moved) if key in kept else moved
    rank = Counter[str]()
    for arrow in kept.values():
        yield arrow._replace(slot=rank[arrow.head])
        rank[arrow.head] += 1


def _merged(one: Arrow, other: Arrow) -> Arrow:
    return one._replace(
        slope=None, edges=one.edges + other.edges, contribution=larger(one.contribution, other.contribution)
    )


def _group(group: str, inside: list[Box], slots: int, operands: Mapping[str, list[Box]]) -> Box:
    delta = None
    for box in inside:
        delta = larger(delta, box.delta)
    products = [box for box in inside if box.kind == OPERATION]
    if products:
        title, lines = (
            f"{len(products):,} products",
            [_product(box, *operands[box.id]) for box in products[:MOST_LINES]],
        )
        lines += [f"… and {len(products) - MOST_LINES:,} more"] if len(products) > MOST_LINES else []
    else:
        title, lines = _span(inside[0].name, inside[-1].name), [f"{len(inside):,} leaves"]
    return Box(group, GROUP, title, "", None, delta, inside[0].scope, slots, None, tuple(lines))


def _span(first: str, last: str) -> str:
    return f"{shortened(first, 10)} … {shortened(last, 10)}" if first and last else "leaves"


def _product(box: Box, left: Box, right: Box) -> str:
    """W¹₁₁·x₁ = 0.5·(−2) = −1."""
    numbers = "·".join(_factor(factor.value or 0.0) for factor in (left, right))
    names = "·".join(shortened(factor.name, 12) or _factor(factor.value or 0.0) for factor in (left, right))
    result = shown(box.value or 0.0)
    return f"{names} = {numbers} = {result}" if names != numbers else f"{numbers} = {result}"


def _factor(x: float) -> str:
    return f"({shown(x)})" if x < 0 else shown(x)
