"""Functions of Python that machine code calls, where a row has nothing faster: digamma, for one.

ctypes can make such functions too, but what is raised in one of those is printed and lost, and machine
code goes on with whatever a register held.  Here it stays raised in its thread, as in any function of
C's that Python calls; the answer is nan, nothing more is called in that thread, and whoever entered the
machine code raises it (see `entrance`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count

from autograd.program.native import machine
from autograd.program.native.code import Code, Lanes
from autograd.program.native.entrance import python, raised
from autograd.program.native.routine import Address, Text

_PREFIX = "python."  # of the names by which machine code calls such functions
_NUMBERS = count()


def callback(function: Callable[..., float], name: str, operands: int) -> str:
    """The name by which machine code calls a function of so many floats, which keeps what is made for that."""
    made = vars(function).setdefault("callbacks", {})
    key = name, operands
    found: _Callback = made.get(key) or made.setdefault(key, _Callback(function, *key))
    return found.name


class _Callback(machine.Supplied):
    """A function of Python's for machine code to call; it lives as long as the function, and as what calls it."""

    def __init__(self, function: Callable[..., float], name: str, operands: int) -> None:
        code, text = Code(1), Text()
        _ask(code, text, function, [code.number(f"%x{i}") for i in range(operands)])
        self._function, self._library = function, machine.Library(machine.compiled(str(text)))
        super().__init__(f"{_PREFIX}{name}.{operands}.{next(_NUMBERS)}", self._library.address("callback"))


def is_callback(name: str) -> bool:
    """Whether a name is that of a function of Python's."""
    return name.startswith(_PREFIX)


def called(code: Code) -> list[str]:
    """The rows whose functions of Python this code calls."""
    names = (name.removeprefix(_PREFIX) for name in code.needs if is_callback(name))
    return list(dict.fromkeys(name.split(".")[0] for name in names))


def _ask(code: Code, text: Text, function: Callable[..., float], given: list[Lanes]) -> None:
    """Add `callback`, which calls the function unless something was raised before."""
    size, letters = len(given) + 1, "d" * len(given)
    code.needs["format"] = f'@format = internal constant [{size} x i8] c"{letters}\\00"'
    code.needs["PyObject_CallFunction"] = "declare ptr @PyObject_CallFunction(ptr, ptr, ...)"
    callee, state = f"ptr inttoptr (i64 {id(function)} to ptr)", code.once(python(code, "i32", "PyGILState_Ensure"))
    number = code.variable(code.constant(math.nan))
    with code.when(raised(code).is_null()):
        call = python(code, "ptr (ptr, ptr, ...)", "PyObject_CallFunction", callee, "ptr @format", *given)
        answer = Address(code, code.once(call))
        with code.when(~answer.is_null()):
            number.set(code.number(code.once(python(code, "double", "PyFloat_AsDouble", answer))))
            code.do(python(code, "void", "Py_DecRef", answer))
    code.do(python(code, "void", "PyGILState_Release", f"i32 {state}"))
    text.add("callback", f"double @callback({', '.join(x.typed for x in given)})", code, number.typed)
