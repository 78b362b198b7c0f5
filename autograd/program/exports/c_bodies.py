"""A program as the body of a C function: straight-line code that reads as its listing, or a loop over tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from autograd.errors import GraphError
from autograd.ops.expression import variable
from autograd.ops.primitive import lookup
from autograd.program.exports.c_language import C, block, expression, literal, table, with_unused
from autograd.program.exports.c_rolled import Item, MemberLoop, rolled
from autograd.program.exports.c_rows import Need, is_single
from autograd.program.exports.c_single import FLOAT, Precision
from autograd.program.exports.c_straight import Straight, first_of_vector
from autograd.program.graph import DOT, SUM, Graph, Instruction, Operation, Tables, plain

STRAIGHT = 20_000  # instructions, or as many lines of operands, above which there are tables


class Results(NamedTuple):
    """Some of the outputs, and what they are written into."""

    name: str
    size: int


class Setting(NamedTuple):
    """What all functions of a file have in common.

    Attributes:
        tables: of constants
        precision: of their numbers
        stack: how many bytes an array may take there; a larger one is handed in
    """

    tables: Tables
    precision: Precision
    stack: int


class Body:
    """A program as a C function, and the loop over a batch of samples; its outputs go into `results`, in order."""

    def __init__(self, name: str, program: Graph, results: Sequence[Results], setting: Setting) -> None:
        self.tables, self.precision, self.stack = setting
        self.name, self.program, self._results = name, program, results
        self._targets = [f"{into}[{i}]" for into, size in results for i in range(size)]
        self._place_of = {number: i for i, number in enumerate(program.outputs.tolist())}
        self.needed: dict[Need, None] = {}
        items = list[Item](program) if program.has_loops else rolled(program)
        is_straight = program.has_loops or _lines_of(program, items) <= STRAIGHT
        self._writer = Straight(self, items) if is_straight else _Tables(self)
        self.work = self._writer.work  # how many numbers its array holds

    @property
    def results(self) -> Sequence[Results]:
        """What the outputs are written into, one after the other."""
        return self._results

    @property
    def signature(self) -> str:
        """Of the function of one sample."""
        return f"void {self.name}({', '.join(self._parameters)})"

    @property
    def batch_signature(self) -> str:
        """Of that of many."""
        return f"void {self.name}_batch({', '.join(['size_t samples', *self._parameters])})"

    @property
    def _parameters(self) -> list[str]:
        work = ["double *work"] if self.work else []
        return ["const double *x", *(f"double *{into}" for into, _ in self.results), *work]

    @property
    def source(self) -> str:
        """Both functions."""
        steps = [("x", len(self.program.inputs)), *self.results]
        given = [f"{each} + i * {size}" if size > 1 else f"{each} + i" * size or each for each, size in steps]
        call = f"    {self.name}({', '.join(given + ['work'] * bool(self.work))});"
        loop = ["size_t i;", "for (i = 0; i < samples; i++) {", call, "}"]
        return f"{self._writer.source}\n{self.batch_signature}\n{block(loop)}"

    @property
    def kept(self) -> int:
        """How many bytes the numbers take that the function keeps on the stack."""
        functions = self._writer.source.split("\n}\n")
        parts, whole = functions[:-2], functions[-2]
        return self.precision.width * (_declared(whole) + max(map(_declared, parts), default=0))

    def call(self, program: Graph, line: Instruction) -> str:
        """The function of an instruction, which the file then defines, with what makes its result the file's kind.

        Raises:
            GraphError: for a row of many operands that single precision does not do for
        """
        row, slot = plain(line.operation)
        is_of_many = lookup(row).variadic and slot is not None
        component = program.component(line) if slot is not None else None
        need = Need(row, slot, len(line.operands) - first_of_vector(line) if is_of_many else 0, component)
        is_rounded = self.precision is FLOAT and not is_single(need)
        if is_rounded and lookup(row).variadic:
            raise GraphError(f"{lookup(row).title} loses digits in single precision: ask for dtype='float64'")
        need = replace(need, single=self.precision is FLOAT and not is_rounded)
        self.needed[need] = None
        return f"(float){need.name}" if is_rounded else need.name

    def result(self, number: int) -> str:
        """The lvalue of an output."""
        return self._targets[number]

    def piece(self, numbers: list[int]) -> tuple[str, int] | None:
        """Where these numbers stand side by side among the results, if they do."""
        start = self._place_of.get(numbers[0], -1)
        outputs = self.program.outputs[start : start + len(numbers)].tolist()
        targets = self._targets[start : start + len(numbers)]
        into, at = (targets or ["["])[0].rstrip("]").split("[")
        fits = start >= 0 and outputs == numbers and targets[-1].startswith(f"{into}[")
        return (into, int(at)) if fits else None

    def defined(self, lines: Sequence[str]) -> str:
        """The function of one sample."""
        return f"{self.signature}\n{block(with_unused(['x', *(into for into, _ in self.results)], lines))}"


_DECLARATION = re.compile(r"\bdouble (\w+)(?:\[(\d*)\])?(?: = (\{[^}]*\})?|;)")


def _declared(function: str) -> int:
    """How many numbers the variables of a function hold; tables are none."""
    local = re.sub(r"static const double.*?;", "", function, flags=re.DOTALL)
    return sum(int(size) if size else listed.count(",") + 1 for _, size, listed in _DECLARATION.findall(local))


def _lines_of(program: Graph, items: Sequence[Item]) -> int:
    """About how many lines instructions and their operands take, of which tables of constants stand elsewhere."""
    alone = [item for item in items if not isinstance(item, MemberLoop)]
    operands = sum(len(line.operands) for line in alone if program.known_table(line) is None)
    return max(len(items), operands // 4)


# -- tables -----------------------------------------------------------------------------------------


class _Tables:
    """A program as tables, and a loop that goes through them."""

    def __init__(self, body: Body) -> None:
        self._body, program, name = body, body.program, body.name
        self._kinds: dict[tuple[Operation, int, float | None], int] = {}
        self._cases: list[list[str]] = []
        self.numbers = program.first + len(program)
        self.longest = 0  # how many operands of one instruction are put side by side, behind the numbers
        codes = [self._code(line) for line in program]
        self.work = self.numbers + self.longest
        constants = [table("double", f"{name}_constant", map(literal, program.constants.tolist()))]
        tables = [
            *constants * bool(program.constants.size),
            table("unsigned short", f"{name}_code", map(str, codes)),
            table("int", f"{name}_start", map(str, program.starts.tolist())),
            table("int", f"{name}_operand", map(str, program.operands.tolist())),
            table("int", f"{name}_output", map(str, program.outputs.tolist())),
        ]
        self._tables = tables

    @property
    def source(self) -> str:
        """The tables, and the function of one sample."""
        return "\n".join([*self._tables, self._body.defined(self._loop())])

    def _code(self, line: Instruction) -> int:
        """The case that computes an instruction; written when first met."""
        row, slot = plain(line.operation)
        component = self._body.program.component(line)
        variadic = lookup(row).variadic
        if variadic and line.operation not in (SUM, DOT):
            self.longest = max(self.longest, len(line.operands))
        kind = (Operation(row, slot), len(line.operands) if variadic and slot is not None else 0, component)
        if kind not in self._kinds:
            self._kinds[kind] = len(self._cases)
            self._cases.append(self._case(line, component))
        return self._kinds[kind]

    def _case(self, line: Instruction, component: float | None) -> list[str]:
        row, slot = plain(line.operation)
        operands = [f"w[a[{i}]]" for i in range(len(line.operands))]
        if line.operation == SUM:
            return ["for (k = 0; k < n; k++) r += w[a[k]];"]
        if line.operation == DOT:
            products = "for (k = 0; k < n / 2; k++) r += w[a[k]] * w[a[n / 2 + k]];"
            return [products, "if (n % 2 == 1) r += w[a[n - 1]];"]
        if slot is None and row in C.written:
            return [f"r = {expression(row, map(variable, operands))};"]
        function = self._body.call(self._body.program, line)
        if not lookup(row).variadic:
            return [f"r = {function}({', '.join(operands)});"]
        copied = "for (k = 0; k < n; k++) v[k] = w[a[k]];"
        first = first_of_vector(line)
        if slot is not None:
            leading = ", v[1]" * lookup(row).reads_table
            return [copied, f"r = {function}(v[0]{leading}, v + {first});"]
        if lookup(row).reads_table:
            return [copied, f"r = {function}(v[0], n - 1, v + 1);"]
        given = f"{literal(component)}, n - 1, v + 1" if component is not None else "n, v"
        return [copied, f"r = {function}({given});"]

    def _loop(self) -> list[str]:
        program, name = self._body.program, self._body.name
        inputs, first = len(program.inputs), program.first
        inside = "\n".join(line for case in self._cases for line in case)
        copy = f"for (i = 0; i < {first - inputs}; i++) w[{inputs} + i] = {name}_constant[i];"
        starts = accumulate([0, *(size for _, size in self._body.results)])
        results = [
            f"for (i = 0; i < {size}; i++) {into}[i] = w[{name}_output[{start} + i]];"
            for (into, size), start in zip(self._body.results, starts, strict=False)
        ]
        return [
            "double *w = work;",
            *[f"double *v = work + {self.numbers};"] * (self.longest > 0),
            f"int i{', k' * ('k++' in inside)};",
            f"for (i = 0; i < {inputs}; i++) w[i] = x[i];",
            *[copy] * (first > inputs),
            f"for (i = 0; i < {len(program)}; i++) {{",
            f"    const int *a = {name}_operand + {name}_start[i];",
            *[f"    const int n = {name}_start[i + 1] - {name}_start[i];"] * (re.search(r"\bn\b", inside) is not None),
            "    double r = 0.0;",
            f"    switch ({name}_code[i]) {{",
            *(line for number, case in enumerate(self._cases) for line in _labelled(number, case)),
            "    }",
            f"    w[{first} + i] = r;",
            "}",
            *results,
        ]


def _labelled(number: int, case: Sequence[str]) -> list[str]:
    return [f"    case {number}:", *(f"        {line}" for line in [*case, "break;"])]
