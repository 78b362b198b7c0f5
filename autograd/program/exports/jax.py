"""A program as a function for JAX: the way to GPUs and to many machines.

Every row becomes a JAX function with the row's own slopes, so what JAX differentiates has this engine's
conventions at kinks and its digits in the tails.  One thing stays JAX's: through a `where` the branch
that is not chosen counts with 0 times its slope, which is nan if that is infinite.  JAX compiles long
scalar programs slowly: some seconds at a thousand instructions, minutes at ten thousand.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import cache, partial, reduce
from itertools import count
from typing import Any

from autograd.errors import ArgumentError, MissingExtra
from autograd.ops.expression import ARITHMETIC, COMPARISONS, Expression, Language, source_of, variable
from autograd.ops.primitive import Atom, Primitive, define, lookup
from autograd.ops.targets import cannot_write, rows_called
from autograd.program.graph import Graph, Instruction, listed, sum_source
from autograd.text import apart

_NUMBERS = count(1)  # of the functions written so far: each source has a name of its own
_BY_OPERATOR = {*ARITHMETIC, *COMPARISONS, "remainder", "negative", "where"}
_JAX_NUMPY = {  # atoms that jax.numpy has
    name: name
    for name in (
        "power positive fmod floor_divide sqrt cbrt hypot exp expm1 exp2 log log1p log2 log10 sin cos tan asin acos"
        " atan atan2 sinc sinh cosh tanh asinh acosh atanh abs floor ceil trunc"
    ).split()
} | {"round": "rint"}


def to_jax(program: Graph) -> Callable[[Any], Any]:
    """A function of one array, x[..., inputs] → y[..., outputs], that jit, vmap, grad and pmap take.

    It computes in the type of x: for 64 bits switch on JAX's ``jax_enable_x64``.  What was written can be
    read in its `source`.  Raises ImportError if JAX, the extra `jax`, is missing, GraphError for a row that
    JAX cannot have, by its name; the function raises ArgumentError, while JAX traces it, for an array whose
    last axis is not as long as there are inputs.
    """
    namespace = _namespace()
    namespace["check_inputs"] = partial(_check_inputs, program.inputs)
    names = [f"x[..., {i}]" for i in range(len(program.inputs))]
    names += [f"({_literal(c)})" for c in program.constants.tolist()]
    lines = []
    for at, line in enumerate(program, 1):
        lines.append(f"t{at} = {_expression(program, line, names, namespace)}")
        names.append(f"t{at}")
    outputs = ", ".join(f"jnp.broadcast_to({names[i]}, x.shape[:-1])" for i in program.outputs.tolist())
    body = ["x = jnp.asarray(x)", "check_inputs(x.shape)", *lines, f"return jnp.stack([{outputs}], axis=-1)"]
    return _define("f", "x", body, namespace)


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


JAX = Language(
    operators={**COMPARISONS, **ARITHMETIC, "remainder": "%"},
    conditional="where({condition}, {chosen}, {other})",
    assignment="{name} = {value}",
    literal=_literal,
    truth="{} != 0.0",
    number="where({}, 1.0, 0.0)",  # JAX neither negates nor subtracts truths
)


def _expression(program: Graph, line: Instruction, names: Sequence[str], namespace: dict[str, Any]) -> str:
    """An instruction; the functions that it calls are put into the namespace."""
    row, slot = line.operation
    operands = [names[i] for i in line.operands]
    summed = sum_source(line.operation, operands)
    if summed is not None:
        return summed
    if slot is None and row in _BY_OPERATOR:
        return source_of([Expression(row, *map(variable, operands))], JAX)[1][0]
    if slot is None:
        called, namespace[row] = row, value_of(row)
    else:
        component = program.component(line)
        called = f"{row}_slope{slot}" + (f"_of{len(operands) - 1}" if lookup(row).variadic else "")
        called += "" if component is None else f"_at{component:.0f}"
        namespace[called] = slope_of(row, slot, len(operands) - 1, component)
    return f"{called}({', '.join(operands)})"


# -- functions of rows ------------------------------------------------------------------------------


@cache
def value_of(row: str) -> Callable[..., Any]:
    """A row on JAX's arrays, with the row's own slopes for its derivative."""
    import jax

    primitive = lookup(row)
    if primitive.variadic:
        return _variadic(row)  # as careful as the row's own, and JAX's own derivative of it too
    value = jax.custom_jvp(_plain(primitive))

    def derivative(operands: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        y = value(*operands)
        total = jax.numpy.zeros_like(y)
        for slot, tangent in enumerate(tangents):
            if not isinstance(tangent, jax.custom_derivatives.SymbolicZero):
                total = total + slope_of(row, slot)(y, *operands) * tangent
        return y, total

    value.defjvp(derivative, symbolic_zeros=True)  # else the slope in a constant exponent, nan, would count
    function: Callable[..., Any] = value
    return function


@cache
def slope_of(row: str, slot: int, count: int = 0, component: float | None = None) -> Callable[..., Any]:
    """The slope along one operand, of (y, *operands); a row of many operands has `count`."""
    primitive = lookup(row)
    names = [f"x{i}" for i in range(count)] if primitive.variadic else list(primitive.operands)
    operands: list[Any] = [variable(name) for name in names]
    known = operands if component is None else [component, *operands[1:]]
    return _printed(f"{row}_slope", ["y", *names], primitive.slope_terms(known)[slot])


def _plain(primitive: Primitive) -> Callable[..., Any]:
    if isinstance(primitive.rule, Atom):
        return _atom(primitive.name)
    operands = [variable(name) for name in primitive.operands]
    return _printed(primitive.name, list(primitive.operands), primitive.value_term(operands))


def _printed(name: str, parameters: Sequence[str], term: Any) -> Callable[..., Any]:
    """A function of JAX's arrays from a rule."""
    namespace = _namespace()
    for called in rows_called([term], JAX):
        namespace[called] = value_of(called)
    assignments, (result,) = source_of([term], JAX)
    return _define(name, ", ".join(parameters), [*assignments, f"return {result}"], namespace)


def _atom(row: str) -> Callable[..., Any]:
    """JAX's own function for an atom."""
    import jax
    import jax.scipy.special as special

    own: dict[str, Callable[..., Any]] = {
        "erf": special.erf,
        "erfc": special.erfc,
        "lgamma": special.gammaln,
        "digamma": special.digamma,
        "polygamma": lambda n, x: special.polygamma(jax.numpy.asarray(n).astype(int), x),
    }
    if row in own:
        return own[row]
    if row not in _JAX_NUMPY:
        raise cannot_write(lookup(row), "JAX")
    function: Callable[..., Any] = getattr(jax.numpy, _JAX_NUMPY[row])
    return function


# -- rows of any number of operands -----------------------------------------------------------------


def _variadic(row: str) -> Callable[..., Any]:
    import jax.nn

    def stacked(xs: Sequence[Any]) -> Any:
        return jax.numpy.stack(jax.numpy.broadcast_arrays(*xs))

    functions: dict[str, Callable[..., Any]] = {
        "sum": lambda *xs: reduce(operator.add, xs, 0.0),
        "logsumexp": lambda *xs: jax.nn.logsumexp(stacked(xs), axis=0),
        "softmax": lambda i, *xs: jax.nn.softmax(stacked(xs), axis=0)[int(i)],
        "log_softmax": lambda i, *xs: jax.nn.log_softmax(stacked(xs), axis=0)[int(i)],
    }
    if row not in functions:
        raise cannot_write(lookup(row), "JAX")
    return functions[row]
