"""A page as a Jupyter notebook: the same text, the same blocks, the same outputs."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from handbook.cells import Outcome
from handbook.pages import Block, Page
from viz.pictures.images import as_image

CHAPTER = re.compile(r"\]\(([\w-]+)\.md(#[^)]*)?\)")
ELSEWHERE = re.compile(r"(?<!!)\[([^\]]*)\]\(\.\./[^)\s]*\)")


def notebook(page: Page, outcomes: list[Outcome]) -> str:
    """The page as the text of an .ipynb file, with the outputs that its blocks gave."""
    results = iter(outcomes)
    cells = [
        cell
        for part in page.parts()
        for cell in (_prose(part) if isinstance(part, str) else [_code(part, next(results))])
    ]
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
    """A cell of prose: links lead to the other notebooks, and those that would lead nowhere are plain text."""
    stripped = ELSEWHERE.sub(r"\1", CHAPTER.sub(r"](\1.ipynb\2)", text)).strip()
    return [{"cell_type": "markdown", "metadata": {}, "source": stripped}] if stripped else []


def _code(block: Block, outcome: Outcome) -> dict[str, Any]:
    tags = ["raises-exception"] if block.raises else []
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": tags} if tags else {},
        "outputs": list(_outputs(outcome)),
        "source": block.source.rstrip(),
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
