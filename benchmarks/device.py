"""Measures C for devices beside CasADi's and C written by hand: how large, how fast, into results/device.md.

    python -m benchmarks.device            a minute
    python -m benchmarks.device --quick    one round; writes nothing

The Jacobians of four filters' steps, and the network of the used cars.  All is compiled by gcc with the same flags, and
the answers are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import math
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.driver import HERE, Environment, machine, publish, python_of

RESULTS = HERE / "results" / "device.md"
CASADI = Environment("casadi", ("casadi==3.8.2", "numpy"))
CALLS = 1_000_000
Numbers = Sequence[Any]


# -- problems ---------------------------------------------------------------------------------------


def unicycle(x: Numbers, m: Any) -> list[Any]:
    """A robot on wheels: place, heading, speed, turn."""
    return [x[0] + 0.05 * x[3] * m.cos(x[2]), x[1] + 0.05 * x[3] * m.sin(x[2]), x[2] + 0.05 * x[4], x[3], x[4]]


def bearing(x: Numbers, m: Any) -> list[Any]:
    """Distance and direction of a landmark, from a robot."""
    across, up = x[3] - x[0], x[4] - x[1]
    return [m.sqrt(across * across + up * up), m.atan2(up, across) - x[2]]


def attitude(x: Numbers, _: Any) -> list[Any]:
    """A quaternion turned by a gyroscope with a bias."""
    a, b, c, d = x[:4]
    u, v, w = x[7] - x[4], x[8] - x[5], x[9] - x[6]
    turned = [-b * u - c * v - d * w, a * u + c * w - d * v, a * v - b * w + d * u, a * w + b * v - c * u]
    return [before + 0.005 * by for before, by in zip(x[:4], turned, strict=True)] + list(x[4:7])


def reentry(x: Numbers, m: Any) -> list[Any]:
    """A body that falls into the atmosphere (Julier & Uhlmann 2004)."""
    height, speed = m.sqrt(x[0] * x[0] + x[1] * x[1]), m.sqrt(x[2] * x[2] + x[3] * x[3])
    drag = -0.59783 * m.exp(x[4]) * m.exp((6374.0 - height) / 13.406) * speed
    pull = -3.986e5 / (height * height * height)
    return [
        x[0] + 0.1 * x[2],
        x[1] + 0.1 * x[3],
        x[2] + 0.1 * (drag * x[2] + pull * x[0]),
        x[3] + 0.1 * (drag * x[3] + pull * x[1]),
        x[4],
    ]


_DICE = np.random.default_rng(1)
FIRST, BIASES, LAST = (_DICE.normal(size=shape).tolist() for shape in ((6, 5), 6, 6))


def network(x: Numbers, m: Any) -> list[Any]:
    """The network 5-6-1 of the used cars."""

    def added(row: list[float], numbers: Numbers, bias: float) -> Any:
        return sum((w * each for w, each in zip(row, numbers, strict=True)), bias)

    return [added(LAST, [m.tanh(added(row, x, b)) for row, b in zip(FIRST, BIASES, strict=True)], 0.5)]


class Problem(NamedTuple):
    """A function of x, where it is asked, and for what."""

    title: str
    function: Callable[[Numbers, Any], list[Any]]
    x: list[float]
    has_jacobian: bool = True


PROBLEMS = {
    "unicycle": Problem("a robot on wheels, Jacobian 5 × 5", unicycle, [1.0, 2.0, 0.3, 0.8, 0.1]),
    "bearing": Problem("a landmark's bearing, 2 × 5", bearing, [1.0, 2.0, 0.3, 4.0, 7.0]),
    "attitude": Problem("an attitude, 7 × 10", attitude, [0.8, 0.2, -0.4, 0.4, 0.01, 0.02, -0.01, 0.5, -0.3, 0.1]),
    "reentry": Problem("a reentry, 5 × 5", reentry, [6500.4, 349.1, -1.8, -6.8, 0.69]),
    "network": Problem("the cars' network, value", network, [0.5, -0.2, 1.0, 0.0, 0.0], has_jacobian=False),
    "slopes": Problem("the cars' network, value and gradient", network, [0.5, -0.2, 1.0, 0.0, 0.0]),
}


# -- contenders -------------------------------------------------------------------------------------


class Written(NamedTuple):
    """A contender's C: the file, and how the function is declared and called."""

    source: str
    declaration: str
    call: str
    kind: str = "double"


def ours(problem: Problem, dtype: str = "float64") -> Written:
    """This engine's, by `to_c`."""
    import autograd

    f = network_of_dots if problem.function is network else (lambda x: problem.function(x, autograd))
    program = autograd.compile(f).record(np.array(problem.x))
    what, name = ("jacobian", "f_jacobian") if problem.has_jacobian else ("value", "f")
    kind = "double" if dtype == "float64" else "float"
    results = ", y, g" if problem.has_jacobian else ", y"
    parameters = f"const {kind} *x, {kind} *y" + f", {kind} *g" * problem.has_jacobian
    return Written(
        program.to_c("f", what=what, dtype=dtype), f"void {name}({parameters});", f"{name}(x{results});", kind
    )


def network_of_dots(x: Numbers) -> Any:
    """The network as it is written here."""
    from autograd import dot, tanh

    hidden = [tanh(dot(row, list(x), b)) for row, b in zip(FIRST, BIASES, strict=True)]
    return [dot(LAST, hidden, 0.5)]


def write_casadis(folder: Path) -> None:
    """CasADi's files of all problems; run where CasADi is."""
    import os

    import casadi

    os.chdir(folder)  # where its generator writes
    for name, problem in PROBLEMS.items():
        x = casadi.SX.sym("x", len(problem.x))
        y = casadi.vertcat(*problem.function(casadi.vertsplit(x), casadi))
        outputs = [y, casadi.densify(casadi.jacobian(y, x)).T] if problem.has_jacobian else [y]
        made = casadi.CodeGenerator(f"{name}.c")
        if problem.has_jacobian:
            made.add(casadi.Function("f", [x], [y]))
        made.add(casadi.Function("f_jacobian", [x], outputs))
        made.generate()


def casadis(name: str, folder: Path) -> Written:
    """What `write_casadis` wrote."""
    declared = "int f_jacobian(const double **, double **, long long int *, double *, int);"
    call = "const double *in[1] = {x}; double *out[2] = {y, g}; f_jacobian(in, out, 0, 0, 0);"
    return Written((folder / f"{name}.c").read_text(), declared, call)


def by_hand(kind: str) -> Written:
    """The network as people write it, and tools such as emlearn: weights in tables, two loops."""

    def numbers(each: list[float]) -> str:
        return ", ".join(repr(x) if kind == "double" else f"{np.float32(x)!s}f" for x in each)

    f = "" if kind == "double" else "f"
    rows = ", ".join(f"{{{numbers(row)}}}" for row in FIRST)
    source = f"""#include <math.h>
static const {kind} first[6][5] = {{{rows}}};
static const {kind} biases[6] = {{{numbers(BIASES)}}};
static const {kind} last[6] = {{{numbers(LAST)}}};
void f(const {kind} *x, {kind} *y)
{{
    {kind} total = 0.5{f};
    for (int i = 0; i < 6; i++) {{
        {kind} sum = biases[i];
        for (int j = 0; j < 5; j++) sum += first[i][j] * x[j];
        total += last[i] * tanh{f}(sum);
    }}
    *y = total;
}}
"""
    return Written(source, f"void f(const {kind} *x, {kind} *y);", "f(x, y);", kind)


# -- measuring --------------------------------------------------------------------------------------

MAIN = """#include <stdio.h>
#include <time.h>
{declaration}
int main(void)
{{
    {kind} x[] = {{{x}}}, y[16] = {{0}}, g[128] = {{0}};
    const clock_t start = clock();
    for (int k = 0; k < {calls}; k++) {{ x[0] = x[0] * ({kind})1.0 + y[0] * ({kind})0.0; {call} }}
    printf("%.6g\\n", (double)(clock() - start) / CLOCKS_PER_SEC / {calls} * 1e9);
    for (int k = 0; k < {ys}; k++) printf("%.17g ", (double)y[k]);
    for (int k = 0; k < {gs}; k++) printf("%.17g ", (double)g[k]);
    return 0;
}}
"""


class Measure(NamedTuple):
    """Bytes of code and constants of the functions that compute, nanoseconds of a call, characters of the file."""

    code: int
    constants: int
    nanoseconds: float
    characters: int
    answer: list[float]


def measured(written: Written, problem: Problem, folder: Path, rounds: int) -> Measure:
    """Compile a contender's file and run it."""
    (folder / "f.c").write_text(written.source)
    _run("gcc", "-std=c99", "-Os", "-c", "f.c", "-o", "f.o", folder=folder)
    outputs = len(problem.function([*problem.x], math))
    gs = outputs * len(problem.x) * problem.has_jacobian
    main = MAIN.format(declaration=written.declaration, kind=written.kind, call=written.call, calls=CALLS,
                       x=", ".join(map(repr, problem.x)), ys=outputs, gs=gs)  # fmt: skip
    (folder / "main.c").write_text(main)
    _run("gcc", "-std=c99", "-O2", "-w", "main.c", "f.c", "-o", "timed", "-lm", folder=folder)
    runs = [_run("./timed", folder=folder).split("\n", 1) for _ in range(rounds)]
    answer = [float(number) for number in runs[0][1].split()]
    code, constants = sizes(folder)
    return Measure(code, constants, statistics.median(float(time) for time, _ in runs), len(written.source), answer)


def sizes(folder: Path) -> tuple[int, int]:
    """(code, constants) of what computes: not of loops over batches, nor of what says what the functions are."""
    listed = [line.split() for line in _run("nm", "-S", "f.o", folder=folder).splitlines()]
    others = re.compile(r".*(_batch|_in|_out|_ref|_incref|_decref|_alloc_mem|_init_mem|_free_mem|_checkout|_release|"
                        r"_work|_work_bytes|_real_size|_version|sparsity.*|_name.*|default.*|_s\d+)$")  # fmt: skip
    kept = [(kind, int(size, 16)) for _, size, kind, name in (each for each in listed if len(each) == 4)
            if not others.fullmatch(name)]  # fmt: skip
    sections = dict(re.findall(r"^(\.rodata\.cst\S*)\s+(\d+)", _run("size", "-A", "f.o", folder=folder), re.MULTILINE))
    constants = sum(map(int, sections.values())) + sum(size for kind, size in kept if kind in "rR")
    return sum(size for kind, size in kept if kind in "tT"), constants


def _run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def measure_all(rounds: int) -> dict[str, dict[str, Measure]]:
    """Every contender at every problem."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([python_of(CASADI), "-m", "benchmarks.device", "--casadi", name], check=True, cwd=HERE.parent)
        found: dict[str, dict[str, Measure]] = {}
        for which, problem in PROBLEMS.items():
            contenders = {"this engine": ours(problem), "CasADi": casadis(which, folder)}
            if which == "network":
                contenders |= {"by hand": by_hand("double"), "this engine, float": ours(problem, "float32"),
                               "by hand, float": by_hand("float")}  # fmt: skip
            if which == "slopes":
                contenders["this engine, float"] = ours(problem, "float32")
            found[which] = {title: measured(each, problem, folder, rounds) for title, each in contenders.items()}
            _compare(which, found[which])
            print(which, {title: each[:4] for title, each in found[which].items()}, flush=True)
        return found


def _compare(which: str, results: dict[str, Measure]) -> None:
    right = results["CasADi"].answer
    for title, result in results.items():
        bound = 1e-6 if "float" in title else 1e-12
        if not np.allclose(result.answer, right, rtol=bound, atol=bound * max(map(abs, right))):
            raise SystemExit(f"{which}: {title} answers {result.answer}, CasADi {right}")


# -- the page ---------------------------------------------------------------------------------------


def report(results: dict[str, dict[str, Measure]]) -> str:
    """The page that is written."""
    lines = []
    for which, measures in results.items():
        theirs = measures["CasADi"]
        for title, each in measures.items():
            share = (each.code + each.constants) / (theirs.code + theirs.constants)
            sizes = f"{each.characters:,} | {each.code:,} | {each.constants:,} | {share:.2f}"
            lines.append(f"| {PROBLEMS[which].title} | {title} | {sizes} | {each.nanoseconds:,.1f} |")
    rows = "\n".join(lines)
    return f"""# C for devices

| | | characters of C | code, bytes | constants, bytes | of CasADi's | ns a call |
|---|---|--:|--:|--:|--:|--:|
{rows}

A file with a Jacobian has the function of values too. Bytes are those of the functions that compute and of their
constants, for x86-64 by gcc -std=c99 -Os: without our loops over batches, and without CasADi's functions that tell what
a function is and how sparse. Times are of gcc -O2. *By hand* is a network as people, and tools such as emlearn, write
it: tables and two loops. CasADi's slopes of atan2 overflow where squares do, and its slope of tanh has no digit left
far out; ours do not and have, which is what they cost more.

Measured {date.today().isoformat()} on {machine()}.
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="C for devices: size and speed")
    parser.add_argument("--quick", action="store_true", help="one round; write nothing")
    parser.add_argument("--casadi", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.casadi:
        write_casadis(Path(given.casadi))
        sys.exit()
    publish(report(measure_all(1 if given.quick else 9)), None if given.quick else RESULTS)


if __name__ == "__main__":
    main()
