"""Curves and surfaces through points: piecewise linear and cubic, by looking up in tables.

    cubic, pchip, akima    a `Spline` through points (x[i], y[i])
    bilinear, bicubic      a `Surface` through points (x[i], y[j], z[i][j]) of a rectangular grid

The grid is of plain numbers.  What stands on it may be Values too, along which derivatives are exact; so are those
along where the curve is asked, to any order, at a knot those from the right.  Beyond the ends the polynomials there
go on, as in SciPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np

from autograd import functions as f
from autograd.array import refuse_masked
from autograd.errors import ArgumentError, OperandError
from autograd.symbol import Symbol
from autograd.tables import (
    Entries,
    are_floats,
    as_array,
    at_each,
    entries_of,
    interval_of,
    one_or_array,
    taken,
)
from autograd.text import quoted
from autograd.value import Value, number

Numbers = Sequence[Any]  # floats and Values
Slopes = Callable[[Sequence[float], Numbers], Numbers]  # (h, y) → how steep the curve is at each knot
_NOT_A_KNOT, _NATURAL, _CLAMPED, _PERIODIC = "not-a-knot", "natural", "clamped", "periodic"
BOUNDARIES = (_NOT_A_KNOT, _NATURAL, _CLAMPED, _PERIODIC)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None) -> Any:
    """NumPy's `interp`: straight lines between the points (xp[i], fp[i]), level beyond the ends.

    Args:
        x: a number, a Value, or an array of such
        xp: increasing numbers; with a period in any order
        fp: as many numbers or Values
        left: what holds below xp[0], instead of fp[0]
        right: what holds above xp[-1], instead of fp[-1]
        period: after which everything comes again; a last point that is the first one a period later may be given

    >>> from autograd import Value
    >>> y = interp(Value(2.5), [1.0, 2.0, 3.0], [3.0, 2.0, 0.0])
    >>> y.data
    1.0

    Raises:
        ArgumentError: for points that do not increase, are not finite, or are not as many as values
        OperandError: for what is not a number
    """
    knots, values = _points("interp", xp, fp, 1, in_order=period is None)
    if period is not None:
        return _periodic_interp(x, knots, values, period)
    line = _lines(knots, values)
    below = values[0] if left is None else _number(left, "left")
    above = values[-1] if right is None else _number(right, "right")

    def at(x: Any) -> Any:
        inside = line(x) if len(knots) > 1 else values[0]
        last = f.where(f.greater(x, knots[-1]), above, values[-1])
        return f.where(f.less(x, knots[0]), below, f.where(f.greater_equal(x, knots[-1]), last, inside))

    return _at_each(at, x, "interp", are_floats((*values, below, above)))


def _periodic_interp(x: Any, knots: Entries, values: Entries, period: float) -> Any:
    span = abs(number(period, "a period"))
    if not 0.0 < span < math.inf:
        raise ArgumentError(f"the period of interp is a number other than 0, got {quoted(period)}")
    points = _once(sorted(zip([knot % span for knot in knots], knots, values, strict=True), key=itemgetter(0)), period)
    (first, low), (last, high) = points[0], points[-1]
    points = [(last - span, high), *points, (first + span, low)]
    xp = _increasing("interp", tuple([at for at, _ in points]))
    fp = tuple([value for _, value in points])
    line = _lines(xp, fp)
    return _at_each(lambda x: line(x % span), x, "interp", are_floats(fp))


def _once(points: Sequence[tuple[float, float, Any]], period: float) -> list[tuple[float, Any]]:
    """The points in a period, those once that close the curve with the number it begins with."""
    for (at, knot, value), (at_next, other, value_next) in pairwise(points):
        if at == at_next and not (are_floats((value, value_next)) and value == value_next):
            raise ArgumentError(
                f"the knots {knot!r} and {other!r} of interp fall together under period={period!r}: give one of them, "
                "or the same plain number on both"
            )
    return list({at: (at, value) for at, _, value in reversed(points)}.values())[::-1]


def _lines(knots: Entries, values: Entries) -> Callable[[Any], Any]:
    """The straight lines between points, as a function."""
    finite = all(isinstance(value, Value) or math.isfinite(value) for value in values)
    return lambda x: (_line if finite else _line_at_infinity)(x, knots, values)


def _line(x: Any, knots: Entries, values: Entries) -> Any:
    """On the straight line between the two points that x lies between."""
    k = interval_of(x, knots)
    first, start = taken(k, values), taken(k, knots)
    return (taken(k + 1.0, values) - first) / (taken(k + 1.0, knots) - start) * (x - start) + first


@np.errstate(all="ignore")  # nan and inf are answers here, not warnings
def _line_at_infinity(x: Any, knots: Entries, values: Entries) -> Any:
    """The same where plain values are not finite: what is nan from 0·∞ and ∞ - ∞ is what NumPy makes of it."""
    k = interval_of(x, knots)
    (first, start), (last, end) = ((taken(at, values), taken(at, knots)) for at in (k, k + 1.0))
    steep = (last - first) / (end - start)
    line, back = steep * (x - start) + first, steep * (x - end) + last
    leap = f.where(
        f.equal(steep, steep), f.sign(steep) * f.sqrt(x - start), 0.0
    )  # 0 at the knot, with an infinite slope
    beside = f.where(f.equal(first, last), first, f.where(f.equal(x, start), first + leap, back))
    return f.where(f.equal(line, line), line, beside)


# -- curves -----------------------------------------------------------------------------------------


class Spline:
    """A curve of cubic pieces: called with a number, a Value or an array of such, it answers in kind.

    >>> from autograd import grad
    >>> s = cubic([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 8.0, 27.0])
    >>> round(s(1.5), 9), round(grad(s)(1.5), 9)
    (3.375, 6.75)

    Attributes:
        knots: where the pieces begin, and the last one ends
        coefficients: those of 1, x, x² and x³ of each piece, x counted from its beginning
    """

    def __init__(self, knots: Entries, values: Entries, slopes: Numbers, period: float | None = None) -> None:
        pieces = zip(pairwise(knots), pairwise(values), pairwise(slopes), strict=True)
        self.knots = knots
        self.coefficients = tuple(zip(*[_piece(b - a, *y, *s) for (a, b), y, s in pieces], strict=True))
        self._period = period
        self._known = all(map(are_floats, self.coefficients))

    def __call__(self, x: Any) -> Any:
        return _at_each(self._at, x, "a spline", self._known)

    def _at(self, x: Any) -> Any:
        if self._period is not None:
            x = (x - self.knots[0]) % self._period + self.knots[0]
        k = interval_of(x, self.knots)
        along = x - taken(k, self.knots)
        *lower, highest = [taken(k, each) for each in self.coefficients]
        return reduce(lambda total, c: total * along + c, reversed(lower), highest)

    def __repr__(self) -> str:
        return f"<spline through {len(self.knots):,} points from {self.knots[0]!r} to {self.knots[-1]!r}>"


def _piece(h: float, y: Any, y_end: Any, slope: Any, slope_end: Any) -> tuple[Any, Any, Any, Any]:
    """The coefficients of the cubic that has these values and slopes at its ends."""
    rise = (y_end - y) / h
    bend = (slope + slope_end - 2.0 * rise) / h
    return y, slope, (rise - slope) / h - bend, bend / h


def cubic(x: Any, y: Any, bc_type: Any = _NOT_A_KNOT) -> Spline:
    """The curve through points that is smooth up to its second derivative, as SciPy's `CubicSpline`.

    Args:
        x: at least two increasing numbers
        y: as many numbers or Values
        bc_type: what holds at the ends: "not-a-knot" (the first two pieces are one cubic, and the last two), "natural"
            (no curvature), "clamped" (level), "periodic" (the end goes on as the beginning), or for each end one of
            the first three, or (1, slope) or (2, curvature)

    >>> cubic([0.0, 1.0, 2.0], [0.0, 1.0, 0.0], bc_type="natural")(0.5)
    0.6875

    Raises:
        ArgumentError: for points that do not increase, are not finite or too few, or are not as many as values; for
            other boundaries; for a periodic curve that does not end as it begins
        OperandError: for what is not a number
    """
    ends = _boundaries(bc_type)
    knots, values = _points("cubic", x, y, 3 if ends is None else 2)
    if ends is not None:
        return Spline(knots, values, _cubic_slopes(_steps(knots), values, *ends))
    _check_closed(values[0], values[-1])
    return Spline(knots, values, _periodic_slopes(_steps(knots), values), knots[-1] - knots[0])


def _check_closed(first: Any, last: Any) -> None:
    """Raise ArgumentError unless the numbers are the same, as far as they are known."""
    if isinstance(first, Symbol) or isinstance(last, Symbol):
        return
    begins, ends = (y.data if isinstance(y, Value) else y for y in (first, last))
    if abs(ends - begins) > 1e-15 * max(1.0, abs(begins)):
        raise ArgumentError(f"a periodic curve ends as it begins, got {begins!r} first and {ends!r} last")


def pchip(x: Any, y: Any) -> Spline:
    """The curve through points that rises and falls only where they do, as SciPy's `PchipInterpolator`.

    Args and errors are those of `cubic`.

    >>> pchip([0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 1.0, 1.0])(2.5)
    1.0
    """
    knots, values = _points("pchip", x, y, 2)
    return Spline(knots, values, _pchip_slopes(_steps(knots), values))


def akima(x: Any, y: Any) -> Spline:
    """The curve through points that an outlier bends only nearby, as SciPy's `Akima1DInterpolator`.

    Args and errors are those of `cubic`; beyond the ends the last pieces go on.

    >>> akima([0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 1.0, 1.0])(0.5)
    0.0
    """
    knots, values = _points("akima", x, y, 2)
    return Spline(knots, values, _akima_slopes(_steps(knots), values))


# -- how steep they are at the knots ----------------------------------------------------------------


def _rises(h: Sequence[float], y: Numbers) -> list[Any]:
    """How steep the straight lines between the points are."""
    return [(b - a) / step for step, (a, b) in zip(h, pairwise(y), strict=True)]


def _cubic_slopes(h: Sequence[float], y: Numbers, start: Any = _NOT_A_KNOT, end: Any = _NOT_A_KNOT) -> list[Any]:
    """Those with which the second derivatives of neighbouring pieces agree: an equation a knot."""
    rises, n = _rises(h, y), len(y)
    if n == 3 and start == end == _NOT_A_KNOT:  # one parabola
        middle = (h[1] * rises[0] + h[0] * rises[1]) / (h[0] + h[1])
        return [2.0 * rises[0] - middle, middle, 2.0 * rises[1] - middle]
    first, right = _end_equation(start, h, rises)
    rows, rights = [dict(zip((0, 1), first, strict=True))], [right]
    for i in range(1, n - 1):
        rows.append({i - 1: h[i], i: 2.0 * (h[i - 1] + h[i]), i + 1: h[i - 1]})
        rights.append(3.0 * (h[i] * rises[i - 1] + h[i - 1] * rises[i]))
    last, right = _end_equation(end, h[::-1], rises[::-1], -1.0)
    rows.append(dict(zip((n - 1, n - 2), last, strict=True)))
    return _solved(rows, [*rights, right])


def _end_equation(
    boundary: Any, h: Sequence[float], rises: Numbers, sign: float = 1.0
) -> tuple[tuple[float, float], Any]:
    """What holds of the slopes at an end and beside it: their factors, and the right side."""
    if boundary == _NOT_A_KNOT and len(h) > 1:
        both = h[0] + h[1]
        return (h[1], both), ((h[0] + 2.0 * both) * h[1] * rises[0] + h[0] * h[0] * rises[1]) / both
    if boundary == _NOT_A_KNOT:
        return (1.0, 0.0), rises[0]
    order, number = boundary
    if order == 1:
        return (1.0, 0.0), number
    return (2.0, 1.0), 3.0 * rises[0] - 0.5 * sign * h[0] * number


def _periodic_slopes(h: Sequence[float], y: Numbers) -> list[Any]:
    """The same where the first knot has the last piece before it."""
    rises, n = _rises(h, y), len(h)
    rows: list[dict[int, float]] = []
    for i in range(n):
        row = {i: 2.0 * (h[i - 1] + h[i])}
        for place, factor in (((i - 1) % n, h[i]), ((i + 1) % n, h[i - 1])):
            row[place] = row.get(place, 0.0) + factor
        rows.append(row)
    slopes = _solved(rows, [3.0 * (h[i] * rises[i - 1] + h[i - 1] * rises[i]) for i in range(n)])
    return [*slopes, slopes[0]]


def _solved(rows: list[dict[int, float]], right: list[Any]) -> list[Any]:
    """The solution of equations by elimination; none has much beside its diagonal, but for the last one."""
    n = len(rows)
    for j, row in enumerate(rows):
        for i in {min(j + 1, n - 1), n - 1} - {j}:
            factor = rows[i].pop(j, 0.0) / row[j]
            if factor:
                for column in row.keys() - set(range(max(0, j - 1), j + 1)):
                    rows[i][column] = rows[i].get(column, 0.0) - factor * row[column]
                right[i] = right[i] - factor * right[j]
    found: list[Any] = [0.0] * n
    for j in reversed(range(n)):
        beside = [number * found[column] for column, number in rows[j].items() if column > j and number]
        found[j] = (right[j] - sum(beside, 0.0)) / rows[j][j] if beside else right[j] / rows[j][j]
    return found


def _pchip_slopes(h: Sequence[float], y: Numbers) -> list[Any]:
    """Fritsch and Carlson 1980: between two rises of one sign their weighted harmonic mean, else 0."""
    rises = _rises(h, y)
    if len(rises) == 1:
        return rises * 2
    inner = [_harmonic(*steps, *both) for steps, both in zip(pairwise(h), pairwise(rises), strict=True)]
    return [_pchip_end(h, rises), *inner, _pchip_end(h[::-1], rises[::-1])]


def _harmonic(h: float, h_next: float, rise: Any, rise_next: Any) -> Any:
    a, b = 2.0 * h_next + h, h_next + 2.0 * h
    mean = f.divide(a + b, f.divide(a, rise) + f.divide(b, rise_next))
    return f.where(_have_one_sign(rise, rise_next), mean, 0.0)


def _pchip_end(h: Sequence[float], rises: Numbers) -> Any:
    """By the parabola through three points, as long as it goes the way of the nearest rise, and not too steeply."""
    slope = ((2.0 * h[0] + h[1]) * rises[0] - h[0] * rises[1]) / (h[0] + h[1])
    limit = f.where(f.greater(f.abs(slope), 3.0 * f.abs(rises[0])), 3.0 * rises[0], slope)
    gentle = f.where(_have_one_sign(rises[0], rises[1]), slope, limit)
    return f.where(_have_one_sign(slope, rises[0]), gentle, 0.0)


def _have_one_sign(a: Any, b: Any) -> Any:
    return f.greater(f.sign(a) * f.sign(b), 0.0)


def _akima_slopes(h: Sequence[float], y: Numbers) -> list[Any]:
    """Akima 1970: the rises on both sides, each weighted by how little the rise changes on the other side."""
    rises = _rises(h, y)
    if len(rises) == 1:
        return rises * 2
    for _ in range(2):  # beyond the ends they go on changing as they do there
        rises = [2.0 * rises[0] - rises[1], *rises, 2.0 * rises[-1] - rises[-2]]
    turns = [f.abs(b - a) for a, b in pairwise(rises)]
    weights = [before + after for before, after in zip(turns, turns[2:], strict=False)]
    least = 1e-9 * reduce(f.maximum, weights)
    slopes = []
    for i, weight in enumerate(weights):
        left, right = rises[i + 1], rises[i + 2]
        weighted = left + f.divide(turns[i], weight) * (right - left)
        mean = 0.5 * (rises[i] + rises[i + 3])
        slopes.append(f.where(f.greater(weight, least), weighted, mean))
    return slopes


# -- surfaces ---------------------------------------------------------------------------------------


class Surface:
    """A surface over a rectangular grid: called with two numbers, Values or arrays of such, it answers in kind."""

    def __init__(self, x: Entries, y: Entries, tables: Sequence[Entries]) -> None:
        self.x, self.y = x, y
        self._tables = tables  # z; of bicubic ones also the slopes along x, along y and along both
        self._known = all(map(are_floats, tables))

    def __call__(self, x: Any, y: Any) -> Any:
        xs, ys = (one_or_array(each, "a surface") for each in (x, y))
        if not any(isinstance(each, np.ndarray) for each in (xs, ys)):
            return self._at_one(xs, ys)
        xs, ys = _broadcast(xs, ys)
        if self._known and all(each.dtype.kind in "fiub" for each in (xs, ys)):
            return self._at(xs.astype(float), ys.astype(float))
        places = np.frompyfunc(lambda i: i, 1, 1)(np.arange(xs.size).reshape(xs.shape))
        return at_each(lambda i: self._at_one(xs.flat[i], ys.flat[i]), places, known=False)

    def _at_one(self, x: Any, y: Any) -> Any:
        return self._at(_number(x, "x of a surface"), _number(y, "y of a surface"))

    def _at(self, x: Any, y: Any) -> Any:
        i, j = interval_of(x, self.x), interval_of(y, self.y)
        left, low = taken(i, self.x), taken(j, self.y)
        sides = taken(i + 1.0, self.x) - left, taken(j + 1.0, self.y) - low
        place = i * float(len(self.y)) + j
        corners = [
            [[taken(place + (di * len(self.y) + dj), table) for dj in (0.0, 1.0)] for di in (0.0, 1.0)]
            for table in self._tables
        ]
        return (_bicubic if len(corners) == 4 else _bilinear)(x - left, y - low, *sides, *corners)

    def __repr__(self) -> str:
        return f"<surface through {len(self.x):,} × {len(self.y):,} points>"


def _broadcast(x: Any, y: Any) -> Any:
    x, y = np.asarray(x), np.asarray(y)
    try:
        return np.broadcast_arrays(x, y)
    except ValueError:
        raise ArgumentError(
            f"x and y of a surface broadcast against each other, got the shapes {x.shape} and {y.shape}"
        ) from None


def _bilinear(x: Any, y: Any, width: Any, height: Any, z: Any) -> Any:
    u, v = x / width, y / height
    near, far = (row[0] + v * (row[1] - row[0]) for row in z)
    return near + u * (far - near)


def _bicubic(x: Any, y: Any, width: Any, height: Any, z: Any, zx: Any, zy: Any, zxy: Any) -> Any:
    """Along y on both sides, values and how steep they are along x; then along x."""
    values = [_on_piece(y, height, *row, *steep) for row, steep in zip(z, zy, strict=True)]
    slopes = [_on_piece(y, height, *row, *steep) for row, steep in zip(zx, zxy, strict=True)]
    return _on_piece(x, width, *values, *slopes)


def _on_piece(along: Any, h: Any, *ends: Any) -> Any:
    *lower, highest = _piece(h, *ends)
    return reduce(lambda total, c: total * along + c, reversed(lower), highest)


def bilinear(x: Any, y: Any, z: Any) -> Surface:
    """The surface that is straight along x and along y between the points of a grid; beyond it, its ends go on.

    Args:
        x: at least two increasing numbers
        y: the same of the other axis
        z: a row for each x, with a number or Value for each y

    >>> bilinear([0.0, 1.0], [0.0, 1.0], [[0.0, 1.0], [2.0, 3.0]])(0.5, 0.5)
    1.5

    Raises:
        ArgumentError: for axes that do not increase, are not finite or too short, or that do not fit z
        OperandError: for what is not a number
    """
    xs, ys, rows = _grid("bilinear", x, y, z)
    return Surface(xs, ys, [_flat(rows)])


def bicubic(x: Any, y: Any, z: Any, bc_type: Any = _NOT_A_KNOT) -> Surface:
    """The surface that is a `cubic` curve along x and along y, as SciPy's `RectBivariateSpline` inside of its grid.

    Args and errors are those of `bilinear`, and `bc_type` of `cubic`, but for "periodic".

    >>> bicubic([0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [[0.0, 1.0, 4.0], [1.0, 2.0, 5.0], [4.0, 5.0, 8.0]])(0.5, 1.5)
    2.5
    """
    ends = _boundaries(bc_type)
    if ends is None:
        raise ArgumentError('bicubic has no periodic boundaries: give "not-a-knot", "natural", "clamped" or numbers')
    xs, ys, rows = _grid("bicubic", x, y, z)
    level = [end if end == _NOT_A_KNOT else (end[0], 0.0) for end in ends]  # what is given there is the same for all y
    zy = [_cubic_slopes(_steps(ys), row, *ends) for row in rows]
    zx, zxy = (
        list(zip(*[_cubic_slopes(_steps(xs), column, *given) for column in zip(*of, strict=True)], strict=True))
        for of, given in ((rows, ends), (zy, level))
    )
    return Surface(xs, ys, [_flat(table) for table in (rows, zx, zy, zxy)])


def _flat(rows: Sequence[Numbers]) -> Entries:
    return tuple([each for row in rows for each in row])


# -- what is given ----------------------------------------------------------------------------------


def _points(what: str, x: Any, y: Any, least: int, in_order: bool = True) -> tuple[Entries, Entries]:
    """The knots and the values of a curve.

    Raises:
        ArgumentError: if they are too few or not as many, or the knots not finite or not increasing
    """
    knots, values = _axis(what, x, least, in_order), entries_of(y, f"the values of {what}")
    if len(knots) != len(values):
        raise ArgumentError(f"{what} needs as many values as knots, got {len(values)} values and {len(knots)} knots")
    return knots, values


def _axis(what: str, x: Any, least: int, in_order: bool = True) -> Entries:
    """The knots along an axis."""
    knots = entries_of(x, f"the knots of {what}", "plain numbers")
    for knot in knots:
        if isinstance(knot, Value):
            raise OperandError(f"the knots of {what} are plain numbers, got {quoted(knot)}: only values may be Values")
        if not math.isfinite(knot):
            raise ArgumentError(f"the knots of {what} are finite numbers, got {knot!r}")
    if len(knots) < least:
        raise ArgumentError(f"{what} needs at least {least} knots, got {len(knots)}")
    return _increasing(what, knots) if in_order else knots


def _increasing(what: str, knots: Entries) -> Entries:
    for a, b in pairwise(knots):
        if not a < b:
            raise ArgumentError(f"the knots of {what} increase, got {b!r} behind {a!r}: sort the points, each once")
    return knots


def _grid(what: str, x: Any, y: Any, z: Any) -> tuple[Entries, Entries, list[Entries]]:
    """The axes of a grid, and the rows that stand on it."""
    xs, ys = (_axis(what, axis, 2) for axis in (x, y))
    refuse_masked(what, z)
    rows = z if isinstance(z, (list, tuple)) else as_array(z)
    if rows is None or len(rows) != len(xs):
        given = quoted(z) if rows is None else len(rows)
        raise ArgumentError(f"z of {what} has a row for each of {len(xs)} x, got {given}")
    listed = [entries_of(row, f"a row of z of {what}") for row in rows]
    for row in listed:
        if len(row) != len(ys):
            raise ArgumentError(f"a row of z of {what} has a number for each of {len(ys)} y, got {len(row)}")
    return xs, ys, listed


def _boundaries(bc_type: Any) -> tuple[Any, Any] | None:
    """What holds at both ends: not a knot, or which derivative is what; None of a periodic curve."""
    if isinstance(bc_type, str) and bc_type == _PERIODIC:
        return None
    named = {_NOT_A_KNOT: _NOT_A_KNOT, _NATURAL: (2, 0.0), _CLAMPED: (1, 0.0)}
    both = (bc_type, bc_type) if isinstance(bc_type, str) else bc_type
    ends = both if isinstance(both, (tuple, list)) and len(both) == 2 else ()
    found = [named.get(end) if isinstance(end, str) else _derivative(end) for end in ends]
    if len(found) != 2 or None in found:
        listed = ", ".join(f'"{name}"' for name in BOUNDARIES)
        raise ArgumentError(
            f"bc_type is one of {listed}, or a pair of the first three, (1, slope) and (2, curvature), got "
            f"{quoted(bc_type)}"
        )
    return found[0], found[1]


def _derivative(end: Any) -> tuple[int, Any] | None:
    if not isinstance(end, (tuple, list)) or len(end) != 2 or end[0] not in (1, 2):
        return None
    return int(end[0]), _number(end[1], "a derivative at an end")


def _at_each(function: Callable[[Any], Any], xs: Any, what: str, known: bool) -> Any:
    """`at_each`, which says whose x it is that is no number."""
    return at_each(lambda x: function(x if isinstance(x, np.ndarray) else _number(x, f"x of {what}")), xs, known, what)


def _number(x: Any, what: str) -> Any:
    return x if isinstance(x, Value) else number(x, what)


def _steps(knots: Sequence[float]) -> list[float]:
    return [b - a for a, b in pairwise(knots)]
