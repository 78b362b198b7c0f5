"""compile: a function recorded once, and run at many points, with its derivatives."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import transforms
from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.program import derive
from autograd.program.batch import Arguments, Axes, axes_of, take
from autograd.program.executors import check_backend, choose, kernel_for
from autograd.program.kernel import Floats, Kernel, Task
from autograd.program.program import Program
from autograd.program.recording import Recording, record_function, record_nodes
from autograd.structure import NUMBER, Structure, walk
from autograd.symbol import Symbol
from autograd.transforms import Function, Positions

REMEMBERED = 32  # recordings of one function, for as many structures of its arguments; the oldest is dropped


@dataclass(frozen=True)
class Options:
    """What `compile` was told; see there."""

    argnums: Positions = 0
    in_axes: Axes = None
    reduce: str | None = None
    backend: str = "auto"
    exact: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        if self.reduce not in (None, "sum", "mean"):
            raise ArgumentError(f'reduce is None, "sum" or "mean", got {self.reduce!r}')
        axes = self.in_axes if isinstance(self.in_axes, Sequence) else [self.in_axes]
        if self.reduce and all(axis is None for axis in axes):
            raise ArgumentError(f"reduce={self.reduce!r} goes over a batch: say with in_axes which arguments carry one")
        if not isinstance(self.threads, int) or self.threads < 1:
            raise ArgumentError(f"threads is a number of threads, at least 1, got {self.threads!r}")
        check_backend(self.backend)


def compile(  # noqa: A001  (what the field calls it, torch.compile; Python's own is rarely wanted beside it)
    f: Function,
    *,
    argnums: Positions = 0,
    in_axes: Axes = None,
    reduce: str | None = None,
    backend: str = "auto",
    exact: bool = False,
    threads: int = 1,
) -> Compiled:
    """f recorded once for each structure of its arguments, and run from then on without Python.

    The answer is called like f, with numbers, sequences, dicts and arrays of numbers, and has
    `value_and_grad`, `grad`, `jacobian`, `hessian` and `hvp`, which mean what the transforms of those
    names mean.

    >>> from autograd import compile, tanh
    >>> p = compile(lambda x, y: x * tanh(y))
    >>> round(p(2.0, 0.5), 4)
    0.9242
    >>> value, slope = p.value_and_grad(2.0, 0.5)
    >>> round(slope, 4)
    0.4621

    A batch: `in_axes` says, as in `jax.vmap`, along which axis each argument has its samples (None: the
    same for all).  Answers have the samples along their first axis; with ``reduce="sum"`` or "mean"
    they, and derivatives along arguments without samples, are summed or averaged, and a training step
    holds no derivative of a single sample:

    >>> loss = compile(lambda w, x, y: (w * x - y) ** 2, in_axes=(None, 0, 0), reduce="mean")
    >>> loss.value_and_grad(3.0, np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    (2.5, 5.0)

    argnums   which arguments the derivatives are along, as in `grad`
    backend   "auto", or the name of an executor; `backend` of the answer says which one runs, and why
    exact     add every sum in the order in which it was written, and fuse no product with it.  Without
              it, the terms of a sum whose partial sums nobody else uses are added in any order
    threads   over how many threads a batch may be spread

    What f does is recorded, not what it decides: `if x > 0` on an argument, or reading its `data`,
    raises GraphError; write ``where(x > 0, a, b)``.  Numbers that f takes from elsewhere, and random
    draws, are as they were when f was recorded.  Values that it takes from elsewhere (the parameters of
    a model) are read at every call.

    Raises ArgumentError for options that are none, GraphError where f cannot be recorded, OperandError
    for arguments that are not numbers.
    """
    options = Options(argnums, in_axes, reduce, backend, exact, threads)
    return Compiled(f, lambda structures: record_function(f, structures), options)


def compile_graph(
    outputs: Any,
    inputs: Sequence[Any],
    *,
    argnums: Positions = 0,
    in_axes: Axes = None,
    reduce: str | None = None,
    backend: str = "auto",
    exact: bool = False,
    threads: int = 1,
) -> Compiled:
    """The graph between nodes already built, as a function of `inputs`.

    `outputs` is a Value, or Values in lists, dicts, arrays; each entry of `inputs` becomes an argument:
    a Value or Values in the same ways, leaves or not.  The options are those of `compile`.  Other
    leaves are read at every call.

    >>> from autograd import Value, compile_graph
    >>> w, x = Value(2.0), Value(3.0)
    >>> J = (w * x - 1) ** 2
    >>> compile_graph(J, [w, x]).value_and_grad(1.0, 3.0)
    (4.0, 12.0)
    """
    recording = record_nodes(outputs, inputs)

    def record(structures: tuple[Structure, ...]) -> Recording:
        if structures != recording.arguments:
            raise ArgumentError(
                f"the graph was compiled for arguments made as {_sizes(recording.arguments)}, "
                f"got {_sizes(structures)}: compile it for these, or compile a function"
            )
        return recording

    return Compiled(None, record, Options(argnums, in_axes, reduce, backend, exact, threads))


def _sizes(structures: Sequence[Structure]) -> str:
    return ", ".join(f"{s.kind.__name__} of {s.size}" if s.kind is not float else "a number" for s in structures)


class Compiled:
    """A function that was compiled: `compile` makes it, and says what it does."""

    def __init__(
        self, f: Function | None, record: Callable[[tuple[Structure, ...]], Recording], options: Options
    ) -> None:
        self.f = f
        self.options = options
        self._record = record
        self._recordings: OrderedDict[tuple[Structure, ...], _Recorded] = OrderedDict()
        self._lock = threading.RLock()
        self.value = Call(self, derive.value, lambda f, _: f)
        self.value_and_grad = Call(self, derive.value_and_grad, transforms.value_and_grad)
        self.grad = Call(self, derive.grad, transforms.grad)

    def __call__(self, *args: Any, out: Any = None) -> Any:
        """f at this point, or at every sample of a batch; see `Call`."""
        return self.value(*args, out=out)

    def record(self, *args: Any) -> Program:
        """The program of f for arguments like these, recorded now or before."""
        with self._lock:
            return self.recorded(take(args, self.options.in_axes).structures).recording.program

    def recorded(self, structures: tuple[Structure, ...]) -> _Recorded:
        """The recording for arguments of these structures, and what was made of it."""
        with self._lock:
            found = self._recordings.get(structures)
            if found is None:
                found = self._recordings[structures] = _Recorded(self._record(structures))
                if len(self._recordings) > REMEMBERED:
                    self._recordings.popitem(last=False)
            self._recordings.move_to_end(structures)
            return found

    @property
    def program(self) -> Program:
        """The program of f, as recorded for the arguments it was last called with."""
        return self._latest().recording.program

    @property
    def backend(self) -> str:
        """Which executor runs the last call, and why."""
        return self._latest().backend

    @property
    def source(self) -> str:
        """The code that runs the last call."""
        return self._latest().source

    def _latest(self) -> _Recorded:
        if not self._recordings:
            raise GraphError("nothing was recorded yet: call the compiled function, or its record(), with arguments")
        return next(reversed(self._recordings.values()))

    def __repr__(self) -> str:
        name = getattr(self.f, "__name__", "graph")
        return f"<compiled {name}, recorded for {len(self._recordings)} structure{'s' * (len(self._recordings) != 1)}>"


class _Recorded:
    """A recording, and the kernels made from it so far."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.ready: dict[tuple[Any, str], _Ready] = {}
        self.backend = "nothing has run yet"
        self.source = ""


class Call:
    """One thing to ask of a compiled function: its value, its gradient, …

    Call it with the arguments of the function.  `out` takes arrays of the answer's shapes (of shape ()
    for a number), in the answer's structure, which are filled and returned.
    """

    def __init__(
        self,
        compiled: Compiled,
        derivation: Callable[[Recording, Positions], derive.Derived],
        transform: Callable[[Any, Any], Any],
    ) -> None:
        self._compiled = compiled
        self._derivation = derivation
        self._transform = transform

    def __call__(self, *args: Any, out: Any = None) -> Any:
        options = self._compiled.options
        try:
            taken = take(args, options.in_axes)
        except OperandError:
            if self._compiled.f is None or not _has_symbols(args):
                raise
            return self._transform(self._compiled.f, options.argnums)(*args)  # part of a larger recording
        ready = self._ready(taken)
        fixed, each, total = ready.fixed(taken), ready.room_each(taken.samples), ready.room_total()
        ready.kernel.run(fixed, taken.batch, each, total, options.threads)
        ready.scale(taken.samples, each, total)
        answer = ready.answer(each, total, taken.samples)
        return answer if out is None else _fill(out, answer)

    def bind(self, *args: Any) -> Bound:
        """This call on arrays of its own, for the lowest latency: see `Bound`."""
        taken = take(args, self._compiled.options.in_axes)
        return Bound(self._ready(taken), taken, self._compiled.options)

    def _ready(self, taken: Arguments) -> _Ready:
        compiled = self._compiled
        recorded = compiled.recorded(taken.structures)
        name, why = choose(recorded.recording.program, compiled.options.backend, taken.samples)
        with compiled._lock:
            ready = recorded.ready.get((self._derivation, name))
            if ready is None:
                derived = self._derivation(recorded.recording, compiled.options.argnums)
                ready = _Ready(derived, recorded.recording, compiled.options, name)
                recorded.ready[self._derivation, name] = ready
            recorded.backend, recorded.source = f"{ready.kernel.backend}: {why}", ready.kernel.source
        return ready


class _Ready:
    """A question ready to be answered: its kernel, and where the kernel's numbers go."""

    def __init__(self, derived: derive.Derived, recording: Recording, options: Options, backend: str) -> None:
        axes = axes_of(options.in_axes, len(recording.arguments))
        batched = [axis is not None for axis, s in zip(axes, recording.arguments, strict=True) for _ in range(s.size)]
        batched += [False] * len(recording.captured)
        self._options = options
        self._captured = recording.captured
        self._answer = derived.answer
        self._summed = tuple(
            options.reduce is not None and all(axes[i] is None for i in arguments) for arguments in derived.depends
        )
        self._counts = (len(self._summed) - sum(self._summed), sum(self._summed))
        self._column = np.where(self._summed, np.cumsum(self._summed), np.cumsum(np.logical_not(self._summed))) - 1
        self.kernel: Kernel = kernel_for(Task(derived.program, tuple(batched), self._summed, options.exact), backend)

    def fixed(self, taken: Arguments) -> Floats:
        """The numbers that are the same for all samples."""
        parts = taken.fixed
        if self._captured:
            parts = [*parts, np.array([leaf._data for leaf in self._captured])]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0), *parts])

    def room_each(self, samples: int | None) -> Floats:
        """Room for the answers of each sample."""
        return np.empty((1 if samples is None else samples, self._counts[0]))

    def room_total(self) -> Floats:
        """Room for the sums over all samples."""
        return np.empty(self._counts[1])

    def scale(self, samples: int | None, each: Floats, total: Floats) -> None:
        """Make means of sums, and derivatives of the mean of derivatives of the sum."""
        if self._options.reduce == "mean" and samples is not None:
            with np.errstate(invalid="ignore"):  # the mean of no samples is nan
                total /= samples
                each /= max(samples, 1)

    def answer(self, each: Floats, total: Floats, samples: int | None, views: bool = False) -> Any:
        """The kernel's numbers in the structure of the answer."""
        columns = each[0] if samples is None else each

        def numbers(start: int, stop: int) -> Floats:
            if start == stop:
                return total[:0]
            first = int(self._column[start])
            return (total if self._summed[start] else columns)[..., first : first + stop - start]

        return self._answer.read(numbers, views=views)


class Bound:
    """A call on arrays of its own, for the lowest latency.

    args   the arguments, as arrays to be written into
    out    the answer, as arrays that every call fills
    run    the call itself, without anything around it

    >>> from autograd import compile
    >>> call = compile(lambda x: x[0] * x[1]).value_and_grad.bind(np.array([2.0, 3.0]))
    >>> call.args[0][:] = [5.0, 7.0]
    >>> value, slopes = call()
    >>> float(value), slopes
    (35.0, array([7., 5.]))
    """

    __slots__ = ("args", "out", "run")

    def __init__(self, ready: _Ready, taken: Arguments, options: Options) -> None:
        fixed, batch = np.array(ready.fixed(taken)), np.array(taken.batch)
        each, total = ready.room_each(taken.samples), ready.room_total()
        bound = ready.kernel.bind(fixed, batch, each, total, options.threads)
        start = fixed.size - len(ready._captured)

        def whole() -> None:
            fixed[start:] = [leaf._data for leaf in ready._captured]
            bound()
            ready.scale(taken.samples, each, total)

        self.run: Callable[[], object] = whole if ready._captured or options.reduce == "mean" else bound
        self.args = _views_of_arguments(taken, axes_of(options.in_axes, len(taken.structures)), fixed, batch)
        self.out = ready.answer(each, total, taken.samples, views=True)

    def __call__(self) -> Any:
        """Compute `out` from `args`; returns `out`."""
        self.run()
        return self.out


def _views_of_arguments(taken: Arguments, axes: Sequence[int | None], fixed: Floats, batch: Floats) -> tuple[Any, ...]:
    views, at_fixed, at_batch = [], 0, 0
    for structure, axis in zip(taken.structures, axes, strict=True):
        if axis is None:
            views.append(structure.read(lambda a, b: fixed[a:b], at_fixed, views=True))
            at_fixed += structure.size
        else:
            views.append(structure.read(lambda a, b: batch[:, a:b], at_batch, views=True))
            at_batch += structure.size
    return tuple(views)


def _has_symbols(args: Any) -> bool:
    found: list[bool] = []

    def look(x: Any) -> Structure:
        found.extend(isinstance(leaf, Symbol) for leaf in np.asarray(x, object).flat)
        return NUMBER

    walk(args, look)
    return any(found)


def _fill(out: Any, answer: Any) -> Any:
    """Copy the answer into the arrays of `out`, after a look at all of them."""
    pairs = list(_pairs(out, answer))
    for target, numbers in pairs:
        target[...] = numbers
    return out


def _pairs(out: Any, answer: Any) -> list[tuple[Any, Any]]:
    if isinstance(answer, (dict, list, tuple)):
        if type(out) is not type(answer) or len(out) != len(answer):
            raise ArgumentError(f"out is a {type(answer).__name__} of {len(answer)}, as the answer is")
        keys = answer if isinstance(answer, dict) else range(len(answer))
        return [pair for key in keys for pair in _pairs(out[key], answer[key])]
    shape = np.shape(answer)
    if not isinstance(out, np.ndarray) or out.dtype != np.float64 or out.shape != shape:
        given = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise ArgumentError(f"out: an array of float64 of shape {shape} is filled here, got {given}")
    return [(out, answer)]
