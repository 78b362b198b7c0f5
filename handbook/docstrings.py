"""Lays docstrings out for the site: examples are blocks of code there, and a < is no tag."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

PROMPT = re.compile(r"^>>> ")


class Docstrings(Extension):
    """Rewrites every docstring when its object has been read; arguments and errors stand in Google's form already."""

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
    return "\n".join(map(_without_tags, lines))


def _without_tags(line: str) -> str:
    """The line with a < outside of `code` escaped, as in "a <math> element"."""
    return "`".join(part if i % 2 else part.replace("<", "&lt;") for i, part in enumerate(line.split("`")))
