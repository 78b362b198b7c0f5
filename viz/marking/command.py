"""``python -m viz mark FOLDER FILE:FUNCTION --at POINT``: the table of a folder of gradients, on the command line."""

from __future__ import annotations

import argparse
import ast
import runpy
from pathlib import Path
from typing import Any

from autograd.errors import AutogradError
from autograd.text import visible
from viz.marking.mark import mark


def add_to(verbs: Any) -> None:
    """Add the command to a parser's."""
    parser = verbs.add_parser(
        "mark", help="check and explain a folder of gradients", description=__doc__.split(": ")[1]
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="of Python files that each define the gradient")
    add("reference", metavar="FILE:FUNCTION", help="the function that they are gradients of")
    add("--at", required=True, metavar="POINT", help="its arguments, as Python writes them: '0.5, [1.0, 2.0]'")
    add("--function", default="gradient", metavar="NAME", help="what the gradients are called (gradient)")
    add("--seconds", type=float, default=10.0, help="how long each may run (10)")
    add("--megabytes", type=int, default=1024, help="how much memory each may take (1024)")
    add("--csv", type=Path, metavar="FILE", help="write the table as CSV")
    add("--page", type=Path, metavar="FILE", help="write the table as a page")
    parser.set_defaults(run=lambda options: _run(parser, options))


def _run(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Print the table; 0 if every gradient is right, 1 if one is not."""
    file, _, name = options.reference.rpartition(":")
    try:
        f = runpy.run_path(file)[name]
        point = ast.literal_eval(f"({options.at},)")
        marks = mark(
            options.folder, f, *point, function=options.function, seconds=options.seconds, megabytes=options.megabytes
        )
    except (AutogradError, OSError, KeyError, ValueError, SyntaxError) as error:
        parser.exit(2, f"{parser.prog}: error: {visible(f'{type(error).__name__}: {error}')}\n")
    print(marks)
    if options.csv:
        marks.to_csv(options.csv)
    if options.page:
        marks.to_html(options.page)
    return 0 if all(each.verdict == "right" for each in marks.marks) else 1
