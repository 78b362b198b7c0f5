"""compile: a function recorded once, and run at many points, with its derivatives."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import ArgumentError, GraphError
from autograd.forking import Locked
from autograd.program import derive
from autograd.program.batch import Axes, axes_of, take
from autograd.program.call import Bound, Call, Recorded
from autograd.program.kernel import Kernel
from autograd.program.options import Options
from autograd.program.program import Program
from autograd.program.recording import Recording, record_function, record_nodes
from autograd.structure import Structure, numbers_or_values
from autograd.transforms import Function, Positions
from autograd.value import Value

__all__ = ["Bound", "Compiled", "compile", "compile_graph"]
REMEMBERED = 32  # recordings of one function, for as many structures of its arguments; the oldest is dropped


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

    >>> import numpy as np
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
    a model) are numbers, read at every call; a Value that f itself makes is a constant.

    On Values, or where f uses an input of a transform that is running or of a function being recorded, the
    answer is a graph, with its axes mapped and its reduction done: compiled functions go into one another,
    and into ``grad``, to any order.  Along other Values taken from elsewhere no derivative goes back.

    >>> from autograd import grad
    >>> grad(compile(lambda x: x**3))(2.0)
    12.0

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
    leaves are read at every call.  What a Python `if` decided when the graph was built stays decided;
    of a `where` on a plain bool, such as x > 0 of Values, that is not known: GraphError.

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


class Compiled(Locked):
    """A function that was compiled: `compile` makes it, and says what it does."""

    def __init__(
        self, f: Function | None, record: Callable[[tuple[Structure, ...]], Recording], options: Options
    ) -> None:
        super().__init__()
        self.f = f
        self.options = options
        self._record = record
        self._recordings: OrderedDict[tuple[Structure, ...], Recorded] = OrderedDict()
        self._being_recorded: list[tuple[int, tuple[Structure, ...]]] = []
        self.value = Call(self, derive.VALUE)
        self.value_and_grad = Call(self, derive.VALUE_AND_GRADIENT)
        self.grad = Call(self, derive.GRADIENT)
        self.jacobian = Call(self, derive.JACOBIAN)
        self.hessian = Call(self, derive.HESSIAN)
        self.hvp = Call(self, derive.HVP)

    def __call__(self, *args: Any, out: Any = None) -> Any:
        """f at this point, or at every sample of a batch; see `Call`."""
        return self.value(*args, out=out)

    def record(self, *args: Any) -> Program:
        """The program of f for arguments like these, recorded now or before.

        Its inputs are the numbers of the arguments, in order, and then the Values that f takes from
        elsewhere, by their names (`captured` lists them); in an export all of them are inputs.
        """
        with self.lock:
            axes = axes_of(self.options.in_axes, len(args))
            return self.recorded(take(args, axes, numbers_or_values).structures).recording.program

    def recorded(self, structures: tuple[Structure, ...]) -> Recorded:
        """The recording for arguments of these structures, and what was made of it."""
        with self.lock:
            found = self._recordings.get(structures)
            if found is None or found.recording.is_over:
                found = self._recordings[structures] = Recorded(self._recorded_now(structures), self.options)
                if len(self._recordings) > REMEMBERED:
                    self._recordings.popitem(last=False)
            self._recordings.move_to_end(structures)
            return found

    def _recorded_now(self, structures: tuple[Structure, ...]) -> Recording:
        mine = (threading.get_ident(), structures)  # in a forked process, others may have been left here
        if mine in self._being_recorded:
            raise GraphError(
                f"{self!r} calls itself while it is recorded, on arguments made as its own: it would never end"
            )
        self._being_recorded.append(mine)
        try:
            return self._record(structures)
        finally:
            self._being_recorded.remove(mine)

    @property
    def captured(self) -> tuple[Value, ...]:
        """The Values that f takes from elsewhere: the program's last inputs, in order."""
        return self._latest().recording.captured

    @property
    def program(self) -> Program:
        """The program of f, as recorded for the arguments it was last called with."""
        return self._latest().recording.program

    @property
    def backend(self) -> str:
        """Which executor runs the last call, and why."""
        kernel, why = self._last_run()
        return f"{kernel.backend}: {why}"

    @property
    def source(self) -> str:
        """The code that ran the last call: machine code's text, or the program as Python."""
        recorded = self._latest()
        kernel, _ = self._last_run()
        return kernel.source or recorded.latest_program.source

    def _latest(self) -> Recorded:
        if not self._recordings:
            raise GraphError("nothing was recorded yet: call the compiled function, or its record(), with arguments")
        return next(reversed(self._recordings.values()))

    def _last_run(self) -> tuple[Kernel, str]:
        latest = self._latest().latest
        if latest is None:
            raise GraphError("nothing has run yet: call the compiled function")
        return latest

    def __repr__(self) -> str:
        name = getattr(self.f, "__name__", "graph")
        return f"<compiled {name}, recorded for {len(self._recordings)} structure{'s' * (len(self._recordings) != 1)}>"
