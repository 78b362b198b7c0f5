"""Every block of the documentation runs and prints what its page says; its notebooks do; its reference is complete."""

from __future__ import annotations

import importlib
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbclient import NotebookClient

import autograd
import nn
import viz
from autograd.ops.primitive import TABLE
from handbook import numpy_arrays, reference, tables
from handbook.__main__ import rewritten
from handbook.cells import WIDTH, Outcome, check, is_here, run
from handbook.docstrings import laid_out
from handbook.habits import NEIGHBOURS, habits
from handbook.links import within_site
from handbook.mathematics import with_mathml
from handbook.notebooks import FROM_INDEX, IS_PUBLISHED, as_published, notebook
from handbook.pages import PageError, parse, read
from handbook.render import render

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
CHAPTERS = [name for name in PAGES if name.startswith("learn/")]
ON_PAPER = 76  # letters of a line of code that nbconvert does not cut


# -- the pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_a_page_runs_and_prints_what_the_page_says(name: str) -> None:
    page = read(PAGES[name], DOCS)
    check(page, run(page))


@pytest.mark.parametrize("name", PAGES)
def test_links_between_pages_and_to_files_lead_somewhere(name: str) -> None:
    text = PAGES[name].read_text("utf-8")
    within_site(text, name)
    for target in re.findall(r"(?<!!)\]\(([^)#:\s]+)(?:#[^)\s]*)?\)", re.sub("`[^`\n]*`", "", text)):
        assert (PAGES[name].parent / target).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("name", PAGES)
def test_code_fits_beside_the_margins(name: str) -> None:
    room = ON_PAPER if name in CHAPTERS else WIDTH - 1
    for block in read(PAGES[name], DOCS).blocks:
        assert max(map(len, block.source.splitlines())) <= room, f"{name}:{block.line}"


NEEDED = {block.needs for path in PAGES.values() for block in read(path, DOCS).blocks} - {None} | set(
    NEIGHBOURS.values()
)


@pytest.mark.parametrize("package", sorted(NEEDED))
def test_what_pages_are_compared_with_is_installed(package: str) -> None:
    """Without it blocks that need it and columns of habits are passed over: here that is seen."""
    if not is_here(package):
        pytest.skip(f"{package} is not installed: what pages say of it is not run")


# -- the extras ----------------------------------------------------------------------------------------

MISSING = {
    "native": ["llvmlite"], "check": ["mpmath"], "plots": ["matplotlib"], "progress": ["tqdm", "tqdm.auto"],
    "images": ["cairosvg"], "onnx": ["onnx"], "sklearn": ["sklearn", "sklearn.base"], "torch": ["torch"],
    "jax": ["jax"], "distributed": ["dask", "dask.delayed"], "demos": ["matplotlib"],
}  # fmt: skip
WITHOUT = """
import os, sys
for package in {packages}:
    sys.modules[package] = None
os.environ["PATH"] = ""
from autograd import Value, check_primitive, compile
from autograd.program.blocks import sum_over_blocks
from nn import MLP
import viz
def f(x):
    return x * x
model, X, y, J, samples = MLP(2, [1], seed=0), [[0, 1]], [1], Value(2.0) * 3, [1.0]
program, loss = compile(f).record(1.0), compile(f, in_axes=0, reduce="sum")
for use in {uses}:
    try:
        exec(use)
    except Exception as error:
        print(f"{{type(error).__name__}}: {{error}}")
    else:
        print("no error")
"""


def test_the_page_of_extras_has_them_all_and_the_sentence_that_each_missing_one_gives() -> None:
    text = PAGES["how-to/extras.md"].read_text("utf-8")
    declared = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(declared)
    said = dict(re.findall(r"^\| `([^`]+)` \| ``(.+)`` \|$", text, re.MULTILINE))
    assert len(said) == len(MISSING) == len(declared) - 2  # of docs and dev, make takes care
    packages = sorted({package for names in MISSING.values() for package in names})
    program = WITHOUT.format(packages=packages, uses=list(said))
    done = subprocess.run([sys.executable, "-c", program], cwd=DOCS.parent, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == list(said.values())


# -- notebooks --------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_notebooks_of_the_chapters_print_the_same_in_a_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One kernel for all, emptied in between: starting one takes longer than a chapter does."""
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parent))
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # a kernel shows figures by a backend of its own
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=600, kernel_name="python3")
    with client.setup_kernel(cwd=str(tmp_path)):
        for name in CHAPTERS:
            _run_in(client, name)
            client.execute_cell(nbformat.v4.new_code_cell("%reset -f"), 0, store_history=False)


def test_links_in_notebooks_lead_to_notebooks() -> None:
    page = parse(
        "[on](order.md), [there](order.md#users-first), [all](../reference/primitives.md), "
        "[the table](../../autograd/ops/table.py)",
        "learn/x.md",
    )
    _, cell = nbformat.reads(notebook(page, []), 4).cells
    all_of_them = "https://github.com/glassgrad/glassgrad/blob/main/docs/reference/primitives.md"
    assert cell.source == f"[on](order.ipynb), [there](order.ipynb#users-first), [all]({all_of_them}), the table"


def test_every_heading_begins_a_slide() -> None:
    page = parse("# Title\n\nProse.\n\n```text\n# a comment\n```\n\nOn.\n\n## Part\n\nMore.\n", "learn/x.md")
    cells = nbformat.reads(notebook(page, []), 4).cells
    assert [cell.metadata.get("slideshow", {}).get("slide_type") for cell in cells] == ["skip", "slide", "slide"]
    assert [cell.source.splitlines()[0] for cell in cells[1:]] == ["# Title", "## Part"]
    assert "# a comment" in cells[1].source


def test_the_first_cell_of_a_notebook_installs_what_its_imports_ask_for() -> None:
    page = parse("# Title\n\n```python\nfrom autograd import Value\nimport viz\n```\n", "learn/x.md")
    first, _, code = nbformat.reads(notebook(page, [Outcome()]), 4).cells
    assert "pip install" in first.source
    if not IS_PUBLISHED:
        assert first.source.startswith("#") and "\n# %pip" in first.source  # which a Run All leaves alone
        anywhere = parse(as_published(page.text), page.name)
        first, _, code = nbformat.reads(notebook(anywhere, [Outcome()], FROM_INDEX), 4).cells
    assert first.source.endswith('\n%pip install -q "glassgrad[plots]"')
    assert code.source == "from glassgrad import Value\nfrom glassgrad import viz"


def _run_in(client: NotebookClient, name: str) -> None:
    page = read(PAGES[name], DOCS)
    promised = [Outcome(block.output or "") for block in page.blocks]
    client.nb = nbformat.reads(notebook(page, promised), 4)
    nbformat.validate(client.nb)
    for index, cell in enumerate(client.nb.cells):
        if cell.cell_type == "code" and "install" not in cell.metadata.get("tags", []):
            expected = "".join(output.text for output in cell.outputs)
            client.execute_cell(cell, index)
            assert _printed(cell) == _without_source(expected), f"{name}: {cell.source}"


def _is_shown(data: dict[str, str]) -> bool:
    """Whether a result is a picture, a page or mathematics, and no table of what its repr says."""
    tags = ("<iframe", "<img", "<svg", "<math")
    return not {"text/plain", "text/html"}.issuperset(data) or any(tag in data.get("text/html", "") for tag in tags)


def _printed(cell: nbformat.NotebookNode) -> str:
    """What a cell printed, its last expression's repr and the error it ended in; not what is shown as a picture."""
    text = ""
    pictures = any("image/png" in output.get("data", {}) for output in cell.outputs)
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            text += output.text
        elif output.output_type == "error":
            text += f"{output.ename}: {output.evalue}\n"
        elif output.output_type == "execute_result" and not pictures and not _is_shown(output.data):
            text += f"{output.data['text/plain']}\n"
    return _without_source(text)


def _without_source(text: str) -> str:
    """The text without the file that a node was made in: a cell's has another name in a kernel."""
    return re.sub(r"(source +)\S.*", r"\1the cell", text)


# -- the mechanism: what is wrong is found -------------------------------------------------------------

PAGE = """# Title

```python
x = 2
print(x)
x + 1
```

```output
2
3
```

```python raises
1 / 0
```

```output
ZeroDivisionError: division by zero
```
"""


def held(text: str) -> None:
    page = parse(text, "page.md")
    check(page, run(page))


def test_a_page_that_prints_what_it_says_holds() -> None:
    held(PAGE)


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("2\n3\n", "2\n4\n", "page.md:4: this block printed"),
        ("```output\n2\n3\n```\n", "", "printed"),
        ("x + 1", "x = 3", "printed"),
        ("print(x)", "print(y)", 'File "page.md", line 5'),
        ("```python raises", "```python", "page.md:15: this block raised"),
        ("1 / 0", "1 / 1", "page.md:15: this block was to raise"),
        ("```python\nx = 2", "```text\nx = 2", "stands below no block"),
        ("```python\nx = 2", "```python from=README.md\nx = 2", "does not stand in README.md"),
    ],
)
def test_a_page_that_does_not_hold_is_found(right: str, wrong: str, complaint: str) -> None:
    assert right in PAGE
    with pytest.raises(PageError) as found:
        held(PAGE.replace(right, wrong))
    assert complaint in str(found.value)


def test_writing_puts_in_what_was_printed_and_changes_nothing_else() -> None:
    stale = PAGE.replace("2\n3\n", "5\n").replace("ZeroDivisionError: division by zero\n", "")
    page = parse(stale, "page.md")
    assert rewritten(page, run(page)) == PAGE
    page = parse(PAGE, "page.md")
    assert rewritten(page, run(page)) == PAGE


def test_a_block_that_needs_what_is_not_installed_keeps_its_output() -> None:
    text = "```python needs=no_such_package\nimport no_such_package\n```\n\n```output\nyes\n```\n"
    page = parse(text, "page.md")
    check(page, run(page))
    assert rewritten(page, run(page)) == text
    assert "yes" in render(page, run(page)).markdown


def test_pictures_come_light_and_dark_and_formulas_as_mathml() -> None:
    source = "import viz\nfrom autograd import Value\nx = Value(2.0, name='x')\n"
    page = parse(f"```python\n{source}viz.draw(x * x)  # a square\n```\n```python\nviz.formula(x * x)\n```\n", "p.md")
    rendered = render(page, run(page))
    light, dark = sorted(rendered.shown, key=len)
    assert "prefers-color-scheme" not in rendered.shown[light] + rendered.shown[dark]
    assert f"![a square](shown/{light}#only-light)" in rendered.markdown
    assert f"shown/{dark}#only-dark" in rendered.markdown
    assert "<math" in rendered.markdown
    assert "<mo>:=</mo>" in with_mathml('<div class="arithmatex">\\[w := w\\]</div>')
    assert "<mi>δ</mi>" in with_mathml('<span class="arithmatex">\\(\\delta\\)</span>').replace("&#x003B4;", "δ")


def test_a_page_is_shown_in_a_frame() -> None:
    source = "import viz\nfrom autograd import Value\nx = Value(2.0, name='x')\nviz.explore(x * x)  # a square\n"
    page = parse(f"```python\n{source}```\n", "p.md")
    rendered = render(page, run(page))
    ((name, html),) = rendered.shown.items()
    assert html.lower().startswith("<!doctype html>")
    assert f'src="../shown/{name}"' in rendered.markdown


def test_links_out_of_the_site_must_lead_to_a_file() -> None:
    assert within_site("see [the table](../../autograd/ops/table.py)", "learn/x.md") == "see the table"
    assert within_site("see [why](../design.md)", "learn/x.md") == "see [why](../design.md)"
    with pytest.raises(PageError, match="does not exist"):
        within_site("see [it](../../autograd/nothing.py)", "learn/x.md")


HABITS = """
```python
x = 2.0
```

| micrograd | here | |
|---|---|---|
| `x * 3` | `x + 4` | prose |
| – | `y = x` | a statement |

| other | table |
|---|---|
| `no` | `such` |
"""


def test_tables_of_habits_are_run_and_both_sides_agree() -> None:
    assert [habit.code for habit in habits(HABITS)] == [{"micrograd": "x * 3", "here": "x + 4"}, {"here": "y = x"}]
    held(HABITS)


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("x + 4", "x + 5", "page.md:8: micrograd gives 6.0, here it is 7.0"),
        ("y = x", "y = z", "page.md:9: y = z raised NameError"),
    ],
)
def test_a_habit_that_does_not_hold_is_found(right: str, wrong: str, complaint: str) -> None:
    with pytest.raises(PageError) as found:
        held(HABITS.replace(right, wrong))
    assert complaint in str(found.value)


def test_the_pages_for_newcomers_compare_with_every_neighbour() -> None:
    for name, heading in (("micrograd", "micrograd"), ("pytorch", "PyTorch"), ("jax", "JAX")):
        rows = list(habits((DOCS / "coming-from" / f"{name}.md").read_text("utf-8")))
        assert sum(heading in row.code for row in rows) > 5


# -- generated tables ---------------------------------------------------------------------------------


def test_the_table_of_primitives_has_a_line_for_every_row() -> None:
    lines = tables.primitives().splitlines()[2:]
    assert len(lines) == len(TABLE)
    for line, name in zip(lines, TABLE, strict=True):
        assert f"`{name}`" in line
        assert line.count("|") == 5, "a bar inside a cell would split it"
        assert "<math" in line


def test_the_table_of_conventions_has_a_line_for_every_edge() -> None:
    lines = tables.conventions().splitlines()[2:]
    assert len(lines) == sum(len(row.edges) for row in TABLE.values())
    assert "| `log` | 0 | −∞ | ∞ |" in lines
    assert "| `power` | (−2, 3) | −8 | (12, nan) |" in lines


@pytest.mark.parametrize("package", [autograd, nn, viz])
def test_the_reference_has_every_public_name_once(package: ModuleType) -> None:
    page = reference.filled((DOCS / "reference" / f"{package.__name__.rpartition('.')[2]}.md").read_text("utf-8"))
    listed = re.findall(r"^::: (\S+)\.(\w+)$", page, re.MULTILINE)
    assert len(listed) == len(set(listed))
    for module, name in listed:
        assert callable(getattr(importlib.import_module(module), name))
    names = {name for _, name in listed}
    for name in [*package.__all__, *getattr(package, "_in_python_too", [])]:
        assert name in names or name in reference.ROWS or isinstance(getattr(package, name), ModuleType), name


def test_the_table_of_numpy_functions_has_them_all() -> None:
    table = tables.filled("<!-- table: numpy_functions -->")
    for name in ("np.maximum", "np.where", "np.linalg.norm", "np.concatenate", "np.argmax", "np.std", "np.einsum"):
        assert f"`{name}`" in table


def test_the_table_of_numpys_own_arrays_says_what_stays_silent() -> None:
    verdicts = {line.expression: numpy_arrays.verdict(line) for line in numpy_arrays.LINES}
    assert verdicts["np.max(a)"] == verdicts["np.clip(a, 0.0, 1.0)"] == "**another answer**"
    assert verdicts["np.exp(np.append(a, 0.0))"] == verdicts["np.logaddexp(a, 0.0)"] == "fails"
    assert verdicts["np.std(a)"] == verdicts["np.var(a)"] == verdicts["a @ a"] == "the same"
    line = "| `np.maximum(a, 1.0)` | nan, 2 | [1, 2] ↦ (0, 1) | [nan, 2] ↦ (nan, 1) | **another answer** |"
    assert line in tables.filled("<!-- table: numpy_arrays -->")
    told = [line for line in numpy_arrays.LINES if not line.instead and numpy_arrays.verdict(line) != "the same"]
    assert not told, "what is other has something to write instead"


def test_a_table_that_there_is_none_of_is_found() -> None:
    with pytest.raises(KeyError):
        tables.filled("<!-- table: nothing -->")


def test_docstrings_are_laid_out() -> None:
    assert laid_out("What.\n\n>>> 1 + 1\n2\n\nMore.") == "What.\n\n```pycon\n>>> 1 + 1\n2\n```\n\nMore."
    assert laid_out("A <math> element, `a < b`.") == "A &lt;math> element, `a < b`."
