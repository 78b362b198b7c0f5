"""What `compile` was told, checked once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from autograd.errors import ArgumentError
from autograd.given import flag
from autograd.program.batch import Axes, has_samples
from autograd.program.executors import Work, check_backend
from autograd.program.graph import Graph
from autograd.program.passes.simplify import simplified
from autograd.program.passes.smooth import smoothed
from autograd.program.program import Program
from autograd.program.recording import RecordedProgram
from autograd.text import quoted
from autograd.transforms import Positions


class Running(TypedDict, total=False):
    """The options of `compile` that do not change what is answered, for type checkers."""

    backend: str
    exact: bool
    simplify: bool
    threads: int
    static_argnums: Positions
    static_argnames: str | Sequence[str]


class Choices(Running, total=False):
    """All options of `compile`, for type checkers."""

    argnums: Positions
    in_axes: Axes
    reduce: str | None
    has_aux: bool
    smooth: float | tuple[float, int] | None


@dataclass(frozen=True)
class Options:
    """What `compile` was told; see there."""

    argnums: Positions = 0
    in_axes: Axes = None
    reduce: str | None = None
    backend: str = "auto"
    exact: bool = False
    threads: int = 1
    has_aux: bool = False
    static_argnums: Positions = ()
    static_argnames: str | Sequence[str] = ()
    simplify: bool = False
    smooth: float | tuple[float, int] | None = None
    work: Work | None = None  # what is going to be computed, where that is known

    def __post_init__(self) -> None:
        if self.reduce not in (None, "sum", "mean"):
            raise ArgumentError(f'reduce is None, "sum" or "mean", got {quoted(self.reduce)}')
        axes = self.in_axes if isinstance(self.in_axes, (list, tuple)) else [self.in_axes]
        if self.reduce and not any(map(has_samples, axes)):
            raise ArgumentError(
                f"reduce={quoted(self.reduce)} goes over a batch: say with in_axes which arguments carry one"
            )
        if not isinstance(self.threads, int) or self.threads < 1:
            raise ArgumentError(f"threads is a number of threads, at least 1, got {quoted(self.threads)}")
        for name in ("exact", "simplify", "has_aux"):
            flag(getattr(self, name), name)
        if self.smooth is not None and not _is_smoothing(self.smooth):
            raise ArgumentError(
                f"smooth is the width of what a kink becomes, above 0, or (width, 4), got {quoted(self.smooth)}"
            )
        check_backend(self.backend)

    def smoothed(self, recording: RecordedProgram) -> RecordedProgram:
        """The recording, its kinks and jumps smoothed if that was asked for."""
        if self.smooth is None:
            return recording
        rolled = recording.rolled
        written = Program.of(self._smoothed(recording.program))
        return replace(
            recording, written=written, rolled=None if rolled is None else Program.of(self._smoothed(rolled))
        )

    def _smoothed(self, program: Graph) -> Graph:
        of_order_4 = isinstance(self.smooth, tuple)
        return replace(smoothed(program, self.width or 0.0, of_order_4), smoothed=self.width)

    @property
    def width(self) -> float | None:
        """Within which kinks and jumps are smoothed."""
        h = self.smooth[0] if isinstance(self.smooth, tuple) else self.smooth
        return None if h is None else float(h)

    def tidied(self, program: Graph) -> Graph:
        """The program, simplified if that was asked for."""
        return simplified(program, self.exact) if self.simplify and not program.simplified else program


def _is_smoothing(given: Any) -> bool:
    """Whether it is a width, or a width and the order 4."""
    width, order = given if isinstance(given, tuple) and len(given) == 2 else (given, 2)
    return _is_number(width) and 0.0 < width < math.inf and (order == 4 if isinstance(given, tuple) else True)


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool)
