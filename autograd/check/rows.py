"""What every row is held to: its definition to hundreds of digits, differences, its readings against each other.

Each check gives its answers one by one, right and wrong; the test of the table and `check_primitive` ask the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.chain import gradient
from autograd.check.definition import (
    as_float,
    defined,
    in_digits,
    is_defined,
    leading,
    precise,
    reference_second,
    reference_slope,
)
from autograd.ops.primitive import Atom, Primitive
from autograd.recorder import RECORDERS, record
from autograd.text import short
from autograd.value import Value

FEW_ULPS = 1e-14
_NOTHING = 1e-50  # what differences in 500 digits make of a derivative that is 0
Point = tuple[float, ...]


class Comparison(NamedTuple):
    """What a row said somewhere, what was expected, and whether the two agree."""

    said: str  # what was asked, as in "∂bell(0.5)/∂x as array"
    got: float | None
    expected: float | None
    agrees: bool
    by: str  # what says what is expected


Answers = Iterator[Comparison]


def close(got: float, expected: float, relative: float, absolute: float = 0.0) -> bool:
    """Whether two floats agree, nan with nan and inf with inf."""
    if math.isnan(expected) or math.isinf(expected):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    return abs(got - expected) <= relative * abs(expected) + absolute


def same(got: float | None, expected: float | None) -> bool:
    """Exactly equal: nan with nan, None with None."""
    if got is None or expected is None:
        return got is expected
    return got == expected or (got != got and expected != expected)


def differentiable(row: Primitive, at: Sequence[float]) -> list[int]:
    """The slots along which the row has a derivative: all but an index or a condition."""
    return list(range(leading(row), len(at)))


def leaves(row: Primitive, at: Sequence[float]) -> list[Any]:
    """The operands as Values, but for an index or a condition."""
    return [float(x) if i < leading(row) else Value(x) for i, x in enumerate(at)]


def _floats(at: Sequence[float]) -> Point:
    return tuple(map(float, at))


def value_at(row: Primitive, at: Sequence[float]) -> str:
    """As in bell(0.5)."""
    return f"{row.title}({short(', '.join(f'{float(x):.17g}' for x in at))})"


def slope_at(row: Primitive, at: Sequence[float], *slots: int) -> str:
    """As in ∂bell(0.5)/∂x, ∂²hyp(3, 4)/∂a∂b."""
    names = [row.operands[slot] if slot < len(row.operands) and not row.variadic else f"[{slot}]" for slot in slots]
    return f"∂{'²' if len(slots) > 1 else ''}{value_at(row, at)}/{''.join(f'∂{name}' for name in names)}"


# -- the checks, each of any row --------------------------------------------------------------------


def check_value(row: Primitive, relative: float = 2e-14) -> Answers:
    """The float reading agrees with the definition at every point."""
    by = "the definition" if row.definition else "the rule in 500 digits"
    with in_digits():
        for at in row.points if is_defined(row) else ():
            got, expected = row.float(*_floats(at)), as_float(defined(row, precise(at)))
            yield Comparison(value_at(row, at), got, expected, close(got, expected, relative), by)


def check_slopes(row: Primitive, relative: float = FEW_ULPS) -> Answers:
    """The float slopes agree with the derivative of the definition at every point."""
    with in_digits():
        for at in row.points if is_defined(row) else ():
            floats = _floats(at)
            slopes = row.float_slopes(row.float(*floats), *floats)
            if len(slopes) != len(at):
                yield Comparison(
                    f"how many slopes {value_at(row, at)} has", len(slopes), len(at), False, "its operands"
                )
                return
            for slot in differentiable(row, at):
                expected, got = as_float(reference_slope(row, precise(at), slot)), slopes[slot] or 0.0
                agrees = close(got, expected, relative) or (got == 0.0 and abs(expected) < _NOTHING)
                yield Comparison(slope_at(row, at, slot), got, expected, agrees, "differences of the definition")


def check_finite_differences(row: Primitive) -> Answers:
    """The float slopes agree with differences of the float values, to the digits these have."""
    for at in row.points:
        floats = _floats(at)
        slopes = row.float_slopes(row.float(*floats), *floats)
        for slot in differentiable(row, at):
            expected, rounding = _difference(row.float, floats, slot)
            got = slopes[slot] or 0.0
            agrees = close(got, expected, 1e-5, 10 * rounding + 1e-9)
            yield Comparison(slope_at(row, at, slot), got, expected, agrees, "differences of the values")


def _difference(f: Callable[..., float], at: Point, slot: int) -> tuple[float, float]:
    """The central difference of a function of floats, extrapolated once (Richardson), and its rounding."""
    differences = []
    for h in (1e-5 * (abs(at[slot]) or 1.0), 5e-6 * (abs(at[slot]) or 1.0)):
        up, down = list(at), list(at)
        up[slot] += h
        down[slot] -= h
        above, below = f(*up), f(*down)
        differences.append((above - below) / (up[slot] - down[slot]))
    rounding = max(abs(above), abs(below)) * 2.3e-16 / h
    return (4 * differences[1] - differences[0]) / 3, rounding


def check_second_derivatives(row: Primitive, relative: float = 1e-9) -> Answers:
    """The gradient as a graph, differentiated again, is the second derivative of the definition."""
    with in_digits():
        for at in row.points:
            nodes, slots = leaves(row, at), differentiable(row, at)
            first = gradient(record(row, tuple(nodes)), [nodes[slot] for slot in slots], as_graph=True)
            for slot, slope in zip(slots, first, strict=True):
                second = gradient(slope, [nodes[other] for other in slots])
                for other, got in zip(slots, second, strict=True):
                    yield _second(row, at, slot, other, got, relative)


def _second(row: Primitive, at: Point, slot: int, other: int, got: float, relative: float) -> Comparison:
    said = slope_at(row, at, slot, other)
    if is_defined(row):
        expected = as_float(reference_second(row, precise(at), slot, other))
        agrees = close(got, expected, relative, 1e-15 if abs(expected) < _NOTHING else 0.0)
        return Comparison(said, got, expected, agrees, "differences of the definition")

    def slope(*xs: float) -> float:
        return row.float_slopes(row.float(*xs), *xs)[slot] or 0.0

    expected, rounding = _difference(slope, _floats(at), other)
    return Comparison(
        said, got, expected, close(got, expected, 1e-5, 10 * rounding + 1e-9), "differences of the slopes"
    )


# -- its readings against each other ----------------------------------------------------------------

Reading = tuple[str, float, Sequence[float | None]]


def readings(row: Primitive, at: Sequence[float]) -> Iterator[Reading]:
    """(name of the reading, value, slopes) in every way the row can be read; floats all."""
    floats = _floats(at)
    y = row.float(*floats)
    yield "floats", y, row.float_slopes(y, *floats)
    node = record(row, tuple(leaves(row, floats)))
    yield "recorded", node.data, node.slopes
    arrays = [np.array([x, x]) for x in floats]
    if not leading(row):
        values = row.array(*arrays)
        slopes = row.array_slopes(values, *arrays)
        yield "array", float(values[1]), [None if s is None else float(np.broadcast_to(s, 2)[1]) for s in slopes]
    function: Any = RECORDERS.get(row.name)
    if function is not None and function.row is row:
        yield from _by_its_function(row, function, floats, y)


def _by_its_function(row: Primitive, function: Any, floats: Point, y: float) -> Iterator[Reading]:
    node = function(*leaves(row, floats))
    yield "recorder", node.data, node.slopes
    if row.variadic:
        return
    node = function(*[np.array([x, x], object) for x in leaves(row, floats)])[1]
    yield "array of Values", node.data, node.slopes
    slopes = row.float_slopes(y, *floats)
    for slot in differentiable(row, floats):  # among floats: the same slope, None along the others
        node = function(*[Value(x) if i == slot else x for i, x in enumerate(floats)])
        others = [s for i, s in enumerate(node.slopes) if i != slot]
        mine = [node.slopes[slot] if i == slot else s for i, s in enumerate(slopes)]
        is_clean = others == [None] * len(others)
        yield f"only operand {slot} a Value", node.data, mine if is_clean else [math.nan] * len(floats)


def check_readings_agree(row: Primitive) -> Answers:
    """float = recorded Value = array = array of Values; only a last digit of libm and NumPy may differ."""
    for at in (*row.points, *(edge.at for edge in row.edges)):
        (_, y, slopes), *others = readings(row, at)
        for reading, other, other_slopes in others:
            ulps, by = 4e-15 if reading == "array" else 0.0, "the floats"
            yield Comparison(f"{value_at(row, at)} as {reading}", other, y, close(other, y, ulps), by)
            for slot, (s, t) in enumerate(zip(slopes, other_slopes, strict=True)):
                s, t = (0.0 if x is None and reading == "array" else x for x in (s, t))
                agrees = same(s, t) or (s is not None and t is not None and close(t, s, ulps))
                yield Comparison(f"{slope_at(row, at, slot)} as {reading}", t, s, agrees, by)


def check_edges(row: Primitive) -> Answers:
    """At its edges every reading of the row says what the row says, exactly."""
    for edge in row.edges:
        for reading, y, slopes in readings(row, edge.at):
            agrees = same(y, edge.value) or close(y, edge.value, 2.3e-16)
            yield Comparison(f"{value_at(row, edge.at)} as {reading}", y, edge.value, agrees, "the edge")
            for slot, (got, expected) in enumerate(zip(slopes, edge.slopes, strict=True)):
                if expected is not None:
                    agrees = same(got, expected) or (got is not None and close(got, expected, 2.3e-16))
                    yield Comparison(f"{slope_at(row, edge.at, slot)} as {reading}", got, expected, agrees, "the edge")


def check_textbook(row: Primitive) -> Answers:
    """What a book prints and what is computed agree at moderate points, by every digit a book's form keeps."""
    for at in row.points if row.textbook is not None else ():
        floats = _floats(at)
        if all(1e-4 <= abs(x) <= 10 for x in floats):
            y = row.float(*floats)
            printed: Any = row.textbook(y, *floats)  # type: ignore[misc]  # it has one
            listed = printed if isinstance(printed, tuple) else (printed,)
            for slot, (ours, theirs) in enumerate(zip(row.float_slopes(y, *floats), listed, strict=True)):
                ours, theirs = ours or 0.0, theirs or 0.0
                agrees = close(theirs, ours, 1e-10)
                yield Comparison(f"{slope_at(row, at, slot)} by the textbook", theirs, ours, agrees, "slopes")


def check_portable(row: Primitive, relative: float = 2e-14) -> Answers:
    """The rule by which an Atom is exported says what its function says."""
    rule = row.rule.portable if isinstance(row.rule, Atom) else None
    for at in row.points if rule is not None else ():
        with np.errstate(all="ignore"):
            got: Any = rule(*map(np.float64, at))  # type: ignore[misc]  # there is one
        if got is not None:
            got, expected = float(got), row.float(*_floats(at))
            agrees = close(got, expected, relative)
            yield Comparison(f"{value_at(row, at)} by its portable rule", got, expected, agrees, "the function")


BISECTIONS = 60
BESIDE = (1e-6, 1e-6 / 64)  # of a line between two points: how far beside a boundary the row is asked


def check_boundaries(row: Primitive) -> Answers:
    """Where a term of `kinks` changes its sign between two points the slopes jump, of `jumps` the value does."""
    for is_jump, part in enumerate(("kinks", "jumps")):
        for slot in range(len(row.boundaries(*_floats(row.points[0]))[is_jump])):
            said = f"the {part} of {row.title}, term {slot + 1}, at {{}}"
            line = _line_through(row, is_jump, slot)
            if line is None:
                yield Comparison(
                    said.format("no point"), None, 0.0, False, "points on both sides of it, of which there are none"
                )
                continue
            below, above = _between(row, is_jump, slot, *line)
            jump, across = _jump(row, is_jump, below, above)
            yield Comparison(
                said.format(short(str(tuple(map(float, above))))), jump, across, jump > 0.5 * across > 0.0, "a jump"
            )


def _term(row: Primitive, is_jump: int, slot: int, at: Any) -> float:
    return float(row.boundaries(*map(float, at))[is_jump][slot])


def _line_through(row: Primitive, is_jump: int, slot: int) -> tuple[Any, Any] | None:
    """Two points on both sides of a boundary."""
    signs = [(_term(row, is_jump, slot, at), np.array(_floats(at))) for at in row.points]
    below = next((at for term, at in signs if term < 0.0), None)
    above = next((at for term, at in signs if term > 0.0), None)
    return None if below is None or above is None else (below, above)


def _between(row: Primitive, is_jump: int, slot: int, below: Any, above: Any) -> tuple[Any, Any]:
    """Two points right beside a boundary on a line, as near as floats are."""
    for _ in range(BISECTIONS):
        middle = 0.5 * (below + above)
        below, above = (below, middle) if _term(row, is_jump, slot, middle) > 0.0 else (middle, above)
    return below, above


def _jump(row: Primitive, is_jump: int, below: Any, above: Any) -> tuple[float, float]:
    """By how much the value or the slopes differ near a boundary, and farther from it."""
    scale = np.maximum(np.abs(above), 1.0)
    far, near = (
        [_asked(row, is_jump, at + size * sign * scale) for sign, at in ((-1, below), (1, above))] for size in BESIDE
    )
    return float(np.abs(near[1] - near[0]).max()), float(np.abs(far[1] - far[0]).max())


def _asked(row: Primitive, is_jump: int, at: Any) -> Any:
    """The value at a point, or the slopes."""
    y = row.float(*at.tolist())
    return np.array([y] if is_jump else [slope or 0.0 for slope in row.float_slopes(y, *at.tolist())])


Check = Callable[[Primitive], Answers]
CHECKS: dict[str, Check] = {
    "value": check_value,
    "slopes": check_slopes,
    "differences": check_finite_differences,
    "second slopes": check_second_derivatives,
    "readings": check_readings_agree,
    "edges": check_edges,
    "textbook": check_textbook,
    "portable rule": check_portable,
}
