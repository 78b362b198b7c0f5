"""What NumPy's functions mean on Values, by one table: which are ours, which NumPy's own code serves, which only ask.

A function that stands in none of the three is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import linalg
from autograd.array import kept, refuse_masked
from autograd.errors import OperandError
from autograd.home import HOME
from autograd.numpy_protocol import choices, products, reductions
from autograd.numpy_protocol.operands import array_of, by_numpy, lifted, numbers
from autograd.ops import table
from autograd.recorder import RECORDERS, Composite
from autograd.splines import interp
from autograd.value import Value

Function = Callable[..., Any]


def apply_function(
    self: Any, function: Function, types: Iterable[type], args: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """What a NumPy function means on arguments among which a Value or a ValueArray is."""
    if not all(issubclass(kind, (Value, Composite, np.ndarray)) for kind in types):
        return NotImplemented
    refuse_masked(f"np.{_name(function)}", *args, *named.values())
    args, named = tuple(map(lifted, args)), {name: lifted(x) for name, x in named.items()}
    ours = OURS.get(function)
    if ours is not None:
        return kept(ours(*args, **named))
    if function in QUESTIONS:
        name = _name(function)
        return function(*numbers(args, name), **{key: numbers(x, name) for key, x in named.items()})
    if function not in NUMPYS:
        raise _refusal(function)
    found = by_numpy(function, args, named)
    return found if function is np.empty_like else kept(found)  # which is still to be filled, by NumPy's own code


def _name(function: Function) -> str:
    module = function.__module__.removeprefix("numpy").removeprefix(".")
    return f"{module}.{function.__name__}" if module in ("linalg", "fft") else function.__name__


def _refusal(function: Function) -> OperandError:
    name = _name(function)
    if function is np.linalg.lstsq:
        return OperandError(
            "np.linalg.lstsq answers singular values too, which have no derivative rule: take "
            f"{HOME}.linalg.lstsq(a, b), which is its first answer alone"
        )
    if name.startswith("linalg."):
        return OperandError(
            f"np.{name} has no derivative rule: of linear algebra there are products (@, np.dot, np.einsum), "
            f"np.linalg.matrix_power, and {HOME}.linalg: {', '.join(filter(str.islower, linalg.__all__))}"
        )
    return OperandError(f"np.{name} is not recorded on Values: the documentation lists the functions that are")


def _of_arrays(function: Function) -> Function:
    """A function of ours whose arguments NumPy handed over."""

    def of_arrays(*arrays: Any, **named: Any) -> Any:
        return function(*map(array_of, arrays), **named)

    return of_arrays


def _functions(names: str, module: Any = np) -> set[Function]:
    """NumPy's functions of these names, as far as this NumPy has them."""
    return {getattr(module, name) for name in names.split() if hasattr(module, name)}


def _named(meanings: dict[str, Function]) -> dict[Function, Function]:
    return {getattr(np, name): meaning for name, meaning in meanings.items() if hasattr(np, name)}


# The functions written out here, because NumPy's own code would compare objects, or make a node for every step.
OURS: dict[Function, Function] = _named(
    {
        "sum": reductions.add, "prod": reductions.multiply, "mean": reductions.mean, "var": reductions.var,
        "std": reductions.std, "max": reductions.largest, "amax": reductions.largest, "min": reductions.smallest,
        "amin": reductions.smallest, "all": reductions.truths(np.logical_and), "any": reductions.truths(np.logical_or),
        "pad": choices.pad, "where": choices.where, "select": choices.select, "clip": choices.clip,
        "nan_to_num": choices.nan_to_num, "angle": choices.angle,
        "sort": choices.sort, "partition": choices.partition, "linspace": choices.linspace,
        "dot": products.dot, "inner": products.inner, "vdot": products.vdot, "outer": products.outer,
        "tensordot": products.tensordot, "correlate": products.correlate,
        "gradient": products.gradient, "sinc": RECORDERS[table.sinc.name],
        "fix": RECORDERS[table.trunc.name], "interp": interp,
        "real_if_close": choices.real_if_close, "real": choices.real, "imag": choices.imag, "isreal": choices.isreal,
        "iscomplex": choices.iscomplex, "isrealobj": lambda x: not choices.holds_complex(x),
        "iscomplexobj": choices.holds_complex,
    }
)  # fmt: skip
OURS[np.linalg.norm] = reductions.norm
_LINEAR = ("cholesky", "det", "eigh", "eigvalsh", "inv", "slogdet", "solve")
OURS |= {getattr(np.linalg, name): _of_arrays(getattr(linalg, name)) for name in _LINEAR}

# Those whose own code moves elements, or computes with the ufuncs that have a meaning here.
NUMPYS: set[Function] = _functions(
    """append around array2string array_repr array_split array_str astype atleast_1d atleast_2d atleast_3d average
    block broadcast_arrays broadcast_to choose column_stack compress concat concatenate convolve copy copyto
    cross cumprod cumsum cumulative_prod cumulative_sum delete diag diagflat diagonal diff dsplit dstack
    ediff1d einsum empty_like expand_dims extract fill_diagonal flip fliplr flipud full_like hsplit hstack insert
    kron matrix_transpose meshgrid moveaxis ndim ones_like permute_dims polyval ptp
    put_along_axis ravel repeat reshape resize roll rollaxis rot90 round shape size split squeeze
    stack swapaxes take take_along_axis tile trace transpose trapezoid trapz tril triu unstack vander vsplit
    vstack zeros_like"""
) | _functions(
    """cross diagonal matmul matrix_norm matrix_power matrix_transpose multi_dot outer tensordot trace vecdot
    vector_norm""",
    np.linalg,
)

# Those whose answer has no derivative: of numbers that are known.
QUESTIONS: set[Function] = _functions(
    """allclose argmax argmin argpartition argsort argwhere array_equal array_equiv count_nonzero digitize
    flatnonzero isclose isin isneginf isposinf nonzero result_type searchsorted"""
)
