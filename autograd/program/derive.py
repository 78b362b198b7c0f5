"""What can be asked of a recording: its value, gradient, Jacobian, Hessian, …, each as a program with an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd import transforms
from autograd.errors import ArgumentError, OperandError
from autograd.kinds import Static
from autograd.lazy import lazy
from autograd.ops.primitive import lookup
from autograd.program.builder import Builder
from autograd.program.graph import SUM, Graph
from autograd.program.options import Options
from autograd.program.passes.adjoint import adjoints, copy_into, with_gradient
from autograd.program.passes.cones import Entries, jacobian_entries, triangle_entries
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.tangent import with_tangents
from autograd.program.recording import RecordedProgram
from autograd.structure import NUMBER, Structure, compose
from autograd.text import quoted
from autograd.transforms import Function, Positions, positions


class Answer(NamedTuple):
    """How the outputs of a program answer a question.

    Attributes:
        structure: how they are put together
        depends: (outputs,) which inputs of the recording's program an output is a derivative along
    """

    structure: Structure
    depends: tuple[tuple[int, ...], ...]


def chosen_of(wrt: Positions, arguments: Sequence[Structure], by_position: int) -> list[int]:
    """The positions of the arguments that are differentiated along; OperandError if it is one without numbers."""
    found = positions(wrt, by_position)
    alone = arguments[found[0]] if isinstance(wrt, int) else NUMBER
    if alone.kind is Static:
        given = alone.rest.value
        raise OperandError(
            f"argument {wrt} holds no number, along which to differentiate, got {type(given).__name__} "
            f"{quoted(given)}: name another by argnums"
        )
    return found


class Asked:
    """A recording, and what is asked about it: along which inputs, of which of its outputs.

    Attributes:
        wrt: the arguments that are differentiated along, as `argnums` has them
        inputs: the inputs of the program that these are made of
        main: the structure of what is differentiated
        aux: the structure of what stands beside it, with `has_aux`
    """

    def __init__(self, recording: RecordedProgram, options: Options) -> None:
        self.recording = recording
        self.program = recording.program
        self.wrt = options.argnums
        self.tidied = options.tidied
        self.main = recording.answer
        self.aux: Structure | None = None
        if options.has_aux:
            self.main, self.aux = _split(recording.answer)

    @property
    def chosen(self) -> list[int]:
        """The positions of the arguments that are differentiated along."""
        return chosen_of(self.wrt, self.recording.arguments, self.recording.by_position)

    @property
    def inputs(self) -> list[int]:
        """The inputs that the arguments `chosen` are made of."""
        return [number for i in self.chosen for number in self.recording.positions(i)]

    @property
    def along(self) -> Structure:
        """How the arguments `chosen` are made: one, or a tuple of several."""
        parts = [self.recording.arguments[i] for i in self.chosen]
        return parts[0] if isinstance(self.wrt, int) else together(parts)

    @property
    def outputs(self) -> list[int]:
        """The outputs that are differentiated."""
        found: list[int] = self.program.outputs.tolist()
        return found[: self.main.size]

    @lazy
    def slopes(self) -> Entries:
        """The entries of the Jacobian."""
        return jacobian_entries(self.program, self.inputs, self.outputs).after(self.tidied)

    @lazy
    def curvatures(self) -> Entries:
        """The entries of the Hessian."""
        if self.is_symmetric:
            return self.lower_curvatures.whole()
        gradient = self.expanded_gradient
        return jacobian_entries(gradient, self.inputs, gradient.outputs.tolist()).after(self.tidied)

    @lazy
    def lower_curvatures(self) -> Entries:
        """The entries of the Hessian's lower triangle."""
        return triangle_entries(self.expanded_gradient, self.inputs).after(self.tidied)

    @property
    def is_symmetric(self) -> bool:
        """Whether the Hessian is known to be: slopes that a user wrote need not be those of the value."""
        return not any(lookup(operation.row).is_own for operation in self.program.all_operations())

    @property
    def expanded_gradient(self) -> Graph:
        """The program of the gradient, to be derived again."""
        _gradient(self)  # raises unless there is one
        return self.tidied(expand_slopes(_gradient_program(self)))

    @property
    def whole(self) -> Answer:
        """What the function answers."""
        return Answer(self.recording.answer, ((),) * self.recording.answer.size)

    @property
    def value(self) -> Answer:
        """Of what the function answers what is differentiated."""
        return Answer(self.main, ((),) * self.main.size)

    def beside(self, *answers: Answer) -> Answer:
        """Several answers, and behind them what stands beside the value."""
        aux = [] if self.aux is None else [Answer(self.aux, ((),) * self.aux.size)]
        listed = [*answers, *aux]
        return _several(listed) if len(listed) > 1 else listed[0]

    def with_aux(self, program: Graph, value: bool = False) -> Graph:
        """A program, with the value before its outputs if asked for, and with what stands beside it behind."""
        parts = [(self.program, self.outputs)] * value + [(program, program.outputs.tolist())]
        if self.aux is not None:
            parts.append((self.program, self.program.outputs.tolist()[self.main.size :]))
        return _merged(parts) if len(parts) > 1 else program


def _split(answer: Structure) -> tuple[Structure, Structure]:
    """(what is differentiated, what stands beside it) of the answer of a function with `has_aux`."""
    parts = answer.parts or (NUMBER,) * answer.size
    if answer.kind is not tuple or len(parts) != 2:
        raise ArgumentError(
            "with has_aux the function returns a pair, what is differentiated and what is not, "
            f"got {answer.kind.__name__} of {len(parts)}"
        )
    return parts[0], parts[1]


def _several(answers: Sequence[Answer]) -> Answer:
    depends = tuple(inputs for answer in answers for inputs in answer.depends)
    return Answer(together([answer.structure for answer in answers]), depends)


def together(parts: Sequence[Structure]) -> Structure:
    """A tuple of several, each still read by itself."""
    return Structure(tuple, sum(part.size for part in parts), (), (), tuple(parts))


def _merged(parts: Sequence[tuple[Graph, Sequence[int]]]) -> Graph:
    """One program with some numbers of several, whose inputs are the first of those of the longest."""
    builder = Builder(max((program.inputs for program, _ in parts), key=len))
    outputs = []
    for program, wanted in parts:
        numbers = copy_into(builder, program)
        outputs += [numbers[i] for i in wanted]
    return builder.finish(outputs)


# -- answers ----------------------------------------------------------------------------------------


def _gradient(asked: Asked) -> Answer:
    if asked.main.size != 1:
        raise ArgumentError(
            f"the function returned {asked.main.size} numbers; a gradient is of one number: use jacobian, or sum them"
        )
    return _slopes(asked)


def _slopes(asked: Asked) -> Answer:
    """What the gradient of each output looks like."""
    return Answer(asked.along, tuple((i,) for i in asked.inputs))


def _jacobian(asked: Asked) -> Answer:
    columns = _slopes(asked)
    structure, order = compose(asked.main, columns.structure)
    return Answer(structure, tuple(columns.depends[j] for _, j in order))


def _hessian(asked: Asked) -> Answer:
    gradient = _gradient(asked)
    structure, order = compose(gradient.structure, gradient.structure)
    return Answer(structure, tuple((*gradient.depends[i], *gradient.depends[j]) for i, j in order))


# -- programs ---------------------------------------------------------------------------------------


def _gradient_program(asked: Asked) -> Graph:
    return with_gradient(asked.program, asked.inputs, values=False)


def _jacobian_program(asked: Asked) -> Graph:
    _, order = compose(asked.main, asked.along)
    return asked.slopes.at(order)


def _hessian_program(asked: Asked) -> Graph:
    """Each pair once where it is symmetric."""
    _, order = compose(asked.along, asked.along)
    if not asked.is_symmetric:
        return asked.curvatures.at(order)
    return asked.lower_curvatures.at([(max(pair), min(pair)) for pair in order])


def _directions(asked: Asked) -> list[tuple[int, str]]:
    """Each input that moves, and what its tangent is called."""
    return [(i, f"d{asked.program.inputs[i]}") for i in asked.inputs]


def _hvp_program(asked: Asked) -> Graph:
    """The Hessian times a direction: forward over reverse (Pearlmutter 1994)."""
    return with_tangents(asked.expanded_gradient, _directions(asked))


def _jvp_program(asked: Asked) -> Graph:
    moved = with_tangents(_with_outputs(asked.program, asked.outputs), _directions(asked))
    return asked.with_aux(moved, value=True)


def _with_outputs(program: Graph, outputs: Sequence[int]) -> Graph:
    builder = Builder(program.inputs)
    numbers = copy_into(builder, program)
    return builder.finish([numbers[i] for i in outputs])


def _vjp_program(asked: Asked) -> Graph:
    """Backwards once, from all outputs, each with its weight."""
    program = asked.program
    builder = Builder([*program.inputs, *asked.main.places("weight")])
    numbers = copy_into(builder, program)
    seeds: dict[int, int] = {}
    for weight, output in enumerate(asked.outputs, len(program.inputs)):  # the same number may be returned twice
        seeds[output] = builder.emit(SUM, (seeds[output], weight)) if output in seeds else weight
    return asked.with_aux(builder.finish(adjoints(builder, program, numbers, seeds, asked.inputs)), value=True)


# -- the questions ----------------------------------------------------------------------------------


def _itself(f: Function, wrt: Positions, has_aux: bool) -> Function:
    return f


def _moving(f: Function, wrt: Positions, given: Sequence[Any]) -> tuple[Function, list[Any], Any]:
    """(f of the arguments that move, these, their directions) from f's arguments and behind them the direction."""
    *args, direction = given
    chosen = positions(wrt, len(args))

    def of_some(*moved: Any) -> Any:
        places = dict(zip(chosen, moved, strict=True))
        return f(*(places.get(i, argument) for i, argument in enumerate(args)))

    return of_some, [args[i] for i in chosen], (direction,) if isinstance(wrt, int) else direction


def _jvp(f: Function, wrt: Positions, has_aux: bool) -> Function:
    """As a function of f's arguments and one more: the direction, or a tuple with one each."""
    return lambda *given: transforms.jvp(*_moving(f, wrt, given), has_aux)


def _hvp(f: Function, wrt: Positions, has_aux: bool) -> Function:
    """As a function of f's arguments and one more: the direction, or a tuple with one each."""

    def product(*given: Any) -> Any:
        of_some, primals, directions = _moving(transforms.grad(f, wrt, has_aux), wrt, given)
        found = transforms.jvp(of_some, primals, directions, has_aux)
        return found[1:] if has_aux else found[1]

    return product


def _vjp(f: Function, wrt: Positions, has_aux: bool) -> Function:
    """As a function of f's arguments and one more: the weights."""

    def product(*given: Any) -> Any:
        of_some, primals, _ = _moving(f, wrt, given)
        value, pull, *aux = transforms.vjp(of_some, *primals, has_aux=has_aux)
        pulled = pull(given[-1])
        return value, pulled[0] if isinstance(wrt, int) else pulled, *aux

    return product


@dataclass(frozen=True, eq=False)
class Question:
    """One thing that can be asked about a function, along the arguments `argnums`.

    Attributes:
        name: what a compiled function calls it
        transform: the same question to a Python function: (f, argnums, has_aux) → a function
        answer: (asked) → how the outputs of `program` answer it
        program: (asked) → a program whose inputs are the recording's, and then those of what it takes
        takes: after f's arguments: "a direction" for each of `argnums`, "weights" of the value, or nothing
        order: of how high an order the derivatives are that it answers with
        reader: (asked) → what makes of the structured numbers an answer of another kind, if it is one
    """

    name: str
    transform: Callable[[Function, Positions, bool], Function]
    answer: Callable[[Asked], Answer]
    program: Callable[[Asked], Graph]
    takes: str = ""
    order: int = 1
    reader: Callable[[Asked], Callable[[Any], Any]] | None = None


def _with_value(asked: Asked, answer: Answer) -> Answer:
    return _several([asked.whole, answer])


VALUE = Question("value", _itself, lambda asked: asked.whole, lambda asked: asked.program, order=0)
GRADIENT = Question(
    "grad",
    transforms.grad,
    lambda asked: asked.beside(_gradient(asked)),
    lambda asked: asked.with_aux(_gradient_program(asked)),
)
VALUE_AND_GRADIENT = Question(
    "value_and_grad",
    transforms.value_and_grad,
    lambda asked: _with_value(asked, _gradient(asked)),
    lambda asked: with_gradient(asked.program, asked.inputs),
)
JACOBIAN = Question(
    "jacobian",
    transforms.jacobian,
    lambda asked: asked.beside(_jacobian(asked)),
    lambda asked: asked.with_aux(_jacobian_program(asked)),
)
VALUE_AND_JACOBIAN = Question(
    "value_and_jacobian",
    transforms.value_and_jacobian,
    lambda asked: _with_value(asked, _jacobian(asked)),
    lambda asked: _merged([(p, p.outputs.tolist()) for p in (asked.program, _jacobian_program(asked))]),
)
HESSIAN = Question(
    "hessian",
    transforms.hessian,
    lambda asked: asked.beside(_hessian(asked)),
    lambda asked: asked.with_aux(_hessian_program(asked)),
    order=2,
)
HVP = Question(
    "hvp",
    _hvp,
    lambda asked: asked.beside(_gradient(asked)),
    lambda asked: asked.with_aux(_hvp_program(asked)),
    "a direction",
    order=2,
)
JVP = Question("jvp", _jvp, lambda asked: asked.beside(asked.value, asked.value), _jvp_program, "a direction")
VJP = Question("vjp", _vjp, lambda asked: asked.beside(asked.value, _slopes(asked)), _vjp_program, "weights")

ALONG_ONE_WAY = (VALUE, VALUE_AND_GRADIENT, GRADIENT, HVP, JVP, VJP)  # once back or forth; others have many entries
QUESTIONS = (VALUE, VALUE_AND_GRADIENT, GRADIENT, JACOBIAN, VALUE_AND_JACOBIAN, HESSIAN, HVP, JVP, VJP)
