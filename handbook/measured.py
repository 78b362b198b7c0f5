"""What the benchmarks measured, as they wrote it: one chapter a page of results."""

from __future__ import annotations

import re
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"
ORDER = ("gradbench", "compiled", "calls", "ready", "sparse", "loops", "training", "eager")  # the others follow
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")


def results() -> str:
    """All pages of results, the headings of each one level down, links into the repository as their text."""
    found = {path.stem: path for path in sorted(RESULTS.glob("*.md"))}
    names = [name for name in ORDER if name in found] + [name for name in found if name not in ORDER]
    return "\n".join(_chapter(found[name].read_text(encoding="utf-8")) for name in names)


def _chapter(page: str) -> str:
    return re.sub(r"(?m)^#", "##", LINK.sub(r"\1", page))
