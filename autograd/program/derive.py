"""What can be asked of a recording: its value, gradient, Jacobian, Hessian, as programs with answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograd.errors import ArgumentError
from autograd.program.builder import Builder
from autograd.program.passes.adjoint import adjoints, copy_into, with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.tangent import tangents, with_tangents
from autograd.program.program import Program
from autograd.program.recording import Recording
from autograd.structure import Structure, compose
from autograd.transforms import Positions


@dataclass(frozen=True, eq=False)
class Derived:
    """A program whose outputs answer a question.

    answer   how the outputs are put together
    depends  (outputs,) which arguments an output is a derivative along, by their positions

    The program's inputs are the recording's, and after them the numbers of a direction, if it needs one.
    """

    program: Program
    answer: Structure
    depends: tuple[tuple[int, ...], ...]


def value(recording: Recording, wrt: Positions) -> Derived:
    """f itself."""
    return Derived(recording.program, recording.answer, ((),) * recording.answer.size)


def value_and_grad(recording: Recording, wrt: Positions) -> Derived:
    """(f, ∂f/∂arguments)."""
    _check_scalar(recording)
    inputs, structure, depends = _with_respect_to(recording, wrt)
    program = with_gradient(recording.program, inputs)
    return Derived(program, together([recording.answer, structure]), ((), *depends))


def grad(recording: Recording, wrt: Positions) -> Derived:
    """∂f/∂arguments."""
    _check_scalar(recording)
    inputs, structure, depends = _with_respect_to(recording, wrt)
    return Derived(with_gradient(recording.program, inputs, values=False), structure, depends)


def jacobian(recording: Recording, wrt: Positions) -> Derived:
    """All ∂outputᵢ/∂inputⱼ: backwards from every output or forwards from every input, whichever are fewer."""
    inputs, structure, depends = _with_respect_to(recording, wrt)
    program = recording.program
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    if len(program.outputs) <= len(inputs):
        rows = [adjoints(builder, program, numbers, {int(o): builder.one}, inputs) for o in program.outputs]
    else:
        columns = [tangents(builder, program, numbers, {i: builder.one}) for i in inputs]
        rows = [[column[i] for column in columns] for i in range(len(program.outputs))]
    answer, order = compose(recording.answer, structure)
    return Derived(builder.finish([rows[i][j] for i, j in order]), answer, tuple(depends[j] for _, j in order))


def hessian(recording: Recording, wrt: Positions) -> Derived:
    """All ∂²f/∂xᵢ∂xⱼ: the gradient's tangents along every input.  Symmetric: each pair is computed once."""
    _check_scalar(recording)
    inputs, structure, depends = _with_respect_to(recording, wrt)
    first = expand_slopes(with_gradient(recording.program, inputs, values=False))
    builder = Builder(first.inputs)
    numbers = copy_into(builder, first)
    columns = [tangents(builder, first, numbers, {i: builder.one}) for i in inputs]
    answer, order = compose(structure, structure)
    outputs = [columns[min(i, j)][max(i, j)] for i, j in order]
    return Derived(builder.finish(outputs), answer, tuple((*depends[i], *depends[j]) for i, j in order))


def hvp(recording: Recording, wrt: Positions) -> Derived:
    """The Hessian times a direction, which is further inputs: forward over reverse (Pearlmutter 1994)."""
    _check_scalar(recording)
    inputs, structure, depends = _with_respect_to(recording, wrt)
    first = expand_slopes(with_gradient(recording.program, inputs, values=False))
    names = [f"d{first.inputs[i]}" for i in inputs]
    return Derived(with_tangents(first, list(zip(inputs, names, strict=True))), structure, depends)


def together(parts: Sequence[Structure]) -> Structure:
    """A tuple of several, each still read by itself."""
    return Structure(tuple, sum(part.size for part in parts), (), (), tuple(parts))


def _with_respect_to(recording: Recording, wrt: Positions) -> tuple[list[int], Structure, tuple[tuple[int, ...], ...]]:
    """(the inputs that the arguments `wrt` are made of, their structure, which argument each belongs to)."""
    chosen = positions(wrt, len(recording.arguments))
    inputs = [number for i in chosen for number in recording.positions(i)]
    depends = tuple((i,) for i in chosen for _ in recording.positions(i))
    parts = [recording.arguments[i] for i in chosen]
    return inputs, parts[0] if isinstance(wrt, int) else together(parts), depends


def positions(wrt: Positions, count: int) -> list[int]:
    """`argnums` as positions among `count` arguments; ArgumentError if one is none."""
    chosen = [wrt] if isinstance(wrt, int) else list(wrt)
    for i in chosen:
        if not isinstance(i, int) or not -count <= i < count:
            raise ArgumentError(f"argnums {wrt!r}: the function was called with {count} arguments")
    return [i % count for i in chosen]


def _check_scalar(recording: Recording) -> None:
    if recording.answer.size != 1:
        raise ArgumentError(
            f"the function returned {recording.answer.size} numbers; a gradient is of one number: "
            "use jacobian, or sum them"
        )
