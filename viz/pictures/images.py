"""A picture as an image in HTML, which also a notebook shows that nobody has trusted yet."""

from __future__ import annotations

import base64
import re

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>")


def as_image(svg: str) -> str:
    """An <img> that is never wider than its page.

    JupyterLab strips SVG and MathML from notebooks that came from elsewhere, and leaves images.

    >>> as_image("<svg><title>x</title></svg>")  # doctest: +ELLIPSIS
    '<img alt="x" style="max-width:100%;height:auto" src="data:image/svg+xml;base64,PHN2...">'
    """
    title = _TITLE.search(svg)
    alt = title[1].replace('"', "&quot;") if title else ""  # which is XML already
    return f'<img alt="{alt}" style="max-width:100%;height:auto" src="{as_data(svg)}">'


def as_data(svg: str) -> str:
    """The address of an image that holds it, in which it keeps its own style.

    >>> as_data("<svg/>")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
