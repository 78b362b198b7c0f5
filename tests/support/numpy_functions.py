"""NumPy's functions as people call them on a (2, 3) array x: what `test_numpy_functions` asks in every way there is.

The first word of a label is the function's name; a test holds that every function with a meaning has a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

X = np.array([[0.31, 0.82, 0.47], [0.67, 0.23, 0.74]])
C = np.array([[0.5, -1.2, 2.0], [1.5, 0.7, -0.4]])  # constants beside it
MASK = np.array([[True, False, True], [True, True, False]])
trapezoid = getattr(np, "trapezoid", None) or np.trapz  # the name until NumPy 2.0

Function = Callable[[Any], Any]

UFUNCS: dict[str, Function] = {
    "absolute": lambda x: np.absolute(x - 0.5),
    "add": lambda x: np.add(x, C),
    "add.accumulate": lambda x: np.add.accumulate(x, axis=1),
    "add.reduceat": lambda x: np.add.reduceat(x, [0, 1], axis=1),
    "arccos": lambda x: np.arccos(x),
    "arccosh": lambda x: np.arccosh(1.0 + x),
    "arcsin": lambda x: np.arcsin(x),
    "arcsinh": lambda x: np.arcsinh(x),
    "arctan": lambda x: np.arctan(x),
    "arctan2": lambda x: np.arctan2(1.0, x),
    "arctan2 of arrays": lambda x: np.arctan2(x, C),
    "arctanh": lambda x: np.arctanh(x),
    "cbrt": lambda x: np.cbrt(x),
    "ceil": lambda x: np.ceil(x) * x,
    "conjugate": lambda x: np.conjugate(x),
    "cos": lambda x: np.cos(x),
    "cosh": lambda x: np.cosh(x),
    "deg2rad": lambda x: np.deg2rad(x),
    "degrees": lambda x: np.degrees(x),
    "divide": lambda x: np.divide(C, x),
    "divide by a number": lambda x: x / 3,
    "divmod": lambda x: np.divmod(3.0, x)[1],
    "equal": lambda x: np.sum(np.where(np.equal(np.floor(3.0 * x), 1.0), x, 0.0)),
    "exp": lambda x: np.exp(x),
    "exp of floats among Values": lambda x: np.exp(np.concatenate([x, C])),
    "exp2": lambda x: np.exp2(x),
    "expm1": lambda x: np.expm1(x),
    "fabs": lambda x: np.fabs(x - 0.5),
    "float_power": lambda x: np.float_power(x, 1.5),
    "floor": lambda x: np.floor(3.0 * x) * x,
    "floor_divide": lambda x: np.floor_divide(3.0, x) * x,
    "fmax": lambda x: np.fmax(x, C),
    "fmin": lambda x: np.fmin(x, C),
    "fmod": lambda x: np.fmod(3.0, x),
    "greater": lambda x: np.sum(np.where(np.greater(x, 0.5), x * x, 0.0)),
    "greater_equal": lambda x: np.sum(np.where(x >= C, x * x, x)),
    "heaviside": lambda x: np.heaviside(x - 0.5, 0.5) * x,
    "hypot": lambda x: np.hypot(C, x),
    "hypot.reduce": lambda x: np.hypot.reduce(x, axis=1),
    "invert": lambda x: np.where(~(x > 0.5), x, 0.0),
    "isfinite": lambda x: np.where(np.isfinite(x), x, 0.0),
    "isinf": lambda x: np.where(np.isinf(x), 0.0, x),
    "isnan": lambda x: np.where(np.isnan(x), 0.0, x),
    "less": lambda x: np.where(np.less(x, x.T[:2, :1]), x, 0.0),
    "less_equal": lambda x: np.where(x <= 0.5, x, 2.0 * x),
    "log": lambda x: np.log(x),
    "log of a maximum": lambda x: np.log(np.maximum(x, 0.4)),
    "log10": lambda x: np.log10(x),
    "log1p": lambda x: np.log1p(x),
    "log2": lambda x: np.log2(x),
    "logaddexp": lambda x: np.logaddexp(x, 0.0),
    "logaddexp.reduce": lambda x: np.logaddexp.reduce(x, axis=1),
    "logaddexp2": lambda x: np.logaddexp2(x, C),
    "logical_and": lambda x: np.where(np.logical_and(x > 0.3, x < 0.7), x, 0.0),
    "logical_not": lambda x: np.where(np.logical_not(x > 0.5), x, 0.0),
    "logical_or": lambda x: np.where(np.logical_or(x > 0.7, x < 0.3), x, 0.0),
    "logical_xor": lambda x: np.where(np.logical_xor(x > 0.3, x < 0.7), x, 0.0),
    "bitwise_and": lambda x: np.where((x > 0.3) & (x < 0.7), x, 0.0),
    "bitwise_or": lambda x: np.where((x > 0.7) | (x < 0.3), x, 0.0),
    "bitwise_xor": lambda x: np.where((x > 0.3) ^ MASK, x, 0.0),
    "matmul": lambda x: x @ C.T,
    "matmul of constants": lambda x: C[0] @ x.T,
    "matmul of stacks": lambda x: np.stack([x, C]) @ x.T,
    "matmul with a vector": lambda x: np.stack([x, C]) @ x[0],
    "maximum": lambda x: np.maximum(x, C),
    "maximum.accumulate": lambda x: np.maximum.accumulate(x, axis=1),
    "minimum": lambda x: np.minimum(x, 0.5),
    "multiply": lambda x: np.multiply(x, C),
    "multiply.outer": lambda x: np.multiply.outer(x[0], x[1]),
    "negative": lambda x: -x,
    "not_equal": lambda x: np.where(np.floor(3.0 * x) != 1.0, x, 0.0),
    "positive": lambda x: +x,
    "power": lambda x: x**2 + 2**x + x**x,
    "rad2deg": lambda x: np.rad2deg(x),
    "radians": lambda x: np.radians(x),
    "reciprocal": lambda x: np.reciprocal(x),
    "remainder": lambda x: 3.0 % x,
    "rint": lambda x: np.rint(3.0 * x) * x,
    "sign": lambda x: np.sign(x - 0.5) * x,
    "sin": lambda x: np.sin(x),
    "sinh": lambda x: np.sinh(x),
    "sqrt": lambda x: np.sqrt(x),
    "square": lambda x: np.square(x),
    "subtract": lambda x: 1 - x,
    "tan": lambda x: np.tan(x),
    "tanh": lambda x: np.tanh(x),
    "trunc": lambda x: np.trunc(3.0 * x) * x,
    "vecdot": lambda x: np.vecdot(x, C) if hasattr(np, "vecdot") else np.sum(x * C, axis=-1),
    "out": lambda x: np.add(x, x, out=np.zeros(x.shape, x.dtype)),
    "exp where": lambda x: np.exp(x, out=x * 2.0, where=x > 0.5),
    "in-place": lambda x: _in_place(x),
    "at": lambda x: _at(x),
}

OURS: dict[str, Function] = {
    "all": lambda x: np.where(np.all(x > 0.1), x, 0.0),
    "any": lambda x: np.where(np.any(x > 0.7, axis=1, keepdims=True), x, 0.0),
    "amax": lambda x: np.max(x),
    "amin": lambda x: x.min(axis=0),
    "max": lambda x: np.max(x, axis=(0, 1)),
    "max keepdims": lambda x: np.max(x, axis=1, keepdims=True),
    "max where": lambda x: np.max(x, axis=1, where=MASK, initial=-1.0),
    "max where it is recorded": lambda x: np.max(x, axis=1, where=x > 0.3, initial=-1.0),
    "min": lambda x: np.min(x, axis=-1),
    "angle": lambda x: np.angle(x - 0.5),
    "clip": lambda x: np.clip(x, 0.3, 0.7),
    "clip one side": lambda x: np.clip(x, 0.3, None) + x.clip(None, 0.7),
    "clip crossed": lambda x: np.clip(x, 0.7, 0.3) + np.clip(x, x.T[0, 0], 0.7),
    "dot": lambda x: np.dot(x, C.T) + np.dot(x[0], C[0]) + np.dot(2.0, x)[0, 0],
    "dot method": lambda x: x.dot(x.T),
    "fix": lambda x: np.fix(3.0 * x) * x,
    "gradient": lambda x: np.gradient(x, axis=1),
    "interp": lambda x: (
        np.interp(x, [0.0, 0.3, 2.0], [1.0, 3.0, 2.0]) * np.interp(x, [0.1, 1.0], [0.5, 2.0], period=0.9)
    ),
    "gradient of all axes": lambda x: np.gradient(x, 0.5, 2.0)[1] + np.gradient(x)[0],
    "gradient of second order": lambda x: np.gradient(x, [0.0, 0.5, 2.0], axis=1, edge_order=2),
    "imag": lambda x: np.imag(x) + x,
    "inner": lambda x: np.inner(x, C),
    "iscomplex": lambda x: np.where(np.iscomplex(x), 0.0, x),
    "iscomplexobj": lambda x: x * np.iscomplexobj(x) + x,
    "isreal": lambda x: np.where(np.isreal(x), x, 0.0),
    "isrealobj": lambda x: x * np.isrealobj(x),
    "linalg.norm": lambda x: np.linalg.norm(x),
    "linalg.norm axis": lambda x: np.linalg.norm(x, axis=1, keepdims=True),
    "linalg.norm ord": lambda x: sum(np.linalg.norm(x[0], o) for o in (1, 2, 3, np.inf, -np.inf, 0)),
    "linalg.norm of matrices": lambda x: sum(np.linalg.norm(x, o) for o in ("fro", 1, -1, np.inf, -np.inf)),
    "linspace": lambda x: np.linspace(x[0, 0], x[1, 1], 4) + np.linspace(0.0, x[0, 1], 4, endpoint=False),
    "linspace of arrays": lambda x: np.linspace(x[0], 1.0, 3, axis=-1),
    "mean": lambda x: np.mean(x),
    "mean axis": lambda x: np.mean(x, axis=1, keepdims=True) + x.mean(0),
    "mean where": lambda x: np.mean(x, axis=1, where=MASK),
    "nan_to_num": lambda x: _without_nan(x),
    "outer": lambda x: np.outer(x, C[0]),
    "partition": lambda x: np.partition(x, 1, axis=1),
    "prod": lambda x: np.prod(x),
    "prod axis": lambda x: np.prod(x, axis=0, keepdims=True) + x.prod(axis=1, keepdims=True),
    "real": lambda x: np.real(x) + x.real,
    "real_if_close": lambda x: np.real_if_close(x),
    "select": lambda x: np.select([x > 0.7, x > 0.4], [x * x, 2.0 * x], 0.5),
    "sinc": lambda x: np.sinc(x),
    "sort": lambda x: np.sort(x, axis=None),
    "sort in place": lambda x: _sorted(x),
    "std": lambda x: np.std(x),
    "std axis": lambda x: np.std(x, axis=1, ddof=1) + x.std(0, keepdims=True).sum(),
    "sum": lambda x: np.sum(x),
    "sum axis": lambda x: np.sum(x, axis=(0, 1), keepdims=True) + x.sum(axis=-1, keepdims=True),
    "sum where": lambda x: np.sum(x, where=MASK, initial=2.0),
    "sum where it is recorded": lambda x: np.sum(x, where=x > 0.4),
    "sum of one": lambda x: np.sum(x[0, 0] * x[0, 1]) + np.max(x[0, 0]) + np.prod(x[1, 1]) + np.mean(x[1, 0]),
    "tensordot": lambda x: np.tensordot(x, C, axes=([0, 1], [0, 1])) + np.tensordot(x, C.T, 1),
    "tensordot none": lambda x: np.tensordot(x[0], C, 0),
    "var": lambda x: np.var(x),
    "var axis": lambda x: np.var(x, axis=0, keepdims=True) + np.var(x, axis=1, where=MASK).sum(),
    "vdot": lambda x: np.vdot(x, C),
    "where": lambda x: np.where(x > 0.5, x * x, C),
    "where of one": lambda x: np.where(x[0, 0] > 0.2, x[0, 0] ** 2, 0.0),
    "where of numbers": lambda x: np.where(np.floor(3.0 * x), x, 5.0),
}

NUMPYS: dict[str, Function] = {
    "append": lambda x: np.append(x, 0.5) * np.append(x, x[0, 0]),
    "around": lambda x: np.around(x, 1) * x,
    "array2string": lambda x: x * len(np.array2string(x)[:1]),
    "array_repr": lambda x: x * len(np.array_repr(x)[:1]),
    "array_str": lambda x: x * len(np.array_str(x)[:1]),
    "array_split": lambda x: np.array_split(x, 2, axis=1)[1],
    "astype": lambda x: x.astype(float) if not hasattr(np, "astype") else np.astype(x, np.float64),
    "atleast_1d": lambda x: np.atleast_1d(x[0, 0]),
    "atleast_2d": lambda x: np.atleast_2d(x[0]),
    "atleast_3d": lambda x: np.atleast_3d(x),
    "average": lambda x: np.average(x, axis=1, weights=[1.0, 2.0, 3.0]),
    "block": lambda x: np.block([[x, C], [C, x]]),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x[0], x)[0],
    "broadcast_to": lambda x: np.broadcast_to(x[0], (2, 3)),
    "choose": lambda x: np.choose([0, 1, 0], x),
    "column_stack": lambda x: np.column_stack([x, C]),
    "compress": lambda x: np.compress([True, False, True], x, axis=1),
    "concat": lambda x: np.concatenate([x, x]),
    "concatenate": lambda x: np.concatenate([x, C], axis=1),
    "convolve": lambda x: np.convolve(x[0], x[1]),
    "copy": lambda x: np.copy(x),
    "copyto": lambda x: _copied(x),
    "correlate": lambda x: np.correlate(x[0], C[0], "full"),
    "cross": lambda x: np.cross(x, C),
    "cumprod": lambda x: np.cumprod(x, axis=1),
    "cumsum": lambda x: np.cumsum(x),
    "cumulative_prod": lambda x: np.cumprod(x),
    "cumulative_sum": lambda x: np.cumsum(x, axis=0),
    "delete": lambda x: np.delete(x, 1, axis=1),
    "diag": lambda x: np.diag(x) * np.diag(x[0, :2]),
    "diagflat": lambda x: np.diagflat(x),
    "diagonal": lambda x: np.diagonal(x),
    "diff": lambda x: np.diff(x, axis=1) + np.diff(x, n=2, axis=1),
    "dsplit": lambda x: np.dsplit(np.dstack([x, C]), 2)[0],
    "dstack": lambda x: np.dstack([x, C]),
    "ediff1d": lambda x: np.ediff1d(x),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, C) + np.einsum("ij->", x),
    "empty_like": lambda x: _copied(x, np.empty_like(x)),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "extract": lambda x: np.extract(MASK, x),
    "fill_diagonal": lambda x: _diagonal_filled(x),
    "flip": lambda x: np.flip(x),
    "fliplr": lambda x: np.fliplr(x),
    "flipud": lambda x: np.flipud(x),
    "full_like": lambda x: np.full_like(x, x[0, 0]),
    "hsplit": lambda x: np.hsplit(x, 3)[1],
    "hstack": lambda x: np.hstack([x, C]),
    "insert": lambda x: np.insert(x, 1, 0.5, axis=1),
    "kron": lambda x: np.kron(x, C),
    "matrix_transpose": lambda x: np.swapaxes(x, -1, -2),
    "meshgrid": lambda x: np.meshgrid(x[0], x[1])[1],
    "moveaxis": lambda x: np.moveaxis(x, 0, 1),
    "ndim": lambda x: x * np.ndim(x) * np.ndim(x[0, 0] + 1.0 > 0),
    "ones_like": lambda x: x * np.ones_like(x),
    "pad": lambda x: np.pad(x, 1) + np.pad(x, 1, mode="edge") + np.pad(x, 1, mode="reflect"),
    "permute_dims": lambda x: np.transpose(x, (1, 0)),
    "polyval": lambda x: np.polyval([1.0, 2.0, 3.0], x) + np.polyval(x[0], C),
    "ptp": lambda x: np.ptp(x, axis=1),
    "put_along_axis": lambda x: _put(x),
    "ravel": lambda x: np.ravel(x) * x.ravel() * x.flatten(),
    "repeat": lambda x: np.repeat(x, 2, axis=1),
    "reshape": lambda x: np.reshape(x, (3, 2)) * x.reshape(3, 2),
    "resize": lambda x: np.resize(x, (3, 3)),
    "roll": lambda x: np.roll(x, 1),
    "rollaxis": lambda x: np.rollaxis(x, 1),
    "rot90": lambda x: np.rot90(x),
    "round": lambda x: np.round(x, 1) * x + x.round(),
    "shape": lambda x: x * np.shape(x)[0],
    "size": lambda x: x * np.size(x),
    "split": lambda x: np.split(x, 3, axis=1)[2],
    "squeeze": lambda x: np.squeeze(x[:1]),
    "stack": lambda x: np.stack([x, C], axis=1),
    "stack of Values": lambda x: np.stack([x[0, 0], x[1, 1], 0.5]),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "take": lambda x: np.take(x, [0, 2, 2], axis=1),
    "take_along_axis": lambda x: np.take_along_axis(x, np.array([[0], [2]]), axis=1),
    "tile": lambda x: np.tile(x, (2, 2)),
    "trace": lambda x: np.trace(x),
    "transpose": lambda x: np.transpose(x) * x.T,
    "trapezoid": lambda x: trapezoid(x, dx=0.5),
    "trapz": lambda x: trapezoid(x, np.array([0.0, 0.5, 2.0])),
    "tril": lambda x: np.tril(x),
    "triu": lambda x: np.triu(x),
    "unstack": lambda x: x[0] + x[1],
    "vander": lambda x: np.vander(x[0]),
    "vsplit": lambda x: np.vsplit(x, 2)[1],
    "vstack": lambda x: np.vstack([x, C]),
    "zeros_like": lambda x: np.zeros_like(x) + x,
    "linalg.matrix_power": lambda x: np.linalg.matrix_power(x[:, :2], 3),
    "linalg.multi_dot": lambda x: np.linalg.multi_dot([x, C.T, x]),
    "indexing": lambda x: x[::-1, [0, 0, 2]] * x[0, -1] + x[MASK][0] + x[..., None][0, 0],
    "iterating": lambda x: sum(v * v for row in x for v in row),
    "array of scalars": lambda x: np.array([x[0, 0], x[0, 0] * 2.0, x[1, 1] + 2.5]),
    "array of arrays": lambda x: np.array([[x, 2.0 * x], [x, x * x]]),
    "r_": lambda x: np.r_[x[0], 0.5, x[1]] * np.c_[x.T, x.T].sum(),
}

QUESTIONS: dict[str, Function] = {
    "allclose": lambda x: x * np.allclose(x, (x * 3.0) / 3.0),
    "argmax": lambda x: x[0, np.argmax(x[0])] + x.argmax(),
    "argmin": lambda x: x[np.argmin(x, axis=0)],
    "argpartition": lambda x: x[0][np.argpartition(x[0], 1)[1]],
    "argsort": lambda x: x[0][np.argsort(x[0])] * x[0][x[0].argsort()],
    "argwhere": lambda x: x * len(np.argwhere(x > 0.5)),
    "array_equal": lambda x: x * np.array_equal(x, x + 0.0),
    "array_equiv": lambda x: x * np.array_equiv(x, x + 0.0),
    "count_nonzero": lambda x: x * np.count_nonzero(x > 0.5) * np.count_nonzero(x),
    "digitize": lambda x: x * np.digitize(x, [0.3, 0.6]),
    "flatnonzero": lambda x: x * len(np.flatnonzero(np.floor(3.0 * x))),
    "isclose": lambda x: np.where(np.isclose(np.floor(3.0 * x), 1.0), x, 0.0),
    "isin": lambda x: np.where(np.isin(np.floor(3.0 * x), [0.0, 2.0]), x, 0.0),
    "isneginf": lambda x: np.where(np.isneginf(x), 0.0, x),
    "isposinf": lambda x: np.where(np.isposinf(x), 0.0, x),
    "nonzero": lambda x: x[np.nonzero(np.floor(3.0 * x))],
    "result_type": lambda x: x * (np.result_type(x, 1.0) == np.dtype(float)),
    "searchsorted": lambda x: x * np.searchsorted([0.3, 0.6], x),
    "signbit": lambda x: np.where(np.signbit(x - 0.5), x, 0.0),
    "where of nothing": lambda x: x[np.where(x > 0.5)],
}


def _without_nan(x: Any) -> Any:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nan_to_num(np.log(x - 0.5)) + np.nan_to_num(x / np.floor(3.0 * x), posinf=2.0)


def _in_place(x: Any) -> Any:
    y = x * 1.0
    y += C
    y *= x
    y[0] -= 1.0
    return y


def _at(x: Any) -> Any:
    y = x * 1.0
    np.add.at(y, ([0, 0], [1, 1]), x[0, 0])
    return y


def _sorted(x: Any) -> Any:
    y = x * 1.0
    y.sort()
    y.partition(1)
    return y


def _copied(x: Any, to: Any = None) -> Any:
    y = np.zeros_like(x) if to is None else to
    np.copyto(y, x)
    return y


def _put(x: Any) -> Any:
    y = np.zeros_like(x)
    np.put_along_axis(y, np.array([[1], [2]]), x[:, :1], axis=1)
    return y


def _diagonal_filled(x: Any) -> Any:
    y = x * 1.0
    np.fill_diagonal(y, x[0, 1])
    return y
