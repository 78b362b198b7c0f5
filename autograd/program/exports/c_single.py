"""C in single precision: the same text with float, suffixes and libm's functions of floats; and which rows bear it.

A row whose function loses digits in single precision, or of which nobody knows, is computed in double and rounded once.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from autograd.errors import ArgumentError
from autograd.program.libm import LIBM
from autograd.text import quoted


class Precision(NamedTuple):
    """How wide numbers are."""

    kind: str  # what C calls them
    width: int  # in bytes

    def bears(self, row: str) -> bool:
        """Whether a row's function and slopes keep their digits in it."""
        return self is DOUBLE or row in SINGLE


DOUBLE, FLOAT = Precision("double", 8), Precision("float", 4)
_PRECISIONS = {"float64": DOUBLE, "float32": FLOAT}


def precision_of(dtype: object) -> Precision:
    """The precision of a dtype, by name or NumPy's.

    Raises:
        ArgumentError: for another than float64 and float32
    """
    try:
        return _PRECISIONS[np.dtype(dtype).name]  # type: ignore[call-overload]  # whatever was given
    except (KeyError, TypeError):
        raise ArgumentError(f"dtype is 'float64' or 'float32', got {quoted(dtype)}") from None


_TOKEN = re.compile(r"/\*.*?\*/|\b[A-Za-z_]\w*|(?<![\w.])\d+(?:\.\d*)?(?:[eE][+-]?\d+)?", re.DOTALL)
_OF_LIBM = frozenset(LIBM.values())


def single(source: str, functions: Collection[str] = ()) -> str:
    """C of doubles as C of floats; `functions` are those of our own that have a twin for floats.

    >>> single("const double t1 = 0.1 * exp(x[0]);")
    'const float t1 = 0.1f * expf(x[0]);'

    Raises:
        ArgumentError: for a number that is infinite or 0 in single precision alone
    """

    def in_single(found: re.Match[str]) -> str:
        token = found[0]
        if token == "double":
            return "float"
        if token in _OF_LIBM or token in functions:
            return f"{token}f"
        return _literal(token) if token[0].isdigit() and not token.isdigit() else token

    return _TOKEN.sub(in_single, source)


def _literal(token: str) -> str:
    with np.errstate(over="ignore"):
        rounded = np.float32(token)
    if not np.isfinite(rounded) or (rounded == 0) != (float(token) == 0):
        raise ArgumentError(f"the constant {token} is beyond single precision: ask for dtype='float64'")
    return f"{rounded!s}f"


# Rows whose function, and whose slopes', is good to 1e-6 of itself in single precision wherever doubles are good; what
# adds up many numbers (dot, sum, softmax and its kin) to 1e-6 of the largest.  The tests hold them to that.
SINGLE = frozenset(
    "abs acos acosh add asin asinh atan atanh cbrt ceil clip cos cosh cospi cot csc degrees divide dot elu equal"
    " exp exp2 expm1 floor floor_divide fmod greater greater_equal guard hardtanh leaky_relu less less_equal"
    " locate log log10 log1mexp log1p log2 log_softmax logit logsigmoid logsumexp maximum minimum multiply"
    " negative prelu radians reciprocal relu relu6 remainder round rrelu sec sech selu sigmoid sign sin sinh sinpi"
    " softmax softplus softsign sqrt square step subtract sum take tan tanh trunc where xlog1py xlogy".split()
)
SINGLE_VALUES = SINGLE | {"mish", "ndtr", "silu", "sinc"}  # whose slopes cancel
