"""The project's own rules: public names, and what the README and CONTRIBUTING show."""

from __future__ import annotations

import ast
import builtins
import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import autograd
import nn
import viz
from tests.conftest import without_forbidden_skips

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [autograd, nn, viz]
TABLE = Path(*"autograd.ops.table".split(".")).with_suffix(".py")  # where Python finds it


def test_importing_the_engine_loads_neither_networks_nor_pictures() -> None:
    loaded = run("import sys; import autograd; print(*sys.modules, sep='\\n')", ROOT, ROOT)
    assert "autograd.value" in loaded
    assert not {"nn.networks.layers", "viz.trace", "graphviz", "matplotlib", "numpy.f2py", "numpy.testing"} & set(
        loaded
    )


def test_importing_the_engine_writes_none_of_the_table_s_functions() -> None:
    """They are hundreds of kilobytes of source, of which a process needs little."""
    said = run(
        "import linecache; from autograd import Value, beta, sin; print(*linecache.cache, sep='\\n'); "
        "print(beta.__code__.co_varnames, hasattr(beta, 'source'));"
        "sin(Value(1.0)); print(sin.source.splitlines()[0])",
        ROOT, ROOT,
    )  # fmt: skip
    assert not [line for line in said if line.startswith("<record_")]
    assert said[-2:] == ["('a', 'b') False", "def record_sin(x):"]


# -- public names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_public_names_exist_and_say_what_they_are_for(package: ModuleType) -> None:
    names = package.__all__
    assert names
    assert len(names) == len(set(names)), "a name is exported twice"
    for name in names:
        thing = getattr(package, name)
        if inspect.isclass(thing) or callable(thing) or inspect.ismodule(thing):
            assert (thing.__doc__ or "").strip(), f"{package.__name__}.{name} has no docstring"
        assert not name.startswith("_")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_star_import_gives_what_is_exported(package: ModuleType) -> None:
    namespace: dict[str, object] = {}
    exec(f"from {package.__name__} import *", namespace)
    assert set(package.__all__) <= set(namespace)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_star_import_leaves_python_s_own_functions_alone(package: ModuleType) -> None:
    assert not set(package.__all__) & set(vars(builtins))


def test_the_names_that_python_has_too_are_there_when_asked_for() -> None:
    for name in ("abs", "compile", "pow", "round", "sum"):
        namespace: dict[str, object] = {}
        exec(f"from autograd import {name}", namespace)
        assert namespace[name] is getattr(autograd, name)
        assert namespace[name] is not vars(builtins)[name]


def test_a_class_s_name_has_one_meaning() -> None:
    where: dict[str, list[str]] = {}
    for package in PACKAGES:
        folder = Path(inspect.getfile(package)).parent
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    where.setdefault(node.name, []).append(path.stem)
    # A step of the chain rule is one whether it was just taken or is read from a trace.
    assert {name: files for name, files in where.items() if len(files) > 1} == {"Step": ["chain", "columns"]}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_packages_are_marked_as_typed(package: ModuleType) -> None:
    assert Path(str(package.__file__)).with_name("py.typed").is_file()


# -- documents --------------------------------------------------------------------------------------

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: str) -> list[str]:
    """The Python blocks of a document, in order."""
    return BLOCK.findall((ROOT / document).read_text("utf-8"))


def run(program: str, project: Path, folder: Path) -> list[str]:
    """Run a program in a process of its own, with `project` to import from; what it printed, by lines."""
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    return [line.strip() for line in ran.stdout.splitlines()]


def promised(program: str) -> list[str]:
    """What a program says it prints: the text after each ``# →``."""
    return [line.split("# →", 1)[1].strip() for line in program.splitlines() if "# →" in line]


def test_the_blocks_of_the_readme_run_in_order_and_print_what_they_say(tmp_path: Path) -> None:
    program = "\n".join(blocks("README.md"))
    assert promised(program)
    assert run(program, ROOT, tmp_path) == promised(program)
    for name in ("neuron.svg", "neuron.html"):
        assert (tmp_path / name).stat().st_size > 1000


def engine_with(row: str, folder: Path) -> Path:
    """A copy of the engine and of its test of the table, with a row added to the page."""
    top = Path(str(sys.modules[TABLE.parts[0]].__file__)).parent
    shutil.copytree(top, folder / top.name, ignore=shutil.ignore_patterns("__pycache__"))
    support = [f"support/{name}.py" for name in ("comparisons", "compilers", "least")]
    for name in ("conftest.py", *support, "engine/test_table.py"):
        (folder / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "tests" / name, folder / "tests" / name)
    page = folder / TABLE
    page.write_text(page.read_text("utf-8") + "\n" + row, "utf-8")
    return folder


def test_the_row_that_contributing_adds_is_all_that_is_needed(tmp_path: Path) -> None:
    row, use = blocks("CONTRIBUTING.md")
    assert run(use, engine_with(row, tmp_path), tmp_path) == promised(use) != []


@pytest.mark.parametrize("wrong", [False, True], ids=["as it stands", "with a wrong sign"])
def test_the_tests_walk_to_a_new_row(wrong: bool, tmp_path: Path) -> None:
    row, _ = blocks("CONTRIBUTING.md")
    if wrong:
        row = row.replace("-2.0 * x * y", "2.0 * x * y")
        assert row != blocks("CONTRIBUTING.md")[0]
    project = engine_with(row, tmp_path)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        "tests/engine/test_table.py",
        "-k",
        "gaussian",
    ]
    ran = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert ran.returncode == (1 if wrong else 0), ran.stdout + ran.stderr  # 5 would be: no test found
    assert ("failed" in ran.stdout) == wrong


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "benchmarks/README.md"])
def test_every_link_to_a_file_leads_to_one(document: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / document).read_text("utf-8")):
        assert ((ROOT / document).parent / target).exists(), f"{document} links to {target}, which does not exist"


# -- skips --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "outcome"), [(None, "skipped"), ("jax torch", "skipped"), ("", "failed"), ("browser", "failed")]
)
def test_a_skip_fails_unless_its_reason_is_allowed(monkeypatch, allowed, outcome):
    monkeypatch.delenv("GLASSGRAD_MAY_SKIP", raising=False)
    if allowed is not None:
        monkeypatch.setenv("GLASSGRAD_MAY_SKIP", allowed)
    report = SimpleNamespace(skipped=True, outcome="skipped", longrepr=("test_x.py", 1, "Skipped: no jax here"))
    assert without_forbidden_skips(report).outcome == outcome
    expected = SimpleNamespace(skipped=True, outcome="skipped", longrepr="it fails, as expected", wasxfail="")
    assert without_forbidden_skips(expected).outcome == "skipped"
