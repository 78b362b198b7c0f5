"""Where a debugger stands in a recording, and how it moves: forwards, back, to breakpoints.  Prints nothing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import apart, quoted, short
from viz.columns import Step
from viz.debugger.breakpoints import Breakpoint, at_nodes, first_stop, inside, last_stop, understood
from viz.debugger.steps import StepColumns
from viz.languages import LANGUAGES, Language
from viz.numbers import DIGITS
from viz.recording import Recording, State
from viz.trace import Trace
from viz.wording import Wording


class Moved(NamedTuple):
    """From how many steps taken to how many, and what stopped it."""

    before: int
    after: int
    hit: list[Breakpoint]


class Session:
    """A place in a recording, `taken` steps from its beginning, and the breakpoints."""

    def __init__(self, log: Recording, digits: int = DIGITS, language: Language = LANGUAGES["en"]) -> None:
        self.log, self.language = log, language
        self.words = Wording(log, digits, language)
        self.names = self.words.names
        self.steps = StepColumns(log, self.names)
        self.taken = 0
        _ = log.sources, log.targets  # gathered now, so that the first step is at once
        self.points: dict[int, Breakpoint] = {}
        self._next_point = 1

    @property
    def trace(self) -> Trace:
        """The graph that is stepped through."""
        return self.log.trace

    @property
    def state(self) -> State:
        """What is known here."""
        return self.log.state(self.taken)

    # -- moving ---------------------------------------------------------------------------------

    def forward(self, target: int) -> Moved:
        """Take steps until `target` of them are taken, or a breakpoint stops after its step."""
        before, target = self.taken, min(target, len(self.log))
        found = first_stop(list(self.points.values()), before, target)
        self.taken, hit = (found[0] + 1, found[1]) if found else (target, [])
        return self._stopped(before, hit)

    def back(self, target: int) -> Moved:
        """Take steps back until `target` are taken, breakpoints or not."""
        before, self.taken = self.taken, max(min(target, len(self.log)), 0)
        return Moved(before, self.taken, [])

    def back_to_breakpoint(self) -> Moved:
        """Take steps back until a breakpoint would have stopped, else to the beginning."""
        before = self.taken
        found = last_stop(list(self.points.values()), max(before - 1, 0))
        self.taken, hit = (found[0] + 1, found[1]) if found else (0, [])
        return self._stopped(before, hit)

    def _stopped(self, before: int, hit: list[Breakpoint]) -> Moved:
        for point in hit:
            if point.temporary:
                del self.points[point.number]
        return Moved(before, self.taken, hit)

    def units(self, count: int, unit: str) -> int:
        """How many steps are taken so many neurons or layers further on; backwards, if negative."""
        taken = self.taken
        for _ in range(abs(count)):
            further = self.log.after(taken, unit) if count > 0 else self.log.before(taken, unit)
            if further == taken:
                break
            taken = further
        return taken

    # -- stopping -------------------------------------------------------------------------------

    def stop_at(self, text: str, temporary: bool = False) -> Breakpoint:
        """Set a breakpoint; see `viz.debugger.breakpoints.understood` for what may be said."""
        words, test = understood(self.steps, text, self.language)
        return self._set(Breakpoint(self._next_point, words, test, temporary, language=self.language))

    def watch(self, node: int) -> Breakpoint:
        """Stop whenever the node's value or δ changes."""
        words = self.language.tell(self.language.debugger["changes of"], x=self.names.called(node))
        test = at_nodes(self.steps, [node])
        return self._set(Breakpoint(self._next_point, words, test, watched=node, language=self.language))

    def _set(self, point: Breakpoint) -> Breakpoint:
        self.points[point.number] = point
        self._next_point += 1
        return point

    def delete(self, number: int) -> Breakpoint:
        """Remove a breakpoint; ArgumentError if there is none of that number."""
        if number not in self.points:
            known = ", ".join(map(str, self.points)) or "none is set"
            raise ArgumentError(f"there is no breakpoint {number}; there are: {known}")
        return self.points.pop(number)

    # -- finding --------------------------------------------------------------------------------

    def node(self, text: str) -> int:
        """The one node that is called so; ArgumentError if it is none or several."""
        found = self.names.find(text)
        if len(found) > 1:
            listed = ", ".join(self.names.called(node) for node in found[:4]) + (", …" if len(found) > 4 else "")
            raise ArgumentError(f"{len(found):,} nodes are called {short(text)}: say which, {listed}")
        return found[0]

    def in_scope(self, text: str) -> list[int]:
        """The nodes of a scope and those inside it; ArgumentError if there are none."""
        fits = [inside(scope, text) for scope in self.steps.scopes.table]
        if not any(fits):
            known = ", ".join(apart([scope for scope in self.steps.scopes.table if scope][:8]))
            raise ArgumentError(f"no node is in the scope {quoted(text)}; there are {known or 'none'}")
        found: list[int] = np.flatnonzero(np.array(fits)[self.steps.scopes.codes]).tolist()
        return found

    def computed_at(self, node: int) -> int:
        """After how many steps the node is computed; ArgumentError for one that is given."""
        if node not in self.trace.forward:
            said = f"{self.names.called(node)} is a {self.trace.nodes[node].kind}"
            raise ArgumentError(f"{said}: it is known from the beginning, no step computes it")
        return node - self.trace.forward[0] + 1

    def iteration(self, number: int) -> int:
        """After how many steps an iteration of a loop is entered: of the loop here, else of the first, in this pass.

        Raises:
            ArgumentError: if there is no loop, or no such iteration of it
        """
        log, backwards = self.log, self.taken > self.log.seed + 1
        here = self.log.iterations.at(self.taken - 1) if self.taken else None
        loop = here or next((each for each in log.iterations.table if each), None)
        if loop is None:
            raise ArgumentError("there is no loop here whose steps are known: see `help goto`")
        start, stop = (log.seed + 1, len(log)) if backwards else (0, log.seed)
        found = log.iterations.first(loop._replace(step=number), start, stop)
        if found is None:
            known = sorted(each.step for each in log.iterations.table if each and each.loop == loop.loop)
            raise ArgumentError(
                f"{quoted(loop.loop)} has no iteration {number:,} in this pass; there are {known[0]} to {known[-1]}"
            )
        return found + 1

    def current(self) -> int | None:
        """The node that the last step was about; None before the first."""
        return int(self.log.targets[self.taken - 1]) if self.taken else None

    def way_down(self, most: int) -> list[int]:
        """From the current backward step's node towards J: each node's first contributor, at most so many."""
        step = self.log.step(self.taken - 1) if self.taken else None
        if not isinstance(step, Step):
            return []
        way = [step.operand, step.node]
        while way[-1] != self.trace.root and len(way) < most:
            first = self.log.arriving[self.log.begins[way[-1]]]
            way.append(int(self.log.sources[self.log.seed + 1 + first]))
        return way
