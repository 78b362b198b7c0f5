"""Sums of products written with + and ×, gathered into one `dot` or `sum` each.

So a network written in plain arithmetic becomes dots, which executors run as matrix products.  Only
what nobody else reads is gathered, so compensated summation, which reads its partial sums twice, stays
as it was written.  The terms keep their order; executors may add them in another (see `exact`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd.program.builder import Builder
from autograd.program.graph import ADD, DOT, MULTIPLY, SUM, Graph
from autograd.program.lines import LONG
from autograd.program.passes.fuse_columns import fused_at_once

SUMS = (ADD, SUM, DOT)
Term = tuple[int, ...]  # a number, or the two factors of a product


def fuse_sums(program: Graph) -> Graph:
    """The same program with chains of + as sums, and sums of products as dots.

    >>> b = Builder(["a", "b", "c"])
    >>> ab, bc = b.emit(MULTIPLY, (0, 1)), b.emit(MULTIPLY, (1, 2))
    >>> print(fuse_sums(b.finish([b.emit(ADD, (b.emit(ADD, (ab, bc)), 2))])))
    inputs a, b, c
    t1 = a·b + b·c + c
    outputs t1
    """
    if not any(operation in SUMS for operation in program.operations):
        return program
    return fused_at_once(program) if len(program) >= LONG else _Fusion(program).run()


class _Fusion:
    """A program being rewritten."""

    def __init__(self, program: Graph) -> None:
        self._program = program
        self._builder = Builder(program.inputs)
        constants = map(self._builder.constant, program.constants.tolist())
        self._numbers = [*range(len(program.inputs)), *constants, *[0] * len(program)]
        self._operations = [program.operations[code] for code in program.code.tolist()]
        codes = [self._builder.code_of(operation) for operation in program.operations]
        self._codes = [codes[code] for code in program.code.tolist()]
        self._starts: list[int] = program.starts.tolist()
        self._operands: list[int] = program.operands.tolist()
        total = program.first + len(program)
        uses = np.bincount(program.operands, minlength=total) + np.bincount(program.outputs, minlength=total)
        self._once = (uses == 1).tolist()
        is_sum = [operation in SUMS for operation in program.operations]
        self._is_sum = [is_sum[code] for code in program.code.tolist()]
        self._inside = self._absorbed()

    def run(self) -> Graph:
        """Write every line again, those inside a sum only there."""
        first, emit, numbers = self._program.first, self._builder.emit_code, self._numbers
        for line, code in enumerate(self._codes):
            if self._is_sum[line]:
                if not self._inside[line]:
                    numbers[first + line] = self._write(self._terms(line))
            else:
                numbers[first + line] = emit(code, tuple([numbers[i] for i in self._operands_of(line)]))
        for number, words in self._program.words.items():
            if not self._inside[number - first]:
                self._builder.describe(numbers[number], words)
        return self._builder.finish([self._numbers[i] for i in self._program.outputs.tolist()])

    def _operands_of(self, line: int) -> list[int]:
        return self._operands[self._starts[line] : self._starts[line + 1]]

    def _addends(self, line: int) -> list[Term]:
        """What a sum adds, as it is written."""
        operands = self._operands_of(line)
        if self._operations[line] != DOT:
            return [(operand,) for operand in operands]
        n = len(operands) // 2
        products: list[Term] = list(zip(operands[:n], operands[n : 2 * n], strict=True))
        return [*products, *((operand,) for operand in operands[2 * n :])]

    def _absorbed(self) -> list[bool]:
        """Which lines are sums that one other sum adds, and nobody else reads."""
        first, once, is_sum = self._program.first, self._once, self._is_sum
        inside = [False] * len(is_sum)
        for line in np.flatnonzero(is_sum).tolist():
            for term in self._addends(line):
                child = term[0] - first
                if len(term) == 1 and child >= 0 and once[term[0]] and is_sum[child]:
                    inside[child] = True
        return inside

    def _terms(self, line: int) -> list[Term]:
        """All that a sum adds, with the sums inside it taken apart, in order."""
        found: list[Term] = []
        stack = self._addends(line)[::-1]
        while stack:
            term = stack.pop()
            child = term[0] - self._program.first
            if len(term) == 1 and child >= 0 and self._inside[child]:
                stack += self._addends(child)[::-1]
            elif len(term) == 1 and child >= 0 and self._once[term[0]] and self._operations[child] == MULTIPLY:
                found.append(tuple(self._operands_of(child)))
            else:
                found.append(term)
        return found

    def _write(self, terms: Sequence[Term]) -> int:
        """Σ terms as one instruction: a dot if at least two are products."""
        numbers, emit = self._numbers, self._builder.emit
        products = [(numbers[term[0]], numbers[term[1]]) for term in terms if len(term) == 2]
        others = [numbers[term[0]] for term in terms if len(term) == 1]
        if len(products) < 2:
            addends = [numbers[t[0]] if len(t) == 1 else emit(MULTIPLY, (numbers[t[0]], numbers[t[1]])) for t in terms]
            return self._sum(addends)
        bias = (self._sum(others),) if others else ()
        return emit(DOT, (*(a for a, _ in products), *(b for _, b in products), *bias))

    def _sum(self, addends: Sequence[int]) -> int:
        if len(addends) == 1:
            return addends[0]
        return self._builder.emit(ADD if len(addends) == 2 else SUM, tuple(addends))
