"""The command line: ``python -m viz draw FILE``, or explore, derive, why, …, of a script's graph; ``mark FOLDER``."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from autograd.errors import AutogradError
from autograd.files import write_whole
from autograd.text import visible
from viz import terminal
from viz.anomaly import anomaly
from viz.debugger import Debugger
from viz.debugger.program import ProgramError, found, is_script, node_of
from viz.formulas.derive import derive
from viz.formulas.formula import formula
from viz.languages import LANGUAGES
from viz.marking import command as marking
from viz.page.explore import explore
from viz.pictures.drawing import draw
from viz.recording import Recording, record
from viz.why import why


class Verb(NamedTuple):
    """What can be done with a graph: a function of the package, whose options are flags, and the files it makes."""

    does: Callable[..., Any]
    help: str
    ending: str = ""  # of the file that it writes where none is named; empty if it prints
    endings: tuple[str, ...] = ()  # of files that its answer has a text for, as that of .tex is `latex`


TEXTS = {".tex": "latex", ".html": "html"}
VERBS = {
    "draw": Verb(draw, "draw the graph, as .svg, .png or .pdf", ".svg"),
    "explore": Verb(explore, "write a page on which to step through it", ".html"),
    "formula": Verb(formula, "say what it computes", endings=(".txt", ".tex", ".html")),
    "derive": Verb(derive, "derive ∂J/∂w as on a board", endings=(".txt", ".tex", ".html")),
    "why": Verb(why, "say along which paths a derivative comes", endings=(".txt",)),
    "anomaly": Verb(anomaly, "find the first nan, overflow or derivative of 0", endings=(".txt",)),
}
NOT_FLAGS = {"names"}  # variables of a script name its nodes by themselves


def main(argv: list[str] | None = None) -> int:
    """Carry out one verb; 1 if the script yields no node or the verb fails, 2 for a wrong option or no such file."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.verb == "mark":
        return int(options.run(options))
    if options.module or is_script(options.file):
        try:
            found(options.file, options.module)
        except ProgramError as error:
            parser.exit(2, f"{parser.prog}: error: {visible(str(error))}\n")
    return _debug(parser, options) if options.verb == "debug" else _shown(options)


def _debug(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    commands = list(options.command)
    if options.commands is not None:
        try:
            commands = [*options.commands.read_text("utf-8").splitlines(), *commands]
        except (OSError, ValueError) as error:
            parser.exit(
                2, f"{parser.prog}: error: {visible(f'the commands in {options.commands} cannot be read: {error}')}\n"
            )

    def load() -> Recording:
        return record(_node(options))

    debugger = Debugger(load, commands, lang=options.lang)
    debugger.loop()
    return 0 if debugger.loaded else 1


def _node(options: argparse.Namespace) -> Any:
    return node_of(options.file, options.arguments, options.node, options.sources, options.module)


def _shown(options: argparse.Namespace) -> int:
    """What the verb makes of the script's node, into a file or printed."""
    verb = VERBS[options.verb]
    given = {name: getattr(options, name) for name, _ in _options_of(verb.does)}
    try:
        made = verb.does(_node(options), **{name: x for name, x in given.items() if x is not None})
        target = options.out or (_beside(options.file, verb.ending) if verb.ending else None)
        if target is None:
            print(made)
        else:
            _write(made, Path(target), verb)
            print(target)
    except AutogradError as error:
        print(f"python -m viz {options.verb}: {visible(str(error))}", file=sys.stderr)
        return 1
    return 0


def _beside(file: str, ending: str) -> str:
    """The file that is written where none is named: here, called as the script."""
    return Path(file.split(":")[0]).stem + ending


def _write(made: Any, target: Path, verb: Verb) -> None:
    if verb.ending:
        made.save(target)
        return
    ending = target.suffix.lower()
    if ending not in verb.endings:
        raise ProgramError(f"this is written as {', '.join(verb.endings)}, got {target}")
    text = getattr(made, TEXTS[ending]) if ending in TEXTS else str(made)
    write_whole(target, f"{text}\n".encode())


# -- what is typed ------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Which says what was typed so that nothing in it acts."""

    def error(self, message: str) -> NoReturn:
        super().error(visible(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m viz", description="See a computation graph at work.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    marking.add_to(verbs)
    for name, verb in VERBS.items():
        add = verbs.add_parser(name, help=verb.help, description=verb.help).add_argument
        where = f"; {verb.ending} beside here if not said" if verb.ending else "; printed if not said"
        add("-o", dest="out", metavar="FILE", help=f"where to write it{where}")
        for option, how in _options_of(verb.does):
            add(f"--{option}", **how)
        _common(add, "FILE is followed by -- and what the script finds in sys.argv", "*")
    debug = verbs.add_parser(
        "debug", help="step through it in the terminal", description="Step through a graph, forwards and back."
    )
    debug.add_argument("-c", dest="command", action="append", default=[], metavar="COMMAND", help="do this first")
    debug.add_argument("--commands", type=Path, metavar="FILE", help="carry out the commands in a file first")
    debug.add_argument("--lang", choices=tuple(LANGUAGES), default="en", help="the language of its answers")
    _common(debug.add_argument, "what the script finds in sys.argv, options too", argparse.REMAINDER)
    return parser


def _common(add: Callable[..., Any], rest: str, how_many: str) -> None:
    """The options of every verb, and the script."""
    add("--node", metavar="NAME", help="the variable that holds the node, if it is not J or loss")
    add("--sources", action="store_true", help="remember the line of every node (slow)")
    add("-m", dest="module", action="store_true", help="FILE is the name of a module, run as python -m does")
    add("file", metavar="FILE", help="a script that leaves a node in J; or module:function, or file.py:function")
    add("arguments", nargs=how_many, metavar="ARGUMENT", help=rest)


def _options_of(function: Callable[..., Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The options of a function as flags: its parameters by name, and what they take."""
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and name not in NOT_FLAGS:
            yield name, _flag(str(parameter.annotation), parameter.default)


def _flag(annotation: str, default: Any) -> dict[str, Any]:
    """How a flag is read: yes or no, a number, several names, a name."""
    if annotation == "bool":
        return {"action": argparse.BooleanOptionalAction, "help": f"{'on' if default else 'off'} if not said"}
    kind = int if annotation.startswith("int") else float if annotation.startswith("float") else str
    several = {"action": "append"} if "Iterable" in annotation else {}
    said = {} if default in (None, inspect.Parameter.empty) else {"help": f"{default} if not said"}
    return {"type": kind, "metavar": "N" if kind is not str else "NAME", **several, **said}


if __name__ == "__main__":
    terminal.run(main)
