"""What a notebook shows that nobody has trusted yet: no MathML, SVG or script survives, and it is right."""

import base64
import os
import re

import pytest

import viz
from autograd import Value, check_grad, tanh

SAFE = ("text/html", "text/markdown", "text/latex", "image/png", "text/plain")  # in JupyterLab's order, untrusted
GONE = re.compile(r"</?(?:math|svg|script|iframe|style|noscript|m\w+)\b[^>]*>")  # tags that its sanitizer drops


def bundle(shown):
    """What IPython gathers of an object's own methods."""
    ways = {"text/html": "_repr_html_", "text/latex": "_repr_latex_", "image/svg+xml": "_repr_svg_"}
    found = {kind: getattr(shown, way)() for kind, way in ways.items() if hasattr(shown, way)}
    if hasattr(shown, "_repr_mimebundle_"):
        found.update(shown._repr_mimebundle_())
    return {**found, "text/plain": repr(shown)}


def untrusted(shown):
    """(kind, content) of what JupyterLab shows, stripped."""
    found = bundle(shown)
    kind = next(kind for kind in SAFE if kind in found)
    return kind, GONE.sub("", found[kind]) if kind == "text/html" else found[kind]


def composed():
    w, x = Value(0.5, name="w"), Value(2.0, name="x")
    J = tanh(w * x) ** 2 + w
    J.name = "J"
    return J, w


def test_formulas_and_derivations_are_latex():
    J, w = composed()
    for shown, power in [(viz.formula(J), r"\tanh ^{2}"), (viz.derive(J, w), "t_{2}^{2}")]:
        kind, content = untrusted(shown)
        assert kind == "text/latex"
        assert power in content


@pytest.mark.parametrize("show", [viz.draw, viz.explore, viz.animate, lambda J: viz.sheet(J, n=1)])
def test_pictures_and_pages_leave_an_image(show):
    kind, content = untrusted(show(composed()[0]))
    assert kind == "text/html"
    (image,) = re.findall(
        r'<img alt="[^"]*" style="max-width:100%;height:auto" src="data:image/svg\+xml;base64,([^"]*)">', content
    )
    assert base64.b64decode(image).decode().startswith("<svg")


@pytest.mark.parametrize("path", [os.environ["PATH"], ""], ids=["as it is", "no dot program"])
def test_a_digraph_shows_itself(monkeypatch, path):
    pytest.importorskip("graphviz")
    J, _ = composed()
    monkeypatch.setenv("PATH", path)
    assert "<svg" in bundle(viz.to_dot(J))["image/svg+xml"]
    assert "data:image/svg+xml" in untrusted(viz.to_dot(J))[1]
    assert repr(viz.to_dot(J)) == "<Digraph of 7 boxes; .source is its text>"


REPORTS = {
    "why": lambda J, w: viz.why(J, w), "anomaly": lambda J, w: viz.anomaly(J), "kinks": lambda J, w: viz.kinks(J),
    "accuracy": lambda J, w: viz.accuracy(J), "changed": lambda J, w: viz.changed(J, {w: 1.0}),
    "uncertainty": lambda J, w: viz.uncertainty_budget(J, {w: 0.1}),
    "check": lambda J, w: check_grad(tanh, 0.5),
    "explain": lambda J, w: viz.explain(check_grad(tanh, 0.5, gradient=1.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_shows_in_a_terminal_what_it_prints(name):
    report = REPORTS[name](*composed())
    assert repr(report) == str(report)
    assert "object at" not in str(report) and f"{type(report).__name__}(" not in str(report)
