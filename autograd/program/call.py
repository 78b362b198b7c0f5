"""What a compiled function can be asked: each question made ready once, and then only computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.program import as_graph
from autograd.program.batch import Arguments, take
from autograd.program.derive import Question
from autograd.program.executors import choose, kernel_for
from autograd.program.kernel import Floats, Kernel, Task
from autograd.program.layout import Layout, given_to
from autograd.program.options import Options
from autograd.program.outputs import check_apart, check_output
from autograd.program.passes.fuse import fuse_sums
from autograd.program.program import Program
from autograd.program.recording import Recording, collector_paused
from autograd.structure import fit, floats, numbers_or_values
from autograd.transforms import positions

if TYPE_CHECKING:
    from autograd.program.compile import Compiled


class Recorded:
    """A recording, and what was made of it so far."""

    def __init__(self, as_written: Recording, options: Options) -> None:
        self.as_written = self.recording = as_written
        if not options.exact:
            with collector_paused():
                self.recording = replace(as_written, program=fuse_sums(as_written.program))
        self.latest: tuple[Kernel, str] | None = None  # the kernel that ran last, and why that one
        self.latest_program = self.recording.program
        self._programs: dict[Question, Program] = {}
        self._ready: dict[tuple[Question, str], Ready] = {}

    def ready(self, question: Question, options: Options, samples: int | None) -> Ready:
        """What answers a question about so many samples, made when it is first needed."""
        program = self._programs.get(question)
        if program is None:
            question.answer(self.recording, options.argnums)  # raises if it cannot be asked
            with collector_paused():
                program = self._programs[question] = question.program(self.recording, options.argnums)
        backend, why = choose(program, options.backend, samples)
        ready = self._ready.get((question, backend))
        if ready is None:
            with collector_paused():
                ready = self._ready[question, backend] = Ready(question, program, self.recording, options, backend)
        self.latest, self.latest_program = (ready.kernel, why), program
        return ready


class Call:
    """One thing to ask of a compiled function: its value, its gradient, …

    Call it with the arguments of the function.  `out` takes arrays of the answer's shapes (of shape ()
    for a number), in the answer's structure, which are filled and returned.  On Values, and where the
    function uses inputs of a transform that is running, the answer is made of Values.
    """

    def __init__(self, compiled: Compiled, question: Question) -> None:
        self._compiled = compiled
        self._question = question

    def __call__(self, *args: Any, out: Any = None) -> Any:
        options = self._compiled.options
        taken = self._take(args)
        recorded = self._recorded(taken)
        if taken.holds_values or as_graph.is_part_of_more(recorded.recording):
            return self._on_values(recorded, taken, out)
        ready = self._ready(recorded, taken)
        layout = ready.layout
        fixed, each, total = ready.fixed(taken), layout.room_each(taken.samples), layout.room_total()
        ready.kernel.run(fixed, taken.batch, each, total, options.threads)
        layout.scale(taken.samples, each, total)
        answer = layout.read(each, total, taken.samples)
        return answer if out is None else _fill(out, answer)

    def bind(self, *args: Any) -> Bound:
        """This call on arrays of its own, for the lowest latency: see `Bound`.

        Raises OperandError for Values, GraphError where the function uses inputs of a transform that is running.
        """
        return Bound(self, args)

    def ready_for(self, args: tuple[Any, ...]) -> tuple[Ready, Arguments]:
        """What answers for these plain numbers, and the numbers."""
        taken = self._take(args)
        if taken.holds_values:
            raise OperandError("bind takes plain numbers, got Values: call the function, and its answer is a graph")
        recorded = self._recorded(taken)
        if as_graph.is_part_of_more(recorded.recording):
            raise GraphError(
                "bind: the function uses Values of what is being computed around it, which numbers would cut off: "
                "call it, and its answer is a graph; or hand these Values in as arguments"
            )
        return self._ready(recorded, taken), taken

    def _take(self, args: tuple[Any, ...]) -> Arguments:
        """The numbers of the arguments and of a direction, or Values where there are any."""
        given, axes = given_to(self._question, args, self._compiled.options)
        try:
            taken = take(given, axes)
        except OperandError:
            taken = take(given, axes, numbers_or_values)  # raises again unless there are Values
        return self._with_fitting_directions(given, taken) if self._question.directed else taken

    def _with_fitting_directions(self, given: list[Any], taken: Arguments) -> Arguments:
        """The same arguments, with each direction made as the argument that it is along."""
        count = len(given) - self._directions
        wrt, made = positions(self._compiled.options.argnums, count), taken.structures
        if all(made[k] == made[i] for k, i in enumerate(wrt, count)):
            return taken
        for k, i in enumerate(wrt, count):
            what = f"the direction along argument {i}"
            given[k] = fit(given[k], made[i], what, batched=taken.axes[i] is not None)
        fitted = take(given, taken.axes, numbers_or_values if taken.holds_values else floats)
        for k, i in enumerate(wrt, count):
            if fitted.structures[k] != made[i]:
                raise ArgumentError(f"the direction along argument {i} is made as the argument is, in every sample")
        return fitted

    @property
    def _directions(self) -> int:
        argnums = self._compiled.options.argnums
        return (1 if isinstance(argnums, int) else len(argnums)) if self._question.directed else 0

    def _recorded(self, taken: Arguments) -> Recorded:
        return self._compiled.recorded(taken.structures[: len(taken.structures) - self._directions])

    def _ready(self, recorded: Recorded, taken: Arguments) -> Ready:
        with self._compiled.lock:
            return recorded.ready(self._question, self._compiled.options, taken.samples)

    def _on_values(self, recorded: Recorded, taken: Arguments, out: Any) -> Any:
        if out is not None:
            raise ArgumentError("out holds numbers, and this answer is made of Values: leave it out")
        return as_graph.answer(self._question, recorded.as_written, taken, self._compiled.options)


class Ready:
    """A question ready to be answered: its kernel, and where the kernel's numbers stand."""

    def __init__(
        self, question: Question, program: Program, recording: Recording, options: Options, backend: str
    ) -> None:
        self.captured = recording.captured
        self.layout = Layout(question, recording, options)
        task = Task(program, self.layout.batched, self.layout.summed, options.exact)
        self.kernel: Kernel = kernel_for(task, backend)

    def fixed(self, taken: Arguments) -> Floats:
        """The numbers that are the same for all samples."""
        captured = np.array([leaf._data for leaf in self.captured]) if self.captured else np.empty(0)
        return self.layout.fixed(taken, captured)


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

    It can be neither copied nor pickled: bind again.
    """

    __slots__ = ("args", "out", "run")

    def __init__(self, call: Call, args: tuple[Any, ...]) -> None:
        ready, taken = call.ready_for(args)
        layout, threads = ready.layout, call._compiled.options.threads
        fixed, batch = np.array(ready.fixed(taken)), np.array(taken.batch)
        each, total = layout.room_each(taken.samples), layout.room_total()
        bound = ready.kernel.bind(fixed, batch, each, total, threads)
        start = sum(numbers.size for numbers in taken.fixed[: layout.shared_arguments])
        captured = fixed[start : start + len(ready.captured)]

        def whole() -> None:
            captured[:] = [leaf._data for leaf in ready.captured]
            bound()
            layout.scale(taken.samples, each, total)

        self.run: Callable[[], object] = whole if ready.captured or layout.is_scaled else bound
        self.args = _views_of_arguments(taken, fixed, batch)
        self.out = layout.read(each, total, taken.samples, views=True)

    def __call__(self) -> Any:
        """Compute `out` from `args`; returns `out`."""
        self.run()
        return self.out

    def __reduce__(self) -> NoReturn:
        raise GraphError("a bound call works on its own arrays in this process: bind again instead of copying it")


def _views_of_arguments(taken: Arguments, fixed: Floats, batch: Floats) -> tuple[Any, ...]:
    def part(numbers: Floats, start: int, stop: int) -> Floats:
        return numbers[..., start:stop]

    return tuple(
        structure.read(partial(part, batch if batched else fixed), begin, views=True)
        for structure, batched, begin in taken.places()
    )


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
