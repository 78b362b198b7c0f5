"""Runs one submission in a process of its own, and writes what its function answers as JSON; nothing else comes out.

It reads from its standard input a pickle: the submission's text and name, the function's name, the points, and the
limits.  What the submission prints goes nowhere.  It is run as a file, not imported.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from typing import Any


def limit(megabytes: int, seconds: int, file: int = 16) -> None:
    """Hold this process to so much memory, processor time and size of a file, where the system can."""
    try:
        import resource
    except ImportError:  # Windows has no limits of this kind; the time is held by who started us
        return
    for kind, most in (
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_CPU, seconds + 1),
        (resource.RLIMIT_FSIZE, file << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most + 1))  # the first ends it with a signal that says why


def plain(found: Any) -> Any:
    """An answer as JSON has it: lists, dicts and floats."""
    if isinstance(found, dict):
        return {str(key): plain(value) for key, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [plain(value) for value in found]
    if hasattr(found, "tolist"):
        return plain(found.tolist())
    return float(getattr(found, "data", found))


def answered(job: dict[str, Any]) -> dict[str, Any]:
    """What the submission's function gives at each point, or what went wrong."""
    try:
        names: dict[str, Any] = {"__name__": "submission", "__file__": job["name"]}
        exec(compile(job["text"], job["name"], "exec"), names)
        if not callable(names.get(job["function"])):
            return {"missing": job["function"]}
        return {"answers": [plain(names[job["function"]](*point)) for point in job["points"]]}
    except MemoryError:
        return {"memory": True}
    except BaseException as error:  # SystemExit too: whatever it does is its answer
        return {"error": f"{type(error).__name__}: {error}"[:500]}


def main() -> None:
    """Answer one job, on what standard output was before the submission could print."""
    job = pickle.load(sys.stdin.buffer)
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    limit(job["megabytes"], job["seconds"])
    text = json.dumps(answered(job))
    with os.fdopen(out, "w", encoding="utf-8") as file:
        file.write(text)
    os._exit(0)  # whatever the submission left to run at the end


if __name__ == "__main__":
    main()
