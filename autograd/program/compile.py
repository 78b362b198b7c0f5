"""compile: a function recorded once, and run at many points, with its derivatives."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial, update_wrapper
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, Unpack, overload

from autograd.context import record_sources
from autograd.errors import ArgumentError, GraphError
from autograd.forking import Locked
from autograd.given import function
from autograd.home import HOME
from autograd.kinds import Static
from autograd.program import derive
from autograd.program.as_graph import graph_of_recording
from autograd.program.batch import Arguments, Axes, axes_of
from autograd.program.call import Bound, Call, Ran, Recorded, take_numbers
from autograd.program.executors import Work
from autograd.program.options import Choices, Options, Running
from autograd.program.orders import Key, compute_alike, in_order
from autograd.program.program import Program
from autograd.program.recording import RecordedProgram, record_function, record_nodes
from autograd.program.signature import Signature
from autograd.program.sparse import MatrixCall
from autograd.structure import Structure, fit
from autograd.text import short
from autograd.transforms import Function, Positions
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.program.answers import (
        GradientCall,
        HessianCall,
        JacobianCall,
        Valuation,
        ValueAndGradientCall,
        ValueCall,
    )

R = TypeVar("R", covariant=True)
Made = TypeVar("Made")
__all__ = ["Bound", "Compiled", "compile", "compile_graph"]
REMEMBERED = 32  # recordings of one function, for as many structures of its arguments; the oldest is dropped
_AT_ONCE = 256  # threads that record the same; more are taken for one that calls itself through threads


@overload
def compile(f: Callable[..., R], /, **options: Unpack[Running]) -> CompiledFunction[R]: ...  # noqa: A001  (see below)
@overload
def compile(f: None = None, /, **options: Unpack[Running]) -> Compiling: ...  # noqa: A001
@overload
def compile(f: Callable[..., R], /, **options: Unpack[Choices]) -> Compiled: ...  # noqa: A001
@overload
def compile(f: None = None, /, **options: Unpack[Choices]) -> Callable[[Function], Compiled]: ...  # noqa: A001


def compile(  # noqa: A001  (what the field calls it, torch.compile; Python's own is rarely wanted beside it)
    f: Function | None = None,
    /,
    *,
    argnums: Positions = 0,
    in_axes: Axes = None,
    reduce: str | None = None,
    backend: str = "auto",
    exact: bool = False,
    simplify: bool = False,
    threads: int = 1,
    has_aux: bool = False,
    static_argnums: Positions = (),
    static_argnames: str | Sequence[str] = (),
    smooth: float | tuple[float, int] | None = None,
) -> Compiled | Callable[[Function], Compiled]:
    """f recorded once for each structure of its arguments, and run from then on without Python.

    The answer is called like f, by position or by name, with numbers, sequences, dicts, dataclasses and arrays of
    numbers, and has `value_and_grad`, `grad`, `jacobian`, `value_and_jacobian` and `hessian`, which mean what the
    transforms of those names mean; `hvp` and `jvp`, which take a direction after f's arguments, or a tuple with one for
    each of several `argnums`; and `vjp`, which takes weights of what f returns, and answers (value, weighted gradient).

    >>> from autograd import compile, tanh
    >>> p = compile(lambda x, y: x * tanh(y))
    >>> round(p(2.0, 0.5), 4)
    0.9242
    >>> value, slope = p.value_and_grad(2.0, 0.5)
    >>> round(slope, 4)
    0.4621
    >>> p.jvp(2.0, 0.0, 1.0), p.vjp(2.0, 0.0, 10.0)
    ((0.0, 0.0), (0.0, 0.0))

    It is a decorator too, with options or without:

    >>> @compile(argnums=1)
    ... def area(width, height=2.0):
    ...     return width * height
    >>> area(3.0), area.grad(3.0, height=2.0)
    (6.0, 3.0)

    A batch: `in_axes` says, as in `jax.vmap`, along which axis each argument has its samples (None: the
    same for all); of an argument made of parts it may say so part by part, as in ``({"w": None, "x": 0},)``.
    Answers have the samples along their first axis.  Slopes along an argument of which numbers stand column by column,
    as with axis 1, lie in memory in the same way.  With ``reduce="sum"`` or "mean" answers, and derivatives along
    arguments without samples, are summed or averaged, and a training step holds no derivative of a single sample:

    >>> import numpy as np
    >>> loss = compile(lambda w, x, y: (w * x - y) ** 2, in_axes=(None, 0, 0), reduce="mean")
    >>> loss.value_and_grad(3.0, np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    (2.5, 5.0)

    Args:
        argnums: which arguments the derivatives are along, as in `grad`
        backend: "auto", or the name of an executor; `backend` of the answer says which one runs, and why
        exact: add every sum in the order in which it was written, and fuse no product with it.  Without it, the terms
            of a sum whose partial sums nobody else uses are added in any order
        simplify: assume that all numbers are finite, and leave out what then changes nothing, 0·x, x + 0, x - x, sums
            of nothing, before and after deriving.  Numbers stay as they are, but a zero may have the other sign, and
            an inf or a nan that is met all the same may be forgotten
        smooth: a width h, within which kinks and jumps are smoothed by a normal distribution: relu(x) is
            x·Φ(x/h) + h·φ(x/h), a step Φ(x/h), and so on for all that the table has; off by 0.4·h at a kink, by nothing
            beyond 9·h (hypot by the order of h²), and in a mean over samples by the order of h².  ``(h, 4)`` is off by
            the order of h⁴ there, so that h may be larger, and more samples count: of every kink it takes 4/3 of what h
            makes of it less 1/3 of what 2 h does, which may be a little below 0, or above 1, where the other stays
            between.  Both orders are of what is linear in the smoothed parts: where two factors jump at the same place,
            it is off by the order of h.  Derivatives are the smoothed function's: so compile the function, not its
            gradient.  Of x % y and x // y the width is one of x/y
        threads: over how many threads a batch may be spread
        has_aux: f returns a pair, what is differentiated and what is not, which comes back beside the derivative, as
            from the transforms (with a reduction it is reduced as the value is)
        static_argnums: which arguments are no numbers to compute with but part of what is recorded, such as an int that
            counts: f is recorded once for each.  A str, None, a bool, a member of an enum and a function are so by
            themselves
        static_argnames: which arguments are no numbers to compute with but part of what is recorded, such as an int
            that counts: f is recorded once for each.  A str, None, a bool, a member of an enum and a function are so by
            themselves

    What f does is recorded, not what it decides: `if x > 0` on an argument, or reading its `data`,
    raises GraphError; write ``where(x > 0, a, b)``.  Numbers that f takes from elsewhere, and random
    draws, are as they were when f was recorded.  Values that it takes from elsewhere (the parameters of
    a model) are numbers, read at every call, of which one that was computed before keeps its number when leaves
    below it move, as it does everywhere; a Value that f itself makes is a constant.  A thread that f starts knows
    nothing of the recording, and takes their numbers as they are, unless it runs in f's context:
    ``pool.submit(contextvars.copy_context().run, g, x)``.

    On Values, or where f uses an input of a transform that is running or of a function being recorded, the
    answer is a graph, with its axes mapped and its reduction done: compiled functions go into one another,
    and into ``grad``, to any order.  Along other Values taken from elsewhere no derivative goes back.

    >>> from autograd import grad
    >>> grad(compile(lambda x: x**3))(2.0)
    12.0

    Raises:
        ArgumentError: for options that are none
        GraphError: where f cannot be recorded, or has a jump that cannot be smoothed, as atan2 has, or is smoothed
            and compares numbers that are the same over a whole stretch, as in relu(x) > 0
        OperandError: for arguments that are not numbers
    """
    options = Options(
        argnums, in_axes, reduce, backend, exact, threads, has_aux, static_argnums, static_argnames, simplify, smooth
    )
    return partial(Compiled, options=options) if f is None else Compiled(f, options)


@overload
def compile_graph(
    outputs: Made,
    inputs: Sequence[Any],
    *,
    backend: str = "auto",
    exact: bool = False,
    simplify: bool = False,
    threads: int = 1,
) -> CompiledFunction[Made]: ...
@overload
def compile_graph(
    outputs: Made,
    inputs: Sequence[Any],
    *,
    argnums: Positions = 0,
    in_axes: Axes = None,
    reduce: str | None = None,
    backend: str = "auto",
    exact: bool = False,
    simplify: bool = False,
    threads: int = 1,
    smooth: float | tuple[float, int] | None = None,
) -> Compiled: ...
def compile_graph(
    outputs: Any,
    inputs: Sequence[Any],
    *,
    argnums: Positions = 0,
    in_axes: Axes = None,
    reduce: str | None = None,
    backend: str = "auto",
    exact: bool = False,
    simplify: bool = False,
    threads: int = 1,
    smooth: float | tuple[float, int] | None = None,
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
    options = Options(argnums, in_axes, reduce, backend, exact, threads, simplify=simplify, smooth=smooth)
    return Compiled(None, options, record_nodes(outputs, inputs))


def _sizes(structures: Sequence[Structure]) -> str:
    return ", ".join(f"{s.kind.__name__} of {s.size}" if s.kind is not float else "a number" for s in structures)


def _by_name(f: FunctionType) -> Any:
    """What is found where a function says that it was defined."""
    found: Any = sys.modules.get(f.__module__)
    for name in f.__qualname__.split("."):
        found = getattr(found, name, None)
    return found


class Compiled(Locked):
    """A function that was compiled: `compile` makes it, and says what it does."""

    def __init__(self, f: Function | None, options: Options, graph: RecordedProgram | None = None) -> None:
        super().__init__()
        self.f = f
        self.options = options
        self.tells_kinks = True  # False: no KinkWarning, nor a look at what could be a reason
        self._graph = graph
        self._signature = Signature(f, options)
        self._recordings: OrderedDict[Key, Recorded] = OrderedDict()
        self._in_any_order: dict[Key, Key] = {}  # the first recording, by its key with those of dicts in one order
        self._alike: OrderedDict[Key, Key] = OrderedDict()  # keys in another order, for which that one does
        if graph is not None:
            self._in_any_order[in_order((graph.arguments, ()))] = graph.arguments, ()
        self.last: Recorded | None = None  # the last of the recordings, if it still is
        self._being_recorded: list[tuple[int, Key]] = []
        if f is not None:
            function(f, "compile")
            update_wrapper(self, f, updated=())
        self.value = Call(self, derive.VALUE)
        self.value_and_grad = Call(self, derive.VALUE_AND_GRADIENT)
        self.grad = Call(self, derive.GRADIENT)
        self.jacobian = MatrixCall(self, derive.JACOBIAN)
        self.value_and_jacobian = Call(self, derive.VALUE_AND_JACOBIAN)
        self.hessian = MatrixCall(self, derive.HESSIAN)
        self.hvp = Call(self, derive.HVP)
        self.jvp = Call(self, derive.JVP)
        self.vjp = Call(self, derive.VJP)

    def __call__(self, *args: Any, out: Any = None, **named: Any) -> Any:
        """f at this point, or at every sample of a batch; see `Call`."""
        return self.value(*args, out=out, **named)

    def record(self, *args: Any, **named: Any) -> Program:
        """The program of f for arguments like these, recorded now or before.

        Its inputs are the numbers of the arguments, in order, and then the Values that f takes from
        elsewhere, by their names (`captured` lists them); in an export all of them are inputs.  Its `with_loops` is
        the same with the plain Python loops of f found again, if most of a long program is in such.
        """
        return self.taken(args, named)[0].recorded_program

    def graph(self, *args: Any, **named: Any) -> Any:
        """What f returns for one sample as a graph of Values, an instruction of the program as recorded a node.

        So what runs can be looked at: `viz` shows it, ``viz.draw(p, *args)``.  Nodes have the names and scopes that f
        gave, and the lines of f if it is recorded now, or was inside of `record_sources`.  Numbers become leaves named
        after the arguments; Values, and those that f takes from elsewhere, stay what they are.

        >>> from autograd import compile
        >>> y = compile(lambda x: x * x + 1).graph(3.0)
        >>> y, y.operands[0].operands[0].name
        (Value(data=10.0, grad=0.0, op=add), 'x')
        """
        with record_sources():
            recorded, ordered = self.at_one_point(args, named)
        return graph_of_recording(recorded.as_written, ordered)

    def order(self, count: int, names: Sequence[str]) -> tuple[tuple[int, ...], tuple[bool, ...]]:
        """Which of `count` arguments by position and then those of these names each argument of a recording is.

        And whether it is static.
        """
        places = dict(zip(names, range(count, count + len(names)), strict=True))
        given, _ = self._signature.given(range(count), places)
        static = tuple(isinstance(place, Static) for place in given)
        return tuple(place.value if isinstance(place, Static) else place for place in given), static

    def recalls(self, recorded: Recorded) -> bool:
        """Whether a recording is still known; it is then the last."""
        with self.lock:
            if self._recordings.get(recorded.key) is not recorded:
                return False
            self._recordings.move_to_end(recorded.key)
            self.last = recorded
            return True

    def at_one_point(self, args: Sequence[Any], named: dict[str, Any]) -> tuple[Recorded, Sequence[Any]]:
        """What was recorded for such arguments of one sample, now or before, and these in its order."""
        given, keywords = self._signature.given(args, named)
        axes = axes_of(None, len(given) - len(keywords), keywords)
        recorded, ordered, _ = self._recorded_for(given, keywords, axes)
        return recorded, ordered

    def expect(self, work: Work | None) -> bool:
        """Let ``backend="auto"`` choose, from now on, for so much work; whether that was not known before."""
        is_news = work != self.options.work
        if is_news:
            with self.lock:
                self.options = replace(self.options, work=work)
                for recorded in self._recordings.values():
                    recorded.shortcuts.clear()
                for call in vars(self).values():
                    if isinstance(call, Call):
                        call.forget()
        return is_news

    def taken(
        self, args: Sequence[Any], named: dict[str, Any], differentiated: bool = False
    ) -> tuple[Recorded, Arguments]:
        """What was recorded for such arguments, now or before, and their numbers."""
        given, keywords = self._signature.given(args, named)
        axes = axes_of(self.options.in_axes, len(given) - len(keywords), keywords)
        recorded, _, taken = self._recorded_for(given, keywords, axes, differentiated)
        return recorded, taken

    def _recorded_for(
        self, given: Sequence[Any], keywords: tuple[str, ...], axes: Sequence[Axes], differentiated: bool = False
    ) -> tuple[Recorded, Sequence[Any], Arguments]:
        """(what was recorded for such arguments, these with the keys of dicts in its order, their numbers)."""
        taken = take_numbers(given, axes)
        key = (taken.structures, keywords)
        found = self._known(key)
        if found is not None:
            return found, given, taken
        if differentiated:
            derive.chosen_of(self.options.argnums, taken.structures, len(given) - len(keywords))
        known = self._found(key)
        if known == key:
            return self._recorded(key), given, taken
        listed = zip(given, known[0], axes, strict=True)
        ordered = [fit(thing, structure, f"argument {i}", axis) for i, (thing, structure, axis) in enumerate(listed)]
        return self._recorded(known), ordered, take_numbers(ordered, axes)

    def _found(self, key: Key) -> Key:
        """What was recorded for arguments made so, or with the keys of dicts in another order: now or before."""
        alike = self._alike.get(key)
        if alike is not None and alike in self._recordings:
            return alike
        known = self._in_any_order.get(in_order(key), key)
        if self.f is None or known == key or known not in self._recordings:
            return known if self.f is None else key
        if not compute_alike(self._recorded(known).as_written, self._recorded(key).as_written):
            return key
        with self.lock:
            self._recordings.pop(key, None)
            self.last = None
            self._alike[key] = known
            if len(self._alike) > REMEMBERED:
                self._alike.popitem(last=False)
        return known

    def _recorded(self, key: Key) -> Recorded:
        """The recording for arguments made so, and what was made of it.

        Two threads that ask at once may both record, and the first one's stays: while f runs nothing is locked,
        since it may wait for a thread that calls this function too, or one that calls the other way round.
        """
        found = self._known(key)
        if found is not None:
            return found
        mine = Recorded(self.options.smoothed(self._recorded_now(key)), self.options, key)
        with self.lock:
            found = self._known(key)
            if found is None:
                found = self._recordings[key] = self.last = mine
                self._in_any_order.setdefault(in_order(key), key)
                if len(self._recordings) > REMEMBERED:
                    dropped, _ = self._recordings.popitem(last=False)
                    self._forget(dropped)
            return found

    def _known(self, key: Key) -> Recorded | None:
        """What was recorded for arguments made so, if it still holds."""
        with self.lock:
            found = self._recordings.get(key)
            if found is None or found.as_written.is_over:
                return None
            self._recordings.move_to_end(key)
            self.last = found
            return found

    def _forget(self, key: Key) -> None:
        if self._in_any_order.get(in_order(key)) == key:
            del self._in_any_order[in_order(key)]

    def _recorded_now(self, key: Key) -> RecordedProgram:
        mine = (threading.get_ident(), key)  # in a forked process, others may have been left here
        threads = [thread for thread, recorded in tuple(self._being_recorded) if recorded == key]
        if mine[0] in threads or len(threads) >= _AT_ONCE:
            raise GraphError(
                f"{self!r} calls itself while it is recorded, on arguments made as its own: it would never end"
            )
        self._being_recorded.append(mine)
        try:
            return self._record(*key)
        finally:
            self._being_recorded.remove(mine)

    def _record(self, structures: tuple[Structure, ...], keywords: tuple[str, ...]) -> RecordedProgram:
        if self.f is not None:
            return record_function(self.f, structures, keywords)
        if self._graph is None or structures != self._graph.arguments:
            made = self._graph.arguments if self._graph is not None else ()
            raise ArgumentError(
                f"the graph was compiled for arguments made as {_sizes(made)}, "
                f"got {_sizes(structures)}: compile it for these, or compile a function"
            )
        return self._graph

    # -- in other processes ---------------------------------------------------------------------

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickled as a function is: by its name, or by that of what was compiled.  What was recorded stays here."""
        if self._graph is not None and self._graph.passing:
            raise GraphError("the graph uses inputs of what is being computed around it, which stay in this process")
        if not isinstance(self.f, FunctionType):
            return Compiled, (self.f, self.options, self._graph)
        there = _by_name(self.f)
        if there is self:
            return self.f.__qualname__
        if there is not self.f:
            raise GraphError(
                f"{self!r} is pickled by the name of its function, under which there is none: "
                f"define it with def at the top of a module, or send it by {HOME}.program.blocks.portable"
            )
        return Compiled, (self.f, self.options)

    def __copy__(self) -> Compiled:
        return Compiled(self.f, self.options, self._graph)

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        return Compiled(self.f, self.options, deepcopy(self._graph, memo))

    # -- what was recorded ----------------------------------------------------------------------

    @property
    def captured(self) -> tuple[Value, ...]:
        """The Values that f takes from elsewhere: the program's last inputs, in order."""
        return self._latest().as_written.captured

    @property
    def program(self) -> Program:
        """The program of f, as recorded for the arguments it was last called with."""
        return self._latest().recorded_program

    @property
    def backend(self) -> str:
        """Which executor runs the last call, and why."""
        ran = self._last_run()
        return f"{ran.kernel.backend}: {ran.why}"

    @property
    def source(self) -> str:
        """The code that ran the last call: machine code's text, or the program as Python."""
        ran = self._last_run()
        return ran.kernel.source or ran.program.source

    def _latest(self) -> Recorded:
        if not self._recordings:
            raise GraphError("nothing was recorded yet: call the compiled function, or its record(), with arguments")
        return next(reversed(self._recordings.values()))

    def _last_run(self) -> Ran:
        latest = self._latest().latest
        if latest is None:
            raise GraphError("nothing has run yet: call the compiled function")
        return latest

    def __repr__(self) -> str:
        name = short(str(getattr(self.f, "__name__", "graph")))
        how = ", simplified" * self.options.simplify
        how += f", smoothed within {self.options.smooth}" * (self.options.smooth is not None)
        count = len(self._recordings)
        return f"<compiled {name}{how}, recorded for {count} structure{'s' * (count != 1)}>"


if TYPE_CHECKING:

    class CompiledFunction(Valuation[R], Compiled):
        """A Compiled that answers in f's own shapes, and is differentiated along the first argument.

        What `compile` gives without options that say otherwise, as type checkers see it; it is a `Compiled`.
        """

        value: ValueCall[R]
        grad: GradientCall
        value_and_grad: ValueAndGradientCall
        jacobian: JacobianCall[R]
        hessian: HessianCall

    class Compiling(Protocol):
        """The decorator that `compile` gives without a function."""

        def __call__(self, f: Callable[..., R], /) -> CompiledFunction[R]: ...
