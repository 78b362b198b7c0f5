"""Whether a derivative leaves out what kinks and jumps add: asked of the program once, then of a call's numbers.

What is differentiated last jumps on a surface where a row's boundary (`Primitive.boundaries`) changes its sign, or it
does not: relu's value has a kink there, its slope a jump, and the square of relu neither.  So a surface that samples
lie on, or on both sides of under `reduce`, is found along a line between two points by cutting it into parts, and the
numbers right beside it are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.context import Label
from autograd.errors import GraphError
from autograd.kinks import BESIDE, is_a_jump, is_off, tell
from autograd.lazy import lazy
from autograd.ops.expression import variable
from autograd.ops.primitive import Primitive, lookup
from autograd.program.as_values import run
from autograd.program.builder import Builder
from autograd.program.derive import Asked
from autograd.program.executors import choose, kernel_for
from autograd.program.graph import GUARD, WHERE, Graph, Instruction, Operation
from autograd.program.kernel import Kernel, Task
from autograd.program.layout import Layout
from autograd.program.passes.adjoint import copy_into, depends_on, tangents, with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.reading import program_from
from autograd.symbol import Symbol

Floats = np.ndarray[Any, np.dtype[np.float64]]
AT_ONCE = 1 << 20  # numbers that are looked at together
SURFACES = 16  # that are tried at a call
PARTS = 64  # of a line, each time it is cut
TRIED = 4  # samples that lie on a surface; and the calls at which nothing jumped on one that then is asked no more
ELSEWHERE = (0.1, 1e-3, 1e-4)  # of the inputs: how far all are moved to see whether nothing jumps by chance alone
ACROSS = 1e-3  # of the inputs: how far a line goes across a surface that a sample lies on


class Boundary(NamedTuple):
    """Where a row of a program has a kink or a jump: the term `slot` of its boundaries, 0 there."""

    row: Primitive
    is_jump: bool
    slot: int
    operands: tuple[int, ...]
    label: Label | None


def surfaces(program: Graph, wrt: Sequence[int], outputs: Sequence[int], kinks: bool) -> list[Boundary]:
    """The jumps, and the kinks if asked for, that move with inputs and that outputs are computed through."""
    moves, reaches = depends_on(program, wrt), _reaching(program, outputs)
    lines = [line for line in program if _is_broken(line.operation, kinks) and reaches[line.id]]
    found = [surface for line in lines for surface in _of(line, program.words.get(line.id), kinks)]
    return [surface for surface in found if any(moves[i] for i in surface.operands)]


def _is_broken(operation: Any, kinks: bool) -> bool:
    if not isinstance(operation, Operation) or operation.slot is not None:
        return False
    row = lookup(operation.row)
    return row.jumps is not None or (kinks and row.kinks is not None)


def _of(line: Instruction, label: Label | None, kinks: bool) -> Iterator[Boundary]:
    row = lookup(line.operation.row)  # type: ignore[union-attr]  # an Operation, by _is_broken
    for is_jump, terms in enumerate(row.boundaries(*_variables(line.operands))):
        if is_jump or kinks:
            yield from (Boundary(row, bool(is_jump), slot, line.operands, label) for slot in range(len(terms)))


def _variables(operands: Sequence[int]) -> list[Any]:
    return [variable(f"x{i}") for i in range(len(operands))]


def _reaching(program: Graph, outputs: Sequence[int]) -> bytearray:
    """For every number whether outputs are computed through it; choosing between two forms of one does not count."""
    found = bytearray(program.first + len(program))
    for i in outputs:
        found[i] = 1
    for line in reversed(list(program)):
        if found[line.id]:
            for i in line.operands[line.operation == GUARD :]:
                found[i] = 1
    return found


def written_out(program: Graph) -> Graph:
    """The program without loops, step by step; as it is where how many steps they take is not known."""
    if not program.has_loops:
        return program
    inputs = [Symbol(name) for name in program.inputs]
    try:
        return program_from(run(program, inputs, as_rule=True), inputs)
    except GraphError:
        return program


class Watch:
    """What is looked at when a question is answered: nothing any more, once it was told or is known to be smooth."""

    def __init__(self, order: int, program: Graph, found: list[Boundary], asked: Asked, layout: Layout) -> None:
        self._second, self._program, self._asked, self._surfaces = order > 1, program, asked, found
        self._batched = np.array(layout.batched)
        self._summed = layout.is_reduced and not all(layout.batched[i] for i in asked.inputs)
        self._gradients: dict[int, Graph] = {}
        self._kernels: dict[tuple[int, str, tuple[bool, ...]], Kernel] = {}
        self._smooth = [0] * len(found)  # at how many calls nothing jumped there
        self.is_over = False

    def look(self, fixed: Floats, batch: Floats, samples: int | None, backend: str) -> None:
        """Tell if the answer for these numbers leaves something out."""
        ends = _Ends(len(self._surfaces))
        kernel = self._kernel(self._boundaries, choose(self._boundaries, backend, samples)[0], self._batched.tolist())
        rows = 1 if samples is None else samples
        step = max(AT_ONCE // len(self._surfaces), 1)
        for start in range(0, rows, step):
            part = batch[start : start + step] if samples is not None else batch
            at = np.empty((min(step, rows - start), len(self._surfaces)))
            kernel.run(fixed, part, at, np.empty(0))
            ends.meet(at, start)
        with np.errstate(all="ignore"):  # what is not finite jumps nowhere that can be seen
            self._judge(ends, lambda row: self._point(fixed, batch, row))

    def _judge(self, ends: _Ends, point: Callable[[int], Floats]) -> None:
        """Tell of the first surface at which something jumps, of as many as are tried at a call."""
        met = [k for k in range(len(self._surfaces)) if self._smooth[k] < TRIED and self._is_met(ends, k)]
        for k in sorted(met, key=self._smooth.__getitem__)[:SURFACES]:  # those first that were tried least
            lines = list(self._lines(ends, k, point))
            where = next((where for at, line, where in lines if self._leaves_out(k, at, line)), None)
            if where is not None:
                surface = self._surfaces[k]
                tell(surface.row, surface.is_jump, surface.label, "second" if self._second else "first", where)
                self.is_over = True
                return
            moved = (moved for _, line, _ in lines for moved in self._elsewhere(k, *line))
            if not any(self._jumps(self._beside(k, *line)) for line in moved):
                self._smooth[k] += 1  # it is whole whatever the numbers are, and not because one of them is 0, say
        self.is_over = min(self._smooth) >= TRIED

    def _lines(
        self, ends: _Ends, k: int, point: Callable[[int], Floats]
    ) -> Iterator[tuple[Floats | None, tuple[Floats, Floats], str]]:
        """The sample on a surface, if one is, two points on both sides of it, and how it was met."""
        for at in map(point, ends.on[k]):
            line = self._across(k, at)
            if line:
                yield at, line, _THERE
        if self._summed and ends.are_met(k):
            yield None, (point(int(ends.above[k])), point(int(ends.below[k]))), _BOTH

    def _leaves_out(self, k: int, at: Floats | None, line: tuple[Floats, Floats]) -> bool:
        """Whether the derivative leaves out what happens at a surface."""
        beside = self._beside(k, *line)
        return self._jumps(beside) or (at is not None and self._is_missed(at, line, beside))

    def _is_met(self, ends: _Ends, k: int) -> bool:
        return bool(ends.on[k]) or (self._summed and ends.are_met(k))

    def _point(self, fixed: Floats, batch: Floats, row: int) -> Floats:
        point = np.empty(len(self._batched))
        point[~self._batched] = fixed
        point[self._batched] = batch[row]
        return point

    # -- programs that are small, or run on a few points alone ----------------------------------------

    @lazy
    def _boundaries(self) -> Graph:
        """All boundaries; its inputs are those of the question's program."""
        program = self._program
        extra = len(self._batched) - len(program.inputs)
        builder = Builder([*program.inputs, *(f"extra{i}" for i in range(extra))])
        numbers = copy_into(builder, program, range(len(program.inputs)))
        return builder.finish([_written(builder, surface, numbers) for surface in self._surfaces])

    @lazy
    def _differentiated(self) -> Graph:
        """What is differentiated last: the outputs, and their gradient if that is."""
        asked, program = self._asked, self._program
        outputs = program.outputs.tolist()[: asked.main.size]
        if self._second:
            return expand_slopes(with_gradient(_with(program, outputs), asked.inputs))
        return _with(program, outputs)

    def _values(self, program: Graph, points: Floats) -> Floats:
        """A program's outputs at points, one a row."""
        count = len(program.inputs)
        found = np.empty((len(points), len(program.outputs)))
        self._kernel(program, "numpy", [True] * count).run(np.empty(0), points[:, :count], found, np.empty(0))
        return found

    def _kernel(self, program: Graph, backend: str, batched: list[bool]) -> Kernel:
        key = id(program), backend, tuple(batched)  # the programs are kept for as long as this is
        if key not in self._kernels:
            self._kernels[key] = kernel_for(Task(program, key[2], (False,) * len(program.outputs)), backend)
        return self._kernels[key]

    def _across(self, k: int, point: Floats) -> tuple[Floats, Floats] | None:
        """Two points on both sides of a surface that a point lies on; None if it has no direction across."""
        inputs = self._asked.inputs
        if k not in self._gradients:
            alone = _with(self._boundaries, [int(self._boundaries.outputs[k])])
            self._gradients[k] = with_gradient(alone, inputs, values=False)
        slopes = self._values(self._gradients[k], point[None])[0]
        scale = np.maximum(np.abs(point[inputs]), 1.0)
        move = slopes * scale**2
        size = np.max(np.abs(move / scale), initial=0.0)
        if not 0.0 < size < np.inf:
            return None
        ends = np.array([point, point])
        ends[:, inputs] += np.outer([ACROSS, -ACROSS], move / size)
        return ends[0], ends[1]

    def _elsewhere(self, k: int, above: Floats, below: Floats) -> Iterator[tuple[Floats, Floats]]:
        """A line with all inputs moved, if there is one that goes across the surface."""
        dice = np.random.default_rng(0)
        move = dice.uniform(0.5, 1.0, above.shape) * dice.choice((-1.0, 1.0), above.shape) * np.maximum(abs(above), 1.0)
        for size in ELSEWHERE:
            ends = np.array([above, below]) + size * move
            at = self._values(self._boundaries, ends)[:, k]
            if at[0] > 0.0 > at[1]:
                yield ends[0], ends[1]
                return

    def _beside(self, k: int, above: Floats, below: Floats) -> Floats:
        """What is differentiated BESIDE a surface, where the line between two points passes it."""
        start, stop = 0.0, 1.0
        line = above - below
        while stop - start > 1e-15:
            places = np.linspace(start, stop, PARTS + 1)
            signs = self._values(self._boundaries, below + np.outer(places, line))[:, k] > 0.0
            first = int(np.argmax(signs[1:])) if signs[1:].any() else PARTS - 1
            if not start < places[first + 1] < stop and not start < places[first] < stop:
                break
            start, stop = places[first], places[first + 1]
        at = 0.5 * (start + stop) + BESIDE
        return self._values(self._differentiated, below + np.outer(at, line))

    @staticmethod
    def _jumps(beside: Floats) -> bool:
        """Whether what is differentiated jumps there."""
        return bool(np.any(is_a_jump(beside[5] - beside[0], beside[3] - beside[2], _scale(beside))))

    def _is_missed(self, at: Floats, ends: tuple[Floats, Floats], beside: Floats) -> bool:
        """Whether it goes on there otherwise than its derivative says, which is on neither side: |x|² as 0 · x."""
        if not self._second:
            return False
        inputs, count = self._asked.inputs, len(self._differentiated.inputs)
        said = self._values(self._moves, np.concatenate([at[:count], (ends[0] - ends[1])[inputs]])[None])[0]
        return is_off(said, beside)

    @lazy
    def _moves(self) -> Graph:
        """How what is differentiated moves with the inputs."""
        program, inputs = self._differentiated, self._asked.inputs
        builder = Builder([*program.inputs, *(f"moves{i}" for i in inputs)])
        numbers = copy_into(builder, program, range(len(program.inputs)))
        moving = {i: len(program.inputs) + j for j, i in enumerate(inputs)}
        return builder.finish(tangents(builder, program, numbers, moving))


def _scale(numbers: Floats) -> Any:
    return np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0)


_THERE = "it is taken right there"
_BOTH = "samples lie on both sides of it, and the derivative of their mean is not the mean of their derivatives"


class _Ends:
    """Of every surface the nearest samples on either side, and those that lie on it."""

    def __init__(self, count: int) -> None:
        self.above, self.below = np.full(count, -1), np.full(count, -1)
        self._least, self._most = np.full(count, np.inf), np.full(count, -np.inf)
        self.on: list[list[int]] = [[] for _ in range(count)]

    def meet(self, at: Floats, start: int) -> None:
        """Look at so many samples more; a boundary is nan where its surface is not."""
        if not len(at):
            return
        columns = np.arange(at.shape[1])
        over, under = np.where(at > 0.0, at, np.inf), np.where(at < 0.0, at, -np.inf)
        nearest, deepest = over.argmin(axis=0), under.argmax(axis=0)
        closer, nearer = over[nearest, columns] < self._least, under[deepest, columns] > self._most
        self.above[closer], self.below[nearer] = start + nearest[closer], start + deepest[nearer]
        self._least = np.minimum(self._least, over[nearest, columns])
        self._most = np.maximum(self._most, under[deepest, columns])
        for k in np.flatnonzero((at == 0.0).any(axis=0)).tolist():
            self.on[k] = (self.on[k] + (start + np.flatnonzero(at[:, k] == 0.0)[:TRIED]).tolist())[:TRIED]

    def are_met(self, k: int) -> bool:
        """Whether samples lie on both sides."""
        return bool(self.above[k] >= 0 and self.below[k] >= 0)


def _written(builder: Builder, surface: Boundary, numbers: Sequence[int]) -> int:
    names = {f"x{i}": numbers[operand] for i, operand in enumerate(surface.operands)}
    terms = surface.row.boundaries(*_variables(surface.operands))[surface.is_jump]
    return builder.write(terms[surface.slot], names.__getitem__, WHERE)


def _with(program: Graph, outputs: Sequence[int]) -> Graph:
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    return builder.finish([numbers[i] for i in outputs])


def watch_of(order: int, asked: Asked, layout: Layout) -> Watch | None:
    """What is to be looked at for derivatives of that order; None where no number makes them leave anything out."""
    kinks = order > 1
    if not order or not any(_is_broken(operation, kinks) for operation in asked.program.all_operations()):
        return None
    program = written_out(asked.program)
    found = surfaces(program, asked.inputs, program.outputs.tolist()[: asked.main.size], kinks)
    return Watch(order, program, found, asked, layout) if found else None
