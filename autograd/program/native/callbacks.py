"""Functions of Python that machine code calls, where a row has nothing faster: digamma, for one.

ctypes can make such functions too, but what is raised in one of those is printed and lost, and machine
code goes on with whatever a register held.  Here it stays raised in its thread, as in any function of
C's that Python calls; the answer is nan, nothing more is called in that thread, and whoever entered the
machine code raises it (see `entrance`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from autograd.program.native import machine
from autograd.program.native.entrance import declared

_KEPT: list[Any] = []  # what machine code may call lives as long as the process

_DECLARED = {
    "PyGILState_Ensure": "i32 @PyGILState_Ensure()",
    "PyGILState_Release": "void @PyGILState_Release(i32)",
    "PyErr_Occurred": "ptr @PyErr_Occurred()",
    "PyObject_CallFunction": "ptr @PyObject_CallFunction(ptr, ptr, ...)",
    "PyFloat_AsDouble": "double @PyFloat_AsDouble(ptr)",
    "Py_DecRef": "void @Py_DecRef(ptr)",
}

_TEXT = """\
@format = internal constant [{size} x i8] c"{format}\\00"

define double @callback({parameters}) {{
entry:
  %state = call i32 @PyGILState_Ensure()
  %before = call ptr @PyErr_Occurred()
  %good = icmp eq ptr %before, null
  br i1 %good, label %ask, label %end
ask:
  %answer = call ptr (ptr, ptr, ...) @PyObject_CallFunction(ptr inttoptr (i64 {function} to ptr), ptr @format, {given})
  %raised = icmp eq ptr %answer, null
  br i1 %raised, label %end, label %read
read:
  %number = call double @PyFloat_AsDouble(ptr %answer)
  call void @Py_DecRef(ptr %answer)
  br label %end
end:
  %result = phi double [ 0x7FF8000000000000, %entry ], [ 0x7FF8000000000000, %ask ], [ %number, %read ]
  call void @PyGILState_Release(i32 %state)
  ret double %result
}}

{declarations}
"""


@cache
def callback(function: Callable[..., float], name: str, operands: int) -> str:
    """The name by which machine code calls a function of so many floats."""
    given = ", ".join(f"double %x{i}" for i in range(operands))
    text = _TEXT.format(
        size=operands + 1,
        format="d" * operands,
        parameters=given,
        given=given,
        function=id(function),
        declarations=declared(_DECLARED),
    )
    library = machine.Library(text)
    known_as = f"python.{name}.{operands}.{len(_KEPT)}"
    machine.add_symbol(known_as, library.address("callback"))
    _KEPT.append((library, function))
    return known_as
