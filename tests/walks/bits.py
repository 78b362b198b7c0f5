"""`python -m tests.walks.bits`: one line that is the same wherever sums, rules and programs give the same bits.

It hashes values and derivatives of a few hundred random graphs, eager and on every executor; CI compares the
lines of all Pythons on one machine.  Rows whose numbers come from the C library are the same there too.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator

import numpy as np

from autograd import compile, dot, grad, logsumexp, softmax, sum, tanh
from autograd.value import Value

GRAPHS = 200


def f(x: list[Value]) -> Value:
    """Sums that cancel, products, and rows of many operands."""
    total = sum(x) + dot(x, x[::-1], x[0])
    shares = sum(softmax([tanh(each) for each in x[:6]]))
    spread = np.std([each * 1e-3 for each in x[:9]]) + logsumexp([each / 1e17 for each in x])
    return total * shares + np.mean(x) - spread


def numbers() -> Iterator[float]:
    """Every number that is hashed."""
    dice = random.Random(1)
    compiled = [compile(f, backend=backend, exact=True) for backend in ("interpreter", "numpy", "llvm")]
    for _ in range(GRAPHS):
        x = [dice.choice([1.0, 1e16, -1e16, dice.uniform(-3, 3)]) for _ in range(24)]
        yield from (f([Value(each) for each in x]).data, *grad(f)(x))
        for program in compiled:
            value, gradient = program.value_and_grad(np.array(x))
            yield from (float(value), *map(float, gradient))


if __name__ == "__main__":
    digest = hashlib.sha256()
    for number in numbers():
        digest.update(("nan" if math.isnan(number) else number.hex()).encode())
    print(digest.hexdigest())
