"""What a derivative leaves out of a function where a line crosses a surface on which that has a kink or a jump.

The crossing is found by cutting the line into parts, and the numbers right beside it are compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.kinks import BESIDE, is_a_jump, is_off
from autograd.lazy import lazy
from autograd.program.boundaries import Boundary
from autograd.program.builder import Builder
from autograd.program.executors import kernel_for
from autograd.program.graph import WHERE, Graph
from autograd.program.kernel import Kernel, Task
from autograd.program.passes.adjoint import copy_into, tangents, with_gradient
from autograd.program.passes.expand import expand_slopes

Floats = np.ndarray[Any, np.dtype[np.float64]]
Line: TypeAlias = tuple[Floats, Floats]  # two points on both sides of a surface
PARTS = 64  # of a line, each time it is cut
ELSEWHERE = (0.1, 1e-3, 1e-4)  # of the inputs: how far all are moved to see whether nothing jumps by chance alone
ACROSS = 1e-3  # of the inputs: how far a line goes across a surface that a point lies on


class Crossings:
    """Of a question's surfaces: what its derivative leaves out there.

    Args:
        program: the question's own
        outputs, inputs: what is differentiated, and along what
        surfaces: where the program has kinks and jumps
        second: whether it is differentiated twice
    """

    def __init__(
        self, program: Graph, outputs: Sequence[int], inputs: Sequence[int], surfaces: Sequence[Boundary], second: bool
    ) -> None:
        self._program, self._outputs, self._inputs = program, outputs, inputs
        self._surfaces, self._second = surfaces, second
        self._each: dict[int, Graph] = {}
        self._gradients: dict[int, Graph] = {}
        self._kernels: dict[int, Kernel] = {}

    def across(self, k: int, point: Floats) -> Line | None:
        """Two points on both sides of a surface that a point lies on; None if it has no direction across."""
        inputs = self._inputs
        if k not in self._gradients:
            self._gradients[k] = with_gradient(written_behind(self._program, [self._surfaces[k]]), inputs, values=False)
        slopes = self._values(self._gradients[k], point[None])[0]
        scale = np.maximum(np.abs(point[inputs]), 1.0)
        move = slopes * scale**2
        size = np.max(np.abs(move / scale), initial=0.0)
        if not 0.0 < size < np.inf:
            return None
        ends = np.array([point, point])
        ends[:, inputs] += np.outer([ACROSS, -ACROSS], move / size)
        return ends[0], ends[1]

    def leaves_out(self, k: int, at: Floats | None, line: Line) -> bool:
        """Whether the derivative leaves out what happens at a surface."""
        beside = self._beside(k, *line)
        return self._jumps(beside) or (at is not None and self._is_missed(at, line, beside))

    def is_whole(self, k: int, lines: Iterable[Line]) -> bool:
        """Whether nothing jumps there with all inputs moved either, and not because one of them is 0, say."""
        moved = (moved for line in lines for moved in self._elsewhere(k, *line))
        return not any(self._jumps(self._beside(k, *line)) for line in moved)

    def _elsewhere(self, k: int, above: Floats, below: Floats) -> Iterator[Line]:
        """A line with all inputs moved, if there is one that goes across the surface."""
        dice = np.random.default_rng(0)
        move = dice.uniform(0.5, 1.0, above.shape) * dice.choice((-1.0, 1.0), above.shape) * np.maximum(abs(above), 1.0)
        for size in ELSEWHERE:
            ends = np.array([above, below]) + size * move
            at = self._boundary(k, ends)
            if at[0] > 0.0 > at[1]:
                yield ends[0], ends[1]
                return

    def _beside(self, k: int, above: Floats, below: Floats) -> Floats:
        """What is differentiated BESIDE a surface, where the line between two points passes it."""
        start, stop = 0.0, 1.0
        line = above - below
        while stop - start > 1e-15:
            places = np.linspace(start, stop, PARTS + 1)
            signs = self._boundary(k, below + np.outer(places, line)) > 0.0
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

    def _is_missed(self, at: Floats, ends: Line, beside: Floats) -> bool:
        """Whether it goes on there otherwise than its derivative says, which is on neither side: |x|² as 0 · x."""
        if not self._second:
            return False
        inputs, count = self._inputs, len(self._differentiated.inputs)
        said = self._values(self._moves, np.concatenate([at[:count], (ends[0] - ends[1])[inputs]])[None])[0]
        return is_off(said, beside)

    @lazy
    def _moves(self) -> Graph:
        """How what is differentiated moves with the inputs."""
        program, inputs = self._differentiated, self._inputs
        builder = Builder([*program.inputs, *(f"moves{i}" for i in inputs)])
        numbers = copy_into(builder, program, range(len(program.inputs)))
        moving = {i: len(program.inputs) + j for j, i in enumerate(inputs)}
        return builder.finish(tangents(builder, program, numbers, moving))

    def _boundary(self, k: int, points: Floats) -> Floats:
        """On which side of a surface points lie, and how far off, as its row says."""
        if k not in self._each:
            self._each[k] = written_behind(self._program, [self._surfaces[k]])
        return self._values(self._each[k], points)[:, 0]

    @lazy
    def _differentiated(self) -> Graph:
        """What is differentiated last: the outputs, and their gradient if that is."""
        outputs = _with(self._program, self._outputs)
        return expand_slopes(with_gradient(outputs, self._inputs)) if self._second else outputs

    def _values(self, program: Graph, points: Floats) -> Floats:
        """A program's outputs at points, one a row; they may have more numbers than its inputs."""
        count = len(program.inputs)
        if id(program) not in self._kernels:  # the programs are kept for as long as this is
            task = Task(program, (True,) * count, (False,) * len(program.outputs))
            self._kernels[id(program)] = kernel_for(task, "numpy")
        found = np.empty((len(points), len(program.outputs)))
        self._kernels[id(program)].run(np.empty(0), points[:, :count], found, np.empty(0))
        return found


def _scale(numbers: Floats) -> Any:
    return np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0)


def written_behind(
    program: Graph, boundaries: Sequence[Boundary], numbers: Sequence[int] = (), extra: int = 0
) -> Graph:
    """Boundaries, and numbers of a program, of its inputs and as many more as are asked for."""
    builder = Builder([*program.inputs, *(f"extra{i}" for i in range(extra))])
    known = copy_into(builder, program, range(len(program.inputs)))
    return builder.finish([*(_written(builder, each, known) for each in boundaries), *(known[i] for i in numbers)])


def _written(builder: Builder, surface: Boundary, numbers: Sequence[int]) -> int:
    return builder.write(surface.term, lambda name: numbers[surface.operands[int(name[1:])]], WHERE)


def _with(program: Graph, outputs: Sequence[int]) -> Graph:
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    return builder.finish([numbers[i] for i in outputs])
