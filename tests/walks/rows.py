"""Every row differentiated to order four, wherever it is hard, against its definition to hundreds of digits.

    python -m tests.walks.rows --seconds 600 --seed 1

Where the definition is smooth, its differences with steps of 1e-50 say what is right.  Elsewhere it is
asked on all sides, at distances of 1e-30 and 1e-40: what these agree on is the limit, and where they do
not, between them lies what a kink may answer.  Whoever answers anything else is found in `EXPLAINED`, with
the reason, or differs.  Nothing may raise or warn, anywhere.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import math
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import mpmath
from mpmath import mp, mpf

import autograd
from autograd import Value, gradient
from autograd.check.definition import defined, leading
from autograd.ops.primitive import TABLE, Primitive
from autograd.recorder import record

inf, nan = math.inf, math.nan
Point = tuple[float, ...]
Path = tuple[int, ...]  # along which operands, one after the other

HARD = (inf, -inf, nan, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, 5e-324, -1e-310, 1e-170,
        1e-20, -1e-8, 1e-4, 0.1, -0.7, 0.9, 1.8, -0.9999999, 1.0000001, -2.5, 4.3, -7.3, 18.0, -18.0, 30.0,
        36.9, -40.5, -100.3, 357.0, -360.0, 380.0, 401.0, -600.0, 709.5, -744.0, 1000.0, -1000.0, 1e8, 1e16,
        -1e17, 1e22, 1e77, 1e154, -1e160, 1e200, -1e300, 1e308, 1.7e308, 1 - 2**-53, 1 + 2**-52, math.pi / 2,
        1.4616321449683622, -0.504)  # fmt: skip
INDEXED = ("softmax", "log_softmax")  # whose first operand says which component is meant
WHOLE = {"polygamma": (0.0, 1.0, 2.0, 5.0), "power_log": (0.0, 1.0, 2.0), "where": (0.0, 1.0)}  # the first operand
PERIODIC = {"sin", "cos", "tan", "cot", "sec", "csc", "sinpi", "cospi"}
STEPS = {"floor", "ceil", "trunc", "round", "floor_divide", "remainder", "fmod"}
BY_ONE = PERIODIC | STEPS | {"sinc", "exp", "expm1", "exp2", "sinh", "cosh"}  # that vary over 1 however large x is
POLES = {"lgamma", "digamma", "polygamma"}  # at every whole number left of 0
FAR = {"erfc", "gelu", "erfcx", "ndtr", "log_ndtr"}  # mpmath's erfc does not go there
STENCILS: dict[int, tuple[tuple[int, float], ...]] = {
    0: ((0, 1.0),), 1: ((-1, -0.5), (1, 0.5)), 2: ((-1, 1.0), (0, -2.0), (1, 1.0)),
    3: ((-2, -0.5), (-1, 1.0), (1, -1.0), (2, 0.5)), 4: ((-2, 1.0), (-1, -4.0), (0, 6.0), (1, -4.0), (2, 1.0)),
}  # fmt: skip


# -- what is right ----------------------------------------------------------------------------------


class NoNumber(Exception):
    """The definition has no real number there."""


@dataclass(frozen=True)
class Right:
    """What may be answered: numbers between `low` and `high`; nan, if `undefined`, as well."""

    kind: str  # smooth, limit, kink, outside (of the domain), silent
    low: float
    high: float
    tolerance: float = 0.0
    undefined: bool = False

    def allows(self, got: float) -> bool:
        """Whether a number is one of them."""
        if math.isnan(got):
            return self.undefined
        if self.kind in ("outside", "silent"):
            return self.kind == "silent"
        return self.low - self.tolerance <= got <= self.high + self.tolerance or got in (self.low, self.high)

    def nearly(self, got: float, oracle: Oracle, orders: Path) -> bool:
        """Whether a number is right to the last digits of what the derivative is nearby."""
        return self.kind == "smooth" and abs(got - self.low) <= 3e-13 * oracle.nearby(orders)


SILENT = Right("silent", -inf, inf, undefined=True)
OUTSIDE = Right("outside", nan, nan, undefined=True)
_ERRORS = (ValueError, TypeError, ZeroDivisionError, OverflowError, NotImplementedError, mpmath.libmp.ComplexResult,
           mpmath.libmp.NoConvergence)  # fmt: skip


class Oracle:
    """A row's derivatives at a point, from its definition alone."""

    def __init__(self, row: Primitive, at: Point) -> None:
        self.row, self.at = row, at
        self.at_infinity = any(map(math.isinf, at))
        self._known: dict[tuple[mpf, ...], mpf | None] = {}

    def right(self, orders: Path) -> Right:
        """What is right for the derivative of so many orders along each operand."""
        if self._is_out_of_reach():
            return SILENT
        with mp.workdps(320 + self._more_digits()):
            return self._right(orders)

    def _is_out_of_reach(self) -> bool:
        """Where there is no limit, or mpmath has no answer in a reasonable time."""
        row, x = self.row.name, self.at[-1]
        if any(map(math.isnan, self.at)) or (row in PERIODIC | STEPS and self.at_infinity):
            return True
        if row in POLES:
            return x < -(2.0**52) or 0 < abs(x) < 1e-30
        if row in ("floor_divide", "remainder", "fmod") and abs(self.at[0]) > 1e15 * abs(x):
            return True
        if row in ("power", "power_log"):
            return 1e6 < abs(x) < inf or 0 < abs(x) < 1e-30
        return row in FAR and abs(x) > 1e6

    def nearby(self, orders: Path) -> float:
        """How large the derivative is around: at its zeros the last digits are those of that."""
        with mp.workdps(320 + self._more_digits()):
            size = 0.0
            for factor in (1 + mpf(2) ** -7, 1 - mpf(2) ** -7):
                lead = leading(self.row)
                at = [mpf(x) if i < lead else x * factor ** (1 + i) for i, x in enumerate(self.at)]
                with contextlib.suppress(NoNumber):
                    size = max(size, abs(_float(self._derivative(at, orders))))
            return size

    def _more_digits(self) -> int:
        """For tiny operands, for tails, and for what varies over 1 far out."""
        more = 600.0 if self.at_infinity else 0.0
        for x in filter(None, map(abs, filter(math.isfinite, self.at))):
            if x < 1e-25:
                more = max(more, -5.5 * math.log10(x))
            elif x > 1e15 and self.row.name in BY_ONE:
                more = max(more, 1.2 * math.log10(x))
            elif 25 < x < 1500:
                more = max(more, 900)
        sizes = [abs(x) for x in self.at if x and math.isfinite(x)] or [1.0]
        return int(more + 1.1 * (math.log10(max(sizes)) - math.log10(min(sizes))) * (len(sizes) > 1))

    def _right(self, orders: Path) -> Right:
        smooth = None if self.at_infinity else self._smooth(orders)
        if smooth is not None:
            return smooth
        sides = [self._side(signs, orders) for signs in self._corners()]
        inside = [side for side in sides if side is not OUTSIDE]
        if not inside:
            return OUTSIDE
        if any(side is None for side in inside):
            return SILENT
        low, high = min(map(_float, inside)), max(map(_float, inside))
        size = max(abs(low), abs(high))
        same = low == high or (size < inf and high - low <= 1e-12 * size)
        return Right("limit" if same else "kink", low, high, 2e-12 * size if size < inf else 0.0, not same)

    def _corners(self) -> Iterator[tuple[int, ...]]:
        def signs(slot: int) -> tuple[int, ...]:
            fixed = math.isinf(self.at[slot]) or slot < leading(self.row)
            return (0,) if fixed else (-1, 1)

        return itertools.product(*map(signs, range(len(self.at))))

    def _smooth(self, orders: Path) -> Right | None:
        """The derivative, if it is what lies on all sides."""
        try:
            slope = self._derivative([mpf(x) for x in self.at], orders)
            sides = [self._approached(signs, mpf(10) ** -30, orders) for signs in self._corners()]
        except NoNumber:
            return None
        if any(abs(slope - x) > mpf(10) ** -12 * max(abs(slope), abs(x)) + mpf(10) ** -25 for x in sides):
            return None
        x = _float(slope)
        return Right("smooth", x, x, 2e-13 * abs(x) + self._lost() if abs(x) < inf else 0.0)

    def _lost(self) -> float:
        """What is lost where numbers on the way, or the answer, are denormal; and the oracle's own noise."""
        noise = 1e-45 if all(x == 0.0 or abs(x) > 1e-9 for x in self.at) else 0.0
        return 1e-320 + 5e-323 * max((abs(x) for x in self.at if abs(x) < 1e5), default=0.0) + noise

    def _side(self, signs: tuple[int, ...], orders: Path) -> Any:
        """The limit from one side; None where it does not settle."""
        try:
            first, second = (self._approached(signs, mpf(10) ** -n, orders) for n in (30, 40))
        except NoNumber:
            return OUTSIDE
        if max(abs(first), abs(second)) < mpf(10) ** -340:
            return mpf(0)
        if abs(second) > abs(first) * mpf("1.001") and abs(second) > 50:
            return mpf("inf") * mpmath.sign(second)
        if abs(second) < abs(first) * mpf("0.999") and abs(second) < mpf(10) ** -8:
            return mpf(0)
        close = abs(first - second) <= mpf(10) ** -9 * max(abs(first), abs(second))
        return second if close or (not self.at_infinity and abs(first - second) < mpf(10) ** -15) else None

    def _approached(self, signs: tuple[int, ...], distance: mpf, orders: Path) -> mpf:
        far = mpf(10) ** (400 if distance > mpf(10) ** -35 else 450)
        at = [
            far * (1 if x > 0 else -1) if math.isinf(x) else mpf(x) + sign * distance * self._scale(mpf(x))
            for x, sign in zip(self.at, signs, strict=True)
        ]
        return self._derivative(at, orders)

    def _steps(self, at: Sequence[mpf]) -> list[mpf]:
        return [
            self._scale(mpf(x) if math.isfinite(x) else near) * mpf(10) ** -50
            for x, near in zip(self.at, at, strict=True)
        ]

    def _scale(self, x: mpf) -> mpf:
        row = self.row.name
        if not x:
            return mpf(min([1.0, *(abs(other) for other in self.at if other)]))
        if abs(x) > 1 and (row in BY_ONE or (x < 0 and row in POLES)):
            return mpf(1)
        return abs(x)

    def _derivative(self, at: Sequence[mpf], orders: Path) -> mpf:
        """The mixed derivative by central differences."""
        steps = self._steps(at)
        total, largest = mpf(0), mpf(0)
        for ways in itertools.product(*(STENCILS[order] for order in orders)):
            point = tuple(x + k * h for x, (k, _), h in zip(at, ways, steps, strict=True))
            term = self._value(point) * math.prod(weight for _, weight in ways)
            total, largest = total + term, max(largest, abs(term))
        if abs(total) <= largest * mpf(10) ** (15 - mp.dps):
            return mpf(0)
        return total / mpmath.fprod(h**order for h, order in zip(steps, orders, strict=True))

    def _value(self, point: tuple[mpf, ...]) -> mpf:
        if point not in self._known:
            try:
                y = defined(self.row, point)
                self._known[point] = None if mpmath.isnan(y) else y
            except _ERRORS:
                self._known[point] = None
        found = self._known[point]
        if found is None:
            raise NoNumber
        return found


def _float(x: mpf) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.copysign(inf, x)


# -- what is answered -------------------------------------------------------------------------------


def eager(row: Primitive, at: Point, path: Path) -> float:
    """The derivative as a graph of graphs, its last step in numbers."""
    nodes = [x if slot < leading(row) else Value(x) for slot, x in enumerate(at)]
    y: Any = record(row, tuple(nodes))
    for slot in path[:-1]:
        y = gradient(y, nodes[slot], as_graph=True)
    answer: float = gradient(y, nodes[path[-1]])
    return answer


def compiled(row: Primitive, at: Point, path: Path, backend: str) -> Callable[[Point], float]:
    """The same recorded and run by an executor, as a function of the point."""
    lead = at[: leading(row)]

    def value(*xs: Any) -> Any:
        return record(row, (*lead, *xs))

    f: Callable[..., Any] = value
    for slot in path:
        f = autograd.grad(f, slot - len(lead))
    found = autograd.compile(f, backend=backend, exact=True)
    return lambda point: float(found(*point[len(lead) :]))


# -- what is known to differ ------------------------------------------------------------------------

EXPLAINED: tuple[tuple[str, Callable[[Point, Path, Right], bool], str], ...] = (
    ("*", lambda at, path, right: right.kind == "smooth" and math.isinf(right.low),
     "beyond the largest double: infinities of both signs were added"),
    ("hypot atan2", lambda at, path, right: at == (0.0, 0.0), "at the origin all slopes are 0, by convention"),
    ("power", lambda at, path, right: at == (0.0, 0.0), "0⁰ is 1 and flat, by convention"),
    ("power power_log", lambda at, path, right: at[-2] == 0.0 and len(path) > 2,
     "from the third order on infinities of both signs, or times 0, meet at 0"),
    ("power_log", lambda at, path, right: at[1:] == (0.0, 0.0), "at 0⁰ what 0 is a factor of counts as nothing"),
    ("power power_log", lambda at, path, right: math.isinf(max(map(abs, at[-2:]))), "0·∞ where an operand is infinite"),
    ("power power_log", lambda at, path, right: at[-2] <= 0.0 and right.kind == "outside",
     "a negative base has powers, and slopes along it, for whole exponents, by convention"),
    ("xlogy", lambda at, path, right: at[1] < 0.0, "ln b is nan, and b's alone: along a twice it is 0; 0·ln b is 0"),
    ("xlogy", lambda at, path, right: at[0] == 0.0 or math.isinf(max(map(abs, at))), "0/0 and ∞/∞ are nan"),
    ("xlog1py", lambda at, path, right: at[1] < -1.0, "ln(1 + b) is nan, and b's alone: along a twice it is 0"),
    ("xlog1py", lambda at, path, right: at[0] == 0.0 or math.isinf(max(map(abs, at))), "0/0 and ∞/∞ are nan"),
    ("beta betaln", lambda at, path, right: min(at) <= 0.0, "of positive numbers only, by convention"),
    ("beta betaln", lambda at, path, right: math.isinf(max(at)), "∞ - ∞ among the operands is nan"),
    ("gammainc_a gamma_density", lambda at, path, right: at[0] + path.count(1) > 4, "ends at the fourth order along a"),
    ("gammainc_a gamma_density", lambda at, path, right: at[0] + path.count(1) == 4,
     "the last order along a has twelve digits"),
    ("betainc", lambda at, path, right: path.count(0) + path.count(1) > 3, "ends at the third order along a and b"),
    ("betainc_ab beta_density", lambda at, path, right: at[0] + at[1] + path.count(2) + path.count(3) > 3,
     "ends at the third order along a and b"),
    ("betainc betainc_ab beta_density gammainc gammaincc gammainc_a gamma_density",
     lambda at, path, right: right.kind != "smooth", "at their edges, by convention"),
    ("gamma", lambda at, path, right: math.isinf(at[0]), "∞·0 is nan"),
    ("gamma", lambda at, path, right: at[0] <= 0.0 and at[0] == round(at[0]), "nan at its poles, by convention"),
    ("hypot atan2 divide", lambda at, path, right: all(map(math.isinf, at)), "∞/∞ is nan"),
    ("logsumexp softmax log_softmax logaddexp", lambda at, path, right: math.isinf(max(map(abs, at))),
     "∞ - ∞ among the operands is nan, by convention"),
    ("log_softmax softmax", lambda at, path, right: len(path) > 1 and right.kind == "smooth",
     "1 - s is summed from the others, whose slopes' last digits are left where one of them is nearly 1"),
    ("hypot atan2", lambda at, path, right: max(map(abs, at)) < (1e-100 if len(path) > 2 else 2**-1022),
     "beyond the largest double on the way, as 1/x of denormal numbers is"),
    ("i0e i1e", lambda at, path, right: at == (0.0,), "a kink of e^-|x|: its slope is 0"),
    ("softsign abs", lambda at, path, right: at == (0.0,), "a kink of the slope before: its own slope is 0"),
)  # fmt: skip


# -- walking ----------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What was asked, and what differs."""

    asked: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.asked.most_common())
        known = "".join(f"\n  {count} × {reason}" for reason, count in self.explained.most_common())
        return f"{self.asked.total()} derivatives: {kinds}; {len(self.differing)} differ{known}"


def points_of(row: Primitive, dice: random.Random) -> Iterator[Point]:
    """Hard operands, stated ones and drawn ones, without end."""
    stated = [tuple(map(float, at)) for at in (*row.points, *(edge.at for edge in row.edges))]
    yield from stated
    if row.arity == 1:
        yield from ((x,) for x in HARD)
    while True:
        count = dice.randrange(2, 5) if row.variadic else len(row.operands)
        at = [
            dice.choice(HARD) if dice.random() < 0.6 else dice.gauss(0, 1) * 10 ** dice.uniform(-4, 2)
            for _ in range(count)
        ]
        if row.name in INDEXED:
            at.insert(0, float(dice.randrange(count)))
        elif row.name in WHOLE or row.orders:
            at[: leading(row)] = [dice.choice(WHOLE.get(row.name, (0.0, 1.0, 2.0))) for _ in range(leading(row))]
        yield tuple(at)


def grouped(row: Primitive, dice: random.Random, count: int) -> list[list[Point]]:
    """So many points, those together that one program serves."""
    groups: dict[object, list[Point]] = {}
    for at in itertools.islice(points_of(row, dice), count):
        groups.setdefault((len(at), at[: leading(row)]), []).append(at)
    return list(groups.values())


def disagreements(row: Primitive, seed: int, points: int, orders: Sequence[int], backends: Sequence[str]) -> list[str]:
    """Where an executor's derivatives are not eager's; at one point a time, where plain numbers are on their way."""
    dice, found = random.Random(f"{seed} {row.name}"), []
    for at in grouped(row, dice, points):
        slots = range(leading(row), len(at[0]))
        for path in (tuple(dice.choices(slots, k=order)) for order in orders):
            expected = [eager(row, point, path) for point in at]
            for backend in backends:
                answers = map(compiled(row, at[0], path, backend), at)
                found += [
                    f"{row.name}{point} along {path}: {backend} {got!r}, eager {right!r}"
                    for point, got, right in zip(at, answers, expected, strict=True)
                    if not agree(got, right)
                ]
    return found


def agree(got: float, right: float) -> bool:
    """Equal to eleven digits, nan with nan and inf with inf; near zeros of derivatives, to digits of 1."""
    if math.isnan(right) or math.isinf(right):
        return got == right or (math.isnan(got) and math.isnan(right))
    return abs(got - right) <= 1e-11 * abs(right) + 1e-15


class Walker:
    """Asks every row in turn."""

    def __init__(self, seed: int, rows: Sequence[str] = (), say: Callable[[str], object] = str) -> None:
        self.tally, self._say = Tally(), say
        self._dice = random.Random(seed)
        self._rows = [TABLE[name] for name in rows or TABLE]
        self._points = {row.name: points_of(row, random.Random(f"{seed} {row.name}")) for row in self._rows}

    def walk(self, seconds: float, most: int = 10**9) -> Tally:
        """For so many seconds, or so many points of each row."""
        end = time.monotonic() + seconds
        for _ in range(most):
            for row in self._rows:
                if time.monotonic() > end:
                    return self.tally
                self.ask(row, next(self._points[row.name]))
        return self.tally

    def ask(self, row: Primitive, at: Point) -> None:
        """All derivatives of one operand, and one mixed path of each order."""
        slots = range(leading(row), len(at))
        paths = {(slot,) * order for slot in slots for order in range(1, 5)} if len(slots) == 1 else {
            tuple(self._dice.choices(slots, k=order)) for order in range(1, 5)
        }  # fmt: skip
        oracle = Oracle(row, at)
        for path in sorted(paths, key=len):
            self.compare(oracle, path)

    def compare(self, oracle: Oracle, path: Path) -> None:
        """One derivative against what is right."""
        row, at, orders = oracle.row, oracle.at, tuple(path.count(slot) for slot in range(len(oracle.at)))
        right = oracle.right(orders)
        self.tally.asked[right.kind] += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                got: float | str = eager(row, at, path)
        except Exception as error:
            got = repr(error)
        if isinstance(got, float) and (right.allows(got) or right.nearly(got, oracle, orders)):
            return
        if isinstance(got, str) or not self._explained(row, at, path, right):
            self.tally.differing.append(f"{row.name}{at} along {path} is {got!r}, right is {right}")
            self._say(self.tally.differing[-1])

    def _explained(self, row: Primitive, at: Point, path: Path, right: Right) -> bool:
        for names, holds, reason in EXPLAINED:
            if (names == "*" or row.name in names.split()) and holds(at, path, right):
                self.tally.explained[f"{names}: {reason}"] += 1
                return True
        return False


def main() -> int:
    """Walk, and say what differs; exit status 1 if anything does."""
    parser = argparse.ArgumentParser(prog="python -m tests.walks.rows", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--rows", nargs="*", default=(), help="which; all, if none is named")
    options = parser.parse_args()
    tally = Walker(options.seed, options.rows, partial(print, flush=True)).walk(options.seconds)
    print(tally)
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main())
