"""A program as one file of C, for people who ship to where there is no Python.

The file is C99 and every later C, and C++ from C++11 on, without a warning.  Every rule is printed from its row of
the table, as the recorders' rules are; only atoms are written by hand, in `c_functions`.  A program of up to 20,000
instructions becomes straight-line code that reads like the program's own listing, with loops over tables where many
are alike; a larger one, on which compilers choke, one loop over tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from textwrap import wrap
from typing import NamedTuple, TypedDict, Unpack

from autograd.errors import ArgumentError, GraphError
from autograd.given import flag
from autograd.ops.primitive import TABLE, is_row
from autograd.program.exports.c_bodies import Body, Results, Setting
from autograd.program.exports.c_functions import FUNCTIONS
from autograd.program.exports.c_language import WIDTH, literal, table
from autograd.program.exports.c_names import IDENTIFIER, KEYWORDS, LIBRARY, RESERVED
from autograd.program.exports.c_rows import functions
from autograd.program.exports.c_single import FLOAT, precision_of, single
from autograd.program.exports.derivatives import (
    GRADIENT,
    HESSIAN,
    JACOBIAN,
    VALUE,
    Along,
    along,
    with_common_terms,
    with_derivatives,
)
from autograd.program.graph import Graph, Tables
from autograd.program.loops import Loop
from autograd.text import in_c_comment, quoted

NAMED = 1000  # inputs that the file says the names of
STACK = 16384  # bytes that an array may take on the stack, unless it is said


class CForm(TypedDict, total=False):
    """What else can be asked of `to_c` and `to_c_header`, by name."""

    what: str | None
    argnums: int | Sequence[int] | None
    dtype: object
    stack: int


class Wanted(NamedTuple):
    """What a file is to have: see `to_c`."""

    name: str = "f"
    gradient: bool = True
    what: str | None = None
    argnums: Along = None
    dtype: object = "float64"
    stack: int = STACK


def to_c(
    program: Graph,
    name: str = "f",
    gradient: bool = True,
    *,
    what: str | None = None,
    argnums: Along = None,
    dtype: object = "float64",
    stack: int = STACK,
) -> str:
    """The program as one self-contained file of C (or C++) that needs libm alone.

    For a program of N inputs and M outputs it defines

        void f(const double *x, double *y);
        void f_gradient(const double *x, double *y, double *g);

    which read x[N], write y[M] and g[M*N], where g[i*N + j] is ∂y[i]/∂x[j]; and `f_batch`,
    `f_gradient_batch`, which do so for each of many samples that stand one after the other.  Nothing is allocated.
    The file's first lines say how many bytes of numbers each keeps on the stack; where that were more than `stack`, and
    above 20,000 instructions, and where a loop's numbers are kept, it takes one argument more, a work array, and they
    say how large.  `to_c_header` gives what other files include.

    Args:
        name: what the function is called
        gradient: whether there is the second function too
        what: which second function, by name: "value" (none), "gradient" (`f_gradient`, of one output), "jacobian"
            (`f_jacobian`, the same of any) or "hessian" (`f_hessian`, which writes y, g and behind it h[N*N])
        argnums: which inputs derivatives are along, by their places; N above is how many these are.  None: all
        dtype: "float64", or "float32" for float instead of double.  Rows that would lose digits in single
            precision are computed in double, and named in the file's first lines
        stack: the bytes that an array may take on the stack

    >>> from autograd import Value
    >>> from autograd.program.reading import program_from
    >>> x = Value(2.0, name="x")
    >>> print(to_c(program_from([x * x]), gradient=False).split("\\n\\n")[-2])
    void f(const double *x, double *y)
    {
        const double t1 = x[0] * x[0];
        y[0] = t1;
    }

    Raises:
        ArgumentError: for a name that C or C++ keeps for itself or that the file has for something else, for a
            softmax whose component is computed, for a gradient of several numbers, for places that no input has,
            for another dtype, and for a constant that single precision has not
        GraphError: for a row that C cannot have, by its name, and for what searches a solution in single precision
    """
    return _File(program, Wanted(name, flag(gradient, "gradient"), what, argnums, dtype, stack)).source


def to_c_header(program: Graph, name: str = "f", gradient: bool = True, **wanted: Unpack[CForm]) -> str:
    """The header of the file that `to_c` gives for the same arguments: what C and C++ files include to call it.

    >>> from autograd import Value
    >>> from autograd.program.reading import program_from
    >>> x = Value(2.0, name="x")
    >>> header = to_c_header(program_from([x * x]), "square", gradient=False)
    >>> "void square(const double *x, double *y);" in header, "#ifndef GLASSGRAD_square_H" in header
    (True, True)

    Raises as `to_c` does.
    """
    return _File(program, Wanted(name, flag(gradient, "gradient"), **wanted)).header


class _File:
    """A program on its way into a file: its functions, and what they need."""

    def __init__(self, program: Graph, wanted: Wanted) -> None:
        _check(wanted.name)
        self.program, self.name = program, wanted.name
        self.precision = precision_of(wanted.dtype)
        if self.precision is FLOAT and _searches(program):
            raise GraphError(
                "root, fixed_point and minimize stop at the digits of double precision, which single precision never "
                "reaches: ask for dtype='float64'"
            )
        self._stack = _checked_stack(wanted.stack)
        self._tables = Tables(f"{self.name}_table")
        self._along = along(program, wanted.argnums)
        self.bodies = [self._body(VALUE)]
        second, is_named = _second(wanted)
        if second != VALUE:
            self.bodies.append(self._body(second, is_named))

    def _body(self, what: str, is_named: bool = True) -> Body:
        """The function of values, or that of values and derivatives; a gradient that was not named is of any output."""
        outputs, inputs = len(self.program.outputs), len(self._along)
        results = [Results("y", outputs)]
        if what == VALUE:
            return self._function(self.name, self.program, results)
        derived = with_derivatives(self.program, what if is_named else JACOBIAN, self._along)
        program = with_common_terms(derived, self.precision.bears)
        results.append(Results("g", outputs * inputs))
        if what == HESSIAN:
            results.append(Results("h", inputs * inputs))
        return self._function(f"{self.name}_{what}", program, results)

    def _function(self, name: str, program: Graph, results: Sequence[Results]) -> Body:
        return Body(name, program, results, Setting(self._tables, self.precision, self._stack))

    # -- the files ------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        """The file."""
        sources = [body.source for body in self.bodies]
        constants = _tables_in(self._tables, "\n".join(sources))
        helpers = functions(dict.fromkeys(need for body in self.bodies for need in body.needed))
        parts = [
            self._heading(),
            "#include <math.h>\n#include <stddef.h>\n",
            self._declarations(),
            *helpers,
            *map(self._typed, [*constants, *sources]),
        ]
        return "\n".join(parts)

    @property
    def header(self) -> str:
        """What others include."""
        guard = f"GLASSGRAD_{self.name}_H"  # the case of letters counts in names
        parts = [
            self._heading(),
            f"#ifndef {guard}\n#define {guard}\n\n#include <stddef.h>\n",
            self._declarations(),
            "#endif\n",
        ]
        return "\n".join(parts)

    def _typed(self, source: str) -> str:
        return single(source) if self.precision is FLOAT else source

    def _declarations(self) -> str:
        """How the functions are called; C++ links them as C."""
        lines = [f"{said};" for body in self.bodies for said in (body.signature, body.batch_signature)]
        opened, closed = '#ifdef __cplusplus\nextern "C" {\n#endif\n', "\n#ifdef __cplusplus\n}\n#endif\n"
        return self._typed("\n".join([opened, *lines, closed]))

    # -- what stands above --------------------------------------------------------------------------

    def _heading(self) -> str:
        """What the file is, how its functions are called, what the numbers mean."""
        names = self.program.inputs
        kept = " and ".join(f"{body.name} keeps {body.kept:,} bytes of numbers" for body in self.bodies)
        lines = [
            "Written by glassgrad from a recorded computation graph.  C99 or later, or C++; link with -lm.",
            "",
            *wrap(f"For each sample {self._sizes()}.", WIDTH - 3),
            "Samples of a batch stand one after the other; results may not overlap x.",
            *(f"{body.name} needs work[{body.work}]." for body in self.bodies if body.work),
            *wrap(f"Nothing is allocated.  On the stack {kept}.", WIDTH - 3),
            *self._in_double(),
            "",
            *(f"x[{i}] is {in_c_comment(name)}" for i, name in enumerate(names[:NAMED])),
            *[f"and so on to x[{len(names) - 1}]"] * (len(names) > NAMED),
        ]
        return "/*\n" + "\n".join(f" * {line}".rstrip() for line in lines) + "\n */\n"

    def _sizes(self) -> str:
        """How many numbers everything has, and what derivatives are of."""
        inputs, outputs, n = len(self.program.inputs), len(self.program.outputs), len(self._along)
        said = f"x has {inputs} numbers, y has {outputs}"
        if len(self.bodies) == 1:
            return said
        which = "x[j]" if n == inputs and self._along == list(range(n)) else f"the j-th of {_listed(self._along)}"
        said += f", g has {outputs * n}: g[i*{n} + j] is the derivative of y[i] in {which}"
        if len(self.bodies[1].results) == 2:
            return said
        return f"{said}; h has {n * n}: h[i*{n} + j] is that of g[i], in the same"

    def _in_double(self) -> list[str]:
        """The rows that are computed in double in a file of floats."""
        rows = dict.fromkeys(need.row for body in self.bodies for need in body.needed if not need.single)
        said = wrap(f"Computed in double and rounded: {', '.join(rows)}.", WIDTH - 3)
        return said if self.precision is FLOAT and rows else []


def _listed(places: Sequence[int]) -> str:
    shown = [f"x[{i}]" for i in places]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:4], "...", *shown[-2:]])


def _tables_in(tables: Tables, functions: str) -> list[str]:
    """The tables of constants that are read in these functions."""
    read = set(re.findall(r"\w+", functions))
    return [table("double", name, map(literal, numbers)) for name, numbers in tables.named.values() if name in read]


def _second(wanted: Wanted) -> tuple[str, bool]:
    """(which function there is beside that of values, whether it was named)."""
    if wanted.what is None:
        return (GRADIENT if wanted.gradient else VALUE), False
    if wanted.what not in (VALUE, GRADIENT, JACOBIAN, HESSIAN):
        raise ArgumentError(f"what is 'value', 'gradient', 'jacobian' or 'hessian', got {quoted(wanted.what)}")
    return wanted.what, True


def _searches(program: Graph) -> bool:
    """Whether it has a loop that goes on until an equation holds."""
    loops = [operation for operation in program.operations if isinstance(operation, Loop)]
    return any(loop.solves is not None or any(map(_searches, loop.programs)) for loop in loops)


def _checked_stack(stack: object) -> int:
    if not isinstance(stack, int) or isinstance(stack, bool) or stack < 0:
        raise ArgumentError(f"stack is how many bytes an array may take there, got {quoted(stack)}")
    return stack


# -- the name ---------------------------------------------------------------------------------------


def _check(name: object) -> None:
    """Refuse a name that is not free in C, in C++, or in the file."""
    if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
        reason = "letters of ASCII, digits and _ that begin with a letter"
    elif any(each in KEYWORDS | LIBRARY or RESERVED.fullmatch(each) for each in _named_after(name)):
        reason = "a name that C and C++ do not keep for their languages and libraries"
    elif _is_ours(name):
        reason = "a name that the file does not have for something else"
    else:
        return
    raise ArgumentError(
        f"name is what the C function is called, {reason}, got {quoted(name)}: choose another, such as f"
    )


def _named_after(name: str) -> list[str]:
    """The names that are made from it."""
    asked = [ending for what in (GRADIENT, JACOBIAN, HESSIAN) for ending in (f"_{what}", f"_{what}_batch")]
    endings = ("", "_batch", *asked, "_constant", "_code", "_start", "_operand", "_output")
    return [name + ending for ending in endings]


def _is_ours(name: str) -> bool:
    """Whether a file may say it of something else: of a function of a row, a parameter, a variable."""
    ending = re.search("_valuef?$", name)
    row, said, _ = name.rpartition("_value") if ending else name.partition("_slope")
    return (
        name in _ours()
        or (said != "" and is_row(row))
        or re.fullmatch(r"[tvcins]\d+(_\d+)?|GLASSGRAD.*", name) is not None
    )


@cache
def _ours() -> frozenset[str]:
    """The words of all files: of what is written by hand, of the loops, and the operands of rows."""
    code = [re.sub(r"/\*.*?\*/", "", function.source, flags=re.DOTALL) for function in FUNCTIONS.values()]
    by_hand = {word for source in code for word in re.findall(r"\b[A-Za-z]\w*", source)}
    by_hand |= {f"{word}f" for word in by_hand}  # of floats
    loops = {"samples", "work", "i", "j", "k", "n", "a", "g", "h", "r", "t", "v", "w", "x", "y"}
    return frozenset(by_hand | loops | {operand for row in TABLE.values() for operand in row.operands})
