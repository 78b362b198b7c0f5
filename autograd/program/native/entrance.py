"""How Python enters machine code: as a built-in function, or by ctypes; what was raised on the way comes out.

Machine code may call back into Python (see `callbacks`).  What Python raises there stays raised in its
thread, the machine code goes on with nan, and both ways in look for it at the end.

Calling through ctypes takes longer than evaluating a small network.  So the machine code also brings a
method of C's kind, ``PyObject *method(self, args)``, whose `self` is a capsule that holds the
arguments; all of it is Python's stable interface.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, get_type_hints

from autograd.program.kernel import Floats
from autograd.program.native import machine
from autograd.program.native.routine import Address, Integer, Longs, Operand, Routine, Text, parameters

_WORD = ctypes.c_void_p
_NOTHING = ctypes.c_char * 0
_NO_ARGUMENTS = 4  # METH_NOARGS
_NONE = "_Py_NoneStruct"  # which None is


class _Definition(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


class _Owner(str):
    """The name of a built-in function's module, which also keeps alive what the function needs."""

    needs: Any


def python(code: Routine, result: str, name: str, *operands: Operand | str) -> str:
    """The instruction that calls a function of Python's interface."""
    return code.call(result, name, *operands)


# -- as a built-in function -------------------------------------------------------------------------


def method(text: Text, function: str, *kinds: type[Operand]) -> None:
    """Add ``function.method``, which calls `function` with the arguments in its capsule and returns None, or raises."""
    code = Routine()
    arguments = Longs(code, code.once(python(code, "ptr", "PyCapsule_GetPointer", "ptr %self", "ptr null")))
    given = [kind(code, code.once(f"load {kind.scalar}, ptr {arguments.at(i)}")) for i, kind in enumerate(kinds)]
    code.do(code.call("void", function, *given))
    code.needs[_NONE] = f"@{_NONE} = external global i8"
    answer, none = code.variable(Address(code, "null")), Address(code, f"@{_NONE}")
    with code.when(raised(code).is_null()):
        code.do(python(code, "void", "Py_IncRef", none))
        answer.set(none)
    text.add(f"{function}.method", f"ptr @{function}.method(ptr %self, ptr %unused)", code, answer.typed)


def raised(code: Routine) -> Address:
    """The class of what has been raised in this thread, null if nothing has."""
    return Address(code, code.once(python(code, "ptr", "PyErr_Occurred")))


def builtin(library: machine.Library, function: str, arguments: Sequence[int], needs: object) -> Callable[[], None]:
    """The method of a library's function with these pointers for arguments; it keeps the library and `needs` alive."""
    pointers = (ctypes.c_void_p * len(arguments))(*arguments)
    definition = _Definition(
        b"kernel", library.address(f"{function}.method"), _NO_ARGUMENTS, b"Run the kernel on its arrays."
    )
    owner = _Owner(__package__)
    owner.needs = (library, pointers, definition, needs)
    new_capsule, new_function = _constructors()
    capsule = new_capsule(ctypes.addressof(pointers), None, None)
    made: Callable[[], None] = new_function(ctypes.addressof(definition), capsule, owner)
    return made


@cache
def _constructors() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """PyCapsule_New and PyCFunction_NewEx."""
    capsule = ctypes.PYFUNCTYPE(ctypes.py_object, *[_WORD] * 3)
    function = ctypes.PYFUNCTYPE(ctypes.py_object, _WORD, ctypes.py_object, ctypes.py_object)
    return capsule(("PyCapsule_New", ctypes.pythonapi)), function(("PyCFunction_NewEx", ctypes.pythonapi))


def address_of(array: Floats) -> int:
    """Where the numbers of a contiguous array begin, if it has any; `array.ctypes.data` takes four times as long."""
    if not array.size:
        return 0
    flags = array.flags
    if not flags.writeable:
        return int(array.ctypes.data)
    buffer: Any = array if flags.c_contiguous else array.T
    return ctypes.addressof(_NOTHING.from_buffer(buffer))


# -- by ctypes --------------------------------------------------------------------------------------


def released(text: Text, function: str, *kinds: type[Operand]) -> None:
    """Add ``function.released``, which lets other threads of Python run while `function` does."""
    code = Routine()
    given = [kind(code, f"%a{i}") for i, kind in enumerate(kinds)]
    thread = Address(code, code.once(python(code, "ptr", "PyEval_SaveThread")))
    code.do(code.call("void", function, *given))
    code.do(python(code, "void", "PyEval_RestoreThread", thread))
    text.add(f"{function}.released", f"void @{function}.released({', '.join(each.typed for each in given)})", code)


def callable_from(library: machine.Library, name: str, *kinds: type[Operand]) -> Callable[..., None]:
    """The library's function of that name; it raises what was raised in Python that it called."""
    function: Callable[..., None] = _prototype(kinds)(library.address(name))
    return function


@cache
def _prototype(kinds: tuple[type[Operand], ...]) -> Callable[[int], Any]:
    """The class of such functions; making it takes longer than calling them."""
    return ctypes.PYFUNCTYPE(None, *map(_in_c, kinds))


def _in_c(kind: type[Any]) -> Any:
    """The type of an argument or a result as ctypes has it."""
    return {Integer: ctypes.c_int64, type(None): None}.get(kind, _WORD)


def alone(library: machine.Library, write: Callable[..., Any]) -> Callable[..., Any]:
    """The function that `write` wrote into a library; it calls nothing of Python's, so that other threads run."""
    kinds, result = parameters(write).values(), get_type_hints(write)["return"]
    function: Callable[..., Any] = ctypes.CFUNCTYPE(_in_c(result), *map(_in_c, kinds))(library.address(write.__name__))
    return function
