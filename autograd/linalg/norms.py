"""The length of vectors and the size of matrices: `norm`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.array import ValueArray


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """As np.linalg.norm: without overflow, and at 0 with the derivative 0; of matrices no singular values.

    >>> norm([3.0, 4.0])
    5.0

    Raises:
        OperandError: for an `ord` that is not known, and 2, -2 and "nuc" of matrices
    """
    return np.linalg.norm(ValueArray(x), ord, axis, keepdims)
