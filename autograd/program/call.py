"""What a compiled function can be asked: each question made ready once, and then only computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.program import derive
from autograd.program.batch import Arguments, Axes, axes_of, take
from autograd.program.executors import check_backend, choose, kernel_for
from autograd.program.kernel import Floats, Kernel, Task
from autograd.program.outputs import check_apart, check_output
from autograd.program.passes.fuse import fuse_sums
from autograd.program.recording import Recording, collector_paused
from autograd.structure import NUMBER, Structure, check_length, walk
from autograd.symbol import Symbol
from autograd.transforms import Positions

if TYPE_CHECKING:
    from autograd.program.compile import Compiled

Derivation = Callable[[Recording, Positions], derive.Derived]


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


class Recorded:
    """A recording, and what was made of it so far."""

    def __init__(self, recording: Recording, options: Options) -> None:
        if not options.exact:
            with collector_paused():
                recording = replace(recording, program=fuse_sums(recording.program))
        self.recording = recording
        self.latest: tuple[Kernel, str] | None = None  # the kernel that ran last, and why that one
        self.latest_program = recording.program
        self._derived: dict[Derivation, derive.Derived] = {}
        self._ready: dict[tuple[Derivation, str], Ready] = {}

    def ready(self, derivation: Derivation, options: Options, samples: int | None) -> Ready:
        """What answers a question about so many samples, made when it is first needed."""
        derived = self._derived.get(derivation)
        if derived is None:
            with collector_paused():
                derived = self._derived[derivation] = derivation(self.recording, options.argnums)
        backend, why = choose(derived.program, options.backend, samples)
        ready = self._ready.get((derivation, backend))
        if ready is None:
            with collector_paused():
                ready = self._ready[derivation, backend] = Ready(derived, self.recording, options, backend)
        self.latest, self.latest_program = (ready.kernel, why), derived.program
        return ready


class Call:
    """One thing to ask of a compiled function: its value, its gradient, …

    Call it with the arguments of the function.  `out` takes arrays of the answer's shapes (of shape ()
    for a number), in the answer's structure, which are filled and returned.
    """

    def __init__(
        self,
        compiled: Compiled,
        derivation: Derivation,
        transform: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self._compiled = compiled
        self._derivation = derivation
        self._transform = transform

    def __call__(self, *args: Any, out: Any = None) -> Any:
        options = self._compiled.options
        try:
            taken = self._take(args)
        except OperandError:
            if self._compiled.f is None or self._transform is None or not _has_symbols(args):
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
        taken = self._take(args)
        return Bound(self._ready(taken), taken, self._compiled.options)

    def _take(self, args: tuple[Any, ...]) -> Arguments:
        """The numbers of the arguments; of `hvp`, whose last is the direction, of the direction too."""
        options = self._compiled.options
        if self._derivation is not derive.hvp:
            return take(args, options.in_axes)
        *args_of_f, direction = args
        wrt = derive.positions(options.argnums, len(args_of_f))
        axes = axes_of(options.in_axes, len(args_of_f))
        directions = [direction] if isinstance(options.argnums, int) else list(direction)
        check_length(directions, len(wrt), "hvp: a direction for each of argnums")
        taken = take([*args_of_f, *directions], [*axes, *(axes[i] for i in wrt)])
        for i, structure in zip(wrt, taken.structures[len(args_of_f) :], strict=True):
            if structure != taken.structures[i]:
                raise ArgumentError(f"hvp: the direction along argument {i} is made as the argument is")
        return taken

    def _ready(self, taken: Arguments) -> Ready:
        compiled, derivation = self._compiled, self._derivation
        directions = 0
        if derivation is derive.hvp:
            directions = 1 if isinstance(compiled.options.argnums, int) else len(compiled.options.argnums)
        recorded = compiled.recorded(taken.structures[: len(taken.structures) - directions])
        with compiled.lock:
            return recorded.ready(derivation, compiled.options, taken.samples)


class Ready:
    """A question ready to be answered: its kernel, and where the kernel's numbers go."""

    def __init__(self, derived: derive.Derived, recording: Recording, options: Options, backend: str) -> None:
        axes = axes_of(options.in_axes, len(recording.arguments))
        batched = [axis is not None for axis, s in zip(axes, recording.arguments, strict=True) for _ in range(s.size)]
        batched += [False] * len(recording.captured)
        directions = len(derived.program.inputs) - len(batched)
        if directions:
            wrt = derive.positions(options.argnums, len(axes))
            batched += [axes[i] is not None for i in wrt for _ in recording.positions(i)]
        self._given = sum(axis is None for axis in axes)  # arguments that are the same for all samples
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
            captured = np.array([leaf._data for leaf in self._captured])
            parts = [*parts[: self._given], captured, *parts[self._given :]]
        return np.ascontiguousarray(parts[0]) if len(parts) == 1 else np.concatenate([np.empty(0), *parts])

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
                return (columns if self._options.reduce is None else total)[..., :0]
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

    def __init__(self, ready: Ready, taken: Arguments, options: Options) -> None:
        fixed, batch = np.array(ready.fixed(taken)), np.array(taken.batch)
        each, total = ready.room_each(taken.samples), ready.room_total()
        bound = ready.kernel.bind(fixed, batch, each, total, options.threads)
        start = sum(numbers.size for numbers in taken.fixed[: ready._given])
        captured = fixed[start : start + len(ready._captured)]

        def whole() -> None:
            captured[:] = [leaf._data for leaf in ready._captured]
            bound()
            ready.scale(taken.samples, each, total)

        self.run: Callable[[], object] = whole if ready._captured or options.reduce == "mean" else bound
        self.args = _views_of_arguments(taken, fixed, batch)
        self.out = ready.answer(each, total, taken.samples, views=True)

    def __call__(self) -> Any:
        """Compute `out` from `args`; returns `out`."""
        self.run()
        return self.out


def _views_of_arguments(taken: Arguments, fixed: Floats, batch: Floats) -> tuple[Any, ...]:
    views, at_fixed, at_batch = [], 0, 0
    for structure, axis in zip(taken.structures, taken.axes, strict=True):
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
    check_apart([target for target, _ in pairs])
    for target, numbers in pairs:
        target[...] = numbers
    return out


def _pairs(out: Any, answer: Any) -> list[tuple[Any, Any]]:
    """Each array of `out` with what is to be written there."""
    if isinstance(answer, (dict, list, tuple)):
        keys = answer.keys() if isinstance(answer, dict) else range(len(answer))
        if type(out) is not type(answer) or (out.keys() if isinstance(out, dict) else range(len(out))) != keys:
            what = f"with the keys {list(answer)}" if isinstance(answer, dict) else f"of {len(answer)}"
            raise ArgumentError(f"out is a {type(answer).__name__} {what}, as the answer is")
        return [pair for key in keys for pair in _pairs(out[key], answer[key])]
    check_output(out, np.shape(answer))
    return [(out, answer)]
