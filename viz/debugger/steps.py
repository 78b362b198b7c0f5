"""The steps of a recording as columns that conditions speak of, a stretch at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograd.ops.primitive import title_of
from viz.columns import Marks, Numbers, products
from viz.names import Names
from viz.recording import PHASES, Recording

NUMBERS = ("step", "value", "delta", "local", "contribution")
TEXTS = ("name", "op", "scope", "phase")
FROM_SEED, BACKWARD_ONLY = {"delta"}, {"local", "contribution"}  # what earlier steps do not have


@dataclass(frozen=True)
class Texts:
    """A column of texts: for each step where its text stands in a table."""

    codes: Any
    table: Sequence[str]


class StepColumns:
    """All steps of a recording."""

    def __init__(self, log: Recording, names: Names) -> None:
        self.log, self.names = log, names

    def part(self, start: int, stop: int) -> Stretch:
        """The steps from `start` up to `stop`."""
        return Stretch(self, start, stop)

    @cached_property
    def scopes(self) -> Texts:
        """The scope of every node."""
        columns = self.log.trace.columns
        table: dict[str, int] = {}
        codes = np.array([table.setdefault(label.scope, len(table)) for label in columns.labels])
        return Texts(codes[columns.label], list(table))

    @cached_property
    def ops(self) -> list[str]:
        """The names of the operations, in the order of their codes."""
        return [title_of(name) for name, _ in self.log.trace.columns.operations]

    @cached_property
    def name_table(self) -> list[str]:
        """The names, in the order of their codes; last that of nodes without one, whose code is -1."""
        return [*self.names.codes, ""]


class Stretch:
    """A stretch of steps: each variable as a column."""

    def __init__(self, steps: StepColumns, start: int, stop: int) -> None:
        self._steps, self._log = steps, steps.log
        self.start, self.stop = start, stop
        self._backward = slice(max(start - self._log.seed - 1, 0), max(stop - self._log.seed - 1, 0))

    def known(self, variables: frozenset[str]) -> Marks:
        """In which steps all of these variables have a meaning."""
        first = self._log.seed + 1 if variables & BACKWARD_ONLY else self._log.seed if variables & FROM_SEED else 0
        return np.arange(self.start, self.stop) >= first

    def numbers(self, name: str) -> Numbers:
        """A variable that is a number; nan where it has no meaning."""
        column: Callable[[], Numbers] = getattr(self, f"_{name}")
        return column()

    def texts(self, name: str) -> Texts:
        """A variable that is a text."""
        if name == "name":
            return Texts(self._steps.names.column[self.targets], self._steps.name_table)
        if name == "op":
            return Texts(self._op(), self._steps.ops)
        if name == "scope":
            return Texts(self._steps.scopes.codes[self.sources], self._steps.scopes.table)
        steps = np.arange(self.start, self.stop)
        return Texts(np.searchsorted([self._log.seed, self._log.seed + 1], steps, side="right"), PHASES)

    @property
    def targets(self) -> Any:
        """The node that each step changes."""
        return self._log.targets[self.start : self.stop]

    @property
    def sources(self) -> Any:
        """The node whose operation each step is about."""
        return self._log.sources[self.start : self.stop]

    def _op(self) -> Any:
        """The code of each step's operation; the seed has none."""
        codes = self._log.trace.columns.code[self.sources]
        if self.start <= self._log.seed < self.stop:
            codes[self._log.seed - self.start] = 0
        return codes

    def _step(self) -> Numbers:
        return np.arange(self.start + 1, self.stop + 1, dtype=float)  # as people count: how many were taken

    def _value(self) -> Numbers:
        values: Numbers = self._log.trace.columns.value[self.targets]
        return values

    def _delta(self) -> Numbers:
        return self._after(np.ones(1), self._log.sums[self._backward])

    def _local(self) -> Numbers:
        columns = self._log.trace.columns
        return self._after(np.full(1, np.nan), columns.slope[columns.taken[self._backward]])

    def _contribution(self) -> Numbers:
        columns = self._log.trace.columns
        edges = columns.taken[self._backward]
        return self._after(np.full(1, np.nan), products(columns.delta[columns.node[edges]], columns.slope[edges]))

    def _after(self, seed: Numbers, backward: Numbers) -> Numbers:
        """A column that begins with the seed, nan before it."""
        found = np.full(self.stop - self.start, np.nan)
        if self.start <= self._log.seed < self.stop:
            found[self._log.seed - self.start] = seed[0]
        if len(backward):
            found[-len(backward) :] = backward
        return found
