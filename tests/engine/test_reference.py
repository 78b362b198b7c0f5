"""Thousands of random expressions, their gradients and Hessians, against the same in 50 digits.

Each expression is written once, as a list of steps; one interpreter runs it on Values, another on
second-order Taylor numbers (value, gradient, Hessian) of 50-digit floats, which know nothing of the
table: their derivatives are the calculus book's.
"""

import random

import mpmath
import pytest
from mpmath import mp, mpf

import autograd
from autograd import Value, gradient
from autograd.ops.primitive import TABLE

EXPRESSIONS_A_SEED = 125
SEEDS = 24  # 3,000 expressions


class Taylor:
    """A number with its gradient and Hessian with respect to the variables."""

    def __init__(self, value, gradient, hessian):
        self.value, self.gradient, self.hessian = value, gradient, hessian

    @staticmethod
    def variable(x, i, n):
        return Taylor(mpf(x), [mpf(i == j) for j in range(n)], [[mpf(0)] * n for _ in range(n)])

    def through(self, f, df, d2f):
        """f(self), from f, f' and f'' at its value."""
        g, h, n = self.gradient, self.hessian, range(len(self.gradient))
        return Taylor(f, [df * a for a in g], [[d2f * g[i] * g[j] + df * h[i][j] for j in n] for i in n])

    def __add__(self, other):
        n = range(len(self.gradient))
        return Taylor(self.value + other.value, [a + b for a, b in zip(self.gradient, other.gradient, strict=True)],
                      [[self.hessian[i][j] + other.hessian[i][j] for j in n] for i in n])  # fmt: skip

    def scaled(self, factor):
        return self.through(self.value * factor, factor, mpf(0))

    def __mul__(self, other):
        (u, g, h), (v, k, m) = ((t.value, t.gradient, t.hessian) for t in (self, other))
        n = range(len(g))
        return Taylor(u * v, [u * b + v * a for a, b in zip(g, k, strict=True)],
                      [[u * m[i][j] + v * h[i][j] + g[i] * k[j] + k[i] * g[j] for j in n] for i in n])  # fmt: skip

    def reciprocal(self):
        v = self.value
        return self.through(1 / v, -1 / v**2, 2 / v**3)


def _logistic(x):
    return 1 / (1 + mpmath.exp(-x))


# name → (value, first, second derivative) at a 50-digit number, from the calculus book
BOOK = {
    "exp": lambda x: (mpmath.exp(x),) * 3,
    "sin": lambda x: (mpmath.sin(x), mpmath.cos(x), -mpmath.sin(x)),
    "cos": lambda x: (mpmath.cos(x), -mpmath.sin(x), -mpmath.cos(x)),
    "tanh": lambda x: (lambda t: (t, 1 - t**2, -2 * t * (1 - t**2)))(mpmath.tanh(x)),
    "sigmoid": lambda x: (lambda s: (s, s * (1 - s), s * (1 - s) * (1 - 2 * s)))(_logistic(x)),
    "softplus": lambda x: (lambda s: (mpmath.log(1 + mpmath.exp(x)), s, s * (1 - s)))(_logistic(x)),
    "atan": lambda x: (mpmath.atan(x), 1 / (1 + x**2), -2 * x / (1 + x**2) ** 2),
    "asinh": lambda x: (mpmath.asinh(x), (1 + x**2) ** mpf(-0.5), -x * (1 + x**2) ** mpf(-1.5)),
    "sinh": lambda x: (mpmath.sinh(x), mpmath.cosh(x), mpmath.sinh(x)),
    "erf": lambda x: (lambda d: (mpmath.erf(x), d, -2 * x * d))(2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-(x**2))),
    "square": lambda x: (x**2, 2 * x, mpf(2)),
    "silu": lambda x: (lambda s: (x * s, s * (1 + x * (1 - s)), s * (1 - s) * (2 + x * (1 - 2 * s))))(_logistic(x)),
    "expm1": lambda x: (mpmath.expm1(x), mpmath.exp(x), mpmath.exp(x)),
    "log": lambda x: (mpmath.log(x), 1 / x, -1 / x**2),
    "sqrt": lambda x: (mpmath.sqrt(x), x ** mpf(-0.5) / 2, -(x ** mpf(-1.5)) / 4),
    "log1p": lambda x: (mpmath.log(1 + x), 1 / (1 + x), -1 / (1 + x) ** 2),
    "lgamma": lambda x: (mpmath.loggamma(x), mpmath.psi(0, x), mpmath.psi(1, x)),
}
POSITIVE = {"log", "sqrt", "log1p", "lgamma"}  # they are given 1 + x²
WRITTEN = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - 2 * y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / (1 + y * y),
    "**": lambda x, y: (1 + x * x) ** (y / (1 + y * y)),
    "logaddexp": autograd.logaddexp,
    "hypot": lambda x, y: autograd.hypot(x, 1 + y * y),
    "dot": lambda x, y: autograd.dot([x, y], [y, 3.0], x),
}


def write(rng, variables):
    """A random expression: steps of (operation, operand numbers), each giving the next number."""
    steps = []
    for _ in range(rng.randint(4, 12)):
        count = variables + len(steps)
        if rng.random() < 0.5:
            steps.append((rng.choice(sorted(BOOK)), (rng.randrange(count),)))
        else:
            x, y = rng.randrange(count), count - 1 - rng.randrange(min(3, count))
            steps.append((rng.choice(sorted(WRITTEN)), (x, y)))
    return steps


def on_values(steps, numbers):
    """The expression on Values; products, quotients and powers as anybody would write them."""
    numbers = list(numbers)
    for operation, at in steps:
        x, *rest = (numbers[i] for i in at)
        if operation in BOOK:
            numbers.append(getattr(autograd, operation)(1 + x * x if operation in POSITIVE else x))
        else:
            numbers.append(WRITTEN[operation](x, *rest))
    return numbers[-1]


def on_taylors(steps, numbers, one):
    """The same expression on Taylor numbers."""
    numbers = list(numbers)
    for operation, at in steps:
        x, *rest = (numbers[i] for i in at)
        if operation in BOOK:
            numbers.append(_book(operation, one + x * x if operation in POSITIVE else x))
        else:
            numbers.append(_two(operation, x, rest[0], one))
    return numbers[-1]


def _book(name, x):
    return x.through(*BOOK[name](x.value))


def _two(operation, x, y, one):
    if operation == "+":
        return x + y
    if operation == "-":
        return x + y.scaled(mpf(-2))
    if operation == "*":
        return x * y
    bounded = (one + y * y).reciprocal()
    if operation == "/":
        return x * bounded
    if operation == "**":
        return _book("exp", _book("log", one + x * x) * (y * bounded))
    if operation == "logaddexp":
        return x + _book("softplus", y + x.scaled(mpf(-1)))
    if operation == "hypot":
        return _book("sqrt", x * x + _book("square", one + y * y))
    return x * y + y.scaled(mpf(3)) + x


def reference(steps, at):
    n = len(at)
    one = Taylor(mpf(1), [mpf(0)] * n, [[mpf(0)] * n for _ in range(n)])
    return on_taylors(steps, [Taylor.variable(x, i, n) for i, x in enumerate(at)], one)


def tame(taylor):
    """Whether all numbers are of a size at which double precision can be asked for 1e-9."""
    numbers = [taylor.value, *taylor.gradient, *(h for row in taylor.hessian for h in row)]
    return all(abs(x) < 1e8 for x in numbers) and 1e-6 < max(map(abs, taylor.gradient))


def agree(got, expected, size):
    """At relative 1e-9, or 1e-12 of the largest entry where an entry cancels in the expression itself."""
    return abs(got - expected) <= 1e-9 * max(abs(expected), size * mpf(10) ** -3)


@pytest.mark.parametrize("seed", [pytest.param(k, marks=[pytest.mark.thorough] * (k >= 8)) for k in range(SEEDS)])
def test_value_gradient_and_hessian_to_nine_digits(seed):
    rng, checked = random.Random(seed), 0
    while checked < EXPRESSIONS_A_SEED:
        n = rng.randint(1, 4)
        at = [rng.uniform(-2, 2) for _ in range(n)]
        steps = write(rng, n)
        with mp.workdps(50):
            expected = reference(steps, at)
            if not tame(expected):
                continue
            checked += 1
            compare(steps, at, expected)


def compare(steps, at, expected):
    xs = [Value(x) for x in at]
    output = on_values(steps, xs)
    assert agree(output.data, expected.value, 1), f"value {output.data} of {steps} at {at}"
    first = gradient(output, xs, as_graph=True)
    largest = max(map(abs, expected.gradient))
    assert gradient(output, xs) == pytest.approx([g.data for g in first], rel=1e-9, abs=1e-12 * float(largest))
    for got, exact in zip(first, expected.gradient, strict=True):
        assert agree(got.data, exact, largest), f"gradient {got.data}, exactly {exact}, of {steps} at {at}"
    largest = max(largest, *(abs(h) for row in expected.hessian for h in row))
    for slope, row in zip(first, expected.hessian, strict=True):
        for got, exact in zip(gradient(slope, xs), row, strict=True):
            assert agree(got, exact, largest), f"Hessian entry {got}, exactly {exact}, of {steps} at {at}"


def test_the_book_functions_are_in_the_table():
    assert set(BOOK) <= set(TABLE)
