"""The checks to ask for: of a gradient, a Jacobian, a Hessian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd.check.along import Claim
from autograd.check.arguments import At, name_of, numbers_for, numbers_like
from autograd.check.report import GradientCheck, Inquiry
from autograd.errors import ArgumentError
from autograd.structure import Floats, compose
from autograd.text import quoted
from autograd.transforms import grad, hessian, jacobian

EACH = 256  # numbers that are checked one by one; of more, directions are enough unless more is asked for
DIRECTIONS = 2


def check_grad(
    f: Callable[..., Any],
    *point: Any,
    gradient: Any = None,
    argnums: int | Sequence[int] | None = None,
    directions: int | None = None,
    seed: int = 0,
    rtol: float = 1e-6,
    atol: float = 0.0,
    **named: Any,
) -> GradientCheck:
    """Check the derivatives of `f` at `point` (its positional arguments) against finite differences.

    Without `gradient` the engine's own derivatives are checked.  `gradient` is a hand-derived one:
    a function of the same arguments, or its value there, with the structure of the argument (of the
    tuple of arguments, if there are several): the same keys, in any order, and shapes.  `argnums` says
    along which arguments, as in `grad`; arguments with names are handed on as they are.

    Differences are taken at steps of many sizes, from one side where the other is outside the domain, and
    know how far they may be off.  A derivative is wrong if it is further from them than that and than
    ``atol + rtol·|numeric|``; at a kink, or where noise leaves too few digits, they cannot tell.

    More than 256 numbers are not checked one by one, but along 2 random directions through all of them; where
    one is off, it is located.  ``directions=0`` checks each, ``directions=n`` takes n; `seed` chooses which.

    >>> from autograd import tanh
    >>> report = check_grad(lambda x: tanh(x), 0.3, gradient=lambda x: 1 - tanh(x))
    >>> report.ok, report.wrong[0].where
    (False, 'x')
    >>> check_grad(lambda x: tanh(x), 0.3)
    autograd's gradient: the derivative agrees with finite differences
          at         given       numeric  off by
      x  0.3  0.9151369618  0.9151369618

    Raises:
        ArgumentError: if f does not return one number or the gradient has another structure
    """
    at = At(f, point, named, argnums)
    if at.outputs_structure.size != 1:
        raise ArgumentError(
            f"{name_of(f)} returned {at.outputs_structure.size} numbers; a gradient is of one number: "
            "check_jacobian checks the derivatives of all, or sum them"
        )
    of = "autograd's gradient" if gradient is None else "the given gradient"
    found = _at_point(grad(f, at.argnums) if gradient is None else gradient, at)
    given = numbers_for(found, at, "the gradient")
    asked = Inquiry(f, point, named, argnums, gradient, "gradient", (tuple(given),))
    return _checked(Claim(at, [given], [""], rtol, atol), of, asked, directions, seed)


def check_jacobian(
    f: Callable[..., Any],
    *point: Any,
    jacobian: Any = None,
    argnums: int | Sequence[int] | None = None,
    directions: int | None = None,
    seed: int = 0,
    rtol: float = 1e-6,
    atol: float = 0.0,
    **named: Any,
) -> GradientCheck:
    """Check all ∂outputᵢ/∂inputⱼ of `f` at `point` against finite differences, as `check_grad` does.

    `jacobian` is a hand-derived one, a function of the same arguments or its value there: the outputs'
    structure, each element in the inputs' structure, as `autograd.jacobian` answers; without it that is checked.

    >>> import numpy as np
    >>> report = check_jacobian(lambda v: v * v, np.array([1.0, 2.0]), jacobian=np.array([[2.0, 0.0], [1.0, 4.0]]))
    >>> [(wrong.of, wrong.where) for wrong in report.wrong]
    [('f[1]', 'v[0]')]

    Raises:
        ArgumentError: if the Jacobian has another structure: it looks like the transpose, say
    """
    at = At(f, point, named, argnums)
    if not at.here:
        raise ArgumentError(f"{name_of(f)} returned no numbers, so that there is no derivative to check")
    of = "autograd's Jacobian" if jacobian is None else "the given Jacobian"
    found = _at_point(_jacobian(f, at) if jacobian is None else jacobian, at)
    rows = _rows(found, at, "the Jacobian", "outputs by inputs")
    asked = Inquiry(f, point, named, argnums, jacobian, "Jacobian", tuple(map(tuple, rows)))
    return _checked(Claim(at, rows, at.outputs_structure.places("f"), rtol, atol), of, asked, directions, seed)


def check_hessian(
    f: Callable[..., Any],
    *point: Any,
    hessian: Any = None,
    gradient: Any = None,
    argnums: int | Sequence[int] | None = None,
    directions: int | None = None,
    seed: int = 0,
    rtol: float = 1e-6,
    atol: float = 0.0,
    **named: Any,
) -> GradientCheck:
    """Check all ∂²f/∂xᵢ∂xⱼ at `point` against finite differences of the gradient.

    `hessian` is a hand-derived one, a function of the same arguments or its value there, in the inputs' structure
    twice over; without it the engine's is checked.  The gradient is the engine's, or the function `gradient`;
    check that first, with `check_grad`.

    >>> check_hessian(lambda x, y: x * x * y, 2.0, 3.0, hessian=((6.0, 4.0), (4.0, 0.0))).ok
    True

    Raises:
        ArgumentError: if the Hessian has another structure, or f does not return one number
    """
    chosen = At(f, point, named, argnums)
    at = At(gradient or grad(f, chosen.argnums), point, named, argnums)
    at.names = chosen.names
    of = "autograd's Hessian" if hessian is None else "the given Hessian"
    found = _at_point(_hessian(f, at) if hessian is None else hessian, at)
    rows = _rows(found, at, "the Hessian", "inputs by inputs")
    asked = Inquiry(f, point, named, argnums, hessian, "Hessian", tuple(map(tuple, rows)))
    return _checked(Claim(at, rows, at.places(), rtol, atol), of, asked, directions, seed)


def rows_at(asked: Inquiry, numbers: Floats) -> tuple[tuple[float, ...], ...]:
    """What the derivative that was asked about, a function, gives where the arguments hold these numbers.

    Raises:
        ArgumentError: if its answer there has another structure
    """
    chosen = At(asked.f, asked.point, dict(asked.named), asked.argnums)
    args = chosen.arguments(numbers)
    if asked.kind == "gradient":
        at = At(asked.f, args, dict(asked.named), asked.argnums)
        return (tuple(numbers_for(_at_point(asked.derivative, at), at, "the gradient")),)
    f = grad(asked.f, chosen.argnums) if asked.kind == "Hessian" else asked.f
    at = At(f, args, dict(asked.named), asked.argnums)
    like = "outputs by inputs" if asked.kind == "Jacobian" else "inputs by inputs"
    return tuple(map(tuple, _rows(_at_point(asked.derivative, at), at, f"the {asked.kind}", like)))


def _jacobian(f: Callable[..., Any], at: At) -> Callable[..., Any]:
    return jacobian(f, at.argnums)


def _hessian(f: Callable[..., Any], at: At) -> Callable[..., Any]:
    return hessian(f, at.argnums)


def _at_point(derivative: Any, at: At) -> Any:
    """A derivative that is given as a function or as its value, at the point."""
    return derivative(*at.point, **at.named) if callable(derivative) else derivative


def _rows(found: Any, at: At, what: str, like: str) -> list[list[float]]:
    """The derivatives of each output along each number."""
    structure, order = compose(at.outputs_structure, at.structure)
    rows = [[0.0] * len(at.numbers) for _ in range(at.outputs_structure.size)]
    for (i, j), number in zip(order, numbers_like(found, structure, what, like), strict=True):
        rows[i][j] = number
    return rows


def _checked(claim: Claim, of: str, asked: Inquiry, directions: int | None, seed: int) -> GradientCheck:
    numbers = len(claim.at.numbers)
    count = directions if directions is not None else DIRECTIONS if numbers > EACH else 0
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ArgumentError(
            f"directions is how many random directions to check along (0: each number), got {quoted(count)}"
        )
    along, located = claim.along_directions(count, seed) if count else ((), claim.each())
    return GradientCheck(located, of, claim.at.point, numbers, along, asked)
