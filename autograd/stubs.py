"""Writes the type stubs of what exists because the table has a row: ``python -m autograd.stubs``.

`functions` and `methods` get their members from the table, which no type checker can see.  After a
row is added, this writes functions.pyi and methods.pyi anew; a test says so when it was forgotten.

A function of the table answers in the kind of its operands, so it has an overload for each: of Values a Value,
of numbers a float, of real numbers in an array an array of floats, of Values in an array a ValueArray.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_overloads

from autograd import functions
from autograd.complex_numbers import FUNCTIONS as COMPLEX_FUNCTIONS
from autograd.ops.primitive import TABLE, Primitive

COMPLEX_OPERATORS = ("add", "subtract", "multiply", "divide", "power")
_HEADER = '"""Written from the table by `python -m autograd.stubs`: do not edit."""\n\n'
_NUMPY_NAMES = "# ruff: noqa: A001, E501  (sum, abs and round are NumPy's names; one line a function)\n"
_UNARY_SPECIAL = ("__neg__", "__pos__", "__abs__", "__floor__", "__ceil__", "__trunc__")
_COMPARISONS = ("__lt__", "__le__", "__gt__", "__ge__")
_IMPORTS = """\
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, Literal, TypeAlias, overload

from numpy.typing import NDArray

from autograd.array import FloatArray, RealArray, ValueArray
from autograd.complex_numbers import Complex
from autograd.value import Number, Value
from autograd.vectors import Axis

_Scalar: TypeAlias = Value | Number
_Array: TypeAlias = NDArray[Any] | Sequence[Any]
_Any: TypeAlias = _Scalar | _Array
"""

# -- functions --------------------------------------------------------------------------------------


def functions_stub() -> str:
    """The text of functions.pyi."""
    public = ", ".join(f'"{name}"' for name in functions.__all__)
    written = [text for name in functions.__all__ for text in _function(name)]
    return _NUMPY_NAMES + _HEADER + "\n".join([_IMPORTS, f"__all__ = [{public}]", "", *written]) + "\n"


def _function(name: str) -> Iterator[str]:
    """A public function, an overload a line."""
    function = getattr(functions, name)
    overloads = get_overloads(function)
    if overloads or name == "matmul":  # whose shapes decide what it answers
        signatures = [_written_out(each) for each in overloads or [function]]
    elif function.__module__ == functions.__name__:
        signatures = _signatures(*_operands_of(function))
    else:
        row = next(row for row in TABLE.values() if name in (row.name, *row.aliases))
        signatures = _signatures([(p, row.defaults.get(p)) for p in row.operands], [])
        if row.name in COMPLEX_FUNCTIONS:
            signatures.insert(0, ("x: Complex", "Complex"))
    for parameters, answer in signatures:
        if len(signatures) > 1:
            yield "@overload"
        yield f"def {name}({parameters}) -> {answer}: ..."


def _signatures(operands: Sequence[tuple[str, Any]], rest: Sequence[str]) -> list[tuple[str, str]]:
    """(the parameters, what is answered) for each kind of operands: the first that fits is the one that is meant."""
    return [(", ".join([*_annotated(operands, kinds), *rest]), answer) for kinds, answer in _kinds(len(operands))]


def _kinds(operands: int) -> Iterator[tuple[list[str], str]]:
    """The types of so many operands, and that of the answer."""

    def first(before: str, kind: str, after: str, answer: str) -> Iterator[tuple[list[str], str]]:
        """Each operand in turn as the first one that is of a kind."""
        for place in range(operands):
            yield [before] * place + [kind] + [after] * (operands - 1 - place), answer

    yield from first("Number", "Value", "_Scalar", "Value")
    yield ["Number"] * operands, "float"
    yield from first("_Any", "ValueArray", "_Any", "ValueArray")
    yield from first("Number", "RealArray", "RealArray | Number", "FloatArray")
    if operands == 2:
        yield ["Value", "_Array"], "ValueArray"
        yield ["_Array", "Value"], "ValueArray"
    yield from first("_Scalar", "_Array", "_Any", "NDArray[Any]")


def _annotated(operands: Sequence[tuple[str, Any]], kinds: Sequence[str]) -> Iterator[str]:
    """The operands with their types; a default stands where it is of its operand's, and all behind have theirs."""
    last = max((place for place, kind in enumerate(kinds) if not _takes_numbers(kind)), default=-1)
    for place, ((name, default), kind) in enumerate(zip(operands, kinds, strict=True)):
        yield f"{name}: {kind}" + (f" = {default!r}" if default is not None and place > last else "")


def _takes_numbers(kind: str) -> bool:
    return kind in ("Number", "_Scalar", "_Any", "RealArray | Number")


def _operands_of(function: Callable[..., Any]) -> tuple[list[tuple[str, Any]], list[str]]:
    """The operands of a function written out in functions.py, which are its parameters of any type, and the others."""
    parameters = inspect.signature(function).parameters.values()
    operands = [(p.name, None) for p in parameters if p.annotation == "Any"]
    return operands, [_parameter(p) for p in parameters if p.annotation != "Any"]


def _written_out(overloaded: Callable[..., Any]) -> tuple[str, str]:
    """An overload that is written out in functions.py."""
    signature = inspect.signature(overloaded)
    return ", ".join(map(_parameter, signature.parameters.values())), signature.return_annotation


def _parameter(parameter: inspect.Parameter) -> str:
    """A parameter with its annotation; a long default is elided, as stubs may."""
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    annotation = parameter.annotation.replace("random.Random", "Random")
    return f"{parameter.name}: {annotation}{default if len(default) < 12 else ' = ...'}"


# -- methods ----------------------------------------------------------------------------------------


def methods_stub() -> str:
    """The text of methods.pyi."""
    lines = [
        "from collections.abc import Callable",
        "from typing import Any, Self, overload",
        "",
        "import numpy as np",
        "from numpy.typing import NDArray",
        "",
        "from autograd.array import ValueArray",
        "from autograd.complex_numbers import Complex",
        "from autograd.value import Number, Value",
        "",
        "class Methods:",
    ]
    lines += ["    shape: tuple[()]", "    ndim: int", "    size: int"]
    lines += ["    def backward(self, seed: Number = 1.0) -> None: ..."]
    lines += ["    @property", "    def _backward(self) -> Callable[[], None]: ..."]
    lines += [f"    def {name}(self) -> Value: ..." for name in _UNARY_SPECIAL]
    lines += ["    def rint(x) -> Value: ..."]
    lines += [f"    def {name}(self) -> Self: ..." for name in ("conj", "conjugate")]
    lines += ["    def __round__(self, digits: int | None = None) -> Value: ..."]
    lines += [
        f"    def __{name}__(self, other: Value | Number) -> tuple[Value, Value]: ..." for name in ("divmod", "rdivmod")
    ]
    lines += ["    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any: ..."]
    lines += ["    def __array_function__(self, function: Any, types: Any, args: Any, named: Any) -> Any: ..."]
    lines += ["    def __apply__(self, primitive: Any, operands: tuple[Any, ...]) -> Any: ..."]
    for name in _COMPARISONS:
        lines += _overloaded(_comparison(name, "Value | Number"))
    for name in ("__eq__", "__ne__"):
        lines += _overloaded(_comparison(name, "object"))
        lines[-3] += "  # type: ignore[overload-overlap]  # an array answers for its elements, any other object as one"
    for row in TABLE.values():
        if row.operator:
            is_complex = row.name in COMPLEX_OPERATORS
            lines += _operator(f"__{row.operator}__", "Value | Number", is_complex)
            lines += _operator(f"__r{row.operator}__", "Number", is_complex)
        if row.method:
            lines += [line for name in (row.name, *row.aliases) for line in _method(name, row)]
    return _HEADER + "\n".join(lines) + "\n"


def _operator(name: str, other: str, is_complex: bool) -> list[str]:
    return _overloaded([f"    def {name}(self, other: {other}) -> Value: ...",
                        f"    def {name}(self, other: NDArray[Any]) -> ValueArray: ...",
                        *[f"    def {name}(self, other: complex) -> Complex: ..."] * is_complex])  # fmt: skip


def _comparison(name: str, other: str) -> list[str]:
    """Of numbers a bool; while a function is recorded a Condition, which `where` takes too, and which `if` refuses."""
    return [f"    def {name}(self, value: NDArray[Any], /) -> NDArray[np.bool_]: ...",
            f"    def {name}(self, value: {other}, /) -> bool: ..."]  # fmt: skip


def _overloaded(lines: list[str]) -> list[str]:
    return [line for each in lines for line in ("    @overload", each)]


def _method(name: str, row: Primitive) -> list[str]:
    """The row's function, whose first operand is the Value itself."""
    rest = "".join(
        f", {p}: Value | Number" + (f" = {row.defaults[p]!r}" if p in row.defaults else "") for p in row.operands[1:]
    )
    return [f"    def {name}({row.operands[0]}{rest}) -> Value: ..."]


def write(folder: Path) -> None:
    """Write both stubs into `folder`."""
    for name, text in (("functions.pyi", functions_stub()), ("methods.pyi", methods_stub())):
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
