"""A function of JAX's as a graph: its jaxpr, equation by equation, with its arguments' names and its source lines.

What computes numbers has a row of ours; what only moves them (slices, gathers, transposes, …) is done by JAX itself on
their places, and the numbers follow.  A scan is a loop whose steps are written out.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np

import autograd
from autograd import Value, scope
from autograd.context import Label
from autograd.errors import ArgumentError, GraphError, MissingExtra, OperandError
from autograd.iterations import loop_title, step_title
from autograd.text import quoted

MOST = 100_000  # numbers that are computed

ROWS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "add_any": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b, "neg": lambda x: -x, "pow": lambda a, b: a**b, "rem": autograd.fmod,
    "max": autograd.maximum, "min": autograd.minimum, "atan2": autograd.atan2, "logistic": autograd.sigmoid,
    "rsqrt": lambda x: 1.0 / autograd.sqrt(x), "square": lambda x: x * x, "sign": autograd.sign,
    "erf_inv": autograd.erfinv, "ceil": autograd.ceil, "floor": autograd.floor, "stop_gradient": lambda x: x.detach(),
    "is_finite": lambda x: math.isfinite(_plain(x)), "not": lambda x: not x,
    "and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
    **{sign: lambda a, b, way=way: way(_plain(a), _plain(b)) for sign, way in {
        "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal,
        "ne": np.not_equal}.items()},
    **{name: getattr(autograd, name) for name in (
        "exp exp2 log log1p expm1 sqrt cbrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh erf erfc abs "
        "lgamma digamma").split() if hasattr(autograd, name)},
}  # fmt: skip
MOVES = frozenset(
    "slice dynamic_slice gather squeeze reshape transpose broadcast_in_dim concatenate rev expand_dims copy copy_p "
    "dynamic_update_slice split".split()
)
CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "custom_jvp_call": "call_jaxpr",
         "custom_vjp_call": "call_jaxpr", "remat": "jaxpr", "checkpoint": "jaxpr", "remat2": "jaxpr",
         "custom_vjp_call_jaxpr": "fun_jaxpr"}  # fmt: skip
REDUCTIONS: dict[str, Callable[..., Any]] = {
    "reduce_sum": lambda xs: autograd.sum(xs), "reduce_max": lambda xs: reduce(autograd.maximum, xs),
    "reduce_min": lambda xs: reduce(autograd.minimum, xs), "reduce_prod": lambda xs: reduce(lambda a, b: a * b, xs),
}  # fmt: skip


def is_of_jax(function: Any) -> bool:
    """Whether it is a function of JAX's: made by one of its transforms, or written in its names."""
    if type(function).__module__.startswith("jax"):
        return True
    code, names = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    spoken = [names.get(name) for name in code.co_names] if code else []
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if _is_filled(cell)]
    return any(_home_of(thing).split(".")[0] in ("jax", "jaxlib") for thing in (*spoken, *cells))


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _home_of(thing: Any) -> str:
    return thing.__name__ if inspect.ismodule(thing) else getattr(thing, "__module__", None) or ""


def from_jax(function: Callable[..., Any], *args: Any, **named: Any) -> Value:
    """The node that a function of JAX's computes at a point, as the graph of its jaxpr.

    The arguments are numbers, arrays of them, or dicts, lists and tuples of these; nodes are called as the parameters
    are, x[0] where one is an array.  Numbers are double.  A Python loop is written out, as JAX itself does; `scan` is
    a loop.

    Raises:
        MissingExtra: without JAX
        OperandError: for a function that returns more than one number
        GraphError: for a primitive of JAX's that has no row here, by its name, and for too many numbers
    """
    try:
        import jax
    except ImportError:
        raise MissingExtra("a function of JAX's needs the extra `jax`: pip install 'glassgrad[jax]'") from None
    with _doubles():
        closed = jax.make_jaxpr(function)(*args, **named)
        leaves = _leaves(function, args, named)
        flat, _ = jax.tree_util.tree_flatten((args, named))
        given = [_array(leaf, name) for leaf, name in zip(flat, leaves, strict=True)]
        found = _Reader().run(closed.jaxpr, [*map(np.asarray, closed.consts)], given)
    if len(found) != 1 or np.size(found[0]) != 1:
        many = sum(np.size(part) for part in found)
        raise OperandError(
            f"what is shown leads to one number, and this function returns {many}: choose one, or sum them"
        )
    (root,) = np.ravel(found[0])
    if not isinstance(root, Value):
        raise ArgumentError(f"the function returns {root!r} whatever it is given: there is nothing to show")
    return root


def _doubles() -> Any:
    """JAX with double numbers, as ours are; before 0.8 it was an experiment of JAX's."""
    import jax

    found: Any = getattr(jax, "enable_x64", None)
    older: Any = jax.experimental  # which has it where `jax` has not
    return found(True) if found is not None else older.enable_x64()


def _leaves(function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any]) -> Iterator[str]:
    """What each number or array among the arguments is called, in JAX's order."""
    import jax

    bound = inspect.signature(function).bind(*args, **named)
    by_position = iter(bound.arguments.items())
    for _ in args:
        name, thing = next(by_position)
        things = thing if isinstance(thing, tuple) and len(args) > len(bound.arguments) else (thing,)
        for part in things:
            for path, _ in jax.tree_util.tree_flatten_with_path(part)[0]:
                yield name + jax.tree_util.keystr(path)
    for path, _ in jax.tree_util.tree_flatten_with_path(named)[0]:
        yield jax.tree_util.keystr(path[:1]).strip("[]'") + jax.tree_util.keystr(path[1:])


def _array(leaf: Any, name: str) -> Any:
    """An argument's numbers as leaves, whole numbers and truths as they are."""
    numbers = np.asarray(leaf)
    if numbers.dtype.kind != "f":
        return numbers
    made = np.empty(numbers.shape, object)
    for at in np.ndindex(numbers.shape):
        made[at] = Value(float(numbers[at]), name=f"{name}[{', '.join(map(str, at))}]" if at else name)
    return made


def _plain(x: Any) -> Any:
    return x.data if isinstance(x, Value) else x


class _Reader:
    """Runs jaxprs on arrays of Values."""

    def __init__(self) -> None:
        self.loops: dict[str, int] = {}
        self.computed = 0

    def run(self, jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        """The outputs of a jaxpr."""
        known = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args], strict=True))

        def read(of: Any) -> Any:
            return np.asarray(of.val) if hasattr(of, "val") else known[of]

        for equation in jaxpr.eqns:
            found = self.applied(equation, [read(of) for of in equation.invars])
            _with_source(equation, found)
            known.update(zip(equation.outvars, found, strict=True))
        return [read(of) for of in jaxpr.outvars]

    def applied(self, equation: Any, given: list[Any]) -> list[Any]:
        """What an equation gives: it calls another jaxpr, moves numbers, or computes."""
        name, parameters = equation.primitive.name, equation.params
        if name in CALLS:
            inner = parameters[CALLS[name]]
            return self.run(getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), given)
        if name == "scan":
            return self._scan(parameters, given)
        if name == "cond":
            inner = parameters["branches"][int(_plain(np.ravel(given[0])[0]))]
            return self.run(inner.jaxpr, inner.consts, given[1:])
        if not any(part.dtype == object for part in given):
            found = equation.primitive.bind(*given, **parameters)
            return [np.asarray(part) for part in (found if equation.primitive.multiple_results else [found])]
        return self._computed(equation, name, given)

    def _computed(self, equation: Any, name: str, given: list[Any]) -> list[Any]:
        parameters = equation.params
        if name in MOVES:
            return _moved(equation, given)
        self._count(equation)
        if name == "convert_element_type":
            is_float = np.dtype(parameters["new_dtype"]).kind == "f"
            return [given[0] if is_float else _mapped(lambda x: int(_plain(x)), given).astype(parameters["new_dtype"])]
        if name == "integer_pow":
            return [_mapped(lambda x: x ** parameters["y"], given)]
        if name == "select_n":
            return [_mapped(lambda which, *cases: cases[int(which)], given)]
        if name == "clamp":
            return [_mapped(lambda low, x, high: autograd.clip(x, _plain(low), _plain(high)), given)]
        if name == "dot_general":
            return [_dot_general(parameters["dimension_numbers"], *given)]
        if name in REDUCTIONS:
            return [_reduced(REDUCTIONS[name], given[0], parameters["axes"])]
        if name == "cumsum":
            lanes = np.flip(given[0], parameters["axis"]) if parameters["reverse"] else given[0]
            summed = np.add.accumulate(lanes, axis=parameters["axis"], dtype=object)
            return [np.flip(summed, parameters["axis"]) if parameters["reverse"] else summed]
        if name in ROWS:
            found = _mapped(ROWS[name], given)
            return [
                found if equation.outvars[0].aval.dtype.kind == "f" else found.astype(equation.outvars[0].aval.dtype)
            ]
        raise GraphError(f"JAX's {quoted(name)} has no row here: show the part of the function before it")

    def _count(self, equation: Any) -> None:
        self.computed += sum(math.prod(of.aval.shape) for of in equation.outvars)
        if self.computed > MOST:
            raise GraphError(f"a graph of JAX's is read up to {MOST:,} numbers: show it at smaller arrays")

    def _scan(self, parameters: dict[str, Any], given: list[Any]) -> list[Any]:
        """The steps of a loop written out, each in a scope of its own."""
        body, length = parameters["jaxpr"], parameters["length"]
        fixed, carried = parameters["num_consts"], parameters["num_carry"]
        consts, carry, columns = given[:fixed], given[fixed : fixed + carried], given[fixed + carried :]
        title = loop_title(None, length, backwards=parameters["reverse"])
        self.loops[title] = self.loops.get(title, 0) + 1
        title = loop_title(None, length, backwards=parameters["reverse"], copy=self.loops[title])
        rows: list[Any] = [None] * length
        for step in reversed(range(length)) if parameters["reverse"] else range(length):
            with scope(title), scope(step_title(step)):
                found = self.run(body.jaxpr, body.consts, [*consts, *carry, *(column[step] for column in columns)])
            carry, rows[step] = found[:carried], found[carried:]
        return [*carry, *(_stacked([row[k] for row in rows]) for k in range(len(body.jaxpr.outvars) - carried))]


def _with_source(equation: Any, found: Sequence[Any]) -> None:
    """What an equation computed says the line of the user's code that it is of."""
    from jax._src import source_info_util  # the only place where JAX says it

    frame = source_info_util.user_frame(equation.source_info.traceback)
    if frame is None:
        return
    source = f"{frame.file_name}:{frame.start_line}"
    for node in (x for part in found if np.asarray(part).dtype == object for x in np.ravel(part)):
        if isinstance(node, Value) and not node.is_leaf and node.source is None:
            node._words = Label(node.name, node.scope, source)


# -- equations on arrays of Values --------------------------------------------------------------------


def _mapped(row: Callable[..., Any], given: Sequence[Any]) -> Any:
    """A row on every element, numbers of NumPy's being Python's."""
    arrays = np.broadcast_arrays(*given)
    found = np.empty(arrays[0].shape, object)
    for at in np.ndindex(found.shape):
        found[at] = row(*(_python(array[at]) for array in arrays))
    return found


def _python(x: Any) -> Any:
    return x.item() if isinstance(x, np.generic) else x


def _moved(equation: Any, given: Sequence[Any]) -> list[Any]:
    """Let JAX move the places of the numbers, and take the numbers that stand there."""
    kind = equation.outvars[0].aval.dtype
    numbers: list[Any] = []
    places = []
    for part in given:
        if part.dtype in (object, kind):
            places.append(np.arange(len(numbers), len(numbers) + part.size, dtype=np.float64).reshape(part.shape))
            numbers += [_python(x) for x in part.ravel()]
        else:
            places.append(part)
    found = equation.primitive.bind(*places, **equation.params)
    return [_taken(numbers, np.asarray(part)) for part in (found if equation.primitive.multiple_results else [found])]


def _taken(numbers: Sequence[Any], places: Any) -> Any:
    made = np.empty(places.shape, object)
    for at in np.ndindex(places.shape):
        place = places[at]
        if not 0 <= place < len(numbers):
            raise GraphError("JAX fills with numbers here what lies outside of an array: keep to indices inside of it")
        made[at] = numbers[int(place)]
    return made


def _dot_general(dimensions: Any, a: Any, b: Any) -> Any:
    """Sums of products over the contracted axes, each one node."""
    (over_a, over_b), (batch_a, batch_b) = dimensions
    free_a = [k for k in range(a.ndim) if k not in (*over_a, *batch_a)]
    free_b = [k for k in range(b.ndim) if k not in (*over_b, *batch_b)]
    left = a.transpose([*batch_a, *free_a, *over_a])
    right = b.transpose([*batch_b, *free_b, *over_b])
    batch, rows, columns = left.shape[: len(batch_a)], [a.shape[k] for k in free_a], [b.shape[k] for k in free_b]
    made = np.empty((*batch, *rows, *columns), object)
    for at in np.ndindex(made.shape):
        which, i, j = at[: len(batch)], at[len(batch) : len(batch) + len(rows)], at[len(batch) + len(rows) :]
        made[at] = autograd.dot([*map(_python, left[which + i].ravel())], [*map(_python, right[which + j].ravel())])
    return made


def _reduced(row: Callable[..., Any], array: Any, axes: Sequence[int]) -> Any:
    kept = [k for k in range(array.ndim) if k not in axes]
    lanes = array.transpose([*kept, *axes]).reshape([*(array.shape[k] for k in kept), -1])
    made = np.empty(lanes.shape[:-1], object)
    for at in np.ndindex(made.shape):
        made[at] = row([_python(x) for x in lanes[at]])
    return made


def _stacked(parts: Sequence[Any]) -> Any:
    made = np.empty((len(parts), *np.shape(parts[0])), object)
    for at, part in enumerate(parts):
        made[at] = part
    return made if any(isinstance(x, Value) for x in made.ravel()) else np.stack([np.asarray(p) for p in parts])
