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


def function(x: Any, exp: Callable[[Any], Any], sin: Callable[[Any], Any]) -> Any:
    """What all compute: one number of five, some 200 ns of work with its derivatives."""
    return exp(-x[0] * x[1]) + sin(x[2]) * x[3] + x[4] * x[4] * x[0]


class Called(Contender):
    """One package's ordinary call; workloads are "point", "batch", and "eager" where nothing is compiled."""

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

    def __init__(self, backend: str, bound: bool = False) -> None:
        self.backend, self.bound = backend, bound

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """`value_and_grad` of a compiled function, or the transform."""
        from autograd import compile, exp, sin, value_and_grad

        def f(x: Any) -> Any:
            return function(x, exp, sin)

        if workload == "eager":
            eager = value_and_grad(f)
            return lambda: eager(POINT)
        x, axis = (POINT, None) if workload == "point" else (BATCH, 0)
        asked = compile(f, backend=self.backend, in_axes=axis).value_and_grad
        return asked.bind(x) if self.bound else lambda: asked(x)


class Jax(Called):
    """JAX: `jit`, and `vmap` over a batch; waited for."""

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """With 64 bits, as all others."""
        jax = in_double_precision()
        both = jax.value_and_grad(lambda x: function(x, jax.numpy.exp, jax.numpy.sin))
        x = POINT
        if workload == "batch":
            both, x = jax.vmap(both), BATCH
        if workload != "eager":
            both = jax.jit(both)
        return lambda: jax.block_until_ready(both(x))


class CasADi(Called):
    """CasADi's function with the gradient, which answers with its own matrices."""

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """At one point."""
        import casadi

        x = casadi.SX.sym("x", 5)
        y = function([x[i] for i in range(5)], casadi.exp, casadi.sin)
        both = casadi.Function("both", [x], [y, casadi.gradient(y, x)])
        return lambda: both(POINT)


class Heyoka(Called):
    """heyoka.py's compiled function of the value and five derivatives, in one array."""

    def call(self, workload: str) -> Callable[[], tuple[Any, Any]]:
        """A batch lies along the last axis there, as it is turned once, before."""
        import heyoka as hy

        variables = hy.make_vars("a", "b", "c", "d", "e")
        y = function(variables, hy.exp, hy.sin)
        both = hy.cfunc([y, *(hy.diff(y, v) for v in variables)], variables)
        x = POINT if workload == "point" else np.ascontiguousarray(BATCH.T)

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
    "jax": Jax,
    "casadi": CasADi,
    "heyoka": Heyoka,
    "torch": Torch,
}
