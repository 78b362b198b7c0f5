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
from collections.abc import Iterable, Mapping, Sequence
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
from viz.languages import Language, language
from viz.numbers import DIGITS, checked_digits
from viz.page.data import ExplorableGraph
from viz.page.javascript import Use, by_hand, table_source
from viz.page.lean import lean_script, lean_style
from viz.page.lessons import Lesson, lesson
from viz.pictures.images import as_image
from viz.pictures.svg import COLOURS, Look, render
from viz.pictures.view import view
from viz.showing import show
from viz.subject import Seen, look
from viz.text import shortened, words_in_xml
from viz.trace import Trace

if TYPE_CHECKING:
    from viz.subject import Seen, Subject, Wanted
    from viz.variables import Variables

MODULES = (
    "language", "numbers", "graph", "words", "math", "tree", "layout", "picture", "camera", "panels", "learning",
    "paths", "marking", "quiz", "player", "guide", "stage", "state", "main",
)  # fmt: skip
_FIELD = re.compile(r"\{([^\W\d][\w ]*)\}")
MOST = 100_000  # numbers on a page: it is then 6 MB or more
MOST_DRAWN = 40  # boxes of the picture that stands there where no script may run
MOST_LOOKED_AT = 2_000  # nodes of a graph for which that picture is tried


@dataclass(frozen=True)
class Page:
    """A finished page: `html` is the file's text.  In a notebook it shows itself.

    `picture` is the graph as SVG where a small one shows it, else empty: for where no script may run.
    """

    html: str
    picture: str = ""

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
        may = 'sandbox="allow-scripts allow-downloads" allow="fullscreen; clipboard-write"'
        size = 'width="100%" height="760" style="border:1px solid #8884;border-radius:10px"'
        page = f'<iframe {may} {size} title="A computation, step by step" srcdoc="{escape(self.html)}"></iframe>'
        return page + (f"<noscript>{as_image(self.picture)}</noscript>" if self.picture else "")

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
    samples: Mapping[Wanted, Sequence[float]] | None = None,
    says: Wanted | None = None,
    lang: str = "en",
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
        samples: numbers for the leaves that differ from sample to sample, as {x: [0, 1], y: [1, 0]}; a step downhill
            then goes by the mean over all of them, and the page draws its curve
        says: of two inputs among them, the node that the page draws over their plane: what a network answers
        lang: the language of the page, "en" or "ru"

    No grad is read or changed, and the page keeps nothing of the graph alive.

    Raises:
        OperandError: if `output` is not a Value
        GraphError: for a leaf that it was not computed from, for a graph that is too large for a page and for a row
            that JavaScript cannot have, by its name
        ArgumentError: for a rate that is not a finite number, digits that a number cannot have, samples that are none,
            for a title or a note that is no text, and for another language

    >>> from autograd import Value
    >>> x = Value(3.0, name="x")
    >>> explore(x * x)  # doctest: +ELLIPSIS
    <page, ... characters of HTML; .save('step.html') writes it>
    """
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not math.isfinite(rate):
        raise ArgumentError(f"a learning rate is a finite number, got {quoted(rate)}")
    for name, text in (("title", title), ("note", note)):
        if text is not None and not isinstance(text, str):
            raise ArgumentError(f"the {name} of a page is text, got {quoted(text)}")
    checked_digits(digits)
    seen = replace(look(output, at, named, names), digits=digits)
    if len(seen.trace.nodes) > MOST:
        raise GraphError(
            f"a page holds up to {MOST:,} numbers, this graph has {len(seen.trace.nodes):,}: "
            "explore a part of it, or step through it with viz.debug"
        )
    learn = None if wrt is None else seen.ids_of(wrt)
    words = language(lang)
    picture = _drawn(seen.trace, digits, words)
    about = lesson(seen, learn, float(rate), samples, says)
    return Page(_page(seen, picture, title, note, about, words), picture)


# -- the file ---------------------------------------------------------------------------------------


def _page(looked: Seen, picture: str, title: str | None, note: str | None, about: Lesson, words: Language) -> str:
    seen, graph = looked.trace, ExplorableGraph(looked.trace, looked.names, words, looked.digits)
    root = graph.called[seen.root]
    script = _script(graph.rules)
    style = _colours() + lean_style(_part("style.css"))
    data = {**graph.columns(), **about.columns(graph), "language": _spoken(words)}
    fields = {
        **{key: words_in_xml(words.tell(words.page[key], root=root)) for key in _written()},
        "lang": words.code,
        "policy": in_xml(_policy(script, style)),
        "title": in_xml(shortened(title, 80)) if title else words_in_xml(_title(seen, root, words)),
        "lead": in_xml(note) if note is not None else words_in_xml(_lead(seen, root, words)),
        "anew": f'<p class="anew">{in_xml(words.picture["anew"])}</p>' if seen.anew else "",
        "style": style,
        "drawing": f'<img alt="{words_in_xml(_title(seen, root, words))}" {_source(picture)}>' if picture else "",
        "data": in_json(data),
        "script": script,
    }
    return _FIELD.sub(lambda field: fields[field[1]], _part("page.html"))


@cache
def _written() -> frozenset[str]:
    """The words that stand in the page's own text."""
    ours = {"lang", "policy", "title", "lead", "anew", "style", "drawing", "data", "script"}
    return frozenset(_FIELD.findall(_part("page.html"))) - ours


def _spoken(words: Language) -> dict[str, Any]:
    """The words that the script says: all but those that only stand in the page's text."""
    script = "".join(_part(f"{module}.js") for module in MODULES)
    return {
        "code": words.code,
        "words": {key: text for key, text in words.page.items() if key not in _written() or f'"{key}"' in script},
    }


def _title(seen: Trace, root: str, words: Language) -> str:
    return words.tell(words.page["titled" if seen.nodes[seen.root].name else "untitled"], root=root)


def _lead(seen: Trace, root: str, words: Language) -> str:
    return words.tell(words.page["lead"], forward=len(seen.forward), back=len(seen.backward), root=root)


def _drawn(seen: Trace, digits: int, words: Language) -> str:
    """A picture for where no script runs, if one of few boxes shows the graph."""
    if len(seen.nodes) > MOST_LOOKED_AT:
        return ""
    for level in ("neuron", "layer"):
        drawn = view(seen, level=level, digits=digits, words=words)
        if len(drawn.boxes) <= MOST_DRAWN:
            said = drawn.note.replace(words.picture["anew"], "")  # which stands in the page's head
            return render(drawn._replace(note=said), Look(words=words))
    return ""


def _source(picture: str) -> str:
    """The attribute of an image that holds a picture: a quarter shorter than in base 64."""
    address = picture.replace(">\n<", "><").translate({ord(c): f"%{ord(c):02X}" for c in "%#<\n"})
    return "src='data:image/svg+xml," + address.replace("&", "&amp;").replace("'", "&#39;") + "'"


def _policy(script: str, style: str) -> str:
    """What the page may do: run this one script, use this one style, and load nothing."""
    return (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _script(rules: Iterable[Use]) -> str:
    """One function around all modules, so that they share names with each other and with nobody else."""
    parts = [lean_script(by_hand()), table_source(rules), *(lean_script(_part(f"{module}.js")) for module in MODULES)]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"


@cache
def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _colours() -> str:
    """The pictures' colours as custom properties, light and dark."""
    light = "".join(f"--{name}:{colour};" for name, (_, colour, _) in COLOURS.items())
    dark = "".join(f"--{name}:{colour};" for name, (_, _, colour) in COLOURS.items())
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
