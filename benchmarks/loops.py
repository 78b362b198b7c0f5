"""Times loops and equations beside JAX's scan and CasADi's mapaccum, into results/loops.md.

    python -m benchmarks.loops            all of it, a few minutes
    python -m benchmarks.loops --quick    without the longest, one round; writes nothing

Each contender is handed the same models, in a process of its own; their answers are compared before anything is timed.
Ready is from the function to the first answer.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from datetime import date
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks import readiness
from benchmarks.driver import HERE, OURS, Environment, machine, publish

RESULTS = HERE / "results" / "loops.md"
JAX = Environment("jax", ("jax==0.10.2", "numpy"))
CASADI = Environment("casadi", ("casadi==3.8.2", "numpy"))
COMPARED = 1e-8
RATES = np.array([1.0, 1.0, 1.5, 1.0, 3.0, 1.0])  # prey, hunters, and how they live
MARKET = np.array([100.0, 0.04, 1.5, 0.04, 0.3, -0.7])
PATHS, STEPS, PRICES = 10_000, 250, 20_000
STIFF = np.array([0.04, 3e7, 1e4])

TITLES = {
    "rk4:10000": "Runge–Kutta, 2 states, 10⁴ steps: value and gradient",
    "rk4:100000": "… 10⁵ steps",
    "rk4:1000000": "… 10⁶ steps",
    "rk4 sparing:1000000": "… 10⁶ steps, ours with checkpoints",
    "rk4 plain:10000": "10⁴ steps, ours as a plain Python loop",
    "heston": f"Heston, {PATHS:,} paths × {STEPS} steps: value and 6 greeks",
    "implied": f"implied volatility of {PRICES:,} prices: gradient",
    "robertson": "Robertson, 2,000 implicit steps: 3 states along 3 rates",
}


# -- models, in the words of `scan` ------------------------------------------------------------------


def rk4(m: Any, steps: int, **options: str) -> Callable[[Any], Any]:
    """Predator and prey."""

    def motion(state: Any, x: Any) -> Any:
        return state[0] * (x[2] - x[3] * state[1]), state[1] * (x[5] * state[0] - x[4])

    def value(x: Any) -> Any:
        def step(state: Any, _: Any) -> Any:
            h = 1e-3
            a = motion(state, x)
            b = motion([s + 0.5 * h * k for s, k in zip(state, a, strict=True)], x)
            c = motion([s + 0.5 * h * k for s, k in zip(state, b, strict=True)], x)
            d = motion([s + h * k for s, k in zip(state, c, strict=True)], x)
            parts = zip(state, a, b, c, d, strict=True)
            return tuple(s + h / 6.0 * (p + 2.0 * q + 2.0 * r + t) for s, p, q, r, t in parts), None

        return m.scan(step, (x[0], x[1]), None, steps, **options)[0][0]

    return value


def heston(m: Any) -> Callable[[Any, Any], Any]:
    """A call's payoff on one path of (normal, normal) rows."""

    def payoff(x: Any, rows: Any) -> Any:
        spot, variance, speed, mean, vol, rho = x
        dt = 1.0 / STEPS

        def step(state: Any, row: Any) -> Any:
            now = m.maximum(state[1], 0.0)
            width = m.sqrt(now * dt + 1e-12)
            other = rho * row[0] + m.sqrt(1.0 - rho * rho) * row[1]
            moved = state[0] - 0.5 * now * dt + width * row[0]
            return (moved, state[1] + speed * (mean - now) * dt + vol * width * other), None

        (last, _), _ = m.scan(step, (m.log(spot), variance), rows, None)
        return m.maximum(m.exp(last) - 100.0, 0.0)

    return payoff


def price(m: Any, volatility: Any, strike: Any) -> Any:
    """Of a call on 100 in a year."""
    d = m.log(100.0 / strike) / volatility + 0.5 * volatility
    first, second = (0.5 * (1.0 + m.erf(x / math.sqrt(2.0))) for x in (d, d - volatility))
    return 100.0 * first - strike * second


def robertson(z: Any, y: Any, rates: Any) -> list[Any]:
    """What is 0 at the next state of the implicit Euler method."""
    a, c = -rates[0] * z[0] + rates[2] * z[1] * z[2], rates[1] * z[1] * z[1]
    return [z[0] - y[0] - 0.02 * a, z[1] - y[1] + 0.02 * (a + c), z[2] - y[2] - 0.02 * c]


def quotes() -> tuple[Any, Any]:
    """Prices and strikes."""
    dice = np.random.default_rng(0)
    strikes, volatilities = dice.uniform(80, 120, PRICES), dice.uniform(0.1, 0.6, PRICES)
    normal = np.vectorize(math.erf)
    d = np.log(100.0 / strikes) / volatilities + 0.5 * volatilities
    first, second = (0.5 * (1.0 + normal(x / math.sqrt(2.0))) for x in (d, d - volatilities))
    return 100.0 * first - strikes * second, strikes


def normals() -> Any:
    """The rows of all paths."""
    return np.random.default_rng(1).standard_normal((PATHS, STEPS, 2))


# -- contenders -------------------------------------------------------------------------------------


class Ours(readiness.Contender):
    """This engine, with bound calls."""

    def __init__(self) -> None:
        import autograd

        self._m: Any = autograd
        autograd.compile(lambda x: x * x, backend="llvm").value_and_grad(1.0)  # imports, as the other's

    def ready(self, workload: str) -> Callable[[], Any]:
        m, (kind, _, size) = self._m, workload.partition(":")
        given: tuple[Any, ...]
        if kind.startswith("rk4"):
            sparing = {"memory": "checkpoints"} if kind.endswith("sparing") else {}
            p, given = m.compile(rk4(_Plain if kind.endswith("plain") else m, int(size), **sparing)), (RATES,)
        elif kind == "heston":
            p, given = m.compile(heston(m), in_axes=(None, 0), reduce="mean"), (MARKET, normals())
        elif kind == "implied":
            p = m.compile(self._implied, argnums=(0, 1), in_axes=(0, 0))
            given = quotes()
        else:
            p, given = m.compile(self._stiff), (STIFF,)
            bound = p.value_and_jacobian.bind(*given)
            return lambda: _flat(bound())
        bound = p.value_and_grad.bind(*given)
        return lambda: _flat(bound())

    def _implied(self, quoted: Any, strike: Any) -> Any:
        return self._m.root(lambda v: price(self._m, v, strike) - quoted, 0.3)

    def _stiff(self, rates: Any) -> Any:
        def step(y: Any, _: Any) -> Any:
            return self._m.root(lambda z: robertson(z, y, rates), y), None

        return np.array(self._m.scan(step, [1.0, 0.0, 0.0], length=2000)[0])


class _Plain:
    """Loops as Python has them."""

    @staticmethod
    def scan(step: Any, state: Any, xs: None, length: int) -> Any:
        """As the others' of that name."""
        for _ in range(length):
            state, _ = step(state, xs)
        return state, None


class Jax(readiness.Contender):
    """JAX in double precision, jitted; equations by its custom_root around Newton's steps."""

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self._jax = jax
        self._m = ModuleType("functions")
        names = {"sqrt": jax.numpy.sqrt, "log": jax.numpy.log, "exp": jax.numpy.exp, "maximum": jax.numpy.maximum}
        vars(self._m).update(names, erf=jax.scipy.special.erf, scan=jax.lax.scan)
        jax.jit(jax.value_and_grad(lambda x: x * x))(1.0)

    def ready(self, workload: str) -> Callable[[], Any]:
        jax, (kind, _, size) = self._jax, workload.partition(":")
        f: Any
        given: tuple[Any, ...]
        if kind.startswith("rk4"):
            f, given = jax.value_and_grad(rk4(self._m, int(size))), (RATES,)
        elif kind == "heston":
            payoff = jax.vmap(heston(self._m), in_axes=(None, 0))
            f, given = jax.value_and_grad(lambda x, rows: payoff(x, rows).mean()), (MARKET, normals())
        elif kind == "implied":
            f, given = jax.vmap(jax.value_and_grad(self._implied, argnums=(0, 1))), quotes()
        else:
            f, given = (lambda rates: (self._stiff(rates), jax.jacfwd(self._stiff)(rates))), (STIFF,)
        jitted, on_device = jax.jit(f), tuple(map(jax.numpy.asarray, given))
        return lambda: _flat(jax.block_until_ready(jitted(*on_device)))

    def _implied(self, quoted: Any, strike: Any) -> Any:
        lax, grad = self._jax.lax, self._jax.grad

        def newton(f: Any, start: Any) -> Any:
            def step(state: Any) -> Any:
                x, _, count = state
                by = f(x) / grad(f)(x)
                return x - by, abs(by), count + 1

            return lax.while_loop(lambda s: (s[1] > 1e-12) & (s[2] < 100), step, (start, 1.0, 0))[0]

        return lax.custom_root(lambda v: price(self._m, v, strike) - quoted, 0.3, newton, lambda g, y: y / g(1.0))

    def _stiff(self, rates: Any) -> Any:
        jnp, lax = self._jax.numpy, self._jax.lax

        def step(y: Any, _: Any) -> Any:
            def equation(z: Any) -> Any:
                return jnp.stack(robertson(z, y, rates))

            def newton(f: Any, start: Any) -> Any:
                def move(state: Any) -> Any:
                    x, _, count = state
                    by = jnp.linalg.solve(self._jax.jacfwd(f)(x), f(x))
                    return x - by, jnp.abs(by).max(), count + 1

                return lax.while_loop(lambda s: (s[1] > 1e-12) & (s[2] < 100), move, (start, 1.0, 0))[0]

            def straight(g: Any, wanted: Any) -> Any:
                return jnp.linalg.solve(self._jax.jacobian(g)(wanted), wanted)

            return lax.custom_root(equation, y, newton, straight), None

        return lax.scan(step, jnp.array([1.0, 0.0, 0.0]), None, 2000)[0]


class Casadi(readiness.Contender):
    """CasADi's mapaccum of a step written in SX, mapped over paths, in its virtual machine."""

    def __init__(self) -> None:
        import casadi

        self._casadi = casadi
        self._m: Any = ModuleType("functions")
        vars(self._m).update(sqrt=casadi.sqrt, log=casadi.log, exp=casadi.exp, maximum=casadi.fmax)

    def ready(self, workload: str) -> Callable[[], Any]:
        casadi, (kind, _, size) = self._casadi, workload.partition(":")
        if kind not in ("rk4", "heston"):
            raise NotImplementedError
        x: Any = casadi.SX.sym("x", 6)
        parts: dict[str, Any] = {}

        def scan(step: Any, state: Any, rows: Any, steps: int | None) -> Any:
            """Keep the step, what it starts with, and a name for what it ends with."""
            before, row, last = casadi.SX.sym("before", 2), casadi.SX.sym("row", 2), casadi.SX.sym("last", 2)
            after, _ = step(casadi.vertsplit(before), casadi.vertsplit(row))
            one = casadi.Function("one", [before, x, row], [casadi.vertcat(*after)])
            parts.update(steps=steps or STEPS, one=one, first=casadi.vertcat(*state), last=last)
            return casadi.vertsplit(last), None

        self._m.scan = scan
        model = rk4(self._m, int(size)) if kind == "rk4" else heston(self._m)
        y = model(casadi.vertsplit(x), *([None] if kind == "heston" else []))
        return self._called(x, y, parts, normals() if kind == "heston" else None)

    def _called(self, x: Any, y: Any, parts: dict[str, Any], rows: Any) -> Callable[[], Any]:
        casadi, steps = self._casadi, parts["steps"]
        ends = casadi.Function("ends", [parts["last"], x], [y])
        first = casadi.Function("first", [x], [parts["first"]])
        at, eaten = casadi.MX.sym("at", 6), casadi.MX.sym("eaten", 2, steps)
        every = parts["one"].mapaccum("every", steps)(first(at), casadi.repmat(at, 1, steps), eaten)
        whole = casadi.Function("whole", [at, eaten], [ends(every[:, -1], at)])
        given = np.zeros((2, steps)) if rows is None else np.concatenate(rows.transpose(0, 2, 1), axis=1)
        all_rows = casadi.MX.sym("rows", 2, given.shape[1])
        paths = given.shape[1] // steps
        mean = casadi.sum2(whole.map(paths)(casadi.repmat(at, 1, paths), all_rows)) / paths
        both = casadi.Function("both", [at, all_rows], [mean, casadi.gradient(mean, at)])
        point = RATES if rows is None else MARKET
        return lambda: [np.ravel(part) for part in both(point, given)]


def _flat(parts: Any) -> list[Any]:
    """Numbers and arrays, one after the other: each contender lists them in the order of the answer."""
    if isinstance(parts, (tuple, list)):
        return [x for part in parts for x in _flat(part)]
    return [parts]


CONTENDERS = {"ours": Ours, "jax": Jax, "casadi": Casadi}
ENTRIES = {"ours": ("this engine", OURS), "jax": ("JAX 0.10.2", JAX), "casadi": ("CasADi 3.8.2", CASADI)}


def report(results: readiness.Results) -> str:
    """The page that is written."""
    return f"""# Loops and equations

{readiness.table(results, ENTRIES, TITLES.__getitem__)}

Measured {date.today().isoformat()} on {machine()}. Processor time, one thread. *ready* is from the function to the
first answer, recording and differentiating included. Loops are `scan` here and in JAX, and `mapaccum` and
`map` in CasADi's virtual machine; equations are `root` here, and `custom_root` around Newton's steps in JAX.
"""


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="loops and equations")
    parser.add_argument("--quick", action="store_true", help="without the longest, one round; write nothing")
    quick = parser.parse_args().quick
    workloads = [name for name in TITLES if not (quick and name == "rk4:1000000")]
    results = readiness.run("benchmarks.loops", workloads, ENTRIES, 1 if quick else 5, COMPARED)
    publish(report(results), None if quick else RESULTS)


if __name__ == "__main__":
    main()
