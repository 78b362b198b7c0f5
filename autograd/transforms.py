"""Derivatives of Python functions: grad, jacobian, hessian, jvp, vjp, hvp, and each of each.

They mean what they mean in JAX and in HIPS autograd.  The function is run on fresh Values, so the
numbers it was given are never touched.  An answer is made of Values where the function's result depends
on Values that were there before, arguments or not; it can then be differentiated again, to any order.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Concatenate, Literal, NamedTuple, ParamSpec, TypeAlias, TypeVar, overload

from autograd.answers import Gradient, Hessian, Jacobian, ValueAndGradient, ValueAndJacobian
from autograd.chain import as_value, deltas_as_graph, deltas_from, tangents, tangents_as_graph
from autograd.context import is_recording, now, recording
from autograd.errors import ArgumentError, OperandError
from autograd.given import flag, function
from autograd.kinds import Static
from autograd.kinks import TRIED, Break, at_breaks, is_missed, is_moved, is_whole, note, noting, tell_of
from autograd.numpy_protocol.notes import annotate
from autograd.order import computed_since, dependent, interior, remember_age
from autograd.structure import Structure, compose, flatten, leaves_like, mapped
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.value import NEVER, RUNNING, Number, Value

Function: TypeAlias = Callable[..., Any]
Positions: TypeAlias = "int | Sequence[int]"

# Of what they are handed the overloads below tell apart: a function and what it returns, and the default of `argnums`.
P = ParamSpec("P")
R = TypeVar("R", covariant=True)
Aux = TypeVar("Aux")
Along: TypeAlias = Callable[Concatenate[Any, P], Any]  # its first argument may be anything made of numbers
Returning: TypeAlias = Callable[Concatenate[Any, P], R]
WithAux: TypeAlias = Callable[..., tuple[Any, Aux]]
Pull: TypeAlias = Callable[[Any], tuple[Any, ...]]  # from weights to one gradient an argument
First: TypeAlias = Literal[0]
Other: TypeAlias = "Positions | None"
No: TypeAlias = Literal[False]
Yes: TypeAlias = Literal[True]


# -- running a function on fresh Values -------------------------------------------------------------


class Run(NamedTuple):
    """A function that was run: its fresh inputs, its outputs, and how both are built.

    Attributes:
        lifted: whether the answers must stay Values
        order: what was computed, of a single output, if the answers are numbers; None where it is not known
        above: where the way down from an output ends
        towards: what depends on the inputs, if the answers are Values
        aux: what the function returned beside its outputs
        breaks: the kinks and jumps at which derivatives stand that the function took itself
    """

    inputs: list[Value]
    inputs_structure: Structure
    outputs: list[Any]
    outputs_structure: Structure
    lifted: bool
    order: list[Value] | None
    above: set[Value]
    towards: set[Value] | None
    aux: Any
    breaks: list[Break]

    @property
    def outcome(self) -> Any:
        """The outputs as an answer."""
        return self.outputs_structure.build([plain(output, self.lifted) for output in self.outputs])

    def beside(self, *answers: Any, has_aux: bool) -> Any:
        """The answers, and behind them what the function returned beside its outputs."""
        if not has_aux:
            return answers if len(answers) > 1 else answers[0]
        return (*answers, self.aux)


def run_on_fresh(f: Function, args: Sequence[Any], named: dict[str, Any], wrt: Positions, has_aux: bool = False) -> Run:
    """Call f with the arguments at the positions `wrt` replaced by fresh Values."""
    function(f, "a derivative")
    if named:
        args, named = bound(f, args, named)
    chosen = positions(wrt, len(args))
    given = args[chosen[0]] if isinstance(wrt, int) else tuple(args[i] for i in chosen)
    leaves, structure = flatten(given, f"argument {wrt}", flags=True)
    if structure.kind is Static:
        raise OperandError(
            f"argument {wrt} is {quoted(given)}, along which nothing is differentiated: name another by argnums"
        )
    lifting, start = is_recording(), now()
    with nullcontext() if lifting else recording():
        # A Value argument gets a node of its own, so that differentiating with respect to it inside
        # another transform cannot be confused with differentiating with respect to the outer one.
        inputs = [+leaf if isinstance(leaf, Value) else Value(leaf) for leaf in leaves]
        for x in inputs:
            x._born = now()  # to what runs inside it was there before, also if it came from a constant
        fresh = structure.build(inputs)
        replaced = list(args)
        for i, argument in zip(chosen, [fresh] if isinstance(wrt, int) else fresh, strict=True):
            replaced[i] = argument
        with noting() as breaks, running(inputs):
            answer = f(*replaced, **named)
    answer, aux = _split(f, answer) if has_aux else (answer, None)
    outputs, outputs_structure = flatten(answer, "what the function returns")
    order, met = computed_since(start, (o for o in outputs if isinstance(o, Value)), inputs)
    on_values = any(isinstance(leaf, Value) for leaf in leaves)
    on_values |= any(isinstance(output, Symbol) for output in outputs)  # a loop is one, whatever goes into it
    lifted = lifting and (met or on_values)
    above, towards = _bounds(order, inputs) if lifted else (set(inputs), None)
    known = order if len(outputs) == 1 and not lifted and not met else None

    def stays(x: Value) -> bool:
        """Whether what stands beside the outputs stays a Value, as they would."""
        return lifting and (on_values or computed_since(start, [x], inputs)[1])

    aux = mapped(lambda x: x if stays(x) else x.data, aux) if has_aux else None
    return Run(inputs, structure, outputs, outputs_structure, lifted, known, above, towards, aux, breaks)


def bound(f: Function, args: Sequence[Any], named: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The same arguments with those by position that can be; of the others, what goes into **named keeps its order."""
    try:
        found = inspect.signature(f).bind(*args, **named)
    except ValueError:  # a function of C's, which does not say what it takes
        return list(args), named
    return list(found.args), found.kwargs


def _split(f: Function, answer: Any) -> tuple[Any, Any]:
    """(what is differentiated, what stands beside it) of the answer of a function with `has_aux`."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise ArgumentError(
            f"with has_aux {_name(f)} returns a pair, what is differentiated and what is not, got "
            f"{type(answer).__name__} {quoted(answer)}"
        )
    return answer


def _bounds(order: Sequence[Value], inputs: Sequence[Value]) -> tuple[set[Value], set[Value]]:
    """(`above`, `towards`) of a run: a derivative in a long computation costs what it itself computes."""
    towards = dependent(order, inputs)
    remember_age((node for node in order if node not in towards), now(), NEVER)
    beside = {o for node in order if node in towards for o in node.operands if isinstance(o, Value)} - towards
    return beside.union(inputs), towards


def positions(wrt: Positions, count: int) -> list[int]:
    """`argnums` as positions among `count` arguments; ArgumentError if one is none, or named twice."""
    if type(wrt) is int and -count <= wrt < count:
        return [wrt % count]
    chosen: list[Any] = list(wrt) if isinstance(wrt, (list, tuple, range)) else [wrt]
    for i in chosen:
        if not isinstance(i, int) or isinstance(i, bool) or not -count <= i < count:
            raise ArgumentError(f"argnums {quoted(wrt)}: the function was called with {count} positional arguments")
    chosen = [i % count for i in chosen]
    if len(set(chosen)) < len(chosen):
        raise ArgumentError(f"argnums {quoted(wrt)} names an argument twice: each derivative is asked for once")
    return chosen


@contextmanager
def running(inputs: Iterable[Value]) -> Iterator[None]:
    """A block in which these are the inputs of what runs: compiled functions ask whether they meet one."""
    try:
        RUNNING.update(inputs)
        yield
    except (TypeError, AttributeError, IndexError) as error:
        annotate(error)
        raise
    finally:
        RUNNING.difference_update(inputs)


def _scalar(run: Run, f: Function) -> Any:
    if len(run.outputs) != 1:
        raise ArgumentError(
            f"{_name(f)} returned {len(run.outputs)} numbers; a gradient is of one number: use jacobian, or sum them"
        )
    return run.outputs[0]


def _name(f: Function) -> str:
    return getattr(f, "__name__", quoted(f))


def plain(x: Any, lifted: bool) -> Any:
    """x as an answer: a Value if answers must stay Values, else a float."""
    return as_value(x) if lifted else (x.data if isinstance(x, Value) else x)


def _pull(run: Run, seeds: dict[Any, Any]) -> list[Any]:
    """Σ seed · ∂output/∂inputs over the outputs that are seeded; a plain number has no derivative."""
    values = {output: seed for output, seed in seeds.items() if isinstance(output, Value)}
    if run.lifted:
        graph = deltas_as_graph(values, run.above, run.towards)
        return [as_value(graph.get(x, 0.0)) for x in run.inputs]
    found = deltas_from(values, run.above, run.order)
    return [found.get(x, 0.0) for x in run.inputs]


def _look_at_breaks(run: Run) -> None:
    """Say what a derivative leaves out that is taken at a kink or a jump, or note it for a derivative of this one."""
    roots = [output for output in run.outputs if isinstance(output, Value)]
    told = next((found for found in run.breaks[:TRIED] if _leaves_out(found, roots, run.inputs)), None)
    if told is not None:
        tell_of(told, "second")
    if any(isinstance(root, Symbol) for root in roots):
        return
    order = run.order if run.order is not None else interior(*roots, above=run.above)
    met = at_breaks(order, jumps_alone=not run.lifted)
    if met:
        deltas = deltas_from(dict.fromkeys(roots, 1.0), run.above, order)
        met = [each._replace(is_passed=deltas[each.node] != 0) for each in met if each.node in deltas]
        met = sorted((each for each in met if is_moved(each, run.inputs)), key=lambda each: not each.is_passed)
    if run.lifted:
        note(met)
    elif told is None:
        for found in [each for each in met if each.is_passed and not is_whole(each, roots, run.inputs)][:1]:
            tell_of(found, "first")


def _leaves_out(found: Break, outputs: Sequence[Value], inputs: Sequence[Value]) -> bool:
    """Whether a derivative of the outputs, which are derivatives, leaves out what a break adds."""
    if not is_moved(found, inputs):
        return False
    return (found.is_passed and not is_whole(found, outputs, inputs)) or is_missed(found, outputs, inputs)


# -- first derivatives ------------------------------------------------------------------------------


@overload
def value_and_grad(f: Along[P], argnums: First = 0, has_aux: No = False) -> ValueAndGradient[P]: ...
@overload
def value_and_grad(f: Function, argnums: Positions, has_aux: No = False) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_grad(f: Function, *, argnum: Positions, has_aux: No = False) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_grad(
    f: WithAux[Aux], argnums: Positions = 0, *, has_aux: Yes, argnum: Other = None
) -> Callable[..., tuple[tuple[Any, Aux], Any]]: ...
@overload
def value_and_grad(f: Function, argnums: Positions, has_aux: bool, *, argnum: Other = None) -> Function: ...
def value_and_grad(
    f: Function, argnums: Positions = 0, has_aux: bool = False, *, argnum: Positions | None = None
) -> Function:
    """A function that returns (f, ∂f/∂arguments): the value and the gradient in one pass.

    The gradient has the structure of the argument (a tuple of them for several `argnums`).  Arguments by
    name go to f; one that can stand by position counts there.

    >>> value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    >>> value_and_grad(lambda x, k=2: x**k)(2.0, k=3)
    (8.0, 12.0)

    Args:
        has_aux: f returns a pair, what is differentiated and what is not, which comes back: ((value, aux), gradient)
        argnum: the same as `argnums`, by the name that HIPS autograd has for it

    Raises:
        ArgumentError: if f does not return one number or `argnums` names no argument or one twice
        OperandError: if an argument is not made of real numbers
    """
    wrt, has_aux = _wrt(f, argnums, argnum), flag(has_aux, "has_aux")

    @functools.wraps(f, updated=())  # the attributes of f, such as a compiled function's questions, are about f
    def wrapped(*args: Any, **named: Any) -> tuple[Any, Any]:
        run = run_on_fresh(f, args, named, wrt, has_aux)
        output = _scalar(run, f)
        value = run.beside(plain(output, run.lifted), has_aux=has_aux)
        _look_at_breaks(run)
        return value, run.inputs_structure.build(_pull(run, {output: 1.0}))

    return wrapped


def _wrt(f: Any, argnums: Positions, argnum: Positions | None) -> Positions:
    """What is meant by `argnums` and its other name, of what is a function."""
    if isinstance(f, Value):
        raise OperandError(f"a derivative of a function is asked for, got {quoted(f)}; of a Value it is gradient(y, x)")
    function(f, "a derivative")
    if argnum is None:
        return argnums
    if argnums != 0:
        raise ArgumentError(
            f"argnum is argnums by another name: give one of argnum={quoted(argnum)} and argnums={quoted(argnums)}"
        )
    return argnum


def _second(both: Function, has_aux: bool) -> Function:
    """Of a function that answers (value, derivative) the derivative, and behind it what stands beside the value."""

    @functools.wraps(both, updated=())
    def wrapped(*args: Any, **named: Any) -> Any:
        value, derivative = both(*args, **named)
        return (derivative, value[1]) if has_aux else derivative

    return wrapped


@overload
def grad(f: Along[P], argnums: First = 0, has_aux: No = False) -> Gradient[P]: ...
@overload
def grad(f: Function, argnums: Positions, has_aux: No = False) -> Callable[..., Any]: ...
@overload
def grad(f: Function, *, argnum: Positions, has_aux: No = False) -> Callable[..., Any]: ...
@overload
def grad(
    f: WithAux[Aux], argnums: Positions = 0, *, has_aux: Yes, argnum: Other = None
) -> Callable[..., tuple[Any, Aux]]: ...
@overload
def grad(f: Function, argnums: Positions, has_aux: bool, *, argnum: Other = None) -> Function: ...
def grad(f: Function, argnums: Positions = 0, has_aux: bool = False, *, argnum: Positions | None = None) -> Function:
    """The gradient of a function of numbers, as a function.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> grad(lambda p: p["x"] ** 2 + p["y"] ** 3)({"x": 4.0, "y": 2.0})
    {'x': 8.0, 'y': 12.0}

    The options are those of `value_and_grad`; with `has_aux` it answers (gradient, aux):

    >>> grad(lambda x: (x**3, {"square": x * x}), has_aux=True)(2.0)
    (12.0, {'square': 4.0})
    """
    return _second(value_and_grad(f, argnums, has_aux, argnum=argnum), has_aux)


@overload
def value_and_jacobian(f: Along[P], argnums: First = 0, has_aux: No = False) -> ValueAndJacobian[P]: ...
@overload
def value_and_jacobian(f: Function, argnums: Positions, has_aux: No = False) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_jacobian(f: Function, *, argnum: Positions, has_aux: No = False) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_jacobian(
    f: WithAux[Aux], argnums: Positions = 0, *, has_aux: Yes, argnum: Other = None
) -> Callable[..., tuple[tuple[Any, Aux], Any]]: ...
@overload
def value_and_jacobian(f: Function, argnums: Positions, has_aux: bool, *, argnum: Other = None) -> Function: ...
def value_and_jacobian(
    f: Function, argnums: Positions = 0, has_aux: bool = False, *, argnum: Positions | None = None
) -> Function:
    """A function that returns (f, the Jacobian of f): see `jacobian`.

    >>> value_and_jacobian(lambda x: [x, x * x])(3.0)
    ([3.0, 9.0], [1.0, 6.0])
    """
    wrt, has_aux = _wrt(f, argnums, argnum), flag(has_aux, "has_aux")

    @functools.wraps(f, updated=())
    def wrapped(*args: Any, **named: Any) -> Any:
        run = run_on_fresh(f, args, named, wrt, has_aux)
        _look_at_breaks(run)
        rows = _rows_backward(run) if len(run.outputs) <= len(run.inputs) else _rows_forward(run)
        answer, order = compose(run.outputs_structure, run.inputs_structure)
        return run.beside(run.outcome, has_aux=has_aux), answer.build([rows[i][j] for i, j in order])

    return wrapped


@overload
def jacobian(f: Returning[P, R], argnums: First = 0, has_aux: No = False) -> Jacobian[P, R]: ...
@overload
def jacobian(f: Function, argnums: Positions, has_aux: No = False) -> Callable[..., Any]: ...
@overload
def jacobian(f: Function, *, argnum: Positions, has_aux: No = False) -> Callable[..., Any]: ...
@overload
def jacobian(
    f: WithAux[Aux], argnums: Positions = 0, *, has_aux: Yes, argnum: Other = None
) -> Callable[..., tuple[Any, Aux]]: ...
@overload
def jacobian(f: Function, argnums: Positions, has_aux: bool, *, argnum: Other = None) -> Function: ...
def jacobian(
    f: Function, argnums: Positions = 0, has_aux: bool = False, *, argnum: Positions | None = None
) -> Function:
    """All ∂outputᵢ/∂inputⱼ: the outputs' structure, each element in the inputs' structure.

    For an array of shape (n,) to an array of shape (m,): an (m, n) array, also where these stand in
    lists or dicts.  Goes backwards from every output or forwards from every input, whichever are fewer.

    >>> jacobian(lambda x, y: [x * y, x + y], argnums=(0, 1))(2.0, 3.0)
    [(3.0, 2.0), (1.0, 1.0)]

    The options are those of `value_and_grad`; with `has_aux` it answers (Jacobian, aux).
    """
    return _second(value_and_jacobian(f, argnums, has_aux, argnum=argnum), has_aux)


def _rows_backward(run: Run) -> list[list[Any]]:
    return [_pull(run, {output: 1.0}) for output in run.outputs]


def _rows_forward(run: Run) -> list[list[Any]]:
    order = interior(*(o for o in run.outputs if isinstance(o, Value)), above=run.above)
    columns = [_push(run, order, {x: 1.0}) for x in run.inputs]
    return [[column[i] for column in columns] for i in range(len(run.outputs))]


def _push(run: Run, order: list[Value], moving: dict[Value, Any]) -> list[Any]:
    """How the outputs move when the inputs move so."""
    as_graph = run.lifted or (is_recording() and any(isinstance(t, Value) for t in moving.values()))
    found: Mapping[Value, Any]
    if as_graph:
        found = tangents_as_graph(order, moving)
    else:
        found = tangents(order, {x: plain(t, False) for x, t in moving.items()})
    return [plain(found.get(o, 0.0) if isinstance(o, Value) else 0.0, as_graph) for o in run.outputs]


@overload
def jvp(
    f: Function, primals: Sequence[Any], directions: Sequence[Any], has_aux: No = False, **named: Any
) -> tuple[Any, Any]: ...
@overload
def jvp(
    f: Function, primals: Sequence[Any], directions: Sequence[Any], has_aux: bool = False, **named: Any
) -> tuple[Any, ...]: ...
def jvp(
    f: Function, primals: Sequence[Any], directions: Sequence[Any], has_aux: bool = False, **named: Any
) -> tuple[Any, ...]:
    """(f(primals), the derivative of f along `directions`), by the chain rule forwards.

    Both are sequences with one entry an argument of f, of the same structure: the same keys, in any order,
    and shapes.  Arguments by name go to f and do not move.  With `has_aux` f returns a pair, what is
    differentiated and what is not, which comes back as a third.

    Raises:
        ArgumentError: for directions of another structure

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    run = run_on_fresh(f, tuple(primals), named, tuple(range(len(primals))), flag(has_aux, "has_aux"))
    direction = leaves_like(tuple(directions), run.inputs_structure, "the directions")
    order = interior(*(o for o in run.outputs if isinstance(o, Value)), above=run.above)
    _look_at_breaks(run)
    moved = _push(run, order, dict(zip(run.inputs, direction, strict=True)))
    answers: tuple[Any, ...] = run.beside(run.outcome, run.outputs_structure.build(moved), has_aux=has_aux)
    return answers


@overload
def vjp(f: Function, *primals: Any, has_aux: No = False, **named: Any) -> tuple[Any, Pull]: ...
@overload
def vjp(f: Function, *primals: Any, has_aux: Yes, **named: Any) -> tuple[Any, Pull, Any]: ...
@overload
def vjp(f: Function, *primals: Any, has_aux: bool, **named: Any) -> tuple[Any, ...]: ...
def vjp(f: Function, *primals: Any, has_aux: bool = False, **named: Any) -> tuple[Any, ...]:
    """(f(primals), a function from weights of the outputs to the weighted gradient).

    The function returns a tuple with one gradient an argument of f, as in JAX.  Arguments by name go to f.
    With `has_aux` f returns a pair, what is differentiated and what is not, which comes back as a third.

    >>> y, pull = vjp(lambda x, y: [x * y, x + y], 2.0, 3.0)
    >>> pull([1.0, 10.0])
    (13.0, 12.0)
    """
    run = run_on_fresh(f, primals, named, tuple(range(len(primals))), flag(has_aux, "has_aux"))
    _look_at_breaks(run)

    def pull(weights: Any) -> Any:
        given = leaves_like(weights, run.outputs_structure, "the weights")
        asked = run._replace(lifted=is_recording() and (run.lifted or any(isinstance(w, Value) for w in given)))
        seeds: dict[Value, Any] = {}
        for output, weight in zip(run.outputs, given, strict=True):
            weight = plain(weight, asked.lifted) if isinstance(weight, Value) else weight
            if isinstance(output, Value):  # the same node may be returned twice
                seeds[output] = seeds[output] + weight if output in seeds else weight
        return run.inputs_structure.build(_pull(asked, seeds))

    answers: tuple[Any, ...] = run.beside(run.outcome, pull, has_aux=has_aux)
    return answers


# -- second derivatives -----------------------------------------------------------------------------


@overload
def hessian(f: Along[P], argnums: First = 0, has_aux: No = False) -> Hessian[P]: ...
@overload
def hessian(f: Function, argnums: Positions, has_aux: No = False) -> Callable[..., Any]: ...
@overload
def hessian(f: Function, *, argnum: Positions, has_aux: No = False) -> Callable[..., Any]: ...
@overload
def hessian(
    f: WithAux[Aux], argnums: Positions = 0, *, has_aux: Yes, argnum: Other = None
) -> Callable[..., tuple[Any, Aux]]: ...
@overload
def hessian(f: Function, argnums: Positions, has_aux: bool, *, argnum: Other = None) -> Function: ...
def hessian(f: Function, argnums: Positions = 0, has_aux: bool = False, *, argnum: Positions | None = None) -> Function:
    """All ∂²f/∂xᵢ∂xⱼ of a function to one number, in the inputs' structure twice over.

    For an array of shape (n,): an (n, n) array.

    >>> hessian(lambda x, y: x * x * y, argnums=(0, 1))(2.0, 3.0)
    ((6.0, 4.0), (4.0, 0.0))

    The options are those of `value_and_grad`; with `has_aux` it answers (Hessian, aux).
    """
    wrt = _wrt(f, argnums, argnum)
    return jacobian(grad(f, wrt, has_aux), wrt, has_aux)


@overload
def hvp(
    f: Function, primals: Sequence[Number], directions: Sequence[Number], has_aux: No = False, **named: Any
) -> tuple[float, ...]: ...
@overload
def hvp(
    f: Function, primals: Sequence[Any], directions: Sequence[Any], has_aux: bool = False, **named: Any
) -> tuple[Any, ...]: ...
def hvp(f: Function, primals: Sequence[Any], directions: Sequence[Any], has_aux: bool = False, **named: Any) -> Any:
    """The Hessian of f at `primals` times `directions`, without building the Hessian.

    A tuple with one entry an argument of f; with `has_aux` a pair of it and what f returns beside its number.
    Arguments by name go to f and do not move.  Forward over reverse: the gradient's derivative along
    the directions (Pearlmutter 1994).

    >>> hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 4.0)
    """
    function(f, "a derivative")
    everywhere = tuple(range(len(primals)))
    found = jvp(grad(f, everywhere, has_aux), primals, directions, has_aux, **named)
    return found[1:] if has_aux else found[1]
