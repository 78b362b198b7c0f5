"""A page of documentation as its parts: prose, blocks of Python, and what a block says it prints.

```python            a block; the blocks of a page run in order, in one namespace, like a notebook's cells
```python raises     a block that must raise; its output is the error's last line
```python needs=jax  a block that is run only where that package, or program, is installed
```python from=FILE  a quotation, not run: it must stand in that file of the project, word for word

```output            right below a block: what it prints, to the letter
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```[ ]*$\n?", re.MULTILINE | re.DOTALL)


class PageError(Exception):
    """A page that cannot be read, run, or does not print what it says."""


@dataclass(frozen=True)
class Block:
    """A block of Python: its source, where it stands, and the output that the page promises."""

    source: str
    line: int  # of the source's first line in the file, from 1
    start: int  # offsets in the page's text: of the fence, to the end of the promised output
    end: int
    output: str | None = None
    raises: bool = False
    needs: str | None = None
    quotes: str | None = None


@dataclass(frozen=True)
class Page:
    """The text of a page and its blocks in order."""

    name: str  # such as learn/derivative.md
    text: str
    blocks: tuple[Block, ...]

    def parts(self) -> Iterator[str | Block]:
        """The page from top to bottom: prose as it stands, and the blocks."""
        at = 0
        for block in self.blocks:
            yield self.text[at : block.start]
            yield block
            at = block.end
        yield self.text[at:]


def read(path: Path, root: Path) -> Page:
    """The page in a file; its name is the path below `root`."""
    return parse(path.read_text("utf-8"), path.relative_to(root).as_posix())


def parse(text: str, name: str) -> Page:
    """The page of a text.  Raises PageError for an output that belongs to no block."""
    blocks: list[Block] = []
    fences = list(FENCE.finditer(text))
    outputs = {before.end(): fence for before, fence in pairwise(fences) if _below(before, fence)}
    for fence in fences:
        words = fence["info"].split()
        if words[:1] == ["python"]:
            blocks.append(_block(text, fence, words[1:], outputs.get(fence.end())))
        elif words[:1] == ["output"] and fence not in outputs.values():
            raise PageError(f"{name}:{_line(text, fence.start())}: this output stands below no block of Python")
    return Page(name, text, tuple(blocks))


def _below(before: re.Match[str], fence: re.Match[str]) -> bool:
    """Whether `fence` is the output of the block `before`: right below it, but for blank lines."""
    between = fence.string[before.end() : fence.start()]
    return before["info"].startswith("python") and fence["info"].strip() == "output" and not between.strip()


def _block(text: str, fence: re.Match[str], words: list[str], output: re.Match[str] | None) -> Block:
    options = dict(word.split("=", 1) for word in words if "=" in word)
    return Block(
        source=fence["body"],
        line=_line(text, fence.start("body")),
        start=fence.start(),
        end=(output or fence).end(),
        output=None if output is None else output["body"],
        raises="raises" in words,
        needs=options.get("needs"),
        quotes=options.get("from"),
    )


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
