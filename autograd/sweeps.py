"""The chain rule, written once: backwards and forwards through any graph, over any algebra of numbers.

Backwards, a node's δ is the sum of what its users sent, and it sends δ · slope to each operand; forwards, a node's
tangent is the sum of tangent · slope over its operands.  What a node is does not matter (a Value, the number of an
instruction), nor what a number is: with floats this gives derivatives, with Values or with numbers of a program being
written, a graph of them that can be differentiated again.

A graph of derivatives may be computed again with other numbers, so which branch of a choice was taken is not known
once and for all.  A derivative is then written for both branches, and a *path*, 1 or 0, says whether it comes back at
all: behind the branch that was not chosen 0 stands for nothing.  That must be chosen, not multiplied by, since behind
the other branch may stand a slope of ∞, and 0 · ∞ is nan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple, Protocol, TypeAlias

Node: TypeAlias = Any
Number: TypeAlias = Any
Products: TypeAlias = list[tuple[Number, Number]]  # (δ of the user, slope along the edge), in order
Choose: TypeAlias = Callable[[Number, Number, Number], Number]  # `where`, or what chooses as it does


class TableEntry(NamedTuple):
    """Which entry of a table an edge leads to, of how many, and what takes one of as many numbers."""

    place: int
    size: int
    take: Callable[[Sequence[Number]], Number]
    otherwise: Number  # what passes if another entry is taken, 0, or none is, nan


class Choice(NamedTuple):
    """The slope along a branch of a choice: 1 while `condition` holds, if it is the `first` branch, else while not.

    Along an entry of a table it is 1 while that is taken.
    """

    condition: Number
    choose: Choose
    first: bool
    entry: TableEntry | None = None

    def let(self, number: Number, zero: Number) -> Number:
        """A number while the branch is chosen, else 0; outside of a table nan."""
        other = self.entry.otherwise if self.entry else zero
        pair = (number, other) if self.first else (other, number)
        return self.choose(self.condition, *pair)


class Arrival(NamedTuple):
    """Whether a derivative comes back at all: a number that is 1 or 0, and what chooses by it."""

    condition: Number
    choose: Choose


Edge: TypeAlias = tuple[int, Node, "Number | Choice"]  # the slot of an operand, the operand, the slope along it
Passed: TypeAlias = tuple[Node, Number, int, Node, Any]  # one application of the rule: node, δ, and an edge
ALWAYS = None  # the path of what every derivative comes back to


class Algebra(Protocol):
    """What the chain rule asks of numbers, and of the graph whose slopes they are."""

    zero: Number
    one: Number

    def edges(self, node: Node, wanted: Callable[[Node], object] | None) -> Sequence[Edge]:
        """The operands that a derivative passes to, of those `wanted`; none for a leaf."""

    def gather(self, products: Products) -> Number:
        """Σ δ · slope."""

    def where(self, condition: Number, chosen: Number, other: Number) -> Number:
        """One of two numbers."""

    def either(self, one: Number, other: Number) -> Number:
        """Of two conditions, 1 or 0, whether any holds."""

    def is_finite(self, slope: Number) -> bool:
        """Whether a slope is known to be finite, so that 0 times it is 0."""


def backwards(
    order: Sequence[Node],
    seeds: Mapping[Node, Number],
    algebra: Algebra,
    deltas: dict[Node, Number],
    wanted: Callable[[Node], object] | None = None,
    leaves: Iterable[Node] | None = None,
) -> Iterator[Passed]:
    """Go back through `order`, yielding each application of the rule and filling `deltas` with every node's δ.

    Steps go only to operands that are `wanted`, if that is given; what is reached that is not in `order` is gathered
    at the end, or of it only the `leaves`, in their order.
    """
    pending: dict[Node, Products] = {node: [(seed, algebra.one)] for node, seed in seeds.items()}
    paths: dict[Node, Arrival] = {}
    for node in reversed(order):
        products = pending.pop(node, None)
        if products is None:
            continue  # no derivative comes back to it
        deltas[node] = delta = algebra.gather(products)
        path = paths.pop(node, ALWAYS) if paths else ALWAYS
        for slot, operand, slope in algebra.edges(node, wanted):
            sent, behind = (delta, slope), path
            if path is not ALWAYS or type(slope) is Choice:
                sent, behind = _behind(algebra, delta, slope, path)
            before = pending.get(operand)
            if before is None:
                pending[operand] = [sent]
                if behind is not ALWAYS:
                    paths[operand] = behind
            else:
                before.append(sent)
                if operand in paths:
                    _join(algebra, paths, operand, behind)
            yield node, delta, slot, operand, slope
    for leaf in pending if leaves is None else leaves:
        if leaf in pending:
            deltas[leaf] = algebra.gather(pending[leaf])


def forwards(order: Iterable[Node], seeds: Mapping[Node, Number], algebra: Algebra) -> dict[Node, Number]:
    """How every node in `order` moves when the seeded ones move so; those that do not move are missing."""
    moving = dict(seeds)
    paths: dict[Node, Arrival] = {}
    for node in order:
        edges = () if node in seeds else algebra.edges(node, moving.__contains__)
        if not edges:
            continue
        if type(edges[0][2]) is Choice:
            moving[node], path = _chosen(algebra, edges, moving, paths)
        else:
            products = [(moving[o], _masked(algebra, slope, paths.get(o, ALWAYS))) for _, o, slope in edges]
            moving[node], path = algebra.gather(products), ALWAYS
            if paths:
                path = reduce(lambda a, b: _either(algebra, a, b), (paths.get(o, ALWAYS) for _, o, _ in edges))
        if path is not ALWAYS:
            paths[node] = path
    return moving


# -- behind a choice --------------------------------------------------------------------------------


def _behind(
    algebra: Algebra, delta: Number, slope: Number | Choice, path: Arrival | None
) -> tuple[tuple[Number, Number], Arrival | None]:
    """What is sent along an edge, and the path of what it leads to."""
    if isinstance(slope, Choice):
        is_open = slope.let(algebra.one if path is ALWAYS else path.condition, algebra.zero)
        return (slope.let(delta, algebra.zero), algebra.one), Arrival(is_open, _common(algebra, slope, path))
    return (delta, _masked(algebra, slope, path)), path


def _masked(algebra: Algebra, slope: Number, path: Arrival | None) -> Number:
    """A slope that counts as 0 where no derivative passes; where it is finite, the 0 of δ is enough."""
    if path is ALWAYS or algebra.is_finite(slope):
        return slope
    return path.choose(path.condition, slope, algebra.zero)


def _join(algebra: Algebra, paths: dict[Node, Arrival], node: Node, other: Arrival | None) -> None:
    """A node that several users send δ to is behind a path only if all of these are, and then behind either."""
    path = _either(algebra, paths.pop(node), other)
    if path is not ALWAYS:
        paths[node] = path


def _either(algebra: Algebra, one: Arrival | None, other: Arrival | None) -> Arrival | None:
    if one is ALWAYS or other is ALWAYS:
        return ALWAYS
    return Arrival(algebra.either(one.condition, other.condition), _common(algebra, one, other))


def _chosen(
    algebra: Algebra, edges: Sequence[Edge], moving: Mapping[Node, Number], paths: Mapping[Node, Arrival]
) -> tuple[Number, Arrival | None]:
    """A choice moves as the branch that is chosen, and not at all if that does not."""
    if edges[0][2].entry:
        return _taken(algebra, edges, moving, paths)
    by_branch = {choice.first: operand for _, operand, choice in edges}
    branches = [by_branch.get(first) for first in (True, False)]
    choice = edges[0][2]
    moves = choice.choose(choice.condition, *(algebra.zero if o is None else moving[o] for o in branches))
    behind = [paths.get(o, ALWAYS) for o in branches]
    if behind == [ALWAYS, ALWAYS] and len(edges) == 2:
        return moves, ALWAYS
    passes = [
        algebra.zero if o is None else algebra.one if path is ALWAYS else path.condition
        for o, path in zip(branches, behind, strict=True)
    ]
    choose = reduce(lambda a, b: a if a is b else algebra.where, (p.choose for p in behind if p), choice.choose)
    return moves, Arrival(choice.choose(choice.condition, *passes), choose)


def _taken(
    algebra: Algebra, edges: Sequence[Edge], moving: Mapping[Node, Number], paths: Mapping[Node, Arrival]
) -> tuple[Number, Arrival | None]:
    """What is taken of a table moves as the entry at its index."""
    entry: Any = edges[0][2].entry
    moves, passes = [algebra.zero] * entry.size, [algebra.zero] * entry.size
    for _, operand, choice in edges:
        path, place = paths.get(operand, ALWAYS), choice.entry.place  # type: ignore[union-attr]  # all are of a table
        moves[place], passes[place] = moving[operand], algebra.one if path is ALWAYS else path.condition
    if len(edges) == entry.size and not any(operand in paths for _, operand, _ in edges):
        return entry.take(moves), ALWAYS
    return entry.take(moves), Arrival(entry.take(passes), algebra.where)


def _common(algebra: Algebra, one: Choice | Arrival, other: Arrival | None) -> Choose:
    """What chooses by a path that is made of two: what either chooses by, if that is the same."""
    return one.choose if other is ALWAYS or one.choose == other.choose else algebra.where
