"""A program on a pseudo-terminal, typed to only while it waits for a key, however fast the machine is.

Ctrl-C between a prompt of Python's and its wait for a key is seen only at the end of the next line, and no pause before
it is long enough for every machine.  So it is the system that is asked whether the program sleeps; and where it slept
for something else and then sleeps on, Ctrl-C is pressed once more, as people do.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

IDLE, BUSY = 60.0, 120.0  # seconds of sleep without a question, and of computing, after which all is given up
AGAIN, INTERRUPT = 5.0, b"\x03"  # seconds of sleep after Ctrl-C


class Terminal:
    """A command on a terminal of its own; `shown` is what it has written there, with what was typed."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> None:
        import pty  # only Unix has it

        self.shown = bytearray()
        self._typed = 0  # how much was shown when something was typed last
        self._pressed = 0  # how often Ctrl-C was, since other keys
        self._pid, self._there = pty.fork()
        if self._pid == 0:
            os.chdir(folder or ".")
            os.execve(command[0], command, environment)

    def type(self, keys: bytes) -> None:
        """Let it have these keys."""
        self._typed = len(self.shown)
        self._pressed = self._pressed + 1 if keys == INTERRUPT else 0
        os.write(self._there, keys)

    def until_it_asks(self, prompt: bytes = b"(debug) ") -> bool:
        """Read until it has shown its prompt and waits for a key; false if it has ended instead.

        Raises:
            TimeoutError: where it sleeps without having asked, or computes without end
        """
        state, since = ("", 0.0), time.monotonic()
        while True:
            if select.select([self._there], [], [], 0.01)[0]:
                if not self._read():
                    return False
                since = time.monotonic()
                continue
            before, state = state, self._state()
            if state != before or state[0] == "R":
                since = time.monotonic()
            asks = prompt in self.shown[self._typed :]
            if asks and state[0] == "S" and not select.select([self._there], [], [], 0)[0]:
                return True
            if self._pressed == 1 and time.monotonic() - since > AGAIN:
                self.type(INTERRUPT)
            if state[1] > BUSY or time.monotonic() - since > IDLE:
                raise TimeoutError(f"no prompt, shown so far: {self.text}")

    @property
    def text(self) -> str:
        """All that was shown."""
        return self.shown.decode(errors="replace")

    def end(self) -> int:
        """Its status, once it has ended; it is killed if it asks once more instead."""
        try:
            asks = self.until_it_asks()
        except TimeoutError:
            asks = True
        if asks:
            os.kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        os.close(self._there)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        try:
            got = os.read(self._there, 65536)
        except OSError:  # Linux says so when the other side is closed
            got = b""
        self.shown += got
        return bool(got)

    def _state(self) -> tuple[str, float]:
        """What the program does, R for run and S for sleep, and the seconds that it has computed."""
        try:
            words = Path(f"/proc/{self._pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:  # no Linux: after a while of silence it is taken to sleep
            time.sleep(0.3)
            return "S", 0.0
        return words[0], (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
