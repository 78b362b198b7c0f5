"""Derivatives of loops: forwards a loop that carries tangents along, backwards one that goes back over the steps.

The loop backwards eats what the first one carried, step by step, and computes the body again; so does that of any
higher derivative.  Between instructions the chain rule passes, where elsewhere a slope is a number, what these markers
stand for; and what goes back from a loop's run, or forwards, are the numbers of another loop's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

from autograd.program.builder import Builder
from autograd.program.graph import SUM, WHERE, Graph
from autograd.program.loops import STACK, Column, Element, Final, Loop, Stack, Step, without_unused
from autograd.program.passes.implicit import moved, sent_back
from autograd.program.passes.through import Through
from autograd.sweeps import Edge, Products

Number: TypeAlias = Any  # of a program or a builder; while a function is recorded, a node


class LoopRun(NamedTuple):
    """A loop's instruction in a program that is derived: its number there; its number and operands in the builder."""

    loop: Loop
    id: Number
    number: Number
    operands: tuple[Number, ...]
    """What the loop is given, without the number of its steps."""
    steps: tuple[Number, ...]  # how many steps are done, if a number says so


class ResultSlope(NamedTuple):
    """The slope from a loop's run to what is read from it."""

    run: LoopRun
    read: Final | Column


class Along(NamedTuple):
    """The slope from an operand to a loop's run; what passes counts as 0 where a condition does not hold."""

    run: LoopRun
    slot: int
    conditions: tuple[int, ...] = ()


def choose_along(choose: Callable[[Any, Any, Any], Any], condition: Any, chosen: Any, other: Any) -> Any:
    """A choice between slopes; along the edge to a loop what passes is chosen, once it is known."""
    if isinstance(chosen, Along):
        return chosen._replace(conditions=(*chosen.conditions, condition))
    return choose(condition, chosen, other)


class ColumnSlope(NamedTuple):
    """The slope from a column of so many numbers to that of a step."""

    step: int
    length: int


class Into(NamedTuple):
    """The slope from the number of a step to a column of so many."""

    step: int
    length: int


class Sent(NamedTuple):
    """What a run's derivative is: numbers and columns, by the slots that they go back to, or by how they are read."""

    numbers: Mapping[Any, int]


class Loops:
    """What the chain rule does where loops stand in a program; `moves` says along which numbers it is wanted."""

    def __init__(self, builder: Builder, through: Through, moves: Callable[[Number], object]) -> None:
        self._builder, self._through, self._moves = builder, through, moves
        self._ids: dict[Number, tuple[Number, ...]] = {}
        self._runs: dict[Number, LoopRun] = {}
        self._lengths: dict[Number, int] = {}  # of columns
        self._sent: dict[Number, Mapping[Any, Number]] = {}

    def meet(
        self, operation: Step, id: Number, ids: tuple[Number, ...], number: Number, operands: tuple[Number, ...]
    ) -> None:
        """Know of an instruction before those that read it."""
        self._ids[id] = ids
        if isinstance(operation, Loop):
            lead = int(operation.counted)
            self._ids[id] = ids[lead:]
            self._runs[id] = LoopRun(operation, id, number, operands[lead:], operands[:lead])
        elif isinstance(operation, Column):
            self._lengths[id] = self._runs[ids[0]].loop.length
        elif isinstance(operation, Stack):
            self._lengths[id] = len(ids)

    def edges(self, operation: Step, id: Number, wanted: Callable[[Number], object] | None) -> list[Edge]:
        """The edges of an instruction of `autograd.program.loops`."""
        slots = [(slot, o) for slot, o in enumerate(self._ids[id]) if wanted is None or wanted(o)]
        if isinstance(operation, Loop):
            return [(slot, o, Along(self._runs[id], slot)) for slot, o in slots if self._passes(id, slot)]
        if isinstance(operation, Element):
            return [(0, o, ColumnSlope(operation.step, self._lengths[o])) for _, o in slots]
        if isinstance(operation, Stack):
            return [(slot, o, Into(slot, self._lengths[id])) for slot, o in slots]
        if isinstance(operation, Final) and operation.k == self._runs[self._ids[id][0]].loop.carried:
            return []  # how many steps there were
        return [(0, o, ResultSlope(self._runs[o], operation)) for _, o in slots if self._is_read(o, operation)]

    def _passes(self, run: int, slot: int) -> bool:
        raise NotImplementedError

    def _is_read(self, run: int, read: Any) -> bool:
        raise NotImplementedError

    # -- columns --------------------------------------------------------------------------------

    def _let(self, number: int, along: Along) -> int:
        """What passes along an operand, 0 where a condition does not hold."""
        loop = along.run.loop
        for condition in along.conditions:
            if along.slot < loop.carried + loop.shared:
                number = self._builder.emit(WHERE, (condition, number, self._builder.zero))
            else:
                body = Builder(["condition", "x"])
                chosen = body.finish([body.emit(WHERE, (0, 1, body.zero))])
                number = self._mapped(Loop(chosen, 0, 1, loop.length), (condition, number))
        return number

    def _sum(self, columns: Sequence[int], length: int) -> int:
        """The sum of columns."""
        if len(columns) == 1:
            return columns[0]
        body = Builder([f"x{i}" for i in range(len(columns))])
        total = body.finish([body.emit(SUM, tuple(range(len(columns))))])
        return self._mapped(Loop(total, 0, 0, length), tuple(columns))

    def _mapped(self, loop: Loop, operands: tuple[int, ...]) -> int:
        return self._builder.emit(Column(0), (self._builder.emit(loop, operands),))

    def _stacked(self, numbers: Mapping[int, int], length: int) -> int:
        """A column with these numbers, and 0 elsewhere."""
        return self._builder.emit(STACK, tuple(numbers.get(i, self._builder.zero) for i in range(length)))

    def _total(self, numbers: Sequence[int]) -> int:
        return numbers[0] if len(numbers) == 1 else self._builder.emit(SUM, tuple(numbers))

    def _run(self, loop: Loop, operands: Sequence[int]) -> int:
        return self._builder.emit(*without_unused(loop, tuple(operands)))

    def _inline(self, program: Graph, run: LoopRun, given: Sequence[Number]) -> list[Number]:
        """The outputs of a program of x, θ and these, where x is what the run of a loop found for θ."""
        n = len(program.inputs) - len(run.loop.theta) - len(given)
        x = [self._builder.emit(Final(k), (run.number,)) for k in range(n)]
        theta = [run.operands[slot] for slot in run.loop.theta]
        numbers = self._through.copy_into(self._builder, program, [*x, *theta, *given])
        return [numbers[i] for i in program.outputs.tolist()]

    def _reach(self, loop: Loop) -> list[set[int]]:
        """For each input of the body which of its outputs depend on it."""
        outputs = loop.body.outputs.tolist()
        reached = (self._through.depends_on(loop.body, [i]) for i in range(len(loop.body.inputs)))
        return [{j for j, output in enumerate(outputs) if depends[output]} for depends in reached]

    def _moving(self, run: LoopRun, reach: Sequence[set[int]], slots: Iterable[int]) -> set[int]:
        """The inputs of the body that move when these do."""
        moving = set(slots)
        while more := {k for i in moving for k in reach[i] if k < run.loop.carried} - moving:
            moving |= more
        return moving


class Back(Loops):
    """The chain rule backwards."""

    def _passes(self, run: int, slot: int) -> bool:
        return slot in self._sent.get(run, {})

    def _is_read(self, run: int, read: Any) -> bool:
        return True

    def gather(self, products: Products) -> tuple[Any, Products]:
        """What comes back to a run or to a column; or else None, and the products of a number without markers."""
        if isinstance(products[0][1], ResultSlope):
            return self._back(products[0][1].run, self._by_read(products)), []
        numbers: Products = []
        columns: list[int] = []
        stacked: dict[int, list[int]] = defaultdict(list)
        length = 0
        for delta, slope in products:
            if isinstance(slope, Along):
                passed = self._let(delta.numbers[slope.slot], slope)
                if slope.slot < slope.run.loop.carried + slope.run.loop.shared:
                    numbers.append((passed, self._builder.one))
                else:
                    columns.append(passed)
                    length = slope.run.loop.length
            elif isinstance(slope, ColumnSlope):
                stacked[slope.step].append(delta)
                length = slope.length
            elif isinstance(slope, Into):
                numbers.append((self._builder.emit(Element(slope.step), (delta,)), self._builder.one))
            else:
                numbers.append((delta, slope))
        if stacked:
            columns.append(self._stacked({i: self._total(deltas) for i, deltas in stacked.items()}, length))
        return (self._sum(columns, length) if columns else None), numbers

    def _by_read(self, products: Products) -> dict[Final | Column, Number]:
        """The δ of what is read from a run; of what is read by several instructions, their sum."""
        found: dict[Final | Column, list[Number]] = defaultdict(list)
        for delta, part in products:
            found[part.read].append(delta)
        length = products[0][1].run.loop.length
        return {
            read: self._total(deltas) if isinstance(read, Final) else self._sum(deltas, length)
            for read, deltas in found.items()
        }

    def _back(self, run: LoopRun, deltas: Mapping[Final | Column, int]) -> Sent:
        """The loop backwards: it carries δ of what was carried and sums δ of what is shared."""
        if run.loop.solves:
            return self._back_from_solution(run, run.loop.solves, deltas)
        loop, reach = run.loop, self._reach(run.loop)
        c, s = loop.carried, loop.shared
        moving = self._moving(run, reach, (slot for slot, o in enumerate(self._ids[run.id]) if self._moves(o)))
        yields = {read.k for read in deltas if isinstance(read, Column) and read.k >= c}
        count = (self._builder.emit(Final(c), (run.number,)),) if loop.tested else run.steps
        carried = {read.k for read in deltas if read.k < c} & moving
        while more := {k for k in moving if k < c and reach[k] & (carried | yields)} - carried:
            carried |= more
        wanted = [i for i in sorted(moving) if i >= c and reach[i] & (carried | yields)]
        order = [*sorted(carried), *(i for i in wanted if i < c + s)]
        eaten = [i for i in wanted if i >= c + s]
        columns = [read for read in deltas if isinstance(read, Column) and (read.k in carried or read.k >= c)]
        body = _backwards(self._through, loop, len(carried), order, eaten, columns)
        zero = self._builder.zero
        again = self._run(
            Loop(body, len(order), s, loop.length, not loop.backwards, counted=bool(count)),
            [
                *count,
                *(deltas.get(Final(i), zero) if i < c else zero for i in order),
                *run.operands[c : c + s],
                *(self._builder.emit(Column(k), (run.number,)) for k in range(c)),
                *run.operands[c + s :],
                *(deltas[column] for column in columns),
            ],
        )
        sent = {i: self._builder.emit(Final(k), (again,)) for k, i in enumerate(order)}
        sent |= {i: self._builder.emit(Column(k), (again,)) for k, i in enumerate(eaten, len(order))}
        self._sent[run.id] = {slot: number for slot, number in sent.items() if self._moves(self._ids[run.id][slot])}
        return Sent(self._sent[run.id])

    def _back_from_solution(self, run: LoopRun, residual: Graph, deltas: Mapping[Final | Column, Number]) -> Sent:
        """What goes back to θ from what solves an equation, by the equation; nothing to where the search began."""
        slots = [slot for slot in run.loop.theta if self._moves(self._ids[run.id][slot])]
        back = sent_back(self._through, residual, [run.loop.input_of(slot) for slot in slots])
        given = [deltas.get(Final(k), self._builder.zero) for k in range(len(residual.outputs))]
        self._sent[run.id] = dict(zip(slots, self._inline(back, run, given), strict=True))
        return Sent(self._sent[run.id])


def _backwards(
    through: Through, loop: Loop, count: int, order: Sequence[int], eaten: Sequence[int], columns: Sequence[Column]
) -> Graph:
    """A step back: from δ behind the step to δ before it.  `order` are the inputs whose δ it carries, `count` of them
    such as were carried; `columns` those of which δ comes from outside."""
    names, c = loop.body.inputs, loop.carried
    builder = Builder(
        [*(f"δ {names[i]}" for i in order), *names[c : c + loop.shared], *names[:c], *names[c + loop.shared :],
         *(f"δ of {column}" for column in columns)]
    )  # fmt: skip
    s, first = loop.shared, len(order)
    given = [*range(first + s, first + s + c), *range(first, first + s), *range(first + s + c, first + len(names))]
    numbers = through.copy_into(builder, loop.body, given)
    outside = {column.k: first + len(names) + k for k, column in enumerate(columns)}
    seeds: dict[int, list[int]] = defaultdict(list)
    outputs = loop.body.outputs.tolist()
    for k, i in enumerate(order[:count]):
        seeds[outputs[i]].append(k)
    for k, delta in outside.items():
        if k >= c:
            seeds[outputs[k]].append(delta)
    summed = {n: each[0] if len(each) == 1 else builder.emit(SUM, tuple(each)) for n, each in seeds.items()}
    wrt = [*order, *eaten]
    found = dict(zip(wrt, through.adjoints(builder, loop.body, numbers, summed, wrt), strict=True))

    def carried_on(k: int, i: int) -> int:
        more = k if k >= count else outside.get(i)  # what is shared is summed; what is read of a carried number, added
        return found[i] if more is None else builder.emit(SUM, (found[i], more))

    return builder.finish([*(carried_on(k, i) for k, i in enumerate(order)), *(found[i] for i in eaten)])


class Forth(Loops):
    """The chain rule forwards."""

    def _passes(self, run: int, slot: int) -> bool:
        return True

    def _is_read(self, run: int, read: Any) -> bool:
        return read in self._sent[run]

    def gather(self, products: Products) -> tuple[Any, Products]:
        """How a run, a column or what is read from them moves; or else None, and the products without markers."""
        first = products[0][1]
        if isinstance(first, Along):
            return self._forth(first.run, {along.slot: self._let(moves, along) for moves, along in products}), []
        if isinstance(first, ResultSlope):
            return products[0][0].numbers[first.read], []
        if isinstance(first, ColumnSlope):
            return self._builder.emit(Element(first.step), (products[0][0],)), []
        if isinstance(first, Into):
            return self._stacked({into.step: moves for moves, into in products}, first.length), []
        return None, products

    def _forth(self, run: LoopRun, moves: Mapping[int, int]) -> Sent:
        """The loop that carries along how what is carried moves."""
        if run.loop.solves:
            return self._solution_moved(run, run.loop.solves, moves)
        loop, reach = run.loop, self._reach(run.loop)
        c, s = loop.carried, loop.shared
        moving = sorted(self._moving(run, reach, moves))
        parts = [[i for i in moving if low <= i < high] for low, high in ((0, c), (c, c + s), (c + s, len(reach)))]
        yields = sorted({k for i in moving for k in reach[i] if c <= k < c + loop.yielded})
        body = _forwards(self._through, loop, parts, yields)
        zero, given = self._builder.zero, run.operands
        operands = [
            *run.steps,
            *given[:c], *(moves.get(i, zero) for i in parts[0]),
            *given[c : c + s], *(moves[i] for i in parts[1]),
            *given[c + s :], *(moves[i] for i in parts[2]),
        ]  # fmt: skip
        also = len(parts[0])
        again = self._run(replace(loop, body=body, carried=c + also, shared=s + len(parts[1]), rolled=0), operands)
        places: dict[Final | Column, Final | Column] = {}
        for k, i in enumerate(parts[0], c):
            places |= {Final(i): Final(k), Column(i): Column(k)}
        places |= {Column(i): Column(k) for k, i in enumerate(yields, c + also)}
        self._sent[run.id] = {read: self._builder.emit(place, (again,)) for read, place in places.items()}
        return Sent(self._sent[run.id])

    def _solution_moved(self, run: LoopRun, residual: Graph, moves: Mapping[int, Number]) -> Sent:
        """How what solves an equation moves when θ does; where the search began counts for nothing."""
        slots = [slot for slot in run.loop.theta if slot in moves]
        graph = moved(self._through, residual, [run.loop.input_of(slot) for slot in slots])
        found = self._inline(graph, run, [moves[slot] for slot in slots]) if slots else []
        self._sent[run.id] = {Final(k): number for k, number in enumerate(found)}
        return Sent(self._sent[run.id])


def _forwards(through: Through, loop: Loop, parts: Sequence[Sequence[int]], yields: Sequence[int]) -> Graph:
    """A step and how it moves; `parts` are the inputs that move: carried, shared, eaten."""
    names, c, s = loop.body.inputs, loop.carried, loop.shared
    groups = [range(c), range(c, c + s), range(c + s, len(names))]
    listed = [(i, moves) for group, part in zip(groups, parts, strict=True)
              for i, moves in [*((i, False) for i in group), *((i, True) for i in part)]]  # fmt: skip
    builder = Builder([f"{names[i]}̇" if moves else names[i] for i, moves in listed])
    place = {entry: k for k, entry in enumerate(listed)}
    numbers = through.copy_into(builder, loop.body, [place[i, False] for i in range(len(names))])
    moving = {i: place[i, True] for part in parts for i in part}
    moved = through.tangents(builder, loop.body, numbers, moving)
    outputs = loop.body.outputs.tolist()
    kept, tested = outputs[:c], outputs[len(outputs) - loop.tested :]
    moves = [*(moved[i] for i in parts[0]), *(moved[k] for k in yields)]
    return builder.finish([*(numbers[i] for i in kept), *moves, *(numbers[i] for i in tested)])
