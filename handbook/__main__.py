"""`python -m handbook` runs every page and checks what it prints; `--write` writes the outputs anew.

python -m handbook                      all pages
python -m handbook docs/learn/why.md    one
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from handbook.cells import Outcome, check, run
from handbook.pages import Block, Page, PageError, read
from viz import terminal

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if every page holds."""
    parser = argparse.ArgumentParser(prog="python -m handbook", description="Run the blocks of the documentation.")
    parser.add_argument("pages", nargs="*", type=Path, help="the pages; all if none is named")
    parser.add_argument("--write", action="store_true", help="write what the blocks print into the pages")
    asked = parser.parse_args(arguments)
    failed = 0
    for path in asked.pages or sorted(DOCS.rglob("*.md")):
        try:
            page = read(path.resolve(), DOCS)
            outcomes = run(page)
            if asked.write:
                path.write_text(rewritten(page, outcomes), "utf-8")
            else:
                check(page, outcomes)
        except PageError as error:
            failed += 1
            print(error, file=sys.stderr)
    return 1 if failed else 0


def rewritten(page: Page, outcomes: list[Outcome]) -> str:
    """The page's text with what its blocks printed now."""
    results = iter(outcomes)
    return "".join(part if isinstance(part, str) else _with_output(page, part, next(results)) for part in page.parts())


def _with_output(page: Page, block: Block, outcome: Outcome) -> str:
    if not outcome.ran:
        return page.text[block.start : block.end]
    fence = page.text[block.start : page.text.index("\n", block.start)]
    written = f"{fence}\n{block.source}```\n"
    return f"{written}\n```output\n{outcome.text}```\n" if outcome.text else written


if __name__ == "__main__":
    terminal.run(main)
