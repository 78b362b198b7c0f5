"""Writes programs, one instruction at a time; what was written before is not written again.

While a program is being written its numbers are: inputs 0, 1, …, then results; constants are negative
(constant j is ~j), so that they can be added at any time.  `finish` puts them in their place.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from autograd.context import Label
from autograd.ops.expression import Expression, Term
from autograd.ops.primitive import lookup
from autograd.program.graph import GUARD, MULTIPLY, NEGATIVE, WHERE, Graph, Operation
from autograd.program.lines import Ints, Lines, graph_of, renamed
from autograd.program.loops import Step

Numbers = tuple[int, ...]


class Builder:
    """A program being written.

    >>> b = Builder(["x", "y"])
    >>> t = b.emit(Operation("multiply"), (0, 1))
    >>> print(b.finish([b.emit(Operation("tanh"), (t,))]))
    inputs x, y
    t1 = multiply(x, y)
    t2 = tanh(t1)
    outputs t2
    """

    def __init__(self, inputs: Sequence[str]) -> None:
        self.inputs = tuple(inputs)
        self._first = len(self.inputs)
        self._constants: list[float] = []
        self._constant_ids: dict[bytes, int] = {}
        self._operations: dict[Operation | Step, int] = {}
        self._listed: list[Operation | Step] = []
        self._code: list[int] = []
        self._operands: list[Numbers] = []
        self._written: dict[tuple[int, Numbers], int] = {}
        self._words: dict[int, Label] = {}
        self.zero, self.one = self.constant(0.0), self.constant(1.0)

    def __len__(self) -> int:
        """How many instructions were written."""
        return len(self._code)

    def constant(self, number: float) -> int:
        """The number of a constant; the same one for the same bits (so -0.0 is not 0.0)."""
        bits = struct.pack("d", number)
        found = self._constant_ids.get(bits)
        if found is None:
            found = self._constant_ids[bits] = ~len(self._constants)
            self._constants.append(number)
        return found

    def emit(self, operation: Operation | Step, operands: Numbers) -> int:
        """The number of `operation` of `operands`: written now, or before, or folded to a constant."""
        return self.emit_code(self.code_of(operation), operands)

    def code_of(self, operation: Operation | Step) -> int:
        """What `emit_code` knows an operation by."""
        code = self._operations.setdefault(operation, len(self._listed))
        if code == len(self._listed):
            self._listed.append(operation)
        return code

    def emit_code(self, code: int, operands: Numbers) -> int:
        """`emit` of an operation by its code, for loops over many lines."""
        key = (code, operands)
        found = self._written.get(key)
        if found is None:
            if operands and operands[0] < 0 and max(operands) < 0:
                found = self._folded(self._listed[code], operands)
            if found is None:
                found = self._first + len(self._code)
                self._code.append(code)
                self._operands.append(operands)
            self._written[key] = found
        return found

    def taken(self, program: Graph) -> list[int] | None:
        """What the numbers of a program are now, which is taken over as it stands, as what is written first.

        None, and nothing is taken, if something was written before, or if it says something twice, as files may.
        """
        count = len(program)
        constants = [self.constant(c) for c in program.constants.tolist()]
        codes = [self.code_of(operation) for operation in program.operations]
        if self._code or not count:
            return None
        numbers = [*range(len(program.inputs)), *constants, *range(self._first, self._first + count)]
        operands = np.array(numbers)[program.operands].tolist()
        lines = [tuple(operands[start:stop]) for start, stop in pairwise(program.starts.tolist())]
        listed = np.array(codes)[program.code].tolist()
        written = dict(zip(zip(listed, lines, strict=True), numbers[program.first :], strict=True))
        if len(written) < count:
            return None
        self._code, self._operands, self._written = listed, lines, written
        return numbers

    def describe(self, number: int, words: Label | None) -> None:
        """Keep what is known of a result: what was said first, since what is written again is the same."""
        if words is not None and number >= self._first:
            self._words.setdefault(number, words)

    def _folded(self, operation: Operation | Step, operands: Numbers) -> int | None:
        return self.constant(self._computed(operation, operands)) if isinstance(operation, Operation) else None

    def _computed(self, operation: Operation, operands: Numbers) -> float:
        """The operation on constants, by the row's own rule on floats."""
        row, data = lookup(operation.row), [self._constants[~i] for i in operands]
        if operation.slot is None:
            return float(row.float(*data))
        slope = row.float_slopes(*data)[operation.slot]
        return 0.0 if slope is None else float(slope)

    # -- arithmetic that needs no instruction -------------------------------------------------------

    def product(self, a: int, b: int) -> int:
        """a · b; a factor of 1 needs no instruction, of -1 only a sign (both exact)."""
        if a >= 0 and b >= 0:
            return self.emit(MULTIPLY, (a, b))
        for one, other in ((a, b), (b, a)):
            if one < 0 and (factor := self._constants[~one]) in (1.0, -1.0):
                return other if factor == 1.0 else self.emit(NEGATIVE, (other,))
        return self.emit(MULTIPLY, (a, b))

    def is_one(self, number: int) -> bool:
        """Whether a number is the constant 1."""
        return number == self.one

    def value_of(self, number: int) -> float | None:
        """What a number is, if it is a constant."""
        return self._constants[~number] if number < 0 else None

    # -- rules --------------------------------------------------------------------------------------

    def write(self, term: Term, names: Callable[[str], int], choice: Operation) -> int:
        """The number of an Expression; `names` gives the numbers of its variables, `choice` is what its `where` is."""
        done: dict[int, int] = {}
        stack = [term]
        while stack:
            top = stack[-1]
            if id(top) in done:
                stack.pop()
            elif not isinstance(top, Expression):
                done[id(top)] = self.constant(0.0 if top is None else float(top))  # None: no derivative
            elif not top.operands:
                done[id(top)] = names(top.name)
            else:
                waiting = [o for o in top.operands if id(o) not in done]
                stack.extend(waiting)
                if not waiting:
                    operation = choice if top.name == "where" else Operation(top.name)
                    done[id(top)] = self._chosen(operation, tuple(done[id(o)] for o in top.operands))
        return done[id(term)]

    def _chosen(self, operation: Operation, operands: Numbers) -> int:
        """`emit`; but of a choice that is known beforehand what is chosen."""
        if operation in (WHERE, GUARD):
            condition, chosen, other = operands
            if condition < 0 or chosen == other:
                return chosen if self.value_of(condition) != 0.0 else other
        return self.emit(operation, operands)

    # -- the end ------------------------------------------------------------------------------------

    def finish(self, outputs: Iterable[int]) -> Graph:
        """The program with these outputs, without what they do not need."""
        return self.finish_lines(Lines.of(self._first, self._code, self._operands), outputs)

    # -- many lines at once -------------------------------------------------------------------------

    def columns_of(self, program: Graph) -> tuple[Lines, Ints]:
        """(a program's lines as they would be written here, what its numbers are called in them)."""
        n = len(program.inputs)
        codes = np.array([self.code_of(operation) for operation in program.operations], np.int64)
        constants = [self.constant(c) for c in program.constants.tolist()]
        names = np.concatenate([np.arange(n), np.array(constants, np.int64), np.arange(n, n + len(program))])
        return Lines(n, codes[program.code], program.starts, names[program.operands]), names

    def folded(self, lines: Lines) -> tuple[Lines, Ints]:
        """(lines that speak of constants where others have nothing but constants, what their results are called)."""
        numbers = lines.first + np.arange(len(lines.code))
        is_step = np.array([not isinstance(operation, Operation) for operation in self._listed], bool)
        while True:
            unknown = np.bincount(lines.users[lines.operands >= 0], minlength=len(lines.code))
            left = (unknown == 0) & (lines.lengths > 0) & (numbers >= 0) & ~is_step[lines.code]
            which = np.flatnonzero(left)
            if not len(which):
                return lines, numbers
            some = lines.some(which)
            numbers[which] = list(map(self.emit_code, some.code.tolist(), some.tuples()))
            lines = renamed(lines, numbers)

    def finish_lines(self, lines: Lines, outputs: Iterable[int]) -> Graph:
        """The program of lines that were written elsewhere, in this one's constants and operations."""
        return graph_of(lines, self.inputs, self._constants, self._listed, outputs, self._words)
