"""Runs the blocks of a page as a notebook runs its cells, and keeps what each printed and showed."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from handbook import pages
from handbook.habits import check_habits
from handbook.pages import Block, PageError
from viz import Page

WIDTH = 88
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outcome:
    """What a block gave: the text it printed and, if its last line is a picture or a formula, how that looks."""

    text: str = ""
    html: str | None = None
    latex: str | None = None  # the same formula for a notebook, which strips MathML until it is trusted
    svg: str | None = None
    page: str | None = None  # a whole HTML page, to be looked at in a frame
    caption: str = ""
    ran: bool = True


def run(page: pages.Page) -> list[Outcome]:
    """Run every block, in order, in one namespace and in an empty directory; one outcome a block.

    Raises PageError, with the page's line, if a block raises and should not, or should and does not, and
    if a row of a table of habits does not hold (see `habits`).
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with _nowhere_special():
        outcomes = [_run(block, page.name, namespace) for block in page.blocks]
        check_habits(page.text, page.name, namespace)
    return outcomes


def check(page: pages.Page, outcomes: list[Outcome]) -> None:
    """Raise PageError at the first block that did not print what the page says it prints."""
    for block, outcome in zip(page.blocks, outcomes, strict=True):
        promised = block.output or ""
        if outcome.ran and outcome.text != promised:
            raise PageError(
                f"{page.name}:{block.line}: this block printed\n{outcome.text or '(nothing)'}\nand the page says\n"
                f"{promised or '(nothing)'}\nIf the engine is right: python -m handbook --write"
            )


def is_here(needed: str) -> bool:
    """Whether a package, or else a program of the system's, that a block needs is installed."""
    return importlib.util.find_spec(needed) is not None or shutil.which(needed) is not None


def _run(block: Block, name: str, namespace: dict[str, Any]) -> Outcome:
    if block.quotes:
        _check_quotation(block, name)
        return Outcome()
    if block.needs and not is_here(block.needs):
        return Outcome(ran=False)
    printed = io.StringIO()
    try:
        body, last = _compiled(block, name)
        with contextlib.redirect_stdout(printed):
            exec(body, namespace)
            shown = eval(last, namespace) if last is not None else None
    except Exception as error:
        if block.raises:
            return Outcome(f"{printed.getvalue()}{type(error).__name__}: {error}\n")
        raise PageError(f"{name}:{block.line}: this block raised\n{traceback.format_exc(limit=-3)}") from error
    if block.raises:
        raise PageError(f"{name}:{block.line}: this block was to raise, and did not")
    return _outcome(printed.getvalue(), shown, block)


def _check_quotation(block: Block, name: str) -> None:
    """PageError unless the block stands in the file that it is from; layout does not count."""
    quoted, file = " ".join(block.source.split()), ROOT / str(block.quotes)
    if not file.is_file() or quoted not in " ".join(file.read_text("utf-8").split()):
        raise PageError(f"{name}:{block.line}: this does not stand in {block.quotes}")


def _compiled(block: Block, name: str) -> tuple[CodeType, CodeType | None]:
    """The block's statements, and its last one apart if that is an expression to be shown.

    Lines are counted from the top of the page, so that a traceback points into it.
    """
    tree = ast.parse(block.source, name)
    ast.increment_lineno(tree, block.line - 1)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not block.source.rstrip().endswith(";"):
        last = compile(ast.Expression(tree.body.pop().value), name, "eval")  # type: ignore[attr-defined]  # it is an Expr
    return compile(tree, name, "exec"), last


def _outcome(printed: str, shown: Any, block: Block) -> Outcome:
    """As a notebook shows things: a picture, a page, mathematics as themselves, the rest by repr."""
    caption = _caption(block)
    if hasattr(shown, "_repr_svg_"):
        return Outcome(printed, svg=shown._repr_svg_(), caption=caption)
    if isinstance(shown, Page):
        return Outcome(printed, html=shown._repr_html_(), page=shown.html, caption=caption)
    if hasattr(shown, "mathml"):
        return Outcome(printed, html=shown.html, latex=shown._repr_latex_(), caption=caption)
    figure = getattr(shown, "figure", shown)
    if hasattr(figure, "savefig"):
        return Outcome(printed, svg=_svg_of(figure), caption=caption)
    return Outcome(printed if shown is None else f"{printed}{shown!r}\n")


def _caption(block: Block) -> str:
    """The comment after the last line, which says what is shown."""
    last = block.source.rstrip().splitlines()[-1]
    return last.partition("  # ")[2].strip()


def _svg_of(figure: Any) -> str:
    """A matplotlib figure as SVG, the same bytes every time."""
    from matplotlib import rc_context

    file = io.StringIO()
    with rc_context({"svg.hashsalt": "handbook", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})
    return file.getvalue()


@contextlib.contextmanager
def _nowhere_special() -> Iterator[None]:
    """In an empty directory, and before a terminal of the usual width, so that lines break where they do here."""
    before, columns = os.getcwd(), os.environ.get("COLUMNS")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["COLUMNS"] = str(WIDTH)
        try:
            yield
        finally:
            os.chdir(before)
            os.environ.pop("COLUMNS")
            os.environ.update({} if columns is None else {"COLUMNS": columns})
