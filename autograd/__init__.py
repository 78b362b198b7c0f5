"""Scalar automatic differentiation that can be read, seen, checked and trusted.

    from autograd import Value, grad, tanh

Write ordinary arithmetic on `Value`s; call `backward()`; read every `grad`.  Or hand a function to
`grad`, `jacobian`, `hessian`; `compile` it to run it at many points, with its derivatives.  The
functions of the table (tanh, exp, …) are all here by name.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from autograd import linalg as linalg
from autograd import numpy_protocol as _numpy_protocol  # teaches NumPy about Values
from autograd.array import ValueArray
from autograd.by_hand import custom_jvp, custom_vjp
from autograd.chain import Step, backward, deltas, gradient, steps
from autograd.check.ask import check_grad, check_hessian, check_jacobian
from autograd.check.report import Derivative, GradientCheck, WrongGradientError
from autograd.check.taylor import Taylor, taylor_test
from autograd.collector import collector_paused
from autograd.complex_numbers import Complex
from autograd.context import is_recording, no_grad, record_sources, scope
from autograd.errors import (
    ArgumentError,
    AutogradError,
    FileFormatError,
    GraphError,
    KinkWarning,
    LoopError,
    MatrixError,
    MissingExtra,
    NonFiniteError,
    OperandError,
)
from autograd.functions import *  # the table's functions; functions.__all__ names them
from autograd.functions import __all__ as _functions
from autograd.functions import abs as abs
from autograd.functions import pow as pow
from autograd.functions import round as round
from autograd.functions import sum as sum
from autograd.home import __version__ as __version__
from autograd.kinds import register_structure
from autograd.ops.primitive import Atom
from autograd.own import primitive
from autograd.series import taylor, taylor_ode
from autograd.splines import interp
from autograd.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, value_and_jacobian, vjp
from autograd.value import Value

if _TYPE_CHECKING:
    from autograd.program.checked import PrimitiveCheck, WrongPrimitiveError, check_primitive
    from autograd.program.compile import Compiled, compile_graph
    from autograd.program.compile import compile as compile
    from autograd.program.equations import fixed_point, minimize, root
    from autograd.program.program import Program, load_program
    from autograd.program.scan import fori_loop, scan, vmap, while_loop

__all__ = [
    "ArgumentError",
    "Atom",
    "AutogradError",
    "Compiled",
    "Complex",
    "Derivative",
    "FileFormatError",
    "GradientCheck",
    "GraphError",
    "KinkWarning",
    "LoopError",
    "MatrixError",
    "MissingExtra",
    "NonFiniteError",
    "OperandError",
    "PrimitiveCheck",
    "Program",
    "Step",
    "Taylor",
    "Value",
    "ValueArray",
    "WrongGradientError",
    "WrongPrimitiveError",
    "backward",
    "check_grad",
    "check_hessian",
    "check_jacobian",
    "check_primitive",
    "collector_paused",
    "compile_graph",
    "custom_jvp",
    "custom_vjp",
    "deltas",
    "fixed_point",
    "fori_loop",
    "grad",
    "gradient",
    "hessian",
    "hvp",
    "interp",
    "is_recording",
    "jacobian",
    "jvp",
    "linalg",
    "load_program",
    "minimize",
    "no_grad",
    "primitive",
    "record_sources",
    "register_structure",
    "root",
    "scan",
    "scope",
    "steps",
    "taylor",
    "taylor_ode",
    "taylor_test",
    "value_and_grad",
    "value_and_jacobian",
    "vjp",
    "vmap",
    "while_loop",
]
_in_python_too = ["abs", "compile", "pow", "round", "sum"]  # importable, but `import *` leaves Python's own alone
__all__ += [name for name in _functions if name not in _in_python_too]

_PROGRAMS = {
    "Compiled": "compile",
    "compile": "compile",
    "compile_graph": "compile",
    "PrimitiveCheck": "checked",
    "WrongPrimitiveError": "checked",
    "check_primitive": "checked",
    "Program": "program",
    "load_program": "program",
    "fixed_point": "equations",
    "minimize": "equations",
    "root": "equations",
    "fori_loop": "scan",
    "scan": "scan",
    "vmap": "scan",
    "while_loop": "scan",
}  # fmt: skip  (where the names about programs are: they are imported when they are first used)

_OF_NUMPY = "this is not HIPS autograd but a project of that name: import NumPy itself, whose functions take Values"
_ELSEWHERE = {
    "numpy": _OF_NUMPY,
    "scipy": "this is not HIPS autograd but a project of that name, with functions such as logsumexp, erf and lgamma",
    "elementwise_grad": "the derivatives of many numbers are compile(f, in_axes=0).grad(xs)",
    "make_jvp": "it is jvp(f, (x,), (v,))",
    "make_vjp": "it is vjp(f, x)",
    "make_hvp": "it is hvp(f, (x,), (v,))",
    "hessian_vector_product": "it is hvp(f, (x,), (v,))",
    "Variable": "it is Value",
    "tensor": "it is Value, one number",
    "Tensor": "it is Value, one number",
}  # what HIPS autograd and PyTorch have under these names


def __getattr__(name: str) -> object:
    import sys
    from importlib import import_module

    from autograd.text import quoted

    if name not in _PROGRAMS:
        said, imported = _ELSEWHERE.get(name), sys._getframe(1).f_code.co_name == "_handle_fromlist"
        raise (ImportError if said and imported else AttributeError)(  # `from … import` drops an AttributeError's words
            f"module {__name__!r} has no attribute {quoted(name)}{': ' if said else ''}{said or ''}"
        )
    found = getattr(import_module(f"{__name__}.program.{_PROGRAMS[name]}"), name)
    globals()[name] = found
    return found
