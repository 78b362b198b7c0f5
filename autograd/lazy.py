"""An attribute that is computed when it is first asked for, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):
    """As functools.cached_property, which before Python 3.12 computes behind a lock of its whole class.

    Another instance would wait there while LLVM compiles for this one, and in a process that is forked
    meanwhile for ever.  Two threads that ask at once may both compute; one answer stays.

    >>> class Circle:
    ...     @lazy
    ...     def area(self) -> float:
    ...         print("computing")
    ...         return 3.14
    >>> circle = Circle()
    >>> circle.area, circle.area
    computing
    (3.14, 3.14)
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[T]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> T: ...

    def __get__(self, instance: object, owner: type | None = None) -> lazy[T] | T:
        if instance is None:
            return self
        answer: T = instance.__dict__.setdefault(self._name, self._compute(instance))
        return answer
