"""The page: step through both passes in a browser, change a leaf, and see everything follow.

One file that needs no network: the trace as data, the table's rules in JavaScript, and the few modules in
``page/``.  A policy in its head lets nothing else run, and what comes from the graph is only ever text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

from autograd import Value
from autograd.errors import ArgumentError
from autograd.files import write_whole
from autograd.ops.primitive import lookup
from viz.columns import KINDS, LEAF
from viz.javascript import Use, table_source
from viz.names import Names
from viz.svg import COLOURS
from viz.text import harmless, shortened
from viz.trace import Trace, locate, trace
from viz.wording import TEMPLATES, Constants, slope_written, written

MODULES = ("numbers", "graph", "words", "tree", "layout", "picture", "camera", "panels", "player", "guide", "main")
DEEPEST = 12  # scopes inside each other that the picture shows as groups
LONGEST_NAME = 60


@dataclass(frozen=True)
class Page:
    """A finished page: `html` is the file's text.  In a notebook it shows itself."""

    html: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, whole or not at all.  Raises ArgumentError if the name does not end in .html."""
        target = Path(path)
        if target.suffix.lower() not in (".html", ".htm"):
            raise ArgumentError(f"a page is saved as .html, got {str(target)!r}")
        write_whole(target, self.html.encode())
        return target

    def _repr_html_(self) -> str:
        frame = 'sandbox="allow-scripts" width="100%" height="760" style="border:1px solid #8884;border-radius:10px"'
        return f'<iframe {frame} title="A computation, step by step" srcdoc="{escape(self.html)}"></iframe>'

    def __repr__(self) -> str:
        return f"<page, {len(self.html):,} characters of HTML; .save('step.html') writes it>"


def explore(
    J: Value, *, title: str | None = None, learn: Value | Iterable[Value] | None = None, rate: float = 0.1
) -> Page:
    """A page on which to step through the computation of `J` and of its derivatives.

    title   what the page is called; else the name of J
    learn   the leaves that a step of gradient descent on the page moves; else every leaf of J
    rate    the learning rate that the page begins with

    No grad is read or changed, and the page keeps nothing of the graph alive.  Raises OperandError if `J` is not
    a Value, GraphError for a leaf that J was not computed from, ArgumentError for a rate that is not a finite number.

    >>> from autograd import Value
    >>> x = Value(3.0, name="x")
    >>> explore(x * x)  # doctest: +ELLIPSIS
    <page, ... characters of HTML; .save('step.html') writes it>
    """
    if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not math.isfinite(rate):
        raise ArgumentError(f"a learning rate is a finite number, got {rate!r}")
    seen = trace(J)
    wanted = None if learn is None else locate(J, [learn] if isinstance(learn, Value) else learn)
    return Page(_page(seen, title, wanted, float(rate)))


# -- the file ---------------------------------------------------------------------------------------


def _page(seen: Trace, title: str | None, learn: list[int] | None, rate: float) -> str:
    graph = _Data(seen)
    root = shortened(graph.called[seen.root], 40)
    script = _script(graph.rules)
    style = _colours() + _part("style.css")
    steps = len(seen.forward)
    fields = {
        "policy": escape(_policy(script, style)),
        "title": escape(shortened(title or _title(seen, root), 80)),
        "lead": f"{steps:,} numbers computed forwards, {len(seen.backward):,} contributions back to find out what "
        f"moves {escape(root)}",
        "root": escape(root),
        "style": style,
        "data": _json({**graph.columns(), "learn": graph.learn(learn), "rate": rate}),
        "script": script,
    }
    return re.sub(r"\{(\w+)\}", lambda field: fields[field[1]], _part("page.html"))


def _title(seen: Trace, root: str) -> str:
    return f"How {root} is computed" if seen.nodes[seen.root].name else "A computation, step by step"


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
    parts = [_part("special.js"), table_source(rules), *(_part(f"{module}.js") for module in MODULES)]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"


@cache
def _part(name: str) -> str:
    return resources.files("viz").joinpath("page", name).read_text("utf-8")


def _colours() -> str:
    """The pictures' colours as custom properties, light and dark."""
    light = "".join(f"--{name}:{colour};" for name, (_, colour, _) in COLOURS.items())
    dark = "".join(f"--{name}:{colour};" for name, (_, _, colour) in COLOURS.items())
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def _json(data: Any) -> str:
    """JSON that can stand inside a script element: no < to end it with, and ASCII, whatever a name holds."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


# -- the graph as data ------------------------------------------------------------------------------


class _Data:
    """A trace as the columns that the page reads (see page/graph.js)."""

    def __init__(self, seen: Trace) -> None:
        self.trace = seen
        names = Names(seen)
        self.called = [shortened(names.called(i), LONGEST_NAME) for i in range(seen.root + 1)]
        self.leaves = seen.root + 1 - len(seen.forward)
        self.uses: dict[tuple[Use, Constants], int] = {}
        self.use = [self._use(i) for i in seen.forward]

    def _use(self, node: int) -> int:
        """The number of node's way to use its operation: which rule, and what constants are in its formula."""
        columns = self.trace.columns
        row = lookup(columns.ops[columns.op.item(node)][0])
        operands = columns.operand[columns.first.item(node) : columns.first.item(node + 1)].tolist()
        constants = tuple(columns.value.item(i) if i > self.trace.root else None for i in operands)
        leading = len(row.operands) - 1 if row.variadic else 0
        use = Use(row.name, len(operands), tuple(columns.value.item(i) for i in operands[:leading]))
        if row.variadic:
            constants = constants[:leading] + (None,) * (len(operands) - leading)
        return self.uses.setdefault((use, constants), len(self.uses))

    @property
    def rules(self) -> list[Use]:
        """The variadic rules that the page needs."""
        return [use for use, _ in self.uses if lookup(use.op).variadic]

    def learn(self, wanted: list[int] | None) -> list[int]:
        """The leaves that learning moves."""
        kind = self.trace.columns.kind
        if wanted is None:
            return [i for i in range(self.leaves) if KINDS[kind.item(i)] == LEAF]
        for i in wanted:
            if KINDS[kind.item(i)] != LEAF:
                raise ArgumentError(f"learning moves leaves, but {self.called[i]} was computed: pass what it came from")
        return wanted

    def columns(self) -> dict[str, Any]:
        """Everything but what the user chose."""
        columns, labels = self.trace.columns, self.trace.columns.labels
        scopes = _Codes(_scope(label.scope) for label in labels)
        sources = _Codes(_place(label.source) for label in labels)
        label = columns.label.tolist()
        return {
            "root": self.trace.root,
            "leaves": self.leaves,
            "called": [*self.called, *("" for _ in range(len(columns.value) - len(self.called)))],
            "named": [int(bool(labels[i].name)) for i in label],
            "kind": columns.kind.tolist(),
            "op": columns.op.tolist(),
            "ops": [{"name": name, "symbol": symbol, "doc": _doc(name)} for name, symbol in columns.ops],
            "scope": [scopes.of[i] for i in label],
            "scopes": scopes.texts,
            "source": [sources.of[i] for i in label],
            "sources": sources.texts,
            "value": [_number(x) for x in columns.value.tolist()],
            "first": columns.first.tolist(),
            "operand": columns.operand.tolist(),
            "slope": [_number(x) if flows else None for x, flows in _pairs(columns.slope, columns.flows)],
            "use": [0] * self.leaves + self.use,
            "uses": [_described(use, constants) for use, constants in self.uses],
            "templates": dict(TEMPLATES),
        }


class _Codes:
    """Texts by number: `of[i]` is that of the i-th."""

    def __init__(self, texts: Iterable[str]) -> None:
        codes: dict[str, int] = {}
        self.of = [codes.setdefault(text, len(codes)) for text in texts]
        self.texts = list(codes)


def _described(use: Use, constants: Constants) -> dict[str, Any]:
    """How an operation is computed and written: the key of its rule, the field patterns of wording."""
    return {
        "op": use.op,
        "rule": use.key if lookup(use.op).variadic else use.op,
        "written": written(use.op, constants),
        "slopes": [slope_written(use.op, constants, slot) for slot in range(use.operands)],
    }


def _doc(op: str) -> str:
    return re.split("[:;]", lookup(op).doc)[0] if op else ""


def _scope(scope: str) -> str:
    return ".".join(shortened(part, LONGEST_NAME) for part in scope.split(".")[:DEEPEST])


def _place(source: str | None) -> str:
    """file.py:12 without the folders, which are nobody's business."""
    return harmless(re.split(r"[\\/]", source)[-1]) if source else ""


def _pairs(slope: Any, flows: Any) -> Iterable[tuple[float, bool]]:
    return zip(slope.tolist(), flows.tolist(), strict=True)


def _number(x: float) -> float | str:
    """JSON has no nan and no infinity."""
    return x if math.isfinite(x) else repr(x)
