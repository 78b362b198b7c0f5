"""How numbers are written in pictures: short, and never so short that 3e-5 becomes 0.000."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"


def shown(x: float, digits: int = 4) -> str:
    """x to `digits` significant digits, with a true minus sign.

    >>> [shown(x) for x in (0.5, 3e-5, -1/3, 20000.0, 1.5e300, float("nan"), float("-inf"))]
    ['0.5', '3e−5', '−0.3333', '20000', '1.5e300', 'nan', '−inf']
    """
    if math.isnan(x):
        return "nan"
    sign = MINUS if x < 0 else ""
    size = abs(x)
    if math.isinf(size):
        return sign + "inf"
    if size == 0 or (size < 1e6 and size == math.floor(size)):
        return f"{sign}{size:.0f}"
    text = f"{size:.{digits}g}"
    if "e" in text or size < 1e-3 or size >= 1e6:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{sign}{mantissa}e{int(exponent)}".replace("-", MINUS)
    return sign + text


def signed(x: float, digits: int = 4) -> str:
    """The same with + before positive numbers, so that a sign does not rest on colour alone.

    >>> signed(0.25), signed(-0.25), signed(0.0)
    ('+0.25', '−0.25', '0')
    """
    return "+" + shown(x, digits) if x > 0 else shown(x, digits)


class Scale:
    """From the size of a δ to 0…1, logarithmic over six decades at most and 0 at 0.

    The largest finite size maps to 1; sizes below the smallest decade fade linearly to 0 (a symmetric
    log scale), so that nothing that is not zero vanishes by rounding.
    """

    def __init__(self, sizes: list[float]) -> None:
        finite = [abs(x) for x in sizes if x != 0 and math.isfinite(x)]
        self.largest = max(finite, default=1.0)
        self.unit = max(min(finite, default=1.0), self.largest * 1e-6)

    def __call__(self, x: float) -> float:
        if not math.isfinite(x):
            return 1.0
        return math.log1p(abs(x) / self.unit) / math.log1p(self.largest / self.unit)
