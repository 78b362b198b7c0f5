"""What is published: every form in which a module is named, the tree, the archives, and both forms in use."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import autograd
import nn
import publishing.notes
from autograd import Value, compile, tanh
from publishing import archives, tree
from publishing.names import FRONT, PACKAGES, Names, RefusedError, markdown, python, text
from publishing.notes import NotesError, notes

ROOT = Path(__file__).resolve().parents[2]
NAMES = Names(
    frozenset({"autograd", "autograd.chain", "autograd.program", "autograd.program.blocks", "nn", "viz", "viz.page"}),
    {"autograd": frozenset({"Value", "tanh"}), "nn": frozenset({"load"}), "viz": frozenset({"draw"})},
)

# -- forms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from autograd import Value, sum as add", "from glassgrad import Value, sum as add"),
        ("from autograd import (\n    Value,\n    tanh,\n)", "from glassgrad import (\n    Value,\n    tanh,\n)"),
        ("from autograd import chain, Value", "from glassgrad.autograd import chain, Value"),
        ("from autograd import *", "from glassgrad import *"),
        ("from autograd.chain import steps", "from glassgrad.autograd.chain import steps"),
        ("from nn import MLP", "from glassgrad.nn import MLP"),
        ("say `from autograd import …`.", "say `from glassgrad import …`."),
        ("import autograd as ag", "from glassgrad import autograd as ag"),
        ("import nn, viz, autograd", "from glassgrad import nn, viz, autograd"),
        ("import autograd; autograd.tanh(1)", "from glassgrad import autograd; autograd.tanh(1)"),
        ("import viz.page as p", "import glassgrad.viz.page as p"),
        ("import autograd.", "from glassgrad import autograd."),  # the end of a sentence
        (">>> import viz\n>>> viz.draw(x)", ">>> from glassgrad import viz\n>>> viz.draw(x)"),
        ("`python -m viz debug f.py`", "`python -m glassgrad.viz debug f.py`"),
        ("python -m autograd.stubs", "python -m glassgrad.autograd.stubs"),
        ("[it](../../autograd/ops/table.py)", "[it](../../src/glassgrad/autograd/ops/table.py)"),
        ("```python from=autograd/chain.py", "```python from=src/glassgrad/autograd/chain.py"),
    ],
)
def test_text_is_renamed(old: str, new: str) -> None:
    assert text(old, NAMES) == new


@pytest.mark.parametrize(
    "kept",
    [
        "HIPS autograd, as `autograd` of ours; autograd's gradient", "import autograder", "torch.nn.Linear",
        "https://github.com/HIPS/autograd/issues", "viz.draw(J), nn.load", "import numpy, nnx", "-m vizier",
        "my_autograd/x.py", "an import, viz", "from torch import nn", "from nnx import y", "python -m demos",
    ],
)  # fmt: skip
def test_what_is_no_module_of_ours_is_kept(kept: str) -> None:
    assert text(kept, NAMES) == kept


def test_pages_have_instructions_and_folders() -> None:
    page = "::: autograd.chain.steps\n<!-- reference: nn layers -->\n[nn/](nn) and [it](nn.md)"
    assert markdown(page, NAMES).split("\n") == [
        "::: glassgrad.autograd.chain.steps",
        "<!-- reference: glassgrad.nn layers -->",
        "[nn/](src/glassgrad/nn) and [it](nn.md)",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('π = "δ"; from nn import load  # autograd.chain', 'π = "δ"; from glassgrad.nn import load  # autograd.chain'),
        ('run([python, "-m", "viz", *more])', 'run([python, "-m", "glassgrad.viz", *more])'),
        ('x = "autograd.chain"', 'x = "glassgrad.autograd.chain"'),
        ('patch("autograd.program.blocks._LEAST", 1)', 'patch("glassgrad.autograd.program.blocks._LEAST", 1)'),
        ('f"import viz; {x}.autograd"', 'f"from glassgrad import viz; {x}.autograd"'),
        ('"autograd\'s (autograd.tanh(v)) is autograd. Yes"', '"autograd\'s (autograd.tanh(v)) is autograd. Yes"'),
        ('"""See `nn.x`.\n\n>>> import nn\n"""', '"""See `nn.x`.\n\n>>> from glassgrad import nn\n"""'),
        (r'"x\nimport viz\nfrom nn import load"', r'"x\nfrom glassgrad import viz\nfrom glassgrad.nn import load"'),
        ('def f():\n    import nn\n    return "δ", nn', 'def f():\n    from glassgrad import nn\n    return "δ", nn'),
    ],
)  # fmt: skip
def test_source_is_renamed_and_keeps_its_layout(old: str, new: str) -> None:
    assert python(old, NAMES) == new


def test_inside_of_the_packages_everything_comes_from_where_it_is_made() -> None:
    assert python("from autograd import Value", NAMES, inside=True) == "from glassgrad.autograd import Value"
    assert python("import autograd", NAMES, inside=True) == "from glassgrad import autograd"


@pytest.mark.parametrize(
    "source",
    [
        "import autograd.chain",
        "import sys, autograd",
        "import autograd, sys",
        "exec('import sys, nn')",
        "x = 'autograd'",
        "x = {'nn': 1}",
        "x = 'autograd.'",
        "f = f'autograd.program.{x}'",
        "f = f'autograd.{x}'",
        "raise ValueError('send it by autograd.program.blocks')",
        "x = 'autograd.program.*'",
        "x = 'autograd.' 'chain'",
        "x = 'see viz.nothing'",
        "x = 'import ' 'nn'",
    ],
)
def test_what_could_be_misunderstood_stops_the_build(source: str) -> None:
    with pytest.raises(RefusedError, match=r"^f\.py:1: "):
        python(source, NAMES, "f.py")


# -- the tree -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return tree.published(ROOT)


@pytest.fixture(scope="module")
def there(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the published project."""
    folder = tmp_path_factory.mktemp("published")
    archives.write(files, folder, archives.EARLIEST)
    return folder


def test_every_file_of_the_packages_is_there_once(files: dict[str, bytes]) -> None:
    listed = [path for package in PACKAGES for path in (ROOT / package).rglob("*.*") if "__pycache__" not in path.parts]
    expected = {f"src/{FRONT}/{path.relative_to(ROOT).as_posix()}" for path in listed if path.is_file()}
    of_front = {f"src/{FRONT}/__init__.py", f"src/{FRONT}/py.typed"}
    assert {name for name in files if name.startswith("src/")} == expected | of_front
    assert {name.split("/")[0] for name in files} == set(tree.SHIPPED) - set(PACKAGES) | {"src"}
    assert not [name for name in files if "publishing" in name or "/." in name]


def test_nothing_that_is_published_imports_a_short_name(files: dict[str, bytes]) -> None:
    imported = re.compile(r"\b(?<!glassgrad )import (autograd|nn|viz)\b|\bfrom (autograd|nn|viz)\b[\w.]* import")
    for name, content in files.items():
        if name.endswith((".py", ".pyi", ".md")):
            assert not imported.search(content.decode()), name


def test_renaming_changes_no_line_but_those_that_name_a_module(files: dict[str, bytes]) -> None:
    changed = 0
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            old = path.read_text("utf-8").splitlines()
            new = files[f"src/{FRONT}/{path.relative_to(ROOT).as_posix()}"].decode().splitlines()
            for before, after in zip(old, new, strict=True):
                changed += before != after
                assert re.sub(rf"{FRONT}\.|from {FRONT} ", "", after) in (before, before.replace("from autograd ", ""))
    assert changed > 500


def test_the_readme_s_links_lead_to_the_repository(files: dict[str, bytes]) -> None:
    page = files["README.md"].decode()
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) > 15
    assert all(link.startswith("https://") for link in links)
    assert "![" in page and f"]({tree.FILES}/v{autograd.__version__}/docs/step.png)" in page
    assert f"]({tree.REPOSITORY}/blob/v{autograd.__version__}/autograd/ops/table.py)" in page
    assert "from glassgrad import Value, dot, tanh\nfrom glassgrad import viz\n" in page
    assert "\npip install glassgrad  " in page and '\npip install "glassgrad[native]"' in page


def test_what_pip_and_pytest_read_is_that_of_the_published_form(files: dict[str, bytes]) -> None:
    project = tomllib.loads(files["pyproject.toml"].decode())
    tool = project["tool"]
    assert tool["setuptools"]["packages"]["find"] == {"where": ["src"]}
    assert tool["setuptools"]["dynamic"]["version"]["attr"] == "glassgrad.autograd.home.__version__"
    assert tool["pytest"]["ini_options"]["testpaths"] == ["tests", FRONT]
    urls = project["project"]["urls"].values()
    assert all(url.startswith(tree.REPOSITORY) for url in urls)
    assert "wheel" not in files["Makefile"].decode()


@pytest.mark.parametrize(
    ("platform", "machine", "implementation", "wanted"),
    [
        ("linux", "x86_64", "cpython", True),
        ("linux", "aarch64", "cpython", True),
        ("linux", "riscv64", "cpython", False),
        ("linux", "x86_64", "pypy", False),
        ("darwin", "arm64", "cpython", True),
        ("win32", "AMD64", "cpython", True),
        ("win32", "ARM64", "cpython", False),
        ("emscripten", "wasm32", "cpython", False),
    ],
)
def test_pygraphviz_is_wanted_where_it_has_a_wheel(
    files: dict[str, bytes], platform: str, machine: str, implementation: str, wanted: bool
) -> None:
    declared = tomllib.loads(files["pyproject.toml"].decode())["project"]["dependencies"]
    there = {"sys_platform": platform, "platform_machine": machine, "implementation_name": implementation}
    needed = [Requirement(text) for text in declared]
    names = [one.name for one in needed if one.marker is None or one.marker.evaluate(there)]
    assert names == ["numpy", "graphviz", *["pygraphviz"] * wanted]


def test_a_place_that_is_not_where_it_was_stops_the_build() -> None:
    with pytest.raises(ValueError, match="stands there 0 times"):
        tree.project("[project]\n", NAMES)


# -- both forms in use ------------------------------------------------------------------------------------


def run(folder: Path, program: str, *arguments: str) -> str:
    """What a program prints that can import nothing but what is in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-P", "-c", program, *arguments]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


PUBLISHED = """
import pickle, sys
import glassgrad
from glassgrad import Value, grad, nn, tanh, viz, record_sources, load_program
from glassgrad.viz import __main__ as command
assert not {"autograd", "nn", "viz"} & set(sys.modules)
assert "glassgrad.autograd.program" not in sys.modules or "glassgrad.nn.networks.layers" in sys.modules
assert glassgrad.viz is viz and glassgrad.autograd.Value is Value is glassgrad.Value
assert glassgrad.__version__ == glassgrad.autograd.__version__
for name in glassgrad.__all__:
    assert getattr(glassgrad, name) is getattr(glassgrad.autograd, name), name
assert {"abs", "compile", "nn", "viz", "Value"} <= set(dir(glassgrad)) | {"abs", "compile"}
for missing in ("nothing", "_hidden"):
    try:
        getattr(glassgrad, missing)
    except AttributeError as error:
        assert f"module 'glassgrad' has no attribute '{missing}'" in str(error)
    else:
        raise SystemExit("there")
with record_sources():
    source = tanh(Value(1.0)).source
assert source.startswith("<string>:"), source
assert tanh.__module__ == "glassgrad.autograd" and pickle.loads(pickle.dumps(tanh)) is tanh
assert type(pickle.loads(pickle.dumps(Value(1.0)))).__module__ == "glassgrad.autograd.value"
from glassgrad.autograd.program.native import entrance
program, model, folder = load_program(sys.argv[1]), nn.load(sys.argv[2]), sys.argv[3]
program.save(folder + "/program.npz")
model.save(folder + "/model.npz")
print(program.text())
print([p.data for p in model.parameters()])
"""


def test_the_published_form_has_the_same_names_and_files_go_both_ways(there: Path, tmp_path: Path) -> None:
    program = compile(lambda x, y: tanh(x * y) + x).record(1.0, 2.0)
    model = nn.MLP(2, [3, 1], seed=1)
    program.save(tmp_path / "program.npz")
    model.save(tmp_path / "model.npz")
    (tmp_path / "back").mkdir()
    arguments = [str(tmp_path / name) for name in ("program.npz", "model.npz", "back")]
    printed = run(there / "src", PUBLISHED, *arguments)
    numbers = [parameter.data for parameter in model.parameters()]
    assert printed == f"{program.text()}\n{numbers}\n"
    back = autograd.load_program(tmp_path / "back" / "program.npz")
    assert back.text() == program.text()
    assert [parameter.data for parameter in nn.load(tmp_path / "back" / "model.npz").parameters()] == numbers


def test_pickles_name_the_form_that_wrote_them() -> None:
    assert b"autograd.value" in pickle.dumps(Value(1.0))
    assert b"glassgrad" not in pickle.dumps(Value(1.0))


def test_the_command_says_how_it_is_called(there: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(there / "src"), "COLUMNS": "100"}
    command = [sys.executable, "-P", "-m", "glassgrad.viz", "--help"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "usage: python -m glassgrad.viz" in ran.stdout


# -- HIPS autograd in the same place --------------------------------------------------------------------------


def mixed(folder: Path, *, first: str, uninstalled: bool = False) -> Path:
    """A folder into which pip put HIPS autograd and this, whichever first; the files that it would leave there."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    if not uninstalled:
        (folder / "autograd" / "tracer.py").touch()
    if first == "ours":
        (folder / "autograd" / "__init__.py").write_text("def grad(): pass\n")
    if uninstalled:
        (folder / "autograd" / "__init__.py").unlink()
    return folder


@pytest.mark.parametrize(
    ("first", "uninstalled", "told"),
    [("ours", False, "nn viz"), ("HIPS", False, "autograd nn viz"), ("ours", True, "nn viz"), ("HIPS", True, "nn viz")],
)
def test_a_mixture_with_hips_autograd_is_told(first: str, uninstalled: bool, told: str, tmp_path: Path) -> None:
    program = (
        "from importlib import import_module\n"
        f"for name in {told.split()}:\n"
        "    try:\n        import_module(name)\n"
        "    except ImportError as error:\n        print(error)\n"
    )
    printed = run(mixed(tmp_path, first=first, uninstalled=uninstalled), program).splitlines()
    assert len(printed) == len(told.split())
    for line in printed:
        assert "HIPS autograd" in line
        assert str(tmp_path / "autograd") in line
        assert "uninstall both, then install HIPS autograd and the published wheel of this project, glassgrad" in line


def test_both_packages_that_need_the_engine_ask_for_it_in_the_same_words() -> None:
    assert (ROOT / "nn" / "engine.py").read_text("utf-8") == (ROOT / "viz" / "engine.py").read_text("utf-8")


# -- archives ---------------------------------------------------------------------------------------------------


def test_an_sdist_is_the_same_bytes_every_time(tmp_path: Path, files: dict[str, bytes]) -> None:
    files = {**files, "PKG-INFO": b"Metadata-Version: 2.4\nName: glassgrad\nVersion: 3.2.1\n\nVersion: none\n"}
    made = archives._sdist(files, tmp_path, 1_700_000_000)
    assert made.name == "glassgrad-3.2.1.tar.gz"
    packed = made.read_bytes()
    assert archives._sdist(dict(reversed(files.items())), tmp_path, 1_700_000_000).read_bytes() == packed
    assert archives._sdist(files, tmp_path, 1_700_000_001).read_bytes() != packed


def test_the_time_of_an_archive_is_told_or_the_commit_s_or_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert archives.date_of(tmp_path) == 1_700_000_000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert archives.date_of(tmp_path) == archives.EARLIEST
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert archives.date_of(tmp_path) == archives.EARLIEST


# -- notes and what a repository has ----------------------------------------------------------------------------

CHANGELOG = "# Changelog\n\n## [1.1.0] - 2026-02-03\n\n### Added\n- x\n\n## [1.0.0] - 2026-01-01\n- y\n"


def test_the_notes_of_a_release_are_its_section() -> None:
    assert notes(CHANGELOG, "version: 1.1.0\n", "1.1.0", final=True) == "### Added\n- x\n"


@pytest.mark.parametrize(
    ("changelog", "citation", "version", "told"),
    [
        (CHANGELOG, "version: 1.0.0\n", "1.0.0", "the newest section of CHANGELOG.md is that of 1.1.0"),
        ("# Changelog\n", "version: 1.0.0\n", "1.0.0", "the newest section of CHANGELOG.md is none"),
        (CHANGELOG, "version: 1.0.0\n", "1.1.0", "CITATION.cff says 1.0.0"),
        (CHANGELOG.replace("2026-02-03", "unreleased"), "version: 1.1.0\n", "1.1.0", "version 1.1.0 is unreleased"),
    ],
)
def test_notes_that_do_not_agree_are_refused(changelog: str, citation: str, version: str, told: str) -> None:
    with pytest.raises(NotesError, match=told):
        notes(changelog, citation, version, final=True)


def test_the_version_is_the_same_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    assert publishing.notes.main([]) == 0
    assert capsys.readouterr().out.startswith("### ")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "version" not in project and "version" in project["dynamic"]


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / ".github").rglob("*.yml")), ROOT / "CITATION.cff"], ids=lambda path: path.name
)
def test_files_of_the_repository_are_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text("utf-8")), dict)


def test_the_links_of_the_security_page_and_the_project_are_those_of_the_repository() -> None:
    for name in ("SECURITY.md", "CITATION.cff", "pyproject.toml", ".github/ISSUE_TEMPLATE/config.yml"):
        links = re.findall(r"https://github\.com/[\w-]+/[\w-]+", (ROOT / name).read_text("utf-8"))
        assert set(links) == {tree.REPOSITORY}, name
