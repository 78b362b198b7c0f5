"""What in_axes and reduce mean, said the plain way: a loop over the samples.  Read by mpmath and by JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.fuzzing import trees

Owners = frozenset[int]  # the arguments that a number is a derivative along


class Looped:
    """Stands for `compile(f, …)` in the readings that are not the engine."""

    def __init__(
        self, transforms: Any, f: Callable[..., Any], argnums: Any = 0, in_axes: Any = None, reduce: Any = None
    ) -> None:
        self._transforms, self._f, self._argnums, self._in_axes, self._reduce = transforms, f, argnums, in_axes, reduce

    def __call__(self, *args: Any) -> Any:
        """f itself."""
        return self._over(lambda *at: self._f(*at), args, lambda at, answer: _owned(answer, ()))

    def grad(self, *args: Any) -> Any:
        """∂f/∂arguments."""
        ask = self._transforms["grad"](self._f, self._argnums)
        return self._over(ask, args, lambda at, _: self._owners(at))

    def value_and_grad(self, *args: Any) -> Any:
        """(f, ∂f/∂arguments)."""
        ask = self._transforms["value_and_grad"](self._f, self._argnums)
        return self._over(ask, args, lambda at, answer: (_owned(answer[0], ()), self._owners(at)))

    def jacobian(self, *args: Any) -> Any:
        """All ∂outputᵢ/∂inputⱼ."""
        ask = self._transforms["jacobian"](self._f, self._argnums)
        one = lambda _, owner: owner  # noqa: E731
        return self._over(ask, args, lambda at, _: trees.composed(trees.numbered(self._f(*at)), self._owners(at), one))

    def hessian(self, *args: Any) -> Any:
        """All ∂²f/∂xᵢ∂xⱼ."""
        ask = self._transforms["hessian"](self._f, self._argnums)
        both = lambda first, second: first | second  # noqa: E731
        return self._over(ask, args, lambda at, _: trees.composed(self._owners(at), self._owners(at), both))

    def hvp(self, *args: Any) -> Any:
        """The Hessian times a direction, which comes last; of a function without samples."""
        *at, direction = args
        chosen = self._argnums if isinstance(self._argnums, tuple) else (self._argnums,)
        alone = lambda *some: self._f(*[some[chosen.index(i)] if i in chosen else at[i] for i in range(len(at))])  # noqa: E731
        along = direction if isinstance(self._argnums, tuple) else (direction,)
        answer = self._transforms["hvp"](alone, tuple(at[i] for i in chosen), tuple(along))
        return answer if isinstance(self._argnums, tuple) else answer[0]

    def value_and_jacobian(self, *args: Any) -> Any:
        """(f, all ∂outputᵢ/∂inputⱼ)."""
        return self(*args), self.jacobian(*args)

    def jvp(self, *args: Any) -> Any:
        """(f, how it moves along a direction, which comes last)."""
        *at, direction = args
        chosen = self._argnums if isinstance(self._argnums, tuple) else (self._argnums,)
        along = direction if isinstance(self._argnums, tuple) else (direction,)
        n, axes = len(at), self._axes(len(at))

        def ask(*given: Any) -> Any:
            of_some = lambda *some: self._f(*_put(given[:n], chosen, some))  # noqa: E731
            return self._transforms["jvp"](of_some, tuple(given[i] for i in _of(chosen, n)), given[n:])

        both = lambda _, answer: (_owned(answer[0], ()), _owned(answer[1], ()))  # noqa: E731
        return self._over(ask, (*at, *along), both, (*axes, *(axes[i] for i in chosen)))

    def vjp(self, *args: Any) -> Any:
        """(f, the gradient of its outputs with weights, which come last)."""
        n, axes = len(args) - 1, self._axes(len(args) - 1)
        chosen = self._argnums if isinstance(self._argnums, tuple) else (self._argnums,)

        def ask(*given: Any) -> Any:
            of_some = lambda *some: self._f(*_put(given[:n], chosen, some))  # noqa: E731
            answer, pull = self._transforms["vjp"](of_some, *(given[i] for i in _of(chosen, n)))
            return answer, pull(given[n]) if isinstance(self._argnums, tuple) else pull(given[n])[0]

        each = 0 if self._reduce is None and any(axis is not None for axis in axes) else None
        owners = lambda at, answer: (_owned(answer[0], ()), self._owners(at[:n]))  # noqa: E731
        return self._over(ask, args, owners, (*axes, each))

    # -- over the samples -----------------------------------------------------------------------

    def _axes(self, count: int) -> tuple[Any, ...]:
        return self._in_axes if isinstance(self._in_axes, tuple) else (self._in_axes,) * count

    def _owners(self, at: tuple[Any, ...]) -> Any:
        if not isinstance(self._argnums, tuple):
            i = self._argnums % len(at)
            return _owned(at[i], (i,))
        return tuple(_owned(at[i % len(at)], (i % len(at),)) for i in self._argnums)

    def _over(
        self, ask: Callable[..., Any], args: tuple[Any, ...], owners_of: Callable[..., Any], axes: Any = None
    ) -> Any:
        axes = self._axes(len(args)) if axes is None else axes
        if all(axis is None for axis in axes):
            return ask(*args)
        count = _samples(args, axes)
        points = [_sample(args, axes, k) for k in range(count)] or [_some(args, axes)]
        answers = [ask(*point) for point in points]
        owners = owners_of(points[0], answers[0])
        same = {i for i, axis in enumerate(axes) if axis is None}
        return _joined(answers, owners, lambda owner, numbers: self._together(owner <= same, numbers[:count]))

    def _together(self, is_total: bool, numbers: list[Any]) -> Any:
        """What one number of the answer becomes over all samples."""
        shares = 1.0 / len(numbers) if numbers else float("nan")
        if self._reduce is not None and is_total:
            total = sum(numbers, 0.0)
            return total * shares if self._reduce == "mean" else total
        return _Column([x * shares for x in numbers] if self._reduce == "mean" else numbers)


def _of(chosen: tuple[int, ...], count: int) -> tuple[int, ...]:
    return tuple(i % count for i in chosen)


def _put(args: Sequence[Any], chosen: tuple[int, ...], some: Sequence[Any]) -> list[Any]:
    """The arguments with some in the places `chosen`."""
    moved = dict(zip(_of(chosen, len(args)), some, strict=True))
    return [moved.get(i, arg) for i, arg in enumerate(args)]


class _Column(list[Any]):
    """A number of each sample."""


def _owned(thing: Any, owner: tuple[int, ...]) -> Any:
    return trees.rebuilt(thing, [frozenset(owner)] * len(trees.leaves(thing)))


def _samples(args: tuple[Any, ...], axes: tuple[Any, ...]) -> int:
    return next(
        leaf.shape[axis] for arg, axis in zip(args, axes, strict=True) if axis is not None for leaf in _arrays(arg)
    )


def _arrays(thing: Any) -> list[Any]:
    """The arrays in a container of arrays."""
    if not trees.is_container(thing):
        return [thing]
    parts = thing.values() if isinstance(thing, dict) else thing
    return [array for part in parts for array in _arrays(part)]


def _along(thing: Any, axis: int, take: Callable[[Any], Any]) -> Any:
    if trees.is_container(thing):
        return trees.mapped(lambda part: _along(part, axis, take), thing)
    return take(thing)


def _sample(args: tuple[Any, ...], axes: tuple[Any, ...], k: int) -> tuple[Any, ...]:
    return tuple(
        arg if axis is None else _along(arg, axis, lambda array, axis=axis: _slice(array, axis, k))
        for arg, axis in zip(args, axes, strict=True)
    )


def _slice(array: Any, axis: int, k: int) -> Any:
    at = [slice(None)] * len(array.shape)
    at[axis] = k
    return array[tuple(at)]


def _some(args: tuple[Any, ...], axes: tuple[Any, ...]) -> tuple[Any, ...]:
    """A point made up, for no samples: only how the answer is built is looked at."""

    def made(array: Any, axis: int) -> Any:
        shape = np.delete(array.shape, axis)
        return np.full(shape, 0.7)[()] if not len(shape) else 0.7 + 0.01 * np.arange(np.prod(shape)).reshape(shape)

    return tuple(
        arg if axis is None else _along(arg, axis, lambda array, axis=axis: made(array, axis))
        for arg, axis in zip(args, axes, strict=True)
    )


def _joined(answers: list[Any], owners: Any, together: Callable[[Owners, list[Any]], Any]) -> Any:
    """Answers of all samples in the structure of one, each number a number or an array over the samples."""
    first = answers[0]
    if trees.is_container(first):
        return trees.mapped(lambda owner, *parts: _joined(list(parts), owner, together), owners, *answers)
    if not trees.is_array(first):
        whole = together(owners, answers)
        return trees.array_of((len(whole),), lambda at: whole[at[0]]) if isinstance(whole, _Column) else whole
    return _of_arrays(trees.array_of(first.shape, lambda at: together(owners[at], [x[at] for x in answers])), answers)


def _of_arrays(each: Any, answers: list[Any]) -> Any:
    """An array whose elements are numbers, or columns over the samples, which go first."""
    columns = [x for x in each.flat if isinstance(x, _Column)]
    if not columns:
        if each.size:
            return each
    elif len(columns) == each.size:
        return trees.array_of((len(columns[0]), *each.shape), lambda at: each[at[1:]][at[0]])
    return each
