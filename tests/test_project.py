"""The project's own rules: floors of imports, public names, and what the README shows."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import without_forbidden_skips

ROOT = Path(__file__).resolve().parent.parent

# From the ground up.  A module imports from floors below its own, and from its own floor only where
# the floor is marked as one in which modules build on each other.
FLOORS = [
    ["autograd.text", "autograd.collector", "autograd.forking", "autograd.lazy"],
    ["autograd.errors"],
    ["autograd.files"],
    ["autograd.archive"],
    ["autograd.ops.*"],
    ["autograd.order"],
    ["autograd.context"],
    ["autograd.methods", "autograd.array"],
    ["autograd.value"],
    ["autograd.replay"],
    ["autograd.symbol"],
    ["autograd.recorder"],
    ["autograd.gates"],
    ["autograd.vectors"],
    ["autograd.functions", "autograd.chain"],
    ["autograd.numpy_protocol", "autograd.numpy_protocol.*"],
    ["autograd.kinds"],
    ["autograd.structure"],
    ["autograd.transforms"],
    ["autograd.check", "autograd.check.*"],
    ["autograd.program", "autograd.program.*"],
    ["autograd.stubs"],
    ["autograd"],
    ["nn", "nn.*", "viz", "viz.*"],
    ["demos", "demos.*", "benchmarks", "benchmarks.*", "handbook", "handbook.*"],
]
WITHIN = (
    "autograd.check",
    "autograd.ops",
    "autograd.numpy_protocol",
    "autograd.program",
    "nn",
    "viz",
    "demos",
    "benchmarks",
    "handbook",
)  # packages whose modules import each other


def floor(module: str) -> int:
    """The number of the floor a module lives on."""
    for number, patterns in enumerate(FLOORS):
        if any(module == p or (p.endswith(".*") and module.startswith(p[:-1])) for p in patterns):
            return number
    if module == "autograd.ops":
        return floor("autograd.ops.table")
    raise LookupError(f"{module} has no floor: add it to FLOORS in tests/test_project.py")


def package_of(module: str) -> str | None:
    """The package of WITHIN that a module belongs to."""
    return next((p for p in WITHIN if module == p or module.startswith(p + ".")), None)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path
    for package in ("autograd", "nn", "viz", "demos", "benchmarks", "handbook")
    for path in sorted((ROOT / package).rglob("*.py"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
}
OURS = {name.split(".")[0] for name in SOURCES}


def imports(source: str, module: str) -> Iterator[str]:
    """Our modules that a source imports, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import, which hides its floor"
            base = node.module or ""
            wanted = [f"{base}.{a.name}" if f"{base}.{a.name}" in SOURCES else base for a in node.names]
        else:
            continue
        yield from (name for name in wanted if name.split(".")[0] in OURS)


def trespasses(module: str, imported: str) -> bool:
    """Whether `module` may not import `imported`."""
    if package_of(module) is not None and package_of(module) == package_of(imported):
        return False
    return floor(imported) >= floor(module)


@pytest.mark.parametrize("module", SOURCES)
def test_imports_point_down(module: str) -> None:
    wrong = [name for name in imports(SOURCES[module].read_text("utf-8"), module) if trespasses(module, name)]
    assert not wrong, f"{module} imports {wrong}, which is not below it"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("autograd.value", "from autograd import chain"),
        ("autograd.chain", "def f():\n    from autograd.transforms import grad"),
        ("autograd.chain", "import autograd.functions"),
        ("autograd.ops.table", "from autograd.value import Value"),
        ("autograd.check.ask", "import nn"),
        ("nn.layers", "from viz import draw"),
        ("viz.trace", "import nn.layers"),
        ("nn.layers", "import demos"),
    ],
)
def test_an_import_that_points_up_or_across_is_found(module: str, source: str) -> None:
    assert any(trespasses(module, name) for name in imports(source, module))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("autograd.chain", "from autograd import context"),
        ("nn.layers", "import autograd\nfrom nn.module import Module"),
        ("viz.trace", "from autograd.chain import steps"),
        ("demos.cars", "import nn, viz, autograd"),
    ],
)
def test_an_import_that_points_down_is_allowed(module: str, source: str) -> None:
    found = list(imports(source, module))
    assert found
    assert not any(trespasses(module, name) for name in found)


def test_importing_the_engine_loads_neither_networks_nor_pictures() -> None:
    program = "import sys, autograd; print(sorted({'nn', 'viz', 'graphviz', 'matplotlib'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


# -- public names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["autograd", "nn", "viz"])
def test_public_names_exist_and_say_what_they_are_for(package: str) -> None:
    module = importlib.import_module(package)
    names = module.__all__
    assert names
    assert len(names) == len(set(names)), "a name is exported twice"
    for name in names:
        thing = getattr(module, name)
        if inspect.isclass(thing) or callable(thing) or inspect.ismodule(thing):
            assert (thing.__doc__ or "").strip(), f"{package}.{name} has no docstring"
        assert not name.startswith("_")


@pytest.mark.parametrize("package", ["autograd", "nn", "viz"])
def test_star_import_gives_what_is_exported(package: str) -> None:
    namespace: dict[str, object] = {}
    exec(f"from {package} import *", namespace)
    assert set(importlib.import_module(package).__all__) <= set(namespace)


@pytest.mark.parametrize("package", ["autograd", "nn", "viz"])
def test_star_import_leaves_python_s_own_functions_alone(package: str) -> None:
    assert not set(importlib.import_module(package).__all__) & set(vars(builtins))


def test_the_names_that_python_has_too_are_there_when_asked_for() -> None:
    for name in ("abs", "compile", "pow", "round", "sum"):
        namespace: dict[str, object] = {}
        exec(f"from autograd import {name}", namespace)
        assert namespace[name] is getattr(importlib.import_module("autograd"), name)
        assert namespace[name] is not vars(builtins)[name]


@pytest.mark.parametrize("package", ["autograd", "nn", "viz"])
def test_packages_are_marked_as_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("module", SOURCES)
def test_the_first_line_says_what_the_file_is_for(module: str) -> None:
    assert ast.get_docstring(ast.parse(SOURCES[module].read_text("utf-8")))


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
    shutil.copytree(ROOT / "autograd", folder / "autograd", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests").mkdir()
    for name in ("conftest.py", "comparisons.py", "test_table.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests" / name)
    page = folder / "autograd" / "ops" / "table.py"
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
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_table.py", "-k", "gaussian"]
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
