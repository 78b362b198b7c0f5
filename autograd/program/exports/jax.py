"""A program as a function for JAX: the way to GPUs and to many machines.

Every row becomes a JAX function with the row's own slopes, so what JAX differentiates has this engine's
conventions at kinks and its digits in the tails.  One thing stays JAX's: through a `where` the branch
that is not chosen counts with 0 times its slope, which is nan if that is infinite.  JAX compiles long
scalar programs slowly: some seconds at a thousand instructions, minutes at ten thousand.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

from autograd.errors import ArgumentError, MissingExtra
from autograd.ops import gamma, table
from autograd.ops.expression import ARITHMETIC, COMPARISONS, Expression, Syntax, source_of, variable
from autograd.ops.primitive import Primitive, define, lookup
from autograd.ops.resolution import Target, called_in
from autograd.program.graph import Graph, Instruction, Operation, Tables, listed, plain, sum_source
from autograd.program.loops import Loop, Stack
from autograd.program.runs import LoopOutcome, read_in_python
from autograd.text import apart

_NUMBERS = count(1)  # of the functions written so far: each source has a name of its own


def to_jax(program: Graph) -> Callable[[Any], Any]:
    """A function of one array, x[..., inputs] → y[..., outputs], that jit, vmap, grad and pmap take.

    It computes in the type of x: for 64 bits switch on JAX's ``jax_enable_x64``; a program that solves an equation
    takes no other.  What was written can be read in its `source`.

    Raises:
        ImportError: if JAX, the extra `jax`, is missing
        GraphError: for a row that JAX cannot have, by its name; the function raises ArgumentError, while JAX traces it,
            for an array whose last axis is not as long as there are inputs, and for one of another type where
            equations are solved
    """
    namespace, functions = _namespace(), _Functions()
    namespace["check_inputs"] = partial(_check_inputs, program.inputs)
    lines, found = _lines(program, [f"x[..., {i}]" for i in range(len(program.inputs))], "t", namespace, functions)
    outputs = ", ".join(f"jnp.broadcast_to({name}, x.shape[:-1])" for name in found)
    body = ["x = jnp.asarray(x)", "check_inputs(x.shape)", *lines, f"return jnp.stack([{outputs}], axis=-1)"]
    return _define("f", "x", body, namespace)


def _lines(
    program: Graph, inputs: Sequence[str], prefix: str, namespace: dict[str, Any], functions: _Functions
) -> tuple[list[str], list[str]]:
    """A line an instruction, and what the outputs are called; the body of a loop is a function in front of it."""
    names = [*inputs, *(f"({_literal(c)})" for c in program.constants.tolist())]
    lines: list[str] = []
    tables = Tables(f"{prefix}able")
    for at, line in enumerate(program, 1):
        name = f"{prefix}{at}"
        known = program.known_table(line)
        if known is not None:
            table_, is_new = tables.called(known)
            lines += [f"{table_} = jnp.asarray([{', '.join(map(_literal, known))}], result(float, x))"] * is_new
            namespace |= {f"{row.name}_in": look_up for row, look_up in _LOOKED_UP.items()}
            namespace["result"] = namespace["jnp"].result_type
            said = f"{line.operation}_in({table_}, {names[line.operands[0]]})"
        elif isinstance(line.operation, Operation):
            said = _expression(program, line, names, namespace, functions)
        else:
            for called, inner in zip(("step", "equation"), line.operation.programs, strict=False):
                given = [f"{name}_x{i}" for i in range(len(inner.inputs))]
                inside, found = _lines(inner, given, f"{name}_", namespace, functions)
                lines.append(f"def {called}_{name}({', '.join(given)}):")
                lines += [f"    {text}" for text in [*inside, f"return [{', '.join(found)}]"]]
            said = _step(line, [names[i] for i in line.operands], name, namespace)
        lines.append(f"{name} = {said}")
        names.append(name)
    return lines, [names[i] for i in program.outputs.tolist()]


def _step(line: Instruction, operands: Sequence[str], name: str, namespace: dict[str, Any]) -> str:
    """What an instruction of a loop's is; columns are arrays along the first axis."""
    match line.operation:
        case Loop() as loop:
            namespace |= {"loop": _loop, "solved": _solved}
            if loop.solves is None:
                return f"loop({loop.said}, step_{name}, {', '.join(operands)})"
            known = f"{len(loop.solves.outputs)}, {len(loop.theta)}"
            return f"solved({loop.said}, {known}, step_{name}, equation_{name}, {', '.join(operands)})"
        case Stack():
            return f"jnp.stack(jnp.broadcast_arrays({', '.join(operands)}))"
    return read_in_python(line.operation, operands[0])


def _loop(shape: Mapping[str, Any], step: Callable[..., list[Any]], *operands: Any) -> LoopOutcome:
    """JAX's own scan; one that ends by itself is masked, so that JAX can go back through it too."""
    import jax

    loop = Loop(None, **shape)  # type: ignore[arg-type]  # `step` is its body
    jnp, lead = jax.numpy, int(loop.counted)
    number = jnp.result_type(float, *operands)
    size = jnp.broadcast_shapes(*(jnp.shape(o) for o in operands[: lead + loop.carried + loop.shared]),
                                *(jnp.shape(o)[1:] for o in operands[lead + loop.carried + loop.shared :]))  # fmt: skip
    count, given = (operands[0], operands[1:]) if lead else (loop.length, operands)
    wide = [jnp.broadcast_to(jnp.asarray(o, number), size) for o in given[: loop.carried + loop.shared]]
    shared = wide[loop.carried :]

    def one(state: Any, row: Any) -> Any:
        at, (carried, done, goes_on) = row[0], state
        inputs = [*carried, *shared, *row[1:]]
        if loop.tested:
            goes_on = goes_on & (step(*map(jax.lax.stop_gradient, inputs))[-1] != 0.0)
        elif loop.counted:
            goes_on = at < count
        if loop.tested or loop.counted:  # what is not done sends nothing back, be its slopes infinite
            inputs = [jnp.where(goes_on, x, jax.lax.stop_gradient(x)) for x in inputs]
        found = step(*inputs)
        yields = found[loop.carried : len(found) - loop.tested]
        after = [jnp.where(goes_on, new, old) for new, old in zip(found[: loop.carried], carried, strict=True)]
        kept = [jnp.broadcast_to(jnp.asarray(y, number), size) for y in (*carried, *yields)]
        return (after, done + goes_on, jnp.broadcast_to(goes_on, size)), kept

    start = wide[: loop.carried], jnp.zeros(size, number), jnp.ones(size, bool)
    rows = (jnp.arange(loop.length), *given[loop.carried + loop.shared :])
    (carried, done, _), columns = jax.lax.scan(one, start, rows, reverse=loop.backwards)
    return LoopOutcome([*carried, done], columns)


def _solved(
    shape: Mapping[str, Any], n: int, known: int, step: Callable[..., Any], equation: Callable[..., Any], *operands: Any
) -> LoopOutcome:
    """What a loop finds, with the derivatives of its equation of n unknowns: JAX's own `custom_root`."""
    import jax

    jnp = jax.numpy
    size, number = jnp.broadcast_shapes(*map(jnp.shape, operands)), jnp.result_type(float, *operands)
    if jnp.finfo(number).bits < 64:
        raise ArgumentError(
            "root, fixed_point and minimize stop at the digits of double precision, which single precision never "
            f"reaches: switch on JAX's jax_enable_x64, and hand in float64, got {number}"
        )
    wide = [jnp.broadcast_to(jnp.asarray(o, number), size) for o in operands]
    theta = wide[shape["carried"] : shape["carried"] + known]

    def search(_: Any, start: list[Any]) -> tuple[list[Any], list[Any]]:
        run = _loop(shape, step, *start, *wide[n:])
        return list(run.finals[:n]), list(run.finals[n:])

    def straight(slopes: Callable[[Any], Any], wanted: list[Any]) -> list[Any]:
        units = [[jnp.full_like(x, i == j) for i, x in enumerate(wanted)] for j in range(n)]
        matrix = jnp.stack([jnp.stack(slopes(unit), axis=-1) for unit in units], axis=-1)
        solution = jnp.linalg.solve(matrix, jnp.stack(wanted, axis=-1)[..., None])
        return [solution[..., i, 0] for i in range(n)]

    x, others = jax.lax.custom_root(lambda x: equation(*x, *theta), wide[:n], search, straight, has_aux=True)
    return LoopOutcome([*x, *others], [])


def _check_inputs(inputs: Sequence[str], shape: tuple[int, ...]) -> None:
    """JAX itself would clamp an index that is too large, and answer with another number."""
    if shape[-1:] != (len(inputs),):
        raise ArgumentError(
            f"the last axis holds the {len(inputs)} inputs {listed(apart(inputs))}, got an array of shape {shape}"
        )


def _namespace() -> dict[str, Any]:
    try:
        import jax
    except ImportError as error:
        raise MissingExtra("to_jax needs JAX, the extra `jax`: pip install 'glassgrad[jax]'") from error
    return {"jnp": jax.numpy, "inf": math.inf, "nan": math.nan, "where": jax.numpy.where}


def _define(name: str, parameters: str, body: Sequence[str], namespace: dict[str, Any]) -> Callable[..., Any]:
    source = f"def {name}({parameters}):\n" + "".join(f"    {line}\n" for line in body)
    return define(name, source, f"<jax {name} {next(_NUMBERS)}>", namespace)


# -- the language -----------------------------------------------------------------------------------


def _literal(x: float | None) -> str:
    return "0.0" if x is None else repr(float(x))


JAX = Syntax(
    operators={**COMPARISONS, **ARITHMETIC},
    conditional="where({condition}, {chosen}, {other})",
    assignment="{name} = {value}",
    literal=_literal,
    truth="{} != 0.0",
    number="where({}, 1.0, 0.0)",  # JAX neither negates nor subtracts truths
)


def _expression(
    program: Graph, line: Instruction, names: Sequence[str], namespace: dict[str, Any], functions: _Functions
) -> str:
    """An instruction; the functions that it calls are put into the namespace."""
    row, slot = plain(line.operation)
    operands = [names[i] for i in line.operands]
    summed = sum_source(line.operation, operands)
    if summed is not None:
        return summed
    if slot is None and row in JAX.written and row != table.divide.name:  # whose slope JAX lets overflow
        return source_of([Expression(row, *map(variable, operands))], JAX)[1][0]
    if slot is None:
        called, namespace[row] = row, functions.value(lookup(row))
    else:
        component = program.component(line)
        called = f"{row}_slope{slot}" + (f"_of{len(operands) - 1}" if lookup(row).variadic else "")
        called += "" if component is None else f"_at{component:.0f}"
        namespace[called] = functions.slope(lookup(row), slot, len(operands) - 1, component)
    return f"{called}({', '.join(operands)})"


# -- functions of rows ------------------------------------------------------------------------------


class _Functions:
    """The functions of rows that one export calls, each written once."""

    def __init__(self) -> None:
        self._written: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def value(self, row: Primitive) -> Callable[..., Any]:
        """A row on JAX's arrays, with the row's own slopes for its derivative."""
        write = self._of_many if row.variadic else self._differentiable
        return self._once((row,), lambda: write(row))

    def slope(self, row: Primitive, slot: int, count: int = 0, component: float | None = None) -> Callable[..., Any]:
        """The slope along one operand, of (y, *operands); a row of many operands has `count`."""
        if row.opaque:
            raise TARGET.refusal(row)
        names = [f"x{i}" for i in range(count)] if row.variadic else list(row.operands)
        operands: list[Any] = [variable(name) for name in names]
        known = operands if component is None else [component, *operands[1:]]
        return self._once(
            (row, slot, count, component),
            lambda: self._printed(f"{row.name}_slope", ["y", *names], row.slope_terms(known)[slot]),
        )

    def _once(self, key: tuple[Any, ...], write: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
        if key not in self._written:
            self._written[key] = write()
        return self._written[key]

    def _differentiable(self, row: Primitive) -> Callable[..., Any]:
        atom, term = TARGET.resolve(row, [variable(name) for name in row.operands])
        return self._with_slopes(row, _own(atom) if atom else self._printed(row.name, row.operands, term))

    def _with_slopes(self, row: Primitive, function: Callable[..., Any], count: int = 0) -> Callable[..., Any]:
        """A row's function with the row's own slopes, of `count` operands if it takes any number."""
        import jax

        value = jax.custom_jvp(function)

        def derivative(operands: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
            y = value(*operands)
            total = jax.numpy.zeros_like(y)
            for slot, tangent in enumerate(tangents):
                if not isinstance(tangent, jax.custom_derivatives.SymbolicZero):
                    total = total + self.slope(row, slot, count)(y, *operands) * tangent
            return y, total

        value.defjvp(derivative, symbolic_zeros=True)  # else the slope in a constant exponent, nan, would count
        written: Callable[..., Any] = value
        return written

    def _of_many(self, row: Primitive) -> Callable[..., Any]:
        """A row of any number of operands: JAX's own, with JAX's derivative too, else as its rules are for so many."""
        if row in ATOMS:
            return _own(ATOMS[row])

        return lambda *xs: self._once((row, len(xs)), lambda: self._of_so_many(row, len(xs)))(*xs)

    def _of_so_many(self, row: Primitive, count: int) -> Callable[..., Any]:
        operands = [variable(f"x{i}") for i in range(count)]
        _, term = TARGET.resolve(row, operands)
        function = self._printed(row.name, [operand.name for operand in operands], term)
        return function if row.has_index else self._with_slopes(row, function, count)

    def _printed(self, name: str, parameters: Sequence[str], term: Any) -> Callable[..., Any]:
        """A function of JAX's arrays from a rule."""
        called = [row for row in called_in([term]) if row not in JAX.written]
        namespace = _namespace() | {row: self.value(lookup(row)) for row in called}
        assignments, (result,) = source_of([term], JAX)
        return _define(name, ", ".join(parameters), [*assignments, f"return {result}"], namespace)


def _own(atom: str | Callable[..., Any]) -> Callable[..., Any]:
    """An atom, which may be the place of a function in JAX."""
    import jax
    import jax.scipy.special

    function: Callable[..., Any] = operator.attrgetter(atom)(jax) if isinstance(atom, str) else atom
    return function


# -- atoms ------------------------------------------------------------------------------------------


def _polygamma(n: Any, x: Any) -> Any:
    """ψ⁽ⁿ⁾(x): JAX's is right of 0, and is reflected; its numbers left of 0 are others, and at infinity nan."""
    import jax.numpy as jnp
    import jax.scipy.special

    n = jnp.asarray(n, jnp.result_type(float))
    is_order, is_odd = (n >= 0) & (n <= gamma.HIGHEST) & (n == jnp.floor(n)), n % 2 == 1
    order = jnp.where(is_order & (n > 0), n, 1.0).astype(int)

    def right(x: Any) -> Any:
        return jnp.where(x == jnp.inf, 0.0, jax.scipy.special.polygamma(order, jnp.where(x == jnp.inf, 1.0, x)))

    t = x - jnp.round(x)
    above, below = right(jnp.where(t < 0, 1.0 + t, t)), right(jnp.where(t < 0, -t, 1.0 - t))
    mirrored = right(jnp.where(x > 0, x, 1.0 - x))
    left = jnp.where(is_odd, above + below - mirrored, above - below + mirrored)
    at_pole = jnp.where(is_odd, jnp.inf, jnp.nan)
    found = jnp.where(x > 0, mirrored, jnp.where(x == -jnp.inf, jnp.nan, jnp.where(t == 0, at_pole, left)))
    return jnp.where(is_order, jnp.where(n == 0, _digamma(x), found), jnp.nan)


def _digamma(x: Any) -> Any:
    import jax.numpy as jnp
    import jax.scipy.special

    return jnp.where(x == 0, -jnp.inf, jax.scipy.special.digamma(x))


def _of_stacked(name: str) -> Callable[..., Any]:
    """A function of jax.nn along the first axis."""

    def function(*xs: Any) -> Any:
        import jax

        return getattr(jax.nn, name)(jax.numpy.stack(jax.numpy.broadcast_arrays(*xs)), axis=0)

    return function


def _component(name: str) -> Callable[..., Any]:
    """One component of a function of jax.nn, as the first operand says."""
    whole = _of_stacked(name)
    return lambda i, *xs: whole(*xs)[int(i)]


def _entry_in(table: Any, i: Any) -> Any:
    """What stands in a table of numbers at ⌊i⌋; nan where it has none."""
    import jax.numpy as jnp

    inside = (i >= 0.0) & (i < len(table))
    return jnp.where(inside, table[jnp.where(inside, i, 0.0).astype(int)], jnp.nan)


def _entry_of(table: Any, i: Any) -> Any:
    """The same of a table that derivatives go back to, entries along the first axis; outside of it they are nan too."""
    import jax.numpy as jnp

    inside = (i >= 0.0) & (i < len(table))
    shape = jnp.broadcast_shapes(i.shape, table.shape[1:])
    at = jnp.broadcast_to(jnp.where(inside, i, 0.0).astype(int), shape)
    rows = jnp.broadcast_to(
        table.reshape(len(table), *[1] * (len(shape) + 1 - table.ndim), *table.shape[1:]), (len(table), *shape)
    )
    return jnp.take_along_axis(rows * jnp.where(inside, 1.0, jnp.nan), at[None], 0)[0]


def _interval_in(knots: Any, x: Any) -> Any:
    """The interval between knots, which are along the first axis, that x lies in."""
    import jax

    jnp, inner = jax.numpy, jax.lax.stop_gradient(knots[1:-1])
    at = jnp.searchsorted(inner, x, side="right") if inner.ndim == 1 else (x >= inner).sum(0)
    return jax.lax.stop_gradient(jnp.where(jnp.isnan(x), jnp.nan, at))


def _in_stacked(look_up: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """The same of a table that is handed over entry by entry."""

    def function(x: Any, *table: Any) -> Any:
        import jax.numpy as jnp

        return look_up(jnp.stack(jnp.broadcast_arrays(*table)), jnp.asarray(x))

    return function


_LOOKED_UP = {table.take: _entry_in, table.locate: _interval_in}  # in numbers that are known

ATOMS: dict[Primitive, str | Callable[..., Any]] = {
    **{lookup(name): "" for name in JAX.written},
    **{
        lookup(name): f"numpy.{name}"
        for name in (
            "power positive divide remainder fmod floor_divide sqrt cbrt hypot exp expm1 exp2 log log1p log2 log10 sin"
            " cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh abs floor ceil trunc"
        ).split()
    },
    **{row: f"scipy.special.{row.name}" for row in (table.erf, table.erfc)},
    **{row: _component(row.name) for row in (table.softmax, table.log_softmax)},
    table.take: _in_stacked(_entry_of),
    table.locate: _in_stacked(_interval_in),
    table.round_: "numpy.rint",
    table.lgamma: "scipy.special.gammaln",
    table.digamma: _digamma,
    table.polygamma: _polygamma,
    table.logsumexp: _of_stacked(table.logsumexp.name),
}
TARGET = Target("JAX", ATOMS)
