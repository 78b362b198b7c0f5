"""The debugger's verbs, those that people know from pdb and gdb, each one method whose docstring is its help."""

from __future__ import annotations

import cmd
import inspect
import io
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TextIO, overload

from autograd import Value
from autograd.errors import ArgumentError, AutogradError
from autograd.renamed import renamed
from autograd.text import quoted, short, visible
from viz.debugger import predicates
from viz.debugger.breakpoints import KINDS
from viz.debugger.mishaps import said, text_of
from viz.debugger.session import Session
from viz.debugger.steps import NUMBERS, TEXTS
from viz.debugger.style import style_for
from viz.debugger.telling import LINE, Telling
from viz.languages import Language, language
from viz.numbers import DIGITS, checked_digits
from viz.recording import ITERATION, NEURON, PHASES, UNITS, Recording, recorded
from viz.subject import looked_at
from viz.terminal import written
from viz.why import why_in

if TYPE_CHECKING:
    from viz.subject import Runs, Subject
    from viz.variables import Variables

try:
    import readline
except ImportError:  # Windows: no completion and no history, and all else works
    readline = None  # type: ignore[assignment]  # what a module that is not there is

VERBS = {  # what `help` lists, in this order
    "moving": "step next continue back reverse-next reverse-continue goto run",
    "stopping": "break tbreak watch delete",
    "looking": "print where list explain why",
    "besides": "help quit",
}
SHORT = {
    "s": "step", "n": "next", "c": "continue", "cont": "continue", "b": "break", "tb": "tbreak", "p": "print",
    "w": "where", "bt": "where", "l": "list", "h": "help", "q": "quit", "exit": "quit", "rs": "back",
    "reverse-step": "back", "rn": "reverse-next", "rc": "reverse-continue", "r": "run", "d": "delete", "?": "help",
}  # fmt: skip
PLACES = ("start", "seed", "end")
_ITERATION = re.compile(r"iteration\s+(\d+)")
LONGEST_LINE = 10_000  # characters of a command


class _OutputError(Exception):
    """What is said cannot be written, for the reason that is its cause."""


class Debugger(cmd.Cmd):
    """Reads commands, moves a session and prints what it sees.

    `load` gives the steps; it is called at the beginning and by `run`, and may raise an AutogradError,
    which is said and leaves the debugger without a graph until the next `run`.
    """

    prompt = "(debug) "

    def __init__(
        self, load: Callable[[], Recording], commands: Sequence[str] = (), stdin: TextIO | None = None,
        stdout: TextIO | None = None, digits: int = DIGITS, lang: str = "en",
    ) -> None:  # fmt: skip
        super().__init__(stdin=stdin or sys.stdin or io.StringIO(), stdout=stdout or sys.stdout or io.StringIO())
        asks = "ipykernel" in sys.modules and sys.stdin is not None  # in a box
        self.use_rawinput = stdin is None and (self.stdin.isatty() or asks)
        self.cmdqueue = list(commands)
        self._queued = len(self.cmdqueue)
        self._style = style_for(self.stdout)
        self._load, self._digits, self.language = load, checked_digits(digits), language(lang)
        self._session: Session | None = None
        self._telling: Telling | None = None
        self.verbs = [verb for verbs in VERBS.values() for verb in verbs.split()]

    @property
    def _taken(self) -> int | None:
        return None if self._session is None else self._session.taken

    @property
    def loaded(self) -> bool:
        """Whether there is a graph."""
        return self._session is not None

    # -- the loop -------------------------------------------------------------------------------

    def loop(self) -> None:
        """Load the node and take commands until `quit` or the end of input; Ctrl-C only interrupts."""
        try:
            with _words_end_at_blanks() if self.use_rawinput and readline is not None else nullcontext():
                self._take_commands()
        except _OutputError as error:
            raise error.__cause__ or error from None

    def _take_commands(self) -> None:
        stop, interrupted = self._safely(self._start), False
        while not stop:
            try:
                if interrupted:  # told here, where another Ctrl-C is caught
                    interrupted = False
                    self._say(["", self._words("interrupted")])
                self.cmdloop()
                stop = True
            except KeyboardInterrupt:
                interrupted = True
            except UnicodeDecodeError as error:  # of input, whose bytes are then taken
                self._say(["", *self._mistake(f"that line cannot be read: it is not written in {error.encoding}")])

    def precmd(self, line: str) -> str:
        """Write a command that was fed, so that what is printed reads like a session."""
        if self._queued:
            self._queued -= 1
            self._say([self.prompt + _echoed(line)])
        elif not self.use_rawinput:
            self._say(["" if line == "EOF" else _echoed(line.rstrip())])
        return line

    def onecmd(self, line: str) -> bool:
        """Carry out one line; true if it was the last."""
        line = line.strip()
        if line == "EOF":
            if self.use_rawinput:
                self._say([""])
            return True
        if not line or line.startswith("#"):
            return self.onecmd(self.lastcmd) if self.lastcmd and not line else False
        self.lastcmd = line
        return self._safely(lambda: self._carry_out(line))

    def _safely(self, act: Callable[[], bool | None]) -> bool:
        """Do it; whatever it raises is said, and the debugger goes on.  What the output itself raises is not caught."""
        before = self._taken
        try:
            return bool(act())
        except _OutputError:
            raise
        except AutogradError as error:
            self._say([*getattr(error, "shown", ()), *self._mistake(text_of(error))])
        except KeyboardInterrupt:
            self._say([self._interrupted(before)])
        except BaseException as error:
            self._say(self._mistake(f"that went wrong in the debugger, or in a function of the graph: {said(error)}"))
        return False

    def _mistake(self, sentence: str) -> list[str]:
        return [self._style(visible(line), "error") for line in sentence.split("\n")]

    def _words(self, key: str, **fields: object) -> str:
        return self.language.tell(self.language.debugger[key], **fields)

    def _interrupted(self, before: int | None) -> str:
        after = self._taken
        if after is None:
            return self._words("interrupted, no graph")
        return self._words("interrupted, unmoved" if after == before else "interrupted, moved", n=after)

    def _carry_out(self, line: str) -> bool:
        if len(line) > LONGEST_LINE:
            raise ArgumentError(f"a command has at most {LONGEST_LINE:,} characters, this one {len(line):,}")
        verb, rest = re.match(r"(?s)([A-Za-z-]*|\?)(.*)", line).groups()  # type: ignore[union-attr]  # fits any line
        act: Callable[[str], bool | None] = getattr(self, f"do_{self._verb(verb, line).replace('-', '_')}")
        return bool(act(rest.strip()))

    def _verb(self, typed: str, line: str) -> str:
        """The verb that an abbreviation stands for."""
        if typed in SHORT or typed in self.verbs:
            return SHORT.get(typed, typed)
        fits = [verb for verb in self.verbs if typed and verb.startswith(typed)]
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ArgumentError(f"{short(typed)} may be {' or '.join(fits)}: write more of it")
        close = get_close_matches(typed, self.verbs, n=1)
        hint = f"did you mean {close[0]}?" if close else "`help` lists what there is"
        raise ArgumentError(f"there is no command {quoted(typed or line)}; {hint}")

    def _say(self, lines: Iterable[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        try:
            self.stdout.write(written(text, self.stdout))
            self.stdout.flush()
        except (OSError, ValueError) as error:  # ValueError: it was closed
            raise _OutputError from error

    def _start(self) -> None:
        self._session = self._telling = None
        self._session = Session(self._load(), self._digits, self.language)
        width = min(shutil.get_terminal_size().columns, LINE) if self.stdout.isatty() else LINE
        self._telling = Telling(self._session, self._style, width)
        self._say(self._telling.start())

    @property
    def session(self) -> Session:
        """The session; ArgumentError while there is no graph."""
        if self._session is None:
            raise ArgumentError("there is no graph to step through: mend the program, then `run` tries again")
        return self._session

    @property
    def tell(self) -> Telling:
        """Who says things of the session."""
        if self._telling is None:
            raise ArgumentError("there is no graph to step through: mend the program, then `run` tries again")
        return self._telling

    # -- moving ---------------------------------------------------------------------------------

    def do_step(self, line: str) -> None:
        """step [N]: take one step, or N.  A step computes one node, or sends one contribution back."""
        count = _count(line, "step")
        self._forward(self.session.taken + count)

    def do_next(self, line: str) -> None:
        """next [N] [layer | iteration]: take the steps of one neuron, one layer, or one iteration of a loop.

        Where there are no scopes it takes those of one node.
        """
        count, unit = _units(line, "next")
        self._forward(self.session.units(count, unit))

    def do_continue(self, line: str) -> None:
        """continue: go on to the next breakpoint, or to the end."""
        _nothing_more(line, "continue")
        self._forward(len(self.session.log), each=False)

    def _forward(self, target: int, each: bool = True) -> None:
        if self.session.taken == len(self.session.log):
            self._say([self._words("nothing further")])
        else:
            self._say(self.tell.moved(self.session.forward(target), each))

    def do_back(self, line: str) -> None:
        """back [N]: take one step back, or N.  What is known is then exactly what was known before."""
        self._back(self.session.taken - _count(line, "back"))

    def do_reverse_next(self, line: str) -> None:
        """reverse-next [N] [layer | iteration]: go back to where this neuron (or layer, or iteration) began."""
        count, unit = _units(line, "reverse-next")
        self._back(self.session.units(-count, unit))

    def do_reverse_continue(self, line: str) -> None:
        """reverse-continue: go back to where a breakpoint would have stopped, or to the beginning."""
        _nothing_more(line, "reverse-continue")
        if not self._at_the_beginning():
            self._say(self.tell.moved(self.session.back_to_breakpoint()))

    def _back(self, target: int) -> None:
        if not self._at_the_beginning():
            self._say(self.tell.moved(self.session.back(target)))

    def _at_the_beginning(self) -> bool:
        if not self.session.taken:
            self._say([self._words("nothing back")])
        return not self.session.taken

    def do_goto(self, line: str) -> None:
        """goto N | start | seed | end | NODE | iteration K: go to a step, to one that computes a node, or into a loop.

        The loop of `iteration` is the one here, else the first; in the backward pass it is the way back through it.
        """
        session = self.session
        places = dict(zip(PLACES, (0, session.log.seed + 1, len(session.log)), strict=True))
        if line.isdecimal():
            target = _whole(line)
            if target > len(session.log):
                raise ArgumentError(f"there are {len(session.log):,} steps, got {line[:40]}")
        elif not line:
            raise ArgumentError("goto needs a step or a node, as in: goto 17, goto seed, goto z21")
        elif found := _ITERATION.fullmatch(line):
            target = session.iteration(_whole(found[1]))
        else:
            target = places[line] if line in places else session.computed_at(session.node(line))
        self._say(self.tell.moved(session.back(target), each=False))

    def do_run(self, line: str) -> None:
        """run: start again; a script is run again, so that changes in it count.  Breakpoints are forgotten."""
        _nothing_more(line, "run")
        self._start()

    # -- stopping -------------------------------------------------------------------------------

    def do_break(self, line: str) -> None:
        """break NODE | op OP | scope SCOPE | name PATTERN | phase PHASE | if CONDITION: stop after such steps.

        break z21                    where z²₁ is computed or its δ grows
        break op tanh                steps of an operation
        break scope layer2           steps in a layer or neuron
        break name W*                steps that change a node with such a name
        break phase backward         where a pass begins
        break if abs(delta) > 10     a condition (`help conditions`), also after one of the above
        break                        lists what is set
        """
        self._break(line, temporary=False)

    def do_tbreak(self, line: str) -> None:
        """tbreak …: as break, but it stops only once."""
        self._break(line, temporary=True)

    def _break(self, line: str, temporary: bool) -> None:
        if line:
            self._say([str(self.session.stop_at(line, temporary))])
        else:
            self._say(map(str, self.session.points.values()) if self.session.points else [self._words("no breakpoint")])

    def do_watch(self, line: str) -> None:
        """watch NODE: stop whenever its value or its δ changes, and show it before and after."""
        if not line:
            raise ArgumentError("watch needs a node, as in: watch z21")
        self._say([str(self.session.watch(self.session.node(line)))])

    def do_delete(self, line: str) -> None:
        """delete [N]: remove breakpoint or watchpoint N, or all of them."""
        if line and not line.isdecimal():
            raise ArgumentError(f"delete needs the number of a breakpoint, got {quoted(line)}; `break` lists them")
        for number in [_whole(line)] if line else list(self.session.points):
            self._say([self._words("deleted", point=self.session.delete(number))])

    # -- looking --------------------------------------------------------------------------------

    def do_print(self, line: str) -> None:
        """print [NODE … | scope SCOPE | EXPRESSION]: what is known here; alone, of the last step's nodes.

        print z21 W111               nodes
        print scope layer2           all nodes of a layer or neuron
        print delta / contribution   a number of the last step (`help conditions`)
        """
        session = self.session
        if not line:
            self._print_nodes(self.tell.concerned())
        elif line.startswith("scope "):
            self._say(self.tell.nodes(session.in_scope(line.removeprefix("scope ").strip())))
        else:
            try:
                self._print_nodes([node for text in _words_of(session, line) for node in session.names.find(text)])
            except ArgumentError:
                if not _looks_like_an_expression(line):
                    raise
                self._print_expression(line)

    def _print_nodes(self, nodes: list[int]) -> None:
        if not nodes:
            self._say([self._words("no step to print")])
        for node in nodes if len(nodes) <= 4 else []:
            self._say(self.tell.node(node))
        if len(nodes) > 4:
            self._say(self.tell.nodes(nodes))

    def _print_expression(self, line: str) -> None:
        expression = predicates.expression(line)
        if not self.session.taken:
            raise ArgumentError("no step is taken yet, so there is nothing that this could be of")
        found = expression.at(self.session.steps, self.session.taken - 1)
        asked = visible(line)
        nothing = self._words("no value", asked=asked)
        self._say([nothing if found is None else f"{asked} = {visible(str(found))}"])

    def do_where(self, line: str) -> None:
        """where: the place, the way that the derivative took down to here, and the next step."""
        _nothing_more(line, "where")
        self._say(self.tell.where())

    def do_list(self, line: str) -> None:
        """list [N | source]: the steps around this one, or around step N; the code that computed the node here."""
        session = self.session
        if line == "source":
            self._say(self.tell.source(int(session.log.sources[max(session.taken - 1, 0)])))
        elif line and not line.isdecimal():
            raise ArgumentError(f"list takes the number of a step, or the word source, got {quoted(line)}")
        else:
            number = _whole(line) if line else session.taken
            self._say(self.tell.around(min(max(number - 1, 0), len(session.log) - 1)))

    def do_explain(self, line: str) -> None:
        """explain: what the last step means, in words."""
        _nothing_more(line, "explain")
        self._say(self.tell.meaning())

    def do_why(self, line: str) -> None:
        """why [NODE] [N]: the paths from J that carry the node's derivative, the N largest (5)."""
        session = self.session
        name, count = re.fullmatch(r"(.*?)(?:(?:^|\s)(\d+))?", line).groups()  # type: ignore[union-attr]  # fits any line
        node = session.node(name) if name else session.current()
        if node is None:
            raise ArgumentError("why needs a node, as in: why W111")
        top, lang = _whole(count or "5"), self.language.code
        self._say(str(why_in(session.trace, session.names, node, top, self._digits, lang)).splitlines())

    # -- besides --------------------------------------------------------------------------------

    def do_help(self, line: str) -> None:
        """help [COMMAND]: what can be said; `help conditions`: the language of conditions."""
        if line == "conditions":
            self._say([_conditions(self.language)])
        elif line:
            verb = self._verb(line, line)
            shorts = [short for short, long in SHORT.items() if long == verb]
            self._say([_help(self, verb), *([self._words("short", words=", ".join(shorts))] if shorts else [])])
        else:
            for group, verbs in VERBS.items():
                self._say([self._style(self._words(group), "bold")])
                self._say(f"  {_help(self, verb).splitlines()[0]}" for verb in verbs.split())
            self._say([self._words("abbreviate")])

    def do_quit(self, line: str) -> bool:
        """quit: leave; so does the end of input."""
        return True

    # -- completion -----------------------------------------------------------------------------

    def completenames(self, text: str, *ignored: object) -> list[str]:
        """Verbs that begin so, the only one with the blank that follows it."""
        found = [verb for verb in self.verbs if verb.startswith(text)]
        return [f"{found[0]} "] if len(found) == 1 else found

    def completedefault(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """What may follow a verb: names, operations, scopes, kinds of breakpoints."""
        if self._session is None:
            return []
        return completions(self._session, line[:begin].split(), text)


def completions(session: Session, before: Sequence[str], text: str) -> list[str]:
    """Words that may stand after `before` and begin with `text`."""
    last = before[-1] if before else ""
    if last == "op":
        known = session.steps.ops[1:]
    elif last == "scope":
        known = [scope for scope in session.steps.scopes.table if scope]
    elif last == "phase":
        known = list(PHASES)
    else:
        first = {"break": KINDS, "tbreak": KINDS, "next": UNITS, "goto": (*PLACES, ITERATION), "print": ("scope",)}
        known = [*first.get(SHORT.get(last, last), ()), *session.names.beginning(text)]
    return [word for word in known if word.startswith(text)] or session.names.beginning(text)


@overload
def debug(
    output: Value,
    commands: Iterable[str] | None = None,
    stdout: TextIO | None = None,
    *,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
) -> None: ...
@overload
def debug(
    output: Runs,
    *at: Any,
    commands: Iterable[str] | None = None,
    stdout: TextIO | None = None,
    digits: int = DIGITS,
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> None: ...


@renamed(J="output")
def debug(
    output: Subject, *at: Any, commands: Iterable[str] | None = None, stdout: TextIO | None = None,
    digits: int = DIGITS, lang: str = "en", names: Variables = None, **named: Any,
) -> None:  # fmt: skip
    """Step through the computation of `output` and of its derivatives, forwards and back, in the terminal.

    It reads commands as pdb does: `step`, `next`, `break z21`, `continue`, `back`, `print`, `why`, `help`.
    With `commands` it carries out those and returns.  The output is a Value, or a compiled function or a program,
    followed by its arguments (see `draw`, also for `names`).  Numbers have `digits` significant ones, and more where a
    line would not be true otherwise; ≈ says that some are cut.  It answers in the language `lang`, "en" or "ru";
    commands and errors are English.  No grad is read or changed.

    >>> x = Value(3.0, name="x")
    >>> debug(x * x, ["step 2", "where"])  # doctest: +ELLIPSIS
    t₁ = 9. Forwards 1 node to compute, then backwards 2 contributions to δ: 4 steps.
    ...

    Raises:
        OperandError: if `output` is not a Value
        ArgumentError: for digits that a number cannot have, for another language, and for commands in one text
    """
    checked_digits(digits)
    language(lang)
    seen, commands, stdout = looked_at(output, at, named, names, commands, stdout)
    if isinstance(commands, str) or not (commands is None or isinstance(commands, Iterable)):
        raise ArgumentError(f'commands are several, as in ["step", "where"], got {quoted(commands)}')
    log = recorded(seen.trace)
    stdin = None if commands is None else io.StringIO("".join(f"{command}\n" for command in commands))
    Debugger(lambda: log, stdin=stdin, stdout=stdout, digits=digits, lang=lang).loop()


@contextmanager
def _words_end_at_blanks() -> Iterator[None]:
    """For readline words end at blanks alone, so that z²₁ and W¹* are one."""
    before = readline.get_completer_delims()
    readline.set_completer_delims(" \t\n")
    try:
        yield
    finally:
        readline.set_completer_delims(before)


# -- reading what is typed ---------------------------------------------------------------------------


def _count(line: str, verb: str) -> int:
    if line and not (line.isdecimal() and _whole(line) > 0):
        raise ArgumentError(f"{verb} takes a number of steps from 1 up, got {quoted(line)}")
    return _whole(line or "1")


def _whole(digits: str) -> int:
    """The number that is typed; one that is larger than any count, and than Python reads, is a large one."""
    return min(int(digits[:600]), 10**18)


def _echoed(line: str) -> str:
    return visible(line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…")


def _units(line: str, verb: str) -> tuple[int, str]:
    """How many, and of which unit: ``3 layer``, in any order."""
    count, unit = 1, NEURON
    for word in line.split():
        singular = word.removesuffix("s")
        if word.isdecimal() and _whole(word) > 0:
            count = _whole(word)
        elif singular in UNITS:
            unit = singular
        else:
            raise ArgumentError(f"{verb} takes a number from 1 up and one of {', '.join(UNITS)}, got {quoted(word)}")
    return count, unit


def _nothing_more(line: str, verb: str) -> None:
    if line:
        raise ArgumentError(f"{verb} takes nothing after it, got {quoted(line)}")


def _words_of(session: Session, line: str) -> list[str]:
    """The names in a line; a name with blanks in it is one, if there is such a node, or several, as in a b[2]."""
    known = session.names.codes
    return [line] if line in known or line.rpartition("[")[0] in known else line.split()


def _looks_like_an_expression(line: str) -> bool:
    known = [*NUMBERS, *TEXTS, *predicates.ALIASES, *predicates.FUNCTIONS]
    return bool(re.search(r"[-+*/%<>=()]", line)) or line in known


def _conditions(language: Language) -> str:
    """What the language of conditions is."""
    ours = language.help.get("conditions")
    return predicates.LANGUAGE if ours is None else language.tell(ours, functions=", ".join(predicates.FUNCTIONS))


def _help(debugger: Debugger, verb: str) -> str:
    """What a command does: in another language as its table has it, else as its method says."""
    return debugger.language.help.get(verb) or inspect.getdoc(getattr(debugger, f"do_{verb.replace('-', '_')}")) or ""
