"""`mark`: the gradients in a folder, checked and explained, as a table that is text, CSV and a page."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograd.check.arguments import At
from autograd.errors import ArgumentError, AutogradError
from autograd.files import write_whole
from autograd.text import in_xml, message, short, visible
from viz.explain.ask import explain_points
from viz.marking.running import Limits, Reply, run

NEARBY = 2  # points beside the one given
SPREAD = 0.1
LONGEST = 500  # characters of what is said of a submission
LARGEST = 1 << 20  # bytes of a submission
COLUMNS = ("submission", "verdict", "explained", "line", "rule", "corrected")


@dataclass(frozen=True, slots=True)
class Mark:
    """What was found of one submission: right, wrong or failed, and the explained mistake or what went wrong."""

    submission: str
    verdict: str
    explained: str = ""
    line: str = ""
    rule: str = ""
    corrected: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row of the table."""
        return tuple(short(getattr(self, column), LONGEST) for column in COLUMNS)


@dataclass(frozen=True, repr=False)
class Marks:
    """The table of a folder."""

    marks: tuple[Mark, ...]
    of: str

    def __str__(self) -> str:
        counts = Counter(mark.verdict for mark in self.marks)
        head = f"{self.of}: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        wide = max((len(mark.cells[0]) for mark in self.marks), default=0)
        return "\n".join([head, *(f"  {m.cells[0]:{wide}}  {m.cells[1]:6}  {m.cells[2]}".rstrip() for m in self.marks)])

    __repr__ = __str__

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as CSV; no cell is a formula of a spreadsheet.  The file appears whole or not at all."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows([_harmless(cell) for cell in mark.cells] for mark in self.marks)
        write_whole(Path(path), text.getvalue().encode())
        return Path(path)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as a page."""
        write_whole(Path(path), _PAGE.format(title=in_xml(self.of), table=self._repr_html_()).encode())
        return Path(path)

    def _repr_html_(self) -> str:
        titles = "".join(f"<th>{column}</th>" for column in COLUMNS)
        rows = "".join(
            f'<tr class="{mark.verdict}">{"".join(f"<td>{in_xml(cell)}</td>" for cell in mark.cells)}</tr>'
            for mark in self.marks
        )
        return f"<table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>"


def mark(
    folder: str | os.PathLike[str],
    f: Callable[..., Any],
    *point: Any,
    function: str = "gradient",
    seconds: float = 10.0,
    megabytes: int = 1024,
) -> Marks:
    """The table of all Python files in a folder, each of which defines a gradient of `f` by hand, called `function`.

    Each runs in a process of its own for at most so many seconds, in so much memory, at `point` and two points nearby,
    and is handed plain numbers, lists and arrays; what it answers is taken as numbers, checked as `check_grad` does,
    and explained as `explain` does.  See `viz.marking.running` for what strangers' code can do.

    Raises:
        ArgumentError: if the folder has no Python files, or the point no numbers
    """
    files = sorted(path for path in Path(folder).glob("*.py") if path.is_file())
    if not files:
        raise ArgumentError(
            f"there are no Python files in {visible(str(folder))}: a submission is a file that ends in .py"
        )
    points = _points(f, point)
    texts = [_text(path) for path in files]  # before any of them runs
    limits = Limits(seconds, megabytes)

    def answer(i: int) -> Reply:
        text = texts[i]
        if text is None:
            return Reply(None, f"is not a text of at most {LARGEST >> 20} MB")
        return run(files[i].name, text, function, points, limits)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        answers = list(pool.map(answer, range(len(files))))
    marks = (_marked(path.name, f, points, found) for path, found in zip(files, answers, strict=True))
    return Marks(tuple(marks), getattr(f, "__name__", "f"))


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8") if path.stat().st_size <= LARGEST else None
    except (OSError, ValueError):
        return None


def _points(f: Callable[..., Any], point: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The point and some nearby, as plain arguments."""
    at = At(f, point, {})
    numbers, dice = np.array(at.numbers), np.random.default_rng(0)
    found = [at.arguments(numbers)]
    for _ in range(NEARBY):
        steps = SPREAD * dice.uniform(0.3, 1.0, numbers.shape) * dice.choice((-1.0, 1.0), numbers.shape)
        moved = numbers + steps * np.where(numbers == 0.0, 1.0, numbers)
        if np.isfinite(at.outputs(moved)).all():
            found.append(at.arguments(moved))
    return found


def _marked(name: str, f: Callable[..., Any], points: Sequence[tuple[Any, ...]], answer: Reply) -> Mark:
    if answer.answers is None:
        return Mark(name, "failed", message(answer.why))
    try:
        found = explain_points(f, points, answer.answers)
    except (AutogradError, ValueError, TypeError, OverflowError) as error:
        return Mark(name, "failed", message(str(error)))
    if not found.explanations:
        verdict = "right" if found.status in ("right", "rounded") else "wrong"
        return Mark(name, verdict, "" if found.status == "right" else str(found).split(": ", 1)[-1])
    first = found.explanations[0].mistakes[0]
    return Mark(name, "wrong", f"comes out exactly if {found.explanations[0]}", first.line, first.rule, first.corrected)


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gradients of {title}</title><style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1d232b }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .45rem .7rem; border-bottom: 1px solid #d5dce5 }}
td {{ overflow-wrap: anywhere }}
th {{ color: #4f5863; font-weight: 600; border-bottom: 2px solid #a9b2bd }}
td:nth-child(1), td:nth-child(2), td:nth-child(5), td:nth-child(6) {{ white-space: nowrap }}
tr.right td:nth-child(2) {{ color: #00694d }} tr.wrong td:nth-child(2) {{ color: #b84d00 }}
tr.failed td:nth-child(2) {{ color: #a3157c }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14171c; color: #e9edf2 }} th, td {{ border-color: #343d4a }}
  th {{ color: #b3bcc7 }}
  tr.right td:nth-child(2) {{ color: #5cd6a9 }} tr.wrong td:nth-child(2) {{ color: #ff9a52 }}
  tr.failed td:nth-child(2) {{ color: #ff7ad9 }} }}
</style></head><body><h1>Gradients of {title}</h1>{table}</body></html>
"""
