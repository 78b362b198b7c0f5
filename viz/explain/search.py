"""Which single change of the derivation gives exactly the numbers that were given.

A change of one edge is linear, so that all of them are tried at once as arrays.  Where edges are changed together, δ
is sent back once for all hypotheses, a column each.  What is left is looked for among the numbers of the graph: a
slope that was taken at another node, a factor or a term too many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from autograd.ops import table
from autograd.ops.expression import variable
from autograd.ops.primitive import Primitive, lookup
from viz.explain.forms import FACTORS, FORGOTTEN, LOST, Form, Letters, counted, forms_of, number_of, without_parentheses
from viz.explain.places import (
    ONE_TAIL,
    Place,
    described,
    groups,
    into_nodes,
    out_of_nodes,
    rows_and_columns,
    sequences,
    steps_and_units,
)
from viz.explain.sheet import CaseSheet, Change, Floats

MOST_ALONE = 12  # edges of which each may be the only one that is right
AT_ONCE = 1500  # hypotheses of groups in one pass
CLEAR = 1e3  # blurs that an error must be large to be explained
MOST_CONSTANTS = 12  # inputs whose number is tried in the place of all slopes of a group
LONGEST_SEQUENCES = 60  # kinds of nodes whose numbers are tried in the place of a group's slopes
MOST_GROUPS = 400
QUANTITIES = (1.0, -1.0, 2.0, 0.5)


class Quantity(NamedTuple):
    """A number in a slope: how it comes in, a node's or, of two, their `op`; a slope's, by its edge, where `op` is ∂.

    `how` is "is", "times", "over", "plus" or "less", "at" or "output" of a function, "δ", "for" the other's, or
    "number", "number times" and "numbers times" of a `factor` alone.  `edges` are those whose slopes they are.
    """

    how: str
    node: int
    factor: float
    op: str = ""
    other: int = -1
    edges: tuple[int, ...] = ()


class Finding(NamedTuple):
    """A change that gives the numbers given: where, what kind, and what stands there instead."""

    place: Place
    kind: str
    cost: float
    form: Form | None = None
    quantity: Quantity | None = None
    text: str = ""  # what a block's entries are instead
    slope: Any = None  # of a single edge, by cases
    alike: tuple[Any, ...] = ()  # Findings of the same effect, where it is one of several mistakes
    along: str = ""  # the inputs on whose ways alone it is made, where others that pass it are right


class Candidates(NamedTuple):
    """Edges of one operation and slot, with their letters as arrays of edges by cases."""

    row: Primitive
    edges: Any
    letters: Letters
    delta: Floats  # of the heads
    rest: Any = 0.0  # what a second edge between the same nodes adds to the slope


class Tried(NamedTuple):
    """What one form does at the edges of a batch in every case: the slopes, and what comes back more to the tails."""

    batch: Candidates
    form: Form
    slope: Floats
    sent: Floats
    extra: Any = 0.0


class Trial(NamedTuple):
    """What is tried at edges together: of each hypothesis what it is, and its slopes and extra terms."""

    place: Place
    meant: list[tuple[str, float, Form | None, Any]]  # kind, cost, form, quantity
    slope: Floats  # edges by cases by hypotheses
    extra: Floats | None


class Search:
    """What is looked for in one sheet."""

    def __init__(self, sheet: CaseSheet) -> None:
        self.sheet = sheet
        self.is_scalar = sheet.mixed.shape[1] == 1 or sheet.stated is not None

    def found(self, quantities: bool = True) -> list[Finding]:
        """All single changes that fit, the smallest first; with numbers of the graph only if nothing else does."""
        if self.sheet.clarity < CLEAR:
            return []
        every = [*self._singles(), *self._groups()]
        if not every and quantities:
            every = list(self._quantities())
        return sorted(every, key=lambda finding: finding.cost)

    # -- edges by themselves -----------------------------------------------------------------------

    @cached_property
    def batches(self) -> list[Candidates]:
        """The edges, by operation and slot."""
        together = defaultdict(list)
        for edge in self.sheet.edges.tolist():
            if edge not in self.seconds:
                together[self._sort_of(edge)].append(edge)
        return [self.batch(np.array(edges)) for edges in together.values()]

    @cached_property
    def seconds(self) -> set[int]:
        """Of edges from one node twice to one operand the second, which counts with the first."""
        return set(self.sheet.doubled.values())

    def _sort_of(self, edge: int) -> tuple[str, int]:
        head = int(self.sheet.head[edge])
        row = lookup(self.operations[head])
        slot = int(edge - self.sheet.seen.columns.starts[head])
        return row.name, -2 if edge in self.sheet.doubled else -1 if row.variadic else slot

    @cached_property
    def operations(self) -> list[str]:
        """What every node was computed by."""
        columns = self.sheet.seen.columns
        return [columns.operations[code][0] for code in columns.code.tolist()]

    def batch(self, edges: Any) -> Candidates:
        """Edges of one sort, with their letters."""
        name, slot = self._sort_of(int(edges[0]))
        row, delta = lookup(name), self.sheet.delta[self.sheet.head[edges]]
        if slot != -2:
            return Candidates(row, edges, self.letters(row, edges, slot), delta)
        seconds = np.array([self.sheet.doubled[edge] for edge in edges.tolist()])
        rest = self.sheet.slope[seconds]
        row = table.square if name == "multiply" else row
        return Candidates(row, edges, self.letters(row, edges, -1, rest), delta, rest)

    def letters(self, row: Primitive, edges: Any, slot: int, rest: Any = 0.0) -> Letters:
        """What the letters of forms stand for at edges of one slot."""
        sheet = self.sheet
        y, x, s = sheet.value[sheet.head[edges]], sheet.value[sheet.tail[edges]], sheet.slope[edges] + rest
        if slot < 0 or row.arity != 2:
            return Letters(y, x, s, row=row, slot=max(slot, 0))
        others = edges + 1 - 2 * slot
        other, other_slope = sheet.value[sheet.tail[others]], sheet.slope[others]
        is_constant = ~sheet.seen.columns.flows[others]
        if is_constant.any():  # a constant has a slope as well, if it is taken for a variable
            operands = (x, other) if slot == 0 else (other, x)
            rule = row.array_slopes(y, *operands)[1 - slot]
            filled = np.zeros_like(x) if rule is None else np.broadcast_to(rule, x.shape)
            other_slope = np.where(is_constant[:, None], filled, other_slope)
        return Letters(y, x, s, other, other_slope, row, slot)

    @cached_property
    def counts(self) -> tuple[Form, ...]:
        """n and 1/n of what is added up and averaged in the graph, and of its arguments."""
        sheet = self.sheet
        first = sheet.seen.columns.starts
        sizes = {int(first[n + 1] - first[n]) for n in sheet.edges_of}
        sizes |= {block.stop - block.start for block in sheet.blocks}
        constants = {abs(n.value) for n in sheet.seen.nodes if n.kind == "constant"}
        sizes |= {int(c) for c in constants if 2 < c <= 10_000 and c == int(c)}
        return tuple(form for size in sorted(sizes) if size > 2 for form in counted(size))

    @cached_property
    def tried(self) -> list[Tried]:
        """Every form at every edge."""
        found = []
        with np.errstate(all="ignore"):
            for batch in self.batches:
                found += [
                    self._tried(batch, form, form.rule(batch.letters))
                    for form in forms_of(batch.row, batch.letters.slot)
                ]
                found += [self._tried(batch, form, form.rule(batch.letters)) for form in self.counts]
                found += self._with_more_than_a_slope(batch)
        return found

    def _tried(self, batch: Candidates, form: Form, slope: Floats, extra: Any = 0.0) -> Tried:
        return Tried(batch, form, slope, batch.delta * (slope - batch.letters.s) + extra, extra)

    def _with_more_than_a_slope(self, batch: Candidates) -> Iterator[Tried]:
        if not self.is_scalar:
            return
        slope = batch.letters.s
        yield self._tried(batch, Form(FORGOTTEN, 1.5, lambda at: at.s), 0.0 * slope, slope)
        parts = self.lost(batch)
        if parts is not None and not batch.row.variadic:
            with np.errstate(all="ignore"):
                yield self._tried(batch, Form(LOST, 1.2, lambda at: at.s), parts[0], -parts[1])

    def lost(self, batch: Candidates) -> tuple[Floats, Floats] | None:
        """What δ still multiplies, and what is left outside, where the slope loses its parentheses."""
        row, shape = batch.row, batch.letters.s.shape
        if row.arity != 1 or row.opaque:
            return None
        rule = row.textbook or row.slopes
        term = rule(variable("y"), variable("x"))
        parts = without_parentheses(term[0] if isinstance(term, tuple) else term)
        if parts is None:
            return None
        with np.errstate(all="ignore"):
            letters = {"y": batch.letters.y, "x": batch.letters.x}
            inner, outer = (np.broadcast_to(np.asarray(number_of(part, letters), float), shape) for part in parts)
        return inner, outer

    def _singles(self) -> Iterator[Finding]:
        sheet = self.sheet
        target, tolerance = sheet.target, sheet.tolerance
        for _, alike in groupby(self.tried, key=lambda tried: id(tried.batch)):
            every = list(alike)
            tangents = sheet.tangents[sheet.tail[every[0].batch.edges]]
            sent = np.stack([tried.sent for tried in every])
            with np.errstate(all="ignore"):
                near = (np.abs(sent * tangents[:, :, 0] - target[:, 0]) <= tolerance).all(2)
                for k, i in np.argwhere(near).tolist():
                    moved = sent[k, i][:, None] * tangents[i]
                    if (np.abs(moved - target) <= tolerance).all():
                        yield self._of_single(every[k], i)

    def _of_single(self, tried: Tried, i: int) -> Finding:
        edge = int(tried.batch.edges[i])
        place = Place((edge, *filter(None, (self.sheet.doubled.get(edge),))), "edge", 0.0)
        return Finding(place, tried.form.kind, tried.form.cost, tried.form, slope=tried.slope[i])

    def single(self, tried: Tried, i: int) -> tuple[Finding, dict[int, list[Change]]]:
        """What one form at one edge is, and what it changes."""
        rest = tried.batch.rest[i] if isinstance(tried.batch.rest, np.ndarray) else 0.0
        change = Change(slice(0, 1), (tried.slope[i] - rest)[:, None], _extra(tried, i))
        return self._of_single(tried, i), {int(tried.batch.edges[i]): [change]}

    def of_trial(self, trial: Trial, i: int) -> tuple[Finding, dict[int, list[Change]]]:
        """What one hypothesis of a trial is, and what it changes."""
        kind, cost, form, quantity = trial.meant[i]
        extra = np.zeros_like(trial.slope) if trial.extra is None else trial.extra
        changes = {
            edge: [Change(slice(0, 1), trial.slope[k][:, i : i + 1], extra[k][:, i : i + 1])]
            for k, edge in enumerate(trial.place.edges)
        }
        return Finding(trial.place, kind, cost + trial.place.cost, form, quantity), changes

    # -- edges together --------------------------------------------------------------------------------

    def _groups(self) -> Iterator[Finding]:
        with np.errstate(all="ignore"):
            yield from self.fitting(self.trial(place) for place in self.together if self.reaches(place))

    def fitting(self, trials: Iterable[Trial]) -> Iterator[Finding]:
        """Those of what is tried that give the numbers given."""
        for part in _portions(trials):
            fits = self.sheet.fits(self.derivatives_with(part))
            start = 0
            for trial in part:
                for i in np.flatnonzero(fits[start : start + len(trial.meant)]).tolist():
                    kind, cost, form, quantity = trial.meant[i]
                    yield Finding(trial.place, kind, cost + trial.place.cost, form, quantity)
                start += len(trial.meant)

    def portions(self) -> Iterator[list[Trial]]:
        """What may be wrong with edges together, of all places, in portions."""
        with np.errstate(all="ignore"):
            yield from _portions(map(self.trial, self.together))

    def trial(self, place: Place, most: float = 9.0) -> Trial:
        """What is tried at one place, of what costs at most so much."""
        found = [each for each in self._of_place(place) if each[1] <= most]
        slope = np.stack([np.broadcast_to(each[4], found[0][4].shape) for each in found], 2)
        extra = None
        if any(isinstance(each[5], np.ndarray) for each in found):
            extra = np.zeros_like(slope)
            for i, each in enumerate(found):
                extra[:, :, i] = each[5]
        return Trial(place, [each[:4] for each in found], slope, extra)

    def reaches(self, place: Place) -> bool:
        """Whether changes at these edges can give what is off: it is a sum of what moves their tails."""
        tails = list({int(self.sheet.tail[edge]) for edge in place.edges})
        along = self.sheet.tangents[tails, 0, :].T
        if len(tails) >= len(along) or not np.isfinite(along).all():
            return True
        target = self.sheet.target[0]
        found = np.linalg.lstsq(along, target, rcond=1e-12)[0]
        return bool(np.abs(along @ found - target).max() <= 10 * self.sheet.tolerance)

    @cached_property
    def together(self) -> list[Place]:
        """The places of several edges."""
        sheet = self.sheet
        places = [*groups(sheet)][:MOST_GROUPS]
        known = {place.edges for place in places if place.kind == "group"}
        others = [*into_nodes(sheet), *out_of_nodes(sheet)]
        return places + [place for place in others if place.edges not in known]

    def derivatives_with(self, trials: Sequence[Trial]) -> Floats:
        """The derivatives that each hypothesis of some trials gives, a column each."""
        changes: dict[int, list[Change]] = defaultdict(list)
        start = 0
        for trial in trials:
            columns = slice(start, start + len(trial.meant))
            for i, edge in enumerate(trial.place.edges):
                extra = 0.0 if trial.extra is None else trial.extra[i]
                changes[edge].append(Change(columns, trial.slope[i], extra))
            start = columns.stop
        return self.sheet.backward(changes, start)[1]

    def _of_place(self, place: Place) -> Iterator[Any]:
        sheet, edges = self.sheet, np.array(place.edges)
        if place.kind not in ("group", ONE_TAIL):
            for form in (*FACTORS, *self.counts):
                yield form.kind, form.cost, form, None, form.rule(Letters(None, None, sheet.slope[edges])), 0.0
            if place.kind == "step":
                yield from self._one_alone(sheet.slope[edges])
            return
        batch = self.batch(edges)
        sizes = {len(edges), len(set(sheet.head[edges].tolist())), len(set(sheet.tail[edges].tolist()))} - {1, 2}
        known = FACTORS if place.kind == ONE_TAIL else ()  # which are tried of all that comes back to it
        for form in (
            *(form for form in forms_of(batch.row, batch.letters.slot) if form not in known),
            *self.counts,
            *(form for size in sorted(sizes) for form in counted(size)),
        ):
            yield form.kind, form.cost, form, None, form.rule(batch.letters) - batch.rest, 0.0
        for found in (self._more_of_group(batch), self._moved(place, batch), self._sequences(place, batch)):
            for *what, slope, extra in found:
                yield *what, slope - batch.rest, extra

    def _more_of_group(self, batch: Candidates) -> Iterator[Any]:
        if not self.is_scalar:
            return
        slope = batch.letters.s
        yield FORGOTTEN, 1.5, Form(FORGOTTEN, 1.5, lambda at: at.s), None, 0.0 * slope, slope
        parts = self.lost(batch)
        if parts is not None:
            yield LOST, 1.2, Form(LOST, 1.2, lambda at: at.s), None, parts[0], -parts[1]

    def _moved(self, place: Place, batch: Candidates) -> Iterator[Any]:
        """The group's own slopes at other edges of it, or at one alone."""
        slope = batch.letters.s
        rows, columns = steps_and_units(self.sheet, place.edges)
        count = len(slope)
        ways = {"the next one's": np.roll(slope, -1, 0), "the one's before": np.roll(slope, 1, 0)}
        ways["in reverse order"] = slope[::-1]
        ways["the first one's"], ways["the last one's"] = (np.repeat(slope[[i]], count, 0) for i in (0, -1))
        ways |= self._next_to(place, rows, columns, slope)
        side = max(columns) + 1
        if 1 < side and count % (side * side) == 0 and count == side * (max(rows) + 1):  # a matrix for each sample
            at = {place: i for i, place in enumerate(zip(rows, columns, strict=True))}
            pairs = ((r, c) for r, c in zip(rows, columns, strict=True))
            ways["transposed"] = slope[[at[r - r % side + c, r % side] for r, c in pairs]]
        for words, moved in ways.items():
            yield "permuted", 1.3, Form(words, 1.3, lambda at: at.s), None, moved, 0.0
        yield from self._one_alone(slope)

    def _next_to(self, place: Place, rows: list[int], columns: list[int], slope: Floats) -> dict[str, Floats]:
        """The slopes of the next row, of as many as there are in each; or of another operand of the same nodes."""
        found = {}
        width, height = max(columns) + 1, max(rows) + 1
        if width > 1 and len(slope) == width * height:
            order = np.lexsort((columns, rows))
            square, back = slope[order].reshape(height, width, -1), np.argsort(order)
            ways = {"the next row's": np.roll(square, -1, 0), "the row's before": np.roll(square, 1, 0)}
            ways["the last row's"] = np.broadcast_to(square[-1:], square.shape)
            if height % width == 0:
                diagonal = np.tile(np.eye(width), (height // width, 1))[:, :, None]
                ways |= {"the diagonal alone": square * diagonal, "1 on the diagonal, else 0": 0 * square + diagonal}
            found = {words: moved.reshape(slope.shape)[back] for words, moved in ways.items()}
        if len({int(self.sheet.tail[edge]) for edge in place.edges}) == 1:
            found |= {f"that of {name}": self.sheet.slope[list(e)] for name, e in self._beside(place)}
        return found

    def _beside(self, place: Place) -> Iterator[tuple[str, list[int]]]:
        """The edges of other operands of the same nodes, one a node: of the weight beside a weight, say."""
        sheet = self.sheet
        heads = [int(sheet.head[edge]) for edge in place.edges]
        along = [{tail: edge for edge, tail in sheet.edges_of[head] if sheet.moves[tail]} for head in heads]
        for tail in along[0]:
            if tail != sheet.tail[place.edges[0]] and all(tail in edges for edges in along):
                yield sheet.names.called(tail), [edges[tail] for edges in along]

    def _one_alone(self, slope: Floats) -> Iterator[Any]:
        """One of several slopes as it is, and the others left out, or with the other sign."""
        count = len(slope)
        for kept in range(count) if count <= MOST_ALONE else (0, count - 1):
            for kind, others in (("kept alone", 0.0 * slope), ("the others' sign", -slope)):
                moved = others.copy()
                moved[kept] = slope[kept]
                yield kind, 1.4, Form(f"number {kept + 1}", 1.4, lambda at: at.s), None, moved, 0.0

    def _sequences(self, place: Place, batch: Candidates) -> Iterator[Any]:
        """The numbers of nodes that are called alike, in the place of the slopes, of operands, or of δ."""
        rows, columns = rows_and_columns(self.sheet, place.edges)
        ways = [list(way) for way in dict.fromkeys((tuple(range(len(rows))), tuple(columns), tuple(rows)))]
        for ids in self.sequences[:LONGEST_SEQUENCES]:
            for way in ways:
                longest = max(way) + 1
                last = len(ids) - longest
                for start in sorted({0, 1, 2, last} & set(range(last + 1))) if 1 < longest and last <= longest else ():
                    yield from self._with_numbers(batch, [ids[start + k] for k in way])
        for node in self.sheet.inputs if len(self.sheet.inputs) <= MOST_CONSTANTS else ():
            if node >= 0:
                yield from self._with_numbers(batch, [node] * len(rows))

    def _with_numbers(self, batch: Candidates, ids: list[int]) -> Iterator[Any]:
        number = self.sheet.value[ids]
        yield "another quantity", 1.4, None, Quantity("is", ids[0], 1.0), number, 0.0
        for how, slope in self.slopes_at(batch, number):
            yield "at another node", 1.3, None, Quantity(how, ids[0], 1.0), slope, 0.0
        if self.is_scalar:
            sent = self.sheet.delta[ids] * batch.letters.s
            yield "another δ", 1.5, None, Quantity("δ", ids[0], 1.0), 0.0 * batch.letters.s, sent

    def slopes_at(self, batch: Candidates, number: Floats) -> list[tuple[str, Floats]]:
        """The slopes of a function of one operand where its operand, or its output, is another number."""
        row = batch.row
        if row.arity != 1 or row.opaque or row in (table.negative, table.positive):
            return []
        found = [("at", row.array_slopes(row.array(number), number)[0])]
        if row.textbook is not None:
            with np.errstate(all="ignore"):
                slopes = row.textbook(number, batch.letters.x)
            found.append(("output", slopes[0] if isinstance(slopes, tuple) else slopes))
        return [(how, np.broadcast_to(np.asarray(slope, float), number.shape)) for how, slope in found]

    @cached_property
    def kinds_of_ways(self) -> list[list[list[int]]]:
        """Of nodes of one name but for its numbers the edges into them, by operation and by what they come from."""
        ways: dict[str, dict[Any, list[int]]] = defaultdict(lambda: defaultdict(list))
        for edge, words in described(self.sheet).items():
            ways[words.tail][words.what, words.head].append(edge)
        return [list(kinds.values()) for name, kinds in ways.items() if name and len(kinds) > 1]

    @cached_property
    def sequences(self) -> list[list[int]]:
        """Nodes that are called alike."""
        return sequences(self.sheet)

    # -- what comes out, looked for among all numbers ----------------------------------------------------

    def solved(self) -> tuple[Any, Floats]:
        """(edges where one slope explains all that is off, that slope by cases), whatever it is."""
        sheet = self.sheet
        with np.errstate(all="ignore"):
            per_slope = sheet.delta[sheet.head[sheet.edges]][:, :, None] * sheet.tangents[sheet.tail[sheet.edges]]
            change = (sheet.target / per_slope)[:, :, 0]
            left = np.abs(per_slope * change[:, :, None] - sheet.target)
        good = (left <= sheet.tolerance).all((1, 2)) & np.isfinite(change).all(1)
        good &= np.isin(sheet.edges, list(self.seconds), invert=True)
        return sheet.edges[good], (self.right(sheet.edges) + change)[good]

    def right(self, edges: Any) -> Floats:
        """The slopes of edges; of two from one node to one operand, as in x·x, of both together."""
        seconds = np.array([self.sheet.doubled.get(edge, -1) for edge in edges.tolist()], int)
        return np.asarray(self.sheet.slope[edges] + np.where(seconds[:, None] < 0, 0.0, self.sheet.slope[seconds]))

    def _quantities(self) -> Iterator[Finding]:
        """Single edges whose slope has become a node's number, or was multiplied, divided or increased by it."""
        if len(self.sheet.points) < 2:
            return
        edges, slope = self.solved()
        right = self.right(edges)
        nodes = self.computed
        with np.errstate(all="ignore"):
            asked = (
                ("is", slope, 1.6),
                ("times", slope / right, 1.6),
                ("over", right / slope, 1.6),
                ("plus", slope - right, 1.8),
            )
            for how, number, cost in asked:
                for factor in QUANTITIES:
                    for i, node in self.looked_up(number / factor, self.sheet.value[nodes]):
                        more = 0.0 if factor == 1.0 else 0.2
                        quantity = Quantity(how, int(nodes[node]), factor)
                        yield self.single_of(edges[i], "another quantity", cost + more, quantity, slope[i])
        yield from self._at_other_nodes(dict(zip(edges.tolist(), slope, strict=True)))
        yield from self._constants(edges, slope, right)

    @cached_property
    def computed(self) -> Any:
        """The nodes whose numbers may stand for others: those that depend on an input, and the inputs."""
        sheet = self.sheet
        return np.array([n for n in sheet.edges_of if sheet.moves[n]] + [i for i in sheet.inputs if i >= 0])

    def single_of(self, edge: int, kind: str, cost: float, quantity: Quantity, slope: Floats) -> Finding:
        """A single edge whose slope has become this."""
        return Finding(Place((int(edge),), "edge", 0.0), kind, cost, None, quantity, slope=slope)

    def _at_other_nodes(self, solved: dict[int, Floats]) -> Iterator[Finding]:
        nodes = self.computed
        for batch in self.batches:
            places = [i for i, edge in enumerate(batch.edges.tolist()) if edge in solved]
            for place in places:
                parts: Any = (part[[place]] if isinstance(part, np.ndarray) else part for part in batch.letters)
                letters = Letters(*parts)
                one = batch._replace(letters=letters)
                for how, slopes in self.slopes_at(one, self.sheet.value[nodes]):
                    edge = int(batch.edges[place])
                    for _, node in self.looked_up(solved[edge][None], slopes):
                        quantity = Quantity(how, int(nodes[node]), 1.0)
                        yield self.single_of(edge, "at another node", 1.3, quantity, solved[edge])

    def _constants(self, edges: Any, slope: Floats, right: Floats) -> Iterator[Finding]:
        """One number in the place of a slope that is a number, or a factor that is the same everywhere."""
        with np.errstate(all="ignore"):
            ratio = slope / right
            steady = np.abs(ratio - ratio[:, :1]).max(1) <= 1e-8 * np.abs(ratio[:, 0])
            still = np.abs(right - right[:, :1]).max(1) <= 1e-12 * np.abs(right[:, 0])
        for i in np.flatnonzero(steady).tolist():
            if still[i]:
                yield self.single_of(
                    edges[i], "another number", 1.7, Quantity("number", -1, float(slope[i, 0])), slope[i]
                )
            else:
                yield self.single_of(
                    edges[i], "factor", 1.9, Quantity("number times", -1, float(ratio[i, 0])), slope[i]
                )

    def looked_up(self, numbers: Floats, values: Floats) -> Iterator[tuple[int, int]]:
        """(which of the numbers, by cases, is one of the values in every case, which of these)."""
        order = np.argsort(values[:, 0])
        first = values[order, 0]
        for shift in (-1, 0):
            at = np.clip(np.searchsorted(first, numbers[:, 0]) + shift, 0, len(order) - 1)
            found = values[order[at]]
            with np.errstate(all="ignore"):
                close = (np.abs(found - numbers) <= 1e-8 * np.abs(found)).all(1) & np.isfinite(numbers).all(1)
            close &= np.abs(found).max(1) > 0
            yield from ((i, int(order[at[i]])) for i in np.flatnonzero(close).tolist())


def _extra(tried: Tried, i: int) -> Any:
    """What an edge sends beside its slope times δ."""
    return tried.extra[i][:, None] if isinstance(tried.extra, np.ndarray) else 0.0


def _portions(trials: Iterable[Trial]) -> Iterator[list[Trial]]:
    """Trials together, so that each pass has a few thousand columns at most."""
    portion: list[Trial] = []
    for trial in trials:
        if portion and sum(len(each.meant) for each in portion) + len(trial.meant) > AT_ONCE:
            yield portion
            portion = []
        portion.append(trial)
    if portion:
        yield portion
