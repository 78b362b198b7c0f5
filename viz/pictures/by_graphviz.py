"""Graphviz gives positions, and nothing else.

It is handed sizes and no text, so fonts never change a picture.  It fills columns from below, so it is
asked for the picture upside down, and what stands first comes out on top.  The library comes with the
pygraphviz wheel; where there is no wheel, a `dot` program on PATH serves.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from viz.pictures.geometry import (
    RIGHT,
    Cluster,
    LayoutError,
    Link,
    Placement,
    Point,
    Shape,
    as_counted,
    enters,
    path_of,
    room_for,
)

_lock = threading.Lock()  # Graphviz keeps global state


class _Flow(NamedTuple):
    """Where arrows go, and at which sides they leave and come in, in Graphviz' picture, which is upside down."""

    rankdir: str
    out: str
    into: str
    label: str  # the side of a cluster that is then on top


_RIGHT, _DOWN = _Flow("LR", "e", "w", "b"), _Flow("BT", "n", "s", "t")


def graphviz() -> Callable[[str], bytes] | None:
    """What answers DOT with json0: the library, else the program; None where there is neither."""
    try:
        import pygraphviz  # noqa: F401 — asked whether it can be imported
    except ImportError:
        return _by_program if shutil.which("dot") else None
    return _by_library


def by_graphviz(
    render: Callable[[str], bytes], shapes: Sequence[Shape], links: Sequence[Link], compact: bool, direction: str
) -> Placement:
    """The layout that Graphviz's dot makes; raises LayoutError with what it said where it fails."""
    scopes: list[str] = []
    source = _dot_source(shapes, links, compact, _RIGHT if direction == RIGHT else _DOWN, scopes)
    return _read(json.loads(render(source)), len(links), scopes)


# -- asking -----------------------------------------------------------------------------------------


def _dot_source(shapes: Sequence[Shape], links: Sequence[Link], compact: bool, flow: _Flow, scopes: list[str]) -> str:
    # newrank: columns are chosen over all clusters together; cluster by cluster, Graphviz loses edges.
    apart, ranks = (0.06, 0.6) if compact else (0.2, 0.55)
    slots = {shape.id: shape.slots for shape in shapes}
    gates = _gates(shapes, links)
    lines = [
        "digraph {",
        f"graph [rankdir={flow.rankdir}, nodesep={apart}, ranksep={ranks}, pad=0, fontsize=1, remincross=true,",
        # nslimit: deep graphs with tangled scopes take half the time, others look the same.
        "newrank=true, nslimit=1, nslimit1=1]",
        'node [shape=record, fixedsize=true, label="", fontsize=1, margin=0]',
        "edge [dir=none]",
        *_cluster_lines([*shapes, *gates.values()], flow, scopes),
    ]
    for i, link in enumerate(links):
        tail = link.tail
        if i in gates:
            lines.append(f"{tail}:{flow.out} -> {gates[i].id}:{flow.into} [id=i{i}]")
            tail = gates[i].id
        pull = ", weight=8" if slots[link.head] == 1 else ""  # what has one operand stands straight behind it
        lines.append(f"{tail}:{flow.out} -> {link.head}:s{link.slot}:{flow.into} [id=e{i}{pull}]")
    return "\n".join([*lines, "}"])


def _gates(shapes: Sequence[Shape], links: Sequence[Link]) -> dict[int, Shape]:
    """A point inside the cluster for every arrow that comes in from another layer, by the arrow's number.

    It stands in the column of the weights, so that the arrow passes between them instead of around the
    whole cluster, and so that layers stand side by side.
    """
    scope = {shape.id: shape.scope for shape in shapes}
    gates = {}
    for i, link in enumerate(links):
        if enters(scope[link.tail], scope[link.head]):
            gates[i] = Shape(f"gate{i}", scope[link.head], 2.0, 2.0, 0)
    return gates


def _cluster_lines(shapes: Sequence[Shape], flow: _Flow, scopes: list[str]) -> Iterator[str]:
    """The boxes, inside nested subgraphs; `scopes` is given the scope of each cluster by number."""
    by_scope: dict[tuple[str, ...], list[Shape]] = {}
    for shape in shapes:
        by_scope.setdefault(path_of(shape.scope), []).append(shape)
    open_path: tuple[str, ...] = ()
    for path in sorted(by_scope, key=as_counted):  # so that what is inside a scope follows it
        shared = 0
        while shared < min(len(open_path), len(path)) and open_path[shared] == path[shared]:
            shared += 1
        yield from ["}"] * (len(open_path) - shared)
        for depth in range(shared, len(path)):
            yield f"subgraph cluster_{len(scopes)} {{ margin=10; labeljust=l; labelloc={flow.label}"
            yield f"label={_room(path[depth])}"
            scopes.append(".".join(path[: depth + 1]))
        open_path = path
        yield from (_shape_line(shape, flow) for shape in by_scope[path])
    yield from ["}"] * len(open_path)


def _room(name: str) -> str:
    """An empty label as large as the text that we write there."""
    size = f'FIXEDSIZE="TRUE" WIDTH="{room_for(name):.0f}" HEIGHT="16"'
    return f'<<TABLE BORDER="0" {size}><TR><TD></TD></TR></TABLE>>'


def _shape_line(shape: Shape, flow: _Flow) -> str:
    slots = range(shape.slots)
    fields = "|".join(f"<s{i}>" for i in (reversed(slots) if flow is _RIGHT else slots))
    return f'{shape.id} [width={shape.width / 72:.4f}, height={shape.height / 72:.4f}, label="{fields}"]'


# -- Graphviz ---------------------------------------------------------------------------------------


def _by_library(source: str) -> bytes:
    import pygraphviz

    with _lock, _captured_stderr() as said:
        try:
            drawn: bytes = pygraphviz.AGraph(string=source).draw(format="json0", prog="dot")
            return drawn
        except Exception as error:  # pygraphviz raises several kinds, all of them Graphviz failing
            raise LayoutError(f"Graphviz could not lay this graph out: {error} {said()}".strip()) from error


def _by_program(source: str) -> bytes:
    done = subprocess.run(["dot", "-Tjson0"], input=source.encode(), capture_output=True, check=False)
    if done.returncode:
        raise LayoutError(f"dot could not lay this graph out: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


@contextmanager
def _captured_stderr() -> Iterator[Any]:
    """Keep what the C library prints (Fontconfig complains about fonts that we do not use) off the screen."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        try:
            saved = os.dup(2)
        except OSError:  # no standard error at all: nothing to keep
            yield lambda: ""
            return
        os.dup2(kept.fileno(), 2)

        def said() -> str:
            kept.seek(0)
            lines = kept.read().decode(errors="replace").splitlines()
            return " ".join(line for line in lines if "ontconfig" not in line)

        try:
            yield said
        finally:
            os.dup2(saved, 2)
            os.close(saved)


# -- the answer -------------------------------------------------------------------------------------


def _read(answer: dict[str, Any], links: int, scopes: list[str]) -> Placement:
    _, _, across, down = map(float, answer["bb"].split(","))
    centres, clusters = {}, []
    for thing in answer.get("objects", []):
        name = thing["name"]
        if name.startswith("cluster_"):
            left, top, right, bottom = map(float, thing["bb"].split(","))
            scope = scopes[int(name.removeprefix("cluster_"))]
            depth = scope.count(".")
            clusters.append(Cluster(scope, depth, left, top, right - left, bottom - top))
        elif "pos" in thing:
            centres[name] = _point(thing["pos"])
    parts: dict[str, list[Point]] = {}
    for edge in answer.get("edges", []):
        if "pos" not in edge:
            raise LayoutError(
                f"Graphviz placed the boxes but lost {edge['id']}: draw a part of it with scope= or level="
            )
        parts[edge["id"]] = [_point(text) for text in edge["pos"].split()]
    curves = [_joined(parts.get(f"i{i}"), parts[f"e{i}"]) for i in range(links)]
    clusters.sort(key=lambda cluster: cluster.depth)
    return Placement(across, down, centres, curves, clusters)


def _point(text: str) -> Point:
    x, y = map(float, text.split(","))
    return x, y


def _joined(before: list[Point] | None, after: list[Point]) -> list[Point]:
    """Two Bézier curves as one, with a straight piece between them."""
    return [*before, before[-1], after[0], *after] if before else after
