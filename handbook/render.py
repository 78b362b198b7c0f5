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
    """The Markdown, and the files that it shows, shown and pages, by name."""

    markdown: str
    shown: dict[str, str] = field(default_factory=dict)


def render(page: Page, outcomes: list[Outcome]) -> Rendered:
    """The page for the site: blocks, what they printed, and what they showed."""
    results, shown, written = iter(outcomes), dict[str, str](), []
    up = "" if page.name.rpartition("/")[2] == "index.md" else "../"  # on the site a page is a folder
    for part in page.parts():
        written.append(part if isinstance(part, str) else _shown(part, next(results), shown, up))
    return Rendered("".join(written), shown)


def _shown(block: Block, outcome: Outcome, shown: dict[str, str], up: str) -> str:
    lines = ["```python", block.source.rstrip(), "```", ""]
    text = outcome.text if outcome.ran else block.output
    if text:
        lines += [f"``` {{ .text .output{' .error' if block.raises else ''} }}", text.rstrip("\n"), "```", ""]
    if outcome.page:
        lines += list(_frame(outcome.page, outcome.caption, shown, up))
    elif outcome.html:
        lines += ['<div class="shown" markdown="0">', outcome.html, "</div>", ""]
    if outcome.svg:
        lines += list(_figure(outcome.svg, outcome.caption, shown))
    return "\n".join(lines) + "\n"


def _frame(html: str, caption: str, shown: dict[str, str], up: str) -> Iterator[str]:
    """A page of its own in a frame, and a link to it."""
    name = f"{hashlib.sha256(html.encode()).hexdigest()[:12]}.html"
    shown[name] = html
    yield f'<iframe class="shown" src="{up}shown/{name}" title="{caption}" loading="lazy"></iframe>'
    yield ""
    yield f"[{caption}: as a page of its own](shown/{name}){{ target=_blank }}"
    yield ""


def _figure(svg: str, caption: str, shown: dict[str, str]) -> Iterator[str]:
    """The picture twice, light and dark, of which the theme shows one."""
    stem = hashlib.sha256(svg.encode()).hexdigest()[:12]
    light, dark = f"{stem}.svg", f"{stem}-dark.svg"
    shown[light], shown[dark] = svg.replace(DARK, "@media not all"), svg.replace(DARK, "@media all")
    width = WIDTH.search(svg)
    least = f" style='min-width: {SHRINK * float(width[1]):.0f}px'" if width else ""
    own_dress = "" if DARK in svg else " plot"  # a plot knows no dark: the page turns its colours round
    yield f'<figure class="shown{own_dress}" markdown="span">'
    for name, only in ((light, "light"), (dark, "dark")):
        yield f"[![{caption or 'picture'}](shown/{name}#only-{only}){{{least} }}](shown/{name}){{ .only-{only} }}"
    if caption:
        yield f"<figcaption>{caption}</figcaption>"
    yield "</figure>"
    yield ""
