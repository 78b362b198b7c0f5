"""GradBench's own tools, started so that they are timed alike: from a checkout, on standard input and output.

    python -m benchmarks.gradbench.peers CHECKOUT jax
    python -m benchmarks.gradbench.peers CHECKOUT pytorch
    python -m benchmarks.gradbench.peers CHECKOUT manual      (or another folder of its C++ tools)

What is computed is theirs.  JAX's call returns before it has computed: the clock waits for it here.  The C++ tools
are built once by `make`, where theirs builds at every start.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.gradbench.protocol import Response, serve


class Python:
    """Modules of one of its tools in Python."""

    def __init__(self, checkout: Path, name: str) -> None:
        self.name = name
        sys.path[:0] = [str(checkout / "python/gradbench/gradbench/tools" / name), str(checkout / "python/gradbench")]
        if name == "jax":
            _wait()

    def define(self, module: str) -> Response:
        """Import it."""
        importlib.import_module(module)
        return {}

    def evaluate(self, module: str, function: str, given: Any) -> Response:
        """As its wrapper answers."""
        answer: Response = getattr(importlib.import_module(module), function).wrapped(given)
        return answer


def _wait() -> None:
    """Have JAX's answers computed while the clock runs."""
    import jax

    wrap: Any = importlib.import_module("gradbench.wrap")
    as_it_is: Any = wrap.multiple_runs

    def multiple_runs(**options: Any) -> Callable[[Any], Any]:
        return lambda f: as_it_is(**options)(lambda given: jax.block_until_ready(f(given)))

    wrap.multiple_runs = multiple_runs


class Native:
    """Programs of one of its tools in C++."""

    def __init__(self, checkout: Path, name: str) -> None:
        self.name = name
        self._folder = checkout / "tools" / name
        sys.path.insert(0, str(checkout / "python/gradbench"))
        self._cpp: Any = importlib.import_module("gradbench.cpp")

    def define(self, module: str) -> Response:
        """Build it."""
        built = subprocess.run(["make", "-C", self._folder, f"bin/{module}"], capture_output=True, text=True)
        return {"success": not built.returncode, "error": built.stderr}

    def evaluate(self, module: str, function: str, given: Any) -> Response:
        """Run it."""
        answer: Response = self._cpp.evaluate(tool=self.name, module=module, function=function, input=given)
        return answer


def main() -> None:
    """Serve the tool that the command line names."""
    checkout, name = Path(sys.argv[1]), sys.argv[2]
    in_python = (checkout / "python/gradbench/gradbench/tools" / name).is_dir() and name != "tapenade"
    serve(Python(checkout, name) if in_python else Native(checkout, name), sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
