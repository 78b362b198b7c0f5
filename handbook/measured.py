"""What the benchmarks measured, as they wrote it: one chapter a page of results."""

from __future__ import annotations

import re
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"
ELSEWHERE = ("hips",)  # which a page of its own has
ORDER = ("gradbench", "compiled", "calls", "ready", "sparse", "loops", "training", "eager")  # the others follow
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")


def results() -> str:
    """All pages of results, the headings of each one level down, links into the repository as their text."""
    found = {path.stem: path for path in sorted(RESULTS.glob("*.md")) if path.stem not in ELSEWHERE}
    names = [name for name in ORDER if name in found] + [name for name in found if name not in ORDER]
    return "\n".join(_chapter(found[name].read_text(encoding="utf-8")) for name in names)


def hips() -> str:
    """HIPS autograd's examples, without a heading."""
    return _chapter((RESULTS / "hips.md").read_text(encoding="utf-8")).partition("\n")[2]


def _chapter(page: str) -> str:
    return re.sub(r"(?m)^#", "##", LINK.sub(r"\1", page))
