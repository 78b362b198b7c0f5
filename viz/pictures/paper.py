"""Pages of SVG as one PDF."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd.errors import MissingExtra
from viz.pictures.drawing import ConverterError


def as_pdf(pages: Sequence[str]) -> bytes:
    """The pages in order, each an SVG of the first one's size.

    Raises:
        MissingExtra: if there is neither cairosvg nor rsvg-convert
        ConverterError: if the converter fails
    """
    program = shutil.which("rsvg-convert")  # several times as fast as cairosvg
    if program is not None:
        return _by_program(pages, program)
    try:
        import cairosvg.surface
    except (ImportError, OSError) as error:  # OSError: cairosvg without the cairo library
        raise MissingExtra(
            "saving as .pdf needs cairosvg, the extra `images`: pip install 'glassgrad[images]', or save as .xml"
        ) from error
    return _by_cairo(pages, cairosvg)


def _by_cairo(pages: Sequence[str], cairosvg: Any) -> bytes:
    """Each page drawn onto one surface, which cairo turns over."""
    written = io.BytesIO()
    papers: list[Any] = []

    class OnOnePaper(cairosvg.surface.PDFSurface):  # type: ignore[misc]  # cairosvg has no types
        def _create_surface(self, width: float, height: float) -> tuple[Any, float, float]:
            if not papers:
                papers.append(self.surface_class(written, width, height))
            return papers[0], width, height

    for page in pages:
        tree = cairosvg.parser.Tree(bytestring=page.encode())
        OnOnePaper(tree, None, 96).context.show_page()
    papers[0].finish()
    return written.getvalue()


def _by_program(pages: Sequence[str], program: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.svg" for number in range(len(pages))]
        for file, page in zip(files, pages, strict=True):
            file.write_text(page, encoding="utf-8")
        done = subprocess.run([program, "--format", "pdf", *map(str, files)], capture_output=True, check=False)
    if done.returncode:
        raise ConverterError(f"rsvg-convert failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
