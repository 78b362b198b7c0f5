"""Every kind of instruction, in every way to run, write or show it, to second order and behind a `where`.

Each cell is held against the same function in 40 digits, differentiated by mpmath.
"""

from __future__ import annotations

import ctypes
import io
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import autograd
import viz
from autograd import Program, compile, deltas, grad, gradient, hessian, load_program
from autograd.errors import GraphError
from autograd.order import reachable
from autograd.program.executors import kernel_for
from autograd.program.interpreter import interpret
from autograd.program.kernel import Task
from handbook.matrix import FUNCTIONS, KINDS, WAYS
from viz.numbers import shown as text_of_number

AT = (0.8, 0.3)
DERIVATIVES = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (1, 1), (0, 2))  # how often along x and along y
SHOWN = DERIVATIVES.index((2, 0))  # in a picture, on a page, in steps and in a derivation
PLACES = ("plain", "chosen", "not chosen")  # alone, or behind a `where` that takes it or does not


def function(kind: str, place: str, m: Any = FUNCTIONS) -> Callable[[Any, Any], Any]:
    """A kind's function where it stands, by the functions of a module."""
    f = KINDS[kind].f
    if place == "plain":
        return lambda x, y: f(m, x, y)
    bound = 0.5 if place == "chosen" else 0.9
    return lambda x, y: m.where(x > bound, f(m, x, y), x * y)


def everything(kind: str) -> Callable[[Any, Any], Any]:
    """Value, gradient and Hessian in every place, as one function."""
    fs = [function(kind, place) for place in PLACES]
    return lambda x, y: [(f(x, y), grad(f, (0, 1))(x, y), hessian(f, (0, 1))(x, y)) for f in fs]


def flat(found: Any) -> list[float]:
    return [x for part in found for x in flat(part)] if isinstance(found, (tuple, list)) else [float(found)]


# -- what is right ----------------------------------------------------------------------------------


def _softmax(xs: Sequence[Any]) -> list[Any]:
    total = sum(map(mp.exp, xs))
    return [mp.exp(x) / total for x in xs]


def _scan(f: Any, carry: Any, xs: Sequence[Any]) -> Any:
    ys = []
    for x in xs:
        carry, y = f(carry, x)
        ys.append(y)
    return carry, ys


def _while_loop(cond: Any, body: Any, carry: Any, max_steps: int) -> Any:
    while cond(carry):
        carry = body(carry)
    return carry


EXACT = SimpleNamespace(
    sin=mp.sin,
    scan=_scan,
    while_loop=_while_loop,
    vmap=lambda f: lambda rows: list(map(f, rows)),
    root=lambda f, guess: mp.findroot(f, guess),
    erf=mp.erf,
    exp=mp.exp,
    logaddexp=lambda a, b: mp.log(mp.exp(a) + mp.exp(b)),
    maximum=max,
    sum=sum,
    dot=lambda ws, xs, b: sum(w * x for w, x in zip(ws, xs, strict=True)) + b,
    softmax=_softmax,
    take=lambda i, entries: entries[int(i)],
    locate=lambda x, knots: sum(1 for knot in knots[1:-1] if x >= knot),
    logsumexp=lambda xs: mp.log(sum(map(mp.exp, xs))),
    where=lambda condition, chosen, other: chosen if condition else other,
    less=lambda a, b: mpf(a < b),
    step=lambda x: mpf(x > 0),
    polygamma=mp.psi,
    bump=lambda x: mp.exp(-x * x),
    tilted=lambda x, y: mp.sin(x) * y,
    swollen=lambda x, y: mp.exp(x) * y,
)


def right(kind: str, place: str) -> list[float]:
    """A value, its gradient and its Hessian, by mpmath's differences."""
    with mp.workdps(40):
        f, at = function(kind, place, EXACT), tuple(map(mpf, AT))
        return [float(mp.diff(f, at, n)) if any(n) else float(f(*at)) for n in DERIVATIVES]


# -- the ways to run it, to write it down and to show it ----------------------------------------------


def on(backend: str) -> Callable[[Program], list[float]]:
    def run(program: Program) -> list[float]:
        count = len(program.outputs)
        kernel = kernel_for(Task(program, (True, True), (False,) * count), backend)
        each = np.empty((1, count))
        kernel.run(np.empty(0), np.array([AT]), each, np.empty(0))
        return each[0].tolist()

    return run


def in_jax(program: Program) -> list[float]:
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
    jax.config.update("jax_enable_x64", True)
    return np.asarray(program.to_jax()(np.array(AT))).tolist()


def from_a_file(program: Program) -> list[float]:
    file = io.BytesIO()
    program.save(file)
    file.seek(0)
    return list(map(float, interpret(load_program(file), AT)))


def shown(show: Callable[[Any], object]) -> Callable[[Program], list[float]]:
    """A way to show a graph, which is shown the second derivatives along x in every place."""

    def run(program: Program) -> list[float]:
        found = program.graph(*AT)
        for i, node in enumerate(found):
            if i % len(DERIVATIVES) == SHOWN and isinstance(node, autograd.Value):
                show(node)
        return list(map(float_of, found))

    return run


def float_of(x: Any) -> float:
    return x.data if isinstance(x, autograd.Value) else float(x)


def in_a_picture(node: Any) -> None:
    assert text_of_number(node.data) in viz.draw(node).svg


def on_a_page(node: Any) -> None:
    assert repr(node.data) in viz.explore(node).html


def in_steps(node: Any) -> None:
    """Every step, forward and back: the slopes along the leaves are those of `gradient`."""
    found = viz.trace(node)
    ends = {found.nodes[i].name: found.nodes[i].delta for i in range(len(found.nodes)) if found.nodes[i].kind == "leaf"}
    for leaf in reachable(node):
        if leaf.is_leaf:
            assert (ends[leaf.name] or 0.0) == gradient(node, leaf)
    assert len(viz.record(node)) > 0


def in_a_derivation(node: Any) -> None:
    assert viz.formula(node).latex
    for leaf in deltas(node):
        if leaf.is_leaf and leaf is not node:
            assert viz.derive(node, wrt=leaf).latex


RUN: dict[str, Callable[[Program], list[float]]] = {
    "interpreter": lambda program: list(map(float, interpret(program, AT))),
    "numpy": on("numpy"),
    "llvm": on("llvm"),
    "JAX": in_jax,
    "Python": lambda program: list(map(float, program.function(*AT))),
    "file": from_a_file,
    "draw": shown(in_a_picture),
    "page": shown(on_a_page),
    "debug": shown(in_steps),
    "derive": shown(in_a_derivation),
}


@pytest.fixture(scope="module")
def programs():
    return {kind: compile(everything(kind)).record(*AT) for kind in KINDS}


@pytest.fixture(scope="module")
def expected():
    return {kind: [right(kind, place) for place in PLACES] for kind in KINDS}


def agree(got: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12)


def test_every_way_is_walked():
    assert {*RUN, "C"} == set(WAYS)


@pytest.mark.parametrize("way", RUN)
def test_every_kind_to_second_order_and_behind_a_choice(way, programs, expected):
    for kind, program in programs.items():
        if way in KINDS[kind].refused:
            with pytest.raises(
                GraphError, match=r"(tilted|swollen|solution).* (cannot be written in|which no file can hold)"
            ):
                RUN[way](program)
        else:
            agree(RUN[way](program), flat(expected[kind]))


def test_every_kind_in_c(programs, expected, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    names = {kind: f"f{i}" for i, kind in enumerate(programs) if "C" not in KINDS[kind].refused}
    for kind in programs.keys() - names.keys():
        with pytest.raises(GraphError, match="the row 'swollen' cannot be written in C"):
            programs[kind].to_c(gradient=False)
    work: dict[str, int] = {}
    for kind, name in names.items():
        source = programs[kind].to_c(name, gradient=False)
        (tmp_path / f"{name}.c").write_text(source, "ascii")
        work |= {n: int(numbers) for n, numbers in re.findall(r"(\w+) needs work\[(\d+)\]", source)}
    files = [f"{name}.c" for name in names.values()]
    command = ["gcc", "-O0", "-shared", "-fPIC", *files, "-o", "all.so", "-lm"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[:2000]
    library = ctypes.CDLL(str(tmp_path / "all.so"))
    for kind, name in names.items():
        out = (ctypes.c_double * len(programs[kind].outputs))()
        room = [(ctypes.c_double * work.get(name, 0))()] * (name in work)  # for the columns of loops
        getattr(library, name)((ctypes.c_double * 2)(*AT), out, *room)
        agree(list(out), flat(expected[kind]))


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
def test_every_kind_as_a_question(backend, expected):
    for kind in KINDS:
        p = compile(function(kind, PLACES[1]), argnums=(0, 1), backend=backend)
        agree([x for question in (p.value, p.grad, p.hessian) for x in flat(question(*AT))], expected[kind][1])
