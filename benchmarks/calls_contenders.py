"""Who is called in the ordinary way: a NumPy array goes in, answers that are the caller's own come out.

A contender imports its package only when chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.compiled_contenders import Contender, Ready, in_double_precision

SAMPLES = 20_000
POINT = np.array([0.3, 0.7, 1.1, -0.4, 0.9])
BATCH = np.random.default_rng(0).uniform(0.1, 1.0, (SAMPLES, 5))
BODIES = np.random.default_rng(1).uniform(0.1, 1.0, (6, SAMPLES))  # a column a number, as heyoka has them
MASS = 0.01


def function(x: Any, exp: Callable[[Any], Any], sin: Callable[[Any], Any]) -> Any:
    """What all compute: one number of five, some 200 ns of work with its derivatives."""
    return exp(-x[0] * x[1]) + sin(x[2]) * x[3] + x[4] * x[4] * x[0]


def energy(state: Any, sqrt: Callable[[Any], Any]) -> Any:
    """The Hamiltonian of the restricted circular three-body problem, in a rotating frame: + - × ÷ and √ alone."""
    px, py, pz, x, y, z = (state[i] for i in range(6))
    near, far = (sqrt((x - at) * (x - at) + y * y + z * z) for at in (MASS, MASS - 1.0))
    return 0.5 * (px * px + py * py + pz * pz) + py * x - px * y - (1.0 - MASS) / near - MASS / far


class Called(Contender):
    """One package's ordinary call.

    Workloads are "point", "batch", and "eager" where nothing is compiled; "energy" of many samples, "forces" with
    its six derivatives.
    """

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """What answers (value, gradient), and does nothing that a user would not."""
        raise NotImplementedError

    def prepare(self, workload: str) -> None:
        """Make ready, and call twice: some are at rest only then."""
        call = self.call(workload)
        call(), call()
        self._ready = Ready(call, call)


class Engine(Called):
    """This engine on an executor."""

    def __init__(self, backend: str, bound: bool = False, by_row: bool = False) -> None:
        self.backend, self.bound, self.by_row = backend, bound, by_row

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """`value_and_grad` of a compiled function, its value, or the transform."""
        from autograd import compile, exp, sin, sqrt, value_and_grad

        def f(x: Any) -> Any:
            return function(x, exp, sin)

        if workload == "eager":
            eager = value_and_grad(f)
            return lambda: eager(POINT)
        x, axis = (POINT, None) if workload == "point" else (BATCH, 0)
        if workload in ("energy", "forces"):
            x, axis = (np.ascontiguousarray(BODIES.T), 0) if self.by_row else (BODIES, 1)
            energies = compile(lambda state: energy(state, sqrt), backend=self.backend, in_axes=axis)
            if workload == "energy":
                value = self._asking(energies.value, x)
                return lambda: (value(), ())
            return self._asking(energies.value_and_grad, x)
        return self._asking(compile(f, backend=self.backend, in_axes=axis).value_and_grad, x)

    def _asking(self, asked: Any, x: Any) -> Callable[[], Any]:
        bound: Callable[[], Any] = asked.bind(x) if self.bound else lambda: asked(x)
        return bound


class Jax(Called):
    """JAX: `jit`, and `vmap` over a batch; waited for."""

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """With 64 bits, as all others."""
        jax = in_double_precision()
        if workload in ("energy", "forces"):
            return self._of_bodies(jax, workload)
        both = jax.value_and_grad(lambda x: function(x, jax.numpy.exp, jax.numpy.sin))
        x = POINT
        if workload == "batch":
            both, x = jax.vmap(both), BATCH
        if workload != "eager":
            both = jax.jit(both)
        return lambda: jax.block_until_ready(both(x))

    def _of_bodies(self, jax: Any, workload: str) -> Callable[[], tuple[Any, Any]]:
        def one(state: Any) -> Any:
            return energy(state, jax.numpy.sqrt)

        if workload == "energy":
            value = jax.jit(jax.vmap(one, 1))
            return lambda: (jax.block_until_ready(value(BODIES)), ())
        both = jax.jit(jax.vmap(jax.value_and_grad(one), 1))
        return lambda: jax.block_until_ready(both(BODIES))


class CasADi(Called):
    """CasADi's function with the gradient, which answers with its own matrices."""

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """At one point; `map` of all bodies at once."""
        import casadi

        if workload in ("energy", "forces"):
            state = casadi.SX.sym("state", 6)
            value = energy([state[i] for i in range(6)], casadi.sqrt)
            found = [value, casadi.gradient(value, state).T] if workload == "forces" else [value]
            many = casadi.Function("many", [state], found).map(SAMPLES)
            return lambda: many(BODIES) if workload == "forces" else (many(BODIES), ())
        x = casadi.SX.sym("x", 5)
        y = function([x[i] for i in range(5)], casadi.exp, casadi.sin)
        both = casadi.Function("both", [x], [y, casadi.gradient(y, x)])
        return lambda: both(POINT)


class Heyoka(Called):
    """heyoka.py's compiled function of the value and five derivatives, in one array."""

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """A batch lies along the last axis there, as it is turned once, before."""
        import heyoka as hy

        if workload in ("energy", "forces"):
            variables, x = hy.make_vars(*"abcdef"), BODIES
            y = energy(variables, hy.sqrt)
        else:
            variables, x = hy.make_vars(*"abcde"), POINT if workload == "point" else np.ascontiguousarray(BATCH.T)
            y = function(variables, hy.exp, hy.sin)
        slopes = [] if workload == "energy" else [hy.diff(y, v) for v in variables]
        both = hy.cfunc([y, *slopes], variables)

        def call() -> tuple[Any, Any]:
            found = both(x)
            return found[0], found[1:].T

        return call


class Torch(Called):
    """PyTorch's eager tensors: one a number, as the function is written."""

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """Forwards, and backwards by `grad`."""
        import torch

        torch.set_num_threads(1)

        def call() -> tuple[Any, Any]:
            x = torch.tensor(POINT, requires_grad=True)
            y = function(x, torch.exp, torch.sin)
            (slopes,) = torch.autograd.grad(y, x)
            return y.item(), slopes.numpy()

        return call


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "engine-llvm": lambda: Engine("llvm"),
    "engine-numpy": lambda: Engine("numpy"),
    "engine-interpreter": lambda: Engine("interpreter"),
    "engine-bound": lambda: Engine("llvm", bound=True),
    "engine-rows": lambda: Engine("llvm", by_row=True),
    "jax": Jax,
    "casadi": CasADi,
    "heyoka": Heyoka,
    "torch": Torch,
}
