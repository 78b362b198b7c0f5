"""`python -m publishing.notes` prints what CHANGELOG.md says of this version, for the page of its release.

It fails where the newest section is of another version, where CITATION.cff says another, and, with --final,
where the section has no date yet.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import autograd
from publishing.tree import ROOT

_SECTION = re.compile(
    r"^## \[(?P<version>[^\]]+)\] - (?P<date>\S+)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL
)
_CITED = re.compile(r"^version: (\S+)$", re.MULTILINE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class NotesError(Exception):
    """A changelog, a citation and a version that do not agree."""


def notes(changelog: str, citation: str, version: str, final: bool = False) -> str:
    """The section of this version.  Raises NotesError unless it is the newest, and dated if it is to be `final`."""
    newest = _SECTION.search(changelog)
    if newest is None or newest["version"] != version:
        there = "none" if newest is None else f"that of {newest['version']}"
        raise NotesError(f"this is version {version}, and the newest section of CHANGELOG.md is {there}")
    cited = _CITED.findall(citation)
    if cited != [version]:
        raise NotesError(f"this is version {version}, and CITATION.cff says {', '.join(cited) or 'none'}")
    if final and not _DATE.fullmatch(newest["date"]):
        raise NotesError(f"version {version} is {newest['date']} in CHANGELOG.md: write the day of its release there")
    return newest["body"].strip() + "\n"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """The exit status: 0 if there are notes, and they were printed."""
    parser = argparse.ArgumentParser(prog="python -m publishing.notes", description="Print the notes of this version.")
    parser.add_argument(
        "--final", action="store_true", help="fail where the day of the release is not yet written down"
    )
    asked = parser.parse_args(arguments)
    changelog, citation = ((root / name).read_text("utf-8") for name in ("CHANGELOG.md", "CITATION.cff"))
    try:
        sys.stdout.write(notes(changelog, citation, autograd.__version__, asked.final))
    except NotesError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
