"""What a compiled function can be asked: each question made ready once, and then only computed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NamedTuple, NoReturn, Protocol

import numpy as np

from autograd.collector import collector_paused
from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.kinds import FIXED, FLAG, Taken, kind_of
from autograd.lazy import lazy
from autograd.program import as_graph
from autograd.program.batch import Arguments, Span, take
from autograd.program.derive import ALONG_ONE_WAY, VALUE, Asked, Question
from autograd.program.executors import choose, gains_from_loops, kernel_for
from autograd.program.kernel import Floats, Kernel, Task
from autograd.program.kinks import Watch, watch_of
from autograd.program.layout import Extra, Layout, extras
from autograd.program.options import Options
from autograd.program.orders import Key
from autograd.program.outputs import check_apart, check_output
from autograd.program.passes.fuse import fuse_sums
from autograd.program.pointer import Pointer
from autograd.program.program import Program
from autograd.program.recording import RecordedProgram
from autograd.program.shortcut import SMALL, AtAPoint, CallForm, Shortcut, Workplace, shortcut_to
from autograd.structure import Structure, check_length, fit, flatten, floats, numbers_or_values
from autograd.text import quoted


class Ran(NamedTuple):
    """What ran: the kernel, why that one, and its program."""

    kernel: Kernel
    why: str
    program: Program


class Recorded:
    """A recording, and what was made of it so far."""

    def __init__(self, as_written: RecordedProgram, options: Options, key: Key) -> None:
        self.as_written, self._options, self.key = as_written, options, key
        self.latest: Ran | None = None
        self.shortcuts: dict[tuple[Any, ...], Shortcut | None] = {}  # by question, and how the arguments stand
        self._programs: dict[tuple[Question, bool], Program] = {}
        self._ready: dict[tuple[Question, bool, str], Ready] = {}
        self._asked: dict[bool, Asked] = {}

    @lazy
    def recording(self) -> RecordedProgram:
        """The recording, its sums fused unless they are to be exact."""
        with collector_paused():
            program = self._options.tidied(self.as_written.program)
            if not self._options.exact:
                program = self._options.tidied(fuse_sums(program))
            return self.as_written.of(Program.of(replace(program, smoothed=self._options.width)))

    @lazy
    def rolled(self) -> Program | None:
        """The program in which plain loops were found again, if that is to be used."""
        found = self.as_written.rolled
        return Program.of(self._options.tidied(found)) if found is not None and not self._options.exact else None

    @property
    def recorded_program(self) -> Program:
        """The program of the recording, which knows the one with loops."""
        return self.recording.program.beside(self.rolled)

    @property
    def latest_program(self) -> Program:
        """What ran last; the recording, if nothing did."""
        return self.latest.program if self.latest is not None else self.recording.program

    def asked(self, options: Options, rolled: bool = False) -> Asked:
        """The recording as what questions are asked about, which keeps what several of them need."""
        if rolled not in self._asked:
            loops = self.rolled if rolled else None
            self._asked[rolled] = Asked(self.as_written.of(loops) if loops is not None else self.recording, options)
        return self._asked[rolled]

    def _rolls(self, question: Question, options: Options, samples: int | None) -> bool:
        """Whether a question had best be asked about the loops that were found again."""
        if self.rolled is None or question not in ALONG_ONE_WAY:
            return False
        return gains_from_loops(self.rolled, options.backend, samples)

    def ready(self, question: Question, options: Options, samples: int | None) -> Ready:
        """What answers a question about so many samples, made when it is first needed."""
        rolled = self._rolls(question, options, samples)
        asked, program = self.asked(options, rolled), self._programs.get((question, rolled))
        if program is None:
            with collector_paused():
                question.answer(asked)  # raises if it cannot be asked
                program = self._programs[question, rolled] = Program.of(options.tidied(question.program(asked)))
        backend, why = choose(program, options.backend, samples, options.work)
        why += ", plain loops as loops" * rolled
        ready = self._ready.get((question, rolled, backend))
        if ready is None:
            with collector_paused():
                ready = Ready(question, program, asked, options, backend)
                self._ready[question, rolled, backend] = ready
        self.latest = Ran(ready.kernel, why, program)
        return ready


class Recordings(Protocol):
    """What a call is a question to: a function that is recorded for the arguments it meets, with its options."""

    f: Any
    options: Options
    lock: Any
    last: Recorded | None  # the recording that was used last
    tells_kinks: bool

    def taken(
        self, args: Sequence[Any], named: dict[str, Any], differentiated: bool = False
    ) -> tuple[Recorded, Arguments]:
        """What was recorded for such arguments, now or before, and their numbers."""

    def order(self, count: int, names: Sequence[str]) -> tuple[tuple[int, ...], tuple[bool, ...]]:
        """(which of so many arguments by position and then those of these names is each of a recording's, whether it
        is static)"""

    def recalls(self, recorded: Recorded) -> bool:
        """Whether a recording is still known; it is then the last."""

    def at_one_point(self, args: Sequence[Any], named: dict[str, Any]) -> tuple[Recorded, Sequence[Any]]:
        """What was recorded for such arguments of one sample, now or before, and these in its order."""


Take = Callable[[tuple[Any, ...], dict[str, Any]], Any]


@dataclass(slots=True)
class Known:
    """A short way: the recording and the kernel that it leads to, what takes arguments, and what answers to these."""

    recorded: Recorded
    ran: Ran
    take: Take
    answer: Callable[[Any], Any]
    shortcut: Shortcut


_KNOWN = 4  # short ways that a call tries, before it goes the long way


class Call:
    """One thing to ask of a compiled function: its value, its gradient, …

    Call it with the arguments of the function, by position or by name.  `out` takes arrays of the answer's
    shapes (of shape () for a number), in the answer's structure, which are filled and returned.  On Values, and
    where the function uses inputs of a transform that is running, the answer is made of Values.
    """

    def __init__(self, compiled: Recordings, question: Question) -> None:
        self._compiled = compiled
        self._question = question
        self._known: tuple[Known, ...] = ()  # the short ways that were found last

    def __call__(self, *args: Any, out: Any = None, **named: Any) -> Any:
        compiled = self._compiled
        for known in self._known:
            taken = known.take(args, named)
            if taken is not None and (compiled.last is known.recorded or compiled.recalls(known.recorded)):
                known.recorded.latest = known.ran
                found = known.answer(taken)
                return found if out is None else _fill(out, found)
        return self._in_general(args, named, out)

    def _in_general(self, args: tuple[Any, ...], named: dict[str, Any], out: Any) -> Any:
        """The answer for arguments of any kind; the short way there is known afterwards, if there is one."""
        recorded, taken = self._take(args, named)
        if taken.holds_values or as_graph.is_part_of_more(recorded.as_written):
            return self._on_values(recorded, taken, out)
        answer = self._computed(recorded, taken)
        self._remember(recorded, taken, len(args), named)
        return answer if out is None else _fill(out, answer)

    def _computed(self, recorded: Recorded, taken: Arguments) -> Any:
        """The answer for these numbers."""
        ready = self._ready(recorded, taken)
        if ready.watch is not None:
            self.look(ready, ready.fixed(taken), taken)
        return ready.answer(taken, self._compiled.options.threads)

    def _again(self, recorded: Recorded) -> Callable[[Arguments], Any]:
        """What answers batches on the short way: as many samples as the last time are known to be ready."""
        last: tuple[int | None, Ready, Ran | None] | None = None
        threads = self._compiled.options.threads

        def answer(taken: Arguments) -> Any:
            nonlocal last
            known = last
            if known is None or known[0] != taken.samples:
                with self._compiled.lock:
                    ready = recorded.ready(self._question, self._compiled.options, taken.samples)
                    known = taken.samples, ready, recorded.latest
                if ready.watch is not None:
                    return self._computed(recorded, taken)
                last = known
            recorded.latest = known[2]
            return known[1].answer(taken, threads)

        return answer

    def look(self, ready: Ready, fixed: Floats, taken: Arguments) -> None:
        """Tell, once, if the answer leaves out what a kink or a jump adds."""
        watch = ready.watch if self._compiled.tells_kinks else None
        if watch is not None:
            watch.look(fixed, taken.batch, taken.samples, self._compiled.options.backend)
        if watch is None or watch.is_over:
            ready.watch = None

    def bind(self, *args: Any, **named: Any) -> Bound:
        """This call on arrays of its own, for the lowest latency: see `Bound`.

        Raises:
            OperandError: for Values
            GraphError: where the function uses inputs of a transform that is running
        """
        return Bound(self, args, named)

    def pointer(self, *args: Any, **named: Any) -> Pointer:
        """This call as a C function, for arguments made as these: see `Pointer`.

        Raises:
            OperandError: for Values
            ArgumentError: for a batch, and for dicts with their keys in another order than they are read in
            GraphError: where the function uses Values from outside, or what only Python computes
            MissingExtra: without llvmlite
        """
        ready, taken = self.ready_for(args, named, "pointer")
        if taken.samples is not None:
            raise ArgumentError(f"a C function computes one sample, got {taken.samples}: compile without in_axes")
        if ready.captured:
            raise GraphError(
                "a C function would keep the numbers that Values from outside have now: hand them in as arguments"
            )
        given, read = self._keys(args, named), _keys(taken.structures)
        if given != read:
            raise ArgumentError(
                "a C function reads numbers as the function was first recorded, for dicts with the keys "
                f"{quoted(read)}, got {quoted(given)}: hand them in in that order"
            )
        return Pointer(ready.kernel.task)

    def _keys(self, args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        """The keys of all dicts among these, as they stand there."""
        takes, names = bool(self._question.takes), list(named)
        order, static = self._compiled.order(len(args) - takes, names)
        things = [*args[: len(args) - takes], *named.values()]
        numbers = [things[i] for i, is_static in zip(order, static, strict=True) if not is_static]
        return _keys([flatten(thing)[1] for thing in [*numbers, *args[len(args) - takes :]]])

    def ready_for(self, args: tuple[Any, ...], named: dict[str, Any], asker: str = "bind") -> tuple[Ready, Arguments]:
        """What answers for these plain numbers, and the numbers."""
        recorded, taken = self._take(args, named)
        if taken.holds_values:
            raise OperandError(f"{asker} takes plain numbers, got Values: call the function, and its answer is a graph")
        if as_graph.is_part_of_more(recorded.as_written):
            raise GraphError(
                f"{asker}: the function uses Values of what is being computed around it, which numbers would cut off: "
                "call it, and its answer is a graph; or hand these Values in as arguments"
            )
        return self._ready(recorded, taken), taken

    def __getattr__(self, name: str) -> NoReturn:
        if name in ("sparse", "pattern"):
            raise AttributeError(f"{self._question.name} is no matrix: {name} is of jacobian and of hessian")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._compiled, self._question.name)

    def _take(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Recorded, Arguments]:
        """What was recorded for such arguments, and all numbers of the call."""
        compiled, question = self._compiled, self._question
        if not question.takes:
            return compiled.taken(args, named, question is not VALUE)
        if not args:
            raise ArgumentError(
                f"{question.name} takes the function's arguments and then {question.takes}, got nothing"
            )
        recorded, taken = compiled.taken(args[:-1], named, differentiated=True)
        wanted = extras(question, recorded.asked(compiled.options), compiled.options)
        several = question.takes == "a direction" and not isinstance(compiled.options.argnums, int)
        given = list(args[-1]) if several else [args[-1]]
        check_length(given, len(wanted), f"{question.name}: a direction for each of argnums")
        for extra, thing in zip(wanted, given, strict=True):
            taken = taken.joined(_taken_like(extra, thing), extra.what)
        return recorded, taken

    def _ready(self, recorded: Recorded, taken: Arguments) -> Ready:
        with self._compiled.lock:
            return recorded.ready(self._question, self._compiled.options, taken.samples)

    def _remember(self, recorded: Recorded, taken: Arguments, count: int, named: dict[str, Any]) -> None:
        """Know the short way for such arguments, if there is one, and nothing is to be told of kinks any more."""
        if self._ready(recorded, taken).watch is not None:
            return
        key = (self._question, count, tuple(named))
        if key not in recorded.shortcuts:
            recorded.shortcuts[key] = self._shortcut(recorded, taken, count, named)
        shortcut, ran = recorded.shortcuts[key], recorded.latest
        if shortcut is None or ran is None or any(known.shortcut is shortcut for known in self._known):
            return
        answer = shortcut.answer if isinstance(shortcut, AtAPoint) else self._again(recorded)
        take = _on_its_own(recorded.as_written, shortcut.taken) if recorded.as_written.captured else shortcut.taken
        self._known = (Known(recorded, ran, take, answer, shortcut), *self._known[: _KNOWN - 1])

    def forget(self) -> None:
        """Go the long way once more: it may lead elsewhere now."""
        self._known = ()

    def _shortcut(self, recorded: Recorded, taken: Arguments, count: int, named: dict[str, Any]) -> Shortcut | None:
        recording, options = recorded.as_written, self._compiled.options
        ready, takes = self._ready(recorded, taken), bool(self._question.takes)
        if recording.passing or len(ready.layout.summed) > SMALL:
            return None
        names = tuple(named)
        order, static = self._compiled.order(count - takes, names)
        extras = len(taken.structures) - len(recording.arguments)
        several = takes and not isinstance(options.argnums, int)
        form = CallForm(count - takes, names, order, static, extras, several)
        return shortcut_to(form, taken, ready.places_captured, ready.workplace, ready.reader)

    def _on_values(self, recorded: Recorded, taken: Arguments, out: Any) -> Any:
        if out is not None:
            raise ArgumentError("out holds numbers, and this answer is made of Values: leave it out")
        return as_graph.answer(self._question, recorded.as_written, taken, self._compiled.options)


def _on_its_own(recording: RecordedProgram, take: Take) -> Take:
    """What takes arguments unless the answer must be a graph."""
    return lambda args, named: None if as_graph.is_part_of_more(recording) else take(args, named)


def _keys(structures: Sequence[Structure]) -> list[Any]:
    """The keys of all dicts in these, from the first to the last."""
    return [keys for each in structures for keys in ([each.keys] * bool(each.keys) + _keys(each.parts))]


def take_numbers(args: Sequence[Any], axes: Sequence[Any], what: str = "") -> Arguments:
    """The numbers of arguments, or Values where there are any."""
    try:
        return take(args, axes, floats, what)
    except OperandError:
        return take(args, axes, numbers_or_values, what)  # raises again unless there are Values


def _taken_like(extra: Extra, thing: Any) -> Arguments:
    """A direction or weights, made as what it is for."""
    taken = take_numbers([thing], [extra.axis], extra.what)
    if taken.structures[0] == extra.structure:
        return taken
    fitted = take_numbers([fit(thing, extra.structure, extra.what, extra.axis)], [extra.axis], extra.what)
    if fitted.structures[0] != extra.structure:
        raise ArgumentError(f"{extra.what}: expected to be made as what it is for, in every sample")
    return fitted


class Ready:
    """A question ready to be answered: its kernel, and where the kernel's numbers stand."""

    def __init__(self, question: Question, program: Program, asked: Asked, options: Options, backend: str) -> None:
        self.captured = asked.recording.captured
        self.layout = Layout(question, asked, options)
        self.read: Callable[[Any], Any] = _as_it_is if question.reader is None else question.reader(asked)
        task = Task(program, self.layout.batched, self.layout.summed, options.exact)
        self.kernel: Kernel = kernel_for(task, backend)
        self.watch: Watch | None = watch_of(question.order, asked, self.layout)

    def answer(self, taken: Arguments, threads: int) -> Any:
        """The answer for these numbers, in arrays of its own."""
        layout = self.layout
        each, total = self.kernel.answers(self.fixed(taken), taken.batch, threads)
        if not layout.is_reduced:
            return self.reader(each[0] if taken.samples is None else each)
        layout.scale(taken.samples, each, total)
        return self.read(layout.read(each, total, taken.samples))

    def fixed(self, taken: Arguments) -> Floats:
        """The numbers that are the same for all samples."""
        if len(taken.fixed) == 1 and not self.captured:  # nearly always
            return taken.fixed[0]
        return self.layout.fixed(taken, self._numbers_captured())

    def _numbers_captured(self) -> Floats:
        return np.array([leaf._data for leaf in self.captured]) if self.captured else np.empty(0)

    @property
    def places_captured(self) -> range:
        """Where those that the function took from elsewhere stand among the numbers that are the same for all."""
        return range(self.layout.shared, self.layout.shared + len(self.captured))

    def workplace(self) -> Workplace:
        """Arrays for one point, to which the kernel is bound."""
        inputs, outputs = len(self.layout.batched), len(self.layout.summed)
        fixed, each = np.zeros(inputs), np.empty((1, outputs))
        run = self.bound(fixed, np.empty((1, 0)), each, np.empty(0), threads=1, released=True)
        return Workplace(fixed, each[0], run)

    def bound(
        self, fixed: Floats, batch: Floats, each: Floats, total: Floats, threads: int, released: bool = False
    ) -> Callable[[], object]:
        """What runs the kernel on these arrays, with the numbers captured as they then are."""
        run = self.kernel.bind(fixed, batch, each, total, threads, released)
        if not self.captured and not self.layout.is_scaled:
            return run
        places, samples = self.places_captured, len(batch)
        captured = fixed[places.start : places.stop]

        def whole() -> None:
            captured[:] = [leaf._data for leaf in self.captured]
            run()
            self.layout.scale(samples, each, total)

        return whole

    @lazy
    def reader(self) -> Callable[[Floats], Any]:
        """What makes an answer of the outputs, at one point or of each sample, where nothing is reduced."""
        read = self.layout.structure.reader()
        return read if self.read is _as_it_is else lambda numbers: self.read(read(numbers))


def _as_it_is(answer: Any) -> Any:
    return answer


class Bound:
    """A call on arrays of its own, for the lowest latency.

    Attributes:
        args: the arguments, as arrays to be written into
        out: the answer, as arrays that every call fills
        run: the call itself, without anything around it

    >>> from autograd import compile
    >>> call = compile(lambda x: x[0] * x[1]).value_and_grad.bind(np.array([2.0, 3.0]))
    >>> call.args[0][:] = [5.0, 7.0]
    >>> value, slopes = call()
    >>> float(value), slopes
    (35.0, array([7., 5.]))

    It can be neither copied nor pickled: bind again.
    """

    __slots__ = ("args", "out", "run")

    def __init__(self, call: Call, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        ready, taken = call.ready_for(args, named)
        layout, threads = ready.layout, call._compiled.options.threads
        order = ready.kernel.order(taken.batch)
        fixed, batch = np.array(ready.fixed(taken)), np.array(taken.batch, order=order)
        each, total = layout.room_each(taken.samples, order), layout.room_total()
        call.look(ready, fixed, taken)
        self.run = ready.bound(fixed, batch, each, total, threads)
        self.args = _views_of_arguments(taken, fixed, batch, ready.places_captured)
        self.out = ready.read(layout.read(each, total, taken.samples, views=True))

    def __call__(self) -> Any:
        """Compute `out` from `args`; returns `out`."""
        self.run()
        return self.out

    def __reduce__(self) -> NoReturn:
        raise GraphError("a bound call works on its own arrays in this process: bind again instead of copying it")


def _views_of_arguments(taken: Arguments, fixed: Floats, batch: Floats, captured: range) -> tuple[Any, ...]:
    """The arguments as views of all numbers; in `fixed` the captured stand between them."""
    views = []
    for structure, runs in taken.places():
        starts = [0, *accumulate(run.size for run in runs)]

        def part(start: int, stop: int, runs: list[Span] = runs, starts: list[int] = starts) -> Floats:
            at = bisect_right(starts, start, hi=len(runs)) - 1
            begin = runs[at].begin + start - starts[at]
            if runs[at].batched:
                return batch[..., begin : begin + stop - start]
            begin += len(captured) * (begin >= captured.start)
            return fixed[begin : begin + stop - start]

        views.append(structure.read(part, views=True))
    return tuple(views)


def _fill(out: Any, answer: Any) -> Any:
    """Copy the answer into the arrays of `out`, after a look at all of them."""
    pairs = list(_pairs(out, answer))
    check_apart([target for target, _ in pairs])
    for target, numbers in pairs:
        target[...] = numbers
    return out


def _pairs(out: Any, answer: Any) -> list[tuple[Any, Any]]:
    """Each array of `out` with what is to be written there."""
    kind = kind_of(type(answer))
    if kind is FIXED or kind is FLAG:
        return []
    if kind is None or kind.is_array:
        check_output(out, np.shape(answer))
        return [(out, answer)]
    parts, keys, _ = kind.apart(answer)
    given = kind.apart(out) if type(out) is type(answer) else Taken(())
    names = keys or range(len(parts))
    found = dict(zip(given.keys or range(len(given.parts)), given.parts, strict=True))
    if type(out) is not type(answer) or found.keys() != set(names):
        what = f"with the keys {list(keys)}" if keys else f"of {len(parts)}"
        raise ArgumentError(f"out is a {type(answer).__name__} {what}, as the answer is")
    return [pair for name, part in zip(names, parts, strict=True) for pair in _pairs(found[name], part)]
