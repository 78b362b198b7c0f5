"""`draw`: the picture of a graph, which shows itself in a notebook and saves itself to a file."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, AutogradError, MissingExtra
from autograd.files import write_whole
from autograd.given import flag
from autograd.renamed import renamed
from autograd.text import quoted
from viz.languages import language
from viz.numbers import DIGITS
from viz.pictures.blanks import blanks
from viz.pictures.geometry import DIRECTIONS, RIGHT
from viz.pictures.images import as_image
from viz.pictures.parts import part
from viz.pictures.svg import THEMES, Look, render
from viz.pictures.view import view
from viz.showing import show
from viz.subject import look

if TYPE_CHECKING:
    from viz.subject import Subject, Wanted
    from viz.variables import Variables


LONGEST_SIDE = 32_000  # pixels of a PNG; cairo's end at 32,767
WIDEST = 100_000  # pixels for which a size may ask
MOST_PIXELS = 60_000_000  # 4 bytes each


class ConverterError(AutogradError, RuntimeError):
    """A picture was to be saved as PNG or PDF, and the converter failed."""


@dataclass(frozen=True)
class Drawing:
    """A finished picture: `svg` is the file's text."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return as_image(self.svg)

    def __repr__(self) -> str:
        return f"<drawing, {len(self.svg):,} characters of SVG; .save('graph.svg') writes it>"

    def show(self) -> Path:
        """Open it in the browser, for scripts; without one say where it lies, which is returned too."""
        return show(self.svg, "graph.svg")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture, as its ending says: .svg, .png or .pdf.  The file appears whole or not at all.

        Raises:
            ArgumentError: for another ending
            MissingExtra: if a .png or .pdf needs a converter (cairosvg or rsvg-convert) and there is none
            ConverterError: if that fails
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in (".svg", ".png", ".pdf"):
            raise ArgumentError(f"a drawing is saved as .svg, .png or .pdf, got {quoted(str(target))}")
        write_whole(target, self.svg.encode() if ending == ".svg" else _converted(self.svg, ending[1:]))
        return target


@renamed(J="output")
def draw(
    output: Subject,
    *at: Any,
    level: str = "neuron",
    scope: str | None = None,
    around: Wanted | None = None,
    radius: int = 1,
    wrt: Wanted | Iterable[Wanted] | None = None,
    force: bool = False,
    digits: int = DIGITS,
    theme: str = "auto",
    direction: str = RIGHT,
    legend: bool = True,
    size: float | None = None,
    hide: str | Iterable[str] = (),
    lang: str = "en",
    names: Variables = None,
    **named: Any,
) -> Drawing:
    """The graph below `output`: each node's name, operation, value and δ = ∂output/∂node, each edge's local derivative.

    `output` is a Value, or a compiled function or a program, followed by its arguments: then the graph is that of its
    instructions at this point.  Arguments that have no name of `draw`'s own may be given by name; ``p.graph(…)`` takes
    any.  Of a function with `has_aux` what is differentiated is shown.  Nodes may be given by their names.

    Args:
        level: "op" draws every dot as products and their sum, "neuron" keeps dots whole, "layer" draws a box a layer
        scope: only the nodes of this scope, such as "layer2.neuron1", and what touches them
        around: only the nodes at most `radius` edges from this one
        wrt: only what depends on this node, or on one of these
        force: draw every node, however many; from 2,000 on they are otherwise gathered by scope
        digits: significant, of every number
        theme: "light" or "dark"; "auto" is as the reader's system has it
        direction: "LR", from left to right, or "TB", from top to bottom, as Graphviz' rankdir
        legend: whether there is a legend below
        size: how wide it is shown, in pixels; as wide as it is with letters of 12 pixels, if None
        hide: "value", "slope" or "delta", or several: blanks for a worksheet, and nothing that would give them away.
            The solution is the same picture without `hide`
        lang: the language of the words in it, "en" or "ru"
        names: variables, such as locals(), as which nodes are called that nobody gave a name; True: those of the caller

    What is in no variable either has a letter and a number, t₁, t₂, … if it was computed, v₁, v₂, … if it was given,
    in the order of the graph.  A node's name is the same in all that shows it.

    No grad is read or written.  Where leaves have moved since the output was computed, the picture is of it computed
    anew, and says so.
    Where there is no Graphviz (pygraphviz, or a `dot` program) boxes stand plainly in columns, and one warning says so.

    Raises:
        OperandError: if `output` is not a Value
        ArgumentError: for an unknown level, scope, theme, direction, radius or language, for a size that is not
            positive, and for another kind of number to hide
        GraphError: for a node that it was not computed from
        LayoutError: where Graphviz fails

    >>> from autograd import Value, compile
    >>> x = Value(3.0, name="x")
    >>> "6" in draw(x * x).svg
    True
    >>> "6" in draw(compile(lambda x: x * x), 3.0).svg
    True
    """
    looks = checked(Look(theme, legend, size, blanks(hide), language(lang), direction))
    seen = look(output, at, named, names)
    shown, opened = part(seen, scope, around, radius, wrt), scope is not None or around is not None
    drawn = view(seen.trace, level=level, shown=shown, force=force, opened=opened, digits=digits, words=looks.words)
    return Drawing(render(drawn, looks))


def checked(looks: Look) -> Look:
    """How a picture is to look, if it can; ArgumentError else."""
    if looks.theme not in THEMES:
        raise ArgumentError(f"a theme is one of {', '.join(THEMES)}, got {quoted(looks.theme)}")
    if looks.direction not in DIRECTIONS:
        raise ArgumentError(f"a direction is one of {', '.join(DIRECTIONS)}, got {quoted(looks.direction)}")
    flag(looks.legend, "legend")
    size = looks.size
    if size is not None and (not isinstance(size, (int, float)) or isinstance(size, bool) or not 0 < size <= WIDEST):
        raise ArgumentError(
            f"size is how many pixels wide a picture is shown, more than 0 and up to {WIDEST:,}, got {quoted(size)}"
        )
    return looks


# -- files ------------------------------------------------------------------------------------------


def _converted(svg: str, kind: str) -> bytes:
    """The picture as PNG (at twice its size, or as large as a PNG of cairo's may be) or PDF."""
    try:
        import cairosvg
    except (ImportError, OSError):  # OSError: cairosvg without the cairo library
        return _by_program(svg, kind)
    convert = cairosvg.svg2png if kind == "png" else cairosvg.svg2pdf
    content: bytes = convert(bytestring=svg.encode(), scale=_scale(svg) if kind == "png" else 1)
    return content


def _scale(svg: str) -> float:
    """How much larger than the picture its PNG is: twice, or what keeps it within the size that cairo can hold."""
    across, down = map(float, re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    return min(2.0, LONGEST_SIDE / max(across, down), math.sqrt(MOST_PIXELS / (across * down)))


def _by_program(svg: str, kind: str) -> bytes:
    program = shutil.which("rsvg-convert")
    if program is None:
        raise MissingExtra(
            f"saving as .{kind} needs cairosvg, the extra `images`: pip install 'glassgrad[images]', or save as .svg"
        )
    command = [program, "--format", kind, "--zoom", str(_scale(svg)) if kind == "png" else "1"]
    done = subprocess.run(command, input=svg.encode(), capture_output=True, check=False)
    if done.returncode:
        raise ConverterError(f"rsvg-convert failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
