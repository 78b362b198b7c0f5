"""The same picture as a `graphviz.Digraph`, for those who want to style or render it themselves."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from autograd.errors import MissingExtra
from autograd.renamed import renamed
from autograd.text import in_dot
from viz.numbers import DIGITS, counted, shown, signed
from viz.pictures.boxes import Arrow, Box, View
from viz.pictures.images import as_image
from viz.pictures.parts import part
from viz.pictures.svg import render
from viz.pictures.view import view
from viz.subject import look
from viz.text import shortened
from viz.trace import CONSTANT, LEAF

if TYPE_CHECKING:
    import graphviz

    from viz.subject import Subject, Wanted
    from viz.variables import Variables

_ORANGE, _BLUE, _GREY = "#d55e00", "#0072b2", "#808994"


@renamed(J="output")
def to_dot(
    output: Subject,
    *at: Any,
    level: str = "neuron",
    scope: str | None = None,
    around: Wanted | None = None,
    radius: int = 1,
    wrt: Wanted | Iterable[Wanted] | None = None,
    force: bool = False,
    digits: int = DIGITS,
    names: Variables = None,
    **named: Any,
) -> graphviz.Digraph:
    """The graph below `output` as a Digraph: nodes with name, value and δ, edges with the local derivative.

    Clusters follow the scopes; what is shown is chosen, and raises errors, as in `draw`; MissingExtra
    without the package graphviz.  Text is escaped, so that a name can hold quotes and braces.

    >>> from autograd import Value
    >>> x = Value(0.5, name="x")
    >>> "δ +1" in to_dot(x * x).source
    True
    """
    digraph = _digraph()
    looked = look(output, at, named, names)
    shown_nodes, opened = part(looked, scope, around, radius, wrt), scope is not None or around is not None
    seen = view(looked.trace, level=level, shown=shown_nodes, force=force, opened=opened, digits=digits)
    above = {"rankdir": "LR"} | ({"label": looked.trace.anew, "labelloc": "t"} if looked.trace.anew else {})
    graph = digraph("graph", graph_attr=above, node_attr={"shape": "box", "style": "rounded"})
    by_scope: dict[str, list[Box]] = {}
    for box in seen.boxes:
        by_scope.setdefault(box.scope, []).append(box)
    graph.body += _clusters(by_scope, digits)
    for arrow in seen.arrows:
        graph.edge(arrow.tail, arrow.head, **_edge(arrow, digits))
    graph.drawn = seen
    shown: graphviz.Digraph = graph
    return shown


def _digraph() -> type[Any]:
    """A Digraph that shows itself in any notebook: where there is no dot program as `draw` does."""
    try:
        import graphviz
    except ImportError:
        raise MissingExtra("to_dot needs the package graphviz: pip install graphviz") from None

    class Shown(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
        drawn: View

        def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
            svg: str = self.pipe(format="svg", encoding="utf-8") if shutil.which("dot") else render(self.drawn)
            return {"image/svg+xml": svg, "text/html": as_image(svg)}

        def __repr__(self) -> str:
            return f"<Digraph of {counted(len(self.drawn.boxes), 'box', 'boxes')}; .source is its text>"

    return Shown


def _clusters(by_scope: dict[str, list[Box]], digits: int) -> list[str]:
    """Nested subgraphs, one a scope, with the nodes in them."""
    lines: list[str] = []
    open_path: list[str] = []
    count = 0
    for scope in sorted(by_scope, key=lambda scope: scope.split(".")):
        path = scope.split(".") if scope else []
        shared = 0
        while shared < min(len(path), len(open_path)) and path[shared] == open_path[shared]:
            shared += 1
        lines += ["}\n"] * (len(open_path) - shared)
        for name in path[shared:]:
            lines.append(f"subgraph cluster_{count} {{ label={_quoted(name)}\n")
            count += 1
        open_path = path
        lines += [_node(box, digits) for box in by_scope[scope]]
    return lines + ["}\n"] * len(open_path)


def _node(box: Box, digits: int) -> str:
    first = " ".join(part for part in (box.on_a_line, box.symbol) if part)
    rows = [first, *box.counts, "" if box.value is None else shown(box.value, digits)]
    if box.kind != CONSTANT:
        rows.append("no path" if box.delta is None else f"δ {signed(box.delta, digits)}")
    label = "\\n".join(_escaped(row) for row in rows if row)
    shape = ", shape=ellipse" if box.kind in (LEAF, CONSTANT) else ""
    dashed = ', style="rounded,dashed"' if box.delta is None else ""
    return f'{box.id} [label="{label}", color="{_colour(box.delta)}"{shape}{dashed}]\n'


def _edge(arrow: Arrow, digits: int) -> dict[str, str]:
    label = shown(arrow.slope, digits) if arrow.slope is not None else f"×{arrow.edges}" if arrow.edges > 1 else ""
    style = {"style": "dashed"} if arrow.contribution is None else {}
    return {"label": label, "color": _colour(arrow.contribution), **style}


def _colour(x: float | None) -> str:
    return _GREY if x is None or not x else _ORANGE if x > 0 else _BLUE


def _escaped(text: str) -> str:
    return in_dot(shortened(text, 40))


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
