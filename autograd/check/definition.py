"""What a row is by its definition, and what its slopes are by differences of that, to hundreds of digits."""

from __future__ import annotations

import builtins
import itertools
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from types import CodeType
from typing import Any

from autograd.errors import ArgumentError, MissingExtra
from autograd.ops import special
from autograd.ops.expression import Expression, variable, within
from autograd.ops.primitive import Atom, Primitive, lookup

try:
    import mpmath
    from mpmath import mp, mpf
except ImportError as error:
    raise MissingExtra("checking primitives needs mpmath, the extra `check`: pip install 'glassgrad[check]'") from error

DIGITS = 500  # softmax's tails are 1e-391, and the steps below lose 120 more
STEP = mpf(10) ** -60  # of the differences, relative to the operand; its square is the error
_CHOOSING = {
    "softmax",
    "log_softmax",
    "where",
    "guard",
    "take",
    "locate",
}  # whose first operand is an index, or a condition


def leading(row: Primitive) -> int:
    """How many operands come first that are no quantities: an index, a condition, orders of derivatives."""
    return row.orders or int(row.name in _CHOOSING)


def _trunc(x: Any) -> Any:
    return mpmath.sign(x) * mpmath.floor(abs(x))


def _bessely(n: int, x: Any) -> Any:
    return _second_kind(n, x, -1) if n in (0, 1) and 0 < x < 1500 else mpmath.bessely(n, x)


def _besselk(n: int, x: Any) -> Any:
    return _second_kind(n, x, 1) if n in (0, 1) and 0 < x < 1500 else mpmath.besselk(n, x)


def _second_kind(n: int, x: Any, sign: int) -> Any:
    """Kₙ (sign 1) or Yₙ (sign -1) by its series: mpmath's, by a limit in n, takes seconds for so many digits.

    DLMF 10.31.1 and 10.8.1; the terms grow as eˣ, and Kₙ falls as e⁻ˣ.
    """
    with mp.workdps(mp.dps + int(x) + 20):
        term, plain, weighted, weight = mpf(1), mpf(0), mpf(0), n - 2 * mp.euler
        k = 0
        while k < x or abs(term) * (k + x) > mp.eps:
            plain, weighted = plain + term, weighted + weight * term
            k += 1
            weight += mpf(1) / k + mpf(1) / (k + n)
            term *= sign * x * x / (4 * k * (k + n))
        log, pole, half = mp.log(x / 2), n / x, (x / 2) ** n
        if sign > 0:
            return pole + (-1) ** n * half * (weighted / 2 - log * plain)
        return (2 * (half * log * plain - pole) - half * weighted) / mp.pi


def along(f: Callable[[Any], Any], x: Any, order: int) -> Any:
    """A derivative by central differences, with as many digits more as they lose."""
    h = mpf(10) ** -100 * (abs(x) or 1)
    with mp.workdps(mp.dps + 100 * order):
        signed = (math.comb(order, k) * (-1) ** k * f(x + (order - 2 * k) * h / 2) for k in range(order + 1))
        return sum(signed, mpf(0)) / h**order


_MATHEMATICS = {name: getattr(mpmath, name) for name in dir(mpmath) if not name.startswith("_")} | {
    "trunc": _trunc, "abs": abs, "sum": builtins.sum, "max": max, "min": min, "zip": zip, "int": int, "len": len,
    "along": along, "bessely": _bessely, "besselk": _besselk,
}  # fmt: skip


def in_digits() -> AbstractContextManager[None]:
    """A block in which mpmath computes with so many digits."""
    block: AbstractContextManager[None] = mp.workdps(DIGITS)
    return block


def is_defined(row: Primitive) -> bool:
    """Whether there is something to hold a row's numbers against: a definition, or a rule that can be computed so."""
    return bool(row.definition) or not isinstance(row.rule, Atom)


def defined(row: Primitive, operands: Sequence[Any]) -> Any:
    """The row's definition at mpf operands; without one its rule, each operation by its own definition."""
    found = _by_rule(row, operands) if not row.definition else _by_definition(row, operands)
    return mpf(found) if not isinstance(found, mpmath.mpc) or found.imag == 0 else mpf("nan")


def _by_definition(row: Primitive, operands: Sequence[Any]) -> Any:
    try:
        return eval(_compiled(row.definition), _MATHEMATICS | names_of_operands(row, operands))
    except (NameError, TypeError) as error:
        raise ArgumentError(f"the definition of {row.title} cannot be computed with mpmath: {error}") from error


def _by_rule(row: Primitive, operands: Sequence[Any]) -> Any:
    names = [variable(f"x{i}") for i in range(len(operands))]
    term = row.value_term(names)
    known: dict[int, Any] = {}
    given = {name.name: x for name, x in zip(names, operands, strict=True)}
    for part in within([term]):
        inside = [known[id(o)] if isinstance(o, Expression) else mpf(o) for o in part.operands]
        known[id(part)] = defined(lookup(part.name), inside) if part.operands else given[part.name]
    return known[id(term)] if isinstance(term, Expression) else term


def names_of_operands(row: Primitive, operands: Sequence[Any]) -> dict[str, Any]:
    """The operands under the names that the definition calls them by."""
    if not row.variadic:
        return dict(zip(row.operands, operands, strict=True))
    if row.name == "dot":
        weights, inputs, bias = special.halves(operands)
        return {"ws": weights, "xs": inputs, "c": bias[0] if bias else 0}
    if row.reads_table:
        return {row.operands[0]: operands[0], row.operands[1]: operands[1:]}
    if leading(row):
        return {"i": int(operands[0]), "xs": operands[1:]}
    return {row.operands[0]: operands}


@cache
def _compiled(definition: str) -> CodeType:
    return compile(definition, "<definition>", "eval")


def precise(at: Sequence[float]) -> list[Any]:
    """The operands as exact mpf numbers."""
    return [mpf(x) for x in at]


def as_float(reference: Any) -> float:
    """The nearest float."""
    try:
        return float(reference)
    except OverflowError:
        return math.copysign(math.inf, reference)


# -- its derivatives --------------------------------------------------------------------------------


def _step(x: Any) -> Any:
    return STEP * (abs(x) if x else 1)


def _moved(at: Sequence[Any], *moves: tuple[int, Any]) -> list[Any]:
    point = list(at)
    for slot, h in moves:
        point[slot] += h
    return point


def reference_slope(row: Primitive, at: Sequence[Any], slot: int) -> Any:
    """∂row/∂operand by a central difference with steps of 1e-60."""
    h = _step(at[slot])
    above, below = (defined(row, _moved(at, (slot, move))) for move in (h, -h))
    return _without_noise((above - below) / (2 * h), max(abs(above), abs(below)) / h)


def reference_second(row: Primitive, at: Sequence[Any], slot: int, other: int) -> Any:
    """∂²row/∂operand∂other by central differences of the definition."""
    h, k = _step(at[slot]), _step(at[other])
    if slot == other:
        below, middle, above = (defined(row, _moved(at, (slot, move))) for move in (-h, 0, h))
        return _without_noise((above - 2 * middle + below) / h**2, max(abs(below), abs(middle), abs(above)) / h**2)
    signs = list(itertools.product((1, -1), repeat=2))
    values = [defined(row, _moved(at, (slot, s * h), (other, t * k))) for s, t in signs]
    total = sum((s * t * value for (s, t), value in zip(signs, values, strict=True)), mpf(0))
    return _without_noise(total / (4 * h * k), max(map(abs, values)) / (h * k))


def _without_noise(slope: Any, size: Any) -> Any:
    """0 where the slope is nothing but the rounding of the values it was subtracted from."""
    return mpf(0) if abs(slope) <= size * mpf(10) ** (10 - mp.dps) else slope
