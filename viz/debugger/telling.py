"""What the debugger shows of a session: steps, what stopped, where it stands.  Lines of text, printed by others."""

from __future__ import annotations

import linecache
import textwrap
from collections.abc import Iterator

import numpy as np

from autograd.files import LONGEST_PATH
from autograd.ops.primitive import title_of
from autograd.text import short, visible
from viz.columns import KINDS, LEAF, Step
from viz.debugger.session import Moved, Session
from viz.debugger.style import Style
from viz.numbers import equals
from viz.recording import BACKWARD, FORWARD

MOST_STEPS = 24  # that a move shows each; of more only the last
AROUND = 5  # steps, or lines of source, before and after
MOST_NODES = 30  # of a scope that are printed
MOST_LEAVES = 8  # whose derivatives are shown at the end
LINE = 105  # characters after which a sentence goes on in a new line, unless the terminal is narrower
LONGEST_WAY = 12  # nodes on the way down from J


class Telling:
    """Says things of one session."""

    def __init__(self, session: Session, style: Style, width: int = LINE) -> None:
        self._session, self._style = session, style
        self._log, self._words, self._trace = session.log, session.words, session.trace
        self._line = width
        self._told = ""  # the heading under which the last step was shown

    def say(self, key: str, **fields: object) -> str:
        """What the debugger says in its language."""
        language = self._session.language
        return language.tell(language.debugger[key], **fields)

    # -- the beginning and the end --------------------------------------------------------------

    def start(self) -> Iterator[str]:
        """What there is to step through."""
        columns, root = self._trace.columns, self._trace.root
        J = f"{self._words.names.called(root)} {equals(columns.value.item(root), self._words.digits)}"
        computed, back = len(self._trace.forward), len(self._log.sums)
        yield self.say("start", root=J, nodes=computed, back=back, steps=len(self._log))
        if self._trace.anew:
            yield self._style(self._session.language.picture["anew"], "stop")
        yield self.say("how, loops" if any(self._log.iterations.table) else "how")
        yield from self._not_finite()

    def _not_finite(self) -> Iterator[str]:
        """A word on the first number that is nan or infinite."""
        forward = ~np.isfinite(self._trace.columns.value[self._log.targets[: self._log.seed]])
        if forward.any():
            step = int(np.argmax(forward))
        elif not np.isfinite(self._log.sums).all():
            step = self._log.seed + 1 + int(np.argmax(~np.isfinite(self._log.sums)))
        else:
            return
        node = self._words.names.called(int(self._log.targets[step]))
        what = node if step < self._log.seed else f"δ({node})"
        yield self._style(self.say("not finite", what=what, step=str(step + 1)), "stop")

    def end(self) -> Iterator[str]:
        """The derivatives that were asked for."""
        yield self._style(self.say("end"), "stop")
        columns = self._trace.columns
        leaves = np.flatnonzero((columns.kind == KINDS.index(LEAF)) & columns.reached)
        called = self._words.names.called
        for i in leaves[:MOST_LEAVES].tolist():
            derivative = self._words.partials.whole_text(i, called)
            yield f"  {derivative} {equals(columns.delta.item(i), self._words.digits)}"
        if len(leaves) > MOST_LEAVES:
            yield self._style(self.say("more leaves", n=len(leaves) - MOST_LEAVES), "dim")

    # -- steps ----------------------------------------------------------------------------------

    def moved(self, moved: Moved, each: bool = True) -> Iterator[str]:
        """What a move did: each step if they are few, else the last, and what stopped it."""
        count = abs(moved.after - moved.before)
        if moved.after < moved.before:
            yield self._style(self.say("steps back", n=count), "dim")
        if not self._session.taken:
            self._told = ""
            yield self.say("beginning")
            return
        if moved.after > moved.before and each and count <= MOST_STEPS:
            for number in range(moved.before, moved.after - 1):
                yield from self.step(number, False)
        elif moved.after > moved.before + 1:
            yield self._style(self.say("steps between", n=count - 1), "dim")
        for point in moved.hit:
            yield self._style(str(point), "stop")
        yield from self.step(moved.after - 1, True)
        for point in moved.hit:
            if point.watched is not None:
                yield from self._change(point.watched)
        if moved.after == len(self._log):
            yield from self.end()

    def step(self, number: int, sentence: bool) -> Iterator[str]:
        """One step under the heading of its neuron, with its sentence if wanted."""
        heading = self._heading(number)
        if heading != self._told:
            self._told = heading
            phase = self._log.phase(number)
            yield self._style(f"── {heading} ──", phase)
        yield f"{self._number(number)}  {self._words.arithmetic(number)}"
        if sentence:
            indent = " " * (self._width + 2)
            for line in self._wrapped(self._words.sentence(number), len(indent)):
                yield self._style(indent + line, "dim")

    def _wrapped(self, sentence: str, indent: int) -> list[str]:
        return textwrap.wrap(sentence, max(self._line - indent, 20), break_long_words=False)

    @property
    def _width(self) -> int:
        return max(len(f"{len(self._log):,}"), 3)

    def _number(self, number: int) -> str:
        return self._style(f"{number + 1:{self._width},}", "number")

    def _heading(self, number: int) -> str:
        scope, phase = self._scope(number), self.say(self._log.phase(number))
        return f"{phase}, {scope}" if scope else phase

    def _scope(self, number: int) -> str:
        return short(self._session.language.place(self._trace.nodes[int(self._log.sources[number])].scope))

    def _change(self, node: int) -> Iterator[str]:
        before, after = self._log.state(self._session.taken - 1), self._session.state
        yield self.say("before", known=self._words.known(before, node))
        yield self.say("now", known=self._words.known(after, node))

    # -- looking round --------------------------------------------------------------------------

    def where(self) -> Iterator[str]:
        """The place, the way down to it from J, and what comes next."""
        taken, total = self._session.taken, len(self._log)
        place = self.say("taken", k=taken, n=total)
        if not taken:
            yield self.say("none taken", taken=place)
        else:
            yield f"{place}: {self._heading(taken - 1)}"
            yield f"{self._number(taken - 1)}  {self._words.arithmetic(taken - 1)}"
            yield from self._way()
        if taken < total:
            yield self._style(self.say("next", step=self._words.arithmetic(taken)), "dim")
        source = self._trace.nodes[int(self._log.sources[max(taken - 1, 0)])].source
        if source:
            yield self._style(self.say("computed at", source=short(source, LONGEST_PATH)), "dim")

    def _way(self) -> Iterator[str]:
        way = self._session.way_down(LONGEST_WAY)
        if way:
            names = [self._words.names.called(node) for node in reversed(way)]
            start = "" if way[-1] == self._trace.root else f"{self._words.names.called(self._trace.root)} → … → "
            yield self.say("way", way=f"{start}{' → '.join(names)}")

    def meaning(self) -> Iterator[str]:
        """What the last step means."""
        taken = self._session.taken
        said = self._words.meaning(taken - 1) if taken else self.say("no step yet")
        yield from self._wrapped(said, 0)

    def around(self, number: int) -> Iterator[str]:
        """The steps before and after one; an arrow at the last that was taken."""
        for at in range(max(number - AROUND, 0), min(number + AROUND + 1, len(self._log))):
            mark = "→" if at == self._session.taken - 1 else " "
            phase = self._log.phase(at)
            sign = {FORWARD: "▸", BACKWARD: "◂"}.get(phase, "•")
            yield f"{mark}{self._number(at)} {self._style(sign, phase)} {self._words.arithmetic(at)}"

    def source(self, node: int) -> Iterator[str]:
        """The lines of code around the one that computed a node."""
        path, _, line = (self._trace.nodes[node].source or "").rpartition(":")
        if not path:
            yield self.say("no source")
            return
        yield self._style(short(path), "dim")
        linecache.checkcache(path)  # it may have been mended since
        for at in range(max(int(line) - AROUND, 1), int(line) + AROUND + 1):
            text = visible(linecache.getline(path, at).rstrip().expandtabs())
            if text or at <= int(line):
                yield f"{'→' if at == int(line) else ' '}{self._style(f'{at:4}', 'number')}  {text}"

    def node(self, node: int) -> Iterator[str]:
        """What is known of a node, and what it is."""
        yield self._words.known(self._session.state, node)
        row = self._trace.nodes[node]
        op = self._session.language.operations.get(row.op, title_of(row.op))
        kind = self.say("computed by", op=op, step=self._session.computed_at(node)) if op else self.say(f"a {row.kind}")
        yield self._style(f"  {self.say('in scope', kind=kind, scope=short(row.scope)) if row.scope else kind}", "dim")

    def nodes(self, nodes: list[int]) -> Iterator[str]:
        """Many nodes, a line each."""
        for node in nodes[:MOST_NODES]:
            yield f"  {self._words.known(self._session.state, node)}"
        if len(nodes) > MOST_NODES:
            yield self._style(self.say("more", n=len(nodes) - MOST_NODES), "dim")

    def concerned(self) -> list[int]:
        """The nodes that the last step is about."""
        step = self._log.step(self._session.taken - 1) if self._session.taken else None
        if step is None:
            return []
        return [step.node, step.operand] if isinstance(step, Step) else [step.node]
