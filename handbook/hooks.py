"""What the site's build asks mkdocs to do: run the blocks, add the generated tables and notebooks, typeset formulas."""

from __future__ import annotations

from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page as SitePage

from handbook import reference, tables
from handbook.cells import Outcome, check, run
from handbook.links import within_site
from handbook.mathematics import with_mathml
from handbook.notebooks import FROM_INDEX, IS_PUBLISHED, as_published, notebook
from handbook.pages import Page, PageError, parse
from handbook.render import render

CHAPTERS = "learn/"


def on_page_markdown(markdown: str, page: SitePage, config: MkDocsConfig, files: Files) -> str:
    """The page with its tables filled in and with what its blocks print and show; a page that does not hold fails."""
    parsed = parse(markdown, page.file.src_uri)
    try:
        outcomes = run(parsed)
        check(parsed, outcomes)
        rendered = render(parsed, outcomes)
        finished = within_site(reference.filled(tables.filled(rendered.markdown)), page.file.src_uri)
    except PageError as error:
        raise PluginError(str(error)) from error
    folder = page.file.src_uri.rpartition("/")[0]
    for name, content in rendered.shown.items():
        _add(files, config, f"{folder}/shown/{name}".lstrip("/"), content)
    if page.file.src_uri.startswith(CHAPTERS) and parsed.blocks:
        return finished + _notebooks(parsed, outcomes, page, config, files)
    return finished


def _notebooks(parsed: Page, outcomes: list[Outcome], page: SitePage, config: MkDocsConfig, files: Files) -> str:
    """The chapter as a notebook, of a checkout's also as it is published; a line that leads to them."""
    name = page.file.src_uri.removeprefix(CHAPTERS).removesuffix(".md") + ".ipynb"
    _add(files, config, f"{CHAPTERS}notebooks/{name}", notebook(parsed, outcomes))
    line = f"\n\n[:material-download: This chapter as a notebook](notebooks/{name})"
    if IS_PUBLISHED:
        return line + "\n"
    anywhere = parse(as_published(parsed.text), parsed.name)
    _add(files, config, f"{CHAPTERS}notebooks/glassgrad/{name}", notebook(anywhere, outcomes, FROM_INDEX))
    return f"{line}, [for Colab and JupyterLite](notebooks/glassgrad/{name})\n"


def on_page_content(html: str, **_: Any) -> str:
    """The page's HTML with formulas as MathML."""
    return with_mathml(html)


def _add(files: Files, config: MkDocsConfig, uri: str, content: str) -> None:
    if files.get_file_from_path(uri) is None:
        files.append(File.generated(config, uri, content=content))
