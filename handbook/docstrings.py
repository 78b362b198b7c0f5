"""Lays docstrings out for the site: examples become blocks of code, and aligned lists become lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from griffe import Extension, Object

PROMPT = re.compile(r"^>>> ")
ENTRY = re.compile(r"^(?P<name>[A-Za-z_][\w, ]*?) {2,}(?P<text>\S.*)$")


class Docstrings(Extension):
    """Rewrites every docstring when its object has been read."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Lay out the docstring of a module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = laid_out(obj.docstring.value)


def laid_out(docstring: str) -> str:
    """The docstring as Markdown."""
    paragraphs = re.split(r"\n{2,}", docstring)
    return "\n\n".join(_paragraph(paragraph) for paragraph in paragraphs)


def _paragraph(paragraph: str) -> str:
    lines = paragraph.split("\n")
    first = next((i for i, line in enumerate(lines) if PROMPT.match(line)), None)
    if first is not None:
        return "\n".join([*lines[:first], "", "```pycon", *lines[first:], "```"]).lstrip("\n")
    lines = [_without_tags(line) for line in lines]
    if ENTRY.match(lines[0]) and all(ENTRY.match(line) or line.startswith("  ") for line in lines):
        return "\n".join(_entries(lines))
    return "\n".join(lines)


def _without_tags(line: str) -> str:
    """The line with a < outside of `code` escaped, as in "a <math> element"."""
    return "`".join(part if i % 2 else part.replace("<", "&lt;") for i, part in enumerate(line.split("`")))


def _entries(lines: list[str]) -> Iterator[str]:
    for line in lines:
        found = ENTRY.match(line)
        yield f"- `{found['name']}`: {found['text']}" if found else f"  {line.strip()}"
