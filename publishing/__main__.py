"""`python -m publishing` writes the sdist and the wheel of this checkout, into dist/ or the folder after --out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from publishing.archives import BuildError, build
from publishing.names import RefusedError
from publishing.tree import ROOT


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 if both were written."""
    parser = argparse.ArgumentParser(prog="python -m publishing", description="Build what is published.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder to write into; dist/ by default")
    try:
        for path in build(parser.parse_args(arguments).out):
            print(path)
    except (RefusedError, BuildError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
