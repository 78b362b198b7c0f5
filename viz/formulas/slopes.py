"""Local derivatives as a book prints them: the table's textbook rule, handed symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.ops.expression import WHERE, Expression, variable
from autograd.ops.primitive import Primitive
from viz import notation as n
from viz.formulas.textbook import operation
from viz.notation import Box


def textbook_slopes(primitive: Primitive, output: Box, operands: Sequence[Box]) -> list[Box | None]:
    """∂output/∂operand for every operand, in terms of these boxes; None where no derivative flows.

    Operands that are Numbers take part as numbers, so that the slope of x³ is 3·x² and not 3·x³⁻¹.
    """
    slopes, symbols = textbook_terms(primitive, output, operands)
    return [None if slope is None else laid_out(slope, symbols) for slope in slopes]


def textbook_terms(
    primitive: Primitive, output: Box, operands: Sequence[Box]
) -> tuple[tuple[Any, ...], dict[str, Box]]:
    """The same before it is laid out, for whoever wants one of many: the slopes, and what their symbols stand for."""
    symbols: dict[str, Box] = {"y": output}
    arguments: list[Any] = []
    for i, box in enumerate(operands):
        if isinstance(box, n.Number):
            arguments.append(box.value)
        else:
            symbols[f"x{i}"] = box
            arguments.append(variable(f"x{i}"))
    if primitive.opaque:
        return _opaque(primitive, operands)
    rule = primitive.textbook or primitive.slopes
    slopes = rule(variable("y"), *arguments)
    return (slopes if isinstance(slopes, tuple) else (slopes,)), symbols


def _opaque(primitive: Primitive, operands: Sequence[Box]) -> tuple[tuple[Any, ...], dict[str, Box]]:
    """f′(x), f′₁(a, b): of a derivative that is a function of Python's only the name can be said."""
    slopes = [variable(f"s{i}") for i in range(len(operands))]
    word = n.Word(f"{primitive.title}′")
    functions = [word if len(operands) == 1 else n.Below(word, n.Number(i + 1.0)) for i in range(len(operands))]
    return tuple(slopes), {slope.name: n.call(f, *operands) for slope, f in zip(slopes, functions, strict=True)}


def laid_out(term: Any, symbols: dict[str, Box]) -> Box:
    """A term of a rule, a few operations deep, as boxes."""
    if not isinstance(term, Expression):
        return n.Number(float(term))
    if not term.operands:
        return symbols[term.name]
    if term.name == WHERE and term.operands[2] is None:
        return laid_out(term.operands[1], symbols)
    if term.name == WHERE and term.operands[1] is None:
        return laid_out(term.operands[2], symbols)
    return operation(term.name, [laid_out(operand, symbols) for operand in term.operands])
