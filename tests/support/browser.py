"""A real browser for the tests of pages: the system's chromium, driven by playwright.

Without one the tests skip and say so.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


def executable() -> str | None:
    """The browser's program: $CHROMIUM, or one on PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def missing(what: str) -> None:
    """Skip."""
    pytest.skip(f"{what}: the pages are not tested in a browser")


@contextmanager
def launched() -> Iterator[Any]:
    """A running browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    program = executable()
    if program is None:
        missing("there is no chromium ($CHROMIUM or on PATH)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page that is open, and all that it complained about or asked the network for."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def run(self, script: str, argument: Any = None) -> Any:
        """What a piece of JavaScript gives; nan and infinities come back as such."""
        return self.page.evaluate(script, argument)

    def until(self, condition: str, seconds: float = 60.0) -> None:
        """Wait until an expression holds; asked from outside, since the page's policy forbids eval."""
        end = time.monotonic() + seconds
        while not self.run(condition):
            assert time.monotonic() < end, f"after {seconds} s it is still not so: {condition}"
            self.page.wait_for_timeout(20)

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def taken(self) -> int:
        """How many steps the page has taken."""
        return int(self.run("app.taken"))


def opened(context: Any, file: Path, hash: str = "") -> Tab:
    """A page of a file, loaded."""
    tab = Tab(context.new_page())
    tab.page.goto(file.as_uri() + hash)
    return tab
