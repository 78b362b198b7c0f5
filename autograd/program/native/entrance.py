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
from typing import Any

from autograd.program.native import machine

POINTER, COUNT = ctypes.c_void_p, ctypes.c_int64
_NO_ARGUMENTS = 4  # METH_NOARGS
_DECLARED = {
    "PyCapsule_GetPointer": "ptr @PyCapsule_GetPointer(ptr, ptr)",
    "Py_IncRef": "void @Py_IncRef(ptr)",
    "PyErr_Occurred": "ptr @PyErr_Occurred()",
    "PyEval_SaveThread": "ptr @PyEval_SaveThread()",
    "PyEval_RestoreThread": "void @PyEval_RestoreThread(ptr)",
}


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


@cache
def declarations() -> str:
    """The declarations of the functions of Python's that texts with `method` and `released` call."""
    return declared(_DECLARED)


def declared(signatures: dict[str, str]) -> str:
    """The declarations of these functions of Python's interface, which machine code can then call."""
    for name in signatures:
        machine.add_symbol(name, machine.address_of(getattr(ctypes.pythonapi, name)))
    return "\n".join(f"declare {signature}" for signature in signatures.values())


# -- as a built-in function -------------------------------------------------------------------------


def method(function: str, arguments: int) -> str:
    """The text of `method`, which calls a function of that many pointers and returns None, or raises."""
    loads = "".join(
        f"  %p{i} = getelementptr ptr, ptr %arguments, i64 {i}\n  %a{i} = load ptr, ptr %p{i}\n"
        for i in range(arguments)
    )
    given = ", ".join(f"ptr %a{i}" for i in range(arguments))
    none = f"inttoptr (i64 {id(None)} to ptr)"
    return (
        "define ptr @method(ptr %self, ptr %unused) {\n"
        "  %arguments = call ptr @PyCapsule_GetPointer(ptr %self, ptr null)\n"
        f"{loads}  call void @{function}({given})\n"
        "  %raised = call ptr @PyErr_Occurred()\n  %good = icmp eq ptr %raised, null\n"
        "  br i1 %good, label %answer, label %fail\n"
        f"answer:\n  call void @Py_IncRef(ptr {none})\n  ret ptr {none}\n"
        "fail:\n  ret ptr null\n}"
    )


def builtin(library: machine.Library, arguments: Sequence[int], needs: object) -> Callable[[], None]:
    """The library's `method` with these pointers for arguments; it keeps the library and `needs` alive."""
    pointers = (ctypes.c_void_p * len(arguments))(*arguments)
    definition = _Definition(b"kernel", library.address("method"), _NO_ARGUMENTS, b"Run the kernel on its arrays.")
    owner = _Owner(__package__)
    owner.needs = (library, pointers, definition, needs)
    new_capsule, new_function = _constructors()
    capsule = new_capsule(ctypes.addressof(pointers), None, None)
    function: Callable[[], None] = new_function(ctypes.addressof(definition), capsule, owner)
    return function


@cache
def _constructors() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """PyCapsule_New and PyCFunction_NewEx."""
    capsule = ctypes.PYFUNCTYPE(ctypes.py_object, *[POINTER] * 3)
    function = ctypes.PYFUNCTYPE(ctypes.py_object, POINTER, ctypes.py_object, ctypes.py_object)
    return capsule(("PyCapsule_New", ctypes.pythonapi)), function(("PyCFunction_NewEx", ctypes.pythonapi))


# -- by ctypes --------------------------------------------------------------------------------------


def released(function: str, *kinds: Any) -> str:
    """The text of ``function.released``, which lets other threads of Python run while `function` does."""
    parameters = ", ".join(f"{'i64' if kind is COUNT else 'ptr'} %a{i}" for i, kind in enumerate(kinds))
    return (
        f"define void @{function}.released({parameters}) {{\n"
        f"  %thread = call ptr @PyEval_SaveThread()\n  call void @{function}({parameters})\n"
        "  call void @PyEval_RestoreThread(ptr %thread)\n  ret void\n}"
    )


def callable_from(library: machine.Library, name: str, *kinds: Any) -> Callable[..., None]:
    """The library's function of that name; it raises what was raised in Python that it called."""
    function: Callable[..., None] = _prototype(kinds)(library.address(name))
    return function


@cache
def _prototype(kinds: tuple[Any, ...]) -> Callable[[int], Any]:
    """The class of such functions; making it takes longer than calling them."""
    return ctypes.PYFUNCTYPE(None, *kinds)
