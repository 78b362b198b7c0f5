"""Compiled functions over data that is too large for one machine: dask's blocks, and sums over them.

A compiled function travels by the name of its function, and is recorded again wherever it arrives; `portable`
makes one that goes where functions without a name go too, and compiles once in each process that calls it.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import ArgumentError, MissingExtra
from autograd.forking import Locked
from autograd.program.call import Call
from autograd.program.compile import Compiled
from autograd.program.options import Options

REMEMBERED = 32  # functions that a process keeps compiled; the one that was called least lately is dropped
_HERE: OrderedDict[str, Compiled] = OrderedDict()  # by the key of the function that travelled
_LOCKED = Locked()


class Portable:
    """A call of a compiled function that can be sent to other processes: see `portable`."""

    def __init__(self, f: Callable[..., Any], options: Options, what: str, key: str) -> None:
        self.f, self.options, self.what, self._key = f, options, what, key
        self.__name__ = getattr(f, "__name__", type(f).__name__)  # by which dask calls what it computes

    def __call__(self, *args: Any) -> Any:
        """What the call would answer here."""
        return getattr(self._compiled_here(), self.what)(*args)

    def _compiled_here(self) -> Compiled:
        """What this process has compiled, now or before."""
        with _LOCKED.lock:
            compiled = _HERE.get(self._key)
            if compiled is None:
                compiled = _HERE[self._key] = Compiled(self.f, self.options)
                if len(_HERE) > REMEMBERED:
                    _HERE.popitem(last=False)
            _HERE.move_to_end(self._key)
            return compiled


def portable(call: Call | Compiled | Portable) -> Portable:
    """`call`, a compiled function or its ``value_and_grad``, as something that other processes can run.

    It goes where functions go: ``dask.array.map_blocks(portable(price), markets)``, where `price` was
    compiled with ``in_axes=0``.  What was made so before is taken as it is.

    Raises:
        ArgumentError: for a graph of nodes, which stays where it is
    """
    if isinstance(call, Portable):
        return call
    compiled = call if isinstance(call, Compiled) else call._compiled
    if compiled.f is None:
        raise ArgumentError("compile_graph's nodes stay in their process: compile a function to send it elsewhere")
    what = "value" if isinstance(call, Compiled) else call._question.name
    key = vars(compiled).setdefault("_travels_as", uuid.uuid4().hex)  # one for all that is asked of it, at any time
    return Portable(compiled.f, compiled.options, what, key)


def sum_over_blocks(call: Call | Compiled | Portable, *args: Any) -> Any:
    """What `call` answers for each block of rows, summed, as a dask object: take its ``.compute()``.

    `call` was compiled with ``reduce="sum"``.  Arguments along whose first axis the samples lie are dask
    arrays with the same blocks of rows; the others are NumPy arrays or numbers.  Blocks are added from the
    first to the last, whichever worker answers when, so the sums are the same to the bit every time.

        loss = compile(f, in_axes=(None, 0, 0), reduce="sum")
        total, gradient = sum_over_blocks(loss.value_and_grad, w, X, y).compute()

    Raises:
        ImportError: if dask, the extra `distributed`, is missing
        ArgumentError: for other options or blocks
    """
    try:
        from dask.delayed import delayed
    except ImportError as error:
        raise MissingExtra(
            "sum_over_blocks needs dask, the extra `distributed`: pip install 'glassgrad[distributed]'"
        ) from error
    travelling = portable(call)
    if travelling.options.reduce != "sum":
        raise ArgumentError(f'sum_over_blocks sums: compile with reduce="sum", not {travelling.options.reduce!r}')
    columns = [_blocks(argument, f"argument {i}") for i, argument in enumerate(args)]
    counts = {len(column) for column in columns if column is not None}
    if len(counts) != 1:
        raise ArgumentError(f"the samples are dask arrays with the same blocks of rows, got {sorted(counts)} blocks")
    on_block, shared = delayed(travelling, pure=False), [delayed(argument) for argument in args]
    parts = [
        on_block(*(shared[i] if column is None else column[block] for i, column in enumerate(columns)))
        for block in range(counts.pop())
    ]
    return delayed(_added)(parts)


def _blocks(argument: Any, what: str) -> list[Any] | None:
    """The blocks of rows of a dask array, unread; None for what every block is given whole."""
    if not hasattr(argument, "to_delayed"):
        return None
    if any(len(sizes) != 1 for sizes in argument.chunks[1:]):
        raise ArgumentError(f"{what} has blocks along {argument.chunks}: rows may be split, columns may not (rechunk)")
    return list(argument.to_delayed().ravel())


def _added(parts: Sequence[Any]) -> Any:
    """The sum of answers of one structure, in their order."""
    first = parts[0]
    if isinstance(first, dict):
        return {key: _added([part[key] for part in parts]) for key in first}
    if isinstance(first, (tuple, list)):
        return type(first)(_added(column) for column in zip(*parts, strict=True))
    total = first
    for part in parts[1:]:
        total = total + part
    return total
