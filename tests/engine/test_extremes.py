"""Smooth rows over the whole range of doubles: values, slopes and second slopes against their definitions' digits.

What overflows is infinite, what underflows is 0, and nothing is nan that has a value.
"""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from autograd import gamma, grad, log_ndtr
from autograd.check.definition import defined, leading
from autograd.ops.primitive import TABLE
from autograd.program.compile import compile
from tests.walks.rows import _ERRORS, PERIODIC, STENCILS, eager

mpmath = pytest.importorskip("mpmath")
mp, mpf = mpmath.mp, mpmath.mpf
inf, nan = math.inf, math.nan
LARGEST = 2.0**1023 * (2 - 2.0**-52)
DIGITS = (60, 130, 300, 700)

# Where forms change, numbers overflow or underflow, and between.
SIZES = (5e-324, 1e-310, 2.0**-1022, 1e-300, 1e-160, 1e-50, 1e-17, 1e-8, 1e-3, 0.1, 0.25, 0.5, 0.75, 1 - 2.0**-53, 1.0,
         1 + 2.0**-52, 1.5, 2 - 2.0**-52, 2.0, 2.5, 4.0, 7.5, 8.0, 10.0, 16.0, 26.5, 27.2, 38.4, 40.0, 100.5, 170.6,
         171.62, 171.63, 178.5, 200.5, 300.0, 357.0, 700.0, 709.79, 741.0, 745.5, 800.0, 1e4, 1e5, 1e8, 2.0**52, 1e16,
         1e22, 1e100, 1.4e154, 1e155, 1e200, 1e300, 2.6e305, 1e307, LARGEST)  # fmt: skip
LADDER = (*SIZES, *(-x for x in SIZES), 0.0, -0.0)
SMOOTH = [
    row
    for row in TABLE.values()
    if row.arity == 1 and not (row.is_piecewise or row.kinks or row.jumps or row.name in PERIODIC)
]
TWO = [TABLE[name] for name in "beta betaln hypot xlogy xlog1py logaddexp".split()]


def of_so_many_digits(row, at, path, digits):
    """A derivative by differences, nan where they have no digit left; None where the definition has no value."""
    with mp.workdps(digits):
        points, counts = [mpf(x) for x in at], [path.count(slot) for slot in range(len(at))]
        steps = [(abs(x) or 1) * mpf(10) ** (-digits // 5) for x in points]
        total, largest = mpf(0), mpf(0)
        for ways in np.ndindex(*(len(STENCILS[count]) for count in counts)):
            ks, weights = zip(*(STENCILS[count][way] for count, way in zip(counts, ways, strict=True)), strict=True)
            place = tuple(x + k * h if k else x for x, k, h in zip(points, ks, steps, strict=True))
            term = defined(row, place) * math.prod(weights)
            if mpmath.isnan(term):
                return None
            total, largest = total + term, max(largest, abs(term))
        if total == 0 or (path and abs(total) <= largest * mpf(10) ** (20 - digits)):
            return mpf("nan")
        return total / mpmath.fprod(h**count for h, count in zip(steps, counts, strict=True))


def truth(row, at, path):
    """What two numbers of digits agree on; None where there is no value, or none that settles."""
    sizes = [abs(x) for x in at[leading(row) :] if x] or [1.0]
    more, last = int(1.1 * (math.log10(max(sizes)) - math.log10(min(sizes)))), None
    try:
        if of_so_many_digits(row, at, (), 60 + more) in (None, inf, -inf):
            return None
        for digits in DIGITS:
            found = of_so_many_digits(row, at, path, digits + more)
            if found is None:
                return None
            if last is not None and abs(found - last) <= mpf(10) ** -18 * abs(found):
                return found
            last = None if mpmath.isnan(found) else found
    except _ERRORS:
        pass
    return None


def nearby(row, at, path):
    """How large it is around: at its zeros the last digits are those of that."""
    sizes = []
    for factor in (1 + mpf(2) ** -7, 1 - mpf(2) ** -7):
        found = of_so_many_digits(row, [x * factor**i for i, x in enumerate(map(mpf, at), 1)], path, 200)
        sizes.append(abs(found) if found is not None and not mpmath.isnan(found) else mpf(0))
    return max(sizes)


def is_right(row, at, path, got, right):
    if abs(right) > LARGEST:
        return got == math.copysign(inf, right)
    if not math.isfinite(got):
        return abs(got) == inf and abs(right) > LARGEST * (1 - 1e-12)
    lost = 2e-323 * max(1.0, *(abs(x) for x in at if abs(x) < 1e5), 1.0)  # where numbers on the way are denormal
    error = abs(mpf(got) - right)
    return error <= 1e-13 * abs(right) + lost or error <= 3e-13 * nearby(row, at, path)


def wrong(row, points, paths):
    """(number asked, what differs)"""
    asked, differing = 0, []
    for at in points:
        for path in paths:
            right = truth(row, at, path)
            if right is not None:
                asked += 1
                got = eager(row, at, path) if path else float(row(*at))
                if not is_right(row, at, path, got, right):
                    differing.append(f"{row.name}{at} along {path}: {got!r}, right is {mpmath.nstr(right, 17)}")
    return asked, differing


def reached(row):
    """Points at which mpmath takes no minutes."""
    near, far = (1e-300, 200.0) if row.name[0] in "yk" else (0.0, inf)  # whose first slopes overflow below
    return [(x,) for x in LADDER if near <= abs(x) < far]


@pytest.mark.parametrize("row", SMOOTH, ids=[row.name for row in SMOOTH])
def test_values(row):
    asked, differing = wrong(row, reached(row)[::7], [()])
    assert asked
    assert not differing, "\n".join(differing)


@pytest.mark.thorough
@pytest.mark.parametrize("row", SMOOTH, ids=[row.name for row in SMOOTH])
def test_values_and_slopes(row):
    asked, differing = wrong(row, reached(row), [(), (0,), (0, 0)])
    assert asked > 20
    assert not differing, "\n".join(differing)


@pytest.mark.thorough
@pytest.mark.parametrize("row", TWO, ids=[row.name for row in TWO])
def test_values_and_slopes_of_two_operands(row):
    dice = random.Random(row.name)
    sizes = [x for x in (*SIZES, 0.3, 0.6, 4.0, 20.0, 30.0) if x >= 1e-150 or row.name[0] != "b"]
    points = [tuple(dice.choices(sizes, k=2)) for _ in range(40)]
    asked, differing = wrong(row, points, [(), (0,), (1,), (0, 0), (0, 1), (1, 1)])
    assert asked > 100
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize("backend", ["eager", "interpreter", "numpy", "llvm"])
def test_what_overflows_is_infinite(backend):
    def asked(f):
        return f if backend == "eager" else compile(f, backend=backend)

    for x in (171.63, 745.5, 1e3, 1e308):
        assert [asked(f)(x) for f in (gamma, grad(gamma), grad(grad(gamma)))] == [inf, inf, inf]
    assert asked(gamma)(inf) == inf
    assert [asked(f)(-1000.5) for f in (gamma, grad(gamma))] == [0.0, 0.0]
    for x in (-1e5, -1.4e154, -1e200):
        assert asked(grad(log_ndtr))(x) == pytest.approx(-x, rel=2e-10)
        assert asked(grad(grad(log_ndtr)))(x) == pytest.approx(-1.0, rel=2e-10)
