"""What equations say: `root`, `fixed_point` and `minimize`, with the derivatives of the solution by the equation.

A solution is found by Newton's steps, and derived by the implicit function theorem, not through them: to any order,
along whatever f reads from elsewhere, and not along the guess.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from operator import add, and_, mul
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd.collector import collector_paused
from autograd.context import recording
from autograd.errors import ArgumentError, LoopError
from autograd.functions import abs as abs_
from autograd.functions import maximum, where
from autograd.given import function
from autograd.program.as_values import run, solved
from autograd.program.graph import Graph
from autograd.program.looped import EMIT, no_indices, recorded_loop, shared_of, written_as_loops
from autograd.program.loops import FOUND, SEARCHING, SINGULAR, STUCK, why_lost
from autograd.program.passes.adjoint import THROUGH, with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.implicit import solution, with_slopes
from autograd.program.reading import program_from
from autograd.program.rows import whole_number
from autograd.structure import NUMBER, Structure, flatten, leaves_like
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.transforms import running
from autograd.value import Value

Function: TypeAlias = Callable[[Any], Any]

_ROUNDING = 2.0**-52
_NOISE = 1e-9  # of an estimate of the error that steps can make no smaller, relative to the largest x on the way
_NEAR = 1e-3  # of a step relative to the largest x: where a Hessian that is positive makes f smaller with its slope


def root(f: Function, guess: Any, *, max_steps: int = 100, tol: float = 1e-12) -> Any:
    """The x with f(x) = 0 that Newton's steps lead to from a guess: one number, or several in any structure.

    `f` answers as many numbers as x has, made as x is; it may read whatever it likes, along which the solution has
    derivatives, to any order: dx/dθ = −(∂f/∂x)⁻¹ ∂f/∂θ.  There is none along the guess.  A step that would make f
    larger is halved.  It ends where the next step would be below `tol` of x, or can be made no smaller by rounding.

    >>> from autograd import grad
    >>> round(root(lambda x: x * x - 2.0, 1.0), 12)
    1.414213562373
    >>> round(grad(lambda a: root(lambda x: x * x - a, 1.0))(4.0), 12)
    0.25

    Raises:
        ArgumentError: if f's answer is not made as x is
        LoopError: where no solution is found in `max_steps`, or the slopes ∂f/∂x have no inverse there; compiled, the
            answer is nan
    """
    return _Search("root", f, _of_equation, max_steps, tol).from_(guess)


def fixed_point(g: Function, guess: Any, *, max_steps: int = 100, tol: float = 1e-12) -> Any:
    """The x with g(x) = x: `root` of x − g(x), also where repeating g would not lead there.

    >>> from autograd import cos
    >>> round(fixed_point(cos, 1.0), 12)
    0.739085133215
    """
    return _Search("fixed_point", g, _of_fixed_point, max_steps, tol).from_(guess)


def minimize(f: Function, guess: Any, *, max_steps: int = 100, tol: float = 1e-12) -> Any:
    """The x where f(x), one number, is smallest near a guess: the root of its gradient, where its Hessian is positive.

    Each step lowers f; where the Hessian is not positive it is made so.  Derivatives and the rest as in `root`.

    >>> minimize(lambda x: (x - 3.0) ** 4 + (x - 3.0) ** 2, 0.0)
    3.0
    """
    return _Search("minimize", f, _of_minimum, max_steps, tol).from_(guess)


# -- the equation at x ------------------------------------------------------------------------------


class _Equation(NamedTuple):
    """A program of f(x, θ), whose root is searched for, with its slopes; and of what is to become smaller, if known."""

    residual: Graph
    slopes: Graph
    merit: Graph | None
    theta: list[Value]

    @property
    def is_downhill(self) -> bool:
        """Whether it is the gradient of what is to become smaller."""
        return self.merit is not None


def _of_equation(f: Function, x: list[Any], structure: Structure) -> _Equation:
    return _equation(leaves_like(f(structure.build(x)), structure, "what f of a root answers"), x)


def _of_fixed_point(g: Function, x: list[Any], structure: Structure) -> _Equation:
    answer = leaves_like(g(structure.build(x)), structure, "what g of a fixed_point answers")
    return _equation([a - b for a, b in zip(x, answer, strict=True)], x)


def _equation(outputs: Sequence[Any], x: list[Any]) -> _Equation:
    theta = shared_of(outputs, x)
    residual = program_from(outputs, [*x, *theta])
    return _Equation(residual, with_slopes(THROUGH, residual), None, theta)


def _of_minimum(f: Function, x: list[Any], structure: Structure) -> _Equation:
    (answer,) = leaves_like(f(structure.build(x)), NUMBER, "what f of minimize answers")
    theta = shared_of([answer], x)
    merit = program_from([answer], [*x, *theta])
    residual = expand_slopes(with_gradient(merit, range(len(x)), values=False))
    return _Equation(residual, with_slopes(THROUGH, residual), merit, theta)


# -- the search -------------------------------------------------------------------------------------

Asked: TypeAlias = tuple[list[Any], list[list[Any]], Any]  # f at x, its slopes by rows, what is to become smaller


def _answer(equation: _Equation, x: list[Any], theta: Sequence[Any]) -> Asked:
    n, given = len(x), [*x, *theta]
    numbers = run(equation.slopes, given)
    values, slopes = numbers[:n], [numbers[n + n * i : n + n * (i + 1)] for i in range(n)]
    return values, slopes, _largest(values) if equation.merit is None else run(equation.merit, given)[0]


class _State(NamedTuple):
    """Where a search stands: at x, with a step d from it that has not been taken."""

    x: list[Any]
    step: list[Any]
    scale: list[Any]  # of each x the largest so far
    merit: Any  # what is to become smaller
    size: Any  # of f
    descent: Any  # how fast the merit falls along the step
    part: Any  # of the step that is tried
    is_sound: Any  # whether where it stands could be a solution
    status: Any

    @property
    def numbers(self) -> list[Any]:
        """All of them, one after the other."""
        return [*self.x, *self.step, *self.scale, *self[3:]]

    @classmethod
    def of(cls, numbers: Sequence[Any], n: int) -> _State:
        """The state that these are."""
        return cls(*(list(numbers[i : i + n]) for i in (0, n, 2 * n)), *numbers[3 * n :])

    @classmethod
    def at(cls, x: Sequence[Any]) -> _State:
        """Before the first step, which looks at x itself."""
        return cls(list(x), [0.0] * len(x), [0.0] * len(x), math.inf, math.inf, 0.0, 1.0, 0.0, SEARCHING)


def _next(state: _State, ask: Callable[[list[Any]], Asked], tol: float, is_downhill: bool) -> _State:
    """Try a part of the step: where it makes things better it is taken, and a new one made; else half of it is next."""
    tried = [x - state.part * d for x, d in zip(state.x, state.step, strict=True)]
    values, slopes, merit = ask(tried)
    size = _largest(values)
    is_lower = merit < state.merit - 1e-4 * state.part * state.descent
    is_near = state.part * _largest(state.step) <= _NEAR * _maximum(state.scale)
    is_as_low = is_near & (size < state.size)  # where the merit's own rounding hides that it falls
    better = is_lower | is_as_low
    step, is_sound = (_downhill if is_downhill else _newton)(values, slopes)
    steepest = _largest([entry for row in slopes for entry in row])
    is_sound *= where(steepest < math.inf, 1.0, size <= 0.0)  # an infinite slope makes a step 0, wherever it stands
    x, step = (_each(better, new, old) for new, old in ((tried, state.x), (step, state.step)))
    is_sound = where(better, is_sound, state.is_sound)
    part, error = where(better, 1.0, 0.5 * state.part), _largest(step)
    scale = [maximum(before, abs_(each)) for before, each in zip(state.scale, x, strict=True)]
    is_stuck = where(better, 0.0, 1.0 - (part * error > _ROUNDING * _maximum(scale)))  # where x is nan too
    is_small = reduce(and_, [abs_(d) <= tol * abs_(each) for d, each in zip(step, x, strict=True)])
    is_noise = (error <= _NOISE * _maximum(scale)) & _is_balanced(values, slopes, scale)
    is_found = is_sound * where(is_small, 1.0, is_stuck * is_noise)
    status = where(error < math.inf, where(is_stuck, STUCK, SEARCHING), SINGULAR)
    return _State(
        x=_each(is_found, [a - b for a, b in zip(x, step, strict=True)], x),  # the last step, whose error is its square
        step=step,
        merit=where(better, merit, state.merit),
        size=where(better, size, state.size),
        descent=where(better, _product(values, step) if is_downhill else 0.0, state.descent),
        is_sound=is_sound,
        part=part,
        scale=scale,
        status=where(is_found, FOUND, status),
    )


def _is_balanced(values: list[Any], slopes: list[list[Any]], scale: list[Any]) -> Any:
    """Whether every equation holds but for rounding of its own terms: one of large numbers hides none of small ones."""
    terms = [_product(map(abs_, row), scale) for row in slopes]
    return reduce(and_, [abs_(value) <= _NOISE * most for value, most in zip(values, terms, strict=True)])


def _newton(values: list[Any], slopes: list[list[Any]]) -> tuple[list[Any], Any]:
    """The step to where f would be 0 if it were straight."""
    return solution(EMIT, slopes, values), 1.0


def _downhill(values: list[Any], slopes: list[list[Any]]) -> tuple[list[Any], Any]:
    """The same where slopes are a Hessian, made positive where it is not (by Gershgorin's circles); whether it was."""
    n = len(values)
    is_positive, rows = 1.0, [list(row) for row in slopes]
    for k in range(n):
        is_positive = where(rows[k][k] > 0.0, is_positive, 0.0)
        pivot = where(rows[k][k] > 0.0, rows[k][k], 1.0)  # of one that is not positive nobody needs the rest
        for i in range(k + 1, n):
            factor = rows[i][k] / pivot
            rows[i] = [b - factor * a for a, b in zip(rows[k], rows[i], strict=True)]
    others = [sum((abs_(row[j]) for j in range(n) if j != i), 0.0) - row[i] for i, row in enumerate(slopes)]
    least = 0.1 * _largest([entry for row in slopes for entry in row])
    more = where(is_positive, 0.0, maximum(_maximum(others), 0.0) + least)
    shifted = [[entry + more if i == j else entry for j, entry in enumerate(row)] for i, row in enumerate(slopes)]
    return solution(EMIT, shifted, values), is_positive


def _product(a: Iterable[Any], b: Iterable[Any]) -> Any:
    return reduce(add, map(mul, a, b))


def _each(condition: Any, chosen: Sequence[Any], other: Sequence[Any]) -> list[Any]:
    return [where(condition, a, b) for a, b in zip(chosen, other, strict=True)]


def _largest(numbers: Sequence[Any]) -> Any:
    return _maximum([abs_(number) for number in numbers])


def _maximum(numbers: Sequence[Any]) -> Any:
    """The largest; nan if one is."""
    return reduce(maximum, numbers)


class _Search(NamedTuple):
    what: str
    f: Function
    equation: Callable[[Function, list[Any], Structure], _Equation]
    max_steps: int
    tol: float

    def from_(self, guess: Any) -> Any:
        """The solution, made as the guess is."""
        function(self.f, self.what)
        whole_number(self.max_steps, f"max_steps of {self.what}")
        if isinstance(self.tol, bool) or not isinstance(self.tol, (int, float, np.number)) or not self.tol >= 0.0:
            raise ArgumentError(f"tol of {self.what} is a number from 0 up, got {quoted(self.tol)}")
        start, structure = flatten(guess, f"the guess of a {self.what}")
        if not start:
            raise ArgumentError(f"the guess of a {self.what} has no numbers: {quoted(guess)}")
        with collector_paused():
            found = self._recorded(start, structure) if written_as_loops() else self._on_numbers(start, structure)
        return structure.build(found)

    def _recorded(self, start: list[Any], structure: Structure) -> list[Any]:
        x: list[Any] = [Symbol(f"x{i}") for i in range(len(start))]
        with running(x), no_indices():
            equation = self.equation(self.f, x, structure)
        first = _State.at(start).numbers
        carried: list[Any] = [Symbol(f"carried{i}") for i in range(len(first))]
        with running(carried):
            state = _State.of(carried, len(x))
            after = _next(state, partial(_answer, equation, theta=equation.theta), self.tol, equation.is_downhill)
            goes_on = where(state.status, 0.0, 1.0)
        finals = recorded_loop(
            [*after.numbers, goes_on], carried, first, self.max_steps, equation.theta, equation.residual
        )
        known = where(finals[-2] - FOUND, math.nan, 1.0)  # behind the status stands how many steps there were
        return [each * known for each in finals[: len(x)]]

    def _on_numbers(self, start: list[Any], structure: Structure) -> list[Any]:
        """Step by step; f is read anew at each x, on which it may branch.

        Where a loop or a search in f does not end, f has no value, as it has none compiled.
        """
        state = _State.at([each.data if isinstance(each, Value) else float(each) for each in start])
        within: LoopError | None = None

        def ask(x: list[Any]) -> Asked:
            nonlocal within
            try:
                equation = self._at(x, structure)
            except LoopError as error:
                within = error
                return [math.nan] * len(x), [[math.nan] * len(x)] * len(x), math.nan
            return _answer(equation, x, [each.data for each in equation.theta])

        is_downhill = self._at(state.x, structure).is_downhill
        steps = 0
        while not state.status and steps < self.max_steps:
            state = _next(state, ask, self.tol, is_downhill)
            steps += 1
        if state.status != FOUND:
            raise LoopError(self._failure(state, steps)) from within
        equation = self._at(state.x, structure)
        return solved(equation.residual, state.x, equation.theta) if equation.theta else state.x

    def _at(self, x: list[float], structure: Structure) -> _Equation:
        values = list(map(Value, x))
        with recording(), running(values):
            return self.equation(self.f, values, structure)

    def _failure(self, state: _State, steps: int) -> str:
        at = ", ".join(f"{each:.6g}" for each in state.x[:4]) + ", …" * (len(state.x) > 4)
        stands = f" f is of the size {state.size:.3g} and the next step would be {_largest(state.step):.3g}"
        return (
            f"{self.what} found no solution: {why_lost(state.status, steps)}; at x = {at}"
            f"{stands * math.isfinite(state.size)}: begin nearer to it, allow more steps, or see whether the slopes "
            "have an inverse there"
        )
