"""Runs all of HIPS autograd's examples by it and by this engine, into results/hips.md.

    python -m benchmarks.hips --checkout DIR                  half an hour
    python -m benchmarks.hips --checkout DIR --only gmm ica   these; writes nothing

DIR is a checkout of github.com/HIPS/autograd.  Its files are read there and changed in a folder that is thrown away.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import NamedTuple

import numpy as np

from benchmarks.driver import HERE, OURS, THREADS, Environment, machine, publish, python_of
from benchmarks.hips.example import DIGITS, KEPT, LIMIT, SECONDS
from benchmarks.hips.imports import WITHOUT, changed

RESULTS = HERE / "results" / "hips.md"
HIPS = Environment("hips", ("autograd==1.9.1", "numpy", "scipy", "matplotlib"))
_GRID = "`astype(int)` is asked of a grid of Values: thousands of numbers, in dozens of steps"
NOTES = {
    "fixed_points": "theirs stops at 1e-4, ours goes to the last digits",
    "fluidsim/fluidsim": _GRID,
    "fluidsim/wing": _GRID,
}
NO_DERIVATIVES = ("data", "data_mnist")


class Ran(NamedTuple):
    """What an example said at its end, the first derivatives it took, and the seconds of each."""

    said: str
    answers: list[list[float]]
    seconds: list[float]


def run(folder: Path, name: str, ours: bool) -> Ran:
    """One example, in a process of its own."""
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    python = python_of(OURS if ours else HIPS)
    command = [str(python), str(HERE / "hips" / "example.py"), str(folder), name, str(answer), *["--ours"] * ours]
    path = str(HERE.parent) if ours else ""
    environment = {**os.environ, **THREADS, "MPLBACKEND": "Agg", "PYTHONPATH": path}
    ended = subprocess.run(command, env=environment, capture_output=True, check=False)
    if ended.returncode < 0:
        return Ran(f"more than {LIMIT} s, or more memory than there is", [], [])
    ended.check_returncode()
    return Ran(**json.loads(answer.read_text()))


def copied(examples: Path, at: Path) -> Path:
    """A copy of all examples, with those beside them whose imports are changed."""
    shutil.copytree(examples, at)
    for path in examples.rglob("*.py"):
        into = at / "changed" / path.relative_to(examples)
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_text(changed(path.read_text()).source)
    return at


def apart(one: list[float], other: list[float]) -> float:
    """By how much two derivatives differ, of the largest number in one."""
    if len(one) != len(other):
        return float("inf")
    a, b = np.array(one), np.array(other)
    return float(np.max(np.abs(a - b)) / (np.max(np.abs(a)) or 1.0))


# -- the page ---------------------------------------------------------------------------------------


def row(examples: Path, name: str) -> str:
    """A line of the table."""
    found = _row(examples, name)
    print(found, flush=True)
    return found


def _row(examples: Path, name: str) -> str:
    example = changed((examples / f"{name}.py").read_text())
    if name in NO_DERIVATIVES:
        return f"| {name} | | no derivative in it | | |"
    if example.missing:
        lacks = "; ".join(f"no `{each}`: {WITHOUT[each]}" for each in example.missing if each in WITHOUT)
        return f"| {name} | | {lacks} | | |"
    with tempfile.TemporaryDirectory() as scratch:
        theirs, mine = (run(copied(examples, Path(scratch) / str(ours)), f"{name}.py", ours) for ours in (False, True))
    note = f" ({NOTES[name]})" if name in NOTES else ""
    said = f"{told(theirs, mine)}{note}"
    return f"| {name} | {words(example.words)} | {said} | {milliseconds(theirs)} | {milliseconds(mine)} |"


def words(needed: tuple[str, ...]) -> str:
    """What is imported from benchmarks.hips.words."""
    return ", ".join(f"`{word}`" for word in needed)


def told(theirs: Ran, mine: Ran) -> str:
    """How far it runs here, and how far the derivatives are apart."""
    count, said = len(mine.seconds), shorten(mine.said, 90, placeholder=" …")
    ends = {"": "to its end", "stopped": f"{count} derivative{'s' * (count > 1)}"}.get(
        mine.said, f"{count}, then {said}"
    )
    pairs = list(zip(theirs.answers, mine.answers, strict=False))
    if not pairs:
        return f"none in {LIMIT} s" if mine.said == "stopped" and not count else ends
    return f"{ends}; apart by {max(apart(a, b) for a, b in pairs):.0e}".replace("|", "\\|")


def milliseconds(ran: Ran) -> str:
    """The mean of a derivative's, the first left out if there are others."""
    if not ran.seconds:
        return ""
    found = 1e3 * statistics.mean(ran.seconds[1:] or ran.seconds)
    return f"{found:,.0f}" if found >= 100 else f"{found:.2g}"


def report(rows: list[str]) -> str:
    """The page that is written."""
    return f"""# HIPS autograd's examples

| example | words beside the imports | here | ms, theirs | ms, here |
|---|---|---|--:|--:|
{chr(10).join(rows)}

Each of [its examples](https://github.com/HIPS/autograd/tree/master/examples), with its imports changed and no other
line, until it ends, has taken {SECONDS:.0f} s of derivatives, or runs for {LIMIT} s. *Words* are functions of its
`misc`, `scipy.stats` and `test_util` that this engine has no function for, written in its own in
[words.py](../hips/words.py). *Apart* is the largest difference of the first {KEPT} derivatives that both took, of the
largest number in each; ms are the processor's, of one derivative, nothing compiled: where hundreds of numbers go
through each operation a node for each is slow, and `compile` is for that. Where images of digits would be
downloaded, {DIGITS} of noise stand.

Measured {date.today().isoformat()} on {machine()}.
"""


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description="HIPS autograd's examples, by it and by this engine")
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=[], help="these examples; write nothing")
    given = parser.parse_args()
    examples = given.checkout.resolve() / "examples"
    names = sorted(str(path.relative_to(examples))[:-3] for path in examples.rglob("*.py"))
    for environment in (OURS, HIPS):
        python_of(environment)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(partial(row, examples), given.only or [name for name in names if name != "__init__"]))
    publish(report(rows), None if given.only else RESULTS)


if __name__ == "__main__":
    main()
