"""A plugin for pytest that runs one case of each test, and every page: forms differ in names, not in numbers.

`python -m publishing.check` copies it beside the sdist's tests.  A test that is run for thousands of functions and
points asks the same code by the same names in all of them; the pages of the documentation name different things.
"""

from __future__ import annotations

from typing import Any

PAGES = ("test_docs.py", "test_project.py")


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Keep the first case of each test function, all of what reads pages, and every docstring."""
    seen: set[object] = set()
    kept: list[Any] = []
    left: list[Any] = []
    for item in items:
        test = (item.path, getattr(item, "cls", None), getattr(item, "originalname", None) or item.name)
        (left if test in seen and item.path.name not in PAGES else kept).append(item)
        seen.add(test)
    items[:] = kept
    config.hook.pytest_deselected(items=left)
