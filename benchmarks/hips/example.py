"""Runs one example and writes down the derivatives that it took: of either engine, in whichever Python it is started.

    python example.py FOLDER NAME ANSWER [--ours]

FOLDER holds the examples, and a folder `changed` with those whose imports are this engine's.  Whatever a
derivative of plain numbers answers is kept, with the processor's seconds that it took; after `SECONDS` of them, or
`LIMIT` of whatever it does, the example is stopped.  Pictures are drawn and not shown; where images of digits would
be downloaded, noise of the same form stands.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import resource
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np

SECONDS, KEPT = 1.0, 5  # of derivatives, after which an example ends; how many are compared
TALK = 5  # seconds of anything, after which two derivatives do
LIMIT, MEMORY = 20, 6 * 2**30  # seconds and bytes that an example may take
WATCHED = ("grad", "value_and_grad"), ("elementwise_grad", "hessian_vector_product")
DIGITS = 256


class Enough(BaseException):
    """The example has run for long enough."""


class Watch:
    """The derivatives that were taken."""

    def __init__(self) -> None:
        self.answers: list[list[float]] = []
        self.seconds: list[float] = []
        self.depth = 0

    def on(self, transform: Any) -> Any:
        """The transform, whose functions tell what they answer when they are called from outside."""

        @functools.wraps(transform)
        def watched(*arguments: Any, **named: Any) -> Any:
            derivative = transform(*arguments, **named)
            return lambda *point: self.told(derivative, point)

        return watched

    def told(self, derivative: Any, point: Any) -> Any:
        """What the derivative answers there."""
        self.depth += 1
        start = time.process_time()
        try:
            answer = derivative(*point)
        finally:
            self.depth -= 1
        if not self.depth:
            self._keep(answer, time.process_time() - start)
        return answer

    def _keep(self, answer: Any, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.answers) < KEPT:
            self.answers.append(numbers(answer))
        if (sum(self.seconds) > SECONDS or time.process_time() > TALK) and len(self.seconds) >= 2:
            raise Enough


def numbers(thing: Any) -> list[float]:
    """All numbers in a structure of arrays; the keys of a dict in their order."""
    if isinstance(thing, dict):
        return [x for key in sorted(thing) for x in numbers(thing[key])]
    if isinstance(thing, (list, tuple)):
        return [x for part in thing for x in numbers(part)]
    return [float(x) for x in np.ravel(thing)]


def digits() -> Any:
    """Noise in the form of MNIST."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (DIGITS, 28, 28), dtype=np.uint8)
    return images, np.arange(DIGITS) % 10, images, np.arange(DIGITS) % 10


def source_folder(folder: Path, ours: bool) -> Path:
    """Where the code stands that is run: ours has its imports changed."""
    return folder / "changed" if ours else folder


def prepare(folder: Path, ours: bool) -> Watch:
    """Watched transforms, pictures that nobody sees, and digits."""
    import matplotlib.pyplot as plt

    for waits in ("show", "pause"):
        setattr(plt, waits, lambda *_, **__: None)
    sys.modules["data_mnist"] = stand_in = types.ModuleType("data_mnist")
    stand_in.mnist = digits  # type: ignore[attr-defined]  # a module that is made
    sys.path.insert(0, str(source_folder(folder, ours)))
    os.chdir(folder)
    watch = Watch()
    modules = ("autograd", "benchmarks.hips.words" if ours else "autograd")
    for module, names in zip(modules, WATCHED, strict=True):
        for name in names:
            where = importlib.import_module(module)
            setattr(where, name, watch.on(getattr(where, name)))
    return watch


def stop(*_: Any) -> None:
    """What a signal of the processor's clock does."""
    raise Enough


def main(folder: Path, name: str, answer: Path, ours: bool) -> None:
    """Run it, and write down what came."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 60))
    signal.signal(signal.SIGXCPU, stop)
    watch, said = prepare(folder, ours), ""
    np.random.seed(0)
    source = (source_folder(folder, ours) / name).read_text()
    try:  # as if it stood where it came from: some learn their own text
        exec(compile(source, name, "exec"), {"__name__": "__main__", "__file__": str(folder / name)})
    except Enough:
        said = "stopped"
    except Exception as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0]
    answer.write_text(json.dumps({"said": said, "answers": watch.answers, "seconds": watch.seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), "--ours" in sys.argv)
