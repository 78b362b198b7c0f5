"""The rows that C's mathematical library has: for a row's name the name of a function of doubles."""

from __future__ import annotations

LIBM = {
    name: name
    for name in (
        "fmod sqrt cbrt hypot exp expm1 exp2 log log1p log2 log10 sin cos tan asin acos atan atan2 sinh cosh tanh"
        " asinh acosh atanh floor ceil trunc erf erfc lgamma"
    ).split()
} | {"power": "pow", "abs": "fabs", "round": "rint"}  # rint: halves to the even one
