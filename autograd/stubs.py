"""Writes the type stubs of what exists because the table has a row: ``python -m autograd.stubs``.

`functions` and `methods` get their members from the table, which no type checker can see.  After a
row is added, this writes functions.pyi and methods.pyi anew; a test says so when it was forgotten.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from autograd import functions
from autograd.ops.primitive import TABLE, Primitive

_HEADER = '"""Written from the table by `python -m autograd.stubs`: do not edit."""\n\n'
_NUMPY_NAMES = "# ruff: noqa: A001, E501  (sum, abs and round are NumPy's names; one line a function)\n"
_UNARY_SPECIAL = ("__neg__", "__pos__", "__abs__", "__floor__", "__ceil__", "__trunc__")


def functions_stub() -> str:
    """The text of functions.pyi."""
    rows = (_function(name, row) for row in TABLE.values() for name in (row.name, *row.aliases))
    written = {name: text for name, text in rows if text}
    by_hand = [_by_hand(name) for name in functions.__all__ if name not in written]
    public = ", ".join(f'"{name}"' for name in functions.__all__)
    lines = ["from random import Random", "from typing import Any", "", "from autograd.vectors import Axis", ""]
    lines += [f"__all__ = [{public}]", ""]
    return _NUMPY_NAMES + _HEADER + "\n".join([*lines, *sorted([*written.values(), *by_hand])]) + "\n"


def methods_stub() -> str:
    """The text of methods.pyi."""
    lines = [
        "from collections.abc import Callable",
        "from typing import Any, Self",
        "",
        "from autograd.value import Number, Value",
        "",
        "class Methods:",
    ]
    lines += ["    shape: tuple[()]", "    ndim: int", "    size: int"]
    lines += ["    def backward(self, seed: Number = 1.0) -> None: ...", "    _backward: Callable[[], None]"]
    lines += [f"    def {name}(self) -> Value: ..." for name in (*_UNARY_SPECIAL, "rint")]
    lines += [f"    def {name}(self) -> Self: ..." for name in ("conj", "conjugate")]
    lines += ["    def __round__(self, digits: int | None = None) -> Value: ..."]
    lines += ["    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any: ..."]
    lines += ["    def __array_function__(self, function: Any, types: Any, args: Any, named: Any) -> Any: ..."]
    lines += ["    def __apply__(self, primitive: Any, operands: tuple[Any, ...]) -> Any: ..."]
    for row in TABLE.values():
        if row.operator:
            lines += [f"    def __{row.operator}__(self, other: Value | Number) -> Value: ..."]
            lines += [f"    def __r{row.operator}__(self, other: Number) -> Value: ..."]
        if row.method:
            rest = "".join(f", {parameter}" for parameter in _parameters(row, "Value | Number")[1:])
            lines += [f"    def {name}(self{rest}) -> Value: ..." for name in (row.name, *row.aliases)]
    return _HEADER + "\n".join(lines) + "\n"


def _function(name: str, row: Primitive) -> tuple[str, str]:
    written_out = getattr(functions, row.name).__module__ == functions.__name__
    text = "" if written_out else f"def {name}({', '.join(_parameters(row, 'Any'))}) -> Any: ..."
    return name, text


def _parameters(row: Primitive, annotation: str) -> list[str]:
    if row.variadic:
        return [f"*operands: {annotation}"]
    return [f"{p}: {annotation}" + (f" = {row.defaults[p]!r}" if p in row.defaults else "") for p in row.operands]


def _by_hand(name: str) -> str:
    """A function written out in functions.py, with its own signature."""
    parameters = inspect.signature(getattr(functions, name), eval_str=False).parameters.values()
    text = ", ".join(_parameter(p) for p in parameters).replace("random.Random", "Random")
    return f"def {name}({text}) -> Any: ..."


def _parameter(parameter: inspect.Parameter) -> str:
    """A parameter with its annotation; a long default is elided, as stubs may."""
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {parameter.annotation}{default if len(default) < 12 else ' = ...'}"


def write(folder: Path) -> None:
    """Write both stubs into `folder`."""
    for name, text in (("functions.pyi", functions_stub()), ("methods.pyi", methods_stub())):
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
