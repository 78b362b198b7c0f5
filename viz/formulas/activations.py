"""Activations of whole layers in matrices: A from Z, and ∂J/∂Z from ∂J/∂A."""

from __future__ import annotations

from typing import NamedTuple

from autograd.ops import table
from autograd.ops.primitive import lookup
from viz import notation as n
from viz.formulas.slopes import textbook_slopes
from viz.formulas.textbook import written
from viz.notation import Box

ROWWISE = (table.softmax.name, table.log_softmax.name)


class Pointwise(NamedTuple):
    """A function of each z by itself, such as tanh; `rest` are its further operands."""

    op: str
    rest: tuple[Box, ...]  # constants, or what each neuron learns, as the α of prelu

    def output(self, Z: Box) -> Box:
        """A = g(Z)."""
        return written(lookup(self.op), [Z, *self.rest])

    def back(self, B: Box, Z: Box, A: Box, operand: int = 0) -> Box | None:
        """∂J/∂Z = B ⊙ g'(Z), where B is ∂J/∂A; with operand=1 by α.  None where no derivative flows."""
        slope = textbook_slopes(lookup(self.op), self.output(Z), [Z, *self.rest])[operand]
        return None if slope is None else times(B, slope)


class Rowwise(NamedTuple):
    """softmax or log_softmax of each row of Z."""

    op: str

    def output(self, Z: Box) -> Box:
        """A = softmax(Z), row by row."""
        softmax = n.call(n.Word(table.softmax.name), Z)
        return softmax if self.op == table.softmax.name else n.call(n.Word("ln"), softmax)

    def back(self, B: Box, Z: Box, A: Box) -> Box:
        """∂J/∂Z: A ⊙ (B - (A ⊙ B)·1·1ᵀ) of softmax, B - softmax(Z) ⊙ (B·1·1ᵀ) of its logarithm."""
        if self.op == table.softmax.name:
            return times(A, n.subtract(B, row_sums(times(A, B))))
        return n.subtract(B, times(n.call(n.Word(table.softmax.name), Z), row_sums(B)))


Activation = Pointwise | Rowwise


def times(left: Box, right: Box) -> Box:
    """left ⊙ right, element by element; a sign stands before it, a factor 1 is left out."""
    size = n.positive(left)
    if right == n.ONE:
        return left
    product = n.Row((size, n.Word("⊙"), right), (_least(size), 0, _least(right)), n.PRODUCT)
    return n.negate(product) if n.is_negative(left) else product


def row_sums(matrix: Box) -> Box:
    """matrix·1·1ᵀ, 1 a column of ones: every element is the sum of its row."""
    one, across = n.Word("1"), n.Power(n.Word("1"), n.Word("ᵀ"))
    return n.Row((matrix, n.Word("·"), one, n.Word("·"), across), (_least(matrix), 0, 0, 0, 0), n.PRODUCT)


def column_sums(matrix: Box) -> Box:
    """1ᵀ·matrix: the sum of each column."""
    across = n.Power(n.Word("1"), n.Word("ᵀ"))
    return n.Row((across, n.Word("·"), matrix), (0, 0, _least(matrix)), n.PRODUCT)


def _least(factor: Box) -> int:
    """How strongly a factor must bind: ∂J/∂Ŷ reads as one thing, a ⊙ b beside another sign does not."""
    return n.PRODUCT if isinstance(factor, n.Fraction) else n.POWER
