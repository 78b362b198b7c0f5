"""A page with what its blocks gave put below them, as Markdown for the site."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from handbook.cells import Outcome
from handbook.pages import Block, Page

SHRINK = 0.65  # a wide picture is made no smaller than this, and scrolls instead: its words must stay readable
WIDTH = re.compile(r'<svg[^>]*?\bwidth="([\d.]+)')
DARK = "@media (prefers-color-scheme: dark)"


@dataclass(frozen=True)
class Rendered:
    """The Markdown, and the picture files that it shows, by name."""

    markdown: str
    pictures: dict[str, str] = field(default_factory=dict)


def render(page: Page, outcomes: list[Outcome]) -> Rendered:
    """The page for the site: blocks, what they printed, and what they showed."""
    results, pictures, written = iter(outcomes), dict[str, str](), []
    for part in page.parts():
        written.append(part if isinstance(part, str) else _shown(part, next(results), pictures))
    return Rendered("".join(written), pictures)


def _shown(block: Block, outcome: Outcome, pictures: dict[str, str]) -> str:
    lines = ["```python", block.source.rstrip(), "```", ""]
    text = outcome.text if outcome.ran else block.output
    if text:
        lines += [f"``` {{ .text .output{' .error' if block.raises else ''} }}", text.rstrip("\n"), "```", ""]
    if outcome.html:
        lines += ['<div class="shown" markdown="0">', outcome.html, "</div>", ""]
    if outcome.svg:
        lines += list(_figure(outcome.svg, outcome.caption, pictures))
    return "\n".join(lines) + "\n"


def _figure(svg: str, caption: str, pictures: dict[str, str]) -> Iterator[str]:
    """The picture twice, light and dark, of which the theme shows one."""
    stem = hashlib.sha256(svg.encode()).hexdigest()[:12]
    light, dark = f"{stem}.svg", f"{stem}-dark.svg"
    pictures[light], pictures[dark] = svg.replace(DARK, "@media not all"), svg.replace(DARK, "@media all")
    width = WIDTH.search(svg)
    least = f" style='min-width: {SHRINK * float(width[1]):.0f}px'" if width else ""
    yield '<figure class="shown" markdown="span">'
    for name, only in ((light, "light"), (dark, "dark")):
        yield f"[![{caption or 'picture'}](pictures/{name}#only-{only}){{{least} }}](pictures/{name}){{ .only-{only} }}"
    if caption:
        yield f"<figcaption>{caption}</figcaption>"
    yield "</figure>"
    yield ""
