"""The report: what the slide prints beside what the engine computes, a verdict on each, and the count."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from demos.lecture.slides import Table, agrees, decimals

TOLERANCE = 1e-12  # between two ways of computing the same thing, relative to the largest number


class Section(NamedTuple):
    """A part of the lecture as it was printed."""

    english: str
    russian: str
    lines: list[str]


@dataclass
class Report:
    """Prints as it goes and counts: `checks`, `matches`, `slide_errors`, and what was `unexpected`."""

    quiet: bool = False
    checks: int = 0
    matches: int = 0
    slide_errors: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    # -- words ----------------------------------------------------------------------------------

    def section(self, english: str, russian: str) -> None:
        """Begin a part of the lecture."""
        title = f"{len(self.sections) + 1}. {english}  ·  {russian}"
        self.sections.append(Section(english, russian, []))
        if not self.quiet:
            print(f"\n{title}\n{'─' * len(title)}")

    def say(self, text: str = "") -> None:
        """Print a line, and keep it for the page."""
        if self.sections:
            self.sections[-1].lines.append(text)
        if not self.quiet:
            print(text)

    def matrix(self, name: str, array: Any, digits: int = 6) -> None:
        """Print a matrix (or a vector, as a row) with its name before the first row."""
        rows = np.atleast_2d(np.asarray(array, dtype=float))
        margin = " " * (len(name) + 5)
        for i, row in enumerate(rows):
            cells = " ".join(f"{x:{digits + 5}.{digits}f}" for x in row)
            self.say((f"  {name} = " if i == 0 else margin) + cells)

    # -- verdicts -------------------------------------------------------------------------------

    def printed(self, what: str, slide: Table, computed: Any, misprints: Container[tuple[int, int]] = ()) -> None:
        """Hold every number that a slide prints against the computed one, at the printed digits.

        `misprints` lists places (row, column) where the slide is known to be wrong: each counts as a
        slide error, and is unexpected if it turns out to be right.
        """
        values = np.asarray(computed, dtype=float)
        found = [
            [agrees(cell, x) for cell, x in zip(row, line, strict=True)]
            for row, line in zip(slide, values, strict=True)
        ]
        total, right = sum(map(len, found)), sum(map(sum, found))
        wrong = [
            (i, j) for i, row in enumerate(found) for j, good in enumerate(row) if (i, j) in misprints and not good
        ]
        detail = f"{right} of {total} printed numbers" + (f"; {len(wrong)} misprinted, see below" if wrong else "")
        as_expected = all(good != ((i, j) in misprints) for i, row in enumerate(found) for j, good in enumerate(row))
        self._verdict(what, as_expected, detail, total, right)
        self.say(f"      {'slide':<{12 * len(slide[0])}}    engine, two digits more")
        for row, line, marks in zip(slide, values, found, strict=True):
            shown = "".join(f"{x:14.{decimals(cell) + 2}f}" for x, cell in zip(line, row, strict=True))
            self.say(f"      {''.join(f'{cell:>12}' for cell in row)}    {shown}  {'✓' if all(marks) else '✗'}")
        for i, j in wrong:
            self.slide_errors.append(
                f"{what}: {slide[i][j]} is printed, {values[i, j]:.{decimals(slide[i][j])}f} is right"
            )
            self.say(f"  ! SLIDE ERROR {self.slide_errors[-1]}")

    def one(self, what: str, slide: str, computed: float) -> None:
        """The same for a single printed number."""
        good = agrees(slide, computed)
        self._verdict(what, good, f"slide {slide}, engine {computed:.{decimals(slide) + 2}f}", 1, int(good))

    def same(self, what: str, engine: Any, formula: Any) -> None:
        """Hold the engine against a formula: equal to rounding, or an unexpected mismatch."""
        self._verdict(what, *_close(engine, formula), 1)

    def holds(self, what: str, claim: bool, numbers: str) -> None:
        """A statement of the slides that is not a number, with the numbers that decide it."""
        self._verdict(what, bool(claim), numbers, 1)

    def slide_error(self, what: str, slide: str, correct: str, printed: Any, mechanical: Any, right: Any) -> None:
        """A wrong or loose line of the slides: shown with numbers, and proved to be one.

        `printed` is what the slide's formula gives (or, where it gives nothing, a sentence why),
        `mechanical` what comes out of the graph, `right` what the corrected formula gives.  It is
        unexpected if the corrected formula is not the graph's, or if the slide's is.
        """
        self.say(f"  ! {what}")
        self.say(f"      slide prints  {slide}")
        self.say(f"      correct is    {correct}")
        if isinstance(printed, str):
            self.say(f"      the slide's gives nothing: {printed}")
        else:
            self._rows("the slide's gives", printed)
        self._rows("the graph gives", mechanical)
        correct_agrees, by_how_much = _close(mechanical, right)
        slide_agrees = not isinstance(printed, str) and _close(mechanical, printed)[0]
        self.checks += 1
        if correct_agrees and not slide_agrees:
            self.slide_errors.append(what)
            self.say(
                f"      SLIDE ERROR: the corrected formula agrees with the graph ({by_how_much}), the slide's does not"
            )
        else:
            self.unexpected.append(what)
            self.say("      UNEXPECTED: " + ("the slide is right" if slide_agrees else "the correction is wrong too"))

    def _rows(self, name: str, array: Any) -> None:
        for i, row in enumerate(np.atleast_2d(np.asarray(array, dtype=float))):
            cells = " ".join(f"{x:11.6f}" for x in row)
            self.say(f"      {name if i == 0 else '':<18}{cells}")

    def _verdict(self, what: str, good: bool, detail: str, checks: int, matches: int | None = None) -> None:
        self.checks += checks
        self.matches += (checks if good else 0) if matches is None else matches
        if not good:
            self.unexpected.append(what)
        mark = "✗ MISMATCH" if not good else "✓ match   " if matches in (None, checks) else "! misprint"
        self.say(f"  {mark}  {what}: {detail}")

    # -- the end --------------------------------------------------------------------------------

    def summary(self) -> int:
        """Print the count; the exit status, 0 if nothing was unexpected."""
        self.section("Summary", "Итог")
        found, wrong = len(self.slide_errors), self.checks - self.matches - len(self.slide_errors)
        self.say(f"  {self.checks} checks: {self.matches} match, {found} slide errors found, {wrong} unexpected")
        for error in self.slide_errors:
            self.say(f"    slide error: {error}")
        for what in self.unexpected:
            self.say(f"    UNEXPECTED: {what}")
        return 1 if self.unexpected else 0


def _close(a: Any, b: Any) -> tuple[bool, str]:
    """Whether two arrays are equal to rounding, and by how much they differ, in words."""
    left, right = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if left.shape != right.shape:
        return False, f"shape {left.shape} against {right.shape}"
    difference = float(np.max(np.abs(left - right), initial=0.0))
    scale = float(max(np.max(np.abs(left), initial=0.0), np.max(np.abs(right), initial=0.0)))
    good = difference <= TOLERANCE * scale  # nan and inf are never close
    return good, "equal" if difference == 0 else f"largest difference {difference:.1e}"


def listed(xs: Sequence[float], digits: int = 4) -> str:
    """Numbers in a row, for a sentence."""
    return ", ".join(f"{x:.{digits}f}" for x in xs)
