"""The command line: ``python -m viz debug FILE`` steps through a script's graph, ``mark FOLDER`` marks a class."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from autograd.text import visible
from viz import terminal
from viz.debugger import Debugger
from viz.debugger.program import ProgramError, found, is_script, node_of
from viz.marking import command as marking
from viz.recording import Recording, record


def main(argv: list[str] | None = None) -> int:
    """Debug the node that the file yields; 1 if it yielded none to the end, 2 for a wrong option or no such file."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.verb == "mark":
        return int(options.run(options))
    commands = list(options.command)
    if options.commands is not None:
        try:
            commands = [*options.commands.read_text("utf-8").splitlines(), *commands]
        except (OSError, ValueError) as error:
            parser.exit(
                2, f"{parser.prog}: error: {visible(f'the commands in {options.commands} cannot be read: {error}')}\n"
            )
    if options.module or is_script(options.file):
        try:
            found(options.file, options.module)
        except ProgramError as error:
            parser.exit(2, f"{parser.prog}: error: {visible(str(error))}\n")

    def load() -> Recording:
        return record(node_of(options.file, options.arguments, options.node, options.sources, options.module))

    debugger = Debugger(load, commands)
    debugger.loop()
    return 0 if debugger.loaded else 1


class _Parser(argparse.ArgumentParser):
    """Which says what was typed so that nothing in it acts."""

    def error(self, message: str) -> NoReturn:
        super().error(visible(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m viz", description="See a computation graph at work.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    marking.add_to(verbs)
    debug = verbs.add_parser(
        "debug", help="step through a graph in the terminal", description="Step through a graph, forwards and back."
    )
    add = debug.add_argument
    add("-c", dest="command", action="append", default=[], metavar="COMMAND", help="carry this out first")
    add("--commands", type=Path, metavar="FILE", help="carry out the commands in a file first")
    add("--node", metavar="NAME", help="the variable that holds the node, if it is not J or loss")
    add("--sources", action="store_true", help="remember the line of every node (slow), for `list source`")
    add("-m", dest="module", action="store_true", help="FILE is the name of a module, run as python -m does")
    add("file", metavar="FILE", help="a script that leaves a node in J; or module:function, or file.py:function")
    rest = "what the script finds in sys.argv, options too"
    add("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help=rest)
    return parser


if __name__ == "__main__":
    terminal.run(main)
