"""Which files are published, where they go, and what stands in them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from publishing.names import FRONT, PACKAGES, SOURCES, Names, markdown, python, text

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/glassgrad/glassgrad"  # where links of what is published lead
FILES = "https://raw.githubusercontent.com/glassgrad/glassgrad"

SHIPPED = (
    *PACKAGES, "tests", "demos", "benchmarks", "handbook", "docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md",
    "SECURITY.md", "LICENSE", "CITATION.cff", "Makefile", "mkdocs.yml", "pyproject.toml",
)  # fmt: skip
OF_THE_CHECKOUT = (
    "tests/project/test_publishing.py",  # which asks about us
    "benchmarks/hips/", "tests/project/test_hips.py",  # HIPS's package has the name that ours has there
)  # fmt: skip
WRITTEN_BY_TOOLS = re.compile(r"(^|/)(__pycache__|\.[^/]*|[^/]*\.(py[cod]|tmp|egg-info))(/|$)")
TYPED = "py.typed"


def published(root: Path = ROOT) -> dict[str, bytes]:
    """Every file of the published project by its path, from a checkout's.

    Raises RefusedError for a string that names a module in a form that is not known.
    """
    names = names_of(root)
    files = {}
    for path in shipped(root):
        relative = path.relative_to(root).as_posix()
        inside = relative.split("/")[0] in PACKAGES
        target = f"src/{FRONT}/{relative}" if inside else relative
        files[target] = _content(path, relative, names, inside)
    front = (Path(__file__).parent / "front.py").read_text("utf-8")
    files[f"{SOURCES}/__init__.py"] = python(front, names, "publishing/front.py", inside=True).encode()
    files[f"{SOURCES}/{TYPED}"] = b""
    return dict(sorted(files.items()))


def shipped(root: Path) -> Iterator[Path]:
    """The files of a checkout that are published, without what Python and other tools leave there."""
    for name in SHIPPED:
        found = [root / name] if (root / name).is_file() else sorted((root / name).rglob("*"))
        for path in found:
            relative = path.relative_to(root).as_posix()
            if path.is_file() and not WRITTEN_BY_TOOLS.search(relative) and not relative.startswith(OF_THE_CHECKOUT):
                yield path


def names_of(root: Path) -> Names:
    """Our modules, from the files that there are, and the names that the packages export."""
    modules = set()
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            modules.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return Names(frozenset(modules), {package: frozenset(_exported(package)) for package in PACKAGES})


def _exported(package: str) -> list[str]:
    module = importlib.import_module(package)
    return [*module.__all__, *getattr(module, "_in_python_too", [])]


def _content(path: Path, relative: str, names: Names, inside: bool) -> bytes:
    if relative in _OWN:
        return _OWN[relative](path.read_text("utf-8"), names).encode()
    if path.suffix in (".py", ".pyi"):
        return python(path.read_text("utf-8"), names, relative, inside).encode()
    if path.suffix == ".md":
        return markdown(path.read_text("utf-8"), names, relative).encode()
    if path.suffix == ".txt":
        return text(path.read_text("utf-8"), names, relative).encode()
    return path.read_bytes()


# -- files that need more ---------------------------------------------------------------------------------


def readme(old: str, names: Names) -> str:
    """The README as a package index shows it: links and pictures lead to the repository."""
    version = importlib.import_module("autograd").__version__

    def absolute(found: re.Match[str]) -> str:
        place = f"{FILES}/v{version}" if found["picture"] else f"{REPOSITORY}/blob/v{version}"
        return f"{found['picture']}[{found['text']}]({place}/{found['target']})"

    new = re.sub(r"^pip install (['\"]?)\.(?=[\[ ])", rf"pip install \g<1>{FRONT}", old, flags=re.MULTILINE)
    links = r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>(?!\w+:|#)[^)\s]+)\)"
    return markdown(re.sub(links, absolute, new), names, "README.md")


def project(old: str, names: Names) -> str:
    """pyproject.toml: the source is in src/, and the doctests that run are those of what is installed."""
    return _replaced(
        text(old, names, "pyproject.toml"),
        ('include = ["autograd", "autograd.*", "nn", "nn.*", "viz", "viz.*"]', 'where = ["src"]'),
        ('attr = "autograd.home', f'attr = "{FRONT}.autograd.home'),
        ('testpaths = ["tests", "autograd", "nn", "viz", "publishing"]', f'testpaths = ["tests", "{FRONT}"]'),
        ('addopts = ["--doctest-modules"', 'addopts = ["--pyargs", "--doctest-modules"'),
        ('packages = ["autograd", "nn", "viz", "demos", "benchmarks", "handbook", "publishing"]',
         f'packages = ["{FRONT}", "demos", "benchmarks", "handbook"]'),
    )  # fmt: skip


def makefile(old: str, names: Names) -> str:
    """The Makefile without what is done in the repository alone."""
    return re.sub(r"# -- of the repository alone.*?(?=# -- )", "", text(old, names, "Makefile"), flags=re.DOTALL)


def site(old: str, names: Names) -> str:
    """mkdocs.yml: the reference is read from src/."""
    return _replaced(old, ('paths: ["."]', 'paths: ["src"]'))


def _replaced(old: str, *pairs: tuple[str, str]) -> str:
    for before, after in pairs:
        if old.count(before) != 1:
            raise ValueError(f"{before!r} stands there {old.count(before)} times, not once")
        old = old.replace(before, after)
    return old


_OWN = {"README.md": readme, "pyproject.toml": project, "Makefile": makefile, "mkdocs.yml": site}
