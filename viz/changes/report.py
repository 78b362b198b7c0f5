"""`changed`: the difference between two runs of one graph, given to inputs and to paths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import Value
from autograd.errors import ArgumentError, GraphError, NonFiniteError
from autograd.order import reachable
from autograd.replay import computed_at
from autograd.text import preformatted, quoted
from autograd.value import number
from viz.changes.paths import CarriedPath, largest_ways, number_of_ways
from viz.changes.segment import Segment, segment
from viz.numbers import equals, shown, signed
from viz.pictures.drawing import Drawing
from viz.pictures.svg import render
from viz.pictures.view import view
from viz.subject import Seen, look
from viz.variables import names_of_nodes
from viz.why import Path
from viz.wording import definition

if TYPE_CHECKING:
    from viz.subject import Subject
    from viz.variables import Variables

MOST = 10  # inputs and definitions that are listed
JUMPED = 1e-8  # of the change, from which on what is left over is a jump


class Share(NamedTuple):
    """What one input brings: it went from one number to another, and the output by so much because of it."""

    name: str
    before: float
    after: float
    contribution: float


@dataclass(frozen=True)
class Changed:
    """What `changed` found: ``after − before = Σ contributions of inputs + residual``, and of all paths the same.

    `paths` are the largest of `count`; their slopes are means along the way.  The residual is rounding, unless the
    output jumps on the way, which no derivative sees.
    """

    name: str
    before: float
    after: float
    inputs: tuple[Share, ...]  # the largest first; those that did not change are left out
    paths: tuple[Path, ...]
    count: int
    residual: float
    where: tuple[str, ...]
    _seen: Seen = field(repr=False)
    _flows: Mapping[int, float] = field(repr=False)  # by edge of the trace
    _through: Mapping[int, float] = field(repr=False)  # by node

    @property
    def difference(self) -> float:
        """after − before."""
        return self.after - self.before

    def __str__(self) -> str:
        head = f"{self.name} went from {shown(self.before)} to {shown(self.after)}, by {signed(self.difference)}"
        if not self.inputs:
            return f"{head}: no input changed"
        lines = [f"{head}, because of {_counted(len(self.inputs), 'input')}:"]
        for part in self.inputs[:MOST]:
            went = f"{part.name}, from {shown(part.before)} to {shown(part.after)}"
            lines.append(f"      {signed(part.contribution):>11} {self._share(part.contribution):>8}   {went}")
        if len(self.inputs) > MOST:
            rest = math.fsum(part.contribution for part in self.inputs[MOST:])
            lines.append(f"      {signed(rest):>11} {self._share(rest):>8}   {len(self.inputs) - MOST:,} inputs more")
        listed = "" if len(self.paths) == self.count else f"; the largest, {len(self.paths)} shown, slopes in the mean"
        if self.paths:
            lines.append(f"along {_counted(self.count, 'path')}{listed}:")
        for place, path in enumerate(self.paths, 1):
            lines.append(f"{place:4}. {signed(path.contribution):>11} {self._share(path.contribution):>8}   {path}")
        if abs(self.residual) > JUMPED * abs(self.difference):
            lines.append(f"no derivative sees {signed(self.residual)} of it: the output jumps on the way")
        return "\n".join(lines + [f"{'     ' if place else 'where'} {line}" for place, line in enumerate(self.where)])

    def _share(self, contribution: float) -> str:
        return f"{shown(100 * contribution / self.difference, 3)}%" if self.difference else ""

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    def draw(self) -> Drawing:
        """The picture of the graph as it is after, with what of the change every arrow and box carries."""
        seen = view(self._seen.trace)
        ids = {(edge.operand, edge.node, edge.slot): e for e, edge in enumerate(self._seen.trace.edges)}
        flow: dict[str, dict[Any, Any]] = {f"n{tail}": {} for tail, _, _ in ids}
        for (tail, head, slot), e in ids.items():
            flow[f"n{tail}"][f"n{head}", slot] = self._flows.get(e)
        arrows = [
            a._replace(contribution=flow.get(a.tail, {}).get((a.head, a.slot), a.contribution)) for a in seen.arrows
        ]
        note = f"{self.name} changed by {signed(self.difference)}: arrows say what comes along"
        boxes = tuple(map(self._change_on, seen.boxes))
        return Drawing(render(seen._replace(arrows=tuple(arrows), boxes=boxes, note=f"{note}\n{seen.note}".strip())))

    def _change_on(self, box: Any) -> Any:
        place = int(box.id[1:]) if box.id[:1] == "n" and box.id[1:].isdigit() else -1
        carried = self._through.get(place)
        return box if carried is None else box._replace(counts=(f"change {signed(carried)}",))


def changed(output: Subject, before: Any, after: Any = None, *, top: int = 10, names: Variables = None) -> Changed:
    """Why a result is not what it was: what each input, and each path, brings of the difference between two runs.

    `output` is a Value, and the runs are {leaf: number}, by leaves or their names; what a run does not mention is as it
    is now, so that after a step of training ``before`` is enough: ``{p: p.data for p in parameters}``, read before it.
    Or it is a function, compiled, plain or one of JAX's, or a program, and the runs are its arguments, in tuples.

    Each part is the change of an input times the mean of the derivative along the straight way, so that all
    parts add up to the difference, to rounding, and do not depend on an order.  No node is changed.

    >>> w, x = Value(2.0, name="w"), Value(3.0, name="x")
    >>> J = w * x
    >>> J.name = "J"
    >>> print(changed(J, {w: 2.0, x: 3.0}, {w: 4.0, x: 5.0}))
    J went from 6 to 20, by +14, because of 2 inputs:
                   +8    57.1%   w, from 2 to 4
                   +6    42.9%   x, from 3 to 5
    along 2 paths:
       1.          +8    57.1%   J ─4→ w
       2.          +6    42.9%   J ─3→ x

    Raises:
        OperandError: for what is neither a Value nor a function, and for numbers that are none
        ArgumentError: for runs that are not made so, and if `top` is not a whole number from 0 up
        GraphError: for a leaf that the output was not computed from, and where the two runs are not of one graph
        NonFiniteError: where the graph or a derivative is not finite on the way
    """
    if isinstance(top, bool) or not isinstance(top, int) or top < 0:
        raise ArgumentError(f"top is how many paths to show, a whole number from 0 up, got {quoted(top)}")
    runs = _runs(output, before, after, names)
    order, root = reachable(runs.seen.output), runs.seen.output
    for when, node in (("before", runs.before), ("after", root)):
        if not math.isfinite(node.data):
            raise NonFiniteError(f"{runs.name} is {shown(node.data)} {when}, and a difference from that has no parts")
    pairs = zip(reachable(runs.before), order, strict=True)
    start = {x: was.data for was, x in pairs if x.is_leaf and was.data != x.data}
    inputs = list(start)
    if not inputs:
        return _told(runs, (), (), 0, {}, {})
    found = segment(order, inputs, list(start.values()), [x.data for x in inputs])
    place = {node: i for i, node in enumerate(order)}
    called = runs.seen.called
    parts = [Share(called(place[x]), start[x], x.data, found.through(x)) for x in inputs]
    ways = islice(largest_ways(found, root, set(inputs)), top)
    return _told(
        runs,
        tuple(sorted(parts, key=lambda part: -abs(part.contribution))),
        tuple(_path(runs.seen, found, place, way) for way in ways),
        number_of_ways(found, root, set(inputs)),
        _flows(runs.seen, found, order),
        {place[node]: found.through(node) for node in found.moving},
    )


class _Runs(NamedTuple):
    """Two runs of one graph: the output before, and what is seen of it after."""

    before: Value
    seen: Seen

    @property
    def name(self) -> str:
        """What the output is called."""
        return self.seen.called(self.seen.trace.root)


def _runs(output: Subject, before: Any, after: Any, names: Variables) -> _Runs:
    if not isinstance(output, Value):
        was, seen = (look(output, _arguments(run, output), {}).output for run in (before, after))
        order, others = reachable(seen), reachable(was)
        if [(n.op, len(n.operands)) for n in order] != [(n.op, len(n.operands)) for n in others]:
            raise GraphError("the two runs are not of one graph: give both arguments that are made alike")
        return _Runs(was, look(seen, (), {}, names))
    order = reachable(output)
    runs = [computed_at(order, _numbers(output, order, run, names)) for run in (before, after)]
    called = {name: runs[1][node] for node, name in names_of_nodes(names).items() if node in runs[1]}
    return _Runs(runs[0][output], look(runs[1][output], (), {}, called))


def _arguments(run: Any, output: Any) -> tuple[Any, ...]:
    if not hasattr(output, "graph") and not callable(output):
        return ()  # it can be neither asked nor shown, which `look` says
    if not isinstance(run, tuple):
        raise ArgumentError(f"the runs of {output!r} are its arguments, each in a tuple, got {quoted(run)}")
    return run


def _numbers(output: Value, order: Sequence[Value], run: Any, names: Variables) -> dict[Value, float]:
    """The numbers of the leaves that a run mentions."""
    if run is None:
        return {}
    if not isinstance(run, Mapping):
        raise ArgumentError(f"a run is {{leaf: number, …}}, by leaves or their names, got {quoted(run)}")
    places = look(output, (), {}, names).ids_of(list(run))
    for i in places:
        if not order[i].is_leaf:
            raise GraphError(f"{order[i]!r} was computed: a run says the numbers of leaves")
    return {order[i]: number(x, "the number of a leaf") for i, x in zip(places, run.values(), strict=True)}


def _told(
    runs: _Runs,
    parts: tuple[Share, ...],
    paths: tuple[Path, ...],
    count: int,
    flows: Mapping[int, float],
    through: Mapping[int, float],
) -> Changed:
    seen, was, now = runs.seen, runs.before.data, runs.seen.output.data
    residual = math.fsum([now, -was, *(-part.contribution for part in parts)])
    unnamed = {n.id for path in paths for n in path.told if not n.name}
    where = [f"{definition(seen.trace, seen.names, i)} {equals(seen.trace.nodes[i].value)}" for i in sorted(unnamed)]
    if len(where) > MOST:
        where = [*where[:MOST], f"… and {len(where) - MOST} more: see draw or formula"]
    return Changed(runs.name, was, now, parts, paths, count, residual, tuple(where), seen, flows, through)


def _path(seen: Seen, found: Segment, place: Mapping[Value, int], way: CarriedPath) -> Path:
    ids = [place[node] for node in way.nodes]
    steps = zip(way.nodes, way.slots, strict=False)
    slopes = tuple(float((found.weights * found.slopes[node][slot]).sum()) for node, slot in steps)
    nodes, called = tuple(seen.trace.nodes[i] for i in ids), tuple(map(seen.called, ids))
    return Path(nodes, slopes, way.slots, way.contribution, called)


def _flows(seen: Seen, found: Segment, order: Sequence[Value]) -> dict[int, float]:
    """By edge of the trace, what of the change comes along it."""
    first = seen.trace.columns.starts
    return {
        int(first[i]) + slot: found.along(node, slot)
        for i, node in enumerate(order)
        for slot, slope in enumerate(found.slopes.get(node, ()))
        if slope is not None and node in found.delta
    }


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
