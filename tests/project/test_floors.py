"""The floors of the checkout: imports point down, and every file's first line says what it is for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

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

# Rooms inside a package, from the ground up.  Modules of one floor build on each other, without circles.
ROOMS = {
    "nn": [
        ["nn.engine"],
        ["nn.data", "nn.data.*", "nn.notation"],
        ["nn.activations", "nn.initialise", "nn.losses"],
        ["nn.training", "nn.training.*"],
        ["nn.neighbours", "nn.neighbours.*"],
        ["nn.saving"],
        ["nn.networks", "nn.networks.*"],
        ["nn"],
        ["nn.sklearn"],
    ],
}


def floor(module: str, floors: list[list[str]] = FLOORS) -> int:
    """The number of the floor a module lives on."""
    for number, patterns in enumerate(floors):
        if any(module == p or (p.endswith(".*") and module.startswith(p[:-1])) for p in patterns):
            return number
    if module == "autograd.ops":
        return floor("autograd.ops.table")
    raise LookupError(f"{module} has no floor: add it to FLOORS or ROOMS in tests/project/test_floors.py")


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
    package = package_of(module)
    if package is not None and package == package_of(imported):
        rooms = ROOMS.get(package)
        return rooms is not None and floor(imported, rooms) > floor(module, rooms)
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
        ("nn.networks.layers", "from viz import draw"),
        ("viz.trace", "import nn.networks.layers"),
        ("nn.networks.layers", "import demos"),
        ("nn.training.loop", "from nn.networks.module import Module"),
        ("nn.training.loop", "def f():\n    from nn.saving import save"),
        ("nn.neighbours.torch", "from nn.networks.layers import Layer"),
        ("nn.losses", "from nn import History"),
    ],
)
def test_an_import_that_points_up_or_across_is_found(module: str, source: str) -> None:
    assert any(trespasses(module, name) for name in imports(source, module))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("autograd.chain", "from autograd import context"),
        ("nn.networks.layers", "import autograd\nfrom nn.networks.module import Module"),
        ("viz.trace", "from autograd.chain import steps"),
        ("demos.cars", "import nn, viz, autograd"),
    ],
)
def test_an_import_that_points_down_is_allowed(module: str, source: str) -> None:
    found = list(imports(source, module))
    assert found
    assert not any(trespasses(module, name) for name in found)


def circle(users: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle, of which each imports the next; none if there is no circle."""
    done: set[str] = set()

    def found(module: str, path: tuple[str, ...]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for imported in sorted(users.get(module, ())):
                if around := found(imported, (*path, module)):
                    return around
            done.add(module)
        return []

    return next((around for module in sorted(users) if (around := found(module, ()))), [])


@pytest.mark.parametrize("package", ROOMS)
def test_no_modules_of_a_room_import_each_other_in_a_circle(package: str) -> None:
    inside = {m: path for m, path in SOURCES.items() if m == package or m.startswith(package + ".")}
    assert not circle({m: set(imports(path.read_text("utf-8"), m)) for m, path in inside.items()})


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"b"}}) == ["b", "d", "b"]
    assert not circle({"a": {"b", "c"}, "b": {"c"}, "c": set()})


@pytest.mark.parametrize("module", SOURCES)
def test_the_first_line_says_what_the_file_is_for(module: str) -> None:
    assert ast.get_docstring(ast.parse(SOURCES[module].read_text("utf-8")))
