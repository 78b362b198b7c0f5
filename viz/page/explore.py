"""The page: step through both passes in a browser, change a leaf, and see everything follow.

One file that needs no network: the trace as data, the table's rules in JavaScript, and the few modules in
``page/``.  A policy in its head lets nothing else run, and what comes from the graph is only ever text.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, GraphError
from autograd.files import write_whole
from autograd.renamed import renamed
from autograd.text import in_json, in_xml, quoted
from viz.numbers import DIGITS, checked_digits, counted
from viz.page.data import ExplorableGraph
from viz.page.javascript import Use, by_hand, table_source
from viz.pictures.svg import COLOURS
from viz.showing import show
from viz.subject import Seen, look
from viz.text import shortened
from viz.trace import Trace

if TYPE_CHECKING:
    from viz.subject import Subject, Wanted
    from viz.variables import Variables

MODULES = (
    "numbers", "graph", "words", "math", "tree", "layout", "picture", "camera", "panels", "player", "guide", "main"
)  # fmt: skip
MOST = 100_000  # numbers on a page: it is then 6 MB or more


@dataclass(frozen=True)
class Page:
    """A finished page: `html` is the file's text.  In a notebook it shows itself."""

    html: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all.

        Raises:
            ArgumentError: if the name does not end in .html
        """
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise ArgumentError(f"a page is saved as .html, got {quoted(str(target))}")
        write_whole(target, self.html.encode())
        return target

    def show(self) -> Path:
        """Open it in the browser, for scripts; without one say where it lies, which is returned too."""
        return show(self.html, "step.html")

    def _repr_html_(self) -> str:
        frame = 'sandbox="allow-scripts" width="100%" height="760" style="border:1px solid #8884;border-radius:10px"'
        return f'<iframe {frame} title="A computation, step by step" srcdoc="{escape(self.html)}"></iframe>'

    def __repr__(self) -> str:
        return f"<page, {len(self.html):,} characters of HTML; .save('step.html') writes it>"


@renamed(J="output", learn="wrt")
def explore(
    output: Subject,
    *at: Any,
    title: str | None = None,
    note: str | None = None,
    wrt: Wanted | Iterable[Wanted] | None = None,
    rate: float = 0.1,
    digits: int = DIGITS,
    names: Variables = None,
    **named: Any,
) -> Page:
    """A page on which to step through the computation of `output` and of its derivatives.

    `output` is a Value, or a compiled function or a program, followed by its arguments (see `draw`, also for `names`).

    Args:
        title: what the page is called; else the output's name
        note: a sentence beside the title: what it is about, what to try
        wrt: the leaves that a step of gradient descent on the page moves; else every leaf
        rate: the learning rate that the page begins with
        digits: significant, of every number; more where a line would not be true otherwise

    No grad is read or changed, and the page keeps nothing of the graph alive.

    Raises:
        OperandError: if `output` is not a Value
        GraphError: for a leaf that it was not computed from, for a graph that is too large for a page and for a row
            that JavaScript cannot have, by its name
        ArgumentError: for a rate that is not a finite number, and for digits that a number cannot have

    >>> from autograd import Value
    >>> x = Value(3.0, name="x")
    >>> explore(x * x)  # doctest: +ELLIPSIS
    <page, ... characters of HTML; .save('step.html') writes it>
    """
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not math.isfinite(rate):
        raise ArgumentError(f"a learning rate is a finite number, got {quoted(rate)}")
    checked_digits(digits)
    seen = replace(look(output, at, named, names), digits=digits)
    if len(seen.trace.nodes) > MOST:
        raise GraphError(
            f"a page holds up to {MOST:,} numbers, this graph has {len(seen.trace.nodes):,}: "
            "explore a part of it, or step through it with viz.debug"
        )
    learn = None if wrt is None else seen.ids_of(wrt)
    return Page(_page(seen, title, note, learn, float(rate)))


# -- the file ---------------------------------------------------------------------------------------


def _page(looked: Seen, title: str | None, note: str | None, learn: list[int] | None, rate: float) -> str:
    seen, graph = looked.trace, ExplorableGraph(looked.trace, looked.names, looked.digits)
    root = graph.called[seen.root]
    script = _script(graph.rules)
    style = _colours() + _part("style.css")
    fields = {
        "policy": in_xml(_policy(script, style)),
        "title": in_xml(shortened(title or _title(seen, root), 80)),
        "lead": in_xml(note if note is not None else _lead(seen, root)),
        "anew": f'<p class="anew">{in_xml(seen.anew)}</p>' if seen.anew else "",
        "root": in_xml(root),
        "style": style,
        "data": in_json({**graph.columns(), "learn": graph.learn(learn), "rate": rate}),
        "script": script,
    }
    return re.sub(r"\{(\w+)\}", lambda field: fields[field[1]], _part("page.html"))


def _title(seen: Trace, root: str) -> str:
    return f"How {root} is computed" if seen.nodes[seen.root].name else "A computation, step by step"


def _lead(seen: Trace, root: str) -> str:
    forward, back = counted(len(seen.forward), "number"), counted(len(seen.backward), "contribution")
    return f"{forward} computed forwards, {back} back to find out what moves {root}"


def _policy(script: str, style: str) -> str:
    """What the page may do: run this one script, use this one style, and load nothing."""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _script(rules: Iterable[Use]) -> str:
    """One function around all modules, so that they share names with each other and with nobody else."""
    parts = [by_hand(), table_source(rules), *(_part(f"{module}.js") for module in MODULES)]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"


@cache
def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _colours() -> str:
    """The pictures' colours as custom properties, light and dark."""
    light = "".join(f"--{name}:{colour};" for name, (_, colour, _) in COLOURS.items())
    dark = "".join(f"--{name}:{colour};" for name, (_, _, colour) in COLOURS.items())
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
