"""Integrals over u from 0 to ∞ of what falls from its start: by 32 nodes, always the same, so that nothing is chosen.

Gauss's and Legendre's nodes in τ, with u = -8·ln(1 - κτ), which packs the far end of a slow fall and is a straight
line for a quick one; κ is so that the last u is the `reach`.  What functions of u are small near 0 is made of
d = -κτ by additions of one sign: (1 + d)²ᵐ - 1 - 2md from (1 + d)ᵐ - 1 - md, so that nothing cancels.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from autograd.ops.expression import ADD, Expression, variable
from autograd.ops.numbers import polynomial, where
from autograd.ops.primitive import Atom, Rule, lookup

NODES = (0.0013680690752592183, 0.007194244227365833, 0.017618872206246784, 0.03254696203113015, 0.05183942211697394,
         0.07531619313371501, 0.1027581020160288, 0.13390894062985517, 0.1684778665348924, 0.20614212137961885,
         0.2465500455338853, 0.2893243619346823, 0.33406569885893617, 0.38035631887393145, 0.42776401920860174,
         0.4758461671561308, 0.5241538328438692, 0.5722359807913983, 0.6196436811260685, 0.6659343011410638,
         0.7106756380653176, 0.7534499544661147, 0.7938578786203812, 0.8315221334651076, 0.8660910593701449,
         0.8972418979839712, 0.9246838068662849, 0.9481605778830261, 0.9674530379688698, 0.9823811277937532,
         0.9928057557726342, 0.9986319309247408)  # fmt: skip
WEIGHTS = (0.003509305004735048, 0.008137197365452835, 0.01269603265463103, 0.017136931456510716,
         0.02141794901111334, 0.025499029631188087, 0.029342046739267772, 0.032911111388180925, 0.03617289705442425,
         0.039096947893535156, 0.041655962113473374, 0.043826046502201906, 0.045586939347881945, 0.04692219954040228,
         0.04781936003963743, 0.0482700442573639, 0.0482700442573639, 0.04781936003963743, 0.04692219954040228,
         0.045586939347881945, 0.043826046502201906, 0.041655962113473374, 0.039096947893535156, 0.03617289705442425,
         0.032911111388180925, 0.029342046739267772, 0.025499029631188087, 0.02141794901111334, 0.017136931456510716,
         0.01269603265463103, 0.008137197365452835, 0.003509305004735048)  # fmt: skip
_NODES, _WEIGHTS = np.array(NODES), np.array(WEIGHTS)
LEAST = 38.0  # e⁻³⁸ of the start is nothing
_BLOCK = 256  # elements of an array at once, with which all that is made of them stays in cache
_ODD = tuple(1.0 / (2 * k + 3) for k in range(8))


def exp(x: Any) -> Any:
    """eˣ, of nodes by the shortest way."""
    return np.exp(x) if isinstance(x, np.ndarray) else lookup("exp")(x)


def log1p(x: Any) -> Any:
    """ln(1 + x), so too."""
    return np.log1p(x) if isinstance(x, np.ndarray) else lookup("log1p")(x)


class Abscissa(NamedTuple):
    """Where an integrand is asked, and how much it counts there."""

    u: Any
    bend: Any  # e⁻ᵘ - 1 + u
    fall: Any  # e⁻ᵘ - 1
    left: Any  # e⁻ᵘ
    weight: Any


class Sums:
    """Integrals of what one node says, over the same nodes: `parts` in letters, for who can loop, or written out.

    The letters are t and w, the node's, and g0, g1, …, which stand for what is `given`.
    """

    def __init__(self, integrands: Callable[..., Sequence[Any]], given: Sequence[Any]) -> None:
        self._integrands, self.given = integrands, given
        letters = [variable(f"g{i}") for i in range(len(given))]
        self.parts = self._at(variable("t"), variable("w"), letters)
        self._columns: list[Any] = []

    def _at(self, t: Any, w: Any, given: Sequence[Any]) -> list[Any]:
        return _weighted(self._integrands, given[0], t, w, given[1:])

    def written_out(self, slot: int) -> Expression:
        """One of the integrals, term by term."""
        if not self._columns:
            each = [self._at(t, w, self.given) for t, w in zip(NODES, WEIGHTS, strict=True)]
            self._columns = [reduce(operator.add, column) for column in zip(*each, strict=True)]
        found: Expression = self._columns[slot]
        return found


class Integral(Expression):
    """One of some sums; to who reads its operands the last addition of it."""

    __slots__ = ("slot", "sums")

    def __init__(self, sums: Sums, slot: int) -> None:
        self.name, self.sums, self.slot = ADD, sums, slot

    @property
    def operands(self) -> tuple[Any, ...]:  # type: ignore[override]  # written out when somebody looks
        return self.sums.written_out(self.slot).operands


def integrals(integrands: Callable[..., Sequence[Any]], reach: Any, *operands: Any) -> list[Any]:
    """∫ of each of the integrands, which are functions of a `Abscissa` and the operands; of Expressions `Integral`s."""
    if any(isinstance(operand, Expression) for operand in operands):
        sums = Sums(integrands, [_scale(reach), *operands])
        return [Integral(sums, slot) for slot in range(len(sums.parts))]
    reach, *spread = (x[..., None] if isinstance(x, np.ndarray) else x for x in (reach, *operands))
    return [part.sum(axis=-1) for part in _weighted(integrands, _scale(reach), _NODES, _WEIGHTS, spread)]


def _weighted(
    integrands: Callable[..., Sequence[Any]], scale: Any, t: Any, w: Any, operands: Sequence[Any]
) -> list[Any]:
    node = _node(scale, t, w)
    return [node.weight * part for part in integrands(node, *operands)]


def _scale(reach: Any) -> Any:
    """κ"""
    return -lookup("expm1")(-0.125 * reach)


def _node(scale: Any, t: Any, w: Any) -> Abscissa:
    d = -(scale * t)
    bow = log1p_bow(d)
    twice = d * d
    fourfold = _doubled(twice, 2.0 * d)
    rest = _doubled(fourfold, 4.0 * d)
    square = (1.0 + d) * (1.0 + d)
    left = square * square * (square * square)
    return Abscissa(8.0 * (bow - d), 8.0 * bow + rest, 8.0 * d + rest, left, 8.0 * w * scale / (1.0 + d))


def _doubled(rest: Any, linear: Any) -> Any:
    """Of (1 + linear + rest)² what is above 1 + 2·linear."""
    return 2.0 * rest + (linear + rest) * (linear + rest)


def log1p_bow(t: Any) -> Any:
    """t - ln(1 + t) without cancellation, t > -1."""
    near = abs(t) < 0.1 if isinstance(t, np.ndarray) else lookup("abs")(t) < 0.1
    v = where(near, t / (2.0 + t), 0.0)
    series = t * v - 2.0 * (v * v * v) * polynomial(_ODD[:6], v * v)
    return where(near, series, t - log1p(t))


def log_ratio(p: Any, q: Any) -> tuple[Any, Any]:
    """(ln(p/q), p·ln(p/q) - p + q), both without cancellation where p and q, above 0, are near each other."""
    v = (0.5 * p - 0.5 * q) / (0.5 * p + 0.5 * q)
    near = lookup("abs")(v) < 0.125
    v = where(near, v, 0.0)
    cube = 2.0 * (v * v * v) * polynomial(_ODD, v * v)
    far = lookup("log")(p / q)
    return where(near, 2.0 * v + cube, far), where(near, (p - q) * v + p * cube, p * far - p + q)


def by_nodes(rule: Rule) -> Atom:
    """A rule with `integrals` in it: on floats its nodes are an array, of arrays a few elements are taken at once."""
    return Atom(_of_floats(rule), _in_blocks(rule), rule)


def _of_floats(rule: Rule) -> Rule:
    def function(*operands: float) -> float:
        with np.errstate(all="ignore"):
            return float(rule(*operands))

    return function


def _in_blocks(rule: Rule) -> Rule:
    def array(*operands: Any) -> Any:
        shape = np.broadcast_shapes(*map(np.shape, operands))
        flat: list[Any] = [np.broadcast_to(x, shape).reshape(-1) if np.ndim(x) else np.float64(x) for x in operands]
        found = np.empty(math.prod(shape))
        for start in range(0, len(found), _BLOCK):
            found[start : start + _BLOCK] = rule(*(x[start : start + _BLOCK] if np.ndim(x) else x for x in flat))
        return found.reshape(shape)[()]

    return array
