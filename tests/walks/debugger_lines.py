"""Lines typed to the debugger, without end: each is answered in harmless text and in time, and no number changes.

    python -m tests.walks.debugger_lines --lines 10000 --seed 1

Lines are made by a grammar, then damaged, or are plain rubbish; some are typed on a real pseudo-terminal.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import os
import random
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import nn
from autograd import Value, dot, exp, log, relu, scope, sum, tanh, where
from autograd.order import reachable
from tests.support.terminal import Terminal
from tests.walks.tally import Tally
from viz.debugger.commands import LONGEST_LINE, SHORT, Debugger
from viz.debugger.predicates import FUNCTIONS
from viz.debugger.steps import NUMBERS, TEXTS
from viz.debugger.style import Style
from viz.recording import Recording, record
from viz.terminal import run

SLOW, HANGS = 2.0, 60  # seconds of one line: too many of the processor's, and so many that all is given up
IN_A_SESSION, IN_A_TERMINAL = 40, 20  # lines of one session; one line in so many is typed on a terminal
ROOT = Path(__file__).resolve().parents[2]


# -- graphs -----------------------------------------------------------------------------------------


def a_neuron() -> Value:
    with scope("layer2.neuron1"):
        z = dot([Value(0.12, name="w₁"), Value(-0.5, name="w₂")], [1.4, -1.0], Value(0.1, name="b"))
        z.name = "z²₁"
        a = tanh(z)
    with scope("loss"):
        J = (1.0 - a) ** 2
    J.name = "J"
    return J


def a_network() -> Value:
    J: Value = nn.half_squared_error(nn.MLP(3, [4, 2], seed=0)([1.0, 2.0, 3.0]), [0.5, -0.5])
    return J


def one_with_nan() -> Value:
    x, y = Value(-1.0, name="x"), Value(0.0, name="y")
    return log(x) + exp(x) / y + where(x > 0, x, y) + relu(x)


def a_leaf() -> Value:
    return Value(3.0)


def a_chain() -> Value:
    x = Value(1.0, name="x")
    for i in range(3000):
        with scope(f"layer{i // 100}.neuron{i % 7}"):
            x = x * 1.0001 + 0.001
    return x


def one_that_shares() -> Value:
    x = [Value(float(i), name="same") for i in range(20)]
    return sum([a * b for a in x for b in x]) / 7.0


def one_with_hostile_names() -> Value:
    with scope("\x1b]0;owned\x07.\u202elayer1\r"), scope("a\nb"):
        x = Value(1.0, name="\x1b[31mred\x1b[0m\n(debug) quit")
        y = Value(2.0, name="\x9b2J\r\u2066")
        J = x * y + Value(0.5, name="x if y")
    J.name = "\ud800J\x00"
    return J


GRAPHS = (a_neuron, a_network, one_with_nan, a_leaf, a_chain, one_that_shares, one_with_hostile_names)


# -- lines ------------------------------------------------------------------------------------------

VERBS = ("step next continue back reverse-next reverse-continue goto run break tbreak watch delete print where list"
         " explain why help").split()  # fmt: skip
WORDS = (
    "z21 z²₁ w1 W111 W* x same same[2] #0 #3 tanh#2 J loss layer2 layer2.neuron1 tanh relu + × seed start end forward"
    " backward node name op scope phase if conditions source layer neuron neurons -1 0 1 2 7 99 1e3 inf ٣ 'tanh'"
).split()


LITERALS = (
    "δ", "slope", "inf", "nan", "0", "1.5", "1e999", "'tanh'", '"layer2"', "(", "True", "None", "1j", "x", "10**5000",
    "('relu', 'tanh')", "'\\d'", "b''", "...", "f'{1}'",
)  # fmt: skip
EXTRA = ("", " ", "'", "(", "\\", "\x1b[31m", "\u202e", "\ud800", "é", "₁", "#", "[", "]", "\t", "=", "0")


def line(dice: random.Random) -> str:
    """What somebody types; never an end of the session on purpose."""
    made = dice.choice((command, command, command, rubbish))(dice)
    if dice.random() < 0.4:
        made = damaged(made, dice)
    return made.replace("\n", " ") if dice.random() < 0.9 else made.split("\n")[0]


def command(dice: random.Random) -> str:
    verb = dice.choice((*VERBS, *SHORT)) if dice.random() < 0.9 else dice.choice(VERBS)[: dice.randint(1, 4)]
    if verb in ("quit", "q", "exit"):
        verb = "explain"
    rest = dice.choice((lambda _: "", words, words, condition, number))(dice)
    return f"{verb} {dice.choice(('', '', 'if '))}{rest}"


def words(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.choice((1, 1, 2, 3))))


def number(dice: random.Random) -> str:
    return dice.choice(("1", "3", "0", "-1", "9" * 30, "9" * 5000, "1" + "0" * 400, "0" * 50 + "2", "1e99999", "٣٤"))


def condition(dice: random.Random, depth: int = 3) -> str:
    """An expression, not always one that the language of conditions has."""
    if depth == 0 or dice.random() < 0.2:
        return dice.choice((*NUMBERS, *TEXTS, *LITERALS))
    a, b = condition(dice, depth - 1), condition(dice, depth - 1)
    signs = "+ - * / % ** // @ < <= > >= == != in and or if is | & ,".split()
    return dice.choice((
        f"{a} {dice.choice(signs)} {b}", f"{a} {dice.choice(signs)} {b}", f"not {a}", f"-{a}", f"({a})",
        f"{dice.choice((*FUNCTIONS, 'eval', '__import__'))}({a})", f"max({a}, {b})", f"{a} < {b} < {a}", f"({a}).real",
        f"lambda: {a}", f"[{a} for name in {b}]", f"{a} if {b} else {a}", f"(value := {a})",
    ))  # fmt: skip


def rubbish(dice: random.Random) -> str:
    """Characters of any kind, and what is long or deep."""
    some = [chr(dice.choice((dice.randrange(32), dice.randrange(128, 160), dice.randrange(0x110000), 0x202E, 0x2066)))
            for _ in range(dice.choice((1, 3, 30)))]  # fmt: skip
    return dice.choice((
        "".join(some), "".join(some), "break " + "".join(some), "print '" + "".join(some) + "'",
        "x" * dice.choice((100, LONGEST_LINE, 200_000)), "break if " + "(" * 400, "print " + "-" * 480 + "1",
        "print " + "1<" * 240 + "1", "print " + "not " * 120 + "1", "break " + "z" * 9000, "print " + "a " * 4000,
        "\x1b[A\x1b[2J\x1b]0;owned\x07", "step\r", "\x00", "#", "", "why " + "1 " * 3000, "if " * 3000,
        "print " + "+".join(["value"] * 80), "break " + " and ".join(["step<9"] * 55), "help " + "".join(some),
    ))  # fmt: skip


def damaged(made: str, dice: random.Random) -> str:
    """With a few characters left out, put in, written twice or in another place."""
    for _ in range(dice.choice((1, 1, 3, 10))):
        at, to = sorted((dice.randint(0, len(made)), dice.randint(0, len(made))))
        extra = dice.choice(EXTRA)
        made = dice.choice((
            made[:at] + extra + made[at:], made[:at] + made[to:] if to - at < 5 else made,
            made[:at] + extra + made[at + 1 :],
            made[:to] + made[at : at + 8] + made[to:], made[at : at + 3] + made[:at] + made[at + 3 :],
        ))  # fmt: skip
    return made


# -- what may be answered ---------------------------------------------------------------------------

STYLES = re.compile(r"\x1b\[(?:[0-2]|3[1-5])m")
REORDERS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
AT_MOST = 20_000  # characters of an answer


def wrong(answer: str) -> str:
    """What is wrong with an answer, or nothing."""
    if "that went wrong in the debugger" in answer:
        return f"an error that nobody meant: {answer[-300:]!r}"
    if len(answer) > AT_MOST + 2 * LONGEST_LINE:
        return f"{len(answer):,} characters"
    plain = set(STYLES.sub("", answer)) - {"\n"}
    bad = {c for c in plain if c in REORDERS or unicodedata.category(c) in ("Cc", "Cs")}
    return f"the characters {bad} reach the terminal: {answer[-200:]!r}" if bad else ""


class Typist(io.StringIO):
    """Types lines, and looks at what was answered to each before the next."""

    def __init__(self, lines: list[str], shown: io.StringIO) -> None:
        super().__init__()
        self.lines, self.shown, self.mistakes, self.typed = iter(lines), shown, list[str](), ""
        self.began = time.process_time()

    def readline(self, size: int | None = -1, /) -> str:
        self.look()
        self.typed = next(self.lines, "")
        self.began = time.process_time()
        faulthandler.dump_traceback_later(HANGS, exit=True)
        return self.typed and self.typed + "\n"

    def look(self) -> None:
        faulthandler.cancel_dump_traceback_later()
        lasted = time.process_time() - self.began
        if lasted > SLOW:
            self.mistakes.append(f"{self.typed[:200]!r} took {lasted:.1f} s")
        if found := wrong(self.shown.getvalue()):
            self.mistakes.append(f"{self.typed[:200]!r}: {found}")
        self.shown.seek(0)
        self.shown.truncate()


def session(graph: Callable[[], Value], lines: list[str]) -> list[str]:
    """What went wrong while these lines were typed, and afterwards."""
    J = graph()
    order = reachable(J)
    J.backward()
    numbers = [(node.data.hex(), node.grad.hex()) for node in order]
    log, shown = record(J), io.StringIO()
    typist = Typist(lines, shown)
    debugger = Debugger(lambda: log, [], typist, shown)
    debugger._style = Style(True)
    try:
        debugger.loop()
    except BaseException as error:
        return [*typist.mistakes, f"{typist.typed[:200]!r}: {type(error).__name__} came out: {str(error)[:200]}"]
    typist.look()
    if [(node.data.hex(), node.grad.hex()) for node in order] != numbers:
        typist.mistakes.append("numbers of the graph have changed")
    return [*typist.mistakes, *state_is_wrong(debugger, log, [node.grad for node in order])]


def state_is_wrong(debugger: Debugger, log: Recording, grads: list[float]) -> Iterator[str]:
    """Whether it can be stepped from here to the start, and on to the end, where δ is what `backward` made."""
    here = debugger.session
    if not 0 <= here.taken <= len(log):
        yield f"{here.taken} of {len(log)} steps are taken"
    here.points.clear()
    here.back(0)
    if here.taken or here.state.current is not None:
        yield "it does not go back to the start"
    here.forward(len(log))
    columns = log.trace.columns
    ended = [here.state.delta(node).delta for node in range(len(grads))]
    if any(ended[i] is not None and not alike(ended[i], grads[i]) for i in range(len(grads)) if columns.reached[i]):
        yield "δ at the end is not what backward() makes"


def alike(a: float | None, b: float) -> bool:
    return a == b or (a != a and b != b)


# -- a real terminal --------------------------------------------------------------------------------

TYPED = """\
import sys
sys.path[:0] = [{root!r}]
from tests.walks import debugger_lines
import viz
{fault}
viz.debug(debugger_lines.{graph}())
"""
DOES_SOMETHING_ELSE = re.compile("[\x00-\x02\x04-\x08\x0a-\x1f\x7f\ud800-\udfff]")  # stops, quits, opens an editor


def in_a_terminal(graph: Callable[[], Value], lines: list[str], fault: str = "") -> list[str]:
    """What went wrong while the lines were typed on a pseudo-terminal, with Ctrl-C and tabs among them."""
    source = TYPED.format(root=str(ROOT), graph=graph.__name__, fault=fault)
    environment = {**os.environ, "TERM": "xterm", "PYTHONUTF8": "1", "INPUTRC": os.devnull, "PYTHONPATH": str(ROOT)}
    terminal, mistakes = Terminal([sys.executable, "-c", source], environment), list[str]()
    keys = [DOES_SOMETHING_ELSE.sub("", typed)[:1000].encode() + b"\n" for typed in lines]
    try:
        for typed in (*keys, b"\x03", b"quit\n"):
            if not terminal.until_it_asks():
                break  # it has ended: how, its status tells
            terminal.type(typed)
    except TimeoutError as error:
        mistakes.append(f"{lines[-1][:100]!r} or before: {str(error)[-300:]!r}")
    status, text = terminal.end(), terminal.text
    if status or "Traceback" in text or "that went wrong in the debugger" in text:
        mistakes.append(f"status {status}, shown {text[-1500:]}")
    return mistakes


# -- the walk ---------------------------------------------------------------------------------------


def walk(lines: int, seed: int, terminals: bool = True) -> Iterator[tuple[str, int, list[str]]]:
    """Sessions of some lines each: in which graph, how many lines, and what went wrong."""
    count = 0
    for i in range(10**9):
        if count >= lines:
            return
        dice = random.Random(f"{seed} {i}")
        graph, size = GRAPHS[i % len(GRAPHS)], min(IN_A_SESSION, lines - count)
        typed = [line(dice) for _ in range(size)]
        on_terminal = terminals and hasattr(os, "fork") and i % IN_A_TERMINAL == IN_A_TERMINAL - 1
        found = (in_a_terminal if on_terminal else session)(graph, typed)
        yield f"{i} {graph.__name__}{' in a terminal' if on_terminal else ''}", size, found
        count += size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally = Tally()
    for which, size, found in walk(options.lines, options.seed):
        tally.count[which.partition(" ")[2]] += size
        for mistake in found:
            tally.mistake(f"session {which}: {mistake}")
    return tally.told("lines")


if __name__ == "__main__":
    run(main)
