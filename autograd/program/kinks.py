"""Whether a derivative leaves out what kinks and jumps add: asked of the program once, then of a call's numbers.

What is differentiated last jumps on a surface where a row's boundary (`Primitive.boundaries`) changes its sign, or it
does not: relu's value has a kink there, its slope a jump, and the square of relu neither.  So surfaces that samples lie
on, or on both sides of under `reduce`, are crossed along a line, and what is differentiated is looked at right there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import GraphError
from autograd.kinks import tell
from autograd.lazy import lazy
from autograd.program.as_values import run
from autograd.program.boundaries import Boundary, is_broken, place_along, surfaces
from autograd.program.crossings import Crossings, Line, written_behind
from autograd.program.derive import Asked
from autograd.program.executors import choose, kernel_for
from autograd.program.graph import Graph
from autograd.program.kernel import Kernel, Task
from autograd.program.layout import Layout
from autograd.program.reading import program_from
from autograd.program.sides import Sides, Ticks
from autograd.symbol import Symbol

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ids = np.ndarray[Any, np.dtype[np.int64]]
AT_ONCE = 1 << 20  # numbers that are looked at together
MANY = 8  # surfaces along one number, which are then found by its order
SURFACES = 16  # that are tried at a call
TRIED = 4  # calls at which nothing jumped on a surface, which then is asked no more


def written_out(program: Graph) -> Graph:
    """The program without loops, step by step; as it is where how many steps they take is not known."""
    if not program.has_loops:
        return program
    inputs = [Symbol(name) for name in program.inputs]
    try:
        return program_from(run(program, inputs, as_rule=True), inputs)
    except GraphError:
        return program


class _Found(NamedTuple):
    """How a surface was met: at a sample, or between two (None)."""

    sample: Floats | None
    line: Line
    where: str


class Watch:
    """What is looked at when a question is answered: nothing any more, once it was told or is known to be smooth."""

    def __init__(self, order: int, program: Graph, found: list[Boundary], asked: Asked, layout: Layout) -> None:
        self._order, self._program, self._surfaces = order, program, found
        self._batched = np.array(layout.batched)
        self._summed = layout.is_reduced and not all(layout.batched[i] for i in asked.inputs)
        outputs = program.outputs.tolist()[: asked.main.size]
        self._crossings = Crossings(program, outputs, asked.inputs, found, second=order > 1)
        self._kernels: dict[str, Kernel] = {}
        self._smooth = [0] * len(found)  # at how many calls nothing jumped there
        self.is_over = False

    def look(self, fixed: Floats, batch: Floats, samples: int | None, backend: str) -> None:
        """Tell if the answer for these numbers leaves something out."""
        sides, alone = Sides(len(self._surfaces), self._summed), self._alone
        kernel, width = self._kernel(backend, samples), len(self._looked_at.outputs)
        rows = 1 if samples is None else samples
        step = max(AT_ONCE // width, 1)
        for start in range(0, rows, step):
            at = np.empty((min(step, rows - start), width))
            kernel.run(fixed, batch if samples is None else batch[start : start + step], at, np.empty(0))
            sides.meet(at[:, : len(alone)], alone, start)
            for ticks, numbers in zip(self._ticks, at[:, len(alone) :].T, strict=True):
                sides.meet_along(numbers, ticks, start)
        with np.errstate(all="ignore"):  # what is not finite jumps nowhere that can be seen
            self._judge(sides, lambda row: self._point(fixed, batch, row))

    def _judge(self, sides: Sides, point: Callable[[int], Floats]) -> None:
        """Tell of the first surface at which something jumps, of as many as are tried at a call."""
        met = [k for k in range(len(self._surfaces)) if self._smooth[k] < TRIED and sides.is_met(k)]
        for k in sorted(met, key=self._smooth.__getitem__)[:SURFACES]:  # those first that were tried least
            found = list(self._found(sides, k, point))
            where = next((each.where for each in found if self._crossings.leaves_out(k, each.sample, each.line)), None)
            if where is not None:
                surface = self._surfaces[k]
                tell(surface.row, surface.is_jump, surface.label, "second" if self._order > 1 else "first", where)
                self.is_over = True
                return
            self._smooth[k] += self._crossings.is_whole(k, [each.line for each in found])
        self.is_over = min(self._smooth) >= TRIED

    def _found(self, sides: Sides, k: int, point: Callable[[int], Floats]) -> Iterator[_Found]:
        for sample in map(point, sides.on[k]):
            line = self._crossings.across(k, sample)
            if line:
                yield _Found(sample, line, _THERE)
        if sides.has_both(k):
            yield _Found(None, (point(int(sides.above[k])), point(int(sides.below[k]))), _BOTH)

    def _point(self, fixed: Floats, batch: Floats, row: int) -> Floats:
        point = np.empty(len(self._batched))
        point[~self._batched] = fixed
        point[self._batched] = batch[row]
        return point

    # -- what is computed of every sample -------------------------------------------------------------

    @lazy
    def _ticks(self) -> list[Ticks]:
        """Surfaces at constant places along one number, of those that have many."""
        along: dict[int, dict[int, float]] = {}
        for k, surface in enumerate(self._surfaces):
            number, place = place_along(self._program, surface)
            along.setdefault(number, {})[k] = place
        return [Ticks.of(number, places) for number, places in along.items() if number >= 0 and len(places) >= MANY]

    @lazy
    def _alone(self) -> Ids:
        """The other surfaces."""
        return np.setdiff1d(np.arange(len(self._surfaces)), [k for ticks in self._ticks for k in ticks.surfaces])

    @lazy
    def _looked_at(self) -> Graph:
        """Where the others are 0, and the numbers that have ticks."""
        boundaries = [self._surfaces[k] for k in self._alone.tolist()]
        extra = len(self._batched) - len(self._program.inputs)
        return written_behind(self._program, boundaries, [ticks.number for ticks in self._ticks], extra)

    def _kernel(self, backend: str, samples: int | None) -> Kernel:
        chosen = choose(self._looked_at, backend, samples)[0]
        if chosen not in self._kernels:
            task = Task(self._looked_at, tuple(self._batched.tolist()), (False,) * len(self._looked_at.outputs))
            self._kernels[chosen] = kernel_for(task, chosen)
        return self._kernels[chosen]


_THERE = "it is taken right there"
_BOTH = "samples lie on both sides of it, and the derivative of their mean is not the mean of their derivatives"


def watch_of(order: int, asked: Asked, layout: Layout) -> Watch | None:
    """What is to be looked at for derivatives of that order; None where no number makes them leave anything out."""
    kinks = order > 1
    if not order or not any(is_broken(operation, kinks) for operation in asked.program.all_operations()):
        return None
    program = written_out(asked.program)
    found = surfaces(program, asked.inputs, program.outputs.tolist()[: asked.main.size], kinks)
    return Watch(order, program, found, asked, layout) if found else None
