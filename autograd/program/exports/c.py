"""A program as one file of C99, for people who ship to where there is no Python.

Every rule is printed from its row of the table, as the recorders' rules are; only atoms are written by
hand, in `c_functions`.  A program of up to 20,000 instructions becomes straight-line code that reads
like the program's own listing; a larger one, on which compilers choke, a loop over tables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

from autograd.errors import ArgumentError
from autograd.ops.expression import ARITHMETIC, COMPARISONS, Expression, Language, Term, same, source_of, variable
from autograd.ops.primitive import TABLE, Atom, Primitive, lookup
from autograd.ops.targets import cannot_write, rows_called
from autograd.program.builder import Builder
from autograd.program.exports.c_functions import FUNCTIONS, KEYWORDS, LIBM
from autograd.program.passes.adjoint import adjoints, copy_into
from autograd.program.program import DOT, SUM, Instruction, Operation, Program, sum_source

STRAIGHT = 20_000  # instructions, or as many lines of operands, above which there are tables
PART = 500  # instructions of one C function: the time that gcc takes grows faster than their number
INDEXED = ("softmax", "log_softmax")  # rows whose first operand says which component is meant
WIDTH = 120


def to_c(program: Program, name: str = "f", gradient: bool = True) -> str:
    """The program as one self-contained C99 file that needs libm alone.

    For a program of N inputs and M outputs it defines

        void f(const double *x, double *y);
        void f_gradient(const double *x, double *y, double *g);

    which read x[N], write y[M] and g[M*N], where g[i*N + j] is ∂y[i]/∂x[j]; and `f_batch`,
    `f_gradient_batch`, which do so for each of many samples that stand one after the other.  Above
    20,000 instructions each takes one argument more, a work array; the file's first lines say how large.

    >>> from autograd import Value
    >>> from autograd.program.graph import program_from
    >>> x = Value(2.0, name="x")
    >>> print(*to_c(program_from([x * x]), gradient=False).splitlines()[18:23], sep="\\n")
    void f(const double *x, double *y)
    {
        const double t1 = x[0] * x[0];
        y[0] = t1;
    }

    Raises ArgumentError for a name that C cannot have, and for a softmax whose component is computed; GraphError
    for a row that C cannot have, by its name.
    """
    functions = {name: program} | ({f"{name}_gradient": with_jacobian(program)} if gradient else {})
    _check(name, functions)
    bodies = [_Function(called, part, len(program.outputs)) for called, part in functions.items()]
    needed = dict.fromkeys(need for body in bodies for need in body.needed)
    parts = [
        _heading(program, bodies),
        "#include <math.h>\n#include <stddef.h>\n",
        "\n".join(f"{line};" for body in bodies for line in body.prototypes) + "\n",
        *_Functions(needed).sources,
        *(body.source for body in bodies),
    ]
    return "\n".join(parts)


def with_jacobian(program: Program) -> Program:
    """The program whose outputs are those of `program` and then, output by output, its derivatives in all inputs."""
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    inputs = range(len(program.inputs))
    outputs = program.outputs.tolist()
    derivatives = [
        slope for output in outputs for slope in adjoints(builder, program, numbers, {output: builder.one}, inputs)
    ]
    return builder.finish([*(numbers[i] for i in outputs), *derivatives])


def _check(name: str, functions: Iterable[str]) -> None:
    taken = KEYWORDS | set(LIBM.values()) | {"main", "lgamma", "tgamma", "copysign"}
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or taken & set(functions):
        raise ArgumentError(f"name is what the C function is called, a free identifier of C, got {name!r}")


# -- the language -----------------------------------------------------------------------------------


def _literal(x: float | None) -> str:
    if x is None:
        return "0.0"  # where no derivative flows
    if math.isnan(x):
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "-INFINITY"
    return repr(float(x))


def _function_name(row: str) -> str:
    """libm's function, or ours: the suffix keeps `remainder` apart from C's."""
    return LIBM.get(row, f"{row}_value")


C99 = Language(
    operators={**COMPARISONS, **ARITHMETIC},
    conditional="{condition} ? {chosen} : {other}",
    assignment="const double {name} = {value};",
    literal=_literal,
    function=_function_name,
    truth="{} != 0.0",
)


def _array(numbers: Sequence[str]) -> str:
    """A vector in place, as C99 has it."""
    return f"(const double[]){{{', '.join(numbers)}}}"


def _vectors(term: Term, whole: Sequence[Expression] = ()) -> Term:
    """`term` with the operands of variadic rows as arrays; `whole` is a vector that has a name already."""
    if not isinstance(term, Expression) or not term.operands:
        return term
    operands = [_vectors(operand, whole) for operand in term.operands]
    if not (term.name in TABLE and TABLE[term.name].variadic):
        return Expression(term.name, *operands)
    leading = 1 if term.name in INDEXED else 0
    vector = operands[leading:]
    if len(whole) and same(vector, whole):
        array = f"x + {whole[0].name[2:-1]}"
    else:
        array = _array([_text(operand) for operand in vector])
    return Expression(term.name, *operands[:leading], variable(str(len(vector))), variable(array))


def _text(term: Term) -> str:
    return source_of([term], C99)[1][0]


# -- functions of rows ------------------------------------------------------------------------------


class Need:
    """A function that the file has to define: of a row's value, or of a slope.

    Slopes of variadic rows are written for a number of operands and, where the first says which
    component is meant, for that component.
    """

    def __init__(self, row: str, slot: int | None = None, count: int = 0, component: float | None = None) -> None:
        self.key = (row, slot, count, component)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Need) and self.key == other.key

    @property
    def name(self) -> str:
        """What the function is called."""
        row, slot, count, component = self.key
        if slot is None:
            return _function_name(row)
        which = "" if lookup(row).arity == 1 else str(slot + 1)
        of = f"_of{count}" if count else ""
        at = "" if component is None else f"_at{int(component)}"
        return f"{row}_slope{which}{of}{at}"


class _Functions:
    """The functions that a file needs, each after those that it calls."""

    def __init__(self, needed: Iterable[Need]) -> None:
        self.sources: list[str] = []
        self._written: set[Need] = set()
        for need in needed:
            self._write(need)

    def _write(self, need: Need) -> None:
        """Write a function, after what it calls; rows call each other a few deep."""
        row, slot, count, component = need.key
        if need in self._written or (slot is None and row in LIBM):
            return
        self._written.add(need)
        if slot is None and row in FUNCTIONS:
            source, calls = FUNCTIONS[row].source, [*FUNCTIONS[row].calls]
        elif slot is None and isinstance(lookup(row).rule, Atom):
            raise cannot_write(lookup(row), "C")
        elif lookup(row).variadic:
            source, calls = _variadic_slope(need, lookup(row), slot or 0, count, component)
        else:
            source, calls = _plain_function(need, lookup(row), slot)
        for called in calls:
            self._write(Need(called))
        self.sources.append(source)


def _plain_function(need: Need, row: Primitive, slot: int | None) -> tuple[str, list[str]]:
    """A row's value, or its slope along one operand."""
    names = [f"{name}_" if name in KEYWORDS else name for name in row.operands]
    operands = [variable(name) for name in names]
    term = row.value_term(operands) if slot is None else row.slope_terms(operands)[slot]
    parameters = names if slot is None else ["y", *names]
    return _defined(need.name, [f"double {name}" for name in parameters], parameters, term), rows_called([term], C99)


def _variadic_slope(
    need: Need, row: Primitive, slot: int, count: int, component: float | None
) -> tuple[str, list[str]]:
    """A slope of a row of many operands, which are x[0], x[1], …"""
    operands: list[Any] = [variable(f"x[{i}]") for i in range(count)]
    known = [component, *operands[1:]] if component is not None else operands
    term = row.slope_terms(known)[slot]
    written = _vectors(term, operands[component is not None :])
    return _defined(need.name, ["double y", "const double *x"], ["y", "x"], written), rows_called([term], C99)


def _defined(name: str, parameters: Sequence[str], names: Sequence[str], term: Term) -> str:
    assignments, (result,) = source_of([term], C99)
    body = [*assignments, f"return {result};"]
    for parameter in reversed(names):
        body = _with_unused(parameter, body)
    return f"static double {name}({', '.join(parameters)})\n{_block(body)}"


# -- functions of programs --------------------------------------------------------------------------


class _Function:
    """A program as a C function, and the loop over a batch of samples."""

    def __init__(self, name: str, program: Program, values: int) -> None:
        self.name, self.program, self.values = name, program, values
        self.is_straight = max(len(program), len(program.operands) // 4) <= STRAIGHT
        self.needed: dict[Need, None] = {}
        self._body = self._straight() if self.is_straight else _Tables(self).source
        self.has_derivatives = len(program.outputs) > values
        results = ["double *y"] + ["double *g"] * self.has_derivatives
        work = [] if self.is_straight else ["double *work"]
        self._one = f"void {name}({', '.join(['const double *x', *results, *work])})"
        self._batch = f"void {name}_batch({', '.join(['size_t samples', 'const double *x', *results, *work])})"
        self.prototypes = [self._one, self._batch]

    @property
    def source(self) -> str:
        """Both functions."""
        inputs, outputs = len(self.program.inputs), len(self.program.outputs)
        steps = [("x", inputs), ("y", self.values)] + [("g", outputs - self.values)] * self.has_derivatives
        given = [f"{array} + i * {size}" for array, size in steps] + ["work"] * (not self.is_straight)
        loop = ["size_t i;", "for (i = 0; i < samples; i++) {", f"    {self.name}({', '.join(given)});", "}"]
        return f"{self._body}\n{self._batch}\n{_block(loop)}"

    def need(self, line: Instruction) -> Need:
        """The function of an instruction, which the file then defines."""
        row, slot = line.operation
        variadic = lookup(row).variadic
        component = self.program.component(line) if slot is not None else None
        count = len(line.operands) - 1 if variadic and slot is not None else 0
        need = Need(row, slot, count, component)
        self.needed[need] = None
        return need

    def result(self, number: int) -> str:
        """The lvalue of an output."""
        return f"y[{number}]" if number < self.values else f"g[{number - self.values}]"

    def _straight(self) -> str:
        """One assignment an instruction; in a long program in parts, on whose numbers compilers do not choke."""
        program = self.program
        long = len(program) > PART
        names = [f"x[{i}]" for i in range(len(program.inputs))] + [_literal(c) for c in program.constants.tolist()]
        lines = []
        for at, line in enumerate(program):
            name = f"t[{at}]" if long else f"t{at + 1}"
            lines.append(f"{'' if long else 'const double '}{name} = {self._expression(line, names)};")
            names.append(name)
        parts = [lines[i : i + PART] for i in range(0, len(lines), PART)] if long else []
        calls = [f"double t[{len(program)}];", *(f"{self.name}_part{i}(x, t);" for i in range(1, len(parts) + 1))]
        results = [f"{self.result(i)} = {names[number]};" for i, number in enumerate(program.outputs.tolist())]
        arguments = "const double *x, double *y" + ", double *g" * (len(program.outputs) > self.values)
        part_of = f"void {self.name}_part"  # not static, or gcc would make one function of them again
        functions = [
            f"{part_of}{i}(const double *x, double *t);\n{part_of}{i}(const double *x, double *t)\n"
            f"{_block(_with_unused('x', part))}"
            for i, part in enumerate(parts, 1)
        ]
        body = _with_unused("x", [*(calls if long else lines), *results])
        return "\n".join([*functions, f"void {self.name}({arguments})\n{_block(body)}"])

    def _expression(self, line: Instruction, names: Sequence[str]) -> str:
        operands = [names[i] for i in line.operands]
        summed = sum_source(line.operation, operands)
        if summed is not None:
            return summed
        row, slot = line.operation
        if slot is None and (row in C99.operators or row in ("where", "negative")):
            return _text(Expression(row, *map(_operand, operands)))
        need = self.need(line)
        if not lookup(row).variadic:
            return f"{need.name}({', '.join(operands)})"
        if slot is not None:
            return f"{need.name}({operands[0]}, {_array(operands[1:])})"
        leading = operands[:1] if row in INDEXED else []
        vector = operands[len(leading) :]
        return f"{need.name}({', '.join([*leading, str(len(vector)), _array(vector)])})"


def _operand(text: str) -> Term:
    """A variable or a number, as the printer wants it, which puts parentheses around -1.0."""
    if text[0] in "tx":
        return variable(text)
    return {"NAN": math.nan, "INFINITY": math.inf, "-INFINITY": -math.inf}.get(text) or float(text)


def _with_unused(parameter: str, lines: Sequence[str]) -> list[str]:
    """The lines of a body, after a mention of its parameter if they make none."""
    used = any(re.search(rf"\b{parameter}\b", line) for line in lines)
    return [*lines] if used else [f"(void){parameter};", *lines]


class _Tables:
    """A program as tables, and a loop that goes through them."""

    def __init__(self, function: _Function) -> None:
        self.function, self.program = function, function.program
        self._kinds: dict[tuple[Operation, int, float | None], int] = {}
        self._cases: list[str] = []
        self._longest = 1
        codes = [self._code(line) for line in self.program]
        name, program = function.name, self.program
        tables = [
            *(
                [_table("double", f"{name}_constant", map(_literal, program.constants.tolist()))]
                * bool(program.constants.size)
            ),
            _table("unsigned short", f"{name}_code", map(str, codes)),
            _table("int", f"{name}_start", map(str, program.starts.tolist())),
            _table("int", f"{name}_operand", map(str, program.operands.tolist())),
            _table("int", f"{name}_output", map(str, program.outputs.tolist())),
        ]
        self.source = "\n".join([*tables, self._loop()])

    def _code(self, line: Instruction) -> int:
        """The case that computes an instruction; written when first met."""
        row, slot = line.operation
        component = self.program.component(line)
        variadic = lookup(row).variadic
        if variadic:
            self._longest = max(self._longest, len(line.operands))
        kind = (line.operation, len(line.operands) if variadic and slot is not None else 0, component)
        if kind not in self._kinds:
            self._kinds[kind] = len(self._cases)
            self._cases.append(self._case(line, component))
        return self._kinds[kind]

    def _case(self, line: Instruction, component: float | None) -> str:
        row, slot = line.operation
        operands = [f"w[a[{i}]]" for i in range(len(line.operands))]
        if line.operation == SUM:
            return "for (k = 0; k < n; k++) r += w[a[k]];"
        if line.operation == DOT:
            return "for (k = 0; k < n / 2; k++) r += w[a[k]] * w[a[n / 2 + k]]; if (n % 2 == 1) r += w[a[n - 1]];"
        if slot is None and (row in C99.operators or row in ("where", "negative")):
            return f"r = {_text(Expression(row, *map(variable, operands)))};"
        need = self.function.need(line)
        if not lookup(row).variadic:
            return f"r = {need.name}({', '.join(operands)});"
        copied = "for (k = 0; k < n; k++) v[k] = w[a[k]];"
        if slot is not None:
            return f"{copied} r = {need.name}(v[0], v + 1);"
        given = f"{_literal(component)}, n - 1, v + 1" if component is not None else "n, v"
        return f"{copied} r = {need.name}({given});"

    def _loop(self) -> str:
        name, program, function = self.function.name, self.program, self.function
        inputs, first, values = len(program.inputs), program.first, function.values
        derivatives = len(program.outputs) > values
        cases = [f"        case {i}: {text} break;" for i, text in enumerate(self._cases)]
        uses_vector = any("v[k]" in case for case in self._cases)
        lines = [
            "double *w = work;",
            *([f"double v[{self._longest}];"] if uses_vector else []),
            "int i, k = 0;",
            f"for (i = 0; i < {inputs}; i++) w[i] = x[i];",
            *(
                [f"for (i = 0; i < {len(program.constants)}; i++) w[{inputs} + i] = {name}_constant[i];"]
                * (first > inputs)
            ),
            f"for (i = 0; i < {len(program)}; i++) {{",
            f"    const int *a = {name}_operand + {name}_start[i];",
            f"    const int n = {name}_start[i + 1] - {name}_start[i];",
            "    double r = 0.0;",
            f"    switch ({name}_code[i]) {{",
            *cases,
            "    }",
            "    (void)n;",
            f"    w[{first} + i] = r;",
            "}",
            f"for (i = 0; i < {values}; i++) y[i] = w[{name}_output[i]];",
            *(
                [f"for (i = 0; i < {len(program.outputs) - values}; i++) g[i] = w[{name}_output[{values} + i]];"]
                * derivatives
            ),
            "(void)k;",
        ]
        arguments = "const double *x, double *y" + ", double *g" * derivatives + ", double *work"
        return f"void {name}({arguments})\n{_block(lines)}"


def _table(kind: str, name: str, numbers: Iterable[str]) -> str:
    rows = wrap(", ".join(numbers), WIDTH - 4, break_on_hyphens=False) or ["0"]
    return f"static const {kind} {name}[] = {{\n" + "\n".join(f"    {row}" for row in rows) + "\n};\n"


def _block(lines: Iterable[str]) -> str:
    """A function's body, long lines broken after commas and before operators."""
    return "{\n" + "\n".join(_broken(line) for line in lines) + "\n}\n"


def _broken(line: str) -> str:
    indent = " " * (4 + len(line) - len(line.lstrip()))
    if len(line) + 4 <= WIDTH:
        return " " * 4 + line
    return "\n".join(
        wrap(line.strip(), WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ", break_on_hyphens=False)
    )


def _heading(program: Program, functions: Sequence[_Function]) -> str:
    """What the file is, how its functions are called, what the numbers mean."""
    inputs, outputs = len(program.inputs), len(program.outputs)
    lines = ["Written by glassgrad from a recorded computation graph.  C99; link with -lm.", ""]
    for function in functions:
        lines += [f"{line};" for line in function.prototypes]
    sizes = f"x has {inputs} numbers, y has {outputs}"
    if len(functions) > 1:
        sizes += f", g has {outputs * inputs}: g[i*{inputs} + j] is the derivative of y[i] in x[j]"
    lines += [
        "",
        f"For each sample {sizes}.",
        "Samples of a batch stand one after the other; results may not overlap x.",
    ]
    for function in functions:
        if not function.is_straight:
            lines.append(f"{function.name} needs work[{function.program.first + len(function.program)}].")
    lines += ["", *(f"x[{i}] is {name}" for i, name in enumerate(program.inputs[:1000]))]
    safe = [line.replace("*/", "* /").replace("/*", "/ *").rstrip("\\") for line in lines]
    return "/*\n" + "\n".join(f" * {line}".rstrip() for line in safe) + "\n */\n"
