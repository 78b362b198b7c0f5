"""The reference of a package: every public name under the module that it comes from, as mkdocstrings' instructions.

A page says where it stands with a comment, such as <!-- reference: nn networks.layers losses -->: the package,
and the modules that come first.  The others follow in the order in which the package imports them.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from autograd.ops.primitive import TABLE

PLACE = re.compile(r"<!-- reference: ([\w.]+)((?: [\w.]+)*) -->")
ROWS = {name for row in TABLE.values() for name in (row.name, *row.aliases)}  # these have a page of their own


def filled(markdown: str) -> str:
    """The page's Markdown with every package's reference in its place."""
    return PLACE.sub(_reference, markdown)


def _reference(place: re.Match[str]) -> str:
    package = importlib.import_module(place[1])
    names = public(package)
    first = [f"{place[1]}.{module}" for module in place[2].split()]
    return "\n".join(line for module in dict.fromkeys([*first, *names]) for line in _lines(module, names[module]))


def public(package: ModuleType) -> dict[str, list[str]]:
    """The names that `package` exports, by the module that defines them, in the order in which it imports these.

    A module that is exported stands for all that is public in it.
    """
    found: dict[str, list[str]] = {module: [] for module in _imported(package)}
    for name in [*package.__all__, *getattr(package, "_in_python_too", [])]:
        thing = getattr(package, name)
        if inspect.ismodule(thing):
            found[thing.__name__] = [key for key, value in vars(thing).items() if _is_its_own(key, value, thing)]
        elif name not in ROWS or (inspect.getmodule(thing) is not None and _written_out(name, thing)):
            found.setdefault(thing.__module__, []).append(name)
    return {module: names for module, names in found.items() if names}


def _imported(package: ModuleType) -> list[str]:
    tree = ast.parse(Path(str(package.__file__)).read_text("utf-8"))
    return [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]


def _is_its_own(name: str, thing: object, module: ModuleType) -> bool:
    return not name.startswith("_") and callable(thing) and getattr(thing, "__module__", None) == module.__name__


def _written_out(name: str, thing: object) -> bool:
    """Whether a name of the table is a function in the source, as dot is, and not one made from its row."""
    return hasattr(thing, "__code__") and thing.__code__.co_filename.endswith("functions.py")


def _lines(module: str, names: list[str]) -> Iterator[str]:
    doc = inspect.getdoc(importlib.import_module(module)) or ""
    yield f"## {_title(doc)}\n"
    yield f"`{module}`\n"
    for name in names:
        yield f"::: {module}.{name}\n"


def _title(doc: str) -> str:
    """A module's first sentence up to its colon."""
    return re.split(r"[:;.](?:\s|$)", doc, maxsplit=1)[0].strip("`")
