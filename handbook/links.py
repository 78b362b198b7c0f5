"""Links from a page to the project's source, which lead somewhere in the repository and nowhere on the site."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from handbook.pages import PageError

DOCS = Path(__file__).resolve().parent.parent / "docs"
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>\.\./[^)#\s]*)(?:#[^)\s]*)?\)")


def within_site(markdown: str, uri: str) -> str:
    """The page with links to files outside of docs/ as plain text.  Raises PageError if there is no such file."""

    def plain(found: re.Match[str]) -> str:
        target = (DOCS / PurePosixPath(uri).parent / found["target"]).resolve()
        if target.is_relative_to(DOCS):
            return found[0]
        if not target.exists():
            raise PageError(f"{uri} links to {found['target']}, which does not exist")
        return found["text"]

    return LINK.sub(plain, markdown)
