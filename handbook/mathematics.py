"""Turns the LaTeX of a page into MathML when the site is built, so that a reader's browser needs no script for it."""

from __future__ import annotations

import html
import re

from latex2mathml.converter import convert

ARITHMATEX = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<latex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL
)  # what pymdownx.arithmatex leaves, generic

ASSIGNMENT = "<mi>:</mi><mo>&#x0003D;</mo>", "<mo>:=</mo>"  # one sign, which the converter takes for two


def with_mathml(page: str) -> str:
    """The page's HTML with every formula as a <math> element."""
    return ARITHMATEX.sub(_mathml, page)


def _mathml(found: re.Match[str]) -> str:
    latex = html.unescape(found["latex"]).strip()
    display = "inline" if found["tag"] == "span" else "block"
    converted: str = convert(latex, display=display).replace(*ASSIGNMENT)
    return converted if display == "inline" else f'<div class="formula">{converted}</div>'
