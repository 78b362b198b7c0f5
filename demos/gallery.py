"""The gallery: one page, index.html, that shows and links everything the demos have written."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import NamedTuple

from demos.output import announce, beside


class Exhibit(NamedTuple):
    """A file, what it is, and the picture that stands for it if it is none itself."""

    file: str
    title: str
    text: str
    picture: str = ""


ROOMS: dict[str, tuple[Exhibit, ...]] = {
    "Step it": (
        Exhibit("step.html", "The lecture's network, step by step",
                "Forwards to the loss, backwards by the chain rule, in words and numbers; every weight can be moved.",
                "lecture.svg"),
        Exhibit("step-ru.html", "Сеть из лекции, шаг за шагом", "The same page in Russian, the lecture's own language.",
                "lecture.svg"),
        Exhibit("sigmoid.html", "One sigmoid neuron", "It thinks a picnic unlikely. Step downhill and it learns.",
                "neuron.svg"),
        Exhibit("perceptron.html", "The picnic perceptron", "Yes or no: a step has the slope 0, so nothing is learnt.",
                "picnic.svg"),
    ),
    "Read it": (
        Exhibit("lecture.html", "The lecture, number by number",
                "What its slides print beside what the engine computes, with pictures and derivations.",
                "activations.svg"),
        Exhibit("step.txt", "A session in the debugger", "The same network in the terminal: there, back, and why."),
        Exhibit("exploding.txt", "Why a derivative is large", "The paths that carry it, largest first."),
        Exhibit("finance.txt", "Finance in bulk", "Greeks and paths for 100,000 scenarios, and a yield curve fitted."),
        Exhibit("nan.txt", "Where a computation breaks", "The first node at which nan arises, and how it spread."),
    ),
    "See it": (
        Exhibit("lecture.svg", "The network", "Value and δ in every node, the local derivative at every arrow."),
        Exhibit("derivative.svg", "A derivative", "f = (2x² + 8)³ as a graph."),
        Exhibit("neuron.svg", "A neuron that errs", "Who is to blame, and who is not: inputs that were 0."),
        Exhibit("picnic.svg", "A jump and a slope", "What a weight does to a perceptron and to a sigmoid neuron."),
        Exhibit("activations.svg", "Activations", "The functions blue, their derivatives green."),
        Exhibit("relu_family.svg", "The family of ReLU", "Each with its derivative."),
        Exhibit("bias.svg", "Why a bias", "Without one every jump is at 0."),
        Exhibit("cars.png", "The price of a car", "A network learns from 1,436 used cars."),
        Exhibit("moons.png", "Two moons", "A boundary, learnt from a hundred points."),
        Exhibit("digits.png", "Handwritten digits", "Read by a network of scalar nodes, trained in seconds."),
    ),
}  # fmt: skip

STYLE = """
:root { color-scheme: light dark; --ink: #1d232b; --soft: #4f5863; --page: #fff; --card: #f5f7fa; --rim: #d5dce5;
  --accent: #6b4fd8 }
@media (prefers-color-scheme: dark) { :root { --ink: #e9edf2; --soft: #98a3b1; --page: #14171c; --card: #1d222a;
  --rim: #343d4a; --accent: #a991ff } }
* { box-sizing: border-box }
body { margin: 0; color: var(--ink); background: var(--page); font: 16px/1.5 system-ui, "Segoe UI", sans-serif }
main { max-width: 76rem; margin: 0 auto; padding: 3rem 1.5rem 4rem }
h1 { font-size: 2.3rem; margin: 0; line-height: 1.15 }
.lead { color: var(--soft); font-size: 1.1rem; margin: .4rem 0 0; max-width: 44rem }
h2 { font-size: 1rem; letter-spacing: .04em; color: var(--accent); margin: 2.6rem 0 .8rem }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)) }
a { display: flex; flex-direction: column; height: 100%; color: inherit; text-decoration: none; overflow: hidden;
  background: var(--card); border: 1px solid var(--rim); border-radius: 14px; transition: border-color .15s }
a:hover, a:focus-visible { border-color: var(--accent); outline: 1px solid var(--accent) }
img { display: block; width: 100%; height: 11rem; flex: 1; min-height: 0; object-fit: contain; padding: .8rem;
  border-bottom: 1px solid var(--rim); background: var(--page) }
img.plot { background: #fff }
pre { margin: 0; height: 11rem; flex: 1; min-height: 0; overflow: hidden; padding: .9rem 1rem; color: var(--soft);
  border-bottom: 1px solid var(--rim); background: var(--page); font: .68rem/1.5 ui-monospace, Consolas, monospace }
div { padding: .8rem 1rem 1rem } strong { display: block } span { color: var(--soft); font-size: .92rem }
@media (min-width: 54rem) { .first { grid-template-columns: 2.4fr 1fr } .first li:first-child { grid-row: 1 / 3 } }
"""
PLOTS = {"picnic.svg", "activations.svg", "relu_family.svg", "bias.svg", "digits.png"}  # drawn on white


def write(out: Path) -> Path:
    """Write index.html into `out`, of the files that are there; whole or not at all."""
    path = out / "index.html"
    with beside(path) as temporary:
        temporary.write_text(page(out), encoding="utf-8")
    return announce(path)


def page(out: Path) -> str:
    """The text of the page."""
    here = {file.name for file in out.iterdir() if file.is_file() and not file.name.startswith(".")} - {"index.html"}
    rooms = dict(ROOMS)
    known = {exhibit.file for room in ROOMS.values() for exhibit in room}
    rooms["And"] = tuple(Exhibit(name, name, "") for name in sorted(here - known))
    shown = "".join(_room(title, [e for e in room if e.file in here], out) for title, room in rooms.items())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What the demos made</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Derivatives you can see</h1>
<p class="lead">Ordinary Python arithmetic, recorded as a graph: stepped through, drawn, explained and checked.</p>
{shown}</main>
</body>
</html>
"""


def _room(title: str, exhibits: list[Exhibit], out: Path) -> str:
    if not exhibits:
        return ""
    first = ' class="first"' if title == next(iter(ROOMS)) else ""
    items = "".join(_exhibit(exhibit, out) for exhibit in exhibits)
    return f"<section>\n<h2>{escape(title)}</h2>\n<ul{first}>\n{items}</ul>\n</section>\n"


def _exhibit(exhibit: Exhibit, out: Path) -> str:
    words = f"<strong>{escape(exhibit.title)}</strong><span>{escape(exhibit.text)}</span>"
    return f'<li><a href="{escape(exhibit.file)}">{_preview(exhibit, out)}<div>{words}</div></a></li>\n'


def _preview(exhibit: Exhibit, out: Path) -> str:
    """The picture, or the beginning of a text."""
    if exhibit.file.endswith(".txt"):
        text = (out / exhibit.file).read_text(encoding="utf-8", errors="replace")
        return f"<pre>{escape(chr(10).join(text.splitlines()[:12]))}</pre>"
    picture = exhibit.file if exhibit.file.endswith((".svg", ".png")) else exhibit.picture
    if not picture or not (out / picture).exists():
        return ""
    plot = ' class="plot"' if picture in PLOTS or picture.endswith(".png") else ""
    return f'<img{plot} src="{escape(picture)}" alt="" loading="lazy">'
