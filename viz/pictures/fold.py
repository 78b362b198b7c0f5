"""Compact pictures: a sum takes in the products that only it uses, and a neuron's weights share a box."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from viz.languages import LANGUAGES, Language
from viz.numbers import MOST, equals, line, product, shown
from viz.pictures.boxes import GROUP, Arrow, Box, View, larger
from viz.trace import CONSTANT, OPERATION

FOLDED_FROM = 3  # this many share a box
MOST_LINES = 40  # terms that are written out in one

Homes = Mapping[str, str]  # the box that each folded box goes into


def folded(view: View, words: Language = LANGUAGES["en"]) -> View:
    """The same picture with what only one box uses folded into that, or into a box in front of it."""
    graph = _Graph(view)
    homes = _into_sums(graph)
    homes |= _leaves_together(graph, homes)
    if not homes:
        return view
    members: dict[str, list[Box]] = defaultdict(list)
    for box in view.boxes:
        members[homes.get(box.id, box.id)].append(box)
    arrows = tuple(rewired(view.arrows, homes))
    slots = Counter(arrow.head for arrow in arrows)
    boxes = tuple(_box(graph, i, inside, view.digits, words)._replace(slots=slots[i]) for i, inside in members.items())
    said = words.tell(words.picture["folded"], n=len(homes))
    return view._replace(boxes=boxes, arrows=arrows, note="; ".join(filter(None, (view.note, said))))


class _Graph:
    """The boxes of a view by id, with their operands in order and, where there is just one, their user."""

    def __init__(self, view: View) -> None:
        self.boxes = {box.id: box for box in view.boxes}
        self.operands: dict[str, list[str]] = defaultdict(list)
        users: dict[str, set[str]] = defaultdict(set)
        for arrow in view.arrows:
            self.operands[arrow.head].append(arrow.tail)
            users[arrow.tail].add(arrow.head)
        self.only = {i: min(heads) for i, heads in users.items() if len(heads) == 1}

    def adds_up(self, i: str) -> bool:
        """Whether it is a sum."""
        return self.boxes[i].kind == OPERATION and self.boxes[i].symbol in ("+", "Σ")

    def is_product(self, i: str) -> bool:
        """Whether it is a product of two."""
        return self.boxes[i].kind == OPERATION and self.boxes[i].symbol == "×"

    def terms(self, top: str, homes: Homes) -> Iterator[str]:
        """What a sum adds up, in order: the operands that were folded into it, those of inner sums in their place."""
        pending = [top]
        while pending:
            i = pending.pop()
            if i == top or (self.adds_up(i) and homes.get(i) == top):
                pending += reversed(self.operands[i])
            elif homes.get(i) == top:
                yield i


# -- what folds -------------------------------------------------------------------------------------


def _into_sums(graph: _Graph) -> dict[str, str]:
    """Of each sum of several products: these, the inner sums of a chain of +, and leaves that nothing else uses."""
    tops: dict[str, str] = {}  # the last + of the chain that a sum belongs to
    for i in reversed(graph.boxes):
        if graph.adds_up(i):
            user = graph.only.get(i, "")
            chained = user in tops and graph.boxes[user].scope == graph.boxes[i].scope
            tops[i] = tops[user] if chained and graph.boxes[i].symbol == "+" else i
    homes = {i: top for i, top in tops.items() if i != top}
    for i, user in graph.only.items():
        if user in tops and i not in tops and (graph.is_product(i) or graph.boxes[i].kind != OPERATION):
            homes[i] = tops[user]
    products = Counter(homes[i] for i in homes if graph.is_product(i))
    homes = {i: top for i, top in homes.items() if products[top] >= FOLDED_FROM}
    factors = {i: homes[user] for i, user in graph.only.items()
               if user in homes and graph.is_product(user) and graph.boxes[i].kind != OPERATION}  # fmt: skip
    return homes | factors


def _leaves_together(graph: _Graph, homes: Homes) -> dict[str, str]:
    """The other leaves of one scope that one node alone uses, where there are several."""
    same: dict[tuple[str, str], list[str]] = defaultdict(list)
    for i, user in graph.only.items():
        if i not in homes and graph.boxes[i].kind not in (OPERATION, CONSTANT):
            same[user, graph.boxes[i].scope].append(i)
    return {i: f"leaves_{found[0]}" for found in same.values() if len(found) >= FOLDED_FROM for i in found}


# -- boxes and arrows -------------------------------------------------------------------------------


def rewired(arrows: Iterable[Arrow], homes: Homes) -> Iterator[Arrow]:
    """The arrows between the boxes that are left: one from or to what was folded, and the others."""
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


def _box(graph: _Graph, i: str, inside: list[Box], digits: int, words: Language) -> Box:
    """A box as it was, a sum with its terms, or the leaves that share one."""
    if i not in graph.boxes:
        return _leaves(i, inside, words)
    if len(inside) == 1:
        return inside[0]
    homes = {box.id: i for box in inside}
    lines = [_line(graph, term, digits) for term in graph.terms(i, homes)]
    more = len(lines) - MOST_LINES
    lines[MOST_LINES:] = [words.tell(words.picture["more"], n=more)] if more > 0 else []
    return graph.boxes[i]._replace(counts=tuple(lines))


def _leaves(group: str, inside: list[Box], words: Language) -> Box:
    delta = None
    for box in inside:
        delta = larger(delta, box.delta)
    first, last = inside[0].on_a_line, inside[-1].on_a_line
    title = f"{first} … {last}"
    count = words.tell(words.picture["leaves"], n=len(inside))
    return Box(group, GROUP, title, title, "", None, delta, inside[0].scope, 0, None, (count,))


def _line(graph: _Graph, term: str, digits: int) -> str:
    """W¹₁₁·x₁ = 0.5·(-2) = -1, or b = 0.25."""
    box = graph.boxes[term]
    value = box.value or 0.0
    if not graph.is_product(term):
        return f"{box.on_a_line} {equals(value, digits)}" if box.name else shown(value, digits)
    factors = [graph.boxes[i] for i in graph.operands[term]]
    of_each = [factor.value or 0.0 for factor in factors]
    said = line(product, of_each, value, digits, product)
    numbers = "·".join(_factor(x, said.digits) for x in of_each)
    names = "·".join(factor.on_a_line or _factor(x, MOST) for factor, x in zip(factors, of_each, strict=True))
    result = f"{said.result} {shown(value, digits)}"
    return f"{names} {said.numbers} {numbers} {result}" if names != numbers else f"{numbers} {result}"


def _factor(x: float, digits: int) -> str:
    return f"({shown(x, digits)})" if x < 0 else shown(x, digits)
