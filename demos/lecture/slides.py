"""What the slides print, kept as text, because how many digits are printed is part of the claim."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np

Table: TypeAlias = list[list[str]]
Matrix: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


def table(text: str) -> Table:
    """Rows and columns of printed numbers."""
    return [line.split() for line in text.strip().splitlines()]


def numbers(printed: Table) -> Matrix:
    """A printed table as floats."""
    return np.array([[float(cell.replace(",", ".")) for cell in row] for row in printed])


def decimals(printed: str) -> int:
    """How many digits are printed after the point (or the Russian comma).

    >>> decimals("0,031")
    3
    """
    exponent = Decimal(printed.replace(",", ".")).as_tuple().exponent
    return max(0, -int(exponent))


def agrees(printed: str, computed: float) -> bool:
    """Whether `computed`, rounded to as many digits as are printed, is what is printed.

    >>> agrees("0,031", 0.0306642), agrees("0,032", 0.0306642)
    (True, False)
    """
    slide = Decimal(printed.replace(",", "."))
    return Decimal(computed).is_finite() and round(Decimal(computed), decimals(printed)) == slide


# -- perceptron -------------------------------------------------------------------------------------

PICNIC_WEIGHTS = {"weather": 6, "friends": 2, "distance": 3}
PICNIC_THRESHOLD = 7

# -- the price of a car -----------------------------------------------------------------------------

RAW_KM, RAW_FUEL, RAW_YEARS, RAW_PRICE = 38_000, "Gasoline", 3, 17_000

X = table("""
1.4 -1 0.4
0.4 -1 0.1
5.4 -1 4
1.5 -1 1
1.8  1 1
""")
Y = table("""
0.45
0.52
0.25
0.31
""")  # the slide gives "..." for the fifth car

# -- forward propagation ----------------------------------------------------------------------------

W1 = table("""
0.01 0.05  0.07
0.20 0.041 0.11
0.04 0.56  0.13
""")
W2 = table("""
0.04 0.78
0.40 0.45
0.65 0.23
""")
W3 = table("""
0.04
0.41
""")
Z2 = table("""
-0.17   0.253  0.04
-0.192  0.035 -0.069
 0.014  2.469  0.788
-0.145  0.594  0.125
 0.258  0.691  0.366
""")
FIRST_ACTIVATIONS = {"-0.17": "-0.168", "0.253": "0.248"}
A2 = table("""
-0.16838105 0.24773663  0.03997868
-0.18967498 0.03498572 -0.06889071
 0.01399909 0.98576421  0.65727455
-0.14399227 0.53276635  0.124353
 0.25242392 0.59862403  0.35048801
""")
Z3 = table("""
 0.11834555 -0.01066064
-0.03837167 -0.14804778
 0.8220941   0.60568633
 0.2881763   0.15603208
 0.47736378  0.54688371
""")
A3 = table("""
 0.11779613 -0.01066023
-0.03835285 -0.14697553
 0.67620804  0.54108347
 0.28045542  0.15477804
 0.44412987  0.49818098
""")
Z4 = table("""
 0.00034115
-0.06179408
 0.24889254
 0.07467721
 0.22201939
""")
A4 = table("""
 0.000341156
-0.0617156
 0.243877
 0.0745387
 0.218442
""")
A4_MISPRINTS = {(0, 0), (1, 0)}  # off in the last digits, though the slide's own Z⁴ is right: see the report

# -- bias -------------------------------------------------------------------------------------------

BIAS_WEIGHTS = [1.8, 7.0, 0.4]  # a = tanh(w·x) on the three figures
JUMP_AT = 0.7  # 50 000 km
BIAS_ROW = ["0.1", "0.1", "0.1"]  # the row that W¹ gets under the column of ones

# -- loss and gradient ------------------------------------------------------------------------------

PREDICTION = "0.2023543"
TARGET = "0.45"
LOSS = "0,031"
GRADIENT_POINT = (4.0, 2.0)  # of z = x² + y³
GRADIENT = ["8", "12"]  # F = [2x, 3y²] there
INITIAL_VARIANCE = 0.01  # w ~ N(0, 0.01)
