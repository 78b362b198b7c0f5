"""How fast what a derivative leaves unexplained shrinks: one number that says whether a gradient is right."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from autograd.check.along import random_direction
from autograd.check.arguments import At, name_of, numbers_for
from autograd.check.differences import ROUNDING, AlongLine
from autograd.errors import ArgumentError
from autograd.text import preformatted
from autograd.transforms import grad

HALVINGS = 40
ROWS = 4  # steps that are shown, and over which the order is measured
ENOUGH = 1.7  # between the order 1 of a wrong gradient and the order 2 of a right one, nearer to that


@dataclass(frozen=True, slots=True, repr=False)
class Taylor:
    """What `taylor_test` found; true if the remainder shrinks as it does for a right gradient.

    `order` is 2 for a right gradient (more where the second derivative is 0 along the direction, inf where nothing but
    rounding is left), 1 for a wrong one; `order_without` is that of |f(x+hv) - f(x)|, with no gradient taken off.
    """

    steps: tuple[float, ...]  # h
    changes: tuple[float, ...]  # |f(x+hv) - f(x)|
    remainders: tuple[float, ...]  # |f(x+hv) - f(x) - h·∇f·v|
    order: float
    order_without: float
    of: str

    def __bool__(self) -> bool:
        return self.order >= ENOUGH

    def __float__(self) -> float:
        return self.order

    def __str__(self) -> str:
        verdict = "as for a right gradient" if self else "as for a wrong gradient, or at a kink"
        if math.isnan(self.order):
            verdict = "which says nothing: the function is not smooth, or not finite, around the point"
        rows = [("h", "|f(x+hv) - f(x)|", "|f(x+hv) - f(x) - h·∇f·v|")]
        rows += [
            (f"{h:.3g}", f"{change:.3e}", f"{rest:.3e}")
            for h, change, rest in zip(self.steps, self.changes, self.remainders, strict=True)
        ]
        rows.append(("order", f"{self.order_without:.2f}", f"{self.order:.2f}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  " + "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([f"{self.of}: what it leaves is of order {self.order:.2f}, {verdict}", *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))


def taylor_test(
    f: Callable[..., Any],
    *point: Any,
    gradient: Any = None,
    direction: Any = None,
    argnums: int | Sequence[int] | None = None,
    seed: int = 0,
    **named: Any,
) -> Taylor:
    """By which power of h the remainder |f(x+hv) - f(x) - h·∇f·v| shrinks: 2 if the gradient is right, 1 if not.

    `gradient` is as in `check_grad`; `direction`, v, has the structure of the gradient, and is random, in the scale of
    the point, if it is left out.

    >>> from autograd import sin
    >>> test = taylor_test(lambda x, y: sin(x) * y, 0.5, 2.0)
    >>> bool(test), round(test.order, 1), round(test.order_without, 1)
    (True, 2.0, 1.0)
    >>> round(taylor_test(lambda x, y: sin(x) * y, 0.5, 2.0, gradient=(1.0, 1.0)).order, 1)
    1.0

    Raises:
        ArgumentError: as `check_grad` does
    """
    at = At(f, point, named, argnums)
    if at.outputs_structure.size != 1:
        count = at.outputs_structure.size
        raise ArgumentError(f"{name_of(f)} returned {count} numbers; a Taylor test is of one number: sum them")
    of = "autograd's gradient" if gradient is None else "the given gradient"
    asked = grad(f, at.argnums) if gradient is None else gradient
    found = numbers_for(asked(*at.point, **named) if callable(asked) else asked, at, "the gradient")
    v = random_direction(at, random.Random(seed)) if direction is None else numbers_for(direction, at, "the direction")
    numbers, steps = np.array(at.numbers), np.array(v)
    line = AlongLine(lambda t: at.outputs(numbers + t * steps), 0.0, at.here)
    return _measured(line, sum([g * step for g, step in zip(found, v, strict=True)]), of)


def _measured(line: AlongLine, slope: float, of: str) -> Taylor:
    steps = [0.5 * 0.5**k for k in range(HALVINGS)]
    middle = line.value(0.0, 0)
    changes = [line.value(h, 0) - middle for h in steps]
    rests = [abs(change - h * slope) for h, change in zip(steps, changes, strict=True)]
    blur = 64.0 * ROUNDING * line.largest(0)
    window = _steadiest(rests, blur)
    if window is None:
        flat = all(rest <= blur for rest in rests[:ROWS])
        window, order = 0, math.inf if flat else math.nan
    else:
        order = _order(rests[window : window + ROWS])
    chosen = slice(window, window + ROWS)
    sizes = [abs(change) for change in changes[chosen]]
    return Taylor(tuple(steps[chosen]), tuple(sizes), tuple(rests[chosen]), order, _order(sizes), of)


def _steadiest(rests: Sequence[float], blur: float) -> int | None:
    """Where the remainders, above the blur of rounding, shrink most evenly."""
    windows = [j for j in range(len(rests) - ROWS + 1) if all(blur < r < math.inf for r in rests[j : j + ROWS])]
    return min(windows, key=lambda j: _unevenness(rests[j : j + ROWS]), default=None)


def _unevenness(rests: Sequence[float]) -> float:
    rates = [math.log2(a / b) for a, b in pairwise(rests)]
    return max(rates) - min(rates)


def _order(sizes: Sequence[float]) -> float:
    first, last = sizes[0], sizes[-1]
    return math.log2(first / last) / (len(sizes) - 1) if 0 < last < math.inf and 0 < first < math.inf else math.nan
