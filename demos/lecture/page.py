"""The report as one self-contained page: what was printed, with its pictures and derivations in place."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

import viz
from autograd import Value, deltas
from autograd.text import in_xml
from demos.lecture.pictures import network_loss
from demos.lecture.report import Report, Section
from demos.output import beside

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6878; --paper: #fff; --card: #f5f7fa;
  --line: #dfe4ea; --good: #1b7f3b; --bad: #b3261e; --accent: #1f5fbf }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --paper: #14171c;
  --card: #1c2128; --line: #2e3640; --good: #5fce83; --bad: #ff8a80; --accent: #7fb0ff } }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.55 system-ui, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .3rem } h2 { margin: 0; font-size: 1.25rem }
h2 small, .lead { color: var(--soft); font-weight: 400 } h2 small { font-size: .95rem; margin-left: .5rem }
nav ol { columns: 2 20rem; padding-left: 1.6rem } a { color: var(--accent) }
section { border-top: 1px solid var(--line); padding: 1.6rem 0 }
pre { background: var(--card); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; margin: .8rem 0 0;
  font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace }
.good, .bad { white-space: pre-wrap } .good { color: var(--good) } .bad { color: var(--bad) }
figure { margin: 1rem 0 0; overflow-x: auto } figcaption { color: var(--soft); font-size: .9rem }
figure svg, figure img { max-width: 100%; height: auto }
figure.wide { width: min(96vw, 110rem); margin-left: calc(50% - min(48vw, 55rem)) }
figure.wide svg { width: max(100%, 105rem); max-width: none }
.plot { background: #fff; border-radius: 8px; padding: .5rem }
.derivation { background: var(--card); border-radius: 8px; padding: .6rem 1rem; margin-top: 1rem; overflow-x: auto }
.derivation p { margin: .5rem 0 .1rem; color: var(--soft) } math { display: block; margin: .25rem 0 .25rem 1.5rem }
"""


def write(report: Report, out: Path) -> Path:
    """Write lecture.html into `out`, where the pictures are already; whole or not at all."""
    path = out / "lecture.html"
    with beside(path) as temporary:
        temporary.write_text(page(report, out), encoding="utf-8")
    return path


def page(report: Report, pictures: Path) -> str:
    """The text of the page."""
    missing = set(ADDITIONS) - {section.english for section in report.sections}
    if missing:
        raise ValueError(f"the report has no section {sorted(missing)} for these pictures to stand in")
    parts = [_section(i, section, pictures) for i, section in enumerate(report.sections, 1)]
    contents = "".join(f'<li><a href="#part{i}">{in_xml(s.english)}</a></li>' for i, s in enumerate(report.sections, 1))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The lecture, number by number</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>The lecture, number by number</h1>
<p class="lead">An introduction to neural networks, with every number of its slides computed again by the engine:
{report.checks} checks, {report.matches} match, {len(report.slide_errors)} errors of the slides found and proved.</p>
<nav aria-label="Contents"><ol>{contents}</ol></nav>
{"".join(parts)}
</main>
</body>
</html>
"""


def _section(number: int, section: Section, pictures: Path) -> str:
    shown = "".join(add(pictures) for add in ADDITIONS.get(section.english, ()))
    return f"""<section id="part{number}">
<h2>{number}. {in_xml(section.english)}<small lang="ru">{in_xml(section.russian)}</small></h2>
<pre>{chr(10).join(map(_line, section.lines)).strip(chr(10))}</pre>
{shown}</section>
"""


def _line(line: str) -> str:
    """A printed line, its verdict in colour (the words say it too)."""
    shown = in_xml(line)
    if re.match(r"\s*(✓|✗|!)", line) or "SLIDE ERROR" in line or "slide error" in line:
        kind = "good" if line.lstrip().startswith("✓") else "bad"
        return f'<span class="{kind}">{shown}</span>'
    return shown


# -- pictures and derivations -----------------------------------------------------------------------


def _plot(name: str, caption: str) -> Callable[[Path], str]:
    """A plot as an image of its own, so that its ids meet no other's."""

    def add(pictures: Path) -> str:
        data = base64.b64encode((pictures / name).read_bytes()).decode()
        image = f'<img class="plot" alt="{in_xml(caption)}" src="data:image/svg+xml;base64,{data}">'
        return f"<figure>{image}<figcaption>{in_xml(caption)}</figcaption></figure>\n"

    return add


def _network(pictures: Path) -> str:
    """The graph's picture as SVG text, so that its numbers can be selected."""
    drawn = (pictures / "lecture.svg").read_text(encoding="utf-8")
    caption = "The lecture's network for its first car: value and δ in every node, the local derivative at every arrow."
    return f'<figure class="wide">{drawn[drawn.index("<svg") :]}<figcaption>{caption}</figcaption></figure>\n'


def _chain(pictures: Path) -> str:
    """f = (2x² + 8)³, derived step by step."""
    x = Value(1.0, name="x")
    f = (2.0 * x**2.0 + 8.0) ** 3.0
    f.name = "f"
    return viz.derive(f, wrt=x).html


def _recursion(pictures: Path) -> str:
    """The δ recursion of the lecture's network, in its matrices."""
    J = network_loss()
    weight = next(node for node in deltas(J) if node.name == "W¹₁₁")
    return viz.derive(J, wrt=weight).html


ADDITIONS: dict[str, tuple[Callable[[Path], str], ...]] = {
    "Activation functions": (_plot("activations.svg", "The function blue, its derivative green, as on the slide."),),
    "Modifications of ReLU": (_plot("relu_family.svg", "ReLU and its modifications, each with its derivative."),),
    "Is b needed?": (_plot("bias.svg", "Without a bias every jump is at 0; with one it is at 50 000 km."),),
    "The chain rule": (_chain,),
    "Backward propagation": (_network, _recursion),
}
