"""How the arguments of a call stand: by position where they can, and marked where they are static."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import ArgumentError
from autograd.kinds import Static
from autograd.program.options import Options
from autograd.transforms import bound

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Signature:
    """What a compiled function is called with.

    Raises:
        ArgumentError: for static arguments that it has not
    """

    def __init__(self, f: Callable[..., Any] | None, options: Options) -> None:
        nums, names = options.static_argnums, options.static_argnames
        self._f = f
        self._nums = {nums} if isinstance(nums, int) else set(nums)
        self._names = {names} if isinstance(names, str) else set(names)
        if self._nums or self._names:
            self._find_static(f)

    def _find_static(self, f: Callable[..., Any] | None) -> None:
        """Know each static argument by position and by name, where it has both."""
        try:
            parameters = inspect.signature(f).parameters.values() if f is not None else []
        except ValueError:  # a function of C's, which does not say what it takes
            return
        listed = [parameter.name for parameter in parameters if parameter.kind in _BY_POSITION]
        takes = {parameter.kind for parameter in parameters}
        unknown = self._names - {parameter.name for parameter in parameters}
        if unknown and inspect.Parameter.VAR_KEYWORD not in takes:
            raise ArgumentError(f"static_argnames {sorted(unknown)}: the function has the arguments {listed}")
        for i in self._nums:
            if not -len(listed) <= i < len(listed) and inspect.Parameter.VAR_POSITIONAL not in takes:
                raise ArgumentError(f"static_argnums {i}: the function has {len(listed)} arguments by position")
        self._nums = {i + len(listed) if i < 0 else i for i in self._nums}
        self._nums |= {listed.index(name) for name in self._names if name in listed}
        self._names |= {listed[i] for i in self._nums if i < len(listed)}

    def given(self, args: Sequence[Any], named: dict[str, Any]) -> tuple[Sequence[Any], tuple[str, ...]]:
        """(the arguments by position and then those by name, the names of these)."""
        if named:
            if self._f is None:
                raise ArgumentError(f"a graph takes its arguments by position, got {', '.join(named)} by name")
            args, named = bound(self._f, args, named)
        if self._nums or self._names:
            args = [Static(a, f"argument {i}") if i in self._nums else a for i, a in enumerate(args)]
            named = {name: Static(a, name) if name in self._names else a for name, a in named.items()}
        return [*args, *named.values()] if named else args, tuple(named)
