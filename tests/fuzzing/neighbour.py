"""The same text read by JAX in 64 bits: a second opinion on what is right, and on programs exported to it.

JAX has other conventions in places: it counts the branch of a `where` that is not taken with 0 times its
slope, which is nan if that is infinite; it has fewer rows, and its polygamma, the slope of digamma, is not
right left of 0.  What it cannot read or has no number for is counted with the reason, and not compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from tests.fuzzing import trees
from tests.fuzzing.batches import Looped
from tests.fuzzing.oracle import Expected

NUMPY = """add subtract multiply divide power negative remainder fmod floor_divide square reciprocal sqrt cbrt hypot exp
expm1 exp2 log log1p log2 log10 logaddexp sin cos tan asin acos atan atan2 sinc degrees radians sinh cosh tanh asinh
acosh atanh abs sign floor ceil trunc round maximum minimum""".split()
NN = "sigmoid softplus relu leaky_relu elu selu celu silu mish relu6".split()
SPECIAL = "erf erfc xlogy".split()


class Refused(Exception):
    """Why JAX is not asked."""


class Jax:
    """Compares one question of so many, since JAX takes its time."""

    def __init__(self, one_of: int = 3) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self._names = _namespace(jax)
        self._asked, self._one_of = 0, one_of

    def compare(self, question: Any, right: Expected, tally: Any) -> None:
        """JAX's reading, and the exported program, held against what is right."""
        self._asked += 1
        if self._asked % self._one_of:
            return
        self._reading(question, right, tally)
        if question.kind == "value" and question.case.recordable:
            self._export(question, right, tally)

    def finish(self, tally: Any) -> None:
        """Nothing is left over."""

    def _reading(self, question: Any, right: Expected, tally: Any) -> None:
        try:
            got = [float(x) for x in trees.leaves(self._answer(question.case, question.text), right.tree)]
        except Refused as why:
            tally.skipped[f"JAX: {why}"] += 1
        except Exception as error:
            tally.skipped[f"JAX: cannot read it, {type(error).__name__}"] += 1
        else:
            _count(question, "JAX", right, got, tally)

    def _answer(self, case: Any, text: str) -> Any:
        names = {**self._names, **{name: _arrays(thing) for name, thing in case.bindings().items()}}
        exec(case.source, names)
        names["f"] = names["make"](*case.captured.values())
        return eval(text, names)

    def _export(self, question: Any, right: Expected, tally: Any) -> None:
        """The value and, of one number, the gradient of the program that `to_jax` makes."""
        from tests.fuzzing.hunt import answered, said

        case = question.case
        if case.captured:
            return
        try:
            program = answered(case, "compile(f).record(*args)")
            got = np.asarray(program.to_jax()(np.array(trees.leaves(case.args), float))).tolist()
        except Exception as error:
            got = said(error)
        _count(question, "to_jax", right, got, tally)


def _count(question: Any, name: str, right: Expected, got: Any, tally: Any) -> None:
    from tests.fuzzing.hunt import Difference, Way, oracle_text

    if not isinstance(got, str) and any(map(math.isnan, got)) and not any(map(math.isnan, right.numbers)):
        tally.skipped[f"{name}: nan, as JAX counts the branch of a where that is not taken"] += 1
        return
    tally.compared[f"{question.kind} | {name}"] += 1
    tally.numbers += len(right.numbers)
    near = not isinstance(got, str) and len(got) == len(right.numbers) and all(
        (math.isnan(a) and math.isnan(b)) or abs(a - b) <= 10 * t + 1e-9 * abs(b) + 1e-12
        for a, b, t in zip(got, right.numbers, right.tolerances, strict=True)
    )  # fmt: skip
    if not near:
        tally.add(Difference(question, Way(name, question.text), str(got), oracle_text(right)))


def _arrays(thing: Any) -> Any:
    import jax.numpy as jnp

    if trees.is_container(thing):
        return trees.mapped(_arrays, thing)
    return jnp.asarray(thing, float)


# -- the names --------------------------------------------------------------------------------------


def _lacking(name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise Refused(f"has no {name}")

    return refuse


def _comparison(jnp: Any, name: str) -> Callable[..., Any]:
    """1 where it holds, else 0, in 64 bits."""
    return lambda a, b: jnp.where(getattr(jnp, name)(a, b), 1.0, 0.0)


def _namespace(jax: Any) -> dict[str, Any]:
    from autograd.ops.primitive import TABLE

    jnp = jax.numpy
    found = {name: _lacking(name) for row in TABLE.values() for name in (row.name, *row.aliases)}
    found |= {name: getattr(jnp, name) for name in NUMPY}
    found |= {name: getattr(jax.nn, name) for name in NN}
    found |= {name: getattr(jax.scipy.special, name) for name in SPECIAL}
    found |= {name: _comparison(jnp, name) for name in ("less", "less_equal", "greater", "greater_equal", "equal")}
    found |= _vectors(jax) | _transforms(jax)
    found |= {
        "np": jnp, "logsigmoid": jax.nn.log_sigmoid, "softsign": jax.nn.soft_sign,
        "positive": lambda x: x, "clip": lambda x, low, high: jnp.where(x > high, high, jnp.where(x < low, low, x)),
        "gelu": lambda x: jax.nn.gelu(x, approximate=False), "gelu_tanh": lambda x: jax.nn.gelu(x, approximate=True),
        "prelu": lambda x, a: jnp.where(x > 0, x, a * x),
        "rrelu": lambda x, low, high, _: jnp.where(x > 0, x, (low + high) / 2 * x),
        "where": lambda c, a, b: jnp.where(jnp.asarray(c) != 0, a, b),
    }  # fmt: skip
    return found


def _vectors(jax: Any) -> dict[str, Any]:
    jnp = jax.numpy

    def vector(xs: Any) -> Any:
        return jnp.stack([jnp.asarray(x, float) for x in xs]) if isinstance(xs, (list, tuple)) else xs

    return {
        "sum": lambda xs: jnp.sum(vector(xs)),
        "dot": lambda w, x, b=0.0: jnp.sum(vector(w) * vector(x)) + b,
        "logsumexp": lambda xs: jax.nn.logsumexp(vector(xs)),
        "softmax": lambda xs: jax.nn.softmax(vector(xs)),
        "log_softmax": lambda xs: jax.nn.log_softmax(vector(xs)),
        "take": lambda i, xs: vector(xs)[jnp.asarray(i).astype(int)],
        "matmul": lambda a, b: jnp.asarray(a) @ jnp.asarray(b),
        "total": lambda thing: reduce(lambda t, x: t + x * x, trees.leaves(thing), 0.0),
    }


def _loops(jax: Any, floats: Callable[[Any], Any]) -> dict[str, Any]:
    """JAX's own, whose numbers are all of 64 bits; a list of rows is an array there."""

    def rows(xs: Any) -> Any:
        return (
            {key: rows(part) for key, part in xs.items()} if isinstance(xs, dict) else jax.numpy.stack(floats(list(xs)))
        )

    def scan(f: Callable[..., Any], carry: Any, xs: Any = None, length: Any = None) -> Any:
        xs = xs if xs is None else rows(xs)
        return jax.lax.scan(lambda carry, x: floats(f(carry, x)), floats(carry), xs, length)

    def fori_loop(lower: int, upper: int, body: Callable[..., Any], carry: Any) -> Any:
        return jax.lax.fori_loop(lower, upper, lambda i, x: floats(body(i, x)), floats(carry))

    def while_loop(cond: Callable[..., Any], body: Callable[..., Any], carry: Any, max_steps: int) -> Any:
        for _ in range(max_steps):  # JAX has no derivative backwards through its own
            if not cond(carry):
                break
            carry = body(carry)
        return carry

    def vmap(f: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
        return lambda *args: jax.vmap(lambda *row: floats(f(*row)), in_axes)(*floats(args))

    solved = {name: _lacking(name) for name in ("root", "fixed_point", "minimize")}
    return {"scan": scan, "fori_loop": fori_loop, "while_loop": while_loop, "vmap": vmap} | solved


def _transforms(jax: Any) -> dict[str, Any]:
    def floats(thing: Any) -> Any:
        return jax.tree_util.tree_map(lambda x: jax.numpy.asarray(x, float), thing)

    def on_floats(transform: Callable[..., Any]) -> Callable[..., Any]:
        def made(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
            return lambda *args: transform(lambda *a: floats(f(*a)), argnums)(*floats(args))

        return made

    def jvp(f: Callable[..., Any], primals: Sequence[Any], along: Sequence[Any]) -> Any:
        return jax.jvp(lambda *a: floats(f(*a)), floats(tuple(primals)), floats(tuple(along)))

    def vjp(f: Callable[..., Any], *primals: Any) -> Any:
        answer, pull = jax.vjp(lambda *a: floats(f(*a)), *floats(primals))
        return answer, lambda weights: pull(floats(weights))

    found = {name: on_floats(getattr(jax, name)) for name in ("grad", "value_and_grad", "jacobian", "hessian")}

    def hvp(f: Callable[..., Any], primals: Sequence[Any], along: Sequence[Any]) -> Any:
        return jvp(found["grad"](f, tuple(range(len(primals)))), primals, along)[1]

    found |= {"jvp": jvp, "vjp": vjp, "hvp": hvp}
    stop = jax.lax.stop_gradient
    return found | _loops(jax, floats) | {
        "compile": lambda f, backend=None, **options: Looped(found, f, **options),
        "detach": lambda x: stop(jax.numpy.asarray(x, float)), "frozen": lambda f: stop(jax.numpy.asarray(f(), float)),
        "scoped": lambda f: f(),
    }  # fmt: skip
