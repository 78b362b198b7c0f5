"""What can be asked of a recording: its value, gradient, Jacobian, Hessian, as programs with answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd.errors import ArgumentError
from autograd.program.adjoint import with_gradient
from autograd.program.program import Program
from autograd.program.recording import Recording
from autograd.structure import Structure


@dataclass(frozen=True, eq=False)
class Derived:
    """A program whose outputs answer a question.

    answer   how the outputs are put together
    depends  (outputs,) which arguments an output is one derivative of, by their positions
    """

    program: Program
    answer: Structure
    depends: tuple[tuple[int, ...], ...]


def value(recording: Recording, wrt: Any) -> Derived:
    """f itself."""
    return Derived(recording.program, recording.answer, ((),) * recording.answer.size)


def value_and_grad(recording: Recording, wrt: Any) -> Derived:
    """(f, ∂f/∂arguments)."""
    _check_scalar(recording)
    inputs, structure, depends = _with_respect_to(recording, wrt)
    program = with_gradient(recording.program, inputs)
    return Derived(program, together([recording.answer, structure]), ((), *depends))


def grad(recording: Recording, wrt: Any) -> Derived:
    """∂f/∂arguments."""
    _check_scalar(recording)
    inputs, structure, depends = _with_respect_to(recording, wrt)
    return Derived(with_gradient(recording.program, inputs, values=False), structure, depends)


def together(parts: Sequence[Structure]) -> Structure:
    """A tuple of several, each still read by itself."""
    return Structure(tuple, sum(part.size for part in parts), (), (), tuple(parts))


def _with_respect_to(recording: Recording, wrt: Any) -> tuple[list[int], Structure, tuple[tuple[int, ...], ...]]:
    """(the inputs that the arguments `wrt` are made of, their structure, which argument each belongs to)."""
    chosen = [wrt] if isinstance(wrt, int) else list(wrt)
    for i in chosen:
        if not isinstance(i, int) or not -len(recording.arguments) <= i < len(recording.arguments):
            raise ArgumentError(f"argnums {wrt!r}: the function was called with {len(recording.arguments)} arguments")
    chosen = [i % len(recording.arguments) for i in chosen]
    inputs = [number for i in chosen for number in recording.positions(i)]
    depends = tuple((i,) for i in chosen for _ in recording.positions(i))
    parts = [recording.arguments[i] for i in chosen]
    return inputs, parts[0] if isinstance(wrt, int) else together(parts), depends


def _check_scalar(recording: Recording) -> None:
    if recording.answer.size != 1:
        raise ArgumentError(
            f"the function returned {recording.answer.size} numbers; a gradient is of one number: "
            "use jacobian, or sum them"
        )
