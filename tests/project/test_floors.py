"""The floors of the checkout: imports point down, and every file's first line says what it is for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograd.ops.primitive import TABLE

ROOT = Path(__file__).resolve().parents[2]

# From the ground up.  A module imports from floors below its own, and from its own floor only where
# the floor is marked as one in which modules build on each other.
FLOORS = [
    ["autograd.collector", "autograd.forking", "autograd.home", "autograd.lazy", "autograd.text"],
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
    ["demos", "demos.*", "benchmarks", "benchmarks.*", "handbook", "handbook.*", "publishing", "publishing.*"],
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
    "publishing",
)  # packages whose modules import each other


def floor(module: str) -> int:
    """The number of the floor a module lives on."""
    for number, patterns in enumerate(FLOORS):
        if any(module == p or (p.endswith(".*") and module.startswith(p[:-1])) for p in patterns):
            return number
    if module == "autograd.ops":
        return floor("autograd.ops.table")
    raise LookupError(f"{module} has no floor: add it to FLOORS in tests/project/test_project.py")


def package_of(module: str) -> str | None:
    """The package of WITHIN that a module belongs to."""
    return next((p for p in WITHIN if module == p or module.startswith(p + ".")), None)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path
    for package in ("autograd", "nn", "viz", "demos", "benchmarks", "handbook", "publishing")
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


@pytest.mark.parametrize("module", SOURCES)
def test_the_first_line_says_what_the_file_is_for(module: str) -> None:
    assert ast.get_docstring(ast.parse(SOURCES[module].read_text("utf-8")))


def test_rows_are_spoken_of_by_their_objects_and_not_by_their_names() -> None:
    """A word of a row's name in code outside the table: few are left, and most of these mean something else."""
    found = [
        f"{module}:{node.lineno} {node.value!r}"
        for module, path in SOURCES.items()
        if module.split(".")[0] in ("autograd", "nn", "viz") and module != "autograd.ops.table"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in TABLE
    ]
    assert len(found) < 120, "\n".join(found)
