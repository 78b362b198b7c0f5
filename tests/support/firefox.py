"""A real Firefox for the tests of pages, driven by its own protocol, Marionette: JSON over a socket.

Without one the tests skip and say so.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("firefox", "firefox-esr")
ARGUMENTS = ("--marionette", "--remote-allow-system-access", "--headless", "--no-remote")  # the second: its console
SECONDS = 40.0  # to start, and to answer
KEYS = {"Enter": "\ue007", "Home": "\ue011", "End": "\ue010", "ArrowLeft": "\ue012", "ArrowRight": "\ue014"}
PREFERENCES = {
    "browser.download.folderList": 2,  # into the folder below
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "marionette.port": 0,  # one that is free
    "services.settings.server": "data:,",  # nothing is asked of the network
    "ui.prefersReducedMotion": 1,
}
COMPLAINTS = """return Services.console.getMessageArray()
    .filter((said) => said instanceof Ci.nsIScriptError && said.sourceName.startsWith("file:"))
    .map((said) => said.errorMessage);"""


@dataclass
class Firefox:
    """What runs, its page and the folder that it saves into."""

    connection: socket.socket
    downloads: Path
    unread: bytes = field(default=b"")
    asked: int = 0

    def read(self) -> Any:
        """The next message: its length, a colon, and JSON."""
        while b":" not in self.unread:
            self._receive()
        length, self.unread = self.unread.split(b":", 1)
        while len(self.unread) < int(length):
            self._receive()
        message, self.unread = self.unread[: int(length)], self.unread[int(length) :]
        return json.loads(message)

    def _receive(self) -> None:
        received = self.connection.recv(1 << 16)
        assert received, "Firefox has gone"
        self.unread += received

    def ask(self, command: str, **parameters: Any) -> Any:
        """What a command of WebDriver gives."""
        self.asked += 1
        message = json.dumps([0, self.asked, command, parameters]).encode()
        self.connection.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self.read()
        assert error is None, f"{error['error']}: {error['message']}"
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def open(self, file: Path, hash: str = "") -> None:
        self.ask("WebDriver:Navigate", url="about:blank")  # or a hash alone would load nothing
        self.ask("WebDriver:Navigate", url=file.as_uri() + hash)

    def run(self, expression: str, *arguments: Any) -> Any:
        """What an expression of JavaScript gives, in which `arguments` are these."""
        return self.ask("WebDriver:ExecuteScript", script=f"return {expression}", args=arguments)

    def until(self, condition: str, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not self.run(condition):
            assert time.monotonic() < end, f"after {seconds} s it is still not so: {condition}"
            time.sleep(0.02)

    def element(self, selector: str) -> str:
        (found,) = self.ask("WebDriver:FindElement", using="css selector", value=selector).values()
        return str(found)

    def text(self, selector: str) -> str:
        return str(self.ask("WebDriver:GetElementText", id=self.element(selector)))

    def click(self, selector: str) -> None:
        self.ask("WebDriver:ElementClick", id=self.element(selector))

    def fill(self, selector: str, text: str) -> None:
        self.ask("WebDriver:ElementClear", id=self.element(selector))
        self.ask("WebDriver:ElementSendKeys", id=self.element(selector), text=text)

    def press(self, *keys: str) -> None:
        strokes = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    def complaints(self) -> list[str]:
        """What scripts and styles of files were said to have done wrong, since it started."""
        self.ask("Marionette:SetContext", value="chrome")
        said: list[str] = self.ask("WebDriver:ExecuteScript", script=COMPLAINTS, args=[], sandbox="system")
        self.ask("Marionette:SetContext", value="content")
        return said


@contextmanager
def running() -> Iterator[Firefox]:
    """A Firefox without a window of its own, of 1280 × 800."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("there is no firefox on PATH: the page is tested in chromium alone")
    with tempfile.TemporaryDirectory() as home:
        preferences = PREFERENCES | {"browser.download.dir": home}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
        Path(home, "user.js").write_text("\n".join(lines), "utf-8")
        started = subprocess.Popen(
            [program, *ARGUMENTS, "--profile", home],
            env=os.environ | {"HOME": home}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            with closing(_connected(Path(home, "MarionetteActivePort"), started)) as connection:
                firefox = Firefox(connection, Path(home))
                firefox.read()  # its greeting
                firefox.ask("WebDriver:NewSession")
                firefox.ask("WebDriver:SetWindowRect", width=1280, height=800)
                yield firefox
        finally:
            started.terminate()
            started.wait()


def _connected(port: Path, started: subprocess.Popen[bytes]) -> socket.socket:
    end = time.monotonic() + SECONDS
    while not (port.exists() and port.read_text().strip()):
        assert started.poll() is None, "Firefox did not start"
        assert time.monotonic() < end, f"Firefox does not listen after {SECONDS} s"
        time.sleep(0.05)
    return socket.create_connection(("127.0.0.1", int(port.read_text())), timeout=SECONDS)
