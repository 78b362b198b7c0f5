"""A program as the body of a C function: straight-line code that reads as its listing, or a loop over tables."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, TypeAlias

import numpy as np

from autograd.ops.expression import Term, variable
from autograd.ops.primitive import lookup
from autograd.program.exports.c_language import (
    C,
    array,
    block,
    expression,
    literal,
    table,
    with_unused,
)
from autograd.program.exports.c_loops import Run
from autograd.program.exports.c_rows import Need
from autograd.program.graph import DOT, LOCATE, SUM, TAKE, Graph, Instruction, Operation, Tables, plain, sum_source
from autograd.program.loops import Column, Element, Final, Loop, columns_read, doubles_of

STRAIGHT = 20_000  # instructions, or as many lines of operands, above which there are tables
PART = 500  # instructions of one C function: the time that gcc takes grows faster than their number


Pairs: TypeAlias = Sequence[tuple[str, str]]  # what is assigned to, and the number


class Body:
    """A program as a C function, and the loop over a batch of samples.

    The first `values` of its outputs go into y, the others into g, if there is a g.
    """

    def __init__(self, name: str, program: Graph, values: int, has_derivatives: bool, tables: Tables) -> None:
        self.tables = tables
        self.name, self.program, self.values, self.has_derivatives = name, program, values, has_derivatives
        self.is_straight = program.has_loops or max(len(program), _lines_of_operands(program)) <= STRAIGHT
        self.needed: dict[Need, None] = {}
        self._writer = _Straight(self) if self.is_straight else _Tables(self)
        self.work = self._writer.work  # how many numbers its array holds

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
        return ["const double *x", "double *y"] + ["double *g"] * self.has_derivatives + work

    @property
    def source(self) -> str:
        """Both functions."""
        inputs, outputs = len(self.program.inputs), len(self.program.outputs)
        steps = [("x", inputs), ("y", self.values)] + [("g", outputs - self.values)] * self.has_derivatives
        given = [f"{each} + i * {size}" if size > 1 else f"{each} + i" * size or each for each, size in steps]
        call = f"    {self.name}({', '.join(given + ['work'] * bool(self.work))});"
        loop = ["size_t i;", "for (i = 0; i < samples; i++) {", call, "}"]
        return f"{self._writer.source}\n{self.batch_signature}\n{block(loop)}"

    def need(self, program: Graph, line: Instruction) -> Need:
        """The function of an instruction of a program, which the file then defines."""
        row, slot = plain(line.operation)
        is_of_many = lookup(row).variadic and slot is not None
        component = program.component(line) if slot is not None else None
        need = Need(row, slot, len(line.operands) - first_of_vector(line) if is_of_many else 0, component)
        self.needed[need] = None
        return need

    def result(self, number: int) -> str:
        """The lvalue of an output."""
        return f"y[{number}]" if number < self.values else f"g[{number - self.values}]"

    def defined(self, lines: Sequence[str]) -> str:
        """The function of one sample."""
        parameters = ("x", "y") + ("g",) * self.has_derivatives
        return f"{self.signature}\n{block(with_unused(parameters, lines))}"


def first_of_vector(line: Instruction) -> int:
    """Where among the operands of a variadic row its vector begins: after y if it is a slope, and an index."""
    row, slot = plain(line.operation)
    return (slot is not None) + lookup(row).leading


def _lines_of_operands(program: Graph) -> int:
    """About how many lines the operands take, of which tables of constants stand elsewhere."""
    codes = [code for code, operation in enumerate(program.operations) if operation in (TAKE, LOCATE)]
    lookups = map(program.line, np.flatnonzero(np.isin(program.code, codes)).tolist())
    in_tables = sum(len(line.operands) for line in lookups if program.known_table(line) is not None)
    return (len(program.operands) - in_tables) // 4


# -- straight-line code -----------------------------------------------------------------------------


class _Straight:
    """One assignment an instruction; in a long program in parts, on whose numbers compilers do not choke."""

    def __init__(self, body: Body) -> None:
        self._body, program = body, body.program
        self._is_long = len(program) > PART and not program.has_loops
        self._program, self._indent = program, ""
        self.loops = self._room = 0  # how many there were, and numbers of their columns
        self._names: list[Any] = [f"x[{i}]" for i in range(len(program.inputs))]
        self._names += [literal(c) for c in program.constants.tolist()]
        self._arrays: dict[tuple[str, ...], str] = {}
        self._taken = self._vectors = 0
        self._lines: list[str] = []
        self._parts: list[list[str]] = []
        for at, line in enumerate(program):
            if self._is_long and at % PART == 0:
                self._arrays, self._lines = {}, []
                self._parts.append(self._lines)
            self._assign(at, line)
        self.work = doubles_of(program)
        outputs = program.outputs.tolist()
        targets, sources = list(map(body.result, range(len(outputs)))), [self._names[n] for n in outputs]
        self._results = [f"{target} = {source};" for target, source in zip(targets, sources, strict=True)]
        if self.loops:
            self._results = _assigned(targets, sources)
            self._forget_unread()

    def _forget_unread(self) -> None:
        lines, count = _without_unread([*self._lines, *self._results]), len(self._results)
        self._lines = lines[: len(lines) - count]
        called = set(re.findall(r"\w+", "\n".join(lines)))
        for need in [need for need in self._body.needed if need.name not in called]:
            del self._body.needed[need]

    def _assign(self, at: int, line: Instruction) -> None:
        if not isinstance(line.operation, Operation):
            self._names.append(self._step(line))
            return
        said = self._expression(line)
        self._taken += 1
        name = f"t[{at}]" if self._is_long else f"t{self._taken}"
        self.say(f"{'' if self._is_long else 'const double '}{name} = {said};")
        self._names.append(name)

    def say(self, line: str) -> None:
        """Write a line."""
        self._lines.append(self._indent + line)

    # -- loops ----------------------------------------------------------------------------------

    def _step(self, line: Instruction) -> Any:
        """What an instruction of a loop's is called: a number, a column's place in `work`, or a run's parts."""
        operands = [self._names[i] for i in line.operands]
        match line.operation:
            case Loop() as loop:
                return Run(self, loop, operands).written(sorted(columns_read(self._program, line.id)))
            case Final(k):
                return operands[0][0][k]
            case Column(k):
                return operands[0][1][k]
            case Element(step):
                return f"work[{operands[0] + step}]"
        place = self.column(len(operands))
        for said in _assigned([f"work[{place + step}]" for step in range(len(operands))], operands):
            self.say(said)
        return place

    def column(self, length: int) -> int:
        """Where in `work` a column may stand."""
        self._room += length
        return self._room - length

    def named(self) -> str:
        """The number by which what a loop uses is called."""
        self.loops += 1
        return str(self.loops)

    @contextmanager
    def inside(self, head: str) -> Iterator[None]:
        """A block, in which arrays are made that are not known behind it."""
        self.say(f"{head} {{")
        outside = self._indent, self._arrays
        self._indent, self._arrays = self._indent + "    ", {}
        yield
        self._indent, self._arrays = outside
        self.say("}")

    def body_of(self, loop: Loop, given: list[Any]) -> list[str]:
        """The names of the body's outputs."""
        outside = self._program, self._names
        self._program, self._names = loop.body, [*given, *map(literal, loop.body.constants.tolist())]
        for at, line in enumerate(loop.body):
            self._assign(at, line)
        found = [self._names[i] for i in loop.body.outputs.tolist()]
        self._program, self._names = outside
        return found

    def _expression(self, line: Instruction) -> str:
        operands = [self._names[i] for i in line.operands]
        summed = sum_source(line.operation, operands)
        if summed is not None:
            return summed
        row, slot = plain(line.operation)
        if slot is None and row in C.written:
            return expression(row, map(_operand, operands))
        need = self._body.need(self._program, line)
        if not lookup(row).variadic:
            return f"{need.name}({', '.join(operands)})"
        first = first_of_vector(line)
        vector = operands[first:]
        given = operands[: first if lookup(row).reads_table else 1] if slot is not None else operands[:first]
        count = [str(len(vector))] * (slot is None)
        known = self._program.known_table(line)
        place = self._array(vector) if known is None else self._body.tables.called(known)[0]
        return f"{need.name}({', '.join([*given, *count, place])})"

    def _array(self, numbers: Sequence[str]) -> str:
        """The name of an array of these numbers, which is made where it is first needed."""
        if all(number == f"x[{i}]" for i, number in enumerate(numbers)):
            return "x"
        key = tuple(numbers)
        if key not in self._arrays:
            self._vectors += 1
            self._arrays[key] = f"v{self._vectors}"
            self.say(array(self._arrays[key], numbers))
        return self._arrays[key]

    @property
    def source(self) -> str:
        """The function of one sample, and those that it calls."""
        body, results = self._body, self._results
        if not self._is_long:
            return body.defined([*self._lines, *results])
        named = [
            (f"void {body.name}_part{i}(const double *x, double *t)", part) for i, part in enumerate(self._parts, 1)
        ]
        # They are not static, or gcc would make one function of them again.
        functions = [f"{said};\n{said}\n{block(with_unused(('x',), part))}" for said, part in named]
        calls = [f"{body.name}_part{i}(x, t);" for i in range(1, len(named) + 1)]
        return "\n".join([*functions, body.defined([f"double t[{len(body.program)}];", *calls, *results])])


def _assigned(targets: Sequence[str], sources: Sequence[str]) -> list[str]:
    """Each target gets its number; numbers that stand side by side in columns, or are known, by loops."""
    pairs = sorted(zip(targets, sources, strict=True), key=lambda pair: _place_in_work(pair[1]))
    lines, rest = _zeros_first(pairs)
    at = 0
    while at < len(rest):
        length, said = max(_copied(rest[at : at + _FEW]), _listed(rest[at : at + _FEW]))
        if length:
            length, said = max(_copied(rest[at:]), _listed(rest[at:]))
        else:
            length, said = 1, f"{rest[at][0]} = {rest[at][1]};"
        lines.append(said)
        at += length
    return lines


def _zeros_first(pairs: Pairs) -> tuple[list[str], Pairs]:
    """Of derivatives most are often 0: all get that, and then those get theirs that are not."""
    others = [(target, source) for target, source in pairs if source != "0.0" or not target.startswith("g[")]
    if len(pairs) - len(others) < _FEW:
        return [], pairs
    count = sum(target.startswith("g[") for target, _ in pairs)
    return [f"{{ size_t k; for (k = 0; k < {count}; k++) g[k] = 0.0; }}"], others


def _copied(pairs: Pairs) -> tuple[int, str]:
    """How many of the first are copied between places that are equally far apart, and the loop that does so."""
    length = _run_of([target for target, _ in pairs])
    length = min(length, _run_of([source for _, source in pairs[:length]]))
    return (length, _for_each(pairs, length, _at_k(pairs[0][1], pairs[1][1]))) if length >= _FEW else (0, "")


def _listed(pairs: Pairs) -> tuple[int, str]:
    """The same of numbers that are known, from a table."""
    numbers = [source for _, source in takewhile(lambda pair: _KNOWN.fullmatch(pair[1]), pairs)]
    length = _run_of([target for target, _ in pairs[: len(numbers)]])
    if length < _FEW:
        return 0, ""
    listed = ", ".join(numbers[:length])
    return length, f"{{ static const double each[] = {{{listed}}}; {_for_each(pairs, length, 'each[k]')} }}"


def _run_of(places: Sequence[str]) -> int:
    """How many of the first stand in one array, equally far apart."""
    found = [_ELEMENT.fullmatch(place) for place in places[:2]]
    if len(found) < 2 or found[0] is None or found[1] is None or found[0][1] != found[1][1]:
        return 0
    start, stride = int(found[0][2]), int(found[1][2]) - int(found[0][2])
    fits = (place == f"{found[0][1]}[{start + i * stride}]" for i, place in enumerate(places))
    return sum(1 for _ in takewhile(bool, fits))


def _for_each(pairs: Pairs, length: int, source: str) -> str:
    target = _at_k(pairs[0][0], pairs[1][0])
    return f"{{ size_t k; for (k = 0; k < {length}; k++) {target} = {source}; }}"


def _at_k(first: str, second: str) -> str:
    """The k-th place, of which these are the first two."""
    start, stride = _index(first), _index(second) - _index(first)
    steps = "k" if abs(stride) == 1 else f"{abs(stride)} * k"
    return f"{first.partition('[')[0]}[{start} {'+' if stride >= 0 else '-'} {steps}]"


def _place_in_work(source: str) -> int:
    """By which numbers of columns are sorted; those of a step, and others, stay where they are."""
    found = _ELEMENT.fullmatch(source)
    return int(found[2]) if found and found[1] == "work" else -1


def _index(place: str) -> int:
    return int(place.partition("[")[2][:-1])


_ELEMENT = re.compile(r"(\w+)\[(\d+)\]")
_KNOWN = re.compile(r"-?\d[\w.+-]*|-?INFINITY|NAN")
_FEW = 8  # numbers that are assigned one by one


_MADE = re.compile(r" *(?:const )?(?:double )?([tcsnv]\d+(?:_\d+)?)(?:\[\])? \+?= (.*)")


def _without_unread(lines: list[str]) -> list[str]:
    """Lines without what loops make and nothing reads, of which compilers warn."""
    made = [_MADE.fullmatch(line) for line in lines]
    read = set(re.findall(r"\w+", "\n".join(m[2] if m else line for m, line in zip(made, lines, strict=True))))
    kept = [line for m, line in zip(made, lines, strict=True) if m is None or m[1] in read]
    return kept if len(kept) == len(lines) else _without_unread(kept)


def _operand(text: str) -> Term:
    """A variable or a number, as the printer wants it, which puts parentheses around -1.0."""
    if text[0] in "tcxwns":
        return variable(text)
    return {"NAN": math.nan, "INFINITY": math.inf, "-INFINITY": -math.inf}.get(text) or float(text)


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
        need = self._body.need(self._body.program, line)
        if not lookup(row).variadic:
            return [f"r = {need.name}({', '.join(operands)});"]
        copied = "for (k = 0; k < n; k++) v[k] = w[a[k]];"
        first = first_of_vector(line)
        if slot is not None:
            leading = ", v[1]" * lookup(row).reads_table
            return [copied, f"r = {need.name}(v[0]{leading}, v + {first});"]
        if lookup(row).reads_table:
            return [copied, f"r = {need.name}(v[0], n - 1, v + 1);"]
        given = f"{literal(component)}, n - 1, v + 1" if component is not None else "n, v"
        return [copied, f"r = {need.name}({given});"]

    def _loop(self) -> list[str]:
        program, name = self._body.program, self._body.name
        inputs, first, values = len(program.inputs), program.first, self._body.values
        inside = "\n".join(line for case in self._cases for line in case)
        copy = f"for (i = 0; i < {first - inputs}; i++) w[{inputs} + i] = {name}_constant[i];"
        results = f"for (i = 0; i < {len(program.outputs) - values}; i++) g[i] = w[{name}_output[{values} + i]];"
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
            f"for (i = 0; i < {values}; i++) y[i] = w[{name}_output[i]];",
            *[results] * self._body.has_derivatives,
        ]


def _labelled(number: int, case: Sequence[str]) -> list[str]:
    return [f"    case {number}:", *(f"        {line}" for line in [*case, "break;"])]
