"""A plain layout, for where there is no Graphviz: columns, operands left of what is computed from them.

A box stands right after the last of its operands, a leaf right before the first that uses it.  A scope is a
band across its columns, and an arrow has a lane in every column that it passes, which it shares with others from
the same box, so that it runs between the boxes; where arrows pass very many columns, the longest run below the
picture, those of one box on one track.  Heights are found in sweeps (Sugiyama, Tagawa & Toda 1981): everything
wishes to stand level with its neighbours, and comes as close to that as what stands above and below it lets it.
A picture that is read downwards is laid out so, lying on its side.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from statistics import fmean
from typing import NamedTuple

from viz.pictures.geometry import (
    RIGHT,
    Cluster,
    Link,
    Placement,
    Point,
    Shape,
    as_counted,
    enters,
    path_of,
    room_for,
)

HEADER, RIM = 26.0, 10.0  # what a band adds above its boxes, where its name stands, and on its other sides
LANE = 9.0  # the height that an arrow takes in a column that it passes
MOST_PASSED = 4_000  # columns that arrows pass in lanes; the longest arrows of more run below
TRACK = 5.0  # the height of a track below
SWEEPS = 24

Path = tuple[str, ...]
Apart = tuple[str, int]  # a box at the other end of an arrow, and how many columns apart they are at least


@dataclass(eq=False)
class Item:
    """What takes a place in its columns: a box, the lane of an arrow, or a band."""

    first: int  # columns
    last: int
    height: float = 0.0  # with the room below it
    top: float = 0.0  # from the top of the band it lies in; of the picture in `where`
    wish: float = 0.0  # where its top would best be, in the picture


@dataclass(eq=False)
class Band(Item):
    """The boxes and lanes of a scope, and the bands inside it."""

    path: Path = ()
    items: list[Item] = field(default_factory=list)

    @property
    def bands(self) -> list[Band]:
        """Those inside it, in the order of their names, which sweeps leave as it is."""
        inner = [item for item in self.items if isinstance(item, Band)]
        return sorted(inner, key=lambda band: as_counted(band.path))


class Header(NamedTuple):
    """Where the name of a band stands: how much room it takes above the boxes, and in front of the first column."""

    above: float
    before: float


ABOVE, BEFORE = Header(HEADER, RIM), Header(RIM, HEADER)  # of a picture that lies on its side, above is at the left


def by_columns(shapes: Sequence[Shape], links: Sequence[Link], compact: bool, direction: str = RIGHT) -> Placement:
    """Positions for boxes and arrows, by this module alone; the same for the same picture everywhere."""
    if direction == RIGHT:
        return _Plan(shapes, links, compact, ABOVE).layout()
    lying = [shape._replace(width=shape.height, height=shape.width) for shape in shapes]
    return _upright(_Plan(lying, links, compact, BEFORE).layout())


def _upright(lying: Placement) -> Placement:
    """A layout with across and down exchanged."""
    return Placement(
        lying.height,
        lying.width,
        {name: (y, x) for name, (x, y) in lying.centres.items()},
        [[(y, x) for x, y in curve] for curve in lying.curves],
        [Cluster(c.scope, c.depth, c.top, c.left, c.height, c.width) for c in lying.clusters],
    )


class _Plan:
    """One layout in the making."""

    def __init__(self, shapes: Sequence[Shape], links: Sequence[Link], compact: bool, header: Header) -> None:
        self.header = header
        self.apart, self.gap = (4.0, 42.0) if compact else (14.0, 40.0)
        self.shapes, self.links = shapes, links
        self.shape = {shape.id: shape for shape in shapes}
        column = _columns(shapes, links)
        self.boxes = {s.id: Item(column[s.id], column[s.id], s.height + self.apart) for s in shapes}
        self.bands = self._bands()
        self.far = self._far(column)
        self.lanes: dict[tuple[str, Path, int], Item] = {}
        self.chains = [[] if i in self.far else self._chain(link) for i, link in enumerate(links)]
        self.where = self._settled()

    # -- what there is to place -------------------------------------------------------------------------

    def _bands(self) -> dict[Path, Band]:
        """The band of every scope, wide enough for its boxes; that of () is the picture."""
        bands: dict[Path, Band] = {(): Band(0, max((box.last for box in self.boxes.values()), default=0))}
        for shape in self.shapes:
            box, path = self.boxes[shape.id], path_of(shape.scope)
            for depth in range(1, len(path) + 1):
                band = bands.get(path[:depth])
                if band is None:
                    band = bands[path[:depth]] = Band(box.first, box.last, path=path[:depth])
                    bands[path[: depth - 1]].items.append(band)
                band.first, band.last = min(band.first, box.first), max(band.last, box.last)
            bands[path].items.append(box)
        return bands

    def _far(self, column: dict[str, int]) -> dict[int, int]:
        """The arrows that run below, each with its track: the longest, so that the others pass no more than may be."""
        spans = [abs(column[link.head] - column[link.tail]) for link in self.links]
        in_order = sorted(range(len(spans)), key=spans.__getitem__)
        near = bisect_right(list(accumulate(spans[i] for i in in_order)), MOST_PASSED)
        far = [i for i in in_order[near:] if column[self.links[i].tail] < column[self.links[i].head]]
        tracks = self._tracks({self.links[i].tail for i in far}, far, column)
        return {i: tracks[self.links[i].tail] for i in far}

    def _tracks(self, tails: set[str], far: Sequence[int], column: dict[str, int]) -> dict[str, int]:
        """A track for each box whose arrows run below; two share one where neither's arrows reach the other's."""
        reach = dict.fromkeys(tails, 0)
        for i in far:
            reach[self.links[i].tail] = max(reach[self.links[i].tail], column[self.links[i].head])
        ends, tracks = list[int](), dict[str, int]()
        for tail in sorted(tails, key=lambda name: (column[name], name)):
            free = next((k for k, end in enumerate(ends) if end <= column[tail]), len(ends))
            ends[free:] = [reach[tail], *ends[free + 1 :]]
            tracks[tail] = free
        return tracks

    def _chain(self, link: Link) -> list[Item]:
        """From an arrow's tail to its head, with its lanes; one that runs back passes both ends' columns too."""
        tail, head = self.boxes[link.tail], self.boxes[link.head]
        between = range(tail.last + 1, head.first) if tail.last < head.first else range(tail.last, head.first - 1, -1)
        return [tail, *(self._lane(column, link) for column in between), head]

    def _lane(self, column: int, link: Link) -> Item:
        """An arrow's lane in a column, which it shares with others from the same box."""
        band = self._band_at(column, link)
        at = (link.tail, band.path, column)
        if at not in self.lanes:
            self.lanes[at] = Item(column, column, LANE)
            band.items.append(self.lanes[at])
        return self.lanes[at]

    def _band_at(self, column: int, link: Link) -> Band:
        """Where an arrow's lane lies: inside its head's scope where that has the column, else inside its tail's."""
        for end in (link.head, link.tail):
            path = path_of(self.shape[end].scope)
            for depth in range(len(path), 0, -1):
                if self.bands[path[:depth]].first <= column <= self.bands[path[:depth]].last:
                    return self.bands[path[:depth]]
        return self.bands[()]

    # -- heights ----------------------------------------------------------------------------------------

    def _settled(self) -> dict[Item, float]:
        """The top of every item in the picture, after the sweep that bent the arrows least."""
        level = self._level()
        wished, least = dict[Item, float](), float("inf")
        for sweep in range(SWEEPS):
            tops = self._tops()
            bent = sum(abs(tops[a] + drop - tops[b]) for a, b, drop in level)
            if bent < least:
                wished, least = {item: item.wish for item in tops}, bent
            self._wish(tops, level, sides=((0,), (1,), (0, 1))[sweep % 3])
        for item, wish in wished.items():
            item.wish = wish
        return self._tops()

    def _level(self) -> list[tuple[Item, Item, float]]:
        """Neighbours along the arrows, and how far below the first's top the second's is where both are level."""
        found: dict[tuple[Item, Item], float] = {}
        for link, chain in zip(self.links, self.chains, strict=True):
            if not chain:
                continue
            leaves, enters = self._ends(link)
            heights = [leaves, *(LANE / 2 for _ in chain[1:-1])], [*(LANE / 2 for _ in chain[1:-1]), enters]
            for (a, b), out, into in zip(pairwise(chain), *heights, strict=True):
                found[a, b] = out - into
        return [(a, b, drop) for (a, b), drop in found.items()]

    def _ends(self, link: Link) -> tuple[float, float]:
        """How far below the tops of its boxes an arrow leaves and comes in."""
        tail, head = self.shape[link.tail], self.shape[link.head]
        return tail.height / 2, head.height * (link.slot + 0.5) / max(head.slots, link.slot + 1)

    def _wish(self, tops: dict[Item, float], level: Sequence[tuple[Item, Item, float]], sides: Sequence[int]) -> None:
        wishes: dict[Item, list[float]] = defaultdict(list)
        for a, b, drop in level:
            if 0 in sides:
                wishes[b].append(tops[a] + drop)
            if 1 in sides:
                wishes[a].append(tops[b] - drop)
        for item, top in tops.items():
            item.wish = fmean(wishes[item]) if item in wishes else top

    def _tops(self) -> dict[Item, float]:
        """Settle everything as wished; tops in the picture, that of its first box 0."""
        _settle(self.bands[()], self.apart, self.header)
        tops: dict[Item, float] = {}
        bands = [(self.bands[()], -self.header.above)]
        for band, above in bands:
            tops[band] = above
            for item in band.items:
                tops[item] = above + item.top
            bands += [(inner, above + inner.top) for inner in band.bands]
        return tops

    # -- the picture ------------------------------------------------------------------------------------

    def layout(self) -> Placement:
        """Everything in pixels, from 0 on."""
        across = _Across(self.shapes, self.boxes, self.bands, self.gap, self.header)
        named = {path: band for path, band in self.bands.items() if path}
        clusters = [
            Cluster(".".join(path), len(path) - 1, left, self.where[band], right - left, band.height - self.apart)
            for path, band in named.items()
            for left, right in [across.rims(band)]
        ]
        centres = {
            shape.id: (across.centre(box.first), self.where[box] + shape.height / 2)
            for shape, box in zip(self.shapes, self.boxes.values(), strict=True)
        }
        height = self.bands[()].height - self.header.above - RIM - self.apart
        curves = [
            self._below(link, height + TRACK * (2 + self.far[i]), across)
            if i in self.far
            else self._curve(link, self.chains[i], across)
            for i, link in enumerate(self.links)
        ]
        clusters.sort(key=lambda cluster: cluster.depth)
        below = TRACK * (3 + max(self.far.values())) if self.far else 0.0
        return Placement(across.width, height + below, centres, curves, clusters)

    def _below(self, link: Link, track: float, across: _Across) -> list[Point]:
        """Down to a track below the picture right behind the tail, and up again right before the head."""
        leaves, enters = self._ends(link)
        tail, head = self.boxes[link.tail], self.boxes[link.head]
        start, end = self.where[tail] + leaves, self.where[head] + enters
        points = [
            (across.centre(tail.last) + self.shape[link.tail].width / 2, start),
            (across.right(tail.last), start),
            (across.lefts[tail.last + 1], track),
            (across.right(head.first - 1), track),
            (across.lefts[head.first], end),
            (across.centre(head.first) - self.shape[link.head].width / 2, end),
        ]
        return list(_bezier(points, self.gap / 2))

    def _curve(self, link: Link, chain: Sequence[Item], across: _Across) -> list[Point]:
        """Level through every column, bent only between them."""
        leaves, enters = self._ends(link)
        tail, head, lanes = self.where[chain[0]] + leaves, self.where[chain[-1]] + enters, chain[1:-1]
        out = across.centre(chain[0].last) + self.shape[link.tail].width / 2
        into = across.centre(chain[-1].first) - self.shape[link.head].width / 2
        forwards = chain[0].last < chain[-1].first
        points = [(out, tail), (across.right(chain[0].last), tail)]
        for lane in lanes:
            sides = (across.lefts[lane.first], across.right(lane.first))
            points += [(x, self.where[lane] + LANE / 2) for x in (sides if forwards else sides[::-1])]
        points += [(across.lefts[chain[-1].first], head), (into, head)]
        return list(_bezier(points, self.gap / 2))


class _Across:
    """Where columns stand, apart enough for the rims of the bands that begin and end between them."""

    def __init__(
        self, shapes: Sequence[Shape], boxes: dict[str, Item], bands: dict[Path, Band], gap: float, header: Header
    ) -> None:
        self._gap, self._header = gap, header
        self._widths = [0.0] * (bands[()].last + 1)
        for shape in shapes:
            column = boxes[shape.id].first
            self._widths[column] = max(self._widths[column], shape.width)
        self._begin, self._end = [0.0] * len(self._widths), [0.0] * len(self._widths)
        inner_first = sorted((path for path in bands if path), key=len, reverse=True)
        for path in inner_first:
            before, after = self._margins(bands[path])
            self._begin[bands[path].first] = max(self._begin[bands[path].first], before)
            self._end[bands[path].last] = max(self._end[bands[path].last], after)
        self._place()
        for path in inner_first if header is ABOVE else ():
            self._widen(bands[path], room_for(path[-1]))

    def _margins(self, band: Band) -> tuple[float, float]:
        """How far a band's rim stands out on the left and on the right: those inside it come first."""
        inner = [(each, self._margins(each)) for each in band.bands]
        before = max((b for each, (b, _) in inner if each.first == band.first), default=0.0)
        after = max((a for each, (_, a) in inner if each.last == band.last), default=0.0)
        return before + self._header.before, after + RIM

    def _place(self) -> None:
        self.lefts = [self._begin[0]]
        for column in range(1, len(self._widths)):
            apart = self._end[column - 1] + self._gap + self._begin[column]
            self.lefts.append(self.right(column - 1) + apart)
        self.width = self.right(-1) + self._end[-1]

    def _widen(self, band: Band, room: float) -> None:
        """Make a band's last column so wide that its name has room."""
        left, right = self.rims(band)
        if right - left < room:
            self._widths[band.last] += room - (right - left)
            self._place()

    def rims(self, band: Band) -> tuple[float, float]:
        """The left and the right edge of a band."""
        before, after = self._margins(band)
        return self.lefts[band.first] - before, self.right(band.last) + after

    def right(self, column: int) -> float:
        """Where a column ends."""
        return self.lefts[column] + self._widths[column]

    def centre(self, column: int) -> float:
        """The middle of a column, where its boxes have theirs."""
        return self.lefts[column] + self._widths[column] / 2


def _bezier(points: Sequence[Point], reach: float) -> Iterator[Point]:
    """Control points of curves through `points` that are level at each; where they turn back they swing out."""
    yield points[0]
    ahead = 1
    for (x, y), (u, v) in pairwise(points):
        if u == x and v != y:
            yield from ((x + ahead * reach, y), (x + ahead * reach, v), (u, v))
            ahead = -ahead
        else:
            yield from (((x + u) / 2, y), ((x + u) / 2, v), (u, v))


# -- columns and heights ----------------------------------------------------------------------------


def columns_passed(shapes: Sequence[Shape], links: Sequence[Link]) -> int:
    """How many columns arrows pass on their way, all together: what a layout costs."""
    column = _columns(shapes, links)
    return sum(max(abs(column[link.head] - column[link.tail]) - 1, 0) for link in links)


def _columns(shapes: Sequence[Shape], links: Sequence[Link]) -> dict[str, int]:
    """The column of every box, from 0 on and none empty."""
    order, scope = _order(shapes, links), {shape.id: shape.scope for shape in shapes}
    number = {name: i for i, name in enumerate(order)}
    tails, heads = defaultdict[str, list[Apart]](list), defaultdict[str, list[Apart]](list)
    for link in links:
        if number[link.tail] < number[link.head]:
            # What comes in from another layer passes between the weights, so that layers stand side by side.
            apart = 2 if enters(scope[link.tail], scope[link.head]) else 1
            tails[link.head].append((link.tail, apart))
            heads[link.tail].append((link.head, apart))
    column: dict[str, int] = {}
    for name in order:
        column[name] = max((column[tail] + apart for tail, apart in tails[name]), default=0)
    for name in reversed(order):  # to the right where that shortens arrows; what only this uses comes along
        shared = [tail for tail, _ in tails[name] if len(heads[tail]) > 1]
        if heads[name] and len(shared) <= len(heads[name]):
            column[name] = min(column[head] - apart for head, apart in heads[name])
    rank = {used: i for i, used in enumerate(sorted(set(column.values())))}
    return {name: rank[column[name]] for name in order}


def _order(shapes: Sequence[Shape], links: Sequence[Link]) -> list[str]:
    """Boxes after their operands; where groups feed each other in a circle, the first of them goes first."""
    waiting = {shape.id: 0 for shape in shapes}
    heads = defaultdict[str, list[str]](list)
    for link in links:
        waiting[link.head] += 1
        heads[link.tail].append(link.head)
    ready = deque(name for name, count in waiting.items() if not count)
    order = []
    while waiting:
        name = ready.popleft() if ready else next(iter(waiting))
        del waiting[name]
        order.append(name)
        for head in heads[name]:
            if head in waiting:
                waiting[head] -= 1
                if not waiting[head]:
                    ready.append(head)
    return order


def _settle(band: Band, apart: float, header: Header) -> None:
    """Places what is in a band, the bands inside it first, and with it the band's height and its own wish."""
    for inner in band.bands:
        _settle(inner, apart, header)
    items = _from_the_top(band)
    tops, best = _packed(items)
    band.wish = best - header.above
    for item, top in zip(items, tops, strict=True):
        item.top = header.above + top
    band.height = max((item.top + item.height for item in items), default=header.above + apart) + RIM
    if header is BEFORE and band.path:
        band.height = max(band.height, room_for(band.path[-1]) + apart)


def _from_the_top(band: Band) -> list[Item]:
    """By where the middle of each would best be; bands take the places of bands in the order of their names."""
    wished = sorted(band.items, key=lambda item: item.wish + item.height / 2)
    bands = iter(band.bands)
    return [next(bands) if isinstance(item, Band) else item for item in wished]


def _packed(items: Sequence[Item]) -> tuple[list[float], float]:
    """Tops from 0 on, as near to those wished as the least height allows, and where 0 would best be in the picture.

    Pushing down from the wishes and pushing up both keep the order; so does the mean of the two, which favours
    neither end.
    """
    highest = _pushed(items, [0.0] * len(items))
    height = max((top + item.height for top, item in zip(highest, items, strict=True)), default=0.0)
    lowest = _pushed(items, [height - item.height for item in items], up=True)
    ranges = list(zip(items, highest, lowest, strict=True))
    best = fmean(item.wish - (most + least) / 2 for item, most, least in ranges) if items else 0.0
    wishes = [min(max(item.wish - best, most), least) for item, most, least in ranges]
    down, up = _pushed(items, wishes), _pushed(items, wishes, up=True)
    return [(a + b) / 2 for a, b in zip(down, up, strict=True)], best


def _pushed(items: Sequence[Item], wishes: Sequence[float], *, up: bool = False) -> list[float]:
    """Tops at or below those wished so that nothing overlaps in any column, in this order; `up`, at or above them."""
    edge: dict[int, float] = {}
    tops = list(wishes)
    for i in reversed(range(len(items))) if up else range(len(items)):
        item = items[i]
        columns = range(item.first, item.last + 1)
        edges = [edge[column] for column in columns if column in edge]
        tops[i] = min([tops[i], *(e - item.height for e in edges)]) if up else max([tops[i], *edges])
        edge.update(dict.fromkeys(columns, tops[i] if up else tops[i] + item.height))
    return tops
