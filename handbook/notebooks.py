"""A page as a Jupyter notebook: the same text, the same blocks, the same outputs."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from itertools import pairwise
from typing import Any

from autograd.home import HOME
from handbook.cells import Outcome
from handbook.pages import Block, Page
from viz.pictures.images import as_image

HEADING = re.compile(r"^```.*?^```$|^#{1,3} ", re.DOTALL | re.MULTILINE)  # also what is fenced, where a # is none
CHAPTER = re.compile(r"\]\(([\w-]+)\.md(#[^)]*)?\)")
PAGE = re.compile(r"\]\(\.\./(?!\.\.)(?=[^)\s]*\))")
FILE = re.compile(r"(?<!!)\[([^\]]*)\]\(\.\./\.\./[^)\s]*\)")
DOCS = "https://github.com/glassgrad/glassgrad/blob/main/docs"

IS_PUBLISHED = "." in HOME  # the names that this source has are those of what pip finds
FROM_INDEX = """\
# Where it is missing: on Colab, in JupyterLite, in an environment of your own.
%pip install -q "glassgrad[plots]"
"""
FROM_COPY = """\
# In a copy of the repository, once (elsewhere with its path in place of the dot):
# %pip install -q ".[plots]"
"""


@cache
def _names() -> Any:
    from publishing.tree import ROOT, names_of

    return names_of(ROOT)


def as_published(text: str) -> str:
    """A page of a checkout with the imports that it has where it is published."""
    from publishing.names import markdown

    return markdown(text, _names())


def notebook(page: Page, outcomes: list[Outcome], install: str = FROM_INDEX if IS_PUBLISHED else FROM_COPY) -> str:
    """The text of an .ipynb file: what installs it, then the page, with the outputs that its blocks gave."""
    results = iter(outcomes)
    cells = [_on_a_slide(_cell(install, "install"), "skip")]
    for part in page.parts():
        cells += _prose(part) if isinstance(part, str) else [_code(part, next(results))]
    for number, cell in enumerate(cells):
        cell["id"] = hashlib.sha256(f"{page.name}{number}".encode()).hexdigest()[:8]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _prose(text: str) -> list[dict[str, Any]]:
    """Cells of prose: links lead to the other notebooks or to the repository's pages; to source there are none.

    A heading begins a cell, and a slide.
    """
    told = FILE.sub(r"\1", PAGE.sub(f"]({DOCS}/", CHAPTER.sub(r"](\1.ipynb\2)", text)))
    headings = [found.start() for found in HEADING.finditer(told) if found[0][0] == "#"]
    parts = [told[begin:end].strip() for begin, end in pairwise([0, *headings, len(told)])]
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": part} for part in parts if part]
    return [_on_a_slide(cell, "slide") if cell["source"][0] == "#" else cell for cell in cells]


def _on_a_slide(cell: dict[str, Any], kind: str) -> dict[str, Any]:
    return {**cell, "metadata": {**cell["metadata"], "slideshow": {"slide_type": kind}}}


def _code(block: Block, outcome: Outcome) -> dict[str, Any]:
    return {**_cell(block.source, *["raises-exception"] * block.raises), "outputs": list(_outputs(outcome))}


def _cell(source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": list(tags)} if tags else {},
        "outputs": [],
        "source": source.rstrip(),
    }


def _outputs(outcome: Outcome) -> Any:
    if outcome.text:
        yield {"output_type": "stream", "name": "stdout", "text": outcome.text}
    shown = {
        "image/svg+xml": outcome.svg,
        "text/html": as_image(outcome.svg) if outcome.svg else None if outcome.latex else outcome.html,
        "text/latex": outcome.latex,
    }
    data = {kind: content for kind, content in shown.items() if content}
    if data:
        yield {"output_type": "display_data", "metadata": {}, "data": data}
