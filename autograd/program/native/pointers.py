"""Machine code for whoever calls C: functions of plain doubles, which need neither Python nor its lock.

What comes out of a task of one sample:

    function  from inputs to outputs, each one after the other
    number    where there is one output: it, from how many inputs there are and these, as SciPy's integrals call
"""

from __future__ import annotations

from autograd.errors import GraphError
from autograd.program.kernel import Task
from autograd.program.native import straight
from autograd.program.native.callbacks import called
from autograd.program.native.machine import Library, require
from autograd.program.native.objects import library
from autograd.program.native.routine import Routine, Text


def library_of(task: Task) -> Library:
    """The functions of a task.

    Raises:
        GraphError: for a program with rows that only Python computes
        MissingExtra: without llvmlite
    """
    require()
    text = Text()
    found = called(straight.add_one(text, task))
    if found:
        raise GraphError(
            f"a C function computes without Python, but {', '.join(found)} of this function is computed by Python: "
            "leave it out, or call the compiled function itself"
        )
    text.add("function", "void @function(ptr %inputs, ptr %outputs)", _call("%inputs", "%outputs"))
    if len(task.program.outputs) == 1:
        code = _call("%inputs", "%number", before="%number = alloca double")
        text.add(
            "number", "double @number(i32 %n, ptr %inputs)", code, f"double {code.once('load double, ptr %number')}"
        )
    return library("pointer", str(text))


def _call(inputs: str, outputs: str, before: str = "") -> Routine:
    """The code that calls `one`, of which the arrays of batches are empty."""
    code = Routine()
    if before:
        code.do(before)
    code.do(code.call("void", "one", f"ptr {inputs}", "ptr null", f"ptr {outputs}", "ptr null"))
    return code
