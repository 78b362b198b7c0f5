"""Linear algebra of small systems, on numbers and Values: solve, inv, det, cholesky, lstsq, eigh, expm and others.

The names mean what they mean in NumPy and SciPy.  All of it is written in this package's arithmetic, so that it has
derivatives of any order, is recorded, compiled and exported.  A matrix is an array or nested sequence of numbers, of
Values, or of both.

>>> from autograd import grad
>>> det([[2.0, 1.0], [1.0, 3.0]])
5.0
>>> round(grad(lambda a: solve([[a, 1.0], [1.0, 3.0]], [5.0, 10.0])[0])(2.0), 12)
-0.6

Pivots are picked by size: of known numbers at once, of a function that is recorded at every run, which takes about
n³ choices and is meant for n up to about 10.  (`cholesky`, and ``solve(…, assume_a="pos")``, have nothing to choose.)
What a matrix does not allow is a `MatrixError`; in a function that is compiled the answer is nan or infinite there.
"""

from autograd.linalg.elimination import Slogdet, det, inv, slogdet, solve
from autograd.linalg.exponential import expm
from autograd.linalg.least_squares import lstsq
from autograd.linalg.norms import norm
from autograd.linalg.symmetric import Eigh, eigh, eigvalsh
from autograd.linalg.triangular import cholesky, solve_triangular

__all__ = [
    "Eigh",
    "Slogdet",
    "cholesky",
    "det",
    "eigh",
    "eigvalsh",
    "expm",
    "inv",
    "lstsq",
    "norm",
    "slogdet",
    "solve",
    "solve_triangular",
]
