"""A name is data wherever it is shown: nothing in it opens a tag, ends a formula or runs, in a real browser too."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

import viz
from autograd import Value, log
from autograd.text import visible
from demos.lecture import page as lecture_page
from demos.lecture import pictures as lecture_pictures
from demos.lecture.report import Report
from nn import MLP, half_squared_error
from tests.support.browser import launched, opened
from tests.support.named import graph_called

PAYLOADS = {
    "script": "</script><script>window.broken=1</script>",
    "image": '<img src=x onerror="window.broken=1">',
    "svg": "</svg><svg onload='window.broken=1'>",
    "attribute": '" onmouseover="window.broken=1" x=\'',
    "title": "</title></text></mtext></math></p></div><b>",
    "comment": "<!-- --> ]]> <![CDATA[ -->",
    "entities": "&lt;script&gt;&amp;&#60;b&#62; & < >",
    "latex": r"\end{aligned}}$$ \input{x} #_^~%{",
    "right to left": "\u202eשלום\u202c abc עולם",
    "emoji": "👩‍🔬🔥 e\u0301",
    "control": "a\x00b\x1b[31m\ud800\n\u2028c",
    "long": "w" * 10_000,
}
VOID = {"meta", "img", "br", "hr", "link"}
# What pictures, formulas, derivations and reports are made of, and the page around them.
ELEMENTS = set(
    "html head meta title style body div p pre table thead tbody tr th td section h1 h2 small nav ol li a span main "
    "figure figcaption img svg desc g rect path text circle math mrow mi mn mo mtext msup msub msubsup mfrac msqrt "
    "mroot mtable mtr mtd mspace mphantom".split()
)


class Reader(HTMLParser):
    """Collects the elements and attributes, and fails unless every element is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.attributes += [name for name, _ in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    assert set(reader.elements) <= ELEMENTS
    assert not [name for name in reader.attributes if name.startswith("on")]
    return reader


@cache
def everything_about(name: str) -> list[str]:
    """Every form in which a notebook or a page shows a graph whose nodes and scopes are called `name`."""
    J, w = graph_called(name)
    formula, derivation = viz.formula(J, expand=False), viz.derive(J, wrt=w)
    several = viz.derive(J + w * w, wrt=w)
    broken = viz.anomaly(log(Value(-2.0, name=name)))
    pictures = [viz.draw(J), viz.draw(J, level="op"), viz.draw(J, level="layer")]
    return [
        *(picture.svg for picture in pictures),
        *(part for said in (formula, derivation, several) for part in (said.html, said.mathml)),
        viz.why(J, w)._repr_html_(),
        broken._repr_html_(),
    ]


def page_of(parts: list[str]) -> str:
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{"".join(parts)}</body></html>'


def the_lecture(monkeypatch, folder) -> str:
    """The lecture's page with hostile names in its network, its headings and the lines of its report."""
    names = list(PAYLOADS.values())
    report = Report(quiet=True)
    for english in lecture_page.ADDITIONS:
        report.section(english, names[0])
    for name in names:
        report.section(name, name)
        report.say(f"  ✓ match     {name}")

    def network():
        model = MLP(3, [3, 2, 1], "tanh", seed=1)
        J = half_squared_error(model([1.4, -1.0, 0.4]), 0.45)
        for parameter, name in zip(model.parameters()[1:], names, strict=False):
            parameter.name = name
        J.name = names[0]
        return J

    for module in (lecture_page, lecture_pictures):
        monkeypatch.setattr(module, "network_loss", network)
    for name in ("activations", "relu_family", "bias"):
        (folder / f"{name}.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    viz.draw(network()).save(folder / "lecture.svg")
    return lecture_page.page(report, folder)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_shows_a_name_is_well_formed(payload):
    for part in everything_about(PAYLOADS[payload]):
        part.encode()
        assert "script" not in read(part).elements
        if part.startswith(("<svg", "<math", "<div")):
            ET.fromstring(part)


# -- in a browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def context():
    with launched() as browser:
        yield browser.new_context(viewport={"width": 1280, "height": 800})


# What the browser made of the page: whether anything ran, its elements, and what it took for something else.
LOOK = """() => ({
  broken: window.broken === 1 || document.scripts.length > 0,
  elements: [...document.querySelectorAll('*')].map(e => e.localName),
  handlers: [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())
    .filter(name => name.startsWith('on')).length,
  strangers: [...document.querySelectorAll('svg *')].filter(e => !e.namespaceURI.endsWith('svg')).length
    + [...document.querySelectorAll('math *')].filter(e => !e.namespaceURI.endsWith('MathML')).length,
  text: document.body.innerText,
})"""


def look(context, path, text):
    """The page in a browser, which must see the elements that are written there and no others."""
    path.write_text(text, encoding="utf-8")
    tab = opened(context, path)
    found = SimpleNamespace(**tab.run(LOOK))
    tab.page.close()
    assert not found.broken
    assert found.elements == read(text).elements
    assert (found.handlers, found.strangers, tab.complaints) == (0, 0, [])
    assert [url for url in tab.requests if not url.startswith(("file:", "data:"))] == []
    return found


def test_a_browser_takes_no_name_for_anything_else(context, tmp_path):
    parts = [part for name in PAYLOADS.values() for part in everything_about(name)]
    found = look(context, tmp_path / "page.html", page_of(parts))
    assert found.elements.count("svg") == 3 * len(PAYLOADS)
    assert found.elements.count("pre") == 2 * len(PAYLOADS)


def test_a_browser_shows_the_lecture_page_word_for_word(context, monkeypatch, tmp_path):
    found = look(context, tmp_path / "lecture.html", the_lecture(monkeypatch, tmp_path))
    assert found.elements.count("section") == len(lecture_page.ADDITIONS) + len(PAYLOADS)
    for name in PAYLOADS.values():
        assert f"✓ match     {visible(name)}" in found.text
