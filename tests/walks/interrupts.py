"""Ctrl-C at random moments of whatever there is to do: nothing is lost or half changed, and it comes out.

    python -m tests.walks.interrupts --times 1000 --seed 1

A timer's signal raises KeyboardInterrupt at whatever instruction Python is, in callbacks of machine code too.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import nn
import viz
from autograd import (
    Value,
    check_grad,
    compile,
    context,
    dot,
    exp,
    grad,
    hessian,
    is_recording,
    load_program,
    no_grad,
    polygamma,
    record_sources,
    scope,
    sum,
    tanh,
)
from tests.walks.tally import Tally
from viz.terminal import run

LATE = 2.0  # seconds after which an interrupt that did not come out was swallowed

Answer = Any  # what is compared: numbers as text, to the bit


class Activity(NamedTuple):
    """Something that takes a while: `act` is interrupted, and then says what it said before."""

    act: Callable[[], Answer]
    kept: Callable[[], Answer] = lambda: None  # what must be as it was, or as it is when `act` is done
    swallows: bool = False  # whether Ctrl-C is told in another way, as documented


def said(numbers: Any) -> str:
    return np.asarray(numbers, float).tobytes().hex()


def curve(x: Any) -> Any:
    return tanh(x[0]) * exp(x[1]) + x[2] ** 2 / (1.0 + x[0] * x[0]) + polygamma(1, 2.0 + x[1] * x[1])


# -- activities -------------------------------------------------------------------------------------


def derivatives() -> Iterator[tuple[str, Activity]]:
    x = [0.5, -0.25, 1.5]
    leaves = [Value(number, name=f"x{i}") for i, number in enumerate(x)]
    J = sum([curve(leaves) for _ in range(40)])

    def backward() -> Answer:
        for leaf in leaves:
            leaf.grad = 0.0
        J.backward()
        return said([leaf.grad for leaf in leaves])

    yield "backward", Activity(backward, lambda: said([leaf.data for leaf in leaves] + [J.data]))
    yield "grad", Activity(lambda: said(grad(curve)(x)))
    yield "hessian", Activity(lambda: said(hessian(curve)(x)))
    yield "check_grad", Activity(lambda: check_grad(curve, x).ok)


def compiled() -> Iterator[tuple[str, Activity]]:
    x, batch = np.array([0.5, -0.25, 1.5]), np.random.default_rng(0).normal(size=(3000, 3))
    for backend in ("interpreter", "numpy", "llvm"):
        f = compile(curve, backend=backend)
        g = compile(curve, backend=backend, in_axes=0)
        some = batch[:200] if backend == "interpreter" else batch
        yield f"compile, {backend}", Activity(lambda backend=backend: said(compile(curve, backend=backend)(x)))
        yield f"call, {backend}", Activity(lambda f=f: said([*f.grad(x), f(x)]))
        yield f"batch, {backend}", Activity(lambda g=g, some=some: said(g(some)))
        yield f"batch of gradients, {backend}", Activity(lambda g=g, some=some: said(g.grad(some)))
    threaded = compile(curve, backend="llvm", in_axes=0, threads=2)
    yield "batch, two threads", Activity(lambda: said(threaded(batch)))


def networks() -> Iterator[tuple[str, Activity]]:
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = X.sum(1)

    def fit() -> Answer:
        model = nn.MLP(3, [4, 1], seed=0)
        before = said([p.data for p in model.parameters()])
        try:
            history = model.fit(X, y, epochs=30, seed=0, progress=False)
        except KeyboardInterrupt:
            if said([p.data for p in model.parameters()]) != before:
                return "moved by a training that did not begin"
            raise
        again = model.fit(X, y, epochs=1, seed=0, progress=False)  # it can go on
        if not np.isfinite(again.training).all():
            return "a training that went on has no losses"
        if "interrupted" in (history.stopped, again.stopped):
            raise KeyboardInterrupt
        return said([p.data for p in model.parameters()])

    yield "fit", Activity(fit)
    model = nn.MLP(3, [4, 4, 1], seed=1)
    optimiser = nn.Adam(model.parameters(), 0.0625)
    start, fresh = [p.data for p in model.parameters()], optimiser.state
    for i, p in enumerate(model.parameters()):
        p.grad = 0.5 + i / 64

    def step() -> Answer:
        optimiser._set(np.array(start))
        optimiser.state, optimiser.steps = fresh, 0
        for _ in range(20):
            before = numbers()
            try:
                optimiser.step()
            except KeyboardInterrupt:
                if (numbers()[0] == before[0]) != (optimiser.steps == before[1]):
                    return "half a step"
                raise
        return numbers()

    def numbers() -> tuple[str, int]:
        return said([p.data for p in model.parameters()]), optimiser.steps

    yield "optimiser", Activity(step)
    yield "forward", Activity(lambda: said([model([0.5, 1.0, 2.0]).data for _ in range(5)]))


def files(folder: Path) -> Iterator[tuple[str, Activity]]:
    program, model = compile(curve).record([0.5, -0.25, 1.5]), nn.MLP(3, [4, 1], seed=0)
    neuron = tanh(dot([Value(0.5, name="w")], [2.0]))
    saves: dict[str, tuple[Callable[[Path], object], Callable[[Path], Answer]]] = {
        "program.npz": (program.save, lambda path: str(load_program(path))),
        "model.npz": (model.save, lambda path: said([p.data for p in nn.load(path).parameters()])),
        "picture.svg": (viz.draw(neuron).save, lambda path: path.read_bytes()),
        "page.html": (viz.explore(neuron).save, lambda path: path.read_bytes()),
    }
    for name, (save, load) in saves.items():
        path = folder / name
        save(path)

        def kept(path: Path = path, load: Callable[[Path], Answer] = load) -> Answer:
            return load(path), sorted(os.listdir(folder))

        yield f"save {name}", Activity(lambda save=save, path=path: save(path) and None, kept)
        yield f"load {name}", Activity(lambda load=load, path=path: load(path))


def pictures() -> Iterator[tuple[str, Activity]]:
    x = [Value(number, name=f"x{i}") for i, number in enumerate([0.5, -0.25, 1.5])]
    J = curve(x)
    J.name = "J"
    yield "draw", Activity(lambda: viz.draw(J).svg)
    yield "explore", Activity(lambda: viz.explore(J).html)
    yield "derive", Activity(lambda: str(viz.derive(J, x[0])))
    yield "formula", Activity(lambda: str(viz.formula(J)))
    yield "why", Activity(lambda: str(viz.why(J, x[0])))

    def debug() -> Answer:
        out = io.StringIO()
        viz.debug(J, ["step 3", "break tanh", "continue", "why x0", "goto end", "reverse-continue", "where"] * 3, out)
        if "Interrupted" in out.getvalue():
            raise KeyboardInterrupt  # it was told so
        return out.getvalue()

    yield "debug", Activity(debug)


def contexts() -> Iterator[tuple[str, Activity]]:
    def blocks() -> Answer:
        found = []
        for i in range(60):
            with scope(f"a{i}"), no_grad():
                found.append(is_recording())
                with scope("b"), record_sources():
                    found.append(str(Value(1.0).label))
        return found

    yield "with-blocks", Activity(blocks)


def activities(folder: Path) -> dict[str, Activity]:
    found: dict[str, Activity] = {}
    for each in (derivatives(), compiled(), networks(), files(folder), pictures(), contexts()):
        found.update(each)
    return found


# -- the interrupt ----------------------------------------------------------------------------------


class Trial(NamedTuple):
    """What came of an interrupted activity; `wrong` says why that is a mistake, or nothing."""

    what: str
    wrong: str = ""


OTHERS = ("jax", "_io", "hypothesis", "llvmlite", "pygraphviz", "zipfile")  # whose finalisers they are


def interrupted(activity: Activity, usual: Answer, kept: tuple[Answer, Answer], after: float) -> Trial:
    """Interrupt it after so many seconds; what comes of that, and of doing it again."""
    lost: list[str] = []
    with alarms(), unraised(lost):
        outcome = tried(activity, after)
    if wrong := left_behind():
        return Trial("left", wrong)
    if lost and lost[0].replace(" ", ".").split(".")[0] in OTHERS:
        return Trial("lost in a finaliser that is not ours")  # where Python lets nothing out
    if lost:
        return Trial("lost", f"KeyboardInterrupt was lost in {lost[0]}")
    if outcome.wrong:
        return outcome
    if activity.kept() not in kept:
        return Trial("changed", "what was to be kept has changed")
    try:
        again = activity.act()
    except BaseException as error:
        return Trial("again", f"afterwards it raises {type(error).__name__}: {str(error)[:200]}")
    return outcome if again == usual else Trial("again", f"afterwards it says {str(again)[:200]}")


def tried(activity: Activity, after: float) -> Trial:
    done = False
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, after)
            found = activity.act()
            done = True
            time.sleep(after + LATE)  # the signal is still to come; of a loop Python 3.13 lets it out past the `except`
            return Trial("swallowed", f"KeyboardInterrupt did not come out; it said {str(found)[:100]!r}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return Trial("interrupted afterwards" if done else "interrupted")
    except BaseException as error:
        return Trial("raised", f"{type(error).__name__} came out: {str(error)[:200]}")


@contextmanager
def alarms(alarm: signal.Signals = signal.SIGALRM) -> Iterator[None]:
    """SIGALRM, or another, as SIGINT is in a terminal; a job in the background has SIGINT ignored.

    Python's collector waits: what is raised in a callback of it, as hypothesis and JAX have one, is only printed.
    """
    previous, collecting = signal.signal(alarm, signal.default_int_handler), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        with suppress(KeyboardInterrupt):  # one that was still on its way comes out here, and no later
            signal.signal(alarm, signal.SIG_IGN)
        signal.signal(alarm, previous)


@contextmanager
def unraised(lost: list[str]) -> Iterator[None]:
    """What Python would only print, as an exception in `__del__` or in a callback."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda given: lost.append(f"{_module_of(given.object)} {given.object!r}")
    try:
        yield
    finally:
        sys.unraisablehook = before


def _module_of(thing: object) -> str:
    return str(getattr(thing, "__module__", None) or type(thing).__module__)


def left_behind() -> str:
    """What is still open of the blocks that were interrupted."""
    if not is_recording() or context.current_label() is not None:
        return f"a block was left open: recording {is_recording()}, label {context.current_label()}"
    return f"{len(context.unusual)} blocks count as open" if context.unusual else ""


# -- the walk ---------------------------------------------------------------------------------------


def walk(times: int, seed: int, chosen: Callable[[str], bool] = lambda name: True) -> Iterator[tuple[str, int, Trial]]:
    """Interrupt one activity after the other, so many times in all; of each which it was and what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        known = {name: activity for name, activity in activities(Path(folder)).items() if chosen(name)}
        usual, lasts, kept = {}, {}, {}
        for name, activity in known.items():
            before = activity.kept()
            activity.act()  # what is made once is made
            began = time.perf_counter()
            usual[name] = activity.act()
            lasts[name] = time.perf_counter() - began
            kept[name] = before, activity.kept()
        for i in range(times):
            dice = random.Random(f"{seed} {i}")
            name = list(known)[i % len(known)]
            after = max(1e-5, lasts[name] * dice.choice((dice.random(), dice.random() * 1.3, dice.random() ** 3)))
            yield name, i, interrupted(known[name], usual[name], kept[name], after)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1000, help="interrupts of all activities together")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally = Tally()
    for name, i, trial in walk(options.times, options.seed):
        tally.count[f"{name}: {trial.what}"] += 1
        if trial.wrong:
            tally.mistake(f"{i} {name}: {trial.wrong}")
    return tally.told("interrupts")


if __name__ == "__main__":
    run(main)
