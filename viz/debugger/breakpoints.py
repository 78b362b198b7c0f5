"""Breakpoints: at which steps to stop, said in words, and found among millions at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import apart, quoted, short, visible
from viz.columns import Marks
from viz.debugger.predicates import condition
from viz.debugger.steps import StepColumns, Texts
from viz.languages import LANGUAGES, Language
from viz.recording import BACKWARD, FORWARD, PHASES

FIRST, MOST = 1024, 1 << 20  # steps that are looked through at a time, growing
KINDS = ("node", "name", "op", "scope", "phase", "if")

Test: TypeAlias = Callable[[int, int], Marks]  # which of the steps from, up to, it stops at


@dataclass(frozen=True)
class Breakpoint:
    """A test of steps; `watched` is the node whose change a watchpoint reports."""

    number: int
    words: str
    test: Test
    temporary: bool = False
    watched: int | None = None
    language: Language = LANGUAGES["en"]

    def __str__(self) -> str:
        kind = "watchpoint" if self.watched is not None else "temporary" if self.temporary else "breakpoint"
        return self.language.tell(self.language.debugger[kind], n=self.number, words=visible(self.words))


def understood(steps: StepColumns, text: str, language: Language = LANGUAGES["en"]) -> tuple[str, Test]:
    """What a person typed after `break`, in words, and the test it stands for.

    ``z²₁`` or ``node z²₁`` a node; ``name W*`` a pattern; ``op tanh``; ``scope layer2``; ``phase backward``;
    ``if abs(delta) > 10`` a condition, also after any of these.  Without such a word, what it may be is tried.

    Raises:
        ArgumentError: for what is none of them
    """
    place, given, wanted = (text, False, "") if text in steps.names.codes else _split(text)
    tests = [_placed(steps, place, language)] if place else []
    if given:
        found = condition(wanted)
        said = _said(language, "at condition", visible(found.text))
        tests.append((said, lambda start, stop: found.holds(steps, start, stop)))
    if not tests:
        raise ArgumentError(f"break needs a node, or one of {', '.join(KINDS)}, as in: break op tanh")
    words, both = " ".join(said for said, _ in tests), [test for _, test in tests]
    return words, both[0] if len(both) == 1 else lambda start, stop: both[0](start, stop) & both[1](start, stop)


def _split(text: str) -> tuple[str, bool, str]:
    """The place, whether a condition is given, and the condition."""
    place, word, wanted = re.match(r"(.*?)(?:\b(if)\b(.*))?$", text.strip()).groups()  # type: ignore[union-attr]  # fits any
    if word is None and re.search(r"[<>=!(]|\b(and|or|not|in)\b", place) and "#" not in place:
        return "", True, place
    return place.strip(), word is not None, (wanted or "").strip()


def _said(language: Language, kind: str, x: str) -> str:
    return language.tell(language.debugger[kind], x=x)


def _placed(steps: StepColumns, place: str, language: Language) -> tuple[str, Test]:
    kind, _, rest = place.partition(" ")
    if kind in KINDS and rest:
        return _MAKERS[kind](steps, rest.strip(), language)
    known = {"op": steps.ops[1:], "phase": PHASES}
    for kind, words in known.items():
        if place in words and place not in steps.names.codes:
            return _MAKERS[kind](steps, place, language)
    try:
        return _node(steps, place, language)
    except ArgumentError:
        if any(inside(scope, place) for scope in steps.scopes.table):
            return _scope(steps, place, language)
        raise


# -- one maker a kind --------------------------------------------------------------------------------


def _node(steps: StepColumns, text: str, language: Language) -> tuple[str, Test]:
    nodes = steps.names.find(text)
    return _said(language, "at node", short(text)), at_nodes(steps, nodes)


def at_nodes(steps: StepColumns, nodes: Sequence[int]) -> Test:
    """Where one of the nodes is computed or gets a contribution."""
    return lambda start, stop: np.isin(steps.part(start, stop).targets, nodes)


def _name(steps: StepColumns, text: str, language: Language) -> tuple[str, Test]:
    fits = [fnmatchcase(name, text) for name in steps.name_table]
    return _said(language, "at name", short(text)), _of_texts(steps, "name", fits, text, steps.name_table)


def _op(steps: StepColumns, text: str, language: Language) -> tuple[str, Test]:
    return _said(language, "at op", text), _of_texts(steps, "op", [op == text for op in steps.ops], text, steps.ops)


def _scope(steps: StepColumns, text: str, language: Language) -> tuple[str, Test]:
    table = steps.scopes.table
    fits = [inside(scope, text) for scope in table]
    return _said(language, "at scope", short(text)), _of_texts(steps, "scope", fits, text, table)


def inside(scope: str, outer: str) -> bool:
    """Whether it is that scope, or lies in it."""
    return scope == outer or scope.startswith(outer + ".") or scope.endswith("." + outer) or f".{outer}." in scope


def _phase(steps: StepColumns, text: str, language: Language) -> tuple[str, Test]:
    first = {FORWARD: 0, BACKWARD: steps.log.seed + 1}.get(text, steps.log.seed)
    if text not in PHASES:
        raise ArgumentError(f"a phase is one of {', '.join(PHASES)}, got {quoted(text)}")
    return _said(language, "at phase", text), lambda start, stop: np.arange(start, stop) == first


def _of_texts(steps: StepColumns, variable: str, fits: Iterable[bool], wanted: str, table: Sequence[str]) -> Test:
    """Steps whose text is one of those that fit."""
    marks = np.array(list(fits), bool)
    if not marks.any():
        known = [text for text in table if text]
        listed = ", ".join(apart(known[:8])) + (", …" if len(known) > 8 else "")
        raise ArgumentError(f"no step has the {variable} {quoted(wanted)}; there are {listed or 'none'}")

    def test(start: int, stop: int) -> Marks:
        found: Texts = steps.part(start, stop).texts(variable)
        stops: Marks = marks[found.codes]
        return stops

    return test


_MAKERS = {"node": _node, "name": _name, "op": _op, "scope": _scope, "phase": _phase}


# -- looking for the next stop -----------------------------------------------------------------------


def first_stop(points: Sequence[Breakpoint], start: int, stop: int) -> tuple[int, list[Breakpoint]] | None:
    """The first step from `start` up to `stop` at which one of them stops, and which do."""
    size = FIRST
    while points and start < stop:
        end = min(start + size, stop)
        marks = np.array([point.test(start, end) for point in points])
        if marks.any():
            step = int(np.argmax(marks.any(axis=0)))
            return start + step, _stopping(points, marks, step)
        start, size = end, min(2 * size, MOST)
    return None


def last_stop(points: Sequence[Breakpoint], stop: int) -> tuple[int, list[Breakpoint]] | None:
    """The last step before `stop` at which one of them stops, and which do."""
    size = FIRST
    while points and stop > 0:
        start = max(stop - size, 0)
        marks = np.array([point.test(start, stop) for point in points])
        if marks.any():
            step = int(np.flatnonzero(marks.any(axis=0))[-1])
            return start + step, _stopping(points, marks, step)
        stop, size = start, min(2 * size, MOST)
    return None


def _stopping(points: Sequence[Breakpoint], marks: Marks, step: int) -> list[Breakpoint]:
    return [point for point, stops in zip(points, marks[:, step], strict=True) if stops]
