"""tanh and tanh′ of an array from one exponential, to the last digits in the tails as well.

With E = exp(-2|x|), tanh′ = 4E/(1+E)² has no cancellation anywhere, and |tanh| = (1-E)/(1+E) has none from
|x| = 0.625 on.  Below, tanh is x + x³·P(x²)/Q(x²), the rational approximation of Cephes (S. L. Moshier,
tanh.c).  NumPy's tanh alone takes as long as this takes for both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

_P = (-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
_Q = (1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3)
_SMALL = 0.625
_AT_ONCE = 8192  # numbers


def shared_tanh(x: Floats, value: Floats | None, slope: Floats | None, room: Floats) -> None:
    """Write tanh(x) to `value` and tanh′(x) to `slope`, where given.

    x is (rows, columns); `room` is four arrays to work in, of as many rows as are done at a time.
    """
    rows = room.shape[1]
    for start in range(0, len(x), rows):
        part = slice(start, start + rows)
        enough = room[:, : len(x[part])]
        if value is not None:
            _tanh(x[part], value[part], None if slope is None else slope[part], enough)
        elif slope is not None:
            tanh_slope(x[part], slope[part], enough[:2])


def tanh_slope(x: Floats, slope: Floats, room: Floats) -> None:
    """Write tanh′(x) to `slope`, which may be x itself; `room` is two arrays of x's shape to work in."""
    e, above = room
    np.abs(x, e)
    np.multiply(e, -2.0, e)
    np.exp(e, e)
    np.add(e, 1.0, above)
    np.multiply(above, above, above)
    np.divide(e, above, e)
    np.multiply(e, 4.0, slope)


def room_for(x: Floats) -> Floats:
    """Room for `shared_tanh` to work in that stays in the nearest caches."""
    rows = max(1, min(len(x), _AT_ONCE // max(1, x.shape[1])))
    return np.empty((4, rows, x.shape[1]))


def _tanh(x: Floats, value: Floats, slope: Floats | None, room: Floats) -> None:
    size, e, above, other = room
    np.abs(x, size)
    np.multiply(size, -2.0, e)
    np.exp(e, e)
    np.add(e, 1.0, above)
    if slope is not None:
        np.multiply(above, above, other)
        np.divide(e, other, other)
        np.multiply(other, 4.0, slope)
    np.subtract(1.0, e, e)
    np.divide(e, above, e)
    _near_zero(x, other, above, value)
    np.copyto(value, e, where=size >= _SMALL)
    np.copysign(value, x, value)  # of -0.0, too


def _near_zero(x: Floats, z: Floats, q: Floats, out: Floats) -> None:
    """x + x³·P(x²)/Q(x²)."""
    np.multiply(x, x, z)
    np.multiply(z, _P[0], out)
    for a in _P[1:-1]:
        np.add(out, a, out)
        np.multiply(out, z, out)
    np.add(out, _P[-1], out)
    np.add(z, _Q[1], q)
    for a in _Q[2:]:
        np.multiply(q, z, q)
        np.add(q, a, q)
    np.multiply(out, z, out)
    np.divide(out, q, out)
    np.multiply(out, x, out)
    np.add(out, x, out)
