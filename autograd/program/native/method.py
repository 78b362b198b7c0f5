"""A function of machine code as a built-in function of Python: called without ctypes in between.

Calling through ctypes takes longer than evaluating a small network.  So the machine code brings a
method of C's kind, ``PyObject *method(self, args)``, whose `self` is a capsule that holds the
arguments; all of it is Python's stable interface.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from autograd.program.native import machine

_NO_ARGUMENTS = 4  # METH_NOARGS


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


def text(function: str, arguments: int) -> str:
    """The text of `method`, which calls a function of that many pointers and returns None."""
    _add_symbols()
    loads = "".join(
        f"  %p{i} = getelementptr ptr, ptr %arguments, i64 {i}\n  %a{i} = load ptr, ptr %p{i}\n"
        for i in range(arguments)
    )
    given = ", ".join(f"ptr %a{i}" for i in range(arguments))
    none = f"inttoptr (i64 {id(None)} to ptr)"
    return (
        "define ptr @method(ptr %self, ptr %unused) {\n"
        "  %arguments = call ptr @PyCapsule_GetPointer(ptr %self, ptr null)\n"
        f"{loads}  call void @{function}({given})\n  call void @Py_IncRef(ptr {none})\n  ret ptr {none}\n}}\n"
        "declare ptr @PyCapsule_GetPointer(ptr, ptr)\ndeclare void @Py_IncRef(ptr)"
    )


@cache
def _add_symbols() -> None:
    for name in ("PyCapsule_GetPointer", "Py_IncRef"):
        machine.add_symbol(name, machine.address_of(getattr(ctypes.pythonapi, name)))


def builtin(library: machine.Library, arguments: Sequence[int], needs: object) -> Callable[[], None]:
    """The library's `method` with these pointers for arguments; it keeps the library and `needs` alive."""
    pointers = (ctypes.c_void_p * len(arguments))(*arguments)
    definition = _Definition(b"kernel", library.address("method"), _NO_ARGUMENTS, b"Run the kernel on its arrays.")
    owner = _Owner("autograd.program.native")
    owner.needs = (library, pointers, definition, needs)
    new_capsule = ctypes.pythonapi.PyCapsule_New
    new_capsule.argtypes, new_capsule.restype = [ctypes.c_void_p] * 3, ctypes.py_object
    new_function = ctypes.pythonapi.PyCFunction_NewEx
    new_function.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.py_object]
    new_function.restype = ctypes.py_object
    capsule = new_capsule(ctypes.addressof(pointers), None, None)
    function: Callable[[], None] = new_function(ctypes.addressof(definition), capsule, owner)
    return function
