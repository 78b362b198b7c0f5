"""Who is timed on compiled programs.  A contender imports its package only when chosen.

`Scalar` contenders are handed the problem's own scalar function; the others write it in arrays, as
their users would.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from benchmarks.problems import L_SIZES, Floats, Mathematics, Problem, problem
from benchmarks.workloads import E1_SIZES, plain_affine

COMPARED = 3_000  # so many values and derivatives are compared with the others'
SIZES = {"C1": E1_SIZES, "C2": E1_SIZES, "L": L_SIZES}


class Ready(NamedTuple):
    """A problem that is ready to run."""

    call: Callable[[], Any]  # what is timed: values and derivatives, once for all samples
    read: Callable[[], tuple[Any, Any]]  # after a call: (values, derivatives)


class Contender:
    """One package; a subclass says how it makes a problem ready."""

    def ready(self, workload: str, posed: Problem) -> Ready:
        """Record, differentiate and compile."""
        raise NotImplementedError

    def prepare(self, workload: str) -> None:
        """Make ready, and run once: some compile only then."""
        self._ready = self.ready(workload, problem(workload))
        self._ready.call()

    def timed(self, workload: str, repeat: int) -> float:
        """Mean seconds of `repeat` runs in a row, of the processor's time: what else runs takes none of it."""
        call = self._ready.call
        start = time.process_time()
        for _ in range(repeat):
            call()
        return (time.process_time() - start) / repeat

    def answer(self, workload: str) -> list[float]:
        """The first values and derivatives, and the sums of all."""
        self._ready.call()
        both = [np.asarray(part, float).ravel() for part in self._ready.read()]
        return [x for part in both for x in (*part[:COMPARED].tolist(), float(part.sum()))]

    def pose(self, workload: str) -> None:
        """The scalar function and where it is evaluated."""
        problem(workload)

    def hold(self, workload: str) -> Any:
        """What is kept for further runs."""
        kept = self.ready(workload, problem(workload))
        kept.call()
        return kept


# -- the scalar function as it stands ---------------------------------------------------------------


class Engine(Contender):
    """This engine: the function recorded, compiled and bound to arrays of its own."""

    def __init__(self, backend: str) -> None:
        self.backend = backend

    def ready(self, workload: str, posed: Problem) -> Ready:
        """`compile`, and `bind`."""
        import autograd

        mathematics = Mathematics(
            autograd.exp,
            autograd.log,
            autograd.sqrt,
            autograd.erf,
            autograd.sin,
            autograd.tanh,
            autograd.dot,
            autograd.lgamma,
        )
        single, summed = len(posed.samples) == 1, bool(len(posed.fixed))

        def f(*arguments: Any) -> Any:
            fixed, sample = arguments if summed else ((), *arguments)
            return posed.function(list(fixed), list(sample), mathematics)

        sample = posed.samples[0] if single else posed.samples
        arguments = [posed.fixed, sample] if summed else [sample]
        axes = None if single else (None, 0) if summed else 0
        reduce = "sum" if summed and not single else None
        compiled = autograd.compile(f, in_axes=axes, reduce=reduce, backend=self.backend)
        bound = compiled.value_and_grad.bind(*arguments)
        return Ready(bound.run, lambda: bound.out)


class CasADi(Contender):
    """CasADi's SX, run by its own machine through preallocated buffers."""

    options: dict[str, Any] = {}

    def ready(self, workload: str, posed: Problem) -> Ready:
        """One Function of (fixed, sample); `map` repeats it over the samples."""
        import casadi

        mathematics = Mathematics(
            casadi.exp, casadi.log, casadi.sqrt, casadi.erf, casadi.sin, casadi.tanh, plain_affine
        )
        fixed, sample = casadi.SX.sym("p", len(posed.fixed)), casadi.SX.sym("x", posed.samples.shape[1])
        value = posed.function(casadi.vertsplit(fixed), casadi.vertsplit(sample), mathematics)
        summed = bool(len(posed.fixed))
        gradient = casadi.gradient(value, fixed if summed else sample)
        f = casadi.Function("f", [fixed, sample], [value, gradient], self.options)
        if summed:
            return self._summed(f, posed)
        n = len(posed.samples)
        values, derivatives = np.empty(n), np.empty_like(posed.samples)
        call = self._bound(f.map(n) if n > 1 else f, (posed.fixed, posed.samples), (values, derivatives))
        return Ready(call, lambda: (values, derivatives))

    def _bound(self, f: Any, inputs: Sequence[Floats], outputs: Sequence[Floats]) -> Callable[[], None]:
        buffer, call = f.buffer()
        for i, array in enumerate(inputs):
            buffer.set_arg(i, array.data)
        for i, array in enumerate(outputs):
            buffer.set_res(i, array.data)
        self._kept = buffer, f
        return call  # type: ignore[no-any-return]

    def _summed(self, f: Any, posed: Problem) -> Ready:
        """A loop of calls: faster than CasADi's own `map` and `fold`, which keep every sample's derivatives."""
        sample, one = posed.samples[0].copy(), np.empty(1 + len(posed.fixed))
        total = np.empty_like(one)
        run = self._bound(f, (posed.fixed, sample), (one[:1], one[1:]))

        def call() -> None:
            total[:] = 0.0
            for sample[:] in posed.samples:
                run()
                np.add(total, one, total)

        if len(posed.samples) == 1:
            return Ready(run, lambda: (one[:1], one[1:]))
        return Ready(call, lambda: (total[:1], total[1:]))


class CasADiC(CasADi):
    """The same as C, compiled by gcc."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()  # what gcc writes stays here while it is in use
        compiler = {"compiler": "gcc", "flags": ["-O3", "-march=native"], "directory": f"{self._folder.name}/"}
        self.options = {"jit": True, "compiler": "shell", "jit_options": compiler}


class Aadc(Contender):
    """aadc: a recorded tape, compiled by its own generator; arrays in and out."""

    def ready(self, workload: str, posed: Problem) -> Ready:
        """One sample through a workspace, many through `evaluate`."""
        import aadc
        from aadc import math as functions

        mathematics = Mathematics(
            functions.exp,
            functions.log,
            functions.sqrt,
            functions.erf,
            functions.sin,
            functions.tanh,
            plain_affine,
        )
        tape = aadc.Functions()
        tape.start_recording()
        fixed, sample = ([aadc.idouble(float(x)) for x in xs] for xs in (posed.fixed, posed.samples[0]))
        places = [x.mark_as_input() for x in (*fixed, *sample)]
        result = posed.function(fixed, sample, mathematics).mark_as_output()
        tape.stop_recording()
        wanted = places[: len(fixed)] if fixed else places
        if len(posed.samples) == 1:
            return self._one(tape, places, wanted, result, [*posed.fixed.tolist(), *posed.samples[0].tolist()])
        tape.compile("auto")
        columns = [*posed.fixed.tolist(), *np.ascontiguousarray(posed.samples.T)]
        inputs, request = dict(zip(places, columns, strict=True)), {result: wanted}
        found: list[Any] = []

        def call() -> None:
            values, derivatives = aadc.evaluate_core(tape, request, inputs)[:2]
            if fixed:
                found[:] = np.sum(values[result]), [np.sum(derivatives[result][x]) for x in wanted]
            else:
                found[:] = values[result], [derivatives[result][x] for x in wanted]

        return Ready(call, lambda: (found[0], np.transpose(found[1])))

    def _one(self, tape: Any, places: list[Any], wanted: list[Any], result: Any, numbers: list[float]) -> Ready:
        tape.compile("scalar")
        self.workspace = workspace = tape.create_workspace(kind="scalar")
        inputs = list(zip(places, numbers, strict=True))

        def write() -> None:
            for place, number in inputs:
                workspace.set_val(place, number)

        def replay() -> None:
            workspace.forward()
            workspace.set_diff(result, 1.0)
            workspace.reverse()

        def read() -> tuple[Any, Any]:
            return workspace.val(result), [workspace.diff(x) for x in wanted]

        write()
        return Ready(self._call(write, replay, read), read)

    def _call(self, write: Callable[[], None], replay: Callable[[], None], read: Callable[[], Any]) -> Any:
        def call() -> Any:
            write()
            replay()
            return read()

        return call


class AadcReplay(Aadc):
    """The same without reading or writing numbers, which takes it longer than the work."""

    def _call(self, write: Callable[[], None], replay: Callable[[], None], read: Callable[[], Any]) -> Any:
        return replay


class JaxScalar(Contender):
    """JAX's jit of the scalar graph, and its vmap over samples."""

    def ready(self, workload: str, posed: Problem) -> Ready:
        """jit(value_and_grad), mapped over the samples."""
        jax = in_double_precision()
        value = self.function(workload, posed)
        summed = bool(len(posed.fixed))
        if summed:
            f = jax.value_and_grad(lambda fixed, samples: jax.vmap(value, (None, 0))(fixed, samples).sum())
        else:
            f = jax.vmap(jax.value_and_grad(value, 1), (None, 0))
        f, arguments = jax.jit(f), [jax.numpy.asarray(x) for x in (posed.fixed, posed.samples)]
        return Ready(lambda: jax.block_until_ready(f(*arguments)), lambda: f(*arguments))

    def function(self, workload: str, posed: Problem) -> Callable[[Any, Any], Any]:
        """(fixed, sample) → the value."""
        jax = in_double_precision()
        xp = jax.numpy
        lgamma = jax.scipy.special.gammaln
        mathematics = Mathematics(xp.exp, xp.log, xp.sqrt, jax.lax.erf, xp.sin, xp.tanh, plain_affine, lgamma)
        return lambda fixed, sample: posed.function(list(fixed), list(sample), mathematics)


# -- the same in arrays -----------------------------------------------------------------------------


def layers(parameters: Any, sizes: Sequence[int]) -> list[tuple[Any, Any]]:
    """(W, b) of each layer as views of the flat parameters."""
    at, found = 0, []
    for inputs, outputs in pairwise(sizes):
        rows = parameters[at : at + outputs * (inputs + 1)].reshape(outputs, inputs + 1)
        found.append((rows[:, :-1], rows[:, -1]))
        at += outputs * (inputs + 1)
    return found


def network_in_arrays(sizes: Sequence[int], tanh: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """(parameters, samples) → Σ (ŷ - y)² over the samples."""

    def loss(parameters: Any, samples: Any) -> Any:
        a, ys = samples[..., : sizes[0]], samples[..., sizes[0] :]
        *hidden, (w, b) = layers(parameters, sizes)
        for weights, bias in hidden:
            a = tanh(a @ weights.T + bias)
        return ((a @ w.T + b - ys) ** 2).sum()

    return loss


def rosenbrock_in_arrays(xs: Any) -> Any:
    """Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²"""
    return (100.0 * (xs[1:] - xs[:-1] ** 2) ** 2 + (1.0 - xs[:-1]) ** 2).sum()


class JaxTensors(Contender):
    """JAX's jit of array code."""

    def ready(self, workload: str, posed: Problem) -> Ready:
        """jit(value_and_grad) of whole arrays; a price each by the pullback of ones."""
        jax = in_double_precision()
        xp, kind = jax.numpy, workload.partition(":")[0]
        if kind in SIZES:
            f = jax.value_and_grad(network_in_arrays(SIZES[kind], xp.tanh))
            arguments = [posed.fixed, posed.samples]
        elif kind == "R":
            f, arguments = jax.value_and_grad(rosenbrock_in_arrays), [posed.samples[0]]
        else:
            mathematics = Mathematics(xp.exp, xp.log, xp.sqrt, jax.lax.erf, xp.sin, xp.tanh, plain_affine)

            def f(*columns: Any) -> Any:
                values, pullback = jax.vjp(lambda *c: posed.function([], c, mathematics), *columns)
                return values, pullback(xp.ones_like(values))

            arguments = list(posed.samples.T)
        f, arguments = jax.jit(f), [xp.asarray(x) for x in arguments]
        return Ready(lambda: jax.block_until_ready(f(*arguments)), lambda: _columns(f(*arguments)))


class Torch(Contender):
    """PyTorch's eager tensors."""

    def ready(self, workload: str, posed: Problem) -> Ready:
        """Forward, and backward by autograd.grad."""
        import torch

        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)
        kind = workload.partition(":")[0]
        samples = torch.from_numpy(posed.samples.copy())
        if kind in SIZES:
            loss = network_in_arrays(SIZES[kind], torch.tanh)
            leaves = [torch.from_numpy(posed.fixed.copy()).requires_grad_()]
            f = self.compiled(lambda parameters: loss(parameters, samples))
        elif kind == "R":
            f, leaves = self.compiled(rosenbrock_in_arrays), [samples[0].clone().requires_grad_()]
        else:
            mathematics = Mathematics(torch.exp, torch.log, torch.sqrt, torch.erf, torch.sin, torch.tanh, plain_affine)
            f = self.compiled(lambda *market: posed.function([], market, mathematics))
            leaves = [column.clone().requires_grad_() for column in samples.T]
        ones = torch.ones_like(f(*leaves))

        def call() -> Any:
            values = f(*leaves)
            return values.detach(), torch.autograd.grad(values, leaves, ones)

        return Ready(call, lambda: _columns(call()))

    def compiled(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """As it stands."""
        return f


class TorchCompile(Torch):
    """PyTorch's compiler."""

    def compiled(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """torch.compile, with one process to compile."""
        import torch
        import torch._inductor.config

        torch._inductor.config.compile_threads = 1
        return torch.compile(f)  # type: ignore[no-any-return, unused-ignore]  # torch may not be installed here


def _columns(found: tuple[Any, Any]) -> tuple[Any, Any]:
    """Derivatives that came as a tuple of columns, sample by sample, as the others have them."""
    values, derivatives = found
    if isinstance(derivatives, tuple):
        derivatives = np.stack([np.asarray(column) for column in derivatives], axis=-1)
    return values, derivatives


def in_double_precision() -> Any:
    """JAX, computing with 64 bits."""
    import jax

    config: Any = jax.config  # which has no annotations
    config.update("jax_enable_x64", True)
    return jax


# -- NumPy by hand ----------------------------------------------------------------------------------


class ByHand(Contender):
    """NumPy with derivatives worked out by hand, all samples at once."""

    chunk: int | None = None

    def ready(self, workload: str, posed: Problem) -> Ready:
        """Into preallocated derivatives."""
        kind = workload.partition(":")[0]
        if kind in SIZES:
            return self._network(SIZES[kind], posed)
        return self._each(valley_by_hand if kind == "R" else greeks_by_hand, posed.samples)

    def _pieces(self, samples: int) -> list[slice]:
        size = self.chunk or samples
        return [slice(at, at + size) for at in range(0, samples, size)]

    def _network(self, sizes: Sequence[int], posed: Problem) -> Ready:
        xs, ys = np.ascontiguousarray(posed.samples[:, : sizes[0]]), posed.samples[:, sizes[0] :]
        gradient, value = np.empty_like(posed.fixed), np.empty(1)
        weights, into = layers(posed.fixed, sizes), layers(gradient, sizes)
        pieces = self._pieces(len(xs))

        def call() -> None:
            value[0], gradient[:] = 0.0, 0.0
            for piece in pieces:
                value[0] += backpropagate(weights, into, xs[piece], ys[piece])

        return Ready(call, lambda: (value, gradient))

    def _each(self, by_hand: Callable[[Floats, Floats], Floats], samples: Floats) -> Ready:
        derivatives, values = np.empty_like(samples), np.empty(len(samples))
        pieces = self._pieces(len(samples))

        def call() -> None:
            for piece in pieces:
                values[piece] = by_hand(samples[piece], derivatives[piece])

        return Ready(call, lambda: (values, derivatives))


class InChunks(ByHand):
    """The same in chunks that stay in cache."""

    chunk = 500


def backpropagate(weights: list[Any], into: list[Any], xs: Floats, ys: Floats) -> float:
    """The summed squared loss; its derivatives are added to `into`."""
    activations = [xs]
    for w, b in weights[:-1]:
        activations.append(np.tanh(activations[-1] @ w.T + b))
    w, b = weights[-1]
    error = activations[-1] @ w.T + b - ys
    delta = 2.0 * error
    for layer in reversed(range(len(weights))):
        a, (dw, db) = activations[layer], into[layer]
        dw += delta.T @ a
        db += delta.sum(axis=0)
        if layer:
            delta = (delta @ weights[layer][0]) * (1.0 - a * a)
    return float(np.vdot(error, error))


def greeks_by_hand(markets: Floats, into: Floats) -> Floats:
    """Black–Scholes prices; `into` takes their derivatives by the formulas of any textbook."""
    from scipy.special import erf

    spot, strike, years, rate, volatility = markets.T
    root = np.sqrt(years)
    spread = volatility * root
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    n1, n2 = 0.5 + 0.5 * erf(d1 * math.sqrt(0.5)), 0.5 + 0.5 * erf((d1 - spread) * math.sqrt(0.5))
    discounted = np.exp(-rate * years)
    paid = strike * discounted * n2
    density = spot * np.exp(-0.5 * d1 * d1) / math.sqrt(2 * math.pi)
    into[:, 0] = n1
    into[:, 1] = -discounted * n2
    into[:, 2] = density * volatility / (2 * root) + rate * paid
    into[:, 3] = years * paid
    into[:, 4] = density * root
    value: Floats = spot * n1 - paid
    return value


def valley_by_hand(samples: Floats, into: Floats) -> Floats:
    """Rosenbrock's function of each row; `into` takes the gradients."""
    x, following = samples[:, :-1], samples[:, 1:]
    valley, distance = following - x * x, 1.0 - x
    into[:, :-1] = -400.0 * x * valley - 2.0 * distance
    into[:, -1] = 0.0
    into[:, 1:] += 200.0 * valley
    value: Floats = (100.0 * valley * valley + distance * distance).sum(axis=1)
    return value


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "engine-llvm": lambda: Engine("llvm"),
    "engine-numpy": lambda: Engine("numpy"),
    "casadi": CasADi,
    "casadi-c": CasADiC,
    "aadc": Aadc,
    "aadc-replay": AadcReplay,
    "jax-scalar": JaxScalar,
    "jax": JaxTensors,
    "torch": Torch,
    "torch-compile": TorchCompile,
    "numpy": ByHand,
    "numpy-chunks": InChunks,
}
