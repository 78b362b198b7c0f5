"""This engine as a tool of GradBench: messages on standard input, responses on standard output.

python -m benchmarks.gradbench
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.gradbench import clusters, nested, series, vision
from benchmarks.gradbench.protocol import Response, Task, serve, timed

MODULES: dict[str, dict[str, Task]] = series.MODULES | nested.MODULES | vision.MODULES | clusters.MODULES


class Ours:
    """The modules of this package."""

    name = "glassgrad"

    def define(self, module: str) -> Response:
        """Whether it is here; nothing is prepared: recording and compiling are part of the first evaluation."""
        return {"success": module in MODULES}

    def evaluate(self, module: str, function: str, given: Any) -> Response:
        """The output and its timings."""
        return timed(MODULES[module][function], given)


if __name__ == "__main__":
    serve(Ours(), sys.stdin, sys.stdout)
