"""Which numbers are the same over whole stretches, and not on a surface alone: relu(x) and 0, max(a, b) and a.

Of every number of a program it is known, line by line, which constants and which other numbers it may stand on.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any, TypeAlias

from autograd.ops.expression import ADD, COMPARISONS, MULTIPLY, NEGATIVE, SUBTRACT, WHERE
from autograd.ops.primitive import lookup
from autograd.program.graph import GUARD, Graph, Instruction, Operation
from autograd.program.loops import Column, Final, Loop

Stands: TypeAlias = "frozenset[float | tuple[int] | str]"  # constants, (a number,), and WHOLE

WHOLE = "whole"  # any whole number
MANY = 64  # constants that are told apart
ROUNDS = 4  # of a body, in which what it carries is followed
_BOTH = frozenset({0.0, 1.0})
_FLAT: dict[str, Stands] = {
    **dict.fromkeys(COMPARISONS, _BOTH),
    "step": _BOTH,
    "sign": frozenset({-1.0, 0.0, 1.0}),
    **dict.fromkeys(("floor", "ceil", "trunc", "round", "floor_divide"), frozenset({WHOLE})),
}  # rows that have no other numbers than these
_STAYS_AT: dict[str, Stands] = {
    **dict.fromkeys(("maximum", "minimum", "clip", "hardtanh", "positive"), frozenset()),
    "relu": frozenset({0.0}),
    "relu6": frozenset({0.0, 6.0}),
}  # rows that are one of their operands, or one of these
_KEEPS_WHOLE = {ADD, SUBTRACT, MULTIPLY, NEGATIVE, "sum", "square"}


def stretches(program: Graph, inputs: Sequence[Stands] = ()) -> list[Stands]:
    """On what each number of a program may stand, at least; of its inputs that may be known."""
    found: list[Stands] = list(inputs) or [_itself(i) for i in range(len(program.inputs))]
    found += [frozenset({constant}) for constant in program.constants.tolist()]
    ends: dict[int, list[Stands]] = {}  # what loops carry and yield
    for line in program:
        operands = [found[i] for i in line.operands]
        if isinstance(line.operation, Loop):
            loop, operands = line.operation, operands[line.operation.counted :]
            runs = stretches(loop.body, entering(loop, operands))
            found.append(_itself(line.id))
            ends[line.id] = [_seen_outside(runs[i], loop, operands) for i in loop.body.outputs.tolist()]
        elif isinstance(line.operation, (Final, Column)):
            found.append(_itself(line.id).union(*ends[line.operands[0]][line.operation.k : line.operation.k + 1]))
        else:
            found.append(_of(line, operands))
    return found


def entering(loop: Loop, given: Sequence[Stands]) -> list[Stands]:
    """On what the inputs of a loop's body may stand, in any step, if what the loop is given stands so."""
    known = [_itself(i) | _constant(stands) for i, stands in enumerate(given)]
    known[: loop.carried] = [_constant(stands) or _itself(i) for i, stands in enumerate(given[: loop.carried])]
    for _ in range(ROUNDS):
        found = stretches(loop.body, known)
        after = [found[i] for i in loop.body.outputs.tolist()[: loop.carried]]
        merged = [_merged(one, other) for one, other in zip(known, after, strict=False)]
        if merged == known[: loop.carried]:
            break
        known[: loop.carried] = merged
    return known


def _merged(one: Stands, other: Stands) -> Stands:
    both = one | other
    return both if not all(map(_is_whole, both)) or one == both else frozenset({WHOLE})


def _seen_outside(stands: Stands, loop: Loop, given: Sequence[Stands]) -> Stands:
    """What a number of a body stands on, as numbers around the loop; of its own ones nothing is said."""
    shared = range(loop.carried, loop.carried + loop.shared)
    outside = [given[place[0]] for place in stands if isinstance(place, tuple) and place[0] in shared]
    return _constant(stands).union(*outside)


def _itself(i: int) -> Stands:
    return frozenset({(i,)})


def _constant(stands: Stands) -> Stands:
    return frozenset(place for place in stands if not isinstance(place, tuple))


def may_tie(row: str, operands: list[Stands]) -> bool:
    """Whether what a row compares may be the same over a whole stretch.

    >>> may_tie("greater", [frozenset({0.0, (1,)}), frozenset({0.0})])
    True
    """
    if row == "step":
        return 0.0 in operands[0] or WHOLE in operands[0]
    return row in COMPARISONS and _meet(*operands)


def _meet(a: Stands, b: Stands) -> bool:
    return not a.isdisjoint(b) or (WHOLE in a and any(map(_is_whole, b))) or (WHOLE in b and any(map(_is_whole, a)))


def _is_whole(place: Any) -> bool:
    return place == WHOLE or (isinstance(place, float) and place.is_integer())


def _of(line: Instruction, operands: list[Stands]) -> Stands:
    operation, itself = line.operation, _itself(line.id)
    if not isinstance(operation, Operation) or operation.slot is not None:
        return itself
    row = operation.row
    if row in _FLAT:
        return _FLAT[row]
    if row in (WHERE, GUARD.row):
        return _some(operands[1] | operands[2], itself)
    if row in _STAYS_AT:
        return _some(_STAYS_AT[row].union(*operands), itself)
    if row in _KEEPS_WHOLE and all(_is_whole(place) for each in operands for place in each):
        exact = _constants(row, operands)
        return exact if exact and len(exact) <= MANY else frozenset({WHOLE})
    found = _constants(row, operands)
    if row == MULTIPLY and any(0.0 in each for each in operands):
        found |= {0.0}
    if row == SUBTRACT and not operands[0].isdisjoint(operands[1]):
        found |= {0.0}
    is_constant = all(isinstance(place, float) for each in operands for place in each)
    return _some(found if is_constant and found else found | itself, itself)


def _constants(row: str, operands: list[Stands]) -> Stands:
    """What a row is where all of its operands stand on constants."""
    constants = [[place for place in each if isinstance(place, float)] for each in operands]
    if lookup(row).by_hand or not 0 < prod(map(len, constants)) <= MANY:
        return frozenset()
    return frozenset(float(lookup(row).float(*each)) for each in product(*constants))


def _some(found: Stands, itself: Stands) -> Stands:
    return found if len(found) <= MANY else itself
