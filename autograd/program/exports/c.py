"""A program as one file of C, for people who ship to where there is no Python.

The file is C99 and every later C, and C++ from C++11 on, without a warning.  Every rule is printed from its row of
the table, as the recorders' rules are; only atoms are written by hand, in `c_functions`.  A program of up to 20,000
instructions becomes straight-line code that reads like the program's own listing; a larger one, on which compilers
choke, a loop over tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from autograd.errors import ArgumentError
from autograd.ops.primitive import TABLE, is_row
from autograd.program.builder import Builder
from autograd.program.exports.c_bodies import Body
from autograd.program.exports.c_functions import FUNCTIONS
from autograd.program.exports.c_language import literal, table
from autograd.program.exports.c_names import IDENTIFIER, KEYWORDS, LIBRARY, RESERVED
from autograd.program.exports.c_rows import functions
from autograd.program.graph import Graph, Tables
from autograd.program.passes.adjoint import copy_into
from autograd.program.passes.cones import swept
from autograd.program.passes.simplify import simplified
from autograd.text import in_c_comment, quoted

NAMED = 1000  # inputs that the file says the names of


def to_c(program: Graph, name: str = "f", gradient: bool = True) -> str:
    """The program as one self-contained file of C (or C++) that needs libm alone.

    For a program of N inputs and M outputs it defines

        void f(const double *x, double *y);
        void f_gradient(const double *x, double *y, double *g);

    which read x[N], write y[M] and g[M*N], where g[i*N + j] is ∂y[i]/∂x[j]; and `f_batch`,
    `f_gradient_batch`, which do so for each of many samples that stand one after the other.  Above
    20,000 instructions, and where a loop's numbers are kept, each takes one argument more, a work array; the file's
    first lines say how large.
    `to_c_header` gives what other files include.

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
        ArgumentError: for a name that C or C++ keeps for itself or that the file has for something else, and for a
            softmax whose component is computed
        GraphError: for a row that C cannot have, by its name
    """
    bodies = _bodies(program, name, gradient)
    sources = [body.source for body in bodies]
    parts = [
        _heading(program, bodies),
        "#include <math.h>\n#include <stddef.h>\n",
        _declarations(bodies),
        *functions(dict.fromkeys(need for body in bodies for need in body.needed)),
        *_tables(bodies[0].tables, "\n".join(sources)),
        *sources,
    ]
    return "\n".join(parts)


def to_c_header(program: Graph, name: str = "f", gradient: bool = True) -> str:
    """The header of the file that `to_c` gives for the same arguments: what C and C++ files include to call it.

    >>> from autograd import Value
    >>> from autograd.program.reading import program_from
    >>> x = Value(2.0, name="x")
    >>> header = to_c_header(program_from([x * x]), "square", gradient=False)
    >>> "void square(const double *x, double *y);" in header, "#ifndef GLASSGRAD_square_H" in header
    (True, True)

    Raises as `to_c` does.
    """
    bodies, guard = _bodies(program, name, gradient), f"GLASSGRAD_{name}_H"  # the case of letters counts in names
    parts = [
        _heading(program, bodies),
        f"#ifndef {guard}\n#define {guard}\n\n#include <stddef.h>\n",
        _declarations(bodies),
        "#endif\n",
    ]
    return "\n".join(parts)


def with_jacobian(program: Graph) -> Graph:
    """The program whose outputs are those of `program` and then, output by output, its derivatives in all inputs."""
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    inputs = range(len(program.inputs))
    outputs = program.outputs.tolist()
    rows = swept(builder, program, numbers, inputs, outputs)
    derived = builder.finish([*(numbers[i] for i in outputs), *(slope for row in rows for slope in row)])
    return simplified(derived, exact=True) if program.simplified else derived


def _bodies(program: Graph, name: str, gradient: bool) -> list[Body]:
    """The function of values, and that of values and derivatives if it is asked for."""
    _check(name)
    values = len(program.outputs)
    tables = Tables(f"{name}_table")
    bodies = [Body(name, program, values, has_derivatives=False, tables=tables)]
    if gradient:
        bodies.append(Body(f"{name}_gradient", with_jacobian(program), values, has_derivatives=True, tables=tables))
    return bodies


def _tables(tables: Tables, functions: str) -> list[str]:
    """The tables of constants that are read in these functions."""
    read = set(re.findall(r"\w+", functions))
    return [table("double", name, map(literal, numbers)) for name, numbers in tables.named.values() if name in read]


def _heading(program: Graph, bodies: Sequence[Body]) -> str:
    """What the file is, how its functions are called, what the numbers mean."""
    inputs, outputs = len(program.inputs), len(program.outputs)
    sizes = f"x has {inputs} numbers, y has {outputs}"
    if len(bodies) > 1:
        sizes += f", g has {outputs * inputs}: g[i*{inputs} + j] is the derivative of y[i] in x[j]"
    lines = [
        "Written by glassgrad from a recorded computation graph.  C99 or later, or C++; link with -lm.",
        "",
        f"For each sample {sizes}.",
        "Samples of a batch stand one after the other; results may not overlap x.",
        *(f"{body.name} needs work[{body.work}]." for body in bodies if body.work),
        "",
        *(f"x[{i}] is {in_c_comment(name)}" for i, name in enumerate(program.inputs[:NAMED])),
        *[f"and so on to x[{inputs - 1}]"] * (inputs > NAMED),
    ]
    return "/*\n" + "\n".join(f" * {line}".rstrip() for line in lines) + "\n */\n"


def _declarations(bodies: Iterable[Body]) -> str:
    """How the functions are called; C++ links them as C."""
    lines = [f"{said};" for body in bodies for said in (body.signature, body.batch_signature)]
    opened, closed = '#ifdef __cplusplus\nextern "C" {\n#endif\n', "\n#ifdef __cplusplus\n}\n#endif\n"
    return "\n".join([opened, *lines, closed])


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
    endings = ("", "_batch", "_gradient", "_gradient_batch", "_constant", "_code", "_start", "_operand", "_output")
    return [name + ending for ending in endings]


def _is_ours(name: str) -> bool:
    """Whether a file may say it of something else: of a function of a row, a parameter, a variable."""
    row, said, _ = name.rpartition("_value") if name.endswith("_value") else name.partition("_slope")
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
    loops = {"samples", "work", "i", "k", "n", "a", "g", "r", "t", "v", "w", "x", "y"}
    return frozenset(by_hand | loops | {operand for row in TABLE.values() for operand in row.operands})
