"""What can be asked of a recording: its value, gradient, Jacobian, Hessian, …, each as a program with an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd import transforms
from autograd.errors import ArgumentError
from autograd.program.builder import Builder
from autograd.program.passes.adjoint import adjoints, copy_into, with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.tangent import tangents, with_tangents
from autograd.program.program import Program
from autograd.program.recording import Recording
from autograd.structure import Structure, compose
from autograd.transforms import Function, Positions, positions


class Answer(NamedTuple):
    """How the outputs of a program answer a question.

    structure  how they are put together
    depends    (outputs,) which arguments an output is a derivative along, by their positions
    """

    structure: Structure
    depends: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Question:
    """One thing that can be asked about a function, along the arguments `argnums`.

    transform  the same question to a Python function: (f, argnums) → a function
    answer     (recording, argnums) → how the outputs of `program` answer it
    program    (recording, argnums) → a program whose inputs are the recording's, and then the directions'
    directed   whether it takes, after f's arguments, a direction for each of `argnums`
    """

    transform: Callable[[Function, Positions], Function]
    answer: Callable[[Recording, Positions], Answer]
    program: Callable[[Recording, Positions], Program]
    directed: bool = False


# -- answers ----------------------------------------------------------------------------------------


def _value(recording: Recording, wrt: Positions) -> Answer:
    return Answer(recording.answer, ((),) * recording.answer.size)


def _gradient(recording: Recording, wrt: Positions) -> Answer:
    if recording.answer.size != 1:
        raise ArgumentError(
            f"the function returned {recording.answer.size} numbers; a gradient is of one number: "
            "use jacobian, or sum them"
        )
    chosen = positions(wrt, len(recording.arguments))
    parts = [recording.arguments[i] for i in chosen]
    depends = tuple((i,) for i in chosen for _ in recording.positions(i))
    return Answer(parts[0] if isinstance(wrt, int) else together(parts), depends)


def _value_and_gradient(recording: Recording, wrt: Positions) -> Answer:
    gradient = _gradient(recording, wrt)
    return Answer(together([recording.answer, gradient.structure]), ((), *gradient.depends))


def _jacobian(recording: Recording, wrt: Positions) -> Answer:
    columns = _gradient(recording.of_one_number(), wrt)
    structure, order = compose(recording.answer, columns.structure)
    return Answer(structure, tuple(columns.depends[j] for _, j in order))


def _hessian(recording: Recording, wrt: Positions) -> Answer:
    gradient = _gradient(recording, wrt)
    structure, order = compose(gradient.structure, gradient.structure)
    return Answer(structure, tuple((*gradient.depends[i], *gradient.depends[j]) for i, j in order))


# -- programs ---------------------------------------------------------------------------------------


def _jacobian_program(recording: Recording, wrt: Positions) -> Program:
    """Backwards from every output or forwards from every input, whichever are fewer."""
    inputs, structure = _inputs(recording, wrt), _gradient(recording.of_one_number(), wrt).structure
    program = recording.program
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    if len(program.outputs) <= len(inputs):
        rows = [adjoints(builder, program, numbers, {int(o): builder.one}, inputs) for o in program.outputs]
    else:
        columns = [tangents(builder, program, numbers, {i: builder.one}) for i in inputs]
        rows = [[column[i] for column in columns] for i in range(len(program.outputs))]
    _, order = compose(recording.answer, structure)
    return builder.finish([rows[i][j] for i, j in order])


def _hessian_program(recording: Recording, wrt: Positions) -> Program:
    """The gradient's tangents along every input.  Symmetric: each pair is computed once."""
    inputs, structure = _inputs(recording, wrt), _gradient(recording, wrt).structure
    first = expand_slopes(with_gradient(recording.program, inputs, values=False))
    builder = Builder(first.inputs)
    numbers = copy_into(builder, first)
    columns = [tangents(builder, first, numbers, {i: builder.one}) for i in inputs]
    _, order = compose(structure, structure)
    return builder.finish([columns[min(i, j)][max(i, j)] for i, j in order])


def _hvp_program(recording: Recording, wrt: Positions) -> Program:
    """The Hessian times a direction: forward over reverse (Pearlmutter 1994)."""
    inputs = _inputs(recording, wrt)
    first = expand_slopes(with_gradient(recording.program, inputs, values=False))
    names = [f"d{first.inputs[i]}" for i in inputs]
    return with_tangents(first, list(zip(inputs, names, strict=True)))


def _inputs(recording: Recording, wrt: Positions) -> list[int]:
    """The inputs that the arguments `wrt` are made of."""
    return [number for i in positions(wrt, len(recording.arguments)) for number in recording.positions(i)]


# -- the questions ----------------------------------------------------------------------------------


def _itself(f: Function, wrt: Positions) -> Function:
    return f


def _hvp(f: Function, wrt: Positions) -> Function:
    """The product as a function of f's arguments and one more: the direction, or a tuple with one each."""

    def product(*given: Any) -> Any:
        *args, direction = given
        chosen = positions(wrt, len(args))

        def gradient(*moved: Any) -> Any:
            places = dict(zip(chosen, moved, strict=True))
            return transforms.grad(f, wrt)(*(places.get(i, argument) for i, argument in enumerate(args)))

        directions = (direction,) if isinstance(wrt, int) else direction
        return transforms.jvp(gradient, [args[i] for i in chosen], directions)[1]

    return product


VALUE = Question(_itself, _value, lambda recording, wrt: recording.program)
GRADIENT = Question(
    transforms.grad,
    _gradient,
    lambda recording, wrt: with_gradient(recording.program, _inputs(recording, wrt), values=False),
)
VALUE_AND_GRADIENT = Question(
    transforms.value_and_grad,
    _value_and_gradient,
    lambda recording, wrt: with_gradient(recording.program, _inputs(recording, wrt)),
)
JACOBIAN = Question(transforms.jacobian, _jacobian, _jacobian_program)
HESSIAN = Question(transforms.hessian, _hessian, _hessian_program)
HVP = Question(_hvp, _gradient, _hvp_program, directed=True)


def together(parts: Sequence[Structure]) -> Structure:
    """A tuple of several, each still read by itself."""
    return Structure(tuple, sum(part.size for part in parts), (), (), tuple(parts))
